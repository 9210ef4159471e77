"""What the styles of a template say, inheritance resolved: enough to measure text with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.errors import TemplateError
from pipeline.outputs.vocabulary import BUILT_IN, PURPOSES, STAND_INS

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def w(name: str) -> str:
    """The qualified name of a WordprocessingML element or attribute."""
    return f"{{{W}}}{name}"


@dataclass(frozen=True, slots=True)
class Measure:
    """What a paragraph style says about space, in points."""

    font: str = ""
    """The East Asian font."""
    latin: str = ""
    """The font of Latin text."""
    bold: bool = False
    size: float = 10.5
    pitch: float = 0.0
    """Added to the width of each character."""
    line: float = 0.0
    """Exact distance of the lines; 0 when it follows the font."""
    before: float = 0.0
    after: float = 0.0
    left: float = 0.0
    right: float = 0.0
    first: float = 0.0
    """Indent of the first line, negative when it hangs."""
    rules: float = 0.0
    """Height of the rules above and below with their distance from the text."""
    keep_next: bool = False
    keep_lines: bool = False
    new_page: bool = False
    framed: bool = False
    """Whether it floats outside the text, as a 版记 does."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What a table style says about space, in points."""

    top: float = 0.0
    """Thickness of the rule above the first row."""
    inside: float = 0.0
    """Of the rules between rows."""
    bottom: float = 0.0
    padding: float = 0.0
    """Between the text of a cell and the rules above and below it, together."""
    sides: float = 0.0
    """Left and right of the text, together."""


class Styles:
    """The named styles of one document."""

    def __init__(self, root: etree._Element, place: str) -> None:
        self._place = place
        self._elements = {style.get(w("styleId"), ""): style for style in root.iter(w("style"))}
        self._ids: dict[tuple[str, str], str] = {}
        # a name wins over one that differs in case (LibreOffice saves its own `Caption` beside our `caption`), and
        # both over what is an alias elsewhere
        for names, written in ((_names, str), (_names, str.lower), (_other_names, str.lower)):
            for id, style in self._elements.items():
                for name in names(style):
                    self._ids.setdefault((style.get(w("type"), ""), written(name)), id)
        paragraphs = (id for id, style in self._elements.items() if style.get(w("type")) == "paragraph")
        self.normal = next((id for id in paragraphs if self._elements[id].get(w("default"))), "")
        self._defaults = root.find(w("docDefaults"))
        self._measures: dict[str, Measure] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._elements

    def names(self) -> list[str]:
        """What the styles are called."""
        return [name for style in self._elements.values() for name in _names(style)]

    def find(self, name: str, kind: str = "paragraph") -> str:
        """The id of the style called `name`, empty when there is none."""
        return self._ids.get((kind, name)) or self._ids.get((kind, name.lower()), "")

    def id(self, name: str, kind: str = "paragraph") -> str:
        """The id of the style called `name`, or of what stands in for it; raises `TemplateError` when there is none."""
        wanted = name
        while wanted:
            if found := self.find(wanted, kind):
                return found
            wanted = STAND_INS.get(wanted, "")
        purpose = f"（用于{PURPOSES[name]}）" if name in PURPOSES else ""
        raise TemplateError(
            f"{self._place}: 模板缺少样式“{name}”{purpose}。", "请在模板中补上这个样式，或改用随软件提供的模板。"
        )

    def starting(self, name: str, kind: str = "character") -> dict[str, str]:
        """The styles whose names start with `name`: the rest of the name → id."""
        return {
            known.removeprefix(name): id
            for (of, known), id in self._ids.items()
            if of == kind and known.startswith(name)
        }

    def measure(self, id: str) -> Measure:
        """What the style says, with everything it inherits."""
        if id not in self._measures:
            self._measures[id] = self._read(id)
        return self._measures[id]

    def edges(self, id: str) -> Edges:
        """What the table style says of rules and of the margins of cells, with everything it inherits."""
        said: dict[str, float] = {}
        for style in reversed(list(self._chain(id))):
            for rule in style.iterfind(f"{w('tblPr')}/{w('tblBorders')}/*"):
                said[etree.QName(rule).localname] = float(rule.get(w("sz"), "0")) / 8
            for margin in style.iterfind(f"{w('tblPr')}/{w('tblCellMar')}/*"):
                said[f"margin.{etree.QName(margin).localname}"] = float(margin.get(w("w"), "0")) / 20
        found = {side: said.get(f"margin.{side}", 0.0) for side in ("top", "bottom", "left", "right")}
        return Edges(
            top=said.get("top", 0.0),
            inside=said.get("insideH", 0.0),
            bottom=said.get("bottom", 0.0),
            padding=found["top"] + found["bottom"],
            sides=found["left"] + found["right"],
        )

    def _read(self, id: str) -> Measure:
        said: dict[str, str] = {}
        if self._defaults is not None:
            _collect(self._defaults, said)
        for style in reversed(list(self._chain(id or self.normal))):
            _collect(style, said)
        return _measure(said)

    def _chain(self, id: str) -> Iterator[etree._Element]:
        """The style and what it is based on, nearest first; a circle ends where it closes."""
        seen: set[str] = set()
        while id in self._elements and id not in seen:
            seen.add(id)
            yield self._elements[id]
            based = self._elements[id].find(w("basedOn"))
            id = based.get(w("val"), "") if based is not None else ""


