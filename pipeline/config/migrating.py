"""The configuration of an earlier release in the form of this one: what its files become, comments and all.

Version 1 is whatever was written before there were versions; of it one form is refused today, the scope's `strong`.
Texts are edited where they stand, so that all else in a file keeps its hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.files import parsed, plain, position, read, worded
from pipeline.config.scope import alike
from pipeline.config.settings import VERSION
from pipeline.config.workspace import FILES
from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Migrated:
    """A file that has another form now."""

    path: Path
    before: str
    after: str
    notes: tuple[str, ...]
    """What was done, in Chinese."""


def migrated(workspace: Path) -> list[Migrated]:
    """What the files of a workspace become that are of an earlier version; nothing is written.

    Raises `ConfigError` for a file that cannot be used even so, or that is of a later release.
    """
    found = []
    for name, path in ((name, workspace / "config" / f"{name}.yaml") for name in FILES):
        if not path.is_file():
            continue
        before = _text(path)
        after, notes = before, []
        for change in _CHANGES.get(name, ()):
            after, told = change(path, after)
            notes += told
        if after == before:
            continue
        tree = parsed(path, after.encode())
        try:
            FILES[name].validate_python(plain(tree))
        except ValidationError as error:
            first = error.errors()[0]
            place = position(path, first["loc"], tree)
            raise ConfigError(
                f"{place} (as migrated)", worded(first, tree), "Mend it first; nothing was changed."
            ) from None
        found.append(Migrated(path, before, after, tuple(notes)))
    return found


def _text(path: Path) -> str:
    data = path.read_bytes()
    parsed(path, data)  # what is no YAML is told with its place
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def _says_its_version(path: Path, text: str) -> tuple[str, list[str]]:
    """settings.yaml names the version of the whole folder."""
    read(path, FILES["settings"])  # one of a later release is refused
    tree = parsed(path, text.encode())
    if tree.get("version") == VERSION:
        return text, []
    lines = text.split("\n")
    if "version" in tree:
        line, column = tree.lc.value("version")
        lines[line] = lines[line][:column] + re.sub(r"^[^\s#]+", str(VERSION), lines[line][column:])
    else:
        first = min(tree.lc.key(key)[0] for key in tree)
        lines[first:first] = [f"version: {VERSION}", ""]
    return "\n".join(lines), [f"注明为第 {VERSION} 版"]


def _topics_for_strong(path: Path, text: str) -> tuple[str, list[str]]:
    """`strong` was one list of weighed terms; its terms are those of a topic now."""
    tree = parsed(path, text.encode())
    if "strong" not in tree:
        return text, []
    if "topics" in tree:
        raise ConfigError(position(path, ("strong",), tree), "stands beside topics", "Move its terms to a topic.")
    start = tree.lc.key("strong")[0]
    end = min((tree.lc.key(key)[0] for key in tree if tree.lc.key(key)[0] > start), default=text.count("\n") + 1)
    lines = text.split("\n")
    while end > start + 1 and re.match(r"#|\s*$", lines[end - 1]):  # what stands above the next key is its own
        end -= 1
    head = lines[start].removeprefix("strong:")
    inner = [f"    {line}" if line.strip() else line for line in lines[start + 1 : end]]
    lines[start:end] = ["topics:", "  - name: 切题", f"    terms:{head}", *inner]
    return "\n".join(lines), ["strong 改为 topics 下的主题“切题”"]


def _every_term_once(path: Path, text: str) -> tuple[str, list[str]]:
    """A term that stood in several lists counted in one of them; it stays there alone."""
    tree = parsed(path, text.encode())
    places: dict[str, list[_Place]] = {}
    for one in _listed(tree):
        places.setdefault(alike(one.term), []).append(one)
    gone = []
    for same in places.values():
        stays = max(same, key=lambda one: (one.rank, one.line, one.column))
        gone += [one for one in same if (one.named, one.weight) != (stays.named, stays.weight)]
    lines = text.split("\n")
    for one in sorted(gone, key=lambda each: (each.line, each.column), reverse=True):
        before, after = lines[one.line][: one.column], lines[one.line][one.column :]
        if re.fullmatch(r"\s*- +", before):
            del lines[one.line]
        else:
            lines[one.line] = before + re.sub(r"""^("[^"]*"|'[^']*'|[^,\]#]+)(, *)?""", "", after)
    if not gone:
        return text, []
    named = "、".join(dict.fromkeys(one.term for one in gone))
    return "\n".join(line.rstrip() for line in lines), [f"在几处都写了的词只留一处：{named}"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a term stands; of several places the one of the highest rank counted."""

    term: str
    rank: int
    named: str
    weight: str
    line: int
    column: int


def _listed(tree: Any) -> Iterator[_Place]:
    weighed = [(0, f"axes {i}", one.get("terms")) for i, one in enumerate(tree.get("axes") or ())]
    weighed.append((1, "against", tree.get("against")))
    weighed += [(2, f"topics {i}", one.get("terms")) for i, one in enumerate(tree.get("topics") or ())]
    lists = [
        (rank, name, str(weight), group) for rank, name, terms in weighed for weight, group in (terms or {}).items()
    ]
    lists.append((3, "ignore", "", tree.get("ignore") or ()))
    for rank, named, weight, group in lists:
        for number, term in enumerate(group):
            yield _Place(str(term), rank, named, weight, *group.lc.item(number))


_CHANGES = {
    "settings": (_says_its_version,),
    "scope": (_topics_for_strong, _every_term_once),
}
"""What makes a file of version 1 one of version 2; a file that is so already stays as it is."""
