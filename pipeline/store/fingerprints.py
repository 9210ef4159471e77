"""Fingerprints: what finds an article or a printed item again, and how articles belong together.

Articles and the items of issues that are out lie in the same tables, told apart by their kind. What a lookup costs
grows with the days around a document, not with what lies before: the postings of a word are in the order of days, a
key is kept for its first documents only, and a word in too many documents is not looked up.
"""

from __future__ import annotations

import datetime as dt
import struct
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from sys import intern

import sqlalchemy as sa

from pipeline.model import Edge, Fingerprint, Relation, Searchable, Window
from pipeline.store.database import Database
from pipeline.store.leads import portions
from pipeline.store.schema import EDGES, FINGERPRINTS, ISSUES, KEYS, RELEASES, REMEMBERED, WORDS
from pipeline.store.search import index
from pipeline.store.values import kept

_ARTICLE, _ITEM = 0, 1
_CANDIDATES = 40
_QUERY_WORDS = 24
_MAX_POSTINGS = 1_000  # heads; a word in more finds nothing: of 1,911 edges among 14,000 texts none hung on one
_COMMON = 3.0  # a word that tells less, in every twentieth text, is not kept as a posting
_MAX_COPIES = 64  # articles that a key leads to; a further copy finds the others through these
_SCORED = 250  # documents for which others are looked for at once: the scores of 10,000 others take 1 MB for each
_AT_ONCE = 5_000  # values of one statement; SQLite takes 32,766, PostgreSQL 65,535
_EVER = ((0, dt.date.max.toordinal()),)  # all days, the unknown one too


@dataclass(frozen=True, slots=True)
class Known:
    """The documents that are worth comparing with some others, as they were at a moment."""

    prints: tuple[Fingerprint, ...]
    """Oldest first; of their keys only those that the others have too."""
    moment: int
    """Grows with every document that is added."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The items of an issue that is out, as it carries them, in order."""

    prints: tuple[Fingerprint, ...]
    basis: str
    items: tuple[Searchable, ...] = ()
    """As they are looked for; none when only the fingerprints are made anew."""