def _names(style: etree._Element) -> Iterator[str]:
    if (name := style.find(w("name"))) is not None:
        yield name.get(w("val"), "")


def _other_names(style: etree._Element) -> Iterator[str]:
    """What Word calls an alias, and Word's own name of a style that bears a translated one."""
    if (aliases := style.find(w("aliases"))) is not None:
        yield from map(str.strip, aliases.get(w("val"), "").split(","))
    yield from (BUILT_IN[name] for name in _names(style) if name in BUILT_IN)


_SIDES = {"start": "left", "end": "right"}  # what LibreOffice and newer files of Word write
_SWITCHES = ("keepNext", "keepLines", "pageBreakBefore", "b")


def _collect(element: etree._Element, said: dict[str, str]) -> None:
    for properties in (*element.iter(w("pPr")), *element.iter(w("rPr"))):
        inside = "run" if properties.tag == w("rPr") else "paragraph"
        for child in properties.iterchildren("*"):
            name = etree.QName(child).localname
            if name in _SWITCHES:
                said[name] = child.get(w("val"), "1")
            elif name == "framePr":
                said[name] = "1"
            elif name == "pBdr":
                said[name] = str(sum(_rule(child, side) for side in ("top", "bottom")))
            elif name in ("spacing", "ind", "rFonts", "sz"):
                for key, value in child.attrib.items():
                    side = etree.QName(key).localname
                    said[f"{inside}.{name}.{_SIDES.get(side, side)}"] = str(value)


def _rule(borders: etree._Element, side: str) -> float:
    rule = borders.find(w(side))
    return 0.0 if rule is None else float(rule.get(w("sz"), "0")) / 8 + float(rule.get(w("space"), "0"))


def _measure(said: Mapping[str, str]) -> Measure:
    def points(key: str) -> float:
        try:
            return float(said.get(key, "0")) / 20
        except ValueError:
            return 0.0

    def on(key: str) -> bool:
        return said.get(key, "0") not in ("0", "false", "off")

    size = points("run.sz.val") * 10 or 10.5
    chars = points("paragraph.ind.firstLineChars") / 5  # hundredths of a character
    hanging = points("paragraph.ind.hanging")
    return Measure(
        font=said.get("run.rFonts.eastAsia", ""),
        latin=said.get("run.rFonts.ascii", ""),
        bold=on("b"),
        size=size,
        pitch=points("run.spacing.val"),
        line=points("paragraph.spacing.line") if said.get("paragraph.spacing.lineRule") == "exact" else 0.0,
        before=points("paragraph.spacing.before"),
        after=points("paragraph.spacing.after"),
        left=points("paragraph.ind.left"),
        right=points("paragraph.ind.right"),
        first=-hanging if hanging else (chars * size or points("paragraph.ind.firstLine")),
        rules=float(said.get("pBdr", "0")),
        keep_next=on("keepNext"),
        keep_lines=on("keepLines"),
        new_page=on("pageBreakBefore"),
        framed=on("framePr"),
    )
