"""The issue as a DOCX file in the look of a template.

The template (see `template`) gives page, styles, masthead and labels; `body` writes the articles. What is printed for
an item is written as XML and read by the parser in one go, see `runs`.

Three things are set on the spot, for want of a style that could say them: the East Asian hint of each run,
without which Word takes “ ” … from the Latin font; the masthead's size, fitted to its length; and a character
style on such punctuation after Latin text, where LibreOffice ignores the hint.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import cast

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.text.paragraph import CT_P
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from lxml import etree

from pipeline.errors import TemplateError
from pipeline.model import Finding, Issue, Item, chinese_date, digest
from pipeline.outputs.annex import Annex
from pipeline.outputs.body import Body
from pipeline.outputs.context import Context, Pictures, no_picture
from pipeline.outputs.drawing import SHAPE
from pipeline.outputs.layout import estimate
from pipeline.outputs.package import save
from pipeline.outputs.review import DRAFT, remark
from pipeline.outputs.runs import Runs, as_xml, hint, parsed
from pipeline.outputs.styles import Styles, W, w
from pipeline.outputs.template import CONTENTS, Fixed, Loop, Piece, Sample, Template
from pipeline.outputs.text import clean, em, live_address
from pipeline.outputs.titles import balanced_lines

EXCERPT = "（节选）"
_REVIEWER, _INITIALS = "发布检查", "检"
_MASTHEAD_SHARE = 0.96  # of the line, so that the title stands clear of both edges
_SLACK = 0.5  # squares of a title's line that stay free: fonts differ a little in their widths
_NUMBERS = frozenset(("期号", "总期号"))
_PAGE_NUMBER = 2.0  # squares that an entry of the 目录 keeps free for the number


class Word:
    """The output `docx`."""

    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    repeatable = True

    def render(self, issue: Issue, context: Context) -> bytes:
        """The issue as a DOCX file; raises `TemplateError` when the template cannot be used."""
        return render_docx(
            issue,
            template=context.templates / f"{context.template}.docx",
            pages=context.pages,
            draft=context.draft,
            findings=context.findings,
            revision=context.revision,
            pictures=context.pictures,
        )


def render_docx(
    issue: Issue,
    *,
    template: Path,
    pages: Mapping[str, int] | None = None,
    draft: bool = False,
    findings: Sequence[Finding] = (),
    revision: int = 0,
    pictures: Pictures = no_picture,
) -> bytes:
    """The issue as a DOCX file; `pages` (handle → page) are printed in the 目录, estimated where missing.

    Only a draft shows `findings`, as review comments, and says which `revision` it was made from.
    Raises `TemplateError` when the template cannot be used.
    """
    opened = Template(template)
    writer = _Writer(opened, issue, pictures)
    writer.write()
    writer.number_pages(pages or {})
    document = opened.document
    _says_it_all(opened, issue)
    properties = {"issue": f"{issue.series}/{issue.number}", "template": opened.version}
    if draft:
        _mark_as_draft(document, opened.styles)
        writer.annotate(findings)
        properties["revision"] = str(revision)
    _describe(document, issue)
    return save(document, properties)


def estimate_pages(issue: Issue, *, template: Path, pictures: Pictures = no_picture) -> dict[str, int]:
    """Handle → page, counted from 1, without a word processor; raises `TemplateError` as `render_docx` does."""
    writer = _Writer(Template(template), issue, pictures)
    writer.write()
    return writer.estimated()


def _says_it_all(template: Template, issue: Issue) -> None:
    """Refuses a template that lost its placeholders: what it prints would be an empty issue."""
    roots = (template.body, *(one.element for one in template.around))
    printed = _squeezed("".join(text for root in roots for text in cast(list[str], _texts(root))))
    number = issue.number_chinese if issue.number_chinese in printed else str(issue.number)
    wanted = {
        "刊名": issue.title,
        "期号": number,
        "导语": issue.lead,
        **{f"第{place}条的标题": item.title for place, item in enumerate(issue.items, start=1)},
    }
    if missing := [what for what, text in wanted.items() if _squeezed(clean(text)) not in printed]:
        raise TemplateError(
            f"{template.path.name} 印不出{'、'.join(missing[:5])}：模板缺少占位符或循环标记。",
            "请从软件自带的模板改起。",
        )


def _asked(node: Sample | Fixed | Loop) -> frozenset[str]:
    """The names that a top-level piece of a template asks for, but for those of a loop."""
    if isinstance(node, Loop):
        return frozenset()
    return node.names if isinstance(node, Sample) else frozenset().union(*(one.names for _, one in node.holes))


_texts = etree.XPath(".//w:t/text()", namespaces={"w": W}, smart_strings=False)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def bookmarks(issue: Issue) -> tuple[str, ...]:
    """The bookmark of each item's heading: hidden in Word, at most 40 characters, no two alike in any case."""
    names: dict[str, str] = {}
    for item in issue.items:
        plain = re.fullmatch(r"[A-Za-z0-9_]{1,24}", item.handle)
        name = base = f"_item_{item.handle if plain else digest(item.handle)[:16]}"
        count = 1
        while name.lower() in names:
            count += 1
            name = f"{base}_{count}"
        names[name.lower()] = name
    return tuple(names.values())


