"""The process round a command: its arguments, its signals, its end."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
from typer.exceptions import TyperException

from pipeline.cli.app import DONE, FAILED, INTERRUPTED, MISUSED, State, app
from pipeline.cli.misuse import worded
from pipeline.cli.speech import log_events, out, say
from pipeline.errors import DeskError, OverTime, UsageError

log = structlog.get_logger("pipeline.cli")
_PATIENCE_SECONDS = 5.0  # for an interrupted command to give back what it holds


def main() -> None:
    """Runs the command line and exits with its code."""
    _stand_in()
    try:
        _run()
    finally:
        _let_go()


def _run() -> None:
    on_stop(_interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows codes, not a traceback
    try:
        if not all(_is_text(argument) for argument in sys.argv):
            raise UsageError("有一个参数不是 UTF-8。", "请把终端的编码设为 UTF-8。")
        _obey()
    except DeskError as error:
        if State.debug:
            raise
        say(f"bulletin: {error}")
        sys.exit(error.exit_code)
    except Exception as error:
        if State.debug:
            raise
        log.exception("broke", why=type(error).__name__)
        say(f"bulletin: 程序出错，没有做完（{type(error).__name__}：{error}，{_place_in(error)}）。{_REPORT}")
        sys.exit(FAILED)
    except (_Interrupted, OverTime):
        # everything was given back on the way here; a thread that waits for a slow site is not waited for
        _leave()


_REPORT = "请在同一条命令的 bulletin 后面加上 --debug 再运行一次，把输出交给维护人员。"


def _place_in(error: BaseException) -> str:
    """Where an error arose, as near as our own code knows."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "/pipeline/" in one.filename] or frames
    return f"{own[-1].filename.rpartition('/pipeline/')[2]}:{own[-1].lineno}"


def _obey() -> None:
    """Does what the arguments say; raises `UsageError` for those that say nothing."""
    try:
        code = app(prog_name="bulletin", standalone_mode=False)
    except typer.Abort:  # what was asked for at the terminal was not answered
        sys.exit(INTERRUPTED)
    except TyperException as error:
        if State.debug:
            raise
        if error.message.startswith("Usage: "):  # a group without a command: its help is the answer
            typer.echo(error.message, err=True)
            sys.exit(MISUSED)
        raise worded(error) from None
    sys.exit(code if isinstance(code, int) else DONE)


def _stand_in() -> None:
    """Opens what this process was started without of stdin, stdout and stderr.

    The next file that is opened would else be taken for it: the database, for one.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))


def _let_go() -> None:
    """Lets what could not be said go unsaid: at exit the interpreter would make a failure of it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Interrupted(SystemExit):
    """Somebody wants this process to end."""


def on_stop(handler: Callable[[int, object], None]) -> None:
    """Lets a handler answer Ctrl-C, `kill`, and a terminal that is closed, unless `nohup` said not to mind that."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:
            signal.signal(sign, handler)


def _interrupted(_signal: int, _frame: object) -> None:
    leave_within(_PATIENCE_SECONDS)
    raise (OverTime if State.over_time else _Interrupted)(INTERRUPTED)


def leave_within(seconds: float, code: int = INTERRUPTED) -> None:
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


def leash() -> None:
    """Ends this process as `kill` does when the one that started it is gone: then stdin is closed.

    A word on stdin says that its time is over.
    """
    import threading

    def hold() -> None:
        State.over_time = bool(os.read(0, 1024))
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=hold, name="leash", daemon=True).start()


def _version(wanted: bool) -> None:
    """Prints the release that is installed: pyproject.toml has its number, and nothing else."""
    if wanted:
        from importlib.metadata import version

        out(f"bulletin-desk {version('bulletin-desk')}")
        raise typer.Exit


@app.callback()
def _options(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-C", envvar="BULLETIN_WORKSPACE", help="Folder with config/, data/, out/.")
    ] = Path(),
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every event to stderr.")] = False,
    log_to: Annotated[
        Path | None, typer.Option("--log-to", hidden=True, help="Write along in the log of whoever started this.")
    ] = None,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="End when stdin is closed.")] = False,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which release this is, and end.")
    ] = False,
) -> None:
    """Watch the news for an office and put out its numbered bulletin (舆情监测期刊)."""
    if leashed:
        leash()
    State.workspace, State.debug, State.quiet = workspace, debug, quiet
    log_events("debug" if debug else "info" if verbose else "critical", file=log_to)
