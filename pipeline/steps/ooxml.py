"""What every reader of DOCX files (Word's and WPS's) begins with: the package, its XML, its numbers.

Read straight from the package with zipfile and lxml, not through python-docx: that unpacks every part before any limit
can be held against it, knows neither tracked changes nor text boxes nor numbering, and belongs to the outputs, where
documents are written. Elements are told by their local names, because strict and transitional files differ in their
namespaces only.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lxml import etree

from pipeline.model import ANNEX, chinese_number
from pipeline.steps.upload import FEW, MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED

_HARMLESS = ("hyperlink", "image")  # relations that lead out of a file as a matter of course; none is ever followed
_CHINESE = {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCounting"}
_LONGEST_LABEL = 64  # characters: 第%1章第%2节 has 8

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    etree.XMLSyntaxError,
    ValueError,
    OSError,
    RuntimeError,
)
"""What opening or reading a damaged file raises."""


class Unsafe(Exception):
    """A file that is not opened, and why."""


def _check(package: zipfile.ZipFile) -> None:
    """Raises `Unsafe` for a file that is too much, hides something or runs something."""
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Unsafe(f"DOCX 内含 {len(entries)} 个部件，超过上限 {MAX_ENTRIES}，疑似恶意文件")
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if unpacked > MAX_UNPACKED:
        raise Unsafe(f"DOCX 解压后超过 {MAX_UNPACKED // 1024 // 1024} MiB，疑似压缩炸弹")
    if unpacked > FEW and unpacked > MAX_RATIO * max(packed, 1):
        raise Unsafe(f"DOCX 压缩比超过 {MAX_RATIO}，疑似压缩炸弹")
    for one in entries:
        parts = PurePosixPath(one.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", one.filename):
            raise Unsafe("DOCX 内的部件路径越界，疑似恶意文件")
        if one.flag_bits & 1:
            raise Unsafe("DOCX 文件已加密，需要密码才能阅读")
        if parts.name.lower() in ("vbaproject.bin", "vbadata.xml"):
            raise Unsafe("文件含有宏，没有打开；请另存为不带宏的 .docx")


class Package:
    """The parts of a checked file."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        _check(package)
        self._package = package
        self._names = {one.filename.lstrip("/").lower(): one.filename for one in package.infolist()}
        types = self.xml("[Content_Types].xml")
        if types is not None and any("macroEnabled" in (one.get("ContentType") or "") for one in types):
            raise Unsafe("文件含有宏，没有打开；请另存为不带宏的 .docx")
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
                raise Unsafe("文件引用了外部内容（模板或嵌入对象），没有打开")

    def xml(self, name: str) -> etree._Element | None:
        """A part as a tree; `None` when the file has none of that name."""
        known = self._names.get(name.lstrip("/").lower())
        if known is None:
            return None
        with self._package.open(known) as stream:
            data = stream.read(MAX_UNPACKED + 1)  # what the directory says of its size may be a lie
        if len(data) > MAX_UNPACKED:
            raise Unsafe(f"DOCX 解压后超过 {MAX_UNPACKED // 1024 // 1024} MiB，疑似压缩炸弹")
        if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:65536]:
            raise Unsafe("DOCX 的 XML 带有文档类型声明，疑似恶意文件")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        tree = etree.parse(io.BytesIO(data), parser)
        if tree.docinfo.internalDTD is not None:  # in UTF-16 it is not seen above
            raise Unsafe("DOCX 的 XML 带有文档类型声明，疑似恶意文件")
        return tree.getroot()

    def bytes(self, name: str) -> bytes:
        """A part as it is; none when the file has none of that name."""
        known = self._names.get(name.lstrip("/").lower())
        if known is None:
            return b""
        with self._package.open(known) as stream:
            return stream.read(MAX_UNPACKED)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: id → the last word of the kind, and the part or the address outside."""
        folder, _, name = part.lstrip("/").rpartition("/")
        tree = self.xml(f"{folder}/_rels/{name}.rels")
        found = {}
        for one in tree if tree is not None else ():
            target = one.get("Target") or ""
            if one.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join(folder, target)) if target[:1] != "/" else target[1:]
            found[one.get("Id") or ""] = (one.get("Type") or "").rpartition("/")[2], target
        return found

    def main(self) -> str:
        """The name of the part with the text."""
        relations = self.xml("_rels/.rels")
        for one in relations if relations is not None else ():
            if (one.get("Type") or "").endswith("/officeDocument"):
                return one.get("Target") or ""
        return "word/document.xml"


# -------------------------------------------------------------------------------------------- elements


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The element at a path of names below another one; `None` when there is none."""
    for name in path:
        element = next((one for one in element if local(one) == name), None) if element is not None else None
    return element


