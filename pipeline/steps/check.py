"""The release checks: what an editor must see before an issue goes out.

Each check is a function from an `Inspection` to findings; adding one is a function and a line in `CHECKS`.
The mistakes they look for are those that hand-made issues were seen to carry. A blocking finding keeps the
issue from release until it is mended or waived with a signed reason.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from pipeline.config import Outlet, Outlets
from pipeline.model import (
    BEIJING,
    Article,
    Coverage,
    DateClaim,
    Document,
    Edge,
    Finding,
    Flag,
    Genre,
    Issue,
    Item,
    Printed,
    Readback,
    Relation,
    Revisit,
    Severity,
    Window,
    Witness,
    chinese_date,
    public,
)
from pipeline.steps.cover import cover
from pipeline.steps.dateline import credited
from pipeline.steps.dedupe import relate
from pipeline.steps.illustrate import missing_pictures
from pipeline.steps.misprint import misprints
from pipeline.steps.urls import is_mobile

# under a third most of what is printed is about something else: 636 item 3, four scenes of which one is a hospital's,
# has 0.22; 534 item 2, on three regions' health services throughout, has 0.43
_SMALL_SHARE = 0.33
_UNSURE = 0.5  # agreement of the two readers; below it one of them has less than half of what the other has
_MOST_MISPRINTS = 8  # a template that is wrong once is wrong for every item
_LETTERS = 4  # `ynet` is the shortest name a typo was seen in; below that neighbours are too many


@dataclass(frozen=True)
class Inspection:
    """An issue and everything the checks hold it against."""

    issue: Issue
    outlets: Outlets
    earlier: Sequence[Printed] = ()
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    """Handle → what is known about the article it is printed from."""
    late: frozenset[str] = frozenset()
    """Handles taken as 补收."""
    apart: frozenset[frozenset[str]] = frozenset()
    """Pairs of handles that the editor split on purpose."""
    silent: Sequence[str] = ()
    alarm: str = ""
    """Why what passed the scope is hard to believe; empty when all is well."""
    revisits: Mapping[str, Revisit] = field(default_factory=dict)
    """Address → what its page looked like when it was last asked for again."""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Handle → what an editor should know about the reading of its article."""
    confidence: Mapping[str, float] = field(default_factory=dict)
    """Handle → how sure the extraction is of the body, 0 to 1; no editor's own text has one."""

    better: Mapping[str, tuple[Article, str]] = field(default_factory=dict)
    """Handle → a folded article that could stand for the item better, and why."""
    desktop: Mapping[str, str] = field(default_factory=dict)
    """Handle → the desktop address of an item that is printed with a mobile one."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Series → what it is called."""
    readbacks: Sequence[Readback] = ()
    """What the finished files print; none for an issue that is only looked at."""
    window: str = ""
    """The option by which commands mean this issue: `--month 2024-06`."""

    def command(self, verb: str, *words: str) -> str:
        """A command about the draft, as one would type it."""
        return " ".join(("bulletin draft", verb, self.issue.series, *words, self.window)).strip()

    @cached_property
    def documents(self) -> list[Document]:
        """The items as comparisons see them, by handle."""
        return [Document(i.handle, i.title, i.text, i.date, i.url) for i in self.issue.items]

    @cached_property
    def relations(self) -> list[Edge]:
        """Which items belong together."""
        return relate(self.documents)

    @cached_property
    def coverage(self) -> Mapping[str, list[Coverage]]:
        """Where earlier issues carried the items; this issue itself, on a correction, is not earlier."""
        mine = (self.issue.series, self.issue.number)
        return cover(self.documents, [one for one in self.earlier if (one.series, one.number) != mine])


Check = Callable[[Inspection], Iterator[Finding]]


def check(inspection: Inspection) -> list[Finding]:
    """Every finding, the blocking ones first, then in the order of the items."""
    found = [finding for one in CHECKS.values() for finding in one(inspection)]
    return sorted(found, key=lambda f: (f.severity is not Severity.BLOCKING, f.position, f.check))


