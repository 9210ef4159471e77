"""Judging: what a window's draft should be, from everything the store holds."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import structlog

from pipeline.classifiers import opened as classifiers
from pipeline.config import Scope, Series
from pipeline.desk.relating import MARGIN, Relating, document, is_near
from pipeline.desk.room import FEW
from pipeline.errors import BlobLost
from pipeline.executor import Lost
from pipeline.model import (
    Article,
    Candidate,
    Classifier,
    Desked,
    Draft,
    Fate,
    Learnt,
    Opinion,
    Page,
    Rating,
    Rejection,
    Verdict,
    Window,
)
from pipeline.steps import select
from pipeline.steps.cover import cover
from pipeline.steps.dedupe import group
from pipeline.steps.extract.opinion import PAGE_ALONE
from pipeline.steps.illustrate import illustrated
from pipeline.steps.precedent import Precedents, rulings
from pipeline.steps.rate import Model, Rater
from pipeline.steps.rate.words import read_model
from pipeline.steps.read import look_again
from pipeline.steps.sanity import alarm
from pipeline.store import Accounted, Accounts, Stored

log = structlog.get_logger("pipeline.desk")
_AT_ONCE = 20  # pages that lie in memory together


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run would make of a window, and what it found there."""

    before: Desked | None
    draft: Draft
    accounts: Accounts


