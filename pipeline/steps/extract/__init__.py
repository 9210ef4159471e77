"""Reads one page: bytes in, an article with evidence out, or why there is none.

Bytes → text (`decode`) → what manner of text (`formats`) → tree (`tree`) → what head and scripts state (`facts`), the
title (`title`), the lines that credit (`byline`) and the body's container (`container`) → typed blocks (`blocks`) with
their tables (`tables`) and pictures (`pictures`) → who it is from (`credits`) and when it was published (`published`,
`dates`). How clearly the container stands out is the confidence; where it does not, a second reader is asked
(`opinion`). Where a page shows nothing, its data are asked (`state`); why there is no article, `walls` tells. What an
office knows of a site goes before guessing (`ruled`). Printed papers (`paper`), articles that go on elsewhere (`pager`,
`attachments`), PDF, DOCX and saved pages (`documents`) have files of their own.
"""

from pipeline.steps.extract.opinion import COMPARED, PAGE_ALONE, agreement, doubt
from pipeline.steps.extract.page import extract, other_reading

__all__ = ["COMPARED", "PAGE_ALONE", "agreement", "doubt", "extract", "other_reading"]
