"""Commands about sources."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipeline.cli import completing
from pipeline.cli.app import DEGRADED, DONE, FAILED, AsJson, EngineName, app, sources_app
from pipeline.cli.speech import out, plain, say, table
from pipeline.cli.workspace import configuration, opened, through_prefect
from pipeline.errors import NothingCollected, UsageError
from pipeline.errors import reason as why
from pipeline.model import BEIJING

if TYPE_CHECKING:
    from pipeline.desk import Checked, Desk, Suggested
    from pipeline.steps.vet import Sampled

_STDIN = 64 * 1024 * 1024  # bytes that are read of it; the desk takes far less, and says how much it was


@sources_app.command("list")
def sources_list(as_json: AsJson = False) -> None:
    """List the sources (信源), and how each is doing."""
    with opened() as desk:
        rows = [
            {
                "id": source.id,
                "name": source.name,
                "kind": source.kind,
                "enabled": source.enabled,
                "health": one.health.value if as_json else one.health.chinese,
                "succeeded": _moment(one.succeeded),
                "fresh": _moment(one.fresh),
                "usual_seconds": one.usual.total_seconds() if one.usual else None,
                "usual": _span(one.usual),
                "because": one.because,
            }
            for source, one in desk.pulses()
        ]
    headings = {
        "id": "代号",
        "name": "名称",
        "kind": "类型",
        "health": "状态",
        "succeeded": "上次采到",
        "fresh": "上次有新内容",
        "usual": "平时间隔",
        "because": "原因",
    }
    table(rows, as_json, headings, "没有配置信源。")


@sources_app.command("show")
def sources_show(
    source: Annotated[str, typer.Argument(help="The source's id.", autocompletion=completing.source_ids)],
    last: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many visits.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how a source is doing: its last visits, its usual rhythm."""
    with opened() as desk:
        (one,) = desk.sources([source])
        (state,) = [found for each, found in desk.pulses() if each.id == one.id]
        visits = desk.visits.of(one.id, last)
    if as_json:
        row = {"id": one.id, "pulse": plain(state), "visits": [plain(each) for each in visits]}
        out(json.dumps(row, ensure_ascii=False))
        return
    because = f"：{state.because}" if state.because else ""
    since = f"（自 {state.since.astimezone(BEIJING):%Y-%m-%d %H:%M} 起）" if state.since else ""
    out(f"{one.name}（{one.id}，{one.kind}）  {state.health.chinese}{because}{since}")
    out(f"平时间隔：{_span(state.usual) or '尚不清楚（至少要有 6 次新内容）'}")
    rows = [
        {
            "when": _moment(each.when),
            "outcome": each.outcome.chinese,
            "leads": each.leads,
            "fresh": each.fresh,
            "pages": each.pages,
            "failed": each.failed,
            "seconds": each.seconds,
            "because": each.because,
        }
        for each in reversed(visits)
    ]
    headings = {
        "when": "时间",
        "outcome": "结果",
        "leads": "线索",
        "fresh": "新线索",
        "pages": "新页面",
        "failed": "未取得",
        "seconds": "秒",
        "because": "原因",
    }
    table(rows, False, headings, "还没有采集过。")


Read = Annotated[int, typer.Option("--read", min=0, max=50, help="How many of its pages to read.")]
Days = Annotated[int, typer.Option("--days", min=0, help="How old the newest lead may be; 0 for any age.")]


