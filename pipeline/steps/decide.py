"""What a person may decide about a draft: from a draft and a decision to the next draft.

Targets are written as an editor would: a handle (`c3f9a`), a position in the contents (`2`), an address, or a
part of a title that fits only one. `DECISIONS` is the list of verbs.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.errors import UsageError
from pipeline.model import Article, Candidate, Decision, Draft, Flag, Note, Rating, Verdict, Waiver, digest
from pipeline.steps import blocks
from pipeline.steps.returning import taking
from pipeline.steps.select import in_order, representing
from pipeline.steps.urls import canonical_url

Rate = Callable[[Article], Rating]
Verb = Callable[[Draft, Decision, Rate], Draft]

_TEXT = ("body", "blocks")
FIELDS = ("title", "outlet", "url", "date", *_TEXT)


def decide(draft: Draft, decision: Decision, rate: Rate) -> Draft:
    """The draft after one decision; raises `UsageError` when the decision cannot be meant."""
    try:
        verb = DECISIONS[decision.verb]
    except KeyError:
        known = "、".join(DECISIONS)
        raise UsageError(f"没有“{decision.verb}”这种操作。", f"可用：{known}。") from None
    after = verb(draft, decision, rate)
    return after if after.ordered else replace(after, chosen=in_order(after))


def resolved(draft: Draft, decision: Decision) -> Decision:
    """The decision with handles for places and titles, so that its record is true when those have changed."""
    if decision.verb == "waive":
        return replace(decision, target=finding_key(draft, decision.target))
    if decision.verb == "return" or (decision.verb == "note" and not decision.target):
        return decision  # of the whole draft; it names its items by their handles
    candidate, article = find(draft, decision.target)
    if decision.verb == "split" and article is not candidate.article:
        return replace(decision, target=article.url)  # a folded article has no handle of its own
    values = dict(decision.values)
    if decision.verb == "represent":
        version = _version(candidate, values.get("with", ""))
        alone = [one.url for one in candidate.articles].count(version.url) == 1
        values["with"] = version.url if alone else version.id  # a page that was read anew has one address and two texts
    if decision.verb == "merge":
        values["into"] = find(draft, values.get("into", ""))[0].handle
    return replace(decision, target=candidate.handle, values=values)


def find(draft: Draft, target: str) -> tuple[Candidate, Article]:
    """The candidate and the article of it that `target` means; raises `UsageError` when none or several fit."""
    wanted = target.strip()
    if wanted.isdecimal() and 0 < int(wanted) <= len(draft.chosen):
        candidate = draft.candidate(draft.chosen[int(wanted) - 1])
        return candidate, candidate.article
    every = [(candidate, article) for candidate in draft.candidates for article in candidate.articles]
    for candidate, article in every:
        if wanted == candidate.handle:
            return candidate, candidate.article
        if wanted == article.url:
            return candidate, article
    if wanted.lower().startswith(("http:", "https:")):
        known = canonical_url(wanted)
        if found := next(((c, a) for c, a in every if known in _addresses(a)), None):
            return found
    key = _key(wanted)
    hits = [(c, a) for c, a in every if key and key in _key(a.title)]
    exact = [(c, a) for c, a in hits if key == _key(a.title)]
    first = [(c, a) for c, a in hits if a is c.article]
    for fitting in (exact, hits, first):
        if len(fitting) == 1:
            return fitting[0]
    if not hits:
        raise UsageError(f"草稿中没有“{target}”。", "请用 draft show 查看句柄和标题。")
    listed = "；".join(f"{c.handle} {a.title}" for c, a in hits[:5])
    raise UsageError(f"“{target}”不止一条：{listed}。", "请写句柄或更长的标题。")


def _version(candidate: Candidate, target: str) -> Article:
    """The article of a candidate that is meant: by its address, any of its other addresses, or a part of its title."""
    wanted = target.strip()
    addressed = [one for one in candidate.articles if canonical_url(wanted) in _addresses(one)] if "/" in wanted else []
    hits = addressed or [one for one in candidate.articles if _key(wanted) and _key(wanted) in _key(one.title)]
    if named := next((one for one in candidate.articles if one.id == wanted), None):
        return named
    exact = [one for one in hits if wanted == one.url] or [one for one in hits if _key(wanted) == _key(one.title)]
    others = [one for one in hits if one is not candidate.article]
    for fitting in (exact, hits, others):
        if len(fitting) == 1:
            return fitting[0]
    if not hits:
        raise UsageError(f"{candidate.handle} 没有折叠“{target}”。", "请用 draft show --all 查看折叠的文章，写其地址。")
    raise UsageError(f"“{target}”不止一篇：{'；'.join(one.url for one in hits[:5])}。", "请写地址。")


def _addresses(article: Article) -> set[str]:
    return {canonical_url(one) for one in (article.url, *article.aliases)}


def _include(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    handle = candidate.handle
    late = dict(draft.late)
    if waiver := _late(draft, candidate.article.title, _date(draft, candidate), decision):
        late[handle] = waiver
    chosen = draft.chosen if handle in draft.chosen else (*draft.chosen, handle)
    return replace(
        draft,
        chosen=chosen,
        included=_with(draft.included, handle),
        excluded=_without(draft.excluded, handle),
        late=late,
    )


def _late(draft: Draft, title: str, day: dt.date | None, decision: Decision) -> Waiver | None:
    """What is signed for an item of a day before the window; raises `UsageError` without a reason, or for one after."""
    if day is None or day in draft.window:
        return None
    if day > draft.window.end:
        raise UsageError(f"《{title}》发布于{day}，晚于本期窗口。", "请留给下一期。")
    if not decision.reason:
        raise UsageError(f"《{title}》发布于{day}，不在本期窗口内。", "补收须写明理由。")
    return Waiver(decision.reason, decision.who)


def _exclude(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    return replace(
        draft,
        chosen=_without(draft.chosen, candidate.handle),
        included=_without(draft.included, candidate.handle),
        excluded=_with(draft.excluded, candidate.handle),
        late={handle: waiver for handle, waiver in draft.late.items() if handle != candidate.handle},
    )


def _split(draft: Draft, decision: Decision, rate: Rate) -> Draft:
    candidate, article = find(draft, decision.target)
    if len(candidate.articles) == 1:
        raise UsageError(f"《{article.title}》没有折叠其他文章，无从拆分。")
    if article is candidate.article:
        # the representative keeps its handle, its edits and its place, so it is the other one that leaves
        if len(candidate.articles) > 2:
            raise UsageError(f"《{article.title}》是代表文章。", "请指明要拆出的那一篇（见 draft show 的折叠列表）。")
        article = candidate.articles[1]
    rest = tuple(one for one in candidate.articles if one is not article)
    taken = {one.handle for one in draft.candidates}
    whole = digest(article.url or article.id)
    handle = next(h for n in range(5, len(whole)) if (h := "c" + whole[:n]) not in taken)
    own = Candidate(handle=handle, articles=(article,), rating=rate(article), seen=candidate.seen)
    remaining = replace(candidate, articles=rest)
    place = draft.candidates.index(candidate)
    chosen = draft.chosen
    if candidate.handle in chosen and own.rating.verdict is Verdict.IN:
        chosen = (*chosen, handle)
    split = replace(
        draft,
        candidates=(*draft.candidates[:place], remaining, own, *draft.candidates[place + 1 :]),
        chosen=chosen,
        included=_with(draft.included, handle) if handle in chosen else draft.included,
        apart=(*draft.apart, *((article.id, one.id) for one in rest)),
        together=tuple(pair for pair in draft.together if article.id not in pair),
    )
    return _taken_back(split, own)


def _merge(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    into, _ = find(draft, decision.values.get("into", ""))
    if candidate is into:
        raise UsageError("这两处已是同一条。")
    merged = replace(into, articles=(*into.articles, *candidate.articles), edges=(*into.edges, *candidate.edges))
    draft = _put_aside(draft, candidate)
    moved = {one.id for one in candidate.articles}
    kept = {one.id for one in into.articles}
    return replace(
        draft,
        candidates=tuple(merged if one is into else one for one in draft.candidates if one is not candidate),
        chosen=_without(draft.chosen, candidate.handle),
        included=_without(draft.included, candidate.handle),
        represented={key: ids for key, ids in draft.represented.items() if key != candidate.handle},
        together=(*draft.together, (into.article.id, candidate.article.id)),
        apart=tuple(p for p in draft.apart if not (set(p) & moved and set(p) & kept)),
    )


def _represent(draft: Draft, decision: Decision, rate: Rate) -> Draft:
    """Another version of a story is printed; what was edited belongs to the version it was typed for.

    The title, the link or the text of one page over the body of another would print what nobody published. So the
    edits go aside with the old version and come back when it does.
    """
    candidate, _ = find(draft, decision.target)
    article = _version(candidate, decision.values.get("with", ""))
    seen = {**draft.represented, candidate.handle: tuple(sorted(one.id for one in candidate.articles))}
    if article is candidate.article:
        return replace(draft, represented=seen)
    if Flag.MIRROR in article.flags:
        raise UsageError(
            f"《{article.title}》疑似镜像站，不能作来源。", "请换用另一家，或用 draft edit --url 改为原始链接。"
        )
    changed = replace(
        candidate,
        articles=(article, *(one for one in candidate.articles if one is not article)),
        rating=representing(candidate.rating, candidate.article, rate(article)),
    )
    every = tuple(changed if one is candidate else one for one in draft.candidates)
    after = replace(_put_aside(draft, candidate), candidates=every, represented=seen)
    after = _taken_back(after, changed)
    late = {handle: waiver for handle, waiver in draft.late.items() if handle != candidate.handle}
    if candidate.handle in draft.chosen and (waiver := _late(after, article.title, _date(after, changed), decision)):
        late[candidate.handle] = waiver
    return replace(after, late=late)


_EXCERPT = "excerpt"
"""Among what is put aside: that only a part was printed."""


def _put_aside(draft: Draft, candidate: Candidate) -> Draft:
    """The draft with what was edited of a candidate kept for the article it was edited for."""
    handle, article = candidate.handle, candidate.article.id
    kept = {**draft.edits.get(handle, {}), **({_EXCERPT: "yes"} if handle in draft.excerpts else {})}
    return replace(
        draft,
        edits={key: values for key, values in draft.edits.items() if key != handle},
        excerpts=_without(draft.excerpts, handle),
        aside={**draft.aside, article: kept} if kept else draft.aside,
    )


def _taken_back(draft: Draft, candidate: Candidate) -> Draft:
    """The draft with what was edited of a candidate's article before it was put aside."""
    kept = dict(draft.aside.get(candidate.article.id, {}))
    if not kept:
        return draft
    excerpt = kept.pop(_EXCERPT, "") and candidate.rating.excerpt
    return replace(
        draft,
        edits={**draft.edits, candidate.handle: kept} if kept else draft.edits,
        excerpts=_with(draft.excerpts, candidate.handle) if excerpt else draft.excerpts,
        aside={key: values for key, values in draft.aside.items() if key != candidate.article.id},
    )


