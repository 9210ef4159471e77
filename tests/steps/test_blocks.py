"""A body as the rows of a form: what is not touched comes back as it was, tables and pictures whatever is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model import Block, Kind
from pipeline.steps.blocks import ROW_KINDS, Row, composed, rows, written

PICTURE = Block(Kind.FIGURE, "大厅", src="https://news.example.cn/a.png", blob="ab" * 32)
TABLE = Block(Kind.TABLE, rows=(("区", "数"), ("东城", "3")), header=1, spans=((0, 0, 1, 1),))
BODY = (
    Block(Kind.PARAGRAPH, "第一段。"),
    Block(Kind.HEADING, "小标题", level=1),
    Block(Kind.ITEM, "列举", level=1, mark="3."),
    PICTURE,
    Block(Kind.CAPTION, "大厅一角。"),
    TABLE,
    Block(Kind.QUOTE, "原话。"),
)
KNOWN = {PICTURE.src, PICTURE.blob}

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)
_BLOCKS = st.one_of(
    st.builds(Block, st.sampled_from([Kind.PARAGRAPH, Kind.QUOTE, Kind.CAPTION]), _TEXT.filter(str.strip)),
    st.builds(Block, st.just(Kind.HEADING), _TEXT.filter(str.strip), st.integers(1, 2)),
    st.builds(Block, st.just(Kind.ITEM), _TEXT.filter(str.strip), st.integers(0, 3), mark=st.sampled_from(["", "3."])),
    st.sampled_from([PICTURE, TABLE]),
)


@given(st.lists(_BLOCKS, max_size=8))
def test_what_nobody_touched_comes_back_as_it_was(blocks):
    assert composed(rows(blocks), KNOWN) == tuple(blocks)


def _typed(place: int, text: str, kind: str = "") -> tuple[Block, ...]:
    sent = list(rows(BODY))
    sent[place] = Row(sent[place].block, kind or sent[place].kind, text)
    return composed(sent, KNOWN)


def test_typing_in_one_row_changes_that_block_alone():
    assert _typed(2, "改了") == (*BODY[:2], Block(Kind.ITEM, "改了", level=1, mark="3."), *BODY[3:])


def test_an_emptied_row_is_gone_and_nothing_else_is():
    assert _typed(0, " \n ") == BODY[1:]


def test_several_lines_in_a_row_are_several_blocks():
    assert _typed(0, "甲\r\n\r\n乙")[:2] == (Block(Kind.PARAGRAPH, "甲"), Block(Kind.PARAGRAPH, "乙"))
    assert [one.mark for one in _typed(2, "甲\n乙")[2:4]] == ["3.", ""]
    assert _typed(1, "标题\n它的文字")[1:3] == (Block(Kind.HEADING, "标题", 1), Block(Kind.PARAGRAPH, "它的文字"))


def test_a_row_may_become_another_kind():
    assert _typed(0, "第一段。", "heading-2")[0] == Block(Kind.HEADING, "第一段。", level=2)


def test_tables_and_pictures_move_with_all_they_hold():
    sent = rows(BODY)
    assert composed([sent[5], sent[3], *sent[:3]], KNOWN) == (TABLE, PICTURE, *BODY[:3])


def test_a_new_row_is_a_block_of_its_kind():
    assert composed([*rows(BODY), Row("", "quote", "新增")], KNOWN) == (*BODY, Block(Kind.QUOTE, "新增"))


@pytest.mark.parametrize(
    "row",
    [
        Row("", "figure", "字"),
        Row(written(BODY[:1]), "table", "字"),
        Row("", "script", "字"),
        Row("不是", "paragraph", "字"),
        Row(written([Block(Kind.FIGURE, src="https://evil.example/a.png", blob="cd" * 32)]), "figure", ""),
    ],
    ids=["a picture out of nothing", "text as a table", "no kind of ours", "no block", "a picture of another article"],
)
def test_what_no_form_of_ours_sends_is_refused(row):
    with pytest.raises(UsageError):
        composed([row], KNOWN)


def test_every_kind_of_block_has_a_row():
    assert {kind for kind, _, _ in ROW_KINDS.values()} == set(Kind)
