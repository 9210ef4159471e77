"""The left list of the draft page as values: what is in, what waits, what was passed over, each row as it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.config import Outlets
from pipeline.model import (
    Article,
    Candidate,
    Coverage,
    Desked,
    Draft,
    Fate,
    Flag,
    Novelty,
    Rejection,
)
from pipeline.steps.check import other_day
from pipeline.steps.reasons import Heap, Passed, heaped
from pipeline.steps.select import fate, houses, retellings, settled
from pipeline.steps.undecided import waits

_FLAGS = {Flag.MIRROR: "疑似镜像", Flag.INCOMPLETE: "不完整", Flag.TAMPERED: "疑似洗稿", Flag.NO_TITLE: "缺标题"}
_MOST_CHIPS = 4  # a fifth makes a third line of them in a column of 400 px


@dataclass(frozen=True, slots=True)
class Folded:
    """An article folded under a candidate, and what may be done with it."""

    name: str
    """What it is called where it is meant: its address, or its id where two share that."""
    who: str
    title: str
    url: str
    date: str
    relation: str
    """With its score: 转载 0.97."""
    mirror: bool
    web: bool
    """Whether its address can be followed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate as the list shows it."""

    handle: str
    title: str
    outlet: str
    date: str
    score: str
    position: int = 0
    """In the contents, from 1; 0 for what is not printed."""
    reasons: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    """How it belongs to other candidates and to earlier issues."""
    doubts: tuple[str, ...] = ()
    """What is wrong with its page, or may be."""
    noted: bool = False
    """Whether somebody wrote a note about it."""
    late: bool = False
    edited: bool = False
    excerpt: bool = False
    excluded: bool = False
    """Whether an editor put it out."""
    reprints: str = ""
    """3 家转载；2 家另报."""
    folded: tuple[Folded, ...] = ()
    before: bool = False
    """Whether it is of a day before the window: taking it needs a written reason."""
    after: bool = False
    """Whether it is of a day after the window: it cannot be taken."""
    reasoning: tuple[str, ...] = ()
    """Precedents and further opinions."""
    supplement: bool = False
    """Whether it was collected only after the draft had been made."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The list as a whole; each row is in one of the three."""

    chosen: tuple[Row, ...]
    standby: tuple[Row, ...]
    passed: tuple[Row, ...]
    folded: int
    """Articles that are folded under others."""

    @property
    def count(self) -> int:
        """How many candidates there are."""
        return len(self.chosen) + len(self.standby) + len(self.passed)

    def row(self, handle: str) -> Row | None:
        """The row of a candidate."""
        return next((one for one in self.every() if one.handle == handle), None)

    def every(self) -> Iterator[Row]:
        """All rows, from top to bottom."""
        yield from self.chosen
        yield from self.standby
        yield from self.passed


def listing(desked: Desked, outlets: Outlets) -> Listing:
    """The list of a draft."""
    draft = desked.draft
    positions = {handle: place for place, handle in enumerate(draft.chosen, start=1)}
    owners = {article.id: one for one in draft.candidates for article in one.articles}
    noted = {one.handle for one in draft.notes if not one.settled}
    rows = {one.handle: _row(draft, one, positions, owners, noted, outlets) for one in draft.candidates}
    near = sorted((one for one in draft.candidates if waits(draft, one)), key=lambda one: -one.rating.score)
    standing = {*positions, *(one.handle for one in near)}
    rest = [one for one in draft.candidates if one.handle not in standing]
    return Listing(
        tuple(rows[handle] for handle in draft.chosen),
        tuple(rows[one.handle] for one in near),
        tuple(rows[one.handle] for one in sorted(rest, key=lambda one: -one.rating.score)),
        sum(len(one.articles) - 1 for one in draft.candidates),
    )


