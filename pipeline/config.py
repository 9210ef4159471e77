"""The configuration: YAML in, frozen settings out; the only reader of `config/`.

Five files: `settings.yaml` (where things lie, how politely to fetch), `series.yaml` (the bulletins),
`scope.yaml` (what they are about), `sources.yaml` (where leads come from), `outlets.yaml` (who owns which
host). Unknown keys are refused; an error names file, line and column. A workspace's own file wins over
the packaged one, file by file. Over the single values of `settings.yaml` the environment wins:
`BULLETIN_OUT`, `BULLETIN_POLITENESS__RETRIES`; an empty variable counts as none.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from cssselect import SelectorError
from lxml import etree
from parsel.csstranslator import HTMLTranslator
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from pipeline.errors import ConfigError
from pipeline.model import Event, Window

_HERE = Path(__file__).parent
_MAX_BYTES = 4 * 1024 * 1024  # 10,000 sources are about 2 MB; anything larger is not a configuration
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def packaged(name: str) -> Path:
    """A folder that travels with the package (`config`, `templates`, `seeds`), installed or in a checkout."""
    installed = _HERE / "share" / name
    return installed if installed.exists() else _HERE.parent / name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _written_as(pattern: str, example: str) -> AfterValidator:
    """Refuses a text of another shape, in words that show the right one."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"write {example}")
        return text

    return AfterValidator(check)


# ------------------------------------------------------------------------------------------ settings


class Politeness(_Strict):
    """How the fetcher treats the hosts it asks."""

    user_agent: str = "bulletin-desk/0.1 (+contact: see settings.yaml)"
    seconds_per_host: Annotated[float, Field(ge=0, le=60)] = 2.0
    connect_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    read_seconds: Annotated[float, Field(gt=0, le=120)] = 20.0
    total_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    robots: bool = True
    max_mebibytes: Annotated[int, Field(ge=1, le=200)] = 10
    pages_per_source: Annotated[int, Field(ge=1, le=10_000)] = 200


class Illustration(_Strict):
    """Which pictures of articles are fetched, and how much of them."""

    per_article: Annotated[int, Field(ge=0, le=1000)] = 40
    max_mebibytes: Annotated[int, Field(ge=1, le=200)] = 8
    """Of one picture, as sent."""
    article_mebibytes: Annotated[int, Field(ge=1, le=2000)] = 60
    """Of all pictures of one article, as sent."""
    seconds_per_host: Annotated[float, Field(ge=0, le=60)] = 0.5
    """Between two pictures of one host: what one page of a reader asks for at once."""
    total_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """For one picture."""
    minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 10.0
    """For all pictures of one run; the rest waits for the next."""


class Timing(_Strict):
    """When `bulletin serve` does what, and how long it holds on."""

    collect_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 240
    """Between two rounds of collecting; 0 for none but those of the drafts."""
    tick_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    """How often it looks whether a draft is due, besides the moments drafts fall due."""
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 120.0
    """How long a run that no longer gives a sign of life keeps others from its window."""
    run_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 60.0
    """How long making one draft may take."""
    attempts: Annotated[int, Field(ge=1, le=100)] = 12
    """How often a draft is tried before it waits for somebody."""
    retry_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 10.0
    """Before the second attempt; each later pause is twice as long, up to a day."""
    engine: Literal["prefect", "inline"] = "prefect"
    adaptive: bool = True
    """Whether a source that seldom has something new is asked less often, at least once a day."""


class Told(_Strict):
    """Somebody who is told what happens: where, of what, of which series."""

    to: Annotated[SecretStr, Field(min_length=1)]
    """An apprise address, or where it stands: `env:NAME`, `file:path` (relative to the workspace)."""
    events: tuple[Event, ...] = tuple(Event)
    series: tuple[str, ...] = ()
    """Ids of series.yaml; empty for all, and for what concerns no series."""


