"""Trending: what the issues that are out were about, over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

import structlog

from pipeline.desk.room import Room
from pipeline.errors import StoreError, UsageError
from pipeline.model import Counted, Issue, Release, Trends
from pipeline.steps.assemble import printed
from pipeline.steps.trends import Gazetteer, counted, shortened, trends
from pipeline.store import Outline

log = structlog.get_logger("pipeline.desk")

_IN_ANNEX = 8
"""Names of each facet in a document; the page and the tables have all."""


class Trending(Room):
    """Counts what was released and imported; what was withdrawn does not count."""

    @cached_property
    def _gazetteer(self) -> Gazetteer:
        return Gazetteer(self.config.scope.places.values(), self.config.outlets)

    @cached_property
    def _counts(self) -> dict[tuple[int, int], Counted]:
        """Issue and revision → what it carried: what is out never changes, and each takes 2 ms and more to count."""
        return {}

    def trends(self, series: str, first: str = "", last: str = "", *, number: int = 0) -> Trends | None:
        """What the issues of a series were about whose windows end from `first` to `last`; `None` without any.

        Both are months or days, as 2024-06 or 2024-06-30; with a `number` only that issue. Raises `UsageError` for
        what is neither.
        """
        begin, end = _days(first, dt.date.min)[0], _days(last, dt.date.max)[1]
        listed = self.entries.outlines({self.series(series).id}, number=number or None)
        out = [one for one in listed if begin <= one.window.end <= end and not one.withdrawn]
        found = self._counted(out)
        return trends(found) if found else None

    def annex_of(self, issue: Issue) -> Trends | None:
        """What the annex of an issue says: of it and of those before it; `None` where its series has none."""
        series = self.series(issue.series)
        if not series.annex:
            return None
        out = [one for one in self.entries.outlines({series.id}) if not one.withdrawn]
        before = sorted((one for one in out if one.window.start < issue.window.start), key=lambda one: one.window.start)
        run = self.runs.last(issue.series, issue.window)
        seen = self.runs.leads(run.id) if run else None
        this = counted(issue, self._gazetteer, self.config.outlets, seen=seen)
        earlier = self._counted(before[max(0, len(before) - series.annex + 1) :])
        return shortened(trends([*earlier, this]), _IN_ANNEX)

    def _counted(self, out: Sequence[Outline]) -> list[Counted]:
        missing = {one.id: one.revision for one in out if (one.id, one.revision) not in self._counts}
        for issue, release in self._read(missing).items():
            revision = release.revision or missing[issue]  # a correction may have come out meanwhile
            self._counts[issue, revision] = self._of(issue, revision, release)
        return [self._counts[one.id, one.revision] for one in out if (one.id, one.revision) in self._counts]

    def _read(self, issues: Collection[int]) -> dict[int, Release]:
        """These issues, at once; where one is damaged, the others: nobody could work on a draft with an annex."""
        try:
            return self.issues.those(issues)
        except StoreError as error:
            if len(issues) > 1:
                return {issue: one for each in issues for issue, one in self._read([each]).items()}
            log.error("an issue cannot be counted", issue=next(iter(issues)), why=error.message)
            return {}

    def _of(self, issue: int, revision: int, release: Release) -> Counted:
        made = release.issue
        if not any(item.topics for item in made.items):
            # put out before an issue kept its topics, or about none: its draft says which
            draft = self.issues.at_revision(issue, revision)
            told = (printed(draft, draft.candidate(item.handle)) for item in made.items)
            judged = {one.handle: one for one in told}
            made = replace(
                made,
                items=tuple(
                    replace(item, topics=judged[item.handle].topics, terms=judged[item.handle].terms)
                    for item in made.items
                ),
            )
        return counted(
            made,
            self._gazetteer,
            self.config.outlets,
            seen=release.tally.leads or None,
            imported=release.imported is not None,
        )


def _days(text: str, otherwise: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of the month or day that was written; `otherwise` for nothing."""
    text = text.strip()
    if not text:
        return otherwise, otherwise
    try:
        if len(text) == len("2024-06"):
            first = dt.date.fromisoformat(f"{text}-01")
            return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        return dt.date.fromisoformat(text), dt.date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"“{text}”不是月份或日期。", "写作 2024-06 或 2024-06-30。") from None
