"""Files made to hurt, through every door that takes one from somebody: each is done with in moments."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from offices import SERIES, without_libreoffice, workspace
from pipeline.config import load, packaged
from pipeline.desk import now, open_desk
from pipeline.errors import DeskError, NotImported
from pipeline.model import Imported, Kind, Returned
from pipeline.outputs.evidence import read_document
from pipeline.outputs.examining import examine
from pipeline.steps.disassemble import decode, disassemble, disassemble_document
from pipeline.steps.extract.documents import word
from pipeline.steps.returning import read_returned
from spent import computing

SECONDS = 4.0  # of computing; before, some took more than a minute
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEAD = "一、信息目录|1. 甲|二、具体内容|1. 标题：甲|来源：乙|链接：https://a.cn|主要内容：|甲|2024-06-04 来源：乙"
FRONT = "---\nseries: beijing-monthly\nnumber: 535\nissuer: 北京\ndate: 2024-06-30\n---\n"


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def docx(body: str, *, styles: str = "") -> bytes:
    """A small DOCX, stored, so that its ratio is not what it is refused for."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    front = "".join(
        map(paragraph, ("北京市卫生信息化舆情监测月报", "（第五三五期）", "2024年6月30日", *HEAD.split("|")))
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/styles.xml" ContentType="{main.replace("document.main", "styles")}"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        file.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="s" Type="{office}/styles" '
            'Target="styles.xml"/></Relationships>',
        )
        file.writestr("word/styles.xml", f'<w:styles xmlns:w="{W}">{styles}</w:styles>')
        file.writestr(
            "word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{front}{body}<w:sectPr/></w:body></w:document>'
        )
    return target.getvalue()


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


BEGUN = f"{field('begin')}<w:r><w:instrText>DATE</w:instrText></w:r>{field('separate')}"
ROW = "<w:tr>" + "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>" * 60 + "</w:tr>"
CONTENTS = '<w:style w:type="paragraph" w:styleId="toc"><w:name w:val="toc 1"/></w:style>'

WORD = {
    "fields that never end": docx(f"<w:p>{BEGUN * 4000}</w:p>" + paragraph("正文") * 6000),
    "an instruction in pieces": docx(
        f"<w:p>{field('begin')}<w:r>{'<w:instrText>DATE YY</w:instrText>' * 60_000}</w:r>{field('end')}</w:p>"
    ),
    "cells that continue none": docx(f"<w:tbl>{ROW * 500}</w:tbl>"),
    "a title of many letters": docx(
        "".join(
            map(
                paragraph,
                ("2. 标题：" + "甲" * 20_000, "来源：乙", "链接：https://a.cn", "主要内容：", "甲乙" * 10_000),
            )
        )
    ),
    "a title of many blanks": docx(
        "".join(map(paragraph, ("2. 标题：" + "\u3000" * 40_000 + "x", "来源：乙", "主要内容：")))
    ),
    "tabs and dots in the 目录": docx(
        paragraph("\t." * 20_000 + "x", "toc") + paragraph(" ." * 20_000, "toc"), styles=CONTENTS
    ),
}
MARKDOWN = {
    "tags that never end": f"{FRONT}# 月报\n\n<div>\n{'<a' * 30_000}\n\n{'<a id=x ' * 10_000}",
    "a tag with many names": f"{FRONT}# 月报\n\n<div>\n<a {'id = x ' * 20_000}",
    "scripts that never end": f"{FRONT}# 月报\n\n<div>\n{'<script' * 20_000}",
    "blanks in the 目录": f"{FRONT}# 月报\n\n## 一、信息目录\n\n1. 甲{' ' * 30_000}乙\n",
    "brackets in the 目录": f"{FRONT}# 月报\n\n## 一、信息目录\n\n1. 甲{'（乙' * 20_000}\n",
}
TEXT = {
    "400 items and as long a 目录": "北京市卫生信息化舆情监测月报\n（第五三五期）\n2024年6月30日\n一、信息目录\n"
    + "".join(f"{n}. 第{n}家医院上线平台\n（北京日报）\n" for n in range(1, 401))
    + "二、具体内容\n"
    + "".join(
        f"{n}. 标题：第{n}家医院上线平台\n来源：北京日报\n链接：https://a.cn/{n}\n主要内容：\n正文。\n"
        for n in range(1, 401)
    ),
    "lines beyond number": "一\n" * 300_000,
}


