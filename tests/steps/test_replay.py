"""What another scope would change: which verdicts, by which terms, and loudly what is printed already."""

import dataclasses

import pytest

from drafts import BORDERLINE, IN, OUT
from pipeline.model import Match, Rating, Verdict
from pipeline.steps.replay import Before, Change, Judged, changed, changes, lost, responsible


def _judged(title: str, before: Rating, after: Rating, **fields: object) -> Judged:
    held_against = Before(before.verdict, before.score, before)
    return Judged(title, "北京日报", None, f"https://x.example/{title}", held_against, after, **fields)


def _naming(rating: Rating, *terms: str, against: str = "") -> Rating:
    found = [Match(one, "正文", one) for one in terms]
    return dataclasses.replace(
        rating, matches=(*found, *([Match(against, "正文", against, against=True)] * bool(against)))
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (Verdict.OUT, Verdict.IN, Change.TAKEN),
        (Verdict.BORDERLINE, Verdict.IN, Change.TAKEN),
        (Verdict.OUT, Verdict.BORDERLINE, Change.WAITING),
        (Verdict.IN, Verdict.BORDERLINE, Change.LOWERED),
        (Verdict.IN, Verdict.OUT, Change.DROPPED),
        (Verdict.BORDERLINE, Verdict.OUT, Change.GONE),
        (Verdict.IN, Verdict.IN, None),
    ],
)
def test_every_move_between_verdicts_has_its_word(before, after, change):
    assert changed(before, after) is change


def test_what_stays_as_it_was_is_not_listed():
    assert changes([_judged("甲", IN, dataclasses.replace(IN, score=0.99))]) == []


def test_printed_items_that_would_be_thrown_out_come_first():
    printed = _judged("乙", BORDERLINE, OUT, printed="第五三四期第4条")
    found = changes([_judged("甲", OUT, IN), printed])
    assert [(one.title, lost(one)) for one in found] == [("乙", True), ("甲", False)]


def test_a_printed_item_that_would_only_wait_is_not_lost():
    (one,) = changes([_judged("乙", IN, BORDERLINE, printed="第五三四期第4条")])
    assert not lost(one)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(_naming(OUT, "医保"), _naming(IN, "医保", "云病历"), ("+云病历",), id="a term that is found now"),
        pytest.param(_naming(IN, "云病历"), _naming(OUT), ("−云病历",), id="a term that is no longer found"),
        pytest.param(
            _naming(IN, "云病历"),
            _naming(OUT, "云病历", against="股价"),
            ("近似而非：股价",),
            id="a near miss that is found now",
        ),
        pytest.param(IN, dataclasses.replace(OUT, because=("未涉及北京",)), ("未涉及北京",), id="else the new reason"),
    ],
)
def test_the_terms_responsible_are_named(before, after, told):
    assert responsible(Before(before.verdict, before.score, before), after) == told


def test_a_verdict_that_moved_with_the_threshold_alone_blames_no_term():
    after = dataclasses.replace(_naming(IN, "云病历"), verdict=Verdict.BORDERLINE)
    assert responsible(Before(Verdict.IN, after.score), after) == ("得分未变，分数线变了",)


def test_where_the_old_terms_were_not_kept_all_that_are_found_now_are_named():
    assert responsible(Before(Verdict.OUT), _naming(IN, "云病历", "医保")) == ("+云病历", "+医保")
