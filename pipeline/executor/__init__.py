"""What comes from the web is parsed apart, in child processes with limits.

A page can crash the library that parses it, hang it or make it eat all memory (one of 0.7 MB held lxml for 41 s),
and a hang inside C code cannot be interrupted: only another process can be killed. Two files: `children` is the
side of whoever has something parsed, `nursery` the process that starts children, and what they do.
"""

from __future__ import annotations

from pipeline.executor.children import Children, Lost, Stopped

__all__ = ["Children", "Lost", "Stopped"]
