"""What is left to decide: what waits, what blocks, and where two things may be chosen between."""

import dataclasses

from drafts import BORDERLINE, OUT, candidate, draft
from pipeline.model import Finding, Severity, Waiver
from pipeline.steps.undecided import Question, undecided


def kinds(given, *findings):
    return [(one.question, one.handle) for one in undecided(given, findings)]


def test_what_waits_is_asked_about_until_somebody_takes_it_or_puts_it_out():
    given = draft(candidate("在", rating=BORDERLINE), candidate("等", rating=BORDERLINE), chosen=("在",))
    assert kinds(given) == [(Question.STANDBY, "等")]
    assert kinds(dataclasses.replace(given, excluded=("等",))) == []
    assert kinds(dataclasses.replace(given, chosen=("在", "等"))) == []


def test_what_is_out_of_scope_or_of_another_window_is_not_asked_about():
    assert kinds(draft(candidate("远", rating=OUT), candidate("早", "2024-05-30", BORDERLINE))) == []


def test_the_nearest_to_being_taken_is_asked_about_first():
    near, far = (dataclasses.replace(BORDERLINE, score=score) for score in (0.6, 0.4))
    given = draft(candidate("远", rating=far), candidate("近", rating=near))
    assert [handle for _, handle in kinds(given)] == ["近", "远"]


def test_blocking_findings_come_before_choices_and_other_warnings_are_not_asked_about():
    choice = Finding("better-version", Severity.WARNING, "有更合适的版本", "换用该版本。", "甲", 1)
    furniture = Finding("furniture", Severity.WARNING, "正文里有页面附带文字", "从正文中删去。", "甲", 1)
    empty = Finding("empty-link", Severity.BLOCKING, "链接为空", "补上链接。", "乙", 2)
    same = Finding("same-event", Severity.WARNING, "与第1条为疑似同一事件", "合并。", "乙", 2)
    given = draft(candidate("甲"), candidate("乙"), chosen=("甲", "乙"))
    assert kinds(given, furniture, choice, same, empty) == [
        (Question.BLOCKING, "乙"),
        (Question.SAME, "乙"),
        (Question.VERSION, "甲"),
    ]


def test_what_somebody_signed_for_is_not_asked_about_until_it_says_something_else():
    signed = Finding("same-event", Severity.WARNING, "与第1条为疑似同一事件（已放行：不同院区——王编辑）", "", "乙", 2)
    given = dataclasses.replace(
        draft(candidate("甲"), candidate("乙"), chosen=("甲", "乙")),
        waivers={"same-event:乙": Waiver("不同院区", "王编辑")},
    )
    assert kinds(given, signed) == []
    assert kinds(given, dataclasses.replace(signed, message="与第1条为同一事件", fix="合并。")) == [
        (Question.SAME, "乙")
    ]
