"""The middle of the draft page: what a candidate says, what was edited of it, where it came from."""

import dataclasses
import datetime as dt
import io
import json
import shutil
from urllib.parse import unquote

import pytest
from lxml import html
from PIL import Image

from desktops import WANG, accessible, begin, served, signed_in
from pipeline.desk import now, open_desk
from pipeline.model import Account, Act, Block, DateClaim, Deed, Kind, Lead, Page, Role, Witness
from pipeline.store import Blobs
from sample_drafts import june

BASE = "/issues/beijing-monthly/2024-06-01"
LI = Account("li", "李编辑", Role.EDITOR)
ADDRESS = "https://news.example.cn/202406/h1.html?spm=a2"
PICTURE = "https://news.example.cn/pic/hall.jpg"
HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>{{7*7}}'
FETCHED = """<html><head><meta charset="utf-8"><title>智慧病房</title><script>alert(4)</script>
<style>body{background:url(https://evil.example/x)}</style></head><body onload="alert(5)">
<h1>北京安贞医院通州院区智慧病房投入使用</h1><p>2024-06-04 09:12 来源：北京日报</p><div id="article">
<p>%s</p><p>欢迎扫描下方二维码关注本报公众号，获取更多健康资讯。</p><p>%s</p>
<p><img src="/pic/hall.jpg" onerror="alert(6)" alt="大厅"><img src="https://evil.example/t.gif"></p>
<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><input name="q"></form>
<p><a href="javascript:alert(7)">点这里</a></p><p>%s</p></div></body></html>"""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A workspace whose first item has a page, a table and a picture, and whose last one is full of traps."""
    folder = tmp_path_factory.mktemp("item") / "office"
    draft = june()
    first, last = draft.candidates[0], draft.candidates[3]
    file = io.BytesIO()
    Image.new("RGB", (64, 36), "#7fa8b3").save(file, "JPEG")
    begin(folder, draft)
    with open_desk(folder, clock=now) as desk:
        blob = Blobs(desk.config.data / "blobs").put(file.getvalue())
        one, two, three = first.article.blocks
        article = dataclasses.replace(
            first.article,
            url=ADDRESS,
            publisher="北京日报客户端",
            blocks=(
                one,
                Block(Kind.FIGURE, "大厅", src=PICTURE, blob=blob),
                Block(Kind.CAPTION, "门诊大厅。"),
                two,
                Block(Kind.TABLE, rows=(("科室", "终端数"), ("心内科", "120")), header=1),
                three,
            ),
            dates=(
                *first.article.dates,
                DateClaim(Witness.ADDRESS, "网址", "202406/05", dt.date(2024, 6, 5), because="与采用的不一致"),
            ),
        )
        trap = dataclasses.replace(
            last.article,
            title=HOSTILE,
            url="javascript:alert(8)",
            origin=HOSTILE,
            blocks=(Block(Kind.PARAGRAPH, HOSTILE), Block(Kind.TABLE, rows=((HOSTILE,),))),
            notes=(HOSTILE,),
        )
        (stored,) = desk.leads.add([Lead("bjd", ADDRESS)], now())
        page = FETCHED % (one.text, two.text, three.text)
        desk.leads.add_page(stored.id, ADDRESS, Page(ADDRESS, page.encode(), now()))
        (desked,) = desk.issues.all()
        copied, other = first.articles[1:]
        changed = (
            dataclasses.replace(first, articles=(article, dataclasses.replace(copied, publisher="搜狐网"), other)),
            *draft.candidates[1:3],
            dataclasses.replace(last, articles=(trap,)),
            *draft.candidates[4:],
        )
        after = dataclasses.replace(draft, candidates=changed)
        desk.issues.revise(desked, after, desk.revisions(desked)[0].decision)
    return folder


@pytest.fixture(scope="module")
def desktop(office):
    with served(office) as one:
        yield one


@pytest.fixture
def page(desktop):
    with desktop.client() as client:
        yield client


def _form(page, handle):
    """What the form of an item sends without a script, as pairs of name and value."""
    (form,) = html.fromstring(page.get(f"{BASE}/items/{handle}").text).cssselect("#item-form")
    fields = []
    for one in form.cssselect("input[name], textarea[name], select[name]"):
        if one.xpath("ancestor::noscript"):
            continue
        fields.append((one.get("name"), str(one.value or "").removeprefix("\n")))
    return fields


def _sent(page, handle, fields, **changed):
    """Sends the form of an item with some fields changed, and gives the answer."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    values |= {name: [value] for name, value in changed.items()}
    return page.post(f"{BASE}/items/{handle}", data=values)


