"""Where a page credits: the lines between title and body, those cut from the body's ends, those after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from pipeline.steps.extract.tree import Element, content, key, lines, marks, name
from pipeline.steps.extract.words import CLOCKED, any_of

_MAX_BEFORE = 30
_MAX_AFTER = 12
_MAX_ABOVE = 8
_NEAR = 15  # lines before the body that are looked at where no title was found
_AUTHOR_MARK = re.compile(
    r"(?:^|[\s_-])(?:article|news|post|d|detail|info|txt|art)?[-_]?(?:author|writer|zuozhe|reporter|byline)(?:[-_]?name)?(?:$|[\s_-])"
    r"|rich_media_meta_text",
    re.I,
)
_SOURCE_MARK = re.compile(
    r"(?:^|[\s_-])"
    + any_of(
        r"\w*source\w* laiyuan ly where media-?name author-?name jgname from fromsite \w*wemedia\w* pubname outlet",
        "copyfrom site-?name (?:d|news|art)-?src",
    )
    + r"(?:$|[\s_-])",
    re.I,
)


@lru_cache(maxsize=4096)
def _is_source(marked: str) -> bool:
    return _SOURCE_MARK.search(marked) is not None


@lru_cache(maxsize=4096)
def _is_author(marked: str) -> bool:
    return _AUTHOR_MARK.search(marked) is not None


@dataclass(frozen=True, slots=True)
class Bylines:
    """The lines of each place, in reading order; a line's inline elements are parted by `words.GAP`."""

    before: Sequence[str] = ()
    above: Sequence[str] = ()
    """Right above the title, nearest first: printed papers' pages have their date there."""
    marked: Sequence[str] = ()
    """Texts of elements before the body whose class says that they name the source."""
    writers: Sequence[str] = ()
    """Texts of elements around the body whose class says that they name the author."""
    head: Sequence[str] = ()
    """Cut from the body's own head."""
    tail: Sequence[str] = ()
    """Cut from its tail, and short ones of what was pruned."""
    after: Sequence[str] = ()
    body: Sequence[str] = ()


def lines_before(tree: Element, title: Element | None, body: Element) -> list[str]:
    """The lines between title and body and the one above the title, or those right before the body."""
    shown = tree.find("body")  # the <title> is no line over the headline
    walked = list(lines([tree if shown is None else shown], stop=body))
    wanted = key(content(title)) if title is not None else ""
    keys = [key(line) for line in walked]
    position = max((i for i, one in enumerate(keys) if wanted and one == wanted), default=-1)
    if position < 0:
        position = max((i for i, one in enumerate(keys) if wanted and wanted in one), default=-1)
    if position < 0:
        return walked[-_NEAR:]
    above = [walked[position - 1]] if position and len(walked[position - 1]) < 80 else []
    return [line for line in [*above, *walked[position + 1 :]][:_MAX_BEFORE] if len(line) <= 300]


def in_parts(body: Element, head: Sequence[str]) -> list[str]:
    """Lines cut from the body's head as the page sets them, their inline elements parted by `words.GAP`."""
    if not head:
        return []
    parted = {key(line): line for line in islice(lines([body]), _MAX_BEFORE)}
    return [parted.get(key(line), line) for line in head]


def lines_above(tree: Element, title: Element | None) -> list[str]:
    """The short lines right above the title, nearest first."""
    if title is None:
        return []
    walked = list(lines([tree], stop=title))[-_MAX_ABOVE:]
    return [line for line in reversed(walked) if len(line) <= 80]


def lines_after(body: Element) -> list[str]:
    """The first lines after the body."""
    after: list[str] = []
    top = body
    while True:
        for sibling in top.itersiblings():
            if len(after) >= _MAX_AFTER:
                break
            after += list(lines([sibling]))[: _MAX_AFTER - len(after)]
        up = top.getparent()
        if up is None or name(up) in ("body", "html") or len(after) >= _MAX_AFTER:
            return [line for line in after if len(line) <= 200]
        top = up


def marked_credits(tree: Element, title: Element | None, body: Element) -> tuple[list[str], list[str]]:
    """Short texts of elements whose class or id says source, then of those that say author.

    Both stand between title and body; authors may stand behind it.
    """
    sources: list[str] = []
    writers: list[str] = []
    met = False
    for element in tree.iter():
        if element is body:
            met = True
        elif element is title and not met:
            sources, writers = [], []
        elif len(element) <= 3 and (marked := marks(element)):
            if not met and _is_source(marked) and 2 <= len(text := content(element)) <= 30 and not CLOCKED.search(text):
                sources.append(text)
            if _is_author(marked):
                named = next((text for one in element.iter("a", "b", "h4", "strong") if (text := content(one))), "")
                text = named or content(element)
                if 2 <= len(text) <= 20 and not CLOCKED.search(text):
                    writers.append(f"作者：{text}" if "rich_media" in marked else text)  # WeChat's are pen names
    return sources[:4], writers[:4]
