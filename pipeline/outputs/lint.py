"""What is wrong with a finished DOCX file that no schema sees, as a list in English.

Word repairs or refuses files whose marks, fields or relationships do not agree; LibreOffice shows them without a
word. And what is formatted on the spot can no longer be changed by the office in the template's styles.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from lxml import etree

from pipeline.outputs.styles import w

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DOC_PR = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_TYPES = "[Content_Types].xml"
_CONTENT = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_TEXTS = re.compile(r"word/(document|header\d*|footer\d*|comments|footnotes|endnotes)\.xml")
_STYLED = {w("pStyle"): "paragraph", w("rStyle"): "character", w("tblStyle"): "table"}
_ON_PARAGRAPHS = {w("pStyle"), w("framePr"), w("sectPr")}  # the 版记's frame is the template's own, a section no look
_SIZES = {w("sz"), w("szCs")}
_FIELDS = {"PAGE", "PAGEREF"}
_LONGEST_BOOKMARK = 40
_MARKS = (("bookmarkStart", "bookmarkEnd"), ("commentRangeStart", "commentRangeEnd"))


@dataclass(slots=True)
class _File:
    """A DOCX file, opened."""

    parts: Mapping[str, bytes]
    trees: dict[str, etree._Element] = field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, etree._Element]]:
        """The parts in which text stands."""
        return ((name, tree) for name, tree in self.trees.items() if _TEXTS.fullmatch(name))

    def relations(self) -> Iterator[tuple[str, etree._Element]]:
        """Each relationship, with the part that has it."""
        for name, tree in self.trees.items():
            folder, _, file = name.rpartition("_rels/")
            if name.endswith(".rels"):
                yield from ((folder + file.removesuffix(".rels"), one) for one in tree.iter(_RELATION))


def lint(data: bytes) -> list[str]:
    """The faults of a DOCX file; empty when there are none."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            doubled = [name for name, count in Counter(archive.namelist()).items() if count > 1]
            file = _File({name: archive.read(name) for name in archive.namelist()})
    except (BadZipFile, EOFError, ValueError) as error:
        return [f"not a ZIP file: {error}"]
    faults = [f"{name}: stands in the file twice" for name in doubled]
    for name, part in file.parts.items():
        if name.endswith((".xml", ".rels")):
            try:
                file.trees[name] = etree.fromstring(part, _PARSER)
            except etree.XMLSyntaxError as error:
                faults.append(f"{name}: {error}")
    faults += [
        f"{name}: is missing" for name in (_TYPES, "word/document.xml", "word/styles.xml") if name not in file.parts
    ]
    if faults:
        return faults
    return [fault for look in _LOOKS for fault in look(file)]


def _types(file: _File) -> Iterator[str]:
    tree = file.trees[_TYPES]
    endings = {one.get("Extension", "").lower() for one in tree.iter(f"{_CONTENT}Default")}
    named = {one.get("PartName", "").removeprefix("/") for one in tree.iter(f"{_CONTENT}Override")}
    for name in file.parts:
        if name != _TYPES and name not in named and name.rpartition(".")[2].lower() not in endings:
            yield f"{name}: has no content type"
    yield from (f"{name}: has a content type and does not exist" for name in sorted(named - file.parts.keys()))


def _relations(file: _File) -> Iterator[str]:
    known: dict[str, set[str]] = {}
    for part, relation in file.relations():
        id, target = str(relation.get("Id")), str(relation.get("Target"))
        if id in known.setdefault(part, set()):
            yield f"{part}: relationship {id} twice"
        known[part].add(id)
        if relation.get("TargetMode") == "External":
            link = str(relation.get("Type")).endswith("/hyperlink")
            if not link or not target.lower().startswith(("http://", "https://")):
                yield f"{part}: leads out of the file to {target}"
            continue
        base = posixpath.dirname(part)
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(base, target))
        if unquote(place) not in file.parts:
            yield f"{part}: relationship {id} leads to {target}, which is not there"
    for part, tree in file.trees.items():
        found = (pair for element in tree.iter("*") for pair in element.attrib.items())
        used = {str(value) for key, value in found if str(key).startswith(_R)}
        yield from (f"{part}: uses relationship {id}, which it has not" for id in sorted(used - known.get(part, set())))


