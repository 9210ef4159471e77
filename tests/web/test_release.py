"""From the draft to the issue on the page: what is shown is put out, once, or nothing."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lxml import html

from desktops import accessible
from offices import without_libreoffice
from pipeline.desk import now
from pipeline.model import Decision, State

BASE = "/issues/beijing-monthly/2024-06-01"
NOTE = "第1条来源误作“北京日报”，应为“健康报”。"


@pytest.fixture(autouse=True)
def _estimated():
    with without_libreoffice():
        yield


@pytest.fixture
def browser(desktop):
    with desktop.client(follow_redirects=True) as client:
        yield client


def _fields(page: httpx.Response, step: str) -> dict[str, str]:
    """What the form of a step would send, as a browser without scripts does."""
    (form,) = (one for one in html.fromstring(page.text).forms if one.action.endswith(f"/{step}"))
    return dict(form.form_values())


def _seen(browser: httpx.Client) -> httpx.Response:
    page = browser.get(f"{BASE}/release")
    assert page.status_code == 200
    return page


def _press(browser: httpx.Client, step: str, page: httpx.Response | None = None, **more: str) -> httpx.Response:
    return browser.post(f"{BASE}/{step}", data=_fields(page or _seen(browser), step) | more)


def _text(page: httpx.Response) -> str:
    return " ".join(html.fromstring(page.text).text_content().split())


def _edit(desktop, who: str = "李编辑", **values: str) -> None:
    with desktop.office.opened() as desk:
        desk.decide(desktop.draft(), Decision("edit", who, now(), "c11aa", values))


def _released(desktop):
    with desktop.office.opened() as desk:
        return desk.issues.released()


def test_a_draft_becomes_an_issue_by_forms_alone_and_its_files_are_there_to_take(desktop, browser):
    shown = _seen(browser)
    assert all(
        one in _text(shown) for one in ("第五三五期", "4 条", "医保移动支付覆盖本市三百余家定点医院", "某区政府网")
    )
    assert "送审中" in _text(_press(browser, "submit"))
    assert "已审定" in _text(_press(browser, "approve"))
    done = _press(browser, "release")
    assert (done.status_code, desktop.draft().state) == (200, State.RELEASED)
    (release,) = _released(desktop)
    assert all(item.title in shown.text for item in release.issue.items)
    links = {one.get("href"): one for one in html.fromstring(done.text).xpath("//a[@download]")}
    found = {hashlib.sha256(browser.get(one).content).hexdigest() for one in links}
    assert found == set(release.files.values())
    assert all(sha in done.text for sha in found)
    for name in ("3/desk.db", "3/..%2F..%2Fconfig%2Fsettings.yaml", f"1/{min(release.files)}", "x/x.docx"):
        assert browser.get(f"{BASE}/released/{name}").status_code == 404


def test_a_button_that_is_pressed_twice_releases_once_and_both_presses_lead_to_the_issue(desktop, browser):
    page = _seen(browser)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: _press(browser, "release", page), range(2)))
    assert [one.status_code for one in answers] == [200] * 2
    assert len(_released(desktop)) == 1


def test_of_two_people_who_press_at_once_one_releases_and_the_other_is_told_who_did(desktop, browser):
    pages = [_seen(browser), _seen(browser)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda page: _press(browser, "release", page), pages))
    assert sorted(one.status_code for one in answers) == [200, 409]
    (refused,) = (one for one in answers if one.status_code == 409)
    assert "王编辑" in _text(refused)
    assert len(_released(desktop)) == 1


def test_an_edit_that_lands_between_the_look_and_the_press_is_told_and_nothing_is_released(desktop, browser):
    page = _seen(browser)
    _edit(desktop, title="安贞医院通州院区智慧病房启用")
    refused = _press(browser, "release", page)
    assert refused.status_code == 409
    assert "李编辑" in _text(refused)
    assert "标题改为“安贞医院通州院区智慧病房启用”（修订2）" in _text(refused)
    assert _released(desktop) == []
    assert _press(browser, "release", refused).status_code == 200, "the refusal shows what would be put out now"
    assert _released(desktop)[0].issue.items[0].title == "安贞医院通州院区智慧病房启用"


def test_another_template_than_the_one_that_was_shown_is_not_printed(desktop, browser):
    page = _seen(browser)
    with desktop.office.opened() as desk:
        template = desk.config.workspace / "templates" / "bulletin.md.j2"
    template.write_text(template.read_text("utf-8").replace("主要内容：", "内容："), "utf-8")
    refused = _press(browser, "release", page)
    assert (refused.status_code, _released(desktop)) == (409, [])
    assert "在您确认之后有变化" in _text(refused)


@pytest.mark.parametrize("missing", ["digest", "token", "revision"])
def test_nobody_releases_what_was_not_shown(desktop, browser, missing):
    assert _press(browser, "release", **{missing: ""}).status_code == 409
    assert _released(desktop) == []


def test_what_blocks_stands_beside_the_button_that_cannot_be_pressed(desktop, browser):
    _edit(desktop, url="无")
    page = _seen(browser)
    assert "不能发布：有 1 项阻断的检查没有通过" in _text(page)
    (button,) = html.fromstring(page.text).xpath("//button[text()='定稿发布']")
    assert button.get("disabled") is not None
    assert button.get("aria-describedby") == "why-not"
    assert _press(browser, "release").status_code == 422
    assert _released(desktop) == []


def test_an_approval_that_no_longer_holds_and_a_draft_that_was_sent_back_say_why(desktop, browser):
    _press(browser, "submit")
    _press(browser, "approve")
    _edit(desktop, title="安贞医院通州院区智慧病房启用")
    assert "王编辑审定的是修订3；此后李编辑又有改动，审定已失效" in _text(_seen(browser))
    _press(browser, "submit")
    assert "王编辑退回修改：导语再核对" in _text(_press(browser, "send-back", reason="导语再核对"))


def test_earlier_windows_that_are_open_are_listed_with_what_to_do(desktop, browser):
    with desktop.office.opened() as desk:
        june = desktop.draft()
        window = desk.series("beijing-monthly").window_of(june.draft.window.end.replace(month=7))
        later = june.draft.__class__("beijing-monthly", window, june.draft.candidates)
        desk.issues.begin(later, Decision("generate", "系统", now()), desk.last(desk.series("beijing-monthly")))
    page = browser.get("/issues/beijing-monthly/2024-07-01/release")
    assert "第五三六期" in _text(page)
    assert "不能发布：更早的窗口还没有发布或跳过" in _text(page)
    assert html.fromstring(page.text).xpath(f"//a[@href='{BASE}']/text()") == ["打开草稿"]


def test_files_that_cannot_be_written_are_told_in_red_and_written_again(desktop, browser):
    with desktop.office.opened() as desk:
        folder = desk.config.out
    folder.write_text("挡在这里", "utf-8")
    done = _press(browser, "release")
    assert "有 3 个文件还没有写到成品文件夹" in _text(done)
    assert "尚未写出" in done.text
    folder.unlink()
    again = _press(browser, "publish", done)
    assert "尚未写出" not in again.text
    assert {one.name for one in folder.iterdir()} == set(_released(desktop)[0].files)


def test_a_correction_goes_the_same_way_and_the_page_shows_both_releases(desktop, browser):
    _press(browser, "release")
    refused = _press(browser, "correct", browser.get(f"{BASE}/correct"), reason="长" * 201)
    assert (refused.status_code, "长" * 201 in refused.text) == (422, True), "what was typed is not lost"
    _press(browser, "correct", refused, reason=NOTE)
    _edit(desktop, outlet="健康报")
    page = _seen(browser)
    assert f"期号下面将印：（更正）{NOTE}" in _text(page)
    assert "更正1.docx" in page.text
    done = _text(_press(browser, "release", page))
    assert ("更正1" in done, "首次发布" in done, "已被更正取代" in done) == (True, True, True)
    (release,) = _released(desktop)
    assert release.issue.items[0].outlet == "健康报"
    _press(browser, "correct", browser.get(f"{BASE}/correct"), reason="第2条日期有误。")
    assert desktop.draft().chinese == "更正·草稿"
    _press(browser, "drop")
    assert desktop.draft().chinese == "已发布"


def test_a_withdrawn_issue_says_who_withdrew_it_and_why(desktop, browser):
    _press(browser, "release")
    assert _press(browser, "withdraw", browser.get(f"{BASE}/withdraw"), reason=" ").status_code == 422
    page = _press(browser, "withdraw", browser.get(f"{BASE}/withdraw"), reason="第1条已被证伪")
    assert "撤回：第1条已被证伪" in _text(page)
    assert desktop.draft().state is State.WITHDRAWN


def test_the_way_to_the_issue_is_gone_by_keyboard_and_each_page_can_be_read_by_everybody(desktop, tab):
    tab.goto(f"{desktop.url}{BASE}/release")
    accessible(tab)
    tab.get_by_role("button", name="提交审核").press("Enter")
    tab.get_by_text("退回修改").first.press("Enter")
    tab.get_by_label("退回的理由").fill("导语再核对")
    tab.get_by_role("button", name="退回修改").press("Enter")
    tab.get_by_text("王编辑退回修改：导语再核对").wait_for()
    tab.get_by_role("button", name="定稿发布").press("Enter")
    tab.get_by_role("heading", name="第五三五期已发布").wait_for()
    accessible(tab)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.get_by_role("link", name="更正").press("Enter")
    tab.get_by_label("更正说明").fill(NOTE)
    accessible(tab)
    tab.get_by_role("button", name="开始更正").press("Enter")
    tab.goto(f"{desktop.url}{BASE}/release")
    accessible(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