def _last(desktop):
    with desktop.office.opened() as desk:
        return desk.revisions(desktop.draft())[-1].decision


def _body(desktop, handle="c11aa"):
    with desktop.office.opened() as desk:
        return next(item for item in desk.issue(desktop.draft()).items if item.handle == handle).blocks


def test_a_field_says_where_it_was_found_and_what_else_it_could_be(page):
    shown = html.fromstring(page.get(f"{BASE}/items/c11aa").text)
    assert "取自网页大标题" in shown.cssselect("#found-title")[0].text_content()
    assert "2024年6月4日" in shown.cssselect("#found-date")[0].text_content()
    offered = [one.get("value") for one in shown.cssselect("button[name=apply]")]
    assert "date：2024-06-05" in offered
    assert "outlet：北京日报客户端" in offered
    assert "url：https://news.example.cn/202406/h1.html" in offered
    title = "安贞医院通州院区智慧病房投用"
    (beside,) = shown.xpath(f"//button[@value='title：{title}']/following-sibling::*")
    assert beside.text_content() == "搜狐网的标题", "whose page it is on, though it names 千龙网 as its source"


def test_a_form_that_nobody_touched_changes_nothing(desktop, page):
    before = desktop.draft().revision
    assert _sent(page, "c11aa", _form(page, "c11aa")).status_code == 303
    assert desktop.draft().revision == before


def test_what_was_edited_is_one_decision_about_that_alone_and_can_be_taken_back(desktop, page):
    _sent(page, "c22bb", _form(page, "c22bb"), title="电子病历共享扩围", outlet=" 千龙网 ")
    assert dict(_last(desktop).values) == {"title": "电子病历共享扩围", "outlet": " 千龙网 "}
    shown = page.get(f"{BASE}/items/c22bb").text
    assert "已修改" in shown
    assert "王编辑" in html.fromstring(shown).cssselect("#mark-title .by")[0].text_content()
    assert "原" in html.fromstring(shown).cssselect("#mark-title button")[0].get("title")
    _sent(page, "c22bb", _form(page, "c22bb"), revert="title")
    assert set(desktop.draft().draft.edits["c22bb"]) == {"outlet"}
    _sent(page, "c22bb", _form(page, "c22bb"), revert="outlet")
    assert "c22bb" not in desktop.draft().draft.edits


def test_a_suggestion_is_taken_together_with_what_was_typed_beside_it(desktop, page):
    _sent(page, "c11aa", _form(page, "c11aa"), title="智慧病房投用", apply="date：2024-06-05")
    assert dict(_last(desktop).values) == {"title": "智慧病房投用", "date": "2024-06-05"}


def test_typing_in_one_paragraph_leaves_tables_and_pictures_as_they_are(desktop, page):
    fields = _form(page, "c11aa")
    before = _body(desktop)
    place = max(n for n, (name, value) in enumerate(fields) if name == "row-text" and value == before[-1].text)
    fields[place] = ("row-text", "改写的末段。\n另起一段。")
    _sent(page, "c11aa", fields)
    assert _body(desktop) == (
        *before[:-1],
        Block(Kind.PARAGRAPH, "改写的末段。"),
        Block(Kind.PARAGRAPH, "另起一段。"),
    )
    _sent(page, "c11aa", _form(page, "c11aa"), revert="text")
    assert _body(desktop) == before


def test_a_script_sends_the_rows_as_one_field_and_gets_back_what_stands_beside_the_fields(desktop, page):
    fields = [(name, value) for name, value in _form(page, "c33cc") if not name.startswith("row-")]
    rows = json.dumps(
        [{"block": "", "kind": "heading-1", "text": "小标题"}, {"block": "", "kind": "quote", "text": "话"}]
    )
    answer = page.post(f"{BASE}/items/c33cc", data=dict(fields) | {"rows": rows}, headers={"HX-Request": "true"})
    assert [(one.kind, one.text) for one in _body(desktop, "c33cc")] == [(Kind.HEADING, "小标题"), (Kind.QUOTE, "话")]
    assert answer.headers["HX-Trigger"] == "revised"
    assert "已保存" in answer.text
    assert 'id="list"' in answer.text
    assert "textarea" not in answer.text


@pytest.mark.parametrize("rows", ["[", "{}x", '[{"kind": "paragraph"}]', '[{"block": "", "kind": "x", "text": ""}]'])
def test_rows_that_cannot_be_read_are_refused_and_change_nothing(desktop, page, rows):
    before = desktop.draft().revision
    fields = [(name, value) for name, value in _form(page, "c33cc") if not name.startswith("row-")]
    assert page.post(f"{BASE}/items/c33cc", data=dict(fields) | {"rows": rows}).status_code == 422
    assert desktop.draft().revision == before


