"""What machines that watch the desk are told: whether it lives, whether it can work, how much there is of what.

That it lives is said without asking anything. What the database says is asked for by one thread at a time and
remembered for some seconds, so that neither a scrape nor a hundred of them wait for a database that is away.
"""

from __future__ import annotations

import hmac
import platform
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request

from pipeline.config import Config
from pipeline.desk import BUSY, CLOCK, Desk
from pipeline.model import Health, Phase
from pipeline.store import Measured, Sign
from pipeline.web.access import is_loopback
from pipeline.web.office import Office

log = structlog.get_logger("pipeline.web")

_FRESH_SECONDS = 5.0  # what is remembered that long is asked for by nobody
_PATIENCE_SECONDS = 2.0  # a scrape waits for 10 s at most, and a database that is away lets one wait for 30
_SPACE = 200 * 1024**2  # bytes below which a run may not be kept
_SAMPLE = 4  # of the 256 folders of blobs, which are filled evenly: their names are digests
_FOLDERS = 256
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_HEALTHS: Mapping[Health, str] = {
    Health.FINE: "ok",
    Health.UNCHANGED: "ok",
    Health.QUIET: "silent",
    Health.EMPTY: "silent",
    Health.FAILED: "failing",
    Health.NEVER: "never_asked",
    Health.DISABLED: "disabled",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the desk says at one moment."""

    measured: Measured
    clock: Sign | None
    windows: Mapping[tuple[str, str], int]
    """Series and state → windows."""
    sources: Mapping[str, int]
    """Health → sources."""


class Watch:
    """Watches one office."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._lock = threading.Lock()
        self._asking: Future[Seen] | None = None
        self._seen: Seen | None = None
        self._at = -_FRESH_SECONDS
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "bulletin_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "bulletin_http_request_seconds", "Time from a request to its answer.", ["route"],
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0), registry=self._registry,
        )  # fmt: skip
        ProcessCollector(registry=self._registry)
        self._renewing = ThreadPoolExecutor(1, "renewing")
        self._renewed: Future[None] | None = None
        self._registry.register(_Gauges(self._gauges))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts an answer; `route` is the pattern of its address, of which there are some hundred.

        A request may call its method whatever it likes: each name that is counted for itself stays in memory.
        """
        self._answers.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def admits(self, request: Request) -> bool:
        """Whether whoever asks may see all: by the token of the settings, or from this machine.

        Behind a proxy everybody comes from this machine: where the settings name one, or the page is asked for by
        other names than its address, only the token counts.
        """
        config = self._config()
        web = config.settings.web
        token, trouble = config.secret(web.metrics.get_secret_value())
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token and not trouble:
            return hmac.compare_digest(shown.strip().encode(), token.encode())
        behind = web.secure or web.url or web.hosts or web.proxy_addresses or web.proxy_header
        forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers.keys())
        here = request.client is not None and is_loopback(request.client.host)
        return here and not behind and not forwarded

    def metrics(self) -> bytes:
        """Everything that is counted, as Prometheus reads it."""
        return generate_latest(self._registry)

    def ready(self) -> tuple[bool, Mapping[str, object]]:
        """Whether the desk can do its work, and what each part of it says."""
        seen, config = self.seen(), self._config()
        free = _free(config.data)
        age = (self._office.clock() - seen.clock.when).total_seconds() if seen and seen.clock else None
        ticking = seen is not None and _ticks(seen.clock, age, config)
        parts: dict[str, object] = {
            "database": seen is not None,
            "schema": bool(seen and seen.measured.current),
            "clock": ticking,
            "clock_age_seconds": None if age is None else round(age),
            "disk": free is not None and free >= _SPACE,
            "disk_free_bytes": free,
            "configuration": self._office.trouble or True,
        }
        return all(parts[name] is True for name in ("database", "schema", "clock", "disk")), parts

    def _config(self) -> Config:
        """The configuration as it stands, or as it stood where opening the desk anew has to wait for the database."""
        with self._lock:
            waited_for = self._renewed is not None and not self._renewed.done()
            if not waited_for:
                self._renewed = self._renewing.submit(self._renew)
        if self._renewed and not waited_for:  # one waits for all: six scrapes one after the other are half a minute
            with suppress(TimeoutError):
                self._renewed.result(_PATIENCE_SECONDS)
        return self._office.config

    def _renew(self) -> None:
        with self._office.opened():
            pass  # which looks whether the configuration was changed

    def seen(self) -> Seen | None:
        """What the desk says, some seconds old at most; `None` when its database does not answer soon enough."""
        with self._lock:
            if time.monotonic() - self._at < _FRESH_SECONDS:
                return self._seen
            if (asking := self._asking) is None:
                asking = self._asking = Future()
                threading.Thread(target=self._ask, args=(asking,), name="watch", daemon=True).start()
        try:
            return asking.result(_PATIENCE_SECONDS)
        except Exception:  # no answer yet, or an error, of which the log has the rest
            return None

    def _ask(self, asking: Future[Seen]) -> None:
        seen: Seen | None = None
        try:
            with self._office.opened() as desk:
                seen = _look(desk, self._office)
        except Exception as error:
            log.warning("the desk does not say how it is", why=str(error))
        with self._lock:
            self._seen, self._at, self._asking = seen, time.monotonic(), None
        if seen is None:
            asking.set_exception(RuntimeError("no answer"))
        else:
            asking.set_result(seen)

    def _gauges(self) -> Iterable[Metric]:
        seen, config = self.seen(), self._config()
        yield _gauge("bulletin_database_up", "Whether the database answers.", {(): float(seen is not None)})
        built = {"version": version("bulletin-desk"), "python": platform.python_version()}
        yield _gauge("bulletin_build_info", "What runs here.", {tuple(built.values()): 1.0}, *built)
        free = {(name,): _free(folder) for name, folder in (("data", config.data), ("out", config.out))}
        yield _gauge(
            "bulletin_disk_free_bytes", "Space that is left.", {at: size for at, size in free.items() if size}, "folder"
        )
        blobs = _about(config.data / "blobs")
        if blobs is not None:
            yield _gauge("bulletin_blobs_bytes", "Size of the blobs, judged by a sample of them.", {(): blobs})
        yield _gauge(
            "bulletin_configuration_good", "Whether the configuration can be used as it stands.",
            {(): float(not self._office.trouble)},
        )  # fmt: skip
        if seen is None:
            return
        now = seen.measured
        yield _gauge("bulletin_database_bytes", "Size of the database.", {(): now.size})
        yield _gauge("bulletin_windows", "Windows by how they stand.", seen.windows, "series", "state")
        yield _gauge("bulletin_issues", "Drafts and issues by their state.", now.issues, "series", "state")
        yield _gauge("bulletin_sources", "Sources by how they are doing.", _single(seen.sources), "health")
        began = {(name,): when.timestamp() for name, when in now.attempted.items()}
        yield _gauge("bulletin_run_started_timestamp_seconds", "When the last run of a series began.", began, "series")
        good = {(name,): when.timestamp() for name, when in now.succeeded.items()}
        yield _gauge(
            "bulletin_run_succeeded_timestamp_seconds", "When the last run ended that did not fail.", good, "series"
        )
        yield _gauge("bulletin_leads", "Leads of the last run by their fate.", now.fates, "series", "fate")
        yield _gauge("bulletin_stage_seconds", "What the stages of the last run took.", now.seconds, "series", "stage")
        yield _gauge("bulletin_claims_alive", "Work that somebody does just now.", _single(now.working), "task")
        yield _gauge(
            "bulletin_notices", "Notices that wait, and that somebody never got.",
            {("waiting",): now.waiting, ("failed",): now.lost}, "state",
        )  # fmt: skip
        if now.visited:
            when = {(): now.visited.timestamp()}
            yield _gauge("bulletin_collected_timestamp_seconds", "When a source was asked last.", when)
        if seen.clock:
            when = {(): seen.clock.when.timestamp()}
            yield _gauge("bulletin_clock_timestamp_seconds", "When the clock looked last.", when)


class _Gauges(Collector):
    """What is not counted as it happens but looked up when somebody asks."""

    def __init__(self, looked_up: Callable[[], Iterable[Metric]]) -> None:
        self._looked_up = looked_up

    def collect(self) -> Iterable[Metric]:
        return self._looked_up()

    def describe(self) -> Iterable[Metric]:
        return []  # else it would be asked when it is registered, before anybody wants to know


def _gauge(name: str, told: str, values: Mapping[Any, float | None], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for at, value in sorted(values.items()):
        if value is not None:
            family.add_metric(at, value)
    return family


def _single(counts: Mapping[str, int]) -> Mapping[tuple[str, ...], float]:
    return {(name,): count for name, count in counts.items()}


def _look(desk: Desk, office: Office) -> Seen:
    windows: dict[tuple[str, str], int] = {}
    for series in desk.config.series.values():
        windows |= {(series.id, phase.value): 0 for phase in Phase}
        for one in desk.standing(series):
            windows[series.id, one.phase.value] += 1
    # the visits of months tell how sources are doing; without a new one nothing has changed but the hour
    as_of = (desk.visits.newest(), f"{office.clock():%Y%m%d%H}")
    sources = office.remembered("sources by health", as_of, lambda: _healths(desk))
    return Seen(desk.measures.now(), desk.signs.last(CLOCK), windows, sources)


def _healths(desk: Desk) -> Mapping[str, int]:
    counts = dict.fromkeys(_HEALTHS.values(), 0)
    for _, one in desk.pulses():
        counts[_HEALTHS[one.health]] += 1
    return counts


def _ticks(sign: Sign | None, age: float | None, config: Config) -> bool:
    """Whether the clock looked of late; one that has work in hand looks again when that is done."""
    if sign is None or age is None:
        return False
    timing = config.settings.clock
    minutes = 3 * timing.tick_minutes + (timing.run_minutes if sign.told == BUSY else 0)
    return age <= minutes * 60


def _free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _about(folder: Path) -> float | None:
    """How many bytes the blobs take, judged by a few of their folders; `None` where they are not in a folder."""
    if not folder.is_dir():
        return None
    try:
        some = [folder / f"{place * (_FOLDERS // _SAMPLE):02x}" for place in range(_SAMPLE)]
        return sum(file.stat().st_size for one in some if one.is_dir() for file in one.iterdir()) * _FOLDERS / _SAMPLE
    except OSError:
        return None
