"""APScheduler, and nothing else touches APScheduler: when the desk looks whether something is to be done.

It is a clock and nothing more. Its jobs live in memory and all do the same: a `tick` asks the desk which
drafts are due, claims each in the store and has it made in a child process, oldest window first; then it
collects, if that is due. What was missed while nobody ran, what was killed half-way, what two of these see at
once: the claims decide, so a tick too many does nothing and a tick too few is made up for by the next one.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from pipeline.config import Config, Series, Timing
from pipeline.desk import Desk
from pipeline.errors import DeskError
from pipeline.model import BEIJING, COLLECTING, Claim, Clock, Progress, Window, Work
from pipeline.steps.window import due_at, following, next_due

log = structlog.get_logger("pipeline.schedule")

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_SECONDS = 20.0  # how often the clock on the wall is held against the one that cannot be set
_JUMP_SECONDS = 60.0  # what they may differ by; machines are corrected by less every day
_GRACE_SECONDS = 7.0  # between asking a child to stop and stopping it; whoever stops the clock waits 10 s in all
_TELLING_SECONDS = 2.0  # for what is being told when the clock is stopped
_AT_ONCE = 2  # drafts that people asked for: each reads with a process a core, and the clock may be at one besides
_DONE = (0, 3, 4)  # exit codes of a run that kept its draft: done, some sources failed, nothing in the window


class Launch(Protocol):
    """Starts the command line in a process of its own."""

    def __call__(self, arguments: Sequence[str], seconds: float) -> int:
        """Its exit code; what takes longer than `seconds` is ended, and gives a negative one."""
        ...


class Children:
    """Starts `bulletin …` for one workspace, and can be told to stop."""

    def __init__(self, workspace: Path, *options: str) -> None:
        self._workspace = workspace
        self._options = options
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, ...], bool] = {}
        """Which children were asked for in the background, in that order; whether each has begun."""
        self._room = threading.Semaphore(_AT_ONCE)

    def begin(self, arguments: Sequence[str], seconds: float, *more: str) -> None:
        """Runs a child in the background, a few at a time, with `more` arguments that say nothing of what it does.

        None while the same one runs or waits: it would load for seconds and be refused.
        """
        same = tuple(arguments)
        with self._lock:
            if same in self._under_way:
                return
            self._under_way[same] = False
        threading.Thread(target=self._run, args=(same, seconds, more), name="drafting", daemon=True).start()

    def _run(self, arguments: tuple[str, ...], seconds: float, more: tuple[str, ...]) -> None:
        try:
            with self._room:
                with self._lock:
                    self._under_way[arguments] = True
                if not self.stopping.is_set():
                    self((*arguments, *more), seconds)
        finally:
            with self._lock:
                del self._under_way[arguments]

    def ahead(self, arguments: Sequence[str]) -> int | None:
        """How many that were asked for have to end before this one begins; `None` when it is not under way."""
        same = tuple(arguments)
        with self._lock:
            if same not in self._under_way:
                return None
            waiting = [one for one, begun in self._under_way.items() if not begun]
            return 0 if self._under_way[same] else waiting.index(same) + 1

    def __call__(self, arguments: Sequence[str], seconds: float) -> int:
        """Runs one child to its end, its time limit, or until `stopping` is set."""
        options = ["--leashed", "-C", str(self._workspace), *self._options]
        command = [sys.executable, "-m", "pipeline", *options, *arguments]
        # A session of its own: Ctrl-C reaches this process alone, which then ends the child and all it started.
        # A pipe for a leash: when this process is killed it closes, and the child ends by itself.
        child = subprocess.Popen(  # noqa: S603 - our own command line
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + seconds
        try:
            while not self.stopping.is_set() and time.monotonic() < deadline:
                try:
                    return child.wait(0.2)
                except subprocess.TimeoutExpired:
                    continue
            return _ended(child, over=not self.stopping.is_set())
        except BaseException:
            _ended(child)  # whoever interrupts us does not know of it
            raise
        finally:
            # a child that crashed leaves behind what it started: Prefect's server, processes that read
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if child.stdin:
                child.stdin.close()


def _ended(child: subprocess.Popen[bytes], *, over: bool = False) -> int:
    """Asks a child to stop, and stops it; `over` tells it that it took too long, so that it can say so."""
    with suppress(OSError):
        if over and child.stdin:
            child.stdin.write(b"over")
            child.stdin.flush()
        else:
            os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
    return min(child.wait(), -1)


@dataclass(frozen=True, slots=True)
class Made:
    """One draft that a tick had made, or tried to."""

    series: str
    window: Window
    good: bool
    """Whether there is a draft now."""


class Clockwork:
    """What the clock does each time it looks."""

    def __init__(self, open_desk: Callable[[], Desk], launch: Launch, clock: Clock) -> None:
        self._open = open_desk
        self._launch = launch
        self._clock = clock
        self._said: object = None
        self.config: Config | None = None
        """The configuration as the last tick found it."""
        self.stopping = threading.Event()

    def tick(self, series: str = "") -> list[Made]:
        """Has every due draft made that nobody works on, oldest first; then collects, if that is due.

        Of a series that somebody names only the drafts, whether the clock would rest or not.
        """
        made: list[Made] = []
        # opened anew each time: what the editors wrote into the configuration counts from the next tick on
        with self._open() as desk:
            self.config = desk.config
            desk.looked(busy=True)
            for one, window in desk.due(series):
                if self.stopping.is_set():
                    return made
                if claim := desk.claim_due(one, window, by_hand=bool(series)):
                    made.append(self._make(desk, one, window, claim))
                elif desk.died_out(one, window):
                    desk.failed(one.id, window, "生成进程多次被终止", final=True)
            if series:
                return made
            if desk.config.settings.clock.collect_minutes and not self.stopping.is_set():
                self._collect(desk)
            if not self.stopping.is_set():
                desk.prune_daily()
            self._idle(desk, made)
        return made

    def tell(self) -> None:
        """Tells people what waits to be told."""
        with self._open() as desk:
            desk.looked(busy=False)
            desk.post_missed()
            desk.send_notices()

    def _make(self, desk: Desk, series: Series, window: Window, claim: Claim) -> Made:
        timing = desk.config.settings.clock
        log.info("due", series=series.id, window=str(window), attempt=claim.attempt)
        named = ["--month", f"{window.start:%Y-%m}"] if series.first_day is None else ["--week", str(window.start)]
        arguments = ["run", series.id, *named, "--claim", claim.owner, "--engine", timing.engine]
        code = self._held(desk, Work(series.id, window), claim, arguments, timing)
        stands = desk.claims.of(Work(series.id, window))
        # what was kept is kept, whoever did it and whatever its process came to afterwards
        made = Made(series.id, window, stands is not None and stands.progress is Progress.DONE)
        if made.good:
            number = desk.desked(series.id, window).number
            log.info("draft ready", series=series.id, window=str(window), number=number)
        elif stands is None or stands.owner != claim.owner:
            log.warning("taken over", series=series.id, window=str(window), attempt=claim.attempt, code=code)
        else:
            why, final = stands.trouble, claim.attempt >= timing.attempts
            log.error("draft failed", series=series.id, window=str(window), attempt=claim.attempt, code=code, why=why)
            if not self.stopping.is_set():
                desk.failed(series.id, window, why, final=final)
        return made

    def _collect(self, desk: Desk) -> None:
        if claim := desk.claim_collecting():
            timing = desk.config.settings.clock
            code = self._held(desk, COLLECTING, claim, ["collect", "--due", "--engine", timing.engine], timing)
            if code in _DONE:
                desk.claims.finish(claim.owner, self._clock())
            log.info("collected", code=code)

    def _held(self, desk: Desk, work: Work, claim: Claim, arguments: Sequence[str], timing: Timing) -> int:
        """Runs a child under a claim; gives the claim back when the child could not do so itself."""
        with desk.held(claim):
            code = self._launch(arguments, timing.run_minutes * 60)
        if code not in _DONE:
            stopped = self.stopping.is_set()
            why = "运行被中断" if stopped else f"生成进程没有完成（{'超时或被终止' if code < 0 else f'退出码 {code}'}）"
            desk.give_back(work, claim.owner, why, interrupted=stopped)
        return code

    def _idle(self, desk: Desk, made: Sequence[Made]) -> None:
        """Says that nothing is left to do, and what comes next: once, until that changes."""
        coming = {one.id: due_at(one, next_due(one, self._clock())) for one in desk.config.series.values()}
        said = (coming, sorted(desk.claims.paused()))
        if all(one.good for one in made) and (made or said != self._said):
            log.info("nothing due", next={name: when.isoformat() for name, when in coming.items()}, paused=said[1])
        self._said = said


def triggers(config: Config) -> Mapping[str, Any]:
    """When the clock looks: at the moment each series' draft falls due, and every few minutes besides."""
    found: dict[str, Any] = {"tick": IntervalTrigger(minutes=config.settings.clock.tick_minutes, timezone=BEIJING)}
    for series in config.series.values():
        hours, minutes = map(int, series.after.split(":"))
        days, rest = divmod(hours * 60 + minutes, 24 * 60)
        at = {"hour": rest // 60, "minute": rest % 60, "timezone": BEIJING}
        if series.workday:
            # no expression names the working days of China: it looks every day at that time, and `due_at` decides
            found[series.id] = CronTrigger(**at)
        elif series.first_day is None:
            found[series.id] = CronTrigger(day=1 + days, **at)
        else:
            # by name: in the numbers of cron expressions Sunday is 0 or 7, in APScheduler's it is 6
            found[series.id] = CronTrigger(day_of_week=_DAYS[(series.first_day + days) % 7], **at)
    return found


def serve(config: Config, clockwork: Clockwork, clock: Clock, stopping: threading.Event) -> None:
    """Runs the clock until `stopping` is set."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each look that comes while a draft is made
    scheduler = BackgroundScheduler(
        timezone=BEIJING,
        executors={"default": ThreadPoolExecutor(1)},  # one thing at a time
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    news = threading.Event()

    def look() -> None:
        # nothing here may call the scheduler: it holds its lock while it waits for this to end
        _come_what_may(clockwork.tick)
        news.set()

    def tell() -> None:
        while news.wait() and not stopping.is_set():
            news.clear()
            _come_what_may(clockwork.tell)

    def wind(moments: Mapping[str, Any]) -> None:
        scheduler.remove_all_jobs()
        scheduler.add_job(look)
        for name, trigger in moments.items():
            scheduler.add_job(look, trigger, id=name)

    # beside the looks: somebody who cannot be told must hold up neither the drafts nor the end
    telling = threading.Thread(target=tell, name="telling", daemon=True)
    telling.start()
    scheduler.start()
    moments = triggers(config)
    wind(moments)
    log.info("serving", workspace=str(config.workspace), series=list(config.series))
    wall, steady = clock(), time.monotonic()
    while not stopping.wait(_LOOK_SECONDS):
        jumped = (clock() - wall).total_seconds() - (time.monotonic() - steady)
        wall, steady = clock(), time.monotonic()
        if abs(jumped) > _JUMP_SECONDS:
            # the scheduler would wait for moments that are past, or that never come
            log.warning("the clock was set, or the machine slept", seconds=round(jumped))
            wind(moments)
        elif _shown(found := triggers(clockwork.config or config)) != _shown(moments):
            log.info("other moments were configured")
            moments = found
            wind(moments)
    clockwork.stopping.set()
    # let it finish the round in hand: a job that is done with and taken out after the stop is not found any more
    scheduler.pause()
    scheduler.get_jobs()
    scheduler.shutdown()
    news.set()
    telling.join(_TELLING_SECONDS)
    log.info("stopped")


def _shown(moments: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: str(trigger) for name, trigger in moments.items()}


def _come_what_may(verb: Callable[[], object]) -> None:
    """Calls it and says what went wrong; the next tick is due to come all the same."""
    try:
        verb()
    except DeskError as error:
        log.error("tick failed", why=str(error))
    except Exception:
        log.exception("tick failed")


def upcoming(series: Sequence[Series], now: dt.datetime, count: int) -> list[tuple[dt.datetime, Series, Window]]:
    """The next moments at which drafts fall due, in order."""
    found: list[tuple[dt.datetime, Series, Window]] = []
    for one in series:
        window = next_due(one, now)
        for _ in range(count):
            found.append((due_at(one, window), one, window))
            window = following(one, window)
    return sorted(found, key=lambda each: (each[0], each[1].id, each[2].start))[:count]
