"""Signs that what runs by itself gave last: that the clock looked, that a log could not be written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.store.database import Database
from pipeline.store.schema import SIGNS
from pipeline.store.values import utc


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of one thing."""

    when: dt.datetime
    told: str
    """What it said."""


class Signs:
    """The last sign of each thing; an earlier one is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, name: str, told: str, now: dt.datetime) -> None:
        """Keeps a sign in the place of the last."""
        with self._database.write() as connection:
            connection.execute(sa.delete(SIGNS).where(SIGNS.c.name == name))
            connection.execute(sa.insert(SIGNS).values(name=name, at=utc(now), told=told))

    def last(self, name: str) -> Sign | None:
        """The last sign of something; `None` when it never gave any."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(SIGNS).where(SIGNS.c.name == name)).first()
        return Sign(dt.datetime.fromisoformat(row.at), row.told) if row else None

    def forget(self, name: str) -> None:
        """Takes a sign away."""
        with self._database.write() as connection:
            connection.execute(sa.delete(SIGNS).where(SIGNS.c.name == name))
