"""Two people, one draft: whether a decision still means what it meant when its author looked.

Requirements: nothing is written over that its author had not seen, and nobody is bothered by what does not concern him.

Method: three drafts are held against each other: as the author `seen` it, what the decision makes of that, and as it
is `now`. What the decision does not change is not part of it, even when a form said it. What nobody else touched is
decided as it was meant; what stands there already is no longer to be decided; what somebody else made otherwise is a
`Clash` with both. A place in the contents means the neighbour it was put behind. Edits belong to the version of a
story they were typed for, so that another version in its place is a clash too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.errors import UsageError
from pipeline.model import (
    Article,
    Candidate,
    Clash,
    Decision,
    Draft,
    Item,
    Matter,
    Rating,
    Revision,
)
from pipeline.steps.assemble import printed
from pipeline.steps.decide import decide, find, resolved
from pipeline.steps.returning import taking

Rate = Callable[[Article], Rating]

_MATTERS = {
    "title": Matter.TITLE,
    "outlet": Matter.OUTLET,
    "url": Matter.URL,
    "date": Matter.DATE,
    "body": Matter.TEXT,
    "blocks": Matter.TEXT,
}
_EVERYTHING = ("generate", "supplement", "undo", "redo", "restore", "import")
"""Decisions that may change anything of a draft."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a decision comes to by now."""

    decision: Decision | None
    """As it is to be applied to the draft as it is now; `None` when nothing is left of it."""
    clashes: tuple[Clash, ...] = ()


def meant(seen: Draft, now: Draft, decision: Decision, rate: Rate, since: Sequence[Revision] = ()) -> Meant:
    """What a decision on `seen` comes to on `now`; `since` is what was decided between the two.

    Raises `UsageError` when it cannot be meant, of the draft as its author saw it.
    """
    try:
        decision = resolved(seen, decision)
    except UsageError:
        if seen is now:
            raise
        decision = resolved(now, decision)  # of what came to the draft since
        seen = now
    comparison = _Comparison(seen, now, decision, rate, since)
    return _VERBS.get(decision.verb, _as_it_is)(comparison)


@dataclass(slots=True)
class _Comparison:
    seen: Draft
    now: Draft
    decision: Decision
    rate: Rate
    since: Sequence[Revision]
    clashes: list[Clash] = field(default_factory=list)

    @property
    def handle(self) -> str:
        return self.decision.target

    def result(self, decision: Decision | None) -> Meant:
        return Meant(decision, tuple(self.clashes))

    def after(self) -> Draft:
        """What the decision makes of the draft that was seen."""
        return decide(self.seen, self.decision, self.rate)

    def clash(self, matter: Matter, seen: str, mine: str, theirs: str, handle: str = "") -> None:
        """Keeps that somebody else made something otherwise."""
        known = _candidate(self.seen, handle)
        title = printed(self.seen, known).title if known else ""
        self.clashes.append(Clash(matter, handle, title, seen, mine, theirs, self._by(matter, handle)))

    def gone(self, handle: str, mine: str) -> bool:
        """Whether an item is no candidate any more; that is a clash."""
        known = _candidate(self.seen, handle)
        if known is None or _candidate(self.now, handle):
            return False
        ids = {one.id for one in known.articles}
        into = next((one for one in self.now.candidates if ids & {article.id for article in one.articles}), None)
        theirs = f"已并入《{printed(self.now, into).title}》" if into else "已不在草稿里"
        self.clash(Matter.STORY, _folded(known), mine, theirs, handle)
        return True

    def otherwise_printed(self, handle: str, mine: str) -> bool:
        """Whether another version of an item is printed by now; that is a clash."""
        was, its = self.seen.candidate(handle), self.now.candidate(handle)
        if was.article.id == its.article.id:
            return False
        self.clash(Matter.VERSION, _version(was), mine, _version(its), handle)
        return True

    def _by(self, matter: Matter, handle: str) -> Revision | None:
        return next((one for one in reversed(self.since) if _concerns(one.decision, matter, handle)), None)