def returned_word(data: bytes) -> Returned:
    return read_returned(data, "docx")


def returned_markdown(text: str) -> Returned:
    return read_returned(text.encode(), "md")


def imported_word(data: bytes) -> tuple[Imported, dict[str, bytes]]:
    return disassemble_document(data, load(packaged("config").parent).series, "beijing-monthly")


def imported_text(text: str) -> Imported:
    return disassemble(decode(text.encode()), load(packaged("config").parent).series, "beijing-monthly")


DOORS: dict[Callable[[Any], object], dict[str, Any]] = {
    returned_word: WORD,
    imported_word: WORD,
    returned_markdown: MARKDOWN | TEXT,
    imported_text: MARKDOWN | TEXT,
}


@pytest.mark.parametrize(
    ("door", "name"),
    [pytest.param(door, name, id=f"{door.__name__}: {name}") for door, files in DOORS.items() for name in files],
)
def test_a_hostile_file_is_read_or_refused_in_moments(door, name) -> None:
    told = "读到"
    try:
        with computing(SECONDS):
            door(DOORS[door][name])
    except DeskError as error:
        told = error.message
    assert re.search("[\u4e00-\u9fff]", told), "in Chinese"


def test_a_row_without_end_is_a_row_of_as_many_cells_as_word_makes() -> None:
    cell = '<w:tc><w:tcPr><w:gridSpan w:val="{}"/></w:tcPr><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:tc>'
    rows = f"<w:tr>{cell.format(63) * 5_000}</w:tr><w:tr>{cell.format(999_999_999) * 2}</w:tr>"
    (table,) = (
        block for block in returned_word(docx(f"<w:tbl>{rows}</w:tbl>")).items[0].blocks if block.kind is Kind.TABLE
    )
    assert [len(row) for row in table.rows] == [63, 63]


def test_an_old_issue_that_is_cut_says_where(monkeypatch) -> None:
    monkeypatch.setattr(word, "_MAX_LINES", 50)
    imported, _ = imported_word(docx(paragraph("正文。") * 60))
    assert "原文件超过 50 段，只读到第50段" in imported.notes


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (paragraph("{{" * 40_000 + "{%" * 40_000), "有不成对的“{{”"),
        ("<w:tbl>" + ROW * 500 + "</w:tbl>", "内容太多（.* 个元素，上限 50000），不像一份模板"),
    ],
    ids=["braces that nobody closes", "a table of 30,000 cells"],
)
def test_a_hostile_template_is_looked_at_in_moments(tmp_path, body, told) -> None:
    with computing(SECONDS):
        found = examine(docx(body), "模板.docx")
    assert not found.usable
    assert any(re.search(told, one.message) for one in found.findings)


def test_what_nests_without_end_is_no_document_to_verify() -> None:
    assert read_document(docx("<w:p>" * 5_000 + "</w:p>" * 5_000)) is None


# ----------------------------------------------------------------------- on a desk and its command line


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("office") / "here"
    workspace(folder)
    with without_libreoffice():
        yield folder


def test_a_front_matter_that_nests_without_end_takes_only_the_child_along(office, tmp_path) -> None:
    path = tmp_path / "第535期.md"
    path.write_text(f"---\na: {'[' * 50_000}{']' * 50_000}\n---\n# 月报\n", "utf-8")
    with open_desk(office, clock=now) as desk, pytest.raises(NotImported, match=r"第535期\.md：.*意外退出"):
        desk.file(path, "王编辑")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkfifo, "不是普通文件"),
        (lambda path: path.symlink_to("/dev/zero"), "不是普通文件"),
        (lambda path: path.write_bytes(b"") or os.truncate(path, 200 * 1024**2), "文件超过 128 MB，不会是一期期刊"),
    ],
    ids=["a pipe", "a device", "200 MB"],
)
def test_what_is_no_file_of_a_bulletin_is_refused_at_every_door(office, bulletin, tmp_path, make, told) -> None:
    path = tmp_path / "535.docx"
    make(path)
    for command in (
        ("import-issue", path), ("draft", "import", SERIES, path), ("verify", "--file", path),
        ("template", "check", path), ("template", "add", path),
    ):  # fmt: skip
        code, _, err = bulletin("-C", office, *command)
        assert code != 0, command
        assert f"{path}：" in err, command
        assert told in err, command
