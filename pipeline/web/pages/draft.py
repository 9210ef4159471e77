"""The draft page: what is in, what waits, what is passed over, and what the checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, quote, urlsplit

from starlette.responses import Response

from pipeline.errors import UsageError
from pipeline.model import Desked, Finding, Role, Severity, State, chinese_number
from pipeline.steps.reasons import Passed
from pipeline.web.asking import Asked, Route, draft_address
from pipeline.web.pages.candidates import Listing, Row, listing, own_heaps
from pipeline.web.pages.item import item_view

_FIRST = 60  # rows of what waits, until the rest is asked for; nobody looks through more at a time
_PASSED = 100  # rows of one reason
_VALUES: Mapping[str, Sequence[str]] = {
    "include": (),
    "exclude": (),
    "split": (),
    "merge": ("into",),
    "edit": ("title", "outlet", "url", "date", "body", "blocks"),
    "reorder": ("to",),
    "excerpt": ("whole",),
    "represent": ("with",),
    "waive": (),
}
"""What each decision is told beside its target and its reason; taking back a file has a page of its own."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the checks found, in numbers."""

    blocking: int
    warning: int


@dataclass(frozen=True, slots=True)
class Head:
    """The line over the draft."""

    base: str
    """The draft's address."""
    series: str
    number: str
    window: str
    state: State
    revision: int
    editable: bool
    out: str
    """The address in the archive; empty for what is not out."""
    chosen: int
    candidates: int
    folded: int
    counts: Counts | None
    """`None` while nobody asked yet."""
    silent: tuple[str, ...]
    alarm: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for which something was passed over."""

    name: str
    count: int
    address: str
    open: bool


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What was passed over, by reason; of one reason what it is."""

    reasons: tuple[Reason, ...] = ()
    rows: tuple[Row, ...] = ()
    """Candidates of the draft."""
    leads: tuple[Passed, ...] = ()
    """Other leads of the window."""
    more: int = 0
    """How many are not shown."""


def show(asked: Asked) -> Response:
    """The draft of a window; a script may ask for one group of the list."""
    desked = asked.desked()
    if asked.fragment and (group := asked.query("group")):
        return asked.page("_group.html", 200, group=group, **_list(asked, desked))
    return asked.page("draft.html", 200, **_page(asked, desked))


def _page(asked: Asked, desked: Desked) -> dict[str, object]:
    values = _list(asked, desked)
    selected = str(values["selected"])
    return {**values, "item": item_view(asked, desked, selected) if selected else None}


def _list(asked: Asked, desked: Desked) -> dict[str, object]:
    rows = _rows(asked, desked)
    group = asked.query("group")
    every = group == "standby"
    return {
        "desked": desked,
        "head": head(asked, desked),
        "list": rows if every else replace(rows, standby=rows.standby[:_FIRST]),
        "waiting": len(rows.standby),
        "over": _passed(asked, desked, rows) if group == "passed" else None,
        "selected": _selected(asked, rows),
    }


def _rows(asked: Asked, desked: Desked) -> Listing:
    return asked.office.kept("list", desked, lambda: listing(desked, asked.desk.config.outlets))


def _selected(asked: Asked, rows: Listing) -> str:
    """The handle of the candidate that is being looked at; a script says where it is by the address it is at."""
    current = asked.request.headers.get("hx-current-url", "")
    named = parse_qs(urlsplit(current).query).get("item", [""])[-1] if asked.fragment else asked.query("item")
    first = next((one.handle for one in rows.every()), "")
    return named if rows.row(named) else first


def head(asked: Asked, desked: Desked) -> Head:
    """The line over a draft."""
    draft = desked.draft
    series = asked.desk.series(draft.series)
    rows = _rows(asked, desked)
    found = asked.office.known("findings", desked)
    return Head(
        base=draft_address(draft.series, draft.window),
        series=series.title,
        number=chinese_number(desked.number),
        window=f"{draft.window.start} — {draft.window.end:%m-%d}",
        state=desked.state,
        revision=desked.revision,
        editable=desked.state is State.DRAFT and asked.who.role.allows(Role.EDITOR),
        out=f"/archive/{quote(draft.series)}/{desked.number}" if desked.state is State.RELEASED else "",
        chosen=len(draft.chosen),
        candidates=rows.count,
        folded=rows.folded,
        counts=_counted(found) if isinstance(found, list) else None,
        silent=draft.silent,
        alarm=draft.alarm,
    )


