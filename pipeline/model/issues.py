"""The issue: its items, where it stands, what is found wrong with it, what is decided about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.articles import Block, DateClaim
from pipeline.model.stories import Genre
from pipeline.model.trends import Trends
from pipeline.model.values import chinese_number, digest
from pipeline.model.windows import Window


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of an issue, as it will be printed."""

    handle: str
    title: str
    outlet: str
    url: str
    date: dt.date | None
    blocks: tuple[Block, ...]
    origin: str = ""
    publisher: str = ""
    time: dt.time | None = None
    genre: Genre = Genre.NEWS
    share: float = 1.0
    excerpt: bool = False
    """Whether only a part is printed, marked （节选）."""
    dates: tuple[DateClaim, ...] = ()
    """What the page, its address and the list that gave it say of the day it was published."""
    topics: tuple[str, ...] = ()
    """Names of the topics it was found to be about, strongest first."""
    terms: tuple[str, ...] = ()
    """The terms of these topics that counted most, strongest first."""

    @property
    def text(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(line for line in (block.plain for block in self.blocks) if line)


@dataclass(frozen=True, slots=True)
class Issue:
    """A numbered issue, complete: every output is a rendering of it."""

    series: str
    title: str
    issuer: str
    number: int
    window: Window
    lead: str
    items: tuple[Item, ...]
    zero: str = "〇"
    unit: str = "月报"
    footer: tuple[str, ...] = ()
    """Lines of the 版记 on the last page; none when empty."""
    correction: int = 0
    """Which correction (更正) of the issue it is, from 1; 0 for the issue as it was first put out."""
    corrected: str = ""
    """What a correction puts right, in the editor's words."""
    annex: Trends | None = None
    """What the issues up to this one were about, printed behind the items; `None` for no annex."""

    @property
    def correction_line(self) -> str:
        """What a correction prints below its number; empty for the issue as it was first put out."""
        return f"{CORRECTED}{self.corrected}" if self.correction else ""

    @property
    def date(self) -> dt.date:
        """The issue date: the last day of the window."""
        return self.window.end

    @property
    def number_chinese(self) -> str:
        """The number digit by digit: 535 → 五三五."""
        return chinese_number(self.number, self.zero)

    @property
    def filename(self) -> str:
        """The stem of the issue's files: series title, number and date, and which correction it is."""
        stem = f"{file_title(self.title, self.series)}-第{self.number}期-{self.date:%Y%m%d}"
        return f"{stem}-更正{self.correction}" if self.correction else stem


CORRECTED = "（更正）"
"""What the line that a correction prints below its number begins with."""

_MAX_NAME_BYTES = 180  # of the 255 a file system takes; number, date, 送审稿, 改动 and the ending need the rest


def file_title(title: str, series: str) -> str:
    """What the names of a series' files begin with: the letters and digits of its title, else those of its id."""
    for text in (title, series):
        if safe := "".join(filter(str.isalnum, text))[:60].encode()[:_MAX_NAME_BYTES].decode(errors="ignore"):
            return safe
    return digest(series)[:12]


class State(StrEnum):
    """Where an issue stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SKIPPED = "skipped"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _STATES[self]

    @property
    def open(self) -> bool:
        """Whether it can still be changed; a change of what was approved makes a draft of it again."""
        return self in (State.DRAFT, State.IN_REVIEW, State.APPROVED)


_STATES = {
    State.DRAFT: "草稿",
    State.IN_REVIEW: "送审中",
    State.APPROVED: "已审定",
    State.SKIPPED: "已跳过",
    State.RELEASED: "已发布",
    State.WITHDRAWN: "已撤回",
}


class Severity(StrEnum):
    """What a finding does to the release."""

    BLOCKING = "blocking"
    WARNING = "warning"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"blocking": "阻断", "warning": "提醒"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a release check found: where, what, and what to do, in Chinese."""

    check: str
    severity: Severity
    message: str
    fix: str = ""
    handle: str = ""
    """The item it is about; empty for the issue as a whole."""
    position: int = 0
    """The item's number in the issue, from 1; 0 for the issue as a whole."""
    commands: tuple[str, ...] = ()
    """How to look into it and to mend it on the command line, as one would type it."""

    @property
    def key(self) -> str:
        """What a waiver names: the check and the item."""
        return f"{self.check}:{self.handle}" if self.handle else self.check


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing a person decided about a draft: who, when, what, why."""

    verb: str
    who: str
    when: dt.datetime
    target: str = ""
    """A handle, resolved."""
    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def chinese(self) -> str:
        """What was done, as an editor reads it."""
        return _VERBS.get(self.verb, self.verb)


_VERBS = {
    "generate": "生成",
    "supplement": "采集补充",
    "import": "导入",
    "include": "收录",
    "exclude": "剔除",
    "split": "拆分",
    "merge": "合并",
    "edit": "修改",
    "revert": "还原",
    "reorder": "移动",
    "excerpt": "节选",
    "represent": "换用",
    "waive": "放行",
    "skip": "跳过",
    "return": "回读",
    "submit": "提交审核",
    "send-back": "退回修改",
    "approve": "审定",
    "release": "定稿发布",
    "withdraw": "撤回",
    "correct": "更正",
    "drop": "放弃更正",
    "note": "备注",
    "undo": "撤销",
    "redo": "重做",
    "restore": "恢复",
}

SYSTEM = "系统"
"""Who signs what nobody decided."""

PROCEEDINGS = frozenset(("submit", "send-back", "approve", "release", "withdraw", "drop"))
"""Verbs that change where an issue stands and nothing of what it says."""

UNPRINTED = PROCEEDINGS | {"note"}
"""Verbs that change nothing of what an issue says."""
