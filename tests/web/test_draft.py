"""The draft page without a browser: what it shows, and what its buttons decide."""

import dataclasses
import datetime as dt
import re
import shutil
from urllib.parse import quote

import pytest
from lxml import html

from desktops import served
from drafts import draft as sample
from offices import without_libreoffice
from pipeline.desk import Desk
from pipeline.model import Account, Candidate, Decision, Revisit, Role, Verdict
from sample_drafts import rated

DRAFT = "/issues/beijing-monthly/2024-06-01"
SCRIPT = {"hx-request": "true"}


@pytest.fixture(scope="module")
def shared(june_office, tmp_path_factory):
    """The page over one copy of June, which tests of this module look at and leave as it is."""
    with served(shutil.copytree(june_office, tmp_path_factory.mktemp("shared") / "office")) as one:
        yield one


def got(desktop, address="", **headers):
    return desktop.get(DRAFT + address, headers=headers, follow_redirects=True)


def decided(desktop, verb, target, headers=None, **values):
    form = {"verb": verb, "target": target, "revision": str(desktop.draft().revision), **values}
    return desktop.post(f"{DRAFT}/decide", data=form, headers=headers or {})


def handles(page, group):
    """The handles of a group's rows, in the order they stand."""
    return html.fromstring(page.text).xpath(f'//*[@id="{group}"]/li/@data-handle')


def test_the_number_is_written_as_its_series_prints_it(june_office, tmp_path):
    folder = shutil.copytree(june_office, tmp_path / "office")
    series = folder / "config" / "series.yaml"
    text = series.read_text("utf-8").replace("last: {number: 534,", "zero: 零\n  last: {number: 539,", 1)
    series.write_text(text, "utf-8")
    with served(folder) as desktop:
        for address in ("", "/add", "/history"):
            assert "五四零期" in got(desktop, address).text
        assert html.fromstring(got(desktop, "").text).findtext(".//title") == "北京市卫生信息化舆情监测月报 第五四零期"


def test_each_candidate_stands_in_one_group(shared):
    page = got(shared)
    assert handles(page, "chosen") == ["c11aa", "c22bb", "c33cc", "c44dd"]
    assert handles(page, "standby") == ["c55ee", "c66ff"]
    over = got(shared, "?group=passed", **SCRIPT)
    assert "疑似镜像 1" in over.text
    assert "窗口外 1" in over.text
    assert "无关 1" in over.text


def test_a_row_says_why_it_is_there_and_what_is_folded_under_it(shared):
    text = got(shared).text
    assert "命中：智慧病房、电子病历" in text
    assert "2 家转载" in text
    assert "得分 0.93" in text, "a bare number tells nobody what it counts"
    found = got(shared, "/checks").text
    assert re.search("某区政府网。<[^>]*>必要时手工补充。", found), "what was found ends before what to do begins"
    assert "转载 0.97" in text
    assert "https://news.example.cn/202406/h1-sina.html" in text


def test_looking_at_the_page_and_its_parts_changes_nothing(shared):
    before = shared.draft()
    for part in ("", "?item=c22bb", "?group=passed", "?group=standby", "?more=c11aa", "?walk=", "/checks"):
        assert got(shared, part).status_code == 200
        assert got(shared, part, **SCRIPT).status_code == 200
    assert shared.draft() == before


def test_a_viewer_sees_no_button_that_decides(june_office, tmp_path):
    folder = shutil.copytree(june_office, tmp_path / "office")
    with served(folder, Account("li", "李查看", Role.VIEWER)) as desktop:
        page = got(desktop)
        assert "安贞医院" in page.text
        assert "/decide" not in page.text
        assert decided(desktop, "exclude", "c11aa").status_code == 403
        assert desktop.draft().draft.chosen == ("c11aa", "c22bb", "c33cc", "c44dd")


