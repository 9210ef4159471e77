"""The candidates of drafts, each kept once, whatever is decided about them.

A revision changes some bytes of a draft; its candidates, with the text of every article, are megabytes. So each is
kept by the digest of its JSON, and a pool by that of the digests of its candidates in their order: a revision names its
pool, and the digest of the revision covers everything in it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice

import sqlalchemy as sa
from pydantic import TypeAdapter

from pipeline.errors import StoreError
from pipeline.model import Candidate, digest
from pipeline.store.schema import CANDIDATES, POOLS
from pipeline.store.values import written

_CANDIDATE = TypeAdapter(Candidate)
_REMEMBERED = 4  # pools; one of a thousand candidates takes some ten megabytes
_AT_ONCE = 500  # digests in a statement, and candidates in memory as text


class Pools:
    """What candidates drafts have; the pools that were asked for last are remembered.

    What is known by its digest is the same in every database, so one may serve them all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[tuple[str, ...], tuple[Candidate, ...]]] = OrderedDict()

    def keep(self, connection: sa.Connection, candidates: tuple[Candidate, ...]) -> str:
        """Keeps what is not kept yet, in a transaction that somebody else began; gives the pool's digest."""
        digests, texts = self._digests(candidates)
        pool = digest(*digests)
        if connection.execute(sa.select(POOLS.c.sha256).where(POOLS.c.sha256 == pool)).first():
            return pool
        known: set[str] = set()
        for some in _batches(digests):
            known |= set(connection.execute(sa.select(CANDIDATES.c.sha256).where(_among(some))).scalars())
        for one, candidate in zip(digests, candidates, strict=True):
            if one not in known:
                known.add(one)
                content = texts.get(one) or written(_CANDIDATE, candidate)
                connection.execute(sa.insert(CANDIDATES).values(sha256=one, content=content))
        connection.execute(sa.insert(POOLS).values(sha256=pool, candidates="\n".join(digests)))
        return pool

    def get(self, connection: sa.Connection, pool: str, what: str) -> tuple[Candidate, ...]:
        """The candidates of a pool; raises `StoreError`, of `what` has them, when they are not what was kept."""
        with self._lock:
            if pool in self._known:
                self._known.move_to_end(pool)
                return self._known[pool][1]
            found = {one: candidate for kept in self._known.values() for one, candidate in zip(*kept, strict=True)}
        listed = connection.execute(sa.select(POOLS.c.candidates).where(POOLS.c.sha256 == pool)).scalar()
        digests = tuple(listed.split()) if listed else ()
        if listed is None or digest(*digests) != pool:
            raise _damaged(f"{what}: the list of candidates {pool[:12]}")
        for some in _batches([one for one in digests if one not in found]):
            for row in connection.execute(sa.select(CANDIDATES).where(_among(some))):
                if digest(row.content) != row.sha256:
                    raise _damaged(f"{what}: candidate {row.sha256[:12]}")
                found[row.sha256] = _CANDIDATE.validate_json(row.content)
        if lost := next((one for one in digests if one not in found), ""):
            raise _damaged(f"{what}: candidate {lost[:12]}")
        candidates = tuple(found[one] for one in digests)
        with self._lock:
            self._known[pool] = digests, candidates
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return candidates

    def _digests(self, candidates: Sequence[Candidate]) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The digests of candidates, and the JSON of those that were not read from here."""
        with self._lock:
            kept = list(self._known.values())  # so that no other candidate gets the id of one of them meanwhile
        for digests, same in kept:
            if same is candidates:
                return digests, {}
        known = {id(candidate): one for listed in kept for one, candidate in zip(*listed, strict=True)}
        found, texts = [], {}
        for candidate in candidates:
            one = known.get(id(candidate))
            if one is None:
                content = written(_CANDIDATE, candidate)
                one = digest(content)
                texts[one] = content
            found.append(one)
        return tuple(found), texts


def _batches(digests: Sequence[str]) -> list[list[str]]:
    rest = iter(dict.fromkeys(digests))
    return list(iter(lambda: list(islice(rest, _AT_ONCE)), []))


def _among(digests: Sequence[str]) -> sa.ColumnElement[bool]:
    return CANDIDATES.c.sha256.in_(digests)


def _damaged(what: str) -> StoreError:
    return StoreError(f"{what} is damaged in the database.", "Restore the last backup.")
