"""Where in the tree the article's body is.

Two ways. Content management systems name their body (`TRS_Editor`, `endText`, `js_content` …): such a
container wins when it holds most of what the density finds. Else the density: every piece of text gives
Han characters + 8 × Chinese punctuation to the elements around it, a block level further out counting
0.88 of the one inside; text in links gives nothing, text before the title or inside comments, related and
hot lists a quarter; the sum counts × (1 − share of link text)^1.5.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from pipeline.steps.extract.tree import HAN, PUNCTUATION, Element, content, drop, inline, key, marks, name

_DECAY = 0.88
_PUNCTUATION_WEIGHT = 8
_SIDELINE = 0.25
_LINK_POWER = 1.5
_UNPOINTED = 0.5  # what Han characters count in text without a punctuation mark: labels, names, menus

KNOWN = re.compile(
    r"(?:^|\s)(?:TRS_Editor|TRS_UEDITOR|trs_editor_view|trs_web|v_news_content|vsb_content(?:_\w+)?|endText|post_body|post_text|"
    r"artibody|rm_txt_con|rwb_zw|js_content|UCAP-CONTENT|detailContent|zoom|Zoom|xxgk\w*|pages_content|p-detail|"
    r"detail_content|left_zw|contentMain|articleText|article_inbox|mp-editor|text_area|articleEdit|"
    r"Cnt-Main-Article-QQ|content-article|news_txt|cnt_bd|content_area|wp_articlecontent|nfw-cms-area|"
    r"articleContent|article-content|article_content|articlecontent|ozoom|founder-content|news_content|newsContent|con_txt|"
    r"wzbjq|ContentDiv|content_main_text|main_content|js_selection_area|cas_content|art_contextBox|"
    r"ArticleContent|article-main-content|story_body_content|entry-content|post-content|post_content|ContentBody|"
    r"Main_Content_Val|contentStr|multi-text|postmessage_\d+|u-mainText|"
    r"(?:article|news|detail|arti?|post|info|story)[-_]?(?:content|body|text|con|txt|cont))(?:$|\s)"
)
"""Class or id of containers that content management systems put around a body."""

SIDELINES = re.compile(
    r"(?:^|[\s_-])(?:comments?\w*|pinglun|replys?|reply-?list|related?\w*|relevant\w*|xiangguan|recommend\w*|"
    r"tuijian|hot(?:news|list|spots?|topics?|words?|rank)?|rank\w*|top10|toplist|sidebar|side|aside|crumbs?|breadcrumb\w*|mbx|position|nav\w*|menu\w*|"
    r"foot\w*|bottom-?nav|copyright\w*|banquan|share\w*|bdshare\w*|bds?_more|bshare\w*|jiathis\w*|adv?s?|advert\w*|"
    r"guanggao|gg|qrcode\w*|erweima|ewm|pager|page-?nav\w*|pagination|paging|fenye|prev\w*|next\w*|shangyipian|"
    r"login\w*|subscribe|toolbar|tool|gotop|statement|disclaimer|shengming|mianze|tags?|biaoqian|keywords?|"
    r"author-?card|profile|declare|zan|dianzan|like|feedback|error|jiucuo|yaowen|media_list|"
    r"read-?more|more-?news|other-?news|newslist|news-?list|list-?news|ep-source|editor_baidu|zebian|zrbj)(?:$|[\s_\d-])",
    re.I,
)
"""Class or id of what stands beside an article: comments, related and hot lists, share bars, notices."""

_CANDIDATES = frozenset(
    ["div", "td", "article", "section", "main", "body", "form", "center", "dd", "li", "p", "blockquote", "pre"]
)
_LEAVES = frozenset(["p", "blockquote", "pre", "li", "dd", "center", "font", "h1", "h2", "h3", "h4"])
_KNOWN_SHARE = 0.5  # of the density's best; below it the named container is an empty shell or a teaser
_CORE = 0.75  # of a page's score in one block: the rest is not of the article
_LISTING_MIN = 5  # alike entries
_ENTRY_DATE = re.compile(r"(?:\d{4}[-年/.])?\d{1,2}[-月/.]\d{1,2}")
_ARTICLE_MIN = 80  # Han characters of sentences before a list that is longer than its article
_FEED_MIN = 200  # Han characters of a second article in an endless feed


@dataclass(frozen=True, slots=True)
class Body:
    """The element that holds the body, and how it was found."""

    element: Element
    how: str


class Density:
    """How much Chinese prose every element of a tree holds."""

    def __init__(self, root: Element, title: Element | None) -> None:
        self.elements = list(root.iter())
        self.index = {element: i for i, element in enumerate(self.elements)}
        size = len(self.elements)
        self.parent = [-1] * size
        self.score = [0.0] * size
        self.prose = [0] * size
        """Characters outside links."""
        self.linked = [0] * size
        self.last = list(range(size))
        """Index of the last element inside."""
        self.title = self.index.get(title, -1) if title is not None else -1
        self._count(title)

    def _count(self, title: Element | None) -> None:
        link = [False] * len(self.elements)
        around = set(title.iterancestors()) if title is not None else set()
        factor = [1.0] * len(self.elements)
        for i, element in enumerate(self.elements):
            above = element.getparent()
            up = self.index.get(above, -1) if above is not None and i else -1
            self.parent[i] = up
            link[i] = name(element) == "a" or (up >= 0 and link[up])
            factor[i] = factor[up] if up >= 0 else 1.0
            if (
                factor[i] == 1.0
                and element not in around
                and name(element) not in ("html", "body")
                and SIDELINES.search(marks(element))
            ):
                factor[i] = _SIDELINE
            self._add(i, element.text, link[i], factor[i])
            if up >= 0:
                self._add(up, element.tail, link[up], factor[up], at=i)
        for i in range(len(self.elements) - 1, 0, -1):
            up = self.parent[i]
            if up < 0:
                continue
            self.score[up] += self.score[i] * (1.0 if inline(name(self.elements[i])) else _DECAY)
            self.prose[up] += self.prose[i]
            self.linked[up] += self.linked[i]
            self.last[up] = max(self.last[up], self.last[i])

    def _add(self, i: int, text: str | None, linked: bool, factor: float, at: int | None = None) -> None:
        if not text or text.isspace():
            return
        if linked:
            self.linked[i] += len(text.strip())
            return
        self.prose[i] += len(text.strip())
        points = len(PUNCTUATION.findall(text))
        value = len(HAN.findall(text)) * (1.0 if points else _UNPOINTED) + _PUNCTUATION_WEIGHT * points
        if (i if at is None else at) < self.title:
            factor *= _SIDELINE
        self.score[i] += value * factor

    def link_share(self, element: Element) -> float:
        """Share of the element's characters that stand in links."""
        i = self.index[element]
        return self.linked[i] / ((self.linked[i] + self.prose[i]) or 1)

    def rank(self, element: Element) -> float:
        """The element's score as a container."""
        return float(self.score[self.index[element]] * (1 - self.link_share(element)) ** _LINK_POWER)

    def best(self) -> Element | None:
        """The densest element that can be a container."""
        candidates = [element for element in self.elements if name(element) in _CANDIDATES]
        best = max(candidates, key=self.rank, default=None)
        return best if best is not None and self.rank(best) > 0 else None

    def core(self, element: Element) -> Element:
        """The block that holds nearly all of the whole page, if one does: short articles, long footers."""
        while name(element) == "body":
            whole = self.score[self.index[element]]
            inner = [child for child in element if name(child) in _CANDIDATES - _LEAVES]
            child = max(inner, key=lambda one: self.score[self.index[one]], default=None)
            if child is None or self.score[self.index[child]] * _DECAY < _CORE * whole:
                break
            element = child
        return element

    def around(self, element: Element) -> Element:
        """The block that holds a lone paragraph, as long as it brings little else."""
        while name(element) in _LEAVES or inline(name(element)):
            up = element.getparent()
            if up is None or name(up) in ("body", "html"):
                break
            i, j = self.index[element], self.index[up]
            if self.prose[j] + self.linked[j] > 2 * (self.prose[i] + self.linked[i]) + 60:
                break
            element = up
        return element