class Settings(_Strict):
    """Where the workspace keeps things, and how it fetches."""

    data: Path = Path("data")
    """The database and the blobs; relative to the workspace."""
    database: Annotated[str, _written_as(r"(postgres(ql)?://\S+)?", "postgresql://user@host:5432/name")] = ""
    """`postgresql://user@host/name`; empty for SQLite in the data folder."""
    out: Path = Path("out")
    """Where released files are published; relative to the workspace."""
    template: Annotated[str, Field(pattern=r"^[\w-]+$")] = "gongwen"
    politeness: Politeness = Politeness()
    ports: tuple[int, ...] = (80, 443)
    connect_to: Mapping[str, str] = Field(default_factory=dict)
    """`host:port` or `*:port` → `address:port` dialled instead, as curl's `--connect-to` does."""
    trust: Path | None = None
    """A PEM file of certificate authorities trusted besides the public ones; relative to the workspace."""
    workers: Annotated[int, Field(ge=0, le=64)] = 0
    """Processes that parse what comes from the web; 0 for one a core."""
    page_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long reading one page may take."""
    pictures: Illustration = Illustration()
    clock: Timing = Timing()
    rsshub: Annotated[str, _written_as(r"(https?://\S+)?", "https://rsshub.example")] = ""
    """The address that `rsshub://` stands for in sources.yaml."""
    notify: tuple[Told, ...] = ()
    """Who is told of drafts, failed runs and silent sources."""


# -------------------------------------------------------------------------------------------- series


class Weekly(_Strict):
    """Seven days from the named weekday on."""

    from_: Annotated[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Field(alias="from")]

    @property
    def first_day(self) -> int:
        """The weekday a window starts on, Monday is 0."""
        return _DAYS.index(self.from_)


class WeeklySpec(_Strict):
    """The YAML shape `weekly: {from: sat}`."""

    weekly: Weekly


class LastIssue(_Strict):
    """The last issue put out elsewhere: numbering goes on from there."""

    number: Annotated[int, Field(ge=0)]
    window: Annotated[str, BeforeValidator(str)]


class Series(_Strict):
    """One bulletin: its names, its windows, its numbers, its rules."""

    id: str = ""
    title: Annotated[str, Field(min_length=1)]
    issuer: Annotated[str, Field(min_length=1)]
    unit: Annotated[str, Field(min_length=1)]
    """What the lead sentence calls an issue: 月报 or 周报."""
    topic: Annotated[str, Field(min_length=1)]
    """The topic words in the lead sentence."""
    window: Literal["monthly"] | WeeklySpec
    after: Annotated[str, _written_as(r"\d{1,2}:[0-5]\d", "hours and minutes, as 00:30")] = "00:30"
    """How long after the window's last midnight its draft is made."""
    catch_up: Annotated[int, Field(ge=0)] | Literal["all"] = 1
    """How many missed windows before the last closed one get their draft by themselves."""
    last: LastIssue
    place: str = ""
    """A geographic rule of scope.yaml; empty for nationwide."""
    zero: Literal["〇", "零", "○"] = "〇"
    footer: tuple[str, ...] = ()
    pictures: bool = True
    """Whether the articles' pictures are printed; captions are in any case."""

    @property
    def first_day(self) -> int | None:
        """The weekday windows start on; `None` for monthly windows."""
        return None if self.window == "monthly" else self.window.weekly.first_day

    def window_of(self, day: dt.date) -> Window:
        """The window that contains `day`."""
        if self.first_day is None:
            first = day.replace(day=1)
            return Window(first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1))
        first = day - dt.timedelta(days=(day.weekday() - self.first_day) % 7)
        return Window(first, first + dt.timedelta(days=6))

    @property
    def last_window(self) -> Window:
        """The window of the last issue put out elsewhere."""
        text = self.last.window
        return self.window_of(dt.date.fromisoformat(text + "-01" if len(text) == 7 else text))

    @model_validator(mode="after")
    def _last_window_is_a_window(self) -> Series:
        try:
            window = self.last_window
        except ValueError as error:
            raise ValueError(f"last.window {self.last.window!r}: write 2024-05 or a day such as 2025-08-01") from error
        if self.first_day is not None and self.last.window != window.end.isoformat():
            raise ValueError(f"last.window {self.last.window}: the week that holds this day ends on {window.end}")
        return self


# --------------------------------------------------------------------------------------------- scope


Terms = Mapping[Annotated[float, Field(gt=0, le=10)], tuple[str, ...]]
"""Weight → terms of that weight; a term is plain text, not a pattern."""


class Axis(_Strict):
    """One of the sides an article must touch."""

    name: Annotated[str, Field(min_length=1)]
    terms: Terms


