"""Where the terms of a scope stand in a text, for whoever reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.config import Scope
from pipeline.steps.canonical import simplifier
from pipeline.steps.rate.terms import Finder, fold

_QUOTES = frozenset("“”\"'‘’「」『』")


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch of a text, and the topic whose term it is; empty between terms."""

    text: str
    topic: str = ""


class Marker:
    """Finds the terms that say by themselves what an article is about, and those an article was rated by."""

    def __init__(self, scope: Scope, further: Iterable[str] = ()) -> None:
        self._topics = {fold(term): "与主题有关" for term in further}
        for topic in scope.topics:
            for terms in topic.terms.values():
                self._topics |= {fold(term): topic.name for term in terms}
        self._finder = Finder([*self._topics, *(fold(term) for term in scope.ignore)])

    def marked(self, text: str) -> tuple[Marked, ...]:
        """The text in stretches, which together are the text."""
        return tuple(self._stretches(text))

    def _stretches(self, text: str) -> Iterator[Marked]:
        folded, places = _folded(text)
        last = 0
        for at, term in self._finder.find(folded):
            if term not in self._topics:
                continue
            start, end = places[at], places[at + len(term) - 1] + 1
            if last < start:
                yield Marked(text[last:start])
            yield Marked(text[start:end], self._topics[term])
            last = end
        if last < len(text):
            yield Marked(text[last:])


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as terms are looked up in it, and where each of its characters stands in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if letter in _QUOTES:
            continue
        for one in unicodedata.normalize("NFKC", letter).lower():
            if one.isspace():
                beside = (*letters[-1:], text[place + 1 : place + 2])
                if letters[-1:] == [" "] or any(not each.isascii() for each in beside):
                    continue
                one = " "
            letters.append(one)
            places.append(place)
    plain = "".join(letters)
    simple = simplifier().convert(plain)
    return (simple if len(simple) == len(plain) else plain), places
