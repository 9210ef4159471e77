"""What comes from the web is parsed apart, in child processes with limits; large batches on several machines, too.

A page can crash the library that parses it, hang it or make it eat all memory (one of 0.7 MB held lxml for 41 s),
and a hang inside C code cannot be interrupted: only another process can be killed. `children` is the side of whoever
has something parsed, `nursery` the process that starts children, and what they do.

An `Executor` works off batches: `batches` in this process or on its children, `cluster` on the workers of a Dask
scheduler, each of which has children of its own. Every one gives the same results in the same order.
"""

from __future__ import annotations

from pipeline.executor.batches import Executor, Processes, Serial
from pipeline.executor.children import Children, Lost, Stopped
from pipeline.executor.cluster import Cluster

__all__ = ["Children", "Cluster", "Executor", "Lost", "Processes", "Serial", "Stopped"]