class PageType(_Strict):
    """A kind of page that is not news, and the score it can reach at most."""

    name: Annotated[str, Field(min_length=1)]
    at_most: Annotated[float, Field(ge=0, le=1)]
    terms: Terms = Field(default_factory=dict)
    """The page is of this type when the weights of the terms found sum up to 2."""
    hosts: tuple[str, ...] = ()
    """Parts of an address that settle it alone."""


class PlaceRule(_Strict):
    """Where an article must play, for series of one place: any one of the three is enough."""

    name: Annotated[str, Field(min_length=1)]
    places: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    """Phrases that contain one of the places without meaning it."""
    institutions: tuple[str, ...] = ()
    region: str = ""
    """Outlets of this region (outlets.yaml) count as local."""


class Scope(_Strict):
    """What a bulletin is about, in terms an editor can edit."""

    axes: Annotated[tuple[Axis, ...], Field(min_length=1)]
    """All of them must be touched, best in one sentence."""
    strong: Terms = Field(default_factory=dict)
    """Terms that say by themselves that an article is on topic."""
    ignore: tuple[str, ...] = ()
    """Phrases that contain a term without meaning it."""
    against: Terms = Field(default_factory=dict)
    """Terms that speak against: near misses."""
    pages: tuple[PageType, ...] = ()
    title_weight: Annotated[float, Field(ge=0, le=10)] = 1.5
    lead_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    accept: Annotated[float, Field(gt=0, lt=1)] = 0.8
    consider: Annotated[float, Field(gt=0, lt=1)] = 0.3
    commentary: tuple[str, ...] = ()
    advertorial: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    places: Mapping[str, PlaceRule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _accept_lies_above_consider(self) -> Scope:
        if self.accept <= self.consider:
            raise ValueError(f"accept {self.accept} must be greater than consider {self.consider}")
        return self


# ------------------------------------------------------------------------------------------- sources


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


class ExtractRule(_Strict):
    """How the pages of one source are read, where guessing is not good enough."""

    container: Selector | None = None
    """What holds the body."""
    drop: tuple[Selector, ...] = ()
    """What is taken out before anything is read."""
    title: Selector | None = None
    date: Selector | None = None
    outlet: Selector | None = None
    author: Selector | None = None
    until: dt.date | None = None
    """The day of a redesign: pages fetched before it are read by this rule, later ones by the next."""

    @model_validator(mode="after")
    def _says_something(self) -> ExtractRule:
        if not (self.container or self.drop or self.title or self.date or self.outlet or self.author):
            raise ValueError("write at least one of container, drop, title, date, outlet, author")
        return self


class _Source(_Strict):
    brought: ClassVar[bool] = False
    """Whether people put there what it gives: then silence means nothing, and leads bring no date along."""
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Annotated[str, Field(min_length=1)]
    outlet: str = ""
    """Printed as publisher when the registry of outlets does not know the host."""
    enabled: bool = True
    include: tuple[str, ...] = ()
    """Only addresses that contain one of these."""
    exclude: tuple[str, ...] = ()
    """No address that contains one of these."""
    extract: tuple[ExtractRule, ...] = ()
    """How its pages are read; the first rule whose `until` is not over applies."""
    every: Annotated[float, Field(gt=0, le=31 * 24)] | None = None
    """Hours between two visits by the clock; default: by the source's own rhythm."""


class WebSource(_Source):
    """What leads to pages of the web."""

    render_pages: bool = False
    """Get the pages it leads to with a browser, because scripts make them."""


class _PagedSource(WebSource):
    """A list of one page or several; with `{page}` in its address the pages are counted."""

    url: str
    first: str = ""
    """The first page, where its address does not follow the pattern."""
    start: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """What `{page}` is on the first page."""
    pages: Annotated[int, Field(ge=1, le=100)] = 1

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
    date: str = ""
    origin: str = ""
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
    files: tuple[Path, ...] = ()


Source = Annotated[
    FeedSource | ListingSource | SitemapSource | JsonSource | EpaperSource | WarcSource | FolderSource | ManualSource,
    Field(discriminator="kind"),
]


# ------------------------------------------------------------------------------------------- outlets


class Outlet(_Strict):
    """Who owns a host."""

    name: Annotated[str, Field(min_length=1)]
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    tier: Literal["gov", "agency", "outlet", "portal", "self-media"] = "outlet"
    region: str = ""
    aliases: tuple[str, ...] = ()
    """Other names that are printed for it: the paper behind the site, an account, an older name."""

    @property
    def names(self) -> frozenset[str]:
        """Every name it goes by."""
        return frozenset((self.name, *self.aliases))


class Outlets:
    """The registry of outlets, looked up by host or by name."""

    def __init__(self, outlets: tuple[Outlet, ...] = ()) -> None:
        self.all = outlets
        self._by_host = {host: outlet for outlet in outlets for host in outlet.hosts}
        self._by_name = {name: outlet for outlet in outlets for name in outlet.names}

    @property
    def hosts(self) -> Mapping[str, Outlet]:
        """Every registered host."""
        return self._by_host

    def at(self, url: str) -> Outlet | None:
        """The owner of the address's host: the longest registered suffix wins."""
        try:
            labels = (urlsplit(url).hostname or "").lower().split(".")
        except ValueError:
            return None
        for start in range(len(labels) - 1):
            if found := self._by_host.get(".".join(labels[start:])):
                return found
        return None

    def named(self, name: str) -> Outlet | None:
        """The outlet that goes by `name`."""
        return self._by_name.get(name.strip())


# ----------------------------------------------------------------------------------------- decisions


class Recorded(_Strict):
    """One decision in a file: its verb, what it is about, and what it takes."""

    verb: str
    target: str
    reason: str = ""
    values: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, row: Any) -> Any:
        """`{include: 智慧北京, reason: …}`: the first key is the verb, the others are what it takes."""
        if not isinstance(row, Mapping) or not row or "verb" in row:
            raise ValueError("write a decision as `- verb: target`, for instance `- include: 智慧北京`")
        (verb, target), *others = [(str(key), str(value)) for key, value in row.items()]
        rest = dict(others)
        return {"verb": verb, "target": target, "reason": rest.pop("reason", ""), "values": rest}


