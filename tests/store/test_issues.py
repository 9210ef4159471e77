"""Numbers never skipped, never used twice; revisions never lost; releases never changed."""

import dataclasses
import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drafts
from drafts import LEAD, NOON, SERIES, candidate
from pipeline.errors import Conflict, StoreError, UsageError
from pipeline.model import Decision, Last, Release, State, Tally, Window
from pipeline.steps.assemble import assemble
from pipeline.steps.window import following, named
from pipeline.store import Database, Issues

DECISION = Decision("generate", "系统", NOON)
LAST = Last(534, named(SERIES, month="2024-05"))


@pytest.fixture
def issues(where):
    database = Database(where)
    yield Issues(database)
    database.close()


def _draft(month: str):
    return dataclasses.replace(drafts.draft(candidate("a"), chosen=("a",)), window=named(SERIES, month=month))


def _release(desked) -> Release:
    issue = assemble(desked.draft, desked.number, SERIES, LEAD)
    return Release(issue, desked.revision, "王编辑", NOON, {}, {}, Tally({}))


def test_the_first_draft_takes_the_number_after_the_last_issue(issues):
    assert issues.begin(_draft("2024-06"), DECISION, LAST).number == 535


def test_drafts_are_numbered_in_the_order_of_their_windows_whenever_they_are_made(issues):
    august = issues.begin(_draft("2024-08"), DECISION, LAST)
    assert august.number == 535
    june = issues.begin(_draft("2024-06"), DECISION, LAST)
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    assert [issues.get(one.id).number for one in (june, july, august)] == [535, 536, 537]


def test_a_window_has_one_draft(issues):
    issues.begin(_draft("2024-06"), DECISION, LAST)
    with pytest.raises(Conflict, match="drafted by somebody else"):
        issues.begin(_draft("2024-06"), DECISION, LAST)


def test_every_accepted_change_is_a_revision_with_who_and_when(issues):
    first = issues.begin(_draft("2024-06"), DECISION, LAST)
    decision = Decision("exclude", "王编辑", NOON, "a", {}, "重复")
    second = issues.revise(first, dataclasses.replace(first.draft, chosen=()), decision)
    assert (second.revision, second.draft.chosen) == (2, ())
    assert [one.decision for one in issues.revisions(first.id)] == [DECISION, decision]


def test_a_stale_change_is_refused_and_loses_nothing(issues):
    first = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.revise(first, first.draft, DECISION)
    with pytest.raises(Conflict, match="revision 1, now 2"):
        issues.revise(first, first.draft, DECISION)
    assert len(issues.revisions(first.id)) == 2


def test_a_released_issue_is_never_changed(issues):
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(desked, _release(desked))
    for change in (
        lambda: issues.revise(desked, desked.draft, DECISION),
        lambda: issues.release(desked, _release(desked)),
    ):
        with pytest.raises(Conflict, match="is released and is never changed"):
            change()
    (kept,) = issues.released("beijing-monthly")
    assert kept == _release(desked)
    assert issues.get(desked.id).state is State.RELEASED


def test_only_the_revision_that_was_looked_at_is_released(issues):
    looked_at = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.revise(looked_at, looked_at.draft, DECISION)
    with pytest.raises(Conflict, match="changed since it was read"):
        issues.release(looked_at, _release(looked_at))
    assert issues.released() == []


def test_of_many_that_release_at_once_one_does(issues):
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    outcomes = []

    def release() -> None:
        try:
            issues.release(desked, _release(desked))
            outcomes.append("released")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=release) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 5 + ["released"]
    assert len(issues.released()) == 1


def test_a_released_number_stays_when_earlier_drafts_appear(issues):
    june = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(june, _release(june))
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    assert (issues.get(june.id).number, july.number) == (535, 536)


def test_a_skipped_window_takes_no_number_and_keeps_its_reason(issues):
    june = named(SERIES, month="2024-06")
    issues.skip("beijing-monthly", june, Decision("skip", "李主任", NOON, reason="停刊一期"))
    assert issues.skipped("beijing-monthly") == {dt.date(2024, 6, 1): "停刊一期（李主任）"}
    assert issues.begin(_draft("2024-07"), DECISION, LAST).number == 535


def test_a_skipped_draft_rests_without_a_number_and_comes_back_with_one(issues):
    june, july = (
        issues.begin(_draft("2024-06"), DECISION, LAST),
        issues.begin(_draft("2024-07"), DECISION, LAST),
    )
    issues.skip("beijing-monthly", june.draft.window, Decision("skip", "李主任", NOON, reason="停刊"))
    issues.renumber("beijing-monthly", LAST)
    assert (issues.get(june.id).state, issues.get(july.id).number) == (State.SKIPPED, 535)
    assert issues.unskip("beijing-monthly", june.draft.window)
    issues.renumber("beijing-monthly", LAST)
    assert [issues.get(one.id).number for one in (june, july)] == [535, 536]
    assert issues.get(june.id).draft == june.draft


def test_a_released_window_is_not_skipped(issues):
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(desked, _release(desked))
    with pytest.raises(UsageError, match="已发布，不能跳过"):
        issues.skip("beijing-monthly", desked.draft.window, DECISION)


def test_a_corrected_last_number_moves_every_draft_and_no_release(issues):
    may = issues.begin(_draft("2024-05"), DECISION, Last(533, named(SERIES, month="2024-04")))
    june = issues.begin(_draft("2024-06"), DECISION, Last(533, named(SERIES, month="2024-04")))
    assert [issues.get(one.id).number for one in (may, june)] == [534, 535]
    issues.renumber("beijing-monthly", LAST)
    assert issues.get(june.id).number == 535
    assert issues.get(may.id).number < 0, "a window before the last issue gets none"


def test_a_changed_byte_in_a_stored_draft_is_noticed(where):
    database = Database(where)
    issues = Issues(database)
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE revisions SET draft = replace(draft, '互联网', '物联网')"))
    with pytest.raises(StoreError, match="is damaged in the database"):
        issues.get(desked.id)
    database.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), released=st.integers(0, 6))
def test_however_drafts_are_made_and_released_numbers_have_no_gap_and_no_repeat(new_place, order, released):
    database = Database(new_place())
    issues = Issues(database)
    windows = [named(SERIES, month="2024-06")]
    while len(windows) < 6:
        windows.append(following(SERIES, windows[-1]))

    def begin(window: Window) -> None:
        issues.begin(dataclasses.replace(_draft("2024-06"), window=window), DECISION, LAST)

    for place in order:
        begin(windows[place])
    for window in windows[:released]:
        desked = issues.of_window("beijing-monthly", window)
        issues.release(desked, _release(desked))
    every = issues.all("beijing-monthly")
    assert [one.number for one in every] == list(range(535, 541))
    assert [one.draft.window for one in every] == windows
    database.close()
