"""What the sentences of an article say of the topics, and the eight features made of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.config import Scope, Terms
from pipeline.steps.rate.terms import Finder, fold

FEATURES = ("title", "title_axes", "lead", "lead_axes", "best", "share", "density", "variety")
"""What the weights of rate.json are for, each from 0 to 1 and each in favour of the topic (see `Rater.features`)."""

LEAD = 200  # characters: a news lead is about 150, and a headline-like first line may stand before it
ON_TOPIC = 2.0  # the relevance of a sentence with one term of weight 2
_AXIS_CAP = 4.0  # five times 医院 in one sentence says no more than twice
_RELEVANCE_CAP = 8.0  # an enumeration of thirty systems is one sentence still
_TOGETHER = 0.75  # of what the axes share; with .5, AI读片 in a 基层医院 had a relevance of 1
_SHORT = 60  # characters; densities of shorter texts are taken as if they were this long
_TOPIC = 2.0  # the weights that make a topic one of the article: one term of weight 2, or two of weight 1
_BESIDE = 0.2  # a topic with less than this part of the first one's weight is a mention
_TOPICS = 4  # more tags than these say nothing
_NAMED = 3.0  # a topic in the title counts so many times

_STOP = re.compile("[,.:;!?。、()]")
_SENTENCE = re.compile(r"[^。!?;]+[。!?;]*")


def _saturated(value: float, half: float) -> float:
    return 1 - math.exp(-value / half)


@cache
def learned() -> tuple[Mapping[str, float], float]:
    """The weights of the features and the bias, from rate.json."""
    told = json.loads(files(__package__).joinpath("rate.json").read_text("utf-8"))
    return told["weights"], told["bias"]


@dataclass(frozen=True, slots=True)
class _Sense:
    """What a term says: of each axis, of a topic by itself, against."""

    written: str
    """As it stands in scope.yaml."""
    axes: tuple[float, ...]
    strong: float = 0.0
    against: float = 0.0
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term that was found, or two of different axes and what stands between them, its weight and its topic."""

    term: str
    weight: float
    topic: str = ""
    """Empty for terms of two axes and for near misses; two that only share a sentence weigh nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence says; `relevance` is 2 for one term of weight 2."""

    text: str
    """Folded."""
    axes: tuple[float, ...]
    relevance: float = 0.0
    against: float = 0.0
    hits: tuple[Hit, ...] = ()
    misses: tuple[Hit, ...] = ()

    @property
    def length(self) -> int:
        """In characters."""
        return len(self.text)


