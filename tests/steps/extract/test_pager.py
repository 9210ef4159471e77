"""Which links lead to the next page of the same article, and which only look so."""

import pytest

from pipeline.steps.extract.pager import entire_page, next_page
from pipeline.steps.extract.tree import parse

SITE = "http://jk.example.cn"


def page(*links: str):
    return parse(f"<html><body><div class='article'><p>正文。</p>{''.join(links)}</div></body></html>")


@pytest.mark.parametrize(
    ("own", "label", "href", "wanted"),
    [
        ("/2024/c1-40265001.html", "下一页", "/2024/c1-40265001-2.html", "/2024/c1-40265001-2.html"),
        ("/a/t2024.html", "2", "t2024_2.html", "/a/t2024_2.html"),
        ("/a/t2024.html", "【2】", "./t2024_1.html", "/a/t2024_1.html"),
        ("/a/t2024_2.html", "下一页>>", "t2024_3.html", "/a/t2024_3.html"),
        ("/a/t2024_2.html", "3", "t2024_3.html", "/a/t2024_3.html"),
        ("/show?id=7", "下页", "?id=7&page=2", "/show?id=7&page=2"),
        ("/show?id=7&page=2", "下一页", "/show?id=7&page=3", "/show?id=7&page=3"),
        ("/a/1", "2", "/a/1?p=2#top", "/a/1?p=2"),
    ],
)
def test_the_next_page_is_the_own_address_counted_on(own, label, href, wanted):
    assert next_page(page(f'<a href="{href}">{label}</a>'), SITE + own) == SITE + wanted


@pytest.mark.parametrize(
    ("own", "link"),
    [
        ("/a/t1.html", '<a href="javascript:page(2)">下一页</a>'),
        ("/a/t1.html", '<a href="JavaScript:;">2</a>'),
        ("/a/t1.html", "<a>下一页</a>"),
        ("/a/t1.html", '<a href="/a/t2.html">下一页</a>'),
        ("/a/t1.html", '<a href="/a/t1_2.html">下一篇</a>'),
        ("/a/t1.html", '<a href="http://other.example.cn/a/t1_2.html">下一页</a>'),
        ("/a/t1.html", '<a href="/list_2.html">2</a>'),
        ("/a/t1_3.html", '<a href="/a/t1_2.html">2</a>'),
        ("/a/t1_2.html", '<a href="/a/t1_2.html">下一页</a>'),
        ("/show?id=7", '<a href="?id=8&page=2">下一页</a>'),
        ("/a/t1.html", '<div class="comment-list"><p><a href="?page=2">下一页</a></p></div>'),
        ("/a/t1.html", '<div id="pinglun"><a href="t1_2.html">2</a></div>'),
        ("/a/t1.html", '<a href="http://[broken">下一页</a>'),
    ],
)
def test_false_friends_are_no_next_page(own, link):
    assert next_page(page(link), SITE + own) == ""


@pytest.mark.parametrize(
    ("own", "label", "href", "wanted"),
    [
        ("/a/t1.html", "余下全文", "t1_all.html", "/a/t1_all.html"),
        ("/a/t1.html", "【阅读全文】", "?all=1", "/a/t1.html?all=1"),
        ("/a/t1.shtml", "在本页阅读全文", "/a/t1.shtml?page=all", "/a/t1.shtml?page=all"),
        ("/a/2019_09_07_516891.shtml", "余下全文", "2019_09_07_516891_s.shtml", "/a/2019_09_07_516891_s.shtml"),
    ],
)
def test_a_version_on_one_page_is_found(own, label, href, wanted):
    assert entire_page(page(f'<a href="{href}">{label}</a>'), SITE + own) == SITE + wanted


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/b/t2.html">阅读全文</a>',
        '<a href="javascript:;">展开全文</a>',
        '<a href="?page=2">查看全文</a>',
        '<a href="/a/t1.html">阅读全文</a>',
        '<a href="?all=1">查看全部评论</a>',
        '<a href="http://app.example.cn/a/t1.html?all=1">阅读全文</a>',
    ],
)
def test_read_more_under_another_articles_teaser_is_no_version_of_this_one(link):
    assert entire_page(page(link), f"{SITE}/a/t1.html") == ""


def test_a_page_that_came_as_a_file_goes_on_nowhere():
    assert next_page(page('<a href="a_2.html">2</a>'), "file:a.html") == ""
