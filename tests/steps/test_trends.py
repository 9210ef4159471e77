"""What issues were about, counted: an item once a name, places as the scope knows them, periods that can be drawn."""

import dataclasses
import datetime as dt

import pytest

from drafts import CONFIG
from pipeline.model import Block, Counted, Facet, Issue, Item, Kind, Window
from pipeline.steps.trends import Gazetteer, counted, shortened, trends

PLACES = Gazetteer(CONFIG.scope.places.values(), CONFIG.outlets)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))


def _item(text: str, title: str = "互联网医院上线", **more: object) -> Item:
    blocks = tuple(Block(Kind.PARAGRAPH, line) for line in text.split("\n"))
    fields = {"outlet": "北京日报", "url": "https://news.bjd.com.cn/a.shtml", "date": dt.date(2024, 6, 4), **more}
    return Item(handle="h", title=title, blocks=blocks, **fields)


def _issue(*items: Item, number: int = 535, window: Window = JUNE) -> Issue:
    return Issue("beijing-monthly", "月报", "中心", number, window, "", items)


def _count(*items: Item, **more: object) -> Counted:
    return counted(_issue(*items), PLACES, CONFIG.outlets, **more)


def _made(number: int, start: dt.date, **names: dict[str, int]) -> Counted:
    """An issue of a month's week that carried these names."""
    facets = {facet: names.get(facet.value, {}) for facet in Facet}
    window = Window(start, start + dt.timedelta(days=6))
    return Counted(number, f"第{number}期", window, 3, facets, dict.fromkeys(Facet, 0), {}, {}, seen=10)


def test_an_item_counts_once_under_each_of_its_names_however_often_it_has_them():
    text = "天坛医院与友谊医院合作。天坛医院院长说，天坛医院将接入平台。"
    one = _count(_item(text, topics=("远程医疗", "信息化"), terms=("ai医疗", "互联网医院", "ai医疗")), _item("无。"))
    assert one.names[Facet.TOPICS] == {"远程医疗": 1, "信息化": 1}
    assert one.names[Facet.TERMS] == {"AI医疗": 1, "互联网医院": 1}
    assert one.names[Facet.PLACES] == {"天坛医院": 1, "友谊医院": 1}
    assert one.kinds["天坛医院"] == "医院"
    assert (one.without[Facet.TOPICS], one.without[Facet.PLACES], one.items) == (1, 1, 2)


def test_an_outlet_goes_by_its_name_in_the_registry_and_one_that_is_not_there_by_what_was_printed():
    one = _count(
        _item("。", outlet="北京青年报"),
        _item("。", outlet="北青网"),
        _item("。", outlet=""),
        _item("。", outlet="卫生报"),
    )
    assert one.names[Facet.OUTLETS] == {"北青网": 2, "未注明": 1, "卫生报": 1}


def test_a_place_that_goes_by_two_names_is_counted_under_the_shorter_one():
    here = CONFIG.scope.places["beijing"]
    places = ("北京", "北京市", "内蒙古自治区", "海淀", "海淀区", "西城区")
    gazetteer = Gazetteer([here.model_copy(update={"places": places})], CONFIG.outlets)
    issue = _issue(
        _item("北京市推广电子病历，内蒙古自治区随后跟进。海淀区与西城区先行。"),
        _item("北京与内蒙古互认结果。海淀先行。"),
    )
    one = counted(issue, gazetteer, CONFIG.outlets)
    assert one.names[Facet.PLACES] == {"北京": 2, "内蒙古": 2, "海淀": 2, "西城区": 1}
    assert one.kinds == {"北京": "省市", "内蒙古": "省市", "海淀": "地区", "西城区": "地区"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("海淀区的社区医院接入平台。", {"海淀": "地区"}, id="a district"),
        pytest.param("上海和浙江的医院互认检查结果。", {"上海": "省市", "浙江": "省市"}, id="provinces"),
        pytest.param("北京将建设健康云。", {"北京": "省市"}, id="the place of a rule"),
        pytest.param("首都医科大学开设课程。", {"首都医科大学": "机构"}, id="an institution that is no hospital"),
        pytest.param("新华社上海6月18日电 医院接入平台。", {}, id="a dateline"),
        pytest.param("武汉协和医院上线平台。", {"武汉": "省市"}, id="a hospital of that name elsewhere"),
        pytest.param("深圳某某科技有限公司中标。", {}, id="the name of a company"),
    ],
)
def test_places_are_those_that_the_judgement_knows(text, found):
    assert PLACES.named(_item(text)) == found


def test_many_issues_are_put_together_by_month_quarter_and_year_so_that_they_can_be_drawn():
    weeks = [_made(n + 1, dt.date(2020, 1, 4) + dt.timedelta(weeks=n), topics={"医保": 1}) for n in range(240)]
    for count, unit, first in ((30, "期", "1"), (100, "月", "2020-01"), (200, "季", "2020Q1")):
        found = trends(weeks[:count])
        assert (found.unit, found.periods[0].label) == (unit, first)
        assert (found.issues, found.items) == (count, 3 * count)
        assert found.rankings[0].rows[0].total == count
        assert len(found.rankings[0].rows[0].counts) == len(found.periods) <= 36
    assert sum(one.seen or 0 for one in found.periods) == 2000
    years = [_made(n, dt.date(2000, 1, 1) + dt.timedelta(weeks=4 * n)) for n in range(240)]
    assert trends(years).unit == "年"


def test_the_most_frequent_name_comes_first_and_of_two_the_one_of_late():
    first = _made(534, dt.date(2024, 5, 1), topics={"早": 2, "多": 2})
    second = _made(535, dt.date(2024, 6, 1), topics={"晚": 2, "多": 1})
    (topics, *_) = trends([second, first]).rankings
    assert [(row.name, row.counts) for row in topics.rows] == [("多", (2, 1)), ("晚", (0, 2)), ("早", (2, 0))]
    (cut, *_) = shortened(trends([first, second]), 1).rankings
    assert ([row.name for row in cut.rows], cut.more) == (["多"], 2)


def test_a_single_issue_is_told_by_day_and_what_has_no_day_in_it_is_owned_up_to():
    late = dt.date(2024, 5, 30)
    found = trends([_count(_item("甲。"), _item("乙。"), _item("丙。", date=None), _item("丁。", date=late))])
    assert len(found.days) == 30
    assert dict(found.days)[dt.date(2024, 6, 4)] == 2
    assert found.undated == 2
    assert found.periods[0].seen is None


def test_a_draft_that_holds_no_number_yet_is_no_negative_one():
    assert [one.label for one in trends([_made(-3, dt.date(2024, 6, 1))]).periods] == ["未定"]


def test_leads_that_nobody_counted_are_not_taken_for_none():
    both = [_made(534, dt.date(2024, 5, 1)), dataclasses.replace(_made(535, dt.date(2024, 6, 1)), seen=None)]
    assert [one.seen for one in trends(both).periods] == [10, None]
