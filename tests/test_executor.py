"""Calls in child processes: what dies, hangs or eats takes nothing else along, and nothing is left behind."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from patience import PATIENCE, until
from pipeline import errors
from pipeline.errors import Collision, ConfigError, DeskError, FetchError, SourceError
from pipeline.executor import Children, Lost, Stopped
from pipeline.executor import children as ours

LOADED = (__name__,)
"""Preloaded, so that a short limit is not spent on importing the functions below."""


@pytest.fixture
def children() -> Iterator[Children]:
    with Children(2, seconds=60, preload=LOADED) as children:
        yield children


def names(folder: str) -> list[str]:
    return [one.name for one in Path(folder).iterdir()]


def double(number: int) -> int:
    return 2 * number


def dare(what: str) -> str:
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "hang":
        ctypes.PyDLL(None).sleep(60)  # C code that holds the interpreter: no signal handler gets to run
    if what == "spin":
        while True:
            pass
    if what == "eat":
        bytearray(8 * 1024**3)
    if what == "leave":
        sys.exit(3)
    if what == "fail":
        raise ValueError("标题为空")
    if what == "lambda":
        return lambda: None  # type: ignore[return-value]
    return what.upper()


def process(seconds: float | None = None) -> int:
    time.sleep(seconds or 0.05)
    return os.getpid()


def nap(_: object = None) -> int:
    time.sleep(60)
    return os.getpid()


def die_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "读到了"


def refuse(error: DeskError) -> None:
    raise error


def circumstances() -> dict[str, object]:
    return {
        "threads": threading.active_count(),
        "descriptors": sorted(map(int, names("/proc/self/fd"))),
        "memory": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "password": os.environ.get("PGPASSWORD", ""),
        "interrupt": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    }


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port))


def run_a_program() -> None:
    subprocess.run(["true"])


def chatter() -> None:
    sys.stdout.write("打印的\n")
    sys.stdout.flush()
    structlog.get_logger("pipeline").info("不必说")
    structlog.get_logger("pipeline").error("出错", title="甲\r\n乙\x1b[31m丙")


def size(data: bytes) -> int:
    return len(data)


def zeros(count: int) -> bytes:
    return bytes(count)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ends(pid: int) -> bool:
    return until(lambda: not is_there(pid))


# ---------------------------------------------------------------------------------------- what comes back


def test_results_come_in_the_order_of_the_items(children: Children) -> None:
    assert list(children.each(double, list(range(40)))) == [2 * number for number in range(40)]


def test_nothing_to_do_gives_nothing_and_starts_nothing(children: Children) -> None:
    assert list(children.each(double, [])) == []
    assert not children._living


def test_an_exception_costs_its_own_item_only(children: Children) -> None:
    assert list(children.each(dare, ["a", "fail", "b", "leave", "c"])) == [
        "A",
        Lost("读取出错（ValueError：标题为空）"),
        "B",
        Lost("读取出错（SystemExit：3）"),
        "C",
    ]


def test_a_crash_a_hang_and_a_glutton_cost_their_own_items_only() -> None:
    with Children(2, seconds=2, preload=LOADED) as children:
        begun = time.monotonic()
        results = list(children.each(dare, ["a", "crash", "b", "hang", "c", "eat", "d", "spin", "e"]))
        assert [one for one in results if isinstance(one, str)] == ["A", "B", "C", "D", "E"]
        assert [one.because for one in results if isinstance(one, Lost)] == [
            "内容过于复杂：读取进程意外退出（SIGSEGV）",
            "内容过于复杂：读取超过时限 2 秒",
            "内容过于复杂：读取所需内存超过上限 768 MiB",
            "内容过于复杂：读取超过时限 2 秒",
        ]
        assert time.monotonic() - begun < 60


def test_a_result_that_cannot_travel_is_a_failure_of_its_own_item(children: Children) -> None:
    lost, kept = children.each(dare, ["lambda", "b"])
    assert isinstance(lost, Lost)
    assert "读取出错" in lost.because
    assert kept == "B"


def test_a_child_that_somebody_else_ended_is_replaced_and_the_item_done(children: Children, tmp_path: Path) -> None:
    assert list(children.each(die_once, [tmp_path / "mark"])) == ["读到了"]


def test_large_pages_and_large_results_travel_whole(children: Children) -> None:
    assert children.apart(size, bytes(20 * 1024**2)) == 20 * 1024**2
    assert children.apart(zeros, 20 * 1024**2) == bytes(20 * 1024**2)


def test_a_call_apart_returns_what_the_function_returns(children: Children) -> None:
    assert children.apart(double, number=4) == 8


@pytest.mark.parametrize(
    "error",
    [
        SourceError("卫健委：返回的是网页而不是订阅源", "请核对 url。"),
        FetchError("超过总时限"),
        ConfigError("sources.yaml:3", "no CSS selector", "Write one."),
    ],
    ids=["a source", "a fetch", "a setting"],
)
def test_an_expected_error_arrives_as_it_was_raised(children: Children, error: DeskError) -> None:
    with pytest.raises(type(error)) as caught:
        children.apart(refuse, error)
    assert str(caught.value) == str(error)
    assert vars(caught.value) == vars(error)


def test_every_error_of_the_tree_survives_the_journey() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, DeskError)]
    assert len(kinds) > 10
    more: dict[type, tuple[object, ...]] = {ConfigError: ("丙",), Collision: (None, (), None)}
    for kind in kinds:
        error = kind("甲", "乙", *more.get(kind, ()))
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("crash", "内容过于复杂：读取进程意外退出"),
        ("hang", "内容过于复杂：读取超过时限 1.5 秒"),
        ("eat", "内容过于复杂：读取所需内存超过上限"),
        ("fail", "读取出错（ValueError：标题为空）"),
    ],
)
def test_what_goes_wrong_apart_is_said_in_a_sentence(what: str, said: str) -> None:
    with Children(1, seconds=1.5, preload=LOADED) as children:
        assert children.apart(double, 1) == 2
        with pytest.raises(SourceError, match=said):
            children.apart(dare, what)
        assert children.apart(dare, "b") == "B"


# ------------------------------------------------------------------------------------------- what it costs


def test_the_work_is_done_by_as_many_processes_as_asked_for(children: Children) -> None:
    pids = set(children.each(process, [None] * 20))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_single_caller_needs_a_single_child(children: Children) -> None:
    assert len({children.apart(process) for _ in range(10)}) == 1


def test_several_threads_share_the_children(children: Children) -> None:
    with ThreadPoolExecutor(8) as threads:
        pids = set(threads.map(lambda _: children.apart(process), range(40)))
    assert len(pids) == 2


def test_a_child_that_died_is_replaced_without_loading_the_parsers_anew(children: Children) -> None:
    nursery = children.apart(os.getppid)
    with pytest.raises(SourceError):
        children.apart(dare, "crash")
    assert children.apart(os.getppid) == nursery


def test_a_child_that_hangs_is_killed_and_replaced_within_three_tenths_of_a_second(
    remark: Callable[[str], None],
) -> None:
    took = []
    with Children(1, seconds=0.5, preload=("pipeline.steps.read",)) as children:
        begun = time.monotonic()
        children.apart(abs, -1)
        anew = time.monotonic() - begun
        for _ in range(5):
            begun = time.monotonic()
            with pytest.raises(SourceError, match="超过时限"):
                children.apart(time.sleep, 60)
            assert children.apart(abs, -1) == 1
            took.append(time.monotonic() - begun - 0.5)
    remark(f"killing a child and starting another took {1000 * min(took):.0f} to {1000 * max(took):.0f} ms")
    # the best of five, and where loading the parsers takes its time, a fifth of that: what else the machine does
    # is not our promise
    assert min(took) < max(0.3, anew / 5)


def test_desks_of_a_process_share_the_loaded_parsers() -> None:
    with Children(1, seconds=60) as one, Children(1, seconds=60) as other:
        assert one.apart(os.getppid) == other.apart(os.getppid)


# ------------------------------------------------------------------------------------- what a child may do


def test_a_child_has_limits_and_nothing_of_its_parents(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "geheim")
    with socket.create_server(("127.0.0.1", 0)), Children(1, seconds=60, preload=("json",)) as fresh:
        assert fresh.apart(circumstances) == {
            "threads": 1,
            # three to the world, one to the parent, one that looks at them
            "descriptors": [0, 1, 2, *fresh.apart(circumstances)["descriptors"][3:]],  # type: ignore[index]
            "memory": 768 * 1024**2,
            "core": 0,
            "password": "",
            "interrupt": True,
        }
        assert len(fresh.apart(circumstances)["descriptors"]) == 5  # type: ignore[arg-type]


def test_a_child_opens_no_connection_and_runs_no_program(children: Children) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(SourceError, match="PermissionError"):
            children.apart(connect, server.getsockname()[1])
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    with pytest.raises(SourceError, match="PermissionError"):
        children.apart(run_a_program)


SPEAKING = """
    import sys
    sys.path.insert(0, "tests")
    from pipeline.executor import Children
    from test_executor import chatter

    with Children(1) as children:
        children.apart(chatter)
