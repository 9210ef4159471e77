"""All issues as a site of plain files: by series and year, a page each, with the files put out, feeds and a search.

It needs no server and can be opened from a folder; every page reads without scripts. The templates are
`archive.html.j2` and, for the issues, `bulletin.html.j2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from pipeline.model import Release
from pipeline.outputs import search
from pipeline.outputs.context import Context
from pipeline.outputs.feeds import Feed, atom, json_feed
from pipeline.outputs.markup import printed, render_html
from pipeline.outputs.page import Link, Surroundings
from pipeline.outputs.text import clean, slug

_FILE = "archive.html.j2"
_LATEST = 6  # issues of each series on the first page
_NAMES = {"docx": "DOCX", "pdf": "PDF", "md": "Markdown", "html": "网页", "eml": "邮件"}


@dataclass(frozen=True, slots=True)
class Row:
    """An issue in a list of issues."""

    link: Link
    date: str
    titles: Sequence[str]
    downloads: Sequence[Link]
    imported: bool


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
    releases: Sequence[Release], context: Context, page_of: PageOf, frozen: Frozen, base: str = ""
) -> Iterator[tuple[str, bytes]]:
    """The files of the site by path, those that lead to others last.

    `base` is the address the site will have, for the feeds. Raises `TemplateError` when a template cannot be used.
    """
    ordered = sorted(releases, key=lambda one: (one.issue.date, one.issue.series, one.issue.number), reverse=True)
    for release in ordered:
        folder = PurePosixPath(_page(release)).parent
        for name, blob in release.files.items():
            yield f"{folder}/{name}", frozen(blob)
    by_series = _by(ordered, lambda one: one.issue.series)
    for of_series in by_series.values():
        for place, release in enumerate(of_series):
            later, earlier = of_series[place - 1 : place], of_series[place + 1 : place + 2]
            around = Surroundings(
                home="../../../index.html",
                downloads=_downloads(release),
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
    for of_series in by_series.values():
        for of_year in _by(of_series, _year).values():
            yield _year_page(of_year[0]), _listed(context, of_year)
    yield "index.html", _first(context, by_series)


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


def _downloads(release: Release, folder: str = "") -> list[Link]:
    """The files that were put out, without the pictures that lie beside them."""
    names = (name for name in release.files if "/" not in name)
    return [Link(quote(f"{folder}{one}"), _NAMES.get(one.rpartition(".")[2], one)) for one in names]


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


def _rows(releases: Sequence[Release], folder: str = "") -> list[Row]:
    return [
        Row(
            Link(f"{folder}{one.issue.number}.html", f"第{one.issue.number_chinese}期"),
            one.issue.date.isoformat(),
            [clean(item.title) for item in one.issue.items],
            _downloads(one, folder),
            one.imported is not None,
        )
        for one in releases
    ]


def _listed(context: Context, of_year: Sequence[Release]) -> bytes:
    """The page of one year of a series."""
    year = _year(of_year[0])
    shelf = Shelf(f"{year}年", _rows(of_year), feeds=(Link("../feed.xml", "Atom"), Link("../feed.json", "JSON Feed")))
    return _rendered(context, clean(of_year[0].issue.title), [shelf], "../../../index.html")


def _first(context: Context, by_series: Mapping[str, Sequence[Release]]) -> bytes:
    """The first page: each series with its years and its latest issues."""
    shelves = [
        Shelf(
            clean(of[0].issue.title),
            [row for one in of[:_LATEST] for row in _rows([one], f"{PurePosixPath(_page(one)).parent}/")],
            [Link(_year_page(of_year[0]), f"{year}年（{len(of_year)}期）") for year, of_year in _by(of, _year).items()],
            (Link(f"issues/{slug(series)}/feed.xml", "Atom"), Link(f"issues/{slug(series)}/feed.json", "JSON Feed")),
        )
        for series, of in by_series.items()
    ]
    return _rendered(context, "期刊存档", shelves, "")


def _rendered(context: Context, title: str, shelves: Sequence[Shelf], home: str) -> bytes:
    return render_html(context.templates, _FILE, title=title, shelves=shelves, home=home).encode()
