"""How well a page was read, as one number with its reasons: what an editor looks at first when it is low.

The number is the share of what a page should give that it gave: each defect takes its weight off. The weights say
how often such a page was read wrong; they are for putting pages in order, not for refusing any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.model import Article, Flag, Witness
from pipeline.steps.screen import lost_places

_SHORT, _VERY_SHORT = 200, 120  # characters; of 77 labelled news pages three are below the first, one below the second
_LINKED = 0.25  # of the body's characters in links: news has next to none, a list of links nothing else
_DOUBTFUL = 0.6  # confidence; pages read wrong are below, AUC 0.94


def graded(article: Article) -> Article:
    """The article with its quality, 0 to 1, and what it lacks, in Chinese."""
    defects = list(_defects(article))
    quality = max(0.0, 1.0 - sum(weight for weight, _ in defects))
    return replace(article, quality=round(quality, 2), lacks=tuple(reason for _, reason in defects))


def _defects(article: Article) -> Iterator[tuple[float, str]]:
    text = article.text
    size = len("".join(text.split()))
    if size < _SHORT:
        yield 0.2 if size < _VERY_SHORT else 0.1, f"正文较短，{size} 字"
    if lost := lost_places(text):
        yield min(0.4, 0.02 + 20 * lost / max(1, size)), f"正文有 {lost} 处乱码（占 {lost / max(1, size):.1%}）"
    if article.links > _LINKED:
        yield 0.2, f"正文中链接文字占 {article.links:.0%}"
    if article.confidence < _DOUBTFUL:
        yield 0.2, f"正文置信度低（{article.confidence:.2f}）"
    if Flag.INCOMPLETE in article.flags:
        yield 0.2, "可能不完整"
    if Flag.NO_TITLE in article.flags:
        yield 0.15, "没有标题"
    if not article.outlet:
        yield 0.1, "没有来源"
    yield from _of_date(article)
    if Flag.TAMPERED in article.flags:
        yield 0.3, "文字疑似被改动"
    if Flag.MIRROR in article.flags:
        yield 0.3, "疑似镜像站"


def _of_date(article: Article) -> Iterator[tuple[float, str]]:
    if article.date is None:
        yield 0.15, "没有日期"
        return
    chosen = next((one for one in article.dates if one.chosen), None)
    if chosen and chosen.witness is Witness.GUESS:
        yield 0.1, "日期仅由 htmldate 猜得"
    if any(
        one.day and abs((one.day - article.date).days) > 1
        for one in article.dates
        if one.witness in (Witness.ADDRESS, Witness.LEAD)
    ):
        yield 0.1, "日期互相矛盾"
