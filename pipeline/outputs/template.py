"""A document template as the office edits it: named styles, sample paragraphs, placeholders.

A placeholder is an expression in double braces, `{{ 期号 }}`. Word cuts what was typed in one go into several
runs, turns quotes curly and an input method types full-width braces, so the runs of a paragraph are joined and
these are translated before the expression is read. Paragraphs between `{% 目录 %}` and `{% 目录结束 %}`, and
between `{% 条目 %}` and `{% 条目结束 %}`, are samples repeated for each item.

A placeholder may stand in a table, a text box, a header or a footer too; a loop may not. What a paragraph holds beside
text, as a picture or a page number, stays where it is.

Expressions are evaluated in a sandbox and get values, never the text of an article as a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.opc.rel import Relationships
from docx.oxml.parser import OxmlElement
from docx.shared import Twips
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from pipeline.errors import TemplateError
from pipeline.outputs.drawing import last_drawing
from pipeline.outputs.package import content_digest, unpack
from pipeline.outputs.styles import Styles, w
from pipeline.outputs.tidy import tidy
from pipeline.outputs.vocabulary import COLOPHON, CONTENTS, LOOPS, PLACEHOLDERS, meant

__all__ = ["CONTENTS", "Fixed", "Loop", "Piece", "Sample", "Template"]

_PLACEHOLDER = re.compile(r"[{｛]{2}(.{0,600}?)[}｝]{2}", re.DOTALL)  # bounded: braces that nobody closes are many
_MARKER = re.compile(r"[{｛][%％]\s*(\w+?)(结束)?\s*[%％][}｝]")
_ANY_MARKER = re.compile(r"[{｛][%％].{0,300}?[%％][}｝]", re.DOTALL)
_TYPED = str.maketrans("“”‘’（），｜：．\u3000\xa0", "\"\"''(),|:.  ")
_NOISE = (w("lang"), w("noProof"), w("rFonts"))  # what Word writes into runs by itself, and the hint we set anew
_TEXT = {w("tab"): "\t", w("cr"): "\n", w("noBreakHyphen"): "-", w("softHyphen"): ""}
_OBJECT = "\ufffc"  # where something stands that is not text
_AFTER_OVERFLOW = (
    *("w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", "w:adjustRightInd", "w:snapToGrid", "w:spacing"),
    *("w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap", "w:jc", "w:textDirection"),
    *("w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr"),
)
"""What follows `w:overflowPunct` in the properties of a paragraph."""
_NEAR = 20  # twentieths of a point that rounding makes
_CELL_EDGES = 10.8  # points between the edges of a cell and its text, unless a table says otherwise
_MAX_ELEMENTS = 50_000  # ours have 300; a drawing on a cover adds some thousands
_MAX_SOURCE = 200  # characters of an expression
_FILTERS = ("default", "d", "trim", "upper", "lower", "first", "last", "length", "int")


class _Sandbox(ImmutableSandboxedEnvironment):
    """An environment in which an expression can only choose among the values and put them together.

    Jinja2's own sandbox keeps code out, but lets `期号 * 999999999` or `"".center(9999999999)` take all memory.
    """

    intercepted_binops = frozenset(("*", "**", "%", "//", "/"))

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"operator {operator!r} is not allowed")


_ENVIRONMENT = _Sandbox()


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something of the template that is printed as it stands, but for the placeholders inside it."""

    element: etree._Element
    holes: tuple[tuple[int, Sample], ...] = ()
    """Which of its paragraphs, counted in the order of the document, have placeholders."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sample paragraph: text as it stands, or an expression."""

    look: etree._Element | None
    """The run properties it is printed with, without fonts."""
    text: str = ""
    source: str = ""
    """The expression, when it is one."""
    evaluate: Callable[..., Any] | None = None
    fixed: Fixed | None = None
    """Something else than text: a run or a link, printed as it stands."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A paragraph with placeholders."""

    properties: etree._Element | None
    style: str
    pieces: tuple[Piece, ...]
    place: str
    width: float = 0.0
    """Of the table cell it stands in, without its edges, in points; 0 where it has the whole line."""

    @property
    def fields(self) -> frozenset[str]:
        """The placeholders that are a bare name."""
        return frozenset(piece.source for piece in self.pieces if piece.source)

    @property
    def names(self) -> frozenset[str]:
        """The names its expressions ask for."""
        return frozenset(name for piece in self.pieces if piece.source for name in _names(piece.source))

    def values(self, names: Mapping[str, str]) -> Iterator[tuple[Piece, str]]:
        """Each piece with the text it stands for; raises `TemplateError` when an expression cannot be evaluated."""
        for piece in self.pieces:
            if piece.evaluate is None:
                yield piece, piece.text
                continue
            if piece.source in names:
                yield piece, names[piece.source]  # a bare name, as most are: nothing to evaluate
                continue
            try:
                yield piece, str(piece.evaluate(**names))
            except UndefinedError as error:
                missing = sorted(_names(piece.source) - names.keys())
                if not missing:
                    raise _unreadable(self.place, piece.source, error) from error
                known = {one.name: one for one in PLACEHOLDERS}
                if (one := known.get(missing[0])) and one.loops:
                    loops = "或".join(f"{{% {loop} %}}" for loop in one.loops)
                    fix = f"“{missing[0]}”只能写在 {loops} 与相应的结束标记之间。"
                else:
                    fix = f"{meant(missing[0], names.keys())}可用的占位符：{'、'.join(names)}。"
                raise TemplateError(f"{self.place}: 此处没有占位符“{missing[0]}”可用。", fix) from error
            except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise _unreadable(self.place, piece.source, error) from error


