"""From an empty database to a released issue, as an editor goes: with the mouse, with the keyboard, without a script.

The first way is the whole of it, with the real program and the demo's web. A person can follow it; the workspace is
the demo's (`write_workspace` while a `DemoWeb` runs), with two pages that a colleague saved into its inbox:

 1. Start `bulletin serve` and open the one-time link that it prints.
 2. 建立管理员账号: write 署名, 登录名 and the password twice, press 建立账号并登录.
 3. The list says 还没有草稿: press 北京市卫生信息化舆情监测月报：生成草稿, open the older windows, choose June 2024,
    press 开始生成.
 4. Watch 采集信源 and the stages that follow, until 草稿已生成; press 看稿.
 5. Press 下一条待定; 剔除 what waits, and what is asked next answer with the buttons offered, until 都看过了.
 6. Click item 1. Change its title and its outlet, leave the field, see 已修改; press 还原 beside the title.
 7. Open 折叠 of item 1, press 换用此版本 beside a reprint; press 撤销 to have the first one back.
 8. Press 添加, paste a text, press 添加并收录; 关闭.
 9. Click the warnings, mend what has a button with one click; 放行 the comment with a reason.
10. Look at the preview, and at 版面（Word 效果）.
11. 提交审核, then 审定, then 定稿发布, and on the page that shows what will be published 定稿发布 again.
12. Download DOCX and Markdown from the archive; they are the files that were frozen, and 核验是否原样 says so.
13. Search the archive for a word of two characters, and open what is found.
14. 退出.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktops import accessible
from offices import without_libreoffice
from patience import PATIENCE
from pipeline.demo.site import DemoWeb
from pipeline.demo.workspace import write_workspace
from pipeline.desk import now, open_desk

DRAFT = "/issues/beijing-monthly/2024-06-01"
PASSWORD = "复诊-电子病历-医联体"
PASTED = (
    "北京儿童医院上线智能分诊系统\n来源：健康时报　2024年6月14日\n"
    "北京儿童医院日前上线智能分诊系统，家长在手机上回答几个问题，就能知道该挂哪个科、要不要去急诊。\n"
    "系统接入了医院的电子病历和号源，运行一个月来，挂错号的比例由百分之九降到百分之三。\n"
)


def _kept(address: str, title: str, day: str, source: str, *paragraphs: str) -> str:
    """A page of a news site as a browser saves it."""
    body = "".join(f"<p>　　{one}</p>" for one in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="canonical" href="https://{address}"></head>'
        f'<body><h1>{title}</h1><div class="info"><span>{day} 09:30</span> {source}</div>'
        f'<div class="article-content" id="article">{body}</div></body></html>'
    )


WAITING = _kept(
    "news.bjd.com.cn/2024/06/18/10795011.shtml",
    "智慧北京 机器人走进商场和医院",
    "2024-06-18",
    "<span>来源：北京日报</span>",
    "海淀区近日发布一批人工智能应用场景，送餐机器人、巡检机器人在商场、园区上岗，市民可以近距离体验。",
    "在北京积水潭医院，骨科已经开始使用手术机器人辅助手术，导管室也将使用介入机器人。",
    "全区已有一百多台机器人投入使用，覆盖交通、文旅、政务等领域，年内还将新增三十个场景。",
)
NAMELESS = _kept(
    "www.sjtyy.example/2024/0621/1203.html",
    "北京世纪坛医院互联网医院上线复诊开药服务",
    "2024-06-21",
    "",
    "北京世纪坛医院互联网医院近日上线复诊开药服务，慢性病患者在手机上就能完成复诊、缴费和药品配送。",
    "医院信息中心介绍，互联网医院与院内电子病历系统打通，医生在线问诊时可以调阅患者近三年的检查检验结果。",
    "目前已有二十二个科室开通在线复诊，日均接诊三百余人次，药品最快当天送到家。（北京日报客户端）",
)


def _office(folder: Path, web: DemoWeb) -> None:
    """The demo's workspace with what a colleague saved; the clock makes nothing by itself here."""
    write_workspace(folder, web, number=535)
    (folder / "inbox" / "机器人.html").write_text(WAITING, "utf-8")
    (folder / "inbox" / "世纪坛.html").write_text(NAMELESS, "utf-8")
    settings, series = folder / "config" / "settings.yaml", folder / "config" / "series.yaml"
    text = settings.read_text("utf-8").replace("seconds_per_host: 0", "seconds_per_host: 0\n  retries: 0")
    settings.write_text(text + "clock: {engine: inline, collect_minutes: 0}\n", "utf-8")
    # the clock of an office that begins makes its newest drafts: here one is enough
    monthly = series.read_text("utf-8").partition("\nnational-weekly:")[0]
    series.write_text(monthly.replace("  title:", "  catch_up: 0\n  title:"), "utf-8")


