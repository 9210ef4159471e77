"""The release checks find every mistake that the hand-made issues carry, and raise no false alarm."""

import dataclasses
import datetime as dt
import re
from functools import cache

import pytest

from drafts import CONFIG, LEAD, NOON, article
from pipeline.demo.seeds import imported
from pipeline.model import (
    Block,
    DateClaim,
    Document,
    Flag,
    Genre,
    Issue,
    Item,
    Kind,
    Printed,
    Severity,
    Window,
    Witness,
)
from pipeline.steps.assemble import assemble
from pipeline.steps.check import CHECKS, Inspection, check
from pipeline.steps.disassemble import as_draft
from pipeline.steps.rate import Rater

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))


@cache
def as_printed(number: int) -> Issue:
    """A hand-made issue as it is imported, with its own mistakes and its own lead sentence."""
    issue = imported(number).issue
    series = CONFIG.series[issue.series]
    rater = Rater(CONFIG.scope, CONFIG.scope.places[series.place] if series.place else None, CONFIG.outlets)
    draft = as_draft(issue, lambda one: rater.rate(one.title, one.text, outlet=one.outlet, url=one.url), NOON)
    return dataclasses.replace(assemble(draft, issue.number, series, LEAD), lead=issue.lead)


def printed(number: int) -> list[Printed]:
    issue = as_printed(number)
    return [
        Printed(issue.series, number, place, Document(i.handle, i.title, i.text, i.date, i.url))
        for place, i in enumerate(issue.items, start=1)
    ]


@pytest.fixture(scope="module")
def findings():
    earlier = {534: [], 535: printed(534), 636: printed(534) + printed(535)}
    return {
        number: {
            (one.check, one.position): one
            for one in (*imported(number).findings, *check(Inspection(as_printed(number), CONFIG.outlets, before)))
        }
        for number, before in earlier.items()
    }


@pytest.mark.parametrize(
    ("number", "name", "place"),
    [
        pytest.param(534, "lead", 0, id="1: 周报 in the 月报 534"),
        pytest.param(535, "lead", 0, id="1: 周报 in the 月报 535"),
        pytest.param(636, "number-form", 0, id="2: 期 missing"),
        pytest.param(636, "empty-link", 3, id="3: empty link"),
        pytest.param(636, "malformed-url", 1, id="4: address with inner spaces"),
        pytest.param(636, "suspicious-suffix", 2, id="5: address cut to .shtm (636)"),
        pytest.param(534, "suspicious-suffix", 2, id="5: address cut to .shtm (534)"),
        pytest.param(534, "link-line", 2, id="5: its l on a line of its own"),
        pytest.param(534, "unknown-host", 3, id="6: yinet.com for ynet.com"),
        pytest.param(636, "outlet-host", 1, id="7: 中国科技网 printed, ce.cn linked"),
        pytest.param(534, "not-the-origin", 4, id="8: 网易 printed, 中新经纬 in the dateline"),
        pytest.param(534, "mobile-url", 4, id="8: a mobile page"),
        pytest.param(636, "same-event", 2, id="9: two items about one event"),
        pytest.param(535, "covered", 2, id="10: the same plan in 534 and 535"),
        pytest.param(636, "passage", 3, id="11: one section of four"),
        pytest.param(535, "furniture", 1, id="12: page furniture in the text"),
        pytest.param(534, "genre", 3, id="13: advertorial"),
        pytest.param(535, "genre", 3, id="13: commentary"),
    ],
)
def test_a_mistake_of_the_hand_made_issues_is_found(findings, number, name, place):
    assert (name, place) in findings[number]


def test_item_two_of_535_names_item_four_of_534(findings):
    assert "已收于第五三四期第4条《北京：支持医疗大模型开发和落地应用》" in findings[535]["covered", 2].message


def test_what_is_covered_or_told_twice_says_why_and_how_to_settle_it(findings):
    covered, twice = findings[535]["covered", 2], findings[636]["same-event", 2]
    assert re.search(r"（后续进展 [\d.]+；.*标题.*相隔15天）", covered.message)
    assert covered.commands == (
        f"bulletin draft compare beijing-monthly {covered.handle} --with beijing-monthly/534-4",
    )
    first = as_printed(636).items[0].handle
    assert re.search(r"与第1条为疑似同一事件（[\d.]+；.*）", twice.message)
    assert twice.commands == (
        f"bulletin draft compare national-weekly {twice.handle} --with {first}",
        f"bulletin draft merge national-weekly {twice.handle} {first}",
    )


