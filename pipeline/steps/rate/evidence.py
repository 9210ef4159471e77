"""What the sentences of an article say of the topic, and the eight features made of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.config import Scope
from pipeline.steps.rate.terms import fold, pattern, weights

FEATURES = ("title", "title_axes", "lead", "lead_axes", "best", "share", "density", "variety")
"""What the weights of rate.json are for, each from 0 to 1 and each in favour of the topic (see `Rater.features`)."""

LEAD = 200  # characters: a news lead is about 150, and a headline-like first line may stand before it
ON_TOPIC = 2.0  # the relevance of a sentence with one strong term of weight 2
_AXIS_CAP = 4.0  # five times 医院 in one sentence says no more than twice
_RELEVANCE_CAP = 8.0  # an enumeration of thirty systems is one sentence still
_TOGETHER = 0.75  # of what the axes share; with .5, AI读片 in a 基层医院 had a relevance of 1
_SHORT = 60  # characters; densities of shorter texts are taken as if they were this long

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
    """What a term says: of each axis, by itself, against."""

    axes: tuple[float, ...]
    strong: float = 0.0
    against: float = 0.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence says; `relevance` is 2 for one strong term of weight 2."""

    length: int
    axes: tuple[float, ...]
    relevance: float = 0.0
    against: float = 0.0
    terms: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


class Evidence:
    """Reads sentences for the terms of one scope, and makes features of them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._nothing = (0.0,) * len(scope.axes)
        self._senses = self._senses_of(scope)
        self._terms = pattern(self._senses)

    def _senses_of(self, scope: Scope) -> dict[str, _Sense]:
        """Term → sense; a later list wins, so that an editor's `ignore` always does."""
        senses: dict[str, _Sense] = {}
        for index, axis in enumerate(scope.axes):
            for term, weight in weights(axis.terms).items():
                senses[term] = _Sense(tuple(weight if i == index else 0.0 for i in range(len(scope.axes))))
        for term, weight in weights(scope.against).items():
            senses[term] = _Sense(self._nothing, against=weight)
        for term, weight in weights(scope.strong).items():
            senses[term] = _Sense((min(weight, 2.0),) * len(scope.axes), strong=weight)
        return senses | {fold(term): _Sense(self._nothing) for term in scope.ignore}

    def read(self, sentence: str) -> Sentence:
        """What one folded sentence says."""
        sums = list(self._nothing)
        strong = side = against = 0.0
        terms: list[str] = []
        misses: list[str] = []
        before: tuple[int, int, _Sense] | None = None
        for found in self._terms.finditer(sentence):
            sense = self._senses[found[0]]
            sums = [total + weight for total, weight in zip(sums, sense.axes, strict=True)]
            against += sense.against
            if sense.against:
                misses.append(found[0])
            if sense.strong:
                strong += sense.strong
                terms.append(found[0])
            elif before and not before[2].strong and _adjoin(sentence[before[1] : found.start()]):
                both = [max(pair) for pair in zip(before[2].axes, sense.axes, strict=True)]
                if min(both) >= 1 and not any(map(min, zip(before[2].axes, sense.axes, strict=True))):
                    side += min(both)
                    terms.append(sentence[before[0] : found.end()])
            before = (found.start(), found.end(), sense)
        axes = tuple(min(total, _AXIS_CAP) for total in sums)
        relevance = max(0.0, strong + side + min(axes) * _TOGETHER - against / 2)
        return Sentence(len(sentence), axes, min(relevance, _RELEVANCE_CAP), against, tuple(terms), tuple(misses))

    def lines(self, lines: Sequence[str]) -> list[list[Sentence]]:
        """The sentences of each folded line."""
        return [[self.read(one) for one in _SENTENCE.findall(line)] for line in lines]

    def score(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> float:
        """The probability that an article of this title and these lines is in scope."""
        learned_weights, bias = learned()
        features = self.features(head, read)
        return 1 / (1 + math.exp(-bias - sum(weight * features[name] for name, weight in learned_weights.items())))

    def features(self, head: Sentence, read: Sequence[Sequence[Sentence]]) -> dict[str, float]:
        """The evidence by the names in `FEATURES`."""
        sentences = [one for line in read for one in line]
        if head.relevance == 0 and not any(one.relevance for one in sentences):
            return dict.fromkeys(FEATURES, 0.0)
        lead: list[Sentence] = []
        so_far = 0
        for one in sentences:
            if so_far >= LEAD:
                break
            lead.append(one)
            so_far += one.length
        per_hundred = 100 / max(_SHORT, sum(one.length for one in sentences))
        on_topic = sum(one.length for one in sentences if one.relevance >= ON_TOPIC)
        title, opening = self._scope.title_weight, self._scope.lead_weight
        # Near misses discount: those of the title everything, those of lead and body what stands there.
        named = math.exp(-head.against * title / 6)
        begun = named * math.exp(-sum(one.against for one in lead) * opening * 100 / max(_SHORT, so_far) / 6)
        whole = named * math.exp(-sum(one.against for one in sentences) * per_hundred / 6)
        return {
            "title": named * _saturated(head.relevance * title, 3),
            "title_axes": named * min(1.0, min(head.axes) * title / 3),
            "lead": begun * _saturated(sum(one.relevance for one in lead) * opening, 3),
            "lead_axes": begun * min(1.0, max((min(one.axes) for one in lead), default=0.0) * opening / 2),
            "best": whole * _saturated(sum(sorted((one.relevance for one in sentences), reverse=True)[:3]), 4),
            "share": whole * on_topic * per_hundred / 100,
            "density": whole * _saturated(sum(one.relevance for one in sentences) * per_hundred, 2.5),
            "variety": whole * min(1.0, math.log1p(len({term for one in sentences for term in one.terms})) / 2.5),
        }


def _adjoin(gap: str) -> bool:
    """Whether two terms with `gap` between them make one phrase: two characters, or three Latin words."""
    if _STOP.search(gap):
        return False
    return len(gap.split()) <= 3 if gap.isascii() else len(gap) <= 2
