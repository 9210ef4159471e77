"""Who decided what, what differs between two revisions, and what two people did at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote, urlencode

from starlette.responses import Response

from pipeline.errors import Collision, Conflict, DeskError, UsageError
from pipeline.model import (
    BEIJING,
    Block,
    Clash,
    Decision,
    Desked,
    Draft,
    Item,
    Kind,
    Matter,
    Revision,
    Role,
)
from pipeline.steps import blocks
from pipeline.steps.abreast import Row, abreast, both, lines, relined, row
from pipeline.steps.assemble import printed
from pipeline.steps.differ import Differing, differ
from pipeline.steps.tell import in_words, meant, titles_of
from pipeline.web.asking import Asked, Route, draft_address, natural
from pipeline.web.pages.draft import answered
from pipeline.web.rendering import moment, signed

# ------------------------------------------------------------------------------- two people at once

_FIELDS = {Matter.TITLE: "title", Matter.OUTLET: "outlet", Matter.URL: "url", Matter.DATE: "date", Matter.TEXT: "text"}
"""What can be made one of two, and what the form calls it."""
_TEXTS = ("body", "blocks")
_LABELS = {name: matter.chinese for matter, name in _FIELDS.items()} | dict.fromkeys(_TEXTS, Matter.TEXT.chinese)


@dataclass(frozen=True, slots=True)
class Side:
    """One thing that two people decided otherwise, as it is shown."""

    name: str
    """What its field is called in the form; empty for what cannot be made one."""
    label: str
    seen: tuple[str, ...]
    """What both began from, line by line."""
    rows: tuple[Row, ...]
    """Mine and theirs, line by line."""
    long: bool
    joined: str
    """What both come to as one, to be changed further."""
    met: int
    """In how many places of a text both wrote something; mine is proposed there."""
    by: str
    """Who decided otherwise, and when; empty where the log does not say."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A decision that was not kept because somebody decided otherwise, and what can be done now."""

    title: str
    message: str
    address: str
    """Of the draft."""
    back: str
    """Where the draft shows what it is about."""
    revision: int
    decision: Decision
    sides: tuple[Side, ...]
    rest: tuple[tuple[str, str], ...]
    """What of the decision nobody else touched, as an edit has it."""
    editable: bool
    """Whether both can be made one."""
    possible: bool
    """Whether the decision can still be carried out."""


def collided(asked: Asked, collision: Collision) -> Response:
    """Both texts side by side, and what can be made of them: nothing that was typed is lost."""
    return asked.page("_merge.html" if asked.fragment else "merge.html", 409, merge=merge_view(collision))


def merge_view(collision: Collision) -> Merge:
    """What is shown of a collision."""
    decision, desked = collision.decision, collision.desked
    address = draft_address(desked.draft.series, desked.draft.window)
    handle = next((one.handle for one in collision.clashes if one.handle), decision.target)
    here = {one.handle for one in desked.draft.candidates}
    met = {_FIELDS[one.matter] for one in collision.clashes if one.matter in _FIELDS}
    edit = decision.verb == "edit"
    rest = {name: value for name, value in decision.values.items() if ("text" if name in _TEXTS else name) not in met}
    return Merge(
        title=next((one.title for one in collision.clashes if one.title), ""),
        message=collision.message,
        address=address,
        back=f"{address}?item={handle}" if handle in here else address,
        revision=desked.revision,
        decision=decision,
        sides=tuple(_side(one, editable=edit) for one in collision.clashes),
        rest=tuple(rest.items()),
        editable=edit and bool(met) and handle in here,
        possible=handle in here or not handle,
    )


def _side(clash: Clash, *, editable: bool) -> Side:
    seen, mine, theirs = clash.blocks
    text = clash.matter is Matter.TEXT
    joined, met = both(seen, mine, theirs) if text else ((), 0)
    return Side(
        name=_FIELDS.get(clash.matter, "") if editable else "",
        label=clash.matter.chinese,
        seen=tuple((lines(seen) if text else clash.seen).splitlines()),
        rows=tuple(abreast(mine, theirs) if text else _line_by_line(clash.mine, clash.theirs)),
        long=text,
        joined=lines(joined) if text else clash.mine,
        met=met,
        by=signed(clash.by.decision.who, clash.by.decision.when) if clash.by else "",
    )


def _line_by_line(mine: str, theirs: str) -> Sequence[Row]:
    ours, its = mine.splitlines(), theirs.splitlines()
    if len(ours) == len(its) == 1:
        return [row(mine, theirs)]
    return abreast(*(tuple(Block(Kind.PARAGRAPH, line) for line in some) for some in (ours, its)))


