"""What an edited file of a draft changes, and what of that the draft says otherwise by now.

Method: the items of the file are the draft's by the marks they carry, else by link, title and text; where none of that
tells, nothing is guessed. Then each field is held against what the same file said when it was exported: a title stands
in three places, and the one that was changed is the new one; where two were changed differently, neither is taken.
The order and the items are those of 具体内容; a 目录 that says otherwise is told of.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from pipeline.errors import UsageError
from pipeline.model import Block, Change, Changes, Edited, Issue, Item, Retouched, Returned, ReturnedItem
from pipeline.steps.returning.differences import marked
from pipeline.steps.returning.merging import merged
from pipeline.steps.returning.text import reread

_ALIKE = 0.6  # of two titles: below it another headline was written
_SURE = 0.75  # of two titles that nothing else holds together
_MOSTLY = 0.5  # of an item's paragraphs
_SOME = 0.2
_PERHAPS = 0.45
_TIE = 0.05
_MOST_PAIRS = 2_500
_RARE = 5  # items that share a paragraph; one that stands in more tells nothing of them
_DAY = re.compile(r"(\d{4})\s*[-年/.．]\s*(\d{1,2})\s*[-月/.．]\s*(\d{1,2})\s*日?")
_ADD = "要收录新的条目，请用 bulletin collect --url 网址 或 --paste 采入，再用 draft include 收录"


def changes(returned: Returned, exported: Returned, issue: Issue) -> Changes:
    """What `returned` changes of `issue`.

    `exported` is what the file of that issue said when it was written, read by the reader that read `returned`: its
    items are the issue's, in their order. Raises `UsageError` when the file has none of the issue's items.
    """
    return _Comparison(returned, exported, issue).compare()


@dataclass(frozen=True, slots=True)
class _Pair:
    """An item of the file and the one of the draft that it is."""

    returned: ReturnedItem
    exported: ReturnedItem
    item: Item
    position: int
    """In the exported issue, from 1."""

    @property
    def name(self) -> str:
        return f"第{self.position}条《{self.item.title}》"

    def change(self, what: Edited, before: str = "", after: str = "") -> Change:
        return Change(what, self.item.handle, self.item.title, self.position, before, after)


class _Comparison:
    def __init__(self, returned: Returned, exported: Returned, issue: Issue) -> None:
        if len(exported.items) != len(issue.items):
            raise UsageError(
                f"按现在的模板导出的文件读不回第{issue.number}期的 {len(issue.items)} 条。",
                "请用 template check 检查模板中的条目。",
            )
        self._returned, self._exported, self._issue = returned, exported, issue
        self._listed = len(exported.contents) == len(issue.items) and bool(returned.contents)
        """Whether both files have a 目录 that can be held against the items."""
        self._lines: dict[int, int] = {}
        """Exported item → its line in the file's 目录, by index."""
        self._untaken: list[str] = []
        self._notes: list[str] = []
        self._taken: list[Change] = []

    def compare(self) -> Changes:
        matched, doubted = _matched(self._returned.items, self._exported.items)
        if self._issue.items and not matched:
            raise UsageError(
                f"文件里找不到第{self._issue.number}期的任何一条。",
                "请核对文件和期次；改动过大的条目请用 draft edit 修改。",
            )
        pairs = [
            _Pair(self._returned.items[at], self._exported.items[its], self._issue.items[its], its + 1)
            for at, its in sorted(matched.items())
        ]
        lines = self._contents(pairs)
        for pair in pairs:
            self._item(pair, lines.get(pair.position - 1))
        strangers = [one for at, one in enumerate(self._returned.items) if at not in matched and at not in doubted]
        self._left_out(set(matched.values()), set(doubted.values()), strangers, lines)
        order = self._order(pairs, lines)
        self._strangers(matched, doubted)
        self._computed()
        self._repeated()
        self._untaken += [one for one in self._returned.left if one not in self._exported.left]
        notes = [*(one for one in self._returned.notes if one not in self._exported.notes), *self._notes]
        return Changes(tuple(self._taken), order, tuple(self._untaken), tuple(notes))

    # ------------------------------------------------------------------------------------ the 目录

    def _contents(self, pairs: Sequence[_Pair]) -> dict[int, tuple[str, str]]:
        """The line of the 目录 about each exported item, by the item's index."""
        was, now = self._exported.contents, self._returned.contents
        if not self._listed:
            return {}
        known = {one.handle: at for at, one in enumerate(self._exported.items) if one.handle}
        told = [known.get(one) for one in self._returned.lines]
        found: dict[int, tuple[str, str]] = {}
        places = self._lines

        def take(at: int, line: int) -> None:
            found[at], places[at] = now[line], line

        if len(told) == len(now):
            once = Counter(told)
            for line, at in enumerate(told):
                if at is not None and once[at] == 1:
                    take(at, line)
        rest = [line for line in range(len(now)) if line not in places.values()]
        titles: dict[str, list[int]] = {}
        for at, (title, _) in enumerate(was):
            if at not in found:
                titles.setdefault(title, []).append(at)
        for pair in pairs:  # a title may have been changed everywhere
            if pair.position - 1 not in found:
                for title in {pair.returned.title, pair.returned.headline} - {was[pair.position - 1][0], ""}:
                    titles.setdefault(title, []).append(pair.position - 1)
        for line in list(rest):
            if len(fitting := [at for at in titles.get(now[line][0], []) if at not in found]) == 1:
                take(fitting[0], line)
                rest.remove(line)
        left = [at for at in range(len(was)) if at not in found]
        for line in list(rest):
            scored = sorted(((_alike(was[at][0], now[line][0]), at) for at in left), reverse=True)
            same_place = len(now) == len(was) and line in left
            if scored and scored[0][0] >= _ALIKE:
                at = scored[0][1]
            elif same_place:
                at = line
            else:
                self._untaken.append(f"目录中的“{now[line][0]}”不是本期的条目，未采用")
                continue
            take(at, line)
            left.remove(at)
        return found

    # ------------------------------------------------------------------------------------ one item

    def _item(self, pair: _Pair, line: tuple[str, str] | None) -> None:
        was, now = pair.exported, pair.returned
        known = self._exported.contents[pair.position - 1] if line else ("", "")
        title, outlet = line or ("", "")
        self._field(
            pair,
            Edited.TITLE,
            ("目录", known[0], title, line is not None),
            ("条目标题", was.title, now.title, True),
            ("文章标题", was.headline, now.headline, bool(was.headline)),
        )
        self._field(
            pair,
            Edited.OUTLET,
            ("目录", known[1], outlet, line is not None),
            ("来源栏", was.outlet, now.outlet, True),
            ("来源行", was.byline, now.byline, bool(was.byline)),
        )
        self._date(pair)
        self._link(pair)
        if now.excerpt != was.excerpt and now.headline:
            marked_so = pair.change(Edited.EXCERPT, _yes(was.excerpt), _yes(now.excerpt))
            self._taken.append(replace(marked_so, blocks=pair.item.blocks))  # else the mark alone would change the text
        reading = reread(now, was, pair.item)
        if reading.told:
            change = pair.change(Edited.TEXT)
            self._taken.append(replace(change, blocks=tuple(reading.blocks), paragraphs=tuple(reading.told)))
        self._untaken += [f"{pair.name}{one}" for one in reading.untaken]

    def _field(self, pair: _Pair, what: Edited, *places: tuple[str, str, str, bool]) -> None:
        """A field that stands in several places: where, what stood there, what stands there now, if it does at all."""
        edited = {where: now for where, was, now, there in places if there and now != was}
        emptied = [where for where, now in edited.items() if not now]
        new = list(dict.fromkeys(now for now in edited.values() if now))
        if len(new) > 1:
            told = "，".join(f"{where}“{now}”" for where, now in edited.items() if now)
            fix = f"请用 draft edit {pair.item.handle} --{what.value} 写明"
            self._untaken.append(f"{pair.name}的{what.chinese}改得不一致（{told}），未采用；{fix}")
        elif new:
            before = pair.item.title if what is Edited.TITLE else pair.item.outlet
            if new[0] != before:
                self._taken.append(pair.change(what, before, new[0]))
        elif emptied:
            self._untaken.append(f"{pair.name}的{what.chinese}（{'、'.join(emptied)}）被删空，仍印原来的")

    def _date(self, pair: _Pair) -> None:
        was, now = pair.exported.date, pair.returned.date
        if was == now:
            return
        before = pair.item.date.isoformat() if pair.item.date else ""
        if not now:
            self._untaken.append(f"{pair.name}的日期被删去，仍印 {before}")
        elif (day := _day(now)) is None:
            self._untaken.append(f"{pair.name}的日期改成了“{now}”，不是日期，未采用；请写成 2024-06-04")
        elif day != before:
            self._taken.append(pair.change(Edited.DATE, before, day))

    def _link(self, pair: _Pair) -> None:
        was, now = pair.exported, pair.returned
        if now.url != was.url:
            self._taken.append(pair.change(Edited.URL, pair.item.url, now.url))
            if now.target and now.target not in (was.url, was.target, now.url):
                self._untaken.append(f"{pair.name}的链接文字是 {now.url}，点开却是 {now.target}；采用了文字")
        elif now.target and now.target != was.target:
            self._taken.append(pair.change(Edited.URL, pair.item.url, now.target))

    # --------------------------------------------------------------------------- items and their order

    def _left_out(
        self,
        there: set[int],
        doubted: set[int],
        strangers: Sequence[ReturnedItem],
        lines: Mapping[int, tuple[str, str]],
    ) -> None:
        """Leaves out what is no longer in the file, unless it may be what an item there that nobody knows was."""
        many = len(strangers) * (len(self._issue.items) - len(there)) > _MOST_PAIRS
        for at, item in enumerate(self._issue.items):
            name = f"第{at + 1}条《{item.title}》"
            if at in there:
                if (
                    self._returned.contents
                    and len(self._exported.contents) == len(self._issue.items)
                    and at not in lines
                ):
                    self._untaken.append(
                        f"目录里删去了{name}，具体内容里仍在；以具体内容为准，仍收录；"
                        f"要删去请用 draft exclude {item.handle}"
                    )
            elif at not in doubted and (
                like := next((one for one in strangers if many or _perhaps(one, self._exported.items[at])), None)
            ):
                self._untaken.append(
                    f"{name}在文件里找不到，{like.place}起的《{like.title or like.headline}》也许是它改写的，认不出来；"
                    f"未删去，要删请用 draft exclude {item.handle}"
                )
            elif at not in doubted:
                self._taken.append(Change(Edited.LEFT_OUT, item.handle, item.title, at + 1))
                if at in lines:
                    self._notes.append(f"具体内容里删去了{name}，目录里仍列着；以具体内容为准，已删去")

    def _order(self, pairs: Sequence[_Pair], lines: Mapping[int, tuple[str, str]]) -> tuple[str, ...]:
        places = [pair.position - 1 for pair in pairs]
        listed = [at for at in sorted(self._lines, key=lambda at: self._lines[at]) if at in set(places)]
        here = [at for at in places if at in lines]
        if listed != sorted(listed) and listed != here:
            told = "目录里的顺序改了，具体内容里没有" if places == sorted(places) else "目录里的顺序与具体内容不一致"
            self._untaken.append(f"{told}；以具体内容为准；要移动条目请用 draft reorder")
        if places == sorted(places):
            return ()
        staying = set(longest_run(places))
        for now, pair in enumerate(pairs, start=1):
            if pair.position - 1 not in staying:
                self._taken.append(pair.change(Edited.ORDER, str(pair.position), str(now)))
        return tuple(pair.item.handle for pair in pairs)

    def _strangers(self, matched: Mapping[int, int], doubted: Mapping[int, int]) -> None:
        for at, one in enumerate(self._returned.items):
            if at in matched:
                continue
            name = f"{one.place}起的条目《{one.title or one.headline}》"
            if at in doubted:
                item = self._issue.items[doubted[at]]
                self._untaken.append(
                    f"{name}带着第{doubted[at] + 1}条《{item.title}》的标记，标题、链接、正文却都不同，"
                    f"认不出是改写还是换了一条；未采用，原来的一条不动；改写请用 draft edit {item.handle}"
                )
            elif copied := next((its for its in matched.values() if _recognised(one, self._exported.items[its])), None):
                name_of = f"第{copied + 1}条《{self._issue.items[copied].title}》"
                self._untaken.append(f"{name}与{name_of}重复，只采用了一份")
            else:
                self._untaken.append(f"{name}不是本期的候选，未采用；{_ADD}")

    def _repeated(self) -> None:
        """What front matter repeats of an item and was changed there alone is told of: the text is what counts."""
        was = {(handle, what): value for handle, what, value in self._exported.front}
        now = {(one.handle, one.what): one.after for one in self._taken}
        names = {item.handle: f"第{at}条《{item.title}》" for at, item in enumerate(self._issue.items, start=1)}
        for handle, what, value in self._returned.front:
            if value not in (was.get((handle, what), value), now.get((handle, what))):
                told = f"文件头里{names[handle]}的{what.chinese}改成了“{value or '（空）'}”，未采用"
                self._untaken.append(f"{told}：请在正文的条目里改")

    def _computed(self) -> None:
        """What stands in the file and is computed: an edit of it is told of, with where it is to be changed."""
        was, now = self._exported, self._returned
        for what, before, after, fix in (
            ("刊名", was.title, now.title, "刊名写在 config/series.yaml"),
            ("期号", was.number_chinese, now.number_chinese, "期号按发布的先后给出，不能改写"),
            ("出刊日期", was.date, now.date, "出刊日期是窗口的最后一天"),
            ("编发单位", was.issuer, now.issuer, "编发单位写在 config/series.yaml"),
            ("更正说明", was.corrected, now.corrected, "更正说明请在“更正”里改写，或用 bulletin issue correct"),
            ("版记", "\n".join(was.footer), "\n".join(now.footer), "版记写在 config/series.yaml 的 footer"),
            ("导语", was.lead, now.lead, "导语由篇数和日期算出，措辞写在 templates/lead.j2"),
        ):
            if after and before and after != before:
                self._untaken.append(f"{what}改过（{marked(before, after)}），未采用：{fix}")


