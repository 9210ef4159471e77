"""LibreOffice, as a program that turns one file into another; everything works without it, less exactly.

It needs a second to start and a minute for very long issues, and can hang, so it runs in a process group of its
own under a time limit, with a profile of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import structlog

SECONDS = 180.0
"""How long one file may take: 500 articles take 94 s on two cores."""

log = structlog.get_logger(__name__)


def program() -> str:
    """Where `soffice` is; empty when it is not installed."""
    return shutil.which("soffice") or ""


def convert(data: bytes, suffix: str, to: str, *, fonts: Path | None = None, seconds: float = SECONDS) -> bytes:
    """A file of the kind `suffix` (`docx`) as another kind; empty, with a line in the log, when it cannot be made.

    `to` is a suffix, with the filter and its options after a colon where the plain one is not enough. `fonts` is a
    fontconfig file that says which font stands in for one that is missing.
    """
    soffice = program()
    if not soffice:
        log.info("conversion_skipped", reason="soffice is not installed")
        return b""
    try:
        # what it started may still write while the folder is taken away
        with tempfile.TemporaryDirectory(prefix="bulletin-office-", ignore_cleanup_errors=True) as folder:
            return _converted(soffice, Path(folder), data, suffix, to, fonts, seconds)
    except OSError as error:  # no room to work in, or a program that cannot be started
        log.warning("conversion_failed", reason=str(error))
        return b""


def _converted(
    soffice: str, place: Path, data: bytes, suffix: str, to: str, fonts: Path | None, seconds: float
) -> bytes:
    given, made = place / f"given.{suffix}", place / "made" / f"given.{to.partition(':')[0]}"
    given.write_bytes(data)
    environment = {**os.environ, "HOME": str(place)}
    if fonts is not None and fonts.is_file():
        environment["FONTCONFIG_FILE"] = str(fonts.resolve())
    command = [soffice, f"-env:UserInstallation={(place / 'profile').as_uri()}", "--headless", "--norestore",
               "--convert-to", to, "--outdir", str(made.parent), str(given)]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - the program found above, with arguments of our own
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        log.warning("conversion_failed", reason="soffice took too long", seconds=seconds)
        return b""
    finally:
        _end(process)
    made_bytes = made.read_bytes() if made.is_file() else b""
    if not made_bytes:
        log.warning("conversion_failed", reason="soffice made no file", status=process.returncode)
    return made_bytes


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what it started: `soffice` is a script around the program that does the work."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
