"""Pages that an issue prints are asked for again before it goes out: what is stored stays, the editor is told."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.desk import Inline, now, open_desk
from pipeline.model import BEIJING, Window

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
URL = "http://www.bjnews.com.cn/detail/171800001.html"
PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<title>北京友谊医院智慧医疗平台上线_新京报</title></head>
<body><h1>北京友谊医院智慧医疗平台上线</h1><div class="info">2024-06-12 09:30 来源：新京报</div>
<div class="article-content">
<p>北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。</p>
<p>平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查，首批接入社区中心86家。</p>
<p>院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。</p></div></body></html>"""


class Site:
    """A news site on loopback that shows one page, or none."""

    def __init__(self) -> None:
        self.page: str | None = PAGE
        self.asked = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/robots.txt":
                    self.send_error(404)
                    return
                site.asked += 1
                if site.page is None:
                    self.send_error(404)
                    return
                data = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def desk(workspace, site):
    sources, settings = workspace / "config" / "sources.yaml", workspace / "config" / "settings.yaml"
    sources.write_text(f"- id: bjnews\n  name: 新京报\n  kind: manual\n  urls: [{URL}]\n", "utf-8")
    there = f'connect_to: {{"*:80": "127.0.0.1:{site.server.server_port}"}}'
    text = re.sub(r"^connect_to:.*$", there, settings.read_text("utf-8"), flags=re.MULTILINE)
    settings.write_text(re.sub(r"seconds_per_host: .*", "seconds_per_host: 0", text), "utf-8")
    with open_desk(workspace, clock=now) as opened:
        yield opened


def _draft(desk):
    return desk.run("beijing-monthly", JUNE, Inline()).desked


def _told(desk, desked):
    return [one.message for one in desk.findings(desked) if one.check == "page-now"]


def test_a_page_that_is_gone_is_a_finding_and_the_stored_text_stays(desk, site):
    desked = _draft(desk)
    before = desk.issue(desked)
    site.page = None
    assert desk.revisit_all(desked.id) == 1
    today = now().astimezone(BEIJING)
    assert _told(desk, desked) == [
        f"第1条：网页打不开了（页面不存在（HTTP 404））（{today.year}年{today.month}月{today.day}日核对）"
    ]
    assert desk.issue(desked) == before


def test_a_page_that_was_corrected_says_where_and_the_issue_prints_what_was_stored(desk, site):
    desked = _draft(desk)
    site.page = PAGE.replace("86家", "89家")
    desk.revisit_all(desked.id)
    (told,) = _told(desk, desked)
    assert "86家" in told
    assert "改为" in told
    assert "86家" in desk.issue(desked).items[0].text


def test_a_page_that_is_as_it_was_again_is_no_finding_any_more(desk, site):
    desked = _draft(desk)
    site.page = None
    desk.revisit_all(desked.id)
    site.page = PAGE
    assert desk.revisit_all(desked.id) == 0
    assert _told(desk, desked) == []


def test_a_page_is_read_again_by_the_rules_of_its_source(workspace, desk, site):
    sources = workspace / "config" / "sources.yaml"
    sources.write_text(sources.read_text("utf-8") + "  extract: [{drop: [.aside]}]\n", "utf-8")
    aside = '<p class="aside">医院公众号同日发布了平台的使用说明和常见问题解答。</p>'
    site.page = PAGE.replace("</p></div>", f"</p>{aside}</div>")
    with open_desk(workspace, clock=now) as ruled:
        desked = _draft(ruled)
        assert "使用说明" not in ruled.issue(desked).items[0].text
        assert ruled.revisit_all(desked.id) == 0


def test_a_run_looks_again_only_at_pages_it_has_not_seen_for_half_a_day(workspace, desk, site):
    desked = _draft(desk)
    assert site.asked == 1
    _draft(desk)
    assert site.asked == 1
    site.page = None
    tomorrow = lambda: now() + dt.timedelta(days=1)  # noqa: E731 - a clock
    with open_desk(workspace, clock=tomorrow) as later:
        _draft(later)
        assert _told(later, desked)
    assert site.asked == 2


def test_draft_check_asks_for_the_pages_again_when_told_to(desk, site, bulletin, workspace):
    _draft(desk)
    site.page = None
    code, out, err = bulletin("-C", workspace, "draft", "check", "beijing-monthly", "--month", "2024-06", "--links")
    assert "网页打不开了（页面不存在（HTTP 404））" in out
    assert "1 条的网页打不开或有改动" in err
    assert code == 0
