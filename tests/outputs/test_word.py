from __future__ import annotations

import dataclasses
import difflib
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openxml_audit import OpenXmlValidator
from PIL import Image

from outline import OUTLINES, drawn
from pipeline.config import packaged
from pipeline.demo.seeds import imported
from pipeline.model import Block, Issue, Kind
from pipeline.outputs.lint import lint
from pipeline.outputs.package import content_digest, unpack
from pipeline.outputs.template_builder import DESIGNS
from pipeline.outputs.text import clean
from pipeline.outputs.word import bookmarks, render_docx
from sample_issues import HOSTILE, every_kind, findings, issue_535

TEMPLATE = packaged("templates") / "gongwen.docx"
DRAWN = drawn()


def render(issue: Issue, **more: Any) -> bytes:
    return render_docx(issue, template=TEMPLATE, **more)


def texts(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def one_paragraph(text: str) -> Issue:
    issue = issue_535()
    return dataclasses.replace(
        issue, items=(dataclasses.replace(issue.items[0], blocks=(Block(Kind.PARAGRAPH, text),)),)
    )


@pytest.mark.parametrize("name", DRAWN)
def test_a_document_is_drawn_as_its_outline_says(name: str) -> None:
    made, expected = DRAWN[name](), (OUTLINES / name).read_text(encoding="utf-8")
    difference = "\n".join(difflib.unified_diff(expected.splitlines(), made.splitlines(), lineterm="", n=1))
    assert made == expected, f"{difference}\n如属有意修改：python tests/outline.py"


@pytest.mark.parametrize("design", DESIGNS, ids=[design.name for design in DESIGNS])
def test_every_style_of_a_paragraph_is_met_in_an_outline(design) -> None:
    lines = "\n".join((OUTLINES / name).read_text(encoding="utf-8").lower() for name in DRAWN)
    assert [look.name for look in design.looks if not re.search(rf"(^|[ :]){look.name}( |:|$)", lines, re.M)] == []


def test_the_list_of_34_tasks_in_535_is_one_item_with_the_numbers_of_its_source() -> None:
    lines = texts(render(imported(535).issue))
    start, end = (next(n for n, line in enumerate(lines) if line.startswith(f"{number}. 标题：")) for number in (2, 3))
    numbers = [int(found[1]) for line in lines[start + 1 : end] if (found := re.match(r"(\d+)\. ", line))]
    assert numbers == list(range(1, 35))


def test_an_item_that_its_page_did_not_mark_gets_a_bullet_and_one_that_brings_its_own_does_not() -> None:
    texts = ("X线摄影", "● CT平扫", "（一）门诊", "—急诊")
    item = dataclasses.replace(issue_535().items[0], blocks=tuple(Block(Kind.ITEM, text) for text in texts))
    made = docx.Document(io.BytesIO(render(dataclasses.replace(issue_535(), items=(item,)))))
    items = [one.text for one in made.paragraphs if one.style.name == "文章列举"]
    assert items == ["● X线摄影", "● CT平扫", "（一）门诊", "—急诊"]


def test_a_title_without_an_outlet_has_no_empty_brackets_and_a_labelled_field_stays_to_be_filled_in() -> None:
    lines = texts(render(every_kind()))
    assert "（）" not in lines
    assert lines.count("来源：") == 1, "the label in the head; no line under the headline"
    assert "链接：" in lines


def test_a_caption_whose_picture_is_missing_does_not_stick_to_the_table_below() -> None:
    rows = (("机构", "数量"), ("甲院", "12"))
    blocks = (Block(Kind.FIGURE, "大厅"), Block(Kind.CAPTION, "大厅一角"), Block(Kind.TABLE, rows=rows))
    issue = issue_535()
    issue = dataclasses.replace(issue, items=(dataclasses.replace(issue.items[0], blocks=blocks),))
    body = docx.Document(io.BytesIO(render(issue))).element.body
    (table,) = body.iter(qn("w:tbl"))
    assert table.getprevious().find(f"{qn('w:pPr')}/{qn('w:pStyle')}").get(qn("w:val")) == "TableGap"


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("接口文档见https://www.example.com/docs/api/v2/index.html。", "文章正文左齐"),
        ("基于DeepSeek-R1-Distill-Qwen-32B的系统上线。", "文章正文"),
        ("平台名为Electroencephalography系统。", "文章正文左齐"),
    ],
    ids=["an address", "words that a hyphen parts", "a very long word"],
)
def test_a_paragraph_with_something_that_fits_no_line_is_set_flush_left(text: str, style: str) -> None:
    (found,) = (one for one in docx.Document(io.BytesIO(render(one_paragraph(text)))).paragraphs if one.text == text)
    assert found.style.name == style


def test_the_same_issue_gives_the_same_bytes() -> None:
    assert render(every_kind(), draft=True, findings=findings()) == render(
        every_kind(), draft=True, findings=findings()
    )


