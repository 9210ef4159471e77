"""Word and PDF files with an old issue as lines, for the same reading as that of text.

A document says more than its words do: which paragraphs are headings, list items, captions, where links lead, which
pictures stand where. What it says of the items' heads is not asked for: those are told by their labels, as in text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pipeline.errors import NotImported
from pipeline.model import Developed, Kind, Rejection
from pipeline.steps.develop import develop
from pipeline.steps.disassemble.lines import Line, line_of
from pipeline.steps.disassemble.masthead import is_body, is_contents
from pipeline.steps.extract.documents import Manuscript, Sheet, kind_of_package, manuscript_of
from pipeline.steps.upload import READING, refused

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TOC = re.compile(r"^(?:toc|目录)\s*\d", re.IGNORECASE)
_ENTRY = re.compile(r"^(?:[（(]?\d{1,3}[.．、)）]|[（(].*[)）]$)")
_TITLED = re.compile(r"^((?:\d{1,3}\s*[.．、]\s*)?)标\s*题\s*[:：]\s*")
_LINK = re.compile(r"^(?:原文|信息)?(?:链\s*接|网\s*址|URL)")
_NAMED = re.compile(
    r"[【\[（(<]?(?:点击|查看|阅读|详见)?(?:原文|全文|网页|新闻)?(?:链\s*接|网\s*址|原文|全文)[】\])）>]?"
)
_HEAD_LINE = re.compile(r"^(?:(?:\d{1,3}\s*[.．、]\s*)?标题|来源|链接)\s*[:：]")
_LABELS = re.compile(r"(?<=.)(?=(?:来源|链接|主要内容)\s*[:：])")
_ADDRESS = re.compile(r"(?:https?|ftp):\s*/\s*/[\w\s./?=&%~#+:@!$,;()-]*[\w/]", re.ASCII | re.IGNORECASE)
_LIVE = re.compile(r"https?://.+", re.IGNORECASE)
_HEADS = frozenset(("序号", "编号", "标题", "题目", "来源", "页码", "媒体", "信息标题", "信息来源"))
_QUOTE = re.compile(r"^(?:quote|intense quote|引用|明显引用|文章引文)", re.IGNORECASE)
_OURS = frozenset(("文章正文", "条目信息", "报头名称"))  # names that no word processor gives
_LISTED = {"文章列举": 0, "文章列举二级": 1, "文章列举三级": 2}
_PLAIN = frozenset(("文章正文", "body text", "正文文本"))


@dataclass(slots=True)
class Opened:
    """A document opened."""

    lines: list[Line] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 → a JPEG or PNG."""
    notes: list[str] = field(default_factory=list)


def convertible(data: bytes) -> str:
    """As what kind of file LibreOffice makes a DOCX of it, as a suffix; empty for what needs or allows none."""
    if data.startswith(_COMPOUND):  # .wps files of WPS are the same inside
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        return "doc" if "WordDocument".encode("utf-16-le") in data and not encrypted else ""
    if data.startswith(b"{\\rtf"):
        return "rtf"
    return "odt" if data.startswith(b"PK") and kind_of_package(data).startswith("OpenDocument") else ""


def opened(data: bytes) -> Opened:
    """The lines of a DOCX or PDF; raises `NotImported` when it cannot be read or may not be opened."""
    trouble = refused(data, allowing=READING) if data.startswith(b"PK") else ""
    if trouble:
        raise NotImported(f"{trouble}。")
    manuscript = manuscript_of(data)
    if isinstance(manuscript, Rejection):
        raise NotImported(f"{manuscript.because}。", "请用 Word 或 WPS 另存为 .docx 或纯文本，再导入。")
    return _Opening(manuscript).open()


