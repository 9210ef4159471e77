"""From judged articles to a draft: who represents a story, what enters by itself, what waits, and why.

What enters by itself: the representative of each story that is rated in, dated in the window, not already
carried by a released issue, and not known from a mirror only. What is rated borderline waits as 备选.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from pipeline.config import Outlets
from pipeline.model import (
    Article,
    Candidate,
    Coverage,
    Draft,
    Edge,
    Fate,
    Flag,
    Rating,
    Rejection,
    Relation,
    Story,
    Verdict,
    Window,
    digest,
)

_TIERS = ("gov", "agency", "outlet", "portal", "self-media")
_MOBILE = ("m.", "wap.", "3g.", "mp.")
_HANDLE_LENGTH = 5  # 20 bits: two of a month's 200 candidates clash once in 50 issues, then both grow longer

Rate = Callable[[Article], Rating]


def preference(article: Article, window: Window, outlets: Outlets) -> tuple[object, ...]:
    """How well an article can stand for its story: the smallest key is the best.

    No mirror, dated in the window, the original before a reprint, then the higher tier, the desktop page, the
    earlier and the fuller.
    """
    owner = outlets.at(article.url)
    reprint = bool(article.origin and owner and article.origin not in owner.names)
    tier = _TIERS.index(owner.tier) if owner else _TIERS.index("portal")
    host = urlsplit(article.url).hostname or ""
    return (
        Flag.MIRROR in article.flags,
        article.date is None or article.date not in window,
        reprint,
        tier,
        host.startswith(_MOBILE),
        article.date or dt.date.max,
        article.time or dt.time.max,
        -len(article.text),
        article.id,
    )


def candidates(
    window: Window,
    articles: Mapping[str, Article],
    stories: Sequence[Story],
    suspected: Sequence[Edge],
    rate: Rate,
    coverage: Mapping[str, Sequence[Coverage]],
    seen: Mapping[str, dt.datetime],
) -> tuple[list[Candidate], dict[str, Rejection]]:
    """The stories an editor may take, and for every other article why not (article id → rejection).

    `coverage` and `seen` are by article id. Borderline stories are candidates, stories rated out are not.
    """
    kept: list[Candidate] = []
    rejected: dict[str, Rejection] = {}
    for story in stories:
        members = [articles[one] for one in story.members]
        dated = [article for article in members if article.date is not None]
        eligible = [article for article in dated if article.date and article.date in window] if dated else members
        if not eligible:
            for article in members:
                rejected[article.id] = outside(article, window)
            continue
        rating = max((rate(article) for article in eligible), key=lambda rating: rating.score)
        if rating.verdict is Verdict.OUT:
            reason = "；".join(rating.because) or "未命中监测范围"
            rejected.update((article.id, Rejection(Fate.OUT_OF_SCOPE, reason)) for article in members)
            continue
        first, *others = [*eligible, *(a for a in members if a not in eligible)]
        earlier = sorted(
            (one for member in story.members for one in coverage.get(member, ())),
            key=lambda one: (-one.score, one.series, one.number, one.position),
        )
        kept.append(
            Candidate(
                handle=digest(first.url or first.id),
                articles=(first, *others),
                rating=rating,
                edges=story.edges,
                suspected=tuple(e for e in suspected if {e.a, e.b} & set(story.members)),
                coverage=tuple(earlier),
                seen=min((seen[one] for one in story.members if one in seen), default=None),
            )
        )
    return _with_short_handles(kept), rejected


def outside(article: Article, window: Window) -> Rejection:
    """Why an article that no candidate stands for is not in the window."""
    if article.date is None:
        return Rejection(Fate.UNDATED, "页面没有给出发布日期")
    return Rejection(Fate.OUT_OF_WINDOW, f"发布于{article.date}，不在{window.start}至{window.end}之内")


def _with_short_handles(kept: Sequence[Candidate]) -> list[Candidate]:
    short: list[Candidate] = []
    for one in kept:
        length = _HANDLE_LENGTH
        while sum(other.handle.startswith(one.handle[:length]) for other in kept) > 1 and length < len(one.handle):
            length += 1
        short.append(replace(one, handle="c" + one.handle[:length]))
    return short


def fate(candidate: Candidate, series: str, window: Window) -> Fate:
    """What becomes of a candidate's representative when nobody decides anything."""
    if Flag.MIRROR in candidate.article.flags:
        return Fate.HIJACKED
    if candidate.article.date is None:
        return Fate.UNDATED
    if candidate.article.date not in window:
        return Fate.OUT_OF_WINDOW
    if _carried(candidate, series):
        return Fate.COVERED
    return Fate.INCLUDED if candidate.rating.verdict is Verdict.IN else Fate.STANDBY


def _carried(candidate: Candidate, series: str) -> Coverage | None:
    """Where this series already carried the same thing; another series may print it once more."""
    return next((one for one in candidate.coverage if one.relation.folds and one.series == series), None)


def in_order(draft: Draft) -> tuple[str, ...]:
    """The chosen handles by publication date, then time of day, then first seen."""
    position = {handle: place for place, handle in enumerate(draft.chosen)}

    def key(handle: str) -> tuple[object, ...]:
        candidate = draft.candidate(handle)
        edited = draft.edits.get(handle, {}).get("date")
        date = dt.date.fromisoformat(edited) if edited else candidate.article.date
        seen = candidate.seen.timestamp() if candidate.seen else 0.0
        return (date or dt.date.max, candidate.article.time or dt.time.max, seen, position[handle])

    return tuple(sorted(draft.chosen, key=key))


