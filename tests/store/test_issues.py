"""Numbers never skipped, never used twice; revisions never lost; releases never changed."""

import dataclasses
import datetime as dt
import itertools
import threading

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drafts
from drafts import LEAD, NOON, SERIES, candidate
from pipeline.errors import Conflict, NotImported, StoreError, UsageError
from pipeline.model import Decision, Elsewhere, Last, Release, State, Tally, Window
from pipeline.steps.assemble import assemble
from pipeline.steps.window import following, named
from pipeline.store import Database, Issues
from pipeline.store.pools import Pools

DECISION = Decision("generate", "系统", NOON)
LAST = Last(534, named(SERIES, month="2024-05"))
_NUMBERS = itertools.count()


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
    with pytest.raises(Conflict, match="刚由他人生成"):
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
    with pytest.raises(Conflict, match="看的是修订1，现在是修订2"):
        issues.revise(first, first.draft, DECISION)
    assert len(issues.revisions(first.id)) == 2


def test_a_released_issue_is_never_changed(issues):
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(desked, _release(desked))
    for change in (
        lambda: issues.revise(desked, desked.draft, DECISION),
        lambda: issues.release(desked, _release(desked)),
    ):
        with pytest.raises(Conflict, match="已发布，不再更改"):
            change()
    (kept,) = issues.released("beijing-monthly")
    assert kept == _release(desked)
    assert issues.get(desked.id).state is State.RELEASED


def test_only_the_revision_that_was_looked_at_is_released(issues):
    looked_at = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.revise(looked_at, looked_at.draft, DECISION)
    with pytest.raises(Conflict, match="看过之后又有改动"):
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
    assert issues.unskip("beijing-monthly", june.draft.window, Decision("unskip", "李主任", NOON))
    issues.renumber("beijing-monthly", LAST)
    assert [issues.get(one.id).number for one in (june, july)] == [535, 536]
    assert issues.get(june.id).draft == june.draft


def test_a_window_whose_skip_is_taken_back_is_not_put_out_behind_a_later_one(issues):
    june = named(SERIES, month="2024-06")
    issues.skip("beijing-monthly", june, Decision("skip", "李主任", NOON, reason="停刊一期"))
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    issues.release(july, _release(july))
    issues.unskip("beijing-monthly", june, Decision("unskip", "李主任", NOON))
    late = issues.begin(_draft("2024-06"), DECISION, LAST)
    with pytest.raises(UsageError, match="已是第535期"):
        issues.release(late, _release(late))
    assert issues.get(late.id).state is State.DRAFT


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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE revisions SET draft = replace(draft, 'monthly', 'mouthly')",
        "UPDATE candidates SET content = replace(content, '互联网', '物联网')",
        "UPDATE pools SET candidates = replace(candidates, 'a', 'b')",
        "DELETE FROM candidates",
        "DELETE FROM pools",
    ],
)
def test_a_changed_byte_in_a_stored_draft_is_noticed(where, damage):
    database = Database(where)
    issues = Issues(database)
    desked = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(desked, _release(desked))
    with database.write() as connection:
        connection.execute(sa.text(damage))
    with pytest.raises(StoreError, match="is damaged in the database"):
        issues.at_revision(desked.id, 1, Pools())
    (kept,) = issues.kept()
    assert "与写入时的摘要不符" in kept.trouble
    database.close()


def test_candidates_are_kept_once_whatever_is_decided_about_them(where):
    database = Database(where)
    issues = Issues(database)
    many = [candidate(f"甲{i}") for i in range(600)]
    desked = issues.begin(drafts.draft(*many, chosen=("甲1",)), DECISION, LAST)
    changed = dataclasses.replace(many[1], rating=drafts.BORDERLINE)
    for chosen in range(2, 12):
        desked = issues.revise(desked, dataclasses.replace(desked.draft, chosen=(f"甲{chosen}",)), DECISION)
    candidates = (*desked.draft.candidates[:-1], changed)
    desked = issues.revise(desked, dataclasses.replace(desked.draft, candidates=candidates), DECISION)
    assert desked.draft.candidates == candidates
    with database.read() as connection:
        sizes = "SELECT count(*), max(length({})) FROM {}"
        assert connection.execute(sa.text(sizes.format("draft", "revisions"))).one()[1] < 1_000
        assert connection.execute(sa.text(sizes.format("content", "candidates"))).one()[0] == 601
        assert connection.execute(sa.text(sizes.format("candidates", "pools"))).one()[0] == 2
    assert issues.at_revision(desked.id, 1, Pools()) == drafts.draft(*many, chosen=("甲1",))
    assert issues.at_revision(desked.id, 12, Pools()) == desked.draft
    database.close()


