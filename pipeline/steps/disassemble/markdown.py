"""Our own Markdown read back: what `outputs.markdown` wrote is the same issue again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipeline.errors import NotImported
from pipeline.model import Item, Kind, ReturnedItem, Window, chinese_date
from pipeline.steps.returning.front import Front, front_matter
from pipeline.steps.returning.markdown import read_markdown

_OWN = {"series", "number", "window", "date", "issuer"}


@dataclass(frozen=True, slots=True)
class Own:
    """What the front matter and the body of our own Markdown say."""

    series: str
    number: int
    window: Window
    lead: str
    items: tuple[Item, ...]
    remarks: tuple[tuple[str, str, int], ...]
    """Check, message in Chinese, position."""
    notes: tuple[str, ...]
    """What was read as bare words or left out."""


def own(text: str) -> Own | None:
    """Our own Markdown, or `None` when it is not; raises `NotImported` where its parts no longer fit."""
    front = front_matter(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if not set(front.fields) >= _OWN:
        return None
    covered = front.part("window")
    try:
        window = Window(dt.date.fromisoformat(covered.text("start")), dt.date.fromisoformat(covered.text("end")))
        number = int(front.text("number"))
    except ValueError as error:
        raise NotImported(f"文件头里的期号或窗口不是数字和日期（{error}）。", "请用导出的原文件导入。") from None
    returned = read_markdown(text)
    listed = front.items()
    if len(returned.items) != len(listed):
        raise NotImported(
            f"第2行起的文件头列了 {len(listed)} 条，正文却有 {len(returned.items)} 条。",
            "请补全两处，或用导出的原文件导入。",
        )
    remarks: list[tuple[str, str, int]] = []
    pictures = sum(block.kind is Kind.FIGURE for one in returned.items for block in one.blocks)
    beside = (f"图片 {pictures} 张在旁边的文件夹里，没有收入",) if pictures else ()
    for place, (one, entry) in enumerate(zip(returned.items, listed, strict=True), start=1):
        if one.title != entry.text("title"):
            told = f"{one.place}：标题“{one.title}”与文件头里的“{entry.text('title')}”不同，取文件头里的"
            remarks.append(("contents", told, place))
    items = tuple(_item(one, entry) for one, entry in zip(returned.items, listed, strict=True))
    return Own(front.text("series"), number, window, returned.lead, items, tuple(remarks), (*returned.notes, *beside))


def _item(printed: ReturnedItem, entry: Front) -> Item:
    day = entry.text("published")
    try:
        date = dt.date.fromisoformat(day) if day else None
    except ValueError:
        raise NotImported(f"{printed.place}：文件头里这一条的日期“{day}”不是日期。", "请写成 2024-06-04。") from None
    if printed.date != day:
        raise NotImported(
            f"{printed.place}：这一条的日期行印作“{printed.date or '空'}”"
            f"（文件头写的日期是{chinese_date(date) if date else '无'}）。",
            "请把日期行改得与文件头一致，再导入。",
        )
    return Item(
        handle=entry.text("id"),
        title=entry.text("title"),
        outlet=entry.text("outlet"),
        url=entry.text("url"),
        date=date,
        blocks=tuple(block for block in printed.blocks if block.kind is not Kind.FIGURE),
        excerpt=printed.excerpt,
    )
