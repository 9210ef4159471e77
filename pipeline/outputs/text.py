"""Text and addresses made safe to print, the same for every output."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

from pipeline.model import digest

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # outside XML 1.0, surrogates, C1 controls
    "|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"  # bidi controls and what has no width
    "|[\ufdd0-\ufdef]"  # noncharacters
)
_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_UNSAFE = re.compile(r"[\s<>\"{}|\\^`]")
_JOINT = 0.2  # squares
_CAPITAL = 0.2  # squares by which a capital letter is wider than the others
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 reserved characters, and % so that nothing is encoded twice


def clean(text: str) -> str:
    """`text` as one line of characters that XML 1.0 allows, without bidi controls and zero-width spaces."""
    if not text.isprintable():  # most is, and holds nothing of either kind: a ninth of the time
        text = _BREAKS.sub(" ", _UNPRINTABLE.sub("", text))
    return text.strip()


def live_address(url: str) -> str:
    """`url` as the target of a link, non-ASCII percent-encoded; empty when it must not become a live link."""
    if _UNSAFE.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises on a port that is none
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or parts.username is not None:
        return ""
    return quote(url, safe=_URL_SAFE)


def labelled(mark: str, text: str) -> str:
    """The text of a list's item behind its mark; a full-width mark brings its own space: （1）临床生化, but 2. 影像."""
    mark, text = clean(mark), clean(text)
    return f"{mark} {text}" if mark[-1:].isascii() and mark else f"{mark}{text}"


def slug(name: str) -> str:
    """A name for folders, addresses and headers: itself where it is plain ASCII, else what stands for it alone."""
    return name if _PLAIN_NAME.fullmatch(name) else f"x{digest(name)[:12]}"


@lru_cache(maxsize=1 << 14)
def is_wide(char: str) -> bool:
    """Whether a character takes a full square in Chinese type: “ ” … — do."""
    return unicodedata.east_asian_width(char) in "WF" or char in "“”‘’…—·×"


def em(text: str) -> float:
    """The width of `text` in squares: 1 for Chinese characters, 1/2 for the others."""
    return sum(1.0 if is_wide(char) else 0.5 for char in text)


def advances(text: str) -> list[float]:
    """How wide `text` is up to each of its characters, in squares, set with a gap between Chinese and Latin."""
    steps, last, last_wide, at = [0.0], " ", False, 0.0
    for char in text:
        wide = is_wide(char)
        at += 1.0 if wide else 0.5 + (_CAPITAL if "A" <= char <= "Z" else 0.0)
        if wide != last_wide and not (last.isspace() or char.isspace()):
            at += _JOINT
        steps.append(at)
        last, last_wide = char, wide
    return steps
