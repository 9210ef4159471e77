"""Asks for every forbidden address in a network of its own, where each of them would answer.

usage: python -m drills.addresses

A network namespace holds nothing but a loopback with all these addresses and a web server on them. Plain requests
shows that they can be reached; the fetcher must reach none, straight, by name, by redirect, nor by a name that changes
its answer. Needs `ip` and `unshare`, and leave to make a namespace: root has it, others where the system lets them.
The tables are the tests' too.
"""

from __future__ import annotations

import datetime as dt
import http.server
import itertools
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_network
from typing import NoReturn

import requests

from drills.conclusion import concluded
from pipeline.config import Politeness
from pipeline.errors import FetchError
from pipeline.fetch import Fetcher

PUBLIC = "93.184.216.34"
NOW = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
INSIDE = "--inside"
_SECONDS = 10  # for an answer over loopback, which a busy machine gives late

NETWORKS = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "relays of 6to4",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarks, fake-ip proxies",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "255.255.255.255/32": "broadcast",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "IPv4-compatible",
    "::ffff:0:0/96": "IPv4-mapped",
    "::ffff:0:0:0/96": "IPv4-translated",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "local NAT64",
    "100::/64": "discard only",
    "100:0:0:1::/64": "dummy prefix",
    "2001::/32": "Teredo",
    "2001:2::/48": "benchmarks",
    "2001:10::/28": "old ORCHID",
    "2001:20::/28": "ORCHID",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing",
    "fc00::/7": "unique local",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
"""The blocks of the special-purpose registries, and those that carry another address inside."""

SINGLE = {
    "169.254.169.254": "where most clouds keep a machine's keys",
    "169.254.170.2": "keys of a cloud's containers",
    "169.254.169.123": "a cloud's clock",
    "169.254.0.23": "keys, another cloud",
    "100.100.100.200": "keys, in shared space",
    "168.63.129.16": "the host agent of a cloud, public by its number only",
    "192.0.0.192": "keys, in protocol assignments",
    "198.18.0.1": "the first of a fake-ip proxy",
    "fd00:ec2::254": "keys over IPv6",
    "fd20:ce::254": "keys over IPv6, another cloud",
    "127.0.0.53": "the resolver of a machine",
    "127.255.255.254": "loopback at its end",
    "172.17.0.1": "the host as its containers see it",
    "172.31.255.255": "private at its end",
    "192.168.65.2": "the host as a virtual machine sees it",
    "224.0.0.251": "multicast names",
    "239.255.255.250": "multicast discovery",
    "::ffff:127.0.0.1": "loopback, mapped",
    "::ffff:a9fe:a9fe": "keys, mapped",
    "::ffff:93.184.216.34": "a public address, mapped",
    "::7f00:1": "loopback, compatible",
    "::ffff:0:127.0.0.1": "loopback, translated",
    "64:ff9b::7f00:1": "loopback through NAT64",
    "64:ff9b::a9fe:a9fe": "keys through NAT64",
    "64:ff9b:1::a00:1": "private through local NAT64",
    "2002:7f00:1::": "loopback through 6to4",
    "2002:a9fe:a9fe::1": "keys through 6to4",
    "2002:c0a8:101::1": "private through 6to4",
    "2001:0:7f00:1::": "a Teredo server on loopback",
    "2001:0:53aa:64c::80ff:fffe": "loopback through Teredo",
    "fe80::1%lo": "link-local with a zone",
    "fe80::a9fe:a9fe": "link-local keys",
    "fec0::1": "site-local",
    "ff02::1": "every machine near",
    "ff02::fb": "multicast names",
}
"""Single addresses that somebody is known to have asked for."""

SPELLINGS = {
    "dotted": "127.0.0.1",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "octal all through": "017700000001",
    "with leading zeros": "0000177.0000.0000.0001",
    "hexadecimal": "0x7f.1",
    "hexadecimal all through": "0x7f000001",
    "mixed bases": "0x7f.0.0.01",
    "short": "127.1",
    "three parts": "127.0.1",
    "bare zero": "0",
    "zero dotted": "0.0.0.0",
    "with a final dot": "127.0.0.1.",
    "keys in decimal": "2852039166",
    "keys in hexadecimal": "0xa9fea9fe",
    "keys in octal": "0251.0376.0251.0376",
    "full-width digits": "１２７.0.0.1",
    "digits in circles": "①②⑦.⓪.⓪.①",
    "ideographic dots": "127。0。0。1",
    "half-width dots": "127｡0｡0｡1",
    "IPv6": "[::1]",
    "IPv6 in full": "[0:0:0:0:0:0:0:1]",
    "unspecified": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped in hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "by name": "localhost",
    "by name, in capitals": "LOCALHOST",
    "by name, with a final dot": "localhost.",
}
"""Ways to write loopback, and where clouds keep keys, as a host of a URL."""


