"""XML sitemaps, sitemap indexes and their gzipped forms, newest first."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.harvest import NEVER, Basket, Harvest, Memory, absolute, ask, fetch_page, one_line

_ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_MAX_BYTES = 8 * 1024 * 1024
_MAX_UNPACKED = 50 * 1024 * 1024  # what the protocol allows a sitemap to be
_MAX_CHILDREN = 20  # an index of an old site lists thousands of months; the newest are read
_MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class _Entry:
    url: str
    changed: str = ""
    title: str = ""
    published: str = ""


class Sitemap:
    """A sitemap by its address."""

    def __init__(self, source: config.SitemapSource, workspace: Path, most: int) -> None:
        self._source = source
        self._most = most

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an address, the most recently changed first."""
        fetched, memory = ask(self._source, self._source.url, fetch, memory, _MAX_BYTES)
        if fetched.page is None:
            return Harvest((), memory, unchanged=True)
        basket = Basket(self._source, self._most)
        root = self._parse(fetched.page)
        entries: list[_Entry] = []
        if _name(root) == "sitemapindex":
            children = _newest(list(_entries(root, "sitemap")))
            if len(children) > _MAX_CHILDREN:
                basket.say(f"索引列出 {len(children)} 个站点地图，只读最新的 {_MAX_CHILDREN} 个")
            for child in children[:_MAX_CHILDREN]:
                try:
                    entries += self._child(absolute(child.url, fetched.page.url), fetch)
                except SourceError as error:
                    basket.say(f"子站点地图未取得：{error.message}")
                    memory = NEVER
        else:
            entries += _entries(root, "url")
        for entry in _newest(entries):
            basket.add(entry.url, fetched.page.url, title=entry.title, published=entry.published or entry.changed)
        if not entries:
            basket.say("站点地图中没有网址")
        return basket.harvest(memory)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page at an address."""
        return fetch_page(lead, fetch)

    def _child(self, url: str, fetch: Fetch) -> list[_Entry]:
        page = ask(self._source, url, fetch, NEVER, _MAX_BYTES)[0].page
        return list(_entries(self._parse(page), "url")) if page else []

    def _parse(self, page: Page) -> etree._Element:
        broken = SourceError(
            f"{self._source.name}：返回的内容不是站点地图（{page.url}）", "请核对 sources.yaml 中的 url。"
        )
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
            start = _ROOT.search(text)
            root = etree.fromstring(text[start.start() :].encode(), parser) if start else None
        except (etree.XMLSyntaxError, zlib.error, ValueError):
            raise broken from None
        if root is None or _name(root) not in ("urlset", "sitemapindex"):
            raise broken
        return root


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


def _entries(root: etree._Element, kind: str) -> Iterator[_Entry]:
    for count, node in enumerate(child for child in root if _name(child) == kind):
        if count >= _MAX_ENTRIES:
            return
        fields: dict[str, str] = {}
        for part in node.iter():
            # what stands before an entity is not the address that was meant
            fields.setdefault(_name(part), "" if len(part) else one_line(part.text or ""))
        yield _Entry(
            url=fields.get("loc", ""),
            changed=fields.get("lastmod", ""),
            title=fields.get("title", "") if "publication_date" in fields else "",
            published=fields.get("publication_date", ""),
        )


def _newest(entries: list[_Entry]) -> list[_Entry]:
    """By date, the latest first; without one in the order of the document, after the others."""
    return sorted(entries, key=lambda entry: entry.published or entry.changed, reverse=True)
