"""An item's text as an edited file has it, held against what the file said when it was exported.

The blocks that were exported hold more than a file can say (the mark of a list item, where a picture came from, that
an empty column was left out), so whatever is unchanged stays the block it was. Which of them stands behind which
paragraph is found by comparing the two in their order; where several stand behind several, as a table that was printed
as lines, they stay as long as all of these do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from pipeline.model import Block, Item, Kind, Retouched, ReturnedItem

_LABEL = re.compile(r"^((?:\d{1,3}|[A-Za-z]|[一二三四五六七八九十]{1,3})[.．、)）]|[（(][^()（）]{1,4}[)）]|[①-⑳])\s*")
_BULLET = re.compile(r"^[●•]\s*")  # printed before an item that its page gave no mark
_ALIKE = 0.4  # below it one paragraph did not become the other
_MOST_PAIRS = 4_000  # pairs of paragraphs that are held against each other; beyond, they pair in order
_MOST_COMPARED = 1_500  # characters of a paragraph
_SHOWN = 300  # characters of a table
_KINDS = {
    Kind.PARAGRAPH: "正文",
    Kind.HEADING: "小标题",
    Kind.ITEM: "列举",
    Kind.QUOTE: "引文",
    Kind.FIGURE: "图片",
    Kind.CAPTION: "图题",
    Kind.TABLE: "表格",
}


@dataclass(slots=True)
class Reading:
    """What became of a text."""

    blocks: list[Block] = field(default_factory=list)
    told: list[Retouched] = field(default_factory=list)
    untaken: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Behind:
    """The exported blocks behind the paragraphs from `start` to `end`."""

    start: int
    end: int
    blocks: tuple[Block, ...]


def reread(returned: ReturnedItem, exported: ReturnedItem, item: Item) -> Reading:
    """The item's text as `returned` has it; nothing is told where it is the one that was `exported`."""
    return _Comparison(returned, exported, item).read()


def retouched(was: Sequence[Block], now: Sequence[Block], before: int = 0) -> Iterator[Retouched]:
    """What became of paragraphs that follow `before` others."""
    at = before  # how many paragraphs stand before what is added
    for old, new in _pairs(was, now):
        place = f"原{_place(before + old)}" if old is not None else f"原{_place(at - 1)}之后" if at else "开头"
        at = before + old + 1 if old is not None else at
        if new is None and old is not None:
            yield Retouched(place, shown(was[old]), "")
        elif old is None and new is not None:
            note = "" if now[new].kind is Kind.PARAGRAPH else f"新增的是{_called(now[new])}"
            yield Retouched(place, "", shown(now[new]), note)
        elif old is not None and new is not None and was[old] != now[new]:
            same = _manner(was[old]) == _manner(now[new])
            note = "" if same else f"{_called(was[old])}改为{_called(now[new])}"
            yield Retouched(place, shown(was[old]), shown(now[new]), note)


