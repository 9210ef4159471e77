"""The text of one item: its repeated headline and date line, then blocks, without the marks of a conversion."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.model import Block, Kind
from pipeline.steps.canonical import HAN
from pipeline.steps.disassemble.lines import DATE, Line, alike, day_of, key
from pipeline.steps.punctuation import full_width_punctuation, has_conversion_spaces, join_conversion_spaces, unbroken

_HEADLINE_LINES = 3
_SHORT = 40  # sub-headings are at most 26 characters, lines cut by a page end at least 48
_HEADLINE = 0.6  # similarity from which a line above the date is the headline again
_NARROWEST = 20.0  # squares; a column of two on a page has as many
_WIDEST = 50.0  # squares of a line in a text that keeps the line ends of a page; 公文 has 28
_RAGGED = 3.0  # squares that such a line may be short, because a mark or a Latin word went to the next one

_ENDS = re.compile(r"[。！？；：…!?;:·.][”’\"）)】」]*$|[）)】]$")
_DAY_LABEL = re.compile(r"[（(]? ?(?:发布|发表|更新)?(?:日期|时间) ?[:：]? ?$")
_SOURCE_LINE = re.compile(r"^[（(]?(?:来 ?源|来自|出处) ?[:：] ?([^）)]+)[）)]?$")
_OUTLET = 20  # characters of an outlet that is not known otherwise
_STOPS = re.compile(r"[。！？!?][”’\"）)】」]*$")
_DATELINE = re.compile(
    rf"^(?P<before>.{{0,200}}?) ?[（(]?(?P<date>{DATE.pattern})(?: ?\d{{1,2}}[:：]\d{{2}}(?:[:：]\d{{2}})?)?[)）]?"
    r" ?(?:[|｜] ?)?(?P<label>(?:来 ?源|来自|出处) ?[:：]?)? ?(?P<rest>.*)$"
)
_NUMBERED = re.compile(r"^(\d{1,3}) ?[.．](?!\d) ?(.+)$")
_CIRCLED = re.compile(r"^[①-⑳] ?")
_BULLET = re.compile(r"^([●■◆▪•○◇]) ?(.+)$")
_CREDIT = rf"(?:(?:本报|本网)?(?:实习)?记者 ?[{HAN}]{{2,4}} ?摄|摄影[:：] ?[{HAN}]{{2,4}}|[{HAN}]{{2,8}} ?供图)"
_CAPTION = re.compile(rf"^(.{{1,80}}?[。 ] ?[（(]?{_CREDIT}[）)]?)(?: ?(.{{0,40}}))$")
_SIGNATURE = re.compile(rf"(?<=。)((?:本报|本网)(?:实习)?记者 [{HAN}]{{2,4}})$")
_SIGNED = re.compile(r"^(?:本报|本网|新华社)?(?:实习)?(?:记者|通讯员|作者|编辑|文/)")
_FURNITURE = re.compile(r"^(?:来源标题|原标题|责任编辑|责编|编辑|校对|审核|监制|来源|链接|标题|作者|原文链接) ?[:：]")
_SCENES = "场景|案例|任务|举措|亮点|关键词|镜头|故事|专题"
_PART = re.compile(rf"^(?:(?:{_SCENES}) ?\d|[一二三四五六七八九十]+、|第[一二三四五六七八九十\d]+[章部节])")
_ORDINAL = re.compile(rf"^({_SCENES}) ?(\d{{1,2}}) (.+)$")
# spaces of the text itself: behind 5月23日电, between two clauses of a title
_OWN_SPACE = re.compile(rf"日[电讯] |(?<=《)[^《》]*[{HAN}] [{HAN}][^《》]*(?=》)")
_KEPT = "\x01"  # stands for such a space meanwhile
_TAIL = re.compile(r"^（[^（）]{1,30}）$")
_LATIN_GAP = re.compile(rf"(?<=[{HAN}，。、；：”）》]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9%％]) (?=[{HAN}])")
_MARK_GAP = re.compile(r" +(?=[，。；：、！？）》”（])|(?<=[（《“，。；：、！？]) +")


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands between 主要内容 and the article's first paragraph."""

    headline: str = ""
    date: dt.date | None = None
    outlet: str = ""
    line: int = 0
    excerpt: bool = False


@dataclass(slots=True)
class Repairs:
    """What was taken away or joined in a whole issue, counted."""

    joined: int = 0
    pages: int = 0
    headers: int = 0
    footers: int = 0
    spaces: int = 0
    marks: int = 0


