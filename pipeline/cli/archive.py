"""Commands about all issues together: the search, and their site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import DONE, NOTHING, AsJson, app, archive_app
from pipeline.cli.speech import out, plain, say
from pipeline.cli.workspace import opened
from pipeline.errors import UsageError


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What must be found, each; a phrase in quotation marks.")],
    series: Annotated[str, typer.Option("--series", help="Only in this bulletin.")] = "",
    year: Annotated[int, typer.Option("--year", help="Only in issues of this year.")] = 0,
    outlet: Annotated[str, typer.Option("--outlet", help="Only items of this outlet, or a part of its name.")] = "",
    newest: Annotated[
        bool, typer.Option("--newest", help="The newest first; default: those with it in the title.")
    ] = False,
    most: Annotated[int, typer.Option("--most", min=1, help="How many are listed.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find items of issues that were released or imported (检索).

    Every word must be in title, outlet, date or text; its characters must stand together. Exit code 4: nothing found.
    """
    from pipeline.model import chinese_number

    with opened() as desk:
        wanted = {desk.series(series).id} if series else None
        titles = {one.id: one.title for one in desk.config.series.values()}
        question = " ".join(f'"{one}"' if " " in one else one for one in words)  # what the shell had in quotes
        answer = desk.search(question, series=wanted, year=year, outlet=outlet, newest=newest, most=most)
    if as_json:
        rows = [{**plain(one.found), "passage": str(one.passage)} for one in answer.hits]
        out(json.dumps({"total": answer.total, "items": rows}, ensure_ascii=False))
    else:
        for one in answer.hits:
            found = one.found
            title = titles.get(found.series, found.series)
            out(f"{title} 第{chinese_number(found.number)}期第{found.position}条　{found.title}")
            out(f"    {found.outlet}　{found.date}　{one.passage}")
        say(f"共 {answer.total} 条" + (f"，列出 {len(answer.hits)} 条" if answer.total > len(answer.hits) else ""))
    raise typer.Exit(DONE if answer.total else NOTHING)


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
