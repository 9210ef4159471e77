"""Commands about released and imported issues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completing
from pipeline.cli.app import (
    BLOCKED,
    DEGRADED,
    DONE,
    FAILED,
    AsJson,
    EngineName,
    Formats,
    IssueNumber,
    Month,
    Reason,
    SeriesArgument,
    Week,
    Who,
    app,
    issue_app,
)
from pipeline.cli.showing import missed_story, proofs, remark, shortfall
from pipeline.cli.speech import out, plain, say, table
from pipeline.cli.workspace import formats_of, known_workspace, opened, save, signed, through_prefect, window_of


@app.command()
def release(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    who: Who = "",
    revision: Annotated[
        int, typer.Option(help="Release only if the draft is at this revision.", show_default=False)
    ] = 0,
    engine: EngineName = "prefect",
) -> None:
    """Put a draft out for good (定稿发布).

    Its number is taken, and its files are frozen and written to the `out` folder. `bulletin draft check` says before
    what keeps it back.
    """
    with opened() as desk:
        window = window_of(desk, series, month, week)
        desked = desk.desked(series, window, revision)
    done = through_prefect(
        engine, "release", series=series, start=window.start, revision=desked.revision, who=signed(who)
    )
    with opened() as desk:
        if not done:
            desk.release(desk.desked(series, window, desked.revision), signed(who))
        released = next(one for one in desk.issues.released(series) if one.issue.window == window)
        issue = released.issue
        say(f"{issue.title} 第{issue.number_chinese}期 已发布：{len(issue.items)}条。{released.tally}")
        for name in released.files:
            if name in desk.pending:
                say(f"bulletin: {desk.config.out / name} 尚未写出，期刊已安全入库；排除故障后再运行任一命令即补写。")
            else:
                out(str(desk.config.out / name))
        raise typer.Exit(DEGRADED if desk.pending else DONE)


@issue_app.command("list")
def issue_list(
    series: Annotated[
        str, typer.Argument(help="Which bulletin. Default: all.", autocompletion=completing.series_ids)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the issues (期刊列表) that were released or imported.

    Withdrawn ones are among them.
    """
    with opened() as desk:
        if series:
            desk.series(series)
        out_now = [
            (one, "导入" if one.imported else "已更正" if one.issue.correction else "已发布")
            for one in desk.issues.released(series)
        ]
        gone = [(one.release, "已撤回") for one in desk.issues.withdrawn(series)]
        rows = [
            {
                "series": one.issue.series,
                "number": one.issue.number,
                "state": state,
                "window": str(one.issue.window),
                "items": len(one.issue.items),
                "who": one.who,
                "when": one.when.isoformat(timespec="seconds"),
            }
            for one, state in sorted([*out_now, *gone], key=lambda pair: (pair[0].issue.series, pair[0].issue.number))
        ]
    headings = {
        "series": "刊物", "number": "期号", "state": "状态", "window": "窗口", "items": "条数", "who": "经手人",
        "when": "时间",
    }  # fmt: skip
    table(rows, as_json, headings, "还没有期刊。发布用 bulletin release，导入往期用 bulletin import-issue。")


@issue_app.command("show")
def issue_show(
    series: SeriesArgument,
    number: IssueNumber,
    as_json: AsJson = False,
) -> None:
    """Show a released or imported issue (看期刊).

    Of a corrected one the last, with the files of each release.
    """
    with opened() as desk:
        found = desk.released(series, number)
        told = desk.withdrawn(series, number)
        earlier = [one for one in desk.issues.superseded(series) if one.issue.number == number]
    if as_json:
        out(json.dumps(plain(found), ensure_ascii=False))
        return
    issue = found.issue
    out(f"{issue.title}（第{issue.number_chinese}期）")
    if told:
        out(f"已撤回：{told.reason}（{told.who}，{told.when:%Y-%m-%d}）")
    if issue.correction:
        out(issue.correction_line)
    out(issue.lead)
    for place, item in enumerate(issue.items, start=1):
        out(f"{place}. {item.title}\n   （{item.outlet}） {item.date} {item.url}")
    if found.imported:
        out(f"导入：{found.imported.file}（{found.who}，{found.when:%Y-%m-%d}）；原刊导语：{found.imported.lead}")
        out(f"{found.imported.blob}  {found.imported.file}")
        return
    out(str(found.tally))
    if found.basis:
        template = f"{found.basis.template}.docx"
        out(f"{found.basis.templates[template]}  模板 {template}")
    for each in [*earlier, found]:
        for name, sha in each.files.items():
            out(f"{sha}  {name}")


