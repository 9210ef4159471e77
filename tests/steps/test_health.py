"""How a source is doing, told from its visits alone."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from pipeline.model import BEIJING, Health, Outcome, Visit, Window
from pipeline.steps.health import coverage_gap, interval, is_due, plainly, pulse, reason, rest, told, usual_gap

START = dt.datetime(2024, 6, 1, 8, tzinfo=BEIJING)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
END = dt.datetime(2024, 7, 1, 0, 30, tzinfo=BEIJING)
SECOND, HOUR, DAY = dt.timedelta(seconds=1), dt.timedelta(hours=1), dt.timedelta(days=1)
ROUND = 4 * HOUR


def visits(marks: str, step: dt.timedelta = ROUND, start: dt.datetime = START) -> list[Visit]:
    """One visit a letter: n new lead, o nothing new, u unchanged, e empty, x failed, N all 20 leads new, · no visit."""
    made = {
        "n": (Outcome.OK, "", 20, 1),
        "N": (Outcome.OK, "", 20, 20),
        "o": (Outcome.OK, "", 20, 0),
        "u": (Outcome.UNCHANGED, "", 0, 0),
        "e": (Outcome.EMPTY, "订阅源中没有条目", 0, 0),
        "x": (Outcome.FAILED, "https://a.example/list：服务器出错（HTTP 503）", 0, 0),
    }
    return [Visit("s", start + index * step, *made[mark]) for index, mark in enumerate(marks) if mark != "·"]


@pytest.mark.parametrize(
    ("marks", "health", "trouble"),
    [
        ("", Health.NEVER, False),
        ("N", Health.FINE, False),
        ("Nou", Health.UNCHANGED, False),
        ("Nx", Health.FAILED, False),
        ("Nxx", Health.FAILED, False),
        ("Nxxx", Health.FAILED, True),
        ("Nxxxo", Health.FINE, False),
        ("xxox", Health.FAILED, False),
        ("Ne", Health.EMPTY, False),
        ("Nee", Health.EMPTY, True),
        ("Nexe", Health.EMPTY, False),
    ],
)
def test_one_bad_visit_is_weather_and_several_in_a_row_are_trouble(marks, health, trouble):
    found = visits(marks)
    one = pulse(found)
    assert (one.health, one.trouble) == (health, trouble)


def test_trouble_says_why_and_since_when():
    one = pulse(visits("Nnxxx"))
    assert one.since == START + 2 * ROUND
    assert one.succeeded == one.fresh == START + ROUND
    assert one.streak == 3
    assert reason(one.because) == "服务器出错（HTTP 503）"


def test_a_visit_repeated_at_once_is_the_same_try():
    twice = [one for first in visits("Nxx") for one in (first, replace(first, when=first.when + 3 * SECOND))]
    assert (pulse(twice).streak, pulse(twice).trouble) == (2, False)
    assert pulse(visits("Nxxx")).trouble


def test_a_disabled_source_is_in_no_trouble_whatever_its_last_visits_were():
    one = pulse(visits("Nxxx"), enabled=False)
    assert (one.health, one.trouble) == (Health.DISABLED, False)


def test_the_usual_gap_is_what_nine_of_ten_gaps_do_not_exceed():
    daily = visits("n" * 9 + "·" * 5 + "n" * 3, DAY)
    assert usual_gap(daily) == DAY


def test_of_fewer_than_five_gaps_no_rhythm_is_told():
    assert usual_gap(visits("nnnnn", DAY)) is None
    assert usual_gap(visits("nnnnnn", DAY)) == DAY


def test_gaps_of_more_than_two_months_before_the_last_new_lead_do_not_count():
    once_daily = visits("n" * 20 + "·" * 50 + "n" + "·" * 6 + "n", DAY)
    assert usual_gap(once_daily[:20]) == DAY
    assert usual_gap(once_daily) is None


@pytest.mark.parametrize(
    ("step", "silent_rounds", "quiet"),
    [(HOUR, 47, False), (HOUR, 49, True), (DAY, 3, False), (DAY, 4, True), (7 * DAY, 3, False), (7 * DAY, 4, True)],
    ids=["a busy site, two days", "a busy site, longer", "a daily", "a daily, longer", "a weekly", "a weekly, longer"],
)
def test_a_source_is_quiet_after_three_times_its_usual_gap_and_two_days(step, silent_rounds, quiet):
    found = visits("n" * 8 + "o" * silent_rounds, step)
    one = pulse(found)
    assert (one.health is Health.QUIET, one.trouble) == (quiet, quiet)
    if quiet:
        assert one.since == START + 7 * step


def test_the_time_in_which_nobody_looked_is_not_held_against_a_source():
    found = [*visits("nnnnnnnn", HOUR), *visits("n", HOUR, START + 20 * DAY)]
    assert pulse(found[:-1]).health is Health.FINE
    assert pulse(found).health is Health.FINE


def test_a_source_without_a_rhythm_is_never_called_quiet():
    assert pulse(visits("Nn" + "o" * 100)).health is Health.FINE


# ----------------------------------------------------------------------------------------- when next


@pytest.mark.parametrize(
    ("marks", "step", "expected"),
    [
        ("N" + "n" * 30, ROUND, ROUND),
        ("N" + "no" * 30, ROUND, 2 * ROUND),
        ("N" + "o" * 60, ROUND, DAY),
        ("N" + "n" * 5, DAY, DAY),
        ("N", ROUND, ROUND),
        ("Nooo", ROUND, ROUND),
    ],
    ids=["new every round", "new every second round", "monthly", "daily", "never seen before", "known for half a day"],
)
def test_a_source_is_visited_as_often_as_it_has_something_new_and_at_least_daily(marks, step, expected):
    got = interval(visits(marks, step), ROUND)
    assert abs(got - expected) <= expected / 10


def test_a_source_that_wakes_up_is_visited_more_often_although_it_was_visited_once_a_day():
    sleepy = [*visits("N" + "o" * 20, DAY), *visits("NNN", DAY, START + 21 * DAY)]
    assert interval(sleepy, ROUND) < 12 * HOUR


def test_a_source_that_fails_rests_ever_longer_up_to_a_day():
    assert [rest(times) / HOUR for times in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 500)] == [
        0, 0, 0, 1, 2, 4, 8, 16, 24, 24, 24,
    ]  # fmt: skip


def test_a_daily_source_is_asked_every_day_though_rounds_do_not_end_on_the_minute():
    found = visits("N" + "o" * 30, DAY)
    rounds = [found[-1].when + index * (ROUND - dt.timedelta(minutes=1)) for index in range(1, 10)]
    first = next(when for when in rounds if is_due(found, when, ROUND))
    assert DAY - ROUND <= first - found[-1].when <= DAY


@pytest.mark.parametrize(("hours", "due"), [(1, False), (3, True)])
def test_the_configuration_overrides_the_rhythm(hours, due):
    found = visits("N" + "o" * 30, DAY)
    assert is_due(found, found[-1].when + hours * HOUR, HOUR, every=3 * HOUR) is due


def test_a_source_never_visited_or_last_visited_in_the_future_is_due():
    assert is_due([], START, ROUND)
    assert is_due(visits("n"), START - DAY, ROUND)


# ------------------------------------------------------------------------------------ what is missing

MONTH = 6 * 30  # rounds of four hours


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("N" + "n" * MONTH, None),
        ("N" + "n" * 80 + "x" + "n" * (MONTH - 81), None),
        ("N" + "n" * 80 + "x" * 20 + "n" * (MONTH - 100), None),
        ("N" + "n" * (MONTH - 1) + "x", None),
        ("N" + "n" * (MONTH - 2) + "xx", None),
        ("N" + "n" * 100 + "x" * 80, "自6月18日起"),
        ("N" + "n" * 100 + "e" * 80, "自6月18日起"),
        ("N" + "n" * 80 + "x" * 40 + "N" + "n" * 59, "6月14日至6月21日可能有遗漏"),
        ("x" * MONTH, "从未采到"),
        ("x", "从未采到"),
        ("N" + "·" * 100 + "e", None),
        ("", None),
    ],
    ids=[
        "collected all along", "failed once, collected later", "failed for days, its list reached back",
        "failed at the last visit", "failed in the last hours", "failed for the last two weeks",
        "empty for the last two weeks", "failed for a week, its list did not reach back", "never collected",
        "failed at its only visit", "caught empty once", "never visited",
    ],
)  # fmt: skip
def test_a_gap_is_what_the_window_lacks_and_not_what_failed_in_between(marks, expected):
    gap = coverage_gap(visits(marks), JUNE, END)
    assert (gap and told("北方网", gap, JUNE).removesuffix("）").split("，")[-1]) == expected


def test_a_source_collected_after_the_window_covers_it_though_it_fails_today():
    found = [*visits("N" + "n" * MONTH), *visits("nxxxx", DAY, END)]
    assert coverage_gap(found, JUNE, END + 9 * DAY) is None


def test_a_gap_is_told_with_its_reason_and_without_addresses():
    gap = coverage_gap(visits("Nxxxxxxxxx"), JUNE, END)
    assert told("北方网", gap, JUNE) == "北方网（网站自己的服务器出了故障，自6月1日起）"


def test_a_reason_keeps_no_address_of_a_redirect_and_no_endless_text():
    assert reason("https://a.example/x → https://b.example/y：页面不存在（HTTP 404）") == "页面不存在（HTTP 404）"
    assert len(reason("长" * 500)) < 70


@pytest.mark.parametrize(
    ("because", "what", "todo"),
    [
        ("https://a.example/：robots 禁止：该网站的 robots.txt 不允许访问此页", "不允许程序自动采集", "用“添加”收入"),
        ("https://a.example/：robots.txt 无法读取，本次跳过（连接超时）", "连不上网站", "会再试"),
        ("https://a.example/：robots.txt 无法读取，本次跳过（不是文本）", "采集规则读不到", "会再试"),
        ("https://a.example/：页面不存在（HTTP 404）", "网址已经失效", "让管理员换成新的网址"),
        ("https://a.example/：网站拒绝访问（HTTP 403）", "拒绝程序访问", "用“添加”粘贴"),
        ("https://a.example/：服务器出错（HTTP 503）", "服务器出了故障", "会再试"),
        ("网站繁忙（HTTP 503），要求 2 小时后再访问，本次跳过", "要求过些时候再来", "不用处理"),
        ("https://a.example/：证书/协议错误：证书已过期", "安全证书有问题", "告诉管理员"),
        ("https://a.example/：域名无法解析", "找不到这个网站", "核对网址"),
        ("https://a.example/：无法连接：对方拒绝连接", "连不上网站", "会再试"),
        ("北方网：列表页没有与 links 相符的链接（https://a.example/）", "多半是改版", "让管理员核对"),
        ("代理服务器要求登录（HTTP 407）", "上网代理没有放行", "告诉管理员"),
        ("nobody foresaw this", "没有采集成功", "告诉管理员"),
    ],
)
def test_an_editor_reads_what_is_the_matter_and_what_to_do_in_no_engineers_words(because, what, todo):
    told = plainly(because)
    assert what in told
    assert todo in told.partition("；")[2]
    assert not re.search("[A-Za-z]", told), told


def test_of_what_is_well_nothing_is_told():
    assert plainly("") == ""
