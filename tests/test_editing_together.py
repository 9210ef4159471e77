"""Two editors at once, each with a desk of their own: whatever either saves is kept, on either database."""

import threading

import pytest

from pipeline.desk import now, open_desk
from pipeline.errors import Collision, DeskError
from pipeline.model import Decision
from pipeline.steps.assemble import printed
from sample_drafts import june


@pytest.fixture
def desk(workspace):
    with open_desk(workspace, clock=now) as opened:
        last = opened.last(opened.series("beijing-monthly"))
        opened.issues.begin(june(), Decision("generate", "系统", now()), last)
        yield opened


def _june(desk):
    return next(one for one in desk.issues.all("beijing-monthly"))


def test_editors_of_different_items_never_see_a_conflict(desk, workspace):
    trouble: list[DeskError] = []

    def edit(who: str, *handles: str) -> None:
        with open_desk(workspace, clock=now) as own:
            seen = 1
            for turn in range(3):
                for handle in handles:
                    said = Decision("edit", who, now(), handle, {"title": f"{who}第{turn}稿"})
                    try:
                        seen = own.decide(_june(own), said, seen=seen).revision
                    except DeskError as error:
                        trouble.append(error)

    editors = [threading.Thread(target=edit, args=one) for one in (("王编辑", "c11aa", "c22bb"), ("李编辑", "c33cc"))]
    for one in editors:
        one.start()
    for one in editors:
        one.join()
    assert trouble == []
    after = _june(desk)
    assert after.revision == 1 + 3 * 3
    titles = {
        handle: printed(after.draft, after.draft.candidate(handle)).title for handle in ("c11aa", "c22bb", "c33cc")
    }
    assert titles == {"c11aa": "王编辑第2稿", "c22bb": "王编辑第2稿", "c33cc": "李编辑第2稿"}


def test_a_save_that_came_a_moment_too_late_is_decided_anew_on_what_is_there(desk, monkeypatch):
    before = _june(desk)
    revise = desk.issues.revise

    def meanwhile(*args):
        monkeypatch.setattr(desk.issues, "revise", revise)
        desk.decide(_june(desk), Decision("edit", "李编辑", now(), "c11aa", {"title": "李的题", "outlet": "千龙网"}))
        return revise(*args)

    monkeypatch.setattr(desk.issues, "revise", meanwhile)
    with pytest.raises(Collision, match="标题在您看过之后被李编辑改过"):
        desk.decide(before, Decision("edit", "王编辑", now(), "c11aa", {"title": "王的题"}))
    monkeypatch.setattr(desk.issues, "revise", meanwhile)
    after = desk.decide(_june(desk), Decision("edit", "王编辑", now(), "c11aa", {"date": "2024-06-05"}))
    assert after.draft.edits["c11aa"] == {"title": "李的题", "outlet": "千龙网", "date": "2024-06-05"}


def test_what_was_decided_undone_noted_and_restored_comes_back_as_it_was_kept(desk):
    first = _june(desk)
    noted = desk.decide(first, Decision("note", "王编辑", now(), "c11aa", {"text": "请核对图片。"}))
    desk.decide(noted, Decision("exclude", "李编辑", now(), "1"))
    undone = desk.undo(_june(desk), "王编辑")
    assert undone.draft == noted.draft
    again = desk.redo(undone, "王编辑")
    assert again.draft.excluded == ("c11aa",)
    restored = desk.restore(again, 1, "李编辑")
    assert (restored.draft.chosen, restored.draft.notes) == (first.draft.chosen, noted.draft.notes)
    log = [(one.decision.verb, one.decision.who) for one in desk.revisions(restored)]
    assert log[1:] == [
        ("note", "王编辑"), ("exclude", "李编辑"), ("undo", "王编辑"), ("redo", "王编辑"), ("restore", "李编辑"),
    ]  # fmt: skip
