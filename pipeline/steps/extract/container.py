"""Where in the tree the article's body is.

Two ways. Content management systems name their body (`TRS_Editor`, `endText`, `js_content` …): such a
container wins when it holds most of what the density finds. Else the density: every piece of text gives
Han characters + 8 × Chinese punctuation to the elements around it, a block level further out counting
0.88 of the one inside; text in links gives nothing, text inside comments, related and hot lists counts a
quarter, before the title a tenth; the sum counts × (1 − share of link text)^1.5.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from pipeline.steps.extract.title import is_title_mark
from pipeline.steps.extract.tree import PUNCTUATION, Element, content, drop, han, inline, key, marks, name

_DECAY = 0.88
_PUNCTUATION_WEIGHT = 8
_SIDELINE = 0.25
_BEFORE_TITLE = 0.1
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
    r"(?:article|news|detail|arti?|post|info|story)[-_]?(?:content|body|text|con|txt|cont)|"
    r"(?:article|news|detail|post|item)[-_]?\w{2,12}[-_](?:content|body|text|txt)|"
    r"(?:article|news|detail|post)[A-Z][a-z]+(?:Content|Body|Text))(?:$|\s)"
)
"""Class or id of containers that content management systems put around a body."""

SIDELINES = re.compile(
    r"(?:^|[\s_-])(?:comments?\w*|pinglun|replys?|reply-?list|related?\w*|relevant\w*|xiangguan|recommend\w*|"
    r"tuijian|hot(?:news|list|spots?|topics?|words?|rank)?|rank\w*|top10|toplist|sidebar|side|aside|crumbs?|breadcrumb\w*|mbx|position|nav\w*|menu\w*|"
    r"foot\w*|bottom-?nav|copyright\w*|banquan|share\w*|bdshare\w*|bds?_more|bshare\w*|jiathis\w*|adv?s?|advert\w*|"
    r"guanggao|gg|qrcode\w*|erweima|ewm|pager|page-?nav\w*|pagination|paging|fenye|prev\w*|next\w*|shangyipian|"
    r"login\w*|subscri\w*|banners?|sales|promo\w*|sponsor\w*|donat\w*|download\w*|more-?articles?|more-?report|toolbar|tool|gotop|statement|disclaimer|shengming|mianze|tags?|biaoqian|keywords?|"
    r"author-?card|profile|declare|zan|dianzan|like|feedback|error|jiucuo|yaowen|media_list|"
    r"read-?more|more-?news|other-?news|newslist|news-?list|list-?news|ep-source|editor_baidu|zebian|zrbj)(?:$|[\s_\d-])",
    re.I,
)
"""Class or id of what stands beside an article: comments, related and hot lists, share bars, notices."""


@lru_cache(maxsize=4096)
def is_known(marked: str) -> bool:
    """Whether class and id are those of a body's container."""
    return KNOWN.search(marked) is not None


@lru_cache(maxsize=4096)
def is_sideline(marked: str) -> bool:
    """Whether class and id are those of what stands beside an article."""
    return SIDELINES.search(_CAMEL.sub("-", marked)) is not None


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # moreArticle, bottomArticleBanner
_CANDIDATES = frozenset(
    ["div", "td", "article", "section", "main", "body", "form", "center", "dd", "li", "p", "blockquote", "pre"]
)
_LEAVES = frozenset(["p", "blockquote", "pre", "li", "dd", "center", "font", "h1", "h2", "h3", "h4"])
_BOXES = _CANDIDATES - _LEAVES
_KNOWN_SHARE = 0.5  # of the density's best; below it the named container is an empty shell or a teaser
_CORE = 0.75  # of a page's score in one block: the rest is not of the article
_LISTING_MIN = 5  # alike entries
_ENTRY_DATE = re.compile(r"(?:\d{4}[-年/.])?\d{1,2}[-月/.]\d{1,2}")
_ARTICLE_MIN = 80  # Han characters of sentences before a list that is longer than its article
_RIVAL_MIN = 0.05  # of the body's score: less beside it is no rival
_NEAR_SHARE = 0.15  # of the densest: a summary over an article has less
_NEAR_PARAGRAPHS = 3  # in it where the densest is the whole page, whose own paragraphs may be such elements
_PARAGRAPH = 20
UNRELATED, _RELATED = 0.25, 0.5
"""Shares of the title's pairs of characters: of 77 bodies measured 73 have 0.29 to 1."""
_ABOUT_MIN = 0.02
_ABOUT_TRIES = 8
_ABOUT_PROSE = 80
_BRIEF = 40  # characters of a news flash
_LINKED = 0.3
_BODY_MARKS = 6  # of punctuation: fewer are no body
_NEAR_MIN = 200  # characters of prose
_SUMMARY = re.compile(r"summar|abstract|digest|intro|zhaiyao|daodu|daoyu|guide|^lead", re.I)
_ASIDE = 0.4  # of a body; what is more of it is no sideline, whatever its class
_ASKING = 160  # characters of a box that asks for an address
_FEED_MIN = 80  # Han characters of a second article in an endless feed


