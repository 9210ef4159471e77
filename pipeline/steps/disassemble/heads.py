"""Where the items begin: their titles and labels, told from what bodies print alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.steps.disassemble.lines import MOST_COMPARED, Line, alike, key, numeral, page_number
from pipeline.steps.disassemble.masthead import Entry, nearest
from pipeline.steps.punctuation import unbroken

_SOURCE = re.compile(r"^(?:信息|文章|发布)?(?:来 ?源|媒 ?体(?= ?[:：]))(?:媒体)?(?: ?[:：] ?| +|$)(.*)$")
_LINK = re.compile(r"^(?:原文|信息)?(?:链 ?接|网 ?址|URL)(?:地址)? ?(?:[:：]|(?=<|http|$)) ?(.*)$")
_TEXT = re.compile(r"^(?:主要内容|内容摘要|正文|全文) ?(?:[:：] ?(.*)|)$")
_DAY = re.compile(r"^(?:发布)?(?:日期|时间) ?[:：] ?(.*)$")
_SEVERAL = re.compile(r" +(?=(?:来源|链接|网址|主要内容) ?[:：])")
_NUMBERED = re.compile(
    r"^[●■◆▪•○◇·-]? ?(?:[（(]?(\d{1,3}|[一二三四五六七八九十]{1,3}) ?[.．、)）]|([①-⑳])"
    r"|第 ?(\d{1,3}|[一二三四五六七八九十]{1,3}) ?[条篇][:：、]?) ?(?=\S)"
)
_TITLED = re.compile(r"^[●■◆▪•○◇·-]? ?标 ?题 ?[:：] ?")
_STUCK_PAGE = re.compile(r"(?<=[。！？])(\d{1,3})$")
_FIRST_PAGE = 9  # the contents of no issue are longer
_LINKED = (
    re.compile(r"^\[.*\]\(<?([^()<>]*?(?:\([^()]*\)[^()<>]*?)*)>?(?: \"[^\"]*\")?\)(?:\{[^}]*\})?$"),
    re.compile(r"^HYPERLINK \"([^\"]+)\".*$"),
    re.compile(r"^<([^<>]*)>(?:\{[^}]*\})?$"),
)
"""How converters write a link: Markdown, the field of a Word file, angle brackets."""
_SAME, _SIMILAR = 0.9, 0.6
_TITLE_LINES = 3


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above one item's text, as printed."""

    first: int
    """Index of its first line."""
    end: int
    """Index of the first line of its text."""
    line: int
    number: int | None
    title: str
    outlet: str
    url: str
    day: str = ""
    glued: str = ""
    """Text that stands behind the last label in its line."""
    complete: bool = False
    """Whether all three labels are there."""
    remarks: tuple[tuple[str, str], ...] = ()
    """Check and message in Chinese."""
    exact: bool = False
    """Whether we have printed its title ourselves."""


def parted(lines: Sequence[Line]) -> tuple[list[Line], int]:
    """Lines that hold several labels as several lines, without page numbers; how many of those there were.

    Under a link a number may be part of it.
    """
    found: list[Line] = []
    dropped = page = 0
    for line, beside in zip(lines, _numbers_beside(lines), strict=True):
        if page_number(line.text) and not (found and re.search(r"https?:|^(?:链 ?接|网 ?址)", found[-1].text)):
            bare = int(line.text) if line.text.isdecimal() else None
            if bare is None or (not beside and _next_page(bare, page)):
                page = bare or page
                dropped += 1
                continue
        elif (stuck := _STUCK_PAGE.search(line.text)) and _next_page(int(stuck[1]), page):
            page = int(stuck[1])
            dropped += 1
            line = replace(line, text=line.text[: stuck.start()])
        pieces = _SEVERAL.split(line.text) if _SOURCE.match(line.text) or _LINK.match(line.text) else [line.text]
        found.append(replace(line, text=pieces[0]))
        found += [Line(line.number, piece) for piece in pieces[1:]]
    return found, dropped


def _numbers_beside(lines: Sequence[Line]) -> Iterator[bool]:
    """For each line whether one next to it is a bare number too: those are cells of a table, not pages."""
    bare = [False, *(line.text.isdecimal() for line in lines), False]
    yield from (before or after for before, after in zip(bare, bare[2:], strict=False))


