"""What a finished file prints otherwise than the issue has it: 期号, dates, count, 导语, 目录, 具体内容.

Only letters and digits of any script are compared: what an output escapes, and what no document may hold, is neither.
The words between them belong to the office's templates, so a text is looked for, not expected alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.model import Issue, Item, Kind, Readback, chinese_date

# 2024年第6期 is a count within the year, and the office's own affair
_NUMBER = re.compile(r"(?<!年)第([\d〇○零一二三四五六七八九]+)期")
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_DAY = re.compile(r"(\d{4})年0?(\d{1,2})月0?(\d{1,2})日")
_COUNT = re.compile(r"共\D{0,4}(\d+)[篇条]")
_UNIT = re.compile(r"本期(.报)")
_COUNTED = re.compile(r"\d+")
_SHOWN = 20  # characters of a text that is quoted


def misprints(issue: Issue, file: Readback) -> list[str]:
    """Every disagreement, in Chinese, in the order of the file."""
    return [*_head(issue, file), *_contents(issue, file), *_items(issue, file), *_fields(issue, file)]


def _head(issue: Issue, file: Readback) -> Iterator[str]:
    whole = _letters("".join(file.head))
    if _letters(issue.title) not in whole:
        yield f"没有印出刊名“{issue.title}”"
    if _letters(issue.issuer) not in whole:
        yield f"没有印出编发单位“{issue.issuer}”"
    if _letters(issue.correction_line) not in whole:
        yield f"没有印出更正说明“{issue.correction_line}”"
    if _letters(issue.lead) not in whole:
        yield "印出的导语不是本期的导语"
    # of the lead the check `lead` tells, and a correction may speak of whatever it puts right
    own = (_squeezed(issue.lead), _squeezed(issue.correction_line) or "\n")
    rest = [_squeezed(line).replace(own[0], "").replace(own[1], "") for line in file.head]
    yield from _number(issue, rest)
    days = [_day(found) for line in rest for found in _DAY.finditer(line)]
    if chinese_date(issue.date) not in days:
        yield f"没有印出日期{chinese_date(issue.date)}"
    right = {chinese_date(issue.window.start), chinese_date(issue.window.end)}
    for day in dict.fromkeys(days):
        if day not in right:
            yield f"印有日期{day}，本期为{chinese_date(issue.window.start)}至{chinese_date(issue.window.end)}"
    for line in rest:
        for count in _COUNT.finditer(line):
            if int(count[1]) != len(issue.items):
                yield f"印有“{count[0]}”，实有{len(issue.items)}条"
        for unit in _UNIT.finditer(line):
            if unit[1] != issue.unit:
                yield f"印有“{unit[0]}”，应为“本期{issue.unit}”"


def _number(issue: Issue, lines: Sequence[str]) -> Iterator[str]:
    if issue.number < 1:
        return  # a draft that holds none yet
    printed = [found[1] for line in lines for found in _NUMBER.finditer(line)]
    if not printed:
        yield f"没有印出期号第{issue.number_chinese}期"
    for one in dict.fromkeys(printed):
        if int(one.translate(_DIGITS)) != issue.number:
            yield f"期号印作第{one}期，应为第{issue.number_chinese}期"


def _contents(issue: Issue, file: Readback) -> Iterator[str]:
    if len(file.contents) != len(issue.items):
        yield f"目录印出{len(file.contents)}条，本期有{len(issue.items)}条"
        return
    for place, (entry, item) in enumerate(zip(file.contents, issue.items, strict=True), start=1):
        yield from _titled(f"目录第{place}条", place, "".join(entry), item)


def _items(issue: Issue, file: Readback) -> Iterator[str]:
    if len(file.items) != len(issue.items):
        yield f"具体内容印出{len(file.items)}条，本期有{len(issue.items)}条"
        return
    for place, (lines, item) in enumerate(zip(file.items, issue.items, strict=True), start=1):
        where = f"具体内容第{place}条"
        yield from _titled(where, place, lines[0], item, outlet=False)
        letters = [_letters(line) for line in lines]
        whole = "".join(letters)
        if _letters(item.outlet) not in whole:
            yield f"{where}没有印出来源“{item.outlet}”"
        if _letters(item.url) not in whole:
            yield f"{where}没有印出链接{item.url}"
        if item.date and not any(_letters(day) in whole for day in (item.date.isoformat(), chinese_date(item.date))):
            yield f"{where}没有印出日期{item.date}"
        yield from _body(where, whole, item)


def _titled(where: str, place: int, line: str, item: Item, *, outlet: bool = True) -> Iterator[str]:
    printed, title = _letters(line), _letters(item.title)
    numbered = re.match(rf"(\D*?){place}(.*)", printed)
    if title not in printed:
        yield f"{where}印作“{_quoted(line)}”，应为“{item.title}”"
    elif title and (numbered is None or title in numbered[1] or title not in numbered[2]):
        number = _COUNTED.search(printed.partition(title)[0])
        yield f"{where}编号印作{number[0]}" if number else f"{where}没有编号"
    if outlet and _letters(item.outlet) not in printed:
        yield f"{where}没有印出来源“{item.outlet}”"


def _body(where: str, whole: str, item: Item) -> Iterator[str]:
    """The first text of an item that is not printed, or not in its order."""
    at = 0
    for block in item.blocks:
        if block.kind is Kind.TABLE:
            # cells that reach over others are told in words, and wide tables as lines: their order is the output's
            if missing := next((cell for row in block.rows for cell in row if _letters(cell) not in whole), ""):
                yield f"{where}的表格没有印出“{_quoted(missing)}”"
                return
        elif block.kind is not Kind.FIGURE:
            text = _letters(block.text)
            found = whole.find(text, at)
            if found < 0:
                yield f"{where}的正文没有按顺序印出“{_quoted(block.text)}”"
                return
            at = found + len(text)


def _fields(issue: Issue, file: Readback) -> Iterator[str]:
    """What the front matter says otherwise; what it leaves out is the template's own affair."""
    right = {
        "series": issue.series,
        "number": str(issue.number),
        "期号": issue.number_chinese,
        "title": issue.title,
        "issuer": issue.issuer,
        "window.start": str(issue.window.start),
        "window.end": str(issue.window.end),
        "date": str(issue.date),
    }
    for place, item in enumerate(issue.items, start=1):
        right |= {
            f"items.{place}.title": item.title,
            f"items.{place}.outlet": item.outlet,
            f"items.{place}.url": item.url,
            f"items.{place}.published": str(item.date or "null"),
        }
    for name, value in right.items():
        if name in file.fields and _letters(file.fields[name]) != _letters(value):
            yield f"文件头的 {name} 为“{_quoted(file.fields[name])}”，应为“{_quoted(value)}”"
    listed = {int(name.split(".")[1]) for name in file.fields if name.startswith("items.")}
    if listed and max(listed) != len(issue.items):
        yield f"文件头列出{max(listed)}条，本期有{len(issue.items)}条"


def _day(found: re.Match[str]) -> str:
    """A date as it is printed, in its normal form."""
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _quoted(text: str) -> str:
    line = _squeezed(text)
    return line[:_SHOWN] + ("……" if line[_SHOWN:] else "")
