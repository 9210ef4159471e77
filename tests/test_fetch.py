"""The fetcher against servers that misbehave: real sockets on loopback, reached as the configuration allows."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import gzip
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from patience import PATIENCE, until
from pipeline.config import Politeness
from pipeline.errors import ConfigError, FetchError, ForbiddenAddress, TooLarge
from pipeline.fetch import Fetcher, is_public
from sites import NOW, PAGE, PUBLIC, Answer, Site, Waits, detour_to, fetcher, moved, names, reply


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def detour(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connections to `PUBLIC` end at the site, others to public addresses are refused; returns what was dialled."""
    dialled: list[str] = []
    monkeypatch.setattr(socket, "socket", detour_to(site, dialled))
    return dialled


# ------------------------------------------------------------------------------------- what may be dialled


@pytest.mark.parametrize("address", ["93.184.216.34", "202.106.0.20", "240e:0:1::1", "2606:4700::6810:84e5"])
def test_public_addresses_count_as_public(address: str) -> None:
    assert is_public(address)


def test_the_message_names_the_page_and_the_address_it_led_to(site: Site) -> None:
    fetch = fetcher(site, hosts="", resolve=names(news_example="10.0.0.7"))
    with pytest.raises(ForbiddenAddress, match=r"^http://news\.example/a：禁止访问的地址 10\.0\.0\.7"):
        fetch("http://news.example/a")


def test_the_message_for_a_fake_address_hints_at_the_proxy(site: Site) -> None:
    fetch = fetcher(site, hosts="", resolve=names(news_example="198.18.0.44"))
    with pytest.raises(ForbiddenAddress, match="fake-ip"):
        fetch("http://news.example/a")


@pytest.mark.parametrize(
    "answers", [f"{PUBLIC} 10.0.0.1", f"10.0.0.1 {PUBLIC}", f"{PUBLIC} ::1"], ids=["last", "first", "over IPv6"]
)
def test_a_name_with_one_private_answer_among_public_ones_is_refused(
    site: Site, detour: list[str], answers: str
) -> None:
    fetch = fetcher(site, hosts="", resolve=names(news_example=answers))
    with pytest.raises(ForbiddenAddress):
        fetch("http://news.example/")
    assert detour == []


def test_a_name_that_changes_its_answer_is_checked_at_each_request(site: Site, detour: list[str]) -> None:
    site.answers["/"] = reply()
    answers = iter([PUBLIC, "127.0.0.1"])

    def rebinding(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        return names(news_example=next(answers))(host, port)

    fetch = fetcher(site, hosts="", resolve=rebinding)
    assert fetch("http://news.example/").page is not None
    with pytest.raises(ForbiddenAddress):
        fetch("http://news.example/")
    assert detour == [PUBLIC]


def test_a_dead_first_address_does_not_hide_the_second(site: Site, detour: list[str]) -> None:
    site.answers["/"] = reply()
    fetch = fetcher(site, hosts="", resolve=names(news_example=f"93.184.216.33 {PUBLIC}"))
    assert fetch("http://news.example/").page is not None
    assert detour == ["93.184.216.33", PUBLIC]


@pytest.mark.parametrize("port", [22, 25, 6379, 8080])
def test_other_ports_are_refused_unless_configured(site: Site, detour: list[str], port: int) -> None:
    fetch = fetcher(site, hosts="", resolve=names(news_example=PUBLIC))
    with pytest.raises(ForbiddenAddress, match=f"端口 {port} 不在允许之列"):
        fetch(f"http://news.example:{port}/")
    assert detour == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://news.example/a",
        "gopher://news.example/",
        "dict://news.example:11211/",
        "data:text/html,x",
        "javascript:alert(1)",
        "source:news.example",
    ],
)
def test_other_schemes_are_refused(site: Site, url: str) -> None:
    with pytest.raises(ForbiddenAddress, match="不支持的协议"):
        fetcher(site)(url)


ODD = {
    "a backslash before the host": "http://a\\@news.example/",
    "a user name": "http://user@news.example/",
    "a password": "http://u:p@news.example/",
    "an encoded host": "http://news%00.example/",
    "a line break in the host": "http://news\n.example/",
    "a tab in the path": "http://news.example/\ta",
    "a space in the host": "http://news .example/",
    "no host": "http:///a",
    "a port that is no number": "http://news.example:eighty/",
    "an open bracket": "http://[::1/",
    "a dot for a host": "http://./",
    "a label of a hundred letters": f"http://{'a' * 100}.example/",
}


@pytest.mark.parametrize("url", ODD.values(), ids=ODD.keys())
def test_addresses_that_parsers_read_differently_are_refused(site: Site, url: str) -> None:
    with pytest.raises(ForbiddenAddress, match="格式错误"):
        fetcher(site, hosts="")(url)
    assert site.requests == []


def test_an_overlong_address_is_refused_and_shown_shortened(site: Site) -> None:
    with pytest.raises(ForbiddenAddress, match="网址过长") as caught:
        fetcher(site)("http://news.example/" + "a" * 9000)
    assert len(str(caught.value)) < 300
    assert site.requests == []


