"""The project's own labelled texts, which learning always has beside what editors decide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Text:
    """A title and a lead written for training; `label` is in, borderline or out."""

    label: str
    title: str
    text: str


@cache
def shipped_texts() -> tuple[Text, ...]:
    """The texts of texts.jsonl, in their order."""
    lines = files(__package__).joinpath("texts.jsonl").read_text("utf-8").splitlines()
    return tuple(Text(**json.loads(line)) for line in lines)
