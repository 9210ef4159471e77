"""Old issues as an office typed them into Word, each in another manner; none of them knows our styles."""

from __future__ import annotations

import io
from collections.abc import Iterable

import docx
from docx.document import Document
from docx.enum.text import WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm
from docx.text.paragraph import Paragraph

from pipeline.model import Block, Issue, Item, Kind, chinese_date

LABELS = ("来源", "链接", "主要内容")


def _saved(document: Document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _begun(issue: Issue) -> Document:
    """A file with a header and a page number in the footer."""
    document = docx.Document()
    fonts = document.styles["Normal"].element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{name}"), "宋体")
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.header.paragraphs[0].text = f"{issue.title}　第{issue.number_chinese}期"
    _field(section.footer.paragraphs[0], "PAGE", "1")
    return document


def _field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run(shown if kind == "shown" else "")
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif not kind:
            told = OxmlElement("w:instrText")
            told.text = text
            run._r.append(told)


def _linked(paragraph: Paragraph, words: str, target: str) -> None:
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = words
    run.append(text)
    link.append(run)
    paragraph._p.append(link)


def _masthead(document: Document, issue: Issue) -> None:
    for line in (issue.title, f"（第{issue.number_chinese}期）", issue.issuer, chinese_date(issue.date), "本期导语："):
        document.add_paragraph(line)
    document.add_paragraph(f"　　{issue.lead}")


def _body(document: Document, blocks: Iterable[Block]) -> None:
    for block in blocks:
        if block.kind is Kind.TABLE:
            table = document.add_table(len(block.rows), len(block.rows[0]))
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(f"　　{block.text}" if block.kind is Kind.PARAGRAPH else block.text)


def _article(document: Document, item: Item) -> None:
    document.add_paragraph(item.title + ("（节选）" if item.excerpt else ""))
    document.add_paragraph(f"{item.date}　来源：{item.outlet}" if item.date else f"来源：{item.outlet}")


def typed(issue: Issue) -> bytes:
    """Everything in one style, numbers typed, page numbers behind dots in the 目录."""
    document = _begun(issue)
    _masthead(document, issue)
    document.add_paragraph("一、信息目录")
    for number, item in enumerate(issue.items, start=1):
        entry = document.add_paragraph(f"{number}. {item.title}\t{number + 1}")
        entry.paragraph_format.tab_stops.add_tab_stop(Cm(14), leader=WD_TAB_LEADER.DOTS)
        document.add_paragraph(f"（{item.outlet}）")
    document.add_paragraph("二、具体内容")
    for number, item in enumerate(issue.items, start=1):
        for line in (f"{number}. 标题：{item.title}", f"来源：{item.outlet}", f"链接：{item.url}", "主要内容："):
            document.add_paragraph(line)
        _article(document, item)
        _body(document, item.blocks)
    return _saved(document)


def styled(issue: Issue, picture: bytes = b"") -> bytes:
    """Headings by style, a 目录 made by Word, live links under the word 原文; a picture over its caption."""
    document = _begun(issue)
    _masthead(document, issue)
    document.add_heading("一、信息目录", 1)
    for number, item in enumerate(issue.items, start=1):
        entry = document.add_paragraph(style=_toc(document))
        entry.add_run(f"{number}. 标题：{item.title}\t{number + 1}")
    document.add_paragraph("二、具体内容\t2", style=_toc(document))
    document.add_heading("二、具体内容", 1)
    for number, item in enumerate(issue.items, start=1):
        document.add_heading(f"{number}. 标题：{item.title}", 2)
        document.add_paragraph(f"来源：{item.outlet}")
        link = document.add_paragraph("链接：")
        if item.url:
            _linked(link, "原文", item.url)
        document.add_paragraph("主要内容：")
        _article(document, item)
        for block in item.blocks:
            if block.kind is Kind.HEADING:
                document.add_heading(block.text, 2 + block.level)
            else:
                _body(document, [block])
        if picture and number == 1:
            document.add_paragraph().add_run().add_picture(io.BytesIO(picture), Cm(8))
            document.add_paragraph("大厅里的自助机。本报记者 王小明 摄", style="Caption")
    return _saved(document)


def _toc(document: Document) -> str:
    if "toc 1" not in [one.name for one in document.styles]:
        document.styles.add_style("toc 1", 1)
    return "toc 1"


def tabled(issue: Issue) -> bytes:
    """The 目录 in a table, each item's head and text in one of its own."""
    document = _begun(issue)
    _masthead(document, issue)
    document.add_paragraph("一、信息目录")
    listed = document.add_table(1, 4)
    for cell, text in zip(listed.rows[0].cells, ("序号", "标题", "来源", "页码"), strict=True):
        cell.text = text
    for number, item in enumerate(issue.items, start=1):
        for cell, text in zip(
            listed.add_row().cells, (str(number), item.title, item.outlet, str(number + 1)), strict=True
        ):
            cell.text = text
    document.add_paragraph("二、具体内容")
    for number, item in enumerate(issue.items, start=1):
        table = document.add_table(4, 2)
        for row, (label, text) in zip(
            table.rows,
            ((f"{number}. 标题", item.title), ("来源", item.outlet), ("链接", item.url), ("主要内容", "")),
            strict=True,
        ):
            row.cells[0].text, row.cells[1].text = label, text
        _article(document, item)
        _body(document, item.blocks)
    return _saved(document)


def broken(issue: Issue) -> bytes:
    """Line breaks in place of paragraphs: each part of an issue is one."""
    document = _begun(issue)
    document.add_paragraph(f"{issue.title}\n（第{issue.number_chinese}期）\n{issue.issuer}\n{chinese_date(issue.date)}")
    document.add_paragraph(f"本期导语：\n　　{issue.lead}")
    entries = (f"{number}. {item.title}\n（{item.outlet}）" for number, item in enumerate(issue.items, start=1))
    document.add_paragraph("\n".join(("一、信息目录", *entries)))
    document.add_paragraph("二、具体内容")
    for number, item in enumerate(issue.items, start=1):
        labels = f"来源：{item.outlet}\n链接：{item.url}\n主要内容："
        document.add_paragraph(f"{number}. 标题：{item.title}\n{labels}")
        dated = f"{item.date}　来源：{item.outlet}" if item.date else f"来源：{item.outlet}"
        document.add_paragraph(f"{item.title}{'（节选）' if item.excerpt else ''}\n{dated}")
        texts = (f"　　{one.text}" if one.kind is Kind.PARAGRAPH else one.text for one in item.blocks if one.text)
        document.add_paragraph("\n".join(texts))
    return _saved(document)


_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


def linked(issue: Issue) -> bytes:
    """The masthead in a table, digits in full width; no 标题：before a title, and no more of a link than 原文链接."""
    document = _begun(issue)
    top = document.add_table(2, 2)
    top.rows[0].cells[0].merge(
        top.rows[0].cells[1]
    ).text = f"{issue.title}\n{f'（第{issue.number}期）'.translate(_WIDE)}"
    top.rows[1].cells[0].text, top.rows[1].cells[1].text = issue.issuer, chinese_date(issue.date).translate(_WIDE)
    document.add_paragraph("本期导语：")
    document.add_paragraph(f"　　{issue.lead.translate(_WIDE)}")
    document.add_paragraph("目　录")
    for number, item in enumerate(issue.items, start=1):
        document.add_paragraph(f"{number}、{item.title}（{item.outlet}）……{number + 1}")
    document.add_paragraph("二、具体内容")
    for number, item in enumerate(issue.items, start=1):
        document.add_paragraph(f"{number}.".translate(_WIDE) + item.title)
        document.add_paragraph(f"信息来源：{item.outlet}")
        link = document.add_paragraph()
        if item.url:
            _linked(link, "原文链接", item.url)
        document.add_paragraph("主要内容：")
        _article(document, item)
        _body(document, item.blocks)
    return _saved(document)


MANNERS = {"typed": typed, "styled": styled, "tabled": tabled, "broken": broken, "linked": linked}
