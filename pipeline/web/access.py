"""Who is there, where a request comes from, and what every answer tells the browser.

A request is believed to be somebody's when it shows the secret of a session, as a cookie that scripts cannot read and
that other sites cannot send with a form; below `/api`, where programs ask, when it shows a token. Whatever changes
something on a page must besides come from a page of ours: the browser says so (`Sec-Fetch-Site`, else `Origin`), and
the form carries a word that only pages made for this account hold.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from pipeline.config import Web
from pipeline.desk import Desk
from pipeline.model import Account

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
"""What every answer says; a handler that knows better says so itself."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?", re.ASCII)
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]{0,2000}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends a request."""

    account: Account | None = None
    """`None` for nobody known."""
    secret: str = ""
    """Of the session; empty for who has none."""
    csrf: str = ""
    """What a form of theirs has to carry; empty for programs, whose tokens no browser sends by itself."""
    expired: bool = False
    """Whether they show a session that is over, or never was."""


def identified(request: Request, desk: Desk) -> Visitor:
    """Whose request it is."""
    web = desk.config.settings.web
    if request.url.path.startswith("/api/"):
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return Visitor()
        token = desk.token(shown.strip())
        return Visitor(token.holder) if token else Visitor(expired=True)
    if secret := request.cookies.get(cookie_name(web), ""):
        session = desk.session(secret)
        return Visitor(session.account, secret, session.account.word) if session else Visitor(expired=True)
    if web.proxy_header and _peer(request) in web.proxy_addresses:
        account = desk.known(request.headers.get(web.proxy_header, ""))
        return Visitor(account, csrf=account.word) if account else Visitor()
    return Visitor()


def cookie_name(web: Web) -> str:
    """What the cookie is called; browsers take `__Host-` by https only, and then from nobody but this host."""
    return "__Host-desk" if web.secure else "desk"


def sign_in(response: Response, secret: str, web: Web) -> Response:
    """Lets the browser keep the secret of a session; an empty one lets it forget."""
    response.set_cookie(
        cookie_name(web),
        secret,
        max_age=int(web.session_days * 86_400) if secret else 0,
        path="/",
        secure=web.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def address_of(request: Request, web: Web) -> str:
    """From where somebody asks, as far as that is known: behind a proxy of the office, as that says."""
    peer = _peer(request)
    if peer in web.proxy_addresses:
        named = request.headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
        return str(ipaddress.ip_address(named)) if _is_address(named) else peer
    return peer


def known_host(request: Request, web: Web) -> bool:
    """Whether the page was asked for by a name of its own: no name that somebody else lets point here.

    An address is no name: who asks by it was sent here by nobody's DNS.
    """
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not (found := _HOST.fullmatch(hosts[0])):
        return False
    host = found[1].strip("[]").lower().rstrip(".")
    own = {"localhost", web.listen.rpartition(":")[0].strip("[]").lower(), *(one.lower() for one in web.hosts)}
    return host in own or host.endswith(".localhost") or _is_address(host)


def from_here(request: Request) -> bool:
    """Whether something that changes anything was sent by a page of ours, as the browser has it."""
    if site := request.headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    source = request.headers.get("origin") or request.headers.get("referer", "")
    try:
        return bool(source) and urlsplit(source).netloc.lower() == request.headers.get("host", "").lower()
    except ValueError:
        return False


def carries(word: str, visitor: Visitor) -> bool:
    """Whether a form carries the word of its account."""
    return hmac.compare_digest(word.encode("utf-8", "replace"), visitor.csrf.encode())


def local_path(path: str) -> str:
    """A path of ours that somebody wants to be sent on to; `/` for anything else."""
    return path if _LOCAL.fullmatch(path) else "/"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    name = host.strip("[]").lower()
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def is_unspecified(host: str) -> bool:
    """Whether every address of this machine is meant."""
    name = host.strip("[]")
    return _is_address(name) and ipaddress.ip_address(name).is_unspecified


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
