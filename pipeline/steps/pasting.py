"""A text that an editor pasted or saved as HTML, as the blocks of a body.

Word, WPS, Google Docs and web pages put on the clipboard what their editors look like, not what was written: lists are
paragraphs with a style, headings too, a whole text is bold that is not, and conditional comments, name spaces and
pictures within addresses lie around it. That is undone here. All that a reader sees is kept or told of; what is too
large is refused as a whole, so that nothing is cut unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.model import Block, Kind, Rejection
from pipeline.steps.blocks import within_limit
from pipeline.steps.extract.blocks import Line, read_blocks, typed
from pipeline.steps.extract.decode import decode
from pipeline.steps.extract.tree import MAX_MARKUP, Element, bounded, content, drop, hide_unseen, name, parse

_MAX_BYTES = 32 * 1024 * 1024
_SUPPLIED = re.compile(r'(?<=["\'])\s*data:[^"\'<>]*', re.I)
_REVEALED = re.compile(r"<!\[[^<>]{0,80}\]>")  # <![if !supportLists]>, which shows what stands in it
_FRAGMENT = re.compile(r"<!--\s*(Start|End)Fragment\s*-->", re.I)
_LISTED = re.compile(r"mso-list\s*:\s*(?!ignore|none|skip)[^;]{0,80}?\blevel(\d)", re.I)
_LABEL = re.compile(r"mso-list\s*:\s*ignore", re.I)
_OUTLINE = re.compile(r"mso-outline-level\s*:\s*([1-9])", re.I)
_COUNTED = re.compile(r"(\d{1,4})\.")
_NUMBER = re.compile(r"[（(\[]?(?:\d{1,4}|[一二三四五六七八九十百]{1,4}|[a-zA-Z]{1,4})[.．、)）\]]|第.{1,4}[章节条]")
_NOT_BOLD = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.I)
_COMMENTS = re.compile(r"mso-element\s*:\s*comment-list", re.I)
_ACTIVE = ("script", "iframe", "object", "embed", "applet", "form", "input", "select", "textarea", "button")
_TOLD = 60  # characters of a comment
_MOST_LISTED = 6


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was pasted, as it is kept."""

    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    """What was left out, in Chinese."""


def cleaned(data: bytes, known: Iterable[Block] = ()) -> Cleaned:
    """The blocks of a pasted text in HTML; of its pictures those that are `known` as the article's own.

    Raises `UsageError` for what is too large, is no text, or says nothing.
    """
    if len(data) > _MAX_BYTES:
        raise UsageError(
            f"粘贴的内容有 {len(data) / 1e6:.0f} MB，超过上限 {_MAX_BYTES // 1_000_000} MB，没有收下。", _KEEP
        )
    read = decode(data)
    if isinstance(read, Rejection):
        raise UsageError(f"{read.because}。", "请粘贴文字，或另存为 UTF-8 的网页。")
    text = _REVEALED.sub("", _SUPPLIED.sub("", _fragment(read.text)))
    if bounded(text)[1]:
        raise UsageError(f"粘贴的内容除图片外超过 {MAX_MARKUP // 1024 // 1024} MB，没有收下。", _KEEP)
    root = parse(text)
    if root is None:
        raise UsageError("粘贴的内容读不出来，没有收下。", "请粘贴为纯文本。")
    return _read(root, {block.src: block for block in known if block.kind is Kind.FIGURE and block.src})


_KEEP = "原来的正文不变；请分段粘贴，或先粘贴为纯文本。"


def _fragment(text: str) -> str:
    """What of a clipboard was selected; all of a text that does not say."""
    marks = {one[1].lower(): one for one in _FRAGMENT.finditer(text)}
    start, end = marks.get("start"), marks.get("end")
    if start is None:
        return text
    return text[start.end() : end.start() if end is not None and end.start() > start.end() else len(text)]


