"""The people: accounts, roles, and the log of what they did."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"viewer": "查看", "editor": "编辑", "approver": "审定", "admin": "管理"}[self.value]

    def allows(self, wanted: Role) -> bool:
        """Whether whoever has this role may do what `wanted` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(wanted)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the review page."""

    login: str
    """What they type to sign in."""
    name: str
    """What their decisions are signed with."""
    role: Role
    series: tuple[str, ...] = ()
    """Ids of the series they may see; empty for all."""
    active: bool = True
    id: int = 0
    """Its number in the store; 0 while it has none."""
    shortcuts: bool = True
    """Whether single keys do something on the pages."""
    ready: bool = True
    """Whether it has a password; one that was invited has none yet."""
    word: str = field(default="", repr=False)
    """What every form on its pages carries: other sites cannot know it. It outlives a session, so that a page that was
    open when somebody had to sign in anew can still be sent."""

    def sees(self, series: str) -> bool:
        """Whether a series is theirs to see."""
        return not self.series or series in self.series


@dataclass(frozen=True, slots=True)
class Session:
    """One browser somebody signed in with."""

    id: int
    account: Account
    created: dt.datetime
    seen: dt.datetime
    """To some minutes."""
    agent: str = ""
    """What the browser calls itself, shortened."""


class Purpose(StrEnum):
    """What a one-time link is for."""

    FIRST_ADMIN = "first-admin"
    INVITE = "invite"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that may still be used: the address holds the secret, the store only its digest."""

    purpose: Purpose
    expires: dt.datetime
    account: Account | None = None
    """Whose password it sets; `None` for that of the first administrator, who has no account yet."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a program shows instead of signing in; the secret itself is shown once and not kept."""

    id: int
    name: str
    account: Account
    role: Role
    """What it may do at most; never more than its account."""
    created: dt.datetime
    used: dt.datetime | None = None
    revoked: dt.datetime | None = None

    @property
    def holder(self) -> Account:
        """The account as far as the token goes."""
        account = self.account
        return account if self.role.allows(account.role) else dataclasses.replace(account, role=self.role)


class Act(StrEnum):
    """What the audit log tells of."""

    SIGNED_IN = "signed-in"
    NOT_SIGNED_IN = "not-signed-in"
    SIGNED_OUT = "signed-out"
    SESSIONS_ENDED = "sessions-ended"
    ACCOUNT_MADE = "account-made"
    ACCOUNT_CHANGED = "account-changed"
    REKEYED = "rekeyed"
    LINK_MADE = "link-made"
    GRANTED = "granted"
    REVOKED = "revoked"
    REFUSED = "refused"
    DECIDED = "decided"
    ASKED = "asked"
    RESTORED = "restored"
    ELSEWHERE = "elsewhere"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _ACTS[self]


_ACTS = {
    Act.SIGNED_IN: "登录",
    Act.NOT_SIGNED_IN: "登录失败",
    Act.SIGNED_OUT: "退出",
    Act.SESSIONS_ENDED: "结束登录",
    Act.ACCOUNT_MADE: "新建账号",
    Act.ACCOUNT_CHANGED: "更改账号",
    Act.REKEYED: "设置密码",
    Act.LINK_MADE: "生成链接",
    Act.GRANTED: "新建令牌",
    Act.REVOKED: "撤销令牌",
    Act.REFUSED: "拒绝",
    Act.DECIDED: "决定",
    Act.ASKED: "操作",
    Act.RESTORED: "恢复备份",
    Act.ELSEWHERE: "别处已发",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One row of the audit log: who did what to what; each row holds the digest of the one before it."""

    who: str
    act: Act
    when: dt.datetime
    target: str = ""
    detail: str = ""
    id: int = 0
    """Its place in the log, from 1; 0 while it has none."""
