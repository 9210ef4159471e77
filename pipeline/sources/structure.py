"""The structure of a list page: which links are its articles, and the selectors that say so.

Rows of a list are alike: the same tags and classes all the way up. So the links are grouped by the signature of
each of their ancestors in turn, and the group that looks most like a list of articles wins: many rows, one
headline a row, addresses like those of articles, dates beside them. Navigation has short words and no dates,
slideshows and rankings are few and undated. The selectors are then looked for from short to long, and the first
that finds exactly the rows is taken.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import cast
from urllib.parse import urlsplit

from lxml import etree, html
from lxml.cssselect import CSSSelector

from pipeline.config import same_site
from pipeline.sources.harvest import absolute, one_line

_DATE = re.compile(
    r"(?<!\d)(?:20)?\d\d\s?[-/.年]\s?(?:1[0-2]|0?[1-9])\s?[-/.月]\s?(?:3[01]|[12]\d|0?[1-9])(?!\d)日?"
    r"|(?<!\d)(?:1[0-2]|0?[1-9])\s?[-/月]\s?(?:3[01]|[12]\d|0?[1-9])(?!\d)日?"
    r"|(?:今天|昨天|前天)|\d{1,2} ?(?:分钟|小时|天)前"
)
# 05 beside 2024-06, 2024.06 above 05: the parts of a calendar leaf
_PARTS = re.compile(
    r"(?<!\d)(?:3[01]|[12]\d|0?[1-9])日?\s*(?:20\d\d)\s?[-/.年]\s?(?:1[0-2]|0?[1-9])月?(?!\d)"
    r"|(?<!\d)20\d\d\s?[-/.年]\s?(?:1[0-2]|0?[1-9])月?\s+(?:3[01]|[12]\d|0?[1-9])日?(?!\d)"
)
_ARTICLE = re.compile(
    r"\d{4,}|/20\d\d[-/]?\d\d|(?:art|article|content|detail|show|info|news|view|doc|item)[_/-]?\w*[\d=]|[?&]\w*id=",
    re.IGNORECASE,
)
_CHROME = re.compile(
    r"nav|menu|foot|header|crumb|breadcrumb|pag(?:e|in)|share|login|search|logo|tool|friend|copyright|topbar|daohang",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"hot|rank|recommend|related|sidebar|aside|right|banner|slide|swiper|focus|scroll|carousel|tuijian|paihang|"
    r"lunbo|ztbd|special",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"^(?:odd|even|first|last|on|cur|current|active|hover|selected|clearfix|c?fix|cf|clear|fl|fr|line|"
    r"mt\d+|mb\d+|bg\w{0,3}|no-?border|li_?\d+|item-?\d+|.*\d{3,}.*)$",
    re.IGNORECASE,
)
_NEXT = re.compile(r"^\s*(?:下一页|下页|后一页|下一頁|next(?: page)?)\s*[>»›]*\s*$", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z_][\w-]*$")
_PLAIN_ROWS = frozenset(("li", "tr", "dd", "dt", "p", "td"))
_MAX_LINKS = 3000
_MAX_UP = 7
_HEADING = re.compile(r"h[1-6]")
_TITLED = re.compile(r"(?:^|[\s_-])(?:tit|title|bt|biaoti|headline|subject|tt)(?:$|[\s_-])", re.IGNORECASE)
_MORE = 4  # characters of a link besides its headline: a date has that many at least
_FEWEST = 3  # rows that make a list
_MOST_COUNTED = 40  # rows that count: a list of a hundred is no better than one of forty
_SHORTEST = 6  # characters of a headline; columns are called 政务公开, 通知公告
_LEAST = 0.5  # the score of three links at the foot of a page is 0.01, that of three headlines 1.2
_MAX_TRIES = 400  # selectors looked at for one group


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a list page: the selectors of a listing source, and what they find."""

    row: str
    links: str
    title: str
    date: str
    next: str
    titles: tuple[str, ...]
    dated: int
    """Rows with a date."""
    score: float


@dataclass(frozen=True, slots=True)
class _Link:
    node: etree._Element
    url: str
    title: str
    headline: etree._Element | None
    """The part of the link that is its title, where it holds more."""
    worth: float
    """How much it looks like a headline, 0 to 1."""


@dataclass(slots=True)
class _Group:
    rows: list[etree._Element]
    links: list[_Link]
    score: float = 0.0
    dated: int = 0


