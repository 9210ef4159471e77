"""What people are told, in their words: drafts, issues that are out, failures, windows nobody makes, silent sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from pipeline.config import Series
from pipeline.model import (
    BEIJING,
    Article,
    Candidate,
    Draft,
    Event,
    Health,
    Issue,
    Item,
    Notice,
    Pointer,
    Pulse,
    Rating,
    Release,
    Tally,
    Tone,
    Verdict,
    Window,
    chinese_number,
    digest,
)
from pipeline.steps.health import reason, trouble
from pipeline.steps.window import last_closed

_SHOWN = 5  # items, files, windows or sources that a message names; the page names all


def named(series: Series, number: int) -> str:
    """An issue as people call it: 北京市卫生信息化舆情监测月报（第五三五期）."""
    return f"{series.title}（第{chinese_number(number, series.zero)}期）"


def draft_ready(
    series: Series, number: int, draft: Draft, findings: tuple[int, int] | None, command: str, now: dt.datetime
) -> Notice:
    """A window has its first draft; `findings` are how many block and how many remind, where that is known."""
    chosen = len(draft.chosen)
    counts = f"{chosen} 条入选，{len(draft.candidates) - chosen} 条备选与未入选"
    if findings:
        counts += f"；{findings[0]} 项阻断，{findings[1]} 项提醒"
    lines = [f"窗口：{draft.window}", counts]
    if draft.silent:
        lines.append(f"未能采集的信源：{_some(draft.silent)}")
    if draft.alarm:
        lines.append(f"请注意：{draft.alarm}")
    return Notice(
        key=f"{Event.DRAFT_READY}:{series.id}:{draft.window.start}",
        event=Event.DRAFT_READY,
        title=f"{named(series, number)}草稿已生成",
        text="\n".join(lines),
        when=now,
        series=series.id,
        tone=Tone.WARNING if draft.alarm else Tone.GOOD,
        pointer=Pointer("看稿", _draft(series, draft.window), command),
    )


def draft_grown(
    series: Series, number: int, draft: Draft, revision: int, late: Sequence[str], command: str, now: dt.datetime
) -> Notice:
    """A run took what came late into a draft that was there; `late` are its titles."""
    lines = [f"窗口：{draft.window}", f"补入 {len(late)} 条，现有 {len(draft.chosen)} 条入选："]
    lines += [f"· {title}" for title in late[:_SHOWN]]
    if len(late) > _SHOWN:
        lines.append(f"等 {len(late)} 条")
    return Notice(
        key=f"{Event.DRAFT_READY}:{series.id}:{draft.window.start}:{revision}",
        event=Event.DRAFT_READY,
        title=f"{named(series, number)}草稿补入 {len(late)} 条",
        text="\n".join(lines),
        when=now,
        series=series.id,
        tone=Tone.GOOD,
        pointer=Pointer("看稿", _draft(series, draft.window), command),
    )


def released(series: Series, release: Release, command: str) -> Notice:
    """An issue, or the correction of one, was put out."""
    issue = release.issue
    what = "更正" if issue.correction else "发布"
    lines = [f"窗口：{issue.window}", f"{len(issue.items)} 条信息"]
    lines += [issue.corrected and f"更正：{issue.corrected}"] if issue.correction else []
    lines += [f"{release.who} {release.when.astimezone(BEIJING):%Y-%m-%d %H:%M} {what}", "文件（SHA-256 前12位）："]
    # pictures stand beside the Markdown under names of their own, and are not what people look for
    files = [name for name in release.files if "/" not in name]
    lines += [f"· {name}　{release.files[name][:12]}" for name in files]
    return Notice(
        key=f"{Event.RELEASED}:{series.id}:{issue.window.start}:{release.revision}",
        event=Event.RELEASED,
        title=f"{named(series, issue.number)}已{what}",
        text="\n".join(lines),
        when=release.when,
        series=series.id,
        tone=Tone.GOOD,
        pointer=Pointer("看期刊", _archived(series, issue.number), command),
    )


def withdrawn(
    series: Series, number: int, window: Window, revision: int, who: str, why: str, command: str, now: dt.datetime
) -> Notice:
    """An issue that was out no longer holds."""
    return Notice(
        key=f"{Event.RELEASED}:{series.id}:{window.start}:{revision}",
        event=Event.RELEASED,
        title=f"{named(series, number)}已撤回",
        text=f"窗口：{window}\n理由：{why}\n{who} {now.astimezone(BEIJING):%Y-%m-%d %H:%M} 撤回\n"
        "已经发出的文件请一并收回；期号保留，不再使用。",
        when=now,
        series=series.id,
        tone=Tone.WARNING,
        pointer=Pointer("看期刊", _archived(series, number), command),
    )


def run_failed(series: Series, window: Window, why: str, command: str, now: dt.datetime, *, final: bool) -> Notice:
    """No draft could be made of a window: told once for the first time, once for the last."""
    rest = "不再自动重试，请排除故障后重新生成。" if final else "稍后自动重试；如已排除故障，也可立即重新生成。"
    return Notice(
        key=f"{Event.RUN_FAILED}:{series.id}:{window.start}:{'final' if final else 'first'}",
        event=Event.RUN_FAILED,
        title=f"{series.title}：{window} 的草稿未能生成",
        text=f"窗口：{window}\n原因：{why}\n{rest}",
        when=now,
        series=series.id,
        tone=Tone.FAILURE,
        pointer=Pointer("重新生成", f"/runs/{quote(series.id)}/{window.start}", command),
    )


def windows_missed(series: Series, missed: Sequence[Window], command: str, now: dt.datetime) -> Notice:
    """Windows are over, and their drafts are made only when somebody says so; `missed` are they, oldest first."""
    listed = _some([str(one) for one in reversed(missed)])
    return Notice(
        # told again when another is missed, not when one of them is made or skipped
        key=f"{Event.WINDOW_MISSED}:{series.id}:{missed[-1].start}",
        event=Event.WINDOW_MISSED,
        title=f"{series.title}：{len(missed)} 个窗口没有生成，补出？",
        text=f"没有生成的窗口：{listed}\n"
        "它们结束时程序没有运行，不会自动补出。请逐个补出，或注明理由跳过；在此之前不能发布更晚的一期。",
        when=now,
        series=series.id,
        tone=Tone.WARNING,
        pointer=Pointer("补出或跳过", "/", command),
    )


def source_silent(id: str, name: str, state: Pulse, now: dt.datetime) -> Notice:
    """One source has fallen silent."""
    since = state.since.astimezone(BEIJING) if state.since else now
    return Notice(
        # two who look at once know of the same beginning, and so tell the same
        key=f"{Event.SOURCE_SILENT}:{id}:{state.health}:{since.isoformat()}",
        event=Event.SOURCE_SILENT,
        title=f"信源“{name}”{trouble(state)}",
        text=f"信源：{name}（{id}）\n原因：{reason(state.because)}\n自：{since:%Y-%m-%d %H:%M}\n"
        "其他信源照常采集，草稿会列出未能采集的信源；这个信源恢复之前不再提醒。",
        when=now,
        pointer=Pointer("看信源", f"/sources/{quote(id)}", f"bulletin sources check {id}"),
    )


def sources_silent(silent: Sequence[tuple[str, str, Pulse]], now: dt.datetime) -> Notice:
    """Several sources have fallen silent in one round: id, name and how each is doing."""
    lines = [f"· {name}（{id}）：{trouble(state)}，{reason(state.because)}" for id, name, state in silent[:_SHOWN]]
    if len(silent) > _SHOWN:
        lines.append(f"等 {len(silent)} 个")
    begun = sorted(f"{id}{state.health}{state.since}" for id, _, state in silent)
    return Notice(
        key=f"{Event.SOURCE_SILENT}:several:{digest(*begun)[:12]}",
        event=Event.SOURCE_SILENT,
        title=f"{len(silent)} 个信源中断：{_some([name for _, name, _ in silent])}",
        text="\n".join(lines) + "\n其他信源照常采集，草稿会列出未能采集的信源；恢复之前不再提醒。",
        when=now,
        pointer=Pointer("看信源", "/sources", "bulletin doctor"),
    )


def all_silent(silent: Sequence[tuple[str, str, Pulse]], now: dt.datetime) -> Notice:
    """Nothing can be collected any more: the network is at fault, and that is told once."""
    causes = sorted({reason(state.because) for _, _, state in silent})[:3]
    since = min(state.since for _, _, state in silent if state.since)
    return Notice(
        key=f"{Event.SOURCE_SILENT}:all:{since.isoformat()}:{digest(*(id for id, _, _ in silent))[:8]}",
        event=Event.SOURCE_SILENT,
        title="所有信源都未能采集，可能是网络不通",
        text=f"信源：{len(silent)} 个，包括{'、'.join(name for _, name, _ in silent[:3])}\n"
        f"原因：{'；'.join(causes)}\n自：{since.astimezone(BEIJING):%Y-%m-%d %H:%M}\n"
        "请先检查这台机器的网络和代理；恢复之前不再提醒。",
        when=now,
        tone=Tone.FAILURE,
        pointer=Pointer("看信源", "/sources", "bulletin doctor"),
    )


def sources_back(better: Sequence[tuple[str, str]], now: dt.datetime) -> Notice:
    """Sources of whose silence people were told can be collected again: id and name of each."""
    names = [name for _, name in better]
    return Notice(
        key=f"{Event.SOURCE_SILENT}:back:{now.isoformat()}:{digest(*(id for id, _ in better))[:8]}",
        event=Event.SOURCE_SILENT,
        title=f"信源恢复：{'、'.join(names)}" if len(names) < 4 else f"{len(names)} 个信源恢复",
        text=f"又能采集了：{'、'.join(names)}\n中断期间可能有遗漏，草稿会注明。",
        when=now,
        tone=Tone.GOOD,
        pointer=Pointer("看信源", "/sources", "bulletin doctor"),
    )


def trial(now: dt.datetime) -> Notice:
    """A message that only shows that messages arrive."""
    return Notice(
        key="test",
        event=Event.DRAFT_READY,
        title="舆情期刊编辑台：测试通知",
        text="收到这条消息，说明通知可以送达。",
        when=now,
        tone=Tone.GOOD,
        pointer=Pointer("打开编辑台", "/", "bulletin schedule list"),
    )


def sample(event: Event, series: Series, now: dt.datetime) -> Notice:
    """What an event would be told as, of a window of `series` and with contents that are made up."""
    window, number = last_closed(series, now), series.last.number + 1
    reading = f"bulletin draft show {series.id}"
    article = Article("https://news.example.cn/1.html", f"示例：{series.topic}平台上线", ())
    candidates = tuple(Candidate(f"c{place}", (article,), Rating(0.9, Verdict.IN)) for place in range(12))
    draft = Draft(series.id, window, candidates, tuple(one.handle for one in candidates[:5]), silent=("示例日报",))
    state = Pulse(Health.FAILED, "对方拒绝连接", now - dt.timedelta(days=1), 3)
    item = Item("c1", article.title, "示例日报", article.url, window.end, ())
    issue = Issue(series.id, series.title, series.issuer, number, window, "", (item,) * 5)
    files = {f"{issue.filename}.{kind}": digest(kind) for kind in ("docx", "md", "html")}
    release = Release(issue, 3, "王编辑", now, {}, files, Tally({}))
    made = {
        Event.DRAFT_READY: lambda: draft_ready(series, number, draft, (1, 2), reading, now),
        Event.RELEASED: lambda: released(series, release, f"bulletin issue show {series.id} {number}"),
        Event.RUN_FAILED: lambda: run_failed(
            series, window, "所有信源都未能采集", f"bulletin run {series.id}", now, final=False
        ),
        Event.WINDOW_MISSED: lambda: windows_missed(series, [window], f"bulletin schedule list {series.id}", now),
        Event.SOURCE_SILENT: lambda: source_silent("example", "示例日报", state, now),
    }[event]()
    return replace(made, key=f"test:{event}", title=f"【测试】{made.title}")


def _draft(series: Series, window: Window) -> str:
    return f"/issues/{quote(series.id)}/{window.start}"


def _archived(series: Series, number: int) -> str:
    return f"/archive/{quote(series.id)}/{number}"


def _some(names: Sequence[str]) -> str:
    shown = "、".join(names[:_SHOWN])
    return f"{shown} 等 {len(names)} 个" if len(names) > _SHOWN else shown
