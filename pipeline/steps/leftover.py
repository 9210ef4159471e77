"""What a page says that its article does not: for an editor who misses a paragraph.

The reading leaves out what it takes for furniture: bylines, notices, recommendations, picture boxes. Now and then it
errs. The page is read again without leaving anything out, and what the article has is taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.model import Block, Kind, Page, Rejection, digest
from pipeline.steps.extract.blocks import Line, read_blocks
from pipeline.steps.extract.container import find_body
from pipeline.steps.extract.decode import decode
from pipeline.steps.extract.documents import is_document, is_saved, unpacked
from pipeline.steps.extract.formats import is_markup
from pipeline.steps.extract.tree import Element, bounded, hide_unseen, key, parse

_MOST = 200  # paragraphs; an article that lacks more was not read from this page
_PROSE = 24  # characters outside the body's container: a shorter line there is a button, a menu, a headline of others
_LINKED = 0.5
_KINDS = (Kind.PARAGRAPH, Kind.HEADING, Kind.ITEM, Kind.QUOTE, Kind.CAPTION)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A paragraph that the article does not have."""

    after: int
    """How many of the article's blocks stand before it."""
    block: Block


def left_over(page: Page, title: str, blocks: Sequence[Block]) -> tuple[Leftover, ...]:
    """What `page` says and an article of that title, read from it, does not; nothing of what is no markup."""
    lines = list(_lines(page))
    mine = [key(block.plain) for block in blocks]
    whole = "".join(mine)
    met: Counter[str] = Counter()
    after, found = 0, []
    for line in lines:
        said = key(line.text)
        if not said or said == key(title) or met[said]:
            continue
        met[said] += 1
        place = next((place for place in range(after, len(mine)) if mine[place] and mine[place] == said), None)
        if place is not None:
            after = place + 1
        elif said not in whole:  # the reading joins and parts lines, and drops what stands at their ends
            found.append(Leftover(after, Block(line.kind, line.text, line.level)))
    return tuple(found[:_MOST])


def name_of(block: Block) -> str:
    """What a block is asked for by: the same for the same words, table or picture."""
    return digest(block.kind.value, block.plain, block.src)[:16]


def restored(body: Sequence[Block], article: Sequence[Block], wanted: Leftover) -> tuple[Block, ...]:
    """The body, as it was edited, with a paragraph at its place: behind the nearest block before it that is there."""
    place = 0
    for block in reversed(article[: wanted.after]):
        if block in body:
            place = len(body) - list(reversed(body)).index(block)
            break
    return (*body[:place], wanted.block, *body[place:])


def _lines(page: Page) -> Iterable[Line]:
    if is_document(page.body):
        return ()
    if is_saved(page.body):
        page = unpacked(page)
    decoded = decode(page.body, page.charset)
    if isinstance(decoded, Rejection) or not is_markup(decoded.text):
        return ()
    root = parse(bounded(decoded.text)[0])
    if root is None:
        return ()
    hide_unseen(root)
    body = find_body(root, None)
    inside = _told(body.element) if body is not None else []
    return [line for line in _told(root) if _is_prose(line) or any(line.text == one.text for one in inside)]


def _told(element: Element) -> list[Line]:
    return [line for line in read_blocks(element, "") if line.kind in _KINDS and line.text]


def _is_prose(line: Line) -> bool:
    return len(key(line.text)) >= _PROSE and line.linked < _LINKED
