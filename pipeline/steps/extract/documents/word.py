"""DOCX files (Word's and WPS's) as paragraphs, headings, list items and tables.

Read straight from the package with zipfile and lxml, not through python-docx: that unpacks every part before any limit
can be held against it, knows neither tracked changes nor text boxes nor numbering, and belongs to the outputs, where
documents are written. Only three parts are opened: the text, its styles and its numbering. Elements are told by their
local names, because strict and transitional files differ in their namespaces only.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lxml import etree

from pipeline.model import BEIJING, Fate, Kind, Rejection, chinese_number
from pipeline.steps.canonical import clean_text
from pipeline.steps.extract.documents.layout import join
from pipeline.steps.extract.documents.written import Line, Manuscript
from pipeline.steps.extract.furniture import LEGEND

_MAX_ENTRIES = 2_000
_MAX_UNPACKED = 64 * 1024 * 1024
_MAX_RATIO = 200
_FEW = 1024 * 1024  # bytes unpacked that no ratio makes a bomb
_MAX_LINES = 20_000
_MAX_COLUMNS = 40
_MAX_ROWS = 500
_MAX_DEPTH = 400
_BREAK_ENDS = re.compile(r"[。！？：；…”]$")
_HARMLESS = ("hyperlink", "image")  # relations that lead out of a file as a matter of course; none is ever followed
_HEADING_STYLE = re.compile(r"^(?:heading|标题)\s*(\d)$", re.I)
_TITLE_STYLE = re.compile(r"^(?:title|标题|doc\s?title|文档标题|公文标题|主标题)$", re.I)
_CAPTION_STYLE = re.compile(r"^(?:caption|题注|图注|图题)$", re.I)
_CONTENTS_STYLE = re.compile(r"^(?:toc|目录)\s*\d", re.I)
_LIST_STYLE = re.compile(r"^list\b|^列表", re.I)
_BLACK = re.compile(r"黑体|SimHei|小标宋|XBS|Bold|Heiti", re.I)
_SKIPPED = frozenset(("del", "moveFrom", "instrText", "delText", "delInstrText", "Fallback"))
_PROPERTIES = frozenset(("rPr", "pPr", "tblPr", "trPr", "sectPr"))
_CHINESE = {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCounting"}


class _Unsafe(Exception):
    """A file that is not opened, and why."""


def read_docx(body: bytes) -> Manuscript | Rejection:
    """The paragraphs of a DOCX, or why it is not read."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return _Reader(package).read()
    except _Unsafe as error:
        return Rejection(Fate.UNREADABLE, str(error))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        etree.XMLSyntaxError,
        ValueError,
        OSError,
        RuntimeError,
    ):
        return Rejection(Fate.UNREADABLE, "DOCX 文件已损坏，无法打开")


