"""Which characters the bytes of a list page or feed are.

Labels are often wrong: gb18030 bytes call themselves gb2312, UTF-8 calls itself GBK. Bytes that read as
UTF-8 are UTF-8 whatever they say, since Chinese text in another charset practically never does.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_LABEL = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._-]{2,40})""")
# Only charsets that Chinese sites use: others are wrong labels, or tricks such as UTF-7.
_CODECS = {
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "cp936", "gb18030"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
}
_MAX_BAD = 0.05  # of what is not ASCII; text in another charset read as UTF-8 is bad nearly throughout


def decode(body: bytes, claimed: str = "") -> str:
    """`body` as text without NUL; `claimed` is the charset of the transport."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _text(body, codec)
    text = _text(body, "utf-8")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") <= foreign * _MAX_BAD:
        return text
    label = _LABEL.search(body[:4096])
    said = (claimed.lower(), label.group(1).decode("ascii").lower() if label else "")
    codecs_left = [*(_CODECS[name] for name in said if name in _CODECS), "gb18030"]
    for codec in codecs_left:
        try:
            return body.decode(codec).replace("\0", "")
        except UnicodeError:
            continue
    return _text(body, codecs_left[0])


def _text(body: bytes, codec: str) -> str:
    return body.decode(codec, "replace").replace("\0", "")
