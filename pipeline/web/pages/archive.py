"""What is out: every issue by year, its page and its files, and a search through all of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, urlencode

from starlette.responses import Response

from pipeline.desk import Hit, verify
from pipeline.errors import UsageError
from pipeline.model import Finding, Passage, Release, Role, Severity
from pipeline.outputs import FORMATS, NAMES
from pipeline.outputs.templating import anchors
from pipeline.store import Outline
from pipeline.web.asking import Asked, Route, draft_address, natural
from pipeline.web.files import issued, made_of, saved
from pipeline.web.pages.document import framed
from pipeline.web.rendering import days, moment

_PROVEN = threading.BoundedSemaphore(1)
"""How many issues are proven at once: each is made again, which takes a core."""
_OFFERED = ("docx", "md", "html", "pdf")  # of every issue; what was not put out is made when it is asked for
_AT_ONCE = 20
_SHOWN = 12  # characters of a digest: enough to compare by eye
_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Badge:
    """How an issue stands."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link and its words."""

    address: str
    words: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An issue in the list."""

    address: str
    number: str
    date: str
    titles: tuple[str, ...]
    badges: tuple[Badge, ...]
    files: tuple[Link, ...]
    digest: str
    """What its document begins with as a SHA-256; empty for one that was put out elsewhere."""
    missed: str
    """Where it says what it might have carried; likewise."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The issues of a series in the year that is shown."""

    title: str
    rows: tuple[Row, ...]
    trends: str
    """The address of what they were about; empty for a series that is no longer configured."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The issues of a year."""

    years: tuple[Link, ...]
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, slots=True)
class Seeking:
    """What was asked of the search."""

    question: str
    series: str
    year: str
    outlet: str
    newest: bool
    all_series: tuple[tuple[str, str], ...]
    all_years: tuple[str, ...]

    def address(self, after: int) -> str:
        """The address of the same question, from a place on."""
        asked = {"q": self.question, "series": self.series, "year": self.year, "outlet": self.outlet}
        asked |= {"sort": "newest" if self.newest else "", "after": str(after or "")}
        return f"/archive/search?{urlencode({name: value for name, value in asked.items() if value})}"


@dataclass(frozen=True, slots=True)
class Result:
    """An item that was found."""

    address: str
    issue: Link
    title: Passage
    outlet: str
    date: str
    url: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, a page of it."""

    told: str
    results: tuple[Result, ...] = ()
    before: str = ""
    """The address of the page before; empty on the first."""
    after: str = ""
    examples: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file of an issue."""

    address: str
    words: str
    name: str
    digest: str
    """Empty for one that is made when it is asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in the contents of an issue."""

    address: str
    title: str
    outlet: str
    date: str


