"""Archives of a crawl (WARC): each web page in them is a lead, and the archive holds its bytes.

An archive is read as a stream; of each page only its place is kept, so that memory does not grow with the archive.
Records are read one by one, which a file compressed as a whole does not allow.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pipeline import config
from pipeline.errors import FetchError, SourceError, reason
from pipeline.model import Fetch, Lead, Page, digest
from pipeline.sources.harvest import NEVER, Basket, Harvest, Means, Memory, absolute, read_apart, wanted

_MAX_BYTES = 10 * 1024 * 1024  # of one page, unpacked
_MAX_FILES = 1000
_MAX_PAGES = 10_000  # of one visit, as files of a folder
_PORTION = 64 * 1024 * 1024  # bytes of an archive that are looked through in one go: two to four seconds
_MAX_AT_ONCE = 2000
_MAX_RECORDS = 1_000_000  # of one archive; a usual one of 1 GB has 50,000
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}")
_AT = "@"
_BROKEN = (ArchiveLoadFailed, zlib.error, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError)


@dataclass(frozen=True, slots=True)
class Captures:
    """The pages a portion of an archive holds."""

    pages: tuple[tuple[str, int], ...]
    """Address and offset of the record, in the archive's order."""
    left: Mapping[str, int]
    """How many records were left out, by reason."""
    records: int
    """How many records were looked at."""
    damaged: str = ""
    """What is wrong with the archive."""
    further: int = 0
    """Where the next portion begins; 0 when all was read."""


