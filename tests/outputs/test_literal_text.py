"""Text that means something to whoever prints it carelessly: every field of an issue is printed as it stands."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import itertools
import json
import re
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from PIL import Image

from payloads import TEXTS
from pipeline.config import packaged
from pipeline.model import Block, Finding, Issue, Kind, Severity
from pipeline.outputs.lint import lint
from pipeline.outputs.package import unpack
from pipeline.outputs.word import render_docx
from sample_issues import HOSTILE, issue_535

TEMPLATE = packaged("templates") / "gongwen.docx"
NAUGHTY: list[str] = json.loads((Path(__file__).parent.parent / "naughty" / "blns.json").read_text("utf-8"))
EVERY = (*NAUGHTY, *TEXTS, *HOSTILE, "a<b>&c", "甲\x00乙", "\ud800", "😀👩‍👩‍👧", "﷽", "𠮷野家")

REMOVED = {
    *range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0),  # controls
    0x061C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF,  # direction, no width
    *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF,  # no characters, and what XML forbids
}  # fmt: skip
"""Code points that no output prints; line breaks and tabs become a space."""


def printed(text: str) -> str:
    """What is left of a text, told without the code that prints it."""
    kept = "".join(char for char in text if ord(char) not in REMOVED)
    return re.sub("[\t\n\r\x85\u2028\u2029]+", " ", kept).strip()


def body_of(text: str) -> tuple[Block, ...]:
    return (
        Block(Kind.PARAGRAPH, text),
        Block(Kind.HEADING, text, 1),
        Block(Kind.ITEM, text),
        Block(Kind.QUOTE, text),
        Block(Kind.CAPTION, text),
        Block(Kind.PARAGRAPH, "完"),
    )


@functools.cache
def rendered() -> tuple[Issue, bytes]:
    """An issue with an item for each text: its title, outlet, address and body."""
    sample = issue_535()
    items = tuple(
        dataclasses.replace(sample.items[0], handle=f"n{n}", title=text, outlet=text, url=text, blocks=body_of(text))
        for n, text in enumerate(EVERY)
    )
    issue = dataclasses.replace(sample, items=items)
    findings = tuple(
        Finding("note", Severity.WARNING, text, position=n) for n, text in enumerate(EVERY, start=1) if n % 5 == 0
    )
    return issue, render_docx(issue, template=TEMPLATE, draft=True, findings=findings)


def sections(data: bytes) -> list[list[tuple[str, str]]]:
    """Style and text of each paragraph of each item, line breaks taken out."""
    paragraphs = docx.Document(io.BytesIO(data)).paragraphs
    found: list[list[tuple[str, str]]] = []
    for one in paragraphs:
        if one.style.name in ("二级标题首条", "Heading 2"):
            found.append([])
        if found:
            found[-1].append((one.style.name, one.text.replace("\n", "")))
    return found


def test_every_text_is_printed_as_it_stands_in_every_field_but_for_the_table_of_removed_characters() -> None:
    _, data = rendered()
    read = sections(data)
    assert len(read) == len(EVERY) > 500
    for place, (text, lines) in enumerate(zip(EVERY, read, strict=True), start=1):
        left = printed(text)
        assert lines[0][1].strip() == f"{place}. 标题：{left}".strip()
        assert lines[1][1] == f"来源：{left}"
        assert lines[2][1] == f"链接：{left}"
        shown = [line for style, line in lines if style.startswith("文章正文")]
        assert shown == ([left, "完"] if left else ["完"])
        styles = ("Heading 3", "文章列举", "文章引文", "Caption")
        others = [line.removeprefix("● ") for style, line in lines if style in styles]
        assert others == ([left] * 4 if left else [])


def test_no_text_makes_a_part_a_field_a_link_out_or_a_broken_file() -> None:
    issue, data = rendered()
    assert lint(data) == []
    harmless = dataclasses.replace(issue, items=tuple(dataclasses.replace(one, title="甲", outlet="乙", url="")
                                                      for one in issue.items))  # fmt: skip
    note = Finding("note", Severity.WARNING, "丙")
    plain = render_docx(harmless, template=TEMPLATE, draft=True, findings=(note,))
    assert unpack(data).keys() == unpack(plain).keys()
    document = docx.Document(io.BytesIO(data))
    codes = {one.text.split()[0] for one in document.element.iter(qn("w:instrText"))}
    assert codes == {"PAGEREF"}
    outside = {one.target_ref for one in document.part.rels.values() if one.is_external}
    assert all(re.match("https?://", target) for target in outside)


def test_remarks_in_the_margin_are_literal_too() -> None:
    _, data = rendered()
    said = [comment.text for comment in docx.Document(io.BytesIO(data)).comments]
    texts = [text for n, text in enumerate(EVERY, start=1) if n % 5 == 0]
    assert len(said) == len(texts)
    assert all(printed(text) in comment for text, comment in zip(texts, said, strict=True))


@pytest.mark.parametrize("text", TEXTS)
def test_the_front_of_an_issue_is_literal_too(text: str) -> None:
    issue = dataclasses.replace(
        issue_535(), title=f"月报{text}", issuer=text, lead=f"本期{text}", footer=(text,), items=()
    )
    data = render_docx(issue, template=TEMPLATE)
    lines = [one.text for one in docx.Document(io.BytesIO(data)).paragraphs]
    assert lines[0] == printed(f"月报{text}")
    assert lines[2].startswith(printed(text))
    assert printed(f"本期{text}") in lines
    assert lines[-1].replace("\t", " ") == printed(text)
    assert lint(data) == []


def encoded(format: str, **more: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "navy").save(file, format, **more)
    return file.getvalue()


PNG = encoded("PNG")
BAD = {
    "empty": b"",
    "HTML": b"<html><body>404</body></html>",
    "SVG with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PNG cut in its head": PNG[:20],
    "JPEG cut in its head": encoded("JPEG")[:15],
    "PNG of 60000 by 60000": PNG[:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:],
    "PNG of 10000 by 10000": PNG[:16] + (10_000).to_bytes(4, "big") * 2 + PNG[24:],
    "GIF": encoded("GIF"),
    "WebP": encoded("WEBP"),
    "TIFF": encoded("TIFF"),
    "BMP": encoded("BMP"),
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(200),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_for_word_is_left_out_and_the_text_stays(name: str) -> None:
    blob = hashlib.sha256(BAD[name]).hexdigest()
    blocks = (Block(Kind.PARAGRAPH, "前文。"), Block(Kind.FIGURE, "大厅", blob=blob), Block(Kind.CAPTION, "大厅一角。"),
              Block(Kind.PARAGRAPH, "后文。"))  # fmt: skip
    issue = dataclasses.replace(issue_535(), items=(dataclasses.replace(issue_535().items[0], blocks=blocks),))
    data = render_docx(issue, template=TEMPLATE, pictures=lambda _: BAD[name])
    assert lint(data) == []
    assert not any("/media/" in part for part in unpack(data))
    lines = [one.text for one in docx.Document(io.BytesIO(data)).paragraphs]
    assert [line for line in lines if line in ("前文。", "大厅一角。", "后文。")] == ["前文。", "大厅一角。", "后文。"]


def test_words_for_who_does_not_see_a_picture_are_literal() -> None:
    texts = list(itertools.islice((text for text in EVERY if printed(text)), 0, None, 11))
    blocks = [Block(Kind.FIGURE, text, blob=hashlib.sha256(PNG).hexdigest()) for text in texts]
    issue = dataclasses.replace(issue_535(), items=(dataclasses.replace(issue_535().items[0], blocks=tuple(blocks)),))
    data = render_docx(issue, template=TEMPLATE, pictures=lambda _: PNG)
    body = docx.Document(io.BytesIO(data)).element
    assert [one.get("descr") for one in body.iter(qn("wp:docPr"))] == [printed(text)[:200] for text in texts]
    assert lint(data) == []
