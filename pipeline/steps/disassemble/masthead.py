"""What stands above the items: masthead, lead sentence, contents."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.config import Series
from pipeline.errors import NotImported
from pipeline.model import Window, chinese_date
from pipeline.steps.disassemble.lines import MOST_COMPARED, NUMERAL, Line, alike, dates, key, numeral, page_number
from pipeline.steps.punctuation import unbroken

_LEAD = re.compile(r"^(?:本期)?导 ?语 ?[:：]? ?(.*)$")
_LEAD_SENTENCE = re.compile(r"^本期.{0,30}?(?:收集|共收|无符合|汇编|刊载)")
_CONTENTS = re.compile(r"^(?:[一1] ?[、.．] ?)?(?:信息|本期|内容)?目 ?录 ?[:：]?$")
_BODY = re.compile(r"^(?:[二2一1] ?[、.．] ?)?(?:具体|详细) ?内容 ?[:：]?$")
_ENTRY = re.compile(r"^(?:[（(]?(?:\d{1,3}|[一二三四五六七八九十]{1,3}) ?[.．、)）] ?)?(?=\S)")
_BRACKETED = r"[（(]((?:[^（()）]|[（(][^（()）]*[)）])*)[)）]"  # 中国政府网（国务院办公厅） has brackets of its own
_OUTLET = re.compile(r"^(.*?) ?[（(]([^（()）]{1,30})[)）]$")
_PAGE = re.compile(r" ?(?<![\d.．…·])(\d{1,3})$")
_NO_OUTLET = re.compile(r"\d|^(?:[上中下一二三四五六七八九十]|附.*|图.*|.*图|节选|全文|试行|暂行|修订版?|.*稿)$")

_NUMBERS = (
    rf"总 ?第(?P<n>{NUMERAL}+)(?P<q>期)",
    rf"[（(【〔\[] ?第(?P<n>{NUMERAL}+)(?P<q>期?) ?[)）】〕\]]",
    rf"第(?P<n>{NUMERAL}+)(?P<q>期)",
    rf"[（(【〔\[](?P<n>{NUMERAL}+)(?P<q>期) ?[)）】〕\]]",
    rf"(?:^| )第(?P<n>{NUMERAL}+)(?P<q>)(?: |$)",
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines of an issue, by what they are for."""

    masthead: Sequence[Line]
    lead: str
    contents: Sequence[Line]
    body: Sequence[Line]
    has_contents: bool
    has_body: bool
    """Whether 具体内容 is printed above the items; else the contents still stand before the first one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the contents."""

    title: str
    outlet: str
    line: int


def is_contents(text: str) -> bool:
    """Whether a line is the heading of the 目录."""
    return bool(_CONTENTS.match(text))


def is_body(text: str) -> bool:
    """Whether a line is the heading of the 具体内容."""
    return bool(_BODY.match(text))


def parts(lines: Sequence[Line]) -> Parts:
    """An issue's lines parted at 导语, 信息目录 and 具体内容; those that are missing are empty."""
    contents = _first(lines, lambda text: bool(_CONTENTS.match(text)))
    body = _first(lines, lambda text: bool(_BODY.match(text)), (contents if contents is not None else -1) + 1)
    if body is not None and contents is not None and contents > body:
        contents = None
    end = contents if contents is not None else body if body is not None else len(lines)
    label = _first(lines[:end], lambda text: bool(_LEAD.match(text) or _LEAD_SENTENCE.match(text)))
    lead: list[str] = []
    after = end
    if label is not None:
        found = _LEAD.match(lines[label].text)
        lead = [found[1]] if found else [lines[label].text]
        after = label + 1
        while after < end and not re.search(r"[。.]$", lead[-1]):
            lead.append(lines[after].text)
            after += 1
    elif contents is None and body is None:
        after = min(6, len(lines))  # nothing tells where the masthead ends
    first = body if body is not None else (contents if contents is not None else after - 1)
    return Parts(
        masthead=lines[: label if label is not None else after],
        lead=unbroken(part for part in lead if part),
        contents=lines[contents + 1 : body] if contents is not None and body is not None else [],
        body=lines[first + 1 :],
        has_contents=contents is not None,
        has_body=body is not None,
    )


def _first(lines: Sequence[Line], fits: Callable[[str], bool], start: int = 0) -> int | None:
    return next((at for at in range(start, len(lines)) if fits(lines[at].text)), None)


def which(masthead: Sequence[Line], known: Mapping[str, Series]) -> Series:
    """The series whose title the masthead prints; raises `NotImported` when none does."""
    printed = key("".join(line.text for line in masthead)[:200])
    fitting = [one for one in known.values() if key(one.title) in printed]
    if not fitting:
        titles = "；".join(f"{one.title}（{one.id}）" for one in known.values())
        where = masthead[0].number if masthead else 1
        shown = masthead[0].text[:40] if masthead else ""
        raise NotImported(
            f"第{where}行：刊头“{shown}”不是已配置的刊名（{titles}）。",
            "请核对刊名，或用 --series 指明是哪一种期刊。",
        )
    return max(fitting, key=lambda one: len(one.title))


def number(masthead: Sequence[Line], series: Series) -> tuple[int, str]:
    """The issue's number, and as it is printed when 期 is missing there; raises `NotImported` when there is none."""
    for pattern in _NUMBERS:
        for line in masthead:
            found = re.search(pattern, line.text)
            value = numeral(found["n"]) if found else None
            if found and value:
                return value, "" if found["q"] else f"第{line.number}行写作“{found[0].strip()}”"
    where = next((line for line in masthead if key(series.title) in key(line.text)), masthead[0] if masthead else None)
    raise NotImported(
        f"第{where.number if where else 1}行：刊名下面没有期号。",
        "请在刊名的下一行补上期号，如（第五三四期），再导入。",
    )


