"""A draft made for a window: which one, how far it is, what hinders it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from pipeline.config import Series
from pipeline.desk import STAGES, Making
from pipeline.errors import Conflict, UsageError
from pipeline.model import Outcome, Phase, Progress, Role, Standing, Visit
from pipeline.steps.health import plainly
from pipeline.web.asking import Asked, Route, draft_address
from pipeline.web.pages.home import told
from pipeline.web.rendering import days

_SIGHT = 4  # windows that stand there at once; older ones are folded
_MAKEABLE = (Phase.DUE, Phase.FAILED, Phase.MISSED)  # what one most likely wants, the newest first
_STARTING = dt.timedelta(seconds=90)  # a process that loads an orchestrator on a slow machine


@dataclass(frozen=True, slots=True)
class Offer:
    """A window whose draft can be made."""

    start: str
    days: str
    phase: str
    words: str
    drafted: bool
    told: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a run: how far it is."""

    words: str
    state: str
    """`done`, `now`, `failed` or `waiting`."""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """One source in a run."""

    name: str
    state: str
    words: str
    leads: str
    pages: str
    because: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far the making of a draft is, as it is shown."""

    state: str
    """`starting`, `running`, `done`, `failed`, `lost` or `never`."""
    headline: str
    elapsed: str = ""
    who: str = ""
    trouble: str = ""
    stages: tuple[Stage, ...] = ()
    sources: tuple[Asking, ...] = ()
    heard: int = 0
    """Of the sources, how many answered or failed; 0 while that is not what it waits for."""
    lacking: int = 0
    """How many could not be collected."""

    @property
    def going(self) -> bool:
        """Whether it is worth looking again."""
        return self.state in ("starting", "running")


def offered(asked: Asked) -> Response:
    """Which windows a draft can be made for."""
    series = asked.series()
    return _form(asked, series, asked.query("start"))


def begun(asked: Asked) -> Response:
    """Has a window's draft made, or says who is at it already."""
    series = asked.series()
    wanted = asked.form.get("start")
    if not wanted:
        return _form(asked, series, "", "请先选一个窗口。", 422)
    try:
        window = asked.desk.to_be_made(series, wanted)
    except Conflict as error:
        return _form(asked, series, wanted, f"{error.message}{error.fix}", 409)
    except UsageError as error:
        return _form(asked, series, "", f"{error.message}{error.fix}", 422)
    asked.office.launch(series.id, window, asked.who.name)
    return asked.to(f"/runs/{series.id}/{window.start}?since={int(asked.now.timestamp())}")


def progress(asked: Asked) -> Response:
    """How far the making of a window's draft is; a script asks for the part that changes."""
    series, window = asked.series(), asked.window()
    since = asked.query("since")
    asked_for = dt.datetime.fromtimestamp(int(since), dt.UTC) if since.isdecimal() and len(since) < 12 else None
    ahead = asked.office.launch.ahead(series.id, window)
    made = _progressed(asked, asked.desk.making(series.id, window), asked_for, ahead)
    drafted = window.start in asked.desk.issues.stand(series.id)
    response = asked.page(
        "_making.html" if asked.fragment else "making.html",
        series=series,
        window=days(window),
        start=window.start,
        made=made,
        draft=draft_address(series.id, window) if drafted else "",
        again=f"/runs/{series.id}/{window.start}" + (f"?since={since}" if asked_for else ""),
        may=asked.who.role.allows(Role.EDITOR),
    )
    if asked.fragment and not made.going:
        response.headers["HX-Trigger"] = "made"
    return response


def _form(asked: Asked, series: Series, wanted: str, trouble: str = "", status: int = 200) -> Response:
    standing = [one for one in reversed(asked.desk.standing(series)) if not one.phase.closed]
    if wanted not in {f"{one.window.start}" for one in standing}:
        wanted = _likely(standing)
    drafted = asked.desk.issues.stand(series.id)
    offers = [
        Offer(
            f"{one.window.start}",
            days(one.window),
            one.phase.value,
            one.phase.chinese,
            one.window.start in drafted,
            told(one) if one.phase in (Phase.RUNNING, Phase.FAILED) else "",
            f"{one.window.start}" == wanted,
        )
        for one in standing
    ]
    # what was asked for must be in sight, wherever it stands
    sight = [one for at, one in enumerate(offers) if at < _SIGHT or one.chosen]
    rest = [one for one in offers if one not in sight]
    return asked.page("new.html", status, series=series, sight=sight, rest=rest, trouble=trouble)


