"""Commands about the templates that give bulletins their look."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import BLOCKED, DONE, AsJson, template_app
from pipeline.cli.speech import columns, out, plain, say, table
from pipeline.cli.workspace import opened
from pipeline.errors import UsageError
from pipeline.errors import reason as why

if TYPE_CHECKING:
    from pipeline.outputs.examining import Examined, Known

FileArgument = Annotated[Path, typer.Argument(help="A DOCX file, as Word or WPS saved it.")]


@template_app.command("list")
def template_list(as_json: AsJson = False) -> None:
    """List the templates, and which bulletins are printed with them."""
    with opened() as desk:
        rows = [
            {
                "name": one.name,
                "series": "、".join(one.series),
                "origin": "工作区" if one.own else "随软件提供",
                "path": str(one.path),
            }
            for one in desk.shelf()
        ]
    headings = {"name": "模板", "series": "用它的刊物", "origin": "来自", "path": "文件"}
    table(rows, as_json, headings, "还没有模板。放入模板用 bulletin template add。")


@template_app.command("check")
def template_check(file: FileArgument, as_json: AsJson = False) -> None:
    """Say what a template has and lacks (检查模板).

    And whether bulletins can be printed with it.

    It lists styles and placeholders with what each is for, and prints a specimen. Works without a workspace; changes
    nothing.
    """
    from pipeline.desk import EXAMINERS, examined
    from pipeline.executor import Children

    data = _bytes(file)
    with Children(1, preload=EXAMINERS) as children:
        found = examined(children, data, file.name)
    if as_json:
        out(json.dumps({"usable": found.usable, **plain(found)}, ensure_ascii=False))
    else:
        _tell(found)
        say("可以使用。" if found.usable else "不能使用。")
    raise typer.Exit(DONE if found.usable else BLOCKED)


@template_app.command("add")
def template_add(
    file: FileArgument,
    name: Annotated[str, typer.Option("--name", help="What it is called here. Default: the file's name.")] = "",
) -> None:
    """Take a template of the office's into the workspace.

    It is checked first; one that cannot be used is refused, and nothing changes. One of the same name is replaced, and
    kept in templates/backup/. Name it in settings.yaml or series.yaml (`template: NAME`) to print with it.
    """
    from pipeline.model import Severity

    data = _bytes(file)
    name = name or re.sub(r"[^\w-]+", "-", file.stem).strip("-")
    with opened() as desk:
        taken = desk.take_template(data, name)
    for one in taken.examined.findings:
        if one.severity is Severity.WARNING:
            out(f"[{one.severity.chinese}] {one.message}{one.fix}")
    out(str(taken.path))
    if taken.backup:
        say(f"原来的同名模板留在 {taken.backup}")
    if taken.series:
        say(f"即日起用于：{'、'.join(taken.series)}。")
    else:
        say(f"要用它，请在 config/settings.yaml（全部刊物）或 config/series.yaml（一种刊物）里写 template: {name}")


def _tell(found: Examined) -> None:
    for title, known in (("占位符和标记", found.placeholders), ("样式", found.styles)):
        if known:
            out(f"{title}：")
            for line in columns([_row(one) for one in known]):
                out(f"  {line}".rstrip())
    for one in found.findings:
        out(f"[{one.severity.chinese}] {one.message}{one.fix}")


def _row(one: Known) -> tuple[str, str, str, str]:
    state = "有" if one.there else "缺少" if one.required else "没有"
    return state, one.name, "必需" if one.required else "可选", f"{one.what}。{one.note}"


def _bytes(file: Path) -> bytes:
    from pipeline.desk import incoming

    try:
        return incoming(file)
    except OSError as error:
        raise UsageError(f"{file}：文件打不开（{why(error)}）。", "请核对文件名及其权限。") from None
