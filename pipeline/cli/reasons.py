"""Commands that say why: what was passed over, what led to a verdict, what another scope would change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import DONE, NOTHING, AsJson, Month, SeriesArgument, Week, draft_app, scope_app
from pipeline.cli.speech import columns, out, plain, say
from pipeline.cli.workspace import opened, window_of
from pipeline.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt

    from pipeline.config import Series
    from pipeline.desk import Desk, Replayed
    from pipeline.model import Window
    from pipeline.steps.reasons import Heap, Passed
    from pipeline.steps.replay import Changed

_LONGEST = 80  # characters of a reason in a list; `draft why` and --json have all of it


@draft_app.command("rejected")
def draft_rejected(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    reason: Annotated[str, typer.Option("--reason", help="Only this reason, or a part of its name.")] = "",
    search: Annotated[str, typer.Option("--search", help="Only what has this in its title, outlet or text.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many to show of each reason; 0 for all.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Look through what was passed over (未入选), by reason.

    Nearest misses come first.
    """
    from pipeline.desk import command

    with opened() as desk:
        window = window_of(desk, series, month, week)
        desked = desk.desked(series, window)
        pile = desk.passed(desked, reason=reason, search=search, limit=limit)
        one = desk.series(series)
    if as_json:
        out(json.dumps(plain(pile), ensure_ascii=False))
        return
    count = sum(heap.count for heap in pile.heaps)
    wanted = "".join(f"“{one}”" for one in (reason, search) if one)
    out(f"{one.title} {window}：{pile.leads} 条线索，未入选{f'而符合{wanted}' if wanted else ''}的 {count} 条")
    for line in columns([[heap.group, str(heap.count)] for heap in pile.heaps]):
        out(f"  {line}")
    for heap in pile.heaps:
        _show_heap(heap)
    if count:
        say("")
        say(f"看一条的缘由：{command('draft why', one, window)} 网址")
        if desked.state.open:
            say(f"收录其中一条：{command('draft include', one, window)} 网址")


def _show_heap(heap: Heap) -> None:
    out("")
    out(f"{heap.group} {heap.count} 条")
    for one in heap.leads:
        out(f"  {_passed(one)}")
    if more := heap.count - len(heap.leads):
        out(f"  ……另有 {more} 条：--limit 0")


def _passed(one: Passed) -> str:
    score = f"{one.score:.2f}" if one.score is not None else " —  "
    known = f"{one.handle} " if one.handle else ""
    lines = [f"{score} {known}{_named(one.title or '（无标题）', one.outlet, one.date)}"]
    because = one.because.removeprefix(f"{one.url}：")
    because = because if len(because) <= _LONGEST else f"{because[:_LONGEST]}……"
    lines += [f"       {because}"] if because else []
    lines.append(f"       {one.url}")
    return "\n".join(lines)


def _named(title: str, outlet: str, date: dt.date | None) -> str:
    return title + (f"（{outlet}）" if outlet else "") + (f" {date}" if date else "")


@draft_app.command("why")
def draft_why(
    series: SeriesArgument,
    target: Annotated[str, typer.Argument(help="Handle, position, part of the title, or any stored address.")],
    month: Month = "",
    week: Week = "",
    as_json: AsJson = False,
) -> None:
    """Say everything that led to the verdict (缘由) on an article."""
    from pipeline.steps.reasons import told

    with opened() as desk:
        why = desk.why(desk.desked(series, window_of(desk, series, month, week)), target)
    if as_json:
        out(json.dumps(plain(why), ensure_ascii=False))
        return
    out(_named(why.title or "（无标题）", why.outlet, why.date))
    out(why.url)
    rows = [[heading if place == 0 else "", line] for heading, lines in told(why) for place, line in enumerate(lines)]
    for line in columns(rows):
        out(line)


