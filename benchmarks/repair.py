"""How well damaged GBK is put right, and how often clean text is changed.

usage: python benchmarks/repair.py DATA

DATA is the folder of the development data: `events/stories.jsonl`, and the pages that `extraction/truth.jsonl`
names. Measures seed 002 against what was corrected by hand. Takes real sentences, removes the
first byte of the punctuation that ends a quotation, reads on one byte late as a broken site does, and counts
the characters that come back; then repairs the untouched texts and counts those that change.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import time
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Block, Flag, Kind, Page
from pipeline.steps.canonical import count_glosses
from pipeline.steps.extract import extract
from pipeline.steps.normalise import normalise, realign

_MARKS = re.compile("。”|，“|？”|！”|》|：“|（")


def damaged(text: str, at: int) -> str:
    """`text` with the first byte of the mark at `at` lost and what follows read one byte late."""
    data = text[at:].encode("gb18030")[1:]
    out, index = "?", 0
    while index < len(data):
        lead, trail = data[index], data[index + 1] if index + 1 < len(data) else 0
        if lead < 0x80:  # in step again
            return text[:at] + out + data[index:].decode("gb18030", "replace")
        if 0x40 <= trail < 0xFF and trail != 0x7F and lead < 0xFF and lead != 0x80:
            out += bytes((lead, trail)).decode("gb18030", "replace").replace("！", "!")
            index += 2
        else:
            out += "?"
            index += 1
    return text[:at] + out


BY_HAND = Path(__file__).parents[1] / "tests" / "texts" / "repair" / "seed-002.txt"


def edits(wanted: str, got: str) -> int:
    """The Levenshtein distance of two texts."""
    row = list(range(len(got) + 1))
    for i, char in enumerate(wanted, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (char != other))
    return row[-1]


def seed() -> None:
    """The hijacked mirror, before and after."""
    _, *wanted = BY_HAND.read_text("utf-8").splitlines()
    lines = next(packaged("seeds").glob("002_*.txt")).read_text("utf-8").splitlines()
    blocks = tuple(Block(Kind.PARAGRAPH, line.strip()) for line in lines if line.strip())
    came = [block.text for block in blocks if len(block.text) > 90][: len(wanted)]
    read_again = [block.text for block in normalise(Article("", blocks[2].text, blocks)).blocks]
    size = sum(map(len, wanted))
    for name, texts in (("as it came", came), ("repaired", read_again)):
        lost = sum(edits(one, other) for one, other in zip(wanted, texts, strict=True))
        print(f"seed 002 {name}: character error rate {lost / size:.3f}, {len(texts)} lines, {size} characters")


def pages(folder: Path) -> None:
    """How many of the labelled pages, none of them damaged, are changed in more than punctuation and spaces."""
    outlets = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
    fetched = dt.datetime.now(dt.UTC)  # noqa: TID251 - a benchmark has no clock to be handed
    entries = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]
    articles = [extract(Page(one["url"], (folder / one["file"]).read_bytes(), fetched), outlets) for one in entries]
    changed = traditional = flagged = 0
    readable = [one for one in articles if isinstance(one, Article)]
    for before in readable:
        after = normalise(before)
        flagged += bool({Flag.MIRROR, Flag.TAMPERED} & set(after.flags))
        if any("繁体" in note for note in after.notes):
            traditional += 1
        else:
            changed += _letters(before.text) != _letters(after.text) or Flag.REPAIRED in after.flags
    print(f"clean pages {len(readable)}: changed {changed}, flagged {flagged}, simplified {traditional}")


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def main(data: Path) -> None:
    seed()
    if (data / "extraction" / "truth.jsonl").is_file():
        pages(data / "extraction")
    stories = data / "events" / "stories.jsonl"
    if not stories.is_file():
        sys.exit(f"{stories} is absent: give the folder of the development data as the only argument")
    texts = [json.loads(line)["text"] for line in stories.read_text("utf-8").splitlines()]
    lines = [line for text in texts for line in text.splitlines() if len(line) > 40]
    tried = whole = 0
    for line in lines[::3]:
        marks = [m.start() for m in _MARKS.finditer(line) if 5 < m.start() < len(line) - 12]
        if not marks:
            continue
        at = marks[len(marks) // 2]
        # the run ends at an ASCII byte; sites of this kind have ASCII commas
        sample = line[: at + 2] + line[at + 2 :].replace("，", ",")
        broken = damaged(sample, at)
        if "\ufffd" in broken:
            continue
        tried += 1
        fixed = realign(broken)
        whole += sum(a != b for a, b in zip(fixed, sample, strict=False)) <= 1 and abs(len(fixed) - len(sample)) <= 1
        if fixed != sample and "-v" in sys.argv:
            print(repr(sample[at - 3 : at + 20]), repr(broken[at - 3 : at + 20]), repr(fixed[at - 3 : at + 20]))
    print(f"damaged runs {tried}, put right {whole} ({whole / max(1, tried):.1%})")
    plain = [text.replace("？", "?").replace("！", "!").replace("，", ",").replace("：", ":") for text in texts]
    changed = sum(realign(text) != text for text in [*texts, *plain])
    glossed = sum(count_glosses(text) > 3 for text in texts)
    print(f"clean texts {len(texts)}, with half-width marks {len(plain)}: realigned {changed}, glossed {glossed}")
    start = time.perf_counter()
    for text in texts:
        normalise(Article("", "", tuple(Block(Kind.PARAGRAPH, line) for line in text.splitlines())))
    print(f"normalise {len(texts) / (time.perf_counter() - start):.0f} articles/s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data"))
