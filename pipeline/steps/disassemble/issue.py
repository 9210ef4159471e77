"""From the text of an old issue to the issue it was, with everything that is wrong or uncertain in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.config import Series
from pipeline.errors import NotImported
from pipeline.model import (
    Article,
    Candidate,
    Draft,
    Finding,
    Imported,
    Issue,
    Item,
    Rating,
    Severity,
    Window,
    chinese_number,
    digest,
)
from pipeline.steps.disassemble import body
from pipeline.steps.disassemble.documents import opened
from pipeline.steps.disassemble.heads import Head, heads, parted
from pipeline.steps.disassemble.lines import DATE, Line, alike, day_of, key, lines_of
from pipeline.steps.disassemble.markdown import own
from pipeline.steps.disassemble.masthead import Entry, Parts, another, entries, nearest, number, parts, which, window

_FIXES = {
    "number-form": "期号应印作（第…期）。",
    "contents": "以具体内容为准收入，请与原件核对。",
    "issue-date": "按窗口的最后一天收入。",
    "link-line": "",
    "unclear-item": "请核对；如确是单独一条，请补上序号并写进目录，再用 --replace 导入。",
    "title-line": "请核对标题。",
    "series-title": "",
    "headline": "以条目标题为准收入，请与原件核对。",
    "outlet-line": "以条目里的“来源”为准收入，请与原件核对。",
    "position": "按出现的先后收入。",
    "lead-missing": "",
}
_BESIDE_TITLE = re.compile(r"[第总共页期年月日\d〇○零一二三四五六七八九十百]*")
_ADDRESSED = re.compile(r"^(?:主送|报送|抄送|抄报|分送|发送) ?[:：]|^(?:共印|印数) ?[:：]? ?\d+ ?份")
_OFFICE = re.compile(r"^(?:责任编辑|责编|编辑|编审|审核|审定|校对|签发|电话|联系|地址|邮箱|共印|印数)")
_FOOTER = 200  # characters; no line of a 版记 is longer
_LISTED = 0.6  # of a title in the 目录 and one of an item; below it they are two
_WRONG = ("number-form", "contents", "issue-date")


def disassemble(text: str, known: Mapping[str, Series], series: str = "") -> Imported:
    """The issue that `text` prints; `series` overrides what the masthead says.

    Raises `NotImported`, naming the line and the fix, when the text does not say what an issue must have.
    """
    if series and series not in known:
        raise NotImported(f"没有“{series}”这种期刊。", f"已配置的有：{'、'.join(known)}。")
    if found := own(text):
        one = known.get(series or found.series)
        if one is None:
            raise NotImported(f"文件头写的是期刊“{found.series}”，配置里没有。", "请用 --series 指明是哪一种。")
        if found.window != one.window_of(found.window.end):
            raise NotImported(f"文件头里的窗口 {found.window} 不是{one.title}的一个窗口。", "请核对起止日期。")
        items = _with_handles(found.items)
        remarks = [_finding(check, told, items[place - 1], place) for check, told, place in found.remarks]
        return Imported(_issue(one, found.number, found.window, found.lead, items), tuple(remarks), found.notes)
    lines = lines_of(text)
    if not lines:
        raise NotImported("第1行：文件是空的。", "请导出一期完整的文字再导入。")
    return _printed(lines, known, series)


def disassemble_document(
    data: bytes, known: Mapping[str, Series], series: str = ""
) -> tuple[Imported, dict[str, bytes]]:
    """The issue that a DOCX or PDF prints, as `disassemble`, and its pictures by their SHA-256."""
    if series and series not in known:
        raise NotImported(f"没有“{series}”这种期刊。", f"已配置的有：{'、'.join(known)}。")
    document = opened(data)
    try:
        found = _printed(document.lines, known, series)
    except NotImported as error:
        raise NotImported(_in_paragraphs(error.message), error.fix) from None
    findings = tuple(replace(one, message=_in_paragraphs(one.message)) for one in found.findings)
    shown = {block.blob for item in found.issue.items for block in item.blocks if block.blob}
    pictures = {blob: data for blob, data in document.pictures.items() if blob in shown}
    return replace(found, findings=findings, notes=(*document.notes, *found.notes)), pictures


def _in_paragraphs(message: str) -> str:
    """A message about a document, which has paragraphs where a text has lines."""
    return re.sub(r"第(\d+)行", r"第\1段", message)


def as_draft(issue: Issue, rate: Callable[[Article], Rating], seen: dt.datetime) -> Draft:
    """The draft that such an issue would have been assembled from: every item chosen, in the printed order."""
    candidates: list[Candidate] = []
    for item in issue.items:
        article = Article(item.url, item.title, item.blocks, item.date, origin=item.outlet)
        rating = rate(article)
        if item.excerpt:  # what is printed is the excerpt already
            rating = replace(rating, excerpt=tuple(range(article.text.count("\n") + 1)))
        candidates.append(Candidate(item.handle, (article,), rating, seen=seen))
    handles = tuple(item.handle for item in issue.items)
    return Draft(
        issue.series,
        issue.window,
        tuple(candidates),
        chosen=handles,
        included=handles,
        ordered=True,
        excerpts=tuple(item.handle for item in issue.items if item.excerpt),
    )


def _printed(lines: Sequence[Line], known: Mapping[str, Series], wanted: str) -> Imported:
    divided = parts(lines)
    one = known[wanted] if wanted else which(divided.masthead, known)
    count, form = number(divided.masthead, one)
    if further := another(divided.body, known, count):
        line, its = further
        raise NotImported(
            f"第{line.number}行又是一期的刊头（第{chinese_number(its)}期），一个文件只能有一期。",
            "请把各期另存为单独的文件，再导入。",
        )
    repairs = body.Repairs()
    divided = _without_headers(divided, one, repairs)
    running, repairs.pages = parted(divided.body)
    listed = entries(divided.contents)
    if divided.has_contents and not divided.has_body:
        before, _ = heads(running, [])
        listed = entries(running[: before[0].first] if before else running)
    found, passed = heads(running, listed)
    if not found and (listed or re.search(r"共收集 ?[1-9]", divided.lead)):
        where = divided.body[0].number if divided.body else lines[-1].number
        raise NotImported(
            f"第{where}行以下没有找到任何一条：每条应有标题，下面是“来源：”“链接：”“主要内容：”。",
            "请补上这几个标签再导入。",
        )
    ends = [*(head.first for head in found), len(running)][1:]
    texts = [
        [*([Line(head.line, head.glued)] if head.glued else []), *running[head.end : end]]
        for head, end in zip(found, ends, strict=True)
    ]
    if texts:
        texts[-1] = _without_footer(texts[-1], one, repairs)
    spaced = any(body.is_spaced(text) for text in texts)
    width = body.page_width([line for text in texts for line in text])
    read = [
        _item(head, text, listed, repairs, spaced=spaced, width=width) for head, text in zip(found, texts, strict=True)
    ]
    items = _with_handles([item for item, _ in read])
    covered, misdated = window(divided, one, [item.date for item in items if item.date])
    whole: list[tuple[str, str]] = []
    if form:
        whole.append(("number-form", f"期号缺“期”字：{form}"))
    if misdated:
        whole.append(("issue-date", misdated))
    if wanted and key(one.title) not in key("".join(line.text for line in divided.masthead)):
        whole.append(("series-title", f"刊头没有印刊名“{one.title}”，按 --series 收入"))
    if not divided.lead:
        whole.append(("lead-missing", "没有找到导语"))
    whole += [*_disagreements(divided, listed, items), *passed]
    findings = [_finding(check, told) for check, told in whole]
    for place, (item, (_, remarks)) in enumerate(zip(items, read, strict=True), start=1):
        own_number = found[place - 1].number
        if own_number not in (None, place):
            findings.append(_finding("position", f"第{found[place - 1].line}行：序号印作{own_number}", item, place))
        findings += [_finding(check, told, item, place) for check, told in remarks]
    return Imported(_issue(one, count, covered, divided.lead, items), tuple(findings), tuple(_notes(repairs)))


def _without_headers(divided: Parts, series: Series, repairs: body.Repairs) -> Parts:
    """Contents and body without the lines that head each page: the title again, with or without a number beside it."""
    title, issuer = key(series.title), key(series.issuer)

    def heads_page(line: Line) -> bool:
        text = key(line.text)
        return title in text and bool(_BESIDE_TITLE.fullmatch(text.replace(title, "").replace(issuer, "")))

    kept = [[line for line in some if not heads_page(line)] for some in (divided.contents, divided.body)]
    repairs.headers += len(divided.contents) + len(divided.body) - len(kept[0]) - len(kept[1])
    return replace(divided, contents=kept[0], body=kept[1])


def _issue(series: Series, count: int, covered: Window, lead: str, items: tuple[Item, ...]) -> Issue:
    return Issue(
        series=series.id,
        title=series.title,
        issuer=series.issuer,
        number=count,
        window=covered,
        lead=lead,
        items=items,
        zero=series.zero,
        unit=series.unit,
    )


def _finding(check: str, told: str, item: Item | None = None, place: int = 0) -> Finding:
    return Finding(
        check=check,
        severity=Severity.BLOCKING if check in _WRONG else Severity.WARNING,
        message=f"第{place}条：{told}" if place else told,
        fix=_FIXES[check],
        handle=item.handle if item else "",
        position=place,
    )


def _item(
    head: Head,
    lines: Sequence[Line],
    listed: Sequence[Entry],
    repairs: body.Repairs,
    *,
    spaced: bool,
    width: float,
) -> tuple[Item, list[tuple[str, str]]]:
    remarks = list(head.remarks)
    at, score = nearest(head.title, listed)
    entry = listed[at] if score >= 0.6 else None
    outlet = head.outlet
    opened, rest = body.opening(lines, head.title, outlet or (entry.outlet if entry else ""))
    for other in (opened.outlet, entry.outlet if entry else ""):
        if not outlet and other:
            outlet = other
            remarks.append(("outlet-line", f"“来源：”是空的，取了别处印的“{other}”"))
    if opened.outlet and opened.outlet != outlet:
        remarks.append(("outlet-line", f"来源印作“{outlet}”，第{opened.line}行却是“{opened.outlet}”"))
    if opened.headline and alike(opened.headline, head.title) < 1.0:
        remarks.append(("headline", f"正文前的标题印作“{opened.headline}”，与条目标题不同"))
    stated = DATE.search(head.day)
    date = opened.date or (day_of(stated) if stated else None)
    return (
        Item(
            handle="",
            title=head.title if head.exact else body.tidy_title(head.title, spaced=spaced),
            outlet=outlet,
            url=head.url,
            date=date,
            blocks=body.blocks(rest, repairs, spaced=spaced, width=width),
            origin=outlet,
            excerpt=opened.excerpt,
        ),
        remarks,
    )


def _with_handles(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items with a handle each: their own where they have one, else from what they are."""
    taken: set[str] = set()
    named: list[Item] = []
    for item in items:
        whole = "c" + digest(item.url or Article(item.url, item.title, item.blocks, item.date).id, item.title)
        handle = item.handle if item.handle and item.handle not in taken else ""
        handle = handle or next(whole[:length] for length in range(6, len(whole)) if whole[:length] not in taken)
        taken.add(handle)
        named.append(replace(item, handle=handle))
    return tuple(named)


