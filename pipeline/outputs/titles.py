"""Where a title too long for one line is broken.

A centred headline of a 公文 is broken by meaning into lines of about equal length (GB/T 9704-2012, 7.3.1: 词意完整、
排列对称、长短适宜). A space parts two clauses and is the best place, then punctuation, then the end of a word; the
inside of a short name in brackets or quotes is the worst. A Latin word, a number and its unit are never torn, and a
line of a character or two is never made.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from pipeline.outputs.text import advances

_CLOSING = "，。、：；！？》」』】）”’,.:;!?)]>|｜—…%％"
_OPENING = "《「『【（“‘([<"
_CLAUSE_ENDS = "，。：；！？,;!?|｜—…"
_AT_CLAUSE = 0.12
_AT_BRACKET = 0.35
_BETWEEN_LATIN = 0.3
_AT_WORD_END = 0.5
_IN_A_NAME = 1.5
"""Added inside brackets and quotes: 《行动计划》 stays whole unless it is longer than a line."""
_HOLLOW = 1.0
"""Added before a word that only ends the one before it."""
_HOLLOW_WORDS = frozenset("的地得了着过等们之中上下里后前内外间时性化")
_PAIRS = dict(zip("《「『【（“‘(", "》」』】）”’)", strict=True))
_SHORT = 4.0  # squares; a shorter line looks lost over or under a long one
_LOST = 3.0
_WHOLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,:/%&'’+\-–—_]*(?<![.,:;])|第(?=[0-9])")
_UNIT = re.compile(r"(?<=[0-9%])(?=[^\W\d_a-zA-Z])")
_MAX = 200  # characters; what is longer is no headline, and the search grows with the cube of the length


def balanced_lines(
    title: str, width: float, *, before: float = 0.0, after: float = 0.0, centred: bool = True
) -> list[str]:
    """`title` cut into the fewest lines of at most `width` squares; joined they give the title again.

    `before` squares of the first line are taken, and `after` squares of every line are kept free. Lines that are
    not `centred` need not be equal: all but the last are rather full.
    """
    room = width - after
    steps = _steps(title)
    if before + steps[-1] <= room or len(title) > _MAX:
        return [title]
    starts = [0.0, *(before + step for step in steps[1:])]
    for places in (_places(title), _anywhere(title)):
        fewest = math.ceil(starts[-1] / room) if room > 0 else len(title)
        for count in range(fewest, min(fewest + 3, len(title)) + 1):
            if lines := _cut(title, starts, places, room, count, centred):
                return lines
    return [title]


_steps = lru_cache(maxsize=1024)(advances)  # a title is broken over its text, in its heading and in the 目录


@lru_cache(maxsize=1024)
def _places(title: str) -> Mapping[int, float]:
    """Index → cost of breaking before that character."""
    import rjieba  # reads its dictionary, 0.1 s: most commands break no title

    places: dict[int, float] = {}
    at = 0
    words = rjieba.cut(title)
    for word, following in pairwise([*words, ""]):
        at += len(word)
        places[at] = _AT_WORD_END + (_HOLLOW if following in _HOLLOW_WORDS else 0.0)
    for index in range(1, len(title)):
        before, after = title[index - 1], title[index]
        if after in _CLOSING or after.isspace() or before in _OPENING:
            places.pop(index, None)
        elif before.isspace():
            word = title[:index].rstrip()[-1:]
            places[index] = _BETWEEN_LATIN if (word + after).isascii() and word.isalnum() else 0.0
        elif before in _CLAUSE_ENDS:
            places[index] = _AT_CLAUSE
        elif before in _CLOSING or after in _OPENING:
            places[index] = min(places.get(index, math.inf), _AT_BRACKET)
    for start, end in _names(title):
        for index in range(start + 1, end):
            if index in places:
                places[index] += _IN_A_NAME
    for found in _WHOLE.finditer(title):
        for index in range(found.start() + 1, found.end()):
            places.pop(index, None)
        if found[0] == "第":
            places.pop(found.end(), None)
    for found in _UNIT.finditer(title):
        places.pop(found.start(), None)
    places[len(title)] = 0.0
    return places


def _names(title: str) -> list[tuple[int, int]]:
    """Where brackets and quotes stand: the index of what is inside, and of what comes after."""
    found, open_at = list[tuple[int, int]](), list[tuple[str, int]]()
    for index, char in enumerate(title):
        if open_at and char == open_at[-1][0]:
            found.append((open_at.pop()[1], index + 1))
        elif char in _PAIRS:
            open_at.append((_PAIRS[char], index))
    return found


def _anywhere(title: str) -> Mapping[int, float]:
    """For a title that is one word longer than a line."""
    return {**dict.fromkeys(range(1, len(title)), _AT_WORD_END), len(title): 0.0}


def _cut(
    title: str, starts: list[float], places: Mapping[int, float], room: float, count: int, centred: bool
) -> list[str]:
    """The cheapest way into exactly `count` lines; empty when there is none."""
    ideal = starts[-1] / count if centred else room
    ends = sorted(places)
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(count):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _before) in best[-1].items():
            for end in ends[bisect_right(ends, start) :]:
                length = starts[end] - starts[start]
                if length > room:
                    break
                uneven = 0.0 if not centred and end == len(title) else ((length - ideal) / room) ** 2
                whole = cost + places[end] + uneven + (_LOST if length < _SHORT else 0.0)
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
