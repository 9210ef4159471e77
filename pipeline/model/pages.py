"""Collecting: leads, pages, and what fetches them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lead:
    """A link somebody believes in: what a source says before the page was fetched."""

    source: str
    """The id of the source that gave it."""
    url: str
    """Absolute address as the source gave it; for a file without one, `file:` and its name."""
    title: str = ""
    published: str = ""
    """The date as the source printed it, unparsed."""
    outlet: str = ""
    path: str = ""
    """The local file that holds the page, for sources that read files; `PASTED` and a digest for pasted text."""


PASTED = "paste:"
"""What the path of a lead begins with whose page somebody pasted: what they said of it is not to be doubted."""


def public(url: str) -> str:
    """The address, unless only this desk knows it: a pasted text and a file have none that a reader could open."""
    return "" if url.startswith(("file:", PASTED)) else url


@dataclass(frozen=True, slots=True)
class Page:
    """What came back for a lead: bytes, undecoded."""

    url: str
    """The address after redirects."""
    body: bytes
    fetched: dt.datetime
    content_type: str = ""
    charset: str = ""
    """The charset the transport claimed; often wrong."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of the fetcher to a conditional request: a page, or "unchanged"."""

    page: Page | None
    """`None` when the server answered that nothing changed."""
    etag: str = ""
    modified: str = ""


class Fetch(Protocol):
    """Gets one address politely and safely, or raises `FetchError`."""

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """The page at `url`, unless it is unchanged; `limit` is in bytes, 0 for the configured cap."""
        ...


class Clock(Protocol):
    """Says what time it is; the only way the time comes in."""

    def __call__(self) -> dt.datetime:
        """An aware moment."""
        ...
