"""Dates as Chinese pages print them, in Beijing time.

Zone-less means Beijing; an explicit offset is converted; `CST` is China's. Relative dates and dates
without a year count back from when the page was fetched. A date that cannot be (02-30, 24:00, the 13th
month, before the web, after tomorrow) is an anomaly that is reported, never bent into a neighbour.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.model import BEIJING

_FIRST_YEAR = 1994  # China joined the web; earlier years on a news page are a broken clock
_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_NUMERAL_DATE = re.compile(
    "([二一][〇○零一二三四五六七八九]{3})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
_BLOG_DATE = re.compile(  # 十一月 6th, 2009; 6 月 30, 2024: templates made for English, translated word by word
    r"([一二三四五六七八九十]{1,2}|(?<!\d)\d{1,2})\s*月\s*(\d{1,2})(?:st|nd|rd|th)?\s*,\s*(\d{4})(?!\d)"
)
_CLOCK = (
    r"(?:(?:\s|日|T|,|星期.|周.|上午|凌晨|早上|\(|\))*(?P<half>下午|晚上|PM)?\s*"
    r"(?P<hour>\d{1,2})\s*[:时時点]\s*(?P<minute>\d{1,2})(?:\s*[:分]\s*(?P<second>\d{1,2}))?(?:\.\d+)?"
    r"(?:\s?(?P<noon>[AP])\.?M\b)?"
    r"\s*(?P<zone>Z\b|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?(?!\d)|GMT|UTC|CST|BJT|[EP][SD]T\b)?)?"
)
_FULL = re.compile(
    r"(?<![\d.])(?P<year>\d{4})\s*(?:年|(?P<sep>[-/.]))\s*(?P<month>\d{1,2})\s*(?:月|(?P=sep))\s*"
    r"(?P<day>\d{2}(?=\d{2}:\d{2})|\d{1,2}(?!\d))" + _CLOCK
)
_SHORT = re.compile(  # 18-03-08 23:16
    r"(?<![\d.-])(?P<year>[0-3]\d)-(?P<month>\d{2})-(?P<day>\d{2}(?=\d{2}:\d{2})|\d{2}(?![\d-]))" + _CLOCK
)
_SHORT_YEAR = re.compile(  # 24年6月30日
    r"(?<![\d.-])(?P<year>[0-3]\d)\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})(?!\d)" + _CLOCK
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?(?P<half>)(?P<noon>)(?P<zone>)(?!\d)"
)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_ENGLISH = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})\s+(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+"
    r"(?P<year>\d{4})" + _CLOCK,
    re.I,
)
_AMERICAN = re.compile(  # June 30, 2024; Sun Jun 30 2024 23:59:59 GMT+0800
    r"(?<![a-z])(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+"
    r"(?P<year>\d{4})" + _CLOCK,
    re.I,
)
_YEAR_UNDER = re.compile(  # 12-20 and the year in the line or element under it
    r"(?<![\d-])(?P<month>\d{2})\s*[-/.月]\s*(?P<day>\d{2})日?\s+(?P<year>20\d{2})(?![\d:年.-])" + _CLOCK
)
_YEARLESS = re.compile(
    r"(?<![\d-])(?P<month>\d{1,2})\s*(?P<sep>月|-)\s*(?P<day>\d{2}(?=\d{2}:\d{2})|\d{1,2}(?![\d-]))" + _CLOCK
)
_OTHER_YEAR = re.compile(r"年\s*$")  # 去年6月30日, -1年6月30日: the year is said, and is not this one
_AGO = re.compile(r"(\d{1,3})\s*(秒|分钟|分鐘|小时|小時|天|周|个月)前")
_DAYS_BACK = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_SPOKEN = re.compile(rf"(?P<word>{'|'.join(_DAYS_BACK)}){_CLOCK}")
_IN_URL = (
    re.compile(r"/((?:19|20)\d{2})([01]\d)([0-3]\d)(?=[/_.-])"),  # before /2024/202406/20240606/ gives the 20th
    re.compile(r"(?<!\d)((?:19|20)\d{2})[-/_](\d{1,2})[-/_](\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})[-/]?([01]\d)[-/]?([0-3]\d)(?!\d{2,3}(?!\d))"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})[-/]([01]\d)([0-3]\d)(?!\d)"),
    re.compile(r"(?:^|[/_tTcC])((?:20)\d{2})([01]\d)([0-3]\d)(?=\d*[_./])"),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment as printed: the day, and the time of day where it is given, in Beijing."""

    day: dt.date
    time: dt.time | None = None
    guessed: bool = False
    """Whether the year, or the day, was counted back from when the page was fetched."""
    printed: dt.datetime | None = None
    """What stood there before it was converted from another zone to Beijing's, if that was another day."""

    @property
    def bare_new_year(self) -> bool:
        """Whether it is a 1 January without a clock time: what tools make of a date they half understood."""
        return (self.day.month, self.day.day) == (1, 1) and self.time in (None, dt.time(0, 0))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says about dates: the possible ones in order, and those that cannot be."""

    stamps: tuple[Stamp, ...] = ()
    anomalies: tuple[str, ...] = ()


def read_dates(text: str, fetched: dt.datetime, *, loose: bool = True) -> Reading:
    """Every date in `text`; `loose` also takes relative dates and dates without a year."""
    text = unicodedata.normalize("NFKC", text)
    text = _BLOG_DATE.sub(_from_blog, _NUMERAL_DATE.sub(_from_numerals, text))
    now = fetched.astimezone(BEIJING)
    found: list[tuple[int, Stamp]] = []
    anomalies: list[str] = []
    if re.fullmatch(r"\s*\d{10}(?:\d{3})?\s*", text):
        stamp = _from_epoch(int(text.strip()[:10]))
        return _judged([(0, stamp)], [], now) if stamp else Reading(anomalies=(text.strip(),))
    for match in _matches(text, loose):
        stamp = _stamp(match)
        if stamp:
            found.append((match.start(), stamp))
        elif match.re in (_FULL, _ENGLISH, _AMERICAN):  # elsewhere digits that are no date are just digits
            anomalies.append(match.group().strip())
    if not found and not anomalies and loose:
        found += _relative(text, now)
    return _judged(found, anomalies, now)


def url_date(url: str, fetched: dt.datetime) -> dt.date | None:
    """The day an address carries in its path, such as `/2024/06/04/` or `/t20240604_`."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    last = (fetched.astimezone(BEIJING) + dt.timedelta(days=1)).date()
    for pattern in _IN_URL:
        for year, month, day in pattern.findall(path):
            try:
                date = dt.date(int(year), int(month), int(day))
            except ValueError:
                continue
            if date.year >= _FIRST_YEAR and date <= last:
                return date
    return None


