"""Runs: what each one looked at, and what became of every lead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from pipeline.model import Fate, Window
from pipeline.store.claims import close
from pipeline.store.database import Database
from pipeline.store.schema import FATES, RUNS
from pipeline.store.values import utc


@dataclass(frozen=True, slots=True)
class Accounted:
    """What became of one lead in one run."""

    lead: int
    fate: Fate
    because: str = ""
    article: str = ""
    decides: bool = False
    """Whether a later decision about the article decides this lead's fate too."""
    ground: str = ""
    """Among which its like it is found, in Chinese; empty when the fate says it all."""
    score: float | None = None
    """How well its article was rated; `None` when that was not what settled it."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """What became of every lead in one run, and the claim under which it worked."""

    run: int
    leads: Sequence[Accounted]
    owner: str = ""
    """Empty for a run without a claim."""
    at: dt.datetime | None = None
    """When its work was done; needed with an owner."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the desk over one window."""

    id: int
    series: str
    window: Window
    engine: str
    started: dt.datetime
    owner: str = ""
    """The claim it works under."""
    silent: tuple[str, ...] = ()
    """Names of the sources that could not be collected."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Stage → seconds it took, of the stages that are over."""
    outcome: str = "running"
    """`running`, `done`, `degraded` (some sources failed) or `failed`; who was killed said nothing of its end."""


class Runs:
    """The log of runs; the audit trail of every lead's fate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, series: str, window: Window, engine: str, now: dt.datetime, owner: str = "") -> Run:
        """Opens a run, under the claim of `owner` if it is to keep something."""
        with self._database.write() as connection:
            key = connection.execute(
                sa.insert(RUNS).values(
                    series=series,
                    window_start=window.start.isoformat(),
                    window_end=window.end.isoformat(),
                    engine=engine,
                    started=utc(now),
                    outcome="running",
                    owner=owner,
                    silent=[],
                    seconds={},
                )
            ).inserted_primary_key
        assert key is not None
        return Run(int(key[0]), series, window, engine, now, owner)

    def get(self, run: int) -> Run:
        """An opened run."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(RUNS).where(RUNS.c.id == run)).one()
        return _run(row)

    def account(self, accounts: Accounts) -> None:
        """Keeps every lead's fate, in place of what an earlier try of the same run kept."""
        with self._database.write() as connection:
            keep(connection, accounts)

    def hear(self, run: int, silent: Sequence[str]) -> None:
        """Keeps which sources stayed silent."""
        with self._database.write() as connection:
            connection.execute(sa.update(RUNS).where(RUNS.c.id == run).values(silent=list(silent)))

    def advance(self, run: int, seconds: Mapping[str, float]) -> None:
        """Keeps which stages are over, so that others can see how far a run is."""
        with self._database.write() as connection:
            connection.execute(sa.update(RUNS).where(RUNS.c.id == run).values(seconds=dict(seconds)))

    def under(self, owner: str) -> Run | None:
        """The run that works, or worked, under a claim; `None` before it has begun."""
        query = sa.select(RUNS).where(RUNS.c.owner == owner).order_by(RUNS.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _run(row) if row else None

    def finish(self, run: int, outcome: str, seconds: Mapping[str, float], now: dt.datetime) -> None:
        """Closes a run: `done`, `degraded` (some sources failed) or `failed`."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(RUNS)
                .where(RUNS.c.id == run)
                .values(
                    outcome=outcome,
                    seconds=dict(seconds),
                    finished=utc(now),
                )
            )

    def fates(self, run: int) -> list[Accounted]:
        """Every lead's fate in a run, by lead."""
        query = sa.select(FATES).where(FATES.c.run == run).order_by(FATES.c.lead)
        with self._database.read() as connection:
            return [
                Accounted(row.lead, Fate(row.fate), row.because, row.article, row.decides, row.ground, row.score)
                for row in connection.execute(query)
            ]

    def leads(self, run: int) -> int:
        """How many leads a run accounted for."""
        query = sa.select(sa.func.count()).where(FATES.c.run == run)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def latest(self, series: str) -> dict[dt.date, Run]:
        """The last run over each window of a series that was to keep something: first day → run."""
        query = sa.select(RUNS).where((RUNS.c.series == series) & (RUNS.c.owner != "")).order_by(RUNS.c.id)
        with self._database.read() as connection:
            return {dt.date.fromisoformat(row.window_start): _run(row) for row in connection.execute(query)}

    def last(self, series: str, window: Window) -> Run | None:
        """The latest run over a window that accounted for its leads."""
        query = (
            sa.select(RUNS)
            .where((RUNS.c.series == series) & (RUNS.c.window_start == window.start.isoformat()) & RUNS.c.accounted)
            .order_by(RUNS.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _run(row) if row else None


def keep(connection: sa.Connection, accounts: Accounts) -> None:
    """Keeps every lead's fate in a transaction that somebody else began; with it the claim is done.

    Raises `Superseded` when the claim was lost, so that nothing of the transaction is kept.
    """
    if accounts.owner and accounts.at:
        close(connection, accounts.owner, accounts.at)
    connection.execute(sa.update(RUNS).where(RUNS.c.id == accounts.run).values(accounted=True))
    connection.execute(sa.delete(FATES).where(FATES.c.run == accounts.run))
    rows = [
        {
            "run": accounts.run,
            "lead": one.lead,
            "fate": one.fate.value,
            "because": one.because,
            "article": one.article,
            "decides": one.decides,
            "ground": one.ground,
            "score": one.score,
        }
        for one in accounts.leads
    ]
    if rows:
        connection.execute(sa.insert(FATES), rows)


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    return Run(
        row.id,
        row.series,
        Window(dt.date.fromisoformat(row.window_start), dt.date.fromisoformat(row.window_end)),
        row.engine,
        dt.datetime.fromisoformat(row.started),
        row.owner,
        tuple(row.silent),
        dict(row.seconds),
        row.outcome,
    )
