"""Edited files of a draft read back: what they say, what they change, and what of that is taken.

`changes` holds what a file says against what it said when it was exported, both read by the same reader, so that
whatever a format cannot say is no edit. `against` leaves out what the draft says otherwise by now. `taken` is what a
decision keeps of the rest, and the verb `return` of `steps.decide` applies it.
"""

from pipeline.steps.returning.changes import against, changes
from pipeline.steps.returning.differences import marked
from pipeline.steps.returning.reading import READERS, format_of, read_returned
from pipeline.steps.returning.taking import summary, taken

__all__ = ["READERS", "against", "changes", "format_of", "marked", "read_returned", "summary", "taken"]
