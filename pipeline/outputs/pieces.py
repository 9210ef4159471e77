"""An article's body in the pieces that outputs print: lists as trees, captions with what they explain.

Blocks stand in a row as a page had them; an output that nests (HTML, e-mail, feeds) wants to know which items make
one list, and which caption belongs to which picture or table. `word` and `markdown` nest nothing and walk the blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.model import Block, Kind
from pipeline.outputs.context import Pictures
from pipeline.outputs.figures import Figure, figure
from pipeline.outputs.tables import Grid, grid
from pipeline.outputs.text import clean, labelled

_COUNTED = re.compile(r"(\d{1,9})[.．、)）]")
OWN_MARK = re.compile(r"[(（]?(?:\d{1,3}|[一二三四五六七八九十百]{1,4})[.．、)）]|[①-⑳●•·◆■▪—\-]")
"""What an item of a list begins with that its page marked in its text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, a sub-heading (`level` from 1), a quotation, or a caption of what is not printed."""

    kind: Kind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a list, with the lists that lie in it."""

    text: str
    """With the mark that the page gave it, as it is printed everywhere: no output counts by itself."""
    number: int | None
    """What its mark counts, where it is a number."""
    inside: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Items of one list that are marked alike."""

    counted: bool
    marked: bool
    """Whether each brings a mark of its own, so that it needs no bullet."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is printed, with its caption."""

    figure: Figure
    caption: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption."""

    grid: Grid
    caption: str


Piece = Text | Listing | Picture | Table


def pieces(blocks: Sequence[Block], pictures: Pictures) -> Iterator[Piece]:
    """The body in reading order; what would print nothing is left out."""
    place = 0
    while place < len(blocks):
        block = blocks[place]
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        if block.kind is Kind.ITEM:
            end = place
            while end < len(blocks) and blocks[end].kind is Kind.ITEM:
                end += 1
            yield from _listings([one for one in blocks[place:end] if clean(one.text)])
            place = end
            continue
        if (one := figure(blocks, place, pictures)) is not None:
            captioned = following is not None and following.kind is Kind.CAPTION
            yield Picture(one, clean(following.text) if captioned and following else "")
            place += 2 if captioned else 1
            continue
        if block.kind is Kind.CAPTION and _is_above_table(blocks, place) and (table := grid(blocks[place + 1])):
            yield Table(table, clean(block.text))
            place += 2
            continue
        if block.kind is Kind.TABLE:
            if (table := grid(block)) is not None:
                yield Table(table, "")
        elif block.kind is not Kind.FIGURE and (text := clean(block.text)):
            yield Text(block.kind, text, max(block.level, 1) if block.kind is Kind.HEADING else 0)
        place += 1


def _is_above_table(blocks: Sequence[Block], place: int) -> bool:
    """Whether the caption at `place` is a table's: one that follows a picture is the picture's."""
    after_picture = place > 0 and blocks[place - 1].kind is Kind.FIGURE
    return not after_picture and place + 1 < len(blocks) and blocks[place + 1].kind is Kind.TABLE


def _listings(items: Sequence[Block]) -> Iterator[Listing]:
    """Items in a row as lists: those deeper than one before lie in it; alike ones that touch are one list."""
    entries: list[Entry] = []
    place = 0
    while place < len(items):
        end = place + 1
        while end < len(items) and items[end].level > items[place].level:
            end += 1
        entries.append(_entry(items[place], items[place + 1 : end]))
        place = end
    start = 0
    for end in range(1, len(entries) + 1):
        if end == len(entries) or _kind(entries[end]) != _kind(entries[start]):
            yield Listing(*_kind(entries[start]), tuple(entries[start:end]))
            start = end


def _entry(item: Block, inside: Sequence[Block]) -> Entry:
    counted = _COUNTED.fullmatch(clean(item.mark))
    return Entry(labelled(item.mark, item.text), int(counted[1]) if counted else None, tuple(_listings(inside)))


def _kind(entry: Entry) -> tuple[bool, bool]:
    return entry.number is not None, entry.number is not None or OWN_MARK.match(entry.text) is not None
