"""The process round a command: its arguments, its signals, its end."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipeline.cli.app import INTERRUPTED, State, app
from pipeline.cli.speech import log_events, say
from pipeline.errors import DeskError, UsageError

_PATIENCE_SECONDS = 5.0  # for an interrupted command to give back what it holds


def main() -> None:
    """Runs the command line and exits with its code."""
    on_stop(_interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows codes, not a traceback
    try:
        if not all(_is_text(argument) for argument in sys.argv):
            raise UsageError("An argument is not valid UTF-8.", "Set the terminal to UTF-8.")
        app()
    except DeskError as error:
        if State.debug:
            raise
        say(f"bulletin: {error}")
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


def on_stop(handler: Callable[[int, object], None]) -> None:
    """Lets a handler answer Ctrl-C, `kill`, and a terminal that is closed, unless `nohup` said not to mind that."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:
            signal.signal(sign, handler)


def _interrupted(_signal: int, _frame: object) -> None:
    leave_within(_PATIENCE_SECONDS)
    raise _Interrupted(INTERRUPTED)


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
    """Ends this process as `kill` does when the one that started it is gone: then stdin is closed."""
    import threading

    def hold() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=hold, name="leash", daemon=True).start()


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
        leash()
    State.workspace, State.debug, State.quiet = workspace, debug, quiet
    log_events("debug" if debug else "info" if verbose else "critical")
