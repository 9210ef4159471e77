"""Which windows there are: from a date, a month, a week, in order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.config import Series
from pipeline.errors import UsageError
from pipeline.model import BEIJING, Window
from pipeline.steps.workday import is_announced, next_workday


def last_closed(series: Series, now: dt.datetime) -> Window:
    """The last window that is over at `now` (aware), as Beijing counts days."""
    return preceding(series, series.window_of(now.astimezone(BEIJING).date()))


def following(series: Series, window: Window) -> Window:
    """The window right after `window`."""
    return series.window_of(window.end + dt.timedelta(days=1))


def preceding(series: Series, window: Window) -> Window:
    """The window right before `window`."""
    return series.window_of(window.start - dt.timedelta(days=1))


def named(series: Series, *, month: str = "", week: str = "") -> Window:
    """The window somebody asked for: `month` as 2024-06, `week` as any day of it.

    Raises `UsageError` when the text is no such date or the series has no such windows.
    """
    monthly = series.first_day is None
    if month:
        if not monthly:
            raise UsageError(f"{series.title}是周刊。", "请写这一周的任一天：--week 2025-08-08。")
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) or month < "0001":
            raise UsageError(f"“{month}”不是月份。", "请写成 2024-06。")
        return series.window_of(dt.date.fromisoformat(f"{month}-01"))
    if monthly:
        raise UsageError(f"{series.title}是月刊。", "请写月份：--month 2024-06。")
    try:
        return series.window_of(dt.date.fromisoformat(week))
    except ValueError:
        raise UsageError(f"“{week}”不是日期。", "请写成 2025-08-08。") from None
    except OverflowError:
        raise UsageError(f"“{week}”超出了日历。", "请写成 2025-08-08。") from None


def between(series: Series, after: Window, before: Window) -> list[Window]:
    """The windows that lie between two, in order."""
    windows: list[Window] = []
    step = following(series, after)
    while step.start < before.start:
        windows.append(step)
        step = following(series, step)
    return windows


def due_at(series: Series, window: Window) -> dt.datetime:
    """When the draft of a window is to be made: `after` past the midnight that ends it, in Beijing.

    With `workday` on the first working day from then on: several weeks may fall due together after a holiday.
    """
    hours, minutes = map(int, series.after.split(":"))
    midnight = dt.datetime.combine(window.end + dt.timedelta(days=1), dt.time(), BEIJING)
    moment = midnight + dt.timedelta(hours=hours, minutes=minutes)
    return next_workday(moment) if series.workday else moment


def over(series: Series, after: Window, now: dt.datetime) -> list[Window]:
    """The windows after `after` whose drafts fell due by `now` (aware), in order."""
    windows = between(series, after, series.window_of(now.astimezone(BEIJING).date()))
    return [window for window in windows if due_at(series, window) <= now]


def caught_up(series: Series, windows: Sequence[Window]) -> Sequence[Window]:
    """Those of the windows that get their draft by themselves: the last one and as many missed as `catch_up` says.

    Windows that fell due at the same moment count as one: nobody missed the first of them.
    """
    if series.catch_up == "all" or not windows:
        return windows
    moments = sorted({due_at(series, window) for window in windows})[-1 - series.catch_up :]
    return [window for window in windows if due_at(series, window) >= moments[0]]


def next_due(series: Series, now: dt.datetime) -> Window:
    """The first window whose draft falls due after `now` (aware)."""
    window = series.window_of(now.astimezone(BEIJING).date())  # it is not over
    while due_at(series, earlier := preceding(series, window)) > now:
        window = earlier
    return window


def unannounced(series: Series, window: Window) -> str:
    """What is not known yet of the day on which a window's draft falls due, in Chinese; empty when all is."""
    year = due_at(series, window).year
    if not series.workday or is_announced(year):
        return ""
    return f"{year}年的调休安排尚不可知，按周末和法定节日推算"
