"""Punctuation and spaces as Chinese print has them.

All functions but the last leave Latin text, numbers and addresses alone and are idempotent. They serve web pages and
hand-made issues alike: the text of issue 636 carries 204 half-width commas and 102 straight quotes, 535 has
99 spaces between Han characters and digits that its conversion inserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from pipeline.steps.canonical import HAN

_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_KEPT = re.compile(r"(?:https?|ftp)://[!-~]+|\bwww\.[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_MASK = "\x00"  # stands for an address while the marks around it change
_FULL = str.maketrans(",;:?!()", "，；：？！（）")
_CLOSES = "”’）》〉】〕」』、。，；：？！…—％℃"
_OPENS = "“‘（《〈【〔「『"

_BRACKETS = re.compile(r"\(([^()]{0,200})\)")
_ELLIPSIS = r"(?:\.{3,}|。{3,}|·{3,}|…+)"
_DOTS = re.compile(rf"(?<=[{HAN}”’）》])\s?{_ELLIPSIS}|{_ELLIPSIS}(?=[{HAN}“])")
_DASHES = re.compile(rf"(?<=[{HAN}”）》])-{{2,}}(?=[{HAN}“（《])")
_MARK = re.compile(r" *([,;:?!]+) *")
_LAST_STOP = re.compile(rf"(?<=[{HAN}”）》])\.(?=[”’\"）]?\s*$)")
_AFTER_MARK = re.compile(rf"(?<=[，。；：？！、]) +(?=[{HAN}\d“‘（《])")

_ROLES = (
    "记者|通讯员|见习记者|实习记者|特约记者|实习生|编辑|作者|摄影|摄像|责编|撰文|撰稿|"
    "校对|审核|编审|制图|主编|策划|文|图|文/图|图/文"
)
_ENDS_IN_ROLE = re.compile(rf"(?:{_ROLES})$")
_IS_SIGNATURE = re.compile(r"^(?:摄|摄影|供图|图|文|绘|制图|报道|整理|编辑|本报记者|实习记者|记者|通讯员|\w{1,5}报道)$")
_RUN_ON = re.compile(rf"[{HAN}]+(?: {{1,2}}[{HAN}]+)+")
_BEFORE_DIGIT = re.compile(rf"(?<=[{HAN}“（《])(?<![电讯])[ \xa0]{{1,2}}(?=[\d“”（）《》%])")
_AFTER_DIGIT = re.compile(rf"(?<![A-Za-z\d+.-])(\d[\d.,:×~—–-]*[%％]?)[ \xa0]{{1,2}}(?=[{HAN}”）》])")
_AFTER_CLOSE = re.compile(rf"(?<=[”）》])[ \xa0]{{1,2}}(?=[{HAN}”）》])")
_SENTENCE = re.compile("[。，；！？,;]")


def is_chinese(text: str) -> bool:
    """Whether Chinese punctuation rules hold: at least a fifth of the letters are Han characters."""
    han = len(_HAN.findall(text))
    return han > 0 and han * 4 >= len(_LATIN.findall(text))


def full_width_punctuation(text: str) -> str:
    """Half-width punctuation of a Chinese text as full-width, straight quotes as “ ”, dots as ……."""
    if not is_chinese(text):
        return text
    text = text.replace(_MASK, "")
    kept = iter(_KEPT.findall(text))
    text = _KEPT.sub(_MASK, text)
    text = _DOTS.sub("……", text)
    text = _DASHES.sub("——", text)
    text = _quotes(text)
    text = _BRACKETS.sub(_bracket, text)
    text = _MARK.sub(_mark, text)
    text = _LAST_STOP.sub("。", text)
    text = _AFTER_MARK.sub("", text)
    return re.sub(_MASK, lambda _: next(kept), text)


def _beside(text: str, start: int, end: int) -> tuple[str, str]:
    return text[max(0, start - 8) : start].rstrip(" ")[-1:], text[end : end + 8].lstrip(" ")[:1]


def _chinese_side(before: str, after: str) -> bool:
    left = before and (_HAN.match(before) or before in _CLOSES)
    right = after and (_HAN.match(after) or after in _OPENS)
    return bool(left or right)


def _mark(found: re.Match[str]) -> str:
    text, mark = found.string, found[1]
    before, after = _beside(text, found.start(), found.end())
    if not _chinese_side(before, after) or (mark == ":" and after in ("/", "\\")):
        return found[0]
    if not before or (before.isascii() and mark[0] in ":?!" and not _HAN.match(after)):
        return found[0]
    return mark.translate(_FULL)


def _bracket(found: re.Match[str]) -> str:
    before, after = _beside(found.string, found.start(), found.end())
    if _HAN.search(found[1]) or _chinese_side(before, after):
        return f"（{found[1].strip(' ')}）"
    return found[0]


def _quotes(text: str) -> str:
    for straight, (left, right) in {'"': ("“", "”"), "'": ("‘", "’")}.items():
        if straight not in text:
            continue
        if straight == "'" and re.search(r"[A-Za-z]'|'[A-Za-z\d]|\d'", text):
            continue  # an apostrophe
        paired = text.count(straight) % 2 == 0
        pieces: list[str] = []
        opened = False
        for index, char in enumerate(text):
            if char != straight:
                if char in (left, right):  # a text that mixes both kinds: “蹭了蹭"
                    opened = char == left
                pieces.append(char)
                continue
            before, after = _beside(text, index, index + 1)
            if not paired:  # a page break cut the other one off: look at what stands beside
                if not before or before in "，：；、（《(,:;":
                    opened = False
                elif not after or after in "，；、）),;":
                    opened = True
            pieces.append(right if opened else left)
            opened = not opened
        text = "".join(pieces)
    return text


def has_conversion_spaces(paragraphs: Iterable[str]) -> bool:
    """Whether spaces stand between Han characters and digits throughout: a conversion or a style put them there.

    Four places and three in ten of all such boundaries; a hand-set text has one here and there (新华社电 2月28日).
    """
    spaced = whole = 0
    for text in paragraphs:
        spaced += len(_SPACED.findall(text))
        whole += len(_BOUNDARY.findall(text))
    return spaced >= 4 and spaced * 10 >= whole * 3


_BOUNDARY = re.compile(rf"[{HAN}] ?(?=\d)|\d ?(?=[{HAN}])")
_SPACED = re.compile(rf"[{HAN}] (?=\d)|\d (?=[{HAN}])")


def join_conversion_spaces(text: str) -> str:
    """A paragraph without the spaces a conversion put between Han characters, or between them and digits.

    Kept where a space says something: between names and roles (记者 郭彦伟, 曹政 摄), in a line without any
    sentence punctuation (a headline, a caption: the space parts two clauses), in an enumeration by spaces.
    """
    if " " not in text and "\xa0" not in text:
        return text
    text = _AFTER_DIGIT.sub(r"\1", _BEFORE_DIGIT.sub("", text))
    text = _AFTER_CLOSE.sub("", text)
    if not _SENTENCE.search(text):
        return text
    return _RUN_ON.sub(_join, text)


def _join(found: re.Match[str]) -> str:
    parts = re.split(r" {1,2}", found[0])
    kept = [bool(_ENDS_IN_ROLE.search(left) or _IS_SIGNATURE.match(right)) for left, right in pairwise(parts)]
    for index in [*range(1, len(kept)), *reversed(range(len(kept) - 1))]:
        beside = kept[index - 1] if index and kept[index - 1] and len(parts[index]) <= 4 else False
        ahead = index + 1 < len(kept) and kept[index + 1] and len(parts[index + 1]) <= 4
        if (beside and len(parts[index + 1]) <= 6) or (ahead and len(parts[index]) <= 4):
            kept[index] = True
    if len(parts) >= 4 and max(map(len, parts)) <= 6:
        return found[0]
    whole = parts[0]
    for part, keep in zip(parts[1:], kept, strict=True):
        whole += f" {part}" if keep else part
    return whole


def unbroken(parts: Iterable[str]) -> str:
    """Lines of one sentence or title as one; a space only where Latin words meet, not inside a number."""
    whole = ""
    for part in parts:
        latin = re.search(r"[A-Za-z0-9,.;:]$", whole) and re.match("[A-Za-z0-9]", part)
        inside = re.search(r"\d[,.]?$", whole) and part[:1].isdigit()
        whole += f" {part}" if latin and not inside else part
    return whole
