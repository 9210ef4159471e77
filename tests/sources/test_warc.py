"""What archives of a crawl give: pages of the past, from files as crawlers leave them."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import WarcSource
from pipeline.errors import FetchError, SourceError
from pipeline.model import Lead
from pipeline.sources import Source, here, open_source

HTML = "<html><body><h1>电子病历互通</h1><p>三家医院……</p></body></html>"
DATE = "2024-06-12T03:04:05Z"


class Archive:
    """Writes an archive record by record, as crawlers do: each in a gzip member of its own, or plain."""

    def __init__(self, path: Path, *, gzipped: bool = True) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._records: list[bytes] = []
        self._gzipped = gzipped

    def add(
        self,
        url: str,
        body: bytes | str = HTML,
        status: str = "200 OK",
        kind: str = "text/html; charset=utf-8",
        record: str = "response",
        date: str = DATE,
        **headers: str,
    ) -> Archive:
        data = body.encode() if isinstance(body, str) else body
        if record == "response":
            lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
            data = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{lines}\r\n".encode() + data
            kind = "application/http; msgtype=response"
        head = (
            f"WARC/1.0\r\nWARC-Type: {record}\r\nWARC-Record-ID: <urn:uuid:{len(self._records):032}>\r\n"
            f"WARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        whole = head.encode() + data + b"\r\n\r\n"
        self._records.append(gzip.compress(whole, 1) if self._gzipped else whole)
        return self

    def save(self, change: Callable[[bytes], bytes] = lambda data: data) -> None:
        self.path.write_bytes(change(b"".join(self._records)))


def opened(workspace: Path, path: str = "crawl/*.warc*", apart: Any = here, **settings: Any) -> Source:
    archives = WarcSource(id="crawl", name="网页归档", kind="warc", path=path, **settings)
    return open_source(archives, workspace, apart=apart)


@pytest.fixture
def crawl(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "工作区 [一]" / "crawl" / "a.warc.gz")


@pytest.mark.parametrize("gzipped", [True, False], ids=["packed", "plain"])
def test_each_web_page_is_a_lead_with_its_bytes_address_and_day_of_capture(
    tmp_path: Path, web: Any, now: dt.datetime, gzipped: bool
) -> None:
    archive = Archive(tmp_path / "crawl" / ("a.warc.gz" if gzipped else "a.warc"), gzipped=gzipped)
    archive.add("https://news.example/1.html").add("https://news.example/2.html", HTML.encode("gbk"), kind="text/html")
    archive.save()
    source = opened(tmp_path, outlet="某报")
    leads = source.leads(web).leads
    assert [(lead.url, lead.outlet) for lead in leads] == [
        ("https://news.example/1.html", "某报"),
        ("https://news.example/2.html", "某报"),
    ]
    first, second = (source.page(lead, web, now) for lead in leads)
    assert (first.url, first.body.decode(), first.content_type, first.charset, first.warnings) == (
        "https://news.example/1.html",
        HTML,
        "text/html",
        "utf-8",
        (),
    )
    assert first.fetched == dt.datetime(2024, 6, 12, 3, 4, 5, tzinfo=dt.UTC)
    assert second.body.decode("gbk") == HTML
    assert web.asked == []


def test_what_is_no_web_page_is_left_out_with_its_reason(crawl: Archive, web: Any) -> None:
    crawl.add("https://news.example/1.html")
    crawl.add("https://news.example/gone.html", status="404 Not Found")
    crawl.add("https://news.example/logo.png", b"\x89PNG", kind="image/png")
    crawl.add("ftp://news.example/x.html").add("file:///etc/passwd")
    crawl.add("https://news.example/never.html", date="gestern")
    crawl.add("https://news.example/meta", b"a: b", record="metadata", kind="application/warc-fields")
    crawl.save()
    harvest = opened(crawl.path.parents[1]).leads(web)
    assert [lead.url for lead in harvest.leads] == ["https://news.example/1.html"]
    assert {note.removeprefix("a.warc.gz：") for note in harvest.notes} == {
        "略过 1 条：响应不是 200",
        "略过 1 条：不是网页（图片、脚本等）",
        "略过 2 条：不是网页地址",
        "略过 1 条：没有可用的 WARC-Date",
    }


def test_the_filters_apply_before_the_cap(crawl: Archive, web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.warc._MAX_PAGES", 2)
    for number in range(4):
        crawl.add(f"https://other.example/{number}").add(f"https://news.example/{number}")
    crawl.save()
    harvest = opened(crawl.path.parents[1], include=("news.example",)).leads(web)
    assert [lead.url for lead in harvest.leads] == ["https://news.example/0", "https://news.example/1"]
    assert harvest.notes == ("略过 2 条：超出每次 2 条的上限",)


@pytest.mark.parametrize("gzipped", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize(("portion", "at_once"), [(1, 2000), (900, 2000), (10**9, 1), (10**9, 3)])
def test_a_long_archive_is_read_portion_by_portion_and_nothing_twice(
    tmp_path: Path,
    web: Any,
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
    gzipped: bool,
    portion: int,
    at_once: int,
) -> None:
    monkeypatch.setattr("pipeline.sources.warc._PORTION", portion)
    monkeypatch.setattr("pipeline.sources.warc._MAX_AT_ONCE", at_once)
    archive = Archive(tmp_path / "crawl" / "a.warc.gz", gzipped=gzipped)
    for number in range(7):
        archive.add(f"https://news.example/{number}").add("https://news.example/x", record="metadata")
    archive.save()
    portions: list[int] = []

    def apart(function: Any, *arguments: Any) -> Any:
        portions.append(arguments[-1])
        return function(*arguments)

    source = opened(tmp_path, apart=apart)
    harvest = source.leads(web)
    assert [lead.url[-1] for lead in harvest.leads] == list("0123456")
    assert harvest.notes == ()
    assert len(set(portions)) == len(portions) > 1
    assert source.page(harvest.leads[-1], web, now).body.decode() == HTML


def test_an_endless_archive_is_read_up_to_the_cap(crawl: Archive, web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.warc._MAX_PAGES", 3)
    monkeypatch.setattr("pipeline.sources.warc._MAX_AT_ONCE", 2)
    for number in range(9):
        crawl.add(f"https://news.example/{number}")
    crawl.save()
    harvest = opened(crawl.path.parents[1]).leads(web)
    assert len(harvest.leads) == 3
    assert harvest.notes == ("a.warc.gz：归档过长，只读了前 4 条记录", "略过 1 条：超出每次 3 条的上限")


def test_a_page_captured_twice_is_one_lead(crawl: Archive, web: Any) -> None:
    crawl.add("https://news.example/1").add("https://news.example/1#top").save()
    Archive(crawl.path.with_name("b.warc.gz")).add("https://news.example/1").save()
    harvest = opened(crawl.path.parents[1]).leads(web)
    assert len(harvest.leads) == 1
    assert harvest.notes == ("略过 1 条：重复",)


def chunked(data: bytes, size: int = 7) -> bytes:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


BODIES = {
    "gzip": (gzip.compress(HTML.encode()), {"Content_Encoding": "gzip"}),
    "deflate": (zlib.compress(HTML.encode()), {"Content_Encoding": "deflate"}),
    "bare deflate": (zlib.compress(HTML.encode())[2:-4], {"Content_Encoding": "Deflate"}),
    "chunks": (chunked(HTML.encode()), {"Transfer_Encoding": "chunked"}),
    "chunks of gzip": (
        chunked(gzip.compress(HTML.encode())),
        {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"},
    ),
    "unpacked already, whatever the headers say": (
        HTML.encode(),
        {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"},
    ),
    "unpacked brotli": (HTML.encode(), {"Content_Encoding": "br"}),
}


@pytest.mark.parametrize(("body", "headers"), BODIES.values(), ids=BODIES.keys())
def test_a_payload_is_unpacked_as_it_was_sent(
    crawl: Archive, web: Any, now: dt.datetime, body: bytes, headers: dict[str, str]
) -> None:
    crawl.add("https://news.example/0").add("https://news.example/1", body, **headers).save()
    source = opened(crawl.path.parents[1])
    assert source.page(source.leads(web).leads[1], web, now).body.decode() == HTML


def bomb(size: int) -> bytes:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(pack.compress(bytes(1024 * 1024)) for _ in range(size)) + pack.flush()


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "in one chunk"])
def test_a_bomb_in_a_record_is_refused_without_being_unpacked(
    crawl: Archive, web: Any, now: dt.datetime, wrapped: bool
) -> None:
    body, headers = bomb(300), {"Content_Encoding": "gzip"}
    if wrapped:
        body, headers = chunked(body, len(body)), {**headers, "Transfer_Encoding": "chunked"}
    crawl.add("https://news.example/1", body, **headers).save()
    source = opened(crawl.path.parents[1])
    tracemalloc.start()
    [lead] = source.leads(web).leads
    with pytest.raises(FetchError, match=r"^https://news.example/1：内容超过上限 10 MiB"):
        source.page(lead, web, now)
    assert tracemalloc.get_traced_memory()[1] < 60 * 1024 * 1024
    tracemalloc.stop()


def test_brotli_that_was_not_unpacked_is_refused_by_name(crawl: Archive, web: Any, now: dt.datetime) -> None:
    crawl.add("https://news.example/1", b"\x8b\x01\x80abc\x03", Content_Encoding="br").save()
    source = opened(crawl.path.parents[1])
    with pytest.raises(FetchError, match="不支持的压缩方式 'br'"):
        source.page(source.leads(web).leads[0], web, now)


BREAKS = {
    "cut in the last record": lambda data: data[:-40],
    "bytes flipped in the last record": lambda data: data[:-60] + bytes(30) + data[-30:],
    "noise behind": lambda data: data + b"\x1f\x8bnoise" + bytes(100),
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS.keys())
@pytest.mark.parametrize("gzipped", [True, False], ids=["packed", "plain"])
def test_a_broken_archive_gives_what_stands_before_and_says_so(
    tmp_path: Path, web: Any, now: dt.datetime, change: Callable[[bytes], bytes], gzipped: bool
) -> None:
    broken = Archive(tmp_path / "crawl" / "a.warc.gz", gzipped=gzipped)
    for number in range(3):
        broken.add(f"https://news.example/{number}")
    broken.save(change)
    Archive(tmp_path / "crawl" / "b.warc.gz").add("https://news.example/later").save()
    source = opened(tmp_path)
    harvest = source.leads(web)
    urls = [lead.url for lead in harvest.leads]
    assert urls[:2] == ["https://news.example/0", "https://news.example/1"]
    assert urls[-1] == "https://news.example/later", "the other archive is read"
    assert source.page(harvest.leads[1], web, now).body.decode() == HTML
    flipped_only = not gzipped and change is BREAKS["bytes flipped in the last record"]
    assert flipped_only or any(note.startswith("a.warc.gz：") for note in harvest.notes), (
        "a plain archive has no checksum"
    )


def test_a_page_cut_in_the_archive_is_doubtful(tmp_path: Path, web: Any, now: dt.datetime) -> None:
    cut = Archive(tmp_path / "crawl" / "a.warc", gzipped=False).add("https://news.example/1", HTML * 50)
    cut.save(lambda data: data[:-500])
    source = opened(tmp_path)
    harvest = source.leads(web)
    assert harvest.notes == ("a.warc：有 1 条记录被截断或长度不符",)
    assert source.page(harvest.leads[0], web, now).warnings == ("可能不完整：归档中的记录被截断",)


RUBBISH = {
    "nothing": b"",
    "noise": bytes(range(256)) * 20,
    "a web page": HTML.encode(),
    "packed as a whole": gzip.compress(b"WARC/1.0\r\nWARC-Type: x\r\nContent-Length: 0\r\n\r\n\r\n\r\n" * 3),
}


@pytest.mark.parametrize("data", RUBBISH.values(), ids=RUBBISH.keys())
def test_a_file_that_is_no_archive_costs_only_itself(crawl: Archive, web: Any, data: bytes) -> None:
    crawl.add("https://news.example/1").save()
    crawl.path.with_name("0.warc.gz").write_bytes(data)
    harvest = opened(crawl.path.parents[1]).leads(web)
    assert [lead.url for lead in harvest.leads] == ["https://news.example/1"]
    assert len(harvest.notes) == 1
    assert harvest.notes[0].startswith("0.warc.gz：")


def test_links_and_pipes_are_left_out_with_a_note(crawl: Archive, web: Any) -> None:
    crawl.add("https://news.example/1").save()
    crawl.path.with_name("link.warc.gz").symlink_to(crawl.path)
    os.mkfifo(crawl.path.with_name("pipe.warc.gz"))
    harvest = opened(crawl.path.parents[1]).leads(web)
    assert len(harvest.leads) == 1
    assert [note.partition("：")[0] for note in harvest.notes] == ["略过 link.warc.gz", "略过 pipe.warc.gz"]


def test_archives_that_did_not_change_are_not_read_again(crawl: Archive, web: Any) -> None:
    crawl.add("https://news.example/1").save()
    first = opened(crawl.path.parents[1]).leads(web)
    assert opened(crawl.path.parents[1]).leads(web, first.memory).unchanged
    Archive(crawl.path.with_name("b.warc.gz")).add("https://news.example/2").save()
    assert len(opened(crawl.path.parents[1]).leads(web, first.memory).leads) == 2


def test_an_archive_that_could_not_be_read_is_tried_again(crawl: Archive, web: Any) -> None:
    def apart(function: Any, *arguments: Any) -> Any:
        raise SourceError("内容过于复杂：读取超过时限 30 秒")

    crawl.add("https://news.example/1").save()
    first = opened(crawl.path.parents[1], apart=apart).leads(web)
    assert first.notes == ("略过 a.warc.gz：内容过于复杂：读取超过时限 30 秒",)
    assert len(opened(crawl.path.parents[1]).leads(web, first.memory).leads) == 1


def test_a_lead_cannot_lead_out_of_the_archives(crawl: Archive, web: Any, now: dt.datetime) -> None:
    crawl.add("https://news.example/1").save()
    elsewhere = Archive(crawl.path.parents[1] / "other" / "b.warc.gz")
    elsewhere.add("https://news.example/2").save()
    source = opened(crawl.path.parents[1])
    for path in (f"{elsewhere.path}@0", "/etc/passwd@0", str(crawl.path), ""):
        with pytest.raises(FetchError, match="不属于该信源"):
            source.page(Lead("crawl", "https://news.example/2", path=path), web, now)


def test_an_archive_replaced_after_it_was_read_gives_no_other_page(crawl: Archive, web: Any, now: dt.datetime) -> None:
    crawl.add("https://news.example/1").save()
    source = opened(crawl.path.parents[1])
    [lead] = source.leads(web).leads
    Archive(crawl.path).add("https://news.example/other").save()
    with pytest.raises(FetchError, match="记录不在原处"):
        source.page(lead, web, now)
    crawl.path.unlink()
    with pytest.raises(FetchError, match="无法读取"):
        source.page(lead, web, now)


def test_a_pattern_that_names_nothing_fails_the_source_by_name(tmp_path: Path, web: Any) -> None:
    with pytest.raises(SourceError, match=r"^网页归档：没有找到归档文件（crawl/\*\.warc\*）"):
        opened(tmp_path).leads(web)


def test_memory_does_not_grow_with_the_archive(crawl: Archive, web: Any) -> None:
    for number in range(60):
        crawl.add(f"https://news.example/{number}", HTML + str(number) * 1_000_000)
    crawl.save()
    tracemalloc.start()
    assert len(opened(crawl.path.parents[1]).leads(web).leads) == 60
    assert tracemalloc.get_traced_memory()[1] < 30 * 1024 * 1024
    tracemalloc.stop()
