"""Printed papers on the web (数字报): which page of which issue an article stood on, and the titles over its title.

Founder's system and its copies say it in a comment (`enpproperty`), People's Daily in a line under the title, others
only in the line with the date. A page that shows a newspaper's page, with links to its articles, is a list.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.model import Block, Kind
from pipeline.steps.extract.blocks import finish, read_blocks
from pipeline.steps.extract.tree import PUNCTUATION, Element, content, key, marks, tidy
from pipeline.steps.extract.words import DAY

_FOUNDER = re.compile(r"<!--\s*enpproperty\s*(.*?)/enpproperty\s*-->", re.S | re.I)
_FIELD = re.compile(r"<(nodename|introtitle|subtitle)>(.*?)</\1>", re.S | re.I)
_NAME = "[^\\s:：|｜，。；<>《》（）()\\d]{2,12}"
_PAGE = r"(?:第\s*(?P<a>[A-Za-z]?\d{1,3})\s*版|(?<![A-Za-z\d])(?P<b>[A-Z]?\d{2,3})\s*版?(?=\s*[:：]))"
_EDITION = re.compile(rf"{_PAGE}\s*(?:[:：]\s*(?P<name>{_NAME}))?")
_WITH_DATE = re.compile(rf"{DAY}[^。]{{0,20}}?{_PAGE}\s*(?:[:：]?\s*(?P<name>{_NAME}))?")
_NAMED = re.compile(rf"《(?P<paper>[^《》]{{2,12}})》\s*[（(]\s*{DAY}[^）)]{{0,12}}版")
_ARTICLE = re.compile(r"/(?:content_\d+[\w-]*|nw\.D\d+\w+?_\d{8}_[\d-]+|c\d+)\.s?html?$", re.I)
_NODE = re.compile(r"/(?:node_\w+|nbs\.D\d+\w+?_[A-Z]?\d+|layout_\w+)\.s?html?$", re.I)
_OF_ARTICLE = re.compile(r"content_\d+|nw\.D\d+\w+?_\d{8}_", re.I)
_NAVIGATION = re.compile(r"版面(?:导航|目录|概览)|本版(?:新闻|标题|导航|文章)|标题导航|往期回顾|上一版|下一版")
_BODIES = re.compile(r"(?:^|\s)(?:ozoom|articlecontent|article-content|founder-content|zoom|content_div)(?:\s|$)", re.I)
_CARRIERS = ("h1", "h2", "h3", "td", "div", "p")
_FRAMES = ("table", "td", "div", "p", "figure")
_MAX_CHILDREN = 8
_LEAST = 3  # links to articles, or punctuation marks of a text
_OVER = re.compile(r"intro|yinti|yt\b|kicker|preTitle|shoulder", re.I)
_UNDER = re.compile(r"sub-?title|futi|ft\b|secondtitle", re.I)
_IN_URL = re.compile(r"nw\.D\d+\w+?_\d{8}_\d+-(\d{2})\.", re.I)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a printed paper's page says besides the article."""

    edition: str = ""
    """The page of the paper: 第03版：要闻."""
    over: str = ""
    """引题, the line over the title."""
    under: str = ""
    """副题, the line under it."""
    name: str = ""
    """The paper's, where the page gives it beside date and page: 《人民日报》（2024年06月03日 第 07 版）."""
    pictures: tuple[Block, ...] = ()
    """Those between title and text, outside the text's own container, with their captions."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What an editor reads of it."""
        named = (("版次", self.edition), ("引题", self.over), ("副题", self.under))
        return tuple(f"{label}：{value}" for label, value in named if value)


def is_paper(url: str, text: str) -> bool:
    """Whether a page is one of a printed paper: by its address, or by its system's comment."""
    path = urlsplit(url).path
    founder = _FOUNDER.search(text)
    printed = founder is not None and re.search(r"<nodename>[^<]*版", founder.group(1)) is not None
    return printed or "founder-content" in text or bool(_ARTICLE.search(path) and _EDITION.search(text))


