"""The engine whose every call is a task of the flow run it is used in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from pipeline.desk import insisted
from pipeline.errors import DeskError, FetchError, SourceError

A = TypeVar("A")
R = TypeVar("R")


class Tasks:
    """An engine whose every call is a task of the flow run it is used in."""

    name = "prefect"

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Submits one task for each; a source that fails is tried once more before its error is taken."""

        def call(ids: A) -> R:
            return insisted(verb, ids)

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


def _worth_another_try(_task: object, _run: object, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, SourceError | FetchError)


def _shown(ids: object) -> str:
    return f"{len(ids)} leads from {ids[0]}" if isinstance(ids, list) and ids else str(ids)
