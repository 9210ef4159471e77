"""From judged articles to a draft: who represents a story, what enters by itself, what waits, and why.

What enters by itself: the representative of each story that is rated in, dated in the window, not already
carried by a released issue, not known from a mirror only, and no notice. What is rated borderline waits as 备选.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from urllib.parse import urlsplit

from pipeline.config import Outlets, registered
from pipeline.model import (
    Article,
    Candidate,
    Coverage,
    Draft,
    Edge,
    Fate,
    Flag,
    Genre,
    Rating,
    Rejection,
    Relation,
    Retelling,
    Story,
    Verdict,
    Window,
    digest,
)
from pipeline.steps.dateline import credited
from pipeline.steps.urls import is_mobile

_TIERS = ("gov", "agency", "outlet", "portal", "self-media")
_FULLER = 1.25  # a text is fuller by this factor; a closing line of the page's own more or less is no difference
_HANDLE_LENGTH = 5  # 20 bits: two of a month's 200 candidates clash once in 50 issues, then both grow longer

Rate = Callable[[Article], Rating]


def preference(article: Article, window: Window, outlets: Outlets) -> tuple[object, ...]:
    """How well an article can stand for its story: the smallest key is the best.

    No mirror, dated in the window, the original before a reprint, the higher tier (which puts an authority's own page
    before what was printed of it), the desktop page, the whole before a cut page, the fuller text, the earlier.
    """
    return (
        Flag.MIRROR in article.flags,
        article.date is None or article.date not in window,
        _remove(article, outlets),
        _tier(article, outlets),
        is_mobile(article.url),
        Flag.INCOMPLETE in article.flags,
        -int(math.log(len(article.text) + 1, _FULLER)),
        article.date or dt.date.max,
        article.time or dt.time.max,
        -len(article.text),
        article.id,
    )


_ADVANTAGES = (
    "不是疑似镜像",
    "发布日期在本期窗口内",
    "更接近原始出处",
    "出处级别更高",
    "是电脑版页面",
    "页面完整",
    "正文更全",
)
"""What the first parts of a preference mean to an editor; the rest only put equals in order."""


def _remove(article: Article, outlets: Outlets) -> int:
    """How far a page is from the origin of its text: 0 its own, 1 unsigned, 2 unsigned where others' texts are, 3 not.

    The dateline counts beside the printed 来源: a portal prints its own name over an agency's report (534 item 4).
    """
    owner = outlets.at(article.url)
    reporter = credited(article.text, outlets)
    if owner is None:
        known = reporter or outlets.named(article.origin)
        if known is not None:
            return 3
        return 0 if _of_authority(article.url) else 1 if article.origin and article.origin == article.publisher else 2
    if (article.origin and not owner.signs(article.origin)) or (
        reporter is not None and not owner.signs(reporter.name)
    ):
        return 3
    if article.origin or owner.tier == "gov":
        return 0
    return 2 if owner.tier in ("portal", "self-media") else 1


def _tier(article: Article, outlets: Outlets) -> int:
    owner = outlets.at(article.url)
    if owner is None:
        return _TIERS.index("gov" if _of_authority(article.url) else "portal")
    return _TIERS.index(owner.tier)


def _of_authority(url: str) -> bool:
    """Whether an address is on a host that only authorities are given; the registry does not have every district's."""
    return (urlsplit(url).hostname or "").endswith(".gov.cn")


def better(candidate: Candidate, draft: Draft, outlets: Outlets) -> tuple[Article, str] | None:
    """A folded article that could stand for the story better than the one that does, and why, in Chinese.

    What the editor saw when choosing, or merged under it, is not held against the choice.
    """
    if candidate.handle in draft.edits and {"url", "outlet"} & draft.edits[candidate.handle].keys():
        return None  # the editor gave it another origin already
    passed = {*draft.represented.get(candidate.handle, ()), *(merged for _, merged in draft.together)}
    others = [one for one in candidate.articles if one is candidate.article or one.id not in passed]
    keys = {one.id: preference(one, draft.window, outlets) for one in others}
    best = min(others, key=lambda one: keys[one.id])
    pairs = zip(_ADVANTAGES, keys[best.id], keys[candidate.article.id], strict=False)
    why = next((word for word, mine, its in pairs if mine != its), "")
    return (best, why) if why else None


