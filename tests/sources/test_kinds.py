"""What holds for every kind of source."""

from __future__ import annotations

import pickle
import typing
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.errors import SourceError
from pipeline.model import Fetched, Lead, Page
from pipeline.sources import KINDS, open_source

SETTINGS: dict[str, dict[str, Any]] = {
    "feed": {"url": "https://news.example/"},
    "listing": {"url": "https://news.example/", "links": "a"},
    "json": {"url": "https://news.example/", "link": "url"},
    "epaper": {"url": "https://news.example/", "links": "a"},
    "warc": {"path": "nowhere/*.warc.gz"},
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


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder", "warc"}))
def test_the_page_of_a_lead_is_what_stands_at_its_address(kind: str, web: Any, tmp_path: Path, now: Any) -> None:
    web.moved["https://news.example/1"] = "https://news.example/new/1"
    web.documents["https://news.example/new/1"] = b"page"
    page = open_source(configured(kind), tmp_path).page(Lead("one", "https://news.example/1"), web, now)
    assert (page.url, page.body) == ("https://news.example/new/1", b"page")


DOCUMENTS: dict[str, bytes] = {
    "feed": b"<rss><channel><item><link>https://news.example/1</link></item></channel></rss>",
    "listing": b"<p><a href=/1>x</a></p>",
    "epaper": b"<p><a href=/1>x</a></p>",
    "sitemap": b"<urlset><url><loc>https://news.example/1</loc></url></urlset>",
    "json": b'[{"url": "/1"}]',
    "warc": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://news.example/1\r\n"
    b"WARC-Date: 2024-06-01T00:00:00Z\r\nContent-Length: 45\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhi\r\n\r\n",
}
NOTHING_TO_PARSE = {"folder", "manual"}


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "a.warc.gz").write_bytes(DOCUMENTS["warc"])
    return tmp_path


def test_every_kind_that_parses_is_listed() -> None:
    assert set(DOCUMENTS) | NOTHING_TO_PARSE == set(KINDS)


@pytest.mark.parametrize("kind", sorted(DOCUMENTS))
def test_a_document_can_be_parsed_in_another_process(kind: str, web: Any, archived: Path) -> None:
    called: list[str] = []

    def apart(function: Any, *arguments: Any) -> Any:
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
        assert function.__module__.startswith("pipeline.sources.")
        called.append(function.__name__)
        return pickle.loads(pickle.dumps(function(*arguments)))

    web.documents["https://news.example/"] = DOCUMENTS[kind]
    harvest = open_source(configured(kind), archived, apart=apart).leads(web)
    assert [lead.url for lead in harvest.leads] == ["https://news.example/1"]
    assert len(called) == 1


@pytest.mark.parametrize("kind", sorted(set(DOCUMENTS) - {"warc"}))
def test_a_document_too_costly_to_parse_fails_the_source_by_name(kind: str, web: Any, tmp_path: Path) -> None:
    def apart(function: Any, *arguments: Any) -> Any:
        raise SourceError("内容过于复杂", "请核对该信源是否正常。")

    web.documents["https://news.example/"] = DOCUMENTS[kind]
    with pytest.raises(SourceError, match=r"^某来源：内容过于复杂") as told:
        open_source(configured(kind), tmp_path, apart=apart).leads(web)
    assert told.value.fix == "请核对该信源是否正常。"


def test_an_error_of_parsing_keeps_its_words_on_the_way_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(SourceError("某来源：返回的内容不是订阅源", "请核对 url。")))
    assert (error.message, error.fix) == ("某来源：返回的内容不是订阅源", "请核对 url。")


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if isinstance(configured(kind), config.WebSource)))
def test_pages_that_scripts_make_come_from_the_browser(kind: str, web: Any, tmp_path: Path, now: Any) -> None:
    asked: list[str] = []

    def render(url: str, **_: Any) -> Fetched:
        asked.append(url)
        return Fetched(Page(url, b"rendered", now))

    source = configured(kind).model_copy(update={"render_pages": True})
    page = open_source(source, tmp_path, render=render).page(Lead("one", "https://news.example/1"), web, now)
    assert (page.body, asked, web.asked) == (b"rendered", ["https://news.example/1"], [])
