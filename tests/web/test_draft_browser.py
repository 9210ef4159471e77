"""The draft page in a browser: keys, dragging, the walk, a phone, and no script at all."""

import dataclasses

import pytest

from desktops import accessible, begin, served
from pipeline.model import Candidate, Verdict
from sample_drafts import june, rated, written

DRAFT = "/issues/beijing-monthly/2024-06-01"
MOVED = ("c22bb", "c11aa", "c33cc", "c44dd")


def row(page, handle):
    return page.locator(f".candidate[data-handle='{handle}']")


def saved(page):
    """Waits until the page says that the order was saved."""
    page.locator("#told", has_text="顺序已保存").wait_for()


def by_button(page):
    row(page, "c11aa").get_by_role("button", name="下移").click()


def by_keys(page):
    page.keyboard.press("j")
    page.locator("#item .item[data-handle='c22bb']").wait_for()
    page.keyboard.press("Shift+K")


def by_dragging(page):
    grip, over = row(page, "c11aa").locator(".grip"), row(page, "c22bb")
    start, end = grip.bounding_box(), over.bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 9, end["y"] + end["height"] / 2, steps=5)
    page.mouse.move(start["x"] + 9, end["y"] + end["height"] - 4, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("move", [by_button, by_keys, by_dragging])
def test_buttons_keys_and_dragging_give_the_same_order(desktop, tab, move):
    tab.goto(desktop.url + DRAFT)
    move(tab)
    saved(tab)
    assert desktop.draft().draft.chosen == MOVED
    assert tab.locator("#chosen .number").all_inner_texts() == ["1", "2", "3", "4"]


def test_the_focus_stays_with_the_row_that_was_moved(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    row(tab, "c11aa").get_by_role("button", name="下移").click()
    saved(tab)
    tab.locator(".candidate[data-handle='c11aa'] [data-do='down']:focus").wait_for()


def test_on_paper_the_page_is_the_list_for_a_meeting(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    tab.locator("#checks .finding").first.wait_for(state="attached")
    tab.emulate_media(media="print")
    assert row(tab, "c11aa").is_visible()
    for what in ("#item", "#preview", "#checks", ".top", "#list button"):
        assert not tab.locator(what).first.is_visible(), what


def test_the_whole_list_is_worked_through_with_keys_alone(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    for _ in range(4):
        tab.keyboard.press("j")
    tab.locator(".candidate.current[data-handle='c55ee']").wait_for()
    tab.keyboard.press("x")
    tab.locator("#chosen .candidate[data-handle='c55ee']").wait_for()
    assert "c55ee" in desktop.draft().draft.chosen
    tab.evaluate("window.same = true")
    tab.keyboard.press("u")
    tab.locator("#standby .candidate[data-handle='c55ee']").wait_for()
    assert "c55ee" not in desktop.draft().draft.chosen
    tab.locator("#told", has_text="已撤销").wait_for()
    tab.keyboard.press("Control+y")
    tab.locator("#chosen .candidate[data-handle='c55ee']").wait_for()
    assert tab.evaluate("window.same"), "the page stays, and with it what one looks at"


def test_keys_that_an_input_method_or_a_field_takes_decide_nothing(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    before = desktop.draft()
    tab.evaluate(
        """() => {
          for (const key of ["x", "J", "u", "n"]) {
            const told = { key, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new KeyboardEvent("keydown", { ...told, isComposing: true }));
            document.body.dispatchEvent(new KeyboardEvent("keydown", { ...told, keyCode: 229 }));
            document.querySelector("#item textarea").dispatchEvent(new KeyboardEvent("keydown", told));
          }
        }"""
    )
    tab.keyboard.press("j")
    tab.locator("#item .item[data-handle='c22bb']").wait_for()
    assert desktop.draft() == before


def test_the_walk_asks_one_thing_after_the_other(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    tab.keyboard.press("n")
    walk = tab.locator("#walk")
    walk.get_by_text("还剩 2 条").wait_for()
    tab.locator("#item .item[data-handle='c55ee']").wait_for()
    accessible(tab)
    walk.get_by_role("button", name="剔除").click()
    walk.get_by_text("还剩 1 条").wait_for()
    walk.get_by_role("button", name="收录").click()
    walk.get_by_text("都看过了，可以提交审核").wait_for()
    assert desktop.draft().draft.chosen[-2] == "c66ff"  # by its date, as the editor has set no order


def test_what_was_folded_and_passed_over_can_be_looked_through_and_taken(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    row(tab, "c11aa").locator("summary").click()
    row(tab, "c11aa").get_by_role("button", name="换用千龙网的版本").click()
    tab.locator("#item textarea[name=title]").filter(has_text="安贞医院通州院区智慧病房投用").wait_for()
    tab.locator("#passed > summary").click()
    tab.locator("#over a", has_text="窗口外").click()
    row(tab, "c99cc").get_by_label("补收须写明理由").fill("上期发刊后才见报")
    row(tab, "c99cc").get_by_role("button", name="补收").click()
    tab.locator("#chosen .candidate[data-handle='c99cc']").wait_for()
    assert desktop.draft().draft.late["c99cc"].who == "王编辑"


def test_a_text_is_added_without_leaving_the_page(desktop, tab):
    tab.goto(desktop.url + DRAFT)
    tab.locator("[data-adding]").click()
    tab.get_by_label("粘贴正文").fill(
        "北京儿童医院上线智能分诊系统\n来源：健康时报　2024年6月14日\n"
        "北京儿童医院日前上线智能分诊系统，家长在手机上回答几个问题，就能知道该挂哪个科、要不要去急诊。\n"
        "系统接入了医院的电子病历和号源，运行一个月来，挂错号的比例由百分之九降到百分之三。\n"
    )
    accessible(tab)
    tab.get_by_role("button", name="添加并收录").click()
    tab.locator("#add", has_text="已收录为第3条").wait_for()
    tab.locator("#chosen .candidate", has_text="智能分诊系统").wait_for()
    tab.evaluate("window.same = true")
    tab.get_by_role("link", name="去看这一条").click()
    tab.locator("#item-title").filter(has_text="智能分诊系统").wait_for()
    assert not tab.locator("#adding").is_visible()
    assert tab.evaluate("window.same"), "the page stays"
    tab.locator("[data-adding]").click()
    tab.get_by_label("粘贴正文").wait_for()


def test_a_finding_is_mended_with_one_click(desktop, tab):
    draft = desktop.draft()
    with desktop.office.opened() as desk:
        from pipeline.model import Decision

        desk.decide(draft, Decision("edit", "李编辑", desktop.office.clock(), "c22bb", {"url": ""}))
    tab.goto(desktop.url + DRAFT)
    tab.locator("#warnings", has_text="1 阻断").wait_for()
    tab.wait_for_load_state("networkidle")  # a link that htmx has not seen yet leads to a page of its own
    tab.keyboard.press("w")
    finding = tab.locator(".finding", has_text="链接为空")
    tab.wait_for_load_state("networkidle")
    accessible(tab)
    finding.get_by_role("button", name="恢复原来的链接").click()
    finding.wait_for(state="detached")
    tab.locator("#warnings .badge.failed").wait_for(state="detached")
    assert desktop.draft().draft.edits["c22bb"]["url"] == "https://news.example.cn/202406/h2.html"


def test_the_list_works_without_a_script(desktop, chromium):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(desktop.url + DRAFT)
    row(page, "c11aa").get_by_role("button", name="下移").click()
    assert desktop.draft().draft.chosen == MOVED
    row(page, "c55ee").get_by_role("button", name="收录").click()
    assert "c55ee" in desktop.draft().draft.chosen
    row(page, "c44dd").get_by_role("button", name="剔除").click()
    assert "c44dd" not in desktop.draft().draft.chosen
    page.get_by_role("link", name="检查").first.click()
    assert page.get_by_text("本期 1 个信源未能采集").count()
    context.close()


def test_a_phone_shows_the_list_without_scrolling_sideways(desktop, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(desktop.url + DRAFT)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """() => [...document.querySelectorAll("#head :is(button, a, summary), #list :is(button, summary)")]
          .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 36).map((one) => one.outerHTML)"""
    )
    assert small == []
    accessible(page)
    row(page, "c22bb").get_by_role("link").first.click()
    page.locator("#item .item[data-handle='c22bb']").wait_for()
    context.close()


def test_a_page_that_is_enlarged_to_twice_its_size_opens_at_its_top(desktop, tab):
    tab.set_viewport_size({"width": 720, "height": 450})  # 1440 × 900 at 200 %: the preview lies below
    tab.goto(f"{desktop.url}{DRAFT}?item=c33cc")
    preview = tab.frame_locator("#preview-page iframe")
    preview.locator("#item-c33cc").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 720
    assert tab.evaluate("scrollY") == 0
    assert preview.locator("html").evaluate("page => page.ownerDocument.defaultView.scrollY") > 0


def test_a_list_of_three_hundred_moves_at_once(tmp_path, tab, remark):
    draft = june()
    many = tuple(
        Candidate(
            f"d{number:04}",
            (
                written(
                    f"m{number}", f"第{number}家医院的电子病历接入区域平台", "北京日报", 3 + number % 25, "已接入。"
                ),
            ),
            rated(0.8, Verdict.IN, "命中：电子病历"),
        )
        for number in range(300)
    )
    draft = dataclasses.replace(
        draft, candidates=(*draft.candidates, *many), chosen=tuple(one.handle for one in many), ordered=True
    )
    begin(tmp_path / "office", draft)
    with served(tmp_path / "office") as desktop:
        for part in ("checks", "preview*"):  # their speed is promised elsewhere
            tab.route(f"**/{part}", lambda route: route.fulfill(body=""))
        tab.goto(desktop.url + DRAFT)
        button = row(tab, "d0150").get_by_role("button", name="上移")
        button.scroll_into_view_if_needed()
        took = button.evaluate(
            """(button) => new Promise((done) => {
              const begun = performance.now();
              button.click();
              requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
            })"""
        )
        moved = tab.locator("#chosen > .candidate").nth(149).get_attribute("data-handle")
        saved(tab)
        assert desktop.draft().draft.chosen.index("d0150") == 149
        tab.wait_for_load_state("networkidle")  # what it asks for when the server is gone is trouble
    remark(f"a row of 300 moved on the screen after {took:.0f} ms")
    assert moved == "d0150"
    assert took < 200 * 5  # a busy machine; alone it is far under 200