def _describe(document: Document, issue: Issue) -> None:
    properties = document.core_properties
    day = dt.datetime.combine(issue.date, dt.time())
    properties.title = f"{clean(issue.title)}（第{issue.number_chinese}期）"[:255]
    properties.author = properties.last_modified_by = clean(issue.issuer)[:255]
    properties.identifier = f"{issue.series}/{issue.number}"
    properties.language = "zh-CN"
    properties.created = properties.modified = day
    properties.revision = 1


def _mark_as_draft(document: Document, styles: Styles) -> None:
    style = styles.id("header")
    for section in document.sections:
        headers = [section.header, section.even_page_header]
        if section.different_first_page_header_footer:
            headers.append(section.first_page_header)
        for header in headers:
            if header.is_linked_to_previous:
                header.is_linked_to_previous = False
            paragraph = header.paragraphs[0] if header.paragraphs else header.add_paragraph()
            if paragraph.text or any(True for _ in paragraph._p.iter(w("drawing"), w("pict"))):
                paragraph = header.add_paragraph()  # the office's own stays
            element = paragraph._p
            for child in list(element):
                element.remove(child)
            etree.SubElement(etree.SubElement(element, w("pPr")), w("pStyle")).set(w("val"), style)
            element.extend(parsed(Runs(styles).run(DRAFT)))