def test_control_characters_of_an_address_are_escaped_in_the_message(site: Site) -> None:
    with pytest.raises(FetchError) as caught:
        fetcher(site)("http://news.example/\x1b[31m\u202egpj")
    assert str(caught.value).isprintable()


def test_an_international_host_is_shown_as_written_and_as_dialled(site: Site) -> None:
    with pytest.raises(FetchError, match=r"http://例子\.中国/（xn--fsqu00a\.xn--fiqs8s）：页面不存在"):
        fetcher(site)("http://例子.中国/")
    assert "Host: xn--fsqu00a.xn--fiqs8s\r\n" in site.heads[0]


# ---------------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("hop", [1, 2, 5])
@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "//169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://inside.example/",
        "http://news.example:6379/",
        "file:///etc/passwd",
        "http://news.example\\@127.0.0.1/",
    ],
)
def test_a_redirect_out_of_the_policy_is_refused_at_its_hop(site: Site, hop: int, target: str) -> None:
    for number in range(1, hop):
        site.answers[f"/{number}"] = moved(f"/{number + 1}")
    site.answers[f"/{hop}"] = moved(target)
    fetch = fetcher(site, hosts="news.example:80", resolve=names(inside_example="10.0.0.1"))
    with pytest.raises(ForbiddenAddress) as caught:
        fetch("http://news.example/1")
    assert site.requests == [f"/{number}" for number in range(1, hop + 1)]
    assert str(caught.value).count(" → ") == hop


def test_redirects_are_followed_to_the_page_and_its_address_is_kept(site: Site) -> None:
    site.answers["/old"] = moved("../new?id=1#part")
    site.answers["/new?id=1"] = reply()
    page = fetcher(site)("http://news.example/old").page
    assert page is not None
    assert page.url == "http://news.example/new?id=1#part"
    assert page.body == PAGE


def test_a_redirect_with_raw_gbk_bytes_is_asked_for_as_written(site: Site) -> None:
    target = "/" + "新闻".encode("gb18030").decode("latin-1")
    site.answers["/old"] = moved(target)
    site.answers["/%D0%C2%CE%C5"] = reply()
    assert fetcher(site)("http://news.example/old").page is not None


@pytest.mark.parametrize("endless", [True, False], ids=["to itself", "ever on"])
def test_redirects_stop_at_the_fifth(site: Site, endless: bool) -> None:
    for number in range(20):
        site.answers[f"/{number}"] = moved(f"/{0 if endless else number + 1}")
    with pytest.raises(FetchError, match="重定向超过 5 次"):
        fetcher(site)("http://news.example/0")
    assert len(site.requests) == 6


def test_an_overlong_redirect_is_refused_and_shown_shortened(site: Site) -> None:
    site.answers["/"] = moved("/" + "a" * 60_000)
    with pytest.raises(ForbiddenAddress, match="网址过长") as caught:
        fetcher(site)("http://news.example/")
    assert len(str(caught.value)) < 500


def test_the_body_of_a_redirect_is_not_read(site: Site) -> None:
    sent = []

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /page\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(400):
                connection.sendall(bytes(65536))
                sent.append(65536)

    site.answers |= {"/": flood, "/page": reply()}
    assert fetcher(site)("http://news.example/").page is not None
    assert sum(sent) < 16 * 1024 * 1024  # what the buffers of the two sockets hold


def test_a_cookie_set_on_the_way_is_sent_on_that_way_only(site: Site) -> None:
    site.answers["/"] = reply(b"", "302 Found", Location="/page", Set_Cookie="seen=1; Path=/")
    site.answers["/page"] = reply()
    fetch = fetcher(site)
    fetch("http://news.example/")
    fetch("http://news.example/page")
    assert ["Cookie: seen=1" in head for head in site.heads] == [False, True, False]


def test_a_page_that_wants_its_cookie_back_is_read(site: Site) -> None:
    def page(connection: socket.socket) -> None:
        seen = "Cookie: seen=1" in site.heads[-1]
        connection.sendall(reply() if seen else reply(b"", "302 Found", Location="/", Set_Cookie="seen=1; Path=/"))

    site.answers["/"] = page
    assert fetcher(site)("http://news.example/").page is not None
    assert len(site.requests) == 2


def test_a_flood_of_cookies_does_not_come_back(site: Site) -> None:
    def flooded(target: str) -> bytes:
        cookies = [f"Set-Cookie: a{target[1:]}b{n}={'x' * (60_000 if n % 2 else 1000)}; Path=/" for n in range(80)]
        return "\r\n".join(["HTTP/1.1 302 Found", f"Location: {target}", *cookies, "", ""]).encode()

    site.answers |= {"/": flooded("/1"), "/1": flooded("/2"), "/2": reply()}
    assert fetcher(site)("http://news.example/").page is not None
    assert 1000 < len(site.heads[1]) < len(site.heads[2]) < 60_000
    site.heads.clear()
    assert fetcher(site)("http://news.example/2").page is not None
    assert "Cookie" not in site.heads[0]


# --------------------------------------------------------------------------------------------- connect_to