# ------------------------------------------------------------------------------------- verb by verb


def _as_it_is(one: _Comparison) -> Meant:
    return one.result(one.decision)


def _edit(one: _Comparison) -> Meant:
    values = dict(one.decision.values)
    told = "修改" + "、".join(dict.fromkeys(_MATTERS[name].chinese for name in values if name in _MATTERS))
    if one.gone(one.handle, told):
        _keep_texts(one, values)
        return one.result(one.decision)
    was = printed(one.seen, one.seen.candidate(one.handle))
    mine = printed(one.after(), one.seen.candidate(one.handle))
    values = {name: value for name, value in values.items() if not _said(was, mine, name, value)}
    if values and one.otherwise_printed(one.handle, told):
        _keep_texts(one, values)
        return one.result(replace(one.decision, values=values))
    theirs = printed(one.now, one.now.candidate(one.handle))
    left = {}
    for name, value in values.items():
        matter = _MATTERS[name]
        before, ours, its = (_of(item, matter) for item in (was, mine, theirs))
        if ours == its and one.seen is not one.now:
            continue
        left[name] = value
        if before != its:
            _clash_of_fields(one, matter, was, mine, theirs)
    return one.result(replace(one.decision, values=left) if left else None)


def _revert(one: _Comparison) -> Meant:
    """Taking back what was edited of a field says what stands in it as an edit does."""
    if one.gone(one.handle, "还原") or one.otherwise_printed(one.handle, "还原"):
        return one.result(one.decision)
    was, theirs = (printed(draft, draft.candidate(one.handle)) for draft in (one.seen, one.now))
    mine = printed(one.after(), one.seen.candidate(one.handle))
    name = one.decision.values.get("field", "")
    for matter in [_MATTERS.get(name, Matter.TEXT)] if name else dict.fromkeys(_MATTERS.values()):
        if _of(theirs, matter) not in (_of(was, matter), _of(mine, matter)):
            _clash_of_fields(one, matter, was, mine, theirs)
    return one.result(one.decision)


def _said(was: Item, mine: Item, name: str, value: str) -> bool:
    """Whether a field of a form only says what stood there already.

    A text that was given as plain lines says it when its lines are the same: a table would else become paragraphs by
    being looked at.
    """
    if name == "body":
        return _lines(value) == _lines(was.text)
    return _of(was, _MATTERS[name]) == _of(mine, _MATTERS[name])


