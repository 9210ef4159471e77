"""What an output needs beside the issue, and what every output can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.model import Finding, Issue

Pictures = Callable[[str], bytes]
"""The SHA-256 of a picture → its bytes, a JPEG or PNG; none when it is not to be printed."""


def no_picture(blob: str) -> bytes:
    """What an output without a store to ask prints of a picture: nothing."""
    return b""


@dataclass(frozen=True, slots=True)
class Context:
    """How an issue is to be rendered; the same issue and context give the same bytes."""

    templates: Path
    """The folder of templates."""
    template: str = "gongwen"
    """Which document template of that folder."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """Handle → page in the 目录; estimated when empty."""
    draft: bool = False
    """Whether this is for review: marked 送审稿 and annotated."""
    findings: tuple[Finding, ...] = ()
    """What a draft is annotated with."""
    revision: int = 0
    """Which revision of the draft this is, so that an edited file says what it was made from; 0 for no draft."""
    pictures: Pictures = no_picture
    """Where the bytes of pictures come from."""
    document: bytes = b""
    """The issue's DOCX, for outputs that carry it; one that is missing is made."""


class Output(Protocol):
    """One way an issue leaves the house."""

    @property
    def media_type(self) -> str:
        """The MIME type of what `render` gives."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the same issue and context give the same bytes on every machine, at any time."""
        ...

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as a file; raises `TemplateError` when the template cannot be used."""
        ...
