"""Which lines of an article are on topic, and the part of it that a reader would cut out.

Sections come from the article's own divisions where it has any (场景1 … 场景2, 一、… 二、, sub-headings): whole
sections are taken, heading first. Else they are runs of relevant lines, found as the runs of greatest gain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.steps.rate.evidence import ON_TOPIC, Sentence

_PASSAGE = 200  # characters; a shorter run of relevant lines is a mention, not a section
_OFF_TOPIC = 0.7  # what a character off topic costs a section; with .5, the section of 636 item 3 swallows its lead
_SECTION = 0.4  # with this share on topic a division of the article is taken whole
_TAIL = 0.25  # a larger part of it than this, off topic at its end, is cut off
_HEADING = 40  # characters; a longer line is no heading
_LONGEST = 0.85  # of the article; what is longer than this is no excerpt

_NUMBERS = "一二三四五六七八九十"
_ENUMERATED = re.compile(
    rf"^(?P<word>[\u4e00-\u9fff(]{{0,3}}?)(?P<number>\d{{1,2}}|[{_NUMBERS}])(?P<after>[、.是)篇部章节:]|\s?)"
)
_ENDS = "。!?;:,、"


def passages(read: Sequence[Sequence[Sentence]]) -> tuple[float, tuple[int, ...]]:
    """The share of characters that stand in lines on topic, and the lines of the sections on topic."""
    lengths = [sum(one.length for one in line) for line in read]
    relevant = [_is_relevant(line) for line in read]
    share = sum(n for n, yes in zip(lengths, relevant, strict=True) if yes) / max(1, sum(lengths))
    texts = ["".join(one.text for one in line) for line in read]
    found = _divisions(texts, lengths, relevant) or _runs_with_heads(texts, lengths, relevant)
    lines = [index for start, end in found for index in range(start, end) if lengths[index]]
    if sum(lengths[index] for index in lines) > sum(lengths) * _LONGEST:
        return share, ()
    return share, tuple(lines)


def _is_relevant(line: Sequence[Sentence]) -> bool:
    """Whether a line is on topic: a third of its characters are, or a strong term comes every 150 characters."""
    length = sum(one.length for one in line)
    on_topic = sum(one.length for one in line if one.relevance >= ON_TOPIC)
    return 0 < length <= max(on_topic * 3, sum(one.relevance for one in line) * 50)


def _is_heading(text: str) -> bool:
    return 0 < len(text) <= _HEADING and text[-1] not in _ENDS


def _divisions(texts: Sequence[str], lengths: Sequence[int], relevant: Sequence[bool]) -> list[tuple[int, int]]:
    """The article's own sections that are on topic, first and past the last line; none where it has no divisions."""
    starts = _enumerated(texts) or [index for index, text in enumerate(texts) if _is_heading(text)]
    if len(starts) < 2:
        return []
    found = []
    for start, end in pairwise([*starts, len(texts)]):
        while end > start and not lengths[end - 1]:
            end -= 1
        whole = sum(lengths[start:end])
        tail = next((i for i in range(end, start, -1) if relevant[i - 1]), start)
        on_topic = sum(lengths[i] for i in range(start, end) if relevant[i])
        if sum(lengths[tail:end]) > whole * _TAIL:
            end = tail
        if on_topic >= max(_PASSAGE / 2, whole * _SECTION):
            found.append((start, end))
    return found if sum(lengths[i] for start, end in found for i in range(start, end)) >= _PASSAGE else []


def _enumerated(texts: Sequence[str]) -> list[int]:
    """The lines that count the sections, 1, 2, 3 …, of the first series that does; nothing when none does."""
    series: dict[tuple[str, str, bool], list[int]] = {}
    for index, text in enumerate(texts):
        if found := _ENUMERATED.match(text):
            number = found["number"]
            value = int(number) if number.isdigit() else _NUMBERS.index(number) + 1
            if not found["after"].strip() and (not found["word"] or len(text) > _HEADING):
                continue  # 2023 年 …, 一名患者 …: a number, not a heading
            met = series.setdefault((found["word"], found["after"].strip(), number.isdigit()), [])
            if value == len(met) + 1:
                met.append(index)
    return next((met for met in series.values() if len(met) >= 2), [])


def _runs_with_heads(texts: Sequence[str], lengths: Sequence[int], relevant: Sequence[bool]) -> list[tuple[int, int]]:
    """Runs of relevant lines, each with the sub-heading it stands under and without one that heads what follows."""
    gains = [n if yes else -_OFF_TOPIC * n for n, yes in zip(lengths, relevant, strict=True)]
    found = []
    before = 0
    for start, end in _runs(gains):
        above = next((i for i in range(start - 1, before - 1, -1) if lengths[i]), -1)
        if above >= 0 and _is_heading(texts[above]):
            start = above
        while end > start + 1 and (not lengths[end - 1] or _is_heading(texts[end - 1])):
            end -= 1
        found.append((start, end))
        before = end
    return found


def _runs(gains: Sequence[float]) -> list[tuple[int, int]]:
    """The runs of lines, first and past the last, that gain at least `_PASSAGE`, in order."""
    found: list[tuple[int, int]] = []
    total = peak = 0.0
    start = end = 0
    for index, gain in enumerate([*gains, -math.inf]):
        if total <= 0:
            total, peak, start = 0.0, 0.0, index
        total += gain
        if total > peak:
            peak, end = total, index + 1
        elif total <= max(0.0, peak - _PASSAGE):
            if peak >= _PASSAGE:
                found.append((start, end))
            total = 0.0
    return found
