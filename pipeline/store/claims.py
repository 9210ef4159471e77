"""Claims: of any number of desks that see the same work, one does it.

Neither a scheduler nor an orchestrator can promise "once": two of them run a job twice, a killed one loses it.
The database can. Whoever wants to make a window's draft (or to collect) first writes its claim, in one
statement that succeeds only if nobody works on it. A claim is

- a lease: it holds for some time and is renewed for as long as its owner lives, so that the work of one who
  was killed is free again;
- a fence: what the work comes to is kept in a transaction that first asks whether the claim is still its
  owner's, so that one who was thought dead and wakes up keeps nothing.

Leases count seconds of the database's own clock, which all desks share; whether work is due is a matter of the
desk's clock, by which windows are meant.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.errors import Superseded
from pipeline.model import BEIJING, Act, Claim, Deed, Progress, Work, Worker
from pipeline.store.audit import note
from pipeline.store.database import Database
from pipeline.store.schema import CLAIMS, PAUSES
from pipeline.store.values import utc

_DAY = 86_400.0
_SLACK = dt.timedelta(hours=1)  # a clock that was set back by less is only a clock that was set right


class Claims:
    """Who is at work on what, and which series rest."""

    def __init__(self, database: Database, lease_seconds: float) -> None:
        self._database = database
        self.lease_seconds = lease_seconds

    def take(
        self,
        work: Work,
        worker: Worker,
        now: dt.datetime,
        *,
        stale: dt.datetime | None = None,
        attempts: int | None = None,
        dead: str = "",
    ) -> Claim | None:
        """Claims work; `None` when it is somebody else's, or not to be done.

        By hand, without `stale`, everything may be claimed that nobody works on. The clock names the moment
        before which finished work no longer counts, and after how many attempts it leaves it to people, if ever.
        `dead` is an owner who is known not to live any more, whatever the lease says.
        """
        owner = uuid.uuid4().hex
        with self._database.write() as connection:
            seconds = self._database.seconds(connection)
            taken = {
                "state": Progress.RUNNING.value,
                "owner": owner,
                "who": worker.who,
                "home": worker.home,
                "process": worker.process,
                "since": seconds,
                "lease": seconds + self.lease_seconds,
                "retry": 0.0,
                "trouble": "",
            }
            insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(CLAIMS)
            free = self._free(seconds) | (CLAIMS.c.owner == dead)
            again = (CLAIMS.c.state == Progress.DONE.value) | sa.literal(stale is None)
            statement = (
                insert.values(**_key(work), **taken, attempt=1, finished="")
                .on_conflict_do_update(
                    index_elements=list(_key(work)),
                    set_={**taken, "attempt": sa.case((again, 1), else_=CLAIMS.c.attempt + 1)},
                    where=free & (_due(seconds, now, stale, attempts) if stale else sa.true()),
                )
                .returning(CLAIMS)
            )
            row = connection.execute(statement).first()
            return _claim(row, seconds, self.lease_seconds) if row else None

    def adopt(self, owner: str, worker: Worker) -> bool:
        """Notes who does the work from now on; says whether it is still the owner's."""
        values = {"who": worker.who, "home": worker.home, "process": worker.process}
        with self._database.write() as connection:
            return bool(connection.execute(sa.update(CLAIMS).where(_mine(owner)).values(values)).rowcount)

    def renew(self, owner: str) -> bool:
        """Gives a sign of life; says whether the work is still the owner's."""
        with self._database.write() as connection:
            lease = self._database.seconds(connection) + self.lease_seconds
            return bool(connection.execute(sa.update(CLAIMS).where(_mine(owner)).values(lease=lease)).rowcount)

    def lasted(self, claim: Claim) -> float:
        """How many seconds it is since work was claimed, by the database's clock."""
        with self._database.read() as connection:
            return self._database.seconds(connection) - claim.since.timestamp()

    def fail(self, owner: str, why: str, pause: dt.timedelta, *, counts: bool = True) -> None:
        """Gives work back undone; the clock does not take it up before the pause is over.

        What does not count uses no attempt up.
        """
        with self._database.write() as connection:
            retry = self._database.seconds(connection) + pause.total_seconds()
            failed = {"state": Progress.FAILED.value, "trouble": why, "retry": retry}
            used = CLAIMS.c.attempt - (0 if counts else 1)
            connection.execute(sa.update(CLAIMS).where(_mine(owner)).values(**failed, attempt=used))

    def finish(self, owner: str, now: dt.datetime) -> None:
        """Closes work that has nothing to keep; raises `Superseded` when it is no longer the owner's."""
        with self._database.write() as connection:
            close(connection, owner, now)

    def of(self, work: Work) -> Claim | None:
        """How a piece of work stands; `None` when nobody ever claimed it."""
        here = sa.and_(*(CLAIMS.c[column] == value for column, value in _key(work).items()))
        with self._database.read() as connection:
            row = connection.execute(sa.select(CLAIMS).where(here)).first()
            return _claim(row, self._database.seconds(connection), self.lease_seconds) if row else None

    def under(self, owner: str) -> Claim | None:
        """The claim of an owner; `None` when the work is somebody else's by now."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(CLAIMS).where(CLAIMS.c.owner == owner)).first()
            return _claim(row, self._database.seconds(connection), self.lease_seconds) if row else None

    def on(self, series: str) -> dict[dt.date, Claim]:
        """How the drafts of a series stand: first day of the window → claim."""
        query = sa.select(CLAIMS).where((CLAIMS.c.task == "generate") & (CLAIMS.c.series == series))
        with self._database.read() as connection:
            seconds = self._database.seconds(connection)
            return {
                dt.date.fromisoformat(row.window_start): _claim(row, seconds, self.lease_seconds)
                for row in connection.execute(query)
            }

    def paused(self) -> Mapping[str, str]:
        """Series that the clock leaves alone → the signed reason."""
        with self._database.read() as connection:
            return {row.series: f"{row.reason}（{row.who}）" for row in connection.execute(sa.select(PAUSES))}

    def pause(self, series: str, reason: str, who: str, now: dt.datetime) -> None:
        """Lets the clock leave a series alone."""
        with self._database.write() as connection:
            connection.execute(sa.delete(PAUSES).where(PAUSES.c.series == series))
            at = utc(now)
            connection.execute(sa.insert(PAUSES).values(series=series, reason=reason, who=who, at=at))
            note(connection, Deed(who, Act.DECIDED, now, series, f"暂停自动生成：{reason}"))

    def resume(self, series: str, who: str, now: dt.datetime) -> bool:
        """Lets the clock take a series up again; says whether it rested."""
        with self._database.write() as connection:
            paused = bool(connection.execute(sa.delete(PAUSES).where(PAUSES.c.series == series)).rowcount)
            if paused:
                note(connection, Deed(who, Act.DECIDED, now, series, "恢复自动生成"))
            return paused

    def _free(self, seconds: float) -> sa.ColumnElement[bool]:
        """Nobody works on it: a lease that ran out, or that no clock which was not set back could have given."""
        return (
            (CLAIMS.c.state != Progress.RUNNING.value)
            | (CLAIMS.c.lease < seconds)
            | (CLAIMS.c.lease > seconds + 2 * self.lease_seconds)
        )


def close(connection: sa.Connection, owner: str, now: dt.datetime) -> None:
    """Marks an owner's work as done, in the transaction that keeps it; raises `Superseded` when it lost it.

    Doing so twice is no error: whoever repeats a step that was kept already is still the owner.
    """
    mine = (CLAIMS.c.owner == owner) & (CLAIMS.c.state != Progress.FAILED.value)
    finished = utc(now)
    done = sa.update(CLAIMS).where(mine).values(state=Progress.DONE.value, finished=finished)
    if connection.execute(done).rowcount != 1:
        raise Superseded("这次生成中断过久，已由他人接手，本次结果不予保存。", "草稿以接手者的为准。")


def _due(seconds: float, now: dt.datetime, stale: dt.datetime, attempts: int | None) -> sa.ColumnElement[bool]:
    """What the clock may take up: unfinished with attempts left and its pause over, or finished too long ago."""
    before = utc(stale)
    # finished in the future: the clock was wrong then, and the window perhaps not over
    ahead = utc(now + _SLACK)
    done = CLAIMS.c.state == Progress.DONE.value
    rested = (CLAIMS.c.retry <= seconds) | (CLAIMS.c.retry > seconds + 2 * _DAY)
    return sa.case(
        (done, (CLAIMS.c.finished < before) | (CLAIMS.c.finished > ahead)),
        else_=rested if attempts is None else rested & (CLAIMS.c.attempt < attempts),
    )


def _key(work: Work) -> dict[str, str]:
    return {
        "task": work.task or ("generate" if work.series else "collect"),
        "series": work.series,
        "window_start": work.window.start.isoformat() if work.window else "",
    }


def _mine(owner: str) -> sa.ColumnElement[bool]:
    return (CLAIMS.c.owner == owner) & (CLAIMS.c.state == Progress.RUNNING.value)


def _claim(row: sa.Row[Any], seconds: float, lease_seconds: float) -> Claim:
    running = row.state == Progress.RUNNING.value
    return Claim(
        owner=row.owner,
        worker=Worker(row.who, row.home, row.process),
        attempt=row.attempt,
        progress=Progress(row.state),
        since=dt.datetime.fromtimestamp(row.since, BEIJING),
        alive=running and seconds <= row.lease <= seconds + 2 * lease_seconds,
        retry=dt.datetime.fromtimestamp(row.retry, BEIJING),
        finished=dt.datetime.fromisoformat(row.finished) if row.finished else None,
        trouble=row.trouble,
    )
