"""The frozen sets: full-length articles and tellings that no model is ever trained on, only held against.

`scope/*.txt` are articles with lines of a head (`title`, `outlet`, `url`, `nationwide`, `beijing` …), a blank line and
a paragraph a line; `events.jsonl` are tellings, each with its `story` and the `event` inside it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.model import Document


@dataclass(frozen=True, slots=True)
class FrozenArticle:
    """A full-length article; its labels are in, borderline or out."""

    name: str
    why: str
    title: str
    outlet: str
    url: str
    nationwide: str
    beijing: str
    text: str


@dataclass(frozen=True, slots=True)
class Telling:
    """One telling of an event that several outlets told, inside a longer story."""

    document: Document
    story: str
    event: str


@cache
def frozen_articles() -> tuple[FrozenArticle, ...]:
    """The articles of the frozen set of scope, by name."""
    folder = files(__package__).joinpath("scope")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".txt"))
    return tuple(_article(name, folder.joinpath(name).read_text("utf-8")) for name in names)


def _article(name: str, content: str) -> FrozenArticle:
    head, body = content.split("\n\n", 1)
    told = dict(line.split(": ", 1) for line in head.splitlines())
    return FrozenArticle(
        name=name.removesuffix(".txt"),
        why=told["why"],
        title=told["title"],
        outlet=told["outlet"],
        url=told["url"],
        nationwide=told["nationwide"],
        beijing=told["beijing"],
        text=body.strip(),
    )


@cache
def frozen_tellings() -> tuple[Telling, ...]:
    """The tellings of the frozen set of events, in their order."""
    lines = files(__package__).joinpath("events.jsonl").read_text("utf-8").splitlines()
    return tuple(_telling(json.loads(line)) for line in lines)


def _telling(row: dict[str, str]) -> Telling:
    day = dt.date.fromisoformat(row["date"]) if row["date"] else None
    return Telling(Document(row["id"], row["title"], row["text"], day), row["story"], row["event"])
