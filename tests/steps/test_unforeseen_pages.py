"""What becomes of a page that nobody foresaw, when it is read."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.config import Outlets
from pipeline.model import Fate, Lead, Page, Rejection
from pipeline.steps import read

PAGE = Page(url="http://news.example/1", body=b"<html></html>", fetched=dt.datetime(2024, 7, 1, tzinfo=dt.UTC))
LEAD = Lead(source="news", url=PAGE.url)


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(*_: object) -> None:
        raise error

    monkeypatch.setattr(read, "extract", extract)


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (ValueError("无效"), "读取页面时出错：ValueError"),
        (RecursionError(), "页面过于复杂：嵌套过深"),
    ],
    ids=["an error", "too deep"],
)
def test_a_page_nobody_foresaw_is_unreadable_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception, because: str
) -> None:
    fails_with(error, monkeypatch)
    assert read.read_page((PAGE, LEAD), outlets=Outlets()) == Rejection(Fate.UNREADABLE, because)


def test_a_page_that_takes_all_memory_is_left_to_whoever_set_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(MemoryError(), monkeypatch)
    with pytest.raises(MemoryError):
        read.read_page((PAGE, LEAD), outlets=Outlets())
