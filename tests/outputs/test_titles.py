from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.text import em
from pipeline.outputs.titles import balanced_lines


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("北京：推动医疗大模型开发和落地应用", ["北京：推动医疗大模型开发和落地应用"]),
        (
            "北京丰台布局未来智慧医疗 启动建设天坛智能医工产业园",
            ["北京丰台布局未来智慧医疗 ", "启动建设天坛智能医工产业园"],
        ),
        (
            "本市电子病历共享平台升级，市属医院影像资料全部云端互认",
            ["本市电子病历共享平台升级，", "市属医院影像资料全部云端互认"],
        ),
    ],
    ids=["one line", "at the space between two clauses", "after punctuation"],
)
def test_a_headline_is_broken_where_its_sense_is(title: str, lines: list[str]) -> None:
    assert balanced_lines(title, 24.0) == lines


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        (
            "专家谈数据要素×医疗健康：让数据“供得出、流得动、用得好”（节选）",
            ["专家谈数据要素×医疗健康：", "让数据“供得出、流得动、用得好”（节选）"],
        ),
        (
            "市卫生健康委印发《互联网诊疗监管细则》明确九条要求",
            ["市卫生健康委印发", "《互联网诊疗监管细则》明确九条要求"],
        ),
        (
            "从“能看病”到“看得好”——延庆山区村卫生室接入远程心电、远程影像一年记",
            ["从“能看病”到“看得好”——", "延庆山区村卫生室接入远程心电、远程影像一年记"],
        ),
        (
            "Hospital information systems in Beijing: what the 2025 survey says",
            ["Hospital information systems in Beijing: ", "what the 2025 survey says"],
        ),
    ],
    ids=[
        "a quotation stays whole",
        "a short name in brackets too",
        "after a dash",
        "a clause before a Latin word's end",
    ],
)
def test_what_belongs_together_stays_on_one_line(title: str, lines: list[str]) -> None:
    assert balanced_lines(title, 24.0) == lines


@pytest.mark.parametrize("width", [16.0, 18.0, 20.0, 22.0, 24.0])
def test_numbers_their_units_and_latin_words_are_never_torn(width: float) -> None:
    title = "全市247家医院用上DeepSeek-R1和GPT-4o，2024—2026年投入1.25亿元覆盖第12批试点的58.9%"
    lines = balanced_lines(title, width)
    assert len(lines) > 1
    for whole in ("247家", "DeepSeek-R1", "GPT-4o", "2024—2026年", "1.25亿", "第12批", "58.9%"):
        assert any(whole in line for line in lines), lines
    assert not any(line[0] in "的，%" for line in lines)


def test_a_title_in_a_heading_and_in_the_contents_leaves_room_for_its_number_and_ends_in_no_single_character() -> None:
    title = "社区卫生服务中心开通线上随访后老年人看病更方便了"
    assert em(title) == 24
    assert balanced_lines(title, 27.0, before=1.0, after=2.0, centred=False) == [title]
    first, second = balanced_lines(title, 27.0, before=1.5, after=2.0, centred=False)
    assert em(first) > em(second) >= 4


def test_a_word_is_not_torn_and_no_line_is_lost_under_another() -> None:
    title = "关于进一步推动医疗机构信息互通共享工作的若干意见稿"
    first, second = balanced_lines(title, 24.0)
    assert em(second) >= 4
    assert not any(word in title and word not in first + "\n" + second for word in ("医疗机构", "信息", "若干"))


@given(st.text(alphabet="甲乙丙丁戊，。“”《》 abcDEF123-|", max_size=120), st.floats(8, 30))
def test_lines_fit_and_joined_give_the_title_again(title: str, width: float) -> None:
    lines = balanced_lines(title, width)
    assert "".join(lines) == title
    assert all(em(line) <= width for line in lines) or len(lines) == 1
