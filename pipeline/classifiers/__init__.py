"""Further classifiers, all optional and off by default: they weigh or remark, they never write.

A classifier gives an article a score and one sentence. The score of `embeddings` is averaged with the scope's own
(`pipeline.steps.rate`) where that is not sure; what `llm` says is only shown beside what waits. What is printed in an
issue comes from the article or from an editor, whatever a classifier says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.classifiers import embeddings, llm
from pipeline.config import Config
from pipeline.model import Classifier

__all__ = ["CLASSIFIERS", "opened"]

CLASSIFIERS: Mapping[str, Callable[[Config], Classifier | None]] = {
    "embeddings": embeddings.opened,
    "llm": llm.opened,
}
"""Name → what opens it, or gives nothing where the settings leave it off; `ConfigError` when it cannot be used."""


def opened(config: Config) -> dict[str, Classifier]:
    """The classifiers that the settings turn on, by name."""
    found = {name: make(config) for name, make in CLASSIFIERS.items()}
    return {name: one for name, one in found.items() if one is not None}
