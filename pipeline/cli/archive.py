"""Commands about all issues together: the search, what they were about, and their site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completing
from pipeline.cli.app import DONE, NOTHING, AsJson, SeriesArgument, app, archive_app
from pipeline.cli.speech import columns, out, plain, say
from pipeline.cli.workspace import opened, save
from pipeline.errors import UsageError

_LISTED = 10  # names of each table in a terminal; CSV and JSON have all


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What must be found, each; a phrase in quotation marks.")],
    series: Annotated[
        str, typer.Option("--series", help="Only in this bulletin.", autocompletion=completing.series_ids)
    ] = "",
    year: Annotated[int, typer.Option("--year", help="Only in issues of this year.", show_default=False)] = 0,
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


@app.command()
def trends(
    series: SeriesArgument,
    first: Annotated[str, typer.Option("--from", help="From this month or day on, as 2024-01 or 2024-01-15.")] = "",
    last: Annotated[str, typer.Option("--to", help="Up to this month or day, both by the issues' last days.")] = "",
    number: Annotated[
        int,
        typer.Option(
            "--issue",
            help="Only the issue of this number.",
            autocompletion=completing.issue_numbers,
            show_default=False,
        ),
    ] = 0,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every table to this folder, as CSV that spreadsheets open.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what issues were about over time (趋势).

    Topics, terms, outlets, places and numbers.

    Counts what was released or imported. Exit code 4: there is no such issue.
    """
    from pipeline.model import file_title
    from pipeline.outputs.sheets import as_csv, left_out, remarks, sheets
    from pipeline.steps.trends import shortened

    with opened() as desk:
        found = desk.trends(series, first, last, number=number)
        title = file_title(desk.series(series).title, series)
    if found is None:
        if as_json:
            out("null")
        say("没有已发布或导入的期刊。")
        raise typer.Exit(NOTHING)
    if csv:
        for one in sheets(found):
            out(str(save(csv / f"{title}-{one.title}.csv", as_csv(one), "--csv")))
    if as_json:
        out(json.dumps(plain(found), ensure_ascii=False))
    elif not csv:
        listed = shortened(found, _LISTED)
        rest = {one.facet.value: left_out(one) for one in listed.rankings}
        for each in sheets(listed):
            out(f"{each.title}{f'（{rest[each.name]}）' if rest.get(each.name) else ''}")
            for line in columns([[str(cell) for cell in row] for row in each.totals]):
                out(f"  {line}")
        for told in remarks(found):
            say(told)


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
    """Make a site of all issues (期刊网站).

    Released and imported ones, with downloads, feeds and a search.

    It consists of plain files: put the folder on any web server, or open index.html in it.
    """
    if base and not base.startswith(("http://", "https://")):
        raise UsageError(f"--base-url“{base}”不是网址。", "写作 https://bulletin.example.cn/archive/。")
    with opened() as desk:
        built = desk.build_site(folder, base)
        out(str(folder / "index.html"))
        out(f"{built.issues} 期，{built.files} 个文件：写入 {built.written}，删除 {built.removed}")
