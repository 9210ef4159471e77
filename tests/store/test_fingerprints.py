"""The index: a document is found again however many were added, and no pair is lost on the way."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

import drafts
from drafts import LEAD, NOON, SERIES, candidate
from pipeline.model import Decision, Document, Edge, Elsewhere, Last, Relation, Release, Tally, Window
from pipeline.steps.assemble import assemble
from pipeline.steps.dedupe import fingerprint, fingerprints, telling
from pipeline.steps.window import named
from pipeline.store import Carried, Database, Fingerprints, Issues

DAY = dt.date(2024, 6, 12)
TEXT = (
    "友谊医院的互联网药房昨日开门，复诊患者不出家门就能拿到降压药。\n"
    "药师在后台逐张审核电子处方，骑手两小时内把药送到胡同口。\n"
    "院方说，慢性病患者占了首日订单的七成，下一步要把胰岛素也纳入配送。"
)
ORIGINAL = Document("a", "友谊医院互联网药房开门", TEXT, DAY, "https://news.example/1.html")
REPRINT = Document(
    "b", "降压药送到胡同口", "本报讯 " + TEXT, DAY + dt.timedelta(days=90), "https://other.example/9.html"
)
RETOLD = Document(
    "c",
    "友谊医院开互联网药房 降压药两小时送到家",
    "高血压患者复诊取药不必再跑医院。友谊医院的互联网药房昨日上线，处方由药师在线审核，药品由骑手配送。",
    DAY,
    "https://third.example/2.html",
)
FAR_OFF = Document("d", "地铁十七号线试运行", "列车空载跑图已满三个月，各站闸机完成联调。", DAY, "https://x.example/3")
EDGE = Edge("a", "b", Relation.REPRINT, 0.97, "正文重合97%")
LAST = Last(534, named(SERIES, month="2024-05"))


@pytest.fixture
def index(database):
    return Fingerprints(database, telling)


def _add(index: Fingerprints, *documents: Document, edges: tuple[Edge, ...] = ()) -> None:
    assert index.add(fingerprints(documents), edges, index.near([], 14).moment)


def _near(index: Fingerprints, document: Document, days: int = 14) -> list[str]:
    return [one.id for one in index.near([fingerprint(document)], days).prints]


def _rows(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {
            name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in ("fingerprints", "keys", "words", "edges", "remembered")
        }


def test_what_was_added_is_found_after_the_database_was_opened_again(where):
    first = Database(where)
    _add(Fingerprints(first, telling), ORIGINAL, FAR_OFF)
    first.close()
    second = Database(where)
    index = Fingerprints(second, telling)
    assert _near(index, REPRINT) == ["a"], "a reprint, however much later"
    assert _near(index, RETOLD) == ["a"], "another telling, by its words"
    assert index.of(["a"]) == [fingerprint(ORIGINAL)]
    second.close()


def test_another_telling_is_looked_for_only_in_the_days_around(index):
    _add(index, ORIGINAL)
    assert _near(index, dataclasses.replace(RETOLD, date=DAY + dt.timedelta(days=14))) == ["a"]
    assert _near(index, dataclasses.replace(RETOLD, date=DAY + dt.timedelta(days=15))) == []


def test_one_without_a_day_is_found_and_finds(index):
    _add(index, dataclasses.replace(ORIGINAL, date=None))
    assert _near(index, RETOLD) == ["a"]
    _add(index, RETOLD)
    assert _near(index, dataclasses.replace(ORIGINAL, id="e", date=None, text=RETOLD.text)) == ["a", "c"]


def test_the_same_page_is_found_by_a_further_address(index):
    moved = dataclasses.replace(ORIGINAL, aliases=("https://m.news.example/share/1",))
    _add(index, moved)
    other = dataclasses.replace(FAR_OFF, url="http://m.news.example/share/1")
    (found,) = index.near([fingerprint(other)], 14).prints
    assert found.urls == fingerprint(other).urls


def test_of_many_copies_a_further_one_finds_the_first(index, database):
    copies = [dataclasses.replace(ORIGINAL, id=f"{n:03}", url=f"https://c.example/{n}") for n in range(80)]
    _add(index, *copies[:40])
    _add(index, *copies[40:])
    found = _near(index, dataclasses.replace(REPRINT, title="", text=TEXT))
    assert found[0] == "000"
    assert len(found) == 64, "one key leads to no more, or a boilerplate page would cost more every day"


def test_adding_again_changes_nothing(index, database):
    _add(index, ORIGINAL, REPRINT, edges=(EDGE,))
    before = _rows(database)
    _add(index, ORIGINAL, REPRINT, edges=(EDGE,))
    assert _rows(database) == before
    assert index.edges(["a"]) == [EDGE]


def test_what_is_added_anew_leaves_nothing_of_what_was(index, database):
    _add(index, ORIGINAL, RETOLD, edges=(dataclasses.replace(EDGE, b="c"),))
    _add(index, dataclasses.replace(FAR_OFF, id="a"))
    again = dataclasses.replace(ORIGINAL, id="e")
    assert _near(index, again) == ["c"]
    assert index.edges(["a", "c"]) == []
    _add(index, dataclasses.replace(FAR_OFF, id="c"))
    assert _near(index, again) == []


def test_edges_that_know_nothing_of_an_article_added_meanwhile_are_refused(index, database):
    known = index.near([fingerprint(REPRINT)], 14)
    assert known.prints == ()
    _add(index, ORIGINAL)
    before = _rows(database)
    assert not index.add([fingerprint(REPRINT)], [], known.moment)
    assert _rows(database) == before


def test_nothing_is_kept_of_an_addition_that_fails_half_way(index, database, monkeypatch):
    before = _rows(database)
    fill = Database.fill

    def broken(self, connection, table, rows):
        fill(self, connection, table, rows)
        if table.name == "words":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Database, "fill", broken)
        with pytest.raises(KeyboardInterrupt):
            _add(index, ORIGINAL, FAR_OFF)
    assert _rows(database) == before
    _add(index, ORIGINAL, FAR_OFF)
    assert index.stamps(["a", "d", "?"]).keys() == {"a", "d"}


# ---------------------------------------------------------------------------------- printed items


def _draft(month: str = "2024-06"):
    return dataclasses.replace(drafts.draft(candidate("a"), chosen=("a",)), window=named(SERIES, month=month))


def _carried(*documents: Document, basis: str = "1") -> Carried:
    return Carried(tuple(fingerprints(documents)), basis)


def _release(desked) -> Release:
    issue = assemble(desked.draft, desked.number, SERIES, LEAD)
    return Release(issue, desked.revision, "王编辑", NOON, {}, {}, Tally({}))


def _printed(index: Fingerprints, document: Document, before: Window | None = None) -> list[str]:
    return [one.id for one in index.printed([fingerprint(document)], before)]


def test_what_an_issue_carries_is_known_with_its_release_and_not_before(database, index):
    issues = Issues(database)
    desked = issues.begin(_draft(), Decision("generate", "系统", NOON), LAST)
    assert (_printed(index, RETOLD), index.forgotten("1")) == ([], [])
    issues.release(desked, _release(desked), _carried(FAR_OFF, ORIGINAL))
    assert _printed(index, dataclasses.replace(RETOLD, date=dt.date(2026, 1, 1))) == ["beijing-monthly/535/2"]
    assert _near(index, RETOLD) == [], "a printed item is no article"
    assert index.forgotten("1") == []


def test_an_item_is_earlier_only_for_issues_of_later_windows(database, index):
    issues = Issues(database)
    desked = issues.begin(_draft(), Decision("generate", "系统", NOON), LAST)
    issues.release(desked, _release(desked), _carried(ORIGINAL))
    assert _printed(index, RETOLD, named(SERIES, month="2024-06")) == []
    assert _printed(index, RETOLD, named(SERIES, month="2024-07")) == ["beijing-monthly/535/1"]


def test_a_release_that_fails_leaves_no_memory(database, index, monkeypatch):
    issues = Issues(database)
    desked = issues.begin(_draft(), Decision("generate", "系统", NOON), LAST)

    def broken(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Database, "fill", broken)
        with pytest.raises(KeyboardInterrupt):
            issues.release(desked, _release(desked), _carried(ORIGINAL))
    assert (issues.released(), _rows(database)["fingerprints"]) == ([], 0)
    issues.release(desked, _release(desked), _carried(ORIGINAL))
    assert _printed(index, RETOLD) == ["beijing-monthly/535/1"]


def test_a_replaced_import_is_known_by_its_new_items_alone(database, index):
    issues = Issues(database)

    def take_in(title: str, carried: Carried) -> None:
        one = candidate("a")
        article = dataclasses.replace(one.article, title=title)
        draft = dataclasses.replace(_draft("2024-04"), candidates=(dataclasses.replace(one, articles=(article,)),))
        issue = assemble(draft, 533, SERIES, LEAD)
        release = Release(issue, 0, "王编辑", NOON, {}, {}, Tally({}), Elsewhere("a.txt", title, issue.lead))
        decision = Decision("import", "王编辑", NOON)
        assert issues.archive(draft, release, decision, LAST, replace=True, carried=carried)

    take_in("旧文", _carried(ORIGINAL, FAR_OFF))
    take_in("新文", _carried(FAR_OFF))
    assert _printed(index, RETOLD) == []
    assert _printed(index, FAR_OFF) == ["beijing-monthly/533/1"]
    assert index.forgotten("1") == []


def test_an_issue_that_is_not_known_or_rests_on_something_else_is_named_until_it_is_remembered(database, index):
    issues = Issues(database)
    desked = issues.begin(_draft(), Decision("generate", "系统", NOON), LAST)
    issues.release(desked, _release(desked))
    assert index.forgotten("1") == [(desked.id, 1)]
    index.remember(desked.id, 1, _carried(ORIGINAL))
    assert index.forgotten("1") == []
    assert index.forgotten("2") == [(desked.id, 1)]
    index.remember(desked.id, 1, _carried(ORIGINAL, basis="2"))
    assert index.forgotten("2") == []
    assert _rows(database)["fingerprints"] == 1
