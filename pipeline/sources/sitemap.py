"""XML sitemaps, news sitemaps, sitemap indexes and their gzipped forms, newest first."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.harvest import (
    NEVER,
    Basket,
    Entry,
    Harvest,
    Means,
    Memory,
    absolute,
    ask,
    fetch_page,
    one_line,
    read_apart,
)

ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_MAX_BYTES = 8 * 1024 * 1024
_MAX_UNPACKED = 50 * 1024 * 1024  # what the protocol allows a sitemap to be
_MAX_CHILDREN = 20  # an index of an old site lists thousands of months; the newest are read
_MAX_ENTRIES = 50_000


_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Map:
    """What one sitemap lists: pages or, when it is an index, further sitemaps."""

    pages: tuple[Entry, ...] = ()
    maps: tuple[Entry, ...] = ()
    cut: bool = False
    """Whether it lists more than were read."""


class Sitemap:
    """A sitemap by its address."""

    def __init__(self, source: config.SitemapSource, means: Means) -> None:
        self._source = source
        self._means = means

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an address, the most recently changed first."""
        fetched, memory = ask(self._source, self._source.url, fetch, memory, _MAX_BYTES)
        if fetched.page is None:
            return Harvest((), memory, unchanged=True)
        base, basket = fetched.page.url, Basket(self._source, self._means.most)
        since = fetched.page.fetched - dt.timedelta(days=self._source.days) if self._source.days else None
        first = self._read(fetched.page)
        pages, cut = list(first.pages), first.cut
        waiting, seen = _newest(_recent(first.maps, since)), {self._source.url, base}
        if len(waiting) > _MAX_CHILDREN:
            basket.say(f"索引列出 {len(waiting)} 个站点地图，只读最新的 {_MAX_CHILDREN} 个")
        for _ in range(_MAX_CHILDREN):
            if not waiting:
                break
            entry = waiting.pop(0)
            url = absolute(entry.href, base)
            if url in seen:
                basket.say(f"略过子站点地图：已经读过（{url}）")
                continue
            seen.add(url)
            try:
                child = self._child(url, fetch)
            except SourceError as error:
                basket.say(f"子站点地图未取得：{error.message}")
                memory = NEVER
                continue
            pages += child.pages
            waiting += _newest(_recent(child.maps, since))  # an index of indexes
            cut = cut or child.cut
        if cut:
            basket.say(f"站点地图过长，每个只读前 {_MAX_ENTRIES} 个网址")
        recent = _recent(pages, since)
        if len(recent) < len(pages):
            basket.say(f"略过 {len(pages) - len(recent)} 条：{self._source.days} 天内没有更新")
        for page in _newest(recent):
            basket.add(page, base)
        if not pages:
            basket.say("站点地图中没有网址")
        return basket.harvest(memory)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page at an address."""
        return fetch_page(lead, self._means.way(self._source, fetch))

    def _child(self, url: str, fetch: Fetch) -> Map:
        page = ask(self._source, url, fetch, NEVER, _MAX_BYTES)[0].page
        return self._read(page) if page else Map()

    def _read(self, page: Page) -> Map:
        return read_apart(self._source, self._means.apart, read_map, self._source, page)


def read_map(source: config.SitemapSource, page: Page) -> Map:
    """What a sitemap lists; raises `SourceError` for what is none."""
    broken = SourceError(f"{source.name}：返回的内容不是站点地图（{page.url}）", "请核对 sources.yaml 中的 url。")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
    )
    try:
        text = decode(_unpacked(page.body), page.charset)
        # Without what stands before the root there is no document type, hence no entity to expand or fetch.
        start = ROOT.search(text)
        root = etree.fromstring(text[start.start() :].encode(), parser) if start else None
    except (etree.XMLSyntaxError, zlib.error, ValueError):
        raise broken from None
    if root is None or _name(root) not in ("urlset", "sitemapindex"):
        raise broken
    kind = "url" if _name(root) == "urlset" else "sitemap"
    entries = tuple(islice(_entries(root, kind), _MAX_ENTRIES + 1))
    cut, entries = len(entries) > _MAX_ENTRIES, entries[:_MAX_ENTRIES]
    return Map(pages=entries, cut=cut) if kind == "url" else Map(maps=entries, cut=cut)


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    stream = zlib.decompressobj(31)
    unpacked = stream.decompress(body, _MAX_UNPACKED)
    if stream.unconsumed_tail:
        raise ValueError("larger than a sitemap may be")
    return unpacked


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _entries(root: etree._Element, kind: str) -> Iterator[Entry]:
    for node in root:
        if _name(node) != kind:
            continue
        fields: dict[str, str] = {}
        for part in node.iter():
            # what stands before an entity is not the address that was meant
            fields.setdefault(_name(part), "" if len(part) else one_line(part.text or ""))
        is_news = "publication_date" in fields
        yield Entry(
            fields.get("loc", ""),
            title=fields.get("title", "") if is_news else "",
            published=fields.get("publication_date", "") or fields.get("lastmod", ""),
        )


def _newest(entries: Iterable[Entry]) -> list[Entry]:
    """By date, the latest first; without one in the order of the document, after the others."""
    return sorted(entries, key=lambda entry: entry.published, reverse=True)


def _recent(entries: Sequence[Entry], since: dt.datetime | None) -> Sequence[Entry]:
    """Those that changed since a day, and those that do not say when; a month is as late as its last day."""
    if since is None:
        return entries
    first = since.date().isoformat()
    days = ((entry, _DAY.match(entry.published)) for entry in entries)
    return [entry for entry, day in days if day is None or day[0] >= first[: len(day[0])]]
