"""Every page in tests/cases says what it promises; each expected field is a test of its own.

A case begins with a TOML comment: `why`, `url`, optionally `fetched`, and `[expect]`. Fields of the article are
compared as text; `contains`/`lacks` look into the body, `once` counts, `kinds`, `captions` and `figures` list
blocks in order, `notes` and `flags` must be among the article's, `fate` and `because` stand for a refusal.
"""

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Kind, Page, Rejection
from pipeline.steps.extract import extract

CASES = Path(__file__).parents[2] / "cases"
FETCHED = "2024-07-01T08:00:00+08:00"


@cache
def outlets() -> Outlets:
    return Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))


@cache
def case(name: str) -> dict[str, Any]:
    text = (CASES / name).read_text("utf-8")
    return tomllib.loads(text[text.index("<!--") + 4 : text.index("-->")])


@cache
def result(name: str) -> Article | Rejection:
    told = case(name)
    body = (CASES / name).read_bytes()
    page = Page(
        url=told["url"],
        body=body[body.index(b"-->") + 3 :].lstrip(),
        fetched=dt.datetime.fromisoformat(told.get("fetched", FETCHED)),
    )
    return extract(page, outlets())


ITEMS = [(path.name, field) for path in sorted(CASES.glob("*.html")) for field in case(path.name)["expect"]]


@pytest.mark.parametrize(("name", "field"), ITEMS, ids=[f"{name}: {field}" for name, field in ITEMS])
def test_a_page_is_read_as_its_case_says(name: str, field: str) -> None:
    found, wanted = result(name), case(name)["expect"][field]
    if field in ("fate", "because"):
        assert isinstance(found, Rejection)
        if field == "fate":
            assert found.fate.value == wanted
        else:
            assert wanted in found.because
        return
    assert isinstance(found, Article), found
    if field == "contains":
        assert [text for text in wanted if text not in found.text] == []
    elif field == "lacks":
        assert [text for text in wanted if text in found.text] == []
    elif field == "once":
        assert [found.text.count(text) for text in wanted] == [1] * len(wanted)
    elif field == "kinds":
        assert [block.kind.value for block in found.blocks] == wanted
    elif field == "captions":
        assert [block.text for block in found.blocks if block.kind is Kind.CAPTION] == wanted
    elif field == "figures":
        assert [block.src for block in found.blocks if block.kind is Kind.FIGURE] == wanted
    elif field == "notes":
        assert [part for part in wanted if not any(part in note for note in found.notes)] == []
    elif field == "flags":
        assert [flag.value for flag in found.flags] == wanted
    else:
        assert str(getattr(found, field) or "") == str(wanted)


@pytest.mark.parametrize("name", sorted({name for name, _ in ITEMS}))
def test_every_case_says_why_it_exists(name: str) -> None:
    assert len(case(name)["why"]) >= 5
    assert case(name)["url"].startswith("http")
