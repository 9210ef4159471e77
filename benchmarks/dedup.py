"""How well and how fast reprints and events are found, beside other methods in the same run.

usage: python -m benchmarks.dedup DATA [--also FILE] [--peers FOLDER] [--documents N]

DATA is the folder of the development data; FILE has further stories that ours alone learns from. Three tables:

- events: B-cubed of each labelled story with everything learned on the others (weights of ours, thresholds of the
  others), with 95 % intervals (bootstrap over events), and the precision of the pairs each method joins;
- reprints: planted copies of N documents (10,000) that are made by recombining sentences of the background news,
  by what was done to the copy; documents a second include reading the documents and looking the copies up;
- nothing is read from the network but the other methods, which go into an environment of their own in FOLDER.

Every method runs in a process of its own. Ours and the others are given the same documents; the others in their
canonical form, so that none loses for want of it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from opencc import OpenCC
from pypinyin import Style, pinyin

from benchmarks.extraction import pip_index
from benchmarks.train_events import background, blank, fit, pairs, rows, scope_rows
from pipeline.steps.canonical import canonical, title_key

_METHODS = Path(__file__).with_name("lookalikes.py")
_PEERS = ("datasketch", "simhash", "scikit-learn", "jieba")
_BESIDE = ("MinHash-LSH", "SimHash", "TF-IDF")
_RESAMPLES = 1000

Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--also", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--documents", type=int, default=10_000)
    asked = parser.parse_args()
    for needed in ("events/stories.jsonl", "scope/background.jsonl.gz"):
        if not (asked.data / needed).is_file():
            print(f"{asked.data / needed} is absent: this benchmark needs labelled tellings, which do not ship.")
            return 2
    python = peers_python(asked.peers) if asked.peers else None
    if python is None:
        print("No other methods: name a folder for their environment with --peers.")
    methods = ("ours", *(_BESIDE if python else ()))
    print_events(asked.data, asked.also, methods, python)
    print_reprints(asked.data, methods, python, asked.documents)
    return 0


def peers_python(folder: Path) -> Path | None:
    """The Python of the other methods' environment, made and filled where it is absent."""
    python = folder / "venv" / "bin" / "python"
    imports = [str(python), "-c", "import datasketch, jieba, simhash, sklearn"]
    if not python.is_file() or subprocess.run(imports, capture_output=True).returncode:
        print(f"Installing the other methods into {folder} …")
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or pip_index()
        settings = os.environ | ({"UV_DEFAULT_INDEX": index} if index else {})
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), *_PEERS]
        if subprocess.run(uv, env=settings).returncode:
            print("The other methods could not be installed: only ours is measured.")
            return None
    return python


def run_method(method: str, task: Row, python: Path | None) -> Row:
    """What a method answers to a task, with the seconds of processor time it took; empty where it does not run."""
    ours = method == "ours"
    command = [sys.executable if ours else str(python), str(_METHODS), method]
    place = os.environ | {"PYTHONPATH": str(_METHODS.parents[1])} if ours else None
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, env=place)
    if done.returncode:
        print(f"{method} did not run: {done.stderr.strip().splitlines()[-1]}")
        return {}
    answer: Row = json.loads(done.stdout.splitlines()[-1])
    return answer


# ----------------------------------------------------------------------------------------- events


def print_events(data: Path, also: Path | None, methods: Iterable[str], python: Path | None) -> None:
    everything = rows(data)
    stories = {
        name: [row for row in everything if row["story"] == name] for name in sorted({r["story"] for r in everything})
    }
    start = blank(background(data))
    examples = {name: pairs(some, start) for name, some in stories.items()}
    extra = pairs(scope_rows(data), start)
    for name in {row["story"] for row in rows(data, also)} - stories.keys():
        extra += pairs([row for row in rows(data, also) if row["story"] == name], start)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    seconds: dict[str, float] = defaultdict(float)
    for name, some in stories.items():
        others = [one for other in stories if other != name for one in examples[other]]
        learned = fit(extra + others, start)
        weights = {"intercept": learned.intercept, "weights": learned.weights, "means": learned.means}
        for method in methods:
            known = [task_rows(stories[other]) for other in stories if other != name]
            task = {"task": "events", "rows": task_rows(some), "known": known, "weights": weights}
            answer = run_method(method, task, python)
            found[method] |= answer.get("clusters", {})
            seconds[method] += answer.get("seconds", 0.0)
    print("\nB³ precision / recall / F1, each story with what was learned on the others:\n")
    print(
        "| | "
        + " | ".join(f"story {n}" for n in range(1, len(stories) + 1))
        + " | together | F1, 95 % | joined pairs right | documents/s |"
    )
    print("|---|" + "---|" * (len(stories) + 4))
    for method in methods:
        if found[method]:
            cells = [figures(some, found[method]) for some in (*stories.values(), everything)]
            row = [" / ".join(f"{value:.3f}" for value in cell) for cell in cells]
            right, joined = joined_pairs(everything, found[method])
            speed = len(everything) / seconds[method]
            print(
                f"| {method} | {' | '.join(row)} | {interval(everything, found[method])} "
                f"| {right} of {joined} | {speed:.0f} |"
            )


