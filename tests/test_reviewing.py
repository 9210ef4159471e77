"""From a draft to the issue, in signed steps; what is out put right or withdrawn, and never changed."""

import dataclasses
import datetime as dt
import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drafts import article, candidate, draft
from offices import drafted, without_libreoffice, workspace
from pipeline.desk import Desk, Proof, now, open_desk, releasing, verify
from pipeline.errors import Blocked, Conflict, DeskError, StoreError, UsageError
from pipeline.model import Block, Decision, Kind, Severity, State

WRONG, RIGHT = "北京日报", "健康报"
NOTE = f"第1条来源误作“{WRONG}”，应为“{RIGHT}”。"


@pytest.fixture(autouse=True)
def _estimated():
    with without_libreoffice():
        yield


@pytest.fixture
def desk(tmp_path):
    workspace(tmp_path / "office")
    with open_desk(tmp_path / "office", clock=now) as opened:
        yield opened


@pytest.fixture
def anywhere(where, tmp_path):
    workspace(tmp_path / "office", str(where) if "://" in str(where) else "")
    with open_desk(tmp_path / "office", clock=now) as opened:
        yield opened


def _edited(desk: Desk, desked, who: str = "李编辑", title: str = "友谊医院开通在线复诊"):
    return desk.decide(desked, Decision("edit", who, now(), desked.draft.chosen[0], {"title": title}))


def _verbs(desk: Desk, desked) -> list[str]:
    return [f"{one.decision.chinese}（{one.decision.who}）" for one in desk.revisions(desked)]


def _four_eyes(desk: Desk) -> None:
    review = desk.config.settings.review.model_copy(update={"four_eyes": True})
    settings = desk.config.settings.model_copy(update={"review": review})
    desk.config = desk.config.model_copy(update={"settings": settings})


def _released(desk: Desk, month: int = 6, name: str = "友谊"):
    desk.release(drafted(desk, month, name), "王编辑")
    return next(one for one in desk.issues.all() if one.draft.window.start.month == month)


def _corrected(desk: Desk, desked):
    begun = desk.correct(desked, "王编辑", NOTE)
    return desk.decide(begun, Decision("edit", "王编辑", now(), begun.draft.chosen[0], {"outlet": RIGHT}))


def test_a_draft_is_submitted_approved_and_released_and_each_step_is_signed(desk):
    handed_in = desk.submit(_edited(desk, drafted(desk, 6, "友谊")), "李编辑")
    approved = desk.approve(handed_in, "王主任")
    assert [handed_in.chinese, approved.chinese] == ["送审中", "已审定"]
    release = desk.release(approved, "王主任")
    out = desk.issues.get(approved.id)
    assert (release.revision, out.released, out.state) == (approved.revision, approved.revision, State.RELEASED)
    assert _verbs(desk, out) == [
        "生成（系统）", "修改（李编辑）", "提交审核（李编辑）", "审定（王主任）", "定稿发布（王主任）",
    ]  # fmt: skip


def test_what_is_released_straight_from_a_draft_is_approved_by_whoever_releases_it(desk):
    desked = _released(desk)
    assert _verbs(desk, desked) == ["生成（系统）", "审定（王编辑）", "定稿发布（王编辑）"]


def test_a_change_takes_the_approval_back_and_leaves_what_is_in_review_there(desk):
    handed_in = desk.submit(drafted(desk, 6, "友谊"), "李编辑")
    changed = _edited(desk, handed_in)
    assert changed.state is State.IN_REVIEW
    approved = desk.approve(changed, "王主任")
    noted = desk.decide(approved, Decision("note", "李编辑", now(), "", {"text": "已与院方核实"}))
    assert noted.state is State.APPROVED, "what is not printed was not approved either"
    assert _edited(desk, noted, title="友谊医院开通复诊").state is State.DRAFT


def test_a_change_that_lands_while_somebody_approves_is_not_approved_with_it(desk):
    handed_in = desk.submit(drafted(desk, 6, "友谊"), "李编辑")
    _edited(desk, handed_in)
    with pytest.raises(Conflict, match="看过之后又有改动"):
        desk.approve(handed_in, "王主任")