class Warc:
    """The archives that a path or pattern names."""

    def __init__(self, source: config.WarcSource, means: Means) -> None:
        self._source = source
        self._means = means
        path = Path(source.path).expanduser()
        self._root = Path(path.anchor) if path.is_absolute() else means.workspace
        self._pattern = str(path.relative_to(path.anchor))
        self._files: frozenset[str] = frozenset()

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """The web pages in the archives, in the order of the files' names; each address once."""
        files = self._look()
        if not files:
            raise SourceError(
                f"{self._source.name}：没有找到归档文件（{self._source.path}）", "请核对 sources.yaml 中的 path。"
            )
        state = Memory(etag=_state(files), of=digest(self._source.model_dump_json()))
        if state == memory:
            return Harvest((), memory, unchanged=True)
        basket = Basket(self._source, _MAX_PAGES)
        if len(files) > _MAX_FILES:
            basket.say(f"归档文件有 {len(files)} 个，只读前 {_MAX_FILES} 个")
        for file in files[:_MAX_FILES]:
            if not self._take(file, basket):
                state = NEVER
            if basket.full:
                break
        return basket.harvest(state)

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page of a record, as it was when it was captured."""
        name, _, offset = lead.path.rpartition(_AT)
        if not offset.isdecimal() or not (name in self._files or Path(name) in self._look()):
            raise FetchError(f"{lead.url}：归档文件不属于该信源，或已不在原处")
        try:
            return self._means.apart(read_capture, name, int(offset), lead.url)
        except SourceError as error:
            raise FetchError(f"{lead.url}：{error.message}") from error

    def _take(self, file: Path, basket: Basket) -> bool:
        """Gathers the pages of one archive, portion by portion: a child has so many seconds for each.

        Whether it could be read; one that could not is worth another try though it stays as it is.
        """
        left, damaged = Counter[str](), Counter[str]()
        records = at = pages = 0
        while True:
            try:
                part = read_apart(self._source, self._means.apart, read_archive, self._source, str(file), at)
            except SourceError as error:
                basket.say(f"略过 {file.name}：{error.message.removeprefix(self._source.name + '：')}")
                return False
            for url, offset in part.pages:
                basket.add_stored(url, f"{file}{_AT}{offset}")
            pages += len(part.pages)
            records += part.records
            left.update(part.left)
            damaged.update([part.damaged] if part.damaged else [])
            if part.further <= at:
                break
            at = part.further
            if basket.full or records >= _MAX_RECORDS:
                basket.say(f"{file.name}：归档过长，只读了前 {records} 条记录")
                break
        if not (pages or left or damaged):
            basket.say(f"{file.name}：没有网页记录")
        for note in (*damaged, *(f"略过 {count} 条：{why}" for why, count in left.items())):
            basket.say(f"{file.name}：{note}")
        return True

    def _look(self) -> list[Path]:
        """The archives there are now."""
        try:
            files = sorted(self._root.glob(self._pattern))
        except (OSError, ValueError) as error:
            raise SourceError(f"{self._source.name}：path 无法使用（{self._source.path}：{error}）") from error
        self._files = frozenset(map(str, files))
        return files


class _Records(ArchiveIterator):  # type: ignore[misc]  # warcio ships no types
    INC_RECORD = ""  # what it would print; `err_count` says the same


def read_archive(source: config.WarcSource, name: str, start: int) -> Captures:
    """Where a portion of an archive holds web pages that the source wants; what is broken ends it with a note.

    Raises `SourceError` when the file cannot be opened.
    """
    pages: dict[str, int] = {}
    left: Counter[str] = Counter()
    damaged, further, cut, count = "", 0, 0, 0
    with _opened(name) as file:
        file.seek(start)
        records = _Records(file)
        try:
            for record in records:
                url = absolute(_header(record, "WARC-Target-URI").strip("<>"), "")
                why = _refusal(record, url)
                offset = records.get_record_offset()
                if count and (offset - start > _PORTION or len(pages) >= _MAX_AT_ONCE):
                    further = offset
                    break
                count += 1
                if record.rec_type != "response":
                    continue
                if why:
                    left[why] += 1
                elif wanted(source, url):
                    pages.setdefault(url, offset)
                    cut += record.raw_stream.limit > 0
        except _BROKEN as error:
            damaged = f"归档在第 {count} 条记录之后有损坏（{type(error).__name__}），其后没有读取"
        if not damaged and (cut or records.err_count):
            damaged = f"有 {max(cut, records.err_count)} 条记录被截断或长度不符"
    return Captures(tuple(pages.items()), dict(left), count, damaged, further)


def _refusal(record: Any, url: str) -> str:
    """Why a response is no page; empty if it is one."""
    if record.rec_type != "response":
        return ""
    if not url:
        return "不是网页地址"
    if record.http_headers is None:
        return "记录没有 HTTP 头"
    if record.http_headers.get_statuscode() != "200":
        return "响应不是 200"
    if not _type(record)[0].endswith(_PAGE_TYPES):
        return "不是网页（图片、脚本等）"
    if _captured(record) is None:
        return "没有可用的 WARC-Date"
    return ""


def read_capture(name: str, offset: int, url: str) -> Page:
    """The page in the record at `offset`, unpacked; raises `SourceError`."""
    with _opened(name) as file:
        file.seek(offset)
        try:
            record = next(iter(_Records(file)))
            found = absolute(_header(record, "WARC-Target-URI").strip("<>"), "")
            if record.rec_type != "response" or found != url or _refusal(record, found):
                raise SourceError("归档文件已变，记录不在原处")
            body = _body(record)
        except (*_BROKEN, StopIteration) as error:
            raise SourceError(f"归档记录有损坏（{type(error).__name__}）") from error
        kind, charset = _type(record)
        cut = _header(record, "WARC-Truncated") or record.raw_stream.limit > 0
        captured = _captured(record)
    if captured is None:
        raise SourceError("没有可用的 WARC-Date")
    warnings = ("可能不完整：归档中的记录被截断",) if cut else ()
    return Page(url=url, body=body, fetched=captured, content_type=kind, charset=charset, warnings=warnings)


def _body(record: Any) -> bytes:
    """The payload without transfer and content encoding; at most so much is unpacked, whatever it promises.

    warcio would unpack a chunk of any size at once, which lets some kilobytes become gigabytes.
    """
    data = _bounded(record.raw_stream.read(_MAX_BYTES + 1))
    if _http(record, "Transfer-Encoding") == "chunked":
        data = _joined(data)
    match _http(record, "Content-Encoding"):
        case "" | "identity":
            return data
        case "gzip" | "x-gzip" if not data.startswith(b"\x1f\x8b"):
            return data  # many crawlers store what they have unpacked, under the headers that came
        case "gzip" | "x-gzip":
            return _unpacked(data, 31)
        case "deflate":
            try:
                return _unpacked(data, 15)
            except zlib.error:
                return _unpacked(data, -15)
        case "br" | "zstd" if b"<" in data[:512] and b">" in data[:4096]:
            return data
        case other:
            raise SourceError(f"不支持的压缩方式 {other[:40]!r}")


def _unpacked(data: bytes, kind: int) -> bytes:
    return _bounded(zlib.decompressobj(kind).decompress(data, _MAX_BYTES + 1))


def _bounded(data: bytes) -> bytes:
    if len(data) > _MAX_BYTES:
        raise SourceError(f"内容超过上限 {_MAX_BYTES // 1024 // 1024} MiB")
    return data


def _joined(data: bytes) -> bytes:
    """The chunks of a body as one; a body that is not in chunks is returned as it is."""
    pieces: list[bytes] = []
    place = 0
    while end := data.find(b"\r\n", place, place + 64) + 1:
        size = data[place : end - 1].partition(b";")[0].strip()
        if not _CHUNK.fullmatch(size):
            break
        length = int(size, 16)
        if length == 0:
            return b"".join(pieces)
        place = end + 1
        pieces.append(data[place : place + length])
        place += length + 2
    return b"".join(pieces) if pieces else data


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """A plain file for reading; it may have become a link or a pipe: nothing is followed, nobody waited for."""
    try:
        handle = os.open(name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise SourceError(f"无法读取（{reason(error)}）") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SourceError("不是普通文件")
        yield file


def _state(files: list[Path]) -> str:
    """What tells whether the archives are those of last time."""
    seen = []
    for file in files:
        try:
            status = file.lstat()
        except OSError:
            continue
        seen.append(f"{file}|{status.st_size}|{status.st_mtime_ns}")
    return digest(*seen)


def _captured(record: Any) -> dt.datetime | None:
    try:
        when = dt.datetime.fromisoformat(_header(record, "WARC-Date"))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)


def _type(record: Any) -> tuple[str, str]:
    """Media type and charset, as the server said them."""
    kind, _, parameters = _http(record, "Content-Type").partition(";")
    return kind.strip()[:100], parameters.partition("charset=")[2].strip(" \"'")[:40]


def _header(record: Any, name: str) -> str:
    """What the archive says of a record."""
    value: str = record.rec_headers.get_header(name, "")
    return value.strip()


def _http(record: Any, name: str) -> str:
    """What the server said, in lower case."""
    value: str = record.http_headers.get_header(name, "")
    return value.strip().lower()
