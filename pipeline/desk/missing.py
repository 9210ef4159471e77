"""Missing: the strong stories of a window that its issue, which is out, does not carry; and what editors say of them.

Looked through are the candidates that were not printed, what was judged out by little, and what arrived after the last
run over the window. The latter is judged as a run would judge it, but nothing of that is kept: neither a fate nor a
relation. What somebody says of a story is kept, signed, and is what the scope is learned from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.desk.claiming import Claiming
from pipeline.desk.reasoning import Reasoning
from pipeline.desk.relating import document
from pipeline.errors import UsageError
from pipeline.model import (
    BEIJING,
    Article,
    Candidate,
    Cause,
    Coverage,
    Decision,
    Desked,
    Draft,
    Edge,
    Fate,
    Hindsight,
    Missed,
    Rating,
    Rejection,
    Shortfall,
    Silence,
    Story,
    Verdict,
    Window,
)
from pipeline.steps import miss, select
from pipeline.steps.cover import cover
from pipeline.steps.dedupe import group
from pipeline.steps.health import LOOK_BACK, coverage_gap, told
from pipeline.store import Accounted, Stored


@dataclass(frozen=True, slots=True)
class _Late:
    """What came after the last run, by article."""

    sources: Mapping[str, tuple[str, ...]]
    """Article id → ids of the sources that gave it."""
    seen: Mapping[str, dt.datetime]


@dataclass(frozen=True, slots=True)
class _Told:
    """A story that was not printed, as it was judged."""

    candidate: Candidate
    fate: Fate
    handle: str = ""
    """Of the draft's own candidate; empty for what was none."""


@dataclass(frozen=True, slots=True)
class _View:
    """What is known of an issue that its stories are held against."""

    draft: Draft
    number: int
    late: _Late
    silent: set[str]
    """Ids of the sources that could not be collected."""
    gone: Mapping[str, Decision]
    """Handle → who put it out."""
    said: Mapping[str, Hindsight]
    """Article id → the last word on it."""


