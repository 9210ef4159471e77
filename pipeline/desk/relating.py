"""Relating: how articles belong together, and what earlier issues may have carried of them; both from the index.

Relations are derived: the same articles under the same rules have them again. So they are kept as soon as they are
known, by a dry run too, and a run that dies on the way has lost only its last batch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from pipeline.config import Series
from pipeline.desk.watching import Watching
from pipeline.errors import Conflict
from pipeline.model import Article, Document, Edge, Fingerprint, Issue, Learnt, Printed, Window
from pipeline.steps.dedupe import Archive, basis, fingerprints, stamp, within
from pipeline.steps.dedupe.events import Model
from pipeline.steps.learn.events import read_events
from pipeline.steps.search import searchable
from pipeline.steps.urls import also_at
from pipeline.store import Carried, Known

log = structlog.get_logger("pipeline.desk")
MARGIN = 14  # days around a window in which another telling of the same event is looked for
_TOGETHER = 1_000  # articles that are compared at once; in smaller batches their neighbours are loaded again and again
_ATTEMPTS = 20  # at a batch while others add articles


class Relating(Watching):
    """Keeps fingerprints and edges, and finds in the index what is worth comparing."""

    def unrelated(self, series: Series, window: Window) -> list[list[str]]:
        """The articles near a window whose relations are not known yet, in batches, oldest first."""
        stored = self.leads.of_window(series.id, window, MARGIN)
        dates = self.leads.dates(one.article for one in stored if one.article)
        near = {key for key, day in dates.items() if day is None or is_near(day, window)}
        known, now = self.fingerprints.stamps(near), basis(self.event_model())
        waiting = sorted(
            (key for key in near if not known.get(key, "").startswith(now)),
            key=lambda key: (dates[key] or dt.date.max, key),
        )
        return [waiting[start : start + _TOGETHER] for start in range(0, len(waiting), _TOGETHER)]

    def addressed(self, ids: Iterable[str]) -> dict[str, Article]:
        """The articles with these ids, each with every address that led to it among its aliases."""
        articles = self.leads.articles(ids)
        asked = self.leads.addresses(articles)
        return {key: also_at(one, asked[key]) for key, one in articles.items()}

    def relate(self, ids: Sequence[str]) -> int:
        """Compares articles with each other and with those of the days around them; says how many were new.

        What is found is kept at once, unless somebody else added articles meanwhile: then it is looked for again.
        Raises `Conflict` when that goes on and on.
        """
        documents = {key: document(one) for key, one in sorted(self.addressed(ids).items())}
        model = self.event_model()
        made = self._worked_out(partial(fingerprints, model=model), list(documents.values()))
        prints = {one.id: one for one in made}
        for _ in range(_ATTEMPTS):
            kept = self.fingerprints.stamps(prints)
            fresh = [one for key, one in prints.items() if kept.get(key) != one.stamp]
            if not fresh:
                return 0
            known, edges = self._compared(fresh, documents, model)
            if self.fingerprints.add(fresh, edges, known.moment):
                log.info("related", articles=len(fresh), known=len(known.prints), edges=len(edges))
                return len(fresh)
        raise Conflict("一直有别的进程在加入文章，没有比对完。", "请等它做完再试。")

    def _compared(
        self,
        fresh: Sequence[Fingerprint],
        documents: Mapping[str, Document],
        model: Model | None,
        beside: Sequence[Fingerprint] = (),
    ) -> tuple[Known, list[Edge]]:
        """What the index knows near `fresh`, and the edges of these with each other, with that and with `beside`."""
        known = self.fingerprints.near(fresh, MARGIN)
        archive = Archive(model=model, read=lambda wanted: self._documents(wanted, documents), days=MARGIN)
        archive.take([*known.prints, *beside])
        return known, [_in_order(edge) for edge in archive.relate(archive.take(fresh))]

    def ties(self, articles: Mapping[str, Article]) -> list[Edge]:
        """The edges at these articles, also to others, whether known or not; unlike `related` it keeps nothing."""
        documents = {key: document(one) for key, one in sorted(articles.items())}
        model = self.event_model()
        known, now = self.fingerprints.stamps(documents), basis(model)
        found = self.fingerprints.edges(documents)
        waiting = [one for key, one in documents.items() if not known.get(key, "").startswith(now)]
        done: list[Fingerprint] = []
        for start in range(0, len(waiting), _TOGETHER):
            fresh = fingerprints(waiting[start : start + _TOGETHER], model=model)
            found += self._compared(fresh, documents, model, done)[1]
            done += fresh
        return found

    def related(self, articles: Mapping[str, Article]) -> list[Edge]:
        """The edges among articles; what is not known yet is found out first."""
        known, model = self.fingerprints.stamps(articles), self.event_model()
        waiting = sorted(key for key, one in articles.items() if known.get(key) != stamp(document(one), model))
        for start in range(0, len(waiting), _TOGETHER):
            self.relate(waiting[start : start + _TOGETHER])
        return within(self.fingerprints.edges(articles), articles.keys())

    def earlier(self, documents: Sequence[Document], before: Window | None = None) -> list[Printed]:
        """The items of issues that are out which are worth holding against these documents, however old.

        With `before` only those of issues whose windows ended earlier. Raises `StoreError` when an issue is damaged of
        which the index knows nothing: nobody could say what it carried.
        """
        self.recall()
        found: set[str] = set()
        for start in range(0, len(documents), _TOGETHER):
            # fingerprints of a month of 50,000 articles would take 400 MB
            some = documents[start : start + _TOGETHER]
            kept = {one.id: one for one in self.fingerprints.of(one.id for one in some)}
            prints = [*kept.values(), *fingerprints([one for one in some if one.id not in kept])]
            if not (printed := self.fingerprints.printed(prints, before)):
                continue
            archive = Archive()
            archive.take(printed)
            found |= archive.worth_reading(archive.take(prints))
        places = {(series, int(number)) for series, number, _ in (one.split("/") for one in found)}
        return [
            one
            for release in self.issues.numbered(places)
            for one in _items(release.issue)
            if f"{one.series}/{one.number}/{one.position}" in found
        ]

    def event_model(self) -> Model | None:
        """What was learned of events from merges and splits; `None` for what ships."""
        learned = self.models.active(Learnt.EVENTS)
        if learned is None:
            return None
        model = read_events(learned.content)
        if model is None:
            log.warning("learned model is of another release", kind=learned.kind.value, model=learned.id)
        return model

    def recall(self) -> None:
        """Makes good what the index does not know of issues that are out: those of an earlier release of the desk."""
        for issue, revision in self.fingerprints.forgotten(basis()):
            self.fingerprints.remember(issue, revision, carried(self.issues.release_of(issue, revision).issue))

    def _documents(self, ids: Sequence[str], fresh: Mapping[str, Document]) -> dict[str, Document]:
        known = self.addressed(key for key in ids if key not in fresh)
        found = {key: document(one) for key, one in known.items()}
        return found | {key: fresh[key] for key in ids if key in fresh}


def document(article: Article) -> Document:
    """An article as comparisons see it."""
    return Document(article.id, article.title, article.text, article.date, article.url, article.aliases)


def carried(issue: Issue) -> Carried:
    """What an issue that is put out is known by from then on."""
    return Carried(tuple(fingerprints(documents_of(issue))), basis(), tuple(searchable(issue)))


def is_near(day: dt.date, window: Window) -> bool:
    """Whether a day lies in a window or its margin."""
    return window.start - dt.timedelta(days=MARGIN) <= day <= window.end + dt.timedelta(days=MARGIN)


def documents_of(issue: Issue) -> list[Document]:
    """The items of an issue as comparisons see them."""
    return [Document(one.handle, one.title, one.text, one.date, one.url) for one in issue.items]


def _items(issue: Issue) -> list[Printed]:
    return [Printed(issue.series, issue.number, place, one) for place, one in enumerate(documents_of(issue), start=1)]


def _in_order(edge: Edge) -> Edge:
    """The same whichever of the two came first."""
    return edge if edge.a < edge.b else replace(edge, a=edge.b, b=edge.a)
