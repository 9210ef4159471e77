"""The audit log: what was changed, taken away or put in between is found, and named."""

import threading

import pytest
import sqlalchemy as sa

from drafts import JUNE, NOON, SERIES, candidate, draft
from pipeline.model import Act, Decision, Deed, Last
from pipeline.store import Audit, Issues
from pipeline.store.schema import AUDIT


@pytest.fixture
def audit(database):
    made = Audit(database)
    for count in range(1, 6):
        made.note(Deed("王编辑", Act.ASKED, NOON, f"/issues/{count}", "POST"))
    return made


def test_rows_come_back_newest_first_and_by_person_and_act(audit):
    audit.note(Deed("李静", Act.SIGNED_IN, NOON, "lijing"))
    assert [one.id for one in audit.newest(3)] == [6, 5, 4]
    assert [one.id for one in audit.newest(2, before=4)] == [3, 2]
    assert audit.newest(9, who="李静") == audit.newest(9, act="signed-in") == audit.newest(1)
    assert audit.newest(1)[0] == Deed("李静", Act.SIGNED_IN, NOON, "lijing", id=6)
    assert audit.people() == ["李静", "王编辑"]
    assert (audit.last(), audit.last("王编辑"), audit.last("赵敏")) == (6, 5, 0)


def test_a_log_that_nobody_touched_is_whole(audit):
    assert audit.broken() is None


CHANGES = {
    "UPDATE audit SET detail = 'GET' WHERE id = 3": 3,
    "UPDATE audit SET who = '赵敏' WHERE id = 3": 3,
    "UPDATE audit SET act = 'made-up' WHERE id = 3": 3,
    "UPDATE audit SET at = '2024-06-30T00:00:00+00:00' WHERE id = 3": 3,
    "DELETE FROM audit WHERE id = 3": 4,
    "DELETE FROM audit WHERE id = 1": 2,
    "INSERT INTO audit SELECT 6, at, who, act, target, detail, hash, hash FROM audit WHERE id = 5": 6,
    "UPDATE audit SET target = '/issues/4', hash = (SELECT hash FROM audit WHERE id = 4) WHERE id = 3": 3,
}


def test_the_first_row_that_is_not_as_it_was_is_named(database, audit):
    with database.read() as connection:
        whole = [tuple(row) for row in connection.execute(sa.select(AUDIT))]
    for done, found in CHANGES.items():
        with database.write() as connection:
            connection.execute(sa.text(done))
        assert audit.broken().id == found, done
        with database.write() as connection:
            connection.execute(sa.delete(AUDIT))
            connection.execute(sa.insert(AUDIT).values([*whole]))
        assert audit.broken() is None


def test_those_who_write_at_once_make_one_chain(database, audit):
    def write(who: str) -> None:
        for _ in range(5):
            audit.note(Deed(who, Act.ASKED, NOON))

    threads = [threading.Thread(target=write, args=(who,)) for who in ("甲", "乙", "丙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.last() == 20
    assert audit.broken() is None


def test_every_revision_of_a_draft_has_its_row_in_the_same_transaction(database):
    issues = Issues(database)
    made = issues.begin(draft(candidate("a")), Decision("generate", "系统", NOON), Last(534, SERIES.last_window))
    issues.revise(made, draft(candidate("a"), chosen=("a",)), Decision("include", "王编辑", NOON, "a"))
    second, first = Audit(database).newest(2)
    assert (first.who, first.act, first.target) == ("系统", Act.DECIDED, f"{SERIES.id} {JUNE.start}")
    assert (second.who, second.detail) == ("王编辑", "修订2：收录 a")