@sources_app.command("check")
def sources_check(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="Source ids; default: all that are enabled.", autocompletion=completing.source_ids),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are disabled; a line for each.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Note the day in sources.yaml for those that work, and enable the untried.")
    ] = False,
    read: Read = 3,
    days: Days = 30,
    as_json: AsJson = False,
) -> None:
    """Visit sources and show what each would give (试采).

    Field by field, with its problems; nothing is kept.

    With --all: a table of what works, and of what to do about the rest (试信源). Exit code 3: some have problems.
    """
    with opened() as desk:
        named = desk.config.sources if everything and not source else desk.sources(source or [])
        if not named:
            raise UsageError("没有启用的信源。", "停用的也要检查时加 --all。")
        say(f"检查 {len(named)} 个信源")
        found = desk.check_all(named, read=read, days=days, say=say)
        marked, bracketed = desk.mark(found) if write else ([], [])
    if as_json:
        out(json.dumps([_checked_row(one) for one in found], ensure_ascii=False))
    elif everything and not source:
        table([_checked_line(one) for one in found], False, _LINE, "")
    else:
        for one in found:
            show_checked(one)
    if write:
        woken = sum(one.verified is False for one in marked)
        say(f"已在 sources.yaml 记下 {len(marked)} 个能用的信源（verified），其中 {woken} 个由此启用")
        for each in bracketed:
            say(f"{each.name}（{each.id}）写在花括号里，没有记：请分行写，或自己加上 verified")
    elif any(one.good and one.source.verified is False for one in found):
        say("能用的可以启用了：bulletin sources check --all --write")
    if everything and not source:
        works = sum(one.good for one in found)
        say(f"{len(found)} 个信源，{works} 个能用" + (f"，{len(found) - works} 个要处理" if works < len(found) else ""))
        afar = [one for one in found if one.source.kind not in ("folder", "manual", "warc")]
        if len(afar) > 1 and not any(one.readable for one in afar):
            say("网上的信源一个也读不了，多半不是信源的事：请看本机能否上网，是否要经代理（settings.yaml 的 proxy）。")
        raise typer.Exit(DONE if works == len(found) else DEGRADED)
    troubled = sum(bool(one.findings) for one in found)
    say(f"{len(found)} 个信源，{troubled} 个有问题" if troubled else f"{len(found)} 个信源，没有发现问题")
    raise typer.Exit(DEGRADED if troubled else DONE)


_LINE = {
    "id": "代号",
    "name": "名称",
    "enabled": "启用",
    "result": "结果",
    "leads": "线索",
    "newest": "最新",
    "advice": "原因与办法",
}


def _checked_line(one: Checked) -> dict[str, Any]:
    """A source in one line: whether it works, how much it gives, and what is to be done first."""
    from pipeline.steps.vet import HARMLESS

    first = next(iter(sorted(one.findings, key=lambda each: each.check in HARMLESS)), None)
    advice = f"{first.message}。{first.fix}" if first else ""
    if len(one.findings) > 1:
        advice += f"（另有 {len(one.findings) - 1} 处：bulletin sources check {one.source.id}）"
    return {
        "id": one.source.id,
        "name": one.source.name,
        "enabled": one.source.enabled,
        "result": _RESULTS[_result(one)],
        "leads": len(one.listed),
        "newest": one.newest,
        "advice": advice,
    }


_RESULTS = {"works": "能用", "doubtful": "要核对", "fails": "不能用"}


def _result(one: Checked) -> str:
    return "works" if one.good else "doubtful" if one.readable else "fails"


_MOST_SHOWN = 10


def show_checked(one: Checked) -> None:
    """Prints what a source would give."""
    source = one.source
    state = "没有发现问题" if not one.findings else f"{len(one.findings)} 个问题"
    place = getattr(source, "url", "") or str(getattr(source, "path", ""))
    out(f"{source.name}（{source.id}，{source.kind}{'' if source.enabled else '，停用'}）  {state}  {place}".rstrip())
    out(f"  线索 {len(one.listed)} 条，用时 {one.seconds:g} 秒")
    for number, row in enumerate(one.listed[:_MOST_SHOWN], start=1):
        lead = row.lead
        date = f"{lead.published} → {row.read or '读不懂'}" if lead.published else "无日期"
        out(f"  {number:>3}. {lead.title or '（无标题）'}  [{date}]{f'  {lead.outlet}' if lead.outlet else ''}")
        out(f"       {lead.url}")
    if len(one.listed) > _MOST_SHOWN:
        out(f"       ……另有 {len(one.listed) - _MOST_SHOWN} 条")
    if one.sampled:
        out(f"  试读 {len(one.sampled)} 页")
    for number, page in enumerate(one.sampled, start=1):
        first, *rest = _sampled_lines(page)
        out(f"  {number:>3}. {first}")
        for line in rest:
            out(f"       {line}")
    for note in one.notes:
        out(f"  说明：{note}")
    for finding in one.findings:
        mark = "读不到" if finding.severity.value == "blocking" else "问题"
        out(f"  {mark} [{finding.check}] {finding.message}。{finding.fix}")


