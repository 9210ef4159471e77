"""What editors say, after an issue is out, of stories that it does not carry: every word is kept, the last counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from pipeline.model import Act, Deed, Hindsight
from pipeline.store.audit import note
from pipeline.store.database import Database
from pipeline.store.schema import ISSUES, MISSED
from pipeline.store.values import kept, utc


class Hindsights:
    """What was said of each issue afterwards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, issue: int) -> list[Hindsight]:
        """All that was said of an issue, oldest first."""
        query = sa.select(MISSED).where(MISSED.c.issue == issue).order_by(MISSED.c.id)
        with self._database.read() as connection:
            return [_hindsight(row) for row in connection.execute(query)]

    def standing(self) -> dict[int, list[Hindsight]]:
        """What counts of all that was said, by issue: the last word on each article."""
        newest = sa.select(sa.func.max(MISSED.c.id)).group_by(MISSED.c.issue, MISSED.c.article)
        query = sa.select(MISSED).where(MISSED.c.id.in_(newest)).order_by(MISSED.c.id)
        found: dict[int, list[Hindsight]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(row.issue, []).append(_hindsight(row))
        return found

    def keep(self, issue: int, said: Hindsight) -> None:
        """Keeps what somebody says of an issue, with its row of the audit log."""
        with self._database.write() as connection:
            of = connection.execute(sa.select(ISSUES).where(ISSUES.c.id == issue)).one()
            connection.execute(
                sa.insert(MISSED).values(
                    issue=issue,
                    article=said.article,
                    title=kept(said.title),
                    missed=said.missed,
                    reason=kept(said.reason),
                    who=kept(said.who),
                    at=utc(said.when),
                )
            )
            told = f"{said.chinese}《{said.title}》" + (f"：{said.reason}" if said.reason else "")
            note(connection, Deed(said.who, Act.DECIDED, said.when, f"{of.series} {of.window_start}", told))


def _hindsight(row: sa.Row[Any]) -> Hindsight:
    return Hindsight(row.article, row.title, row.missed, row.who, dt.datetime.fromisoformat(row.at), row.reason)
