"""What enters a draft by itself, what waits, and what became of the rest."""

import dataclasses
import datetime as dt

import pytest

import drafts
from drafts import BORDERLINE, CONFIG, IN, JUNE, NOON, OUT, article, candidate
from pipeline.model import Coverage, Edge, Fate, Flag, Relation, Story
from pipeline.steps import select


def _candidates(*articles, stories=None, rate=lambda _: IN, coverage=None, suspected=()):
    known = {one.id: one for one in articles}
    told = stories or [Story((one.id,)) for one in articles]
    return select.candidates(JUNE, known, told, suspected, rate, coverage or {}, {one.id: NOON for one in articles})


def test_a_story_rated_in_and_dated_in_the_window_enters_by_itself():
    (one,), rejected = _candidates(article("天坛"))
    made = select.draft("beijing-monthly", JUNE, [one], [])
    assert made.chosen == (one.handle,)
    assert rejected == {}


@pytest.mark.parametrize(
    ("one", "fate"),
    [
        pytest.param(candidate("a", rating=BORDERLINE), Fate.STANDBY, id="borderline waits"),
        pytest.param(candidate("a", day=None), Fate.UNDATED, id="undated waits for the editor"),
        pytest.param(
            dataclasses.replace(candidate("a"), articles=(article("a", flags=(Flag.MIRROR,)),)),
            Fate.HIJACKED,
            id="a mirror is never printed",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("beijing-monthly", 534, 4, "旧", Relation.REPRINT, 0.99),)),
            Fate.COVERED,
            id="a reprint of a released item stays out",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("beijing-monthly", 534, 4, "旧", Relation.FOLLOW_UP, 0.9),)),
            Fate.INCLUDED,
            id="a follow-up of a released item enters",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("national-weekly", 600, 1, "旧", Relation.REPRINT, 0.99),)),
            Fate.INCLUDED,
            id="another series may have carried it",
        ),
    ],
)
def test_what_enters_and_what_waits(one, fate):
    made = select.draft("beijing-monthly", JUNE, [one], [])
    assert (made.chosen == ("a",)) is (fate is Fate.INCLUDED)
    assert select.settled(made)[one.article.id].fate is fate


@pytest.mark.parametrize("day", ["2024-05-31", "2024-07-01"])
def test_a_day_outside_the_window_is_outside(day):
    one = article("天坛", day)
    kept, rejected = _candidates(one)
    assert kept == []
    assert rejected[one.id].fate is Fate.OUT_OF_WINDOW
    assert day in rejected[one.id].because


@pytest.mark.parametrize("day", ["2024-06-01", "2024-06-30"])
def test_both_ends_of_the_window_are_inside(day):
    kept, _ = _candidates(article("天坛", day))
    assert len(kept) == 1


def test_a_story_rated_out_is_no_candidate_and_says_why():
    one = article("天坛")
    kept, rejected = _candidates(one, rate=lambda _: OUT)
    assert kept == []
    assert rejected[one.id].because == "未命中监测范围"


def test_an_earlier_telling_outside_the_window_folds_under_the_one_inside():
    may, june = article("五月", "2024-05-30"), article("六月", "2024-06-04")
    edge = Edge(june.id, may.id, Relation.SAME_EVENT, 0.95)
    (one,), _ = _candidates(may, june, stories=[Story((june.id, may.id), (edge,))])
    assert [a.id for a in one.articles] == [june.id, may.id]
    settled = select.settled(select.draft("beijing-monthly", JUNE, [one], []))
    assert settled[may.id].fate is Fate.DUPLICATE
    assert "同一事件" in settled[may.id].because


def test_a_mirror_folded_under_a_story_is_explained_as_one():
    clean, mirror = article("千龙"), article("镜像", flags=(Flag.MIRROR,))
    edge = Edge(clean.id, mirror.id, Relation.SAME_EVENT, 0.97)
    (one,), _ = _candidates(clean, mirror, stories=[Story((clean.id, mirror.id), (edge,))])
    settled = select.settled(select.draft("beijing-monthly", JUNE, [one], []))
    assert settled[mirror.id].fate is Fate.HIJACKED
    assert "千龙" in settled[mirror.id].because


