"""A draft or an old issue that comes back as a file, and what was changed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.articles import Block
from pipeline.model.drafts import Matter, Revision
from pipeline.model.issues import Finding, Issue


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that two people decided otherwise: what both saw, and what each made of it."""

    matter: Matter
    handle: str
    """The item it is about; empty for the order and for findings."""
    title: str
    """The item's, as the one who comes late saw it."""
    seen: str
    """What stood there when the one who comes late looked; of a text one paragraph a line."""
    mine: str
    """What the one who comes late decides."""
    theirs: str
    """What stands there now."""
    by: Revision | None = None
    """Who made it so; `None` where the log does not say."""
    blocks: tuple[tuple[Block, ...], tuple[Block, ...], tuple[Block, ...]] = ((), (), ())
    """Of a text the paragraphs as seen, mine and theirs."""


@dataclass(frozen=True, slots=True)
class ReturnedItem:
    """An item as it stands in a draft's file that somebody edited."""

    handle: str
    """Which item it was, as the file itself still says; empty when it does not."""
    title: str
    outlet: str
    url: str
    date: str
    """As printed."""
    blocks: tuple[Block, ...]
    """A figure's `blob` names the picture where the file still says which it is."""
    excerpt: bool = False
    """Whether its headline is marked （节选）."""
    place: str = ""
    """Where its heading stands in the file, in Chinese: 第12段."""
    headline: str = ""
    """The title as it stands over the text; the two are one field, and an editor may have changed either."""
    byline: str = ""
    """The outlet as it stands in the line under the headline."""
    target: str = ""
    """Where its link leads, when that is another address than the one that stands there."""
    unsure: tuple[int, ...] = ()
    """Indices of the blocks whose kind was concluded from their look, the file no longer saying it by a style."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A draft's file that somebody edited, read back; what it no longer says is empty."""

    series: str
    number: int
    revision: int
    """Of the draft that the file was made from; 0 when it does not say."""
    title: str
    lead: str
    contents: tuple[tuple[str, str], ...]
    """Title and outlet of each line of the 目录."""
    items: tuple[ReturnedItem, ...]
    notes: tuple[str, ...] = ()
    """What was decided on reading (tracked changes taken as accepted), in Chinese."""
    lines: tuple[str, ...] = ()
    """Of each line of the 目录 the handle it leads to; empty where it leads nowhere, none when no line does."""
    number_chinese: str = ""
    """The number as it is printed: （第五三五期）."""
    date: str = ""
    """The issue date as it is printed; empty when the file has none."""
    issuer: str = ""
    footer: tuple[str, ...] = ()
    """Lines of the 版记."""
    front: tuple[tuple[str, Edited, str], ...] = ()
    """Handle, field and value, as front matter repeats them; a document has none."""
    left: tuple[str, ...] = ()
    """What stands in the file and has no place in a bulletin, such as text boxes: where and what, in Chinese."""
    corrected: str = ""
    """The line that a correction prints below its number."""


class Edited(StrEnum):
    """What somebody changed in a draft's file."""

    ORDER = "order"
    LEFT_OUT = "left_out"
    TITLE = "title"
    OUTLET = "outlet"
    URL = "url"
    DATE = "date"
    TEXT = "blocks"
    EXCERPT = "excerpt"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _EDITED[self]


_EDITED = {
    Edited.ORDER: "移动",
    Edited.LEFT_OUT: "删去",
    Edited.TITLE: "标题",
    Edited.OUTLET: "来源",
    Edited.URL: "链接",
    Edited.DATE: "日期",
    Edited.TEXT: "正文",
    Edited.EXCERPT: "节选",
}


@dataclass(frozen=True, slots=True)
class Retouched:
    """One paragraph, table or picture of an item's text that was changed, added or taken away."""

    place: str
    """Where, in Chinese: 第3段; by the file for what was added, by the draft for what is gone."""
    before: str
    """Empty for what was added."""
    after: str
    """Empty for what was taken away."""
    note: str = ""
    """What else became of it, in Chinese: 改为小标题."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an edited file changes of one item."""

    what: Edited
    handle: str
    title: str
    """The item's title as it was exported."""
    position: int
    """The item's number as it was exported, from 1."""
    before: str = ""
    after: str = ""
    """A field's new value, `2024-06-04` for a date; the new position for an item that was moved; `yes` or nothing
    for an excerpt."""
    blocks: tuple[Block, ...] = ()
    """The text as it is now, where that was changed."""
    paragraphs: tuple[Retouched, ...] = ()
    """How it was changed."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edited file changes, and what could not be taken from it."""

    taken: tuple[Change, ...] = ()
    order: tuple[str, ...] = ()
    """The handles of its items in their new order; none while that is as it was exported."""
    untaken: tuple[str, ...] = ()
    """What was seen in the file and is not taken: where, what, and what to do, in Chinese."""
    notes: tuple[str, ...] = ()
    """What was decided on reading, in Chinese."""


@dataclass(frozen=True, slots=True)
class Readback:
    """What a finished file prints, read from the file itself; a file that could not be made says why."""

    file: str
    """The template it was made from: gongwen.docx, bulletin.md.j2."""
    head: tuple[str, ...] = ()
    """The lines over the 目录, headers and footers included."""
    contents: tuple[tuple[str, ...], ...] = ()
    """The lines of each entry of the 目录."""
    items: tuple[tuple[str, ...], ...] = ()
    """The lines of each item, its heading first."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What a front matter says: `number`, `window.start`, `items.2.title`."""
    trouble: str = ""
    """Why there is no file, in Chinese."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An issue put out elsewhere, read from its text."""

    issue: Issue
    """With the lead sentence as printed."""
    findings: tuple[Finding, ...] = ()
    """What only the text shows: 期 missing, 目录 and 具体内容 that disagree, what was uncertain."""
    notes: tuple[str, ...] = ()
    """What was joined or taken away, counted, in Chinese."""
