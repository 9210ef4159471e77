"""What is wrong with what a source would give, and what to do about it, before anything is kept."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.config import Outlets, Source, same_site
from pipeline.model import BEIJING, Article, Finding, Lead, Page, Rejection, Severity
from pipeline.steps.extract.dates import Stamp, read_dates

_TIME = re.compile(r"\d{1,2}:\d{2}")
_ZONE = re.compile(r"(?:[+-]\d{2}:?\d{2}|Z|[A-Z]{2,4})\s*$")
_GARBLED = re.compile(r"\ufffd|锟斤拷|烫烫烫|[ÃÂåæçèé][\x80-\xbf¤¥¦§¨©]")
_CUT = ("…", "...", "．．．")
_FEW = 0.2  # of the leads; a single odd row is no matter
_SHORT = 80  # characters of a body; a notice in one sentence has about as many
_UNSURE = 0.5
_SENTENCE = re.compile(r".{4,}?(?:[。！？!?]|$)")


@dataclass(frozen=True, slots=True)
class Listed:
    """One lead as a source gives it, and its date as read."""

    lead: Lead
    read: str
    """The date as it will be read, `YYYY-MM-DD` or with its time; empty when it cannot be."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One page that was fetched and read, to see what becomes of the leads."""

    lead: Lead
    page: Page | None
    outcome: Article | Rejection | str
    """The article, why it is none, or why the page could not be fetched."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything a visit showed."""

    source: Source
    listed: tuple[Listed, ...]
    sampled: tuple[Sampled, ...]
    route: tuple[tuple[str, str], ...]
    """Documents of the source that were asked for: the address, and the one that answered."""
    unfiltered: tuple[str, ...]
    """The addresses it gives when `include` and `exclude` are left aside."""
    notes: tuple[str, ...]
    now: dt.datetime
    days: int
    """How old the newest lead may be."""
    outlets: Outlets


def listed(lead: Lead, now: dt.datetime) -> Listed:
    """A lead with its date as it will be read."""
    stamps = read_dates(lead.published, now).stamps if lead.published else ()
    return Listed(lead, _shown(stamps[0]) if stamps else "")


def _shown(stamp: Stamp) -> str:
    return f"{stamp.day}" + (f" {stamp.time:%H:%M}" if stamp.time else "")


def first_sentence(article: Article) -> str:
    """How an article's body begins."""
    found = _SENTENCE.match(article.text.replace("\n", " ").strip())
    return found.group()[:120] if found else article.text[:120]


def vet(seen: Seen) -> list[Finding]:
    """Everything that an editor should know or mend, what keeps the source from being read first."""
    found = [one for look in LOOKS.values() for one in look(seen)]
    return sorted(found, key=lambda one: one.severity is not Severity.BLOCKING)


def unreadable(message: str, fix: str) -> Finding:
    """The finding of a source that could not be read at all."""
    if "robots 禁止" in message and not fix:
        fix = "该网站不许机器人读取；请停用，需要的文章用 bulletin collect --url 逐条添加。"
    return Finding("unreadable", Severity.BLOCKING, message, fix or "请核对 url，稍后再试。")


def _warn(check: str, message: str, fix: str) -> Finding:
    return Finding(check, Severity.WARNING, message, fix)


def _empty(seen: Seen) -> Iterator[Finding]:
    if seen.listed:
        return
    if seen.unfiltered:
        return  # the filters' fault
    fix = "网页可能已改版，请核对 url 和选择器。" if seen.source.kind == "listing" else "请核对 url 或 path。"
    yield Finding("empty", Severity.BLOCKING, "没有给出任何线索", fix)


def _filters(seen: Seen) -> Iterator[Finding]:
    source, every = seen.source, seen.unfiltered
    if every and not seen.listed:
        yield Finding(
            "filter",
            Severity.BLOCKING,
            f"include/exclude 挡住了全部 {len(every)} 条链接",
            "请核对 include 和 exclude。",
        )
        return
    for name, parts in (("include", source.include), ("exclude", source.exclude)):
        idle = [part for part in parts if every and not any(part in url for url in every)]
        if idle:
            yield _warn("filter", f"{name} 中的 {'、'.join(idle)} 与任何链接都不相符", f"不再需要就从 {name} 里删去。")
    if every and source.include and all(any(part in url for part in source.include) for url in every):
        yield _warn("filter", "include 没有挡住任何链接", "若本意是筛选，请写得更具体；否则可删去。")