def test_what_is_sent_back_is_a_draft_again_and_the_log_says_why(desk):
    handed_in = desk.submit(drafted(desk, 6, "友谊"), "李编辑")
    with pytest.raises(UsageError, match="须写明理由"):
        desk.send_back(handed_in, "王主任", " ")
    back = desk.send_back(handed_in, "王主任", "导语请再核对")
    last = desk.revisions(back)[-1].decision
    assert (back.state, last.chinese, last.reason) == (State.DRAFT, "退回修改", "导语请再核对")


def test_each_step_starts_from_its_own_states_only(desk):
    desked = drafted(desk, 6, "友谊")
    refused = [
        lambda: desk.send_back(desked, "王主任", "再改"),
        lambda: desk.withdraw(desked, "王主任", "有误"),
        lambda: desk.correct(desked, "王主任", NOTE),
        lambda: desk.drop(desked, "王主任"),
        lambda: desk.submit(desk.issues.get(_released(desk, 7, "同仁").id), "李编辑"),
    ]
    for step in refused:
        with pytest.raises(UsageError):
            step()
    assert desk.issues.get(desked.id).revision == desked.revision


def test_a_draft_with_a_blocking_finding_is_not_approved(desk):
    desked = drafted(desk, 6, "友谊")
    desked = desk.decide(desked, Decision("edit", "李编辑", now(), desked.draft.chosen[0], {"url": "无"}))
    with pytest.raises(Blocked):
        desk.approve(desked, "王主任")


def test_with_four_eyes_whoever_changed_a_draft_last_neither_approves_nor_releases_it(desk):
    _four_eyes(desk)
    desked = _edited(desk, drafted(desk, 6, "友谊"))
    with pytest.raises(UsageError, match="还没有审定"):
        desk.release(desked, "王主任")
    with pytest.raises(UsageError, match="最后修改这份草稿的是李编辑"):
        desk.approve(desked, "李编辑")
    approved = desk.approve(desked, "王主任")
    with pytest.raises(UsageError, match="最后修改这份草稿的是李编辑"):
        desk.release(approved, "李编辑")
    assert desk.prospect(approved, "李编辑").refused.startswith("最后修改这份草稿的是李编辑")
    assert desk.prospect(approved, "王主任").refused == ""
    assert desk.release(approved, "王主任").issue.number == 535


def test_what_nobody_changed_anybody_may_approve(desk):
    _four_eyes(desk)
    assert desk.approve(drafted(desk, 6, "友谊"), "李编辑").state is State.APPROVED


def test_what_was_seen_is_released_or_nothing(desk):
    desked = drafted(desk, 6, "友谊")
    seen = desk.prospect(desked, "王主任")
    template = desk.config.workspace / "templates" / "bulletin.md.j2"
    template.write_text(template.read_text("utf-8").replace("## 一、", "## 甲、"), "utf-8")
    with pytest.raises(Conflict, match="确认之后有变化"):
        desk.release(desked, "王主任", seen=seen.digest)
    assert desk.issues.released() == []
    again = desk.prospect(desked, "王主任")
    release = desk.release(desked, "王主任", seen=again.digest)
    assert (release.issue, sorted(release.files)) == (again.issue, sorted(again.files))


def test_what_is_like_two_others_can_be_waived(desk):
    text = (
        Block(Kind.PARAGRAPH, "本市二级以上医院的电子病历日前实现共享调阅，医生经患者授权可查看近三年的检查结果。"),
    )
    alike = [dataclasses.replace(candidate(one), articles=(article(one, blocks=text),)) for one in ("甲", "乙", "丙")]
    last = desk.last(desk.series("beijing-monthly"))
    begun = draft(*alike, chosen=("甲", "乙", "丙"))
    desked = desk.issues.begin(begun, Decision("generate", "系统", now()), last)

    def blocking() -> list[str]:
        return [one.key for one in desk.findings(desked) if one.severity is Severity.BLOCKING]

    assert blocking().count("same-event:丙") == 2
    for one in ("乙", "丙"):
        desked = desk.decide(desked, Decision("waive", "王编辑", now(), f"same-event:{one}", {}, "三家说法不同"))
    assert blocking() == []


def test_what_is_damaged_in_the_database_is_not_released_though_it_is_whole_in_memory(desk):
    begun = drafted(desk, 6, "友谊")
    with closing(sqlite3.connect(desk.config.data / "desk.db")) as database, database:
        database.execute("UPDATE candidates SET content = replace(content, '在线', '上门')")
    with pytest.raises(StoreError, match=r"draft beijing-monthly .*: candidate \w+ is damaged"):
        desk.release(begun, "王编辑")
    assert (desk.issues.released(), list(desk.config.out.glob("*"))) == ([], [])


