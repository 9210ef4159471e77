"""An issue as HTML: templates that the office can edit, and an article's body as elements that are named here.

All that is printed passes through an escape: the templates escape by themselves, and no element of a body is made
from what an article says. What comes out is well-formed XML too, so that every parser reads the same in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from pipeline.model import Block, Finding, Issue, Kind
from pipeline.outputs.context import Pictures, no_picture
from pipeline.outputs.figures import Figure
from pipeline.outputs.pieces import Listing, Picture, Piece, Table, pieces
from pipeline.outputs.review import remark
from pipeline.outputs.tables import Grid, is_number
from pipeline.outputs.templating import anchors, render_template
from pipeline.outputs.text import clean, em, live_address
from pipeline.outputs.word import EXCERPT

_FILTERS = {"remark": remark}
_HEADINGS = ("h5", "h6")
_SHORT = 6.0  # squares: 门头沟区, 2025-02-02
_TEXTS = {Kind.PARAGRAPH: "p", Kind.QUOTE: "blockquote", Kind.CAPTION: "p.caption"}


@dataclass(frozen=True, slots=True)
class Printed:
    """One item as templates print it."""

    position: int
    anchor: str
    title: str
    outlet: str
    url: str
    link: str
    """The address as the target of a link; empty when it must not be one."""
    date: str
    excerpt: bool
    headline: Markup
    """The title with its mark over the text, in the clauses between which it is broken best."""
    body: str
    """`Markup`, or `Plain` for plain text."""
    findings: tuple[Finding, ...] = ()


class Plain(str):
    """Plain text of several lines that a template of plain text prints as it stands."""

    __slots__ = ()


class Style:
    """How elements look: by class names that a style sheet knows, or, given CSS by element, by inline CSS."""

    def __init__(self, inline: Mapping[str, str] | None = None) -> None:
        self._inline = inline

    def element(self, name: str, inside: str, **attributes: str) -> Markup:
        """An element around text or `Markup`; its name may have a class: `td.number`."""
        tag, _, kind = name.partition(".")
        if self._inline is None:
            attributes |= {"class": kind} if kind else {}
        elif css := self._inline.get(name) or self._inline.get(tag):
            attributes["style"] = css
        return Markup("<{0}{1}>{2}</{0}>").format(tag, _attributes(attributes), inside)


def _attributes(attributes: Mapping[str, str]) -> Markup:
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in attributes.items())


def render_html(folder: Path, name: str, **values: object) -> str:
    """A template of the office with `values`, escaped; raises `TemplateError` when it cannot be used."""
    return render_template(folder, name, values, printed=_cleaned, filters=_FILTERS, html=True, trimmed=True)


def render_plain(folder: Path, name: str, **values: object) -> str:
    """A template of plain text with `values`; raises `TemplateError` when it cannot be used."""
    return render_template(folder, name, values, printed=_cleaned, filters=_FILTERS, trimmed=True)


def _cleaned(value: object) -> object:
    return value if isinstance(value, (Markup, Plain)) else clean(str(value))


def printed(issue: Issue, bodies: Iterable[str], findings: Sequence[Finding] = ()) -> list[Printed]:
    """The items of an issue with their bodies and what a draft's findings say of them."""
    told = _by_position(issue, findings)
    return [
        Printed(
            position=position,
            anchor=anchor,
            title=clean(item.title),
            outlet=clean(item.outlet),
            url=clean(item.url),
            link=live_address(clean(item.url)),
            date=item.date.isoformat() if item.date else "",
            excerpt=item.excerpt,
            headline=_clauses(clean(item.title) + (EXCERPT if item.excerpt else "")),
            body=body,
            findings=tuple(told.get(position, ())),
        )
        for position, (item, anchor, body) in enumerate(zip(issue.items, anchors(issue), bodies, strict=True), start=1)
    ]


def _clauses(title: str) -> Markup:
    return Markup(" ").join(Markup("<span>{}</span>").format(clause) for clause in title.split(" "))


def about_the_whole(issue: Issue, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that are about no single item."""
    return _by_position(issue, findings).get(0, [])


def _by_position(issue: Issue, findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """The findings by the item they are about, from 1; under 0 those about the issue."""
    positions = {item.handle: position for position, item in enumerate(issue.items, start=1)}
    found: dict[int, list[Finding]] = {}
    for one in findings:
        position = positions.get(one.handle, one.position)
        found.setdefault(position if position <= len(issue.items) else 0, []).append(one)
    return found


def body(
    blocks: Sequence[Block],
    style: Style,
    pictures: Pictures = no_picture,
    source: Callable[[Figure], str] = lambda one: "",
) -> Markup:
    """An article's body as HTML; `source` says where a picture is that `pictures` has."""
    return Markup("\n").join(_piece(piece, style, source) for piece in pieces(blocks, pictures))


def _piece(piece: Piece, style: Style, source: Callable[[Figure], str]) -> Markup:
    match piece:
        case Picture(one, caption):
            image = {"src": source(one), "alt": one.words, "width": str(one.width), "height": str(one.height)}
            shown = Markup("<img{}/>").format(_attributes(image))
            return style.element("figure", shown + (style.element("figcaption", caption) if caption else ""))
        case Table(grid, caption):
            return _table(grid, caption, style)
        case Listing():
            return _listing(piece, style)
        case _:
            heading = _HEADINGS[min(piece.level, len(_HEADINGS)) - 1]
            return style.element(_TEXTS.get(piece.kind, heading), piece.text)


def _listing(listing: Listing, style: Style) -> Markup:
    """Items with the marks they came with: no browser counts them anew."""
    rows = Markup("")
    for entry in listing.entries:
        inside = Markup("").join([escape(entry.text), *(_listing(one, style) for one in entry.inside)])
        rows += style.element("li", inside, **({} if entry.number is None else {"value": str(entry.number)}))
    return style.element("ol" if listing.counted else "ul.marked" if listing.marked else "ul", rows)


def _width(text: str) -> str:
    """The class of a cell that stays on one line: beside many numbers a browser leaves a name one character's width."""
    return ".short" if em(text) <= _SHORT else ""


def _table(grid: Grid, caption: str, style: Style) -> Markup:
    above = grid.covered
    rows = []
    for y, row in enumerate(grid.rows):
        cells = Markup("")
        for x, text in enumerate(row):
            if (y, x) in above:
                continue
            down, right = grid.spans.get((y, x), (1, 1))
            spans = {"rowspan": str(down)} if down > 1 else {}
            spans |= {"colspan": str(right)} if right > 1 else {}
            if y < grid.header:
                scope = {"scope": "colgroup" if right > 1 else "col"}
                cells += style.element(f"th{_width(text)}", text, **scope, **spans)
            else:
                cells += style.element("td.number" if is_number(text) else f"td{_width(text)}", text, **spans)
        rows.append(style.element("tr", cells))
    head, rest = Markup("").join(rows[: grid.header]), Markup("").join(rows[grid.header :])
    parts = [style.element("caption", caption)] if caption else []
    parts += [style.element("thead", head)] if grid.header else []
    table = style.element("table", Markup("").join([*parts, style.element("tbody", rest)]))
    return style.element("div.wide", table)
