"""Watching the sources: how each is doing, whose turn it is, what a draft lacks, and who is to be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog

from pipeline.config import Source
from pipeline.desk.room import Room
from pipeline.model import BEIJING, Event, Health, Notice, Pulse, Visit, Window, digest
from pipeline.steps.health import LOOK_BACK, coverage_gap, is_due, pulse, reason, told, trouble

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

        Each silence is told once. When every source fails, the network is at fault, and that is told once.
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
            if _is_everything([one for source, one in states if not source.brought]):
                notices = [self._all_silent(silent)]
            else:
                notices = [self._silent(source, one) for source, one in silent]
            self.visits.tell({source.id: one.health.value for source, one in silent}, notices)
        if better:
            self.visits.tell({source.id: "" for source, _ in better}, [self._back(better)])

    def _silent(self, source: Source, one: Pulse) -> Notice:
        since = one.since.astimezone(BEIJING) if one.since else self._clock()
        return Notice(
            # two who look at once know of the same beginning, and so tell the same
            key=f"{Event.SOURCE_SILENT}:{source.id}:{one.health}:{since.isoformat()}",
            event=Event.SOURCE_SILENT,
            title=f"信源“{source.name}”{trouble(one)}",
            text=f"信源：{source.name}（{source.id}）\n原因：{reason(one.because)}\n自：{since:%Y-%m-%d %H:%M}\n"
            "其他信源照常采集，草稿会列出未能采集的来源；这个信源恢复之前不再提醒。\n"
            f"看一看它现在给出什么：bulletin sources check {source.id}\n试采一次：bulletin collect {source.id}",
            when=self._clock(),
        )

    def _all_silent(self, silent: Sequence[tuple[Source, Pulse]]) -> Notice:
        causes = sorted({reason(one.because) for _, one in silent})[:3]
        since = min(one.since for _, one in silent if one.since)
        return Notice(
            key=f"{Event.SOURCE_SILENT}:all:{since.isoformat()}:{digest(*(source.id for source, _ in silent))[:8]}",
            event=Event.SOURCE_SILENT,
            title="所有信源都未能采集，可能是网络不通",
            text=f"信源：{len(silent)} 个，包括{'、'.join(source.name for source, _ in silent[:3])}\n"
            f"原因：{'；'.join(causes)}\n自：{since.astimezone(BEIJING):%Y-%m-%d %H:%M}\n"
            "请先检查这台机器的网络和代理；恢复之前不再提醒。\n检查：bulletin doctor",
            when=self._clock(),
        )

    def _back(self, better: Sequence[tuple[Source, Pulse]]) -> Notice:
        now = self._clock()
        names = "、".join(source.name for source, _ in better)
        return Notice(
            key=f"{Event.SOURCE_SILENT}:back:{now.isoformat()}:{digest(*(source.id for source, _ in better))[:8]}",
            event=Event.SOURCE_SILENT,
            title=f"信源恢复：{names}" if len(better) < 4 else f"{len(better)} 个信源恢复",
            text=f"又能采集了：{names}\n中断期间可能有遗漏，草稿会注明。",
            when=now,
        )

    def _visits(self, now: dt.datetime) -> dict[str, list[Visit]]:
        return self.visits.every(now - LOOK_BACK)


def _is_everything(states: Sequence[Pulse]) -> bool:
    """Whether nothing has been collected since most sources began to fail; some are asked once a day only."""
    failing = [one.since for one in states if one.health is Health.FAILED and one.since]
    if len(failing) < 2 or len(failing) * 2 <= len(states):
        return False
    last = max(failing)
    return not any(one.succeeded and one.succeeded >= last for one in states)
