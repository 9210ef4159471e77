"""Two revisions of a draft held against each other: what came, what went, what was moved, what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model import Candidate, Draft, Edited, Item
from pipeline.steps.abreast import Row, abreast, row
from pipeline.steps.assemble import printed
from pipeline.steps.returning.changes import longest_run

_LINES = (Edited.TITLE, Edited.OUTLET, Edited.DATE, Edited.URL)


@dataclass(frozen=True, slots=True)
class Differing:
    """What differs of one item."""

    handle: str
    title: str
    was: int
    """Its number in the contents before, from 1; 0 where it was not in."""
    now: int
    moved: bool
    """Whether it was put elsewhere; that others came or went before it is no move."""
    fields: tuple[tuple[Edited, Row], ...]
    text: tuple[Row, ...]
    """Every paragraph of both texts; none when they are the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two revisions, in the order of the later one."""

    items: tuple[Differing, ...]
    same: int
    """Items of both that are the same, in the same order."""


def differ(before: Draft, after: Draft) -> Difference:
    """What differs between two revisions: of what is in the issue, and of what was edited besides."""
    old, new = _candidates(before), _candidates(after)
    was, now = ({handle: at for at, handle in enumerate(one.chosen, start=1)} for one in (before, after))
    both = [handle for handle in after.chosen if handle in was]
    staying = set(longest_run([was[handle] for handle in both]))
    gone = [handle for handle in before.chosen if handle not in now]
    beside = [
        handle
        for handle in new
        if handle in old and handle not in was and handle not in now and _made(before, handle) != _made(after, handle)
    ]
    found = []
    same = 0
    for handle in (*after.chosen, *gone, *beside):
        one = _differing(
            handle,
            printed(before, old[handle]) if handle in old else None,
            printed(after, new[handle]) if handle in new else None,
        )
        moved = handle in was and handle in now and was[handle] not in staying
        one = replace(one, was=was.get(handle, 0), now=now.get(handle, 0), moved=moved)
        if one.moved or bool(one.was) != bool(one.now) or one.fields or one.text:
            found.append(one)
        else:
            same += 1
    return Difference(tuple(found), same)


def _candidates(draft: Draft) -> dict[str, Candidate]:
    return {one.handle: one for one in draft.candidates}


def _made(draft: Draft, handle: str) -> object:
    return draft.edits.get(handle), handle in draft.excerpts


def _differing(handle: str, before: Item | None, after: Item | None) -> Differing:
    one = after or before
    assert one is not None
    if before is None or after is None:
        return Differing(handle, one.title, 0, 0, False, (), ())
    pairs = [(what, _line(before, what), _line(after, what)) for what in _LINES]
    fields = tuple((what, row(old, new)) for what, old, new in pairs if old != new)
    texts: Sequence[Row] = () if before.blocks == after.blocks else abreast(before.blocks, after.blocks)
    return Differing(handle, one.title, 0, 0, False, fields, () if all(each.same for each in texts) else tuple(texts))


def _line(item: Item, what: Edited) -> str:
    return str(getattr(item, what.value) or "")
