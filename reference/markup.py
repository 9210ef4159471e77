"""Markdown out of values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """A text as code, whatever it holds."""
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def prose(text: str) -> str:
    """A text of the code's comments or docstrings as one paragraph: addresses are code, what is code stays it."""
    pieces = re.split(r"(`[^`]*`|[\w+.-]+://[^\s,;)]*(?<![.:]))", " ".join(text.split()))
    return "".join(
        piece if piece.startswith("`") else code(piece) if "://" in piece else _plain(piece) for piece in pieces
    )


def _plain(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>{}#|])", r"\\\1", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def sentence(text: str) -> str:
    """A remark as a sentence: it begins large and ends in a point."""
    text = text.strip()
    if not text:
        return ""
    first = text[:1].upper() if re.match(r"[a-z]+([ ,;]|$)", text) else text[:1]
    return first + text[1:] + ("" if text[-1] in ".。！？:：" else "." if text[0].isascii() else "。")
