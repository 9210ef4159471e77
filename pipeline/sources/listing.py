"""Pages that list links: CSS selectors say which, and where the dates stand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from cssselect import SelectorError
from parsel import Selector
from parsel.csstranslator import HTMLTranslator

from pipeline import config
from pipeline.errors import ConfigError, SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.harvest import NEVER, Basket, Harvest, Memory, absolute, ask, fetch_page, one_line, parsable

_MAX_BYTES = 2 * 1024 * 1024
_DATE = re.compile(
    r"(?:\d{4}|\d{2})\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?(?:[ T]?\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}[-/月]\d{1,2}日?(?: ?\d{1,2}:\d{2})?"
    r"|(?:今天|昨天|前天) ?(?:\d{1,2}:\d{2})?|\d{1,2} ?(?:分钟|小时|天)前"
)


class Listing:
    """A list page by its address, with the pages that follow it."""

    def __init__(self, source: config.ListingSource, workspace: Path, most: int) -> None:
        self._source = source
        self._most = most
        for key in ("links", "row", "date", "next"):
            try:
                HTMLTranslator().css_to_xpath(getattr(source, key) or "a")
            except (SelectorError, ValueError) as error:
                raise ConfigError(
                    f"sources.yaml: source {source.name}", f"{key}: {getattr(source, key)!r} is no CSS selector"
                ) from error

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead a matching link, page after page; a later page that fails leaves those before."""
        basket = Basket(self._source, self._most)
        url, seen = self._source.url, set[str]()
        first = NEVER
        for number in range(1, self._source.pages + 1):
            seen.add(url)
            try:
                fetched, memory = ask(self._source, url, fetch, memory if number == 1 else NEVER, _MAX_BYTES)
            except SourceError as error:
                if number == 1:
                    raise
                basket.say(f"第 {number} 页未取得：{error.message}")
                first = NEVER
                break
            if number == 1:
                first = memory
            if fetched.page is None:
                return Harvest((), first, unchanged=True)
            url = self._read(fetched.page, basket, number)
            if not url or url in seen or basket.full:
                break
        return basket.harvest(first)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page behind a link."""
        return fetch_page(lead, fetch)

    def _read(self, page: Page, basket: Basket, number: int) -> str:
        """Gathers the links of one page; the address of the next, or nothing."""
        text = parsable(self._source, decode(page.body, page.charset), page.url)
        document = Selector(text=text or " ", type="html")
        base = absolute(document.css("base::attr(href)").get(""), page.url) or page.url
        found = False
        for link, row in self._rows(document):
            found = True
            href = link.attrib.get("href") or link.css("a::attr(href)").get("")
            basket.add(href, base, title=_title(link), published=self._date(link, row))
        if not found and number == 1:
            raise SourceError(
                f"{self._source.name}：列表页没有与 links 相符的链接（{page.url}）",
                "网页可能已改版，或由脚本生成；请核对 sources.yaml 中的 links 和 row。",
            )
        following = document.css(self._source.next).css("[href]") if self._source.next else None
        return absolute(following[0].attrib["href"], base) if following else ""

    def _rows(self, document: Selector) -> Iterator[tuple[Selector, Selector]]:
        if self._source.row:
            for row in document.css(self._source.row):
                for link in row.css(self._source.links):
                    yield link, row
        else:
            for link in document.css(self._source.links):
                yield link, (link.xpath("..") or [link])[0]

    def _date(self, link: Selector, row: Selector) -> str:
        if self._source.date:
            for found in row.css(self._source.date):
                if text := one_line(found.xpath("string()").get("")):
                    return text
            return ""
        # Most lists print the date beside the link; what stands in the link itself is its title.
        texts = row.xpath(".//text()[not(ancestor::a)]").getall()
        found_date = _DATE.search(" ".join(texts))
        return found_date.group() if found_date else ""


def _title(link: Selector) -> str:
    """The link's text, or its title attribute where the text is a shortened form of it."""
    text = one_line(link.xpath("string()").get(""))
    full = one_line(link.attrib.get("title", ""))
    return full if full and (not text or text.rstrip("….· ") in full) else text
