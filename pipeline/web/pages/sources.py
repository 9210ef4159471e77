"""How the sources are doing: which are in trouble, since when, what a window lacks for it."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from pipeline.config import Source
from pipeline.desk import Checked, Desk
from pipeline.errors import DeskError, UsageError
from pipeline.model import BEIJING, Health, Pulse, Role, Visit
from pipeline.steps.health import plainly, reason, span
from pipeline.steps.window import last_closed
from pipeline.web.asking import Asked, Route
from pipeline.web.rendering import ago, days, moment

T = TypeVar("T")

_DAYS = 14  # what the bars show
_SHOWN = 8  # leads of a trial
_PATIENCE_SECONDS = 25
_TRYING = threading.Semaphore()  # one at a time: a page that many look at must not become a way to ask sites often
_VISITS = 30  # of one source's log
_BAR, _GAP, _HIGH = 6, 2, 24  # of the drawing, in its own units
_TROUBLED = (Health.FAILED, Health.EMPTY, Health.QUIET)
_KINDS = {
    "feed": "订阅（RSS、Atom）",
    "listing": "列表页",
    "sitemap": "站点地图",
    "json": "数据接口",
    "epaper": "数字报",
    "warc": "网页存档文件",
    "folder": "文件夹",
    "manual": "手工添加",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a source: how many new leads, drawn."""

    x: int
    y: int
    height: int
    bad: bool
    """Whether it was asked that day and never answered well."""