def _likely(standing: Sequence[Standing]) -> str:
    """The window one most likely wants: the newest that waits for its draft, else the newest that is over."""
    over = [one for one in standing if one.phase is not Phase.OPEN] or list(standing)
    waiting = [one for one in over if one.phase in _MAKEABLE] or over
    return f"{waiting[0].window.start}" if waiting else ""


def _progressed(asked: Asked, making: Making | None, since: dt.datetime | None, ahead: int | None) -> Progressed:
    # the claim's moment is the database's, the request's is ours: a few seconds between them mean nothing
    known = making is not None and (since is None or making.claim.since >= since - dt.timedelta(seconds=5))
    if making is None or not known:
        if since is None:
            return Progressed("never", "这个窗口还没有生成过草稿")
        if ahead:
            told = f"正在排队：前面还有 {ahead} 份草稿，轮到后自动开始"
            return Progressed("starting", told, _clock(asked.now - since))
        if ahead is not None or asked.now - since < _STARTING:
            return Progressed("starting", "正在启动", _clock(asked.now - since))
        return Progressed(
            "lost", "没有启动成功", trouble="生成程序没有开始工作。请再试一次；仍不行，请让管理员查看程序的日志。"
        )
    claim = making.claim
    sources = tuple(_asking(source.name, visit) for source, visit in making.asked)
    sources = tuple(sorted(sources, key=lambda one: one.state not in ("failed", "empty")))
    heard = sum(visit is not None for _, visit in making.asked)
    lacking = sum(one.state == "failed" for one in sources)
    if claim.progress is Progress.DONE:
        stages = _stages(making, "done", heard)
        return Progressed("done", "草稿已生成", stages=stages, sources=sources, lacking=lacking)
    if claim.progress is Progress.RUNNING and claim.alive:
        stages = _stages(making, "now", heard)
        now = next((one for one in stages if one.state == "now"), None)
        headline = f"正在{now.words}{now.told and f' {now.told}'}" if now else "正在准备"
        collecting = heard if now and now.told else 0
        elapsed = _clock(asked.now - claim.since)
        return Progressed("running", headline, elapsed, claim.worker.who, "", stages, sources, collecting)
    trouble = claim.trouble or "生成程序中途停了，没有留下消息。"
    return Progressed("failed", "没有生成", trouble=trouble, stages=_stages(making, "failed", heard), sources=sources)


def _stages(making: Making, current: str, heard: int) -> tuple[Stage, ...]:
    """Every stage; the first that is not over is the `current` one."""
    over = making.run.seconds if making.run else {}
    found: list[Stage] = []
    for name, words in STAGES.items():
        if current == "done" and name not in over:
            continue  # what comes after the draft holds nobody up
        if name in over:
            found.append(Stage(words, "done", f"{over[name]:.0f} 秒" if over[name] >= 1 else ""))
        elif any(one.state == current for one in found):
            found.append(Stage(words, "waiting"))
        else:
            count = f"{heard}/{len(making.asked)}" if name == "harvest" and making.asked else ""
            found.append(Stage(words, current if making.run or current == "failed" else "waiting", count))
    return tuple(found)


def _asking(name: str, visit: Visit | None) -> Asking:
    if visit is None:
        return Asking(name, "open", "等待", "", "", "")
    if visit.outcome is Outcome.FAILED:
        return Asking(name, "failed", "未能采集", "", "", plainly(visit.because))
    pages = f"新取 {visit.pages} 页" if visit.pages else ""
    pages += f"，{visit.failed} 页未取得" if visit.failed and pages else f"{visit.failed} 页未取得" * bool(visit.failed)
    if visit.outcome is Outcome.UNCHANGED:
        return Asking(name, "unchanged", "内容未变", "", pages, "")
    if visit.outcome is Outcome.EMPTY:
        return Asking(name, "empty", "没有线索", "0 条", pages, plainly(visit.because or "一条线索也没有"))
    return Asking(name, "fine", "已采集", f"{visit.leads} 条，其中新 {visit.fresh} 条", pages, "")


def _clock(time: dt.timedelta) -> str:
    minutes, seconds = divmod(max(0, int(time.total_seconds())), 60)
    return f"{minutes} 分 {seconds:02} 秒" if minutes else f"{seconds} 秒"


ROUTES = (
    Route("GET", "/new/{series}", offered, Role.EDITOR),
    Route("POST", "/new/{series}", begun, Role.EDITOR),
    Route("GET", "/runs/{series}/{start}", progress, Role.VIEWER),
)
