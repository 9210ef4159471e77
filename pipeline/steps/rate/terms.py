"""Terms and how they are found: folded texts, and one pattern compiled from all terms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from pipeline.config import Terms
from pipeline.steps.canonical import clean_text, simplifier, without_glosses

_BLANK = re.compile(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])")
_QUOTE = re.compile("[“”\"'‘’「」『』]")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_EDGE = "\0"  # stands for the end of a Latin word while a pattern is built


def fold(text: str) -> str:
    """`text` as terms are looked up: NFKC, simplified, lower case, no quotes, no blanks beside Han characters."""
    text = _QUOTE.sub("", unicodedata.normalize("NFKC", without_glosses(clean_text(text))).lower())
    return _BLANK.sub("", " ".join(simplifier().convert(text).split()))


def pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Finds the longest of `terms` at each place; Latin letters and digits only as whole words."""
    ends = {term + _EDGE if term[-1] in _LATIN else term for term in terms if term}
    starts: dict[str, list[str]] = {}
    for term in ends:
        starts.setdefault(term[0], []).append(term[1:])
    # Every branch begins with a character (the edge before it is looked for after it), so that the engine can
    # skip to the next possible one: twice as many documents a second as with the edge first.
    ways = [
        re.escape(head) + (f"(?<![0-9a-z]{re.escape(head)})" if head in _LATIN else "") + _branches(rest)
        for head, rest in starts.items()
    ]
    return re.compile("|".join(ways) or "(?!)")


def _branches(tails: Sequence[str]) -> str:
    groups: dict[str, list[str]] = {}
    for tail in tails:
        if tail:
            groups.setdefault(tail[0], []).append(tail[1:])
    if not groups:
        return ""
    ways = [
        "(?![0-9a-z])" if head == _EDGE else re.escape(head) + _branches(rest)
        for head, rest in sorted(groups.items(), key=lambda group: group[0] == _EDGE)  # longer terms first
    ]
    return f"(?:{'|'.join(ways)}){'?' if '' in tails else ''}"


def weights(terms: Terms) -> dict[str, float]:
    """Folded term → weight."""
    return {fold(term): weight for weight, group in terms.items() for term in group}
