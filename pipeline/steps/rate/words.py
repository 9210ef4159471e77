"""The trained part of a rating: the evidence of the scope's terms and the words of title and lead, weighed together.

The terms know the field and say why; the words know how such news is told (转院, 片子, 传输 without a term of any
list). One logistic regression weighs both, so that neither must be right alone: no averaging of two scores.
What a word weighs is learned (`words.json`, `benchmarks/train_scope.py`); evidence has no negative weight.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.model import digest
from pipeline.steps.rate.evidence import FEATURES, Sentence

FORMAT = 1
"""Counts up when a model made before can no longer be used: other features, another way to weigh words."""
EVIDENCE = (*FEATURES, "axes", "sentences")
"""The evidence that the model weighs: the features of the rules, and how far title and lead touch all axes."""

_LEAD = 600  # characters; of 58 whole articles held out F1 .92 at 400, .935 at 600, .92 at 1,000, which costs speed
_TITLE = 2  # a word of the title counts twice
_HALF = 4.0  # weight of an axis' terms in a hundred characters that makes half of what it can say
_SHORT = 60  # characters
_AGAINST = 6.0  # weight of near misses that leaves a third
_WORD = re.compile(r"[\u4e00-\u9fff]{2,}|[a-z][a-z0-9+.-]+")


@dataclass(frozen=True, slots=True)
class Model:
    """What evidence and words weigh, and how a score is put on the scale of the verdicts."""

    evidence: Mapping[str, float]
    words: Mapping[str, float]
    bias: float
    slope: float = 1.0
    offset: float = 0.0

    def of(self, evidence: Mapping[str, float], words: Mapping[str, float]) -> float:
        """The score of one article, 0 to 1."""
        return probability(self.slope * self.raw(evidence, words) + self.offset)

    def raw(self, evidence: Mapping[str, float], words: Mapping[str, float]) -> float:
        """The score of one article before it is calibrated, as a logit."""
        own, known = self.evidence, self.words
        return (
            self.bias
            + sum(weight * evidence[name] for name, weight in own.items())
            + sum(value * known[word] for word, value in words.items() if word in known)
        )

    def json(self) -> str:
        """The model as text, the same for the same model."""
        told = {
            "format": FORMAT,
            "base": base(),
            "bias": self.bias,
            "slope": self.slope,
            "offset": self.offset,
            "evidence": dict(sorted(self.evidence.items())),
            "words": dict(sorted(self.words.items())),
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_model(text: str) -> Model | None:
    """A model from its text; `None` when it was trained for another release's features or words."""
    told = json.loads(text)
    if (told["format"], told["base"]) != (FORMAT, base()):
        return None
    return Model(told["evidence"], told["words"], told["bias"], told["slope"], told["offset"])


def probability(logit: float) -> float:
    """A logit as a probability."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


@cache
def shipped() -> Model:
    """The model that ships with the package."""
    told = _told()
    return Model(told["evidence"], told["words"], told["bias"], told["slope"], told["offset"])


@cache
def base() -> str:
    """Digest of what any model builds upon: the words that are known, and the names of the evidence."""
    return digest(str(FORMAT), *EVIDENCE, json.dumps(_told()["counts"], ensure_ascii=False, sort_keys=True))[:12]


@cache
def rarity() -> Mapping[str, float]:
    """Word → how much it tells by how rare it is in the training texts; other words are not known."""
    told = _told()
    return rarity_of(told["documents"], told["counts"])


def rarity_of(documents: int, counts: Mapping[str, str]) -> dict[str, float]:
    """The same from a table: how many of `documents` texts hold a word → the words, parted by blanks."""
    return {
        word: math.log((documents + 1) / (int(count) + 1)) for count, words in counts.items() for word in words.split()
    }


@cache
def _told() -> Any:
    return json.loads(files(__package__).joinpath("words.json").read_text("utf-8"))


def evidence_of(features: Mapping[str, float], head: Sentence, read: Iterable[Sequence[Sentence]]) -> dict[str, float]:
    """The evidence by the names in `EVIDENCE`, from the features of the rules and what title and lines say."""
    lead: list[Sentence] = []
    length = 0
    for one in (one for line in read for one in line):
        if length >= _LEAD:
            break
        lead.append(one)
        length += one.length
    per_hundred = 100 / max(_SHORT, length)
    sides = [
        1 - math.exp(-per_hundred * (sum(one.axes[i] for one in lead) + 1.5 * axis) / _HALF)
        for i, axis in enumerate(head.axes)
    ]
    both = sum(min(1.0, *one.axes) for one in lead)
    # 宠物医院 and 给大桥做CT touch both axes too: near misses discount that as they do the features
    against = sum(one.against for one in lead) * per_hundred + 1.5 * head.against
    first = math.exp(-against / _AGAINST)
    return {
        **features,
        "axes": first * math.prod(sides) ** (1 / len(sides)),
        "sentences": first * (1 - math.exp(-both / 1.5)),
    }


def words_of(title: str, lines: Sequence[str], known: Mapping[str, float]) -> dict[str, float]:
    """The known words of a folded title and the beginning of folded lines, each with what it says; of length 1."""
    counts = {word: (1 + math.log(count)) * known[word] for word, count in cut(title, lines).items() if word in known}
    length = math.sqrt(math.fsum(value * value for value in counts.values())) or 1.0
    return {word: value / length for word, value in counts.items()}


def cut(title: str, lines: Sequence[str]) -> dict[str, int]:
    """The words of a folded title and the beginning of folded lines, and how often they come."""
    import rjieba  # reads its dictionary, 0.1 s: most commands cut no text

    counts: dict[str, int] = {}
    for text, weight in ((title, _TITLE), ("\n".join(lines)[:_LEAD], 1)):
        for word in rjieba.cut(text):
            if _WORD.fullmatch(word):
                counts[word] = counts.get(word, 0) + weight
    return counts
