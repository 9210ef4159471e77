"""settings.yaml: where things lie, how politely to fetch, when to do what, who is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from pipeline.config.strict import Strict, written_as
from pipeline.model import Event

Format = Literal["docx", "md", "html", "eml", "pdf"]
"""The outputs by the suffix of their files; `outputs.FORMATS` makes them."""

_SHORTEST = 93  # days that pages are kept: a month, the two weeks on each side, and a month to release it


class Politeness(Strict):
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


class Illustration(Strict):
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


class Timing(Strict):
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


class Keep(Strict):
    """For how many days what no issue needs is kept; 0 for ever."""

    pages_days: Annotated[int, Field(ge=0, le=36_500)] = 400
    """Pages, pictures and articles that are in no draft and no issue."""
    runs_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """What became of each lead in a run after which the same window was run again."""
    notices_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """What people were told."""

    @field_validator("pages_days")
    @classmethod
    def _longer_than_a_window(cls, days: int) -> int:
        if 0 < days < _SHORTEST:
            raise ValueError(f"write 0, or {_SHORTEST} and more: a month, its neighbours, and time to release it")
        return days


class Told(Strict):
    """Somebody who is told what happens: where, of what, of which series."""

    to: Annotated[SecretStr, Field(min_length=1)]
    """An apprise address, or where it stands: `env:NAME`, `file:path` (relative to the workspace)."""
    events: tuple[Event, ...] = tuple(Event)
    """What they are told of."""
    series: tuple[str, ...] = ()
    """Ids of series.yaml; empty for all, and for what concerns no series."""


class LanguageModel(Strict):
    """A language model that speaks OpenAI's protocol."""

    url: Annotated[str, written_as(r"(https?://\S+)?", "https://llm.example/v1")] = ""
    """Up to `/chat/completions`; empty for none."""
    model: str = ""
    key: SecretStr = SecretStr("")
    """`env:NAME`, `file:path`, or empty where none is needed."""
    items: Annotated[int, Field(ge=1, le=10_000)] = 40
    """Articles that one run asks it about at most."""
    seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    """For one answer."""


class Classifiers(Strict):
    """What may think about articles beside the scope; all off by default."""

    embeddings: bool = False
    """Sentence embeddings on this machine; needs the extra `embeddings`."""
    llm: LanguageModel = LanguageModel()


class Review(Strict):
    """How a draft becomes an issue."""

    four_eyes: bool = False
    """Whether who approves a draft must be somebody else than who changed it last."""


class Web(Strict):
    """The review page."""

    listen: Annotated[str, written_as(r"[\w.:\[\]-]+:\d{1,5}", "127.0.0.1:8765")] = "127.0.0.1:8765"
    url: Annotated[str, written_as(r"(https?://\S+)?", "https://bulletin.example.cn/")] = ""
    """Where people reach it, as messages link to it; empty where these name the command instead."""
    hosts: tuple[str, ...] = ()
    """Names it is asked by besides that of `listen` and localhost."""
    secure: bool = False
    """Whether people reach it by https only, through a proxy of the office; cookies are then sent no other way."""
    idle_hours: Annotated[float, Field(gt=0, le=24 * 7)] = 12.0
    """After how long without a click somebody is signed out."""
    session_days: Annotated[float, Field(gt=0, le=90)] = 7.0
    """After how long everybody is."""
    proxy_header: Annotated[str, written_as(r"[A-Za-z0-9-]*", "X-Forwarded-User")] = ""
    """The header in which a proxy of the office says who somebody is, by login; empty for none."""
    proxy_addresses: tuple[str, ...] = ()
    """From which addresses that is believed, and who X-Forwarded-For says is asking."""
    metrics: SecretStr = SecretStr("")
    """`env:NAME` or `file:path` of the token that /metrics and /readyz tell all to; empty: to this machine only."""


class Orchestration(Strict):
    """Which Prefect server flows are run on and deployed to."""

    api: Annotated[str, written_as(r"(https?://\S+/api)?", "http://prefect.office:4200/api")] = ""
    """Empty for the one that `bulletin serve` keeps on this machine."""
    pool: Annotated[str, written_as(r"[a-z0-9][a-z0-9-]*", "lower-case letters, figures and dashes")] = "bulletin"
    """The work pool whose workers make this desk's drafts; each desk on a server has its own."""


