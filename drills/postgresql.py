"""A server that goes away: its connections ended, itself restarted, at every stage of a run and of a release.

usage: python -m drills.postgresql

At each point the fault happens once, in the middle of the work of this process: the connection is ended before a
statement or before the commit, the answer to the commit is lost although it was kept, the server is killed and
started again, or somebody else locks a table until the server stops waiting (`lock_timeout`, `statement_timeout`).
Whoever was at work goes on, or the next look of the clock does it; then there must be one draft, made once, and one
release. What was said to be released is looked for right after the server was killed. At the end two machines work at
once while their connections are ended at random.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partialmethod
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy.engine.default import DefaultDialect

from drills.conclusion import concluded
from drills.kills import july, prepare
from drills.postgres import Server, binaries
from pipeline.desk import Desk, Inline, open_desk
from pipeline.errors import Busy, Conflict, DeskError, UsageError
from pipeline.model import Decision, Desked, State, Window
from pipeline.store import Audit, postgresql
from pipeline.store.postgresql import Postgresql

STAGES = ("harvest", "read", "relate", "judge", "release")
FAULTS = ("ended before a statement", "ended before the commit", "answer to the commit lost", "server killed")
COPYING = "ended before many rows"
"""They go to the server past SQLAlchemy, which otherwise says what an error means."""
REFUSALS = {"table locked for long": "数据库被占用", "statement takes too long": "a statement took longer than"}
"""What the server gives up waiting for, and what is then said."""
_WAITS = 3  # seconds before it gives up, here
_SERIES = "beijing-monthly"
_PATIENCE = 600.0  # seconds that a machine of the two has, where others keep the real one busy
_ENDED = 25  # connections of the two machines, at most


@dataclass
class Fault:
    """One fault that happens once, at the first write of a stage that it fits."""

    server: Server
    what: str
    stage: str
    now_at: str = ""
    happened: bool = False
    holder: psycopg.Connection[Any] | None = None
    """Who has the table locked."""
    _writing: set[int] = field(default_factory=set)
    _lose: Any = None

    def due(self, connection: sa.Connection) -> bool:
        """Whether it is time for it: this transaction has begun to write in the stage."""
        return self.now_at == self.stage and not self.happened and id(connection) in self._writing

    def before_statement(self, connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        """Remembers who writes, and strikes before a further statement."""
        waits = self.what in REFUSALS and threading.current_thread().name != "heartbeat"
        if waits and self.now_at == self.stage and not self.happened:
            self._lock(connection, statement)
        if self.now_at == self.stage and statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            self._writing.add(id(connection))
        if self.what in (FAULTS[0], FAULTS[3]) and self.due(connection):
            self.happened = True
            self._strike(connection.connection.driver_connection)

    def before_commit(self, connection: sa.Connection) -> None:
        """Strikes before the commit is sent."""
        if self.what == FAULTS[1] and self.due(connection):
            self.happened = True
            self._strike(connection.connection.driver_connection)
        if self.what == FAULTS[2] and self.due(connection):
            self._lose = connection.connection.driver_connection
        self._writing.discard(id(connection))

    def committed(self, _dialect: DefaultDialect, driver: Any) -> None:
        """Commits, and for the one that was chosen lets nobody know."""
        driver.commit()
        if self._lose is not None and not self.happened:
            self.happened = True
            driver.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    def _lock(self, connection: sa.Connection, statement: str) -> None:
        """Locks the table that is written to next, unless this transaction has a lock there itself."""
        if not (table := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)", statement)):
            return
        self.holder = psycopg.connect(self.server.url(str(connection.engine.url.database)))
        try:
            self.holder.execute(f"LOCK TABLE bulletin.{table[1]} IN ACCESS EXCLUSIVE MODE NOWAIT")
        except psycopg.errors.LockNotAvailable:
            self.unlock()
        else:
            self.happened = True

    def unlock(self) -> None:
        """Gives the table back."""
        if self.holder:
            self.holder.close()
            self.holder = None

    def _strike(self, driver: Any) -> None:
        if self.what == FAULTS[3]:
            self.server.control("restart", "--mode=immediate")
        else:
            self.server.tell(f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")

    def filling(self, fill: Callable[..., None], *arguments: Any) -> None:
        """Strikes before many rows are sent at once."""
        if self.what == COPYING and self.now_at == self.stage and not self.happened:
            self.happened = True
            self._strike(arguments[1].connection.driver_connection)
        fill(*arguments)

    @contextmanager
    def lurking(self) -> Iterator[None]:
        """Lets it happen within."""
        stage = Desk._stage

        @contextmanager
        def named(desk: Desk, run: int, seconds: dict[str, float], name: str) -> Iterator[None]:
            self.now_at = name
            try:
                with stage(desk, run, seconds, name):
                    yield
            finally:
                self.now_at = ""

        sa.event.listen(sa.Engine, "before_cursor_execute", self.before_statement)
        sa.event.listen(sa.Engine, "commit", self.before_commit)
        try:
            with (
                patch.object(Desk, "_stage", named),
                patch.object(DefaultDialect, "do_commit", _bound(self)),
                patch.object(Postgresql, "fill", partialmethod(_filled, self, Postgresql.fill)),
                _impatient(self.what),
            ):
                yield
        finally:
            self.unlock()
            sa.event.remove(sa.Engine, "before_cursor_execute", self.before_statement)
            sa.event.remove(sa.Engine, "commit", self.before_commit)


@contextmanager
def _impatient(what: str) -> Iterator[None]:
    """Has the server give up after seconds what it would wait for half a minute, or five of them."""
    if what == "table locked for long":
        with patch.object(postgresql, "_WAIT_SECONDS", _WAITS):
            yield
    elif what == "statement takes too long":
        with patch.dict(postgresql._SETTINGS, statement_timeout=f"{_WAITS}s"):
            yield
    else:
        yield


def _filled(kind: Postgresql, fault: Fault, fill: Callable[..., None], *arguments: Any) -> None:
    fault.filling(fill, kind, *arguments)


def _bound(fault: Fault) -> Callable[[DefaultDialect, Any], None]:
    def do_commit(dialect: DefaultDialect, driver: Any) -> None:
        fault.committed(dialect, driver)

    return do_commit


_PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>智慧医疗</title></head>
<body><h1>北京友谊医院上线智慧医疗平台 检查结果实现互认</h1><div>2024-06-12 09:30 来源：北京日报</div><div id="article">
<p>北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。</p>
<p>平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。</p>
<p>院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。</p></div></body></html>"""


