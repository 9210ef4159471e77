"""From runs of characters on a page to lines in reading order, and from lines to paragraphs.

Columns are found before rows are read across: a left edge that many runs share splits a stretch of the page when
nothing crosses it there and both sides are filled as prose fills them; the cells of a table are not. Within a column
a line goes on the paragraph unless it is indented, set in another size, far below, or the line before ended early.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from pipeline.steps.extract.words import any_of

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—·\U00020000-\U0003ffff"
_BETWEEN_WIDE = re.compile(rf"(?:^|.*)[{_WIDE}]$", re.S)
_WIDE_FIRST = re.compile(rf"[{_WIDE}]")
_SENTENCE_END = re.compile(r"[。！？：；.!?:;…]['\"”’）)》」』]*$")
_NUMBERED = re.compile(
    r"[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|\d{1,2}(?:[、．]|\.(?!\d))|[①-⑳●•■◆▪]"
)
_FIRST_WORD = re.compile(r"[（《〈「『【〔]*(?:[\u2e80-\uffef](?=[!-/:-@\[-`{-~]))?[^\s\u2e80-\uffef]+")
"""What stays together at the head of a line: an opening bracket, a character before a sign in ASCII, a Latin word."""
_PAGE_NUMBER = re.compile(
    any_of(
        r"[-–—·•\s]*\d{1,4}[-–—·•\s]* 第\s*\d{1,4}\s*[页頁](?:\s*[,，/／]?\s*[共(（]\s*共?\s*\d{1,4}\s*[页頁][)）]?)?",
        r"\d{1,4}\s*[/／]\s*\d{1,4} Page\s*\d{1,4}(?:\s*of\s*\d{1,4})? [ivxlc]{1,6}",
    ),
    re.I,
)
_CONTENTS = re.compile(r"(?:[.．·…]\s*){6,}\d{0,4}$")  # a line of a table of contents, with its leaders
_LEADERS = re.compile(r"\s*(?:[.．·…]\s*){3,}\d{0,4}$")  # the few of a long title, where such a table is expected
_MARGIN = 0.12  # of the page's height: where running heads, footers and page numbers stand
_EDGE_ROWS = 2
_COLUMN = 0.5  # of the lines of a column that run to its edge; of the cells of a table fewer do
_FULL = 0.6  # em from the edge
_COLUMN_ROWS = 3
_GAP = 1.5  # em between two cells of one row
_INDENT, _MAX_INDENT = 1.2, 3.2  # em; Chinese paragraphs begin two characters in
_SHORT = 2.0  # em by which the last line of a paragraph falls short at least
_HEADING_SHORT = 4.0  # em
_LOOSE = 1.6  # of the usual distance of two lines
_OTHER_SIZE = 0.08
_BIGGER = 1.15  # than the body's type
_MAX_DEPTH = 12  # of columns within columns
_MAX_EDGES = 40


@dataclass(slots=True)
class Run:
    """Characters that stand together on one line; lengths in points, upwards from the page's lower left."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool = False

    @property
    def middle(self) -> float:
        """Half-way up."""
        return (self.bottom + self.top) / 2


@dataclass(slots=True)
class Sheet:
    """One page."""

    width: float
    height: float
    runs: list[Run]


@dataclass(slots=True)
class Paragraph:
    """A paragraph, or the rows of a table."""

    text: str
    size: float
    bold: bool = False
    centred: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    open: bool = False
    """Whether its last line ran to the column's edge, so that it may go on in the next."""
    indented: bool = False
    """Whether its first line is, so that it goes on nothing."""


@dataclass(slots=True)
class _Row:
    runs: list[Run]
    text: str = ""
    cells: list[Run] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.runs[0].left

    @property
    def right(self) -> float:
        return max(run.right for run in self.runs)

    @property
    def middle(self) -> float:
        return self.runs[0].middle

    @property
    def size(self) -> float:
        return max(self.runs, key=lambda run: len(run.text)).size

    @property
    def bold(self) -> bool:
        return all(run.bold for run in self.runs)