@dataclass(frozen=True, slots=True)
class Body:
    """The element that holds the body, and how it was found."""

    element: Element
    how: str
    cover: float = 1.0
    """Its share of the page's prose."""
    rival: float = 0.0
    """How dense the best container beside it is, as a share of its own density."""
    split: float = 0.0
    """How much of its prose lies in its second block, where blocks and not paragraphs make it up."""


class Sizes:
    """How much text every element of a tree holds, in links and outside of them."""

    def __init__(self, root: Element) -> None:
        self.elements = list(root.iter())
        self.index = {element: i for i, element in enumerate(self.elements)}
        self.tags = [element.tag for element in self.elements]  # strings all: the parser leaves out what is no element
        self.marks = list(map(marks, self.elements))
        size = len(self.elements)
        self.parent = [-1] * size
        self.prose = [0] * size
        """Characters outside links."""
        self.linked = [0] * size
        self.said: list[tuple[int, int, str]] = []
        """The pieces of text outside links: whose each is, the element it stands in or behind, the text."""
        self._measure()

    def _measure(self) -> None:
        index, parent, tags = self.index, self.parent, self.tags
        link = [False] * len(tags)
        for i, element in enumerate(self.elements):
            above = element.getparent() if i else None
            up = index.get(above, -1) if above is not None else -1
            parent[i] = up
            link[i] = tags[i] == "a" or (up >= 0 and link[up])
            for owner, text in ((i, element.text), (up, element.tail if up >= 0 else None)):
                if not text or text.isspace():
                    continue
                if link[owner]:
                    self.linked[owner] += len(text.strip())
                else:
                    self.prose[owner] += len(text.strip())
                    self.said.append((owner, i, text))
        for i in range(len(parent) - 1, 0, -1):
            if (up := parent[i]) >= 0:
                self.prose[up] += self.prose[i]
                self.linked[up] += self.linked[i]

    def link_share(self, i: int) -> float:
        """Share of an element's characters that stand in links."""
        return self.linked[i] / ((self.linked[i] + self.prose[i]) or 1)


