"""The issue as one HTML page that needs nothing beside it: style and pictures are in the file, and no script.

The template `bulletin.html.j2` belongs to the office.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.model import Issue
from pipeline.outputs.context import Context, Pictures
from pipeline.outputs.figures import Figure
from pipeline.outputs.markup import Style, about_the_whole, body, printed, render_html

_FILE = "bulletin.html.j2"
_MAX_PICTURES = 24 * 2**20  # bytes in one page: browsers open some 30 MiB of data: addresses without a pause


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: where it leads, relative to the page, and what it says."""

    href: str
    words: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around an issue in an archive of many."""

    home: str
    """The way to the archive's first page."""
    downloads: Sequence[Link] = ()
    earlier: Link | None = None
    later: Link | None = None


class Page:
    """The output `html`."""

    media_type = "text/html; charset=utf-8"
    repeatable = True

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as a page; raises `TemplateError` when the template cannot be used."""
        return render_page(issue, context).encode()


def render_page(issue: Issue, context: Context, archive: Surroundings | None = None) -> str:
    """The issue as a page by itself, or with the ways into the `archive` it stands in."""
    room = _Room(context.pictures)
    style = Style()
    bodies = [body(item.blocks, style, room.pictures, _data) for item in issue.items]
    findings = context.findings if context.draft else ()
    return render_html(
        Path(context.templates),
        _FILE,
        issue=issue,
        items=printed(issue, bodies, findings),
        draft=context.draft,
        revision=context.revision,
        findings=about_the_whole(issue, findings),
        left_out=room.left_out,
        archive=archive,
    )


class _Room:
    """Gives pictures until the page is full."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._taken = 0
        self.left_out = 0
        """How many there was no room for."""

    def pictures(self, blob: str) -> bytes:
        """The bytes of a picture; none when there is no room for it."""
        data = self._pictures(blob)
        if self._taken + len(data) > _MAX_PICTURES:
            self.left_out += 1
            return b""
        self._taken += len(data)
        return data


def _data(one: Figure) -> str:
    kind = "image/png" if one.suffix == "png" else "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(one.data).decode()}"
