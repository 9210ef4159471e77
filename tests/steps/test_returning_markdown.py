"""An edited Markdown draft comes back: the same where nothing was edited, and whatever an editor's tool made of it."""

import dataclasses
import datetime as dt
import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.model import Block, Issue, Item, Kind, Returned
from pipeline.outputs.markdown import render_markdown
from pipeline.outputs.text import clean
from pipeline.steps.disassemble import decode
from pipeline.steps.returning import changes
from pipeline.steps.returning.markdown import read_markdown
from sample_issues import HOSTILE, every_kind, issue_535

PICTURE = io.BytesIO()
Image.new("RGB", (2, 2), "navy").save(PICTURE, "PNG")
BLOB = "0123456789abcdef" * 4


def exported(issue: Issue) -> str:
    return render_markdown(issue, draft=True, revision=7, pictures=lambda _: PICTURE.getvalue())


def item(handle: str, title: str, *blocks: Block, **more) -> Item:
    fields = {"outlet": "健康报", "url": f"https://www.example.com/{handle}.html", "date": dt.date(2024, 6, 4)}
    return Item(handle=handle, title=title, blocks=blocks, **(fields | more))


ISSUE = dataclasses.replace(
    issue_535(),
    items=(
        item(
            "c1", "区域平台打通检验数据 患者少跑一趟",
            Block(Kind.PARAGRAPH, "市里平台昨天接通了第二百家医院，检验结果当天能看到，HIS与LIS的接口不再各建各的。"),
            Block(Kind.HEADING, "怎么做", level=1),
            Block(Kind.ITEM, "统一目录", mark="1."),
            Block(Kind.ITEM, "检验", level=1),
            Block(Kind.ITEM, "统一接口", mark="2."),
            Block(Kind.QUOTE, "“以前要跑三趟。”一位患者说。"),
            Block(Kind.FIGURE, "大厅里的自助机", blob=BLOB),
            Block(Kind.CAPTION, "大厅里的自助机"),
            Block(Kind.TABLE, rows=(("指标", "2023年", "2024年"), ("医院", "128", "215"))),
        ),
        item("c2", "互联网医院首诊范围扩大", Block(Kind.PARAGRAPH, "三个病种可以在线首诊。"), excerpt=True),
        item("c3", "没有日期的一条", Block(Kind.PARAGRAPH, "只有一段。"), date=None),
    ),
)  # fmt: skip


def printed(blocks: tuple[Block, ...]) -> list[tuple[object, ...]]:
    """What of an item's blocks stands in the file."""
    return [
        (one.kind, tuple(tuple(map(clean, row)) for row in one.rows) or clean(one.text),
         one.level if one.kind in (Kind.ITEM, Kind.HEADING) else 0, one.mark, one.blob[:16])
        for one in blocks
        if one.kind in (Kind.FIGURE, Kind.TABLE) or clean(one.text)
    ]  # fmt: skip


def told(returned: Returned) -> list[tuple[object, ...]]:
    return [
        (
            one.handle,
            one.title,
            one.headline,
            one.outlet,
            one.byline,
            one.url,
            one.date,
            one.excerpt,
            printed(one.blocks),
        )
        for one in returned.items
    ]


def said(issue: Issue) -> list[tuple[object, ...]]:
    return [
        (one.handle, clean(one.title), clean(one.title), clean(one.outlet), clean(one.outlet), clean(one.url),
         str(one.date or ""), one.excerpt, printed(one.blocks))
        for one in issue.items
    ]  # fmt: skip


WORDS = st.lists(
    st.sampled_from(
        [*"\\`*_[]<>~&|#=+-!().:@$甲乙，。“（ ", "1. ", "2) ", "&amp;", "<br>", "来源：", "主要内容：", "1. 标题：甲",
         "https://a.cn/b_c", "---", "（节选）", "2024-06-04　来源：甲", "二、具体内容", "①", "图", "abc", "\n"]
    )
    | st.text(max_size=2),
    max_size=8,
).map("".join)  # fmt: skip
CELLS = st.lists(
    st.lists(WORDS.map(lambda text: text + "格"), min_size=2, max_size=2).map(tuple), min_size=2, max_size=3
)
BLOCKS = st.one_of(
    st.builds(lambda text: Block(Kind.PARAGRAPH, text), WORDS),
    st.builds(lambda text, level: Block(Kind.HEADING, text, level=level), WORDS, st.sampled_from([1, 2])),
    st.builds(lambda text: Block(Kind.QUOTE, text), WORDS),
    st.builds(lambda text: Block(Kind.CAPTION, text), WORDS),
    st.builds(lambda text, mark: Block(Kind.ITEM, text, mark=mark), WORDS, st.sampled_from(["", "1.", "2.", "5."])),
    st.builds(lambda rows: Block(Kind.TABLE, rows=tuple(rows)), CELLS),
    st.builds(lambda text: Block(Kind.FIGURE, text + "图", blob=BLOB), WORDS),
)