class Density(Sizes):
    """How much Chinese prose every element of a tree holds."""

    def __init__(self, root: Element, title: Element | None) -> None:
        super().__init__(root)
        size = len(self.elements)
        self.score = [0.0] * size
        self.whole = [0.0] * size
        """The score without decay."""
        self.last = list(range(size))
        """Index of the last element inside."""
        self.title = self.index.get(title, -1) if title is not None else -1
        self._count(self._factors(title))

    def _factors(self, title: Element | None) -> list[float]:
        """What the text of each element counts by where it stands."""
        around = set() if title is None else {self.index.get(element) for element in title.iterancestors()}
        factor = [1.0] * len(self.tags)
        for i, (tag, marked, up) in enumerate(zip(self.tags, self.marks, self.parent, strict=True)):
            if up >= 0 and factor[up] != 1.0:
                factor[i] = factor[up]
            elif marked and is_sideline(marked) and tag not in ("html", "body") and i not in around:
                factor[i] = _SIDELINE
        return factor

    def _count(self, factor: list[float]) -> None:
        score, whole, last = self.score, self.whole, self.last
        for i, at, text in self.said:
            if text.isascii():
                continue
            points = len(PUNCTUATION.findall(text))
            value = han(text) * (1.0 if points else _UNPOINTED) + _PUNCTUATION_WEIGHT * points
            value *= factor[i] * _BEFORE_TITLE if at < self.title else factor[i]
            score[i] += value
            whole[i] += value
        for i in range(len(score) - 1, 0, -1):
            if (up := self.parent[i]) >= 0:
                score[up] += score[i] * (1.0 if inline(self.tags[i]) else _DECAY)
                whole[up] += whole[i]
                last[up] = max(last[up], last[i])

    def rank(self, element: Element) -> float:
        """The element's score as a container."""
        return self._rank(self.index[element])

    def _rank(self, i: int) -> float:
        return float(self.score[i] * (1 - self.link_share(i)) ** _LINK_POWER)

    def best(self) -> Element | None:
        """The densest element that can be a container."""
        best, most = None, 0.0
        for i, tag in enumerate(self.tags):
            # no rank is above its score: nearly all need no power
            if tag in _CANDIDATES and self.score[i] > most and (rank := self._rank(i)) > most:
                best, most = self.elements[i], rank
        return best

    def nearest(self, best: Element) -> Element:
        """The container right under the title, where a denser one, the next article or its readers' words, follows."""
        i = self.index[best]
        whole = name(best) == "body"
        if self.title < 0 or (self.title > i and not whole):
            return best
        least = (_NEAR_SHARE / 2 if whole else _NEAR_SHARE) * self.rank(best)
        for j in range(self.title + 1, self.last[i] if whole else i):
            element = self.elements[j]
            if (
                (self.last[j] < i or whole)
                and self.prose[j] >= _NEAR_MIN
                and name(element) in _BOXES
                and self.rank(element) >= least
                and not _SUMMARY.search(marks(element))
                and (not whole or self._paragraphs(element) >= _NEAR_PARAGRAPHS)
            ):
                return element
        return best

    def _paragraphs(self, element: Element) -> int:
        return sum(1 for child in element if self.prose[self.index[child]] >= _PARAGRAPH)

    def under_title(self, named: list[Element], best: Element, title: Element | None) -> Element | None:
        """A named container right under the title, of few words, where all that is denser reaches around both."""
        if title is None or not _within(title, best):
            return None
        for element in named:
            i = self.index[element]
            if i <= self.title or self.prose[i] < _BRIEF or self.link_share(i) > _LINKED:
                continue
            text = content(element)
            return element if "。" in text and relevance(content(title), text) >= _RELATED else None
        return None

    def cover(self, element: Element) -> float:
        """The element's share of the page's prose."""
        return self.whole[self.index[element]] / (self.whole[0] or 1)

    def rival(self, element: Element) -> float:
        """The rank of the best container outside the element, as a share of the element's own."""
        return min(1.0, max(map(self.rank, self._beside(element, _RIVAL_MIN)), default=0.0) / (self.rank(element) or 1))

    def about(self, title: str, element: Element) -> Element | None:
        """The container beside the element that speaks of what the title says, where the element does not at all."""
        if relevance(title, content(element)) >= UNRELATED:
            return None
        beside = sorted(self._beside(element, _ABOUT_MIN), key=self.rank, reverse=True)[:_ABOUT_TRIES]
        able = [
            one
            for one in beside
            if self.prose[self.index[one]] >= _ABOUT_PROSE and len(PUNCTUATION.findall(content(one))) >= _BODY_MARKS
        ]
        best = max(able, key=lambda one: relevance(title, content(one)), default=None)
        return best if best is not None and relevance(title, content(best)) >= _RELATED else None

    def _beside(self, element: Element, least: float) -> list[Element]:
        """The containers neither in the element nor around it that score at least a share of what it does."""
        i = self.index[element]
        above = set(element.iterancestors())
        enough = least * self.score[i]
        return [
            self.elements[j]
            for j in chain(range(i), range(self.last[i] + 1, len(self.elements)))
            if self.score[j] >= enough and self.tags[j] in _BOXES and self.elements[j] not in above
        ]

    def split(self, element: Element) -> float:
        """The share of the element's prose that lies in the second largest of the blocks in it."""
        whole = self.prose[self.index[element]] or 1
        while True:
            blocks = [child for child in element if name(child) in _BOXES]
            sizes = sorted((self.prose[self.index[child]] for child in blocks), reverse=True)
            if not sizes or sizes[0] < 0.9 * whole:
                return sizes[1] / whole if len(sizes) > 1 else 0.0
            element = max(blocks, key=lambda child: self.prose[self.index[child]])

    def core(self, element: Element) -> Element:
        """The block that holds nearly all of the whole page, if one does: short articles, long footers."""
        while name(element) == "body":
            whole = self.score[self.index[element]]
            inner = [child for child in element if name(child) in _BOXES]
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


def relevance(title: str, text: str) -> float:
    """The share of a title's pairs of characters that a text has."""
    wanted = key(title)
    pairs = {wanted[i : i + 2] for i in range(len(wanted) - 1)}
    text = key(text).replace(wanted, "", 1)  # the title over it says nothing
    return sum(pair in text for pair in pairs) / (len(pairs) or 1)


def find_body(root: Element, title: Element | None) -> Body | None:
    """The body's container, or `None` when the page holds no Chinese prose."""
    density = Density(root, title)
    best = density.best()
    if best is None:
        return None
    named = [
        element
        for element, tag, marked in zip(density.elements, density.tags, density.marks, strict=True)
        if marked and is_known(marked) and tag not in ("html", "body")
    ]
    top = max(named, key=density.rank, default=None)
    if top is not None and density.rank(top) >= _KNOWN_SHARE * density.rank(best):
        element, how = _one_article(density, top, title), "容器"
    elif (under := density.under_title(named, best, title)) is not None:
        element, how = under, "容器"
    else:
        best = density.around(density.core(density.nearest(best)))
        element, how = _one_article(density, best, title), "文字密度"
    if title is not None and (own := density.about(content(title), element)) is not None:
        element, how = own, "标题所述"
    return Body(
        element, f"{how} {_label(element)}", density.cover(element), density.rival(element), density.split(element)
    )


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
            and any(_is_headline(inner) for inner in child.iter())
        ]
        own = [child for child in full if title is not None and _within(title, child)]
        if len(full) >= 2 and (
            own or all(child.find(".//h1") is not None or child.find(".//h2") is not None for child in full)
        ):
            return (own or full)[0]
    return element


