"""Drafts for tests: a June 2024 of the monthly series, its articles written for the purpose."""

from __future__ import annotations

import datetime as dt

from pipeline.config import load, packaged
from pipeline.model import Article, Block, Candidate, Draft, Edge, Kind, Rating, Relation, Verdict, Window

CONFIG = load(packaged("config").parent)
SERIES = CONFIG.series["beijing-monthly"]
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
NOON = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LEAD = (packaged("templates") / "lead.j2").read_text("utf-8")

IN = Rating(0.92, Verdict.IN, ("命中：互联网医院",))
BORDERLINE = Rating(0.55, Verdict.BORDERLINE, ("命中：远程会诊",))
OUT = Rating(0.05, Verdict.OUT, ("未命中监测范围",))


def article(name: str, day: str | None = "2024-06-10", **fields: object) -> Article:
    """An article called `name`, at an address of its own."""
    values: dict[str, object] = {
        "url": f"https://news.bjd.com.cn/{name}.shtml",
        "title": f"{name}互联网医院上线",
        "blocks": (
            Block(Kind.PARAGRAPH, f"{name}互联网医院近日上线，市民可以在线复诊。"),
            Block(Kind.PARAGRAPH, f"{name}还开通了用药咨询。"),
        ),
        "date": dt.date.fromisoformat(day) if day else None,
        "origin": "北京日报",
        "publisher": "北京日报",
    }
    return Article(**{**values, **fields})  # type: ignore[arg-type]  # a test's own fields


def candidate(name: str, day: str | None = "2024-06-10", rating: Rating = IN, **fields: object) -> Candidate:
    """A candidate with the handle `name` and one article of that name."""
    return Candidate(handle=name, articles=(article(name, day),), rating=rating, seen=NOON, **fields)  # type: ignore[arg-type]  # a test's own fields


def folded(name: str, *others: Article, relation: Relation = Relation.REPRINT) -> Candidate:
    """A candidate with `others` folded under it."""
    first = article(name)
    edges = tuple(Edge(first.id, one.id, relation, 0.95, "正文相同") for one in others)
    return Candidate(handle=name, articles=(first, *others), rating=IN, edges=edges, seen=NOON)


def draft(*candidates: Candidate, chosen: tuple[str, ...] = ()) -> Draft:
    """A June draft."""
    return Draft("beijing-monthly", JUNE, candidates, chosen)
