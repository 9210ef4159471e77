"""The body as typed blocks: paragraphs, sub-headings, list items, quotes, pictures with captions, tables.

Built in one walk without recursion, then trimmed: the byline and 原标题 lines at its head, the credits,
recommendations and notices at its tail, editor lines wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from lxml import etree

from pipeline.model import Block, Kind
from pipeline.steps.extract.furniture import (
    CAPTION_CREDIT,
    COMMENTS,
    EDITOR_AT_END,
    EDITOR_LINE,
    FURNITURE,
    HEAD,
    KEPT_CREDIT,
    LEGEND,
    LINK_AT_END,
    NOTICE,
    PAGER,
    PHOTOGRAPHER,
    TAIL_CUT,
    TAIL_LINE,
    TAIL_LINKS,
    TAIL_MARK,
)
from pipeline.steps.extract.tree import HAN, Element, content, inline, key, marks, name, tidy
from pipeline.steps.extract.words import CLOCKED

_MAX_PARAGRAPH = 20_000  # characters; the longest measured has 3,000
_MAX_BLOCKS = 5_000
_MAX_COLUMNS = 40
_MAX_ROWS = 500
_CUT = "……（过长，已截断）"
_MAX_HEADING = 40
_MAX_CAPTION = 100
_TAIL_FROM = 0.6  # where the last 40 % begin
_PROSE = 80  # characters of a paragraph that no list of headlines has
_HEAD_LINES = 12
_ABOVE_BYLINE = 3  # short lines at the head over the byline: the reporter, the account, a label
_MAX_NOTICE = 500
_MOSTLY_LINK, _ALL_LINK = 0.5, 0.9

_SOURCES = "data-src data-original data-lazy-src data-lazyload data-echo data-url _src original src"
_NO_PICTURE = re.compile(r"\s*(?:data|javascript|blob|file|about|vbscript)\s*:", re.I)
_DECORATION = re.compile(
    r"(?:^|[/_.-])(?:icons?|logo|spacer|blank|pixel|loading|placeholder|grey|share|qrcode|erweima|ewm|btn|button|dot|"
    r"line|arrow|wechat|weixin|weibo|space|transparent|face|emoji|avatar|ico)(?=[/_.\d-])",
    re.I,
)
_ICON = 32  # pixels
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
_CAPTION_CLASS = re.compile(r"caption|(?:img|pic|photo)[-_]?(?:des|txt|info|title|note)|tuzhu|picmsg|figcap", re.I)
_INDENT = re.compile(r"(?<=[。！？”’：；…）\n>])\s*\u3000\u3000+(?=\S)")
_KEEP_END = re.compile(r"[。！？…”）]$")


@dataclass(slots=True)
class _Line:
    kind: Kind
    text: str = ""
    level: int = 0
    src: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    bold: float = 0.0
    linked: float = 0.0
    centred: bool = False
    caption: bool = False


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
    pieces: list[str] = field(default_factory=list)
    bold_size: int = 0
    link_size: int = 0
    fresh_item: bool = False


def read_blocks(container: Element, base: str) -> list[_Line]:
    """The container's lines in order, untrimmed; `base` makes picture addresses absolute."""
    out: list[_Line] = []
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
        elif tag == "table" and (rows := _data_table(element)):
            out.append(_Line(Kind.TABLE, rows=rows))
            walker.skip_subtree()
        elif tag == "img" and (src := _source(element, base)):
            out.append(_Line(Kind.FIGURE, tidy(element.get("alt") or element.get("title") or ""), src=src))
        else:
            _take(now, element.text)
        if len(out) >= _MAX_BLOCKS:
            return [*out[:_MAX_BLOCKS], _Line(Kind.PARAGRAPH, _CUT)]
    _flush(out, now)
    return out


def _enter(now: _Open, element: Element, tag: str, step: int) -> None:
    style = element.get("style") or ""
    if tag in ("b", "strong", "th") or _BOLD.search(style):
        now.bold += step
    if tag == "a":
        now.link += step
    if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
        now.heading = int(tag[1]) if step > 0 else 0
    if tag in ("li", "dd"):
        now.item += step
        now.fresh_item = step > 0
    if tag == "blockquote":
        now.quote += step
    if tag == "center" or (element.get("align") or "").lower() == "center" or _CENTRED.search(style):
        now.centred += step
    if tag == "figcaption" or (tag != "img" and _CAPTION_CLASS.search(marks(element))):
        now.caption += step


