"""The table of bad inputs is whole, and names only tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = HERE / "bad_inputs.md"
LAST = 72
OPEN = "open: "


def lines() -> dict[str, list[str]]:
    """Line of the table → what stands under it."""
    found: dict[str, list[str]] = {}
    for text in TABLE.read_text("utf-8").splitlines():
        if head := re.match(r"(B\d+) — \S", text):
            assert head[1] not in found, f"{head[1]} stands twice"
            found[head[1]] = []
        elif text.startswith("- "):
            found[next(reversed(found))].append(text.removeprefix("- "))
    return found


LINES = lines()


@cache
def names_in(file: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def is_held(item: str) -> bool:
    """Whether a test, or a case, of that name exists."""
    name = re.fullmatch(r"`([\w/.-]+?)(?:::(test_\w+))?`", item)
    if name is None or not (HERE / name[1]).is_file():
        return False
    if name[2] is None:
        return (HERE / name[1]).parent == HERE / "cases"  # each is a test by itself
    return name[2] in names_in(HERE / name[1])


def test_every_number_stands_in_the_table_once_and_in_its_order() -> None:
    assert list(LINES) == [f"B{number}" for number in range(1, LAST + 1)]


@pytest.mark.parametrize("number", LINES)
def test_every_line_is_held_by_tests_that_exist_or_says_what_is_open(number: str) -> None:
    items = LINES[number]
    assert items
    assert len(set(items)) == len(items)
    assert [item for item in items if not item.startswith(OPEN) and not is_held(item)] == []


@pytest.mark.parametrize(
    "item",
    [
        "`test_fetch.py::test_that_was_never_written`",
        "`test_nowhere.py::test_other_schemes_are_refused`",
        "`test_fetch.py`",
        "`cases/never-written.html`",
        "test_fetch.py::test_other_schemes_are_refused",
        "`test_fetch.py::fetcher`",
    ],
)
def test_what_is_no_test_holds_nothing(item: str) -> None:
    assert not is_held(item)
