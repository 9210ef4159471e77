"""Learns what evidence and words weigh for scope, and writes rate.json and words.json of pipeline/steps/rate.

usage: python -m benchmarks.train_scope DATA [--write]

DATA holds labelled.jsonl (title, text, label in/borderline/out, event) and background.jsonl.gz (title, text; all
taken as out); the project's own texts and whole articles (texts.jsonl and articles.jsonl of pipeline/steps/learn) are
learned from with them. Two logistic regressions in which evidence may not have a negative weight, because all of it
speaks for the topic: one over the evidence of the rules alone, one over evidence and words. Borderline counts as one
half. Only figures and single words are written. Prints a ten-fold cross-validation grouped by event, and how a model
does on texts of another kind: trained without the labelled ones, without the older own ones, without the later own
ones, without the articles. Needs the extra `learn`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.config import Scope, packaged, read
from pipeline.steps.learn.regression import Example, Line, regression
from pipeline.steps.learn.texts import shipped_articles, shipped_texts
from pipeline.steps.rate import EVIDENCE, FEATURES, Model, Rater
from pipeline.steps.rate import words as wording
from pipeline.steps.rate.terms import fold

FOLDER = Path(__file__).parent.parent / "pipeline" / "steps" / "rate"
TARGET = {"in": 1.0, "borderline": 0.5, "out": 0.0}
BACKGROUND = 0.1  # 4,000 items weigh as much as 400 labelled ones; at .05 twice the flags among items not seen
HALF = 0.4  # title or text alone: either should be enough, though in the labelled texts they go together
AT_LENGTH = 0.3  # an article made of excerpts reads like none; what counts are the whole ones
STIFF_EVIDENCE = 1.0
STIFF_WORDS = 0.1
LEAST_COUNT = 3  # texts that hold a word, for it to be known
LEAST_WEIGHT = 0.02
FOLDS = 10
OLDER = 163  # of the own texts: written before the terms were widened; the later ones avoid the usual terms

ARTICLES = "own, articles"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A labelled text as it is learned from."""

    label: str
    corpus: str
    whole: str
    """Title and text, folded."""
    fold: int
    evidence: Mapping[str, float]
    words: Mapping[str, float]
    halves: tuple[Mapping[str, float], ...] = ()
    """What title alone and text alone of an excerpt say, evidence and words together."""
    evidence_at_length: Mapping[str, float] | None = None
    words_at_length: Mapping[str, float] | None = None
    """The same of an article made of this excerpt, two of the same label and three that are out."""

    def forms(self) -> list[tuple[Mapping[str, float], Mapping[str, float]]]:
        """Evidence and words of the text as it is and, of an excerpt, at the length of an article."""
        own = [(self.evidence, self.words)]
        if self.evidence_at_length is not None and self.words_at_length is not None:
            own.append((self.evidence_at_length, self.words_at_length))
        return own


def labelled(data: Path) -> list[tuple[str, Row]]:
    """Every labelled text with the name of its corpus."""
    given = [json.loads(line) for line in (data / "labelled.jsonl").read_text("utf-8").splitlines()]
    own, articles = (
        [{"label": one.label, "title": one.title, "text": one.text} for one in some]
        for some in (shipped_texts(), shipped_articles())
    )
    return [
        *(("labelled", one) for one in given),
        *(("own, older", one) for one in own[:OLDER]),
        *(("own, later", one) for one in own[OLDER:]),
        *((ARTICLES, one) for one in articles),
    ]