def test_of_two_releases_and_an_edit_at_once_exactly_one_wins(anywhere):
    desk = anywhere
    desked = drafted(desk, 6, "友谊")
    seen = desk.prospect(desked, "王主任")
    outcomes: list[str] = []
    together = threading.Barrier(3)

    def press(what) -> None:
        together.wait()
        try:
            what()
            outcomes.append("done")
        except DeskError:
            outcomes.append("refused")

    def release(who: str):
        return lambda: desk.release(desked, who, seen=seen.digest)

    presses = (release("王主任"), release("李主任"), lambda: _edited(desk, desked))
    threads = [threading.Thread(target=press, args=(one,)) for one in presses]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["done", "refused", "refused"]
    after = desk.issues.get(desked.id)
    assert (after.state is State.RELEASED) == (len(desk.issues.released()) == 1)
    assert after.state is State.RELEASED or after.draft.edits


def test_a_correction_is_a_release_of_its_own_and_the_first_one_stays(anywhere):
    desk = anywhere
    first = desk.issues.released() if (desked := _released(desk)) else []
    before = _out(desk)
    correction = _corrected(desk, desked)
    assert (correction.chinese, correction.number, correction.draft.window) == (
        "更正·草稿", 535, desked.draft.window,
    )  # fmt: skip
    assert desk.issues.released() == first, "what is out stays out until the correction is"
    assert _covering(desk, correction) == [], "it is no repetition of what it corrects"
    release = desk.release(desk.approve(desk.submit(correction, "李编辑"), "王主任"), "王主任")
    assert release.issue.correction_line == f"（更正）{NOTE}"
    assert release.issue.items[0].outlet == RIGHT
    assert "北京市卫生信息化舆情监测月报-第535期-20240630-更正1.docx" in release.files
    assert desk.issues.released() == [release]
    assert desk.issues.superseded() == first
    after = _out(desk)
    assert {name: after[name] for name in before} == before
    assert f"（更正）{NOTE}" in after["北京市卫生信息化舆情监测月报-第535期-20240630-更正1.md"].decode()
    site = _site(desk)
    assert "第五三五期（更正）" in site["index.html"]
    assert "更正前的DOCX" in site["issues/beijing-monthly/2024/535.html"]
    assert {f"issues/beijing-monthly/2024/{name}" for name in before} <= site.keys()
    assert f"（更正）{NOTE}" in site["feed.xml"]
    found = verify(desk.config.workspace)
    assert [(one.what, one.proof) for one in found if one.series] == [
        ("北京市卫生信息化舆情监测月报 第五三五期（修订1，已被取代）", Proof.PROVEN),
        ("北京市卫生信息化舆情监测月报 第五三五期", Proof.PROVEN),
        ("北京市卫生信息化舆情监测月报 期号", Proof.PROVEN),
    ]
    assert drafted(desk, 7, "同仁").number == 536


def test_a_correction_that_is_given_up_leaves_what_is_out_and_stays_in_the_log(desk):
    desked = _released(desk)
    out = desk.issues.released()
    dropped = desk.drop(_corrected(desk, desked), "王编辑", "原刊无误")
    assert (dropped.state, dropped.draft, desk.issues.released()) == (State.RELEASED, desked.draft, out)
    assert _verbs(desk, dropped)[-3:] == ["更正（王编辑）", "修改（王编辑）", "放弃更正（王编辑）"]
    again = desk.correct(dropped, "王编辑", "第1条标题有误。")
    assert again.draft.correction == 1
    assert desk.correct(again, "王编辑", NOTE).draft.corrected == NOTE


def test_a_correction_that_goes_back_to_what_stood_before_it_stays_a_correction(desk):
    begun = drafted(desk, 6, "友谊")
    desk.release(_edited(desk, begun), "王编辑")
    correction = desk.correct(desk.issues.get(begun.id), "王编辑", NOTE)
    restored = desk.restore(correction, begun.revision, "李编辑")
    assert (restored.draft.edits, restored.draft.correction, restored.draft.corrected) == ({}, 1, NOTE)
    desk.release(restored, "王编辑")
    assert desk.issues.release_of(begun.id, restored.revision).issue.correction_line.endswith(NOTE)


