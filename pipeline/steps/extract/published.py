"""When an article was published: which of a page's dates to believe.

In order: a rule of the source, metas, named elements, structured data, the byline, labelled lines after the body,
script variables, metas of the last change; then the address, the lead, and htmldate last. Never a date from the
body, from Last-Modified, or "now". A 1 January without a clock time counts only if the address says so too: that is
what tools make of a date they half understood. A date whose year was guessed gives way to one that is written out.
Every date met is kept as a `DateClaim`, with the reason why it was believed or not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from htmldate import find_date

from pipeline.model import BELIEVED, DateClaim, Lead, Witness
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


_MAX_TEXT = 80
_MAX_CLAIMS = 20


@dataclass(frozen=True, slots=True)
class Dated:
    """The date decided on, all that were met, and what an editor should know about them."""

    stamp: Stamp | None = None
    where: str = ""
    notes: tuple[str, ...] = ()
    claims: tuple[DateClaim, ...] = ()


@dataclass(slots=True, eq=False)
class _Said:
    """What one place says."""

    witness: Witness
    where: str
    text: str
    reading: Reading
    stamp: Stamp | None = None
    """The one date of the place that would be believed."""


def find_date_of(
    facts: Facts,
    by: Bylines,
    url: str,
    lead: Lead | None,
    fetched: dt.datetime,
    tree: Element | None,
    *,
    foreign: bool = False,
) -> Dated:
    """The first possible date in the order of trust; `tree` is for htmldate.

    On a Chinese page htmldate's guess is kept for the editor, but not believed: what is left for it to find there
    is the footer's date. On 115 labelled pages it never was the right one.
    """
    address = url_date(url, fetched)
    page = _on_page(facts, by, address, fetched)
    chosen, odd, bare = _decide(page, address)
    heard = list(page)
    if address:
        heard.append(_Said(Witness.ADDRESS, "网址", url[-_MAX_TEXT:], Reading(), Stamp(address)))
        if chosen is None or (foreign and _is_next_day(chosen.stamp, address)):
            chosen = heard[-1]
    if chosen is None and (one := _unlabelled(by, fetched)):
        heard.append(one)
        chosen = one
    if lead is not None and lead.published:
        said = read_dates(lead.published, fetched)
        heard.append(_Said(Witness.LEAD, "线索", lead.published, said, next(iter(said.stamps), None)))
        odd += said.anomalies if not said.stamps else ()
        chosen = chosen or (heard[-1] if said.stamps else None)
    notes: list[str] = []
    if chosen is None and bare:
        chosen = bare
        notes.append("日期为 1 月 1 日且无旁证，请核对")
    if chosen is None and not odd and tree is not None and (guess := _guess(tree, fetched)):
        heard.append(guess)
        chosen = guess if foreign else None
    if chosen is None or chosen.stamp is None:
        notes += [f"日期异常：{'、'.join(dict.fromkeys(odd))}"] if odd else []
        return Dated(notes=tuple(notes), claims=_chain(heard, None))
    for other in heard:
        if other.witness in (Witness.ADDRESS, Witness.LEAD) and _contradicts(other, chosen.stamp):
            notes.append(
                f"日期不一致：{chosen.where} {chosen.stamp.day}，{other.where} {other.stamp and other.stamp.day}"
            )
    if odd:
        notes.append(f"日期异常：{'、'.join(dict.fromkeys(odd))}；改用{chosen.where}中的日期")
    return Dated(chosen.stamp, chosen.where, tuple(notes), _chain(heard, chosen))


def _on_page(facts: Facts, by: Bylines, address: dt.date | None, fetched: dt.datetime) -> list[_Said]:
    """What each place of the page says of dates, most trusted first; places that say nothing are left out."""
    found: dict[tuple[str, str], _Said] = {}
    for text, where, loose in _evidence(facts, by):
        if (where, text) not in found:
            reading = read_dates(text, fetched, loose=loose)
            found[where, text] = _Said(Witness.PAGE, where, text, reading, _preferred(reading, address))
    return [one for one in found.values() if one.reading.stamps or one.reading.anomalies]


def _decide(page: Sequence[_Said], address: dt.date | None) -> tuple[_Said | None, list[str], _Said | None]:
    """Who is believed of the page alone; the impossible dates met on the way; a bare 1 January of the byline."""
    odd: list[str] = []
    bare: _Said | None = None
    guessed: _Said | None = None
    for one in page:
        odd += one.reading.anomalies
        if one.stamp is None:
            continue
        if one.stamp.bare_new_year and address != one.stamp.day:
            bare = bare or (one if one.where == _BYLINE else None)
        elif one.stamp.guessed:
            guessed = guessed or one
        elif not (
            guessed and guessed.stamp and one.where == _AFTER and not _same_day_of_year(one.stamp, guessed.stamp)
        ):
            return one, odd, bare
    if guessed and guessed.stamp and address in (None, guessed.stamp.day):
        return guessed, odd, bare
    return None, odd, bare


def _unlabelled(by: Bylines, fetched: dt.datetime) -> _Said | None:
    """A date in parts, or one right above the title: where a page has nothing better."""
    if text := _in_parts([*reversed(by.above), *by.before, *by.head]):
        reading = read_dates(text, fetched, loose=False)
        if reading.stamps:
            return _Said(Witness.PAGE, _BYLINE, text, reading, reading.stamps[0])
    for line in by.above:
        if "今天" in line:
            continue
        reading = read_dates(plain(line).replace(GAP, " "), fetched, loose=False)
        if reading.stamps:
            return _Said(Witness.PAGE, "标题之上", line, reading, reading.stamps[0])
    return None


def _contradicts(other: _Said, stamp: Stamp) -> bool:
    """Whether it names another day: a day's difference is that of midnight, or of a zone."""
    return other.stamp is not None and abs((other.stamp.day - stamp.day).days) > 1