def find_body(root: Element, title: Element | None) -> Body | None:
    """The body's container, or `None` when the page holds no Chinese prose."""
    density = Density(root, title)
    best = density.best()
    if best is None:
        return None
    named = [e for e in density.elements if KNOWN.search(marks(e)) and name(e) not in ("html", "body")]
    if named:
        top = max(named, key=density.rank)
        if density.rank(top) >= _KNOWN_SHARE * density.rank(best):
            return Body(_one_article(density, top, title), f"容器 {_label(top)}")
    best = density.around(density.core(best))
    return Body(_one_article(density, best, title), f"文字密度 {_label(best)}")


def _label(element: Element) -> str:
    ident, classes = element.get("id", ""), (element.get("class") or "").split()
    return name(element) + (f"#{ident}" if ident else "") + (f".{classes[0]}" if classes else "")


def _one_article(density: Density, element: Element, title: Element | None) -> Element:
    """The first article where an endless feed put several of the same build into one container."""
    children = [child for child in element if name(child) in ("div", "article", "section", "li")]
    builds = Counter((name(child), (child.get("class") or "").split(" ")[0]) for child in children)
    for build, count in builds.most_common(1):
        if count < 2 or not build[1]:
            continue
        full = [
            child
            for child in children
            if (name(child), (child.get("class") or "").split(" ")[0]) == build
            and density.prose[density.index[child]] >= _FEED_MIN
            and any(len(content(h)) >= 6 for h in child.iter("h1", "h2"))
        ]
        if len(full) >= 2:
            own = [child for child in full if title is not None and _within(title, child)]
            return (own or full)[0]
    return element


