"""Documents made comparable: by address, by text, by near-duplicate bands, by the words of title and lead."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model import Document, Edge, Relation
from pipeline.steps.canonical import canonical, title_key
from pipeline.steps.dedupe.events import (
    Head,
    Model,
    Neighbourhood,
    Sketch,
    conflicts,
    differences,
    features,
    head_of,
    named_alike,
    probability,
    reasons,
    shipped,
    sketch_of,
)
from pipeline.steps.dedupe.near import bands, is_reprint, overlap
from pipeline.steps.urls import canonical_url

_CANDIDATES = 40
_DAYS_AMONG_FRESH = 14
_DAYS_ONE_EVENT = 7
_SAME, _SUSPECTED = 0.9, 0.4
_QUERY_WORDS = 24
_MAX_POSTINGS = 3_000  # a word in more heads than this finds nothing in particular
_MAX_SKETCHES = 2_000  # about 100 kB each
_SHORT = 50  # characters: 详见附件 is not the same article twice


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pair that was worth comparing: positions of both, its features, what contradicts."""

    a: int
    b: int
    values: Mapping[str, float]
    conflicts: tuple[str, ...]


class Archive:
    """Documents that fresh ones are compared with; adding is cheap, reading in full waits until it is needed."""

    def __init__(self, documents: Iterable[Document] = (), *, model: Model | None = None) -> None:
        self.model = model or shipped()
        self.documents: list[Document] = []
        self._texts: list[str] = []
        self._heads: list[Head] = []
        self._bands: list[tuple[bytes, ...]] = []
        self._by_url: dict[str, list[int]] = defaultdict(list)
        self._by_text: dict[str, list[int]] = defaultdict(list)
        self._by_band: dict[bytes, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._sketches: dict[int, Sketch] = {}
        self.add(documents)

    def add(self, documents: Iterable[Document]) -> range:
        """Takes documents in; returns their positions."""
        new = list(documents)
        first = len(self.documents)
        texts = [canonical(document.text) for document in new]
        for at, (document, text, keys) in enumerate(zip(new, texts, bands(texts), strict=True), start=first):
            head = head_of(document)
            self.documents.append(document)
            self._texts.append(text)
            self._heads.append(head)
            self._bands.append(keys)
            if document.url:
                self._by_url[canonical_url(document.url)].append(at)
            if text:
                self._by_text[text if len(text) >= _SHORT else f"{title_key(document.title)}\n{text}"].append(at)
            for key in keys:
                self._by_band[key].append(at)
            for word in head.words:
                self._by_word[word].append(at)
        return range(first, len(self.documents))

    # ------------------------------------------------------------------------------------- edges

    def relate(self, fresh: range) -> list[Edge]:
        """The edges of the documents at `fresh`, among themselves and to all others; strongest first."""
        same = self._same(fresh)
        reprints = self._reprints(fresh, same)
        edges = [
            *(self._edge(pair, Relation.EXACT, 1.0, because) for pair, because in same.items()),
            *(self._edge(pair, Relation.REPRINT, score, because) for pair, (score, because) in reprints.items()),
        ]
        for one in self.compare(fresh, same.keys() | reprints.keys()):
            if edge := self._judged(one):
                edges.append(edge)
        order = list(Relation)
        return sorted(edges, key=lambda edge: (order.index(edge.relation), -edge.score, edge.a, edge.b))

    def _edge(self, pair: tuple[int, int], relation: Relation, score: float, because: str) -> Edge:
        a, b = (self.documents[at].id for at in pair)
        return Edge(a, b, relation, round(score, 4), because)

    def _pair(self, fresh: range, at: int, other: int) -> tuple[int, int]:
        """Both among fresh: in the order they came; else the fresh one first."""
        return (at, other) if other not in fresh or at < other else (other, at)

    def _same(self, fresh: range) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        for table, because in ((self._by_url, "网址相同"), (self._by_text, "正文完全相同")):
            for positions in table.values():
                if len(positions) < 2 or positions[-1] < fresh.start:
                    continue
                for at in positions:
                    if at in fresh:
                        # One edge to the first of them is enough to fold all; a star, not a square.
                        first = positions[0]
                        if first != at and self.documents[first].id != self.documents[at].id:
                            found.setdefault(self._pair(fresh, at, first), because)
        return found

    def _reprints(self, fresh: range, same: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], tuple[float, str]]:
        found: dict[tuple[int, int], tuple[float, str]] = {}
        for at in fresh:
            others = Counter(other for key in self._bands[at] for other in self._by_band[key] if other != at)
            for other in sorted(others):
                pair = self._pair(fresh, at, other)
                if pair in found or pair in same or self.documents[at].id == self.documents[other].id:
                    continue
                if evidence := self._reprint(*pair):
                    found[pair] = evidence
        return found

    def _reprint(self, a: int, b: int) -> tuple[float, str] | None:
        first, second = self._sketch(a), self._sketch(b)
        contained, jaccard, ratio = overlap(first.grams, second.grams)
        if not is_reprint(contained, jaccard, ratio) or conflicts(first, second) or _refilled(first, second, contained):
            return None
        if min(len(first.text), len(second.text)) < _SHORT and first.key != second.key:
            return None
        return max(contained, jaccard), f"正文重合{contained:.0%}"

    def _judged(self, one: Comparison) -> Edge | None:
        if one.conflicts:
            return None
        first, second = self._sketch(one.a), self._sketch(one.b)
        p = probability(one.values, self.model)
        doubts = []
        days = _days_between(first.document, second.document)
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

    def compare(self, fresh: range, settled: Iterable[tuple[int, int]] = ()) -> Iterator[Comparison]:
        """Pairs worth comparing with their features, each once; `settled` pairs are left out."""
        done = set(settled)
        representative = self._representatives(done)
        near: dict[int, list[int]] = {at: self._candidates(at, fresh) for at in fresh}
        around = {at: self._neighbourhood(at, others, representative) for at, others in near.items()}
        for at, others in near.items():
            for other in others:
                pair = self._pair(fresh, at, other)
                if pair in done or self.documents[at].id == self.documents[other].id:
                    continue
                done.add(pair)
                if not self._akin(at, other):
                    continue
                a, b = sorted(pair, key=lambda one: self.documents[one].id)  # the features see no order of arrival
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
            x, y = sorted((find(a), find(b)), key=lambda one: self.documents[one].id)
            if x != y:
                root[y] = x
        return {at: find(at) for at in root}

    def _candidates(self, at: int, fresh: range) -> list[int]:
        """The documents that share the most telling words of title and lead, best first."""
        document = self.documents[at]
        total = len(self.documents)
        weigh = self.model.idf
        rarest = sorted(
            (word for word in self._heads[at].words if 1 < len(self._by_word[word]) <= max(_MAX_POSTINGS, total // 20)),
            key=lambda word: (len(self._by_word[word]), word),
        )[:_QUERY_WORDS]
        scores: dict[int, float] = defaultdict(float)
        for word in rarest:
            weight = weigh(word) * (2.0 if word in self._heads[at].title else 1.0)
            for other in self._by_word[word]:
                scores[other] += weight
        scores.pop(at, None)
        near = [
            (score, other)
            for other, score in scores.items()
            if other not in fresh or _within(document.date, self.documents[other].date)
        ]
        if len(near) > _CANDIDATES:  # among 10,000 documents 8,000 share some word: only the best are put in order
            least = sorted(score for score, _ in near)[-_CANDIDATES]
            near = [pair for pair in near if pair[0] >= least]
        best = sorted(near, key=lambda pair: (-pair[0], self.documents[pair[1]].id))
        return [other for _, other in best[:_CANDIDATES]]

    def _akin(self, at: int, other: int) -> bool:
        """Whether reading both in full can be worth it; of 635 pairs of one event this drops none."""
        a, b = self._heads[at], self._heads[other]
        told = max(len(a.title & b.words), len(b.title & a.words))
        return told >= 2 or (min(len(a.title), len(b.title)) < 2 and len(a.words & b.words) >= 6)

    def _neighbourhood(self, at: int, others: Sequence[int], representative: Mapping[int, int]) -> Neighbourhood:
        voices = {representative.get(other, other) for other in others} - {at, representative.get(at, at)}
        members = {other: self._heads[other] for other in sorted(voices)}
        return Neighbourhood(len(members), members)

    def _sketch(self, at: int) -> Sketch:
        found = self._sketches.get(at)
        if found is None:
            found = sketch_of(self.documents[at], self._texts[at], self._heads[at])
            if len(self._sketches) >= _MAX_SKETCHES:
                self._sketches.pop(next(iter(self._sketches)))
            self._sketches[at] = found
        return found


def _within(a: dt.date | None, b: dt.date | None) -> bool:
    return a is None or b is None or abs((a - b).days) <= _DAYS_AMONG_FRESH


def _days_between(a: Document, b: Document) -> int | None:
    return abs((a.date - b.date).days) if a.date and b.date else None


def _refilled(a: Sketch, b: Sketch, contained: float) -> bool:
    """A form filled in anew, such as yesterday's and today's figures: the same words, other numbers, another day."""
    if not 0.4 <= contained < 0.95 or not _days_between(a.document, b.document):
        return False
    if len(a.all_numbers) < 3 or len(b.all_numbers) < 3:
        return False
    return len(a.all_numbers & b.all_numbers) * 2 < min(len(a.all_numbers), len(b.all_numbers))