def within(network: str) -> list[str]:
    """The first, the middle and the last address of a block."""
    block = ip_network(network)
    return sorted({str(block[0]), str(block[block.num_addresses // 2]), str(block[-1])})


ADDRESSES = list(dict.fromkeys([*SINGLE, *(address for network in NETWORKS for address in within(network))]))
"""Every single address and three of each block."""


class Web:
    """A web server on all addresses of the namespace that notes at which it was asked."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        web = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.add(self.connection.getsockname()[0].removeprefix("::ffff:"))
                target = self.path.removeprefix("/to?")
                self.send_response(302 if target != self.path else 200)
                if target != self.path:
                    self.send_header("Location", target)
                self.send_header("Content-Length", "0" if target != self.path else "4")
                self.end_headers()
                if target == self.path:
                    self.wfile.write(b"page")

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6
            daemon_threads = True

            def server_bind(self) -> None:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                self.socket.bind(self.server_address)

        threading.Thread(target=Server(("::", 80), Answer).serve_forever, daemon=True).start()


def literal(address: str) -> str:
    """An address as the host of a URL."""
    return f"[{address.partition('%')[0]}]" if ":" in address else address


def knows(*answers: str) -> Callable[..., list[tuple[object, ...]]]:
    """A resolver that takes numbers for themselves and gives names one of the answers after the other."""
    turn = itertools.cycle(answers)

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return socket.getaddrinfo(next(turn) if host.endswith(".example") else host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]

    return resolve


def reaches(url: str, *answers: str) -> bool:
    """Whether the fetcher gets a page."""
    manners = Politeness(robots=False, seconds_per_host=0, retries=0, connect_seconds=_SECONDS, read_seconds=_SECONDS)
    fetch = Fetcher(manners, clock=lambda: NOW, resolve=knows(*answers or [PUBLIC]))
    try:
        return fetch(url).page is not None
    except FetchError:
        return False


def inside() -> NoReturn:
    """The drill, in the namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (PUBLIC, *ADDRESSES):
        bare = address.partition("%")[0]
        subprocess.run(
            ["ip", "address", "add", f"{bare}/{128 if ':' in bare else 32}", "dev", "lo"],
            check=False,
            stderr=subprocess.DEVNULL,
        )
    web = Web()
    plain = requests.Session()
    plain.trust_env = False
    for host in [*map(literal, ADDRESSES), *SPELLINGS.values()]:
        try:
            plain.get(f"http://{host}/", timeout=_SECONDS)
        except (requests.RequestException, UnicodeError):
            continue
    could = web.asked - {PUBLIC}
    web.asked.clear()
    got = {
        "straight": [one for one in ADDRESSES if reaches(f"http://{literal(one)}/")],
        "spelled oddly": [one for one in SPELLINGS.values() if reaches(f"http://{one}/")],
        "by name": [one for one in ADDRESSES if reaches("http://news.example/", one)],
        "by redirect": [one for one in ADDRESSES if reaches(f"http://{PUBLIC}/to?http://{literal(one)}/")],
        "by redirect, spelled oddly": [
            one for one in SPELLINGS.values() if one.isascii() and reaches(f"http://{PUBLIC}/to?http://{one}/")
        ],
        "by a name that turns": [
            one for one in ADDRESSES if reaches("http://news.example/to?http://news.example/", PUBLIC, one)
        ],
    }
    strayed = web.asked - {PUBLIC}
    print(f"plain requests reached {len(could)} forbidden addresses, the fetcher {len(strayed)}: {sorted(strayed)}")
    for way, reached in got.items():
        print(f"  {way}: {reached or 'none'}")
    works = reaches(f"http://{PUBLIC}/") and reaches("http://news.example/", PUBLIC)
    print(f"  a public address: {'reached' if works else 'NOT reached'}")
    broken = [f"reached {way}: {one}" for way, reached in got.items() for one in reached]
    broken += [f"connected to: {one}" for one in sorted(strayed)]
    if len(could) < 40 or not works or PUBLIC not in web.asked:
        broken.append("the drill itself does not reach what it should: it shows nothing")
    concluded(4 * len(ADDRESSES) + 2 * len(SPELLINGS), broken)


def main() -> int:
    """Starts the drill in a namespace of its own."""
    if INSIDE in sys.argv:
        inside()
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        print("left out: needs unshare and ip")
        return 0
    for how in (["-n"], ["-r", "-n"]):
        if subprocess.run(["unshare", *how, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return subprocess.run(["unshare", *how, sys.executable, "-m", "drills.addresses", INSIDE]).returncode
    print("left out: no leave to make a network namespace")
    return 0


if __name__ == "__main__":
    sys.exit(main())
