"""A draft's DOCX that somebody edited, read back as what it says.

The marks on the items' headings tell which item is which; where they were lost, `changes` finds out. What part a
paragraph plays is said by its style, else by its label (来源：, 链接：, 主要内容：), else by where it stands, so that
files whose styles were renamed, and those from an office's own template, are read too. What fits nowhere is told of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import IntEnum

from pipeline.model import CORRECTED, Block, Kind, Returned, ReturnedItem
from pipeline.steps.returning.lines import Line, Role, Word, leads_elsewhere, lines_of, tidy

_COUNT = r"\d{1,4}\s*[.．、]\s*"
_NUMBERED = re.compile(rf"^{_COUNT}")
_TITLE = re.compile(rf"^(?:{_COUNT})?标题\s*[：:]\s*")
_OUTLET = re.compile(r"^(?:信息|文章|新闻|稿件)?来\s*源\s*(?:[：:]|\s)\s*|^来源$")
_LINK = re.compile(r"^(?:原文|文章|网页|全文)?(?:链\s*接|网址|地址)\s*(?:[：:]|\s)\s*|^链接$")
_CONTENT = re.compile(r"^(?:主要|正文)?内\s*容(?:摘要)?\s*(?:[：:]\s*|$)")
_BYLINE = re.compile(r"^(?P<date>[^来]{0,24}?)[\s\u3000]*来源\s*[：:]\s*(?P<outlet>.*)$")
_DAY = re.compile(r"^\d{4}\s*[-年/.．]\s*\d{1,2}\s*[-月/.．]\s*\d{1,2}\s*日?")
_LEADERS = " \t\u3000.…·"  # between a title of the 目录 and its page
_BRACKETS = re.compile(r"^[（(](.*)[）)]$")
_EXCERPT = re.compile(r"(?<!\s)\s*[（(]节选[）)]$")
_CONTENTS = re.compile(r"^(?:[一二三]\s*[、.．])?\s*(?:本期)?(?:信息)?目\s*录$")
_ITEMS = re.compile(r"^(?:[一二三]\s*[、.．])\s*(?:具体|主要)?内容$")
_LEAD_LABEL = re.compile(r"^(?:本期)?导\s*语\s*[：:]?$")
_NUMBER = re.compile(r"^[（(]?第\s*(.{1,12}?)\s*期[）)]?$")
_ISSUE_DAY = re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日")
_ADDRESS = re.compile(r"https?://\S+")
_ISSUE = re.compile(r"([A-Za-z][\w-]*)/(-?\d+)")
_DIGITS = {**{char: str(n) for n, char in enumerate("〇一二三四五六七八九")}, "○": "0", "零": "0", "Ｏ": "0", "O": "0"}
_ALIKE = 0.6  # of a headline and the title; below it the line is the first of the text
_LONGEST_TITLE = 400  # characters; comparing longer ones takes time that grows with the square
_NEAR = 5  # paragraphs below a heading in which its labels stand
_QUOTED = 24
_LEVELS = {Role.ITEM: 0, Role.ITEM_2: 1, Role.ITEM_3: 2}
_KINDS = {Role.BODY: Kind.PARAGRAPH, Role.QUOTE: Kind.QUOTE, Role.CAPTION: Kind.CAPTION}
_FRONT = frozenset((Role.TITLE, Role.NUMBER, Role.ISSUER, Role.LEAD_LABEL, Role.LEAD, Role.ENTRY, Role.ENTRY_OUTLET))
_TEXT = frozenset((*_LEVELS, *_KINDS, Role.HEADING, Role.DEEPER, Role.FIGURE))


def read_word(data: bytes) -> Returned:
    """What an edited DOCX says; raises `UsageError` when it cannot be read."""
    return _Reader(lines_of(data)).read()


class _Part(IntEnum):
    """How far an item has been read."""

    LABELS = 0
    HEADLINE = 1
    DATELINE = 2
    TEXT = 3


@dataclass(slots=True)
class _Item:
    """An item while it is being read."""

    place: int
    title: str
    handle: str = ""
    outlet: str = ""
    url: str = ""
    target: str = ""
    headline: str = ""
    date: str = ""
    byline: str = ""
    excerpt: bool = False
    part: _Part = _Part.LABELS
    blocks: list[Block] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    linked: bool = False
    """Whether its link was met."""

    def finished(self) -> ReturnedItem:
        return ReturnedItem(
            handle=self.handle,
            title=self.title,
            outlet=self.outlet,
            url=self.url,
            date=self.date,
            blocks=tuple(self.blocks),
            excerpt=self.excerpt,
            place=f"第{self.place}段",
            headline=self.headline,
            byline=self.byline,
            target=self.target,
            unsure=tuple(self.unsure),
        )


class _Reader:
    def __init__(self, word: Word) -> None:
        self._lines = word.lines
        self._properties = word.properties
        self._notes = list(word.notes)
        self._left = list(word.left)
        self._heads = self._found_heads()
        self._title = self._number = self._corrected = self._day = self._issuer = ""
        self._lead: list[str] = []
        self._entries: list[list[str]] = []
        self._anchors: list[str] = []
        self._footer: list[str] = []
        self._items: list[_Item] = []

    def read(self) -> Returned:
        self._front(self._heads[0] if self._heads else len(self._lines))
        for at, head in enumerate(self._heads):
            until = self._heads[at + 1] if at + 1 < len(self._heads) else len(self._lines)
            self._item(head, until)
        self._stray_marks()
        series, number = self._known_as()
        return Returned(
            series=series,
            number=number,
            revision=self._revision(),
            title=self._title,
            lead="".join(self._lead),
            contents=tuple((title, outlet) for title, outlet in self._entries),
            items=tuple(one.finished() for one in self._items),
            notes=tuple(self._notes),
            lines=tuple(self._anchors) if any(self._anchors) else (),
            number_chinese=self._number,
            corrected=self._corrected,
            date=self._day,
            issuer=self._issuer,
            footer=tuple(self._footer),
            left=tuple(self._left),
        )

    def _known_as(self) -> tuple[str, int]:
        """Series and number, as the properties say, else the number of the masthead."""
        for name in ("issue", "identifier"):
            if found := _ISSUE.fullmatch(self._properties.get(name, "")):
                return found[1], int(found[2])
        printed = _NUMBER.match(self._number)
        digits = "".join(_DIGITS.get(char, char) for char in printed[1]) if printed else ""
        return "", int(digits) if digits.isdecimal() and digits.isascii() else 0

    def _revision(self) -> int:
        said = self._properties.get("revision", "")
        return int(said) if said.isdecimal() and len(said) < 10 else 0

    # ----------------------------------------------------------------------------------- where items begin

    def _found_heads(self) -> list[int]:
        """The lines that begin an item."""
        begun = next((at for at, line in enumerate(self._lines) if _ITEMS.match(line.text)), -1)
        plain = not any(
            _TITLE.match(line.text) or (line.role is Role.HEAD and line.handles) for line in self._lines[begun + 1 :]
        )
        return [at for at in range(begun + 1, len(self._lines)) if self._is_head(at, plain)]

    def _is_head(self, at: int, plain: bool) -> bool:
        """Whether a line begins an item; `plain` in a file where neither label nor style says so of any."""
        line = self._lines[at]
        if line.table is not None or line.role in _FRONT or line.role in _TEXT or not line.text or _is_label(line):
            return False
        labelled = _TITLE.match(line.text) is not None
        if line.role is Role.HEAD and (labelled or line.handles):
            return True
        if labelled or line.role is Role.HEAD:
            return self._labels_follow(at)
        if line.role is Role.NONE and line.handles:
            return plain or self._labels_follow(at)
        return False

    def _labels_follow(self, at: int) -> bool:
        following = self._lines[at + 1 : at + 1 + _NEAR]
        return any(
            line.role in (Role.META, Role.LINK)
            or (line.role is Role.NONE and (_OUTLET.match(line.text) or _LINK.match(line.text)))
            for line in following
        )

    def _stray_marks(self) -> None:
        """Gives a mark that slipped into an item's text to the item it slipped into, if that has none."""
        known = {one.handle for one in self._items}
        heads = [*self._heads, len(self._lines)]
        for number, one in enumerate(self._items):
            if one.handle:
                continue
            inside = self._lines[heads[number] + 1 : heads[number + 1]]
            slipped = [handle for line in inside for handle in line.handles if handle not in known]
            if len(set(slipped)) == 1:
                one.handle = slipped[0]

    # ------------------------------------------------------------------------------------ before the items

    def _front(self, until: int) -> None:
        """Masthead, 导语 and 目录."""
        listing = lead = False
        for line in self._lines[:until]:
            text = line.text
            if line.table is not None or not text:
                continue
            if _ITEMS.match(text):
                listing = False
            elif _CONTENTS.match(text):
                listing, lead = True, False
            elif line.role in (Role.ENTRY, Role.ENTRY_OUTLET) or (listing and line.role in (Role.NONE, Role.BODY)):
                listing = True
                self._entry(line)
            elif line.role is Role.LEAD_LABEL or _LEAD_LABEL.match(text):
                lead = True
            elif line.role is Role.LEAD or (lead and line.role in (Role.NONE, Role.BODY)):
                self._lead.append(text.replace("\n", ""))
            elif self._number and not self._corrected and text.startswith(CORRECTED):
                self._corrected = text
            elif line.role is Role.NUMBER or (not self._number and _NUMBER.match(text)):
                self._number = text
            elif line.role is Role.ISSUER or (not self._day and _ISSUE_DAY.search(text)):
                self._issued(text)
            elif line.role is Role.TITLE or (line.role is Role.NONE and not (self._title or self._number)):
                self._title += text.replace("\n", "")
            elif line.role is Role.NONE and self._number and not (self._issuer or self._day or lead or listing):
                self._issued(text)
            elif line.role is not Role.SECTION:
                self._stray(line)

    def _issued(self, text: str) -> None:
        if found := _ISSUE_DAY.search(text):
            self._day = re.sub(r"\s", "", found[0])
            text = text.replace(found[0], "")
        self._issuer = text.strip() or self._issuer  # the day may stand in a line of its own

    def _entry(self, line: Line) -> None:
        text = _unpaged(line.text.replace("\n", ""))
        bracketed = _BRACKETS.match(text)
        is_outlet = line.role is Role.ENTRY_OUTLET or (line.role is not Role.ENTRY and bracketed is not None)
        if is_outlet and self._entries:
            self._entries[-1][1] = bracketed[1].strip() if bracketed else text
        elif text:
            self._entries.append([_NUMBERED.sub("", text), ""])
            self._anchors.append(line.anchors[0] if line.anchors else "")

    def _stray(self, line: Line) -> None:
        if line.text:
            shown = line.text.replace("\n", " ")
            shown = shown if len(shown) <= _QUOTED else f"{shown[:_QUOTED]}……"
            self._left.append(f"第{line.place}段“{shown}”不属于任何条目，未采用")

    # --------------------------------------------------------------------------------------------- an item

    def _item(self, head: int, until: int) -> None:
        line = self._lines[head]
        title = line.text.replace("\n", "").replace("\t", " ")
        title = title[found.end() :] if (found := _TITLE.match(title)) else _NUMBERED.sub("", title)
        item = _Item(line.place, title.strip(), line.handles[0] if line.handles else "")
        self._items.append(item)
        rest = self._lines[head + 1 : until]
        for at, line in enumerate(rest):
            if line.role is Role.COLOPHON or (line.framed and self._is_last(rest[at:])):
                self._footer += line.text.split("\n")
            elif _ITEMS.match(line.text) and line.role is Role.SECTION:
                continue
            elif item.part is _Part.TEXT or not self._labelled(item, line, rest[at + 1 :]):
                if item.part >= _Part.DATELINE or all(one.role is not Role.HEADLINE for one in rest[at + 1 :]):
                    item.part = _Part.TEXT  # else it was put over the headline, a picture for instance
                self._block(item, line)

    @staticmethod
    def _is_last(lines: Sequence[Line]) -> bool:
        return all(line.framed or line.role is Role.COLOPHON for line in lines)

    def _labelled(self, item: _Item, line: Line, after: Sequence[Line]) -> bool:
        """Reads what stands between an item's heading and its text; says whether `line` was such."""
        if line.table is not None or line.role in _TEXT or (line.figures and not line.text):
            return False
        text = line.text.replace("\n", "")
        if line.role is Role.HEADLINE or (line.role is Role.NONE and self._is_headline(item, line, after)):
            if item.part is _Part.DATELINE and line.role is Role.NONE:
                return False
            self._headline(item, text.replace("\t", " "), broken="\n" in line.text)
        elif line.role is Role.DATELINE or (item.part > _Part.LABELS and _is_byline(text)):
            self._dateline(item, text)
        elif item.part is not _Part.LABELS:
            return False
        elif found := _OUTLET.match(text):
            item.outlet = text[found.end() :].strip()
        elif (found := _LINK.match(text)) or line.role is Role.LINK or (_ADDRESS.match(text) and not item.url):
            self._link(item, line, text[found.end() :].strip() if found else text)
        elif found := _CONTENT.match(text):
            item.part = _Part.HEADLINE
            if rest := text[found.end() :].strip():
                self._headline(item, rest)
        elif line.role is Role.HEAD and not (item.outlet or item.linked):
            item.title += text  # somebody pressed Enter within the title
        elif any(_CONTENT.match(one.text) for one in after):
            self._stray(line)
        else:
            return False
        return True

    @staticmethod
    def _is_headline(item: _Item, line: Line, after: Sequence[Line]) -> bool:
        """Whether a line without a known style is the headline: the first after the labels, over the date line."""
        if item.part is not _Part.HEADLINE:
            return False
        text = _EXCERPT.sub("", line.text.replace("\n", ""))
        below = after[0] if after else None
        dated = below is not None and (below.role is Role.DATELINE or _is_byline(below.text))
        return not _is_byline(text) and (dated or _is_like(text, item.title))

    @staticmethod
    def _headline(item: _Item, text: str, *, broken: bool = False) -> None:
        item.part = _Part.DATELINE
        item.headline += text
        if _EXCERPT.search(item.headline):
            item.excerpt = True
            item.headline = _EXCERPT.sub("", item.headline)
        if broken and "".join(item.headline.split()) == "".join(item.title.split()):
            item.headline = item.title  # a title is broken into lines by its clauses, whose blank then may be gone

    @staticmethod
    def _dateline(item: _Item, text: str) -> None:
        item.part = _Part.TEXT
        if found := _BYLINE.match(text):
            item.date, item.byline = found["date"].strip(), found["outlet"].strip()
        elif found := _DAY.match(text):
            item.date, item.byline = found[0].strip(), text[found.end() :].strip()
        else:
            item.date = text.strip()

    @staticmethod
    def _link(item: _Item, line: Line, text: str) -> None:
        item.linked = True
        item.url = text.replace("\t", " ")
        target = next((target for shown, target in line.links if shown and shown in text), "")
        item.target = target if target and leads_elsewhere(text, target) else ""

    def _block(self, item: _Item, line: Line) -> None:
        if line.table is not None:
            item.blocks.append(line.table)
            return
        for one in line.figures:
            item.blocks.append(one)
        kind, level, sure = _kind(line)
        for text in filter(None, map(tidy, line.text.split("\n"))):
            if not sure:
                item.unsure.append(len(item.blocks))
            item.blocks.append(Block(kind, text.replace("\t", " "), level))


