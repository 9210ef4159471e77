"""What an editor works on: the draft, its revisions, and where it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.issues import Decision, Finding, State
from pipeline.model.stories import Candidate
from pipeline.model.windows import Window


class Phase(StrEnum):
    """How far a window is, from the days it still collects to the issue put out."""

    OPEN = "open"
    DUE = "due"
    MISSED = "missed"
    RUNNING = "running"
    FAILED = "failed"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SKIPPED = "skipped"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"

    @property
    def closed(self) -> bool:
        """Whether no draft is made for it any more."""
        return self in (Phase.RELEASED, Phase.WITHDRAWN, Phase.SKIPPED)

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _PHASES[self]


_PHASES = {
    Phase.OPEN: "未结束",
    Phase.DUE: "待生成",
    Phase.MISSED: "未补出",
    Phase.RUNNING: "生成中",
    Phase.FAILED: "生成失败",
    **{Phase(state.value): state.chinese for state in State},
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one window of a series stands."""

    window: Window
    due: dt.datetime
    """When its draft is to be made."""
    phase: Phase
    number: int = 0
    """0 while it has none."""
    told: str = ""
    """What an editor should know about it, in Chinese."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding somebody answered for: why, and who."""

    reason: str
    who: str
    of: str = ""
    """Digest of all that the check says of the item: what it says anew is not waived."""

    @property
    def chinese(self) -> str:
        """What is said behind the message of the finding that it answers for."""
        return f"（已放行：{self.reason}——{self.who}）"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote beside an item or the issue for the others; it is never printed."""

    id: str
    who: str
    when: dt.datetime
    text: str
    handle: str = ""
    """The item it is about; empty for the whole issue."""
    settled: str = ""
    """Who settled it; empty while it stands."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor works on: every candidate, and what was decided about each.

    A value: each accepted decision makes the next one, and each is kept as a revision. The number is not
    part of it: while unreleased it belongs to the window's place in the series.
    """

    series: str
    window: Window
    candidates: tuple[Candidate, ...]
    chosen: tuple[str, ...] = ()
    """Handles in the order they will be printed."""
    included: tuple[str, ...] = ()
    """Handles that the editor took, so that making the draft again keeps them."""
    excluded: tuple[str, ...] = ()
    """Handles that the editor put out."""
    ordered: bool = False
    """Whether the editor set the order; otherwise it follows the dates."""
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Handle → field → the editor's value: title, outlet, url, date, and the text as `body` (one paragraph a line) or
    as `blocks` (see `steps.blocks`), whichever was given last."""
    excerpts: tuple[str, ...] = ()
    """Handles of which only the part on topic is printed."""
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of article ids that the editor merged."""
    apart: tuple[tuple[str, str], ...] = ()
    """Pairs of article ids that the editor split."""
    late: Mapping[str, Waiver] = field(default_factory=dict)
    """补收: handle → the signed reason."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """Finding key → the signed reason."""
    silent: tuple[str, ...] = ()
    """Names of the sources that could not be collected (未能采集的信源)."""
    represented: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """换用: handle → ids of the articles that were there when the editor said which of them is printed."""
    aside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Article id → what was edited while it was printed; it comes back with the article."""
    alarm: str = ""
    """Why what passed the scope is hard to believe (none of many, nearly all), in Chinese; empty when all is well."""
    correction: int = 0
    """Which correction of a released issue it is to become, from 1; 0 for a draft of a window without an issue."""
    corrected: str = ""
    """What the correction puts right, as it will be printed."""
    notes: tuple[Note, ...] = ()
    """备注, in the order they were written."""
    supplements: tuple[str, ...] = ()
    """采集补充: handles of what was collected only after the draft had been made."""

    def candidate(self, handle: str) -> Candidate:
        """The candidate with this handle; `KeyError` when there is none."""
        for candidate in self.candidates:
            if candidate.handle == handle:
                return candidate
        raise KeyError(handle)

    def waiver(self, finding: Finding) -> Waiver | None:
        """Who answered for a finding, as the checks tell it; `None` for one that nobody did."""
        known = self.waivers.get(finding.key)
        return known if known and finding.message.endswith(known.chinese) else None


@dataclass(frozen=True, slots=True)
class Desked:
    """A draft or released issue as the store keeps it: the value, its number, its revision, its state."""

    id: int
    number: int
    """Provisional until released."""
    revision: int
    state: State
    draft: Draft
    released: int = 0
    """The revision that was put out last; 0 while none was."""
    withdrawn: bool = False
    """Whether what was put out was withdrawn, and no correction of it is out since."""

    @property
    def put_out(self) -> bool:
        """Whether what it says was put out: no draft of a window, and no correction that was only begun."""
        return self.released > 0 and not self.state.open

    @property
    def chinese(self) -> str:
        """Where it stands, as an editor reads it: 草稿, 更正·送审中."""
        return f"更正·{self.state.chinese}" if self.released and self.state.open else self.state.chinese


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted change to a draft."""

    revision: int
    decision: Decision


class Matter(StrEnum):
    """What two people may decide otherwise at the same time."""

    TITLE = "title"
    OUTLET = "outlet"
    URL = "url"
    DATE = "date"
    TEXT = "text"
    TAKEN = "taken"
    """Whether it is in the issue."""
    ORDER = "order"
    VERSION = "version"
    """Which of a story's articles is printed."""
    STORY = "story"
    """What is folded into it."""
    EDITS = "edits"
    """What was edited of a version that would no longer be printed."""
    FINDING = "finding"
    """What the check says."""
    WAIVER = "waiver"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _MATTERS[self]


_MATTERS = {
    Matter.TITLE: "标题",
    Matter.OUTLET: "来源",
    Matter.URL: "链接",
    Matter.DATE: "日期",
    Matter.TEXT: "正文",
    Matter.TAKEN: "取舍",
    Matter.ORDER: "顺序",
    Matter.VERSION: "所印版本",
    Matter.STORY: "折叠",
    Matter.EDITS: "修改",
    Matter.FINDING: "检查结果",
    Matter.WAIVER: "放行理由",
}
