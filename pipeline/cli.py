"""The command line: `bulletin …`.

Exit codes: 0 done · 1 failure · 2 usage or configuration · 3 done, but some sources failed · 4 done, nothing in
the window · 5 blocked by checks · 130 interrupted. Results go to stdout, progress to stderr.

Whatever is heavy is imported inside the commands, so that `--help` stays under 0.6 s.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, cast

import typer

from pipeline.errors import DeskError, UsageError
from pipeline.errors import reason as why

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.desk import Desk
    from pipeline.model import Decision, Desked, Draft, Finding, Window
    from pipeline.schedule import Children, Clockwork

DONE, FAILED, MISUSED, DEGRADED, NOTHING, BLOCKED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

_PATIENCE_SECONDS = 5.0  # for an interrupted command to give back what it holds
_STOP_SECONDS = 9.5  # for the clock to end its child, which has its own patience, and to give back its claim

STAGES = {"harvest": "采集", "read": "识读", "judge": "评定"}

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None)
sources_app = typer.Typer(no_args_is_help=True, help="The sources that are watched (信源).")
draft_app = typer.Typer(no_args_is_help=True, help="Look at a draft and decide about it (看稿与改稿).")
issue_app = typer.Typer(no_args_is_help=True, help="Issues that were released or imported (期刊).")
config_app = typer.Typer(no_args_is_help=True, help="The configuration (配置).")
schedule_app = typer.Typer(no_args_is_help=True, help="What is drafted by itself, and when (自动生成).")
app.add_typer(sources_app, name="sources")
app.add_typer(draft_app, name="draft")
app.add_typer(issue_app, name="issue")
app.add_typer(config_app, name="config")
app.add_typer(schedule_app, name="schedule")
notify_app = typer.Typer(no_args_is_help=True, help="Who is told what happens (通知).")
app.add_typer(notify_app, name="notify")

SeriesArgument = Annotated[str, typer.Argument(help="Which bulletin, by its id in series.yaml, as beijing-monthly.")]
Month = Annotated[str, typer.Option("--month", help="The month, as 2024-06. Default: the last one that is over.")]
Week = Annotated[str, typer.Option("--week", help="The week, by any of its days, as 2025-08-08.")]
Target = Annotated[str, typer.Argument(help="Handle, position, address, or a part of the title.")]
Reason = Annotated[str, typer.Option("--reason", help="Why (it is kept, with your name).")]
Who = Annotated[str, typer.Option("--as", envvar="BULLETIN_EDITOR", help="Who decides; default: the login name.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
EngineName = Annotated[str, typer.Option("--engine", help="prefect, or inline for plain calls without a server.")]


class _State:
    workspace = Path()
    debug = False
    quiet = False


def main() -> None:
    """Runs the command line and exits with its code."""
    _on_stop(_interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows codes, not a traceback
    try:
        if not all(_is_text(argument) for argument in sys.argv):
            raise UsageError("An argument is not valid UTF-8.", "Set the terminal to UTF-8.")
        app()
    except DeskError as error:
        if _State.debug:
            raise
        _say(f"bulletin: {error}")
        sys.exit(error.exit_code)
    except _Interrupted:
        # everything was given back on the way here; a thread that waits for a slow site is not waited for
        _leave()
    except BrokenPipeError:
        # whoever reads us has enough; the interpreter must not complain about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Interrupted(SystemExit):
    """Somebody wants this process to end."""


def _on_stop(handler: Callable[[int, object], None]) -> None:
    """Lets a handler answer Ctrl-C, `kill`, and a terminal that is closed, unless `nohup` said not to mind that."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:
            signal.signal(sign, handler)


def _interrupted(_signal: int, _frame: object) -> None:
    _leave_within(_PATIENCE_SECONDS)
    raise _Interrupted(INTERRUPTED)


def _leave_within(seconds: float, code: int = INTERRUPTED) -> None:
    """Ends this process when it takes longer than that to end by itself: Prefect waits for its threads, a locked
    database for its holder. What is claimed then is free again when its lease has run out.
    """
    import threading

    timer = threading.Timer(seconds, _leave, (code,))
    timer.daemon = True
    timer.start()


def _leave(code: int = INTERRUPTED) -> NoReturn:
    """Ends this process at once, and the processes it started."""
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread or a child that has ended meanwhile
            for child in listed.read_text().split():
                os.kill(int(child), signal.SIGTERM)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _leashed() -> None:
    """Ends this process as `kill` does when the one that started it is gone: then stdin is closed."""
    import threading

    def hold() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=hold, name="leash", daemon=True).start()