"""


def test_what_a_child_logs_is_one_escaped_line_on_stderr() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SPEAKING)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, "")
    printed, logged = sorted(done.stderr.splitlines(), key=lambda line: line.startswith("{"))
    assert printed == "打印的"
    assert json.loads(logged)["title"] == "甲\r\n乙\x1b[31m丙"
    assert "\x1b" not in logged


def test_computing_is_bounded_without_the_parent(children: Children) -> None:
    soft = children.apart(resource.getrlimit, resource.RLIMIT_CPU)[0]
    assert 60 <= soft <= 64


# --------------------------------------------------------------------------------------------- how it ends


def test_a_listener_who_leaves_takes_the_running_children_along() -> None:
    with Children(1, seconds=60, preload=LOADED) as children:
        results = children.each(process, [0.05, 60, 60])
        pid = next(results)
        assert isinstance(pid, int)
        results.close()
        assert ends(pid), "it would have been asleep for a minute"
        assert children.apart(double, 2) == 4


def test_children_go_when_they_are_closed_and_leave_no_zombie() -> None:
    children = Children(2, seconds=60)
    pids = {pid for pid in children.each(process, [None] * 8) if isinstance(pid, int)}
    assert pids
    children.close()
    assert not any(map(is_there, pids))


@pytest.mark.parametrize("call", [lambda c: c.apart(nap), lambda c: list(c.each(nap, [1, 2, 3]))], ids=["one", "many"])
def test_who_waits_for_a_child_that_is_sent_home_learns_it_at_once(call: Callable[[Children], object]) -> None:
    children = Children(1, seconds=60, preload=LOADED)
    children.apart(double, 1)
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(call, children) for _ in range(3)]
        time.sleep(0.3)
        children.close()
        assert [type(one.exception(20)) for one in waiting] == [Stopped] * 3, "a nap takes a minute"


def test_a_nursery_that_is_killed_takes_its_children_along_and_is_replaced() -> None:
    with Children(1, seconds=60, preload=("csv",)) as children:
        nursery, child = children.apart(os.getppid), children.apart(os.getpid)
        os.kill(nursery, signal.SIGKILL)
        assert ends(child)
        assert children.apart(double, 3) == 6
        assert children.apart(os.getppid) != nursery


def test_a_nursery_that_cannot_start_is_an_error_and_no_fault_of_the_page() -> None:
    with Children(1, seconds=60, preload=("no_such_module",)) as children:
        with pytest.raises(DeskError, match="无法启动读取页面的进程"):
            children.apart(double, 1)
        with pytest.raises(DeskError, match="无法启动读取页面的进程"):
            list(children.each(double, [1, 2]))


def test_a_machine_that_starts_no_further_process_is_told_of_and_leaves_nothing_behind(monkeypatch) -> None:
    with Children(1, seconds=60, preload=LOADED) as children:
        before = len(names("/proc/self/fd"))
        with monkeypatch.context() as patched:
            patched.setattr(ours._Nursery, "_ask", lambda *_: -errno.EAGAIN)
            with pytest.raises(DeskError, match=r"无法启动读取页面的进程.*请检查本机的内存、进程数和打开文件数上限"):
                children.apart(double, 1)
        assert children.apart(double, 1) == 2
        assert len(names("/proc/self/fd")) <= before + 2  # the nursery's, and the child's


def test_too_many_open_files_are_told_of_and_the_work_goes_on_when_some_are_closed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Children(1, seconds=60, preload=LOADED) as children:
        children.prepare()
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, names("/proc/self/fd"))) + 1, hard))
        held = []
        try:
            with suppress(OSError):
                while True:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            with pytest.raises(DeskError, match="无法启动读取页面的进程"):
                children.apart(double, 1)
        finally:
            for one in held:
                os.close(one)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert children.apart(double, 1) == 2


PROGRAM = """
    import os, signal, sys, threading, time
    sys.path.insert(0, "tests")
    from pipeline.executor import Children
    from test_executor import nap, process

    children = Children(2, seconds=60)
    print(children.apart(process), children.apart(os.getppid), flush=True)
    how = sys.argv[1]
    if how == "killed":
        threading.Thread(target=children.apart, args=(nap,), daemon=True).start()
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "interrupted":
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGINT))
        with children:
            list(children.each(nap, [1, 2, 3]))
    if how == "left open":
        pass
