"""The flows as deployments on a Prefect server, compiled from the configuration that the clock is compiled from.

A pool of workers for the desk, a deployment for each series, one for collecting, one that looks after what the
schedules missed. Nothing in them names a machine or a folder: a worker knows its workspace.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from pipeline.config import Config, Series
from pipeline.errors import DeskError, UsageError
from pipeline.flows import environment, server, tidying, work
from pipeline.model import BEIJING

log = structlog.get_logger("pipeline.flows")

_ZONE = str(BEIJING)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ANCHOR = dt.datetime(2024, 1, 1, tzinfo=BEIJING)  # rounds begin at midnight, whenever they were deployed
_FAR = 200  # deployments of one desk


@dataclass(frozen=True, slots=True)
class Planned:
    """One deployment as the configuration wants it."""

    name: str
    flow: Flow[..., Any]
    schedule: CronSchedule | IntervalSchedule
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def entrypoint(self) -> str:
        """Where a worker imports the flow from."""
        return f"{work.__name__}.{self.flow.name}"

    @property
    def when(self) -> str:
        """The schedule in a word."""
        one = self.schedule
        return f"{one.cron} {one.timezone}" if isinstance(one, CronSchedule) else f"every {one.interval}"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What became of one deployment."""

    name: str
    """With its flow's, as Prefect's command line names it."""
    when: str
    change: str
    """new, changed, unchanged, removed."""


def planned(config: Config) -> list[Planned]:
    """The deployments that the configuration asks for."""
    pool, clock = config.settings.prefect.pool, config.settings.clock
    found = [
        Planned(
            f"{pool}-{one.id}", work.generate, schedule(one), f"Drafts of {one.title} ({one.id})", {"series": one.id}
        )
        for one in config.series.values()
    ]
    if clock.collect_minutes:
        every = IntervalSchedule(
            interval=dt.timedelta(minutes=clock.collect_minutes), anchor_date=_ANCHOR, timezone=_ZONE
        )
        found.append(Planned(pool, work.collect, every, "Asks the sources whose turn it is"))
    every = IntervalSchedule(interval=dt.timedelta(minutes=clock.tick_minutes), anchor_date=_ANCHOR, timezone=_ZONE)
    told = "Makes what schedules missed or a kill left undone, marks dead runs as crashed, tells people"
    return [*found, Planned(pool, work.reconcile, every, told)]


def schedule(series: Series) -> CronSchedule:
    """When the draft of a series falls due: `after` past the midnight that ends each of its windows, in Beijing."""
    hours, minutes = map(int, series.after.split(":"))
    days, rest = divmod(hours * 60 + minutes, 24 * 60)
    at = f"{rest % 60} {rest // 60}"
    if series.workday:
        # no expression names the working days of China: it looks every day at that time, and `due_at` decides
        return CronSchedule(cron=f"{at} * * *", timezone=_ZONE)
    if series.first_day is None:
        return CronSchedule(cron=f"{at} {1 + days} * *", timezone=_ZONE)
    # by name: the numbers of weekdays mean other days to APScheduler
    return CronSchedule(cron=f"{at} * * {_DAYS[(series.first_day + days) % 7]}", timezone=_ZONE)


def deploy(config: Config, *, dry: bool = False) -> list[Deployed]:
    """Makes the server's deployments what the configuration asks for; on a dry run only says what would change.

    Twice is as good as once. What is not this desk's, by tag and work pool, is left alone. Raises `DeskError` when no
    server is named or it does not answer, `UsageError` when the pool is somebody else's.
    """
    url = server.address(config)
    if not url:
        raise UsageError("No Prefect server is named.", "Set prefect.api in settings.yaml, or PREFECT_API_URL.")
    if not server.ready(config):
        raise DeskError(f"Prefect's server at {url} does not answer.", "Is it running? See `prefect.api`.")
    pool = config.settings.prefect.pool
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=tidying.tags(pool)))
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        _pooled(client, pool, dry)
        there = {one.name: one for one in _named(client, client.read_deployments(deployment_filter=ours, limit=_FAR))}
        told = [_put(client, pool, one, there.pop(_path(one), None), dry) for one in planned(config)]
        for name, gone in there.items():
            if not dry:
                client.delete_deployment(gone.response.id)
            told.append(Deployed(name, "", "removed"))
    for one in told:
        log.info("deployed", name=one.name, change=one.change, dry=dry)
    return told


@dataclass(frozen=True, slots=True)
class _There:
    name: str
    response: DeploymentResponse


def _named(client: SyncPrefectClient, found: Sequence[DeploymentResponse]) -> list[_There]:
    flows = {one.flow_id: client.read_flow(one.flow_id).name for one in found}
    return [_There(f"{flows[one.flow_id]}/{one.name}", one) for one in found]


def _path(one: Planned) -> str:
    return f"{one.flow.name}/{one.name}"


def _pooled(client: SyncPrefectClient, pool: str, dry: bool) -> None:
    try:
        kind = client.read_work_pool(pool).type
    except ObjectNotFound:
        if not dry:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(WorkPoolCreate(name=pool, type=ProcessWorker.type, base_job_template=template))
        return
    if kind != ProcessWorker.type:
        raise UsageError(
            f"The work pool {pool!r} is of type {kind!r}, not {ProcessWorker.type!r}.",
            "Name another one: prefect.pool in settings.yaml.",
        )


def _put(client: SyncPrefectClient, pool: str, one: Planned, there: _There | None, dry: bool) -> Deployed:
    wanted: dict[str, Any] = {
        "name": one.name,
        "entrypoint": one.entrypoint,
        "work_pool_name": pool,
        "parameters": dict(one.parameters),
        "description": one.description,
        "tags": tidying.tags(pool),
        "job_variables": {
            # for a worker that was started by Prefect's own command
            "env": dict(environment.WORKER),
            # said outright, else the worker starts another process first, which imports everything to find out the same
            "command": "python -m prefect.engine",
        },
        "concurrency_limit": 1,
        "enforce_parameter_schema": True,
    }
    wanted["version"] = hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()[:12]
    change = "new" if there is None else "unchanged" if _same(there.response, one, wanted) else "changed"
    if change != "unchanged" and not dry:
        client.create_deployment(
            flow_id=client.create_flow_from_name(one.flow.name),
            schedules=[DeploymentScheduleCreate(schedule=one.schedule, active=True)],
            parameter_openapi_schema=parameter_schema(one.flow).model_dump_for_openapi(),
            **wanted,
        )
    return Deployed(_path(one), one.when, change)


def _same(there: DeploymentResponse, one: Planned, wanted: Mapping[str, Any]) -> bool:
    return (
        there.version == wanted["version"]
        and there.parameters == wanted["parameters"]
        and there.entrypoint == wanted["entrypoint"]
        and [each.schedule for each in there.schedules] == [one.schedule]
        and all(each.active for each in there.schedules)
    )