class Missing(Reasoning, Claiming):
    """Looks back on issues that are out."""

    def missed(self, desked: Desked) -> Shortfall:
        """The strong stories that an issue does not carry, and the sources that were silent in its window.

        Raises `UsageError` for an issue that is not out, and for one put out elsewhere, of which nobody knows.
        """
        draft, number = self._as_released(desked), desked.number
        series, window = self.series(draft.series), draft.window
        run = self.runs.last(series.id, window)
        until = run.started if run else self.issues.release_of(desked.id, desked.released).when
        leads = self.leads.get(self.late(series.id, window))
        every = self._near(desked, draft)
        late = _came(leads)
        silences, silent = self._silences(window, draft, until, leads)
        printed = {one.id for c in draft.candidates if c.handle in draft.chosen for one in c.articles}
        articles = self._outside(draft, {*every, *late.seen}, window)
        own = {one.id: one for candidate in draft.candidates for one in candidate.articles}
        known = {**articles, **own}
        edges = self.ties(known)
        stories = [one for one in self._stories(draft, known, edges) if printed.isdisjoint(one.members)]
        found = [
            *self._of_draft(draft, stories, known),
            *self._of_others(draft, stories, known, own, edges, every, late),
        ]
        covered = self._covered([one for told_of in found for one in told_of.candidate.articles])
        view = _View(draft, number, late, silent, self._left_out(desked), self._said(desked))
        missed = [each for one in found if (each := self._missed(one, view, covered))]
        least = self.config.scope.consider
        return Shortfall(series.id, number, window, until, miss.ordered(missed, least), silences)

    def look_back(self, desked: Desked, article: str, *, missed: bool, who: str, reason: str = "") -> Hindsight:
        """Keeps what somebody says of a story that an issue does not carry; a later word takes its place.

        Raises `UsageError` when the story is none of those that `missed` lists.
        """
        stories = self.missed(desked).stories
        one = next((each for each in stories if article in {a.id for a in each.articles}), None)
        if one is None:
            raise UsageError("漏收核查里没有这一条。", "请重新打开漏收核查的页面，再做一次。")
        said = Hindsight(one.article.id, one.article.title, missed, who, self._clock(), reason)
        self.hindsights.keep(desked.id, said)
        return said

    def stored_article(self, desked: Desked, article: str) -> Article:
        """An article of an issue's window as it is stored; raises `UsageError` when it was forgotten."""
        draft = self._as_released(desked)
        own = {one.id: one for candidate in draft.candidates for one in candidate.articles}
        found = own.get(article) or self.leads.articles([article]).get(article)
        if found is None:
            raise UsageError("这篇文章没有保存，或已过保留期限。", "请按网址查看原文。")
        return found

    def _missed(self, told_of: _Told, view: _View, covered: Mapping[str, Sequence[Coverage]]) -> Missed | None:
        """A story with what is known of it; `None` when the issue, or an earlier one, carries it."""
        candidate, series, late = told_of.candidate, view.draft.series, view.late
        coverage = [one for article in candidate.articles for one in covered.get(article.id, ())]
        if told_of.fate is Fate.COVERED or miss.printed_already(coverage, series, view.number):
            return None
        brought = tuple(dict.fromkeys(one for each in candidate.articles for one in late.sources.get(each.id, ())))
        cause = _cause(told_of, brought, view.silent)
        shown = miss.shown_by(candidate, self.config.outlets)
        left_out = view.gone.get(told_of.handle) if cause is Cause.LEFT_OUT else None
        names = {one.id: one.name for one in self.config.sources}
        return Missed(
            cause=cause,
            fate=told_of.fate,
            articles=candidate.articles,
            score=candidate.rating.score,
            houses=shown,
            strength=miss.strength(candidate.rating.score, shown),
            reasons=miss.reasons(candidate, view.draft, shown, cause, left_out),
            handle=told_of.handle,
            left_out=left_out,
            sources=tuple(names.get(one, one) for one in brought),
            seen=min((late.seen[one.id] for one in candidate.articles if one.id in late.seen), default=candidate.seen),
            later=miss.mended(coverage, series, view.number),
            hindsight=miss.said_of(candidate.articles, view.said),
        )

    # what there is --------------------------------------------------------------------------------

    def _as_released(self, desked: Desked) -> Draft:
        title = self.series(desked.draft.series).title
        if not desked.released:
            raise UsageError(
                f"{title} {desked.draft.window} 还没有发布，没有可核查的漏收。",
                "发布之前，未入选的用 draft rejected 查看。",
            )
        if self.issues.release_of(desked.id, desked.released).imported:
            raise UsageError(f"{title}第{desked.number}期是导入的往期，没有采集记录，无从核查漏收。")
        return self.issues.at_revision(desked.id, desked.released)

    def _near(self, desked: Desked, draft: Draft) -> dict[str, Accounted]:
        """What the run judged out, by article, as far as enough outlets would make it strong."""
        least = miss.strength(self.config.scope.consider, 1) - miss.strength(0.0, _MANY)
        return {
            one.article: one
            for one in self.accounted(replace(desked, draft=draft))
            if one.fate is Fate.OUT_OF_SCOPE and one.article and one.score is not None and one.score >= least
        }

    def _outside(self, draft: Draft, ids: Iterable[str], window: Window) -> dict[str, Article]:
        """The articles that are none of the draft's and may belong in its window."""
        own = {one.id for candidate in draft.candidates for one in candidate.articles}
        found = self.addressed(set(ids) - own)
        return {key: one for key, one in found.items() if one.date is None or one.date in window}

    def _stories(self, draft: Draft, known: Mapping[str, Article], edges: Sequence[Edge]) -> list[Story]:
        """What belongs together; what is one candidate of the draft stays so."""
        ties = [edge for candidate in draft.candidates for edge in candidate.edges]
        folded = [(c.article.id, other.id) for c in draft.candidates for other in c.articles[1:]]
        return group(
            [document(one) for _, one in sorted(known.items())],
            [*edges, *ties],
            together=[*folded, *draft.together],
            apart=draft.apart,
            prefer=lambda key: select.preference(known[key], draft.window, self.config.outlets),
        )

    def _of_draft(self, draft: Draft, stories: Sequence[Story], known: Mapping[str, Article]) -> list[_Told]:
        """The candidates that were not printed, each with what else tells of it, its fate and its handle."""
        settled = select.settled(draft)
        found: list[_Told] = []
        of = {one.article.id: one for one in draft.candidates}
        for story in stories:
            mine = [of[one] for one in story.members if one in of]
            if not mine:
                continue
            best = max(mine, key=lambda one: one.rating.score)
            others = [known[one] for one in story.members if one != best.article.id]
            whole = replace(best, articles=(best.article, *others), edges=(*best.edges, *story.edges))
            found.append(_Told(whole, settled[best.article.id].fate, best.handle))
        return found

    def _of_others(
        self,
        draft: Draft,
        stories: Sequence[Story],
        known: Mapping[str, Article],
        own: Mapping[str, Article],
        edges: Sequence[Edge],
        near: Mapping[str, Accounted],
        late: _Late,
    ) -> list[_Told]:
        """What was no candidate: what came late as a run would judge it, what was judged out as it was judged."""
        others = [one for one in stories if own.keys().isdisjoint(one.members)]
        fresh = [one for one in others if not late.seen.keys().isdisjoint(one.members)]
        series, window = self.series(draft.series), draft.window
        kept, out = select.candidates(
            window,
            known,
            fresh,
            [edge for edge in edges if not edge.relation.folds],
            self._rated(series, select.rateable(window, known, fresh)),
            {},
            late.seen,
        )
        found = [_Told(one, select.fate(one, series.id, window)) for one in kept]
        for story in others:
            judged = [near[one] for one in story.members if one in near]
            if story in fresh:
                refused = out.get(story.members[0])
                if refused is not None and refused.score is not None:
                    found.append(_judged_out(story, known, refused))
            elif judged:
                one = max(judged, key=lambda each: each.score or 0.0)
                found.append(_judged_out(story, known, Rejection(one.fate, one.because, one.ground, one.score)))
        return found

    # what is known of it --------------------------------------------------------------------------

    def _covered(self, articles: Sequence[Article]) -> dict[str, list[Coverage]]:
        documents = [document(one) for one in articles]
        return cover(documents, self.earlier(documents))

    def _left_out(self, desked: Desked) -> dict[str, Decision]:
        """Who last put a candidate out of what was released, by handle."""
        return {
            one.decision.target: one.decision
            for one in self.issues.revisions(desked.id)
            if one.revision <= desked.released and one.decision.verb == "exclude"
        }

    def _said(self, desked: Desked) -> dict[str, Hindsight]:
        return {one.article: one for one in self.hindsights.of(desked.id)}

    def _silences(
        self, window: Window, draft: Draft, until: dt.datetime, late: Sequence[Stored]
    ) -> tuple[tuple[Silence, ...], set[str]]:
        """The sources that could not be collected in the window, as the last run knew it, and their ids."""
        since = dt.datetime.combine(window.start, dt.time(), BEIJING) - LOOK_BACK
        visits = self.visits.every(since)
        found, ids, named = [], set(), set()
        for source in self.config.sources:
            every = visits.get(source.id, ())
            gap = coverage_gap([one for one in every if one.when <= until], window, until) if source.enabled else None
            line = next((one for one in draft.silent if one.partition("（")[0] == source.name), "")
            if gap is None and not line:
                continue
            named.add(line)
            if gap and gap.until is None:
                gap = replace(gap, until=next((one.when for one in every if one.good and one.when > until), None))
            ids.add(source.id)
            came = sum(one.lead.source == source.id for one in late)
            found.append(Silence(source.name, told(source.name, gap, window) if gap else line, came))
        # visits are kept for half a year, and a source may be gone from the configuration: what the draft said stays
        found += [Silence(one.partition("（")[0], one) for one in draft.silent if one not in named]
        return tuple(found), ids


_MANY = 16
"""So many outlets at most make up for a low score."""


def _came(leads: Sequence[Stored]) -> _Late:
    sources: dict[str, list[str]] = {}
    seen: dict[str, dt.datetime] = {}
    for one in leads:
        if one.article:
            sources.setdefault(one.article, []).append(one.lead.source)
            seen[one.article] = min(one.first_seen, seen.get(one.article, one.first_seen))
    return _Late({key: tuple(dict.fromkeys(some)) for key, some in sources.items()}, seen)


def _judged_out(story: Story, known: Mapping[str, Article], refused: Rejection) -> _Told:
    """A story that was judged out, in the form of one that was not."""
    rating = Rating(refused.score or 0.0, Verdict.OUT, (refused.because,))
    return _Told(Candidate("", tuple(known[one] for one in story.members), rating, story.edges), refused.fate)


def _cause(told_of: _Told, brought: Sequence[str], silent: set[str]) -> Cause:
    if told_of.fate is Fate.EXCLUDED:
        return Cause.LEFT_OUT
    if told_of.handle or not brought:
        return Cause.PASSED_OVER
    return Cause.SILENT if not silent.isdisjoint(brought) else Cause.LATE
