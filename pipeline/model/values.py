"""Numbers, days, sizes and digests, as the whole desk writes them."""

from __future__ import annotations

import datetime as dt
import hashlib
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
"""The one time zone in which windows, publication dates and issue dates are meant."""

_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def chinese_number(number: int, zero: str = "〇") -> str:
    """An issue number digit by digit, as it is printed: 535 → 五三五; a draft that holds none has one below 1."""
    return "〔未定〕" if number < 1 else str(number).translate(_DIGITS).replace("〇", zero)


def digest(*parts: str | bytes) -> str:
    """The SHA-256 over length-prefixed `parts`, in hex."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


MOST_NAMED = 3


def chinese_date(day: dt.date) -> str:
    """2024年6月30日: no leading zeros, no inner spaces."""
    return f"{day.year}年{day.month}月{day.day}日"


def mebibytes(size: int) -> str:
    """A number of bytes as an operator reads it."""
    return f"{size / 2**20:,.1f} MB" if size >= 2**20 else f"{size / 2**10:.1f} KB"
