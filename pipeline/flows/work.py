"""The flows: what a run does, whether the command line, a schedule or a person at Prefect's page began it.

A worker imports them by their path, as `pipeline.flows.work.generate`. A run by schedule takes its window from the
moment it was scheduled for, never from now: one that was missed and comes late still means its own window.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from prefect import flow, get_client, runtime
from prefect.logging import get_run_logger
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.timeout import timeout

from pipeline.config import Series
from pipeline.desk import Desk, Report, now, open_desk
from pipeline.errors import ConfigError, DeskError, NothingCollected
from pipeline.flows import artifacts, tidying
from pipeline.flows.tasks import Tasks
from pipeline.model import BEIJING, COLLECTING, Claim, Phase, Progress, Window, Work
from pipeline.steps.window import next_due

log = structlog.get_logger("pipeline.flows")
Say = Callable[[str], None]

_RUNNER: Any = ThreadPoolTaskRunner(max_workers=8)  # no annotation of its own type satisfies @flow


@dataclass(slots=True)
class Here:
    """A flow that the command line runs in its own process: what it says, and how far it came."""

    say: Say
    stop: object
    """What answered SIGTERM before the flow began."""
    begun: bool = False
    done: bool = False
    """Whether all that counts is kept; what comes after that is Prefect's own."""


HERE: ContextVar[Here | None] = ContextVar("HERE", default=None)
"""`None` on a worker."""


def _called() -> str:
    """What a run is called from its first line on: Prefect's own name for it says nothing (`_signed_on` knows more)."""
    run = runtime.flow_run
    given = run.parameters
    what = f"{run.flow_name} {given['series']}" if "series" in given else run.flow_name
    return f"{what} {given['start']}" if given.get("start") else f"{what} {_scheduled():%m-%d %H:%M}"


@flow(name="collect", flow_run_name=_called, task_runner=_RUNNER, persist_result=False)
def collect(sources: list[str] | None = None, workspace: str = "") -> Any:
    """Asks sources for leads, fetches and reads their pages.

    Without `sources` those whose turn it is, unless somebody collects or has just done so.
    """
    with _at_desk(workspace) as (desk, say):
        if sources is not None:
            _signed_on(f"collect {len(sources)} sources")
            silent = tuple(desk.collect(Tasks(), sources, say))
            _kept()
            artifacts.of_collecting(desk, len(sources), silent)
            return _ended(silent)
        return _collected(desk, say)


@flow(name="generate", flow_run_name=_called, task_runner=_RUNNER, persist_result=False)
def generate(
    series: str,
    start: dt.date | None = None,
    collect: bool = True,
    owner: str = "",
    asker: str = "",
    workspace: str = "",
) -> Any:
    """Makes or renews the draft of a window: the one that holds the day `start`.

    Without `start` the last one that was due when the run was scheduled, if its draft is still to be made.
    `collect: false` reads the stored pages again. `owner` is the claim under which the clock has it made, `asker`
    who wants it made otherwise.
    """
    with _at_desk(workspace) as (desk, say):
        one = desk.series(series)
        if start is None:
            return _due(desk, one, say)
        window = one.window_of(start)
        _signed_on(artifacts.named(one, window), owner)
        report = desk.run(series, window, Tasks(), collect=collect, owner=owner, asker=asker, say=say)
        _kept()
        artifacts.of_draft(desk, one, window, report)
        return _ended(report.silent, f"{report.tally}")


@flow(name="release", flow_run_name=_called, persist_result=False)
def release(series: str, start: dt.date, revision: int, who: str, workspace: str = "") -> Any:
    """Puts one revision of a draft out for good."""
    with _at_desk(workspace) as (desk, _):
        one = desk.series(series)
        window = one.window_of(start)
        _signed_on(f"{artifacts.named(one, window)} release of revision {revision}")
        released = desk.release(desk.desked(series, window, revision), who)
        _kept()
        artifacts.of_release(one, released)
        return Completed(message=f"released {released.issue.number}")


