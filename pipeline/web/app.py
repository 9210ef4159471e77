"""The door: finds the route, asks who is there, answers; and the server in front of it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route as StarletteRoute

from pipeline.errors import Blocked, Conflict, DeskError, UsageError, reason
from pipeline.web.access import Identify, identified
from pipeline.web.asking import Asked, Form, Route, Upload
from pipeline.web.office import Office
from pipeline.web.rendering import folder
from pipeline.web.table import ROUTES

log = structlog.get_logger("pipeline.web")

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_STATIC = re.compile(r"[\w-][\w./-]*")


def create_app(office: Office, identify: Identify = identified) -> Starlette:
    """The review page of an office."""
    routes = [StarletteRoute("/static/{digest}/{name:path}", _static)]
    routes += [StarletteRoute(one.path, _endpoint(one, office, identify), methods=[one.method]) for one in ROUTES]
    return Starlette(routes=routes)


def _endpoint(route: Route, office: Office, identify: Identify) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = await _form(request, route) if route.method == "POST" else Form()
        response = await run_in_threadpool(_answered, route, office, identify, request, form)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return endpoint


async def _form(request: Request, route: Route) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_files=20, max_fields=1000, max_part_size=route.max_bytes) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                files[name] = Upload(value.filename or "", await value.read())
            else:
                fields.setdefault(name, []).append(value)
    return Form(fields, files)


def _answered(route: Route, office: Office, identify: Identify, request: Request, form: Form) -> Response:
    with office.opened() as desk:
        account = identify(request, desk)
        asked = Asked(request, office, desk, account, form)
        if route.role and account is None:
            return asked.page("error.html", 401, title="请先登录", message="", fix="")
        if route.role and not (account and account.role.allows(route.role)):
            return asked.page("error.html", 403, title="没有权限", message=f"需要“{route.role.chinese}”权限。", fix="")
        try:
            return route.handler(asked)
        except DeskError as error:
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
            return asked.page("error.html", status, title="没有完成", message=error.message, fix=error.fix)


_STATUS: dict[type[DeskError], int] = {Conflict: 409, UsageError: 422, Blocked: 422}


def _static(request: Request) -> Response:
    """A file of our own, or one that others wrote and we serve."""
    name = str(request.path_params["name"])
    path = folder() / "static" / name
    if not _STATIC.fullmatch(name) or ".." in name or not path.is_file():
        return Response("没有这个文件。", 404, media_type="text/plain; charset=utf-8")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, headers=headers)


def listening(address: str) -> socket.socket:
    """A socket at `host:port`; raises `UsageError` when it cannot be had."""
    host, _, port = address.rpartition(":")
    try:
        return socket.create_server(
            (host.strip("[]"), int(port)),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        )
    except (OSError, OverflowError) as error:
        told = reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{address}: cannot be listened on ({told}).", "Name another one with --listen or `web.listen`."
        ) from None


def serve(app: Starlette, door: socket.socket, stopping: threading.Event) -> None:
    """Answers at `door` until `stopping` is set."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
    )

    def watch() -> None:
        stopping.wait()
        server.should_exit = True

    threading.Thread(target=watch, name="closing", daemon=True).start()
    asyncio.run(server.serve([door]))
