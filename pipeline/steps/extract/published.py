"""When an article was published: which of a page's dates to believe.

In order: metas, named elements, structured data, the byline, labelled lines after the body, script variables,
metas of the last change; then the address, the lead, and htmldate last. Never a date from the body, from
Last-Modified, or "now". A 1 January without a clock time counts only if the address says so too: that is what
tools make of a date they half understood. A date whose year was guessed gives way to one that is written out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from htmldate import find_date

from pipeline.model import Lead
from pipeline.steps.extract.byline import Bylines
from pipeline.steps.extract.dates import Reading, Stamp, read_dates, url_date
from pipeline.steps.extract.facts import STRUCTURED, Facts
from pipeline.steps.extract.tree import Element
from pipeline.steps.extract.words import GAP, plain

_METAS = (
    "pubdate publishdate publish_date article:published_time og:release_date article:create_at apub:time "
    "weibo:article:create_at bytedance:published_time datepublished date.publish og:article:published_time "
    "og:published_time dc.date.issued dc.date dcterms.created parsely-pub-date sailthru.date createdate publishtime "
    "pubtime date filedate og:time firstpubdate _pubtime firstpublishedtime"
)
_METAS_OF_CHANGE = "bytedance:updated_time dateupdate article:modified_time og:updated_time"
_LABEL = re.compile(r"(?:发布|發布|发表|发稿|更新|创建|上传|录入|公开|成文|发文|时间|日期)")
_CLOCK = re.compile(r"\d:\d\d")
_BARE = re.compile(r"^\W*(?:[^\d。，]{0,20}\W)?\d")
_NEIGHBOUR = re.compile(r"^\W*(?:上|下|前|后)一?[篇条页则]")
_PARTS = re.compile(r"(?:19|20)\d{2}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])")
_BYLINE = "署名行"
_AFTER = "文末署名"


@dataclass(slots=True)
class Dated:
    """The date decided on, and what an editor should know about the others."""

    stamp: Stamp | None = None
    where: str = ""
    notes: list[str] = field(default_factory=list)


def find_date_of(
    facts: Facts, by: Bylines, url: str, lead: Lead | None, fetched: dt.datetime, tree: Element | None
) -> Dated:
    """The first possible date in the order of trust; `tree` is for htmldate."""
    dated = Dated()
    address = url_date(url, fetched)
    odd, bare = _decide(dated, facts, by, address, fetched)
    if dated.stamp is None and address:
        dated.stamp, dated.where = Stamp(address), "网址"
    if dated.stamp is None and (text := _in_parts([*reversed(by.above), *by.before, *by.head])):
        dated.stamp = next(iter(read_dates(text, fetched, loose=False).stamps), None)
        dated.where = _BYLINE if dated.stamp else ""
    for line in by.above if dated.stamp is None else ():
        if "今天" not in line and (stamps := read_dates(plain(line).replace(GAP, " "), fetched, loose=False).stamps):
            dated.stamp, dated.where = stamps[0], "标题之上"
            break
    if lead is not None and lead.published:
        _compare(dated, odd, read_dates(lead.published, fetched))
    if dated.stamp is None and bare:
        dated.stamp, dated.where = bare, _BYLINE
        dated.notes.append("日期为 1 月 1 日且无旁证，请核对")
    if dated.stamp is None and not odd and tree is not None:
        _guess(dated, tree, fetched)
    if address and dated.stamp and abs((address - dated.stamp.day).days) > 1:
        dated.notes.append(f"日期不一致：{dated.where} {dated.stamp.day}，网址 {address}")
    if odd:
        instead = f"；改用{dated.where}中的日期" if dated.stamp else ""
        dated.notes.append(f"日期异常：{'、'.join(dict.fromkeys(odd))}{instead}")
    return dated


def _decide(
    dated: Dated, facts: Facts, by: Bylines, address: dt.date | None, fetched: dt.datetime
) -> tuple[list[str], Stamp | None]:
    """Settles `dated` from the page alone; returns the impossible dates met and a bare 1 January of the byline."""
    odd: list[str] = []
    bare: Stamp | None = None
    guessed: tuple[Stamp, str] | None = None
    for text, where, loose in _evidence(facts, by):
        reading = read_dates(text, fetched, loose=loose)
        odd += reading.anomalies
        stamp = _preferred(reading, address)
        if stamp is None:
            continue
        if stamp.bare_new_year and address != stamp.day:
            bare = bare or (stamp if where == _BYLINE else None)
        elif stamp.guessed:
            guessed = guessed or (stamp, where)
        elif not (guessed and where == _AFTER and not _same_day_of_year(stamp, guessed[0])):
            dated.stamp, dated.where = stamp, where
            return odd, bare
    if guessed and address in (None, guessed[0].day):
        dated.stamp, dated.where = guessed
    return odd, bare


def _evidence(facts: Facts, by: Bylines) -> Iterator[tuple[str, str, bool]]:
    """Text, where it stands, and whether dates without a year count there."""
    for label in _METAS.split():
        if label in facts.metas:
            yield facts.metas[label], f"meta {label}", False
    if named := facts.named.get("date"):
        yield named.value, named.where, True
    for found in facts.dates:
        if found.where == STRUCTURED:
            yield found.value, found.where, False
    near = [*by.before] if len(by.before) <= 10 else [*by.before[:4], *by.before[-6:]]
    texts = [
        plain(line).replace(GAP, " ") for line in (*near, *by.head) if len(line) <= 200 and not _NEIGHBOUR.match(line)
    ]
    firm = [text for text in texts if _LABEL.search(text) or _CLOCK.search(text)]
    for text in firm:
        yield text, _BYLINE, True
    for text in texts:
        if text not in firm and len(text) <= 80 and (_BARE.match(text) or len(text) <= 12):
            yield text, _BYLINE, True
    for line in (*by.after, *by.tail):
        if len(line) <= 80 and _LABEL.search(line) and not _NEIGHBOUR.match(line):
            yield plain(line).replace(GAP, " "), _AFTER, False
    for found in facts.dates:
        if found.where != STRUCTURED:
            yield found.value, found.where, False
    for label in _METAS_OF_CHANGE.split():
        if label in facts.metas:
            yield facts.metas[label], f"meta {label}", False


def _in_parts(lines: Sequence[str]) -> str:
    """A date that a template prints as a day and a month, or a year and a day of it: 05, 2022-04."""
    parts = [part for line in lines if len(line) <= 60 for part in re.split(rf"[{GAP}\s]+", plain(line)) if part]
    for one, other in pairwise(parts):
        for first, second in ((one, other), (other, one)):
            joined = f"{first}-{second}".replace("/", "-").replace(".", "-")
            if _PARTS.fullmatch(joined):
                return joined
    return ""


def _preferred(reading: Reading, address: dt.date | None) -> Stamp | None:
    """Of several dates in one line the one the address confirms, else the first."""
    return next((stamp for stamp in reading.stamps if stamp.day == address), next(iter(reading.stamps), None))


def _same_day_of_year(one: Stamp, other: Stamp) -> bool:
    return (one.day.month, one.day.day) == (other.day.month, other.day.day)


def _compare(dated: Dated, odd: list[str], said: Reading) -> None:
    """The lead's date fills a gap; where it contradicts the page, the page wins and a note says so."""
    if not said.stamps:
        odd += said.anomalies
    elif dated.stamp is None:
        dated.stamp, dated.where = said.stamps[0], "线索"
    elif abs((said.stamps[0].day - dated.stamp.day).days) > 1:
        dated.notes.append(f"日期不一致：{dated.where} {dated.stamp.day}，线索 {said.stamps[0].day}")


def _guess(dated: Dated, tree: Element, fetched: dt.datetime) -> None:
    try:
        text = find_date(tree, original_date=True, extensive_search=False, max_date=f"{fetched:%Y-%m-%d}")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return  # htmldate stumbles over odd markup; it was the last resort anyway
    stamps = read_dates(text or "", fetched, loose=False).stamps
    if stamps and not stamps[0].bare_new_year:
        dated.stamp, dated.where = stamps[0], "htmldate"
