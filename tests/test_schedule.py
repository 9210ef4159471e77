"""The clock: every window gets its draft once, in order, whatever was missed, killed, set or started twice."""

import contextlib
import datetime as dt
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import time_machine

from patience import PATIENCE, until
from pipeline import schedule
from pipeline.config import Series, load, packaged
from pipeline.desk import Inline, open_desk
from pipeline.errors import NothingCollected
from pipeline.model import BEIJING, COLLECTING, Decision, Event, Phase, Progress, Work
from pipeline.schedule import Children, Clockwork, triggers, upcoming
from pipeline.steps.window import due_at, following

CONFIG = load(packaged("config").parent)
MONTHLY, WEEKLY = CONFIG.series["beijing-monthly"], CONFIG.series["national-weekly"]
IN_A_FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
"""For what has nothing to do with the kind of database, as what signals do to processes."""


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        self.time = dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)

    def __call__(self) -> dt.datetime:
        return self.time


class Launches:
    """Makes drafts in this process, and keeps what it was asked for; some fail when told so."""

    def __init__(self, workspace: Path, clock: SetClock) -> None:
        self.asked: list[str] = []
        self.fail: set[str] = set()
        self._workspace, self._clock = workspace, clock

    def __call__(self, arguments, seconds: float) -> int:
        if arguments[0] == "collect":
            self.asked.append("collect")
            return 1 if "collect" in self.fail else 0
        _, name, option, first, _, owner, *_ = arguments
        self.asked.append(f"{name} {first}")
        if self.fail & {name, first}:
            return -1
        with open_desk(self._workspace, clock=self._clock) as desk:
            day = dt.date.fromisoformat(first + ("-01" if option == "--month" else ""))
            desk.run(name, desk.series(name).window_of(day), Inline(), owner=owner)
        return 4


def configure(workspace: Path, clock: str = "{collect_minutes: 0}", settings: str = "", **series: str) -> None:
    path = workspace / "config" / "settings.yaml"
    database = next((line for line in path.read_text("utf-8").splitlines() if line.startswith("database:")), "")
    path.write_text(f"{database}\nclock: {clock}\n{settings}\n", "utf-8")
    path = workspace / "config" / "series.yaml"
    text = path.read_text("utf-8").replace("2025-08-01}", "2024-05-31}")
    for name, line in series.items():
        title = {"monthly": "beijing-monthly:", "weekly": "national-weekly:"}[name]
        text = text.replace(title, f"{title}\n  {line}")
    path.write_text(text, "utf-8")


@pytest.fixture
def clock():
    return SetClock("2024-06-15 12:00")


@pytest.fixture
def launches(workspace, clock):
    configure(workspace)
    return Launches(workspace, clock)


@pytest.fixture
def clockwork(workspace, launches, clock):
    return Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock)


def numbers(workspace, series="national-weekly") -> list[tuple[int, str]]:
    with open_desk(workspace, clock=SetClock("2030-01-01 00:00")) as desk:
        return [(one.number, str(one.draft.window.start)) for one in desk.issues.all(series)]


def later(workspace: Path, seconds: float) -> None:
    """Lets time pass for every claim by the database's clock, which nobody has to wait for."""
    passed = ", ".join(f"{one} = {one} - {seconds}" for one in ("since", "lease", "retry"))
    with (
        open_desk(workspace, clock=SetClock("2024-01-01 00:00")) as desk,
        desk.claims._database.write() as connection,
    ):
        connection.exec_driver_sql(f"UPDATE claims SET {passed}")


# ---------------------------------------------------------------------------------------------- when


