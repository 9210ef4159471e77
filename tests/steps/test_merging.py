"""A text that an edited file and the draft both changed: both are taken where they lie apart, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Block, Kind
from pipeline.steps.returning.merging import merged


def text(*paragraphs: str) -> tuple[Block, ...]:
    return tuple(Block(Kind.PARAGRAPH, one) for one in paragraphs)


def plain(blocks: Sequence[Block]) -> list[str]:
    return [one.text for one in blocks]


WAS = text("首段说平台上线。", "二段说接入机构。", "三段说下一步。", "四段说专家意见。", "五段署名。")
FIRST, SECOND, THIRD, FOURTH, FIFTH = plain(WAS)


@pytest.mark.parametrize(
    ("file", "draft", "expected"),
    [
        (["首段改了", SECOND, THIRD, FOURTH, FIFTH], [FIRST, SECOND, THIRD, FOURTH, "五段改了"],
         ["首段改了", SECOND, THIRD, FOURTH, "五段改了"]),
        ([SECOND, THIRD, FOURTH, FIFTH], [FIRST, SECOND, THIRD, "补写一段", FOURTH, FIFTH],
         [SECOND, THIRD, "补写一段", FOURTH, FIFTH]),
        ([THIRD, FIRST, SECOND, FOURTH, FIFTH], [FIRST, SECOND, THIRD, FOURTH, "五段改了"],
         [THIRD, FIRST, SECOND, FOURTH, "五段改了"]),
        (["两边同改", SECOND, THIRD, FOURTH, FIFTH], ["两边同改", SECOND, THIRD, FOURTH],
         ["两边同改", SECOND, THIRD, FOURTH]),
    ],
    ids=["other paragraphs", "one gone, one new", "one moved", "the same on both sides"],
)  # fmt: skip
def test_what_two_sides_changed_apart_from_each_other_is_all_taken(file, draft, expected):
    found = merged(WAS, text(*file), text(*draft))
    assert plain(found.blocks) == expected
    assert found.untaken == found.kept == ()


@pytest.mark.parametrize(
    "draft",
    [[FIRST, "草稿写的二段", THIRD, FOURTH, FIFTH], [FIRST, SECOND, "草稿写的三段", FOURTH, FIFTH],
     [FIRST, THIRD, FOURTH, FIFTH], [FIRST, SECOND, "草稿插入一段", THIRD, FOURTH, FIFTH]],
    ids=["the same paragraph", "the one beside it", "one that is gone", "one put in beside it"],
)  # fmt: skip
def test_where_two_sides_meet_the_draft_stays_and_both_texts_are_told(draft):
    found = merged(WAS, text(FIRST, "文件写的二段", THIRD, FOURTH, "五段署名改过。"), text(*draft))
    assert plain(found.blocks) == [*draft[:-1], "五段署名改过。"]
    assert [one.after for one in found.untaken if one.after] == ["文件写的二段"]
    assert found.kept
    assert [(one.before, one.after) for one in found.taken] == [(FIFTH, "五段署名改过。")]


def test_a_paragraph_moved_out_of_what_both_changed_does_not_stand_twice():
    found = merged(WAS, text(FIRST, THIRD, FOURTH, FIFTH, SECOND), text(FIRST, "草稿写的二段", THIRD, FOURTH, FIFTH))
    assert plain(found.blocks) == [FIRST, "草稿写的二段", THIRD, FOURTH, FIFTH]
    assert SECOND in {one.after for one in found.untaken}


def test_a_paragraph_that_both_moved_stands_where_the_draft_has_it():
    found = merged(WAS, text(SECOND, THIRD, FOURTH, FIRST, FIFTH), text(SECOND, THIRD, FOURTH, FIFTH, FIRST))
    assert plain(found.blocks) == [SECOND, THIRD, FOURTH, FIFTH, FIRST]


LINES = st.lists(st.sampled_from("甲乙丙丁戊己"), max_size=8)


@settings(max_examples=80, deadline=None)
@given(LINES, LINES, LINES)
def test_no_paragraph_is_lost_without_a_word(was, file, draft):
    found = merged(text(*was), text(*file), text(*draft))
    told = {one.before for one in (*found.taken, *found.untaken)} | {one.after for one in found.untaken}
    assert set(draft) <= set(plain(found.blocks)) | told
    assert set(file) - set(was) <= set(plain(found.blocks)) | told
    assert set(plain(found.blocks)) <= {*was, *file, *draft}


@settings(max_examples=50, deadline=None)
@given(LINES, LINES)
def test_what_only_one_side_changed_is_what_that_side_says(was, now):
    assert plain(merged(text(*was), text(*now), text(*was)).blocks) == now
    assert plain(merged(text(*was), text(*was), text(*now)).blocks) == now
    assert merged(text(*was), text(*now), text(*now)).untaken == ()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_edits_that_lie_apart_come_to_both_of_them(data):
    count = data.draw(st.integers(3, 9))
    was = [f"第{n}段原文" for n in range(count)]
    cut = data.draw(st.integers(1, count - 2))  # this paragraph is left alone by both
    mine = data.draw(st.lists(st.sampled_from((None, "改", "前", "留")), min_size=count, max_size=count))

    def edited(side: range) -> list[str]:
        made = []
        for n, one in enumerate(was):
            edit = mine[n] if n in side else "留"
            if edit is not None:
                made += {"改": [f"改写{n}"], "前": [f"补{n}", one], "留": [one]}[edit]
        return made

    file, draft = edited(range(cut)), edited(range(cut + 1, count))
    both = file[: len(file) - (count - cut)] + draft[cut:]
    found = merged(text(*was), text(*file), text(*draft))
    assert (plain(found.blocks), found.untaken) == (both, ())