def value(element: etree._Element | None, name: str = "val") -> str:
    """An attribute by its name without namespace; empty when there is none."""
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")


def on(element: etree._Element | None) -> bool:
    """Whether a switch is there and on."""
    return element is not None and value(element) not in ("0", "false", "off", "none")


def whole(text: str, otherwise: int = 0) -> int:
    """A whole number, or `otherwise` where there is none."""
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else otherwise


def numbered(properties: etree._Element | None) -> tuple[str, int] | None:
    """The list a paragraph or a style belongs to, and its level in it."""
    listed = child(properties, "numPr")
    if listed is None:
        return None
    return value(child(listed, "numId")), whole(value(child(listed, "ilvl")))


def without_annex(body: etree._Element) -> etree._Element:
    """The body without the annex of a document of ours, which is no text of its last item.

    Who deleted the end of its bookmark left nothing to tell where it ends: then what follows goes with it. What stands
    in a frame stays: LibreOffice writes the 版记 before the line it is tied to, the last one of the annex.
    """
    inside = ""
    for one in list(body):
        begun = {value(mark, "name"): value(mark, "id") for mark in one.iter() if local(mark) == "bookmarkStart"}
        inside = begun.get(ANNEX, inside)
        if inside and local(one) != "sectPr":
            if child(one, "pPr", "framePr") is None:
                body.remove(one)
            if any(local(mark) == "bookmarkEnd" and value(mark, "id") == inside for mark in one.iter()):
                inside = ""
    return body


def through(element: etree._Element) -> Iterator[etree._Element]:
    """The children of a table or row, those inside content controls and accepted insertions with them."""
    for one in element:
        if local(one) in ("sdt", "sdtContent", "ins", "customXml", "moveTo"):
            yield from through(one)
        elif not _deleted(one):
            yield one


def _deleted(one: etree._Element) -> bool:
    """Whether a row or cell is taken away by a change that is pending."""
    return child(one, "trPr", "del") is not None or child(one, "tcPr", "cellDel") is not None


# ----------------------------------------------------------------------------------------------- numbers


@dataclass(slots=True)
class Level:
    """How one level of a list is counted."""

    shape: str
    text: str
    start: int


@dataclass(slots=True)
class Numbering:
    """The numbers Word prints in front of paragraphs without writing them into the text."""

    levels: Mapping[str, Mapping[int, Level]]
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


def numbering(tree: etree._Element | None) -> Numbering:
    """The lists of a document, from its numbering part."""
    if tree is None:
        return Numbering({})
    abstract = {
        value(one, "abstractNumId"): {
            whole(value(level, "ilvl")): Level(
                value(child(level, "numFmt")) or "decimal",
                value(child(level, "lvlText"))[:_LONGEST_LABEL],
                whole(value(child(level, "start")), 1),
            )
            for level in one
            if local(level) == "lvl"
        }
        for one in tree
        if local(one) == "abstractNum"
    }
    levels = {
        value(one, "numId"): abstract.get(value(child(one, "abstractNumId")), {}) for one in tree if local(one) == "num"
    }
    return Numbering(levels)
