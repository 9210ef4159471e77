"""Which files can be read back, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from pipeline.errors import NotImported, UsageError
from pipeline.model import Returned
from pipeline.steps import upload
from pipeline.steps.disassemble.lines import decode
from pipeline.steps.returning.markdown import read_markdown
from pipeline.steps.returning.word import read_word


def _read_word_safely(data: bytes) -> Returned:
    if because := upload.refused(data, allowing=upload.READING):
        raise UsageError(f"{because}。")
    return read_word(data)


def _read_markdown_decoded(data: bytes) -> Returned:
    try:
        return read_markdown(decode(data))
    except NotImported as error:
        raise UsageError(error.message, error.fix) from None


READERS: Mapping[str, Callable[[bytes], Returned]] = {"docx": _read_word_safely, "md": _read_markdown_decoded}
"""The format of an output → what reads a file of that format, edited, back."""


def format_of(name: str) -> str:
    """The format of a file that was handed in; raises `UsageError` for one that is not read back."""
    suffix = PurePath(name).suffix.lower().removeprefix(".")
    if suffix not in READERS:
        known = "、".join(f".{one}" for one in READERS)
        raise UsageError(f"{name}：不能回读这种文件。", f"能回读的是 {known}；请在 Word 或 WPS 里另存为 .docx。")
    return suffix


def read_returned(data: bytes, kind: str) -> Returned:
    """What an edited file of the format `kind` says; raises `UsageError` when it cannot be read, or is not safe to."""
    return READERS[kind](data)