def _office(folder: Path, address: str) -> None:
    """A workspace with one page that belongs into the issue of June."""
    prepare(folder, address)
    for other in (folder / "inbox").iterdir():
        other.unlink()
    (folder / "inbox" / "a.html").write_text(_PAGE, "utf-8")


def play(server: Server, folder: Path, stage: str, what: str, address: str) -> tuple[list[str], str]:
    """One fault, and what became of it: which promises were broken, and how it went on."""
    _office(folder, address)
    fault = Fault(server, what, stage)
    told, said = "went on", ""
    with fault.lurking():
        try:
            _drafted(folder)
        except DeskError as error:
            told, said = f"{type(error).__name__}, then made by the next look", error.message
            fault.unlock()
            _retried(folder)
        fault.unlock()
        try:
            _put_out(folder, fault)
        except DeskError as error:
            told, said = f"{type(error).__name__}, then released by pressing again", error.message
            fault.unlock()
            with suppress(UsageError, Conflict):
                _put_out(folder, fault)
    if not fault.happened:
        return [f"{stage}: {what}: never came to pass"], "–"
    if what in REFUSALS and REFUSALS[what] not in said:
        return [f"{stage}: {what}: it is told as {said or 'nothing'}"], told
    if stage == "release":
        server.control("restart", "--mode=immediate")  # what was said to be out is out, whatever happens next
    return [f"{stage}, {what}: {one}" for one in broken(folder)], told


def _window(desk: Desk) -> Window:
    return desk.standing(desk.series(_SERIES))[0].window


def _drafted(folder: Path) -> None:
    with open_desk(folder, clock=july) as desk:
        desk.run(_SERIES, _window(desk), Inline())


def _retried(folder: Path) -> None:
    """The next looks of the clock, which wait for the pause between two attempts."""
    for _ in range(20):
        with suppress(DeskError):
            _drafted(folder)
            return
        time.sleep(0.3)


def _put_out(folder: Path, fault: Fault | None = None) -> None:
    with open_desk(folder, clock=july) as desk:
        desked = _ready(desk)
        if fault:
            fault.now_at = "release"
        try:
            desk.release(desked, "王编辑")
        finally:
            if fault:
                fault.now_at = ""


def _ready(desk: Desk) -> Desked:
    """The draft, with a signature for whatever its findings say."""
    desked = desk.desked(_SERIES, _window(desk))
    for finding in desk.findings(desked):
        if finding.severity.value == "blocking" and not desked.released:
            desked = desk.decide(desked, Decision("waive", "王编辑", july(), finding.key, reason="演练"))
    return desked