def draft(
    series: str, window: Window, fresh: Sequence[Candidate], silent: Iterable[str], previous: Draft | None = None
) -> Draft:
    """A window's draft from its candidates; what an editor decided on the previous one stands.

    A story keeps its handle from one making to the next. One that the editor took, edited or excerpted keeps its
    representative too, and stays even when the new judgement would no longer offer it.
    """
    if previous is None:
        made = Draft(series=series, window=window, candidates=tuple(fresh), silent=tuple(silent))
        entering = (one.handle for one in fresh if fate(one, series, window) is Fate.INCLUDED)
        made = replace(made, chosen=tuple(entering))
        return replace(made, chosen=in_order(made))
    every = _carried_over(fresh, previous)
    offered = {one.handle for one in every}
    stays = [handle for handle in previous.chosen if handle in offered]
    passed = {*stays, *previous.excluded}
    late = [one.handle for one in every if one.handle not in passed and fate(one, series, window) is Fate.INCLUDED]
    made = replace(previous, candidates=every, chosen=(*stays, *late), silent=tuple(silent))
    return made if previous.ordered else replace(made, chosen=in_order(made))


def _carried_over(fresh: Sequence[Candidate], previous: Draft) -> tuple[Candidate, ...]:
    """The fresh candidates under the handles they had before, and those an editor holds on to."""
    merged_into = {kept for kept, _ in previous.together}
    held = {*previous.included, *previous.edits, *previous.late, *previous.excerpts}
    held |= {one.handle for one in previous.candidates if one.article.id in merged_into}
    claimed: dict[str, Candidate] = {}
    taken: set[str] = set()
    alone: list[Candidate] = []
    chosen_first = sorted(
        previous.candidates, key=lambda one: (one.handle not in held, one.handle not in previous.chosen)
    )
    for old in chosen_first:
        now = next((one for one in fresh if any(a.id == old.article.id for a in one.articles)), None)
        if now is not None and now.handle not in claimed:
            claimed[now.handle] = replace(now, handle=old.handle)
            if old.handle in held:
                others = (one for one in now.articles if one.id != old.article.id)
                claimed[now.handle] = replace(now, handle=old.handle, articles=(old.article, *others))
            taken.add(old.handle)
        elif old.handle in held:
            alone.append(old)
    mine = {one.id for old in alone for one in old.articles}
    every: list[Candidate] = []
    for one in fresh:
        now = claimed.get(one.handle, one)
        if now is one and one.handle in taken:
            now = replace(one, handle=_another(one, taken))
        rest = tuple(article for article in now.articles if article.id not in mine)
        if rest:
            taken.add(now.handle)
            every.append(replace(now, articles=rest))
    return (*every, *alone)


def _another(candidate: Candidate, taken: set[str]) -> str:
    whole = "c" + digest(candidate.article.url or candidate.article.id)
    return next(whole[:length] for length in range(_HANDLE_LENGTH + 2, len(whole)) if whole[:length] not in taken)


def settled(draft: Draft) -> dict[str, Rejection]:
    """For every article of the draft's candidates, what became of it (article id → fate and reason)."""
    outcome: dict[str, Rejection] = {}
    for candidate in draft.candidates:
        first = candidate.article
        now = _now(draft, candidate)
        outcome[first.id] = now
        for other in candidate.articles[1:]:
            edge = _strongest(candidate, other.id)
            told = f"{edge.relation.chinese}（{edge.score:.2f}）" if edge else "编辑合并"
            mirror = Flag.MIRROR in other.flags
            why = f"与《{first.title}》为{told}" + ("；疑似镜像站，不作来源" if mirror else "")
            outcome[other.id] = Rejection(Fate.HIJACKED if mirror else Fate.DUPLICATE, why)
    return outcome


def _now(draft: Draft, candidate: Candidate) -> Rejection:
    because = "；".join(candidate.rating.because)
    if candidate.handle in draft.chosen:
        return Rejection(Fate.INCLUDED, because)
    if candidate.handle in draft.excluded:
        return Rejection(Fate.EXCLUDED, because)
    by_itself = fate(candidate, draft.series, draft.window)
    if one := _carried(candidate, draft.series):
        return Rejection(Fate.COVERED, f"已收于{one.place}")
    if by_itself is Fate.HIJACKED:
        return Rejection(Fate.HIJACKED, "仅见于疑似镜像站，请补原始链接；" + "；".join(candidate.article.notes))
    if by_itself is Fate.UNDATED:
        return Rejection(Fate.UNDATED, "页面没有给出发布日期，请编辑核对")
    return Rejection(Fate.STANDBY, because)


def _strongest(candidate: Candidate, article: str) -> Edge | None:
    ties = [e for e in candidate.edges if article in (e.a, e.b) and e.relation is not Relation.SUSPECTED]
    direct = [e for e in ties if candidate.article.id in (e.a, e.b)]
    return max(direct or ties, key=lambda edge: edge.score, default=None)
