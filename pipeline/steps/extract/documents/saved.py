"""Pages saved by a browser as one file (`.mht`, `.mhtml`): the page in them, with its address and its time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from pipeline.model import Page

_HEADER = re.compile(rb"\A\s*(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){1,20}", re.I)
_PAGES = ("text/html", "application/xhtml+xml")
_RELATED = re.compile(rb"^content-type:\s*multipart/(?:related|mixed|alternative)", re.I | re.M)


def is_saved(body: bytes) -> bool:
    """Whether bytes are those of a page saved as MHTML."""
    head = _HEADER.match(body[:8192])
    return head is not None and _RELATED.search(head.group()) is not None


def unpacked(page: Page) -> Page:
    """The page inside a saved one; without one, an empty page.

    It was fetched when it was saved: relative dates count from then.
    """
    message = message_from_bytes(page.body)
    part = next(
        (one for one in message.walk() if one.get_content_type() in ("text/html", "application/xhtml+xml")), None
    )
    payload = part.get_payload(decode=True) if part is not None else b""
    where = [_plain(message, "Snapshot-Content-Location")]
    if part is not None:
        where.append(_plain(part, "Content-Location"))
    return replace(
        page,
        url=next((one for one in where if urlsplit(one).scheme in ("http", "https")), page.url),
        body=payload if isinstance(payload, bytes) else b"",
        charset=(part.get_content_charset("") if part is not None else "") or "",
        fetched=min(page.fetched, _saved(message) or page.fetched),
    )


def _plain(message: Message, name: str) -> str:
    return str(message.get(name, "")).strip()


def _saved(message: Message) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(_plain(message, "Date"))
    except (ValueError, TypeError, MessageError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)  # browsers write -0000
