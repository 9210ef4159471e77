"""From a draft to the issue: number, 导语, 目录 and 具体内容 as one value that every output renders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline import errors
from pipeline.config import Series
from pipeline.model import Article, Block, Candidate, Draft, Issue, Item, Kind, Verdict, Window, chinese_date

_SANDBOX = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def assemble(draft: Draft, number: int, series: Series, lead_template: str) -> Issue:
    """The issue as it would be put out now."""
    items = tuple(_item(draft, draft.candidate(handle)) for handle in draft.chosen)
    return Issue(
        series=series.id,
        title=series.title,
        issuer=series.issuer,
        number=number,
        window=draft.window,
        lead=lead(series, draft.window, len(items), lead_template),
        items=items,
        zero=series.zero,
        unit=series.unit,
        footer=tuple(
            _rendered("series.yaml, footer", line, issuer=series.issuer, date=chinese_date(draft.window.end))
            for line in series.footer
        ),
    )


def lead(series: Series, window: Window, count: int, template: str) -> str:
    """The lead sentence: its count, dates and noun are computed; raises `TemplateError` for a broken template."""
    text = _rendered(
        "lead.j2",
        template,
        unit=series.unit,
        count=count,
        topic=series.topic,
        start=chinese_date(window.start),
        end=chinese_date(window.end),
    )
    return "".join(text.split("\n")).strip()


def _rendered(name: str, template: str, **values: object) -> str:
    try:
        return _SANDBOX.from_string(template).render(values)
    except Exception as error:
        # whatever a template does wrong, division by zero included, it is the template that is wrong
        raise errors.TemplateError(f"{name}: {error}.", "Compare it with the packaged one.") from None


def _item(draft: Draft, candidate: Candidate) -> Item:
    article = candidate.article
    edits = draft.edits.get(candidate.handle, {})
    excerpt = candidate.handle in draft.excerpts
    blocks = _edited(article.blocks, edits["body"]) if "body" in edits else article.blocks
    if excerpt and "body" not in edits:
        blocks = part(article, candidate.rating.excerpt)
    return Item(
        handle=candidate.handle,
        title=edits.get("title", article.title),
        outlet=edits.get("outlet", article.outlet),
        url=edits.get("url", article.url),
        date=dt.date.fromisoformat(edits["date"]) if "date" in edits else article.date,
        blocks=blocks,
        origin=article.origin,
        publisher=article.publisher,
        time=article.time,
        genre=candidate.rating.genre,
        # an article whose headline announces the topic is wholly on it, whatever its paragraphs dwell on
        share=1.0 if candidate.rating.verdict is Verdict.IN else candidate.rating.share,
        excerpt=excerpt,
        dates=article.dates,
    )


def part(article: Article, lines: Sequence[int]) -> tuple[Block, ...]:
    """The blocks that hold these lines of the article's text."""
    wanted, line = set(lines), 0
    kept: list[Block] = []
    for block in article.blocks:
        span = block.plain.count("\n") + 1 if block.plain else 0
        if wanted & set(range(line, line + span)):
            kept.append(block)
        line += span
    return tuple(kept)


def _edited(blocks: Sequence[Block], body: str) -> tuple[Block, ...]:
    """An editor's text as blocks: a line that stood in the article stays what it was, the rest are paragraphs."""
    kinds = {block.plain: block for block in blocks if block.plain and block.kind is not Kind.TABLE}
    lines = (line.strip() for line in body.splitlines())
    return tuple(kinds.get(line, Block(Kind.PARAGRAPH, line)) for line in lines if line)
