"""What holds for every kind of source."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Lead
from pipeline.sources import KINDS, open_source

SETTINGS: dict[str, dict[str, Any]] = {
    "feed": {"url": "https://news.example/"},
    "listing": {"url": "https://news.example/", "links": "a"},
    "sitemap": {"url": "https://news.example/"},
    "folder": {"path": Path("nowhere")},
    "manual": {},
}


def configured(kind: str) -> config.Source:
    classes = typing.get_args(typing.get_args(config.Source)[0])
    made = {typing.get_args(one.model_fields["kind"].annotation)[0]: one for one in classes}
    source: config.Source = made[kind](id="one", name="某来源", kind=kind, **SETTINGS[kind])
    return source


def test_every_kind_of_the_configuration_can_be_opened() -> None:
    classes = typing.get_args(typing.get_args(config.Source)[0])
    kinds = {typing.get_args(one.model_fields["kind"].annotation)[0] for one in classes}
    assert kinds == set(KINDS) == set(SETTINGS)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"manual"}))
def test_a_source_that_cannot_be_read_names_itself(kind: str, web: Any, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^某来源："):
        open_source(configured(kind), tmp_path).leads(web)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder"}))
def test_the_page_of_a_lead_is_what_stands_at_its_address(kind: str, web: Any, tmp_path: Path, now: Any) -> None:
    web.moved["https://news.example/1"] = "https://news.example/new/1"
    web.documents["https://news.example/new/1"] = b"page"
    page = open_source(configured(kind), tmp_path).page(Lead("one", "https://news.example/1"), web, now)
    assert (page.url, page.body) == ("https://news.example/new/1", b"page")
