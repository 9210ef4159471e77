"""Which stories an issue that is out might have carried, and how strong each is.

A story is strong when its score, more for every doubling of the outlets that show it, reaches what waits as 备选:
what was judged out by little is worth a second look when many print it. What the issue prints in another telling, what
an earlier one carried, and what a series carries of another's is nobody's miss; what a later issue carries was mended.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence

from pipeline.config import Outlets
from pipeline.model import (
    BEIJING,
    Article,
    Candidate,
    Cause,
    Coverage,
    Decision,
    Draft,
    Edge,
    Fate,
    Flag,
    Genre,
    Hindsight,
    Missed,
)
from pipeline.steps.select import houses, retellings

PER_DOUBLING = 0.05
"""What twice as many outlets add to the score: sixteen make up for 0.2."""


def strength(score: float, shown: int) -> float:
    """By which missed stories are ordered: 0 to 1 for one that a single outlet shows."""
    return round(score + PER_DOUBLING * math.log2(max(shown, 1)), 4)


def shown_by(candidate: Candidate, outlets: Outlets) -> int:
    """How many outlets show a story, its representative's own among them."""
    reprinting, telling = houses(retellings(candidate, outlets))
    return 1 + len(reprinting) + len(telling)


def printed_already(coverage: Iterable[Coverage], series: str, number: int) -> bool:
    """Whether the issue itself or an earlier one of its series carries the same thing."""
    return any(one.relation.folds and one.series == series and one.number <= number for one in coverage)


def mended(coverage: Iterable[Coverage], series: str, number: int) -> Coverage | None:
    """Where a later issue of the series carries the same thing, the first that does."""
    later = [one for one in coverage if one.relation.folds and one.series == series and one.number > number]
    return min(later, key=lambda one: (one.number, one.position), default=None)


def reasons(candidate: Candidate, draft: Draft, shown: int, cause: Cause, left_out: Decision | None) -> tuple[str, ...]:
    """Why a story is strong, and what spoke against it, as an editor reads it."""
    article = candidate.article
    found = [f"{shown} 家媒体"] if shown > 1 else []
    if left_out:
        found.append(f"{left_out.who}剔除" + (f"：{left_out.reason}" if left_out.reason else ""))
    elif cause is Cause.LEFT_OUT:
        found.append("剔除，没有留下是谁")
    found += candidate.rating.because
    if candidate.rating.genre is not Genre.NEWS:
        found.append(candidate.rating.genre.chinese)
    if Flag.MIRROR in article.flags:
        found.append("仅见于疑似镜像站")
    if article.date is None:
        found.append("页面没有给出发布日期")
    if place := _like_printed(candidate.suspected, {one.id for one in candidate.articles}, draft):
        found.append(f"疑似与第{place}条同一事件")
    return tuple(dict.fromkeys(found))


def _like_printed(suspected: Sequence[Edge], own: set[str], draft: Draft) -> int:
    """The place in the contents of an item that may tell of the same event; 0 for none."""
    others = {end for edge in suspected if not edge.relation.folds for end in (edge.a, edge.b)} - own
    for place, handle in enumerate(draft.chosen, start=1):
        if any(one.id in others for one in draft.candidate(handle).articles):
            return place
    return 0


def said_of(articles: Sequence[Article], said: Mapping[str, Hindsight]) -> Hindsight | None:
    """The last word on a story, by whichever of its articles it was told; another may stand for it by now."""
    return max((said[one.id] for one in articles if one.id in said), key=lambda one: one.when, default=None)


def ordered(stories: Iterable[Missed], least: float) -> tuple[Missed, ...]:
    """The strong ones, strongest first; `least` is what a story must reach."""
    strong = (one for one in stories if one.strength >= least)
    return tuple(sorted(strong, key=lambda one: (-one.strength, -one.houses, one.article.id)))


def chips(story: Missed) -> list[str]:
    """What an editor reads of a story beside its title: how it was missed, if that was mended, why it is strong."""
    found = [story.cause.chinese]
    if story.cause is Cause.PASSED_OVER and story.fate is not Fate.EXCLUDED:
        found.append(story.fate.chinese)
    if story.sources:
        found.append(f"{'、'.join(story.sources)}给出" + (f"，{_day(story.seen)}才见到" if story.seen else ""))
    if story.later:
        found.append(f"后来收于{story.later.place}")
    return [*found, *story.reasons]


def _day(moment: dt.datetime) -> str:
    day = moment.astimezone(BEIJING)
    return f"{day.month}月{day.day}日"