def test_a_repetition_in_the_own_series_is_told_before_a_likelier_one_elsewhere():
    issue = as_printed(534)
    mine = printed(534)[0]
    other = dataclasses.replace(mine, series="national-weekly", number=600, position=3)
    found = check(
        Inspection(
            dataclasses.replace(issue, number=535),
            CONFIG.outlets,
            [other, mine],
            titles={"national-weekly": "全国周报"},
            window="--month 2024-06",
        )
    )
    (one,) = (one for one in found if (one.check, one.position) == ("covered", 1))
    assert (one.severity, "已收于第五三四期第1条" in one.message) == (Severity.BLOCKING, True)
    assert f"bulletin draft exclude beijing-monthly {issue.items[0].handle} --month 2024-06" in one.commands
    found = check(
        Inspection(
            dataclasses.replace(issue, number=535), CONFIG.outlets, [other], titles={"national-weekly": "全国周报"}
        )
    )
    (one,) = (one for one in found if (one.check, one.position) == ("covered", 1))
    assert (one.severity, "已收于全国周报第六〇〇期第3条" in one.message) == (Severity.WARNING, True)


def test_a_mobile_link_names_the_desktop_one_where_it_is_known():
    item = _sound(url="https://m.bjnews.com.cn/detail/1.html", outlet="新京报")
    known = {"a": "https://www.bjnews.com.cn/detail/1.html"}
    (one,) = check(Inspection(_issue(item), CONFIG.outlets, desktop=known, window="--month 2024-06"))
    assert one.commands == (f"bulletin draft edit beijing-monthly a --url {known['a']} --month 2024-06",)
    (one,) = check(Inspection(_issue(item), CONFIG.outlets))
    assert (one.fix, one.commands) == ("换用电脑版或原始出处的链接。", ())


def test_a_better_version_is_told_with_the_command_that_takes_it():
    better = {"a": (article("原"), "更接近原始出处")}
    (one,) = check(Inspection(_issue(_sound()), CONFIG.outlets, better=better, window="--month 2024-06"))
    assert (one.check, one.severity) == ("better-version", Severity.WARNING)
    assert "有更合适的版本（更接近原始出处）：北京日报" in one.message
    assert one.commands == (f"bulletin draft represent beijing-monthly a --with {better['a'][0].url} --month 2024-06",)


def test_no_false_alarm_on_the_sound_items(findings):
    assert [key for key in findings[534] if key[1] == 1] == []
    about_urls = {"empty-link", "malformed-url", "suspicious-suffix", "unknown-host", "outlet-host", "mobile-url"}
    assert [key for key in findings[535] if key[0] in about_urls] == []


def test_the_findings_of_the_seeds_are_these_and_no_others(findings):
    assert sorted(findings[534]) == [
        ("genre", 3), ("lead", 0), ("link-line", 2), ("mobile-url", 4), ("not-the-origin", 4),
        ("suspicious-suffix", 2), ("unknown-host", 3),
    ]  # fmt: skip
    assert sorted(findings[535]) == [("covered", 2), ("furniture", 1), ("genre", 3), ("lead", 0)]
    assert sorted(findings[636]) == [
        ("empty-link", 3), ("malformed-url", 1), ("number-form", 0), ("outlet-host", 1), ("passage", 3),
        ("same-event", 2), ("suspicious-suffix", 2),
    ]  # fmt: skip


def _sound(**fields) -> Item:
    values = {
        "handle": "a",
        "title": "北京多家医院互联网诊疗服务上新",
        "outlet": "北京日报",
        "url": "https://news.bjd.com.cn/2024/06/08/10767005.shtml",
        "date": dt.date(2024, 6, 8),
        "blocks": (Block(Kind.PARAGRAPH, "同仁医院互联网医院近日上线，提供线上复诊、预约检查、用药咨询等服务。"),),
    }
    return Item(**{**values, **fields})


def _issue(*items: Item, **fields) -> Issue:
    lead = f"本期月报共收集{len(items)}篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日，监测范围等。"
    values = {
        "series": "beijing-monthly",
        "title": "北京市卫生信息化舆情监测月报",
        "issuer": "中心",
        "number": 535,
        "window": JUNE,
        "lead": lead,
        "items": items,
    }
    return Issue(**{**values, **fields})