def _yes(said: bool) -> str:
    return "yes" if said else ""


def _day(text: str) -> str | None:
    found = _DAY.fullmatch(text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])).isoformat() if found else None
    except ValueError:
        return None


# ----------------------------------------------------------------------------------- which item is which


def _matched(
    returned: Sequence[ReturnedItem], exported: Sequence[ReturnedItem]
) -> tuple[dict[int, int], dict[int, int]]:
    """Which item of the file is which of the draft, by index; and which only carries the mark of one."""
    known = {one.handle: at for at, one in enumerate(exported) if one.handle}
    titled: dict[str, list[int]] = {}
    for at, one in enumerate(exported):
        titled.setdefault(one.title, []).append(at)
    claims: dict[int, list[int]] = {}
    doubted: dict[int, int] = {}
    for at, one in enumerate(returned):
        if one.handle not in known:
            continue
        its = known[one.handle]
        named = titled.get(one.title, [its])
        another = its not in named and one.url != exported[its].url  # the mark says one, all else another
        if _recognised(one, exported[its]) and not another:
            claims.setdefault(its, []).append(at)
        else:
            doubted[at] = its
    matched: dict[int, int] = {}
    for its, several in claims.items():
        best = max(several, key=lambda at: (_closeness(returned[at], exported[its]), -at))
        matched[best] = its
    _match_rest(returned, exported, matched)
    taken = set(matched.values())
    return matched, {at: its for at, its in doubted.items() if at not in matched and its not in taken}