def _dates(seen: Seen) -> Iterator[Finding]:
    if seen.source.brought or not seen.listed:
        return
    bare = [one for one in seen.listed if not one.lead.published]
    unread = [one for one in seen.listed if one.lead.published and not one.read]
    if len(bare) == len(seen.listed):
        fix = (
            "列表若印有日期，请用 date 写明行内日期的选择器（必要时写 row）；否则以文章页的日期为准。"
            if seen.source.kind == "listing"
            else "将以文章页的日期为准。"
        )
        yield _warn("undated", "线索都没有日期", fix)
    elif len(bare) > _FEW * len(seen.listed):
        fix = "请核对 row 和 date。" if seen.source.kind == "listing" else "这些以文章页的日期为准。"
        yield _warn("undated", f"{len(seen.listed)} 条线索中 {len(bare)} 条没有日期", fix)
    if len(unread) > _FEW * len(seen.listed):
        yield _warn(
            "unread-date",
            f"{len(unread)} 条线索的日期读不懂，如“{unread[0].lead.published}”",
            "请核对 date 是否选对了地方。",
        )
    if seen.source.kind == "feed" and any(
        _TIME.search(one.lead.published) and not _ZONE.search(one.lead.published) for one in seen.listed
    ):
        yield _warn("zone", "日期没有写明时区，按北京时间读", "若网站用别的时区，午夜前后的文章会差一天。")
    days = [dt.date.fromisoformat(one.read[:10]) for one in seen.listed if one.read]
    if not days:
        return
    today = seen.now.astimezone(BEIJING).date()
    if seen.days and max(days) < today - dt.timedelta(days=seen.days):
        yield _warn(
            "old", f"最新一条是 {max(days)} 的，都超过 {seen.days} 天", "网站可能已停更或换了地址，请核对 url。"
        )
    if max(days) > today + dt.timedelta(days=1):
        yield _warn("future", f"有线索的日期在将来（{max(days)}）", "请核对 date 是否选对了地方。")


def _titles(seen: Seen) -> Iterator[Finding]:
    if seen.source.brought or seen.source.kind == "sitemap" or not seen.listed:
        return
    cut = [one for one in seen.listed if one.lead.title.rstrip("】]） ").endswith(_CUT)]
    if len(cut) > _FEW * len(seen.listed):
        yield _warn(
            "cut-title",
            f"{len(cut)} 条线索的标题被截断，如“{cut[0].lead.title}”",
            "以文章页的标题为准；若列表另有完整标题，请改 links。",
        )
    untitled = sum(not one.lead.title for one in seen.listed)
    if untitled > _FEW * len(seen.listed):
        yield _warn("untitled", f"{untitled} 条线索没有标题", "links 可能选中了图片的链接，请改为标题的链接。")
    if any(_GARBLED.search(one.lead.title) for one in seen.listed):
        odd = next(one.lead.title for one in seen.listed if _GARBLED.search(one.lead.title))
        yield _warn("encoding", f"标题里有乱码，如“{odd[:40]}”", "网站声明的编码可能有误，请报告此网址。")


def _places(seen: Seen) -> Iterator[Finding]:
    for asked, answered in seen.route:
        if asked != answered:
            yield _warn("redirected", f"地址转到了 {answered}", "请把 sources.yaml 中的 url 改为新地址。")
    if seen.source.kind == "listing" and seen.listed and seen.route:
        home = seen.route[0][1]
        if not any(same_site(one.lead.url, home) for one in seen.listed):
            host = urlsplit(seen.listed[0].lead.url).hostname
            yield _warn("off-site", f"链接都指向别的网站，如 {host}", "links 可能选中了友情链接，请核对。")
    pages = getattr(seen.source, "pages", 1)
    if seen.source.kind == "listing" and pages > 1 and len(seen.route) == 1 and seen.listed:
        yield _warn("next", f"设了读 {pages} 页，却只读到 1 页", "请核对 next 是否选中了“下一页”的链接。")
    unknown = Counter(
        urlsplit(url).hostname or ""
        for url in (one.page.url if one.page else one.lead.url for one in seen.sampled)
        if url.startswith("http") and not seen.source.outlet and seen.outlets.at(url) is None
    )
    if unknown:
        yield _warn(
            "outlet",
            f"来源登记里没有 {'、'.join(unknown)}",
            "请在 outlets.yaml 登记这家媒体，或在信源里写上 outlet。",
        )


def _pages(seen: Seen) -> Iterator[Finding]:
    if not seen.sampled:
        return
    lost = [one for one in seen.sampled if isinstance(one.outcome, str)]
    rejected = [(one, one.outcome) for one in seen.sampled if isinstance(one.outcome, Rejection)]
    if lost:
        why = str(lost[0].outcome)
        fix = "该网站不许机器人读取这些页面。" if "robots" in why else "请在浏览器里打开看看。"
        yield _warn("pages", f"试读 {len(seen.sampled)} 页，{len(lost)} 页没有取得：{why}", fix)
    if rejected:
        one, no = rejected[0]
        yield _warn(
            "not-articles",
            f"试读 {len(seen.sampled)} 页，{len(rejected)} 页读不出文章（{one.lead.url}：{no.because}）",
            "links 可能选中了栏目或图片，请核对；网页确是文章的，请报告此网址。",
        )
    articles = [one.outcome for one in seen.sampled if isinstance(one.outcome, Article)]
    thin = [one for one in articles if one.confidence < _UNSURE or len(one.text) < _SHORT]
    if articles and len(thin) * 2 > len(articles):
        yield _warn(
            "thin", f"{len(thin)} 页的正文很短或没有把握，如《{thin[0].title}》", "请对照原网页，看正文是否完整。"
        )
    undated = sum(one.date is None for one in articles)
    if undated:
        yield _warn("undated-pages", f"{undated} 篇文章读不出日期", "没有日期的文章要由编辑补上。")


HARMLESS = frozenset(("outlet", "zone", "undated", "undated-pages", "cut-title"))
"""Findings that need not keep a source from being enabled: its articles are read all the same."""

Look = Callable[[Seen], Iterator[Finding]]

LOOKS: Mapping[str, Look] = {
    "empty": _empty,
    "filters": _filters,
    "dates": _dates,
    "titles": _titles,
    "places": _places,
    "pages": _pages,
}
