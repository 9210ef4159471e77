"""The demo web answers as the outlets' servers do: character sets, conditional requests, certificates, troubles."""

import http.client
import json
import re
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from patience import PATIENCE
from pipeline.config import packaged
from pipeline.demo import seeds
from pipeline.demo.site import DemoWeb
from pipeline.demo.sites import DEAD, HOSTS, MIRROR, SITES, answers, published
from pipeline.model import Kind


@pytest.fixture(scope="module")
def web():
    with DemoWeb() as running:
        yield running


def get(web, url, **headers):
    """One request as a fetcher makes it: dialled through `connect_to`, the certificate checked against the CA."""
    parts = urlsplit(url)
    port = 443 if parts.scheme == "https" else 80
    address, _, dialled = web.connect_to[f"{parts.hostname}:{port}"].partition(":")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=PATIENCE)
    connection.sock = socket.create_connection((address, int(dialled)), timeout=PATIENCE)
    if parts.scheme == "https":
        context = ssl.create_default_context(cadata=web.ca_pem.decode("ascii"))
        connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
    connection.request("GET", parts.path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    response.whole = response.read()
    connection.close()
    return response


@pytest.mark.parametrize("piece", published(), ids=lambda piece: piece.url)
def test_every_piece_is_served_with_its_title_and_every_line_of_its_text(web, piece):
    response = get(web, piece.url)
    assert response.status == 200
    site = next(site for site in SITES if site.host == piece.host)
    page = response.whole.decode(site.charset)
    for line in (piece.title, *piece.text.split("\n")):
        assert line.replace("&", "&amp;") in page


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_has_robots_txt_and_a_certificate_of_the_demos_authority(web, host):
    assert b"User-agent: *" in get(web, f"https://{host}/robots.txt").whole


def test_a_certificate_for_another_host_is_not_accepted(web):
    address, _, port = web.connect_to[f"{HOSTS[0]}:443"].partition(":")
    context = ssl.create_default_context(cadata=web.ca_pem.decode("ascii"))
    with (
        socket.create_connection((address, int(port)), timeout=PATIENCE) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="www.example.com")


@pytest.mark.parametrize(
    "url",
    ["https://news.ynet.com/list/1.html", seeds.articles(535)[2].url, seeds.articles(636)[0].url],
    ids=["list", "article", "article of another outlet"],
)
def test_gbk_bytes_call_themselves_gb2312(web, url):
    response = get(web, url)
    assert b"charset=gb2312" in response.whole
    response.whole.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        response.whole.decode("utf-8")


def test_a_list_in_gbk_has_characters_that_gb2312_lacks(web):
    with pytest.raises(UnicodeDecodeError):
        get(web, "https://news.ynet.com/list/1.html").whole.decode("gb2312")


@pytest.mark.parametrize(("given", "sent"), [("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")])
def test_what_did_not_change_is_not_sent_again(web, given, sent):
    url = "https://beijing.qianlong.com/rss/beijing.xml"
    again = get(web, url, **{sent: get(web, url).headers[given]})
    assert (again.status, again.whole) == (304, b"")


def test_an_older_copy_is_answered_with_the_page(web):
    url = "https://beijing.qianlong.com/rss/beijing.xml"
    assert get(web, url, If_Modified_Since="Mon, 01 Jan 2024 00:00:00 GMT").status == 200
    assert get(web, url, If_None_Match='"another"').status == 200


def test_the_mirror_is_seed_002_byte_for_byte(web):
    seed = next(packaged("seeds").glob("002_*")).read_bytes()
    assert get(web, MIRROR).whole == seed
    assert MIRROR.encode() in get(web, "https://feed.xinwensou.example/rss").whole


def test_the_dead_source_refuses_connections(web):
    with pytest.raises(ConnectionRefusedError):
        get(web, f"https://{DEAD}/feed.xml")


def test_plain_http_leads_to_https_where_the_outlet_has_it(web):
    url = seeds.articles(534)[0].url
    response = get(web, url.replace("https:", "http:"))
    assert (response.status, response.headers["Location"]) == (301, url)


def test_an_unknown_address_is_not_found(web):
    assert get(web, "https://news.bjd.com.cn/2024/06/31/1.shtml").status == 404


def test_a_missing_page_and_a_captcha_answer_200(web):
    gone = get(web, "http://news.enorth.com.cn/system/2024/06/18/056415999.shtml")
    captcha = get(web, "https://www.sohu.com/a/785555001_120100")
    assert (gone.status, captcha.status) == (200, 200)
    assert "不存在" in gone.whole.decode()
    assert "验证码" in captcha.whole.decode()


def test_feeds_that_are_no_feeds(web):
    parked = get(web, "https://rss.yiliaodaobao.example/feed.xml")
    noise = get(web, "https://rss.jiankangshuju.example/atom.xml")
    assert b"<html>" in parked.whole
    assert b"<" + b"feed" not in noise.whole
    with pytest.raises(UnicodeDecodeError):
        noise.whole.decode("utf-8")


def test_a_list_links_a_pdf_that_says_so(web):
    listing = get(web, "https://wjw.beijing.gov.cn/xwzx_20031/wnxw/").whole.decode()
    found = re.search(r'href="\./([^"]+\.pdf)"', listing)
    response = get(web, f"https://wjw.beijing.gov.cn/xwzx_20031/wnxw/{found[1]}")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.whole.startswith(b"%PDF-")


def test_every_index_leads_to_every_piece_of_its_site():
    indexes = "".join(
        answer.body.decode("gbk" if host in ("news.ynet.com", "www.ce.cn") else "utf-8")
        for (host, path), answer in answers().items()
        if path.endswith(("/", "xml", "json", "1460")) or "/list/" in path
        if "jiankangshuju" not in host
    )
    for piece in published():
        if not piece.host.endswith("163.com"):
            assert piece.path.rsplit("/", 1)[1] in indexes, piece.url


def test_the_json_feed_dates_carry_the_time_zone(web):
    feed = json.loads(get(web, "https://news.bjd.com.cn/feed.json").whole)
    dated = {item["url"]: item.get("date_published") for item in feed["items"]}
    assert dated[seeds.articles(534)[0].url] == "2024-05-08T09:12:00+08:00"


def test_reprints_differ_from_the_original_and_name_their_source_or_not():
    original = seeds.articles(535)
    copies = [piece for piece in published() if piece.host == "www.sohu.com" and not piece.why]
    assert {piece.outlet for piece in copies} == {"千龙网", "北京日报", "央广网", ""}
    park = next(piece for piece in copies if piece.outlet == "千龙网")
    assert park.title != original[0].title
    assert len(park.blocks) < len(original[0].blocks)
    assert sum(block in original[0].blocks for block in park.blocks) > len(park.blocks) / 2


def test_pictures_are_pictures(web):
    figures = [block for block in seeds.articles(636)[2].blocks if block.kind is Kind.FIGURE]
    assert len(figures) == 5
    assert len({get(web, block.src).whole for block in figures}) == 5
    assert get(web, figures[0].src).whole.startswith(b"\xff\xd8\xff")


def test_the_web_can_run_twice_and_keeps_no_memory_of_the_first_time():
    ports = []
    for _ in range(2):
        with DemoWeb() as web:
            assert web.requests == []
            get(web, "https://m.163.com/robots.txt")
            assert [(one.host, one.path, one.status) for one in web.requests] == [("m.163.com", "/robots.txt", 200)]
            ports.append(web.connect_to["m.163.com:443"])
            assert set(web.connect_to) == {f"{host}:{port}" for host in (*HOSTS, DEAD) for port in (80, 443)}
    address, _, port = ports[0].partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, int(port)), timeout=PATIENCE)