class Safekeeping(Strict):
    """Where backups go, and who minds when there is none."""

    folder: Path = Path("backups")
    """Relative to the workspace; better on another disk."""
    remind_days: Annotated[int, Field(ge=0, le=365)] = 8
    """From which age of the last backup on `bulletin doctor` says so; 0 for never."""
    before_upgrade: bool = True
    """Whether a PostgreSQL database is saved there before its schema is upgraded; SQLite's file is always copied."""


class Logging(Strict):
    """Where `bulletin serve` writes its log besides stderr."""

    file: Path | None = None
    """Relative to the workspace; none but stderr without it."""
    max_mebibytes: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    """After how much a new one is begun."""
    keep: Annotated[int, Field(ge=1, le=1000)] = 5
    """How many earlier ones are kept."""


VERSION = 2
"""The form of the configuration that this release knows; 1 had none of its own."""


class Settings(Strict):
    """Where the workspace keeps things, and how it fetches."""

    version: Annotated[int, Field(ge=1)] = VERSION
    """The form of all files of config/; one of an earlier form is brought up to date by `config migrate`."""
    data: Path = Path("data")
    """The database and the blobs; relative to the workspace."""
    database: Annotated[str, written_as(r"(postgres(ql)?://\S+)?", "postgresql://user@host:5432/name")] = ""
    """`postgresql://user@host/name`; empty for SQLite in the data folder."""
    blobs: Annotated[str, written_as(r"(s3://[a-z0-9][a-z0-9.-]+(/[\w.=-]+)*/?)?", "s3://bucket/prefix")] = ""
    """Pages, pictures and files as objects: `s3://bucket/prefix`; empty for `blobs` in the data folder."""
    out: Path = Path("out")
    """Where released files are published; relative to the workspace."""
    template: Annotated[str, written_as(r"[\w-]+", "the name of a template without .docx, as gongwen")] = "gongwen"
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = ("docx", "md", "html")
    """What a release publishes and freezes; the others are made when they are asked for."""
    site: Annotated[str, written_as(r"(https?://\S+)?", "https://bulletin.example.cn/archive/")] = ""
    """Where the archive built by `bulletin archive build` is published; empty when it is read from a folder."""
    politeness: Politeness = Politeness()
    ports: tuple[int, ...] = (80, 443)
    connect_to: Mapping[str, str] = Field(default_factory=dict)
    """`host:port` or `*:port` → `address:port` dialled instead, as curl's `--connect-to` does."""
    trust: Path | None = None
    """A PEM file of certificate authorities trusted besides the public ones; relative to the workspace."""
    proxy: Annotated[
        str, written_as(r"(https?://\S+|env:\w+|file:[^/].*)?", "http://host:3128, env:NAME or file:path")
    ] = ""
    """What everything goes through but what `connect_to` names; its address, or where that stands."""
    workers: Annotated[int, Field(ge=0, le=64)] = 0
    """Processes that parse what comes from the web; 0 for one a core."""
    page_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long reading one page may take."""
    executor: Annotated[str, written_as(r"(dask://[\w.:\[\]-]+:\d{1,5})?", "dask://host:8786")] = ""
    """`dask://host:port` of a Dask scheduler whose workers do large batches; empty for this machine."""
    pictures: Illustration = Illustration()
    clock: Timing = Timing()
    keep: Keep = Keep()
    rsshub: Annotated[str, written_as(r"(https?://\S+)?", "https://rsshub.example")] = ""
    """The address that `rsshub://` stands for in sources.yaml."""
    classifiers: Classifiers = Classifiers()
    notify: tuple[Told, ...] = ()
    """Who is told of drafts, failed runs and silent sources."""
    review: Review = Review()
    web: Web = Web()
    log: Logging = Logging()
    prefect: Orchestration = Orchestration()
    backup: Safekeeping = Safekeeping()

    @field_validator("version")
    @classmethod
    def _is_known(cls, version: int) -> int:
        if version > VERSION:
            raise ValueError(
                f"this configuration is of version {version}, written for a later release; this one knows {VERSION}: "
                "install that release, or restore the configuration from before it"
            )
        return version
