"""Notices: an outbox, so that what is kept and what is told cannot part.

A notice is written in the transaction of what it tells of, and sent later: at least once, and exactly once unless
the process dies between sending and marking. Whoever sends takes the notice first, so two senders at once (two
schedulers, or one and somebody at the command line) do not both tell it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.model import Event, Notice, Pointer, Tone
from pipeline.store.database import Database
from pipeline.store.schema import NOTICES
from pipeline.store.values import utc

_GIVE_UP = dt.timedelta(days=3)  # a draft that is told of later is one that somebody has found by himself
_FIRST_PAUSE = dt.timedelta(minutes=1)
_LONGEST_PAUSE = dt.timedelta(hours=6)
_AHEAD = dt.timedelta(hours=1)  # more than the clocks of two machines differ by that are right


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that not everybody has yet."""

    id: int
    notice: Notice
    tries: int
    told: tuple[str, ...]
    """Masked addresses of those who have it."""
    refused: tuple[str, ...] = ()
    """Of those who will not take it however often it is sent."""
    trouble: str = ""
    """Why it was not taken when it was last sent, in Chinese."""


class Notices:
    """What people are to be told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def post(self, notice: Notice) -> None:
        """Keeps a notice to be sent; one with the same key is kept already."""
        with self._database.write() as connection:
            post(connection, notice)

    def waiting(self, now: dt.datetime) -> list[Waiting]:
        """What is to be sent at `now`, oldest first; what failed waits ever longer, up to six hours."""
        query = sa.select(NOTICES).where(NOTICES.c.settled == "").order_by(NOTICES.c.id)
        with self._database.read() as connection:
            return [_waiting(row) for row in connection.execute(query) if _is_due(row.tries, row.tried, now)]

    def take(self, one: Waiting, now: dt.datetime) -> bool:
        """Whether this sender is the one to send it; if it dies over it, the notice is due again after its pause."""
        mine = (NOTICES.c.id == one.id) & (NOTICES.c.tries == one.tries) & (NOTICES.c.settled == "")
        with self._database.write() as connection:
            taken = sa.update(NOTICES).where(mine).values(tries=one.tries + 1, tried=utc(now))
            return bool(connection.execute(taken).rowcount)

    def told(self, notice: int, who: str) -> None:
        """Keeps that one target has it."""
        here = NOTICES.c.id == notice
        with self._database.write() as connection:
            before = connection.execute(sa.select(NOTICES.c.told).where(here)).scalar_one()
            connection.execute(sa.update(NOTICES).where(here).values(told=[*before, who]))

    def refused(self, notice: int, who: str, why: str) -> None:
        """Keeps that one target will never take it; the others may."""
        here = NOTICES.c.id == notice
        with self._database.write() as connection:
            before = connection.execute(sa.select(NOTICES.c.refused).where(here)).scalar_one()
            values = {"refused": [*before, who], "trouble": why, "given_up": True}
            connection.execute(sa.update(NOTICES).where(here).values(values))

    def sent(self, notice: int, now: dt.datetime) -> None:
        """Keeps that everybody has it who takes it."""
        with self._database.write() as connection:
            connection.execute(sa.update(NOTICES).where(NOTICES.c.id == notice).values(settled=utc(now)))

    def failed(self, notice: int, why: str, now: dt.datetime) -> bool:
        """Leaves a notice for a later try; says whether it was given up instead, three days after it was posted."""
        here = NOTICES.c.id == notice
        with self._database.write() as connection:
            connection.execute(sa.update(NOTICES).where(here).values(trouble=why))
            old = here & (NOTICES.c.at <= utc(now - _GIVE_UP))
            given_up = sa.update(NOTICES).where(old).values(settled=utc(now), given_up=True)
            return bool(connection.execute(given_up).rowcount)

    def lost(self) -> list[Waiting]:
        """What somebody never got, oldest first."""
        query = sa.select(NOTICES).where(NOTICES.c.given_up).order_by(NOTICES.c.id)
        with self._database.read() as connection:
            return [_waiting(row) for row in connection.execute(query)]


def post(connection: sa.Connection, notice: Notice) -> None:
    """Keeps a notice in a transaction that somebody else began."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values: dict[str, Any] = {
        "key": notice.key,
        "event": notice.event.value,
        "series": notice.series,
        "title": notice.title,
        "text": notice.text,
        "at": utc(notice.when),
        "tries": 0,
        "tried": "",
        "told": [],
        "settled": "",
        "given_up": False,
        "tone": notice.tone.value,
        "words": notice.pointer.words if notice.pointer else "",
        "page": notice.pointer.page if notice.pointer else "",
        "command": notice.pointer.command if notice.pointer else "",
        "trouble": "",
        "refused": [],
    }
    connection.execute(insert(NOTICES).values(values).on_conflict_do_nothing(index_elements=[NOTICES.c.key]))


def _is_due(tries: int, tried: str, now: dt.datetime) -> bool:
    if not tries:
        return True
    pause = min(_FIRST_PAUSE * int(4 ** min(tries - 1, 8)), _LONGEST_PAUSE)
    then = dt.datetime.fromisoformat(tried)
    # tried in the future: the clock was wrong then, and what waits for that moment might wait for years
    return then + pause <= now or then > now + _AHEAD


def _waiting(row: sa.Row[tuple[object, ...]]) -> Waiting:
    notice = Notice(
        row.key,
        Event(row.event),
        row.title,
        row.text,
        dt.datetime.fromisoformat(row.at),
        row.series,
        Tone(row.tone or Tone.WARNING),
        Pointer(row.words, row.page, row.command) if row.words else None,
    )
    return Waiting(row.id, notice, row.tries, tuple(row.told), tuple(row.refused), row.trouble)
