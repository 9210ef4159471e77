"""Signing in, accounts, sessions, what people did."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from pipeline.desk import Admitted, Refused
from pipeline.errors import Conflict, UsageError
from pipeline.model import Account, Act, Deed, Link, Purpose, Role, Session
from pipeline.web.access import local_path, sign_in
from pipeline.web.asking import Asked, Form, Route, natural
from pipeline.web.rendering import days

_FORM_BYTES = 64_000
_PAGE = 100  # rows of the audit log
_WRITTEN = {
    "title": "标题", "outlet": "来源", "date": "日期", "url": "链接", "urls": "链接", "body": "正文",
    "row-text": "正文", "text": "文字", "reason": "理由", "name": "名称",
}  # fmt: skip
_SECRET = frozenset({"csrf", "password", "again", "old"})


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was written into a form which was not taken."""

    name: str
    text: str
    long: bool


# ---------------------------------------------------------------------------------------- coming in


def sign_in_page(asked: Asked, status: int = 200, *, login: str = "", trouble: str = "") -> Response:
    """The page to sign in at; also in the place of what somebody may not see who is not signed in."""
    wanted = asked.form.get("next") or asked.query("next")
    if status == 401 and asked.request.url.path != "/login":
        path = asked.request.url.path
        wanted = path if asked.request.method == "GET" else "/".join(path.split("/")[:4])
    if asked.fragment:
        fix = "请在新的标签页登录，再回到这里按一次；您写的内容还在页面上，没有丢。"
        return asked.page("error.html", status, title="登录已过期", message="这一步没有完成。", fix=fix)
    kept = _kept(asked.form) if asked.request.url.path != "/login" else ()
    told = "您的登录已过期，请重新登录。" if asked.expired else ""
    values = {"login": login, "trouble": trouble, "told": told, "next": local_path(wanted), "kept": kept}
    response = asked.page("login.html", status, **values)
    return sign_in(response, "", asked.web) if asked.expired else response


def resend_page(asked: Asked) -> Response:
    """What was sent from a page that was made for another account: to be sent again, knowingly."""
    fields = [(name, value) for name, values in asked.form.fields.items() if name != "csrf" for value in values]
    if asked.fragment:
        fix = "请刷新页面后再试；没有保存的内容请先复制。"
        told = "页面打开之后，这个浏览器换了账号登录。"
        return asked.page("error.html", 403, title="没有照办", message=told, fix=fix)
    plain = [(name, value) for name, value in fields if name not in ("password", "again", "old")]
    files = bool(asked.form.files)
    return asked.page("resend.html", 403, fields=plain, kept=_kept(asked.form), files=files)


def _kept(form: Form) -> tuple[Kept, ...]:
    kept = [
        Kept(_WRITTEN.get(name, "内容"), value, len(value) > 60 or "\n" in value)
        for name, values in form.fields.items()
        for value in values
        if name not in _SECRET and value.strip()
    ]
    # what is neither a field people write into nor long is the form's own: which row, which revision
    return tuple(one for one in kept if one.long or one.name != "内容")


def _signing_in(asked: Asked) -> Response:
    if asked.account:
        return asked.to(local_path(asked.query("next")))
    return sign_in_page(asked)


def _signed_in(asked: Asked) -> Response:
    login = asked.form.get("login")
    found = asked.desk.admit(
        login, asked.form.get("password"), address=asked.address, agent=asked.agent, ending=asked.visitor.secret
    )
    if isinstance(found, Refused):
        response = sign_in_page(asked, 429 if found.seconds else 401, login=login, trouble=found.because)
        if found.seconds:
            response.headers["Retry-After"] = str(found.seconds)
        return response
    return _in(asked, found, local_path(asked.form.get("next")))


def _in(asked: Asked, admitted: Admitted, address: str) -> Response:
    return sign_in(asked.to(address), admitted.secret, asked.web)


def _sign_out(asked: Asked) -> Response:
    asked.desk.leave(asked.who, asked.visitor.secret)
    return sign_in(asked.to("/login"), "", asked.web)


def _welcome(asked: Asked) -> Response:
    link = asked.desk.link(asked.path("token"))
    return _welcome_page(asked, link) if link else _void(asked)


def _welcomed(asked: Asked) -> Response:
    token, form = asked.path("token"), asked.form
    link = asked.desk.link(token)
    if link is None:
        return _void(asked)
    password = form.get("password")
    if password != form.get("again"):
        return _welcome_page(asked, link, 422, trouble="两次输入的密码不一样。")
    coming = {"address": asked.address, "agent": asked.agent, "ending": asked.visitor.secret}
    try:
        if link.purpose is Purpose.FIRST_ADMIN:
            admitted = asked.desk.begin_first(token, form.get("login"), form.get("name"), password, **coming)
        else:
            admitted = asked.desk.begin_by_link(token, password, **coming)
    except UsageError as error:
        return _welcome_page(asked, link, 422, trouble=str(error))
    except Conflict:
        return _void(asked)
    return _in(asked, admitted, "/")


