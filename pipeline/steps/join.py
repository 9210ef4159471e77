"""An article that stands on several pages, put together from them.

The first page says what the article is: its title, its date, its outlet. The others only go on: what they repeat
of it, the headline, the picture over the text, the reporter's line under it, is printed once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.model import Article, Block, Flag, Kind

CONTINUED = "本文分为多页，只取得本页：可能不完整"
"""The note of a reading that knows of a further page and does not have it."""
MOST_PAGES = 20
"""Of one article; the longest series of pictures seen have about so many, endless pagers more."""
_REPEATED = 6  # blocks at the head and at the foot of a page that may be those of another one
_ENDS = re.compile(r"[。！？!?…：:；;”’」』）)】.]$")
_WORTH_JOINING = 20  # characters; a shorter line is a caption, a credit or a heading


def same_article(first: Article, other: Article) -> bool:
    """Whether a page's headline is that of the first page, give or take a page number or a part's name."""
    one, two = _letters(first.title), _letters(other.title)
    return not one or not two or one in two or two in one or _common(one, two) >= 0.6 * min(len(one), len(two))


def joined(first: Article, rest: Sequence[Article | None], *, entire: Article | None = None) -> Article:
    """The article of all its pages, or of the one that has all of it; `None` stands for a page that is missing.

    It is marked incomplete only when a page is.
    """
    notes = [note for note in first.notes if note != CONTINUED]
    if entire is not None and len(entire.text) >= len(first.text):
        more = [note for note in entire.notes if note != CONTINUED]
        return _noted(replace(first, blocks=entire.blocks), notes, more)
    pages = [first]
    addresses = {first.url}
    missing, ended = "", False
    for position, page in enumerate(rest, start=2):
        if page is None:
            missing = f"本文分为多页，第{position}页未能取得：可能不完整"
            break  # what comes after a gap would read as if it followed
        if ended := page.text in {one.text for one in pages}:
            break  # a pager without an end gives its last page, or its first, for every number
        pages.append(page)
        addresses.add(page.url)
        notes += [note for note in page.notes if note not in notes and note != CONTINUED]
    if not missing and not ended and pages[-1].following and pages[-1].following not in addresses:
        missing = (
            f"本文超过 {MOST_PAGES} 页，只取前 {MOST_PAGES} 页：可能不完整" if len(pages) >= MOST_PAGES else CONTINUED
        )
    blocks: list[Block] = []
    for page in pages:
        blocks = _continued(blocks, list(page.blocks))
    confidence = min(page.confidence for page in pages)
    whole = replace(first, blocks=tuple(blocks), confidence=confidence)
    return _noted(whole, notes, [missing] if missing else [])


def _noted(article: Article, notes: Sequence[str], more: Sequence[str]) -> Article:
    every = (*notes, *(note for note in more if note not in notes))
    flags = tuple(flag for flag in article.flags if flag is not Flag.INCOMPLETE)
    missing = (Flag.INCOMPLETE,) if any("不完整" in note for note in every) else ()
    return replace(article, notes=every, flags=(*flags, *missing))


def _continued(before: list[Block], page: list[Block]) -> list[Block]:
    """The blocks of the pages so far and of one more."""
    if not before:
        return page
    head = {_identity(block) for block in before[:_REPEATED]}
    while page and _identity(page[0]) in head:
        page = page[1:]
    pictures = {block.src for block in before if block.kind is Kind.FIGURE}
    captions = {_identity(block) for block in before if block.kind is Kind.CAPTION}
    page = [
        block
        for block in page
        if not (block.kind is Kind.FIGURE and block.src in pictures) and _identity(block) not in captions
    ]
    while before and page and len(page) > 1 and _identity(before[-1]) == _identity(page[-1]):
        before = before[:-1]  # the reporter's line stands under every page: it belongs under the last
    if before and page and _is_cut(before[-1], page[0]):
        before = [*before[:-1], replace(before[-1], text=before[-1].text + page[0].text)]
        page = page[1:]
    return [*before, *page]


def _is_cut(last: Block, first: Block) -> bool:
    """Whether the page ended within a sentence."""
    return (
        last.kind is Kind.PARAGRAPH
        and first.kind is Kind.PARAGRAPH
        and len(last.text) >= _WORTH_JOINING
        and not _ENDS.search(last.text)
    )


def _identity(block: Block) -> tuple[str, ...]:
    if block.kind is Kind.FIGURE:
        return ("figure", block.src)
    return ("text", _letters(block.plain)) if _letters(block.plain) else ("", block.plain)


def _letters(text: str) -> str:
    return re.sub(r"[\W_\d]+", "", text)


def _common(one: str, two: str) -> int:
    """How many characters two texts begin with in common."""
    count = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        count += 1
    return count
