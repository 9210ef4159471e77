"""What happens round Prefect: when it fails, what schedules mean, how its server is kept."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from drills.kills import july, prepare
from patience import until
from pipeline.config import Series, load, packaged
from pipeline.desk import WITHOUT_PREFECT, Desk, Inline, open_desk
from pipeline.errors import DeskError, SourceError
from pipeline.flows import environment, server
from pipeline.model import BEIJING, Window
from pipeline.schedule import triggers

CONFIG = load(packaged("config").parent)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
LATER = dt.timedelta(microseconds=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A workspace with one page to read; nothing here changes what others of this file look at."""
    folder = tmp_path_factory.mktemp("office") / "工作区 一"
    prepare(folder)
    return folder


@pytest.fixture
def nowhere(monkeypatch):
    """The address of a Prefect server that is not there."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}/api"
    monkeypatch.setenv("PREFECT_API_URL", url)
    return url


# ---------------------------------------------------------------------------------------------- when Prefect fails


def test_a_draft_is_made_once_and_says_so_when_no_server_answers(tmp_path, bulletin, nowhere):
    prepare(tmp_path / "w")
    code, _, err = bulletin("-C", tmp_path / "w", "run", "beijing-monthly", "--month", "2024-06")
    assert code == 4
    assert "Prefect 不可用，本次不经 Prefect 运行。" in err
    with open_desk(tmp_path / "w", clock=july) as desk:
        assert desk.runs.last("beijing-monthly", JUNE).engine == WITHOUT_PREFECT
        (made,) = desk.issues.all()
        assert (made.number, len(desk.revisions(made))) == (535, 1)


def _embedded(office, flow) -> bool:
    from pipeline.flows.embedded import embedded

    return embedded(load(office), flow, lambda line: None)


def test_what_a_server_that_did_not_start_left_undone_is_for_the_caller_to_do(office):
    def unserved(workspace: str) -> None:
        # as Prefect says it on a machine with nothing to spare
        raise RuntimeError("Timed out while attempting to connect to ephemeral Prefect API server.")

    assert _embedded(office, unserved) is False


def test_what_was_kept_before_the_server_was_lost_is_not_done_again(office):
    from pipeline.flows.work import HERE

    def recorded_by_nobody(workspace: str) -> None:
        here = HERE.get()
        here.begun = here.done = True
        raise ConnectionError("the server is gone")

    assert _embedded(office, recorded_by_nobody) is True


@pytest.mark.parametrize("error", [RuntimeError("something else"), SourceError("信源不通")], ids=["unforeseen", "desk"])
def test_an_error_of_the_work_itself_keeps_its_own_name_and_is_not_tried_without_prefect(office, error):
    from pipeline.flows.work import HERE

    def broken(workspace: str) -> None:
        HERE.get().begun = True
        raise error

    with pytest.raises(type(error), match=str(error)):
        _embedded(office, broken)


@pytest.mark.parametrize("error", [TimeoutError(), SourceError("信源不通")], ids=["in time", "desk"])
def test_a_look_goes_on_after_a_draft_that_fails_and_tells_people_of_it(tmp_path, monkeypatch, error):
    from pipeline.flows import tidying, work

    tried, told = [], []

    def failing(desk, series, window, claim, *_) -> None:
        tried.append(f"{window.start:%Y-%m}")
        raise error

    prepare(tmp_path / "w")
    monkeypatch.setattr(work, "now", lambda: dt.datetime(2024, 9, 2, 9, tzinfo=BEIJING))
    monkeypatch.setattr(work, "_made", failing)
    monkeypatch.setattr(tidying, "crashed", lambda desk: 0)
    monkeypatch.setattr(Desk, "send_notices", lambda desk: told.append(desk))
    here = work.HERE.set(work.Here(lambda line: None, None))
    try:
        with pytest.raises(DeskError, match=r"2024-07.*: .*; .*2024-08"):
            work.reconcile.fn(workspace=str(tmp_path / "w"))
    finally:
        work.HERE.reset(here)
    assert (tried, len(told)) == (["2024-07", "2024-08"], 1)


# ---------------------------------------------------------------------------------------------- what schedules mean


@pytest.mark.parametrize("workday", [False, True], ids=["", "workday"])
@pytest.mark.parametrize("after", ["00:30", "23:59", "33:15"])
@pytest.mark.parametrize("window", ["monthly", "mon", "fri", "sat", "sun"])
def test_prefects_schedules_and_the_clocks_triggers_agree_for_two_years(after, window, workday):
    import anyio
    from prefect.server.schemas.schedules import CronSchedule

    from pipeline.flows.deploying import schedule

    days = ("monthly", "tue", "wed", "thu", "fri", "sat", "sun", "mon")
    sunday = dt.date(2023, 11, 26) + dt.timedelta(days=days.index(window)) if window in days[1:] else None
    series = Series.model_validate(
        {"title": "刊", "issuer": "中心", "unit": "刊", "topic": "医", "after": after, "id": "s", "workday": workday,
         "last": {"number": 1, "window": f"{sunday or '2023-11'}"},
         "window": {"weekly": {"from": window}} if sunday else "monthly"}
    )  # fmt: skip
    trigger = triggers(CONFIG.model_copy(update={"series": {"s": series}}))["s"]
    ours, at = [], dt.datetime(2023, 12, 15, tzinfo=BEIJING)
    theirs = schedule(series)
    count = 730 if workday else 104 if sunday else 24
    wanted = CronSchedule(cron=theirs.cron, timezone=theirs.timezone).get_dates
    with ThreadPoolExecutor(1) as pool:  # in this thread a browser of other tests may still have its loop
        dates = pool.submit(anyio.run, wanted, count, at).result()
    for _ in range(count):
        at = trigger.get_next_fire_time(at, at + LATER)
        ours.append(at)
    assert [one.astimezone(BEIJING) for one in dates] == ours


@pytest.fixture
def scheduled(office, monkeypatch):
    """Lets a schedule's run come for a moment, whatever time it is now; its state."""
    from pipeline.flows import work

    def scheduled(moment: str, today: str) -> object:
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=BEIJING)
        here = dt.datetime.fromisoformat(today).replace(tzinfo=BEIJING)
        monkeypatch.setattr(work, "_scheduled", lambda: at)
        monkeypatch.setattr(work, "Tasks", Inline)
        monkeypatch.setattr(work.artifacts, "create_markdown_artifact", lambda **_: None)
        monkeypatch.setattr(work.artifacts, "create_table_artifact", lambda **_: None)
        with open_desk(office, clock=lambda: here) as desk:
            return work._due(desk, desk.series("beijing-monthly"), lambda line: None)

    return scheduled


