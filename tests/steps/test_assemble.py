"""From a draft to the issue in its canonical form."""

import dataclasses
import datetime as dt

import pytest

from drafts import CONFIG, IN, JUNE, LEAD, SERIES, article, candidate, draft
from pipeline.errors import TemplateError
from pipeline.model import PASTED, Block, Candidate, Kind, Window
from pipeline.steps.assemble import assemble, lead, part


def test_the_lead_is_computed_from_count_and_window():
    issue = assemble(draft(candidate("a"), candidate("b"), candidate("c"), chosen=("a", "b", "c")), 535, SERIES, LEAD)
    assert issue.lead == (
        "本期月报共收集3篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日，监测范围包括全国主流媒体及政府网站等。"
    )


def test_the_weekly_lead_says_weekly():
    week = Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8))
    assert lead(CONFIG.series["national-weekly"], week, 3, LEAD).startswith(
        "本期周报共收集3篇卫生信息化相关信息，时间从2025年8月2日至"
    )


def test_an_empty_window_says_so_and_keeps_its_number():
    issue = assemble(draft(), 535, SERIES, LEAD)
    assert "本期无符合条件的信息" in issue.lead
    assert (issue.number_chinese, issue.items) == ("五三五", ())


@pytest.mark.parametrize(("number", "chinese"), [(535, "五三五"), (600, "六〇〇"), (1024, "一〇二四"), (9, "九")])
def test_the_number_is_printed_chinese_number(number, chinese):
    assert assemble(draft(), number, SERIES, LEAD).number_chinese == chinese


def test_the_issue_date_is_the_last_day_of_the_window_and_names_the_files():
    issue = assemble(draft(), 535, SERIES, LEAD)
    assert issue.date == JUNE.end
    assert issue.filename == "北京市卫生信息化舆情监测月报-第535期-20240630"


def test_what_the_editor_wrote_is_what_is_printed():
    edits = {"a": {"title": "新题", "outlet": "千龙网", "url": "https://a.cn/1", "date": "2024-06-11"}}
    issue = assemble(dataclasses.replace(draft(candidate("a"), chosen=("a",)), edits=edits), 535, SERIES, LEAD)
    (item,) = issue.items
    assert (item.title, item.outlet, item.url, item.date) == ("新题", "千龙网", "https://a.cn/1", dt.date(2024, 6, 11))
    assert item.blocks == candidate("a").article.blocks


@pytest.mark.parametrize("mark", [f"{PASTED}7d36ab", "file:收件/通知.docx"])
def test_what_only_the_desk_knows_a_text_by_is_never_printed_as_its_link(mark):
    one = Candidate("h1", (article("友谊", url=mark),), IN)
    (item,) = assemble(draft(one, chosen=("h1",)), 535, SERIES, LEAD).items
    assert item.url == ""


def test_an_edited_text_keeps_the_kinds_of_the_lines_that_stayed():
    blocks = (Block(Kind.HEADING, "小标题", level=1), Block(Kind.PARAGRAPH, "原文一段。"))
    one = dataclasses.replace(candidate("a"), articles=(article("a", blocks=blocks),))
    edits = {"a": {"body": "小标题\n\n改写的一段。\n"}}
    issue = assemble(dataclasses.replace(draft(one, chosen=("a",)), edits=edits), 535, SERIES, LEAD)
    assert issue.items[0].blocks == (Block(Kind.HEADING, "小标题", level=1), Block(Kind.PARAGRAPH, "改写的一段。"))


def test_an_excerpt_prints_the_lines_on_topic_and_is_marked():
    blocks = (
        Block(Kind.PARAGRAPH, "开头。"),
        Block(Kind.FIGURE, src="https://a.cn/1.jpg"),
        Block(Kind.TABLE, rows=(("项目", "数"), ("床位", "1000"))),
        Block(Kind.PARAGRAPH, "医院一段。"),
        Block(Kind.PARAGRAPH, "园林一段。"),
    )
    whole = article("a", blocks=blocks)
    assert [block.kind for block in part(whole, (1,))] == [Kind.TABLE]
    rating = dataclasses.replace(candidate("a").rating, excerpt=(0, 3))
    one = dataclasses.replace(candidate("a", rating=rating), articles=(whole,))
    made = dataclasses.replace(draft(one, chosen=("a",)), excerpts=("a",))
    (item,) = assemble(made, 535, SERIES, LEAD).items
    assert item.excerpt
    assert item.text == "开头。\n医院一段。"


@pytest.mark.parametrize("template", ["本期{{ noun }}", "本期{{ unit", "{{ ''.__class__.__mro__ }}"])
def test_a_broken_lead_template_is_named(template):
    with pytest.raises(TemplateError, match=r"lead\.j2"):
        assemble(draft(), 535, SERIES, template)


def test_the_colophon_carries_issuer_and_issue_date():
    assert assemble(draft(), 535, SERIES, LEAD).footer == (
        "内部资料　仅供参考",
        "北京市卫生健康大数据与政策研究中心\t2024年6月30日印发",
    )
