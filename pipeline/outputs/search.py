"""A search over many issues without a server: which words stand in which item, in files that a browser reads.

What begins alike (see `grams`) lies in one file, and a reader loads the few that a question needs; files that assign
are read from a folder too, where nothing may be fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.grams import terms

_SHELVES = 64
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader of the search is shown of an item, and the text it is found by."""

    title: str
    outlet: str
    date: str
    issue: str
    href: str
    text: str


def index(items: Sequence[Found]) -> Iterator[tuple[str, bytes]]:
    """The files of the search by name; `items` in the order in which they are to be shown."""
    places: dict[str, list[int]] = {}
    for number, one in enumerate(items):
        for term in set(terms(f"{one.title} {one.outlet} {one.text}")):
            places.setdefault(term, []).append(number)
    shelves: dict[int, dict[str, str]] = {}
    for term in sorted(places):
        shelves.setdefault(ord(term[0]) % _SHELVES, {})[term] = _numbers(places[term])
    for shelf, held in sorted(shelves.items()):
        yield f"{shelf}.js", _assigning("shelf", shelf, held)
    shown = [[one.title, one.outlet, one.date, one.issue, one.href] for one in items]
    yield "items.js", _assigning("items", sorted(shelves), shown)
    yield "search.js", Path(__file__).with_suffix(".js").read_bytes()


def _assigning(what: str, key: object, value: Sequence[object] | Mapping[str, str]) -> bytes:
    told = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in (key, value))
    return f"bulletinSearch.{what}({','.join(told)});\n".encode()


def _numbers(ascending: Sequence[int]) -> str:
    """Numbers as the steps between them in base 36, which halves the files."""
    steps = [ascending[0], *(after - before for before, after in pairwise(ascending))]
    return " ".join(map(_base36, steps))


def _base36(number: int) -> str:
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
