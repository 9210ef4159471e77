"""How drafts, findings and two texts side by side read on the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import typer

from pipeline.cli.speech import out, plain

if TYPE_CHECKING:
    from pipeline.desk import Desk, Surroundings, Verified
    from pipeline.model import (
        Candidate,
        Change,
        Changes,
        Desked,
        Draft,
        Finding,
        Missed,
        Shortfall,
        Side,
        SideBySide,
    )


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
    by_handle = {one.handle: one for one in draft.candidates}
    whose = {article.id: one for one in draft.candidates for article in one.articles}

    def tell(mark: str, handle: str) -> None:
        candidate = by_handle[handle]
        out(_told(desk, draft, candidate, mark, around[handle], _near(candidate, whose), every))

    out(f"入选 {len(draft.chosen)} 条")
    for place, handle in enumerate(draft.chosen, start=1):
        tell(f"{place}.", handle)
    chosen = set(draft.chosen)
    waiting = [handle for handle in by_handle if handle not in chosen]
    out(f"备选与未入选 {len(waiting)} 条")
    for handle in waiting:
        tell("-", handle)


def _told(
    desk: Desk, draft: Draft, candidate: Candidate, mark: str, around: Surroundings, near: Iterator[str], every: bool
) -> str:
    from pipeline.model import Genre, Verdict
    from pipeline.steps.tell import FIELDS

    handle = candidate.handle
    edits = draft.edits.get(handle, {})
    article = candidate.article
    genre = "" if candidate.rating.genre is Genre.NEWS else f" {candidate.rating.genre.chinese}"
    lines = [
        f"{mark} {handle} {edits.get('title', article.title)}{'【采集补充】' if handle in draft.supplements else ''}",
        f"    （{edits.get('outlet', article.outlet)}） {edits.get('date', article.date or '无日期')} "
        f"得分 {candidate.rating.score:.2f} {around.novelty.chinese}{genre} {edits.get('url', article.url)}",
        f"    {'；'.join(candidate.rating.because)}",
    ]
    if one := candidate.earlier:
        place = desk.place(draft, one)
        lines.append(f"    已收于{place}：{one.title}（{one.relation.chinese} {one.score:.2f}{_because(one.because)}）")
        lines += [f"    与之相比：{around.news}"] if around.news else []
    lines += near
    lines += _folded(candidate, around, every)
    if around.better:
        lines.append(f"    有更合适的版本（{around.better_because}），可用 draft represent 换用：{around.better}")
    lines += [
        f"    留存的修改（《{one.title}》）：{'、'.join(FIELDS.get(field, '节选') for field in draft.aside[one.id])}"
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


def _near(candidate: Candidate, whose: Mapping[str, Candidate]) -> Iterator[str]:
    """The other candidates that may tell the same event; `whose` are their articles, by id."""
    mine = {one.id for one in candidate.articles}
    met = set[str]()
    for edge in sorted(candidate.suspected, key=lambda edge: -edge.score):
        other = whose.get(edge.b if edge.a in mine else edge.a)
        if other is None or other is candidate or other.handle in met or len(met) == _MOST_NEAR:
            continue
        met.add(other.handle)
        told = f"{edge.score:.2f}{_because(edge.because)}"
        yield f"    {edge.relation.chinese}：{other.handle}《{other.article.title}》（{told}）"


def side_by_side(beside: SideBySide) -> Iterator[str]:
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


def proofs(found: Sequence[Verified]) -> Iterator[str]:
    """What could be proven, thing by thing."""
    for one in found:
        yield f"{one.what}：{one.proof.chinese}"
        for statement in one.statements:
            yield f"  [{statement.proof.chinese}] {statement.text}{'。' if statement.fix else ''}{statement.fix}"


def show_changes(found: Changes) -> Iterator[str]:
    """What an edited file changes, item by item, then what was not taken from it."""
    from pipeline.model import Edited

    def names(what: Edited) -> Iterator[str]:
        return (f"第{one.position}条《{one.title}》" for one in found.taken if one.what is what)

    for one in found.taken:
        if one.what is Edited.ORDER:
            yield f"移动  第{one.position}条《{one.title}》→ 第{one.after}条"
    yield from (f"删去  {name}" for name in names(Edited.LEFT_OUT))
    rest = [one for one in found.taken if one.what not in (Edited.ORDER, Edited.LEFT_OUT)]
    for (position, title), some in groupby(
        sorted(rest, key=lambda one: one.position), key=lambda one: (one.position, one.title)
    ):
        yield f"修改  第{position}条《{title}》"
        for one in some:
            yield from (f"    {line}" for line in _changed(one))
    if not found.taken:
        yield "没有改动。" if not found.untaken else "没有可采用的改动。"
    for heading, lines in (("未采用", found.untaken), ("说明", found.notes)):
        if lines:
            yield f"{heading} {len(lines)} 项"
            yield from (f"    {line}" for line in lines)


def _changed(one: Change) -> Iterator[str]:
    from pipeline.model import Edited
    from pipeline.steps.returning import marked

    if one.what is Edited.EXCERPT:
        yield "标为（节选）" if one.after else "不再标为（节选）"
    elif one.what is Edited.TITLE:
        yield f"标题：{marked(one.before, one.after)}"
    elif one.what is not Edited.TEXT:
        yield f"{one.what.chinese}：{one.before or '（空）'} → {one.after or '（空）'}"
    for each in one.paragraphs:
        note = f"（{each.note}）" if each.note else ""
        told = marked(each.before, each.after) if each.before != each.after else each.after
        yield f"正文{each.place}{note}：{told}"


def remark(finding: Finding, *, imported: bool) -> str:
    """A finding, and the commands that settle it below; of an imported issue nothing can be mended any more."""
    printed = "原刊有误" if finding.severity.value == "blocking" else "请核对"
    mark = printed if imported else finding.severity.chinese
    told = f"{mark} [{finding.key}] {finding.message}{'。' if finding.fix else ''}{finding.fix}"
    return "\n".join((told, *(f"    {command}" for command in finding.commands)))


def missed_story(story: Missed) -> list[str]:
    """A story that an issue does not carry, as lines."""
    from pipeline.steps.miss import chips

    article = story.article
    lines = [
        f"{story.score:.2f} {article.title}（{article.outlet or '来源不明'}） {article.date or '无日期'}",
        f"     {'；'.join(chips(story))}",
        f"     {article.url}",
    ]
    if one := story.hindsight:
        lines.append(f"     认定：{one.chinese}" + (f"，{one.reason}" if one.reason else "") + f"（{one.who}）")
    return lines


def shortfall(found: Shortfall) -> dict[str, object]:
    """What an issue missed, for programs: without the texts."""
    told = plain(found)
    for story, one in zip(told["stories"], found.stories, strict=True):
        article = one.article
        story |= {"article": article.id, "title": article.title, "outlet": article.outlet, "url": article.url}
        story |= {"date": article.date.isoformat() if article.date else None}
        story["articles"] = [{"id": each.id, "title": each.title, "url": each.url} for each in one.articles]
    return dict(told)
