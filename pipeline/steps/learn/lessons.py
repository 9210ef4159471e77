"""What released issues teach: which articles editors took and which not, which they merged and which they split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from pipeline.model import Article, Candidate, Desked, Draft, Flag, State, Verdict

_KEPT = 0.5  # it entered by itself and nobody minded
_DECIDED = 1.0
_PASSED_OVER = 0.3  # it was offered as 备选 and never taken


@dataclass(frozen=True, slots=True)
class Lesson:
    """One article and whether it belongs in."""

    article: Article
    included: bool
    weight: float
    issue: str
    """Last day of the issue's window and its series, so that issues sort by age."""


@dataclass(frozen=True, slots=True)
class PairLesson:
    """Two articles an editor merged or split, among the articles of their issue."""

    a: str
    b: str
    together: bool
    issue: str
    among: tuple[Article, ...]


def lessons(
    issues: Iterable[Desked], afterwards: Mapping[int, Mapping[str, bool]] = {}, known: Mapping[str, Article] = {}
) -> tuple[list[Lesson], int]:
    """What the released issues say about articles, oldest issue first, and how many articles contradict themselves.

    An article that one issue took and another put out teaches nothing. What was put out or passed over for another
    reason than its subject teaches nothing either: carried before, a mirror, undated, from elsewhere, told by one
    that was taken. What was said `afterwards` of an issue's stories (issue → article id → whether it was missed) comes
    in place of what the issue itself says; `known` are the articles that are no candidates.
    """
    found: dict[str, list[Lesson]] = {}
    for desked in _released(issues):
        issue = _named(desked)
        chosen = set(desked.draft.chosen)
        taken = {article.id for one in desked.draft.candidates if one.handle in chosen for article in one.articles}
        said = afterwards.get(desked.id, {})
        for candidate in desked.draft.candidates:
            if (taught := _taught(desked.draft, candidate, taken, said.get(candidate.article.id))) is not None:
                included, weight = taught
                lesson = Lesson(candidate.article, included, weight, issue)
                found.setdefault(candidate.article.id, []).append(lesson)
        own = {one.article.id for one in desked.draft.candidates}
        # why one that was no candidate is not wanted nobody knows: it may be from elsewhere, or told already
        for article in (known[one] for one, missed in said.items() if missed and one in known and one not in own):
            found.setdefault(article.id, []).append(Lesson(article, True, _DECIDED, issue))
    agreed = [
        max(some, key=lambda one: one.weight) for some in found.values() if len({one.included for one in some}) == 1
    ]
    return sorted(agreed, key=lambda one: (one.issue, one.article.id)), len(found) - len(agreed)


def _taught(draft: Draft, candidate: Candidate, taken: Set[str], missed: bool | None) -> tuple[bool, float] | None:
    if candidate.handle in draft.chosen:
        return True, _DECIDED if candidate.handle in draft.included else _KEPT
    if missed:
        return True, _DECIDED
    if _has_another_reason(draft, candidate, taken):
        return None
    if candidate.handle in draft.excluded or missed is False:
        return False, _DECIDED
    if candidate.rating.verdict is Verdict.BORDERLINE:
        return False, _PASSED_OVER
    return None


def _has_another_reason(draft: Draft, candidate: Candidate, taken: Set[str]) -> bool:
    """Whether something else than its subject may have kept it out; `taken` are the ids of articles that got in."""
    article = candidate.article
    return (
        bool(candidate.coverage)
        or Flag.MIRROR in article.flags
        or article.date is None
        or article.date not in draft.window
        or any(part.name == "地区" for part in candidate.rating.parts)
        or any({edge.a, edge.b} & taken for edge in candidate.suspected)
    )


def pair_lessons(issues: Iterable[Desked]) -> list[PairLesson]:
    """What the released issues say about pairs of articles, oldest issue first."""
    found: list[PairLesson] = []
    for desked in _released(issues):
        draft = desked.draft
        among = tuple(sorted((one for c in draft.candidates for one in c.articles), key=lambda one: one.id))
        here = {one.id for one in among}
        pairs = {(min(pair), max(pair)): together for together in (True, False) for pair in _pairs(draft, together)}
        found += [
            PairLesson(a, b, together, _named(desked), among)
            for (a, b), together in sorted(pairs.items())
            if a in here and b in here
        ]
    return found


def _pairs(draft: Draft, together: bool) -> Sequence[tuple[str, str]]:
    return draft.together if together else draft.apart


def _released(issues: Iterable[Desked]) -> list[Desked]:
    """What is out, by age: in a draft every decision may still be taken back."""
    return sorted((one for one in issues if one.state is State.RELEASED), key=_named)


def _named(desked: Desked) -> str:
    return f"{desked.draft.window.end} {desked.draft.series}"


def newest(issues: Sequence[str]) -> set[str]:
    """The issues that a candidate is tried on: the newest quarter, at least one, none when there are fewer than two."""
    every = sorted(set(issues))
    return set(every[-max(1, len(every) // 4) :]) if len(every) > 1 else set()
