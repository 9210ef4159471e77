"""Bytes to lines, and what is written in them: numbers, dates, titles."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain

from pipeline.errors import NotImported
from pipeline.model import Kind
from pipeline.steps.canonical import HAN

_LARGEST = 8_000_000  # bytes; 636, three items, has 27,000
_MOST_LINES = 200_000  # an issue of 500 articles has 35,000
MOST_COMPARED = 200
"""Entries of a 目录 that titles are compared with letter by letter; in a longer one they must be the same.

Issues have three to thirty, and the time grows with the square.
"""
_LONGEST = 300  # characters of a line that are looked at for a date or a label

_ZEROES = "〇○◯零Oo0"
_DIGITS = {**dict.fromkeys(_ZEROES, 0), **{c: n for n, c in enumerate("一二三四五六七八九", 1)}}
_DIGITS |= {str(n): n for n in range(10)}
_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")
# PDF readers give a glyph back as the radical it looks like: ⽬录, ⻓期; only these have no NFKC form
_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)
_RADICALS |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
_GLYPHS = str.maketrans(_RADICALS | {"\uf06c": "●", "\uf06e": "■", "\uf075": "◆", "\uf0b7": "•", "\uf0d8": "•"})
_LABELS = "标题|来源|链接|网址|主要内容|正文|发布时间|发布日期"
_TENS = {"十": 10, "百": 100, "千": 1000}
NUMERAL = f"[{_ZEROES}0-9一二三四五六七八九十百千 ]"
DATE = re.compile(
    r"(?P<y>\d{4}|[〇○零一二三四五六七八九]{4}) ?(?P<s>[年./-]) ?"
    r"(?P<m>\d{1,2}|[一二三四五六七八九十]{1,2}) ?(?:月|(?P=s)) ?"
    r"(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})(?: ?日|(?!\d))"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not empty, without markup."""

    number: int
    """Its place in the file, from 1."""
    text: str
    mark: str = ""
    """What stood before it: `-`, `>`, `|`, or hashes."""
    indented: bool = False
    apart: bool = False
    """Whether an empty line stands before it."""
    whole: bool = False
    """Whether the file says that it is a paragraph, which no end of a page has cut."""
    kind: Kind | None = None
    """What the file itself says it is; `None` where only its words tell."""
    level: int = 0
    """As the file has it: of a heading from 1, of a list item in how many others it lies."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The cells of a table, which has no text."""
    exact: bool = False
    """Whether we have printed it ourselves, so that its words are as they shall be."""
    blob: str = ""
    """SHA-256 of the picture that stands here; the text is what is said in its place."""


def decode(data: bytes) -> str:
    """The text of a file; raises `NotImported` for what is no UTF-8 or GB18030 text."""
    if len(data) > _LARGEST:
        raise NotImported(f"文件有 {len(data) // 1_000_000} MB，不像一期期刊的文字。", "请另存为纯文本后再导入。")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for name in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if re.match(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)\b", text[:_LONGEST], re.IGNORECASE):
            raise NotImported(
                "这是网页文件（HTML），只读 Word、PDF、纯文本和 Markdown。", "请先另存为 .docx 或纯文本，再导入。"
            )
        if text.count("\n") > _MOST_LINES:
            raise NotImported(f"文件超过 {_MOST_LINES} 行，不像一期期刊的文字。", "请另存为纯文本后再导入。")
        if "\0" not in text:
            return text
    raise NotImported("文件不是 UTF-8 或 GB18030 编码的文字。", "请在原软件里另存为纯文本（UTF-8），再导入。")


