"""The articles that the three seed issues were made from, as their outlets had them.

The importer of old issues reads the files; here stands only what no importer can know: the links where an issue
has none or a broken one, the pictures that stood above captions, a paragraph end that the conversion lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import urljoin

from pipeline.config import load, packaged
from pipeline.demo.pieces import Piece
from pipeline.model import Block, Imported, Item, Kind
from pipeline.steps.disassemble import decode, disassemble

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

_PICTURES = {(535, 3): {1: "发布会现场", 3: "远程会诊"}}
"""Pictures that an outlet shows without a caption, which a conversion to text leaves no trace of."""

_LOST_BREAKS = ("推动医保数据赋能千行百业。",)  # its last line is short, so a paragraph ended here (636, item 1)
_SOURCE_TITLE = "来源标题："  # page furniture that got into 535, item 1


@cache
def imported(number: int) -> Imported:
    """One seed issue as the importer reads it, with its own mistakes."""
    config = load(packaged("config").parent)
    return disassemble(decode((packaged("seeds") / _FILES[number]).read_bytes()), config.series)


@cache
def articles(number: int) -> tuple[Piece, ...]:
    """The articles of one seed issue, in its order."""
    return tuple(_article(number, position, item) for position, item in enumerate(imported(number).issue.items, 1))


@cache
def every() -> tuple[Piece, ...]:
    """The articles of all three seed issues, by issue and position."""
    return tuple(piece for number in NUMBERS for piece in articles(number))


def _article(number: int, position: int, item: Item) -> Piece:
    url = _URLS[number, position]
    titled = [one.text.removeprefix(_SOURCE_TITLE) for one in item.blocks if one.text.startswith(_SOURCE_TITLE)]
    return Piece(
        url=url,
        title=item.title,
        blocks=_with_pictures(tuple(_blocks(item, url)), url, _PICTURES.get((number, position), {})),
        outlet=item.outlet,
        date=item.date,
        time=dt.time(8 + position, 12 * position),
        source_title="".join(titled),
    )


def _with_pictures(blocks: tuple[Block, ...], url: str, pictures: Mapping[int, str]) -> tuple[Block, ...]:
    """The blocks, and after those at these places a picture (place → what it shows)."""
    made: list[Block] = []
    for place, block in enumerate(blocks, 1):
        made.append(block)
        if place in pictures:
            made.append(_picture(url, place, pictures[place]))
    return tuple(made)


def _picture(url: str, number: int, shows: str) -> Block:
    stem = url.rsplit("/", 1)[1].split(".")[0]
    return Block(Kind.FIGURE, shows, src=urljoin(url, f"images/{stem}_{number}.jpg"))


def _blocks(item: Item, url: str) -> Iterator[Block]:
    pictures = 0
    for block in item.blocks:
        if block.text.startswith(_SOURCE_TITLE):
            continue
        if block.kind is Kind.CAPTION:
            pictures += 1
            yield _picture(url, pictures, block.text.partition("。")[0])
        broken = next((one for one in _LOST_BREAKS if one in block.text), "")
        before, _, after = block.text.partition(broken) if broken else ("", "", block.text)
        if broken:
            yield Block(block.kind, before + broken)
        yield Block(block.kind, after, level=block.level)