def retellings(candidate: Candidate, outlets: Outlets) -> list[Retelling]:
    """What is folded under a candidate's representative: reprints first, then other tellings; the nearest first."""
    first = candidate.article
    own = {_shown_by(first, outlets), _named(first.outlet, outlets)}
    ties = _ties(candidate)
    found = []
    for other in candidate.articles[1:]:
        tie = ties.get(other.id)
        reprint = tie is not None and tie.relation in (Relation.EXACT, Relation.REPRINT)
        who = _shown_by(other, outlets) if reprint else _named(other.outlet, outlets) or _shown_by(other, outlets)
        found.append(
            Retelling(
                other.id,
                who,
                other.title,
                other.url,
                other.date,
                tie.relation if tie else None,
                tie.score if tie else 0.0,
                tie.because if tie else "",
                counted=who not in own and Flag.MIRROR not in other.flags,
            )
        )
    return sorted(found, key=lambda one: (not one.reprint, -one.score, one.date or dt.date.max, one.url))


def houses(told: Sequence[Retelling]) -> tuple[list[str], list[str]]:
    """Which outlets reprint (转载), and which others tell the same event: each house once, however many addresses."""
    reprinting = list(dict.fromkeys(one.who for one in told if one.counted and one.reprint))
    telling = dict.fromkeys(one.who for one in told if one.counted and not one.reprint)
    return reprinting, [one for one in telling if one not in reprinting]


def _shown_by(article: Article, outlets: Outlets) -> str:
    owner = outlets.at(article.url)
    host = registered(urlsplit(article.url).hostname or "")
    return owner.name if owner else article.publisher or host or article.outlet


def _named(name: str, outlets: Outlets) -> str:
    known = outlets.named(name)
    return known.name if known else name


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
    doubts = _by_article(suspected)
    for story in stories:
        members = [articles[one] for one in story.members]
        eligible = _eligible(members, window)
        if not eligible:
            for article in members:
                rejected[article.id] = outside(article, window)
            continue
        ratings = [rate(article) for article in eligible]
        rating, best = max(zip(ratings, eligible, strict=True), key=lambda one: one[0].score)
        if rating.verdict is Verdict.OUT:
            reason = "；".join(rating.because) or "未命中监测范围"
            out = Rejection(Fate.OUT_OF_SCOPE, reason, rating.ground, rating.score)
            rejected.update((article.id, out) for article in members)
            continue
        rating = representing(rating, best, ratings[0])
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
                suspected=_at(story, doubts),
                coverage=tuple(earlier),
                seen=min((seen[one] for one in story.members if one in seen), default=None),
            )
        )
    return _with_short_handles(kept), rejected


def rateable(window: Window, articles: Mapping[str, Article], stories: Sequence[Story]) -> list[Article]:
    """The articles that `candidates` rates, in its order."""
    return [one for story in stories for one in _eligible([articles[member] for member in story.members], window)]


def _eligible(members: Sequence[Article], window: Window) -> Sequence[Article]:
    """The articles of a story that may stand for it: those dated in the window; where none is dated, all."""
    dated = [article for article in members if article.date is not None]
    return [article for article in dated if article.date and article.date in window] if dated else members


def _by_article(edges: Sequence[Edge]) -> Mapping[str, list[tuple[int, Edge]]]:
    """The edges at each article, with their places in `edges`: of 10,000 stories each has but a few."""
    found: dict[str, list[tuple[int, Edge]]] = {}
    for place, edge in enumerate(edges):
        for end in {edge.a, edge.b}:
            found.setdefault(end, []).append((place, edge))
    return found


def _at(story: Story, doubts: Mapping[str, list[tuple[int, Edge]]]) -> tuple[Edge, ...]:
    """The edges at a story's articles, each once, in their order."""
    found = {place: edge for one in story.members for place, edge in doubts.get(one, ())}
    return tuple(found[place] for place in sorted(found))


_BY = "据折叠的"


def representing(story: Rating, of: Article, own: Rating) -> Rating:
    """A story's rating as it stands for the article that is printed.

    It is that article's own, unless another telling, `of`, is judged better: then it says which.
    """
    if own.verdict is story.verdict:
        return own
    told = any(one.startswith(_BY) for one in story.because)
    because = story.because if told else (f"{_BY}《{of.title}》（{of.outlet}）", *story.because)
    return replace(story, because=because, genre=own.genre, share=own.share, excerpt=own.excerpt)


def outside(article: Article, window: Window) -> Rejection:
    """Why an article that no candidate stands for is not in the window."""
    if article.date is None:
        return Rejection(Fate.UNDATED, "页面没有给出发布日期")
    return Rejection(Fate.OUT_OF_WINDOW, f"发布于{article.date}，不在{window.start}至{window.end}之内")


