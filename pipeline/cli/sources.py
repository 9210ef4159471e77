"""Commands about sources."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import DEGRADED, DONE, FAILED, AsJson, EngineName, State, app, sources_app
from pipeline.cli.speech import out, plain, say, table
from pipeline.cli.workspace import opened, wants_prefect
from pipeline.errors import NothingCollected
from pipeline.model import BEIJING


@sources_app.command("list")
def sources_list(as_json: AsJson = False) -> None:
    """List the sources, and how each is doing."""
    with opened() as desk:
        rows = [
            {
                "id": source.id,
                "name": source.name,
                "kind": source.kind,
                "enabled": source.enabled,
                "health": one.health.value if as_json else one.health.chinese,
                "succeeded": _moment(one.succeeded),
                "fresh": _moment(one.fresh),
                "usual_seconds": one.usual.total_seconds() if one.usual else None,
                "usual": _span(one.usual),
                "because": one.because,
            }
            for source, one in desk.pulses()
        ]
    headings = {
        "id": "代号",
        "name": "名称",
        "kind": "类型",
        "health": "状态",
        "succeeded": "上次采到",
        "fresh": "上次有新内容",
        "usual": "平时间隔",
        "because": "原因",
    }
    table(rows, as_json, headings, "没有配置信源。")


@sources_app.command("show")
def sources_show(
    source: Annotated[str, typer.Argument(help="The source's id.")],
    last: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many visits.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how a source is doing: its last visits, its usual rhythm."""
    with opened() as desk:
        (one,) = desk.sources([source])
        (state,) = [found for each, found in desk.pulses() if each.id == one.id]
        visits = desk.visits.of(one.id, last)
    if as_json:
        out(json.dumps({"id": one.id, "pulse": plain(state), "visits": [plain(each) for each in visits]}))
        return
    because = f"：{state.because}" if state.because else ""
    since = f"（自 {state.since.astimezone(BEIJING):%Y-%m-%d %H:%M} 起）" if state.since else ""
    out(f"{one.name}（{one.id}，{one.kind}）  {state.health.chinese}{because}{since}")
    out(f"平时间隔：{_span(state.usual) or '尚不清楚（至少要有 6 次新内容）'}")
    rows = [
        {
            "when": _moment(each.when),
            "outcome": each.outcome.chinese,
            "leads": each.leads,
            "fresh": each.fresh,
            "pages": each.pages,
            "failed": each.failed,
            "seconds": each.seconds,
            "because": each.because,
        }
        for each in reversed(visits)
    ]
    headings = {
        "when": "时间",
        "outcome": "结果",
        "leads": "线索",
        "fresh": "新线索",
        "pages": "新页面",
        "failed": "未取得",
        "seconds": "秒",
        "because": "原因",
    }
    table(rows, False, headings, "还没有采集过。")


def _moment(moment: dt.datetime | None) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds") if moment else ""


def _span(time: dt.timedelta | None) -> str:
    from pipeline.steps.health import span

    return span(time) if time else ""


@app.command()
def collect(
    source: Annotated[list[str] | None, typer.Argument(help="Source ids; default: all that are enabled.")] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="Take this address as a lead.")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", help="Take this file as a lead.")] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only those whose turn it is, as the clock asks them: others rest.")
    ] = False,
    engine: EngineName = "prefect",
) -> None:
    """Ask the sources for leads, fetch and read their pages."""
    if url or file:
        with opened() as desk:
            taken = desk.take(url or [], file or [])
            for note in taken.notes:
                say(note)
            for one in desk.leads.get(taken.leads):
                told = one.rejection.because.removeprefix(f"{one.lead.url}：") if one.rejection else "已读入"
                out(f"{one.lead.url}  {told}")
            raise typer.Exit(DONE if any(one.article for one in desk.leads.get(taken.leads)) else FAILED)
    asked = source or []
    everybody = True
    if due:
        with opened() as desk:
            asked = [one.id for one in desk.turn() if not source or one.id in source]
            everybody = len(asked) == len(desk.sources())
        if not asked:
            say("没有轮到的信源。")
            raise typer.Exit(DONE)
    try:
        silent = _collected(asked, engine)
    except NothingCollected:
        if everybody:
            raise
        raise typer.Exit(DEGRADED) from None  # the others were not asked: this is no outage
    raise typer.Exit(DEGRADED if silent else DONE)


def _collected(asked: list[str], engine: str) -> dict[str, str]:
    """Which sources failed, and why."""
    from pipeline.desk import Inline

    if wants_prefect(engine):
        from pipeline import flows

        flows.embedded(flows.collecting(say), workspace=str(State.workspace.resolve()), sources=asked)
        with opened() as desk:
            return {one.name: why for one in desk.sources(asked) if (why := desk.leads.asked(one.id).trouble)}
    with opened() as desk:
        return desk.collect(Inline(), asked, say)
