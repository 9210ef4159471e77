"""The issue as a PDF file: its DOCX as LibreOffice sets it, with tags, an outline, live links and fonts inside.

The file is PDF/A-2b, to be kept for long. What LibreOffice writes anew each time (the moment, an id, a checksum; it
does not look at SOURCE_DATE_EPOCH) has a fixed length and is put right in place, so that the same issue gives the
same bytes on the same machine. Written anew by a library the file would no longer be what LibreOffice vouches for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import struct
import zlib

from pipeline.errors import NotConverted
from pipeline.libreoffice import program
from pipeline.model import Issue
from pipeline.outputs.context import Context
from pipeline.outputs.pages import to_pdf
from pipeline.outputs.word import Word

_MOMENT = re.compile(rb"D:\d{14}(?=Z)|(?<=<xmp:CreateDate>)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_ID = re.compile(rb"(?<=/ID \[ <)([0-9A-F]{32})>\s*<\1(?=> \])|(?<=/DocChecksum /)[0-9A-F]{32}")
_PROFILE = re.compile(rb"<</N 3/Length (\d+) 0 R/Filter/FlateDecode>>\nstream\n(.*?)\nendstream", re.DOTALL)
_PROFILE_DATE = slice(24, 36)  # ICC.1, 7.2.8: six numbers of two bytes
_OFFSET = re.compile(rb"\d{10}(?= \d{5} n)|(?<=startxref\n)\d+")  # where each object stands, and the table itself
_LANGUAGE = re.compile(rb"(?<=/Lang\()[a-z]{2}-[A-Z]{2}(?=\))")


class Pdf:
    """The output `pdf`."""

    media_type = "application/pdf"
    repeatable = False

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as a PDF file; raises `NotConverted` when LibreOffice is missing or makes none of the DOCX."""
        document = context.document or Word().render(issue, context)
        made = to_pdf(document, fonts=context.templates / "fonts.conf")
        if made.rstrip().endswith(b"%%EOF"):  # a program that died while it wrote leaves half a file
            return _settled(made, issue)
        if program():
            raise NotConverted("LibreOffice 没有转换出 PDF。", "请再试一次；仍不成功时，原因见日志 conversion_failed。")
        raise NotConverted(
            "生成 PDF 需要 LibreOffice，这台机器上没有安装。",
            "请安装后再试（Debian：apt-get install libreoffice-writer fonts-noto-cjk texlive-lang-chinese），"
            "或改用 docx。",
        )


def _settled(made: bytes, issue: Issue) -> bytes:
    """The file with the issue's date, a Chinese text's language and ids that follow from its bytes."""
    day = issue.date.strftime("%Y%m%d").encode()

    def dated(found: re.Match[bytes]) -> bytes:
        return b"D:" + day + b"000000" if found[0].startswith(b"D:") else f"{issue.date}T00:00:00".encode()

    made = _LANGUAGE.sub(b"zh-CN", _MOMENT.sub(dated, _profile_dated(made, issue.date)))
    blank = _ID.sub(lambda found: re.sub(rb"[0-9A-F]", b"0", found[0]), made)
    mark = hashlib.sha256(blank).hexdigest()[:32].upper().encode()
    return _ID.sub(lambda found: re.sub(rb"[0-9A-F]{32}", mark, found[0]), made)


def _profile_dated(made: bytes, day: dt.date) -> bytes:
    """The file with the date of its colour profile set: LibreOffice makes the profile anew each time."""
    found = _PROFILE.search(made)
    if found is None:
        return made
    profile = bytearray(zlib.decompress(found[2]))
    profile[_PROFILE_DATE] = struct.pack(">6H", day.year, day.month, day.day, 0, 0, 0)
    packed = zlib.compress(profile, 9)
    longer = len(packed) - len(found[2])  # by a byte or two, as its seconds can be packed
    whole = made[: found.start(2)] + packed + made[found.end(2) :]
    said = b"\n%b 0 obj\n" % found[1]
    whole = whole.replace(said + b"%d\n" % len(found[2]), said + b"%d\n" % len(packed))
    body, table, tail = whole.rpartition(b"\nxref\n")

    def moved(entry: re.Match[bytes]) -> bytes:
        at = int(entry[0])
        return b"%0*d" % (len(entry[0]), at + longer if at > found.start(2) else at)

    return body + table + _OFFSET.sub(moved, tail)