def lines_of(text: str) -> list[Line]:
    """The lines that hold something, without byte-order marks, bold marks and other leaks of a conversion."""
    found: list[Line] = []
    apart = False
    pages = [_split(page) for page in text.replace("\r\n", "\n").split("\f")]
    margins = [margin for page in pages for margin in [_margin(page)] * len(page)]
    for number, (raw, margin) in enumerate(zip(chain.from_iterable(pages), margins, strict=True), start=1):
        line = _plain(raw)
        marked = re.match(r" *(?:(#{1,6}|[-+*>]) +|(\|) *)", line)
        rest = line[marked.end() :].strip() if marked else line.strip()
        rest = re.sub(r"\\([][!\"#$%&'()*+,./:;<=>?@\\^_`{|}~-])", r"\1", rest)
        if not rest or re.fullmatch(r"!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?|[-*_=]{3,}|<a id=\"[^\"]*\"></a>", rest):
            apart = True
            continue
        mark = (marked[1] or marked[2]) if marked else ""
        indented = _indent(raw) >= margin + 2
        found.append(Line(number, rest, "-" if mark in ("+", "*") else mark, indented, apart))
        apart = False
    return found


def line_of(text: str, number: int) -> Line:
    """One paragraph of a document, without what cannot be seen."""
    return Line(number, _plain(text).strip(), whole=True)


def _split(text: str) -> list[str]:
    return re.split("[\n\r\v\x85\u2028\u2029]", text)


def _plain(raw: str) -> str:
    """A line without what cannot be seen, bold marks and look-alikes; every kind of space is one space."""
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in raw.replace("\t", " "))
    seen = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf"))
    line = re.sub(" +", " ", seen).translate(_NARROW).translate(_GLYPHS)
    line = re.sub(r"(?<![0-9A-Za-z])\*\*|\*\*(?![0-9A-Za-z])", "", line)  # 2**10 is not bold
    line = re.sub(rf"^([ *>#-]*(?:\d{{1,3}} ?[.．、] ?)?)[【\[]({_LABELS})[】\]] ?[:：]?", r"\1\2：", line)
    return re.sub(rf"(?<=[{HAN}]) ?[∶︰﹕]", "：", line)


def _margin(page: Sequence[str]) -> int:
    """How far the page's leftmost line is from the edge; a page number may stand further left than the text."""
    indents = [_indent(raw) for raw in page if (text := _plain(raw).strip()) and not page_number(text)]
    return min(indents, default=0)


def _indent(raw: str) -> int:
    """How far a line stands from the edge, in narrow columns."""
    blank = re.match(r"\s*", raw.lstrip("\ufeff"))
    return sum({"\t": 4, "\u3000": 2}.get(c, 1) for c in (blank[0] if blank else ""))


def numeral(text: str) -> int | None:
    """五三五, 535, 五百三十五: the number, or `None` when the text is none."""
    text = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not text or any(c not in _DIGITS and c not in _TENS for c in text):
        return None
    if not any(c in _TENS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text)) if len(text) <= 9 else None
    total = digit = 0
    for c in text:
        if c in _TENS:
            total, digit = total + (digit or 1) * _TENS[c], 0
        else:
            digit = _DIGITS[c]
    return total + digit


def dates(text: str) -> list[dt.date]:
    """Every day that is written in a text, in order; one that the calendar does not have is left out."""
    return [day for found in DATE.finditer(text) if (day := day_of(found))]


def day_of(found: re.Match[str]) -> dt.date | None:
    """The day of one find of `DATE`."""
    year, month, day = (numeral(found[part]) or 0 for part in "ymd")
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=4096)  # each title is held against every entry of the 目录
def key(text: str) -> str:
    """What two spellings of one title share: no spaces, no punctuation, one width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text[:_LONGEST]).lower() if c.isalnum())


def alike(a: str, b: str, least: float = 0.0) -> float:
    """How much two titles share, from 0 to 1; 0 where that is under `least`, which is told sooner."""
    one, other = key(a), key(b)
    if one == other:
        return 1.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    shared = matcher.ratio()
    return shared if shared >= least else 0.0


def page_number(text: str) -> bool:
    """Whether a line is nothing but the number of a page: 3, - 3 -, 第3页, 3 / 9."""
    return bool(
        re.fullmatch(r"[-—–· ]*\d{1,3}(?: ?[/／] ?\d{1,3})?[-—–· ]*|第 ?\d{1,3} ?页(?:[ ,，/]*共 ?\d+ ?页)?", text)
    )
