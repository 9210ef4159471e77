"""Signing in and staying out: accounts as people use them, and as others would like to."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import statistics
import time
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from desktops import Desktop, accessible, served
from pipeline.desk import admitting
from pipeline.model import BEIJING, Account, Act, Role
from pipeline.web.access import local_path

PASSWORD = "梧桐 电车 晴天 二十三"
ADMIN = Account("wangmin", "王敏", Role.ADMIN)
EDITOR = Account("lijing", "李静", Role.EDITOR)


class Clock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.moment = dt.datetime(2024, 7, 1, 9, tzinfo=BEIJING)

    def __call__(self) -> dt.datetime:
        return self.moment


@pytest.fixture(scope="module", autouse=True)
def _cheap() -> Iterator[None]:
    """Hashes that cost next to nothing: what is tested here is not argon2."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(admitting, "_hasher", lambda: cheap)
        admitting._nobody.cache_clear()
        yield
    admitting._nobody.cache_clear()


@pytest.fixture(scope="module")
def empty_office(june_office, tmp_path_factory):
    """A page without accounts."""
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("empty") / "office")
    with served(folder, None) as desktop:
        yield desktop


@pytest.fixture(scope="module")
def staffed(june_office, tmp_path_factory):
    """A page with an administrator and an editor, who have passwords."""
    folder = shutil.copytree(june_office, tmp_path_factory.mktemp("staffed") / "office")
    with served(folder, None) as desktop:
        with desktop.office.opened() as desk:
            for one in (ADMIN, EDITOR):
                desk.add_account(one.login, one.name, one.role, (), "系统", PASSWORD)
        yield desktop


@pytest.fixture
def clock(staffed) -> Iterator[Clock]:
    """The time of day of the page; what failed before is forgotten, since it has not happened yet."""
    made = Clock()
    with pytest.MonkeyPatch.context() as patched, staffed.office.opened() as desk:
        patched.setattr(desk, "_clock", made)
        patched.setattr(staffed.office, "clock", made)
        desk.staff.sweep(made.moment + dt.timedelta(days=9000), dt.timedelta(), dt.timedelta())
        yield made


def browser(desktop: Desktop, **headers: str) -> httpx.Client:
    """A browser that nobody signed in with yet."""
    given = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Firefox 128", **headers}
    return desktop.client(headers=given)


def _sign_in(client: httpx.Client, login: str = "lijing", password: str = PASSWORD, **more: str) -> httpx.Response:
    return client.post("/login", data={"login": login, "password": password, **more})


def _word(client: httpx.Client, path: str = "/me") -> dict[str, str]:
    """What a form on a page carries besides what is written into it."""
    found = re.search(r'name="csrf" value="(\w+)"', client.get(path).text)
    return {"csrf": found[1] if found else ""}


def _post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(path, data={**_word(client), **fields})


def _acts(desktop: Desktop, count: int = 1) -> list[tuple[str, Act]]:
    with desktop.office.opened() as desk:
        return [(one.who, one.act) for one in desk.audit.newest(count)]


# -------------------------------------------------------------------------------------- the first account


def test_the_first_administrator_comes_in_by_a_link_that_works_once(empty_office):
    with empty_office.office.opened() as desk:
        void, link = desk.offer_first(), desk.offer_first()
    with browser(empty_office) as client:
        assert client.get(f"/welcome/{void}").status_code == 410, "a new link replaces the one before it"
        for _ in range(2):
            assert "建立管理员账号" in client.get(f"/welcome/{link}").text, "looking does not use it up"
        fields = {"login": "Wang.Min", "name": "王 敏", "password": PASSWORD, "again": PASSWORD}
        refused = client.post(f"/welcome/{link}", data={**fields, "again": "x"})
        assert (refused.status_code, "两次输入的密码不一样" in refused.text) == (422, True)
        assert 'value="Wang.Min"' in refused.text, "what was written is still there"
        assert PASSWORD not in refused.text
        weak = client.post(f"/welcome/{link}", data={**fields, "password": "a123456789", "again": "a123456789"})
        assert "太容易被猜到" in weak.text
        done = client.post(f"/welcome/{link}", data=fields)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert client.get("/").status_code == 200
        assert "王 敏" in client.get("/me").text
    with browser(empty_office) as other:
        assert other.post(f"/welcome/{link}", data={**fields, "login": "other"}).status_code == 410
        assert _sign_in(other, "WANG.MIN").status_code == 303, "how a login is capitalised does not matter"
    with empty_office.office.opened() as desk:
        (account,) = desk.accounts()
        told = [one for one in desk.audit.newest(50) if link in f"{one.target}{one.detail}"]
    assert (account.login, account.role) == ("wang.min", Role.ADMIN)
    assert told == [], "the link itself is told nowhere"