def task_rows(some: Iterable[Row]) -> list[Row]:
    return [
        {
            "id": str(row["id"]),
            "title": row["title"],
            "text": row["text"],
            "date": row["date"],
            "event": row["event"],
            "plain": title_key(row["title"]) + canonical(row["text"]),
        }
        for row in some
    ]


def contributions(some: Iterable[Row], found: Mapping[str, str]) -> dict[str, list[tuple[float, float]]]:
    """B-cubed precision and recall of each scored document, by event."""
    scored = [(str(row["id"]), f"{row['story']} {row['event']}") for row in some if row["event"] != "X"]
    by_event, by_cluster = defaultdict(set), defaultdict(set)
    for identity, event in scored:
        by_event[event].add(identity)
        by_cluster[found[identity]].add(identity)
    each = defaultdict(list)
    for identity, event in scored:
        both = len(by_event[event] & by_cluster[found[identity]])
        each[event].append((both / len(by_cluster[found[identity]]), both / len(by_event[event])))
    return each


def figures(some: Iterable[Row], found: Mapping[str, str]) -> tuple[float, float, float]:
    return summed([one for many in contributions(some, found).values() for one in many])


def summed(each: list[tuple[float, float]]) -> tuple[float, float, float]:
    precision = sum(p for p, _ in each) / len(each)
    recall = sum(r for _, r in each) / len(each)
    return precision, recall, 2 * precision * recall / (precision + recall)


def interval(some: Iterable[Row], found: Mapping[str, str]) -> str:
    """F1's middle 95 % over resampled events: documents of one event are not independent."""
    events = list(contributions(some, found).values())
    rng = random.Random(0)
    drawn = sorted(
        summed([one for many in rng.choices(events, k=len(events)) for one in many])[2] for _ in range(_RESAMPLES)
    )
    return f"{drawn[int(0.025 * _RESAMPLES)]:.3f}–{drawn[int(0.975 * _RESAMPLES)]:.3f}"


def joined_pairs(some: Iterable[Row], found: Mapping[str, str]) -> tuple[int, int]:
    scored = [(found[str(row["id"])], row["story"], row["event"]) for row in some if row["event"] != "X"]
    joined = [(a, b) for n, a in enumerate(scored) for b in scored[:n] if a[:2] == b[:2]]
    return sum(a[2] == b[2] for a, b in joined), len(joined)


# --------------------------------------------------------------------------------------- reprints


def print_reprints(data: Path, methods: Iterable[str], python: Path | None, count: int) -> None:
    documents = invented(data, count)
    rng = random.Random(535)
    copies = [
        {"id": f"{label}{n}", "of": one["id"], "kind": label, "date": one["date"]}
        | change(one["title"], one["text"], rng)
        for label, change in CHANGES.items()
        for n, one in enumerate(rng.sample(documents, _COPIES))
    ]
    task: Row = {"task": "reprints"}
    for name, some in (("documents", documents), ("copies", copies)):
        task[name] = [{**row, "plain": canonical(row["text"])} for row in some]
    answers = {method: run_method(method, task, python) for method in methods}
    answers = {method: answer for method, answer in answers.items() if answer}
    print(f"\n{len(copies)} planted copies of {len(documents)} documents, found:\n")
    print("| | " + " | ".join(answers) + " |\n|---|" + "---|" * len(answers))
    for kind in (*CHANGES, ""):
        some = [copy for copy in copies if copy["kind"] == kind or not kind]
        hits = {
            method: sum([copy["id"], copy["of"]] in answer["pairs"] for copy in some)
            for method, answer in answers.items()
        }
        print(f"| {kind or 'all'} | " + " | ".join(f"{hits[method] / len(some):.4f}" for method in answers) + " |")
    of = {copy["id"]: copy["of"] for copy in copies}
    false = {method: sum(of[a] != b for a, b in answer["pairs"]) for method, answer in answers.items()}
    print("| called reprints of another document | " + " | ".join(str(false[method]) for method in answers) + " |")
    speeds = {m: (len(documents) + len(copies)) / answer["seconds"] for m, answer in answers.items()}
    print("| documents/s | " + " | ".join(f"{speeds[method]:.0f}" for method in answers) + " |")
    print("| ours ÷ it | " + " | ".join(f"{speeds.get('ours', 0) / speeds[method]:.2f}" for method in answers) + " |")


