"""Pages that scripts make: the system's Chromium runs the scripts, another `Fetch` gets every byte they ask for.

What Chromium asks for is answered from outside, so address policy, robots.txt, pacing and caps hold for scripts
as for everybody. It has no way out of its own besides: no name and no number resolves for it, which also ends
what cannot be answered from outside (web sockets in workers, WebTransport, WebRTC). Each page gets a browser of its
own that ends with it: starting one costs a third of a second, pacing costs two seconds a request.

No cookie is sent and nothing but GET is asked, so pages behind a log-in or a challenge stay behind it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.errors import FetchError, TooLarge
from pipeline.model import Fetch, Fetched, Page

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Playwright, Route, WebSocketRoute
    from playwright.async_api import Page as Tab

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge-stable")
_WANTED = frozenset(("document", "script", "xhr", "fetch"))  # pictures, fonts, styles and media show nothing to read
_MAX_REQUESTS = 60  # of one page: the portals of authorities load 10 to 40 scripts and answers
_MAX_BYTES = 20 * 1024 * 1024  # of all answers to one page
_MAX_HTML = 4 * 1024 * 1024  # characters of the page that comes out
_MAX_KEPT = 200  # scripts kept for the site's next page, so that they are asked for once
_START = 60.0  # seconds for the browser to start, which are none of a page's
_LOAD = 5.0  # seconds for a page to say that it is loaded
_QUIET = 1.0  # seconds without a request after which a page counts as made
_RESERVE = 3.0  # seconds at the end for taking the page out
_FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-features=WebTransport,DialMediaRouteProvider,MediaRouter",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-gpu",
    "--renderer-process-limit=2",
    "--js-flags=--max-old-space-size=256",
)
_INIT = """window.open = () => null;
for (const one of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport", "SharedWorker"]) delete window[one];
"""
_ONWARD = "<!DOCTYPE html><meta charset=utf-8><script>location.replace({})</script>"


@dataclass(slots=True)
class _Visit:
    """What one page was answered so far."""

    first: Page
    documents: dict[str, Page]
    asked: int = 0
    """How many requests came, answered or not."""
    pending: int = 0
    """How many of them wait for their answer."""
    fetched: int = 0
    size: int = 0
    notes: list[str] = field(default_factory=list)


class Browser:
    """A `Fetch` that runs a page's scripts before it hands the page over; safe to share between threads.

    `fetch` gets every address, `seconds` is for one page and all it asks for, once the browser runs. `program` is the
    browser; by default the first known one of the system.
    """

    def __init__(self, fetch: Fetch, *, seconds: float = 120.0, program: str = "") -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._program = program
        self._scripts: dict[str, Page] = {}

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """The page as its scripts leave it; never "unchanged", because what scripts load may have changed.

        Raises `FetchError`, also when there is no browser.
        """
        first = self._fetch(url, limit=limit).page
        if first is None:
            raise FetchError(f"{url}：服务器称内容未变，但并未问及")
        if "html" not in first.content_type and b"<html" not in first.body[:4096].lower():
            return Fetched(first)
        with ThreadPoolExecutor(1, thread_name_prefix="browser") as pool:  # this thread may have a loop of its own
            return Fetched(pool.submit(asyncio.run, self._rendered(first)).result())

    async def _rendered(self, first: Page) -> Page:
        if why := lacking(self._program):
            raise FetchError(f"{first.url}：要用浏览器读取，{why[0]}", f"安装：{why[1]}。")
        from playwright.async_api import Error, async_playwright

        program = self._program or _program()
        late = FetchError(f"{first.url}：浏览器没有在 {_START:g} 秒内启动，已中断")
        manager = async_playwright()
        try:
            async with asyncio.timeout(_START) as limit:
                browser = await _launched(await manager.start(), program)
                late = FetchError(f"{first.url}：网页脚本没有在 {self._seconds:g} 秒内运行完，已中断")
                limit.reschedule(asyncio.get_running_loop().time() + self._seconds)
                return await self._visited(browser, _Visit(first, {first.url: first}))
        except TimeoutError:
            raise late from None
        except Error as error:
            because = error.message.strip().partition("\n")[0][:200]
            raise FetchError(f"{first.url}：浏览器无法读取此页（{because}）") from error
        finally:
            await _soon(manager.__aexit__())

    async def _visited(self, browser: Chromium, visit: _Visit) -> Page:
        end = asyncio.get_running_loop().time() + self._seconds - _RESERVE
        threads = ThreadPoolExecutor(4, thread_name_prefix="rendered")
        try:
            context = await browser.new_context(
                service_workers="block", accept_downloads=False, locale="zh-CN", timezone_id="Asia/Shanghai"
            )
            await self._close_in(context, visit, threads)
            tab = await context.new_page()
            await tab.goto(visit.first.url, wait_until="commit", timeout=self._seconds * 1000)
            if not await self._settled(tab, visit, end):
                visit.notes.append(f"网页脚本在 {self._seconds:g} 秒内没有停下，可能不完整")
            if not tab.url.startswith(("http://", "https://")):
                raise FetchError(f"{visit.first.url}：网页脚本转到了无法读取的地址")
            html = await _html(context, tab)
            if len(html) > _MAX_HTML:
                raise TooLarge(f"{visit.first.url}：脚本生成的网页超过上限 {_MAX_HTML // 1024} KiB")
            return replace(
                visit.first,
                url=tab.url,
                body=html.encode("utf-8", "ignore"),
                content_type="text/html",
                charset="utf-8",
                warnings=(*visit.first.warnings, *visit.notes),
            )
        finally:
            # a request on its way is bounded by the fetcher itself; nobody waits for it
            threads.shutdown(wait=False, cancel_futures=True)
            await _soon(browser.close())

    async def _close_in(self, context: BrowserContext, visit: _Visit, threads: ThreadPoolExecutor) -> None:
        """Leaves the pages of `context` no way to the network but through `fetch`."""

        async def answer(route: Route) -> None:
            visit.asked += 1
            visit.pending += 1
            try:
                page = await self._answer(route, visit, threads)
            finally:
                visit.pending -= 1
            with suppress(Exception):  # the page that asked may be gone; "aborted" leaves a page where it is
                await (route.fulfill(**_told(route, page)) if page else route.abort("aborted"))

        async def refuse(socket: WebSocketRoute) -> None:
            await socket.close()

        await context.add_init_script(_INIT)
        await context.route_web_socket("**/*", refuse)
        await context.route("**/*", answer)

    async def _answer(self, route: Route, visit: _Visit, threads: ThreadPoolExecutor) -> Page | None:
        request = route.request
        url = request.url.partition("#")[0]
        kind = request.resource_type
        if request.method != "GET" or kind not in _WANTED or (kind == "document" and _is_inner(request)):
            return None
        if known := visit.documents.get(url) if kind == "document" else self._scripts.get(url):
            return known
        visit.fetched += 1
        if visit.fetched > _MAX_REQUESTS or visit.size >= _MAX_BYTES:
            return None
        try:
            loop = asyncio.get_running_loop()
            left = _MAX_BYTES - visit.size
            page = (await loop.run_in_executor(threads, lambda: self._fetch(url, limit=left))).page
        except (FetchError, RuntimeError):
            # as an address that does not answer: the page shows what it can without; "cannot schedule" is said of
            # what is asked for while the page is being left
            return None
        if page is None:
            return None
        visit.size += len(page.body)
        if kind == "script" and len(self._scripts) < _MAX_KEPT:
            self._scripts[url] = page
        if kind == "document" and page.url != url:
            # A redirect in the answer would be followed past us; this one comes back through us.
            visit.documents[page.url] = page
            body = _ONWARD.format(json.dumps(page.url).replace("<", "\\u003c")).encode()
            return replace(page, body=body, content_type="text/html", charset="utf-8")
        return page

    async def _settled(self, tab: Tab, visit: _Visit, end: float) -> bool:
        """Waits until the page asked for nothing for a moment; whether it came to that before `end`."""
        from playwright.async_api import TimeoutError as TookTooLong

        now = asyncio.get_running_loop().time
        with suppress(TookTooLong):  # a page whose scripts went elsewhere in vain is never loaded
            await tab.wait_for_load_state("load", timeout=min(_LOAD, max(end - now(), 0.1)) * 1000)
        # "networkidle" was too early on a busy machine: half a second passed before the first script asked.
        since, seen = now(), -1
        while now() < end:
            await tab.title()  # answers when the page's scripts pause
            if visit.pending or visit.asked != seen:
                since, seen = now(), visit.asked
            elif now() - since >= _QUIET:
                return True
            await asyncio.sleep(0.1)
        return False


async def _launched(playwright: Playwright, program: str) -> Chromium:
    return await playwright.chromium.launch(
        executable_path=program,
        chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to have one for root
        args=list(_FLAGS),
        timeout=_START * 1000,
    )


def lacking(program: str = "") -> tuple[str, str] | None:
    """What is missing for reading pages with a browser, in Chinese, and how to install it; `None` when nothing is."""
    if not (program or _program()):
        return "本机没有 Chromium", "apt-get install chromium"
    if importlib.util.find_spec("playwright") is None:
        return "没有安装 Playwright", "pip install 'bulletin-desk[browser]'"
    return None


def _program() -> str:
    return next((found for one in _PROGRAMS if (found := shutil.which(one))), "")


async def _html(context: BrowserContext, tab: Tab) -> str:
    """The page's markup as a world of its own sees it, where no script of the page can lie about its size."""
    session = await context.new_cdp_session(tab)
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    world = await session.send("Page.createIsolatedWorld", {"frameId": frame})
    said = await session.send(
        "Runtime.evaluate",
        {
            "contextId": world["executionContextId"],
            "expression": f"(document.documentElement?.outerHTML ?? '').slice(0, {_MAX_HTML + 1})",
            "returnByValue": True,
        },
    )
    return f"<!DOCTYPE html>\n{said['result'].get('value', '')}"


def _is_inner(request: Any) -> bool:
    """Whether a document is asked for by a frame within the page; what such frames show is not read."""
    try:
        return request.frame.parent_frame is not None
    except Exception:
        return False  # a frame that is not there yet is the page's own


def _told(route: Route, page: Page) -> dict[str, Any]:
    charset = f"; charset={page.charset}" if page.charset else ""
    return {
        "status": 200,
        "headers": {
            "content-type": f"{page.content_type or 'text/html'}{charset}",
            # whatever was got has passed the policy, and there are no cookies that another site could abuse
            "access-control-allow-origin": route.request.headers.get("origin", "*"),
            "access-control-allow-credentials": "true",
        },
        "body": page.body,
    }


async def _soon(ending: Awaitable[object]) -> None:
    """Ends something that may be past answering; what does not answer is killed when its driver ends."""
    with suppress(Exception):
        await asyncio.wait_for(ending, 5)
