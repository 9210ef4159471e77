"""Reads one page: bytes in, an article with evidence out, or why there is none.

Bytes → text (`decode`) → what manner of text (`formats`) → tree (`tree`) → facts of head and scripts, title,
byline (`metadata`, `dates`) and the body's container (`container`) → typed blocks (`blocks`). How clearly the
container stands out is the confidence; where it does not, a second reader is asked (`opinion`). Where a page
shows nothing, its data are (`state`).
"""

from pipeline.steps.extract.opinion import COMPARED, PAGE_ALONE, agreement, doubt
from pipeline.steps.extract.page import extract, other_reading

__all__ = ["COMPARED", "PAGE_ALONE", "agreement", "doubt", "extract", "other_reading"]