def test_a_document_carries_its_own_digest_its_issue_and_its_template() -> None:
    parts = unpack(render(issue_535()))
    custom = parts["docProps/custom.xml"].decode()
    assert content_digest(parts) in custom
    assert "beijing-monthly/535" in custom
    assert "gongwen@" in custom
    properties = docx.Document(io.BytesIO(render(issue_535()))).core_properties
    assert properties.created.date() == properties.modified.date() == issue_535().date


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed_as_it_stands(text: str) -> None:
    assert clean(text) in texts(render(one_paragraph(text)))


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1))
def test_any_text_survives_but_for_what_no_document_may_hold(text: str) -> None:
    printed = texts(render(one_paragraph(text)))
    assert clean(text) == "" or clean(text) in printed


def test_every_run_tells_word_that_its_quotes_are_chinese_except_inside_latin_words() -> None:
    body = etree.fromstring(unpack(render(every_kind()))["word/document.xml"])
    without = [
        "".join(run.itertext())
        for run in body.iter(qn("w:r"))
        if (fonts := run.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")) is None or fonts.get(qn("w:hint")) != "eastAsia"
    ]
    assert without
    assert set(without) == {"’"}  # It’s


def test_a_released_document_shows_neither_findings_nor_the_word_draft() -> None:
    parts = unpack(render(every_kind(), findings=findings()))
    assert "word/comments.xml" not in parts
    assert not any(b"\xe9\x80\x81\xe5\xae\xa1\xe7\xa8\xbf" in part for part in parts.values())  # 送审稿


def test_a_draft_hangs_each_finding_on_its_item_and_dates_it_with_the_issue() -> None:
    document = docx.Document(io.BytesIO(render(every_kind(), draft=True, findings=findings())))
    assert {comment.timestamp.date() for comment in document.comments} == {every_kind().date}
    commented = [
        paragraph.text for paragraph in document.paragraphs if list(paragraph._p.iter(qn("w:commentRangeStart")))
    ]
    assert commented[0] == every_kind().title
    assert [text[:2] for text in commented[1:]] == ["1.", "4."]


def test_addresses_become_live_links_only_when_they_lead_to_the_web() -> None:
    document = docx.Document(io.BytesIO(render(every_kind())))
    targets = {rel.target_ref for rel in document.part.rels.values() if rel.is_external}
    assert targets == {"https://www.example.com/k1.html", "https://www.example.com/k2.html"}
    assert "链接：javascript:alert(1)" in [paragraph.text for paragraph in document.paragraphs]


def test_a_long_masthead_is_set_smaller_so_that_it_fits_on_one_line() -> None:
    def size(title: str) -> float:
        document = docx.Document(io.BytesIO(render(dataclasses.replace(issue_535(), title=title))))
        run = document.paragraphs[0].runs[0]
        return (run.font.size or document.paragraphs[0].style.font.size).pt

    assert size("卫生信息月报") == 32
    assert size("北京市卫生信息化舆情监测月报") == 30.5
    assert size("北京市卫生健康大数据与政策研究中心卫生信息化舆情监测月报") < 17


def test_pages_that_are_known_are_printed_and_the_others_estimated() -> None:
    lines = texts(render(issue_535(), pages={"a1": 7, "a2": 8, "a3": 99}))
    assert [line.split("\t")[1] for line in lines if "\t" in line and line[0].isdigit()][:3] == ["7", "8", "99"]
    lines = texts(render(issue_535()))
    assert next(line.split("\t")[1] for line in lines if "\t" in line and line[0].isdigit()) == "2"


def test_an_excerpt_is_marked_after_its_title() -> None:
    assert any(text.endswith("怎么做（节选）") for text in texts(render(every_kind())))


def test_a_colophon_is_printed_only_when_the_series_has_one() -> None:
    assert "报送：×××　　抄送：×××\n北京市卫生健康大数据与政策研究中心\t2024年6月30日印发" in texts(render(issue_535()))
    assert not any("报送" in text for text in texts(render(dataclasses.replace(issue_535(), footer=()))))


def test_a_table_too_wide_for_word_is_printed_as_lines() -> None:
    row = tuple(f"第{number}列" for number in range(70))
    issue = one_paragraph("")
    issue = dataclasses.replace(
        issue, items=(dataclasses.replace(issue.items[0], blocks=(Block(Kind.TABLE, rows=(row,)),)),)
    )
    document = docx.Document(io.BytesIO(render(issue)))
    assert document.tables == []
    assert "　".join(row) in [paragraph.text for paragraph in document.paragraphs]


def test_bookmarks_are_unique_whatever_the_handles_are() -> None:
    handles = ["a b", "甲", "x" * 300, "", "", "a1", "A1"]
    issue = issue_535()
    items = tuple(dataclasses.replace(issue.items[0], handle=handle) for handle in handles)
    names = bookmarks(dataclasses.replace(issue, items=items))
    assert len({name.lower() for name in names}) == len(handles)  # Word does not tell A1 from a1
    assert all(re.fullmatch(r"_\w{1,39}", name, re.ASCII) for name in names)


def picture(colour: str, width: int = 800, height: int = 600, format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, format)
    return file.getvalue()


def with_pictures(*pictures: bytes) -> tuple[Issue, Callable[[str], bytes]]:
    """An issue with these pictures, each over a caption, and where their bytes are."""
    stored = {hashlib.sha256(data).hexdigest(): data for data in pictures}
    blocks: list[Block] = []
    for data in pictures:
        blob = hashlib.sha256(data).hexdigest()
        blocks += [Block(Kind.FIGURE, "大厅", src="http://x/a.jpg", blob=blob), Block(Kind.CAPTION, "“大厅” 一角")]
    issue = issue_535()
    item = dataclasses.replace(issue.items[0], blocks=(*issue.items[0].blocks[:2], *blocks, *issue.items[0].blocks[2:]))
    return dataclasses.replace(issue, items=(item, *issue.items[1:])), stored.__getitem__


def drawings(data: bytes) -> list[etree._Element]:
    return list(etree.fromstring(unpack(data)["word/document.xml"]).iter(qn("w:drawing")))


def test_a_picture_is_centred_over_its_caption_and_kept_with_it() -> None:
    issue, pictures = with_pictures(picture("navy"))
    document = docx.Document(io.BytesIO(render(issue, pictures=pictures)))
    (place,) = (n for n, one in enumerate(document.paragraphs) if one._p.findall(f".//{qn('w:drawing')}"))
    figure, caption = document.paragraphs[place : place + 2]
    assert (figure.style.name, caption.style.name.lower()) == ("文章图片", "caption")
    assert figure.style.paragraph_format.alignment == caption.style.paragraph_format.alignment == 1
    assert figure.style.paragraph_format.keep_with_next
    assert caption.text == "“大厅” 一角"


@pytest.mark.parametrize(
    ("width", "height", "wide", "high"),
    [(1600, 1200, 13.33, 10.0), (1600, 400, 14.0, 3.5), (300, 1600, 1.88, 10.0), (189, 113, 5.0, 2.99)],
    ids=["a photograph", "a panorama", "a tower", "a small one, not blown up"],
)
def test_a_picture_fits_the_page_and_keeps_its_shape(width: int, height: int, wide: float, high: float) -> None:
    issue, pictures = with_pictures(picture("navy", width, height))
    (drawn,) = drawings(render(issue, pictures=pictures))
    (extent,) = drawn.iter("{*}extent")
    assert int(extent.get("cx")) / 360_000 == pytest.approx(wide, abs=0.02)
    assert int(extent.get("cy")) / 360_000 == pytest.approx(high, abs=0.02)


def test_pictures_are_in_the_file_once_each_and_whole_for_validators() -> None:
    one, other = picture("navy"), picture("white", format="PNG")
    issue, pictures = with_pictures(one, other, one)
    data = render(issue, pictures=pictures)
    parts = unpack(data)
    assert sorted(parts[name] for name in parts if "/media/" in name) == sorted([one, other])
    shown = drawings(data)
    assert len(shown) == 3
    numbers = [named.get("id") for drawn in shown for named in drawn.iter("{*}docPr")]
    assert len(set(numbers)) == 3
    assert {named.get("descr") for drawn in shown for named in drawn.iter("{*}docPr")} == {"“大厅” 一角"}
    relations = etree.fromstring(parts["word/_rels/document.xml.rels"])
    assert not [r for r in relations if r.get("Type").endswith("/image") and r.get("TargetMode") == "External"]
    assert lint(data) == []
    assert data == render(issue, pictures=pictures), "the same bytes"


def test_documents_with_pictures_pass_the_validator(tmp_path) -> None:
    issue, pictures = with_pictures(picture("navy"), picture("white", format="PNG"))
    path = tmp_path / "issue.docx"
    path.write_bytes(render(issue, pictures=pictures, draft=True, findings=findings()))
    assert not OpenXmlValidator().validate(str(path)).errors


def test_a_picture_that_could_not_be_had_prints_its_caption_only() -> None:
    issue, _ = with_pictures(picture("navy"))
    data = render(issue, pictures=lambda blob: b"")
    assert drawings(data) == []
    assert "“大厅” 一角" in texts(data)
    assert drawings(render(issue, pictures=lambda blob: b"no picture")) == []


def test_hostile_words_of_a_picture_stay_words() -> None:
    data = picture("navy")
    blob = hashlib.sha256(data).hexdigest()
    for text in HOSTILE:
        blocks = (Block(Kind.FIGURE, text, src="javascript:alert(1)", blob=blob), Block(Kind.PARAGRAPH, "正文。"))
        issue = issue_535()
        issue = dataclasses.replace(issue, items=(dataclasses.replace(issue.items[0], blocks=blocks),))
        made = render(issue, pictures=lambda _: data)
        (drawn,) = drawings(made)
        assert next(drawn.iter("{*}docPr")).get("descr") == clean(text)
        assert b"javascript:" not in unpack(made)["word/_rels/document.xml.rels"]
