"""What stands at an address, and how it could be a source: a feed, a sitemap, a list page.

Feeds come first: they say what is new, when, and do not change with the design. A page may name its feeds; a site
may name its sitemaps in robots.txt. Else a list page is read by its structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from pipeline.errors import FetchError, UsageError
from pipeline.model import Fetch, Page
from pipeline.sources import feed, sitemap
from pipeline.sources.charset import decode
from pipeline.sources.harvest import Apart, absolute, here, one_line
from pipeline.sources.json import unwrapped
from pipeline.sources.structure import Layout, layout

_MAX_BYTES = 8 * 1024 * 1024
_TITLE = re.compile(r"<title[^>]*>(.{1,300}?)</title>", re.IGNORECASE | re.DOTALL)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")
_COMMENTS = re.compile(r"comments?|评论", re.IGNORECASE)
_NAMED = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_PARTS = re.compile(r"\s*[_|｜—–]+\s*|\s+-+\s+|-(?=[\u4e00-\u9fff])")
_GENERIC = frozenset(("www", "com", "cn", "gov", "org", "net", "edu", "ac", "m", "rss", "feed", "feeds", "example"))
_ADDRESS = re.compile(r"https?://\S+|/[\w./?=&%-]{4,}$")
_MOMENT = re.compile(r"20\d\d[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}|1[4-9]\d{8}(?:\d{3})?$")
_FEWEST = 3
_MAX_NESTED = 5
_MOST_FEEDS = 5
_MOST_MAPS = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to watch what stands at an address."""

    entry: Mapping[str, Any]
    """As it would stand in sources.yaml."""
    because: str
    """How it was found, in Chinese."""


def discover(url: str, fetch: Fetch, taken: Collection[str], apart: Apart = here) -> list[Suggestion]:
    """The ways to watch an address, the best first; `taken` are the ids that are given already.

    What is found there is parsed through `apart`. Raises `FetchError` when the address cannot be had, `UsageError`
    when nothing there could be watched.
    """
    if url.startswith("rsshub://"):
        return [_Maker(url, taken).made("feed", "", "RSSHub 的路由", url=url)]
    page = fetch(url, limit=_MAX_BYTES).page
    if page is None:
        raise FetchError(f"{url}：服务器称内容未变，但并未问及")
    text = decode(page.body, page.charset).lstrip("\ufeff \t\r\n")
    maker = _Maker(page.url, taken)
    if not text.startswith("<") and unwrapped(text)[:1] in ("{", "["):
        return [_of_json(apart(answer, text), maker, url)]
    head = text[:20_000]
    root, markup = feed.ROOT.search(head), feed.HTML.search(head)
    if root and (markup is None or root.start() < markup.start()):
        return [maker.made("feed", _title(text), "这个地址本身就是订阅源", url=url)]
    if (place := sitemap.ROOT.search(head)) and (markup is None or place.start() < markup.start()):
        return [maker.made("sitemap", "", "这个地址本身就是站点地图", url=url)]
    if "<" not in head:
        raise UsageError(f"{url}：这里没有网页，也没有订阅源（{page.content_type or '类型不明'}）。", "请核对网址。")
    return _of_page(text, page, fetch, maker, url, apart)


def _of_page(text: str, page: Page, fetch: Fetch, maker: _Maker, url: str, apart: Apart) -> list[Suggestion]:
    feeds = [
        maker.made("feed", name or _title(text), "网页声明的订阅源", url=address)
        for address, name in apart(alternates, text, page.url)
    ]
    found = apart(layout, text, page.url)
    lists = [_of_list(found, _title(text), maker, url)] if found else []
    good = bool(found and found.dated * 2 >= len(found.titles))
    maps = [] if feeds or good else list(_sitemaps(page, fetch, maker, _title(text)))
    suggestions = [*feeds, *(lists if good else []), *maps, *([] if good else lists)]
    if not suggestions:
        raise UsageError(
            f"{url}：没有找到订阅源、站点地图，也看不出文章列表。",
            "列表可能由脚本生成；请换栏目页的网址，或在 sources.yaml 里手写选择器。",
        )
    return suggestions


def _of_list(found: Layout, title: str, maker: _Maker, url: str) -> Suggestion:
    settings = {
        "row": found.row,
        "links": found.links,
        "title": found.title,
        "date": found.date,
        "next": found.next,
    }
    given = {key: value for key, value in settings.items() if value}
    if found.next:
        given["pages"] = "2"
    because = f"按网页结构看出的列表：{len(found.titles)} 条，{found.dated} 条带日期"
    return maker.made("listing", title, because, url=url, **given)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer in JSON holds, as JMESPath expressions; all empty where it holds no list of articles."""

    feed: str = ""
    """The title of a JSON Feed, or a space for one without."""
    items: str = ""
    link: str = ""
    title: str = ""
    date: str = ""
    count: int = 0


def answer(text: str) -> Answer:
    """The list in an answer in JSON or JSONP; raises `UsageError` for what is neither."""
    try:
        document = json.loads(unwrapped(text))
    except (ValueError, RecursionError):
        raise UsageError("返回的 JSON 无法读取。", "请核对网址。") from None
    if isinstance(document, dict) and "jsonfeed" in str(document.get("version", "")):
        return Answer(feed=one_line(str(document.get("title", ""))) or " ")
    found = [_described(path, rows) for path, rows in _lists(document, "", 0)]
    return max((one for one in found if one.link), key=lambda one: one.count, default=Answer())


def _lists(value: Any, path: str, depth: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every list of objects, and where it is."""
    if depth > _MAX_NESTED:
        return
    if isinstance(value, list):
        rows = [one for one in value if isinstance(one, dict)]
        if len(rows) >= _FEWEST:
            yield path or "@", rows
    elif isinstance(value, dict):
        for key, inner in value.items():
            if re.fullmatch(r"[A-Za-z_]\w*", key):
                yield from _lists(inner, f"{path}.{key}" if path else key, depth + 1)


