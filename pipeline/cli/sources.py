"""Commands about sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import DEGRADED, DONE, FAILED, AsJson, EngineName, State, app, sources_app
from pipeline.cli.speech import out, say, table
from pipeline.cli.workspace import configuration, opened, wants_prefect


@sources_app.command("list")
def sources_list(as_json: AsJson = False) -> None:
    """List the sources."""
    rows = [
        {"id": one.id, "name": one.name, "kind": one.kind, "enabled": one.enabled} for one in configuration().sources
    ]
    table(rows, as_json, {"id": "代号", "name": "名称", "kind": "类型", "enabled": "启用"}, "没有配置信源。")


@app.command()
def collect(
    source: Annotated[list[str] | None, typer.Argument(help="Source ids; default: all that are enabled.")] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="Take this address as a lead.")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", help="Take this file as a lead.")] = None,
    engine: EngineName = "prefect",
) -> None:
    """Ask the sources for leads, fetch and read their pages."""
    from pipeline.desk import Inline

    if url or file:
        with opened() as desk:
            taken = desk.take(url or [], file or [])
            for note in taken.notes:
                say(note)
            for one in desk.leads.get(taken.leads):
                told = one.rejection.because.removeprefix(f"{one.lead.url}：") if one.rejection else "已读入"
                out(f"{one.lead.url}  {told}")
            raise typer.Exit(DONE if any(one.article for one in desk.leads.get(taken.leads)) else FAILED)
    if wants_prefect(engine):
        from pipeline import flows

        flows.embedded(flows.collecting(say), workspace=str(State.workspace.resolve()), sources=source or [])
        with opened() as desk:
            silent: dict[str, str] = {
                one.name: trouble for one in desk.sources(source or []) if (trouble := desk.leads.asked(one.id).trouble)
            }
    else:
        with opened() as desk:
            silent = desk.collect(Inline(), source or [], say)
    raise typer.Exit(DEGRADED if silent else DONE)