@settings(max_examples=80, deadline=None)
@given(
    title=WORDS,
    outlet=WORDS,
    url=WORDS | st.just("https://www.example.com/a?b=c_d&e=%E4%BD%A0"),
    lead=WORDS,
    blocks=st.lists(BLOCKS, max_size=6).map(tuple),
    excerpt=st.booleans(),
)
@example("甲（节选）", "乙（丙）", "http://a.cn/中文", "导语", (), False)
@example("1. 甲", "", "javascript:alert(1)", "", (Block(Kind.PARAGRAPH, "2024-06-04　来源：甲"),), True)
@example("甲", "乙", "", "", (Block(Kind.FIGURE, "图", blob=BLOB), Block(Kind.PARAGRAPH, "图")), False)
def test_a_file_that_nobody_edited_says_exactly_what_the_draft_says(title, outlet, url, lead, blocks, excerpt):
    one = item("c1", title, *blocks, outlet=outlet, url=url, excerpt=excerpt)
    issue = dataclasses.replace(issue_535(), items=(one, ISSUE.items[1]), lead=lead)
    found = read_markdown(exported(issue))
    wanted = said(issue)
    figures = [at for at, block in enumerate(blocks) if block.kind is Kind.FIGURE]
    for at in figures:  # a picture is described by its caption where it has one
        if at + 1 < len(blocks) and blocks[at + 1].kind is Kind.CAPTION and clean(blocks[at + 1].text):
            kept = dataclasses.replace(blocks[at], text=clean(blocks[at + 1].text)[:200])
            one = dataclasses.replace(one, blocks=(*one.blocks[:at], kept, *one.blocks[at + 1 :]))
    wanted = said(dataclasses.replace(issue, items=(one, ISSUE.items[1])))
    assert told(found) == wanted
    assert (found.series, found.number, found.revision, found.lead) == (issue.series, 535, 7, clean(lead))
    assert found.contents == tuple((clean(each.title), clean(each.outlet)) for each in issue.items)
    assert found.lines == ("c1", "c2")
    assert found.notes == ()


@pytest.mark.parametrize("issue", [ISSUE, issue_535(), every_kind()], ids=["ours", "535", "every kind"])
def test_an_untouched_issue_has_every_item_and_nothing_to_say(issue):
    found = read_markdown(exported(issue))
    assert [(one.handle, one.title) for one in found.items] == [(one.handle, clean(one.title)) for one in issue.items]
    assert found.notes == ()
    assert (
        found.items[0].place
        == f"第{exported(issue).split(chr(10)).index('### 1. 标题：' + issue.items[0].title) + 1}行"
    )


MANNERS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "spaces at line ends": lambda text: text.replace("。\n", "。 \n"),
    "more empty lines": lambda text: text.replace("\n\n", "\n\n\n\n"),
    "stars for bullets": lambda text: re.sub(r"(?m)^( *)- (?!id:)", r"\1* ", text),
    "underscores for emphasis": lambda text: re.sub(r"(?m)^\*(.+)\*$", r"_\1_", text),
    "headings underlined": lambda text: re.sub(
        r"(?m)^## (.+)$", r"\1\n-----", re.sub(r"(?m)^# (.+)$", r"\1\n===", text)
    ),
    "headings closed": lambda text: re.sub(r"(?m)^(#+) (.+)$", r"\1 \2 \1", text),
    "stars for a rule": lambda text: text.replace("\n---\n\n报送", "\n***\n\n报送"),
    "tables aligned": lambda text: text.replace("| --- | --- | --- |", "|:------|-----:|:----:|").replace(
        "| 医院 | 128 | 215 |", "| 医院   |   128 |  215   |"
    ),
    "lines rewrapped": lambda text: text.replace("第二百家医院，", "第二百家医院，\n").replace("HIS与", "HIS\n与"),
    "front matter in another hand": lambda text: re.sub(r"(?m)^( *(?:- )?\w+): \"([^\"\n]*)\"$", r"\1: '\2'", text),
    "links by reference": lambda text: text.replace(
        "[互联网医院首诊范围扩大](#item-c2)", "[互联网医院首诊范围扩大][b]"
    ) + "\n[b]: #item-c2\n",
    "links with words": lambda text: text.replace(
        "<https://www.example.com/c1.html>", "[https://www.example.com/c1.html](https://www.example.com/c1.html)"
    ),
    "addresses bare": lambda text: re.sub(r"链接：<(.*)>", r"链接：\1", text),
    "no empty line between labels": lambda text: re.sub(r"\n\n(?=链接：|主要内容：)", "\n", text),
    "spaces behind numbers": lambda text: text.replace("### 1. 标题：", "### 1.  标题："),
    "numbers left as they were": lambda text: text.replace("### 2. 标题：", "### 5. 标题：").replace("### 3. ", "### "),
    "quotes in several lines": lambda text: text.replace("> “以前要跑三趟。”", "> “以前要跑三趟。”\n> "),
    "list with empty lines": lambda text: text.replace("\n2. 统一接口", "\n\n2. 统一接口"),
    "figure and caption together": lambda text: re.sub(r"(!\[.*\]\(.*\))\n\n\*(.+)\*\n", r"\1\\\n\2\n", text),
    "entities for marks": lambda text: text.replace("> “以前", "> &ldquo;以前"),
}  # fmt: skip


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)
def test_what_an_editors_tool_makes_of_the_file_says_the_same(manner):
    text = exported(ISSUE)
    edited = manner(text)
    assert edited != text
    found = read_markdown(edited)
    assert told(found) == said(ISSUE)
    assert found.contents == read_markdown(text).contents
    assert found.notes == ()


