"""The door: finds the route, asks who is there, answers."""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from pipeline.desk import Desk
from pipeline.errors import Blocked, Collision, Conflict, DeskError, UsageError
from pipeline.model import Act, Deed
from pipeline.web.access import HEADERS, Visitor, carries, from_here, identified, known_host
from pipeline.web.asking import Asked, Bare, Called, Form, Route, problem
from pipeline.web.office import Office
from pipeline.web.pages.accounts import resend_page, sign_in_page
from pipeline.web.pages.history import collided
from pipeline.web.receiving import Unreadable, drained, received
from pipeline.web.rendering import folder
from pipeline.web.table import ROUTES
from pipeline.web.watch import Watch

log = structlog.get_logger("pipeline.web")

_FROM_THE_LIST = "请从期刊列表进入。"
_CHINESE = re.compile(r"[一-鿿]{3}")
_STATIC = re.compile(r"[\w-][\w./-]*", re.ASCII)
_STATUS: dict[type[DeskError], int] = {Conflict: 409, UsageError: 422, Blocked: 422}
_KEPT_BYTES = 6_000_000  # of what somebody wrote who is no longer signed in, to be shown to them again
_KEPT_AT_ONCE = 20  # of these; a secret that is worth nothing can be shown by anybody, over all connections there are
_STRANGE_BYTES = 1_000_000  # of what somebody sends who shows none
_TOLD_AN_HOUR = 120  # refusals of one person at one address in the audit log; all are in the log of the program
_ADDRESSES = 1000


def create_app(office: Office) -> Starlette:
    """The review page of an office."""
    door = _Door(office)
    routes = [StarletteRoute("/static/{digest}/{name:path}", _static)]
    routes += [StarletteRoute(one.path, door.endpoint(one), methods=[one.method]) for one in ROUTES]
    app = Starlette(routes=routes, exception_handlers={404: door.lost, 405: door.lost})
    app.router.redirect_slashes = False  # it answers by itself, with whatever host the request names
    return app


