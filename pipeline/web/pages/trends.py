"""Trends: what the issues of a series were about, as drawings with the tables behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.responses import Response

from pipeline.errors import UsageError
from pipeline.model import Frequency, Role, Trends, file_title
from pipeline.outputs.sheets import Sheet, as_csv, left_out, remarks, share, sheets
from pipeline.outputs.text import em
from pipeline.steps.trends import shortened
from pipeline.web.asking import Asked, Route, attached, natural
from pipeline.web.pages.archive import Link

_LISTED = 30  # names in a table of the page; the CSV has all
_DRAWN = 12  # of them in the drawing
_BESIDE = 6  # periods that a table of the page has a column for each, so that it still prints; the CSV has all
_CROWDED = 12  # columns, above which a zero is told by there being none

# The drawings' own units: a drawing is 400 wide, so that on a phone its words are about as large as those around it.
_WIDE = 400
_TOP, _HIGH, _WORDS = 18, 96, 20  # above the columns for figures, the highest column, below it for words
_FIGURE = 7.5  # the width of a digit
_ROW, _BAR = 26, 14
_NAME, _BARS, _SINGLE = 128, 110, 292  # where names end, the longest bar, where the columns of single periods begin
_LONGEST = 9.5  # squares of a name


@dataclass(frozen=True, slots=True)
class Column:
    """One period: a column with its figure above and its label below; empty where there is no room for them."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    figure: str
    label: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Figures over time."""

    title: str
    told: str
    """The drawing in a sentence, for who does not see it."""
    columns: tuple[Column, ...]
    foot: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One name: its bar, its figure, and a small column for each period."""

    name: str
    y: float
    middle: float
    width: float
    figure: str
    after: float
    """Where the figure begins."""
    single: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """The most frequent names of a facet."""

    title: str
    told: str
    bars: tuple[Bar, ...]
    height: float
    ends: tuple[str, str]
    """The first and the last period of the small columns; empty where there is but one."""


@dataclass(frozen=True, slots=True)
class Section:
    """Drawings with the table behind them."""

    name: str
    title: str
    columns: tuple[Columns, ...]
    bars: Bars | None
    head: tuple[str | int, ...]
    rows: tuple[tuple[str | int, ...], ...]
    rest: str
    """What the table leaves out, in Chinese; empty for nothing."""
    csv: str


@dataclass(frozen=True, slots=True)
class View:
    """The page of a series."""

    title: str
    tabs: tuple[Link, ...]
    first: str
    last: str
    only: str
    """The issue, where but one is shown."""
    whole: str
    """The address of all of them."""
    unit: str
    """What a period is."""
    what: str
    remarks: tuple[str, ...]
    sections: tuple[Section, ...]


def first(asked: Asked) -> Response:
    """The trends of the first series that whoever asks may see."""
    for series in asked.desk.config.series:
        if asked.who.sees(series):
            return _page(asked, series)
    raise UsageError("没有您可以看的刊物。", "请让管理员在“账号”里为您开通。")


def one(asked: Asked) -> Response:
    """The trends of the series that the address names."""
    return _page(asked, asked.series().id)


def sheet(asked: Asked) -> Response:
    """One table as CSV, whole."""
    series, name = asked.series(), asked.path("table")
    found = _found(asked, series.id)
    for each in sheets(found) if found else ():
        if each.name == name:
            file = f"{file_title(series.title, series.id)}-{each.title}.csv"
            headers = {"Content-Disposition": attached(file)}
            return Response(as_csv(each), media_type="text/csv; charset=utf-8", headers=headers)
    raise UsageError(f"没有“{name}”这张表。", "请从趋势页下载。")


def _found(asked: Asked, series: str) -> Trends | None:
    number = natural(asked.query("issue")) or 0
    return asked.desk.trends(series, asked.query("from"), asked.query("to"), number=number)


def _page(asked: Asked, series: str) -> Response:
    config = asked.desk.config.series
    tabs = tuple(
        Link(f"/trends/{quote(one.id)}", one.title, one.id == series)
        for one in config.values()
        if asked.who.sees(one.id)
    )
    found = _found(asked, series)
    number = natural(asked.query("issue")) or 0
    what, *how = remarks(found) if found else ("",)
    view = View(
        title=config[series].title,
        tabs=tabs,
        first=asked.query("from"),
        last=asked.query("to"),
        only=asked.numbered(series, number) if number else "",
        whole=f"/trends/{quote(series)}",
        unit=found.unit if found else "",
        what=what,
        remarks=tuple(how),
        sections=tuple(_sections(found, _asking(asked, series))) if found else (),
    )
    return asked.page("trends.html", view=view, wide=_WIDE, name=_NAME, single=_SINGLE)


def _asking(asked: Asked, series: str) -> str:
    """The address of a table of what is shown, but for its name."""
    wanted = {name: asked.query(name) for name in ("from", "to", "issue")}
    question = urlencode({name: value for name, value in wanted.items() if value})
    return f"/trends/{quote(series)}/{{}}" + (f"?{question}" if question else "")


