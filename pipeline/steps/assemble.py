"""From a draft to the issue: number, 导语, 目录 and 具体内容 as one value that every output renders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline import errors
from pipeline.config import Series
from pipeline.model import Article, Block, Candidate, Draft, Issue, Item, Kind, Verdict, Window, chinese_date, public
from pipeline.steps import blocks

_SANDBOX = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def assemble(draft: Draft, number: int, series: Series, lead_template: str) -> Issue:
    """The issue as it would be put out now."""
    chosen = (printed(draft, draft.candidate(handle)) for handle in draft.chosen)
    # what only the desk knows a pasted text by is no link to print, though somebody answers for there being none
    items = tuple(replace(item, url=public(item.url)) for item in chosen)
    if not series.pictures:
        items = tuple(replace(item, blocks=_without_pictures(item.blocks)) for item in items)
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
        correction=draft.correction,
        corrected=draft.corrected,
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


def printed(draft: Draft, candidate: Candidate) -> Item:
    """A candidate as it would be printed, with what was edited of it, whether it is in the issue or not."""
    article = candidate.article
    edits = draft.edits.get(candidate.handle, {})
    excerpt = candidate.handle in draft.excerpts
    if "blocks" in edits:
        body = blocks.read(edits["blocks"])
    elif "body" in edits:
        body = _edited(article.blocks, edits["body"])
    else:
        body = part(article, candidate.rating.excerpt) if excerpt else article.blocks
    return Item(
        handle=candidate.handle,
        title=edits.get("title", article.title),
        outlet=edits.get("outlet", article.outlet),
        url=edits.get("url", article.url),
        date=dt.date.fromisoformat(edits["date"]) if "date" in edits else article.date,
        blocks=body,
        origin=article.origin,
        publisher=article.publisher,
        time=article.time,
        genre=candidate.rating.genre,
        # an article whose headline announces the topic is wholly on it, whatever its paragraphs dwell on
        share=1.0 if candidate.rating.verdict is Verdict.IN else candidate.rating.share,
        excerpt=excerpt,
        dates=article.dates,
        topics=candidate.rating.topics,
        terms=tuple(one.term for one in candidate.rating.matches if one.topic in candidate.rating.topics),
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
    return _with_pictures(kept, article.blocks)


def _edited(given: Sequence[Block], body: str) -> tuple[Block, ...]:
    """An editor's text as blocks: a line that stood in the article stays what it was, the rest are paragraphs."""
    kinds = {block.plain: block for block in given if block.plain and block.kind is not Kind.TABLE}
    lines = (line.strip() for line in body.splitlines())
    return _with_pictures([kinds.get(line, Block(Kind.PARAGRAPH, line)) for line in lines if line], given)


def _with_pictures(kept: Sequence[Block], blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks that are printed, with the pictures of the article that belong to them.

    A picture stays above its caption; without one it stays with the line it followed, and goes when that goes.
    """
    before: dict[Block, list[Block]] = {}
    after: dict[Block | None, list[Block]] = {}
    last: Block | None = None
    for place, block in enumerate(blocks):
        if block.kind is not Kind.FIGURE:
            last = block
            continue
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        if following is not None and following.kind is Kind.CAPTION:
            before.setdefault(following, []).append(block)
        else:
            after.setdefault(last, []).append(block)
    found = after.pop(None, []) if kept and blocks and kept[0] == next(iter(_lines(blocks)), None) else []
    for block in kept:
        found += [*before.pop(block, ()), block, *after.pop(block, ())]
    return tuple(found)


def _lines(blocks: Sequence[Block]) -> Iterator[Block]:
    return (block for block in blocks if block.kind is not Kind.FIGURE)


def _without_pictures(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(replace(block, blob="") for block in blocks)
