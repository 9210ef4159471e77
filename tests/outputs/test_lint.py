"""Finished documents under our own lint and under a validator of the schema; and that the lint sees what is broken."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from openxml_audit import OpenXmlValidator
from PIL import Image

from pipeline.config import packaged
from pipeline.demo.seeds import imported
from pipeline.model import Block, Issue, Kind
from pipeline.outputs.lint import lint
from pipeline.outputs.package import pack, unpack
from pipeline.outputs.word import render_docx
from sample_issues import every_kind, findings, issue_535, long_issue
from thirty import issue_of_thirty

TEMPLATES = sorted(packaged("templates").glob("*.docx"))
ISSUES: dict[str, Callable[[], Issue]] = {
    "534": lambda: imported(534).issue,
    "535": issue_535,
    "636": lambda: imported(636).issue,
    "every kind": every_kind,
    "thirty": lambda: issue_of_thirty()[0],
    "empty": lambda: long_issue(0),
}


def render(issue: Issue, template=TEMPLATES[0], **more: Any) -> bytes:
    return render_docx(issue, template=template, pictures=issue_of_thirty()[1], **more)


@pytest.mark.parametrize("draft", [False, True], ids=["released", "draft"])
@pytest.mark.parametrize("name", ISSUES)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_neither_the_lint_nor_a_validator_finds_anything_in_a_document(template, name, draft, tmp_path) -> None:
    issue = ISSUES[name]()
    made = render(issue, template, draft=draft, findings=findings() if issue.items else ())
    assert lint(made) == []
    path = tmp_path / "issue.docx"
    path.write_bytes(made)
    assert [str(error) for error in OpenXmlValidator().validate(path).errors] == []


BODY, TYPES = "word/document.xml", "[Content_Types].xml"
RELATIONS = "word/_rels/document.xml.rels"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (BODY, b'w:anchor="_item_t1"', b'w:anchor="_item_zz"', "link to bookmark _item_zz"),
        (BODY, b'w:name="_item_t2"', b'w:name="_item_t3"', "bookmark _item_t3 2 times"),
        (BODY, b'w:name="_item_t2"', b'w:name="_ITEM_T3"', "bookmark _item_t3 2 times"),
        (BODY, b"PAGEREF _item_t2", b"PAGEREF _item_zz", "page of bookmark _item_zz"),
        (BODY, b"PAGEREF _item_t2", b"INCLUDETEXT secret", "field INCLUDETEXT"),
        (BODY, b'<w:bookmarkEnd w:id="3"/>', b"", "bookmarkStart 3 without"),
        (BODY, b'<w:pStyle w:val="Lead"/>', b'<w:pStyle w:val="Lede"/>', "no paragraph style Lede"),
        (BODY, b'<w:pStyle w:val="Lead"/>', b'<w:pStyle w:val="Hyperlink"/>', "no paragraph style Hyperlink"),
        (BODY, b'<w:pStyle w:val="Lead"/>', b'<w:pStyle w:val="Lead"/><w:jc w:val="center"/>', "on the spot: jc"),
        (BODY, b'<w:rFonts w:hint="eastAsia"/>', b'<w:rFonts w:ascii="Arial"/>', "on the spot: rFonts"),
        (BODY, b'<w:rFonts w:hint="eastAsia"/>', b'<w:rFonts w:hint="eastAsia"/><w:b/>', "on the spot: b"),
        (BODY, b'<w:fldChar w:fldCharType="end"/>', b"", "a field does not end"),
        (BODY, b'<wp:docPr id="2"', b'<wp:docPr id="1"', "docPr 1 2 times"),
        (BODY, b"</w:body>", b"</w:bodi>", "mismatch"),
        (BODY, b'r:embed="rId', b'r:embed="rIdX', "uses relationship rIdX"),
        (RELATIONS, b'Target="https://www.example.com/', b'Target="file:///etc/', "leads out of the file"),
        (RELATIONS, b'Target="styles.xml"', b'Target="stiles.xml"', "stiles.xml, which is not there"),
        (TYPES, b'Extension="jpg"', b'Extension="gif"', "has no content type"),
        (TYPES, b'PartName="/word/settings.xml"', b'PartName="/word/nothing.xml"', "does not exist"),
    ],
)  # fmt: skip
def test_the_lint_says_what_is_broken(name: str, old: bytes, new: bytes, said: str) -> None:
    parts = unpack(render(issue_of_thirty()[0]))
    assert old in parts[name]
    faults = lint(pack({**parts, name: parts[name].replace(old, new, 1)}))
    assert any(said in fault for fault in faults), faults


def test_the_lint_says_of_a_file_that_is_none_what_it_is_not() -> None:
    assert lint(b"") != []
    parts = unpack(render(issue_535()))
    assert lint(pack({name: data for name, data in parts.items() if name != BODY})) == ["word/document.xml: is missing"]


def test_a_picture_from_outside_is_no_relationship_of_ours() -> None:
    parts = unpack(render(issue_535()))
    image = (
        b'<Relationship Id="rId99" TargetMode="External" Target="https://evil.example/track.png" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"/></Relationships>'
    )
    relations = parts[RELATIONS].replace(b"</Relationships>", image)
    assert any("track.png" in fault for fault in lint(pack({**parts, RELATIONS: relations})))


def test_five_hundred_pictures_in_one_article_are_five_hundred_drawings(tmp_path) -> None:
    stored: dict[str, bytes] = {}
    blocks: list[Block] = []
    for number in range(500):
        file = io.BytesIO()
        Image.new("RGB", (60, 40), (number % 256, number // 256, 90)).save(file, "PNG")
        blob = hashlib.sha256(file.getvalue()).hexdigest()
        stored[blob] = file.getvalue()
        blocks += [Block(Kind.FIGURE, f"第{number}张", blob=blob), Block(Kind.CAPTION, f"第{number}张图。")]
    issue = issue_535()
    issue = dataclasses.replace(issue, items=(dataclasses.replace(issue.items[0], blocks=tuple(blocks)),))
    made = render_docx(issue, template=TEMPLATES[0], pictures=stored.__getitem__)
    assert lint(made) == []
    parts = unpack(made)
    assert sum(name.startswith("word/media/") for name in parts) == 500
    assert parts[BODY].count(b"<w:drawing>") == 500
