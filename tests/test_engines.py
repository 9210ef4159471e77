"""Through Prefect as it is: one server for all of these, kept as `bulletin serve` keeps it, and a worker."""

import datetime as dt
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace
from uuid import uuid4

import pytest

from drills.kills import prepare
from patience import PATIENCE, until
from pipeline.cli.setup import again
from pipeline.config import load
from pipeline.demo.play import play
from pipeline.desk import now, open_desk
from pipeline.flows import environment, server
from pipeline.model import BEIJING, Phase

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A server, kept for a data folder of its own; the configuration of that."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "config").mkdir()
    config = load(folder)
    environment.prepare(config)
    keeper = server.Keeper(config)
    keeper.begin()
    assert until(lambda: server.found(config))
    assert server.ready(config)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_API_URL", server.address(config))
        yield config
    keeper.end()
    assert server.found(config) is None


@pytest.fixture
def office(tmp_path):
    """A workspace with a page to read, whose one series has one window to be made by the clock on the wall."""
    return _office(tmp_path)


def _office(parent):
    folder = parent / "工作区 一"
    prepare(folder)
    first = now().date().replace(day=1)
    before = (first - dt.timedelta(days=1)).replace(day=1) - dt.timedelta(days=1)
    series = folder / "config" / "series.yaml"
    series.write_text(series.read_text("utf-8").replace("window: 2024-05", f"window: {before:%Y-%m}"), "utf-8")
    clock, pool = "{collect_minutes: 0, tick_minutes: 1}", f"pool-{uuid4().hex[:8]}"
    (folder / "config" / "settings.yaml").write_text(f"clock: {clock}\nprefect: {{pool: {pool}}}\n", "utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def scheduled(kept, tmp_path_factory):
    """Another one, deployed with a worker when the file begins: its minute comes while the others are tried."""
    folder = _office(tmp_path_factory.mktemp("scheduled"))
    assert again("-C", str(folder), "deploy") == 0
    with (folder.parent / "worker.log").open("wb") as said:
        worker = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "-C", str(folder), "worker"],
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PREFECT_LOGGING_LEVEL": "INFO"},  # as a worker has it that nothing was set for
            start_new_session=True,
        )
    yield folder
    worker.terminate()
    try:
        worker.wait(PATIENCE)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def _asked(path: str, **body) -> list[dict]:
    from prefect import get_client

    with get_client(sync_client=True) as client:
        return client.request("POST", path, json=body).json()


def _of_pool(office) -> dict:
    return {"tags": {"all_": [f"pool:{load(office).settings.prefect.pool}"]}}


