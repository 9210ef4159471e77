"""The working days of China, as the State Council announced them for 2024, 2025 and 2026."""

import datetime as dt
import itertools

import pytest

from pipeline.config import Series
from pipeline.model import BEIJING
from pipeline.schedule import triggers, upcoming
from pipeline.steps.window import caught_up, due_at, next_due, over, unannounced
from pipeline.steps.workday import is_announced, is_workday
from test_schedule import CONFIG


def series(window="monthly", last="2023-11", **fields) -> Series:
    made = {"title": "刊", "issuer": "中心", "unit": "刊", "topic": "医", "id": "s", "workday": True, **fields}
    return Series.model_validate({**made, "window": window, "last": {"number": 1, "window": last}})


SATURDAYS = {"window": {"weekly": {"from": "sat"}}, "last": "2023-11-24"}


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("days", "works"),
    [
        ("2024-02-09 2024-06-28 2025-01-27 2026-02-24", True),
        ("2024-01-01 2024-02-12 2024-05-01 2024-06-10 2024-09-17 2024-10-03 2025-10-06 2026-04-06", False),
        ("2024-02-15 2024-04-05 2024-05-03 2024-10-07 2025-02-04 2025-10-08 2026-01-02 2026-02-23", False),
        ("2024-02-04 2024-02-18 2024-04-07 2024-05-11 2024-09-29 2025-01-26 2025-09-28 2026-01-04 2026-02-28", True),
        ("2024-06-29 2024-06-30 2025-03-01 2026-11-22", False),
    ],
    ids=["plain days", "holidays", "days given in exchange", "weekends worked in exchange", "weekends"],
)
def test_what_was_announced_is_known(days, works):
    assert [is_workday(dt.date.fromisoformat(day)) for day in days.split()] == [works] * len(days.split())


def test_a_year_is_known_once_its_exchanges_are():
    assert all(map(is_announced, range(2018, 2027)))
    assert not is_announced(2090)
    assert not is_workday(dt.date(2090, 10, 2))
    assert is_workday(dt.date(2090, 10, 9)) == (dt.date(2090, 10, 9).weekday() < 5)


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2024-05-01", "2024-06-03 00:30"),
        ("2024-04-01", "2024-05-06 00:30"),
        ("2024-09-01", "2024-10-08 00:30"),
        ("2023-12-01", "2024-01-02 00:30"),
        ("2025-12-01", "2026-01-04 00:30"),
        ("2024-07-01", "2024-08-01 00:30"),
    ],
    ids=["a weekend", "Labour Day", "the National Day", "the New Year", "a worked Sunday", "a working day"],
)
def test_a_draft_waits_for_the_first_working_day(month, due):
    monthly = series()
    assert due_at(monthly, monthly.window_of(dt.date.fromisoformat(month))) == moment(due)


@pytest.mark.parametrize("fields", [{}, SATURDAYS, {**SATURDAYS, "after": "33:15"}, {"after": "08:05"}])
def test_the_scheduler_looks_when_drafts_fall_due_on_working_days_for_two_years(fields):
    one = series(**fields)
    trigger = triggers(CONFIG.model_copy(update={"series": {"s": one}}))["s"]
    begin = moment("2024-01-01 12:00")
    coming = upcoming([one], begin, 104 if fields.get("window") else 24)
    for due, _, _ in coming:
        assert trigger.get_next_fire_time(None, due - dt.timedelta(minutes=1)) == due
        assert is_workday(due.date())
    windows = [window for _, _, window in coming]
    assert all((after.start - before.end).days == 1 for before, after in itertools.pairwise(windows))
    ended = over(one, one.window_of(windows[0].start - dt.timedelta(days=1)), coming[-1][0])
    assert ended == windows, "what falls due is what was said to come"


def test_two_weeks_that_fall_due_together_after_a_holiday_are_both_made_and_neither_is_missed():
    weekly = series(window={"weekly": {"from": "thu"}}, last="2023-11-22", catch_up=0)
    ended = over(weekly, weekly.window_of(dt.date(2025, 9, 18)), moment("2025-10-09 00:30"))
    assert [str(one.end) for one in caught_up(weekly, ended)] == ["2025-10-01", "2025-10-08"]
    assert next_due(weekly, moment("2025-10-08 23:59")).end == dt.date(2025, 10, 1)


def test_it_is_said_when_the_calendar_of_a_year_is_not_known_yet():
    monthly = series()
    assert unannounced(monthly, monthly.window_of(dt.date(2026, 9, 1))) == ""
    far = monthly.window_of(dt.date(2090, 9, 1))
    assert unannounced(monthly, far) == "2090年的调休安排尚不可知，按周末和法定节日推算"
    assert unannounced(series(workday=False), far) == ""
