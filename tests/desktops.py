"""Review pages on loopback, over workspaces with a draft."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from offices import workspace
from pipeline.desk import now, open_desk
from pipeline.model import Account, Decision, Desked, Draft, Role, Window
from pipeline.web import Office, create_app, listening, serve

WANG = Account("wang", "王编辑", Role.ADMIN)


@dataclass
class Desktop:
    """A review page that is being served, and what is behind it."""

    url: str
    office: Office
    launched: list[tuple[str, Window]]

    def draft(self, series: str = "beijing-monthly") -> Desked:
        """The draft of June as it is now."""
        with self.office.opened() as desk:
            return next(one for one in desk.issues.all(series) if one.draft.window.start.month == 6)


@contextmanager
def served(folder: Path, account: Account | None = WANG) -> Iterator[Desktop]:
    """The review page of the workspace in `folder`, with `account` signed in."""
    launched: list[tuple[str, Window]] = []
    office = Office(
        folder, lambda: open_desk(folder, clock=now), now, lambda series, window: launched.append((series, window))
    )
    door, stopping = listening("127.0.0.1:0"), threading.Event()
    page = threading.Thread(target=serve, args=(create_app(office, lambda _request, _desk: account), door, stopping))
    page.start()
    try:
        yield Desktop(f"http://127.0.0.1:{door.getsockname()[1]}", office, launched)
    finally:
        stopping.set()
        page.join()
        office.close()


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
