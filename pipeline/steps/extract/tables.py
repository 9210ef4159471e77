"""Tables that hold data, with their head and the cells that reach over others."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.steps.extract.tree import Element, content, name

_MAX_COLUMNS = 40
_MAX_ROWS = 500
_MAX_CELL = 20_000  # characters
_MAX_PARTS = 6  # paragraphs in a cell; more is a part of the page


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells by row, all rows of one width; a cell that another reaches over is empty."""

    rows: tuple[tuple[str, ...], ...]
    header: int
    """How many rows at the top are its head."""
    spans: tuple[tuple[int, int, int, int], ...]
    """Row, column, rows and columns of each cell that reaches over others."""
    caption: str = ""

    @property
    def size(self) -> int:
        """Its characters."""
        return sum(len(cell) for row in self.rows for cell in row)


@dataclass(slots=True)
class _Grid:
    rows: list[list[str]]
    spans: list[tuple[int, int, int, int]]
    heads: list[bool]
    sizes: list[int]


def read_table(table: Element) -> Table | None:
    """The table, or `None` for one that only lays out the page or stands around pictures."""
    if table.find(".//table") is not None:
        return None
    grid = _grid(table)
    if grid is None:
        return None
    width = max((len(row) for row in grid.rows), default=0)
    if len(grid.rows) < 2 or width < 2 or not any(grid.sizes):
        return None
    whole = sum(grid.sizes)
    filled = sum(1 for size in grid.sizes if size)
    if filled < 0.3 * len(grid.sizes) or max(grid.sizes) > 0.8 * whole or whole > 400 * len(grid.sizes):
        return None
    header = next((i for i, head in enumerate(grid.heads) if not head), 0)  # all head: no head
    caption = table.find("caption")
    return Table(
        rows=tuple(tuple(row) + ("",) * (width - len(row)) for row in grid.rows),
        header=header,
        spans=tuple(grid.spans),
        caption="" if caption is None else content(caption)[:200],
    )


def _grid(table: Element) -> _Grid | None:
    grid = _Grid([], [], [], [])
    reaching: dict[int, int] = {}  # column → rows that a cell from above still covers
    for row in table.iter("tr"):
        cells: list[str] = []
        spans: list[tuple[int, int, int, int]] = []
        tags: list[str] = []
        fresh: dict[int, int] = {}
        for cell in row:
            if name(cell) not in ("td", "th"):
                continue
            if sum(1 for _ in cell.iter("p", "li", "div")) > _MAX_PARTS:
                return None
            _skip(cells, reaching)
            text = content(cell)
            grid.sizes.append(len(text))
            down, right = _span(cell, "rowspan", _MAX_ROWS), _span(cell, "colspan", _MAX_COLUMNS)
            if down > 1 or right > 1:
                spans.append((len(grid.rows), len(cells), down, right))
            for column in range(len(cells), len(cells) + right):
                fresh[column] = down - 1
            cells += [text[:_MAX_CELL], *[""] * (right - 1)]
            tags.append("th" if _is_head(cell, text) else "td")
        _skip(cells, reaching)
        if any(cells) or spans:
            grid.rows.append(cells[:_MAX_COLUMNS])
            grid.spans += spans
            above = row.getparent()
            grid.heads.append(bool(tags) and (set(tags) == {"th"} or (above is not None and name(above) == "thead")))
        reaching = {column: rows - 1 for column, rows in reaching.items() if rows > 1} | {
            column: rows for column, rows in fresh.items() if rows
        }
        if len(grid.rows) >= _MAX_ROWS:
            break
    rows = len(grid.rows)
    grid.spans = [
        (row, column, min(down, rows - row), min(right, _MAX_COLUMNS - column))
        for row, column, down, right in grid.spans
        if column < _MAX_COLUMNS
    ]
    return grid


def _skip(cells: list[str], reaching: dict[int, int]) -> None:
    """Fills the columns that cells of the rows above cover, from where the row stands."""
    while reaching.get(len(cells), 0) and len(cells) < _MAX_COLUMNS:
        cells.append("")


def _is_head(cell: Element, text: str) -> bool:
    """Whether a cell is marked as a head, or all of its text is bold."""
    if name(cell) == "th":
        return True
    return bool(text) and any(content(bold) == text for bold in cell.iter("b", "strong"))


def _span(cell: Element, attribute: str, most: int) -> int:
    text = (cell.get(attribute) or "1").strip()
    return min(int(text), most) if text.isdigit() and len(text) < 4 and int(text) > 0 else 1
