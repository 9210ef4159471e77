"""What only a draft shows, read in the parts of its files; and that a released file shows none of it."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree
from markdown_it import MarkdownIt

from pipeline.config import packaged
from pipeline.model import Finding, Severity
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.package import custom_properties, pack, unpack
from pipeline.outputs.review import DRAFT, remark
from sample_issues import HOSTILE, every_kind, findings

DUPLICATES = (
    Finding("same-event", Severity.BLOCKING, "第2条：与第1条为同一事件（0.91）", "合并为一条。", "k2", 2),
    Finding("covered", Severity.BLOCKING, "第3条：已收于第六三五期第1条《旧闻》", "剔除，或写明理由后放行。", "k3", 3),
    Finding("sanity", Severity.WARNING, "入选过多", "核对后重新生成。"),
)
RELEASED = Context(templates=packaged("templates"))
REVIEWED = dataclasses.replace(RELEASED, draft=True, revision=7, findings=(*findings(), *DUPLICATES))


@pytest.fixture(scope="module")
def draft() -> dict[str, bytes]:
    return unpack(FORMATS["docx"].render(every_kind(), REVIEWED))


@pytest.fixture(scope="module")
def released() -> dict[str, bytes]:
    return unpack(FORMATS["docx"].render(every_kind(), dataclasses.replace(REVIEWED, draft=False)))


def _text(part: bytes) -> str:
    return "".join(etree.fromstring(part).itertext(qn("w:t")))


def test_every_page_of_a_draft_has_the_word_draft_over_it(draft) -> None:
    relations = {
        one.get("Id"): one.get("Target")
        for one in etree.fromstring(draft["word/_rels/document.xml.rels"])
        if str(one.get("Type")).endswith("/header")
    }
    shown = [
        (one.get(qn("w:type")), _text(draft[f"word/{relations[one.get(qn('r:id'))]}"]))
        for section in etree.fromstring(draft["word/document.xml"]).iter(qn("w:sectPr"))
        for one in section.iter(qn("w:headerReference"))
    ]
    assert sorted(shown) == [("default", DRAFT), ("even", DRAFT)]


def test_a_template_whose_first_page_is_its_own_has_the_word_over_that_page_too(tmp_path) -> None:
    parts = unpack((packaged("templates") / "gongwen.docx").read_bytes())
    document = parts["word/document.xml"].decode()
    assert "<w:titlePg" not in document
    parts["word/document.xml"] = document.replace("<w:docGrid", "<w:titlePg/><w:docGrid", 1).encode()
    (tmp_path / "gongwen.docx").write_bytes(pack(parts))
    own = dataclasses.replace(REVIEWED, templates=tmp_path)
    section = docx.Document(io.BytesIO(FORMATS["docx"].render(every_kind(), own))).sections[0]
    assert section.first_page_header.paragraphs[0].text == DRAFT


def test_each_finding_is_a_signed_dated_comment_on_the_heading_of_its_item(draft) -> None:
    comments = {one.get(qn("w:id")): one for one in etree.fromstring(draft["word/comments.xml"])}
    assert {(one.get(qn("w:author")), one.get(qn("w:initials"))) for one in comments.values()} == {("发布检查", "检")}
    assert {one.get(qn("w:date")) for one in comments.values()} == {"2025-08-08T00:00:00Z"}
    hung: dict[str, list[str]] = {}
    for paragraph in etree.fromstring(draft["word/document.xml"]).iter(qn("w:p")):
        for start in paragraph.iter(qn("w:commentRangeStart")):
            text = "".join(comments[start.get(qn("w:id"))].itertext(qn("w:t")))
            hung.setdefault(re.sub(r"\W.*", "", _text(etree.tostring(paragraph))), []).append(text)
    assert hung == {
        "全国卫生信息化舆情监测周报": ["【提醒】本期有2个来源未能采集。", "【提醒】入选过多。核对后重新生成。"],
        "1": ["【提醒】与第2条疑似同一事件。"],
        "2": ["【阻断】第2条：与第1条为同一事件（0.91）。合并为一条。"],
        "3": ["【阻断】第3条：已收于第六三五期第1条《旧闻》。剔除，或写明理由后放行。"],
        "4": ["【阻断】链接为空。请补上链接，或写明免检理由。"],
    }


def test_a_released_document_has_no_comments_no_header_and_no_revision(draft, released) -> None:
    assert custom_properties(draft)["revision"] == "7"
    assert set(custom_properties(released)) == {"issue", "template", "content-digest"}
    extra = {"word/comments.xml"} | {name for name in draft if re.fullmatch(r"word/header\d*\.xml", name)}
    assert extra <= set(draft)
    assert not extra & set(released)
    for name, part in released.items():
        assert b"comment" not in part or name == "word/styles.xml", name
        assert DRAFT.encode() not in part, name
    assert b"headerReference" not in released["word/document.xml"]


def test_a_released_document_is_the_same_whatever_was_found_and_whichever_revision_it_is(released) -> None:
    assert unpack(FORMATS["docx"].render(every_kind(), RELEASED)) == released


def test_a_markdown_draft_says_so_and_carries_its_findings_at_their_items() -> None:
    text = FORMATS["md"].render(every_kind(), REVIEWED).decode()
    front, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert "\ndraft: true\nrevision: 7\n" in front
    assert body.startswith(f"\n> {DRAFT}（修订7）\n\n<!-- {remark(findings()[2])} -->\n")
    for one in REVIEWED.findings:
        assert body.count(f"<!-- {remark(one)} -->") == 1
    third = body[body.index('<a id="item-k3"></a>') : body.index("### 3. ")]
    assert third == f'<a id="item-k3"></a>\n\n<!-- {remark(DUPLICATES[1])} -->\n\n'


def test_a_markdown_draft_without_its_marks_is_what_will_be_released() -> None:
    def plain(text: str) -> str:
        text = re.sub(r"(?m)^(<!-- .* -->|> 送审稿（修订7）|draft: true|revision: 7)$", "", text)
        return re.sub(r"\n+", "\n", text)

    released = FORMATS["md"].render(every_kind(), dataclasses.replace(REVIEWED, draft=False)).decode()
    assert not re.search(r"送审稿|^<!--|^draft:|^revision:", released, re.MULTILINE)
    assert plain(FORMATS["md"].render(every_kind(), REVIEWED).decode()) == plain(released)


@pytest.mark.parametrize("said", [*HOSTILE, "a --> b", "a --!> <script>alert(1)</script>", "甲\n\n# 乙", "<!-- -- ->"])
def test_whatever_a_finding_quotes_stays_inside_its_comment(said: str) -> None:
    finding = Finding("furniture", Severity.WARNING, said, "", "k1", 1)
    text = FORMATS["md"].render(every_kind(), dataclasses.replace(REVIEWED, findings=(finding,))).decode()
    without = FORMATS["md"].render(every_kind(), dataclasses.replace(REVIEWED, findings=())).decode()

    def shown(source: str) -> list[str]:
        tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)
        return [one.content for one in tokens if not one.content.startswith("<!--")]

    assert shown(text) == shown(without)
    parts = unpack(FORMATS["docx"].render(every_kind(), dataclasses.replace(REVIEWED, findings=(finding,))))
    assert len(etree.fromstring(parts["word/comments.xml"])) == 1


def test_a_draft_is_whole_for_whoever_opens_it() -> None:
    data = FORMATS["docx"].render(every_kind(), REVIEWED)
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert len(list(docx.Document(io.BytesIO(data)).comments)) == len(REVIEWED.findings)
