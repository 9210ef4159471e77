"""What the desk forgets, and what it never does."""

import datetime as dt
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from buckets import Bucket, served
from pipeline.config import load
from pipeline.desk import Desk, Inline, Proof, open_desk, verify
from pipeline.desk.claiming import myself
from pipeline.errors import ConfigError, StoreError
from pipeline.model import BEIJING, PRUNING, Decision, Desked, Fate, Hindsight, Progress, Release, Window
from pipeline.store import ORPHANED, Blobs, Database, Forgetting, Limits, Plan
from pipeline.store.forgetting import each
from pipeline.store.schema import ARTICLES, AUDIT, DROPPED, FATES, FINGERPRINTS, LEADS, PAGES, RUNS
from pipeline.store.values import utc
from test_desk import JUNE, STORIES

pytestmark = pytest.mark.usefixtures("pages_estimated")
SERIES = "beijing-monthly"
ON_SQLITE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
FOOTBALL = (
    "北京国安队昨晚在工人体育场以二比一战胜来访的上海申花队，积分榜上升到第三位。",
    "下半场第七十分钟，替补登场的前锋接角球头球破门，打进本赛季个人第五个进球。",
    "主教练赛后表示，球队接下来将备战周末的客场比赛，两名伤员有望归队。",
)


@pytest.fixture
def office(workspace, put, hour, made_once) -> Path:
    """A workspace that ran June twice, put it out, and got nothing more that is new for more than a year."""

    def make() -> None:
        put("a", "北京友谊医院智慧医疗又有新进展", "2024-06-12", "北京日报", *STORIES["北京友谊医院"])
        put("b", "北京国安队主场取胜", "2024-06-11", "北京晚报", *FOOTBALL)
        (workspace / "inbox" / "c.html").write_text("<html><body><p>首页</p></body></html>", "utf-8")
        with open_desk(workspace, clock=hour) as desk:
            desk.run(SERIES, JUNE, Inline())
            hour.moment = hour.moment.replace(month=7, day=2)
            _put_out(desk, desk.run(SERIES, JUNE, Inline(), collect=False).desked)

    made_once(make)
    hour.moment = hour.moment.replace(year=2025, month=9, day=1)
    _rested(workspace, hour)
    _age(workspace)
    return workspace


def _rested(workspace: Path, hour) -> None:
    """Has somebody decide something every four weeks up to now, since the issue was put out."""
    first = dt.datetime(2024, 7, 2, tzinfo=BEIJING)
    with open_desk(workspace, clock=hour) as desk:
        for week in range(0, (hour.moment - first).days // 7, 4):
            desk.claims.pause("national-weekly", "停刊", "王编辑", first + dt.timedelta(weeks=week))


def _put_out(desk: Desk, desked: Desked) -> Release:
    """Gives the one item, which came as a file, an address, and releases it."""
    edit = Decision("edit", "王编辑", desk._clock(), "1", {"url": f"https://news.example.cn/{desked.number}"})
    return desk.release(desk.decide(desked, edit), "王编辑")


def _age(workspace: Path) -> None:
    """Gives every file of the blobs the day it would have."""
    for path in (workspace / "data" / "blobs").rglob("*"):
        os.utime(path, (1_720_000_000, 1_720_000_000))


def _rows(desk: Desk, *columns) -> list[tuple]:
    with desk._database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(columns[0]))]


def _names(desk: Desk) -> set[str]:
    return {one.name for one in desk._blobs.all()}


def _proofs(workspace: Path) -> list[tuple[str, Proof, str]]:
    return [(one.what, each.proof, each.text) for one in verify(workspace, SERIES) for each in one.statements]


def _football(desk: Desk) -> tuple[int | None, str | None, str | None]:
    found = {
        url.rpartition("/")[2]: rest
        for url, *rest in _rows(desk, LEADS.c.url, LEADS.c.page, LEADS.c.article, LEADS.c.fate)
    }
    return tuple(found["b.html"])