class Fingerprints:
    """The index of articles and printed items; `weigh` says how much a word tells."""

    def __init__(self, database: Database, weigh: Callable[[str], float]) -> None:
        self._database = database
        self._weigh = weigh

    # articles -----------------------------------------------------------------------------------

    def stamps(self, ids: Iterable[str]) -> dict[str, str]:
        """The stamps of those articles that have a fingerprint."""
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for some in portions(sorted(set(ids)), _AT_ONCE):
                query = sa.select(FINGERPRINTS.c.article, FINGERPRINTS.c.stamp).where(FINGERPRINTS.c.article.in_(some))
                found.update(connection.execute(query).tuples().all())
        return found

    def of(self, ids: Iterable[str]) -> list[Fingerprint]:
        """The fingerprints of those articles that have one."""
        with self._database.read() as connection:
            return [
                _print(row, row.article)
                for some in portions(sorted(set(ids)), _AT_ONCE)
                for row in connection.execute(sa.select(FINGERPRINTS).where(FINGERPRINTS.c.article.in_(some)))
            ]

    def near(self, prints: Sequence[Fingerprint], days: int) -> Known:
        """The other articles worth comparing with these.

        Those with a key in common, whenever they were, and for each of `prints` the 40 that share the most telling
        words, at most `days` away; an unknown day is near every day.
        """
        dated = [one for one in prints if one.day]
        undated = [one for one in prints if not one.day]
        own = {one.id for one in prints}
        keys = _Keys(prints)
        with self._database.read() as connection:
            moment = _moment(connection)
            shared = _sharing(self._database, connection, _ARTICLE, keys)
            docs = set(shared)
            for some in portions(undated, _SCORED):
                docs |= self._nearest(connection, _ARTICLE, some, _EVER)
            for some in portions(sorted(dated, key=_ordinal), _SCORED):
                spans = ((0, 0), (_ordinal(some[0]) - days, _ordinal(some[-1]) + days))
                docs |= self._nearest(connection, _ARTICLE, some, spans, days)
            found = [
                _print(row, row.article, keys, shared.get(row.doc, ()))
                for some in portions(sorted(docs), _AT_ONCE)
                for row in connection.execute(
                    sa.select(FINGERPRINTS).where(FINGERPRINTS.c.doc.in_(some)).order_by(FINGERPRINTS.c.doc)
                )
                if row.article not in own
            ]
        return Known(tuple(found), moment)

    def add(self, prints: Sequence[Fingerprint], edges: Sequence[Edge], since: int) -> bool:
        """Keeps articles and their edges, in place of what was known of them; all of it or nothing.

        Says whether it did: not when anything was added after the moment `since`, of which the edges know nothing.
        """
        with self._database.write() as connection:
            if _moment(connection) != since:
                return False
            docs = _docs(connection, {one.id for one in prints})
            _forget(connection, _ARTICLE, list(docs.values()))
            rows = [(one, {"article": one.id, "issue": None, "position": 0}) for one in prints]
            _keep(self._database, connection, _ARTICLE, rows, lambda word: self._weigh(word) >= _COMMON)
            docs = _docs(connection, {identity for one in edges for identity in (one.a, one.b)})
            self._database.fill(
                connection,
                EDGES,
                [(docs[one.a], docs[one.b], one.relation.value, one.score, kept(one.because)) for one in edges],
            )
            return True

    def edges(self, ids: Iterable[str]) -> list[Edge]:
        """The edges at these articles, also to others, strongest first."""
        here, there = FINGERPRINTS.alias("here"), FINGERPRINTS.alias("there")
        asked = sorted(set(ids))
        found: dict[tuple[str, str], Edge] = {}
        with self._database.read() as connection:
            for some in portions(asked, _AT_ONCE):
                for near, far in ((EDGES.c.a, EDGES.c.b), (EDGES.c.b, EDGES.c.a)):
                    query = (
                        sa.select(here.c.article.label("near"), there.c.article.label("far"), EDGES)
                        .select_from(here.join(EDGES, near == here.c.doc).join(there, far == there.c.doc))
                        .where(here.c.article.in_(some))
                    )
                    for row in connection.execute(query):
                        a, b = (row.near, row.far) if near is EDGES.c.a else (row.far, row.near)
                        found[a, b] = Edge(a, b, Relation(row.relation), row.score, row.because)
        order = list(Relation)
        return sorted(found.values(), key=lambda one: (order.index(one.relation), -one.score, one.a, one.b))

    # printed items ------------------------------------------------------------------------------

    def printed(self, prints: Sequence[Fingerprint], before: Window | None = None) -> list[Fingerprint]:
        """The printed items worth comparing with these, however old, by `series/number/position`.

        What only a withdrawn issue carried was not told: it may be news again.
        With `before` only those of issues whose windows ended earlier.
        """
        keys = _Keys(prints)
        found = []
        with self._database.read() as connection:
            shared = _sharing(self._database, connection, _ITEM, keys)
            docs = set(shared) | self._nearest(connection, _ITEM, prints, _EVER)
            for some in portions(sorted(docs), _AT_ONCE):
                query = (
                    sa.select(FINGERPRINTS, ISSUES.c.series, ISSUES.c.number)
                    .join(ISSUES, FINGERPRINTS.c.issue == ISSUES.c.id)
                    .where(FINGERPRINTS.c.doc.in_(some) & ~ISSUES.c.withdrawn)
                )
                if before is not None:
                    query = query.where(ISSUES.c.window_end < before.end.isoformat())
                for row in connection.execute(query):
                    place = f"{row.series}/{row.number}/{row.position}"
                    found.append(_print(row, place, keys, shared.get(row.doc, ())))
        return sorted(found, key=lambda one: one.id)

    def forgotten(self, basis: str) -> list[tuple[int, int]]:
        """Issues that are out and whose items are not here, or rest on something else: id and revision."""
        query = (
            sa.select(RELEASES.c.issue, RELEASES.c.revision)
            .join(ISSUES, (RELEASES.c.issue == ISSUES.c.id) & (RELEASES.c.revision == ISSUES.c.released))
            .outerjoin(REMEMBERED, REMEMBERED.c.issue == RELEASES.c.issue)
            .where(
                REMEMBERED.c.issue.is_(None)
                | (REMEMBERED.c.revision != RELEASES.c.revision)
                | (REMEMBERED.c.basis != basis)
            )
            .order_by(RELEASES.c.issue)
        )
        with self._database.read() as connection:
            return [(row.issue, row.revision) for row in connection.execute(query)]

    def remember(self, issue: int, revision: int, carried: Carried) -> None:
        """Keeps the items of an issue that is out, in place of what was known of it."""
        with self._database.write() as connection:
            now = connection.execute(sa.select(ISSUES.c.released).where(ISSUES.c.id == issue)).scalar()
            if now == revision:  # else another revision has just come in its place, items and all
                remember(self._database, connection, issue, revision, carried)

    def _nearest(
        self,
        connection: sa.Connection,
        kind: int,
        prints: Sequence[Fingerprint],
        spans: Sequence[tuple[int, int]],
        days: int | None = None,
    ) -> set[int]:
        """For each of `prints` the documents in the spans of days that share the most telling words."""
        wanted = sorted({word for one in prints for word in one.words if self._weigh(word) >= _COMMON})
        counts: Counter[str] = Counter()
        for where in _postings(self._database, kind, wanted, spans):
            query = sa.select(WORDS.c.word, sa.func.count()).where(where).group_by(WORDS.c.word)
            counts.update(dict(connection.execute(query).tuples().all()))
        asked: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, one in enumerate(prints):
            telling = (word for word in one.words if 0 < counts[word] <= _MAX_POSTINGS)
            for word in nsmallest(_QUERY_WORDS, telling, key=lambda word: (counts[word], word)):
                asked[word].append((place, self._weigh(word) * (2.0 if word in one.title else 1.0)))
        found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        all_of_a_day = sa.func.aggregate_strings(
            sa.cast(WORDS.c.doc, sa.Text), " "
        )  # row by row takes three times as long
        for where in _postings(self._database, kind, sorted(asked), spans):
            query = sa.select(WORDS.c.word, WORDS.c.day, all_of_a_day).where(where).group_by(WORDS.c.word, WORDS.c.day)
            for word, day, packed in connection.execute(query).tuples().all():
                found[word].append((day, packed))
        return _best(found, asked, [_ordinal(one) for one in prints], days)