def _sections(found: Trends, address: str) -> list[Section]:
    listed = shortened(found, _LISTED)
    shown = {one.name: one for one in sheets(listed)}
    labels = [one.label for one in found.periods]
    drawn = []
    if len(labels) > 1:  # one column says no more than its figure
        drawn.append(_columns("刊出条数", labels, [one.items for one in found.periods]))
        if any(one.seen is not None for one in found.periods):
            drawn.append(_columns("采集线索", labels, [one.seen for one in found.periods]))
    made = [_section(shown["volume"], tuple(drawn), None, "", address)]
    if "days" in shown:
        labels = [f"{day.month}-{day.day}" for day, _ in found.days]
        days = _columns("按发布日期的条数", labels, [count for _, count in found.days])
        told = f"{found.undated} 条没有日期，或不在窗口之内" if found.undated else ""
        made.append(_section(shown["days"], (days,), None, told, address))
    for ranking in listed.rankings:
        sheet = shown[ranking.facet.value]
        bars = _bars(found, sheet.title, ranking.rows[:_DRAWN]) if ranking.rows else None
        made.append(_section(sheet, (), bars, left_out(ranking, "，见 CSV"), address))
    return made


def _section(sheet: Sheet, columns: tuple[Columns, ...], bars: Bars | None, rest: str, address: str) -> Section:
    head, *rows = sheet.totals if sheet.single > _BESIDE else (sheet.head, *sheet.rows)
    return Section(sheet.name, sheet.title, columns, bars, head, tuple(rows), rest, address.format(sheet.name))


# ------------------------------------------------------------------------------------------ drawing


def _columns(title: str, labels: Sequence[str], figures: Sequence[int | None]) -> Columns:
    step = _WIDE / len(figures)
    told = "，".join(f"{label} {'无记录' if n is None else n}" for label, n in zip(labels, figures, strict=True))
    widest = max(len(label) for label in labels) * _FIGURE
    every = math.ceil((widest + 6) / step)
    roomy = max(len(str(n or 0)) for n in figures) * _FIGURE + 2 <= step
    made = []
    for at, (column, label) in enumerate(zip(_standing(figures, 0, step, _TOP, _HIGH), labels, strict=True)):
        n = figures[at]
        figure = str(n) if roomy and n is not None and (n or len(figures) <= _CROWDED) else ""
        stands = (len(labels) - 1 - at) % every == 0  # counted from the last: the newest issue is what one looks for
        half = len(label) * _FIGURE / 2
        middle = min(max(column.middle, half), _WIDE - half)
        made.append(Column(column.x, column.y, column.width, column.height, middle, figure, label if stands else ""))
    return Columns(title, f"{title}：{told}。", tuple(made), _TOP + _HIGH, _TOP + _HIGH + _WORDS)


def _standing(figures: Sequence[int | None], left: float, step: float, top: float, high: float) -> list[Column]:
    most = max((n or 0 for n in figures), default=0) or 1
    width = min(step * 0.7, 44)
    made = []
    for at, n in enumerate(figures):
        height = high * (n or 0) / most
        middle = left + step * (at + 0.5)
        made.append(
            Column(round(middle - width / 2, 2), round(top + high - height, 2), round(width, 2), round(height, 2),
                   round(middle, 2), "", "")
        )  # fmt: skip
    return made


def _bars(found: Trends, title: str, rows: Sequence[Frequency]) -> Bars:
    several = len(found.periods) > 1
    longest = _BARS if several else _WIDE - _NAME - 60
    most = max(row.total for row in rows)
    step = (_WIDE - _SINGLE) / len(found.periods)
    peak = max(n for row in rows for n in row.counts)
    bars = []
    for at, row in enumerate(rows):
        y = at * _ROW + (_ROW - _BAR) / 2
        width = longest * row.total / most
        # the same measure for all rows: a column as high says as much
        single = _standing((*row.counts, peak), _SINGLE, step, at * _ROW + 4, _ROW - 8)[:-1] if several else ()
        bars.append(
            Bar(_clipped(row.name), y, y + _BAR - 2.5, round(width, 2), str(row.total), round(_NAME + 8 + width, 2),
                tuple(single))
        )  # fmt: skip
    told = "，".join(f"{row.name} {row.total} 条（{share(row.total, found.items)}）" for row in rows)
    ends = (found.periods[0].label, found.periods[-1].label) if several else ("", "")
    height = len(rows) * _ROW + (_WORDS if several else 2)
    return Bars(title, f"{title}，条数最多的 {len(rows)} 个：{told}。", tuple(bars), height, ends)


def _clipped(name: str) -> str:
    if em(name) <= _LONGEST:
        return name
    kept = name
    while em(kept) > _LONGEST - 1:
        kept = kept[:-1]
    return f"{kept}…"


ROUTES = (
    Route("GET", "/trends", first, Role.VIEWER),
    Route("GET", "/trends/{series}", one, Role.VIEWER),
    Route("GET", "/trends/{series}/{table}", sheet, Role.VIEWER),
)
