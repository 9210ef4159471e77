"""Trends on the review page: drawings that everybody can read, the tables behind them, and who may see which."""

import re

import pytest

from desktops import served, signed_in
from offices import office_with_two_issues, without_libreoffice
from pipeline.model import Account, Role

PAGE = "/trends/beijing-monthly"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An office that put out 535 and 536."""
    folder = tmp_path_factory.mktemp("trends") / "office"
    with without_libreoffice():
        office_with_two_issues(folder)
    with served(folder) as one:
        yield one


@pytest.fixture(scope="module")
def get(office):
    with office.client() as client:
        yield client.get


def test_every_drawing_is_named_and_told_and_has_its_table(get):
    page = get("/trends").text
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 3, "items, outlets, places; no leads were counted, and the articles have no topic"
    for one in drawings:
        named = re.search(r'role="img" aria-labelledby="(\S+)" aria-describedby="(\S+)"', one)
        assert named
        assert re.search(rf'<title id="{named[1]}">[^<]+</title>\s*<desc id="{named[2]}">[^<]+</desc>', one)
    assert '<desc id="outlets0-told">来源，条数最多的 1 个：北京日报 2 条（100%）。</desc>' in page
    assert re.search(r'<th scope="row">北京日报</th><td>2</td><td>100%</td><td>1</td><td>1</td>', page)
    assert "2 条没有归入任何主题" in page
    assert "条数少时，升降多半是偶然" in page
    assert "style=" not in page


def test_a_span_and_a_single_issue_can_be_looked_at_and_nonsense_is_refused_in_words(get):
    june = get(PAGE, params={"from": "2024-06", "to": "2024-06-30"}).text
    assert "统计第五三五期（2024-06-01至2024-06-30）共1期、1条信息" in june
    one = get(PAGE, params={"issue": "536"}).text
    assert "第五三六期趋势" in one
    assert "按发布日期的条数" in one
    assert "这段时间里没有已出的期刊" in get(PAGE, params={"from": "2030-01"}).text
    assert "第九九九期没有出过，或已撤回" in get(PAGE, params={"issue": "999"}).text
    refused = get(PAGE, params={"from": "六月"})
    assert (refused.status_code, "写作 2024-06" in refused.text) == (404, True)
    assert get("/trends/nobody").status_code == 404


def test_each_table_is_had_as_a_file_that_excel_opens(get):
    page = get(PAGE).text
    links = re.findall(r'href="(/trends/beijing-monthly/\w+)" download', page)
    assert len(links) == 5
    for link in links:
        sent = get(link)
        assert sent.content.startswith(b"\xef\xbb\xbf")
        assert sent.headers["content-type"].startswith("text/csv")
        assert "attachment" in sent.headers["content-disposition"]
    assert "北京日报,2,100%,1,1" in get(f"{PAGE}/outlets").text
    assert get(f"{PAGE}/nothing").status_code == 404


def test_the_archive_leads_there(get):
    assert f'href="{PAGE}"' in get("/archive").text
    assert f'href="{PAGE}?issue=535"' in get("/archive/beijing-monthly/535").text
    assert 'href="/trends" aria-current="page"' in get("/trends").text


def test_whoever_may_see_one_series_only_is_shown_no_other(office):
    with office.office.opened() as desk:
        secret, _ = signed_in(desk, Account("zhou", "周报编辑", Role.VIEWER, ("national-weekly",)))
    with office.client(cookies={"desk": secret}) as client:
        page = client.get("/trends").text
        assert "全国卫生信息化舆情监测周报" in page
        assert "北京市卫生信息化舆情监测月报" not in page
        assert client.get(PAGE).status_code in (403, 404)
        assert client.get(f"{PAGE}/topics").status_code in (403, 404)
