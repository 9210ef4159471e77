"""How an issue leaves: one class a format, and the registry of them.

A new format is a class with `media_type` and `render(issue, context)` in a file of its own, and a line here.
"""

from __future__ import annotations

from pipeline.outputs.context import Context, Output, Pictures
from pipeline.outputs.figures import picture_files
from pipeline.outputs.mail import Mail
from pipeline.outputs.markdown import Markdown
from pipeline.outputs.page import Page
from pipeline.outputs.pdf import Pdf
from pipeline.outputs.readback import READBACKS, template_file
from pipeline.outputs.word import Word

FORMATS: dict[str, Output] = {
    "docx": Word(),
    "md": Markdown(),
    "html": Page(),
    "eml": Mail(),
    "pdf": Pdf(),
}
"""File suffix → output."""

NAMES = {"docx": "DOCX", "md": "Markdown", "html": "网页", "eml": "邮件", "pdf": "PDF"}
"""File suffix → what an editor calls it."""

__all__ = ["FORMATS", "NAMES", "READBACKS", "Context", "Output", "Pictures", "picture_files", "template_file"]