def layout(text: str, url: str) -> Layout | None:
    """The list of articles of a page as selectors; `None` when there is none to be seen."""
    tree = _tree(text)
    if tree is None:
        return None
    base = tree.xpath("string(//base/@href)")
    base = absolute(str(base), url) or url if base else url
    links = list(islice(_links(tree, base), _MAX_LINKS))
    groups = [_scored(group, url) for group in _groups(links)]
    best = max((one for one in groups if one.score > _LEAST), key=lambda one: one.score, default=None)
    if best is None:
        return None
    rows = _row_selector(tree, best, links)
    title, date = _title_selector(best), _date_selector(best)
    row, inner = rows, _inner(best, [one.node for one in best.links], ["a"])
    if best.links[0].node is best.rows[0]:  # the links themselves are alike, what holds them is not
        row, inner = (rows, "./self::a") if title or date else ("", rows)
    if not rows or not inner:
        return None
    return Layout(
        row=row,
        links=inner,
        title=title,
        date=date,
        next=_next_selector(tree, base),
        titles=tuple(one.title for one in best.links),
        dated=best.dated,
        score=round(best.score, 2),
    )


def _tree(text: str) -> etree._Element | None:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(text.encode("utf-8", "ignore") or b" ", parser)
    except etree.XMLSyntaxError:
        return None


# ---------------------------------------------------------------------------------------- the groups


def _links(tree: etree._Element, base: str) -> Iterator[_Link]:
    for node in tree.iter("a"):
        url = absolute(node.get("href", ""), base)
        if not url or url == base:
            continue
        headline = _title_node(node)
        said = _text(node if headline is None else headline)
        full = one_line(node.get("title", "")) if headline is None else ""
        title = full if full and (not said or said.rstrip("….· ") in full) else said
        yield _Link(node, url, title, headline, _worth(title, url))


def _text(node: etree._Element) -> str:
    return one_line("".join(map(str, node.itertext())))


def _title_node(link: etree._Element) -> etree._Element | None:
    """The headline inside a link that wraps a whole card: picture, headline, teaser, date."""
    whole = len(_text(link))
    inside = [one for one in link.iterdescendants() if isinstance(one.tag, str)]
    headings = [one for one in inside if _HEADING.fullmatch(str(one.tag))]
    titled = [one for one in inside if _TITLED.search(one.get("class", ""))]
    for one in (*headings, *titled):
        if _SHORTEST <= len(_text(one)) <= whole - _MORE:
            return one
    return None


def _worth(title: str, url: str) -> float:
    length = len(_DATE.sub("", title).strip("[]（）() "))
    if length < _SHORTEST:
        return 0.0
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return 0.1  # the front page of some site
    return (1.0 if length >= 10 else 0.6) * (1.0 if _ARTICLE.search(parts.path + "?" + parts.query) else 0.5)


def _groups(links: Sequence[_Link]) -> Iterator[_Group]:
    """Links by the signature of their row, once for every height the row could have."""
    signatures = _Signatures()
    found: dict[int, dict[etree._Element, list[_Link]]] = defaultdict(dict)
    for link in links:
        for node in islice(_upward(link.node), _MAX_UP):
            found[signatures.of(node)].setdefault(node, []).append(link)
    for rows in found.values():
        kept = {row: _headline(inside) for row, inside in rows.items()}
        good = {row: link for row, link in kept.items() if link is not None}
        if len(good) >= _FEWEST:
            yield _Group(list(good), list(good.values()))


class _Signatures:
    """A number for each way of tags and classes from the body down to a node."""

    def __init__(self) -> None:
        self._ways: dict[tuple[int, str], int] = {}
        self._known: dict[etree._Element, int] = {}

    def of(self, node: etree._Element) -> int:
        """The same number for nodes that stand alike."""
        above: list[etree._Element] = []
        number = 0
        for one in _upward(node):
            if (known := self._known.get(one)) is not None:
                number = known
                break
            above.append(one)
        for one in reversed(above):
            number = self._ways.setdefault((number, _kind(one)), len(self._ways) + 1)
            self._known[one] = number
        return number


def _headline(inside: Sequence[_Link]) -> _Link | None:
    """The one headline of a row; a row with several is more than a row."""
    best = max(inside, key=lambda one: (one.worth, len(one.title)))
    if not best.worth:
        return None
    others = {one.url for one in inside if one.worth >= 0.5 and one.url != best.url}
    return best if not others else None


def _kind(node: etree._Element) -> str:
    """A tag with its lasting classes; rows differ in passing ones, as every second does."""
    tag = str(node.tag)
    if tag in _PLAIN_ROWS:
        return tag
    name = node.get("id", "")
    mark = f"#{name}" if name and not any(char.isdigit() for char in name) else ""
    return tag + mark + "".join(f".{one}" for one in sorted(_classes(node)))


