"""What a handler is asked with, and how it answers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipeline.config import Series, Web
from pipeline.desk import Desk
from pipeline.errors import UsageError
from pipeline.model import Account, Decision, Desked, Role, Window, chinese_number
from pipeline.store import Outline
from pipeline.web.access import Visitor, address_of
from pipeline.web.frame import frame
from pipeline.web.office import Office
from pipeline.web.rendering import render
from pipeline.web.watch import Watch


@dataclass(frozen=True, slots=True)
class Upload:
    """A file somebody handed in."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    body: bytes = b""
    """What came instead of a form, such as JSON."""

    def get(self, name: str, default: str = "") -> str:
        """The value of a field; the last of several."""
        return (self.fields.get(name) or (default,))[-1]

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field, such as the boxes that are ticked."""
        return self.fields.get(name, ())


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as its handler sees it."""

    request: Request
    office: Office
    desk: Desk
    account: Account | None
    form: Form = Form()
    visitor: Visitor = field(default_factory=Visitor)

    @property
    def who(self) -> Account:
        """The account; a route with a role is never reached without one."""
        assert self.account is not None
        return self.account

    @property
    def now(self) -> dt.datetime:
        """The time of day."""
        return self.office.clock()

    @property
    def fragment(self) -> bool:
        """Whether a part of a page is asked for by its script, not a page by a browser."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true"

    @property
    def program(self) -> bool:
        """Whether a program asks, which reads JSON."""
        return self.request.url.path.startswith("/api/")

    @property
    def expired(self) -> bool:
        """Whether somebody was signed in and no longer is."""
        return self.visitor.expired

    @property
    def web(self) -> Web:
        """The settings of the page."""
        return self.desk.config.settings.web

    @property
    def address(self) -> str:
        """From where somebody asks."""
        return address_of(self.request, self.web)

    @property
    def agent(self) -> str:
        """What the browser calls itself."""
        return self.request.headers.get("user-agent", "")

    def path(self, name: str) -> str:
        """A part of the address that the route names."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """A value behind the question mark."""
        return str(self.request.query_params.get(name, default))

    def series(self) -> Series:
        """The series that the address names; raises `UsageError` when there is none."""
        return self.desk.series(self.path("series"))

    def window(self) -> Window:
        """The window that the address names by its first day; raises `UsageError` when there is none."""
        try:
            start = dt.date.fromisoformat(self.path("start"))
        except ValueError:
            raise UsageError(f"“{self.path('start')}”不是日期。", "请从期刊列表进入。") from None
        try:
            window = self.series().window_of(start)
        except OverflowError:  # no window ends after the year 9999
            window = None
        if window is None or window.start != start:
            raise UsageError(f"{self.series().title}没有从 {start} 开始的一期。", "请从期刊列表进入。")
        return window

    def outline(self) -> Outline | None:
        """The issue that the address names by its number; `None` when it was never put out."""
        number = natural(self.path("number"))
        if number is None:
            return None
        return next(iter(self.desk.entries.outlines({self.path("series")}, number=number)), None)

    def numbered(self, series: str, number: int) -> str:
        """An issue by its number, as its series prints it: 第五三五期."""
        known = self.desk.config.series.get(series)
        return f"第{chinese_number(number, known.zero) if known else chinese_number(number)}期"

    def visible(self) -> set[str] | None:
        """The series that whoever asks may see; `None` for all, those that are no longer configured too."""
        return set(self.who.series) or None

    def desked(self) -> Desked:
        """The draft or issue that the address names; raises `UsageError` when there is none."""
        return self.office.desked(self.desk, self.series().id, self.window())

    def decision(self, verb: str, target: str = "", reason: str = "", **values: str) -> Decision:
        """A decision of whoever asks, made now."""
        return Decision(verb, self.who.name, self.now, target, values, reason)

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A template of `templates/web` as the answer."""
        around = frame(self.request.url.path, self.account, self.office, self.desk)
        return HTMLResponse(
            render(template, self.visitor.csrf, asked=self, account=self.account, frame=around, **values), status
        )

    def to(self, address: str) -> Response:
        """Sends the browser on after a form was dealt with; a script is told to go there."""
        if self.fragment:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, 303)


def draft_address(series: str, window: Window, *rest: str) -> str:
    """The address of a draft's page, or of a part of it."""
    return "/".join(["/issues", quote(series), window.start.isoformat(), *map(quote, rest)])


def natural(text: str) -> int | None:
    """The number that an address or a form names; `None` for what is none, or more than a database counts to."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def problem(status: int, title: str, detail: str, fix: str = "", **more: object) -> Response:
    """Why something was not done, for a program (RFC 9457)."""
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, "fix": fix, **more}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(said, status, headers, media_type="application/problem+json")


def attached(name: str) -> str:
    """The header that has a browser save a file under a Chinese name."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name).lstrip("-.") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


Handler = Callable[[Asked], Response]


@dataclass(frozen=True, slots=True)
class Called:
    """One request of a machine that watches the desk."""

    request: Request
    watch: Watch


EVERYBODY = "所有人"


@dataclass(frozen=True, slots=True)
class Bare:
    """What is answered without asking who is there, and so while the database is away, too."""

    method: Literal["GET"]
    path: str
    handler: Callable[[Called], Response]
    role: None = None
    waits: bool = True
    """Whether its answer may have to be waited for."""
    told: str = EVERYBODY
    """Who may, in Chinese."""


@dataclass(frozen=True, slots=True)
class Route:
    """What can be asked for: a method and a path, who may, and who answers."""

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    role: Role | None
    """The least role that may; `None` for everybody, signed in or not."""
    max_bytes: int = 6_000_000
    """Of what a form may bring; 6 MB, so that a text of five is refused by whoever knows why it is too long."""

    @property
    def told(self) -> str:
        """Who may, in Chinese."""
        return self.role.chinese if self.role else EVERYBODY
