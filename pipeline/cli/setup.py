"""Commands that set up and look after a workspace."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import DONE, FAILED, AsJson, EngineName, Month, State, Week, app, config_app, notify_app
from pipeline.cli.speech import out, plain, say
from pipeline.cli.workspace import configuration, opened
from pipeline.errors import DeskError, UsageError


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="The workspace to make.")] = Path()) -> None:
    """Write a workspace with a commented configuration.

    Then name the sources, the last issue and an address of yours in its config/, and look with `bulletin doctor`.
    """
    from pipeline.config import packaged

    target = folder / "config"
    for taken in (target, folder / "templates"):
        if taken.exists():
            raise UsageError(f"{taken} exists already.", "Choose another folder; nothing was changed.")
    for name in ("config", "templates"):
        shutil.copytree(packaged(name), folder / name, ignore=shutil.ignore_patterns("web"))
        out(f"{folder / name}: " + ", ".join(sorted(path.name for path in (folder / name).iterdir())))
    say(
        f"Next, in {target}: name your sources in sources.yaml, your last issue in series.yaml,\n"
        f"an address of yours in settings.yaml. Then: cd {folder} && bulletin doctor"
    )


@app.command()
def demo(
    month: Month = "",
    week: Week = "",
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo's workspace is made anew.")] = Path(
        "demo-out"
    ),
    engine: EngineName = "prefect",
) -> None:
    """Put out an issue from a demo web on this machine.

    It is the one for 2024-06 (535) unless told otherwise; 2024-05 (534) and the week of 2025-08-08 (636) are there too.
    """
    from pipeline.demo.play import play

    code = play(folder, month=month, week=week, engine=engine, bulletin=again)
    raise typer.Exit(code)


def again(*arguments: str) -> int:
    """Runs this command line once more, as somebody would type it; returns its exit code."""
    say("$ bulletin " + " ".join(arguments))
    try:
        return app(arguments, standalone_mode=False) or DONE
    except DeskError as error:
        say(f"bulletin: {error}")
        return error.exit_code


@config_app.command("check")
def config_check() -> None:
    """Say whether the configuration can be used."""
    from pipeline.desk import absent_templates
    from pipeline.notify import refused

    config = configuration()
    for error in (*absent_templates(config), *refused(config)):
        raise error
    out(
        f"{len(config.sources)} sources ({sum(s.enabled for s in config.sources)} enabled), "
        f"{len(config.series)} series, {len(config.outlets.all)} outlets: all good."
    )


@config_app.command("show")
def config_show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting as it takes effect; secrets are masked."""
    from pipeline.config import origins

    configuration()
    found = origins(State.workspace)
    if as_json:
        rows = [{"name": one.name, "value": one.value, **({"origin": one.origin} if origin else {})} for one in found]
        out(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        value = one.value if isinstance(one.value, str) and one.value else json.dumps(one.value, ensure_ascii=False)
        out(f"{one.name} = {value}" + (f"  ({one.origin})" if origin else ""))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong here and what to do; changes nothing.

    It looks at the installation and at the workspace, and works on broken ones.
    """
    from pipeline.desk import now
    from pipeline.doctor import Condition, examine

    found = examine(State.workspace, now())
    if as_json:
        out(json.dumps([plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            out(f"{one.condition.chinese}  {one.what}  {one.detail}" + (f" → {one.fix}" if one.fix else ""))
    try:
        "正常".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        say(f"bulletin: This terminal ({sys.stdout.encoding}) shows no Chinese: export LANG=C.UTF-8, and look again.")
    counts = {each: sum(one.condition is each for one in found) for each in Condition}
    say("，".join(f"{each.chinese} {count} 项" for each, count in counts.items()))
    raise typer.Exit(FAILED if counts[Condition.FAULT] else DONE)


@notify_app.command("send")
def notify_send() -> None:
    """Tell people what waits to be told."""
    with opened() as desk:
        told = desk.send_notices()
    for one in told:
        out(f"{one.target}  {one.notice.title}  " + (f"未送达：{one.trouble}" if one.trouble else "已送达"))
    say(f"{len(told)} 条" if told else "没有待发的通知。")
    raise typer.Exit(FAILED if any(one.trouble for one in told) else DONE)


@notify_app.command("test")
def notify_test() -> None:
    """Send everybody a message, and say who accepted it."""
    from pipeline.desk import now
    from pipeline.model import Event, Notice
    from pipeline.notify import targets, tell

    everybody = targets(configuration())
    if not everybody:
        raise UsageError("没有配置通知。", "请在 config/settings.yaml 的 notify 里写上地址。")
    notice = Notice("test", Event.DRAFT_READY, "舆情期刊编辑台：测试通知", "收到这条消息，说明通知可以送达。", now())
    troubles = []
    for one in everybody:
        troubles.append(tell(one, notice))
        out(f"{one.name}  " + (f"未送达：{troubles[-1]}" if troubles[-1] else "已送达"))
    raise typer.Exit(FAILED if any(troubles) else DONE)
