"""Who is there, and whether they may."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from pipeline.desk import Desk
from pipeline.model import Account

Identify = Callable[[Request, Desk], Account | None]
"""Who sends a request; `None` for nobody known."""


def identified(request: Request, desk: Desk) -> Account | None:
    """The account whose session a request belongs to."""
    return None
