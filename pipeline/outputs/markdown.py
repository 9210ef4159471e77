r"""The issue as GFM-safe CommonMark with YAML front matter, from a template the office can edit.

Every value the template prints is escaped unless a filter here made it, so an article cannot become markup:
reading the HTML of the Markdown gives back each text unchanged. One line is one paragraph. There is no
`**bold**`: CommonMark does not see it beside Chinese punctuation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.config import packaged
from pipeline.model import Block, Issue, Kind
from pipeline.outputs.context import Context, Pictures, no_picture
from pipeline.outputs.figures import figure, file_name
from pipeline.outputs.review import DRAFT, remark
from pipeline.outputs.tables import grid
from pipeline.outputs.templating import anchors, render_template
from pipeline.outputs.text import clean, live_address

_FILE = "bulletin.md.j2"
_INLINE = re.compile(r"([\\`*_\[\]<>~&|$])")  # $ begins a formula where a page knows them
_BARE = re.compile(r"(?<=https):(?=//)|(?<=http):(?=//)|(?<=ftp):(?=//)|(?<=www)\.", re.IGNORECASE)
"""What makes a link of an address in plain text, for GitHub and editors."""
_LINE_START = re.compile(r"^([#+=-]|\d{1,9}(?=[.)]))")
_CLOSING_HASHES = re.compile(r"(#+)$")  # a heading loses them
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_COUNTED = re.compile(r"(\d{1,9})\.")
_HASHES = ("#####", "######")
FRONT_MATTER = re.compile(r"---\n.*?\n---\n", re.DOTALL)
_ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')


class _Markup(str):
    """Markdown that is printed as it stands."""

    __slots__ = ()


class Markdown:
    """The output `md`."""

    media_type = "text/markdown; charset=utf-8"
    repeatable = True

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as UTF-8 Markdown; raises `TemplateError` when the template cannot be used."""
        text = render_markdown(
            issue,
            templates=context.templates,
            draft=context.draft,
            revision=context.revision,
            pictures=context.pictures,
        )
        return (_reviewed(text, issue, context) if context.draft else text).encode()


def render_markdown(
    issue: Issue,
    *,
    templates: Path | None = None,
    draft: bool = False,
    revision: int = 0,
    pictures: Pictures = no_picture,
) -> str:
    """The issue as Markdown; raises `TemplateError` when `bulletin.md.j2` in `templates` cannot be used.

    `revision` is that of the draft, 0 for none. Pictures are files in a folder beside it (see `figures`).
    """
    folder = templates or packaged("templates")
    marks = anchors(issue)
    filters: dict[str, Callable[..., Any]] = {
        "yaml": _yaml,
        "link": _link,
        "anchor": lambda position: _Markup(marks[position - 1]),
        "blocks": lambda blocks: _blocks(issue, blocks, pictures),
    }
    values = {"issue": issue, "draft": draft, "revision": revision}
    return render_template(folder, _FILE, values, printed=_printed, filters=filters)


def _reviewed(text: str, issue: Issue, context: Context) -> str:
    """A draft with 送审稿 over its masthead and each finding as an HTML comment over its item, whatever the template.

    No text of an item can pass for an item's anchor: `escape` leaves no `<` bare.
    """
    of = {item.handle: anchor for item, anchor in zip(issue.items, anchors(issue), strict=True)}
    said: dict[str, list[str]] = {}
    for one in context.findings:
        # a comment ends at the first two hyphens that a stricter reader meets
        line = f"<!-- {clean(remark(one)).replace('--', '——').replace('>', '＞')} -->"
        said.setdefault(of.get(one.handle, ""), []).append(line)
    front = FRONT_MATTER.match(text)
    head, body = (text[: front.end()], text[front.end() :]) if front else ("", text)
    mark = f"> {DRAFT}（修订{context.revision}）" if context.revision else f"> {DRAFT}"
    lines = [head.rstrip("\n"), "", mark, "", *said.pop("", ())] if head else [mark, "", *said.pop("", ())]
    for line in body.split("\n"):
        lines.append(line)
        if (found := _ANCHOR.fullmatch(line)) and found[1] in said:
            lines += ["", *said.pop(found[1])]
    return "\n".join(lines)


