"""The audit log: who did what, in rows that are chained, so that none is changed or taken away unseen.

A row is written in the transaction of what it tells of, where the store keeps both. Each holds the hash of the one
before it and its own over all that stands in it; rows are numbered without gaps. What a chain cannot show is that its
last rows were cut off together, or that all of it was written anew by somebody who may write the database.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from pipeline.model import Act, Deed, digest
from pipeline.store.database import Database
from pipeline.store.schema import AUDIT
from pipeline.store.values import kept, utc

_AT_ONCE = 2000  # rows; a year of an office has some ten thousand


class Audit:
    """What people and programs did."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, deed: Deed) -> None:
        """Keeps a row about something that the store itself does not keep."""
        with self._database.write() as connection:
            note(connection, deed)

    def last(self, who: str = "") -> int:
        """The place of the last row, or of the last of somebody; 0 when there is none."""
        query = sa.select(sa.func.max(AUDIT.c.id))
        with self._database.read() as connection:
            return int(connection.execute(query.where(AUDIT.c.who == who) if who else query).scalar() or 0)

    def newest(self, count: int, *, before: int = 0, who: str = "", act: str = "") -> list[Deed]:
        """The last `count` rows, newest first; those before a place, of one person, of one act."""
        query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(count)
        for wanted, condition in ((before, AUDIT.c.id < before), (who, AUDIT.c.who == who), (act, AUDIT.c.act == act)):
            query = query.where(condition) if wanted else query
        with self._database.read() as connection:
            return [_deed(row) for row in connection.execute(query)]

    def people(self) -> list[str]:
        """Everybody who stands in the log."""
        with self._database.read() as connection:
            return list(connection.execute(sa.select(AUDIT.c.who).distinct().order_by(AUDIT.c.who)).scalars())

    def targets(self, act: Act) -> list[str]:
        """What an act was about, every time."""
        query = sa.select(AUDIT.c.target).where(AUDIT.c.act == act.value).order_by(AUDIT.c.id)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def broken(self) -> Deed | None:
        """The first row that is not as it was written, or that does not follow on the one before it."""
        last, previous = 0, ""
        while True:
            query = sa.select(AUDIT).where(AUDIT.c.id > last).order_by(AUDIT.c.id).limit(_AT_ONCE)
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                whole = _hash(row.previous, row.id, row.at, row.who, row.act, row.target, row.detail)
                if (row.id, row.previous, row.hash) != (last + 1, previous, whole):
                    return _deed(row)
                last, previous = row.id, row.hash
            if len(rows) < _AT_ONCE:
                return None


def note(connection: sa.Connection, deed: Deed) -> None:
    """Appends a row, in the transaction of what it tells of; there is one writer at a time."""
    newest = sa.select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)
    before = connection.execute(newest).first()
    row: dict[str, Any] = {
        "id": before.id + 1 if before else 1,
        "at": utc(deed.when),
        "who": kept(deed.who),
        "act": deed.act.value,
        "target": kept(deed.target),
        "detail": kept(deed.detail),
    }
    previous = before.hash if before else ""
    connection.execute(sa.insert(AUDIT).values(**row, previous=previous, hash=_hash(previous, *row.values())))


def _hash(*parts: object) -> str:
    return digest(*(str(one) for one in parts))


def _deed(row: sa.Row[Any]) -> Deed:
    known = row.act if row.act in list(Act) else Act.ASKED  # else somebody changed it, which `broken` says
    return Deed(row.who, Act(known), dt.datetime.fromisoformat(row.at), row.target, row.detail, row.id)
