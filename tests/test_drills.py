"""The drills in short: a season with two schedulers and kills, and the kills around the transaction that counts."""

import pytest

from drills import kills, year


@pytest.fixture
def database(where) -> str:
    """The `database` setting for a place: empty for a file, which lies where the workspace has it."""
    return where if isinstance(where, str) else ""


@pytest.mark.parametrize("point", ["keep", "asleep"])
def test_after_a_kill_at_the_moment_that_counts_the_window_has_one_draft(tmp_path, database, point):
    one = kills.play(tmp_path / "desk", point, database)
    assert one.good, one


# on a file: on the server it is `make drill` that plays it, and test_schedule.py that kills `bulletin serve`
@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_two_schedulers_that_are_killed_at_random_make_each_draft_once(tmp_path, database, remark):
    season = year.play(tmp_path / "desk", database=database, days=40, seconds_per_day=0.15, seed=7)
    assert season.wrong == []
    assert [len(drafts) for drafts in season.drafts.values()] == [1, 5]
    assert season.restarts >= 2, "the weeks off at least"
    remark(f"40 days: {dict(season.kills)}, {season.seconds:.0f} s")
