"""The door: who may ask for what, from where, how much; and what every answer tells the browser."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import httpx
import pytest
import structlog
from starlette.responses import Response

from desktops import Desktop, served, signed_in
from patience import PATIENCE
from pipeline.model import Account, Role
from pipeline.store import issues
from pipeline.web import app as door
from pipeline.web import receiving, server
from pipeline.web.asking import Route
from pipeline.web.table import ROUTES

# Every address of the page with the least role that may use it: whoever adds an address says so here, too.
TABLE = {
    "GET /": "viewer",
    "GET /accounts": "admin",
    "POST /accounts": "admin",
    "POST /accounts/{login}/change": "admin",
    "POST /accounts/{login}/link": "admin",
    "POST /accounts/{login}/sessions": "admin",
    "GET /api/v1/drafts": "viewer",
    "GET /api/v1/drafts/{series}/{start}": "viewer",
    "POST /api/v1/drafts/{series}/{start}/approve": "approver",
    "POST /api/v1/drafts/{series}/{start}/decisions": "editor",
    "POST /api/v1/drafts/{series}/{start}/release": "approver",
    "POST /api/v1/drafts/{series}/{start}/correct": "approver",
    "POST /api/v1/drafts/{series}/{start}/drop": "approver",
    "GET /api/v1/drafts/{series}/{start}/files/{format}": "viewer",
    "POST /api/v1/drafts/{series}/{start}/send-back": "approver",
    "POST /api/v1/drafts/{series}/{start}/withdraw": "approver",
    "POST /api/v1/drafts/{series}/{start}/start": "editor",
    "POST /api/v1/drafts/{series}/{start}/submit": "editor",
    "GET /api/v1/issues": "viewer",
    "GET /api/v1/issues/{series}/{number}": "viewer",
    "GET /api/v1/issues/{series}/{number}/files/{name:path}": "viewer",
    "GET /api/v1/issues/{series}/{number}/formats/{format}": "viewer",
    "GET /api/v1/openapi.json": "viewer",
    "GET /api/v1/search": "viewer",
    "GET /api/v1/series": "viewer",
    "GET /api/v1/series/{series}/windows": "viewer",
    "GET /api/v1/sources": "viewer",
    "GET /archive": "viewer",
    "GET /archive/search": "viewer",
    "GET /archive/{series}/{number}": "viewer",
    "GET /archive/{series}/{number}/files/{name:path}": "viewer",
    "GET /archive/{series}/{number}/findings": "viewer",
    "GET /archive/{series}/{number}/missed": "viewer",
    "POST /archive/{series}/{number}/missed": "editor",
    "GET /archive/{series}/{number}/missed/{article}": "viewer",
    "GET /archive/{series}/{number}/original": "viewer",
    "GET /archive/{series}/{number}/page": "viewer",
    "GET /archive/{series}/{number}/proof": "viewer",
    "GET /archive/{series}/{number}/{format}": "viewer",
    "GET /audit": "admin",
    "GET /counts/{series}/{start}": "viewer",
    "GET /healthz": "",
    "GET /help": "viewer",
    "GET /issues/{series}/{start}": "viewer",
    "GET /issues/{series}/{start}/add": "editor",
    "POST /issues/{series}/{start}/add": "editor",
    "POST /issues/{series}/{start}/approve": "approver",
    "GET /issues/{series}/{start}/checks": "viewer",
    "GET /issues/{series}/{start}/compare": "viewer",
    "GET /issues/{series}/{start}/correct": "approver",
    "POST /issues/{series}/{start}/correct": "approver",
    "POST /issues/{series}/{start}/decide": "editor",
    "POST /issues/{series}/{start}/drop": "approver",
    "GET /issues/{series}/{start}/files/{format}": "viewer",
    "GET /issues/{series}/{start}/history": "viewer",
    "GET /issues/{series}/{start}/history/{revision}": "viewer",
    "GET /issues/{series}/{start}/items/{handle}": "viewer",
    "POST /issues/{series}/{start}/items/{handle}": "editor",
    "GET /issues/{series}/{start}/items/{handle}/page": "viewer",
    "POST /issues/{series}/{start}/items/{handle}/paste": "editor",
    "POST /issues/{series}/{start}/items/{handle}/restore": "editor",
    "GET /issues/{series}/{start}/items/{handle}/source": "viewer",
    "GET /issues/{series}/{start}/layout": "viewer",
    "GET /issues/{series}/{start}/layout/{revision}/{page}": "viewer",
    "GET /issues/{series}/{start}/notes": "viewer",
    "POST /issues/{series}/{start}/notes": "editor",
    "GET /issues/{series}/{start}/pictures/{blob}": "viewer",
    "GET /issues/{series}/{start}/preview": "viewer",
    "POST /issues/{series}/{start}/publish": "approver",
    "POST /issues/{series}/{start}/redo": "editor",
    "GET /issues/{series}/{start}/release": "viewer",
    "POST /issues/{series}/{start}/release": "approver",
    "GET /issues/{series}/{start}/released/{revision}/{name:path}": "viewer",
    "POST /issues/{series}/{start}/restore": "editor",
    "GET /issues/{series}/{start}/send-back": "approver",
    "POST /issues/{series}/{start}/send-back": "approver",
    "POST /issues/{series}/{start}/settle": "editor",
    "POST /issues/{series}/{start}/submit": "editor",
    "POST /issues/{series}/{start}/undo": "editor",
    "GET /issues/{series}/{start}/upload": "editor",
    "POST /issues/{series}/{start}/upload": "editor",
    "GET /issues/{series}/{start}/withdraw": "approver",
    "POST /issues/{series}/{start}/withdraw": "approver",
    "GET /login": "",
    "POST /login": "",
    "POST /logout": "viewer",
    "GET /me": "viewer",
    "GET /metrics": "",
    "POST /me/password": "viewer",
    "POST /me/preferences": "viewer",
    "POST /me/sessions/{session}/end": "viewer",
    "POST /me/tokens": "viewer",
    "POST /me/tokens/{token}/revoke": "viewer",
    "GET /new/{series}": "editor",
    "POST /new/{series}": "editor",
    "GET /pause/{series}": "editor",
    "POST /pause/{series}": "editor",
    "GET /readyz": "",
    "GET /runs/{series}/{start}": "viewer",
    "GET /skip/{series}/{start}": "editor",
    "POST /skip/{series}/{start}": "editor",
    "GET /sources": "viewer",
    "GET /sources/{source}": "viewer",
    "POST /sources/{source}/try": "editor",
    "GET /trends": "viewer",
    "GET /trends/{series}": "viewer",
    "GET /trends/{series}/{table}": "viewer",
    "GET /welcome/{token}": "",
    "POST /welcome/{token}": "",
}
FILLED = {"{series}": "beijing-monthly", "{start}": "2024-06-01", "{format}": "docx", "{login}": "wang"}
PEOPLE = {
    "viewer": Account("kan", "查看者", Role.VIEWER),
    "editor": Account("bian", "编辑者", Role.EDITOR),
    "approver": Account("shen", "审定者", Role.APPROVER),
    "admin": Account("guan", "管理者", Role.ADMIN),
    "limited": Account("zhou", "周报编辑", Role.ADMIN, ("national-weekly",)),
}


class People:
    """A page that nobody is signed in to by itself, and those who may be."""

    def __init__(self, desktop: Desktop) -> None:
        self.desktop, self.url, self.office = desktop, desktop.url, desktop.office
        with self.office.opened() as desk:
            self.known = {name: signed_in(desk, account) for name, account in PEOPLE.items()}
            self.tokens = {
                name: desk.give_token(account, "测试程序", account.role, "测试")
                for name, (_, account) in self.known.items()
            }

    def client(self, who: str = "", **headers: str) -> httpx.Client:
        """The browser of one of them, which says where its forms come from; below /api, their program."""
        cookies = {"desk": self.known[who][0]} if who else {}
        word = {"X-CSRF": self.known[who][1].word} if who else {}
        token = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        given = {"Sec-Fetch-Site": "same-origin", **word, **token, **headers}
        return self.desktop.client(cookies=cookies, headers=given)

    def last(self) -> str:
        """The last row of the audit log."""
        with self.office.opened() as desk:
            (row,) = desk.audit.newest(1)
            return f"{row.who} {row.act.value} {row.target} {row.detail}"


@pytest.fixture(scope="module")
def page(june_office, tmp_path_factory) -> Iterator[People]:
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("door") / "office")
    with served(folder, None) as desktop:
        yield People(desktop)


@pytest.fixture(scope="module")
def stubbed(june_office, tmp_path_factory) -> Iterator[People]:
    """The same door with nothing behind it: whoever is let in is told so, and changes nothing."""
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("door") / "office")
    extra = Route("POST", "/api/echo", lambda asked: Response(asked.who.role.value), Role.VIEWER)
    routes = [*(dataclasses.replace(one, handler=lambda _asked: Response("let in")) for one in ROUTES), extra]
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:  # while the door is made; the pages of other tests have their own
            patched.setattr(door, "ROUTES", routes)
            desktop = stack.enter_context(served(folder, None))
        yield People(desktop)


def _address(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")


def _asked(client: httpx.Client, method: str, path: str) -> httpx.Response:
    return client.request(method, _address(path), data={"a": "b"} if method == "POST" else None)


def test_the_table_names_every_address_with_its_role():
    assert {f"{one.method} {one.path}": one.role.value if one.role else "" for one in ROUTES} == TABLE


def test_the_page_answers_nowhere_else(page):
    from pipeline.web import create_app

    routes = {one.path for one in create_app(page.office).router.routes}
    assert routes == {"/static/{digest}/{name:path}", *(one.path for one in ROUTES)}


def test_nobody_gets_anywhere_without_signing_in_but_to_the_door(page):
    with page.client() as client:
        for line, role in TABLE.items():
            method, path = line.split()
            answer = _asked(client, method, path)
            if role == "":
                assert answer.status_code in (200, 401, 410, *([503] if path == "/readyz" else ())), line
            elif path.startswith("/api/"):
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), line
            elif method == "GET":
                assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login"), line
            else:
                assert answer.status_code == 401, line
                assert "登录" in answer.text


@pytest.mark.parametrize("who", ["viewer", "editor", "approver", "admin"])
def test_each_role_is_let_in_where_the_table_says_and_nowhere_else(stubbed, who):
    with stubbed.client(who) as client:
        for line, role in TABLE.items():
            answer = _asked(client, *line.split())
            allowed = role == "" or Role(who).allows(Role(role))
            assert answer.status_code == (200 if allowed else 403), line
            assert allowed or "没有权限" in (answer.text if "/api/" not in line else answer.json()["title"]), line


def test_what_is_not_ones_series_is_not_there_whatever_the_role(stubbed):
    with stubbed.client("limited") as client:
        for line in TABLE:
            theirs = _asked(client, *line.split())
            assert theirs.status_code == (404 if "{series}" in line else 200), line
            if "{series}" in line:
                assert "不在其刊物之内" in stubbed.last()
                own = line.replace("{series}", "national-weekly")
                assert _asked(client, *own.split()).status_code == 200, own


def test_a_series_that_is_not_there_and_one_that_is_not_ones_own_look_the_same(page):
    with page.client("limited") as client:
        answers = [client.get(f"/issues/{series}/2024-06-01") for series in ("beijing-monthly", "no-such-series")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].text.replace("beijing-monthly", "no-such-series") == answers[1].text


def test_an_address_that_is_none_and_a_method_that_is_none(page):
    with page.client("admin") as client:
        assert client.get("/no/such/page").status_code == 404
        assert (client.put("/me").status_code, client.delete("/").status_code) == (405, 405)
        assert "没有找到" in client.get("/issues").text
        assert client.get("/issues/beijing-monthly/9999-12-01").status_code == 404
        for number in ("9" * 20, "9" * 5000):  # more than a database holds, more than Python reads
            assert client.get(f"/issues/beijing-monthly/2024-06-01/preview?revision={number}").status_code == 404
            decided = client.post("/issues/beijing-monthly/2024-06-01/decide", data={"verb": "x", "revision": number})
            released = client.post("/issues/beijing-monthly/2024-06-01/release", data={"revision": number})
            assert (decided.status_code, released.status_code) == (422, 409)
    with page.client() as client:
        assert client.get("/no/such/page").status_code == 303, "what there is is nobody's business"


def test_whoever_is_sent_to_the_door_comes_back_to_where_they_were_going(page):
    with page.client() as client:
        answer = client.get("/issues/beijing-monthly/2024-06-01?item=h1")
    assert answer.headers["location"] == "/login?next=%2Fissues%2Fbeijing-monthly%2F2024-06-01%3Fitem%3Dh1"


# --------------------------------------------------------------------------- what answers tell browsers


def test_every_answer_forbids_what_the_page_does_not_need(page):
    answers = []
    with page.client("viewer") as client:
        style = client.get("/").text.split('href="/static/')[1].split('"')[0]
        for path in ("/", "/login", "/none", "/accounts", f"/static/{style}", "/static/0/none.css", "/healthz", "/me"):
            answers.append(client.get(path))
        answers += [client.put("/"), client.get("/", headers={"Host": "evil.example"})]
        answers += [client.post("/me/preferences", headers={"Sec-Fetch-Site": "cross-site"})]
    with page.client() as client:
        answers += [client.get("/"), client.post("/logout")]
    assert len({one.status_code for one in answers}) >= 7
    for one in answers:
        policy = one.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "frame-ancestors 'self'" in policy
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["referrer-policy"] == "no-referrer"
        assert one.headers["cross-origin-opener-policy"] == "same-origin"
        kept = "immutable" if one.url.path.endswith("css") and one.status_code == 200 else "no-store"
        assert kept in one.headers["cache-control"], one.url
        assert "server" not in one.headers


@pytest.mark.parametrize(
    "name",
    [
        "../base.html",
        "%2e%2e/base.html",
        "..%2fbase.html",
        "vendor/../../base.html",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        ".hidden",
        "vendor",
        "desk.css%00.png",
        "..\\base.html",
    ],
)
def test_nothing_but_the_static_files_is_static(page, name):
    host, port = page.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:  # as it stands: clients tidy paths up
        connection.sendall(f"GET /static/0/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ")[1] in (b"303", b"404")
    assert b"{% block" not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "[::1"]
)
def test_the_page_is_not_to_be_had_by_a_name_that_is_not_its_own(page, host):
    with page.client("admin") as client:
        answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "期刊编号" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:80", "192.168.1.9:8765", "desk.localhost"])
def test_the_page_is_to_be_had_by_its_names_and_by_any_address(page, host):
    with page.client("viewer") as client:
        assert client.get("/", headers={"Host": host}).status_code == 200


# ----------------------------------------------------------------------------- what comes from elsewhere


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour of the same domain"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"}, id="what the browser says counts"),
        pytest.param({"Sec-Fetch-Site": "", "Origin": "http://evil.example"}, id="an older browser, another site"),
        pytest.param({"Sec-Fetch-Site": "", "Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Sec-Fetch-Site": "", "Referer": "http://evil.example/127.0.0.1"}, id="only a referrer"),
        pytest.param({"Sec-Fetch-Site": "", "Origin": "http://["}, id="an origin that is none"),
        pytest.param({"Sec-Fetch-Site": ""}, id="nothing said"),
    ],
)
def test_what_another_site_sends_in_somebodys_name_is_not_done(page, headers):
    with page.client("viewer", **headers) as client:
        answer = client.post("/me/tokens", data={"name": "偷来的", "role": "viewer"})
    assert answer.status_code == 403
    assert "没有照办" in answer.text
    assert page.last().startswith("查看者 refused /me/tokens POST：不是从本系统的页面发来")
    with page.office.opened() as desk:
        assert [one.name for one in desk.tokens(page.known["viewer"][1])] == ["测试程序"]


@pytest.mark.parametrize("headers", [{"Origin": "{url}"}, {"Referer": "{url}/me"}], ids=["origin", "referrer"])
def test_a_browser_that_says_less_is_believed_by_what_it_says(page, headers):
    given = {name: value.format(url=page.url) for name, value in headers.items()}
    with page.client("viewer", **given) as client:
        del client.headers["Sec-Fetch-Site"]
        assert client.post("/me/preferences", data={"shortcuts": "on"}).status_code == 303


def test_a_form_that_was_made_for_somebody_else_is_sent_again_only_knowingly(page):
    with page.client("viewer", **{"X-CSRF": page.known["editor"][1].word}) as client:
        answer = client.post("/me/tokens", data={"name": "内网门户", "role": "viewer", "csrf": "stale"})
    assert answer.status_code == 403
    assert "请再提交一次" in answer.text
    assert 'value="内网门户"' in answer.text
    assert page.known["viewer"][1].word in answer.text, "the form that is offered may be sent"


def test_looking_never_asks_for_a_word(page):
    with page.client("viewer", **{"X-CSRF": "", "Sec-Fetch-Site": "cross-site"}) as client:
        assert client.get("/").status_code == 200


# ---------------------------------------------------------------------------------------- programs


def _token(page: People, who: str, role: Role) -> str:
    with page.office.opened() as desk:
        return desk.give_token(page.known[who][1], "测试程序", role, "测试")


def test_a_program_shows_its_token_and_needs_no_page_of_ours(stubbed):
    with stubbed.client(Authorization=f"Bearer {_token(stubbed, 'admin', Role.EDITOR)}") as client:
        del client.headers["Sec-Fetch-Site"]
        answer = client.post("/api/echo", json={})
        assert (answer.status_code, answer.text) == (200, "editor")
        assert client.get("/accounts").status_code == 303, "a token opens no page"


def test_a_token_that_is_worthless_is_told_so_in_json(stubbed):
    for shown in ("Bearer made-up", "Bearer", "Basic YTpi", ""):
        with stubbed.client(Authorization=shown) as client:
            answer = client.post("/api/echo")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["title"] == "没有登录"


def test_below_the_api_no_cookie_lets_anybody_in(stubbed):
    with stubbed.client("admin") as client:
        del client.headers["Authorization"]
        assert client.post("/api/echo", json={}).status_code == 401
        assert client.get("/api/v1/series").status_code == 401


# ------------------------------------------------------------------------------------- too much of it


def test_a_form_of_ten_megabytes_is_refused_in_words_and_told_of(page):
    with page.client("editor") as client:
        answer = client.post("/issues/beijing-monthly/2024-06-01/decide", data={"text": "字" * 1_200_000})
    assert answer.status_code == 413
    assert "内容超过 5 MB" in answer.text
    assert "编辑者 refused /issues/beijing-monthly/2024-06-01/decide POST：内容超过" in page.last()


def test_a_form_that_does_not_say_how_long_it_is_is_refused_when_it_is_too_long(page):
    with page.client("editor", **{"Content-Type": "application/x-www-form-urlencoded"}) as client:
        answer = client.post("/me/preferences", content=(b"a" * 10_000 for _ in range(20)))
    assert answer.status_code == 413


def test_a_form_of_ten_thousand_fields_is_refused_in_words(page):
    fields = {f"f{number}": "" for number in range(10_000)}
    with page.client("editor") as client:
        for sent in ({"data": fields}, {"files": dict.fromkeys(list(fields)[:1100], (None, ""))}):
            answer = client.post("/issues/beijing-monthly/2024-06-01/decide", **sent)
            assert answer.status_code == 400
            assert "栏目超过 1000 个" in answer.text
            assert "栏目超过" in page.last()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"title=%ff%fe"),
        ("application/x-www-form-urlencoded", "title=标题".encode("gbk")),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\n\xb1\xea\r\n--b--\r\n',
        ),
    ],
)
def test_text_that_is_no_text_is_refused_in_words(page, kind, body):
    with page.client("editor", **{"Content-Type": kind}) as client:
        answer = client.post("/issues/beijing-monthly/2024-06-01/decide", content=body)
    assert answer.status_code == 400
    assert "不是 UTF-8" in answer.text


def test_a_form_that_breaks_off_is_refused_in_words(page):
    with page.client("editor", **{"Content-Type": "multipart/form-data; boundary=b"}) as client:
        answer = client.post("/me/preferences", content=b"--c\r\nnonsense")
    assert answer.status_code == 400
    assert "表单不完整" in answer.text


def test_nobodys_hundred_megabytes_are_kept(page):
    with page.client() as client:
        upload = "/issues/beijing-monthly/2024-06-01/upload"
        answer = client.post(upload, files={"file": ("a.docx", b"0" * 7_000_000)})
    assert answer.status_code in (401, 413)


def test_a_stranger_may_send_a_megabyte_and_who_was_signed_in_what_they_wrote(page, monkeypatch):
    form = {"text": "文" * 200_000}
    with page.client() as client:
        assert "文文" not in client.post("/me/password", data=form).text
        client.cookies.set("desk", "expired")
        assert form["text"] in client.post("/me/password", data=form).text
        monkeypatch.setattr(door, "_KEPT_AT_ONCE", 0)
        client.cookies.set("desk", "expired")
        assert "文文" not in client.post("/me/password", data=form).text, "so many are kept at once, and no more"


def test_whoever_takes_too_long_over_the_head_of_a_request_is_hung_up_on(page, monkeypatch):
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.2)
    host, port = page.url.removeprefix("http://").split(":")
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(begun)
            assert connection.recv(100) == b""


def test_whoever_takes_too_long_over_a_form_is_told_so(page, monkeypatch):
    monkeypatch.setattr(receiving, "_PATIENCE", 0.2)
    host, port = page.url.removeprefix("http://").split(":")
    secret, account = page.known["editor"]
    head = (
        "POST /me/preferences HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        f"Cookie: desk={secret}\r\nX-CSRF: {account.word}\r\nContent-Length: 900\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nshortcuts="
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 408")
    assert "发送得太慢" in answer


def test_a_head_that_never_ends_is_refused(page):
    host, port = page.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection, suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        for _ in range(100):
            connection.sendall(b"a" * 10_000)
            time.sleep(0.002)
        pytest.fail("a megabyte of head was taken")


def test_a_flood_of_refusals_does_not_fill_the_audit_log(page, monkeypatch):
    monkeypatch.setattr(door, "_TOLD_AN_HOUR", 3)
    with page.office.opened() as desk, page.client(**{"X-CSRF": ""}) as client:
        before = desk.audit.last()
        for _ in range(8):
            client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert desk.audit.last() - before <= 3


# -------------------------------------------------------------------------------- what should not happen


def test_a_file_that_an_editor_program_lays_beside_the_configuration_is_no_trouble(desktop, tmp_path):
    lock = tmp_path / "office" / "config" / ".#series.yaml"
    lock.symlink_to("wang@desk.1234:1700000000")
    with People(desktop).client("viewer") as client:
        assert client.get("/").status_code == 200


def test_a_damaged_draft_is_named_in_chinese_and_hides_no_other_page(desktop, tmp_path, monkeypatch):
    monkeypatch.setattr(issues._POOLS, "_known", OrderedDict())  # as in a program that has just begun
    with closing(sqlite3.connect(tmp_path / "office" / "data" / "desk.db")) as database, database:
        database.execute("UPDATE candidates SET content = replace(content, '智慧', '智能')")
    with People(desktop).client("viewer") as client:
        shown, draft = client.get("/"), client.get("/issues/beijing-monthly/2024-06-01")
    assert (shown.status_code, draft.status_code) == (200, 500)
    assert "这份草稿读不出来" in shown.text
    assert "请把这句话告诉管理员：draft beijing-monthly 2024-06-01: candidate" in draft.text


def test_what_breaks_tells_a_number_that_the_log_has_too_and_nothing_else(june_office, tmp_path, monkeypatch):
    def broken(_asked: object) -> Response:
        raise ValueError("内部细节")

    monkeypatch.setattr(door, "ROUTES", [Route("GET", "/", broken, Role.VIEWER)])
    folder = shutil.copytree(june_office, tmp_path / "office")
    with (
        structlog.testing.capture_logs() as logged,
        served(folder, None) as desktop,
        People(desktop).client("viewer") as client,
    ):
        answer = client.get("/")
    assert answer.status_code == 500
    (told,) = [one for one in logged if one["event"] == "incident"]
    assert told["incident"] in answer.text
    assert "内部细节" not in answer.text
    assert "Traceback" not in answer.text


def test_where_there_is_nothing_and_nobody_can_be_known_is_told_like_anywhere_else(desktop, tmp_path):
    (tmp_path / "office" / "data" / "desk.db").rename(tmp_path / "desk.db")
    with desktop.client(cookies={"desk": "x"}) as client:
        answer = client.get("/no/such/page")
    assert (answer.status_code, "程序出错" in answer.text) == (500, True)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
