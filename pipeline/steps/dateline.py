"""Whom a text itself names as the one that reported it: in its dateline, or in the credit it ends with."""

from __future__ import annotations

import re

from pipeline.config import Outlet, Outlets

_DATELINE = re.compile(r"^[（(]?([\w·]{2,12}?)(?:北京|上海|天津|广州)?\s*\d{1,2}月\s*\d{1,2}日(?:电|讯|消息)")
_CREDIT = re.compile(r"[（(](?:来源[:：])?([\w·]{2,12}?)\s*(?:APP|客户端|微信公众号)?[）)]$", re.IGNORECASE)


def credited(text: str, outlets: Outlets) -> Outlet | None:
    """The outlet that the dateline or the closing credit names, if the registry knows it."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    first, last = (re.sub(r"(?<=\w)\s+(?=\w)", "", lines[at]) for at in (0, -1))
    for found in (_DATELINE.search(first), _CREDIT.search(last)):
        if found and (outlet := outlets.named(found[1])):
            return outlet
    return None