def _edit(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    values = {**draft.edits.get(candidate.handle, {})}
    for field, value in decision.values.items():
        if field not in FIELDS:
            raise UsageError(f"没有“{field}”这一项。", f"可改：{'、'.join(FIELDS)}。")
        if field == "date":
            try:
                value = dt.date.fromisoformat(value.strip()).isoformat()
            except ValueError:
                raise UsageError(f"“{value}”不是日期。", "请写成 2024-06-04。") from None
        elif field in ("title", "outlet") and not value.strip():
            raise UsageError("标题和来源不能为空。")
        if field in _TEXT:  # one text: what was given last
            values = {name: given for name, given in values.items() if name not in _TEXT}
        if field == "blocks":
            kept = blocks.read(value)
            blocks.within_limit(sum(len(block.plain) for block in kept))
            value = blocks.written(kept)
        elif field == "body":
            blocks.within_limit(len(value))
        values[field] = value if field in _TEXT else " ".join(value.split())
    return replace(draft, edits={**draft.edits, candidate.handle: values})


def _revert(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    """What was edited of one field (`text` for the body) stands as it was read again; of all without a field."""
    candidate, _ = find(draft, decision.target)
    field = decision.values.get("field", "")
    gone = {"": FIELDS, "text": _TEXT}.get(field, (field,))
    if not set(gone) <= set(FIELDS):
        raise UsageError(f"没有“{field}”这一项。", f"可还原：{'、'.join((*FIELDS[: -len(_TEXT)], 'text'))}。")
    kept = {name: value for name, value in draft.edits.get(candidate.handle, {}).items() if name not in gone}
    rest = {handle: values for handle, values in draft.edits.items() if handle != candidate.handle}
    return replace(draft, edits={**rest, candidate.handle: kept} if kept else rest)


def _reorder(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    if candidate.handle not in draft.chosen:
        raise UsageError(f"《{candidate.article.title}》未入选，不能排序。")
    place = decision.values.get("to", "")
    if not place.isdecimal() or not 1 <= int(place) <= len(draft.chosen):
        raise UsageError(f"“{place}”不是 1 至 {len(draft.chosen)} 之间的位置。")
    rest = list(_without(draft.chosen, candidate.handle))
    rest.insert(int(place) - 1, candidate.handle)
    return replace(draft, chosen=tuple(rest), ordered=True)


def _excerpt(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    candidate, _ = find(draft, decision.target)
    if decision.values.get("whole"):
        return replace(draft, excerpts=_without(draft.excerpts, candidate.handle))
    if not candidate.rating.excerpt:
        raise UsageError(f"《{candidate.article.title}》没有可供节选的段落建议。", "请用 edit 修改正文。")
    return replace(draft, excerpts=_with(draft.excerpts, candidate.handle))


def _waive(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    if not decision.reason:
        raise UsageError("放行须写明理由。", "请用 --reason 写明。")
    waiver = Waiver(decision.reason, decision.who, decision.values.get("of", ""))
    return replace(draft, waivers={**draft.waivers, finding_key(draft, decision.target): waiver})


def finding_key(draft: Draft, target: str) -> str:
    """The key of the finding that `target` means: `check`, or `check:` and an item as `find` takes it."""
    check, _, item = target.partition(":")
    return f"{check}:{find(draft, item)[0].handle}" if item else check


def _return(draft: Draft, decision: Decision, rate: Rate) -> Draft:
    """What was taken from an edited file, see `returning`."""
    said = taking.read(decision.values.get("taken", ""))
    for handle, values in said.edits.items():
        draft = _edit(draft, replace(decision, target=handle, values=values), rate)
    for handle in said.left_out:
        draft = _exclude(draft, replace(decision, target=handle, values={}), rate)
    for handle, marked in said.excerpts.items():
        draft = replace(draft, excerpts=(_with if marked else _without)(draft.excerpts, handle))
    if not said.order:
        return draft
    return replace(draft, chosen=_arranged(draft.chosen, said.order), ordered=True)


_MOST_NOTED = 2_000  # characters


def _note(draft: Draft, decision: Decision, _rate: Rate) -> Draft:
    """A note for the others is written, or one that stands is settled; neither is ever taken away."""
    if known := decision.values.get("settles"):
        if all(one.id != known for one in draft.notes):
            raise UsageError(f"没有备注“{known}”。", "请用 draft note 不带正文查看各条备注。")
        settled = (replace(one, settled=one.settled or decision.who) if one.id == known else one for one in draft.notes)
        return replace(draft, notes=tuple(settled))
    text = decision.values.get("text", "").strip()
    if not text:
        raise UsageError("备注没有写内容。")
    if len(text) > _MOST_NOTED:
        raise UsageError(f"备注有 {len(text)} 字，超过上限 {_MOST_NOTED} 字，没有收下。")
    if any((one.text, one.handle, one.settled) == (text, decision.target, "") for one in draft.notes):
        return draft
    name = digest(decision.who, decision.when.isoformat(), decision.target, text)[:8]
    return replace(draft, notes=(*draft.notes, Note(name, decision.who, decision.when, text, decision.target)))


def _arranged(chosen: tuple[str, ...], order: tuple[str, ...]) -> tuple[str, ...]:
    """The items in a new order; one that it does not name stays behind the one it stood behind."""
    arranged = [handle for handle in order if handle in chosen]
    for place, handle in enumerate(chosen):
        if handle not in arranged:
            arranged.insert(arranged.index(chosen[place - 1]) + 1 if place else 0, handle)
    return tuple(arranged)


DECISIONS: Mapping[str, Verb] = {
    "include": _include,
    "exclude": _exclude,
    "split": _split,
    "merge": _merge,
    "edit": _edit,
    "revert": _revert,
    "reorder": _reorder,
    "excerpt": _excerpt,
    "represent": _represent,
    "waive": _waive,
    "return": _return,
    "note": _note,
}


def _date(draft: Draft, candidate: Candidate) -> dt.date | None:
    edited = draft.edits.get(candidate.handle, {}).get("date")
    return dt.date.fromisoformat(edited) if edited else candidate.article.date


def _with(handles: tuple[str, ...], handle: str) -> tuple[str, ...]:
    return handles if handle in handles else (*handles, handle)


def _without(handles: tuple[str, ...], handle: str) -> tuple[str, ...]:
    return tuple(one for one in handles if one != handle)


def _key(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())