def test_a_scheduled_run_makes_the_window_of_its_own_moment_once_and_others_end_well_and_say_why(office, scheduled):
    late = "2024-09-03 10:00"
    missed = scheduled("2024-07-01 00:30", late)
    assert (missed.type.value, missed.name, missed.message) == (
        "COMPLETED", "Skipped", "beijing-monthly 2024-06: older than catch_up makes by itself",
    )  # fmt: skip
    made = scheduled("2024-08-01 00:30", late)
    assert (made.type.value, made.message.partition(":")[0]) == ("COMPLETED", "beijing-monthly 2024-07")
    again = scheduled("2024-08-01 00:30", late)
    assert again.message == "beijing-monthly 2024-07: its draft is made already"
    last = scheduled("2024-09-01 00:30", late)
    assert last.message.startswith("beijing-monthly 2024-08")
    with open_desk(office, clock=july) as desk:
        assert [(one.number, f"{one.draft.window.start}") for one in desk.issues.all()] == [
            (535, "2024-07-01"), (536, "2024-08-01"),
        ]  # fmt: skip


def test_a_scheduled_run_leaves_alone_what_somebody_makes_and_what_is_paused(office, scheduled):
    moment = "2024-10-01 00:30"
    here = dt.datetime(2024, 10, 1, 0, 31, tzinfo=BEIJING)
    with open_desk(office, clock=lambda: here) as desk:
        series = desk.series("beijing-monthly")
        window = series.window_of(dt.date(2024, 9, 1))
        claim = desk.claim_due(series, window)
        with desk.held(claim):
            assert "is making it since" in scheduled(moment, "2024-10-01 00:31").message
        desk.claims.fail(claim.owner, "断电", dt.timedelta(minutes=5))
        assert "it failed (断电)" in scheduled(moment, "2024-10-01 00:32").message
        desk.claims.pause(series.id, "系统迁移", "李主任", here)
        assert scheduled(moment, "2024-10-01 00:33").message.endswith("the series is paused")