@dataclass(frozen=True, slots=True)
class Loop:
    """Samples repeated for each item."""

    name: str
    inside: tuple[Sample | Fixed, ...]


class Template:
    """A template, opened: a document emptied of its samples, and what stood in it."""

    def __init__(self, path: Path) -> None:
        try:
            data = path.read_bytes()
            self.document: Document = docx.Document(str(path))
            styles = self.document.styles.element
            self.version = f"{path.stem}@{content_digest(unpack(data))[:12]}"
        # AttributeError: python-docx has no styles of a part that calls itself something else
        except (OSError, KeyError, ValueError, AttributeError, BadZipFile, OpcError, etree.XMLSyntaxError) as error:
            raise TemplateError(
                f"{path.name}: 不是可用的 DOCX 模板（{error}）。",
                "请用 Word 或 WPS 另存为 .docx，或改用随软件提供的模板。",
            ) from error
        self.path = path
        self.body: etree._Element = self.document.element.body
        if (count := sum(1 for _ in self.body.iter())) > _MAX_ELEMENTS:
            raise TemplateError(
                f"{path.name}: 内容太多（{count} 个元素，上限 {_MAX_ELEMENTS}），不像一份模板。",
                "请只留下刊头、样张段落和版记。",
            )
        self.styles = Styles(styles, path.name)
        section = self.document.sections[-1]
        edges = (section.top_margin or 0) + (section.bottom_margin or 0)
        self._height = round(((section.page_height or 0) - edges) / Twips(1))
        self.tracked = tidy(self.body)
        """Whether it had tracked changes, which are taken as accepted."""
        self.drawings = 0
        """The highest number of a drawing in headers and footers; those of the body are numbered anew."""
        self.nodes = tuple(self._nodes())
        self.around = tuple(self._around())
        """The headers and footers that have placeholders, to be filled in place."""
        for element in [child for child in self.body if child.tag != w("sectPr")]:
            self.body.remove(element)
        self._forget()
        self._let_punctuation_hang()

    def _forget(self) -> None:
        """Drops what belongs to the template and not to an issue: its comments, and what asks when a file is opened."""
        whole = self.document.part.package.rels
        # LibreOffice calls them by a type of its own; python-docx would write a second part of the same name
        _drop(
            whole, lambda kind: kind.endswith("/metadata/core-properties") and kind != RELATIONSHIP_TYPE.CORE_PROPERTIES
        )
        _drop(self.document.part.rels, lambda kind: re.search(r"/(comments\w*|people)$", kind) is not None)
        settings = self.document.settings.element
        for asking in settings.findall(w("updateFields")):
            settings.remove(asking)

    def _let_punctuation_hang(self) -> None:
        """Writes out what is the default: else LibreOffice loses the comma at the end of a line.

        It loses it with `false` too, which is what it makes of `true` on saving.
        """
        styles = self.document.styles
        for said in styles.element.iter(w("overflowPunct")):
            said.attrib.clear()
        normal = styles.default(WD_STYLE_TYPE.PARAGRAPH)
        properties = normal.element.get_or_add_pPr() if normal is not None else None
        if properties is not None and properties.find(w("overflowPunct")) is None:
            properties.insert_element_before(OxmlElement("w:overflowPunct"), *_AFTER_OVERFLOW)

    def _nodes(self) -> Iterator[Sample | Fixed | Loop]:
        loop, inside, behind = "", list[Sample | Fixed](), list[Sample]()
        for number, element in enumerate(self.body, 1):
            if element.tag == w("sectPr"):
                continue
            text = "".join(text for _, text, _ in _atoms(element)) if element.tag == w("p") else ""
            place = f"{self.path.name} 第{number}段{_quoted(text)}"
            marker = _MARKER.fullmatch(text.strip())
            if marker is None:
                node = self._node(element, place)
                if loop and isinstance(node, Sample) and COLOPHON in node.fields:
                    behind.append(node)  # LibreOffice saves a framed paragraph before the one that it follows
                elif loop:
                    inside.append(node)
                else:
                    yield node
            elif marker[1] not in LOOPS or bool(marker[2]) != bool(loop) or (loop and marker[1] != loop):
                guess = "" if marker[1] in LOOPS else meant(marker[1], LOOPS)
                raise TemplateError(
                    f"{place}: 标记“{marker[0]}”不成对或无法识别。",
                    f"{guess}成对使用 {{% 目录 %}} … {{% 目录结束 %}} 和 {{% 条目 %}} … {{% 条目结束 %}}。",
                )
            elif marker[2]:
                yield Loop(loop, tuple(inside))
                yield from behind
                loop, inside, behind = "", [], []
            else:
                loop = marker[1]
        if loop:
            raise TemplateError(f"{self.path.name}: 标记“{{% {loop} %}}”没有结束。", f"补上 {{% {loop}结束 %}}。")

    def _around(self) -> Iterator[Fixed]:
        for relation in self.document.part.rels.values():
            kind = relation.reltype.rpartition("/")[2]
            if kind not in ("header", "footer") or relation.is_external:
                continue
            root = relation.target_part.element
            self.tracked = tidy(root) or self.tracked
            self.drawings = max(self.drawings, last_drawing(root))
            place = f"{self.path.name} {'页眉' if kind == 'header' else '页脚'}"
            if (one := self._fixed(root, place)).holes:
                yield one

    def _node(self, element: etree._Element, place: str) -> Sample | Fixed:
        if element.tag == w("p") and (sample := self._sample(element, place)) is not None:
            return sample
        return self._fixed(deepcopy(element), place)

    def _fixed(self, element: etree._Element, place: str) -> Fixed:
        holes: list[tuple[int, Sample]] = []
        taken: list[etree._Element] = []
        for number, paragraph in enumerate(element.iter(w("p"))):
            if any(above in taken for above in paragraph.iterancestors(w("p"))):
                continue  # in a text box of a sample, which looks after it
            if (sample := self._sample(paragraph, place)) is not None:
                holes.append((number, sample))
                taken.append(paragraph)
        return Fixed(element, tuple(holes))

    def _sample(self, paragraph: etree._Element, place: str) -> Sample | None:
        atoms = list(_atoms(paragraph))
        text = "".join(text for _, text, _ in atoms)
        if found := _ANY_MARKER.search(text):
            raise TemplateError(
                f"{place}: 标记“{found[0]}”须在正文中独占一段，不能放在表格、文本框、页眉页脚里。",
                "标记只有 {% 目录 %}、{% 目录结束 %}、{% 条目 %}、{% 条目结束 %}。",
            )
        if not _PLACEHOLDER.search(text):
            return None
        properties = deepcopy(paragraph.find(w("pPr")))
        style = properties.find(w("pStyle")) if properties is not None else None
        for frame in properties.iterchildren(w("framePr")) if properties is not None else ():
            _let_grow(frame, self._height)
        return Sample(
            properties=properties,
            style=style.get(w("val"), "") if style is not None else self.styles.normal,
            pieces=tuple(self._pieces(atoms, text, place)),
            place=place,
            width=_cell_width(paragraph),
        )

    def _pieces(self, atoms: list[_Atom], text: str, place: str) -> Iterator[Piece]:
        bounds: list[tuple[int, _Atom]] = []
        at = 0
        for atom in atoms:
            bounds.append((at, atom))
            at += len(atom[1])
        last = 0
        for found in _PLACEHOLDER.finditer(text):
            yield from self._literal(bounds, text, last, found.start(), place)
            source = found[1].replace(_OBJECT, "").translate(_TYPED).strip()
            look = next(atom[0] for start, atom in reversed(bounds) if start <= found.start())
            yield Piece(_look(look), source=source, evaluate=_compile(source, place))
            last = found.end()
        yield from self._literal(bounds, text, last, len(text), place)

    def _literal(self, bounds: list[tuple[int, _Atom]], text: str, start: int, end: int, place: str) -> Iterator[Piece]:
        """What stands from `start` to `end`, cut where the runs change."""
        ends = [*(begin for begin, _ in bounds[1:]), len(text)]
        for (begin, (look, _, element)), after in zip(bounds, ends, strict=True):
            if not (part := text[max(start, begin) : min(end, after)]):
                continue
            if element is not None:
                yield Piece(None, fixed=self._fixed(element, place))
            else:
                yield Piece(_look(look), text=part)