@pytest.mark.parametrize("after", ["00:00", "00:30", "08:05", "23:59", "24:00", "33:15"])
@pytest.mark.parametrize("window", ["monthly", "mon", "tue", "wed", "thu", "fri", "sat", "sun"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_scheduler_fires_when_drafts_fall_due_for_two_years_wherever_the_server_stands(after, window, zone):
    weekly = {"weekly": {"from": window}}
    last = {"number": 1, "window": "2023-11" if window == "monthly" else None}
    if window != "monthly":
        monday = dt.date(2023, 11, 20)
        shift = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(window)
        last["window"] = str(monday + dt.timedelta(days=shift + 6))
    series = Series.model_validate(
        {"title": "刊", "issuer": "中心", "unit": "刊", "topic": "医", "after": after, "last": last, "id": "s",
         "window": "monthly" if window == "monthly" else weekly}
    )  # fmt: skip
    (trigger,) = (
        one for name, one in triggers(CONFIG.model_copy(update={"series": {"s": series}})).items() if name == "s"
    )
    here = dt.datetime(2023, 12, 15, tzinfo=dt.UTC).astimezone(schedule.BEIJING)
    expected, step = [], series.window_of(dt.date(2023, 12, 15))
    step = series.window_of(step.start - dt.timedelta(days=1))
    while len(expected) < (24 if window == "monthly" else 104):
        if due_at(series, step) > here:
            expected.append(due_at(series, step))
        step = following(series, step)
    fired, at = [], here
    with time_machine.travel(here.astimezone(dt.UTC)):
        for _ in expected:
            at = trigger.get_next_fire_time(at, at + dt.timedelta(seconds=1))
            fired.append(at)
    assert fired == expected
    assert [when for when, _, _ in upcoming([series], here, 5)] == expected[:5]


def test_the_weekly_draft_falls_due_on_saturday_and_the_monthly_on_the_first():
    moments = upcoming([MONTHLY, WEEKLY], dt.datetime(2024, 2, 28, tzinfo=BEIJING), 3)
    assert [(f"{when:%Y-%m-%d %a %H:%M}", str(window)) for when, _, window in moments] == [
        ("2024-03-01 Fri 00:30", "2024-02-01…2024-02-29"),
        ("2024-03-02 Sat 00:30", "2024-02-24…2024-03-01"),
        ("2024-03-09 Sat 00:30", "2024-03-02…2024-03-08"),
    ]


@IN_A_FILE
@pytest.mark.parametrize(
    ("moment", "made"),
    [
        ("2024-06-30T15:59:00+00:00", 0),
        ("2024-06-30T16:29:59+00:00", 0),
        ("2024-06-30T16:30:00+00:00", 1),
        ("2024-06-30T12:30:00-04:00", 1),
    ],
)
def test_a_month_ends_in_beijing(workspace, launches, clockwork, clock, moment, made):
    clock.time = dt.datetime.fromisoformat(moment)
    clockwork.tick()
    assert launches.asked.count("beijing-monthly 2024-06") == made


# ---------------------------------------------------------------------------------------------- what


def test_a_draft_is_made_when_it_falls_due_and_only_then(workspace, launches, clockwork, clock):
    for moment in ("2024-06-30 23:59", "2024-07-01 00:29", "2024-07-01 00:30", "2024-07-01 00:35", "2024-07-20 09:00"):
        clock.set(moment)
        clockwork.tick()
    assert launches.asked.count("beijing-monthly 2024-06") == 1
    assert numbers(workspace, "beijing-monthly") == [(535, "2024-06-01")]


def test_nothing_is_released_by_itself(workspace, clockwork, clock):
    clock.set("2024-12-01 09:00")
    clockwork.tick()
    with open_desk(workspace, clock=clock) as desk:
        assert desk.issues.released() == []
    assert list((workspace / "out").glob("*")) == []


def test_after_weeks_off_the_last_window_and_one_missed_before_it_are_made_in_order(
    workspace, launches, clockwork, clock
):
    clock.set("2024-07-02 09:00")
    clockwork.tick()
    assert launches.asked == [
        "beijing-monthly 2024-06", "national-weekly 2024-06-15", "national-weekly 2024-06-22",
    ]  # fmt: skip
    with open_desk(workspace, clock=clock) as desk:
        phases = [
            (str(one.window.start), one.phase, one.number) for one in desk.standing(desk.series("national-weekly"))
        ]
    assert phases == [
        ("2024-06-01", Phase.MISSED, 0), ("2024-06-08", Phase.MISSED, 0), ("2024-06-15", Phase.DRAFT, 636),
        ("2024-06-22", Phase.DRAFT, 637), ("2024-06-29", Phase.OPEN, 0),
    ]  # fmt: skip


def test_all_missed_windows_are_made_if_the_setting_says_so_none_merged(workspace, launches, clockwork, clock):
    configure(workspace, weekly="catch_up: all")
    clock.set("2024-07-02 09:00")
    clockwork.tick()
    assert numbers(workspace) == [
        (636, "2024-06-01"), (637, "2024-06-08"), (638, "2024-06-15"), (639, "2024-06-22"),
    ]  # fmt: skip


def test_only_the_last_window_is_made_if_the_setting_says_so(workspace, launches, clockwork, clock):
    configure(workspace, weekly="catch_up: 0")
    clock.set("2024-07-02 09:00")
    clockwork.tick()
    assert numbers(workspace) == [(636, "2024-06-22")]


def test_a_skipped_window_is_not_drafted(workspace, launches, clockwork, clock):
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk:
        (window,) = [one.window for one in desk.standing(desk.series("national-weekly")) if one.phase is Phase.DUE]
        desk.skip("national-weekly", window, Decision("skip", "李主任", clock(), reason="停刊"))
    clockwork.tick()
    assert launches.asked == []


def test_a_paused_series_waits_and_catches_up_afterwards(workspace, launches, clockwork, clock):
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk:
        desk.claims.pause("national-weekly", "系统迁移", "李主任", clock())
    clockwork.tick()
    assert launches.asked == []
    with open_desk(workspace, clock=clock) as desk:
        desk.claims.resume("national-weekly", "李主任", clock())
    clockwork.tick()
    assert launches.asked == ["national-weekly 2024-06-01"]


def test_what_fails_is_tried_again_after_a_pause_and_keeps_no_other_from_its_draft(
    workspace, launches, clockwork, clock
):
    configure(workspace, clock="{collect_minutes: 0, retry_minutes: 5}")
    clock.set("2024-07-02 09:00")
    launches.fail = {"2024-06-15"}
    clockwork.tick()
    assert numbers(workspace) == [(636, "2024-06-22")]
    clockwork.tick()
    assert launches.asked.count("national-weekly 2024-06-15") == 1, "it rests"
    with open_desk(workspace, clock=clock) as desk:
        failed = [one.told for one in desk.standing(desk.series("national-weekly")) if one.phase is Phase.FAILED]
    (told,) = failed
    assert re.fullmatch(r"第1次：生成进程没有完成（超时或被终止）；\d\d-\d\d \d\d:\d\d 后自动再试", told)
    later(workspace, 301)
    launches.fail = set()
    clockwork.tick()
    assert numbers(workspace) == [(636, "2024-06-15"), (637, "2024-06-22")], "the numbers follow the windows"


def test_people_are_told_of_the_first_failure_and_when_it_is_given_up(workspace, launches, clock, hook):
    configure(
        workspace,
        clock="{collect_minutes: 0, retry_minutes: 5, attempts: 3}",
        settings=f"notify: [{{to: 'json://127.0.0.1:{hook.port}/desk'}}]",
    )
    clock.set("2024-06-09 09:00")
    launches.fail = {"national-weekly"}
    for _ in range(5):
        clockwork = Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock)
        clockwork.tick()
        clockwork.tell()
        later(workspace, 3600)
    assert launches.asked == ["national-weekly 2024-06-01"] * 3
    assert [one["title"] for one in hook.messages] == [
        "全国卫生信息化舆情监测周报：2024-06-01…2024-06-07 的草稿未能生成"
    ] * 2  # fmt: skip
    assert "稍后自动重试" in hook.messages[0]["message"]
    assert "不再自动重试" in hook.messages[1]["message"]


def test_a_draft_that_takes_longer_than_its_lease_stays_with_its_owner_even_if_a_beat_fails(
    workspace, launches, clock, monkeypatch
):
    configure(workspace, clock="{collect_minutes: 0, lease_seconds: 6}")
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk, open_desk(workspace, clock=clock) as other:
        ((series, window),) = desk.due()
        claim = desk.claim_due(series, window)
        renew, beats = desk.claims.renew, itertools.count()

        def stumbling(owner):
            if next(beats) == 0:
                raise OSError("nobody foresaw this")
            return renew(owner)

        monkeypatch.setattr(desk.claims, "renew", stumbling)
        with desk.held(claim):
            for _ in range(6):
                time.sleep(1.2)
                assert other.claim_due(series, window) is None
        later(workspace, 7)
        assert other.claim_due(series, window)


def test_people_are_told_that_it_is_given_up_when_the_last_attempt_was_killed_with_its_clock(
    workspace, launches, clock
):
    configure(workspace, clock="{collect_minutes: 0, attempts: 1}")
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk:
        ((series, window),) = desk.due()
        assert desk.claim_due(series, window)
    later(workspace, 24 * 3600)
    for _ in range(2):
        Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock).tick()
    assert launches.asked == []
    with open_desk(workspace, clock=clock) as desk:
        (told,) = desk.notices.waiting(clock())
    assert "不再自动重试" in told.notice.text