def _found(issue: Issue, **fields) -> dict[str, Severity]:
    return {one.check: one.severity for one in check(Inspection(issue, CONFIG.outlets, **fields))}


def test_a_sound_issue_has_no_findings():
    assert _found(_issue(_sound())) == {}


@pytest.mark.parametrize(
    ("fields", "name", "severity"),
    [
        ({"url": ""}, "empty-link", Severity.BLOCKING),
        ({"url": "paste:7d36c30fce1ea963"}, "empty-link", Severity.BLOCKING),
        ({"url": "javascript:alert(1)"}, "malformed-url", Severity.BLOCKING),
        ({"url": "https://"}, "malformed-url", Severity.BLOCKING),
        ({"url": "https://[::1"}, "malformed-url", Severity.BLOCKING),
        ({"url": "https://news.bjd.com.cn:99999/a.html"}, "malformed-url", Severity.BLOCKING),
        ({"date": None}, "undated", Severity.BLOCKING),
        ({"date": dt.date(2024, 5, 31)}, "out-of-window", Severity.BLOCKING),
        ({"date": dt.date(2024, 7, 1)}, "out-of-window", Severity.BLOCKING),
        ({"outlet": " "}, "no-outlet", Severity.BLOCKING),
        ({"title": ""}, "no-title", Severity.BLOCKING),
        ({"blocks": ()}, "empty-body", Severity.BLOCKING),
        ({"outlet": "新华网"}, "outlet-host", Severity.WARNING),
        ({"url": "https://m.bjd.com.cn/a.html"}, "mobile-url", Severity.WARNING),
        ({"genre": Genre.ADVERTORIAL}, "genre", Severity.WARNING),
        ({"genre": Genre.NOTICE}, "genre", Severity.WARNING),
        ({"genre": Genre.LIST}, "genre", Severity.WARNING),
        ({"share": 0.3}, "passage", Severity.WARNING),
        ({"blocks": (), "share": 0.0}, "empty-body", Severity.BLOCKING),
    ],
)
def test_one_mistake_gives_one_finding(fields, name, severity):
    assert _found(_issue(_sound(**fields))) == {name: severity}


def test_a_window_of_which_nothing_passed_is_no_obstacle_but_is_said():
    empty = _issue(lead="本期无符合条件的信息，监测时间从2024年6月1日至2024年6月30日。")
    assert _found(empty, alarm="可读文章 40 篇，没有一篇符合监测范围") == {"sanity": Severity.WARNING}


def test_a_policy_is_the_primary_document_and_no_mistake():
    assert _found(_issue(_sound(genre=Genre.POLICY))) == {}


def test_the_excerpt_of_a_round_up_is_no_round_up_any_more():
    assert _found(_issue(_sound(genre=Genre.LIST, share=0.2, excerpt=True))) == {}


def test_an_excerpt_answers_the_passage_finding():
    assert _found(_issue(_sound(share=0.3, excerpt=True))) == {}


def test_a_late_inclusion_with_a_reason_is_no_finding():
    item = _sound(date=dt.date(2024, 5, 31))
    assert _found(_issue(item), late=frozenset({"a"})) == {}


def test_a_mirror_blocks_until_the_link_is_the_outlets_own():
    mirror = {"a": (Flag.MIRROR,)}
    assert _found(_issue(_sound(url="http://www.jjckb-news.example/a.html", outlet="某网")), flags=mirror) == {
        "mirror": Severity.BLOCKING
    }
    assert _found(_issue(_sound()), flags=mirror) == {}


def test_one_article_twice_blocks_until_the_editor_says_it_is_on_purpose():
    long = "".join(f"第{i}段讲同仁医院互联网医院的第{i}项服务，患者可在线办理。" for i in range(40))
    first = _sound(blocks=(Block(Kind.PARAGRAPH, long),))
    second = dataclasses.replace(
        first, handle="b", url="https://news.bjd.com.cn/2024/06/08/2.shtml", title="换了标题的同一篇"
    )
    assert _found(_issue(first, second)) == {"same-event": Severity.BLOCKING}
    on_purpose = frozenset({frozenset({"a", "b"})})
    assert _found(_issue(first, second), apart=on_purpose) == {"same-event": Severity.WARNING}


@pytest.mark.parametrize(
    "lead",
    [
        "本期月报共收集2篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日。",
        "本期周报共收集1篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日。",
        "本期月报共收集1篇卫生信息化相关信息，时间从2024年5月1日至2024年5月31日。",
    ],
)
def test_a_lead_that_disagrees_with_the_issue_blocks(lead):
    assert _found(_issue(_sound(), lead=lead)) == {"lead": Severity.BLOCKING}


