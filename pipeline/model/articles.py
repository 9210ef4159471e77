"""Reading: an article, what it is made of, and the fates of what is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.values import MOST_NAMED, digest


class Kind(StrEnum):
    """What a block of an article's body is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"
    FIGURE = "figure"
    CAPTION = "caption"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of an article's body, in reading order.

    `text` is plain text without line breaks (for a figure its alternative text); `level` is 1 for a
    sub-heading, 2 for one below it, and for an item in how many other items it lies; `src` is a figure's
    absolute address and `blob` the SHA-256 of the picture that is printed, empty while it could not be had;
    `rows` a table's cells, `""` where one reaches over its neighbours.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    src: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    header: int = 0
    """How many of a table's rows are its head."""
    spans: tuple[tuple[int, int, int, int], ...] = ()
    """A table's cells that reach over others: row, column, how many rows, how many columns."""
    mark: str = ""
    """What a list of the page numbers an item with: `3.`; empty for bullets."""
    blob: str = ""

    @property
    def plain(self) -> str:
        """The block as a line of text: a table as its cells, a figure as nothing."""
        if self.kind is Kind.TABLE:
            return "\n".join("\t".join(row) for row in self.rows)
        return "" if self.kind is Kind.FIGURE else self.text


class Flag(StrEnum):
    """Something about an article that whoever prints it must know."""

    MIRROR = "mirror"
    """疑似镜像/劫持站: pinyin glosses, broken traditional text, spam tail."""
    REPAIRED = "repaired"
    INCOMPLETE = "incomplete"
    NO_TITLE = "no_title"
    TAMPERED = "tampered"
    """Promotion was put into the sentences, or synonyms in the place of words: not to be undone."""


class Witness(StrEnum):
    """Who says when an article was published."""

    PAGE = "page"
    ADDRESS = "address"
    LEAD = "lead"
    """The feed or the list that gave the link."""
    GUESS = "guess"


BELIEVED = "采用"
"""Why a date was believed that a page plainly gives; any other reason is one that an editor should read."""


@dataclass(frozen=True, slots=True)
class DateClaim:
    """One place that says when an article was published, whether it was believed or not."""

    witness: Witness
    where: str
    """Where it stood, in Chinese or as the name of a meta."""
    text: str
    """As it stood there, at most 80 characters."""
    day: dt.date | None = None
    """In Asia/Shanghai; `None` for a date that cannot be."""
    time: dt.time | None = None
    chosen: bool = False
    because: str = ""
    """Why it was believed or not, in Chinese."""

    @property
    def chinese(self) -> str:
        """The claim as an editor reads it: 网址 2024-06-30（与采用的不一致）。"""
        return f"{self.where} {self.day or self.text}（{self.because}）"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a page offers: what it calls it, and its absolute address."""

    name: str
    url: str


class _Known:
    """Room for an article's identity beside its fields: the list of a thousand candidates asks 5,000 times for it."""

    __slots__ = ("_id",)
    _id: str