def broken(folder: Path) -> list[str]:
    """Which promises do not hold."""
    wrong = []
    with open_desk(folder, clock=july) as desk:
        issues = desk.issues.all(_SERIES)
        if [one.number for one in issues] != [535]:
            return [f"the issues are {[one.number for one in issues]}"]
        (one,) = issues
        made = [each for each in desk.revisions(one) if each.decision.verb == "generate"]
        if len(made) != 1:
            wrong.append(f"the draft was made {len(made)} times")
        if one.state is not State.RELEASED or len(desk.issues.releases_of(one.id)) != 1:
            wrong.append(f"it is {one.state}, put out {len(desk.issues.releases_of(one.id))} times")
        if len(one.draft.chosen) != 1:
            wrong.append(f"{len(one.draft.chosen)} items are in it")
        if desk.tally(one).leads != 1:
            wrong.append(f"{desk.tally(one).leads} leads are accounted for")
        if Audit(desk._database).broken():
            wrong.append("the audit log does not hang together")
        names = [name for release in desk.issues.released(_SERIES) for name in release.files]
        wrong += [f"{name} is not published" for name in names if not (folder / "out" / name).is_file()]
    return wrong


# ----------------------------------------------------------------------------------------------- two machines


def machine(folder: Path, name: str, said: Any) -> None:
    """Makes and puts out the draft, however often it takes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    deadline, outcomes = time.monotonic() + _PATIENCE, []
    while time.monotonic() < deadline:
        try:
            with open_desk(folder, clock=july) as desk:
                one = desk.issues.of_window(_SERIES, _window(desk))
            if one is None:
                _drafted(folder)
            elif not one.released:
                _put_out(folder)
                outcomes.append("released")
            else:
                break
        except (Busy, Conflict):
            time.sleep(0.1)
        except DeskError:
            outcomes.append("lost")
            time.sleep(0.1)
    said.put((name, outcomes))


def two_machines(server: Server, folder: Path, address: str, seed: int) -> tuple[list[str], str]:
    """Two processes at once, and a third that ends their connections."""
    _office(folder, address)
    with open_desk(folder, clock=july):
        pass
    name = sa.make_url(address).database
    chance, stop, ended = random.Random(seed), threading.Event(), []

    def unrest() -> None:
        # those in the middle of a transaction: one that only waits in its pool is replaced without anybody's notice
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bulletin-desk' "
            f"AND datname = '{name}' AND state <> 'idle'"
        )
        while not stop.wait(chance.uniform(0.005, 0.03)) and len(ended) < _ENDED:
            ended.extend(server.tell(query))

    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    machines = [context.Process(target=machine, args=(folder, name, said)) for name in ("甲", "乙")]
    disturbing = threading.Thread(target=unrest)
    for one in machines:
        one.start()
    disturbing.start()
    told = dict(said.get(timeout=2 * _PATIENCE) for _ in machines)
    stop.set()
    disturbing.join()
    for one in machines:
        one.join(_PATIENCE)
    wrong = [f"two machines: {one}" for one in broken(folder)]
    if not ended:
        wrong.append("two machines: no connection was ended")
    put_out, lost = (sum(one.count(what) for one in told.values()) for what in ("released", "lost"))
    return wrong, f"{len(ended)} connections ended, {lost} times tried anew, put out {put_out} times"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    programs = binaries()
    if programs is None:
        sys.exit("PostgreSQL is not installed: make system")
    server, wrong, points = Server(programs), list[str](), 0
    print("| stage | fault | and then |\n|---|---|---|")
    try:
        for stage in STAGES:
            for what in (*FAULTS, *REFUSALS, *([COPYING] if stage in ("relate", "release") else [])):
                folder = Path(tempfile.mkdtemp()) / "desk"
                with server.database("TEMPLATE migrated") as address:
                    found, told = play(server, folder, stage, what, address)
                shutil.rmtree(folder.parent)
                wrong, points = wrong + found, points + 1
                print(f"| {stage} | {what} | {told}{' – BROKEN' if found else ''} |", flush=True)
        folder = Path(tempfile.mkdtemp()) / "desk"
        with server.database("TEMPLATE migrated") as address:
            found, told = two_machines(server, folder, address, 1)
        shutil.rmtree(folder.parent)
        wrong, points = wrong + found, points + 1
        print(f"| two machines | connections ended at random | {told}{' – BROKEN' if found else ''} |", flush=True)
    finally:
        server.end()
    concluded(points, wrong)


if __name__ == "__main__":
    main()