class _Stderr:
    """Stderr for what is said along the way: a full disk or a reader who left must not end the work."""

    def write(self, text: str) -> None:
        """Says it, if that can be."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Says what waits to be said, if that can be."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


@app.callback()
def _options(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-C", envvar="BULLETIN_WORKSPACE", help="Folder with config/, data/, out/.")
    ] = Path(),
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every event to stderr.")] = False,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="End when stdin is closed.")] = False,
) -> None:
    """Watch the news for an office and put out its numbered bulletin (舆情监测期刊)."""
    if leashed:
        _leashed()
    _State.workspace, _State.debug, _State.quiet = workspace, debug, quiet
    _log("debug" if debug else "info" if verbose else "critical")


def _log(level: str) -> None:
    """Logs events of this level and above to stderr, one JSON object a line."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            # JSON escapes line breaks and terminal codes that a title may carry: one event, one line
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Stderr())),
    )


# ----------------------------------------------------------------------------------------------- set-up


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="The workspace to make.")] = Path()) -> None:
    """Write a workspace with a commented configuration.

    Then name the sources, the last issue and an address of yours in its config/, and look with `bulletin doctor`.
    """
    from pipeline.config import packaged

    target = folder / "config"
    for taken in (target, folder / "templates"):
        if taken.exists():
            raise UsageError(f"{taken} exists already.", "Choose another folder; nothing was changed.")
    for name in ("config", "templates"):
        shutil.copytree(packaged(name), folder / name)
        _out(f"{folder / name}: " + ", ".join(sorted(path.name for path in (folder / name).iterdir())))
    _say(
        f"Next, in {target}: name your sources in sources.yaml, your last issue in series.yaml,\n"
        f"an address of yours in settings.yaml. Then: cd {folder} && bulletin doctor"
    )


@app.command()
def demo(
    month: Month = "",
    week: Week = "",
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo's workspace is made anew.")] = Path(
        "demo-out"
    ),
    engine: EngineName = "prefect",
) -> None:
    """Put out an issue from a demo web on this machine.

    It is the one for 2024-06 (535) unless told otherwise; 2024-05 (534) and the week of 2025-08-08 (636) are there too.
    """
    from pipeline.demo.play import play

    code = play(folder, month=month, week=week, engine=engine, bulletin=_again)
    raise typer.Exit(code)


def _again(*arguments: str) -> int:
    """Runs this command line once more, as somebody would type it; returns its exit code."""
    _say("$ bulletin " + " ".join(arguments))
    try:
        return app(arguments, standalone_mode=False) or DONE
    except DeskError as error:
        _say(f"bulletin: {error}")
        return error.exit_code


@config_app.command("check")
def config_check() -> None:
    """Say whether the configuration can be used."""
    from pipeline.notify import refused

    config = _config()
    for error in refused(config):
        raise error
    _out(
        f"{len(config.sources)} sources ({sum(s.enabled for s in config.sources)} enabled), "
        f"{len(config.series)} series, {len(config.outlets.all)} outlets: all good."
    )


