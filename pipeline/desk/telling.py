"""Telling people what happened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from pipeline.desk.claiming import Claiming
from pipeline.desk.releasing import Releasing
from pipeline.desk.room import command
from pipeline.errors import TemplateError
from pipeline.model import Desked, Draft, Event, Notice, Phase, Progress, Severity, State, Window
from pipeline.notify import folded, targets, tell
from pipeline.steps import notices

log = structlog.get_logger("pipeline.desk")

CLOCK, BUSY, IDLE = "clock", "busy", "idle"
"""The sign that the clock gives, and what it says."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of telling somebody something."""

    title: str
    """Of the message, which may hold several notices."""
    target: str
    """The masked address."""
    trouble: str = ""
    """Why it was not told, in Chinese; empty when it was."""


class Telling(Releasing, Claiming):
    """Posts notices and sends what waits to be told."""

    def failed(self, series: str, window: Window, why: str, *, final: bool = False) -> None:
        """Lets people know that no draft could be made of a window: once for the first time, once for the last."""
        one = self.series(series)
        again = command("run", one, window)
        self.notices.post(notices.run_failed(one, window, why, again, self._clock(), final=final))

    def looked(self, *, busy: bool) -> None:
        """Keeps that the clock looked just now, or, `busy`, that it set out to."""
        self.own_up()
        self.signs.give(CLOCK, BUSY if busy else IDLE, self._clock())

    def post_missed(self) -> None:
        """Lets people know of windows that nobody made a draft of and that the clock leaves to them (补出?).

        Posted to nobody it would be settled, and whoever is named in the settings later never told.
        """
        if not self.config.settings.notify:
            return
        paused = self.claims.paused()
        for series in self.config.series.values():
            if series.id in paused:
                continue
            if missed := [one.window for one in self.standing(series) if one.phase is Phase.MISSED]:
                how = f"bulletin schedule list {series.id}"
                self.notices.post(notices.windows_missed(series, missed, how, self._clock()))

    def send_notices(self) -> list[Delivery]:
        """Tells people what waits to be told: each of them one message of all that happened since the last time.

        What could not be sent is tried again later, for three days; what a target will never take, not.
        """
        everybody = targets(self.config)
        now, making = self._clock(), self._is_making()
        mine = [
            one
            for one in self.notices.waiting(now)
            # what a run says of its sources is told with its draft
            if not (making and one.notice.event is Event.SOURCE_SILENT)
            # somebody else may be sending it just now
            and self.notices.take(one, now)
        ]
        told: list[Delivery] = []
        waits: dict[int, str] = {}
        for target in everybody:
            owed = [one for one in mine if target.wants(one.notice) and target.name not in (*one.told, *one.refused)]
            if not owed:
                continue
            message = folded([one.notice for one in owed], self.config.settings.web.url)
            answer = tell(target, message)
            told.append(Delivery(message.title, target.name, answer.trouble))
            for one in owed:
                if not answer.trouble:
                    self.notices.told(one.id, target.name)
                elif answer.final:
                    self.notices.refused(one.id, target.name, answer.trouble)
                else:
                    waits[one.id] = answer.trouble
        for one in mine:
            if one.id not in waits:
                self.notices.sent(one.id, self._clock())
            elif self.notices.failed(one.id, waits[one.id], self._clock()):
                log.error("notice given up", key=one.notice.key, why=waits[one.id])
        return told

    def _is_making(self) -> bool:
        """Whether a draft is being made just now."""
        claims = (claim for series in self.config.series for claim in self.claims.on(series).values())
        return any(claim.alive and claim.progress is Progress.RUNNING for claim in claims)

    def _ready(self, draft: Draft) -> Callable[[Desked], Notice]:
        """What people are told of a window's first draft, once its number is known."""
        series = self.series(draft.series)
        findings = None
        with suppress(TemplateError):  # whoever looks at the draft is told of that; it must not cost the draft
            found = self.findings(Desked(0, self.last(series).number + 1, 1, State.DRAFT, draft))
            blocking = sum(one.severity is Severity.BLOCKING for one in found)
            findings = (blocking, len(found) - blocking)
        show = command("draft show", series, draft.window)
        return lambda desked: notices.draft_ready(series, desked.number, draft, findings, show, self._clock())

    def trial(self) -> Notice:
        """A message that only shows that messages arrive."""
        return notices.trial(self._clock())

    def sample(self, event: Event) -> Notice:
        """What people would be told by an event, with the series as configured and invented contents."""
        return notices.sample(event, next(iter(self.config.series.values())), self._clock())
