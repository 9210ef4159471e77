"""Reasoning: what was passed over and why, what led to one verdict, what another scope would change."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.config import Scope, Series
from pipeline.desk.relating import document
from pipeline.desk.releasing import Releasing
from pipeline.desk.room import command
from pipeline.errors import UsageError
from pipeline.model import (
    Article,
    Candidate,
    Desked,
    Edge,
    Fate,
    Rating,
    Verdict,
    Window,
    chinese_number,
)
from pipeline.steps.cover import cover
from pipeline.steps.decide import find
from pipeline.steps.reasons import TAKEN, Heap, Passed, Tie, Why, heaped
from pipeline.steps.replay import Before, Changed, Judged, changed, changes
from pipeline.steps.select import retellings
from pipeline.store import Accounted, Stored

Rate = Callable[[Article], Rating]
_AT_ONCE = 200  # articles in memory together


@dataclass(frozen=True, slots=True)
class Pile:
    """What a window's last run passed over."""

    leads: int
    """Every lead of the run."""
    heaps: Sequence[Heap]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What another scope would change in one window."""

    window: Window
    articles: int
    """Judged again."""
    since: dt.datetime | None
    """When the run began whose verdicts it is held against; `None` where the scope in force stands in for one."""
    before: Mapping[Verdict, int] = field(default_factory=dict)
    after: Mapping[Verdict, int] = field(default_factory=dict)
    changes: Sequence[Changed] = ()
    seconds: float = 0.0


class Reasoning(Releasing):
    """Says why; decides and keeps nothing."""

    # what was passed over -----------------------------------------------------------------------

    def passed(
        self, desked: Desked, *, reason: str = "", search: str = "", limit: int = 0, candidates: bool = True
    ) -> Pile:
        """The leads of the window's last run that are neither in its draft nor waiting in it, by reason.

        Of each reason the `limit` nearest misses, 0 for all, and only those that speak of `search`; those that are
        candidates of the draft only with `candidates`. Raises `UsageError` when there is no `reason` of that name, in
        whole or in part.
        """
        every = self.accounted(desked)
        heaps = heaped(one for one in self._passed(desked, every) if candidates or not one.handle)
        if reason:
            chosen = [one for one in heaps if reason in one.group]
            if not chosen:
                known = "、".join(one.group for one in heaps) or "无"
                raise UsageError(f"没有“{reason}”这一类。", f"现有：{known}。")
            heaps = chosen
        if search:
            heaps = [self._speaking_of(search, one) for one in heaps]
        shown = [replace(one, leads=one.leads[:limit] if limit else one.leads) for one in heaps if one.count]
        return Pile(len(every), shown if search else [replace(one, leads=self._as_known(one.leads)) for one in shown])

    def _passed(self, desked: Desked, every: Sequence[Accounted]) -> list[Passed]:
        standing = {one.article.id: one for one in desked.draft.candidates}
        found: list[Passed] = []
        for one in every:
            candidate = standing.get(one.article) if one.decides else None
            if one.fate not in TAKEN:
                score = candidate.rating.score if candidate else one.score
                handle = candidate.handle if candidate else ""
                found.append(Passed(one.lead, one.fate, one.ground, one.because, score, handle=handle))
        return found

    def _as_known(self, passed: Sequence[Passed]) -> tuple[Passed, ...]:
        return tuple(one for one, _ in self._looked_up(passed))

    def _speaking_of(self, search: str, heap: Heap) -> Heap:
        wanted = search.strip().casefold()
        found = tuple(
            one
            for start in range(0, len(heap.leads), _AT_ONCE)
            for one, text in self._looked_up(heap.leads[start : start + _AT_ONCE])
            if wanted in f"{one.title}\n{one.outlet}\n{one.because}\n{one.url}\n{text}".casefold()
        )
        return Heap(heap.group, len(found), found)

    def _looked_up(self, passed: Sequence[Passed]) -> Iterator[tuple[Passed, str]]:
        """Leads with what an editor knows them by, and the text of their articles."""
        leads = self.leads.get([one.lead for one in passed])
        articles = self.leads.articles(one.article for one in leads if one.article)
        for one, stored in zip(passed, leads, strict=True):
            if article := articles.get(stored.article or ""):
                yield (
                    replace(one, title=article.title, outlet=article.outlet, date=article.date, url=article.url),
                    article.text,
                )
            else:
                lead = stored.lead
                yield replace(one, title=lead.title, outlet=lead.outlet, url=lead.url), ""

    # why ----------------------------------------------------------------------------------------

    def why(self, desked: Desked, target: str) -> Why:
        """What led to the verdict on a candidate, or on anything stored; raises `UsageError` when nothing fits.

        A candidate is named as elsewhere; what was passed over by its address or a part of its title.
        """
        try:
            candidate, article = find(desked.draft, target)
        except UsageError:
            known = [article.title for one in desked.draft.candidates for article in one.articles]
            if any(target in title for title in known):
                raise
            return self._why_stored(desked, self._stored(desked, target))
        return self._why_candidate(desked, candidate, article)

    def _why_candidate(self, desked: Desked, candidate: Candidate, article: Article) -> Why:
        draft, first = desked.draft, candidate.article
        known = {one.id: one for each in draft.candidates for one in each.articles}
        own = {one.id: one for one in candidate.articles}
        series = self.series(draft.series)
        verdict = next((one for one in self.accounted(desked) if one.article == article.id and one.decides), None)
        stands = article is first
        nearest = self.precedents(draft.window).nearest(document(article), draft.series)
        return Why(
            title=article.title,
            url=article.url,
            outlet=article.outlet,
            date=article.date,
            fate=verdict.fate if verdict else Fate.INCLUDED if candidate.handle in draft.chosen else None,
            because=verdict.because if verdict else "",
            rating=candidate.rating if stands else self.rater(series)(article),
            handle=candidate.handle,
            position=draft.chosen.index(candidate.handle) + 1 if stands and candidate.handle in draft.chosen else 0,
            under="" if stands else first.title,
            page=(*article.remarks, *(f"注意：{note}" for note in article.notes)),
            ties=self._folded(candidate, article),
            suspected=_ties(candidate.suspected, article, {key: known[key] for key in known.keys() - own.keys()}),
            coverage=candidate.coverage,
            precedents=nearest,
            opinions=candidate.opinions,
        )

    def _folded(self, candidate: Candidate, article: Article) -> tuple[Tie, ...]:
        """What is folded under the representative, or how one that is folded belongs to it: as `draft show` says."""
        first = candidate.article
        told = retellings(candidate, self.config.outlets)
        if article is first:
            return tuple(Tie(one.chinese, one.score, one.because, one.title, one.url) for one in told)
        return tuple(
            Tie(one.chinese, one.score, one.because, first.title, first.url) for one in told if one.id == article.id
        )

    def _why_stored(self, desked: Desked, stored: Stored) -> Why:
        draft = desked.draft
        verdict = next((one for one in self.accounted(desked) if one.lead == stored.id), None)
        article = self.leads.articles([stored.article]).get(stored.article) if stored.article else None
        rejection = stored.rejection
        lead = stored.lead
        why = Why(
            title=article.title if article else lead.title,
            url=article.url if article else lead.url,
            outlet=article.outlet if article else lead.outlet,
            date=article.date if article else None,
            fate=verdict.fate if verdict else rejection.fate if rejection else None,
            because=verdict.because if verdict else rejection.because if rejection else "",
            rating=None,
        )
        if article is None:
            return why
        edges = self.fingerprints.edges([article.id])
        known = self.leads.articles({one for edge in edges for one in (edge.a, edge.b)})
        return replace(
            why,
            ties=_ties([edge for edge in edges if edge.relation.folds], article, known),
            suspected=_ties([edge for edge in edges if not edge.relation.folds], article, known),
            rating=self.rater(self.series(draft.series))(article),
            page=(*article.remarks, *(f"注意：{note}" for note in article.notes)),
            coverage=tuple(cover([document(article)], self.earlier([document(article)])).get(article.id, ())),
            precedents=self.precedents(draft.window).nearest(document(article), draft.series),
        )

    def _stored(self, desked: Desked, target: str) -> Stored:
        """What was stored under an address, or the one lead of the window's last run with such a title."""
        if target.startswith(("http:", "https:", "file:")):
            for stored in self.leads.at(target):
                return stored
            raise UsageError(f"没有采集过 {target}。", "请核对网址；网址要与 draft rejected 所列的相同。")
        passed = self._passed(desked, self.accounted(desked))
        found: dict[str, int] = {}
        for start in range(0, len(passed), _AT_ONCE):
            for one in self._as_known(passed[start : start + _AT_ONCE]):
                if target.casefold() in one.title.casefold():
                    found.setdefault(one.url, one.lead)
        if len(found) > 1:
            listed = "；".join(list(found)[:5])
            raise UsageError(f"“{target}”不止一篇：{listed}。", "请写网址或更长的标题。")
        if not found:
            raise UsageError(f"草稿和未入选的线索里都没有“{target}”。", "请用 draft show 或 draft rejected 查看标题。")
        return self.leads.get(list(found.values()))[0]

    # another scope ------------------------------------------------------------------------------

    def replay(
        self,
        series: Series,
        windows: Sequence[Window],
        scope: Scope | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[Replayed]:
        """What a scope would make of the stored articles of windows, each held against its last run; keeps nothing.

        Without `scope` it is the one in force, as it stands in the file now. Articles that the run did not judge
        are held against the scope in force. Raises `UsageError` when there is nothing to hold a window against.
        """
        in_force = self.rater(series)
        rate = self.rater(series, scope) if scope else in_force
        for window in windows:
            yield self._replayed(series, window, in_force, rate, say)

    def _replayed(
        self, series: Series, window: Window, in_force: Rate, rate: Rate, say: Callable[[str], None]
    ) -> Replayed:
        begun = time.monotonic()
        desked = self.issues.of_window(series.id, window)
        run = self.runs.last(series.id, window)
        if rate is in_force and desked is None:
            raise UsageError(
                f"{series.title} {window} 还没有生成过，没有可比的判定。",
                f"请先运行 {command('run', series, window)}，或用 --scope 指明另一份范围。",
            )
        counted = {moment: dict.fromkeys(Verdict, 0) for moment in ("before", "after")}

        def each() -> Iterator[Judged]:
            judged = self._judged_again(series, window, desked, in_force, rate)
            for number, one in enumerate(judged, start=1):
                counted["before"][one.before.verdict] += 1
                counted["after"][one.after.verdict] += 1
                if number % 1000 == 0:
                    say(f"{window} 已重判 {number} 篇（每秒 {number / (time.monotonic() - begun):.0f} 篇）")
                yield one

        found = changes(each())
        return Replayed(
            window,
            sum(counted["after"].values()),
            run.started if run else None,
            counted["before"],
            counted["after"],
            found,
            round(time.monotonic() - begun, 2),
        )

    def _judged_again(
        self, series: Series, window: Window, desked: Desked | None, in_force: Rate, rate: Rate
    ) -> Iterator[Judged]:
        met: set[str] = set()
        for candidate in desked.draft.candidates if desked else ():
            met |= {article.id for article in candidate.articles}
            dated = [one for one in candidate.articles if one.date is not None and one.date in window]
            after = max((rate(one) for one in dated or candidate.articles), key=lambda rating: rating.score)
            before = Before(candidate.rating.verdict, candidate.rating.score, candidate.rating)
            yield _judged(candidate.article, before, after, _printed(desked, candidate), _held(desked, candidate))
        out = {
            one.article: one
            for one in (self.accounted(desked) if desked else ())
            if one.article and one.fate is Fate.OUT_OF_SCOPE
        }
        rest = {one.article for one in self.leads.of_window(series.id, window, 0) if one.article} - met
        for article in self._dated(sorted(rest), window):
            after = rate(article)
            if (kept := out.get(article.id)) is None:
                yield _judged(article, _as_now(in_force(article)), after)
                continue
            before = Before(Verdict.OUT, kept.score)
            if rate is not in_force and changed(before.verdict, after.verdict):
                # what the run thought of it is not kept; the scope in force, if it thinks alike, tells the terms
                now = in_force(article)
                before = replace(before, rating=now if now.verdict is before.verdict else None)
            yield _judged(article, before, after)

    def _dated(self, ids: Sequence[str], window: Window) -> Iterator[Article]:
        """The articles of the window, and those without a date."""
        for start in range(0, len(ids), _AT_ONCE):
            for _, article in sorted(self.leads.articles(ids[start : start + _AT_ONCE]).items()):
                if article.date is None or article.date in window:
                    yield article


def _ties(edges: Sequence[Edge], article: Article, known: Mapping[str, Article]) -> tuple[Tie, ...]:
    """The relations of an article to others, strongest first."""
    found = [
        (edge, known[other])
        for edge in edges
        if article.id in (edge.a, edge.b) and (other := edge.b if edge.a == article.id else edge.a) in known
    ]
    return tuple(
        Tie(edge.relation.chinese, edge.score, edge.because, other.title, other.url)
        for edge, other in sorted(found, key=lambda pair: -pair[0].score)
    )


def _as_now(rating: Rating) -> Before:
    return Before(rating.verdict, rating.score, rating)


def _judged(article: Article, before: Before, after: Rating, printed: str = "", held: bool = False) -> Judged:
    return Judged(article.title, article.outlet, article.date, article.url, before, after, printed, held)


def _printed(desked: Desked | None, candidate: Candidate) -> str:
    """Where a candidate stands in an issue that is out."""
    if desked is None or not desked.released or desked.withdrawn or candidate.handle not in desked.draft.chosen:
        return ""
    return f"第{chinese_number(desked.number)}期第{desked.draft.chosen.index(candidate.handle) + 1}条"


def _held(desked: Desked | None, candidate: Candidate) -> bool:
    return desked is not None and candidate.handle in desked.draft.included
