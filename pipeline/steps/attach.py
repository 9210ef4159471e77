"""An article whose text stands in a file that its page offers, put together from the two.

The page says what the article is: its title, its date, its outlet. The file has the text, and fills what the page
left out.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.model import Article, Flag, Rejection


def waiting(name: str) -> str:
    """The note of a reading whose text stands in a file that is not here."""
    return f"正文在附件“{name}”中，尚未取得：内容不完整"


def with_attachment(page: Article, file: Article | Rejection) -> Article:
    """The article of a page and of the file that `page.attached` names; unchanged where it names none."""
    if page.attached is None:
        return page
    name = page.attached.name
    if isinstance(file, Rejection):
        unread = f"附件“{name}”未能读出（{file.because}）：内容不完整"
        return replace(page, notes=tuple(unread if note == waiting(name) else note for note in page.notes))
    notes = [note for note in page.notes if note != waiting(name)]
    # what the page's layout said of its body says nothing of the file's, and nobody may compare the two
    evidence = {key: where for key, where in page.evidence.items() if key != "confidence"}
    evidence["body"] = f"正文取自附件 {name}"
    filled = {}
    for field in ("date", "time", "origin", "author"):
        there = getattr(file, field)
        if there and not getattr(page, field) and not (field == "time" and page.date):
            filled[field] = there
            if field in file.evidence:
                evidence[field] = f"附件：{file.evidence[field]}"
    kept = tuple(flag for flag in page.flags if flag is not Flag.INCOMPLETE)
    more = tuple(flag for flag in file.flags if flag is not Flag.NO_TITLE and flag not in kept)
    return replace(
        page,
        blocks=file.blocks,
        evidence=evidence,
        confidence=file.confidence,
        flags=(*kept, *more),
        notes=(*notes, *(note for note in file.notes if note not in notes)),
        **filled,
    )
