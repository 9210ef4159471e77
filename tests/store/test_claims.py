"""Claims: of any number of desks that see the same work, one does it, and only its owner may say that it is done."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from drafts import JUNE, NOON, candidate, draft
from pipeline.errors import Superseded
from pipeline.model import COLLECTING, Decision, Fate, Last, Progress, Window, Work, Worker
from pipeline.store import Accounted, Accounts, Claims, Database, Issues, Runs

WORK = Work("beijing-monthly", JUNE)
DUE = dt.datetime(2024, 6, 30, 16, 30, tzinfo=dt.UTC)  # 00:30 on 1 July in Beijing
LAST = Last(534, Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31)))
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "desk.db")
    yield made
    made.close()


@pytest.fixture
def claims(database):
    return Claims(database, lease_seconds=60)


def by_clock(claims, now=NOON, attempts=3, stale=DUE):
    return claims.take(WORK, Worker("时钟@a"), now, stale=stale, attempts=attempts)


def _set(database, **values) -> None:
    """Moves the claim in time, as waiting for it would."""
    with database.write() as connection:
        for column, value in values.items():
            connection.execute(sa.text(f"UPDATE claims SET {column} = {value}"))


def test_work_that_somebody_does_is_nobody_elses(claims):
    first = claims.take(WORK, Worker("王编辑@a"), NOON)
    assert (first.attempt, first.progress, first.alive) == (1, Progress.RUNNING, True)
    assert claims.take(WORK, Worker("李编辑@b"), NOON) is None
    assert by_clock(claims) is None
    assert claims.of(WORK).worker.who == "王编辑@a"


def test_other_windows_series_and_collecting_are_other_work(claims):
    assert claims.take(WORK, Worker("a"), NOON)
    july = Window(dt.date(2024, 7, 1), dt.date(2024, 7, 31))
    assert claims.take(Work("beijing-monthly", july), Worker("a"), NOON)
    assert claims.take(Work("national-weekly", JUNE), Worker("a"), NOON)
    assert claims.take(COLLECTING, Worker("a"), NOON)
    assert sorted(claims.on("beijing-monthly")) == [JUNE.start, july.start]


def test_of_many_that_claim_at_once_one_gets_it(claims):
    got = []
    threads = [threading.Thread(target=lambda: got.append(by_clock(claims))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in got) == 1


def test_the_work_of_one_who_gives_no_sign_of_life_is_taken_over(claims, database):
    first = by_clock(claims)
    _set(database, lease="lease - 61")
    assert not claims.of(WORK).alive
    second = by_clock(claims)
    assert (second.attempt, second.owner == first.owner) == (2, False)


def test_a_sign_of_life_keeps_the_claim(claims, database):
    first = by_clock(claims)
    for _ in range(4):
        _set(database, lease="lease - 40")
        assert claims.renew(first.owner)
        assert by_clock(claims) is None
    _set(database, lease="lease - 61")
    assert by_clock(claims)
    assert not claims.renew(first.owner)


def test_a_lease_from_a_clock_that_was_set_back_since_does_not_hold_for_days(claims, database):
    by_clock(claims)
    _set(database, lease="lease + 86400 * 40")
    assert by_clock(claims)


def test_what_fails_rests_before_it_is_tried_again_and_is_left_to_people_after_some_attempts(claims, database):
    for attempt in (1, 2, 3):
        claim = by_clock(claims)
        assert claim.attempt == attempt
        claims.fail(claim.owner, "断网", 10 * MINUTE)
        assert by_clock(claims) is None, "it rests"
        assert claims.of(WORK).trouble == "断网"
        _set(database, retry="retry - 601")
    assert by_clock(claims) is None, "the attempts are used up"
    by_hand = claims.take(WORK, Worker("王编辑@a"), NOON)
    assert by_hand.attempt == 1, "a person may always try, and the clock may then again"


def test_the_dead_use_their_attempts_up_too(claims, database):
    for _ in range(3):
        assert by_clock(claims)
        _set(database, lease="lease - 61")
    assert by_clock(claims) is None


def test_what_is_done_is_not_done_again_by_the_clock_but_by_people(claims):
    claim = by_clock(claims)
    claims.finish(claim.owner, NOON)
    assert claims.of(WORK).finished == NOON
    assert by_clock(claims, now=NOON + 400 * 24 * 60 * MINUTE) is None
    assert claims.take(WORK, Worker("王编辑@a"), NOON)


def test_a_draft_made_before_its_window_was_over_is_made_again_when_it_is(claims):
    early = claims.take(WORK, Worker("王编辑@a"), DUE - 9000 * MINUTE)
    claims.finish(early.owner, DUE - 9000 * MINUTE)
    again = by_clock(claims, now=DUE)
    assert again.attempt == 1


def test_a_draft_made_while_the_clock_was_ahead_is_made_again_when_its_time_comes(claims):
    ahead = by_clock(claims, now=DUE + 40 * 24 * 60 * MINUTE)
    claims.finish(ahead.owner, DUE + 40 * 24 * 60 * MINUTE)
    assert by_clock(claims, now=DUE)
    corrected_by_a_minute = by_clock(claims, now=DUE)
    assert corrected_by_a_minute is None


def test_a_clock_that_is_set_right_by_a_minute_makes_nothing_twice(claims):
    claim = by_clock(claims, now=DUE)
    claims.finish(claim.owner, DUE)
    assert by_clock(claims, now=DUE - MINUTE) is None


@pytest.fixture
def one_run(database, claims):
    """A run of the window under a claim, with one lead's fate to keep."""
    with database.write() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO leads (id, source, url, title, published, outlet, path, first_seen, last_seen, because,"
                " tries, tried) VALUES (1, 's', 'https://a.cn/1', '', '', '', '', '', '', '', 0, '')"
            )
        )
    claim = by_clock(claims)
    run = Runs(database).begin("beijing-monthly", JUNE, "inline", NOON, claim.owner)
    return claim, Accounts(run.id, [Accounted(1, Fate.INCLUDED)], claim.owner, NOON)


