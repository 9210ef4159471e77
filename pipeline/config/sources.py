"""sources.yaml: where leads come from, a class a kind, and how their pages are read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from cssselect import SelectorError
from lxml import etree
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, Field, model_validator

from pipeline.config.strict import Strict


def is_xpath(selector: str) -> bool:
    """Whether a selector is XPath: it starts with `/`, `./` or `xpath:`."""
    return selector.startswith(("/", "./", "xpath:"))


@lru_cache(maxsize=1024)
def as_xpath(selector: str) -> str:
    """A selector as XPath: one that begins with `/`, `./` or `xpath:` is XPath already, anything else is CSS.

    Raises `ValueError` for one that selects nothing anywhere because it is none.
    """
    expression = selector.removeprefix("xpath:").strip()
    if not is_xpath(selector):
        try:
            expression = HTMLTranslator().css_to_xpath(expression)
        except (SelectorError, ValueError) as error:
            raise ValueError(f"{selector!r} is no CSS selector") from error
    try:
        found = etree.XPath(expression)(etree.Element("html"))
    except etree.XPathError as error:
        raise ValueError(f"{selector!r} is no XPath: {error}") from error
    if not isinstance(found, list | str):
        raise ValueError(f"{selector!r} selects no elements and no text")
    return expression


Selector = Annotated[str, Field(min_length=1), AfterValidator(lambda text: as_xpath(text) and text)]


class ExtractRule(Strict):
    """How the pages of one source are read, where guessing is not good enough."""

    container: Selector | None = None
    """What holds the body."""
    drop: tuple[Selector, ...] = ()
    """What is taken out before anything is read."""
    title: Selector | None = None
    """What holds the title."""
    date: Selector | None = None
    """What holds the day of publication."""
    outlet: Selector | None = None
    """What names the outlet."""
    author: Selector | None = None
    """What names the author."""
    until: dt.date | None = None
    """The day of a redesign: pages fetched before it are read by this rule, later ones by the next."""

    @model_validator(mode="after")
    def _says_something(self) -> ExtractRule:
        if not (self.container or self.drop or self.title or self.date or self.outlet or self.author):
            raise ValueError("write at least one of container, drop, title, date, outlet, author")
        return self


class _Source(Strict):
    brought: ClassVar[bool] = False
    """Whether people put there what it gives: then silence means nothing, and leads bring no date along."""
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Annotated[str, Field(min_length=1)]
    outlet: str = ""
    """Printed as publisher when the registry of outlets does not know the host."""
    enabled: bool = True
    verified: dt.date | Literal[False] | None = None
    """The day on which somebody saw it read well; `False` when nobody has tried it yet."""
    include: tuple[str, ...] = ()
    """Only addresses that contain one of these."""
    exclude: tuple[str, ...] = ()
    """No address that contains one of these."""
    extract: tuple[ExtractRule, ...] = ()
    """How its pages are read; the first rule whose `until` is not over applies."""
    every: Annotated[float, Field(gt=0, le=31 * 24)] | None = None
    """Hours between two visits by the clock; default: by the source's own rhythm."""


Tls = Literal["strict", "legacy", "unverified"]
"""What is asked of a host's encryption: everything; all but that it is up to date; nothing."""


class WebSource(_Source):
    """What leads to pages of the web."""

    render_pages: bool = False
    """Get the pages it leads to with a browser, because scripts make them."""
    tls: Tls | Mapping[str, Tls] = "strict"
    """For the host of its address, or host by host."""


class _PagedSource(WebSource):
    """A list of one page or several; with `{page}` in its address the pages are counted."""

    url: str
    """Of the list; with `{page}` it is the pattern of its pages."""
    first: str = ""
    """The first page, where its address does not follow the pattern."""
    start: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """What `{page}` is on the first page."""
    pages: Annotated[int, Field(ge=1, le=100)] = 1
    """How many pages of the list are read."""

    @model_validator(mode="after")
    def _first_begins_a_pattern(self) -> Self:
        if self.first and "{page}" not in self.url:
            raise ValueError("first: needs a url with {page}, the address of the pages that follow")
        return self

    def address(self, number: int) -> str:
        """The address of a page, counted from 1; empty where no pattern says it."""
        if number == 1 and self.first:
            return self.first
        if "{page}" not in self.url:
            return self.url if number == 1 else ""
        return self.url.replace("{page}", str(self.start + number - 1))


