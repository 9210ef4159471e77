"""Two people on one draft: what is kept, and what is told to whom."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drafts import IN, NOON, article, candidate, draft, folded
from pipeline.errors import UsageError
from pipeline.model import Block, Decision, Draft, Kind, Matter, Revision, Waiver
from pipeline.steps.assemble import printed
from pipeline.steps.blocks import written
from pipeline.steps.collide import meant
from pipeline.steps.decide import decide


def _said(verb: str, target: str, who: str = "王编辑", reason: str = "", **values: str) -> Decision:
    return Decision(verb, who, NOON, target, values, reason)


def _after(before: Draft, *decisions: Decision) -> Draft:
    for one in decisions:
        before = decide(before, one, lambda _: IN)
    return before


def _clashes(seen: Draft, now: Draft, decision: Decision, *since: Decision):
    log = [Revision(number, one) for number, one in enumerate(since, start=2)]
    return meant(seen, now, decision, lambda _: IN, log).clashes


THREE = draft(candidate("a"), candidate("b", "2024-06-11"), candidate("c", "2024-06-12"), chosen=("a", "b", "c"))
FOLDED = draft(folded("a", article("乙"), article("丙")), candidate("b", "2024-06-12"), chosen=("a", "b"))


def test_what_a_form_only_repeats_is_no_part_of_the_decision():
    said = _said(
        "edit",
        "a",
        title="a互联网医院上线",
        outlet="新华社",
        body="a互联网医院近日上线，市民可以在线复诊。\r\na还开通了用药咨询。",
    )
    found = meant(THREE, THREE, said, lambda _: IN)
    assert found.decision.values == {"outlet": "新华社"}
    assert meant(THREE, THREE, _said("edit", "a", date="2024-06-10"), lambda _: IN).decision is None


def test_a_table_does_not_become_paragraphs_by_being_looked_at():
    table = Block(Kind.TABLE, rows=(("科室", "人次"), ("内科", "12")))
    seen = draft(replace(candidate("a"), articles=(article("a", blocks=(table,)),)), chosen=("a",))
    assert meant(seen, seen, _said("edit", "a", body="科室\t人次\r\n内科\t12"), lambda _: IN).decision is None


def test_a_text_changed_by_both_carries_all_three():
    theirs = _said("edit", "a", "李编辑", body="李写的第一段。\na还开通了用药咨询。")
    (clash,) = _clashes(
        THREE, _after(THREE, theirs), _said("edit", "a", body="王写的第一段。\na还开通了用药咨询。"), theirs
    )
    assert clash.matter is Matter.TEXT
    assert clash.seen.startswith("a互联网医院近日上线")
    assert clash.mine.startswith("王写的第一段。")
    assert clash.theirs.startswith("李写的第一段。")
    assert [some[0].text for some in clash.blocks[1:]] == ["王写的第一段。", "李写的第一段。"]
    assert clash.by == Revision(2, theirs)


def test_a_picture_that_was_fetched_meanwhile_is_no_edit():
    figure = Block(Kind.FIGURE, "大厅", src="https://news.bjd.com.cn/a.png")
    bare = replace(candidate("a"), articles=(article("a", blocks=(figure, Block(Kind.PARAGRAPH, "正文。"))),))
    seen = draft(bare, chosen=("a",))
    pictured = article("a", blocks=(replace(figure, blob="b" * 64), Block(Kind.PARAGRAPH, "正文。")))
    now = draft(replace(bare, articles=(pictured,)), chosen=("a",))
    assert not _clashes(seen, now, _said("edit", "a", blocks=written([Block(Kind.PARAGRAPH, "改过的正文。")])))


@pytest.mark.parametrize(
    ("theirs", "mine", "matter"),
    [
        (_said("exclude", "a"), _said("reorder", "a", to="2"), Matter.TAKEN),
        (_said("reorder", "c", to="1"), _said("reorder", "b", to="1"), Matter.ORDER),
        (_said("include", "a"), _said("exclude", "a"), Matter.TAKEN),
        (_said("merge", "b", into="a"), _said("exclude", "b"), Matter.STORY),
        (_said("merge", "b", into="a"), _said("excerpt", "b"), Matter.STORY),
        (_said("edit", "a", title="李的题"), _said("revert", "a", field="title"), Matter.TITLE),
        (_said("edit", "a", title="李的题"), _said("revert", "a", field=""), Matter.TITLE),
        (_said("edit", "a", title="李的题"), _said("exclude", "a"), None),
        (_said("exclude", "c"), _said("reorder", "a", to="2"), None),
        (_said("exclude", "a"), _said("exclude", "a"), None),
        (_said("reorder", "a", to="3"), _said("reorder", "a", to="3"), None),
    ],
    ids=lambda one: f"{one.verb} {one.target} {dict(one.values)}" if isinstance(one, Decision) else str(one),
)
def test_what_somebody_decided_otherwise_is_told_and_nothing_else(theirs, mine, matter):
    found = {one.matter for one in _clashes(THREE, _after(THREE, theirs), mine, theirs)}
    assert found == ({matter} if matter else set())


@pytest.mark.parametrize(
    ("theirs", "mine", "matter"),
    [
        (_said("split", "丙互联网"), _said("represent", "a", **{"with": "乙互联网"}), Matter.STORY),
        (_said("split", "丙互联网"), _said("split", "乙互联网"), Matter.STORY),
        (_said("split", "丙互联网"), _said("split", "丙互联网"), None),
        (_said("represent", "a", **{"with": "乙互联网"}), _said("edit", "a", title="新题"), Matter.VERSION),
        (_said("represent", "a", **{"with": "乙互联网"}), _said("represent", "a", **{"with": "乙互联网"}), None),
        (_said("edit", "a", title="李的题"), _said("represent", "a", **{"with": "乙互联网"}), Matter.EDITS),
        (_said("merge", "b", into="a"), _said("merge", "b", into="a"), None),
        (_said("represent", "a", **{"with": "乙互联网"}), _said("merge", "b", into="a"), Matter.VERSION),
    ],
    ids=lambda one: f"{one.verb} {one.target} {dict(one.values)}" if isinstance(one, Decision) else str(one),
)
def test_a_story_that_changed_is_told(theirs, mine, matter):
    found = {one.matter for one in _clashes(FOLDED, _after(FOLDED, theirs), mine, theirs)}
    assert matter in found if matter else not found


def test_what_was_typed_for_a_story_that_is_gone_is_still_there():
    theirs = _said("merge", "b", "李编辑", into="a")
    clashes = _clashes(THREE, _after(THREE, theirs), _said("edit", "b", title="新题", body="新写的正文。"), theirs)
    assert {one.matter: one.mine for one in clashes} == {
        Matter.STORY: "修改标题、正文", Matter.TITLE: "新题", Matter.TEXT: "新写的正文。",
    }  # fmt: skip
    assert clashes[0].theirs == "已并入《a互联网医院上线》"


def test_a_place_in_the_contents_means_the_neighbour_it_was_put_behind():
    seen = draft(*(candidate(name, f"2024-06-{10 + place}") for place, name in enumerate("abcd")), chosen=tuple("abcd"))
    now = _after(seen, _said("exclude", "a"))
    found = meant(seen, now, _said("reorder", "b", to="3"), lambda _: IN)
    assert _after(now, found.decision).chosen == ("c", "b", "d")


def test_a_waiver_that_somebody_else_signed_with_another_reason_is_told():
    now = replace(THREE, waivers={"genre:a": Waiver("李的理由", "李编辑")})
    (clash,) = _clashes(THREE, now, _said("waive", "genre:a", reason="王的理由"))
    assert (clash.matter, clash.mine, clash.theirs) == (Matter.WAIVER, "王的理由", "李的理由")


def test_an_order_that_changed_because_an_item_went_and_came_back_is_told_with_who_brought_it_back():
    gone = _said("exclude", "a", who="王编辑")
    back = _said("include", "a", who="王编辑")
    now = replace(_after(_after(THREE, gone), back), ordered=True, chosen=("b", "c", "a"))
    since = [Revision(2, gone), Revision(3, back)]
    seen = replace(THREE, ordered=True)
    (clash,) = meant(seen, now, _said("reorder", "a", to="1"), lambda _: IN, since).clashes
    assert (clash.matter, clash.by) == (Matter.ORDER, since[1])


# --------------------------------------------------------------------- whatever two people do, in any order

_TEXTS = st.sampled_from(["甲稿", "乙稿", "丙稿"])
_DECISIONS = st.one_of(
    st.builds(lambda h, t: _said("edit", h, title=t), st.sampled_from("abc"), _TEXTS),
    st.builds(lambda h, t: _said("edit", h, body=t), st.sampled_from("abc"), _TEXTS),
    st.builds(lambda h, t, o: _said("edit", h, title=t, outlet=o), st.sampled_from("abc"), _TEXTS, _TEXTS),
    st.builds(lambda v, h: _said(v, h), st.sampled_from(["include", "exclude"]), st.sampled_from("abc")),
    st.builds(lambda h, n: _said("reorder", h, to=str(n)), st.sampled_from("abc"), st.integers(1, 3)),
)
_STEPS = st.lists(st.tuples(st.sampled_from(["王编辑", "李编辑"]), st.booleans(), _DECISIONS), max_size=14)


@given(_STEPS)
def test_every_save_is_in_the_log_or_told_with_both_texts_and_the_log_makes_the_draft(steps):
    drafts, log = [THREE], []
    looking = {"王编辑": 0, "李编辑": 0}
    for who, looks_again, said in steps:
        if looks_again:
            looking[who] = len(log)
        seen, now, said = drafts[looking[who]], drafts[-1], replace(said, who=who)
        since = [Revision(number, one) for number, one in enumerate(log, start=1)][looking[who] :]
        try:
            found = meant(seen, now, said, lambda _: IN, since)
        except UsageError:
            continue  # it could not be meant when it was said: an item is moved that was not in
        if found.clashes:
            # of an order the titles are told, and here several items may come to be called the same
            assert all(one.mine != one.theirs for one in found.clashes if one.matter is not Matter.ORDER)
            assert all(one.by is not None and one.by.decision in log for one in found.clashes)
            typed = {one.matter: one.mine for one in found.clashes}
            assert set(typed.values()) & {*said.values.values(), "收录", "剔除"} or {Matter.ORDER, Matter.TAKEN} & set(
                typed
            )
            continue
        if found.decision is None or (after := decide(now, found.decision, lambda _: IN)) == now:
            if said.verb == "edit":  # it stands there already, or nothing was changed
                item, was = (printed(one, one.candidate(said.target)) for one in (now, seen))
                for name, value in said.values.items():
                    mine = {"title": (item.title, was.title), "outlet": (item.outlet, was.outlet)}
                    assert value in mine.get(name, (item.text, was.text))
            continue
        others = {one.who for one in log[looking[who] :]} - {who}
        if said.verb == "edit" and others:
            was, its = (printed(one, one.candidate(said.target)) for one in (seen, now))
            for name in found.decision.values:
                field = "text" if name == "body" else name
                assert getattr(was, field) == getattr(its, field), "nothing is written over that was not seen"
        drafts.append(after)
        log.append(found.decision)
    again = THREE
    for one in log:
        again = decide(again, one, lambda _: IN)
    assert again == drafts[-1]
