"""Markdown as what stands on the page, whoever wrote it: headings, paragraphs, list items, tables, one after the other.

Read through markdown-it's tokens, so that it does not matter how an editor's tool wraps lines, draws headings, counts
lists or aligns tables. What has no place in a bulletin (bold type, HTML, code) leaves its words and a note.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from pipeline.model import Kind
from pipeline.steps.punctuation import unbroken

_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("code")  # who indents means no program
# none reads over the next `<`: what never ends would be read to the end from each beginning
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:id|name)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^<>]*>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_SILENT = re.compile(r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20]*)>")
_MARKS = {"em": "斜体", "strong": "加粗", "s": "删除线", "code_inline": "代码标记"}
_SOFT, _HARD = "\n", "\v"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the file shows it."""

    source: str
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """One thing on the page."""

    kind: Kind | None
    """`None` for a rule across the page, and for what shows nothing."""
    line: int
    """Where it begins, from 1."""
    lines: tuple[str, ...] = ()
    """Its text at the line ends of the file."""
    hard: tuple[bool, ...] = ()
    """For each of them whether the page breaks the line behind it."""
    level: int = 0
    mark: str = ""
    """What a list item begins with: `3.`, or its bullet."""
    rows: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[Picture, ...] = ()
    anchors: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Text and target."""
    rule: bool = False

    @property
    def text(self) -> str:
        """The whole of it in one line."""
        return unbroken(line for line in self.lines if line)

    def paragraphs(self) -> Iterator[str]:
        """Its text at the breaks that the page shows."""
        now: list[str] = []
        for line, hard in zip(self.lines, self.hard, strict=True):
            now.append(line)
            if hard:
                yield unbroken(now)
                now = []
        if now:
            yield unbroken(now)


@dataclass(slots=True)
class Page:
    """What a Markdown file shows."""

    parts: list[Part] = field(default_factory=list)
    lost: list[tuple[int, str]] = field(default_factory=list)
    """Line and name, in Chinese, of what was read as bare words."""


def parts_of(text: str, first: int = 1) -> Page:
    """The parts of a Markdown text whose first line is line `first` of its file."""
    page = Page()
    for node in SyntaxTreeNode(_READER.parse(text)).children:
        page.parts += _block(node, first, page)
    return page


def _at(node: SyntaxTreeNode, first: int) -> int:
    return first + (node.map[0] if node.map else 0)


def _block(node: SyntaxTreeNode, first: int, page: Page) -> Iterator[Part]:
    line = _at(node, first)
    match node.type:
        case "heading":
            yield replace(_inline(node, line, page), kind=Kind.HEADING, level=int(node.tag[1:]))
        case "paragraph":
            yield _inline(node, line, page)
        case "bullet_list" | "ordered_list":
            yield from _list(node, 0, first, page)
        case "blockquote":
            for child in node.children:
                for part in _block(child, first, page):
                    yield replace(part, kind=Kind.QUOTE) if part.kind is Kind.PARAGRAPH else part
        case "table":
            rows = [row for group in node.children for row in group.children]
            cells = [[_inline(cell, line, page) for cell in row.children] for row in rows]
            told = tuple(tuple(cell.text for cell in row) for row in cells)
            pictures = tuple(one for row in cells for cell in row for one in cell.pictures)
            yield Part(Kind.TABLE, line, rows=told, pictures=pictures)
        case "hr":
            yield Part(None, line, rule=True)
        case "fence" | "code_block":
            page.lost.append((line, "代码块"))
            for at, text in enumerate(node.content.split("\n"), start=line + 1):
                if text.strip():
                    yield Part(Kind.PARAGRAPH, at, (text.strip(),), (False,))
        case "html_block":
            yield from _html(node.content, line, page)


def _list(node: SyntaxTreeNode, level: int, first: int, page: Page) -> Iterator[Part]:
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else -1
    for item in node.children:
        mark = f"{number}." if number >= 0 else item.markup
        number += number >= 0
        opened = False
        for child in item.children:
            if child.type in ("bullet_list", "ordered_list"):
                yield from _list(child, level + 1, first, page)
                continue
            for part in _block(child, first, page):
                if not opened and part.kind is Kind.PARAGRAPH:
                    part, opened = replace(part, kind=Kind.ITEM, level=level, mark=mark), True
                yield part


def _html(content: str, line: int, page: Page) -> Iterator[Part]:
    anchors = tuple(_anchors(content))
    bare = _SILENT.sub("", content)
    if _TAG.search(_LINK.sub(_unless_named, _COMMENT.sub("", content)).replace("</a>", "")):
        page.lost.append((line, "HTML 标签"))
    said = [html.unescape(_TAG.sub("", one)).strip() for one in _BREAK.sub("\n", bare).split("\n")]
    if anchors:
        yield Part(None, line, anchors=anchors)
    for text in filter(None, said):
        yield Part(Kind.PARAGRAPH, line, (text,), (False,))


def _anchors(markup: str) -> Iterator[str]:
    """The marks that links lead to."""
    return (named[1] for one in _LINK.finditer(markup) if (named := _NAMED.search(one[0])))


def _unless_named(link: re.Match[str]) -> str:
    return "" if _NAMED.search(link[0]) else link[0]


@dataclass(slots=True)
class _Said:
    """An inline text while it is read."""

    text: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)


def _inline(node: SyntaxTreeNode, line: int, page: Page) -> Part:
    said = _Said()
    children = [child for one in node.children for child in one.children]
    whole = [
        child for child in children if child.type != "softbreak" and (child.type != "text" or child.content.strip())
    ]
    caption = len(whole) == 1 and whole[0].type == "em" and not any(one.type == "strong" for one in whole[0].walk())
    _gather(whole[0].children if caption else children, said)
    if node.children and said.links:
        # an address between angle brackets as it is written: the reader writes it another way
        written = iter(_AUTOLINK.findall(node.children[0].content))
        said.links = [(text, next(written, target) if not text else target) for text, target in said.links]
    page.lost += [(line, mark) for mark in dict.fromkeys(said.marks)]
    pieces = re.split(f"([{_SOFT}{_HARD}])", "".join(said.text))
    return Part(
        Kind.CAPTION if caption else Kind.PARAGRAPH,
        line,
        tuple(piece.strip() for piece in pieces[::2]),
        (*(end == _HARD for end in pieces[1::2]), False),
        pictures=tuple(said.pictures),
        anchors=tuple(said.anchors),
        links=tuple(said.links),
    )


def _gather(nodes: Sequence[SyntaxTreeNode], said: _Said) -> None:
    for node in nodes:
        match node.type:
            case "text" | "text_special" | "code_inline":
                said.text.append(node.content.replace(_SOFT, " ").replace(_HARD, " "))
                said.marks += [_MARKS[node.type]] if node.type in _MARKS else []
            case "softbreak":
                said.text.append(_SOFT)
            case "hardbreak":
                said.text.append(_HARD)
            case "image":
                said.pictures.append(Picture(str(node.attrs.get("src", "")), _words(node)))
            case "link":
                before = len(said.text)
                _gather(node.children, said)
                auto = node.markup == "autolink"
                shown = "".join(said.text[before:])
                target = str(node.attrs.get("href", ""))
                said.links.append(("" if auto else shown, target))
            case "html_inline":
                anchors = list(_anchors(node.content))
                said.anchors += anchors
                if _BREAK.fullmatch(node.content):
                    said.text.append(_HARD)
                elif not anchors and node.content != "</a>" and node.content[:4] != "<!--":
                    said.marks.append("HTML 标签")
            case _:
                said.marks += [_MARKS[node.type]] if node.type in _MARKS else []
                _gather(node.children, said)


def _words(node: SyntaxTreeNode) -> str:
    inner = _Said()
    _gather(node.children, inner)
    return unbroken("".join(inner.text).split(_SOFT)).strip()