def test_a_form_without_a_script_decides_and_leads_back_to_the_item(desktop):
    answer = decided(desktop, "include", "c55ee")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{DRAFT}?item=c55ee"
    assert "c55ee" in desktop.draft().draft.chosen
    assert decided(desktop, "exclude", "c55ee").status_code == 303
    assert "c55ee" not in desktop.draft().draft.chosen
    assert desktop.draft().draft.excluded == ("c55ee",)


def test_a_script_is_answered_with_the_list_and_the_line_over_it(desktop):
    answer = decided(desktop, "reorder", "c33cc", SCRIPT, to="1")
    assert answer.headers["hx-trigger"] == "revised"
    assert answer.headers["x-told"] == quote("顺序已保存：第1条")
    assert handles(answer, "chosen") == ["c33cc", "c11aa", "c22bb", "c44dd"]
    assert 'id="head"' in answer.text
    assert "<html" not in answer.text


def test_a_button_may_say_its_decision_by_its_address(desktop):
    form = {"target": "c11aa", "revision": str(desktop.draft().revision)}
    desktop.post(f"{DRAFT}/decide?verb=reorder&to=2", data=form)
    assert desktop.draft().draft.chosen[:2] == ("c22bb", "c11aa")


def test_another_version_is_printed_with_one_click(desktop):
    wanted = "https://news.example.cn/202406/h1-qianlong.html"
    decided(desktop, "represent", "c11aa", **{"with": wanted})
    assert desktop.draft().draft.candidate("c11aa").article.url == wanted


def test_a_script_may_ask_for_the_list_alone_and_for_what_else_waits(shared):
    page = got(shared, "?group=list", **SCRIPT)
    assert handles(page, "chosen") == ["c11aa", "c22bb", "c33cc", "c44dd"]
    assert 'id="head"' in page.text
    assert 'id="head"' not in got(shared, "?group=standby", **SCRIPT).text


def test_a_folded_article_becomes_a_candidate_of_its_own_and_is_merged_again(desktop):
    decided(desktop, "split", "https://news.example.cn/202406/h1-sina.html")
    (fresh,) = {one.handle for one in desktop.draft().draft.candidates} - {
        "c11aa", "c22bb", "c33cc", "c44dd", "c55ee", "c66ff", "c77aa", "c88bb", "c99cc"
    }  # fmt: skip
    assert len(desktop.draft().draft.candidate("c11aa").articles) == 2
    decided(desktop, "merge", fresh, into="c11aa")
    assert len(desktop.draft().draft.candidate("c11aa").articles) == 3


def test_a_story_of_an_earlier_window_is_taken_only_with_a_reason(desktop):
    refused = decided(desktop, "include", "c99cc")
    assert refused.status_code == 422
    assert "补收须写明理由" in refused.text
    decided(desktop, "include", "c99cc", reason="上期发刊后才见报")
    assert desktop.draft().draft.late["c99cc"].reason == "上期发刊后才见报"
    assert desktop.draft().draft.late["c99cc"].who == "王编辑"


def test_several_are_taken_at_once(desktop):
    form = {"verb": "include", "revision": str(desktop.draft().revision), "target": ["c55ee", "c66ff"]}
    desktop.post(f"{DRAFT}/decide", data=form)
    assert {"c55ee", "c66ff"} <= set(desktop.draft().draft.chosen)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"verb": "return", "target": "c11aa", "revision": "1"}, "没有这种操作"),
        ({"verb": "exclude", "target": "c11aa"}, "哪一次修订"),
        ({"verb": "exclude", "target": "c11aa", "revision": "9" * 5000}, "哪一次修订"),
        ({"verb": "exclude", "revision": "1"}, "没有选中"),
        ({"verb": "exclude", "target": "c00000", "revision": "1"}, "草稿中没有"),
    ],
    ids=["a verb with a page of its own", "no revision", "one beyond counting", "no target", "an unknown target"],
)
def test_what_cannot_be_meant_is_refused_in_chinese_and_changes_nothing(shared, form, told):
    before = shared.draft()
    answer = shared.post(f"{DRAFT}/decide", data=form)
    assert answer.status_code == 422
    assert told in answer.text
    assert shared.draft() == before