def test_a_released_issue_is_not_made_anew_while_it_is_corrected(desk):
    _corrected(desk, _released(desk))
    with pytest.raises(UsageError, match="已发布，不再更改"):
        desk.run("beijing-monthly", desk.issues.all()[0].draft.window, None)


def test_a_withdrawn_issue_keeps_its_number_and_files_and_its_news_may_be_told_again(anywhere):
    desk = anywhere
    desked = _released(desk)
    with pytest.raises(UsageError, match="须写明理由"):
        desk.withdraw(desked, "王主任", "")
    gone = desk.withdraw(desked, "王主任", "第1条已被证伪")
    assert (gone.state, desk.issues.released()) == (State.WITHDRAWN, [])
    (withdrawn,) = desk.issues.withdrawn()
    assert (withdrawn.release.issue.number, withdrawn.decision.reason) == (535, "第1条已被证伪")
    assert sorted(path.name for path in desk.config.out.iterdir())
    assert {one.proof for one in verify(desk.config.workspace)} == {Proof.PROVEN}
    site = _site(desk)
    assert "撤回：第1条已被证伪" in site["index.html"]
    assert "撤回：第1条已被证伪" in site["issues/beijing-monthly/2024/535.html"]
    assert "友谊" not in "".join(site.values())
    july = drafted(desk, 7, "友谊")
    assert july.number == 536
    assert _covering(desk, july) == []
    back = desk.correct(gone, "王主任", NOTE)
    assert (back.state, back.withdrawn, desk.issues.released()) == (State.DRAFT, True, [])
    assert desk.drop(back, "王主任").state is State.WITHDRAWN
    desk.release(desk.correct(desk.issues.get(gone.id), "王主任", NOTE), "王主任")
    assert [one.issue.correction for one in desk.issues.released()] == [1]
    assert len(_covering(desk, july)) == 1