@pytest.mark.parametrize("codec", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_charset_of_the_file_does_not_matter(codec):
    assert told(read_markdown(decode(exported(ISSUE).encode(codec)))) == said(ISSUE)


def changed(old: str, new: str) -> Returned:
    text = exported(ISSUE)
    assert old in text
    return read_markdown(text.replace(old, new))


def test_what_the_editor_changed_is_read_where_it_stands():
    assert changed("## 1. 标题：区域平台", "## 1. 标题：全市平台").items[0].title == "全市平台打通检验数据 患者少跑一趟"
    found = changed("#### 区域平台", "#### 全市平台").items[0]
    assert (found.title[:4], found.headline[:4]) == ("区域平台", "全市平台"), (
        "the two are one field for the draft to settle"
    )
    assert changed("[互联网医院首诊", "[网上首诊").contents[1] == ("网上首诊范围扩大", "健康报")
    assert changed("2024-06-04　来源：健康报", "2024年6月5日　来源：新华网").items[0].date == "2024年6月5日"
    assert changed("（节选）", "").items[1].excerpt is False
    assert [one.text for one in changed("三个病种", "新的一段。\n\n四个病种").items[1].blocks] == [
        "新的一段。", "四个病种可以在线首诊。",
    ]  # fmt: skip
    assert changed("（第五三五期）", "（第五三六期）").number_chinese == "（第五三六期）"
    assert changed("2024年6月30日", "2024年7月1日").date == "2024年7月1日"
    shown = "链接：[https://www.example.com/c2.html](https://www.example.com/c8.html)"
    leading = changed("链接：<https://www.example.com/c2.html>", shown).items[1]
    assert (leading.url[-7:], leading.target[-7:]) == ("c2.html", "c8.html")
    assert (
        changed("链接：<https://www.example.com/c2.html>", "链接：[原文](https://a.cn/8)").items[1].url
        == "https://a.cn/8"
    )
    assert changed("c2.html>", "c9.html>").items[1].url == "https://www.example.com/c9.html"


def pieces() -> tuple[str, list[str], str]:
    """The file before its items, each item, and what is below."""
    head, *items = exported(ISSUE).split('<a id="item-')
    last, colophon = items[-1].split('<a id="colophon">')
    items[-1] = last
    return head, [f'<a id="item-{one}' for one in items], f'<a id="colophon">{colophon}'


def test_items_that_were_moved_or_deleted_are_known_by_their_anchors():
    head, (one, two, three), end = pieces()
    assert [each.handle for each in read_markdown(head + three + one + end).items] == ["c3", "c1"]
    kept = head + one + two.split("\n")[0] + "\n\n" + three + end
    assert [each.handle for each in read_markdown(kept).items] == ["c1", "c3"]
    assert any("item-c2" in note and "按删除处理" in note for note in read_markdown(kept).notes)


def test_without_anchors_items_are_known_by_their_titles():
    text = re.sub(r'<a id="item-.*\n\n', "", exported(ISSUE))
    assert [one.handle for one in read_markdown(text).items] == ["c1", "c2", "c3"]
    unheaded = re.sub(r"(?m)^### (\d)\. 标", r"\1. 标", text)
    assert [one.title for one in read_markdown(unheaded).items] == [one.title for one in ISSUE.items]
    retitled = read_markdown(text.replace("### 2. 标题：互联网医院首诊范围扩大", "### 2. 标题：网上也能首诊"))
    assert [one.handle for one in retitled.items] == ["c1", "", "c3"], "nothing is guessed"


def test_an_item_that_was_copied_is_a_new_one_and_said():
    head, (one, two, three), end = pieces()
    found = read_markdown(head + one + two + two + three + end)
    assert [each.handle for each in found.items] == ["c1", "c2", "", "c3"]
    assert any("当作新的一条" in note for note in found.notes)


def test_without_its_front_matter_the_file_still_says_its_items():
    found = read_markdown(exported(ISSUE).split("---\n", 2)[2])
    assert [one.handle for one in found.items] == ["c1", "c2", "c3"]
    assert (found.series, found.revision) == ("", 0)
    assert any("文件头" in note for note in found.notes)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("number: 535", "number: [", "文件头读不出来"),
        ("本期导语：", "注意：本期有加页\n\n本期导语：", "“注意：本期有加页”不属于任何一条"),
        ("昨天接通了", "**昨天**接通了", "加粗不保留，只取文字"),
        ("昨天接通了", "<font color=red>昨天</font>接通了", "HTML 标签不保留"),
        ("三个病种", "```\n三个病种\n```\n", "代码块不保留"),
        ("三个病种", "![新图](https://a.cn/x.png)\n\n三个病种", "图片“https://a.cn/x.png”"),
        ("## 一、信息目录", "## 要目", "没有找到“信息目录”"),
        ("2024-06-04　来源：健康报\n\n三个", "三个", "没有日期和来源那一行"),
        ('id="item-c2"', 'id="item-c7"', "不是这份草稿里的条目"),
    ],
)  # fmt: skip
def test_what_has_no_place_is_said(old, new, note):
    found = changed(old, new)
    assert any(note in one for one in (*found.notes, *found.left)), found
    assert len(found.items) == 3
    assert "昨天接通了第二百家医院" in found.items[0].blocks[0].text
    assert "三个病种可以在线首诊。" in "".join(one.text for one in found.items[1].blocks)


