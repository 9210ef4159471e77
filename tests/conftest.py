"""What many tests share: the command line run in this process, a workspace of files, databases of both kinds."""

import datetime as dt
import functools
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
import typer.main

from drills import postgres
from inboxes import Hook
from loopback import Loopback
from pipeline import cli
from pipeline import libreoffice as program
from pipeline.config import packaged
from pipeline.fetch import browser
from pipeline.logs import processors
from pipeline.model import BEIJING

Run = Callable[..., tuple[int, str, str]]
Where = Path | str
"""Where a database is: a file or an address."""


def _workspace(folder: Path) -> Path:
    return folder / "工作区 一"


@pytest.fixture
def remark(record_property) -> Callable[[str], None]:
    """Says something measured, in a line at the end of the test run."""
    return lambda line: record_property("remark", line)


def pytest_terminal_summary(terminalreporter):
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        for name, line in getattr(report, "user_properties", ()):
            if name == "remark" and report.when == "call":
                terminalreporter.write_line(line)


_LONGEST = (
    "test_schedule", "test_browser", "test_engines", "test_end_to_end", "test_whole_way", "test_drills", "test_desk",
    "test_pictures", "test_learning", "test_relating", "test_safekeeping", "test_doctor", "test_cli", "test_migrations",
    "test_pages", "test_hostile_pages", "test_watching", "test_fetch", "test_verifying", "test_draft_browser",
    "test_import", "test_reasoning", "test_every_page", "test_sources", "test_rough_machines", "test_objects",
)  # fmt: skip
"""The files that take the longest; xdist would begin with those of the most tests, and end with one of 30 s."""


def pytest_collection_modifyitems(items):
    """Puts the longest files first: a worker takes a file whole, and one that is begun last holds all others up."""
    places = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


class Clock:
    """A time of day that goes on by itself, a second a look, and can be moved on."""

    def __init__(self) -> None:
        self.moment = dt.datetime(2024, 6, 13, 8, 0, tzinfo=BEIJING)

    def __call__(self) -> dt.datetime:
        self.moment += dt.timedelta(seconds=1)
        return self.moment


@pytest.fixture
def hour() -> Clock:
    """The time of day in June 2024."""
    return Clock()


@pytest.fixture
def web() -> Iterator[Loopback]:
    """A web on loopback without a page."""
    served = Loopback()
    yield served
    served.close()


@pytest.fixture
def bulletin(monkeypatch, capsys) -> Run:
    """Runs a command line; gives its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bulletin", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture(autouse=True)
def _log_as_new() -> None:
    """A command line that a test ran leaves its log settings behind; drawing a traceback in colour takes a second."""
    structlog.reset_defaults()
    structlog.configure(processors=processors())


@pytest.fixture(scope="session", autouse=True)
def _commands_read_once() -> Iterator[None]:
    """Spares the tests a tenth of their time on command lines: the commands' signatures are always the same."""
    read = typer.main.get_command
    typer.main.get_command = functools.cache(read)
    yield
    typer.main.get_command = read


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this test run; leaves a test out where there is none to start, never in CI."""
    programs = postgres.binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is missing, and CI leaves no test out: make system")
        pytest.skip("PostgreSQL is missing: make system")
    made = postgres.Server(programs)
    yield made
    made.end()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request, tmp_path) -> Iterator[Callable[..., Where]]:
    """Gives new places for a database, of both kinds: every test that asks for one runs on both.

    With `options="TEMPLATE template0"` a place on the server is empty; else it is migrated, which is faster.
    """
    if request.param == "sqlite":
        numbers = itertools.count()
        yield lambda options="": tmp_path / "databases" / str(next(numbers)) / "desk.db"
        return
    server = request.getfixturevalue("server")
    with ExitStack() as made:
        yield lambda options="TEMPLATE migrated": made.enter_context(server.database(options))


@pytest.fixture
def where(new_place) -> Where:
    """A place for a database, of both kinds."""
    return new_place()


@pytest.fixture
def point(tmp_path, new_place) -> Callable[..., Where]:
    """Points the workspace to a new database, and gives its place; a file stays where the workspace has it."""

    def point(*options: str) -> Where:
        place = new_place(*options)
        if isinstance(place, Path):
            return _workspace(tmp_path) / "data" / "desk.db"
        settings = _workspace(tmp_path) / "config" / "settings.yaml"
        text = settings.read_text("utf-8")
        settings.write_text(re.sub(r"^database:.*$", lambda _: f"database: {place}", text, flags=re.MULTILINE), "utf-8")
        return place

    return point


@pytest.fixture
def workspace(tmp_path, point) -> Path:
    """A workspace whose only source is a folder of files, `inbox`; its database is of either kind."""
    folder = _workspace(tmp_path)
    shutil.copytree(packaged("config"), folder / "config")
    (folder / "inbox").mkdir()
    (folder / "config" / "sources.yaml").write_text(
        "- id: inbox\n  name: 收件箱\n  kind: folder\n  path: inbox\n", "utf-8"
    )
    point()
    return folder


@pytest.fixture
def put(workspace) -> Callable[..., None]:
    """Puts a page in the manner of a news site into the workspace's folder."""

    def put(name: str, title: str, day: str, outlet: str, *paragraphs: str) -> None:
        body = "".join(f"<p>　　{one}</p>" for one in paragraphs)
        (workspace / "inbox" / f"{name}.html").write_text(
            f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}_{outlet}</title></head>