def kind_of_package(body: bytes) -> str:
    """What a zip file is, in Chinese: `DOCX`, or what it is instead."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            names = {one.filename for one in package.infolist()[:_MAX_ENTRIES]}
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


# --------------------------------------------------------------------------------------------- package


def _check(package: zipfile.ZipFile) -> None:
    """Raises `_Unsafe` for a file that is too much, hides something or runs something."""
    entries = package.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise _Unsafe(f"DOCX 内含 {len(entries)} 个部件，超过上限 {_MAX_ENTRIES}，疑似恶意文件")
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if unpacked > _MAX_UNPACKED:
        raise _Unsafe(f"DOCX 解压后超过 {_MAX_UNPACKED // 1024 // 1024} MiB，疑似压缩炸弹")
    if unpacked > _FEW and unpacked > _MAX_RATIO * max(packed, 1):
        raise _Unsafe(f"DOCX 压缩比超过 {_MAX_RATIO}，疑似压缩炸弹")
    for one in entries:
        parts = PurePosixPath(one.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", one.filename):
            raise _Unsafe("DOCX 内的部件路径越界，疑似恶意文件")
        if one.flag_bits & 1:
            raise _Unsafe("DOCX 文件已加密，需要密码才能阅读")
        if parts.name.lower() in ("vbaproject.bin", "vbadata.xml"):
            raise _Unsafe("文件含有宏，没有打开；请另存为不带宏的 .docx")


class _Package:
    """The parts of a checked file."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        _check(package)
        self._package = package
        self._names = {one.filename.lstrip("/").lower(): one.filename for one in package.infolist()}
        types = self.xml("[Content_Types].xml")
        if types is not None and any("macroEnabled" in (one.get("ContentType") or "") for one in types):
            raise _Unsafe("文件含有宏，没有打开；请另存为不带宏的 .docx")
        for name in self._names:
            if name.endswith(".rels"):
                self._check_relations(name)

    def _check_relations(self, name: str) -> None:
        """Refuses what a word processor would fetch on opening; a template on the writer's own disk is only a name."""
        relations = self.xml(name)
        for one in relations if relations is not None else ():
            kind, target = (one.get("Type") or "").rpartition("/")[2], one.get("Target") or ""
            if one.get("TargetMode") != "External" or kind in _HARMLESS:
                continue
            if kind != "attachedTemplate" or re.match(r"(?:https?|ftp):|\\\\|//", target, re.I):
                raise _Unsafe("文件引用了外部内容（模板或嵌入对象），没有打开")

    def xml(self, name: str) -> etree._Element | None:
        """A part as a tree; `None` when the file has none of that name."""
        known = self._names.get(name.lstrip("/").lower())
        if known is None:
            return None
        with self._package.open(known) as stream:
            data = stream.read(_MAX_UNPACKED + 1)  # what the directory says of its size may be a lie
        if len(data) > _MAX_UNPACKED:
            raise _Unsafe(f"DOCX 解压后超过 {_MAX_UNPACKED // 1024 // 1024} MiB，疑似压缩炸弹")
        if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:65536]:
            raise _Unsafe("DOCX 的 XML 带有文档类型声明，疑似恶意文件")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(data, parser)

    def main(self) -> str:
        """The name of the part with the text."""
        relations = self.xml("_rels/.rels")
        for one in relations if relations is not None else ():
            if (one.get("Type") or "").endswith("/officeDocument"):
                return one.get("Target") or ""
        return "word/document.xml"


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


@dataclass(slots=True)
class _Level:
    shape: str
    text: str
    start: int


