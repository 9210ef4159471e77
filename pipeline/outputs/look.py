"""What a document template is made from: its paragraph styles as a table, its page, its sample text.

Sizes are in points, lengths of the page in millimetres; OOXML wants half-points and twentieths.
"""

from __future__ import annotations

from dataclasses import dataclass

LATIN = "Times New Roman"
LINK = "1F3864"
FACES = ("仿宋", "楷体", "黑体", "宋体", "方正小标宋简体")
"""The fonts that every office has, and the one for titles that GB/T 9704 wants."""


@dataclass(frozen=True, slots=True)
class Look:
    """One paragraph style; lengths in points, indents in characters of its own size where named so.

    What is `None`, zero or empty is inherited.
    """

    id: str
    name: str
    font: str = ""
    latin: str = ""
    size: float = 0
    line: float = 0
    """Exact distance of the lines; negative: at least one line of the font's own height."""
    before: float | None = None
    after: float | None = None
    align: str = ""
    based: str = "Normal"
    follows: str = ""
    indent: float = 0
    """First line, in characters."""
    left: float = 0
    right: float | None = None
    hanging: float = 0
    tab: str = ""
    """The one tab stop: `right`, or `right dot`, at the right edge; `right in` at the indent before it."""
    keep_next: bool = False
    keep_lines: bool = False
    new_page: bool = False
    bold: bool = False
    colour: str = ""
    outline: int = -1
    rules: str = ""
    break_words: bool = False
    """Lets a long address break anywhere."""
    pitch: float = 0
    """Added to the width of each character, in points."""


@dataclass(frozen=True, slots=True)
class Design:
    """A template: all that two templates differ in. Names and ids of styles are the same in each."""

    name: str
    version: str
    title: str
    margins: tuple[float, float, float]
    """Top, bottom, left; the right one is what the type area leaves."""
    width: int
    """Of the type area, in twentieths of a point."""
    header: float
    footer: float
    """From the edge of the page, as `header`."""
    grid: float
    """Distance of the lines of the page's grid; 0 for none."""
    normal: Look
    """The style `Normal`."""
    pitch: float
    """Added to the width of each character."""
    looks: tuple[Look, ...]
    """Every paragraph style beside `Normal`."""
    faces: tuple[str, ...]
    """Fonts that have a character style for punctuation that must be full width wherever it stands."""
    label: str
    """The font of labels such as 来源："""
    red: str
    """The accent colour of the theme."""
    page_number: tuple[str, str]
    """What stands around the page number."""
    content: tuple[tuple[str, str], ...]
    """Style and text of each paragraph; what stands in square brackets gets the character style `Label`."""
