"""The pages of the seed issues beside the approved pictures of them, as LibreOffice sets them."""

from __future__ import annotations

import re
from functools import cache

import pytest
from PIL import Image, ImageChops

import looks
from pipeline.outputs.package import pack, unpack

pytestmark = pytest.mark.usefixtures("libreoffice")


@cache
def pdf(number: int, template: str = "gongwen") -> bytes:
    return looks.set_by_libreoffice(looks.document(number, template))


@pytest.mark.parametrize(("number", "template"), looks.DRAWN)
def test_every_page_of_a_seed_issue_looks_as_approved(number: int, template: str, tmp_path) -> None:
    made = looks.pages_of(pdf(number, template))
    others = list(looks.differences(made, looks.approved(number, template)))
    if others:
        looks.save(made, tmp_path / f"{number}.png")
    assert others == [], f"看 {tmp_path / f'{number}.png'}；如属有意修改：python tests/looks.py"


def test_issue_535_takes_as_many_pages_as_its_templates_were_made_for() -> None:
    assert (len(looks.approved(535)), len(looks.approved(535, "classic"))) == (14, 10)


def test_another_smoothing_of_the_same_page_is_no_other_look() -> None:
    rough = looks.pages_of(pdf(535), no_smoothtext=True, no_smoothpath=True)
    assert rough != looks.pages_of(pdf(535))
    assert list(looks.differences(rough, looks.approved(535))) == []


def test_a_title_a_point_larger_and_a_missing_red_rule_are_seen_on_their_pages() -> None:
    parts = unpack(looks.document(535))
    styles = parts["word/styles.xml"].replace(
        b'<w:sz w:val="36"/><w:szCs w:val="36"/>', b'<w:sz w:val="38"/><w:szCs w:val="38"/>'
    )
    parts["word/styles.xml"] = re.sub(rb"<w:pBdr><w:bottom[^>]*E60012[^>]*/></w:pBdr>", b"", styles)
    assert len(parts["word/styles.xml"]) < len(styles)
    changed = looks.pages_of(looks.set_by_libreoffice(pack(parts)))
    seen = [int(re.search(r"page (\d+)", told)[1]) for told in looks.differences(changed, looks.approved(535))]
    assert seen == [1, 2, 5, 12], "the masthead, and the three pages with a headline"


def test_a_margin_two_millimetres_smaller_and_lines_that_break_otherwise_are_seen() -> None:
    pages = looks.pages_of(pdf(535))
    moved = [ImageChops.offset(page, -round(2 * looks.DPI / 25.4), 0) for page in pages]
    assert len(list(looks.differences(moved, looks.approved(535)))) == len(pages)
    page = pages[2]
    square = round(16 / 72 * looks.DPI)  # of a paragraph of six lines, each begins with what ended the one before
    lines = page.crop((0, 300, page.width, 420))
    other = page.copy()
    other.paste(ImageChops.offset(lines, square, 0), (0, 300))
    assert looks.other_squares(other, looks.approved(535)[2]) > looks.FEW


def test_a_page_too_many_is_seen() -> None:
    pages = looks.approved(535)
    blank = Image.new("L", pages[0].size, 255)
    assert list(looks.differences([*pages, blank], pages)) == [f"{len(pages) + 1} pages instead of {len(pages)}"]
