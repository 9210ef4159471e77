"""Commands about what happens by itself."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli import completing
from pipeline.cli.app import DONE, FAILED, AsJson, Reason, SeriesArgument, State, Who, app, schedule_app
from pipeline.cli.process import leave_within, on_stop
from pipeline.cli.speech import log_events, out, say, table
from pipeline.cli.workspace import configuration, opened, signed
from pipeline.errors import UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from pipeline.config import Config, Series
    from pipeline.desk import Overview
    from pipeline.model import Standing, Window
    from pipeline.schedule import Children, Clockwork
    from pipeline.web import Office

_FEW = 3  # missed windows that are listed each: no longer than what a folded line has to explain
_STOP_SECONDS = 9.5  # for the clock to end its child, which has its own patience, and to give back its claim


@app.command()
def serve(
    listen: Annotated[str, typer.Option(help="Where the page is, as 127.0.0.1:8765. Default: the settings.")] = "",
) -> None:
    """Open the review page (看稿网页) and run the clock.

    It collects and drafts by itself, and releases nothing.

    Without accounts it prints a one-time link for the first administrator, and listens on this machine only.
    It runs until it is stopped, so let systemd or the like start it. `bulletin schedule list` says how things stand;
    intervals and limits are the `clock` section of settings.yaml. One JSON object a line goes to stderr.
    """
    import threading

    from pipeline import schedule, web
    from pipeline.desk import now, open_desk
    from pipeline.flows import environment, server

    config = configuration()
    log_events("info", config)
    stopping = threading.Event()
    clockwork, children = _clockwork("--quiet", "--verbose", *_log(config))
    wanted = config.settings.clock.engine == "prefect" and not environment.named(config)
    keeper = server.Keeper(config) if wanted else None

    launch = _Launching(config, children)

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
        if keeper:
            keeper.begin()
        schedule.serve(config, clockwork, now, stopping)
        if keeper:
            keeper.end()
        page.join()


@dataclass(frozen=True, slots=True)
class _Launching:
    """Has drafts made that people ask for on the page."""

    config: Config
    children: Children

    def __call__(self, series: str, window: Window, asker: str) -> None:
        """Has the draft of a window made for somebody; returns at once."""
        seconds = self.config.settings.clock.run_minutes * 60
        self.children.begin(self._arguments(series, window), seconds, f"--as={asker}")

    def ahead(self, series: str, window: Window) -> int | None:
        """How many drafts have to be made before that of a window is begun; `None` when nobody waits for it."""
        return self.children.ahead(self._arguments(series, window))

    def _arguments(self, series: str, window: Window) -> list[str]:
        which = "--week" if self.config.series[series].first_day is not None else "--month"
        day = f"{window.start}" if which == "--week" else f"{window.start:%Y-%m}"
        return ["run", series, which, day, "--engine", self.config.settings.clock.engine]


def _log(config: Config) -> tuple[str, ...]:
    """What has children write along in the log of the settings."""
    file = config.settings.log.file
    return ("--log-to", str(config.at(file).resolve())) if file else ()


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
def schedule_run(
    series: Annotated[
        str,
        typer.Argument(help="Draft only what is due of this one, though it failed or rests. Default: all there is."),
    ] = "",
) -> None:
    """Look once, now: draft what is due, collect, tell people."""
    from pipeline.desk import now
    from pipeline.model import Phase, chinese_date
    from pipeline.schedule import upcoming

    clockwork, _ = _clockwork()
    made = clockwork.tick(series)
    clockwork.tell()
    with opened() as desk:
        for one in made:
            if one.good:
                number = desk.desked(one.series, one.window).number
                out(f"{one.series} {one.window} 第{number}期草稿已生成")
        paused, drafted = desk.claims.paused(), {(one.series, one.window) for one in made if one.good}
        clocked = [one for one in desk.config.series.values() if one.id not in paused]
        asked = [desk.series(series)] if series else clocked
        waiting = [
            (each, standing)
            for each in asked
            for standing in desk.standing(each)
            if standing.phase in (Phase.RUNNING, Phase.FAILED) and (each.id, standing.window) not in drafted
        ]
        for each, standing in waiting:
            out(f"{each.id} {standing.window} {standing.phase.chinese}：{standing.told}")
        if not made and not waiting:
            out("没有到期的草稿。")
        for each in asked:
            _say_missed(each, [one for one in desk.standing(each) if one.phase is Phase.MISSED])
        for name in sorted(paused):
            if series in ("", name):
                _say_paused(name, paused[name])
        for when, each, _ in upcoming([one for one in asked if one in clocked], now(), 1):
            say(f"下一次：{chinese_date(when.date())} {when:%H:%M} {each.title}")
    raise typer.Exit(DONE if all(one.good for one in made) else FAILED)


@schedule_app.command("list")
def schedule_list(
    series: Annotated[
        str,
        typer.Argument(
            help="Show the windows of this one. Default: one line a series.", autocompletion=completing.series_ids
        ),
    ] = "",
    every: Annotated[
        bool, typer.Option("--all", help="A line for each missed window. Default: one for all that follow each other.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how each series (各刊现状), or each window of one, stands."""
    from pipeline.desk import now
    from pipeline.model import Phase
    from pipeline.steps.window import due_at, next_due

    with opened() as desk:
        paused = desk.claims.paused()
        if series:
            one = desk.series(series)
            windows = desk.overview(one)
            headings = {
                "window": "窗口", "due": "生成时间", "state": "状态", "number": "期号", "attempt": "尝试",
                "run": "最近一次运行", "late": "迟到", "told": "说明",
            }  # fmt: skip
            apart = every or as_json
            rows = [
                row for some in ([[each] for each in windows] if apart else _folded(windows)) for row in _rows(some)
            ]
            table(rows, as_json, headings, "")
            _say_missed(one, [each.standing for each in windows if each.standing.phase is Phase.MISSED])
            if series in paused:
                _say_paused(series, paused[series])
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
    """Say when the next drafts fall due (下次生成)."""
    from pipeline.desk import now
    from pipeline.schedule import upcoming
    from pipeline.steps.window import unannounced

    with opened() as desk:
        every, paused = list(desk.config.series.values()), desk.claims.paused()
    rows = [
        {
            "due": f"{when:%Y-%m-%d %H:%M}",
            "series": series.id,
            "window": str(window),
            "paused": paused.get(series.id, ""),
            "note": unannounced(series, window),
        }
        for when, series, window in upcoming(every, now(), count)
    ]
    headings = {"due": "生成时间", "series": "刊物", "window": "窗口", "paused": "已暂停", "note": "说明"}
    table(rows, as_json, headings, "没有配置刊物。")