# ---------------------------------------------------------------------------------------------- how the server is kept

_SERVER = textwrap.dedent("""
    import http.server, sys
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Answer).serve_forever()
""")


@pytest.fixture
def keeper(tmp_path, monkeypatch):
    """Makes keepers of one data folder; what they keep is small and quick."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(server, "_LEASHED", _SERVER)
    monkeypatch.setattr(server, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(server, "_PAUSES", (0.05, 0.1))
    (tmp_path / "config").mkdir()
    made = []

    def keeper() -> server.Keeper:
        made.append(server.Keeper(load(tmp_path)))
        made[-1].begin()
        return made[-1]

    yield keeper
    for one in made:
        one.end()


def _found(config, but: int = 0) -> server.Running:
    found: list[server.Running] = []

    def there() -> bool:
        running = server.found(config)
        if running and running.process != but and server.answers(running.url):
            found.append(running)
        return bool(found)

    assert until(there), "no server is found"
    return found[0]


def test_a_server_that_dies_is_started_again_where_it_was_and_is_gone_with_its_keeper(keeper, tmp_path):
    config = load(tmp_path)
    one = keeper()
    first = _found(config)
    assert server.ready(config)
    os.kill(first.process, signal.SIGKILL)
    second = _found(config, but=first.process)
    assert second.url == first.url, "runs that outlive it ask there again"
    one.end()
    assert server.found(config) is None
    assert not server.answers(second.url)


def test_two_keepers_of_one_folder_keep_one_server_and_the_second_takes_over(keeper, tmp_path):
    config = load(tmp_path)
    one = keeper()
    first = _found(config)
    keeper()
    time.sleep(0.3)
    assert _found(config) == first
    one.end()
    assert _found(config, but=first.process)


def test_a_note_about_a_server_that_is_gone_or_another_machines_is_not_believed(keeper, tmp_path):
    config = load(tmp_path)
    keeper()
    _found(config)
    file = server._file(config)
    kept = file.read_text("utf-8")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for text in ("", "{}", "[1]", kept.replace(server.myself().home, "elsewhere"),
                 kept.replace(f'"pid": {server.found(config).process}', f'"pid": {gone.pid}')):  # fmt: skip
        file.write_text(text, "utf-8")
        assert server.found(config) is None
        assert not server.ready(config)
        file.write_text(kept, "utf-8")


def test_a_server_of_this_machine_ends_when_its_keeper_is_killed(tmp_path):
    (tmp_path / "config").mkdir()
    program = f"""
import sys, time, pathlib
from pipeline.config import load
from pipeline.flows import server
server._LEASHED = server._LEASHED.partition("sys.argv =")[0] + {_SERVER!r}
server.Keeper(load(pathlib.Path({str(tmp_path)!r}))).begin()
time.sleep(60)
"""
    environment = {key: value for key, value in os.environ.items() if key != "PREFECT_API_URL"}
    holder = subprocess.Popen([sys.executable, "-c", program], env=environment)
    running = _found(load(tmp_path))
    holder.kill()
    holder.wait()
    assert until(lambda: not server.answers(running.url))


def test_a_worker_of_a_new_workspace_has_where_to_put_its_folder(tmp_path):
    config = load(tmp_path)
    environment.of_worker(config, "http://127.0.0.1:4200/api", tmp_path)
    assert environment.home(config).parent.is_dir(), "Prefect makes only the last of it, and warns at every start"


def test_nobody_is_deployed_to_without_a_server(office, bulletin, monkeypatch, nowhere):
    code, _, err = bulletin("-C", office, "deploy")
    assert (code, "does not answer" in err) == (1, True)
    monkeypatch.delenv("PREFECT_API_URL")
    for command in ("deploy", "worker"):
        code, _, err = bulletin("-C", office, command)
        assert (code, "No Prefect server is named" in err) == (2, True)
