"""Documents drawn as text, one paragraph a line: style, alignment, text. `python tests/outline.py` redraws them all."""

from __future__ import annotations

import dataclasses
import io
import sys
from collections.abc import Callable
from pathlib import Path

import docx
from docx.oxml.ns import qn

HERE = Path(__file__).parent
OUTLINES = HERE / "outlines"


def outline(data: bytes) -> str:
    """A DOCX file as lines of `style [alignment] text`; table rows with `│`, line breaks as `⏎`, tabs as `⇥`."""
    document = docx.Document(io.BytesIO(data))
    lines = []
    for block in document.iter_inner_content():
        if isinstance(block, docx.table.Table):
            lines.append(f"{block.style.name}")
            for row in block.rows:
                cells = [f"{cell.paragraphs[0].style.name}: {cell.text}" for cell in row.cells]
                lines.append("  " + " │ ".join(cells))
            continue
        style = block.style
        alignment = block.alignment
        while alignment is None and style is not None:
            alignment, style = style.paragraph_format.alignment, style.base_style
        text = block.text.replace("\n", "⏎").replace("\t", "⇥")
        for shown in block._p.iter(qn("wp:docPr")):
            text += f"[{shown.get('descr')}]"
        marks = [mark.get(qn("w:name")) for mark in block._p.iter(qn("w:bookmarkStart"))]
        anchor = f" #{marks[0]}" if marks else ""
        lines.append(f"{block.style.name} [{alignment.name.lower() if alignment is not None else '-'}]{anchor} {text}")
    for section in document.sections:
        for name in ("header", "even_page_header", "footer", "even_page_footer"):
            part = getattr(section, name)
            if not part.is_linked_to_previous:
                lines.extend(f"{name}: {paragraph.style.name} {paragraph.text}" for paragraph in part.paragraphs)
    for comment in document.comments:
        lines.extend(f"comment: {one.style.name} {comment.author} {one.text}" for one in comment.paragraphs)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def drawn() -> dict[str, Callable[[], str]]:
    """Every document that is compared, by the name of its file, and what draws it."""
    from pipeline.config import packaged
    from pipeline.demo.seeds import imported
    from pipeline.outputs.word import render_docx
    from sample_issues import every_kind, findings, issue_535
    from thirty import issue_of_thirty

    template = packaged("templates") / "gongwen.docx"

    def awkward() -> str:
        issue, pictures = issue_of_thirty()
        items = tuple(issue.items[number - 1] for number in (1, 2, 4, 5, 9, 10, 12, 14, 24, 27))
        return outline(render_docx(dataclasses.replace(issue, items=items), template=template, pictures=pictures))

    return {
        "issue-534.txt": lambda: outline(render_docx(imported(534).issue, template=template)),
        "issue-535.txt": lambda: outline(render_docx(issue_535(), template=template)),
        "issue-636.txt": lambda: outline(render_docx(imported(636).issue, template=template)),
        "every-kind-draft.txt": lambda: outline(
            render_docx(every_kind(), template=template, draft=True, findings=findings())
        ),
        "awkward.txt": awkward,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    OUTLINES.mkdir(exist_ok=True)
    for name, draw in drawn().items():
        (OUTLINES / name).write_text(draw(), encoding="utf-8")
