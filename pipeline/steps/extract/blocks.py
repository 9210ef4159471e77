"""The body as typed blocks: paragraphs, sub-headings, list items, quotes, pictures with captions, tables.

Built in one walk without recursion, then trimmed: the byline and 原标题 lines at its head, the credits,
recommendations and notices at its tail, editor lines wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from pipeline.model import Block, Kind
from pipeline.steps.extract.furniture import (
    APPEAL,
    CAPTION_CREDIT,
    COMMENTS,
    EDITOR_AT_END,
    EDITOR_LINE,
    FURNITURE,
    HEAD,
    KEPT_CREDIT,
    LEGEND,
    LINK_AT_END,
    NEXT,
    NOTICE,
    PAGER,
    PHOTOGRAPHER,
    POINTS_DOWN,
    TAIL_CUT,
    TAIL_LINE,
    TAIL_LINKS,
    TAIL_MARK,
)
from pipeline.steps.extract.pictures import picture_address
from pipeline.steps.extract.tables import Table, read_table
from pipeline.steps.extract.tree import HAN, Element, inline, key, marks, name, tidy
from pipeline.steps.extract.words import CLOCKED

_MAX_PARAGRAPH = 20_000  # characters; the longest measured has 3,000
_MAX_BLOCKS = 5_000
_CUT = "……（过长，已截断）"
_MAX_HEADING = 40
_TABLE_TITLE = re.compile(r"(?:附?表|Table)\s?[\d一二三四五六七八九十]{1,3}(?:[-－.]\d{1,2})?[\s:：.、][^。]{2,60}$")
_MAX_CAPTION = 100
_TAIL_FROM = 0.6  # where the last 40 % begin
_PROSE = 80  # characters of a paragraph that no list of headlines has
_TITLE_LINES = 5
_HEAD_LINES = 12
_ABOVE_BYLINE = 3  # short lines at the head over the byline: the reporter, the account, a label
_MAX_NOTICE = 500
_MAX_APPEAL = 40
_MAX_LINKS_HEADING, _FEW_LINKS, _TOLD = 12, 4, 25
_MOSTLY_LINK, _ALL_LINK = 0.5, 0.9

_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
_CAPTION_CLASS = re.compile(r"caption|(?:img|pic|photo)[-_]?(?:des|txt|info|title|note)|tuzhu|picmsg|figcap", re.I)
_SMALL = re.compile(
    r"font-size\s*:\s*(?:1[0-3](?:\.\d+)?px|[6-9](?:\.\d+)?pt|10(?:\.\d+)?pt|0\.[5-8]\d*r?em|x?-?small)", re.I
)
_GREY = re.compile(
    r"(?<!-)color\s*:\s*(?:#([4-9a-b][0-9a-f])\1\1\b|#([6-9a-b])\2\2\b|gr[ea]y|rgb\(\s*(1[0-9]\d)\s*,\s*\3\s*,\s*\3\s*\))",
    re.I,
)
_BOX_TEXT = 120  # characters in the box around a picture: more is a part of the article
_BOXES = frozenset(
    ["p", "div", "section", "figure", "center", "td", "tr", "tbody", "table", "dl", "dt", "li", "ul", "span", "a"]
)
_NUMBERED = re.compile(
    r"^[（(\[]?(?:\d{1,3}|[一二三四五六七八九十]{1,3}|[①-⑳]|[a-zA-Z])[)）\].．、:：\s]|^[①-⑳]|^第[一二三四五六七八九十\d]+[章节条步类]"
)
_INDENT = re.compile(r"(?<=[。！？”’：；…）\n>])\s*\u3000\u3000+(?=\S)")
_SIGNED = re.compile(
    r"^[\s（(【]*(?:本报|本网|新华社)?(?:文|作者|撰文|撰稿|记者|通讯员|编辑|责编)\s*[:：/丨|\s]\s*(?![^，。]{0,20}[摄图]\W*$)"
)
_AT_END = (
    (re.compile(r"[\]】）)〕]\s*$"), EDITOR_AT_END),
    (re.compile("查看更多|首页|点击进入专题"), LINK_AT_END),
)
"""What of a paragraph's end is none of its own; first a pattern that says at once where there is none."""
_SENTENCE_END = re.compile(r"[。！？：；…，,;:!?”]$")
_KEEP_END = re.compile(r"[。！？…”）]$")


