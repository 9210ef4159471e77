from __future__ import annotations

import dataclasses
import io
import subprocess
import time
from collections.abc import Callable

import docx
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader

from benchmarks.issues import picture, varied_issue
from benchmarks.pages import errors, exact_pages
from pipeline.config import packaged
from pipeline.model import Block, Kind
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.pages import page_numbers, to_pdf
from pipeline.outputs.word import estimate_pages, render_docx
from sample_issues import every_kind, issue_535, long_issue

TEMPLATE = packaged("templates") / "gongwen.docx"
FONTS = TEMPLATE.parent / "fonts.conf"
with_libreoffice = pytest.mark.usefixtures("libreoffice")


@with_libreoffice
def test_page_numbers_are_where_libreoffice_prints_the_headings() -> None:
    issue = issue_535()
    pdf = PdfReader(io.BytesIO(to_pdf(render_docx(issue, template=TEMPLATE), fonts=FONTS)))
    pages = page_numbers(issue, TEMPLATE)
    for position, item in enumerate(issue.items, 1):
        assert f"{position}. 标题：" in pdf.pages[pages[item.handle] - 1].extract_text()


@with_libreoffice
@pytest.mark.parametrize("template", ["gongwen", "classic"])
def test_the_estimate_is_never_more_than_a_page_off(template: str) -> None:
    place = TEMPLATE.with_stem(template)
    issues = [
        every_kind(),
        long_issue(12),
        varied_issue(5, 2),
        varied_issue(14, 15),
        varied_issue(42, 35, paragraphs=12),
    ]
    for issue, exact in zip(issues, exact_pages(issues, place), strict=True):
        assert len(exact) == len(issue.items)
        guess = estimate_pages(issue, template=place, pictures=picture)
        assert set(errors(exact, guess)) <= {-1, 0, 1}, f"{issue.number}: {errors(exact, guess)}"


@with_libreoffice
def test_a_conversion_that_takes_too_long_is_ended_and_the_pages_estimated() -> None:
    started = time.monotonic()
    assert page_numbers(issue_535(), TEMPLATE, seconds=0.01) == page_numbers(issue_535(), TEMPLATE, estimate_only=True)
    assert time.monotonic() - started < 30


def test_without_libreoffice_the_pages_are_estimated(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert to_pdf(b"") == b""
    pages = page_numbers(issue_535(), TEMPLATE)
    assert pages["a1"] == 2
    assert pages["a1"] < pages["a2"] < pages["a3"]


def test_a_page_holds_22_lines_of_28_characters() -> None:
    issue = issue_535()
    first = dataclasses.replace(issue.items[0], blocks=tuple(Block(Kind.PARAGRAPH, "甲" * 26) for _ in range(220)))
    issue = dataclasses.replace(issue, items=(first, dataclasses.replace(issue.items[1], handle="next")))
    taken = page_numbers(issue, TEMPLATE, estimate_only=True)["next"] - 2
    assert taken == 10  # 220 lines and a heading of about 11 fill ten pages and a half
    one_more = dataclasses.replace(first, blocks=tuple(Block(Kind.PARAGRAPH, "甲" * 27) for _ in range(220)))
    issue = dataclasses.replace(issue, items=(one_more, issue.items[1]))
    assert page_numbers(issue, TEMPLATE, estimate_only=True)["next"] - 2 in (20, 21)


@pytest.mark.parametrize("suffix", ["docx", "md"])
def test_the_time_grows_with_the_paragraphs_and_no_faster(suffix: str) -> None:
    def seconds(articles: int) -> float:
        issue = varied_issue(8, articles, pictures=articles // 2)
        FORMATS[suffix].render(issue, context)  # its pictures drawn, its words met
        return min(_timed(lambda: FORMATS[suffix].render(issue, context)) for _ in range(3))

    context = Context(templates=TEMPLATE.parent, pictures=picture)
    few, many = (seconds(articles) / len(_paragraphs(articles)) for articles in (20, 100))
    assert many < 2 * few


def _paragraphs(articles: int) -> list[Block]:
    return [block for item in varied_issue(8, articles, pictures=articles // 2).items for block in item.blocks]


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@with_libreoffice
@pytest.mark.parametrize(("template", "lines"), [("gongwen", 11), ("classic", 20), ("classic", 21)])
def test_the_colophon_stands_at_the_foot_of_the_last_page_when_the_text_wants_the_same_lines(
    template: str, lines: int
) -> None:
    place, issue = TEMPLATE.with_stem(template), issue_535()
    item = dataclasses.replace(issue.items[0], title="收官", blocks=(Block(Kind.PARAGRAPH, "甲" * 10),) * lines)
    made = render_docx(dataclasses.replace(issue, items=(item,)), template=place)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(made, fonts=FONTS))).pages]
    assert ["印发" in page for page in pages] == [False] * (len(pages) - 1) + [True]


@with_libreoffice
def test_a_document_saved_again_by_libreoffice_keeps_its_headings_text_marks_and_links(tmp_path) -> None:
    def content(data: bytes) -> list[tuple[str, str, list[str]]]:
        return [
            (
                paragraph.style.name.lower(),
                paragraph.text,
                [mark.get(qn("w:name")) for mark in paragraph._p.iter(qn("w:bookmarkStart"))]
                + [link.address or link.fragment for link in paragraph.hyperlinks],
            )
            for paragraph in docx.Document(io.BytesIO(data)).paragraphs
        ]

    made = render_docx(every_kind(), template=TEMPLATE)
    (tmp_path / "issue.docx").write_bytes(made)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "docx",
         "--outdir", str(tmp_path / "saved"), str(tmp_path / "issue.docx")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    saved = content((tmp_path / "saved" / "issue.docx").read_bytes())
    assert saved == content(made)