def _next_page(number: int, page: int) -> bool:
    """Whether a bare number can be that of the page after `page`; some pages may not show theirs."""
    return page < number <= (page + 3 if page else _FIRST_PAGE)


def heads(lines: Sequence[Line], contents: Sequence[Entry]) -> tuple[list[Head], list[tuple[str, str]]]:
    """The items' heads in order, and remarks (check, message) on places that only look like one."""
    every = list(_places(lines, contents))
    if not contents:
        return _counted(every)
    with_entry = _in_order(every, contents)
    if len(every) == len(contents) and all(at in with_entry or one.complete for at, one in enumerate(every)):
        return every, []
    kept: list[Head] = []
    passed: list[tuple[str, str]] = []
    counted = {every[at].number for at in with_entry}
    for at, one in enumerate(every):
        if at in with_entry or (one.number == len(kept) + 1 and one.number not in counted and one.complete):
            kept.append(one)
        else:
            passed.append(_passed(one, len(kept)))
    return kept, passed


def _counted(every: Sequence[Head]) -> tuple[list[Head], list[tuple[str, str]]]:
    """Without contents the numbers must go up one by one; a place without a number needs all three labels."""
    kept: list[Head] = []
    passed: list[tuple[str, str]] = []
    for one in every:
        if one.number == len(kept) + 1 or (one.number is None and one.complete):
            kept.append(one)
        else:
            passed.append(_passed(one, len(kept)))
    return kept, passed


def _passed(head: Head, position: int) -> tuple[str, str]:
    where = f"第{position}条的正文" if position else "正文之前的文字"
    return (
        "unclear-item",
        f"第{head.line}行像是一条信息的开头（{head.title[:20]}），目录或序号却对不上，已算作{where}",
    )


def _in_order(every: Sequence[Head], contents: Sequence[Entry]) -> set[int]:
    """Indices of the heads that the contents name, by the best matching that keeps the order."""
    rows, columns = len(every), len(contents)
    compared = max(rows, columns) <= MOST_COMPARED
    score = [
        [_fit(head, entry, place, compared=compared) for place, entry in enumerate(contents, start=1)] for head in every
    ]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            taken = score[i][j] + best[i + 1][j + 1] if score[i][j] >= _SIMILAR else 0.0
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    chosen: set[int] = set()
    i = j = 0
    while i < rows and j < columns:
        if score[i][j] >= _SIMILAR and best[i][j] == score[i][j] + best[i + 1][j + 1]:
            chosen.add(i)
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return chosen


def _fit(head: Head, entry: Entry, place: int, *, compared: bool) -> float:
    """How well a head fits an entry; of two with its title, the one with its outlet and number is meant.

    Titles that are not the same are `compared`, or never meant.
    """
    same = alike(head.title, entry.title, _SIMILAR) if compared else float(key(head.title) == key(entry.title))
    return same + 0.1 * (head.outlet == entry.outlet) + 0.1 * (head.number == place) if same else 0.0


def _places(lines: Sequence[Line], contents: Sequence[Entry]) -> Iterator[Head]:
    at = floor = 0
    while at < len(lines):
        # a title must stand above the labels
        found = _labels(lines, at, contents) if at > floor else None
        if found is None:
            at += 1
            continue
        first, number, title, remarks = _title(lines, floor, at, contents)
        yield replace(
            found, first=first, line=lines[first].number, number=number, title=title,
            remarks=(*remarks, *found.remarks), exact=lines[first].exact,
        )  # fmt: skip
        at = floor = found.end


def _labels(lines: Sequence[Line], at: int, contents: Sequence[Entry]) -> Head | None:
    """The labels from line `at` on; `None` when no item's labels stand there."""
    seen: dict[str, str] = {}
    remarks: list[tuple[str, str]] = []
    glued = ""
    start = at
    while at < len(lines):
        text = lines[at].text
        name, found = next(
            (
                (name, found)
                for name, pattern in (("source", _SOURCE), ("link", _LINK), ("day", _DAY), ("text", _TEXT))
                if name not in seen and (found := pattern.match(text))
            ),
            ("", None),
        )
        if found is None:
            break
        seen[name] = (found[1] or "").strip()
        at += 1
        if name == "text":
            glued = seen[name]
            break
        if name == "link":
            at = _address(lines, at, seen, remarks)
        elif not seen[name] and at < len(lines) and len(lines[at].text) <= 20 and not _LINK.match(lines[at].text):
            seen[name] = lines[at].text  # the value stands under its label
            at += 1
    named = {"source", "link", "text"} & set(seen)
    before = lines[start - 1].text if start else ""
    announced = "text" in seen and nearest(_bare(before)[1], contents)[1] >= _SAME
    if len(named) < 2 and not announced:
        return None
    return Head(
        first=start,
        end=at,
        line=lines[start].number,
        number=None,
        title="",
        outlet=_unbracketed(seen.get("source", "")),
        url=seen.get("link", ""),
        day=seen.get("day", ""),
        glued=glued,
        complete=len(named) == 3,
        remarks=tuple(remarks),
    )


