"""Where a title too long for one line is broken.

A centred headline of a 公文 is broken by meaning into lines of about equal length (GB/T 9704-2012, 7.3.1: 词意完整、
排列对称、长短适宜). A space parts two clauses and is the best place, then punctuation, then the end of a word. A
line of a character or two is never made.
"""

from __future__ import annotations

import math
from itertools import pairwise

import rjieba

from pipeline.outputs.text import em

_CLOSING = "，。、：；！？》」』】）”’,.:;!?)]>|｜—…"
_OPENING = "《「『【（“‘([<"
_AT_PUNCTUATION = 0.12
_AT_WORD_END = 0.5
_SHORT = 4.0  # squares; a shorter line looks lost over or under a long one
_LOST = 3.0
_MAX = 200  # characters; what is longer is no headline, and the search grows with the cube of the length


def balanced_lines(title: str, width: float) -> list[str]:
    """`title` cut into the fewest lines of at most `width` squares; joined they give the title again."""
    total = em(title)
    if total <= width or len(title) > _MAX:
        return [title]
    places = _places(title)
    for count in range(math.ceil(total / width), len(title) + 1):
        if lines := _cut(title, places, width, count):
            return lines
    return [title]


def _places(title: str) -> dict[int, float]:
    """Index → cost of breaking before that character."""
    places: dict[int, float] = {}
    at = 0
    for word in rjieba.cut(title):
        at += len(word)
        places[at] = _AT_WORD_END
    for index in range(1, len(title)):
        before, after = title[index - 1], title[index]
        if after in _CLOSING or after.isspace() or before in _OPENING:
            places.pop(index, None)
        elif before.isspace():
            places[index] = 0.0
        elif before in _CLOSING or after in _OPENING:
            places[index] = _AT_PUNCTUATION
    places[len(title)] = 0.0
    return places


def _cut(title: str, places: dict[int, float], width: float, count: int) -> list[str]:
    """The cheapest way into exactly `count` lines; empty when there is none."""
    starts = [0.0]
    for char in title:
        starts.append(starts[-1] + em(char))
    ideal = starts[-1] / count
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(count):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _before) in best[-1].items():
            for end, penalty in places.items():
                length = starts[end] - starts[start] if end > start else 0.0
                if not 0.0 < length <= width:
                    continue
                whole = cost + penalty + ((length - ideal) / width) ** 2 + (_LOST if length < _SHORT else 0.0)
                if whole < reached.get(end, (math.inf, 0))[0]:
                    reached[end] = (whole, start)
        best.append(reached)
    if len(title) not in best[-1]:
        return []
    cuts = [len(title)]
    for step in range(count, 0, -1):
        cuts.append(best[step][cuts[-1]][1])
    cuts.reverse()
    return [title[start:end] for start, end in pairwise(cuts)]