def test_what_was_stopped_because_its_time_was_over_uses_an_attempt_up(workspace, launches, clock):
    configure(workspace, clock="{collect_minutes: 0, attempts: 2, run_minutes: 0.001}")
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk:
        ((series, window),) = desk.due()
        claim = desk.claim_due(series, window)
        time.sleep(0.1)
        # the child that is ended takes it for somebody who wants it to stop
        desk.give_back(Work(series.id, window), claim.owner, "运行被中断", interrupted=True)
        stands = desk.claims.of(Work(series.id, window))
        assert stands.attempt == 1
        assert stands.trouble.startswith("用时到了上限 0.001 分钟（settings.yaml 的 clock.run_minutes）")
        assert stands.retry - stands.since > dt.timedelta(minutes=5)


def test_what_somebody_began_by_hand_and_stopped_late_uses_no_attempt_up(workspace, clock, monkeypatch):
    configure(workspace, clock="{collect_minutes: 0, attempts: 2, run_minutes: 0.001}")
    clock.set("2024-06-09 09:00")

    def stopped(*_arguments: object) -> None:
        time.sleep(0.1)
        raise KeyboardInterrupt

    with open_desk(workspace, clock=clock) as desk:
        ((series, window),) = desk.due()
        monkeypatch.setattr(desk, "_run", stopped)
        with pytest.raises(KeyboardInterrupt):
            desk.run(series.id, window, Inline())
        stands = desk.claims.of(Work(series.id, window))
        assert (stands.attempt, stands.trouble) == (0, "运行被中断，已用时 0.001 分钟以上")
        assert stands.retry - stands.since < dt.timedelta(minutes=2), "the clock may try it soon"


def test_what_somebody_stops_uses_no_attempt_up(workspace, launches, clock):
    configure(workspace, clock="{collect_minutes: 0, attempts: 2}")
    clock.set("2024-06-09 09:00")
    with open_desk(workspace, clock=clock) as desk:
        ((series, window),) = desk.due()
        work = Work(series.id, window)
        for _ in range(4):
            claim = desk.claim_due(series, window)
            assert claim.attempt == 1
            desk.give_back(work, claim.owner, "运行被中断", interrupted=True)
            stands = desk.claims.of(work)
            assert dt.timedelta(seconds=50) < stands.retry - stands.since < dt.timedelta(seconds=70)
            with desk.runs._database.write() as connection:
                connection.exec_driver_sql("UPDATE claims SET retry = 0")
        assert [one.told.split("；")[0] for one in desk.standing(series) if one.phase is Phase.FAILED] == ["运行被中断"]


