"""The table of faults and promises is whole, and names only tests and drills that exist."""

from __future__ import annotations

import pytest

from promises import OPEN, is_held, lines

LINES = lines("faults.md", "FP")


def test_every_fault_and_every_promise_stands_in_the_table_once_and_in_its_order() -> None:
    faults = [f"F{number}" for number in range(1, 37)]
    assert list(LINES) == [*faults, *(f"P{number}" for number in range(1, 13))]


@pytest.mark.parametrize("number", LINES)
def test_every_line_is_held_by_tests_or_drills_that_exist_or_says_what_is_open(number: str) -> None:
    items = LINES[number]
    assert items
    assert len(set(items)) == len(items)
    assert [item for item in items if not item.startswith(OPEN) and not is_held(item)] == []
