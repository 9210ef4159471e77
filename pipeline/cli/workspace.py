"""What the commands open, and how they name windows, engines and people."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.cli.app import State
from pipeline.cli.speech import say
from pipeline.errors import UsageError
from pipeline.errors import reason as why

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


def save(target: Path, data: bytes, option: str = "--to") -> Path:
    """Writes a file into a folder that somebody named with `option`.

    What is in its way is not followed or opened but refused.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target) and not stat.S_ISREG(target.lstat().st_mode):
            raise UsageError(
                f"{target}：这里已有符号链接、管道或文件夹，没有写入。", f"请移走它，或用 {option} 另指一个文件夹。"
            )
        target.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{target}：{why(error)}。", f"请用 {option} 另指一个文件夹。") from None
    return target


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


def through_prefect(engine: str, flow: str, **parameters: object) -> bool:
    """Whether Prefect did it, by this flow; `False` when it is to be done without it."""
    if engine not in ("prefect", "inline"):
        raise UsageError(f"没有运行方式“{engine}”。", "可写 prefect 或 inline。")
    if engine == "inline":
        return False
    from pipeline.flows import environment

    config = configuration()
    environment.prepare(config)  # Prefect reads it once, when it is imported
    from pipeline.flows import work
    from pipeline.flows.embedded import embedded

    return embedded(config, getattr(work, flow), say, **parameters)


def signed(who: str) -> str:
    """The name that is kept with what somebody decides."""
    import getpass

    return who or getpass.getuser()
