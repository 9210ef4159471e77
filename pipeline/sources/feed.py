"""RSS, Atom and JSON Feed.

A feed's dates are handed on as printed: feedparser reads 2024年6月30日 as a day of the current month and
CST as US Central. An entry that brings its whole article along keeps it as a second copy: where the page it links
to cannot be fetched (a wall, a time-out, a page taken down), the article is read from the entry, and says so. The
copy lives as long as the visit does; a feed's own text is not preferred, because many feeds shorten it.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from itertools import islice
from typing import Any

from pipeline import config
from pipeline.errors import FetchError, ForbiddenAddress, SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.harvest import (
    NEVER,
    Basket,
    Entry,
    Harvest,
    Means,
    Memory,
    Reading,
    ask,
    carried_page,
    fetch_page,
    parsable,
    read_apart,
)

_MAX_BYTES = 8 * 1024 * 1024
ROOT = re.compile(r"<(?:rss|feed|(?:\w+:)?RDF|channel)[\s>]", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_MAX_ENTRIES = 2000  # 100,000 take feedparser half a minute; no more than the first few hundred are wanted
HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_MIN_CONTENT = 150  # characters without blanks: the shortest notices of authorities have about as many
_MIN_SUMMARY = 400  # feeds that announce give 50 to 250
_TEASER = re.compile(r"(?:…|\.{3}|\[…\]|\[\.{3}\]|(?:阅读|查看|点击)(?:全文|原文|更多)|详情)[\])）\]>»]*$")
_TAG = re.compile(r"<[^<>]{0,2000}>")


class Feed:
    """A feed by its address."""

    def __init__(self, source: config.FeedSource, means: Means) -> None:
        self._source = source
        self._means = means
        self._carried: dict[str, str] = {}

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an entry, in the feed's order."""
        fetched, memory = ask(self._source, self._source.url, fetch, memory, _MAX_BYTES)
        if fetched.page is None:
            return Harvest((), memory, unchanged=True)
        basket = Basket(self._source, self._means.most)
        reading = read_apart(self._source, self._means.apart, read_feed, self._source, fetched.page)
        for note in reading.notes:
            basket.say(note)
        for entry in reading.entries:
            basket.add(entry, reading.base)
        self._carried = basket.carried
        return basket.harvest(memory)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page an entry links to, else the whole article that the entry brought along."""
        try:
            return fetch_page(lead, self._means.way(self._source, fetch))
        except ForbiddenAddress:
            raise
        except FetchError as error:
            if content := self._carried.get(lead.url):
                return carried_page(lead, content, now, f"链接的页面未取得，正文取自订阅源的条目：{error.message}")
            raise


def read_feed(source: config.FeedSource, page: Page) -> Reading:
    """What a feed lists; raises `SourceError` for what is none."""
    text = decode(page.body, page.charset).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return _read_json(source, text, page.url)
    return _read_xml(source, parsable(source, text, page.url), page.url)


def _read_xml(source: config.FeedSource, text: str, base: str) -> Reading:
    root = ROOT.search(text)
    page = HTML.search(text)
    if page and (root is None or page.start() < root.start()):
        raise _not_a_feed(source, "返回的是网页而不是订阅源")
    if root is None:
        raise _not_a_feed(source, "返回的内容不是订阅源")
    # Without what stands before the root there is no document type, hence no entity to expand or fetch.
    text = text[root.start() :]
    document = _shortened(text, root.group()[1:-1])
    notes = [] if document is text else [f"订阅源过长，只读前 {_MAX_ENTRIES} 条"]
    import feedparser  # so late for the sake of all commands that read no feed

    parsed = feedparser.parse(
        io.BytesIO(document.encode()),  # bytes themselves might be taken for a file's name
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": base},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.entries:
        notes.append("订阅源中没有条目")
    entries = tuple(
        Entry(
            _link(entry),
            title=plain(entry.get("title") or ""),
            # entry["updated"] would fall back to published, with a warning
            published=entry.get("published") or dict.get(entry, "updated") or "",
            outlet=plain((entry.get("source") or {}).get("title") or ""),
            content=_whole(
                max((str(one.get("value") or "") for one in entry.get("content") or ()), key=len, default=""),
                str(entry.get("summary") or ""),
            ),
        )
        for entry in parsed.entries
    )
    return Reading(entries, base, notes=tuple(notes))


def _read_json(source: config.FeedSource, text: str, base: str) -> Reading:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_a_feed(source, "返回的 JSON 无法读取") from None
    items = document.get("items")
    if not isinstance(items, list):
        raise _not_a_feed(source, "返回的 JSON 不是订阅源")
    notes = [] if items else ["订阅源中没有条目"]
    if len(items) > _MAX_ENTRIES:
        notes.append(f"订阅源过长，只读前 {_MAX_ENTRIES} 条")
    entries = tuple(_json_entry(item if isinstance(item, dict) else {}) for item in items[:_MAX_ENTRIES])
    return Reading(entries, base, notes=tuple(notes))


def _json_entry(item: dict[str, Any]) -> Entry:
    guid = _text(item, "id")
    return Entry(
        _text(item, "url") or _text(item, "external_url") or (guid if guid.startswith("http") else ""),
        title=plain(_text(item, "title")),
        published=_text(item, "date_published") or _text(item, "date_modified"),
        content=_whole(_text(item, "content_html"), _text(item, "summary")),
    )


def _not_a_feed(source: config.FeedSource, because: str) -> SourceError:
    return SourceError(f"{source.name}：{because}（{source.url}）", "请核对 sources.yaml 中的 url。")


def _whole(content: str, summary: str) -> str:
    """The HTML of an entry that is a whole article; nothing for one that only announces it.

    What calls itself content must be longer than a teaser, a summary much longer (RSSHub puts articles there).
    """
    for text, least in ((content, _MIN_CONTENT), (summary, _MIN_SUMMARY)):
        said = "".join(plain(text).split()) if len(text) >= least else ""
        if len(said) >= least and not _TEASER.search(said):
            return text
    return ""


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
