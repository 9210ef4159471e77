"""Documents made comparable: by address, by text, by near-duplicate bands, by the words of title and lead."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    named_alike,
    probability,
    reasons,
    shipped,
    sketch_of,
)
from pipeline.steps.dedupe.fingerprint import SHORT, days_apart, fingerprints
from pipeline.steps.dedupe.near import is_reprint, overlap

_CANDIDATES = 40
_DAYS_AMONG_FRESH = 14
_DAYS_ONE_EVENT = 7
_SAME, _SUSPECTED = 0.9, 0.4
_QUERY_WORDS = 24
_TOLD = 0.25  # of the weight of a title; of 617 pairs that got an edge none has less than .32
_MAX_POSTINGS = 3_000  # a word in more heads than this finds nothing in particular
_MAX_SKETCHES = 2_000  # about 100 kB each


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
    compared within 14 days.
    """

    def __init__(
        self,
        documents: Iterable[Document] = (),
        *,
        model: Model | None = None,
        read: Callable[[Sequence[str]], Mapping[str, Document]] | None = None,
        days: int | None = None,
    ) -> None:
        self.model = model or shipped()
        self.prints: list[Fingerprint] = []
        self._read = read
        self._days = days
        self._documents: dict[str, Document] = {}
        self._heads: list[Head] = []
        self._by_url: dict[int, list[int]] = defaultdict(list)
        self._by_text: dict[int, list[int]] = defaultdict(list)
        self._by_band: dict[int, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._sketches: dict[int, Sketch] = {}
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
            self._heads.append(Head(one.title, one.words, one.head))
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
        same = self._same(fresh, among)
        reprints = self._reprints(fresh, same, among)
        edges = [
            *(self._edge(pair, Relation.EXACT, 1.0, because) for pair, because in same.items()),
            *(self._edge(pair, Relation.REPRINT, score, because) for pair, (score, because) in reprints.items()),
        ]
        for one in self.compare(fresh, same.keys() | reprints.keys(), among=among):
            if edge := self._judged(one):
                edges.append(edge)
        order = list(Relation)
        return sorted(edges, key=lambda edge: (order.index(edge.relation), -edge.score, edge.a, edge.b))

    def worth_reading(self, fresh: range) -> set[str]:
        """The ids of the other documents that reading in full may show to belong to one at `fresh`."""
        found: set[int] = set()
        for at in fresh:
            for table, keys in self._keys(at):
                found.update(other for key in keys for other in table[key])
            found.update(other for other in self._candidates(at, fresh, among=False) if self._akin(at, other))
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
        pairs: dict[tuple[int, int], None] = {}
        for at in fresh:
            others = {other for key in self.prints[at].bands for other in self._by_band[key] if other != at}
            for other in sorted(others):
                if self.prints[at].id != self.prints[other].id and (among or other not in fresh):
                    pairs[self._pair(fresh, at, other)] = None
        self._fetch(pairs.keys() - same.keys())
        verified = ((pair, self._reprint(*pair)) for pair in pairs if pair not in same)
        return {pair: evidence for pair, evidence in verified if evidence}

    def _reprint(self, a: int, b: int) -> tuple[float, str] | None:
        first, second = self._sketch(a), self._sketch(b)
        contained, jaccard, ratio = overlap(first.grams, second.grams)
        if not is_reprint(contained, jaccard, ratio) or conflicts(first, second) or _refilled(first, second, contained):
            return None
        if min(len(first.text), len(second.text)) < SHORT and first.key != second.key:
            return None
        return max(contained, jaccard), f"正文重合{contained:.0%}"

    def _judged(self, one: Comparison) -> Edge | None:
        if one.conflicts:
            return None
        first, second = self._sketch(one.a), self._sketch(one.b)
        p = probability(one.values, self.model)
        doubts = []
        days = days_apart(first.document.date, second.document.date)
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
        if p >= _SAME and days is not None and not manners:
            relation = Relation.SAME_EVENT if days <= _DAYS_ONE_EVENT else Relation.FOLLOW_UP
        because = "；".join(filter(None, [reasons(first, second, one.values, self.model), *doubts]))
        return self._edge((one.a, one.b), relation, p, because)

    # -------------------------------------------------------------------------------- comparisons

    def compare(
        self, fresh: range, settled: Iterable[tuple[int, int]] = (), *, among: bool = True
    ) -> Iterator[Comparison]:
        """Pairs worth comparing with their features, each once; `settled` pairs are left out."""
        done = set(settled)
        representative = self._representatives(done)
        pairs: list[tuple[int, int]] = []
        near = {at: self._candidates(at, fresh, among) for at in fresh}
        for at, others in near.items():
            for other in others:
                pair = self._pair(fresh, at, other)
                if pair in done or self.prints[at].id == self.prints[other].id:
                    continue
                done.add(pair)
                if self._akin(at, other):
                    pairs.append(pair)
        around = {
            at: self._neighbourhood(at, near[at] if among else self._candidates(at, fresh), representative)
            for at in sorted({at for pair in pairs for at in pair if at in fresh})
        }
        self._fetch(pairs)
        for pair in pairs:
            a, b = sorted(pair, key=lambda one: self.prints[one].id)  # the features see no order of arrival
            first, second = self._sketch(a), self._sketch(b)
            near_a, near_b = around.get(a) or around[b], around.get(b) or around[a]  # known ones have none
            values = features(first, second, near_a, near_b, (a, b), self.model)
            against = conflicts(first, second)
            if _refilled(first, second, values["contained"] ** 2):
                against += ("数字多有不同",)
            yield Comparison(*pair, values, against)

    def _representatives(self, pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
        """Position → the one of its copies with the smallest id: ten reprints are one voice among neighbours."""
        root: dict[int, int] = {}

        def find(at: int) -> int:
            while root.get(at, at) != at:
                at = root[at]
            return at

        for a, b in sorted(pairs):
            x, y = sorted((find(a), find(b)), key=lambda one: self.prints[one].id)
            if x != y:
                root[y] = x
        return {at: find(at) for at in root}

    def _candidates(self, at: int, fresh: range, among: bool = True) -> list[int]:
        """The documents that share the most telling words of title and lead, best first."""
        total = len(self.prints)
        weigh = self.model.idf
        rarest = sorted(
            (word for word in self._heads[at].words if 1 < len(self._by_word[word]) <= max(_MAX_POSTINGS, total // 20)),
            key=lambda word: (len(self._by_word[word]), word),
        )[:_QUERY_WORDS]
        scores: dict[int, float] = defaultdict(float)
        for word in rarest:
            weight = weigh(word) * (2.0 if word in self._heads[at].title else 1.0)
            postings = self._by_word[word]
            for other in postings if among else postings[: bisect_left(postings, fresh.start)]:
                scores[other] += weight
        scores.pop(at, None)
        near = [(score, other) for other, score in scores.items() if self._in_reach(at, other, fresh, among)]
        if len(near) > _CANDIDATES:  # among 10,000 documents 8,000 share some word: only the best are put in order
            least = sorted(score for score, _ in near)[-_CANDIDATES]
            near = [pair for pair in near if pair[0] >= least]
        best = sorted(near, key=lambda pair: (-pair[0], self.prints[pair[1]].id))
        return [other for _, other in best[:_CANDIDATES]]

    def _in_reach(self, at: int, other: int, fresh: range, among: bool) -> bool:
        if other in fresh and not among:
            return False
        most = _DAYS_AMONG_FRESH if other in fresh else self._days
        days = days_apart(self.prints[at].day, self.prints[other].day)
        return most is None or days is None or days <= most

    def _akin(self, at: int, other: int) -> bool:
        """Whether reading both in full can be worth it; of 635 pairs of one event this drops none.

        Of news put together anew, where pairs are alike by chance, it leaves half of those that share two words.
        """
        a, b = self._heads[at], self._heads[other]
        if min(len(a.title), len(b.title)) < 2 and len(a.words & b.words) >= 6:
            return True
        return self._told(a, b) or self._told(b, a)

    def _told(self, a: Head, b: Head) -> bool:
        """Whether the title of `a` is told in the head of `b`: two of its words, and enough of what it says."""
        common = a.title & b.words
        if len(common) < 2:
            return False
        weigh = self.model.idf
        return sum(map(weigh, common)) >= _TOLD * sum(map(weigh, a.title))

    def _neighbourhood(self, at: int, others: Sequence[int], representative: Mapping[int, int]) -> Neighbourhood:
        voices = {representative.get(other, other) for other in others} - {at, representative.get(at, at)}
        members = {other: self._heads[other] for other in sorted(voices)}
        return Neighbourhood(len(members), members)

    def _fetch(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Reads what is needed to compare pairs, at once: a hundred single readings cost a hundred statements."""
        missing = sorted({self.prints[at].id for pair in pairs for at in pair} - self._documents.keys())
        if missing and self._read:
            self._documents.update(self._read(missing))

    def _sketch(self, at: int) -> Sketch:
        found = self._sketches.get(at)
        if found is None:
            document = self._documents[self.prints[at].id]
            found = sketch_of(document, canonical(document.text), self._heads[at])
            if len(self._sketches) >= _MAX_SKETCHES:
                self._sketches.pop(next(iter(self._sketches)))
            self._sketches[at] = found
        return found


def _refilled(a: Sketch, b: Sketch, contained: float) -> bool:
    """A form filled in anew, such as yesterday's and today's figures: the same words, other numbers, another day."""
    if not 0.4 <= contained < 0.95 or not days_apart(a.document.date, b.document.date):
        return False
    if len(a.all_numbers) < 3 or len(b.all_numbers) < 3:
        return False
    return len(a.all_numbers & b.all_numbers) * 2 < min(len(a.all_numbers), len(b.all_numbers))
