"""Whether an article goes on on another page, or stands on one page elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from pipeline.steps.extract.facts import is_web
from pipeline.steps.extract.tree import Element, marks, raw_text, tidy

_NEXT = re.compile(r"[\[【(]?(?:下一页|下页|后一页|下一頁|>|>>|›|»|下一页\s*[>›»]+)[\])】]?")
_NUMBER = re.compile(r"[\[【(第]?(\d{1,2})[\])】页]?")
_ENTIRE = re.compile(
    r"[\[【(>]*(?:在?(?:本|一)页(?:阅读|显示|浏览|查看|看)?(?:全文|全部)|(?:点击|点此)?(?:阅读|查看|显示|浏览|展开)(?:全文|全部|余下全文)"
    r"|余下全文|全文阅读|阅读原文全文|单页(?:阅读|显示|浏览|模式)|全部显示|显示全部)[\])】>]*"
)
_TURNING = re.compile(r"[页頁>›»＞]|^\W*第?[\d①-⒛]{1,2}\W*$")
_COMPLETING = re.compile("全|单页")
"""What such a link's text has at least."""
_NUMBERED = re.compile(r"(.+)([_-])(\d{1,2})")
_PAGE_KEYS = ("page", "p", "pageno", "pagenum", "pn")
_WHOLE_KEYS = ("all", "full", "fulltext", "whole", "single", "showall", "page", "p", "view", "show")
_WHOLE_VALUES = ("1", "all", "full", "true", "yes", "whole", "single", "total")
_OF_COMMENTS = re.compile(r"comment|pinglun|review|reply|replies|cmt|message|liuyan", re.I)
_LEVELS = 6  # of ancestors that are looked at; a pager stands close to what it turns over


def next_page(tree: Element, url: str) -> str:
    """The address of the page that follows: the page's own path with `_2`, `-2` or `?page=2`, or one up from its own.

    Empty when there is none. Links by `javascript:` and pagers of comments lead elsewhere and do not count.
    """
    own = _split(url)
    if own is None:
        return ""
    for label, other in _own_links(tree, own, _TURNING):
        number = _NUMBER.fullmatch(label)
        if not (number or _NEXT.fullmatch(label)):
            continue
        step = _step(own, other)
        # sites count their pages from 0 or from 1: what is called 2 may be `_1`
        if step and (number is None or int(number[1]) in (step, step + 1)):
            return other.geturl()
    return ""


def entire_page(tree: Element, url: str) -> str:
    """The address of a version of the same article on one page (阅读全文); empty when the page names none.

    Such words stand under the teasers of other articles too, so the address must be the page's own but for a mark.
    """
    own = _split(url)
    if own is None:
        return ""
    for label, other in _own_links(tree, own, _COMPLETING):
        if _ENTIRE.fullmatch(label) and _is_whole(own, other):
            return other.geturl()
    return ""


def _split(url: str) -> SplitResult | None:
    if not is_web(url):
        return None
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _own_links(tree: Element, own: SplitResult, called: re.Pattern[str]) -> Iterator[tuple[str, SplitResult]]:
    """What the links to the page's own host are called that are no comments', and where they lead.

    Only those in whose text `called` finds something: an address takes ten times as long to read.
    """
    for link in tree.iter("a"):
        text = raw_text(link)
        if not called.search(text):
            continue
        try:
            other = urlsplit(urljoin(own.geturl(), (link.get("href") or "").strip()))
        except ValueError:
            continue
        if other.netloc == own.netloc and other.scheme in ("http", "https") and not _of_comments(link):
            yield unicodedata.normalize("NFKC", tidy(text)), other._replace(fragment="")


def _of_comments(link: Element) -> bool:
    element: Element | None = link
    for _ in range(_LEVELS):
        if element is None or element.tag in ("body", "html"):
            return False
        if _OF_COMMENTS.search(marks(element)):
            return True
        element = element.getparent()
    return False


def _step(own: SplitResult, other: SplitResult) -> int:
    """The number of the other page when it is the one after the own; 0 when it is none of this article."""
    if other.path == own.path:
        (mine, rest), (theirs, others) = _asked(own.query), _asked(other.query)
        if rest != others or theirs is None:
            return 0
        return theirs if theirs == (mine or 1) + 1 or (mine is None and theirs == 1) else 0
    if _asked(own.query)[1] != _asked(other.query)[1]:
        return 0
    (stem, extension), (other_stem, other_extension) = _stem(own.path), _stem(other.path)
    numbered = _NUMBERED.fullmatch(other_stem)
    if numbered is None or extension != other_extension:
        return 0
    base, mark, number = numbered[1], numbered[2], int(numbered[3])
    if base == stem and number in (1, 2):
        return number
    before = _NUMBERED.fullmatch(stem)
    goes_on = before is not None and before[1] == base and before[2] == mark and number == int(before[3]) + 1
    return number if goes_on else 0


def _is_whole(own: SplitResult, other: SplitResult) -> bool:
    asked = {key.lower(): value.lower() for key, value in parse_qsl(other.query)}
    if other.path == own.path and other.query != own.query:
        return any(key in _WHOLE_KEYS and value in _WHOLE_VALUES for key, value in asked.items()) and not any(
            key in _PAGE_KEYS and value.isdigit() for key, value in asked.items()
        )
    (stem, extension), (other_stem, other_extension) = _stem(own.path), _stem(other.path)
    return extension == other_extension and bool(
        re.fullmatch(re.escape(stem) + r"[_-](?:all|full|whole|single|total|s|0)", other_stem, re.I)
    )


def _asked(query: str) -> tuple[int | None, list[tuple[str, str]]]:
    """The number of the page in a query, and the rest of it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    number = next((int(value) for key, value in pairs if key in _PAGE_KEYS and re.fullmatch(r"\d{1,2}", value)), None)
    return number, [(key, value) for key, value in pairs if key not in _PAGE_KEYS]


def _stem(path: str) -> tuple[str, str]:
    stem, dot, extension = path.rpartition(".")
    return (stem, extension) if dot and "/" not in extension else (path, "")
