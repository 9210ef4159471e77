"""The release checks find every mistake that the hand-made issues carry, and raise no false alarm."""

import dataclasses
import datetime as dt
import re

import pytest

from drafts import CONFIG
from pipeline.config import packaged
from pipeline.demo.seeds import articles
from pipeline.model import Block, Document, Flag, Genre, Issue, Item, Kind, Printed, Severity, Verdict, Window
from pipeline.steps.check import CHECKS, Inspection, check
from pipeline.steps.rate import Rater

# what the seeds print, letter by letter, where it is wrong
PRINTED_URLS = {
    (534, 2): "http://news.enorth.com.cn/system/2024/05/10/056231400.shtm",
    (534, 3): "https://finance.yinet.com/2024/05/23/3764785t632.html",
    (636, 1): "http://www.ce.cn/cysc/newmain/yc/jsxw/202508/t20250804 242 9889. shtml",
    (636, 2): "https://health.cnr.cn/yg/20250804/t20250804_527300930.shtm",
    (636, 3): "",
}
WINDOWS = {
    534: Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31)),
    535: Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30)),
    636: Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8)),
}


def as_printed(number: int) -> Issue:
    """A hand-made issue with its own mistakes."""
    series = CONFIG.series["national-weekly" if number == 636 else "beijing-monthly"]
    rater = Rater(CONFIG.scope, CONFIG.scope.places[series.place] if series.place else None, CONFIG.outlets)
    items = []
    for place, piece in enumerate(articles(number), start=1):
        blocks = piece.blocks
        if (number, place) == (535, 1):
            blocks = (Block(Kind.PARAGRAPH, "来源标题：天坛智能医工产业园启动"), *blocks)
        rating = rater.rate(piece.title, piece.text, outlet=piece.outlet, url=piece.url)
        items.append(
            Item(
                handle=f"{number}-{place}",
                title=piece.title,
                outlet=piece.outlet,
                url=PRINTED_URLS.get((number, place), piece.url),
                date=piece.date,
                blocks=blocks,
                genre=rating.genre,
                share=1.0 if rating.verdict is Verdict.IN else rating.share,
            )
        )
    seed = next(packaged("seeds").glob({534: "003*", 535: "001*", 636: "004*"}[number])).read_text("utf-8")
    printed = re.search(r"本期周报.*?(?:等。)", seed, re.DOTALL)
    assert printed
    return Issue(
        series=series.id,
        title=series.title,
        issuer=series.issuer,
        number=number,
        window=WINDOWS[number],
        lead=printed[0].replace("到", "至"),
        items=tuple(items),
        unit=series.unit,
    )


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
            (one.check, one.position): one for one in check(Inspection(as_printed(number), CONFIG.outlets, before))
        }
        for number, before in earlier.items()
    }


@pytest.mark.parametrize(
    ("number", "name", "place"),
    [
        pytest.param(534, "lead", 0, id="1: 周报 in the 月报 534"),
        pytest.param(535, "lead", 0, id="1: 周报 in the 月报 535"),
        pytest.param(636, "empty-link", 3, id="3: empty link"),
        pytest.param(636, "malformed-url", 1, id="4: address with inner spaces"),
        pytest.param(636, "suspicious-suffix", 2, id="5: address cut to .shtm (636)"),
        pytest.param(534, "suspicious-suffix", 2, id="5: address cut to .shtm (534)"),
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
    assert "第534期第4条" in findings[535]["covered", 2].message


def test_no_false_alarm_on_the_sound_items(findings):
    assert [key for key in findings[534] if key[1] == 1] == []
    about_urls = {"empty-link", "malformed-url", "suspicious-suffix", "unknown-host", "outlet-host", "mobile-url"}
    assert [key for key in findings[535] if key[0] in about_urls] == []


def test_the_findings_of_the_seeds_are_these_and_no_others(findings):
    assert sorted(findings[534]) == [
        ("genre", 3), ("lead", 0), ("mobile-url", 4), ("not-the-origin", 4), ("passage", 2), ("suspicious-suffix", 2),
        ("unknown-host", 3),
    ]  # fmt: skip
    assert sorted(findings[535]) == [("covered", 2), ("furniture", 1), ("genre", 3), ("lead", 0)]
    assert sorted(findings[636]) == [
        ("empty-link", 3), ("malformed-url", 1), ("outlet-host", 1), ("passage", 3), ("same-event", 2),
        ("suspicious-suffix", 2),
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
        "window": WINDOWS[535],
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
        ({"share": 0.3}, "passage", Severity.WARNING),
    ],
)
def test_one_mistake_gives_one_finding(fields, name, severity):
    assert _found(_issue(_sound(**fields))) == {name: severity}


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
