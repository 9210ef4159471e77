"""Does an article belong to a place: its outlet, the places and institutions it speaks of, and not in passing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from pipeline.config import Outlets, PlaceRule
from pipeline.steps.rate.evidence import LEAD
from pipeline.steps.rate.terms import fold, pattern

_OFTEN = 3  # mentions in the body that make a piece one about the place ...
_EVERY = 600  # ... if there is one every so many characters

# A place is passed by, not spoken of, in a dateline (新华社北京6月18日电, 央广网北京8月4日消息), in the name of a
# company, in an address, in a row of places (上海、北京、广东) and as the venue of a meeting.
CITIES = (
    "北京|上海|重庆|广东|广州|深圳|浙江|杭州|宁波|江苏|南京|苏州|四川|成都|湖北|武汉|湖南|长沙|福建|福州|厦门|"
    "山东|济南|青岛|河南|郑州|安徽|合肥|江西|陕西|西安|海南|贵州|云南|广西|辽宁|沈阳|大连|吉林|黑龙江|哈尔滨|"
    "甘肃|宁夏|新疆|山西|太原"
)
_DATELINE = re.compile(r"^.{0,16}?\d{1,2}月\d{1,2}日(?:电|讯|消息|专电)")
_COMPANY = re.compile(r"[^\W的在将]{0,18}?(?:有限公司|有限责任公司|股份公司|科技公司|医疗公司|科技股份|集团)")
_ADDRESS = re.compile(r"[^\W的]{0,14}?[路街巷道][^\W的]{0,6}?\d+号")
_VENUE = re.compile(r"[^,。;]{0,6}?(?:举行|召开|举办|开幕|落幕|闭幕)")


class Tie(Enum):
    """How an article belongs to a place."""

    NONE = 0
    LOOSE = 1
    FIRM = 2


class Place:
    """Judges whether an article belongs to one place."""

    def __init__(self, rule: PlaceRule, outlets: Outlets) -> None:
        self._rule = rule
        self._outlets = outlets
        self._institutions = {fold(one) for one in rule.institutions}
        self._passing = {fold(one) for one in rule.passing}
        own = set(map(fold, rule.places))
        self._names = pattern({*own, *self._institutions, *self._passing})
        elsewhere = f"(?:{'|'.join(city for city in CITIES.split('|') if city not in own)})"
        self._elsewhere = re.compile(elsewhere)
        self._row_goes_on = re.compile("[、,和及与]" + elsewhere)
        self._row_before = re.compile(elsewhere + "(?:等地)?[、,和及与]$")
        self._owner_before = re.compile(elsewhere + r"[^\W、]{0,12}$")

    def tie(self, title: str, lines: Sequence[str], outlet: str, url: str) -> tuple[Tie, str]:
        """How firmly an article belongs to the place, and why.

        Firm: an outlet of the region, the place in title or lead, an institution named there or twice, the
        place again and again. Loose: an institution named once, the place twice, or once in the lead of a
        piece whose title names another. Else none.
        """
        name = self._rule.name
        for found in (self._outlets.named(outlet) if outlet else None, self._outlets.at(url) if url else None):
            if found and self._rule.region and found.region == self._rule.region:
                return Tie.FIRM, f"来源为{name}媒体：{found.name}"
        in_title = self._mentions(title)
        in_lead: list[str] = []
        in_body: list[str] = []
        so_far = 0
        for line in lines:
            found_here = self._mentions(line, until=LEAD - so_far) if so_far < LEAD else []
            in_lead += found_here
            in_body += self._mentions(line)[len(found_here) :]
            so_far += len(line)
        early = [*in_title, *in_lead]
        named = [one for one in (*early, *in_body) if one in self._institutions]
        if named and (len(named) > 1 or any(one in self._institutions for one in early)):
            return Tie.FIRM, f"{name}机构：" + "、".join(list(dict.fromkeys(named))[:3])
        if early and not in_title and len(in_lead) + len(in_body) == 1 and self._elsewhere.search(title):
            return Tie.LOOSE, f"标题说的是别处，仅导语提到一次{name}，请核"
        if early:
            return Tie.FIRM, f"涉及{name}：{early[0]}（{'标题' if in_title else '导语'}）"
        if len(in_body) >= _OFTEN and len(in_body) * _EVERY >= so_far:
            return Tie.FIRM, f"涉及{name}：正文 {len(in_body)} 处"
        if named:
            return Tie.LOOSE, f"仅一处提到{name}机构（{named[0]}），请核"
        if len(in_body) > 1:
            return Tie.LOOSE, f"仅正文 {len(in_body)} 处提到{name}，请核"
        named = [found for part in (title, *lines) for found in self._names.findall(part)]
        passed = "未涉及" if all(one in self._institutions for one in named) else "只顺带提到"
        return Tie.NONE, f"{passed}{name}，来源亦非{name}媒体"

    def _mentions(self, line: str, until: int | None = None) -> list[str]:
        """The places and institutions spoken of in a line, up to a character."""
        dateline = found.end() if (found := _DATELINE.match(line)) else 0
        return [
            found[0]
            for found in self._names.finditer(line)
            if found.start() >= dateline and (until is None or found.start() < until) and self._counts(line, found)
        ]

    def _counts(self, line: str, found: re.Match[str]) -> bool:
        if found[0] in self._passing:
            return False
        before = line[max(0, found.start() - 16) : found.start()]
        if found[0] in self._institutions:
            return not self._owner_before.search(before)  # 武汉协和医院 is not 协和医院
        return not (
            any(one.match(line, found.end()) for one in (_COMPANY, _ADDRESS, _VENUE, self._row_goes_on))
            or self._row_before.search(before)
        )
