"""Tables of what is promised, line by line, and of the tests and drills that hold each line."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from drills.__main__ import DRILLS

HERE = Path(__file__).parent
OPEN = "open: "
_DRILLS = {f"{module.replace('.', '/')}.py" for module, *_ in DRILLS.values()}


def lines(table: str, letters: str) -> dict[str, list[str]]:
    """Line of a table, as B12 → what stands under it."""
    found: dict[str, list[str]] = {}
    for text in (HERE / table).read_text("utf-8").splitlines():
        if head := re.match(rf"([{letters}]\d+) — \S", text):
            assert head[1] not in found, f"{head[1]} stands twice"
            found[head[1]] = []
        elif text.startswith("- "):
            found[next(reversed(found))].append(text.removeprefix("- "))
    return found


@cache
def names_in(file: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def is_held(item: str) -> bool:
    """Whether a test, a case or a drill of that name exists; a drill is one that `make drill` plays."""
    name = re.fullmatch(r"`([\w/.-]+?)(?:::(test_\w+))?`", item)
    if name is None:
        return False
    if name[2] is None and name[1] in _DRILLS:
        return True
    if not (HERE / name[1]).is_file():
        return False
    if name[2] is None:
        return (HERE / name[1]).parent == HERE / "cases"  # each is a test by itself
    return name[2] in names_in(HERE / name[1])
