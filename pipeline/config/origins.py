"""Every effective value, and where it comes from; secrets are masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter
from ruamel.yaml.comments import CommentedBase

from pipeline.config.environment import environment, variable
from pipeline.config.files import parse, path_of
from pipeline.config.workspace import load


@dataclass(frozen=True, slots=True)
class Origin:
    """One effective value, and where it comes from; secrets are masked."""

    name: str
    """The path of the value, as `settings.politeness.retries`."""
    value: Any
    origin: str
    """`config/settings.yaml:12`, `packaged settings.yaml:12`, `environment BULLETIN_…` or `default`."""


def origins(workspace: Path) -> list[Origin]:
    """Every setting of settings.yaml and series.yaml as it takes effect, and how much the other files hold."""
    config = load(workspace)
    found = list(_traced(workspace, "settings", config.settings, (), environment()))
    for name, series in config.series.items():
        found += _traced(workspace, "series", series, (name,), {})
    counts = {
        "scope": {
            "axes": len(config.scope.axes),
            "terms": sum(len(terms) for axis in config.scope.axes for terms in axis.terms.values()),
            "places": len(config.scope.places),
        },
        "sources": {"all": len(config.sources), "enabled": sum(one.enabled for one in config.sources)},
        "outlets": {"all": len(config.outlets.all), "hosts": len(config.outlets.hosts)},
    }
    for name, holds in counts.items():
        found.append(Origin(name, holds, _shown(workspace, name)))
    return found


def masked(address: str) -> str:
    """An address without its secrets: what `notify`, `proxy` or `database` may show to everybody.

    Of a webhook all but the host can be a secret, and of a chat's address the "host" is one, so a host is shown
    only where it is known to be a host.
    """
    if address.startswith(("env:", "file:")):
        return address
    scheme, mark, _ = address.partition("://")
    if not mark:
        return "…"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{scheme}://…"
    if scheme.lower() in _HOSTED or scheme.lower().startswith("postgresql"):
        return f"{scheme}://{host}{f':{port}' if port else ''}/…"
    return f"{scheme}://…"


_HOSTED = frozenset({"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})


def _traced(
    workspace: Path, name: str, model: BaseModel, before: tuple[str, ...], overrides: Mapping[tuple[str, ...], str]
) -> Iterator[Origin]:
    tree = parse(path_of(workspace, name))
    for path, value in _values(model, before):
        line = _line(tree, path)
        origin = f"{_shown(workspace, name)}:{line}" if line else "default"
        if path in overrides:
            origin = f"environment {variable(path)}"
        yield Origin(".".join((name, *path)), value, origin)


def _values(model: BaseModel, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, info in type(model).model_fields.items():
        value, path = getattr(model, name), (*before, info.alias or name)
        if path in (("database",), ("proxy",)):
            yield path, masked(value) if value else ""
        elif path == ("notify",):
            yield (
                path,
                [
                    {"to": masked(one.to.get_secret_value()), "events": list(one.events), "series": list(one.series)}
                    for one in value
                ],
            )
        elif isinstance(value, BaseModel):
            yield from _values(value, path)
        elif name != "id":  # a series' id is the key it stands under
            yield path, TypeAdapter(Any).dump_python(value, mode="json")


def _line(tree: Any, path: tuple[str, ...]) -> int:
    """The line a value stands on, from 1; 0 when it does not stand in the file."""
    line = 0
    for step in path:
        if not isinstance(tree, Mapping) or step not in tree:
            return 0
        line = tree.lc.key(step)[0] + 1 if isinstance(tree, CommentedBase) else 0
        tree = tree[step]
    return line


def _shown(workspace: Path, name: str) -> str:
    own = workspace / "config" / f"{name}.yaml"
    return f"config/{name}.yaml" if own.exists() else f"packaged {name}.yaml"
