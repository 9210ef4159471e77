"""An event model that stays near the shipped one, learned from the pairs that editors merged and split."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.frozen import Telling
from pipeline.model import Document, digest
from pipeline.steps.dedupe import Archive, group
from pipeline.steps.dedupe.events import AGAINST, FEATURES, Model, probability, shipped
from pipeline.steps.learn.gate import Figure, Trial
from pipeline.steps.learn.lessons import PairLesson
from pipeline.steps.learn.regression import Example, Line, regression

FORMAT = 1
"""Counts up when a model made before can no longer be used."""

_STIFF = 4.0  # one pair moves a weight by less than .25
_DIGITS = 4
_SLACK = 0.01  # who splits more than we do merges a little less


def written(model: Model) -> str:
    """The model as text, the same for the same model."""
    told = {
        "format": FORMAT,
        "base": base(),
        "intercept": model.intercept,
        "weights": dict(sorted(model.weights.items())),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_events(text: str) -> Model | None:
    """A model from its text; `None` when it was trained for another release's features or words."""
    told = json.loads(text)
    if (told["format"], told["base"]) != (FORMAT, base()):
        return None
    return replace(shipped(), intercept=told["intercept"], weights=told["weights"])


def base() -> str:
    """Digest of what any model builds upon: the features, and how common words are."""
    ours = shipped()
    return digest(str(FORMAT), *FEATURES, json.dumps(ours.background, sort_keys=True), json.dumps(ours.means))[:12]


def compared(pairs: Sequence[PairLesson]) -> list[tuple[PairLesson, Mapping[str, float]]]:
    """The pairs that the comparison looks at at all, with their features."""
    found: list[tuple[PairLesson, Mapping[str, float]]] = []
    by_issue: dict[str, list[PairLesson]] = defaultdict(list)
    for one in pairs:
        by_issue[one.issue].append(one)
    for some in by_issue.values():
        documents = [Document(one.id, one.title, one.text, one.date, one.url) for one in some[0].among]
        archive = Archive(documents)
        names = [one.id for one in documents]
        values = {
            frozenset((names[one.a], names[one.b])): one.values
            for one in archive.compare(range(len(documents)))
            if not one.conflicts
        }
        found += [(one, values[key]) for one in some if (key := frozenset((one.a, one.b))) in values]
    return found


def learned(pairs: Sequence[tuple[PairLesson, Mapping[str, float]]]) -> Model:
    """The shipped model moved by merges and splits; no weight may contradict what its feature means."""
    start = shipped()
    examples = [Example(values, float(one.together)) for one, values in pairs]
    names = list(start.weights)
    line = regression(
        examples,
        Line(start.weights, start.intercept),
        dict.fromkeys(names, _STIFF),
        stiff_bias=_STIFF,
        least={name: 0.0 for name in names if name not in AGAINST},
        most={name: 0.0 for name in names if name in AGAINST},
    )
    weights = {name: round(line.weights[name], _DIGITS) for name in names}
    return replace(start, intercept=round(line.bias, _DIGITS), weights=weights)


def changed(old: Model, new: Model) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The features, in Chinese, that now speak more for one event, and those that speak less, largest change first."""
    moved = sorted(
        ((round(weight - old.weights.get(name, 0.0), _DIGITS), FEATURES[name]) for name, weight in new.weights.items())
    )
    up = [(name, by) for by, name in reversed(moved) if by > 0]
    return up, [(name, by) for by, name in moved if by < 0]


def tried(
    old: Model,
    new: Model,
    tested: Model,
    *,
    newest: Sequence[tuple[PairLesson, Mapping[str, float]]],
    frozen: Sequence[Telling],
) -> Trial:
    """How the new model stands beside the old one; `tested` has not seen the newest issues and stands for it there."""
    figures: list[Figure] = []
    refusals: list[str] = []

    def compare(name: str, before: float, after: float, slack: float = 0.0) -> None:
        figures.append(Figure(name, round(before, 4), round(after, 4)))
        if before - after > slack + 1e-9:
            refusals.append(f"{name}由 {before:.3f} 变为 {after:.3f}")

    if newest:
        compare("最近几期：与编辑合并拆分一致的比例", _agreement(old, newest), _agreement(tested, newest))
    if frozen:
        (precision, f1), (after, f1_after) = b_cubed(old, frozen), b_cubed(new, frozen)
        compare("固定测试集：归并准确率（B³）", precision, after)
        compare("固定测试集：归并 F1（B³）", f1, f1_after, _SLACK)
    return Trial(tuple(figures), tuple(refusals))


def _agreement(model: Model, pairs: Sequence[tuple[PairLesson, Mapping[str, float]]]) -> float:
    return sum((probability(values, model) >= 0.5) == one.together for one, values in pairs) / len(pairs)


def b_cubed(model: Model, tellings: Sequence[Telling]) -> tuple[float, float]:
    """Precision and F1 (B³) of the stories a model makes of tellings, each long story by itself."""
    precision = recall = count = 0.0
    for story in sorted({one.story for one in tellings}):
        some = [one for one in tellings if one.story == story]
        documents = [one.document for one in some]
        edges = Archive(documents, model=model).relate(range(len(documents)))
        cluster = {member: made.members[0] for made in group(documents, edges) for member in made.members}
        event = {one.document.id: one.event for one in some}
        for one in cluster:
            mine = {other for other in cluster if cluster[other] == cluster[one]}
            true = {other for other in cluster if event[other] == event[one]}
            precision += len(mine & true) / len(mine)
            recall += len(mine & true) / len(true)
            count += 1
    precision, recall = precision / count, recall / count
    return precision, 2 * precision * recall / (precision + recall)