def _within(element: Element, ancestor: Element) -> bool:
    return ancestor is element or any(up is ancestor for up in element.iterancestors())


def find_listing(container: Element) -> list[Element]:
    """The alike entries, each with a link and a date, that make up most of a container; none in an article."""
    whole = len(key(content(container))) or 1
    for parent in [container, *container.iter("ul", "div", "section", "table", "tbody", "dl")]:
        builds: dict[tuple[str, str], list[Element]] = {}
        for child in parent:
            builds.setdefault((name(child), child.get("class") or ""), []).append(child)
        alike = max(builds.values(), key=len, default=[])
        if len(alike) < _LISTING_MIN:
            continue
        entries = [child for child in alike if _ENTRY_DATE.search(content(child)) and _leads_on(child)]
        if len(entries) >= _LISTING_MIN and sum(len(key(content(child))) for child in entries) > 0.6 * whole:
            return entries
    return []


def drop_listing(container: Element, entries: list[Element]) -> bool:
    """Takes a list out of an article that is shorter than it, in place; `False` where no article stands before it."""
    before = 0
    for element in container.iter():
        if element is entries[0]:
            break
        if name(element) in ("p", "div", "section", "span", "font") and not any(
            True for _ in element.iterancestors("a")
        ):
            said = element.text or ""
            before += len(HAN.findall(said)) if "。" in said and "，" in said else 0
    if before < _ARTICLE_MIN:
        return False
    for entry in entries:
        drop(entry)
    return True


def _leads_on(entry: Element) -> bool:
    return any(len(key(content(link))) >= 6 and link.get("href") for link in entry.iter("a"))


def prune(container: Element) -> list[str]:
    """Removes link lists, and sidelines that are the smaller part, from a container, in place.

    Returns the short lines that went: credits may stand in them.
    """
    density = Density(container, None)
    whole = density.prose[0] + density.linked[0] or 1
    doomed: list[Element] = []
    for element in density.elements[1:]:
        tag = name(element)
        i = density.index[element]
        size = density.prose[i] + density.linked[i]
        share = density.link_share(element)
        if SIDELINES.search(marks(element)) and size < 0.3 * whole and tag not in ("p", "strong", "b", "img"):
            doomed.append(element)
        elif inline(tag) or tag in ("p", "h1", "h2", "h3", "h4", "br", "img", "body") or not size:
            continue
        elif share > 0.6 and size < 0.5 * whole:
            links = sum(1 for link in element.iter("a") if len(key(content(link))) >= 4)
            if links >= 3 or (links >= 1 and share > 0.8 and tag in ("ul", "ol", "dl", "table")):
                doomed.append(element)
    gone = [text for element in doomed if len(text := content(element)) <= 120]
    for element in doomed:
        drop(element)
    return gone