def test_a_draft_goes_into_another_database_whole_though_its_candidates_are_known_from_the_first(new_place):
    one, other = Database(new_place()), Database(new_place())
    desked = Issues(one).begin(_draft("2024-06"), DECISION, LAST)
    there = Issues(other).begin(desked.draft, DECISION, LAST)
    assert Issues(other).at_revision(there.id, 1, Pools()) == desked.draft
    one.close()
    other.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), released=st.integers(0, 6))
def test_however_drafts_are_made_and_released_numbers_have_no_gap_and_no_repeat(issues, order, released):
    series = f"series-{next(_NUMBERS)}"  # a database for each example took half of the time of this file
    windows = [named(SERIES, month="2024-06")]
    while len(windows) < 6:
        windows.append(following(SERIES, windows[-1]))

    def begin(window: Window) -> None:
        issues.begin(dataclasses.replace(_draft("2024-06"), series=series, window=window), DECISION, LAST)

    for place in order:
        begin(windows[place])
    for window in windows[:released]:
        desked = issues.of_window(series, window)
        issues.release(desked, _release(desked))
    every = issues.all(series)
    assert [one.number for one in every] == list(range(535, 541))
    assert [one.draft.window for one in every] == windows


# ------------------------------------------------------------------------------------- old issues


def _old(
    issues, number: int, month: str, *, file: str = "a.txt", blob: str = "1", last=None, replace=False, title="旧"
):
    """Takes an old issue into the archive; `last` is what series.yaml says."""
    one = candidate("a")
    article = dataclasses.replace(one.article, title=f"{title}文一篇")
    draft = dataclasses.replace(_draft(month), candidates=(dataclasses.replace(one, articles=(article,)),))
    issue = assemble(draft, number, SERIES, LEAD)
    origin = Elsewhere(file, blob, issue.lead)
    release = Release(issue, 0, "王编辑", NOON, {}, {}, Tally({}), origin)
    decision = Decision("import", "王编辑", NOON, values={"file": file})
    return issues.archive(draft, release, decision, last or LAST, replace=replace)


def _ours(desked) -> Release:
    return dataclasses.replace(_release(desked), files={"a.docx": "0" * 64})


def test_an_imported_issue_is_a_released_one_with_nothing_published(issues):
    desked = _old(issues, 533, "2024-04")
    assert (desked.number, desked.state, desked.revision) == (533, State.RELEASED, 1)
    (kept,) = issues.released("beijing-monthly")
    assert (kept.issue.number, kept.revision, kept.imported.file) == (533, 1, "a.txt")
    assert issues.published() == {}
    assert [one.decision.verb for one in issues.revisions(desked.id)] == ["import"]


def test_the_last_number_follows_from_the_archive_or_the_configuration_whichever_is_later(issues):
    _old(issues, 533, "2024-04")
    assert issues.last("beijing-monthly", LAST) == LAST
    _old(issues, 536, "2024-07")
    assert issues.last("beijing-monthly", LAST) == Last(536, named(SERIES, month="2024-07"))
    assert issues.last("national-weekly", LAST) == LAST


def test_an_issue_of_our_own_is_not_the_last_one_put_out_elsewhere(issues):
    june = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(june, _ours(june))
    assert issues.last("beijing-monthly", LAST) == LAST


def test_the_same_file_again_changes_nothing(issues):
    _old(issues, 533, "2024-04")
    assert _old(issues, 533, "2024-04") is None
    assert _old(issues, 533, "2024-04", replace=True) is None
    assert len(issues.released()) == 1