def _is_next_day(stamp: Stamp | None, address: dt.date) -> bool:
    """Whether a bare day is the neighbour of the address's: metas of foreign sites count it in Greenwich."""
    return stamp is not None and stamp.time is None and abs((stamp.day - address).days) == 1


def _chain(heard: Sequence[_Said], chosen: _Said | None) -> tuple[DateClaim, ...]:
    claims: list[DateClaim] = []
    for one in sorted(heard, key=lambda said: said is not chosen)[:_MAX_CLAIMS]:
        text = plain(one.text).replace(GAP, " ").strip()[:_MAX_TEXT]
        claim = DateClaim(one.witness, one.where, text)
        if one.stamp:
            claim = replace(claim, day=one.stamp.day, time=one.stamp.time)
        claims.append(replace(claim, chosen=one is chosen, because=_why(one, chosen)))
    return tuple(claims)


def _why(one: _Said, chosen: _Said | None) -> str:
    if one is chosen:
        if one.stamp and one.stamp.guessed:
            return "采用：按采集时间推算，别处没有写全的日期"
        return _REASONS[one.witness]
    if one.stamp is None:
        return "日期异常，不能采用"
    if one.witness is Witness.GUESS:
        return "由 htmldate 猜得，可能是页脚的日期，未采用"
    if chosen is None or chosen.stamp is None or (one.stamp.bare_new_year and one.stamp.day != chosen.stamp.day):
        return "1 月 1 日且无旁证，未采用" if one.stamp.bare_new_year else "年份系推算，未采用"
    return "与采用的一致" if one.stamp.day == chosen.stamp.day else "与采用的不一致"


_REASONS = {
    Witness.PAGE: BELIEVED,
    Witness.ADDRESS: "采用：页面没有写明当地的日期",
    Witness.LEAD: "采用：页面和网址都没有写明",
    Witness.GUESS: "采用：仅由 htmldate 猜得，请核对",
}


def _evidence(facts: Facts, by: Bylines) -> Iterator[tuple[str, str, bool]]:
    """Text, where it stands, and whether dates without a year count there."""
    if ruled := facts.ruled.get("date"):
        yield ruled.value, ruled.where, True
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
    """Of several dates in one line the one the address confirms, else the first.

    Where the address names the day before its conversion, the zone was a foreign one or none that was meant:
    sites print their own time with a Z behind it.
    """
    if found := next((stamp for stamp in reading.stamps if stamp.day == address), None):
        return found
    for stamp in reading.stamps:
        if stamp.printed and stamp.printed.date() == address:
            return Stamp(stamp.printed.date(), stamp.printed.time())
    return next(iter(reading.stamps), None)


def _same_day_of_year(one: Stamp, other: Stamp) -> bool:
    return (one.day.month, one.day.day) == (other.day.month, other.day.day)


def _guess(tree: Element, fetched: dt.datetime) -> _Said | None:
    try:
        text = find_date(tree, original_date=True, extensive_search=False, max_date=f"{fetched:%Y-%m-%d}")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None  # htmldate stumbles over odd markup; it was the last resort anyway
    reading = read_dates(text or "", fetched, loose=False)
    if not reading.stamps or reading.stamps[0].bare_new_year:
        return None
    return _Said(Witness.GUESS, "htmldate", text or "", reading, reading.stamps[0])
