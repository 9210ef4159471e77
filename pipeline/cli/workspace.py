"""What the commands open, and how they name windows, engines and people."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.cli.app import State
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.desk import Desk
    from pipeline.model import Window


@contextmanager
def opened() -> Iterator[Desk]:
    """The desk of the workspace, for as long as a command needs it."""
    from pipeline.desk import now, open_desk

    with open_desk(known_workspace(), clock=now) as desk:
        yield desk


def configuration() -> Config:
    """The workspace's configuration."""
    from pipeline.config import load

    return load(known_workspace())


def known_workspace() -> Path:
    """The workspace; raises `UsageError` when it is none."""
    if not (State.workspace / "config").is_dir():
        raise UsageError(
            f"{State.workspace.resolve()} 不是工作区。", "请先进入工作区，或用 -C 指明；新建用 bulletin init。"
        )
    return State.workspace


def loose_configuration() -> Config:
    """The workspace's configuration where there is one, else the packaged one."""
    from pipeline.config import load

    return load(State.workspace)


def formats_of(names: Sequence[str] | None) -> Sequence[str]:
    """The formats that `--format` names, each once."""
    from pipeline.outputs import FORMATS

    if unknown := [name for name in names or () if name not in FORMATS]:
        raise UsageError(f"没有格式“{unknown[0]}”。", f"可用的格式：{'、'.join(FORMATS)}。")
    return list(dict.fromkeys(names or ()))


def window_of(desk: Desk, series: str, month: str, week: str) -> Window:
    """The window that `--month` or `--week` name, else the last one that is over."""
    from pipeline.desk import now
    from pipeline.steps.window import last_closed, named

    one = desk.series(series)
    if month and week:
        raise UsageError("--month 和 --week 不能同时用。", "请只写一个。")
    return named(one, month=month, week=week) if month or week else last_closed(one, now())


def wants_prefect(engine: str) -> bool:
    """Whether the run goes through Prefect, which then keeps its files in the workspace."""
    if engine not in ("prefect", "inline"):
        raise UsageError(f"There is no engine {engine!r}.", "Known: prefect, inline.")
    if engine == "prefect":
        from pipeline.config import load

        # Prefect reads it once, when it is imported
        os.environ.setdefault("PREFECT_HOME", str(load(State.workspace).data / "prefect"))
    return engine == "prefect"


def signed(who: str) -> str:
    """The name that is kept with what somebody decides."""
    import getpass

    return who or getpass.getuser()
