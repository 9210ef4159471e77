"""The environment wins over the single values of settings.yaml."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pydantic import BaseModel

from pipeline.config.settings import Settings

_NO_SETTINGS = frozenset({"BULLETIN_WORKSPACE", "BULLETIN_EDITOR"})  # options of the command line


def variables() -> dict[str, tuple[str, ...]]:
    """Every environment variable that overrides a setting: its name → the setting's path."""
    return {"BULLETIN_" + "__".join(path).upper(): path for path in _scalars(Settings)}


def strays() -> list[str]:
    """Variables `BULLETIN_…` that nothing reads: mistyped ones, or ones that hold more than a single value."""
    return sorted(
        name for name in os.environ if name.startswith("BULLETIN_") and name not in {*variables(), *_NO_SETTINGS}
    )


def environment() -> dict[tuple[str, ...], str]:
    """What the environment says: path of a setting → its value as text."""
    return {path: os.environ[name] for name, path in variables().items() if os.environ.get(name)}


def variable(path: tuple[str, ...]) -> str:
    """The name of the variable that overrides a setting."""
    return "BULLETIN_" + "__".join(path).upper()


def _scalars(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the settings that are single values."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _scalars(kind, (*before, name))
        elif name not in _MANY:
            yield (*before, name)


_MANY = frozenset({"ports", "connect_to", "notify", "formats"})
