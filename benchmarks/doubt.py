"""Whether the confidence tells bad readings from good ones.

Hardly any page is read badly as it is, so every page is also read bent: with all classes and ids taken away, and so
with the article of another page before its own, after its own, or within it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from benchmarks.marks import body_f1
from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Page
from pipeline.steps.extract import extract
from pipeline.steps.extract.decode import Text, decode
from pipeline.steps.read import second_look

_BAD = 0.9
_FEW = 3  # bad readings: fewer say nothing
_ATTRIBUTE = re.compile(r"""\s(?:class|id)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")


def print_doubt(folder: Path, truth: list[dict[str, Any]]) -> None:
    outlets = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
    fetched = dt.datetime.now(dt.UTC)  # noqa: TID251 - a benchmark has no clock to be handed
    truth = [entry for entry in truth if entry["body"]]
    print("\n| page | read | bad | noted as doubtful | AUC for bad, by itself | after a second look |")
    print("|---|---|---|---|---|---|")
    for label, bent in bendings(folder, truth):
        readings: list[tuple[float, float, float]] = []
        noted = 0
        for entry, text in bent:
            page = Page(url=entry["url"], body=text.encode("utf-8", "replace"), fetched=fetched)
            article = extract(page, outlets)
            if isinstance(article, Article):
                noted += any("正文置信度" in note for note in article.notes)
                looked = second_look(page, article)
                readings.append((body_f1(entry, article.text), article.confidence, looked.confidence))
        bad = sum(one[0] < _BAD for one in readings)
        print(f"| {label} | {len(readings)} | {bad} | {noted} | {auc(readings, 1)} | {auc(readings, 2)} |")


def auc(readings: list[tuple[float, float, float]], place: int) -> str:
    """How often a good reading has the higher confidence of a good and a bad one."""
    good = [one[place] for one in readings if one[0] >= _BAD]
    bad = [one[place] for one in readings if one[0] < _BAD]
    if len(bad) < _FEW:
        return "–"
    return f"{sum((g > b) + 0.5 * (g == b) for g in good for b in bad) / len(good) / len(bad):.2f}"


def bendings(folder: Path, truth: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[dict[str, Any], str]]]]:
    decoded = [decode((folder / entry["file"]).read_bytes()) for entry in truth]
    texts = [one.text if isinstance(one, Text) else "" for one in decoded]
    plain = [_ATTRIBUTE.sub("", text) for text in texts]
    others = [
        "".join(f"<p>{line}</p>" for line in truth[(7 * i + 3) % len(truth)]["body"].split("\n"))
        for i in range(len(truth))
    ]
    yield "as it is", list(zip(truth, texts, strict=True))
    yield "without classes and ids", list(zip(truth, plain, strict=True))
    yield (
        "another article before it",
        [
            (entry, re.sub(r"(?i)<body[^>]*>", lambda tag, other=other: f"{tag[0]}<div>{other}</div>", text, count=1))
            for entry, text, other in zip(truth, plain, others, strict=True)
        ],
    )
    yield (
        "another article after it",
        [
            (
                entry,
                re.sub(
                    r"(?is)(</body>(?!.*</body>)|\Z)",
                    lambda tag, other=other: f"<div>{other}</div>{tag[0]}",
                    text,
                    count=1,
                ),
            )
            for entry, text, other in zip(truth, plain, others, strict=True)
        ],
    )
    yield (
        "another article within it",
        [
            (entry, bent)
            for entry, text, other in zip(truth, plain, others, strict=True)
            if (bent := within(entry, text, other)) != text
        ],
    )


def within(entry: dict[str, Any], text: str, other: str) -> str:
    """The page with another article behind its own last long paragraph."""
    lines = [line for line in entry["body"].split("\n") if len(line) > 30]
    at = text.find(lines[-1][:20]) if lines else -1
    end = text.find("</p>", at)
    return text[: end + 4] + other + text[end + 4 :] if 0 <= at < end else text
