"""The table of bad inputs is whole, and names only tests that exist."""

from __future__ import annotations

import pytest

from promises import OPEN, is_held, lines

LAST = 72
LINES = lines("bad_inputs.md", "B")


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
        "`drills/conclusion.py`",
        "`drills/sweep.py::test_other_schemes_are_refused`",
        "test_fetch.py::test_other_schemes_are_refused",
        "`test_fetch.py::fetcher`",
    ],
)
def test_what_is_no_test_holds_nothing(item: str) -> None:
    assert not is_held(item)