@pytest.mark.parametrize("password", ["短了", "1234567890", "aaaaaaaaaaaa", "wangmin123456", "a" * 201])
def test_a_password_that_is_easily_guessed_is_refused(password):
    with pytest.raises(admitting.UsageError, match="密码"):
        admitting.hashed_password("wangmin", password)


def test_a_password_needs_no_digits_or_signs():
    assert admitting.hashed_password("wangmin", "梧桐电车晴天二十三朵").startswith("$argon2id$")


# ------------------------------------------------------------------------------------------- signing in


def test_the_cookie_is_kept_from_scripts_and_other_sites(staffed, clock):
    with browser(staffed) as client:
        (cookie,) = _sign_in(client).headers.get_list("set-cookie")
    assert re.fullmatch(r"desk=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", cookie)


def test_by_https_only_the_cookie_cannot_be_had_otherwise(staffed, clock, monkeypatch):
    with staffed.office.opened() as desk:
        _set(monkeypatch, desk, secure=True)
    with browser(staffed) as client:
        (cookie,) = _sign_in(client).headers.get_list("set-cookie")
    assert cookie.startswith("__Host-desk=")
    assert cookie.endswith("; Secure")


def _set(monkeypatch, desk, **values: object) -> None:
    """Settings of the page as they would stand in settings.yaml."""
    web = desk.config.settings.web.model_copy(update=values)
    settings = desk.config.settings.model_copy(update={"web": web})
    monkeypatch.setattr(desk, "config", desk.config.model_copy(update={"settings": settings}))


def test_an_unknown_login_and_a_wrong_password_read_the_same(staffed, clock):
    with browser(staffed) as client:
        answers = [_sign_in(client, login, "不对的密码不对") for login in ("lijing", "nobody")]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].text.replace("lijing", "nobody") == answers[1].text
    assert _acts(staffed, 2) == [("未知登录名", Act.NOT_SIGNED_IN), ("李静", Act.NOT_SIGNED_IN)]


def test_what_was_typed_for_an_unknown_login_is_kept_nowhere(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client, "我的密码其实是这个", PASSWORD)
    with staffed.office.opened() as desk:
        assert "我的密码" not in str(desk.audit.newest(3))


def test_an_unknown_login_takes_as_long_as_a_wrong_password(staffed, clock, monkeypatch):
    dear = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),))
    monkeypatch.setattr(admitting, "_hasher", lambda: dear)
    monkeypatch.setattr(admitting, "_FREE", {"at": 99, "address": 99, "login": 99})
    admitting._nobody.cache_clear()
    took: dict[str, list[float]] = {"lijing": [], "nobody": []}
    with staffed.office.opened() as desk:
        desk.set_password(desk.account("lijing"), PASSWORD, "系统")
        for _ in range(9):
            for login, times in took.items():
                begun = time.perf_counter()
                desk.admit(login, "不对的密码不对", address="10.9.9.9", agent="")
                times.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < known / unknown < 2
    admitting._nobody.cache_clear()


def test_guessing_becomes_slow_and_keeps_nobody_else_out(staffed, clock):
    with staffed.office.opened() as desk:
        tries = [desk.admit("wangmin", f"猜一个密码{n}", address="10.0.0.9", agent="") for n in range(5)]
        assert [one.seconds for one in tries] == [0] * 5
        waits = []
        for number in range(12):
            refused = desk.admit("wangmin", f"再猜一个密码{number}", address="10.0.0.9", agent="")
            waits.append(refused.seconds)
            assert desk.admit("wangmin", PASSWORD, address="10.0.0.9", agent="").seconds == refused.seconds
            clock.moment += dt.timedelta(seconds=refused.seconds)
            desk.admit("wangmin", f"又猜一个密码{number}", address="10.0.0.9", agent="")
        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (2, 900)
        assert desk.admit("wangmin", PASSWORD, address="10.0.0.1", agent="").account.login == "wangmin"
        clock.moment += dt.timedelta(minutes=16)
        assert desk.admit("wangmin", PASSWORD, address="10.0.0.9", agent="").account.login == "wangmin"


