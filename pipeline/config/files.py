"""Files of settings: YAML in, values out; an error names file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from pipeline.errors import ConfigError

_PACKAGE = Path(__file__).parent.parent
_MAX_BYTES = 4 * 1024 * 1024  # 10,000 sources are about 2 MB; anything larger is not a configuration
_MOST_KNOWN = 32  # files; a desk has five
_known: dict[tuple[bytes, TypeAdapter[Any]], Any] = {}


def packaged(name: str) -> Path:
    """A folder that travels with the package (`config`, `templates`, `seeds`), installed or in a checkout."""
    installed = _PACKAGE / "share" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def read(path: Path, adapter: TypeAdapter[Any]) -> Any:
    """One YAML file as the adapter's type; raises `ConfigError` with file, line and column.

    What is read is frozen, so the same bytes are read once, wherever they lie.
    """
    data = _bytes(path)
    if (data, adapter) in _known:
        return _known[data, adapter]
    value = _quickly(data, adapter)
    if value is None:
        tree = parsed(path, data)
        try:
            value = adapter.validate_python(plain(tree))
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(
                position(path, first["loc"], tree), worded(first, tree), _advice(first, adapter)
            ) from None
    if len(_known) == _MOST_KNOWN:
        _known.clear()
    _known[data, adapter] = value
    return value


def _quickly(data: bytes, adapter: TypeAdapter[Any]) -> Any:
    """What `read` gives, by a parser written in C; `None` for what is wrong, or may mean something else to the other.

    The other one knows lines and reads by itself alone what has aliases, tabs, merged keys or a directive; scope and
    outlets took it half a second in every process.
    """
    if len(data) > _MAX_BYTES or _PARSERS_DIFFER.search(data):
        return None
    try:
        tree = YAML(typ="safe").load(data.decode("utf-8-sig"))
        return None if tree is None else adapter.validate_python(tree)
    except (UnicodeDecodeError, YAMLError, ValidationError):
        return None


_PARSERS_DIFFER = re.compile(rb"[*\t]|<<|^%", re.MULTILINE)


def path_of(workspace: Path, name: str) -> Path:
    """The file of a workspace that is in force: its own, else the packaged one."""
    own = workspace / "config" / f"{name}.yaml"
    return own if own.exists() else packaged("config") / f"{name}.yaml"


def parse(path: Path) -> Any:
    """A YAML file as its tree, which knows its lines; raises `ConfigError`."""
    return parsed(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise ConfigError(str(path), "is not a file", "Run `bulletin init` to write a configuration.")
    return path.read_bytes()


def parsed(path: Path, data: bytes) -> Any:
    """As `parse`, from the bytes of the file at `path`."""
    if len(data) > _MAX_BYTES:
        raise ConfigError(str(path), f"is larger than {_MAX_BYTES // 1024 // 1024} MiB", "Split or shorten it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}", "is not UTF-8", "Save it as UTF-8.") from None
    yaml = YAML(typ="rt", pure=True)
    try:
        for event in YAML(typ="safe", pure=True).parse(text) if "*" in text else ():  # a third of the time
            if isinstance(event, AliasEvent):
                mark = event.start_mark
                raise ConfigError(
                    f"{path}:{mark.line + 1}:{mark.column + 1}", "uses a YAML alias (*)", "Write the value out."
                )
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        told = (error.problem or "is not YAML").splitlines()[0]
        raise ConfigError(place, told, "Look for a bracket, quote or blank that is missing there or above.") from None
    except YAMLError as error:
        raise ConfigError(str(path), str(error).splitlines()[0]) from None
    if tree is None:
        raise ConfigError(str(path), "is empty", "Copy the packaged file of that name and edit it.")
    return tree


def plain(tree: Any) -> Any:
    """A tree as plain dictionaries and lists."""
    if isinstance(tree, Mapping):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    return tree


def position(path: Path, loc: tuple[Any, ...], tree: Any = None) -> str:
    """`path:line:column` of the deepest part of `loc` that stands in the file."""
    node = parse(path) if tree is None else tree
    line, column = 0, 0
    for step in loc:
        if not isinstance(node, CommentedBase):
            break
        try:
            if isinstance(node, Mapping):
                step = next((key for key in node if str(key) == str(step)), step)  # a weight's key is a number
                line, column = node.lc.key(step)
            else:
                line, column = node.lc.item(step)
            node = node[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # a union's tag stands in loc but not in the file
    return f"{path}:{line + 1}:{column + 1}"


def worded(error: Any, tree: Any) -> str:
    """What is wrong with a value, for people: pydantic\'s error about a place in the tree."""
    where = ".".join(str(part) for part in error["loc"])
    named = next((f"source {name}: " for name in _source_name(error["loc"], tree)), "")
    if error["type"] == "extra_forbidden":
        return f"{named}unknown key {error['loc'][-1]!r}"
    if error["type"] == "missing":
        return f"{named}{where}: is missing"
    if error["type"] == "union_tag_invalid":
        kinds = ", ".join(sorted(re.findall(r"'([a-z]+)'", str(error["ctx"]["expected_tags"]))))
        return f"{named}unknown kind {error['ctx']['tag']!r} (known: {kinds})"
    if error["type"] == "union_tag_not_found":
        return f"{named}kind: is missing"
    if error["type"] == "tuple_type":
        return f"{named}{where}: write a list, as [a, b]"
    if error["type"] == "too_short":
        return f"{named}{where}: name at least {error['ctx']['min_length']}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{named}{where}: {message[:1].lower()}{message[1:]}"


def _advice(error: Any, adapter: TypeAdapter[Any]) -> str:
    """What to do about a value that cannot be used: the key that was meant, else where to look it up."""
    if error["type"] == "extra_forbidden":
        schema = adapter.json_schema()
        known = {key for one in (schema, *schema.get("$defs", {}).values()) for key in one.get("properties", ())}
        for near in get_close_matches(str(error["loc"][-1]), sorted(known), 1):
            return f"Did you mean {near!r}?"
    if error["type"] in ("value_error", "tuple_type", "too_short", "union_tag_invalid"):
        return ""  # these say what to write
    return "How it is written stands in the comments of the packaged file of that name."


def _source_name(loc: tuple[Any, ...], tree: Any) -> Iterator[str]:
    if isinstance(tree, list) and loc and isinstance(loc[0], int) and isinstance(tree[loc[0]], Mapping):
        entry = tree[loc[0]]
        if name := entry.get("name") or entry.get("id"):
            yield str(name)
