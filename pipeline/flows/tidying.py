"""What Prefect's server believes and what is so: runs that died without a word, and missed ones that pile up.

A run whose process was killed says "Running" for ever, and keeps the place that its deployment's limit gives to one.
Each of ours leaves as labels who works on it and under which claim: a process of this machine that is gone, or a claim
that ran out or was taken over, is a run that died.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from prefect import get_client, runtime
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Completed, Crashed

from pipeline.desk import Desk, now
from pipeline.desk.claiming import myself
from pipeline.flows.environment import TAG
from pipeline.model import Worker

log = structlog.get_logger("pipeline.flows")

_HOME, _PROCESS, _OWNER = "desk.home", "desk.process", "desk.claim"
_ALIVE = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
_UNSTARTED = dt.timedelta(minutes=15)
"""After which a run that a worker took and never began is dead; importing everything takes seconds."""
_LONGEST = dt.timedelta(hours=24)
"""After which one that leaves nothing to tell by is."""


def tags(desk: str) -> list[str]:
    """What all runs of one desk are found by: ours, and the desk's by its work pool."""
    return [TAG, f"pool:{desk}"]


def labels(owner: str) -> dict[str, Any]:
    """By what one can tell whether this process's run is still alive; `owner` is its claim, if it holds one."""
    worker = myself()
    return {_HOME: worker.home, _PROCESS: worker.process, _OWNER: owner}


def crashed(desk: Desk) -> int:
    """Marks the desk's runs that died as crashed; how many there were."""
    ours = FlowRunFilter(
        tags=FlowRunFilterTags(all_=tags(desk.config.settings.prefect.pool)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_ALIVE))),
    )
    count = 0
    with get_client(sync_client=True) as client:
        for one in client.read_flow_runs(flow_run_filter=ours):
            if (me := runtime.flow_run.id) and str(one.id) == me:
                continue
            if why := _died(desk, one):
                # else the rules of an orderly end apply, and ask it to wait for its own process
                client.set_flow_run_state(one.id, Crashed(message=why), force=True)
                log.warning("a run died", run=one.name, why=why)
                count += 1
    return count


def passed_over() -> int:
    """Closes missed runs of this run's own deployment: this one does what they were for. How many there were.

    After three weeks without a worker there would be 6,000 of a look every five minutes.
    """
    deployment, me = runtime.deployment.id, runtime.flow_run.id
    if not deployment or not me:
        return 0
    late = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=runtime.flow_run.scheduled_start_time),
    )
    count = 0
    with get_client(sync_client=True) as client:
        here = DeploymentFilter(id=DeploymentFilterId(any_=[UUID(deployment)]))
        # as many at a time as the server gives
        while missed := [
            one for one in client.read_flow_runs(flow_run_filter=late, deployment_filter=here) if str(one.id) != me
        ]:
            for one in missed:
                _close(client, one, me)
            count += len(missed)
    return count


def _close(client: SyncPrefectClient, run: FlowRun, by: str) -> None:
    client.set_flow_run_state(run.id, Completed(name="Skipped", message=f"missed; run {by} did it"), force=True)


def _died(desk: Desk, run: FlowRun) -> str:
    """Why a run that says it is alive is not; empty when it may be."""
    since = run.state.timestamp if run.state else run.expected_start_time
    age = now() - since if since else dt.timedelta()
    said: Mapping[str, Any] = run.labels
    if _PROCESS not in said:
        unstarted = run.state_type is StateType.PENDING and age > _UNSTARTED
        return "its worker took it and never began" if unstarted or age > _LONGEST else ""
    worker = Worker("", str(said[_HOME]), int(said[_PROCESS]))
    return desk.forsaken(str(said[_OWNER]), worker) or ("no sign of life for a day" if age > _LONGEST else "")
