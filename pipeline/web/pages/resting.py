"""What is left out: a window that gets no issue, a series that the clock leaves alone."""

from __future__ import annotations

from starlette.responses import Response

from pipeline.model import Role
from pipeline.web.asking import Asked, Route
from pipeline.web.rendering import days


def skipping(asked: Asked) -> Response:
    """Asks why a window is to get no issue, or offers to take that back."""
    return _window(asked)


def skipped(asked: Asked) -> Response:
    """Marks a window as one without an issue, or takes that back."""
    series, window = asked.series(), asked.window()
    if asked.form.get("undo"):
        asked.desk.unskip(series.id, window, asked.decision("unskip"))
        return asked.to("/")
    reason = asked.form.get("reason").strip()
    if not reason:
        return _window(asked, "请写明为什么跳过。", 422)
    asked.desk.skip(series.id, window, asked.decision("skip", reason=reason))
    return asked.to("/")


def pausing(asked: Asked) -> Response:
    """Asks why the clock is to leave a series alone, or offers to take that back."""
    return _series(asked)


def paused(asked: Asked) -> Response:
    """Lets the clock leave a series alone, or take it up again."""
    series = asked.series()
    if asked.form.get("undo"):
        asked.desk.claims.resume(series.id, asked.who.name, asked.now)
        return asked.to("/")
    reason = asked.form.get("reason").strip()
    if not reason:
        return _series(asked, "请写明为什么暂停。", 422)
    asked.desk.claims.pause(series.id, reason, asked.who.name, asked.now)
    return asked.to("/")


def _window(asked: Asked, trouble: str = "", status: int = 200) -> Response:
    series, window = asked.series(), asked.window()
    why = asked.desk.issues.skipped(series.id).get(window.start, "")
    number = asked.desk.issues.stand(series.id).get(window.start)
    drafted = bool(number and number.number > 0)
    return asked.page(
        "skip.html", status, series=series, window=days(window), start=window.start, why=why, drafted=drafted,
        trouble=trouble,
    )  # fmt: skip


def _series(asked: Asked, trouble: str = "", status: int = 200) -> Response:
    series = asked.series()
    why = asked.desk.claims.paused().get(series.id, "")
    return asked.page("pause.html", status, series=series, why=why, trouble=trouble)


ROUTES = (
    Route("GET", "/skip/{series}/{start}", skipping, Role.EDITOR),
    Route("POST", "/skip/{series}/{start}", skipped, Role.EDITOR),
    Route("GET", "/pause/{series}", pausing, Role.EDITOR),
    Route("POST", "/pause/{series}", paused, Role.EDITOR),
)