def test_what_no_issue_needs_is_forgotten_and_the_issue_is_proven_as_before(office, hour, bulletin) -> None:
    proven = _proofs(office)
    with open_desk(office, clock=hour) as desk:
        page, football, _ = _football(desk)
        desked = desk.desked(SERIES, JUNE)
        before = str(desk.tally(desked)), desk.accounted(desked), desk.revisions(desked)
        (blob,) = (blob for number, blob in _rows(desk, PAGES.c.id, PAGES.c.blob) if number == page)
        for keys in ((FATES.c.run, FATES.c.lead), (ARTICLES.c.id,), (LEADS.c.id,)):
            assert [tuple(row) for row in each(desk._database, (), *keys, at_once=1)] == sorted(_rows(desk, *keys))
        held = {one.what: one for one in desk.weights()}
        assert held["数据库：文章"].count == 2
        assert all(held[f"数据库：{one}"].bytes > 0 for one in ("线索", "文章", "期刊", "检索"))
        assert held["文件库：页面"].count == 3
        done = desk.prune()
        assert done.gone["articles"] == 1
        assert done.gone["pages"] == 2, "the match, and what was no article"
        assert _football(desk) == (None, None, Fate.OUT_OF_WINDOW)
        assert len(_rows(desk, LEADS.c.id)) == 3, "what a source still lists is no news"
        assert len(_rows(desk, ARTICLES.c.id)) == len(_rows(desk, PAGES.c.id)) == 1
        assert (football,) not in _rows(desk, FINGERPRINTS.c.article)
        assert (str(desk.tally(desked)), desk.accounted(desked), desk.revisions(desked)) == before
        assert desk.source(desked.draft, desked.draft.chosen[0]).page, "the page of what was printed is kept"
        assert len(_rows(desk, RUNS.c.id)) == 1, "the second run repeats the first"
        assert blob in _names(desk), "whoever read its row has a day to name it"
        assert desk.prune().gone["bytes"] == 0
        hour.moment += ORPHANED * 1.1
        assert desk.prune().gone["bytes"] > 0
        assert blob not in _names(desk)
        assert _rows(desk, DROPPED.c.blob) == []
        again = desk.prune()
        assert not any(again.gone.values()), again.gone
    assert _proofs(office) == proven
    assert bulletin("-C", office, "draft", "rejected", SERIES, "--month", "2024-06")[0] in (0, 4)
    assert bulletin("-C", office, "draft", "why", SERIES, "国安队", "--month", "2024-06")[0] in (0, 2)


@ON_SQLITE
def test_a_clock_that_is_set_years_ahead_forgets_nothing_and_the_operator_is_told(
    office, hour, bulletin, monkeypatch
) -> None:
    monkeypatch.setattr("pipeline.desk.now", hour)
    hour.moment = hour.moment.replace(year=2024, month=7, day=20)
    with open_desk(office, clock=hour) as desk:
        with desk._database.write() as connection:
            connection.execute(sa.delete(AUDIT).where(AUDIT.c.at > utc(hour.moment)))
        before = _rows(desk, PAGES.c.id), _rows(desk, ARTICLES.c.id), _rows(desk, RUNS.c.id)
        hour.moment = hour.moment.replace(year=2034)
        for _ in range(3):  # what it does at the wrong time is no sign that the years went by
            desk.claims.pause(SERIES, "停刊", "王编辑", hour())
            hour.moment += dt.timedelta(days=1)
            assert not any(desk.prune().gone.values())
        assert (_rows(desk, PAGES.c.id), _rows(desk, ARTICLES.c.id), _rows(desk, RUNS.c.id)) == before
    told = bulletin("-C", office, "db", "prune")[1]
    assert re.search(r"记录中有 36\d\d 天没有任何运行", told)
    assert "请先校准时钟" in told


@ON_SQLITE
def test_a_draft_that_waits_keeps_all_it_was_made_of_candidates(office, put, hour) -> None:
    hour.moment = hour.moment.replace(year=2024, month=7, day=20)
    july = Window(JUNE.start.replace(month=7), JUNE.end.replace(month=7, day=31))
    put("d", "北京天坛医院智慧医疗又有新进展", "2024-07-12", "北京日报", *STORIES["北京天坛医院"])
    with open_desk(office, clock=hour) as desk:
        hour.moment = hour.moment.replace(month=8, day=2)
        first = desk.run(SERIES, july, Inline()).desked
        assert len(first.draft.chosen) == 1
        hour.moment = hour.moment.replace(year=2025, month=10, day=20)
        desk.prune()
        again = desk.run(SERIES, july, Inline(), collect=False).desked
        assert again.draft.chosen == first.draft.chosen
        assert [one.articles for one in again.draft.candidates] == [one.articles for one in first.draft.candidates]
        assert _put_out(desk, again).issue.number == 536


@ON_SQLITE
def test_an_article_of_which_somebody_said_that_it_was_missed_is_what_the_desk_learns_from_and_stays(office, hour):
    with open_desk(office, clock=hour) as desk:
        _, football, _ = _football(desk)
        said = Hindsight(football, "北京国安队主场取胜", True, "王编辑", hour())
        desk.hindsights.keep(desk.desked(SERIES, JUNE).id, said)
        desk.prune()
        assert _football(desk)[1] == football
        assert desk.leads.articles([football])[football].title == said.title


@ON_SQLITE
def test_what_the_clock_has_yet_to_make_a_draft_of_is_not_old(office, hour) -> None:
    with open_desk(office, clock=hour) as desk:
        desk.due = lambda: [(desk.series(SERIES), JUNE)]
        assert desk.prune(keep=False).plan.pages == ()
        assert desk.prune(keep=False).limits.pages.astimezone(BEIJING).date() < JUNE.start