@contextmanager
def _served(folder: Path) -> Iterator[tuple[str, str]]:
    """The real program over a workspace: its address, and the one-time link it prints."""
    command = [sys.executable, "-m", "pipeline", "-C", str(folder), "serve", "--listen", "127.0.0.1:0"]
    with (folder / "serve.log").open("wb") as log:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8")
    assert program.stdout is not None
    try:
        link = re.search(r"http://\S+/welcome/\S+", program.stdout.readline())
        assert link, (folder / "serve.log").read_text("utf-8")
        yield link[0].partition("/welcome/")[0], link[0]
    finally:
        program.terminate()
        program.wait(PATIENCE)
        program.stdout.close()


def _looked_at(page, name: str) -> None:
    """What holds wherever one gets to: nothing for axe-core to find, nothing to scroll sideways for."""
    # what was said fades away: half faded it is too pale for axe-core, and for nobody else
    # asked again and again from here: the page's policy lets nobody evaluate text inside it
    # by a locator, which waits for the element: the address changes before the page behind it has arrived
    told = page.locator("#told")
    while told.evaluate("one => one.getAnimations().length"):
        page.wait_for_timeout(50)
    page.wait_for_load_state()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_an_editor_gets_from_an_empty_database_to_a_released_issue(tab, tmp_path, bulletin):
    folder = tmp_path / "office"
    with DemoWeb() as web:
        _office(folder, web)
        with _served(folder) as (url, link):
            _first_administrator(tab, link)
            _draft_by_button(tab)
            _walked(tab)
            _edited(tab)
            _another_version(tab)
            _pasted(tab)
            _mended(tab)
            _previewed(tab)
            _released(tab)
            _downloaded(tab, folder)
            _searched(tab)
            _left(tab, url)
    assert bulletin("-C", str(folder), "verify")[0] == 0


def _first_administrator(tab, link: str) -> None:
    tab.goto(link)
    _looked_at(tab, "welcome")
    tab.get_by_label("署名").fill("王敏")
    tab.get_by_label("登录名").fill("wangmin")
    tab.get_by_label("新密码", exact=True).fill(PASSWORD)
    tab.get_by_label("再输一次新密码").fill(PASSWORD)
    tab.get_by_role("button", name="建立账号并登录").click()
    # the clock is at what fell due from the first moment on
    tab.get_by_role("heading", name=re.compile("还没有草稿|正在生成第一份草稿")).wait_for()
    _looked_at(tab, "home-empty")


def _draft_by_button(tab) -> None:
    tab.get_by_role("link", name="北京市卫生信息化舆情监测月报：生成草稿").click()
    _looked_at(tab, "new")
    tab.get_by_text("更早的").click()
    tab.get_by_label("2024-06-01").check()
    tab.get_by_role("button", name="开始生成").click()
    tab.locator("#making progress").wait_for()
    _looked_at(tab, "running")
    tab.get_by_role("heading", name="草稿已生成").wait_for(timeout=120_000)
    _looked_at(tab, "made")
    tab.get_by_role("link", name="看稿").first.click()
    tab.wait_for_url(f"**{DRAFT}")
    tab.locator("#checks .dock-fold").wait_for()
    _looked_at(tab, "draft")


def _walked(tab) -> None:
    tab.get_by_role("link", name="下一条待定").click()
    walk = tab.locator("#walk")
    walk.get_by_text("智慧北京").wait_for()
    tab.locator("#item textarea[name=title]", has_text="智慧北京").wait_for()
    _looked_at(tab, "walk")
    walk.get_by_role("button", name="剔除").click()
    walk.get_by_text("来源为空").wait_for()
    _looked_at(tab, "walk-finding")
    walk.get_by_role("button", name="来源填“北京日报”").click()
    walk.get_by_text("都看过了，可以提交审核").wait_for()
    _looked_at(tab, "walked")
    walk.get_by_role("link", name="知道了").click()


def _row(tab, title: str):
    return tab.locator(".candidate", has=tab.get_by_role("link", name=title))


