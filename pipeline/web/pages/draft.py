"""The draft page: what is in, what waits, what is passed over, and what the checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.responses import Response

from pipeline.errors import UsageError
from pipeline.model import (
    Desked,
    Finding,
    Revision,
    Role,
    Severity,
    State,
    Waiver,
)
from pipeline.steps.mending import Fix, fixes
from pipeline.steps.reasons import Passed, told
from pipeline.steps.tell import meant
from pipeline.steps.undecided import Undecided, undecided
from pipeline.web.asking import Asked, Route, draft_address, natural
from pipeline.web.pages.candidates import Listing, Row, listing, own_heaps
from pipeline.web.pages.document import preview_view
from pipeline.web.pages.item import MOST_BYTES, item_view, save
from pipeline.web.pages.original import restore
from pipeline.web.rendering import days, signed

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
class StepBack:
    """Undoing, or redoing: a button, and what it would do."""

    path: str
    label: str
    sign: str
    key: str
    of: int
    """The revision it is about; 0 for none."""
    told: str
    """What would be undone and whose it was; empty when there is nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A way on from here to the issue: a button."""

    path: str
    label: str
    look: str
    post: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The line over the draft."""

    base: str
    """The draft's address."""
    series: str
    number: str
    window: str
    state: State
    stands: str
    """The state in Chinese: 草稿, 更正中."""
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
    steps_back: tuple[StepBack, ...]
    steps: tuple[Step, ...]


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

    reasons: tuple[Reason, ...]
    rows: tuple[Row, ...]
    """Candidates of the draft."""
    leads: tuple[Passed, ...]
    """Other leads of the window."""
    more: int
    """How many are not shown."""
    query: str
    """What of the address keeps this reason open after a decision."""
    tally: str
    """What became of every lead of the window; empty while there were none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A finding, and what may be done about it."""

    finding: Finding
    title: str
    """Of the item; empty for the issue as a whole."""
    fixes: tuple[Fix, ...] = ()
    waiver: Waiver | None = None
    """Who answered for it, and why."""

    @property
    def message(self) -> str:
        """What was found, without who answered for it: that stands beside it."""
        return self.finding.message.removesuffix(self.waiver.chinese) if self.waiver else self.finding.message


@dataclass(frozen=True, slots=True)
class Walk:
    """One thing to be decided of all that are left."""

    one: Undecided | None
    """`None` when everything was decided."""
    checked: Checked | None
    row: Row | None
    place: int
    """Among what is left, from 1."""
    left: int
    fetch: bool
    """Whether the item is to be shown beside it: not when it is what was asked for, and may be written in."""
    next: str
    """The address of the one after it."""


def show(asked: Asked) -> Response:
    """The draft of a window; a script may ask for one part of it."""
    desked = asked.desked()
    if asked.fragment and "walk" in asked.request.query_params:
        return asked.page("_walk.html", 200, head=head(asked, desked), walk=_walk(asked, desked))
    if asked.fragment and (handle := asked.query("more")):
        return asked.page("_more.html", 200, **_more(asked, desked, handle))
    if asked.fragment and asked.query("group"):
        whole = asked.query("group") == "list"
        return asked.page("_decided.html" if whole else "_group.html", 200, **_list(asked, desked))
    return asked.page("draft.html", 200, **_page(asked, desked))


def _page(asked: Asked, desked: Desked) -> dict[str, object]:
    walk = _walk(asked, desked) if "walk" in asked.request.query_params else None
    values = _list(asked, desked)
    selected = str(values["selected"])
    if walk and walk.one and walk.one.handle:
        selected = walk.one.handle
    known = asked.office.known_findings(asked.desk, desked)
    return {
        **values,
        "selected": selected,
        "item": item_view(asked, desked, selected) if selected else None,
        "preview": preview_view(desked),
        "walk": walk,
        "checks": _checked(asked, desked, known) if known is not None else None,
    }


