"""From the draft to the issue: submitted, approved, released, withdrawn, corrected.

One page, `/release`, shows how far a draft is and exactly what would be put out now, with every step from there as a
form; of what is out it shows the files. Each form says which revision its sender looked at; the one that releases also
the digest of all that was shown, and a token by which a button that was pressed twice is known again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from pipeline.desk import Prospect
from pipeline.errors import Conflict, DeskError, UsageError
from pipeline.model import PROCEEDINGS, Desked, Finding, Release, Revision, Role, Severity, State
from pipeline.outputs import FORMATS, NAMES
from pipeline.steps.tell import meant
from pipeline.web.asking import Asked, Route, attached, draft_address, natural
from pipeline.web.rendering import days, signed


@dataclass(frozen=True, slots=True)
class Head:
    """The line over the page."""

    base: str
    series: str
    number: str
    """第五三五期."""
    digits: str
    window: str
    badge: str
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way, and how far it is."""

    name: str
    told: str
    mark: str
    """`done`, `now` or `waiting`."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a check found."""

    kind: str
    """As badges are named: `failed`, `due`, or `skipped` for what somebody answered for."""
    word: str
    message: str
    fix: str
    address: str
    """Of the item it is about; empty for the issue as a whole."""


@dataclass(frozen=True, slots=True)
class Printed:
    """An item that would be put out."""

    position: int
    title: str
    outlet: str
    date: str


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier window that is still open."""

    window: str
    told: str
    address: str
    """Of its draft; empty while it has none."""
    skip: str
    """Where it is left out."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that was changed since somebody looked."""

    revision: int
    when: object
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Doing:
    """A button: whether it is there at all, and why it cannot be pressed."""

    there: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """What would be put out, and what stands against it."""

    steps: Sequence[Step]
    notes: Sequence[str]
    """What became of an approval, and why a draft was sent back."""
    correction: str
    """The line that a correction prints; empty for a first release."""
    corrected: str
    files: Sequence[str]
    items: Sequence[Printed]
    remarks: Sequence[Remark]
    blocking: int
    warning: int
    fates: Sequence[tuple[str, int]]
    leads: int
    silent: Sequence[str]
    before: Sequence[Before]
    digest: str
    token: str
    preview: str
    submit: Doing
    send_back: Doing
    approve: Doing
    release: Doing


@dataclass(frozen=True, slots=True)
class File:
    """A file that was put out."""

    name: str
    kind: str
    sha256: str
    address: str
    pending: bool


@dataclass(frozen=True, slots=True)
class Out:
    """One release of the issue."""

    title: str
    who: str
    when: object
    revision: int
    items: int
    tally: str
    note: str
    files: Sequence[File]
    current: bool

    @property
    def pending(self) -> int:
        """How many files are not in the folder yet."""
        return sum(one.pending for one in self.files)


def show(asked: Asked) -> Response:
    """How far a draft is and what would be put out; of what is out its files."""
    return _page(asked, asked.desked())


def _page(
    asked: Asked, desked: Desked, status: int = 200, told: DeskError | None = None, since: Sequence[Changed] = ()
) -> Response:
    values = {"head": _head(asked, desked), "told": told, "since": since, "out": _outs(asked, desked)}
    if not desked.put_out:
        shown = asked.desk.prospect(desked, asked.who.name, asked.office.findings(asked.desk, desked))
        return asked.page("release.html", status, one=_confirm(asked, shown), **values)
    gone = asked.desk.withdrawn(desked.draft.series, desked.number) if desked.withdrawn else None
    may = asked.who.role.allows(Role.APPROVER)
    missed = f"/archive/{desked.draft.series}/{desked.number}/missed"
    return asked.page(
        "released.html", status, gone=gone, may=may, missed=missed, folder=asked.desk.config.out, **values
    )


def _head(asked: Asked, desked: Desked) -> Head:
    draft, issue = desked.draft, asked.desk.issue(desked)
    correcting = desked.released and not desked.put_out
    return Head(
        base=draft_address(draft.series, draft.window),
        series=issue.title,
        number=f"第{issue.number_chinese}期",
        digits=f"第{desked.number}期" if desked.number > 0 else "尚无期号",
        window=days(draft.window),
        badge="correction" if correcting else desked.state.value,
        state=desked.chinese,
        revision=desked.revision,
    )


