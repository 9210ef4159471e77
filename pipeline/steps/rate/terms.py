"""Terms and how they are found: folded texts, and one look-up for all terms at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

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

    def __init__(self, terms: Iterable[str], weak: Iterable[str] = ()) -> None:
        self._strong = {term for term in terms if len(term) > 1}  # a single character says nothing
        self._weak = {term for term in weak if len(term) > 1} - self._strong
        lengths: dict[tuple[str, str], set[int]] = {}
        for term in (*self._strong, *self._weak):
            lengths.setdefault((term[0], term[1]), set()).add(len(term))
        self._lengths = {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Every term with the place where it begins, in order, none over another.

        A weak term gives way to another that begins within it: 医学影像检查资料共享 is 影像检查资料共享.
        """
        lengths, place = self._lengths, 0
        for at in [at for at, pair in enumerate(pairwise(text)) if pair in lengths]:
            if at < place:
                continue
            for length in lengths[text[at], text[at + 1]]:
                term = text[at : at + length]
                if len(term) < length or not _is_whole(text, at, at + length):
                    continue
                if term in self._strong or (term in self._weak and not self._begins(text, at + 1, at + length)):
                    yield at, term
                    place = at + length
                    break

    def _begins(self, text: str, start: int, end: int) -> bool:
        """Whether a term that is not weak begins between two places."""
        return any(
            text[at : at + length] in self._strong and _is_whole(text, at, min(at + length, len(text)))
            for at in range(start, min(end, len(text) - 1))
            for length in self._lengths.get((text[at], text[at + 1]), ())
        )

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