def test_a_named_host_is_dialled_where_the_configuration_says(site: Site) -> None:
    site.answers["/"] = reply()
    page = fetcher(site, hosts="news.example:80")("http://news.example/").page
    assert page is not None
    assert page.url == "http://news.example/"
    assert "Host: news.example\r\n" in site.heads[0]


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "2130706433", "localhost", "[::1]"])
def test_a_rule_for_every_host_does_not_stand_for_machines(site: Site, host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        fetcher(site, hosts="*:80")(f"http://{host}/")
    assert site.requests == []


def test_a_machine_may_be_named_outright(site: Site) -> None:
    site.answers["/"] = reply()
    assert fetcher(site, hosts=f"127.0.0.1:{site.port}")(f"http://127.0.0.1:{site.port}/").page is not None


@pytest.mark.parametrize(
    ("rule", "target"),
    [("news.example", "127.0.0.1:80"), ("news.example:80", "elsewhere:80"), ("*:80", "127.0.0.1"), ("*:", "::1")],
)
def test_a_rule_that_cannot_be_meant_is_an_error_of_configuration(rule: str, target: str) -> None:
    with pytest.raises(ConfigError, match="connect_to"):
        Fetcher(Politeness(), clock=lambda: NOW, connect_to={rule: target})


def test_proxies_and_passwords_of_the_environment_are_ignored(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine news.example login somebody password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.answers["/"] = reply()
    assert fetcher(site)("http://news.example/").page is not None
    assert "Authorization" not in site.heads[0]


# ------------------------------------------------------------------------------------------- time and size


CUT_OFF_BY = 20.0
"""By when a deadline of 0.6 s has ended what goes on for a minute, in seconds, also on a machine that is very busy."""


def drip(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(1200):
            connection.sendall(piece)
            time.sleep(0.05)

    return answer


DRIPS = {
    "the body": drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x"),
    "a body with a length": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
    "the chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-Filler: x\r\n"),
    "one header": drip(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x"),
    "the status line": drip(b"HTTP/1.1 200 ", b"O"),
}


@pytest.mark.parametrize("answer", DRIPS.values(), ids=DRIPS.keys())
def test_a_server_that_drips_is_cut_off_at_the_deadline(site: Site, answer: Answer) -> None:
    site.answers["/"] = answer
    begun = time.monotonic()
    with pytest.raises(FetchError, match=r"超过总时限 0\.6 秒"):
        fetcher(site, total=0.6)("http://news.example/")
    assert 0.5 < time.monotonic() - begun < CUT_OFF_BY
    assert site.requests == ["/"], "one deadline for all tries"


def test_a_connection_is_never_used_twice(site: Site) -> None:
    heard = []

    def stay(connection: socket.socket) -> None:
        connection.sendall(reply(Connection="keep-alive"))
        heard.append(connection.recv(1))

    site.answers["/"] = stay
    fetch = fetcher(site)
    fetch("http://news.example/")
    fetch("http://news.example/")
    assert until(lambda: len(heard) == 2)
    assert heard == [b"", b""]


def test_a_server_silent_in_the_tls_handshake_is_cut_off_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fetch = Fetcher(
            Politeness(robots=False, seconds_per_host=0, total_seconds=0.6, retries=0),
            clock=lambda: NOW,
            connect_to={"*:443": f"127.0.0.1:{silent.getsockname()[1]}"},
        )
        begun = time.monotonic()
        with pytest.raises(FetchError, match="超过总时限"):
            fetch("https://news.example/")
        assert 0.5 < time.monotonic() - begun < CUT_OFF_BY


def test_a_resolver_that_hangs_is_left_behind(site: Site) -> None:
    given_up, answered = threading.Event(), threading.Event()

    def hang(*args: object, **options: object) -> list[tuple[object, ...]]:
        given_up.wait(CUT_OFF_BY)
        answered.set()
        return []

    try:
        with pytest.raises(FetchError, match=r"域名解析超时|超过总时限"):
            fetcher(site, hosts="", resolve=hang, total=0.4, retries=0)("http://news.example/")
        assert not answered.is_set()
    finally:
        given_up.set()


def test_a_redirect_chain_shares_one_deadline(site: Site) -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.25)
        connection.sendall(moved("/"))

    site.answers["/"] = slow
    with pytest.raises(FetchError, match="超过总时限"):
        fetcher(site, total=0.6)("http://news.example/")
    assert len(site.requests) <= 3, "each hop takes a quarter of a second"


def test_a_silent_server_is_given_up_after_the_read_time_and_the_retries(site: Site) -> None:
    site.answers["/"] = lambda connection: time.sleep(1)
    with pytest.raises(FetchError, match="读取超时"):
        fetcher(site, read=0.2, retries=1)("http://news.example/")
    assert len(site.requests) == 2


@functools.cache
def gzip_bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1024 * 1024)
    return b"".join([*(packer.compress(zeros) for _ in range(mebibytes)), packer.flush()])


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_stopped_at_the_unpacked_cap_in_bounded_memory(site: Site, encoding: str) -> None:
    bomb = gzip_bomb(256) if encoding == "gzip" else zlib.compress(bytes(256 * 1024 * 1024))
    site.answers["/"] = reply(bomb, Content_Encoding=encoding)
    fetch = fetcher(site)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="解压后超过上限"):
            fetch("http://news.example/")
        assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    finally:
        tracemalloc.stop()


