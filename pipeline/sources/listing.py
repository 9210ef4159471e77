"""Pages that list links: CSS selectors or XPath say which, and where title, date and outlet stand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parsel import Selector

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources import selectors
from pipeline.sources.charset import decode
from pipeline.sources.harvest import (
    NEVER,
    Basket,
    Entry,
    Harvest,
    Means,
    Memory,
    Reading,
    absolute,
    fetch_page,
    one_line,
    parsable,
    read_apart,
    walk,
)
from pipeline.sources.selectors import xpath

_MAX_BYTES = 2 * 1024 * 1024
_MAX_LINKS = 2000  # of one page, as of a feed: 100,000 take six seconds, and nobody wants them
_MAX_NODES = 1000
_DATE = re.compile(
    r"(?:\d{4}|\d{2})\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?(?:[ T]?\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}[-/月]\d{1,2}日?(?: ?\d{1,2}:\d{2})?"
    r"|(?:今天|昨天|前天) ?(?:\d{1,2}:\d{2})?|\d{1,2} ?(?:分钟|小时|天)前"
)
_OUTLET_LABEL = re.compile(r"^[\[【（(]?(?:信息)?(?:来源|稿源|出处)[:：]\s*")


class Listing:
    """A list page by its address, with the pages that follow it."""

    def __init__(self, source: config.ListingSource, means: Means) -> None:
        self._source = source
        self._means = means
        selectors.check(
            source,
            links=source.links,
            row=source.row,
            title=source.title,
            date=source.date,
            origin=source.origin,
            next=source.next,
        )

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead a matching link, page after page."""

        def read(page: Page, number: int) -> Reading:
            return read_apart(self._source, self._means.apart, read_list, self._source, page, number)

        basket = Basket(self._source, self._means.most)
        listed = self._means.render if self._source.render else fetch
        return walk(self._source, listed, memory, _MAX_BYTES, read, basket)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page behind a link."""
        return fetch_page(lead, self._means.way(self._source, fetch))


def read_list(source: config.ListingSource, page: Page, number: int) -> Reading:
    """What one page of a list shows; raises `SourceError` when the first shows no link."""
    text = parsable(source, decode(page.body, page.charset), page.url)
    document = Selector(text=text or " ", type="html")
    base = absolute(document.css("base::attr(href)").get(""), page.url) or page.url
    rows = list(islice(_rows(source, document), _MAX_LINKS + 1))
    notes = () if len(rows) <= _MAX_LINKS else (f"列表过长，只读前 {_MAX_LINKS} 条",)
    entries = tuple(_entry(source, link, row) for link, row in rows[:_MAX_LINKS])
    if not entries and number == 1:
        hint = "" if source.render else "由脚本生成的页面可设 render: true。"
        raise SourceError(
            f"{source.name}：列表页没有与 links 相符的链接（{page.url}）",
            f"网页可能已改版，或由脚本生成；请核对 sources.yaml 中的 links 和 row。{hint}",
        )
    return Reading(entries, base, following=_following(source, document, base), notes=notes)


def _following(source: config.ListingSource, document: Selector, base: str) -> str:
    found = document.xpath(xpath(source.next)) if source.next else []
    hrefs = (_href(one) or one.xpath("(.//@href)[1]").get("") for one in found if not isinstance(one.root, str))
    given = [one.root for one in found if isinstance(one.root, str)]
    return next((url for href in (*given, *hrefs) if (url := absolute(href, base))), "")


def _rows(source: config.ListingSource, document: Selector) -> Iterator[tuple[Selector, Selector | None]]:
    if source.row:
        for row in document.xpath(xpath(source.row)):
            for link in row.xpath(xpath(source.links, inside=True)):
                yield link, row
    else:
        for link in document.xpath(xpath(source.links)):
            yield link, None if isinstance(link.root, str) else (link.xpath("..") or [link])[0]


def _entry(source: config.ListingSource, link: Selector, row: Selector | None) -> Entry:
    return Entry(
        _href(link),
        title=_first(row, source.title) or _title(link),
        published=_date(source, row),
        outlet=_OUTLET_LABEL.sub("", _first(row, source.origin)).rstrip("]】）)"),
    )


def _href(link: Selector) -> str:
    if isinstance(link.root, str):
        return link.root  # an XPath may end in /@href
    return link.attrib.get("href") or link.css("a::attr(href)").get("")


def _title(link: Selector) -> str:
    """The link's text, or its title attribute where the text is a shortened form of it."""
    if isinstance(link.root, str):
        return ""
    text = _text(link)
    full = one_line(link.attrib.get("title", ""))
    return full if full and (not text or text.rstrip("….· ") in full) else text


def _date(source: config.ListingSource, row: Selector | None) -> str:
    if source.date or row is None:
        return _first(row, source.date)
    # Most lists print the date beside the link; what stands in the link itself is its title.
    found = _DATE.search(" ".join(_texts(row.root, without="a")))
    return found.group() if found else ""


def _first(row: Selector | None, selector: str) -> str:
    """The text of the first element that has one."""
    if row is None or not selector:
        return ""
    found = row.xpath(xpath(selector, inside=True))
    return next((text for one in found if (text := _text(one))), "")


def _text(node: Selector) -> str:
    return one_line(node.root if isinstance(node.root, str) else "".join(_texts(node.root)))


def _texts(element: Any, without: str = "") -> Iterator[str]:
    """The texts within an element, in order, but not those in elements named `without`.

    Of an element that holds more than a row of a list does only the beginning: asked of 2,000 links inside one
    another, XPath's string() takes twenty seconds.
    """
    waiting: list[Any] = [element]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node.tag, str) and not (node.tag == without and node is not element):
            inside = [node.text or ""]
            for child in islice(node, _MAX_NODES):
                inside += [child, child.tail or ""]
            waiting += reversed(inside)