def _address(lines: Sequence[Line], at: int, seen: dict[str, str], remarks: list[tuple[str, str]]) -> int:
    """Takes the address behind or under 链接 as it is printed; returns the index after it."""
    printed = seen["link"]
    if not printed and at < len(lines) and re.match(r"^<|^\[?(?:https?|ftp|www\.)", lines[at].text, re.IGNORECASE):
        printed = lines[at].text
        at += 1
    linked = next((found for pattern in _LINKED if (found := pattern.match(printed))), None)
    url = linked[1].strip() if linked else re.sub(r"^<|>$", "", printed).strip()
    while url and at < len(lines):
        text = lines[at].text
        if re.fullmatch(r"\d{1,3}", text):
            looks = "，像是地址末尾的字母 l" if text == "1" and url.endswith(".shtm") else ""
            remarks.append(
                ("link-line", f"第{lines[at].number}行：链接下面单独有一个“{text}”{looks}，链接照印，请核对")
            )
        elif re.fullmatch(r"[\w./?=&%~#+:@!$,;-]+>?", text, re.ASCII) and not text.startswith("http") and len(text) > 3:
            url += text.removesuffix(">")
            remarks.append(("link-line", f"第{lines[at].number}行：链接断成两行，已接成{url}，请核对"))
        elif text.isascii() and _TEXT.match(lines[at + 1].text if at + 1 < len(lines) else ""):
            url += f" {text}"  # it was broken at one of the spaces that it has
            remarks.append(("link-line", f"第{lines[at].number}行：链接断成两行，中间有空格，已接成{url}，请核对"))
        else:
            break
        at += 1
    seen["link"] = "" if url in ("无", "暂无", "略", "/") else url
    return at


def _unbracketed(text: str) -> str:
    text = text.strip()
    inner = re.fullmatch(r"[（(](.*)[)）]", text)
    return inner[1].strip() if inner else text


def _bare(text: str) -> tuple[int | None, str, bool]:
    """A title line without its number and 标题: the number, the rest, and whether either stood there."""
    counted = _NUMBERED.match(text)
    rest = text[counted.end() :] if counted else text
    titled = _TITLED.match(rest)
    return (
        numeral(counted[1] or counted[2] or counted[3]) if counted else None,
        rest[titled.end() :] if titled else rest,
        bool(counted or titled),
    )


def _title(
    lines: Sequence[Line], floor: int, labels: int, contents: Sequence[Entry]
) -> tuple[int, int | None, str, tuple[tuple[str, str], ...]]:
    """The title above the labels: its first line's index, its number, the title, remarks."""
    tries: list[tuple[float, int, int | None, str]] = []
    for count in range(1, min(_TITLE_LINES, labels - floor) + 1):
        block = lines[labels - count : labels]
        number, rest, marked = _bare(block[0].text)
        title = unbroken([rest, *(line.text for line in block[1:])])
        at, score = nearest(title, contents)
        if score >= _SAME:
            # the contents print it unbroken, with the space that a line end may have swallowed
            tries.append((score, -count, number, contents[at].title if score == 1.0 and count > 1 else title))
        elif (marked or block[0].mark == "-" or block[0].mark.startswith("#")) and not tries:
            tries.append((score / 2, -count, number, title))
    if tries:
        _, count, number, title = max(tries, key=lambda one: one[:2])
        return labels + count, number, title, ()
    number, title, _ = _bare(lines[labels - 1].text)
    remark = f"第{lines[labels - 1].number}行：这一条没有序号，也没有“标题：”，取标签上面的一行作标题"
    return labels - 1, number, title, () if not contents else (("title-line", remark),)