_COPIES = 100  # of each kind


def invented(data: Path, count: int) -> list[Row]:
    """Documents of sentences of the background news, 15 each: like news word by word, and none a copy of another."""
    with gzip.open(data / "scope" / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
        news = [json.loads(line) for line in lines]
    sentences = sorted({one for row in news for one in re.findall("[^。！？\n]{12,90}[。！？]", row["text"])})
    rng = random.Random(7)
    return [
        {
            "id": f"d{n}",
            "title": rng.choice(news)["title"],
            "text": "\n".join("".join(rng.choices(sentences, k=3)) for _ in range(5)),
            "date": f"2024-06-{rng.randrange(1, 29):02}",
        }
        for n in range(count)
    ]


Change = Callable[[str, str, random.Random], Row]
_WIDE = str.maketrans("0123456789%", "０１２３４５６７８９％")
_WORDS = {
    "表示": "指出",
    "今天": "今日",
    "举行": "召开",
    "进行": "开展",
    "我们": "咱们",
    "已经": "已",
    "目前": "现在",
    "和": "及",
}


def _cut(title: str, text: str, rng: random.Random) -> Row:
    paragraphs = text.split("\n")
    del paragraphs[rng.randrange(1, len(paragraphs))]
    return {"title": title, "text": "\n".join(paragraphs)}


def _parted(title: str, text: str, rng: random.Random) -> Row:
    sentences = re.findall("[^。！？]+[。！？]", text.replace("\n", ""))
    return {"title": title, "text": "".join(one + rng.choice(("", "\n")) for one in sentences)}


def _framed(title: str, text: str, rng: random.Random) -> Row:
    head = rng.choice(
        (
            "某某网北京电（记者 李文）",
            "来源：某某日报 2024-06-04 08:30\n",
            "点击上方蓝字关注我们\n原标题：" + title + "\n",
        )
    )
    tail = rng.choice(
        ("\n（责任编辑：王小）", "\n声明：转载此文是出于传递更多信息之目的。", "\n扫码下载客户端，查看更多精彩内容。")
    )
    return {"title": f"{title}_某某网", "text": head + text + tail}


def _glossed(title: str, text: str, rng: random.Random) -> Row:
    def gloss(found: re.Match[str]) -> str:
        return f"{found[0]}({pinyin(found[0], style=Style.TONE)[0][0]})" if rng.random() < 0.1 else found[0]

    return {"title": title, "text": re.sub("[\u4e00-\u9fff]", gloss, text)}


def _reworded(title: str, text: str, rng: random.Random) -> Row:
    """Three sentences of fifteen in other words, every usual word exchanged in the rest."""
    sentences = re.findall("[^。！？]+[。！？]\n?", text)
    for at in rng.sample(range(len(sentences)), 3):
        sentences[at] = f"据介绍，{sentences[at][len(sentences[at]) // 2 :]}"
    words = re.compile("|".join(_WORDS))
    return {"title": title, "text": words.sub(lambda found: _WORDS[found[0]], "".join(sentences))}


CHANGES: dict[str, Change] = {
    "another headline": lambda title, text, rng: {"title": f"最新！{title[: len(title) // 2]}，详情来了", "text": text},
    "a paragraph cut": _cut,
    "paragraphs merged and split": _parted,
    "framed by another outlet": _framed,
    "traditional characters": lambda title, text, rng: {
        "title": OpenCC("s2tw").convert(title),
        "text": OpenCC("s2tw").convert(text),
    },
    "glossed with pinyin": _glossed,
    "numbers in another width": lambda title, text, rng: {"title": title, "text": text.translate(_WIDE)},
    "sentences reworded": _reworded,
}


if __name__ == "__main__":
    sys.exit(main())
