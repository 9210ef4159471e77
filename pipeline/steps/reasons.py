"""Reasons as an editor looks through them: the leads that were passed over, by reason, and why one verdict is so."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.model import Coverage, Fate, Match, Opinion, Precedent, Rating

TAKEN = (Fate.INCLUDED, Fate.STANDBY)
"""The fates of leads that are in the draft, printed or waiting; all others were passed over."""
_GAP = "…"  # as `Match.term` puts it
_MOST_SENTENCES = 8
_AROUND = 32  # characters on either side of what was found, so that a sentence fits two lines of a terminal


@dataclass(frozen=True, slots=True)
class Passed:
    """A lead that was passed over."""

    lead: int
    fate: Fate
    ground: str = ""
    because: str = ""
    score: float | None = None
    """`None` for what was never rated."""
    title: str = ""
    outlet: str = ""
    date: dt.date | None = None
    url: str = ""
    handle: str = ""
    """Of the candidate it stands for, if it does."""

    @property
    def group(self) -> str:
        """Where an editor finds it: 无关·与北京无关, 重复."""
        return f"{self.fate.chinese}·{self.ground}" if self.ground else self.fate.chinese


@dataclass(frozen=True, slots=True)
class Heap:
    """Leads that were passed over for one reason."""

    group: str
    count: int
    """How many there are, shown or not."""
    leads: tuple[Passed, ...]
    """Nearest misses first."""


def heaped(passed: Iterable[Passed]) -> list[Heap]:
    """What was passed over, by reason: in the order of fates, larger heaps first, nearest misses first."""
    found: dict[str, list[Passed]] = {}
    for one in passed:
        found.setdefault(one.group, []).append(one)
    order = list(Fate)
    heaps = sorted(found.items(), key=lambda heap: (order.index(heap[1][0].fate), -len(heap[1]), heap[0]))
    return [
        Heap(group, len(leads), tuple(sorted(leads, key=lambda one: (-(one.score or 0.0), -one.lead))))
        for group, leads in heaps
    ]


@dataclass(frozen=True, slots=True)
class Tie:
    """Another article that is told of the same thing, and how that is known."""

    relation: str
    score: float
    """0 where an editor said so."""
    because: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that led to the verdict on one article."""

    title: str
    url: str
    outlet: str
    date: dt.date | None
    fate: Fate | None
    """`None` when the window's run did not meet it."""
    because: str
    rating: Rating | None
    """`None` for what was never read."""
    handle: str = ""
    position: int = 0
    """In the contents, from 1; 0 for what is not printed."""
    under: str = ""
    """The title of the candidate it is folded under."""
    page: tuple[str, ...] = ()
    """How the page was read, and what is to be watched in it."""
    ties: tuple[Tie, ...] = ()
    suspected: tuple[Tie, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    opinions: tuple[Opinion, ...] = ()


def told(why: Why) -> list[tuple[str, list[str]]]:
    """The reasons under their headings, in the order in which they came about; headings without any are left out."""
    sections: list[tuple[str, list[str]]] = [("判定", [_verdict(why)])]
    if rating := why.rating:
        hits = [one for one in rating.matches if not one.against]
        sections += [
            ("得分", [" → ".join(f"{one.name} {one.value:.2f}" for one in rating.parts)] if rating.parts[1:] else []),
            ("理由", list(rating.because)),
            ("命中", in_sentences(hits)),
            ("近似而非", in_sentences([one for one in rating.matches if one.against])),
            ("体裁", [rating.genre.chinese]),
            ("主题", ["、".join(rating.topics)] if rating.topics else []),
        ]
    sections += [
        ("页面", list(why.page)),
        ("关联", [_tie(one) for one in why.ties]),
        ("疑似", [_tie(one) for one in why.suspected]),
        ("往期", [_covered(one) for one in _once(why.coverage)]),
        ("先例", [one.chinese for one in why.precedents if not _covers(why.coverage, one)]),
        ("参考意见", [f"{one.classifier} {one.score:.2f} {one.because}".rstrip() for one in why.opinions]),
    ]
    return [(heading, lines) for heading, lines in sections if lines]


def _verdict(why: Why) -> str:
    fate = why.fate.chinese if why.fate else "未列入本窗口"
    place = f"第{why.position}条" if why.position else why.handle
    score = f"得分 {why.rating.score:.2f}" if why.rating else ""
    verdict = " ".join(one for one in (fate, place, score) if one)
    if why.under:
        return f"{verdict}，折叠于《{why.under}》"
    known = "；".join(why.rating.because) if why.rating else ""
    return f"{verdict}：{why.because}" if why.because and why.because != known else verdict


def _once(coverage: Sequence[Coverage]) -> list[Coverage]:
    """Each item of an earlier issue by its strongest relation only; several articles of a story may have one each."""
    found: dict[tuple[str, int, int], Coverage] = {}
    for one in coverage:
        found.setdefault((one.series, one.number, one.position), one)
    return list(found.values())


def _covers(coverage: Sequence[Coverage], precedent: Precedent) -> bool:
    """Whether the decision is the very item that is told of as an earlier issue's."""
    place = (precedent.series, precedent.number, precedent.title)
    return precedent.included and place in {(one.series, one.number, one.title) for one in coverage}


def _covered(one: Coverage) -> str:
    because = f"（{one.because}）" if one.because else ""
    return f"{one.place}《{one.title}》：{one.relation.chinese} {one.score:.2f}{because}"


def _tie(tie: Tie) -> str:
    because = f"（{tie.because}）" if tie.because else ""
    score = f" {tie.score:.2f}" if tie.score else ""
    return f"{tie.relation}{score}《{tie.title}》{because} {tie.url}"


def in_sentences(matches: Sequence[Match]) -> list[str]:
    """The terms that were found, marked in their sentences, each sentence once: 导语 打通【电子病历】."""
    found: dict[tuple[str, str], list[Match]] = {}
    for one in matches:
        found.setdefault((one.where, one.sentence), []).append(one)
    lines: list[str] = []
    for (where, sentence), some in found.items():
        topics = "、".join(dict.fromkeys(one.topic for one in some if one.topic))
        lines.append(f"{where} {marked(sentence, [one.term for one in some])}" + (f"（{topics}）" if topics else ""))
    more = len(lines) - _MOST_SENTENCES
    return lines if more <= 0 else [*lines[:_MOST_SENTENCES], f"……另有 {more} 句"]


def marked(sentence: str, terms: Sequence[str]) -> str:
    """A sentence with the terms in 【】, cut to what stands around them; those written otherwise there come after."""
    terms = [part for term in terms for part in term.split(_GAP)]  # 医院…平台: two words, and something between them
    names = sorted(set(terms), key=lambda term: (-len(term), term))
    pattern = re.compile("|".join(map(re.escape, names)) or "(?!)", re.IGNORECASE)
    spots = list(pattern.finditer(sentence))
    there = {spot[0].lower() for spot in spots}
    others = [one for one in dict.fromkeys(terms) if one.lower() not in there]
    also = f"【{'、'.join(others)}】" if others else ""
    start = max(0, spots[0].start() - _AROUND) if spots else 0
    end = min(len(sentence), (spots[-1].end() if spots else _AROUND) + _AROUND)
    shown = pattern.sub(lambda spot: f"【{spot[0]}】", sentence[start:end])
    return ("……" if start else "") + shown + ("……" if end < len(sentence) else "") + also
