"""Documents made comparable: by address, by text, by near-duplicate bands, by the words of title and lead."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, TypeVar

from pipeline.model import Document, Edge, Fingerprint, Relation
from pipeline.steps.canonical import canonical
from pipeline.steps.dedupe.events import (
    Head,
    Model,
    Neighbourhood,
    Sketch,
    conflicts,
    differences,
    features,
    glance,
    grams_of,
    head_from,
    may_be_named_alike,
    may_reach,
    may_share_a_file,
    named_alike,
    only_background,
    outlook,
    probability,
    reasons,
    shipped,
    sketch_of,
)
from pipeline.steps.dedupe.fingerprint import SHORT, days_apart, fingerprints
from pipeline.steps.dedupe.near import is_reprint, overlap

if TYPE_CHECKING:
    import numpy as np
    from _typeshed import SupportsRichComparison
    from numpy.typing import NDArray

_T = TypeVar("_T")
_CANDIDATES = 40
_ALL_OF_IT = 0.9  # of the shorter text: two outlets' own head lines over one article
_DAYS_AMONG_FRESH = 14
_DAYS_ONE_EVENT = 7
SAME = 0.83  # held out the middle of a plateau from .82 to .86: benchmarks/README.md
_SUSPECTED = 0.4
_FOLLOWS = 0.8  # of one matter, told more than a week later
_QUERY_WORDS = 24
_TOLD = 0.25  # of the weight of a title; of 617 pairs that got an edge none has less than .32
_MAX_POSTINGS = 3_000  # a word in more heads than this finds nothing in particular
_ALIKE = 24  # documents read in full for each: who shares the most bands is a copy if anyone is
_VOICES = 4  # copies of one text whose titles are heard
_CROWD = 100  # more than twice as many in one band are a form or a much-copied text
_MAX_KEPT = 2_000  # sketches of about 100 kB, neighbourhoods of 50 kB: what a pair needs is soon needed again


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pair that was worth comparing: positions of both, its features, what contradicts."""

    a: int
    b: int
    values: Mapping[str, float]
    conflicts: tuple[str, ...]


