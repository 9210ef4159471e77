"""What people are told, and how urgent it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What somebody asked to be told of."""

    DRAFT_READY = "draft-ready"
    RELEASED = "released"
    """Put out; a correction and a withdrawal of it, too."""
    RUN_FAILED = "run-failed"
    WINDOW_MISSED = "window-missed"
    SOURCE_SILENT = "source-silent"
    """And there again."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _EVENTS[self]


_EVENTS = {
    Event.DRAFT_READY: "草稿已生成",
    Event.RELEASED: "期刊已发布",
    Event.RUN_FAILED: "生成失败",
    Event.WINDOW_MISSED: "窗口未补出",
    Event.SOURCE_SILENT: "信源中断",
}


class Tone(StrEnum):
    """How what is told is meant, which a card shows by its colour."""

    GOOD = "good"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Pointer:
    """How whoever is told something gets to it: on the review page, or where that has no address, by a command."""

    words: str
    """What is done there: 看稿."""
    page: str
    """`/issues/beijing-monthly/2024-06-01`."""
    command: str
    """As one would type it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened and is told once: its title and text are Chinese."""

    key: str
    """What happened, so that a second telling of the same is none."""
    event: Event
    title: str
    text: str
    when: dt.datetime
    series: str = ""
    """The series it concerns; empty for all."""
    tone: Tone = Tone.WARNING
    pointer: Pointer | None = None