def paragraphs(sheets: Sequence[Sheet], *, contents: bool = False) -> list[Paragraph]:
    """The paragraphs of a document in reading order, without running heads, footers and page numbers.

    The lines of a table of contents are left out, or, with `contents`, paragraphs without leaders and page.
    """
    sheets = _without_furniture(sheets)
    usual = _usual_size(sheets)
    found: list[Paragraph] = []
    for sheet in sheets:
        for region in _regions(sheet.runs):
            fresh = list(_read(_rows(region), sheet, usual, contents))
            if found and fresh and _goes_on(found[-1], fresh[0]):
                rest = fresh.pop(0)
                found[-1] = replace(found[-1], text=join(found[-1].text, rest.text), open=rest.open)
            found += fresh
    return found


def join(one: str, other: str) -> str:
    """Two lines of a paragraph as one text: no blank at a Chinese character, no hyphen that only broke a word."""
    if not one or not other:
        return one + other
    if one.endswith("\u00ad"):
        return one[:-1] + other if other[:1].islower() else f"{one[:-1]}-{other}"  # CHS-DRG has its hyphen anywhere
    if one.endswith("-") and one[-2:-1].isalpha() and other[:1].islower():
        return one[:-1] + other
    if _BETWEEN_WIDE.match(one[-1:]) or _WIDE_FIRST.match(other):
        return one + other
    return f"{one} {other}"


# ------------------------------------------------------------------------------------------- furniture


