"""What is kept of pictures and of further pages, on both kinds of database."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.model import Developed, Lead, Page
from pipeline.store import ENTIRE, Blobs, Leads, Parts, Pictures

NOW = dt.datetime(2024, 7, 1, 8, tzinfo=dt.UTC)
URL = "http://jk.example.cn/" + "a" * 8000 + ".jpg"  # longer than an ordered index of PostgreSQL takes
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def pictures(database, blobs):
    return Pictures(database, blobs)


def test_a_picture_is_due_until_it_has_come(pictures):
    assert pictures.due([URL, URL], NOW) == [URL]
    pictures.came(URL, b"bytes", NOW)
    assert pictures.due([URL], NOW) == []
    assert pictures.waiting() == [URL]
    assert (pictures.original(URL), pictures.size(URL)) == (b"bytes", 5)


def test_what_is_printed_of_a_picture_is_kept_by_its_hash(pictures, blobs):
    pictures.came(URL, b"bytes", NOW)
    pictures.developed(URL, Developed(b"jpeg", "image/jpeg", 640, 480), NOW)
    found = pictures.of([URL, "http://jk.example.cn/other.jpg"])
    assert list(found) == [URL]
    assert blobs.get(found[URL].blob) == b"jpeg"
    assert pictures.waiting() == []


def test_an_icon_is_settled_without_a_picture(pictures):
    pictures.came(URL, b"gif", NOW)
    pictures.developed(URL, Developed(), NOW)
    found = pictures.of([URL])[URL]
    assert (found.blob, found.aside, found.trouble) == ("", True, "")
    assert pictures.due([URL], NOW + 30 * HOUR) == []


def test_what_failed_is_due_again_after_growing_pauses_for_two_weeks(pictures):
    pictures.missed(URL, "页面不存在", NOW)
    assert pictures.due([URL], NOW) == [URL], "a second try at once"
    pictures.missed(URL, "页面不存在", NOW)
    assert pictures.due([URL], NOW + 0.9 * HOUR) == []
    assert pictures.due([URL], NOW + HOUR) == [URL]
    pictures.missed(URL, "页面不存在", NOW + HOUR)
    assert pictures.due([URL], NOW + 2 * HOUR) == []
    assert pictures.due([URL], NOW + 3 * HOUR) == [URL]
    assert pictures.due([URL], NOW + dt.timedelta(days=15)) == []
    assert pictures.of([URL])[URL].trouble == "页面不存在"


def test_bytes_that_come_after_a_failure_are_developed(pictures):
    pictures.came(URL, b"<html>", NOW)
    pictures.missed(URL, "不是图片，是网页", NOW)
    assert pictures.waiting() == []
    assert pictures.due([URL], NOW) == [URL]
    pictures.came(URL, b"jpeg", NOW)
    assert pictures.waiting() == [URL]
    assert pictures.of([URL])[URL].trouble == ""


def test_more_pictures_than_one_statement_takes_are_looked_up(pictures):
    urls = [f"http://jk.example.cn/{number}.jpg" for number in range(1200)]
    pictures.came(urls[-1], b"x", NOW)
    assert pictures.due(urls, NOW) == urls[:-1]


@pytest.fixture
def page(database, blobs):
    leads = Leads(database, blobs)
    (lead,) = leads.add([Lead("jk", "http://jk.example.cn/a.html")], NOW)
    return leads.add_page(lead.id, lead.lead.url, Page(lead.lead.url, b"one", NOW))


def test_further_pages_are_due_in_order_until_they_have_come(database, blobs, page):
    parts, leads = Parts(database), Leads(database, blobs)
    parts.expect(page, 3, "http://jk.example.cn/a_3.html", NOW)
    parts.expect(page, 2, "http://jk.example.cn/a_2.html", NOW)
    parts.expect(page, 2, "http://jk.example.cn/other.html", NOW)
    first, second = parts.due(NOW)
    assert [first.url, second.url] == ["http://jk.example.cn/a_2.html", "http://jk.example.cn/a_3.html"]
    parts.came([(first, leads.add_part(first.url, Page(first.url, b"two", NOW)))])
    parts.missed(second, "页面不存在", NOW)
    parts.missed(second, "页面不存在", NOW)
    assert parts.due(NOW) == []
    assert parts.due(NOW + HOUR) == [second]
    assert parts.due(NOW + dt.timedelta(days=15)) == []
    known = parts.of([page])[page]
    assert [one.position for one in known] == [2, 3]
    assert leads.page(known[0].part).body == b"two"
    assert known[1].part is None


def test_nothing_more_is_asked_for_of_an_article_whose_whole_came(database, blobs, page):
    parts, leads = Parts(database), Leads(database, blobs)
    parts.expect(page, ENTIRE, "http://jk.example.cn/a_all.html", NOW)
    parts.expect(page, 2, "http://jk.example.cn/a_2.html", NOW)
    entire, _ = parts.due(NOW)
    parts.came([(entire, leads.add_part(entire.url, Page(entire.url, b"all", NOW)))])
    assert parts.due(NOW) == []


def test_a_part_belongs_to_no_lead(database, blobs, page):
    leads = Leads(database, blobs)
    part = leads.add_part("http://jk.example.cn/a_2.html", Page("http://jk.example.cn/a_2.html", b"two", NOW))
    assert leads.on_page(part) == []
    assert len(leads.on_page(page)) == 1