def background(data: Path) -> list[Row]:
    with gzip.open(data / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def counted(rows: Sequence[Row]) -> dict[str, Any]:
    """How many of the texts hold a word in title or lead, for words that several hold."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(wording.cut(fold(row["title"]), [fold(line) for line in row["text"].split("\n")]).keys())
    by_count: dict[int, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if count >= LEAST_COUNT:
            by_count[count].append(word)
    return {"documents": len(rows), "counts": {str(n): " ".join(sorted(by_count[n])) for n in sorted(by_count)}}


def fold_of(row: Row) -> int:
    return zlib.crc32((row.get("event") or row["title"]).encode()) % FOLDS


def at_length(labelled: Sequence[tuple[str, Row]]) -> dict[str, str]:
    """For each title of an excerpt a text as long as an article: it begins aside, and half of it is on its matter.

    The labelled texts are excerpts that come to the point at once; what is rated are articles. All parts are taken from
    the same fold, so that no test holds a sentence that was learned from.
    """
    folds: dict[tuple[int, str], list[str]] = defaultdict(list)
    rows = [row for corpus, row in labelled if corpus != ARTICLES]
    for row in rows:
        folds[fold_of(row), row["label"]].append(row["text"])
    made = {}
    for row in rows:
        alike, aside = folds[fold_of(row), row["label"]], folds[fold_of(row), "out"]
        start = zlib.crc32(row["title"].encode())
        near = [alike[(start + step) % len(alike)] for step in (1, 2)]
        far = [aside[(start + step) % len(aside)] for step in (3, 4, 5)]
        if row["label"] == "borderline":
            near = far[:2]
        made[row["title"]] = "\n".join([far[0], row["text"], near[0], far[1], near[1], far[2]])
    return made


def as_read(rater: Rater, known: Mapping[str, float], corpus: str, row: Row, long: str = "") -> Read:
    def whole(title: str, text: str) -> tuple[dict[str, float], dict[str, float]]:
        lines = [fold(line) for line in text.split("\n")]
        return rater.reading(title, text)[0], wording.words_of(fold(title), lines, known)

    evidence, words = whole(row["title"], row["text"])
    at_length_evidence, at_length_words = whole(row["title"], long) if long else (None, None)
    halves = (whole(row["title"], ""), whole("", row["text"])) if long else ()
    return Read(
        label=row.get("label", "out"),
        corpus=corpus,
        whole=f"{fold(row['title'])}\n{fold(row['text'])}",
        fold=fold_of(row),
        evidence=evidence,
        words=words,
        halves=tuple({**half, **said} for half, said in halves),
        evidence_at_length=at_length_evidence,
        words_at_length=at_length_words,
    )


def examples_of(texts: Sequence[Read], others: Sequence[Read]) -> list[Example]:
    """What is learned from; a half without any evidence teaches nothing."""
    return [
        *(Example({**one.evidence, **one.words}, TARGET[one.label]) for one in texts),
        *(
            Example(half, TARGET[one.label], HALF)
            for one in texts
            for half in one.halves
            if any(half.get(name) for name in EVIDENCE)
        ),
        *(
            Example({**evidence, **words}, TARGET[one.label], AT_LENGTH)
            for one in texts
            for evidence, words in one.forms()[1:]
        ),
        *(Example({**one.evidence, **one.words}, 0.0, BACKGROUND) for one in others),
    ]


def of_rules(texts: Sequence[Read], others: Sequence[Read]) -> Line:
    """What the evidence of the rules weighs by itself."""
    stiff = dict.fromkeys(FEATURES, STIFF_EVIDENCE)
    return regression(examples_of(texts, others), Line({}, 0.0), stiff, least=dict.fromkeys(FEATURES, 0.0))


def of_words(texts: Sequence[Read], others: Sequence[Read]) -> Model:
    """What evidence and words weigh together, not yet calibrated."""
    stiff = dict.fromkeys(EVIDENCE, STIFF_EVIDENCE)
    stiff |= dict.fromkeys(sorted({word for one in (*texts, *others) for word in one.words}), STIFF_WORDS)
    line = regression(examples_of(texts, others), Line({}, 0.0), stiff, least=dict.fromkeys(EVIDENCE, 0.0))
    evidence = {name: round(line.weights[name], 3) for name in EVIDENCE}
    words = {
        word: round(weight, 3)
        for word, weight in line.weights.items()
        if word not in evidence and abs(weight) >= LEAST_WEIGHT
    }
    return Model(evidence, words, round(line.bias, 3))


def told(scores: Sequence[float], texts: Sequence[Read]) -> str:
    """Precision, recall and F1 at .5, and how many in scope fall below .3; borderline texts are left out."""
    pairs = [(score, one.label) for score, one in zip(scores, texts, strict=True) if one.label != "borderline"]
    hit = sum(score >= 0.5 and label == "in" for score, label in pairs)
    flags = sum(score >= 0.5 for score, _ in pairs)
    inside = [score for score, label in pairs if label == "in"]
    precision, recall = hit / max(1, flags), hit / len(inside)
    f1 = 2 * hit / max(1, flags + len(inside))
    thrown = sum(score < 0.3 for score in inside)
    return f"P {precision:.3f} R {recall:.3f} F1 {f1:.3f}, {thrown} of {len(inside)} in scope below .3"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--write", action="store_true", help="write rate.json and words.json")
    given = arguments.parse_args()
    if not (given.data / "labelled.jsonl").is_file():
        sys.exit(f"{given.data} holds no labelled.jsonl: name the folder of the labelled texts.")
    rows, others = labelled(given.data), background(given.data)
    known = counted([*(row for _, row in rows), *others])
    rarity = wording.rarity_of(known["documents"], known["counts"])
    rater = Rater(read(packaged("config") / "scope.yaml", TypeAdapter(Scope)))
    long = at_length(rows)
    texts = [as_read(rater, rarity, corpus, row, long.get(row["title"], "")) for corpus, row in rows]
    unrelated = [as_read(rater, rarity, "background", row) for row in others]
    learned, unseen = unrelated[::2], unrelated[1::2]

    def by_rules(line: Line, one: Read) -> float:
        return wording.probability(line.bias + sum(line.weights[name] * one.evidence[name] for name in FEATURES))

    def compared(name: str, parts: Sequence[tuple[Sequence[Read], Sequence[Read]]]) -> None:
        tested: list[Read] = []
        rules: list[float] = []
        words: list[float] = []
        joined: list[tuple[float, Read]] = []
        flags: list[float] = []
        for train, test in parts:
            line, model = of_rules(train, learned), of_words(train, learned)
            tested += test
            rules += [by_rules(line, one) for one in test]
            words += [wording.probability(model.raw(one.evidence, one.words)) for one in test]
            joined += [(wording.probability(model.raw(*form)), one) for one in test for form in one.forms()[1:]]
            flags.append(sum(model.raw(one.evidence, one.words) >= 0 for one in unseen))
        per_thousand = 1000 * sum(flags) / len(flags) / len(unseen)
        print(f"{name}\n  rules {told(rules, tested)}\n  words {told(words, tested)}")
        if joined:
            print(f"  words, at the length of an article {told(*zip(*joined, strict=True))}")
        print(f"  {per_thousand:.2f} flags per 1,000 background items not seen")
        for corpus in dict.fromkeys(one.corpus for one in tested):
            here = [i for i, one in enumerate(tested) if one.corpus == corpus]
            print(f"    {corpus}: {told([words[i] for i in here], [tested[i] for i in here])}")

    folds = [([one for one in texts if one.fold != k], [one for one in texts if one.fold == k]) for k in range(FOLDS)]
    compared("ten-fold, grouped by event", folds)
    for corpus in dict.fromkeys(one.corpus for one in texts):
        train, test = [one for one in texts if one.corpus != corpus], [one for one in texts if one.corpus == corpus]
        compared(f"trained without {corpus}", [(train, test)])

    line, model = of_rules(texts, unrelated), of_words(texts, unrelated)
    held_out = [
        (made.raw(one.evidence, one.words), one)
        for train, test in folds
        for made in [of_words(train, unrelated)]
        for one in test
    ]
    slope, offset = calibrated(held_out)
    scores = [(wording.probability(slope * z + offset), one) for z, one in held_out]
    for name, kind in (("excerpts", False), ("articles", True)):
        here = [(score, one) for score, one in scores if (one.corpus == ARTICLES) is kind]
        print(f"calibrated, held out, {name}: {told(*zip(*here, strict=True))}")
    print(
        f"evidence {dict(model.evidence)}, bias {model.bias}, {len(model.words)} words; slope {slope}, offset {offset}"
    )
    if given.write:
        rules_told = {"weights": {name: round(line.weights[name], 3) for name in FEATURES}, "bias": round(line.bias, 3)}
        (FOLDER / "rate.json").write_text(json.dumps(rules_told, indent=1) + "\n", "utf-8")
        told_all = {
            "slope": slope,
            "offset": offset,
            "bias": model.bias,
            "evidence": dict(model.evidence),
            "words": dict(sorted(model.words.items())),
            **known,
        }
        (FOLDER / "words.json").write_text(json.dumps(told_all, ensure_ascii=False, indent=0) + "\n", "utf-8")
        print(f"wrote rate.json and words.json ({(FOLDER / 'words.json').stat().st_size} bytes)")


def calibrated(pairs: Sequence[tuple[float, Read]]) -> tuple[float, float]:
    """Slope and offset that put held-out logits on the scale of shares (Platt), of excerpts and articles alike."""
    examples = [Example({"z": z}, TARGET[one.label]) for z, one in pairs]
    line = regression(examples, Line({"z": 1.0}, 0.0), {"z": 0.0})
    return round(line.weights["z"], 3), round(line.bias, 3)


if __name__ == "__main__":
    main()
