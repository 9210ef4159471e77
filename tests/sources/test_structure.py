"""What is proposed for list pages in the manner of real sites, held against what their lists hold."""

import datetime as dt
from pathlib import Path

import pytest

from pipeline.config import ListingSource
from pipeline.model import BEIJING, Fetched, Lead, Page
from pipeline.sources import open_source
from pipeline.sources.structure import Layout, layout
from pipeline.steps.extract.dates import read_dates
from sources.list_pages import FOOT, NAV, PAGES, ROWS, URL
from spent import computing

NOW = dt.datetime(2024, 7, 1, 9, tzinfo=BEIJING)
EXPECTED = {row.url: row for row in ROWS}


def _read(text: str, found: Layout) -> tuple[Lead, ...]:
    """What the listing source makes of the page with the proposed selectors."""
    source = ListingSource(
        id="x", name="列表", kind="listing", url=URL, row=found.row, links=found.links, title=found.title,
        date=found.date, next=found.next,
    )  # fmt: skip
    fetched = Fetched(Page(URL, text.encode(), NOW))
    return open_source(source, Path(), 200).leads(lambda url, **_: fetched).leads


@pytest.mark.parametrize("name", PAGES)
def test_a_proposal_finds_the_articles_of_the_list_with_titles_and_dates_and_nothing_else(name):
    make, dated = PAGES[name]
    text = make()
    found = layout(text, URL)
    assert found is not None
    leads = {lead.url.partition("?")[0]: lead for lead in _read(text, found)}
    assert set(leads) == set(EXPECTED)
    assert {url: lead.title for url, lead in leads.items()} == {url: row.title for url, row in EXPECTED.items()}
    days = {url: [stamp.day for stamp in read_dates(lead.published, NOW).stamps][:1] for url, lead in leads.items()}
    assert days == {url: [row.day] if dated else [] for url, row in EXPECTED.items()}


@pytest.mark.parametrize("name", ["day over year and month", "lists of five with rules between"])
def test_the_link_to_the_next_page_is_found_too(name):
    found = layout(PAGES[name][0](), URL)
    assert found is not None
    assert found.next


@pytest.mark.parametrize(
    "text",
    ["", "<html></html>", "\x00\x01", NAV + FOOT, "<ul><li><a href='/a/20240601.html'>一条算不得列表</a></li></ul>"],
    ids=["nothing", "an empty page", "noise", "navigation only", "one link"],
)  # fmt: skip
def test_where_there_is_no_list_none_is_proposed(text):
    assert layout(text, URL) is None


def test_a_ranking_beside_slides_is_no_better_than_the_list_it_stands_beside():
    found = layout(PAGES["date in brackets, slideshow, ranking"][0](), URL)
    assert found is not None
    assert not set(found.titles) & {"远程会诊怎样预约和付费的说明", "专题一：智慧医疗在身边大型图片报道"}


def test_links_side_by_side_without_rows_are_taken_as_they_are():
    links = "".join(
        f'<a class="item" href="/news/2024061{n}_{n}.html">第{n}家医院通过互联互通测评的消息</a>' for n in range(8)
    )
    found = layout(f'<div class="wall">{links}<a href="/more/">更多</a></div>', URL)
    assert found is not None
    assert (found.row, found.links, found.date) == ("", "a.item", "")


def test_a_page_of_thousands_of_links_deep_down_is_read_in_a_moment():
    links = "".join(f"<p class='r{n}'><a href='/n/{n}'>{'很长的标题' * 4}{n}</a></p>" for n in range(3000))
    with computing(10):
        layout("<div class='a b c'>" * 200 + links, URL)
