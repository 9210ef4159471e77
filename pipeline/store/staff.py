"""Staff: the accounts of those who may use the review page, and what lets them in.

Sessions, one-time links and tokens are secrets of which only the SHA-256 is kept. A change and its row in the audit
log are one transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.errors import Conflict, UsageError
from pipeline.model import Account, Deed, Link, Purpose, Role, Session, Token
from pipeline.store.audit import note
from pipeline.store.database import Database
from pipeline.store.schema import ACCOUNTS, FAILURES, LINKS, SESSIONS, TOKENS
from pipeline.store.values import utc

_ACCOUNT = [column.label(f"account_{column.name}") for column in ACCOUNTS.c]
_NOTICED = dt.timedelta(minutes=5)  # a session's last use need not be known better, and each look would be a write


def secret_digest(secret: str) -> str:
    """What is kept of a secret: it is as random as its digest is long, so a plain one does."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Staff:
    """Everybody who has an account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -------------------------------------------------------------------------------- accounts

    def all(self) -> list[Account]:
        """Every account, disabled ones too, in the order they were made."""
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(sa.select(*_ACCOUNT).order_by(ACCOUNTS.c.id))]

    def any(self) -> bool:
        """Whether there is an account."""
        with self._database.read() as connection:
            return connection.execute(sa.select(ACCOUNTS.c.id).limit(1)).first() is not None

    def get(self, login: str) -> Account:
        """The account with this login; raises `UsageError` when there is none."""
        with self._database.read() as connection:
            return _one(connection, ACCOUNTS.c.login == login, login)

    def by_id(self, account: int) -> Account:
        """The account with this number; raises `UsageError` when there is none."""
        with self._database.read() as connection:
            return _one(connection, ACCOUNTS.c.id == account, str(account))

    def password(self, login: str) -> tuple[Account, str] | None:
        """An account with its argon2 hash, which is empty while it has no password; `None` for an unknown login."""
        with self._database.read() as connection:
            query = sa.select(*_ACCOUNT).where(ACCOUNTS.c.login == login)
            row = connection.execute(query).first()
            return (_account(row), row.account_password) if row else None

    def add(self, account: Account, password: str, deed: Deed, *, first: str = "", now: dt.datetime) -> Account:
        """Makes an account, with an argon2 hash or none yet.

        `first` is the secret of the link for the first administrator, which is used up with it. Raises `UsageError`
        for a login or name that is taken, `Conflict` for a link that may no longer be used.
        """
        with self._database.write() as connection:
            if first and not _used_up(connection, first, now):
                raise Conflict("这个链接已经用过或已失效。", "请重新启动 bulletin serve 取得新的链接。")
            _free(connection, ACCOUNTS.c.login == account.login, f"登录名“{account.login}”")
            _free(connection, ACCOUNTS.c.name == account.name, f"署名“{account.name}”")
            values = {**_values(account), "password": password, "created": utc(now)}
            connection.execute(sa.insert(ACCOUNTS).values(values))
            note(connection, deed)
            return _one(connection, ACCOUNTS.c.login == account.login, account.login)

    def change(self, account: Account, deed: Deed) -> Account:
        """Keeps what is different about an account; one that is disabled or may less is signed out everywhere.

        Raises `UsageError` for a name that is taken, and when nobody would be left who may administer accounts.
        """
        with self._database.write() as connection:
            before = _one(connection, ACCOUNTS.c.id == account.id, account.login)
            same = (ACCOUNTS.c.name == account.name) & (ACCOUNTS.c.id != account.id)
            _free(connection, same, f"署名“{account.name}”")
            others = (ACCOUNTS.c.role == Role.ADMIN.value) & ACCOUNTS.c.active & (ACCOUNTS.c.id != account.id)
            governs = account.active and account.role is Role.ADMIN
            governed = before.active and before.role is Role.ADMIN
            if governed and not governs and not connection.execute(sa.select(ACCOUNTS.c.id).where(others)).first():
                raise UsageError("这是最后一个可用的管理员账号，不能停用或降级。", "请先给别人管理权限。")
            connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account.id).values(_values(account)))
            if not account.active or not account.role.allows(before.role):
                connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account.id))
            note(connection, deed)
            return _one(connection, ACCOUNTS.c.id == account.id, account.login)

    def prefer(self, account: Account, *, shortcuts: bool) -> None:
        """Keeps how somebody likes the pages; no change anybody else sees."""
        with self._database.write() as connection:
            mine = ACCOUNTS.c.id == account.id
            connection.execute(sa.update(ACCOUNTS).where(mine).values(shortcuts=shortcuts))

    def set_password(self, account: Account, password: str, deed: Deed, *, now: dt.datetime, link: str = "") -> None:
        """Gives an account a new argon2 hash and ends its sessions.

        `link` is the secret of the link that allows it; raises `Conflict` when that may no longer be used.
        """
        with self._database.write() as connection:
            if link and not _used_up(connection, link, now):
                raise Conflict("这个链接已经用过或已失效。", "请管理员再给一个。")
            connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account.id).values(password=password))
            connection.execute(sa.delete(LINKS).where(LINKS.c.account == account.id))
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account.id))
            note(connection, deed)

    # -------------------------------------------------------------------------------- sessions

    def begin(self, account: Account, secret: str, agent: str, deed: Deed, *, ending: str = "") -> None:
        """Opens a session, and ends the one that the same browser had."""
        with self._database.write() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == secret_digest(ending)))
            at = utc(deed.when)
            connection.execute(
                sa.insert(SESSIONS).values(
                    digest=secret_digest(secret), account=account.id, created=at, seen=at, agent=agent
                )
            )
            note(connection, deed)

    def session(self, secret: str, now: dt.datetime, idle: dt.timedelta, longest: dt.timedelta) -> Session | None:
        """The session with this secret, while it lasts and its account is in use."""
        query = _sessions().where(SESSIONS.c.digest == secret_digest(secret)).where(ACCOUNTS.c.active)
        with self._database.read() as connection:
            row = connection.execute(query.where(_alive(now, idle, longest))).first()
        if row is None:
            return None
        found = _session(row)
        if now - found.seen > _NOTICED:
            with self._database.write() as connection:
                connection.execute(sa.update(SESSIONS).where(SESSIONS.c.id == found.id).values(seen=utc(now)))
        return found

    def sessions(self, account: Account, now: dt.datetime, idle: dt.timedelta, longest: dt.timedelta) -> list[Session]:
        """The sessions of an account that last, the one used last first."""
        query = _sessions().where(SESSIONS.c.account == account.id).where(_alive(now, idle, longest))
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query.order_by(SESSIONS.c.seen.desc()))]

    def end(self, account: Account, deed: Deed, *, session: int = 0, secret: str = "") -> int:
        """Ends a session of an account, by its number or its secret, or all of them; says how many there were."""
        which = SESSIONS.c.account == account.id
        if session or secret:
            which &= (SESSIONS.c.id == session) | (SESSIONS.c.digest == secret_digest(secret))
        with self._database.write() as connection:
            ended = connection.execute(sa.delete(SESSIONS).where(which)).rowcount
            if ended:
                note(connection, deed)
            return int(ended)

    def sweep(self, now: dt.datetime, idle: dt.timedelta, longest: dt.timedelta) -> None:
        """Takes away what has run out: sessions, links, failures of the day before."""
        with self._database.write() as connection:
            connection.execute(sa.delete(SESSIONS).where(~_alive(now, idle, longest)))
            connection.execute(sa.delete(LINKS).where(LINKS.c.expires < utc(now)))
            connection.execute(sa.delete(FAILURES).where(FAILURES.c.last < utc(now - dt.timedelta(days=1))))

    # ----------------------------------------------------------------------------------- links

    def offer(self, link: Link, secret: str, deed: Deed) -> None:
        """Keeps a one-time link; the ones before it for the same purpose or account are void."""
        account = link.account.id if link.account else None
        same = (LINKS.c.account == account) if account else (LINKS.c.purpose == link.purpose.value)
        with self._database.write() as connection:
            connection.execute(sa.delete(LINKS).where(same))
            connection.execute(
                sa.insert(LINKS).values(
                    digest=secret_digest(secret),
                    purpose=link.purpose.value,
                    account=account,
                    expires=utc(link.expires),
                )
            )
            note(connection, deed)

    def link(self, secret: str, now: dt.datetime) -> Link | None:
        """The one-time link with this secret, while it may be used; looking at it does not use it up."""
        query = sa.select(LINKS).where((LINKS.c.digest == secret_digest(secret)) & (LINKS.c.expires >= utc(now)))
        with self._database.read() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            account = _one(connection, ACCOUNTS.c.id == row.account, str(row.account)) if row.account else None
            if account is not None and not account.active:
                return None
            return Link(Purpose(row.purpose), dt.datetime.fromisoformat(row.expires), account)

    # ---------------------------------------------------------------------------------- tokens

    def give(self, account: Account, name: str, role: Role, secret: str, deed: Deed) -> None:
        """Keeps a token for programs."""
        with self._database.write() as connection:
            connection.execute(
                sa.insert(TOKENS).values(
                    digest=secret_digest(secret),
                    name=name,
                    account=account.id,
                    role=role.value,
                    created=utc(deed.when),
                    used="",
                    revoked="",
                )
            )
            note(connection, deed)

    def token(self, secret: str, now: dt.datetime) -> Token | None:
        """The token with this secret, while it is valid and its account in use."""
        query = _tokens().where((TOKENS.c.digest == secret_digest(secret)) & (TOKENS.c.revoked == ""))
        with self._database.read() as connection:
            row = connection.execute(query.where(ACCOUNTS.c.active)).first()
        if row is None:
            return None
        found = _token(row)
        if found.used is None or now - found.used > _NOTICED:
            with self._database.write() as connection:
                connection.execute(sa.update(TOKENS).where(TOKENS.c.id == found.id).values(used=utc(now)))
        return found

    def tokens(self, account: Account) -> list[Token]:
        """The tokens of an account, revoked ones too, newest first."""
        query = _tokens().where(TOKENS.c.account == account.id).order_by(TOKENS.c.id.desc())
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(query)]

    def revoke(self, account: Account, token: int, deed: Deed) -> bool:
        """Makes a token of an account worthless; says whether it was worth something."""
        mine = (TOKENS.c.account == account.id) & (TOKENS.c.id == token) & (TOKENS.c.revoked == "")
        with self._database.write() as connection:
            done = connection.execute(sa.update(TOKENS).where(mine).values(revoked=utc(deed.when))).rowcount
            if done:
                note(connection, deed)
            return bool(done)

    # -------------------------------------------------------------------------------- failures

    def failures(self, keys: Sequence[str]) -> Mapping[str, tuple[int, dt.datetime]]:
        """How often signing in failed under each key, and when last; keys without a failure are left out."""
        digests = {secret_digest(key): key for key in keys}
        query = sa.select(FAILURES).where(FAILURES.c.key.in_(list(digests)))
        with self._database.read() as connection:
            return {
                digests[row.key]: (row.times, dt.datetime.fromisoformat(row.last)) for row in connection.execute(query)
            }

    def failed(self, keys: Sequence[str], deed: Deed) -> None:
        """Counts a failure under each key."""
        with self._database.write() as connection:
            insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(FAILURES)
            for key in keys:
                at = utc(deed.when)
                connection.execute(
                    insert.values(key=secret_digest(key), times=1, last=at).on_conflict_do_update(
                        index_elements=["key"], set_={"times": FAILURES.c.times + 1, "last": at}
                    )
                )
            note(connection, deed)

    def forgive(self, keys: Sequence[str]) -> None:
        """Forgets the failures under each key."""
        with self._database.write() as connection:
            connection.execute(sa.delete(FAILURES).where(FAILURES.c.key.in_([secret_digest(key) for key in keys])))


def _free(connection: sa.Connection, same: sa.ColumnElement[bool], what: str) -> None:
    if connection.execute(sa.select(ACCOUNTS.c.id).where(same)).first():
        raise UsageError(f"{what}已经有人用了。", "请换一个，以免署名分不清是谁。")


def _used_up(connection: sa.Connection, secret: str, now: dt.datetime) -> bool:
    here = (LINKS.c.digest == secret_digest(secret)) & (LINKS.c.expires >= utc(now))
    return bool(connection.execute(sa.delete(LINKS).where(here)).rowcount)


def _alive(now: dt.datetime, idle: dt.timedelta, longest: dt.timedelta) -> sa.ColumnElement[bool]:
    return (SESSIONS.c.seen >= utc(now - idle)) & (SESSIONS.c.created >= utc(now - longest))


def _sessions() -> sa.Select[Any]:
    return sa.select(SESSIONS, *_ACCOUNT).join(ACCOUNTS, ACCOUNTS.c.id == SESSIONS.c.account)


def _tokens() -> sa.Select[Any]:
    return sa.select(TOKENS, *_ACCOUNT).join(ACCOUNTS, ACCOUNTS.c.id == TOKENS.c.account)


def _one(connection: sa.Connection, which: sa.ColumnElement[bool], named: str) -> Account:
    row = connection.execute(sa.select(*_ACCOUNT).where(which)).first()
    if row is None:
        raise UsageError(f"没有账号“{named}”。", "请用 bulletin account list 查看。")
    return _account(row)


def _values(account: Account) -> dict[str, object]:
    found = dataclasses.asdict(account)
    for name in ("id", "ready"):
        del found[name]
    return {**found, "role": account.role.value, "series": list(account.series)}


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        login=row.account_login,
        name=row.account_name,
        role=Role(row.account_role),
        series=tuple(row.account_series),
        active=row.account_active,
        id=row.account_id,
        shortcuts=row.account_shortcuts,
        ready=bool(row.account_password),
        word=row.account_word,
    )


def _session(row: sa.Row[Any]) -> Session:
    created, seen = dt.datetime.fromisoformat(row.created), dt.datetime.fromisoformat(row.seen)
    return Session(row.id, _account(row), created, seen, row.agent)


def _token(row: sa.Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        account=_account(row),
        role=Role(row.role),
        created=dt.datetime.fromisoformat(row.created),
        used=dt.datetime.fromisoformat(row.used) if row.used else None,
        revoked=dt.datetime.fromisoformat(row.revoked) if row.revoked else None,
    )
