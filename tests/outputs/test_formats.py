"""What every output promises; a new one in FORMATS is covered by a line in `TEXTS` that says how its text is read."""

from __future__ import annotations

import contextlib
import dataclasses
import email
import email.policy
import functools
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from lxml import etree, html
from markdown_it import MarkdownIt
from PIL import Image

from payloads import TEXTS as PAYLOADS
from pipeline.config import packaged
from pipeline.errors import TemplateError
from pipeline.model import Block, Issue, Kind
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.package import unpack
from pipeline.outputs.styles import w
from pipeline.outputs.text import clean
from sample_issues import every_kind, findings, issue_535

CONTEXT = Context(templates=packaged("templates"))


def _text_of_word(data: bytes) -> str:
    parts = unpack(data)
    names = [name for name in sorted(parts) if name.startswith(("word/document", "word/header", "word/footer"))]
    return "\n".join(
        "".join(one.text or "" for one in paragraph.iter(w("t")))
        for name in names
        for paragraph in etree.fromstring(parts[name]).iter(w("p"))
    )


def _text_of_markdown(data: bytes) -> str:
    body = data.decode().split("---\n", 2)[2]
    root = html.fromstring(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(body))
    for listing in root.iter("ol"):
        for number, item in enumerate(listing.iterchildren("li"), start=int(listing.get("start", "1"))):
            item.text = f"{number}. {item.text or ''}"  # whoever shows the page counts
    return root.text_content()


def _text_of_html(data: bytes) -> str:
    root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    for style in root.xpath("//style"):
        style.drop_tree()
    return root.text_content()


def _parts_of_mail(data: bytes) -> tuple[str, bytes]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    plain, shown = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert shown is not None
    return plain.get_content(), shown.get_content().encode()


def _text_of_pdf(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return "".join(_text_over_the_page_number(page) for page in document)


def _text_over_the_page_number(page: pypdfium2.PdfPage) -> str:
    with contextlib.closing(page), contextlib.closing(page.get_textpage()) as text:
        return text.get_text_bounded(bottom=90)


TEXTS: dict[str, tuple[Callable[[bytes], str], ...]] = {
    "docx": (_text_of_word,),
    "md": (_text_of_markdown,),
    "html": (_text_of_html,),
    "pdf": (_text_of_pdf,),
    "eml": (lambda data: _parts_of_mail(data)[0], lambda data: _text_of_html(_parts_of_mail(data)[1])),
}
"""File suffix → what reads the text of such a file; a file that has it twice must have it all twice."""


EVERY = pytest.mark.parametrize("suffix", FORMATS)


@pytest.fixture(autouse=True)
def _made_by_libreoffice(request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["suffix"] == "pdf":
        request.getfixturevalue("libreoffice")


@functools.cache
def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(file, "PNG")
    return file.getvalue()


@functools.cache
def _everything() -> Issue:
    """An issue with all that an output must print: each kind of block, lists in lists, merged cells, hostile text."""
    issue = every_kind()
    blob = hashlib.sha256(_picture()).hexdigest()
    blocks = [dataclasses.replace(one, blob=blob) if one.kind is Kind.FIGURE else one for one in issue.items[0].blocks]
    blocks += [
        Block(Kind.ITEM, "三地同步开放预约挂号", mark="7."),
        Block(Kind.ITEM, "先行开放二级以上医院", level=1),
        Block(Kind.ITEM, "老年人可由家属代办", level=2, mark="（1）"),
        Block(Kind.ITEM, "年底前覆盖社区卫生服务中心", mark="9."),
        Block(Kind.FIGURE, "没有取得的图", src="https://www.example.com/b.jpg"),
        Block(Kind.CAPTION, "远程会诊现场。资料图"),
        Block(Kind.PARAGRAPH, "各区进度见下表。"),
        Block(Kind.CAPTION, "表2　各区接入情况"),
        Block(
            Kind.TABLE,
            rows=(("区", "接入", ""), ("", "医院", "社区"), ("东城", "12", "31"), ("西城", "9", "28")),
            header=2,
            spans=((0, 0, 2, 1), (0, 1, 1, 2)),
        ),
    ]
    first = dataclasses.replace(issue.items[0], blocks=tuple(blocks))
    hostile = tuple(Block(Kind.PARAGRAPH, text) for text in PAYLOADS if clean(text))
    third = dataclasses.replace(issue.items[2], blocks=(*issue.items[2].blocks, *hostile))
    return dataclasses.replace(issue, items=(first, issue.items[1], third, issue.items[3]), footer=("报送：\t{{7*7}}",))


@functools.cache
def _rendered(suffix: str, draft: bool) -> bytes:
    context = dataclasses.replace(
        CONTEXT, draft=draft, revision=7 * draft, findings=findings(), pictures=lambda _: _picture()
    )
    return FORMATS[suffix].render(_everything(), context)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _in_order(issue: Issue) -> list[str]:
    """What is printed, in the order in which it is printed; a table's cells apart."""
    wanted = [issue.title, issue.number_chinese, issue.issuer, issue.lead]
    for number, item in enumerate(issue.items, start=1):
        wanted += [f"{number}. {item.title}", item.outlet]
    for number, item in enumerate(issue.items, start=1):
        wanted += [f"{number}. 标题：{item.title}", item.outlet, item.url, item.title]
        wanted += [item.date.isoformat()] if item.date else []
        for block in item.blocks:
            if block.kind is not Kind.TABLE and block.kind is not Kind.FIGURE:
                wanted.append(f"{block.mark} {block.text}")
    return [_squeezed(clean(one)) for one in wanted]


@EVERY
def test_every_format_prints_all_of_an_issue_in_its_order_and_as_it_stands(suffix: str) -> None:
    issue = _everything()
    for read in TEXTS[suffix]:
        text, at = _squeezed(read(_rendered(suffix, draft=False))), 0
        for wanted in _in_order(issue):
            found = text.find(wanted, at)
            assert found >= 0, f"{wanted} is not printed after {text[max(at - 40, 0) : at]}"
            at = found + len(wanted)
        assert "2025年8月8日" in text
        for block in issue.items[0].blocks:
            for cell in (cell for row in block.rows for cell in row):
                assert _squeezed(cell) in text


@EVERY
def test_a_draft_says_that_it_is_one_and_a_release_shows_nothing_of_the_review(suffix: str) -> None:
    for read in TEXTS[suffix]:
        assert "送审稿" in read(_rendered(suffix, draft=True))
        released = read(_rendered(suffix, draft=False))
        assert "送审稿" not in released
        assert not any(finding.message in released for finding in findings())


@EVERY
def test_an_output_is_a_file_of_a_known_type(suffix: str) -> None:
    assert "/" in FORMATS[suffix].media_type
    assert _rendered(suffix, draft=False)


@EVERY
def test_the_same_issue_gives_the_same_bytes_in_every_format(suffix: str) -> None:
    assert _rendered.__wrapped__(suffix, draft=True) == _rendered(suffix, draft=True)


@EVERY
def test_an_issue_without_items_can_be_rendered(suffix: str) -> None:
    assert FORMATS[suffix].render(dataclasses.replace(issue_535(), items=()), CONTEXT)


@EVERY
def test_a_folder_without_templates_is_reported(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError):
        FORMATS[suffix].render(issue_535(), Context(templates=tmp_path))