def test_the_original_on_a_desktop_page_represents_its_story():
    def key(one):
        return select.preference(one, JUNE, CONFIG.outlets)

    original = article("甲")
    reprint = article("乙", url="https://www.163.com/dy/article/A.html", publisher="网易")
    mobile = article("丙", url="https://m.bjd.com.cn/c.shtml")
    earlier = article("丁", "2024-05-30")
    mirror = article("戊", flags=(Flag.MIRROR,))
    everyone = [mirror, earlier, mobile, reprint, original]
    assert sorted(everyone, key=key)[0] is original
    assert sorted(everyone, key=key)[-1] is mirror
    assert key(mobile) < key(reprint)


def test_items_stand_by_date_then_time_then_first_seen():
    late = candidate("a", "2024-06-20")
    morning = dataclasses.replace(candidate("b"), articles=(article("b", time=dt.time(8)),))
    noon = dataclasses.replace(candidate("c"), articles=(article("c", time=dt.time(12)),))
    timeless = dataclasses.replace(candidate("d"), seen=NOON + dt.timedelta(hours=1))
    timeless_earlier = candidate("e")
    made = select.draft("beijing-monthly", JUNE, [late, noon, timeless, morning, timeless_earlier], [])
    assert made.chosen == ("b", "c", "e", "d", "a")


def test_making_a_draft_again_keeps_what_the_editor_decided():
    waiting, other, dropped = candidate("a", rating=BORDERLINE), candidate("b"), candidate("c")
    before = dataclasses.replace(
        drafts.draft(waiting, other, dropped, chosen=("a", "b")),
        included=("a",),
        excluded=("c",),
        edits={"b": {"title": "改过的标题"}},
    )
    fresh = candidate("d", "2024-06-12")
    after = select.draft("beijing-monthly", JUNE, [other, dropped, fresh], ["北京日报"], before)
    assert after.chosen == ("a", "b", "d"), "the editor's choice stays, the late arrival is added, the excluded is not"
    assert after.edits == {"b": {"title": "改过的标题"}}
    assert {one.handle for one in after.candidates} == {"a", "b", "c", "d"}
    assert after.silent == ("北京日报",)


def test_handles_that_clash_grow_until_they_differ(monkeypatch):
    monkeypatch.setattr(select, "digest", lambda url: "abcde" + url[-7:-6] + "0" * 10)
    kept, _ = _candidates(article("1"), article("2"))
    assert sorted(one.handle for one in kept) == ["cabcde1", "cabcde2"]


def _again(previous, *fresh):
    return select.draft("beijing-monthly", JUNE, fresh, [], previous)


def test_a_story_keeps_its_handle_when_a_better_article_comes_to_represent_it():
    old = candidate("a")
    better = article("原始")
    fresh = dataclasses.replace(candidate("z"), articles=(better, old.article))
    after = _again(drafts.draft(old, chosen=("a",)), fresh)
    assert [one.handle for one in after.candidates] == ["a"]
    assert after.chosen == ("a",)
    assert after.candidate("a").article == better


def test_what_the_editor_edited_keeps_its_representative():
    old = candidate("a")
    fresh = dataclasses.replace(candidate("z"), articles=(article("原始"), old.article))
    before = dataclasses.replace(drafts.draft(old, chosen=("a",)), edits={"a": {"title": "改"}})
    after = _again(before, fresh)
    assert after.candidate("a").article == old.article
    assert len(after.candidate("a").articles) == 2


def test_two_items_of_the_editor_that_the_machine_would_now_fold_stay_two_and_no_article_stands_twice():
    one, two = candidate("a"), candidate("b", "2024-06-12")
    bridge = article("桥")
    fresh = dataclasses.replace(candidate("z"), articles=(bridge, one.article, two.article))
    before = dataclasses.replace(drafts.draft(one, two, chosen=("a", "b")), included=("a", "b"))
    after = _again(before, fresh)
    assert after.chosen == ("a", "b")
    ids = [article.id for candidate in after.candidates for article in candidate.articles]
    assert sorted(ids) == sorted({one.article.id, two.article.id, bridge.id})


def test_what_the_editor_excluded_does_not_come_back_under_another_representative():
    old = candidate("a")
    fresh = dataclasses.replace(candidate("z"), articles=(article("原始"), old.article))
    before = dataclasses.replace(drafts.draft(old), excluded=("a",))
    assert _again(before, fresh).chosen == ()