def settle(asked: Asked) -> Response:
    """What somebody chose of two texts, as a decision on the revision that was shown with them."""
    form, desked = asked.form, asked.desked()
    values = {name.removeprefix("value-"): form.get(name) for name in form.fields if name.startswith("value-")}
    target = form.get("target")
    if form.get("joined"):
        own = values.get("blocks", "")
        values = {name: value for name, value in values.items() if name not in _TEXTS}
        values |= {name: form.get(name) for name in ("title", "outlet", "url", "date") if name in form.fields}
        if "text" in form.fields:
            candidate = desked.draft.candidate(target)
            known = (blocks.read(own) if own else (), printed(desked.draft, candidate).blocks, candidate.article.blocks)
            values["blocks"] = blocks.written(relined(form.get("text"), *known))
    decision = asked.decision(form.get("verb"), target, form.get("reason"), **values)
    try:
        desked = asked.desk.decide(desked, decision, seen=_number(form.get("revision")))
    except UsageError as error:
        return refused(asked, decision, error)
    address = draft_address(desked.draft.series, desked.draft.window)
    return asked.to(f"{address}?item={target}" if target else address)


def _number(text: str) -> int:
    number = natural(text)
    if number is None:
        raise UsageError("没有说明所看的是哪一次修订。", "请刷新页面再试。")
    return number


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that was refused, with all that was typed."""

    message: str
    fix: str
    back: str
    texts: tuple[tuple[str, str, bool], ...]
    """Label, text, and whether it is long."""


def refused(asked: Asked, decision: Decision, error: DeskError, status: int = 422) -> Response:
    """Why an edit was not kept, with what was typed: without a script the page it was typed on is gone."""
    address = draft_address(asked.series().id, asked.window())
    typed = {_LABELS.get(name, ""): (name, value) for name, value in decision.values.items() if name in _LABELS}
    view = Refused(
        error.message,
        error.fix,
        f"{address}?item={decision.target}" if decision.target else address,
        tuple((label, _as_typed(name, value), name in _TEXTS) for label, (name, value) in typed.items()),
    )
    return asked.page("_refused.html" if asked.fragment else "refused.html", status, refused=view)


def _as_typed(name: str, value: str) -> str:
    if name != "blocks":
        return value
    try:
        return lines(blocks.read(value))
    except UsageError:  # what is refused may be that it cannot be read
        return value


# --------------------------------------------------------------------------------- back and forth


def undo(asked: Asked) -> Response:
    """Takes the last change back, if it is still the one that was shown."""
    return _stepped(asked, asked.desk.undo(asked.desked(), asked.who.name, of=_shown(asked)))


def redo(asked: Asked) -> Response:
    """Makes the last change again that was undone, likewise."""
    return _stepped(asked, asked.desk.redo(asked.desked(), asked.who.name, of=_shown(asked)))


def _shown(asked: Asked) -> int:
    return _number(asked.form.get("of") or "0")


def _stepped(asked: Asked, desked: Desked) -> Response:
    """The draft, at the item that was changed."""
    last = asked.desk.revisions(desked)[-1].decision
    address = draft_address(desked.draft.series, desked.draft.window)
    here = any(one.handle == last.target for one in desked.draft.candidates)
    told = f"已{last.chinese}：{meant(last, desked.draft, handles=False)}"
    if asked.fragment:
        return answered(asked, desked, last.target, told)
    response = asked.to(f"{address}?item={last.target}" if here else address)
    response.headers["X-Told"] = quote(told)
    return response


def restore(asked: Asked) -> Response:
    """Makes the draft what it was, if nobody changed it since that was asked for."""
    desked = asked.desked()
    if _number(asked.form.get("revision")) != desked.revision:
        raise Conflict("草稿刚又有改动，没有恢复。", "请看过现在的草稿再决定。")
    asked.desk.restore(desked, _number(asked.form.get("to")), asked.who.name)
    return asked.to(draft_address(desked.draft.series, desked.draft.window))


# ------------------------------------------------------------------------------------------- notes


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as it is shown."""

    id: str
    who: str
    when: str
    text: str
    about: str
    """The item it is about, where notes of several are shown."""
    link: str
    settled: str


@dataclass(frozen=True, slots=True)
class NotesView:
    """The notes of an item, or of the whole issue with those of its items that still stand."""

    address: str
    revision: int
    handle: str
    open: tuple[NoteView, ...]
    settled: tuple[NoteView, ...]
    may: bool
    """Whether whoever asks may write and settle."""


