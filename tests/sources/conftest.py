"""A web of a few documents to collect from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pipeline.errors import FetchError
from pipeline.model import Fetched, Page
from websites import Website

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=dt.UTC)


@dataclass
class Web:
    """A `Fetch` over documents in memory; remembers what it was asked."""

    documents: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    charset: str = ""
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        self.asked.append(url)
        final = self.moved.get(url, url)
        if final not in self.documents:
            raise FetchError(f"{url}：页面不存在（HTTP 404）")
        current = self.etags.get(final, "")
        if etag and etag == current:
            return Fetched(None, etag, modified)
        return Fetched(Page(final, self.documents[final], NOW, charset=self.charset), current)


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture
def website() -> Iterator[Website]:
    """A web site on loopback, and a fetcher that finds every host there."""
    with Website() as site:
        yield site