def test_guessing_from_everywhere_keeps_the_administrator_waiting_for_seconds_only(staffed, clock):
    with staffed.office.opened() as desk:
        for number in range(80):
            desk.admit("wangmin", "猜一个密码", address=f"10.1.0.{number}", agent="")
        refused = desk.admit("wangmin", PASSWORD, address="192.168.1.5", agent="")
        assert 0 < refused.seconds <= 10
        clock.moment += dt.timedelta(seconds=11)
        assert desk.admit("wangmin", PASSWORD, address="192.168.1.5", agent="").account.login == "wangmin"


def test_trying_many_logins_from_one_address_is_slowed_down_too(staffed, clock):
    with staffed.office.opened() as desk:
        answers = [desk.admit(f"user{n}", "welcome2024", address="10.2.0.1", agent="") for n in range(25)]
    assert answers[-1].seconds > 0


def test_whoever_has_to_wait_is_told_how_long(staffed, clock):
    with browser(staffed) as client:
        answers = [_sign_in(client, "lijing", "不对的密码不对") for _ in range(7)]
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "2")
    assert "请 2 秒 后再试" in answers[-1].text


# ---------------------------------------------------------------------------------------------- sessions


def test_a_session_that_somebody_laid_ready_is_not_taken_up(staffed, clock):
    with browser(staffed) as client:
        client.cookies.set("desk", "laid-ready")
        _sign_in(client)
        secret = client.cookies.get("desk", domain="127.0.0.1") or client.cookies["desk"]
    with browser(staffed) as other:
        assert other.get("/me", headers={"Cookie": "desk=laid-ready"}).status_code == 401
        assert secret != "laid-ready"


@pytest.mark.parametrize(
    "cookie", ["", "x", "a" * 43, "desk", "' OR 1=1 --", "é", "a" * 8000], ids=lambda one: one[:12] or "empty"
)
def test_a_cookie_that_was_made_up_opens_nothing(staffed, clock, cookie):
    with browser(staffed) as client:
        answer = client.get("/me", headers={"Cookie": f"desk={cookie}".encode()})
    assert answer.status_code in (303, 401)
    assert "王敏" not in answer.text


