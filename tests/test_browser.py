"""Pages that scripts make, in a real Chromium, from a real server on loopback; nothing reaches it past the fetcher."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import ListingSource
from pipeline.errors import FetchError, SourceError, TooLarge
from pipeline.fetch import browser as module
from pipeline.fetch.browser import Browser
from pipeline.sources import open_source
from websites import NOW, Website

PAGE = "http://news.example/app/list.html"


@pytest.fixture
def site(chromium_program: str) -> Iterator[Website]:
    with Website() as site:
        yield site


class Bystander:
    """A TCP and a UDP port of this machine that count who comes: nobody should."""

    def __init__(self) -> None:
        self.visits = 0
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for wait in (self._accept, self._receive):
            threading.Thread(target=wait, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._tcp.accept()[0].close()
                self.visits += 1

    def _receive(self) -> None:
        with suppress(OSError):
            while True:
                self._udp.recvfrom(2048)
                self.visits += 1

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def bystander() -> Iterator[Bystander]:
    made = Bystander()
    yield made
    made.close()


def shown(site: Website, html: str, **settings: Any) -> str:
    site.answers["/app/list.html"] = html
    page = Browser(site.fetcher(), **settings)(PAGE).page
    assert page is not None
    return page.body.decode()


APP = """<!DOCTYPE html><html><head><meta charset="utf-8"><script src="app.js"></script></head>
<body><div id="app">加载中…</div><img src="/logo.png"></body></html>"""
SCRIPT = """addEventListener("DOMContentLoaded", async () => {
  const answer = await fetch("/api/list?page=1");
  const row = one => `<li><a href="${one.id}.html">${one.title}</a><i>${one.day}</i></li>`;
  const rows = (await answer.json()).rows.map(row);
  document.getElementById("app").innerHTML = `<ul>${rows.join("")}</ul>`;
});"""
ROWS = """{"rows": [{"id": 1, "title": "电子病历互通", "day": "2024-06-30"},
{"id": 2, "title": "智慧药房", "day": "2024-06-29"}]}"""


@pytest.fixture
def app(site: Website) -> Website:
    site.answers |= {"/app/list.html": APP, "/app/app.js": SCRIPT, "/api/list": ROWS}
    site.types |= {"/app/app.js": "text/javascript", "/api/list": "application/json"}
    return site


def test_a_list_that_scripts_make_gives_its_leads_and_their_pages(app: Website) -> None:
    app.answers["/app/1.html"] = "<p id=a></p><script>a.textContent = '正文' + '在此'</script>"
    settings = {"links": "a", "row": "#app li", "date": "i", "render": True, "render_pages": True}
    listing = ListingSource(id="app", name="动态列表", kind="listing", url=PAGE, **settings)
    source = open_source(listing, Path(), render=Browser(app.fetcher()))
    leads = source.leads(app.fetcher()).leads
    assert [(lead.url, lead.title, lead.published) for lead in leads] == [
        ("http://news.example/app/1.html", "电子病历互通", "2024-06-30"),
        ("http://news.example/app/2.html", "智慧药房", "2024-06-29"),
    ]
    page = source.page(leads[0], app.fetcher(), NOW)
    assert "正文在此" in page.body.decode()
    assert page.fetched == NOW
    assert "/logo.png" not in app.asked, "pictures are not asked for"


def test_without_render_the_same_list_fails_and_says_what_to_set(app: Website) -> None:
    listing = ListingSource(id="app", name="动态列表", kind="listing", url=PAGE, links="#app a")
    with pytest.raises(SourceError, match="render: true"):
        open_source(listing, Path()).leads(app.fetcher())


def test_a_script_is_asked_for_once_for_all_pages_of_a_visit(app: Website) -> None:
    browser = Browser(app.fetcher())
    browser(PAGE)
    browser(PAGE)
    assert app.asked.count("/app/app.js") == 1
    assert app.asked.count("/api/list?page=1") == 2


def test_what_robots_txt_forbids_is_not_asked_for_by_scripts_either(app: Website) -> None:
    app.answers["/robots.txt"] = "User-agent: *\nDisallow: /api/"
    assert "加载中" in shown(app, APP)
    assert "/api/list?page=1" not in app.asked


ESCAPES = {
    "fetch": "fetch('http://127.0.0.1:PORT/').catch(() => 0)",
    "post": "fetch('http://127.0.0.1:PORT/', {method: 'POST', body: 'x'}).catch(() => 0)",
    "a beacon": "navigator.sendBeacon('http://127.0.0.1:PORT/', 'x')",
    "a web socket": "new WebSocket('ws://127.0.0.1:PORT/')",
    "a web socket in a worker": "new Worker(URL.createObjectURL(new Blob([\"new WebSocket('ws://127.0.0.1:PORT/')\"])))",
    "a fetch in a worker": "new Worker(URL.createObjectURL(new Blob([\"fetch('http://127.0.0.1:PORT/')\"])))",
    "an event stream": "new EventSource('http://127.0.0.1:PORT/')",
    "a picture": "new Image().src = 'http://127.0.0.1:PORT/'",
    "a frame": "document.body.append(Object.assign(document.createElement('iframe'), {src: 'http://127.0.0.1:PORT/'}))",
    "a window": "window.open('http://127.0.0.1:PORT/')",
    "a window of a frame": "const f = document.createElement('iframe'); document.body.append(f);"
    "f.contentWindow.open?.('http://127.0.0.1:PORT/')",
    "a service worker": "navigator.serviceWorker?.register('http://127.0.0.1:PORT/').catch(() => 0)",
    "web transport": "try { new WebTransport('https://127.0.0.1:PORT/') } catch {}",
    "rtc": "try { const c = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:PORT'}]});"
    "c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o)) } catch {}",
    "rtc of a frame": "const f = document.createElement('iframe'); document.body.append(f); try {"
    "const c = new f.contentWindow.RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:PORT'}]});"
    "c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o)) } catch {}",
    "hints": "for (const rel of ['preload', 'prefetch', 'preconnect', 'dns-prefetch', 'modulepreload', 'prerender'])"
    "document.head.append(Object.assign(document.createElement('link'), {rel, href: 'http://127.0.0.1:PORT/'}))",
    "a speculation": "const s = document.createElement('script'); s.type = 'speculationrules';"
    's.textContent = \'{"prefetch": [{"urls": ["http://127.0.0.1:PORT/"], "eagerness": "immediate"}]}\';'
    "document.head.append(s)",
}


def test_no_script_reaches_an_address_outside_the_policy(site: Website, bystander: Bystander) -> None:
    tries = "".join(
        f"<script>{{ {script.replace('PORT', str(bystander.port))} }};"
        f"document.documentElement.append('〔{name}〕')</script>"
        for name, script in ESCAPES.items()
    )
    wait = "<script>setTimeout(() => document.documentElement.append('等过'), 500)</script>"
    ended = shown(site, f"<body>{tries}{wait}</body>")
    assert "等过" in ended
    lacking = [name for name in ESCAPES if f"〔{name}〕" not in ended.replace(f"append('〔{name}〕')", "")]
    assert lacking == [], "these scripts did not do what they were to do"
    assert bystander.visits == 0
    assert site.asked == ["/app/list.html"]


def test_a_form_that_sends_itself_is_not_sent(site: Website, bystander: Bystander) -> None:
    form = f"<form method=post action=http://127.0.0.1:{bystander.port}/></form>"
    assert "正文" in shown(site, f"<p>正文</p>{form}<script>document.forms[0].submit()</script>")
    assert bystander.visits == 0


def test_a_page_that_goes_elsewhere_is_refused_there(site: Website, bystander: Bystander) -> None:
    html = shown(site, f"<p>正文</p><script>location.href = 'http://127.0.0.1:{bystander.port}/'</script>")
    assert "正文" in html, "it stays where it was"
    assert bystander.visits == 0


def test_a_script_that_moves_on_within_the_policy_arrives_at_the_final_address(site: Website) -> None:
    site.answers["/new/page.html"] = "<p>到了</p><script src=late.js></script>"
    site.answers["/new/late.js"] = "document.body.append('，也读了脚本')"
    site.types["/new/late.js"] = "text/javascript"
    site.moved["/old"] = "http://news.example/new/page.html"
    site.answers["/app/list.html"] = "<script>location.href = '/old'</script>"
    page = Browser(site.fetcher())(PAGE).page
    assert page is not None
    assert page.url == "http://news.example/new/page.html"
    assert "到了" in page.body.decode()
    assert "，也读了脚本" in page.body.decode()


def test_a_redirected_page_is_the_page_at_its_final_address(site: Website) -> None:
    site.moved["/a"] = "http://other.example/b/c.html"
    site.answers["/b/c.html"] = "<a id=l href=d.html></a><script>l.textContent = l.href</script>"
    page = Browser(site.fetcher())("http://news.example/a").page
    assert page is not None
    assert page.url == "http://other.example/b/c.html"
    assert "http://other.example/b/d.html</a>" in page.body.decode()


def test_a_script_without_end_is_ended(app: Website) -> None:
    begun = time.monotonic()
    with pytest.raises(FetchError, match="没有在 6 秒内运行完"):
        shown(app, "<p>正文</p><script>setTimeout(() => { for (;;); }, 1)</script>", seconds=6)
    assert time.monotonic() - begun < 60


def test_a_page_that_never_stops_asking_is_taken_as_far_as_it_came(
    app: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "setInterval(() => fetch('/api/list?' + Math.random()), 20)"
    app.answers["/app/list.html"] = f"<p>正文</p><script>{script}</script>"
    monkeypatch.setattr(module, "_RESERVE", 26.0)  # a busy machine may need most of it for taking the page out
    page = Browser(app.fetcher(), seconds=30)(PAGE).page
    assert page is not None
    assert "正文" in page.body.decode()
    assert page.warnings == ("网页脚本在 30 秒内没有停下，可能不完整",)
    assert len(app.asked) == 1 + module._MAX_REQUESTS


def test_a_page_that_grows_too_large_is_refused(site: Website) -> None:
    with pytest.raises(TooLarge, match="脚本生成的网页超过上限"):
        shown(site, "<p id=a></p><script>a.textContent = '多'.repeat(5e6)</script>")


def test_a_file_that_is_no_web_page_comes_back_as_it_is(site: Website) -> None:
    site.answers["/a.pdf"] = b"%PDF-1.4"
    site.types["/a.pdf"] = "application/pdf"
    page = Browser(site.fetcher(), program="/nowhere")("http://news.example/a.pdf").page
    assert page is not None
    assert page.body == b"%PDF-1.4"


def test_no_browser_is_left_behind(app: Website) -> None:
    before = _children()
    Browser(app.fetcher())(PAGE)
    assert _children() <= before


def _children() -> set[str]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            text = status.read_text("utf-8")
            if f"PPid:\t{os.getpid()}\n" in text:
                found.add(text.partition("\n")[0])
    return found


@pytest.fixture
def plain() -> Iterator[Website]:
    """A site for tests that need no Chromium."""
    with Website() as site:
        site.answers["/app/list.html"] = APP
        yield site


def test_a_machine_without_chromium_is_told_what_to_install(plain: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(FetchError, match="没有 Chromium") as told:
        Browser(plain.fetcher())(PAGE)
    assert "apt-get install chromium" in told.value.fix


def test_an_installation_without_the_extra_is_told_what_to_install(
    plain: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FetchError, match="没有安装 Playwright") as told:
        Browser(plain.fetcher(), program="/bin/true")(PAGE)
    assert "bulletin-desk[browser]" in told.value.fix


def test_a_browser_that_does_not_start_is_an_error_of_that_page(plain: Website) -> None:
    with pytest.raises(FetchError, match="浏览器无法读取此页"):
        Browser(plain.fetcher(), program="/bin/false")(PAGE)


def test_a_source_that_needs_a_browser_where_none_is_given_says_so(plain: Website) -> None:
    listing = ListingSource(id="app", name="动态列表", kind="listing", url=PAGE, links="a", render=True)
    with pytest.raises(SourceError, match=r"^动态列表：.*浏览器"):
        open_source(listing, Path()).leads(plain.fetcher())