def _disagreements(divided: Parts, listed: Sequence[Entry], items: Sequence[Item]) -> Iterator[tuple[str, str]]:
    """Where 目录 and 具体内容 do not say the same: number of entries, titles, order, outlets."""
    if not divided.has_contents:
        if items:
            yield "contents", "没有信息目录"
        return
    if len(listed) != len(items):
        yield "contents", f"目录列了{len(listed)}条，具体内容有{len(items)}条"
    missing = [one for one in listed if not any(alike(one.title, item.title, _LISTED) for item in items)]
    for one in missing:
        yield "contents", f"第{one.line}行：目录里的“{one.title}”在具体内容里没有"
    places: list[int] = []
    for place, item in enumerate(items, start=1):
        # two items may have one title, so an entry counts once
        left = [at for at in range(len(listed)) if at not in places]
        nth, score = nearest(item.title, [listed[at] for at in left])
        at = left[nth] if score >= 0.6 else -1
        if at < 0:
            yield "contents", f"具体内容第{place}条“{item.title}”不在目录里"
            continue
        places.append(at)
        if key(listed[at].title) != key(item.title):
            yield (
                "contents",
                f"第{listed[at].line}行：目录印作“{listed[at].title}”，具体内容第{place}条印作“{item.title}”",
            )
        if listed[at].outlet != item.outlet:
            shown = listed[at].outlet or "空"
            yield "contents", f"第{listed[at].line}行：目录的来源是“{shown}”，具体内容第{place}条是“{item.outlet}”"
    if places != sorted(places):
        yield "contents", "目录与具体内容的顺序不同"