@dataclass(frozen=True, slots=True)
class Version:
    """What was put out under the number before it was put right."""

    words: str
    files: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class IssueView:
    """The page of an issue of the archive."""

    address: str
    title: str
    number: str
    badges: tuple[Badge, ...]
    notice: str
    """What everybody must know who takes it for what is true; empty when nothing is."""
    withdrawn: bool
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    files: tuple[File, ...]
    frame: str
    versions: tuple[Version, ...]
    ways: tuple[Link, ...]
    earlier: Link | None
    later: Link | None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the checks or the proof say."""

    kind: str
    words: str
    text: str


# ------------------------------------------------------------------------------------------ the list


def archive(asked: Asked) -> Response:
    """Every issue of a year, by series; the latest year unless another is asked for."""
    return asked.page("archive.html", seeking=_seeking(asked), results=None, listing=_listing(asked))


def _listing(asked: Asked) -> Listing:
    visible = asked.visible()
    years = asked.desk.entries.years(visible)
    named = natural(asked.query("year"))
    year = named if named in years else next(iter(years), 0)
    shelves: dict[str, list[Row]] = {}
    for one in asked.desk.entries.outlines(visible, year=year):
        shelves.setdefault(one.series, []).append(_row(asked, one))
    titles = _titles(asked)
    return Listing(
        tuple(Link(f"/archive?year={one}", f"{one}年", one == year) for one in years),
        tuple(
            Shelf(titles.get(series, series), tuple(rows), f"/trends/{quote(series)}" if series in titles else "")
            for series, rows in shelves.items()
        ),
    )


def _row(asked: Asked, one: Outline) -> Row:
    address = _address(one.series, one.number)
    document = next((blob for name, blob in one.files.items() if name.endswith(".docx")), "")
    return Row(
        address=address,
        number=asked.numbered(one.series, one.number),
        date=one.window.end.isoformat(),
        titles=one.titles,
        badges=tuple(_badges(one)),
        files=tuple(Link(f"{address}/{suffix}", NAMES[suffix]) for suffix in _OFFERED),
        digest=document[:_SHOWN],
        missed=f"{address}/missed" if one.files else "",
    )


def _badges(one: Outline) -> Iterator[Badge]:
    if one.withdrawn:
        yield Badge("withdrawn", "已撤回")
    elif one.files:
        yield Badge("released", "已发布")
    else:
        yield Badge("skipped", "导入")
    if one.corrections:
        yield Badge("correction", f"更正 {one.corrections} 次")


# ------------------------------------------------------------------------------------------ the search


def search(asked: Asked) -> Response:
    """What has the words that are asked for; without any, the list of issues."""
    seeking = _seeking(asked)
    results = _results(asked, seeking) if seeking.question.strip() else None
    listing = None if results else _listing(asked)
    template = "_found.html" if asked.fragment else "archive.html"
    return asked.page(template, seeking=seeking, results=results, listing=listing)


def _results(asked: Asked, seeking: Seeking) -> Results:
    after = natural(asked.query("after")) or 0
    visible = {seeking.series} if seeking.series else asked.visible()  # what is sought is one of those they may see
    answer = asked.desk.search(
        seeking.question,
        series=visible,
        year=int(seeking.year or 0),
        outlet=seeking.outlet,
        newest=seeking.newest,
        most=_AT_ONCE,
        after=after,
    )
    if not answer.hits:
        told = "没有找到。可以少写几个字，或换一个说法；用空格分开的几个词须同时出现。"
        topics = asked.desk.config.scope.topics[:_EXAMPLES]
        words = [term for one in topics for _, group in sorted(one.terms.items())[-1:] for term in group[:1]]
        examples = tuple(Link(f"/archive/search?{urlencode({'q': one})}", one) for one in words)
        return Results(told, examples=examples)
    titles = _titles(asked)
    last = after + len(answer.hits)
    told = f"共 {answer.total} 条" + (f"，这里是第 {after + 1}–{last} 条" if answer.total > len(answer.hits) else "")
    return Results(
        told,
        tuple(_result(asked, one, titles) for one in answer.hits),
        before=seeking.address(max(0, after - _AT_ONCE)) if after else "",
        after=seeking.address(last) if last < answer.total else "",
    )


def _result(asked: Asked, hit: Hit, titles: dict[str, str]) -> Result:
    one = hit.found
    address = _address(one.series, one.number)
    words = f"{titles.get(one.series, one.series)} {asked.numbered(one.series, one.number)}第{one.position}条"
    url = one.url if one.url.startswith(("http://", "https://")) else ""
    return Result(
        f"{address}?item={one.position}", Link(address, words), hit.title, one.outlet, one.date, url, hit.passage
    )


def _seeking(asked: Asked) -> Seeking:
    titles, years = _titles(asked), [str(one) for one in asked.desk.entries.years(asked.visible())]
    series, year = asked.query("series"), asked.query("year")
    return Seeking(
        question=asked.query("q")[:200],
        series=series if series in titles else "",
        year=year if year in years and asked.request.url.path != "/archive" else "",
        outlet=asked.query("outlet")[:60],
        newest=asked.query("sort") == "newest",
        all_series=tuple(titles.items()),
        all_years=tuple(years),
    )


# ------------------------------------------------------------------------------------------ an issue


def issue(asked: Asked) -> Response:
    """The page of an issue: what it is, what is in it, its files, itself."""
    outline = _outline(asked)
    release = asked.desk.issues.release_of(outline.id, outline.revision)
    return asked.page("archive_issue.html", issue=_view(asked, outline, release))


def _view(asked: Asked, outline: Outline, release: Release) -> IssueView:
    address, made = _address(outline.series, outline.number), release.issue
    frame = f"{address}/page"
    item, marks = natural(asked.query("item")) or 0, anchors(made)
    at = f"#{marks[item - 1]}" if 0 < item <= len(marks) else ""
    numbers = [one.number for one in asked.desk.issues.stand(outline.series).values() if one.released]
    versions = tuple(_versions(asked, outline))
    return IssueView(
        address=address,
        title=made.title,
        number=f"第{made.number_chinese}期",
        badges=tuple(_badges(outline)),
        notice=_notice(asked, outline, release),
        withdrawn=bool(outline.withdrawn),
        facts=tuple(_facts(outline, release)),
        entries=tuple(
            Entry(f"{frame}#{mark}", item.title, item.outlet, item.date.isoformat() if item.date else "")
            for item, mark in zip(made.items, marks, strict=True)
        ),
        files=tuple(_files(address, release)),
        frame=frame + at,
        versions=versions,
        ways=tuple(_ways(asked, outline, release)),
        earlier=_neighbour(asked, outline.series, max((one for one in numbers if one < outline.number), default=0)),
        later=_neighbour(asked, outline.series, min((one for one in numbers if one > outline.number), default=0)),
    )


def _neighbour(asked: Asked, series: str, number: int) -> Link | None:
    return Link(_address(series, number), asked.numbered(series, number)) if number else None


def _notice(asked: Asked, outline: Outline, release: Release) -> str:
    if outline.withdrawn:
        revisions = asked.desk.issues.revisions(outline.id)
        decision = next(one.decision for one in reversed(revisions) if one.decision.verb == "withdraw")
        when = moment(decision.when)
        return f"本期已于 {when} 由{decision.who}撤回，请勿再引用。理由：{decision.reason}"
    return release.issue.correction_line


def _facts(outline: Outline, release: Release) -> Iterator[tuple[str, str]]:
    made = release.issue
    when = moment(release.when)
    yield "编发单位", made.issuer
    yield "窗口", days(made.window)
    yield "条目", f"{len(made.items)} 条"
    if origin := release.imported:
        yield "导入", f"{when}，{release.who}"
        yield "原件", f"{origin.file}（校验码 {origin.blob[:_SHOWN]}…）"
        return
    yield "发布", f"{when}，{release.who}"
    yield "修订", f"修订{release.revision}" + (f"，更正 {outline.corrections} 次" if outline.corrections else "")
    yield "线索", str(release.tally)
    if release.basis:
        yield "模板", f"{release.basis.template}.docx"


def _files(address: str, release: Release) -> Iterator[File]:
    stem = release.issue.filename
    for suffix in dict.fromkeys((*_OFFERED, *(name.rpartition(".")[2] for name in release.files if "/" not in name))):
        if suffix in FORMATS:
            digest = release.files.get(f"{stem}.{suffix}", "")[:_SHOWN]
            yield File(f"{address}/{suffix}", NAMES.get(suffix, suffix), f"{stem}.{suffix}", digest)
    if release.imported:
        name = release.imported.file
        yield File(f"{address}/original", "原件", name, release.imported.blob[:_SHOWN])


def _versions(asked: Asked, outline: Outline) -> Iterator[Version]:
    if not outline.corrections:
        return
    for revision in asked.desk.issues.releases_of(outline.id):
        if revision == outline.revision:
            continue
        release = asked.desk.issues.release_of(outline.id, revision)
        files = (name for name in release.files if "/" not in name)
        address = _address(outline.series, outline.number)
        when = moment(release.when)
        words = f"第 {release.issue.correction} 次更正" if release.issue.correction else "初次发布"
        links = tuple(Link(f"{address}/files/{quote(name, safe='')}", _named(name)) for name in files)
        yield Version(f"{words}：{when}，{release.who}", links)


def _ways(asked: Asked, outline: Outline, release: Release) -> Iterator[Link]:
    if outline.series not in asked.desk.config.series:
        return
    if not outline.withdrawn:
        yield Link(f"/trends/{quote(outline.series)}?issue={outline.number}", "趋势")
    if release.imported:
        return
    draft = draft_address(outline.series, outline.window)
    yield Link(f"{_address(outline.series, outline.number)}/missed", "漏收核查")
    if asked.who.role.allows(Role.EDITOR):
        yield Link(f"{draft}/history", "历史")
    if asked.who.role.allows(Role.APPROVER):
        yield Link(f"{draft}/correct", "更正")
        if not outline.withdrawn:
            yield Link(f"{draft}/withdraw", "撤回")


def findings(asked: Asked) -> Response:
    """What the checks say of an issue, and who answered for what."""
    outline = _outline(asked)
    found = asked.desk.review(asked.desk.issues.release_of(outline.id, outline.revision))
    draft = asked.desk.issues.at_revision(outline.id, outline.revision)
    told = [_finding(one, waived=draft.waiver(one) is not None, imported=not outline.files) for one in found]
    return asked.page("_told.html", told=told, nothing="检查没有发现问题。", title="检查")


def _finding(one: Finding, *, waived: bool, imported: bool) -> Told:
    if one.severity is Severity.BLOCKING:
        return Told("failed", "原刊有误" if imported else "阻断", one.message)
    return Told("skipped" if waived else "due", "已放行" if waived else "请核对", one.message)


def proof(asked: Asked) -> Response:
    """Whether an issue is still what was put out: its data and files, made again and compared."""
    outline = _outline(asked)
    with _PROVEN:
        found = verify(asked.desk.config.workspace, outline.series, outline.number)
    kinds = {"proven": "fine", "unproven": "never", "copy": "due"}
    told = [
        Told(kinds.get(one.proof.value, "failed"), one.proof.chinese, one.text + (f"。{one.fix}" if one.fix else ""))
        for each in found
        for one in each.statements
    ]
    return asked.page("_told.html", told=told, nothing="没有可核验的内容。", title="核验")


# ------------------------------------------------------------------------------------------ files


def page(asked: Asked) -> Response:
    """The issue as it was put out, as a page by itself: for a frame, and for reading alone."""
    outline = _outline(asked)
    return framed(made_of(asked, outline, "html")[1].decode())


def file(asked: Asked) -> Response:
    """The issue in a format."""
    return issued(asked, _outline(asked), asked.path("format"))


def frozen(asked: Asked) -> Response:
    """A file that was ever put out under the number, by its name."""
    outline, name = _outline(asked), asked.path("name")
    data = asked.desk.ever_given_out(outline.id, name)
    if data is None:
        raise UsageError(f"这一期没有文件“{name}”。", "请从期刊页下载。")
    suffix = PurePosixPath(name).suffix[1:]
    kind = FORMATS[suffix].media_type if suffix in FORMATS else "application/octet-stream"
    return saved(PurePosixPath(name).name, data, kind)


def original(asked: Asked) -> Response:
    """The file that an imported issue was read from, as it was handed in."""
    outline = _outline(asked)
    origin = asked.desk.issues.release_of(outline.id, outline.revision).imported
    if origin is None:
        raise UsageError("这一期是在本系统发布的，没有导入的原件。", "请下载发布的文件。")
    return saved(origin.file, asked.desk.blob(origin.blob), "application/octet-stream")


# ------------------------------------------------------------------------------------------


def _outline(asked: Asked) -> Outline:
    """The issue that the address names; raises `UsageError` when it was never put out."""
    if found := asked.outline():
        return found
    series = asked.path("series")
    raise UsageError(
        f"存档里没有{_titles(asked).get(series, series)}第{asked.path('number')}期。", "请从存档的列表进入。"
    )


def _address(series: str, number: int) -> str:
    return f"/archive/{quote(series)}/{number}"


def _named(name: str) -> str:
    suffix = name.rpartition(".")[2]
    return NAMES.get(suffix, suffix)


def _titles(asked: Asked) -> dict[str, str]:
    return {one.id: one.title for one in asked.desk.config.series.values() if asked.who.sees(one.id)}


_ISSUE = "/archive/{series}/{number}"
ROUTES = (
    Route("GET", "/archive", archive, Role.VIEWER),
    Route("GET", "/archive/search", search, Role.VIEWER),
    Route("GET", _ISSUE, issue, Role.VIEWER),
    Route("GET", f"{_ISSUE}/page", page, Role.VIEWER),
    Route("GET", f"{_ISSUE}/findings", findings, Role.VIEWER),
    Route("GET", f"{_ISSUE}/proof", proof, Role.VIEWER),
    Route("GET", f"{_ISSUE}/original", original, Role.VIEWER),
    Route("GET", f"{_ISSUE}/files/{{name:path}}", frozen, Role.VIEWER),
    Route("GET", f"{_ISSUE}/{{format}}", file, Role.VIEWER),
)