"""


@pytest.mark.parametrize(("how", "code"), [("killed", -9), ("interrupted", -2), ("left open", 0)])
def test_children_end_with_their_parent_however_it_ends(how: str, code: int) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(PROGRAM), how],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        start_new_session=True,
    )
    assert time.monotonic() - begun < 50, "they would have slept for a minute"
    assert done.returncode == code
    assert "Warning" not in done.stderr
    child, nursery = map(int, done.stdout.split())
    assert ends(child)
    assert ends(nursery)


def test_a_thousand_pages_with_crashes_leave_no_descriptor_and_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_CALLS", 50)  # so that children are replaced all the time
    with Children(2, seconds=60) as children:
        nursery = children.apart(os.getppid)
        before, alive = len(names("/proc/self/fd")), threading.active_count()
        results = list(children.each(dare, ["crash" if number % 100 == 50 else "a" for number in range(1000)]))
        assert sum(isinstance(one, Lost) for one in results) == 10
        assert results.count("A") == 990
        assert len(names("/proc/self/fd")) <= before + 1  # the second child
        assert threading.active_count() == alive
        of_nursery = Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()
        assert len(of_nursery) <= 2
        held = len(names(f"/proc/{nursery}/fd"))
    assert Path(f"/proc/{nursery}/task/{nursery}/children").read_text() == ""
    assert len(names(f"/proc/{nursery}/fd")) == held
    assert names(f"/proc/{nursery}/task") == [str(nursery)]