@ON_SQLITE
def test_a_dry_run_says_what_would_go_and_how_much_there_is_and_changes_nothing(office, hour, bulletin, monkeypatch):
    monkeypatch.setattr("pipeline.desk.now", hour)
    with open_desk(office, clock=hour) as desk:
        before = _rows(desk, LEADS.c.id, LEADS.c.page), _rows(desk, FATES.c.run, FATES.c.lead), _names(desk)
    code, out, _ = bulletin("-C", office, "db", "prune", "--dry-run")
    assert code == 0
    assert "可清理：线索的原文 2、文章 1、页面 2、重做过的运行 1" in out
    assert "文件库：页面" in out
    assert "数据库：文章" in out
    with open_desk(office, clock=hour) as desk:
        assert (_rows(desk, LEADS.c.id, LEADS.c.page), _rows(desk, FATES.c.run, FATES.c.lead), _names(desk)) == before
    told = json.loads(bulletin("-C", office, "db", "prune", "--json")[1])
    assert told["gone"]["pages"] == told["plan"]["pages"] == 2
    assert "已清理：无" in bulletin("-C", office, "db", "prune")[1]


@ON_SQLITE
def test_nothing_is_forgotten_that_is_to_be_kept_for_ever(office, hour) -> None:
    settings = office / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("pages_days: 400", "pages_days: 0").replace("_days: 90", "_days: 0"), "utf-8")
    with open_desk(office, clock=hour) as desk:
        assert not any(desk.prune().gone.values())
    settings.write_text(text.replace("pages_days: 400", "pages_days: 30"), "utf-8")
    with pytest.raises(ConfigError, match=r"settings\.yaml:\d+:\d+: .*write 0, or 93 and more"):
        load(office)


@ON_SQLITE
def test_whenever_it_is_killed_the_next_time_makes_it_whole(office, hour, monkeypatch) -> None:
    forget = Forgetting.forget
    proven = _proofs(office)
    for steps in range(1, 8, 2):

        def killed(self, *arguments, steps: int = steps) -> Iterator[tuple[str, int]]:
            for _, one in zip(range(steps), forget(self, *arguments), strict=False):
                yield one
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, open_desk(office, clock=hour) as desk:
            patched.setattr(Forgetting, "forget", killed)
            with pytest.raises(KeyboardInterrupt):
                desk.prune()
            assert desk.leads.unread() == []
    assert _proofs(office) == proven
    with open_desk(office, clock=hour) as desk:
        desk.prune()
        assert len(_rows(desk, ARTICLES.c.id)) == len(_rows(desk, PAGES.c.id)) == 1


def test_blobs_that_are_away_keep_nothing_else_from_being_done_and_are_pruned_later(office, hour, monkeypatch) -> None:
    def away(*_arguments: object) -> Iterator[tuple[str, int]]:
        raise StoreError("s3://desk does not answer.", "Check that the server runs.")

    with open_desk(office, clock=hour) as desk:
        with monkeypatch.context() as patched:
            patched.setattr(Forgetting, "forget", away)
            desk.prune_daily()
        claim = desk.claims.of(PRUNING)
        assert (claim.progress, claim.trouble) == (Progress.FAILED, "s3://desk does not answer.")
        assert claim.retry > claim.since, "it is not tried at every look"
        desk.prune_daily()
        assert desk.claims.of(PRUNING).progress is Progress.FAILED
        desk.claims.finish(desk.claims.take(PRUNING, myself(), hour()).owner, hour() - dt.timedelta(days=2))
        desk.prune_daily()
        assert desk.claims.of(PRUNING).progress is Progress.DONE
        assert len(_rows(desk, PAGES.c.id)) == 1


