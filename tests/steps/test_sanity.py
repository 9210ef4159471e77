"""What is promised when none of many articles pass, or nearly all."""

from __future__ import annotations

import pytest

from pipeline.steps.sanity import alarm


@pytest.mark.parametrize(
    ("judged", "passed"),
    [
        pytest.param(0, 0, id="nothing was read"),
        pytest.param(19, 0, id="too few to tell"),
        pytest.param(237, 5, id="an ordinary month"),
        pytest.param(20, 1, id="one of twenty"),
        pytest.param(100, 90, id="sources of the field alone"),
        pytest.param(12, 12, id="a folder of chosen articles"),
    ],
)
def test_an_ordinary_window_raises_no_alarm(judged: int, passed: int) -> None:
    assert alarm(judged, passed) == ""


def test_none_of_many_names_the_likely_causes_and_the_silent_sources() -> None:
    said = alarm(20, 0, ("北京日报", "千龙网"))
    assert "可读文章 20 篇，没有一篇符合监测范围" in said
    assert "scope.yaml" in said
    assert "2个信源未能采集（北京日报、千龙网）" in said


def test_nearly_all_of_many_is_no_more_believable() -> None:
    assert "40 篇符合监测范围，几乎全部通过" in alarm(41, 40)
