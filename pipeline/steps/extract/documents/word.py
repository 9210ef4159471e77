"""DOCX files (Word's and WPS's) as paragraphs, headings, list items and tables.

Only three parts are opened: the text, its styles and its numbering.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from lxml import etree

from pipeline.model import BEIJING, Fate, Kind, Rejection
from pipeline.steps.canonical import clean_text
from pipeline.steps.extract.documents.layout import join
from pipeline.steps.extract.documents.written import Line, Manuscript
from pipeline.steps.extract.furniture import LEGEND
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
from pipeline.steps.upload import MAX_ENTRIES

_MAX_LINES = 20_000
_MAX_COLUMNS = 40
_MAX_CELLS = 63  # of a row: Word makes no more
_MAX_ROWS = 500
_MAX_DEPTH = 400
_BREAK_ENDS = re.compile(r"[。！？：；…”]$")
_COUNT = r"(?:\d{1,3}[.．、]|[一二三四五六七八九十]{1,3}、) *(?!\d)"
_BREAK_BEGINS = re.compile(
    rf"\s*(?:{_COUNT}|(?:信息)?来源 ?[:：]|(?:原文)?链接 ?[:：]|主要内容 ?[:：]|标题 ?[:：]|[（(]第.{{1,12}}期[)）]$"
    r"|\d{4} ?[-年/.] ?\d{1,2} ?[-月/.] ?\d)"
)
"""What a line begins with that is none of the line before: a number, a label, a day."""
_STANDS_ALONE = re.compile(r"[（(]第.{1,12}期[)）]")
_HEADING_STYLE = re.compile(r"^(?:heading|标题)\s*(\d)$", re.I)
_TITLE_STYLE = re.compile(r"^(?:title|标题|doc\s?title|文档标题|公文标题|主标题)$", re.I)
_CAPTION_STYLE = re.compile(r"^(?:caption|题注|图注|图题)$", re.I)
_CONTENTS_STYLE = re.compile(r"^(?:toc|目录)\s*\d", re.I)
_LIST_STYLE = re.compile(r"^list\b|^列表", re.I)
_LEADERS = "\t .．…·"  # between a title of the 目录 and its page
_FIELD_LINK = re.compile(r"\s*HYPERLINK\s+\"([^\"]+)\"", re.I)
_FIELD_CELL = re.compile(r"(?:\d{1,3}\s*[.、．]\s*)?(?:标\s*题|来\s*源|链\s*接|网\s*址|主要内容|正\s*文)[:：]?")
_BLACK = re.compile(r"黑体|SimHei|小标宋|XBS|Bold|Heiti", re.I)
_SKIPPED = frozenset(("del", "moveFrom", "instrText", "delText", "delInstrText", "Fallback"))
_PROPERTIES = frozenset(("rPr", "pPr", "tblPr", "trPr", "sectPr"))


def read_docx(body: bytes, *, entire: bool = False) -> Manuscript | Rejection:
    """The paragraphs of a DOCX, or why it is not read; `entire` with its 目录, footnotes, links and pictures."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return _Reader(package, entire).read()
    except Unsafe as error:
        return Rejection(Fate.UNREADABLE, str(error))
    except BROKEN:
        return Rejection(Fate.UNREADABLE, "DOCX 文件已损坏，无法打开")


def kind_of_package(body: bytes) -> str:
    """What a zip file is, in Chinese: `DOCX`, or what it is instead."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            names = {one.filename for one in package.infolist()[:MAX_ENTRIES]}
    except (zipfile.BadZipFile, ValueError, OSError):
        return "DOCX" if b"word/" in body[:4096] else "压缩包"
    if any(name.startswith("word/") for name in names):
        return "DOCX"
    if any(name.startswith("xl/") for name in names):
        return "Excel 表格"
    if any(name.startswith("ppt/") for name in names):
        return "PowerPoint 演示文稿"
    if "OFD.xml" in names:
        return "OFD 版式文件"
    return "OpenDocument 文件" if "mimetype" in names and "content.xml" in names else "压缩包"


# ------------------------------------------------------------------------------------- styles, numbering


@dataclass(slots=True)
class _Style:
    """A paragraph style with what it inherits."""

    name: str = ""
    size: float = 0.0
    bold: bool = False
    centred: bool = False
    level: int = 0
    """Of a heading, from 1; 0 for body text."""
    numbered: tuple[str, int] | None = None


def _is_black(properties: etree._Element | None) -> bool:
    """Whether Chinese characters are set in a black type, which is how official papers mark headings."""
    return _BLACK.search(value(child(properties, "rFonts"), "eastAsia")) is not None


# ---------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class _Text:
    """A paragraph while it is being read."""

    pieces: list[str] = field(default_factory=list)
    size: float = 0.0
    bold: int = 0
    said: int = 0
    pictures: int = 0
    boxes: list[etree._Element] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Kind and id of the notes that are referred to."""


