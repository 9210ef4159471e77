"""The command that makes a draft."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.app import DEGRADED, DONE, NOTHING, AsJson, EngineName, Month, SeriesArgument, State, Week, app
from pipeline.cli.showing import show_draft
from pipeline.cli.speech import say
from pipeline.cli.workspace import opened, wants_prefect, window_of

STAGES = {"harvest": "采集", "read": "识读", "pictures": "配图", "relate": "比对", "judge": "评定", "revisit": "回访"}


@app.command()
def run(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    engine: EngineName = "prefect",
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing: read the stored pages again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the draft would be.")] = False,
    claim: Annotated[str, typer.Option("--claim", hidden=True, help="The claim that the clock took for it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Collect, judge and draft: make or renew a window's draft.

    The window is the last one that is over, unless --month or --week names another. What editors decided stays.
    """
    from pipeline.desk import Inline, command

    with opened() as desk:
        window = window_of(desk, series, month, week)
        say(f"{desk.series(series).title} {window}")
        here = dry_run or not wants_prefect(engine)
        report = (
            desk.run(series, window, Inline(), collect=not offline, keep=not dry_run, owner=claim, say=say)
            if here
            else None
        )
    if report is None:
        from pipeline import flows

        flows.embedded(
            flows.generating(say),
            workspace=str(State.workspace.resolve()),
            series=series,
            start=window.start,
            end=window.end,
            collect=not offline,
            owner=claim,
        )
    with opened() as desk:
        report = report or desk.report(series, window)
        say("耗时：" + "，".join(f"{STAGES[stage]} {seconds} 秒" for stage, seconds in report.seconds.items()))
        show_draft(desk, report.draft, report.desked, as_json)
        if report.desked:
            say(f"下一步：{command('draft check', desk.series(series), window)}，改好后用 bulletin release 发布")
    raise typer.Exit(DEGRADED if report.silent else DONE if report.draft.chosen else NOTHING)
