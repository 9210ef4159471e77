"""Prefect as an operator runs it: a server and our store on PostgreSQL, workers, and everything killed in mid-run.

usage: python -m drills.prefect

A throw-away PostgreSQL server holds both databases. Prefect's server and the workers are started as the README says.
The one source is a feed that answers when it is let, so that a run can be met in the middle. After each point the
windows must have one draft each, made once, and the numbers must follow them without a gap.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from drills.conclusion import concluded
from drills.postgres import Server as Postgres
from drills.postgres import binaries
from pipeline.config import packaged
from pipeline.desk import now, open_desk
from pipeline.flows import environment, server
from pipeline.model import Phase

_PATIENCE_SECONDS = 600.0
_LEASE_SECONDS = 15  # who is at work gives a sign of life every five, which a busy machine may delay
_SERIES = ("planned", "killed", "cut-off", "away", "together")
_AWAY_SECONDS = 150.0  # a run goes on asking for four minutes
_FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>健康快报</title>
<item><title>北京多家医院上线智能预问诊</title><link>http://news.example/1.html</link></item></channel></rss>"""
_PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<title>北京多家医院上线智能预问诊</title></head>
<body><h1>北京多家医院上线智能预问诊</h1><div class="info"><span>{day} 09:30</span><span>来源：健康快报</span></div>
<div class="article-content"><p>　　北京市卫生健康委介绍，全市已有二十家三级医院上线智能预问诊系统，患者候诊时在手机上
回答问题，医生接诊前就能看到整理好的病史。</p><p>　　系统与电子病历打通，预计年内覆盖全部三级医院，社区卫生服务中心也将
陆续接入。</p></div></body></html>"""


class News:
    """A feed with one article, which answers when the gate is open."""

    def __init__(self, day: dt.date) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Event()
        news = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = _FEED if self.path == "/feed" else _PAGE.format(day=day) if self.path == "/1.html" else ""
                if self.path == "/feed":
                    news.asked.set()
                    news.gate.wait(_PATIENCE_SECONDS)
                with suppress(OSError):
                    self.send_response(200 if text else 404)
                    self.send_header("Content-Type", "application/xml" if self.path == "/feed" else "text/html")
                    self.end_headers()
                    self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self) -> None:
        """Lets whoever asks wait."""
        self.asked.clear()
        self.gate.clear()

    def meet(self) -> None:
        """Waits until somebody stands at the gate."""
        if not self.asked.wait(_PATIENCE_SECONDS):
            raise TimeoutError("nobody asked for the feed")


class Play:
    """One office, Prefect's server, its workers."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder, self._postgres = folder, postgres
        self._folder_of_prefect = folder.parent / "prefect"
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self._port = door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/api"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.server: subprocess.Popen[bytes] | None = None
        today = now().date()
        self.month = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
        self._before = f"{self.month - dt.timedelta(days=1):%Y-%m}"
        self.news = News(self.month + dt.timedelta(days=8))
        shutil.copytree(packaged("config"), folder / "config")
        (folder / "config" / "sources.yaml").write_text(
            "- {id: news, name: 健康快报, kind: feed, url: 'http://news.example/feed'}\n", "utf-8"
        )

    def configure(self, tick_minutes: int, *series: str, weeks: int = 0) -> None:
        """What there is: monthly series with one window to be made each, and a weekly one with some."""
        self._write(
            "series.yaml", "".join(_monthly(one, self._before) for one in series) + (_weekly(weeks) if weeks else "")
        )
        self._write(
            "settings.yaml",
            f"database: '{self._database}'\n"
            f"connect_to: {{'news.example:80': '127.0.0.1:{self.news.port}'}}\n"
            "politeness: {robots: false, seconds_per_host: 0, read_seconds: 90}\n"
            f"clock: {{collect_minutes: 0, tick_minutes: {tick_minutes}, retry_minutes: 0.05, "
            f"lease_seconds: {_LEASE_SECONDS}}}\n"
            f"prefect: {{api: '{self.url}', pool: drill}}\n",
        )

    @property
    def _database(self) -> str:
        return self._postgres.url("office")

    def _write(self, name: str, text: str) -> None:
        (self.folder / "config" / name).write_text(text, "utf-8")

    def start_server(self) -> subprocess.Popen[bytes]:
        """Prefect's server on PostgreSQL, as the README says."""
        database = self._postgres.url("prefect").replace("postgresql:", "postgresql+asyncpg:")
        made = self._start(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)],
            {
                **environment.EVERYWHERE,
                "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
                "PREFECT_HOME": str(self._folder_of_prefect),
                "PREFECT_UI_API_URL": self.url,
                "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            },
            "server.log",
        )
        _wait("the server", lambda: server.answers(self.url))
        return made

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker, as the README says."""
        return self._start([sys.executable, "-m", "pipeline", "-C", str(self.folder), "worker"], {}, "worker.log")

    def _start(self, command: Sequence[str], more: dict[str, str], log: str) -> subprocess.Popen[bytes]:
        with (self.folder.parent / log).open("ab") as told:
            made = subprocess.Popen(
                command, env={**os.environ, **more}, stdout=told, stderr=told, start_new_session=True
            )
        self._processes.append(made)
        return made

    def deploy(self) -> None:
        """Registers what is configured."""
        subprocess.run(
            [sys.executable, "-m", "pipeline", "-C", str(self.folder), "deploy"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    def ask(self, path: str, **body: Any) -> Any:
        """Asks Prefect's server."""
        answer = requests.post(f"{self.url}{path}", json=body, timeout=_PATIENCE_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def scheduled(self, deployment: str, moment: dt.datetime | None = None) -> str:
        """A run as a schedule makes it, for a moment that may be past; its id."""
        (there,) = self.ask("/deployments/filter", deployments={"name": {"any_": [deployment]}})
        details = {"scheduled_time": (moment or now()).isoformat()}
        state = {"type": "SCHEDULED", "state_details": details}
        return str(self.ask(f"/deployments/{there['id']}/create_flow_run", state=state)["id"])

    def state(self, run: str) -> dict[str, Any]:
        """How Prefect says a run stands."""
        (found,) = self.ask("/flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return dict(found["state"])

    def over(self, *runs: str) -> list[dict[str, Any]]:
        """Waits until runs have ended; their states."""
        ended = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        _wait("the end of a run", lambda: all(self.state(one)["type"] in ended for one in runs))
        return [self.state(one) for one in runs]

    def drafts(self, series: str) -> list[tuple[int, str, int]]:
        """Number, first day and revisions of each draft of a series, by number."""
        with open_desk(self.folder, clock=now) as desk:
            assert not [one for one in desk.standing(desk.series(series)) if one.phase is Phase.RUNNING], (
                "still at work"
            )
            return [
                (one.number, f"{one.draft.window.start}", len(desk.revisions(one)))
                for one in sorted(desk.issues.all(series), key=lambda one: one.number)
            ]

    def made(self, series: str) -> bool:
        """Whether a series has a draft."""
        with open_desk(self.folder, clock=now) as desk:
            return bool(desk.issues.all(series))

    def once(self, series: str) -> str:
        """Nothing when the month's draft was made once; else what there is."""
        found = self.drafts(series)
        return "" if found == [(1, f"{self.month}", 1)] else f"{series} has {found}"

    def end(self) -> None:
        """Ends everything that was started."""
        for one in self._processes:
            kill(one)


def _monthly(name: str, before: str) -> str:
    return (
        f"{name}:\n  title: 演练月报{name}\n  issuer: 演练中心\n  unit: 月报\n  topic: 卫生信息化\n  window: monthly\n"
        f"  catch_up: all\n  last: {{number: 0, window: {before}}}\n"
    )


def _weekly(weeks: int) -> str:
    today = now().date()
    last = today - dt.timedelta(days=(today.weekday() - 4) % 7 or 7) - dt.timedelta(weeks=weeks)
    return (
        "weekly:\n  title: 演练周报\n  issuer: 演练中心\n  unit: 周报\n  topic: 卫生信息化\n"
        f"  window: {{weekly: {{from: sat}}}}\n  catch_up: all\n  last: {{number: 10, window: {last}}}\n"
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process with all that it started and that was started by those."""
    for one in [process.pid, *_below(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait()


def _below(process: int) -> Iterator[int]:
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in listed.read_text().split():
                yield int(child)
                yield from _below(int(child))


def _wait(what: str, until: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if until():
                return
        time.sleep(0.5)
    raise TimeoutError(f"{what} was waited for in vain")


# ---------------------------------------------------------------------------------------------- the points


def a_schedule_makes_the_draft(play: Play) -> str:
    def messages() -> list[str]:
        state = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}
        looks = play.ask("/flow_runs/filter", flow_runs={"tags": {"all_": ["auto-scheduled"]}, "state": state})
        return [look["state"]["message"] for look in looks]

    # not the first that is over: where making the draft takes more than a minute, the next look finds nothing to do
    expected = f"made planned {play.month:%Y-%m}"
    _wait(f"a scheduled run that says {expected}", lambda: expected in messages())
    return play.once("planned")


def a_worker_is_killed_with_its_run(play: Play) -> str:
    play.news.hold()
    run = play.scheduled("drill-killed")
    play.news.meet()
    kill(play.workers.pop())
    if (name := play.state(run)["type"]) != "RUNNING":
        return f"Prefect says {name} of a run that was killed, and needs nobody to notice"
    play.news.gate.set()
    play.workers.append(play.start_worker())
    play.over(play.scheduled("drill"))
    state = play.state(run)
    return play.once("killed") or ("" if state["type"] == "CRASHED" else f"the killed run is {state['name']}")


def the_server_is_killed_in_mid_run(play: Play) -> str:
    return _without_the_server(play, "cut-off", 0.0)


def the_server_is_away_for_minutes(play: Play) -> str:
    return _without_the_server(play, "away", _AWAY_SECONDS)


def _without_the_server(play: Play, series: str, seconds: float) -> str:
    """Kills the server while a draft is made; it is back when that is there, and so many seconds have gone by."""
    play.news.hold()
    run = play.scheduled(f"drill-{series}")
    play.news.meet()
    assert play.server
    kill(play.server)
    gone = time.monotonic()
    play.news.gate.set()
    _wait("the draft", lambda: play.made(series))
    time.sleep(max(0.0, gone + seconds - time.monotonic()))
    play.server = play.start_server()
    if play.workers[-1].poll() is not None:  # systemd starts it again, as the README has it
        play.workers[-1] = play.start_worker()
    (state,) = play.over(run)
    return play.once(series) or ("" if state["type"] == "COMPLETED" else f"the run is {state['name']}")


def two_workers_at_one_window(play: Play) -> str:
    play.workers.append(play.start_worker())
    play.news.hold()
    both = play.scheduled("drill-together"), play.scheduled("drill")
    play.news.meet()
    time.sleep(5)
    play.news.gate.set()
    states = play.over(*both)
    wrong = [one for one in states if one["type"] != "COMPLETED"]
    return play.once("together") or (f"{wrong[0]['name']}: {wrong[0]['message']}" if wrong else "")


def missed_weeks_in_any_order(play: Play) -> str:
    last = dt.datetime.combine(
        now().date() - dt.timedelta(days=(now().weekday() - 5) % 7), dt.time(0, 30), now().tzinfo
    )
    moments = [last - dt.timedelta(weeks=back) for back in (0, 2, 1)]
    states = play.over(*[play.scheduled("drill-weekly", one) for one in moments])
    found = play.drafts("weekly")
    starts = [f"{(one - dt.timedelta(days=7)).date()}" for one in sorted(moments)]
    wrong = [one for one in states if one["type"] != "COMPLETED"]
    expected = [(11 + place, start, 1) for place, start in enumerate(starts)]
    return f"weekly has {found}, not {expected}; {wrong}" if found != expected or wrong else ""


POINTS = (
    a_schedule_makes_the_draft,
    a_worker_is_killed_with_its_run,
    the_server_is_killed_in_mid_run,
    the_server_is_away_for_minutes,
    two_workers_at_one_window,
    missed_weeks_in_any_order,
)


def main() -> None:
    programs = binaries()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: make system")
    broken = []
    print("| point | seconds | |\n|---|---|---|", flush=True)
    with _begun(Postgres(programs)) as play:
        for place, point in enumerate(POINTS):
            begun = time.monotonic()
            if place:  # from here on nothing is looked after by itself, and each point has a series of its own
                play.configure(60, *_SERIES[: place + 1], weeks=3 if place == len(_SERIES) else 0)
                play.deploy()
            name = point.__name__.replace("_", " ")
            try:
                why = point(play)
            except (TimeoutError, requests.RequestException) as error:
                why = str(error)
            broken += [f"{name}: {why}"] if why else []
            print(f"| {name} | {time.monotonic() - begun:.0f} | {why or 'held'} |", flush=True)
    concluded(len(POINTS), broken)


@contextmanager
def _begun(postgres: Postgres) -> Iterator[Play]:
    folder = Path(tempfile.mkdtemp(prefix="bulletin-prefect-"))
    postgres.tell("CREATE DATABASE office TEMPLATE migrated")
    postgres.tell("CREATE DATABASE prefect")
    postgres.tell("CREATE EXTENSION pg_trgm", "prefect")
    play = Play(folder / "office", postgres)
    try:
        play.configure(1, "planned")
        play.server = play.start_server()
        play.deploy()
        play.workers = [play.start_worker()]
        yield play
    finally:
        play.end()
        postgres.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
