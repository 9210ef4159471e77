"""What editors did with the most similar articles in earlier issues.

Likeness is the cosine of two heads, the words of title and lead, each word weighing by how rare it is: in news at
large and, the more there are, among the articles that were decided about. In a bulletin about hospitals every head
has 医院 and 平台, and only 护理 or 医保 tells what one is about. An article is held against 40 others at most,
those that share most with its rarest words, so that ten years of issues cost no more than one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.model import Document, Draft, Issue, Precedent, Ruling, Window
from pipeline.steps.dedupe.events import head_of, shipped

MOST = 3
"""How many earlier decisions are told of one article."""
_LEAST = 0.2  # cosine; below it two heads share the field's common words and nothing else
_RAREST = 16  # words of a head by which others are looked up
_READ = 40  # heads that are then compared word by word
_PRIOR = 20.0  # heads; a word's share in news at large counts as much as its share among so many


def rulings(issue: Issue, draft: Draft, reasons: Mapping[str, str]) -> list[Ruling]:
    """What an issue that goes out decides: the items it prints, and what an editor put out of it.

    `reasons` are those an editor wrote, by handle. What merely waited is no decision.
    """
    printed = [(one.handle, True, Document(one.handle, one.title, one.text)) for one in issue.items]
    out = [
        (one.handle, False, Document(one.handle, one.article.title, one.article.text))
        for one in draft.candidates
        if one.handle in draft.excluded and one.handle not in draft.chosen
    ]
    return [
        Ruling(
            handle,
            tuple(sorted(head_of(document).words)),
            Precedent(issue.series, issue.window, document.title, taken, 0.0, reasons.get(handle, ""), issue.number),
        )
        for handle, taken, document in [*printed, *out]
    ]


class Precedents:
    """Earlier decisions, to be looked up by what an article is about."""

    def __init__(self, decided: Iterable[Ruling], before: Window) -> None:
        self._rulings = [one for one in decided if one.precedent.window.end < before.end]
        self._places: dict[str, list[int]] = {}
        for place, one in enumerate(self._rulings):
            for word in one.words:
                self._places.setdefault(word, []).append(place)
        self._sizes = [self._size(one.words) for one in self._rulings]

    def nearest(self, document: Document, series: str = "") -> tuple[Precedent, ...]:
        """The decisions about the most similar articles, nearest first; among equals those of `series`."""
        words = head_of(document).words
        found: dict[int, float] = {}
        for word in sorted(words & self._places.keys(), key=lambda word: (-self._weight(word), word))[:_RAREST]:
            for place in self._places[word]:
                found[place] = found.get(place, 0.0) + self._weight(word) ** 2
        size = self._size(sorted(words))
        told: list[Precedent] = []
        for place in sorted(found, key=lambda place: (-found[place], place))[:_READ]:
            shared = math.fsum(self._weight(word) ** 2 for word in self._rulings[place].words if word in words)
            likeness = round(shared / (size * self._sizes[place]), 2)
            if likeness >= _LEAST:
                told.append(replace(self._rulings[place].precedent, likeness=likeness))
        return tuple(sorted(told, key=lambda one: (-one.likeness, one.series != series, -one.number))[:MOST])

    def _weight(self, word: str) -> float:
        among = len(self._places.get(word, ()))
        share = (among + _PRIOR * shipped().share(word)) / (len(self._rulings) + _PRIOR)
        return -math.log(min(share, 1.0))

    def _size(self, words: Sequence[str]) -> float:
        return math.sqrt(math.fsum(self._weight(word) ** 2 for word in words)) or 1.0
