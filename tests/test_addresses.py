"""What may never be dialled, in every spelling: straight, by name, by redirect, after a name changed its mind."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from drills.addresses import ADDRESSES, NETWORKS, SINGLE, SPELLINGS, within
from pipeline.config import ListingSource, Politeness
from pipeline.errors import FetchError, ForbiddenAddress, SourceError
from pipeline.fetch import Fetcher, is_public
from pipeline.sources import open_source
from sites import NOW, PUBLIC, Site, Waits, detour_to, fetcher, moved, names, reply

SCHEMES = ["file:///etc/passwd", "ftp://a/", "gopher://a/", "dict://a/", "data:text/html,x", "javascript:alert(1)"]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def dialled(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was dialled while connections to `PUBLIC` end at the site and others are refused."""
    dialled: list[str] = []
    monkeypatch.setattr(socket, "socket", detour_to(site, dialled))
    return dialled


def test_the_table_is_no_shorter_than_the_attacks_it_answers() -> None:
    assert len(ADDRESSES) + len(SPELLINGS) >= 150


@pytest.mark.parametrize("network", NETWORKS, ids=[f"{what} {network}" for network, what in NETWORKS.items()])
def test_no_address_of_a_special_block_counts_as_public(network: str) -> None:
    assert not any(map(is_public, within(network)))


@pytest.mark.parametrize("address", SINGLE, ids=SINGLE.values())
def test_no_address_that_attackers_ask_for_counts_as_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "11.0.0.0",
        "100.128.0.0",
        "128.0.0.1",
        "169.255.0.0",
        "172.32.0.0",
        "192.0.1.0",
        "192.169.0.0",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:db9::1",
        "2003::1",
        "2400:3200::1",
        "240e:0:1::1",
        "3ffe::1",
    ],
)
def test_the_neighbours_of_special_blocks_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "example", "1.2.3", "1.2.3.4.5", "127.0.0.1 ", "::g", "08.8.8.8"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


def test_no_name_leads_to_a_forbidden_address(site: Site, dialled: list[str]) -> None:
    for address in ADDRESSES:
        fetch = fetcher(site, hosts="", resolve=names(news_example=address), retries=0)
        with pytest.raises(ForbiddenAddress) as caught:
            fetch("http://news.example/")
        assert address in str(caught.value)
        with pytest.raises(ForbiddenAddress):
            fetcher(site, hosts="", resolve=names(news_example=f"{PUBLIC} {address}"))("http://news.example/")
    assert dialled == []


def test_no_forbidden_address_is_reached_as_a_host_or_by_a_redirect(site: Site, dialled: list[str]) -> None:
    hosts = [f"[{one.partition('%')[0]}]" if ":" in one else one for one in ADDRESSES]
    for host in hosts:
        fetch = fetcher(site, hosts="", resolve=names(news_example=PUBLIC), retries=0)
        with pytest.raises(ForbiddenAddress):
            fetch(f"http://{host}/")
        site.answers["/"] = moved(f"http://{host}/latest/meta-data/")
        with pytest.raises(ForbiddenAddress, match=" → "):
            fetch("http://news.example/")
    assert set(dialled) == {PUBLIC}
    assert set(site.requests) == {"/"}


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("way", ["straight", "by a redirect"])
def test_no_spelling_of_a_forbidden_address_is_connected_to(site: Site, host: str, way: str) -> None:
    # with its own port allowed and the system's resolver: only the address itself stands in the way
    fetch = Fetcher(
        Politeness(robots=False, seconds_per_host=0, retries=0, connect_seconds=2),
        clock=lambda: NOW,
        ports=(80, site.port),
        connect_to={"news.example:80": site.address},
        sleep=Waits(),
    )
    site.answers["/start"] = moved(f"http://{host}:{site.port}/inside".encode().decode("latin-1"))
    with pytest.raises(FetchError) as caught:
        fetch("http://news.example/start" if way == "by a redirect" else f"http://{host}:{site.port}/inside")
    assert isinstance(caught.value, ForbiddenAddress)
    assert "/inside" not in site.requests


def turning(*answers: str) -> Callable[..., list[tuple[object, ...]]]:
    """A resolver that gives the next of these answers each time it is asked, the last one for ever."""
    left = list(answers)

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        return names(**{host.replace(".", "_"): left.pop(0) if len(left) > 1 else left[0]})(host, port)

    return resolve


