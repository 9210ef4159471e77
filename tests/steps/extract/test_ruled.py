"""A source's own rules: what they name is taken, what they miss is guessed and said."""

import datetime as dt

import pytest
from pydantic import ValidationError

from pipeline.config import ExtractRule, Outlets
from pipeline.model import BEIJING, Article, Lead, Page
from pipeline.steps.extract import extract
from pipeline.steps.extract.ruled import rule_for
from pipeline.steps.read import read_page

FETCHED = dt.datetime(2025, 5, 20, 9, 0, tzinfo=BEIJING)
BODY = "全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。市卫生健康委说，年底前社区医院也将接入。"
ASIDE = "本栏目由某健康科技公司冠名，关注公众号可以领取体检优惠，名额有限，先到先得，详情请咨询前台工作人员，谢谢支持。"
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>栏目导读_某市卫生信息网</title>
<meta name="PubDate" content="2025-05-01"></head><body>
<h1>栏目导读</h1><div class="promo">{"".join(f"<p>{ASIDE}第{n}条。</p>" for n in range(12))}</div>
<div class="x9"><div class="hl">影像云接入全市二级以上医院</div><i class="when">2025年5月19日 08:30</i>
<i class="from">某市健康报</i><i class="by">王小明</i>
<div class="txt" style="display:none"><p>{BODY}</p><p class="ad">点击购买影像云会员卡。</p><p>{BODY}</p></div></div>
</body></html>"""


def read(*rules: ExtractRule, page: str = PAGE, fetched: dt.datetime = FETCHED) -> Article:
    lead = Lead("wjw", "https://www.example.com/a/1.html")
    article = read_page(
        (Page(lead.url, page.encode(), fetched), lead), outlets=Outlets(), rules={"wjw": rules} if rules else {}
    )
    assert isinstance(article, Article), article
    return article


WHOLE = ExtractRule(
    container="div.x9 > div.txt",
    drop=(".ad",),
    title=".hl",
    date=".when",
    outlet=".from",
    author="//i[@class='by']/text()",
)


def test_what_a_rule_names_is_taken_instead_of_guessed() -> None:
    article = read(WHOLE)
    assert article.title == "影像云接入全市二级以上医院"
    assert [block.text for block in article.blocks] == [BODY, BODY]
    assert (article.date, article.time) == (dt.date(2025, 5, 19), dt.time(8, 30))
    assert (article.origin, article.author) == ("某市健康报", "王小明")
    assert {article.evidence[name] for name in ("title", "body", "date", "origin", "author")} == {"信源规则"}
    assert not article.notes


def test_without_its_rule_the_page_is_read_otherwise() -> None:
    article = read()
    assert article.title == "栏目导读"
    assert article.date == dt.date(2025, 5, 1)


def test_the_rule_of_one_source_is_not_that_of_another() -> None:
    lead = Lead("other", "https://www.example.com/a/1.html")
    article = read_page((Page(lead.url, PAGE.encode(), FETCHED), lead), outlets=Outlets(), rules={"wjw": (WHOLE,)})
    assert isinstance(article, Article)
    assert article.title == "栏目导读"


def test_a_page_without_the_rules_container_is_read_in_general_and_the_editor_is_told() -> None:
    article = read(ExtractRule(container="#old-body", title=".old-title", author=".old-author"))
    assert ASIDE in article.text
    told = "\n".join(article.notes)
    assert "信源规则未找到正文容器（#old-body）" in told
    assert "信源规则未找到标题（.old-title）" in told
    assert "改版" in told
    assert "old-author" not in told


def test_an_empty_container_is_no_container_and_of_several_the_first_with_words_counts() -> None:
    empty = '<div class="slot"></div>'
    alone = read(ExtractRule(container=".slot"), page=PAGE.replace("<h1>", empty + "<h1>"))
    assert any("信源规则正文容器是空的（.slot）" in note for note in alone.notes)
    twice = PAGE.replace("<h1>", '<div class="txt"></div><h1>')
    assert read(ExtractRule(container="div.txt", drop=(".ad",)), page=twice).text == f"{BODY}\n{BODY}"


def test_a_condition_that_only_a_page_shows_to_be_wrong_finds_nothing() -> None:
    assert any("//p[nosuch()]" in note for note in read(ExtractRule(container="//p[nosuch()]")).notes)


def test_what_a_rule_drops_is_gone_wherever_the_body_is() -> None:
    assert ASIDE not in read(ExtractRule(drop=("div.promo",), container="//div[contains(@class, 'txt')]")).text


@pytest.mark.parametrize(
    ("fetched", "taken"),
    [
        (dt.datetime(2025, 5, 31, 23, 59, 59, tzinfo=BEIJING), "before"),
        (dt.datetime(2025, 6, 1, 0, 0, 0, tzinfo=BEIJING), "after"),
        (dt.datetime(2025, 5, 31, 16, 0, 0, tzinfo=dt.UTC), "after"),
    ],
    ids=["the last second before the redesign", "the first second after it", "the same second in Greenwich"],
)
def test_a_rule_holds_for_pages_fetched_before_the_redesign(fetched: dt.datetime, taken: str) -> None:
    rules = (ExtractRule(container=".before", until=dt.date(2025, 6, 1)), ExtractRule(container=".after"))
    found = rule_for(rules, fetched)
    assert found is not None
    assert found.container == f".{taken}"


def test_after_the_last_rule_is_over_pages_are_read_in_general() -> None:
    assert rule_for((ExtractRule(container=".a", until=dt.date(2025, 1, 1)),), FETCHED) is None


@pytest.mark.parametrize(
    "selector", ["div[", "//div[", "div:nosuch(1)", "xpath:count(//p)", "xpath:nosuch()", "", "/$x"]
)
def test_a_selector_that_is_none_is_refused(selector: str) -> None:
    with pytest.raises(ValidationError):
        ExtractRule(container=selector)


def test_a_date_may_stand_in_an_attribute() -> None:
    page = PAGE.replace('<i class="when">2025年5月19日 08:30</i>', '<time datetime="2025-05-18T20:00:00Z">近日</time>')
    assert read(ExtractRule(date="time::attr(datetime)"), page=page).date == dt.date(2025, 5, 19)


def test_a_rule_changes_nothing_of_a_page_that_is_no_article() -> None:
    page = Page("https://www.example.com/feed", b"<?xml version='1.0'?><rss><channel></channel></rss>", FETCHED)
    assert not isinstance(extract(page, Outlets(), None, (WHOLE,)), Article)