def _match_rest(returned: Sequence[ReturnedItem], exported: Sequence[ReturnedItem], matched: dict[int, int]) -> None:
    """Finds by what they say the items that lost their mark, or carry that of another one."""
    free = set(range(len(exported))) - set(matched.values())
    rest = [at for at in range(len(returned)) if at not in matched]
    for key in (_address_and_title, _address, _title):
        mine: dict[object, list[int]] = {}
        for its in sorted(free):
            mine.setdefault(key(exported[its]), []).append(its)
        for at in list(rest):
            name = key(returned[at])
            if name and len(fitting := [its for its in mine.get(name, ()) if its in free]) == 1:
                matched[at] = fitting[0]
                free.discard(fitting[0])
                rest.remove(at)
    pairs = _worth_comparing(returned, exported, rest, free)
    found = sorted(((_closeness(returned[at], exported[its]), at, its) for at, its in pairs), reverse=True)
    closest: dict[int, list[float]] = {}
    for closeness, at, _ in found:
        closest.setdefault(at, []).append(closeness)
    for closeness, at, its in found:
        if at in matched or its not in free or not _recognised(returned[at], exported[its], least=_SURE):
            continue
        if [other >= closeness - _TIE for other in closest[at]].count(True) > 1:
            continue  # two fit equally: nothing is guessed
        matched[at] = its
        free.discard(its)