def read_paper(tree: Element, url: str, text: str, title: str) -> Paper:
    """The page, and the titles over and under the title, as a printed paper's article has them."""
    stated = {}
    if match := _FOUNDER.search(text):
        stated = {label.lower(): _bare(value) for label, value in _FIELD.findall(match.group(1))}
    over, under = _around(tree, title)
    named = next((match for line in _short_lines(tree) if (match := _NAMED.search(line))), None)
    return Paper(
        name=named["paper"] if named else "",
        pictures=_pictures(tree, url, title),
        edition=_edition(stated.get("nodename", "")) or _shown_edition(tree, url),
        over=_line(stated.get("introtitle") or over, title),
        under=_line(stated.get("subtitle") or under, title),
    )


def _pictures(tree: Element, url: str, title: str) -> tuple[Block, ...]:
    """The pictures that stand between the title and the text's container, a caption under each."""
    body = next((one for one in tree.iter() if one.tag == "founder-content" or _BODIES.search(marks(one))), None)
    carrier = _carrier(tree, title)
    if body is None or carrier is None:
        return ()
    found: list[Block] = []
    between = False
    for element in tree.iter():
        if element is body:
            break
        between = between or element is carrier
        if (
            between
            and element.tag in ("table", "td", "div", "p", "figure")
            and next(element.iter("img"), None) is not None
        ):
            inside = set(element.iter())
            if body in inside or carrier in inside:
                continue
            blocks = [one for one in finish(read_blocks(element, url)) if one.kind in (Kind.FIGURE, Kind.CAPTION)]
            found += [one for one in blocks if one not in found]
    return tuple(found)


def is_paper_front(tree: Element, url: str) -> bool:
    """Whether a page shows a whole page of a paper and leads to its articles, with none of their texts."""
    if not _NODE.search(urlsplit(url).path):
        return False
    links = sum(1 for link in tree.iter("a", "area") if _OF_ARTICLE.search(link.get("href") or ""))
    if links < _LEAST or not (_NAVIGATION.search(content(tree)) or links >= 2 * _LEAST):
        return False
    for element in tree.iter():
        if (_BODIES.search(marks(element)) or element.tag == "founder-content") and len(
            PUNCTUATION.findall(content(element))
        ) >= _LEAST:
            return False
    return True


def _bare(value: str) -> str:
    return tidy(html.unescape(re.sub(r"<[^>]*>", " ", value)))


def _edition(text: str) -> str:
    match = _EDITION.search(text)
    if match is None:
        return ""
    number = match["a"] or match["b"]
    return f"第{number}版" + (f"：{match['name']}" if match["name"] else "")


def _shown_edition(tree: Element, url: str) -> str:
    """The page as the page itself says it beside the date; of the many in its navigation none."""
    for line in _short_lines(tree):
        if match := _WITH_DATE.search(line):
            number = match["a"] or match["b"]
            return f"第{number}版" + (f"：{match['name']}" if match["name"] else "")
    every = {found for line in _short_lines(tree) if (found := _edition(line))}
    if len(every) == 1:
        return every.pop()
    match = _IN_URL.search(url)
    return f"第{match.group(1)}版" if match else ""


def _short_lines(tree: Element) -> Iterator[str]:
    for element in tree.iter("p", "div", "td", "span", "li", "a", "h4", "h5", "strong", "b"):
        if len(element) <= 8 and 0 < len(text := content(element)) <= 80:
            yield text


def _around(tree: Element, title: str) -> tuple[str, str]:
    """The lines over and under the title whose element says so: a heading beside its heading, or by its class."""
    wanted, carrier = key(title), _carrier(tree, title)
    over = under = ""
    if carrier is not None and wanted:
        before, after = carrier.getprevious(), carrier.getnext()
        if carrier.tag == "h1":
            over = content(before) if before is not None and before.tag in ("h2", "h3") else ""
            under = content(after) if after is not None and after.tag in ("h2", "h3") else ""
        over = over or (content(before) if before is not None and _OVER.search(marks(before)) else "")
        under = under or (content(after) if after is not None and _UNDER.search(marks(after)) else "")
    return over, under


def _carrier(tree: Element, title: str) -> Element | None:
    wanted = key(title)
    return next(
        (one for one in tree.iter(*_CARRIERS) if len(one) < _MAX_CHILDREN and wanted and key(content(one)) == wanted),
        None,
    )


def _line(text: str, title: str) -> str:
    text = tidy(text)
    return text if 2 <= len(text) <= 100 and key(text) != key(title) else ""
