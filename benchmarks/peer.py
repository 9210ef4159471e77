"""The document of an issue as python-docx's own API makes it: one `add_paragraph`, `add_run`, `add_table` at a time.

What to write is read from the finished document beforehand: the peer is spared all that is found out about an issue,
where titles are broken, how wide columns are, on which pages items stand. It only writes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Emu
from docx.styles.styles import Styles
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from lxml import etree

_HEADING, _CELL_MARKS = qn("w:tblHeader"), ("w:cantSplit", "w:tblHeader")


@dataclass(frozen=True, slots=True)
class Words:
    """What one run says."""

    text: str = ""
    style: str = ""
    hinted: bool = False
    field: tuple[str, str] = ("", "")
    """`fldChar` and its type, or `instrText` and its code."""
    anchor: str = ""
    address: str = ""
    picture: tuple[bytes, int, int, str] | None = None
    """The picture, its sides and what it shows."""


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph."""

    style: str
    words: tuple[Words, ...]
    bookmark: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """One table."""

    style: str
    cells: tuple[tuple[tuple[int, Line], ...], ...]
    """Rows of cells: width and paragraph."""
    heads: int


def emptied(template: Path) -> Document:
    """The template without what it shows."""
    document = docx.Document(str(template))
    body = document.element.body
    for element in [child for child in body if child.tag != qn("w:sectPr")]:
        body.remove(element)
    return document


def read(data: bytes) -> list[Line | Rows]:
    """What a finished document of ours says, in order."""
    document = docx.Document(io.BytesIO(data))
    return [
        _rows(one, document) if one.tag == qn("w:tbl") else _line(one, document)
        for one in document.element.body
        if one.tag != qn("w:sectPr")
    ]


def same_document(said: list[Line | Rows], template: Path) -> bytes:
    """The document that says it, written through python-docx."""
    document = emptied(template)
    for one in said:
        if isinstance(one, Line):
            _write(document.add_paragraph(style=one.style), one)
            continue
        table = document.add_table(len(one.cells), len(one.cells[0]), style=one.style)
        for number, (row, cells) in enumerate(zip(table.rows, one.cells, strict=True)):
            properties = row._tr.get_or_add_trPr()
            for mark in _CELL_MARKS if number < one.heads else _CELL_MARKS[:1]:
                properties.append(OxmlElement(mark))
            for cell, (width, line) in zip(row.cells, cells, strict=True):
                cell.width = Emu(width * 635)
                cell.paragraphs[0].style = line.style
                _write(cell.paragraphs[0], line)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def told(data: bytes) -> list[tuple[str, str, int]]:
    """Style, text and number of runs of each paragraph, those in tables too."""
    document = docx.Document(io.BytesIO(data))
    return [
        (line.style, "".join(words.text or words.field[1] for words in line.words), len(line.words))
        for line in (_line(one, document) for one in document.element.body.iter(qn("w:p")))
    ]


def _line(paragraph: etree._Element, document: Document) -> Line:
    mark = paragraph.find(qn("w:bookmarkStart"))
    return Line(
        Paragraph(paragraph, document._body).style.name,
        tuple(_words(run, document) for run in paragraph.iter(qn("w:r"))),
        mark.get(qn("w:name")) if mark is not None else "",
    )


def _rows(table: etree._Element, document: Document) -> Rows:
    rows = table.findall(qn("w:tr"))
    style = table.find(f"{qn('w:tblPr')}/{qn('w:tblStyle')}").get(qn("w:val"))
    return Rows(
        _style_name(document.styles, style),
        tuple(
            tuple((int(next(cell.iter(qn("w:tcW"))).get(qn("w:w"))), _line(cell.find(qn("w:p")), document))
                  for cell in row.findall(qn("w:tc")))
            for row in rows
        ),
        sum(next(row.iter(_HEADING), None) is not None for row in rows),
    )  # fmt: skip


def _words(run: etree._Element, document: Document) -> Words:
    properties, link = run.find(qn("w:rPr")), run.getparent()
    style = properties.find(qn("w:rStyle")) if properties is not None else None
    address = link.get(qn("r:id")) if link.tag == qn("w:hyperlink") else None
    return Words(
        text=Run(run, document._body).text,
        style=_style_name(document.styles, style.get(qn("w:val"))) if style is not None else "",
        hinted=properties is not None and next(properties.iter(qn("w:rFonts")), None) is not None,
        field=next(_fields(run), ("", "")),
        anchor=link.get(qn("w:anchor"), "") if link.tag == qn("w:hyperlink") else "",
        address=document.part.rels[address].target_ref if address else "",
        picture=next(_pictures(run, document), None),
    )


def _fields(run: etree._Element) -> Iterator[tuple[str, str]]:
    for mark in run.iter(qn("w:fldChar")):
        yield "w:fldChar", mark.get(qn("w:fldCharType"))
    for code in run.iter(qn("w:instrText")):
        yield "w:instrText", code.text


def _pictures(run: etree._Element, document: Document) -> Iterator[tuple[bytes, int, int, str]]:
    for shown in run.iter(qn("wp:inline")):
        part = document.part.related_parts[next(shown.iter(qn("a:blip"))).get(qn("r:embed"))]
        extent = shown.find(qn("wp:extent"))
        yield part.blob, int(extent.get("cx")), int(extent.get("cy")), shown.find(qn("wp:docPr")).get("descr")


def _style_name(styles: Styles, id: str) -> str:
    return next(style.name for style in styles if style.style_id == id)


def _write(paragraph: Paragraph, line: Line) -> None:
    link: etree._Element | None = None
    if line.bookmark:
        paragraph._p.append(_marked("w:bookmarkStart", {"w:id": "1", "w:name": line.bookmark}))
    for words in line.words:
        run = paragraph.add_run(words.text if words.picture is None and not words.field[0] else "")
        if words.style:
            run.style = words.style
        if words.hinted:
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")
        if words.field[0] == "w:fldChar":
            run._r.append(_marked("w:fldChar", {"w:fldCharType": words.field[1]}))
        elif words.field[0]:
            code = _marked("w:instrText", {"xml:space": "preserve"})
            code.text = words.field[1]
            run._r.append(code)
        if words.picture is not None:
            data, width, height, shows = words.picture
            shape = run.add_picture(io.BytesIO(data), Emu(width), Emu(height))
            shape._inline.docPr.set("descr", shows)
        if not words.anchor and not words.address:
            link = None
            continue
        if link is None:
            link = _marked("w:hyperlink", {"w:history": "1"})
            if words.anchor:
                link.set(qn("w:anchor"), words.anchor)
            else:
                kind = RELATIONSHIP_TYPE.HYPERLINK
                link.set(qn("r:id"), paragraph.part.relate_to(words.address, kind, is_external=True))
            paragraph._p.append(link)
        link.append(run._r)
    if line.bookmark:
        paragraph._p.append(_marked("w:bookmarkEnd", {"w:id": "1"}))


def _marked(name: str, attributes: dict[str, str]) -> etree._Element:
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(key), value)
    return made
