"""An edited Markdown draft read back.

What says which item is which: the anchor before its heading, else its title as the front matter has it. Headings and
labels say where things stand, titles and texts are taken as they are now. What has no place is said, never dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.model import CORRECTED, Block, Edited, Kind, Returned, ReturnedItem, digest
from pipeline.steps.punctuation import unbroken
from pipeline.steps.returning.front import Front, front_matter
from pipeline.steps.returning.page import Page, Part, parts_of

_CONTENTS = re.compile(r"(?:[一1][、.．]\s*)?(?:信息)?目\s*录")
_BODY = re.compile(r"(?:[二2][、.．]\s*)?具体内容")
_TITLED = re.compile(r"(?:(\d{1,3})\s*[.．、]\s*)?标题\s*[:：]\s*(.*)", re.DOTALL)
_COUNTED = re.compile(r"\d{1,3}\s*[.．、]\s*(?=\D)")
_LABEL = re.compile(r"(来源|链接|主要内容)\s*[:：]\s*(.*)")
_LEAD = re.compile(r"(?:本期)?导语\s*[:：]\s*(.*)")
_NUMBER = re.compile(r"[（(]第.+?期[)）]")
_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日"
_DATELINE = re.compile(rf"(?P<day>{_DAY})?\s*来源\s*[:：]\s*(?P<outlet>.*)|(?P<alone>{_DAY})")
_OUTLET = re.compile(r"(.*?)(?<!\s)\s*[（(]((?:[^（()）]|[（(][^（()）]*[)）])*)[)）]", re.DOTALL)
_ADDRESS = re.compile(r"<?((?:https?|ftp)://[^\s>]*)>?")
_FIGURE = re.compile(r"(?:^|/|%2F)([0-9a-f]{16})\.(?:png|jpg)$")
_ITEM_NUMBER = re.compile(r"([（(]?\d{1,9}[.)）、．]|[①-⑳]|[（(]?[一二三四五六七八九十]{1,3}[)）、.]) (.+)")
_OPENS, _CLOSES = ("（", "("), ("）", ")")
_EXCERPT = "（节选）"
_ANCHOR = "item-"
_COLOPHON = "colophon"
_DRAFT = "送审稿"
_MOST_COLOPHON = 6  # lines
_SHOWN = 20
_HEADLINE_LEVEL = 4
_HEAD_PARTS = 4  # title, 来源, 链接, 主要内容


def read_markdown(text: str) -> Returned:
    """What an edited Markdown draft says; whatever the text is, it is read as far as it goes."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front = front_matter(text)
    rest = text.split("\n", front.lines)[-1]
    return _Reading(front, parts_of(rest, front.lines + 1)).read()


