"""The first page: every series with its issues; and the page that explains all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from starlette.responses import Response

from pipeline.config import Series
from pipeline.errors import StoreError
from pipeline.model import Desked, Phase, Role, Severity, Standing
from pipeline.steps.window import due_at, next_due
from pipeline.web.asking import Asked, Route, draft_address
from pipeline.web.rendering import ago, days

_COUNTED = 3  # newest drafts of a series: as many as the office remembers for sure
_SEEN_OUT = 3  # issues that are out and still in sight; the archive has them all
_DRAFTS = (Phase.DRAFT, Phase.IN_REVIEW, Phase.APPROVED)
_OUT = (Phase.RELEASED, Phase.WITHDRAWN)
_AT_HAND = (Phase.OPEN, Phase.DUE, Phase.RUNNING, Phase.FAILED)


class Weight(StrEnum):
    """How much a way is pointed out."""

    MAIN = "primary"
    PLAIN = ""
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a row leads: an address and its word."""

    address: str
    words: str
    weight: Weight = Weight.PLAIN


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in a draft, in numbers."""

    chosen: int
    candidates: int
    folded: int
    """Reprints that lie under another article."""
    blocking: int | None = None
    """Findings; `None` while nobody asked the checks."""
    warnings: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a series."""

    window: str
    phase: str
    words: str
    """How it stands."""
    number: str
    told: str
    changed: str
    """By whom it was changed last, and when."""
    counts: Counts | None
    counting: str
    """Where its counts with the findings are; empty for what has none."""
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One series with its windows."""

    id: str
    title: str
    coming: str
    """What the clock does next."""
    paused: str
    rows: tuple[Row, ...]
    rest: tuple[Row, ...]
    """Windows that need nobody now."""


def home(asked: Asked) -> Response:
    """Every series with how its windows stand."""
    mine = [one for one in asked.desk.config.series.values() if asked.who.sees(one.id)]
    paused = asked.desk.claims.paused()
    shelves = [_shelf(asked, one, paused.get(one.id, "")) for one in mine]
    drafted = any(asked.desk.issues.stand(one.id) for one in mine)
    making = any(row.phase == Phase.RUNNING for one in shelves for row in (*one.rows, *one.rest))
    may = asked.who.role.allows(Role.EDITOR)
    return asked.page("home.html", shelves=shelves, empty=not drafted, making=making, may=may)


def counted(asked: Asked) -> Response:
    """What is in a draft and what its checks say, as a part of the first page."""
    desked = asked.desked()
    found = asked.office.findings(asked.desk, desked)
    blocking = sum(one.severity is Severity.BLOCKING for one in found)
    counts = _counts(desked, blocking, len(found) - blocking)
    return asked.page("_counts.html", counts=counts)


def explained(asked: Asked) -> Response:
    """How one gets from a draft to a release."""
    return asked.page("help.html")


def _counts(desked: Desked, blocking: int | None = None, warnings: int | None = None) -> Counts:
    draft = desked.draft
    folded = sum(len(one.articles) - 1 for one in draft.candidates)
    return Counts(len(draft.chosen), len(draft.candidates), folded, blocking, warnings)


def _shelf(asked: Asked, series: Series, paused: str) -> Shelf:
    desk = asked.desk
    stand, latest = desk.issues.stand(series.id), desk.issues.latest(series.id)
    editor = asked.who.role.allows(Role.EDITOR)
    rows: list[Row] = []
    rest: list[Row] = []
    drafts = out = 0
    for one in reversed(desk.standing(series)):
        start, drafted = one.window.start, one.phase in _DRAFTS
        drafts, out = drafts + drafted, out + (one.phase in _OUT)
        counted = drafted and drafts <= _COUNTED
        counts, trouble = None, ""
        if counted:
            try:
                counts = _counts(asked.office.desked(desk, series.id, one.window))
            except StoreError:  # one draft that is damaged hides no other
                trouble = "这份草稿读不出来，打开它可以看到原因。"
        last = latest.get(start) if one.phase is not Phase.SKIPPED else None
        row = Row(
            days(one.window),
            one.phase.value,
            one.phase.chinese,
            asked.numbered(series.id, one.number) if one.number else "",
            trouble or told(one, paused=bool(paused)),
            f"{last.who} {last.chinese} · {ago(asked.now, last.when)}" if last else "",
            counts,
            f"/counts/{series.id}/{start}" if counts else "",
            tuple(_ways(series, one, editor=editor, exists=start in stand, newest=drafted and drafts == 1)),
        )
        at_hand = drafted or one.phase in _AT_HAND or (one.phase in _OUT and (out <= _SEEN_OUT or one.told))
        (rows if at_hand else rest).append(row)
    upcoming = next_due(series, asked.now)
    coming = f"{due_at(series, upcoming):%Y-%m-%d %H:%M} 自动生成 {days(upcoming)} 的草稿"
    return Shelf(series.id, series.title, coming, paused, tuple(rows), tuple(rest))


def told(one: Standing, *, paused: bool = False) -> str:
    """What there is to say of how a window stands."""
    if one.phase is Phase.OPEN:
        return "还在收集"
    if one.phase is Phase.DUE:
        return "已暂停，不会自动生成" if paused else f"已到期（{one.due:%Y-%m-%d %H:%M}），会自动生成"
    return one.told.replace("。；", "；")


def _ways(series: Series, one: Standing, *, editor: bool, exists: bool, newest: bool) -> Sequence[Way]:
    """What can be done with a window; one that has a draft leads to it, whatever else became of it."""
    start = one.window.start
    draft = Way(draft_address(series.id, one.window), "看稿", Weight.MAIN if newest else Weight.PLAIN)
    progress = f"/runs/{series.id}/{start}"
    if one.phase in _DRAFTS:
        return [draft]
    if one.phase in _OUT:
        mending = [Way(draft.address, "看更正稿")] if one.told else []
        return [*mending, Way(f"/archive/{series.id}/{one.number}", "打开")]
    if one.phase is Phase.RUNNING:
        return [*([draft] if exists else []), Way(progress, "看进度")]
    if one.phase is Phase.SKIPPED:
        return [Way(f"/skip/{series.id}/{start}", "恢复")] if editor else []
    if one.phase is Phase.OPEN:
        return []
    skip = [Way(f"/skip/{series.id}/{start}", "跳过", Weight.QUIET)] if editor else []
    if one.phase is Phase.FAILED:
        return [*([draft] if exists else skip), Way(progress, "看原因")]
    return [*skip, Way(f"/new/{series.id}?start={start}", "生成草稿")] if editor else []


ROUTES = (
    Route("GET", "/", home, Role.VIEWER),
    Route("GET", "/counts/{series}/{start}", counted, Role.VIEWER),
    Route("GET", "/help", explained, Role.VIEWER),
)
