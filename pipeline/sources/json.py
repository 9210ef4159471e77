"""Interfaces that answer in JSON, as many sites of authorities have behind their lists.

JMESPath expressions say where the items are and what each is called. JSONP and `var list = …;` are unwrapped.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError

from pipeline import config
from pipeline.errors import ConfigError, SourceError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.charset import decode
from pipeline.sources.feed import plain
from pipeline.sources.harvest import (
    NEVER,
    Basket,
    Entry,
    Harvest,
    Means,
    Memory,
    Reading,
    carried_page,
    fetch_page,
    read_apart,
    walk,
)

_MAX_BYTES = 8 * 1024 * 1024
_MAX_ITEMS = 2000  # of one page, as of a feed
_BEGIN = re.compile(r"[{\[]")
_MAX_HEAD = 200  # characters before the JSON itself: a call's or a variable's name
_PLACE = re.compile(r"\{([^{}]+)\}")


class Json:
    """An interface by its address, page after page."""

    def __init__(self, source: config.JsonSource, means: Means) -> None:
        self._source = source
        self._means = means
        self._carried: dict[str, str] = {}
        link = _PLACE.findall(source.link) if _is_template(source.link) else [source.link]
        for key in ("items", "title", "date", "origin", "content"):
            _check(source, key, getattr(source, key))
        for one in link:
            _check(source, "link", one)

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an item, in the order of the answer."""

        def read(page: Page, number: int) -> Reading:
            return read_apart(self._source, self._means.apart, read_items, self._source, page, number)

        basket = Basket(self._source, self._means.most)
        harvest = walk(self._source, fetch, memory, _MAX_BYTES, read, basket)
        self._carried = basket.carried
        return harvest

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The article that came with the item, else the page its link leads to."""
        if content := self._carried.get(lead.url):
            return carried_page(lead, content, now)
        return fetch_page(lead, self._means.way(self._source, fetch))


def read_items(source: config.JsonSource, page: Page, number: int) -> Reading:
    """What one answer lists; raises `SourceError` when it is no JSON or has no list where one should be."""
    document = _document(source, page)
    items = _search(source, source.items, document)
    if not isinstance(items, list):
        raise SourceError(
            f"{source.name}：返回的 JSON 中没有 items 所指的列表（{page.url}）", "请核对 sources.yaml 中的 items。"
        )
    notes = []
    if not items and number == 1:
        notes.append("接口返回的列表是空的")
    if len(items) > _MAX_ITEMS:
        notes.append(f"列表过长，只读前 {_MAX_ITEMS} 条")
    entries = tuple(
        Entry(
            _link(source, item),
            title=plain(_said(_search(source, source.title, item))),
            published=_said(_search(source, source.date, item)),
            outlet=plain(_said(_search(source, source.origin, item))),
            content=_said(_search(source, source.content, item)),
        )
        for item in items[:_MAX_ITEMS]
    )
    return Reading(entries, page.url, notes=tuple(notes))


def _document(source: config.JsonSource, page: Page) -> Any:
    text = unwrapped(decode(page.body, page.charset).strip("\ufeff \t\r\n"))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        what = "返回的是网页而不是 JSON" if text.startswith("<") else "返回的 JSON 无法读取"
        raise SourceError(f"{source.name}：{what}（{page.url}）", "请核对 sources.yaml 中的 url。") from None


def unwrapped(text: str) -> str:
    """What a script file wraps round its data taken off: `callback(…);`, `var list = …;`."""
    begin = _BEGIN.search(text, 0, _MAX_HEAD)
    head = text[: begin.start()].rstrip() if begin else ""
    if not begin or not head:
        return text
    inner = text[begin.start() :].rstrip("; \r\n\t")
    if head.endswith("("):
        return inner.removesuffix(")")
    return inner if head.endswith(("=", ")]}',")) else text


def _link(source: config.JsonSource, item: Any) -> str:
    if not _is_template(source.link):
        return _said(_search(source, source.link, item))
    values = {one: _said(_search(source, one, item)) for one in _PLACE.findall(source.link)}
    if not all(values.values()):
        return ""
    return _PLACE.sub(lambda found: quote(values[found[1]], safe="/:?&=%~-._"), source.link)


def _search(source: config.JsonSource, expression: str, document: Any) -> Any:
    try:
        return _compiled(expression).search(document) if expression else None
    except (JMESPathError, TypeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise SourceError(f"{source.name}：表达式 {expression} 无法用于返回的 JSON（{said}）") from None


def _said(value: Any) -> str:
    """A value as it would be printed; nothing for what is neither text nor number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return f"{value:.0f}" if value == int(value) else str(value)


def _is_template(link: str) -> bool:
    """Whether `link` is an address with expressions in braces, not itself an expression."""
    return "://" in link or link.startswith(("/", "./"))


def _check(source: config.JsonSource, key: str, expression: str) -> None:
    try:
        if expression:
            _compiled(expression)
    except JMESPathError as error:
        raise ConfigError(
            f"sources.yaml: source {source.name}", f"{key}: {expression!r} is no JMESPath expression"
        ) from error


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
