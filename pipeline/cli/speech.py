"""What the command line says: results on stdout, progress and events on stderr."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.app import State
from pipeline.errors import DeskError, UsageError
from pipeline.errors import reason as why
from pipeline.logs import Stderr, configure

if TYPE_CHECKING:
    from pipeline.config import Config


def out(line: str) -> None:
    """A line of the result, on stdout."""
    try:
        print(line, flush=True)  # noqa: T201 - this is what the command is for
    except BrokenPipeError:
        # whoever reads us has enough; what the command does is done to its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what lies in its buffer cannot be written
        raise DeskError(f"结果写不出去：{why(error)}。", "请换一个写得下的地方，再运行一次。") from None


def say(line: str) -> None:
    """A line about the work, on stderr; `--quiet` silences all but errors."""
    if not State.quiet or line.startswith("bulletin: "):
        stderr = Stderr()
        stderr.write(f"{line}\n")
        stderr.flush()


def log_events(level: str, config: Config | None = None, *, file: Path | None = None) -> None:
    """Logs events of this level and above to stderr, one JSON object a line; to the log of `config`, too.

    `file` is the log of another process, which this one writes along in.
    """
    if config and (log := config.settings.log).file:
        configure(level, config.at(log.file), mebibytes=log.max_mebibytes, keep=log.keep)
    else:
        configure(level, file, own=False)


def table(rows: list[dict[str, Any]], as_json: bool, headings: Mapping[str, str], nothing: str) -> None:
    """Prints rows: all they hold as JSON, or as a table of the columns with these headings that are not empty."""
    if as_json:
        out(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        say(nothing)
    else:
        filled = [key for key in headings if any(row[key] != "" for row in rows)]
        table = [[headings[key] for key in filled], *([_cell(row[key]) for key in filled] for row in rows)]
        for line in columns(table):
            out(line)


def columns(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> list[str]:
    """Rows as lines whose cells stand under each other; `least` says how wide the first columns are at least."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    widths = [max(pair) for pair in itertools.zip_longest(widths, least, fillvalue=0)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


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


def plain(value: Any) -> Any:
    """A noun as JSON knows it."""
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")


def text_of(path: Path) -> str:
    """The text of a file that somebody named; raises `UsageError`."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}：{why(error)}。") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} 不是 UTF-8。", "请另存为 UTF-8。") from None


def json_lines(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, each with the `needed` keys; raises `UsageError` naming the line."""
    for number, line in enumerate(text_of(path).split("\n"), start=1):
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
