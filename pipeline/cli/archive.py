"""The command that makes a site of all issues."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import archive_app
from pipeline.cli.speech import out
from pipeline.cli.workspace import opened
from pipeline.errors import UsageError


@archive_app.callback()
def archive() -> None:
    """All issues as a site (期刊存档)."""


@archive_app.command("build")
def archive_build(
    folder: Annotated[Path, typer.Argument(help="Where the site is made; made again, only what changed is written.")],
    base: Annotated[
        str, typer.Option("--base-url", help="Its address, for the feeds. Default: `site` in settings.yaml.")
    ] = "",
) -> None:
    """Make a site of all issues, released and imported, with downloads, feeds and a search.

    It consists of plain files: put the folder on any web server, or open index.html in it.
    """
    if base and not base.startswith(("http://", "https://")):
        raise UsageError(f"--base-url“{base}”不是网址。", "写作 https://bulletin.example.cn/archive/。")
    with opened() as desk:
        built = desk.build_site(folder, base)
        out(str(folder / "index.html"))
        out(f"{built.issues} 期，{built.files} 个文件：写入 {built.written}，删除 {built.removed}")
