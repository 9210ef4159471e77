"""Watching the sources: visits, their outcomes, health."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one visit to a source came to."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    FAILED = "failed"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"ok": "正常", "unchanged": "未变", "empty": "空", "failed": "失败"}[self.value]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a source: when, what it came to, in counts."""

    source: str
    when: dt.datetime
    outcome: Outcome
    because: str = ""
    """Why it failed or gave nothing, in Chinese."""
    leads: int = 0
    fresh: int = 0
    """Leads that were not known before."""
    pages: int = 0
    failed: int = 0
    """Pages that could not be fetched."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the source showed what it has."""
        return self.outcome in (Outcome.OK, Outcome.UNCHANGED)


class Health(StrEnum):
    """How a source is doing."""

    FINE = "fine"
    UNCHANGED = "unchanged"
    QUIET = "quiet"
    EMPTY = "empty"
    FAILED = "failed"
    NEVER = "never"
    DISABLED = "disabled"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _HEALTH[self]


_HEALTH = {
    Health.FINE: "正常",
    Health.UNCHANGED: "未变",
    Health.QUIET: "比平时安静",
    Health.EMPTY: "空",
    Health.FAILED: "失败",
    Health.NEVER: "未采过",
    Health.DISABLED: "停用",
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a source is doing, as its visits tell."""

    health: Health
    because: str = ""
    """Why, in Chinese; empty when all is well."""
    since: dt.datetime | None = None
    """Since when it has been failing, empty or quiet."""
    streak: int = 0
    """Visits in a row that failed or were empty."""
    succeeded: dt.datetime | None = None
    """The last visit that went well."""
    fresh: dt.datetime | None = None
    """The last visit that gave a lead not known before."""
    usual: dt.timedelta | None = None
    """The time between new leads that nine of ten do not exceed; `None` while too few are known."""
    trouble: bool = False
    """Whether people should be told."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a window in which a source could not be collected."""

    because: str
    since: dt.datetime | None = None
    """The last time it was collected before; `None` when it never was."""
    until: dt.datetime | None = None
    """When it was collected again; `None` when it was not."""
