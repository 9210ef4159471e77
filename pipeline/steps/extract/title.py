"""The headline: which element carries it, and what of the `<title>` is the site's name.

A heading, or an element whose class says title, wins by how much of the `<title>` it makes up. The spaces
between two clauses and a column's name in front (北青快评 | …) belong to the headline.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from pipeline.config import Outlets
from pipeline.steps.extract.facts import Facts, Found
from pipeline.steps.extract.tree import HAN, Element, content, inline, key, marks, name
from pipeline.steps.extract.words import DAY, any_of

_MAX_TITLE = 200
_METAS = ("articletitle", "title_article", "articletitle_zh")
_MARK = re.compile(
    r"(?:^|[\s_-])(?:\w*title\w*|tit\w*|biaoti|bt\d?|headline|h1|activity-name|\w*_tit|\w*bt1)(?:$|[\s_-])", re.I
)
_MARKED_TAGS = frozenset(["div", "p", "span", "td", "strong", "li", "font", "center"])
_HEADINGS = {"h1": 0.9, "h2": 0.6, "h3": 0.36, "h4": 0.24}
_MARKED_WORTH = 0.18
_RUN = 6  # characters that a heading and the <title> have in common
_SURE = 1.1  # a heading that repeats at least half of a usual <title> reaches it
_MAX_CHILDREN = 12  # elements inside a headline; more is a box around other things
_SEPARATOR = re.compile(r"\s*(?:_{1,2}|\||｜|丨|»|>>|—{2}|-{2,}|\s[-–—·]\s?|[-–]|·)\s*")
_STRONG_SEPARATORS = ("_", "--", "——", "|", "｜", "»")
_SITE = re.compile(
    any_of(
        "网 網 报 報 频道 頻道 新闻 新聞 在线 客户端 官网 门户 网站 政府 中心 财经 资讯 卫视 委员会 医院 大学 学院",
        "研究所",
        "局 厅 部 公司 协会 学会 传媒 集团 杂志 周刊 社 台 号 栏目 首页 论坛 博客 专栏 平台 要闻 文化 国际 社会 科技",
        "教育",
        r"体育 娱乐 军事 健康 焦點 焦点 汽车 房产 旅游 评论 [A-Za-z.]+\.(?:com|cn|net|org)(?:\.cn)? [Nn]ews NEWS",
        r"The\sPaper CSDN\.NET",
    )
    + r"\)?$"
)
_CHANNEL = re.compile(
    r".{0,6}(?:动态|公告|要闻|新闻|资讯|详情|正文|内容页?|文章)(?:页|列表)?"
    r"|.{0,20}欢迎(?:您|你|访问|光临).{0,12}|.{0,16}(?:官网|官方网站|门户网站|首页)"
)
_H1 = "标题元素 h1"
_FOREIGN_SEPARATOR = re.compile(r"\s+[|–—·-]\s+")
_PAUSE = re.compile(r"[，。！？：；、“”《》\s]")
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…+)\s*(?=$|[-_|—–])")
_MIN_SHARED = 20  # characters; a channel's name in front of the headline is shorter
_MIN_BEGUN = 8  # characters of a broken-off title that tell its headline
_DATED_LINE = re.compile(
    rf"^(?:(?:[\w-]+\.)+[a-z]{{2,6}}\s+)?(?:.{{0,40}}?(?:发布|发表|时间|日期|来源|作者|编辑)\s*[:：].{{0,60}})?{DAY}.{{0,100}}$"
    rf"|^[\u4e00-\u9fff·]{{0,12}}\s*{DAY}\s*\d{{1,2}}:\d{{2}}.{{0,60}}$"  # 某日报 2024-02-28 07:06 记者 某某
)


def find_title(tree: Element, facts: Facts, outlets: Outlets) -> tuple[Found, Element | None]:
    """The headline and the element that carries it, if one does."""
    metas = (Found(facts.metas[label], f"meta {label}") for label in _METAS if label in facts.metas)
    stated = facts.ruled.get("title") or next(metas, None)
    if found := stated or facts.named.get("title"):
        return found, _carrying(tree, found.value)
    social = facts.metas.get("og:title", "")
    page = facts.title or social
    score, heading = _best_heading(tree, page, social)
    if heading is not None and score >= _SURE:
        return Found(_without_badges(heading, page), f"标题元素 {name(heading)}"), heading
    for cut in [len(page), *(match.start() for match in reversed(list(_SEPARATOR.finditer(page))))]:
        if not _is_channel(page[:cut]) and (carrier := _carrying(tree, page[:cut])) is not None:
            return Found(page[:cut].strip(), "网页标题"), carrier
    for match in _SEPARATOR.finditer(page):
        carrier = _carrying(tree, page[match.end() :])
        if carrier is not None and _names_site(page[: match.start()], outlets):
            return Found(content(carrier), "网页标题"), carrier
    if (whole := _cut_short(tree, page)) is not None:
        return Found(content(whole), "网页标题"), whole
    cleaned = without_suffix(page, outlets)
    if _is_channel(_SEPARATOR.split(cleaned)[0]) or _names_site(cleaned, outlets):
        above = _above_byline(tree)
        if above is not None:
            return Found(content(above), "署名行之上"), above
    return (Found(cleaned, "网页标题") if cleaned else Found()), None


def find_foreign_title(tree: Element, facts: Facts) -> Found | None:
    """The headline of a page in another language: the heading that its `<title>` repeats, or that without the site.

    Sites write their name, a column or the authors into `og:title` (TechCrunch | …, … | CNN Politics), so a
    heading is the better witness, where it is the same headline.
    """
    social, page = facts.metas.get("og:title", ""), facts.title
    headings = [one for h in tree.iter("h1") if 8 <= len(one := content(h)) <= 250]
    for heading in headings:
        mine = key(heading)
        for whole in (key(social), key(page)):
            if mine in whole and (2 * len(mine) >= len(whole) or (len(mine) > _MIN_SHARED and whole.startswith(mine))):
                return Found(heading, _H1)
    if len(headings) == 1 and social:  # reworded for those who share it
        mine, theirs = key(headings[0]), key(social)
        if 2 * SequenceMatcher(None, mine, theirs, autojunk=False).find_longest_match().size >= len(mine):
            return Found(headings[0], _H1)
    named = social or next(iter(headings), "")
    if not named:
        return None
    site = key(facts.metas.get("og:site_name", ""))
    pieces = _FOREIGN_SEPARATOR.split(named)
    if site and len(pieces) > 1 and key(pieces[-1]) == site:
        named = named[: named.rindex(pieces[-1])].rstrip(" |-–—·:")
    return Found(named, "网页标题")


def without_suffix(title: str, outlets: Outlets) -> str:
    """A `<title>` without the names of site and channel behind the headline."""
    end = len(title)
    for match in reversed(list(_SEPARATOR.finditer(title))):
        tail, mark, head = title[match.end() : end].strip(), match.group().strip(), title[: match.start()].strip()
        least = 4 if mark.startswith("_") else 6
        if len(key(head)) < least:
            break
        site = len(tail) <= 30 and (outlets.named(tail) is not None or bool(_SITE.search(tail)))
        if tail and not site and not (mark.startswith(_STRONG_SEPARATORS) and len(tail) <= 12):
            break
        end = match.start()
    return title[:end].strip(" -_|—–·") or title


def site_pieces(title: str) -> list[str]:
    """What stands behind the separators of a `<title>`, the last first; none when nothing is separated."""
    return [piece.strip() for piece in reversed(_SEPARATOR.split(title)[1:])]


def first_piece(title: str) -> str:
    """What stands before the first separator of a `<title>`; empty when nothing is separated."""
    pieces = _SEPARATOR.split(title, maxsplit=1)
    return pieces[0].strip() if len(pieces) > 1 else ""


def _best_heading(tree: Element, page: str, social: str) -> tuple[float, Element | None]:
    best: tuple[float, Element | None] = (0.0, None)
    first, *rest = _SEPARATOR.split(page)
    site = {key(piece) for piece in rest if _SITE.search(piece)} - {key(first)}
    named = [one for one in (key(page), key(social)) if one]
    for place, element in enumerate(tree.iter()):
        tag = name(element)
        if tag not in _HEADINGS and not (tag in _MARKED_TAGS and (marked := marks(element)) and is_title_mark(marked)):
            continue
        if len(element) > _MAX_CHILDREN:
            continue
        text = content(element)
        if not 5 <= len(text) <= _MAX_TITLE or len(HAN.findall(text)) < 2:
            continue
        mine = key(text)
        if mine in site:  # over every page of it
            continue
        score = _likeness(mine, named) + _HEADINGS.get(tag, _MARKED_WORTH) - min(place, 3000) / 30_000
        if mine == key("".join(content(link) for link in element.iter("a"))):
            score -= 1.0  # a heading that is a link leads elsewhere
        if score > best[0]:
            best = (score, element)
    return best


@lru_cache(maxsize=4096)
def is_title_mark(marked: str) -> bool:
    """Whether class and id are those of a headline."""
    return _MARK.search(marked) is not None


def _without_badges(heading: Element, page: str) -> str:
    """A heading's text without what the `<title>` does not repeat: badges such as 原创 or [转帖], a byline."""
    text = content(heading)
    if key(text) in key(page):
        return text
    badges = [one for child in heading if key(one := content(child)) and key(one) not in key(page)]
    bare = text
    for badge in badges:
        bare = bare.removeprefix(badge).removesuffix(badge).strip()
    return bare if key(bare) and key(bare) in key(page) else text