class Archive:
    """Documents that fresh ones are compared with, known by their fingerprints.

    A document is read in full only when its fingerprint says that it may be worth it: those that were added are
    here, the others `read` gives by id. `days` is how far apart a fresh and a known document may be; fresh ones are
    compared within 14 days. From the probability `same` on a pair tells one event.
    """

    def __init__(
        self,
        documents: Iterable[Document] = (),
        *,
        model: Model | None = None,
        same: float = SAME,
        read: Callable[[Sequence[str]], Mapping[str, Document]] | None = None,
        days: int | None = None,
    ) -> None:
        self.model = model or shipped()
        self.prints: list[Fingerprint] = []
        self._threshold = same
        self._read = read
        self._days = days
        self._documents: dict[str, Document] = {}
        self._heads: list[Head] = []
        self._by_url: dict[int, list[int]] = defaultdict(list)
        self._by_text: dict[int, list[int]] = defaultdict(list)
        self._by_band: dict[int, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._sorted_bands: dict[int, list[int]] = {}
        self._arrays: dict[str, NDArray[np.intp]] = {}
        self._days_of: NDArray[np.int64] | None = None
        self._title_weights: dict[int, float] = {}
        self._sketches: dict[int, Sketch] = {}
        self._gram_sets: dict[int, frozenset[str]] = {}
        self.add(documents)

    def add(self, documents: Iterable[Document]) -> range:
        """Takes documents in; returns their positions."""
        new = list(documents)
        self._documents.update((one.id, one) for one in new)
        return self.take(fingerprints(new))

    def take(self, prints: Iterable[Fingerprint]) -> range:
        """Takes documents in by their fingerprints; returns their positions."""
        first = len(self.prints)
        for at, one in enumerate(prints, start=first):
            self.prints.append(one)
            self._heads.append(head_from(one))
            for key in one.urls:
                self._by_url[key].append(at)
            if one.text is not None:
                self._by_text[one.text].append(at)
            for key in one.bands:
                self._by_band[key].append(at)
            for word in one.words:
                self._by_word[word].append(at)
        return range(first, len(self.prints))

    # ------------------------------------------------------------------------------------- edges

    def relate(self, fresh: range, *, among: bool = True) -> list[Edge]:
        """The edges of the documents at `fresh` to all others, with `among` to each other too; strongest first."""
        same, reprints = self._copied(fresh, among)
        edges = self._copy_edges(same, reprints)
        # Held against what was printed, however long ago, a pair may pass with the gap forgotten: all are read.
        least = _SUSPECTED if among else 0.0
        for one in self.compare(fresh, same.keys() | reprints.keys(), among=among, least=least):
            if edge := self._judged(one, long_ago=not among):
                edges.append(edge)
        order = list(Relation)
        return sorted(edges, key=lambda edge: (order.index(edge.relation), -edge.score, edge.a, edge.b))

    def copies(self, fresh: range, *, among: bool = True) -> list[Edge]:
        """Only the `exact` and `reprint` edges of the documents at `fresh`: a tenth of the work."""
        return self._copy_edges(*self._copied(fresh, among))

    def _copied(
        self, fresh: range, among: bool
    ) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], tuple[float, str]]]:
        same = self._same(fresh, among)
        return same, self._reprints(fresh, same, among)

    def _copy_edges(
        self, same: Mapping[tuple[int, int], str], reprints: Mapping[tuple[int, int], tuple[float, str]]
    ) -> list[Edge]:
        return [
            *(self._edge(pair, Relation.EXACT, 1.0, because) for pair, because in same.items()),
            *(self._edge(pair, Relation.REPRINT, score, because) for pair, (score, because) in reprints.items()),
        ]

    def worth_reading(self, fresh: range) -> set[str]:
        """The ids of the other documents that reading in full may show to belong to one at `fresh`."""
        found: set[int] = set()
        for at in fresh:
            for table, keys in self._keys(at):
                found.update(other for key in keys for other in table[key])
            found.update(other for other in self._candidates(at, fresh, False) if self._akin(at, other))
        return {self.prints[at].id for at in found if at not in fresh}

    def _keys(self, at: int) -> tuple[tuple[Mapping[int, list[int]], tuple[int, ...]], ...]:
        one = self.prints[at]
        text = () if one.text is None else (one.text,)
        return (self._by_url, one.urls), (self._by_text, text), (self._by_band, one.bands)

    def _edge(self, pair: tuple[int, int], relation: Relation, score: float, because: str) -> Edge:
        a, b = (self.prints[at].id for at in pair)
        return Edge(a, b, relation, round(score, 4), because)

    def _pair(self, fresh: range, at: int, other: int) -> tuple[int, int]:
        """Both among fresh: in the order they came; else the fresh one first."""
        return (at, other) if other not in fresh or at < other else (other, at)

    def _same(self, fresh: range, among: bool) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        for at in fresh:
            by_url, by_text, _ = self._keys(at)
            for (table, keys), because in ((by_url, "网址相同"), (by_text, "正文完全相同")):
                for key in keys:
                    # One edge to the first of them is enough to fold all; a star, not a square.
                    first = table[key][0]
                    if self.prints[first].id != self.prints[at].id and (among or first not in fresh):
                        found.setdefault(self._pair(fresh, at, first), because)
        return found

    def _reprints(
        self, fresh: range, same: Mapping[tuple[int, int], str], among: bool
    ) -> dict[tuple[int, int], tuple[float, str]]:
        def identity(at: int) -> str:
            return self.prints[at].id

        copies = _Copies((pair for pair in same if len({self.prints[at].text for at in pair}) == 1), identity)
        pairs: dict[tuple[int, int], None] = {}
        for at in fresh:
            if copies.of(at) != at:
                continue  # the same text as another one, whose reprints are its own
            for other in self._alike(at, fresh, among):
                pairs[self._pair(fresh, at, other)] = None
        self._fetch(pairs.keys() - same.keys())
        found: dict[tuple[int, int], tuple[float, str]] = {}
        # In the order of ids, so that who is linked to whom does not hang on the order of arrival. Fresh ones that
        # are linked through a third need no link of their own: 1,200 copies are 1,200 readings, not 720,000.
        for pair in sorted(pairs, key=lambda one: sorted(map(identity, one))):
            a, b = pair
            if pair in same or copies.of(a) == copies.of(b):
                continue
            if evidence := self._reprint(a, b):
                found[pair] = evidence
                if a in fresh and b in fresh:
                    copies.join(a, b)
        return found

    def _alike(self, at: int, fresh: range, among: bool) -> list[int]:
        """The documents that share the most bands, best first."""
        shared: Counter[int] = Counter()
        for key in self.prints[at].bands:
            shared.update(self._crowd(key, at))
        near = [
            (-count, self.prints[other].id, other)
            for other, count in shared.items()
            if other != at and self.prints[other].id != self.prints[at].id and (among or other not in fresh)
        ]
        return [other for _, _, other in nsmallest(_ALIKE, near)]

    def _crowd(self, key: int, at: int) -> Sequence[int]:
        """Who shares a band, of a crowd the first and those beside the document by id."""
        positions = self._by_band[key]
        if len(positions) <= 2 * _CROWD:
            return positions
        kept = self._sorted_bands.get(key)
        if kept is None or len(kept) != len(positions):
            kept = self._sorted_bands[key] = sorted(positions, key=lambda one: self.prints[one].id)
        place = bisect_left(kept, self.prints[at].id, key=lambda one: self.prints[one].id)
        beside = max(_CROWD, place - _CROWD // 2)
        return kept[:_CROWD] + kept[beside : beside + _CROWD]

    def _reprint(self, a: int, b: int) -> tuple[float, str] | None:
        contained, jaccard, ratio = overlap(self._grams(a), self._grams(b))
        if not is_reprint(contained, jaccard, ratio):
            return None
        first, second = self._sketch(a), self._sketch(b)
        if conflicts(first, second) or _refilled(first, second, contained):
            return None
        if min(len(first.text), len(second.text)) < SHORT and first.key != second.key:
            return None
        if contained < _ALL_OF_IT and only_background(first, second):
            return None
        if first.corrects != second.corrects:
            return None  # a correction repeats most of what it mends
        return max(contained, jaccard), f"正文重合{contained:.0%}"

    def _judged(self, one: Comparison, *, long_ago: bool = False) -> Edge | None:
        """The edge of a pair, if it is worth one; with `long_ago` however much later the one came.

        That weeks lie between two reports tells two happenings from one, and two happenings of one matter are what
        a follow-up is. Of 1,498 pairs out of 808 unrelated articles 9 pass `_FOLLOWS` when the gap is forgotten.
        """
        if one.conflicts:
            return None
        first, second = self._sketch(one.a), self._sketch(one.b)
        p = probability(one.values, self.model)
        doubts = []
        days = days_apart(first.document.date, second.document.date)
        if long_ago and p < _SUSPECTED and days is not None and days > _DAYS_ONE_EVENT:
            p = max(p, self._whenever(one.values))
        if p < _SUSPECTED:
            if not named_alike(one.values) or days is None or days > _DAYS_AMONG_FRESH:
                return None
            p = _SUSPECTED  # one named happening or document: worth an editor's look whatever the rest says
        if days is None:
            doubts.append("日期不明，不自动归并")
        elif days > _DAYS_ONE_EVENT:
            doubts.append(f"相隔{days}天")
        manners = differences(first, second)
        doubts += manners
        relation = Relation.SUSPECTED
        if p >= self._threshold and days is not None and not manners:
            relation = Relation.SAME_EVENT if days <= _DAYS_ONE_EVENT else Relation.FOLLOW_UP
        because = "；".join(filter(None, [reasons(first, second, one.values, self.model), *doubts]))
        return self._edge((one.a, one.b), relation, p, because)

    def _whenever(self, values: Mapping[str, float]) -> float:
        """How likely a pair speaks of one matter, whatever time lies between; 0 where that is not likely enough."""
        p = probability({**values, "gap": 0.0}, self.model)
        return p if p >= _FOLLOWS else 0.0

    # -------------------------------------------------------------------------------- comparisons

    def compare(
        self, fresh: range, settled: Iterable[tuple[int, int]] = (), *, among: bool = True, least: float = 0.0
    ) -> Iterator[Comparison]:
        """Pairs worth comparing with their features, each once; `settled` pairs are left out.

        So are those that no reading could show to be as likely as `least`, unless they may name one thing.
        """
        done = set(settled)
        copies = _Copies(done, lambda at: (self.prints[at].day or dt.date.max, self.prints[at].id))
        # Ten reprints are one voice: the first few, which may have other titles, are compared with the other fresh
        # ones, one stands among their neighbours. Each is compared with known documents: it may be asked for alone.
        voices = {at for at in fresh if at in copies.first(at, fresh)}
        pairs: list[tuple[int, int]] = []
        heard = self._all_but(fresh, voices)
        near = {at: self._candidates(at, fresh, among and at in voices, heard) for at in fresh}
        for at, others in near.items():
            for other in others:
                pair = self._pair(fresh, at, other)
                if pair in done or self.prints[at].id == self.prints[other].id:
                    continue
                done.add(pair)
                if self._akin(at, other):
                    pairs.append(pair)
        around: dict[int, Neighbourhood] = {}

        def beside(at: int) -> Neighbourhood:
            """Of a fresh document, kept while it is needed again and again."""

            def made() -> Neighbourhood:
                others = near[at] if among and at in voices else self._candidates(at, fresh, True, heard)
                return self._neighbourhood(at, others, copies)

            return _kept(around, at, made)

        def both(a: int, b: int) -> tuple[Neighbourhood, Neighbourhood]:
            """Around each of a pair; a known one has none of its own."""
            return beside(a if a in fresh else b), beside(b if b in fresh else a)

        worth: list[tuple[tuple[int, int], dict[str, float]]] = []
        for pair in pairs:
            a, b = self._by_id(pair)
            one, two = self._heads[a], self._heads[b]
            days = days_apart(self.prints[a].day, self.prints[b].day)
            near_in_time = days is not None and days <= _DAYS_AMONG_FRESH
            seen = glance(one, two, days, *both(a, b), (a, b), self.model)
            # the more documents of a month, the more of the pairs are alike by chance: three of four end here
            if not (near_in_time and may_be_named_alike(one, two)) and not may_reach(least, one, two, seen, self.model):
                continue
            heads = outlook(one, two, seen, *both(a, b), (a, b), self.model)
            named = near_in_time and (named_alike(heads) or may_share_a_file(one, two))
            if named or may_reach(least, one, two, heads, self.model):
                worth.append((pair, heads))
        self._fetch(pair for pair, _ in worth)
        for pair, heads in worth:
            a, b = self._by_id(pair)
            first, second = self._sketch(a), self._sketch(b)
            values = features(first, second, heads, *both(a, b), (a, b), self.model)
            against = conflicts(first, second)
            if _refilled(first, second, values["contained"] ** 2):
                against += ("数字多有不同",)
            yield Comparison(*pair, values, against)

    def _candidates(self, at: int, fresh: range, among: bool, heard: NDArray[np.bool_] | None = None) -> list[int]:
        """The documents that share the most telling words of title and lead, best first; only such as are `heard`."""
        import numpy as np  # 0.1 s, which most commands do not need

        total = len(self.prints)
        weigh = self.model.idf
        rarest = sorted(
            (word for word in self._heads[at].words if 1 < len(self._by_word[word]) <= max(_MAX_POSTINGS, total // 20)),
            key=lambda word: (len(self._by_word[word]), word),
        )[:_QUERY_WORDS]
        scores = np.zeros(total)
        for word in rarest:
            scores[self._postings(word)] += weigh(word) * (2.0 if word in self._heads[at].title else 1.0)
        near = (scores > 0) & self._in_reach(at, fresh)
        near[at] = False
        if not among:
            near[fresh.start : fresh.stop] = False
        elif heard is not None:
            near &= heard
        found = np.flatnonzero(near)
        if len(found) > _CANDIDATES:
            found = found[scores[found] >= np.partition(scores[found], -_CANDIDATES)[-_CANDIDATES]]
        best = sorted(
            zip(scores[found].tolist(), found.tolist(), strict=True),
            key=lambda pair: (-pair[0], self.prints[pair[1]].id),
        )
        return [other for _, other in best[:_CANDIDATES]]

    def _all_but(self, fresh: range, voices: Container[int]) -> NDArray[np.bool_]:
        """All documents but the fresh ones that are not among `voices`."""
        import numpy as np

        return np.array([at not in fresh or at in voices for at in range(len(self.prints))], dtype=np.bool_)

    def _postings(self, word: str) -> NDArray[np.intp]:
        """The documents in whose heads a word stands; an array adds what the word tells to all of them at once."""
        import numpy as np

        positions = self._by_word[word]
        kept = self._arrays.get(word)
        if kept is None or len(kept) != len(positions):
            kept = self._arrays[word] = np.array(positions, dtype=np.intp)
        return kept

    def _in_reach(self, at: int, fresh: range) -> NDArray[np.bool_]:
        """Which documents are near enough in time to the one at `at`: those of an unknown day always are."""
        import numpy as np

        days = self._days_of
        if days is None or len(days) != len(self.prints):
            days = self._days_of = np.array([one.day.toordinal() if one.day else 0 for one in self.prints])
        if not days[at]:
            return np.ones(len(days), dtype=np.bool_)
        apart = np.abs(days - days[at])
        most = np.full(len(days), np.iinfo(np.int64).max if self._days is None else self._days)
        most[fresh.start : fresh.stop] = _DAYS_AMONG_FRESH
        near: NDArray[np.bool_] = (apart <= most) | (days == 0)
        return near

    def _akin(self, at: int, other: int) -> bool:
        """Whether reading both in full can be worth it; of 635 pairs of one event this drops none.

        Of news put together anew, where pairs are alike by chance, it leaves half of those that share two words.
        """
        a, b = self._heads[at], self._heads[other]
        if min(len(a.title), len(b.title)) < 2 and len(a.words & b.words) >= 6:
            return True
        return self._told(at, b) or self._told(other, a)

    def _told(self, at: int, other: Head) -> bool:
        """Whether the title of the one at `at` is told in another head: two of its words, enough of what it says."""
        title = self._heads[at].title
        common = title & other.words
        if len(common) < 2:
            return False
        weigh = self.model.idf
        whole = self._title_weights.get(at)
        if whole is None:
            whole = self._title_weights[at] = sum(map(weigh, title))
        return sum(map(weigh, common)) >= _TOLD * whole

    def _by_id(self, pair: tuple[int, int]) -> tuple[int, int]:
        """In an order that hangs on neither's arrival: the features see none."""
        a, b = pair
        return (a, b) if self.prints[a].id <= self.prints[b].id else (b, a)

    def _neighbourhood(self, at: int, others: Sequence[int], copies: _Copies) -> Neighbourhood:
        voices = {copies.of(other) for other in others} - {at, copies.of(at)}
        members = {other: self._heads[other] for other in sorted(voices)}
        return Neighbourhood(members)

    def _fetch(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Reads what is needed to compare pairs, at once: a hundred single readings cost a hundred statements."""
        missing = sorted({self.prints[at].id for pair in pairs for at in pair} - self._documents.keys())
        if missing and self._read:
            self._documents.update(self._read(missing))

    def _grams(self, at: int) -> frozenset[str]:
        """Enough to verify a copy: of those that share a band most are none, and need not be read further."""
        if sketch := self._sketches.get(at):
            return sketch.grams
        return _kept(self._gram_sets, at, lambda: grams_of(canonical(self._documents[self.prints[at].id].text)))

    def _sketch(self, at: int) -> Sketch:
        def made() -> Sketch:
            document = self._documents[self.prints[at].id]
            return sketch_of(document, canonical(document.text), self._heads[at])

        return _kept(self._sketches, at, made)


def _kept(some: dict[int, _T], at: int, made: Callable[[], _T]) -> _T:
    """What was made for `at`; made anew when it is long ago."""
    found = some.get(at)
    if found is None:
        if len(some) >= _MAX_KEPT:
            some.pop(next(iter(some)))
        found = some[at] = made()
    return found


class _Copies:
    """Positions of documents that are one text, each set under its first member."""

    def __init__(
        self,
        pairs: Iterable[tuple[int, int]],
        key: Callable[[int], SupportsRichComparison],
    ) -> None:
        self._root: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._key = key
        for a, b in pairs:
            self.join(a, b)

    def of(self, at: int) -> int:
        """The first of the set `at` is in; `at` itself when it stands alone."""
        return self._root.get(at, at)

    def first(self, at: int, some: Container[int]) -> list[int]:
        """The first few of its set that are in `some`."""
        return nsmallest(_VOICES, (one for one in self._members.get(self.of(at), [at]) if one in some), key=self._key)

    def join(self, a: int, b: int) -> None:
        """Makes one set of the two that `a` and `b` are in."""
        first, second = sorted((self.of(a), self.of(b)), key=self._key)
        if first != second:
            members = self._members.setdefault(first, [first])
            moved = self._members.pop(second, [second])
            members += moved
            for one in members:
                self._root[one] = first


def _refilled(a: Sketch, b: Sketch, contained: float) -> bool:
    """A form filled in anew, such as yesterday's and today's figures: the same words, other numbers, another day."""
    if not 0.4 <= contained < 0.95 or not days_apart(a.document.date, b.document.date):
        return False
    if len(a.all_figures) < 3 or len(b.all_figures) < 3:
        return False
    return len(a.all_figures & b.all_figures) * 2 < min(len(a.all_figures), len(b.all_figures))