def _without_footer(lines: Sequence[Line], series: Series, repairs: body.Repairs) -> list[Line]:
    """The last item's lines without the 版记 under them."""
    # a line end or a converter may part what stands left and right in one line
    pieces = [piece for footer in series.footer for piece in (footer, *footer.split("\t"))]
    own = [_pattern(piece, series) for piece in pieces]
    kept = list(lines)
    while kept and (
        any(one.fullmatch(kept[-1].text[:_FOOTER]) for one in own)
        or _ADDRESSED.match(kept[-1].text)
        or (len(kept) < len(lines) and key(kept[-1].text) == key(series.issuer))
    ):
        kept.pop()
    named = next((at for at, line in enumerate(kept) if at >= len(kept) - 4 and _ADDRESSED.match(line.text)), len(kept))
    if all(_OFFICE.match(line.text) for line in kept[named + 1 :]):
        del kept[named:]
    repairs.footers = len(lines) - len(kept)
    return kept


def _pattern(footer: str, series: Series) -> re.Pattern[str]:
    """What a line of the 版记 looks like, with any day and any spaces."""
    text = re.sub(r"\{\{ *issuer *\}\}", series.issuer, footer)
    pieces = re.findall(r"\{\{.*?\}\}|\S", text)
    if all(one.startswith("{{") for one in pieces) or key(text) == key(series.issuer):
        return re.compile("(?!)")
    return re.compile(r"\s*".join(".{0,60}?" if one.startswith("{{") else re.escape(one) for one in pieces))


def _notes(repairs: body.Repairs) -> Iterator[str]:
    if repairs.joined:
        yield f"接合了被换行或分页切断的段落 {repairs.joined} 处"
    if repairs.pages or repairs.headers:
        yield f"去掉了混入正文的页码和页眉 {repairs.pages + repairs.headers} 处"
    if repairs.footers:
        yield f"去掉了末尾的版记 {repairs.footers} 行"
    if repairs.spaces:
        yield f"去掉了转换产生的空格 {repairs.spaces} 处"
    if repairs.marks:
        yield f"去掉了转换产生的行首“- ” {repairs.marks} 处"