def test_a_cookie_with_one_letter_changed_opens_nothing(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        secret = client.cookies["desk"]
        changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    with browser(staffed) as other:
        assert other.get("/me", headers={"Cookie": f"desk={changed}"}).status_code == 401
        assert other.get("/me", headers={"Cookie": f"desk={secret}"}).status_code == 200


def test_whoever_leaves_has_left_whatever_a_copy_of_the_cookie_says(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        secret = client.cookies["desk"]
        assert _post(client, "/logout").headers["location"] == "/login"
        assert "desk" not in client.cookies
    assert _acts(staffed) == [("李静", Act.SIGNED_OUT)]
    with browser(staffed) as other:
        assert other.get("/me", headers={"Cookie": f"desk={secret}"}).status_code == 401


def test_a_session_that_ran_out_is_told_so_and_what_was_written_is_shown_again(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        secret = client.cookies["desk"]
        clock.moment += dt.timedelta(hours=13)
        text = "改了半天的正文，一个字也不能丢。"
        written = {"text": text, "row-text": "改短的一段。", "urls": "https://news.bjd.com.cn/1.html"}
        answer = client.post("/issues/beijing-monthly/2024-06-01/decide", data={"verb": "edit", **written})
        assert answer.status_code == 401
        assert "登录已过期" in answer.text
        assert [one for one in written.values() if one not in answer.text] == []
        assert 'name="next" value="/issues/beijing-monthly/2024-06-01"' in answer.text
        assert _acts(staffed) == [("未登录", Act.REFUSED)]
        client.cookies.set("desk", secret)
        fragment = client.post("/issues/beijing-monthly/2024-06-01/decide", headers={"HX-Request": "true"})
        assert (fragment.status_code, "<html" in fragment.text) == (401, False)
        assert "您写的内容还在页面上" in fragment.text


def test_a_page_that_was_open_when_one_had_to_sign_in_again_can_still_be_sent(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        word = _word(client)
        clock.moment += dt.timedelta(hours=13)
        assert client.get("/me").status_code == 401
        _sign_in(client)
        assert client.post("/me/preferences", data={**word, "shortcuts": "on"}).status_code == 303


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/issues/beijing-monthly/2024-06-01?item=h1", "/issues/beijing-monthly/2024-06-01?item=h1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("/a\nb", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(staffed, clock, asked, sent):
    assert local_path(asked) == sent
    with browser(staffed) as client:
        answer = _sign_in(client, next=asked)
    assert answer.headers["location"] == sent
    assert len(answer.headers.get_list("set-cookie")) == 1


# -------------------------------------------------------------------------------------------- my account


def test_a_new_password_ends_the_other_sessions_and_the_old_one_is_worthless(staffed, clock):
    new = {"password": "新的密码也很长很长呀", "again": "新的密码也很长很长呀"}
    with browser(staffed) as here, browser(staffed) as there:
        _sign_in(here)
        _sign_in(there)
        assert "现用密码不对" in _post(here, "/me/password", old="不是这个密码呀", **new).text
        assert "至少 10 个字符" in _post(here, "/me/password", old=PASSWORD, password="短", again="短").text
        assert _post(here, "/me/password", old=PASSWORD, **new).headers["location"] == "/me"
        assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 401)
        assert _sign_in(there).status_code == 401
        assert _sign_in(there, password=new["password"]).status_code == 303
    with staffed.office.opened() as desk:
        desk.set_password(desk.account("lijing"), PASSWORD, "系统")


def test_one_sees_where_one_is_signed_in_and_ends_it_there(staffed, clock):
    with (
        browser(staffed) as here,
        browser(
            staffed,
            **{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"},
        ) as there,
    ):
        _sign_in(here)
        _sign_in(there)
        page = here.get("/me").text
        assert "Edge 126，Windows" in page
        (address,) = set(re.findall(r'action="(/me/sessions/\d+/end)"', page))
        assert _post(here, address).status_code == 303
        assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 401)


def test_nobody_ends_a_session_or_revokes_a_token_of_somebody_else(staffed, clock):
    with browser(staffed) as mine, browser(staffed) as theirs:
        _sign_in(mine)
        _sign_in(theirs, "wangmin")
        with staffed.office.opened() as desk:
            admin = desk.account("wangmin")
            desk.give_token(admin, "门户", Role.VIEWER, "王敏")
            (session, *_), (token,) = desk.sessions(admin), desk.tokens(admin)
        _post(mine, f"/me/sessions/{session.id}/end")
        _post(mine, f"/me/tokens/{token.id}/revoke")
        assert theirs.get("/me").status_code == 200
        with staffed.office.opened() as desk:
            assert desk.tokens(admin)[0].revoked is None


def test_a_token_is_shown_once_and_is_no_better_than_its_owner(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        assert "不能高于" in _post(client, "/me/tokens", name="门户", role="admin").text
        made = _post(client, "/me/tokens", name="门户", role="viewer").text
        (token,) = re.findall(r"bd_[\w-]{43}", made)
        page = client.get("/me").text
        assert ("门户" in page, token in page) == (True, False)


def test_shortcuts_can_be_switched_off_for_good(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        assert 'data-shortcuts="off"' not in client.get("/me").text
        _post(client, "/me/preferences")
        assert 'data-shortcuts="off"' in client.get("/me").text
        _post(client, "/me/preferences", shortcuts="on")


# ------------------------------------------------------------------------------------------- the accounts


def test_somebody_is_invited_by_a_link_that_is_shown_once(staffed, clock):
    with browser(staffed) as admin, browser(staffed) as invited:
        _sign_in(admin, "wangmin")
        made = _post(admin, "/accounts", login="zhaolei", name="赵磊", role="approver", series="beijing-monthly").text
        (link,) = re.findall(r"http://127\.0\.0\.1:\d+(/welcome/[\w-]+)", made)
        assert link not in admin.get("/accounts").text
        assert _sign_in(invited, "zhaolei", "").status_code == 401, "without a password nobody comes in"
        assert "您好，赵磊" in invited.get(link).text
        assert invited.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 303
        assert "审定" in invited.get("/me").text
        assert invited.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 410
        assert invited.get("/issues/national-weekly/2024-06-01").status_code == 404
        for path in ("/accounts", "/audit"):
            assert invited.get(path).status_code == 403
        disabled = _post(admin, "/accounts/zhaolei/change", name="赵磊", role="approver")
        assert disabled.status_code == 303
        assert invited.get("/me").status_code == 401
        assert _sign_in(invited, "zhaolei").status_code == 401


def test_a_link_runs_out_after_a_day(staffed, clock):
    with staffed.office.opened() as desk, browser(staffed) as client:
        link = desk.offer(desk.account("lijing"), "王敏")
        clock.moment += dt.timedelta(hours=25)
        assert client.get(f"/welcome/{link}").status_code == 410
        answer = client.post(f"/welcome/{link}", data={"password": "x" * 5 + "yz新密码", "again": "x" * 5 + "yz新密码"})
        assert answer.status_code == 410


def test_the_last_administrator_cannot_lock_the_office_out(staffed, clock):
    with browser(staffed) as admin:
        _sign_in(admin, "wangmin")
        answer = _post(admin, "/accounts/wangmin/change", name="王敏", role="viewer", active="on")
        assert "最后一个可用的管理员" in answer.text
        assert _post(admin, "/accounts", login="wangmin", name="别人", role="viewer").status_code == 422
        assert (
            "已经有人用了"
            in _post(admin, "/accounts", login="other", name="李 静".replace(" ", ""), role="viewer").text
        )


def test_what_is_done_is_in_the_audit_log_and_a_changed_row_is_found(staffed, clock):
    with browser(staffed) as admin:
        _sign_in(admin, "wangmin")
        page = admin.get("/audit").text
        assert "登录" in page
        assert "李静" not in re.sub(r"<select.*?</select>", "", admin.get("/audit?who=王敏").text, flags=re.DOTALL)
        assert "记录完好" in admin.get("/audit?check=yes").text
        with staffed.office.opened() as desk, desk._database.write() as connection:
            connection.execute(sa.text("UPDATE audit SET detail = '来自 别处' WHERE id = 3"))
        assert "从第 3 条起对不上" in admin.get("/audit?check=yes").text


def test_what_changes_something_and_tells_nothing_itself_is_told_by_the_door(staffed, clock):
    with browser(staffed) as client:
        _sign_in(client)
        _post(client, "/me/preferences", shortcuts="on")
    assert _acts(staffed) == [("李静", Act.ASKED)]


# ------------------------------------------------------------------------------------------- single sign-on


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("10.0.0.1", 303)], ids=["a proxy", "nobody's"])
def test_a_proxy_says_who_somebody_is_from_its_own_address_only(staffed, clock, monkeypatch, peer, status):
    with staffed.office.opened() as desk:
        _set(monkeypatch, desk, proxy_header="X-Forwarded-User", proxy_addresses=(peer,))
    with browser(staffed, **{"X-Forwarded-User": "lijing"}) as client:
        assert client.get("/me").status_code == status
        if status == 200:
            assert _post(client, "/me/preferences", shortcuts="on").status_code == 303
    with browser(staffed, **{"X-Forwarded-User": "nobody"}) as client:
        assert client.get("/me").status_code == 303, "who has no account gets none"


# --------------------------------------------------------------------------------------------- in a browser


def test_the_way_in_with_a_browser(staffed, tab, clock):
    with staffed.office.opened() as desk:
        link = desk.offer(desk.account("lijing"), "王敏")
    tab.goto(f"{staffed.url}/welcome/{link}")
    accessible(tab)
    tab.get_by_label("新密码", exact=True).fill(PASSWORD)
    tab.get_by_label("再输一次新密码").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{staffed.url}/")
    tab.get_by_role("button", name="退出").click()
    tab.wait_for_url(f"{staffed.url}/login")
    accessible(tab)
    tab.get_by_label("登录名").fill("wangmin")
    tab.get_by_label("密码").fill(PASSWORD)
    tab.get_by_role("button", name="登录").click()
    for path in ("/me", "/accounts", "/audit"):
        tab.goto(staffed.url + path)
        accessible(tab)
        tab.set_viewport_size({"width": 390, "height": 844})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path
        tab.set_viewport_size({"width": 1440, "height": 900})
