"""What is different about an article's page when it is asked for again: the stored version stays, an editor is told."""

from __future__ import annotations

from difflib import SequenceMatcher

from pipeline.model import Article, Kind, Rejection
from pipeline.steps.canonical import canonical

_ALIKE = 0.6  # of two paragraphs of which one is the other, corrected; two of one article share less by chance
_SHOWN = 30  # characters of a paragraph that is quoted
_SAID = 3  # changes that are quoted; whoever reads of more looks at the page anyway


def changed(before: Article, now: Article | Rejection) -> str:
    """What an editor should know of the page as it is now, in Chinese; empty when it says what it said.

    Captions, spacing, and what only looks different (full width, traditional characters) do not count.
    """
    if isinstance(now, Rejection):
        return f"网页上现在读不出这篇文章（{now.because}）"
    said = [] if canonical(before.title) == canonical(now.title) else [f"标题改为“{now.title}”"]
    old, new = _paragraphs(before), _paragraphs(now)
    come = [text for key, text in new.items() if key not in old]
    for paragraph in (text for key, text in old.items() if key not in new):
        if kin := next((one for one in come if SequenceMatcher(None, paragraph, one).ratio() >= _ALIKE), ""):
            come.remove(kin)
            said.append(_corrected(paragraph, kin))
        else:
            said.append(f"删去“{_short(paragraph)}”")
    said += [f"新增“{_short(paragraph)}”" for paragraph in come]
    if not said:
        return ""
    return f"网页内容有改动：{'；'.join(said[:_SAID])}" + (f"；等 {len(said)} 处" if len(said) > _SAID else "")


def _paragraphs(article: Article) -> dict[str, str]:
    """The paragraphs as they are compared, and as they are quoted."""
    texts = (block.plain for block in article.blocks if block.kind is not Kind.CAPTION)
    return {key: text for text in texts if (key := canonical(text))}


def _corrected(before: str, now: str) -> str:
    """The first place where one paragraph differs from the other, as it was and as it is."""
    steps = SequenceMatcher(None, before, now, autojunk=False).get_opcodes()
    _, a, b, c, d = next(step for step in steps if step[0] != "equal")
    around = 6
    was, is_now = before[max(0, a - around) : b + around], now[max(0, c - around) : d + around]
    return f"“{_short(was)}”改为“{_short(is_now)}”"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
