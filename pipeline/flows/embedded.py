"""A flow run by the command line, in its own process; Prefect that fails costs nobody a draft.

On the server that is named or kept here, else on one of Prefect's that lives as long as this process. When none is
to be had, nothing was done yet and the caller does the work without Prefect, under the same claim. When the server is
lost on the way, the work goes on: it is Prefect's record that suffers.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from prefect import tags
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)

from pipeline.config import Config
from pipeline.errors import DeskError
from pipeline.flows import server, tidying
from pipeline.flows.work import HERE, Here, Say

log = structlog.get_logger("pipeline.flows")
_RETRIES = 3  # of one request, 14 s in all; Prefect's five are 62 s, at each of the requests that end a run


def embedded(config: Config, flow: Callable[..., Any], say: Say, **parameters: Any) -> bool:
    """Runs a flow here; whether it did what it is for, `False` when Prefect could not begin it.

    Raises the flow's own `DeskError`.
    """
    url = server.address(config)
    if url and not server.ready(config):
        return _without(say, f"{url} does not answer")
    wanted: Mapping[Any, Any] = {
        # every synchronous flow otherwise waits a second at its end for the heartbeat thread
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        PREFECT_CLIENT_MAX_RETRIES: _RETRIES,
        **({PREFECT_API_URL: url} if url else {}),
    }
    here = Here(say, signal.getsignal(signal.SIGTERM))
    if not url:
        say("正在启动 Prefect（约需半分钟）…")
    token = HERE.set(here)
    try:
        with temporary_settings(wanted), tags(*tidying.tags(config.settings.prefect.pool)):
            flow(workspace=str(Path(config.workspace).resolve()), **parameters)
    except DeskError:
        raise
    except Exception as error:
        if not here.begun:
            return _without(say, str(error))
        if not here.done:
            raise
        log.warning("Prefect did not record the end of a run", why=str(error))
    finally:
        HERE.reset(token)
    return True


def _without(say: Say, why: str) -> bool:
    log.warning("Prefect cannot be used; the run goes on without it", why=why)
    say("Prefect 不可用，本次不经 Prefect 运行。")
    return False
