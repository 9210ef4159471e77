"""No edit is lost: two people at once, texts that come late, what was undone, and who did what."""

import re
import shutil
from dataclasses import replace
from html import unescape

import pytest

from desktops import accessible, served, signed_in
from pipeline.desk import now
from pipeline.errors import Collision, Conflict, UsageError
from pipeline.model import Account, Act, Decision, Deed, Matter, Role
from pipeline.steps.assemble import printed
from pipeline.store import Issues

JUNE = "/issues/beijing-monthly/2024-06-01"
LI = Account("li", "李编辑", Role.EDITOR)


@pytest.fixture(scope="module")
def history(june_office, tmp_path_factory):
    """One review page for the tests of this file; each takes an item of its own, or says from where it counts."""
    with served(shutil.copytree(june_office, tmp_path_factory.mktemp("history") / "office")) as one:
        yield one


@pytest.fixture(scope="module")
def client(history):
    with history.client() as one:
        yield one


def _decide(desktop, who, verb, target="", seen=0, reason="", **values):
    with desktop.office.opened() as desk:
        return desk.decide(desktop.draft(), Decision(verb, who, now(), target, values, reason), seen=seen)


def _item(desktop, handle):
    draft = desktop.draft().draft
    return printed(draft, draft.candidate(handle))


