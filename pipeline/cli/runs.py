"""The command that makes a draft."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.app import DEGRADED, DONE, NOTHING, AsJson, EngineName, Month, SeriesArgument, Week, Who, app
from pipeline.cli.showing import show_draft
from pipeline.cli.speech import say
from pipeline.cli.workspace import opened, through_prefect, window_of
from pipeline.errors import UsageError

STAGES = {"harvest": "采集", "read": "识读", "pictures": "配图", "relate": "比对", "judge": "评定", "revisit": "回访"}


@app.command()
def run(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    engine: EngineName = "prefect",
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing: read the stored pages again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the draft would be.")] = False,
    who: Who = "",
    claim: Annotated[str, typer.Option("--claim", hidden=True, help="The claim that the clock took for it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make or renew a window's draft (生成草稿): collect, judge, draft.

    The window is the last one that is over, unless --month or --week names another. What editors decided stays.
    """
    from pipeline.desk import WITHOUT_PREFECT, Inline, command, now

    with opened() as desk:
        window = window_of(desk, series, month, week)
        if window.start > now().date():
            raise UsageError(f"{desk.series(series).title} {window} 还没有开始。", "请核对 --month 或 --week。")
        say(f"{desk.series(series).title} {window}")
    done = not dry_run and through_prefect(
        engine, "generate", series=series, start=window.start, collect=not offline, owner=claim, asker=who
    )
    with opened() as desk:
        if done:
            report = desk.report(series, window)
        else:
            inline = Inline(WITHOUT_PREFECT if engine == "prefect" and not dry_run else "inline")
            report = desk.run(
                series, window, inline, collect=not offline, keep=not dry_run, owner=claim, asker=who, say=say
            )
        say("耗时：" + "，".join(f"{STAGES[stage]} {seconds} 秒" for stage, seconds in report.seconds.items()))
        show_draft(desk, report.draft, report.desked, as_json)
        if report.desked:
            say(f"下一步：{command('draft check', desk.series(series), window)}，改好后用 bulletin release 发布")
    raise typer.Exit(DEGRADED if report.silent else DONE if report.draft.chosen else NOTHING)
