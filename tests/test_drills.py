"""The drills in short: a season with two schedulers and kills, and the kills around the transaction that counts."""

import signal
import sys
import textwrap
import time

import pytest

from drills import __main__ as drills
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


# ------------------------------------------------------------------------------------------------ all together


@pytest.fixture
def play(tmp_path, monkeypatch, capfd):
    """Plays drills that are written here, by name; the exit code, and what is said after the last of them."""

    def play(*options: str, **written: str) -> tuple[object, str]:
        for name, code in written.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(code), "utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(drills, "DRILLS", {name: (name,) for name in written})
        monkeypatch.setattr(sys, "argv", ["drills", *options])
        with pytest.raises(SystemExit) as ended:
            drills.main()
        return ended.value.code, capfd.readouterr().out.partition("| drill |")[2]

    return play


def test_a_broken_promise_is_named_after_everything_else_and_fails_the_whole(play):
    code, said = play(
        fine="from drills.conclusion import concluded\nconcluded(7, [])",
        bad="from drills.conclusion import concluded\nconcluded(5, ['the number 535 is there twice'])",
    )
    assert code
    assert "| fine | 7 | 0 |" in said
    assert "| bad | 5 | 1 |" in said
    assert said.endswith("bad: the number 535 is there twice\n")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("raise ValueError('the disk is gone')", "ValueError: the disk is gone"),
        ("print('5 points tried, 0 promises broken')\nraise SystemExit(3)", "it ended with 3"),
        ("pass", "without a conclusion"),
    ],
)
def test_a_drill_that_ends_without_a_word_on_its_promises_fails_the_whole(play, written, why):
    code, said = play(one=written)
    assert code
    assert why in said


def test_what_this_machine_does_not_let_be_done_is_named_and_breaks_nothing(play):
    code, said = play(one="raise SystemExit('left out: no leave to mount')")
    assert not code
    assert "| one | ? | left out: no leave to mount |" in said


@pytest.mark.parametrize("before", ["", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"])
def test_what_is_out_of_time_is_ended_and_named_and_breaks_nothing(play, monkeypatch, before):
    monkeypatch.setattr(drills, "_GRACE_SECONDS", 3.0)
    code, said = play("--minutes", "0.02", slow=f"{before}import time\ntime.sleep(600)")
    assert not code
    assert "Not done within 0.02 minutes: slow." in said


def test_drills_that_a_shell_starts_in_the_background_end_when_they_are_asked_to(play):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        begun = time.monotonic()
        play("--minutes", "0.1", slow="import time\ntime.sleep(600)")
        assert time.monotonic() - begun < drills._GRACE_SECONDS, "it was killed, and what it had started stayed"
    finally:
        signal.signal(signal.SIGINT, before)
