"""Prefect, and nothing else touches Prefect: the desk's stages as flows and tasks.

The flows are thin: each opens the desk, lets it do its work with an engine whose calls are tasks (one per
source, one per batch), and leaves an artifact an operator can read. Parameters and results are names, days,
ids and counts. Prefect's database is not the audit trail; the store is.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

# Prefect reads its settings when it is imported. No telemetry, nothing leaves the machine; the embedded server
# needs longer than its default 20 s for its first migrations, and records task runs in batches.
_SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "pipeline",
    # a source that fails is said in one line by whoever runs the flow, not as a traceback
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)

from prefect import flow, task  # noqa: E402 - after its settings
from prefect.artifacts import create_markdown_artifact, create_table_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.schemas.objects import State as FlowState  # noqa: E402
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings  # noqa: E402
from prefect.states import Completed  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from pipeline.desk import now, open_desk  # noqa: E402
from pipeline.errors import DeskError, FetchError, SourceError  # noqa: E402
from pipeline.model import Window, chinese_date  # noqa: E402

A = TypeVar("A")
R = TypeVar("R")
Say = Callable[[str], None]

_RUNNER: Any = ThreadPoolTaskRunner(max_workers=8)  # no annotation of its own type satisfies @flow


class Tasks:
    """An engine whose every call is a task of the flow run it is used in."""

    name = "prefect"

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Submits one task for each; a source that fails is tried once more before its error is taken."""

        def call(ids: A) -> R:
            return verb(ids)

        name = verb.__name__
        futures = [
            task(
                name=name,
                task_run_name=f"{name} {_shown(one)}",
                retries=1,
                retry_delay_seconds=2,
                retry_jitter_factor=0.5,
                retry_condition_fn=_worth_another_try,
                cache_policy=NO_CACHE,
                persist_result=False,
            )(call).submit(one)
            for one in over
        ]
        return [_outcome(future.result(raise_on_failure=False)) for future in futures]


def _outcome(result: Any) -> Any:
    if isinstance(result, BaseException) and not isinstance(result, DeskError):
        raise result
    return result


def _worth_another_try(_task: object, _run: object, state: FlowState[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, SourceError | FetchError)


def _shown(ids: object) -> str:
    return f"{len(ids)} leads from {ids[0]}" if isinstance(ids, list) and ids else str(ids)


def _silently(line: str) -> None:
    """Says nothing: a worker's progress stands in its task runs."""


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
        signal.signal(signal.SIGTERM, prefects)


def collecting(say: Say = _silently) -> Callable[..., Any]:
    """The flow that asks sources and reads what they gave."""

    stop = signal.getsignal(signal.SIGTERM)

    @flow(name="collect", task_runner=_RUNNER, persist_result=False)
    def collect(workspace: str, sources: list[str]) -> Any:
        with _answered_by(stop), open_desk(Path(workspace), clock=now) as desk:
            silent = desk.collect(Tasks(), sources, say)
            return _ended(silent)

    return collect


def generating(say: Say = _silently) -> Callable[..., Any]:
    """The flow that makes or renews the draft of a window."""

    stop = signal.getsignal(signal.SIGTERM)

    @flow(
        name="generate",
        flow_run_name="{series} {start} {end}",
        task_runner=_RUNNER,
        persist_result=False,
    )
    def generate(workspace: str, series: str, start: dt.date, end: dt.date, collect: bool, owner: str = "") -> Any:
        with _answered_by(stop), open_desk(Path(workspace), clock=now) as desk:
            report = desk.run(series, Window(start, end), Tasks(), collect=collect, owner=owner, say=say)
            create_table_artifact(
                key="tally",
                table=[{"fate": fate.chinese, "leads": count} for fate, count in report.tally.counts.items()],
                description=f"{series} {start} – {end}: {report.tally}",
            )
            titles = (report.draft.candidate(handle).article for handle in report.draft.chosen)
            create_markdown_artifact(
                key="draft",
                markdown="\n".join(f"{i}. {one.title}（{one.outlet}）" for i, one in enumerate(titles, 1)) or "（无）",
                description=f"{series} {start} – {end}",
            )
            return _ended(report.silent)

    return generate


def releasing() -> Callable[..., Any]:
    """The flow that puts one revision of a draft out for good."""

    stop = signal.getsignal(signal.SIGTERM)

    @flow(name="release", flow_run_name="{series} {start} {end} revision {revision}", persist_result=False)
    def release(workspace: str, series: str, start: dt.date, end: dt.date, revision: int, who: str) -> Any:
        with _answered_by(stop), open_desk(Path(workspace), clock=now) as desk:
            released = desk.release(desk.desked(series, Window(start, end), revision), who)
            create_markdown_artifact(
                key="release",
                markdown="\n".join(f"- {name} `{sha}`" for name, sha in released.files.items()),
                description=f"{released.issue.title} {released.issue.number}, {chinese_date(released.issue.date)}",
            )
            return Completed(message=f"released {released.issue.number}")

    return release


def embedded(flow_function: Callable[..., Any], **parameters: Any) -> None:
    """Runs a flow in this process, on the server that PREFECT_API_URL names or else on Prefect's embedded one.

    Raises the flow's own `DeskError`, or one that says that the server did not start.
    """
    try:
        # every synchronous flow otherwise waits a second at its end for the heartbeat thread
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            flow_function(**parameters)
    except RuntimeError as error:
        if "ephemeral Prefect API server" not in str(error):
            raise
        raise DeskError(
            "Prefect 的临时服务没有启动成功，什么都没有做。", "请稍后再试；或加 --engine inline，不用 Prefect 也能做。"
        ) from error


def _ended(silent: object) -> Any:
    return Completed(name="Degraded", message=f"not collected: {silent}") if silent else Completed()
