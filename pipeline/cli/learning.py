"""Commands about what is learned from decisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import FAILED, NOTHING, AsJson, Who, learn_app
from pipeline.cli.speech import out, plain, say, table
from pipeline.cli.workspace import opened, signed
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.desk import Schooling
    from pipeline.model import Learnt

KindOption = Annotated[str, typer.Option("--kind", help="scope or events.")]


@learn_app.command("run")
def learn_run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be learned.")] = False,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Learn from what editors decided in released issues (学习).

    What they took, put out, merged and split.

    A new model is used only if it is no worse than the one in use on past issues and on the frozen test sets; else it
    is kept as refused. Needs the extra `learn`.
    """
    with opened() as desk:
        done = desk.learn(signed(who), keep=not dry_run)
    if as_json:
        out(json.dumps([_row(one) for one in done], ensure_ascii=False))
    else:
        for one in done:
            _tell(one, dry_run)
    if all(one.learned is None for one in done):
        raise typer.Exit(NOTHING)
    if any(one.learned and one.learned.refused for one in done):
        raise typer.Exit(FAILED)


def _row(one: Schooling) -> dict[str, object]:
    row = plain(one)
    if one.learned:
        row["learned"] = {**row["learned"], "digest": one.learned.digest}
        del row["learned"]["content"]
    return dict(row)


def _tell(one: Schooling, dry_run: bool) -> None:
    out(f"{one.kind.chinese}：{one.told}")
    if one.learned is None:
        return
    for name, (old, new) in one.learned.figures.items():
        out(f"    {name}：{old:g} → {new:g}")
    if one.up:
        out("    分量增加最多：" + "、".join(f"{word} {by:+.2f}" for word, by in one.up.items()))
    if one.down:
        out("    分量减少最多：" + "、".join(f"{word} {by:+.2f}" for word, by in one.down.items()))
    number = f"{one.learned.id} 号模型" if one.learned.id else "新模型"
    if one.learned.refused:
        out(f"    {number}没有通过检验，不启用：{one.learned.refused}")
    elif dry_run:
        out(f"    {number}可以通过检验；这是试算，没有保存")
    else:
        out(f"    {number}已启用，下一次生成草稿起生效；退回用 bulletin learn rollback --kind {one.kind.value}")


@learn_app.command("list")
def learn_list(as_json: AsJson = False) -> None:
    """List what was learned, used or refused (模型列表).

    Every model, with its figures.
    """
    from pipeline.model import BEIJING

    with opened() as desk:
        models = desk.models.all()
    if as_json:
        rows = [{**plain(one), "digest": one.digest} for one in models]
        for row in rows:
            del row["content"]
        out(json.dumps(rows, ensure_ascii=False))
        return
    told = [
        {
            "id": one.id,
            "kind": one.kind.chinese,
            "state": "已损坏" if one.damaged else "使用中" if one.active else "未通过" if one.refused else "停用",
            "made": one.made.astimezone(BEIJING).isoformat(timespec="seconds"),
            "who": one.who,
            "decisions": one.decisions,
            "digest": one.digest,
            "refused": one.refused,
        }
        for one in models
    ]
    headings = {
        "id": "编号", "kind": "用于", "state": "状态", "made": "时间", "who": "经手人", "decisions": "决定数",
        "digest": "摘要", "refused": "未通过的原因",
    }  # fmt: skip
    table(told, False, headings, "还没有学过，用的是自带的模型。学习用 bulletin learn run。")


@learn_app.command("rollback")
def learn_rollback(
    number: Annotated[int | None, typer.Argument(help="Which model, by its number; 0 for the one that ships.")] = None,
    kind: KindOption = "scope",
) -> None:
    """Use an earlier model again: the one before, or a named one."""
    with opened() as desk:
        model = desk.roll_back(_kind(kind), number)
    told = f"{model.id} 号模型（{model.digest}）" if model else "自带的模型"
    say(f"{_kind(kind).chinese}改用{told}，下一次生成草稿起生效。")


def _kind(name: str) -> Learnt:
    from pipeline.model import Learnt

    try:
        return Learnt(name)
    except ValueError:
        raise UsageError(f"没有“{name}”这一类模型。", "可写：scope、events。") from None
