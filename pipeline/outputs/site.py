"""All issues as a site of plain files: by series and year, a page each, with the files put out, feeds and a search.

It needs no server and can be opened from a folder; every page reads without scripts. The templates are
`archive.html.j2` and, for the issues, `bulletin.html.j2`. Of a corrected issue the page shows the correction, with the
files of every release of it. In the place of a withdrawn one stand the reason and the day; no feed and no search has
it, and its files are not given out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from pipeline.model import BEIJING, Release, Withdrawn, chinese_date
from pipeline.outputs import NAMES, search
from pipeline.outputs.context import Context
from pipeline.outputs.feeds import Feed, atom, json_feed
from pipeline.outputs.markup import printed, render_html
from pipeline.outputs.page import Link, Surroundings
from pipeline.outputs.text import clean, slug

_FILE = "archive.html.j2"
_LATEST = 6  # issues of each series on the first page


@dataclass(frozen=True, slots=True)
class Row:
    """An issue in a list of issues."""

    link: Link
    date: str
    titles: Sequence[str]
    downloads: Sequence[Link]
    imported: bool
    told: str = ""
    """Why there is nothing of it, in Chinese; empty for an issue that stands."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The issues of a series, or of one year of it."""

    title: str
    rows: Sequence[Row]
    years: Sequence[Link] = ()
    feeds: Sequence[Link] = field(default=())


Frozen = Callable[[str], bytes]
"""The SHA-256 of a file that was put out → its bytes."""

PageOf = Callable[[Release, Surroundings], str]
"""An issue and what stands around it → its page (`page.render_page`), with the templates it was put out with."""


def site(
    releases: Sequence[Release],
    context: Context,
    page_of: PageOf,
    frozen: Frozen,
    base: str = "",
    *,
    superseded: Sequence[Release] = (),
    withdrawn: Sequence[Withdrawn] = (),
) -> Iterator[tuple[str, bytes]]:
    """The files of the site by path, those that lead to others last.

    `base` is the address the site will have, for the feeds; `superseded` is what was put out of the `releases` before
    they were corrected. Raises `TemplateError` when a template cannot be used.
    """
    ordered = sorted(releases, key=_place, reverse=True)
    before = _by([one for one in superseded if _key(one) in set(map(_key, releases))], _key)
    for release in [*ordered, *(one for some in before.values() for one in some)]:
        folder = PurePosixPath(_page(release)).parent
        for name, blob in release.files.items():
            yield f"{folder}/{name}", frozen(blob)
    by_series = _by(ordered, lambda one: one.issue.series)
    for of_series in by_series.values():
        for place, release in enumerate(of_series):
            later, earlier = of_series[place - 1 : place], of_series[place + 1 : place + 2]
            around = Surroundings(
                home="../../../index.html",
                downloads=_downloads(release, before.get(_key(release), ())),
                earlier=_link(release, earlier[0]) if earlier else None,
                later=_link(release, later[0]) if later else None,
            )
            yield _page(release), page_of(release, around).encode()
    for name, data in search.index(list(_found(ordered))):
        yield f"search/{name}", data
    feeds = [Feed("期刊存档", base, "feed", [(one, _page(one)) for one in ordered])]
    feeds += [
        Feed(of[0].issue.title, base, f"issues/{slug(series)}/feed", [(one, _page(one)) for one in of])
        for series, of in by_series.items()
    ]
    for feed in feeds:
        yield f"{feed.path}.xml", atom(feed)
        yield f"{feed.path}.json", json_feed(feed)
    gone = {_key(one.release): one for one in withdrawn}
    for one in withdrawn:
        yield _page(one.release), _gone(context, one)
    shelved = _Shelved(before, gone)
    every = sorted([*ordered, *(one.release for one in withdrawn)], key=_place, reverse=True)
    shelves = _by(every, lambda one: one.issue.series)
    for of_series in shelves.values():
        for of_year in _by(of_series, _year).values():
            yield _year_page(of_year[0]), _listed(context, of_year, shelved)
    yield "index.html", _first(context, shelves, shelved)


def _place(release: Release) -> tuple[object, ...]:
    return release.issue.date, release.issue.series, release.issue.number


def _key(release: Release) -> str:
    return f"{release.issue.series}/{release.issue.number}"


@dataclass(frozen=True, slots=True)
class _Shelved:
    """What became of issues after they were put out, by series and number."""

    before: Mapping[str, Sequence[Release]]
    gone: Mapping[str, Withdrawn]