@pytest.mark.parametrize("before", [1, 2, 5])
def test_a_name_that_changes_its_mind_is_connected_to_only_while_it_is_public(
    site: Site, dialled: list[str], before: int
) -> None:
    site.answers["/"] = reply()
    fetch = fetcher(site, hosts="", resolve=turning(*[PUBLIC] * before, "127.0.0.1"))
    for _ in range(before):
        assert fetch("http://news.example/").page is not None
    for _ in range(2):
        with pytest.raises(ForbiddenAddress):
            fetch("http://news.example/")
    assert dialled == [PUBLIC] * before


@pytest.mark.parametrize("target", ["/inside", "//news.example/inside", "?inside"], ids=["path", "host", "query"])
def test_a_redirect_to_the_same_name_is_checked_anew(site: Site, dialled: list[str], target: str) -> None:
    site.answers["/"] = moved(target)
    fetch = fetcher(site, hosts="", resolve=turning(PUBLIC, "169.254.169.254"))
    with pytest.raises(ForbiddenAddress, match=r"169\.254\.169\.254"):
        fetch("http://news.example/")
    assert dialled == [PUBLIC]


def test_a_retry_is_checked_anew(site: Site, dialled: list[str]) -> None:
    site.answers["/"] = reply(b"", "500 Oops")
    with pytest.raises(ForbiddenAddress):
        fetcher(site, hosts="", resolve=turning(PUBLIC, "10.0.0.1"))("http://news.example/")
    assert dialled == [PUBLIC]


def test_robots_txt_is_asked_for_at_public_addresses_only(site: Site, dialled: list[str]) -> None:
    fetch = fetcher(site, hosts="", resolve=names(news_example="10.0.0.1"), robots=True)
    with pytest.raises(ForbiddenAddress):
        fetch("http://news.example/")
    assert dialled == []


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://news.example/#@127.0.0.1/", "/"),
        ("http://news.example/@127.0.0.1/", "/@127.0.0.1/"),
        ("http://news.example?@127.0.0.1/", "/?@127.0.0.1/"),
        ("http://news.example#@127.0.0.1/", "/"),
    ],
)
def test_what_looks_like_another_host_is_not_asked(site: Site, dialled: list[str], url: str, sent: str) -> None:
    site.answers[sent] = reply()
    assert fetcher(site, hosts="", resolve=names(news_example=PUBLIC))(url).page is not None
    assert (dialled, site.requests) == ([PUBLIC], [sent])


@pytest.mark.parametrize("url", SCHEMES)
def test_no_other_scheme_is_opened_as_a_source(site: Site, tmp_path, url: str) -> None:
    source = ListingSource(id="wjw", name="卫健委", kind="listing", url=url, links="a")
    with pytest.raises(SourceError, match=r"卫健委：.*不支持的协议"):
        open_source(source, tmp_path).leads(fetcher(site))


@pytest.mark.parametrize("target", [*SCHEMES, "//10.0.0.1/", "http://[fd00:ec2::254]/"])
def test_no_redirect_of_a_source_leads_out_of_the_policy(site: Site, tmp_path, target: str) -> None:
    site.answers["/list"] = moved(target)
    source = ListingSource(id="wjw", name="卫健委", kind="listing", url="http://news.example/list", links="a")
    with pytest.raises(SourceError, match=r"卫健委：http://news\.example/list → "):
        open_source(source, tmp_path).leads(fetcher(site, hosts="news.example:80"))


def test_a_host_of_mixed_scripts_is_shown_as_it_is_dialled(site: Site) -> None:
    with pytest.raises(FetchError, match=r"http://beij\u0456ng\.example/（xn--[a-z0-9-]+\.example）"):
        fetcher(site)("http://beij\u0456ng.example/")
    assert "Host: xn--" in site.heads[0]


def test_a_server_that_only_speaks_an_outdated_protocol_is_refused_and_named() -> None:
    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with contextlib.suppress(ValueError):
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1
    trustme.CA().issue_cert("news.example").configure_cert(context)
    old = Site(context)
    try:
        with pytest.raises(FetchError, match="证书/协议错误：服务器的加密协议过旧"):
            fetcher(old, hosts="*:443")("https://news.example/")
        assert old.requests == []
    finally:
        old.close()


def test_every_address_of_the_table_is_one() -> None:
    for one in ADDRESSES:
        ip_address(one.partition("%")[0])
