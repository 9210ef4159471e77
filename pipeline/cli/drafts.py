"""Commands about drafts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import BLOCKED, DONE, AsJson, Month, Reason, SeriesArgument, Target, Week, Who, draft_app
from pipeline.cli.speech import out, plain, say, table, text_of
from pipeline.cli.workspace import opened, signed, window_of
from pipeline.errors import UsageError
from pipeline.errors import reason as why

if TYPE_CHECKING:
    from pipeline.desk import Desk, Surroundings
    from pipeline.model import Candidate, Decision, Desked, Draft, Finding, Side, SideBySide

_FIELDS = {"title": "标题", "outlet": "来源", "url": "链接", "date": "日期", "body": "正文"}


@draft_app.command("list")
def draft_list(as_json: AsJson = False) -> None:
    """List the drafts that are not released yet."""
    from pipeline.model import State

    with opened() as desk:
        rows = [_summary(one) for one in desk.issues.all() if one.state is State.DRAFT]
    headings = {
        "series": "刊物", "number": "期号", "window": "窗口", "revision": "修订", "items": "入选", "candidates": "候选",
    }  # fmt: skip
    table(rows, as_json, headings, "没有草稿。生成上一期的草稿：bulletin run 刊物代号")


@draft_app.command("show")
def draft_show(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    revision: Annotated[int, typer.Option(help="As it was at this revision (see `draft log`).")] = 0,
    every: Annotated[bool, typer.Option("--all", help="Every folded article, with all its addresses.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a draft: what is in, what waits, and why."""
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
    """Show a candidate beside what an earlier issue printed, or beside another one: what is new, what is gone."""
    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        beside = desk.compared(desked.draft, target, other)
    if as_json:
        out(json.dumps({**plain(beside), "news": beside.news}, ensure_ascii=False))
    else:
        for line in _beside(beside):
            out(line)