def _gone(context: Context, one: Withdrawn) -> bytes:
    """What stands in the place of a withdrawn issue."""
    issue = one.release.issue
    link = Link(f"{issue.number}.html", f"第{issue.number_chinese}期")
    row = Row(link, issue.date.isoformat(), (), (), False, _withdrawn(one))
    return _rendered(context, clean(issue.title), [Shelf(f"第{issue.number_chinese}期", [row])], "../../../index.html")


def _withdrawn(one: Withdrawn) -> str:
    day = one.decision.when.astimezone(BEIJING).date()
    return f"本期已于{chinese_date(day)}撤回：{clean(one.decision.reason)}"


def _by(releases: Sequence[Release], key: Callable[[Release], str]) -> Mapping[str, list[Release]]:
    found: dict[str, list[Release]] = {}
    for release in releases:
        found.setdefault(key(release), []).append(release)
    return dict(sorted(found.items())) if key is not _year else found


def _year(release: Release) -> str:
    return str(release.issue.date.year)


def _page(release: Release) -> str:
    return f"issues/{slug(release.issue.series)}/{_year(release)}/{release.issue.number}.html"


def _year_page(release: Release) -> str:
    return str(PurePosixPath(_page(release)).with_name("index.html"))


def _downloads(release: Release, before: Sequence[Release] = (), folder: str = "") -> list[Link]:
    """The files that were put out, without the pictures that lie beside them; then those that were corrected."""
    return [
        Link(quote(f"{folder}{name}"), mark + NAMES.get(name.rpartition(".")[2], name))
        for mark, one in (("", release), *((_corrected(one), one) for one in before))
        for name in one.files
        if "/" not in name
    ]


def _corrected(release: Release) -> str:
    return f"更正{release.issue.correction}的" if release.issue.correction else "更正前的"


def _link(from_: Release, to: Release) -> Link:
    folder = "" if _year(from_) == _year(to) else f"../{_year(to)}/"
    return Link(f"{folder}{to.issue.number}.html", f"第{to.issue.number_chinese}期")


def _found(releases: Sequence[Release]) -> Iterator[search.Found]:
    for release in releases:
        issue = release.issue
        label = f"{clean(issue.title)} 第{issue.number_chinese}期"
        for item, one in zip(issue.items, printed(issue, [""] * len(issue.items)), strict=True):
            href = f"{_page(release)}#{one.anchor}"
            yield search.Found(one.title, one.outlet, one.date, label, href, clean(item.text))


def _row(one: Release, shelved: _Shelved, folder: str = "") -> Row:
    mark = "（更正）" if one.issue.correction else ""
    link = Link(f"{folder}{one.issue.number}.html", f"第{one.issue.number_chinese}期{mark}")
    day = one.issue.date.isoformat()
    if gone := shelved.gone.get(_key(one)):
        return Row(link, day, (), (), False, _withdrawn(gone))
    titles = [clean(item.title) for item in one.issue.items]
    return Row(link, day, titles, _downloads(one, shelved.before.get(_key(one), ()), folder), one.imported is not None)


def _listed(context: Context, of_year: Sequence[Release], shelved: _Shelved) -> bytes:
    """The page of one year of a series."""
    year = _year(of_year[0])
    shelf = Shelf(
        f"{year}年",
        [_row(one, shelved) for one in of_year],
        feeds=(Link("../feed.xml", "Atom"), Link("../feed.json", "JSON Feed")),
    )
    return _rendered(context, clean(of_year[0].issue.title), [shelf], "../../../index.html")


def _first(context: Context, by_series: Mapping[str, Sequence[Release]], shelved: _Shelved) -> bytes:
    """The first page: each series with its years and its latest issues."""
    shelves = [
        Shelf(
            clean(of[0].issue.title),
            [_row(one, shelved, f"{PurePosixPath(_page(one)).parent}/") for one in of[:_LATEST]],
            [Link(_year_page(of_year[0]), f"{year}年（{len(of_year)}期）") for year, of_year in _by(of, _year).items()],
            (Link(f"issues/{slug(series)}/feed.xml", "Atom"), Link(f"issues/{slug(series)}/feed.json", "JSON Feed")),
        )
        for series, of in by_series.items()
    ]
    return _rendered(context, "期刊存档", shelves, "")


def _rendered(context: Context, title: str, shelves: Sequence[Shelf], home: str) -> bytes:
    return render_html(context.templates, _FILE, title=title, shelves=shelves, home=home).encode()
