"""Reprints: the same text again, perhaps cut, retitled or framed by another outlet.

MinHash finds, exact sets verify: 128 permutations in 32 bands of 4 rows over character 5-grams.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import islice

from rensa import RMinHash

SHINGLE = 5
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 535

_AT_ONCE = 200  # texts whose 5-grams are in memory together: about 100 kB each
_CONTAINED, _LENGTH_RATIO, _JACCARD = 0.8, 0.5, 0.5


def shingles(text: str) -> frozenset[str]:
    """The character 5-grams of a canonical text; none when it is shorter than one."""
    return frozenset([text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)])


def bands(texts: Iterable[str]) -> list[tuple[bytes, ...]]:
    """For each canonical text its 32 band keys, 17 bytes each; two texts that share one are worth comparing.

    A text shorter than a shingle has none: it can only be compared exactly.
    """
    found: list[tuple[bytes, ...]] = []
    waiting = iter(texts)
    while sets := [shingles(text) for text in islice(waiting, _AT_ONCE)]:
        digests: Sequence[Sequence[int]] = RMinHash.digests_from_token_sets(sets, _PERMUTATIONS, _SEED)
        found += [tuple(_keys(digest)) if tokens else () for tokens, digest in zip(sets, digests, strict=True)]
    return found


def _keys(digest: Sequence[int]) -> Iterable[bytes]:
    raw = array("I", digest).tobytes()
    size = len(raw) // _BANDS
    for band in range(_BANDS):
        yield bytes([band]) + raw[band * size : (band + 1) * size]


def overlap(a: frozenset[str], b: frozenset[str]) -> tuple[float, float, float]:
    """Containment of the smaller in the larger, Jaccard, and how their sizes compare (0 to 1)."""
    if not a or not b:
        return 0.0, 0.0, 0.0
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    common = len(small & large)
    return common / len(small), common / (len(small) + len(large) - common), len(small) / len(large)


def is_reprint(contained: float, jaccard: float, ratio: float) -> bool:
    """Whether an overlap means that one text is the other, cut or framed."""
    return (contained >= _CONTAINED and ratio >= _LENGTH_RATIO) or jaccard >= _JACCARD
