"""Commands about drafts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import (
    BLOCKED,
    DEGRADED,
    DONE,
    AsJson,
    Formats,
    Month,
    Reason,
    SeriesArgument,
    Target,
    Week,
    Who,
    draft_app,
)
from pipeline.cli.showing import remark, show_changes, show_draft, side_by_side
from pipeline.cli.speech import out, plain, say, table, text_of
from pipeline.cli.workspace import formats_of, opened, save, signed, window_of
from pipeline.errors import UsageError
from pipeline.errors import reason as why

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desk import Desk
    from pipeline.model import Decision, Desked


@draft_app.command("list")
def draft_list(as_json: AsJson = False) -> None:
    """List the drafts (草稿列表) that are not released yet.

    Corrections that were begun are among them.
    """
    with opened() as desk:
        found = [one for one in desk.issues.all() if one.state.open]
    rows = [_summary(one) for one in found]
    if not as_json:
        rows = [row | {"state": one.chinese} for row, one in zip(rows, found, strict=True)]
    headings = {
        "series": "刊物", "number": "期号", "window": "窗口", "state": "状态", "revision": "修订", "items": "入选",
        "candidates": "候选",
    }  # fmt: skip
    table(rows, as_json, headings, "没有草稿。生成上一期的草稿：bulletin run 刊物代号")


@draft_app.command("show")
def draft_show(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    revision: Annotated[
        int, typer.Option(help="As it was at this revision (see `draft log`).", show_default=False)
    ] = 0,
    every: Annotated[bool, typer.Option("--all", help="Every folded article, with all its addresses.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a draft (看稿): what is in, what waits, and why."""
    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        if revision:
            show_draft(desk, desk.issues.at_revision(desked.id, revision), None, as_json, every=every)
        else:
            show_draft(desk, desked.draft, desked, as_json, every=every)


@draft_app.command("compare")
def draft_compare(
    series: SeriesArgument,
    target: Target,
    other: Annotated[
        str,
        typer.Option(
            "--with", help="What it is compared with: 534-4 (issue and item), national-weekly/636-1, or a candidate."
        ),
    ] = "",
    month: Month = "",
    week: Week = "",
    as_json: AsJson = False,
) -> None:
    """Show a candidate beside (对照) an earlier or another one.

    Says what is new and what is gone.
    """
    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        beside = desk.compared(desked.draft, target, other)
    if as_json:
        out(json.dumps({**plain(beside), "news": beside.news}, ensure_ascii=False))
    else:
        for line in side_by_side(beside):
            out(line)


