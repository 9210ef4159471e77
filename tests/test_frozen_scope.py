"""What is promised about the frozen scope set: enough of it, of every kind, well-formed, and seen nowhere else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import mean
from urllib.parse import urlsplit

import pytest

from pipeline.model import Genre

ROOT = Path(__file__).parents[1]
FROZEN = sorted((ROOT / "pipeline" / "frozen" / "scope").glob("*.txt"))
HEADS = ("why", "title", "outlet", "url", "nationwide", "beijing", "genre")
LABELS = ("in", "borderline", "out")
# The topic decides nationwide; Beijing's report can only narrow it, by place, institution or outlet.
VERDICTS = {("in", "in"), ("in", "out"), ("borderline", "borderline"), ("borderline", "out"), ("out", "out")}
SHINGLE = 20  # characters: longer than all but a few set phrases of official prose, which are reworded here


def frozen(path: Path) -> tuple[dict[str, str], str]:
    """Return the head lines and the body of a frozen article."""
    head, _, body = path.read_text("utf-8").partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()), body


ARTICLES = [frozen(path) for path in FROZEN]


def length(body: str) -> int:
    return len(re.sub(r"\s", "", body))


def shingles(text: str) -> set[str]:
    han = re.sub(r"\W", "", text)
    return {han[start : start + SHINGLE] for start in range(len(han) - SHINGLE + 1)}


def verdicts(nationwide: str, beijing: str) -> Iterator[tuple[dict[str, str], str]]:
    return ((head, body) for head, body in ARTICLES if (head["nationwide"], head["beijing"]) == (nationwide, beijing))


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_a_frozen_article_says_what_it_is_and_why(path):
    head, body = frozen(path)
    assert tuple(head) == HEADS
    assert all(value == value.strip() != "" for value in head.values())
    assert (head["nationwide"], head["beijing"]) in VERDICTS
    assert head["genre"] in set(Genre)
    assert urlsplit(head["url"]).scheme in {"http", "https"}
    assert urlsplit(head["url"]).hostname
    assert all(line == line.strip() != "" for line in body.removesuffix("\n").split("\n"))
    assert path.read_text("utf-8").endswith("\n")


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_a_frozen_article_is_as_long_as_those_that_are_printed(path):
    _head, body = frozen(path)
    assert 500 <= length(body) <= 2500


def test_the_frozen_set_is_large_and_its_articles_are_full_length():
    assert len(FROZEN) >= 80
    assert mean(length(body) for _head, body in ARTICLES) >= 900
    assert sum(length(body) > 1500 for _head, body in ARTICLES) >= 10


def test_every_label_is_frozen_often_enough_to_be_measured():
    found = Counter(head["nationwide"] for head, _body in ARTICLES)
    assert found["in"] >= 30
    assert found["borderline"] >= 15
    assert found["out"] >= 40
    assert {(head["nationwide"], head["beijing"]) for head, _body in ARTICLES} == VERDICTS


@pytest.mark.parametrize("label", LABELS)
def test_length_alone_tells_no_label(label):
    assert sum(length(body) > 1500 for head, body in ARTICLES if head["nationwide"] == label) >= 2


def test_every_genre_is_frozen():
    assert {head["genre"] for head, _body in ARTICLES} == set(Genre)


def test_beijing_is_reached_by_the_outlet_alone_where_the_text_does_not_name_it():
    unnamed = [head["outlet"] for head, body in verdicts("in", "in") if "京" not in head["title"] + body]
    assert len(unnamed) >= 3
    assert len(set(unnamed)) >= 3


@pytest.mark.parametrize("named", ["北京协和医院", "北京积水潭医院", "北京天坛医院", "北京大学第三医院"])
def test_beijing_is_reached_by_a_named_institution_in_another_places_outlet(named):
    assert [head for head, body in verdicts("in", "in") if named in body and "北京" not in head["outlet"]]


@pytest.mark.parametrize(
    "passing",
    ["本报北京", "北京华康慧智信息技术有限公司", "北京、天津、上海", "在北京国家会议中心举行"],
    ids=["a dateline", "a company's name", "a row of cities", "a conference held there"],
)
def test_beijing_in_passing_is_frozen_as_out_for_beijing(passing):
    assert [head for head, body in verdicts("in", "out") if passing in body]


def test_no_two_frozen_articles_share_a_passage():
    bodies = [(path.stem, shingles(body)) for path, (_head, body) in zip(FROZEN, ARTICLES, strict=True)]
    assert [(one, other) for (one, ours), (other, theirs) in combinations(bodies, 2) if ours & theirs] == []
    assert len({head["title"] for head, _body in ARTICLES}) == len(FROZEN)
    assert len({head["url"] for head, _body in ARTICLES}) == len(FROZEN)


def test_the_frozen_set_shares_no_passage_with_what_is_learned_from_or_tried_on():
    texts = ROOT / "tests" / "texts"
    tried = [path.read_text("utf-8") for path in texts.rglob("*.txt")]
    tried += [
        value
        for learned in sorted((ROOT / "pipeline" / "steps" / "learn").glob("*.jsonl"))
        for line in learned.read_text("utf-8").splitlines()
        for value in json.loads(line).values()
        if isinstance(value, str)
    ]
    tried += [path.read_text("utf-8") for path in (ROOT / "seeds").glob("*.txt")]
    known = set().union(*map(shingles, tried))
    assert {path.stem for path, (_head, body) in zip(FROZEN, ARTICLES, strict=True) if shingles(body) & known} == set()