class _Reader:
    """Reads one file."""

    def __init__(self, package: zipfile.ZipFile, entire: bool) -> None:
        self._package = Package(package)
        self._entire = entire
        self._relations: dict[str, tuple[str, str]] = {}
        self._notes: dict[tuple[str, str], Line] = {}
        self._styles: dict[str, _Style] = {}
        self._usual = _Style()
        self._numbering = Numbering({})
        self._pictures = self._footnotes = 0
        self._after_picture = False

    def read(self) -> Manuscript | Rejection:
        main = self._package.main()
        document = self._package.xml(main)
        body = child(document, "body")
        if body is None:
            return Rejection(Fate.UNREADABLE, "DOCX 文件中没有正文")
        self._relations = self._package.relations(main) if self._entire else {}
        folder = str(PurePosixPath(main.lstrip("/")).parent)
        self._read_styles(self._package.xml(f"{folder}/styles.xml"))
        self._numbering = numbering(self._package.xml(f"{folder}/numbering.xml"))
        if self._entire:
            self._read_notes(folder)
        lines = list(islice(self._lines(without_annex(body) if self._entire else body), _MAX_LINES + 1))
        notes = []
        if len(lines) > _MAX_LINES:
            lines.pop()
            notes.append(f"原文件超过 {_MAX_LINES} 段，只读到第{_MAX_LINES}段")
        if not any(line.text or line.rows for line in lines):
            scanned = "，只有图片" if self._pictures else ""
            return Rejection(Fate.UNREADABLE, f"DOCX 文件中没有文字{scanned}")
        if self._pictures and not self._entire:
            notes.append(f"原文件有图片 {self._pictures} 张，未收入正文")
        if self._footnotes and not self._entire:
            notes.append(f"原文件有脚注 {self._footnotes} 条，未收入正文")
        told = self._package.xml("docProps/core.xml")
        return Manuscript(
            lines,
            kind="DOCX",
            title=clean_text((one.text or "") if (one := child(told, "title")) is not None else ""),
            made=_moment((one.text or "") if (one := child(told, "created")) is not None else ""),
            made_where="DOCX 属性 created",
            notes=notes,
        )

    def _read_styles(self, tree: etree._Element | None) -> None:
        if tree is None:
            return
        usual = child(tree, "docDefaults", "rPrDefault", "rPr")
        self._usual = _Style(size=whole(value(child(usual, "sz")), 20) / 2)
        raw = {value(one, "styleId"): one for one in tree if local(one) == "style"}
        for name in raw:
            self._style(name, raw, ())
        for name, one in raw.items():
            if value(one, "default") in ("1", "true") and value(one, "type") == "paragraph":
                self._usual = self._styles[name]

    def _style(self, name: str, raw: Mapping[str, etree._Element], seen: tuple[str, ...]) -> _Style:
        """A style after those it is based on."""
        if name in self._styles or name not in raw or name in seen:
            return self._styles.get(name, self._usual)
        one = raw[name]
        based = value(child(one, "basedOn"))
        parent = self._style(based, raw, (*seen, name)) if based else self._usual
        paragraph, run = child(one, "pPr"), child(one, "rPr")
        title = value(child(one, "name")) or name
        outline = value(child(paragraph, "outlineLvl"))
        level = whole(outline, 9) + 1 if outline else parent.level
        if match := _HEADING_STYLE.match(title):
            level = int(match.group(1))
        bold = child(run, "b")
        aligned = value(child(paragraph, "jc"))
        style = _Style(
            name=title,
            size=whole(value(child(run, "sz"))) / 2 or parent.size,
            bold=on(bold) if bold is not None else parent.bold or _is_black(run),
            centred=aligned == "center" if aligned else parent.centred,
            level=level if level <= 9 else 0,
            numbered=numbered(paragraph) or parent.numbered,
        )
        self._styles[name] = style
        return style

    def _lines(self, container: etree._Element, depth: int = 0) -> Iterator[Line]:
        """The lines of a body, a cell or a text box."""
        if depth > _MAX_DEPTH:
            return
        for one in container:
            name = local(one)
            if name == "p":
                yield from self._paragraph(one, depth)
            elif name == "tbl":
                yield from self._table(one, depth)
            elif name not in _SKIPPED | _PROPERTIES:
                yield from self._lines(one, depth + 1)

    def _paragraph(self, element: etree._Element, depth: int) -> Iterator[Line]:
        properties = child(element, "pPr")
        style = self._styles.get(value(child(properties, "pStyle")), self._usual)
        if _CONTENTS_STYLE.match(style.name) and not self._entire:
            return
        text = _Text()
        self._run(element, style, text, False)
        outline = value(child(properties, "outlineLvl"))
        level = whole(outline, 9) + 1 if outline else style.level
        aligned = value(child(properties, "jc"))
        size = text.size or style.size or self._usual.size
        bold = text.said > 0 and text.bold >= 0.9 * text.said
        label, bullet = "", False
        listed = numbered(properties) or style.numbered
        entire = clean_text("".join(text.pieces))
        said = entire.strip()
        if listed and listed[0] not in ("", "0") and said:
            label, bullet = self._numbering.label(*listed)
        self._pictures += text.pictures
        parts = _parts(_unpaged(entire) if _CONTENTS_STYLE.match(style.name) else entire, spaced=self._entire)
        links = tuple(self._links(element)) if self._entire else ()
        for i, part in enumerate(parts):
            line = Line(f"{label}{part}" if not i else part, size=size, bold=bold)
            line.centred = aligned == "center" if aligned else style.centred
            line.title = _TITLE_STYLE.match(style.name) is not None
            line.caption = (
                _CAPTION_STYLE.match(style.name) is not None
                or LEGEND.match(part) is not None
                or (self._after_picture and line.centred and len(part) <= 60)
            )
            line.style = style.name
            if 1 <= level <= 9 and not line.title:
                line.kind, line.level, line.outline = Kind.HEADING, min(level, 2), level
            elif (bullet or (label and not bold) or _LIST_STYLE.match(style.name)) and not line.caption:
                line.kind, line.depth = Kind.ITEM, listed[1] if listed else 0
            line.links = links
            yield line
        yield from (self._notes[one] for one in text.notes if one in self._notes)
        if self._entire and text.pictures:
            yield from self._shown(element)
        if said or text.pictures:
            self._after_picture = text.pictures > 0 and not said
        for box in text.boxes:
            yield from self._lines(box, depth + 1)

    def _run(self, container: etree._Element, style: _Style, text: _Text, hidden: bool) -> None:
        """Gathers what a paragraph says; what was deleted or moved away is not said, what was inserted is."""
        waiting = [(container, style.bold, 0.0, hidden)]
        while waiting:
            element, bold, size, hidden = waiting.pop()
            name = local(element)
            if name in _SKIPPED or name in _PROPERTIES:
                continue
            if name == "txbxContent":
                text.boxes.append(element)
                continue
            if name in ("drawing", "pict", "object"):
                text.pictures += any(local(one) in ("blip", "imagedata") for one in element.iter())
                # what else stands in it is a text box's
            if name == "r":
                run = child(element, "rPr")
                strong = child(run, "b")
                bold = on(strong) if strong is not None else bold or _is_black(run)
                size = whole(value(child(run, "sz"))) / 2
                hidden = on(child(run, "vanish"))
            if name == "AlternateContent":
                chosen = child(element, "Choice")
                if chosen is None:
                    chosen = child(element, "Fallback")
                waiting += [(one, bold, size, hidden) for one in reversed(chosen if chosen is not None else ())]
                continue
            if name in ("footnoteReference", "endnoteReference"):
                self._footnotes += 1
                text.notes.append((name.removesuffix("Reference"), value(element, "id")))
            elif name == "t" and element.text and not hidden:
                text.pieces.append(element.text)
                count = len(element.text.strip())
                text.said += count
                text.bold += count if bold else 0
                text.size = max(text.size, size) if count else text.size
            elif name in _MARKS and not hidden:
                text.pieces.append(_MARKS[name] if value(element, "type") != "page" else "")
            if name != "t":
                waiting += [(one, bold, size, hidden) for one in reversed(element)]

    def _links(self, element: etree._Element) -> Iterator[tuple[str, str]]:
        """The words of each link in a paragraph and where it leads: as an element, or as a field."""
        instruction = words = ""
        inside = shown = False
        for one in element.iter():
            match local(one):
                case "hyperlink":
                    if target := self._relations.get(value(one, "id"), ("", ""))[1]:
                        said = "".join(text.text or "" for text in one.iter() if local(text) == "t")
                        yield clean_text(said).strip(), target
                case "fldChar":
                    kind = value(one, "fldCharType")
                    if kind == "begin":
                        inside, shown, instruction, words = True, False, "", ""
                    elif kind == "separate":
                        shown = True
                    elif kind == "end" and inside:
                        if found := _FIELD_LINK.match(instruction):
                            yield clean_text(words).strip(), found[1]
                        inside = False
                case "instrText" if inside and not shown:
                    instruction += one.text or ""
                case "t" if inside and shown:
                    words += one.text or ""

    def _shown(self, element: etree._Element) -> Iterator[Line]:
        """The pictures of a paragraph, each with what is said in its place."""
        for holder in (one for one in element.iter() if local(one) in ("drawing", "pict")):
            said = next((one for one in holder.iter() if local(one) == "docPr"), None)
            words = value(said, "descr") if said is not None else ""
            for one in holder.iter():
                name = {"blip": "embed", "imagedata": "id"}.get(local(one))
                target = self._relations.get(value(one, name), ("", ""))[1] if name else ""
                if target and (data := self._package.bytes(target)):
                    yield Line(clean_text(words).strip(), kind=Kind.FIGURE, picture=data)

    def _read_notes(self, folder: str) -> None:
        """Footnotes and endnotes, so that each can stand behind the paragraph that refers to it."""
        for name in ("footnote", "endnote"):
            tree = self._package.xml(f"{folder}/{name}s.xml")
            for one in tree if tree is not None else ():
                said = [line.text for line in self._lines(one) if line.text]
                if said:
                    self._notes[name, value(one, "id")] = Line(f"注：{''.join(said)}", kind=Kind.PARAGRAPH)

    def _table(self, element: etree._Element, depth: int) -> Iterator[Line]:
        """A table that holds data as rows; one that only frames text as the lines in it."""
        rows: list[tuple[str, ...]] = []
        inside: list[Line] = []
        framing = False
        for row in islice((one for one in through(element) if local(one) == "tr"), _MAX_ROWS):
            cells: list[str] = []
            before = len(inside)
            for cell in islice((one for one in through(row) if local(one) == "tc"), _MAX_CELLS):
                within = list(self._lines(cell, depth + 1))
                inside += within
                said = ""
                for line in within:
                    said = join(said, line.text or "；".join("，".join(filter(None, one)) for one in line.rows))
                merged = child(cell, "tcPr", "vMerge")
                cells.append("" if merged is not None and value(merged) != "restart" else said)
                span = whole(value(child(cell, "tcPr", "gridSpan")), 1)
                cells.extend([""] * (min(max(span, 1), _MAX_COLUMNS) - 1))
            if self._entire and len(cells) > 1 and _FIELD_CELL.fullmatch(cells[0]):
                # a form: what the first cell names stands in the others
                value_of = inside[before + 1 :]
                first = value_of[0] if value_of else Line("")
                first.text = f"{cells[0].rstrip('：:')}：{first.text}"
                inside[before:] = [first, *value_of[1:]]
                framing = True
            if any(cells):
                rows.append(tuple(cells[:_MAX_COLUMNS]))
        width = max(map(len, rows), default=0)
        longest = max((len(cell) for row in rows for cell in row), default=0)
        if framing or width < 2 or len(rows) < 2 or longest > 0.8 * sum(len(cell) for row in rows for cell in row):
            yield from inside
        else:
            yield Line("", kind=Kind.TABLE, rows=tuple(row + ("",) * (width - len(row)) for row in rows))


