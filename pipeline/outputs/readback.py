"""What a finished file prints, read from the file itself: so that no template can misstate an issue unnoticed.

Where the 目录 and each item begin is told by the marks that both outputs set (hidden bookmarks in Word, anchors in
Markdown), not by headings, whose words belong to the office.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml import etree, html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.model import ANNEX, Readback
from pipeline.outputs.markdown import FRONT_MATTER
from pipeline.outputs.package import unpack
from pipeline.outputs.styles import w

_MARK = "_item_"
_ANCHOR = re.compile(r'<a id="(item-[^"]+)">')
_FIELD = re.compile(r"( *)(- )?([^\s:]+): ?(.*)")
_NO_ENTITIES = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_LINES = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "dd", "td", "th", "caption", "figcaption", "blockquote")
_MARGINS = re.compile(r"word/(header|footer)\d*\.xml")
_COMMONMARK = MarkdownIt("commonmark", {"html": True}).enable("table").disable(["entity"])

Marked = tuple[str, str, str]
"""A line, the mark it leads to (in the 目录), and the mark it carries (at an item's heading)."""


def read_docx(data: bytes, template: str) -> Readback:
    """What a DOCX of ours prints, its headers and footers included."""
    parts = unpack(data)
    body = etree.fromstring(parts["word/document.xml"], _NO_ENTITIES)
    margins = [
        paragraph_text(one)
        for name in sorted(parts)
        if _MARGINS.fullmatch(name)
        for one in etree.fromstring(parts[name], _NO_ENTITIES).iter(w("p"))
    ]
    return _sorted_out(template_file("docx", template), map(_marked, _of_issue(body)), margins, {})


def read_markdown(data: bytes, template: str) -> Readback:
    """What a Markdown file of ours prints; its front matter as `fields`."""
    text = data.decode()
    front = FRONT_MATTER.match(text)
    fields = dict(_fields(front[0])) if front else {}
    lines = _lines(_COMMONMARK.parse(text[front.end() if front else 0 :]))
    return _sorted_out(template_file("md", template), lines, (), fields)


def read_html(data: bytes, template: str) -> Readback:
    """What an HTML page of ours prints."""
    root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    return _sorted_out(template_file("html", template), _html_lines(root), (), {})


def template_file(suffix: str, template: str) -> str:
    """The name of the template that such a file is made from."""
    return f"{template}.docx" if suffix == "docx" else f"bulletin.{suffix}.j2"


READBACKS: Mapping[str, Callable[[bytes, str], Readback]] = {
    "docx": read_docx,
    "md": read_markdown,
    "html": read_html,
}
"""File suffix → how what such a file prints is read, given the name of the document template."""


def _sorted_out(
    file: str, lines: Iterator[Marked], margins: list[str] | tuple[str, ...], fields: Mapping[str, str]
) -> Readback:
    head: list[str] = list(margins)
    contents: list[list[str]] = []
    items: list[list[str]] = []
    to = ""
    for line, leads_to, carries in lines:
        if carries:
            items.append([line])
        elif items:
            items[-1].append(line)
        elif leads_to and leads_to != to:
            contents.append([line])
            to = leads_to
        elif contents:
            contents[-1].append(line)
        else:
            head.append(line)
    return Readback(file, tuple(head), tuple(map(tuple, contents)), tuple(map(tuple, items)), fields)


def _of_issue(body: etree._Element) -> Iterator[etree._Element]:
    """The paragraphs of a document without those of its annex, which would read as the text of the last item."""
    inside = ""
    for one in body.iter(w("p")):
        begun = {mark.get(w("name")): mark.get(w("id"), "") for mark in one.iter(w("bookmarkStart"))}
        inside = begun.get(ANNEX, inside)
        if not inside:
            yield one
        elif inside in {mark.get(w("id")) for mark in one.iter(w("bookmarkEnd"))}:
            inside = ""


def _marked(paragraph: etree._Element) -> Marked:
    leads_to = next((one.get(w("anchor"), "") for one in paragraph.iter(w("hyperlink"))), "")
    names = (one.get(w("name"), "") for one in paragraph.iter(w("bookmarkStart")))
    carries = next((name for name in names if name.startswith(_MARK)), "")
    return paragraph_text(paragraph), leads_to if leads_to.startswith(_MARK) else "", carries


def paragraph_text(paragraph: etree._Element) -> str:
    """The text of a paragraph, tabs and line breaks as such; what a tracked change took away is not in it."""
    breaks: Final = {w("tab"): "\t", w("br"): "\n"}
    return "".join(
        (one.text or "") if one.tag == w("t") else breaks[str(one.tag)] for one in paragraph.iter(w("t"), *breaks)
    )


def _html_lines(root: html.HtmlElement) -> Iterator[Marked]:
    """The lines of a page: what stands in each element that is one, without the lines inside it."""
    carries = ""
    for one in root.iter(etree.Element):
        if (mark := one.get("id", "")).startswith("item-"):
            carries = mark
        if one.tag not in _LINES:
            continue
        inside = "|".join(f"ancestor::{tag}" for tag in _LINES)
        text = "".join(one.xpath(f".//text()[count(({inside})[last()] | $line) = 1]", line=one))
        targets = [str(link.get("href")) for link in one.iter("a")]
        leads_to = next((target for target in targets if target.startswith("#item-")), "")
        yield text, leads_to, carries
        carries = ""


def _lines(tokens: list[Token]) -> Iterator[Marked]:
    """The lines of a Markdown file, an item of a list with the number that is shown before it."""
    counted: list[int | None] = []
    number = carries = ""
    for one in tokens:
        match one.type:
            case "ordered_list_open":
                counted.append(int(one.attrGet("start") or 1))
            case "bullet_list_open":
                counted.append(None)
            case "ordered_list_close" | "bullet_list_close":
                counted.pop()
            case "list_item_open" if counted and (count := counted[-1]) is not None:
                number, counted[-1] = f"{count}. ", count + 1
            case "inline" if anchor := _ANCHOR.match(one.content):
                carries = anchor[1]
            case "inline":
                leads_to, text = _inline(one)
                yield number + text, leads_to, carries
                number = carries = ""
            case _:
                pass


def _inline(token: Token) -> tuple[str, str]:
    """Where a line leads to inside the file, and its text with the addresses of its other links."""
    text, leads_to = "", ""
    for one in token.children or ():
        if one.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif one.type == "link_open":
            target = str(one.attrGet("href") or "")
            if target.startswith("#item-"):
                leads_to = leads_to or target
            else:
                text += f" {target} "
        else:
            text += one.content
    return leads_to, text


def _fields(front: str) -> Iterator[tuple[str, str]]:
    """The scalars of the front matter by their place: `number`, `window.start`, `items.2.title`."""
    within, place = "", 0
    for line in front.split("\n"):
        if (found := _FIELD.fullmatch(line)) is None:
            continue
        indent, dash, name, value = found.groups()
        if dash:
            place += 1
        if not indent:
            within = name
        path = f"items.{place}.{name}" if within == "items" and indent else f"{within}.{name}" if indent else name
        if value:
            yield path, json.loads(value) if value.startswith('"') else value