def _form(page: str, button: str) -> dict[str, str]:
    """What the form with this button would send."""
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if f">{button}</button>" in one)
    fields = dict(re.findall(r'<input[^>]*?name="([^"]*)"[^>]*?value="([^"]*)"', form))
    fields |= dict(re.findall(r'<textarea[^>]*?name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL))
    return {name: unescape(value) for name, value in fields.items()}


# ------------------------------------------------------------------------------- two people at once


def test_who_edits_another_field_of_the_same_item_keeps_both_edits(history):
    seen = history.draft().revision
    _decide(history, "李编辑", "edit", "c22bb", title="电子病历全市共享")
    whole_form = {"outlet": "市卫健委", "title": "电子病历共享扩至全市二级以上医院"}
    _decide(history, "王编辑", "edit", "c22bb", seen=seen, **whole_form)
    assert (_item(history, "c22bb").title, _item(history, "c22bb").outlet) == ("电子病历全市共享", "市卫健委")


def test_the_same_field_changed_by_two_is_told_with_both_texts_and_the_same_value_is_not(history):
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


def test_both_texts_are_in_the_page_and_what_is_made_of_them_is_saved_without_a_script(history, client):
    seen = history.draft().revision
    first, second, third = (block.text for block in _item(history, "c11aa").blocks)
    theirs = "\n".join((first.replace("投入使用", "正式投入使用"), second, third))
    mine = "\n".join((first, second, third, "通州区将在年内推广。"))
    _decide(history, "李编辑", "edit", "c11aa", body=theirs, title="李的标题")
    edited = {
        "verb": "edit",
        "target": "c11aa",
        "revision": str(seen),
        "body": mine,
        "title": "我的标题",
        "outlet": "京报",
    }
    answer = client.post(f"{JUNE}/decide", data=edited)
    assert answer.status_code == 409
    assert _item(history, "c11aa").title == "李的标题"
    shown = re.sub(r"</?(ins|mark)>", "", answer.text)
    for text in ("我的标题", "李的标题", "正式投入使用", "通州区将在年内推广。", "李编辑"):
        assert text in shown
    joined = _form(answer.text, "合并后保存")
    assert joined["text"] == "\n".join((theirs, "通州区将在年内推广。")), "both changes stand in what is proposed"
    saved = client.post(f"{JUNE}/settle", data=joined | {"title": "两人的标题"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{JUNE}?item=c11aa")
    item = _item(history, "c11aa")
    assert (item.title, item.outlet, item.text) == ("两人的标题", "京报", joined["text"])


def test_a_form_that_is_sent_again_does_not_write_over_what_came_after_it(history, client):
    seen = str(history.draft().revision)
    form = {"verb": "edit", "target": "c44dd", "revision": seen, "title": "第一次写的"}
    assert client.post(f"{JUNE}/decide", data=form).status_code == 303
    once = history.draft().revision
    assert client.post(f"{JUNE}/decide", data=form).status_code == 303
    assert history.draft().revision == once, "the same again is no revision"
    newer = form | {"revision": str(once), "title": "后来写的"}
    assert client.post(f"{JUNE}/decide", data=newer).status_code == 303
    again = client.post(f"{JUNE}/decide", data=form)
    assert (again.status_code, _item(history, "c44dd").title) == (409, "后来写的")
    assert client.post(f"{JUNE}/settle", data=_form(again.text, "用我的")).status_code == 303
    assert _item(history, "c44dd").title == "第一次写的"


def test_what_is_refused_on_settling_is_still_in_the_page(history, client):
    form = {"verb": "edit", "target": "c55ee", "revision": str(history.draft().revision), "joined": "yes"}
    answer = client.post(f"{JUNE}/settle", data=form | {"date": "六月九日", "text": "写了很久的一段。"})
    assert answer.status_code == 422
    assert "“六月九日”不是日期" in answer.text
    assert "写了很久的一段。" in answer.text


# --------------------------------------------------------------------------------- back and forth


def test_an_undo_is_a_revision_of_its_own_whoever_made_the_change_and_can_be_taken_back(history, client):
    _decide(history, "李编辑", "edit", "c55ee", title="改过的标题")
    _decide(history, "王编辑", "note", "c55ee", text="请再看一眼")
    at = history.draft().revision
    with history.office.opened() as desk:
        change = desk.undoable(history.draft())
    assert (change.revision, change.decision.who) == (at - 1, "李编辑"), "a note is not in the way"
    answer = client.post(f"{JUNE}/undo", data={"of": str(change.revision)})
    assert answer.headers["location"] == f"{JUNE}?item=c55ee"
    assert _item(history, "c55ee").title == "某区体检中心推出线上预约"
    assert [one.text for one in history.draft().draft.notes if one.handle == "c55ee"] == ["请再看一眼"]
    assert client.post(f"{JUNE}/undo", data={"of": str(change.revision)}).status_code == 409, "pressed twice"
    assert client.post(f"{JUNE}/redo").status_code == 303
    assert _item(history, "c55ee").title == "改过的标题"
    assert history.draft().revision == at + 2
    with history.office.opened() as desk:
        assert desk.redoable(history.draft()) is None
        with pytest.raises(UsageError, match="没有可重做的改动"):
            desk.redo(history.draft(), "王编辑")


def test_what_was_made_by_the_system_is_not_undone(desktop):
    with desktop.office.opened() as desk:
        first = desktop.draft()
        assert desk.undoable(first) is None
        edited = _decide(desktop, "王编辑", "exclude", "c11aa")
        desk.issues.revise(edited, edited.draft, Decision("generate", "系统", now()))
        with pytest.raises(UsageError, match="没有可撤销的改动"):
            desk.undo(desktop.draft(), "王编辑")
        restored = desk.restore(desktop.draft(), first.revision, "王编辑")
        assert restored.draft.chosen == first.draft.chosen
        assert desk.undoable(restored).decision.verb == "restore"
        with pytest.raises(Conflict, match="刚又有改动"):
            desk.undo(restored, "王编辑", of=2)


# ------------------------------------------------------------------------------------- the history


def test_the_history_tells_everything_and_any_revision_is_shown_compared_and_restored(history, client):
    start = history.draft().revision
    _decide(history, "王编辑", "exclude", "c22bb", reason="上期已收")
    _decide(history, "李编辑", "reorder", "c33cc", to="1")
    page = client.get(f"{JUNE}/history").text
    assert "《电子病历共享扩至全市二级以上医院》" in page
    assert "理由：上期已收" in page
    assert "《医疗大模型进社区：家庭医生有了“智能助手”》 至第1条" in unescape(page)
    only = unescape(client.get(f"{JUNE}/history", params={"who": "李编辑", "item": "c33cc"}).text)
    assert "至第1条" in only
    assert "上期已收" not in only
    then = client.get(f"{JUNE}/history/{start}").text
    assert then.index("智慧病房" if "智慧病房" in then else "两人的标题") < then.index("电子病历全市共享")
    difference = unescape(client.get(f"{JUNE}/compare", params={"from": start, "to": start + 2}).text)
    assert re.search(r"电子病历全市共享 <span class=\"chip danger\">移出", difference)
    assert "移到第1条" in difference
    asked = {"revision": str(start), "to": str(start)}
    assert client.post(f"{JUNE}/restore", data=asked).status_code == 409, "somebody went on since"
    assert client.post(f"{JUNE}/restore", data=asked | {"revision": str(start + 2)}).status_code == 303
    restored = history.draft()
    assert (restored.revision, "c22bb" in restored.draft.chosen) == (start + 3, True)
    with history.office.opened() as desk:
        assert [one.revision for one in desk.revisions(restored)] == list(range(1, start + 4)), "nothing is deleted"


def test_a_comparison_marks_the_words_that_changed_paragraph_by_paragraph(history, client):
    start = history.draft().revision
    first, second = (block.text for block in _item(history, "c33cc").blocks)
    _decide(history, "李编辑", "edit", "c33cc", body=f"{first}\n{second.replace('本地部署', '院内部署')}")
    difference = client.get(f"{JUNE}/compare", params={"from": start, "to": start + 1}).text
    assert "<del>本地</del>" in difference
    assert "<ins>院内</ins>" in difference
    assert "1 段相同" in difference


def test_a_long_history_is_shown_page_by_page_without_any_earlier_draft(desktop, monkeypatch):
    with desktop.office.opened() as desk:
        desked = desktop.draft()
        for turn in range(60):
            draft = replace(desked.draft, edits={"c11aa": {"title": f"第{turn}稿"}})
            said = Decision("edit", "王编辑", now(), "c11aa", {"title": f"第{turn}稿"})
            desked = desk.issues.revise(desked, draft, said)
    monkeypatch.delattr(Issues, "at_revision")
    pages = [desktop.get(f"{JUNE}/history", params={"page": page}).text for page in (1, 2)]
    assert "第59稿" in pages[0]
    assert "第2稿" not in pages[0]
    assert "第2稿" in pages[1]
    assert "较早的" in pages[0]
    assert "较早的" not in pages[1]


# ------------------------------------------------------------------------------------------- notes


def test_a_note_is_kept_and_settled_and_never_printed(history, client):
    note = {"target": "c66ff", "text": "图片来源待核。\n周三前回复。"}
    for _ in range(2):  # pressed twice
        assert client.post(f"{JUNE}/notes", data=note).headers["location"] == f"{JUNE}?item=c66ff"
    (kept,) = (one for one in history.draft().draft.notes if one.handle == "c66ff")
    assert (kept.who, kept.settled) == ("王编辑", "")
    assert "图片来源待核。" in client.get(f"{JUNE}/notes").text
    settled = client.post(
        f"{JUNE}/notes", data={"target": "c66ff", "settles": kept.id}, headers={"hx-request": "true"}
    ).text
    assert "王编辑已处理" in settled
    assert "图片来源待核。" in settled
    assert "图片来源待核。" not in client.get(f"{JUNE}/notes").text
    with history.office.opened() as desk:
        assert b"\xe5\x9b\xbe\xe7\x89\x87\xe6\x9d\xa5\xe6\xba\x90" not in desk.render(history.draft(), "md")


# --------------------------------------------------------------------------------- in a browser


def test_two_tabs_that_wrote_the_same_field_end_with_one_text_of_both(desktop, chromium, tab):
    tab.goto(f"{desktop.url}{JUNE}?item=c11aa")
    _decide(desktop, "李编辑", "edit", "c11aa", title="李编辑的标题")
    tab.get_by_label("标题", exact=True).fill("王编辑的标题")
    tab.locator("#item-form").evaluate("form => form.requestSubmit()")
    tab.get_by_role("heading", name="两边都改了").wait_for()
    accessible(tab)
    tab.get_by_role("textbox", name="标题", exact=True).fill("两位编辑的标题")
    tab.get_by_role("button", name="合并后保存").click()
    tab.wait_for_url("**item=c11aa")
    assert _item(desktop, "c11aa").title == "两位编辑的标题"
    tab.trouble.clear()  # the browser's own words for 409, and for what was loading while the page was left


def test_what_was_typed_outlives_the_server_and_the_session(june_office, tmp_path, tab):
    folder = shutil.copytree(june_office, tmp_path / "office")
    with served(folder) as one:
        address = one.url
        tab.goto(f"{address}{JUNE}/notes")
        tab.get_by_label("给本期写备注").press_sequentially("写到一半")
    tab.get_by_role("button", name="添加备注").click()
    tab.get_by_text("连不上服务器").wait_for()
    tab.trouble.clear()
    with served(folder, address=address.removeprefix("http://")) as one:
        tab.goto(f"{address}{JUNE}/notes")
        tab.get_by_role("button", name="恢复未保存的内容").click()
        assert tab.get_by_label("给本期写备注").input_value() == "写到一半"
        with one.office.opened() as desk:
            secret, kept = signed_in(desk, LI)
            tab.context.add_cookies([{"name": "desk", "value": secret, "url": address}])
            tab.reload()
            assert tab.get_by_role("button", name="恢复未保存的内容").count() == 0, "it is somebody else's"
            tab.get_by_label("给本期写备注").press_sequentially("登录已失效")
            desk.staff.end(kept, Deed("测试", Act.SIGNED_OUT, now(), kept.login))
            tab.get_by_role("button", name="添加备注").click()
            tab.get_by_role("heading", name="登录已失效").wait_for()
            tab.trouble.clear()
            secret, kept = signed_in(desk, LI)
            tab.context.add_cookies([{"name": "desk", "value": secret, "url": address}])
        tab.goto(f"{address}{JUNE}/notes")
        tab.get_by_role("button", name="恢复未保存的内容").click()
        assert tab.get_by_label("给本期写备注").input_value() == "登录已失效"
        tab.get_by_role("button", name="添加备注").click()
        tab.locator(".note-text", has_text="登录已失效").wait_for()
        tab.reload()
        assert tab.get_by_role("button", name="恢复未保存的内容").count() == 0
        assert [(note.who, note.text) for note in one.draft().draft.notes] == [("李编辑", "登录已失效")]


def test_every_page_of_the_history_is_accessible_and_fits_a_phone(history, tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    for page in ("history", "history/1", "compare?from=1", "notes"):
        tab.goto(f"{history.url}{JUNE}/{page}")
        accessible(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, page