def _matches(text: str, loose: bool) -> Iterator[re.Match[str]]:
    taken: list[tuple[int, int]] = []
    for pattern in (_FULL, _ENGLISH, _AMERICAN, _COMPACT, _YEAR_UNDER, _SHORT, _SHORT_YEAR):
        if pattern in (_YEAR_UNDER, _SHORT, _SHORT_YEAR) and (taken or not loose):
            return
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                yield match


def _stamp(match: re.Match[str]) -> Stamp | None:
    part = match.groupdict()
    month = part["month"].lower()[:3]
    year = int(part["year"])
    if match.re in (_SHORT, _SHORT_YEAR):
        year += 2000
    try:
        moment = dt.datetime(
            year,
            _MONTHS.get(month) or int(month),
            int(part["day"]),
            _hour(part),
            int(part["minute"] or 0),
            int(part["second"] or 0) if part["second"] else 0,
            tzinfo=_zone(_unless_a_range(match)),
        )
    except ValueError:
        return None
    if not part["hour"]:
        return Stamp(moment.date())
    printed = moment.replace(tzinfo=None)
    try:
        moment = moment.astimezone(BEIJING)
    except OverflowError:
        return None
    return Stamp(moment.date(), moment.time(), printed=printed if printed.date() != moment.date() else None)


def _hour(part: dict[str, str | None]) -> int:
    hour = int(part["hour"] or 0)
    if (part["noon"] or "").upper() == "A":
        return hour % 12 if hour == 12 else hour
    return hour + 12 if (part["half"] or part["noon"]) and hour < 12 else hour


