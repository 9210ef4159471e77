"""What a shell offers behind a command: the office's own series, sources and issues.

At a key that is pressed by habit nothing is said and nothing changed: what cannot be read offers nothing.
"""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.errors import DeskError

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.store import Stand

Offered = list[tuple[str, str]]
"""What may stand there, each with what it is."""


def series_ids(ctx: typer.Context, incomplete: str) -> Offered:
    """The bulletins."""
    config = _configuration(ctx)
    return _begun(incomplete, [(one.id, one.title) for one in config.series.values()] if config else [])


def source_ids(ctx: typer.Context, incomplete: str) -> Offered:
    """The sources, those that were named already left out."""
    config = _configuration(ctx)
    named = ctx.params.get("source") or ()
    sources = [(one.id, one.name) for one in config.sources if one.id not in named] if config else []
    return _begun(incomplete, sources)


def issue_numbers(ctx: typer.Context, incomplete: str) -> Offered:
    """The numbers of a bulletin that are out, the newest first."""
    config, series = _configuration(ctx), str(ctx.params.get("series") or "")
    if config is None or series not in config.series:
        return []
    found = sorted(((one.number, start) for start, one in _stand(config, series).items() if one.released), reverse=True)
    return _begun(incomplete, [(str(number), f"{config.series[series].window_of(start)}") for number, start in found])


def _begun(incomplete: str, offered: Offered) -> Offered:
    return [one for one in offered if one[0].startswith(incomplete)]


def _configuration(ctx: typer.Context) -> Config | None:
    """The workspace's configuration; `None` where there is none that can be read."""
    from pipeline.config import load

    workspace = Path(ctx.find_root().params.get("workspace") or ".")
    if not (workspace / "config").is_dir():
        return None
    try:
        return load(workspace)
    except (DeskError, OSError):
        return None


def _stand(config: Config, series: str) -> dict[dt.date, Stand]:
    """A bulletin's issues by first day; none where there is no database that this release can read as it is."""
    from pipeline.store import Issues
    from pipeline.store.looking import Looking

    path = config.data / "desk.db"
    try:
        with closing(Looking(config.settings.database or path)) as found:
            known = found.described()
            return Issues(found).stand(series) if known["schema"] == known["wanted"] else {}
    except (DeskError, OSError):
        return {}
