"""Searching: was this in an earlier issue, and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog

from pipeline.desk.room import Room
from pipeline.errors import StoreError
from pipeline.model import Found, Passage
from pipeline.steps.search import asked, marked, searchable, shown

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found, with what was asked for marked in it."""

    found: Found
    title: Passage
    passage: Passage
    """The part of its text that has most of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question found."""

    total: int
    """How many items have it, those that are not among `hits` too."""
    hits: tuple[Hit, ...] = ()


class Searching(Room):
    """Finds items of issues that are out."""

    def search(
        self,
        question: str,
        *,
        series: Collection[str] | None = None,
        year: int = 0,
        outlet: str = "",
        newest: bool = False,
        most: int = 20,
        after: int = 0,
    ) -> Answer:
        """The items that have all words of a question, those that have them in the title first.

        `series` are those that may be looked into, `None` for all; `year` is that of the issue, 0 for any; `outlet` a
        part of the outlet's name. A question without a letter or digit finds nothing.
        """
        phrases = asked(question)
        if not phrases:
            return Answer(0)
        total, found = self.entries.find(
            phrases,
            series=series,
            years=(year, year) if year else (1, 9999),
            outlet=outlet.strip(),
            newest=newest,
            most=most,
            after=after,
        )
        return Answer(total, tuple(Hit(one, marked(one.title, phrases), shown(one.text, phrases)) for one in found))

    def index_archive(self) -> None:
        """Makes good what the search does not know of issues that are out: those of an earlier release of the desk.

        One issue after the other: an archive of any length takes the memory of its longest issue.
        """
        for issue, revision in self.entries.missing():
            try:
                self.entries.keep(issue, revision, searchable(self.issues.release_of(issue, revision).issue))
            except StoreError as error:  # a damaged one must not hide the others
                log.error("an issue cannot be searched", issue=issue, revision=revision, why=error.message)
