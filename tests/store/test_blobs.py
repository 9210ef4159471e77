"""Blobs: the same promises in a folder, in memory, and in a store that speaks S3's protocol."""

import datetime as dt
import hashlib
import os
import socket
import stat
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from buckets import Bucket, served
from patience import PATIENCE
from pipeline.errors import BlobLost, StoreError
from pipeline.store import Blobs, objects

LATER = dt.datetime.max.replace(tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with served() as made:
        yield made


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request, tmp_path) -> Path | str:
    """Where blobs are: every test that asks for it runs on all three."""
    if request.param == "folder":
        return tmp_path / "blobs"
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.place()


def _spoil(place: Path | str, name: str, data: bytes | None) -> None:
    """Writes over a blob behind the desk's back, or takes it away."""
    if isinstance(place, Path):
        path = place / name[:2] / name
        path.write_bytes(data) if data is not None else path.unlink()
        return
    system = Blobs(place)._shelf._system
    path = f"{place.partition('://')[2]}/{name[:2]}/{name}"
    system.pipe_file(path, data) if data is not None else system.rm_file(path)


def test_what_was_put_comes_back_by_its_digest_and_once_is_enough(place) -> None:
    blobs = Blobs(place)
    assert blobs.empty()
    data = "智慧医院".encode() * 1000
    name = blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest() == blobs.put(data)
    assert blobs.get(name) == data
    assert blobs.size(name) == len(data)
    assert [(one.name, one.size) for one in blobs.all()] == [(name, len(data))]
    assert not blobs.empty()
    assert Blobs(place).get(name) == data, "another process sees it"


def test_what_was_lost_or_changed_is_told_of_by_its_place_and_the_others_can_be_had(place) -> None:
    blobs = Blobs(place)
    good, bad, gone = (blobs.put(text.encode()) for text in ("甲", "乙", "丙"))
    _spoil(place, bad, "改".encode())
    _spoil(place, gone, None)
    for name, told in ((bad, "is damaged"), (gone, "is missing")):
        with pytest.raises(BlobLost, match=rf"{name[:2]}/{name} {told}\. Restore the last backup"):
            blobs.get(name)
    with pytest.raises(BlobLost):
        blobs.size(gone)
    each = list(blobs.each([gone, good, bad, good]))
    assert [name for name, _ in each] == [gone, good, bad, good]
    assert [isinstance(one, BlobLost) for _, one in each] == [True, False, True, False]
    assert each[1][1] == "甲".encode()


def test_when_everything_is_gone_no_single_page_is_called_lost(place) -> None:
    blobs = Blobs(place)
    name = blobs.put(b"page")
    _spoil(place, name, None)
    if isinstance(place, Path):
        (place / name[:2]).rmdir()
    with pytest.raises(StoreError, match="is empty, though it held blobs") as told:
        blobs.get(name)
    assert not isinstance(told.value, BlobLost)


def test_a_blob_is_taken_away_when_it_is_old_and_only_then(place) -> None:
    blobs = Blobs(place)
    name = blobs.put(b"orphan")
    (lies,) = blobs.all()
    assert blobs.remove(name, lies.when) == 0
    assert blobs.get(name) == b"orphan"
    assert blobs.remove(name, LATER) == 6
    assert blobs.remove(name, LATER) == 0, "a second time is no error"
    assert blobs.put(b"orphan") == name
    assert blobs.get(name) == b"orphan", "what was taken away can be kept anew"


def test_putting_again_what_is_old_makes_it_young_in_its_turn(place, monkeypatch) -> None:
    turns, began = [], time.time()

    @contextmanager
    def turn() -> Iterator[None]:
        turns.append("in")
        yield
        turns.append("out")

    blobs = Blobs(place).taking_turns(turn)
    name = blobs.put(b"template")
    blobs.put(b"template")
    assert turns == [], "what is young needs no turn"
    if isinstance(place, Path):
        os.utime(place / name[:2] / name, (0, 0))
    else:
        monkeypatch.setattr(time, "time", lambda: LATER.timestamp() - 1)
    blobs.put(b"template")
    assert turns == ["in", "out"]
    (lies,) = blobs.all()
    assert abs(lies.when.timestamp() - began) < 300


# ------------------------------------------------------------------------------- a server in trouble