class _Door:
    """The one way in: nothing is reached without passing here."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._watch = Watch(office)
        self._watchers = ThreadPoolExecutor(2, "watching")
        self._lock = threading.Lock()
        self._refusals: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._keeping = 0

    def endpoint(self, route: Route | Bare) -> Callable[[Request], Awaitable[Response]]:
        """What answers at a route."""

        async def endpoint(request: Request) -> Response:
            begun = time.monotonic()
            with structlog.contextvars.bound_contextvars(request=secrets.token_hex(4)):
                response = await self._answer(route, request)
            self._watch.answered(request.method, route.path, response.status_code, time.monotonic() - begun)
            return response

        return endpoint

    async def _answer(self, route: Route | Bare, request: Request) -> Response:
        try:
            if isinstance(route, Bare):
                return _headed(await self._called(route, Called(request, self._watch)))
            return _headed(await self._let_in(route, request))
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            return _headed(await run_in_threadpool(self._broken, route.path, request, error))

    async def _called(self, route: Bare, called: Called) -> Response:
        """What a machine is answered: not by the threads of people, who may all wait for the database."""
        if not route.waits:
            return route.handler(called)
        return await asyncio.get_running_loop().run_in_executor(self._watchers, route.handler, called)

    async def lost(self, request: Request, error: Exception) -> Response:
        """What answers where there is no route, or none for this method."""
        assert isinstance(error, HTTPException)
        try:
            response = await run_in_threadpool(self._lost, request, error.status_code)
        except Exception as trouble:
            response = await run_in_threadpool(self._broken, "", request, trouble)
        self._watch.answered(request.method, "none", response.status_code, 0.0)
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return _headed(response)

    # ------------------------------------------------------------------------------- in order

    async def _let_in(self, route: Route, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return await run_in_threadpool(self._looked, route, request)
        # who it is comes first: nobody's hundred megabytes are read before that is known
        visitor = await run_in_threadpool(self._known, request)
        if isinstance(visitor, Response):
            await drained(request)
            return visitor
        try:
            form = await self._received(route, request, visitor)
        except Unreadable as error:
            return await run_in_threadpool(self._unreadable, route, request, visitor, error)
        return await run_in_threadpool(self._done, route, request, visitor, form)

    async def _received(self, route: Route, request: Request, visitor: Visitor) -> Form:
        """What somebody sends, as far as it is taken from them."""
        if _may(route, visitor):
            return await received(request, route.max_bytes)
        if not (visitor.account or visitor.expired) or self._keeping >= _KEPT_AT_ONCE:
            return await received(request, _STRANGE_BYTES)
        self._keeping += 1
        try:
            return await received(request, _KEPT_BYTES)
        finally:
            self._keeping -= 1

    def _looked(self, route: Route, request: Request) -> Response:
        visitor = self._known(request)
        if isinstance(visitor, Response):
            return visitor
        with self._office.opened() as desk:
            asked = self._asked(request, desk, visitor)
            return self._forbidden(route, asked) or self._handled(route, asked, 404)

    def _done(self, route: Route, request: Request, visitor: Visitor, form: Form) -> Response:
        with self._office.opened() as desk:
            asked = self._asked(request, desk, visitor, form)
            if refused := self._forbidden(route, asked):
                return refused
            word = form.get("csrf") or request.headers.get("x-csrf", "")
            if route.role and not asked.program and not carries(word, visitor):
                self._refuse(asked, "表单不属于这个账号")
                return resend_page(asked)
            before = desk.audit.last(asked.who.name) if asked.account else 0
            response = self._handled(route, asked, 422)
            if asked.account and response.status_code < 400 and desk.audit.last(asked.who.name) == before:
                desk.audit.note(Deed(asked.who.name, Act.ASKED, asked.now, _place(request), request.method))
            return response

    def _known(self, request: Request) -> Visitor | Response:
        """Who sends a request; an answer when it is not to be looked at any further."""
        with self._office.opened() as desk:
            if not known_host(request, desk.config.settings.web):
                asked = self._asked(request, desk, Visitor())
                self._refuse(asked, "不认识的主机名")
                told = "这个网址不是本系统的。"
                return _told(asked, 400, "网址不对", told, "请管理员把这个名称写进 settings.yaml 的 web.hosts。")
            visitor = identified(request, desk)
            # a program shows its token with each request; no browser does by itself
            program = request.url.path.startswith("/api/")
            if request.method not in ("GET", "HEAD") and not program and not from_here(request):
                asked = self._asked(request, desk, visitor)
                self._refuse(asked, "不是从本系统的页面发来")
                told = "这次提交不是从本系统的页面发来的，没有照办。"
                return _told(asked, 403, "没有照办", told, "请从期刊列表进入，再做一次。")
            return visitor

    def _forbidden(self, route: Route, asked: Asked) -> Response | None:
        """An answer for those who may not."""
        if not route.role:
            return None
        if asked.account is None:
            return self._stranger(asked)
        if not asked.account.role.allows(route.role):
            self._refuse(asked, f"须有“{route.role.chinese}”权限")
            told = f"这一步须有“{route.role.chinese}”权限，您的账号是“{asked.account.role.chinese}”。"
            return _told(asked, 403, "没有权限", told, "需要时请找管理员。")
        series = asked.request.path_params.get("series")
        if series is not None and not asked.account.sees(str(series)):
            self._refuse(asked, "不在其刊物之内")
            return _nothing(asked, 404)
        return None

    def _stranger(self, asked: Asked) -> Response:
        """An answer for those nobody knows; what they wrote is shown to them again."""
        looks = asked.request.method in ("GET", "HEAD")
        if not looks or asked.expired:
            self._refuse(asked, "登录已失效" if asked.expired else "没有登录")
        if asked.program:
            return _told(asked, 401, "没有登录", "接口只认令牌，不认浏览器的登录。", "令牌在“我的账号”页生成。")
        if looks and not asked.expired and not asked.fragment:
            address = asked.request.url.path + (f"?{asked.request.url.query}" if asked.request.url.query else "")
            return RedirectResponse(f"/login?next={quote(address, safe='')}" if address != "/" else "/login", 303)
        return sign_in_page(asked, 401)

    def _handled(self, route: Route, asked: Asked, misused: int) -> Response:
        try:
            return route.handler(asked)
        except Collision as collision:
            return collided(asked, collision)
        except DeskError as error:
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
            title = "没有找到" if misused == 404 and status == 422 else "没有完成"
            message, fix = error.message, error.fix
            if status == 500:
                log.error("failed", method=asked.request.method, route=route.path, why=str(error))
                if not _CHINESE.search(message):  # it was written for whoever minds the machine
                    message, fix = "程序或它所存的数据有故障，这一步没有完成。", f"请把这句话告诉管理员：{error}"
            elif misused == 404 and "bulletin " in fix and not asked.program:
                fix = _FROM_THE_LIST  # and no command, which is for those who gave one
            return _told(asked, misused if status == 422 else status, title, message, fix)

    # ---------------------------------------------------------------------------- what went wrong

    def _unreadable(self, route: Route, request: Request, visitor: Visitor, error: Unreadable) -> Response:
        with self._office.opened() as desk:
            asked = self._asked(request, desk, visitor)
            if refused := self._forbidden(route, asked):
                return refused
            self._refuse(asked, error.because)
            return _told(asked, error.status, "没有保存", error.because, error.fix)

    def _lost(self, request: Request, status: int) -> Response:
        visitor = self._known(request)
        if isinstance(visitor, Response):
            return visitor
        with self._office.opened() as desk:
            asked = self._asked(request, desk, visitor)
            return self._stranger(asked) if visitor.account is None else _nothing(asked, status)

    def _broken(self, route: str, request: Request, error: Exception) -> Response:
        """An answer to what should not have happened: the log has the rest, under the same number."""
        incident = secrets.token_hex(4)
        # by hand: another thread answers, and there is no exception under way in it
        log.error("incident", incident=incident, method=request.method, route=route, exc_info=error)
        with self._office.opened() as desk:
            told = "程序出错了，这一步没有完成；已经保存的内容不受影响。"
            fix = f"请把编号 {incident} 告诉管理员，日志里有同一编号的说明。"
            return _told(self._asked(request, desk, Visitor()), 500, "程序出错", told, fix)

    def _refuse(self, asked: Asked, why: str) -> None:
        """Keeps a refusal in the audit log; of one person at one address not more than an hour's share."""
        who = asked.account.name if asked.account else "未登录"
        log.warning("refused", who=who, place=_place(asked.request), method=asked.request.method, why=why)
        key = (who, asked.address, f"{asked.now:%Y%m%d%H}")
        with self._lock:
            self._refusals[key] = self._refusals.get(key, 0) + 1
            self._refusals.move_to_end(key)
            while len(self._refusals) > _ADDRESSES:
                self._refusals.popitem(last=False)
            count = self._refusals[key]
        if count <= _TOLD_AN_HOUR:
            detail = f"{asked.request.method}：{why}，来自 {asked.address}"
            detail += "；同一地址此后一小时内的不再记录" if count == _TOLD_AN_HOUR else ""
            asked.desk.audit.note(Deed(who, Act.REFUSED, asked.now, _place(asked.request), detail))

    def _asked(self, request: Request, desk: Desk, visitor: Visitor, form: Form | None = None) -> Asked:
        return Asked(request, self._office, desk, visitor.account, form or Form(), visitor)


def _may(route: Route, visitor: Visitor) -> bool:
    return route.role is None or (visitor.account is not None and visitor.account.role.allows(route.role))


def _nothing(asked: Asked, status: int) -> Response:
    if status == 405:
        return _told(asked, 405, "没有照办", "这个网址不能这样用。", _FROM_THE_LIST)
    return _told(asked, 404, "没有找到", "没有这个页面，或者它不在您的刊物之内。", _FROM_THE_LIST)


def _told(asked: Asked, status: int, title: str, message: str, fix: str) -> Response:
    if asked.program:
        return problem(status, title, message, fix)
    return asked.page("error.html", status, title=title, message=message, fix=fix)


def _place(request: Request) -> str:
    """Which page was asked for, without what must not stand in a log."""
    path = request.url.path
    return "/welcome" if path.startswith("/welcome/") else path[:300]


def _headed(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _static(request: Request) -> Response:
    """A file of our own, or one that others wrote and we serve."""
    name = str(request.path_params["name"])
    path = folder() / "static" / name
    if not _STATIC.fullmatch(name) or ".." in name or not path.is_file():
        return _headed(Response("没有这个文件。", 404, media_type="text/plain; charset=utf-8"))
    return _headed(FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"}))
