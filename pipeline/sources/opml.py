"""OPML, the form in which feed readers hand on what they subscribe to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from pipeline import config
from pipeline.errors import UsageError
from pipeline.sources.charset import decode
from pipeline.sources.harvest import absolute, one_line

_MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 100
_DECLARED = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PROLOGUE = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of an OPML file."""

    title: str
    url: str
    folder: str = ""
    """The folders it stands in, outermost first, with / between."""


def read_opml(data: bytes, name: str) -> tuple[list[Subscription], list[str]]:
    """The feeds of an OPML file, each address once, and what was left out, in Chinese; raises `UsageError`.

    A file that declares a document type or entities is refused: no feed reader writes one, and entities can
    be made to fill the memory or to name files.
    """
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{name}：文件超过 {_MAX_BYTES // 1024 // 1024} MiB。", "请核对是否选错了文件。")
    text = decode(data)
    if _DECLARED.search(text):
        raise UsageError(f"{name}：含有 DOCTYPE 或实体声明，出于安全不予读取。", "请从阅读器重新导出 OPML。")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(_PROLOGUE.sub("", text.lstrip("\ufeff")).encode(), parser)
    except etree.XMLSyntaxError as error:
        line = error.position[0] or 1
        raise UsageError(f"{name}:{line}：不是完好的 XML。", "请从阅读器重新导出 OPML。") from None
    body = root.find("body")
    if root.tag.lower() != "opml" or body is None:
        raise UsageError(f"{name}：不是 OPML 文件。", "请从阅读器导出 OPML（订阅列表）。")
    found: dict[str, Subscription] = {}
    notes: list[str] = []
    for folder, node in _outlines(body, (), 0):
        title = one_line(node.get("text") or node.get("title") or "")
        given = node.get("xmlUrl") or node.get("xmlurl") or node.get("url") or ""
        url = absolute(given, "")
        if not url:
            if given or len(node) == 0:
                notes.append(f"略过“{title or '无题'}”：{'不是网页地址' if given else '没有订阅地址'}")
        elif url in found:
            notes.append(f"略过“{title}”：文件中重复")
        else:
            found[url] = Subscription(title, url, "/".join(folder))
    return list(found.values()), notes


def _outlines(
    parent: etree._Element, folder: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], etree._Element]]:
    if depth > _MAX_DEPTH:
        return
    for node in parent.iterchildren("outline"):
        yield folder, node
        name = one_line(node.get("text") or node.get("title") or "")
        yield from _outlines(node, (*folder, name) if name else folder, depth + 1)


def write_opml(sources: Sequence[config.Source], title: str) -> tuple[bytes, list[str]]:
    """The feeds among sources as OPML, and what was left out, in Chinese: OPML knows feeds only."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    notes = []
    for one in sources:
        if isinstance(one, config.FeedSource):
            etree.SubElement(body, "outline", type="rss", text=one.name, title=one.name, xmlUrl=one.url)
        else:
            notes.append(f"未导出“{one.name}”（{one.kind}）：OPML 只能容纳订阅源")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True), notes
