"""Does an article belong to a place: its outlet, the places and institutions it speaks of, and not in passing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.config import Outlets, PlaceRule
from pipeline.model import Match
from pipeline.steps.rate.evidence import LEAD
from pipeline.steps.rate.reasons import clipped, sentence_of
from pipeline.steps.rate.terms import Finder, fold

_OFTEN = 3  # mentions in the body that make a piece one about the place ...
_EVERY = 600  # ... if there is one every so many characters

# A place is passed by, not spoken of, in a dateline (新华社北京6月18日电, 央广网北京8月4日消息), in the name of a
# company, a road or an address, in a row of places (上海、北京、广东), as the venue of a meeting (在北京召开, though
# not 北京召开…工作会) and where it only says who an expert is (北京大学教授).
CITIES = (
    "北京|上海|重庆|广东|广州|深圳|浙江|杭州|宁波|江苏|南京|苏州|四川|成都|湖北|武汉|湖南|长沙|福建|福州|厦门|"
    "山东|济南|青岛|河南|郑州|安徽|合肥|江西|陕西|西安|海南|贵州|云南|广西|辽宁|沈阳|大连|吉林|黑龙江|哈尔滨|"
    "甘肃|宁夏|新疆|山西|太原"
)
# Where a hospital may be whose name is also one of the place, or one of its branches; not in rows, because
# 北京、天津、河北 are 京津冀.
_AROUND = (
    "天津|河北|石家庄|唐山|保定|廊坊|张家口|承德|沧州|秦皇岛|邯郸|邢台|衡水|雄安|内蒙古|赤峰|呼和浩特|包头|无锡|"
    "南通|温州|嘉兴|南昌|贵阳|昆明|南宁|柳州|兰州|银川|乌鲁木齐|西宁|青海|西藏|拉萨|长春|珠海|佛山|东莞|洛阳"
)
_DATELINE = re.compile(r"^.{0,16}?(?:\d{1,2}月\d{1,2}日(?:电|讯|消息|专电)|(?<=[社网报])\w{2,4}[电讯](?=[(\s]))")
_COMPANY = re.compile(
    r"[^\W的在将]{0,18}?(?:有限公司|有限责任公司|股份公司|科技公司|[^\W的在将家]{2}公司|科技股份|集团|证券交易所|路\d|[东南西北中]路)"
)
_ADDRESS = re.compile(r"[^\W的]{0,14}?[路街巷道][^\W的]{0,6}?\d+号")
_EXPERT = re.compile(r"[^\W、的]{0,6}大学[^\W、的]{0,12}(?:教授|研究员|博导|学者|讲师)")
_VENUE = re.compile(r"[^,。;]{0,12}?(?:举行|召开|举办|开幕|落幕|闭幕)")
_HELD_BEFORE = re.compile(r"(?:[在于赴]|大会|论坛|峰会|年会|博览会|展会|大赛)$")


class Tie(Enum):
    """How an article belongs to a place."""

    NONE = 0
    LOOSE = 1
    FIRM = 2


@dataclass(frozen=True, slots=True)
class Tied:
    """How firmly an article belongs to the place, why, and the sentence that says so."""

    tie: Tie
    why: str
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class _Mention:
    """A place or an institution that a line speaks of; line -1 is the title."""

    name: str
    line: int
    institution: bool
    early: bool


class Place:
    """Judges whether an article belongs to one place."""

    def __init__(self, rule: PlaceRule, outlets: Outlets) -> None:
        self._rule = rule
        self._outlets = outlets
        self._written = {fold(one): one for one in (*rule.places, *rule.institutions)}
        self._institutions = {fold(one) for one in rule.institutions}
        self._passing = {fold(one) for one in rule.passing}
        own = set(map(fold, rule.places))
        self._names = Finder({*own, *self._institutions, *self._passing})
        cities, around = (
            "|".join(city for city in listed.split("|") if city not in own) for listed in (CITIES, _AROUND)
        )
        self._elsewhere = re.compile(f"(?:{cities})")
        self._row_goes_on = re.compile(f"[、,和及与](?:{cities})")
        self._row_before = re.compile(f"(?:{cities})(?:等地)?[、,和及与]$")
        self._owner_before = re.compile(rf"(?:{cities}|{around})[^\W、]{{0,12}}$")
        self._branch_after = re.compile(
            rf"[(·]?(?:附属)?(?:{cities}|{around})[^\W、]{{0,4}}?(?:医院|院区|分院|中心|基地)"
        )

    @property
    def name(self) -> str:
        """What the place is called."""
        return self._rule.name

    def tie(self, title: str, as_written: Sequence[str], lines: Sequence[str], outlet: str, url: str) -> Tied:
        """How firmly an article belongs to the place; `lines` are the folded lines `as_written`.

        Firm: an outlet of the region, the place in title or lead, an institution named there or twice, the
        place again and again. Loose: an institution named once, the place twice, or once in the lead of a
        piece whose title names another. Else none.
        """
        name = self._rule.name
        for where, found in (
            (outlet, self._outlets.named(outlet) if outlet else None),
            (url, self._outlets.at(url) if url else None),
        ):
            if found and self._rule.region and found.region == self._rule.region:
                match = Match(found.name, "来源", where, f"{name}媒体")
                return Tied(Tie.FIRM, f"来源为{name}媒体：{found.name}", match)

        def shown(one: _Mention) -> Match:
            named = self._written.get(one.name, one.name)
            kind = f"{name}机构" if one.institution else f"涉及{name}"
            if one.line < 0:
                return Match(named, "标题", clipped(title.strip(), one.name), kind)
            return Match(named, "导语" if one.early else "正文", sentence_of(as_written[one.line], one.name), kind)

        folded = fold(title)
        mentions = [*self._mentions(folded, -1, len(folded))]
        so_far = 0
        for number, line in enumerate(lines):
            mentions += self._mentions(line, number, LEAD - so_far)
            so_far += len(line)
        in_title = [one for one in mentions if one.line < 0]
        early = [one for one in mentions if one.early]
        later = [one for one in mentions if not one.early]
        named = [one for one in mentions if one.institution]
        if named and (len(named) > 1 or named[0].early):
            listed = dict.fromkeys(self._written[one.name] for one in named)
            return Tied(Tie.FIRM, f"{name}机构：" + "、".join([*listed][:3]), shown(named[0]))
        if early and not in_title and len(mentions) == 1 and self._elsewhere.search(folded):
            return Tied(Tie.LOOSE, f"标题说的是别处，仅导语提到一次{name}，请核", shown(early[0]))
        if early:
            where = "标题" if in_title else "导语"
            return Tied(Tie.FIRM, f"涉及{name}：{self._written[early[0].name]}（{where}）", shown(early[0]))
        if len(later) >= _OFTEN and len(later) * _EVERY >= so_far:
            return Tied(Tie.FIRM, f"涉及{name}：正文 {len(later)} 处", shown(later[0]))
        if named:
            return Tied(Tie.LOOSE, f"仅一处提到{name}机构（{self._written[named[0].name]}），请核", shown(named[0]))
        if len(later) > 1:
            return Tied(Tie.LOOSE, f"仅正文 {len(later)} 处提到{name}，请核", shown(later[0]))
        passed = [one for part in (folded, *lines) for one in self._names.all(part)]
        said = "未涉及" if all(one in self._institutions for one in passed) else "只顺带提到"
        return Tied(Tie.NONE, f"{said}{name}，来源亦非{name}媒体")

    def named(self, title: str, lines: Sequence[str]) -> dict[str, bool]:
        """What an article speaks of, as the scope writes it → whether that is an institution.

        `lines` are folded, as for `tie`.
        """
        parts = enumerate((fold(title), *lines))
        found = (one for number, line in parts for one in self._mentions(line, number, 0))
        return {self._written[one.name]: one.institution for one in found}

    def _mentions(self, line: str, number: int, lead: int) -> Iterator[_Mention]:
        """What a line speaks of; what stands before character `lead` is early."""
        dateline = found.end() if (found := _DATELINE.match(line)) else 0
        for start, name in self._names.find(line):
            if start >= dateline and self._counts(line, start, name):
                yield _Mention(name, number, name in self._institutions, start < lead)

    def _counts(self, line: str, start: int, name: str) -> bool:
        if name in self._passing:
            return False
        before, end = line[max(0, start - 16) : start], start + len(name)
        if name in self._institutions:  # 武汉协和医院 is not 协和医院, nor is 宣武医院河北医院 宣武医院
            return not (self._owner_before.search(before) or self._branch_after.match(line, end))
        return not (
            _in_passing(line, start, end) or self._row_goes_on.match(line, end) or self._row_before.search(before)
        )


KNOWN = frozenset(map(fold, f"{CITIES}|{_AROUND}".split("|")))
"""Provinces and cities by their short names."""
_ELSEWHERE = Finder(KNOWN)


def cities(title: str, lines: Sequence[str]) -> list[str]:
    """The provinces and cities that an article speaks of, by their short names, each once; rows of them count here.

    `lines` are folded.
    """
    found: dict[str, None] = {}
    for line in (fold(title), *lines):
        dateline = one.end() if (one := _DATELINE.match(line)) else 0
        for start, name in _ELSEWHERE.find(line):
            if start >= dateline and not _in_passing(line, start, start + len(name)):
                found[name] = None
    return list(found)


def _in_passing(line: str, start: int, end: int) -> bool:
    """Whether the name of a place is part of another name there, or only says where people met or come from."""
    held = _HELD_BEFORE.search(line, max(0, start - 16), start) and _VENUE.match(line, end)
    return bool(held) or any(one.match(line, end) for one in (_COMPANY, _ADDRESS, _EXPERT))