def another(lines: Sequence[Line], known: Mapping[str, Series], count: int) -> tuple[Line, int] | None:
    """The masthead of a further issue below the first one's: its title's line, and its number."""
    titles = [key(one.title) for one in known.values()]
    for at, line in enumerate(lines):
        if any(title in key(line.text) for title in titles):
            for below in lines[at : at + 4]:
                found = next((found for one in _NUMBERS[:4] if (found := re.search(one, below.text))), None)
                value = numeral(found["n"]) if found else None
                if value and value != count and any(_CONTENTS.match(one.text) for one in lines[at : at + 20]):
                    return line, value
    return None


def window(parts: Parts, series: Series, days: Sequence[dt.date]) -> tuple[Window, str]:
    """The window, and what is wrong with the printed issue date; raises `NotImported` when the days do not tell.

    Where the lead and the issue date name two whole windows, such as in a copy of the month before, the items' own
    `days` settle which is meant.
    """
    lead = dates(parts.lead)
    dated = [(day, line) for line in parts.masthead for day in dates(line.text)]
    printed, line = dated[-1] if dated else (None, None)
    stated = Window(lead[0], lead[1]) if len(lead) == 2 else None
    if stated and stated == series.window_of(stated.end):
        other = series.window_of(printed or stated.end)
        if printed == other.end and sum(day in other for day in days) > sum(day in stated for day in days):
            return other, ""
        if printed is None:
            return stated, f"刊头没有印期刊日期，应为{chinese_date(stated.end)}"
        wrong = printed != stated.end
        where = f"第{line.number}行：" if line else ""
        return stated, (
            f"{where}期刊日期印作{chinese_date(printed)}，应为窗口的最后一天{chinese_date(stated.end)}" if wrong else ""
        )
    if printed is not None and line is not None:
        own = series.window_of(printed)
        if printed == own.end and (not lead or any(day in own for day in lead)):
            return own, ""
        raise NotImported(
            f"第{line.number}行：期刊日期{chinese_date(printed)}与导语的起止日期"
            f"（{'至'.join(map(chinese_date, lead)) or '没有写'}）定不出这一期的窗口。",
            f"请把期刊日期改为窗口的最后一天（如{chinese_date(own.end)}），或补全导语的起止日期，再导入。",
        )
    top = parts.masthead[0].number if parts.masthead else 1
    raise NotImported(
        f"第{top}行：刊头没有期刊日期，导语里也没有一个完整窗口的起止日期。",
        "请在编发单位下一行补上日期，如2024年5月31日，再导入。",
    )


def entries(lines: Sequence[Line]) -> list[Entry]:
    """The entries of the contents: titles, each with the outlet in brackets after or under it."""
    found: list[Entry] = []
    held: list[Line] = []

    def close(outlet: str = "") -> None:
        if held:
            found.append(Entry(_title(held), outlet, held[0].number))
            held.clear()

    lines = _without_pages(lines)
    for at, line in enumerate(lines):
        text = re.sub(r"(?:[.．·]{3,}|…+)[.．…· ]*\d{1,3}$|\\$", "", line.text).strip()  # a page number behind leaders
        text = re.sub(r"^((?:\d{1,3}[.．] ?)?)\[(.*)\]\(#[^)]*\)$", r"\1\2", text)
        if inner := re.fullmatch(_BRACKETED, text):
            close(inner[1].strip())
            continue
        numbered = _ENTRY.match(text)
        if line.mark == "-" or (numbered and numbered[0]):
            close()
        ended = _OUTLET.match(text)
        follows = lines[at + 1].text if at + 1 < len(lines) else ""
        alone = re.fullmatch(_BRACKETED, follows)
        if ended and ended[1] and not alone and not _NO_OUTLET.search(ended[2]):
            held.append(Line(line.number, ended[1], line.mark))
            close(ended[2].strip())
        else:
            held.append(Line(line.number, text, line.mark))
    close()
    return found


def _without_pages(lines: Sequence[Line]) -> list[Line]:
    """The contents without the pages that a word processor printed behind the titles, or alone in a line."""
    kept = [line for line in lines if not page_number(line.text)]
    titles = [line for line, after in pairwise(kept) if re.fullmatch(_BRACKETED, after.text)]
    pages = [int(found[1]) for line in titles if (found := _PAGE.search(line.text))]
    if not titles or len(pages) < len(titles) or pages != sorted(pages):
        return kept
    return [replace(line, text=_PAGE.sub("", line.text)) if line in titles else line for line in kept]


def _title(held: Sequence[Line]) -> str:
    return unbroken([_ENTRY.sub("", held[0].text, count=1), *(line.text for line in held[1:])]).strip()


def nearest(title: str, among: Sequence[Entry]) -> tuple[int, float]:
    """Which entry's title is most like this one (index), and how much; (-1, 0) when there is none."""
    said = key(title)
    if (same := next((at for at, one in enumerate(among) if key(one.title) == said), None)) is not None:
        return same, 1.0
    if len(among) > MOST_COMPARED:
        return -1, 0.0
    scored = [(alike(title, one.title), -at) for at, one in enumerate(among)]
    score, at = max(scored, default=(0.0, 1))
    return -at, score