@draft_app.command("include")
def draft_include(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Take a candidate into the issue.

    An article that was judged out is taken by its address.
    """
    _decide(series, month, week, who, "include", target, reason)


@draft_app.command("exclude")
def draft_exclude(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Put a candidate out of the issue."""
    _decide(series, month, week, who, "exclude", target, reason)


@draft_app.command("split")
def draft_split(
    series: SeriesArgument, target: Target, reason: Reason = "", month: Month = "", week: Week = "", who: Who = ""
) -> None:
    """Make a folded article a candidate of its own."""
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
    """Fold a candidate under another one."""
    _decide(series, month, week, who, "merge", target, reason, into=into)


@draft_app.command("edit")
def draft_edit(
    series: SeriesArgument,
    target: Target,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    outlet: Annotated[str | None, typer.Option(help="The new 来源.")] = None,
    url: Annotated[str | None, typer.Option(help="The new link.")] = None,
    date: Annotated[str | None, typer.Option(help="The new date, as 2024-06-04.")] = None,
    body: Annotated[Path | None, typer.Option(help="A UTF-8 file with the new text, one paragraph a line.")] = None,
    reason: Reason = "",
    month: Month = "",
    week: Week = "",
    who: Who = "",
) -> None:
    """Change the title, outlet, link, date or text of a candidate."""
    text = text_of(body) if body else None
    values = {"title": title, "outlet": outlet, "url": url, "date": date, "body": text}
    given = {field: value for field, value in values.items() if value is not None}
    if not given:
        raise UsageError("没有写要改什么。", "请用 --title、--outlet、--url、--date 或 --body。")
    _decide(series, month, week, who, "edit", target, reason, **given)


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
    """Move an item to another position."""
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
    """Print only the part of an article on topic, as （节选）."""
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
    """Let a blocking finding pass, for a reason."""
    _decide(series, month, week, who, "waive", finding, reason)


@draft_app.command("apply")
def draft_apply(
    series: SeriesArgument,
    file: Annotated[Path, typer.Argument(help="A YAML file of decisions: editor, decisions.")],
    month: Month = "",
    week: Week = "",
) -> None:
    """Apply a file of decisions, one revision each."""
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
    """Run the release checks."""
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


@draft_app.command("log")
def draft_log(series: SeriesArgument, month: Month = "", week: Week = "", as_json: AsJson = False) -> None:
    """Say who decided what, oldest first."""
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
            row |= {"verb": one.decision.chinese, "target": _meant(one.decision, desked.draft)}
    headings = {
        "revision": "修订", "when": "时间", "who": "经手人", "verb": "操作", "reason": "理由", "target": "对象",
    }  # fmt: skip
    table(rows, as_json, headings, "")


@draft_app.command("export")
def draft_export(
    series: SeriesArgument,
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path(),
    month: Month = "",
    week: Week = "",
) -> None:
    """Write a draft as DOCX and Markdown, marked 送审稿."""
    from pipeline.outputs import FORMATS

    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        stem = f"{desk.issue(desked).filename}-送审稿{desked.revision}"
        files = {f"{stem}.{name}": desk.render(desked, name) for name in FORMATS}
        for name, data in {**files, **desk.picture_files(desked)}.items():
            target = folder / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            except OSError as error:
                raise UsageError(f"{target}：{why(error)}。", "请用 --to 另指一个文件夹。") from None
            out(str(target))


def _decide(series: str, month: str, week: str, who: str, verb: str, target: str, reason: str, **values: str) -> None:
    from pipeline.desk import now
    from pipeline.model import Decision

    with opened() as desk:
        desked = desk.desked(series, window_of(desk, series, month, week))
        decision = Decision(verb, signed(who), now(), target, values, reason)
        after = desk.decide(desked, decision)
        if after == desked:
            say("这一步没有改变草稿，不另记修订。")
        else:
            decision = next(one.decision for one in desk.revisions(after) if one.revision == after.revision)
        because = f"：{reason}" if reason else ""
        told = _meant(decision, desked.draft, after.draft)
        out(f"第{after.number}期 修订{after.revision} {decision.who} {decision.chinese} {told}{because}")
        if decision.verb == "represent" and (kept := desked.draft.edits.get(decision.target)) and after != desked:
            say(f"    原版本上的修改（{'、'.join(_FIELDS[one] for one in kept)}）随原版本留存，换回即恢复。")


def _meant(decision: Decision, *drafts: Draft) -> str:
    """What a decision is about and what it says, as an editor reads it."""
    titles: dict[str, str] = {}
    for candidate in (one for draft in drafts for one in draft.candidates):
        known = {article.url: article.title for article in candidate.articles}
        titles = {candidate.handle: candidate.article.title} | known | titles  # as it was when it was decided
    told = [_titled(titles, decision.target)]
    for field, value in decision.values.items():
        if field in _FIELDS:
            told.append(f"{_FIELDS[field]}改为“{value if len(value) <= 60 else value[:60] + '……'}”")
        elif field == "to":
            told.append(f"至第{value}条")
        elif field == "into":
            told.append(f"到 {_titled(titles, value)}")
        elif field == "with":
            told.append(f"改印 {_titled(titles, value)}")
        elif field == "whole":
            told.append("印全文")
        elif field == "file":
            told.append(value)
    return " ".join(one for one in told if one)


def _titled(titles: Mapping[str, str], target: str) -> str:
    return f"{target}《{titles[target]}》" if target in titles else target


def show_draft(desk: Desk, draft: Draft, desked: Desked | None, as_json: bool, *, every: bool = False) -> None:
    """A draft as an editor reads it, or as JSON; `every` shows all that is folded."""
    around = desk.surroundings(draft)
    if as_json:
        shown = plain(desked or draft)
        for one in (shown["draft"] if desked else shown)["candidates"]:
            one |= plain(around[one["handle"]])
        out(json.dumps(shown, ensure_ascii=False))
        return
    if desked:
        issue = desk.issue(desked)
        out(f"{issue.title}（第{issue.number_chinese}期） {desked.state.chinese} 修订{desked.revision} {draft.window}")
        out(issue.lead)
    if draft.silent:
        few = len(draft.silent) < 3
        out(f"本期 {len(draft.silent)} 个信源未能采集：{'、'.join(draft.silent) if few else ''}")
        for one in () if few else draft.silent:
            out(f"    {one}")
    out(f"入选 {len(draft.chosen)} 条")
    for place, handle in enumerate(draft.chosen, start=1):
        out(_told(desk, draft, handle, f"{place}.", around[handle], every))
    waiting = [one.handle for one in draft.candidates if one.handle not in draft.chosen]
    out(f"备选与未入选 {len(waiting)} 条")
    for handle in waiting:
        out(_told(desk, draft, handle, "-", around[handle], every))


def _told(desk: Desk, draft: Draft, handle: str, mark: str, around: Surroundings, every: bool) -> str:
    from pipeline.model import Verdict

    candidate = draft.candidate(handle)
    edits = draft.edits.get(handle, {})
    article = candidate.article
    lines = [
        f"{mark} {handle} {edits.get('title', article.title)}",
        f"    （{edits.get('outlet', article.outlet)}） {edits.get('date', article.date or '无日期')} "
        f"得分 {candidate.rating.score:.2f} {around.novelty.chinese} {edits.get('url', article.url)}",
        f"    {'；'.join(candidate.rating.because)}",
    ]
    if one := candidate.earlier:
        place = desk.place(draft, one)
        lines.append(f"    已收于{place}：{one.title}（{one.relation.chinese} {one.score:.2f}{_because(one.because)}）")
        lines += [f"    新：{around.news}"] if around.news else []
    lines += _near(draft, candidate)
    lines += _folded(candidate, around, every)
    if around.better:
        lines.append(f"    有更合适的版本（{around.better_because}），可用 draft represent 换用：{around.better}")
    lines += [
        f"    留存的修改（《{one.title}》）：{'、'.join(_FIELDS.get(field, '节选') for field in draft.aside[one.id])}"
        for one in candidate.articles
        if one.id in draft.aside
    ]
    lines += [f"    别的地址：{other}" for other in article.aliases if every]
    if candidate.rating.verdict is Verdict.BORDERLINE and candidate.precedents:
        lines.append(f"    先例：{'；'.join(one.chinese for one in candidate.precedents)}")
    lines += [f"    参考意见：{one.classifier} {one.score:.2f} {one.because}".rstrip() for one in candidate.opinions]
    lines += [f"    注意：{note}" for note in article.notes]
    lines += [f"    {remark}" for remark in article.remarks]
    return "\n".join(lines)


_MOST_FOLDED, _MOST_NEAR, _MOST_NAMED, _MOST_REASONS = 5, 3, 8, 2


def _folded(candidate: Candidate, around: Surroundings, every: bool) -> Iterator[str]:
    """Who else shows or tells it, and the articles one by one."""
    from pipeline.model import Flag

    for names, word in ((around.reprinted_by, "转载"), (around.told_by, "报道同一事件")):
        if names:
            more = "等" if len(names) > _MOST_NAMED else ""
            yield f"    另有 {len(names)} 家{word}：{'、'.join(names[:_MOST_NAMED])}{more}"
    articles = {one.id: one for one in candidate.articles}
    shown = around.retellings if every else around.retellings[:_MOST_FOLDED]
    for one in shown:
        score = f" {one.score:.2f}" if one.relation else ""
        because = f"（{_because(one.because)[1:]}）" if one.because else ""
        mirror = "（疑似镜像站，不作来源）" if Flag.MIRROR in articles[one.id].flags else ""
        yield f"      {one.chinese}{score} {one.who}《{one.title}》 {one.date or '无日期'} {one.url}{because}{mirror}"
        if every:
            yield from (f"        别的地址：{other}" for other in articles[one.id].aliases)
    if rest := len(around.retellings) - len(shown):
        yield f"      ……还有 {rest} 篇，用 draft show --all 看全部"


def _because(reasons: str) -> str:
    """The strongest reasons for a relation; `draft check` and JSON have all of them."""
    return "".join(f"；{one}" for one in reasons.split("；")[:_MOST_REASONS] if one)


def _near(draft: Draft, candidate: Candidate) -> Iterator[str]:
    """The other candidates that may tell the same event."""
    mine = {one.id for one in candidate.articles}
    whose = {article.id: one for one in draft.candidates for article in one.articles}
    met = set[str]()
    for edge in sorted(candidate.suspected, key=lambda edge: -edge.score):
        other = whose.get(edge.b if edge.a in mine else edge.a)
        if other is None or other is candidate or other.handle in met or len(met) == _MOST_NEAR:
            continue
        met.add(other.handle)
        told = f"{edge.score:.2f}{_because(edge.because)}"
        yield f"    {edge.relation.chinese}：{other.handle}《{other.article.title}》（{told}）"


def _beside(beside: SideBySide) -> Iterator[str]:
    """Two texts as an editor reads them: what stands in both is counted, the rest is quoted."""
    from pipeline.model import Mark

    for name, side in (("甲", beside.before), ("乙", beside.after)):
        yield f"{name} {side.name}《{side.title}》 {side.date or '无日期'}"
    yield f"乙比甲新：{beside.news}"
    for word, some in (
        ("文件", beside.documents),
        ("机构", beside.institutions),
        ("数字", beside.numbers),
        ("日期", beside.dates),
    ):
        if some:
            yield f"  {word}：{'、'.join(some)}"
    for name, side, mark, what in (("乙", beside.after, "+", "甲无乙有"), ("甲", beside.before, "-", "甲有乙无")):
        counted = ((Mark.SAME, "相同"), (Mark.CHANGED, "改写"), (Mark.ONLY, what))
        yield f"{name}：" + "，".join(f"{word} {side.count(one)} 句" for one, word in counted)
        yield from _marked(side, mark)


_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "~": typer.colors.YELLOW}