def _claims(*said: tuple[Witness, str, dt.date]) -> tuple[DateClaim, ...]:
    return tuple(
        DateClaim(witness, where, str(day), day, chosen=place == 0) for place, (witness, where, day) in enumerate(said)
    )


@pytest.mark.parametrize(
    ("date", "said", "message"),
    [
        (
            dt.date(2024, 6, 8),
            [(Witness.PAGE, "署名行", dt.date(2024, 6, 8)), (Witness.ADDRESS, "网址", dt.date(2024, 5, 8))],
            "第1条：日期不一致：署名行为2024年6月8日，网址为2024年5月8日",
        ),
        (
            dt.date(2024, 6, 30),
            [(Witness.PAGE, "meta pubdate", dt.date(2024, 6, 30)), (Witness.LEAD, "线索", dt.date(2024, 7, 1))],
            "第1条：日期不一致：meta pubdate为2024年6月30日，线索为2024年7月1日",
        ),
    ],
    ids=["a month apart", "a day apart, where the window ends"],
)
def test_dates_that_disagree_are_a_finding_that_names_both_and_where_they_stood(date, said, message):
    (one,) = check(Inspection(_issue(_sound(date=date, dates=_claims(*said))), CONFIG.outlets))
    assert (one.check, one.severity, one.message) == ("date-conflict", Severity.WARNING, message)
    assert one.fix


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (
            dt.date(2024, 6, 8),
            [(Witness.PAGE, "署名行", dt.date(2024, 6, 8)), (Witness.ADDRESS, "网址", dt.date(2024, 6, 9))],
        ),
        (
            dt.date(2024, 6, 9),
            [(Witness.PAGE, "署名行", dt.date(2024, 6, 8)), (Witness.ADDRESS, "网址", dt.date(2024, 5, 8))],
        ),
        (dt.date(2024, 6, 8), []),
    ],
    ids=["a day apart inside the window", "an editor wrote another date", "nothing is known, as in an old issue"],
)
def test_dates_that_agree_or_were_decided_are_no_finding(date, said):
    assert _found(_issue(_sound(date=date, dates=_claims(*said)))) == {}


def test_tampered_words_are_a_finding_for_the_editor():
    assert _found(_issue(_sound()), flags={"a": (Flag.TAMPERED,)}) == {"tampered": Severity.WARNING}


def test_silent_sources_are_named():
    (one,) = check(Inspection(_issue(_sound()), CONFIG.outlets, silent=["北方网", "央广网"]))
    assert one.message == "本期 2 个信源未能采集：北方网、央广网"


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_stays_silent_on_an_empty_issue(name):
    empty = _issue(lead="本期无符合条件的信息，监测时间从2024年6月1日至2024年6月30日。")
    assert list(CHECKS[name](Inspection(empty, CONFIG.outlets))) == []


def test_a_correction_does_not_find_itself_in_the_archive():
    issue = as_printed(534)
    assert not [one for one in check(Inspection(issue, CONFIG.outlets, printed(534))) if one.check == "covered"]


def test_pictures_that_could_not_be_had_are_told_with_their_number():
    item = _sound(blocks=(Block(Kind.PARAGRAPH, "正文。"), Block(Kind.FIGURE, src="http://jk.example.cn/a.jpg")))
    notes = {item.handle: ("标题含不可见字符，已去除", "配图未取得：页面不存在（HTTP 404） 2 张")}
    (one,) = (one for one in check(Inspection(_issue(item), CONFIG.outlets, notes=notes)) if one.check == "pictures")
    assert one.severity is Severity.WARNING
    assert "配图未取得：页面不存在（HTTP 404） 2 张" in one.message


def test_a_body_that_two_readers_read_differently_is_told_and_an_editors_own_is_not():
    item = _sound()
    found = check(Inspection(_issue(item), CONFIG.outlets, confidence={item.handle: 0.31}))
    (one,) = (one for one in found if one.check == "confidence")
    assert one.severity is Severity.WARNING
    assert "0.31" in one.message
    for confidence in ({item.handle: 0.5}, {}):
        found = check(Inspection(_issue(item), CONFIG.outlets, confidence=confidence))
        assert not [one for one in found if one.check == "confidence"]