@dataclass(slots=True)
class Line:
    """A line of a body on its way to a block: its text and how it is set."""

    kind: Kind
    text: str = ""
    level: int = 0
    mark: str = ""
    src: str = ""
    table: Table | None = None
    bold: float = 0.0
    linked: float = 0.0
    centred: bool = False
    caption: bool = False
    boxed: bool = False
    """Whether it stands in one box with a picture, and little else does."""
    faint: bool = False
    """Whether it is set in small or grey type."""


@dataclass(slots=True)
class _Open:
    """What the walk is inside of."""

    bold: int = 0
    link: int = 0
    heading: int = 0
    item: int = 0
    quote: int = 0
    centred: int = 0
    caption: int = 0
    faint: int = 0
    lists: list[int] = field(default_factory=list)
    """For every list around, the number of its next item; below 0 for lists without numbers."""
    number: int = -1
    box: Element | None = None
    """The box around the picture just met."""
    boxed: bool = False
    faint_size: int = 0
    pieces: list[str] = field(default_factory=list)
    bold_size: int = 0
    link_size: int = 0
    fresh_item: bool = False


def read_blocks(container: Element, base: str) -> list[Line]:
    """The container's lines in order, untrimmed; `base` makes picture addresses absolute."""
    out: list[Line] = []
    now = _Open()
    walker = etree.iterwalk(container, events=("start", "end"))
    for event, element in walker:
        tag = name(element)
        if not inline(tag):
            _flush(out, now)
        _enter(now, element, tag, 1 if event == "start" else -1)
        if event == "end":
            if element is not container:
                _take(now, element.tail)
            if element is now.box:
                now.box = None
        elif tag == "table" and (table := read_table(element)):
            if table.caption:
                out.append(Line(Kind.CAPTION, table.caption, caption=True))
            out.append(Line(Kind.TABLE, table=table))
            walker.skip_subtree()
        elif tag == "img" and (src := picture_address(element, base)):
            _flush(out, now)  # what stands in front of a picture in its line is no caption
            out.append(Line(Kind.FIGURE, tidy(element.get("alt") or element.get("title") or ""), src=src))
            now.box = _box(element, container)
        else:
            _take(now, element.text)
        if len(out) >= _MAX_BLOCKS:
            return [*out[:_MAX_BLOCKS], Line(Kind.PARAGRAPH, _CUT)]
    _flush(out, now)
    return out


def _enter(now: _Open, element: Element, tag: str, step: int) -> None:
    style = element.get("style") or ""
    if tag in ("b", "strong", "th") or _BOLD.search(style):
        now.bold += step
    if tag == "a" and not _is_anchor(element):
        now.link += step
    if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
        now.heading = int(tag[1]) if step > 0 else 0
    if tag in ("li", "dd"):
        now.item += step
        now.fresh_item = step > 0
        if step > 0 and now.lists:
            now.number = now.lists[-1]
            now.lists[-1] += now.number >= 0
    if tag in ("ul", "ol", "dl"):
        if step > 0:
            now.lists.append(_first_number(element))
        elif now.lists:
            now.lists.pop()
    if tag == "blockquote":
        now.quote += step
    if tag == "center" or (element.get("align") or "").lower() == "center" or _CENTRED.search(style):
        now.centred += step
    if tag == "figcaption" or (tag != "img" and _CAPTION_CLASS.search(marks(element))):
        now.caption += step
    if _SMALL.search(style) or _GREY.search(style) or tag == "small":
        now.faint += step


def _is_anchor(link: Element) -> bool:
    """Whether a link leads to a place on its own page, or is such a place."""
    href = link.get("href")
    return (href is None and link.get("name") is not None) or re.match(r"#[\w-]{2,}", href or "") is not None


def _first_number(element: Element) -> int:
    """What a list begins to count from; -1 where it shows no numbers."""
    if name(element) != "ol" or "none" in (element.get("style") or "") or (element.get("type") or "1") != "1":
        return -1
    start = (element.get("start") or "1").strip()
    return int(start) if start.isdigit() and len(start) < 5 else 1