def _sampled_lines(one: Sampled) -> Iterator[str]:
    from pipeline.model import Article, Rejection
    from pipeline.steps.vet import first_sentence

    if isinstance(one.outcome, str):
        yield f"没有取得：{one.outcome}"
        yield one.lead.url
        return
    if isinstance(one.outcome, Rejection):
        yield f"不收（{one.outcome.fate.chinese}）：{one.outcome.because}"
        yield one.lead.url
        return
    article: Article = one.outcome
    evidence = article.evidence.get("date", "")
    time = f" {article.time:%H:%M}" if article.time else ""
    yield f"标题：{article.title}"
    yield f"日期：{article.date or '读不出'}{time}" + (f"（依据：{evidence}）" if evidence else "")
    yield f"来源：{article.outlet or '不明'}（原始来源 {article.origin or '无'}，发布者 {article.publisher or '不明'}）"
    yield f"作者：{article.author or '无'}  正文：{len(article.text)} 字  可信度：{article.confidence:.2f}"
    yield f"首句：{first_sentence(article)}"
    yield article.url
    for note in article.notes:
        yield f"注意：{note}"


def _checked_row(one: Checked) -> dict[str, Any]:
    from pipeline.model import Article

    def sampled(page: Sampled) -> dict[str, Any]:
        outcome = page.outcome
        if isinstance(outcome, str):
            return {"url": page.lead.url, "trouble": outcome}
        if not isinstance(outcome, Article):
            return {"url": page.lead.url, "fate": outcome.fate.value, "because": outcome.because}
        row: dict[str, Any] = plain(outcome)
        return {**{key: value for key, value in row.items() if key != "blocks"}, "characters": len(outcome.text)}

    return {
        "id": one.source.id,
        "name": one.source.name,
        "kind": one.source.kind,
        "result": _result(one),
        "newest": one.newest,
        "leads": [{**plain(row.lead), "read": row.read} for row in one.listed],
        "pages": [sampled(page) for page in one.sampled],
        "notes": list(one.notes),
        "problems": [plain(finding) for finding in one.findings],
        "seconds": one.seconds,
    }


@sources_app.command("add")
def sources_add(
    url: Annotated[str, typer.Argument(help="A feed, a sitemap, or a page that lists articles.")],
    write: Annotated[bool, typer.Option("--write", help="Write it into config/sources.yaml.")] = False,
    name: Annotated[str, typer.Option("--name", help="What editors call it.")] = "",
    read: Read = 3,
    days: Days = 30,
    as_json: AsJson = False,
) -> None:
    """Find out how an address can be watched (添加信源).

    Proposes a configuration, with what it would give.

    With --write it goes into sources.yaml, enabled if all was well. Exit code 3: it has problems.
    """
    with opened() as desk:
        say(f"查看 {url}")
        best, *others = desk.suggest(url, read=read, days=days)
        entry = {**best.entry, **({"name": name} if name else {})}
        written = desk.add_sources([(best.suggestion.because, entry)]) if write and best.readable else None
    if as_json:
        row = {"entry": entry, "because": best.suggestion.because, **_checked_row(best.checked)}
        out(json.dumps(row, ensure_ascii=False))
    else:
        from pipeline.config import as_yaml

        out(f"# {best.suggestion.because}")
        out(as_yaml(entry))
        show_checked(best.checked)
        for one in others:
            out(f"也试过：{one.suggestion.because}（{one.suggestion.entry['url']}），{_verdict(one)}")
    if written:
        say(f"已写入 {written}" + ("" if best.good else "，暂不启用：请先处理上面的问题"))
    elif write:
        say("没有写入：这样配置读不到线索。")
    else:
        say("确认无误后加 --write 写入 sources.yaml。")
    raise typer.Exit(DONE if best.good else DEGRADED if best.readable else FAILED)


def _verdict(one: Suggested) -> str:
    return one.checked.findings[0].message if one.checked.findings else "没有发现问题"


