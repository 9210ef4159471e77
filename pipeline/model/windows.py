"""Windows: the days that an issue covers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """The days an issue covers, both ends included, in Asia/Shanghai."""

    start: dt.date
    end: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return f"{self.start}…{self.end}"


@dataclass(frozen=True, slots=True)
class Last:
    """The last issue that was put out elsewhere: a series' numbers go on after it."""

    number: int
    window: Window