def test_other_content_for_an_imported_issue_is_refused_unless_it_replaces_it(issues):
    first = _old(issues, 533, "2024-04")
    with pytest.raises(NotImported, match=r"第五三三期（2024-04-01…2024-04-30）已经导入过，内容不同") as refused:
        _old(issues, 533, "2024-04", blob="2", title="新")
    assert "--replace" in refused.value.fix
    second = _old(issues, 533, "2024-04", blob="2", title="新", replace=True)
    assert (second.id, second.revision) == (first.id, 2)
    (kept,) = issues.released()
    assert (kept.issue.items[0].title, kept.imported.blob, kept.revision) == ("新文一篇", "2", 2)
    assert issues.at_revision(first.id, 1).candidates[0].article.title == "旧文一篇"


@pytest.mark.parametrize(
    ("number", "month", "told"),
    [
        (532, "2024-06", "第五三二期（2024-06-01…2024-06-30）与已有的第五三三期（2024-04-01…2024-04-30）先后对不上"),
        (535, "2024-03", "第五三五期（2024-03-01…2024-03-31）与已有的第五三三期（2024-04-01…2024-04-30）先后对不上"),
        (533, "2024-03", "与已有的第五三三期（2024-04-01…2024-04-30）先后对不上"),
        (532, "2024-04", "与已有的第五三三期（2024-04-01…2024-04-30）先后对不上"),
    ],
)
def test_numbers_and_windows_of_the_archive_must_go_up_together(issues, number, month, told):
    _old(issues, 533, "2024-04")
    with pytest.raises(NotImported) as refused:
        _old(issues, number, month)
    assert told in refused.value.message
    assert refused.value.fix
    assert len(issues.released()) == 1


@pytest.mark.parametrize(("number", "month"), [(533, "2024-06"), (533, "2024-05"), (534, "2024-04"), (535, "2024-01")])
def test_numbers_and_windows_must_go_up_together_with_the_last_issue_of_the_configuration(issues, number, month):
    with pytest.raises(NotImported, match=r"与 series\.yaml 里的最近一期第五三四期（2024-05-01…2024-05-31）先后对不上"):
        _old(issues, number, month)
    assert _old(issues, 534, "2024-05").number == 534


def test_what_was_released_here_is_never_replaced_by_a_file(issues):
    june = issues.begin(_draft("2024-06"), DECISION, LAST)
    issues.release(june, _ours(june))
    for number, month in ((535, "2024-06"), (535, "2024-07"), (536, "2024-06")):
        with pytest.raises(NotImported, match="是在本系统发布的"):
            _old(issues, number, month, replace=True)
    assert issues.released() == [_ours(june)]


def test_the_draft_of_a_window_put_out_by_hand_becomes_that_issue_and_is_not_lost(issues):
    june = issues.begin(_draft("2024-06"), DECISION, LAST)
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    taken = _old(issues, 537, "2024-06")
    assert (taken.id, taken.number, taken.revision, taken.state) == (june.id, 537, 2, State.RELEASED)
    assert issues.at_revision(june.id, 1) == june.draft
    assert issues.get(july.id).number == 538, "the drafts after it follow"
    with pytest.raises(Conflict, match="已发布，不再更改"):
        issues.revise(june, june.draft, DECISION)


def test_an_import_may_take_a_number_that_a_draft_held_for_the_time_being(issues):
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    assert july.number == 535
    assert _old(issues, 535, "2024-06").number == 535
    assert issues.get(july.id).number == 536


def test_a_skipped_window_is_not_imported(issues):
    issues.skip("beijing-monthly", named(SERIES, month="2024-06"), Decision("skip", "李主任", NOON, reason="停刊"))
    with pytest.raises(NotImported, match="已标为跳过"):
        _old(issues, 535, "2024-06")


def test_a_refused_import_leaves_no_trace(issues):
    july = issues.begin(_draft("2024-07"), DECISION, LAST)
    with pytest.raises(NotImported):
        _old(issues, 533, "2024-06")
    assert issues.all("beijing-monthly") == [july]


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(6)))
def test_in_whatever_order_old_issues_are_imported_the_archive_is_the_same(tmp_path_factory, order):
    database = Database(tmp_path_factory.mktemp("archive") / "desk.db")
    issues = Issues(database)
    months = [(528 + n, f"2023-{7 + n:02}") for n in range(6)]
    for place in order:
        _old(issues, *months[place])
    assert [(one.number, f"{one.draft.window.start:%Y-%m}") for one in issues.all()] == months
    assert issues.last("beijing-monthly", Last(1, named(SERIES, month="2000-01"))).number == 533
    database.close()