def test_what_was_put_over_a_headline_leaves_it_the_headline():
    before = read_markdown(exported(ISSUE)).items[1]
    found = changed("#### " + before.headline, "![](31a4c9d09226bd68.jpg)\n\n导读。\n\n#### " + before.headline)
    after = found.items[1]
    assert (after.headline, after.date, after.byline) == (before.headline, before.date, before.byline)
    assert [one.text for one in after.blocks[1:]] == ["导读。", *(one.text for one in before.blocks)]
    assert found.notes == ()


def test_what_was_changed_in_the_front_matter_alone_is_told_of():
    was = read_markdown(exported(ISSUE))
    title, outlet = ISSUE.items[1].title, ISSUE.items[1].outlet
    only = changed(f'    title: "{title}"', '    title: "另一个标题"')
    (told,) = changes(only, was, ISSUE).untaken
    assert told == f"文件头里第2条《{title}》的标题改成了“另一个标题”，未采用：请在正文的条目里改"
    both = read_markdown(exported(ISSUE).replace(outlet, "新的来源"))
    assert changes(both, was, ISSUE).untaken == ()


def test_a_page_that_somebody_pasted_as_html_leaves_its_words():
    pasted = '<div class="x"><p>新的一段。</p><script>alert(1)</script><p>又一段&nbsp;A&amp;B</p></div>\n\n三个病种'
    blocks = changed("三个病种", pasted).items[1].blocks
    assert [one.text for one in blocks] == ["新的一段。", "又一段\xa0A&B", "三个病种可以在线首诊。"]


def test_an_older_template_without_a_mark_over_the_colophon_has_its_last_lines_said():
    text = exported(ISSUE).replace('<a id="colophon"></a>\n\n', "")
    found = read_markdown(text)
    assert told(found) == said(ISSUE)
    (note,) = found.notes
    assert "2 行当作版记" in note


DAMAGES = ["", "# ", "---", "> ", '<a id="item-c1">', "|", "```", "来源：", "主要内容：", "- ", "    "]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from(DAMAGES)), max_size=5))
def test_a_damaged_file_never_breaks_the_reader(damages):
    lines = exported(ISSUE).split("\n")
    for place, cut, inserted in damages:
        lines[place % len(lines) : place % len(lines) + cut] = [inserted]
    found = read_markdown("\n".join(lines))
    named = [one.handle for one in found.items if one.handle]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_as_it_was_cleaned(text):
    issue = dataclasses.replace(ISSUE, items=(item("c1", text, Block(Kind.PARAGRAPH, text), outlet=text, url=text),))
    assert told(read_markdown(exported(issue))) == said(issue)
