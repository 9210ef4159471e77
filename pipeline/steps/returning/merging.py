"""A text that both the file and the draft changed, paragraph by paragraph.

Method: what either side made of the common text is a list of hunks. Where hunks of both lie apart, by a paragraph that
both left alone, both are taken; where they meet, the draft's stay and the file's are told, unless they say the same.
A paragraph that the file moved goes whole or not at all: what it left and where it arrived stand or fall together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pipeline.model import Block, Retouched
from pipeline.steps.returning.text import retouched


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a text that two sides changed."""

    blocks: tuple[Block, ...]
    taken: tuple[Retouched, ...]
    """What of the file is taken, held against the draft."""
    kept: tuple[Retouched, ...]
    """What the draft changed where the file changed something else, held against the common text; it stays."""
    untaken: tuple[Retouched, ...]
    """What the file changed there; it is not taken."""


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Paragraphs `start` to `end` of the common text and what a side made of them."""

    start: int
    end: int
    new: tuple[Block, ...]


@dataclass(slots=True)
class _Group:
    """Hunks of both sides that meet."""

    start: int
    end: int
    file: list[_Hunk] = field(default_factory=list)
    draft: list[_Hunk] = field(default_factory=list)
    untaken: bool = False
    """Whether what the file has here is not taken."""


def merged(was: Sequence[Block], file: Sequence[Block], draft: Sequence[Block]) -> Merged:
    """The text with what both sides made of `was`."""
    groups = list(_grouped(_hunks(was, file), _hunks(was, draft)))
    arrived = {block for one in groups for block in _ends(was, one.draft)[1]}
    for one in groups:
        if one.file and one.draft:
            one.untaken = _side(was, one, one.file) != _side(was, one, one.draft)
        else:  # a paragraph that both moved, each to another place, would stand twice
            one.untaken = bool(arrived & _ends(was, one.file)[1])
    _hold_moves(was, groups)
    blocks: list[Block] = []
    at = 0
    for one in groups:
        blocks += was[at : one.start]
        blocks += _side(was, one, one.file if one.file and not one.untaken else one.draft)
        at = one.end
    blocks += was[at:]
    held = [one for one in groups if one.untaken]
    return Merged(
        tuple(blocks),
        tuple(
            told for one in _hunks(draft, blocks) for told in retouched(draft[one.start : one.end], one.new, one.start)
        ),
        tuple(_told(was, (hunk for one in held for hunk in one.draft))),
        tuple(_told(was, (hunk for one in held for hunk in one.file))),
    )


def _told(was: Sequence[Block], hunks: Iterator[_Hunk]) -> Iterator[Retouched]:
    return (told for one in hunks for told in retouched(was[one.start : one.end], one.new, one.start))


def _hunks(was: Sequence[Block], now: Sequence[Block]) -> list[_Hunk]:
    """What changed; two hunks always have something between them that stays."""
    return [
        _Hunk(start, end, tuple(now[begin:finish]))
        for kind, start, end, begin, finish in SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _grouped(file: Sequence[_Hunk], draft: Sequence[_Hunk]) -> Iterator[_Group]:
    sided = sorted(
        [(one.start, one.end, "file", one) for one in file] + [(one.start, one.end, "draft", one) for one in draft],
        key=lambda each: each[:3],
    )
    group: _Group | None = None
    for start, end, side, one in sided:
        if group is None or start > group.end:
            if group is not None:
                yield group
            group = _Group(start, end)
        group.end = max(group.end, end)
        (group.file if side == "file" else group.draft).append(one)
    if group is not None:
        yield group


def _side(was: Sequence[Block], group: _Group, hunks: Sequence[_Hunk]) -> list[Block]:
    """What one side made of a group's paragraphs."""
    made: list[Block] = []
    at = group.start
    for one in hunks:
        made += [*was[at : one.start], *one.new]
        at = one.end
    return [*made, *was[at : group.end]]


def _hold_moves(was: Sequence[Block], groups: Sequence[_Group]) -> None:
    """Leaves out the other end of a move one end of which is left out."""
    waiting = [one for one in groups if one.untaken]
    while waiting:
        gone, new = _ends(was, waiting.pop().file)
        for one in groups:
            its_gone, its_new = _ends(was, one.file)
            if not one.untaken and (gone & its_new or new & its_gone):
                one.untaken = True
                waiting.append(one)


def _ends(was: Sequence[Block], hunks: Sequence[_Hunk]) -> tuple[set[Block], set[Block]]:
    """The paragraphs that a side takes away, and those it puts in."""
    gone = {block for one in hunks for block in was[one.start : one.end]}
    new = {block for one in hunks for block in one.new}
    return gone - new, new - gone
