"""Full-text search over the issues that are out: the items of every revision that was put out, found by their terms.

An index finds the items that have every term of a question, in whatever order; whether these stand together is then
looked for in the text. What each kind of database does for the index stands in `sqlite` and `postgresql`; what is
found is the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.model import Found, Phrase, Searchable, Window
from pipeline.store.database import Database
from pipeline.store.schema import ENTRIES, ISSUES, RELEASES
from pipeline.store.values import kept

_STANDS = (ENTRIES.c.issue == ISSUES.c.id) & (ENTRIES.c.revision == ISSUES.c.released)
_OUT = (ISSUES.c.released > 0) & ~ISSUES.c.withdrawn


@dataclass(frozen=True, slots=True)
class Outline:
    """An issue of the archive without what is in it: what a list of issues shows."""

    id: int
    series: str
    number: int
    window: Window
    revision: int
    """The one that was put out last."""
    withdrawn: bool
    corrections: int
    """How often it was put right since it came out."""
    files: Mapping[str, str]
    """File name → blob; none for an issue that was put out elsewhere."""
    titles: tuple[str, ...]


class Search:
    """Finds items of issues that are out; of each issue only the revision that stands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        phrases: Sequence[Phrase],
        *,
        series: Collection[str] | None = None,
        years: tuple[int, int] = (1, 9999),
        outlet: str = "",
        newest: bool = False,
        most: int = 20,
        after: int = 0,
    ) -> tuple[int, list[Found]]:
        """How many items have all `phrases`, and `most` of them `after` so many others.

        `series` are those that may be looked into, `None` for all; `years` are those of the issues' last days, both
        included; `outlet` is a part of an outlet's name. Those with the phrases in their titles come first unless the
        `newest` are wanted.
        """
        entitled = sa.and_(sa.true(), *(_has(ENTRIES.c.head, one.text) for one in phrases))
        query = (
            sa.select(ENTRIES.c.id, ISSUES.c.series, ISSUES.c.number, ISSUES.c.window_start, ISSUES.c.window_end)
            .add_columns(entitled.label("entitled"), sa.func.count().over().label("total"))
            .join(ISSUES, _STANDS)
            .where(_OUT, ISSUES.c.window_end >= f"{years[0]:04}-01-01", ISSUES.c.window_end <= f"{years[1]:04}-12-31")
        )
        if phrases and (wanted := self._database.having(ENTRIES.c.id, phrases)) is not None:
            query = query.where(wanted)
        query = query.where(*(_has(ENTRIES.c.folded, one.text) for one in phrases if not one.settled))
        if series is not None:
            query = query.where(ISSUES.c.series.in_(sorted(series)))
        if outlet:
            query = query.where(_has(ENTRIES.c.outlet, outlet))
        query = query.order_by(*(() if newest else (entitled.desc(),)), ISSUES.c.window_end.desc())
        query = query.order_by(ISSUES.c.series, ENTRIES.c.position).limit(most).offset(after)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            of = sa.select(ENTRIES).where(ENTRIES.c.id.in_([row.id for row in rows]))
            entries = {row.id: row for row in connection.execute(of)}
        return (rows[0].total if rows else 0), [_found(row, entries[row.id]) for row in rows]

    def years(self, series: Collection[str] | None = None) -> list[int]:
        """The years that have issues, latest first."""
        query = sa.select(sa.func.substr(ISSUES.c.window_end, 1, 4)).where(ISSUES.c.released > 0).distinct()
        if series is not None:
            query = query.where(ISSUES.c.series.in_(sorted(series)))
        with self._database.read() as connection:
            return sorted(map(int, connection.execute(query).scalars()), reverse=True)

    def outlines(
        self, series: Collection[str] | None = None, *, year: int = 0, number: int | None = None
    ) -> list[Outline]:
        """The issues of the archive, the withdrawn ones too, the latest of each series first; of one year or number.

        Nothing is read but lists of names: a hundred issues take some milliseconds.
        """
        before = RELEASES.alias()
        corrections = (
            sa.select(sa.func.count())
            .where(before.c.issue == ISSUES.c.id, before.c.revision < ISSUES.c.released)
            .scalar_subquery()
        )
        last = (RELEASES.c.issue == ISSUES.c.id) & (RELEASES.c.revision == ISSUES.c.released)
        query = sa.select(ISSUES, RELEASES.c.files, corrections.label("corrections")).join(RELEASES, last)
        titles = sa.select(ENTRIES.c.issue, ENTRIES.c.title).join(ISSUES, _STANDS)
        for wanted, value in (
            (ISSUES.c.series.in_(sorted(series or ())), series is not None),
            (ISSUES.c.window_end.startswith(f"{year:04}-"), year),
            (ISSUES.c.number == number, number is not None),
        ):
            query, titles = (query.where(wanted), titles.where(wanted)) if value else (query, titles)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(ISSUES.c.series, ISSUES.c.number.desc())).all()
            of: dict[int, list[str]] = {}
            for issue, title in connection.execute(titles.order_by(ENTRIES.c.issue, ENTRIES.c.position)).tuples():
                of.setdefault(issue, []).append(title)
        return [
            Outline(
                id=row.id,
                series=row.series,
                number=row.number,
                window=_window(row),
                revision=row.released,
                withdrawn=row.withdrawn,
                corrections=row.corrections if row.files else 0,  # an import that was made anew corrects nothing
                files=row.files,
                titles=tuple(of.get(row.id, ())),
            )
            for row in rows
        ]

    def missing(self) -> list[tuple[int, int]]:
        """Issues that are out and whose items are not here: id and revision."""
        query = (
            sa.select(RELEASES.c.issue, RELEASES.c.revision)
            .outerjoin(ENTRIES, (ENTRIES.c.issue == RELEASES.c.issue) & (ENTRIES.c.revision == RELEASES.c.revision))
            .where(ENTRIES.c.id.is_(None))
            .order_by(RELEASES.c.issue, RELEASES.c.revision)
        )
        with self._database.read() as connection:
            return [(row.issue, row.revision) for row in connection.execute(query)]

    def keep(self, issue: int, revision: int, items: Sequence[Searchable]) -> None:
        """Keeps the items of a revision that was put out, unless they are here."""
        with self._database.write() as connection:
            index(self._database, connection, issue, revision, items)


