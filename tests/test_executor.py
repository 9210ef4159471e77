"""Batches on this process and on several: what dies or hangs takes nothing else along."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence

import pytest

from pipeline.executor import Executor, Lost, Processes, Serial, choose, map_items

EXECUTORS = {"serial": Serial(), "processes": Processes(2, seconds=5)}


def double(batch: Sequence[int]) -> list[int]:
    return [2 * one for one in batch]


def dare(batch: Sequence[str]) -> list[str]:
    for one in batch:
        if one == "crash":
            os.kill(os.getpid(), 11)
        if one == "hang":
            ctypes.PyDLL(None).sleep(60)  # C code that holds the interpreter: no signal handler gets to run
        if one == "eat":
            bytearray(8 * 1024**3)
        if one == "fail":
            raise ValueError("标题为空")
    return [one.upper() for one in batch]


def process(batch: Sequence[str]) -> list[int]:
    time.sleep(0.05)
    return [os.getpid() for _ in batch]


@pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS.keys())
def test_results_come_in_the_order_of_the_batches(executor: Executor) -> None:
    assert list(executor.map_batches(double, [[n, n + 1] for n in range(20)])) == [
        [2 * n, 2 * n + 2] for n in range(20)
    ]


@pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS.keys())
def test_nothing_to_do_gives_nothing(executor: Executor) -> None:
    assert list(executor.map_batches(double, [])) == []


@pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS.keys())
def test_an_exception_costs_its_own_batch_only(executor: Executor) -> None:
    assert list(executor.map_batches(dare, [["a"], ["fail"], ["b"]])) == [
        ["A"],
        Lost("读取出错（ValueError：标题为空）"),
        ["B"],
    ]


def test_a_crash_a_hang_and_a_glutton_cost_their_own_batches_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.executor._STARTUP_SECONDS", 4)
    executor = Processes(2, seconds=0.5)
    begun = time.monotonic()
    results = list(executor.map_batches(dare, [["a"], ["crash"], ["b"], ["hang"], ["c"], ["eat"], ["d"]]))
    assert [result for result in results if not isinstance(result, Lost)] == [["A"], ["B"], ["C"], ["D"]]
    assert [result.because[:8] for result in results if isinstance(result, Lost)] == [
        "读取进程意外退出",
        "读取超过时限 0",
        "读取出错（Mem",
    ]
    assert time.monotonic() - begun < 15


def test_a_crash_costs_its_own_item_only() -> None:
    items = ["a", "b", "crash", "c", "d", "e"]
    results = map_items(Processes(1, seconds=10), dare, items, size=3)
    assert [one if isinstance(one, str) else "lost" for one in results] == ["A", "B", "lost", "C", "D", "E"]


def test_the_work_is_done_by_as_many_processes_as_asked_for() -> None:
    pids = {pid for [pid] in Processes(2, seconds=10).map_batches(process, [["x"]] * 20)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_listener_who_leaves_takes_the_workers_along() -> None:
    results = Processes(1, seconds=10).map_batches(process, [["x"]] * 5)
    [pid] = next(results)
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("workers", "pages", "kind"), [(2, 150, Serial), (2, 151, Processes), (1, 5000, Serial), (4, 0, Serial)]
)
def test_processes_are_started_when_they_pay(workers: int, pages: int, kind: type) -> None:
    assert isinstance(choose(workers, pages, 30.0), kind)
