"""Printed papers on the web, in the layouts of three systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import EpaperSource
from pipeline.errors import SourceError
from pipeline.model import BEIJING
from pipeline.sources import NEVER, Harvest, Memory, open_source
from websites import Website

FOUNDER = "http://paper.example/html/{yyyy}-{mm}/{dd}/node_1.htm"


def clock(day: int) -> Callable[[], dt.datetime]:
    return lambda: dt.datetime(2024, 6, day, 7, 30, tzinfo=BEIJING)


def paper(website: Website, url: str = FOUNDER, *, day: int = 5, memory: Memory = NEVER, **more: object) -> Harvest:
    source = EpaperSource.model_validate({"id": "p", "name": "某日报", "kind": "epaper", "url": url, "days": 1, **more})
    return open_source(source, Path(), clock=clock(day)).leads(website.fetcher(), memory)


def founder(website: Website, day: int, pages: int = 2) -> None:
    nodes = "".join(f"<a href=node_{n}.htm>第0{n}版：要闻</a>" for n in range(1, pages + 1))
    for n in range(1, pages + 1):
        website.answers[f"/html/2024-06/{day:02}/node_{n}.htm"] = (
            f"<map><area href='content_{day}{n}1.htm'></map>{nodes}"
            f"<a href=content_{day}{n}1.htm>第{n}版头条</a> <a href=content_{day}{n}2.htm title='第{n}版二条'><img></a>"
            "<a href=content_9.htm.pdf>PDF</a><a href='../04/node_1.htm'>上一期</a><a href=http://else.example/content_1.htm>x</a>"
        )


def urls(harvest: Harvest) -> list[str]:
    return [lead.url for lead in harvest.leads]


def test_every_page_of_an_issue_is_walked_and_its_articles_are_leads_of_the_day(website: Website) -> None:
    founder(website, 5)
    harvest = paper(website)
    assert [(lead.url, lead.title, lead.published) for lead in harvest.leads] == [
        ("http://paper.example/html/2024-06/05/content_511.htm", "第1版头条", "2024-06-05"),
        ("http://paper.example/html/2024-06/05/content_512.htm", "第1版二条", "2024-06-05"),
        ("http://paper.example/html/2024-06/05/content_521.htm", "第2版头条", "2024-06-05"),
        ("http://paper.example/html/2024-06/05/content_522.htm", "第2版二条", "2024-06-05"),
    ]
    assert website.asked == ["/html/2024-06/05/node_1.htm", "/html/2024-06/05/node_2.htm"]


def test_peoples_daily_names_its_pages_and_articles_otherwise(website: Website) -> None:
    front = "/rmrb/html/2024-06/05/nbs.D110000renmrb_01.htm"
    website.answers[front] = (
        "<a href=./nbs.D110000renmrb_02.htm>02版</a><a href=nw.D110000renmrb_20240605_1-01.htm>头条新闻</a>"
    )
    website.answers[front.replace("_01.", "_02.")] = "<a href=nw.D110000renmrb_20240605_2-02.htm>二版新闻</a>"
    url = "http://paper.example/rmrb/html/{yyyy}-{mm}/{dd}/nbs.D110000renmrb_01.htm"
    assert [lead.title for lead in paper(website, url).leads] == ["头条新闻", "二版新闻"]


def test_a_paper_of_another_system_is_told_by_selectors_and_may_show_its_latest_issue_only(website: Website) -> None:
    website.answers["/szb/"] = (
        "<a class=b href=/szb/b2>二版</a><a class=t href=/szb/a1>救护车连上医院</a><a href=/about>关于</a>"
    )
    website.answers["/szb/b2"] = "<a class=b href=/szb/>一版</a><a class=t href=/szb/a2>家庭医生有了助手</a>"
    harvest = paper(website, "http://paper.example/szb/", links="a.t", nodes="a.b")
    assert urls(harvest) == ["http://paper.example/szb/a1", "http://paper.example/szb/a2"]


def test_issues_since_the_last_visit_are_read_and_a_day_that_was_read_is_not_read_again(website: Website) -> None:
    founder(website, 3, 1)
    founder(website, 5, 1)
    first = paper(website, days=3)
    assert [url.split("/")[5] for url in urls(first)] == ["03", "03", "05", "05"]
    assert any("2024-06-04：没有报纸" in note for note in first.notes)
    website.asked.clear()
    assert paper(website, days=3, memory=first.memory).unchanged
    assert website.asked == []
    founder(website, 6, 1)
    assert [url.split("/")[5] for url in urls(paper(website, day=6, days=3, memory=first.memory))] == ["06", "06"]


def test_todays_issue_that_is_not_there_yet_is_asked_for_again(website: Website) -> None:
    founder(website, 4, 1)
    first = paper(website, days=2)
    assert len(first.leads) == 2
    founder(website, 5, 1)
    assert [url.split("/")[5] for url in urls(paper(website, days=2, memory=first.memory))] == ["05", "05"]


def test_an_issue_with_a_page_that_failed_is_read_again(website: Website) -> None:
    founder(website, 5, 3)
    page = website.answers.pop("/html/2024-06/05/node_3.htm")
    first = paper(website)
    assert len(first.leads) == 4
    assert any("有一版未取得" in note for note in first.notes)
    website.answers["/html/2024-06/05/node_3.htm"] = page
    assert len(paper(website, memory=first.memory).leads) == 6


def test_an_issue_without_end_stops_at_the_cap(website: Website) -> None:
    founder(website, 5, 9)
    harvest = paper(website, pages=4)
    assert len(website.asked) == 4
    assert any("只读前 4 版" in note for note in harvest.notes)


def test_other_settings_forget_what_was_read(website: Website) -> None:
    founder(website, 5, 1)
    memory = paper(website).memory
    assert len(paper(website, memory=memory, include=["content_511"]).leads) == 1


def test_a_paper_that_is_nowhere_or_leads_nowhere_fails_by_name(website: Website) -> None:
    with pytest.raises(SourceError, match=r"^某日报：.*HTTP 404"):
        paper(website, days=3)
    website.answers["/html/2024-06/05/node_1.htm"] = "<p>维护中</p>"
    with pytest.raises(SourceError, match="没有版面和文章的链接"):
        paper(website)


@pytest.mark.parametrize(
    "url",
    ["http://paper.example/{year}/{mm}/{dd}", "http://paper.example/{yyyy}/{mm}/", "http://paper.example/{mm}{dd}"],
)
def test_an_address_that_does_not_name_a_whole_day_is_refused(website: Website, url: str) -> None:
    with pytest.raises(ValidationError, match="url: "):
        paper(website, url)


def test_an_address_may_have_its_day_without_zeros(website: Website) -> None:
    website.answers["/2024/6/5/"] = "<a href=content_1.htm>头条</a>"
    assert len(paper(website, "http://paper.example/{yyyy}/{m}/{d}/").leads) == 1
