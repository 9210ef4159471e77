"""What every kind of source has in common: what it takes, what it gives, which links it lets through."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from pipeline import config
from pipeline.errors import FetchError, SourceError
from pipeline.model import Clock, Fetch, Fetched, Lead, Page, digest

_MAX_URL = 8192
_MAX_TITLE = 300
_MAX_DATE = 100
_LONG_TAG = re.compile(r"<[^<>]{16384,}")  # a picture within the page may be longer, but has few attributes
_MAX_ATTRIBUTES = 1000  # 100,000 on one tag hold feedparser for a minute and lxml for half a one
_MAX_TAGS = 500_000  # feedparser reads 100,000 in a second
_MAX_CONTENT = 512 * 1024  # characters of one article that a list carries
_MAX_CONTENTS = 16 * 1024 * 1024  # of all of them
# What a site adds so that one page has many addresses; a walk through pages must know them as one.
_SESSION = re.compile(
    r"^(?:j?session_?id|phpsessid|aspsessionid\w*|cfid|cftoken|sid|s_id|utm_\w+|spm|_t|rnd|rand|random|timestamp)$",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";[a-z]*session[a-z]*=[^/?#;]*", re.IGNORECASE)

R = TypeVar("R")


class Apart(Protocol):
    """Calls a function where it can do no harm: within limits of time and memory, perhaps in another process.

    The function stands in a module, its arguments and its result can be pickled.
    """

    def __call__(self, function: Callable[..., R], *arguments: object) -> R:
        """The function's result; raises the function's `SourceError`, or one when a limit was passed."""
        ...


def here(function: Callable[..., R], *arguments: object) -> R:
    """As `Apart`, in this process and without limits."""
    return function(*arguments)


def no_browser(url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
    """As a browser where there is none."""
    raise FetchError(f"{url}：该信源要用浏览器读取（render），这里没有浏览器")


def no_clock() -> dt.datetime:
    """As a clock where there is none."""
    raise SourceError("地址含日期的信源要知道今天的日期，这里没有时钟")


@dataclass(frozen=True, slots=True)
class Means:
    """What a source works with."""

    workspace: Path
    """Where relative paths start."""
    most: int
    """Leads to take from the web in one visit."""
    apart: Apart = here
    """What every document is parsed through."""
    render: Fetch = no_browser
    """What gets pages that scripts make."""
    clock: Clock = no_clock
    """What says which day it is."""

    def way(self, source: config.WebSource, fetch: Fetch) -> Fetch:
        """How the pages that a source leads to are had."""
        return self.render if source.render_pages else fetch


@dataclass(frozen=True, slots=True)
class Entry:
    """One link as a source's document shows it."""

    href: str
    title: str = ""
    published: str = ""
    outlet: str = ""
    content: str = ""
    """The article itself as HTML, where the document carries it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document of a source says; plain values, because they may come from another process."""

    entries: tuple[Entry, ...]
    base: str
    """The address that relative links start from."""
    following: str = ""
    """The address of the next page."""
    notes: tuple[str, ...] = ()


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
        self._content = 0
        self.carried: dict[str, str] = {}
        """The articles that came along with their links: address → HTML."""

    @property
    def full(self) -> bool:
        """Whether nothing more will be taken."""
        return len(self._leads) >= self._most

    def add(self, entry: Entry, base: str = "") -> None:
        """Takes a link as it stands on a page at `base`, or counts why not."""
        href = entry.href.strip()
        if not href:
            self._left["没有链接"] += 1
            return
        url = absolute(href, base)
        if not url:
            self._left["不是网页地址"] += 1
        elif self._takes(url):
            self._leads[url] = Lead(
                source=self._source.id,
                url=url,
                title=one_line(entry.title)[:_MAX_TITLE],
                published=_leaf(one_line(entry.published))[:_MAX_DATE],
                outlet=one_line(entry.outlet)[:_MAX_TITLE] or self._source.outlet,
            )
            if 0 < len(entry.content) <= min(_MAX_CONTENT, _MAX_CONTENTS - self._content):
                self.carried[url] = entry.content
                self._content += len(entry.content)

    def add_file(self, name: str, path: str) -> None:
        """Takes a local file; `name` is what it goes by."""
        self.add_stored(f"file:{name}", path)

    def add_stored(self, url: str, path: str) -> None:
        """Takes a page that lies in a local file; `url` is what it goes by."""
        if self._takes(url):
            self._leads[url] = Lead(source=self._source.id, url=url, outlet=self._source.outlet, path=path)

    def _takes(self, url: str) -> bool:
        """Whether an address is taken; counts why not."""
        if not wanted(self._source, url):
            self._left["不符合 include/exclude"] += 1
        elif url in self._leads:
            self._left["重复"] += 1
        elif self.full:
            self._left[f"超出每次 {self._most} 条的上限"] += 1
        else:
            return True
        return False

    def say(self, note: str) -> None:
        """Keeps a remark for the editor."""
        self._said.append(note)

    def harvest(self, memory: Memory = NEVER) -> Harvest:
        """Everything gathered, with a note for each reason something was left out."""
        left = [f"略过 {count} 条：{why}" for why, count in self._left.items()]
        return Harvest(tuple(self._leads.values()), memory, (*self._said, *left))


