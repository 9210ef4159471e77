"""Our own Markdown read back: what `outputs.markdown` wrote is the same issue again."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import NotImported
from pipeline.model import Block, Item, Kind, Window, chinese_date
from pipeline.steps.disassemble.body import is_caption

_FIELD = re.compile(r"^(  - |    |  )?([^\s:]+):(?: (.*))?$")
_HEAD = re.compile(r"^### (\d+)\. 标题：(.*)$")


_LISTED = re.compile(r"( *)(-|\d{1,9}\.) ")
_PICTURE = re.compile(r"!\[(?:\\.|[^\\\]])*\]\([^()\s]+\)")


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


def own(text: str) -> Own | None:
    """Our own Markdown, or `None` when it is not; raises `NotImported` where its parts no longer fit."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0] != "---" or "---" not in lines[1:]:
        return None
    end = lines.index("---", 1)
    fields, listed = _front(lines[1:end])
    if not {"series", "number", "start", "end", "date", "issuer"} <= set(fields):
        return None
    try:
        window = Window(dt.date.fromisoformat(str(fields["start"])), dt.date.fromisoformat(str(fields["end"])))
        number = int(fields["number"])
    except ValueError as error:
        raise NotImported(f"文件头里的期号或窗口不是数字和日期（{error}）。", "请用导出的原文件导入。") from None
    starts = [at for at, line in enumerate(lines) if at > end and _HEAD.match(line)]
    if len(starts) != len(listed):
        raise NotImported(
            f"第2行起的文件头列了 {len(listed)} 条，正文却有 {len(starts)} 条。", "请补全两处，或用导出的原文件导入。"
        )
    stops = [_stop(lines, start, after) for start, after in zip(starts, [*starts, len(lines)][1:], strict=True)]
    items: list[Item] = []
    remarks: list[tuple[str, str, int]] = []
    for place, (start, stop, entry) in enumerate(zip(starts, stops, listed, strict=True), start=1):
        items.append(_item(lines[start:stop], start, entry))
        printed = _plain((_HEAD.match(lines[start]) or {2: ""})[2])
        if printed != entry.get("title", ""):
            told = f"第{start + 1}行：标题“{printed}”与文件头里的“{entry.get('title', '')}”不同，取文件头里的"
            remarks.append(("contents", told, place))
    return Own(str(fields["series"]), number, window, _lead(lines, end), tuple(items), tuple(remarks))


def _front(lines: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fields: dict[str, Any] = {}
    listed: list[dict[str, Any]] = []
    for line in lines:
        found = _FIELD.match(line)
        if not found:
            continue
        value = _scalar(found[3] or "")
        if found[1] == "  - ":
            listed.append({})
        target = listed[-1] if listed and found[1] in ("  - ", "    ") else fields
        target[found[2]] = value
    return fields, listed


def _scalar(text: str) -> str:
    if not text.startswith('"'):
        return "" if text == "null" else text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _stop(lines: Sequence[str], start: int, after: int) -> int:
    """Where an item ends: before the next one's anchor, or the rule above the 版记."""
    return next((at for at in range(start + 1, after) if re.match(r'<a id="|---$', lines[at])), after)


def _lead(lines: Sequence[str], end: int) -> str:
    label = next((at for at in range(end, len(lines)) if lines[at] == "本期导语："), None)
    return "" if label is None else _plain(next((line for line in lines[label + 1 :] if line), ""))


def _item(lines: Sequence[str], start: int, entry: Mapping[str, Any]) -> Item:
    try:
        date = dt.date.fromisoformat(entry["published"]) if entry.get("published") else None
    except ValueError:
        raise NotImported(
            f"第{start + 1}行：文件头里这一条的日期“{entry['published']}”不是日期。", "请写成 2024-06-04。"
        ) from None
    outlet = entry.get("outlet", "")
    dateline = f"{date}　来源：" if date else "来源："
    # the label 来源 stands above 主要内容, the date line below it
    content = next((at for at, line in enumerate(lines) if line == "主要内容："), 0)
    first = next((at for at in range(content, len(lines)) if lines[at].startswith(dateline)), None)
    if first is None:
        raise NotImported(
            f"第{start + 1}行：这一条没有以“{dateline}”开头的日期行"
            f"（文件头写的日期是{chinese_date(date) if date else '无'}）。",
            "请把日期行改得与文件头一致，再导入。",
        )
    return Item(
        handle=entry.get("id", ""),
        title=entry.get("title", ""),
        outlet=outlet,
        url=entry.get("url", ""),
        date=date,
        blocks=tuple(_blocks(lines[first + 1 :])),
        excerpt=entry.get("excerpt") == "true",
    )


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    levels: list[int] = []
    """Columns up to the text of the items in which the next one may lie."""
    for line in [*lines, ""]:
        if line.startswith("| "):
            rows.append(tuple(_plain(cell.strip()) for cell in re.findall(r"((?:\\.|[^\\|])*)\|", line[1:])))
            continue
        if rows:
            yield Block(Kind.TABLE, rows=(rows[0], *rows[2:]))
            rows = []
        if item := _LISTED.match(line):
            inside, mark = len(item[1]), item[2]
            levels = [column for column in levels if column <= inside]
            text = _plain(line[item.end() :])
            yield Block(Kind.ITEM, text, level=len(levels), mark="" if mark == "-" else mark)
            levels.append(item.end())
            continue
        levels = []
        if line and not _PICTURE.fullmatch(line):  # the picture is in the article it was printed from
            yield _block(line)


def _block(line: str) -> Block:
    for mark, kind, level in (
        ("##### ", Kind.HEADING, 1),
        ("###### ", Kind.HEADING, 2),
        ("> ", Kind.QUOTE, 0),
    ):
        if line.startswith(mark):
            return Block(kind, _plain(line.removeprefix(mark)), level=level)
    text = _plain(line)
    return Block(Kind.CAPTION if is_caption(text) else Kind.PARAGRAPH, text)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