def _welcome_page(asked: Asked, link: Link, status: int = 200, *, trouble: str = "") -> Response:
    values = {"login": asked.form.get("login"), "name": asked.form.get("name"), "trouble": trouble}
    return asked.page("welcome.html", status, link=link, first=link.purpose is Purpose.FIRST_ADMIN, **values)


def _void(asked: Asked) -> Response:
    fix = "请管理员在“账号”页再给一个；首个管理员请重新启动 bulletin serve。"
    told = "链接只能用一次，24 小时内有效，新的链接会让旧的作废。"
    return asked.page("error.html", 410, title="这个链接已经用过或已失效", message=told, fix=fix)


# --------------------------------------------------------------------------------------- my account

_BROWSERS = {
    "微信": r"MicroMessenger/(\d+)",
    "Edge": r"Edg/(\d+)",
    "360 浏览器": r"360SE|QIHU",
    "Opera": r"OPR/(\d+)",
    "Firefox": r"Firefox/(\d+)",
    "Chrome": r"Chrome/(\d+)",
    "Safari": r"Version/(\d+).*Safari",
}
_SYSTEMS = {
    "Windows": "Windows", "安卓": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac": "Macintosh", "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is signed in, in words they know."""

    session: Session
    browser: str


def _browser(agent: str) -> str:
    """What a browser calls itself, so that people know it again: Edge 126，Windows."""
    system = next((name for name, sign in _SYSTEMS.items() if sign in agent), "")
    for name, pattern in _BROWSERS.items():
        if found := re.search(pattern, agent):
            told = " ".join([name, *(one for one in found.groups() if one)])
            return f"{told}，{system}" if system else told
    return agent or "没有说明"


def _me(asked: Asked) -> Response:
    return _me_page(asked)


def _me_page(asked: Asked, status: int = 200, **said: str) -> Response:
    mine = [Place(one, _browser(one.agent)) for one in asked.desk.sessions(asked.who)]
    here = asked.desk.session(asked.visitor.secret)
    return asked.page(
        "me.html",
        status,
        sessions=mine,
        here=here.id if here else 0,
        tokens=[one for one in asked.desk.tokens(asked.who) if one.revoked is None],
        roles=[one for one in Role if asked.who.role.allows(one)],
        series=_titles(asked, asked.who),
        **{"trouble": "", "told": "", "token": "", **said},
    )


def _password(asked: Asked) -> Response:
    form = asked.form
    if form.get("password") != form.get("again"):
        return _me_page(asked, 422, trouble="两次输入的新密码不一样。")
    try:
        found = asked.desk.change_password(
            asked.who, form.get("old"), form.get("password"), agent=asked.agent, address=asked.address
        )
    except UsageError as error:
        return _me_page(asked, 422, trouble=str(error))
    if isinstance(found, Refused):
        return _me_page(asked, 429 if found.seconds else 422, trouble=found.because)
    return _in(asked, found, "/me")


def _preferences(asked: Asked) -> Response:
    asked.desk.prefer(asked.who, shortcuts=asked.form.get("shortcuts") == "on")
    return asked.to("/me")


def _end_mine(asked: Asked) -> Response:
    asked.desk.end_sessions(asked.who, asked.who.name, _number(asked.path("session")))
    return asked.to("/me")


def _give_token(asked: Asked) -> Response:
    role = _role(asked.form.get("role"))
    try:
        token = asked.desk.give_token(asked.who, asked.form.get("name"), role, asked.who.name)
    except UsageError as error:
        return _me_page(asked, 422, trouble=str(error))
    return _me_page(asked, token=token)


def _revoke_token(asked: Asked) -> Response:
    asked.desk.revoke_token(asked.who, _number(asked.path("token")), asked.who.name)
    return asked.to("/me")


# ----------------------------------------------------------------------------------------- accounts


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as the list of accounts shows it."""

    account: Account
    series: str
    sessions: int
    state: str
    badge: str


def _accounts(asked: Asked) -> Response:
    return _accounts_page(asked)


def _accounts_page(asked: Asked, status: int = 200, *, trouble: str = "", link: str = "", whose: str = "") -> Response:
    entries = [_entry(asked, one) for one in asked.desk.accounts()]
    every = list(asked.desk.config.series.values())
    shown = {"entries": entries, "every": every, "roles": list(Role), "trouble": trouble, "whose": whose, "link": link}
    said = {name: asked.form.get(name) for name in ("login", "name")} if trouble else {"login": "", "name": ""}
    return asked.page("accounts.html", status, said=said, **shown)


def _entry(asked: Asked, account: Account) -> Entry:
    state, badge = ("在用", "fine") if account.ready else ("等待设置密码", "open")
    if not account.active:
        state, badge = "已停用", "disabled"
    return Entry(account, _titles(asked, account), len(asked.desk.sessions(account)), state, badge)


def _titles(asked: Asked, account: Account) -> str:
    known = asked.desk.config.series
    return "、".join(known[one].title if one in known else one for one in account.series) or "全部刊物"


def _add_account(asked: Asked) -> Response:
    form = asked.form
    try:
        made = asked.desk.add_account(
            form.get("login"), form.get("name"), _role(form.get("role")), form.all("series"), asked.who.name
        )
    except UsageError as error:
        return _accounts_page(asked, 422, trouble=str(error))
    return _link_page(asked, made)


def _offer_link(asked: Asked) -> Response:
    return _link_page(asked, asked.desk.account(asked.path("login")))


def _link_page(asked: Asked, account: Account) -> Response:
    secret = asked.desk.offer(account, asked.who.name)
    link = f"{asked.request.url.scheme}://{asked.request.headers['host']}/welcome/{secret}"
    if asked.web.secure:
        link = "https" + link.removeprefix(asked.request.url.scheme)
    return _accounts_page(asked, link=link, whose=account.name)


def _change_account(asked: Asked) -> Response:
    form, before = asked.form, asked.desk.account(asked.path("login"))
    after = dataclasses.replace(
        before,
        name=form.get("name"),
        role=_role(form.get("role")),
        series=tuple(form.all("series")),
        active=form.get("active") == "on",
    )
    try:
        asked.desk.change_account(after, asked.who.name)
    except UsageError as error:
        return _accounts_page(asked, 422, trouble=str(error))
    return asked.to("/accounts")


def _end_theirs(asked: Asked) -> Response:
    asked.desk.end_sessions(asked.desk.account(asked.path("login")), asked.who.name)
    return asked.to("/accounts")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise UsageError("没有这种权限。", "请从列表中选择。") from None


def _number(text: str) -> int:
    number = natural(text)
    if number is None:
        raise UsageError("没有这一项。", "请刷新页面后再试。")
    return number


# ------------------------------------------------------------------------------------ the audit log


def _audit(asked: Asked) -> Response:
    who, act, before = asked.query("who"), asked.query("act"), asked.query("before")
    chosen = Act(act) if act in list(Act) else None
    found = asked.desk.audit.newest(
        _PAGE + 1, before=_number(before) if before else 0, who=who, act=chosen.value if chosen else ""
    )
    older = _address({"who": who, "act": act, "before": str(found[_PAGE - 1].id)}) if len(found) > _PAGE else ""
    checked = asked.query("check") == "yes"
    broken: Deed | None = asked.desk.audit.broken() if checked else None
    return asked.page(
        "audit.html",
        rows=[dataclasses.replace(one, target=_named(asked, one.target)) for one in found[:_PAGE]],
        older=older,
        who=who,
        act=chosen,
        checked=checked,
        broken=broken,
        people=asked.desk.audit.people(),
        acts=list(Act),
        last=asked.desk.audit.last(),
    )


def _named(asked: Asked, target: str) -> str:
    """What a row is about, by the name people know."""
    series, _, start = target.partition(" ")
    known = asked.desk.config.series.get(series)
    if known is None:
        return target
    if not start:
        return known.title
    return f"{known.title} {days(known.window_of(dt.date.fromisoformat(start)))}"


def _address(values: Mapping[str, str]) -> str:
    return "/audit?" + urlencode({name: value for name, value in values.items() if value})


ROUTES: Sequence[Route] = (
    Route("GET", "/login", _signing_in, None),
    Route("POST", "/login", _signed_in, None, _FORM_BYTES),
    Route("POST", "/logout", _sign_out, Role.VIEWER, _FORM_BYTES),
    Route("GET", "/welcome/{token}", _welcome, None),
    Route("POST", "/welcome/{token}", _welcomed, None, _FORM_BYTES),
    Route("GET", "/me", _me, Role.VIEWER),
    Route("POST", "/me/password", _password, Role.VIEWER, _FORM_BYTES),
    Route("POST", "/me/preferences", _preferences, Role.VIEWER, _FORM_BYTES),
    Route("POST", "/me/sessions/{session}/end", _end_mine, Role.VIEWER, _FORM_BYTES),
    Route("POST", "/me/tokens", _give_token, Role.VIEWER, _FORM_BYTES),
    Route("POST", "/me/tokens/{token}/revoke", _revoke_token, Role.VIEWER, _FORM_BYTES),
    Route("GET", "/accounts", _accounts, Role.ADMIN),
    Route("POST", "/accounts", _add_account, Role.ADMIN, _FORM_BYTES),
    Route("POST", "/accounts/{login}/change", _change_account, Role.ADMIN, _FORM_BYTES),
    Route("POST", "/accounts/{login}/link", _offer_link, Role.ADMIN, _FORM_BYTES),
    Route("POST", "/accounts/{login}/sessions", _end_theirs, Role.ADMIN, _FORM_BYTES),
    Route("GET", "/audit", _audit, Role.ADMIN),
)