def test_two_who_edit_the_same_field_are_both_heard(desktop, page):
    mine, theirs = _form(page, "c33cc"), _form(page, "c33cc")
    assert _sent(page, "c33cc", theirs, title="别人的标题").status_code == 303
    with desktop.office.opened() as desk:
        last = desk.revisions(desktop.draft())[-1]
    assert last.decision.values == {"title": "别人的标题"}
    assert _sent(page, "c33cc", mine, outlet="新京报客户端").status_code == 303
    edits = desktop.draft().draft.edits["c33cc"]
    assert (edits["title"], edits["outlet"]) == ("别人的标题", "新京报客户端")


def test_what_the_reading_left_out_is_shown_grey_and_comes_back_at_its_place(desktop, page):
    source = html.fromstring(page.get(f"{BASE}/items/c11aa/source").text)
    assert "电子病历" in [one.text for one in source.cssselect("mark")]
    (left,) = [one for one in source.cssselect(".left-out") if "公众号" in one.text_content()]
    (name,) = left.cssselect("input[name=block]")
    answer = page.post(
        f"{BASE}/items/c11aa/restore", data={"block": name.value, "revision": str(desktop.draft().revision)}
    )
    assert answer.status_code == 303
    texts = [one.text for one in _body(desktop)]
    assert texts.index(next(text for text in texts if "公众号" in text)) < texts.index(_second(texts))
    again = html.fromstring(page.get(f"{BASE}/items/c11aa/source").text)
    assert not [one for one in again.cssselect(".left-out") if "公众号" in one.text_content()]


def _second(texts):
    return next(text for text in texts if text.startswith("护士长"))


def test_the_page_as_it_was_does_nothing_leads_nowhere_and_shows_our_own_picture(page):
    answer = page.get(f"{BASE}/items/c11aa/page")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "default-src 'none'" in policy
    assert "护士长介绍" in answer.text
    assert "data:image/jpeg;base64," in answer.text
    for trap in ("<script", "onerror", "onload", "javascript:", "evil.example", "<iframe", "<form", "<input", "href"):
        assert trap not in answer.text


def test_a_candidate_without_a_page_says_so(page):
    assert "没有保存这篇文章的网页" in page.get(f"{BASE}/items/c22bb/page").text


def test_an_item_is_held_against_what_is_folded_under_it_or_says_that_there_is_nothing(page):
    assert "千龙网《安贞医院通州院区智慧病房投用》" in page.get(f"{BASE}/items/c11aa/source?tab=diff").text
    assert "没有可对照的" in page.get(f"{BASE}/items/c22bb/source?tab=diff").text
    assert page.get(f"{BASE}/items/c11aa/source?tab=diff&with=c22bb").status_code == 404


def test_the_claims_of_a_date_are_told_with_why_they_are_believed(page):
    shown = page.get(f"{BASE}/items/c11aa/source?tab=facts").text
    assert "未采用：与采用的不一致" in shown
    assert ">采用<" in shown


def test_what_was_pasted_comes_as_rows_and_what_is_refused_says_why(desktop, page):
    before = desktop.draft().revision
    table = "<table><tr><th>科室</th><th>数</th></tr><tr><td>内科</td><td>3</td></tr></table>"
    pasted = f"<p>第一段。</p>{table}<script>alert(1)</script><p>第二段。</p>"
    answer = page.post(f"{BASE}/items/c11aa/paste", files={"html": ("paste.html", pasted.encode())})
    kinds = [one.value for one in html.fromstring(answer.text).cssselect("input.block-kind, select.block-kind")]
    assert kinds == ["paragraph", "table", "paragraph"]
    assert "脚本" in unquote(answer.headers["X-Told"])
    large = "<p>" + "字" * 400_000 + "</p>"
    refused = page.post(f"{BASE}/items/c11aa/paste", files={"html": ("paste.html", large.encode())})
    assert refused.status_code == 422
    assert "没有收下" in refused.text
    assert desktop.draft().revision == before


def test_a_candidate_that_is_gone_is_said_to_be(page):
    assert page.get(f"{BASE}/items/cnone").status_code == 404


def test_who_may_only_look_sees_everything_and_changes_nothing(office):
    with (
        served(office, dataclasses.replace(WANG, login="zhao", name="赵", role=Role.VIEWER)) as one,
        one.client() as page,
    ):
        shown = html.fromstring(page.get(f"{BASE}/items/c11aa").text)
        assert "护士长介绍" in shown.text_content()
        assert not shown.cssselect("#item-form, #item button")
        for path in ("items/c11aa", "items/c11aa/restore", "items/c11aa/paste", "upload"):
            assert page.post(f"{BASE}/{path}", data={"title": "改"}).status_code == 403


