"""Finding what is out."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.windows import Window


@dataclass(frozen=True, slots=True)
class Searchable:
    """An item of an issue that is out, as it is looked for and shown."""

    position: int
    title: str
    outlet: str
    date: str
    """ISO; empty when it is not known."""
    url: str
    text: str
    """As printed, a line a block."""
    head: str
    """Title as searches see it."""
    folded: str
    """Title, outlet, date and text as searches see them: runs of letters with one blank between them."""
    terms: tuple[str, ...]
    """Those of `folded`, each once."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand together."""

    text: str
    """As searches see it."""
    terms: tuple[str, ...]
    """What whatever has it is found by; none for a single character."""
    begins: str = ""
    """What one of its terms begins with: the last Latin word, which may not be typed to its end."""

    @property
    def settled(self) -> bool:
        """Whether what has its term has the phrase; otherwise the text must be looked into."""
        return (*self.terms, *filter(None, (self.begins,))) == (self.text,)


@dataclass(frozen=True, slots=True)
class Found:
    """An item of an issue that is out, which was looked for."""

    series: str
    number: int
    window: Window
    position: int
    title: str
    outlet: str
    date: str
    url: str
    text: str
    entitled: bool
    """Whether the title has all that was asked for."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text, cut into what was looked for and what stands around it."""

    pieces: tuple[tuple[str, bool], ...]
    """Text, and whether it was looked for; in order."""

    def __str__(self) -> str:
        return "".join(text for text, _ in self.pieces)
