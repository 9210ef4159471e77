"""RSS, Atom and JSON Feed.

A feed's dates are handed on as printed: feedparser reads 2024年6月30日 as a day of the current month and
CST as US Central.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import feedparser

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.harvest import NEVER, Basket, Harvest, Memory, ask, fetch_page, parsable

_MAX_BYTES = 8 * 1024 * 1024
_ROOT = re.compile(r"<(?:rss|feed|(?:\w+:)?RDF|channel)[\s>]", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_MAX_ENTRIES = 2000  # 100,000 take feedparser half a minute; no more than the first few hundred are wanted
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")


class Feed:
    """A feed by its address."""

    def __init__(self, source: config.FeedSource, workspace: Path, most: int) -> None:
        self._source = source
        self._most = most

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an entry, in the feed's order."""
        fetched, memory = ask(self._source, self._source.url, fetch, memory, _MAX_BYTES)
        if fetched.page is None:
            return Harvest((), memory, unchanged=True)
        page = fetched.page
        text = decode(page.body, page.charset).lstrip("\ufeff \t\r\n")
        basket = Basket(self._source, self._most)
        if text.startswith("{"):
            self._read_json(text, page.url, basket)
        else:
            self._read_xml(parsable(self._source, text, page.url), page.url, basket)
        return basket.harvest(memory)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page an entry links to."""
        return fetch_page(lead, fetch)

    def _read_xml(self, text: str, base: str, basket: Basket) -> None:
        root = _ROOT.search(text)
        page = _HTML.search(text)
        if page and (root is None or page.start() < root.start()):
            raise self._not_a_feed("返回的是网页而不是订阅源")
        if root is None:
            raise self._not_a_feed("返回的内容不是订阅源")
        # Without what stands before the root there is no document type, hence no entity to expand or fetch.
        text = text[root.start() :]
        document = _shortened(text, root.group()[1:-1])
        if document is not text:
            basket.say(f"订阅源过长，只读前 {_MAX_ENTRIES} 条")
        parsed = feedparser.parse(
            io.BytesIO(document.encode()),  # bytes themselves might be taken for a file's name
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": base},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        if not parsed.entries:
            basket.say("订阅源中没有条目")
        for entry in parsed.entries:
            source = entry.get("source") or {}
            basket.add(
                _link(entry),
                base,
                title=plain(entry.get("title") or ""),
                # entry["updated"] would fall back to published, with a warning
                published=entry.get("published") or dict.get(entry, "updated") or "",
                outlet=plain(source.get("title") or ""),
            )

    def _read_json(self, text: str, base: str, basket: Basket) -> None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise self._not_a_feed("返回的 JSON 无法读取") from None
        items = document.get("items")
        if not isinstance(items, list):
            raise self._not_a_feed("返回的 JSON 不是订阅源")
        if not items:
            basket.say("订阅源中没有条目")
        for item in items:
            if not isinstance(item, dict):
                item = {}
            guid = _text(item, "id")
            basket.add(
                _text(item, "url") or _text(item, "external_url") or (guid if guid.startswith("http") else ""),
                base,
                title=plain(_text(item, "title")),
                published=_text(item, "date_published") or _text(item, "date_modified"),
            )

    def _not_a_feed(self, because: str) -> SourceError:
        return SourceError(f"{self._source.name}：{because}（{self._source.url}）", "请核对 sources.yaml 中的 url。")


def _shortened(text: str, root: str) -> str:
    """The document with its first entries only, still well-formed if it was."""
    beyond = next(islice(_ENTRY.finditer(text), _MAX_ENTRIES, None), None)
    if beyond is None:
        return text
    return text[: beyond.start()] + ("</channel></rss>" if root.lower() == "rss" else f"</{root}>")


def plain(text: str) -> str:
    """A feed's title without tags and character references."""
    return html.unescape(_TAG.sub("", text)) if "<" in text or "&" in text else text


def _link(entry: Any) -> str:
    if link := entry.get("link"):
        return str(link)
    links = [str(one["href"]) for one in entry.get("links", ()) if one.get("href")]
    guid = str(entry.get("id") or "")
    return links[0] if links else guid if guid.startswith(("http://", "https://")) else ""


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""