def _edited(tab) -> None:
    title, outlet = tab.get_by_label("标题", exact=True), tab.get_by_label("来源", exact=True)
    _row(tab, "北京丰台布局").get_by_role("link", name="北京丰台布局").click()
    tab.locator("#item .item-head", has_text="第1条").wait_for()
    before = title.input_value()
    title.fill("北京丰台启动建设天坛智能医工产业园")
    outlet.fill("千龙网·中国首都网")
    outlet.blur()
    tab.locator("#mark-outlet", has_text="已修改").wait_for()
    _row(tab, "北京丰台启动建设").wait_for()
    _looked_at(tab, "edited")
    tab.locator("#mark-title").get_by_role("button", name="还原").click()
    _row(tab, "北京丰台布局").wait_for()
    tab.locator("#mark-title .edited").wait_for(state="detached")
    assert title.input_value() == before
    assert outlet.input_value() == "千龙网·中国首都网"


def _another_version(tab) -> None:
    row = _row(tab, "北京：推动医疗大模型")
    row.locator("summary").click()
    row.get_by_role("button", name="换用搜狐网的版本").click()
    _row(tab, "重磅！北京三年行动计划出炉").wait_for()
    _looked_at(tab, "version")
    tab.get_by_role("button", name="撤销").click()
    _row(tab, "北京：推动医疗大模型").wait_for()
    _looked_at(tab, "undone")


def _pasted(tab) -> None:
    tab.get_by_role("link", name="添加", exact=True).click()
    tab.get_by_label("粘贴正文").fill(PASTED)
    _looked_at(tab, "adding")
    tab.get_by_role("button", name="添加并收录").click()
    tab.locator("#add", has_text="已收录为第").wait_for()
    _looked_at(tab, "added")
    tab.locator("#adding").get_by_role("button", name="关闭").click()
    _row(tab, "智能分诊系统").wait_for()


def _mended(tab) -> None:
    tab.locator("#warnings [data-warning]").click()
    checks = tab.locator("#checks")
    missing = checks.locator(".finding", has_text="链接为空")
    missing.wait_for()
    _looked_at(tab, "checks")
    tab.locator("#item .item-head", has_text="第3条").wait_for()
    tab.locator("#item-url").fill("https://www.jksb.example/2024/0614/301.html")
    tab.locator("#item-url").blur()
    missing.wait_for(state="detached")
    comment = checks.locator(".finding", has_text="体裁为评论")
    comment.get_by_text("照收…").click()
    comment.get_by_label("照收的理由").fill("虽是评论，讲的是国家卫健委发布的进展")
    comment.get_by_role("button", name="照收").click()
    checks.locator(".finding", has_text="放行理由：虽是评论").wait_for()
    _looked_at(tab, "signed")


def _previewed(tab) -> None:
    frame = tab.frame_locator("#preview-page iframe:not(.coming)")
    frame.get_by_text("北京儿童医院上线智能分诊系统").first.wait_for()
    tab.locator("[data-preview=layout]").click()
    tab.locator("#preview-layout img").first.wait_for(timeout=60_000)
    _looked_at(tab, "layout")


def _released(tab) -> None:
    tab.get_by_role("button", name="提交审核").click()
    tab.get_by_role("heading", name="将要发布").wait_for()
    _looked_at(tab, "submitted")
    tab.get_by_role("button", name="审定", exact=True).click()
    tab.locator(".release-way [aria-current]", has_text="审定").wait_for()
    _looked_at(tab, "approved")
    tab.get_by_role("button", name="定稿发布").click()
    tab.get_by_role("heading", name="第五三五期已发布").wait_for(timeout=60_000)
    _looked_at(tab, "released")


def _downloaded(tab, folder: Path) -> None:
    tab.get_by_role("link", name="存档").click()
    _looked_at(tab, "archive")
    tab.get_by_role("link", name="第五三五期", exact=True).click()
    tab.get_by_role("link", name="核验是否原样").click()
    tab.locator("#proof *").first.wait_for()
    _looked_at(tab, "issue")
    with open_desk(folder, clock=now) as desk:
        (release,) = desk.issues.released()
    for name in ("DOCX", "Markdown"):
        with tab.expect_download() as given:
            tab.locator(".files").get_by_role("link", name=name).click()
        path = Path(given.value.path())
        if given.value.suggested_filename.endswith(".zip"):  # Markdown brings its pictures along
            with zipfile.ZipFile(path) as parts:
                brought = {one: parts.read(one) for one in parts.namelist()}
        else:
            brought = {given.value.suggested_filename: path.read_bytes()}
        assert {one: hashlib.sha256(data).hexdigest() for one, data in brought.items()}.items() <= release.files.items()


def _searched(tab) -> None:
    tab.get_by_role("link", name="存档").click()
    tab.get_by_label("检索往期").last.fill("分诊")
    tab.get_by_role("button", name="检索").click()
    tab.locator(".result").first.wait_for()
    _looked_at(tab, "found")
    tab.locator(".result h2 a").first.click()
    tab.wait_for_load_state()
    _looked_at(tab, "found-issue")