@flow(name="reconcile", flow_run_name=_called, task_runner=_RUNNER, persist_result=False)
def reconcile(workspace: str = "") -> Any:
    """One look of the clock: every due draft that nobody works on, oldest first; pruning once a day; telling people.

    What a schedule missed, what was killed half-way, what failed and may be tried again.
    """
    with _at_desk(workspace) as (desk, say):
        look = f"reconcile {_scheduled():%m-%d %H:%M}"
        _signed_on(look)
        _alone()
        made: list[str] = []
        failed: list[str] = []
        for series, window in desk.due():
            about = artifacts.named(series, window)
            if claim := desk.claim_due(series, window):
                try:
                    _made(desk, series, window, claim, say, f"{look}: ")
                    made.append(about)
                except DeskError as error:
                    failed.append(f"{about}: {error.message}")
                except Exception as error:
                    # one that takes too long, or fails as nobody foresaw, keeps no other from its draft
                    log.exception("draft failed")
                    failed.append(f"{about}: {type(error).__name__}: {error}")
            elif desk.died_out(series, window):
                desk.failed(series.id, window, "生成进程多次被终止", final=True)
        desk.prune_daily()
        desk.post_missed()
        desk.send_notices()
        if failed:
            raise DeskError("; ".join(failed))
        return Completed(message=f"made {', '.join(made)}" if made else "nothing due")


def _due(desk: Desk, series: Series, say: Say) -> Any:
    """Makes the draft that a schedule means, if nobody did or does."""
    window = _last_due(series, _scheduled())
    about = artifacts.named(series, window)
    claim = desk.claim_due(series, window) if (series, window) in desk.due() else None
    if claim is None:
        _signed_on(about)
        return _skipped(f"{about}: {_why_not(desk, series, window)}")
    report = _made(desk, series, window, claim, say)
    desk.send_notices()
    return _ended(report.silent, f"{about}: {report.tally}")


def _made(desk: Desk, series: Series, window: Window, claim: Claim, say: Say, before: str = "") -> Report:
    """Makes a draft under a claim; lets people know when that fails."""
    _signed_on(f"{before}{artifacts.named(series, window)}", claim.owner)
    try:
        with desk.held(claim), timeout(desk.config.settings.clock.run_minutes * 60):
            report = desk.run(series.id, window, Tasks(), owner=claim.owner, say=say)
    except Exception:
        stands = desk.claims.of(Work(series.id, window))
        if stands and stands.owner == claim.owner:  # else somebody took it over, and it is not lost
            final = claim.attempt >= desk.config.settings.clock.attempts
            desk.failed(series.id, window, stands.trouble, final=final)
        raise
    artifacts.of_draft(desk, series, window, report)
    return report


def _collected(desk: Desk, say: Say) -> Any:
    """A round of collecting by schedule: those whose turn it is, if nobody else does or did so."""
    _alone()
    asked = [one.id for one in desk.turn()]
    half = dt.timedelta(minutes=desk.config.settings.clock.collect_minutes) / 2
    # half an interval before the moment it is meant for: a round that takes its time ends well after it began, and
    # would else keep the next one from its turn
    claim = desk.claim_collecting(_scheduled() - half) if asked else None
    _signed_on(f"collect {_scheduled():%m-%d %H:%M}", claim.owner if claim else "")
    if claim is None:
        return _skipped("no source's turn" if not asked else "somebody collects, or has just done so")
    try:
        with desk.held(claim), timeout(desk.config.settings.clock.run_minutes * 60):
            silent = tuple(desk.collect(Tasks(), asked, say))
    except NothingCollected as error:
        if len(asked) == len(desk.sources()):
            desk.give_back(COLLECTING, claim.owner, error.message)
            raise
        silent = tuple(one.name for one in desk.sources(asked))  # the others were not asked: this is no outage
    except BaseException as error:
        desk.give_back(COLLECTING, claim.owner, str(error), interrupted=not isinstance(error, Exception))
        raise
    desk.claims.finish(claim.owner, now())
    artifacts.of_collecting(desk, len(asked), silent)
    desk.send_notices()
    return _ended(silent)


