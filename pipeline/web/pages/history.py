"""Who decided what, what differs between two revisions, and what two people did at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from pipeline.errors import Collision, DeskError, UsageError
from pipeline.model import BEIJING, Block, Clash, Decision, Kind, Matter, Revision, Role
from pipeline.steps import blocks
from pipeline.steps.abreast import Row, abreast, both, lines, relined, row
from pipeline.steps.assemble import printed
from pipeline.web.asking import Asked, Route, draft_address

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
        by=_signed(clash.by) if clash.by else "",
    )


def _line_by_line(mine: str, theirs: str) -> Sequence[Row]:
    ours, its = mine.splitlines(), theirs.splitlines()
    if len(ours) == len(its) == 1:
        return [row(mine, theirs)]
    return abreast(*(tuple(Block(Kind.PARAGRAPH, line) for line in some) for some in (ours, its)))


def _signed(one: Revision) -> str:
    return f"{one.decision.who} {one.decision.when.astimezone(BEIJING):%m-%d %H:%M}"


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
    except Collision as collision:
        return collided(asked, collision)
    except DeskError as error:
        return refused(asked, decision, error)
    address = draft_address(desked.draft.series, desked.draft.window)
    return asked.to(f"{address}?item={target}" if target else address)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError("没有说明所看的是哪一次修订。", "请刷新页面再试。")
    return int(text)


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


_MOST_BYTES = 24_000_000  # two bodies of 300,000 characters, three bytes each, thrice over when escaped

ROUTES = (Route("POST", "/issues/{series}/{start}/settle", settle, Role.EDITOR, max_bytes=_MOST_BYTES),)