def index(
    database: Database, connection: sa.Connection, issue: int, revision: int, items: Sequence[Searchable]
) -> None:
    """Keeps the items of a revision in a transaction that somebody else began: the one that puts it out."""
    here = (ENTRIES.c.issue == issue) & (ENTRIES.c.revision == revision)
    if not items or connection.execute(sa.select(ENTRIES.c.id).where(here)).first():
        return
    connection.execute(
        sa.insert(ENTRIES),
        [
            {
                "issue": issue,
                "revision": revision,
                "position": one.position,
                "outlet": one.outlet,
                "head": one.head,
                "folded": one.folded,
                "title": one.title,
                "date": one.date,
                "url": one.url,
                "text": one.text,
            }
            for one in items
        ],
    )
    places = dict(connection.execute(sa.select(ENTRIES.c.position, ENTRIES.c.id).where(here)).tuples().all())
    database.learn(connection, [(places[one.position], one.terms) for one in items])


def _has(column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
    for mark in "/%_":
        text = text.replace(mark, f"/{mark}")
    return column.contains(sa.literal(kept(text), sa.Text()), escape="/")  # a parameter has no collation of its own


def _found(row: sa.Row[tuple[object, ...]], entry: sa.Row[tuple[object, ...]]) -> Found:
    return Found(
        series=row.series,
        number=row.number,
        window=_window(row),
        position=entry.position,
        title=entry.title,
        outlet=entry.outlet,
        date=entry.date,
        url=entry.url,
        text=entry.text,
        entitled=bool(row.entitled),
    )


def _window(row: sa.Row[tuple[object, ...]]) -> Window:
    return Window(dt.date.fromisoformat(row.window_start), dt.date.fromisoformat(row.window_end))
