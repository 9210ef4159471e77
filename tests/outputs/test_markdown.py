from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import urllib.parse

import docx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt
from PIL import Image
from ruamel.yaml import YAML

from pipeline.config import packaged
from pipeline.model import Block, Issue, Item, Kind
from pipeline.outputs import picture_files
from pipeline.outputs.markdown import render_markdown
from pipeline.outputs.text import clean
from pipeline.outputs.word import render_docx
from pipeline.steps.disassemble.markdown import own
from sample_issues import HOSTILE, every_kind, issue_535

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ACTIVE = [*"\\`*_[]<>~&|#=+-!(){}.:'\"@^$/", "```", "~~~", "---", "1.", "2)", "&amp;", "&#35;", "<b>", "-->"]
ACTIVE += [
    "===",
    "***",
    "- [ ] ",
    "[^1]",
    "[^1]: ",
    "[a]: /b",
    "![",
    "](",
    "| - |",
    "<a id='x'>",
    "**",
    "$$",
    "\\\n",
    "> ",
]
PLAIN = [
    "http://a.cn",
    "www.a.cn",
    "a@b.cn",
    " ",
    "  ",
    "\t",
    "\n",
    "　",
    "甲",
    "乙，",
    "“",
    "abc",
    "  \n",
    "。",
    "（",
    "😀",
]
FRAGMENTS = st.lists(st.sampled_from(ACTIVE + PLAIN) | st.text(max_size=3), max_size=14).map("".join)
PICTURE = io.BytesIO()
Image.new("RGB", (2, 2), "navy").save(PICTURE, "PNG")


def front_matter(markdown: str) -> dict:
    return YAML(typ="safe", pure=True).load(markdown.split("---\n")[1])


def page(markdown: str):
    body = markdown.split("---\n", 2)[2]
    return html.fromstring(f"<div>{READER.render(body)}</div>")


def with_text(text: str) -> Issue:
    item: Item = dataclasses.replace(
        issue_535().items[0],
        title=text,
        outlet=text,
        url=text,
        blocks=(
            Block(Kind.PARAGRAPH, text),
            Block(Kind.HEADING, text, level=1),
            Block(Kind.ITEM, text),
            Block(Kind.ITEM, text),
            Block(Kind.ITEM, text, level=1, mark="1."),
            Block(Kind.ITEM, text, level=2, mark="7."),
            Block(Kind.QUOTE, text),
            Block(Kind.TABLE, rows=((text, "乙"), ("丙", text))),
            Block(Kind.FIGURE, text, blob="f" * 64),
            Block(Kind.CAPTION, text),
            Block(Kind.HEADING, text, level=2),
        ),
    )
    return dataclasses.replace(issue_535(), items=(item,), lead=text, footer=(text,))


def read_back(root, path: str) -> list[str]:
    return [element.text_content().strip("\n") for element in root.xpath(path)]


@settings(max_examples=300, deadline=None)
@given(FRAGMENTS)
@example("# 标题 #")
@example("1. 甲")
@example("甲\\|乙\\")
@example("<!-- -->")
@example("&copy;")
@example("*甲*")
@example("[ ] 甲")
@example("甲\n===")
def test_text_comes_back_from_the_html_of_the_markdown_unchanged(text: str) -> None:
    root = page(render_markdown(with_text(text), pictures=lambda _: PICTURE.getvalue()))
    expected = clean(text)
    there = bool(expected)
    shape = {"h1": 1, "h2": 2, "h3": 1, "h4": 1, "h5": there, "h6": there, "table": 1, "img": 1, "blockquote": there}
    shape |= {"ol": 1 + there, "ul": 2 * there, "li": 1 + 4 * there, "em": there, "hr": 1, "a": 4, "br": 1}
    shape |= {"strong": 0, "del": 0, "code": 0, "pre": 0, "sup": 0, "input": 0}
    found = {tag: sum(1 for one in root.iter(tag)) for tag in shape}
    linked = sum(
        1 for one in root.iter("a") if one.get("href", "").startswith("http")
    )  # the text itself as its address
    assert found == shape | {"a": 3 + linked}
    assert linked <= 1
    assert read_back(root, "//h4") == [expected]
    assert read_back(root, "//h3") == [f"1. 标题：{expected}".strip()]
    assert f"来源：{expected}" in read_back(root, "//p")
    if expected:
        assert expected in read_back(root, "./p")
        assert read_back(root, "//h5") == [expected]
        assert [one.strip("\n") for one in root.xpath("//li/text()[normalize-space()]")][1:] == [
            expected, expected, expected, f"7. {expected}",
        ]  # fmt: skip
        assert read_back(root, "//h6") == [expected]
        assert read_back(root, "//p/em") == [expected]
        assert root.xpath("//img/@alt") == [expected[:200]]
        assert read_back(root, "//blockquote") == [expected]
        assert read_back(root, "//th")[0] == expected
        assert read_back(root, "//td")[1] == expected


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_markup_and_no_link(text: str) -> None:
    root = page(render_markdown(with_text(text)))
    assert not root.xpath("//script | //img | //strong | //*[not(self::p)]/em | //del | //code")
    assert {link.get("href") for link in root.iter("a") if link.get("href")} == {"#item-a1"}


