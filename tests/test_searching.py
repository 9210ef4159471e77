"""`bulletin search`: was this in an earlier issue, and where."""

import json

import pytest

from pipeline.config import packaged
from pipeline.desk import now, open_desk
from pipeline.model import Phrase
from pipeline.steps.search import asked, marked, shown

SEED_534, SEED_535 = (packaged("seeds") / name for name in ("003_885bb48bbbd89533.txt", "001_5a80ae35308c779a.txt"))
TEXT = (
    "会议于上周召开。多家醫院介绍了 ＡＩ 辅助诊断的做法。电子病历在全市共享之后，重复检查减少约一成，患者满意度提高。\n"
    "与会专家认为，电子病历的质量仍须提高。"
)


@pytest.fixture
def run(workspace, bulletin):
    return lambda *arguments: bulletin("-C", workspace, *arguments)


def test_items_of_issues_are_found_on_the_command_line(run):
    assert run("import-issue", SEED_534, SEED_535)[0] == 0
    code, out, err = run("search", "医疗大模型")
    assert (code, err) == (0, "共 3 条\n")
    first, about, *_ = out.splitlines()
    assert first == "北京市卫生信息化舆情监测月报 第五三五期第2条　北京：推动医疗大模型开发和落地应用"
    assert "医疗大模型" in about
    code, out, _ = run("search", "医疗大模型", "--json")
    one, *_ = json.loads(out)["items"]
    assert (one["series"], one["number"], one["position"]) == ("beijing-monthly", 535, 2)
    assert "医疗大模型" in one["passage"]
    assert run("search", "医疗大模型", "--series", "national-weekly")[0] == 4, "nothing found"
    assert run("search", "没有这样的词")[::2] == (4, "共 0 条\n")
    assert run("search", "医院", "--series", "nobody")[0] == 2


def test_opening_the_desk_makes_good_what_the_search_does_not_know_and_a_damaged_issue_hides_no_other(run, workspace):
    assert run("import-issue", SEED_534, SEED_535)[0] == 0
    with open_desk(workspace, clock=now) as desk, desk._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM entries")
        connection.exec_driver_sql("UPDATE releases SET content = replace(content, '一核两翼', '一核三翼')")
    with open_desk(workspace, clock=now) as desk:
        assert desk.search("天坛医院").total > 0, "of 535"
        assert desk.search("一核三翼").total == 0, "of 534, which is damaged"


@pytest.mark.parametrize(
    ("question", "marks"),
    [
        pytest.param("电子病历", ["电子病历", "电子病历"], id="a word"),
        pytest.param("醫院", ["醫院"], id="as it is written"),
        pytest.param("医院 ai", ["醫院", "ＡＩ"], id="in the letters of the text, not of the question"),
        pytest.param("共享之后，重复", ["共享之后，重复"], id="across a mark"),
        pytest.param("满意度提高 与会", ["满意度提高", "与会"], id="on both sides of a line"),
    ],
)
def test_what_was_asked_for_is_marked_where_it_stands(question, marks):
    found = marked(TEXT, asked(question))
    assert [text for text, hit in found.pieces if hit] == marks
    assert str(found) == TEXT


def test_the_passage_that_is_shown_has_most_of_what_was_asked_for_and_begins_with_its_sentence():
    passage = shown(TEXT, asked("电子病历 满意度"), length=40)
    assert str(passage).startswith("…电子病历在全市共享之后")
    assert str(passage).endswith("…")
    assert [text for text, hit in passage.pieces if hit] == ["电子病历", "满意度"]


def test_without_a_hit_the_beginning_of_the_text_is_shown():
    assert str(shown(TEXT, [Phrase("没有", ("没有",))], length=8)) == "会议于上周召开。…"