def _row(
    draft: Draft,
    one: Candidate,
    positions: Mapping[str, int],
    owners: Mapping[str, Candidate],
    noted: Collection[str],
    outlets: Outlets,
) -> Row:
    article, edits = one.article, draft.edits.get(one.handle, {})
    day = edits.get("date") or (article.date.isoformat() if article.date else "")
    folded, reprints = _cluster(one, outlets) if len(one.articles) > 1 else ((), "")
    in_doubt = "" if "date" in edits else other_day(article.date, article.dates, draft.window)
    return Row(
        handle=one.handle,
        title=edits.get("title", article.title) or "（无标题）",
        outlet=edits.get("outlet", article.outlet) or "来源不明",
        date=day or "无日期",
        score=f"{one.rating.score:.2f}",
        position=positions.get(one.handle, 0),
        reasons=one.rating.because[:_MOST_CHIPS],
        ties=(*_ties(one, positions, owners), *_earlier(one, draft.series)),
        doubts=(*(_FLAGS[flag] for flag in article.flags if flag in _FLAGS), *(("日期存疑",) if in_doubt else ())),
        noted=one.handle in noted,
        late=one.handle in draft.late,
        edited=bool(edits),
        excerpt=one.handle in draft.excerpts,
        excluded=one.handle in draft.excluded,
        reprints=reprints,
        folded=folded,
        before=bool(day) and day < draft.window.start.isoformat(),
        after=bool(day) and day > draft.window.end.isoformat(),
        reasoning=(
            *(precedent.chinese for precedent in one.precedents),
            *(f"{said.classifier} {said.score:.2f}：{said.because}" for said in one.opinions),
        ),
        supplement=one.handle in draft.supplements,
    )


def _cluster(one: Candidate, outlets: Outlets) -> tuple[tuple[Folded, ...], str]:
    told = retellings(one, outlets)
    articles = {article.id: article for article in one.articles}
    reprinting, telling = houses(told)
    addresses = [article.url for article in one.articles]
    counted = [f"{len(reprinting)} 家转载"] if reprinting else []
    counted += [f"{len(telling)} 家另报"] if telling else []
    folded = tuple(
        Folded(
            each.url if addresses.count(each.url) == 1 else each.id,
            each.who,
            each.title,
            each.url,
            each.date.isoformat() if each.date else "无日期",
            f"{each.chinese} {each.score:.2f}" if each.score else each.chinese,
            Flag.MIRROR in articles[each.id].flags,
            each.url.startswith(("http://", "https://")),
        )
        for each in told
    )
    return folded, "；".join(counted)


def _ties(one: Candidate, positions: Mapping[str, int], owners: Mapping[str, Candidate]) -> Iterator[str]:
    """What it may be the same as among the other candidates: 与第1条疑似同一事件 0.93."""
    told: set[str] = set()
    for edge in sorted(one.suspected, key=lambda edge: -edge.score):
        for end in (edge.a, edge.b):
            other = owners.get(end)
            if other is None or other is one or other.handle in told:
                continue
            told.add(other.handle)
            place = positions.get(other.handle)
            name = f"第{place}条" if place else f"《{_short(other.article)}》"
            yield f"与{name}{edge.relation.chinese} {edge.score:.2f}"


def _short(article: Article) -> str:
    return article.title if len(article.title) <= 14 else article.title[:13] + "…"


_NOVELTY = {Novelty.REPEATED: "已收", Novelty.FOLLOW_UP: "后续", Novelty.SUSPECTED: "疑似已收"}


def _earlier(one: Candidate, series: str) -> tuple[str, ...]:
    earlier: Coverage | None = one.earlier
    if earlier is None:
        return ()
    elsewhere = "" if earlier.series == series else "他刊"
    return (f"{elsewhere}第{earlier.number}期{_NOVELTY[one.novelty]} {earlier.score:.2f}",)


def own_heaps(draft: Draft, rows: Sequence[Row]) -> list[Heap]:
    """The candidates that were passed over, by reason."""
    outcomes = settled(draft)
    candidates = {one.handle: one for one in draft.candidates}
    return heaped(_passed(draft, one, outcomes[one.article.id]) for one in (candidates[row.handle] for row in rows))


def _passed(draft: Draft, candidate: Candidate, outcome: Rejection) -> Passed:
    article, rating = candidate.article, candidate.rating
    known = _fate(draft, candidate, outcome)
    return Passed(
        0,
        known,
        rating.ground if known is Fate.OUT_OF_SCOPE else "",
        outcome.because,
        rating.score,
        article.title,
        article.outlet,
        article.date,
        article.url,
        candidate.handle,
    )


def _fate(draft: Draft, candidate: Candidate, outcome: Rejection) -> Fate:
    """What an editor calls it: a candidate that neither is in nor stands by is only by name one that waits."""
    if outcome.fate is not Fate.STANDBY:
        return outcome.fate
    by_itself = fate(candidate, draft.series, draft.window)
    return by_itself if by_itself is Fate.OUT_OF_WINDOW else Fate.OUT_OF_SCOPE