class FeedSource(WebSource):
    """RSS, Atom or JSON Feed."""

    kind: Literal["feed"]
    url: str
    """`rsshub://route/…` is a route of the RSSHub that settings.yaml names; as loaded, its whole address."""


class ListingSource(_PagedSource):
    """A page that lists links."""

    kind: Literal["listing"]
    links: str
    """CSS selector or XPath of the `<a>` elements; XPath starts with `/`, `./` or `xpath:`."""
    row: str = ""
    """Selector of what holds one link and its date; default: the link's parent."""
    title: str = ""
    """Selector of the title, inside `row`; default: the link's text."""
    date: str = ""
    """Selector of the date, inside `row`."""
    origin: str = ""
    """Selector of the outlet that the list names, inside `row`."""
    next: str = ""
    """Selector of the link to the next page of the list."""
    render: bool = False
    """Get the list with a browser, because scripts make it."""


class SitemapSource(WebSource):
    """An XML sitemap, news sitemap or sitemap index."""

    kind: Literal["sitemap"]
    url: str
    """Of the map, packed or not."""
    days: Annotated[int, Field(ge=0, le=3660)] = 0
    """Only what changed in the last so many days, or does not say when; 0 for all."""


class JsonSource(_PagedSource):
    """An interface that answers with a list in JSON."""

    kind: Literal["json"]
    items: str = "@"
    """JMESPath expression of the list."""
    link: Annotated[str, Field(min_length=1)]
    """Expression of an item's address, or an address with expressions in braces."""
    title: str = ""
    """Expression of an item's title."""
    date: str = ""
    """Expression of the day it was published."""
    origin: str = ""
    """Expression of the outlet that it names."""
    content: str = ""
    """Expression of the article itself as HTML; its page is then not fetched."""


class EpaperSource(WebSource):
    """A printed paper's pages on the web."""

    kind: Literal["epaper"]
    url: str
    """The first page of an issue, its day as {yyyy} {mm} {dd} {m} {d}; without them the address of the latest."""
    days: Annotated[int, Field(ge=1, le=60)] = 3
    """How many days back issues are looked for, where the last visit was not later."""
    pages: Annotated[int, Field(ge=1, le=500)] = 60
    """Of one issue."""
    links: str = ""
    """Selector of the links to articles; default: told by their addresses."""
    nodes: str = ""
    """Selector of the links to the issue's other pages; default: told by their addresses."""

    @model_validator(mode="after")
    def _names_a_whole_day(self) -> Self:
        named = set(re.findall(r"\{(\w*)\}", self.url))
        if unknown := named - {"yyyy", "mm", "dd", "m", "d"}:
            raise ValueError(f"url: unknown {{{sorted(unknown)[0]}}} (known: yyyy, mm, dd, m, d)")
        if named and not ("yyyy" in named and named & {"mm", "m"} and named & {"dd", "d"}):
            raise ValueError("url: name the whole day, as {yyyy}-{mm}/{dd}")
        return self

    @property
    def dated(self) -> bool:
        """Whether each day has its address."""
        return "{" in self.url

    def address(self, day: dt.date) -> str:
        """The first page of a day's issue."""
        parts = {"yyyy": f"{day:%Y}", "mm": f"{day:%m}", "dd": f"{day:%d}", "m": str(day.month), "d": str(day.day)}
        return re.sub(r"\{(\w+)\}", lambda match: parts[match.group(1)], self.url)


class WarcSource(_Source):
    """Archives of a crawl."""

    brought: ClassVar[bool] = True
    kind: Literal["warc"]
    path: Annotated[str, Field(min_length=1)]
    """A `.warc` or `.warc.gz` file, or a pattern such as `crawl/**/*.warc.gz`; relative to the workspace."""


class FolderSource(_Source):
    """Files in a folder: HTML pages, front-matter dumps, plain text."""

    brought: ClassVar[bool] = True
    kind: Literal["folder"]
    path: Path
    """Relative to the workspace."""


class ManualSource(WebSource):
    """Addresses or files that somebody named."""

    brought: ClassVar[bool] = True
    kind: Literal["manual"]
    urls: tuple[str, ...] = ()
    """Addresses of articles."""
    files: tuple[Path, ...] = ()
    """Relative to the workspace."""


Source = Annotated[
    FeedSource | ListingSource | SitemapSource | JsonSource | EpaperSource | WarcSource | FolderSource | ManualSource,
    Field(discriminator="kind"),
]