def _lines(text: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def _of(item: Item, matter: Matter) -> object:
    match matter:
        case Matter.TEXT:  # a picture that was fetched since is no edit
            return tuple(replace(block, blob="") for block in item.blocks)
        case Matter.DATE:
            return item.date
        case _:
            return getattr(item, matter.value)


def _clash_of_fields(one: _Comparison, matter: Matter, was: Item, mine: Item, theirs: Item) -> None:
    three = (was, mine, theirs)
    seen, ours, its = (item.text if matter is Matter.TEXT else str(_of(item, matter) or "") for item in three)
    one.clash(matter, seen, ours, its, one.handle)
    if matter is Matter.TEXT:
        one.clashes[-1] = replace(one.clashes[-1], blocks=(was.blocks, mine.blocks, theirs.blocks))


def _keep_texts(one: _Comparison, values: Mapping[str, str]) -> None:
    """Keeps what was typed for an item that is no longer what it was, beside what the item says by now."""
    was = printed(one.seen, one.seen.candidate(one.handle))
    mine = printed(one.after(), one.seen.candidate(one.handle))
    its = _candidate(one.now, one.handle)
    theirs = printed(one.now, its) if its else replace(was, title="", outlet="", url="", date=None, blocks=())
    for name in values:
        _clash_of_fields(one, _MATTERS[name], was, mine, theirs)


def _take(one: _Comparison) -> Meant:
    word = one.decision.chinese
    if one.gone(one.handle, word):
        return one.result(one.decision)
    was, theirs = _taken(one.seen, one.handle), _taken(one.now, one.handle)
    if theirs not in (was, (word, True)) and theirs[0] != word:
        one.clash(Matter.TAKEN, was[0], word, theirs[0], one.handle)
    return one.result(one.decision)


def _taken(draft: Draft, handle: str) -> tuple[str, bool]:
    """Whether an item is in, and whether somebody said so."""
    if handle in draft.chosen:
        return "收录", handle in draft.included
    return ("剔除", True) if handle in draft.excluded else ("未入选", False)


def _excerpt(one: _Comparison) -> Meant:
    told = "印全文" if one.decision.values.get("whole") else "节选"
    if not one.gone(one.handle, told):
        one.otherwise_printed(one.handle, told)
    return one.result(one.decision)


def _reorder(one: _Comparison) -> Meant:
    mine = one.after().chosen
    place = f"移至第{mine.index(one.handle) + 1}条"
    if one.gone(one.handle, place):
        return one.result(one.decision)
    if one.handle not in one.now.chosen:
        one.clash(Matter.TAKEN, "收录", place, _taken(one.now, one.handle)[0], one.handle)
        return one.result(one.decision)
    if one.seen.chosen == one.now.chosen:
        return one.result(one.decision)
    if _in_another_order(one, mine):
        return one.result(one.decision if one.clashes else None)
    before = [handle for handle in mine[: mine.index(one.handle)] if handle in one.now.chosen]
    rest = [handle for handle in one.now.chosen if handle != one.handle]
    to = rest.index(before[-1]) + 2 if before else 1
    return one.result(replace(one.decision, values={**one.decision.values, "to": str(to)}))


def _in_another_order(one: _Comparison, mine: Sequence[str]) -> bool:
    """Whether the items stand otherwise by now; that is a clash unless they stand as they are to."""
    both = set(one.seen.chosen) & set(one.now.chosen)
    was, ours, its = ([handle for handle in some if handle in both] for some in (one.seen.chosen, mine, one.now.chosen))
    if was == its:
        return False
    if ours != its:
        one.clash(Matter.ORDER, _order(one.seen, was), _order(one.seen, ours), _order(one.now, its))
    return True


def _order(draft: Draft, handles: Sequence[str]) -> str:
    titles = (printed(draft, draft.candidate(handle)).title for handle in handles)
    return "\n".join(f"{place}. {title}" for place, title in enumerate(titles, start=1))


def _split(one: _Comparison) -> Meant:
    candidate, article = find(one.seen, one.handle)
    if any(own.article.id == article.id and own.handle != candidate.handle for own in one.now.candidates):
        return one.result(None)
    _same_story(one, candidate.handle, f"拆出《{article.title}》")
    return one.result(one.decision)


def _merge(one: _Comparison) -> Meant:
    into = one.decision.values["into"]
    candidate, other = one.seen.candidate(one.handle), one.seen.candidate(into)
    told = f"并入《{printed(one.seen, other).title}》"
    its = _candidate(one.now, into)
    if its and {article.id for article in candidate.articles} <= {article.id for article in its.articles}:
        return one.result(None)
    _same_story(one, one.handle, told)
    _same_story(one, into, f"并入《{printed(one.seen, candidate).title}》")
    _same_edits(one, one.handle, told)
    return one.result(one.decision)


def _represent(one: _Comparison) -> Meant:
    candidate = one.seen.candidate(one.handle)
    wanted = one.decision.values["with"]
    version = next(article for article in candidate.articles if wanted in (article.url, article.id))
    told = f"改印 {_version(replace(candidate, articles=(version,)))}"
    its = _candidate(one.now, one.handle)
    if one.seen is not one.now and its and its.article.id == version.id:
        return one.result(None)
    _same_story(one, one.handle, told)
    _same_edits(one, one.handle, told)
    return one.result(one.decision)


def _same_story(one: _Comparison, handle: str, mine: str) -> None:
    if one.gone(handle, mine) or one.otherwise_printed(handle, mine):
        return
    was, its = one.seen.candidate(handle), one.now.candidate(handle)
    if [article.id for article in was.articles] != [article.id for article in its.articles]:
        one.clash(Matter.STORY, _folded(was), mine, _folded(its), handle)


def _same_edits(one: _Comparison, handle: str, mine: str) -> None:
    """What somebody edited since would go aside with the version, unseen."""
    known = _candidate(one.now, handle)
    was, its = one.seen.edits.get(handle, {}), one.now.edits.get(handle, {})
    if known and was != its:
        item = printed(one.now, known)
        changed = dict.fromkeys(_MATTERS[name] for name in {**was, **its} if was.get(name) != its.get(name))
        theirs = "\n".join(
            f"{matter.chinese}：{item.text if matter is Matter.TEXT else _of(item, matter) or ''}" for matter in changed
        )
        one.clash(Matter.EDITS, "", mine, theirs, handle)


def _waive(one: _Comparison) -> Meant:
    was, its = (draft.waivers.get(one.handle) for draft in (one.seen, one.now))
    if was != its and not (its and (its.reason, its.who) == (one.decision.reason, one.decision.who)):
        one.clash(Matter.WAIVER, was.reason if was else "未放行", one.decision.reason, its.reason if its else "未放行")
    return one.result(one.decision)


def _return(one: _Comparison) -> Meant:
    """An edited file: what it edits and leaves out as if it were said item by item, its order as a whole."""
    said = taking.read(one.decision.values.get("taken", ""))
    parts = [("edit", handle, values) for handle, values in said.edits.items()]
    parts += [("exclude", handle, {}) for handle in said.left_out]
    for verb, target, values in parts:
        part = replace(one, decision=replace(one.decision, verb=verb, target=target, values=values), clashes=[])
        one.clashes += _VERBS[verb](part).clashes
    if said.order:
        _in_another_order(one, one.after().chosen)
    return one.result(one.decision)


_VERBS: Mapping[str, Callable[[_Comparison], Meant]] = {
    "include": _take,
    "exclude": _take,
    "edit": _edit,
    "revert": _revert,
    "reorder": _reorder,
    "excerpt": _excerpt,
    "split": _split,
    "merge": _merge,
    "represent": _represent,
    "waive": _waive,
    "return": _return,
}


# ---------------------------------------------------------------------------------------- in words


def _candidate(draft: Draft, handle: str) -> Candidate | None:
    return next((one for one in draft.candidates if one.handle == handle), None)


def _version(candidate: Candidate) -> str:
    return f"{candidate.article.outlet}《{candidate.article.title}》"


def _folded(candidate: Candidate) -> str:
    return "\n".join(f"{article.outlet}《{article.title}》" for article in candidate.articles)


def _concerns(decision: Decision, matter: Matter, handle: str) -> bool:
    """Whether a decision may have made something what it is."""
    if decision.verb in _EVERYTHING:
        return decision.target in ("", handle)
    if matter is Matter.ORDER:
        # what was put out and taken in again stands at another place
        return decision.verb in ("reorder", "return", "include", "exclude") or "date" in decision.values
    if decision.verb == "return":
        return handle in decision.values.get("taken", "")
    named = handle in (decision.target, decision.values.get("into"))
    match matter:
        case Matter.TITLE | Matter.OUTLET | Matter.URL | Matter.DATE | Matter.TEXT:
            return named and (decision.verb == "revert" or any(_MATTERS.get(one) is matter for one in decision.values))
        case Matter.TAKEN:
            return named and decision.verb in ("include", "exclude")
        case Matter.WAIVER | Matter.FINDING:
            return decision.verb == "waive"
        case Matter.EDITS:
            return named and decision.verb in ("edit", "revert")
        case _:
            return named and decision.verb in ("merge", "split", "represent")
