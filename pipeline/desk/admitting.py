"""Who may come in: accounts, signing in, one-time links, tokens.

Requirements: no default password; a database that is read lets nobody in; trying passwords out is slow, and tells
neither by its answer nor by its time whether a login exists; nobody is kept out for long by what others try.

Method: passwords are kept as argon2 hashes and checked at the same cost for a login that does not exist. Failures are
counted for a login at an address, for an address, and for a login; from some number on each doubles the wait, up to a
quarter of an hour. A login alone waits ten seconds at most, wherever it is tried from: whoever tries that of the only
administrator slows down guessing, and keeps them out no longer than that.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import secrets
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline.desk.room import Room
from pipeline.errors import Conflict, UsageError
from pipeline.model import SYSTEM, Account, Act, Deed, Link, Purpose, Role, Session, Token

if TYPE_CHECKING:
    from pwdlib import PasswordHash

_LINK_HOURS = 24
_LEAST = 10  # characters of a password; rules about which ones make people write `Passw0rd!` on paper
_MOST = 200
_COMMON = frozenset(
    [
        "1234567890",
        "0123456789",
        "12345678910",
        "1234567891",
        "9876543210",
        "0987654321",
        "1111111111",
        "0000000000",
        "8888888888",
        "6666666666",
        "1122334455",
        "1q2w3e4r5t",
        "qwertyuiop",
        "asdfghjkl;",
        "password123",
        "password1234",
        "passw0rd123",
        "administrator",
        "admin12345",
        "admin123456",
        "adminadmin",
        "woaini1314",
        "woaini520520",
        "5201314520",
        "beijing2008",
        "beijing2024",
        "changeme123",
        "letmein123",
        "welcome123",
        "iloveyou123",
        "abc1234567",
        "abcd123456",
        "a123456789",
        "aa123456789",
        "qwerty12345",
        "qwerty123456",
    ]
)
_LOGIN = re.compile(r"[\w.@-]{2,64}")
_AGENT = 120  # characters of what a browser calls itself
_FREE = {"at": 5, "address": 20, "login": 50}  # failures that cost nothing; 20: an office may be one address
_LONGEST = {"at": 900.0, "address": 900.0, "login": 10.0}  # seconds
_FORGOTTEN = dt.timedelta(days=1)
_hashing = threading.BoundedSemaphore(2)  # a hash takes 64 MiB; as many as requests would be gigabytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who signed in: the account, and the secret that its browser shows from now on."""

    account: Account
    secret: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody who did not get in, and why, in Chinese: never which of login and password was wrong."""

    because: str
    seconds: int = 0
    """How long they have to wait before the next try."""


class Admitting(Room):
    """Accounts, and the ways to come in with one."""

    # -------------------------------------------------------------------------------- signing in

    def admit(self, login: str, password: str, *, address: str, agent: str, ending: str = "") -> Admitted | Refused:
        """Signs somebody in, if the password is theirs; `ending` is the secret of the session they had."""
        now, login = self._clock(), _plain(login).lower()[:_MOST]
        keys = {"at": f"at {login} {address}", "address": f"address {address}", "login": f"login {login}"}
        if seconds := self._waiting(keys, now):
            return Refused(f"登录失败次数过多，请 {_told(seconds)} 后再试。", seconds)
        known = self.staff.password(login)
        right = matches(password, known[1] if known else "")
        if known is None or not right or not known[0].active:
            who = known[0].name if known else "未知登录名"
            deed = Deed(who, Act.NOT_SIGNED_IN, now, login if known else "", f"来自 {address}")
            self.staff.failed(list(keys.values()), deed)
            return Refused("登录名或密码不对。")
        self.staff.forgive([keys["at"], keys["login"]])
        return self._begin(known[0], agent, address, ending)

    def session(self, secret: str) -> Session | None:
        """The session of a browser that shows this secret."""
        return self.staff.session(secret, self._clock(), *self._lasting()) if secret else None

    def sessions(self, account: Account) -> list[Session]:
        """Where somebody is signed in."""
        return self.staff.sessions(account, self._clock(), *self._lasting())

    def known(self, login: str) -> Account | None:
        """The account that a proxy means that knows people itself; `None` for one that is not there or not in use."""
        found = self.staff.password(_plain(login).lower()[:_MOST]) if login else None
        return found[0] if found and found[0].active else None

    def leave(self, account: Account, secret: str) -> None:
        """Signs a browser out."""
        self.staff.end(account, Deed(account.name, Act.SIGNED_OUT, self._clock(), account.login), secret=secret)

    def end_sessions(self, account: Account, who: str, session: int = 0) -> int:
        """Signs an account out, everywhere or at one place; says at how many."""
        deed = Deed(who, Act.SESSIONS_ENDED, self._clock(), account.login, "一处" if session else "全部")
        return self.staff.end(account, deed, session=session)

    # -------------------------------------------------------------------------------- accounts

    def accounts(self) -> list[Account]:
        """Everybody who has or had an account."""
        return self.staff.all()

    def account(self, login: str) -> Account:
        """The account with this login; raises `UsageError` when there is none."""
        return self.staff.get(login)

    def prefer(self, account: Account, *, shortcuts: bool) -> None:
        """Keeps whether single keys do something on somebody's pages."""
        self.staff.prefer(account, shortcuts=shortcuts)

    def add_account(
        self, login: str, name: str, role: Role, series: Sequence[str], who: str, password: str = ""
    ) -> Account:
        """Makes an account; without a password it waits for a one-time link to set one.

        Raises `UsageError` for a login, name, series or password that cannot be.
        """
        now, account = self._clock(), self._account(login, name, role, series)
        hashed = hashed_password(account.login, password) if password else ""
        return self.staff.add(
            account, hashed, Deed(who, Act.ACCOUNT_MADE, now, account.login, self._summary(account)), now=now
        )

    def change_account(self, account: Account, who: str) -> Account:
        """Keeps a changed name, role, set of series, or whether it may be used; raises `UsageError`."""
        checked = self._account(account.login, account.name, account.role, account.series)
        account = dataclasses.replace(account, name=checked.name, series=checked.series)
        return self.staff.change(
            account, Deed(who, Act.ACCOUNT_CHANGED, self._clock(), account.login, self._summary(account))
        )

    def change_password(self, account: Account, old: str, new: str, *, agent: str, address: str) -> Admitted | Refused:
        """Gives somebody the password they want, if they know theirs; their other sessions end, and this one is new.

        Raises `UsageError` for a new password that cannot be.
        """
        now, key = self._clock(), f"password {account.login}"
        if seconds := self._waiting({"at": key}, now):
            return Refused(f"密码输错次数过多，请 {_told(seconds)} 后再试。", seconds)
        known = self.staff.password(account.login)
        if not matches(old, known[1] if known else ""):
            self.staff.failed([key], Deed(account.name, Act.NOT_SIGNED_IN, now, account.login, "改密码时现用密码不对"))
            return Refused("现用密码不对。")
        self._set_password(account, new, account.name)
        self.staff.forgive([key])
        return self._begin(account, agent, address, "")

    def set_password(self, account: Account, password: str, who: str) -> None:
        """Gives an account a password and ends its sessions; raises `UsageError` for one that cannot be."""
        self._set_password(account, password, who)

    def forgive(self, account: Account) -> None:
        """Forgets what failed with an account's login, wherever that was tried but at single addresses."""
        self.staff.forgive([f"login {account.login}", f"password {account.login}"])

    # ----------------------------------------------------------------------------------- links

    def offer_first(self) -> str:
        """The secret of a new one-time link that makes the first administrator; the one before it is void.

        Raises `UsageError` when there are accounts already.
        """
        if self.staff.any():
            raise UsageError("已经有账号了。", "新建账号用 bulletin account add，或请管理员在“账号”页添加。")
        return self._offer(Purpose.FIRST_ADMIN, None, SYSTEM)

    def offer(self, account: Account, who: str) -> str:
        """The secret of a new one-time link with which somebody sets their password; the one before it is void."""
        return self._offer(Purpose.RESET if account.ready else Purpose.INVITE, account, who)

    def link(self, secret: str) -> Link | None:
        """The one-time link with this secret, while it may be used."""
        return self.staff.link(secret, self._clock())

    def begin_first(
        self, secret: str, login: str, name: str, password: str, *, address: str, agent: str, ending: str = ""
    ) -> Admitted:
        """Makes the first administrator by a one-time link, and signs them in.

        Raises `UsageError` for what cannot be, `Conflict` for a link that may no longer be used.
        """
        link = self.link(secret)
        if link is None or link.purpose is not Purpose.FIRST_ADMIN or self.staff.any():
            raise Conflict("这个链接已经用过或已失效。", "请重新启动 bulletin serve 取得新的链接。")
        account = self._account(login, name, Role.ADMIN, ())
        hashed = hashed_password(account.login, password)
        now = self._clock()
        deed = Deed(account.name, Act.ACCOUNT_MADE, now, account.login, f"{self._summary(account)}，凭首次启动的链接")
        return self._begin(self.staff.add(account, hashed, deed, first=secret, now=now), agent, address, ending)

    def begin_by_link(self, secret: str, password: str, *, address: str, agent: str, ending: str = "") -> Admitted:
        """Sets a password by a one-time link, and signs its account in; its other sessions end.

        Raises `UsageError` for a password that cannot be, `Conflict` for a link that may no longer be used.
        """
        link = self.link(secret)
        if link is None or link.account is None:
            raise Conflict("这个链接已经用过或已失效。", "请管理员再给一个。")
        self._set_password(link.account, password, link.account.name, link=secret)
        return self._begin(link.account, agent, address, ending)

    # ---------------------------------------------------------------------------------- tokens

    def give_token(self, account: Account, name: str, role: Role, who: str) -> str:
        """The secret of a new token for programs, which may do no more than `role` and its account allow."""
        name = _plain(name)[:60]
        if not name:
            raise UsageError("令牌须有名称。", "请写明给哪个程序用，以便日后撤销。")
        if not account.role.allows(role):
            raise UsageError(f"令牌的权限不能高于账号的“{account.role.chinese}”。")
        secret = f"bd_{secrets.token_urlsafe(32)}"  # a prefix that scanners for leaked secrets can look for
        told = f"{name}（{role.chinese}）"
        self.staff.give(account, name, role, secret, Deed(who, Act.GRANTED, self._clock(), account.login, told))
        return secret

    def tokens(self, account: Account) -> list[Token]:
        """The tokens of an account, revoked ones too."""
        return self.staff.tokens(account)

    def token(self, secret: str) -> Token | None:
        """The token with this secret, while it is valid."""
        return self.staff.token(secret, self._clock()) if secret else None

    def revoke_token(self, account: Account, token: int, who: str) -> bool:
        """Makes a token worthless; says whether it was worth something."""
        return self.staff.revoke(account, token, Deed(who, Act.REVOKED, self._clock(), account.login, str(token)))

    # ------------------------------------------------------------------------------- in common

    def _begin(self, account: Account, agent: str, address: str, ending: str) -> Admitted:
        now = self._clock()
        self.staff.sweep(now, *self._lasting())
        secret = secrets.token_urlsafe(32)
        deed = Deed(account.name, Act.SIGNED_IN, now, account.login, f"来自 {address}")
        self.staff.begin(account, secret, _plain(agent)[:_AGENT], deed, ending=ending)
        return Admitted(account, secret)

    def _offer(self, purpose: Purpose, account: Account | None, who: str) -> str:
        now, secret = self._clock(), secrets.token_urlsafe(32)
        deed = Deed(who, Act.LINK_MADE, now, account.login if account else "", _PURPOSES[purpose])
        self.staff.offer(Link(purpose, now + dt.timedelta(hours=_LINK_HOURS), account), secret, deed)
        return secret

    def _set_password(self, account: Account, password: str, who: str, link: str = "") -> None:
        now, hashed = self._clock(), hashed_password(account.login, password)
        self.staff.set_password(account, hashed, Deed(who, Act.REKEYED, now, account.login), now=now, link=link)
        self.forgive(account)

    def _account(self, login: str, name: str, role: Role, series: Sequence[str]) -> Account:
        login, name = _plain(login).lower(), _plain(name)
        if not _LOGIN.fullmatch(login):
            raise UsageError("登录名须为 2 至 64 个字母、数字、汉字或 . _ @ -。", "例如 wang 或 wang.min。")
        if not name or len(name) > 40:
            raise UsageError("署名须为 1 至 40 个字。", "请写姓名，稿件的改动以它署名。")
        if name == SYSTEM:
            raise UsageError(f"“{SYSTEM}”是程序自己的署名。", "请写姓名。")
        known = tuple(dict.fromkeys(self.series(one).id for one in series))
        return Account(login, name, role, known, word=secrets.token_hex(16))

    def _summary(self, account: Account) -> str:
        known = self.config.series
        seen = "、".join(known[one].title if one in known else one for one in account.series) or "全部刊物"
        return "，".join([account.name, account.role.chinese, seen, *([] if account.active else ["停用"])])

    def _lasting(self) -> tuple[dt.timedelta, dt.timedelta]:
        web = self.config.settings.web
        return dt.timedelta(hours=web.idle_hours), dt.timedelta(days=web.session_days)

    def _waiting(self, keys: dict[str, str], now: dt.datetime) -> int:
        """How many seconds signing in has to wait for what failed before."""
        failures, waits = self.staff.failures(list(keys.values())), [0.0]
        for kind, key in keys.items():
            count, last = failures.get(key, (0, now))
            if count >= _FREE[kind] and now - last < _FORGOTTEN:
                pause = min(_LONGEST[kind], 2.0 ** min(count - _FREE[kind] + 1, 20))
                waits.append(pause - (now - last).total_seconds())
        return math.ceil(max(waits))