def peak_kibibytes() -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's account of memory")
@pytest.mark.parametrize("layers", [1, 2], ids=["packed", "packed twice"])
def test_a_bomb_takes_less_than_a_hundred_mebibytes_of_the_process(
    site: Site, layers: int, remark: Callable[[str], None]
) -> None:
    bomb = gzip_bomb(256)
    site.answers["/"] = reply(gzip.compress(bomb) if layers == 2 else bomb, Content_Encoding="gzip")
    fetch = fetcher(site, mebibytes=10)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_kibibytes()
    if layers == 2:  # what is packed twice is unpacked once, and is no page then
        page = fetch("http://news.example/").page
        assert page is not None
        assert page.body == bomb
    else:
        with pytest.raises(TooLarge):
            fetch("http://news.example/")
    taken = (peak_kibibytes() - before) // 1024
    remark(f"a bomb of {len(bomb) // 1024} KiB that unpacks to 256 MiB took {taken} MiB")
    assert taken < 100


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", ", ".join(["gzip"] * 1000), "compress"])
def test_encodings_that_were_not_offered_are_refused(site: Site, encoding: str) -> None:
    site.answers["/"] = reply(gzip.compress(gzip.compress(PAGE)), Content_Encoding=encoding)
    with pytest.raises(FetchError, match="不支持的压缩方式"):
        fetcher(site)("http://news.example/")


PACKED = {
    "gzip": ("gzip", gzip.compress(PAGE)),
    "x-gzip": ("x-gzip", gzip.compress(PAGE)),
    "gzip in two members": ("gzip", gzip.compress(PAGE[:20]) + gzip.compress(PAGE[20:])),
    "gzip with padding": ("gzip", gzip.compress(PAGE) + bytes(100)),
    "deflate as zlib": ("deflate", zlib.compress(PAGE)),
    "deflate as a bare stream": ("deflate", zlib.compress(PAGE)[2:-4]),
    "identity": ("identity", PAGE),
}


@pytest.mark.parametrize(("encoding", "body"), PACKED.values(), ids=PACKED.keys())
def test_packed_pages_are_unpacked(site: Site, encoding: str, body: bytes) -> None:
    site.answers["/"] = reply(body, Content_Encoding=encoding)
    fetched = fetcher(site)("http://news.example/")
    assert fetched.page is not None
    assert fetched.page.body == PAGE
    assert fetched.page.warnings == ()


def flood(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100_000):
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X-Filler: x\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ],
    ids=["be patient", "trailers", "a chunk's size"],
)
def test_an_answer_that_never_comes_to_its_point_is_cut_off(site: Site, answer: Answer) -> None:
    site.answers["/"] = answer
    begun = time.monotonic()
    with pytest.raises(FetchError):
        fetcher(site, total=0.6, retries=0)("http://news.example/")
    assert time.monotonic() - begun < CUT_OFF_BY


def test_an_endless_body_is_stopped_at_the_cap(site: Site) -> None:
    site.answers["/"] = flood(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))
    with pytest.raises(TooLarge, match="超过上限 1024 KiB"):
        fetcher(site)("http://news.example/")


def test_a_caller_may_ask_for_less(site: Site) -> None:
    site.answers["/"] = reply(bytes(5000))
    fetch = fetcher(site)
    with pytest.raises(TooLarge):
        fetch("http://news.example/", limit=4096)
    assert fetch("http://news.example/", limit=5000).page is not None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 5000 + b"\r\n",
        flood(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 65536),
        flood(b"", b"HTTP/1.1 200 " + b"x" * 65536),
    ],
    ids=["five thousand", "one without end", "a status line without end"],
)
def test_headers_are_bounded(site: Site, answer: Answer) -> None:
    site.answers["/"] = answer
    with pytest.raises(FetchError, match="响应"):
        fetcher(site, retries=0)("http://news.example/")


# -------------------------------------------------------------------------------------- answers cut short