class Evidence:
    """Reads sentences for the terms of one scope, and makes features of them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._nothing = (0.0,) * len(scope.axes)
        self._senses = self._senses_of(scope)
        axes = {fold(term) for axis in scope.axes for term, _ in _each(axis.terms)}
        self._terms = Finder(self._senses.keys() - axes, axes)
        self._must = {one.name: Finder(map(fold, one.must)) for one in scope.topics if one.must}
        self._unless = {one.name: Finder(map(fold, one.unless)) for one in scope.topics if one.unless}

    def _senses_of(self, scope: Scope) -> dict[str, _Sense]:
        """Folded term → sense."""
        senses: dict[str, _Sense] = {}
        for index, axis in enumerate(scope.axes):
            for term, weight in _each(axis.terms):
                side = tuple(weight if i == index else 0.0 for i in range(len(scope.axes)))
                senses[fold(term)] = _Sense(term, side)
        for term, weight in _each(scope.against):
            senses[fold(term)] = _Sense(term, self._nothing, against=weight)
        for topic in scope.topics:
            for term, weight in _each(topic.terms):
                both = (min(weight, 2.0),) * len(scope.axes)
                senses[fold(term)] = _Sense(term, both, strong=weight, topic=topic.name)
        return senses | {fold(term): _Sense(term, self._nothing) for term in scope.ignore}

    def article(self, title: str, lines: Sequence[str]) -> tuple[Sentence, list[list[Sentence]]]:
        """What a folded title and each sentence of each folded line say.

        A topic whose `must` stands nowhere in the article says nothing.
        """
        head, read = self._whole(title, lines, frozenset())
        found = {hit.topic for one in (head, *(one for line in read for one in line)) for hit in one.hits}
        missing = frozenset(
            topic
            for topic in found & self._must.keys()
            if not any(self._must[topic].any(part) for part in (title, *lines))
        )
        return self._whole(title, lines, missing) if missing else (head, read)

    def _whole(
        self, title: str, lines: Sequence[str], without: frozenset[str]
    ) -> tuple[Sentence, list[list[Sentence]]]:
        read = [[self._read(one, without) for one in _SENTENCE.findall(line)] for line in lines]
        return self._read(title, without), read

    def _read(self, sentence: str, without: frozenset[str]) -> Sentence:
        """What one folded sentence says, topics `without` left out."""
        sums = list(self._nothing)
        strong = side = against = 0.0
        hits: list[Hit] = []
        misses: list[Hit] = []
        touched: list[_Sense] = []
        before: tuple[int, int, _Sense] | None = None
        for start, term in self._terms.find(sentence):
            sense = self._senses[term]
            if sense.topic and (
                sense.topic in without or (sense.topic in self._unless and self._unless[sense.topic].any(sentence))
            ):
                continue
            touched.append(sense)
            for axis, weight in enumerate(sense.axes):
                sums[axis] += weight
            if sense.against:
                against += sense.against
                misses.append(Hit(sense.written, sense.against))
            if sense.strong:
                strong += sense.strong
                hits.append(Hit(sense.written, sense.strong, sense.topic))
            elif before and not before[2].strong and _adjoin(sentence[before[1] : start]):
                both = [max(pair) for pair in zip(before[2].axes, sense.axes, strict=True)]
                if min(both) >= 1 and not any(map(min, zip(before[2].axes, sense.axes, strict=True))):
                    side += min(both)
                    hits.append(Hit(sentence[before[0] : start + len(term)], min(both)))
            before = (start, start + len(term), sense)
        axes = tuple(min(total, _AXIS_CAP) for total in sums)
        if not hits and min(axes) > 0:
            hits.append(Hit(_of_each_axis(touched), 0.0))
        relevance = max(0.0, strong + side + min(axes) * _TOGETHER - against / 2)
        return Sentence(sentence, axes, min(relevance, _RELEVANCE_CAP), against, tuple(hits), tuple(misses))

    def topics(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> tuple[str, ...]:
        """The names of the topics an article is about, strongest first."""
        sums: dict[str, float] = {}
        for one, times in ((head, _NAMED), *((one, 1.0) for line in read for one in line)):
            for hit in one.hits:
                if hit.topic:
                    sums[hit.topic] = sums.get(hit.topic, 0.0) + hit.weight * times
        order = sorted(sums, key=lambda name: -sums[name])
        enough = max(_TOPIC, _BESIDE * sums[order[0]]) if order else _TOPIC
        return tuple(name for name in order if sums[name] >= enough)[:_TOPICS]

    def score(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> float:
        """The probability that an article of this title and these lines is in scope."""
        weighed, bias = learned()
        features = self.features(head, read)
        return 1 / (1 + math.exp(-bias - sum(weight * features[name] for name, weight in weighed.items())))

    def features(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> dict[str, float]:
        """The evidence by the names in `FEATURES`."""
        sentences = [one for line in read for one in line]
        if head.relevance == 0 and not any(one.relevance for one in sentences):
            return dict.fromkeys(FEATURES, 0.0)
        lead = opening(sentences)
        so_far = sum(one.length for one in lead)
        per_hundred = 100 / max(_SHORT, sum(one.length for one in sentences))
        on_topic = sum(one.length for one in sentences if one.relevance >= ON_TOPIC)
        named, begun = self._scope.title_weight, self._scope.lead_weight
        # Near misses discount: those of the title everything, those of lead and body what stands there.
        above = math.exp(-head.against * named / 6)
        first = above * math.exp(-sum(one.against for one in lead) * begun * 100 / max(_SHORT, so_far) / 6)
        whole = above * math.exp(-sum(one.against for one in sentences) * per_hundred / 6)
        variety = len({hit.term for one in sentences for hit in one.hits if hit.weight})
        return {
            "title": above * _saturated(head.relevance * named, 3),
            "title_axes": above * min(1.0, min(head.axes) * named / 3),
            "lead": first * _saturated(sum(one.relevance for one in lead) * begun, 3),
            "lead_axes": first * min(1.0, max((min(one.axes) for one in lead), default=0.0) * begun / 2),
            "best": whole * _saturated(sum(sorted((one.relevance for one in sentences), reverse=True)[:3]), 4),
            "share": whole * on_topic * per_hundred / 100,
            "density": whole * _saturated(sum(one.relevance for one in sentences) * per_hundred, 2.5),
            "variety": whole * min(1.0, math.log1p(variety) / 2.5),
        }


def opening(sentences: Sequence[Sentence]) -> Sequence[Sentence]:
    """The sentences of the lead: those that begin within the first `LEAD` characters."""
    so_far = 0
    for place, one in enumerate(sentences):
        if so_far >= LEAD:
            return sentences[:place]
        so_far += one.length
    return sentences


def _of_each_axis(senses: Sequence[_Sense]) -> str:
    """The strongest term of each axis, for a sentence that touches all of them apart: 患者…人工智能."""
    sides = range(len(senses[0].axes))
    return "…".join(senses[max(range(len(senses)), key=lambda n: senses[n].axes[i])].written for i in sides)


def _each(terms: Terms) -> Iterable[tuple[str, float]]:
    return ((term, weight) for weight, group in terms.items() for term in group)


def _adjoin(gap: str) -> bool:
    """Whether two terms with `gap` between them make one phrase: two characters, or three Latin words."""
    if _STOP.search(gap):
        return False
    return len(gap.split()) <= 3 if gap.isascii() else len(gap) <= 2
