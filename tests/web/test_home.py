"""The first page, the sources, a draft made from the page, and what hinders it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from desktops import Desktop, accessible, served
from pipeline.desk import now, open_desk
from pipeline.model import BEIJING, Account, Decision, Outcome, Role, Visit, Window, Work, Worker
from pipeline.store.visits import log
from sample_drafts import june

MONTHLY = "beijing-monthly"
OCTOBER = Window(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
SEPTEMBER = Window(dt.date(2026, 9, 1), dt.date(2026, 9, 30))
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=BEIJING)
SOURCES = """\
- {id: bjd, name: 北京日报, kind: feed, url: 'https://bjd.example.cn/rss.xml'}
- {id: qu, name: 某区政府网, kind: feed, url: 'https://qu.example.cn/rss.xml'}
- {id: old, name: 停用的网站, kind: feed, enabled: false, url: 'https://old.example.cn/rss.xml'}
"""


def visited(folder: Path, *visits: Visit) -> None:
    with open_desk(folder, clock=lambda: NOON) as desk, desk._database.write() as connection:
        for one in visits:
            log(connection, one)


@pytest.fixture(scope="module")
def autumn(june_office, tmp_path_factory) -> Path:
    """A workspace in which much has happened by a day in November 2026; copy it to change it."""
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("autumn") / "office")
    (folder / "config" / "sources.yaml").write_text(SOURCES, "utf-8")
    with open_desk(folder, clock=lambda: NOON) as desk:
        series = desk.series(MONTHLY)
        october = dataclasses.replace(june(), window=OCTOBER)
        desk.issues.begin(october, Decision("generate", "系统", NOON - dt.timedelta(hours=3)), desk.last(series))
        august = series.window_of(dt.date(2026, 8, 5))
        desk.skip(MONTHLY, august, Decision("skip", "李主编", NOON, reason="并入九月合刊"))
        claim = desk.claims.take(Work(MONTHLY, SEPTEMBER), Worker("desk@office（进程 7）"), NOON)
        assert claim is not None
        desk.runs.begin(MONTHLY, SEPTEMBER, "inline", NOON, claim.owner)
        desk.claims.fail(claim.owner, "所有信源都未能采集，没有生成草稿，也没有占用期号。", dt.timedelta(minutes=10))
    hours = [NOON - dt.timedelta(hours=each) for each in range(72, 0, -6)]
    visited(
        folder,
        *(Visit("bjd", each, Outcome.OK, leads=20, fresh=2, pages=2, seconds=1.2) for each in hours),
        *(Visit("qu", each, Outcome.FAILED, "https://qu.example.cn/rss.xml：服务器回答 503") for each in hours),
    )
    return folder


@pytest.fixture
def office(autumn, tmp_path) -> Path:
    return shutil.copytree(autumn, tmp_path / "office")


@pytest.fixture
def desktop(office) -> Iterator[Desktop]:
    with served(office, clock=lambda: NOON) as one:
        yield one


@pytest.fixture
def client(desktop) -> Iterator[httpx.Client]:
    with desktop.client(follow_redirects=True) as one:
        yield one


def fragment(client: httpx.Client, path: str, method: str = "GET") -> httpx.Response:
    return client.request(method, path, headers={"HX-Request": "true"})


# ------------------------------------------------------------------------------------- the first page


def test_the_first_page_says_how_each_window_stands_and_what_comes_next(client):
    page = client.get("/").text
    assert "2026-12-01 00:30 自动生成 2026-11-01 — 11-30 的草稿" in page
    assert "第五三六期" in page
    assert "系统 生成 · 3 小时前" in page
    assert "所有信源都未能采集" in page
    assert f"/runs/{MONTHLY}/2026-09-01" in page
    assert "并入九月合刊（李主编）" in page
    assert f'href="/issues/{MONTHLY}/2026-10-01"' in page


def test_what_is_in_a_draft_stands_there_at_once_and_its_findings_come_after(client):
    page = client.get("/").text
    assert "<b>4</b> 入选" in page
    assert "<b>2</b> 折叠" in page
    assert "阻断" not in page
    counted = client.get(f"/counts/{MONTHLY}/2026-10-01").text
    assert "<b>4</b> 入选" in counted
    assert "阻断" in counted


def test_a_draft_whose_renewal_failed_can_still_be_opened(client, office):
    with open_desk(office, clock=lambda: NOON) as desk:
        claim = desk.claims.take(Work(MONTHLY, OCTOBER), Worker("desk@office"), NOON)
        assert claim is not None
        desk.claims.fail(claim.owner, "磁盘已满", dt.timedelta(minutes=10))
    page = client.get("/").text
    assert "磁盘已满" in page
    assert f'href="/issues/{MONTHLY}/2026-10-01"' in page


def test_an_office_without_a_draft_is_told_what_to_do_first(tmp_path, june_office):
    shutil.copytree(june_office / "config", tmp_path / "office" / "config")
    with served(tmp_path / "office", clock=lambda: NOON) as one:
        page = one.get().text
        with one.office.opened() as desk:
            claim = desk.claim_due(desk.series(MONTHLY), OCTOBER)
            assert claim is not None
        making = one.get().text
    assert "还没有草稿" in page
    assert f'href="/new/{MONTHLY}"' in page
    assert "生成中" in making
    assert "自动生成，" in making, "who asked for it stands before the process that makes it"
    assert "还没有草稿" not in making
    assert "正在生成第一份草稿" in making


def test_a_viewer_is_offered_nothing_that_changes_anything(office):
    with served(office, Account("zhao", "赵查看", Role.VIEWER), clock=lambda: NOON) as one:
        page = one.get().text
        assert "看稿" in page
        assert "/new/" not in page
        assert "/skip/" not in page
        assert "/pause/" not in page
        assert one.get(f"/new/{MONTHLY}").status_code == 403


def test_a_configuration_that_cannot_be_used_is_told_on_every_page(office, client):
    (office / "config" / "series.yaml").write_text("- id: 坏\n", "utf-8")
    assert "配置文件有误，暂按改动前的配置运行" in client.get("/help").text


# ------------------------------------------------------------------------------------- a new draft


def test_the_newest_window_that_waits_is_chosen_and_a_draft_is_made_of_it(client, desktop):
    form = client.get(f"/new/{MONTHLY}").text
    assert 'value="2026-09-01" required checked' in form
    assert "2026-08-01" not in form, "what was skipped is not offered"
    answer = client.post(f"/new/{MONTHLY}", data={"start": "2026-07-01"})
    assert desktop.launched == [(MONTHLY, Window(dt.date(2026, 7, 1), dt.date(2026, 7, 31)))]
    assert answer.url.path == f"/runs/{MONTHLY}/2026-07-01"
    assert "正在启动" in answer.text
    assert desktop.launches.askers == ["王编辑"]


def test_a_draft_that_waits_for_others_says_so_and_is_not_given_up(client, desktop):
    july = Window(dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    since = int(NOON.timestamp()) - 600
    desktop.launches.before[july] = 2
    page = fragment(client, f"/runs/{MONTHLY}/2026-07-01?since={since}").text
    assert "正在排队：前面还有 2 份草稿" in page
    assert 'hx-trigger="every 2s"' in page
    desktop.launches.before[july] = 0
    assert "正在启动" in fragment(client, f"/runs/{MONTHLY}/2026-07-01?since={since}").text, "its turn came just now"
    del desktop.launches.before[july]
    assert "没有启动成功" in fragment(client, f"/runs/{MONTHLY}/2026-07-01?since={since}").text


@pytest.mark.parametrize(
    ("start", "status", "told"),
    [
        pytest.param("", 422, "请先选一个窗口", id="none is chosen"),
        pytest.param("2026-07-02", 422, "没有从 2026-07-02 开始的窗口", id="no window begins there"),
        pytest.param("2026-08-01", 422, "已跳过，不能再生成", id="a skipped one"),
    ],
)
def test_no_draft_is_made_of_what_is_no_window_for_one(client, desktop, start, status, told):
    answer = client.post(f"/new/{MONTHLY}", data={"start": start})
    assert (answer.status_code, desktop.launched) == (status, [])
    assert told in answer.text


def test_whoever_asks_for_a_draft_that_is_being_made_is_told_by_whom_and_since_when(client, desktop, office):
    with open_desk(office, clock=now) as desk:
        desk.claims.take(Work(MONTHLY, SEPTEMBER), Worker("desk@office（进程 7）"), now())
    answer = client.post(f"/new/{MONTHLY}", data={"start": "2026-09-01"})
    assert (answer.status_code, desktop.launched) == (409, [])
    assert "正在生成：desk@office（进程 7），自 " in answer.text


# ------------------------------------------------------------------------------------- how far it is


def running(office: Path) -> str:
    """Has September at work: one source was asked, the other was not."""
    with open_desk(office, clock=lambda: NOON) as desk:
        claim = desk.claims.take(Work(MONTHLY, SEPTEMBER), Worker("desk@office（进程 7）"), NOON)
        assert claim is not None
        desk.runs.begin(MONTHLY, SEPTEMBER, "inline", NOON, claim.owner)
    visited(office, Visit("bjd", NOON, Outcome.OK, leads=20, fresh=3, pages=3, failed=1))
    return claim.owner


def test_a_run_under_way_says_which_stage_and_which_sources(client, office):
    running(office)
    page = fragment(client, f"/runs/{MONTHLY}/2026-09-01").text
    assert "正在采集信源 1/2" in page
    assert "desk@office（进程 7） 正在运行" in page
    assert "20 条，其中新 3 条" in page
    assert "新取 3 页，1 页未取得" in page
    assert page.count("等待") == 1
    assert 'hx-trigger="every 2s"' in page


def test_a_run_that_is_further_shows_the_stages_that_are_over(client, office):
    owner = running(office)
    with open_desk(office, clock=lambda: NOON) as desk:
        run = desk.runs.under(owner)
        assert run is not None
        desk.runs.advance(run.id, {"harvest": 12.0, "read": 3.0})
    page = fragment(client, f"/runs/{MONTHLY}/2026-09-01").text
    assert "正在取图片" in page
    assert "12 秒" in page


def test_a_run_that_failed_says_why_and_what_to_do(client):
    page = client.get(f"/runs/{MONTHLY}/2026-09-01").text
    assert "没有生成" in page
    assert "所有信源都未能采集" in page
    assert "再试一次" in page
    assert "every 2s" not in page


def test_a_process_that_never_began_is_not_waited_for_for_ever(client):
    long_ago = int((NOON - dt.timedelta(minutes=5)).timestamp())
    page = client.get(f"/runs/{MONTHLY}/2026-07-01?since={long_ago}").text
    assert "没有启动成功" in page
    assert "再试一次" in page


def test_a_run_that_is_done_leads_to_its_draft(client, office):
    with open_desk(office, clock=lambda: NOON) as desk:
        claim = desk.claims.take(Work(MONTHLY, OCTOBER), Worker("desk@office"), NOON)
        assert claim is not None
        desk.claims.finish(claim.owner, NOON)
    page = client.get(f"/runs/{MONTHLY}/2026-10-01").text
    assert "草稿已生成" in page
    assert f'href="/issues/{MONTHLY}/2026-10-01"' in page
    assert "重新采集并更新草稿" in page
    assert "全部保留" in page


# ------------------------------------------------------------------------------------- what is left out


def test_a_window_is_skipped_with_a_reason_and_taken_up_again(client):
    assert client.post(f"/skip/{MONTHLY}/2026-07-01", data={"reason": " "}).status_code == 422
    assert "并入八月（王编辑）" in client.post(f"/skip/{MONTHLY}/2026-07-01", data={"reason": "并入八月"}).text
    assert "恢复本期" in client.get(f"/skip/{MONTHLY}/2026-07-01").text
    assert "并入八月" not in client.post(f"/skip/{MONTHLY}/2026-07-01", data={"undo": "yes"}).text


def test_a_series_is_paused_with_a_reason_and_taken_up_again(client):
    assert client.post(f"/pause/{MONTHLY}", data={}).status_code == 422
    assert "国庆停刊（王编辑）" in client.post(f"/pause/{MONTHLY}", data={"reason": "国庆停刊"}).text
    assert "国庆停刊" not in client.post(f"/pause/{MONTHLY}", data={"undo": "yes"}).text


# ------------------------------------------------------------------------------------- sources


def test_sources_in_trouble_come_first_with_their_reason_and_since_when(client):
    page = client.get("/sources").text
    names = [page.index(name) for name in ("某区政府网</a>", "北京日报</a>", "停用的网站</a>")]
    assert names == sorted(names)
    assert "网站自己的服务器出了故障；一般会自行恢复" in page
    assert "（自 2026-11-19 12:00 起）" in page
    assert "503" not in page, "that is for who minds the source"
    assert "技术原因：服务器回答 503" in client.get("/sources/qu").text
    assert "北京日报</a>" not in client.get("/sources?show=trouble").text


def test_a_source_shows_the_log_of_its_visits(client):
    page = client.get("/sources/bjd").text
    assert "2026-11-22 06:00" in page
    assert "https://bjd.example.cn/rss.xml" in page
    assert client.get("/sources/nobody").status_code in (404, 422)


def test_what_a_window_lacks_is_told_with_its_sources(client):
    page = client.get("/sources").text
    assert "全国卫生信息化舆情监测周报 2026-11-14 — 11-20：1 个信源未能采集" in page
    assert "某区政府网（网站自己的服务器出了故障，从未采到）" in page


def test_a_source_can_be_tried_out_and_nothing_of_it_is_kept(client, office):
    inbox = office / "inbox"
    inbox.mkdir()
    (inbox / "a.html").write_text("<html><title>智慧病房投入使用</title><p>床旁终端上线。</p></html>", "utf-8")
    lines = [f"- {{id: {one}, name: 转报文件夹, kind: folder, path: {one}}}" for one in ("inbox", "gone")]
    (office / "config" / "sources.yaml").write_text("\n".join(lines), "utf-8")
    tried = client.post("/sources/inbox/try").text
    assert "给出 1 条线索" in tried
    assert "什么也不保存" in tried
    assert "查到问题" in fragment(client, "/sources/gone/try", "POST").text
    assert "还没有采集过" in client.get("/sources/inbox").text


# ------------------------------------------------------------------------------------- in a browser


def test_every_page_is_accessible_and_fits_a_phone(desktop, tab, office):
    running(office)
    paths = ["/", "/help", "/sources", "/sources/qu", f"/new/{MONTHLY}", f"/runs/{MONTHLY}/2026-09-01"]
    for path in [*paths, f"/skip/{MONTHLY}/2026-07-01", f"/pause/{MONTHLY}"]:
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.goto(desktop.url + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path
        low = tab.eval_on_selector_all(
            "button, .button, nav a, summary",
            "all => all.filter(one => one.offsetHeight && one.offsetHeight < 36).map(one => one.textContent)",
        )
        assert low == [], path
        accessible(tab)


def test_a_run_is_followed_until_its_draft_is_there_without_touching_anything(desktop, tab, office):
    owner = running(office)
    tab.goto(f"{desktop.url}/runs/{MONTHLY}/2026-09-01")
    assert "正在采集信源 1/2" in tab.locator("#making h2").first.inner_text()
    with open_desk(office, clock=lambda: NOON) as desk:
        desk.claims.finish(owner, NOON)
    tab.locator(".notice.good").wait_for()
    assert "草稿已生成" in tab.locator("#making").inner_text()


def test_keys_are_listed_on_asking_and_wait_for_input_methods(desktop, tab):
    tab.goto(desktop.url + "/help")
    tab.evaluate("desk.shortcut('j', () => { window.pressed = (window.pressed || 0) + 1; }, '下一条')")
    tab.keyboard.press("j")
    tab.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', isComposing: true, bubbles: true}))")
    assert tab.evaluate("window.pressed") == 1
    tab.keyboard.press("?")
    assert "下一条" in tab.get_by_role("dialog").inner_text()
    accessible(tab)
    tab.keyboard.press("Escape")
    tab.evaluate("document.body.dataset.shortcuts = 'off'")
    tab.keyboard.press("j")
    assert tab.evaluate("window.pressed") == 1


def test_a_refusal_to_a_script_is_shown_above_the_page_and_leaves_it_alone(desktop, tab):
    tab.goto(desktop.url)
    with tab.expect_response("**/counts/**"):
        tab.evaluate("htmx.ajax('GET', '/counts/beijing-monthly/2026-07-01', '#main')")
    tab.locator("#notice .notice").wait_for()
    told = tab.locator("#notice").inner_text()
    assert "没有草稿" in told
    assert "请从期刊列表进入" in told
    assert "bulletin" not in told, "a command helps nobody in a browser"
    assert tab.locator("h2").count() > 1
    tab.get_by_role("button", name="知道了").click()
    assert not tab.locator("#notice").inner_text()
    tab.trouble[:] = [told for told in tab.trouble if "404" not in told and "422" not in told]