@dataclass(slots=True)
class _Numbering:
    """The numbers Word prints in front of paragraphs without writing them into the text."""

    levels: Mapping[str, Mapping[int, _Level]]
    """Of each list by its id."""
    counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def label(self, number: str, level: int) -> tuple[str, bool]:
        """The next label of a list, and whether it is a bullet."""
        known = self.levels.get(number, {})
        own = known.get(level)
        if own is None:
            return "", True
        self.counts[number, level] = self.counts.get((number, level), own.start - 1) + 1
        for deeper in [one for one in self.counts if one[0] == number and one[1] > level]:
            del self.counts[deeper]
        if own.shape in ("bullet", "none"):
            return "", own.shape == "bullet"

        def counted(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            shape = known.get(at, own).shape
            return _numeral(self.counts.get((number, at), known[at].start if at in known else 1), shape)

        return re.sub(r"%([1-9])", counted, own.text), False


def _numeral(number: int, shape: str) -> str:
    if shape in _CHINESE:
        return _chinese(number)
    if shape == "decimalEnclosedCircle" and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if shape in ("lowerLetter", "upperLetter") and 1 <= number <= 26:
        return chr((97 if shape == "lowerLetter" else 65) + number - 1)
    if shape in ("lowerRoman", "upperRoman") and 1 <= number < 40:
        roman = "x" * (number // 10) + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[number % 10]
        return roman if shape == "lowerRoman" else roman.upper()
    return str(number)


def _chinese(number: int) -> str:
    """一, 十, 十二, 二十, 一〇五: as headings are counted."""
    if not 0 < number < 100:
        return chinese_number(number)
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else f"{chinese_number(tens)}十") + (
        chinese_number(ones) if ones else ""
    )


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _child(element: etree._Element | None, *path: str) -> etree._Element | None:
    for name in path:
        element = next((one for one in element if _local(one) == name), None) if element is not None else None
    return element


def _value(element: etree._Element | None, name: str = "val") -> str:
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")


def _on(element: etree._Element | None) -> bool:
    return element is not None and _value(element) not in ("0", "false", "off", "none")


def _whole(text: str, otherwise: int = 0) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else otherwise


def _is_black(properties: etree._Element | None) -> bool:
    """Whether Chinese characters are set in a black type, which is how official papers mark headings."""
    return _BLACK.search(_value(_child(properties, "rFonts"), "eastAsia")) is not None


def _numbered(properties: etree._Element | None) -> tuple[str, int] | None:
    listed = _child(properties, "numPr")
    if listed is None:
        return None
    return _value(_child(listed, "numId")), _whole(_value(_child(listed, "ilvl")))


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


class _Reader:
    """Reads one file."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = _Package(package)
        self._styles: dict[str, _Style] = {}
        self._usual = _Style()
        self._numbering = _Numbering({})
        self._pictures = self._footnotes = 0
        self._after_picture = False

    def read(self) -> Manuscript | Rejection:
        main = self._package.main()
        document = self._package.xml(main)
        body = _child(document, "body")
        if body is None:
            return Rejection(Fate.UNREADABLE, "DOCX 文件中没有正文")
        folder = str(PurePosixPath(main.lstrip("/")).parent)
        self._read_styles(self._package.xml(f"{folder}/styles.xml"))
        self._read_numbering(self._package.xml(f"{folder}/numbering.xml"))
        lines: list[Line] = []
        for line in self._lines(body):
            lines.append(line)
            if len(lines) >= _MAX_LINES:
                break
        if not any(line.text or line.rows for line in lines):
            scanned = "，只有图片" if self._pictures else ""
            return Rejection(Fate.UNREADABLE, f"DOCX 文件中没有文字{scanned}")
        notes = []
        if self._pictures:
            notes.append(f"原文件有图片 {self._pictures} 张，未收入正文")
        if self._footnotes:
            notes.append(f"原文件有脚注 {self._footnotes} 条，未收入正文")
        told = self._package.xml("docProps/core.xml")
        return Manuscript(
            lines,
            kind="DOCX",
            title=clean_text((one.text or "") if (one := _child(told, "title")) is not None else ""),
            made=_moment((one.text or "") if (one := _child(told, "created")) is not None else ""),
            made_where="DOCX 属性 created",
            notes=notes,
        )

    def _read_styles(self, tree: etree._Element | None) -> None:
        if tree is None:
            return
        usual = _child(tree, "docDefaults", "rPrDefault", "rPr")
        self._usual = _Style(size=_whole(_value(_child(usual, "sz")), 20) / 2)
        raw = {_value(one, "styleId"): one for one in tree if _local(one) == "style"}
        for name in raw:
            self._style(name, raw, ())
        for name, one in raw.items():
            if _value(one, "default") in ("1", "true") and _value(one, "type") == "paragraph":
                self._usual = self._styles[name]

    def _style(self, name: str, raw: Mapping[str, etree._Element], seen: tuple[str, ...]) -> _Style:
        """A style after those it is based on."""
        if name in self._styles or name not in raw or name in seen:
            return self._styles.get(name, self._usual)
        one = raw[name]
        based = _value(_child(one, "basedOn"))
        parent = self._style(based, raw, (*seen, name)) if based else self._usual
        paragraph, run = _child(one, "pPr"), _child(one, "rPr")
        title = _value(_child(one, "name")) or name
        outline = _value(_child(paragraph, "outlineLvl"))
        level = _whole(outline, 9) + 1 if outline else parent.level
        if match := _HEADING_STYLE.match(title):
            level = int(match.group(1))
        bold = _child(run, "b")
        aligned = _value(_child(paragraph, "jc"))
        style = _Style(
            name=title,
            size=_whole(_value(_child(run, "sz"))) / 2 or parent.size,
            bold=_on(bold) if bold is not None else parent.bold or _is_black(run),
            centred=aligned == "center" if aligned else parent.centred,
            level=level if level <= 9 else 0,
            numbered=_numbered(paragraph) or parent.numbered,
        )
        self._styles[name] = style
        return style

    def _read_numbering(self, tree: etree._Element | None) -> None:
        if tree is None:
            return
        abstract = {
            _value(one, "abstractNumId"): {
                _whole(_value(level, "ilvl")): _Level(
                    _value(_child(level, "numFmt")) or "decimal",
                    _value(_child(level, "lvlText")),
                    _whole(_value(_child(level, "start")), 1),
                )
                for level in one
                if _local(level) == "lvl"
            }
            for one in tree
            if _local(one) == "abstractNum"
        }
        self._numbering.levels = {
            _value(one, "numId"): abstract.get(_value(_child(one, "abstractNumId")), {})
            for one in tree
            if _local(one) == "num"
        }

    def _lines(self, container: etree._Element, depth: int = 0) -> Iterator[Line]:
        """The lines of a body, a cell or a text box."""
        if depth > _MAX_DEPTH:
            return
        for one in container:
            name = _local(one)
            if name == "p":
                yield from self._paragraph(one, depth)
            elif name == "tbl":
                yield from self._table(one, depth)
            elif name not in _SKIPPED | _PROPERTIES:
                yield from self._lines(one, depth + 1)

    def _paragraph(self, element: etree._Element, depth: int) -> Iterator[Line]:
        properties = _child(element, "pPr")
        style = self._styles.get(_value(_child(properties, "pStyle")), self._usual)
        if _CONTENTS_STYLE.match(style.name):
            return
        text = _Text()
        self._run(element, style, text, False)
        outline = _value(_child(properties, "outlineLvl"))
        level = _whole(outline, 9) + 1 if outline else style.level
        aligned = _value(_child(properties, "jc"))
        size = text.size or style.size or self._usual.size
        bold = text.said > 0 and text.bold >= 0.9 * text.said
        label, bullet = "", False
        numbered = _numbered(properties) or style.numbered
        whole = clean_text("".join(text.pieces))
        said = whole.strip()
        if numbered and numbered[0] not in ("", "0") and said:
            label, bullet = self._numbering.label(*numbered)
        self._pictures += text.pictures
        parts = _parts(whole)
        for i, part in enumerate(parts):
            line = Line(f"{label}{part}" if not i else part, size=size, bold=bold)
            line.centred = aligned == "center" if aligned else style.centred
            line.title = _TITLE_STYLE.match(style.name) is not None
            line.caption = (
                _CAPTION_STYLE.match(style.name) is not None
                or LEGEND.match(part) is not None
                or (self._after_picture and line.centred and len(part) <= 60)
            )
            if 1 <= level <= 9 and not line.title:
                line.kind, line.level = Kind.HEADING, min(level, 2)
            elif (bullet or (label and not bold) or _LIST_STYLE.match(style.name)) and not line.caption:
                line.kind = Kind.ITEM
            yield line
        if said or text.pictures:
            self._after_picture = text.pictures > 0 and not said
        for box in text.boxes:
            yield from self._lines(box, depth + 1)

    def _run(self, container: etree._Element, style: _Style, text: _Text, hidden: bool) -> None:
        """Gathers what a paragraph says; what was deleted or moved away is not said, what was inserted is."""
        waiting = [(container, style.bold, 0.0, hidden)]
        while waiting:
            element, bold, size, hidden = waiting.pop()
            name = _local(element)
            if name in _SKIPPED or name in _PROPERTIES:
                continue
            if name == "txbxContent":
                text.boxes.append(element)
                continue
            if name in ("drawing", "pict", "object"):
                text.pictures += any(_local(one) in ("blip", "imagedata") for one in element.iter())
                # what else stands in it is a text box's
            if name == "r":
                run = _child(element, "rPr")
                strong = _child(run, "b")
                bold = _on(strong) if strong is not None else bold or _is_black(run)
                size = _whole(_value(_child(run, "sz"))) / 2
                hidden = _on(_child(run, "vanish"))
            if name == "AlternateContent":
                chosen = _child(element, "Choice")
                if chosen is None:
                    chosen = _child(element, "Fallback")
                waiting += [(one, bold, size, hidden) for one in reversed(chosen if chosen is not None else ())]
                continue
            if name in ("footnoteReference", "endnoteReference"):
                self._footnotes += 1
            elif name == "t" and element.text and not hidden:
                text.pieces.append(element.text)
                count = len(element.text.strip())
                text.said += count
                text.bold += count if bold else 0
                text.size = max(text.size, size) if count else text.size
            elif name in _MARKS and not hidden:
                text.pieces.append(_MARKS[name] if _value(element, "type") != "page" else "")
            if name != "t":
                waiting += [(one, bold, size, hidden) for one in reversed(element)]

    def _table(self, element: etree._Element, depth: int) -> Iterator[Line]:
        """A table that holds data as rows; one that only frames text as the lines in it."""
        rows: list[tuple[str, ...]] = []
        inside: list[Line] = []
        for row in (one for one in _through(element) if _local(one) == "tr"):
            cells: list[str] = []
            for cell in (one for one in _through(row) if _local(one) == "tc"):
                within = list(self._lines(cell, depth + 1))
                inside += within
                said = ""
                for line in within:
                    said = join(said, line.text or "；".join("，".join(filter(None, one)) for one in line.rows))
                merged = _child(cell, "tcPr", "vMerge")
                cells.append("" if merged is not None and _value(merged) != "restart" else said)
                span = _whole(_value(_child(cell, "tcPr", "gridSpan")), 1)
                cells.extend([""] * (min(max(span, 1), _MAX_COLUMNS) - 1))
            if any(cells):
                rows.append(tuple(cells[:_MAX_COLUMNS]))
            if len(rows) >= _MAX_ROWS:
                break
        width = max(map(len, rows), default=0)
        longest = max((len(cell) for row in rows for cell in row), default=0)
        if width < 2 or len(rows) < 2 or longest > 0.8 * sum(len(cell) for row in rows for cell in row):
            yield from inside
        else:
            yield Line("", kind=Kind.TABLE, rows=tuple(row + ("",) * (width - len(row)) for row in rows))


_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}


def _through(element: etree._Element) -> Iterator[etree._Element]:
    """The children of a table or row, those inside content controls and accepted insertions with them."""
    for one in element:
        if _local(one) in ("sdt", "sdtContent", "ins", "customXml", "moveTo"):
            yield from _through(one)
        elif not _deleted(one):
            yield one


def _deleted(row: etree._Element) -> bool:
    return _child(row, "trPr", "del") is not None


def _parts(text: str) -> list[str]:
    """A paragraph at those of its line breaks that end a sentence; the others only shape a line."""
    parts: list[str] = []
    for piece in text.replace("\t", " ").split("\n"):
        piece = piece.strip()
        if not piece:
            continue
        if parts and not _BREAK_ENDS.search(parts[-1]):
            parts[-1] = join(parts[-1], piece)
        else:
            parts.append(piece)
    return parts


def _moment(stamp: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(stamp.strip()).astimezone(BEIJING) if stamp.strip() else None
    except (ValueError, OverflowError):
        return None
