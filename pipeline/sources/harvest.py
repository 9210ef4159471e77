"""What every kind of source has in common: what it takes, what it gives, which links it lets through."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from pipeline import config
from pipeline.errors import FetchError, SourceError
from pipeline.model import Fetch, Fetched, Lead, Page, digest

_MAX_URL = 8192
_MAX_TITLE = 300
_MAX_DATE = 100
_LONG_TAG = re.compile(r"<[^<>]{16384,}")  # a picture within the page may be longer, but has few attributes
_MAX_ATTRIBUTES = 1000  # 100,000 on one tag hold feedparser for a minute and lxml for half a one
_MAX_TAGS = 500_000  # feedparser reads 100,000 in a second


@dataclass(frozen=True, slots=True)
class Memory:
    """What to ask a source's document with next time, so that an unchanged one is not sent again."""

    etag: str = ""
    modified: str = ""
    of: str = ""
    """Digest of the source's configuration: with other settings the same document gives other leads."""


NEVER = Memory()
"""Of a source that was never visited, or whose last visit must be repeated in full."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one visit to a source gave."""

    leads: tuple[Lead, ...]
    memory: Memory = NEVER
    notes: tuple[str, ...] = ()
    """What an editor should know about the visit, in Chinese: what was left out and why."""
    unchanged: bool = False
    """The document is the one of last time; `leads` is empty because they are known."""


class Source(Protocol):
    """Knows where leads come from and how to get their pages."""

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """The links the source shows now; raises `SourceError` when it cannot be read."""
        ...

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The bytes behind a lead; raises `FetchError`."""
        ...


class Basket:
    """Gathers leads: web addresses only, each once, through the source's filters, no more than `most`."""

    def __init__(self, source: config.Source, most: int) -> None:
        self._source = source
        self._most = most
        self._leads: dict[str, Lead] = {}
        self._left: Counter[str] = Counter()
        self._said: list[str] = []

    @property
    def full(self) -> bool:
        """Whether nothing more will be taken."""
        return len(self._leads) >= self._most

    def add(self, href: str, base: str = "", *, title: str = "", published: str = "", outlet: str = "") -> None:
        """Takes a link as it stands on a page at `base`, or counts why not."""
        href = href.strip()
        if not href:
            self._left["没有链接"] += 1
            return
        url = absolute(href, base)
        if not url:
            self._left["不是网页地址"] += 1
        elif not self._wanted(url):
            self._left["不符合 include/exclude"] += 1
        elif url in self._leads:
            self._left["重复"] += 1
        elif self.full:
            self._left[f"超出每次 {self._most} 条的上限"] += 1
        else:
            self._leads[url] = Lead(
                source=self._source.id,
                url=url,
                title=one_line(title)[:_MAX_TITLE],
                published=one_line(published)[:_MAX_DATE],
                outlet=one_line(outlet)[:_MAX_TITLE] or self._source.outlet,
            )

    def add_file(self, name: str, path: str) -> None:
        """Takes a local file; `name` is what it goes by."""
        url = f"file:{name}"
        if not self._wanted(url):
            self._left["不符合 include/exclude"] += 1
        elif url in self._leads:
            self._left["重复"] += 1
        elif self.full:
            self._left[f"超出每次 {self._most} 条的上限"] += 1
        else:
            self._leads[url] = Lead(source=self._source.id, url=url, outlet=self._source.outlet, path=path)

    def say(self, note: str) -> None:
        """Keeps a remark for the editor."""
        self._said.append(note)

    def harvest(self, memory: Memory = NEVER) -> Harvest:
        """Everything gathered, with a note for each reason something was left out."""
        left = [f"略过 {count} 条：{why}" for why, count in self._left.items()]
        return Harvest(tuple(self._leads.values()), memory, (*self._said, *left))

    def _wanted(self, url: str) -> bool:
        if self._source.include and not any(part in url for part in self._source.include):
            return False
        return not any(part in url for part in self._source.exclude)


def absolute(href: str, base: str) -> str:
    """A link of a page at `base` as an absolute web address without its fragment; empty if it is none."""
    # Browsers drop line breaks and tabs inside addresses; feeds wrap long ones.
    href = "".join(c for c in href.strip() if c >= " " and c != "\x7f")
    try:
        url = urljoin(base, href) if base else href
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or len(url) > _MAX_URL:
        return ""
    # A fragment is a place on the page, except where scripts take it for an address (#/news/1, #!…).
    return url if parts.fragment.startswith(("/", "!")) else url.partition("#")[0]


def parsable(source: config.Source, text: str, url: str) -> str:
    """`text`, if its markup is parsed in a moment; raises `SourceError` for markup that was made to be slow."""
    overloaded = any(tag[0].count("=") > _MAX_ATTRIBUTES for tag in _LONG_TAG.finditer(text))
    if overloaded or text.count("<") > _MAX_TAGS:
        raise SourceError(f"{source.name}：页面结构异常，标签过长或过多，没有读取（{url}）", "请核对该信源是否正常。")
    return text


def one_line(text: str) -> str:
    """`text` with every run of white space made one space, and without halves of characters.

    JSON may hold a lone surrogate (`"\\ud800"`), which no database and no file takes.
    """
    return " ".join(text.encode("utf-8", "ignore").decode().split())


def ask(source: config.Source, url: str, fetch: Fetch, memory: Memory, limit: int) -> tuple[Fetched, Memory]:
    """A source's document, unless it is unchanged since `memory`, and what to remember of it.

    Raises `SourceError` that names the source.
    """
    of = digest(json.dumps(source.model_dump(mode="json"), sort_keys=True))
    if memory.of != of:
        memory = Memory(of=of)
    try:
        fetched = fetch(url, etag=memory.etag, modified=memory.modified, limit=limit)
    except FetchError as error:
        raise SourceError(f"{source.name}：{error.message}", error.fix) from error
    return fetched, Memory(fetched.etag, fetched.modified, of)


def fetch_page(lead: Lead, fetch: Fetch) -> Page:
    """The page behind a lead of the web."""
    page = fetch(lead.url).page
    if page is None:
        raise FetchError(f"{lead.url}：服务器称内容未变，但并未问及")
    return page