def _box(image: Element, container: Element) -> Element | None:
    """The largest element around a picture that holds no other and hardly more text than a caption."""
    box: Element | None = None
    for up in image.iterancestors():
        if up is container or name(up) not in _BOXES or sum(1 for _ in up.iter("img")) > 1:
            break
        if sum(len(str(text).strip()) for text in up.itertext()) > _BOX_TEXT:
            break
        box = up
    return box


def _take(now: _Open, text: str | None) -> None:
    if not text:
        return
    now.pieces.append(text)
    size = len(text.strip())
    if now.bold:
        now.bold_size += size
    if now.link:
        now.link_size += size
    if now.faint:
        now.faint_size += size


def _flush(out: list[Line], now: _Open) -> None:
    if not now.pieces:
        return
    raw, bold, linked, faint = "".join(now.pieces), now.bold_size, now.link_size, now.faint_size
    now.pieces.clear()
    now.bold_size = now.link_size = now.faint_size = 0
    size = sum(len(part) for part in raw.split()) or 1
    for part in _INDENT.split(raw) if "\u3000\u3000" in raw else (raw,):
        text = tidy(part)
        if not text:
            continue
        kind, level, mark = Kind.PARAGRAPH, 0, ""
        if now.heading and len(text) <= 2 * _MAX_HEADING:
            kind, level = Kind.HEADING, now.heading
        elif now.item and now.fresh_item:
            kind, now.fresh_item, level = Kind.ITEM, False, max(0, now.item - 1)
            if now.number >= 0 and not _NUMBERED.match(text):
                mark = f"{now.number}."
        elif now.quote:
            kind = Kind.QUOTE
        if len(text) > _MAX_PARAGRAPH:
            text = text[:_MAX_PARAGRAPH] + _CUT
        out.append(
            Line(
                kind,
                text,
                level,
                mark=mark,
                bold=min(1.0, bold / size),
                linked=min(1.0, linked / size),
                centred=now.centred > 0,
                caption=now.caption > 0,
                boxed=now.box is not None,
                faint=faint > 0.9 * size,
            )
        )


def trim(lines: Sequence[Line], title: str) -> tuple[list[Line], list[str], list[str]]:
    """The article's own lines, and what was cut away at their head and after it: credits may stand there."""
    kept = list(lines)
    head: list[str] = []
    cut: list[str] = []
    _trim_head(kept, title, head)
    _cut_links_between(kept, cut)
    _trim_tail(kept, cut)
    result: list[Line] = []
    for line in kept:
        if line.kind is Kind.FIGURE or line.table:
            result.append(line)
            continue
        if (EDITOR_LINE.match(line.text) and len(line.text) <= 80) or _leads_elsewhere(line):
            cut.append(line.text)
            continue
        for words, pattern in _AT_END:
            if words.search(line.text) and (end := pattern.search(line.text)):
                cut.append(end.group())
                line.text = line.text[: end.start()].rstrip()
        if line.text and not (PAGER.match(line.text) and len(line.text) < 60) and not FURNITURE.search(line.text):
            result.append(line)
    return result, head, cut


def _leads_elsewhere(line: Line) -> bool:
    """Whether a line is the headline of something else, set in between: a heading that is a link."""
    return line.kind is Kind.HEADING and line.linked > _ALL_LINK and len(line.text) >= 8


def _trim_head(kept: list[Line], title: str, cut: list[str]) -> None:
    wanted = key(title)
    for i, line in enumerate(kept[:_HEAD_LINES]):
        if wanted and key(line.text) == wanted and line.kind is not Kind.FIGURE:
            cut.extend(above.text for above in kept[:i] if above.text)
            del kept[: i + 1]
            break
    _cut_title_in_lines(kept, wanted, cut)
    position = 0
    while position < min(len(kept), _HEAD_LINES):
        line = kept[position]
        if line.kind in (Kind.FIGURE, Kind.TABLE):
            position += 1
        elif _is_byline(line.text) or FURNITURE.search(line.text) or _is_notice(line.text):
            cut.append(line.text)
            del kept[position]
        elif over := _lines_over_byline(kept[position:]):
            cut.extend(above.text for above in kept[position : position + over])
            del kept[position : position + over]
        else:
            break