@sources_app.command("import")
def sources_import(
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken over.")] = False,
) -> None:
    """Take over the feeds of an OPML file (导入信源).

    They stay disabled until somebody has checked them.
    """
    from pipeline.sources.discover import new_id
    from pipeline.sources.opml import read_opml

    try:
        found, notes = read_opml(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(f"{file}：{why(error)}。", "请核对文件名。") from None
    with opened() as desk:
        known = {getattr(one, "url", ""): one.name for one in desk.config.sources}
        taken = {one.id for one in desk.config.sources}
        entries: list[tuple[str, dict[str, Any]]] = []
        for one in found:
            if one.url in known:
                notes.append(f"略过“{one.title or one.url}”：已有信源“{known[one.url]}”")
                continue
            id_ = new_id(one.url, taken)
            taken.add(id_)
            entry = {"id": id_, "name": one.title or id_, "kind": "feed", "url": one.url, "enabled": False}
            entries.append((f"OPML：{one.folder}" if one.folder else "OPML", entry))
        for _, entry in entries:
            out(f"{entry['id']}  {entry['name']}  {entry['url']}")
        for note in notes:
            say(note)
        if entries and not dry_run:
            say(f"已写入 {desk.add_sources(entries)}：{len(entries)} 个，尚未启用")
    if not entries:
        say("没有新的订阅源。")
    elif not dry_run:
        say("逐个检查后改为 enabled: true：bulletin sources check --all")


@sources_app.command("export")
def sources_export(
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; default: stdout.")] = None,
) -> None:
    """Hand the feeds on as OPML, for feed readers and other desks."""
    from pipeline.sources.opml import write_opml
    from pipeline.store import write_whole

    config = configuration()
    data, notes = write_opml(config.sources, "信源")
    for note in notes:
        say(note)
    if to:
        write_whole(to, data)
        say(f"已写入 {to}")
    else:
        out(data.decode().rstrip())


def _moment(moment: dt.datetime | None) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds") if moment else ""


def _span(time: dt.timedelta | None) -> str:
    from pipeline.steps.health import span

    return span(time) if time else ""


@app.command()
def collect(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="Source ids; default: all that are enabled.", autocompletion=completing.source_ids),
    ] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="Take this address as a lead.")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", help="Take this file as a lead.")] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only those whose turn it is, as the clock asks them: others rest.")
    ] = False,
    paste: Annotated[bool, typer.Option("--paste", help="Take what stdin holds; --url says where it stands.")] = False,
    title: Annotated[str, typer.Option("--title", help="With --paste: the title.")] = "",
    date: Annotated[str, typer.Option("--date", help="With --paste: when it was published, as 2024-06-03.")] = "",
    outlet: Annotated[str, typer.Option("--outlet", help="With --paste: who published it.")] = "",
    engine: EngineName = "prefect",
) -> None:
    """Ask the sources for leads (采集), fetch and read their pages."""
    from pipeline.desk import Pasted

    if paste and (file or len(url or []) > 1):
        raise UsageError("--paste 一次收一篇，不与 --file 同用，--url 至多一个。")
    if (title or date or outlet) and not paste:
        raise UsageError("--title、--date、--outlet 只与 --paste 同用。")
    if paste:
        with opened() as desk:
            lead = desk.paste(Pasted(sys.stdin.buffer.read(_STDIN), "".join(url or []), title, date, outlet))
            _report(desk, [lead])
    if url or file:
        with opened() as desk:
            taken = desk.take(url or [], file or [])
            for note in taken.notes:
                say(note)
            _report(desk, taken.leads)
    asked = source or []
    everybody = True
    if due:
        with opened() as desk:
            asked = [one.id for one in desk.turn() if not source or one.id in source]
            everybody = len(asked) == len(desk.sources())
        if not asked:
            say("没有轮到的信源。")
            raise typer.Exit(DONE)
    try:
        silent = _collected(asked, engine)
    except NothingCollected:
        if everybody:
            raise
        raise typer.Exit(DEGRADED) from None  # the others were not asked: this is no outage
    raise typer.Exit(DEGRADED if silent else DONE)


def _collected(asked: list[str], engine: str) -> dict[str, str]:
    """Which sources failed, and why."""
    from pipeline.desk import WITHOUT_PREFECT, Inline

    if through_prefect(engine, "collect", sources=asked):
        with opened() as desk:
            return {one.name: why for one in desk.sources(asked) if (why := desk.leads.asked(one.id).trouble)}
    with opened() as desk:
        return desk.collect(Inline(WITHOUT_PREFECT if engine == "prefect" else "inline"), asked, say)


def _report(desk: Desk, leads: Sequence[int]) -> NoReturn:
    """Says what leads turned out to be, and ends the command."""
    found = desk.leads.get(leads)
    articles = desk.leads.articles([one.article for one in found if one.article])
    for one in found:
        if one.article:
            read = articles[one.article]
            out(f"{one.lead.url}  已读入：《{read.title}》 {read.date or '无日期'} {read.outlet or '来源不明'}")
        else:
            because = one.rejection.because if one.rejection else "尚未取得"
            out(f"{one.lead.url}  {because.removeprefix(f'{one.lead.url}：')}")
    if any(one.article is None and one.page is None and not one.lead.path for one in found):
        say("取不到的网页，可以复制正文后粘贴：bulletin collect --paste --url 网址 < 文件")
    raise typer.Exit(DONE if any(one.article for one in found) else FAILED)
