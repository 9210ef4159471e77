"""Reviewing: a draft handed in, sent back, found fit to go out; what is out withdrawn, or put right.

Each step is a signed revision of its own, taken from the state that was read or not at all. Approved is one revision:
whatever changes it makes a draft of it again (`Issues.revise`). A withdrawn issue keeps its number and its files; the
archive says that it was withdrawn and why, no feed and no search has it, and what only it told may be told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from pipeline.desk.deciding import Deciding
from pipeline.desk.room import issue_command
from pipeline.errors import Blocked, UsageError
from pipeline.model import SYSTEM, UNPRINTED, Decision, Desked, Draft, Finding, Notice, Severity, State
from pipeline.steps import notices

log = structlog.get_logger("pipeline.desk")

_MAX_NOTE = 200  # characters: what a correction prints is a line below the number, not an article


class Reviewing(Deciding):
    """Takes drafts, and issues that are out, from one state to the next."""

    def submit(self, desked: Desked, who: str) -> Desked:
        """Hands a draft in for approval."""
        self._expected(desked, State.DRAFT, doing="提交审核")
        return self._proceed(desked, State.IN_REVIEW, Decision("submit", who, self._clock()))

    def send_back(self, desked: Desked, who: str, reason: str) -> Desked:
        """Gives what was handed in or approved back to be changed."""
        self._expected(desked, State.IN_REVIEW, State.APPROVED, doing="退回修改")
        _with_reason(reason, "退回修改")
        return self._proceed(desked, State.DRAFT, Decision("send-back", who, self._clock(), reason=reason))

    def approve(self, desked: Desked, who: str) -> Desked:
        """Finds exactly this revision fit to go out.

        Raises `Blocked` for blocking findings, `UsageError` for whoever changed it last where two are asked for.
        """
        self._expected(desked, State.DRAFT, State.IN_REVIEW, doing="审定")
        self._four_eyes(desked, who)
        nothing_blocks(self.findings(desked))
        return self._proceed(desked, State.APPROVED, Decision("approve", who, self._clock()))

    def withdraw(self, desked: Desked, who: str, reason: str) -> Desked:
        """Marks an issue that is out as one that no longer holds."""
        if desked.released and desked.state.open:
            raise UsageError(f"第{desked.number}期正在更正，不能撤回。", "请先放弃更正，再撤回。")
        self._expected(desked, State.RELEASED, doing="撤回")
        self._ours(desked, "撤回")
        _with_reason(reason, "撤回")
        series, now = self.series(desked.draft.series), self._clock()
        show = issue_command("show", series, desked.number)
        told = notices.withdrawn(
            series, desked.number, desked.draft.window, desked.revision + 1, who, reason, show, now
        )
        return self._proceed(desked, State.WITHDRAWN, Decision("withdraw", who, now, reason=reason), notice=told)

    def correct(self, desked: Desked, who: str, note: str) -> Desked:
        """Begins a correction of what was put out, or says anew what one that was begun puts right.

        `note` is printed below the number. The correction begins as what was put out, which stays out until the
        correction is released.
        """
        note = " ".join(note.split())
        _with_reason(note, "更正")
        if len(note) > _MAX_NOTE:
            raise UsageError(f"更正说明有 {len(note)} 字，最多 {_MAX_NOTE} 字。", "它印在期号下面，请写得短些。")
        decision = Decision("correct", who, self._clock(), reason=note)
        if desked.released and desked.state.open:
            draft = replace(desked.draft, corrected=note)
            return desked if draft == desked.draft else self.issues.revise(desked, draft, decision)
        self._expected(desked, State.RELEASED, State.WITHDRAWN, doing="更正")
        self._ours(desked, "更正")
        number = len(self.issues.releases_of(desked.id))
        draft = replace(self.issues.at_revision(desked.id, desked.released), correction=number, corrected=note)
        return self._proceed(desked, State.DRAFT, decision, draft)

    def drop(self, desked: Desked, who: str, reason: str = "") -> Desked:
        """Gives a correction up that was begun; what was decided in it stays in the log."""
        if not (desked.released and desked.state.open):
            raise UsageError(f"第{desked.number}期没有正在进行的更正。")
        back = State.WITHDRAWN if desked.withdrawn else State.RELEASED
        draft = self.issues.at_revision(desked.id, desked.released)
        return self._proceed(desked, back, Decision("drop", who, self._clock(), reason=reason), draft)

    def changed_by(self, desked: Desked) -> str:
        """The last person who changed what a draft says; empty when nobody did."""
        decisions = (one.decision for one in reversed(self.revisions(desked)))
        return next((one.who for one in decisions if one.verb not in UNPRINTED and one.who != SYSTEM), "")

    def refused_alone(self, desked: Desked, who: str) -> str:
        """Why somebody may neither approve nor release a draft: they changed it last, and two people are asked for."""
        if self.config.settings.review.four_eyes and who == self.changed_by(desked):
            return f"最后修改这份草稿的是{who}，须由另一人审定和发布。"
        return ""

    def _four_eyes(self, desked: Desked, who: str) -> None:
        if told := self.refused_alone(desked, who):
            raise UsageError(told, "本系统设为双人审核（review.four_eyes）。")

    def _proceed(
        self,
        desked: Desked,
        state: State,
        decision: Decision,
        draft: Draft | None = None,
        notice: Notice | None = None,
    ) -> Desked:
        after = self.issues.proceed(desked, decision, state, draft, notice)
        log.info(decision.verb, series=desked.draft.series, number=desked.number, who=decision.who)
        return after

    def _expected(self, desked: Desked, *states: State, doing: str) -> None:
        if desked.state not in states:
            wanted = "或".join(one.chinese for one in states)
            raise UsageError(f"第{desked.number}期{desked.chinese}，不能{doing}（须是{wanted}）。", "请重新看稿。")

    def _ours(self, desked: Desked, doing: str) -> None:
        if self.issues.release_of(desked.id, desked.released).imported:
            raise UsageError(
                f"第{desked.number}期是导入的往期，不在这里{doing}。",
                "如文件有误，请改好后用 bulletin import-issue --replace 重新导入。",
            )


def _with_reason(reason: str, doing: str) -> None:
    if not reason.strip():
        raise UsageError(f"{doing}须写明理由。", "请写明理由再做一次。")


def nothing_blocks(findings: Iterable[Finding]) -> None:
    """Raises `Blocked` with the list of those that block."""
    if blocking := [one for one in findings if one.severity is Severity.BLOCKING]:
        listed = "\n".join(f"  [{one.key}] {one.message}。{one.fix}" for one in blocking)
        raise Blocked(f"有 {len(blocking)} 项检查未通过，不能发布：\n{listed}")
