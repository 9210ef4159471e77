"""Reads one page: bytes in, an article with evidence out, or why there is none.

Bytes → text (`decode`) → what manner of text (`formats`) → tree (`tree`) → facts of head and scripts, title,
byline (`metadata`, `dates`) and the body's container (`container`) → typed blocks (`blocks`), and a second
reader's opinion of the body as confidence (`opinion`). Where a page shows nothing, its data are asked (`state`).
"""

from pipeline.steps.extract.page import extract

__all__ = ["extract"]