def test_people_are_told_once_that_a_draft_is_ready(workspace, launches, clock, hook):
    configure(workspace, settings=f"notify: [{{to: 'json://127.0.0.1:{hook.port}/desk'}}]")
    clock.set("2024-06-09 09:00")
    for _ in range(2):
        clockwork = Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock)
        clockwork.tick()
        clockwork.tell()
    assert [one["title"] for one in hook.messages] == ["全国卫生信息化舆情监测周报（第六三六期）草稿已生成"]


def test_collecting_keeps_its_interval_across_restarts_and_schedulers(workspace, launches, clock):
    configure(workspace, clock="{collect_minutes: 240}")
    moments = ("06:00", "06:05", "09:59", "10:01", "10:05", "14:02")
    for moment in moments:
        clock.set(f"2024-06-05 {moment}")
        for _ in range(2):
            Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock).tick()
    assert launches.asked == ["collect"] * 3


def test_a_week_without_the_web_does_not_make_collecting_rarer_than_its_interval(workspace, launches, clock):
    configure(workspace, clock="{collect_minutes: 240}")
    launches.fail = {"collect"}
    clock.set("2024-06-05 06:00")
    for attempt in range(1, 12):
        Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock).tick()
        with open_desk(workspace, clock=clock) as desk:
            stands = desk.claims.of(COLLECTING)
            assert (stands.attempt, stands.progress) == (attempt, Progress.FAILED)
            rests = (stands.retry - stands.since) / dt.timedelta(minutes=1)
            assert abs(rests - min(10 * 2 ** (attempt - 1), 240)) < 1
            with desk.runs._database.write() as connection:
                connection.exec_driver_sql("UPDATE claims SET retry = 0")


@IN_A_FILE
def test_a_clock_that_runs_ahead_by_forty_days_and_is_set_right_leaves_one_draft_a_window(
    workspace, launches, clockwork, clock
):
    configure(workspace, monthly="catch_up: all", weekly="catch_up: all")
    clock.set("2024-07-02 09:00")
    clockwork.tick()
    before = numbers(workspace)
    clock.set("2024-08-11 09:00")
    clockwork.tick()
    clock.set("2024-07-02 10:00")
    clockwork.tick()
    assert numbers(workspace)[: len(before)] == before
    for day in range(2, 32, 4):
        clock.set(f"2024-07-{day:02} 09:00")
        clockwork.tick()
    clock.set("2024-08-11 09:30")
    clockwork.tick()
    made = numbers(workspace)
    assert [number for number, _ in made] == list(range(636, 636 + len(made)))
    starts = [dt.date.fromisoformat(start) for _, start in made]
    assert all((b - a).days == 7 for a, b in itertools.pairwise(starts))
    assert launches.asked.count("national-weekly 2024-07-06") == 2, "made again once its week was really over"
    assert launches.asked.count("national-weekly 2024-06-22") == 1


@IN_A_FILE
def test_a_clock_that_is_set_back_over_the_end_of_the_month_makes_no_second_draft(
    workspace, launches, clockwork, clock
):
    text = (workspace / "config" / "series.yaml").read_text("utf-8")
    (workspace / "config" / "series.yaml").write_text(text.partition("national-weekly:")[0], "utf-8")
    for back in ("06-30 23:59", "06-30 22:00", "06-28 12:00", "05-31 23:00"):
        for moment in ("07-01 00:31", back, "07-01 00:29", "07-01 00:30", "07-02 09:00"):
            clock.set(f"2024-{moment}")
            clockwork.tick()
    assert launches.asked == ["beijing-monthly 2024-06"]
    assert numbers(workspace, "beijing-monthly") == [(535, "2024-06-01")]


@IN_A_FILE
def test_without_any_source_no_issue_is_made_and_no_number_taken_until_there_is_one(workspace, launches, clock):
    def launch(arguments, seconds):
        try:
            return launches(arguments, seconds)
        except NothingCollected:
            return 1

    configure(workspace, clock="{collect_minutes: 0, attempts: 2, retry_minutes: 0.001}")
    clockwork = Clockwork(lambda: open_desk(workspace, clock=clock), launch, clock)
    (workspace / "inbox").rename(workspace / "elsewhere")
    clock.set("2024-07-01 00:31")
    for _ in range(3):
        clockwork.tick()
        time.sleep(0.1)
    assert launches.asked.count("beijing-monthly 2024-06") == 2
    with open_desk(workspace, clock=clock) as desk:
        assert desk.issues.all() == []
        june = desk.standing(desk.series("beijing-monthly"))[0]
    assert (june.phase, june.number) == (Phase.FAILED, 0)
    assert "没有生成草稿，也没有占用期号" in june.told
    (workspace / "elsewhere").rename(workspace / "inbox")
    clock.set("2024-08-01 00:31")
    clockwork.tick("beijing-monthly")
    assert numbers(workspace, "beijing-monthly") == [(535, "2024-06-01"), (536, "2024-07-01")]


