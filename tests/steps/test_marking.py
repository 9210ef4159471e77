"""The terms of the scope in a text, as an editor sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drafts import CONFIG
from pipeline.steps.rate.marking import Marker

MARKER = Marker(CONFIG.scope, ["床旁终端"])


def _found(text):
    return [one.text for one in MARKER.marked(text) if one.topic]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("全市推广电子病历共享。", ["电子病历"]),
        ("全市推广“电子病历”。", ["电子病历"]),
        ("全市推廣電子病歷。", ["電子病歷"]),
        ("今天天气很好。", []),
        ("床旁终端已安装。", ["床旁终端"]),
    ],
    ids=["as written", "within quotes", "in traditional characters", "none", "one the article was rated by"],
)
def test_a_term_is_marked_as_it_stands_in_the_text(text, terms):
    assert _found(text) == terms


@given(st.text(max_size=80) | st.lists(st.sampled_from(["電子病歷", "互联网 医院", "“", "Ａ", "㎡", " "])).map("".join))
def test_the_stretches_are_the_text(text):
    assert "".join(one.text for one in MARKER.marked(text)) == text
