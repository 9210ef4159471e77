"""Leads, pages and articles: each kept once, each told apart, each whole."""

import datetime as dt
import itertools
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from drafts import JUNE, NOON, article
from pipeline.errors import StoreError
from pipeline.model import DateClaim, Fate, Lead, Outcome, Page, Rejection, Visit, Window, Witness, digest
from pipeline.store import Accounted, Accounts, Asked, Blobs, Leads, Runs


@pytest.fixture
def leads(database, tmp_path):
    return Leads(database, Blobs(tmp_path / "blobs"))


LEAD = Lead("bjd", "https://news.bjd.com.cn/1.shtml", "标题", "2024-06-08 10:00")
PAGE = Page("https://news.bjd.com.cn/1.shtml", "正文".encode("gb18030"), NOON, "text/html", "gb2312", ("截断",))


def test_a_lead_seen_again_is_the_same_lead(leads):
    (first,) = leads.add([LEAD], NOON)
    (again,) = leads.add([LEAD], NOON + dt.timedelta(days=1))
    assert again.id == first.id
    assert again.first_seen == NOON


def test_leads_are_kept_in_the_order_of_their_source_each_once_as_it_was_said_last(leads):
    given = [replace(LEAD, url=f"https://news.bjd.com.cn/{name}.shtml", title=name) for name in ("丙", "甲", "乙")]
    other, again = replace(given[1], source="ynet"), replace(given[0], title="改")
    kept = leads.add([*given, other, again], NOON)
    assert [one.lead for one in kept] == [again, *given[1:], other, again]
    assert [one.id for one in kept[:4]] == sorted({one.id for one in kept})
    assert [one.lead.title for one in leads.due("bjd", NOON)] == ["改", "甲", "乙"]


def test_a_page_comes_back_byte_for_byte(leads):
    (lead,) = leads.add([LEAD], NOON)
    number = leads.add_page(lead.id, LEAD.url, PAGE)
    assert leads.page(number) == PAGE
    assert leads.pages_of([LEAD.url]) == {LEAD.url: number}


def test_pages_that_are_kept_together_go_to_their_leads(leads):
    found = leads.add([LEAD, replace(LEAD, url="https://news.bjd.com.cn/2.shtml")], NOON)
    pages = [PAGE, replace(PAGE, body=b"other")]
    numbers = leads.add_pages([(one.id, one.lead.url, page) for one, page in zip(found, pages, strict=True)])
    assert [leads.page(number) for number in numbers] == pages
    assert [one.page for one in leads.get([one.id for one in found])] == numbers


def test_a_lead_waits_until_it_has_a_page_and_is_unread_until_it_is_settled(leads):
    (lead,) = leads.add([LEAD], NOON)
    assert [one.id for one in leads.due("bjd", NOON)] == [lead.id]
    assert leads.unread() == []
    leads.add_page(lead.id, LEAD.url, PAGE)
    assert leads.due("bjd", NOON) == []
    assert leads.unread() == [lead.id]
    leads.settle([(lead.id, Rejection(Fate.UNREADABLE, "乱码"))], NOON)
    assert leads.unread() == []


def test_an_unreachable_lead_is_tried_again(leads):
    (lead,) = leads.add([LEAD], NOON)
    leads.missed(lead.id, "超时", NOON)
    (due,) = leads.due("bjd", NOON)
    assert due.rejection == Rejection(Fate.UNREACHABLE, "超时")


def test_what_keeps_failing_is_asked_for_ever_more_rarely_and_given_up_after_two_weeks(leads):
    (lead,) = leads.add([LEAD], NOON)
    now, asked = NOON, []
    while now < NOON + dt.timedelta(days=20):
        if leads.due("bjd", now):
            asked.append(now)
            leads.missed(lead.id, "超时", now)
        now += dt.timedelta(hours=1)
    pauses = [(b - a).total_seconds() / 3600 for a, b in itertools.pairwise(asked)]
    assert pauses[:6] == [1, 1, 2, 4, 8, 16]
    assert set(pauses[6:]) == {24}
    assert asked[-1] <= NOON + dt.timedelta(days=14)


def test_a_page_that_was_a_wall_is_fetched_again_and_its_first_copy_stays(leads):
    (lead,) = leads.add([LEAD], NOON)
    wall = leads.add_page(lead.id, LEAD.url, PAGE)
    leads.settle([(lead.id, Rejection(Fate.NOT_AN_ARTICLE, "验证码页面"))], NOON)
    (due,) = leads.due("bjd", NOON)
    leads.missed(due.id, "超时", NOON)
    assert leads.get([lead.id])[0].rejection == Rejection(Fate.NOT_AN_ARTICLE, "验证码页面")
    second = leads.add_page(lead.id, LEAD.url, PAGE)
    assert leads.unread() == [lead.id]
    assert leads.page(wall) == leads.page(second)


