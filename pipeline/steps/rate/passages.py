"""Which lines of an article are on topic, and the sections they make."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.steps.rate.evidence import ON_TOPIC, Sentence

_PASSAGE = 200  # characters; a shorter run of relevant lines is a mention, not a section
_OFF_TOPIC = 0.7  # what a character off topic costs a section; with .5, the section of 636 item 3 swallows its lead


def passages(read: Sequence[Sequence[Sentence]]) -> tuple[float, tuple[int, ...]]:
    """The share of characters that stand in lines on topic, and the lines of the sections on topic."""
    lengths = [sum(one.length for one in line) for line in read]
    relevant = [_is_relevant(line) for line in read]
    share = sum(n for n, yes in zip(lengths, relevant, strict=True) if yes) / max(1, sum(lengths))
    gains = [n if yes else -_OFF_TOPIC * n for n, yes in zip(lengths, relevant, strict=True)]
    lines = [index for start, end in _sections(gains) for index in range(start, end)]
    return share, tuple(index for index in lines if lengths[index])


def _is_relevant(line: Sequence[Sentence]) -> bool:
    """Whether a line is on topic: a third of its characters are, or a strong term comes every 150 characters."""
    length = sum(one.length for one in line)
    on_topic = sum(one.length for one in line if one.relevance >= ON_TOPIC)
    return 0 < length <= max(on_topic * 3, sum(one.relevance for one in line) * 50)


def _sections(gains: Sequence[float]) -> list[tuple[int, int]]:
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