def _left(tab, url: str) -> None:
    tab.get_by_role("button", name="退出").click()
    tab.get_by_role("button", name="登录").wait_for()
    _looked_at(tab, "left")
    tab.goto(url + DRAFT)
    tab.get_by_role("button", name="登录").wait_for()


# the same without a mouse ---------------------------------------------------------------------------------


def _tabbed(tab, name: str) -> None:
    """Goes on with the tabulator until something of that name has the focus, and presses it."""
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate(
            "(name) => { const one = document.activeElement;"
            " return (one.ariaLabel || one.innerText || '').trim().startsWith(name); }",
            name,
        ):
            tab.keyboard.press("Enter")
            return
    raise AssertionError(f"the tabulator never gets to {name}")


def test_the_review_needs_no_mouse(desktop, tab):
    with without_libreoffice():
        tab.goto(desktop.url + DRAFT)
        tab.keyboard.press("n")
        tab.locator("#walk", has_text="还剩 2 条").wait_for()
        tab.locator("#walk :focus").wait_for()
        _tabbed(tab, "收录")
        tab.locator("#walk", has_text="还剩 1 条").wait_for()
        tab.locator("#walk :focus").wait_for()
        _tabbed(tab, "剔除")
        tab.locator("#walk", has_text="都看过了").wait_for()
        tab.keyboard.press("j")
        tab.keyboard.press("e")
        tab.locator("#item-title:focus").wait_for()
        tab.keyboard.press("Control+A")
        tab.keyboard.type("电子病历共享覆盖全部市属医院")
        tab.keyboard.press("Control+S")
        tab.locator("#mark-title", has_text="已修改").wait_for()
        tab.keyboard.press("Control+Enter")
        tab.get_by_role("heading", name="将要发布").wait_for()
        _tabbed(tab, "审定")
        tab.locator(".release-way [aria-current]", has_text="审定").wait_for()
        _tabbed(tab, "定稿发布")
        tab.get_by_role("heading", name="第五三五期已发布").wait_for()
    draft = desktop.draft()
    assert draft.released
    assert "c55ee" in draft.draft.chosen
    assert "c66ff" in draft.draft.excluded
    assert [one["title"] for one in draft.draft.edits.values()] == ["电子病历共享覆盖全部市属医院"]


# and without a script -------------------------------------------------------------------------------------


def test_the_review_needs_no_script(desktop, chromium):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()

    def row(handle):
        return page.locator(f".candidate[data-handle='{handle}']")

    with without_libreoffice():
        page.goto(desktop.url + DRAFT)
        row("c55ee").get_by_role("button", name="收录").click()
        row("c66ff").get_by_role("button", name="剔除").click()
        row("c22bb").get_by_role("button", name="上移").click()
        row("c22bb").get_by_role("link").first.click()
        page.locator("#item-title").fill("电子病历共享覆盖全部市属医院")
        page.locator("#item-url").fill("")
        page.get_by_role("button", name="保存").first.click()
        assert "已修改" in page.locator("#mark-title").inner_text()
        page.get_by_role("link", name="检查").first.click()
        finding = page.locator(".finding", has_text="链接为空")
        finding.get_by_text("放行…").click()
        finding.get_by_label("放行的理由").fill("内部通报，无公开链接")
        finding.get_by_role("button", name="放行").click()
        page.get_by_role("button", name="提交审核").click()
        page.get_by_role("button", name="审定", exact=True).click()
        page.get_by_role("button", name="定稿发布").click()
        assert page.get_by_role("heading", name="第五三五期已发布").count()
    context.close()
    draft = desktop.draft().draft
    assert draft.chosen.index("c22bb") == 1
    assert "c55ee" in draft.chosen
    assert "c66ff" not in draft.chosen
    assert draft.edits["c22bb"]["title"] == "电子病历共享覆盖全部市属医院"


# what comes first -----------------------------------------------------------------------------------------------


def test_the_list_is_painted_while_the_preview_is_still_being_made(desktop, tab):
    held: list = []
    tab.route("**/preview*", lambda route: held.append(route))
    tab.goto(desktop.url + DRAFT, wait_until="commit")
    tab.locator("#chosen .candidate").first.wait_for()
    painted = tab.evaluate(
        "() => new Promise((done) => new PerformanceObserver((list) => done(list.getEntriesByName("
        "'first-contentful-paint').length)).observe({ type: 'paint', buffered: true }))"
    )
    assert painted
    assert held, "the preview is asked for"
    for route in held:
        route.fulfill(body="", content_type="text/html")
