"""What a request brings, read within limits: how large, how slow, how many fields, which letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from pipeline.web.asking import Form, Upload

_MOST_FIELDS = 1000  # an issue of 300 items put in order has 302
_MOST_FILES = 20
_PATIENCE = 30.0  # seconds for a body, and one more for each so many bytes of it
_BYTES_PER_SECOND = 16 * 1024
_DRAINED = 64 * 1024 * 1024  # of what is refused: a browser that is cut off while it sends shows no answer


class Unreadable(Exception):
    """A body that is not taken; says why in Chinese, and with which status."""

    def __init__(self, status: int, because: str, fix: str = "") -> None:
        super().__init__(because)
        self.status = status
        self.because = because
        self.fix = fix


async def received(request: Request, max_bytes: int) -> Form:
    """What a form says, or the bytes of anything else; raises `Unreadable`."""
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > max_bytes:
        await drained(request)
        raise _too_large(max_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    stream = _bounded(request, max_bytes)
    if kind == "multipart/form-data":
        return await _multipart(request, stream)
    body = b"".join([chunk async for chunk in stream])
    if kind != "application/x-www-form-urlencoded":
        return Form(body=body)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise _not_text() from None
    except ValueError:
        raise _too_many() from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


async def drained(request: Request) -> None:
    """Lets somebody finish sending what is not taken, within limits, so that they see why."""
    with suppress(Unreadable, ClientDisconnect):
        async for _ in _bounded(request, _DRAINED):
            pass


async def _bounded(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    begun, size, stream = time.monotonic(), 0, request.stream()
    while True:
        left = begun + _PATIENCE + size / _BYTES_PER_SECOND - time.monotonic()
        try:
            chunk = await asyncio.wait_for(anext(stream, None), max(left, 0))
        except TimeoutError:
            raise Unreadable(408, "发送得太慢，没有等到全部内容。", "请检查网络后再试。") from None
        if chunk is None:
            return
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


async def _multipart(request: Request, stream: AsyncGenerator[bytes, None]) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    # the limit of a part is that of the whole, which `stream` holds
    parser = _Strict(request.headers, stream, max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=2**40)
    try:
        sent = await parser.parse()
    except UnicodeDecodeError:
        raise _not_text() from None
    except MultiPartException as error:
        if error.message.startswith("Too many"):
            raise _too_many() from None
        raise Unreadable(400, "表单不完整，读不出来。", "请刷新页面后再试。") from None
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files[name] = Upload(value.filename or "", await value.read())
        else:
            fields.setdefault(name, []).append(value)
    await sent.close()
    return Form(fields, files)


class _Strict(MultiPartParser):
    """Refuses what is no UTF-8, which would else be read as the letters of another script."""

    def on_part_end(self) -> None:
        part = self._current_part
        if part.file is None:
            part.data.decode()
        super().on_part_end()


def _too_large(max_bytes: int) -> Unreadable:
    return Unreadable(
        413,
        f"内容超过 {max_bytes // 1024**2} MB，没有保存。",
        "请分几次提交；您写的内容还在原来的页面上，按“后退”可回到那里。",
    )


def _too_many() -> Unreadable:
    return Unreadable(400, f"表单的栏目超过 {_MOST_FIELDS} 个，没有保存。", "请刷新页面后再试。")


def _not_text() -> Unreadable:
    return Unreadable(
        400, "表单里有不是 UTF-8 的文字，没有保存。", "请刷新页面后再试；从别处粘贴的，请先粘贴到记事本再复制。"
    )
