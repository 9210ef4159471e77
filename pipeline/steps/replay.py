"""What a changed scope would change: verdicts held against verdicts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model import Rating, Verdict

_EQUAL = 0.0001  # scores are kept with four digits


class Change(StrEnum):
    """How a verdict differs from the one before."""

    TAKEN = "taken"
    WAITING = "waiting"
    LOWERED = "lowered"
    DROPPED = "dropped"
    GONE = "gone"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _CHANGES[self]


_CHANGES = {
    Change.TAKEN: "新收录",
    Change.WAITING: "转为待审",
    Change.LOWERED: "收录降为待审",
    Change.DROPPED: "不再收录",
    Change.GONE: "不再待审",
}


@dataclass(frozen=True, slots=True)
class Before:
    """The verdict that a changed scope is held against."""

    verdict: Verdict
    score: float | None = None
    """`None` where it was not kept."""
    rating: Rating | None = None
    """With its reasons, where they were kept."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An article, or the articles of one candidate, judged again."""

    title: str
    outlet: str
    date: dt.date | None
    url: str
    before: Before
    after: Rating
    printed: str = ""
    """Where it stands in an issue that is out: 第五三四期第4条."""
    held: bool = False
    """Whether an editor took it into the draft, where it stays whatever its score."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One verdict that would be another."""

    change: Change
    title: str
    outlet: str
    date: dt.date | None
    url: str
    before: float | None
    after: float
    terms: tuple[str, ...]
    """What is responsible, in Chinese: terms found now with +, terms no longer found with −, else the reasons."""
    printed: str = ""
    held: bool = False


def changes(judged: Iterable[Judged]) -> list[Changed]:
    """The verdicts that differ: printed items that would be thrown out first, then by change, widest first."""
    found = [
        Changed(
            change, one.title, one.outlet, one.date, one.url, one.before.score, one.after.score,
            responsible(one.before, one.after), one.printed, one.held,
        )
        for one in judged
        if (change := changed(one.before.verdict, one.after.verdict))
    ]  # fmt: skip
    order = list(Change)
    return sorted(
        found,
        key=lambda one: (
            not lost(one), order.index(one.change), -abs(one.after - (one.before or 0.0)), one.title, one.url,
        ),
    )  # fmt: skip


def lost(one: Changed) -> bool:
    """Whether an item that is printed already would now be judged out."""
    return bool(one.printed) and one.change in (Change.DROPPED, Change.GONE)


def changed(before: Verdict, after: Verdict) -> Change | None:
    """What becomes of a verdict."""
    return _BECOMES.get((before, after))


_BECOMES: Mapping[tuple[Verdict, Verdict], Change] = {
    (Verdict.OUT, Verdict.IN): Change.TAKEN,
    (Verdict.BORDERLINE, Verdict.IN): Change.TAKEN,
    (Verdict.OUT, Verdict.BORDERLINE): Change.WAITING,
    (Verdict.IN, Verdict.BORDERLINE): Change.LOWERED,
    (Verdict.IN, Verdict.OUT): Change.DROPPED,
    (Verdict.BORDERLINE, Verdict.OUT): Change.GONE,
}


def responsible(before: Before, after: Rating) -> tuple[str, ...]:
    """What makes the difference between two verdicts on one article: terms, where they tell, else the new reasons."""
    if before.score is not None and abs(before.score - after.score) < _EQUAL:
        return ("得分未变，分数线变了",)
    if before.rating is None:
        return tuple(f"+{term}" for term in _terms(after)) or after.because
    old, new = _terms(before.rating), _terms(after)
    told = [f"+{term}" for term in new if term not in old] + [f"−{term}" for term in old if term not in new]
    # a rating that lets an article in names no near misses, so that new ones are told where nothing else is
    against = [f"近似而非：{term}" for term in _terms(after, against=True) if term not in _terms(before.rating, True)]
    fresh = tuple(one for one in after.because if one not in before.rating.because)
    return tuple(told or against) or fresh or after.because


def _terms(rating: Rating, against: bool = False) -> dict[str, None]:
    return dict.fromkeys(one.term for one in rating.matches if one.against is against)
