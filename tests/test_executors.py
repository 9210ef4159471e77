"""Wherever batches are worked off, the results are the same; what is lost elsewhere is done here."""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.world import AFTER, SERIES, WINDOW, World
from drills.dask import Dask, cluster
from drills.workers import stored
from offices import without_libreoffice, workspace
from pipeline.config import load
from pipeline.desk import Inline, collecting, judging, open_desk, room
from pipeline.errors import ConfigError
from pipeline.executor import Children, Cluster, Executor, Lost, Processes, Serial
from pipeline.executor import cluster as dask_side

KINDS = ("serial", "processes", "cluster")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler with one worker, as an operator starts them."""
    with cluster(tmp_path_factory.mktemp("dask"), workers=1) as started:
        yield started


@pytest.fixture
def executor(request: pytest.FixtureRequest) -> Iterator[Callable[..., Executor]]:
    """Makes executors by their kind, and closes them."""
    made: list[Executor] = []

    def make(kind: str, seconds: float = 10.0, address: str = "") -> Executor:
        here = Processes(Children(2, seconds))
        made.append(here)
        if kind == "serial":
            return Serial()
        if kind == "cluster":
            address = address or request.getfixturevalue("dask").setting.removeprefix("dask://")
            made.append(Cluster(address, here, "settings.yaml:1"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("kind", KINDS)
def test_results_come_batch_by_batch_in_the_order_given(kind: str, executor: Callable[..., Executor]) -> None:
    batches = ([-number for number in range(start, start + size)] for start, size in ((0, 3), (3, 0), (3, 20), (23, 1)))
    made = executor(kind)
    assert list(made.map_batches(abs, batches)) == [[0, 1, 2], [], list(range(3, 23)), [23]]
    assert made.trouble == ""


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_that_fails_costs_itself_only(kind: str, executor: Callable[..., Executor]) -> None:
    (found,) = executor(kind).map_batches(int, [["7", "七千", "9"]])
    assert (found[0], found[2]) == (7, 9)
    assert isinstance(found[1], Lost)
    assert "ValueError" in found[1].because


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_hangs_crashes_or_eats_memory_costs_no_worker(kind: str, executor: Callable[..., Executor]) -> None:
    made = executor(kind, seconds=1.0)
    (napped,) = made.map_batches(time.sleep, [[0, 60, 0]])
    (crashed,) = made.map_batches(signal.raise_signal, [[signal.SIGCHLD, signal.SIGSEGV, signal.SIGCHLD]])
    (eaten,) = made.map_batches(bytes, [[1, 8 * 1024**3, 2]])
    assert napped == [None, Lost("内容过于复杂：读取超过时限 1 秒"), None]
    assert crashed == [None, Lost("内容过于复杂：读取进程意外退出（SIGSEGV）"), None]
    assert eaten == [b"\0", Lost("内容过于复杂：读取所需内存超过上限 768 MiB"), b"\0\0"]
    assert made.trouble == ""


@pytest.mark.parametrize("kind", KINDS)
def test_few_batches_are_taken_ahead_so_that_memory_holds_few_pages(
    kind: str, executor: Callable[..., Executor]
) -> None:
    taken = []

    def batches() -> Iterator[list[int]]:
        for number in range(50):
            taken.append(number)
            yield [number]

    results = executor(kind).map_batches(abs, batches())
    assert next(results) == [0]
    assert len(taken) <= 4
    results.close()


# ------------------------------------------------------------------------------------ a cluster that is not


def test_a_scheduler_that_nobody_reaches_is_told_and_the_work_done_here(
    executor: Callable[..., Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_side, "_CONNECT_SECONDS", 0.5)
    made = executor("cluster", address="127.0.0.1:9")
    assert list(made.map_batches(abs, [[-1], [-2]])) == [[1], [2]]
    assert "127.0.0.1:9" in made.trouble
    assert "其余在本机完成" in made.trouble


def test_a_worker_with_other_code_is_refused_with_both_releases(executor: Callable[..., Executor]) -> None:
    made = executor("cluster")
    made._release = "0.0.9 (abc)"
    with pytest.raises(ConfigError, match=r"settings.yaml:1: executor: worker tcp://\S+ has another release") as caught:
        list(made.map_batches(abs, [[-1]]))
    assert dask_side.release() in str(caught.value)
    assert "here is 0.0.9 (abc)" in str(caught.value)
    assert "Install the same bulletin-desk" in caught.value.fix


def test_a_worker_with_other_code_that_comes_later_does_nothing(executor: Callable[..., Executor]) -> None:
    made = executor("cluster")
    results = made.map_batches(abs, ([-number] for number in range(9)))
    assert next(results) == [0]
    made._release = "0.0.9 (abc)"
    assert list(results) == [[number] for number in range(1, 9)]
    assert "here is 0.0.9 (abc)" in made.trouble


def test_code_that_changed_has_another_release_under_the_same_number(tmp_path: Path) -> None:
    def made_of(folder: Path) -> list[tuple[str, bytes]]:
        return list(dask_side._contents(folder))

    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "rate.json").write_text("{}")
    (tmp_path / "steps" / "__pycache__").mkdir()
    (tmp_path / "steps" / "__pycache__" / "a.py").write_text("compiled")
    before = made_of(tmp_path)
    (tmp_path / "steps" / "rate.json").write_text('{"a": 1}')
    assert before == [("steps/rate.json", b"{}")]
    assert made_of(tmp_path) == [("steps/rate.json", b'{"a": 1}')]


def test_without_the_extra_the_error_names_it(
    executor: Callable[..., Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"the extra `dask` is not installed.*bulletin-desk\[dask\]"):
        list(executor("cluster", address="127.0.0.1:9").map_batches(abs, [[-1]]))


def test_an_address_of_another_kind_is_refused_where_it_stands(tmp_path: Path) -> None:
    workspace(tmp_path)
    (tmp_path / "config" / "settings.yaml").write_text("executor: tcp://host:8786\n", "utf-8")
    with pytest.raises(ConfigError, match=r"settings.yaml:1.*dask://host:8786"):
        load(tmp_path)


# ------------------------------------------------------------------------------------------- one window


def test_one_window_has_the_same_draft_and_document_whoever_works_it_off(
    tmp_path: Path, dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (room, judging):
        monkeypatch.setattr(module, "FEW", 1)
    monkeypatch.setattr(collecting, "_AT_ONCE", 5)
    made = {}
    for kind in KINDS:
        folder = stored(tmp_path / kind, World(26), executor=dask.setting if kind == "cluster" else "")
        with without_libreoffice(), open_desk(folder, clock=lambda: AFTER) as desk:
            used = []
            if kind == "serial":
                desk._executor = Serial()
            carry_out = desk._executor.map_batches

            def noted(function, batches, used=used, carry_out=carry_out):
                used.append(getattr(function, "func", function).__name__)
                return carry_out(function, batches)

            desk._executor.map_batches = noted
            desked = desk.run(SERIES, WINDOW, Inline(), collect=False).desked
            assert desk._executor.trouble == ""
            assert {"read_page", "fingerprints", "rate_all", "look_again"} <= set(used)
            released = desk.release(desked, "王编辑")
            docx = desk._blobs.get(next(sha for name, sha in released.files.items() if name.endswith(".docx")))
            made[kind] = (desked.draft, released.issue, hashlib.sha256(docx).hexdigest())
    assert len(made["serial"][0].chosen) > 1
    assert made["serial"] == made["processes"] == made["cluster"]


def test_own_items_of_a_child_that_was_lost_are_worked_out_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace(tmp_path)
    monkeypatch.setattr(room, "FEW", 1)

    class Losing(Serial):
        def map_batches(self, function, batches):
            return ([Lost("内存不足") for _ in batch] for batch in batches)

    with open_desk(tmp_path, clock=lambda: AFTER) as desk:
        desk._executor = Losing()
        assert desk._worked_out(sorted, list(range(25))) == list(range(25))


def test_a_scheduler_that_goes_in_mid_work_leaves_the_rest_to_this_machine(
    executor: Callable[..., Executor], dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the last of this file: afterwards there is none
    monkeypatch.setattr(dask_side, "_CONNECT_SECONDS", 1.0)
    made = executor("cluster")
    results = made.map_batches(abs, ([-number] for number in range(20)))
    assert next(results) == [0]
    dask.scheduler.kill()
    assert list(results) == [[number] for number in range(1, 20)]
    assert "其余在本机完成" in made.trouble
