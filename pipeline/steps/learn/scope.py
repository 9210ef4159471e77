"""A scope model that stays near where it starts, learned from the shipped texts and what editors decided."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.frozen import FrozenArticle
from pipeline.steps.learn.gate import Figure, Trial
from pipeline.steps.learn.lessons import Lesson
from pipeline.steps.learn.regression import Example, Line, regression
from pipeline.steps.learn.texts import Text
from pipeline.steps.rate import EVIDENCE, Model, Rater
from pipeline.steps.rate.words import rarity

_STIFF_EVIDENCE = 1000.0  # what evidence weighs is a matter of the scope file, not of single articles
_STIFF_WORDS = 1.0  # one decision moves the score of that very article by about .1, of like ones by .02
_RARE = 6.0  # a word of one text in 400 is as stiff as said; a common one, such as 智能, stands for many other articles
_DIGITS = 4
_NEAR = 1e-4


def learned(rater: Rater, decided: Sequence[Lesson], texts: Sequence[Text], start: Model) -> Model:
    """A model moved by decisions from where it starts; `rater` only reads.

    Scores go through the calibration of the start, whose slope and offset stay.
    """
    slope, offset = start.slope, start.offset
    examples: list[Example] = []

    def add(title: str, text: str, target: float | None, weight: float) -> None:
        evidence, words = rater.reading(title, text)
        if target is None:
            target = start.of(evidence, words)
        # what is learned are calibrated logits: the calibration goes into values and bias
        examples.append(Example({name: slope * value for name, value in {**evidence, **words}.items()}, target, weight))

    for one in texts:
        # at the score it has: the texts hold the model where it is, and without decisions nothing moves at all
        add(one.title, one.text, None, 1.0)
    for lesson in decided:
        add(lesson.article.title, lesson.article.text, float(lesson.included), lesson.weight)
    names = sorted({word for one in examples for word in one.values} - set(EVIDENCE))
    known = rarity()
    stiff = dict.fromkeys(EVIDENCE, _STIFF_EVIDENCE)
    stiff |= {name: _STIFF_WORDS * (_RARE / known[name]) ** 4 for name in names}
    began = Line({**start.evidence, **start.words}, slope * start.bias + offset)
    line = regression(examples, began, stiff, stiff_bias=_STIFF_EVIDENCE, least=dict.fromkeys(EVIDENCE, 0.0))
    evidence = {name: round(line.weights[name], _DIGITS) for name in EVIDENCE}
    words = dict(start.words) | {name: round(line.weights[name], _DIGITS) for name in names}
    kept = {word: weight for word, weight in words.items() if abs(weight) >= _NEAR}
    return Model(evidence, kept, round((line.bias - offset) / slope, _DIGITS), slope, offset)


def changed(old: Model, new: Model, most: int = 8) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The words that now speak more for the scope, and those that speak more against it, largest change first."""
    words = old.words.keys() | new.words.keys()
    moved = sorted((round(new.words.get(w, 0.0) - old.words.get(w, 0.0), _DIGITS), w) for w in words)
    up = [(word, by) for by, word in reversed(moved[-most:]) if by > _NEAR]
    down = [(word, by) for by, word in moved[:most] if by < -_NEAR]
    return up, down


def tried(
    old: Rater,
    new: Rater,
    tested: Rater,
    *,
    newest: Sequence[Lesson],
    printed: Sequence[Lesson],
    frozen: Sequence[FrozenArticle],
    texts: Sequence[Text],
) -> Trial:
    """How the new rater stands beside the old one.

    `tested` is a rater with a model that has not seen the newest issues: it stands for the new one there. `printed`
    are articles that issues carried.
    """
    figures: list[Figure] = []
    refusals: list[str] = []

    def compare(name: str, before: float, after: float, *, more_is_better: bool, slack: float = 0.0) -> None:
        figures.append(Figure(name, round(before, 4), round(after, 4)))
        worse = before - after if more_is_better else after - before
        if worse > slack + 1e-9:
            refusals.append(f"{name}由 {before:.3f} 变为 {after:.3f}")

    if newest:
        old_scores, new_scores = _scores(old, newest), _scores(tested, newest)
        wanted = [one.included for one in newest]
        weights = [one.weight for one in newest]
        compare("最近几期：与编辑决定一致的比例", _agreement(old_scores, wanted, weights),
                _agreement(new_scores, wanted, weights), more_is_better=True)  # fmt: skip
        if figures[-1].new < _LEAST_AGREEMENT:
            refusals.append(f"学过之后仍只有 {figures[-1].new:.0%} 与编辑决定一致，看不出规律")
        compare("最近几期：F1", _f1(old_scores, wanted), _f1(new_scores, wanted), more_is_better=True)
    if printed:
        compare("已刊出而得分低于 0.3 的篇数", _below(_scores(old, printed)), _below(_scores(new, printed)),
                more_is_better=False)  # fmt: skip
    sure = [one for one in frozen if one.nationwide != "borderline"]
    if sure:
        truth = [one.nationwide == "in" for one in sure]
        before = [old.rate(one.title, one.text, one.outlet, one.url).score for one in sure]
        after = [new.rate(one.title, one.text, one.outlet, one.url).score for one in sure]
        compare("固定测试集：F1", _f1(before, truth), _f1(after, truth), more_is_better=True)
        inside = [i for i, one in enumerate(truth) if one]
        compare("固定测试集：应收而得分低于 0.3 的篇数", _below([before[i] for i in inside]),
                _below([after[i] for i in inside]), more_is_better=False)  # fmt: skip
        compare("固定测试集：误差（Brier）", _brier(before, truth), _brier(after, truth),
                more_is_better=False, slack=_SLACK)  # fmt: skip
    out = [one for one in texts if one.label == "out"]
    if out:
        compare("自带反例中误报的篇数", _flags(old, out), _flags(new, out), more_is_better=False)
    return Trial(tuple(figures), tuple(refusals))


_LEAST_AGREEMENT = 0.7  # who clicks at random agrees with any model half of the time
_SLACK = 0.005  # a scope a little other than ours may cost so much on a set that knows nothing of it


def _scores(rater: Rater, some: Sequence[Lesson]) -> list[float]:
    return [rater.rate(one.article.title, one.article.text, one.article.outlet, one.article.url).score for one in some]


def _agreement(scores: Sequence[float], wanted: Sequence[bool], weights: Sequence[float]) -> float:
    return sum(
        weight for score, one, weight in zip(scores, wanted, weights, strict=True) if (score >= 0.5) == one
    ) / sum(weights)


def _f1(scores: Sequence[float], wanted: Sequence[bool]) -> float:
    hits = sum(score >= 0.5 and one for score, one in zip(scores, wanted, strict=True))
    total = sum(score >= 0.5 for score in scores) + sum(wanted)
    return 2 * hits / total if total else 1.0


def _brier(scores: Sequence[float], wanted: Sequence[bool]) -> float:
    return sum((score - one) ** 2 for score, one in zip(scores, wanted, strict=True)) / len(scores)


def _below(scores: Sequence[float]) -> float:
    return float(sum(score < 0.3 for score in scores))


def _flags(rater: Rater, texts: Sequence[Text]) -> float:
    return float(sum(rater.rate(one.title, one.text).score >= 0.5 for one in texts))
