"""The candidates of drafts kept once, whatever is decided about them."""

import json

import sqlalchemy as sa
from alembic import op

from pipeline.model import digest
from pipeline.store.values import Prose, Words

revision = "0011"
down_revision = "0010"

_CANDIDATES = sa.table("candidates", sa.column("sha256"), sa.column("content"))
_POOLS = sa.table("pools", sa.column("sha256"), sa.column("candidates"))
_REVISIONS = sa.table("revisions", sa.column("issue"), sa.column("revision"), sa.column("draft"), sa.column("sha256"))


def upgrade() -> None:
    """Makes the tables, and moves the candidates of every revision into them, a revision at a time.

    A revision that is not what was written stays as it is, and is told of as damaged as before.
    """
    op.create_table(
        "candidates",
        sa.Column("sha256", Words(), nullable=False),
        sa.Column("content", Prose(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_candidates")),
    )
    op.create_table(
        "pools",
        sa.Column("sha256", Words(), nullable=False),
        sa.Column("candidates", Prose(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pools")),
    )
    connection = op.get_bind()
    keys = connection.execute(sa.select(_REVISIONS.c.issue, _REVISIONS.c.revision)).all()
    for issue, number in keys:
        here = (_REVISIONS.c.issue == issue) & (_REVISIONS.c.revision == number)
        row = connection.execute(sa.select(_REVISIONS.c.draft, _REVISIONS.c.sha256).where(here)).one()
        if digest(row.draft) != row.sha256:
            continue
        draft = json.loads(row.draft)
        pool = _kept(connection, [_json(one) for one in draft["candidates"]])
        content = _json({"draft": {**draft, "candidates": []}, "pool": pool})
        connection.execute(sa.update(_REVISIONS).where(here).values(draft=content, sha256=digest(content)))


def _kept(connection: sa.Connection, candidates: list[str]) -> str:
    digests = [digest(one) for one in candidates]
    for sha256, content in zip(digests, candidates, strict=True):
        _keep(connection, _CANDIDATES, sha256, content=content)
    pool = digest(*digests)
    _keep(connection, _POOLS, pool, candidates="\n".join(digests))
    return pool


def _keep(connection: sa.Connection, table: sa.TableClause, sha256: str, **values: str) -> None:
    if not connection.execute(sa.select(table.c.sha256).where(table.c.sha256 == sha256)).first():
        connection.execute(sa.insert(table).values(sha256=sha256, **values))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