def test_prefect_and_plain_calls_make_the_same_issue(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("BULLETIN_POLITENESS__RETRIES", "0")  # the second try is Prefect's
    issues = {}
    for engine in ("prefect", "inline"):
        code = play(tmp_path / engine, month="2024-06", week="", engine=engine, bulletin=again)
        assert code == 0
        with open_desk(tmp_path / engine, clock=now) as desk:
            (issues[engine],) = (one for one in desk.issues.released() if not one.imported)
            runs = desk.runs.last("beijing-monthly", issues[engine].issue.window)
            assert runs.engine == engine
    _prefect_recorded(environment.home(kept) / "prefect.db")
    assert issues["prefect"].issue == issues["inline"].issue
    assert issues["prefect"].files == issues["inline"].files, "the same bytes"
    assert issues["prefect"].tally == issues["inline"].tally


def _prefect_recorded(database) -> None:
    """One task a source and a batch, a second try for what failed, and artifacts an operator can read."""
    of_june = "WHERE flow_run_id IN (SELECT id FROM flow_run WHERE name LIKE 'beijing-monthly 2024-06%')"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as prefect:
        runs = dict(prefect.execute("SELECT name, state_name FROM flow_run"))
        assert runs["beijing-monthly 2024-06"] == "Degraded"
        assert any(name.startswith("beijing-monthly 2024-06 release of revision ") for name in runs)
        artifacts = dict(prefect.execute(f"SELECT key, data FROM artifact {of_june}"))
        assert {"fates-beijing-monthly", "draft-beijing-monthly", "release-beijing-monthly"} <= artifacts.keys()
        assert {"source": "健康快讯", "why": "连接失败"}.keys() == json.loads(
            json.loads(artifacts["silent-sources-beijing-monthly"])
        )[0].keys()
        deadline = time.monotonic() + 30
        while True:  # the server records task runs in batches, a moment later
            tasks = dict(prefect.execute(f"SELECT name, run_count FROM task_run {of_june}"))
            if "judge 1" in tasks or time.monotonic() > deadline:
                break
            time.sleep(0.5)
    assert tasks["harvest qianlong"] == 1
    assert tasks["harvest jiankangkuaixun"] == 2, "a dead source is tried once more"
    assert tasks["judge 1"] == 1
    assert any(name.startswith("read ") for name in tasks)
    assert sum(name.startswith("harvest ") for name in tasks) == 15


def test_deploying_twice_changes_nothing_and_takes_off_only_what_is_its_own_and_gone(kept, office, bulletin):
    def deployed(*options: str) -> dict[str, str]:
        code, out, _ = bulletin("-C", office, "deploy", "--json", *options)
        assert code == 0
        return {one["deployment"].replace(pool, "P"): one["change"] for one in json.loads(out)}

    pool = load(office).settings.prefect.pool
    assert deployed("--dry-run") == {"generate/P-beijing-monthly": "new", "reconcile/P": "new"}
    assert deployed() == {"generate/P-beijing-monthly": "new", "reconcile/P": "new"}
    assert deployed() == {"generate/P-beijing-monthly": "unchanged", "reconcile/P": "unchanged"}
    theirs = len(_asked("/deployments/filter"))
    series = office / "config" / "series.yaml"
    series.write_text(series.read_text("utf-8").replace("beijing-monthly:", "renamed:\n  after: '08:05'"), "utf-8")
    assert deployed() == {
        "generate/P-renamed": "new", "reconcile/P": "unchanged", "generate/P-beijing-monthly": "removed",
    }  # fmt: skip
    assert len(_asked("/deployments/filter")) == theirs
    (one,) = _asked("/deployments/filter", deployments={"name": {"any_": [f"{pool}-renamed"]}})
    assert one["schedules"][0]["schedule"]["cron"] == "5 8 1 * *"
    assert one["parameters"] == {"series": "renamed"}
    assert one["global_concurrency_limit"]["limit"] == 1


def test_a_run_whose_process_was_killed_is_marked_as_crashed_and_one_that_lives_is_not(kept, office):
    from prefect import get_client
    from prefect.states import Running

    from pipeline.flows import tidying, work

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with open_desk(office, clock=now) as desk, get_client(sync_client=True) as client:

        def running(owner: str, process: int) -> object:
            pool = desk.config.settings.prefect.pool
            one = client.create_flow_run(work.reconcile, state=Running(), tags=tidying.tags(pool))
            client.update_flow_run_labels(one.id, {**tidying.labels(owner), "desk.process": process})
            return one.id

        alive, killed, taken_over = running("", os.getpid()), running("", gone.pid), running("a" * 32, os.getpid())
        assert tidying.crashed(desk) == 2
        assert tidying.crashed(desk) == 0
        states = {one: client.read_flow_run(one).state for one in (alive, killed, taken_over)}
    assert states[alive].name == "Running"
    assert (states[killed].name, states[killed].message) == ("Crashed", f"its process {gone.pid} is gone")
    assert (states[taken_over].name, states[taken_over].message) == ("Crashed", "its claim was taken over")


def test_missed_looks_are_closed_by_the_one_that_comes_after_them(kept, office, bulletin, monkeypatch):
    from prefect import get_client
    from prefect.states import Scheduled

    from pipeline.flows import tidying

    bulletin("-C", office, "deploy")
    pool = load(office).settings.prefect.pool
    with get_client(sync_client=True) as client:
        there = client.read_deployment_by_name(f"reconcile/{pool}").id
        moments = [dt.datetime(2024, 7, 1, 0, minute, tzinfo=BEIJING) for minute in (30, 35, 40)]
        first, second, last = (
            client.create_flow_run_from_deployment(there, state=Scheduled(scheduled_time=one)).id for one in moments
        )
        now_running = SimpleNamespace(id=str(last), scheduled_start_time=moments[-1])
        monkeypatch.setattr(
            tidying, "runtime", SimpleNamespace(deployment=SimpleNamespace(id=str(there)), flow_run=now_running)
        )
        assert tidying.passed_over() == 2
        states = [client.read_flow_run(one).state for one in (first, second, last)]
    assert [one.type.value for one in states] == ["COMPLETED", "COMPLETED", "SCHEDULED"]
    assert f"{last}" in states[0].message


def test_a_run_that_the_schedule_began_makes_the_draft_on_a_worker(scheduled):
    assert until(lambda: _made(scheduled), 300)
    (made,) = _made(scheduled)
    assert "auto-scheduled" in made["tags"], "no scheduler, no scheduled runs"
    with open_desk(scheduled, clock=now) as desk:
        first, *_ = desk.standing(desk.series("beijing-monthly"))
        assert (first.phase, first.number) == (Phase.DRAFT, 535)
    log = (scheduled.parent / "worker.log").read_text("utf-8")
    begun = re.findall(r"Beginning flow run '(.*)' for flow", log)
    assert begun
    assert all(re.fullmatch(r"reconcile \d\d-\d\d \d\d:\d\d", one) for one in begun), begun


def _made(office) -> list[dict]:
    """The runs that ended with a draft; a look that came after it found nothing due."""
    state = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}
    ended = _asked("/flow_runs/filter", flow_runs={**_of_pool(office), "state": state})
    return [one for one in ended if one["state"]["message"].startswith("made beijing-monthly 2")]
