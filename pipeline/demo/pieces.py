"""What the demo's sites publish: pieces of news, and those that are kept in `pages/*.txt`.

A file of `pages/` holds the pieces of one site, each between a line `# address` and the next one::

    # https://beijing.qianlong.com/2024/0603/8274101.shtml
    title: …
    date: 2024-06-03 09:12        (or a day alone, or missing: an undated page)
    outlet: 千龙网                 (what the page prints as 来源; missing: it prints none)
    why: what the page is there to try

    a paragraph a line; `## ` begins a sub-heading

"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.model import Block, Kind

_PAGES = Path(__file__).parent / "pages"
_FIELDS = frozenset({"title", "date", "outlet", "why"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of news as its outlet has it, before any page is made of it."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    outlet: str = ""
    """What the page prints as 来源; empty when it prints none."""
    date: dt.date | None = None
    time: dt.time | None = None
    source_title: str = ""
    """The headline it had elsewhere, which 千龙网 prints above the text (来源标题)."""
    why: str = ""
    """What a self-written piece is there to try."""

    @property
    def host(self) -> str:
        """The site it stands on."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """Where it stands on its site."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def when(self) -> str:
        """The date as pages print it: `2024-06-03 09:12`, `2024-06-03`, or nothing."""
        day = self.date.isoformat() if self.date else ""
        return f"{day} {self.time:%H:%M}" if self.time else day

    @property
    def text(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(line for line in (block.plain for block in self.blocks) if line)


@cache
def written() -> tuple[Piece, ...]:
    """The self-written pieces, in the order of the files; raises `UsageError` at a line that cannot be read."""
    return tuple(piece for path in sorted(_PAGES.glob("*.txt")) for piece in _read(path))


def _read(path: Path) -> Iterator[Piece]:
    url, lines = "", list[tuple[int, str]]()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("# "):
            if url:
                yield _piece(path, url, lines)
            url, lines = line[2:].strip(), []
        elif line.strip():
            lines.append((number, line.strip()))
    yield _piece(path, url, lines)


def _piece(path: Path, url: str, lines: list[tuple[int, str]]) -> Piece:
    fields: dict[str, str] = {}
    blocks: list[Block] = []
    for number, line in lines:
        key, colon, value = line.partition(": ")
        if colon and key in _FIELDS and not blocks:
            fields[key] = value
        elif line.startswith("## "):
            blocks.append(Block(Kind.HEADING, line[3:], level=1))
        elif line.isascii():
            raise UsageError(f"{path.name}:{number}: {line!r} is neither a field nor Chinese text")
        else:
            blocks.append(Block(Kind.PARAGRAPH, line))
    if not blocks or "title" not in fields:
        raise UsageError(f"{path.name}: {url}: a piece needs a title and a text")
    day, _, time = fields.get("date", "").partition(" ")
    return Piece(
        url=url,
        title=fields["title"],
        blocks=tuple(blocks),
        outlet=fields.get("outlet", ""),
        date=dt.date.fromisoformat(day) if day else None,
        time=dt.time.fromisoformat(time) if time else None,
        why=fields.get("why", ""),
    )
