"""Pages that an issue prints are asked for again before it goes out: what is stored stays, the editor is told."""

from __future__ import annotations

import datetime as dt

import pytest

from loopback import HOST, point_at
from pipeline.desk import Inline, now, open_desk
from pipeline.model import BEIJING, Window

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
PATH = "/detail/171800001.html"
PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<title>北京友谊医院智慧医疗平台上线_新京报</title></head>
<body><h1>北京友谊医院智慧医疗平台上线</h1><div class="info">2024-06-12 09:30 来源：新京报</div>
<div class="article-content">
<p>北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。</p>
<p>平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查，首批接入社区中心86家。</p>
<p>院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。</p></div></body></html>"""


@pytest.fixture
def desk(workspace, web):
    web.page(PATH, PAGE)
    point_at(workspace, web, PATH)
    with open_desk(workspace, clock=now) as opened:
        yield opened


def asked(web) -> int:
    return web.asked[f"{HOST}{PATH}"]


def _draft(desk):
    return desk.run("beijing-monthly", JUNE, Inline()).desked


def _told(desk, desked):
    return [one.message for one in desk.findings(desked) if one.check == "page-now"]


def test_a_page_that_is_gone_is_a_finding_and_the_stored_text_stays(desk, web):
    desked = _draft(desk)
    before = desk.issue(desked)
    del web.answers[PATH]
    assert desk.revisit_all(desked.id) == 1
    today = now().astimezone(BEIJING)
    assert _told(desk, desked) == [
        f"第1条：网页打不开了（页面不存在（HTTP 404））（{today.year}年{today.month}月{today.day}日核对）"
    ]
    assert desk.issue(desked) == before


def test_a_page_that_was_corrected_says_where_and_the_issue_prints_what_was_stored(desk, web):
    desked = _draft(desk)
    web.page(PATH, PAGE.replace("86家", "89家"))
    desk.revisit_all(desked.id)
    (told,) = _told(desk, desked)
    assert "86家" in told
    assert "改为" in told
    assert "86家" in desk.issue(desked).items[0].text


def test_a_page_that_is_as_it_was_again_is_no_finding_any_more(desk, web):
    desked = _draft(desk)
    del web.answers[PATH]
    desk.revisit_all(desked.id)
    web.page(PATH, PAGE)
    assert desk.revisit_all(desked.id) == 0
    assert _told(desk, desked) == []


def test_a_page_is_read_again_by_the_rules_of_its_source(workspace, desk, web):
    sources = workspace / "config" / "sources.yaml"
    sources.write_text(sources.read_text("utf-8") + "  extract: [{drop: [.aside]}]\n", "utf-8")
    aside = '<p class="aside">医院公众号同日发布了平台的使用说明和常见问题解答。</p>'
    web.page(PATH, PAGE.replace("</p></div>", f"</p>{aside}</div>"))
    with open_desk(workspace, clock=now) as ruled:
        desked = _draft(ruled)
        assert "使用说明" not in ruled.issue(desked).items[0].text
        assert ruled.revisit_all(desked.id) == 0


def test_a_run_looks_again_only_at_pages_it_has_not_seen_for_half_a_day(workspace, desk, web):
    desked = _draft(desk)
    assert asked(web) == 1
    _draft(desk)
    assert asked(web) == 1
    del web.answers[PATH]
    tomorrow = lambda: now() + dt.timedelta(days=1)  # noqa: E731 - a clock
    with open_desk(workspace, clock=tomorrow) as later:
        _draft(later)
        assert _told(later, desked)
    assert asked(web) == 2


def test_draft_check_asks_for_the_pages_again_when_told_to(desk, web, bulletin, workspace):
    _draft(desk)
    del web.answers[PATH]
    code, out, err = bulletin("-C", workspace, "draft", "check", "beijing-monthly", "--month", "2024-06", "--links")
    assert "网页打不开了（页面不存在（HTTP 404））" in out
    assert "1 条的网页打不开或有改动" in err
    assert code == 0
