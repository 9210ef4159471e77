"""What a test lets something cost, by the processor's clock: a busy machine takes longer, and computes no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_USUAL = 0.012
"""Seconds of the processor that `_work` takes on the machine that the limits were chosen on."""


@contextmanager
def computing(seconds: float) -> Iterator[None]:
    """What is done inside takes less than so many seconds of the processor, on this thread.

    On a slower machine, or one whose cores are shared with others, it may take as many times more as a fixed piece of
    work does there at the time.
    """
    before, began = _work(), time.thread_time()
    yield
    spent = time.thread_time() - began
    allowed = seconds * max(1.0, (before + _work()) / 2 / _USUAL)
    assert spent < allowed, f"{spent:.1f} s of the processor, and {allowed:.1f} are allowed"


def _work() -> float:
    began = time.thread_time()
    for _ in range(20_000):
        sorted("监测范围导语目录")
    return time.thread_time() - began