def _is_label(line: Line) -> bool:
    """Whether a line without a known style is one of those under a heading."""
    return line.role is Role.NONE and any(one.match(line.text) for one in (_OUTLET, _LINK, _CONTENT))


def _unpaged(entry: str) -> str:
    """A line of the 目录 without its page number, behind a tab or dots; read from its end: it may be very long."""
    bare = entry.rstrip()
    counted = bare.rstrip("0123456789")
    begin = len(counted.rstrip(_LEADERS))
    leaders = re.compile(r"\t|[.…·]{3}").search(counted, begin)
    return (counted[: leaders.start()] if leaders and len(bare) - len(counted) <= 4 else bare).strip()


def _is_like(text: str, title: str) -> bool:
    """Whether a line says what the title says, more or less."""
    if len(text) > min(2 * len(title), _LONGEST_TITLE):
        return False
    return SequenceMatcher(None, "".join(text.split()), "".join(title.split()), autojunk=False).ratio() >= _ALIKE


def _is_byline(text: str) -> bool:
    found = _BYLINE.match(text)
    return found is not None and (not found["date"] or _DAY.match(found["date"]) is not None)


def _kind(line: Line) -> tuple[Kind, int, bool]:
    """What a paragraph of a text is, its level, and whether its style says so."""
    if line.role in _LEVELS:
        return Kind.ITEM, _LEVELS[line.role], True
    if line.role in _KINDS:
        return _KINDS[line.role], 0, not (line.listed and line.role is Role.BODY)
    if line.role in (Role.HEADING, Role.DEEPER, Role.HEAD, Role.SECTION):
        return Kind.HEADING, 2 if line.role is Role.DEEPER else 1, True
    if line.outline:
        return Kind.HEADING, 1 if line.outline <= 3 else 2, False
    return (Kind.ITEM if line.listed else Kind.PARAGRAPH), 0, False
