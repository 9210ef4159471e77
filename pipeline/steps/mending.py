"""What may be decided about a finding: the decisions that mend it, ready to be made with one click.

A finding says what is wrong with an item; what would put it right is concluded here from the item's candidate, so that
nothing is offered that would not help: no other version where all are as bad, no date that nobody claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.config import Outlets
from pipeline.model import Article, Candidate, Draft, Finding, Flag, Genre, Item
from pipeline.steps.blocks import written
from pipeline.steps.check import (
    is_furniture,
    joined,
    malformed,
    odd_suffix,
    one_letter_off,
    other_days,
)
from pipeline.steps.dateline import credited
from pipeline.steps.select import better
from pipeline.steps.urls import desktop, is_mobile

_MOST = 3  # of one manner: more buttons are no help


@dataclass(frozen=True, slots=True)
class Fix:
    """A decision that would mend a finding."""

    label: str
    """What is written on its button, in Chinese."""
    verb: str
    target: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """What is suggested as the reason, where one must be written; the editor may change it."""
    reasoned: bool = False
    """Whether a reason must be written."""


@dataclass(frozen=True, slots=True)
class _Case:
    finding: Finding
    draft: Draft
    candidate: Candidate
    item: Item
    outlets: Outlets
    items: Sequence[Item]

    @property
    def handle(self) -> str:
        return self.candidate.handle

    @property
    def article(self) -> Article:
        return self.candidate.article

    def edit(self, label: str, **values: str) -> Fix:
        return Fix(label, "edit", self.handle, values)

    def put_out(self) -> Fix:
        return Fix("剔除", "exclude", self.handle)

    def waived(self, label: str, reason: str) -> Fix:
        return Fix(label, "waive", self.finding.key, reason=reason, reasoned=True)

    def version(self, article: Article, label: str = "") -> Fix:
        """The story printed from another of its articles; one that was read anew shares its address with the old."""
        alone = [one.url for one in self.candidate.articles].count(article.url) == 1
        label = label or f"换用{article.outlet or urlsplit(article.url).hostname}的版本"
        return Fix(label, "represent", self.handle, {"with": article.url if alone else article.id})

    def versions(self, fit: Callable[[Article], bool] = lambda article: True) -> Iterator[Fix]:
        """The other articles of the story that are no mirrors and do not have the fault."""
        fitting = [one for one in self.candidate.articles[1:] if Flag.MIRROR not in one.flags and fit(one)]
        yield from map(self.version, fitting[:_MOST])

    def link(self, label: str, url: str) -> Iterator[Fix]:
        """The link changed, unless it is as bad, or the same."""
        if url and url != self.item.url and malformed(url) is None:
            yield self.edit(label, url=url)


def fixes(finding: Finding, draft: Draft, items: Sequence[Item], outlets: Outlets) -> tuple[Fix, ...]:
    """The decisions that would mend a finding, the best first; none where only a look helps, or none is known.

    `items` are the issue's, as they would be printed now.
    """
    mend = MENDS.get(finding.check)
    item = next((one for one in items if one.handle == finding.handle), None)
    if mend is None or item is None:
        return ()
    candidate = draft.candidate(finding.handle)
    case = _Case(finding, draft, candidate, item, outlets, items)
    return tuple({(one.verb, one.target, tuple(one.values.items())): one for one in mend(case)}.values())


def _link(case: _Case) -> Iterator[Fix]:
    yield from case.link("去掉链接里的空格", joined(case.item.url))
    yield from case.link("恢复原来的链接", case.article.url)
    for other in case.article.aliases[:_MOST]:
        yield from case.link(f"改用 {urlsplit(other).hostname} 的链接", other)
    yield from case.versions(lambda one: malformed(one.url) is None)
    yield case.put_out()


def _suffix(case: _Case) -> Iterator[Fix]:
    for other in (case.article.url, *case.article.aliases):
        if not odd_suffix(other):
            yield from case.link(f"链接改为 {urlsplit(other).path.rpartition('/')[2] or other}", other)


def _host(case: _Case) -> Iterator[Fix]:
    if near := one_letter_off(case.item.url, case.outlets):
        known, host = near[0], urlsplit(case.item.url).hostname or ""
        kept = host.split(".")[: -known.count(".") - 1]  # what stands before the part that was mistyped: www
        right = ".".join((*kept, known))
        yield from case.link(f"主机名改为 {right}", re.sub(re.escape(host), right, case.item.url, count=1, flags=re.I))
    yield from case.link("恢复原来的链接", case.article.url)
    yield case.put_out()


def _mobile(case: _Case) -> Iterator[Fix]:
    yield from case.link("换成电脑版链接", desktop(case.item.url, case.article.aliases))
    yield from case.versions(lambda one: not is_mobile(one.url))


def _no_outlet(case: _Case) -> Iterator[Fix]:
    owner = case.outlets.at(joined(case.item.url))
    origin = credited(case.item.text, case.outlets)
    for name in dict.fromkeys([case.article.outlet, origin.name if origin else "", owner.name if owner else ""]):
        if name.strip():
            yield case.edit(f"来源填“{name}”", outlet=name)


def _outlet_host(case: _Case) -> Iterator[Fix]:
    yield from case.versions(lambda one: _at_home(one, case.item.outlet, case.outlets))
    if owner := case.outlets.at(joined(case.item.url)):
        yield case.edit(f"来源改为“{owner.name}”", outlet=owner.name)


def _at_home(article: Article, outlet: str, outlets: Outlets) -> bool:
    owner = outlets.at(article.url)
    return owner is not None and outlet in owner.names


def _not_the_origin(case: _Case) -> Iterator[Fix]:
    if origin := credited(case.item.text, case.outlets):
        yield from case.versions(lambda one: any(_at_home(one, name, case.outlets) for name in origin.names))
        yield case.edit(f"来源改为“{origin.name}”", outlet=origin.name)


def _same_event(case: _Case) -> Iterator[Fix]:
    if (named := re.search(r"与第(\d+)条为", case.finding.message)) and int(named[1]) <= len(case.items):
        yield Fix(f"并入第{named[1]}条", "merge", case.handle, {"into": case.items[int(named[1]) - 1].handle})
    yield case.put_out()
    yield case.waived("分列两条", "不是同一件事")


def _covered(case: _Case) -> Iterator[Fix]:
    yield case.put_out()
    yield case.waived("照收", "有新内容")


def _better(case: _Case) -> Iterator[Fix]:
    if found := better(case.candidate, case.draft, case.outlets):
        article, why = found
        yield case.version(article, f"换用{article.outlet}的版本（{why}）")
        yield case.version(case.article, "保留现在的版本")


def _passage(case: _Case) -> Iterator[Fix]:
    if case.candidate.rating.excerpt and not case.item.excerpt:
        yield Fix("改为节选", "excerpt", case.handle)
    yield case.put_out()


def _furniture(case: _Case) -> Iterator[Fix]:
    kept = [one for one in case.item.blocks if not any(map(is_furniture, one.plain.splitlines()))]
    if kept and not case.item.excerpt:  # of an excerpt only a part would be left
        yield case.edit(f"删去这 {len(case.item.blocks) - len(kept)} 段", blocks=written(kept))


def _genre(case: _Case) -> Iterator[Fix]:
    if case.item.genre is Genre.LIST:
        yield from _passage(case)
    else:
        yield case.put_out()
        yield case.waived("照收", "")


def _undated(case: _Case) -> Iterator[Fix]:
    for one in case.article.dates:
        if one.day is not None and one.day in case.draft.window:
            yield case.edit(f"填 {one.day}（{one.where}）", date=str(one.day))
    yield from case.versions(lambda one: one.date is not None and one.date in case.draft.window)
    yield case.put_out()


def _out_of_window(case: _Case) -> Iterator[Fix]:
    yield case.put_out()
    if case.item.date and case.item.date < case.draft.window.start:
        yield Fix("作补收", "include", case.handle, reasoned=True)
    yield from case.versions(lambda one: one.date is not None and one.date in case.draft.window)


def _dates(case: _Case) -> Iterator[Fix]:
    if case.item.date:
        for one in other_days(case.item.date, case.article.dates, case.draft.window)[:_MOST]:
            yield case.edit(f"日期改为 {one.day}（{one.where}）", date=str(one.day))
    yield case.waived("日期无误", "已与原文核对，日期无误")


def _no_title(case: _Case) -> Iterator[Fix]:
    if case.article.title.strip():
        yield case.edit("恢复原来的标题", title=case.article.title)
    yield from case.versions(lambda one: bool(one.title.strip()))
    yield case.put_out()


def _empty_body(case: _Case) -> Iterator[Fix]:
    if case.article.text.strip():
        yield case.edit("恢复原来的正文", blocks=written(case.article.blocks))
    yield from case.versions(lambda one: bool(one.text.strip()))
    yield case.put_out()


def _mirror(case: _Case) -> Iterator[Fix]:
    yield from case.versions()
    yield case.put_out()


def _without(flag: Flag) -> Callable[[_Case], Iterator[Fix]]:
    return lambda case: case.versions(lambda one: flag not in one.flags)


def _page_now(case: _Case) -> Iterator[Fix]:
    yield from case.versions()


MENDS: Mapping[str, Callable[[_Case], Iterator[Fix]]] = {
    "empty-link": _link,
    "malformed-url": _link,
    "suspicious-suffix": _suffix,
    "unknown-host": _host,
    "mobile-url": _mobile,
    "no-outlet": _no_outlet,
    "outlet-host": _outlet_host,
    "not-the-origin": _not_the_origin,
    "same-event": _same_event,
    "covered": _covered,
    "better-version": _better,
    "passage": _passage,
    "furniture": _furniture,
    "genre": _genre,
    "undated": _undated,
    "out-of-window": _out_of_window,
    "date-conflict": _dates,
    "no-title": _no_title,
    "empty-body": _empty_body,
    "mirror": _mirror,
    "tampered": _without(Flag.TAMPERED),
    "incomplete": _without(Flag.INCOMPLETE),
    "page-now": _page_now,
}
"""What mends each finding, by its name; of the others a look or the office's own files are what helps."""