def _likeness(mine: str, named: Sequence[str]) -> float:
    """0 to about 2: how far a heading is what the page calls itself; all by their keys."""
    best = 0.0
    for theirs in named:
        if mine in theirs:
            share = min(1.0, len(mine) / min(len(theirs), 24))
            score = 0.9 + 0.8 * share + (0.25 if theirs.startswith(mine) else 0.0)
        elif theirs in mine and len(theirs) >= 6:
            score = 0.2 + 1.2 * len(theirs) / len(mine)
        else:
            score = 1.4 * _common_run(mine, theirs[:_MAX_TITLE]) / len(mine)
        best = max(best, score)
    return best


def _common_run(one: str, other: str) -> int:
    """The length of the longest run of characters that two texts share; 0 for one of less than `_RUN`."""
    if not any(one[i : i + _RUN] in other for i in range(len(one) - _RUN + 1)):
        return 0
    return SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size


def _names_site(text: str, outlets: Outlets) -> bool:
    """Whether a `<title>`, or the piece of it before a separator, is a site's name: 青城广电网, 靖阳商报数字报."""
    return len(text) <= 20 and not _PAUSE.search(text) and (outlets.named(text) is not None or bool(_SITE.search(text)))


def _cut_short(tree: Element, page: str) -> Element | None:
    """The small element that goes on where the `<title>` breaks off: 让“小病历”装下“大民生”—…… - 某某网."""
    match = _ELLIPSIS.search(page)
    begun = key(page[: match.start()]) if match else ""
    if len(begun) < _MIN_BEGUN:
        return None
    for element in tree.iter(*_MARKED_TAGS, *_HEADINGS):
        if len(element) <= _MAX_CHILDREN:
            text = content(element)
            if len(text) <= _MAX_TITLE // 2 and key(text).startswith(begun) and len(key(text)) > len(begun):
                return element
    return None


