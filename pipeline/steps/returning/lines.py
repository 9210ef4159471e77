"""The paragraphs of a DOCX file that somebody worked in, as what they say and what part of a bulletin they play.

What Word, WPS and LibreOffice do to a file on saving is undone here: runs are joined, content controls and smart tags
opened, fields read by what they show, automatic numbers written out. A style is known by its name, whatever its id is;
one that is not, by the styles it is based on. Tracked changes count as accepted, and are told of, as is whatever an
editor put into the file that has no place in a bulletin: comments, footnotes, text boxes.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from pipeline.errors import UsageError
from pipeline.model import Block, Kind
from pipeline.steps.ooxml import (
    BROKEN,
    Numbering,
    Package,
    Unsafe,
    child,
    local,
    numbered,
    numbering,
    on,
    through,
    value,
    whole,
    without_annex,
)
from pipeline.steps.urls import past_redirect

CHECKER = "发布检查"
"""Who signs the comments that a draft is exported with; they are no editor's."""
MARK = "_item_"
"""What the bookmark of an item's heading begins with; its handle follows."""

_MAX_LINES = 60_000
_MAX_TEXT = 200_000  # characters of a paragraph
_MAX_DEPTH = 200
_MAX_COLUMNS, _MAX_ROWS = 63, 2_000  # Word makes no more columns
_QUOTED = 16  # characters of what a comment is about
_TOLD = 300  # characters of what is told of

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u061c"))
_INVISIBLE |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_BLANKS = re.compile(r"[ \t\r\x85\xa0\u2028\u2029]+")
_NOT_SAID = frozenset(("del", "moveFrom", "delText", "delInstrText", "rPr", "pPr", "sectPr", "Fallback", "rt"))
_TRACKED = frozenset(("ins", "del", "moveFrom", "moveTo"))
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_COMPUTED = re.compile(r"\s*(?:PAGEREF|PAGE|NUMPAGES|SECTIONPAGES)\b", re.I)
_LINKED = re.compile(r'\s*HYPERLINK\s+(?:(\\l)\s+)?"?([^"\s]+)"?(?:.*?\\l\s+"?([^"\s]+)"?)?', re.I)
_OURS = re.compile(r"【(?:阻断|提醒)】")
_SYMBOLS = {"F0FC": "✓", "F0FE": "☑", "F0A8": "□", "F06C": "●", "F06E": "■", "F0B7": "•", "F0D8": "➢", "F076": "❖"}


class Role(StrEnum):
    """What part a paragraph plays, as its style says."""

    NONE = ""
    TITLE = "报头名称"
    NUMBER = "报头期号"
    ISSUER = "报头编发行"
    LEAD_LABEL = "导语标签"
    LEAD = "导语"
    SECTION = "heading 1"
    ENTRY = "toc 1"
    ENTRY_OUTLET = "toc 2"
    HEAD = "heading 2"
    META = "条目信息"
    LINK = "条目链接"
    HEADLINE = "文章标题"
    DATELINE = "文章来源行"
    HEADING = "heading 3"
    DEEPER = "heading 4"
    BODY = "文章正文"
    ITEM = "文章列举"
    ITEM_2 = "文章列举二级"
    ITEM_3 = "文章列举三级"
    QUOTE = "文章引文"
    FIGURE = "文章图片"
    CAPTION = "caption"
    GAP = "表格间隔"
    COLOPHON = "版记"


_NAMES = {role.value: role for role in Role if role} | {
    "一级标题另页": Role.SECTION,
    "二级标题首条": Role.HEAD,
    "表格标题": Role.CAPTION,
    "无说明图片": Role.FIGURE,
    "标题 1": Role.SECTION,
    "标题 2": Role.HEAD,
    "标题 3": Role.HEADING,
    "目录 1": Role.ENTRY,
    "目录 2": Role.ENTRY_OUTLET,
    "题注": Role.CAPTION,
    **{f"{word} {level}": Role.DEEPER for word in ("heading", "标题") for level in range(4, 10)},
}