@schedule_app.command("pause")
def schedule_pause(
    series: SeriesArgument,
    reason: Reason = "",
    who: Who = "",
    undo: Annotated[bool, typer.Option("--undo", help="Let the clock take it up again.")] = False,
) -> None:
    """Let the clock leave a series alone (暂停; --undo: no longer).

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


_OUTCOMES = {"running": "未结束", "done": "完成", "degraded": "完成，有信源未采集", "failed": "失败"}


def _folded(windows: Sequence[Overview]) -> list[list[Overview]]:
    """Windows in their order, those that were missed one after the other together."""
    from pipeline.model import Phase

    found: list[list[Overview]] = []
    for one in windows:
        missed = one.standing.phase is Phase.MISSED
        if missed and found and found[-1][0].standing.phase is Phase.MISSED:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _rows(some: Sequence[Overview]) -> list[dict[str, Any]]:
    """Windows that stand together as rows: a few each on its own, many as one from the first to the last."""
    if len(some) <= _FEW:
        return [_told(one) for one in some]
    first, last = _told(some[0]), _told(some[-1])
    folded = {**first, "window": f"{some[0].standing.window.start}…{some[-1].standing.window.end}"}
    return [{**folded, "due": last["due"], "told": f"共 {len(some)} 个窗口，逐个列出用 --all；补出？"}]


def _told(one: Overview) -> dict[str, Any]:
    """A window of a series as a row: what the table has, and for programs its parts."""
    from pipeline.model import BEIJING, Phase

    standing, claim, run = one.standing, one.claim, one.run
    seconds = round(sum(run.seconds.values()), 1) if run else 0.0
    began = f"{run.started.astimezone(BEIJING):%m-%d %H:%M}" if run else ""
    working = claim if standing.phase is Phase.RUNNING else None
    return {
        "window": str(standing.window),
        "due": f"{standing.due:%Y-%m-%d %H:%M}",
        "state": standing.phase.chinese,
        "number": standing.number or "",
        "attempt": claim.attempt if claim else "",
        "run": f"{began} {run.engine} {seconds} 秒 {_OUTCOMES[run.outcome]}" if run else "",
        "late": one.late or "",
        "told": standing.told or ("补出？" if standing.phase is Phase.MISSED else ""),
        "engine": run.engine if run else "",
        "seconds": seconds,
        "outcome": run.outcome if run else "",
        "who": working.worker.who if working else "",
        "since": working.since.isoformat(timespec="seconds") if working else "",
        "trouble": claim.trouble if claim else "",
        "retry": claim.retry.isoformat(timespec="seconds") if claim and claim.trouble else "",
    }


def _say_paused(series: str, why: str) -> None:
    say(f"{series} 已暂停自动生成：{why}。恢复用 bulletin schedule pause {series} --undo")


def _say_missed(series: Series, missed: Sequence[Standing]) -> None:
    """Says what to do about windows that were missed and that the clock leaves to people."""
    from pipeline.desk import command

    if missed:
        first, last = missed[0].window, missed[-1].window
        say(f"{series.id} 错过了 {len(missed)} 个窗口，不会自动补出。补出？{command('run', series, first)}")
        earlier = " --and-earlier" if missed[1:] else ""
        say(f"不出的可{'一并' if earlier else ''}跳过：{command('issue skip', series, last)}{earlier} --reason 理由")


def _clockwork(*options: str) -> tuple[Clockwork, Children]:
    """The clock and what starts its children, with these options of the command line."""
    from pipeline.desk import now, open_desk
    from pipeline.schedule import Children, Clockwork

    configuration()  # a workspace that cannot be used is said now, not at every tick
    children = Children(State.workspace.resolve(), *options)
    return Clockwork(lambda: open_desk(State.workspace, clock=now), children, now), children
