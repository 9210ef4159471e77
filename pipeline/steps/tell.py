"""What was decided, in an editor's words: for the log on the command line and the history on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.model import Decision, Draft, digest
from pipeline.steps import blocks

FIELDS = {"title": "标题", "outlet": "来源", "url": "链接", "date": "日期", "body": "正文", "blocks": "正文"}
"""What can be edited of an item, as an editor reads it."""

_HANDLES = range(4, 10)  # characters of a digest that make a handle; more only where two would be the same
_LONGEST = 60  # characters of a value in a line


def meant(decision: Decision, *drafts: Draft, handles: bool = True) -> str:
    """What a decision is about and what it says; with `handles` items are named by what an editor may type, too."""
    return in_words(decision, titles_of(*drafts), handles=handles)


def in_words(decision: Decision, titles: Mapping[str, str], *, handles: bool = True) -> str:
    """The same, by `titles_of` the drafts it may be about."""
    told = [_titled(titles, decision.target, handles)]
    if decision.verb == "waive" and not handles:
        told = [_finding(titles, decision.target)]
    for field, value in decision.values.items():
        if field in FIELDS:
            value = blocks.text_of({field: value}) or value
            told.append(f"{FIELDS[field]}改为“{_short(value)}”" if value else f"{FIELDS[field]}改为空")
        elif field == "to":
            told.append(f"至第{value}条")
        elif field == "into":
            told.append(f"到 {_titled(titles, value, handles)}")
        elif field == "with":
            told.append(f"改印 {_titled(titles, value, handles)}")
        elif field == "field":
            told.append({**FIELDS, "text": "正文", "": "全部"}.get(value, value))
        elif field == "whole":
            told.append("印全文")
        elif field in ("file", "told"):
            told.append(value)
        elif field == "since":
            told[-1] += f"（对照修订{value}）"
        elif field == "of" and decision.verb in ("undo", "redo"):
            told.append(f"修订{value}的{replace(decision, verb=decision.values['verb']).chinese}")
        elif field == "revision":
            told.append(f"到修订{value}")
        elif field == "text":
            told.append(f"“{_short(value)}”")
        elif field == "settles":
            told.append("标为已处理")
    return " ".join(one for one in told if one)


def titles_of(*drafts: Draft) -> dict[str, str]:
    """Handles and addresses with their titles: of the first draft that has them, as it was when it was decided.

    What was merged under another candidate since is found by the handles it may have had.
    """
    titles: dict[str, str] = {}
    every = [one for draft in drafts for one in draft.candidates]
    for candidate in every:
        titles.setdefault(candidate.handle, candidate.article.title)
    for article in (article for one in every for article in one.articles):
        titles.setdefault(article.url, article.title)
        whole = digest(article.url or article.id)
        for length in _HANDLES:
            titles.setdefault(f"c{whole[:length]}", article.title)
    return titles


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "……"


def _titled(titles: Mapping[str, str], target: str, handles: bool) -> str:
    if target not in titles:
        return target if handles or not target else "一条（已不在草稿里）"
    return f"{target}《{titles[target]}》" if handles else f"《{titles[target]}》"


def _finding(titles: Mapping[str, str], key: str) -> str:
    """A finding as people call it: by its item; what its check is called is for the command line."""
    item = key.partition(":")[2]
    return f"《{titles[item]}》的一项检查" if item in titles else "一项检查"
