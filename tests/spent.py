"""What a test lets something cost, by the processor's clock: a busy machine takes longer, and computes no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def computing(seconds: float) -> Iterator[None]:
    """What is done inside takes less than so many seconds of the processor, on this thread."""
    began = time.thread_time()
    yield
    spent = time.thread_time() - began
    assert spent < seconds, f"{spent:.1f} s of the processor, and {seconds:g} are allowed"
