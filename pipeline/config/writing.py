"""Sources written into sources.yaml, and read as they would stand there."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline.config.files import parse, parsed, plain, position, worded
from pipeline.config.sources import Source
from pipeline.config.workspace import FILES, Config, no_two_alike, routed
from pipeline.errors import ConfigError


def with_sources(path: Path, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The text of a sources.yaml with entries added at its end, each below a comment; all else stays as it stands.

    Raises `ConfigError` when the file, or what it would become, cannot be used.
    """
    tree = parse(path)
    written = path.read_bytes().decode("utf-8-sig")
    text = written.replace("\r\n", "\n")
    if not isinstance(tree, list):
        raise ConfigError(str(path), "is no list of sources", "Write each source as `- id: …`.")
    if tree and tree.fa.flow_style():  # type: ignore[attr-defined]  # the round-trip loader gives its own list
        raise ConfigError(str(path), "is written in brackets", "Write each source as `- id: …` on lines of its own.")
    if not tree:
        text = re.sub(r"^\[\s*\]", "", text, count=1, flags=re.MULTILINE)
    indent = " " * (tree.lc.item(0)[1] - 2) if tree else ""  # type: ignore[attr-defined]  # as above
    for comment, entry in entries:
        lines = [*(f"# {line}" for line in comment.splitlines()), *as_yaml(entry).splitlines()]
        text = text.rstrip("\n") + "\n\n" + "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)
    text = text.lstrip("\n")
    found = parsed(path, text.encode())
    try:
        sources = FILES["sources"].validate_python(plain(found))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(position(path, first["loc"], found), worded(first, found)) from None
    no_two_alike(path, [source.id for source in sources])
    return text.replace("\n", "\r\n") if "\r\n" in written else text


def with_verified(path: Path, sources: Mapping[str, bool], day: dt.date) -> tuple[str, list[str]]:
    """The text of a sources.yaml in which these were verified on `day`, and the ids that this was written for.

    Those that are `True` are enabled besides. All else stays as it stands, and so do entries in braces.
    """
    written = path.read_bytes().decode("utf-8-sig")
    lines = written.replace("\r\n", "\n").split("\n")
    found: list[str] = []
    for entry in reversed(parse(path)):  # from below, so that lines above keep their numbers
        if entry["id"] not in sources or entry.fa.flow_style():
            continue
        values = {"verified": str(day), **({"enabled": "true"} if sources[entry["id"]] else {})}
        missing = {key: value for key, value in values.items() if key not in entry}
        for key in values.keys() - missing.keys():
            line, column = entry.lc.value(key)
            lines[line] = lines[line][:column] + re.sub(r"^[^\s#]+", values[key], lines[line][column:])
        line, column = entry.lc.key("id")
        lines[line + 1 : line + 1] = [f"{' ' * column}{key}: {value}" for key, value in missing.items()]
        found.append(entry["id"])
    text = "\n".join(lines)
    FILES["sources"].validate_python(plain(parsed(path, text.encode())))
    return text.replace("\n", "\r\n") if "\r\n" in written else text, found[::-1]


def as_yaml(entry: Mapping[str, Any]) -> str:
    """An entry of sources.yaml as it stands there."""
    yaml = YAML()
    yaml.width = 4096
    shown = io.StringIO()
    yaml.dump([dict(entry)], shown)
    return shown.getvalue().rstrip("\n")


def source_of(entry: Mapping[str, Any], config: Config) -> Source:
    """One source from its piece of sources.yaml, as it would be loaded; raises `ConfigError`."""
    try:
        sources = FILES["sources"].validate_python([dict(entry)])
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError("sources.yaml", worded(first, [entry])) from None
    return next(routed(config.workspace, config.settings, sources))