def test_two_at_once_forget_the_same_things_once(office, hour) -> None:
    proven, done, together = _proofs(office), [], threading.Barrier(2)

    def prune() -> None:
        with open_desk(office, clock=hour) as desk:
            together.wait()
            done.append(desk.prune().gone)

    threads = [threading.Thread(target=prune) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(one["articles"] for one in done) == 1
    assert sum(one["pages"] for one in done) == 2
    assert _proofs(office) == proven


# ------------------------------------------------------------------------------------- what has no row


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with served() as made:
        yield made


@pytest.fixture(params=["folder", "s3"])
def kept(request, tmp_path) -> Iterator[tuple[Database, Blobs]]:
    """A database and blobs without rows."""
    where = tmp_path / "blobs" if request.param == "folder" else request.getfixturevalue("bucket").place()
    database = Database(tmp_path / "desk.db")
    yield database, Blobs(where).taking_turns(database.write)
    database.close()


def _limits(blobs: Blobs) -> Limits:
    """As they are two days after everything that is there was put."""
    last = max(one.when for one in blobs.all())
    return Limits(None, None, None, last + ORPHANED)


def _swept(database: Database, blobs: Blobs, limits: Limits) -> int:
    forgetting = Forgetting(database, blobs)
    return sum(count for _, count in forgetting.forget(forgetting.plan(limits), limits, limits.orphans + ORPHANED))


def _known(database: Database, blobs: Blobs) -> Limits:
    """As they are a day and more after it was seen that what is there has no row."""
    limits = _limits(blobs)
    assert _swept(database, blobs, limits) == 0
    return replace(limits, orphans=limits.orphans + ORPHANED * 1.1)


def test_a_blob_that_no_row_names_goes_when_it_is_a_day_old_and_was_seen_so_a_day_ago(kept) -> None:
    database, blobs = kept
    name = blobs.put(b"a kill came before its row")
    (lies,) = blobs.all()
    young = Limits(None, None, None, lies.when)
    assert _swept(database, blobs, young) == 0
    assert Forgetting(database, blobs).plan(young) == Plan()
    limits = _known(database, blobs)
    assert _swept(database, blobs, limits) == 26
    assert name not in {one.name for one in blobs.all()}
    assert Forgetting(database, blobs).plan(limits) == Plan()


@pytest.mark.parametrize("days", [1, 40, 3650])
def test_a_clock_that_is_set_ahead_takes_no_blob_away_that_is_being_put(kept, days: int) -> None:
    database, blobs = kept
    name = blobs.put(b"its row comes in a moment")
    ahead = Limits(None, None, None, _limits(blobs).orphans + dt.timedelta(days=days))
    for _ in range(3):  # once an hour, say
        assert _swept(database, blobs, ahead) == 0
        ahead = replace(ahead, orphans=ahead.orphans + dt.timedelta(hours=1))
    assert blobs.get(name)
    right = replace(ahead, orphans=ahead.orphans - dt.timedelta(days=days))
    assert _swept(database, blobs, right) == 0, "nor is it old when the clock is right again"
    assert blobs.get(name)
    right = replace(right, orphans=right.orphans + ORPHANED * 1.1)
    assert _swept(database, blobs, right) > 0, "but from then on a day is a day"


@pytest.mark.parametrize("turns", [True, False], ids=["in turns", "without turns"])
def test_a_blob_that_is_put_while_it_is_taken_away_is_there_afterwards(kept, monkeypatch, turns: bool) -> None:
    database, blobs = kept
    data = b"a page that an earlier page was like"
    name = blobs.put(data)
    limits = _known(database, blobs)
    monkeypatch.setattr(time, "time", lambda: limits.orphans.timestamp())  # for whoever puts it, it is old
    writer = blobs if turns else blobs.taking_turns(nullcontext)
    putting = threading.Thread(target=writer.put, args=(data,))
    remove = type(blobs._shelf).remove

    def in_between(self, name: str) -> None:
        putting.start()
        putting.join(0.5)
        remove(self, name)

    monkeypatch.setattr(type(blobs._shelf), "remove", in_between)
    _swept(database, blobs, limits)
    putting.join()
    there = name in {one.name for one in blobs.all()}
    assert there is turns, "the turn is what keeps it"


def test_a_blob_that_came_to_have_a_row_since_the_look_stays(kept, tmp_path) -> None:
    database, blobs = kept
    name = blobs.put(b"page")
    limits = _known(database, blobs)
    plan = Forgetting(database, blobs).plan(limits)
    assert [one.name for one in plan.blobs] == [name]
    with database.write() as connection:
        connection.execute(
            sa.insert(PAGES).values(
                asked_url="u", url="u", blob=name, fetched="", content_type="", charset="", warnings=[]
            )
        )
    assert sum(count for _, count in Forgetting(database, blobs).forget(plan, limits, limits.orphans)) == 0
    assert blobs.get(name) == b"page"
    assert Forgetting(database, blobs).plan(limits) == Plan()


@ON_SQLITE
def test_half_written_files_go_when_they_are_a_day_old_and_are_never_read(office, hour) -> None:
    with open_desk(office, clock=hour) as desk:
        name = next(iter(_names(desk)))
        folder = office / "data" / "blobs" / name[:2]
        places = [folder, office / "out", office / "data", office / "templates"]
        places[-1].mkdir(exist_ok=True)
        old = [place / ".abcd1234.part" for place in places]
        young = [place / ".efgh5678.part" for place in places]
        others = [office / "out" / "图.part", office / "out" / ".vimrc"]
        for path in (*old, *young, *others):
            path.write_bytes(b"half")
        for path in (*old, *others):
            os.utime(path, (1_720_000_000, 1_720_000_000))
        assert ".abcd1234.part" not in _names(desk)
        desk.prune()
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (*young, *others))
