"""Learns what each kind of evidence weighs for scope, and writes pipeline/steps/rate/rate.json.

usage: python -m benchmarks.train_scope DATA [--write]

DATA holds labelled.jsonl (title, text, label in/borderline/out, event) and background.jsonl.gz (title, text;
all taken as out). A logistic regression whose weights may not be negative, because every feature speaks for the
topic; borderline counts as one half. Prints the result of a ten-fold cross-validation grouped by event first.
Needs scikit-learn (which brings numpy and scipy); nothing else in the project does.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter
from scipy.optimize import minimize

from pipeline.config import Scope, packaged, read
from pipeline.steps.rate import FEATURES, Rater

OUTPUT = Path(__file__).parent.parent / "pipeline" / "steps" / "rate" / "rate.json"
TARGET = {"in": 1.0, "borderline": 0.5, "out": 0.0}
BACKGROUND = 0.05  # 4,000 background items weigh as much as 200 labelled ones
HALF = 0.4  # title or text alone: either should be enough, though in the labelled texts they go together
PENALTY = 0.001
FOLDS = 10


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights, then the bias, of a logistic regression with non-negative weights."""
    weight = weight / weight.sum()

    def loss(v: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ v[:-1] + v[-1]
        error = weight * (1 / (1 + np.exp(-z)) - y)
        value = float((weight * (np.logaddexp(0, z) - y * z)).sum() + PENALTY * (v[:-1] ** 2).sum() / 2)
        return value, np.append(x.T @ error + PENALTY * v[:-1], error.sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    return minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--write", action="store_true", help="write rate.json")
    given = arguments.parse_args()
    if not (given.data / "labelled.jsonl").is_file():
        sys.exit(f"{given.data} holds no labelled.jsonl: name the folder of the labelled texts.")
    labelled = [json.loads(line) for line in (given.data / "labelled.jsonl").read_text("utf-8").splitlines()]
    with gzip.open(given.data / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
        background = [json.loads(line) for line in lines]

    rater = Rater(read(packaged("config") / "scope.yaml", TypeAdapter(Scope)))

    def matrix(pairs: list[tuple[str, str]]) -> np.ndarray:
        return np.array([[rater.features(*pair)[name] for name in FEATURES] for pair in pairs])

    x = matrix([(one["title"], one["text"]) for one in labelled])
    halves = [matrix([(one["title"], "") for one in labelled]), matrix([("", one["text"]) for one in labelled])]
    b = matrix([(one["title"], one["text"]) for one in background])
    y = np.array([TARGET[one["label"]] for one in labelled])
    group = np.array([zlib.crc32((one["event"] or str(i)).encode()) % FOLDS for i, one in enumerate(labelled)])

    def trained(keep: np.ndarray) -> np.ndarray:
        parts, targets, weight = (
            [x[keep], b],
            [y[keep], np.zeros(len(b))],
            [np.ones(keep.sum()), np.full(len(b), BACKGROUND)],
        )
        for half in halves:
            evident = keep & half.any(axis=1)
            parts, targets = [*parts, half[evident]], [*targets, y[evident]]
            weight.append(np.full(evident.sum(), HALF))
        return fit(np.vstack(parts), np.concatenate(targets), np.concatenate(weight))

    score = np.zeros(len(y))
    for fold in set(group):
        v = trained(group != fold)
        score[group == fold] = 1 / (1 + np.exp(-(x[group == fold] @ v[:-1] + v[-1])))
    flagged, sure = score >= 0.5, y != 0.5
    tp, fp, fn = (flagged & (y == 1)).sum(), (flagged & (y == 0)).sum(), (~flagged & (y == 1)).sum()
    print(f"cross-validated (page types and lengths not applied, n={sure.sum()}): F1 {2 * tp / (2 * tp + fp + fn):.3f}")
    print(
        f"precision {tp / (tp + fp):.3f} recall {tp / (tp + fn):.3f}, in scope below .3: {(score[y == 1] < 0.3).sum()}"
    )
    v = trained(np.ones(len(y), dtype=bool))
    weights = {name: round(float(w), 3) for name, w in zip(FEATURES, v, strict=False)}
    print(json.dumps({"weights": weights, "bias": round(float(v[-1]), 3)}, indent=1))
    if given.write:
        OUTPUT.write_text(json.dumps({"weights": weights, "bias": round(float(v[-1]), 3)}, indent=1) + "\n", "utf-8")
        print(f"wrote {OUTPUT.name}")


if __name__ == "__main__":
    main()