def _cut_title_in_lines(kept: list[Line], wanted: str, cut: list[str]) -> None:
    """Takes away a title that is repeated at the head broken into lines."""
    joined = ""
    for i, line in enumerate(kept[:_TITLE_LINES]):
        joined += key(line.text)
        if not joined or line.kind is Kind.FIGURE or not wanted.startswith(joined):
            return
        if joined == wanted:
            cut.extend(above.text for above in kept[: i + 1])
            del kept[: i + 1]
            return


def _lines_over_byline(lines: Sequence[Line]) -> int:
    """How many short lines stand over a dated byline at the head; 0 when none follows."""
    for i, line in enumerate(lines[: _ABOVE_BYLINE + 1]):
        if line.kind in (Kind.FIGURE, Kind.TABLE):
            return 0
        if i and _is_byline(line.text) and CLOCKED.search(line.text) and not line.text.endswith(("。", "：", "；")):
            return i
        if len(line.text) > 30 or re.search("[。！？：；，:;,]", line.text):
            return 0
    return 0


def _is_byline(text: str) -> bool:
    if not HAN.search(text) and len(text) < 4:
        return True
    return len(text) <= 120 and HEAD.match(text) is not None and not _is_sentence(text)


def _list_follows(kept: Sequence[Line], i: int) -> bool:
    """Whether what stands under a heading such as 为你推荐 is headlines and teasers, with prose before it."""
    rest = kept[i + 1 :]
    prose = sum(1 for line in rest if len(line.text) > _PROSE and "。" in line.text)
    return (
        len(kept[i].text) <= 12
        and len(rest) >= 2
        and prose <= 0.1 * len(rest)
        and any(_is_sentence(line.text) for line in kept[:i])
    )


def _is_sentence(text: str) -> bool:
    """Whether a line is prose: it ends as a sentence, or holds one with a pause in it."""
    return text.endswith("。") or ("。" in text and "，" in text and not re.match(r"\s*[（(]?(?:本文)?原", text))


def _cut_links_between(kept: list[Line], cut: list[str]) -> None:
    """Takes out 延伸阅读 and the links under it where the article goes on behind them."""
    told = False
    for i, line in enumerate(kept):
        told = told or _is_sentence(line.text)
        if not told or len(line.text) > _MAX_LINKS_HEADING or not TAIL_CUT.match(line.text):
            continue
        end = i + 1
        while end < len(kept) and kept[end].linked > _ALL_LINK:
            end += 1
        behind = kept[end : end + 2]
        goes_on = len(behind) == 2 and all(
            one.linked < _MOSTLY_LINK and one.text.endswith("。") and _is_sentence(one.text) and len(one.text) >= _TOLD
            for one in behind
        )
        if i + 1 < end <= i + 1 + _FEW_LINKS and goes_on and not any(one.linked > _ALL_LINK for one in kept[end:]):
            cut.extend(gone.text for gone in kept[i:end])
            del kept[i:end]
            return


def _trim_tail(kept: list[Line], cut: list[str]) -> None:
    sizes = [len(line.text) + (line.table.size if line.table else 0) for line in kept]
    late = _TAIL_FROM * sum(sizes)
    seen = 0
    for i, line in enumerate(kept):
        over = TAIL_CUT.match(line.text[:400]) or (line.linked > _MOSTLY_LINK and TAIL_LINKS.match(line.text[:400]))
        if i and (
            (over and (seen >= late or _list_follows(kept, i)))
            or (
                (COMMENTS.match(line.text) or NEXT.match(line.text))
                and any(_is_sentence(above.text) for above in kept[:i])
            )
        ):
            cut.extend(rest.text for rest in kept[i:] if rest.text)
            del kept[i:]
            break
        seen += sizes[i]
    while True:
        last = max((i for i, line in enumerate(kept) if line.kind is not Kind.FIGURE), default=0)
        if not last or not _is_tail(kept[last]):
            return
        cut.append(kept[last].text)
        del kept[last:]  # with the pictures under it: codes to scan, logos