def _why_not(desk: Desk, series: Series, window: Window) -> str:
    """Why a scheduled run has nothing to do."""
    claim = desk.claims.of(Work(series.id, window))
    if series.id in desk.claims.paused():
        return "the series is paused"
    if claim and claim.progress is Progress.DONE:
        return "its draft is made already"
    if claim and claim.progress is Progress.RUNNING and claim.alive:
        return f"{claim.worker.who} is making it since {claim.since:%H:%M}"
    if claim and claim.progress is Progress.FAILED:
        return f"it failed ({claim.trouble}) and waits for its next attempt"
    phase = next((one.phase for one in desk.standing(series) if one.window == window), None)
    if phase is Phase.MISSED:
        return "older than catch_up makes by itself"
    return f"its window is {phase.value}" if phase else "it was put out elsewhere, or is not over by this clock"


def _last_due(series: Series, moment: dt.datetime) -> Window:
    """The last window whose draft fell due by a moment."""
    return series.window_of(next_due(series, moment).start - dt.timedelta(days=1))


def _scheduled() -> dt.datetime:
    moment: dt.datetime | None = runtime.flow_run.scheduled_start_time
    return (moment or now()).astimezone(BEIJING)


@contextmanager
def _at_desk(workspace: str) -> Iterator[tuple[Desk, Say]]:
    """The desk of a run, and what it says its progress with."""
    here = HERE.get()
    if here is None:
        _log_into_prefect()
    else:
        here.begun = True
    folder = workspace or os.environ.get("BULLETIN_WORKSPACE", "")
    if not folder:
        raise ConfigError("BULLETIN_WORKSPACE", "is not set", "Start the worker with `bulletin worker`.")
    with _answered_by(here.stop if here else None), open_desk(Path(folder), clock=now) as desk:
        with artifacts.leniently("dead runs are not looked for"):
            tidying.crashed(desk)
        yield desk, here.say if here else get_run_logger().info


def _alone() -> None:
    """Closes missed runs of this one's deployment: this one does what they were for."""
    with artifacts.leniently("missed runs are left to themselves"):
        tidying.passed_over()


def _kept() -> None:
    if here := HERE.get():
        here.done = True


def _signed_on(name: str, owner: str = "") -> None:
    """Names the run, and leaves with it by what one can tell whether it is still alive."""
    run = runtime.flow_run.id
    if not run:
        return
    with artifacts.leniently("the run has no name"), get_client(sync_client=True) as client:
        client.update_flow_run(run, name=name)
        client.update_flow_run_labels(run, tidying.labels(owner))


def _ended(silent: object, message: str = "") -> Any:
    if silent:
        told = "、".join(map(str, silent)) if isinstance(silent, tuple | list) else str(silent)
        return Completed(name="Degraded", message=f"not collected: {told}. {message}".strip())
    return Completed(message=message or None)


def _skipped(why: str) -> Any:
    log.info("nothing to do", why=why)
    return Completed(name="Skipped", message=why)


def _log_into_prefect() -> None:
    """Hands the desk's events to the run's log on a worker, where an operator looks for them."""
    logging.getLogger("pipeline").setLevel(logging.INFO)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@contextmanager
def _answered_by(stop: object) -> Iterator[None]:
    """Lets whoever answered SIGTERM before the flow began do so in the middle of it.

    Prefect would then wait until its threads have nothing to fetch any more: 33 s of a dripping source.
    """
    if not callable(stop) or threading.current_thread() is not threading.main_thread():
        yield
        return
    prefects = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, prefects)
