"""Tables as outputs print them: tidied, with their head, the cells that reach over others, and widths that hold.

A page says which rows are the head with `th`; most Chinese pages do not (tables pasted from Word have `td` only),
and documents never do. Then the first row is one when it looks like one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from pipeline.model import Block
from pipeline.outputs.text import advances, clean, em

_NUMBER = re.compile(r"[+\-−]?[\d,]+(\.\d+)?\s?[%％‰]?")
_WHOLE = re.compile(r"[\x21-\x7e％‰−]+")  # what a line must not be broken in, as far as it fits
_MOST_HEAD = 4  # rows; a head cell that reaches farther down heads a column, not the table
_HEAD_CELL = 14.0  # squares; a head that nobody marked is short
_HEAD = 6.0  # squares; a longer head may stand in two lines
_LONGEST = 24.0  # squares that a column may ask for, so that one long remark does not starve the others
_LONGEST_WORD = 8.0  # squares; an address is broken rather than given half the page
_NARROWEST = 2.0  # squares
_SHORT = 4.0  # squares; a cell like 门头沟区 looks torn in two lines
_WIDER = 0.1  # squares
_PIECES = re.compile(r"[（(][^（）()]*[）)]|[^（(]+|.")  # of a head: 机构, （家）
_LOOKED_AT = 60  # rows whose height is weighed; the others are like them
_MOVES, _STEPS = 12, (0.5, 1.0, 2.0, 4.0)  # squares
_FULLNESS = 0.3
_LOST, _LEAST_LINE = 0.5, 2.5  # lines that a last line of less than so many squares costs
_BEGUN = 2.0  # squares: a bracket and a character fit on the line before
_SLACK = 0.2  # squares
_LOW = 12  # lines; such a table is not a third of a page high
_NARROW = 0.2  # squares by which commas and points are narrower than digits, which are half a square


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for print: rows of one width, without those and the columns in which nothing stands."""

    rows: tuple[tuple[str, ...], ...]
    header: int
    """How many rows are its head; fewer than there are."""
    spans: dict[tuple[int, int], tuple[int, int]]
    """Row and column of each cell that reaches over others: how many rows and columns it takes."""

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.rows[0])

    @property
    def covered(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Each place that a cell reaches over: the row and column of that cell."""
        return {place: at for at, size in self.spans.items() for place in _reached(at, size) if place != at}

    def filled(self) -> tuple[tuple[str, ...], ...]:
        """Rows that read without spans: one head row at most, each row with the name of the group it stands in."""
        above = self.covered
        head, *body = [[*row] for row in self.rows[max(self.header - 1, 0) :]]
        for column in range(self.columns) if self.header else ():
            told = (self._cell(row, column, above) for row in range(self.header))
            head[column] = " ".join(dict.fromkeys(text for text in told if text))
        for number, row in enumerate(body, start=max(self.header, 1)):
            for column in range(self.columns):
                at = above.get((number, column), (number, column))
                if at[1] == column:  # a cell over several columns is printed in the first
                    row[column] = self.rows[at[0]][column]
        return tuple(map(tuple, (head, *body)))

    def lines(self) -> tuple[str, ...]:
        """The table as one line for each row, for where no table fits: each cell after the head of its column."""
        rows = self.filled()
        if not self.header:
            return tuple("　".join(filter(None, row)) for row in rows)
        head, *body = rows
        return tuple(
            f"{first}：" * bool(first)
            + "　".join(f"{name} {cell}".strip() for name, cell in zip(head[1:], rest, strict=True) if cell)
            for first, *rest in body
        )

    def _cell(self, row: int, column: int, above: dict[tuple[int, int], tuple[int, int]]) -> str:
        at = above.get((row, column), (row, column))
        return self.rows[at[0]][at[1]]


def is_number(text: str) -> bool:
    """Whether a cell holds a number, and nothing else."""
    return _NUMBER.fullmatch(text) is not None


def grid(block: Block) -> Grid | None:
    """A table tidied up; `None` when nothing stands in it."""
    rows = [[clean(cell) for cell in row] for row in block.rows]
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    spans = _sound(block.spans, rows)
    keep_rows = [n for n, row in enumerate(rows) if any(row)]
    keep_columns = [n for n in range(width) if any(row[n] for row in rows)]
    if not keep_rows:
        return None
    kept = tuple(tuple(rows[row][column] for column in keep_columns) for row in keep_rows)
    moved = {
        (keep_rows.index(row), keep_columns.index(column)): (
            sum(row <= n < row + down for n in keep_rows),
            sum(column <= n < column + right for n in keep_columns),
        )
        for (row, column), (down, right) in spans.items()
    }
    made = Grid(kept, 0, {at: size for at, size in moved.items() if size != (1, 1)})
    header = sum(n < block.header for n in keep_rows) if block.header else _looks_like_head(made)
    return _headed(made, header)


def _reached(at: tuple[int, int], size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    return ((row, column) for row in range(at[0], at[0] + size[0]) for column in range(at[1], at[1] + size[1]))


def _sound(
    spans: Sequence[tuple[int, int, int, int]], rows: Sequence[Sequence[str]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """The spans that lie inside the table, start at a text and reach over nothing that would be lost."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    taken: set[tuple[int, int]] = set()
    for row, column, down, right in spans:
        if not (0 <= row < len(rows) and 0 <= column < len(rows[row])) or not rows[row][column]:
            continue
        size = min(down, len(rows) - row), min(right, len(rows[row]) - column)
        reached = set(_reached((row, column), size))
        lost = any(rows[y][x] for y, x in reached if (y, x) != (row, column))
        if not lost and not reached & taken:
            taken |= reached
            found[row, column] = size
    return found


def _looks_like_head(table: Grid) -> int:
    """How many rows look like a head that the page did not mark: short words over a table of facts."""
    depth, first = 1, 0
    while first + 1 < len(table.rows) and table.spans.get((first, 0), (1, 1))[1] == table.columns:
        first += 1  # a title over all columns
    tops = [(size, column) for (row, column), size in table.spans.items() if row == first]
    if any(right > 1 for (_, right), _ in tops):
        depth = 2
    depth = max([depth, *(down for (down, _), _ in tops)])
    if depth > _MOST_HEAD or first + depth >= len(table.rows):
        return 0
    above = table.covered
    cells = [(y, x) for y in range(first, first + depth) for x in range(table.columns) if (y, x) not in above]
    texts = [table.rows[y][x] for y, x in cells]
    if not all(text and em(text) <= _HEAD_CELL and not is_number(text) for text in texts):
        return 0
    below = table.rows[first + depth :]
    numbers = any(all(is_number(row[x]) for row in below if row[x]) for x in range(1, table.columns))
    return first + depth if table.columns > 2 or numbers else 0  # two columns of words: names and what they are


def _headed(table: Grid, header: int) -> Grid:
    """The table with its head, down to where the head's cells reach; never all of the table."""
    whole = header
    for (row, _), (down, _) in sorted(table.spans.items()):
        if row < whole and row + down <= _MOST_HEAD:
            whole = max(whole, row + down)
    header = min(whole, len(table.rows) - 1)
    cut = {
        at: (min(size[0], header - at[0]) if at[0] < header else size[0], size[1]) for at, size in table.spans.items()
    }
    return replace(table, header=header, spans={at: size for at, size in cut.items() if size != (1, 1)})


def column_widths(table: Grid, room: float, *, whole: bool = False) -> list[float] | None:
    """Widths in squares of the text that fill `room`; `None` when its numbers and Latin words would be torn apart.

    `room` is the text's width without the space at the edges of the cells. Short Chinese words stay whole where
    there is room; `whole`, they must. What is left goes to the columns so that the table becomes low.
    """
    above = table.covered
    least, short, heads, wanted = ([_NARROWEST] * table.columns for _ in range(4))
    needs: list[list[tuple[float, ...]]] = []
    for y, row in enumerate(table.rows):
        needs.append([()] * table.columns)
        for x, text in enumerate(row):
            if not text or (y, x) in above or table.spans.get((y, x), (1, 1))[1] > 1:
                continue
            words = max((em(word) - _NARROW * sum(map(word.count, ",.")) for word in _WHOLE.findall(text)), default=0.0)
            least[x] = max(least[x], min(words, _LONGEST_WORD) + _SLACK)
            head = y < table.header
            pieces = tuple(map(_bold, _PIECES.findall(text))) if head else (advances(text)[-1],)
            kept = heads if head else short
            if not is_number(text):
                kept[x] = max(kept[x], *(piece + _SLACK for piece in pieces if piece <= _SHORT), 0.0)
            asked = max(sum(pieces) / 2, min(sum(pieces), _HEAD)) if head else sum(pieces)
            wanted[x] = max(wanted[x], least[x], kept[x], min(asked, _LONGEST) + 2 * _SLACK)
            needs[y][x] = pieces
    names = list(map(max, least, short))
    for kept in (list(map(max, names, heads)), names, *(() if whole else (least,))):
        if sum(kept) <= room:
            least = kept
            break
    else:
        return None
    if sum(wanted) <= room:
        return [want * room / sum(wanted) for want in wanted]
    low, high = 0.0, _LONGEST + 1
    for _ in range(30):  # the width up to which each column gets what it wants: short ones get all of it
        level = (low + high) / 2
        taken = sum(max(few, min(want, level)) for few, want in zip(least, wanted, strict=True))
        low, high = (level, high) if taken <= room else (low, level)
    widths = [max(few, min(want, low)) for few, want in zip(least, wanted, strict=True)]
    return _lower(widths, least, needs[:_LOOKED_AT])


def kept_together(table: Grid, widths: Sequence[float]) -> tuple[bool, ...]:
    """For each row, whether it stands on the page of the row below.

    A low table is never parted; of a long one no row is left alone at the foot of a page or on the last one.
    """
    above, last = table.covered, len(table.rows) - 1
    lines = 0
    for y, row in enumerate(table.rows[: _LOW + 1]):
        single = (x for x in range(table.columns) if (y, x) not in above and (y, x) not in table.spans)
        lines += max((_lines((advances(row[x])[-1],), widths[x]) for x in single), default=1)
    low = lines <= _LOW
    return tuple(y < last and (low or y <= table.header or y == last - 1) for y in range(last + 1))


def _lower(widths: list[float], least: Sequence[float], needs: Sequence[Sequence[tuple[float, ...]]]) -> list[float]:
    """The widths with some moved from column to column, as long as that makes the table lower."""

    below = list(zip(*needs, strict=True))

    @cache  # a step changes two columns: the others were weighed before, and so were many of the two
    def heights(x: int, width: float) -> list[float]:
        return [_height(pieces, width) for pieces in below[x]]

    def high(tried: Sequence[float]) -> float:
        rows: Iterator[tuple[float, ...]] = zip(*map(heights, range(len(tried)), tried), strict=True)
        return sum(map(max, rows))

    best = high(widths)
    for _ in range(_MOVES):
        columns = range(len(widths))
        tall = {x for x in columns if any(_lines(row[x], widths[x]) > 1 for row in needs)}
        torn = {x for x in columns if any(_is_lost(row[x], widths[x]) for row in needs)}
        moved = [
            [width - by * (x == giver) + by * (x == taker) for x, width in enumerate(widths)]
            for taker in columns
            for giver in columns
            for by in _STEPS
            if giver != taker and (taker in tall or giver in torn) and widths[giver] - by >= least[giver]
        ]
        if not moved or high(found := min(moved, key=high)) >= best:
            break
        widths, best = found, high(found)
    return widths


def _height(pieces: tuple[float, ...], width: float) -> float:
    """The lines of a cell, and a little for how full they are: so a step on the way to a line less is one too."""
    return _lines(pieces, width) + _FULLNESS * sum(pieces) / width + _LOST * _is_lost(pieces, width)


def _is_lost(pieces: tuple[float, ...], width: float) -> bool:
    """Whether the last line of a cell holds a character or two."""
    room = width - _SLACK
    return len(pieces) == 1 and pieces[0] > room and 0 < pieces[0] % room < _LEAST_LINE


def _lines(pieces: tuple[float, ...], width: float) -> int:
    """How many lines a cell takes, one more for a head that would be broken inside its unit: 调阅（万/次）."""
    room = width - _SLACK
    if sum(pieces) <= room:
        return 1
    torn = any(_BEGUN <= room - one < other for one, other in pairwise(pieces))
    return sum(math.ceil(piece / room) for piece in pieces) + torn


def _bold(piece: str) -> float:
    """The width of a piece of a head, whose face has wider digits."""
    return advances(piece)[-1] + _WIDER * sum(map(str.isascii, piece))