@dataclass(slots=True)
class Line:
    """A paragraph, a table or a picture between the others."""

    text: str = ""
    """With the number that Word puts before it, line breaks as `\\n`, with the blanks around them; tabs as such."""
    role: Role = Role.NONE
    place: int = 0
    """Among the paragraphs of the file in which something stands, from 1."""
    outline: int = 0
    """Its level in the outline, from 1; 0 for text."""
    listed: bool = False
    """Whether it has an automatic number or bullet."""
    handles: list[str] = field(default_factory=list)
    """Of the items whose mark begins here."""
    anchors: list[str] = field(default_factory=list)
    """Of the items that links in it lead to."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """What links in it show, and where they lead."""
    figures: list[Block] = field(default_factory=list)
    table: Block | None = None
    framed: bool = False


@dataclass(slots=True)
class Word:
    """A DOCX file taken apart."""

    lines: list[Line]
    properties: dict[str, str]
    """Custom ones by name; `identifier` is the package's own."""
    notes: list[str]
    left: list[str]
    """What is in the file and cannot be taken."""


def lines_of(data: bytes) -> Word:
    """The paragraphs of a DOCX; raises `UsageError` when it cannot be read, or is not to be."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _Reader(Package(package)).read()
    except Unsafe as error:
        raise UsageError(f"{error}。") from None
    except BROKEN:
        raise UsageError("DOCX 文件已损坏，无法打开。", "请用 Word 或 WPS 打开后另存为 .docx。") from None


def tidy(text: str) -> str:
    """A paragraph without what nobody sees, blanks as one space."""
    return _BLANKS.sub(" ", text.translate(_INVISIBLE)).strip(" \n\u3000")


@dataclass(slots=True)
class _Style:
    role: Role = Role.NONE
    outline: int = 0
    numbered: tuple[str, int] | None = None


@dataclass(slots=True)
class _Field:
    """A field that has begun: its instruction, and whether what it shows has."""

    hidden: bool
    """Whether nothing that is met is said: it is in an instruction, or in a page number that will be computed anew."""
    inside: bool
    """Whether it stands in a field of which nothing is said."""
    code: list[str] = field(default_factory=list)
    showing: bool = False
    begun: int = 0
    """Where in the paragraph what it shows begins."""


@dataclass(slots=True)
class _Text:
    """A paragraph while it is being read."""

    pieces: list[str] = field(default_factory=list)
    line: Line = field(default_factory=Line)
    boxes: list[etree._Element] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    """Ids of comments and footnotes that are met in it."""
    lost: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main().lstrip("/")
        self._relations = package.relations(self._main)
        self._styles: dict[str, _Style] = {}
        self._usual = _Style()
        self._numbering = Numbering({})
        self._fields: list[_Field] = []
        self._places = 0
        self._waiting: list[str] = []
        """Handles of marks between two paragraphs, or in an empty one."""
        self._notes: list[str] = []
        self._left: list[str] = []
        self._tracked: Counter[str] = Counter()
        self._comments = self._said("comments", "comment")
        self._footnotes = self._said("footnotes", "footnote") | self._said("endnotes", "endnote")
        self._blobs: dict[str, str] = {}

    def read(self) -> Word:
        body = child(self._package.xml(self._main), "body")
        if body is None:
            raise UsageError("DOCX 文件中没有正文。", "请用 Word 或 WPS 打开后另存为 .docx。")
        self._read_styles(self._part("styles"))
        self._numbering = numbering(self._part("numbering"))
        found: list[Line] = []
        for line in self._lines(without_annex(body)):
            found.append(line)
            if len(found) > _MAX_LINES:
                raise UsageError(f"文件超过 {_MAX_LINES} 段，没有读取。")
        if self._tracked:
            who = "、".join(name for name, _ in self._tracked.most_common(5) if name)
            self._notes.insert(
                0,
                f"文件里有 {sum(self._tracked.values())} 处修订尚未接受或拒绝{f'（{who}）' if who else ''}，按接受读取",
            )
        return Word(found, self._properties(), self._notes, self._left)

    # ------------------------------------------------------------------------------------ other parts

    def _part(self, kind: str) -> etree._Element | None:
        target = next((target for known, target in self._relations.values() if known == kind), "")
        return self._package.xml(target or f"word/{kind}.xml")

    def _said(self, part: str, name: str) -> dict[str, tuple[str, str]]:
        """Comments or footnotes: `name` and id → author and text."""
        tree = self._part(part)
        found = {}
        for one in tree if tree is not None else ():
            if local(one) == name and value(one, "type") not in ("separator", "continuationSeparator"):
                text = tidy(" ".join(_plain(paragraph) for paragraph in one.iter() if local(paragraph) == "p"))
                if text:
                    found[f"{name} {value(one, 'id')}"] = value(one, "author"), text
        return found

    def _properties(self) -> dict[str, str]:
        found = {}
        custom = self._package.xml("docProps/custom.xml")
        for one in custom if custom is not None else ():
            found[value(one, "name")] = "".join(str(text) for text in one.itertext()).strip()
        core = child(self._package.xml("docProps/core.xml"), "identifier")
        found["identifier"] = (core.text or "").strip() if core is not None else ""
        return found

    def _read_styles(self, tree: etree._Element | None) -> None:
        raw = {value(one, "styleId"): one for one in (tree if tree is not None else ()) if local(one) == "style"}
        for name in raw:
            self._style(name, raw, ())
        for name, one in raw.items():
            if value(one, "default") in ("1", "true") and value(one, "type") == "paragraph":
                self._usual = self._styles[name]

    def _style(self, name: str, raw: dict[str, etree._Element], seen: tuple[str, ...]) -> _Style:
        """A style with what it inherits."""
        if name in self._styles:
            return self._styles[name]
        if name not in raw or name in seen or len(seen) > _MAX_DEPTH:
            return _Style()
        one = raw[name]
        parent = self._style(value(child(one, "basedOn")), raw, (*seen, name))
        names = f"{value(child(one, 'name'))},{value(child(one, 'aliases'))}".split(",")
        role = next((_NAMES[key] for key in (" ".join(each.lower().split()) for each in names) if key in _NAMES), None)
        properties = child(one, "pPr")
        outline = value(child(properties, "outlineLvl"))
        style = _Style(
            role=role or parent.role,
            outline=whole(outline, 9) + 1 if outline else parent.outline,
            numbered=numbered(properties) or parent.numbered,
        )
        if style.outline > 9:
            style.outline = 0
        self._styles[name] = style
        return style

    # ------------------------------------------------------------------------------------- paragraphs

    def _lines(self, container: etree._Element, depth: int = 0) -> Iterator[Line]:
        """The lines of the body; a paragraph whose end was deleted goes on in the next one."""
        text: _Text | None = None
        for one in self._through(container, depth):
            name = local(one)
            if name == "bookmarkStart":
                self._waiting += _handle(one)
                continue
            if name == "tbl":
                if text is not None:
                    yield from self._finished(text)
                    text = None
                yield from self._table(one, depth)
                continue
            if name == "altChunk":
                self._left.append("文件里嵌有另一个文件的内容（altChunk），没有读取")
                continue
            if name != "p":
                continue
            text = self._paragraph(one, text)
            mark = child(one, "pPr", "rPr")
            if any(child(mark, gone) is not None for gone in ("del", "moveFrom")):
                self._track(child(mark, "del"))
                continue
            yield from self._finished(text)
            text = None
        if text is not None:
            yield from self._finished(text)

    def _through(self, container: etree._Element, depth: int) -> Iterator[etree._Element]:
        """What stands in a container, content controls and the like opened."""
        if depth > _MAX_DEPTH:
            return
        for one in container:
            name = local(one)
            if name in ("p", "tbl", "bookmarkStart", "altChunk"):
                yield one
            elif name not in _NOT_SAID and name not in ("tblPr", "tblGrid"):
                yield from self._through(one, depth + 1)

    def _paragraph(self, element: etree._Element, text: _Text | None) -> _Text:
        """A paragraph, or what is added to the one before it."""
        begun = text is not None and bool("".join(text.pieces).strip())
        text = text or _Text()
        if not begun:
            properties = child(element, "pPr")
            style = self._styles.get(value(child(properties, "pStyle")), self._usual)
            outline = value(child(properties, "outlineLvl"))
            text.line.role = style.role
            text.line.outline = whole(outline, 9) + 1 if outline else style.outline
            if text.line.outline > 9:
                text.line.outline = 0
            text.line.framed = child(properties, "framePr") is not None
            listed = numbered(properties) or style.numbered
            if listed and listed[0] not in ("", "0") and _plain(element).strip():
                label, bullet = self._numbering.label(*listed)
                text.line.listed = bool(label) or bullet
                text.pieces.append(f"{label} " if label else "")
        self._run(element, text)
        return text

    def _finished(self, text: _Text) -> Iterator[Line]:
        line = text.line
        said = "".join(text.pieces)
        line.text = _keeping_tabs(said[:_MAX_TEXT]) if "\t" in said else tidy(said[:_MAX_TEXT])
        line.handles = [*self._waiting, *line.handles]
        self._waiting = []
        if not (line.text or line.figures):
            self._waiting = line.handles
        else:
            self._places += 1
            line.place = self._places
        for one in text.quoted:
            self._quote(one, line)
        self._left += [f"第{line.place or self._places + 1}段{lost}" for lost in text.lost]
        for box in text.boxes:
            inside = tidy(" ".join(_plain(one) for one in box.iter() if local(one) == "p"))
            if inside:
                self._left.append(f"第{line.place or self._places + 1}段旁有文本框，未采用：{inside[:_TOLD]}")
        if line.text or line.figures:
            yield line

    def _quote(self, name: str, line: Line) -> None:
        """Tells a comment or footnote, so that nothing an editor wrote is lost."""
        kind = name.partition(" ")[0]
        place = f"第{line.place or self._places + 1}段“{line.text.partition(chr(10))[0][:_QUOTED]}……”"
        if kind == "comment" and name in self._comments:
            who, said = self._comments.pop(name)
            if who != CHECKER and not _OURS.match(said):
                self._notes.append(f"批注（{who or '未署名'}，{place}）：{said[:_TOLD]}")
        elif name in self._footnotes:
            _, said = self._footnotes.pop(name)
            self._left.append(f"脚注（{place}）未采用：{said[:_TOLD]}")

    def _track(self, element: etree._Element | None) -> None:
        self._tracked[value(element, "author")] += 1

    def _run(self, container: etree._Element, text: _Text) -> None:
        """Gathers what a paragraph says, in order."""
        line = text.line
        waiting: list[etree._Element | tuple[str, str, int]] = [container]
        while waiting:
            element = waiting.pop()
            if isinstance(element, tuple):  # the end of a link
                what, target, begun = element
                self._linked(line, what, target, "".join(text.pieces[begun:]))
                continue
            name = local(element)
            if name in _TRACKED and element is not container:
                self._track(element)
            if name in _NOT_SAID:
                continue
            if name in ("instrText", "fldChar"):
                self._in_field(element, name, text)
                continue
            if name == "txbxContent":
                text.boxes.append(element)
                continue
            if name == "bookmarkStart":
                line.handles += _handle(element)
                continue
            if name in ("commentRangeStart", "commentReference", "footnoteReference", "endnoteReference"):
                text.quoted.append(
                    f"{name.removesuffix('Reference').removesuffix('RangeStart')} {value(element, 'id')}"
                )
                continue
            if name == "r" and on(child(element, "rPr", "vanish")):
                continue
            if name in ("drawing", "pict", "object"):
                self._picture(element, text)
                continue
            if name == "AlternateContent":
                chosen = child(element, "Choice")
                if chosen is None:
                    chosen = child(element, "Fallback")
                waiting += reversed(chosen if chosen is not None else ())
                continue
            if name == "t" or name in _SIGNS or name == "sym":
                if not (self._fields and self._fields[-1].hidden):
                    self._say(element, name, text)
                continue
            if name == "hyperlink":
                target = self._relations.get(value(element, "id"), ("", ""))[1]
                waiting.append((value(element, "anchor"), target, len(text.pieces)))
            elif name == "fldSimple":
                if _COMPUTED.match(value(element, "instr")):
                    continue
                if found := _LINKED.match(value(element, "instr")):
                    waiting.append((*_led(found), len(text.pieces)))
            waiting += reversed(element)

    def _say(self, element: etree._Element, name: str, text: _Text) -> None:
        if name == "t":
            text.pieces.append((element.text or "").replace("\n", " "))
        elif name == "sym":
            self._symbol(element, text)
        elif value(element, "type") not in ("page", "column"):
            text.pieces.append(_SIGNS[name])

    def _in_field(self, element: etree._Element, name: str, text: _Text) -> None:
        if name == "instrText":
            if self._fields and not self._fields[-1].showing:
                self._fields[-1].code.append(element.text or "")
            return
        match value(element, "fldCharType"):
            case "begin":
                self._fields.append(_Field(hidden=True, inside=bool(self._fields) and self._fields[-1].hidden))
            case "separate" if self._fields:
                now = self._fields[-1]
                now.showing = True
                now.begun = len(text.pieces)
                now.hidden = now.inside or _COMPUTED.match("".join(now.code)) is not None
            case "end" if self._fields:
                ended = self._fields.pop()
                if found := _LINKED.match("".join(ended.code)):
                    self._linked(text.line, *_led(found), "".join(text.pieces[ended.begun :]))

    def _linked(self, line: Line, anchor: str, target: str, shown: str) -> None:
        if anchor.startswith(MARK):
            line.anchors.append(anchor.removeprefix(MARK))
        elif target:
            line.links.append((tidy(shown), past_redirect(target)))

    def _symbol(self, element: etree._Element, text: _Text) -> None:
        code = value(element, "char").upper()
        if code in _SYMBOLS:
            text.pieces.append(_SYMBOLS[code])
        elif re.fullmatch(r"[0-9A-F]{4}", code) and not 0xD800 <= int(code, 16) <= 0xF8FF:
            text.pieces.append(chr(int(code, 16)))
        else:
            text.lost.append(f"有一个 {value(element, 'font')} 字体的符号取不出来，请用文字补上")

    def _picture(self, element: etree._Element, text: _Text) -> None:
        for one in element.iter():
            name = local(one)
            if name == "txbxContent":
                text.boxes.append(one)
            elif name in ("blip", "imagedata"):
                reference = value(one, "embed") or value(one, "id")
                words = next((value(told, "descr") for told in element.iter() if local(told) == "docPr"), "")
                words = words or next((value(told, "alt") for told in element.iter() if local(told) == "shape"), "")
                text.line.figures.append(Block(Kind.FIGURE, tidy(words), blob=self._blob(reference)))
                return
            elif name in ("chart", "relIds", "OLEObject"):
                text.lost.append("有一个图表或嵌入对象，不能取回")
                return

    def _blob(self, reference: str) -> str:
        kind, target = self._relations.get(reference, ("", ""))
        if kind != "image":
            return ""
        if target not in self._blobs:
            data = self._package.bytes(target)
            self._blobs[target] = hashlib.sha256(data).hexdigest() if data else ""
        return self._blobs[target]

    # ----------------------------------------------------------------------------------------- tables

    def _table(self, element: etree._Element, depth: int) -> Iterator[Line]:
        """A table as a block; what only frames text as the lines in it."""
        rows: list[list[str]] = []
        spans: dict[tuple[int, int], list[int]] = {}
        above: dict[int, tuple[int, int]] = {}
        """Column → the last cell in it that reaches over others."""
        inside: list[Line] = []
        header = 0
        for row in (one for one in through(element) if local(one) == "tr"):
            if len(rows) == _MAX_ROWS:
                self._left.append(f"有一个表格超过 {_MAX_ROWS} 行，只读到这里")
                break
            number, cells = len(rows), list[str]()
            if on(child(row, "trPr", "tblHeader")) and header == number:
                header += 1
            for cell in islice((one for one in through(row) if local(one) == "tc"), _MAX_COLUMNS):
                places = self._places
                within = list(self._lines(cell, depth + 1))
                self._places = places
                inside += within
                said = " ".join(filter(None, (one.text.replace("\n", " ") for one in within)))
                column, right = len(cells), min(max(whole(value(child(cell, "tcPr", "gridSpan")), 1), 1), _MAX_COLUMNS)
                merged = child(cell, "tcPr", "vMerge")
                if merged is not None and value(merged) != "restart":
                    if at := above.get(column):
                        spans[at][0] = number - at[0] + 1
                    said = ""
                elif merged is not None or right > 1:
                    spans[number, column] = [1, right]
                    above[column] = number, column
                cells += [said, *[""] * (right - 1)]
            rows.append(cells[:_MAX_COLUMNS])
        width = max(map(len, rows), default=0)
        if width < 2:
            for line in inside:
                self._places += 1
                line.place = self._places
                yield line
            return
        self._places += 1
        block = Block(
            Kind.TABLE,
            rows=tuple(tuple(row + [""] * (width - len(row))) for row in rows),
            header=header if header < len(rows) else 0,
            spans=tuple((*at, size[0], size[1]) for at, size in spans.items() if size != [1, 1]),
        )
        handles = [one for line in inside for one in line.handles]
        yield Line(table=block, place=self._places, handles=handles)


def _handle(mark: etree._Element) -> list[str]:
    name = value(mark, "name")
    return [name.removeprefix(MARK)] if name.startswith(MARK) else []


def _led(found: re.Match[str]) -> tuple[str, str]:
    """The mark in the file, or the address, that a link field leads to."""
    if found[1]:
        return found[2], ""
    return found[3] or "", found[2]


def _plain(element: etree._Element) -> str:
    return "".join(one.text or "" for one in element.iter() if local(one) == "t")


def _keeping_tabs(text: str) -> str:
    """A paragraph of a line with tabs, which part a title from its page and an office from its date."""
    return "\t".join(tidy(part) for part in text.split("\t")).strip()


def leads_elsewhere(shown: str, target: str) -> bool:
    """Whether a link leads to another address than the one that stands there."""
    mine, its = (unquote(one).rstrip("/") for one in (shown, target))
    return mine != its