def test_the_checks_offer_what_mends_and_a_signed_waiver(desktop):
    decided(desktop, "edit", "c22bb", url="")
    page = got(desktop, "/checks", **SCRIPT).text
    assert "链接为空" in page
    assert 'value="https://news.example.cn/202406/h2.html"' in page
    assert "1 阻断" in page
    decided(desktop, "waive", "empty-link:c22bb", reason="内部通报，无公开链接")
    page = got(desktop, "/checks", **SCRIPT).text
    assert "放行理由：内部通报，无公开链接（王编辑）" in page
    assert "阻断" not in page


def test_the_checks_are_worked_out_once_for_as_long_as_what_they_look_at_is_the_same(desktop, tmp_path, monkeypatch):
    worked_out = []
    inspected = Desk._inspected
    monkeypatch.setattr(Desk, "_inspected", lambda *given: worked_out.append(1) or inspected(*given))

    def told(times):
        worked_out.clear()
        texts = {got(desktop, address).text for address in ("/checks", "/checks", "?walk=", "/release", "/files/docx")}
        assert (len(worked_out), len(texts)) == (times, 4)
        return got(desktop, "/checks", **SCRIPT).text

    assert "网页标题已改" not in told(1)
    with desktop.office.opened() as desk:
        address = desktop.draft().draft.candidate("c11aa").article.url
        desk.revisits.keep(Revisit(address, dt.datetime(2024, 7, 2, tzinfo=dt.UTC), "网页标题已改"))
    assert "网页标题已改" in told(1)
    with desktop.office.opened() as desk, without_libreoffice():
        weekly, day = desk.series("national-weekly"), dt.date(2025, 8, 5)
        told_there = dataclasses.replace(desktop.draft().draft.candidate("c22bb").article, date=day)
        draft = sample(Candidate("w1", (told_there,), rated(0.9, Verdict.IN)), chosen=("w1",))
        draft = dataclasses.replace(draft, series=weekly.id, window=weekly.window_of(day))
        begun = desk.issues.begin(draft, Decision("generate", "系统", desktop.office.clock()), desk.last(weekly))
        desk.release(begun, "王编辑")
    assert "已收于" in told(1)
    template = tmp_path / "office" / "templates" / "gongwen.docx"
    template.write_bytes(b"no document")
    assert "gongwen.docx" in told(1)


def test_the_walk_goes_through_everything_undecided_and_ends(desktop):
    decided(desktop, "edit", "c22bb", url="")
    first = got(desktop, "?walk=", **SCRIPT).text
    assert "还剩 3 条" in first
    assert "某区体检中心推出线上预约" in first
    decided(desktop, "exclude", "c55ee")
    second = got(desktop, "?walk=standby:c55ee&shown=standby:c55ee&place=1", **SCRIPT).text
    assert "还剩 2 条" in second
    assert "手术机器人亮相科技周" in second
    decided(desktop, "include", "c66ff")
    third = got(desktop, "?walk=standby:c66ff&shown=standby:c66ff&place=1", **SCRIPT).text
    assert "还剩 1 条" in third
    assert "链接为空" in third
    decided(desktop, "edit", "c22bb", url="https://news.example.cn/202406/h2.html")
    assert "都看过了，可以提交审核" in got(desktop, "?walk=empty-link:c22bb&place=1", **SCRIPT).text


def test_what_would_be_undone_is_told_with_whose_it_was(desktop):
    decided(desktop, "exclude", "c44dd")
    head = got(desktop).text
    assert re.search(r"撤销：剔除 《?医保移动支付覆盖本市三百余家定点医院》?（王编辑 ", head), head
