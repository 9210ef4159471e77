"""Windows: both ends included, as Beijing counts days."""

import datetime as dt

import pytest

from pipeline.config import load, packaged
from pipeline.errors import UsageError
from pipeline.model import BEIJING, Window
from pipeline.steps.window import between, following, last_closed, named

CONFIG = load(packaged("config").parent)
MONTHLY, WEEKLY = CONFIG.series["beijing-monthly"], CONFIG.series["national-weekly"]


MAY = named(MONTHLY, month="2024-05")


def test_a_month_runs_from_its_first_to_its_last_day():
    assert named(MONTHLY, month="2024-02") == Window(dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert named(MONTHLY, month="2023-12") == Window(dt.date(2023, 12, 1), dt.date(2023, 12, 31))


@pytest.mark.parametrize("day", ["2025-08-02", "2025-08-05", "2025-08-08"])
def test_a_week_runs_from_saturday_to_friday_whatever_day_names_it(day):
    assert named(WEEKLY, week=day) == Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8))


def test_a_week_may_cross_the_year():
    assert named(WEEKLY, week="2026-01-01") == Window(dt.date(2025, 12, 27), dt.date(2026, 1, 2))


@pytest.mark.parametrize(
    ("first", "day", "start"),
    [
        ("sat", "2024-02-29", dt.date(2024, 2, 24)),
        ("mon", "2026-12-31", dt.date(2026, 12, 28)),
        ("mon", "2027-01-03", dt.date(2026, 12, 28)),
        ("thu", "2024-02-29", dt.date(2024, 2, 29)),
    ],
    ids=["a leap day in a week", "week 53", "the last day of week 53 is in the next year", "a week from a leap day"],
)
def test_a_week_has_seven_days_whatever_the_calendar_counts(first, day, start):
    weekly = type(WEEKLY).model_validate(
        {**WEEKLY.model_dump(), "window": {"weekly": {"from": first}}, "last": {"number": 1, "window": _eve(first)}}
    )
    assert named(weekly, week=day) == Window(start, start + dt.timedelta(days=6))


def _eve(first: str) -> str:
    """The last day of a week that begins on `first`."""
    monday = dt.date(2023, 1, 2) + dt.timedelta(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(first))
    return str(monday - dt.timedelta(days=1))


@pytest.mark.parametrize("series", [MONTHLY, WEEKLY], ids=["monthly", "weekly"])
def test_no_day_of_eight_years_is_in_no_window_or_in_two(series):
    step = series.window_of(dt.date(2020, 1, 1))
    while step.end < dt.date(2028, 3, 1):
        after = following(series, step)
        assert after.start == step.end + dt.timedelta(days=1)
        days = [step.start + dt.timedelta(days=number) for number in range((step.end - step.start).days + 1)]
        assert {series.window_of(day) for day in days} == {step}
        step = after


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2024-06-30T15:59:59+00:00", dt.date(2024, 5, 31)),  # 23:59:59 in Beijing
        ("2024-06-30T16:00:00+00:00", dt.date(2024, 6, 30)),  # midnight in Beijing
        ("2024-07-01T00:30:00+08:00", dt.date(2024, 6, 30)),
    ],
)
def test_a_window_is_over_at_midnight_in_beijing(moment, end):
    assert last_closed(MONTHLY, dt.datetime.fromisoformat(moment)).end == end


def test_windows_follow_each_other_without_a_gap():
    window = named(WEEKLY, week="2023-12-30")
    for _ in range(120):
        after = following(WEEKLY, window)
        assert after.start == window.end + dt.timedelta(days=1)
        assert (after.end - after.start).days == 6
        window = after


def test_between_lists_what_lies_after_the_last_issue_put_out_elsewhere():
    assert between(MONTHLY, MAY, named(MONTHLY, month="2024-06")) == []
    assert [one.start.month for one in between(MONTHLY, MAY, named(MONTHLY, month="2024-09"))] == [6, 7, 8]


@pytest.mark.parametrize(
    ("series", "asked", "said"),
    [
        (MONTHLY, {"month": "2024-13"}, "不是月份"),
        (MONTHLY, {"month": "六月"}, "不是月份"),
        (MONTHLY, {"week": "2024-06-01"}, "是月刊"),
        (WEEKLY, {"month": "2024-06"}, "是周刊"),
        (WEEKLY, {"week": "2025-02-30"}, "不是日期"),
    ],
)
def test_what_is_no_window_is_said_in_a_sentence(series, asked, said):
    with pytest.raises(UsageError, match=said):
        named(series, **asked)


def test_now_in_beijing_is_what_counts_not_the_server_zone():
    late = dt.datetime(2024, 7, 1, 0, 10, tzinfo=BEIJING)
    assert last_closed(MONTHLY, late.astimezone(dt.UTC)) == last_closed(MONTHLY, late)
