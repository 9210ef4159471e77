"""What issues were about, over time: topics, terms, outlets, places, and how much there was.

An item counts once under each of its names, however often it has them. Its topics and terms are those by which it was
judged when its issue was made; outlets go by their name in the registry; places are looked for in title and text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.config import Outlets, PlaceRule
from pipeline.model import Counted, Facet, Frequency, Issue, Item, Period, Ranking, Trends, Window
from pipeline.steps.rate.place import KNOWN, Place, cities
from pipeline.steps.rate.terms import fold

UNNAMED = "未注明"
"""The outlet of an item that names none."""
_INITIALS = re.compile(r"(?<![a-z])[a-z]{1,3}(?![a-z])")
_UNIT = re.compile(r"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|[省市区县])$")
"""What follows the short name of a place: 北京 and 北京市, 内蒙古 and 内蒙古自治区 are one."""
_MOST_PERIODS = 36  # columns of a chart that can still be told apart on a phone


class Gazetteer:
    """The places that the scope knows: places and institutions of its rules, and the provinces and large cities."""

    def __init__(self, rules: Iterable[PlaceRule], outlets: Outlets) -> None:
        rules = tuple(rules)
        self._places = [Place(rule, outlets) for rule in rules]
        self._whole = {fold(rule.name) for rule in rules}
        self._known = KNOWN | {fold(place) for rule in rules for place in rule.places}

    def named(self, item: Item) -> dict[str, str]:
        """The places that an item speaks of, each once, and what each is: 医院, 机构, 地区 or 省市."""
        lines = [fold(line) for line in item.text.split("\n")]
        found = dict.fromkeys(cities(item.title, lines), "省市")
        for place in self._places:
            for name, institution in place.named(item.title, lines).items():
                if institution:
                    found[name] = "医院" if name.endswith("医院") else "机构"
                else:
                    short = self._short(name)
                    found[short] = "省市" if fold(short) in self._whole | KNOWN else "地区"
        return found

    def _short(self, name: str) -> str:
        """The shorter name of a place that goes by two; a name that is known by itself alone stays."""
        short = _UNIT.sub("", name)
        return short if fold(short) in self._known else name


def counted(
    issue: Issue, places: Gazetteer, outlets: Outlets, *, seen: int | None = None, imported: bool = False
) -> Counted:
    """What an issue carried; `seen` is how many leads were met for it."""
    spoken = [places.named(item) for item in issue.items]
    names: dict[Facet, list[Iterable[str]]] = {
        Facet.TOPICS: [item.topics for item in issue.items],
        Facet.TERMS: [[_written(term) for term in item.terms] for item in issue.items],
        Facet.OUTLETS: [[_outlet(item.outlet, outlets)] for item in issue.items],
        Facet.PLACES: list(spoken),
    }
    days = Counter(item.date for item in issue.items if item.date)
    return Counted(
        number=issue.number,
        printed=f"第{issue.number_chinese}期",
        window=issue.window,
        items=len(issue.items),
        names={facet: Counter(name for each in of for name in set(each)) for facet, of in names.items()},
        without={facet: sum(not each for each in of) for facet, of in names.items()},
        kinds={name: kind for each in spoken for name, kind in each.items()},
        days=days,
        seen=seen,
        imported=imported,
    )


def _written(term: str) -> str:
    """A term as one writes it: AI医疗, where it is looked for as ai医疗."""
    return term if term.isascii() else _INITIALS.sub(lambda found: found[0].upper(), term)


def _outlet(printed: str, outlets: Outlets) -> str:
    known = outlets.named(printed)
    return known.name if known else printed.strip() or UNNAMED


def trends(issues: Sequence[Counted]) -> Trends:
    """What issues of one series were about, by issue; by month, quarter or year where there are many."""
    issues = sorted(issues, key=lambda one: one.window.start)
    unit, groups = _grouped(issues)
    return Trends(
        unit=unit,
        periods=tuple(_period(unit, label, group) for label, group in groups.items()),
        rankings=tuple(_ranking(facet, list(groups.values())) for facet in Facet),
        imported=sum(one.imported for one in issues),
        days=_days(issues[0]) if len(issues) == 1 else (),
        undated=issues[0].items - sum(n for _, n in _days(issues[0])) if len(issues) == 1 else 0,
    )


def shortened(found: Trends, most: int) -> Trends:
    """The same with at most so many names a facet."""
    return replace(
        found,
        rankings=tuple(
            replace(one, rows=one.rows[:most], more=one.more + max(0, len(one.rows) - most)) for one in found.rankings
        ),
    )


def _days(issue: Counted) -> tuple[tuple[dt.date, int], ...]:
    window = issue.window
    days = (window.start + dt.timedelta(days=n) for n in range((window.end - window.start).days + 1))
    return tuple((day, issue.days.get(day, 0)) for day in days)


_LABELS: Mapping[str, Callable[[Counted], str]] = {
    "期": lambda one: str(one.number) if one.number > 0 else "未定",  # a draft that holds no number yet
    "月": lambda one: f"{one.window.end:%Y-%m}",
    "季": lambda one: f"{one.window.end.year}Q{(one.window.end.month + 2) // 3}",
    "年": lambda one: str(one.window.end.year),
}
"""What a period may be, the finest first → the label of the one that an issue belongs to."""


def _grouped(issues: Sequence[Counted]) -> tuple[str, dict[str, list[Counted]]]:
    """The finest periods of which there are not too many, and the issues of each."""
    found: dict[str, dict[str, list[Counted]]] = {unit: {} for unit in _LABELS}
    for unit, label in _LABELS.items():
        for one in issues:
            found[unit].setdefault(label(one), []).append(one)
    few = (unit for unit, groups in found.items() if len(groups) <= _MOST_PERIODS)
    unit = next(few, "年")
    return unit, found[unit]


def _period(unit: str, label: str, group: Sequence[Counted]) -> Period:
    last = group[-1].window.end
    told = {
        "期": group[-1].printed,
        "月": f"{last.year}年{last.month}月",
        "季": f"{last.year}年第{(last.month + 2) // 3}季度",
        "年": f"{last.year}年",
    }[unit]
    seen = [one.seen for one in group if one.seen is not None]
    return Period(
        label=label,
        told=told,
        window=Window(group[0].window.start, last),
        issues=len(group),
        items=sum(one.items for one in group),
        seen=sum(seen) if seen else None,
    )


def _ranking(facet: Facet, groups: Sequence[Sequence[Counted]]) -> Ranking:
    kinds = {name: kind for group in groups for one in group for name, kind in one.kinds.items()}
    names = sorted({name for group in groups for one in group for name in one.names[facet]})
    rows = [
        Frequency(
            name,
            tuple(sum(one.names[facet].get(name, 0) for one in group) for group in groups),
            kinds.get(name, "") if facet is Facet.PLACES else "",
        )
        for name in names
    ]
    # of two that are as frequent the one of late first
    rows.sort(key=lambda row: (-row.total, tuple(-count for count in reversed(row.counts)), row.name))
    without = sum(one.without[facet] for group in groups for one in group)
    return Ranking(facet, tuple(rows), without=without)
