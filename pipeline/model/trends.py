"""What issues are about, counted over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.windows import Window


class Facet(StrEnum):
    """What items are counted by."""

    TOPICS = "topics"
    TERMS = "terms"
    OUTLETS = "outlets"
    PLACES = "places"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"topics": "主题", "terms": "命中的词", "outlets": "来源", "places": "地区与机构"}[self.value]


@dataclass(frozen=True, slots=True)
class Counted:
    """What one issue carried: how many of its items have each name, an item once a name."""

    number: int
    printed: str
    """The number as the series prints it: 第五三五期."""
    window: Window
    items: int
    names: Mapping[Facet, Mapping[str, int]]
    without: Mapping[Facet, int]
    """How many items have no name at all."""
    kinds: Mapping[str, str]
    """What the places are, in Chinese: 医院, 机构, 地区, 省市."""
    days: Mapping[dt.date, int]
    """How many items were published on each day; those without a date are not among them."""
    seen: int | None = None
    """How many leads the last run over its window met; `None` where nobody counted."""
    imported: bool = False
    """Whether it was put out elsewhere."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in a chart: an issue, or all issues of a month, a quarter or a year."""

    label: str
    """What stands at the axis: 535, 2024-06, 2024Q2, 2024."""
    told: str
    """第五三五期, 2024年6月."""
    window: Window
    """From the first day of its first issue to the last day of its last one."""
    issues: int
    items: int
    seen: int | None = None
    """The leads of those of its issues for which they were counted; `None` where it was for none."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """How many items have a name, in each period."""

    name: str
    counts: tuple[int, ...]
    kind: str = ""
    """What a place is."""

    @property
    def total(self) -> int:
        """In all periods together."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The names of one facet, the most frequent first."""

    facet: Facet
    rows: tuple[Frequency, ...]
    more: int = 0
    """How many further names there are."""
    without: int = 0
    """How many items have none."""


@dataclass(frozen=True, slots=True)
class Trends:
    """What issues of one series were about, over time."""

    unit: str
    """What a period is: 期, 月, 季, 年."""
    periods: tuple[Period, ...]
    rankings: tuple[Ranking, ...]
    """One a facet."""
    imported: int = 0
    """How many of the issues were put out elsewhere."""
    days: tuple[tuple[dt.date, int], ...] = ()
    """Of a single issue: how many items were published on each day of its window."""
    undated: int = 0
    """Of a single issue: how many items were published on none of them, as far as is known."""

    @property
    def issues(self) -> int:
        """How many issues were counted."""
        return sum(one.issues for one in self.periods)

    @property
    def items(self) -> int:
        """How many items were counted."""
        return sum(one.items for one in self.periods)


ANNEX = "_bulletin_annex"
"""The bookmark round the annex of a document, so that nobody takes it for the text of the last item."""