def _out(desk: Desk) -> dict[str, bytes]:
    folder = desk.config.out
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _site(desk: Desk) -> dict[str, str]:
    folder = desk.config.workspace / "site"
    desk.build_site(folder)
    return {
        str(path.relative_to(folder)): path.read_bytes().decode(errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _covering(desk: Desk, desked):
    return [one for one in desk.findings(desked) if one.check == "covered"]


def test_the_command_line_takes_the_same_steps_and_says_who_took_them(desk, bulletin):
    drafted(desk, 6, "友谊")
    folder, june = desk.config.workspace, ("beijing-monthly", "--month", "2024-06")

    def run(*arguments: str) -> tuple[int, str]:
        code, out, err = bulletin("-C", folder, *arguments)
        return code, out + err

    assert run("draft", "submit", *june, "--as", "李编辑") == (0, "第535期 修订2 李编辑 提交审核 → 送审中\n")
    assert run("draft", "send-back", *june)[0] == 2
    assert "退回修改：再改 → 草稿" in run("draft", "send-back", *june, "--as", "王主任", "--reason", "再改")[1]
    assert run("draft", "approve", *june, "--revision", "3", "--as", "王主任") == (
        0, "第535期 修订4 王主任 审定 → 已审定\n",
    )  # fmt: skip
    assert "已审定" in run("draft", "list")[1]
    assert run("release", *june, "--engine", "inline", "--as", "王主任")[0] == 0
    assert run("issue", "correct", "beijing-monthly", "535")[0] == 2
    assert "更正·草稿" in run("issue", "correct", "beijing-monthly", "535", "--note", NOTE)[1]
    assert run("issue", "withdraw", "beijing-monthly", "535", "--reason", "有误")[0] == 2
    assert run("release", *june, "--engine", "inline", "--as", "王主任")[0] == 0
    shown = run("issue", "show", "beijing-monthly", "535")[1]
    assert (f"（更正）{NOTE}" in shown, "20240630.docx" in shown, "更正1.docx" in shown) == (True, True, True)
    assert "已更正" in run("issue", "list")[1]
    run("issue", "correct", "beijing-monthly", "535", "--note", NOTE)
    assert "不再更正，已发布" in run("issue", "correct", "beijing-monthly", "535", "--drop")[1]
    assert run("issue", "withdraw", "beijing-monthly", "535", "--reason", "有误")[0] == 0
    assert "已撤回：有误" in run("issue", "show", "beijing-monthly", "535")[1]
    assert "已撤回" in run("issue", "list")[1]


class _Office(RuleBasedStateMachine):
    """What people do with two windows of a series, against what must hold whatever they do."""

    def __init__(self) -> None:
        super().__init__()
        self.patched = pytest.MonkeyPatch()
        # the bytes of a file are another test's affair: here each is what the issue says
        self.patched.setattr(releasing, "rendered", lambda issue, *_: {"eml": repr(issue).encode()})
        self.patched.setattr(releasing, "page_numbers", lambda *_, **__: {})
        self.patched.setattr(Desk, "_inspected", lambda *_: [])
        self.folder = tempfile.TemporaryDirectory()
        self.office = Path(self.folder.name) / "office"
        self.put_out: dict[str, bytes] = {}
        self.desk: Desk | None = None
        workspace(self.office)

    def teardown(self) -> None:
        self.desk.close()
        self.patched.undo()
        self.folder.cleanup()

    @initialize()
    def opens(self) -> None:
        self.desk = open_desk(self.office, clock=now)
        formats = self.desk.config.settings.model_copy(update={"formats": ("eml",)})
        self.desk.config = self.desk.config.model_copy(update={"settings": formats})

    @rule()
    def is_killed_and_started_again(self) -> None:
        self.desk.close()
        self.opens()

    @rule(month=st.sampled_from((6, 7)))
    def begins(self, month: int) -> None:
        self._tried(lambda: drafted(self.desk, month, "友谊" if month == 6 else "同仁"))

    @precondition(lambda self: self.desk.issues.all())
    @rule(
        which=st.integers(0, 1),
        step=st.sampled_from(
            ("edit", "submit", "send_back", "approve", "release", "release", "withdraw", "correct", "drop")
        ),
        stale=st.booleans(),
        day=st.dates(dt.date(2024, 6, 1), dt.date(2024, 7, 31)),
    )
    def takes_a_step(self, which: int, step: str, stale: bool, day: dt.date) -> None:
        issues = self.desk.issues.all()
        desked = issues[which % len(issues)]
        if stale and desked.state.open:
            _edited(self.desk, desked, title=f"另一人改在前：{desked.revision}")
        before = self.desk.issues.get(desked.id)
        steps = {
            "edit": lambda: _edited(self.desk, desked, title=f"{day:%m月%d日}开通"),
            "submit": lambda: self.desk.submit(desked, "李编辑"),
            "send_back": lambda: self.desk.send_back(desked, "王主任", "再改"),
            "approve": lambda: self.desk.approve(desked, "王主任"),
            "release": lambda: self._releases(desked),
            "withdraw": lambda: self.desk.withdraw(desked, "王主任", "有误"),
            "correct": lambda: self.desk.correct(desked, "李编辑", f"{day:%m月%d日}有误。"),
            "drop": lambda: self.desk.drop(desked, "李编辑"),
        }
        done = self._tried(steps[step])
        after = self.desk.issues.get(desked.id)
        assert done or after == before, "what is refused changes nothing"
        assert not (stale and desked.state.open and done), "what was not looked at is not decided about"

    def _releases(self, desked) -> None:
        release = self.desk.release(desked, "王主任")
        assert self.put_out.keys().isdisjoint(release.files)
        self.put_out |= {name: (self.desk.config.out / name).read_bytes() for name in release.files}

    def _tried(self, step) -> bool:
        try:
            step()
        except DeskError:
            return False
        return True

    @invariant()
    def numbers_are_consecutive_and_belong_to_one_window_each(self) -> None:
        issues = self.desk.issues.all() if self.desk else []
        assert [one.number for one in issues] == list(range(535, 535 + len(issues)))
        assert len({one.draft.window for one in issues}) == len(issues)

    @invariant()
    def what_was_put_out_is_as_it_was(self) -> None:
        for name, data in self.put_out.items():
            assert (self.desk.config.out / name).read_bytes() == data

    @invariant()
    def every_change_is_in_the_log(self) -> None:
        for one in self.desk.issues.all() if self.desk else ():
            assert [each.revision for each in self.desk.revisions(one)] == list(range(1, one.revision + 1))


def test_whatever_people_do_numbers_files_and_the_log_hold():
    _Office.TestCase.settings = settings(
        max_examples=8, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
    )
    _Office.TestCase().runTest()
