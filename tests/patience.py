"""How long a test waits for what must come: long, since a machine may be busy with other things meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds. No promise about speed: a test that holds one says its own."""


def until(done: Callable[[], object], within: float = PATIENCE) -> bool:
    """Whether it is done, as soon as it is, or when the time is over."""
    end = time.monotonic() + within
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
