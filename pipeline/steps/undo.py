"""Which change would be undone, and which done again: read from the log, which only ever grows.

An undo is a revision that holds the draft as it was before the last change that still counts; a redo one that holds it
as it was after the last change that was undone. So both are found by going through the log once. Notes are neither
undone nor in the way; the making of the draft anew, and whatever hands it on, is a wall.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.model import Revision
from pipeline.steps.decide import DECISIONS

CHANGES = frozenset(DECISIONS) - {"note"} | {"restore"}
"""Decisions that can be undone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What would be undone and what done again next."""

    undoable: Revision | None
    redoable: Revision | None


def standing(log: Iterable[Revision]) -> Standing:
    """What a draft's log, oldest first, leaves to undo and to do again."""
    done: list[Revision] = []
    undone: list[Revision] = []
    for one in log:
        match one.decision.verb:
            case "note":
                pass
            case "undo":
                undone.append(done.pop())
            case "redo":
                done.append(undone.pop())
            case verb:
                undone.clear()
                if verb in CHANGES:
                    done.append(one)
                else:
                    done.clear()
    return Standing(_last(done), _last(undone))


def _last(some: Sequence[Revision]) -> Revision | None:
    return some[-1] if some else None