def _is_headline(element: Element) -> bool:
    tag = name(element)
    if tag not in ("h1", "h2", "h3") and not (tag in ("div", "p") and is_title_mark(marks(element))):
        return False
    return 6 <= len(content(element)) <= 120


def drop_before(container: Element, title: Element) -> None:
    """Takes out of a container what stands before the title in it, in place, as long as a body follows."""
    if title is container or not _within(title, container):
        return
    path = [title, *title.iterancestors()]
    path = path[: path.index(container)]
    before = [sibling for element in path for sibling in element.itersiblings(preceding=True)]
    above = sum(len(PUNCTUATION.findall(content(element))) for element in before)
    if above and len(PUNCTUATION.findall(content(container))) - above >= _BODY_MARKS:
        for element in before:
            drop(element)


def _within(element: Element, ancestor: Element) -> bool:
    return ancestor is element or any(up is ancestor for up in element.iterancestors())


def find_listing(container: Element) -> list[Element]:
    """The alike entries, each with a link and a date, that make up most of a container; none in an article."""
    for parent in [container, *container.iter("ul", "div", "section", "table", "tbody", "dl")]:
        if len(parent) < _LISTING_MIN:
            continue
        builds: dict[tuple[str, str], list[Element]] = {}
        for child in parent:
            builds.setdefault((name(child), child.get("class") or ""), []).append(child)
        alike = max(builds.values(), key=len, default=[])
        if len(alike) < _LISTING_MIN:
            continue
        entries = [child for child in alike if _leads_on(child) and _ENTRY_DATE.search(content(child))]
        if len(entries) >= _LISTING_MIN:
            whole = len(key(content(container))) or 1
            if sum(len(key(content(child))) for child in entries) > 0.6 * whole:
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
            before += han(said) if "。" in said and "，" in said else 0
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
    sizes = Sizes(container)
    whole = sizes.prose[0] + sizes.linked[0] or 1
    doomed: list[Element] = []
    for i, (element, tag, marked) in enumerate(zip(sizes.elements, sizes.tags, sizes.marks, strict=True)):
        size = sizes.prose[i] + sizes.linked[i]
        if not i:
            continue
        if marked and is_sideline(marked) and size < _ASIDE * whole and tag not in ("p", "strong", "b", "img"):
            doomed.append(element)
        elif inline(tag) or tag in ("p", "h1", "h2", "h3", "h4", "br", "img", "body") or not size:
            continue
        elif (share := sizes.link_share(i)) > 0.6 and size < 0.5 * whole:
            links = sum(1 for link in element.iter("a") if len(key(content(link))) >= 4)
            if links >= 3 or (links >= 1 and share > 0.8 and tag in ("ul", "ol", "dl", "table")):
                doomed.append(element)
    doomed += [box for form in container.iter("form") if (box := _asking_box(form, container, whole)) is not None]
    asides = [link for link in container.iter("a") if _is_aside(link)]
    doomed += asides
    gone = [text for element in doomed if len(text := content(element)) <= 120]
    for element in asides:
        _bare_of_brackets(element)
    for element in doomed:
        drop(element)
    return gone


def _asking_box(form: Element, container: Element, whole: int) -> Element | None:
    """The box around a form that asks a reader for something, an address to send a letter to: form, heading, words."""
    box: Element | None = None
    for up in (form, *form.iterancestors()):
        if up is container or sum(len(key(str(text))) for text in up.itertext()) > min(_ASKING, _ASIDE * whole):
            break
        box = up
    return box


def _bare_of_brackets(aside: Element) -> None:
    """Takes the brackets from around a link that goes."""
    before, over = aside.getprevious(), aside.getparent()
    aside.tail = ""
    if before is not None:
        before.tail = (before.tail or "").rstrip()[:-1]
    elif over is not None:
        over.text = (over.text or "").rstrip()[:-1]


def _is_aside(link: Element) -> bool:
    """Whether a link is a headline in brackets behind a sentence: …，请公众放心。（<a>相关报道的标题</a>）."""
    before, behind = link.getprevious(), (link.tail or "").strip()
    over = link.getparent()
    if over is None or not re.fullmatch(r"[）)】\]][。．]?", behind) or link.getnext() is not None:
        return False
    text = (over.text if before is None else before.tail) or ""
    return re.search(r"[。！？”][（(【\[]$", text.strip()) is not None and len(key(content(link))) >= 8
