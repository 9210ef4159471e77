"""What was put out, as feeds: Atom 1.0 (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree
from markupsafe import Markup

from pipeline.model import BEIJING, Item, Release
from pipeline.outputs.markup import Style, body
from pipeline.outputs.text import clean, live_address, slug

NEWEST = 50
"""How many issues a feed holds: readers ask for it every hour, and the archive has all of them."""
_ATOM = "http://www.w3.org/2005/Atom"
_AUTHORITY = "bulletin.invalid"  # RFC 4151 wants a name; this one is nobody's where no address is known


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: its name, where things lie, what it tells of."""

    title: str
    base: str
    """The address of the archive, with a slash at its end; empty when it is not known, then addresses are relative."""
    path: str
    """The feed's own place in the archive, without its suffix."""
    issues: Sequence[tuple[Release, str]]
    """Newest first, each with its page's place in the archive."""

    def address(self, path: str) -> str:
        """Where a place of the archive is, seen from the feed."""
        return urljoin(self.base, path) if self.base else "../" * self.path.count("/") + path


def tag(release: Release, base: str) -> str:
    """What an issue is known by for ever (RFC 4151), wherever its page moves within the site."""
    issue = release.issue
    return f"tag:{urlsplit(base).hostname or _AUTHORITY},{issue.date.isoformat()}:{slug(issue.series)}/{issue.number}"


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = etree.XML(f'<feed xmlns="{_ATOM}" xml:lang="zh-Hans"/>')

    def add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
        element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        element.text = text or None
        return element

    add(root, "id", f"tag:{urlsplit(feed.base).hostname or _AUTHORITY},2024-01-01:{feed.path}")
    add(root, "title", clean(feed.title))
    add(root, "updated", _newest(feed).isoformat())
    add(root, "link", rel="self", type="application/atom+xml", href=feed.address(f"{feed.path}.xml"))
    add(root, "link", rel="alternate", type="text/html", href=feed.address("index.html"))
    for release, page in feed.issues[:NEWEST]:
        issue = release.issue
        entry = add(root, "entry")
        add(entry, "id", tag(release, feed.base))
        add(entry, "title", _title(release))
        add(entry, "published", _published(release).isoformat())
        add(entry, "updated", _updated(release).isoformat())
        add(add(entry, "author"), "name", clean(issue.issuer))
        add(entry, "link", rel="alternate", type="text/html", href=feed.address(page))
        add(entry, "summary", clean(issue.lead))
        add(entry, "content", _content(release), type="html")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed."""
    items = [
        {
            "id": tag(release, feed.base),
            "url": feed.address(page),
            "title": _title(release),
            "summary": clean(release.issue.lead),
            "content_html": _content(release),
            "date_published": _published(release).isoformat(),
            "date_modified": _updated(release).isoformat(),
            "authors": [{"name": clean(release.issue.issuer)}],
            "language": "zh-Hans",
        }
        for release, page in feed.issues[:NEWEST]
    ]
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(feed.title),
        "home_page_url": feed.address("index.html"),
        "feed_url": feed.address(f"{feed.path}.json"),
        "language": "zh-Hans",
        "items": items,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _title(release: Release) -> str:
    mark = "（更正）" if release.issue.correction else ""
    return f"{clean(release.issue.title)}（第{release.issue.number_chinese}期）{mark}"


def _published(release: Release) -> dt.datetime:
    """An issue bears its date; what was imported was put out then, not when it was taken in."""
    return dt.datetime.combine(release.issue.date, dt.time(), BEIJING)


def _updated(release: Release) -> dt.datetime:
    return release.when.astimezone(BEIJING).replace(microsecond=0)


def _newest(feed: Feed) -> dt.datetime:
    moments = [_updated(release) for release, _ in feed.issues[:NEWEST]]
    return max(moments, default=dt.datetime(2024, 1, 1, tzinfo=BEIJING))


def _content(release: Release) -> str:
    style = Style()
    lead = style.element("p", clean(release.issue.lead))
    told = [style.element("p", clean(release.issue.correction_line))] if release.issue.correction else []
    return str(
        Markup("\n").join([*told, lead, *(_item(n, one, style) for n, one in enumerate(release.issue.items, 1))])
    )


def _item(position: int, item: Item, style: Style) -> Markup:
    url, mark = clean(item.url), "（节选）" if item.excerpt else ""
    link = style.element("a", url, href=target) if (target := live_address(url)) else Markup.escape(url)
    day = f"{item.date.isoformat()}　" if item.date else ""
    return Markup("\n").join([
        style.element("h2", f"{position}. {clean(item.title)}{mark}"),
        style.element("p", f"{day}来源：{clean(item.outlet)}"),
        style.element("p", Markup("链接：{}").format(link)),
        body(item.blocks, style),
    ])  # fmt: skip
