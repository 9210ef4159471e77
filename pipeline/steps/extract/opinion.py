"""A second reader of the body, trafilatura: for other languages, as fallback, and as a measure of confidence.

It takes as long as all the rest of the reading, so a page is put to it only where its own margin is small
(`margin`), and again, by `second_look`, where it goes into a draft.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline.model import Block, Kind
from pipeline.steps.extract.container import UNRELATED, Body, relevance
from pipeline.steps.extract.furniture import FOREIGN_LISTS, FOREIGN_NOTICE
from pipeline.steps.extract.tree import Element, content, depth, name, parse, tidy

if TYPE_CHECKING:
    from configparser import ConfigParser

    from trafilatura.settings import Document

PAGE_ALONE = "版面"
COMPARED = "两种读法相比"
"""The evidence of a confidence: how the body stands out on its page, or also this module's second opinion."""

_SHORTEST = "60"  # its 250 suit alphabets: Chinese bodies under 300 score 0.56
_DOUBT = 0.5
_UNANCHORED = 0.6
_OFF_TITLE = 0.5
_SHORT, _BRIEF = 150, 0.7  # characters; a page with less around its body has little to tell it by
_MAX_DEPTH = 400  # it recurses
_MAX_ELEMENTS = 30_000
_HEADLINE = 160  # characters; a paragraph of prose that long is no headline
_KINDS = {"head": Kind.HEADING, "item": Kind.ITEM, "quote": Kind.QUOTE}


def second_opinion(text: str) -> tuple[Block, ...]:
    """What trafilatura takes for the body of a Chinese page; nothing when it finds none or the page is too complex."""
    found = _read(text, precise=True)
    return () if found is None else _blocks_of(found)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What trafilatura reads, by default, on a page in another language: on English pages it is at home."""

    blocks: tuple[Block, ...] = ()
    author: str = ""
    site: str = ""


def read_foreign(text: str, *, names: bool) -> Foreign:
    """The body of a page in another language; with `names` also who wrote it and what the site calls itself."""
    found = _read(text, precise=False, names=names)
    if found is None:
        return Foreign()
    return Foreign(_blocks_of(found), tidy(found.author or ""), tidy(found.sitename or ""))


def without_foreign_tail(blocks: list[Block]) -> tuple[Block, ...]:
    """Blocks of a page in another language without the headlines of others, and the owner's notice, at their end."""
    for i, block in enumerate(blocks):
        if i and FOREIGN_LISTS.fullmatch(block.text) and all(len(one.text) < _HEADLINE for one in blocks[i:]):
            blocks = blocks[:i]
            break
    while len(blocks) > 1 and len(blocks[-1].text) < _HEADLINE and FOREIGN_NOTICE.search(blocks[-1].text):
        blocks = blocks[:-1]
    return tuple(blocks)


def _blocks_of(found: Document) -> tuple[Block, ...]:
    return () if found.body is None else tuple(_blocks(found.body))


def _read(text: str, *, precise: bool, names: bool = False) -> Document | None:
    tree = parse(text)  # anew: ours has lost its hidden parts by now, and trafilatura takes its own apart
    if tree is None or sum(1 for _ in tree.iter()) > _MAX_ELEMENTS or depth(tree) > _MAX_DEPTH:
        return None
    import trafilatura  # 0.1 s with all it brings; most commands read no page
    from trafilatura.settings import DEFAULT_CONFIG, Document

    found = trafilatura.bare_extraction(
        tree,
        include_comments=False,
        favor_precision=precise,
        config=_for_chinese() if precise else DEFAULT_CONFIG,
        with_metadata=names,
    )
    return found if isinstance(found, Document) else None


@cache
def _for_chinese() -> ConfigParser:
    from trafilatura.settings import DEFAULT_CONFIG

    settings: ConfigParser = deepcopy(DEFAULT_CONFIG)
    settings["DEFAULT"]["MIN_EXTRACTED_SIZE"] = _SHORTEST
    return settings


def _blocks(body: Element) -> list[Block]:
    blocks: list[Block] = []
    for element in body.iter("p", "head", "item", "quote", "table", "ab"):
        if any(name(up) in ("item", "quote", "table", "p") for up in element.iterancestors()):
            continue
        if name(element) == "table":
            rows = tuple(tuple(content(cell) for cell in row.iter("cell")) for row in element.iter("row"))
            blocks += [Block(Kind.TABLE, rows=rows)] if rows else []
            continue
        for mark in element.iter("lb"):
            mark.text = "\n"
        kind = _KINDS.get(name(element), Kind.PARAGRAPH)
        for line in "".join(map(str, element.itertext())).split("\n"):
            if text := tidy(line):
                blocks.append(Block(kind, text, 1 if kind is Kind.HEADING else 0))
    return blocks


def margin(body: Body, title: str, text: str, *, anchored: bool) -> float:
    """How clearly a body stands out, 0 to 1, by its page alone; `anchored` says that its title was found."""
    sure = (1 - body.rival) * (1 - body.split)
    if not anchored:
        sure *= _UNANCHORED
    if relevance(title, text) < UNRELATED:
        sure *= _OFF_TITLE
    if len(text) < _SHORT:
        sure *= _BRIEF
    return sure


def doubt(confidence: float) -> list[str]:
    """The note for an editor where two readings of a body disagree."""
    return [f"正文置信度 {confidence:.2f}：两种读法取得的正文不一致，请对照原文"] if confidence < _DOUBT else []


def agreement(one: str, other: str) -> float:
    """Character 4-gram F1 of two texts, white space aside."""
    a, b = _grams(one), _grams(other)
    if not a or not b:
        return 0.0
    return 2 * sum((a & b).values()) / (sum(a.values()) + sum(b.values()))


def _grams(text: str) -> Counter[str]:
    text = "".join(text.split())
    return Counter(text[i : i + 4] for i in range(max(0, len(text) - 3)))
