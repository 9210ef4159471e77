"""From a page to an article: extracted, repaired, screened; what one page does never reaches another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from pipeline.config import ExtractRule, Outlets
from pipeline.model import PASTED, Article, Fate, Flag, Lead, Page, Rejection
from pipeline.steps.extract import COMPARED, PAGE_ALONE, agreement, doubt, extract, other_reading
from pipeline.steps.extract.dates import read_dates
from pipeline.steps.normalise import normalise
from pipeline.steps.quality import graded
from pipeline.steps.screen import screen
from pipeline.steps.urls import also_at, printed_url

log = structlog.get_logger(__name__)
TOLD = "编辑填写"
"""The evidence of what whoever pasted a text said of it."""

NO_RULES: Mapping[str, Sequence[ExtractRule]] = {}


def read_page(
    work: tuple[Page, Lead], *, outlets: Outlets, rules: Mapping[str, Sequence[ExtractRule]] = NO_RULES
) -> Article | Rejection:
    """The page of a lead into an article as it would be printed; `rules` by the id of their source."""
    page, lead = work
    return _as_told(_guarded(page, outlets, lead, rules.get(lead.source, ()), as_printed=True), page, lead)


def read_plainly(page: Page, outlets: Outlets) -> Article | Rejection:
    """One page in its own words: repaired where it is damaged, else as it stands.

    Printing style, such as simplified characters for a sound traditional page, belongs to `read_page`.
    """
    return _guarded(page, outlets, None, (), as_printed=False)


def _as_told(article: Article | Rejection, page: Page, lead: Lead) -> Article | Rejection:
    """An article that somebody pasted, with what they said of it: an editor knows better than a reading."""
    if isinstance(article, Rejection) or not lead.path.startswith(PASTED):
        return article
    told: dict[str, Any] = {}
    if lead.title:
        told["title"] = lead.title
    if stamps := read_dates(lead.published, page.fetched, loose=False).stamps:
        told.update(date=stamps[0].day, time=stamps[0].time, dates=())
    if lead.outlet:
        told["origin"] = lead.outlet
    evidence = {**article.evidence, **{field: TOLD for field in told if field not in ("time", "dates")}}
    flags = tuple(flag for flag in article.flags if not (flag is Flag.NO_TITLE and lead.title))
    return replace(article, evidence=evidence, flags=flags, **told)


def second_look(page: Page, article: Article) -> Article:
    """The article with a confidence that rests on two readers, for items that enter a draft.

    `page` is the one page that was read for `article`, before others are joined to it. What was already compared,
    is in another language, came out of a page's data or is no web page comes back as it is. Takes about as long as
    reading the page did.
    """
    if article.evidence.get("confidence") != PAGE_ALONE:
        return article
    theirs = other_reading(page)
    if not theirs:
        return article
    # both in the same script and punctuation, or every traditional page would look misread
    other = normalise(replace(article, blocks=theirs)).text
    confidence = round((article.confidence + agreement(article.text, other)) / 2, 3)
    return replace(
        article,
        confidence=confidence,
        evidence={**article.evidence, "confidence": COMPARED},
        notes=(*article.notes, *doubt(confidence)),
    )


def look_again(work: tuple[Page, Article]) -> Article:
    """`second_look` at a page for its article, graded anew."""
    return graded(second_look(*work))


def _guarded(
    page: Page, outlets: Outlets, lead: Lead | None, rules: Sequence[ExtractRule], *, as_printed: bool
) -> Article | Rejection:
    try:
        article = extract(page, outlets, lead, rules)
        if isinstance(article, Rejection):
            return article
        repaired = normalise(article)
        if as_printed:
            clean = printed_url(repaired.url)
            screened = screen(also_at(replace(repaired, url=clean), [repaired.url]))
            return screened if isinstance(screened, Rejection) else graded(screened)
        return graded(repaired if Flag.MIRROR in repaired.flags else article)
    except MemoryError:
        raise  # the process is at its limit, which whoever set the limit tells better
    except RecursionError:
        return Rejection(Fate.UNREADABLE, "页面过于复杂：嵌套过深")
    except Exception as error:
        # a page nobody foresaw must not take the others with it; its fate tells the editor
        log.exception("page could not be read", url=page.url)
        return Rejection(Fate.UNREADABLE, f"读取页面时出错：{type(error).__name__}")
