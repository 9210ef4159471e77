"""What may be dialled: the address that was checked is the one that is connected to.

The check sits where a connection is made, not where a URL is parsed: redirects, odd spellings of numbers,
disagreeing parsers and names that change their answer all end here. Plain requests reached 47 of 73
forbidden addresses, a check of the URL alone still some, this one none.
"""

from __future__ import annotations

import errno
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from pipeline.errors import ConfigError, ForbiddenAddress

Resolve = Callable[..., list[tuple[Any, ...]]]
"""Looks names up as `socket.getaddrinfo` does."""

_UNICAST_V6 = ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # the host agent of a large cloud, public by its number only
        "2001::/23",  # protocol assignments, Teredo among them: carries any IPv4 address
        "2002::/16",  # 6to4: carries any IPv4 address
        "2001:db8::/32",
        "3fff::/20",  # both for documentation
    )
)
_INTERNAL = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa")
_FAKE_IP = ip_network("198.18.0.0/15")


class Trouble(Exception):
    """One attempt that failed and may go better the next time; the text is the reason in Chinese."""

    def __init__(self, because: str, *, tries: int = 99, wait: float | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.tries = tries
        """How many more attempts it deserves at most."""
        self.wait = wait
        """Seconds the server asked for before the next one."""


def is_public(address: str) -> bool:
    """Whether `address` is public unicast, and no envelope for one that is not."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip not in _UNICAST_V6:
        return False  # loopback, mapped, compatible, NAT64, site-local, unique local, link-local, multicast
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    return not any(ip.version == net.version and ip in net for net in _NOT_PUBLIC)


class Dialler:
    """Opens connections to public addresses, and to those that the configuration names.

    `connect_to` maps `host:port` or `*:port` to the `address:port` dialled instead; what it names is a
    trusted hop and may be on loopback. A host that is itself a number, or localhost, is only meant by
    its own name, never by `*`.
    """

    def __init__(self, ports: tuple[int, ...], connect_to: Mapping[str, str], resolve: Resolve) -> None:
        self._ports = ports
        self._instead = {_key(rule): _target(rule, target) for rule, target in connect_to.items()}
        self._resolve = resolve

    def __call__(self, host: str, port: int, seconds: float, left: Callable[[], float]) -> socket.socket:
        """A connected socket; each address gets at most `seconds`, all together what is `left()`.

        Raises `ForbiddenAddress`, or `Trouble` when nothing answered.
        """
        host = host.strip("[]")
        if _is_machine(host.rstrip(".")):
            host = host.rstrip(".")  # resolvers disagree whether 127.0.0.1. is a number or a name
        return self._connected(lambda time_out: self._addresses(host, port, time_out), seconds, left)

    def _connected(
        self,
        look_up: Callable[[float], list[tuple[int, tuple[Any, ...]]]],
        seconds: float,
        left: Callable[[], float],
    ) -> socket.socket:
        refusal = "没有可用的地址"
        for family, address in look_up(min(seconds, left())):
            if (time_out := min(seconds, left())) <= 0:
                break
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(time_out)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                refusal = _refusal(error)
                continue
            return sock
        raise Trouble(f"无法连接：{refusal}")

    def hop(self, host: str, port: int, seconds: float, left: Callable[[], float]) -> socket.socket:
        """A socket to a proxy, which the configuration names and which may be anywhere."""
        try:
            return self._connected(lambda time_out: self._look_up(host, port, time_out), seconds, left)
        except Trouble as trouble:
            raise Trouble(f"代理服务器：{trouble.because}") from trouble

    def names(self, host: str, port: int) -> bool:
        """Whether the configuration names what is dialled for this host."""
        return self._trusted(host, port) is not None

    def check(self, host: str, port: int) -> None:
        """Raises `ForbiddenAddress` for what a URL alone shows to be forbidden; a proxy looks the names up itself."""
        self._check_port(port)
        name = host.strip("[]").lower().rstrip(".")
        if ("." not in name and ":" not in name) or name.endswith(_INTERNAL):
            raise ForbiddenAddress(f"禁止访问的地址 {name}（本机或内网的名字）")
        if _is_machine(name):
            address = name if ":" in name else socket.inet_ntoa(socket.inet_aton(name))
            if not is_public(address):
                raise _forbidden(address)

    def _check_port(self, port: int) -> None:
        if port not in self._ports:
            raise ForbiddenAddress(
                f"端口 {port} 不在允许之列（{'、'.join(map(str, self._ports))}）",
                "确需访问时，请在 settings.yaml 的 ports 中加入。",
            )

    def _addresses(self, host: str, port: int, seconds: float) -> list[tuple[int, tuple[Any, ...]]]:
        if (instead := self._trusted(host, port)) is not None:
            return self._look_up(*instead, seconds)
        self._check_port(port)
        found = self._look_up(host, port, seconds)
        for _, address in found:
            if not is_public(address[0]):
                raise _forbidden(address[0])
        return found

    def _trusted(self, host: str, port: int) -> tuple[str, int] | None:
        name = host.lower().rstrip(".")
        exact = self._instead.get(f"{name}:{port}")
        return exact if exact or _is_machine(name) else self._instead.get(f"*:{port}")

    def _look_up(self, host: str, port: int, seconds: float) -> list[tuple[int, tuple[Any, ...]]]:
        # A resolver can block for a minute and cannot be interrupted, so it is left behind in its thread.
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, name=f"look up {host[:60]}", daemon=True).start()
        try:
            answer = answers.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            raise Trouble("域名解析超时") from None
        if isinstance(answer, UnicodeError):
            raise ForbiddenAddress("域名格式错误")
        if isinstance(answer, OSError) or not answer:
            raise Trouble("域名无法解析")
        return [(family, address) for family, _, _, _, address in answer]


def _is_machine(name: str) -> bool:
    """Whether a host is written as a number (any spelling the resolver takes) or means this machine."""
    if name == "localhost" or name.endswith(".localhost") or ":" in name:
        return True
    try:
        socket.inet_aton(name)
    except (OSError, UnicodeError):
        return False
    return True


def _forbidden(address: str) -> ForbiddenAddress:
    fix = ""
    if address.count(".") == 3 and ip_address(address) in _FAKE_IP:
        fix = "198.18 网段常见于代理软件的 fake-ip 模式，请对本程序关闭该模式。"
    return ForbiddenAddress(f"禁止访问的地址 {address}（本机、内网或保留地址）", fix)


def _refusal(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "连接超时"
    known = {errno.ECONNREFUSED: "对方拒绝连接", errno.ENETUNREACH: "网络不通", errno.EHOSTUNREACH: "主机不可达"}
    return known.get(error.errno or 0, error.strerror or "连接失败")


def _key(rule: str) -> str:
    host, _, port = rule.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError(f"settings.yaml: connect_to: {rule!r}", "is not host:port or *:port")
    return f"{host.strip('[]').lower().rstrip('.')}:{int(port)}"


def _target(rule: str, target: str) -> tuple[str, int]:
    address, _, port = target.rpartition(":")
    try:
        return str(ip_address(address.strip("[]"))), int(port)
    except ValueError:
        raise ConfigError(
            f"settings.yaml: connect_to: {rule}", f"{target!r} is not address:port", "Write 127.0.0.1:8443."
        ) from None