def _marked(side: Side, only: str) -> Iterator[str]:
    """A text sentence by sentence, each with its mark; what stands in both in one line."""
    from pipeline.model import Mark

    coloured = sys.stdout.isatty()
    for paragraph in side.paragraphs:
        for is_same, some in groupby(paragraph, key=lambda one: one.mark is Mark.SAME):
            told = list(some)
            if is_same:
                first = told[0].text
                shown = first if len(first) <= _QUOTED else f"{first[:_QUOTED]}……"
                yield f"  = {shown}" + (f"（连同其后共 {len(told)} 句相同）" if len(told) > 1 else "")
                continue
            for one in told:
                mark = only if one.mark is Mark.ONLY else "~"
                line = f"  {mark} {one.text}"
                yield typer.style(line, fg=_COLOURS[mark]) if coloured else line
                if mark == "~" and only == "+":
                    yield f"      甲：{one.like}"


_QUOTED = 24


def remark(finding: Finding, *, imported: bool) -> str:
    """A finding, and the commands that settle it below; of an imported issue nothing can be mended any more."""
    printed = "原刊有误" if finding.severity.value == "blocking" else "请核对"
    mark = printed if imported else finding.severity.chinese
    told = f"{mark} [{finding.key}] {finding.message}{'。' if finding.fix else ''}{finding.fix}"
    return "\n".join((told, *(f"    {command}" for command in finding.commands)))


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