def _is_channel(text: str) -> bool:
    """Whether a `<title>` names a channel and not an article: 新闻动态, 通知公告."""
    return len(key(text)) < 6 or _CHANNEL.fullmatch(text.strip()) is not None


def _above_byline(tree: Element) -> Element | None:
    """The headline-like block right above the first line that names a date."""
    previous: Element | None = None
    for element in tree.iter("div", "p", "td", "h1", "h2", "h3", "h4", "h5", "h6", "span", "li", "strong", "center"):
        if len(element) > _MAX_CHILDREN:
            continue
        text = content(element)
        if not text or len(text) > 150 or any(not inline(name(child)) and name(child) != "br" for child in element):
            continue
        dated = _DATED_LINE.search(unicodedata.normalize("NFKC", text)) is not None
        if dated and previous is not None:
            return previous
        least = 4 if name(element) in _HEADINGS else 8
        if (
            not dated
            and least <= len(text) <= 80
            and len(HAN.findall(text)) >= min(least, 5)
            and element.find(".//a") is None
        ):
            previous = element
    return None


def _carrying(tree: Element, title: str) -> Element | None:
    """The outermost small element whose text is the title."""
    wanted = key(title)
    if len(wanted) < 4:
        return None
    for element in tree.iter():
        if name(element) in ("head", "title", "meta", "html", "body") or len(element) > _MAX_CHILDREN:
            continue
        own = 0
        for text in element.itertext():  # a container is left after its first lines
            own += len(str(text).strip())
            if own > 4 * len(title) + 40:
                break
        else:
            if own and key(content(element)) == wanted:
                return element
    return None