class Decisions(_Strict):
    """A file of decisions, in the order they were taken."""

    editor: Annotated[str, Field(min_length=1)]
    decisions: tuple[Recorded, ...] = ()


def read_decisions(path: Path) -> Decisions:
    """A file of decisions; raises `ConfigError` with file, line and column."""
    decisions: Decisions = read(path, TypeAdapter(Decisions))
    return decisions


# ------------------------------------------------------------------------------------------- reading


class Config(BaseModel):
    """Everything a workspace says, checked and frozen."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    workspace: Path
    settings: Settings
    series: Mapping[str, Series]
    scope: Scope
    sources: tuple[Source, ...]
    outlets: Outlets

    @cached_property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.workspace / self.settings.data

    @cached_property
    def out(self) -> Path:
        """The folder of published files, absolute."""
        return self.workspace / self.settings.out

    @cached_property
    def rules(self) -> Mapping[str, tuple[ExtractRule, ...]]:
        """How the pages of sources are read: source id → its rules, for those that have any."""
        return {source.id: source.extract for source in self.sources if source.extract}

    def at(self, path: Path) -> Path:
        """A path of the configuration, relative to the workspace."""
        return self.workspace / path.expanduser()


_FILES: Mapping[str, TypeAdapter[Any]] = {
    "settings": TypeAdapter(Settings),
    "series": TypeAdapter(dict[str, Series]),
    "scope": TypeAdapter(Scope),
    "sources": TypeAdapter(tuple[Source, ...]),
    "outlets": TypeAdapter(tuple[Outlet, ...]),
}


def load(workspace: Path) -> Config:
    """Reads the five files of a workspace; raises `ConfigError` at the first that cannot be used."""
    workspace = workspace.resolve()
    parts = {name: _part(workspace, name) for name in _FILES}
    series = {key: value.model_copy(update={"id": key}) for key, value in parts["series"].items()}
    for key, one in series.items():
        if one.place and one.place not in parts["scope"].places:
            known = ", ".join(parts["scope"].places) or "none"
            raise ConfigError(
                _at(_place(workspace, "series"), (key, "place")),
                f"unknown place rule {one.place!r} (known: {known})",
                "Name one that scope.yaml lists under places.",
            )
    _no_two_alike(_place(workspace, "sources"), [source.id for source in parts["sources"]])
    for index, told in enumerate(parts["settings"].notify):
        for place, one in enumerate(told.series):
            if one not in series:
                raise ConfigError(
                    _at(_place(workspace, "settings"), ("notify", index, "series", place)),
                    f"unknown series {one!r} (known: {', '.join(series)})",
                )
    return Config(
        workspace=workspace,
        settings=parts["settings"],
        series=series,
        scope=parts["scope"],
        sources=tuple(_routed(workspace, parts["settings"], parts["sources"])),
        outlets=Outlets(parts["outlets"]),
    )


def _routed(workspace: Path, settings: Settings, sources: tuple[Source, ...]) -> Iterator[Source]:
    """The sources, routes of RSSHub as addresses of the one that settings.yaml names."""
    for index, source in enumerate(sources):
        if not isinstance(source, FeedSource) or not source.url.startswith(_RSSHUB):
            yield source
        elif settings.rsshub:
            route = source.url.removeprefix(_RSSHUB).lstrip("/")
            yield source.model_copy(update={"url": f"{settings.rsshub.rstrip('/')}/{route}"})
        else:
            raise ConfigError(
                _at(_place(workspace, "sources"), (index, "url")),
                f"source {source.name}: url: {source.url!r} is a route of RSSHub, and settings.yaml names none",
                "Set rsshub in settings.yaml to the address of yours.",
            )


_RSSHUB = "rsshub://"


def read(path: Path, adapter: TypeAdapter[Any]) -> Any:
    """One YAML file as the adapter's type; raises `ConfigError` with file, line and column."""
    tree = _parse(path)
    try:
        return adapter.validate_python(_plain(tree))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(_at(path, first["loc"], tree), _sentence(first, tree)) from None