def _counted(found: Sequence[Finding]) -> Counts:
    blocking = sum(one.severity is Severity.BLOCKING for one in found)
    return Counts(blocking, len(found) - blocking)


def _passed(asked: Asked, desked: Desked, rows: Listing) -> PassedOver:
    """What was passed over: candidates that are out, and leads that never were candidates."""
    own = own_heaps(desked.draft, rows.passed)
    pile = asked.desk.passed(desked, limit=1, candidates=False)
    counts: dict[str, int] = {}
    for heap in (*own, *pile.heaps):
        counts[heap.group] = counts.get(heap.group, 0) + heap.count
    reason = asked.query("reason")
    if reason not in counts:
        reason = next(iter(counts), "")
    base = draft_address(desked.draft.series, desked.draft.window)
    handles = [one.handle for heap in own if heap.group == reason for one in heap.leads]
    listed = (
        asked.desk.passed(desked, reason=reason, limit=_PASSED, candidates=False).heaps
        if reason in {heap.group for heap in pile.heaps}
        else ()
    )
    leads = tuple(one for heap in listed if heap.group == reason for one in heap.leads)
    shown = {one.handle: one for one in rows.passed}
    return PassedOver(
        tuple(
            Reason(name, count, f"{base}?group=passed&reason={quote(name)}", name == reason)
            for name, count in counts.items()
        ),
        tuple(shown[handle] for handle in handles),
        leads,
        counts.get(reason, 0) - len(handles) - len(leads),
    )


def decide(asked: Asked) -> Response:
    """Applies what somebody decided; several targets are several decisions."""
    desked = asked.desked()
    verb, revision = _said(asked, "verb"), _said(asked, "revision")
    if verb not in _VALUES:
        raise UsageError("没有这种操作。", "请用页面上的按钮。")
    if not revision.isdecimal():
        raise UsageError("没有说明所看的是哪一次修订。", "请刷新页面再试。")
    named = asked.query("target")
    targets = [named] if named else [one for one in asked.form.fields.get("target", ()) if one]
    if not targets:
        raise UsageError("没有选中任何一条。", "请先勾选。")
    given = {*asked.request.query_params, *asked.form.fields}
    values = {name: _said(asked, name) for name in _VALUES[verb] if name in given}
    seen = int(revision)
    for target in targets:
        desked = asked.desk.decide(desked, asked.decision(verb, target, _said(asked, "reason"), **values), seen=seen)
        seen = desked.revision
    return answered(asked, desked, targets[-1], _told(asked, desked, verb, targets))


def _said(asked: Asked, name: str) -> str:
    """What a form said, or the button it was sent with: a button without a script can only say it by its address."""
    return asked.query(name) or asked.form.get(name)


def _told(asked: Asked, desked: Desked, verb: str, targets: Sequence[str]) -> str:
    """What was done, to be read out."""
    done = asked.decision(verb).chinese
    if len(targets) > 1:
        return f"已{done} {len(targets)} 条"
    found = _meant(desked, targets[0])
    if verb == "reorder" and found in desked.draft.chosen:
        return f"顺序已保存：第{desked.draft.chosen.index(found) + 1}条"
    title = desked.draft.candidate(found).article.title if found else ""
    return f"已{done}《{title}》" if title else f"已{done}"


def _meant(desked: Desked, target: str) -> str:
    """The handle of the candidate that a decision was about, by its handle or an address; empty when it is gone."""
    for one in desked.draft.candidates:
        if target == one.handle or target in {article.url for article in one.articles}:
            return one.handle
    return ""


def answered(asked: Asked, desked: Desked, target: str, told: str) -> Response:
    """The list after a decision, with the line over it; without a script the page at what was decided about."""
    if not asked.fragment:
        item = _meant(desked, target)
        return asked.to(draft_address(desked.draft.series, desked.draft.window) + (f"?item={item}" if item else ""))
    response = asked.page("_decided.html", 200, told=told, **_list(asked, desked))
    response.headers["HX-Trigger"] = "revised"
    return response


ROUTES = (
    Route("GET", "/issues/{series}/{start}", show, Role.VIEWER),
    Route("POST", "/issues/{series}/{start}/decide", decide, Role.EDITOR),
)
