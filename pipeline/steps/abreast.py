"""Two texts abreast, paragraph by paragraph, the words that changed marked; and a text as lines that give it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.model import Block, Kind
from pipeline.steps.returning import differences
from pipeline.steps.returning.merging import merged
from pipeline.steps.returning.text import beside, shown


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a line, and whether the other line has them too."""

    text: str
    same: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One paragraph as it is in either text; no pieces where a text does not have it."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    @property
    def same(self) -> bool:
        """Whether it is the same in both."""
        return all(one.same for one in (*self.left, *self.right))


def abreast(left: Sequence[Block], right: Sequence[Block]) -> list[Row]:
    """Every paragraph of two texts, each beside the one it is in the other."""
    return [
        row(shown(one) if one else "", shown(other) if other else "")
        for one, other in beside(tuple(left), tuple(right))
    ]


def row(left: str, right: str) -> Row:
    """Two lines abreast."""
    found = differences.pieces(left, right)
    ours = tuple(Piece(same or gone, bool(same)) for same, gone, _ in found if same or gone)
    theirs = tuple(Piece(same or new, bool(same)) for same, _, new in found if same or new)
    return Row(ours, theirs)


def lines(blocks: Sequence[Block]) -> str:
    """A text as an editor may change it, one paragraph a line; tables and pictures are lines that stand for them."""
    return "\n".join(shown(one) for one in blocks)


def relined(text: str, *known: Sequence[Block]) -> tuple[Block, ...]:
    """What `lines` made of blocks, after somebody changed it: a line that is known stays the block it was."""
    blocks = {shown(one): one for some in reversed(known) for one in some}
    said = (" ".join(line.split()) if line not in blocks else line for line in text.splitlines())
    return tuple(blocks.get(line, Block(Kind.PARAGRAPH, line)) for line in said if line)


def both(seen: Sequence[Block], mine: Sequence[Block], theirs: Sequence[Block]) -> tuple[tuple[Block, ...], int]:
    """What two people made of a text as one, and in how many places both changed it; there `mine` stands."""
    found = merged(seen, theirs, mine)
    return found.blocks, len(found.untaken)