class _Writer:
    """Writes one issue into one opened template."""

    def __init__(self, template: Template, issue: Issue, pictures: Pictures) -> None:
        self._template = template
        self._numbers = itertools.count(template.drawings + 1)
        """Those that drawings may still have."""
        self._links: dict[str, str] = {}
        """Address → the id of its relationship."""
        self._styles = template.styles
        self._issue = issue
        self._bookmarks = bookmarks(issue)
        self._runs = Runs(self._styles)
        self._heads: dict[tuple[etree._Element, str], str] = {}
        """The properties of sample paragraphs with the style that they are printed in, as XML."""
        self._link_style = self._styles.find("Hyperlink", "character")
        self._entry_style = self._styles.find("目录链接", "character")
        self._references: list[tuple[int, etree._Element]] = []
        self._headings: dict[int, etree._Element] = {}
        """Position → the paragraph that a comment about the item hangs on; 0 for the issue."""
        self._width = self._text_width()
        self._article = Body(template.document, self._styles, pictures, width=self._width, numbers=self._numbers)

    def _text_width(self) -> float:
        section = self._template.document.sections[0]
        if section.page_width is None or section.left_margin is None or section.right_margin is None:
            return 442.25
        return (section.page_width - section.left_margin - section.right_margin) / Pt(1)

    # ------------------------------------------------------------------------------ the whole issue

    def write(self) -> None:
        """Fills the template's body."""
        issue = self._issue
        names = {
            "刊名": clean(issue.title),
            "期号": issue.number_chinese,
            "总期号": str(issue.number),
            "编发单位": clean(issue.issuer),
            "日期": chinese_date(issue.date),
            "起始日期": chinese_date(issue.window.start),
            "篇数": str(len(issue.items)),
            "导语": clean(issue.lead),
            "版记": "\n".join(_keeping_tabs(line) for line in issue.footer),
        }
        section = self._template.body.find(w("sectPr"))
        if section is not None:
            self._template.body.remove(section)
        numbered = self._numbered() if issue.correction else None
        last = next((one for one in reversed(self._template.nodes) if isinstance(one, Loop)), None)
        for node in self._template.nodes:
            if isinstance(node, Loop):
                for position, item in enumerate(issue.items, 1):
                    self._item(node, names, position, item)
            elif isinstance(node, Fixed):
                self._template.body.append(self._fixed(node, names))
            else:
                for paragraph in self._put(self._sample(node, names)):
                    self._headings.setdefault(0, paragraph)
            if node is numbered:
                self._put(self._correction(node))
            if node is last:
                self._put(self._annex())
        for around in self._template.around:
            self._fill_holes(around, around.element, names)
        self._anchor(section)
        if section is not None:
            self._template.body.append(section)
        self._find_references()

    def _numbered(self) -> Sample | Fixed | Loop | None:
        """What prints the issue's number; where only a header does, what stands first."""
        nodes = self._template.nodes
        return next((one for one in nodes if _NUMBERS & _asked(one)), next(iter(nodes), None))

    def _correction(self, below: Sample | Fixed | Loop) -> str:
        """The line that a correction prints below its number, in the look of that; no template has a place for it."""
        text, style = clean(self._issue.correction_line), below.style if isinstance(below, Sample) else ""
        head = self._head(below.properties, style) if isinstance(below, Sample) else ""
        font = self._styles.measure(style).font
        return f"<w:p>{head}{self._runs.text(text, font)}</w:p>"

    def _annex(self) -> str:
        """The annex, behind the last item and before the 版记; no template has a place for it."""
        if self._issue.annex is None:
            return ""
        annex = Annex(
            self._template.document,
            self._styles,
            self._article,
            width=self._width,
            numbers=self._numbers,
            mark=len(self._issue.items) + 1,
        )
        return annex.xml(self._issue.annex)

    def _put(self, xml: str) -> list[etree._Element]:
        """Appends what `xml` says to the document, and gives it."""
        made = parsed(xml) if xml else []
        self._template.body.extend(made)
        return made

    def _anchor(self, section: etree._Element | None) -> None:
        """Gives a 版记 at the end an empty line to stand with.

        LibreOffice ties a frame that nothing follows to the last of the text. On a page without a grid of lines it
        leaves the 版记 behind, a page before the end, when it and that text want the same place.
        """
        body = self._template.body
        last = body[-1] if len(body) else None
        if last is None or last.find(f"{w('pPr')}/{w('framePr')}") is None or _has_grid(section):
            return
        self._put(self._runs.paragraph(self._styles.id("表格间隔")))

    def _item(self, loop: Loop, names: Mapping[str, str], position: int, item: Item) -> None:
        title = clean(item.title)
        values = {
            **names,
            "序号": str(position),
            "标题": title,
            "来源": clean(item.outlet),
            "链接": clean(item.url),
            "页码": "",
            "文章标题": title + (EXCERPT if item.excerpt else ""),
            "发布日期": item.date.isoformat() if item.date else "",
            "正文": "",
        }
        waiting: list[str] = []
        for place, node in enumerate(loop.inside):
            if isinstance(node, Fixed):
                self._put("".join(waiting))
                waiting.clear()
                self._template.body.append(self._fixed(node, values, position))
            elif node.fields == {"正文"}:
                waiting.append(self._article.xml(item.blocks))
            elif loop.name == CONTENTS:
                waiting.append(self._sample(node, values, position=position, linked=True))
            else:
                heads = place == 0
                printed = self._sample(node, values, position=position, first=position == 1, marked=heads)
                if heads and printed:
                    self._headings[position] = self._put(printed)[0]
                else:
                    waiting.append(printed)
        self._put("".join(waiting))

    def _sample(
        self,
        sample: Sample,
        names: Mapping[str, str],
        *,
        position: int = 0,
        linked: bool = False,
        first: bool = False,
        marked: bool = False,
    ) -> str:
        """One sample filled in, as XML; empty when it would say nothing."""
        pieces = _trimmed(list(sample.values(names)))
        if not _says_something(pieces):
            return ""
        style = sample.style
        if first and style == self._styles.find("heading 2"):
            style = self._styles.find("二级标题首条") or style
        inside = self._pieces(sample, pieces, names, style, position, self._entry_style if linked else "")
        if linked:
            inside = f'<w:hyperlink w:anchor="{self._bookmarks[position - 1]}" w:history="1">{inside}</w:hyperlink>'
        if marked:
            name = self._bookmarks[position - 1]
            inside = f'<w:bookmarkStart w:id="{position}" w:name="{name}"/>{inside}<w:bookmarkEnd w:id="{position}"/>'
        return f"<w:p>{self._head(sample.properties, style)}{inside}</w:p>"

    def _head(self, properties: etree._Element | None, style: str) -> str:
        if properties is None:
            return ""
        if (properties, style) not in self._heads:
            head = deepcopy(properties)
            if (named := head.find(w("pStyle"))) is not None:
                named.set(w("val"), style)
            self._heads[properties, style] = as_xml(head)
        return self._heads[properties, style]

    def _pieces(
        self,
        sample: Sample,
        pieces: Sequence[tuple[Piece, str]],
        names: Mapping[str, str],
        style: str,
        position: int,
        plain: str = "",
    ) -> str:
        made, before, width = "", "", sample.width or self._width
        for piece, text in pieces:
            if piece.fixed is not None:
                made += as_xml(self._fixed(piece.fixed, names, position))
                continue
            printed = text
            if piece.source == "标题":
                printed = "\n".join(self._title_lines(text, before, style, width, numbered=bool(plain)))
            made += self._piece(piece, printed, style, position, plain, width)
            before += text
        return made

    def _fixed(self, node: Fixed, names: Mapping[str, str], position: int = 0) -> etree._Element:
        """A copy of something of the template, its placeholders filled in."""
        copy = deepcopy(node.element)
        filled = self._fill_holes(node, copy, names, position)
        outside = (one for one in filled if next(one.iterancestors(w("txbxContent")), None) is None)
        if not position and (first := next(outside, None)) is not None:  # Word allows no comment in a text box
            self._headings.setdefault(0, first)
        for shape in copy.iter(SHAPE):
            shape.set("id", str(next(self._numbers)))
        return copy

    def _fill_holes(
        self, node: Fixed, element: etree._Element, names: Mapping[str, str], position: int = 0
    ) -> list[etree._Element]:
        paragraphs = list(element.iter(w("p")))
        filled = [paragraphs[place] for place, _ in node.holes]
        for paragraph, (_, sample) in zip(filled, node.holes, strict=True):
            for child in [child for child in paragraph if child.tag != w("pPr")]:
                paragraph.remove(child)
            pieces = _trimmed(list(sample.values(names)))
            paragraph.extend(parsed(self._pieces(sample, pieces, names, sample.style, position)))
        return filled

    def _title_lines(self, title: str, before: str, style: str, width: float, *, numbered: bool) -> list[str]:
        """A title that goes on after `before`; left to itself, a line would end inside a word or hold one character.

        `numbered` titles have the page's number behind them, which must not stand in a line of its own.
        """
        measure = self._styles.measure(style)
        square = measure.size + measure.pitch
        room = (width - measure.left - measure.right) / square - _SLACK
        taken = em(before) + measure.first / square
        return balanced_lines(title, room, before=taken, after=_PAGE_NUMBER * numbered, centred=False)

    def _piece(self, piece: Piece, text: str, style: str, position: int, plain: str, width: float) -> str:
        measure = self._styles.measure(style)
        match piece.source:
            case "页码":
                return self._page_reference(position, plain)
            case "链接" if target := live_address(text):
                return self._link(text, target)
            case "文章标题":
                lines = balanced_lines(text, width / (measure.size + measure.pitch) - _SLACK)
                return self._runs.text("\n".join(lines), measure.font, piece.look)
            case "刊名":
                look = deepcopy(piece.look) if piece.look is not None else etree.Element(w("rPr"))
                fitted = _MASTHEAD_SHARE * width / max(em(text), 1.0) - measure.pitch
                if fitted < measure.size:
                    size = str(max(int(fitted * 2), 20))
                    for tag in ("sz", "szCs"):
                        etree.SubElement(look, w(tag)).set(w("val"), size)
                return self._runs.text(text, measure.font, look)
        return self._runs.text(text, measure.font, piece.look, plain)

    # ------------------------------------------------------------------------------------- inside

    def _link(self, text: str, target: str) -> str:
        if target not in self._links:
            # python-docx looks through all relationships for one like it, and for a free id: quadratic
            self._links[target] = f"rIdLink{len(self._links) + 1}"
            relations = self._template.document.part.rels
            relations.add_relationship(RELATIONSHIP_TYPE.HYPERLINK, target, self._links[target], is_external=True)
        inside = self._runs.run(text, self._link_style)
        return f'<w:hyperlink r:id="{self._links[target]}" w:history="1">{inside}</w:hyperlink>'

    def _page_reference(self, position: int, plain: str) -> str:
        code = f'<w:instrText xml:space="preserve">{self._page_code(position)}</w:instrText>'
        begin, separate, end = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
        return "".join(self._runs.bare_run(content, plain) for content in (begin, code, separate, "<w:t/>", end))

    def _page_code(self, position: int) -> str:
        return f" PAGEREF {self._bookmarks[position - 1]} \\h "

    def _find_references(self) -> None:
        positions = {self._page_code(position): position for position in range(1, len(self._bookmarks) + 1)}
        for code in self._template.body.iter(w("instrText")):
            position, run = positions.get(code.text or ""), code.getparent()
            if position is None or run is None:
                continue
            following = (text for after in run.itersiblings(w("r")) for text in after.iter(w("t")))
            if (number := next(following, None)) is not None:
                self._references.append((position, number))

    # ------------------------------------------------------------------------------- when it stands

    def number_pages(self, pages: Mapping[str, int]) -> None:
        """Prints the page of each item in the 目录."""
        if not all(item.handle in pages for item in self._issue.items):
            pages = {**self.estimated(), **pages}
        for position, element in self._references:
            element.text = str(pages[self._issue.items[position - 1].handle])

    def _print_numbers(self, found: Mapping[str, int]) -> list[etree._Element]:
        for position, element in self._references:
            element.text = str(found.get(self._bookmarks[position - 1], 1))
        return [next(element.iterancestors(w("p"))) for _, element in self._references]

    def estimated(self) -> dict[str, int]:
        """Handle → page, by the estimate."""
        found = estimate(self._template.body, self._styles, self._print_numbers)
        return {item.handle: found.get(name, 1) for name, item in zip(self._bookmarks, self._issue.items, strict=True)}

    def annotate(self, findings: Sequence[Finding]) -> None:
        """Hangs each finding as a comment on its item's heading, the others on the masthead."""
        when = dt.datetime.combine(self._issue.date, dt.time(), dt.UTC)
        by_handle = {item.handle: position for position, item in enumerate(self._issue.items, 1)}
        for finding in findings:
            position = by_handle.get(finding.handle, finding.position)
            paragraph = self._headings.get(position, self._headings.get(0))
            runs = [] if paragraph is None else Paragraph(cast(CT_P, paragraph), self._template.document._body).runs
            if not runs:
                raise TemplateError(f"{self._template.path.name}: 没有可以加批注的段落。", "模板中应有刊名和条目标题。")
            comment = self._template.document.add_comment(runs, clean(remark(finding)), _REVIEWER, _INITIALS)
            comment._comment_elm.date = when  # python-docx writes the time of day
            for one in comment._comment_elm.iter(w("r")):
                hint(one)


def _has_grid(section: etree._Element | None) -> bool:
    grid = None if section is None else section.find(w("docGrid"))
    return grid is not None and grid.get(w("type"), "default") != "default"


def _says_something(pieces: list[tuple[Piece, str]]) -> bool:
    """Whether a sample filled in is printed: brackets around nothing are not, a labelled field stays as a form's."""
    if any(piece.fixed is not None for piece, _ in pieces):
        return True
    filled = [text for piece, text in pieces if piece.source]
    labelled = any(piece.look is not None and piece.look.find(w("rStyle")) is not None for piece, _ in pieces)
    return any(text.strip() for text in (filled if filled and not labelled else (text for _, text in pieces)))


def _trimmed(pieces: list[tuple[Piece, str]]) -> list[tuple[Piece, str]]:
    """The pieces without the space at both ends that a missing value leaves."""
    texts = [text for _, text in pieces]
    if pieces and pieces[0][0].source and not texts[0].strip() and len(pieces) > 1 and not pieces[1][0].source:
        texts[1] = texts[1].lstrip()
    return [(piece, text) for (piece, _), text in zip(pieces, texts, strict=True)]


def _keeping_tabs(line: str) -> str:
    return "\t".join(clean(part) for part in line.split("\t"))
