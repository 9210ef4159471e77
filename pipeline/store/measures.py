"""How much there is of what, and since when: for who watches the desk from outside, in a few cheap questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.model import Progress
from pipeline.store.database import Database, version, versions
from pipeline.store.schema import CLAIMS, FATES, ISSUES, NOTICES, RUNS, VISITS


@dataclass(frozen=True, slots=True)
class Measured:
    """What the database says at one moment."""

    current: bool
    """Whether its schema is this release's."""
    size: int
    """Bytes."""
    issues: Mapping[tuple[str, str], int]
    """Series and state → drafts and issues."""
    attempted: Mapping[str, dt.datetime]
    """Series → when its last run began."""
    succeeded: Mapping[str, dt.datetime]
    """Series → when its last run ended that was no failure."""
    fates: Mapping[tuple[str, str], int]
    """Series and fate → leads of its last run that accounted for them."""
    seconds: Mapping[tuple[str, str], float]
    """Series and stage → what the stage took in that run."""
    working: Mapping[str, int]
    """Task → claims whose owners live."""
    visited: dt.datetime | None
    """When a source was asked last."""
    waiting: int
    """Notices that wait to be sent."""
    lost: int
    """Notices that somebody never got."""


class Measures:
    """Counts what is in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> Measured:
        """What there is now; no table is read whole but those of runs, issues and claims, which stay small."""
        with self._database.read() as connection:
            seconds = self._database.seconds(connection)
            good = sa.func.max(sa.case((RUNS.c.outcome.in_(("done", "degraded")), RUNS.c.finished)))
            last = sa.func.max(sa.case((RUNS.c.accounted, RUNS.c.id)))
            runs = connection.execute(
                sa.select(
                    RUNS.c.series, sa.func.max(RUNS.c.started).label("began"), good.label("good"), last.label("last")
                ).group_by(RUNS.c.series)
            ).all()
            named = {row.last: row.series for row in runs if row.last}
            fates = connection.execute(
                sa.select(FATES.c.run, FATES.c.fate, sa.func.count().label("leads"))
                .where(FATES.c.run.in_(named))
                .group_by(FATES.c.run, FATES.c.fate)
            ).all()
            took = connection.execute(sa.select(RUNS.c.id, RUNS.c.seconds).where(RUNS.c.id.in_(named))).all()
            issues = connection.execute(
                sa.select(ISSUES.c.series, ISSUES.c.state, sa.func.count().label("issues")).group_by(
                    ISSUES.c.series, ISSUES.c.state
                )
            ).all()
            alive = (CLAIMS.c.state == Progress.RUNNING.value) & (CLAIMS.c.lease >= seconds)
            claims = connection.execute(
                sa.select(CLAIMS.c.task, sa.func.count().label("claims")).where(alive).group_by(CLAIMS.c.task)
            ).all()
            visited = connection.execute(sa.select(sa.func.max(VISITS.c.at))).scalar()
            waiting, lost = connection.execute(
                sa.select(
                    sa.func.count().filter(NOTICES.c.settled == ""), sa.func.count().filter(NOTICES.c.given_up)
                ).select_from(NOTICES)
            ).one()
            return Measured(
                current=version(connection) == versions()[-1],
                size=_size(connection),
                issues={(row.series, row.state): row.issues for row in issues},
                attempted={row.series: dt.datetime.fromisoformat(row.began) for row in runs},
                succeeded={row.series: dt.datetime.fromisoformat(row.good) for row in runs if row.good},
                fates={(named[row.run], row.fate): row.leads for row in fates},
                seconds={(named[row.id], stage): took for row in took for stage, took in row.seconds.items()},
                working={row.task: row.claims for row in claims},
                visited=dt.datetime.fromisoformat(visited) if visited else None,
                waiting=int(waiting),
                lost=int(lost),
            )


def _size(connection: sa.Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
    pages, size = (connection.execute(sa.text(f"PRAGMA {one}")).scalar_one() for one in ("page_count", "page_size"))
    return int(pages) * int(size)
