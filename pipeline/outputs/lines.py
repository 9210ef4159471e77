"""Where the lines of a paragraph end, told from the styles alone: no font is opened.

Chinese characters take full squares; Latin ones take what the fonts take that `fonts.conf` names, so that lines end
where LibreOffice ends them. Its rules were found by setting single lines: no punctuation hangs over the edge,
a dash or an ellipsis may be parted, an address breaks behind its slashes and hyphens, and one that is longer than a
line where the line is full.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

from pipeline.outputs.styles import Measure

# Advances of the characters from the space to ~, in thousandths of the size
_TIMES = """
250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 500 500 500 500 500 500 500 500 500 500 278 278 564
564 564 444 921 722 667 667 722 611 556 722 722 333 389 722 611 889 722 722 556 722 667 556 611 722 722 944 722 722
611 333 278 333 469 500 333 444 500 444 500 444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 278 500 500
722 500 500 444 480 200 480 541
"""
_TIMES_BOLD = """
250 333 555 500 500 1000 833 278 333 333 500 570 250 333 250 278 500 500 500 500 500 500 500 500 500 500 333 333 570
570 570 500 930 722 667 722 722 667 611 778 778 389 500 778 667 944 722 778 611 778 722 556 667 722 722 1000 722 722
667 333 278 333 581 500 333 500 556 444 556 444 333 500 556 278 333 556 278 833 556 500 556 556 444 389 333 556 500
722 500 500 444 394 220 394 520
"""
_SANS = """
227 370 574 590 590 963 740 325 378 378 507 590 325 370 325 387 590 590 590 590 590 590 590 590 590 590 325 325 590
590 590 514 1007 641 681 656 714 615 585 717 757 330 568 686 578 853 749 770 667 770 682 624 625 748 619 915 627 580
613 378 387 378 590 567 626 591 644 527 644 581 372 597 640 304 306 604 315 964 641 626 644 644 436 495 421 637 576
863 562 574 511 378 296 378 590
"""
_SERIF = """
250 355 447 615 589 966 803 235 400 400 485 603 335 370 335 400 593 466 594 593 593 594 594 588 594 596 335 335 603
603 603 473 970 746 708 702 789 666 648 757 864 426 428 767 642 1001 815 785 673 785 751 597 695 818 734 1091 726 701
627 372 400 372 603 593 447 585 672 565 658 572 402 596 687 349 335 651 355 1008 685 623 671 640 500 499 393 678 578
874 599 582 517 380 338 380 603
"""

_FACES = {"黑体": _SANS, "方正小标宋简体": _SERIF}
"""Chinese fonts that set Latin text too."""
_SIGNS = {"·": 0.25, "×": 0.564, "°": 0.4, "±": 0.549, "÷": 0.549, "é": 0.444, "’": 0.333}
_OTHERS = 0.5
_BULLET = 0.604  # ● in a Latin font, which has it where it starts a paragraph
_AMBIGUOUS = frozenset("“”‘’…—‰℃①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ→≥≤≈√●■★○◆•")
_TAB = 0.5  # points, the least that a right tab takes of a full line
_SPACE = 1 / 3  # of the size, in 仿宋
_WIDEST = 1.6  # of the size, more than any character takes with what is set before it
_HAIR = 0.02  # points, for lines that are full to the last twentieth
_GAP = 0.2  # of the size: what is set between a Chinese character and a Latin letter or digit

_NARROW = re.compile(r"(?:^[●■◆★○]+)?[\t\x20-\x7e\u00a0-\u04ff]+|(?<=[A-Za-z])’(?=[A-Za-z])")
_NO_START = frozenset(
    ":!),.:;?]}¢'\"、。〉》」』】〕〗〞︰︱︳﹐､﹒﹔﹕﹖﹗﹚﹜﹞！），．：；？｜｝︴︶︸︺︼︾﹀﹂﹄﹏～￠々‖•·ˇˉ―-′’”"
)
_NO_END = frozenset(
    "([{£¥'\"‵〈《「『〔〖【（［｛￡￥〝︵︷︹︻︽︿﹁﹃﹙﹛﹝“‘"
)  # both as LibreOffice has them for zh-CN
_CLOSED = frozenset("。，、”’）》」』】〕〉〗")  # no Latin letter or digit starts a line behind these
_OPENED = frozenset("（《“‘【「『〈…")  # nor do these start one behind them
_SHARES = frozenset("％℃‰")
_BREAKS = frozenset("/-|!?")
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"


class _Advances(dict[str, float]):
    """Character → its width in points, in one style."""

    def __init__(self, measure: Measure) -> None:
        face = _FACES.get(measure.latin, _TIMES_BOLD if measure.bold else _TIMES)
        super().__init__(
            (chr(code), int(share) / 1000 * measure.size + measure.pitch) for code, share in enumerate(face.split(), 32)
        )
        self["\t"] = _TAB
        self.after_chinese = 0.0 if measure.latin in _FACES else _SPACE * measure.size + measure.pitch - self[" "]
        """What a space behind a Chinese character takes more: it is of the Chinese font."""
        self._size, self._pitch = measure.size, measure.pitch

    def __missing__(self, char: str) -> float:
        share = 1.0 if is_square(char) else _SIGNS.get(char, _OTHERS)
        self[char] = share * self._size + self._pitch
        return self[char]


def is_square(char: str) -> bool:
    """Whether a character takes a full square between Chinese ones."""
    return char in _AMBIGUOUS or unicodedata.east_asian_width(char) in "WF"


_advances = lru_cache(maxsize=256)(_Advances)


def line_count(text: str, measure: Measure, width: float, first: float) -> int:
    """How many lines `text` fills in `width` points, the first after `first`; an empty paragraph fills one."""
    if len(text) * (_WIDEST * measure.size + 2 * abs(measure.pitch)) < width - first:
        return 1  # as every other cell of tables
    return len(line_starts(text, measure, width, first))


def line_starts(text: str, measure: Measure, width: float, first: float) -> list[int]:
    """Index in `text` at which each line starts."""
    widths = _advances(measure)
    advances = list(map(widths.__getitem__, text))
    before: dict[int, float] = {}
    """Places where Latin text begins or ends → what stands between: nothing where the line is cut."""
    for found in _NARROW.finditer(text):
        begin, end = found.span()
        if text[begin] in _AMBIGUOUS:  # a bullet before its space
            advances[0] -= (1 - _BULLET) * measure.size
        if text[begin] == " " and begin:
            advances[begin] += widths.after_chinese
        for at in (begin, end):
            if 0 < at < len(text):
                parted = text[at - 1].isalnum() and text[at].isalnum()
                before[at] = (_GAP * measure.size if parted else 0.0) - measure.pitch  # none after a stretch's last
                advances[at] += before[at]
    ends = list(accumulate(advances, initial=0.0))
    width += measure.pitch + _HAIR
    starts, start, room = [0], 0, width - first
    while True:
        limit = ends[start] + before.get(start, 0.0) + room
        end = bisect_right(ends, limit, start + 1) - 1
        if end >= len(text):
            return starts
        start = _break(text, start, max(end, start + 1))
        if start >= len(text):
            return starts
        starts.append(start)
        room = width


def _break(text: str, start: int, end: int) -> int:
    """Where the next line starts, when `text` fits from `start` up to `end`."""
    if _FIRST_HAN <= text[end - 1] <= _LAST_HAN and _FIRST_HAN <= text[end] <= _LAST_HAN:
        return end  # as two in three lines end
    if text[end].isspace():
        while end < len(text) and text[end].isspace():
            end += 1
        return end
    for at in range(end, start, -1):
        if _may_part(text[at - 1], text[at]):
            return at
    # nowhere, as in the cells of narrow tables: still no number is cut that would fit
    return next((at for at in range(end, start, -1) if is_square(text[at - 1]) or is_square(text[at])), end)


def _may_part(last: str, first: str) -> bool:
    if first in _NO_START or last in _NO_END:
        return False
    if (first.isascii() and first.isalnum() and last in _CLOSED) or (
        last.isascii() and last.isalnum() and first in _OPENED
    ):
        return False
    if (first.isdigit() and last == "％") or (last.isdigit() and first in _SHARES):
        return False
    if last.isspace() or is_square(last) or is_square(first):
        return True
    return (last in _BREAKS and first != last) or (first == "%" and not last.isdigit())
