"""No edit is lost: two people at once, texts that come late, what was undone, and who did what."""

import pytest

from pipeline.desk import now
from pipeline.errors import Collision
from pipeline.model import Decision, Matter
from pipeline.steps.assemble import printed

JUNE = "/issues/beijing-monthly/2024-06-01"


@pytest.fixture(scope="module")
def history(june_office, tmp_path_factory):
    """One review page for the tests of this file; each takes an item of its own, or undoes what it did."""
    import shutil

    from desktops import served

    with served(shutil.copytree(june_office, tmp_path_factory.mktemp("history") / "office")) as one:
        yield one


def _decide(desktop, who, verb, target="", seen=0, reason="", **values):
    with desktop.office.opened() as desk:
        desked = desktop.draft()
        return desk.decide(desked, Decision(verb, who, now(), target, values, reason), seen=seen)


def test_who_edits_another_field_of_the_same_item_keeps_both_edits(history):
    seen = history.draft().revision
    _decide(history, "李编辑", "edit", "c22bb", title="电子病历全市共享")
    after = _decide(
        history, "王编辑", "edit", "c22bb", seen=seen, outlet="市卫健委", title="电子病历共享扩至全市二级以上医院"
    )
    item = printed(after.draft, after.draft.candidate("c22bb"))
    assert (item.title, item.outlet) == ("电子病历全市共享", "市卫健委")


def test_the_same_field_changed_by_two_is_answered_with_both_texts(history):
    seen = history.draft().revision
    _decide(history, "李编辑", "edit", "c33cc", title="家庭医生有了智能助手")
    with pytest.raises(Collision) as caught:
        _decide(history, "王编辑", "edit", "c33cc", seen=seen, title="医疗大模型走进社区")
    (clash,) = caught.value.clashes
    assert clash.matter is Matter.TITLE
    assert (clash.mine, clash.theirs) == ("医疗大模型走进社区", "家庭医生有了智能助手")
    assert clash.seen == "医疗大模型进社区：家庭医生有了“智能助手”"
    assert clash.by.decision.who == "李编辑"
    assert _decide(history, "王编辑", "edit", "c33cc", seen=seen, title="家庭医生有了智能助手").revision == seen + 1
