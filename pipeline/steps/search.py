"""What is asked of the archive, and where it stands in what is found.

Texts and questions are folded alike: full and half width, capitals and small letters, traditional and simplified
characters are the same, and whatever is no letter or digit is a blank. A question is words with blanks between them,
each of which must be found; a word is a phrase: its characters must stand together, though a mark may stand between
them. Words in quotation marks or 《》 are one phrase. A Latin word at the end of a phrase need not be typed to its end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipeline.grams import RUNS, terms
from pipeline.model import Issue, Passage, Phrase, Searchable, chinese_date
from pipeline.steps.canonical import clean_text, simplifier

_MAX_TERM = 64  # characters of a Latin word; what is longer is no word
_MAX_TERMS = 50_000  # of one text; PostgreSQL holds 1 MiB of them
_MAX_PHRASES = 12
_QUOTED = re.compile('["“”„«»《》「」『』]+')
_BEFORE = 24  # characters shown before the first hit


class _One(dict[str, str]):
    def __missing__(self, character: str) -> str:
        self[character] = one = unicodedata.normalize("NFKC", character).lower()
        return one


_ONE = _One()
"""A character → what it is to searches; never more than there are characters. A text a character takes 0.1 ms."""
_SENTENCE = re.compile(r"[。！？；\n]")


def searchable(issue: Issue) -> list[Searchable]:
    """The items of an issue as they are looked for."""
    found = []
    for position, item in enumerate(issue.items, start=1):
        title, outlet, text = clean_text(item.title), clean_text(item.outlet), clean_text(item.text)
        days = [item.date.isoformat(), chinese_date(item.date)] if item.date else []
        head = folded(title)
        whole = " ".join([head, *map(folded, (outlet, *days, text))])
        found.append(
            Searchable(
                position=position,
                title=title,
                outlet=outlet,
                date=item.date.isoformat() if item.date else "",
                url=clean_text(item.url),
                text=text,
                head=head,
                folded=whole,
                terms=_terms(whole),
            )
        )
    return found


def asked(question: str) -> list[Phrase]:
    """The phrases of a question, each once; none when there is nothing to look for in it."""
    wanted: dict[str, Phrase] = {}
    for place, part in enumerate(_QUOTED.split(question)):
        for word in [part] if place % 2 else part.split():
            if (text := folded(word)) and len(wanted) < _MAX_PHRASES:
                wanted.setdefault(text, _phrase(text))
    return list(wanted.values())


def folded(text: str) -> str:
    """A text as searches see it."""
    return _folded(text)[0]


def shown(text: str, phrases: Sequence[Phrase], length: int = 110) -> Passage:
    """The part of a text of about `length` characters that has most of what was asked for; its beginning else."""
    text = text.replace("\n", " ")
    hits = _hits(text, phrases)
    if not hits:
        return _cut(text, 0, length, [])
    best = max(hits, key=lambda hit: (len({which for a, _, which in hits if 0 <= a - hit[0] < length}), -hit[0]))[0]
    start = max(0, best - _BEFORE)
    if marks := [one.end() for one in _SENTENCE.finditer(text, max(0, best - 2 * _BEFORE), best)]:
        start = marks[-1]
    start += len(text[start:]) - len(text[start:].lstrip())
    return _cut(text, start, length, hits)


def marked(text: str, phrases: Sequence[Phrase]) -> Passage:
    """A whole text, with what was asked for."""
    return _cut(text, 0, len(text), _hits(text, phrases))


def _phrase(text: str) -> Phrase:
    last = text.rpartition(" ")[2]
    begins = last[:_MAX_TERM] if last.isascii() else ""
    return Phrase(text, _terms(text.removesuffix(last) if begins else text), begins)


def _terms(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[:_MAX_TERM] for one in terms(text)))[:_MAX_TERMS]


def _folded(text: str) -> tuple[str, list[int]]:
    """A text as searches see it, and where each character of it stands in the text."""
    characters = [*map(_ONE.__getitem__, text)]
    plain = _simplified("".join(characters))
    places: Sequence[int] = range(len(text))
    if len(plain) != len(text):
        places = [place for place, some in enumerate(characters) for _ in some]
    found: list[str] = []
    where: list[int] = []
    for run in RUNS.finditer(plain):
        if found:
            found.append(" ")
            where.append(places[run.start()])
        found.append(run[0])
        where += places[run.start() : run.end()]
    return "".join(found), where


def _simplified(text: str) -> str:
    """In simplified characters, as many as there were."""
    simple: str = simplifier().convert(text)
    if len(simple) == len(text):
        return simple
    return "".join(one if len(one := simplifier().convert(each)) == 1 else each for each in text)


def _hits(text: str, phrases: Sequence[Phrase]) -> list[tuple[int, int, int]]:
    """Where the phrases stand, as first place, place after the last, and which phrase; in order."""
    plain, where = _folded(text)
    found = []
    for which, phrase in enumerate(phrases):
        for start in _starts(plain, phrase.text):
            found.append((where[start], where[start + len(phrase.text) - 1] + 1, which))
    return sorted(found)


def _starts(plain: str, wanted: str) -> Iterator[int]:
    """Where a phrase begins; within a Latin word nothing does."""
    start = plain.find(wanted)
    while start >= 0:
        within = start > 0 and _latin(wanted[0]) and _latin(plain[start - 1])
        if not within:
            yield start
        start = plain.find(wanted, start + 1)


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _cut(text: str, start: int, length: int, hits: Sequence[tuple[int, int, int]]) -> Passage:
    end = min(len(text), start + length)
    pieces: list[tuple[str, bool]] = [("…", False)] if start > 0 else []
    at = start
    for first, last, _ in hits:
        if last > end or last <= at:
            continue
        if first > at:
            pieces.append((text[at:first], False))
        pieces.append((text[max(at, first) : last], True))
        at = last
    if at < end:
        pieces.append((text[at:end], False))
    if end < len(text):
        pieces.append(("…", False))
    return Passage(tuple(pieces))
