"""Telling people what happened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from pipeline.desk.releasing import Releasing
from pipeline.desk.room import command
from pipeline.errors import TemplateError
from pipeline.model import Desked, Draft, Event, Notice, Severity, State, Window, chinese_number
from pipeline.notify import Target, targets, tell

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of telling somebody something."""

    notice: Notice
    target: str
    """The masked address."""
    trouble: str = ""
    """Why it was not told, in Chinese; empty when it was."""


class Telling(Releasing):
    """Posts notices and sends what waits to be told."""

    def failed(self, series: str, window: Window, why: str, *, final: bool = False) -> None:
        """Lets people know that no draft could be made of a window: once for the first time, once for the last."""
        one = self.series(series)
        rest = "不再自动重试，请排除故障后重新生成。" if final else "稍后自动重试；如已排除故障，也可立即重新生成。"
        self.notices.post(
            Notice(
                key=f"{Event.RUN_FAILED}:{series}:{window.start}:{'final' if final else 'first'}",
                event=Event.RUN_FAILED,
                title=f"{one.title}：{window} 的草稿未能生成",
                text=f"{one.title}\n窗口：{window}\n原因：{why}\n{rest}\n{command('run', one, window)}",
                when=self._clock(),
                series=series,
            )
        )

    def send_notices(self) -> list[Delivery]:
        """Tells people what waits to be told; what could not be sent is tried again later, for three days."""
        told: list[Delivery] = []
        everybody = targets(self.config)
        for one in self.notices.waiting(self._clock()):
            if not self.notices.take(one, self._clock()):
                continue  # somebody else is sending it just now
            asked = [each for each in everybody if each.wants(one.notice) and each.name not in one.told]
            sent = [Delivery(one.notice, each.name, self._told(one.id, each, one.notice)) for each in asked]
            told += sent
            if not any(each.trouble for each in sent):
                self.notices.sent(one.id, self._clock())
            elif self.notices.failed(one.id, self._clock()):
                log.error("notice given up", key=one.notice.key)
        return told

    def _told(self, notice: int, target: Target, content: Notice) -> str:
        trouble = tell(target, content)
        if not trouble:
            self.notices.told(notice, target.name)
        return trouble

    def _ready(self, draft: Draft) -> Callable[[Desked], Notice]:
        """What people are told of a window's first draft, once its number is known."""
        series = self.series(draft.series)
        counts = f"{len(draft.chosen)} 条入选，{len(draft.candidates) - len(draft.chosen)} 条备选与未入选"
        with suppress(TemplateError):  # whoever looks at the draft is told of that; it must not cost the draft
            found = self.findings(Desked(0, self.last(series).number + 1, 1, State.DRAFT, draft))
            blocking = sum(one.severity is Severity.BLOCKING for one in found)
            counts += f"；{blocking} 项阻断，{len(found) - blocking} 项提醒"
        silent = f"未能采集的来源：{'、'.join(draft.silent)}\n" if draft.silent else ""

        alarm = f"请注意：{draft.alarm}\n" if draft.alarm else ""

        def notice(desked: Desked) -> Notice:
            number = f"第{chinese_number(desked.number, series.zero)}期"
            return Notice(
                key=f"{Event.DRAFT_READY}:{series.id}:{draft.window.start}",
                event=Event.DRAFT_READY,
                title=f"{series.title}（{number}）草稿已生成",
                text=f"{series.title}（{number}）\n窗口：{draft.window}\n{counts}\n{silent}{alarm}"
                f"看稿：{command('draft show', series, draft.window)}",
                when=self._clock(),
                series=series.id,
            )

        return notice
