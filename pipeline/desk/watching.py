"""Watching the sources: how each is doing, whose turn it is, what a draft lacks, and who is to be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog

from pipeline.config import Source
from pipeline.desk.room import Room
from pipeline.model import BEIJING, Health, Pulse, Visit, Window
from pipeline.steps import notices
from pipeline.steps.health import LOOK_BACK, coverage_gap, is_due, pulse, told

log = structlog.get_logger("pipeline.desk")


class Watching(Room):
    """Reads the log of visits."""

    def pulses(self) -> list[tuple[Source, Pulse]]:
        """Every configured source with how it is doing, in the order of the configuration."""
        visits = self._visits(self._clock())
        return [(one, pulse(visits.get(one.id, ()), enabled=one.enabled)) for one in self.config.sources]

    def turn(self) -> list[Source]:
        """The enabled sources whose turn it is in a round of collecting by the clock.

        One that failed again and again rests, one that seldom has something new is asked less often, one whose host
        asked to be left alone is.
        """
        now, clock = self._clock(), self.config.settings.clock
        shortest = dt.timedelta(minutes=clock.collect_minutes)
        visits, shut = self._visits(now), self.visits.shut(now)
        return [
            one
            for one in self.config.sources
            if one.enabled
            and urlsplit(getattr(one, "url", "")).hostname not in shut
            and is_due(
                visits.get(one.id, ()),
                now,
                shortest,
                dt.timedelta(hours=one.every) if one.every else None if clock.adaptive else shortest,
            )
        ]

    def gaps(self, window: Window) -> list[str]:
        """What could not be collected for a window, a line for each source: 北方网（服务器出错，自6月3日起）."""
        now = self._clock()
        since = dt.datetime.combine(window.start, dt.time(), BEIJING) - LOOK_BACK
        visits = self.visits.every(min(since, now - LOOK_BACK))
        return [
            told(one.name, gap, window)
            for one in self.config.sources
            if one.enabled and (gap := coverage_gap(visits.get(one.id, ()), window, now))
        ]

    def tell_silences(self) -> None:
        """Posts what people are to know of sources: which have fallen silent, and which are there again.

        Each silence is told once, those of one round in one notice. When every source fails, the network is at fault,
        and that is told once.
        """
        known = self.visits.told()
        states = [(source, one) for source, one in self.pulses() if source.enabled]
        silent = [(source, one) for source, one in states if one.trouble and source.id not in known]
        better = [
            (source, one)
            for source, one in states
            if source.id in known and one.health in (Health.FINE, Health.UNCHANGED)
        ]
        if silent:
            now = self._clock()
            named = [(source.id, source.name, one) for source, one in silent]
            if _is_everything([one for source, one in states if not source.brought]):
                said = notices.all_silent(named, now)
            elif len(named) > 1:
                said = notices.sources_silent(named, now)
            else:
                said = notices.source_silent(*named[0], now)
            self.visits.tell({source.id: one.health.value for source, one in silent}, [said])
        if better:
            back = notices.sources_back([(source.id, source.name) for source, _ in better], self._clock())
            self.visits.tell({source.id: "" for source, _ in better}, [back])

    def _visits(self, now: dt.datetime) -> dict[str, list[Visit]]:
        return self.visits.every(now - LOOK_BACK)


def _is_everything(states: Sequence[Pulse]) -> bool:
    """Whether nothing has been collected since most sources began to fail; some are asked once a day only."""
    failing = [one.since for one in states if one.health is Health.FAILED and one.since]
    if len(failing) < 2 or len(failing) * 2 <= len(states):
        return False
    last = max(failing)
    return not any(one.succeeded and one.succeeded >= last for one in states)
