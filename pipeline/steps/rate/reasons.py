"""Why an article was rated as it was: the terms that counted, each in its sentence as the article has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.config import Scope
from pipeline.model import Match
from pipeline.steps.rate.evidence import Hit, Sentence, opening
from pipeline.steps.rate.terms import fold

_MATCHES = 8  # more than these nobody reads
_MISSES = 3  # of them against
_A_SENTENCE = 2  # matches out of one sentence of the body: the third says nothing new
_LONGEST = 160  # characters that are shown; what is longer is no sentence but a list or a broken page
_TOO_LONG = 2000  # characters; a longer "sentence" is not folded again to make sure of it
_WEIGHT = {"标题": 3.0, "导语": 1.5, "正文": 1.0}
_SENTENCE = re.compile(r"[^。！？；!?;]+[。！？；!?;]*[”’」』）)]*")  # as `evidence` parts them, before folding


@dataclass(frozen=True, slots=True)
class _Found:
    """A sentence of an article and where it stands."""

    where: str
    said: Sentence
    line: int = -1
    place: int = -1


def matches(
    scope: Scope, title: str, lines: Sequence[str], head: Sentence, read: Sequence[Sequence[Sentence]], against: bool
) -> list[Match]:
    """The terms that counted, strongest first, each once; where `against`, near misses after them.

    `title` and `lines` are as the article has them, `head` and `read` what their folded forms say.
    """
    found = list(_sentences(head, read))
    axes = " × ".join(axis.name for axis in scope.axes)
    misses = _strongest([(piece, hit) for piece in found for hit in piece.said.misses])[:_MISSES] if against else []
    used: dict[tuple[int, int], int] = {}
    chosen: list[Match] = []
    for one, hit in _strongest([(piece, hit) for piece in found for hit in piece.said.hits]):
        used[one.line, one.place] = used.get((one.line, one.place), 0) + 1
        if len(chosen) + len(misses) < _MATCHES and (one.line < 0 or used[one.line, one.place] <= _A_SENTENCE):
            chosen.append(Match(hit.term, one.where, _as_it_stands(one, hit, title, lines), hit.topic or axes))
    return chosen + [
        Match(hit.term, one.where, _as_it_stands(one, hit, title, lines), against=True) for one, hit in misses
    ]


def _strongest(found: Sequence[tuple[_Found, Hit]]) -> list[tuple[_Found, Hit]]:
    """Each term once, where it weighs most; the first of equals."""
    best: dict[str, tuple[_Found, Hit]] = {}
    for one, hit in sorted(found, key=lambda pair: -pair[1].weight * _WEIGHT[pair[0].where]):
        best.setdefault(hit.term, (one, hit))
    return list(best.values())


def _sentences(head: Sentence, read: Sequence[Sequence[Sentence]]) -> Iterator[_Found]:
    yield _Found("标题", head)
    lead = len(opening([one for line in read for one in line]))
    met = 0
    for line, sentences in enumerate(read):
        for place, one in enumerate(sentences):
            yield _Found("导语" if met < lead else "正文", one, line, place)
            met += 1


def _as_it_stands(found: _Found, hit: Hit, title: str, lines: Sequence[str]) -> str:
    term = fold(hit.term.split("…")[0])
    return clipped(title.strip(), term) if found.line < 0 else sentence_of(lines[found.line], term, found.place)


def sentence_of(line: str, term: str, place: int = -1) -> str:
    """The sentence of a line that holds a folded term: the one at `place`, else the first."""
    pieces = _SENTENCE.findall(line)
    likely = [pieces[place]] if 0 <= place < len(pieces) else []
    for piece in (*likely, *pieces):
        if len(piece) > _TOO_LONG or term in fold(piece):
            return clipped(piece.strip(), term)
    return clipped(line.strip(), term)


def clipped(sentence: str, term: str) -> str:
    """At most `_LONGEST` characters of a sentence, with the term among them."""
    if len(sentence) <= _LONGEST:
        return sentence
    at = sentence.lower().find(term)
    if at < 0 and len(sentence) <= _TOO_LONG:  # written otherwise: about where it stands in the folded sentence
        folded = fold(sentence)
        at = folded.find(term) * len(sentence) // max(1, len(folded))
    at = max(0, at)
    start = max(0, min(at - _LONGEST // 3, len(sentence) - _LONGEST))
    end = start + _LONGEST
    return ("……" if start else "") + sentence[start:end] + ("……" if end < len(sentence) else "")


def as_written_in(text: str, term: str) -> str:
    """A folded term as a text has it: AI医疗, where the scope has ai医疗."""
    if not any("a" <= char <= "z" for char in term):
        return term
    found = re.search(re.escape(term), text, re.IGNORECASE)
    return found[0] if found else term