def wanted(source: config.Source, url: str) -> bool:
    """Whether the filters of the source let an address through."""
    if source.include and not any(part in url for part in source.include):
        return False
    return not any(part in url for part in source.exclude)


_LEAVES = (
    re.compile(r"(?P<day>\d{1,2})日? ?(?P<year>20\d\d) ?[-/.年] ?(?P<month>\d{1,2})月?"),
    re.compile(r"(?P<year>20\d\d) ?[-/.年] ?(?P<month>\d{1,2})月? (?P<day>\d{1,2})日?"),
)


_SLASHED = re.compile(r"[\[(（]?(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])[\])）]?")


def _leaf(published: str) -> str:
    """A date printed like a calendar leaf, the day above year and month (28 2024-06), in the order of a date.

    In a list 06/28 is a day too; in a text it may be a fraction, so readers of dates leave it.
    """
    for pattern in _LEAVES:
        if found := pattern.fullmatch(published):
            return f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
    if found := _SLASHED.fullmatch(published):
        return f"{found[1]}-{found[2]}"
    return published


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


def read_apart(source: config.Source, apart: Apart, function: Callable[..., R], *arguments: object) -> R:
    """What `function` says, called through `apart`; every `SourceError` names the source."""
    try:
        return apart(function, *arguments)
    except SourceError as error:
        named = error.message if error.message.startswith(source.name) else f"{source.name}：{error.message}"
        raise SourceError(named, error.fix) from error


def walk(
    source: config.ListingSource | config.JsonSource,
    fetch: Fetch,
    memory: Memory,
    limit: int,
    read: Callable[[Page, int], Reading],
    basket: Basket,
) -> Harvest:
    """What a list and the pages that follow it give; a later page that fails leaves those before.

    It ends at the number of pages configured, at a page that was read already, whatever session its address
    carries, and at one that shows nothing new, as the pages of an endless calendar do.
    """
    url = source.address(1)
    seen, known = set[str](), set[str]()
    first = NEVER
    for number in range(1, source.pages + 1):
        seen.add(_place(url))
        try:
            fetched, asked = ask(source, url, fetch, memory if number == 1 else NEVER, limit)
            if fetched.page is None:
                return Harvest((), asked, unchanged=True)
            reading = read(fetched.page, number)
        except SourceError as error:
            if number == 1:
                raise
            basket.say(f"第 {number} 页未取得：{error.message}")
            return basket.harvest()  # with nothing remembered, so that all of it is asked for again
        first = asked if number == 1 else first
        fresh = {_place(absolute(entry.href, reading.base)) for entry in reading.entries} - known
        for note in reading.notes:
            basket.say(note)
        for entry in reading.entries:
            basket.add(entry, reading.base)
        url = reading.following or source.address(number + 1)
        if not url or basket.full:
            break
        if number > 1 and not fresh:
            basket.say(f"第 {number} 页没有新的链接，不再往后翻")
            break
        if _place(url) in seen:
            basket.say(f"第 {number} 页的下一页已经读过，不再往后翻")
            break
        if number == source.pages and number > 1 and reading.following:
            basket.say(f"只读前 {number} 页，后面还有")
        known |= fresh
    return basket.harvest(first)


def _place(url: str) -> str:
    """An address without session ids and the order of its parameters: what tells pages of a list apart."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _SESSION.match(pair[0]))
    return f"{parts.netloc.lower()}{_SESSION_PATH.sub('', parts.path)}?{query}#{parts.fragment}"


def carried_page(lead: Lead, content: str, now: dt.datetime, *warnings: str) -> Page:
    """The article that a list carried, as a page."""
    title = html.escape(lead.title)
    body = (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><h1>{title}</h1><div class="article-content">{content}</div></body></html>'
    )
    return Page(
        url=lead.url,
        body=body.encode("utf-8", "ignore"),
        fetched=now,
        content_type="text/html",
        charset="utf-8",
        warnings=warnings,
    )


def fetch_page(lead: Lead, fetch: Fetch) -> Page:
    """The page behind a lead of the web."""
    page = fetch(lead.url).page
    if page is None:
        raise FetchError(f"{lead.url}：服务器称内容未变，但并未问及")
    return page