class Judging(Relating):
    """Groups, rates and holds against earlier issues; keeps nothing but relations."""

    def propose(self, run: int, *, supplement: bool = False) -> Proposal:
        """The draft of a run's window from everything the store holds, and every lead's fate.

        As a supplement it is the draft that is there, and what came since.
        Of it nothing is kept. How articles belong together is, where it was not known yet: it is derived from them.
        """
        begun = self.runs.get(run)
        series, window = self.series(begun.series), begun.window
        before = self.issues.of_window(series.id, window)
        stored = self.leads.of_window(series.id, window, MARGIN)
        draft, rejected = self._drafted(
            series, window, stored, before.draft if before else None, self.gaps(window), supplement=supplement
        )
        settled = {**rejected, **select.settled(draft)}
        fates = _one_article_once([_accounted(one, settled) for one in stored])
        accounts = Accounts(run, fates, begun.owner)
        return Proposal(before, draft, accounts)

    def _drafted(
        self,
        series: Series,
        window: Window,
        stored: Sequence[Stored],
        previous: Draft | None,
        silent: Sequence[str],
        *,
        supplement: bool = False,
    ) -> tuple[Draft, dict[str, Rejection]]:
        articles = self.addressed(one.article for one in stored if one.article)
        near = {key: one for key, one in articles.items() if one.date is None or is_near(one.date, window)}
        rejected = {key: select.outside(one, window) for key, one in articles.items() if key not in near}
        documents = [document(one) for _, one in sorted(near.items())]
        edges = self.related(near)
        stories = group(
            documents,
            edges,
            together=previous.together if previous else (),
            apart=previous.apart if previous else (),
            prefer=lambda key: select.preference(near[key], window, self.config.outlets),
        )
        # With the earlier tellings of its story: a late reprint of one that was folded is no news either.
        inside = {one.id for one in documents if one.date is None or one.date in window}
        members = {one for story in stories if not inside.isdisjoint(story.members) for one in story.members}
        held = [one for one in documents if one.id in members]
        seen: dict[str, dt.datetime] = {}
        for one in stored:
            if one.article:
                seen[one.article] = min(one.first_seen, seen.get(one.article, one.first_seen))
        kept, out = select.candidates(
            window,
            near,
            stories,
            [edge for edge in edges if not edge.relation.folds],
            self._rated(series, select.rateable(window, near, stories)),
            cover(held, self.earlier(held)),
            seen,
        )
        made = select.draft(series.id, window, kept, silent, previous, supplement=supplement)
        candidates = tuple(self._illustrated(one) for one in self._looked_at_again(made.candidates, stored))
        judged = len(kept) + sum(one.fate is Fate.OUT_OF_SCOPE for one in out.values())
        if told := alarm(judged, len(kept), silent):
            log.warning(
                "scope is hard to believe", series=series.id, window=str(window), judged=judged, passed=len(kept)
            )
        precedents = self.precedents(window)
        said = {one.article.id: one.opinions for one in previous.candidates} if previous else {}
        candidates = tuple(
            replace(
                one,
                precedents=precedents.nearest(document(one.article), series.id),
                opinions=self._opinions(one, said),
            )
            for one in candidates
        )
        return replace(made, candidates=candidates, alarm=told), {**rejected, **out}

    @cached_property
    def _classifiers(self) -> dict[str, Classifier]:
        return classifiers(self.config)

    def _opinions(self, candidate: Candidate, said: Mapping[str, tuple[Opinion, ...]]) -> tuple[Opinion, ...]:
        """What a language model thinks of a candidate that waits; what it `said` of the same article, by id, stands."""
        model = self._classifiers.get("llm")
        if model is None or candidate.rating.verdict is not Verdict.BORDERLINE:
            return ()
        if known := said.get(candidate.article.id):
            return known
        found = model.opinion(candidate.article.title, candidate.article.text)
        return (found,) if found else ()

    def precedents(self, before: Window) -> Precedents:
        """What was decided in issues whose windows ended earlier than that of `before`."""
        for issue in self.rulings.missing():
            desked = self.issues.get(issue)
            release = self.issues.release_of(issue, desked.released)
            if decided := rulings(release.issue, self.issues.at_revision(issue, desked.released), self.reasons(issue)):
                self.rulings.make_good(issue, desked.released, decided)
        return Precedents(self.rulings.all(), before)

    def reasons(self, issue: int) -> dict[str, str]:
        """What was last written about why a candidate was taken or put out, by handle."""
        decided = (one.decision for one in self.issues.revisions(issue))
        return {one.target: one.reason for one in decided if one.verb in ("include", "exclude")}

    def _looked_at_again(self, candidates: Sequence[Candidate], stored: Sequence[Stored]) -> list[Candidate]:
        """Candidates whose articles were read by two readers where one was not sure to be enough.

        Here and not at the reading: it takes as long again, and few of the pages that are read are offered.
        """
        pages = {one.article: one.page for one in stored if one.article and one.page is not None}
        several = self.parts.of(sorted(set(pages.values())))
        found = list(candidates)
        wanted = [
            (place, number)
            for place, one in enumerate(found)
            if (number := pages.get(one.article.id)) is not None
            and number not in several
            and one.article.evidence.get("confidence") == PAGE_ALONE
        ]
        looking: deque[list[int]] = deque()

        def batches() -> Iterator[list[tuple[Page, Article]]]:
            for start in range(0, len(wanted), _AT_ONCE):
                work: list[tuple[int, tuple[Page, Article]]] = []
                some = wanted[start : start + _AT_ONCE]
                here = self.leads.pages([number for _, number in some])
                for place, number in some:
                    page, article = here[number], found[place].article
                    if isinstance(page, BlobLost):
                        log.error("page is lost", url=article.url, why=page.message)
                    else:
                        work.append((place, (page, article)))
                looking.append([place for place, _ in work])
                yield [pair for _, pair in work]

        for looked in self._readers(len(wanted)).map_batches(look_again, batches()):
            for place, article in zip(looking.popleft(), looked, strict=True):
                if not isinstance(article, Lost):
                    found[place] = replace(found[place], articles=(article, *found[place].articles[1:]))
        return found

    def _illustrated(self, candidate: Candidate) -> Candidate:
        """A candidate with the pictures that are here; its printed form depends on nothing else from then on."""
        wanted = (block.src for article in candidate.articles for block in article.blocks if block.src)
        known = self.pictures.of(wanted)
        return replace(candidate, articles=tuple(illustrated(one, known) for one in candidate.articles))

    def scope_model(self) -> Model | None:
        """What was learned of the scope from decisions; `None` for what ships, also after an update that needs another.

        A model is bound to the features and words it was learned with.
        """
        learned = self.models.active(Learnt.SCOPE)
        if learned is None:
            return None
        model = read_model(learned.content)
        if model is None:
            log.warning("learned model is of another release", kind=learned.kind.value, model=learned.id)
        return model

    def rater(self, series: Series, scope: Scope | None = None) -> Callable[[Article], Rating]:
        """How well an article fits the scope of a series: the one in force, unless another is given."""
        scope = scope or self.config.scope
        place = scope.places[series.place] if series.place else None
        second = self._classifiers.get("embeddings")

        @cache
        def rater() -> Rater:  # 30 ms and more; most decisions rate nothing
            return Rater(scope, place, self.config.outlets, self.scope_model(), second)

        return lambda article: rater().rate(article.title, article.text, outlet=article.outlet, url=article.url)

    def _rated(self, series: Series, articles: Sequence[Article]) -> Callable[[Article], Rating]:
        """The same for a whole window at once; `articles` are those that will be asked about."""
        if len(articles) < FEW or "embeddings" in self._classifiers:  # which stays on this machine
            return self.rater(series)
        scope = self.config.scope
        place = scope.places[series.place] if series.place else None
        rater = Rater(scope, place, self.config.outlets, self.scope_model())
        ratings = dict(zip((one.id for one in articles), self._worked_out(rater.rate_all, articles), strict=True))
        return lambda article: ratings[article.id]


def _accounted(stored: Stored, settled: Mapping[str, Rejection]) -> Accounted:
    if stored.article:
        outcome = settled[stored.article]
        return Accounted(stored.id, outcome.fate, outcome.because, stored.article, True, outcome.ground, outcome.score)
    if stored.rejection:
        return Accounted(stored.id, stored.rejection.fate, stored.rejection.because)
    return Accounted(stored.id, Fate.DEFERRED, "尚未取得或尚未读取")


_PRINTED = (Fate.INCLUDED, Fate.STANDBY, Fate.EXCLUDED, Fate.COVERED, Fate.HIJACKED, Fate.UNDATED)


def _one_article_once(verdicts: Sequence[Accounted]) -> list[Accounted]:
    """A second lead to the same article is a duplicate of the first, so that 收录 counts items."""
    met: set[str] = set()
    once: list[Accounted] = []
    for one in verdicts:
        if one.article in met and one.fate in _PRINTED:
            one = Accounted(one.lead, Fate.DUPLICATE, "同一地址，另一信源也给出", one.article)
        met.add(one.article or f"lead {one.lead}")
        once.append(one)
    return once
