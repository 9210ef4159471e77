"""Which pictures an article asks for, and the article with those that came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.model import Article, Block, Kind, Picture

_MISSING = "配图未取得："


def pictures_of(article: Article, most: int) -> list[str]:
    """The addresses of an article's pictures, each once, in order, not more than `most`."""
    return list(dict.fromkeys(block.src for block in article.blocks if block.kind is Kind.FIGURE and block.src))[:most]


def illustrated(article: Article, known: Mapping[str, Picture]) -> Article:
    """The article with its pictures, and a note that says how many could not be had and why.

    A picture that it has already stays what it is. Icons and trackers are not missed.
    """
    blocks = tuple(_illustrated(block, known) for block in article.blocks)
    missing = Counter(
        known[block.src].trouble
        for block in blocks
        if block.kind is Kind.FIGURE and not block.blob and block.src in known and known[block.src].trouble
    )
    notes = [note for note in article.notes if not note.startswith(_MISSING)]
    if missing:
        notes.append(_MISSING + "，".join(f"{why} {count} 张" for why, count in missing.items()))
    return replace(article, blocks=blocks, notes=tuple(notes))


def _illustrated(block: Block, known: Mapping[str, Picture]) -> Block:
    if block.kind is not Kind.FIGURE or block.blob or block.src not in known:
        return block
    return replace(block, blob=known[block.src].blob)


def missing_pictures(notes: Sequence[str]) -> str:
    """What an article's notes say of pictures that could not be had; empty when none is missing."""
    return next((note for note in notes if note.startswith(_MISSING)), "")
