"""Whatever a page, a feed or an editor brings can be kept, is the same afterwards on every database, and is found."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter

from drafts import JUNE, NOON, SERIES, article, candidate, draft
from pipeline.model import Block, Decision, Fate, Kind, Last, Lead, Outcome, Page, Rejection, Visit
from pipeline.steps.window import named
from pipeline.store import Accounted, Accounts, Asked, Blobs, Issues, Leads, Runs
from pipeline.store.values import kept, written

NASTY = {
    "NUL": "前\x00后",
    "a lone surrogate": "前\ud83d后",
    "two surrogates that are no pair": "前\udc80\ud800后",
    "every control character": "前" + "".join(map(chr, range(32))) + "\x7f\x80\x9f后",
    "no characters": "前\ufffe\uffff\ufdd0\U0010ffff后",
    "bidi and zero width": "前\u202e\u200b\u2066\ufeff后",
    "SQL": "前'); DROP TABLE issues; --后",
    "quotes, percent, colon, backslash": "前\"'`%s%(a)s:a\\x00\\u0000{}后",
    "beyond the basic plane": "前𠮷👩‍👩‍👧‍👦后",
    "JSON": '前{"a": "\\ud800"}后',
}
everything = pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)


@pytest.fixture
def leads(database, tmp_path):
    return Leads(database, Blobs(tmp_path / "blobs"))


def _as_kept(text: str) -> str:
    return "".join(one for one in text if one != "\x00" and not "\ud800" <= one <= "\udfff")


@everything
def test_the_rule_is_that_nul_and_lone_surrogates_are_left_out_and_nothing_else(text):
    assert kept(text) == _as_kept(text)
    adapter = TypeAdapter(dict[str, list[str]])
    assert adapter.validate_json(written(adapter, {"标题": [text]})) == {"标题": [_as_kept(text)]}


@everything
def test_a_lead_and_its_page_and_its_article_are_kept(leads, text):
    lead = Lead("bjd", f"https://a.cn/{text}", text, text, text, text)
    (stored,) = leads.add([lead], NOON)
    (again,) = leads.add([lead], NOON)
    assert again.id == stored.id
    assert stored.lead == Lead("bjd", f"https://a.cn/{_as_kept(text)}", *[_as_kept(text)] * 4)
    number = leads.add_page(stored.id, lead.url, Page(lead.url, b"x", NOON, text, text, (text,)))
    assert leads.pages_of([lead.url]) == {lead.url: number}
    assert leads.page(number).warnings == (_as_kept(text),)
    one = article("天坛", title=text, blocks=(Block(Kind.PARAGRAPH, text),), origin=text)
    leads.settle([(stored.id, one)], NOON)
    (settled,) = leads.get([stored.id])
    (found,) = leads.articles([settled.article]).values()
    assert found.id == settled.article, "an article is known by what is kept of it"
    assert found == dataclasses.replace(
        one, title=_as_kept(text), blocks=(Block(Kind.PARAGRAPH, _as_kept(text)),), origin=_as_kept(text)
    )
    assert [one.id for one in leads.at(lead.url)] == [stored.id]
    leads.settle([(stored.id, Rejection(Fate.UNREADABLE, text))], NOON)
    leads.missed(stored.id, text, NOON)
    leads.remember("bjd", Asked(text, text, text, 1, text), Visit("bjd", NOON, Outcome.FAILED, text))
    assert leads.asked("bjd").trouble == _as_kept(text)


@everything
def test_a_run_and_a_draft_and_a_decision_are_kept(database, leads, text):
    (lead,) = leads.add([Lead("bjd", "https://a.cn/1")], NOON)
    runs, issues = Runs(database), Issues(database)
    run = runs.begin(SERIES.id, JUNE, "inline", NOON)
    runs.hear(run.id, [text])
    runs.finish(run.id, "done", {text: 1.5}, NOON)
    accounts = Accounts(run.id, [Accounted(lead.id, Fate.UNREADABLE, text)])
    made = dataclasses.replace(draft(candidate("a"), chosen=("a",)), silent=(text,))
    decision = Decision("edit", text, NOON, text, {"title": text}, text)
    desked = issues.begin(made, decision, Last(534, named(SERIES, month="2024-05")), accounts)
    assert desked.draft.silent == (_as_kept(text),)
    (revision,) = issues.revisions(desked.id)
    assert revision.decision.reason == _as_kept(text)
    assert runs.fates(run.id)[0].because == _as_kept(text)
    assert runs.last(SERIES.id, JUNE).silent == (_as_kept(text),)
    issues.skip(SERIES.id, named(SERIES, month="2024-07"), decision)
    assert list(issues.skipped(SERIES.id).values()) == [f"{_as_kept(text)}（{_as_kept(text)}）"]


def test_an_address_as_long_as_the_fetcher_takes_is_kept_and_found(leads):
    """Not repetitive: PostgreSQL would compress it into the 2,704 bytes that an ordered index takes."""
    url = "https://a.cn/" + "".join(f"{n * 7919 % 99991:05d}字"[:6] for n in range(1200))
    first, second = leads.add([Lead("bjd", url), Lead("bjd", url + "2")], NOON)
    assert first.id != second.id
    (again,) = leads.add([Lead("bjd", url)], NOON)
    assert again.id == first.id
    number = leads.add_page(first.id, url, Page(url, b"x", NOON))
    leads.settle([(first.id, article("天坛", url=url))], NOON)
    assert leads.pages_of([url]) == {url: number}
    assert [one.id for one in leads.at(url)] == [first.id]


def test_days_and_times_are_in_order_by_code_point(database, leads):
    days = ["2024-06-01", "2024-06-09", "2024-06-10", "2024-05-31"]
    kept_leads = leads.add([Lead("a", f"https://a.cn/{day}") for day in days], NOON + dt.timedelta(days=400))
    for lead, day in zip(kept_leads, days, strict=True):
        leads.settle([(lead.id, article(day, day))], NOON)
    with database.read() as connection:
        query = sa.text("SELECT date FROM articles WHERE date >= '2024-06-01' AND date < '2024-06-10' ORDER BY date")
        assert list(connection.execute(query).scalars()) == days[:2]


def test_text_is_in_order_by_code_point_whatever_the_servers_language_is(database):
    names = ["b", "B", "a-b", "ab", "a b", "Z", "é", "中", "阿", "_", "2024-06-01T00:00:00+00:00", "2024-06-01"]
    with database.write() as connection:
        for name in names:
            connection.execute(sa.text("INSERT INTO skips VALUES (:name, '', '', '', '')"), {"name": name})
        assert list(connection.execute(sa.text("SELECT series FROM skips ORDER BY series")).scalars()) == sorted(names)
