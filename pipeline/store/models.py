"""Models learned from editors' decisions: none is ever lost or changed, and at most one of a kind is in use."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from pipeline.errors import StoreError, UsageError
from pipeline.model import Learned, Learnt, digest
from pipeline.store.database import Database
from pipeline.store.schema import MODELS
from pipeline.store.values import utc


class Models:
    """Every model that was learned, used or refused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, learned: Learned) -> Learned:
        """Keeps a model under a number of its own; one that was not refused is in use from then on."""
        with self._database.write() as connection:
            if not learned.refused:
                connection.execute(sa.update(MODELS).where(MODELS.c.kind == learned.kind.value).values(active=False))
            made = connection.execute(
                sa.insert(MODELS).values(
                    kind=learned.kind.value,
                    made=utc(learned.made),
                    who=learned.who,
                    decisions=learned.decisions,
                    content=learned.content,
                    sha256=digest(learned.content),
                    figures={name: list(pair) for name, pair in learned.figures.items()},
                    refused=learned.refused,
                    active=not learned.refused,
                )
            ).inserted_primary_key
            assert made is not None
            return _learned(connection.execute(sa.select(MODELS).where(MODELS.c.id == made[0])).one())

    def all(self) -> list[Learned]:
        """Every model, oldest first, damaged ones too."""
        with self._database.read() as connection:
            return [_learned(row) for row in connection.execute(sa.select(MODELS).order_by(MODELS.c.id))]

    def active(self, kind: Learnt) -> Learned | None:
        """The model of a kind that is in use; `None` for the one that ships. Raises `StoreError` when it is damaged."""
        here = (MODELS.c.kind == kind.value) & MODELS.c.active
        with self._database.read() as connection:
            row = connection.execute(sa.select(MODELS).where(here)).first()
        if row is None:
            return None
        learned = _learned(row)
        if learned.damaged:
            raise StoreError(
                f"model {learned.id} is damaged in the database.",
                f"Use the one that ships: bulletin learn rollback 0 --kind {kind.value}.",
            )
        return learned

    def use(self, kind: Learnt, number: int) -> Learned | None:
        """Puts an earlier model of a kind to use, 0 for the one that ships.

        Raises `UsageError` for one that is not there, was refused or is damaged.
        """
        with self._database.write() as connection:
            row = connection.execute(sa.select(MODELS).where(MODELS.c.id == number)).first()
            if number and (row is None or row.kind != kind.value):
                raise UsageError(f"没有编号为 {number} 的{kind.chinese}模型。", "请用 bulletin learn list 查看。")
            if row is not None and row.refused:
                raise UsageError(f"{number} 号模型没有通过检验，不能启用：{row.refused}。")
            if row is not None and _learned(row).damaged:
                raise UsageError(f"{number} 号模型在数据库中已损坏，不能启用。", "请换用另一个，0 为自带的模型。")
            connection.execute(sa.update(MODELS).where(MODELS.c.kind == kind.value).values(active=False))
            if row is None:
                return None
            connection.execute(sa.update(MODELS).where(MODELS.c.id == number).values(active=True))
            return _learned(connection.execute(sa.select(MODELS).where(MODELS.c.id == number)).one())


def _learned(row: sa.Row[tuple[object, ...]]) -> Learned:
    return Learned(
        id=row.id,
        kind=Learnt(row.kind),
        made=dt.datetime.fromisoformat(row.made),
        who=row.who,
        decisions=row.decisions,
        content=row.content,
        figures={name: (pair[0], pair[1]) for name, pair in row.figures.items()},
        refused=row.refused,
        active=row.active,
        damaged=digest(row.content) != row.sha256,
    )
