"""The steps by themselves, for engineers and for measuring: rows in, rows out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.classifiers import opened as classifiers
from pipeline.config import Config
from pipeline.desk import children, fetcher, now
from pipeline.errors import FetchError, UsageError
from pipeline.executor import Lost
from pipeline.model import Article, Document, Fetch, Page, Rejection
from pipeline.steps.dedupe import group, relate
from pipeline.steps.rate import Rater
from pipeline.steps.read import read_plainly

Row = dict[str, Any]
_PORTION = 100  # pages that are held in memory and read side by side


def extracted(targets: Sequence[str], config: Config) -> Iterator[Row]:
    """Pages by file or address, each as one row, in the order given; one that fails as `file` and `error`."""
    fetch = fetcher(config, now)
    with children(config) as readers:
        for start in range(0, len(targets), _PORTION):
            portion = [_page(target, fetch) for target in targets[start : start + _PORTION]]
            articles = readers.each(
                partial(read_plainly, outlets=config.outlets), [page for page in portion if isinstance(page, Page)]
            )
            for target, page in zip(targets[start : start + _PORTION], portion, strict=True):
                yield {"file": target, **(_fields(next(articles)) if isinstance(page, Page) else {"error": page})}


def _page(target: str, fetch: Fetch) -> Page | str:
    """A page by file or address, or why there is none."""
    try:
        if not target.startswith(("http://", "https://")):
            return Page(url=f"file:{Path(target).name}", body=Path(target).read_bytes(), fetched=now())
        page = fetch(target).page
        assert page is not None  # nothing was asked conditionally
        return page
    except OSError as error:
        return error.strerror or str(error)
    except FetchError as error:
        return error.message


def _fields(article: Article | Rejection | Lost) -> Row:
    if isinstance(article, Rejection | Lost):
        return {"error": article.because}
    return {
        "title": article.title,
        "date": article.date.isoformat() if article.date else "",
        "source": article.outlet,
        "author": article.author,
        "editor": article.editor,
        "body": article.text,
        "blocks": [
            {key: value for key, value in asdict(block).items() if value or key == "kind"} for block in article.blocks
        ],
        "confidence": article.confidence,
        "evidence": dict(article.evidence),
        "dates": [
            {"witness": one.witness, "where": one.where, "text": one.text, "day": one.day and one.day.isoformat()}
            | {"chosen": one.chosen, "because": one.because}
            for one in article.dates
        ],
        "quality": article.quality,
        "lacks": list(article.lacks),
    }


def clustered(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Documents (`id`, `title`, `text`, `date`) with the story each belongs to, in the order given.

    `relation` says how a document belongs to its story; it is empty for the one that represents it.
    """
    documents = [
        Document(str(place), _words(row["title"]), _words(row["text"]), _day(row.get("date")))
        for place, row in enumerate(rows)
    ]
    found: dict[str, tuple[str, str]] = {}
    for number, story in enumerate(group(documents, relate(documents)), start=1):
        for member in story.members:
            ties = [edge for edge in story.edges if member in (edge.a, edge.b)]
            strongest = max(ties, key=lambda edge: edge.score, default=None)
            told = strongest.relation.value if strongest and member != story.members[0] else ""
            found[member] = (f"s{number}", told)
    for place, row in enumerate(rows):
        cluster, relation = found[str(place)]
        yield {"id": row["id"], "cluster": cluster, "relation": relation}


def rated(rows: Iterable[Mapping[str, Any]], config: Config, series: str) -> Iterator[Row]:
    """Texts (`title`, `text`) with their rating against a series' scope, in the order given."""
    if series not in config.series:
        raise UsageError(f"There is no series {series!r}.", f"Known: {', '.join(config.series)}.")
    place = config.series[series].place
    second = classifiers(config).get("embeddings")
    rater = Rater(config.scope, config.scope.places[place] if place else None, config.outlets, second=second)
    for row in rows:
        rating = rater.rate(_words(row["title"]), _words(row["text"]))
        yield {"score": round(rating.score, 4), "verdict": rating.verdict.value, "because": list(rating.because)}


def _words(text: object) -> str:
    return "" if text is None else str(text)


def _day(text: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(text or "")[:10])
    except ValueError:
        return None