@draft_app.command("include")
def draft_include(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Take a candidate into the issue (收录).

    An article that was judged out is taken by its address.
    """
    _decide(series, month, week, who, "include", target, reason)


@draft_app.command("exclude")
def draft_exclude(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Put a candidate out of the issue (剔除)."""
    _decide(series, month, week, who, "exclude", target, reason)


@draft_app.command("split")
def draft_split(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Make a folded article a candidate of its own (拆分)."""
    _decide(series, month, week, who, "split", target, reason)


@draft_app.command("merge")
def draft_merge(
    series: SeriesArgument,
    target: Target,
    into: Annotated[str, typer.Argument(help="The candidate it joins.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Fold a candidate under another one (合并)."""
    _decide(series, month, week, who, "merge", target, reason, into=into)


@draft_app.command("edit")
def draft_edit(
    series: SeriesArgument,
    target: Target,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    outlet: Annotated[str | None, typer.Option(help="The new 来源.")] = None,
    url: Annotated[str | None, typer.Option(help="The new link.")] = None,
    date: Annotated[str | None, typer.Option(help="The new date, as 2024-06-04.")] = None,
    body: Annotated[
        Path | None,
        typer.Option(help="The new text: a UTF-8 file, one paragraph a line, or what Word saved or pasted as .html."),
    ] = None,
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Change (修改) the title, outlet, link, date or text of a candidate."""
    values = {"title": title, "outlet": outlet, "url": url, "date": date}
    if body and body.suffix.lower() in (".html", ".htm"):
        values["blocks"] = _cleaned(series, month, week, target, body)
    elif body:
        values["body"] = text_of(body)
    given = {field: value for field, value in values.items() if value is not None}
    if not given:
        raise UsageError("没有写要改什么。", "请用 --title、--outlet、--url、--date 或 --body。")
    _decide(series, month, week, who, "edit", target, reason, **given)


@draft_app.command("revert")
def draft_revert(
    series: SeriesArgument,
    target: Target,
    field: Annotated[
        str, typer.Option(help="Only this one: title, outlet, url, date, or text for the body; without it, all.")
    ] = "",
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Take back what was edited (还原) of a candidate.

    It stands as it was read.
    """
    _decide(series, month, week, who, "revert", target, reason, field=field)


def _cleaned(series: str, month: str, week: str, target: str, body: Path) -> str:
    """A text in HTML as the blocks that an edit keeps; what is left out of it is said."""
    from pipeline.steps.blocks import written

    data = _bytes_of(body)
    with opened() as desk:
        found = desk.cleaned(desk.desked(series, window_of(desk, series, month, week)), target, data)
    for note in found.notes:
        say(f"{body.name}：{note}")
    return written(found.blocks)


def _bytes_of(path: Path) -> bytes:
    from pipeline.desk import incoming

    try:
        return incoming(path)
    except OSError as error:
        raise UsageError(f"{path}：{why(error)}。") from None


@draft_app.command("reorder")
def draft_reorder(
    series: SeriesArgument,
    target: Target,
    to: Annotated[int, typer.Argument(help="The position it takes, from 1.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Move an item to another position (移动)."""
    _decide(series, month, week, who, "reorder", target, reason, to=str(to))


@draft_app.command("excerpt")
def draft_excerpt(
    series: SeriesArgument,
    target: Target,
    whole: Annotated[bool, typer.Option("--whole", help="Print the whole article again.")] = False,
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Print only the part of an article on topic (节选)."""
    _decide(series, month, week, who, "excerpt", target, reason, **({"whole": "yes"} if whole else {}))


@draft_app.command("represent")
def draft_represent(
    series: SeriesArgument,
    target: Target,
    version: Annotated[
        str, typer.Option("--with", help="The folded article to print: its address, or a part of its title.")
    ],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Print another version of a story (换用此版本).

    What was edited stays with the version it was typed for, and comes back with it.
    """
    _decide(series, month, week, who, "represent", target, reason, **{"with": version})


@draft_app.command("waive")
def draft_waive(
    series: SeriesArgument,
    finding: Annotated[str, typer.Argument(help="The finding, as `draft check` prints it: same-event:c3f9a.")],
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Let a blocking finding pass (放行), for a reason."""
    _decide(series, month, week, who, "waive", finding, reason)


@draft_app.command("note")
def draft_note(
    series: SeriesArgument,
    text: Annotated[str, typer.Argument(help="The note; without it the notes there are, with the names of each.")] = "",
    about: Annotated[str, typer.Option("--about", help="The item it is about. Default: the whole issue.")] = "",
    settle: Annotated[str, typer.Option("--settle", help="Mark a note as settled, by its name.")] = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Write a note (备注) beside an item or the issue.

    It is for the others, and never printed.
    """
    if settle or text:
        _decide(series, month, week, who, "note", about, "", **({"settles": settle} if settle else {"text": text}))
        return
    with opened() as desk:
        notes = desk.desked(series, window_of(desk, series, month, week)).draft.notes
    headings = {"id": "名称", "when": "时间", "who": "经手人", "handle": "对象", "text": "备注", "settled": "已处理"}
    table([plain(one) for one in notes], as_json, headings, "没有备注。")


@draft_app.command("undo")
def draft_undo(series: SeriesArgument, month: Month = "", week: Week = "", who: Who = "") -> None:
    """Take the last change back (撤销), whoever made it.

    This is a further revision.
    """
    _step(series, month, week, lambda desk, desked: desk.undo(desked, signed(who)))


@draft_app.command("redo")
def draft_redo(series: SeriesArgument, month: Month = "", week: Week = "", who: Who = "") -> None:
    """Make the change again that was undone last (重做)."""
    _step(series, month, week, lambda desk, desked: desk.redo(desked, signed(who)))


@draft_app.command("restore")
def draft_restore(
    series: SeriesArgument,
    revision: Annotated[int, typer.Argument(help="The revision, as `draft log` has it.")],
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Make a draft what it was at a revision (恢复).

    This is a further revision: nothing is taken from the log.
    """
    _step(series, month, week, lambda desk, desked: desk.restore(desked, revision, signed(who)))


def _step(series: str, month: str, week: str, step: Callable[[Desk, Desked], Desked]) -> None:
    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        _say(desk, desked, step(desk, desked))


@draft_app.command("apply")
def draft_apply(
    series: SeriesArgument,
    file: Annotated[Path, typer.Argument(help="A YAML file of decisions: editor, decisions.")],
    month: Month = "",
    week: Week = "",
) -> None:
    """Apply a file of decisions (批量), one revision each."""
    from pipeline.config import Decisions, read_decisions

    recorded: Decisions = read_decisions(file)
    for one in recorded.decisions:
        _decide(series, month, week, recorded.editor, one.verb, one.target, one.reason, **one.values)


@draft_app.command("check")
def draft_check(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    links: Annotated[bool, typer.Option("--links", help="Ask for every item's page again first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the release checks (检查)."""
    from pipeline.model import Severity

    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        if links:
            say(f"{desk.revisit_all(desked.id)} 条的网页打不开或有改动")
        found = desk.findings(desked)
    if as_json:
        out(json.dumps([plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            out(remark(one, imported=False))
        say(f"{len(found)} 项")
    raise typer.Exit(BLOCKED if any(one.severity is Severity.BLOCKING for one in found) else DONE)


@draft_app.command("submit")
def draft_submit(series: SeriesArgument, month: Month = "", week: Week = "", who: Who = "") -> None:
    """Hand a draft in for approval (提交审核)."""
    with opened() as desk:
        _moved(desk, desk.submit(desk.desked(series, window_of(desk, series, month, week)), signed(who)))


@draft_app.command("approve")
def draft_approve(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    revision: Annotated[
        int, typer.Option(help="Approve only if the draft is at this revision.", show_default=False)
    ] = 0,
    who: Who = "",
) -> None:
    """Find a draft fit to be released (审定), as it stands.

    A later change takes the approval back.

    With `review.four_eyes` not by whoever changed it last.
    """
    with opened() as desk:
        _moved(desk, desk.approve(desk.desked(series, window_of(desk, series, month, week), revision), signed(who)))


@draft_app.command("send-back")
def draft_send_back(
    series: SeriesArgument, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Give a draft back to be changed (退回修改).

    It was handed in or approved; a reason is needed.
    """
    with opened() as desk:
        _moved(desk, desk.send_back(desk.desked(series, window_of(desk, series, month, week)), signed(who), reason))


def _moved(desk: Desk, after: Desked) -> None:
    """Says what the last step made of a draft."""
    last = desk.revisions(after)[-1].decision
    because = f"：{last.reason}" if last.reason else ""
    out(f"第{after.number}期 修订{after.revision} {last.who} {last.chinese}{because} → {after.chinese}")


@draft_app.command("log")
def draft_log(series: SeriesArgument, month: Month = "", week: Week = "", as_json: AsJson = False) -> None:
    """Say who decided what (改稿记录), oldest first."""
    from pipeline.steps.tell import meant

    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        revisions = desk.revisions(desked)
    rows: list[dict[str, Any]] = [
        {
            "revision": one.revision,
            "when": one.decision.when.isoformat(timespec="seconds"),
            "who": one.decision.who,
            "verb": one.decision.verb,
            "target": one.decision.target,
            **{field: value[:60] for field, value in one.decision.values.items()},
            "reason": one.decision.reason,
        }
        for one in revisions
    ]
    if not as_json:
        for row, one in zip(rows, revisions, strict=True):
            row |= {"verb": one.decision.chinese, "target": meant(one.decision, desked.draft)}
    headings = {
        "revision": "修订", "when": "时间", "who": "经手人", "verb": "操作", "reason": "理由", "target": "对象",
    }  # fmt: skip
    table(rows, as_json, headings, "")


SaidMonth = Annotated[str, typer.Option("--month", help="The month, as 2024-06. Default: what the file says.")]
SaidWeek = Annotated[str, typer.Option("--week", help="The week, by any of its days. Default: what the file says.")]


@draft_app.command("import")
def draft_import(
    series: SeriesArgument,
    file: Annotated[Path, typer.Argument(help="The exported draft as edited: DOCX or Markdown.")],
    month: SaidMonth = "",
    week: SaidWeek = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it changes.")] = False,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Take an exported draft back (回读) that was edited.

    In Word or as Markdown; shows what it changes.

    Order, deletions, titles, outlets, links, dates and text are taken over; what could not be is listed, and the exit
    code is then 3.
    """
    from pipeline.steps.tell import meant

    data = _bytes_of(file)
    with opened() as desk:
        window = (
            window_of(desk, series, month, week)
            if month or week
            else desk.returned_window(desk.returned(data, file.name), series)
        )
        desked = desk.desked(series, window)
        done = desk.read_back(desked, data, file.name, signed(who), keep=not dry_run)
        if as_json:
            told = {"revision": done.desked.revision, "since": done.since, "sha256": done.blob}
            out(json.dumps({**told, **plain(done.changes)}, ensure_ascii=False))
        else:
            issue = desk.issue(desked)
            out(f"{issue.title}（第{issue.number_chinese}期） {file.name} 对照修订{done.since}")
            for line in show_changes(done.changes):
                out(line)
        after = done.desked
        if after != desked:
            decision = next(one.decision for one in desk.revisions(after) if one.revision == after.revision)
            say(f"第{after.number}期 修订{after.revision} {decision.who} {decision.chinese} {meant(decision)}")
        elif done.changes.taken:
            say("试读，没有保存。")
        else:
            say("不另记修订。")
    raise typer.Exit(DEGRADED if done.changes.untaken else DONE)


@draft_app.command("export")
def draft_export(
    series: SeriesArgument,
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path(),
    month: Month = "",
    week: Week = "",
    formats: Formats = None,
) -> None:
    """Write a draft (送审稿) as DOCX, Markdown, HTML page, e-mail or PDF.

    Without --format in the formats that a release publishes.
    """
    with opened() as desk:
        wanted = formats_of(formats) or desk.config.settings.formats
        desked = desk.desked(series, window_of(desk, series, month, week))
        stem = f"{desk.issue(desked).filename}-送审稿{desked.revision}"
        files = {f"{stem}.{name}": desk.render(desked, name) for name in wanted}
        pictures = desk.picture_files(desked) if "md" in wanted else {}
        for name, data in {**files, **pictures}.items():
            out(str(save(folder / name, data)))


def _decide(series: str, month: str, week: str, who: str, verb: str, target: str, reason: str, **values: str) -> None:
    from pipeline.desk import now
    from pipeline.model import Decision
    from pipeline.steps.tell import FIELDS

    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        decision = Decision(verb, signed(who), now(), target, values, reason)
        after = desk.decide(desked, decision)
        decision = _say(desk, desked, after) or decision
        if decision.verb == "represent" and (kept := desked.draft.edits.get(decision.target)) and after != desked:
            say(f"    原版本上的修改（{'、'.join(FIELDS[one] for one in kept)}）随原版本留存，换回即恢复。")


def _say(desk: Desk, before: Desked, after: Desked) -> Decision | None:
    """Says what was decided, as the log has it; `None` when it changed nothing."""
    from pipeline.steps.tell import meant

    if after == before:
        say("这一步没有改变草稿，不另记修订。")
        out(f"第{after.number}期 修订{after.revision}")
        return None
    decision = next(one.decision for one in desk.revisions(after) if one.revision == after.revision)
    because = f"：{decision.reason}" if decision.reason else ""
    told = meant(decision, before.draft, after.draft)
    out(f"第{after.number}期 修订{after.revision} {decision.who} {decision.chinese} {told}{because}")
    return decision


def _summary(desked: Desked) -> dict[str, Any]:
    return {
        "series": desked.draft.series,
        "number": desked.number if desked.number > 0 else None,
        "window": str(desked.draft.window),
        "state": desked.state.value,
        "revision": desked.revision,
        "items": len(desked.draft.chosen),
        "candidates": len(desked.draft.candidates),
    }