def _worth_comparing(
    returned: Sequence[ReturnedItem], exported: Sequence[ReturnedItem], rest: Sequence[int], free: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Pairs of items that may be one; of many only those that share a paragraph, for time grows with the square."""
    if len(rest) * len(free) <= _MOST_PAIRS:
        yield from ((at, its) for at in rest for its in sorted(free))
        return
    holding: dict[str, list[int]] = {}
    for its in sorted(free):
        for text in {block.plain for block in exported[its].blocks if block.plain}:
            holding.setdefault(text, []).append(its)
    for at in rest:
        shared = (holding.get(block.plain, ()) for block in returned[at].blocks)
        yield from ((at, its) for its in sorted({its for some in shared if len(some) <= _RARE for its in some}))


def _address_and_title(one: ReturnedItem) -> object:
    return (one.url, one.title) if one.url and one.title else None


def _address(one: ReturnedItem) -> object:
    return one.url or None


def _title(one: ReturnedItem) -> object:
    return one.title or None


def _alike(a: str, b: str) -> float:
    if not a or not b:
        return 0.0
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


def _titles_alike(a: ReturnedItem, b: ReturnedItem) -> float:
    return max(_alike(mine, its) for mine in (a.title, a.headline) for its in (b.title, b.headline))


def _shared(a: ReturnedItem, b: ReturnedItem) -> float:
    """The share of the paragraphs that stand in both."""
    mine, its = ({block.plain for block in one.blocks if block.plain} for one in (a, b))
    return len(mine & its) / max(len(mine), len(its), 1)


def _recognised(a: ReturnedItem, b: ReturnedItem, least: float = _ALIKE) -> bool:
    """Whether one item may be what became of the other."""
    return (
        (bool(a.url) and a.url == b.url)
        or _titles_alike(a, b) >= least
        or _shared(a, b) >= (_SOME if least == _ALIKE else _MOSTLY)
    )


def _perhaps(a: ReturnedItem, b: ReturnedItem) -> bool:
    """Whether it cannot be ruled out that one item is what became of the other."""
    return _shared(a, b) > 0 or SequenceMatcher(None, a.title, b.title, autojunk=False).ratio() >= _PERHAPS


def _closeness(a: ReturnedItem, b: ReturnedItem) -> float:
    return (1.0 if a.url and a.url == b.url else 0.0) + _titles_alike(a, b) + _shared(a, b)


def longest_run(places: Sequence[int]) -> list[int]:
    """The most of them that stand in ascending order: the others were moved."""
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for at, place in enumerate(places):
        length = bisect_left(ends, place)
        before.append(tails[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place)
            tails.append(at)
        else:
            ends[length], tails[length] = place, at
    run, at = [], tails[-1] if tails else -1
    while at >= 0:
        run.append(places[at])
        at = before[at]
    return run[::-1]


# ------------------------------------------------------------------------------ when the draft moved on


def against(found: Changes, exported: Issue, now: Issue) -> Changes:
    """What is still to be taken when the draft went on from `exported` to `now`.

    What only the file changed is taken; what says the same by now is none; what both changed differently is not taken
    but told, with both texts. Of a text that is said of its paragraphs.
    """
    if exported.items == now.items:
        return found
    was, its = ({item.handle: item for item in issue.items} for issue in (exported, now))
    taken: list[Change] = []
    untaken = list(found.untaken)
    order = found.order
    if order:
        both = [handle for handle in was if handle in its]
        here = [handle for handle in its if handle in was]
        there = [handle for handle in order if handle in its]
        gone = set(both) - set(there)
        here, both = ([handle for handle in some if handle not in gone] for some in (here, both))
        if here == there:
            order = ()
        elif here != both:
            order = ()
            untaken.append(
                f"顺序两边都改了，保持草稿现在的顺序；文件里是：{'、'.join(_named(its[handle]) for handle in there)}"
            )
    for one in found.taken:
        if one.what is Edited.ORDER:
            taken += [one] if order else []
            continue
        if one.what is Edited.TEXT and one.handle in its:
            text = _merge(one, was[one.handle].blocks, its[one.handle].blocks, untaken)
            taken += [text] if text else []
            continue
        conflict = _conflict(one, was[one.handle], its.get(one.handle))
        if conflict is None:
            taken.append(replace(one, blocks=its[one.handle].blocks) if one.what is Edited.EXCERPT else one)
        elif conflict:
            untaken.append(conflict)
    return replace(found, taken=tuple(taken), order=order, untaken=tuple(untaken))


def _merge(one: Change, was: Sequence[Block], now: Sequence[Block], untaken: list[str]) -> Change | None:
    """What of a changed text is still to be taken; where both sides changed a paragraph, both texts are told."""
    if was == now:
        return one
    both = merged(was, one.blocks, now)
    if both.untaken:
        name = f"第{one.position}条《{one.title}》"
        file, draft = ("；".join(_lines(told)) for told in (both.untaken, both.kept))
        rest = "，别处的改动已采用" if both.taken else ""
        mine = f"。草稿里：{draft}" if draft else ""
        untaken.append(f"{name}的正文两边都改了，这几处保持草稿里的{rest}。文件里：{file}{mine}")
    return replace(one, blocks=both.blocks, paragraphs=both.taken) if both.taken else None


def _named(item: Item) -> str:
    return f"《{item.title}》"


def _conflict(one: Change, was: Item, now: Item | None) -> str | None:
    """Why a change cannot be taken, with both texts; empty when there is nothing left to take, `None` to take it."""
    name = f"第{one.position}条《{one.title}》"
    if now is None:
        if one.what is Edited.LEFT_OUT:
            return ""
        told = "；".join(_lines(one.paragraphs)) if one.what is Edited.TEXT else f"“{one.before}”→“{one.after}”"
        return f"{name}已不在草稿里，文件中对它的修改（{one.what.chinese}）未采用：{told}"
    if one.what is Edited.LEFT_OUT:
        if _core(was) == _core(now):
            return None
        return f"文件里删去了{name}，草稿里却又改过它；未删去，要删请用 draft exclude {one.handle}"
    before, after, mine = _value(was, one.what), _value(now, one.what), one.after
    if before == after:
        return None
    if after == mine:
        return ""
    fix = (
        f"要用文件里的，请用 draft edit {one.handle} --{one.what.value}"
        if one.what in _FIELDS
        else "请用 draft excerpt"
    )
    return f"{name}的{one.what.chinese}两边都改了：草稿里已是“{after}”，文件里是“{mine}”；保持草稿里的。{fix}"


_FIELDS = (Edited.TITLE, Edited.OUTLET, Edited.URL, Edited.DATE)


def _core(item: Item) -> tuple[object, ...]:
    return item.title, item.outlet, item.url, item.date, item.blocks, item.excerpt


def _value(item: Item, what: Edited) -> str:
    match what:
        case Edited.TITLE:
            return item.title
        case Edited.OUTLET:
            return item.outlet
        case Edited.URL:
            return item.url
        case Edited.DATE:
            return item.date.isoformat() if item.date else ""
        case _:
            return _yes(item.excerpt)


def _lines(paragraphs: Iterable[Retouched]) -> Iterator[str]:
    return (f"{one.place} {marked(one.before, one.after)}" for one in paragraphs)