def test_an_article_comes_back_equal_and_whole(leads, database):
    (lead,) = leads.add([LEAD], NOON)
    one = article("天坛", author="曹政", notes=("注意",))
    leads.settle([(lead.id, one)], NOON)
    assert leads.articles([one.id]) == {one.id: one}
    with database.write() as connection:
        connection.execute(sa.text("UPDATE articles SET content = replace(content, '天坛', '地坛')"))
    with pytest.raises(StoreError, match="is damaged"):
        leads.articles([one.id])


def test_an_article_that_an_earlier_release_kept_loads_without_what_it_did_not_know(leads, database):
    (lead,) = leads.add([LEAD], NOON)
    one = article("天坛", author="曹政")
    leads.settle([(lead.id, one)], NOON)
    with database.write() as connection:
        (content,) = connection.execute(sa.text("SELECT content FROM articles")).one()
        then = {
            key: value
            for key, value in json.loads(content).items()
            if key not in ("dates", "links", "quality", "lacks")
        }
        values = {
            "content": json.dumps(then, ensure_ascii=False),
            "sha256": digest(json.dumps(then, ensure_ascii=False)),
        }
        connection.execute(sa.text("UPDATE articles SET content = :content, sha256 = :sha256"), values)
    (loaded,) = leads.articles([one.id]).values()
    assert loaded == one
    assert (loaded.dates, loaded.quality, loaded.lacks) == ((), 1.0, ())


def test_the_dates_of_an_article_and_its_quality_are_kept_with_it(leads):
    (lead,) = leads.add([LEAD], NOON)
    said = DateClaim(Witness.PAGE, "署名行", "今天 10:20", NOON.date(), dt.time(10, 20), chosen=True, because="采用")
    one = article("天坛", dates=(said,), quality=0.8, lacks=("没有来源",))
    leads.settle([(lead.id, one)], NOON)
    assert leads.articles([one.id]) == {one.id: one}


def test_a_window_accounts_for_what_it_saw_and_for_what_is_dated_near_it(leads, database):
    june = dt.datetime(2024, 6, 10, tzinfo=dt.UTC)
    later = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    seen, dated, neither = leads.add(
        [Lead("a", "https://a.cn/1"), Lead("a", "https://a.cn/2"), Lead("a", "https://a.cn/3")], later
    )
    leads.settle([(dated.id, article("六月", "2024-06-12")), (neither.id, article("旧", "2023-01-01"))], later)
    early = leads.add([Lead("b", "https://b.cn/1")], june)[0]

    def accounted(window):
        return [one.id for one in leads.of_window("monthly", window, 14)]

    everything = [seen.id, dated.id, neither.id, early.id]
    assert accounted(JUNE) == everything, "what no run has accounted for is never lost"
    runs = Runs(database)
    run = runs.begin("monthly", JUNE, "inline", later)
    runs.account(Accounts(run.id, [Accounted(one, Fate.OUT_OF_SCOPE, "") for one in everything[:3]]))
    august = Window(dt.date(2024, 8, 1), dt.date(2024, 8, 31))
    assert accounted(august) == [early.id], "what June accounted for is no longer August's"
    assert accounted(JUNE) == everything, "what a run accounted for stays its own"


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2024-05-31T15:59:59+00:00", False),
        ("2024-05-31T16:00:00+00:00", True),
        ("2024-06-30T15:59:59+00:00", True),
        ("2024-06-30T16:00:00+00:00", False),
    ],
)
def test_a_window_opens_and_closes_at_midnight_in_beijing(leads, database, moment, inside):
    (lead,) = leads.add([LEAD], dt.datetime.fromisoformat(moment))
    runs = Runs(database)
    elsewhere = runs.begin("monthly", Window(dt.date(2024, 9, 1), dt.date(2024, 9, 30)), "inline", NOON)
    runs.account(Accounts(elsewhere.id, [Accounted(lead.id, Fate.UNREACHABLE, "")]))
    assert bool(leads.of_window("monthly", JUNE, 14)) is inside


def test_what_a_visit_taught_is_remembered(leads):
    assert leads.asked("bjd") == Asked()
    for asked in (Asked("e1", "m1", "of"), Asked("e1", "m1", "of", 2, "超时")):
        leads.remember("bjd", asked, Visit("bjd", NOON, Outcome.OK))
        assert leads.asked("bjd") == replace(asked, when=NOON.astimezone(dt.UTC).isoformat())


def test_a_damaged_blob_is_noticed(leads, tmp_path):
    (lead,) = leads.add([LEAD], NOON)
    number = leads.add_page(lead.id, LEAD.url, PAGE)
    (blob,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    with pytest.raises(StoreError, match="is damaged"):
        leads.page(number)


def test_the_same_bytes_are_kept_once(tmp_path):
    blobs = Blobs(tmp_path)
    assert blobs.put(b"abc") == blobs.put(b"abc")
    assert blobs.size(blobs.put(b"abc")) == 3
    assert not list(tmp_path.rglob("*.part"))


def test_many_ids_at_once_are_no_problem(leads):
    stored = leads.add([Lead("a", f"https://a.cn/{i}") for i in range(1200)], NOON)
    assert [one.id for one in leads.get([one.id for one in stored])] == [one.id for one in stored]
