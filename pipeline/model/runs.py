"""Making a draft: how far that is, who does it, and what became of the leads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.articles import Fate
from pipeline.model.windows import Window


class Progress(StrEnum):
    """How far claimed work is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Work:
    """What can be claimed: the making of one window's draft; without a series a `task`, or a round of collecting."""

    series: str = ""
    window: Window | None = None
    task: str = ""
    """What is done where it is neither."""


COLLECTING = Work()
"""The round of collecting; there is one of it at a time."""

PRUNING = Work(task="prune")
"""Forgetting what no issue needs."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that does work, as people and as its neighbours on the machine know it."""

    who: str
    home: str = ""
    """Where its number counts: one machine since it was started, one container; empty when that cannot be told."""
    process: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's claim on a piece of work, as it was taken or as it stands."""

    owner: str
    """The fence: different each time the work is taken."""
    worker: Worker
    attempt: int
    progress: Progress
    since: dt.datetime
    alive: bool
    """Whether it is running and its lease holds."""
    retry: dt.datetime
    """When failed work may be taken up again."""
    finished: dt.datetime | None = None
    """When it was last done, by the desk's clock."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much there is of something that is kept."""

    what: str
    """In Chinese."""
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many leads met each fate; the sum is the number of leads."""

    counts: Mapping[Fate, int]

    @property
    def leads(self) -> int:
        """Every lead of the run."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        parts = [f"{fate.chinese} {self.counts[fate]}" for fate in Fate if self.counts.get(fate)]
        return f"{self.leads} 条线索" + ("：" + "，".join(parts) if parts else "")