def _list(asked: Asked, desked: Desked) -> dict[str, object]:
    rows = _rows(asked, desked)
    group, handle = asked.query("group"), asked.query("more")
    return {
        "desked": desked,
        "head": head(asked, desked),
        "list": rows if group == "standby" else replace(rows, standby=rows.standby[:_FIRST]),
        "group": group,
        "waiting": len(rows.standby),
        "out": len(rows.passed),
        "over": _passed(asked, desked, rows) if group == "passed" else None,
        "selected": _selected(asked, rows),
        "more": _more(asked, desked, handle) if handle and not asked.fragment and rows.row(handle) else None,
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
    found = asked.office.known_findings(asked.desk, desked)
    return Head(
        base=draft_address(draft.series, draft.window),
        series=series.title,
        number=asked.numbered(draft.series, desked.number),
        window=days(draft.window),
        state=desked.state,
        stands=desked.chinese,
        revision=desked.revision,
        editable=desked.state.open and asked.who.role.allows(Role.EDITOR),
        out=f"/archive/{quote(draft.series)}/{desked.number}" if desked.released else "",
        chosen=len(draft.chosen),
        candidates=rows.count,
        folded=rows.folded,
        counts=_counted(found) if found is not None else None,
        silent=draft.silent,
        alarm=draft.alarm,
        steps_back=_steps_back(asked, desked),
        steps=_steps(desked.state, asked.who.role),
    )


def _steps_back(asked: Asked, desked: Desked) -> tuple[StepBack, ...]:
    last, again = asked.office.kept(
        "steps back", desked, lambda: (asked.desk.undoable(desked), asked.desk.redoable(desked))
    )
    return tuple(
        StepBack(path, label, sign, key, one.revision if one else 0, _whose(desked, one) if one else "")
        for path, label, sign, key, one in (("undo", "撤销", "↶", "u", last), ("redo", "重做", "↷", "U", again))
    )


def _whose(desked: Desked, one: Revision) -> str:
    """What somebody did: 剔除《…》（王编辑 06-13 08:00）."""
    decision = one.decision
    what = f"{decision.chinese} {meant(decision, desked.draft, handles=False)}".rstrip()
    return f"{what}（{signed(decision.who, decision.when)}）"


def _steps(state: State, role: Role) -> tuple[Step, ...]:
    """The ways on, the nearest last."""
    approves = role.allows(Role.APPROVER)
    if state is State.DRAFT and role.allows(Role.EDITOR):
        first = Step("release", "定稿发布", "", post=False)
        return (*((first,) if approves else ()), Step("submit", "提交审核", "primary", post=True))
    if state is State.IN_REVIEW and approves:
        return (Step("send-back", "退回修改", "", post=False), Step("approve", "审定", "primary", post=True))
    if state is State.APPROVED and approves:
        return (Step("send-back", "退回修改", "", post=False), Step("release", "定稿发布", "primary", post=False))
    return (Step("release", "送审与发布" if state.open else "发布件", "", post=False),)


def _counted(found: Sequence[Finding]) -> Counts:
    blocking = sum(one.severity is Severity.BLOCKING for one in found)
    return Counts(blocking, len(found) - blocking)


def _passed(asked: Asked, desked: Desked, rows: Listing) -> PassedOver:
    """What was passed over: candidates that are out, and leads that never were candidates."""
    own = own_heaps(desked.draft, rows.passed)
    tally = asked.desk.tally(desked)
    heaps = {one.group: one.count for one in asked.desk.passed(desked, limit=1, candidates=False).heaps}
    counts = {one.group: one.count for one in own}
    counts |= {group: counts.get(group, 0) + count for group, count in heaps.items()}
    why = asked.query("why")
    if why not in counts:
        why = next(iter(counts), "")
    base = draft_address(desked.draft.series, desked.draft.window)
    leads: tuple[Passed, ...] = ()
    if why in heaps:
        named = asked.desk.passed(desked, reason=why, limit=_PASSED, candidates=False).heaps
        leads = next(one.leads for one in named if one.group == why)
    handles = {one.handle for heap in own if heap.group == why for one in heap.leads}
    shown = tuple(one for one in rows.passed if one.handle in handles)[:_PASSED]
    return PassedOver(
        tuple(
            Reason(name, count, f"{base}?{urlencode({'group': 'passed', 'why': name})}", name == why)
            for name, count in counts.items()
        ),
        shown,
        leads,
        counts.get(why, 0) - len(shown) - len(leads),
        urlencode({"group": "passed", "why": why}),
        str(tally) if tally.leads else "",
    )


def _more(asked: Asked, desked: Desked, handle: str) -> dict[str, object]:
    """Everything that led to where a candidate stands, and the candidates that it may be merged with."""
    rows = _rows(asked, desked)
    row = rows.row(handle)
    if row is None:
        raise UsageError("草稿里没有这一条了。", "请刷新页面。")
    others = [one for one in (*rows.chosen, *rows.standby) if one.handle != handle]
    return {
        "head": head(asked, desked),
        "one": row,
        "why": told(asked.desk.why(desked, handle)),
        "others": others,
    }


# the checks, and what is left to decide ---------------------------------------------------------------


def checks(asked: Asked) -> Response:
    """What the checks say of the draft as it stands, and what may be done about each; counts go to the line above."""
    desked = asked.desked()
    found = asked.office.findings(asked.desk, desked)
    if not asked.fragment:
        return asked.page("draft.html", 200, **_page(asked, desked))
    return asked.page(
        "_checked.html", 200, desked=desked, head=head(asked, desked), checks=_checked(asked, desked, found)
    )


def _checked(asked: Asked, desked: Desked, found: Sequence[Finding]) -> tuple[Checked, ...]:
    items = asked.desk.issue(desked).items if found else ()
    titles = {one.handle: one.title for one in items}
    outlets = asked.desk.config.outlets
    checked = []
    for one in found:
        waiver = desked.draft.waiver(one)
        mends = () if waiver else fixes(one, desked.draft, items, outlets)
        if one.severity is Severity.BLOCKING and not any(mend.verb == "waive" for mend in mends):
            mends += (Fix("放行", "waive", one.key, reasoned=True),)
        checked.append(Checked(one, titles.get(one.handle, ""), mends, waiver))
    return tuple(checked)


def _walk(asked: Asked, desked: Desked) -> Walk:
    """What is to be decided next: what was asked for while it is undecided, else what has come to its place."""
    left = undecided(desked.draft, asked.office.findings(asked.desk, desked))
    wanted, place = asked.query("walk"), asked.query("place", "1")
    at = next((number for number, one in enumerate(left) if one.key == wanted), None)
    base = draft_address(desked.draft.series, desked.draft.window)
    if not left:
        return Walk(None, None, None, 0, 0, False, base)
    index = at if at is not None else min(max(natural(place) or 1, 1), len(left)) - 1
    one = left[index]
    after = (index + 1) % len(left)
    checked = _checked(asked, desked, [one.finding])[0] if one.finding else None
    return Walk(
        one,
        checked,
        _rows(asked, desked).row(one.handle),
        index + 1,
        len(left),
        at is None or wanted != asked.query("shown"),
        f"{base}?{urlencode({'walk': left[after].key, 'place': after + 1})}",
    )


# deciding ---------------------------------------------------------------------------------------------


def decide(asked: Asked) -> Response:
    """Applies what somebody decided; several targets are several decisions."""
    desked = asked.desked()
    verb, seen = _said(asked, "verb"), natural(_said(asked, "revision"))
    if verb not in _VALUES:
        raise UsageError("没有这种操作。", "请用页面上的按钮。")
    if seen is None:
        raise UsageError("没有说明所看的是哪一次修订。", "请刷新页面再试。")
    named = asked.query("target")
    targets = [named] if named else [one for one in asked.form.fields.get("target", ()) if one]
    if not targets:
        raise UsageError("没有选中任何一条。", "请先勾选。")
    given = {*asked.request.query_params, *asked.form.fields}
    values = {name: _said(asked, name) for name in _VALUES[verb] if name in given}
    for target in targets:
        desked = asked.desk.decide(desked, asked.decision(verb, target, _said(asked, "reason"), **values), seen=seen)
        seen = desked.revision
    return answered(asked, desked, targets[-1], _done(asked, desked, verb, targets))


def _said(asked: Asked, name: str) -> str:
    """What a form said, or the button it was sent with: a button without a script can only say it by its address."""
    return asked.query(name) or asked.form.get(name)


def _done(asked: Asked, desked: Desked, verb: str, targets: Sequence[str]) -> str:
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
    response = asked.page("_decided.html", 200, **_list(asked, desked))
    response.headers["HX-Trigger"] = "revised"
    response.headers["X-Told"] = quote(told)
    return response


def edit(asked: Asked) -> Response:
    """Saves what was edited of a candidate where it is read, see `item`."""
    return _relisted(asked, save(asked))


def take_back(asked: Asked) -> Response:
    """Puts a paragraph that was left out back into a candidate's body, see `original`."""
    return _relisted(asked, restore(asked))


def _relisted(asked: Asked, answer: Response) -> Response:
    """The answer with the list and the line over it as they are now, for a script."""
    if asked.fragment and answer.status_code == 200:
        beside = asked.page("_relisted.html", 200, **_list(asked, asked.desked()))
        answer.body = bytes(answer.body) + bytes(beside.body)
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


ROUTES = (
    Route("GET", "/issues/{series}/{start}", show, Role.VIEWER),
    Route("POST", "/issues/{series}/{start}/items/{handle}", edit, Role.EDITOR, max_bytes=MOST_BYTES),
    Route("POST", "/issues/{series}/{start}/items/{handle}/restore", take_back, Role.EDITOR),
    Route("GET", "/issues/{series}/{start}/checks", checks, Role.VIEWER),
    Route("POST", "/issues/{series}/{start}/decide", decide, Role.EDITOR),
)