@dataclass(frozen=True, slots=True)
class Row:
    """One source in the list."""

    id: str
    name: str
    address: str
    kind: str
    health: Health
    trouble: bool
    because: str
    """What is the matter, and what to do."""
    reason: str
    """As it was found, for who minds the source."""
    since: str
    succeeded: str
    fresh: str
    usual: str
    bars: tuple[Bar, ...]
    recent: int
    """New leads of the days that the bars show."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What could not be collected for a window."""

    title: str
    window: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """One visit to a source."""

    when: str
    outcome: str
    words: str
    leads: int
    fresh: int
    pages: int
    failed: int
    seconds: str
    because: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A lead that a source would give."""

    title: str
    date: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a source would give now."""

    trouble: str = ""
    """Why that is not known."""
    count: int = 0
    leads: tuple[Listed, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: str = ""


_SHOWS = {"all": ("全部", tuple(Health)), "trouble": ("有问题", _TROUBLED), "disabled": ("停用", (Health.DISABLED,))}


def sources(asked: Asked) -> Response:
    """Every source with how it is doing, trouble first."""
    desk, now = asked.desk, asked.now
    visits = _kept(asked, "visits", lambda: desk.visits.every(now - dt.timedelta(days=_DAYS)))
    rows = sorted(
        (_row(now, source, pulse, visits.get(source.id, ())) for source, pulse in _pulses(asked)), key=_urgency
    )
    wanted = asked.query("show", "all")
    wanted = wanted if wanted in _SHOWS else "all"
    tabs = [
        (name, words, sum(row.health in these for row in rows), name == wanted)
        for name, (words, these) in _SHOWS.items()
    ]
    lacks = []
    for series in desk.config.series.values():
        window = last_closed(series, now)
        lines = _kept(asked, f"gaps of {window}", partial(desk.gaps, window))
        if lines and asked.who.sees(series.id):
            lacks.append(Lack(series.title, days(window), tuple(lines)))
    shown = [row for row in rows if row.health in _SHOWS[wanted][1]]
    return asked.page("sources.html", rows=shown, tabs=tabs, lacks=lacks, bars_days=_DAYS)


def source(asked: Asked) -> Response:
    """One source with the log of its visits, the newest first."""
    wanted = asked.path("source")
    found = next(((one, pulse) for one, pulse in _pulses(asked) if one.id == wanted), None)
    if found is None:
        raise UsageError(f"没有信源“{wanted}”。", "请从信源列表进入。")
    visits = asked.desk.visits.of(wanted, _VISITS)
    row = _row(asked.now, *found, [one for one in visits if one.when > asked.now - dt.timedelta(days=_DAYS)])
    called = [_called(one) for one in reversed(visits)]
    may = asked.who.role.allows(Role.EDITOR)
    return asked.page("source.html", row=row, called=called, bars_days=_DAYS, most=_VISITS, may=may)


def tried(asked: Asked) -> Response:
    """Asks a source now what it would give, and keeps nothing of it."""
    wanted = asked.path("source")
    found = next((one for one in asked.desk.config.sources if one.id == wanted), None)
    if found is None:
        raise UsageError(f"没有信源“{wanted}”。", "请从信源列表进入。")
    template = "_tried.html" if asked.fragment else "tried.html"
    return asked.page(template, name=found.name, id=found.id, trial=_tried(asked.desk, found))


def _tried(desk: Desk, source: Source) -> Trial:
    if not _TRYING.acquire(blocking=False):
        return Trial("另一个信源正在检查，请稍等片刻再按一次。")
    answers: queue.Queue[Checked | DeskError] = queue.Queue(1)

    def ask() -> None:
        try:
            answers.put(desk.check(source, read=0, days=_DAYS))
        except DeskError as error:
            answers.put(error)
        finally:
            _TRYING.release()

    # nobody waits for it when the program ends, and nobody longer than a person does
    threading.Thread(target=ask, name="trying", daemon=True).start()
    try:
        found = answers.get(timeout=_PATIENCE_SECONDS)
    except queue.Empty:
        return Trial(f"{_PATIENCE_SECONDS} 秒内没有回答，不再等它。")
    if isinstance(found, DeskError):
        return Trial(f"{found.message}{found.fix}")
    problems = tuple(f"{one.message}。{one.fix}" for one in found.findings)
    leads = tuple(Listed(one.lead.title or one.lead.url, f"{one.read or ''}") for one in found.listed[:_SHOWN])
    return Trial("", len(found.listed), leads, problems, f"{found.seconds:.1f}")


def _pulses(asked: Asked) -> list[tuple[Source, Pulse]]:
    return _kept(asked, "pulses", asked.desk.pulses)


def _kept(asked: Asked, what: str, make: Callable[[], T]) -> T:
    """Something told from months of visits: worked out anew after each visit, and each day, for days pass as well."""
    as_of = asked.desk.visits.newest(), asked.now.astimezone(BEIJING).date()
    return asked.office.remembered(what, as_of, make)


def _urgency(row: Row) -> tuple[bool, bool, bool]:
    return row.health is Health.DISABLED, not row.trouble, row.health not in (*_TROUBLED, Health.NEVER)


def _row(now: dt.datetime, source: Source, pulse: Pulse, visits: Sequence[Visit]) -> Row:
    return Row(
        source.id,
        source.name,
        getattr(source, "url", "") or str(getattr(source, "path", "")),
        _KINDS[source.kind],
        pulse.health,
        pulse.trouble,
        plainly(pulse.because),
        reason(pulse.because),
        f"自 {moment(pulse.since)} 起" if pulse.since else "",
        ago(now, pulse.succeeded.astimezone(BEIJING)) if pulse.succeeded else "从未",
        ago(now, pulse.fresh.astimezone(BEIJING)) if pulse.fresh else "从未",
        span(pulse.usual) if pulse.usual else "",
        () if pulse.health is Health.DISABLED else _bars(now, visits),
        sum(one.fresh for one in visits),
    )


def _bars(now: dt.datetime, visits: Sequence[Visit]) -> tuple[Bar, ...]:
    """A bar a day, today last; the highest as high as the drawing."""
    today = now.astimezone(BEIJING).date()
    by_day: dict[int, list[Visit]] = {}
    for one in visits:
        by_day.setdefault((today - one.when.astimezone(BEIJING).date()).days, []).append(one)
    fresh = [sum(one.fresh for one in by_day.get(ago, ())) for ago in range(_DAYS)]
    most = max(fresh) or 1
    found = []
    for past in reversed(range(_DAYS)):
        here = by_day.get(past, ())
        height = max(1, round(fresh[past] / most * _HIGH)) if here else 0
        bad = bool(here) and not any(one.good for one in here)
        height = _HIGH // 4 if bad else height
        found.append(Bar((_DAYS - 1 - past) * (_BAR + _GAP), _HIGH - height, height, bad))
    return tuple(found)


def _called(one: Visit) -> Called:
    return Called(
        moment(one.when),
        {"ok": "fine"}.get(one.outcome.value, one.outcome.value),
        one.outcome.chinese,
        one.leads,
        one.fresh,
        one.pages,
        one.failed,
        f"{one.seconds:.1f}",
        one.because,
    )


ROUTES = (
    Route("GET", "/sources", sources, Role.VIEWER),
    Route("GET", "/sources/{source}", source, Role.VIEWER),
    Route("POST", "/sources/{source}/try", tried, Role.EDITOR),
)
