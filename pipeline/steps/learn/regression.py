"""Logistic regression that stays near where it begins; the only place that needs the extra `learn`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled thing: what is known of it by name, how sure it is to be one (0 to 1), how much it counts."""

    values: Mapping[str, float]
    target: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """What a regression learned: a weight for each name, and the bias."""

    weights: Mapping[str, float]
    bias: float


def regression(
    examples: Sequence[Example],
    start: Line,
    stiff: Mapping[str, float],
    *,
    stiff_bias: float = 0.0,
    least: Mapping[str, float] | None = None,
    most: Mapping[str, float] | None = None,
) -> Line:
    """The weights that fit the examples best and lie near `start`.

    What is minimised is the sum of the examples' log losses and half of `stiff` times the squared distance of
    each weight from `start`; `least` and `most` bound weights. The names are those of `stiff`. The same examples in the
    same order give the same weights.
    """
    try:
        import numpy as np
        from scipy.optimize import minimize
        from scipy.sparse import csr_matrix
    except ImportError:
        raise UsageError(
            "学习功能没有安装。", "请安装 learn 附加组件：pip install 'bulletin-desk[learn]'；其他功能不受影响。"
        ) from None
    names = list(stiff)
    place = {name: at for at, name in enumerate(names)}
    cells = [
        (row, place[name], value)
        for row, one in enumerate(examples)
        for name, value in one.values.items()
        if name in place
    ]
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    table = csr_matrix((values, (rows, columns)), shape=(len(examples), len(names)))
    target = np.array([one.target for one in examples])
    weight = np.array([one.weight for one in examples])
    centre = np.array([*(start.weights.get(name, 0.0) for name in names), start.bias])
    pull = np.array([*stiff.values(), stiff_bias])

    def loss(v: Floats) -> tuple[float, Floats]:
        z = table @ v[:-1] + v[-1]
        error = weight * (1 / (1 + np.exp(-np.clip(z, -40, 40))) - target)
        away = v - centre
        value = float((weight * (np.logaddexp(0, z) - target * z)).sum() + (pull * away**2).sum() / 2)
        return value, np.append(table.T @ error, error.sum()) + pull * away

    low, high = least or {}, most or {}
    bounds = [*((low.get(name), high.get(name)) for name in names), (None, None)]
    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 400}).x
    return Line({name: float(value) for name, value in zip(names, found[:-1], strict=True)}, float(found[-1]))
