"""What an issue missed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.articles import Article, Fate
from pipeline.model.issues import Decision
from pipeline.model.stories import Coverage
from pipeline.model.windows import Window


class Cause(StrEnum):
    """How a strong story of a window came not to be in its issue."""

    LEFT_OUT = "left_out"
    """An editor put it out."""
    PASSED_OVER = "passed_over"
    """It was found and did not get in."""
    LATE = "late"
    """It came after the last run over the window."""
    SILENT = "silent"
    """It came late, and from a source that could not be collected in the window."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"left_out": "编辑剔除", "passed_over": "未收录", "late": "迟到", "silent": "信源中断"}[self.value]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What somebody says, after an issue is out, of a story that it does not carry."""

    article: str
    """The id of the article that stood for the story."""
    title: str
    missed: bool
    """Whether it should have been in the issue."""
    who: str
    when: dt.datetime
    reason: str = ""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return "确为漏收" if self.missed else "不需收录"


@dataclass(frozen=True, slots=True)
class Missed:
    """A strong story of a window that its issue does not carry."""

    cause: Cause
    fate: Fate
    """What became of it, or would have by itself."""
    articles: tuple[Article, ...]
    """The one that would have been printed first."""
    score: float
    houses: int
    """How many outlets show it."""
    strength: float
    """By which stories are ordered: the score, more for every outlet that shows it."""
    reasons: tuple[str, ...] = ()
    """In Chinese, strongest first."""
    handle: str = ""
    """Of the issue's own candidate; empty for what was none."""
    left_out: Decision | None = None
    """Who put it out, when and why."""
    sources: tuple[str, ...] = ()
    """Names of the sources that gave it late."""
    seen: dt.datetime | None = None
    """When it was first seen."""
    later: Coverage | None = None
    """Where a later issue of the series carries it."""
    hindsight: Hindsight | None = None

    @property
    def article(self) -> Article:
        """The one that would have been printed."""
        return self.articles[0]


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that could not be collected in a window."""

    name: str
    told: str
    """Since when, until when and why, in Chinese."""
    came: int = 0
    """How many articles of the window it gave after the last run over it."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What an issue that is out might have carried and does not."""

    series: str
    number: int
    window: Window
    until: dt.datetime
    """The last moment of which the issue knew."""
    stories: tuple[Missed, ...] = ()
    """Strongest first."""
    silences: tuple[Silence, ...] = ()