def problems(workspace: Path) -> dict[str, ConfigError | None]:
    """Each of the five files with the first error in it; what two files say of each other is `load`'s to refuse."""
    found: dict[str, ConfigError | None] = {}
    for name in _FILES:
        try:
            _part(workspace.resolve(), name)
            found[name] = None
        except ConfigError as error:
            found[name] = error
    return found


def place_of(workspace: Path, name: str, *loc: str | int) -> str:
    """`path:line:column` of a value of one of the files, for errors that show up only in its use."""
    return _at(_place(workspace.resolve(), name), loc)


# -------------------------------------------------------------------------------------------- origins

_NO_SETTINGS = frozenset({"BULLETIN_WORKSPACE", "BULLETIN_EDITOR"})  # options of the command line


@dataclass(frozen=True, slots=True)
class Origin:
    """One effective value, and where it comes from; secrets are masked."""

    name: str
    """The path of the value, as `settings.politeness.retries`."""
    value: Any
    origin: str
    """`config/settings.yaml:12`, `packaged settings.yaml:12`, `environment BULLETIN_…` or `default`."""


def variables() -> dict[str, tuple[str, ...]]:
    """Every environment variable that overrides a setting: its name → the setting's path."""
    return {"BULLETIN_" + "__".join(path).upper(): path for path in _scalars(Settings)}


def strays() -> list[str]:
    """Variables `BULLETIN_…` that nothing reads: mistyped ones, or ones that hold more than a single value."""
    return sorted(
        name for name in os.environ if name.startswith("BULLETIN_") and name not in {*variables(), *_NO_SETTINGS}
    )


def origins(workspace: Path) -> list[Origin]:
    """Every setting of settings.yaml and series.yaml as it takes effect, and how much the other files hold."""
    config = load(workspace)
    found = list(_traced(workspace, "settings", config.settings, (), _environment()))
    for name, series in config.series.items():
        found += _traced(workspace, "series", series, (name,), {})
    counts = {
        "scope": {
            "axes": len(config.scope.axes),
            "terms": sum(len(terms) for axis in config.scope.axes for terms in axis.terms.values()),
            "places": len(config.scope.places),
        },
        "sources": {"all": len(config.sources), "enabled": sum(one.enabled for one in config.sources)},
        "outlets": {"all": len(config.outlets.all), "hosts": len(config.outlets.hosts)},
    }
    for name, holds in counts.items():
        found.append(Origin(name, holds, _shown(workspace, name)))
    return found