def _link(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if not public(item.url).strip():
            yield _about(place, item, "empty-link", Severity.BLOCKING, "链接为空", "补上原文链接，或写明理由后放行。")
        elif (wrong := malformed(item.url)) is not None:
            yield _about(
                place, item, "malformed-url", Severity.BLOCKING, f"链接不合规范（{wrong}）：{item.url}", "改正链接。"
            )
        elif suffix := odd_suffix(item.url):
            yield _about(
                place,
                item,
                "suspicious-suffix",
                Severity.WARNING,
                f"链接结尾“{suffix}”不常见，可能被截断：{item.url}",
                "打开原文核对链接。",
            )


def odd_suffix(url: str) -> str:
    """The ending of an address that was probably cut or mistyped: .shtm; empty for any other."""
    found = re.search(r"\.(s?h|s?ht|shtm|html?1|shtml1|htmll|sthml|hmtl)$", urlsplit(url).path)
    return found[0] if found else ""


def malformed(url: str) -> str | None:
    """What is wrong with the form of an address, in Chinese; `None` when nothing is."""
    if re.search(r"\s", url.strip()):
        return "含空格"
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "无法解析"
    if parts.scheme not in ("http", "https"):
        return "不是 http 或 https"
    if "." not in host or not re.fullmatch(r"[\w.-]+", host):
        return "缺少主机名"
    return None


def _host(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if malformed(item.url) is None and (near := one_letter_off(item.url, inspection.outlets)):
            known, outlet = near
            yield _about(
                place,
                item,
                "unknown-host",
                Severity.BLOCKING,
                f"主机名 {urlsplit(item.url).hostname} 与{outlet.name}的 {known} 只差一个字母，可能写错",
                "核对链接的主机名。",
            )


def one_letter_off(url: str, outlets: Outlets) -> tuple[str, Outlet] | None:
    """The known host that an unknown one was probably meant to be, and whose it is."""
    if outlets.at(url):
        return None
    host = (urlsplit(url).hostname or "").lower()
    for known, outlet in outlets.hosts.items():
        tail = ".".join(host.split(".")[-known.count(".") - 1 :])
        name, _, rest = known.partition(".")
        other, _, other_rest = tail.partition(".")
        if rest == other_rest and len(name) >= _LETTERS and _one_edit(name, other):
            return known, outlet
    return None


def _one_edit(a: str, b: str) -> bool:
    """Whether one letter put in, left out, changed or swapped with its neighbour makes `b` of `a`."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    return a[start + 1 :] == b[start + 1 :] or (
        a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
    )


def _mobile(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if malformed(item.url) is None and is_mobile(item.url):
            known = inspection.desktop.get(item.handle, "")
            command = inspection.command("edit", item.handle, "--url", known)
            yield _about(
                place,
                item,
                "mobile-url",
                Severity.WARNING,
                f"链接是手机版页面（{urlsplit(item.url).hostname}）",
                "换用电脑版或原始出处的链接。",
                (command,) if known else (),
            )


def _outlet(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if not item.outlet.strip():
            yield _about(place, item, "no-outlet", Severity.BLOCKING, "来源为空", "补上来源。")
            continue
        owner = inspection.outlets.at(joined(item.url))  # of a link that is broken further on, too
        if owner and item.outlet not in owner.names and not owner.signs(item.outlet):
            yield _about(
                place,
                item,
                "outlet-host",
                Severity.WARNING,
                f"来源写作“{item.outlet}”，链接却在{owner.name}（{urlsplit(joined(item.url)).hostname}）：未注明的转载",
                "换用原始出处的链接，或改写来源。",
            )
        origin = credited(item.text, inspection.outlets)
        if origin and item.outlet not in origin.names and item.genre is not Genre.LIST:  # there the last item's own
            yield _about(
                place,
                item,
                "not-the-origin",
                Severity.WARNING,
                f"来源写作“{item.outlet}”，正文电头或文末署名却是{origin.name}",
                "优先采用原始出处或原始文件。",
            )


def joined(url: str) -> str:
    """An address without the spaces that got into it."""
    return re.sub(r"\s+", "", url)


def _twice(inspection: Inspection) -> Iterator[Finding]:
    items = {item.handle: (place, item) for place, item in _numbered(inspection)}
    for edge in inspection.relations:
        if edge.a not in items or edge.b not in items or edge.relation is Relation.FOLLOW_UP:
            continue
        (first, kept), (place, item) = sorted((items[edge.a], items[edge.b]), key=lambda one: one[0])
        on_purpose = frozenset((edge.a, edge.b)) in inspection.apart
        blocking = edge.relation.folds and not on_purpose
        merge = inspection.command("merge", item.handle, kept.handle)
        look = inspection.command("compare", item.handle, "--with", kept.handle)
        yield _about(
            place,
            item,
            "same-event",
            Severity.BLOCKING if blocking else Severity.WARNING,
            f"与第{first}条为{edge.relation.chinese}（{edge.score:.2f}；{edge.because}）"
            + ("，编辑已确认分列" if on_purpose else ""),
            "" if on_purpose else "合并为一条，或写明理由后放行。",
            () if on_purpose else (look, merge),
        )


def _covered(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        for one in sorted(inspection.coverage.get(item.handle, ()), key=lambda one: not _repeats(one, inspection))[:1]:
            blocking = _repeats(one, inspection)
            where = one.place
            if one.series != inspection.issue.series:
                where = f"{inspection.titles.get(one.series, one.series)}{where}"
            because = f"；{one.because}" if one.because else ""
            look = inspection.command("compare", item.handle, "--with", f"{one.series}/{one.number}-{one.position}")
            out = inspection.command("exclude", item.handle)
            yield _about(
                place,
                item,
                "covered",
                Severity.BLOCKING if blocking else Severity.WARNING,
                f"已收于{where}《{one.title}》（{one.relation.chinese} {one.score:.2f}{because}）",
                "剔除，或写明理由后放行。" if blocking else "确认有新内容再收。",
                (look, out) if blocking else (look,),
            )


def _repeats(one: Coverage, inspection: Inspection) -> bool:
    """Whether this series printed the same already; another series may print it once more."""
    return one.relation.folds and one.series == inspection.issue.series


def _better(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if item.handle in inspection.better:
            article, why = inspection.better[item.handle]
            yield _about(
                place,
                item,
                "better-version",
                Severity.WARNING,
                f"有更合适的版本（{why}）：{article.outlet} {article.url}",
                "换用该版本，或保留现在的版本。",
                (inspection.command("represent", item.handle, "--with", article.url),),
            )


def _passage(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if item.text.strip() and item.share < _SMALL_SHARE and not item.excerpt:
            yield _about(
                place,
                item,
                "passage",
                Severity.WARNING,
                f"全文只有约{item.share:.0%}与监测范围有关",
                "可改为（节选），只印相关部分。",
            )


_FURNITURE = re.compile(
    r"^[（(【\[]?\s*(来源标题|原标题|责任编辑|责编|编辑|校对|审核|监制|版权声明|免责声明|相关阅读|延伸阅读)\s*[:：]"
    r"|^(分享到|打开APP|点击查看|扫一扫|返回搜狐)"
)


def is_furniture(line: str) -> bool:
    """Whether a line of a text belongs to the page, not to the article."""
    return _FURNITURE.search(line.strip()) is not None


def _furniture(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        for line in item.text.splitlines():
            if is_furniture(line):
                shown = line.strip()[:30]
                yield _about(
                    place, item, "furniture", Severity.WARNING, f"正文里有页面附带文字：“{shown}”", "从正文中删去。"
                )
                break


GENRES = {
    Genre.COMMENTARY: ("不是新闻报道", "确认是否收录。"),
    Genre.ADVERTORIAL: ("不是新闻报道", "确认是否收录。"),
    Genre.NOTICE: ("只告知当事人（招标、招聘、停诊之类）", "一般不收；确有价值时收相关报道。"),
    Genre.LIST: ("合编了多条信息或只是名单", "节选其中切题的一条，或改收它的原文。"),
}
"""What an editor is told of each genre; a policy is the primary document of its news, and nothing is wrong with it."""


def _genre(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if item.genre in GENRES and not (item.genre is Genre.LIST and item.excerpt):
            why, fix = GENRES[item.genre]
            yield _about(place, item, "genre", Severity.WARNING, f"体裁为{item.genre.chinese}，{why}", fix)


def _dates(inspection: Inspection) -> Iterator[Finding]:
    window = inspection.issue.window
    for place, item in _numbered(inspection):
        if item.date is None:
            yield _about(place, item, "undated", Severity.BLOCKING, "没有发布日期", "核对原文后填写日期。")
        elif item.date not in window and item.handle not in inspection.late:
            yield _about(
                place,
                item,
                "out-of-window",
                Severity.BLOCKING,
                f"发布于{chinese_date(item.date)}，不在本期窗口内",
                "剔除，或写明理由作补收。",
            )
        if told := other_day(item.date, item.dates, window):
            yield _about(place, item, "date-conflict", Severity.WARNING, told, "打开原文核对日期，必要时修改。")


def other_day(day: dt.date | None, dates: Sequence[DateClaim], window: Window) -> str:
    """Where the page, its address and its list disagree about the day; empty where they agree, or an editor decided.

    A day's difference is that of midnight or of a zone; it matters where it decides whether the item is in the window.
    """
    believed = next((one for one in dates if one.chosen), None)
    if believed is None or day is None or day != believed.day:
        return ""
    said = "，".join(f"{one.where}为{chinese_date(one.day)}" for one in other_days(day, dates, window) if one.day)
    return f"日期不一致：{believed.where}为{chinese_date(day)}，{said}" if said else ""


def other_days(day: dt.date, dates: Sequence[DateClaim], window: Window) -> list[DateClaim]:
    """The claims of address and list that speak against a day, see `other_day`."""
    return [
        one
        for one in dates
        if one.witness in (Witness.ADDRESS, Witness.LEAD)
        and one.day is not None
        and (abs((one.day - day).days) > 1 or (one.day in window) != (day in window))
    ]


def _content(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if not item.title.strip():
            yield _about(place, item, "no-title", Severity.BLOCKING, "标题为空", "补上标题。")
        if not item.text.strip():
            yield _about(place, item, "empty-body", Severity.BLOCKING, "主要内容为空", "补上正文。")
        flags = inspection.flags.get(item.handle, ())
        owner = inspection.outlets.at(item.url) if malformed(item.url) is None else None
        if Flag.MIRROR in flags and not owner:
            yield _about(
                place, item, "mirror", Severity.BLOCKING, "页面疑似劫持或镜像站，不能作为来源", "改为原始出处的链接。"
            )
        if Flag.TAMPERED in flags:
            yield _about(
                place,
                item,
                "tampered",
                Severity.WARNING,
                "正文疑似被插入推广词或替换同义词（洗稿）",
                "改用原始出处的文字和链接。",
            )
        if Flag.INCOMPLETE in flags:
            yield _about(place, item, "incomplete", Severity.WARNING, "页面可能没有下载完整", "与原文核对。")


def _pictures(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if any(block.blob or block.src for block in item.blocks) and (
            missing := missing_pictures(inspection.notes.get(item.handle, ()))
        ):
            yield _about(place, item, "pictures", Severity.WARNING, missing, "缺的配图不影响正文；稍后会再取。")


def _confidence(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        sure = inspection.confidence.get(item.handle, 1.0)
        if sure < _UNSURE:
            yield _about(
                place,
                item,
                "confidence",
                Severity.WARNING,
                f"正文置信度 {sure:.2f}：两种读法得到的正文相差较大",
                "与原文核对正文有无缺漏。",
            )


def _lead(inspection: Inspection) -> Iterator[Finding]:
    """The computed sentence cannot be wrong; an imported issue's or an edited template's can."""
    issue = inspection.issue
    text = re.sub(r"\s+", "", issue.lead)
    wrong = []
    if (count := re.search(r"(\d+)篇", text)) and int(count[1]) != len(issue.items):
        wrong.append(f"导语写{count[1]}篇，实有{len(issue.items)}篇")
    nouns = set(re.findall(r"本期(.报)", text))
    if nouns and nouns != {issue.unit}:
        wrong.append(f"导语写“{'、'.join(sorted(nouns))}”，应为“{issue.unit}”")
    days = re.findall(r"(\d{4})年0?(\d{1,2})月0?(\d{1,2})日", text)
    stated = [f"{year}年{month}月{day}日" for year, month, day in days]
    if stated and stated != [chinese_date(issue.window.start), chinese_date(issue.window.end)]:
        wrong.append(f"导语的起止日期为{'至'.join(stated)}")
    if issue.items and not count:
        wrong.append("导语没有写明篇数")
    if not stated:
        wrong.append("导语没有写明起止日期")
    for one in wrong:
        yield Finding("lead", Severity.BLOCKING, one, "导语由系统计算，请恢复导语模板 lead.j2。")


def _sources(inspection: Inspection) -> Iterator[Finding]:
    if inspection.silent:
        yield Finding(
            "silent-sources",
            Severity.WARNING,
            f"本期 {len(inspection.silent)} 个信源未能采集：{'、'.join(inspection.silent)}",
            "必要时手工补充。",
        )


def _sanity(inspection: Inspection) -> Iterator[Finding]:
    if inspection.alarm:
        yield Finding("sanity", Severity.WARNING, inspection.alarm, "核对后重新生成；确属实情则照常发布。")


def _page_now(inspection: Inspection) -> Iterator[Finding]:
    for place, item in _numbered(inspection):
        if (revisit := inspection.revisits.get(item.url)) and revisit.told:
            day = chinese_date(revisit.when.astimezone(BEIJING).date())
            yield _about(
                place,
                item,
                "page-now",
                Severity.WARNING,
                f"{revisit.told}（{day}核对）",
                "刊物仍印所存的版本；请打开原文核对，或换用另一家的链接。",
            )


def _misprint(inspection: Inspection) -> Iterator[Finding]:
    return misprint(inspection.issue, inspection.readbacks)


def misprint(issue: Issue, readbacks: Sequence[Readback]) -> Iterator[Finding]:
    """Where finished files disagree with the issue: one finding a template, with the list."""
    for file in readbacks:
        name = f"misprint-{file.file}"
        if file.trouble:
            yield Finding(name, Severity.BLOCKING, f"{file.file} 不能用：{file.trouble.rstrip('。')}", "改正模板。")
        elif wrong := misprints(issue, file):
            listed = "；".join(wrong[:_MOST_MISPRINTS]) + (f"；等 {len(wrong)} 处" if wrong[_MOST_MISPRINTS:] else "")
            yield Finding(
                name,
                Severity.BLOCKING,
                f"按模板 {file.file} 印出的与本期不一致：{listed}",
                "改正模板（导语的措辞在 lead.j2），再重新检查。",
            )


CHECKS: Mapping[str, Check] = {
    "link": _link,
    "host": _host,
    "mobile": _mobile,
    "outlet": _outlet,
    "same-event": _twice,
    "covered": _covered,
    "better": _better,
    "passage": _passage,
    "furniture": _furniture,
    "genre": _genre,
    "dates": _dates,
    "content": _content,
    "pictures": _pictures,
    "confidence": _confidence,
    "lead": _lead,
    "sources": _sources,
    "sanity": _sanity,
    "page-now": _page_now,
    "misprint": _misprint,
}


def _numbered(inspection: Inspection) -> Iterator[tuple[int, Item]]:
    return enumerate(inspection.issue.items, start=1)


def _about(
    place: int, item: Item, name: str, severity: Severity, message: str, fix: str, commands: tuple[str, ...] = ()
) -> Finding:
    return Finding(name, severity, f"第{place}条：{message}", fix, item.handle, place, commands)