def _best(
    found: Mapping[str, Sequence[tuple[int, str]]],
    asked: Mapping[str, Sequence[tuple[int, float]]],
    own: Sequence[int],
    days: int | None,
) -> set[int]:
    """The documents that share most with one of those of the days `own`.

    `found`: word → the documents of each day in whose heads it stands; `asked`: word → who asks for it, and its weight.
    """
    import numpy as np  # 0.1 s, which most commands do not need

    postings = {
        word: (
            np.repeat([day for day, _ in some], [packed.count(" ") + 1 for _, packed in some]),
            np.array(" ".join(packed for _, packed in some).split(), dtype=np.int64),
        )
        for word, some in ((word, sorted(found[word])) for word in sorted(found))
    }
    if not postings:
        return set()
    documents = np.unique(np.concatenate([docs for _, docs in postings.values()]))
    scores = np.zeros((len(own), len(documents)))
    for word, (when, docs) in postings.items():
        at = np.searchsorted(documents, docs)
        for place, weight in asked[word]:
            reached = at
            if days is not None and own[place]:
                reached = at[(np.abs(when - own[place]) <= days) | (when == 0)]
            scores[place, reached] += weight
    nearest: set[int] = set()
    for mine in scores:
        some = np.flatnonzero(mine)
        best = some[np.lexsort((some, -mine[some]))[:_CANDIDATES]]
        nearest.update(documents[best].tolist())
    return nearest


def remember(database: Database, connection: sa.Connection, issue: int, revision: int, carried: Carried) -> None:
    """Keeps the items of an issue in a transaction that somebody else began: the one that puts it out."""
    docs = connection.execute(sa.select(FINGERPRINTS.c.doc).where(FINGERPRINTS.c.issue == issue)).scalars().all()
    _forget(connection, _ITEM, docs)
    rows = [
        (one, {"article": None, "issue": issue, "position": place}) for place, one in enumerate(carried.prints, start=1)
    ]
    _keep(database, connection, _ITEM, rows, lambda word: True)
    connection.execute(sa.delete(REMEMBERED).where(REMEMBERED.c.issue == issue))
    connection.execute(sa.insert(REMEMBERED).values(issue=issue, revision=revision, basis=carried.basis))
    index(database, connection, issue, revision, carried.items)


