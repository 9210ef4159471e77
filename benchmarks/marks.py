"""The marks of one page, the same as the data's own `score.py` gives over all of them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

FIELDS = {
    "body, character 4-gram F1": "body",
    "pages under .8": "poor",
    "paragraphs that come back whole": "kept",
    "pages with a foreign line in the body": "leak",
    "title": "title",
    "date right": "date",
    "date wrong": "wrong",
    "outlet (来源)": "source",
    "author": "author",
}


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def judged(truth: dict[str, Any], found: dict[str, Any]) -> dict[str, float]:
    """The marks of a page, 0 to 1; those that its truth says nothing about are left out."""
    marks: dict[str, float] = {}
    if truth["body"]:
        marks["body"] = body_f1(truth, found.get("body") or "")
        marks["poor"] = marks["body"] < 0.8
        lines = [bare(line) for line in truth["body"].split("\n") if len(bare(line)) >= 15]
        have = {bare(line) for line in (found.get("body") or "").split("\n")}
        if len(lines) >= 3:
            marks["kept"] = sum(line in have for line in lines) / len(lines)
        if foreign := truth.get("body_must_not_contain"):
            raw = bare(found.get("body") or "")
            marks["leak"] = any(bare(line) in raw for line in foreign)
    marks["title"] = title_key(found.get("title")) == title_key(truth["title"])
    if truth["date"]:
        day = day_of(found.get("date"))
        marks["date"], marks["wrong"] = day == truth["date"], bool(day) and day != truth["date"]
    if truth["source"]:
        accepted = {source_key(one) for one in (truth["source"], *(truth.get("source_accept") or []))}
        marks["source"] = source_key(found.get("source")) in accepted
    if truth["author"]:
        marks["author"] = bool(names(found.get("author")) & names(truth["author"]))
    return marks


def body_f1(truth: dict[str, Any], text: str) -> float:
    """Character 4-gram F1; captions, editor lines and the title are neutral."""
    wanted = bare(truth["body"])
    body = bare(text)
    for line in sorted(truth.get("optional_lines") or [], key=len, reverse=True):
        if len(bare(line)) >= 2:
            body = body.replace(bare(line), "", 1)
    title = bare(truth["title"])
    at = body.find(title)
    if 0 <= at < 300 and title not in wanted[:400]:
        body = body[:at].lstrip("#") + body[at + len(title) :]
    a, b = grams(body), grams(wanted)
    if not a or not b:
        return float(body == wanted)
    return 2 * sum((a & b).values()) / (sum(a.values()) + sum(b.values()))


def bare(text: str | None) -> str:
    return re.sub(r"[\s\u200b-\u200f\ufeff\u2028\u2029]+", "", unicodedata.normalize("NFKC", text or ""))


def grams(text: str) -> Counter[str]:
    return Counter(text[i : i + 4] for i in range(max(0, len(text) - 3)))


def title_key(text: str | None) -> str:
    text = re.sub(r"[“”\"'‘’「」《》]", "", bare(text))
    return text.replace("--", "—").replace("——", "—").replace("–", "—").replace("丨", "|").replace("︱", "|")


def day_of(text: str | None) -> str:
    match = re.search(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})", text or "")
    return "{:04d}-{:02d}-{:02d}".format(*map(int, match.groups())) if match else ""


def source_key(text: str | None) -> str:
    return re.sub(r"^(来源|稿源|稿件来源|信息来源|出处)[:：]?", "", bare(text)).strip("[]")


def names(text: str | None) -> set[str]:
    text = re.sub(r"(本报)?记者|通讯员|作者[:：]?", "", unicodedata.normalize("NFKC", text or ""))
    return {name for name in re.split(r"[\s,，、;；/&]+", text) if name}