def _without_furniture(sheets: Sequence[Sheet]) -> list[Sheet]:
    edges = [_edge_rows(sheet) for sheet in sheets]
    seen = Counter(mark for rows in edges for mark in {_mark(row) for row in rows})
    often = max(2, (len(sheets) + 2) // 3)  # heads of left and right pages differ
    kept: list[Sheet] = []
    for sheet, rows in zip(sheets, edges, strict=True):
        gone = {
            id(run)
            for row in rows
            if _PAGE_NUMBER.fullmatch(_across(row)) or (len(sheets) > 1 and seen[_mark(row)] >= often)
            for run in row.runs
        }
        kept.append(Sheet(sheet.width, sheet.height, [run for run in sheet.runs if id(run) not in gone]))
    return kept


def _edge_rows(sheet: Sheet) -> list[_Row]:
    rows = _rows(sheet.runs)
    upper = [row for row in rows[:_EDGE_ROWS] if row.middle > (1 - _MARGIN) * sheet.height]
    lower = [row for row in rows[-_EDGE_ROWS:] if row.middle < _MARGIN * sheet.height]
    return [*upper, *(row for row in lower if row not in upper)]


def _across(row: _Row) -> str:
    return " ".join(run.text for run in row.runs).strip()


def _mark(row: _Row) -> str:
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", _across(row)))


# --------------------------------------------------------------------------------------- reading order


def _rows(runs: Sequence[Run]) -> list[_Row]:
    """The runs in rows from top to bottom, each from left to right."""
    rows: list[_Row] = []
    for run in sorted(runs, key=lambda run: -run.middle):
        last = rows[-1].runs[-1] if rows else None
        if last and min(run.top, last.top) - max(run.bottom, last.bottom) > 0.5 * min(
            run.top - run.bottom, last.top - last.bottom
        ):
            rows[-1].runs.append(run)
        else:
            rows.append(_Row([run]))
    for row in rows:
        row.runs.sort(key=lambda run: run.left)
    return rows


def _regions(runs: list[Run], depth: int = 0) -> Iterator[list[Run]]:
    """The runs in stretches that are read one after the other, each of one column."""
    split = _columns(runs) if depth < _MAX_DEPTH and len(runs) >= 2 * _COLUMN_ROWS else None
    if split is None:
        if runs:
            yield runs
        return
    for part in split:
        yield from _regions(part, depth + 1)


def _columns(runs: list[Run]) -> tuple[list[Run], ...] | None:
    """What stands above, left, right and below where the page is set in columns; nothing where it is not."""
    em = median(run.size for run in runs)
    edge = min(run.left for run in runs)
    lefts = Counter(round(run.left / em * 2) for run in runs)
    shared = [at * em / 2 for at, times in lefts.most_common(_MAX_EDGES) if times >= _COLUMN_ROWS]
    best: tuple[int, tuple[list[Run], ...]] | None = None
    for x in (one for one in shared if one > edge + 4 * em):
        crossing = sorted((run for run in runs if run.left < x - 0.6 * em and run.right > x - 0.3 * em), key=_down)
        bounds = [float("inf"), *(run.middle for run in crossing), float("-inf")]
        for upper, lower in pairwise(bounds):
            band = _in_columns(
                # what stands on one line with a crossing run is no row of the columns
                [run for run in runs if lower + em / 2 < run.middle < upper - em / 2],
                [edge, *shared],
                em,
            )
            if not band:
                continue
            top, foot = max(run.middle for run in band), min(run.middle for run in band)
            left = [run for run in band if run.left < x - 0.6 * em]
            right = [run for run in band if run.left >= x - 0.6 * em]
            if (best is None or len(band) > best[0]) and _filled(left, em) and _filled(right, em):
                above = [run for run in runs if run.middle > top]
                below = [run for run in runs if run.middle < foot]
                best = len(band), (above, left, right, below)
    return best[1] if best else None


def _in_columns(band: list[Run], edges: Sequence[float], em: float) -> list[Run]:
    """A stretch without the rows at its top that begin at none of the columns' edges: a byline under the title."""
    rows = _rows(band)
    while rows and not any(-em < run.left - edge < _MAX_INDENT * em for run in rows[0].runs for edge in edges):
        rows.pop(0)
    return [run for row in rows for run in row.runs]


def _down(run: Run) -> float:
    return -run.middle


def _filled(runs: list[Run], em: float) -> bool:
    """Whether the first column of what stands on one side of a gutter fills it as prose does."""
    if len(runs) < _COLUMN_ROWS:
        return False
    start = min(run.left for run in runs)
    own = [run for run in runs if run.left < start + _MAX_INDENT * em]
    ends = [sum(abs(run.right - one.right) < _FULL * em for run in own) for one in own]
    edge = own[ends.index(max(ends))].right
    return len(own) >= _COLUMN_ROWS and edge - start > 6 * em and max(ends) >= _COLUMN * len(own)


# ------------------------------------------------------------------------------------------ paragraphs


def _usual_size(sheets: Sequence[Sheet]) -> float:
    """The size of most characters."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for run in sheet.runs:
            sizes[run.size] += len(run.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _read(rows: list[_Row], sheet: Sheet, usual: float, contents: bool) -> Iterator[Paragraph]:
    em = median(row.size for row in rows)
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    steps = [one.middle - other.middle for one, other in pairwise(rows)]
    leading = median(steps) if steps else 0.0
    for row in rows:
        row.cells = _cells(row)
        row.text = _text(row.cells)
    ended = {id(row) for row in rows if (_LEADERS if contents else _CONTENTS).search(row.text)}
    if contents:
        for row in rows:
            row.text = _LEADERS.sub("", row.text)
    else:
        rows = [row for row in rows if id(row) not in ended]
    now: Paragraph | None = None
    before: _Row | None = None
    position = 0
    while position < len(rows):
        row = rows[position]
        if (end := _table_end(rows, position)) > position:
            if now:
                yield now
            now = before = None
            yield Paragraph("", em, rows=_table(rows[position:end]))
            position = end
            continue
        position += 1
        short = right - row.right
        centred = _is_centred(row, left, right, usual, sheet, len(rows) < _COLUMN_ROWS)
        opened = short < _SHORT * row.size
        indented = _is_indented(row, left)
        fresh = Paragraph(row.text, row.size, row.bold, centred, open=opened, indented=indented)
        headline = now is not None and now.centred and centred and row.size > _BIGGER * usual
        loose = _LOOSE * leading * max(1.0, row.size / em)
        after = rows[position] if position < len(rows) else None
        heads = before is not None and after is not None and _heads(before, row, after, left, right)
        if now is None or before is None or heads or _begins(before, row, left, right, loose, headline):
            if now:
                yield now
            now = fresh
        else:
            now = replace(now, text=join(now.text, row.text), centred=headline, open=opened)
        before = row
        if id(row) in ended:  # what stands behind leaders is the end of an entry
            yield replace(now, open=False)
            now = before = None
    if now:
        yield now


def _is_centred(row: _Row, left: float, right: float, usual: float, sheet: Sheet, few: bool) -> bool:
    """Whether a row is set in the middle; of type bigger than the body's a full line may be, too."""
    centre = (row.left + row.right) / 2
    middle = min(abs(centre - sheet.width / 2), abs(centre - (left + right) / 2)) < 1.5 * row.size
    if row.left - left > 2 * row.size and right - row.right > 2 * row.size:
        return middle
    # a stretch of one or two lines has no edges of its own to be centred between
    apart = few and abs(centre - sheet.width / 2) < row.size and row.left > 0.2 * sheet.width
    return apart or (middle and row.size > _BIGGER * usual)


def _begins(before: _Row, row: _Row, left: float, right: float, loose: float, headline: bool) -> bool:
    """Whether a row begins a paragraph; `headline` says that it and what stands before are big and centred."""
    em = row.size
    if abs(before.size - em) > _OTHER_SIZE * max(before.size, em) or before.bold != row.bold:
        return True
    if loose and before.middle - row.middle > loose:
        return True
    if headline:
        return False
    indent = row.left - left
    if _is_indented(row, left):
        return True
    if indent > _MAX_INDENT * em and abs(row.left - before.left) > 0.4 * em:
        return True
    if right - before.right > max(_SHORT * em, _first_word(row)):
        return True
    return _NUMBERED.match(row.text) is not None and _SENTENCE_END.search(before.text) is not None


def _heads(before: _Row, row: _Row, after: _Row, left: float, right: float) -> bool:
    """Whether a row is a heading that only its place tells: short, under a line that a sentence filled, over an indent.

    The last line of a paragraph ends as a sentence does.
    """
    return (
        right - row.right > _HEADING_SHORT * row.size
        and _SENTENCE_END.search(before.text) is not None
        and _SENTENCE_END.search(row.text) is None
        and not _is_indented(row, left)
        and _is_indented(after, left)
    )


def _is_indented(row: _Row, left: float) -> bool:
    return _INDENT * row.size <= row.left - left <= _MAX_INDENT * row.size


def _first_word(row: _Row) -> float:
    """How wide the first word of a row is: it would have stood on the line before, had that had room."""
    word = _FIRST_WORD.match(row.text)
    run = row.runs[0]
    return (len(word.group()) + 1) * (run.right - run.left) / max(len(run.text), 1) if word else 0.0


def _goes_on(one: Paragraph, other: Paragraph) -> bool:
    """Whether the first paragraph of a column or page is the rest of the last one before it."""
    if one.rows or other.rows or not one.open or other.indented or one.centred or other.centred:
        return False
    if abs(one.size - other.size) > _OTHER_SIZE * max(one.size, other.size) or one.bold != other.bold:
        return False
    return _SENTENCE_END.search(one.text) is None and _NUMBERED.match(other.text) is None


def _cells(row: _Row) -> list[Run]:
    """The runs of a row with those that stand close together made one."""
    cells: list[Run] = []
    for run in row.runs:
        gap = run.left - cells[-1].right if cells else 0.0
        if cells and gap < _GAP * run.size:
            spaced = gap > 0.2 * run.size and not (_WIDE_FIRST.match(run.text) and _BETWEEN_WIDE.match(cells[-1].text))
            text = f"{cells[-1].text} {run.text}" if spaced else cells[-1].text + run.text
            cells[-1] = replace(cells[-1], text=text, right=run.right, bold=cells[-1].bold and run.bold)
        else:
            cells.append(replace(run))
    return cells


def _text(cells: Sequence[Run]) -> str:
    return " ".join(cell.text.strip() for cell in cells)


def _table_end(rows: Sequence[_Row], start: int) -> int:
    """Behind the last row of a table that begins at `start`; `start` when none does."""
    first = rows[start].cells
    end = start
    while end < len(rows) and len(rows[end].cells) >= 2 and _aligned(first, rows[end].cells):
        end += 1
    return end if end - start >= 3 else start


def _aligned(first: Sequence[Run], other: Sequence[Run]) -> bool:
    """Whether the cells of two rows stand under each other: at their left edges or their middles."""
    em = first[0].size
    under = sum(
        any(
            abs(cell.left - one.left) < em or abs((cell.left + cell.right) - (one.left + one.right)) < 2 * em
            for one in first
        )
        for cell in other
    )
    return under >= 2 and 3 * under >= 2 * len(other)


def _table(rows: Sequence[_Row]) -> tuple[tuple[str, ...], ...]:
    """The cells of a table's rows, each in the column it stands under."""
    heads = max((row.cells for row in rows), key=len)
    table: list[tuple[str, ...]] = []
    for row in rows:
        cells = [""] * len(heads)
        for cell in row.cells:
            middle = (cell.left + cell.right) / 2
            at = min(
                range(len(heads)),
                key=lambda i: min(abs(cell.left - heads[i].left), abs(middle - (heads[i].left + heads[i].right) / 2)),
            )
            cells[at] = f"{cells[at]} {cell.text.strip()}".strip()
        table.append(tuple(cells))
    return tuple(table)
