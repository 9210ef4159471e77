"""The project's own labelled texts, which learning always has beside what editors decide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Text:
    """A title and a text written for training; `label` is in, borderline or out."""

    label: str
    title: str
    text: str


@cache
def shipped_texts() -> tuple[Text, ...]:
    """The texts of texts.jsonl, in their order: leads of about 50 characters."""
    return _texts("texts.jsonl")


@cache
def shipped_articles() -> tuple[Text, ...]:
    """The texts of articles.jsonl, in their order: whole articles of about 600 characters, a paragraph a line."""
    return _texts("articles.jsonl")


def _texts(name: str) -> tuple[Text, ...]:
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    return tuple(Text(**json.loads(line)) for line in lines)