_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}


def _parts(text: str, *, spaced: bool) -> list[str]:
    """A paragraph at those of its line breaks that end a sentence or begin another line; the others only shape one.

    A blank before such a break belongs to a title when `spaced`; to an office that sets lines with blanks it is none.
    """
    parts: list[str] = []
    blank = False
    raws = text.replace("\t", " ").split("\n")
    every = any(raw.startswith("\u3000\u3000") for raw in raws[1:])  # breaks stand for paragraphs, which are indented
    for raw in raws:
        piece = raw.strip()
        if not piece:
            continue
        goes_on = not (every or _BREAK_BEGINS.match(raw) or (parts and _STANDS_ALONE.fullmatch(parts[-1])))
        if parts and goes_on and not _BREAK_ENDS.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {piece}" if spaced and blank else join(parts[-1], piece)
        else:
            parts.append(piece)
        blank = raw.endswith(" ")
    return parts


def _unpaged(entry: str) -> str:
    """A line of the 目录 without the page number behind its tab; read from its end: it may be very long."""
    bare = entry.rstrip()
    counted = bare.rstrip("0123456789")
    title = counted.rstrip(_LEADERS)
    return title if 1 <= len(bare) - len(counted) <= 3 and "\t" in counted[len(title) :] else entry


def _moment(stamp: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(stamp.strip()).astimezone(BEIJING) if stamp.strip() else None
    except (ValueError, OverflowError):
        return None