@config_app.command("show")
def config_show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting as it takes effect; secrets are masked."""
    from pipeline.config import origins

    _config()
    found = origins(_State.workspace)
    if as_json:
        rows = [{"name": one.name, "value": one.value, **({"origin": one.origin} if origin else {})} for one in found]
        _out(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        value = one.value if isinstance(one.value, str) and one.value else json.dumps(one.value, ensure_ascii=False)
        _out(f"{one.name} = {value}" + (f"  ({one.origin})" if origin else ""))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong here and what to do; changes nothing.

    It looks at the installation and at the workspace, and works on broken ones.
    """
    from pipeline.desk import now
    from pipeline.doctor import Condition, examine

    found = examine(_State.workspace, now())
    if as_json:
        _out(json.dumps([_plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            _out(f"{one.condition.chinese}  {one.what}  {one.detail}" + (f" → {one.fix}" if one.fix else ""))
    try:
        "正常".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        _say(f"bulletin: This terminal ({sys.stdout.encoding}) shows no Chinese: export LANG=C.UTF-8, and look again.")
    counts = {each: sum(one.condition is each for one in found) for each in Condition}
    _say("，".join(f"{each.chinese} {count} 项" for each, count in counts.items()))
    raise typer.Exit(FAILED if counts[Condition.FAULT] else DONE)


@notify_app.command("send")
def notify_send() -> None:
    """Tell people what waits to be told."""
    with _desk() as desk:
        told = desk.send_notices()
    for one in told:
        _out(f"{one.target}  {one.notice.title}  " + (f"未送达：{one.trouble}" if one.trouble else "已送达"))
    _say(f"{len(told)} 条" if told else "没有待发的通知。")
    raise typer.Exit(FAILED if any(one.trouble for one in told) else DONE)


@notify_app.command("test")
def notify_test() -> None:
    """Send everybody a message, and say who accepted it."""
    from pipeline.desk import now
    from pipeline.model import Event, Notice
    from pipeline.notify import targets, tell

    everybody = targets(_config())
    if not everybody:
        raise UsageError("没有配置通知。", "请在 config/settings.yaml 的 notify 里写上地址。")
    notice = Notice("test", Event.DRAFT_READY, "舆情期刊编辑台：测试通知", "收到这条消息，说明通知可以送达。", now())
    troubles = []
    for one in everybody:
        troubles.append(tell(one, notice))
        _out(f"{one.name}  " + (f"未送达：{troubles[-1]}" if troubles[-1] else "已送达"))
    raise typer.Exit(FAILED if any(troubles) else DONE)


@sources_app.command("list")
def sources_list(as_json: AsJson = False) -> None:
    """List the sources."""
    rows = [{"id": one.id, "name": one.name, "kind": one.kind, "enabled": one.enabled} for one in _config().sources]
    _rows(rows, as_json, {"id": "代号", "name": "名称", "kind": "类型", "enabled": "启用"}, "没有配置信源。")


# ------------------------------------------------------------------------------------------------- runs


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
        with _desk() as desk:
            taken = desk.take(url or [], file or [])
            for note in taken.notes:
                _say(note)
            for one in desk.leads.get(taken.leads):
                told = one.rejection.because.removeprefix(f"{one.lead.url}：") if one.rejection else "已读入"
                _out(f"{one.lead.url}  {told}")
            raise typer.Exit(DONE if any(one.article for one in desk.leads.get(taken.leads)) else FAILED)
    if _prefect(engine):
        from pipeline import flows

        flows.embedded(flows.collecting(_say), workspace=str(_State.workspace.resolve()), sources=source or [])
        with _desk() as desk:
            silent: dict[str, str] = {
                one.name: trouble for one in desk.sources(source or []) if (trouble := desk.leads.asked(one.id).trouble)
            }
    else:
        with _desk() as desk:
            silent = desk.collect(Inline(), source or [], _say)
    raise typer.Exit(DEGRADED if silent else DONE)


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

    with _desk() as desk:
        window = _window(desk, series, month, week)
        _say(f"{desk.series(series).title} {window}")
        plain = dry_run or not _prefect(engine)
        report = (
            desk.run(series, window, Inline(), collect=not offline, keep=not dry_run, owner=claim, say=_say)
            if plain
            else None
        )
    if report is None:
        from pipeline import flows

        flows.embedded(
            flows.generating(_say),
            workspace=str(_State.workspace.resolve()),
            series=series,
            start=window.start,
            end=window.end,
            collect=not offline,
            owner=claim,
        )
    with _desk() as desk:
        report = report or desk.report(series, window)
        _say("耗时：" + "，".join(f"{STAGES[stage]} {seconds} 秒" for stage, seconds in report.seconds.items()))
        _show(desk, report.draft, report.desked, as_json)
        if report.desked:
            _say(f"下一步：{command('draft check', desk.series(series), window)}，改好后用 bulletin release 发布")
    raise typer.Exit(DEGRADED if report.silent else DONE if report.draft.chosen else NOTHING)


# --------------------------------------------------------------------------------------------- the clock


@app.command()
def serve() -> None:
    """Run the clock: collect and draft by itself, release nothing.

    It runs until it is stopped, so let systemd or the like start it. `bulletin schedule list` says how things stand;
    intervals and limits are the `clock` section of settings.yaml. One JSON object a line goes to stderr.
    """
    import threading

    from pipeline import schedule
    from pipeline.desk import now

    _log("info")
    stopping = threading.Event()
    clockwork, children = _clockwork("--quiet", "--verbose")

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()
        clockwork.stopping.set()
        children.stopping.set()
        _leave_within(_STOP_SECONDS, DONE)

    _on_stop(stop)
    schedule.serve(_config(), clockwork, now, stopping)


@schedule_app.command("run")
def schedule_run() -> None:
    """Look once, now: draft what is due, collect, tell people."""
    from pipeline.desk import now
    from pipeline.model import Phase, chinese_date
    from pipeline.schedule import upcoming

    clockwork, _ = _clockwork()
    made = clockwork.tick()
    clockwork.tell()
    with _desk() as desk:
        for one in made:
            if one.good:
                number = desk.desked(one.series, one.window).number
                _out(f"{one.series} {one.window} 第{number}期草稿已生成")
        paused, drafted = desk.claims.paused(), {(one.series, one.window) for one in made if one.good}
        running = [one for name, one in desk.config.series.items() if name not in paused]
        waiting = [
            (series, standing)
            for series in running
            for standing in desk.standing(series)
            if standing.phase in (Phase.RUNNING, Phase.FAILED) and (series.id, standing.window) not in drafted
        ]
        for series, standing in waiting:
            _out(f"{series.id} {standing.window} {standing.phase.chinese}：{standing.told}")
        if not made and not waiting:
            _out("没有到期的草稿。")
        for when, series, _ in upcoming(running, now(), 1):
            _say(f"下一次：{chinese_date(when.date())} {when:%H:%M} {series.title}")
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

    with _desk() as desk:
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
            _rows(windows, as_json, headings, "")
            if series in paused:
                _say(f"已暂停自动生成：{paused[series]}。恢复用 bulletin schedule pause {series} --undo")
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
                    "last": max([desk.last(one).number, *(s.number for s in standing if s.phase is Phase.RELEASED)]),
                    "next": f"{due_at(one, next_due(one, now())):%Y-%m-%d %H:%M}",
                    "windows": "，".join(f"{phase.chinese} {count[phase]}" for phase in Phase if phase in count),
                    "paused": paused.get(one.id, ""),
                }
            )
    headings = {
        "series": "刊物", "last": "最近一期", "next": "下次生成", "windows": "此后各期", "paused": "已暂停",
    }  # fmt: skip
    _rows(rows, as_json, headings, "没有配置刊物。")
    _say("看每一期：bulletin schedule list 刊物代号")


@schedule_app.command("next")
def schedule_next(
    count: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 6, as_json: AsJson = False
) -> None:
    """Say when the next drafts fall due."""
    from pipeline.desk import now
    from pipeline.schedule import upcoming

    with _desk() as desk:
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
    _rows(rows, as_json, {"due": "生成时间", "series": "刊物", "window": "窗口", "paused": "已暂停"}, "没有配置刊物。")


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

    with _desk() as desk:
        one = desk.series(series)
        if undo:
            _say(f"{one.title} {'恢复自动生成' if desk.claims.resume(series) else '没有暂停'}")
        elif not reason:
            raise UsageError("暂停须写明理由。", "请用 --reason 写明。")
        else:
            desk.claims.pause(series, reason, _name(who), now())
            _say(f"{one.title} 暂停自动生成：{reason}")


def _clockwork(*options: str) -> tuple[Clockwork, Children]:
    """The clock and what starts its children, with these options of the command line."""
    from pipeline.desk import now, open_desk
    from pipeline.schedule import Children, Clockwork

    _config()  # a workspace that cannot be used is said now, not at every tick
    children = Children(_State.workspace.resolve(), *options)
    return Clockwork(lambda: open_desk(_State.workspace, clock=now), children, now), children


# ------------------------------------------------------------------------------------------------ drafts


@draft_app.command("list")
def draft_list(as_json: AsJson = False) -> None:
    """List the drafts that are not released yet."""
    from pipeline.model import State

    with _desk() as desk:
        rows = [_summary(one) for one in desk.issues.all() if one.state is State.DRAFT]
    headings = {
        "series": "刊物", "number": "期号", "window": "窗口", "revision": "修订", "items": "入选", "candidates": "候选",
    }  # fmt: skip
    _rows(rows, as_json, headings, "没有草稿。生成上一期的草稿：bulletin run 刊物代号")


@draft_app.command("show")
def draft_show(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    revision: Annotated[int, typer.Option(help="As it was at this revision (see `draft log`).")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show a draft: what is in, what waits, and why."""
    with _desk() as desk:
        desked = desk.desked(series, _window(desk, series, month, week))
        if revision:
            _show(desk, desk.issues.at_revision(desked.id, revision), None, as_json)
        else:
            _show(desk, desked.draft, desked, as_json)


@draft_app.command("include")
def draft_include(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Take a candidate into the issue.

    An article that was judged out is taken by its address.
    """
    _decide(series, month, week, who, "include", target, reason)


@draft_app.command("exclude")
def draft_exclude(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Put a candidate out of the issue."""
    _decide(series, month, week, who, "exclude", target, reason)


@draft_app.command("split")
def draft_split(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Make a folded article a candidate of its own."""
    _decide(series, month, week, who, "split", target, reason)


@draft_app.command("merge")
def draft_merge(
    series: SeriesArgument,
    target: Target,
    into: Annotated[str, typer.Argument(help="The candidate it joins.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Fold a candidate under another one."""
    _decide(series, month, week, who, "merge", target, reason, into=into)


@draft_app.command("edit")
def draft_edit(
    series: SeriesArgument,
    target: Target,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    outlet: Annotated[str | None, typer.Option(help="The new 来源.")] = None,
    url: Annotated[str | None, typer.Option(help="The new link.")] = None,
    date: Annotated[str | None, typer.Option(help="The new date, as 2024-06-04.")] = None,
    body: Annotated[Path | None, typer.Option(help="A UTF-8 file with the new text, one paragraph a line.")] = None,
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Change the title, outlet, link, date or text of a candidate."""
    text = _text(body) if body else None
    values = {"title": title, "outlet": outlet, "url": url, "date": date, "body": text}
    given = {field: value for field, value in values.items() if value is not None}
    if not given:
        raise UsageError("没有写要改什么。", "请用 --title、--outlet、--url、--date 或 --body。")
    _decide(series, month, week, who, "edit", target, reason, **given)


@draft_app.command("reorder")
def draft_reorder(
    series: SeriesArgument,
    target: Target,
    to: Annotated[int, typer.Argument(help="The position it takes, from 1.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Move an item to another position."""
    _decide(series, month, week, who, "reorder", target, reason, to=str(to))


@draft_app.command("excerpt")
def draft_excerpt(
    series: SeriesArgument,
    target: Target,
    whole: Annotated[bool, typer.Option("--whole", help="Print the whole article again.")] = False,
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Print only the part of an article on topic, as （节选）."""
    _decide(series, month, week, who, "excerpt", target, reason, **({"whole": "yes"} if whole else {}))


@draft_app.command("waive")
def draft_waive(
    series: SeriesArgument,
    finding: Annotated[str, typer.Argument(help="The finding, as `draft check` prints it: same-event:c3f9a.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Let a blocking finding pass, for a reason."""
    _decide(series, month, week, who, "waive", finding, reason)


@draft_app.command("apply")
def draft_apply(
    series: SeriesArgument,
    file: Annotated[Path, typer.Argument(help="A YAML file of decisions: editor, decisions.")],
    month: Month = "",
    week: Week = "",
) -> None:
    """Apply a file of decisions, one revision each."""
    from pipeline.config import Decisions, read_decisions

    recorded: Decisions = read_decisions(file)
    for one in recorded.decisions:
        _decide(series, month, week, recorded.editor, one.verb, one.target, one.reason, **one.values)


@draft_app.command("check")
def draft_check(series: SeriesArgument, month: Month = "", week: Week = "", as_json: AsJson = False) -> None:
    """Run the release checks."""
    from pipeline.model import Severity

    with _desk() as desk:
        found = desk.findings(desk.desked(series, _window(desk, series, month, week)))
    if as_json:
        _out(json.dumps([_plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            _out(_remark(one, imported=False))
        _say(f"{len(found)} 项")
    raise typer.Exit(BLOCKED if any(one.severity is Severity.BLOCKING for one in found) else DONE)


@draft_app.command("log")
def draft_log(series: SeriesArgument, month: Month = "", week: Week = "", as_json: AsJson = False) -> None:
    """Say who decided what, oldest first."""
    with _desk() as desk:
        desked = desk.desked(series, _window(desk, series, month, week))
        revisions = desk.revisions(desked)
    rows: list[dict[str, Any]] = [
        {
            "revision": one.revision,
            "when": one.decision.when.isoformat(timespec="seconds"),
            "who": one.decision.who,
            "verb": one.decision.verb,
            "target": one.decision.target,
            **{field: value[:60] for field, value in one.decision.values.items()},
            "reason": one.decision.reason,
        }
        for one in revisions
    ]
    if not as_json:
        for row, one in zip(rows, revisions, strict=True):
            row |= {"verb": one.decision.chinese, "target": _meant(one.decision, desked.draft)}
    headings = {
        "revision": "修订", "when": "时间", "who": "经手人", "verb": "操作", "reason": "理由", "target": "对象",
    }  # fmt: skip
    _rows(rows, as_json, headings, "")


@draft_app.command("export")
def draft_export(
    series: SeriesArgument,
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path(),
    month: Month = "",
    week: Week = "",
) -> None:
    """Write a draft as DOCX and Markdown, marked 送审稿."""
    from pipeline.outputs import FORMATS

    with _desk() as desk:
        desked = desk.desked(series, _window(desk, series, month, week))
        for name in FORMATS:
            target = folder / f"{desk.issue(desked).filename}-送审稿{desked.revision}.{name}"
            data = desk.render(desked, name)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            except OSError as error:
                raise UsageError(f"{target}：{why(error)}。", "请用 --to 另指一个文件夹。") from None
            _out(str(target))


# ---------------------------------------------------------------------------------------------- releases


@app.command()
def release(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    who: Who = "",
    revision: Annotated[int, typer.Option(help="Release only if the draft is at this revision.")] = 0,
    engine: EngineName = "prefect",
) -> None:
    """Put a draft out for good.

    Its number is taken, and its files are frozen and written to the `out` folder. `bulletin draft check` says before
    what keeps it back.
    """
    with _desk() as desk:
        window = _window(desk, series, month, week)
        desked = desk.desked(series, window, revision)
        if not _prefect(engine):
            desk.release(desked, _name(who))
    if _prefect(engine):
        from pipeline import flows

        flows.embedded(
            flows.releasing(),
            workspace=str(_State.workspace.resolve()),
            series=series,
            start=window.start,
            end=window.end,
            revision=desked.revision,
            who=_name(who),
        )
    with _desk() as desk:
        out = next(one for one in desk.issues.released(series) if one.issue.window == window)
        _say(f"{out.issue.title} 第{out.issue.number_chinese}期 已发布：{len(out.issue.items)}条。{out.tally}")
        for name in out.files:
            if name in desk.pending:
                _say(f"bulletin: {desk.config.out / name} 尚未写出，期刊已安全入库；排除故障后再运行任一命令即补写。")
            else:
                _out(str(desk.config.out / name))
        raise typer.Exit(DEGRADED if desk.pending else DONE)


@issue_app.command("list")
def issue_list(
    series: Annotated[str, typer.Argument(help="Which bulletin. Default: all.")] = "", as_json: AsJson = False
) -> None:
    """List the issues that were released or imported."""
    with _desk() as desk:
        if series:
            desk.series(series)
        rows = [
            {
                "series": one.issue.series,
                "number": one.issue.number,
                "state": "导入" if one.imported else "已发布",
                "window": str(one.issue.window),
                "items": len(one.issue.items),
                "who": one.who,
                "when": one.when.isoformat(timespec="seconds"),
            }
            for one in desk.issues.released(series)
        ]
    headings = {
        "series": "刊物", "number": "期号", "state": "状态", "window": "窗口", "items": "条数", "who": "经手人",
        "when": "时间",
    }  # fmt: skip
    _rows(rows, as_json, headings, "还没有期刊。发布用 bulletin release，导入往期用 bulletin import-issue。")


@issue_app.command("show")
def issue_show(
    series: SeriesArgument,
    number: Annotated[int, typer.Argument(help="The issue number, as 535.")],
    as_json: AsJson = False,
) -> None:
    """Show a released or imported issue."""
    with _desk() as desk:
        found = desk.released(series, number)
    if as_json:
        _out(json.dumps(_plain(found), ensure_ascii=False))
        return
    issue = found.issue
    _out(f"{issue.title}（第{issue.number_chinese}期）\n{issue.lead}")
    for place, item in enumerate(issue.items, start=1):
        _out(f"{place}. {item.title}\n   （{item.outlet}） {item.date} {item.url}")
    if found.imported:
        _out(f"导入：{found.imported.file}（{found.who}，{found.when:%Y-%m-%d}）；原刊导语：{found.imported.lead}")
        _out(f"{found.imported.blob}  {found.imported.file}")
        return
    _out(str(found.tally))
    for name, sha in found.files.items():
        _out(f"{sha}  {name}")


@issue_app.command("check")
def issue_check(
    series: SeriesArgument,
    number: Annotated[int, typer.Argument(help="The issue number, as 535.")],
    as_json: AsJson = False,
) -> None:
    """Run the release checks on a released or imported issue.

    Of an imported one it also says what its import found.
    """
    from pipeline.model import Severity

    with _desk() as desk:
        release = desk.released(series, number)
        found = desk.review(release)
    if as_json:
        _out(json.dumps([_plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            _out(_remark(one, imported=release.imported is not None))
        _say(f"{len(found)} 项")
    raise typer.Exit(BLOCKED if any(one.severity is Severity.BLOCKING for one in found) else DONE)


@issue_app.command("export")
def issue_export(
    series: SeriesArgument,
    number: Annotated[int, typer.Argument(help="The issue number, as 535.")],
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path(),
) -> None:
    """Write an issue's DOCX and Markdown.

    Of a released issue they are the frozen files; an imported one is written in the canonical form.
    """
    with _desk() as desk:
        for name, data in desk.copies(desk.released(series, number)).items():
            target = folder / name
            try:
                folder.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            except OSError as error:
                raise UsageError(f"{target}：{why(error)}。", "请用 --to 另指一个文件夹。") from None
            _out(str(target))


@app.command("import-issue")
def import_issue(
    files: Annotated[list[Path], typer.Argument(help="Old issues, as UTF-8 or GB18030 text, or Markdown.")],
    series: Annotated[str, typer.Option("--series", help="Which bulletin, whatever the masthead says.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the file in place of an earlier import.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken in.")] = False,
    who: Who = "",
) -> None:
    """Take old issues into the archive (导入往期).

    Their numbers and windows come from what is printed; numbering goes on after the latest. Try it with --dry-run.
    """
    from pipeline.errors import Conflict, NotImported

    code = DONE
    with _desk() as desk:
        for file in files:
            try:
                filed = desk.file(file, _name(who), series=series, replacing=replace, keep=not dry_run)
            except (NotImported, Conflict) as error:
                _say(f"bulletin: {error}")
                code = FAILED
                continue
            issue = filed.imported.issue
            done = "已导入" if filed.desked else "试读，没有导入" if dry_run else "已经导入过，没有改变"
            _out(f"{file.name}：{issue.title} 第{issue.number_chinese}期 {issue.window} {len(issue.items)}条 {done}")
            for one in filed.findings:
                _out(f"  {_remark(one, imported=True)}")
            for note in filed.imported.notes:
                _out(f"  {note}")
    raise typer.Exit(code)


@issue_app.command("skip")
def issue_skip(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    reason: Reason = "",
    who: Who = "",
    earlier: Annotated[bool, typer.Option("--and-earlier", help="And every open window before it.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the skip back.")] = False,
) -> None:
    """Mark a window as one that gets no issue (--undo: gets one).

    No number is taken. A reason is needed.
    """
    from pipeline.desk import now
    from pipeline.model import Decision

    with _desk() as desk:
        window = _window(desk, series, month, week)
        if undo:
            desk.unskip(series, window)
            _say(f"{series} {window} 不再跳过")
            return
        for one in desk.skip(series, window, Decision("skip", _name(who), now(), reason=reason), earlier=earlier):
            _say(f"{series} {one} 已跳过")


# ------------------------------------------------------------------------------------- steps by themselves


@app.command()
def extract(
    targets: Annotated[list[str], typer.Argument(help="Files or addresses.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Read pages into articles, one line each."""
    from pipeline.rows import extracted

    for row in extracted(targets, _loose_config()):
        if as_json:
            _out(json.dumps(row, ensure_ascii=False))
        else:
            _out("\n".join(f"{key}: {value}" for key, value in row.items() if key not in ("blocks", "evidence")) + "\n")


@app.command()
def cluster(
    file: Annotated[Path, typer.Argument(help='JSON lines with "id", "title", "text", "date".')],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Group documents into stories.

    Reprints and tellings of one event come together.
    """
    from pipeline.rows import clustered

    for row in clustered(list(_json_lines(file, "id", "title", "text"))):
        _out(json.dumps(row, ensure_ascii=False) if as_json else f"{row['cluster']}\t{row['id']}\t{row['relation']}")


@app.command()
def rate(
    file: Annotated[Path, typer.Argument(help='JSON lines with "title", "text".')],
    series: Annotated[str, typer.Option("--series", help="Whose scope: its id in series.yaml.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Rate texts against a series' scope."""
    from pipeline.rows import rated

    for row in rated(_json_lines(file, "title", "text"), _loose_config(), series):
        told = "；".join(row["because"])
        _out(json.dumps(row, ensure_ascii=False) if as_json else f"{row['score']:.2f}\t{row['verdict']}\t{told}")


# ------------------------------------------------------------------------------------------------ shared


@contextmanager
def _desk() -> Iterator[Desk]:
    from pipeline.desk import now, open_desk

    _known_workspace()
    with open_desk(_State.workspace, clock=now) as desk:
        yield desk


def _config() -> Config:
    from pipeline.config import load

    _known_workspace()
    return load(_State.workspace)


def _known_workspace() -> None:
    if not (_State.workspace / "config").is_dir():
        raise UsageError(
            f"{_State.workspace.resolve()} 不是工作区。", "请先进入工作区，或用 -C 指明；新建用 bulletin init。"
        )


def _loose_config() -> Config:
    """The workspace's configuration where there is one, else the packaged one."""
    from pipeline.config import load

    return load(_State.workspace)


def _window(desk: Desk, series: str, month: str, week: str) -> Window:
    from pipeline.desk import now
    from pipeline.steps.window import last_closed, named

    one = desk.series(series)
    if month and week:
        raise UsageError("--month 和 --week 不能同时用。", "请只写一个。")
    return named(one, month=month, week=week) if month or week else last_closed(one, now())


def _prefect(engine: str) -> bool:
    if engine not in ("prefect", "inline"):
        raise UsageError(f"There is no engine {engine!r}.", "Known: prefect, inline.")
    if engine == "prefect":
        from pipeline.config import load

        # Prefect reads it once, when it is imported
        os.environ.setdefault("PREFECT_HOME", str(load(_State.workspace).data / "prefect"))
    return engine == "prefect"


def _decide(series: str, month: str, week: str, who: str, verb: str, target: str, reason: str, **values: str) -> None:
    from pipeline.desk import now
    from pipeline.model import Decision

    with _desk() as desk:
        desked = desk.desked(series, _window(desk, series, month, week))
        decision = Decision(verb, _name(who), now(), target, values, reason)
        after = desk.decide(desked, decision)
        if after == desked:
            _say("这一步没有改变草稿，不另记修订。")
        else:
            decision = next(one.decision for one in desk.revisions(after) if one.revision == after.revision)
        because = f"：{reason}" if reason else ""
        told = _meant(decision, desked.draft, after.draft)
        _out(f"第{after.number}期 修订{after.revision} {decision.who} {decision.chinese} {told}{because}")


_FIELDS = {"title": "标题", "outlet": "来源", "url": "链接", "date": "日期", "body": "正文"}


def _meant(decision: Decision, *drafts: Draft) -> str:
    """What a decision is about and what it says, as an editor reads it."""
    titles: dict[str, str] = {}
    for candidate in (one for draft in drafts for one in draft.candidates):
        titles |= {article.url: article.title for article in candidate.articles}
        titles[candidate.handle] = candidate.article.title
    told = [_titled(titles, decision.target)]
    for field, value in decision.values.items():
        if field in _FIELDS:
            told.append(f"{_FIELDS[field]}改为“{value if len(value) <= 60 else value[:60] + '……'}”")
        elif field == "to":
            told.append(f"至第{value}条")
        elif field == "into":
            told.append(f"到 {_titled(titles, value)}")
        elif field == "whole":
            told.append("印全文")
        elif field == "file":
            told.append(value)
    return " ".join(one for one in told if one)


def _titled(titles: Mapping[str, str], target: str) -> str:
    return f"{target}《{titles[target]}》" if target in titles else target


def _name(who: str) -> str:
    import getpass

    return who or getpass.getuser()


def _show(desk: Desk, draft: Draft, desked: Desked | None, as_json: bool) -> None:
    if as_json:
        _out(json.dumps(_plain(desked or draft), ensure_ascii=False))
        return
    if desked:
        issue = desk.issue(desked)
        _out(f"{issue.title}（第{issue.number_chinese}期） {desked.state.chinese} 修订{desked.revision} {draft.window}")
        _out(issue.lead)
    _out(f"入选 {len(draft.chosen)} 条")
    for place, handle in enumerate(draft.chosen, start=1):
        _out(_told(draft, handle, f"{place}."))
    waiting = [one.handle for one in draft.candidates if one.handle not in draft.chosen]
    _out(f"备选与未入选 {len(waiting)} 条")
    for handle in waiting:
        _out(_told(draft, handle, "-"))


def _told(draft: Draft, handle: str, mark: str) -> str:
    from pipeline.model import Flag

    candidate = draft.candidate(handle)
    edits = draft.edits.get(handle, {})
    article = candidate.article
    lines = [
        f"{mark} {handle} {edits.get('title', article.title)}",
        f"    （{edits.get('outlet', article.outlet)}） {edits.get('date', article.date or '无日期')} "
        f"得分 {candidate.rating.score:.2f} {edits.get('url', article.url)}",
        f"    {'；'.join(candidate.rating.because)}",
    ]
    lines += [
        f"    折叠：{one.title}（{one.outlet}） {one.date} {one.url}"
        + ("（疑似镜像站，不作来源）" if Flag.MIRROR in one.flags else "")
        for one in candidate.articles[1:]
    ]
    lines += [
        f"    已收于{one.place}：{one.title}（{one.relation.chinese} {one.score:.2f}）"
        for one in candidate.coverage[:1]
    ]
    lines += [f"    注意：{note}" for note in article.notes]
    return "\n".join(lines)


def _remark(finding: Finding, *, imported: bool) -> str:
    printed = "原刊有误" if finding.severity.value == "blocking" else "请核对"
    mark = printed if imported else finding.severity.chinese
    return f"{mark} [{finding.key}] {finding.message}{'。' if finding.fix else ''}{finding.fix}"


def _summary(desked: Desked) -> dict[str, Any]:
    return {
        "series": desked.draft.series,
        "number": desked.number if desked.number > 0 else None,
        "window": str(desked.draft.window),
        "state": desked.state.value,
        "revision": desked.revision,
        "items": len(desked.draft.chosen),
        "candidates": len(desked.draft.candidates),
    }


def _rows(rows: list[dict[str, Any]], as_json: bool, headings: Mapping[str, str], nothing: str) -> None:
    """Prints rows: all they hold as JSON, or as a table of the columns with these headings that are not empty."""
    if as_json:
        _out(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        _say(nothing)
    else:
        filled = [key for key in headings if any(row[key] != "" for row in rows)]
        table = [[headings[key] for key in filled], *([_cell(row[key]) for key in filled] for row in rows)]
        widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
        for line in table:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
            _out("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    text = "" if value is None else " ".join(str(value).split())
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", text):
        return text[:16].replace("T", " ")
    return text


def _width(text: str) -> int:
    """The columns it takes in a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _plain(value: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}：{why(error)}。") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} 不是 UTF-8。", "请另存为 UTF-8。") from None


def _json_lines(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"{path}:{number}:{error.colno}: is not JSON ({error.msg}).") from None
        if not isinstance(row, dict) or (missing := [key for key in needed if key not in row]):
            wanted = ", ".join(missing) if isinstance(row, dict) else "an object"
            raise UsageError(f"{path}:{number}: {wanted} is missing.")
        yield row


def _out(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is what the command is for


def _say(line: str) -> None:
    if not _State.quiet or line.startswith("bulletin: "):
        stderr = _Stderr()
        stderr.write(f"{line}\n")
        stderr.flush()