def test_nothing_that_an_article_says_runs(desktop, tab):
    tab.on("dialog", lambda dialog: tab.trouble.append(f"dialog: {dialog.message}"))
    tab.goto(f"{desktop.url}{BASE}?item=c44dd")
    tab.locator(".source-text").wait_for()
    assert tab.locator("#item-title").input_value() == HOSTILE
    assert HOSTILE in tab.frame_locator("#preview-page iframe:not(.coming)").locator("h3").last.text_content()
    tab.goto(f"{desktop.url}{BASE}?item=c11aa")
    tab.locator("[data-tab=page]").click()
    tab.frame_locator(".snapshot").get_by_text("护士长介绍").wait_for()
    accessible(tab)


def test_what_is_typed_after_the_session_ended_stays_unsaved_until_one_has_signed_in_again(office, tmp_path, tab):
    with served(shutil.copytree(office, tmp_path / "office")) as one, one.office.opened() as desk:
        secret, kept = signed_in(desk, LI)
        tab.context.add_cookies([{"name": "desk", "value": secret, "url": one.url}])
        tab.goto(f"{one.url}{BASE}?item=c22bb")
        tab.locator(".source-text").wait_for()
        desk.staff.end(kept, Deed("测试", Act.SIGNED_OUT, now(), kept.login))
        tab.locator("#item-title").fill("登录失效之后改的标题")
        tab.locator("#item-rows textarea").first.focus()
        tab.get_by_role("heading", name="登录已失效").wait_for()
        tab.get_by_text("没有保存，原因见上方").wait_for()
        tab.locator("#list a[hx-get$='/items/c33cc']").first.click()
        tab.get_by_text("本条还没有保存，没有离开").wait_for()
        assert tab.locator("#item-title").input_value() == "登录失效之后改的标题"
        secret, kept = signed_in(desk, LI)
        tab.context.add_cookies([{"name": "desk", "value": secret, "url": one.url}])
        tab.keyboard.press("Control+s")
        tab.get_by_text("已保存").wait_for()
        assert one.draft().draft.edits["c22bb"]["title"] == "登录失效之后改的标题"
    tab.trouble[:] = [told for told in tab.trouble if "401" not in told]


def test_typing_is_saved_when_the_field_is_left_and_seen_in_list_and_preview(desktop, tab):
    tab.goto(f"{desktop.url}{BASE}?item=c22bb")
    tab.locator(".source-text").wait_for()
    tab.locator("#item-title").fill("电子病历共享有新进展")
    assert tab.locator("#item-state").text_content() == "未保存"
    first = tab.locator("#item-rows textarea").first
    first.focus()
    tab.get_by_text("已保存").wait_for()
    tab.locator("#list").get_by_text("电子病历共享有新进展").first.wait_for()
    tab.frame_locator("#preview-page iframe:not(.coming)").locator("h3", has_text="电子病历共享有新进展").wait_for()
    whole, count = first.input_value(), tab.locator("#item-rows textarea").count()
    first.evaluate("field => { field.focus(); field.setSelectionRange(4, 4); }")
    first.press("Enter")
    assert (first.input_value(), tab.locator("#item-rows textarea").count()) == (whole[:4], count + 1)
    tab.keyboard.type("另起的一段。")
    tab.keyboard.press("Control+z")
    tab.keyboard.press("Control+z")
    assert (first.input_value(), tab.locator("#item-rows textarea").count()) == (whole, count)
    assert first.evaluate("field => [field === document.activeElement, field.selectionStart]") == [True, 4]
    tab.keyboard.press("Control+y")
    tab.keyboard.press("Control+Shift+Z")
    assert tab.locator("#item-rows textarea").nth(1).input_value() == "另起的一段。" + whole[4:]
    tab.keyboard.press("Control+s")
    tab.frame_locator("#preview-page iframe:not(.coming)").get_by_text("另起的一段。").wait_for()
    assert "另起的一段。" + whole[4:] in [one.text for one in _body(desktop, "c22bb")]
    tab.locator("#item-title").fill("离开之前改的标题")
    tab.locator("#list a[hx-get$='/items/c33cc']").first.click()
    tab.locator("article.item[data-handle=c33cc]").wait_for()
    assert desktop.draft().draft.edits["c22bb"]["title"] == "离开之前改的标题"
