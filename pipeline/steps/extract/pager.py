"""Whether an article goes on on a second page."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urljoin, urlsplit

from pipeline.steps.extract.facts import is_web
from pipeline.steps.extract.tree import Element, content

_LABEL = re.compile(r"[\[【(]?(?:下一页|下页|2|>|>>|下一页\s*>+)[\])】]?")


def second_page(tree: Element, url: str) -> str:
    """The address of the second page: the page's own path with `_2`, `-2` or `?page=2`; empty when there is none.

    Links by `javascript:` and pagers of comments lead elsewhere and do not count.
    """
    if not is_web(url):
        return ""
    own = urlsplit(url)
    stem, dot, extension = own.path.rpartition(".")
    if not dot or "/" in extension:
        stem, extension = own.path, ""
    onward = re.compile(re.escape(stem) + r"[_-]\d{1,2}" + (re.escape(f".{extension}") if extension else ""))
    for link in tree.iter("a"):
        if not _LABEL.fullmatch(unicodedata.normalize("NFKC", content(link))):
            continue
        try:
            other = urlsplit(urljoin(url, (link.get("href") or "").strip()))
        except ValueError:
            continue
        same = other.path == own.path and re.search(r"(?:^|&)(?:page|p)=\d{1,2}(?:&|$)", other.query)
        if other.netloc == own.netloc and (same or onward.fullmatch(other.path)):
            return other.geturl()
    return ""