def test_a_server_that_is_down_is_told_of_in_one_line_and_works_again_when_it_is_back(bucket) -> None:
    place = bucket.place()
    blobs = Blobs(place)
    name = blobs.put(b"page")
    port = bucket.stop()
    for call in (lambda: blobs.get(name), lambda: blobs.put(b"other"), blobs.empty, lambda: list(blobs.each([name]))):
        with pytest.raises(StoreError, match=rf"^{place} does not answer \(\w+\)\. Check that the server runs") as told:
            call()
        assert not isinstance(told.value, BlobLost)
        assert bucket.secret not in str(told.value)
    bucket.start(port)
    assert blobs.get(name) == b"page"


def test_a_bucket_that_is_not_there_is_named(bucket) -> None:
    blobs = Blobs("s3://elsewhere/desk")
    for call in (lambda: blobs.get("0" * 64), lambda: blobs.put(b"page"), lambda: blobs.remove("0" * 64, LATER)):
        with pytest.raises(StoreError, match="there is no bucket elsewhere"):
            call()


@contextmanager
def _server(monkeypatch, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """A server that answers each connection as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answered(one: socket.socket) -> None:
            with one, suppress(OSError):  # who asked may have left
                answer(one)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answered, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        yield
        listening.shutdown(socket.SHUT_RDWR)


def test_a_server_that_says_nothing_is_given_up_in_time(bucket, monkeypatch) -> None:
    silent, asked, given_up = threading.Event(), threading.Event(), threading.Event()

    def answer(one: socket.socket) -> None:
        if silent.is_set():
            asked.set()
            given_up.wait(PATIENCE)
        one.recv(65_536)
        one.sendall(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    with _server(monkeypatch, answer):
        assert not Blobs("s3://office/desk").holds_any(["0" * 64])  # what speaks to it takes a while to get ready
        silent.set()
        monkeypatch.setattr(objects, "_SECONDS", 0.5)
        try:
            with pytest.raises(StoreError, match="s3://office/desk does not answer"):
                Blobs("s3://office/desk").get("0" * 64)
            assert asked.wait(PATIENCE), "the connection waits in the queue until the server takes it"
        finally:
            given_up.set()


def test_a_key_that_may_not_is_told_what_it_needs_and_never_shown(bucket, monkeypatch) -> None:
    body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    told = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    def refuse(one: socket.socket) -> None:
        one.recv(65_536)
        one.sendall(told % len(body) + body)

    with (
        _server(monkeypatch, refuse),
        pytest.raises(StoreError, match=r"permission was refused \(AccessDenied\)\. Set AWS_ACCESS_KEY_ID") as error,
    ):
        Blobs("s3://office/desk").get("0" * 64)
    assert bucket.secret not in str(error.value)


def test_without_its_extra_an_address_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(StoreError, match=r"not installed\. pip install 'bulletin-desk\[s3\]'"):
        Blobs("s3://office/desk")


def test_pages_from_afar_are_asked_for_side_by_side(bucket, monkeypatch) -> None:
    pages = {hashlib.sha256(one).hexdigest(): one for one in (os.urandom(15_000) for _ in range(30))}
    five_at_once = threading.Barrier(5, timeout=PATIENCE)

    def answer(one: socket.socket) -> None:
        while asked := one.recv(65_536):
            with suppress(threading.BrokenBarrierError):
                five_at_once.wait()
            body = pages[asked.split()[1].decode().rpartition("/")[2]]
            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with _server(monkeypatch, answer):
        assert dict(Blobs("s3://office/desk").each(list(pages))) == pages
    assert not five_at_once.broken, "one was asked for while no other was on its way"


def test_blobs_kept_together_are_all_on_the_disk_before_any_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    synced, renamed = os.fsync, Path.replace

    def sync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        synced(handle)

    def rename(path: Path, target: Path) -> Path:
        done.append("name")
        return renamed(path, target)

    blobs = Blobs(tmp_path / "blobs")
    blobs.put("先有一份".encode())
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)

    names = blobs.put_all([b"one", "先有一份".encode(), b"two", b"one"])

    assert [one for one in done if one != "folder"] == ["file", "file", "name", "name"]
    assert done[-3:] == ["folder"] * 3
    assert [blobs.get(one) for one in names] == [b"one", "先有一份".encode(), b"two", b"one"]
