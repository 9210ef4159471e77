"""What issues decided is kept as they go out, and made good where it was not."""

import dataclasses

import pytest
import sqlalchemy as sa

import drafts
from drafts import LEAD, NOON, SERIES, candidate
from pipeline.errors import Conflict
from pipeline.model import Decision, Elsewhere, Last, Release, State, Tally
from pipeline.steps.assemble import assemble
from pipeline.steps.precedent import rulings
from pipeline.steps.window import named
from pipeline.store import Issues, Rulings
from pipeline.store.schema import PRECEDENTS

DECISION = Decision("generate", "系统", NOON)
LAST = Last(534, named(SERIES, month="2024-05"))


def _begun(database):
    draft = drafts.draft(candidate("天坛"), candidate("友谊"), chosen=("天坛",))
    return Issues(database).begin(dataclasses.replace(draft, excluded=("友谊",)), DECISION, LAST)


def _release(desked, **fields) -> Release:
    issue = assemble(desked.draft, desked.number, SERIES, LEAD)
    return Release(issue, desked.revision, "王编辑", NOON, {}, {}, Tally({}), **fields)


def _decided(desked, release):
    return rulings(release.issue, desked.draft, {"友谊": "已有同类"})


def test_a_release_keeps_what_it_decides(database):
    desked = _begun(database)
    release = _release(desked)
    Issues(database).release(desked, release, rulings=_decided(desked, release))
    assert sorted(Rulings(database).all(), key=lambda one: one.handle) == sorted(
        _decided(desked, release), key=lambda one: one.handle
    )


def test_a_release_that_fails_decides_nothing(database):
    desked = _begun(database)
    release = _release(desked)
    Issues(database).revise(desked, dataclasses.replace(desked.draft, excluded=()), DECISION)
    with pytest.raises(Conflict):
        Issues(database).release(desked, release, rulings=_decided(desked, release))
    assert Rulings(database).all() == []


def test_without_its_decisions_no_issue_goes_out(database):
    desked = _begun(database)
    release = _release(desked)
    (one, *_), issues = _decided(desked, release), Issues(database)
    with pytest.raises(sa.exc.IntegrityError):
        issues.release(desked, release, rulings=[one, one])
    assert (issues.released(), issues.get(desked.id).state, Rulings(database).all()) == ([], State.DRAFT, [])
    issues.release(desked, release, rulings=[one])
    assert Rulings(database).all() == [one]


def test_an_issue_imported_again_decides_in_place_of_what_it_decided_before(database):
    draft = dataclasses.replace(drafts.draft(candidate("天坛"), chosen=("天坛",)), window=LAST.window)
    for title in ("旧标题", "新标题"):
        edited = dataclasses.replace(draft, edits={"天坛": {"title": title}})
        issue = assemble(edited, 534, SERIES, LEAD)
        release = Release(issue, 0, "王编辑", NOON, {}, {}, Tally({}), Elsewhere("534.txt", title, issue.lead))
        decided = rulings(issue, edited, {})
        assert Issues(database).archive(edited, release, DECISION, LAST, replace=True, rulings=decided)
    assert [one.precedent.title for one in Rulings(database).all()] == ["新标题"]


def test_issues_that_went_out_before_are_named_until_they_are_made_good(database):
    desked = _begun(database)
    release = _release(desked)
    Issues(database).release(desked, release, rulings=_decided(desked, release))
    with database.write() as connection:
        connection.execute(sa.delete(PRECEDENTS))
    store = Rulings(database)
    assert store.missing() == [desked.id]
    store.make_good(desked.id, desked.revision - 1, _decided(desked, release))
    assert store.missing() == [desked.id], "what another revision decided is not what is out"
    store.make_good(desked.id, desked.revision, _decided(desked, release))
    assert (store.missing(), len(store.all())) == ([], 2)