def _read(root: Element, known: dict[str, Block]) -> Cleaned:
    notes = list(_taken_out(root))
    hide_unseen(root)
    for one in list(root.iter("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong")):
        style = one.get("style") or ""
        if name(one) in ("b", "strong"):
            if _NOT_BOLD.search(style):  # Google Docs puts one around everything
                one.tag = "span"
        elif listed := _LISTED.search(style):
            _as_item(one, int(listed[1]))
        elif (outline := _OUTLINE.search(style)) and name(one) in ("p", "div"):
            one.tag = f"h{min(int(outline[1]), 6)}"
    pictures = sum(1 for _ in root.iter("img", "{*}imagedata", "v:imagedata"))
    body = root.find("body")
    lines = read_blocks(body if body is not None else root, "")
    _whole(lines)
    blocks = [block for block in typed(lines) if block.kind is not Kind.FIGURE or block.src in known]
    blocks = [known[block.src] if block.kind is Kind.FIGURE else block for block in blocks]
    if missing := pictures - sum(block.kind is Kind.FIGURE for block in blocks):
        notes.append(f"图片 {missing} 张没有收入，只保留文章原有的图片")
    if not any(block.plain for block in blocks):
        raise UsageError("粘贴的内容里没有文字，没有收下。", "原来的正文不变。")
    return Cleaned(tuple(blocks), tuple(notes))


def _whole(lines: Iterable[Line]) -> None:
    """Refuses a text that is too long to be kept whole, which reading pages would cut."""
    total = 0
    for one in lines:
        total += len(one.text) + (one.table.size if one.table else 0)
        if one.text.endswith("（过长，已截断）"):
            raise UsageError("粘贴的内容有一段过长，或段落过多，没有收下。", _KEEP)
    within_limit(total)


def _taken_out(root: Element) -> Iterator[str]:
    """Takes out what is no text of the editor's, and tells of it."""
    told = []
    for one in [each for each in root.iter("div", "span", "a") if _is_comment(each)]:
        if (said := content(one)) and name(one) == "div":
            told.append(said if len(said) <= _TOLD else f"{said[:_TOLD]}……")
        drop(one)
    if told:
        yield f"批注没有收入：{'；'.join(told)}"
    gone = [one for one in root.iter("del") if content(one)]
    for one in gone:
        drop(one)
    if gone:
        yield f"修订中删去的 {len(gone)} 处没有收入"
    for one in list(root.iter("xml")):
        drop(one)
    if active := sum(1 for _ in root.iter(*_ACTIVE)):
        yield f"脚本、表单、嵌入内容 {active} 处没有收入"


def _is_comment(one: Element) -> bool:
    return _COMMENTS.search(one.get("style") or "") is not None or "MsoCommentReference" in (one.get("class") or "")


def _as_item(paragraph: Element, level: int) -> None:
    """Makes a paragraph that Word shows as an item of a list one, with the number it shows."""
    label = next((one for one in paragraph.iter("span") if _LABEL.search(one.get("style") or "")), None)
    mark = content(label) if label is not None else ""
    if label is not None:
        drop(label)
    counted = _COUNTED.fullmatch(mark)
    if not _NUMBER.fullmatch(mark):
        mark = ""  # a bullet: · § Ø l, a letter in a font of symbols
    if name(paragraph) not in ("p", "div"):
        paragraph.text = mark + (paragraph.text or "")
        return
    if not counted:
        paragraph.text = mark + (paragraph.text or "")
    paragraph.tag = "li"
    inner = paragraph
    for depth in range(min(level, _MOST_LISTED)):
        inner = _around(inner, "ol" if counted and not depth else "ul")
        if not depth and counted:
            inner.set("start", counted[1])
        if depth + 1 < min(level, _MOST_LISTED):
            inner = _around(inner, "li")


def _around(inner: Element, tag: str) -> Element:
    outer: Element = inner.makeelement(tag)
    outer.tail, inner.tail = inner.tail, None
    parent = inner.getparent()
    if parent is not None:
        parent.replace(inner, outer)
    outer.append(inner)
    return outer
