"""The traveller: robots.txt, pacing, redirects hop by hop, retries, conditional requests."""

from __future__ import annotations

import datetime as dt
import functools
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import Cookie, DefaultCookiePolicy
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3
from protego import Protego
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from pipeline.config import Politeness, Tls
from pipeline.errors import ConfigError, FetchError, ForbiddenAddress
from pipeline.fetch.addresses import Dialler, Resolve, Trouble
from pipeline.fetch.exchange import Deadline, Unpacker, read_all
from pipeline.model import Clock, Fetched, Page

_PORTS = {"http": 80, "https": 443}
_LEGACY_SERVER_CONNECT = 0x4  # as OpenSSL has it; ssl names it from Python 3.12 on
_MAX_URL = 8192
_MAX_HOPS = 5
_MAX_SHOWN = 160
_MAX_WAIT = 60.0  # a longer Retry-After is for the next run; urllib3 would wait six hours
_MAX_CLOSED = 24 * 3600.0
_MAX_CRAWL_DELAY = 30.0
_MAX_COOKIES = 50
_MAX_COOKIE = 4096  # browsers' own limits for a host and for a cookie
_MAX_ROBOTS = 512 * 1024  # RFC 9309 asks for at least 500 KiB; what follows is not read
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_LATER = frozenset((408, 425, 429))
_REASONS = {
    204: "服务器没有返回内容",
    206: "服务器只返回了部分内容",
    304: "服务器称内容未变，但并未问及",
    401: "需要登录",
    403: "网站拒绝访问",
    404: "页面不存在",
    407: "代理服务器要求登录",
    410: "页面已删除",
    451: "页面因法律原因不可用",
}
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.3",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",  # a host is asked every few seconds: nothing is gained by holding a connection
}


@dataclass(slots=True)
class _Host:
    """What is remembered about one host for the fetcher's life."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held during a request: one connection at a time."""
    free_at: float = 0.0
    """When the next request may start, on the monotonic clock."""
    closed_until: float = 0.0
    """Until when the host asked to be left alone."""
    delay: float = 0.0
    """Crawl-delay of its robots.txt in seconds."""


@dataclass(slots=True)
class _Origin:
    """The robots.txt of one scheme, host and port."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: Any = None
    """A parsed robots.txt, or why it could not be had."""


@dataclass(slots=True)
class _Journey:
    """One attempt at one address, redirects included."""

    session: requests.Session
    headers: Mapping[str, str | bytes]
    most: int
    left: float
    """Seconds on the network that remain; waiting for one's turn does not count."""
    robots: bool
    cut: bool = False
    """Whether to take the first `most` bytes of a longer body instead of refusing it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    location: str = ""
    doubtful: bool = False
    """Whether the body may have been cut without anything that proves it."""


class _FewCookies(DefaultCookiePolicy):
    """Takes what a redirect may need; what is set beyond that would come back as megabytes of headers."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _MAX_COOKIES

    def set_ok(self, cookie: Cookie, request: Any) -> bool:
        small = len(cookie.name) + len(cookie.value or "") <= _MAX_COOKIE
        if not small or self._left <= 0 or not super().set_ok(cookie, request):
            return False
        self._left -= 1
        return True


class _Session(requests.Session):
    def __init__(self, adapter: Callable[[str], HTTPAdapter]) -> None:
        super().__init__()
        self._adapter = adapter
        self.cookies.set_policy(_FewCookies())
        self.trust_env = False  # proxies and .netrc of the environment are not the configuration's

    def get_adapter(self, url: str) -> HTTPAdapter:
        """The transport for an address, by its host."""
        return self._adapter(url)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nothing: redirects are followed by hand; requests would first read their bodies, bombs included."""


class _Adapter(HTTPAdapter):
    """Requests' transport with our own way of making connections."""

    def __init__(self, dial: Callable[[HTTPConnection], socket.socket], tls: Tls, trust: Path | None) -> None:
        self._pools = _pools(dial, told=tls == "unverified")
        self._context = _context(trust, tls)
        self._to_proxy = _context(trust, "strict")
        self._certificate = "CERT_NONE" if tls == "unverified" else "CERT_REQUIRED"
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy not in self.proxy_manager:
            kwargs |= {"ssl_context": self._context, "proxy_ssl_context": self._to_proxy}
            super().proxy_manager_for(proxy, **kwargs).pool_classes_by_scheme = self._pools
        return self.proxy_manager[proxy]

    def cert_verify(self, conn: Any, *args: Any) -> None:
        conn.cert_reqs = self._certificate  # the context holds the authorities; requests would load them each time


