"""Commands about what is kept: the database and the blobs."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import DEGRADED, DONE, FAILED, AsJson, State, Who, db_app
from pipeline.cli.showing import proofs
from pipeline.cli.speech import out, plain, say, table
from pipeline.cli.workspace import known_workspace, opened, signed
from pipeline.errors import StoreError

if TYPE_CHECKING:
    from pipeline.store import Plan, Shelved


@db_app.command("upgrade")
def db_upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say from which schema to which.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to the schema of this release.

    Any other command does the same when it opens the desk. What was there is kept before: SQLite's file is copied
    beside it, a PostgreSQL database is saved among the backups (backup.before_upgrade of settings.yaml).
    """
    from pipeline.desk import upgrade

    done = upgrade(known_workspace(), dry_run=dry_run)
    if as_json:
        out(json.dumps(plain(done), ensure_ascii=False))
    elif done.before == done.after:
        out(f"数据库已是结构版本 {done.after}，无须升级。")
    elif dry_run:
        out(f"将从结构版本 {done.before or '（空）'} 升级到 {done.after}。")
    else:
        out(f"已从结构版本 {done.before or '（空）'} 升级到 {done.after}。")


@db_app.command("backup")
def db_backup(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of backups. Default: backup.folder of settings.yaml.")
    ] = None,
    keep: Annotated[int, typer.Option("--keep", min=0, help="How many stay; older ones are removed. 0: all.")] = 0,
    listing: Annotated[bool, typer.Option("--list", help="Only list the backups that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Save everything that is kept (备份).

    The database, the blobs, configuration and templates.

    The desk may be at work meanwhile. A backup is there whole or not at all; blobs that an earlier one has are not
    copied again. Exit code 3: some blobs were missing or damaged already, and are named in the manifest.
    """
    from pipeline.desk import back_up, backups, now

    if listing:
        rows = [
            {
                "made": f"{one.manifest.made:%Y-%m-%d %H:%M}",
                "path": str(one.path),
                "schema": one.manifest.schema,
                "numbers": "，".join(f"{name} {max(given)}" for name, given in one.manifest.numbers.items()),
                "blobs": one.manifest.blobs,
                "missing": len(one.manifest.missing) or "",
            }
            for one in backups(known_workspace(), folder)
        ]
        headings = {
            "made": "时间", "path": "位置", "schema": "结构版本", "numbers": "最近一期", "blobs": "文件",
            "missing": "缺失",
        }  # fmt: skip
        table(rows, as_json, headings, "还没有备份。")
        return
    made, gone = back_up(known_workspace(), now(), folder, keep=keep)
    manifest = made.manifest
    if as_json:
        told = {"path": str(made.path), "removed": [str(one.path) for one in gone], **plain(manifest)}
        out(json.dumps(told, ensure_ascii=False))
    else:
        out(str(made.path))
        say(f"数据库 {sum(manifest.rows.values())} 行，文件 {manifest.blobs} 个，结构版本 {manifest.schema}")
        for one in gone:
            say(f"已删除较早的备份 {one.path}")
        if manifest.secrets:
            say(f"其中含有密码或密钥，请妥善保管：{'、'.join(manifest.secrets)}")
    if manifest.missing:
        say(f"bulletin: {len(manifest.missing)} 个文件在备份前就已缺失或损坏：{manifest.missing[0][:12]}…")
    raise typer.Exit(DEGRADED if manifest.missing else DONE)


@db_app.command("restore")
def db_restore(
    backup: Annotated[Path, typer.Argument(help="A backup, or a folder of them: then the newest.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a database that is there, which is set aside.")
    ] = False,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Bring a backup back (恢复).

    Into an empty place, another kind of database, or with --replace.

    Everything is checked before anything is changed, and again when it is there; nothing is deleted. Numbers that were
    given out after the backup was made are looked for, and are not given out again.
    """
    from pipeline.desk import Proof, bring_back, now

    done = bring_back(State.workspace, backup, signed(who), now(), replacing=replace)
    sound = all(one.proof is not Proof.DAMAGED for one in done.verified)
    if as_json:
        told = {
            "backup": str(done.backup.path),
            "made": done.backup.manifest.made.isoformat(),
            "aside": done.aside,
            "blobs": done.blobs,
            "config": list(done.config),
            "elsewhere": [plain(one) for one in done.seen],
            "sound": sound,
        }
        out(json.dumps(told, ensure_ascii=False))
    else:
        out(f"已恢复 {done.backup.manifest.made:%Y-%m-%d %H:%M} 的备份 {done.backup.path}，补回 {done.blobs} 个文件。")
        if done.aside:
            out(f"原有的数据库保留在 {done.aside}。")
        if done.config:
            out(f"与备份中不同、没有改动的配置和模板：{'、'.join(done.config)}。")
        for one in done.seen:
            out(f"{one.series} 第{one.number}期在备份之后已经发出（{one.where}），这个期号不会再用。")
        if done.seen:
            out("请用 bulletin import-issue 逐期导入已发出的期刊，再继续发布。")
        else:
            out("备份之后如果还发出过期刊，请先用 bulletin import-issue 导入，再发布下一期。")
        for line in proofs([one for one in done.verified if one.proof is Proof.DAMAGED]):
            out(line)
        out("核验：完好。" if sound else "核验：有损坏，见上。")
    raise typer.Exit(DONE if sound else FAILED)


@db_app.command("verify")
def db_verify(
    backup: Annotated[
        Path | None, typer.Argument(help="A backup, or a folder of them: then the newest. Default: what is in use.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that what is kept is as it was written (核验).

    In use or in a backup.

    Every page of the database, every digest, every blob, the audit log, and all that `bulletin verify` proves of what
    was released. Works offline and changes nothing. Exit codes: 1 something is damaged, 3 only published copies were
    changed or deleted.
    """
    from pipeline.desk import Proof, verify_all

    try:
        found = verify_all(known_workspace(), backup)
    except StoreError:
        _name_the_last(backup)
        raise
    if as_json:
        out(json.dumps([{**plain(one), "proof": one.proof.value} for one in found], ensure_ascii=False))
    else:
        for line in proofs(found):
            out(line)
        if not found:
            say("还没有数据库。")
    worst = {one.proof for one in found}
    if Proof.DAMAGED in worst:
        _name_the_last(backup)
    raise typer.Exit(FAILED if Proof.DAMAGED in worst else DEGRADED if Proof.COPY in worst else DONE)


def _name_the_last(backup: Path | None) -> None:
    """Says which backup is the newest, unless it is a backup that was looked at."""
    from pipeline.desk import backups

    if backup is None and (last := next(iter(backups(known_workspace())), None)):
        say(f"bulletin: 最近的备份：{last.path}（{last.manifest.made:%Y-%m-%d %H:%M}）。")
        say(f"bulletin: 恢复用 bulletin db restore {last.path} --replace")


@db_app.command("prune")
def db_prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and how much there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget what no issue needs, as `keep` in settings.yaml says (清理).

    Pages, articles and pictures that no draft and no issue has, what became of leads in runs that were made again,
    notices, blobs that nothing names, half-written files. `bulletin serve` does the same once a day. Issues, drafts,
    revisions and the audit log stay whole. It may be stopped and repeated at any time.
    """
    from pipeline.model import mebibytes

    with opened() as desk:
        done = desk.prune(keep=not dry_run)
        held = desk.weights() if dry_run else []
    plan, freed = done.plan, done.gone.get("bytes", 0)
    if as_json:
        sizes = {"blobs": _bytes(plan.blobs), "later": _bytes(plan.later)}
        whole = {
            "plan": {kind: len(ids) for kind, ids in _planned(plan)} | sizes,
            "gone": dict(done.gone),
            "spare": done.spare,
            "idle": done.idle,
            "held": [plain(one) for one in held],
        }
        out(json.dumps(whole, ensure_ascii=False))
        return
    if held:
        rows = [{"what": one.what, "count": one.count or "", "size": mebibytes(one.bytes)} for one in held if one.bytes]
        table(rows, False, {"what": "内容", "count": "数量", "size": "大小"}, "")
    counted = [(_FORGOTTEN[kind], len(ids) if dry_run else done.gone.get(kind, 0)) for kind, ids in _planned(plan)]
    told = "、".join(f"{what} {count}" for what, count in counted if count)
    out(f"{'可清理' if dry_run else '已清理'}：{told or '无'}。")
    if dry_run:
        out(f"文件库中无人引用、可删除的文件 {len(plan.blobs)} 个，{mebibytes(_bytes(plan.blobs))}。")
    else:
        out(f"文件库腾出 {mebibytes(freed)}。")
        if done.spare:
            out(f"数据库文件大小不变，其中 {mebibytes(done.spare)} 已空出，今后先用这些。")
    if done.idle:
        out(
            f"记录中有 {done.idle} 天没有任何运行，不计入保留天数，这期间的旧内容暂不清理。"
            "若系统时间曾被调快，请先校准时钟（date）；若确曾停用，无须处理。"
        )
    if plan.later:
        out(f"另有 {len(plan.later)} 个文件（{mebibytes(_bytes(plan.later))}）满一天后仍无人引用的，下次清理时删除。")


_FORGOTTEN = {
    "leads": "线索的原文",
    "articles": "文章",
    "pages": "页面",
    "pictures": "配图",
    "fates": "重做过的运行",
    "notices": "通知",
    "hosts": "网站的停采记录",
}
"""What is forgotten, as an operator knows it."""


def _planned(plan: Plan) -> list[tuple[str, Collection[object]]]:
    return [(kind, getattr(plan, kind)) for kind in _FORGOTTEN]


def _bytes(blobs: Sequence[Shelved]) -> int:
    return sum(one.size for one in blobs)