def notes_view(asked: Asked, desked: Desked, handle: str = "") -> NotesView:
    """What `_notes.html` shows: of one item, or without a handle of the whole issue."""
    draft = desked.draft
    address = draft_address(draft.series, draft.window)
    noted = {one.handle for one in draft.notes if not handle}
    titles = {one.handle: printed(draft, one).title for one in draft.candidates if one.handle in noted}
    shown = [
        NoteView(
            one.id,
            one.who,
            f"{one.when.astimezone(BEIJING):%m-%d %H:%M}",
            one.text,
            titles.get(one.handle, ""),
            f"{address}?item={one.handle}" if one.handle else "",
            one.settled,
        )
        for one in draft.notes
        if one.handle == handle or (not handle and not one.settled)
    ]
    may = desked.state.open and asked.who.role.allows(Role.EDITOR)
    open_, settled = (tuple(one for one in shown if bool(one.settled) is done) for done in (False, True))
    return NotesView(f"{address}/notes", desked.revision, handle, open_, settled, may)


def note(asked: Asked) -> Response:
    """Keeps a note, or that one was settled."""
    target = asked.form.get("target")
    said = {name: asked.form.get(name) for name in ("settles", "text") if asked.form.get(name)}
    desked = asked.desk.decide(asked.desked(), asked.decision("note", target, **said))
    if asked.fragment:
        return asked.page("_notes.html", notes=notes_view(asked, desked, target))
    address = draft_address(desked.draft.series, desked.draft.window)
    return asked.to(f"{address}?item={target}" if target else f"{address}/notes")


def notes(asked: Asked) -> Response:
    """The notes of the whole issue, as a page or a part of one."""
    desked = asked.desked()
    view = notes_view(asked, desked, asked.query("item"))
    if asked.fragment:
        return asked.page("_notes.html", notes=view)
    return asked.page("notes.html", notes=view, issue=_heading(asked, desked))


# ------------------------------------------------------------------------------------- the history

_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Heading:
    """Which issue it is about."""

    title: str
    address: str
    revision: int
    may: bool
    """Whether whoever asks may change it."""


def _heading(asked: Asked, desked: Desked) -> Heading:
    series = asked.series()
    number = asked.numbered(series.id, desked.number)
    may = desked.state.open and asked.who.role.allows(Role.EDITOR)
    address = draft_address(desked.draft.series, desked.draft.window)
    return Heading(f"{series.title} {number}", address, desked.revision, may)


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision, as the history tells it."""

    revision: int
    time: str
    who: str
    verb: str
    told: str
    reason: str
    first: bool
    now: bool


@dataclass(frozen=True, slots=True)
class History:
    """A page of the history of a draft, newest first."""

    days: tuple[tuple[str, tuple[Entry, ...]], ...]
    found: int
    people: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    """Handle and title of whatever was decided about."""
    who: str
    item: str
    newer: str
    older: str
    """The query of the next page in either direction; empty where there is none."""


def history(asked: Asked) -> Response:
    """Every revision of a draft: who did what, and when."""
    desked = asked.desked()
    log = asked.desk.revisions(desked)
    view = history_view(log, desked, asked.query("who"), asked.query("item"), _number(asked.query("page") or "1"))
    return asked.page("history.html", history=view, issue=_heading(asked, desked))


def history_view(log: Sequence[Revision], desked: Desked, who: str, item: str, page: int) -> History:
    """What the history shows of those of `who` about `item`, each empty for all."""
    found = [
        one
        for one in reversed(log)
        if (not who or one.decision.who == who)
        and (not item or item in (one.decision.target, one.decision.values.get("into")))
    ]
    start = max(page - 1, 0) * _ON_A_PAGE
    titles = titles_of(desked.draft)
    about = dict.fromkeys(one.decision.target for one in log)
    rows = [(one, _entry(one, titles, desked.revision)) for one in found[start : start + _ON_A_PAGE]]
    days: dict[str, list[Entry]] = {}
    for one, entry in rows:
        days.setdefault(f"{one.decision.when.astimezone(BEIJING):%Y-%m-%d}", []).append(entry)
    return History(
        tuple((day, tuple(some)) for day, some in days.items()),
        len(found),
        tuple(dict.fromkeys(one.decision.who for one in log)),
        tuple((handle, titles[handle]) for handle in about if handle in titles),
        who,
        item,
        _query(who, item, page - 1) if start else "",
        _query(who, item, page + 1) if start + _ON_A_PAGE < len(found) else "",
    )


def _query(who: str, item: str, page: int) -> str:
    return urlencode({name: str(value) for name, value in (("who", who), ("item", item), ("page", page)) if value})


def _entry(one: Revision, titles: Mapping[str, str], now: int) -> Entry:
    decision = one.decision
    return Entry(
        one.revision,
        f"{decision.when.astimezone(BEIJING):%H:%M}",
        decision.who,
        decision.chinese,
        in_words(decision, titles, handles=False),
        decision.reason,
        one.revision == 1,
        one.revision == now,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as it was at a revision."""

    position: int
    title: str
    outlet: str
    date: str
    url: str
    excerpt: bool
    lines: tuple[str, ...]