@pytest.mark.parametrize("issue", [issue_535(), every_kind(), *map(with_text, HOSTILE)])
def test_the_front_matter_says_what_the_issue_says(issue: Issue) -> None:
    data = front_matter(render_markdown(issue))
    assert (data["series"], data["number"], data["期号"]) == (issue.series, issue.number, issue.number_chinese)
    assert (data["window"]["start"], data["window"]["end"]) == (issue.window.start, issue.window.end)
    assert [(item["id"], item["title"], item["outlet"], item["url"], item["published"]) for item in data["items"]] == [
        (item.handle, clean(item.title), clean(item.outlet), clean(item.url), item.date) for item in issue.items
    ]


@settings(max_examples=60, deadline=None)
@given(FRAGMENTS)
@example("yes")
@example("0777")
@example("2024-06-04")
@example(": &a *a !!python/object:os.system {x: [")
@example("\x85\u2028\ufeff\x7f")
def test_any_yaml_reader_loads_exactly_the_values(text: str) -> None:
    markdown = render_markdown(with_text(text), draft=True, revision=4)
    expected = clean(text)
    for reader in (YAML(typ="safe", pure=True), YAML(typ="safe")):  # of YAML 1.2, and libyaml's of 1.1
        data = reader.load(markdown.split("---\n", 2)[1])
        (item,) = data["items"]
        assert (item["title"], item["outlet"], item["url"]) == (expected, expected, expected)
        assert (data["draft"], data["revision"]) == (True, 4)


def test_word_and_markdown_say_the_same_in_the_same_order() -> None:
    def squeezed(lines: list[str]) -> list[str]:
        return [text for line in lines if (text := re.sub(r"\s", "", line))]

    issue = dataclasses.replace(issue_535(), footer=())
    template = packaged("templates") / "gongwen.docx"
    document = docx.Document(io.BytesIO(render_docx(issue, template=template)))
    word = squeezed([re.sub(r"\t\d+$", "", paragraph.text) for paragraph in document.paragraphs])
    root = page(render_markdown(issue))
    markdown = squeezed(read_back(root, "//h1 | //h2 | //h3 | //h4 | //h5 | //h6 | //ul/li | //p"))
    contents = markdown.index("一、信息目录") + 1
    entries = [
        part
        for number, entry in enumerate(markdown[contents : contents + 3], 1)
        for part in re.fullmatch(r"(.*)(（[^（]*）)", f"{number}.{entry}").groups()
    ]
    markdown[contents : contents + 3] = entries
    assert markdown[2] + markdown[3] == word[2]  # issuer and date share a line in Word
    assert markdown[4:] == word[3:]


def test_each_item_can_be_linked_to_from_the_contents() -> None:
    root = page(render_markdown(every_kind()))
    targets = [link.get("href").removeprefix("#") for link in root.xpath("//ol//a")]
    assert targets == root.xpath("//p/a/@id")
    assert len(set(targets)) == len(every_kind().items)


def test_the_markdown_of_issue_535_reads_well() -> None:
    lines = render_markdown(issue_535()).splitlines()
    assert "### 1. 标题：北京丰台布局未来智慧医疗 启动建设天坛智能医工产业园" in lines
    assert "链接：<https://beijing.qianlong.com/2024/0604/8275294.shtml>" in lines
    assert "2024-06-04　来源：千龙网" in lines
    assert r"- 1\. 强化国家战略科技力量引领作用" in lines
    assert not any("**" in line for line in lines)


def test_pictures_are_files_in_a_folder_beside_it_and_are_no_text_when_it_is_read_back() -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(file, "PNG")
    blob = hashlib.sha256(file.getvalue()).hexdigest()
    for words in (*HOSTILE, "图 [1](x) ]( ! \\"):
        blocks = (
            Block(Kind.PARAGRAPH, "正文。"),
            Block(Kind.FIGURE, words, blob=blob),
            Block(Kind.PARAGRAPH, "又一段。"),
        )
        issue = issue_535()
        issue = dataclasses.replace(issue, items=(dataclasses.replace(issue.items[0], blocks=blocks),))
        text = render_markdown(issue, pictures=lambda _: file.getvalue())
        (shown,) = page(text).iter("img")
        name = f"{issue.filename}-图片/{blob[:16]}.png"
        assert urllib.parse.unquote(shown.get("src")) == name
        assert shown.get("alt") == clean(words)
        assert picture_files(issue, lambda _: file.getvalue()) == {name: blob}
        (item,) = own(text).items
        assert [block.text for block in item.blocks] == ["正文。", "又一段。"]