def _take(now: _Open, text: str | None) -> None:
    if not text:
        return
    now.pieces.append(text)
    size = len(text.strip())
    if now.bold:
        now.bold_size += size
    if now.link:
        now.link_size += size


def _flush(out: list[_Line], now: _Open) -> None:
    if not now.pieces:
        return
    raw, bold, linked = "".join(now.pieces), now.bold_size, now.link_size
    now.pieces.clear()
    now.bold_size = now.link_size = 0
    size = sum(len(part) for part in raw.split()) or 1
    for part in _INDENT.split(raw) if "\u3000\u3000" in raw else (raw,):
        text = tidy(part)
        if not text:
            continue
        kind, level = Kind.PARAGRAPH, 0
        if now.heading and len(text) <= 2 * _MAX_HEADING:
            kind, level = Kind.HEADING, 1 if now.heading <= 3 else 2
        elif now.item and now.fresh_item:
            kind, now.fresh_item = Kind.ITEM, False
        elif now.quote:
            kind = Kind.QUOTE
        if len(text) > _MAX_PARAGRAPH:
            text = text[:_MAX_PARAGRAPH] + _CUT
        out.append(
            _Line(
                kind,
                text,
                level,
                bold=min(1.0, bold / size),
                linked=min(1.0, linked / size),
                centred=now.centred > 0,
                caption=now.caption > 0,
            )
        )


def _source(image: Element, base: str) -> str:
    """A picture's absolute address; empty for decoration and for what is no http address."""
    for size in (image.get("width"), image.get("height")):
        if size and size.strip().isdigit() and int(size) <= _ICON:
            return ""
    values = [image.get(attribute) or "" for attribute in _SOURCES.split()]
    values.append((image.get("data-srcset") or image.get("srcset") or "").split(" ")[0])
    for value in values:
        value = value.strip()
        if not value or _NO_PICTURE.match(value):
            continue
        try:
            address = unwrapped(urljoin(base, value))
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and not _DECORATION.search(parts.path):
            return address
    return ""


def unwrapped(address: str) -> str:
    """The address inside one that only goes through a relay: `https://relay.example/?http://…`."""
    parts = urlsplit(address)
    if parts.path in ("", "/") and re.match(r"https?://[^/]", parts.query):
        return parts.query + (f"#{parts.fragment}" if parts.fragment else "")
    return address


def _data_table(table: Element) -> tuple[tuple[str, ...], ...]:
    """The cells of a table that holds data; nothing for one that only lays out the page."""
    if table.find(".//table") is not None:
        return ()
    rows: list[tuple[str, ...]] = []
    sizes: list[int] = []
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in row:
            if name(cell) not in ("td", "th"):
                continue
            if sum(1 for _ in cell.iter("p", "li", "div")) > 6:
                return ()
            text = content(cell)
            sizes.append(len(text))
            cells.append(text[:_MAX_PARAGRAPH])
            cells.extend([""] * (min(_span(cell), _MAX_COLUMNS) - 1))
        if any(cells):
            rows.append(tuple(cells[:_MAX_COLUMNS]))
        if len(rows) >= _MAX_ROWS:
            break
    width = max((len(row) for row in rows), default=0)
    if len(rows) < 2 or width < 2 or not any(sizes):
        return ()
    filled = sum(1 for size in sizes if size)
    if filled < 0.3 * len(sizes) or max(sizes) > 0.8 * sum(sizes) or sum(sizes) > 400 * len(sizes):
        return ()
    return tuple(row + ("",) * (width - len(row)) for row in rows)


def _span(cell: Element) -> int:
    text = (cell.get("colspan") or "1").strip()
    return int(text) if text.isdigit() and len(text) < 4 and int(text) > 0 else 1


def trim(lines: Sequence[_Line], title: str) -> tuple[list[_Line], list[str], list[str]]:
    """The article's own lines, and what was cut away at their head and after it: credits may stand there."""
    kept = list(lines)
    head: list[str] = []
    cut: list[str] = []
    _trim_head(kept, title, head)
    _trim_tail(kept, cut)
    result: list[_Line] = []
    for line in kept:
        if line.kind is Kind.FIGURE or line.rows:
            result.append(line)
            continue
        if EDITOR_LINE.match(line.text) and len(line.text) <= 80:
            cut.append(line.text)
            continue
        for pattern in (EDITOR_AT_END, LINK_AT_END):
            if end := pattern.search(line.text):
                cut.append(end.group())
                line.text = line.text[: end.start()].rstrip()
        if line.text and not (PAGER.match(line.text) and len(line.text) < 60) and not FURNITURE.search(line.text):
            result.append(line)
    return result, head, cut


