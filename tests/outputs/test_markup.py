"""Nothing of an article becomes markup in a page, an e-mail, a feed or the site, wherever it stands."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email
import email.policy
import functools
import itertools
import json
import re
import time
from collections.abc import Iterator
from email.header import decode_header, make_header
from urllib.parse import unquote, urljoin, urlsplit

import feedparser
import pytest
from lxml import etree, html

from markup_dangers import dangers
from payloads import CONTAINED, TEXTS, UNCONTAINED
from pipeline.config import packaged
from pipeline.grams import terms
from pipeline.model import BEIJING, Block, Elsewhere, Issue, Item, Kind, Release, Tally, Window
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.page import Surroundings, render_page
from pipeline.outputs.pieces import Listing, Picture, Table, Text, pieces
from pipeline.outputs.site import site
from pipeline.outputs.text import clean
from sample_issues import HOSTILE, every_kind, issue_535

CONTEXT = Context(templates=packaged("templates"), document=b"PK")
ATTACKS = [*TEXTS, *HOSTILE, *UNCONTAINED, *CONTAINED]
WHEN = dt.datetime(2024, 7, 1, 9, 30, 12, 345, tzinfo=BEIJING)


def attacked(texts: list[str]) -> Issue:
    """An issue in which each text stands wherever text of others can stand."""
    items = tuple(
        Item(
            handle=f"x{number}",
            title=text,
            outlet=text,
            url=text if number % 2 else f"https://www.example.cn/?q={text}",
            date=dt.date(2024, 6, 4),
            blocks=(
                *(Block(kind, text, level=1) for kind in (Kind.PARAGRAPH, Kind.HEADING, Kind.QUOTE)),
                Block(Kind.ITEM, text, mark=text),
                Block(Kind.ITEM, text, mark="3.", level=1),
                Block(Kind.CAPTION, text),
                Block(Kind.TABLE, rows=((text, "乙"), ("丙", text)), header=1),
            ),
        )
        for number, text in enumerate(texts)
    )
    issue = dataclasses.replace(issue_535(), items=items)
    return dataclasses.replace(issue, title=texts[0], issuer=texts[0], lead=texts[0], footer=tuple(texts))


def parts(message: bytes) -> tuple[str, bytes]:
    read = email.message_from_bytes(message, policy=email.policy.default)
    plain, shown = (read.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert shown is not None
    return plain.get_content(), shown.get_content().encode()


@functools.cache
def page() -> bytes:
    return FORMATS["html"].render(attacked(ATTACKS), CONTEXT)


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<p onclick='x'>字</p>",
        "<a href='javascript:alert(1)'>点</a>",
        "<img src='https://user@evil.example/x.png'/>",
        "<p style='background:url(x)'>字</p>",
        "<svg/>",
        "<!-- 注 -->",
    ],
)
def test_a_danger_is_found(markup: str) -> None:
    assert dangers(f"<html><body><p>正文</p>{markup}</body></html>".encode())


def test_no_text_becomes_markup_in_a_page_and_each_is_printed_as_it_stands() -> None:
    assert dangers(page()) == []
    root = html.fromstring(page(), parser=html.HTMLParser(encoding="utf-8"))
    for text, article in zip(ATTACKS, root.iter("article"), strict=True):
        assert [one.text_content() for one in article.iter("blockquote")] == [clean(text)] * bool(clean(text))
        assert article.xpath(".//h4")[0].text_content() == clean(text)
    assert "{{7*7}}" in root.text_content()


def test_a_page_loads_nothing_and_lets_no_script_run() -> None:
    root = html.fromstring(page(), parser=html.HTMLParser(encoding="utf-8"))
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not root.xpath("//script | //link | //iframe | //@src")
    assert not re.search(r"@import|url\(", root.xpath("//style")[0].text)


def test_no_text_becomes_markup_in_an_e_mail() -> None:
    for start in range(0, len(ATTACKS), 15):  # as many as leave it whole
        texts = ATTACKS[start : start + 15]
        plain, shown = parts(FORMATS["eml"].render(attacked(texts), CONTEXT))
        assert dangers(shown.replace(b"\r\n", b"\n")) == []
        assert b"<style" not in shown
        for text in texts:
            assert clean(text) in plain.replace("\u2028", " ")


@pytest.mark.parametrize("text", [*HOSTILE, *TEXTS, "甲\r\nBcc: a@evil.example", "长" * 400, "<b>x</b> 中" * 30])
def test_no_title_adds_a_header_to_an_e_mail_or_is_changed_in_its_subject(text: str) -> None:
    issue = dataclasses.replace(issue_535(), title=text, issuer=text, items=())
    data = FORMATS["eml"].render(issue, CONTEXT)
    message = email.message_from_bytes(data)
    assert sorted(message.keys()) == sorted(
        ["Content-Type", "MIME-Version", "Subject", "From", "Date", "Message-ID", "Content-Language", "X-Unsent"]
    )
    unfolded = message["Subject"].replace("\r", "").replace("\n", "")
    assert str(make_header(decode_header(unfolded))) == f"{clean(text)}（第五三五期）"
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_an_e_mail_carries_the_document_and_names_sender_and_date_by_the_issue() -> None:
    message = email.message_from_bytes(FORMATS["eml"].render(issue_535(), CONTEXT), policy=email.policy.default)
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == (f"{issue_535().filename}.docx", b"PK")
    assert message["Date"].datetime == dt.datetime(2024, 6, 30, tzinfo=BEIJING)
    assert message["Message-ID"] == "<beijing-monthly.535@bulletin.invalid>"
    assert message["X-Unsent"] == "1"


def test_an_e_mail_that_would_be_cut_off_has_the_contents_only_and_says_so() -> None:
    item = issue_535().items[0]
    long = dataclasses.replace(item, blocks=(Block(Kind.PARAGRAPH, "医" * 34_000),))
    plain, shown = parts(FORMATS["eml"].render(dataclasses.replace(issue_535(), items=(long,)), CONTEXT))
    for text in (plain, shown.decode()):
        assert "本期较长，全文见附件" in text
        assert item.title in text
        assert item.url in text
        assert "二、具体内容" not in text
    assert len(shown) < 102_000


def test_a_document_too_large_for_a_mailbox_is_left_out_and_no_attachment_is_spoken_of() -> None:
    large = dataclasses.replace(CONTEXT, document=b"x" * (19 * 2**20))
    data = FORMATS["eml"].render(issue_535(), large)
    assert len(data) < 2**20
    assert "附件" not in parts(data)[0]


# --------------------------------------------------------------------------------------------- body


def test_lists_lie_in_lists_and_keep_the_numbers_they_came_with() -> None:
    def item(text: str, level: int = 0, mark: str = "") -> Block:
        return Block(Kind.ITEM, text, level=level, mark=mark)

    found = pieces(
        [item("甲", mark="3."), item("子", 1), item("孙", 2, "（1）"), item("乙", mark="7."), item("丙"), item("①丁")],
        lambda _: b"",
    )
    counted, bullets, marked = (one for one in found if isinstance(one, Listing))
    assert [(one.text, one.number) for one in counted.entries] == [("3. 甲", 3), ("7. 乙", 7)]
    (child,) = counted.entries[0].inside
    assert child.entries[0].text == "子"
    assert child.entries[0].inside[0].entries[0].text == "（1）孙"
    assert [(one.marked, one.entries[0].text) for one in (bullets, marked)] == [(False, "丙"), (True, "①丁")]


def test_a_caption_belongs_to_the_picture_above_it_else_to_the_table_below() -> None:
    table = Block(Kind.TABLE, rows=(("甲", "乙", "丙"), ("1", "2", "3")))
    blocks = [Block(Kind.FIGURE, "图"), Block(Kind.CAPTION, "图说"), table, Block(Kind.CAPTION, "表1"), table]
    first, second, third = pieces(blocks, lambda _: b"")
    assert isinstance(first, Text)
    assert isinstance(second, Table)
    assert isinstance(third, Table)
    assert (first.text, second.caption, third.caption) == ("图说", "", "表1")
    assert not any(isinstance(one, Picture) for one in (first, second, third))


def test_headings_of_a_page_come_in_order_and_tables_say_what_heads_what() -> None:
    data = FORMATS["html"].render(every_kind(), CONTEXT)
    root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    assert root.get("lang") == "zh-Hans"
    levels = [int(one.tag[1]) for one in root.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert {one.get("scope") for one in root.iter("th")} == {"col"}
    assert len(root.xpath("//main")) == 1
    for link in root.xpath("//nav//a"):
        assert root.xpath("//article[@id=$id]", id=link.get("href").removeprefix("#"))


def test_a_name_or_a_date_in_a_cell_is_not_torn_apart_and_a_remark_may_be() -> None:
    rows = (("区", "日期", "人次", "备注"), ("门头沟区", "2025-02-02", "1,222", "接口已经联调，数据正在治理"))
    item = dataclasses.replace(issue_535().items[0], blocks=(Block(Kind.TABLE, rows=rows, header=1),))
    data = FORMATS["html"].render(dataclasses.replace(issue_535(), items=(item,)), CONTEXT)
    root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    assert [one.get("class") for one in root.iter("td")] == ["short", "short", "number", None]


# --------------------------------------------------------------------------------------------- site


def released(issue: Issue, *, when: dt.datetime = WHEN, imported: bool = False) -> Release:
    files = {} if imported else {f"{issue.filename}.docx": "docx", f"{issue.filename}-图片/a.jpg": "jpg"}
    origin = Elsewhere("534.txt", "0" * 64, issue.lead) if imported else None
    return Release(issue, 1, "王编辑", when, {}, files, Tally({}), origin)


def archived() -> list[Release]:
    old = dataclasses.replace(issue_535(), number=534, window=Window(dt.date(2023, 12, 1), dt.date(2023, 12, 31)))
    hostile = dataclasses.replace(attacked(ATTACKS[:40]), series="national-weekly", number=636)
    return [released(old, imported=True), released(issue_535()), released(hostile)]


def page_of(release: Release, around: Surroundings) -> str:
    return render_page(release.issue, CONTEXT, around)


@functools.cache
def built() -> dict[str, bytes]:
    return dict(site(archived(), CONTEXT, page_of, str.encode, "https://bulletin.example.cn/a/"))


def test_no_text_becomes_markup_on_the_site_and_its_scripts_hold_data_only() -> None:
    for name, data in built().items():
        if name.endswith(".html"):
            assert dangers(data, scripts=("search/search.js",)) == [], name
        if name.endswith(".js") and name != "search/search.js":
            found = re.fullmatch(r"bulletinSearch\.(?:items|shelf)\((.*)\);\n", data.decode())
            assert found, name
            assert len(json.loads(f"[{found[1]}]")) == 2


def test_every_link_of_the_site_leads_to_a_file_of_it() -> None:
    for name, data in built().items():
        if not name.endswith(".html"):
            continue
        root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
        for address in root.xpath("//@href | //@src"):
            if "://" not in address:
                path = urlsplit(urljoin(f"https://x/{name}", address)).path.removeprefix("/")
                assert unquote(path) in built(), (name, address)


def test_the_site_leads_by_series_and_year_to_every_issue_and_its_files() -> None:
    names = set(built())
    assert {"index.html", "issues/beijing-monthly/2023/index.html", "issues/beijing-monthly/2023/534.html"} <= names
    assert f"issues/beijing-monthly/2024/{issue_535().filename}.docx" in names
    assert "导入的往期" in built()["issues/beijing-monthly/2023/index.html"].decode()
    page = built()["issues/beijing-monthly/2024/535.html"].decode()
    assert '<a rel="prev" href="../2023/534.html">上一期：第五三四期</a>' in page
    assert list(built())[-1] == "index.html", "what leads to the others is written last"


@pytest.mark.parametrize("series", ["../../etc", "北京 月报", 'a"><b', "x" * 300, "."])
def test_no_name_of_a_series_leads_out_of_the_site_or_into_a_header(series: str) -> None:
    issue = dataclasses.replace(issue_535(), series=series)
    for name, data in site([released(issue)], CONTEXT, page_of, str.encode):
        assert re.fullmatch(r"[\w./-]+", name), name
        assert ".." not in name
        if name.endswith(".html"):
            assert dangers(data, scripts=("search/search.js",)) == []
    message = email.message_from_bytes(FORMATS["eml"].render(issue, CONTEXT))
    assert re.fullmatch(r"<x[0-9a-f]{12}\.535@bulletin\.invalid>", message["Message-ID"])


def test_the_same_archive_gives_the_same_site() -> None:
    assert (
        dict(site(list(reversed(archived())), CONTEXT, page_of, str.encode, "https://bulletin.example.cn/a/"))
        == built()
    )


def test_the_feeds_tell_of_the_issues_newest_first_with_names_that_last() -> None:
    told = json.loads(built()["issues/beijing-monthly/feed.json"])
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["feed_url"] == "https://bulletin.example.cn/a/issues/beijing-monthly/feed.json"
    assert [(one["id"], one["url"], one["date_modified"]) for one in told["items"]] == [
        (
            f"tag:bulletin.example.cn,{day}:beijing-monthly/{number}",
            f"https://bulletin.example.cn/a/issues/beijing-monthly/{year}/{number}.html",
            "2024-07-01T09:30:12+08:00",
        )
        for year, day, number in ((2024, "2024-06-30", 535), (2023, "2023-12-31", 534))
    ]
    space = {"a": "http://www.w3.org/2005/Atom"}
    root = etree.fromstring(built()["issues/beijing-monthly/feed.xml"])
    assert root.xpath("a:entry/a:id/text()", namespaces=space) == [one["id"] for one in told["items"]]
    assert root.xpath("a:entry/a:content/text()", namespaces=space) == [one["content_html"] for one in told["items"]]
    assert root.xpath("a:updated/text()", namespaces=space) == ["2024-07-01T09:30:12+08:00"]
    every = json.loads(built()["feed.json"])
    assert {one["id"].rpartition(":")[2] for one in every["items"]} == {
        "national-weekly/636", "beijing-monthly/535", "beijing-monthly/534",
    }  # fmt: skip


def test_a_feed_can_be_read_by_a_feed_reader_and_its_content_has_no_danger() -> None:
    for name in ("feed.xml", "issues/national-weekly/feed.xml"):
        read = feedparser.parse(built()[name])
        assert not read.bozo
        assert read.entries[0].title.endswith("期）")
    for one in json.loads(built()["feed.json"])["items"]:
        assert dangers(f"<html><body>{one['content_html']}</body></html>".encode()) == []


def test_without_an_address_the_feeds_lead_to_their_neighbours() -> None:
    files = dict(site(archived()[:1], CONTEXT, page_of, str.encode))
    (item,) = json.loads(files["issues/beijing-monthly/feed.json"])["items"]
    assert item["url"] == "../../issues/beijing-monthly/2023/534.html"
    assert item["id"].startswith("tag:bulletin.invalid,2023-12-31:")


def test_an_archive_without_an_issue_is_a_site_too() -> None:
    files = dict(site([], CONTEXT, page_of, str.encode))
    assert "还没有期刊" in files["index.html"].decode()
    assert dangers(files["index.html"], scripts=("search/search.js",)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("医保", ["医保"]),
        ("互联网医院", ["互联", "联网", "网医", "医院"]),
        ("AI影像，ＤＲＧ付费", ["ai", "影像", "drg", "付费"]),
        ("5G＋医", ["5g"]),
        ("𠮷野家", ["𠮷野", "野家"]),
        ("<script> __proto__", ["script", "proto"]),
    ],
)
def test_a_text_is_found_by_its_pairs_of_characters_and_its_latin_words(text: str, found: list[str]) -> None:
    assert list(terms(text)) == found


def shelves() -> Iterator[tuple[str, list[int]]]:
    """Each term of the search with the numbers of its items, as the script of the page reads them."""
    for name, data in built().items():
        if (found := re.fullmatch(r"bulletinSearch\.shelf\((.*)\);\n", data.decode(errors="replace"))) is None:
            continue
        number, held = json.loads(f"[{found[1]}]")
        assert name == f"search/{number}.js"
        for term, steps in held.items():
            places, at = [], 0
            for step in steps.split():
                at += int(step, 36)
                places.append(at)
            assert ord(term[0]) % 64 == number
            yield term, places


def test_the_index_holds_every_term_of_every_item() -> None:
    items = json.loads("[" + built()["search/items.js"].decode()[len("bulletinSearch.items(") : -3] + "]")[1]
    index = dict(shelves())
    for place, (title, outlet, day, label, href) in enumerate(items):
        assert all(place in index[term] for term in terms(title))
        assert href.partition("#")[0] in built()
        assert day == "" or dt.date.fromisoformat(day)
        assert outlet is not None
        assert "期" in label


def test_a_site_is_built_at_a_rate_that_lets_six_hundred_issues_wait_for_nobody(remark) -> None:
    one = issue_535()
    many = [
        released(dataclasses.replace(one, number=100 + n, window=Window(end - dt.timedelta(6), end)))
        for n in range(30)
        for end in [dt.date(2024, 6, 28) - dt.timedelta(7 * n)]
    ]
    started = time.process_time()
    count = sum(1 for _ in site(many, CONTEXT, page_of, str.encode))
    spent = time.process_time() - started
    remark(f"site: 30 issues of three articles, {count} files, {spent:.2f} s of CPU time")
    assert spent < 6.0, "600 issues in two minutes even on a machine four times as slow"
