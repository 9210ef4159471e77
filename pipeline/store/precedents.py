"""What was decided about the articles of issues that are out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from pipeline.model import Precedent, Ruling, Window
from pipeline.store.database import Database
from pipeline.store.schema import ISSUES, PRECEDENTS, RELEASES


class Rulings:
    """The decisions of earlier issues; what an issue decides is kept as it goes out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Ruling]:
        """Every decision of every issue that is out and was not withdrawn, by series and number."""
        query = (
            sa.select(PRECEDENTS, ISSUES.c.series, ISSUES.c.number, ISSUES.c.window_start, ISSUES.c.window_end)
            .join(ISSUES, (PRECEDENTS.c.issue == ISSUES.c.id) & ~ISSUES.c.withdrawn)
            .order_by(ISSUES.c.series, ISSUES.c.number, PRECEDENTS.c.handle)
        )
        with self._database.read() as connection:
            return [
                Ruling(
                    row.handle,
                    tuple(row.words),
                    Precedent(
                        row.series,
                        Window(dt.date.fromisoformat(row.window_start), dt.date.fromisoformat(row.window_end)),
                        row.title,
                        row.included,
                        0.0,
                        row.reason,
                        row.number,
                    ),
                )
                for row in connection.execute(query)
            ]

    def missing(self) -> list[int]:
        """The issues that went out before decisions were kept, or that decided nothing."""
        query = sa.select(RELEASES.c.issue).where(RELEASES.c.issue.not_in(sa.select(PRECEDENTS.c.issue))).distinct()
        with self._database.read() as connection:
            return sorted(connection.execute(query).scalars())

    def make_good(self, issue: int, revision: int, rulings: Sequence[Ruling]) -> None:
        """Keeps what an issue decided that is out already, as this revision of it has it."""
        with self._database.write() as connection:
            now = connection.execute(sa.select(ISSUES.c.released).where(ISSUES.c.id == issue)).scalar()
            if now == revision:  # else another revision has just come in its place, decisions and all
                rule(connection, issue, rulings)


def rule(connection: sa.Connection, issue: int, rulings: Sequence[Ruling]) -> None:
    """Keeps what an issue decides, in place of what it decided before, in a transaction that somebody else began."""
    connection.execute(sa.delete(PRECEDENTS).where(PRECEDENTS.c.issue == issue))
    rows = [
        {
            "issue": issue,
            "handle": one.handle,
            "title": one.precedent.title,
            "words": list(one.words),
            "included": one.precedent.included,
            "reason": one.precedent.reason,
        }
        for one in rulings
    ]
    if rows:
        connection.execute(sa.insert(PRECEDENTS), rows)
