"""Trains the weights of the event comparison and writes them beside it.

usage: python -m benchmarks.train_events DATA [--also FILE] [--write]

DATA is the folder of the development data: `events/stories.jsonl` (labelled tellings) and
`scope/background.jsonl.gz` (news at large, for how common words are); FILE has further stories in the same form,
made by hand. Needs the extra `learn`. Pairs are those that the comparison itself would look at, within one story;
only figures and single words are written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression

from pipeline.model import Document
from pipeline.steps.dedupe import Archive
from pipeline.steps.dedupe.events import AGAINST, FEATURES, Model, head_of

WEIGHTS = Path(__file__).parent.parent / "pipeline" / "steps" / "dedupe" / "weights.json"
_MIN_COUNT = 6
_REGULARISATION = 0.3
_POSITIVE_WEIGHT = 1.5  # within one story the unlike pairs are harder than those of a run; raises held-out recall

Row = dict[str, Any]


def rows(data: Path, also: Path | None = None) -> list[Row]:
    """The labelled tellings of the development data, and those of a further file."""
    stories = data / "events" / "stories.jsonl"
    if not stories.is_file():
        sys.exit(f"{stories} is absent: give the folder of the development data as the first argument")
    files = [stories, also] if also else [stories]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def documents(some: Iterable[Row]) -> list[Document]:
    return [
        Document(str(row["id"]), row["title"], row["text"], dt.date.fromisoformat(row["date"]) if row["date"] else None)
        for row in some
    ]


def background(data: Path) -> dict[str, Any]:
    """How many news texts have a word in title or lead, for words that several have."""
    counts: Counter[str] = Counter()
    total = 0
    with gzip.open(data / "scope" / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            counts.update(head_of(Document("", row["title"], row["text"])).words)
            total += 1
    by_count: dict[int, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if count >= _MIN_COUNT:
            by_count[count].append(word)
    return {"documents": total, "counts": {str(n): " ".join(sorted(by_count[n])) for n in sorted(by_count)}}


def blank(known: dict[str, Any]) -> Model:
    shares = {
        word: int(count) / known["documents"] for count, words in known["counts"].items() for word in words.split()
    }
    return Model(0.0, dict.fromkeys(FEATURES, 0.0), dict.fromkeys(FEATURES, 0.0), shares, 2.0 / known["documents"])


def pairs(some: Sequence[Row], model: Model) -> list[tuple[dict[str, float], bool]]:
    """Features and label of every pair the comparison looks at, round-ups left out."""
    archive = Archive(documents(some), model=model)
    events = [row["event"] for row in some]
    found = []
    for one in archive.compare(range(len(some))):
        if "X" not in (events[one.a], events[one.b]) and not one.conflicts:
            found.append((dict(one.values), events[one.a] == events[one.b]))
    return found


def scope_rows(data: Path) -> list[Row]:
    """Undated short texts on the bulletin's own subject: here a shared document name tells much."""
    lines = (data / "scope" / "labelled.jsonl").read_text("utf-8").splitlines()
    return [
        {"id": f"s{n}", "title": row["title"], "text": row["text"], "date": "", "event": row["event"] or f"alone{n}"}
        for n, row in enumerate(map(json.loads, lines))
    ]


def fit(examples: Sequence[tuple[dict[str, float], bool]], model: Model) -> Model:
    """Logistic regression whose weights point where their features mean: one that does not is dropped."""
    names = list(FEATURES)
    while True:
        weights, intercept, means = _regression(examples, names)
        wrong = [name for name, weight in weights.items() if (weight < 0) != (name in AGAINST)]
        if not wrong:
            break
        names.remove(max(wrong, key=lambda name: abs(weights[name])))
    return Model(intercept, weights, means, model.background, model.rare)


def _regression(
    examples: Sequence[tuple[dict[str, float], bool]], names: Sequence[str]
) -> tuple[dict[str, float], float, dict[str, float]]:
    table = [[values[name] for name in names] for values, _ in examples]
    columns = list(zip(*table, strict=True))
    means = [sum(column) / len(column) for column in columns]
    spread = [
        max(1e-6, (sum((x - mean) ** 2 for x in column) / len(column)) ** 0.5)
        for column, mean in zip(columns, means, strict=True)
    ]
    scaled = [[(x - m) / s for x, m, s in zip(line, means, spread, strict=True)] for line in table]
    unequal = {False: 1.0, True: _POSITIVE_WEIGHT}
    learned = LogisticRegression(C=_REGULARISATION, max_iter=2000, class_weight=unequal)
    learned.fit(scaled, [label for _, label in examples])
    weights = {name: float(w) / s for name, w, s in zip(names, learned.coef_[0], spread, strict=True)}
    intercept = float(learned.intercept_[0]) - sum(w * m for w, m in zip(weights.values(), means, strict=True))
    return weights, intercept, dict(zip(names, means, strict=True))


def asked(purpose: str, *flags: str) -> argparse.Namespace:
    """What the command line says: DATA, `--also` and the flags."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("data", type=Path)
    parser.add_argument("--also", type=Path)
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def main(data: Path, also: Path | None, write: bool) -> None:
    everything, known = rows(data, also), background(data)
    start = blank(known)
    examples = pairs(scope_rows(data), start)
    for story in sorted({row["story"] for row in everything}):
        examples += pairs([row for row in everything if row["story"] == story], start)
    model = fit(examples, start)
    print(f"{len(examples)} pairs, {sum(label for _, label in examples)} of one event")
    for name, weight in sorted(model.weights.items(), key=lambda pair: -abs(pair[1])):
        print(f"{name:20} {weight:8.3f}  mean {model.means[name]:.3f}")
    if write:
        raw = {
            "intercept": round(model.intercept, 4),
            "weights": {name: round(weight, 4) for name, weight in model.weights.items()},
            "means": {name: round(mean, 4) for name, mean in model.means.items()},
            "background": known,
        }
        WEIGHTS.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"wrote {WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    given = asked("Trains the weights of the event comparison.", "--write")
    main(given.data, given.also, given.write)
