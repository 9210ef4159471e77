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
