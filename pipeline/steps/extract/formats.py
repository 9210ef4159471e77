"""What else than a web page comes in: front-matter dumps of feeds, and plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.steps.extract.furniture import EDITOR_LINE
from pipeline.steps.extract.tree import tidy
from pipeline.steps.extract.words import DAY

_TAG = re.compile(
    r"<(?:!doctype|html|head|body|div|p|br|article|section|table|meta|span|h[1-6]|ul|center|font)\b[^>]*>", re.I
)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(?P<head>.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.S)
_DATED = re.compile(DAY.removesuffix("日?"))
_CREDIT = re.compile(r"(?:来源|來源|作者|记者|責任編輯|责任编辑)\s*[:：]")
_CREDITED = re.compile(r"来源|來源|來\([^)]*\)源|记者|記者|作者|稿源|責任編輯|责任编辑")  # 來(lái)源 in seed 002
_MAX_BYLINE = 120
_HEAD_LINES = 15
_FIELD = re.compile(r"^(?P<key>[A-Za-z_][\w-]*):[ \t]*(?P<value>.*)$", re.M)


@dataclass(frozen=True, slots=True)
class Dump:
    """A feed item exported as front matter and HTML."""

    title: str
    date: str
    link: str
    html: str


def is_markup(text: str) -> bool:
    """Whether a text is HTML: it has at least one tag that HTML pages have."""
    return _TAG.search(text) is not None


def is_feed(text: str) -> bool:
    """Whether a text is a feed, a sitemap or another XML list."""
    return (
        re.match(
            r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:RDF)\b", text[:2000], re.S
        )
        is not None
    )


def is_data(text: str) -> bool:
    """Whether a text is an answer of a data interface."""
    return re.match(r"\s*(?:\w+\()?[\[{]\s*[\"{\[\]}]", text[:200]) is not None


def read_dump(text: str) -> Dump | None:
    """The parts of a front-matter dump, or `None` when the text is none.

    Its `author` is the feed's name and its `categories` the collector's: neither is taken.
    """
    match = _FRONT_MATTER.match(text)
    if not match:
        return None
    fields = {one["key"].lower(): _unquoted(one["value"]) for one in _FIELD.finditer(match["head"])}
    if not ({"title", "date"} & fields.keys()):
        return None
    return Dump(
        fields.get("title", ""),
        fields.get("date", ""),
        fields.get("link", "") or fields.get("url", ""),
        text[match.end() :],
    )


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


@dataclass(frozen=True, slots=True)
class Plain:
    """A text file as its lines; what stands before the headline is dropped."""

    title: str
    byline: tuple[str, ...]
    body: tuple[str, ...]
    editors: tuple[str, ...]
    """Lines of editors, which are not of the body."""


def read_plain(text: str) -> Plain:
    """The lines of a plain text: the headline is the line right above the first dated, credited line."""
    rows = [row for line in text.splitlines() if (row := tidy(line))]
    editors = tuple(row for row in rows if len(row) <= 80 and EDITOR_LINE.match(row))
    named = set(editors)
    rows = [row for row in rows if row not in named]
    start = next((i for i, row in enumerate(rows[:_HEAD_LINES]) if _is_byline(row)), None)
    if start is None:
        headed = len(rows) > 1 and len(rows[0]) <= 60 and not rows[0].endswith("。")
        return Plain(rows[0] if headed else "", (), tuple(rows[headed:]), editors)
    end = start + 1
    while end < len(rows) and len(rows[end]) <= 60 and (_DATED.search(rows[end]) or _CREDIT.match(rows[end])):
        if rows[end].endswith(("。", "”", "!", "！")):
            break
        end += 1
    return Plain(rows[start - 1] if start else "", tuple(rows[start:end]), tuple(rows[end:]), editors)


def _is_byline(row: str) -> bool:
    if len(row) > _MAX_BYLINE or not (_DATED.search(row) or _CREDIT.match(row)):
        return False
    return len(row) <= 40 or _CREDITED.search(row) is not None
