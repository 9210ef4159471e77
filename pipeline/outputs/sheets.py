"""Trends as tables, and any table as a CSV file that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model import Facet, Ranking, Trends

_BEGINS_A_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # Excel reads full-width ones as well
UNKNOWN = "—"
"""What stands for leads that nobody counted."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: what stands behind a chart, whole."""

    name: str
    """As an address or a file calls it: volume, topics …"""
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    single: int = 0
    """How many columns at the end are of single periods."""

    @property
    def totals(self) -> tuple[tuple[str | int, ...], ...]:
        """Head and rows without those columns."""
        return tuple(row[: len(row) - self.single] for row in (self.head, *self.rows))


def sheets(trends: Trends) -> list[Sheet]:
    """The tables of what was counted: how much there was, of a single issue by day too, then one a facet."""
    found = [_volume(trends)]
    if trends.days:
        rows = tuple((day.isoformat(), count) for day, count in trends.days)
        found.append(Sheet("days", "按发布日期", ("日期", "条数"), rows))
    return [*found, *(_ranked(trends, one) for one in trends.rankings)]


def _volume(trends: Trends) -> Sheet:
    many = trends.unit != "期"
    rows = []
    for one in trends.periods:
        days = (one.window.start.isoformat(), one.window.end.isoformat())
        issues = (one.issues,) if many else ()
        rows.append((one.told, *days, *issues, one.items, UNKNOWN if one.seen is None else one.seen))
    head = ("时段" if many else "期号", "起", "止", *(("期数",) if many else ()), "刊出条数", "采集线索")
    return Sheet("volume", "刊出条数与采集线索", head, tuple(rows))


def _ranked(trends: Trends, ranking: Ranking) -> Sheet:
    several, placed = len(trends.periods) > 1, ranking.facet is Facet.PLACES
    rows = tuple(
        (
            one.name,
            *((one.kind,) if placed else ()),
            one.total,
            share(one.total, trends.items),
            *(one.counts if several else ()),
        )
        for one in ranking.rows
    )
    name = {Facet.TOPICS: "主题", Facet.TERMS: "词", Facet.OUTLETS: "来源", Facet.PLACES: "名称"}[ranking.facet]
    head = (name, *(("类别",) if placed else ()), "条数", "占比")
    return Sheet(
        ranking.facet.value,
        ranking.facet.chinese,
        (*head, *((one.label for one in trends.periods) if several else ())),
        rows,
        len(trends.periods) if several else 0,
    )


def left_out(ranking: Ranking, where: str = "") -> str:
    """What a table does not show, in Chinese: names beyond its last row, and items without any; empty for nothing."""
    lacking = {
        Facet.TOPICS: "没有归入任何主题",
        Facet.TERMS: "没有命中主题词",
        Facet.OUTLETS: "没有来源",
        Facet.PLACES: "没有提到已知的地区或机构",
    }[ranking.facet]
    told = [f"另有 {ranking.more} 个没有列出{where}"] if ranking.more else []
    told += [f"{ranking.without} 条{lacking}"] if ranking.without else []
    return "；".join(told)


def share(count: int, of: int) -> str:
    """A part of a whole in percent: 43%."""
    return f"{count / of:.0%}" if of else UNKNOWN


def as_csv(sheet: Sheet) -> bytes:
    """A table as CSV: UTF-8 with a byte order mark, by which Excel knows it; no cell begins a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerows([_defused(cell) for cell in row] for row in (sheet.head, *sheet.rows))
    return file.getvalue().encode("utf-8-sig")


def _defused(cell: str | int) -> str | int:
    """A cell that a spreadsheet shows as it stands: an apostrophe before what it would compute."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA) else cell


def remarks(trends: Trends) -> Iterator[str]:
    """How the figures came about and what they leave out, in Chinese, a sentence each."""
    first, last = trends.periods[0], trends.periods[-1]
    span = first.told if len(trends.periods) == 1 else f"{first.told}至{last.told}"
    yield (
        f"统计{span}（{first.window.start}至{last.window.end}）共{trends.issues}期、{trends.items}条信息，"
        "已撤回的不计，更正过的以最后一次更正为准。"
    )
    yield "一条信息在同一个名称下只计一次，可以同时计入几个主题、词、地区或机构，所以占比之和不是100%。"
    if trends.imported:
        yield (
            f"其中{trends.imported}期是导入的往期：没有采集记录，线索数记作“{UNKNOWN}”；"
            "主题和词在导入时按当时的监测范围判断。"
        )
    yield (
        "主题和词是成刊时判断的结果，每条只留最有分量的几个词；地区与机构按监测范围里已有的名称和各省市名"
        "在标题和正文中查找，同一地方或机构的不同叫法分别计数。"
    )
    yield "采集线索是该窗口最后一次采集时见到的链接数，不是全网报道数；条数少时，升降多半是偶然。"
