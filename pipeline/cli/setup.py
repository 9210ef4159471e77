"""Commands that set up and look after a workspace."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import DONE, FAILED, AsJson, EngineName, State, app, config_app, notify_app
from pipeline.cli.speech import out, plain, say
from pipeline.cli.workspace import configuration, known_workspace, opened
from pipeline.errors import DeskError, UsageError


@app.command()
def demo(
    month: Annotated[str, typer.Option("--month", help="Another month: 2024-05, for 534.")] = "",
    week: Annotated[str, typer.Option("--week", help="A week instead: 2025-08-08, for 636.")] = "",
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo's workspace is made anew.")] = Path(
        "demo-out"
    ),
    engine: EngineName = "prefect",
    serve: Annotated[
        bool, typer.Option("--serve", help="Stop at the draft and open the review page, to release it yourself.")
    ] = False,
) -> None:
    """Put out an issue (演示) from a demo web on this machine.

    It is the one for 2024-06 (535), unless another is asked for that is there: 534 or 636.
    """
    from pipeline.demo.play import play

    code = play(folder, month=month, week=week, engine=engine, bulletin=again, serve=serve)
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
    from pipeline.config import missing_secrets
    from pipeline.desk import absent_templates
    from pipeline.notify import exposed, refused

    config = configuration()
    for error in (*absent_templates(config), *missing_secrets(config), *refused(config)):
        raise error
    for told in exposed(config):
        say(f"bulletin: {told}")
    out(
        f"{len(config.sources)} sources ({sum(s.enabled for s in config.sources)} enabled), "
        f"{len(config.series)} series, {len(config.outlets.all)} outlets: all good."
    )


@config_app.command("migrate")
def config_migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Bring an earlier release's configuration up to date (升级配置).

    Comments stay; each file that is rewritten is kept beside it under another name.
    """
    import difflib

    from pipeline.config.migrating import migrated
    from pipeline.store import write_whole

    found = migrated(known_workspace())
    for one in found:
        if dry_run:
            names = (f"{one.path.name}（现在）", f"{one.path.name}（改后）")
            for line in difflib.unified_diff(one.before.splitlines(), one.after.splitlines(), *names, lineterm=""):
                out(line)
            continue
        kept = next(each for each in _names_beside(one.path) if not each.exists())
        kept.write_bytes(one.path.read_bytes())
        write_whole(one.path, one.after.encode())
        out(f"{one.path}：{'；'.join(one.notes)}。原来的在 {kept.name}")
    if not found:
        say("配置已是现在的形式，没有要改的。")
    elif dry_run:
        say(f"要改 {len(found)} 个文件；去掉 --dry-run 就改。")


def _names_beside(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.v1")
    yield from (path.with_name(f"{path.name}.v1.{number}") for number in itertools.count(2))


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
    """Say what is wrong here (体检) and what to do; changes nothing.

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
        out(f"{one.target}  {one.title}  " + (f"未送达：{one.trouble}" if one.trouble else "已送达"))
    say(f"{len(told)} 条" if told else "没有待发的通知。")
    raise typer.Exit(FAILED if any(one.trouble for one in told) else DONE)


@notify_app.command("test")
def notify_test(
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="What it would look like, as draft-ready; `all` for each. May be repeated."),
    ] = None,
) -> None:
    """Send everybody a message, and say who accepted it.

    With --event: what that would be told as, with contents that are made up.
    """
    from pipeline.model import Event
    from pipeline.notify import folded, targets, tell

    known = [one.value for one in Event]
    if unknown := [one for one in event or [] if one not in (*known, "all")]:
        raise UsageError(f"没有事件“{unknown[0]}”。", f"已有：{'、'.join(known)}，或 all。")
    with opened() as desk:
        everybody = targets(desk.config)
        if not everybody:
            raise UsageError("没有配置通知。", "请在 config/settings.yaml 的 notify 里写上地址。")
        named = known if "all" in (event or []) else list(dict.fromkeys(event or []))
        samples = [desk.sample(Event(one)) for one in named] or [desk.trial()]
        url = desk.config.settings.web.url
    troubles = []
    for one in everybody:
        for notice in samples:
            answer = tell(one, folded([notice], url))
            troubles.append(answer.trouble)
            what = f"  {notice.title}" if event else ""
            out(f"{one.name}{what}  " + (f"未送达：{answer.trouble}" if answer.trouble else "已送达"))
    raise typer.Exit(FAILED if any(troubles) else DONE)
