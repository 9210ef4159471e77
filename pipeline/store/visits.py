"""The log of visits to sources, of which trouble people were told, and which hosts asked to be left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from pipeline.model import Notice, Outcome, Visit
from pipeline.store.database import Database
from pipeline.store.notices import post
from pipeline.store.schema import HOSTS, SOURCES, VISITS
from pipeline.store.values import utc

_KEPT = dt.timedelta(days=180)
_GOOD = (Outcome.OK.value, Outcome.UNCHANGED.value)


class Visits:
    """What visits to sources came to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, source: str, most: int = 0) -> list[Visit]:
        """The visits to a source, oldest first; with `most` the last ones only."""
        query = sa.select(VISITS).where(VISITS.c.source == source).order_by(VISITS.c.at.desc(), VISITS.c.id.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.limit(most) if most else query).all()
        return [_visit(row) for row in reversed(rows)]

    def newest(self) -> int:
        """The number of the last visit; as long as it is the same, no source was visited."""
        with self._database.read() as connection:
            return connection.execute(sa.select(sa.func.max(VISITS.c.id))).scalar() or 0

    def every(self, since: dt.datetime) -> dict[str, list[Visit]]:
        """The visits to each source since a moment, oldest first.

        Besides, whenever it was, the last one that went well and the last that gave something new.
        """
        newest = sa.select(sa.func.max(VISITS.c.id)).group_by(VISITS.c.source)
        wanted = (
            (VISITS.c.at >= utc(since))
            | VISITS.c.id.in_(newest.where(VISITS.c.outcome.in_(_GOOD)))
            | VISITS.c.id.in_(newest.where(VISITS.c.fresh > 0))
        )
        found: dict[str, list[Visit]] = {}
        with self._database.read() as connection:
            for row in connection.execute(sa.select(VISITS).where(wanted).order_by(VISITS.c.at, VISITS.c.id)):
                found.setdefault(row.source, []).append(_visit(row))
        return found

    def told(self) -> dict[str, str]:
        """The sources of whose trouble people know: id → which trouble."""
        with self._database.read() as connection:
            return {row.id: row.told for row in connection.execute(sa.select(SOURCES).where(SOURCES.c.told != ""))}

    def shut(self, now: dt.datetime) -> dict[str, dt.datetime]:
        """The hosts that asked to be left alone for longer than until now (host → until when)."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(HOSTS).where(HOSTS.c.shut_until > utc(now))).all()
        return {row.host: dt.datetime.fromisoformat(row.shut_until) for row in rows}

    def shutting(self, host: str, until: dt.datetime) -> None:
        """Keeps that a host asked to be left alone."""
        with self._database.write() as connection:
            connection.execute(sa.delete(HOSTS).where(HOSTS.c.host == host))
            connection.execute(sa.insert(HOSTS).values(host=host, shut_until=utc(until)))

    def tell(self, troubles: Mapping[str, str], notices: Sequence[Notice]) -> bool:
        """Posts what people are to know of sources, and keeps that they do (id → trouble, empty for none any more).

        Nothing is done, and `False` returned, when somebody else has told of one of them meanwhile.
        """
        with self._database.write() as connection:
            query = sa.select(SOURCES.c.id, SOURCES.c.told).where(SOURCES.c.id.in_(troubles))
            if any(bool(row.told) == bool(troubles[row.id]) for row in connection.execute(query)):
                return False
            for source, trouble in troubles.items():
                connection.execute(sa.update(SOURCES).where(SOURCES.c.id == source).values(told=trouble))
            for notice in notices:
                post(connection, notice)
            return True


def log(connection: sa.Connection, visit: Visit) -> None:
    """Keeps a visit in a transaction that somebody else began, and drops those of half a year ago.

    A visit that was kept already, of the same source and moment, is replaced. The last one that
    went well and the last that gave something new stay: they say since when a source is silent.
    """
    # looked for before and dropped after: whoever waits for a newer number must see that there is one
    same = (VISITS.c.source == visit.source) & (VISITS.c.at == utc(visit.when))
    replaced = list(connection.execute(sa.select(VISITS.c.id).where(same)).scalars())
    connection.execute(
        sa.insert(VISITS).values(
            source=visit.source,
            at=utc(visit.when),
            outcome=visit.outcome.value,
            because=visit.because,
            leads=visit.leads,
            fresh=visit.fresh,
            pages=visit.pages,
            failed=visit.failed,
            seconds=visit.seconds,
        )
    )
    if replaced:
        connection.execute(sa.delete(VISITS).where(VISITS.c.id.in_(replaced)))
    newest = sa.select(sa.func.max(VISITS.c.id)).where(VISITS.c.source == visit.source)
    good = newest.where(VISITS.c.outcome.in_(_GOOD))
    connection.execute(
        sa.delete(VISITS).where(
            (VISITS.c.source == visit.source)
            & (VISITS.c.at < utc(visit.when - _KEPT))
            & (VISITS.c.id != sa.func.coalesce(good.scalar_subquery(), 0))
            & (VISITS.c.id != sa.func.coalesce(newest.where(VISITS.c.fresh > 0).scalar_subquery(), 0))
        )
    )


def _visit(row: sa.Row[tuple[object, ...]]) -> Visit:
    return Visit(
        row.source,
        dt.datetime.fromisoformat(row.at),
        Outcome(row.outcome),
        row.because,
        row.leads,
        row.fresh,
        row.pages,
        row.failed,
        row.seconds,
    )
