"""Reads the three seed issues back into the articles they were made from.

The issues are conversions of hand-made Word and PDF files, and the conversion left its marks: paragraphs
cut at page ends, spaces between Han characters and digits, ASCII punctuation all through 636, `**bold**`
and `- `, captions run into the next sub-heading. This reader knows these three files and takes the marks
away, so that the demo's sites can serve the articles as their outlets had them. It is not the importer of
old issues, which must cope with any.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import cache
from urllib.parse import urljoin

from pipeline.config import packaged
from pipeline.demo.pieces import Piece
from pipeline.model import Block, Kind

_FILES = {534: "003_885bb48bbbd89533.txt", 535: "001_5a80ae35308c779a.txt", 636: "004_e613bf967ea5d64c.txt"}
NUMBERS = tuple(_FILES)
"""The seed issues."""

_URLS = {  # where an issue's own link is cut, mistyped, spaced out or missing: one on the right host
    (534, 1): "https://news.bjd.com.cn/2024/05/08/10767005.shtml",
    (534, 2): "http://news.enorth.com.cn/system/2024/05/10/056231400.shtml",
    (534, 3): "https://finance.ynet.com/2024/05/23/3764785t632.html",
    (534, 4): "https://m.163.com/dy/article/J2T9AFC20519C6T9.html",
    (535, 1): "https://beijing.qianlong.com/2024/0604/8275294.shtml",
    (535, 2): "http://epaper.bjnews.com.cn/html/2024-06/07/content_844824.htm",
    (535, 3): "https://news.ynet.com/2024/06/19/3775544t70.html",
    (636, 1): "http://www.ce.cn/cysc/newmain/yc/jsxw/202508/t20250804_2429889.shtml",
    (636, 2): "https://health.cnr.cn/yg/20250804/t20250804_527300930.shtml",
    (636, 3): "https://news.bjd.com.cn/2025/08/05/11234567.shtml",
}

_HAN = "[\u3400-\u9fff]"
_MARKS = "，。；：、！？（）《》“”…"
_ENDS = re.compile(r"[。！？；：…][”）]*$")
_BRACKETS = re.compile(rf"(?<={_HAN})[(]([^()]*)[)]|[(]([^()]*{_HAN}[^()]*)[)]")
_LISTED = re.compile(r"^(?:- )?(?:(\d+)\.\s*|● ?)(.+)$")
_CAPTION = re.compile(rf"^(.+?。(?:本报记者 ?{_HAN}{{2,4}} ?摄|采访对象 ?供图))\s*(.*)$")
_PHOTO_CREDIT = re.compile(rf"本报记者 ?({_HAN}{{2,4}}) ?摄$|采访对象 ?供图$")
_SCENE = re.compile(r"^(场景) ?(\d) (.+)$")
_NAMES = re.compile(rf"（记者 .*?）|本报记者 {_HAN}+")
_SIGNATURE = re.compile(rf"(?<=。)(本报记者 {_HAN}{{2,4}})$")
_HEADING_TAIL = re.compile(r"（[^（）]+）")  # 535, item 2: （2024—2026年）in a line of its own
_PAGE_LINE = 40  # sub-headings are at most 26 characters, lines cut by a page end at least 48
_FULL_WIDTH = str.maketrans(",;:!?()", "，；：！？（）")
_LOST_BREAKS = ("推动医保数据赋能千行百业。",)  # its last line is short, so a paragraph ended here (636, item 1)


@cache
def articles(number: int) -> tuple[Piece, ...]:
    """The articles of one seed issue, in its order."""
    text = (packaged("seeds") / _FILES[number]).read_text("utf-8")
    bodies = re.split(r"主要内容[:：]\n", text)[1:]
    return tuple(_article(number, position, body) for position, body in enumerate(bodies, 1))


@cache
def every() -> tuple[Piece, ...]:
    """The articles of all three seed issues, by issue and position."""
    return tuple(piece for number in NUMBERS for piece in articles(number))


def tidy(text: str, *, ascii_marks: bool = False) -> str:
    """One paragraph without the conversion's marks; `ascii_marks` for text whose punctuation became ASCII."""
    text = text.replace("**", "").strip()
    text = re.sub("·{6}", "……", text)
    if ascii_marks:
        text = _curly(text).translate(_FULL_WIDTH)
    text = _BRACKETS.sub(lambda found: f"（{found[1] or found[2]}）", text).replace(": ", "：").replace(", ", "，")
    text = re.sub(rf"\s*([{_MARKS}])\s*", r"\1", text)
    text = re.sub(rf"(?<={_HAN})\s+(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])\s+(?={_HAN})", "", text)
    return text


