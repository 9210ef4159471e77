"""Terms and how they are found: folded texts, and one look-up for all terms at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from pipeline.config import Terms
from pipeline.steps.canonical import clean_text, simplifier, without_glosses

_BLANK = re.compile(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])")
_QUOTE = re.compile("[“”\"'‘’「」『』]")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")


def fold(text: str) -> str:
    """`text` as terms are looked up: NFKC, simplified, lower case, no quotes, no blanks beside Han characters."""
    text = _QUOTE.sub("", unicodedata.normalize("NFKC", without_glosses(clean_text(text))).lower())
    return _BLANK.sub("", " ".join(simplifier().convert(text).split()))


class Finder:
    """Finds the longest of many terms at each place of a folded text; Latin letters and digits only as whole words.

    A dictionary of the first two characters says which lengths are worth a look: an alternation of as many branches
    as there are first characters took ten times as long, for the engine tries them one after the other.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = {term for term in terms if len(term) > 1}  # a single character says nothing
        lengths: dict[str, set[int]] = {}
        for term in self._terms:
            lengths.setdefault(term[:2], set()).add(len(term))
        self._lengths = {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}

    def find(self, text: str, place: int = 0, end: int | None = None) -> Iterator[tuple[int, str]]:
        """Every term between two places with the place where it begins, in order, none over another."""
        lengths, terms = self._lengths, self._terms
        last = (len(text) if end is None else end) - 1
        while place < last:
            for length in lengths.get(text[place : place + 2], ()):
                term = text[place : place + length]
                if term in terms and place + length <= last + 1 and _is_whole(text, place, place + length):
                    yield place, term
                    place += length
                    break
            else:
                place += 1

    def all(self, text: str) -> list[str]:
        """The terms of a text, in order, each as often as it stands there."""
        return [term for _, term in self.find(text)]

    def any(self, text: str) -> bool:
        """Whether one of the terms stands in a text."""
        return next(self.find(text), None) is not None


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (
        (text[start] in _LATIN and start > 0 and text[start - 1] in _LATIN)
        or (text[end - 1] in _LATIN and text[end : end + 1] in _LATIN)
    )


def weights(terms: Terms) -> dict[str, float]:
    """Folded term → weight."""
    return {fold(term): weight for weight, group in terms.items() for term in group}