CUT = {
    "shorter than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + PAGE,
    "within a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + PAGE,
    "between two chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n",
    "within the headers": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Half",
    "after the headers, without a length": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    "claims gzip but is not": reply(PAGE, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
def test_an_answer_cut_short_is_asked_for_once_more_and_then_failed(site: Site, answer: bytes) -> None:
    site.answers["/"] = answer
    with pytest.raises(FetchError):
        fetcher(site, retries=3)("http://news.example/")
    assert len(site.requests) == 2


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
def test_the_second_answer_counts_when_it_is_whole(site: Site, answer: bytes) -> None:
    site.answers["/"] = [answer, reply()]
    page = fetcher(site)("http://news.example/").page
    assert page is not None
    assert page.body == PAGE
    assert page.warnings == ()


DOUBTFUL = {
    "half a page without a length": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE[:40],
    "a packed page without its end": reply(gzip.compress(PAGE)[:-12], Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_a_page_that_may_be_half_is_asked_for_again_and_then_marked(site: Site, answer: bytes) -> None:
    site.answers["/"] = answer
    page = fetcher(site)("http://news.example/").page
    assert page is not None
    assert "可能不完整" in page.warnings[0]
    assert len(site.requests) == 2


def test_a_whole_page_without_a_length_is_just_a_page(site: Site) -> None:
    site.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    page = fetcher(site)("http://news.example/").page
    assert page is not None
    assert page.warnings == ()
    assert len(site.requests) == 1


# ------------------------------------------------------------------------------------ status and retries


def test_what_the_server_says_of_the_page_is_kept(site: Site) -> None:
    site.answers["/"] = reply(Content_Type='Text/HTML; Charset="GB2312"', ETag='"v1"', Last_Modified="Mon")
    fetched = fetcher(site)("  http://news.example/  ")
    assert fetched.page is not None
    assert (fetched.page.content_type, fetched.page.charset) == ("text/html", "gb2312")
    assert (fetched.page.url, fetched.page.fetched) == ("http://news.example/", NOW)
    assert (fetched.etag, fetched.modified) == ('"v1"', "Mon")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("204 No Content", "没有返回内容"),
        ("206 Partial Content", "只返回了部分内容"),
        ("300 Multiple Choices", "没有给出页面"),
        ("302 Found", "重定向没有给出地址"),
        ("304 Not Modified", "并未问及"),
        ("401 Unauthorized", "需要登录"),
        ("403 Forbidden", "拒绝访问"),
        ("404 Not Found", "页面不存在"),
        ("418 Teapot", "没有给出页面"),
        ("451 Unavailable", "法律原因"),
    ],
)
def test_each_refusal_has_its_reason_and_is_not_repeated(site: Site, status: str, reason: str) -> None:
    site.answers["/"] = reply(b"", status)
    with pytest.raises(FetchError, match=rf"{reason}.*HTTP {status[:3]}"):
        fetcher(site)("http://news.example/")
    assert len(site.requests) == 1


def test_a_failing_server_is_asked_again_with_growing_pauses(site: Site) -> None:
    site.answers["/"] = [reply(b"", "500 Oops"), reply(b"", "502 Bad"), reply()]
    waits = Waits()
    assert fetcher(site, waits=waits)("http://news.example/").page is not None
    assert waits == pytest.approx([1, 2], abs=0.2)


def test_retries_are_bounded(site: Site) -> None:
    site.answers["/"] = reply(b"", "503 Busy")
    with pytest.raises(FetchError, match="HTTP 503"):
        fetcher(site, retries=2)("http://news.example/")
    assert len(site.requests) == 3


def test_a_refused_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    fetch = Fetcher(Politeness(robots=False, retries=1), clock=lambda: NOW, connect_to={"*:80": address}, sleep=Waits())
    with pytest.raises(FetchError, match="无法连接：对方拒绝连接"):
        fetch("http://news.example/")


def test_an_unknown_name_is_named(site: Site) -> None:
    with pytest.raises(FetchError, match="域名无法解析"):
        fetcher(site, hosts="", resolve=names(news_example=""), retries=0)("http://news.example/")


RETRY_AFTER = {
    "seconds": ("7", 7),
    "a date": ("Mon, 01 Jul 2024 00:30:20 GMT", 20),
    "negative": ("-5", 1),
    "a date gone by": ("Mon, 01 Jan 2024 00:00:00 GMT", 1),
    "garbage": ("soon", 1),
    "nothing": ("", 1),
}


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
@pytest.mark.parametrize("status", ["429 Slow down", "503 Busy"])
def test_a_short_retry_after_is_waited_for(site: Site, status: str, value: str, seconds: int) -> None:
    site.answers["/"] = [reply(b"", status, Retry_After=value), reply()]
    waits = Waits()
    assert fetcher(site, waits=waits)("http://news.example/").page is not None
    assert waits == pytest.approx([seconds], abs=0.2)


@pytest.mark.parametrize(
    ("value", "span"),
    [("3600", "60 分钟"), ("315360000", "87600 小时"), ("Mon, 01 Jul 2024 02:30:00 GMT", "2 小时")],
)
def test_a_long_retry_after_fails_and_the_host_is_left_alone(site: Site, value: str, span: str) -> None:
    site.answers["/"] = reply(b"", "429 Slow down", Retry_After=value)
    site.answers["/other"] = reply()
    waits = Waits()
    fetch = fetcher(site, waits=waits)
    with pytest.raises(FetchError, match=f"要求 {span}后再访问"):
        fetch("http://news.example/")
    with pytest.raises(FetchError, match="本次跳过"):
        fetch("http://news.example/other")
    assert fetch("http://elsewhere.example/other").page is not None
    assert site.requests == ["/", "/other"]
    assert waits == []


def test_a_host_that_asked_before_is_left_alone_until_then(site: Site) -> None:
    site.answers["/"] = reply(b"", "429 Slow down", Retry_After="3600")
    kept: dict[str, dt.datetime] = {}
    with pytest.raises(FetchError):
        fetcher(site, shutting=kept.__setitem__)("http://news.example/")
    assert kept == {"news.example": NOW + dt.timedelta(hours=1)}
    with pytest.raises(FetchError, match="该网站要求 60 分钟后再访问，本次跳过"):
        fetcher(site, shut=kept)("http://news.example/")
    assert site.requests == ["/"]
    site.answers["/"] = reply()
    assert fetcher(site, shut={"news.example": NOW})("http://news.example/").page is not None


def test_no_host_is_left_alone_for_longer_than_a_day_whatever_was_kept(site: Site) -> None:
    with pytest.raises(FetchError, match="24 小时"):
        fetcher(site, shut={"news.example": NOW + dt.timedelta(days=900)})("http://news.example/")


@pytest.mark.parametrize("etag", ['"' + "x" * 5000 + '"', '"\xe4"', '"a\tb"'], ids=["long", "not ASCII", "a tab"])
def test_a_tag_that_cannot_be_sent_back_is_not_kept(site: Site, etag: str) -> None:
    site.answers["/"] = reply(ETag=etag)
    assert fetcher(site)("http://news.example/").etag == ""


def test_an_unchanged_document_is_told_from_a_page(site: Site) -> None:
    site.answers["/"] = b'HTTP/1.1 304 Not Modified\r\nETag: "v2"\r\n\r\n'
    fetched = fetcher(site)("http://news.example/", etag='"v1"', modified="Mon, 01 Jul 2024 00:00:00 GMT")
    assert fetched.page is None
    assert (fetched.etag, fetched.modified) == ('"v2"', "Mon, 01 Jul 2024 00:00:00 GMT")
    assert 'If-None-Match: "v1"\r\n' in site.heads[0]
    assert "If-Modified-Since: Mon, 01 Jul 2024 00:00:00 GMT\r\n" in site.heads[0]


# ---------------------------------------------------------------------------------------------- robots.txt

DISALLOW = b"User-agent: *\nDisallow: /private\n"
ROBOTS: dict[str, tuple[Answer, str, bool]] = {
    "another path": (reply(DISALLOW), "/page", True),
    "the path": (reply(DISALLOW), "/private/1", False),
    "the path, after a byte order mark": (reply(b"\xef\xbb\xbf" + DISALLOW), "/private/1", False),
    "a wildcard": (reply(b"User-agent: *\nDisallow: /*.pdf$\n"), "/a.pdf", False),
    "a longer allow": (reply(b"User-agent: *\nDisallow: /\nAllow: /page\n"), "/page", True),
    "us by name": (reply(b"User-agent: bulletin-desk\nDisallow: /\n\nUser-agent: *\nDisallow:\n"), "/page", False),
    "somebody else": (reply(b"User-agent: OtherBot\nDisallow: /\n"), "/page", True),
    "a web page in its place": (reply(PAGE), "/page", True),
    "nothing there": (reply(b"", "404 Not Found"), "/page", True),
    "forbidden to read": (reply(b"", "403 Forbidden"), "/page", True),
    "a broken server": (reply(b"", "503 Busy"), "/page", False),
    "a server that asks for patience": (reply(b"", "429 Slow down"), "/page", False),
    "on another host": (moved("http://other.example/rules"), "/private/1", False),
    "inside the house": (moved("http://10.0.0.1/rules"), "/page", False),
    "600 kB, the rule at its head": (reply(DISALLOW + b"#" * 600_000), "/private/1", False),
}


@pytest.mark.parametrize(("robots", "path", "allowed"), ROBOTS.values(), ids=ROBOTS.keys())
def test_robots_txt_decides(site: Site, robots: Answer, path: str, allowed: bool) -> None:
    site.answers |= {"/robots.txt": robots, "/rules": reply(DISALLOW), path: reply()}
    fetch = fetcher(site, robots=True)
    for _ in range(2):
        if allowed:
            assert fetch(f"http://news.example{path}").page is not None
        else:
            with pytest.raises(FetchError, match=r"robots"):
                fetch(f"http://news.example{path}")
    assert site.pages.count(path) == (2 if allowed else 0)


def test_robots_txt_is_read_once_a_host(site: Site) -> None:
    site.answers |= {"/robots.txt": reply(DISALLOW), "/a": reply(), "/b": reply()}
    fetch = fetcher(site, robots=True)
    fetch("http://news.example/a")
    fetch("http://news.example/b")
    fetch("http://other.example/b")
    assert site.requests == ["/robots.txt", "/a", "/b", "/robots.txt", "/b"]


def test_a_redirect_into_a_disallowed_path_is_not_followed(site: Site) -> None:
    site.answers |= {"/robots.txt": reply(DISALLOW), "/a": moved("/private/a"), "/private/a": reply()}
    with pytest.raises(FetchError, match="robots 禁止"):
        fetcher(site, robots=True)("http://news.example/a")
    assert site.pages == ["/a"]


# ---------------------------------------------------------------------------------------------- politeness


def test_a_host_is_left_in_peace_between_two_requests(site: Site) -> None:
    site.answers["/"] = reply()
    waits = Waits()
    fetch = fetcher(site, waits=waits, pause=2)
    for host in ("a.example", "a.example", "b.example", "A.example"):
        fetch(f"http://{host}/")
    assert waits == pytest.approx([2, 2], abs=0.2)


@pytest.mark.parametrize(("delay", "seconds"), [("5", 5), ("600", 30)])
def test_a_crawl_delay_is_kept_up_to_half_a_minute(site: Site, delay: str, seconds: int) -> None:
    site.answers |= {"/robots.txt": reply(f"User-agent: *\nCrawl-delay: {delay}\n".encode()), "/": reply()}
    waits = Waits()
    fetch = fetcher(site, waits=waits, robots=True)
    fetch("http://news.example/")
    fetch("http://news.example/")
    assert waits == pytest.approx([seconds], abs=0.2)


def test_threads_take_turns_at_one_host_and_not_at_several(site: Site) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {"one host": 0, "all": 0}
    lock = threading.Lock()

    def count(key: str) -> Callable[[socket.socket], None]:
        def answer(connection: socket.socket) -> None:
            with lock:
                running[key] = running.get(key, 0) + 1
                most["one host"] = max(most["one host"], running[key])
                most["all"] = max(most["all"], sum(running.values()))
            time.sleep(0.15)
            with lock:
                running[key] -= 1
            connection.sendall(reply())

        return answer

    site.answers |= {"/a": count("a"), "/b": count("b")}
    fetch = fetcher(site)
    with ThreadPoolExecutor(4) as threads:
        pages = list(threads.map(fetch, ["http://a.example/a", "http://b.example/b"] * 3))
    assert all(fetched.page is not None for fetched in pages)
    assert most == {"one host": 1, "all": 2}


# ----------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def secure(authority: trustme.CA, *hosts: str, expired: bool = False, outdated: bool = False) -> Site:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if outdated:
        with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    until = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) if expired else None
    authority.issue_cert(*hosts, not_after=until).configure_cert(context)
    site = Site(context)
    site.answers["/"] = reply()
    return site


@pytest.mark.parametrize(
    ("hosts", "trusted", "expired", "problem"),
    [
        (("news.example",), True, False, ""),
        (("other.example",), True, False, "证书不属于该域名"),
        (("news.example",), False, False, "不受信任|自签"),
        (("news.example",), True, True, "证书已过期"),
    ],
    ids=["the right name", "a wrong name", "an unknown authority", "an expired certificate"],
)
def test_certificates_are_verified_against_the_host_of_the_address(
    authority: trustme.CA, tmp_path: Path, hosts: tuple[str, ...], trusted: bool, expired: bool, problem: str
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    site = secure(authority, *hosts, expired=expired)
    fetch = fetcher(site, hosts="*:443", trust=tmp_path / "ca.pem" if trusted else None)
    try:
        if not problem:
            assert fetch("https://news.example/").page is not None
            return
        with pytest.raises(FetchError, match=f"证书/协议错误：.*({problem})"):
            fetch("https://news.example/")
        assert site.requests == []
    finally:
        site.close()


@pytest.mark.parametrize("problem", ["wrong name", "self-signed", "expired"])
def test_a_certificate_that_is_no_good_passes_where_the_source_says_so(authority: trustme.CA, problem: str) -> None:
    site = secure(
        authority, "other.example" if problem == "wrong name" else "news.example", expired=problem == "expired"
    )
    try:
        with pytest.raises(FetchError) as caught:
            fetcher(site, hosts="*:443")("https://news.example/")
        assert "sources.yaml" in caught.value.fix
        assert "tls: {news.example: unverified}" in caught.value.fix
        fetch = fetcher(site, hosts="*:443", tls={"news.example": "unverified"})
        assert fetch("https://news.example/").page is not None
        with pytest.raises(FetchError, match="证书/协议错误"):
            fetch("https://another.example/")
        with pytest.raises(FetchError, match="证书/协议错误"):
            fetcher(site, hosts="*:443", tls={"news.example": "legacy"})("https://news.example/")
    finally:
        site.close()


def test_an_outdated_protocol_passes_where_the_source_says_so_and_its_certificate_is_still_verified(
    authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    site = secure(authority, "news.example", outdated=True)
    legacy = {"news.example": "legacy", "another.example": "legacy"}
    try:
        with pytest.raises(FetchError, match="证书/协议错误：服务器的加密协议过旧") as caught:
            fetcher(site, hosts="*:443", trust=tmp_path / "ca.pem")("https://news.example/")
        assert "tls: {news.example: legacy}" in caught.value.fix
        fetch = fetcher(site, hosts="*:443", trust=tmp_path / "ca.pem", tls=legacy)
        assert fetch("https://news.example/").page is not None
        with pytest.raises(FetchError, match="证书不属于该域名"):
            fetch("https://another.example/")
        with pytest.raises(FetchError, match=r"不受信任|自签"):
            fetcher(site, hosts="*:443", tls=legacy)("https://news.example/")
    finally:
        site.close()


def test_a_trust_file_that_is_none_is_an_error_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate", encoding="utf-8")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="trust"):
            Fetcher(Politeness(), clock=lambda: NOW, trust=tmp_path / name)


# --------------------------------------------------------------------------------------------------- a proxy


class Proxy(Site):
    """A proxy that passes everything on to one site, whatever it is asked for."""

    def __init__(self, behind: Site, context: ssl.SSLContext | None = None, *, password: str = "") -> None:
        super().__init__(context)
        self.behind = behind
        self.password = password

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := connection.recv(65536)):
                return
            head += data
        method, target, _ = head.split(b" ", 2)
        self.requests.append(f"{method.decode()} {target.decode()}")
        self.heads.append(head.decode("latin-1"))
        if self.password and f"Proxy-Authorization: Basic {self.password}" not in self.heads[-1]:
            connection.sendall(reply(b"", "407 Proxy Authentication Required"))
            return
        with socket.create_connection(("127.0.0.1", self.behind.port), 5) as onward:
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = b"/" + target.split(b"/", 3)[3]
                onward.sendall(head.replace(target, path, 1))
            back = threading.Thread(target=_pass_on, args=(onward, connection), daemon=True)
            back.start()
            _pass_on(connection, onward)
            back.join(PATIENCE)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    proxy = Proxy(site)
    yield proxy
    proxy.close()


def numbers(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
    assert host == "127.0.0.1", "a name was looked up here"
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]


def test_a_proxy_gets_every_request_and_looks_the_names_up_itself(site: Site, proxy: Proxy) -> None:
    site.answers |= {"/robots.txt": reply(b"User-agent: *\nDisallow: /secret"), "/a": reply(), "/b": moved("/a")}
    fetch = fetcher(site, hosts="", robots=True, proxy=f"http://{proxy.address}", resolve=numbers)
    assert fetch("http://news.example/b").page is not None
    with pytest.raises(FetchError, match="robots 禁止"):
        fetch("http://news.example/secret")
    assert proxy.requests == [f"GET http://news.example{path}" for path in ("/robots.txt", "/b", "/a")]


def test_through_a_proxy_certificates_are_verified_as_ever(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    site = secure(authority, "news.example")
    proxy = Proxy(site)
    fetch = fetcher(site, hosts="", proxy=f"http://{proxy.address}", trust=tmp_path / "ca.pem", resolve=numbers)
    try:
        assert fetch("https://news.example/").page is not None
        assert proxy.requests == ["CONNECT news.example:443"]
        with pytest.raises(FetchError, match="证书不属于该域名"):
            fetch("https://another.example/")
    finally:
        proxy.close()
        site.close()


def test_a_proxy_may_be_reached_over_tls(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    site = Site()
    site.answers["/"] = reply()
    proxy = Proxy(site, context)
    fetch = fetcher(site, hosts="", proxy=f"https://{proxy.address}", trust=tmp_path / "ca.pem", resolve=numbers)
    try:
        assert fetch("http://news.example/").page is not None
    finally:
        proxy.close()
        site.close()


def test_a_password_goes_to_the_proxy_alone(site: Site) -> None:
    site.answers["/"] = reply()
    proxy = Proxy(site, password="b2ZmaWNlOnNlY3JldA==")
    try:
        assert fetcher(site, hosts="", proxy=f"http://office:secret@{proxy.address}")("http://news.example/").page
        with pytest.raises(FetchError, match="代理服务器要求登录") as caught:
            fetcher(site, hosts="", proxy=f"http://office:wrong@{proxy.address}")("http://news.example/")
        assert "wrong" not in str(caught.value)
        with pytest.raises(FetchError, match="代理服务器要求登录"):
            fetcher(site, hosts="", proxy=f"http://office:wrong@{proxy.address}")("https://news.example/")
    finally:
        proxy.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/",
        "http://localhost/",
        "http://intranet/",
        "http://files.office.lan/",
        "http://127.0.0.1./",
        "http://１２７.0.0.1/",
    ],
)
@pytest.mark.parametrize("redirected", [False, True])
def test_through_a_proxy_addresses_are_checked_as_they_are_written(
    site: Site, proxy: Proxy, url: str, redirected: bool
) -> None:
    site.answers["/"] = moved(url.encode().decode("latin-1"))
    fetch = fetcher(site, hosts="", proxy=f"http://{proxy.address}")
    with pytest.raises(ForbiddenAddress, match=r"禁止访问的地址|网址格式错误"):
        fetch("http://news.example/" if redirected else url)
    assert proxy.requests == ["GET http://news.example/"] * redirected


def test_what_the_configuration_names_is_reached_without_the_proxy(site: Site, proxy: Proxy) -> None:
    site.answers["/"] = reply()
    assert fetcher(site, hosts="rsshub.office:80", proxy=f"http://{proxy.address}")("http://rsshub.office/").page
    assert proxy.requests == []


def test_a_proxy_that_is_not_there_is_named_as_such(site: Site) -> None:
    with pytest.raises(FetchError, match="代理服务器：无法连接：对方拒绝连接"):
        fetcher(site, hosts="", retries=0, proxy="http://127.0.0.1:1")("http://news.example/")


def test_a_proxy_that_drips_is_cut_off_at_the_deadline(site: Site, proxy: Proxy) -> None:
    site.answers["/"] = DRIPS["the body"]
    begun = time.monotonic()
    with pytest.raises(FetchError, match="超过总时限 1 秒"):
        fetcher(site, hosts="", total=1, proxy=f"http://{proxy.address}")("http://news.example/")
    assert time.monotonic() - begun < CUT_OFF_BY
