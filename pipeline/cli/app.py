"""The command line's frame: its groups of commands, their common options, its exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completing

DONE, FAILED, MISUSED, DEGRADED, NOTHING, BLOCKED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None)
sources_app = typer.Typer(no_args_is_help=True, help="The sources that are watched (信源).")
draft_app = typer.Typer(no_args_is_help=True, help="Look at a draft and decide about it (看稿与改稿).")
issue_app = typer.Typer(no_args_is_help=True, help="Issues that were released or imported (期刊).")
archive_app = typer.Typer(no_args_is_help=True, help="All issues as a site (期刊存档).")
config_app = typer.Typer(no_args_is_help=True, help="The configuration (配置).")
schedule_app = typer.Typer(no_args_is_help=True, help="What is drafted by itself, and when (自动生成).")
app.add_typer(sources_app, name="sources")
app.add_typer(draft_app, name="draft")
app.add_typer(issue_app, name="issue")
app.add_typer(archive_app, name="archive")
app.add_typer(config_app, name="config")
app.add_typer(schedule_app, name="schedule")
scope_app = typer.Typer(no_args_is_help=True, help="What the bulletins are about (监测范围).")
app.add_typer(scope_app, name="scope")
notify_app = typer.Typer(no_args_is_help=True, help="Who is told what happens (通知).")
app.add_typer(notify_app, name="notify")
learn_app = typer.Typer(no_args_is_help=True, help="What is learned from editors' decisions (学习).")
app.add_typer(learn_app, name="learn")
template_app = typer.Typer(no_args_is_help=True, help="What bulletins look like (模板).")
app.add_typer(template_app, name="template")
account_app = typer.Typer(no_args_is_help=True, help="Who may use the review page (账号).")
app.add_typer(account_app, name="account")
db_app = typer.Typer(no_args_is_help=True, help="What is kept: the database and the blobs (数据库).")
app.add_typer(db_app, name="db")

SeriesArgument = Annotated[
    str,
    typer.Argument(
        help="Which bulletin, by its id in series.yaml, as beijing-monthly.", autocompletion=completing.series_ids
    ),
]
IssueNumber = Annotated[int, typer.Argument(help="The issue number, as 535.", autocompletion=completing.issue_numbers)]
Month = Annotated[str, typer.Option("--month", help="The month, as 2024-06. Default: the last one that is over.")]
Week = Annotated[str, typer.Option("--week", help="The week, by any of its days, as 2025-08-08.")]
Target = Annotated[str, typer.Argument(help="Handle, position, address, or a part of the title.")]
Reason = Annotated[str, typer.Option("--reason", help="Why (it is kept, with your name).")]
Who = Annotated[str, typer.Option("--as", envvar="BULLETIN_EDITOR", help="Who decides; default: the login name.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
EngineName = Annotated[str, typer.Option("--engine", help="prefect, or inline for plain calls without a server.")]

Formats = Annotated[
    list[str] | None, typer.Option("--format", help="docx, md, html, eml or pdf; may be given several times.")
]


class State:
    """What the common options of this process said."""

    workspace = Path()
    debug = False
    quiet = False
    over_time = False
    """Whether whoever started this process says that it took too long."""