@scope_app.command("test")
def scope_test(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    scope: Annotated[
        Path | None, typer.Option("--scope", help="Another scope file. Default: scope.yaml as it stands now.")
    ] = None,
    first: Annotated[str, typer.Option("--from", help="The first of several windows, as 2024-01 or 2025-08-08.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last of them. Default: the last one that is over.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a changed scope would change (试改范围).

    In windows that were judged.

    Every stored article of the window is rated again and held against the window's last run. Nothing is kept.
    """
    from pipeline.config import read_scope

    with opened() as desk:
        one = desk.series(series)
        windows = _windows(desk, one, month, week, first, last)
        other = read_scope(scope, one) if scope else None
        several = bool(windows[1:])
        if several and other is None:
            judged = [window for window in windows if desk.issues.of_window(series, window)]
            if passed := len(windows) - len(judged):
                say(f"{passed} 个窗口还没有生成过，略过。")
            windows = judged
        found: list[Replayed] = []
        for replayed in desk.replay(one, windows, other, say):
            found.append(replayed)
            if not as_json:
                _show_replayed(replayed, several=several)
    if as_json:
        out(json.dumps([plain(replayed) for replayed in found], ensure_ascii=False))
    elif found:
        say("只看监测范围；是否重复、往期是否已收，到生成草稿时再定。什么都没有保存。")
    raise typer.Exit(DONE if any(replayed.articles for replayed in found) else NOTHING)


def _windows(desk: Desk, series: Series, month: str, week: str, first: str, last: str) -> Sequence[Window]:
    """The windows that are asked for, in order."""
    from pipeline.steps.window import between, following, named

    if not first:
        if last:
            raise UsageError("--to 要和 --from 一起用。", "单独一期请用 --month 或 --week。")
        return [window_of(desk, series.id, month, week)]
    if month or week:
        raise UsageError("--from 不能和 --month、--week 同时用。", "请只写一种。")
    monthly = series.first_day is None
    start = named(series, month=first) if monthly else named(series, week=first)
    end = window_of(desk, series.id, last if monthly else "", "" if monthly else last)
    if end.start < start.start:
        raise UsageError(f"{start} 晚于 {end}。", "请把早的写在 --from。")
    return [start, *between(series, start, following(series, end))]


def _show_replayed(found: Replayed, *, several: bool) -> None:
    from pipeline.model import BEIJING, Verdict
    from pipeline.steps.replay import Change, lost

    words = {Verdict.IN: "收录建议", Verdict.BORDERLINE: "待审", Verdict.OUT: "无关"}
    against = f"上次生成（{found.since.astimezone(BEIJING):%Y-%m-%d %H:%M}）" if found.since else "现行范围"
    moved = "，".join(
        f"{words[verdict]} {found.before[verdict]}" + (
            f" → {found.after[verdict]}" if found.after[verdict] != found.before[verdict] else ""
        )
        for verdict in words
    )  # fmt: skip
    gone = [one for one in found.changes if lost(one)]
    rows = [(change, [one for one in found.changes if one.change is change]) for change in Change]
    counts = "，".join(f"{change.chinese} {len(some)}" for change, some in rows if some) or "没有变化"
    loud = f"，已刊出的将被判为无关 {len(gone)}" if gone else ""
    if several and not found.articles:
        return
    if several:
        out(f"{found.window}  {found.articles} 篇：{counts}{loud}")
    else:
        out(f"{found.window} 重判 {found.articles} 篇，与{against}相比：{counts}{loud}")
        out(moved)
        say(f"用时 {found.seconds} 秒")
    if gone:
        out(f"！！已刊出的 {len(gone)} 条将被判为无关")
        for one in gone:
            _show_changed(one)
    if several:
        return
    for change, some in rows:
        shown = [one for one in some if one not in gone]
        if shown:
            out("")
            out(f"{change.chinese} {len(shown)} 篇")
            for one in shown:
                _show_changed(one)


def _show_changed(one: Changed) -> None:
    before = f"{one.before:.2f}" if one.before is not None else "—"
    place = f"{one.printed} " if one.printed else ""
    held = "（编辑已收录，仍保留）" if one.held and not one.printed else ""
    out(f"  {before} → {one.after:.2f} {place}{_named(one.title, one.outlet, one.date)}{held}")
    out(f"      {'，'.join(one.terms)}")
    out(f"      {one.url}")
