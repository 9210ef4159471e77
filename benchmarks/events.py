"""How well stories are told apart: B-cubed and pairs on labelled tellings, and documents a second.

usage: python -m benchmarks.events DATA [--also FILE] [--shipped] [--thresholds]

DATA is the folder of the development data, FILE has further stories in the form of its `events/stories.jsonl`. By
default each story is scored with weights trained on the other stories (needs the extra `learn`); `--shipped` scores
the weights that ship, which have seen these stories. `--thresholds` prints precision, recall and F1 over
thresholds of one event. The figures are those of the data's own `events/score.py`; all
together are those of DATA alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.dedup import figures
from benchmarks.train_events import Row, asked, background, blank, documents, fit, pairs, rows, scope_rows
from pipeline.steps.dedupe import Archive, group
from pipeline.steps.dedupe.archive import SAME
from pipeline.steps.dedupe.events import Model, shipped

_THRESHOLDS = (0.95, 0.9, 0.88, 0.86, 0.85, 0.84, 0.83, 0.82, 0.8, 0.75, 0.7, 0.6)


def clusters(some: list[Row], model: Model, same: float = SAME) -> dict[str, str]:
    given = documents(some)
    archive = Archive(given, model=model, same=same)
    edges = archive.relate(range(len(given)))
    return {member: story.members[0] for story in group(given, edges) for member in story.members}


def score(data: Path, found: dict[str, str], truth: list[Row], label: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given, known = Path(folder, "clusters.jsonl"), Path(folder, "stories.jsonl")
        given.write_text("".join(json.dumps({"id": int(i), "cluster": c}) + "\n" for i, c in found.items()), "utf-8")
        known.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in truth), "utf-8")
        said = subprocess.run(
            [sys.executable, data / "events" / "score.py", given, known], capture_output=True, text=True, check=True
        ).stdout
    print(f"{label}\n  " + said.strip().replace("\n", "\n  "))


def models(data: Path, stories: Mapping[str, list[Row]]) -> dict[str, Model]:
    """For each story what is learned on the others."""
    start = blank(background(data))
    examples = {name: pairs(some, start) for name, some in stories.items()}
    extra = pairs(scope_rows(data), start)
    return {
        name: fit(extra + [one for other in stories if other != name for one in examples[other]], start)
        for name in stories
    }


def print_thresholds(stories: Mapping[str, list[Row]], learned: Mapping[str, Model]) -> None:
    print(f"\nB³ precision / recall / F1 by the threshold of one event (in use: {SAME})\n")
    print("| | " + " | ".join(stories) + " |\n|---|" + "---|" * len(stories))
    for same in _THRESHOLDS:
        row = (figures(some, clusters(some, learned[name], same)) for name, some in stories.items())
        print(f"| {same} | " + " | ".join(" / ".join(f"{x:.3f}" for x in each) for each in row) + " |")


def main(data: Path, also: Path | None, only_shipped: bool, thresholds: bool) -> None:
    everything = rows(data, also)
    stories = {
        name: [row for row in everything if row["story"] == name] for name in sorted({r["story"] for r in everything})
    }
    learned = dict.fromkeys(stories, shipped()) if only_shipped else models(data, stories)
    whole: dict[str, str] = {}
    for name, some in stories.items():
        found = clusters(some, learned[name])
        score(data, found, some, f"{name}: {'shipped weights' if only_shipped else 'held out'}")
        whole |= found
    score(data, whole, rows(data), "all stories of DATA together")
    if thresholds:
        print_thresholds(stories, learned)
    start = time.perf_counter()
    clusters(everything, shipped())
    print(f"one run over all: {len(everything) / (time.perf_counter() - start):.0f} documents/s")


if __name__ == "__main__":
    given = asked("How well stories are told apart.", "--shipped", "--thresholds")
    main(given.data, given.also, given.shipped, given.thresholds)