<body><div class="nav"><a href="/">首页</a> <a href="/jk">健康</a></div>
<h1>{title}</h1><div class="info"><span>{day} 09:30</span> <span>来源：{outlet}</span></div>
<div class="article-content" id="article">{body}</div>
<div class="editor">责任编辑：赵敏</div><div class="footer">版权所有</div></body></html>""",
            "utf-8",
        )

    return put


@pytest.fixture(scope="module")
def _workspaces() -> dict[str, tuple[Path, str, object]]:
    """What `made_once` made in this module: kind of database → its copy, its database's copy, what `make` gave."""
    return {}


@pytest.fixture
def made_once(request, workspace, point, tmp_path_factory, _workspaces) -> Callable[[Callable[[], object]], object]:
    """Fills the workspace: by `make` for the first test of a module, by a copy for the others; gives what it gave."""

    def made_once(make: Callable[[], object]) -> object:
        settings = (workspace / "config" / "settings.yaml").read_text("utf-8")
        here = re.search(r"^database: postgresql:.*/(?P<name>\w+)\?", settings, re.MULTILINE)
        kind = "PostgreSQL" if here else "SQLite"
        if kind not in _workspaces:
            gave = make()
            kept = tmp_path_factory.mktemp("made") / "workspace"
            shutil.copytree(workspace, kept)
            name = ""
            if here:
                name = f"{here['name']}_kept"
                request.getfixturevalue("server").tell(f"CREATE DATABASE {name} TEMPLATE {here['name']}")
            _workspaces[kind] = kept, name, gave
            return gave
        kept, name, gave = _workspaces[kind]
        shutil.rmtree(workspace)
        shutil.copytree(kept, workspace)
        if name:
            point(f"TEMPLATE {name}")
        return gave

    return made_once


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web hook on loopback that keeps what it is told."""
    server = Hook()
    yield server
    server.close()


@pytest.fixture
def pages_estimated(monkeypatch) -> None:
    """Documents get their page numbers by the estimator: a release takes a tenth of the time."""
    monkeypatch.setattr(program, "program", lambda: "")


@pytest.fixture(scope="session")
def libreoffice() -> None:
    """Leaves a test out where LibreOffice or Chinese fonts are missing; never in CI."""
    there = shutil.which("soffice") and shutil.which("fc-list")
    if there and subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout:
        return
    if os.environ.get("CI") == "true":
        pytest.fail("LibreOffice or Chinese fonts are missing, and CI leaves no test out: make system")
    pytest.skip("LibreOffice or Chinese fonts are missing: make system")


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """Where Chromium is; leaves a test out where there is none, never in CI."""
    if found := next(filter(None, map(shutil.which, browser._PROGRAMS)), None):
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing, and CI leaves no test out: make system")
    pytest.skip("Chromium is missing: make system")


@pytest.fixture(scope="session")
def chromium(chromium_program) -> Iterator[object]:
    """A Chromium, one for a whole run: two cannot be driven at once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_program, chromium_sandbox=os.geteuid() != 0)
        yield opened
        opened.close()