# ---------------------------------------------------------------------------------------- what would be put out


def _confirm(asked: Asked, shown: Prospect) -> Confirm:
    desked = shown.desked
    log = asked.desk.revisions(desked)
    base = draft_address(desked.draft.series, desked.draft.window)
    remarks = [_remark(one, desked, base) for one in shown.findings]
    return Confirm(
        steps=_steps(desked, log),
        notes=_notes(desked, log),
        correction=shown.issue.correction_line,
        corrected=shown.issue.corrected,
        files=_files(shown.files),
        items=[
            Printed(place, item.title, item.outlet, item.date.isoformat() if item.date else "无日期")
            for place, item in enumerate(shown.issue.items, start=1)
        ],
        remarks=remarks,
        blocking=sum(one.kind == "failed" for one in remarks),
        warning=sum(one.kind == "due" for one in remarks),
        fates=[(fate.chinese, count) for fate, count in shown.tally.counts.items() if count],
        leads=shown.tally.leads,
        silent=desked.draft.silent,
        before=_before(asked, shown),
        digest=shown.digest,
        token=secrets.token_urlsafe(16),
        preview=f"{base}/preview?revision={desked.revision}",
        **_doings(asked, shown),
    )


def _files(names: Sequence[str]) -> list[str]:
    """The documents by name; of the pictures beside them only how many."""
    documents = [name for name in names if "/" not in name]
    pictures = len(names) - len(documents)
    return [*documents, *([f"另附配图 {pictures} 张"] if pictures else [])]


def _doings(asked: Asked, shown: Prospect) -> dict[str, Doing]:
    """The steps that can be taken from here, by whoever asks."""
    desked, role = shown.desked, asked.who.role
    editor, approver = role.allows(Role.EDITOR), role.allows(Role.APPROVER)
    blocked = f"有 {len(shown.blocking)} 项阻断的检查没有通过" if shown.blocking else ""
    only = "" if approver else f"需要“{Role.APPROVER.chinese}”权限"
    alone = asked.desk.refused_alone(desked, asked.who.name)
    return {
        "submit": Doing(desked.state is State.DRAFT and editor),
        "send_back": Doing(desked.state in (State.IN_REVIEW, State.APPROVED) and approver),
        "approve": Doing(desked.state in (State.DRAFT, State.IN_REVIEW) and approver, alone or blocked),
        "release": Doing(desked.state.open, only or blocked or shown.refused),
    }


def _steps(desked: Desked, log: Sequence[Revision]) -> list[Step]:
    """草稿 → 送审 → 审定 → 发布: who took each last, as far as it still holds."""
    order = [State.DRAFT, State.IN_REVIEW, State.APPROVED, State.RELEASED]
    at = order.index(desked.state) if desked.state in order else 0
    verbs = ("", "submit", "approve", "release")
    found = []
    for place, (name, verb) in enumerate(zip(("编辑", "送审", "审定", "发布"), verbs, strict=True)):
        last = next((one.decision for one in reversed(log) if one.decision.verb == verb), None)
        told = signed(last.who, last.when) if last and 0 < place <= at else ""
        found.append(Step(name, told, "done" if place < at else "now" if place == at else "waiting"))
    return found


def _notes(desked: Desked, log: Sequence[Revision]) -> list[str]:
    """Why a draft is one again: what was approved has changed since, or was sent back."""
    last = next((one for one in reversed(log) if one.decision.verb in PROCEEDINGS), None)
    if desked.state is not State.DRAFT or last is None:
        return []
    decision = last.decision
    if decision.verb == "send-back":
        return [f"{decision.who}退回修改：{decision.reason}"]
    if decision.verb == "approve":
        who = "、".join(dict.fromkeys(one.decision.who for one in log if one.revision > last.revision))
        return [f"{decision.who}审定的是修订{last.revision}；此后{who}又有改动，审定已失效，需要重新审定。"]
    return []


def _remark(one: Finding, desked: Desked, base: str) -> Remark:
    address = f"{base}?item={quote(one.handle)}" if one.handle else ""
    if one.severity is Severity.BLOCKING:
        return Remark("failed", "阻断", one.message, one.fix, address)
    if desked.draft.waiver(one):
        return Remark("skipped", "已放行", one.message, "", address)
    return Remark("due", "提醒", one.message, one.fix, address)