def opening(lines: Sequence[Line], title: str, outlet: str) -> tuple[Opening, list[Line]]:
    """The repeated headline, the date and the outlet above a text, and the lines of the text itself."""
    above: list[str] = []
    for at, line in enumerate(lines[: _HEADLINE_LINES + 1]):
        found = _DATELINE.match(line.text)
        if found and (day := day_of(found)) and _is_dateline(found, above, title, outlet):
            before, named = _without_source(unbroken([*above, _DAY_LABEL.sub("", found["before"])]), title, outlet)
            headline, excerpt = _excerpt(before)
            printed, glued = _outlet(found["rest"].strip(), outlet)
            printed = printed or named
            rest = [replace(line, text=glued, mark=""), *lines[at + 1 :]] if glued else list(lines[at + 1 :])
            if not found["label"] and not printed:
                printed, rest = _named(rest, outlet)
            elif outlet.startswith(printed) and rest and rest[0].text == outlet[len(printed) :]:
                printed, rest = outlet, rest[1:]  # a page's line end is inside the name
            return Opening(headline, day, printed, line.number, excerpt), rest
        if len(line.text) > 2 * _SHORT or re.search("[。！？]$", line.text):
            break
        above.append(line.text)
    # no date: the headline alone may stand there, in one line or several
    for count in range(min(_HEADLINE_LINES, len(lines)), 0, -1):
        before, named = _without_source(unbroken(line.text for line in lines[:count]), title, outlet)
        headline, excerpt = _excerpt(before)
        if key(headline) == key(title):
            if named:
                return Opening(headline, None, named, lines[0].number, excerpt), list(lines[count:])
            printed, rest = _named(lines[count:], outlet)
            return Opening(headline, None, printed, lines[0].number, excerpt), rest
    return Opening(), list(lines)


def _named(lines: Sequence[Line], outlet: str) -> tuple[str, list[Line]]:
    """The outlet in a line of its own, and the lines under it."""
    if lines and not outlet and lines[0].text == "来源：":
        return "", list(lines[1:])
    found = _SOURCE_LINE.match(lines[0].text) if lines else None
    if found and (found[1] == outlet or len(found[1]) <= _OUTLET):
        return found[1], list(lines[1:])
    return "", list(lines)


def _is_dateline(found: re.Match[str], above: Sequence[str], title: str, outlet: str) -> bool:
    before, _ = _without_source(unbroken([*above, _DAY_LABEL.sub("", found["before"])]), title, outlet)
    if not (found["label"] or not found["rest"] or found["rest"].startswith(outlet or "\0")):
        return False
    own, _ = _without_source(_DAY_LABEL.sub("", found["before"]), title, outlet)
    return not own or key(own) in key(title) or alike(before, title) >= _HEADLINE


def _without_source(text: str, title: str, outlet: str) -> tuple[str, str]:
    """A headline without the outlet behind it, and that outlet; a title may end with one."""
    if key(text) == key(title):
        return text.strip(), ""
    label = r"(?:来 ?源|来自|出处) ?"
    known = rf"^(.*?) ?[（(]?(?:{label}[:：]? ?)?({re.escape(outlet)})[）)，, ]*$"
    other = rf"^(.*?) ?[（(]?{label}[:：] ?([^:：，。]{{1,{_OUTLET}}}?)[）)，, ]*$"
    found = (re.match(known, text) if outlet else None) or re.match(other, text)
    return (found[1].strip(), found[2]) if found else (text.strip(), "")


def _excerpt(headline: str) -> tuple[str, bool]:
    bare = re.sub(r" ?[（(]节选[)）]$", "", headline)
    return bare, bare != headline


def _outlet(rest: str, known: str) -> tuple[str, str]:
    """The outlet behind a date, and the text that was glued to it."""
    rest = rest.removesuffix("）") if rest.count("）") > rest.count("（") else rest
    glued = rest.removeprefix(known) if known else ""
    if glued != rest and (not glued or glued.startswith(" ") or len(glued) > _OUTLET):
        return known, glued.strip()
    first, _, glued = rest.partition(" ")
    return (rest, "") if len(rest) <= _OUTLET else (first, glued)


