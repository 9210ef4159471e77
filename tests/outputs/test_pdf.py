"""The PDF of an issue: one run of LibreOffice for most of what is promised, a second one for the same bytes."""

from __future__ import annotations

import dataclasses
import io
import re
import struct
import zlib
from collections.abc import Iterator

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, NullObject

from benchmarks.issues import picture
from pipeline.config import packaged
from pipeline.model import Block, Issue, Kind
from pipeline.outputs import Context
from pipeline.outputs.pages import to_pdf
from pipeline.outputs.pdf import _OFFSET, _PROFILE, Pdf, _settled
from pipeline.outputs.text import clean, live_address
from pipeline.outputs.word import Word
from sample_issues import every_kind

pytestmark = pytest.mark.usefixtures("libreoffice")
CONTEXT = Context(templates=packaged("templates"), pictures=picture)


def pictured() -> Issue:
    issue = every_kind()
    with_picture = tuple(
        dataclasses.replace(block, blob="00000002" * 8) if block.kind is Kind.FIGURE else block
        for block in issue.items[0].blocks
    )
    return dataclasses.replace(
        issue, items=(dataclasses.replace(issue.items[0], blocks=with_picture), *issue.items[1:])
    )


@pytest.fixture(scope="module")
def made(libreoffice) -> bytes:
    return Pdf().render(pictured(), CONTEXT)


@pytest.fixture(scope="module")
def reader(made) -> PdfReader:
    return PdfReader(io.BytesIO(made))


def squeezed(text: str) -> str:
    return "".join(text.split())


def objects(reader: PdfReader, type: str) -> Iterator[DictionaryObject]:
    for number in reader.xref[0]:
        found = reader.get_object(number)
        if isinstance(found, DictionaryObject) and found.get("/Type") == type:
            yield found


def test_whenever_it_is_made_it_has_the_same_bytes_and_every_object_is_where_its_table_says(reader, made) -> None:
    profile = reader.root_object["/OutputIntents"][0]["/DestOutputProfile"].get_object()
    raw = to_pdf(Word().render(pictured(), CONTEXT), fonts=CONTEXT.templates / "fonts.conf")
    assert zlib.decompress(profile._data)[24:36] == struct.pack(">6H", 2025, 8, 8, 0, 0, 0)
    settled = [_settled(_as_if_made_at(raw, second), pictured()) for second in range(0, 60, 7)]
    assert set(settled) == {made}
    for number, at in reader.xref[0].items():
        assert made[at:].startswith(b"%d 0 obj" % number)


def _as_if_made_at(raw: bytes, second: int) -> bytes:
    """The file as LibreOffice would have made it at another second: of another length, as its profile packs."""
    found = _PROFILE.search(raw)
    assert found
    profile = bytearray(zlib.decompress(found[2]))
    profile[34:36] = struct.pack(">H", second)
    packed = zlib.compress(profile, 6)
    body, table, tail = (raw[: found.start(2)] + packed + raw[found.end(2) :]).rpartition(b"\nxref\n")
    longer = len(packed) - len(found[2])
    said = b"\n%b 0 obj\n" % found[1]
    body = body.replace(said + b"%d\n" % len(found[2]), said + b"%d\n" % len(packed))
    tail = _OFFSET.sub(lambda one: b"%0*d" % (len(one[0]), int(one[0]) + longer * (int(one[0]) > found.start(2))), tail)
    return re.sub(rb"D:\d{14}(?=Z)", b"D:202601010000%02d" % second, body + table + tail)


def test_it_says_what_it_is_in_which_language_and_from_when(reader) -> None:
    assert reader.metadata is not None
    assert reader.metadata.title == "全国卫生信息化舆情监测周报（第六三六期）"
    assert reader.metadata.author == "北京市卫生健康大数据与政策研究中心"
    assert reader.metadata["/CreationDate"].startswith("D:20250808000000")
    assert reader.root_object["/Lang"] == "zh-CN"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    told = reader.root_object["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in told
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in told
    assert "<xmp:CreateDate>2025-08-08T00:00:00" in told


def test_its_parts_are_tagged_and_its_picture_has_words(reader) -> None:
    assert reader.root_object["/MarkInfo"]["/Marked"].value is True
    elements = list(objects(reader, "/StructElem"))
    kinds = {element.get("/S") for element in elements}
    assert {"/Table", "/TH", "/TD", "/Link", "/Figure"} <= kinds
    words = [element["/Alt"] for element in elements if element.get("/S") == "/Figure" and "/Alt" in element]
    assert any("市民在自助机前打印检查报告" in text for text in words)


def test_every_font_is_inside(reader) -> None:
    descriptors = list(objects(reader, "/FontDescriptor"))
    assert descriptors
    for descriptor in descriptors:
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), descriptor["/FontName"]


def test_the_faces_are_those_that_the_shipped_file_names(reader) -> None:
    names = " ".join(str(descriptor["/FontName"]) for descriptor in objects(reader, "/FontDescriptor"))
    assert "FandolFang" in names
    assert "FandolKai" in names
    assert "LiberationSerif" in names


def test_its_outline_has_every_heading(reader) -> None:
    def titles(entries) -> Iterator[str]:
        for entry in entries:
            yield from titles(entry) if isinstance(entry, list) else [squeezed(entry.title)]

    told = list(titles(reader.outline))
    for position, item in enumerate(pictured().items, 1):
        assert squeezed(f"{position}. 标题：{clean(item.title)}") in told
    assert "平台怎么建" in told


def test_entries_of_the_contents_lead_to_their_items_and_addresses_are_live(reader) -> None:
    links = [one.get_object() for page in reader.pages for one in page.get("/Annots", ArrayObject())]
    addresses = {link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})}
    assert addresses == {live for item in pictured().items if (live := live_address(item.url))}
    inside = [link for link in links if "/Dest" in link or "/D" in link.get("/A", {})]
    assert len(inside) >= len(pictured().items)
    for link in inside:
        where = link.get("/Dest") or link["/A"]["/D"]
        assert not isinstance(where, NullObject)


def test_its_text_is_the_text_of_the_issue(reader) -> None:
    pages = [re.sub(r"\s*—\s*\d+\s*—\s*$", "", page.extract_text()) for page in reader.pages]
    whole = squeezed("".join(pages))
    for item in pictured().items:
        for block in item.blocks:
            for text in block_texts(block):
                assert squeezed(text) in whole, text


def block_texts(block: Block) -> Iterator[str]:
    if block.kind is Kind.TABLE:
        yield from (cell for row in block.rows for cell in row)
    elif block.kind is not Kind.FIGURE:
        yield clean(block.text)