def _is_tail(line: Line) -> bool:
    text = line.text
    if line.table or KEPT_CREDIT.match(text):
        return False
    if _is_notice(text):
        return True
    if len(text) > 200:
        return False
    if EDITOR_LINE.match(text) or PAGER.match(text) or TAIL_MARK.match(text):
        return True
    if len(text) <= _MAX_APPEAL and line.kind is not Kind.ITEM and APPEAL.search(text) and _says_no_fact(text):
        return True
    if line.linked > _ALL_LINK and len(text) < 60 and not _KEEP_END.search(text) and not text.startswith("附件"):
        return True
    return TAIL_LINE.match(text) is not None and not (len(text) > 60 and _is_sentence(text))


def _is_notice(text: str) -> bool:
    return len(text) <= _MAX_NOTICE and NOTICE.match(text) is not None


def _says_no_fact(text: str) -> bool:
    """Whether a line is neither a sentence, nor numbered, signed, or the name of an attachment."""
    return not (_KEEP_END.search(text) or _NUMBERED.match(text) or _SIGNED.match(text) or text.startswith("附件"))


def finish(lines: Sequence[Line]) -> tuple[Block, ...]:
    """Trimmed lines as blocks: captions and sub-headings recognised, doubled pictures once."""
    blocks = typed(lines)
    while blocks and blocks[-1].kind is Kind.HEADING:  # a heading over nothing is the next list's
        blocks.pop()
    return tuple(blocks)


def typed(lines: Sequence[Line]) -> list[Block]:
    """Lines as blocks, none left out but a picture that stands twice."""
    blocks: list[Block] = []
    seen: set[str] = set()
    # one page's sub-headings are h2, another's h4: the highest of a page are its first level
    top = min((line.level for line in lines if line.kind is Kind.HEADING), default=0)
    for i, line in enumerate(lines):
        if line.kind is Kind.FIGURE:
            if line.src not in seen:
                seen.add(line.src)
                blocks.append(Block(Kind.FIGURE, line.text, src=line.src))
            continue
        if line.table is not None:
            blocks.append(Block(Kind.TABLE, rows=line.table.rows, header=line.table.header, spans=line.table.spans))
            continue
        kind, level = line.kind, line.level
        over = blocks[-1] if blocks and blocks[-1].kind in (Kind.FIGURE, Kind.CAPTION) else None
        below = i + 1 < len(lines) and lines[i + 1].kind is Kind.FIGURE
        over_table = i + 1 < len(lines) and lines[i + 1].table is not None
        if (over_table and _TABLE_TITLE.match(line.text)) or _is_caption(line, over, below=below):
            kind, level = Kind.CAPTION, 0
        elif kind is Kind.HEADING:
            level = 1 if level <= top else 2
        elif kind is Kind.PARAGRAPH and _is_heading(line, following=i + 1 < len(lines)):
            kind, level = Kind.HEADING, 1
        blocks.append(Block(kind, line.text, level, mark=line.mark if kind is Kind.ITEM else ""))
    return blocks


def _is_caption(line: Line, over: Block | None, *, below: bool) -> bool:
    """Whether a line is a caption, under the picture or caption `over` or above a picture (`below`)."""
    text = line.text
    if len(text) > _MAX_CAPTION or line.kind is Kind.HEADING or KEPT_CREDIT.match(text) or _SIGNED.match(text):
        return False
    if line.caption or PHOTOGRAPHER.search(text):
        return True
    if below and POINTS_DOWN.match(text):
        return True
    if over is None:
        return False
    if LEGEND.match(text) or CAPTION_CREDIT.search(text):
        return True
    if over.kind is Kind.CAPTION or line.bold > 0.5:
        return False
    return (
        (line.boxed and len(text) <= 80)
        or ((line.centred or line.faint) and len(text) <= 60)
        or key(text) == key(over.text)
        or _is_label(text)
    )


def _is_label(text: str) -> bool:
    """Whether a line right under a picture, in the type of the body, is no sentence: 调度大厅的实时地图."""
    return 4 <= len(text) <= 40 and not _SENTENCE_END.search(text) and not _NUMBERED.match(text)


def _is_heading(line: Line, *, following: bool) -> bool:
    text = line.text
    return following and line.bold > 0.9 and 2 <= len(text) <= _MAX_HEADING and not re.search("。|[；，！,;]$", text)
