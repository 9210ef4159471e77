"""A document template as the office edits it: named styles, sample paragraphs, placeholders.

A placeholder is an expression in double braces, `{{ 期号 }}`. Word cuts what was typed in one go into several
runs, turns quotes curly and an input method types full-width braces, so the runs of a paragraph are joined and
these are translated before the expression is read. Paragraphs between `{% 目录 %}` and `{% 目录结束 %}`, and
between `{% 条目 %}` and `{% 条目结束 %}`, are samples repeated for each item.

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
from docx.opc.exceptions import OpcError
from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from pipeline.errors import TemplateError
from pipeline.outputs.package import content_digest, unpack
from pipeline.outputs.styles import Styles, w

CONTENTS, ITEMS = "目录", "条目"
_PLACEHOLDER = re.compile(r"[{｛]{2}(.*?)[}｝]{2}", re.DOTALL)
_MARKER = re.compile(r"[{｛][%％]\s*(\w+?)(结束)?\s*[%％][}｝]")
_TYPED = str.maketrans("“”‘’（），｜：．", "\"\"''(),|:.")
_NOISE = (w("lang"), w("noProof"), w("rFonts"))  # what Word writes into runs by itself, and the hint we set anew
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sample paragraph: text as it stands, or an expression."""

    look: etree._Element | None
    """The run properties it is printed with, without fonts."""
    text: str = ""
    source: str = ""
    """The expression, when it is one."""
    evaluate: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A paragraph with placeholders."""

    properties: etree._Element | None
    style: str
    pieces: tuple[Piece, ...]
    place: str

    @property
    def fields(self) -> frozenset[str]:
        """The placeholders that are a bare name."""
        return frozenset(piece.source for piece in self.pieces if piece.source)

    def values(self, names: Mapping[str, str]) -> Iterator[tuple[Piece, str]]:
        """Each piece with the text it stands for; raises `TemplateError` when an expression cannot be evaluated."""
        for piece in self.pieces:
            if piece.evaluate is None:
                yield piece, piece.text
                continue
            try:
                yield piece, str(piece.evaluate(**names))
            except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise TemplateError(
                    f"{self.place}: 占位符“{piece.source}”无法求值（{error}）。", f"可用的占位符：{'、'.join(names)}。"
                ) from error


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something of the template that is printed as it stands."""

    element: etree._Element


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
            self.version = f"{path.stem}@{content_digest(unpack(data))[:12]}"
        except (OSError, KeyError, ValueError, BadZipFile, OpcError, etree.XMLSyntaxError) as error:
            raise TemplateError(
                f"{path.name}: 不是可用的 DOCX 模板（{error}）。",
                "请用 Word 或 WPS 另存为 .docx，或改用随软件提供的模板。",
            ) from error
        self.path = path
        self.body: etree._Element = self.document.element.body
        self.styles = Styles(self.document.styles.element, path.name)
        self.nodes = tuple(self._nodes())
        for element in [child for child in self.body if child.tag != w("sectPr")]:
            self.body.remove(element)

    def _nodes(self) -> Iterator[Sample | Fixed | Loop]:
        loop, inside = "", list[Sample | Fixed]()
        for number, element in enumerate(self.body, 1):
            if element.tag == w("sectPr"):
                continue
            place = f"{self.path.name} 第{number}段"
            marker = _MARKER.fullmatch("".join(text for _, text in _runs(element)).strip())
            if marker is None:
                node = self._node(element, place)
                if loop:
                    inside.append(node)
                else:
                    yield node
            elif marker[1] not in (CONTENTS, ITEMS) or bool(marker[2]) != bool(loop) or (loop and marker[1] != loop):
                raise TemplateError(
                    f"{place}: 标记“{marker[0]}”不成对或无法识别。",
                    "成对使用 {% 目录 %} … {% 目录结束 %} 和 {% 条目 %} … {% 条目结束 %}。",
                )
            elif marker[2]:
                yield Loop(loop, tuple(inside))
                loop, inside = "", []
            else:
                loop = marker[1]
        if loop:
            raise TemplateError(f"{self.path.name}: 标记“{{% {loop} %}}”没有结束。", f"补上 {{% {loop}结束 %}}。")

    def _node(self, element: etree._Element, place: str) -> Sample | Fixed:
        runs = list(_runs(element)) if element.tag == w("p") else []
        text = "".join(text for _, text in runs)
        if not _PLACEHOLDER.search(text):
            return Fixed(deepcopy(element))
        properties = element.find(w("pPr"))
        style = properties.find(w("pStyle")) if properties is not None else None
        return Sample(
            properties=deepcopy(properties),
            style=style.get(w("val"), "") if style is not None else self.styles.normal,
            pieces=tuple(_pieces(runs, text, place)),
            place=place,
        )


def _runs(paragraph: etree._Element) -> Iterator[tuple[etree._Element | None, str]]:
    """The properties and the text of each run, tabs and breaks as characters."""
    for run in paragraph.iter(w("r")):
        text = "".join(
            (node.text or "") if node.tag == w("t") else {w("tab"): "\t", w("br"): "\n"}.get(str(node.tag), "")
            for node in run
        )
        yield run.find(w("rPr")), text


def _pieces(runs: list[tuple[etree._Element | None, str]], text: str, place: str) -> Iterator[Piece]:
    bounds: list[tuple[int, etree._Element | None]] = []
    at = 0
    for look, part in runs:
        bounds.append((at, _look(look)))
        at += len(part)
    last = 0
    for found in _PLACEHOLDER.finditer(text):
        yield from _literal(bounds, text, last, found.start())
        source = found[1].translate(_TYPED).strip()
        look = next(look for start, look in reversed(bounds) if start <= found.start())
        yield Piece(look, source=source, evaluate=_compile(source, place))
        last = found.end()
    yield from _literal(bounds, text, last, len(text))


def _literal(bounds: list[tuple[int, etree._Element | None]], text: str, start: int, end: int) -> Iterator[Piece]:
    """The text from `start` to `end`, cut where the runs change."""
    for (begin, look), after in zip(bounds, [*(place for place, _ in bounds[1:]), len(text)], strict=True):
        if part := text[max(start, begin) : min(end, after)]:
            yield Piece(look, text=part)


def _look(properties: etree._Element | None) -> etree._Element | None:
    if properties is None:
        return None
    look = deepcopy(properties)
    for child in list(look):
        if child.tag in _NOISE:
            look.remove(child)
    return look if len(look) else None


def _compile(source: str, place: str) -> Callable[..., Any]:
    try:
        return _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{place}: 占位符“{source}”写法有误（{error.message}）。", "例如：{{ 期号 }}。") from error
