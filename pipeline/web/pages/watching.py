"""What machines ask: whether the desk lives, whether it can work, what there is to measure."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from pipeline.web.asking import Bare, Called


def _lives(_: Called) -> Response:
    """Whether the process lives; asks for nothing."""
    return Response("ok\n", media_type="text/plain")


def _ready(called: Called) -> Response:
    """Whether the desk can do its work, and which part of it cannot: 200, or 503."""
    ready, parts = called.watch.ready()
    told = {"ready": ready} | (dict(parts) if called.watch.admits(called.request) else {})
    return JSONResponse(told, 200 if ready else 503)


def _metrics(called: Called) -> Response:
    """Everything that is counted, as Prometheus reads it."""
    if not called.watch.admits(called.request):
        told = "Ask from this machine, or with the token that web.metrics in settings.yaml names.\n"
        return Response(told, 401, {"WWW-Authenticate": "Bearer"}, "text/plain")
    return Response(called.watch.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES: Sequence[Bare] = (
    Bare("GET", "/healthz", _lives, waits=False),
    Bare("GET", "/readyz", _ready, told="所有人；细节只告诉本机，或持 web.metrics 令牌者"),
    Bare("GET", "/metrics", _metrics, told="本机，或持 web.metrics 令牌者"),
)