def test_it_says_once_that_nothing_is_due_and_what_comes_next(workspace, clockwork, clock, capsys):
    clock.set("2024-06-05 09:00")
    for _ in range(3):
        clockwork.tick()
    said = [line for line in capsys.readouterr().out.splitlines() if "nothing due" in line]
    assert len(said) == 1
    assert "2024-06-08T00:30:00+08:00" in said[0]
    assert "2024-07-01T00:30:00+08:00" in said[0]


def test_a_tick_that_is_told_to_stop_begins_no_other_draft(workspace, launches, clockwork, clock):
    clock.set("2024-07-02 09:00")
    clockwork.stopping.set()
    assert clockwork.tick() == []
    assert launches.asked == []


# ------------------------------------------------------------------------------------------- processes


def test_a_child_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    sleeper = tmp_path / "sleep.py"
    sleeper.write_text(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    real = subprocess.Popen
    monkeypatch.setattr(schedule.subprocess, "Popen", lambda _command, **how: real([sys.executable, sleeper], **how))
    monkeypatch.setattr(schedule, "_GRACE_SECONDS", 1.0)  # it does not listen
    begun = time.monotonic()
    assert Children(tmp_path)(["run"], 5.0) < 0
    assert time.monotonic() - begun < 40, "it sleeps for a minute"
    pid = int((tmp_path / "pid").read_text())
    assert until(lambda: not _alive(pid), 30)


def test_a_child_that_crashes_leaves_nothing_running(tmp_path, monkeypatch):
    crasher = tmp_path / "crash.py"
    crasher.write_text(
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    real = subprocess.Popen
    monkeypatch.setattr(schedule.subprocess, "Popen", lambda _command, **how: real([sys.executable, crasher], **how))
    assert Children(tmp_path)(["run"], 30.0) == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    assert until(lambda: not _alive(pid), 30)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


SERVE = ["serve", "--listen", "127.0.0.1:0"]  # several at once on this machine, each with a page of its own


@pytest.fixture
def served(workspace):
    """Starts `bulletin serve` as an operator would, on a server in UTC with LANG=C."""
    configure(
        workspace,
        clock="{collect_minutes: 0, lease_seconds: 2, engine: inline}",
        monthly="catch_up: 0",
        weekly="catch_up: 1",
    )
    started: list[subprocess.Popen[bytes]] = []
    log = workspace / "serve.log"

    def start() -> subprocess.Popen[bytes]:
        environment = {**os.environ, "TZ": "UTC", "LANG": "C", "LC_ALL": "C"}
        with log.open("ab") as out:
            command = [sys.executable, "-m", "pipeline", "-C", str(workspace), *SERVE]
            started.append(subprocess.Popen(command, stdout=out, stderr=out, env=environment))
        return started[-1]

    yield start, log
    for one in started:
        one.kill()
        one.wait()


def _drafts(workspace) -> dict[str, list[int]]:
    with open_desk(workspace, clock=SetClock("2030-01-01 00:00")) as desk:
        return {name: [one.number for one in desk.issues.all(name)] for name in desk.config.series}


# on the server: on a file the drills have two schedulers that are killed, and a look takes the same way on both
@pytest.mark.parametrize("new_place", ["postgresql"], indirect=True)
def test_serve_catches_up_survives_a_kill_and_stops_when_it_is_asked_to(workspace, served):
    start, log = served
    first = start()
    assert until(lambda: b'"due"' in log.read_bytes())
    first.send_signal(signal.SIGKILL)
    first.wait()
    second, third = start(), start()
    wanted = {"beijing-monthly": [535], "national-weekly": [636, 637]}
    assert until(lambda: _drafts(workspace) == wanted), log.read_text("utf-8")
    assert until(lambda: log.read_text("utf-8").count("nothing due") >= 2), log.read_text("utf-8")
    for one in (second, third):
        one.send_signal(signal.SIGTERM)
        assert one.wait(PATIENCE) == 0
    assert _drafts(workspace) == wanted
    said = log.read_text("utf-8")
    assert "Traceback" not in said
    assert len(re.findall(r"^首次使用.*http://127\.0\.0\.1:\d+/welcome/[\w-]{43}$", said, re.MULTILINE)) == 3
    assert said.count("/welcome/") == 3, "the link stands in no line of the log"


@pytest.fixture
def dripping(workspace):
    """A source whose answer never ends; it is fetched for a minute."""
    listening = socket.create_server(("127.0.0.1", 0))

    def drip(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if b"robots" in connection.recv(4096):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")
            while True:
                connection.sendall(b" ")
                time.sleep(0.5)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port = listening.getsockname()[1]
    with (workspace / "config" / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write(f"- {{id: slow, name: 慢源, kind: listing, url: 'http://slow.test:{port}/', links: a}}\n")
    configure(
        workspace,
        clock="{collect_minutes: 0, lease_seconds: 600, engine: inline}",
        settings=f"ports: [{port}]\nconnect_to: {{'slow.test:{port}': '127.0.0.1:{port}'}}",
        weekly="catch_up: 0",
    )
    yield
    listening.close()


def _children(pid: int) -> list[int]:
    return [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]


def _fetching(workspace) -> bool:
    with open_desk(workspace, clock=SetClock("2030-01-01 00:00")) as desk, desk.runs._database.read() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM runs").scalar())


@IN_A_FILE
@pytest.mark.parametrize(
    ("command", "sign"),
    [
        (SERVE, signal.SIGTERM),
        (SERVE, signal.SIGINT),
        (["schedule", "run"], signal.SIGTERM),
        (["run", "beijing-monthly", "--month", "2024-06", "--engine", "inline"], signal.SIGINT),
        (["run", "beijing-monthly", "--month", "2024-06", "--engine", "inline"], signal.SIGHUP),
    ],
)
def test_who_is_asked_to_stop_in_the_middle_of_a_draft_stops_at_once_and_gives_it_back(
    workspace, dripping, command, sign
):
    log = workspace / "log"
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "-C", str(workspace), *command], stdout=out, stderr=out
        )
    try:
        assert until(lambda: _fetching(workspace)), log.read_text("utf-8")
        time.sleep(1)
        children = _children(started.pid)
        assert len(children) == 1  # a run of its own, or the process that starts those that read pages
        started.send_signal(sign)
        assert started.wait(PATIENCE) == (0 if command == SERVE else 130)
    finally:
        started.kill()
        started.wait()
    assert until(lambda: not any(map(_alive, children)), 20)
    with open_desk(workspace, clock=SetClock("2030-01-01 00:00")) as desk:
        claims = desk.claims.on("beijing-monthly").values()
    assert [(one.progress, one.trouble) for one in claims] == [(Progress.FAILED, "运行被中断")]
    assert "Traceback" not in log.read_text("utf-8")


@IN_A_FILE
def test_a_run_from_the_page_that_reached_its_limit_says_so_and_which_setting_that_is(workspace, dripping):
    command = ["run", "beijing-monthly", "--month", "2024-06", "--engine", "inline", "--as", "王编辑"]
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "--leashed", "-C", str(workspace), *command],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert until(lambda: _fetching(workspace))
        assert schedule._ended(child, over=True) < 0
    finally:
        child.kill()
        child.stdin.close()
    with open_desk(workspace, clock=SetClock("2030-01-01 00:00")) as desk:
        (claim,) = desk.claims.on("beijing-monthly").values()
    assert claim.trouble.startswith("用时到了上限 60 分钟（settings.yaml 的 clock.run_minutes）")
    assert claim.attempt == 0, "the clock may try it as often as ever"


@IN_A_FILE
def test_a_draft_in_the_making_ends_with_the_clock_that_was_killed(workspace, dripping):
    started = subprocess.Popen([sys.executable, "-m", "pipeline", "-C", str(workspace), *SERVE])
    try:
        assert until(lambda: _fetching(workspace))
        (child,) = _children(started.pid)
    finally:
        started.kill()
        started.wait()
    assert until(lambda: not _alive(child), 20)


@IN_A_FILE
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_log_that_cannot_be_written_keeps_no_window_from_its_draft(workspace):
    configure(workspace, clock="{collect_minutes: 0, engine: inline}", weekly="catch_up: 0")
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        started = subprocess.Popen([sys.executable, "-m", "pipeline", "-C", str(workspace), *SERVE], stderr=full)
    try:
        assert until(lambda: all(_drafts(workspace).values()))
        assert started.poll() is None
    finally:
        started.kill()
        started.wait()


def test_a_draft_that_was_kept_is_no_failure_whatever_became_of_its_process(workspace, launches, clock):
    def launch(arguments, seconds):
        launches(arguments, seconds)
        return -signal.SIGKILL

    clock.set("2024-06-09 09:00")
    (made,) = Clockwork(lambda: open_desk(workspace, clock=clock), launch, clock).tick()
    assert made.good
    with open_desk(workspace, clock=clock) as desk:
        assert [one.notice.event for one in desk.notices.waiting(clock())] == [Event.DRAFT_READY]


def test_nobody_is_told_of_a_failure_when_somebody_else_took_over(workspace, launches, clock):
    def launch(arguments, seconds):
        with open_desk(workspace, clock=clock) as desk, desk.runs._database.write() as connection:
            connection.exec_driver_sql("UPDATE claims SET owner = 'somebody else'")
        return 1

    clock.set("2024-06-09 09:00")
    (made,) = Clockwork(lambda: open_desk(workspace, clock=clock), launch, clock).tick()
    assert not made.good
    with open_desk(workspace, clock=clock) as desk:
        assert desk.notices.waiting(clock()) == []


def test_moments_that_are_configured_while_it_runs_count_without_a_new_start(workspace, monkeypatch):
    monkeypatch.setattr(schedule, "_LOOK_SECONDS", 0.1)
    wound: list[list[str]] = []
    compiled = schedule.triggers

    def watched(config):
        found = compiled(config)
        wound.append([str(one) for one in found.values()])
        return found

    monkeypatch.setattr(schedule, "triggers", watched)
    clock, looks, stopping = SetClock("2024-06-05 12:00"), [], threading.Event()

    def opened():
        looks.append(1)
        return open_desk(workspace, clock=clock)

    configure(workspace)
    clockwork = Clockwork(opened, lambda *_: 0, clock)
    server = threading.Thread(target=schedule.serve, args=(load(workspace), clockwork, clock, stopping))
    server.start()
    try:
        assert until(lambda: len(looks) == 2), "a look, and a telling"
        configure(workspace, monthly='after: "08:00"')
        clock.set("2024-06-06 12:00")  # the next look
        assert until(lambda: len(looks) == 6), "once for the clock, once for what it found"
        time.sleep(0.5)
        assert len(looks) == 6
    finally:
        stopping.set()
        server.join(PATIENCE)
    assert "hour='8'" in str(wound[-1])


@pytest.mark.parametrize("again", range(4))  # it races with the scheduler's own thread
def test_the_clock_stops_while_it_looks(workspace, again):
    looking, stopping, clock = threading.Event(), threading.Event(), SetClock("2024-06-05 12:00")

    class Slow(Clockwork):
        def tick(self):
            looking.set()
            self.stopping.wait(PATIENCE)
            time.sleep(0.5)
            return []

        def tell(self):
            pass

    clockwork = Slow(lambda: open_desk(workspace, clock=clock), lambda *_: 0, clock)
    server = threading.Thread(target=schedule.serve, args=(load(workspace), clockwork, clock, stopping), daemon=True)
    server.start()
    assert looking.wait(PATIENCE)
    stopping.set()
    clockwork.stopping.set()
    server.join(PATIENCE)
    assert not server.is_alive()


def test_serve_looks_again_at_once_when_the_clock_is_set(workspace, monkeypatch):
    monkeypatch.setattr(schedule, "_LOOK_SECONDS", 0.1)
    looks: list[dt.datetime] = []
    clock = SetClock("2024-06-15 12:00")

    class Counting(Clockwork):
        def tick(self):
            looks.append(clock())
            return []

    stopping = threading.Event()
    clockwork = Counting(lambda: open_desk(workspace, clock=clock), lambda *_: 0, clock)
    server = threading.Thread(target=schedule.serve, args=(load(workspace), clockwork, clock, stopping))
    server.start()
    try:
        assert until(lambda: len(looks) == 1), "it looks at once when it starts"
        clock.set("2024-07-25 12:00")
        assert until(lambda: len(looks) == 2)
        clock.set("2024-06-15 12:01")
        assert until(lambda: len(looks) == 3)
    finally:
        stopping.set()
        server.join(PATIENCE)
    assert not server.is_alive()


def test_a_tick_that_goes_wrong_does_not_stop_the_clock(workspace, monkeypatch, capsys):
    monkeypatch.setattr(schedule, "_LOOK_SECONDS", 0.1)
    clock = SetClock("2024-06-15 12:00")
    ticks = []

    def broken():
        ticks.append(1)
        raise RuntimeError("nobody foresaw this") if len(ticks) == 1 else schedule.DeskError("配置有误。")

    stopping = threading.Event()
    server = threading.Thread(
        target=schedule.serve, args=(load(workspace), Clockwork(broken, lambda *_: 0, clock), clock, stopping)
    )
    server.start()
    try:
        for count, moment in ((1, "2024-07-25 12:00"), (2, "2024-09-25 12:00"), (3, "2024-10-25 12:00")):
            assert until(lambda wanted=count: len(ticks) >= wanted)
            clock.set(moment)
    finally:
        stopping.set()
        server.join(PATIENCE)
    said = capsys.readouterr().out
    assert "nobody foresaw this" in said
    assert "配置有误。" in said


def test_a_draft_that_is_asked_for_often_is_begun_once_at_a_time(tmp_path):
    begun, arrived, go_on = [], threading.Semaphore(0), threading.Event()

    class Slow(Children):
        def __call__(self, arguments, seconds):
            begun.append(arguments[-1])
            arrived.release()
            go_on.wait(PATIENCE)
            return 0

    children = Slow(tmp_path)
    for month in ("2024-06", "2024-06", "2024-07", "2024-06"):
        children.begin(["run", "beijing-monthly", "--month", month], 10)
    assert arrived.acquire(timeout=PATIENCE)
    assert arrived.acquire(timeout=PATIENCE)
    assert not arrived.acquire(timeout=0.1)
    go_on.set()
    assert sorted(begun) == ["2024-06", "2024-07"]


def test_of_many_windows_that_are_asked_for_at_once_a_few_are_made_and_the_others_wait_their_turn(workspace):
    go_on, running, most = threading.Event(), [], []

    class Held(Children):
        def __call__(self, arguments, seconds):
            running.append(arguments)
            most.append(len(running))
            go_on.wait(PATIENCE)
            running.remove(arguments)
            return 0

    children = Held(workspace)
    months = [["run", "beijing-monthly", "--month", f"2024-0{month}"] for month in range(1, 8)]
    for one in months:
        children.begin(one, 10, "--as=王编辑")
    assert until(lambda: len(running) == 2)
    assert [children.ahead(one) for one in months] == [0, 0, 1, 2, 3, 4, 5]
    assert running[0][-1] == "--as=王编辑"
    go_on.set()
    assert until(lambda: all(children.ahead(one) is None for one in months))
    assert (len(most), max(most)) == (7, 2)


# -------------------------------------------------------------------------------------- the command line


@IN_A_FILE
def test_the_list_has_every_window_with_its_runs_and_what_is_to_be_done(
    workspace, launches, clock, bulletin, monkeypatch
):
    configure(workspace, clock="{collect_minutes: 0, attempts: 2}")
    clock.set("2024-07-02 09:00")
    launches.fail = {"2024-06-22"}
    Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock).tick()
    monkeypatch.setattr("pipeline.desk.now", clock)
    code, out, err = bulletin("-C", workspace, "schedule", "list", "national-weekly")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["窗口", "生成时间", "状态", "期号", "尝试", "最近一次运行", "说明"]
    assert [line[:2] + line[3:4] for line in lines[1:]] == [
        ["2024-06-01…2024-06-07", "2024-06-08", "未补出"], ["2024-06-08…2024-06-14", "2024-06-15", "未补出"],
        ["2024-06-15…2024-06-21", "2024-06-22", "草稿"], ["2024-06-22…2024-06-28", "2024-06-29", "生成失败"],
        ["2024-06-29…2024-07-05", "2024-07-06", "未结束"],
    ]  # fmt: skip
    assert lines[1][-1] == "补出？"
    assert (lines[3][4:9], lines[3][-2:]) == (["636", "1", "07-02", "09:00", "inline"], ["完成", "修订1"])
    assert re.search(r"第1次：生成进程没有完成（超时或被终止）；\d\d-\d\d \d\d:\d\d 后自动再试", out)
    assert "national-weekly 错过了 2 个窗口，不会自动补出。补出？bulletin run national-weekly --week 2024-06-01" in err
    skip = re.search(r"不出的可一并跳过：bulletin (issue skip .*) 理由", err).group(1).split()
    rows = json.loads(bulletin("-C", workspace, "schedule", "list", "national-weekly", "--json")[1])
    assert (rows[2]["engine"], rows[2]["outcome"], rows[3]["attempt"]) == ("inline", "done", 1)
    assert rows[3]["retry"] > rows[3]["since"] == ""
    assert bulletin("-C", workspace, *skip, "停刊")[0] == 0
    rows = json.loads(bulletin("-C", workspace, "schedule", "list", "national-weekly", "--json")[1])
    assert [one["state"] for one in rows] == ["已跳过", "已跳过", "草稿", "生成失败", "未结束"]