def then(asked: Asked) -> Response:
    """A draft as it was at a revision: what was in, in its order, with its fields and texts."""
    desked, revision = asked.desked(), _number(asked.path("revision"))
    draft = _at(asked, desked, revision)
    decision = next(one.decision for one in asked.desk.revisions(desked) if one.revision == revision)
    items = [printed(draft, draft.candidate(handle)) for handle in draft.chosen]
    return asked.page(
        "then.html",
        issue=_heading(asked, desked),
        revision=revision,
        told=f"{decision.who} {moment(decision.when)} {decision.chinese} " + meant(decision, draft, handles=False),
        items=[_shown_then(at, one) for at, one in enumerate(items, start=1)],
    )


def _shown_then(at: int, one: Item) -> Shown:
    text = tuple(lines(one.blocks).splitlines())
    return Shown(at, one.title, one.outlet, str(one.date or ""), one.url, one.excerpt, text)


def _at(asked: Asked, desked: Desked, revision: int) -> Draft:
    return desked.draft if revision == desked.revision else asked.desk.issues.at_revision(desked.id, revision)


@dataclass(frozen=True, slots=True)
class Changed:
    """One item of a comparison, as it is shown."""

    title: str
    what: str
    """What became of it as a whole: 新收录, 移出, 第2条移到第4条; empty when it stays."""
    look: str
    fields: tuple[tuple[str, Row], ...]
    text: tuple[Row | int, ...]
    """Paragraphs abreast; a number for so many that are the same."""


def compare(asked: Asked) -> Response:
    """What differs between two revisions of the whole issue."""
    desked = asked.desked()
    now = desked.revision
    since, until = (
        _number(asked.query(name) or str(default)) for name, default in (("from", max(now - 1, 1)), ("to", now))
    )
    found = differ(_at(asked, desked, since), _at(asked, desked, until))
    return asked.page(
        "compare.html",
        issue=_heading(asked, desked),
        since=since,
        until=until,
        items=[_changed(one) for one in found.items],
        same=found.same,
    )


def _changed(one: Differing) -> Changed:
    what, look = "", ""
    if not one.was and one.now:
        what, look = f"新入选，第{one.now}条", "hit"
    elif one.was and not one.now:
        what, look = f"移出，原第{one.was}条", "danger"
    elif one.moved:
        what, look = f"第{one.was}条移到第{one.now}条", "info"
    elif not one.now:
        what = "未入选"
    fields = tuple((name.chinese, each) for name, each in one.fields)
    return Changed(one.title, what, look, fields, tuple(_shortened(one.text)))


def _shortened(rows: Sequence[Row]) -> Iterator[Row | int]:
    """The paragraphs that differ, the others as how many they are."""
    for same, some in groupby(rows, key=lambda each: each.same):
        if same:
            yield len(list(some))
        else:
            yield from some


_MOST_BYTES = 24_000_000  # two bodies of 300,000 characters, three bytes each, thrice over when escaped
_DRAFT = "/issues/{series}/{start}"

ROUTES = (
    Route("POST", f"{_DRAFT}/settle", settle, Role.EDITOR, max_bytes=_MOST_BYTES),
    Route("POST", f"{_DRAFT}/undo", undo, Role.EDITOR),
    Route("POST", f"{_DRAFT}/redo", redo, Role.EDITOR),
    Route("POST", f"{_DRAFT}/restore", restore, Role.EDITOR),
    Route("GET", f"{_DRAFT}/notes", notes, Role.VIEWER),
    Route("POST", f"{_DRAFT}/notes", note, Role.EDITOR),
    Route("GET", f"{_DRAFT}/history", history, Role.VIEWER),
    Route("GET", f"{_DRAFT}/history/{{revision}}", then, Role.VIEWER),
    Route("GET", f"{_DRAFT}/compare", compare, Role.VIEWER),
)