@issue_app.command("check")
def issue_check(
    series: SeriesArgument,
    number: IssueNumber,
    as_json: AsJson = False,
) -> None:
    """Run the release checks (检查) on a released or imported issue.

    Of an imported one it also says what its import found.
    """
    from pipeline.model import Severity

    with opened() as desk:
        release = desk.released(series, number)
        found = desk.review(release)
    if as_json:
        out(json.dumps([plain(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            out(remark(one, imported=release.imported is not None))
        say(f"{len(found)} 项")
    raise typer.Exit(BLOCKED if any(one.severity is Severity.BLOCKING for one in found) else DONE)


@issue_app.command("missed")
def issue_missed(
    series: SeriesArgument,
    number: IssueNumber,
    as_json: AsJson = False,
) -> None:
    """List strong stories that a released issue does not carry (漏收核查).

    What was left out and by whom, what arrived after the last run, what a source gave late that was down, and what a
    later issue took in. Nothing is changed.
    """
    from pipeline.model import chinese_number

    with opened() as desk:
        found = desk.missed(desk.numbered(series, number))
        one = desk.series(series)
    if as_json:
        out(json.dumps(shortfall(found), ensure_ascii=False))
        return
    out(f"{one.title} 第{chinese_number(number, one.zero)}期 漏收核查：{len(found.stories)} 条（{found.window}）")
    for story in found.stories:
        for line in missed_story(story):
            out(line)
    if found.silences:
        out("")
        out("本期窗口内未能采集的信源")
        for silence in found.silences:
            out(f"  {silence.told}" + (f"，其后补到本期窗口的文章 {silence.came} 篇" if silence.came else ""))
    if found.stories:
        say("")
        say("认定“确为漏收”或“不需收录”，在存档里本期的“漏收核查”页上做。")


@issue_app.command("export")
def issue_export(
    series: SeriesArgument,
    number: IssueNumber,
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path(),
    formats: Formats = None,
) -> None:
    """Write an issue's files (导出).

    As DOCX, Markdown, HTML page, e-mail or PDF.

    Of a released issue they are the frozen files; an imported one is written in the canonical form. A --format that
    was not published is made now.
    """
    with opened() as desk:
        for name, data in desk.copies(desk.released(series, number), formats_of(formats)).items():
            out(str(save(folder / name, data)))


@app.command()
def verify(
    series: Annotated[
        str, typer.Argument(help="Which bulletin. Default: all.", autocompletion=completing.series_ids)
    ] = "",
    number: Annotated[
        int,
        typer.Argument(
            help="The issue number, as 535. Default: all.",
            autocompletion=completing.issue_numbers,
            show_default=False,
        ),
    ] = 0,
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="A file that somebody holds: is it the released one?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that what was released (核验) is still as it was.

    Works offline and changes nothing: the frozen files, the stored data, the files made again from it, the published
    copies, the numbers. Exit codes: 1 something that is kept is damaged, 5 a --file is not the released one, 3 only
    published copies were changed or deleted.
    """
    from pipeline.desk import Proof
    from pipeline.desk import verify as verified

    found = verified(known_workspace(), series, number, files or ())
    if as_json:
        out(json.dumps([{**plain(one), "proof": one.proof.value} for one in found], ensure_ascii=False))
    else:
        for line in proofs(found):
            out(line)
        if not found:
            say("还没有已发布或导入的期刊。")
    worst = {one.proof for one in found}
    codes = {Proof.DAMAGED: FAILED, Proof.OTHER: BLOCKED, Proof.COPY: DEGRADED}
    raise typer.Exit(next((code for proof, code in codes.items() if proof in worst), DONE))


@app.command("import-issue")
def import_issue(
    files: Annotated[
        list[Path],
        typer.Argument(help="Old issues: DOCX, PDF, text, Markdown; .doc, .wps, .rtf and .odt with LibreOffice."),
    ],
    series: Annotated[
        str,
        typer.Option(
            "--series", help="Which bulletin, whatever the masthead says.", autocompletion=completing.series_ids
        ),
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the file in place of an earlier import.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken in.")] = False,
    who: Who = "",
) -> None:
    """Take old issues into the archive (导入往期).

    Their numbers and windows come from what is printed; numbering goes on after the latest. Try it with --dry-run.
    """
    from pipeline.errors import Conflict, NotImported

    code = DONE
    with opened() as desk:
        for file in files:
            try:
                filed = desk.file(file, signed(who), series=series, replacing=replace, keep=not dry_run)
            except (NotImported, Conflict) as error:
                say(f"bulletin: {error}")
                code = FAILED
                continue
            issue = filed.imported.issue
            done = "已导入" if filed.desked else "试读，没有导入" if dry_run else "已经导入过，没有改变"
            out(f"{file.name}：{issue.title} 第{issue.number_chinese}期 {issue.window} {len(issue.items)}条 {done}")
            for one in filed.findings:
                out(f"  {remark(one, imported=True)}")
            for note in filed.imported.notes:
                out(f"  {note}")
    raise typer.Exit(code)


@issue_app.command("correct")
def issue_correct(
    series: SeriesArgument,
    number: IssueNumber,
    note: Annotated[str, typer.Option("--note", help="What is put right; it is printed below the number.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="Give the correction up that was begun.")] = False,
    reason: Reason = "",
    who: Who = "",
) -> None:
    """Begin a correction of an issue that is out (更正).

    It is a draft that starts as what was released.

    It is reviewed and released as a draft is, under the same number, with files of its own; until then the first
    release stays the one that is out, and its files stay for good.
    """
    with opened() as desk:
        desked = desk.numbered(series, number)
        after = desk.drop(desked, signed(who), reason) if drop else desk.correct(desked, signed(who), note)
        window = after.draft.window
        if drop:
            say(f"{series} 第{number}期 不再更正，{after.chinese}")
        else:
            out(f"{series} 第{number}期 {window} {after.chinese} 修订{after.revision}：{after.draft.corrected}")


@issue_app.command("withdraw")
def issue_withdraw(
    series: SeriesArgument,
    number: IssueNumber,
    reason: Reason = "",
    who: Who = "",
) -> None:
    """Mark an issue that is out (撤回) as one that no longer holds. A reason is needed.

    Its number stays taken; its files are kept, those in the `out` folder too. No feed and no search has it any more,
    and what only it told may be told again.
    """
    with opened() as desk:
        desk.withdraw(desk.numbered(series, number), signed(who), reason)
        say(f"{series} 第{number}期 已撤回；{desk.config.out} 里的文件没有删除，请自行处理已分发的副本。")


@issue_app.command("skip")
def issue_skip(
    series: SeriesArgument,
    month: Month = "",
    week: Week = "",
    reason: Reason = "",
    who: Who = "",
    earlier: Annotated[bool, typer.Option("--and-earlier", help="And every open window before it.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the skip back.")] = False,
) -> None:
    """Mark a window (跳过) as one that gets no issue (--undo: gets one).

    No number is taken. A reason is needed.
    """
    from pipeline.desk import now
    from pipeline.model import Decision

    with opened() as desk:
        window = window_of(desk, series, month, week)
        if undo:
            desk.unskip(series, window, Decision("unskip", signed(who), now()))
            say(f"{series} {window} 不再跳过")
            return
        for one in desk.skip(series, window, Decision("skip", signed(who), now(), reason=reason), earlier=earlier):
            say(f"{series} {one} 已跳过")
