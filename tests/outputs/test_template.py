from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from jinja2 import Environment, StrictUndefined

from pipeline.config import packaged
from pipeline.errors import TemplateError
from pipeline.model import chinese_date
from pipeline.outputs.word import render_docx
from sample_issues import issue_535

TEMPLATES = packaged("templates")


def edited(tmp_path: Path, number: int, *runs: str) -> Path:
    """The template with the text of one paragraph replaced, run by run, as Word might save it."""
    document = docx.Document(str(TEMPLATES / "gongwen.docx"))
    paragraph = document.paragraphs[number]
    for run in list(paragraph.runs):
        run._r.getparent().remove(run._r)
    for text in runs:
        paragraph.add_run(text)
    path = tmp_path / "office.docx"
    document.save(str(path))
    return path


def first_lines(template: Path) -> list[str]:
    document = docx.Document(io.BytesIO(render_docx(issue_535(), template=template)))
    return [paragraph.text for paragraph in document.paragraphs[:3]]


@pytest.mark.parametrize(
    "runs",
    [
        ("（第{{", " 期号 ", "}}期）"),
        ("（第{", "{期", "号}", "}期）"),
        ("（第｛｛ 期号 ｝｝期）",),
        ("（第{{ 期号 | default(“一”) }}期）",),
    ],
    ids=["cut at the braces", "cut inside", "full-width braces", "curly quotes"],
)
def test_a_placeholder_is_found_however_word_saved_it(runs: tuple[str, ...], tmp_path: Path) -> None:
    assert first_lines(edited(tmp_path, 1, *runs))[1] == "（第五三五期）"


def test_what_the_office_changes_in_the_template_shows_in_the_issue(tmp_path: Path) -> None:
    template = edited(tmp_path, 1, "总第{{ 总期号 }}期（{{ 起始日期 }}起）")
    assert first_lines(template)[1] == "总第535期（2024年6月1日起）"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ 刊号 }}", "刊号"),
        ("{{ 期号 }", "印不出期号"),
        ("{{ 期号 | }}", "写法有误"),
        ("{{ ''.__class__.__mro__ }}", "无法求值"),
        ("{% 目录结束 %}", "不成对"),
        ("{% 附录 %}", "无法识别"),
    ],
    ids=["unknown", "unclosed prints itself", "broken", "outside the sandbox", "end without start", "unknown marker"],
)
def test_a_broken_placeholder_is_reported_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    template = edited(tmp_path, 1, text)
    with pytest.raises(TemplateError, match=message) as caught:
        render_docx(issue_535(), template=template)
    assert "office.docx 印不出" in str(caught.value) or "office.docx 第2段" in str(caught.value)


def test_a_blank_document_is_no_template(tmp_path: Path) -> None:
    document = docx.Document(str(TEMPLATES / "gongwen.docx"))
    for paragraph in list(document.paragraphs):
        paragraph._p.getparent().remove(paragraph._p)
    document.save(str(tmp_path / "blank.docx"))
    with pytest.raises(TemplateError, match="印不出刊名、期号、导语、第1条的标题"):
        render_docx(issue_535(), template=tmp_path / "blank.docx")


def test_a_missing_style_is_named(tmp_path: Path) -> None:
    document = docx.Document(str(TEMPLATES / "gongwen.docx"))
    style = document.styles["文章正文"]._element
    style.find(qn("w:name")).set(qn("w:val"), "正文甲")
    path = tmp_path / "office.docx"
    document.save(str(path))
    with pytest.raises(TemplateError, match="文章正文"):
        render_docx(issue_535(), template=path)


def test_a_file_that_is_no_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "office.docx"
    path.write_bytes(b"not a document")
    with pytest.raises(TemplateError, match=r"office\.docx"):
        render_docx(issue_535(), template=path)
    with pytest.raises(TemplateError, match=r"gone\.docx"):
        render_docx(issue_535(), template=tmp_path / "gone.docx")


def test_the_lead_sentence_is_the_office_s_own() -> None:
    source = (TEMPLATES / "lead.j2").read_text(encoding="utf-8")
    sentence = Environment(undefined=StrictUndefined, autoescape=False).from_string(source)
    start, end = chinese_date(dt.date(2024, 6, 1)), chinese_date(dt.date(2024, 6, 30))
    made = sentence.render(unit="月报", count=3, topic="卫生信息化", start=start, end=end)
    assert made == issue_535().lead