def _described(path: str, rows: Sequence[dict[str, Any]]) -> Answer:
    """Which keys of the rows hold the address, the title and the date."""

    def share(key: str, good: Callable[[str], bool]) -> float:
        return sum(good(str(row.get(key) or "")) for row in rows) / len(rows)

    keys = [key for key in rows[0] if re.fullmatch(r"[A-Za-z_]\w*", key)]
    link = [key for key in keys if share(key, lambda said: bool(_ADDRESS.match(said))) > 0.8]
    link.sort(key=lambda key: bool(re.search(r"img|pic|image|thumb|cover|logo|video", key, re.IGNORECASE)))
    title = [key for key in keys if key not in link and share(key, lambda said: 6 <= len(said) <= 80) > 0.7]
    title.sort(key=lambda key: "title" not in key.lower())
    date = [key for key in keys if share(key, lambda said: bool(_MOMENT.match(said))) > 0.7]
    date.sort(key=lambda key: not re.search(r"pub|date", key, re.IGNORECASE))
    if not link or re.search(r"img|pic|image|thumb", link[0], re.IGNORECASE):
        return Answer()
    return Answer("", path, link[0], next(iter(title), ""), next(iter(date), ""), len(rows))


def _of_json(found: Answer, maker: _Maker, url: str) -> Suggestion:
    if found.feed:
        return maker.made("feed", found.feed.strip(), "这个地址本身就是 JSON Feed", url=url)
    if not found.link:
        raise UsageError(
            f"{url}：这是接口的 JSON 答复，但看不出哪一项是文章的网址。",
            "请在 sources.yaml 里按 kind: json 手写，见文件开头的说明。",
        )
    settings = {"items": found.items, "link": found.link, "title": found.title, "date": found.date}
    given = {key: value for key, value in settings.items() if value}
    return maker.made("json", "", f"接口的 JSON 答复：{found.count} 条", url=url, **given)


def alternates(text: str, base: str) -> list[tuple[str, str]]:
    """The feeds that a page names: address and title."""
    try:
        tree = etree.fromstring(text.encode("utf-8", "ignore"), html.HTMLParser(encoding="utf-8"))
    except etree.XMLSyntaxError:
        return []
    seen: dict[str, str] = {}
    for node in tree.iter("link") if tree is not None else ():
        name = one_line(node.get("title", ""))
        kind = node.get("type", "").partition(";")[0].strip().lower()
        address = absolute(node.get("href", ""), base)
        wanted = "alternate" in node.get("rel", "").lower().split() and kind in _FEED_TYPES
        if not wanted or not address or address in seen or _COMMENTS.search(name + urlsplit(address).path):
            continue
        if kind == "application/json" and "feed" not in address:
            continue  # WordPress names its interface so
        seen[address] = name
    return list(seen.items())[:_MOST_FEEDS]


def _sitemaps(page: Page, fetch: Fetch, maker: _Maker, title: str) -> Iterator[Suggestion]:
    """Those that robots.txt names, news sitemaps first, else the one at the usual place."""
    try:
        robots = fetch(urljoin(page.url, "/robots.txt"), limit=512 * 1024).page
        named = _NAMED.findall(decode(robots.body)) if robots else []
    except FetchError:
        named = []
    addresses = [one for one in (absolute(one, page.url) for one in named) if one]
    addresses.sort(key=lambda one: "news" not in one)
    for address in (addresses or [urljoin(page.url, "/sitemap.xml")])[:_MOST_MAPS]:
        try:
            found = fetch(address, limit=_MAX_BYTES).page
        except FetchError:
            continue
        if found and (found.body.startswith(b"\x1f\x8b") or sitemap.ROOT.search(decode(found.body)[:20_000])):
            where = "robots.txt 里写明的站点地图" if addresses else "网站通常位置上的站点地图"
            yield maker.made("sitemap", title, where, url=address)


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return one_line(unescape(found[1])) if found else ""


class _Maker:
    """Makes the entries of one address, with ids that nobody has."""

    def __init__(self, url: str, taken: Collection[str]) -> None:
        self.url = url
        self._taken = set(taken)

    def made(self, kind: str, title: str, because: str, /, **settings: str) -> Suggestion:
        """A suggestion; `settings` are those of the kind, in the order they will stand in."""
        id_ = new_id(settings.get("url", self.url), self._taken)
        self._taken.add(id_)
        given: dict[str, Any] = {**settings}
        if "pages" in given:
            given["pages"] = int(given["pages"])
        return Suggestion({"id": id_, "name": _name(title) or self._host(), "kind": kind, **given}, because)

    def _host(self) -> str:
        return (urlsplit(self.url).hostname or "").removeprefix("www.")


def _name(title: str) -> str:
    """委内新闻_北京市卫生健康委员会 → 北京市卫生健康委员会·委内新闻; a title of one part stays."""
    parts = [part for part in _PARTS.split(title) if part]
    if len(parts) < 2:
        return title[:60]
    return f"{parts[-1]}·{parts[0]}"[:60]


def new_id(url: str, taken: Collection[str]) -> str:
    """A short id for an address that nobody has: wjw.beijing.gov.cn → wjw-beijing."""
    host = (urlsplit(url).hostname or "source").lower()
    labels = [label for label in host.split(".") if label not in _GENERIC] or [host]
    stem = re.sub(r"[^a-z0-9]+", "-", "-".join(labels)).strip("-")[:32] or "source"
    number = 1
    while (made := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return made