def drop_articles(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Takes articles out in a transaction that somebody else began: the one that forgets them."""
    _forget(connection, _ARTICLE, list(_docs(connection, ids).values()))


class _Keys:
    """The keys of some documents, by what they are keys of."""

    def __init__(self, prints: Sequence[Fingerprint]) -> None:
        self.urls = {key for one in prints for key in one.urls}
        self.texts = {one.text for one in prints if one.text is not None}
        self.bands = {key for one in prints for key in one.bands}

    def all(self) -> list[int]:
        """Every key, in order: lookups in order of the index are several times faster."""
        return sorted(self.urls | self.texts | self.bands)


def _moment(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.max(FINGERPRINTS.c.doc))).scalar() or 0


def _ordinal(one: Fingerprint) -> int:
    return one.day.toordinal() if one.day else 0


def _in_reach(day: int, of: int, days: int | None) -> bool:
    return days is None or not day or not of or abs(day - of) <= days


def _docs(connection: sa.Connection, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of the articles that are here."""
    query = sa.select(FINGERPRINTS.c.article, FINGERPRINTS.c.doc)
    return {
        article: doc
        for some in portions(sorted(ids), _AT_ONCE)
        for article, doc in connection.execute(query.where(FINGERPRINTS.c.article.in_(some))).tuples()
    }


def _sharing(database: Database, connection: sa.Connection, kind: int, keys: _Keys) -> dict[int, list[int]]:
    """The documents that have one of the keys, with those they have."""
    found: dict[int, list[int]] = defaultdict(list)
    query = sa.select(KEYS.c.doc, KEYS.c.key).where((KEYS.c.kind == kind) & database.among(KEYS.c.key, keys.all()))
    for doc, key in connection.execute(query).tuples().all():  # a row at a time takes twice as long
        found[doc].append(key)
    return found


def _postings(
    database: Database, kind: int, words: Sequence[str], spans: Sequence[tuple[int, int]]
) -> Iterator[sa.ColumnElement[bool]]:
    """Which postings to look at; each span is one range of the index."""
    for first, last in spans:
        yield (WORDS.c.kind == kind) & database.among(WORDS.c.word, words) & WORDS.c.day.between(first, last)


def _keep(
    database: Database,
    connection: sa.Connection,
    kind: int,
    prints: Sequence[tuple[Fingerprint, Mapping[str, object]]],
    telling: Callable[[str], bool],
) -> None:
    """Writes fingerprints and what finds them; a key that leads to many articles already gets no further one."""
    if not prints:
        return
    before = _moment(connection)
    connection.execute(
        sa.insert(FINGERPRINTS),
        [
            {
                **whose,
                "day": _ordinal(one),
                "urls": _packed(one.urls),
                "text": one.text,
                "bands": _packed(one.bands),
                "title": " ".join(sorted(one.title)),
                "words": " ".join(sorted(one.words - one.title)),
                "head": one.head,
                "stamp": one.stamp,
            }
            for one, whose in prints
        ],
    )
    here = sa.select(FINGERPRINTS.c.doc).where(FINGERPRINTS.c.doc > before).order_by(FINGERPRINTS.c.doc)
    docs = connection.execute(here).scalars().all()
    shared = _sharing(database, connection, kind, _Keys([one for one, _ in prints]))
    taken = Counter(key for some in shared.values() for key in some)
    keys: list[tuple[object, ...]] = []
    words: list[tuple[object, ...]] = []
    for doc, (one, _) in zip(docs, prints, strict=True):
        for key in {*one.urls, *one.bands, *(() if one.text is None else (one.text,))}:
            taken[key] += 1
            if kind == _ITEM or taken[key] <= _MAX_COPIES:
                keys.append((kind, key, doc))
        words += [(kind, kept(word), _ordinal(one), doc) for word in one.words if telling(word)]
    database.fill(connection, KEYS, sorted(keys))
    database.fill(connection, WORDS, sorted(words))


def _forget(connection: sa.Connection, kind: int, docs: Sequence[int]) -> None:
    """Takes documents out, their edges with them."""
    for some in portions(docs, _AT_ONCE):
        for row in connection.execute(sa.select(FINGERPRINTS).where(FINGERPRINTS.c.doc.in_(some))).all():
            one = _print(row, "")
            mine = KEYS.c.doc == row.doc
            keys = _Keys([one]).all()
            connection.execute(sa.delete(KEYS).where((KEYS.c.kind == kind) & KEYS.c.key.in_(keys) & mine))
            here = (WORDS.c.kind == kind) & WORDS.c.word.in_(sorted(one.words)) & (WORDS.c.day == row.day)
            connection.execute(sa.delete(WORDS).where(here & (WORDS.c.doc == row.doc)))
        connection.execute(sa.delete(EDGES).where(EDGES.c.a.in_(some)))
        connection.execute(sa.delete(EDGES).where(EDGES.c.b.in_(some)))
        connection.execute(sa.delete(FINGERPRINTS).where(FINGERPRINTS.c.doc.in_(some)))


def _print(
    row: sa.Row[tuple[object, ...]], identity: str, keys: _Keys | None = None, shared: Sequence[int] = ()
) -> Fingerprint:
    """A fingerprint from its row; with `keys` it has only those of its own keys that are `shared`."""
    title = frozenset(map(intern, row.title.split()))  # 20,000 of them have few words of their own
    return Fingerprint(
        id=identity,
        day=dt.date.fromordinal(row.day) if row.day else None,
        urls=_unpacked(row.urls) if keys is None else tuple(key for key in shared if key in keys.urls),
        text=row.text if keys is None or row.text in keys.texts else None,
        bands=_unpacked(row.bands) if keys is None else tuple(key for key in shared if key in keys.bands),
        title=title,
        words=title.union(map(intern, row.words.split())),
        head=row.head,
        stamp=row.stamp,
    )


def _packed(keys: Sequence[int]) -> str:
    return b64encode(struct.pack(f"<{len(keys)}q", *keys)).decode()


def _unpacked(text: str) -> tuple[int, ...]:
    data = b64decode(text)
    return struct.unpack(f"<{len(data) // 8}q", data)