DECISION = Decision("generate", "系统", NOON)


def test_keeping_the_draft_and_finishing_the_claim_are_one_thing(database, claims, one_run):
    claim, accounts = one_run
    Issues(database).begin(draft(candidate("a")), DECISION, LAST, accounts)
    assert claims.of(WORK).progress is Progress.DONE
    claims.fail(claim.owner, "太迟", MINUTE)
    assert claims.of(WORK).progress is Progress.DONE, "what is kept does not fail afterwards"


def test_one_who_was_thought_dead_and_wakes_up_keeps_nothing(database, claims, one_run):
    _, accounts = one_run
    _set(database, lease="lease - 61")
    second = by_clock(claims)
    issues, runs = Issues(database), Runs(database)
    with pytest.raises(Superseded, match="已由他人接手"):
        issues.begin(draft(candidate("a")), DECISION, LAST, accounts)
    assert issues.all() == []
    assert runs.fates(accounts.run) == []
    assert claims.of(WORK).owner == second.owner
    with pytest.raises(Superseded):
        runs.account(accounts)
    own = Accounts(runs.begin("beijing-monthly", JUNE, "inline", NOON, second.owner).id, [], second.owner, NOON)
    made = issues.begin(draft(candidate("b")), DECISION, LAST, own)
    with pytest.raises(Superseded):
        issues.revise(made, draft(candidate("a")), DECISION, accounts)
    assert issues.get(made.id) == made


def test_a_step_that_is_repeated_after_it_was_kept_is_still_the_owners(database, claims, one_run):
    _, accounts = one_run
    runs = Runs(database)
    runs.account(accounts)
    runs.account(accounts)
    assert [one.lead for one in runs.fates(accounts.run)] == [1]


def test_a_paused_series_keeps_its_reason_until_it_is_taken_up_again(claims):
    claims.pause("beijing-monthly", "系统迁移", "李主任", NOON)
    claims.pause("beijing-monthly", "系统迁移，顺延", "李主任", NOON)
    assert claims.paused() == {"beijing-monthly": "系统迁移，顺延（李主任）"}
    assert claims.resume("beijing-monthly", "李主任", NOON)
    assert not claims.resume("beijing-monthly", "李主任", NOON)
    assert claims.paused() == {}
