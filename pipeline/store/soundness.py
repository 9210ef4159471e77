"""What is kept held against the digests it was written with; read some rows at a time, so that writers get in between.

A check of the file's structure misses most flipped bits (79 of 200): these are found by what stands in the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.model import digest
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.schema import ARTICLES, CANDIDATES, MODELS, PAGES, PICTURES, POOLS, RELEASES, REVISIONS

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sound:
    """How many of something there are, and which are not as they were written."""

    count: int
    damaged: tuple[str, ...] = ()


def articles(database: Database) -> Sound:
    """Every article."""
    return _held(database, ARTICLES, ARTICLES.c.id, ARTICLES.c.content)


def models(database: Database) -> Sound:
    """Every model that was learned."""
    return _held(database, MODELS, MODELS.c.id, MODELS.c.content)


def candidates(database: Database) -> Sound:
    """Every candidate of a draft."""
    return _held(database, CANDIDATES, CANDIDATES.c.sha256, CANDIDATES.c.content)


def revisions(database: Database) -> Sound:
    """Every revision, with the list of candidates it names, and these candidates."""
    with database.read() as connection:
        known = set(connection.execute(sa.select(CANDIDATES.c.sha256)).scalars())
        pools = {
            row.sha256
            for row in connection.execute(sa.select(POOLS))
            if digest(*row.candidates.split()) == row.sha256 and known.issuperset(row.candidates.split())
        }
        issues = connection.execute(sa.select(REVISIONS.c.issue).distinct().order_by(REVISIONS.c.issue)).scalars().all()
    count, damaged = 0, []
    for issue in issues:
        query = sa.select(REVISIONS).where(REVISIONS.c.issue == issue).order_by(REVISIONS.c.revision)
        with database.read() as connection:
            rows = connection.execute(query).all()
        count += len(rows)
        for row in rows:
            if digest(row.draft) != row.sha256 or json.loads(row.draft)["pool"] not in pools:
                damaged.append(f"{row.issue}/{row.revision}")
    return Sound(count, tuple(damaged))


def _held(database: Database, table: sa.Table, key: sa.Column[str], content: sa.Column[str]) -> Sound:
    """Every row of a table whose digest stands beside its content, or is its name."""
    count, damaged, last = 0, list[str](), None
    while True:
        query = sa.select(key.label("key"), content.label("content"), table.c.sha256).order_by(key).limit(_AT_ONCE)
        with database.read() as connection:
            rows = connection.execute(query if last is None else query.where(key > last)).all()
        count += len(rows)
        damaged += [str(row.key) for row in rows if digest(row.content) != row.sha256]
        if len(rows) < _AT_ONCE:
            return Sound(count, tuple(damaged))
        last = rows[-1].key


def files(database: Database, blobs: Blobs) -> Sound:
    """Every blob of a page, a picture or a release."""
    count, damaged = 0, []
    for name, what in sorted(_named(database).items()):
        count += 1
        try:
            blobs.get(name)
        except StoreError:
            damaged.append(f"{what} {name}")
    return Sound(count, tuple(damaged))


def _named(database: Database) -> Mapping[str, str]:
    columns = ((PAGES.c.blob, "网页"), (PICTURES.c.original, "原图"), (PICTURES.c.blob, "配图"))
    found: dict[str, str] = {}
    with database.read() as connection:
        for column, what in columns:
            found |= dict.fromkeys(connection.execute(sa.select(column).where(column != "")).scalars(), what)
        for named in connection.execute(sa.select(RELEASES.c.files)).scalars():
            found |= dict.fromkeys(named.values(), "成品")
    return found


def of_articles(database: Database, ids: Iterator[str]) -> Iterator[str]:
    """Which of these articles are not as they were written."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        query = sa.select(ARTICLES.c.id, ARTICLES.c.content, ARTICLES.c.sha256)
        with database.read() as connection:
            rows = connection.execute(query.where(database.among(ARTICLES.c.id, wanted[start : start + _AT_ONCE])))
            yield from [str(row.id) for row in rows if digest(row.content) != row.sha256]