def blocks(lines: Sequence[Line], repairs: Repairs, *, spaced: bool, width: float) -> tuple[Block, ...]:
    """A text as blocks; `spaced` as `is_spaced` says, `width` as `page_width` says of the whole issue."""
    width = width or page_width(lines)
    top = min((line.level for line in lines if line.kind is Kind.HEADING), default=1)
    lines = [replace(line, level=min(line.level - top + 1, 2)) if line.kind is Kind.HEADING else line for line in lines]
    pieces = list(_captions_apart(_joined(_unwrapped(lines, width, repairs) if width else lines, repairs)))
    bullets = [found[1] for one in pieces if (found := _BULLET.match(one.text))]
    parts = any(_PART.match(one.text) for one in pieces if _is_heading(one, pieces))
    made: list[Block] = []
    for at, piece in enumerate(pieces):
        if piece.mark == "|":
            _row(made, piece.text)
            continue
        if piece.kind in (Kind.TABLE, Kind.FIGURE):
            made.append(Block(piece.kind, piece.text, rows=piece.rows, blob=piece.blob))
            continue
        repairs.marks += piece.mark == "-"
        beside = [one for one in pieces[max(0, at - 1) : at + 2] if one is not piece]
        block = _block(piece, pieces, parts, bullets[0] if bullets else "", any(map(_listed, beside)))
        text = block.text if piece.exact else _tidy(block.text, block.kind, spaced, repairs)
        if block.kind is Kind.HEADING and _TAIL.match(text) and not re.search("记者|通讯员|图|文", text):
            if made and made[-1].kind is Kind.HEADING:
                made[-1] = replace(made[-1], text=made[-1].text + text)
                continue
            block = Block(Kind.PARAGRAPH, text)
        made.append(replace(block, text=text))
    return tuple(made)


def is_spaced(lines: Sequence[Line]) -> bool:
    """Whether the conversion put spaces between Han characters and digits here."""
    return has_conversion_spaces([line.text for line in lines])


def tidy_title(text: str, *, spaced: bool) -> str:
    """A title in Chinese punctuation; a space that parts two clauses stays."""
    text = full_width_punctuation(text.strip())
    return _LATIN_GAP.sub("", text) if spaced else text


def page_width(lines: Sequence[Line]) -> float:
    """Squares of a full line where the text keeps the line ends of a page, else 0.

    Such a text has many lines of nearly one width that stop in the middle of a sentence, and few wider ones.
    """
    widths = [_width(line) for line in lines]
    found = (0, 0.0)
    for width in sorted({width for width in widths if _NARROWEST <= width <= _WIDEST}, reverse=True):
        full = [line for line, one in zip(lines, widths, strict=True) if width - _RAGGED <= one <= width]
        wider = sum(one > width for one in widths)
        cut = sum(not _STOPS.search(line.text) for line in full)
        if len(full) >= 3 and 3 * len(full) >= len(lines) and 2 * cut >= len(full) and 10 * wider <= len(lines):
            found = max(found, (len(full), width))
    return found[1]


def _unwrapped(lines: Sequence[Line], width: float, repairs: Repairs) -> list[Line]:
    """Lines that keep the line ends of a page as paragraphs; `width` as `page_width` says."""
    indents = sum(line.indented for line in lines) > 1
    # where the indents are lost, the first line of a paragraph is two squares short
    full = width - _RAGGED - (0 if indents else 2)
    gaps = 2 * sum(line.apart for line in lines) < len(lines)
    whole: list[Line] = []
    before = 0.0
    for line in lines:
        last = whole[-1] if whole else None
        stopped = last and _STOPS.search(last.text)
        fixed = line.kind is not None or (last is not None and last.kind is not None)
        new = line.indented if indents else stopped or (gaps and line.apart and last and _ENDS.search(last.text))
        picture = is_caption(line.text) or (last and is_caption(last.text))
        if last is None or fixed or new or picture or line.mark or _listed(line) or before < full:
            whole.append(line)
        else:
            whole[-1] = replace(last, text=unbroken((last.text, line.text)))
            repairs.joined += 1
        before = _width(line)
    return whole


def _width(line: Line) -> float:
    """How many squares of a page the line fills."""
    narrow = sum(unicodedata.east_asian_width(char) in ("Na", "H", "N") for char in line.text)
    return len(line.text) - narrow / 2 + (2 if line.indented else 0)


def _joined(lines: Sequence[Line], repairs: Repairs) -> Iterator[Line]:
    """Paragraphs that a page end cut, joined: a long line without an end, before one that has an end or is long."""
    held: Line | None = None
    for line in lines:
        if (
            held
            and not line.mark
            and line.kind is None
            and not _listed(line)
            and (_ENDS.search(line.text) or len(line.text) > _SHORT)
        ):
            line = replace(held, text=unbroken((held.text, line.text)))
            repairs.joined += 1
        elif held:
            yield held
        whole = line.whole or len(line.text) <= _SHORT or _ENDS.search(line.text) or _SIGNATURE.search(line.text)
        held = None if whole or line.mark or _listed(line) else line
        if held is None:
            yield line
    if held:
        yield held