def masked(address: str) -> str:
    """An address without its secrets: what `notify` or `database` may show to everybody.

    Of a webhook all but the host can be a secret, and of a chat's address the "host" is one, so a host is shown
    only where it is known to be a host.
    """
    if address.startswith(("env:", "file:")):
        return address
    scheme, mark, _ = address.partition("://")
    if not mark:
        return "…"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{scheme}://…"
    if scheme.lower() in _HOSTED or scheme.lower().startswith("postgresql"):
        return f"{scheme}://{host}{f':{port}' if port else ''}/…"
    return f"{scheme}://…"


_HOSTED = frozenset({"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})


def _traced(
    workspace: Path, name: str, model: BaseModel, before: tuple[str, ...], overrides: Mapping[tuple[str, ...], str]
) -> Iterator[Origin]:
    tree = _parse(_place(workspace, name))
    for path, value in _values(model, before):
        line = _line(tree, path)
        origin = f"{_shown(workspace, name)}:{line}" if line else "default"
        if path in overrides:
            origin = f"environment {_variable(path)}"
        yield Origin(".".join((name, *path)), value, origin)


def _values(model: BaseModel, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, info in type(model).model_fields.items():
        value, path = getattr(model, name), (*before, info.alias or name)
        if path == ("database",):
            yield path, masked(value) if value else ""
        elif path == ("notify",):
            yield (
                path,
                [
                    {"to": masked(one.to.get_secret_value()), "events": list(one.events), "series": list(one.series)}
                    for one in value
                ],
            )
        elif isinstance(value, BaseModel):
            yield from _values(value, path)
        elif name != "id":  # a series' id is the key it stands under
            yield path, TypeAdapter(Any).dump_python(value, mode="json")


def _line(tree: Any, path: tuple[str, ...]) -> int:
    """The line a value stands on, from 1; 0 when it does not stand in the file."""
    line = 0
    for step in path:
        if not isinstance(tree, Mapping) or step not in tree:
            return 0
        line = tree.lc.key(step)[0] + 1 if isinstance(tree, CommentedBase) else 0
        tree = tree[step]
    return line


def _shown(workspace: Path, name: str) -> str:
    own = workspace / "config" / f"{name}.yaml"
    return f"config/{name}.yaml" if own.exists() else f"packaged {name}.yaml"


def _scalars(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the settings that are single values."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _scalars(kind, (*before, name))
        elif name not in _MANY:
            yield (*before, name)


_MANY = frozenset({"ports", "connect_to", "notify"})


def _variable(path: tuple[str, ...]) -> str:
    return "BULLETIN_" + "__".join(path).upper()


def _environment() -> dict[tuple[str, ...], str]:
    """What the environment says: path of a setting → its value as text."""
    return {path: os.environ[name] for name, path in variables().items() if os.environ.get(name)}


def _part(workspace: Path, name: str) -> Any:
    """One of the five files, with what the environment has to say about it."""
    path, overrides = _place(workspace, name), _environment() if name == "settings" else {}
    if not overrides:
        return read(path, _FILES[name])
    read(path, _FILES[name])  # a mistake in the file is one, whatever the environment says
    tree = _plain(_parse(path))
    for steps, value in overrides.items():
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        node[steps[-1]] = value
    try:
        return _FILES[name].validate_python(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"environment variable {_variable(tuple(str(step) for step in first['loc'][:2]))}"
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(where, f"{said[:1].lower()}{said[1:]}") from None


def _place(workspace: Path, name: str) -> Path:
    own = workspace / "config" / f"{name}.yaml"
    return own if own.exists() else packaged("config") / f"{name}.yaml"


def _parse(path: Path) -> Any:
    if not path.is_file():
        raise ConfigError(str(path), "is not a file", "Run `bulletin init` to write a configuration.")
    return _parsed(path, path.read_bytes())


def _parsed(path: Path, data: bytes) -> Any:
    if len(data) > _MAX_BYTES:
        raise ConfigError(str(path), f"is larger than {_MAX_BYTES // 1024 // 1024} MiB", "Split or shorten it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}", "is not UTF-8", "Save it as UTF-8.") from None
    yaml = YAML(typ="rt", pure=True)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if isinstance(event, AliasEvent):
                mark = event.start_mark
                raise ConfigError(
                    f"{path}:{mark.line + 1}:{mark.column + 1}", "uses a YAML alias (*)", "Write the value out."
                )
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(place, (error.problem or "is not YAML").splitlines()[0]) from None
    except YAMLError as error:
        raise ConfigError(str(path), str(error).splitlines()[0]) from None
    if tree is None:
        raise ConfigError(str(path), "is empty", "Copy the packaged file of that name and edit it.")
    return tree


def _plain(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(value) for value in tree]
    return tree


def _at(path: Path, loc: tuple[Any, ...], tree: Any = None) -> str:
    """`path:line:column` of the deepest part of `loc` that stands in the file."""
    node = _parse(path) if tree is None else tree
    line, column = 0, 0
    for step in loc:
        if not isinstance(node, CommentedBase):
            break
        try:
            if isinstance(node, Mapping):
                line, column = node.lc.key(step)
            else:
                line, column = node.lc.item(step)
            node = node[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # a union's tag stands in loc but not in the file
    return f"{path}:{line + 1}:{column + 1}"


def _sentence(error: Any, tree: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    named = next((f"source {name}: " for name in _source_name(error["loc"], tree)), "")
    if error["type"] == "extra_forbidden":
        return f"{named}unknown key {error['loc'][-1]!r}"
    if error["type"] == "missing":
        return f"{named}{where}: is missing"
    if error["type"] == "union_tag_invalid":
        kinds = ", ".join(sorted(re.findall(r"'([a-z]+)'", str(error["ctx"]["expected_tags"]))))
        return f"{named}unknown kind {error['ctx']['tag']!r} (known: {kinds})"
    if error["type"] == "union_tag_not_found":
        return f"{named}kind: is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{named}{where}: {message[:1].lower()}{message[1:]}"


def _source_name(loc: tuple[Any, ...], tree: Any) -> Iterator[str]:
    if isinstance(tree, list) and loc and isinstance(loc[0], int) and isinstance(tree[loc[0]], Mapping):
        entry = tree[loc[0]]
        if name := entry.get("name") or entry.get("id"):
            yield str(name)


def _no_two_alike(path: Path, ids: list[str]) -> None:
    for index, one in enumerate(ids):
        if one in ids[:index]:
            raise ConfigError(_at(path, (index, "id")), f"source id {one!r} stands twice", "Give each its own id.")


# ------------------------------------------------------------------------------------------- writing


def with_sources(path: Path, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The text of a sources.yaml with entries added at its end, each below a comment; all else stays as it stands.

    Raises `ConfigError` when the file, or what it would become, cannot be used.
    """
    tree = _parse(path)
    written = path.read_bytes().decode("utf-8-sig")
    text = written.replace("\r\n", "\n")
    if not isinstance(tree, list):
        raise ConfigError(str(path), "is no list of sources", "Write each source as `- id: …`.")
    if tree and tree.fa.flow_style():  # type: ignore[attr-defined]  # the round-trip loader gives its own list
        raise ConfigError(str(path), "is written in brackets", "Write each source as `- id: …` on lines of its own.")
    if not tree:
        text = re.sub(r"^\[\s*\]", "", text, count=1, flags=re.MULTILINE)
    indent = " " * (tree.lc.item(0)[1] - 2) if tree else ""  # type: ignore[attr-defined]  # as above
    for comment, entry in entries:
        lines = [*(f"# {line}" for line in comment.splitlines()), *as_yaml(entry).splitlines()]
        text = text.rstrip("\n") + "\n\n" + "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)
    text = text.lstrip("\n")
    found = _parsed(path, text.encode())
    try:
        sources = _FILES["sources"].validate_python(_plain(found))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(_at(path, first["loc"], found), _sentence(first, found)) from None
    _no_two_alike(path, [source.id for source in sources])
    return text.replace("\n", "\r\n") if "\r\n" in written else text


def as_yaml(entry: Mapping[str, Any]) -> str:
    """An entry of sources.yaml as it stands there."""
    yaml = YAML()
    yaml.width = 4096
    shown = io.StringIO()
    yaml.dump([dict(entry)], shown)
    return shown.getvalue().rstrip("\n")


def source_of(entry: Mapping[str, Any], config: Config) -> Source:
    """One source from its piece of sources.yaml, as it would be loaded; raises `ConfigError`."""
    try:
        sources = _FILES["sources"].validate_python([dict(entry)])
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError("sources.yaml", _sentence(first, [entry])) from None
    return next(_routed(config.workspace, config.settings, sources))