_PURPOSES = {Purpose.FIRST_ADMIN: "首个管理员", Purpose.INVITE: "邀请", Purpose.RESET: "重设密码"}


def matches(password: str, hashed: str) -> bool:
    """Whether a password is the one behind an argon2 hash; takes as long when there is no hash."""
    with _hashing:
        return _hasher().verify(password[:_MOST], hashed or _nobody()) and bool(hashed)


def hashed_password(login: str, password: str) -> str:
    """The argon2 hash of a password; raises `UsageError` for one that is too easily guessed."""
    if len(password) < _LEAST:
        raise UsageError(f"密码至少 {_LEAST} 个字符。", "几个不相干的词连在一起，既长又好记。")
    if len(password) > _MOST:
        raise UsageError(f"密码最多 {_MOST} 个字符。")
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) < 3 or plain.replace(login, "") in ("", "123", "1234", "123456"):
        raise UsageError("这个密码太容易被猜到。", "请不要用登录名或常见的密码。")
    with _hashing:
        return _hasher().hash(password)


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _plain(text: str) -> str:
    """One line without what cannot be seen: two names that look alike are alike."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char)[0] != "C")
    return " ".join(seen.split())


def _told(seconds: int) -> str:
    return f"{seconds} 秒" if seconds < 60 else f"{math.ceil(seconds / 60)} 分钟"