def _trim_head(kept: list[_Line], title: str, cut: list[str]) -> None:
    wanted = key(title)
    for i, line in enumerate(kept[:_HEAD_LINES]):
        if wanted and key(line.text) == wanted and line.kind is not Kind.FIGURE:
            cut.extend(above.text for above in kept[:i] if above.text)
            del kept[: i + 1]
            break
    position = 0
    while position < min(len(kept), _HEAD_LINES):
        line = kept[position]
        if line.kind in (Kind.FIGURE, Kind.TABLE):
            position += 1
        elif _is_byline(line.text):
            cut.append(line.text)
            del kept[position]
        elif over := _lines_over_byline(kept[position:]):
            cut.extend(above.text for above in kept[position : position + over])
            del kept[position : position + over]
        else:
            break


def _lines_over_byline(lines: Sequence[_Line]) -> int:
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


def _list_follows(kept: Sequence[_Line], i: int) -> bool:
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


def _trim_tail(kept: list[_Line], cut: list[str]) -> None:
    sizes = [len(line.text) + sum(len(cell) for row in line.rows for cell in row) for line in kept]
    late = _TAIL_FROM * sum(sizes)
    seen = 0
    for i, line in enumerate(kept):
        over = TAIL_CUT.match(line.text[:400]) or (line.linked > _MOSTLY_LINK and TAIL_LINKS.match(line.text[:400]))
        if i and (
            (over and (seen >= late or _list_follows(kept, i)))
            or (COMMENTS.match(line.text) and any(_is_sentence(above.text) for above in kept[:i]))
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


def _is_tail(line: _Line) -> bool:
    text = line.text
    if line.rows or KEPT_CREDIT.match(text):
        return False
    if NOTICE.match(text) and len(text) <= _MAX_NOTICE:
        return True
    if len(text) > 200:
        return False
    if EDITOR_LINE.match(text) or PAGER.match(text) or TAIL_MARK.match(text):
        return True
    if line.linked > _ALL_LINK and len(text) < 60:
        return not _KEEP_END.search(text) and not text.startswith("附件")
    return TAIL_LINE.match(text) is not None and not (len(text) > 60 and _is_sentence(text))


def finish(lines: Sequence[_Line]) -> tuple[Block, ...]:
    """Trimmed lines as blocks: captions and sub-headings recognised, doubled pictures once."""
    blocks: list[Block] = []
    seen: set[str] = set()
    for i, line in enumerate(lines):
        if line.kind is Kind.FIGURE:
            if line.src not in seen:
                seen.add(line.src)
                blocks.append(Block(Kind.FIGURE, line.text, src=line.src))
            continue
        if line.kind is Kind.TABLE:
            blocks.append(Block(Kind.TABLE, rows=line.rows))
            continue
        kind, level = line.kind, line.level
        if _is_caption(line, after=bool(blocks) and blocks[-1].kind is Kind.FIGURE):
            kind, level = Kind.CAPTION, 0
        elif kind is Kind.PARAGRAPH and _is_heading(line, following=i + 1 < len(lines)):
            kind, level = Kind.HEADING, 1
        blocks.append(Block(kind, line.text, level))
    while blocks and blocks[-1].kind is Kind.HEADING:  # a heading over nothing is the next list's
        blocks.pop()
    return tuple(blocks)


def _is_caption(line: _Line, *, after: bool) -> bool:
    """Whether a line is a caption; `after` says that it stands right under a picture or another caption."""
    text = line.text
    if len(text) > _MAX_CAPTION:
        return False
    if line.caption or PHOTOGRAPHER.search(text):
        return True
    if not after:
        return False
    centred = line.centred and line.bold < 0.5 and len(text) <= 60
    return centred or LEGEND.match(text) is not None or CAPTION_CREDIT.search(text) is not None


def _is_heading(line: _Line, *, following: bool) -> bool:
    text = line.text
    return following and line.bold > 0.9 and 2 <= len(text) <= _MAX_HEADING and not re.search("。|[；，！,;]$", text)
