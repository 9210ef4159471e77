"""Commands about what happens by itself."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import DONE, FAILED, AsJson, Reason, SeriesArgument, State, Who, app, schedule_app
from pipeline.cli.process import leave_within, on_stop
from pipeline.cli.speech import log_events, out, say, table
from pipeline.cli.workspace import configuration, opened, signed
from pipeline.errors import UsageError

if TYPE_CHECKING:
    import socket

    from pipeline.model import Window
    from pipeline.schedule import Children, Clockwork
    from pipeline.web import Office

_STOP_SECONDS = 9.5  # for the clock to end its child, which has its own patience, and to give back its claim


@app.command()
def serve(
    listen: Annotated[str, typer.Option(help="Where the page is, as 127.0.0.1:8765. Default: the settings.")] = "",
) -> None:
    """Open the review page and run the clock: collect and draft by itself, release nothing.

    Without accounts it prints a one-time link for the first administrator, and listens on this machine only.
    It runs until it is stopped, so let systemd or the like start it. `bulletin schedule list` says how things stand;
    intervals and limits are the `clock` section of settings.yaml. One JSON object a line goes to stderr.
    """
    import threading

    from pipeline import schedule, web
    from pipeline.desk import now, open_desk

    log_events("info")
    config = configuration()
    stopping = threading.Event()
    clockwork, children = _clockwork("--quiet", "--verbose")

    def launch(series: str, window: Window) -> None:
        which = "--week" if config.series[series].first_day is not None else "--month"
        day = f"{window.start}" if which == "--week" else f"{window.start:%Y-%m}"
        arguments = ["run", series, which, day, "--engine", config.settings.clock.engine]
        seconds = config.settings.clock.run_minutes * 60
        children.begin(arguments, seconds)

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()
        clockwork.stopping.set()
        children.stopping.set()
        leave_within(_STOP_SECONDS, DONE)

    with closing(web.Office(State.workspace, lambda: open_desk(State.workspace, clock=now), now, launch)) as office:
        door = _door(office, listen or config.settings.web.listen)
        page = threading.Thread(target=web.serve, args=(web.create_app(office), door, stopping), name="page")
        page.start()
        say(_at(door))
        on_stop(stop)
        schedule.serve(config, clockwork, now, stopping)
        page.join()


def _door(office: Office, address: str) -> socket.socket:
    """Where the page is to be had; beyond this machine only once somebody has an account."""
    from pipeline import web

    with office.opened() as desk:
        known = bool(desk.accounts())
        if not known and not web.is_loopback(address.rpartition(":")[0]):
            raise UsageError(
                f"{address}: nobody has an account yet, so the page is not shown to others.",
                "Make one with `bulletin account add`, or begin with --listen 127.0.0.1:8765.",
            )
        door = web.listening(address)
        if not known:
            # on stdout, which no log is made of; a link that was printed before is void
            out(f"首次使用，请在浏览器中打开（24 小时内有效，只能用一次）：{_at(door)}welcome/{desk.offer_first()}")
        return door


def _at(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


@schedule_app.command("run")
def schedule_run() -> None:
    """Look once, now: draft what is due, collect, tell people."""
    from pipeline.desk import now
    from pipeline.model import Phase, chinese_date
    from pipeline.schedule import upcoming

    clockwork, _ = _clockwork()
    made = clockwork.tick()
    clockwork.tell()
    with opened() as desk:
        for one in made:
            if one.good:
                number = desk.desked(one.series, one.window).number
                out(f"{one.series} {one.window} 第{number}期草稿已生成")
        paused, drafted = desk.claims.paused(), {(one.series, one.window) for one in made if one.good}
        running = [one for name, one in desk.config.series.items() if name not in paused]
        waiting = [
            (series, standing)
            for series in running
            for standing in desk.standing(series)
            if standing.phase in (Phase.RUNNING, Phase.FAILED) and (series.id, standing.window) not in drafted
        ]
        for series, standing in waiting:
            out(f"{series.id} {standing.window} {standing.phase.chinese}：{standing.told}")
        if not made and not waiting:
            out("没有到期的草稿。")
        for when, series, _ in upcoming(running, now(), 1):
            say(f"下一次：{chinese_date(when.date())} {when:%H:%M} {series.title}")
    raise typer.Exit(DONE if all(one.good for one in made) else FAILED)


@schedule_app.command("list")
def schedule_list(
    series: Annotated[str, typer.Argument(help="Show every window of this one. Default: one line a series.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say how each series, or each window of one, stands."""
    from pipeline.desk import now
    from pipeline.model import Phase
    from pipeline.steps.window import due_at, next_due

    with opened() as desk:
        paused = desk.claims.paused()
        if series:
            windows = [
                {
                    "window": str(one.window),
                    "due": f"{one.due:%Y-%m-%d %H:%M}",
                    "state": one.phase.chinese,
                    "number": one.number or "",
                    "told": one.told,
                }
                for one in desk.standing(desk.series(series))
            ]
            headings = {"window": "窗口", "due": "生成时间", "state": "状态", "number": "期号", "told": "说明"}
            table(windows, as_json, headings, "")
            if series in paused:
                say(f"已暂停自动生成：{paused[series]}。恢复用 bulletin schedule pause {series} --undo")
            return
        rows = []
        for one in desk.config.series.values():
            count: dict[Phase, int] = {}
            standing = desk.standing(one)
            for each in standing:
                count[each.phase] = count.get(each.phase, 0) + 1
            rows.append(
                {
                    "series": one.id,
                    "last": max(
                        [
                            desk.last(one).number,
                            *(s.number for s in standing if s.phase in (Phase.RELEASED, Phase.WITHDRAWN)),
                        ]
                    ),
                    "next": f"{due_at(one, next_due(one, now())):%Y-%m-%d %H:%M}",
                    "windows": "，".join(f"{phase.chinese} {count[phase]}" for phase in Phase if phase in count),
                    "paused": paused.get(one.id, ""),
                }
            )
    headings = {
        "series": "刊物", "last": "最近一期", "next": "下次生成", "windows": "此后各期", "paused": "已暂停",
    }  # fmt: skip
    table(rows, as_json, headings, "没有配置刊物。")
    say("看每一期：bulletin schedule list 刊物代号")