def _classes(node: etree._Element) -> list[str]:
    return [one for one in node.get("class", "").split() if _NAME.match(one) and not _PASSING.match(one)]


def _scored(group: _Group, url: str) -> _Group:
    urls = Counter(one.url for one in group.links)
    rows = len(urls)
    if rows < _FEWEST:
        return group
    group.dated = sum(_has_date(row, link) for row, link in zip(group.rows, group.links, strict=True))
    worth = sum(one.worth for one in group.links) / len(group.links)
    home = sum(same_site(one.url, url) for one in group.links) / len(group.links)
    dated = group.dated / len(group.rows)
    around = [name for row in group.rows[:1] for one in _upward(row) for name in _names(one)]
    chrome = any(_CHROME.search(name) for name in around) and not dated
    aside = any(_ASIDE.search(name) for name in around)
    size = min(rows, _MOST_COUNTED)
    group.score = size * worth * (0.4 + 1.6 * dated) * (0.6 + 0.4 * home)
    if chrome:
        group.score *= 0.15
    if aside:
        group.score *= 0.5
    if group.rows[0] is group.links[0].node:
        group.score *= 0.7  # what stands beside a link belongs to it
    # a row no higher than it must be, and no lower: of two that hold the same, the tighter one
    group.score *= 1 - 0.001 * sum(1 for row in group.rows[:5] for _ in row.iter())
    return group


def _has_date(row: etree._Element, link: _Link) -> bool:
    return bool(_DATE.search(_beside(row, link)) or _PARTS.search(_beside(row, link)))


def _beside(row: etree._Element, link: _Link) -> str:
    """A row's text without its headline."""
    text = " ".join(one_line(str(part)) for part in row.itertext())
    return text.replace(link.title, " ", 1)


def _names(node: etree._Element) -> list[str]:
    return [str(node.tag), node.get("id", ""), *node.get("class", "").split()]


def _upward(node: etree._Element) -> Iterator[etree._Element]:
    one: etree._Element | None = node
    while one is not None and one.tag not in ("body", "html"):
        yield one
        one = one.getparent()


# ------------------------------------------------------------------------------------- the selectors


@lru_cache(maxsize=4096)
def _compiled(selector: str) -> CSSSelector | None:
    try:
        return CSSSelector(selector, translator="html")
    except (ValueError, SyntaxError):  # cssselect's errors are both
        return None


def _select(selector: str, node: etree._Element) -> list[etree._Element]:
    found = _compiled(selector)
    return cast(list[etree._Element], found(node)) if found else []


def _row_selector(tree: etree._Element, group: _Group, links: Sequence[_Link]) -> str:
    """The shortest selector that finds the rows of a group and nothing else that has a headline."""
    rows = set(group.rows)
    headlines = {one.node for one in links if one.worth >= 0.5}
    best, best_score = "", 0.0
    for selector in islice(_candidates(group.rows), _MAX_TRIES):
        found = set(_select(selector, tree))
        hit = len(found & rows)
        if not hit:
            continue
        others = [sum(one in headlines for one in other.iter("a")) for other in found - rows]
        if any(count > 1 for count in others):
            continue  # it holds other rows
        # a link that is no headline, such as 更多, does less harm than a headline of another list
        wrong = sum(1.0 if count else 0.2 for count in others)
        recall, precision = hit / len(rows), hit / (hit + wrong)
        score = 2 * recall * precision / (recall + precision)
        if score == 1.0:
            return selector
        if score > best_score + 0.01:
            best, best_score = selector, score
    return best if best_score >= 0.8 else ""


def _candidates(rows: Sequence[etree._Element]) -> Iterator[str]:
    """Selectors of a row, from short to long."""
    first = rows[0]
    own = _simple(first, rows)
    above = [_simple(one, [one]) for one in list(_upward(first))[1:]]
    yield from (name for name in own if _tells(name))
    for names in above[:4]:
        for outer in names:
            if _tells(outer):
                yield from (f"{outer} {name}" for name in own)
    for index, names in enumerate(above[:3]):
        for outer in names:
            for further in above[index + 1 : 6]:
                for outermost in further:
                    if _tells(outermost):
                        yield from (f"{outermost} {outer} {name}" for name in own)
                        yield from (f"{outermost} > {outer} > {name}" for name in own)
    for names in above[:2]:
        for outer in names:
            yield from (f"{outer} > {name}" for name in own)
    yield from own