def _bookmarks(file: _File) -> Iterator[str]:
    body = file.trees["word/document.xml"]
    names = Counter(mark.get(w("name"), "").lower() for mark in body.iter(w("bookmarkStart")))  # Word's have no case
    yield from (f"bookmark {name} {count} times" for name, count in names.items() if count > 1)
    yield from (f"bookmark {name} is too long" for name in names if len(name) > _LONGEST_BOOKMARK)
    for link in body.iter(w("hyperlink")):
        anchor = link.get(w("anchor"))
        if anchor is not None and anchor.lower() not in names:
            yield f"link to bookmark {anchor}, which is not there"
        elif anchor is None and link.get(f"{_R}id") is None:
            yield "link to nothing"
    for code in body.iter(w("instrText")):
        words = (code.text or "").split()
        if words[:1] == ["PAGEREF"] and "".join(words[1:2]).lower() not in names:
            yield f"page of bookmark {''.join(words[1:2])}, which is not there"
    for start, end in _MARKS:
        starts = Counter(mark.get(w("id")) for mark in body.iter(w(start)))
        ends = Counter(mark.get(w("id")) for mark in body.iter(w(end)))
        yield from (f"{start} {id} twice" for id, count in starts.items() if count > 1)
        yield from (f"{start} {id} without its end, or the other way round" for id in starts.keys() ^ ends.keys())


def _fields(file: _File) -> Iterator[str]:
    for name, tree in file.texts():
        open_fields = 0
        for element in tree.iter(w("fldChar"), w("instrText"), w("fldSimple"), w("p")):
            if element.tag == w("fldChar"):
                open_fields += {"begin": 1, "end": -1}.get(element.get(w("fldCharType"), ""), 0)
            elif element.tag != w("p"):
                code = (element.text if element.tag == w("instrText") else element.get(w("instr"))) or ""
                if "".join(code.split()[:1]) not in _FIELDS:
                    yield f"{name}: field {code.strip()}"
            elif open_fields:
                break  # what is wrong in one paragraph shows in every later one
        if open_fields:
            yield f"{name}: a field does not end in its paragraph"


def _drawings(file: _File) -> Iterator[str]:
    for name, tree in file.texts():
        numbers = Counter(one.get("id") for one in tree.iter(_DOC_PR))
        yield from (f"{name}: docPr {number} {count} times" for number, count in numbers.items() if count > 1)
        bare = sum(not one.get("descr") for one in tree.iter(_DOC_PR))
        if bare:
            yield f"{name}: {bare} pictures without words for who does not see them"


def _styles(file: _File) -> Iterator[str]:
    known = {
        (style.get(w("type")), style.get(w("styleId"))) for style in file.trees["word/styles.xml"].iter(w("style"))
    }
    for name, tree in file.texts():
        used = {(_STYLED[str(one.tag)], one.get(w("val"))) for one in tree.iter(*_STYLED)}
        yield from (f"{name}: no {kind} style {id}" for kind, id in sorted(used - known, key=str))


def _looks(file: _File) -> Iterator[str]:
    """What is formatted on the spot, but for the hint of a font and the first paragraph's size, which is fitted."""
    tree = file.trees["word/document.xml"]
    first = next(tree.iter(w("p")), None)
    found: Counter[str] = Counter()
    for properties in tree.iter(w("pPr")):
        found.update(_short(child) for child in properties.iterchildren("*") if child.tag not in _ON_PARAGRAPHS)
    for properties in tree.iter(w("rPr")):
        for child in properties.iterchildren("*"):
            hint = child.tag == w("rFonts") and set(child.attrib) <= {w("hint")}
            if child.tag in _SIZES and _paragraph(properties) is first:
                continue
            if not hint and child.tag != w("rStyle"):
                found[_short(child)] += 1
    yield from (f"formatted on the spot: {what} ({count})" for what, count in found.items())


def _paragraph(element: etree._Element) -> etree._Element | None:
    return next(element.iterancestors(w("p")), None)


def _short(element: etree._Element) -> str:
    return etree.QName(element).localname


_LOOKS: tuple[Callable[[_File], Iterator[str]], ...] = (
    _types, _relations, _bookmarks, _fields, _drawings, _styles, _looks,
)  # fmt: skip