@schedule_app.command("next")
def schedule_next(
    count: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 6, as_json: AsJson = False
) -> None:
    """Say when the next drafts fall due."""
    from pipeline.desk import now
    from pipeline.schedule import upcoming

    with opened() as desk:
        every, paused = list(desk.config.series.values()), desk.claims.paused()
    rows = [
        {
            "due": f"{when:%Y-%m-%d %H:%M}",
            "series": series.id,
            "window": str(window),
            "paused": paused.get(series.id, ""),
        }
        for when, series, window in upcoming(every, now(), count)
    ]
    table(rows, as_json, {"due": "生成时间", "series": "刊物", "window": "窗口", "paused": "已暂停"}, "没有配置刊物。")


@schedule_app.command("pause")
def schedule_pause(
    series: SeriesArgument,
    reason: Reason = "",
    who: Who = "",
    undo: Annotated[bool, typer.Option("--undo", help="Let the clock take it up again.")] = False,
) -> None:
    """Let the clock leave a series alone (--undo: no longer).

    Drafts can still be made by hand, with `bulletin run`.
    """
    from pipeline.desk import now

    with opened() as desk:
        one = desk.series(series)
        if undo:
            say(f"{one.title} {'恢复自动生成' if desk.claims.resume(series, signed(who), now()) else '没有暂停'}")
        elif not reason:
            raise UsageError("暂停须写明理由。", "请用 --reason 写明。")
        else:
            desk.claims.pause(series, reason, signed(who), now())
            say(f"{one.title} 暂停自动生成：{reason}")


def _clockwork(*options: str) -> tuple[Clockwork, Children]:
    """The clock and what starts its children, with these options of the command line."""
    from pipeline.desk import now, open_desk
    from pipeline.schedule import Children, Clockwork

    configuration()  # a workspace that cannot be used is said now, not at every tick
    children = Children(State.workspace.resolve(), *options)
    return Clockwork(lambda: open_desk(State.workspace, clock=now), children, now), children