def _tells(selector: str) -> bool:
    """Whether it says more than a tag."""
    return any(mark in selector for mark in ".#[")


def _simple(node: etree._Element, alike: Iterable[etree._Element]) -> list[str]:
    """What a node can be called: by a class that all share, its id, its tag; the more telling first."""
    tag = str(node.tag)
    shared = [one for one in _classes(node) if all(one in other.get("class", "").split() for other in alike)]
    name = node.get("id", "")
    names = [f"{tag}.{one}" for one in shared]
    if name and _NAME.match(name):
        names.append(f"#{name}")
    if not names and tag in ("table", "td"):
        # pages of the table age have no classes
        given = {key: node.get(key, "") for key in ("width", "align")}
        names += [f"{tag}[{key}='{value}']" for key, value in given.items() if re.fullmatch(r"[\w%]+", value)]
    return [*names, tag]


def _title_selector(group: _Group) -> str:
    """The selector of the title inside the row, where the link holds more than its title."""
    if sum(one.headline is not None for one in group.links) * 2 < len(group.links):
        return ""
    return _inner(group, [one.headline for one in group.links], [])


def _date_selector(group: _Group) -> str:
    """The selector of the date inside the row; none where there is none, or where it has no element of its own."""
    if group.dated * 2 < len(group.rows):
        return ""
    if all(_plain_date(row) for row in group.rows):
        return ""  # found without a selector
    marks = []
    for row, link in zip(group.rows, group.links, strict=True):
        marks.append(_date_node(row, link))
    return _inner(group, marks, [])


def _plain_date(row: etree._Element) -> bool:
    """Whether the first date among the texts outside links is a whole one: those are found by themselves."""
    texts = cast(list[str], row.xpath(".//text()[not(ancestor::a)]"))
    said = " ".join(one_line(str(one)) for one in texts)
    found = _DATE.search(said)
    return bool(found and re.match(r"20\d\d", found.group()) and not _PARTS.search(said))


def _date_node(row: etree._Element, link: _Link) -> etree._Element | None:
    """The smallest element of a row that holds its date."""
    found = None
    for node in row.iter():
        if node is row or not isinstance(node.tag, str) or node is link.node or link.node in node.iter():
            continue
        text = " ".join(one_line(str(part)) for part in node.itertext())
        if len(text) <= 40 and (_DATE.search(text) or _PARTS.search(text)):
            whole = _PARTS.search(text)
            found = node
            if whole:
                break  # its parts by themselves are no date
    return found


def _inner(group: _Group, wanted: Sequence[etree._Element | None], first: Sequence[str]) -> str:
    """The shortest selector that finds, as the first in its row, the wanted node of each row."""
    sample = next((one for one in wanted if one is not None), None)
    if sample is None:
        return ""
    row = group.rows[[one is sample for one in wanted].index(True)]
    tries = [*first, *_simple(sample, [one for one in wanted if one is not None])]
    parents = [one for one in _upward(sample) if one is not row][1:]
    inside = []
    for parent in parents:
        if row not in parent.iterancestors():
            break
        inside.append(parent)
    for parent in inside[:3]:
        for outer in _simple(parent, [parent]):
            tries += [f"{outer} {name}" for name in _simple(sample, [sample])]
    for one in [sample, *inside[:2]]:
        place = 1 + sum(1 for _ in one.itersiblings(preceding=True))
        here = f"{one.tag}:nth-child({place})"
        tries.append(here if one is sample else f"{here} {sample.tag}")
    best, best_share = "", 0.0
    several = ""
    for selector in tries:
        hits = clean = 0
        for each, node in zip(group.rows, wanted, strict=True):
            found = _select(selector, each)
            hits += bool(found) and found[0] is node
            clean += len(found) == 1
        share = hits / len(group.rows)
        if share >= 0.95 and clean >= 0.95 * len(group.rows):
            return selector
        if share >= 0.95 and not several:
            several = selector
        if share > best_share:
            best, best_share = selector, share
    return several or (best if best_share >= 0.6 else "")


def _next_selector(tree: etree._Element, base: str) -> str:
    for node in tree.iter("a"):
        said = one_line("".join(map(str, node.itertext())))
        if not _NEXT.match(said) or not absolute(node.get("href", ""), base):
            continue
        for name in _simple(node, [node])[:-1]:
            if _select(name, tree)[:1] == [node]:
                return name
        return f"a:contains('{said.rstrip('>»› ')}')"
    return ""
