"""趋势附录 and the tables behind it: a document that Word opens, read back without it, and CSV that runs nothing."""

import csv
import dataclasses
import datetime as dt
import io
import re
import zipfile

import pytest
from openxml_audit import OpenXmlValidator

from drafts import CONFIG
from pipeline.config import packaged
from pipeline.model import Facet, Frequency, Issue, Period, Ranking, Trends, Window
from pipeline.outputs.lint import lint
from pipeline.outputs.package import pack, unpack
from pipeline.outputs.readback import read_docx
from pipeline.outputs.sheets import Sheet, as_csv, remarks, sheets
from pipeline.outputs.word import render_docx
from pipeline.steps.disassemble import disassemble_document
from pipeline.steps.misprint import misprints
from pipeline.steps.returning.word import read_word
from sample_issues import issue_535

_MAY, _JUNE = Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31)), Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
_HOSTILE = '=HYPERLINK("http://x")</c:v><x>&'
TRENDS = Trends(
    unit="期",
    periods=(Period("534", "第五三四期", _MAY, 1, 4), Period("535", "第五三五期", _JUNE, 1, 3, 81)),
    rankings=(
        Ranking(
            Facet.TOPICS, (Frequency("医疗人工智能与大模型应用的各种场景", (2, 1)), Frequency(_HOSTILE, (0, 1))), 3, 1
        ),
        Ranking(Facet.TERMS, ()),
        Ranking(Facet.OUTLETS, (Frequency("千龙网", (0, 1)),)),
        Ranking(Facet.PLACES, (Frequency("天坛医院", (0, 2), "医院"),)),
    ),
    imported=1,
)


def _annexed(trends: Trends = TRENDS) -> Issue:
    return dataclasses.replace(issue_535(), annex=trends)


def _rendered(issue: Issue, template: str = "gongwen") -> bytes:
    return render_docx(issue, template=packaged("templates") / f"{template}.docx")


@pytest.fixture(scope="module")
def document() -> bytes:
    return _rendered(_annexed())


@pytest.mark.parametrize("template", ["gongwen", "classic"])
def test_a_document_with_an_annex_has_no_fault_and_is_the_same_to_the_byte(template, tmp_path):
    data = _rendered(_annexed(), template)
    path = tmp_path / "附录.docx"
    path.write_bytes(data)
    assert lint(data) == []
    found = OpenXmlValidator().validate(path)
    assert found.is_valid, [str(one) for one in found.errors]
    assert data == _rendered(_annexed(), template)


def test_each_chart_is_words_and_figures_without_a_workbook_or_a_picture(document):
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        names = package.namelist()
        text = package.read("word/document.xml").decode()
        charts = [package.read(name).decode() for name in names if name.startswith("word/charts/")]
    assert not [name for name in names if "embeddings" in name or "media" in name]
    assert len(charts) == 5, "items, leads, topics, outlets, places; no term was found"
    assert all('<a:ea typeface="仿宋"/>' in one for one in charts)
    assert "采集线索：534 —，535 81" in text, "in words for who does not see it"
    assert charts[1].count("<c:pt idx") == 3, "no lead was counted for 534, which is not none"
    assert "趋势附录" in text
    assert "其中1期是导入的往期：没有采集记录" in text
    assert "另有 3 个没有列出；1 条没有归入任何主题" in text


def test_without_an_annex_nothing_of_one_is_printed():
    with zipfile.ZipFile(io.BytesIO(_rendered(issue_535()))) as package:
        assert not [name for name in package.namelist() if "chart" in name]
        assert "趋势附录" not in package.read("word/document.xml").decode()


def test_nobody_takes_the_annex_for_the_text_of_the_last_item(document):
    plain = _rendered(issue_535())
    assert misprints(_annexed(), read_docx(document, "gongwen")) == []
    assert read_docx(document, "gongwen").items == read_docx(plain, "gongwen").items
    assert read_word(document).items == read_word(plain).items
    series = CONFIG.series
    assert disassemble_document(document, series)[0].issue == disassemble_document(plain, series)[0].issue


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_a_cell_that_would_begin_a_formula_is_shown_as_it_stands(begin):
    data = as_csv(Sheet("topics", "主题", ("主题", "条数"), ((f"{begin}SUM(A1:A9)", 3), ('甲"乙,丙', 1))))
    assert data.startswith(b"\xef\xbb\xbf")
    head, bad, good = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert head == ["主题", "条数"]
    assert bad == [f"'{begin}SUM(A1:A9)", "3"]
    assert good == ['甲"乙,丙', "1"]


def test_no_cell_of_any_table_begins_a_formula():
    cells = [
        cell
        for sheet in sheets(TRENDS)
        for row in csv.reader(io.StringIO(as_csv(sheet).decode("utf-8-sig"), newline=""))
        for cell in row
    ]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert f"'{_HOSTILE}" in cells


def test_the_tables_have_each_period_and_say_what_was_not_counted():
    volume, topics, *_ = sheets(TRENDS)
    assert volume.rows[0] == ("第五三四期", "2024-05-01", "2024-05-31", 4, "—")
    assert topics.head == ("主题", "条数", "占比", "534", "535")
    assert topics.rows[0][1:] == (3, "43%", 2, 1)
    assert topics.totals[1][1:] == (3, "43%")
    assert "共2期、7条信息" in next(remarks(TRENDS))


def test_what_a_word_processor_wrote_before_the_end_of_the_annex_and_framed_is_still_the_colophon(document):
    parts = unpack(document)
    body = parts["word/document.xml"].decode()
    (colophon,) = re.findall(r"<w:p><w:pPr><w:pStyle w:val=\"Colophon\"/>.*?</w:p>", body)
    (end,) = re.findall(r"<w:p>(?:(?!<w:p>).)*<w:bookmarkEnd w:id=\"4\"/></w:p>", body)
    moved = body.replace(colophon, "").replace(end, colophon + end)
    there = read_word(pack({**parts, "word/document.xml": moved.encode()}))
    assert there.footer == read_word(document).footer != ()
    assert there.items == read_word(document).items