def _with_short_handles(kept: Sequence[Candidate]) -> list[Candidate]:
    alike: dict[str, list[str]] = {}
    for one in kept:
        alike.setdefault(one.handle[:_HANDLE_LENGTH], []).append(one.handle)
    short: list[Candidate] = []
    for one in kept:
        length, others = _HANDLE_LENGTH, alike[one.handle[:_HANDLE_LENGTH]]
        while sum(other.startswith(one.handle[:length]) for other in others) > 1 and length < len(one.handle):
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
    if candidate.rating.genre is Genre.NOTICE:
        return Fate.STANDBY  # of those whom it concerns; the release check says of any that it is not taken as a rule
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
    series: str,
    window: Window,
    fresh: Sequence[Candidate],
    silent: Iterable[str],
    previous: Draft | None = None,
    *,
    supplement: bool = False,
) -> Draft:
    """A window's draft from its candidates; what an editor decided on the previous one stands.

    A story keeps its handle from one making to the next. One that the editor took, edited, excerpted or chose the
    version of keeps its representative too, and stays even when the new judgement would no longer offer it.
    As a supplement the new judgement only adds: whatever is chosen stays so, told by the same article, as nobody
    asked for another draft than the one that lies on the desk.
    """
    if previous is None:
        made = Draft(series=series, window=window, candidates=tuple(fresh), silent=tuple(silent))
        entering = (one.handle for one in fresh if fate(one, series, window) is Fate.INCLUDED)
        made = replace(made, chosen=tuple(entering))
        return replace(made, chosen=in_order(made))
    every = _carried_over(fresh, previous, _standing(fresh, previous) if supplement else set())
    offered = {one.handle for one in every}
    stays = [handle for handle in previous.chosen if handle in offered]
    passed = {*stays, *previous.excluded}
    late = [one.handle for one in every if one.handle not in passed and fate(one, series, window) is Fate.INCLUDED]
    made = replace(previous, candidates=every, chosen=(*stays, *late), silent=tuple(silent))
    known = {one.handle for one in previous.candidates}
    came = [
        one.handle for one in every if one.handle in previous.supplements or (supplement and one.handle not in known)
    ]
    made = replace(made, supplements=tuple(came))
    return made if previous.ordered else replace(made, chosen=in_order(made))


def _standing(fresh: Sequence[Candidate], previous: Draft) -> set[str]:
    """What is chosen and stays as it is; a page that was read anew is told by the new reading."""
    articles = {article.id for one in fresh for article in one.articles}
    addresses = {article.url for one in fresh for article in one.articles}
    chosen = (one for one in previous.candidates if one.handle in previous.chosen)
    return {one.handle for one in chosen if one.article.id in articles or one.article.url not in addresses}


def _carried_over(fresh: Sequence[Candidate], previous: Draft, stands: Set[str]) -> tuple[Candidate, ...]:
    """The fresh candidates under the handles they had before, and those an editor holds on to, or that stand."""
    merged_into = {kept for kept, _ in previous.together}
    held = {*stands, *previous.included, *previous.edits, *previous.late, *previous.excerpts, *previous.represented}
    held |= {one.handle for one in previous.candidates if one.article.id in merged_into}
    claimed: dict[str, Candidate] = {}
    taken: set[str] = set()
    alone: list[Candidate] = []
    whose: dict[str, Candidate] = {}
    for one in fresh:
        for article in one.articles:
            whose.setdefault(article.id, one)
    chosen_first = sorted(
        previous.candidates, key=lambda one: (one.handle not in held, one.handle not in previous.chosen)
    )
    for old in chosen_first:
        now = whose.get(old.article.id)
        if now is not None and now.handle not in claimed:
            claimed[now.handle] = replace(now, handle=old.handle)
            if old.handle in held:
                others = (one for one in now.articles if one.id != old.article.id)
                rating = representing(now.rating, now.article, old.rating)
                claimed[now.handle] = replace(now, handle=old.handle, articles=(old.article, *others), rating=rating)
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
        ties = _ties(candidate)
        for other in candidate.articles[1:]:
            tie = ties.get(other.id)
            told = f"{tie.relation.chinese}（{tie.score:.2f}）" if tie else "编辑合并"
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


def _ties(candidate: Candidate) -> dict[str, Edge]:
    """How each folded article belongs to the representative: the weakest edge on the strongest way to it.

    A reprint of another telling is another telling too, however like its own original it is.
    """
    ways: dict[str, list[Edge]] = {}
    found: dict[str, Edge | None] = {candidate.article.id: None}
    for relation in (one for one in Relation if one.folds):
        for edge in sorted(candidate.edges, key=lambda one: -one.score):
            if edge.relation is relation:
                ways.setdefault(edge.a, []).append(edge)
                ways.setdefault(edge.b, []).append(edge)
        waiting = deque(found)
        while waiting:
            at = waiting.popleft()
            so_far = found[at]
            for edge in ways.get(at, ()):
                other = edge.b if edge.a == at else edge.a
                if other not in found:
                    found[other] = so_far if so_far and so_far.relation is relation else edge
                    waiting.append(other)
    return {article: edge for article, edge in found.items() if edge}