@dataclass(frozen=True, slots=True)
class Article(_Known):
    """A page read: what it says, and how we know."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    date: dt.date | None = None
    """Day of publication in Asia/Shanghai; `None` when the page does not say."""
    time: dt.time | None = None
    origin: str = ""
    publisher: str = ""
    author: str = ""
    editor: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Field name → where its value was found."""
    confidence: float = 1.0
    """How sure the extraction is of the body, 0 to 1."""
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    """What an editor should know about the reading, in Chinese."""
    dates: tuple[DateClaim, ...] = ()
    """Every date that was met, the one that was believed first."""
    links: float = 0.0
    """Share of the body's characters that stand in links, 0 to 1."""
    quality: float = 1.0
    """How much of what a page should give it gave, 0 to 1; `confidence` is about the body alone."""
    lacks: tuple[str, ...] = ()
    """Why the quality is below 1, in Chinese."""
    following: str = ""
    """The address of the page the article goes on on; empty when this is the last one."""
    entire: str = ""
    """The address of a version on one page (阅读全文), when the page names one."""
    attachments: tuple[Attachment, ...] = ()
    """The files the page offers."""
    attached: Attachment | None = None
    """The one of them that holds the text, where the page itself has next to none."""
    aliases: tuple[str, ...] = ()
    """Other addresses of the same page: where it was asked for, its canonical, mobile and AMP addresses."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """How the page was read, as an editor reads it: in one line, unless something is in doubt."""
        read = f"正文置信度 {self.confidence:.2f}，页面质量 {self.quality:.2f}"
        dates = self._date_told()
        if not self.lacks:
            return (f"{read}；{dates}",) if dates else (read,)
        read += f"（{'；'.join(self.lacks)}）"
        return (read, dates) if dates else (read,)

    def _date_told(self) -> str:
        """Where the date stood and who agrees, by name; who does not, with what it says."""
        if not self.dates:
            return ""
        shown = {(one.where, one.day): one for one in reversed(self.dates)}
        chosen = next((one for one in self.dates if one.chosen), None)
        others = [one for one in self.dates if one is not chosen and shown[one.where, one.day] is one]
        told = ["无一可信"]
        if chosen:
            told = [chosen.where if chosen.because == BELIEVED else chosen.chinese]
            agreed = list(dict.fromkeys(one.where for one in others if one.day == chosen.day))
            others = [one for one in others if one.day != chosen.day]
            many = f"等 {len(agreed)} 处" if len(agreed) > MOST_NAMED else ""
            told += [f"{'、'.join(agreed[:MOST_NAMED])}{many}一致"] if agreed else []
        return f"日期依据：{'；'.join([*told, *(one.chinese for one in others)])}"

    @property
    def outlet(self) -> str:
        """Who is printed as 来源: the origin the page names, else the site's owner."""
        return self.origin or self.publisher

    @property
    def text(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(line for line in (block.plain for block in self.blocks) if line)

    @property
    def id(self) -> str:
        """Identity by content: the same words at the same address are the same article."""
        try:
            return self._id
        except AttributeError:
            found = digest(self.url, self.title, str(self.date or ""), self.text)[:16]
            object.__setattr__(self, "_id", found)
            return found


@dataclass(frozen=True, slots=True)
class Revisit:
    """What the page of a stored article looked like when it was asked for again; the stored version stays."""

    url: str
    when: dt.datetime
    told: str = ""
    """What is different now, in Chinese; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an article as the store knows it."""

    url: str
    blob: str = ""
    """SHA-256 of the JPEG or PNG that is printed; empty while it could not be had."""
    aside: bool = False
    """Whether it is an icon or a tracker, which nobody misses."""
    trouble: str = ""
    """Why it could not be had, in Chinese."""


@dataclass(frozen=True, slots=True)
class Developed:
    """What is printed of a picture: a JPEG or PNG; no bytes for an icon or a tracker."""

    data: bytes = b""
    media_type: str = ""
    width: int = 0
    height: int = 0


class Fate(StrEnum):
    """What became of a lead; every lead of a run has exactly one."""

    INCLUDED = "included"
    STANDBY = "standby"
    EXCLUDED = "excluded"
    DUPLICATE = "duplicate"
    COVERED = "covered"
    OUT_OF_SCOPE = "out_of_scope"
    OUT_OF_WINDOW = "out_of_window"
    UNDATED = "undated"
    HIJACKED = "hijacked"
    NOT_AN_ARTICLE = "not_an_article"
    UNREADABLE = "unreadable"
    UNREACHABLE = "unreachable"
    DEFERRED = "deferred"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _FATES[self]


_FATES = {
    Fate.INCLUDED: "收录",
    Fate.STANDBY: "备选",
    Fate.EXCLUDED: "编辑剔除",
    Fate.DUPLICATE: "重复",
    Fate.COVERED: "往期已收",
    Fate.OUT_OF_SCOPE: "无关",
    Fate.OUT_OF_WINDOW: "窗口外",
    Fate.UNDATED: "无日期",
    Fate.HIJACKED: "疑似镜像",
    Fate.NOT_AN_ARTICLE: "非文章",
    Fate.UNREADABLE: "不可读",
    Fate.UNREACHABLE: "未取得",
    Fate.DEFERRED: "未完成",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """An expected "no" about one lead: its fate, and the reason in Chinese."""

    fate: Fate
    because: str
    ground: str = ""
    """Among which its like it is found, in Chinese; empty when the fate says it all."""
    score: float | None = None
    """How well it was rated; `None` when it never was."""
