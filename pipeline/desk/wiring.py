"""The desk, and the only wiring: configuration, fetcher, database, blobs and templates put together."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from pipeline import config as configuration
from pipeline.config import Config, Politeness, masked, place_of
from pipeline.desk.archive import Archive
from pipeline.desk.checking import Checking
from pipeline.desk.consulting import Consulting
from pipeline.desk.learning import Learning
from pipeline.desk.missing import Missing
from pipeline.desk.pruning import Pruning
from pipeline.desk.returning import Returning
from pipeline.desk.running import Running
from pipeline.desk.saving import save_before_upgrade, where_of
from pipeline.desk.sharing import Sharing
from pipeline.desk.templating import Templating
from pipeline.errors import ConfigError, StoreError
from pipeline.executor import Children, Cluster, Executor, Processes
from pipeline.fetch import Fetcher
from pipeline.model import BEIJING, Clock, Fetch
from pipeline.store import Blobs, Database, Leads, Visits

log = structlog.get_logger("pipeline.desk")


class Desk(Running, Archive, Checking, Consulting, Missing, Sharing, Learning, Returning, Templating, Pruning):
    """Everything one office's workspace can do."""

    def __init__(
        self,
        config: Config,
        *,
        fetch: Fetch,
        fetch_picture: Fetch,
        clock: Clock,
        children: Children,
        executor: Executor,
        database: Database,
        blobs: Blobs,
        templates: Path,
    ) -> None:
        super().__init__(
            config,
            fetch=fetch,
            fetch_picture=fetch_picture,
            clock=clock,
            children=children,
            executor=executor,
            database=database,
            blobs=blobs,
            templates=templates,
        )
        for series in config.series.values():
            self._renumber(series)
        try:
            self.recall()
        except StoreError as error:  # whoever wants to know what an issue carried is told; the others may work
            log.error("what an issue carried is not known", why=str(error))
        self.index_archive()
        self.reconcile()


def open_desk(workspace: Path, *, clock: Clock) -> Desk:
    """The desk of a workspace: configuration, fetcher, database, blobs and templates put together."""
    if not workspace.is_dir():
        raise ConfigError(str(workspace), "is not a folder", "Make one with `bulletin init`.")
    config = configuration.load(workspace)
    database, blobs = open_store(config)
    visits = Visits(database)
    readers = children(config)
    try:
        return Desk(
            config,
            fetch=fetcher(config, clock, visits),
            fetch_picture=picture_fetcher(config, clock, visits),
            clock=clock,
            children=readers,
            executor=executor(config, readers),
            database=database,
            blobs=blobs,
            templates=workspace / "templates",
        )
    except BaseException:
        database.close()
        raise


_PARSERS = (
    "pipeline.steps.read",
    "pipeline.sources",
    "pipeline.steps.develop",
    "pipeline.steps.returning",
    # what these import on first use, so that no child has to
    "feedparser",
    "rjieba",
    "trafilatura",
    "pipeline.steps.extract.documents.pdf",
)


def children(config: Config) -> Children:
    """The processes that parse what comes from the web, as the settings want them."""
    settings = config.settings
    return Children(
        settings.workers,
        settings.page_seconds,
        preload=_PARSERS,
    )


def executor(config: Config, readers: Children) -> Executor:
    """Where large batches are worked off, as the settings want it; `readers` are the children of this machine."""
    here = Processes(readers)
    address = config.settings.executor.removeprefix("dask://")
    return Cluster(address, here, place_of(config.workspace, "settings", "executor")) if address else here


def open_store(config: Config) -> tuple[Database, Blobs]:
    """The database and the blobs of a workspace; raises `StoreError` when one was lost and the other was not."""
    blobs = Blobs(config.blobs)
    # an empty database in place of the lost one would give every number out again
    where = where_of(config)
    # a file is copied by itself before it is upgraded; on a server nobody else keeps what was there
    apart = isinstance(where, str) and config.settings.backup.before_upgrade
    saving = partial(save_before_upgrade, config, now()) if apart else None
    database = Database(where, fresh=blobs.empty(), saving=saving)
    try:
        _belonging(database, blobs)
    except BaseException:
        database.close()
        raise
    return database, blobs.taking_turns(database.write)


def _belonging(database: Database, blobs: Blobs) -> None:
    """Raises `StoreError` when what the database knows is not there, or what is there is somebody else's.

    Reading the stored pages again would note every one of them as lost, for everybody who uses the database.
    """
    # in this order: a page's bytes are here before its row is
    if not (known := Leads(database, blobs).some_blobs()) or blobs.holds_any(known):
        return
    if blobs.empty():
        raise StoreError(
            f"{database.place} knows pages, but {blobs.place} is empty.",
            "Name the place they are in (`blobs` or `data` in settings.yaml; several machines share one), "
            "or restore the last backup.",
        )
    raise StoreError(
        f"{blobs.place} holds nothing of what {database.place} knows: it is another desk's, or of another time.",
        "Name the place of this database (`blobs` or `data` in settings.yaml), or restore the last backup.",
    )


def fetcher(config: Config, clock: Clock, visits: Visits | None = None) -> Fetcher:
    """The one way out to the network, as the settings want it; `visits` remembers the hosts to be left alone."""
    if config.settings.proxy:
        log.info("through a proxy", proxy=masked(config.settings.proxy), addresses="checked by URL only")
    for host, tls in config.tls.items():
        log.info("encryption is not held to everything", host=host, tls=tls)
    return _fetcher(config, clock, config.settings.politeness, visits)


def picture_fetcher(config: Config, clock: Clock, visits: Visits | None = None) -> Fetcher:
    """The same way out, at the pace and under the caps of pictures: forty of them come with one page."""
    pictures = config.settings.pictures
    pace = {
        "seconds_per_host": min(pictures.seconds_per_host, config.settings.politeness.seconds_per_host),
        "total_seconds": pictures.total_seconds,
        "max_mebibytes": pictures.max_mebibytes,
        "retries": min(1, config.settings.politeness.retries),  # what fails twice is asked for again by the next run
    }
    return _fetcher(config, clock, config.settings.politeness.model_copy(update=pace), visits)


def _fetcher(config: Config, clock: Clock, politeness: Politeness, visits: Visits | None) -> Fetcher:
    settings = config.settings
    proxy, trouble = config.secret(settings.proxy)
    if trouble or (proxy and not _is_proxy(proxy)):
        raise ConfigError(
            place_of(config.workspace, "settings", "proxy"),
            f"proxy: {trouble or 'what stands there is no address'}",
            "Write http://host:3128, or where it stands: env:NAME, file:path.",
        )
    return Fetcher(
        politeness,
        ports=settings.ports,
        connect_to=settings.connect_to,
        trust=config.at(settings.trust) if settings.trust else None,
        tls=config.tls,
        proxy=proxy,
        clock=clock,
        shut=visits.shut(clock()) if visits else {},
        shutting=visits.shutting if visits else _forget,
    )


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False


def _forget(host: str, until: dt.datetime) -> None:
    """Nothing: what reads single pages has nowhere to remember a host."""


def now() -> dt.datetime:
    """The time of day, as the wiring hands it in."""
    return dt.datetime.now(BEIJING)  # noqa: TID251 - the one door
