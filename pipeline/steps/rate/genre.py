"""What manner of text an article is, and pages that are no news at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.config import PageType, Scope
from pipeline.model import Genre
from pipeline.steps.rate.place import CITIES
from pipeline.steps.rate.terms import fold, pattern, weights

_PAGE_TYPE = 2.0  # sum of the weights that makes a page one of its type
_BYLINE = 40  # characters; a first or last line this short may say 本报评论员
_NAMED = 3  # times a company is named in an advertorial ...
_NAMED_EVERY = 400  # ... at least once every so many characters (534 item 3: once every 120)
_PRAISE = 5  # different phrases of praise in it (534 item 3: 15)

# 腾讯健康:… names a company, 北京:… a place, 国家卫健委:… an office.
_SPEAKER = re.compile(rf"(?!{CITIES}|天津|河北)(\w{{2,8}})(?<![委局部厅办省市区县院会家]):")
# A commentary opens with the news it comments on: (6月19日《光明日报》), (10月9日 新华网)
_QUOTED_NEWS = re.compile(r"\(据?\d{1,2}月\d{1,2}日(?:《[^》]{2,12}》|[^()]{2,10}[网报社])[^()]{0,6}\)$")


class Manner:
    """Tells the genre and the page types of an article by the words of one scope."""

    def __init__(self, scope: Scope) -> None:
        self._pages = [(page, weights(page.terms)) for page in scope.pages]
        self._page_terms = pattern({term for _, terms in self._pages for term in terms})
        self._commentary = pattern(map(fold, scope.commentary))
        self._praise = pattern(map(fold, scope.advertorial))
        self._companies = pattern(map(fold, scope.companies))

    def page_types(self, title: str, lines: Sequence[str], url: str) -> list[PageType]:
        """The types of page this is, by what it says where it begins or ends, or by its address."""
        body = "\n".join(lines)  # a page says what it is where it begins or ends; in between it may quote anything
        found = {term for part in (title, body[:400], body[400:][-200:]) for term in self._page_terms.findall(part)}
        address = url.lower()
        return [
            page
            for page, terms in self._pages
            if any(host in address for host in page.hosts)
            or sum(weight for term, weight in terms.items() if term in found) >= _PAGE_TYPE
        ]

    def genre(self, title: str, lines: Sequence[str]) -> Genre:
        """The genre of an article with a folded title and folded lines."""
        body = [line for line in lines if line]
        edges = (title, *(line for line in (*body[:1], *body[-1:]) if len(line) < _BYLINE))
        if any(map(self._commentary.search, edges)) or any(_QUOTED_NEWS.search(line) for line in body[:2]):
            return Genre.COMMENTARY
        whole = "\n".join((title, *body))
        named = self._companies.findall(whole)
        if speaker := _SPEAKER.match(title):
            named += [speaker[1]] * whole.count(speaker[1])
        most = max(map(named.count, set(named)), default=0)
        praise = len(set(self._praise.findall(whole)))
        if most >= _NAMED and most * _NAMED_EVERY >= len(whole) and praise >= _PRAISE:
            return Genre.ADVERTORIAL
        return Genre.NEWS