def _curly(text: str) -> str:
    """ASCII quotes by turns as opening and closing ones."""
    opening = True
    out = []
    for char in text:
        if char == '"':
            char, opening = ("“" if opening else "”"), not opening
        out.append(char)
    return "".join(out)


def _article(number: int, position: int, body: str) -> Piece:
    body = re.split(rf"\n(?:- )?{position + 1}\. ?标题[:：]|\n- 标题：|\n{position + 1}\. ?2025 全国", body)[0]
    head = re.match(r"\s*(.+?)\s+(\d{4}-\d\d-\d\d)\s*来源[:：]?\s*(\S+)\s*", body, re.S)
    if not head:
        raise ValueError(f"seed issue {number}, item {position}: no headline and date line")
    ascii_marks = number == 636
    url = _URLS[number, position]
    blocks = list(_blocks(list(_paragraphs(body[head.end() :], ascii_marks)), url))
    source_title = ""
    if blocks[0].text.startswith("来源标题："):  # page furniture that got into 535, item 1
        source_title = blocks.pop(0).text.removeprefix("来源标题：")
    return Piece(
        url=url,
        title=tidy(head[1], ascii_marks=ascii_marks),
        blocks=tuple(blocks),
        outlet=head[3],
        date=dt.date.fromisoformat(head[2]),
        time=dt.time(8 + position, 12 * position),
        source_title=source_title,
    )


def _paragraphs(body: str, ascii_marks: bool) -> Iterator[str]:
    """The lines of the body as paragraphs: those cut at a page end joined, those run together parted."""
    held = ""
    for raw in body.splitlines():
        if scene := _SCENE.match(raw.strip()):
            yield f"{scene[1]}{scene[2]} {tidy(scene[3])}"
        elif line := tidy(raw, ascii_marks=ascii_marks):
            line = held + line
            line = re.sub(r"(?<=。)1$", "", line)  # a page number that stuck to a paragraph of 636, item 3
            if caption := _CAPTION.match(line):
                yield from filter(None, caption.groups())
                continue
            if held := "" if _whole(line) else line:
                continue
            yield from _parted(_closed_up(line) if ascii_marks else line)


def _whole(line: str) -> bool:
    """Whether a line is not cut: it ends as sentences or credits do, or it is a sub-heading."""
    return len(line) <= _PAGE_LINE or bool(_ENDS.search(line) or _SIGNATURE.search(line)) or line.endswith("）")


def _closed_up(line: str) -> str:
    """A paragraph of 636 without the spaces at its former line ends; those in names and sub-headings stay."""
    if not _ENDS.search(line) and not _SIGNATURE.search(line):
        return line
    kept: list[str] = _NAMES.findall(line)
    parts = [re.sub(rf"(?<={_HAN}) +(?={_HAN})", "", part) for part in _NAMES.split(line)]
    return "".join(part + name for part, name in zip(parts, [*kept, ""], strict=True))


def _parted(line: str) -> Iterator[str]:
    for ending in _LOST_BREAKS:
        line = line.replace(ending, ending + "\n")
    yield from _SIGNATURE.sub(r"\n\1", line).split("\n")


def _blocks(lines: Sequence[str], url: str) -> Iterator[Block]:
    scenes = any(_SCENE.match(line) for line in lines)
    pictures = 0
    for index, line in enumerate(lines):
        if _PHOTO_CREDIT.search(line):
            pictures += 1
            stem = url.rsplit("/", 1)[1].split(".")[0]
            yield Block(Kind.FIGURE, line.partition("。")[0], src=urljoin(url, f"images/{stem}_{pictures}.jpg"))
            yield Block(Kind.CAPTION, line)
        elif listed := _LISTED.match(line):
            yield Block(Kind.ITEM, f"{listed[1]}. {listed[2]}" if listed[1] else f"● {listed[2]}")
        elif line.startswith("- "):
            yield Block(Kind.ITEM, f"● {line[2:]}")  # the conversion turned all but the first ● into a dash
        elif _ENDS.search(line) or len(line) > _PAGE_LINE or line.startswith("本报记者 "):
            yield Block(Kind.PARAGRAPH, line)
        elif not _HEADING_TAIL.fullmatch(line):
            tail = _HEADING_TAIL.fullmatch(lines[index + 1]) if index + 1 < len(lines) else None
            level = 2 if scenes and not _SCENE.match(line) else 1
            yield Block(Kind.HEADING, line + (tail[0] if tail else ""), level=level)