_Atom = tuple[etree._Element | None, str, etree._Element | None]
"""The properties of a run and its text; or `_OBJECT` and the element that stands there."""


def _atoms(paragraph: etree._Element) -> Iterator[_Atom]:
    """What a paragraph holds, in order; text boxes are part of the run they hang on."""
    depth = 0
    for child in paragraph.iterchildren("*"):
        inside = [child]
        if child.tag == w("hyperlink") and re.search("[{}｛｝]", "".join(map(str, child.itertext(w("t"))))):
            inside = list(child.iterchildren(w("r")))
        for element in inside:
            if element.tag == w("r"):
                for look, text, other in _of_run(element):
                    kinds = [mark.get(w("fldCharType")) for mark in (other if other is not None else ())]
                    depth += kinds.count("begin")
                    if depth and other is None:  # the result of a field belongs to it, even where it is text
                        yield None, _OBJECT, _as_run(look, text)
                    else:
                        yield look, text, other
                    depth -= kinds.count("end")
            elif element.tag != w("pPr"):
                yield None, _OBJECT, deepcopy(element)


def _of_run(run: etree._Element) -> Iterator[_Atom]:
    look = run.find(w("rPr"))
    text = ""
    for child in run.iterchildren("*"):
        if child is look:
            continue
        if child.tag == w("t"):
            text += child.text or ""
        elif child.tag in _TEXT:
            text += _TEXT[str(child.tag)]
        elif child.tag == w("br") and child.get(w("type"), "textWrapping") == "textWrapping":
            text += "\n"
        else:
            if text:
                yield look, text, None
                text = ""
            alone = run.makeelement(w("r"))
            alone.extend([deepcopy(one) for one in (look, child) if one is not None])
            yield None, _OBJECT, alone
    if text:
        yield look, text, None