@IN_A_FILE
def test_many_missed_windows_are_one_line_of_the_list_and_all_shows_each(workspace, clock, bulletin, monkeypatch):
    clock.set("2026-07-04 09:00")
    monkeypatch.setattr("pipeline.desk.now", clock)
    asked = ("-C", workspace, "schedule", "list", "national-weekly")
    folded = [line.split() for line in bulletin(*asked)[1].splitlines()]
    each = [line.split() for line in bulletin(*asked, "--all")[1].splitlines()]
    missed = [line for line in each if "未补出" in line]
    assert len(missed) > 40
    assert [line[0] for line in folded if "未补出" in line] == [
        f"{missed[0][0].partition('…')[0]}…{missed[-1][0].partition('…')[2]}"
    ]
    assert f"共 {len(missed)} 个窗口" in " ".join(folded[1])
    assert [line for line in folded if "未补出" not in line] == [line for line in each if "未补出" not in line]
    assert len(json.loads(bulletin(*asked, "--json")[1])) == len(each) - 1, "programs get every window"


@IN_A_FILE
def test_the_list_says_who_is_at_work_since_when(workspace, launches, clock, bulletin, monkeypatch):
    clock.set("2024-06-09 09:00")
    monkeypatch.setattr("pipeline.desk.now", clock)
    with open_desk(workspace, clock=clock) as desk:
        ((series, window),) = desk.due()
        claim = desk.claim_due(series, window)
        (first, _) = json.loads(bulletin("-C", workspace, "schedule", "list", "national-weekly", "--json")[1])
        assert (first["state"], first["who"]) == ("生成中", claim.worker.who)
        assert first["since"] == claim.since.isoformat(timespec="seconds")


@IN_A_FILE
def test_one_series_is_drafted_now_though_it_failed_for_good_and_rests_and_only_what_is_not_made(
    workspace, launches, clock
):
    configure(workspace, clock="{collect_minutes: 240, attempts: 1}")
    clock.set("2024-07-02 09:00")
    launches.fail = {"2024-06-22", "beijing-monthly", "collect"}
    clockwork = Clockwork(lambda: open_desk(workspace, clock=clock), launches, clock)
    clockwork.tick()
    with open_desk(workspace, clock=clock) as desk:
        desk.claims.pause("national-weekly", "系统迁移", "李主任", clock())
    launches.fail, launches.asked = set(), []
    clockwork.tick()
    assert launches.asked == [], "all is given up, and the series rests"
    assert [str(one.window.start) for one in clockwork.tick("national-weekly")] == ["2024-06-22"]
    assert launches.asked == ["national-weekly 2024-06-22"]
    assert numbers(workspace) == [(636, "2024-06-15"), (637, "2024-06-22")]
    assert clockwork.tick("national-weekly") == []
    with pytest.raises(schedule.DeskError, match="没有刊物"):
        clockwork.tick("quarterly")
