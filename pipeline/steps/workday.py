"""Which days offices in China work: no weekend and no holiday, but the weekends that are worked in exchange (调休).

Each November the State Council announces the next year's exchange; the `holidays` library has it from its next release
on. Until then a year is known by its weekends and by the days that the law names, and is said to be unknown.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

_DAY = dt.timedelta(days=1)


@cache
def _around(year: int) -> HolidayBase:
    """The holidays of a year, and of those beside it, in which days of it may be exchanged."""
    import holidays  # a third of a second, which a desk without such a series need not wait

    return holidays.country_holidays("CN", years=(year - 1, year, year + 1))


@cache
def is_workday(day: dt.date) -> bool:
    """Whether offices work on a day."""
    return _around(day.year).is_working_day(day)


def next_workday(moment: dt.datetime) -> dt.datetime:
    """The same time of day on the first working day from that of `moment` on."""
    while not is_workday(moment.date()):
        moment += _DAY
    return moment


@cache
def is_announced(year: int) -> bool:
    """Whether the exchanged days of a year are known: there was none without any since 2001."""
    return any(day.year == year for day in _around(year).weekend_workdays)
