"""OPML in and out."""

import pytest

from pipeline.config import FeedSource, ManualSource
from pipeline.errors import UsageError
from pipeline.sources.opml import Subscription, read_opml, write_opml

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>订阅</title></head><body>
<outline text="健康"><outline text="委内新闻" type="rss" xmlUrl="https://wjw.example/rss.xml" htmlUrl="https://wjw.example/"/>
  <outline text="媒体"><outline title="健康报" type="rss" xmlUrl="https://jkb.example/feed"/></outline></outline>
<outline text="再来一次" type="rss" xmlUrl="https://wjw.example/rss.xml"/>
<outline text="本机文件" type="rss" xmlUrl="file:///etc/passwd"/>
<outline text="一个网页" type="link"/>
<outline text="A &amp; B" xmlUrl="https://ab.example/rss?a=1&amp;b=2"/>
</body></opml>"""


def test_feeds_are_read_with_their_folders_each_address_once_and_what_is_left_out_is_said():
    found, notes = read_opml(FILE.encode(), "a.opml")
    assert found == [
        Subscription("委内新闻", "https://wjw.example/rss.xml", "健康"),
        Subscription("健康报", "https://jkb.example/feed", "健康/媒体"),
        Subscription("A & B", "https://ab.example/rss?a=1&b=2"),
    ]
    assert notes == [
        "略过“再来一次”：文件中重复",
        "略过“本机文件”：不是网页地址",
        "略过“一个网页”：没有订阅地址",
    ]


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE o [<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!doctype opml SYSTEM "http://evil.example/o.dtd">',
    ],
    ids=["entities that multiply", "an entity that names a file", "a document type elsewhere"],
)
def test_a_file_with_entities_or_a_document_type_is_refused(declared):
    with pytest.raises(UsageError, match=r"^a\.opml：含有 DOCTYPE 或实体声明，出于安全不予读取"):
        read_opml(FILE.replace("<opml", f"{declared}<opml").encode(), "a.opml")
    with pytest.raises(UsageError, match="实体声明"):
        read_opml(FILE.replace("<opml", f"{declared}<opml").encode("utf-16"), "a.opml")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "不是完好的 XML"),
        (b"<opml><body>", "a.opml:1：不是完好的 XML"),
        (b"<rss><channel/></rss>", "不是 OPML 文件"),
        (b"<opml/>", "不是 OPML 文件"),
        (b"<opml>" + b" " * 5_000_000 + b"</opml>", "超过 4 MiB"),
    ],
    ids=["empty", "cut", "a feed", "without a body", "huge"],
)
def test_what_is_no_opml_is_said_to_be_none(data, why):
    with pytest.raises(UsageError, match=why):
        read_opml(data, "a.opml")


def test_outlines_without_end_do_not_exhaust_the_stack():
    deep = "<outline text='深'>" * 200 + "</outline>" * 200
    assert read_opml(f"<opml><body>{deep}</body></opml>".encode(), "a.opml")[0] == []


def test_what_goes_out_comes_in_again():
    feeds = [
        FeedSource(id="a", name="委内新闻", kind="feed", url="https://wjw.example/rss.xml"),
        FeedSource(id="b", name="A & “B” <c>", kind="feed", url="https://ab.example/rss?a=1&b=2"),
    ]
    data, notes = write_opml([*feeds, ManualSource(id="m", name="手工", kind="manual")], "信源")
    assert notes == ["未导出“手工”（manual）：OPML 只能容纳订阅源"]
    assert read_opml(data, "a.opml") == ([Subscription(one.name, one.url) for one in feeds], [])
