"""Review pages on loopback, over workspaces with a draft."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from offices import workspace
from patience import PATIENCE
from pipeline.desk import Desk, now, open_desk
from pipeline.errors import UsageError
from pipeline.model import Account, Act, Clock, Decision, Deed, Desked, Draft, Role, Window
from pipeline.web import Office, create_app, listening, serve

WANG = Account("wang", "王编辑", Role.ADMIN)


class Launches:
    """Keeps what was asked for, and says of a window how many are before it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Window]] = []
        self.askers: list[str] = []
        self.before: dict[Window, int] = {}

    def __call__(self, series: str, window: Window, asker: str) -> None:
        self.asked.append((series, window))
        self.askers.append(asker)

    def ahead(self, _series: str, window: Window) -> int | None:
        return self.before.get(window)


@dataclass
class Desktop:
    """A review page that is being served, and what is behind it."""

    url: str
    office: Office
    launches: Launches

    def client(self, path: str = "", **how: Any) -> httpx.Client:
        """Somebody who asks for pages below `path`, and waits for them as long as a busy machine needs."""
        return httpx.Client(base_url=self.url + path, timeout=PATIENCE, trust_env=False, **how)

    def get(self, path: str = "/", **how: Any) -> httpx.Response:
        """What is answered to who asks for one page."""
        with self.client() as client:
            return client.get(path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """What is answered to who sends one form."""
        with self.client() as client:
            return client.post(path, **how)

    @property
    def launched(self) -> list[tuple[str, Window]]:
        """The drafts that were asked for."""
        return self.launches.asked

    def draft(self, series: str = "beijing-monthly") -> Desked:
        """The draft of June as it is now."""
        with self.office.opened() as desk:
            return next(one for one in desk.issues.all(series) if one.draft.window.start.month == 6)


@contextmanager
def served(
    folder: Path, account: Account | None = WANG, clock: Clock = now, address: str = "127.0.0.1:0"
) -> Iterator[Desktop]:
    """The review page of the workspace in `folder` at `address`, with `account` signed in, or nobody."""
    launches = Launches()
    office = Office(folder, lambda: open_desk(folder, clock=clock), clock, launches)
    app: ASGIApp = create_app(office)
    if account:
        with office.opened() as desk:
            app = _SignedIn(app, *signed_in(desk, account))
    door, stopping = listening(address), threading.Event()
    page = threading.Thread(target=serve, args=(app, door, stopping))
    page.start()
    try:
        yield Desktop(f"http://127.0.0.1:{door.getsockname()[1]}", office, launches)
    finally:
        stopping.set()
        page.join()
        office.close()


def signed_in(desk: Desk, account: Account) -> tuple[str, Account]:
    """The secret of a new session of an account, which is made unless there is one with its login; and the account."""
    deed = Deed(account.name, Act.SIGNED_IN, now(), account.login)
    with suppress(UsageError):
        desk.add_account(account.login, account.name, account.role, account.series, "测试")
    kept = desk.account(account.login)
    if (kept.role, kept.series) != (account.role, account.series):
        kept = desk.change_account(dataclasses.replace(kept, role=account.role, series=account.series), "测试")
    secret = secrets.token_urlsafe(32)
    desk.staff.begin(kept, secret, "test", deed)
    return secret, kept


class _SignedIn:
    """Whoever shows no cookie is somebody's browser: it shows theirs, and posts from a page of ours."""

    def __init__(self, app: ASGIApp, secret: str, account: Account) -> None:
        self._app = app
        self._cookie = f"desk={secret}".encode()
        self._word = account.word.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not {b"cookie", b"authorization"} & {name for name, _ in scope["headers"]}:
            scope["headers"] = [*scope["headers"], (b"cookie", self._cookie)]
            if not {b"sec-fetch-site", b"origin"} & {name for name, _ in scope["headers"]}:
                scope["headers"] += [(b"sec-fetch-site", b"same-origin"), (b"x-csrf", self._word)]
        await self._app(scope, receive, send)


def begin(folder: Path, draft: Draft) -> None:
    """Keeps a draft in a new workspace."""
    workspace(folder)
    with open_desk(folder, clock=now) as desk:
        last = desk.last(desk.series(draft.series))
        desk.issues.begin(draft, Decision("generate", "系统", now()), last)


def accessible(page) -> None:
    """Fails when axe-core finds a violation on the page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