def _before(asked: Asked, shown: Prospect) -> list[Before]:
    series = asked.desk.series(shown.desked.draft.series)
    stand = asked.desk.issues.stand(series.id)
    return [
        Before(
            days(one),
            f"{known.state.chinese}，修订{known.revision}" if (known := stand.get(one.start)) else "还没有草稿",
            draft_address(series.id, one) if known else "",
            f"/skip/{quote(series.id)}/{one.start}",
        )
        for one in shown.before
    ]


# -------------------------------------------------------------------------------------------------- what is out


def _outs(asked: Asked, desked: Desked) -> list[Out]:
    """Every release of an issue, the last one first."""
    revisions = asked.desk.issues.releases_of(desked.id)
    releases = [asked.desk.issues.release_of(desked.id, one) for one in reversed(revisions)]
    return [_out(asked, desked, one) for one in releases]


def _out(asked: Asked, desked: Desked, release: Release) -> Out:
    base = draft_address(desked.draft.series, desked.draft.window)
    missing = set(asked.desk.unpublished(release))
    return Out(
        title=f"更正{release.issue.correction}" if release.issue.correction else "首次发布",
        who=release.who,
        when=release.when,
        revision=release.revision,
        items=len(release.issue.items),
        tally=str(release.tally),
        note=release.issue.correction_line,
        files=[
            File(
                name,
                NAMES.get(suffix := name.rpartition(".")[2], "配图" if "/" in name else suffix.upper()),
                blob,
                f"{base}/released/{release.revision}/{quote(name)}",
                name in missing,
            )
            for name, blob in release.files.items()
        ],
        current=release.revision == desked.released,
    )


def file(asked: Asked) -> Response:
    """A file that was put out, as it was."""
    desked, name, revision = asked.desked(), asked.path("name"), natural(asked.path("revision"))
    if revision is None:
        raise UsageError(f"“{asked.path('revision')}”不是修订号。", "请从本期的页面下载。")
    data = asked.desk.given_out(desked, revision, name)
    suffix = name.rpartition(".")[2]
    kind = FORMATS[suffix].media_type if suffix in FORMATS else "application/octet-stream"
    return Response(data, media_type=kind, headers={"Content-Disposition": attached(name.rpartition("/")[2])})


def publish(asked: Asked) -> Response:
    """Writes copies that could not be written again."""
    asked.desk.reconcile()
    return asked.to(_here(asked))


# ---------------------------------------------------------------------------------------------------- the steps


def submit(asked: Asked) -> Response:
    """Hands a draft in for approval."""
    return _taken(asked, lambda desked: asked.desk.submit(desked, asked.who.name))


def approve(asked: Asked) -> Response:
    """Finds what was looked at fit to go out."""
    return _taken(asked, lambda desked: asked.desk.approve(desked, asked.who.name))


def sending_back(asked: Asked) -> Response:
    """The form that gives a draft back."""
    return _form(asked, "send_back.html")


def send_back(asked: Asked) -> Response:
    """Gives a draft back to be changed."""
    reason = asked.form.get("reason")
    return _taken(asked, lambda one: asked.desk.send_back(one, asked.who.name, reason), form="send_back.html")


def release(asked: Asked) -> Response:
    """Puts out exactly what was shown, once, or nothing."""
    seen, token = asked.form.get("digest"), asked.form.get("token")
    if not (seen and token):
        return _again(asked, Conflict("没有看过要发布的内容，没有发布。", "请看过下面的内容，再按“定稿发布”。"))
    if _was_this(asked, token):
        return asked.to(_here(asked))
    done = _taken(asked, lambda desked: asked.desk.release(desked, asked.who.name, seen=seen, token=token))
    return asked.to(_here(asked)) if done.status_code >= 400 and _was_this(asked, token) else done


def _was_this(asked: Asked, token: str) -> bool:
    """Whether it was this very form that released the issue: pressed twice, it is one release."""
    desked = asked.desked()
    if desked.state.open:
        return False
    last = next(one.decision for one in reversed(asked.desk.revisions(desked)))
    return last.verb == "release" and last.values.get("token") == token


