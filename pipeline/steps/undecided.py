"""What is left for a person to decide before a draft is handed in, one thing after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model import Candidate, Draft, Fate, Finding, Severity, Verdict
from pipeline.steps.select import fate


class Question(StrEnum):
    """What is asked, in the order in which they are asked for."""

    STANDBY = "standby"
    BLOCKING = "blocking"
    SAME = "same-event"
    DATE = "date-conflict"
    VERSION = "better-version"

    @property
    def chinese(self) -> str:
        """The question as an editor reads it."""
        return _QUESTIONS[self]


_QUESTIONS = {
    Question.STANDBY: "备选：收录还是剔除？",
    Question.BLOCKING: "不解决不能发布：怎么处理？",
    Question.SAME: "疑似同一事件：合并还是分列？",
    Question.DATE: "日期存疑：以哪个为准？",
    Question.VERSION: "有更合适的版本：换用还是保留？",
}


@dataclass(frozen=True, slots=True)
class Undecided:
    """One thing that nobody decided yet."""

    question: Question
    handle: str
    """Of the candidate it is about; empty for the issue as a whole."""
    finding: Finding | None = None
    """What the checks say; `None` for a candidate that waits."""

    @property
    def key(self) -> str:
        """What it is known by from one look to the next."""
        return self.finding.key if self.finding else f"{self.question}:{self.handle}"


def waits(draft: Draft, candidate: Candidate) -> bool:
    """Whether a candidate stands by: nobody took it or put it out, and it is near enough to be asked about."""
    return (
        candidate.handle not in draft.chosen
        and candidate.handle not in draft.excluded
        and candidate.rating.verdict is not Verdict.OUT
        and fate(candidate, draft.series, draft.window) in (Fate.STANDBY, Fate.INCLUDED)
    )


def undecided(draft: Draft, findings: Iterable[Finding]) -> list[Undecided]:
    """What is left to decide, in the order in which it is asked for; `findings` are those of the draft as it stands.

    A finding that somebody signed for blocks no more; a warning is asked about where it is a choice between two.
    """
    waiting = sorted((one for one in draft.candidates if waits(draft, one)), key=lambda one: -one.rating.score)
    found = [Undecided(Question.STANDBY, one.handle) for one in waiting]
    for one in findings:
        if one.severity is Severity.BLOCKING:
            found.append(Undecided(Question.BLOCKING, one.handle, one))
        elif one.check in _ASKED and one.fix:  # what was signed for, or split on purpose, has none
            found.append(Undecided(_ASKED[one.check], one.handle, one))
    order = list(Question)
    return sorted(found, key=lambda one: order.index(one.question))


_ASKED = {question.value: question for question in (Question.SAME, Question.DATE, Question.VERSION)}
