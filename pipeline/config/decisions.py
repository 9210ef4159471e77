"""Files of decisions about a draft, as `bulletin draft apply` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, model_validator

from pipeline.config.files import read
from pipeline.config.strict import Strict


class Recorded(Strict):
    """One decision in a file: its verb, what it is about, and what it takes."""

    verb: str
    target: str
    reason: str = ""
    values: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, row: Any) -> Any:
        """`{include: 智慧北京, reason: …}`: the first key is the verb, the others are what it takes."""
        if not isinstance(row, Mapping) or not row or "verb" in row:
            raise ValueError("write a decision as `- verb: target`, for instance `- include: 智慧北京`")
        (verb, target), *others = [(str(key), str(value)) for key, value in row.items()]
        rest = dict(others)
        return {"verb": verb, "target": target, "reason": rest.pop("reason", ""), "values": rest}


class Decisions(Strict):
    """A file of decisions, in the order they were taken."""

    editor: Annotated[str, Field(min_length=1)]
    decisions: tuple[Recorded, ...] = ()


def read_decisions(path: Path) -> Decisions:
    """A file of decisions; raises `ConfigError` with file, line and column."""
    decisions: Decisions = read(path, TypeAdapter(Decisions))
    return decisions
