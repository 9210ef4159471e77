"""How well stories are told apart: B-cubed and pairs on labelled tellings, and documents a second.

usage: python -m benchmarks.events DATA [--shipped]

DATA is the folder of the development data. By default each story is scored with weights trained on the other
stories (needs the extra `learn`); `--shipped` scores the weights that ship, which have seen these stories.
The figures are those of the data's own `events/score.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.train_events import Row, background, blank, documents, fit, pairs, rows, scope_rows
from pipeline.steps.dedupe import Archive, group
from pipeline.steps.dedupe.events import Model, shipped


def clusters(some: list[Row], model: Model) -> dict[str, str]:
    given = documents(some)
    archive = Archive(given, model=model)
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


def main(data: Path, only_shipped: bool) -> None:
    everything = rows(data)
    stories = sorted({row["story"] for row in everything})
    known = {} if only_shipped else background(data)
    examples = (
        {}
        if only_shipped
        else {story: pairs([row for row in everything if row["story"] == story], blank(known)) for story in stories}
    )
    extra = [] if only_shipped else pairs(scope_rows(data), blank(known))
    whole: dict[str, str] = {}
    for story in stories:
        model = (
            shipped()
            if only_shipped
            else fit(extra + [one for other in stories if other != story for one in examples[other]], blank(known))
        )
        some = [row for row in everything if row["story"] == story]
        found = clusters(some, model)
        score(data, found, some, f"{story}: {'shipped weights' if only_shipped else 'held out'}")
        whole |= found
    score(data, whole, everything, "all stories together")
    start = time.perf_counter()
    clusters(everything, shipped())
    print(f"one run over all: {len(everything) / (time.perf_counter() - start):.0f} documents/s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data"), "--shipped" in sys.argv)
