"""Two lines of text as one, with what was taken away and what was added marked plainly: 〔删：…〕〔增：…〕."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import takewhile

_LEAST_SAME = 2  # characters; a single one that happens to stay parts a change into crumbs
_AROUND = 12  # characters of what stays that are shown beside a change
_MOST = 3_000  # characters compared letter by letter; the time grows with the square


def marked(before: str, after: str) -> str:
    """What became of `before`, what stays of it shortened to what stands around the changes."""
    found = pieces(before, after)
    told = []
    for place, (same, gone, new) in enumerate(found):
        if same:
            told.append(_short(same, head=place == 0, tail=place == len(found) - 1))
        else:
            told.append((f"〔删：{gone}〕" if gone else "") + (f"〔增：{new}〕" if new else ""))
    return "".join(told)


def pieces(before: str, after: str) -> list[tuple[str, str, str]]:
    """What stays, or what is gone and what is new in its place, in order."""
    if max(len(before), len(after)) > _MOST:
        head = _same(before, after)
        tail = _same(before[head:][::-1], after[head:][::-1])
        old, new = before[head : len(before) - tail], after[head : len(after) - tail]
        parts = ((before[:head], "", ""), ("", old, new), (before[len(before) - tail :], "", ""))
        return [one for one in parts if any(one)]
    pieces: list[tuple[str, str, str]] = []
    for kind, start, end, begin, finish in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = before[start:end], after[begin:finish]
        inside = start > 0 and end < len(before)
        if kind == "equal" and (len(old) >= _LEAST_SAME or not inside):
            pieces.append((old, "", ""))
        elif pieces and not pieces[-1][0]:
            pieces[-1] = ("", pieces[-1][1] + old, pieces[-1][2] + new)
        else:
            pieces.append(("", old, new))
    return pieces


def _same(a: str, b: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _short(same: str, *, head: bool, tail: bool) -> str:
    before, after = (0 if head else _AROUND), (0 if tail else _AROUND)
    if len(same) <= before + after + 2:
        return same
    return f"{same[:before]}……{same[-after:] if after else ''}"