def _captions_apart(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        caption = _CAPTION.match(line.text) if len(line.text) <= 3 * _SHORT else None
        signed = _SIGNATURE.search(line.text)
        if line.exact:
            yield line
        elif caption and caption[2] and not re.search("[，。]", caption[2]):
            yield replace(line, text=caption[1])
            yield replace(line, text=caption[2], mark="")
        elif signed and not caption and len(line.text) > _SHORT:
            yield replace(line, text=line.text[: signed.start()])
            yield replace(line, text=signed[1])
        else:
            yield line


def _listed(line: Line) -> bool:
    return line.mark == "-" or bool(_BULLET.match(line.text) or _CIRCLED.match(line.text) or _NUMBERED.match(line.text))


def _is_heading(line: Line, among: Sequence[Line]) -> bool:
    text = line.text
    if line.mark.startswith("#") or line.kind is Kind.HEADING:
        return True
    if line.kind is not None:
        return False
    if line.mark or _listed(line) or len(text) > _SHORT or _FURNITURE.match(text) or _SIGNED.match(text):
        return False
    if _TAIL.match(text):
        return True  # the second line of one, if it follows one
    return not _ENDS.search(text) and not is_caption(line.text) and len(among) > 1


def is_caption(text: str) -> bool:
    """Whether a line is a picture's caption, told by who took it."""
    return bool((found := _CAPTION.match(text)) and not found[2])


def _block(line: Line, among: Sequence[Line], parts: bool, bullet: str, in_list: bool) -> Block:
    text = line.text
    if line.exact and line.kind is not None:
        return Block(line.kind, text, level=line.level)
    if line.mark == ">" or line.kind is Kind.QUOTE:
        return Block(Kind.QUOTE, text)
    if line.kind in (Kind.CAPTION, Kind.HEADING):
        return Block(line.kind, text, level=line.level if line.kind is Kind.HEADING else 0)
    if is_caption(line.text):
        return Block(Kind.CAPTION, text)
    if found := _NUMBERED.match(text):
        return Block(Kind.ITEM, f"{found[1]}. {found[2]}", level=line.level)
    if found := _BULLET.match(text):
        return Block(Kind.ITEM, f"{found[1]} {found[2]}")
    if _CIRCLED.match(text):
        return Block(Kind.ITEM, text)
    if line.mark == "-" and (in_list or not _ENDS.search(text)):
        # the conversion turned all but the first ● into a dash
        return Block(Kind.ITEM, f"{bullet} {text}" if bullet else text)
    if line.kind is Kind.ITEM:
        return Block(Kind.ITEM, text, level=line.level)
    if _is_heading(line, among):
        level = 2 if parts and not _PART.match(text) else 1
        return Block(Kind.HEADING, text, level=level)
    return Block(Kind.PARAGRAPH, text)


def _row(made: list[Block], text: str) -> None:
    cells = tuple(cell.strip() for cell in text.strip("| ").split("|"))
    if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
        return
    if made and made[-1].kind is Kind.TABLE:
        made[-1] = replace(made[-1], rows=(*made[-1].rows, cells))
    else:
        made.append(Block(Kind.TABLE, rows=(cells,)))


def _tidy(text: str, kind: Kind, spaced: bool, repairs: Repairs) -> str:
    number = re.match(r"\d{1,3}\. ", text) if kind is Kind.ITEM else None
    start = number[0] if number else ""
    text = full_width_punctuation(text[len(start) :])
    if not spaced:
        return start + text
    before = text.count(" ")
    if kind is Kind.HEADING and (ordinal := _ORDINAL.match(text)):
        text = f"{ordinal[1]}{ordinal[2]} {_LATIN_GAP.sub('', ordinal[3])}"
    else:
        bullet = text[:2] if kind is Kind.ITEM and _BULLET.match(text) else ""
        text = _OWN_SPACE.sub(lambda found: found[0].replace(" ", _KEPT), text[len(bullet) :])
        text = _MARK_GAP.sub("", _LATIN_GAP.sub("", join_conversion_spaces(text)))
        text = bullet + text.replace(_KEPT, " ")
    repairs.spaces += before - text.count(" ")
    return start + text