class _Opening:
    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._opened = Opened(notes=list(manuscript.notes))
        self._undeveloped = 0
        self._rest = ""
        """What of an address that its link has told stands in the next line."""
        self._named = [one for one in manuscript.links if _NAMED.fullmatch(one[0])]
        """Links that say no more than that they are some, in their order."""
        self._below = False
        """Whether the contents are behind us."""
        self._own = any(one.style in _OURS for one in manuscript.lines)
        styled = [one for one in manuscript.lines if _TOC.match(one.style)]
        self._entries = any(_ENTRY.match(one.text) for one in styled)

    def open(self) -> Opened:
        for number, sheet in enumerate(self._manuscript.lines, start=1):
            self._opened.lines += self._lines(sheet, number)
        if self._manuscript.kind == "PDF":
            self._opened.notes.append("PDF 不说明分段，段落按版面推断，图片不收入，请与原件核对")
        if self._undeveloped:
            self._opened.notes.append(f"图片 {self._undeveloped} 张读不出来，没有收入")
        return self._opened

    def _lines(self, sheet: Sheet, number: int) -> Iterator[Line]:
        if sheet.picture:
            yield from self._picture(sheet, number)
            return
        if sheet.rows:
            yield from self._table(sheet.rows, number)
            return
        line = replace(line_of(sheet.text, number), whole=self._manuscript.kind != "PDF")
        rest, self._rest = self._rest, ""
        if not line.text or re.sub(r"\s", "", line.text) == rest:
            return
        if _TOC.match(sheet.style):
            yield from self._entry(line)
            return
        if is_body(line.text):
            self._below = True
        if self._manuscript.kind == "PDF" and _HEAD_LINE.match(line.text):
            # a line that is full to the edge looks as if it went on
            for text in _LABELS.split(line.text):
                yield self._linked(replace(line, text=text.strip()), ())
            return
        kind, level = _said(sheet)
        if self._own and kind is not None:
            line = replace(line, text=sheet.text, exact=True)
        yield self._linked(replace(line, kind=kind, level=level), sheet.links)

    def _entry(self, line: Line) -> Iterator[Line]:
        """A line of the 目录 that a word processor made, without the headings that are no items."""
        if is_contents(line.text) or is_body(line.text) or (self._entries and not _ENTRY.match(line.text)):
            return
        yield replace(line, text=_TITLED.sub(r"\1", line.text))

    def _linked(self, line: Line, links: Sequence[tuple[str, str]]) -> Line:
        """A line with the address that its link leads to, where it prints none or a damaged one."""
        shown = _ADDRESS.search(line.text)
        if shown is None and self._named and _behind_label(line.text) == self._named[0][0]:
            links = [self._named.pop(0)]
        if shown is None:
            target = next((to for _, to in links if _LIVE.fullmatch(to)), "")
            words = next((said for said, to in links if to == target), "")
            if not target or not (_LINK.match(line.text) or words == line.text):
                return line
            if words == line.text and _NAMED.fullmatch(words):
                return replace(line, text=f"链接：{target}")
            return replace(line, text=line.text.replace(words, target) if words else f"{line.text}{target}")
        bare = re.sub(r"\s", "", shown[0])
        leads = [to for _, to in links or self._manuscript.links]
        fitting = sorted((to for to in leads if to.startswith(bare)), key=len)
        if fitting:
            self._rest = fitting[0][len(bare) :]
            return replace(line, text=line.text.replace(shown[0], fitting[0]))
        if self._manuscript.kind == "PDF":
            return replace(line, text=line.text.replace(shown[0], bare))  # a blank there is an end of line
        if links and _LINK.match(line.text) and _LIVE.fullmatch(links[0][1]) and links[0][1].rstrip("/") != bare:
            self._opened.notes.append(f"第{line.number}段：链接文字是 {shown[0]}，点开却是 {links[0][1]}；按文字收入")
        return line

    def _table(self, rows: Sequence[Sequence[str]], number: int) -> Iterator[Line]:
        if self._below:
            yield Line(number, "", whole=True, kind=Kind.TABLE, rows=tuple(map(tuple, rows)))
            return
        for row in rows:  # a 目录 in a table
            cells = [line_of(cell, number).text for cell in row]
            told = [cell for cell in cells if cell]
            if not told or all(cell in _HEADS for cell in told):
                continue
            counted = told.pop(0) if re.fullmatch(r"\d{1,3}[.、．]?", told[0]) and len(told) > 1 else ""
            if len(told) > 1 and told[-1].isdecimal():
                told.pop()
            title = f"{counted.rstrip('.、．')}. {told[0]}" if counted else told[0]
            yield Line(number, title, whole=True)
            if len(told) > 1:
                yield Line(number, f"（{told[1].strip('（）()')}）", whole=True)

    def _picture(self, sheet: Sheet, number: int) -> Iterator[Line]:
        made = develop(sheet.picture)
        if not isinstance(made, Developed):
            self._undeveloped += 1
        elif made.data:
            blob = hashlib.sha256(made.data).hexdigest()
            self._opened.pictures[blob] = made.data
            yield Line(number, line_of(sheet.text, number).text, whole=True, kind=Kind.FIGURE, blob=blob)


def _behind_label(text: str) -> str:
    """What stands behind 链接：, of a line without a label all of it."""
    return text if _NAMED.fullmatch(text) else _LINK.sub("", text).lstrip(" :：")


def _said(sheet: Sheet) -> tuple[Kind | None, int]:
    """What the file itself says a paragraph is, and its level."""
    if sheet.style in _LISTED:
        return Kind.ITEM, _LISTED[sheet.style]
    if sheet.style in _PLAIN:
        return Kind.PARAGRAPH, 0
    if _QUOTE.match(sheet.style):
        return Kind.QUOTE, 0
    if sheet.caption and sheet.style:
        return Kind.CAPTION, 0
    if sheet.outline:
        return Kind.HEADING, sheet.outline
    return (Kind.ITEM, sheet.depth) if sheet.kind is Kind.ITEM else (None, 0)