class _Reading:
    """One file while it is read."""

    def __init__(self, front: Front, page: Page) -> None:
        self._front = front
        self._page = page
        self._parts = page.parts
        self._anchored = any(one.startswith(_ANCHOR) for part in page.parts for one in part.anchors)
        self._notes: list[str] = []
        self._left: list[str] = []
        self._taken: set[str] = set()
        listed = [(one.text("id"), one.text("title")) for one in front.items()]
        self._known = {_anchor(handle): handle for handle, _ in listed}
        titles = Counter(title for _, title in listed)
        self._titled = {title: handle for handle, title in listed if titles[title] == 1}

    def read(self) -> Returned:
        """What the whole file says."""
        if not self._front.lines:
            self._notes.append("文件头（开头两行 --- 之间）没有了，期刊和修订按命令行所指的草稿")
        elif self._front.trouble:
            self._notes.append(f"文件头读不出来（{self._front.trouble}），期刊和修订按命令行所指的草稿")
        contents = self._marker(_CONTENTS, 0)
        body = self._marker(_BODY, contents + 1 if contents is not None else 0)
        starts = self._starts(body + 1 if body is not None else contents + 1 if contents is not None else 0)
        first = starts[0] if starts else self._end()
        top = contents if contents is not None else body if body is not None else first
        masthead = self._masthead(self._parts[:top])
        below = body if body is not None else first
        listed, leads = self._listed(self._parts[contents + 1 : below]) if contents is not None else ((), ())
        if contents is None:
            self._notes.append("没有找到“信息目录”这个标题")
        if body is not None:
            self._stray(self._parts[body + 1 : first])
        stops = [*starts[1:], self._end()] if starts else []
        items = tuple(self._item(start, stop) for start, stop in zip(starts, stops, strict=True))
        return Returned(
            series=self._front.text("series"),
            number=self._front.number("number"),
            revision=self._front.number("revision"),
            title=masthead.title,
            lead=masthead.lead,
            contents=listed,
            items=items,
            notes=(*self._notes, *self._lost()),
            lines=leads,
            number_chinese=masthead.number,
            corrected=masthead.corrected,
            date=masthead.date,
            front=tuple(self._repeated()),
            left=tuple(self._left),
        )

    def _repeated(self) -> Iterator[tuple[str, Edited, str]]:
        """What the front matter says of the items beside the text."""
        names = {"title": Edited.TITLE, "outlet": Edited.OUTLET, "url": Edited.URL, "published": Edited.DATE}
        for one in self._front.items():
            yield from ((one.text("id"), what, one.text(name)) for name, what in names.items())

    def _marker(self, wanted: re.Pattern[str], start: int) -> int | None:
        own = (Kind.HEADING, Kind.PARAGRAPH, Kind.ITEM)  # `1. 目录` is a list item for Markdown
        for at in range(start, len(self._parts)):
            if self._parts[at].kind in own and self._parts[at].level <= 2 and wanted.fullmatch(self._parts[at].text):
                return at
        return None

    def _end(self) -> int:
        """Where the items end and the 版记 begins."""
        for at, part in enumerate(self._parts):
            if _COLOPHON in part.anchors:
                return at
        rules = [at for at, part in enumerate(self._parts) if part.rule]
        if not rules or not self._tail(rules[-1] + 1):
            return len(self._parts)
        lines = len(self._parts) - rules[-1] - 1
        self._notes.append(f"第{self._parts[rules[-1]].line}行的横线以下 {lines} 行当作版记，没有读入正文")
        return rules[-1]

    def _tail(self, start: int) -> bool:
        rest = self._parts[start:]
        return 0 < len(rest) <= _MOST_COLOPHON and all(one.kind is Kind.PARAGRAPH for one in rest)

    # ------------------------------------------------------------------------------------ above the items

    def _masthead(self, parts: Sequence[Part]) -> _Masthead:
        found = _Masthead()
        waiting = False
        for part in parts:
            if part.kind is None or part.text == self._front.text("issuer"):
                continue
            if part.kind is Kind.HEADING and not found.title:
                found.title = part.text
            elif waiting:
                found.lead, waiting = part.text, False
            elif lead := _LEAD.fullmatch(part.text):
                found.lead = lead[1]
                waiting = not lead[1]
            elif _NUMBER.fullmatch(part.text):
                found.number = part.text
            elif found.number and not found.corrected and part.text.startswith(CORRECTED):
                found.corrected = part.text
            elif re.fullmatch(_DAY, part.text):
                found.date = part.text
            elif part.text and self._front.fields and not (part.kind is Kind.QUOTE and part.text.startswith(_DRAFT)):
                self._unplaced(part)
        return found

    def _listed(self, parts: Sequence[Part]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Title and outlet of each line of the 目录, and the item that it leads to."""
        found: list[tuple[str, str]] = []
        leads: list[str] = []
        for part in parts:
            if part.kind is None:
                continue
            linked, target = next(((text, to[1:]) for text, to in part.links if to.startswith("#")), ("", ""))
            whole = part.text
            if target:
                rest = (whole[len(linked) :] if whole.startswith(linked) else whole.replace(linked, "", 1)).strip()
                bracketed = rest[:1] in _OPENS and rest[-1:] in _CLOSES
                found.append((linked.strip(), rest[1:-1].strip() if bracketed else rest))
                leads.append(self._known.get(target, ""))
            elif (alone := _OUTLET.fullmatch(whole)) and not alone[1] and found and not found[-1][1]:
                found[-1] = (found[-1][0], alone[2])
            else:
                bare = _COUNTED.sub("", whole, count=1) if part.kind is not Kind.ITEM else whole
                inner = _OUTLET.fullmatch(bare)
                found.append((inner[1], inner[2]) if inner else (bare, ""))
                leads.append("")
        return tuple(found), tuple(leads) if any(leads) else ()

    # ------------------------------------------------------------------------------------------ the items

    def _starts(self, start: int) -> list[int]:
        """Where each item's title stands."""
        found: list[int] = []
        pending = ""
        for at in range(start, len(self._parts)):
            part = self._parts[at]
            if _COLOPHON in part.anchors:
                break
            own = [one for one in part.anchors if one.startswith(_ANCHOR)]
            if own and pending:
                self._notes.append(f"第{part.line}行以前的锚点“{pending}”下面没有条目，按删除处理")
            pending = own[-1] if own else pending
            if own and not part.text:
                continue
            if part.text and self._opens(at, bool(pending)):
                found.append(at)
                pending = ""
        if pending:
            self._notes.append(f"锚点“{pending}”下面没有条目，按删除处理")
        return found

    def _opens(self, at: int, anchored: bool) -> bool:
        """Whether an item begins here: by its anchor, its heading, or, in a file without anchors, by its labels."""
        part = self._parts[at]
        labels = sum(bool(_LABEL.match(line)) for one in self._parts[at + 1 : at + _HEAD_PARTS] for line in one.lines)
        if part.kind is Kind.HEADING:
            titled = part.level < _HEADLINE_LEVEL and _TITLED.fullmatch(part.text)
            return anchored or bool(titled) or (part.level < _HEADLINE_LEVEL and labels >= 2)
        titled = _TITLED.fullmatch(part.text)
        if anchored:
            return bool(titled) or labels >= 2
        return not self._anchored and bool(titled) and labels >= 2

    def _handle(self, start: int, title: str) -> str:
        """Which item it was: by the anchors above it, else by its title."""
        part = self._parts[start]
        above = self._parts[start - 1].anchors if start else ()
        own = [one for one in (*above, *part.anchors) if one.startswith(_ANCHOR)]
        if own:
            handle = self._known.get(own[-1], "" if self._known else own[-1].removeprefix(_ANCHOR))
            if not handle:
                self._notes.append(f"第{part.line}行：锚点“{own[-1]}”不是这份草稿里的条目")
        else:
            handle = self._titled.get(title, "")
        if handle and handle in self._taken:
            self._notes.append(f"第{part.line}行：“{_short(title)}”与前面的条目是同一个锚点，当作新的一条")
            return ""
        self._taken.add(handle)
        return handle

    def _item(self, start: int, stop: int) -> ReturnedItem:
        opening = self._parts[start]
        titled = _TITLED.fullmatch(opening.text)
        title = titled[2].strip() if titled else _COUNTED.sub("", opening.text, count=1).strip()
        parts = [one for one in self._parts[start + 1 : stop] if one.kind is not None]
        head, rest = self._head(parts)
        rest = _headline_first(rest)
        headline = byline = date = ""
        excerpt = False
        if rest and rest[0].kind is Kind.HEADING and rest[0].level <= _HEADLINE_LEVEL:
            headline, excerpt = _bare(rest.pop(0).text, title)
        elif rest and rest[0].text in (title, title + _EXCERPT) and title:
            headline, excerpt = _bare(rest.pop(0).text, title)  # no heading any more
        if rest and rest[0].kind is Kind.PARAGRAPH and (found := _DATELINE.fullmatch(rest[0].lines[0])):
            date, byline = found["day"] or found["alone"] or "", (found["outlet"] or "").strip()
            left = rest.pop(0)
            if any(left.lines[1:]):
                rest.insert(0, replace(left, lines=left.lines[1:], hard=left.hard[1:], line=left.line + 1))
        else:
            self._notes.append(f"第{opening.line}行：“{_short(title)}”没有日期和来源那一行")
        return ReturnedItem(
            handle=self._handle(start, title),
            title=title,
            outlet=head.outlet,
            url=head.url,
            date=date,
            blocks=tuple(self._blocks(rest)),
            excerpt=excerpt,
            place=f"第{opening.line}行",
            headline=headline,
            byline=byline,
            target=head.target,
        )

    def _head(self, parts: list[Part]) -> tuple[_Head, list[Part]]:
        """What the labels under a title say, and the parts behind them."""
        head = _Head()
        for at, part in enumerate(parts):
            if part.kind not in (Kind.PARAGRAPH, Kind.ITEM):
                return head, parts[at:]
            for number, line in enumerate(part.lines):
                found = _LABEL.match(line)
                if found and found[1] == "主要内容":
                    left = (found[2], *part.lines[number + 1 :])
                    behind = replace(part, kind=Kind.PARAGRAPH, lines=left, hard=(False, *part.hard[number + 1 :]))
                    return head, [*([behind] if any(left) else []), *parts[at + 1 :]]
                if not found and not head.label:
                    return head, parts[at:]
                if not found and not (number or _ADDRESS.fullmatch(line)):
                    return head, parts[at:]
                head.take(found, line, part)
        return head, []

    def _blocks(self, parts: Sequence[Part]) -> Iterator[Block]:
        for part in parts:
            yield from self._figures(part)
            if part.kind is Kind.TABLE:
                yield Block(Kind.TABLE, rows=part.rows)
            for text in filter(None, part.paragraphs()):
                match part.kind:
                    case Kind.HEADING:
                        yield Block(Kind.HEADING, text, level=2 if part.level > _HEADLINE_LEVEL + 1 else 1)
                    case Kind.ITEM:
                        own = _ITEM_NUMBER.fullmatch(text) if part.mark == "*" else None
                        mark = own[1] if own else part.mark if part.mark.endswith(".") else ""
                        yield Block(Kind.ITEM, own[2] if own else text, level=part.level, mark=mark)
                    case Kind.QUOTE | Kind.CAPTION:
                        yield Block(part.kind, text)
                    case _:
                        # what stands in one paragraph with a picture is its caption
                        yield Block(Kind.CAPTION if part.pictures else Kind.PARAGRAPH, text)

    def _figures(self, part: Part) -> Iterator[Block]:
        for one in part.pictures:
            if found := _FIGURE.search(one.source):
                yield Block(Kind.FIGURE, one.words, blob=found[1])
            else:
                self._left.append(f"第{part.line}行：图片“{_short(one.source)}”不是随草稿导出的，没有读入")

    # ------------------------------------------------------------------------------------------- what is said

    def _stray(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if part.text:
                self._unplaced(part)

    def _unplaced(self, part: Part) -> None:
        self._left.append(f"第{part.line}行：“{_short(part.text)}”不属于任何一条，没有读入")

    def _lost(self) -> Iterator[str]:
        """What was read as bare words, a line each kind."""
        places: dict[str, list[int]] = {}
        for line, name in self._page.lost:
            places.setdefault(name, []).append(line)
        for name, lines in places.items():
            several = f"等 {len(lines)} 处" if len(lines) > 1 else ""
            yield f"{name}不保留，只取文字（第{lines[0]}行{several}）"


@dataclass(slots=True)
class _Masthead:
    """What stands over the 目录."""

    title: str = ""
    lead: str = ""
    number: str = ""
    corrected: str = ""
    date: str = ""


@dataclass(slots=True)
class _Head:
    """What the labels under a title say."""

    outlet: str = ""
    url: str = ""
    target: str = ""
    """Where the link leads, when that is another address than the one that stands there."""
    label: str = ""
    """The last one that was read."""

    def take(self, found: re.Match[str] | None, line: str, part: Part) -> None:
        """One line: a label with its value, or more of the value above it."""
        if found:
            self.label = found[1]
        text = found[2].strip() if found else line.strip()
        if self.label == "来源":
            self.outlet = unbroken(filter(None, (self.outlet, text)))
            return
        linked, auto = next(((to, not shown) for shown, to in part.links if shown in (text, "")), ("", False))
        bare = _ADDRESS.fullmatch(text)
        if linked and (auto or not bare):
            self.url = linked  # as it is written between angle brackets, or behind words that are no address: 原文
            return
        self.url = (bare[1] if bare else text) if found else self.url + text
        self.target = linked if linked != self.url else ""


def _anchor(handle: str) -> str:
    """The anchor that an item's heading gets, as `outputs` names it."""
    plain = re.fullmatch(r"[A-Za-z0-9_]{1,24}", handle)
    return _ANCHOR + (handle if plain else digest(handle)[:16]).replace("_", "-")


def _headline_first(parts: list[Part]) -> list[Part]:
    """What stands behind the labels; what somebody put over headline and date line, a picture or a word, below them."""
    for at, (part, after) in enumerate(pairwise(parts)):
        heads = part.kind is Kind.HEADING and part.level <= _HEADLINE_LEVEL
        if heads and after.kind is Kind.PARAGRAPH and _DATELINE.fullmatch(after.lines[0]):
            return [part, after, *parts[:at], *parts[at + 2 :]]
    return parts


def _bare(headline: str, title: str) -> tuple[str, bool]:
    """A headline without （节选）, and whether it said so; a title may end in these words itself."""
    if headline != title and headline.endswith(_EXCERPT):
        return headline.removesuffix(_EXCERPT), True
    return headline, False


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
