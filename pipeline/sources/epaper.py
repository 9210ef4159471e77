"""Printed papers on the web (数字报): every page of an issue, day by day, and the articles on it.

An issue is a page for each page of the paper (版面), which lead to each other and to their articles. Founder's system,
People's Daily and their copies name them alike, so that links can be told by their addresses; for others two selectors
say which they are. What is remembered between two visits is the last day that was read in full.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from parsel import Selector

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import BEIJING, Fetch, Lead, Page, digest
from pipeline.sources import selectors
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
    parsable,
    read_apart,
)
from pipeline.sources.selectors import xpath

_MAX_BYTES = 2 * 1024 * 1024
_ABSENT = re.compile(r"HTTP 4(?:04|10)")
_NODE = re.compile(r"/(?:node_\w+|nbs\.D\d+\w+?_[A-Z]?\d+|layout_\w+)\.s?html?$", re.I)
_ARTICLE = re.compile(r"/(?:content_\w[\w-]*|nw\.D\d+\w+?_\d{8}_[\d-]+|c\d{5,})\.s?html?$", re.I)
_DAY = re.compile(r"(?<!\d)(20\d\d)[-/]?(\d\d)[-/]?(\d\d)(?!\d)")
_BUTTON = re.compile(r"^(?:上|下)[一1]?(?:篇|版|页|期)$|^(?:pdf|返回|放大|缩小|打印|详细|更多)\W*$", re.I)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one page of a paper leads to; plain values, because they may come from another process."""

    articles: tuple[Entry, ...]
    pages: tuple[str, ...]


class Epaper:
    """A paper by the address of an issue's first page."""

    def __init__(self, source: config.EpaperSource, means: Means) -> None:
        self._source = source
        self._means = means
        selectors.check(source, links=source.links, nodes=source.nodes)

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """The articles of the issues since the last visit, of each from its first page to its last."""
        basket = Basket(self._source, self._means.most)
        if not self._source.dated:
            fetched, memory = ask(self._source, self._source.url, fetch, memory, _MAX_BYTES)
            if fetched.page is None:
                return Harvest((), memory, unchanged=True)
            return basket.harvest(memory if self._walk(fetched.page, "", fetch, basket) else NEVER)
        return self._days(fetch, memory, basket)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page behind a link."""
        return fetch_page(lead, self._means.way(self._source, fetch))

    def _days(self, fetch: Fetch, memory: Memory, basket: Basket) -> Harvest:
        today = self._means.clock().astimezone(BEIJING).date()
        of = digest(self._source.model_dump_json())
        done = dt.date.fromisoformat(memory.modified) if memory.of == of and memory.modified else dt.date.min
        first = max(today - dt.timedelta(days=self._source.days - 1), done + dt.timedelta(days=1))
        if first > today:
            return Harvest((), memory, unchanged=True)
        read, whole, trouble = 0, True, None
        for day in (first + dt.timedelta(days=i) for i in range((today - first).days + 1)):
            try:
                page = ask(self._source, self._source.address(day), fetch, NEVER, _MAX_BYTES)[0].page
                assert page is not None  # nothing was said of an earlier one
                complete = self._walk(page, day.isoformat(), fetch, basket)
            except SourceError as error:
                absent = _ABSENT.search(error.message) is not None
                basket.say(f"{day}：没有报纸，或尚未上网" if absent else f"{day}：{error.message}")
                # no issue on a holiday; but today's may come later, and a day that failed is asked for again
                whole = whole and absent and day < today
                if trouble is None or not absent:
                    trouble = error
                continue
            read += 1
            whole = whole and complete
            if whole:
                done = day
        # a paper known from earlier visits may well have nothing new
        if trouble is not None and not read and (done == dt.date.min or not _ABSENT.search(trouble.message)):
            raise trouble
        return basket.harvest(Memory(modified="" if done == dt.date.min else done.isoformat(), of=of))

    def _walk(self, front: Page, day: str, fetch: Fetch, basket: Basket) -> bool:
        """Gathers the articles of one issue; whether all its pages could be read."""
        waiting, seen = [front.url], {front.url}
        complete = True
        for _ in range(self._source.pages):
            if not waiting:
                break
            url = waiting.pop(0)
            try:
                page = front if url == front.url else ask(self._source, url, fetch, NEVER, _MAX_BYTES)[0].page
            except SourceError as error:
                basket.say(f"{day or '本期'}有一版未取得：{error.message}")
                complete = False
                continue
            if page is None:
                continue
            sheet = read_apart(self._source, self._means.apart, read_sheet, self._source, page, day)
            if page is front and not sheet.articles and not sheet.pages:
                raise SourceError(
                    f"{self._source.name}：报纸的首页没有版面和文章的链接（{page.url}）",
                    "网页可能已改版；请核对 sources.yaml 中的 url，或用 links 和 nodes 指明链接。",
                )
            for entry in sheet.articles:
                basket.add(entry)
            fresh = [one for one in sheet.pages if one not in seen]
            seen.update(fresh)
            waiting += fresh
            if basket.full:
                return False
        if waiting:
            basket.say(f"{day or '本期'}：只读前 {self._source.pages} 版，后面还有")
        return complete


def read_sheet(source: config.EpaperSource, page: Page, day: str) -> Sheet:
    """The articles of one page of a paper and the issue's other pages; links to other days are left out."""
    text = parsable(source, decode(page.body, page.charset), page.url)
    document = Selector(text=text or " ", type="html")
    base = absolute(document.css("base::attr(href)").get(""), page.url) or page.url
    articles: dict[str, Entry] = {}
    pages: dict[str, None] = {}
    for link in document.xpath("//a[@href] | //area[@href]"):
        url = absolute(link.attrib["href"], base)
        if not url or urlsplit(url).hostname != urlsplit(page.url).hostname or not _same_day(url, page.url, day):
            continue
        path = urlsplit(url).path
        if not source.links and _ARTICLE.search(path):
            _keep(articles, url, link, day)
        elif not source.nodes and _NODE.search(path):
            pages.setdefault(url)
    for selector, take in ((source.links, True), (source.nodes, False)):
        for link in document.xpath(xpath(selector)) if selector else ():
            if url := absolute(link.attrib.get("href", ""), base):
                if take:
                    _keep(articles, url, link, day)
                else:
                    pages.setdefault(url)
    pages.pop(page.url, None)
    return Sheet(tuple(articles.values()), tuple(pages))


def _keep(articles: dict[str, Entry], url: str, link: Selector, day: str) -> None:
    """An article once, under the title of the first link to it that has one: the map over the page has none."""
    title = one_line(link.xpath("string()").get("")) or one_line(link.attrib.get("title", ""))
    title = "" if _BUTTON.match(title) else title
    known = articles.get(url)
    if known is None or (title and not known.title):
        articles[url] = Entry(url, title=title, published=day)


def _same_day(url: str, page: str, day: str) -> bool:
    """Whether an address names the issue's day, or none; where the day is not given, that of the page."""
    named = _DAY.search(urlsplit(url).path)
    wanted = day or ("-".join(own.groups()) if (own := _DAY.search(urlsplit(page).path)) else "")
    return named is None or not wanted or "-".join(named.groups()) == wanted
