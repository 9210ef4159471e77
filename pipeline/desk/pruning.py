"""Pruning: what no issue needs is forgotten, once it is old."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from pipeline.desk.admitting import Admitting
from pipeline.desk.claiming import Claiming
from pipeline.desk.relating import MARGIN
from pipeline.errors import DeskError
from pipeline.model import BEIJING, PRUNING, Weight
from pipeline.store import ORPHANED, Forgetting, Limits, Plan, swept, weights

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten, or may be."""

    limits: Limits
    plan: Plan
    idle: int = 0
    """Days that do not count among those that pages are kept for, because nothing was done in them."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Kind → how many rows, `bytes` of blobs and temporaries; empty when nothing was done."""
    spare: int = 0
    """Bytes of the database that are free now and filled first."""


class Pruning(Claiming, Admitting):
    """Forgets by the settings, and says how much there is of what."""

    def prune_daily(self) -> None:
        """Prunes, unless somebody does or did so within a day; one that fails keeps nothing else from being done.

        It is tried again after a pause; one that is broken off is made good by the next.
        """
        claim = self._taken(PRUNING, stale=self._clock() - dt.timedelta(days=1))
        if claim is None:
            return
        try:
            with self.held(claim):
                self.prune()
        except DeskError as error:
            self.give_back(PRUNING, claim.owner, error.message)
        else:
            self.claims.finish(claim.owner, self._clock())

    def prune(self, *, keep: bool = True) -> Pruned:
        """Forgets what no issue needs and `keep` in settings.yaml lets go; without `keep` it is only looked for."""
        now, forgetting = self._clock(), Forgetting(self._database, self._blobs)
        limits = self._limits(forgetting, now)
        days = self.config.settings.keep.pages_days
        idle = (now - dt.timedelta(days=days) - forgetting.ago(days, now)).days if days else 0
        plan = forgetting.plan(limits, self._needed() if limits.pages else ())
        if not keep:
            return Pruned(limits, plan, idle)
        gone: Counter[str] = Counter()
        for kind, count in forgetting.forget(plan, limits, now):
            gone[kind] += count
        self.staff.sweep(now, *self._lasting())
        gone["bytes"] += sum(swept(path, limits.orphans) for path in self._half_written())
        if idle:
            log.warning("days without a sign of life do not count; was the clock set ahead?", days=idle)
        log.info("pruned", **{kind: count for kind, count in gone.items() if count})
        return Pruned(limits, plan, idle, gone, forgetting.spare())

    def weights(self) -> list[Weight]:
        """How much there is of what, in the database and among the blobs."""
        return weights(self._database, self._blobs)

    def _limits(self, forgetting: Forgetting, now: dt.datetime) -> Limits:
        keep = self.config.settings.keep
        # what the clock has yet to make a draft of is not old, however long nobody was there
        due = [dt.datetime.combine(window.start, dt.time(), BEIJING) for _, window in self.due()]
        oldest = min(due, default=now) - dt.timedelta(days=MARGIN)

        def before(days: int) -> dt.datetime | None:
            return forgetting.ago(days, now) if days else None

        pages = before(keep.pages_days)
        return Limits(
            pages=min(pages, oldest) if pages else None,
            runs=before(keep.runs_days),
            notices=before(keep.notices_days),
            orphans=now - ORPHANED,
        )

    def _needed(self) -> set[str]:
        """The addresses of whatever was printed, and of whatever an editor may still print."""
        found = {item.url for release in self.issues.released() for item in release.issue.items}
        for series in self.config.series.values():
            for start, stand in self.issues.stand(series.id).items():
                if stand.state.open and (desked := self.issues.of_window(series.id, series.window_of(start))):
                    found |= {article.url for one in desked.draft.candidates for article in one.articles}
        return found

    def _half_written(self) -> Iterator[Path]:
        """Where a kill may have left what it was writing, beside the blobs."""
        for folder in (self.config.data, self.config.out, self.config.workspace / "templates"):
            yield from folder.glob(".*.part")
        yield from self.config.out.glob("*/.*.part")
