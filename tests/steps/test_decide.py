"""What an editor may decide, and how a target is named."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drafts import BORDERLINE, IN, NOON, OUT, article, candidate, draft, folded
from pipeline.errors import UsageError
from pipeline.model import Decision, Flag, Waiver
from pipeline.steps.decide import DECISIONS, decide, find, resolved


def _do(before, verb, target="", reason="", rating=IN, **values):
    decision = Decision(verb, "王编辑", NOON, target, values, reason)
    return decide(before, decision, lambda _: rating)


def test_include_takes_a_candidate_into_its_place_by_date():
    before = draft(candidate("a", "2024-06-20"), candidate("b", "2024-06-05", BORDERLINE), chosen=("a",))
    after = _do(before, "include", "b")
    assert after.chosen == ("b", "a")
    assert after.included == ("b",)


def test_exclude_puts_out_and_include_takes_back():
    before = draft(candidate("a"), chosen=("a",))
    out = _do(before, "exclude", "a")
    assert (out.chosen, out.excluded) == ((), ("a",))
    assert _do(out, "include", "a").excluded == ()


def test_a_story_from_before_the_window_is_taken_only_with_a_reason():
    before = draft(candidate("a", "2024-05-20"))
    with pytest.raises(UsageError, match="补收须写明理由"):
        _do(before, "include", "a")
    assert _do(before, "include", "a", "上期漏收").late == {"a": Waiver("上期漏收", "王编辑")}


def test_a_story_from_after_the_window_is_never_taken():
    with pytest.raises(UsageError, match="留给下一期"):
        _do(draft(candidate("a", "2024-07-02")), "include", "a", "想要")


def test_split_makes_a_folded_article_an_item_of_its_own_and_merge_undoes_it():
    other = article("乙")
    before = draft(folded("a", other), chosen=("a",))
    split = _do(before, "split", "乙互联网医院")
    (mine, own) = split.candidates
    assert [one.title for one in mine.articles] == ["a互联网医院上线"]
    assert own.article == other
    assert split.chosen == ("a", own.handle)
    assert split.apart == ((other.id, mine.article.id),)
    merged = _do(split, "merge", own.handle, into="a")
    assert merged.chosen == ("a",)
    assert {one.id for one in merged.candidates[0].articles} == {mine.article.id, other.id}
    assert merged.apart == ()


def test_a_split_article_that_is_rated_out_waits_instead():
    split = _do(draft(folded("a", article("乙")), chosen=("a",)), "split", "乙互联网医院", rating=OUT)
    assert split.chosen == ("a",)
    assert len(split.candidates) == 2


def test_splitting_the_representative_of_three_asks_which_one():
    before = draft(folded("a", article("乙"), article("丙")), chosen=("a",))
    with pytest.raises(UsageError, match="代表文章"):
        _do(before, "split", "a")


def test_what_stands_alone_cannot_be_split():
    with pytest.raises(UsageError, match="没有折叠其他文章"):
        _do(draft(candidate("a")), "split", "a")


def test_reorder_is_the_editors_and_later_inclusions_no_longer_sort():
    before = draft(
        candidate("a", "2024-06-01"), candidate("b", "2024-06-02"), candidate("c", "2024-06-03"), chosen=("a", "b", "c")
    )
    after = _do(before, "reorder", "c", to="1")
    assert after.chosen == ("c", "a", "b")
    assert _do(after, "edit", "a", date="2024-06-09").chosen == ("c", "a", "b")


def test_an_edited_date_moves_the_item():
    before = draft(candidate("a", "2024-06-01"), candidate("b", "2024-06-02"), chosen=("a", "b"))
    assert _do(before, "edit", "a", date="2024-06-09").chosen == ("b", "a")


@pytest.mark.parametrize(
    ("verb", "values", "said"),
    [
        ("edit", {"date": "2024-02-30"}, "不是日期"),
        ("edit", {"title": "  "}, "不能为空"),
        ("edit", {"autor": "x"}, "没有“autor”这一项"),
        ("reorder", {"to": "0"}, "不是 1 至 1 之间的位置"),
        ("reorder", {"to": "x"}, "不是 1 至 1 之间的位置"),
        ("excerpt", {}, "没有可供节选的段落"),
        ("fold", {}, "没有“fold”这种操作"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(verb, values, said):
    before = draft(candidate("a"), chosen=("a",))
    with pytest.raises(UsageError, match=said):
        _do(before, verb, "a", **values)
    assert before == draft(candidate("a"), chosen=("a",))


def test_a_waiver_needs_a_reason_and_is_signed():
    before = draft(candidate("a"), chosen=("a",))
    with pytest.raises(UsageError, match="放行须写明理由"):
        _do(before, "waive", "empty-link:a")
    assert _do(before, "waive", "empty-link:1", "内部材料").waivers == {"empty-link:a": Waiver("内部材料", "王编辑")}


@pytest.mark.parametrize(
    "target", ["a", "1", "https://news.bjd.com.cn/a.shtml", "a互联网", "A 互联网医院，上线", "a互联网医院上线"]
)
def test_a_target_is_named_as_an_editor_would(target):
    before = draft(candidate("b"), candidate("a"), chosen=("a",))
    assert find(before, target)[0].handle == "a"


def test_a_target_that_fits_several_lists_them():
    with pytest.raises(UsageError, match=r"不止一条：.*甲.*乙"):
        find(draft(candidate("甲"), candidate("乙")), "互联网医院")


def test_a_target_that_fits_none_says_where_to_look():
    with pytest.raises(UsageError, match="draft show"):
        find(draft(candidate("甲")), "疫苗")


_VERBS = st.sampled_from(["include", "exclude", "split", "merge", "reorder", "edit", "excerpt", "represent"])
_TARGETS = st.sampled_from(["a", "b", "c", "1", "2", "乙互联网医院上线", "9"])


@given(st.lists(st.tuples(_VERBS, _TARGETS, _TARGETS), max_size=12))
def test_whatever_is_decided_no_article_is_lost_and_no_item_stands_twice(decisions):
    now = draft(
        folded("a", article("乙"), article("丙")), candidate("b", rating=BORDERLINE), candidate("c"), chosen=("a", "c")
    )
    everything = sorted(one.id for c in now.candidates for one in c.articles)
    for verb, target, other in decisions:
        values = {
            "merge": {"into": other},
            "reorder": {"to": other},
            "edit": {"title": "新题"},
            "represent": {"with": other},
        }.get(verb, {})
        try:
            now = _do(now, verb, target, **values)
        except UsageError:
            continue
        assert sorted(one.id for c in now.candidates for one in c.articles) == everything
        assert len(set(now.chosen)) == len(now.chosen)
        assert set(now.chosen) <= {c.handle for c in now.candidates}
        assert len({c.handle for c in now.candidates}) == len(now.candidates)


# ------------------------------------------------------------------------- which version is printed


def _two_versions():
    return draft(folded("a", article("乙"), article("丙")), candidate("b", "2024-06-12"), chosen=("a", "b"))


@pytest.mark.parametrize(
    "version",
    ["https://news.bjd.com.cn/乙.shtml", "https://m.bjd.com.cn/乙.shtml?utm_source=x", "乙互联网", "乙互联网医院上线"],
)
def test_another_version_of_a_story_is_printed_in_its_place(version):
    before = _two_versions()
    if version.startswith("https://m."):
        versions = (
            before.candidate("a").article,
            article("乙", aliases=("https://m.bjd.com.cn/乙.shtml",)),
            article("丙"),
        )
        before = replace(before, candidates=(replace(before.candidate("a"), articles=versions), before.candidate("b")))
    after = _do(before, "represent", "a", **{"with": version})
    assert after.candidate("a").article.title == "乙互联网医院上线"
    assert {one.id for one in after.candidate("a").articles} == {one.id for one in before.candidate("a").articles}
    assert after.chosen == ("a", "b"), "its handle and its place stay"


def test_what_was_edited_belongs_to_its_version_and_comes_back_with_it():
    before = _do(_two_versions(), "edit", "a", title="改过的标题", url="https://news.bjd.com.cn/a2.shtml")
    after = _do(before, "represent", "a", **{"with": "乙互联网"})
    assert "a" not in after.edits
    after = _do(after, "edit", "a", title="乙的标题")
    back = _do(after, "represent", "a", **{"with": before.candidate("a").article.url})
    assert back.edits == before.edits
    assert back.candidate("a").article == before.candidate("a").article
    assert _do(back, "represent", "a", **{"with": "乙互联网"}).edits["a"] == {"title": "乙的标题"}


def test_what_was_edited_of_a_merged_candidate_comes_back_when_it_is_split_off():
    before = _do(_two_versions(), "edit", "b", title="改过的标题")
    merged = _do(before, "merge", "b", into="a")
    assert "b" not in merged.edits
    split = _do(merged, "split", "b互联网医院上线")
    own = next(one for one in split.candidates if one.article.title == "b互联网医院上线")
    assert split.edits == {own.handle: {"title": "改过的标题"}}


def test_an_excerpt_is_of_the_version_it_was_taken_from():
    short, long = replace(IN, excerpt=()), replace(IN, excerpt=(0,), share=0.2)
    first = replace(folded("a", article("乙")), rating=long)
    before = _do(draft(first, chosen=("a",)), "excerpt", "a")
    after = _do(before, "represent", "a", rating=short, **{"with": "乙互联网"})
    assert (after.excerpts, after.candidate("a").rating.excerpt) == ((), ())
    back = _do(after, "represent", "a", rating=long, **{"with": first.article.url})
    assert back.excerpts == ("a",)
    assert back.candidate("a").rating == long


def test_a_version_from_before_the_window_is_printed_only_with_a_reason():
    before = draft(folded("a", article("乙", "2024-05-30")), chosen=("a",))
    with pytest.raises(UsageError, match="补收须写明理由"):
        _do(before, "represent", "a", **{"with": "乙互联网"})
    after = _do(before, "represent", "a", "首发", **{"with": "乙互联网"})
    assert after.late == {"a": Waiver("首发", "王编辑")}
    assert _do(after, "represent", "a", **{"with": before.candidate("a").article.url}).late == {}


@pytest.mark.parametrize(
    ("version", "said"),
    [("疫苗", "没有折叠“疫苗”"), ("", "没有折叠"), ("互联网医院", "不止一篇"), ("镜像", "疑似镜像站，不能作来源")],
)
def test_what_cannot_be_printed_is_refused(version, said):
    before = draft(folded("a", article("乙"), article("丙"), article("镜像", flags=(Flag.MIRROR,))), chosen=("a",))
    with pytest.raises(UsageError, match=said):
        _do(before, "represent", "a", **{"with": version})


def test_two_readings_of_one_page_are_told_apart():
    old, new = article("乙"), article("乙", title="乙互联网医院上线（更新）")
    before = draft(folded("a", old, new), chosen=("a",))
    decision = resolved(before, Decision("represent", "王编辑", NOON, "a", {"with": "（更新）"}))
    assert decide(before, decision, lambda _: IN).candidate("a").article == new


def test_the_record_of_a_choice_names_the_address():
    decision = resolved(_two_versions(), Decision("represent", "王编辑", NOON, "1", {"with": "乙互联网"}))
    assert (decision.target, decision.values) == ("a", {"with": "https://news.bjd.com.cn/乙.shtml"})
    assert decision.chinese == "换用"


def test_a_target_is_found_by_any_of_its_addresses():
    one = candidate("b")
    one = replace(one, articles=(replace(one.article, aliases=("https://t.cn/A6Z1bXy",)),))
    for address in ("https://t.cn/A6Z1bXy", "http://m.news.bjd.com.cn/b.shtml?utm_source=x"):
        assert find(draft(candidate("a"), one), address)[0].handle == "b"


def test_every_verb_is_one_of_the_registry():
    assert set(DECISIONS) == {
        "include",
        "exclude",
        "split",
        "merge",
        "edit",
        "revert",
        "note",
        "reorder",
        "excerpt",
        "represent",
        "waive",
        "return",
    }


def test_every_decision_has_a_word_that_an_editor_reads():
    for verb in DECISIONS:
        assert Decision(verb, "王编辑", NOON).chinese != verb


def _returned(**said: object) -> Decision:
    return Decision("return", "王编辑", NOON, values={"taken": json.dumps(said, ensure_ascii=False)})


def test_what_was_taken_from_an_edited_file_is_one_decision():
    before = draft(candidate("a"), candidate("b"), candidate("c"), candidate("d"), chosen=("a", "b", "c", "d"))
    after = decide(
        before,
        _returned(
            order=["c", "a"], left_out=["b"], edits={"a": {"title": "新题", "date": "2024-06-11"}}, excerpts={"c": True}
        ),
        lambda _: IN,
    )
    assert after.chosen == ("c", "d", "a")  # what the file does not name stays behind what it stood behind
    assert after.ordered
    assert after.excluded == ("b",)
    assert after.edits == {"a": {"title": "新题", "date": "2024-06-11"}}
    assert after.excerpts == ("c",)
    assert decide(after, _returned(order=["c", "d", "a"]), lambda _: IN) == after


def test_a_record_of_an_edited_file_that_cannot_be_read_is_refused():
    with pytest.raises(UsageError, match="读不出来"):
        decide(draft(candidate("a")), Decision("return", "王编辑", NOON, values={"taken": "["}), lambda _: IN)


def test_what_was_edited_is_taken_back_field_by_field_or_all_at_once():
    before = draft(candidate("a"), candidate("b"))
    edited = _do(before, "edit", "a", title="新标题", outlet="千龙网", blocks='[{"kind": "paragraph", "text": "新"}]')
    edited = _do(edited, "edit", "b", title="另一标题")
    assert set(_do(edited, "revert", "a", field="title").edits["a"]) == {"outlet", "blocks"}
    assert set(_do(edited, "revert", "a", field="text").edits["a"]) == {"title", "outlet"}
    assert _do(edited, "revert", "a").edits == {"b": {"title": "另一标题"}}
    assert _do(_do(edited, "revert", "a"), "revert", "b", field="title") == before


def test_a_field_that_there_is_not_cannot_be_taken_back():
    with pytest.raises(UsageError, match="没有“author”这一项"):
        _do(draft(candidate("a")), "revert", "a", field="author")


def test_a_date_that_is_taken_back_moves_the_item_back():
    before = draft(candidate("a", "2024-06-10"), candidate("b", "2024-06-20"), chosen=("a", "b"))
    edited = _do(before, "edit", "a", date="2024-06-25")
    assert edited.chosen == ("b", "a")
    assert _do(edited, "revert", "a", field="date").chosen == ("a", "b")
