"""A database as one file of rows, the same for every kind of database and for every schema.

Gzipped lines of JSON: what it is (`{"bulletin-desk": 1, "schema": "0012"}`), for every table its name and columns with
its rows after it, and at the end how many rows there were, so that a file that was cut off is told from a whole one.
No program of the server's own version is needed to read it, and it goes from one kind of database into the other.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.database import Database, Kind, upgrade, version, versions

_FORMAT = 1
_NOT_KEPT = frozenset({"alembic_version", "sessions", "links"})
"""The schema is said at the top; who was signed in then signs in again, and a link is good for a day."""
_MADE_ANEW = "entries", "grams"
"""How the tables of the search begin: the next opening of the desk fills them."""
_AT_ONCE = 2000  # rows
_LEVEL = 3  # of gzip: a tenth larger than at 6, in half of the time
_BLOB = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Dumped:
    """What a file of rows has."""

    schema: str
    rows: Mapping[str, int]
    """Table → how many."""
    blobs: Collection[str]
    """Every name that can be a blob's: whatever stands in a text of more than a digest, or in a column of names."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    last: int
    """The last number that was given out for a row, 0 where none are given out."""


def dump(database: Database, connection: sa.Connection, file: BinaryIO) -> Dumped:
    """Writes everything that is kept, as one moment has it."""
    schema = version(connection) or ""
    tables, counters = _tables(connection), database.counters(connection)
    rows: dict[str, int] = {}
    blobs: set[str] = set()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0, filename="") as packed:

        def say(value: object) -> None:
            packed.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

        say({"bulletin-desk": _FORMAT, "schema": schema})
        for table in tables:
            say(
                {
                    "table": table.name,
                    "columns": [one.name for one in table.columns],
                    "last": counters.get(table.name, 0),
                }
            )
            # as it is written: another writer of JSON would put other blanks into it
            columns = [sa.cast(one, sa.Text) if isinstance(one.type, sa.JSON) else one for one in table.columns]
            rows[table.name] = 0
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(sa.select(*columns)):
                packed.write(json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                rows[table.name] += 1
                blobs.update(_named(table.name, table.columns.keys(), row))
        say({"rows": sum(rows.values())})
    return Dumped(schema, rows, blobs)


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """What is kept, each table after those that it refers to."""
    found = sa.MetaData()
    found.reflect(connection)
    return [one for one in found.sorted_tables if one.name not in _NOT_KEPT and not one.name.startswith(_MADE_ANEW)]


def _named(table: str, columns: Collection[str], row: Collection[Any]) -> Iterator[str]:
    for column, value in zip(columns, row, strict=True):
        if not isinstance(value, str) or len(value) < 64:
            continue
        if len(value) > 64:
            yield from _BLOB.findall(value)
        elif column in ("blob", "original"):
            yield value


def fill(kind: Kind, connection: sa.Connection, path: Path) -> Dumped:
    """Makes the tables of a file of rows in an empty place, fills them, and brings them to the schema of today.

    Raises `StoreError` for a file that is damaged, cut off, or of a later release; nothing of it is kept then, for
    whoever opened the transaction does not end it.
    """
    lines = _lines(path)
    head = next(lines)
    schema = head.get("schema") if isinstance(head, dict) else None
    if not isinstance(head, dict) or head.get("bulletin-desk", 0) > _FORMAT or schema not in versions():
        raise StoreError(
            f"{path} was written by a newer release (schema {schema}).", "Install that release or a later one."
        )
    upgrade(connection, str(schema))
    tables = {one.name: one for one in _tables(connection)}
    rows: dict[str, int] = {}
    last: dict[str, int] = {}
    for head, some in _filled(lines, path):
        table = tables[head.name]
        # the columns as the file has them, in whatever order they came into the table here
        target = sa.Table(head.name, sa.MetaData(), *(sa.Column(name, sa.Text) for name in head.columns))
        truths = [isinstance(table.c[name].type, sa.Boolean) for name in head.columns]
        rows[head.name] = rows.get(head.name, 0) + len(some)
        last[head.name] = head.last
        kind.fill(connection, target, [_values(row, truths) for row in some])
    kind.count_on(connection, last)
    upgrade(connection, versions()[-1])
    return Dumped(str(schema), rows, ())


def _values(row: list[Any], truths: list[bool]) -> list[Any]:
    return [bool(one) if truth and one is not None else one for one, truth in zip(row, truths, strict=True)]


def _filled(lines: Iterator[Any], path: Path) -> Iterator[tuple[_Table, list[list[Any]]]]:
    """The rows of each table, some at once; raises `StoreError` when the end is missing or says otherwise."""
    table: _Table | None = None
    some: list[list[Any]] = []
    count = 0
    for one in lines:
        if isinstance(one, list):
            some.append(one)
            count += 1
        if table and some and (len(some) == _AT_ONCE or isinstance(one, dict)):
            yield table, some
            some = []
        if isinstance(one, dict) and "table" in one:
            table = _Table(one["table"], tuple(one["columns"]), one["last"])
            yield table, []  # one without rows has given numbers out all the same
        elif isinstance(one, dict):
            if one.get("rows") == count:
                return
            break
    raise _cut(path)


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            while some := list(islice(file, _AT_ONCE)):
                yield from map(json.loads, some)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise StoreError(f"{path} is damaged ({error}).", "Take another backup.") from error
    raise _cut(path)


def _cut(path: Path) -> StoreError:
    return StoreError(f"{path} is not whole.", "Take another backup.")