def _as_run(look: etree._Element | None, text: str) -> etree._Element:
    run: etree._Element = etree.Element(w("r"))
    if look is not None:
        run.append(deepcopy(look))
    etree.SubElement(run, w("t")).text = text
    return run


def _let_grow(frame: etree._Element, height: int) -> None:
    """Frees a frame from what LibreOffice saves: how high the placeholder stood, and where, in numbers.

    `height` is that of the type area, in twentieths of a point: a frame that ended there stands at the bottom again.
    """
    there = [frame.get(w(name), "") for name in ("y", "h")]
    if all(map(str.isdecimal, there)) and abs(sum(map(int, there)) - height) <= _NEAR:
        del frame.attrib[w("y")]
        frame.set(w("yAlign"), "bottom")
    for name in ("h", "hRule"):
        if frame.get(w(name)) is not None:
            del frame.attrib[w(name)]


def _cell_width(paragraph: etree._Element) -> float:
    cell = next(paragraph.iterancestors(w("tc")), None)
    width = cell.find(f"{w('tcPr')}/{w('tcW')}") if cell is not None else None
    if width is None or width.get(w("type")) != "dxa" or not width.get(w("w"), "").isdecimal():
        return 0.0
    return max(int(width.get(w("w"), "0")) / 20 - _CELL_EDGES, 0.0)


def _quoted(text: str) -> str:
    """The beginning of a paragraph, so that it can be found: Word does not number them."""
    text = " ".join(text.replace(_OBJECT, " ").split())
    return f"（“{text[:12]}{'…' if len(text) > 12 else ''}”）" if text else ""


def _drop(relations: Relationships, unwanted: Callable[[str], bool]) -> None:
    for id in [id for id, one in relations.items() if unwanted(one.reltype)]:
        del relations[id]


def _look(properties: etree._Element | None) -> etree._Element | None:
    if properties is None:
        return None
    look = deepcopy(properties)
    for child in list(look):
        if child.tag in _NOISE:
            look.remove(child)
    return look if len(look) else None


def _compile(source: str, place: str) -> Callable[..., Any]:
    if len(source) > _MAX_SOURCE:
        raise TemplateError(f"{place}: 占位符“{source[:20]}…”太长（超过 {_MAX_SOURCE} 字）。", "例如：{{ 期号 }}。")
    try:
        return _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{place}: 占位符“{source}”写法有误（{error.message}）。", "例如：{{ 期号 }}。") from error


def _names(source: str) -> frozenset[str]:
    """The names an expression asks for."""
    return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(f"{{{{ {source} }}}}")))


def _unreadable(place: str, source: str, error: Exception) -> TemplateError:
    known = "、".join(one.name for one in PLACEHOLDERS)
    return TemplateError(f"{place}: 占位符“{source}”无法求值（{error}）。", f"可用的占位符：{known}。")