def _unless_a_range(match: re.Match[str]) -> str | None:
    """The zone, unless it is the end of a meeting: 6月30日 09:00-11:30 is no offset of minus 11 hours and a half."""
    zone: str | None = match["zone"]
    ends = zone is not None and zone.startswith("-") and not match["second"] and "T" not in match.group()
    return None if ends else zone


_ZONES = {"Z": 0, "GMT": 0, "UTC": 0, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7}


def _zone(text: str | None) -> dt.tzinfo:
    if not text or (text := text.upper()) in ("CST", "BJT"):
        return BEIJING
    if text in _ZONES:
        return dt.timezone(dt.timedelta(hours=_ZONES[text]))
    text = text.removeprefix("GMT").removeprefix("UTC")
    figures = text[1:].replace(":", "")
    hours, minutes = (int(figures), 0) if len(figures) <= 2 else (int(figures[:-2]), int(figures[-2:]))
    if hours > 14 or minutes > 59:
        return BEIJING  # +99:99 says nothing, and a page in Chinese means Beijing
    return dt.timezone((-1 if text[0] == "-" else 1) * dt.timedelta(hours=hours, minutes=minutes))


def _relative(text: str, now: dt.datetime) -> list[tuple[int, Stamp]]:
    found: list[tuple[int, Stamp]] = []
    for match in _AGO.finditer(text):
        amount, unit = int(match.group(1)), match.group(2)
        exact = {"秒": 1, "分钟": 60, "分鐘": 60, "小时": 3600, "小時": 3600}.get(unit)
        if exact:
            moment = now - dt.timedelta(seconds=exact * amount)
            found.append(
                (match.start(), Stamp(moment.date(), moment.time().replace(second=0, microsecond=0), guessed=True))
            )
        elif unit == "天":
            found.append((match.start(), Stamp(now.date() - dt.timedelta(days=amount), guessed=True)))
    if "刚刚" in text or "剛剛" in text:
        found.append((text.find("刚刚"), Stamp(now.date(), guessed=True)))
    for match in _SPOKEN.finditer(text):
        day = now.date() - dt.timedelta(days=_DAYS_BACK[match["word"]])
        found.append((match.start(), Stamp(day, _clock(match), guessed=True)))
    for match in _YEARLESS.finditer(text):
        if match["sep"] == "-" and not (len(match["month"]) == 2 and len(match["day"]) == 2):
            continue  # 1-10 is a range or a page number
        if _OTHER_YEAR.search(text[: match.start()]):
            continue
        for year in (now.year, now.year - 1):
            try:
                day = dt.date(year, int(match["month"]), int(match["day"]))
            except ValueError:
                continue
            if day <= now.date() + dt.timedelta(days=1):
                found.append((match.start(), Stamp(day, _clock(match), guessed=True)))
                break
    return found


def _clock(match: re.Match[str]) -> dt.time | None:
    part = match.groupdict()
    if not part["hour"]:
        return None
    try:
        return dt.time(_hour(part), int(part["minute"] or 0), int(part["second"] or 0))
    except ValueError:
        return None


def _judged(found: list[tuple[int, Stamp]], anomalies: list[str], now: dt.datetime) -> Reading:
    last = (now + dt.timedelta(days=1)).date()
    good: list[Stamp] = []
    for _, stamp in sorted(found, key=lambda pair: pair[0]):
        if stamp.day.year < _FIRST_YEAR or stamp.day > last:
            anomalies.append(str(stamp.day))
        else:
            good.append(stamp)
    return Reading(tuple(good), tuple(anomalies))


def _from_epoch(seconds: int) -> Stamp | None:
    try:
        moment = dt.datetime.fromtimestamp(seconds, BEIJING)
    except (ValueError, OverflowError, OSError):
        return None
    return Stamp(moment.date(), moment.time())


def _from_numerals(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{year.translate(_NUMERALS)}年{_ten(month)}月{_ten(day)}日"


def _from_blog(match: re.Match[str]) -> str:
    month, day, year = match.groups()
    return f"{year}年{month if month.isdigit() else _ten(month)}月{day}日"


def _ten(text: str) -> int:
    tens, mark, ones = text.partition("十")
    if not mark:
        return int(text.translate(_NUMERALS))
    return (int(tens.translate(_NUMERALS)) if tens else 1) * 10 + (int(ones.translate(_NUMERALS)) if ones else 0)
