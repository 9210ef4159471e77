"""Commands for several machines: what Prefect's server is to start, and who does it."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from pipeline.cli.app import AsJson, State, app
from pipeline.cli.speech import say, table
from pipeline.cli.workspace import configuration
from pipeline.errors import UsageError


@app.command()
def deploy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register flows, schedules and limits on a Prefect server.

    They become what the configuration wants.

    The server is that of PREFECT_API_URL or `prefect.api` in settings.yaml, else the one that `bulletin serve` keeps.
    Deploy again after a change of series.yaml or of the clock; series that are gone are taken off.
    """
    from pipeline.flows import environment

    config = configuration()
    environment.prepare(config)
    from pipeline.flows import deploying

    rows = [
        {"deployment": one.name, "schedule": one.when, "change": one.change}
        for one in deploying.deploy(config, dry=dry_run)
    ]
    table(rows, as_json, {"deployment": "deployment", "schedule": "schedule", "change": "change"}, "")
    say(f"Workers: bulletin worker, which takes from the pool {config.settings.prefect.pool}")


@app.command()
def worker(
    limit: Annotated[int, typer.Option(min=1, max=64, help="How many runs at once.")] = 1,
) -> None:
    """Run what is deployed, until it is stopped.

    This is Prefect's worker for this workspace.

    Any number of them may run, on any machine with this workspace's config/ and the same database and blobs.
    """
    from pipeline.flows import environment, server

    config = configuration()
    url = server.address(config)
    if not url:
        raise UsageError("No Prefect server is named.", "Set prefect.api in settings.yaml, or PREFECT_API_URL.")
    pool = config.settings.prefect.pool
    command = ["worker", "start", "--pool", pool, "--type", "process", "--limit", str(limit)]
    _become([sys.executable, "-m", "prefect", *command], environment.of_worker(config, url, State.workspace.resolve()))


def _become(command: list[str], surroundings: dict[str, str]) -> NoReturn:
    """Hands this process over, so that signals and exit codes are the other program's own."""
    sys.stdout.flush()
    os.execve(command[0], command, surroundings)  # noqa: S606 - a program of this installation