def escape(text: str) -> str:
    """`text` cleaned, and escaped so that CommonMark and GFM print it unchanged anywhere in a line."""
    safe = _inline(clean(text))
    safe = _CLOSING_HASHES.sub(lambda found: found[1].replace("#", r"\#"), safe)
    return _LINE_START.sub(lambda found: f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}", safe)


def _inline(text: str) -> str:
    return _BARE.sub(r"\\\g<0>", _INLINE.sub(r"\\\1", text))


def _printed(value: object) -> str:
    return value if isinstance(value, _Markup) else escape(str(value))


def _yaml(text: str) -> _Markup:
    """A double-quoted YAML scalar: JSON is one, but for a few characters YAML wants escaped."""
    quoted = json.dumps(clean(text), ensure_ascii=False)
    return _Markup(_NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted))


def _link(url: str) -> str:
    """An autolink, or the address as text when it must not be a live link."""
    return _Markup(f"<{url}>") if live_address(clean(url)) and clean(url) == url else url


def _blocks(issue: Issue, blocks: Sequence[Block], pictures: Pictures) -> _Markup:
    parts: list[str] = []
    listed = _List()
    for place, block in enumerate(blocks):
        listing = listed.open
        if block.kind is Kind.FIGURE:
            one = figure(blocks, place, pictures)
            lines = f"![{escape(one.words)}]({file_name(issue, one)})" if one else ""
        elif block.kind is Kind.ITEM:
            lines = listed.item(block)
        else:
            lines = _table(block) if block.kind is Kind.TABLE else _block(block)
        if not lines:
            continue
        if block.kind is not Kind.ITEM:
            listed = _List()
        parts.append(("\n" if listing and listed.open else "\n\n" if parts else "") + lines)
    return _Markup("".join(parts))


class _List:
    """The list that is being written: how far in each level stands, and what was counted there last."""

    def __init__(self) -> None:
        self._levels: list[tuple[int, int]] = []
        """Columns up to the text of the level's last item, and its number; -1 for a bullet."""

    @property
    def open(self) -> bool:
        """Whether an item stands in it."""
        return bool(self._levels)

    def item(self, block: Block) -> str:
        """The next item, as far in as it lies in others."""
        text = escape(block.text)
        if not text:
            return ""
        depth = min(max(block.level, 0), len(self._levels))
        before = self._levels[depth][1] if depth < len(self._levels) else 0
        inside = self._levels[depth - 1][0] if depth else 0
        number = int(found[1]) if (found := _COUNTED.fullmatch(block.mark)) else -1
        if number == before + 1 > 1 or (before <= 0 and number == 1) or (before == 0 <= number and not depth):
            mark = block.mark
        else:
            # CommonMark counts by itself: a number that does not follow, or begins a list inside another, is text,
            # after a bullet of its own so that it is not taken for words of the item
            mark, number = "*" if block.mark else "-", -1
            text = escape(f"{block.mark} {clean(block.text)}") if block.mark else text
        self._levels[depth:] = [(inside + len(mark) + 1, number)]
        return f"{' ' * inside}{mark} {text}"


def _block(block: Block) -> str:
    text = escape(block.text)
    if not text:
        return ""
    match block.kind:
        case Kind.HEADING:
            return f"{_HASHES[min(max(block.level, 1), len(_HASHES)) - 1]} {text}"
        case Kind.QUOTE:
            return f"> {text}"
        case Kind.CAPTION:
            return f"*{text}*"  # around a whole paragraph it is seen even beside Chinese punctuation
        case _:
            return text


def _table(block: Block) -> str:
    """A table of GFM: it knows one head row and no spans, so these are told in words."""
    table = grid(block)
    if table is None:
        return ""
    rows = [[_inline(cell) for cell in row] for row in table.filled()]  # no line starts in a cell
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * table.columns}")
    return "\n".join(lines)
