"""What is promised to who edits scope.yaml: a mistake is named with its line, and much of it stays fast."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipeline.config import Axis, Scope, Topic, read
from pipeline.errors import ConfigError
from pipeline.steps.rate import Rater
from spent import computing

GOOD = """\
axes:
  - name: 医疗卫生
    terms:
      2: [医院, 患者]
      0.5: [健康]
  - name: 信息技术
    terms: {2: [信息化]}
topics:
  - name: 智慧医院
    terms:
      3: [电子病历, 智慧医院]
    must: [医生]
    not: [小说]
against: {3: [宠物]}
ignore: [健康发展]
"""


def _read(path: Path, text: str) -> Scope:
    file = path / "scope.yaml"
    file.write_text(text, "utf-8")
    scope: Scope = read(file, TypeAdapter(Scope))
    return scope


def test_a_scope_of_topics_is_read(tmp_path: Path) -> None:
    topic = _read(tmp_path, GOOD).topics[0]
    assert (topic.must, topic.unless) == (("医生",), ("小说",))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        pytest.param("电子病历, ", "电子.*病历, ", 11, "plain text", id="a pattern"),
        pytest.param("电子病历, ", "(电子)?病历, ", 11, "plain text", id="a pattern with an option"),
        pytest.param("电子病历, ", "'电子病历|病案', ", 11, "plain text", id="two words in one"),
        pytest.param("电子病历, ", "' ', ", 11, "is empty", id="an empty term"),
        pytest.param("[健康]", "[健康, 医]", 5, "single character", id="one character under a fractional weight"),
        pytest.param("电子病历, ", "电子病历" * 30 + ", ", 11, "120 characters", id="a page of text"),
        pytest.param("[医生]", "[生]", 12, "single character", id="a single character in must"),
        pytest.param("[宠物]", "[宠物, 电子病历]", 14, "topics 智慧医院 of weight 3", id="in a topic and against"),
        pytest.param("0.5: [健康]", "0.5: [健康, 医院]", 5, "axes 医疗卫生 of weight 2", id="with two weights"),
        pytest.param("[健康发展]", "[健康发展, 智慧 医院]", 15, "stands in topics", id="ignored and wanted"),
        pytest.param("    must:", "    may:", 12, "unknown key 'may'", id="an unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=said) as error:
        _read(tmp_path, GOOD.replace(old, new))
    assert f"scope.yaml:{line}:" in str(error.value)


def test_the_list_that_topics_replaced_is_refused_and_says_where_its_lines_go(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is called topics now: `bulletin config migrate` writes") as error:
        _read(tmp_path, GOOD + "strong:\n  3: [云胶片]\n")
    assert "scope.yaml:16:" in str(error.value)


def test_signs_of_the_field_are_no_patterns(tmp_path: Path) -> None:
    wide = _read(tmp_path, GOOD.replace("电子病历, ", "互联网+医疗, 数据要素×医疗, 5g/6g, c++, 检查、检验, "))
    assert Rater(wide).rate("数据要素×医疗，互联网＋医疗", "医生在场。").topics == ("智慧医院",)


def test_a_hundred_thousand_terms_are_compiled_and_found_in_bounded_time() -> None:
    base, count = 0x4E00, 100_000
    terms = tuple("".join(chr(base + (n * step + n // 97) % 20_000) for step in (1, 7, 31, 131)) for n in range(count))
    axis = Axis(name="医疗卫生", terms={2: ("医院",)})
    with computing(60):  # 5 s on an idle core
        rater = Rater(Scope(axes=(axis,), topics=(Topic(name="很多", terms={3: terms}),)))
        rating = rater.rate("标题", "开头" + terms[-1] + "结尾" * 500)
    assert rating.topics == ("很多",)