def _hang_up(connection: HTTPConnection | None) -> None:
    if connection is not None:
        connection.close()


def _pools(dial: Callable[[HTTPConnection], socket.socket], *, told: bool) -> dict[str, type[HTTPConnectionPool]]:
    """The pools by scheme; `told` when the log has said that certificates are not verified, so urllib3 need not."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return dial(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return dial(self)

        def connect(self) -> None:
            super().connect()
            self.is_verified = self.is_verified or told

    # A connection that is used again would have been checked and be watched for an earlier request only.
    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

        def _put_conn(self, conn: Any) -> None:
            _hang_up(conn)
            super()._put_conn(None)

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

        def _put_conn(self, conn: Any) -> None:
            _hang_up(conn)
            super()._put_conn(None)

    return {"http": PlainPool, "https": SecurePool}


class Fetcher:
    """Gets addresses one at a time per host; safe to share between threads, meant for one run.

    What it learns of a host (robots.txt, a request to be left alone) holds for its life; `shut` are the hosts that
    asked to be left alone before, each until when, and `shutting` hears of new ones.
    `trust` is a PEM file of authorities besides the public ones, `tls` what is asked of a host where that is not
    everything, `connect_to` as in settings.yaml; `sleep`, `monotonic` and `resolve` are doors for tests.
    What `connect_to` does not name goes through `proxy`, where there is one: it looks the names up, so addresses are
    checked as the URL has them.
    """

    def __init__(
        self,
        politeness: Politeness,
        *,
        clock: Clock,
        ports: tuple[int, ...] = (80, 443),
        connect_to: Mapping[str, str] = MappingProxyType({}),
        trust: Path | None = None,
        tls: Mapping[str, Tls] = MappingProxyType({}),
        proxy: str = "",
        shut: Mapping[str, dt.datetime] = MappingProxyType({}),
        shutting: Callable[[str, dt.datetime], None] = lambda host, until: None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        self._politeness = politeness
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._agent = politeness.user_agent.partition("/")[0].strip()
        self._headers: dict[str, str | bytes] = {
            **_HEADERS,
            "User-Agent": politeness.user_agent.encode(),  # it may name an office in Chinese
        }
        self._dialler = Dialler(ports, connect_to, resolve)
        self._tls = dict(tls)
        self._adapters = {one: _Adapter(self._dial, one, trust) for one in {"strict", *tls.values()}}
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._shut = dict(shut)
        self._shutting = shutting
        self._now = threading.local()
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._origins: dict[str, _Origin] = {}

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """One page, or "unchanged" since `etag`/`modified`; at most `limit` bytes (0: the configured cap).

        Raises `FetchError`, `ForbiddenAddress` or `TooLarge`.
        """
        url = url.strip()
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        conditions = {name: value for name, value in conditions.items() if value}
        route: list[str] = []
        try:
            answer = self._travel(route, url, conditions, limit, robots=self._politeness.robots)
        except FetchError as error:
            raise type(error)(f"{_route(route)}：{error.message}", error.fix) from error
        if answer.status == 304 and conditions:
            return Fetched(
                None, _kept(answer.headers.get("etag")) or etag, _kept(answer.headers.get("last-modified")) or modified
            )
        if answer.status not in (200, 203):
            reason = _REASONS.get(answer.status, "网站没有给出页面")
            raise FetchError(f"{_route(route)}：{reason}（HTTP {answer.status}）")
        kind, _, parameters = answer.headers.get("content-type", "").partition(";")
        page = Page(
            url=route[-1],
            body=answer.body,
            fetched=self._clock(),
            content_type=kind.strip().lower()[:100],
            charset=_charset(parameters),
            warnings=("可能不完整：传输中断，或服务器未说明长度",) if answer.doubtful else (),
        )
        return Fetched(page, _kept(answer.headers.get("etag")), _kept(answer.headers.get("last-modified")))

    # ------------------------------------------------------------------------------------- the journey

    def _travel(
        self,
        route: list[str],
        url: str,
        conditions: Mapping[str, str],
        limit: int,
        *,
        robots: bool,
        cut: bool = False,
    ) -> _Answer:
        """The answer at the end of the redirects, after as many attempts as it takes.

        `route` holds the addresses of the last attempt, also when it failed.
        """
        most = self._politeness.max_mebibytes * 1024 * 1024
        attempt = 0
        while True:
            journey = _Journey(
                session=_Session(self._adapter_for),  # cookies live as long as an attempt: some sites loop without
                headers={**self._headers, **conditions},
                most=min(limit, most) if limit else most,
                left=self._politeness.total_seconds,
                robots=robots,
                cut=cut,
            )
            route.clear()
            try:
                answer = self._follow(journey, url, route)
                if not answer.doubtful or attempt >= min(1, self._politeness.retries):
                    return answer
                wait = 1.0
            except Trouble as trouble:
                if attempt >= min(trouble.tries, self._politeness.retries):
                    raise FetchError(trouble.because) from trouble
                wait = 2.0**attempt if trouble.wait is None else trouble.wait
            self._rest(route[-1], wait)
            attempt += 1

    def _follow(self, journey: _Journey, url: str, route: list[str]) -> _Answer:
        for _ in range(_MAX_HOPS + 1):
            route.append(url)
            prepared = _prepared(journey, url)
            if journey.robots:
                self._ask_robots(str(prepared.url))
            answer = self._hop(journey, prepared)
            if not answer.location:
                return answer
            url = urljoin(str(prepared.url), answer.location)
        raise FetchError(f"重定向超过 {_MAX_HOPS} 次")

    def _hop(self, journey: _Journey, prepared: requests.PreparedRequest) -> _Answer:
        host = self._host(str(prepared.url))
        with host.lock:
            now = self._monotonic()
            if host.closed_until > now:
                raise FetchError(f"该网站要求 {_span(host.closed_until - now)}后再访问，本次跳过")
            if host.free_at > now:
                self._sleep(host.free_at - now)
            begun = self._monotonic()
            pause = max(self._politeness.seconds_per_host, host.delay)
            try:
                answer = self._exchange(journey, prepared)
                if answer.status in (429, 503):
                    raise self._asked_to_wait(host, str(prepared.url), answer)
            finally:
                done = self._monotonic()
                journey.left -= done - begun
                host.free_at = done + pause
        if answer.status >= 500 or answer.status in _LATER:
            raise Trouble(f"服务器出错（HTTP {answer.status}）")
        return answer

    def _exchange(self, journey: _Journey, prepared: requests.PreparedRequest) -> _Answer:
        timeouts = (self._politeness.connect_seconds, self._politeness.read_seconds)
        late = FetchError(f"超过总时限 {self._politeness.total_seconds:g} 秒，已中断")
        if journey.left <= 0:
            raise late
        parts = urlsplit(str(prepared.url))
        at = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        proxies = {} if self._dialler.names(*at) else self._proxies
        if proxies:
            self._dialler.check(*at)
        with Deadline(journey.left) as deadline:
            self._now.deadline = deadline
            try:
                response = journey.session.send(
                    prepared, stream=True, allow_redirects=False, timeout=timeouts, verify=True, proxies=dict(proxies)
                )
                try:
                    answer = _read(journey, response)
                finally:
                    response.close()
            except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, Trouble, FetchError) as error:
                if deadline.passed:
                    raise late from error
                if isinstance(error, (Trouble, FetchError)):
                    raise
                raise _explained(error, at[0]) from error
            if deadline.passed:
                raise late
            return answer

    def _dial(self, connection: HTTPConnection) -> socket.socket:
        deadline: Deadline = self._now.deadline
        # `host` has lost a final dot, which the resolver must see
        host, port = connection._dns_host, connection.port or connection.default_port
        dial = self._dialler.hop if connection.proxy else self._dialler
        sock = dial(host, port, self._politeness.connect_seconds, deadline.left)
        sock.settimeout(self._politeness.connect_seconds)  # of the TLS handshake; urllib3 sets its own for reading
        deadline.watch(sock)
        return sock

    # ---------------------------------------------------------------------------------------- manners

    def _host(self, url: str) -> _Host:
        name = (urlsplit(url).hostname or "").rstrip(".")
        with self._lock:
            if name not in self._hosts:
                self._hosts[name] = _Host()
                if (until := self._shut.get(name)) is not None:
                    left = min((until - self._clock()).total_seconds(), _MAX_CLOSED)
                    self._hosts[name].closed_until = self._monotonic() + left
            return self._hosts[name]

    def _adapter_for(self, url: str) -> HTTPAdapter:
        return self._adapters[self._tls.get(urlsplit(url).hostname or "", "strict")]

    def _rest(self, url: str, seconds: float) -> None:
        host = self._host(url)
        host.free_at = max(host.free_at, self._monotonic() + seconds)

    def _asked_to_wait(self, host: _Host, url: str, answer: _Answer) -> Trouble | FetchError:
        asked = self._retry_after(answer.headers.get("retry-after", ""))
        if asked is None or asked <= _MAX_WAIT:
            return Trouble(f"网站繁忙（HTTP {answer.status}）", wait=asked)
        closed = min(asked, _MAX_CLOSED)
        host.closed_until = self._monotonic() + closed
        self._shutting((urlsplit(url).hostname or "").rstrip("."), self._clock() + dt.timedelta(seconds=closed))
        return FetchError(f"网站繁忙（HTTP {answer.status}），要求 {_span(asked)}后再访问，本次跳过")

    def _retry_after(self, value: str) -> float | None:
        """Seconds asked for; `None` when the header says nothing that can be meant."""
        try:
            seconds = float(int(value))
        except (ValueError, OverflowError):
            try:
                then = parsedate_to_datetime(value)
                if then.tzinfo is None:
                    then = then.replace(tzinfo=dt.UTC)
                seconds = (then - self._clock()).total_seconds()
            except (ValueError, TypeError, OverflowError):
                return None
        return seconds if seconds > 0 else None

    def _ask_robots(self, url: str) -> None:
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            origin = self._origins.setdefault(root, _Origin())
        # A robots.txt asks no robots.txt, so whoever holds this lock only ever waits for locks of hosts.
        with origin.lock:
            if origin.rules is None:
                origin.rules = self._read_robots(root)
                if isinstance(origin.rules, Protego):
                    delay = origin.rules.crawl_delay(self._agent) or 0.0
                    self._host(url).delay = min(float(delay), _MAX_CRAWL_DELAY)
        if isinstance(origin.rules, FetchError):
            raise FetchError(f"robots.txt 无法读取，本次跳过（{origin.rules.message}）")
        if not origin.rules.can_fetch(url, self._agent):
            raise FetchError("robots 禁止：该网站的 robots.txt 不允许访问此页")

    def _read_robots(self, root: str) -> Protego | FetchError:
        route: list[str] = []
        try:
            answer = self._travel(route, root + "/robots.txt", {}, _MAX_ROBOTS, robots=False, cut=True)
        except FetchError as error:
            if isinstance(error, ForbiddenAddress) and len(route) == 1:
                raise  # it is the address itself that may not be asked, whatever for
            return error
        text = answer.body.decode("utf-8-sig", "replace") if answer.status in (200, 203) else ""
        return Protego.parse(text)


# ------------------------------------------------------------------------------------- requests, answers


def _prepared(journey: _Journey, url: str) -> requests.PreparedRequest:
    """The request for `url` as it will go out, or `ForbiddenAddress` for what is no web address."""
    if len(url) > _MAX_URL:
        raise ForbiddenAddress(f"网址过长（{len(url)} 个字符，上限 {_MAX_URL}）")
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise ForbiddenAddress(f"不支持的协议 {_shown(scheme[:20])}，只支持 http 和 https")
    malformed = ForbiddenAddress("网址格式错误")
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc or "\\" in url or "%" in parts.netloc or any(c < " " or c == "\x7f" for c in url):
            raise malformed
        prepared = journey.session.prepare_request(requests.Request("GET", url, headers=journey.headers))
        if not urlsplit(str(prepared.url)).hostname:
            raise malformed
    except (ValueError, requests.RequestException) as error:
        raise malformed from error
    return prepared


def _read(journey: _Journey, response: requests.Response) -> _Answer:
    status, headers = response.status_code, response.headers
    if status in _REDIRECTS:
        if not (location := headers.get("location", "")):
            raise FetchError(f"重定向没有给出地址（HTTP {status}）")
        # Bytes outside ASCII are kept as they came, in whichever charset the server writes.
        location = quote(location.encode("latin-1", "replace"), safe="!#$%&'()*+,/:;=?@[]~\\|")
        return _Answer(status, headers, location=location)
    if status not in (200, 203):
        return _Answer(status, headers)
    unpacker = Unpacker(headers.get("content-encoding", ""), journey.most * 2)
    raw = response.raw
    said = headers.get("content-length", "")
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    body = read_all(lambda size: raw.read(size, decode_content=False), unpacker, journey.most, cut=journey.cut)
    if not body and not chunked and not said.isdecimal():
        raise Trouble("连接在响应头处中断，没有内容", tries=1)
    unbounded = not chunked and not said.isdecimal() and "html" in headers.get("content-type", "").lower()
    cut_page = unbounded and b"</html" not in body[-65536:].lower()
    return _Answer(status, headers, body, doubtful=not journey.cut and (cut_page or not unpacker.whole))


def _explained(error: Exception, host: str) -> Trouble | FetchError:
    """What happened on the way to a host, found in the chain of causes that requests and urllib3 wrap it in."""
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, (ssl.SSLError, ssl.CertificateError, urllib3.exceptions.SSLError)):
            because = _tls_reason(chain)
            if because == _OUTDATED:
                fix = f"仍要采集时，可在 sources.yaml 的这个信源下写 tls: {{{host}: legacy}}，容许旧式加密。"
            else:
                fix = (
                    f"仍要采集时，可在 sources.yaml 的这个信源下写 tls: {{{host}: unverified}}，不核对证书；"
                    "可信机构自签的证书，请加入 settings.yaml 的 trust。"
                )
            return FetchError(f"证书/协议错误：{because}", fix)
        if isinstance(one, urllib3.exceptions.ProxyError):
            denied = "407" in " ".join(str(cause) for cause in chain)
            return Trouble(_REASONS[407] if denied else "代理服务器没有接通", tries=0 if denied else 99)
        if isinstance(one, (http.client.IncompleteRead, urllib3.exceptions.IncompleteRead)):
            return Trouble("内容不完整：传输中断", tries=1)
        if isinstance(one, (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)):
            return Trouble("读取超时")
    for one in chain:
        if isinstance(one, http.client.HTTPException) and not isinstance(one, http.client.RemoteDisconnected):
            return Trouble("响应不合规或响应头过大", tries=1)
    return Trouble("连接中断")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        if any(one is other for other in found):
            continue
        found.append(one)
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting.extend(other for other in inner if isinstance(other, BaseException))
    return found


_OUTDATED = "服务器的加密协议过旧"
_SIGNS_OF_AGE = (
    "legacy renegotiation",
    "unsupported protocol",
    "protocol version",
    "key too small",
    "md too weak",
)


def _tls_reason(chain: list[BaseException]) -> str:
    said = " ".join(str(one) for one in chain).lower()
    reasons = {
        "expired": "证书已过期",
        "mismatch": "证书不属于该域名",
        "not valid for": "证书不属于该域名",
        "self-signed": "证书系自签",
        "self signed": "证书系自签",
        "unable to get local issuer": "签发机构不受信任",
        **dict.fromkeys(_SIGNS_OF_AGE, _OUTDATED),
    }
    return next((reason for sign, reason in reasons.items() if sign in said), "无法建立加密连接")


def _kept(value: str | None) -> str:
    """A header's value if it can be sent back as it is."""
    return value if value and len(value) <= 1024 and value.isascii() and value.isprintable() else ""


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()[:40]
    return ""


def _context(trust: Path | None, tls: Tls) -> ssl.SSLContext:
    if trust is None:
        return _usual_context(tls)
    context = _new_context(tls)
    try:
        context.load_verify_locations(str(trust))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "settings.yaml: trust", f"{trust} cannot be read as PEM", "Give a file of certificates."
        ) from error
    return context


def _new_context(tls: Tls) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    if tls != "strict":
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.options |= _LEGACY_SERVER_CONNECT
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # TLS 1.0 signs with SHA-1
    if tls == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


_usual_context = functools.cache(_new_context)  # 14 ms for the authorities, and a desk has four of them


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} 秒"
    return f"{seconds / 60:.0f} 分钟" if seconds < 7200 else f"{seconds / 3600:.0f} 小时"


def _route(route: list[str]) -> str:
    return " → ".join(_shown(url) for url in route)


def _shown(url: str) -> str:
    """An address as a line of a message: shortened, escaped, an international host also as it is dialled."""
    text = url if len(url) <= _MAX_SHOWN else url[:_MAX_SHOWN] + "…"
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    try:
        host = urlsplit(text).hostname or ""
        other = host.encode("ascii").decode("idna") if "xn--" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return text
    return text if other == host else f"{text}（{other}）"