def beside(was: Sequence[Block], now: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Every paragraph of both texts in order, beside the one it was or became; `None` where there is none."""
    for kind, start, end, begin, finish in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(was[start:end], now[begin:finish], strict=True)
            continue
        old, new = was[start:end], now[begin:finish]
        for i, j in _pairs(old, new):
            yield (None if i is None else old[i]), (None if j is None else new[j])


class _Comparison:
    def __init__(self, returned: ReturnedItem, exported: ReturnedItem, item: Item) -> None:
        self._was = exported.blocks
        self._known = {block.blob for block in exported.blocks if block.kind is Kind.FIGURE}
        self._now = _known_pictures(returned.blocks, exported.blocks)
        self._unsure = frozenset(returned.unsure)
        self._before, behind = _behind(item.blocks, exported.blocks)
        self._inside = {at: one for one in behind for at in range(one.start, one.end)}
        self._pictures = {block.blob: block for block in item.blocks if block.kind is Kind.FIGURE and block.blob}
        self._reading = Reading()

    def read(self) -> Reading:
        was, now = [_key(block) for block in self._was], [_key(block) for block in self._now]
        self._reading.blocks += self._before
        for kind, start, end, begin, finish in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
            if kind == "equal":
                self._stays(start, end, begin)
            else:
                self._changes(start, end, begin, finish)
        return self._reading

    def _stays(self, start: int, end: int, begin: int) -> None:
        at = start
        while at < end:
            one = self._inside.get(at)
            if one is not None and at == one.start and one.end <= end:
                blocks = list(one.blocks)
                for step in range(at, one.end):
                    self._kind(step, begin + step - start, blocks)
                self._reading.blocks += blocks
                at = one.end
                continue
            blocks = [self._now[begin + at - start]]
            self._kind(at, begin + at - start, blocks)
            self._reading.blocks += blocks
            at += 1

    def _kind(self, at: int, place: int, blocks: list[Block]) -> None:
        """Makes the block behind a paragraph what its style now says."""
        was, now = self._was[at], self._now[place]
        if place in self._unsure or _manner(was) == _manner(now):
            return
        changed = next((n for n, block in enumerate(blocks) if _same_text(block, was)), None)
        if changed is not None:
            blocks[changed] = replace(blocks[changed], kind=now.kind, level=now.level)
        self._tell(place, was.plain, now.plain, f"{_called(was)}改为{_called(now)}")

    def _changes(self, start: int, end: int, begin: int, finish: int) -> None:
        was, now = self._was[start:end], self._now[begin:finish]
        if was and now and _whole(was) and _whole(was) == _whole(now):
            note = f"分成 {len(now)} 段" if len(now) > len(was) else f"合为 {len(now)} 段"
            if len(now) != len(was):
                self._tell(begin, "¶".join(one.plain for one in was), "¶".join(one.plain for one in now), note)
                self._reading.blocks += [self._like(start, begin + n) for n in range(len(now))]
                return
        for old, new in _pairs(was, now):
            if old is None and new is not None:
                self._added(begin + new)
            elif new is None and old is not None:
                self._gone(start + old)
            elif old is not None and new is not None:
                self._edited(start + old, begin + new)

    def _like(self, at: int, place: int) -> Block:
        """A new paragraph, of the kind of an old one where the file does not say."""
        block = self._now[place]
        old = self._was[at]
        if place in self._unsure and old.kind is not Kind.TABLE:
            return replace(block, kind=old.kind, level=old.level)
        return block

    def _added(self, place: int) -> None:
        block = self._now[place]
        if block.kind is Kind.FIGURE:
            if block.blob in self._pictures:
                self._reading.blocks.append(self._pictures[block.blob])
                self._tell(place, "", shown(block), "")
            else:
                self._reading.untaken.append(f"{_place(place)}插入了图片{_in_words(block)}，图片不能从文件中取回")
            return
        self._reading.blocks.append(block)
        note = "" if block.kind is Kind.PARAGRAPH else f"新增的是{_called(block)}"
        self._tell(place, "", shown(block), note)

    def _gone(self, at: int) -> None:
        self._reading.told.append(Retouched(f"原{_place(at)}", shown(self._was[at]), ""))

    def _edited(self, at: int, place: int) -> None:
        was, now = self._was[at], self._like(at, place)
        told = shown(now)
        one = self._inside.get(at)
        behind = one.blocks if one is not None and one.end - one.start == 1 else ()
        mine = next((block for block in behind if _same_text(block, was)), None)
        note = "" if _manner(was) == _manner(now) else f"{_called(was)}改为{_called(now)}"
        if now.kind is Kind.TABLE:
            if mine is not None and len(now.rows) == len(was.rows) and now.header == was.header:
                now = replace(now, header=mine.header)
        elif mine is not None and mine.kind is not Kind.TABLE:
            now = _with_mark(replace(mine, kind=now.kind, level=now.level), now.text)
        # what lies behind the paragraph and was not printed (a picture that could not be had) stays beside it
        self._reading.blocks += [now if block is mine else block for block in behind] if mine is not None else [now]
        self._tell(place, shown(was), told, note)

    def _tell(self, place: int, before: str, after: str, note: str) -> None:
        self._reading.told.append(Retouched(_place(place), before, after, note))


def _place(at: int) -> str:
    return f"第{at + 1}段"


def _called(block: Block) -> str:
    deeper = "下级" if block.kind is Kind.HEADING and block.level > 1 else ""
    return deeper + _KINDS[block.kind]


def _manner(block: Block) -> tuple[Kind, int]:
    level = min(max(block.level, 1), 2) if block.kind is Kind.HEADING else block.level
    return block.kind, level if block.kind in (Kind.HEADING, Kind.ITEM) else 0


def _printed(block: Block) -> str:
    return f"{block.mark} {block.text}" if block.mark else block.text


def shown(block: Block) -> str:
    """A paragraph as a line of text, its list mark with it; a table or a picture as what it is."""
    if block.kind is Kind.FIGURE:
        return f"［图片{_in_words(block)}］"
    if block.kind is Kind.TABLE:
        text = "／".join("｜".join(row) for row in block.rows)
        return f"［表格］{text if len(text) <= _SHOWN else text[:_SHOWN] + '……'}"
    return _printed(block)


def _in_words(block: Block) -> str:
    return f"“{block.text}”" if block.text else ""


def _squeezed(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and not char.isspace())


def _key(block: Block) -> tuple[str, ...]:
    """What makes a paragraph the one it was: its text, a bullet and the space after its label aside."""
    if block.kind is Kind.FIGURE:
        return "", block.blob or block.text
    if block.kind is Kind.TABLE:
        return tuple("\t".join(row) for row in block.rows)
    return (_LABEL.sub(r"\1", _BULLET.sub("", _printed(block))),)


def _whole(blocks: Sequence[Block]) -> str:
    if any(block.kind in (Kind.FIGURE, Kind.TABLE) for block in blocks):
        return ""
    return "".join(_squeezed(_printed(block)) for block in blocks)


def _same_text(block: Block, printed: Block) -> bool:
    if Kind.TABLE in (block.kind, printed.kind) or Kind.FIGURE in (block.kind, printed.kind):
        return block.kind is printed.kind
    return _core(block) == _core(printed)


def _with_mark(block: Block, text: str) -> Block:
    """A block with another text, keeping its list mark as long as that still stands in front."""
    if block.kind is Kind.ITEM and not _BULLET.match(block.text):
        text = _BULLET.sub("", text)
    if block.mark and text.startswith(block.mark):
        return replace(block, text=text.removeprefix(block.mark).strip())
    return replace(block, text=text, mark="")


def _known_pictures(now: Sequence[Block], was: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with the pictures that an office program encoded anew called by their old names."""
    spare = [block for block in was if block.kind is Kind.FIGURE]
    for block in now:
        if block.kind is Kind.FIGURE and (same := next((one for one in spare if one.blob == block.blob), None)):
            spare.remove(same)
    known = {block.blob for block in was if block.kind is Kind.FIGURE}
    found = []
    for block in now:
        if block.kind is Kind.FIGURE and block.blob not in known:
            like = [one for one in spare if one.text == block.text]
            if like:
                spare.remove(like[0])
                block = replace(block, blob=like[0].blob)
        found.append(block)
    return tuple(found)


# --------------------------------------------------------------------------- what stands behind what


def _behind(blocks: Sequence[Block], printed: Sequence[Block]) -> tuple[list[Block], list[_Behind]]:
    """Which of the exported blocks stand behind which paragraphs of their file; first those that stand before all."""
    mine = [_core(block) for block in blocks]
    its = [_core(block) for block in printed]
    before: list[Block] = []
    found: list[_Behind] = []

    def add(start: int, end: int, some: Sequence[Block]) -> None:
        if start < end:
            found.append(_Behind(start, end, tuple(some)))
        elif found:  # not printed: it goes with what stands before it
            last = found[-1]
            found[-1] = replace(last, blocks=(*last.blocks, *some))
        else:
            before.extend(some)

    for kind, start, end, begin, finish in SequenceMatcher(None, mine, its, autojunk=False).get_opcodes():
        if kind == "equal":
            for step in range(end - start):
                add(begin + step, begin + step + 1, blocks[start + step : start + step + 1])
        else:
            add(begin, finish, blocks[start:end])
    return before, found


def _core(block: Block) -> str:
    if block.kind is Kind.FIGURE:
        return f"\0{block.blob}"
    if block.kind is Kind.TABLE:
        return "\1" + "\t".join(filter(None, (_squeezed(cell) for row in block.rows for cell in row)))
    return _BULLET.sub("", _squeezed(_printed(block)))


# ------------------------------------------------------------------------------- what became of what


def _pairs(was: Sequence[Block], now: Sequence[Block]) -> Iterator[tuple[int | None, int | None]]:
    """The paragraphs that became each other, in order; those that are gone or new stand alone."""
    if len(was) * len(now) > _MOST_PAIRS:
        for at in range(max(len(was), len(now))):
            yield at if at < len(was) else None, at if at < len(now) else None
        return
    best = [[0.0] * (len(now) + 1) for _ in range(len(was) + 1)]
    likeness = [[_likeness(old, new) for new in now] for old in was]
    for i in range(len(was) - 1, -1, -1):
        for j in range(len(now) - 1, -1, -1):
            both = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= _ALIKE else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(was) and j < len(now):
        if likeness[i][j] >= _ALIKE and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield i, None
            i += 1
        else:
            yield None, j
            j += 1
    for rest in range(i, len(was)):
        yield rest, None
    for rest in range(j, len(now)):
        yield None, rest


def _likeness(old: Block, new: Block) -> float:
    if Kind.FIGURE in (old.kind, new.kind) or (old.kind is Kind.TABLE) != (new.kind is Kind.TABLE):
        return 0.0
    if old.kind is Kind.TABLE:
        return 1.0
    a, b = _printed(old)[:_MOST_COMPARED], _printed(new)[:_MOST_COMPARED]
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE else 0.0
