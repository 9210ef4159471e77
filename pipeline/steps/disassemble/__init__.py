"""The opposite of `assemble`: the text of an issue put out elsewhere, as items.

Requirements: nothing is guessed. What cannot be read is an error that names the line and the fix; what was
uncertain is a finding; what the conversion from Word or PDF left behind is taken away and counted in a note.

Method: an item begins where its labels stand together (来源, 链接, 主要内容), under a title; which of several
such places are items is settled by the contents and by the numbers in order. A body is never split at lines like
`3. …`: 535 item 2 carries a list from 1 to 34. Our own Markdown is told by its front matter and read back exactly.
"""

from pipeline.steps.disassemble.documents import convertible
from pipeline.steps.disassemble.issue import as_draft, disassemble, disassemble_document
from pipeline.steps.disassemble.lines import decode

__all__ = ["as_draft", "convertible", "decode", "disassemble", "disassemble_document"]