def withdrawing(asked: Asked) -> Response:
    """The form that withdraws an issue."""
    return _form(asked, "withdraw.html")


def withdraw(asked: Asked) -> Response:
    """Marks what is out as something that no longer holds."""
    reason = asked.form.get("reason")
    return _taken(asked, lambda one: asked.desk.withdraw(one, asked.who.name, reason), form="withdraw.html")


def correcting(asked: Asked) -> Response:
    """The form that begins a correction, or says anew what one puts right."""
    return _form(asked, "correct.html", asked.desked().draft.corrected if asked.desked().state.open else "")


def correct(asked: Asked) -> Response:
    """Begins a correction of what is out, or says anew what one puts right."""
    begun = asked.desked().state.open
    note = asked.form.get("reason")
    done = _taken(asked, lambda desked: asked.desk.correct(desked, asked.who.name, note), form="correct.html")
    if done.status_code >= 400 or begun:
        return done
    return asked.to(draft_address(asked.series().id, asked.window()))


def drop(asked: Asked) -> Response:
    """Gives a correction up that was begun."""
    return _taken(asked, lambda desked: asked.desk.drop(desked, asked.who.name, asked.form.get("reason")))


def _form(asked: Asked, template: str, text: str = "", error: DeskError | None = None, status: int = 200) -> Response:
    desked = asked.desked()
    return asked.page(template, status, head=_head(asked, desked), text=text, told=error, out=_outs(asked, desked)[:1])


def _taken(asked: Asked, take: Callable[[Desked], object], form: str = "") -> Response:
    """Takes a step from the revision that was looked at, or says what is in its way, with nothing typed lost."""
    desked = asked.desked()
    try:
        _as_seen(asked, desked)
        take(desked)
    except DeskError as error:
        if form and not isinstance(error, Conflict):
            return _form(asked, form, asked.form.get("reason"), error, 422)
        return _again(asked, error)
    return asked.to(_here(asked))


def _as_seen(asked: Asked, desked: Desked) -> None:
    if asked.form.get("revision") != str(desked.revision):
        raise Conflict("在您看过之后又有改动，这一步没有做。", "请看过下面的改动和新的内容，再决定。")


def _again(asked: Asked, error: DeskError) -> Response:
    """The page as it is now, with why nothing was done and what was changed meanwhile."""
    desked = asked.desked()
    seen = natural(asked.form.get("revision"))
    log = asked.desk.revisions(desked)
    since = [_changed(one, desked) for one in log if seen is not None and one.revision > seen]
    # who comes second may be refused for what the first one did before it is known that there was one
    return _page(asked, desked, 409 if since or isinstance(error, Conflict) else 422, error, since)


def _changed(one: Revision, desked: Desked) -> Changed:
    decision = one.decision
    reason = f"：{decision.reason}" if decision.reason else ""
    what = f"{decision.chinese} {meant(decision, desked.draft, handles=False)}".strip()
    return Changed(one.revision, decision.when, decision.who, what + reason)


def _here(asked: Asked) -> str:
    return draft_address(asked.series().id, asked.window(), "release")


_ISSUE = "/issues/{series}/{start}"

ROUTES = (
    Route("GET", f"{_ISSUE}/release", show, Role.VIEWER),
    Route("POST", f"{_ISSUE}/release", release, Role.APPROVER),
    Route("POST", f"{_ISSUE}/submit", submit, Role.EDITOR),
    Route("POST", f"{_ISSUE}/approve", approve, Role.APPROVER),
    Route("GET", f"{_ISSUE}/send-back", sending_back, Role.APPROVER),
    Route("POST", f"{_ISSUE}/send-back", send_back, Role.APPROVER),
    Route("GET", f"{_ISSUE}/withdraw", withdrawing, Role.APPROVER),
    Route("POST", f"{_ISSUE}/withdraw", withdraw, Role.APPROVER),
    Route("GET", f"{_ISSUE}/correct", correcting, Role.APPROVER),
    Route("POST", f"{_ISSUE}/correct", correct, Role.APPROVER),
    Route("POST", f"{_ISSUE}/drop", drop, Role.APPROVER),
    Route("POST", f"{_ISSUE}/publish", publish, Role.APPROVER),
    Route("GET", f"{_ISSUE}/released/{{revision}}/{{name:path}}", file, Role.VIEWER),
)
