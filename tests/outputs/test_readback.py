"""What the finished files print is read back, so that no template can misstate an issue unnoticed."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drafts import CONFIG
from pipeline.config import packaged
from pipeline.model import Block, Issue, Item, Kind, Severity
from pipeline.outputs import FORMATS, READBACKS, Context
from pipeline.outputs.lint import lint
from pipeline.outputs.package import pack, unpack
from pipeline.steps.check import Inspection, check
from pipeline.steps.misprint import misprints
from pipeline.steps.returning import read_returned
from sample_issues import HOSTILE, every_kind, issue_535

EMPTY = dataclasses.replace(
    issue_535(),
    items=(),
    lead="本期无符合条件的信息，监测时间从2024年6月1日至2024年6月30日，监测范围包括全国主流媒体及政府网站等。",
)


def misprinted(issue: Issue, suffix: str, templates: Path | None = None) -> list[str]:
    pages = {item.handle: 1 for item in issue.items}
    context = Context(templates=templates or packaged("templates"), pages=pages)
    return misprints(issue, READBACKS[suffix](FORMATS[suffix].render(issue, context), "gongwen"))


def edited(folder: Path, suffix: str, old: str, new: str) -> Path:
    """A folder of templates in whose DOCX or Markdown template the office put `new` where `old` stood."""
    if suffix == "docx":
        parts = unpack((packaged("templates") / "gongwen.docx").read_bytes())
        document = parts["word/document.xml"].decode()
        assert old in document
        parts["word/document.xml"] = document.replace(old, new, 1).encode()
        (folder / "gongwen.docx").write_bytes(pack(parts))
    else:
        shutil.copy(packaged("templates") / "gongwen.docx", folder)
        text = (packaged("templates") / "bulletin.md.j2").read_text("utf-8")
        assert old in text
        (folder / "bulletin.md.j2").write_text(text.replace(old, new, 1), "utf-8")
    return folder


@pytest.mark.parametrize("suffix", READBACKS)
@pytest.mark.parametrize("issue", [issue_535(), every_kind(), EMPTY], ids=["535", "every kind", "no item"])
def test_the_templates_that_ship_print_what_the_issue_says(issue: Issue, suffix: str) -> None:
    assert misprinted(issue, suffix) == []


@settings(max_examples=60, deadline=None)
@given(title=st.text(), body=st.text(), suffix=st.sampled_from(sorted(READBACKS)))
def test_no_text_of_an_article_is_a_false_alarm(title: str, body: str, suffix: str) -> None:
    url = "https://www.example.com/新闻/1.html"
    blocks = (Block(Kind.PARAGRAPH, body), *(Block(Kind.ITEM, text, mark="2.") for text in HOSTILE))
    items = tuple(Item(f"h{n}", title + str(n), "健康报", url, issue_535().date, blocks) for n in range(2))
    issue = dataclasses.replace(issue_535(), items=items, lead=issue_535().lead.replace("3篇", "2篇"))
    assert misprinted(issue, suffix) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("（第{{ 期号 }}期）", "第五三四期（总第{{ 总期号 }}期）", ["期号印作第五三四期，应为第五三五期"]),
        ("第{{ 期号 }}期", "2024年第6期（总第{{ 总期号 }}期）", []),
        (
            "{{ 日期 }}",
            "2024年5月31日",
            ["没有印出日期2024年6月30日", "印有日期2024年5月31日，本期为2024年6月1日至2024年6月30日"],
        ),
        ("{{ 编发单位 }}", "信息中心", ["没有印出编发单位“北京市卫生健康大数据与政策研究中心”"]),
        ("{{ 导语 }}", "{{ 导语 }}本期周报共2篇。", ["印有“共2篇”，实有3条", "印有“本期周报”，应为“本期月报”"]),
        ("{{ 来源 }}", "{{ 标题 }}", ["目录第1条没有印出来源“千龙网”"]),
        ("{{ 序号 }}. ", "", ["目录第1条没有编号", "目录第2条没有编号", "目录第3条没有编号"]),
        ("{{ 序号 }}. 标题", "1. 标题", ["具体内容第2条编号印作1", "具体内容第3条编号印作1"]),
        ("{{ 链接 }}", "", ["具体内容第1条没有印出链接https://beijing.qianlong.com/2024/0604/8275294.shtml"]),
    ],
    ids=["an old number", "a number within the year", "an old date", "another issuer",
         "a sentence typed below the lead", "no outlet in the contents", "no numbers in the contents",
         "one number for all", "no link"],
)  # fmt: skip
def test_what_the_office_typed_into_the_word_template_is_held_against_the_issue(tmp_path, old, new, told) -> None:
    found = misprinted(issue_535(), "docx", edited(tmp_path, "docx", old, new))
    assert found[: len(told)] == told
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("（第{{ issue.number_chinese }}期）", "（第五三四期）", "期号印作第五三四期，应为第五三五期"),
        ("number: {{ issue.number }}", "number: 534", "文件头的 number 为“534”，应为“535”"),
        ("{{ issue.lead }}", "本期月报共收集{{ issue.items | length + 1 }}篇信息。", "印出的导语不是本期的导语"),
        ("{{ loop.index }}. [{{ item.title }}]", "- [{{ item.title }}]", "目录第1条没有编号"),
        (". [{{ item.title }}]", ". [{{ item.outlet }}]", "目录第1条印作“1.千龙网（千龙网）”，应为"),
        ("链接：{{ item.url | link }}", "链接见原文", "具体内容第1条没有印出链接https://"),
        ("{{ item.blocks |", "{{ item.blocks[1:] |", "具体内容第1条的正文没有按顺序印出“来源标题：天坛"),
        ("in issue.items %}\n<a id", "in issue.items[1:] %}\n<a id", "具体内容印出2条，本期有3条"),
        ("{% for item in issue.items %}\n{{", "{% for item in issue.items | reverse %}\n{{", "目录第1条印作"),
    ],
    ids=["an old number", "an old number in front", "a count too many", "no numbers", "outlets for titles", "no link",
         "the first paragraph lost", "an item lost", "another order in the contents"],
)  # fmt: skip
def test_what_the_office_typed_into_the_markdown_template_is_held_against_the_issue(tmp_path, old, new, told) -> None:
    found = misprinted(issue_535(), "md", edited(tmp_path, "md", old, new))
    assert any(one.startswith(told) for one in found), found


def test_an_old_number_in_a_header_of_the_template_is_seen_too() -> None:
    context = Context(templates=packaged("templates"), pages={"a1": 1, "a2": 1, "a3": 1})
    parts = unpack(FORMATS["docx"].render(issue_535(), context))
    name = next(name for name in parts if re.fullmatch(r"word/footer\d*\.xml", name))
    parts[name] = parts[name].replace(b"</w:p>", "<w:r><w:t>总第534期</w:t></w:r></w:p>".encode(), 1)
    assert misprints(issue_535(), READBACKS["docx"](pack(parts), "gongwen")) == ["期号印作第534期，应为第五三五期"]


def test_all_that_one_template_misprints_is_one_blocking_finding_that_names_it(tmp_path) -> None:
    templates = edited(tmp_path, "md", "{{ item.outlet }}", "{{ item.title }}")
    file = READBACKS["md"](FORMATS["md"].render(issue_535(), Context(templates=templates)), "gongwen")
    found = [one for one in check(Inspection(issue_535(), CONFIG.outlets, readbacks=[file])) if "misprint" in one.check]
    assert [(one.key, one.severity) for one in found] == [("misprint-bulletin.md.j2", Severity.BLOCKING)]
    assert "；目录第2条没有印出来源“新京报”；" in found[0].message
    assert "模板" in found[0].fix


CORRECTED = dataclasses.replace(issue_535(), correction=1, corrected="第2条来源误作“新京报”，应为“北京日报”。")


@pytest.mark.parametrize("template", ["gongwen", "classic"])
@pytest.mark.parametrize("suffix", sorted(READBACKS))
def test_a_correction_says_below_its_number_what_it_puts_right(template, suffix):
    context = Context(templates=packaged("templates"), template=template)
    data = FORMATS[suffix].render(CORRECTED, context)
    found = READBACKS[suffix](data, template)
    number = found.head.index("（第五三五期）")
    assert (found.head[number + 1], misprints(CORRECTED, found)) == (CORRECTED.correction_line, [])
    if suffix == "docx":
        assert lint(data) == []
    if suffix != "html":
        returned = read_returned(data, suffix)
        assert (returned.number_chinese, returned.corrected) == ("（第五三五期）", CORRECTED.correction_line)


def test_an_office_whose_template_cannot_print_a_correction_is_told_before_it_goes_out(tmp_path):
    text = (packaged("templates") / "bulletin.md.j2").read_text("utf-8")
    (tmp_path / "bulletin.md.j2").write_text(text.replace("{{ issue.correction_line }}", ""), "utf-8")
    assert misprinted(CORRECTED, "md", tmp_path) == [f"没有印出更正说明“{CORRECTED.correction_line}”"]
