"""What the code says of itself in comments and docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

from pipeline.config import packaged


def docstring(thing: object) -> str:
    """The docstring of a class or function itself, never one that it inherits; empty when it has none."""
    return inspect.cleandoc(vars(thing).get("__doc__") or "" if isinstance(thing, type) else thing.__doc__ or "")


@cache
def tree(module: ModuleType) -> ast.Module:
    """A module's source as its syntax tree."""
    return ast.parse(inspect.getsource(module))


def function(made: Callable[..., Any]) -> ast.FunctionDef:
    """The definition of a function, without what decorates it."""
    plain = inspect.unwrap(made)
    module = inspect.getmodule(plain)
    assert module is not None
    return next(
        node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef) and node.name == plain.__name__
    )


@cache
def attributes(kind: type) -> Mapping[str, str]:
    """Field of a class → the docstring below it; those of the classes it is made from are among them."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        module = inspect.getmodule(each)
        if module is None or not each.__module__.startswith("pipeline"):
            continue
        body = next(
            node.body
            for node in ast.walk(tree(module))
            if isinstance(node, ast.ClassDef) and node.name == each.__name__
        )
        for node, below in pairwise(body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and (said := _string(below)):
                found[node.target.id] = said
    return found


def _string(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""


def remarks(file: str, known: Collection[str]) -> dict[str, str]:
    """Setting, as `politeness.retries` → what a file of `config/` remarks on it.

    A remark stands behind a setting and goes on below in its column, or in lines of its own right above it. Settings
    that are commented out count as well; `known` says which names there are.
    """
    found: dict[str, str] = {}
    above: list[str] = []
    path: list[tuple[int, str]] = []
    last = ""
    for line in (packaged("config") / file).read_text("utf-8").splitlines():
        key = re.match(r"(?P<gap>[ #]*(?:- )?)(?P<key>[a-z_]+):(?=\s|$)", line)
        name = _placed(key["key"], len(key["gap"]), path, known) if key else ""
        if key and name:
            path = [*(one for one in path if one[0] < len(key["gap"])), (len(key["gap"]), name)]
            _, mark, behind = line[key.end() :].partition("# ")
            said = [behind] if mark else []
            if above and "." not in name:
                said = [*above, *said]
            above, last = [], name
            if said and name not in found:
                found[name] = " ".join(said).strip()
        elif (below := re.match(r"\s+#\s+(.*)", line)) and last in found:
            found[last] += f" {below[1]}"
        elif (lone := re.match(r"#\s?(.*)", line)) and "──" not in line:
            above.append(lone[1].strip())
            last = ""
        else:
            above, last = [], ""
    return found


def _placed(key: str, depth: int, path: list[tuple[int, str]], known: Collection[str]) -> str:
    """The whole name of a key that stands so deep; empty when it is no setting."""
    for _, outer in reversed([one for one in path if one[0] < depth]):
        if f"{outer}.{key}" in known:
            return f"{outer}.{key}"
    return key if key in known else ""


def heading(file: str) -> dict[str, str]:
    """Key → what the list at the head of a file of `config/` says of it; several keys may share a line."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (packaged("config") / file).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        if start := re.match(r"#   ([a-z_]+(?:, [a-z_]+)*) {2,}(\S.*)", line):
            names = start[1].split(", ")
            for name in names:
                found.setdefault(name, start[2])
        elif names and (below := re.match(r"# {5,}(\S.*)", line)):
            for name in names:
                found[name] += f" {below[1]}"
        else:
            names = []
    return found


def texts(node: ast.AST) -> Iterator[str]:
    """Every text in an expression, what is put into it shown as …; of a choice, each."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value:
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield re.sub("(…)+", "…", "".join(_piece(one) for one in node.values))
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BinOp):
        for left in texts(node.left):
            rest = [*texts(node.right)]
            yield left + (f"［{'／'.join(rest)}］" if rest else "")


def _piece(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"
