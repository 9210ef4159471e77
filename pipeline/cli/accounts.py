"""Commands about who may use the review page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import AsJson, Who, account_app
from pipeline.cli.speech import out, say, table
from pipeline.cli.workspace import opened, signed
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.model import Role

LoginArgument = Annotated[str, typer.Argument(help="Whose, by what they type to sign in.")]
RoleOption = Annotated[str, typer.Option("--role", help="viewer, editor, approver or admin.")]
SeriesOption = Annotated[
    list[str] | None, typer.Option("--series", help="A bulletin they may see; several times for more. Default: all.")
]
Prompt = Annotated[bool, typer.Option("--prompt", help="Ask for the password here, instead of giving out a link.")]


@account_app.command("list")
def account_list(as_json: AsJson = False) -> None:
    """List who may use the review page."""
    with opened() as desk:
        rows = [
            {
                "login": one.login,
                "name": one.name,
                "role": one.role.value if as_json else one.role.chinese,
                "series": list(one.series) if as_json else "、".join(one.series),
                "active": one.active,
                "ready": one.ready,
                "sessions": len(desk.sessions(one)),
            }
            for one in desk.accounts()
        ]
    headings = {
        "login": "登录名", "name": "署名", "role": "权限", "series": "刊物", "active": "在用", "ready": "已设密码",
        "sessions": "登录",
    }  # fmt: skip
    table(rows, as_json, headings, "还没有账号。运行 bulletin serve 取得第一个链接，或用 bulletin account add。")


@account_app.command("add")
def account_add(
    login: LoginArgument,
    name: Annotated[str, typer.Argument(help="What their decisions are signed with, as 王敏.")],
    role: RoleOption = "editor",
    series: SeriesOption = None,
    prompt: Prompt = False,
    who: Who = "",
) -> None:
    """Make an account (添加账号).

    Prints the one-time link with which its owner sets the password.
    """
    with opened() as desk:
        password = _password() if prompt else ""
        made = desk.add_account(login, name, _role(role), series or (), signed(who), password)
        say(f"已添加：{made.name}（{made.login}，{made.role.chinese}）")
        if not password:
            out(_address(desk.config, desk.offer(made, signed(who))))


@account_app.command("role")
def account_role(
    login: LoginArgument,
    role: Annotated[str, typer.Argument(help="viewer, editor, approver or admin.")],
    series: Annotated[
        list[str] | None,
        typer.Option("--series", help="A bulletin they may see; several times for more. Default: those they see now."),
    ] = None,
    every: Annotated[bool, typer.Option("--all-series", help="Let them see every bulletin.")] = False,
    who: Who = "",
) -> None:
    """Change what an account may do, and which bulletins it sees."""
    with opened() as desk:
        before = desk.account(login)
        seen = () if every else tuple(series) if series else before.series
        after = desk.change_account(dataclasses.replace(before, role=_role(role), series=seen), signed(who))
        say(f"{after.name}：{after.role.chinese}，{'、'.join(after.series) or '全部刊物'}")


@account_app.command("reset")
def account_reset(login: LoginArgument, prompt: Prompt = False, who: Who = "") -> None:
    """Let somebody set a new password; prints the one-time link for it.

    The old password goes on until the new one is set. It also forgets failed log-ins.
    """
    with opened() as desk:
        account = desk.account(login)
        desk.forgive(account)
        if prompt:
            desk.set_password(account, _password(), signed(who))
            say(f"{account.name} 的密码已重设，原有登录已结束。")
        else:
            out(_address(desk.config, desk.offer(account, signed(who))))


@account_app.command("disable")
def account_disable(
    login: LoginArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    who: Who = "",
) -> None:
    """Let somebody in no longer, from now on; what they signed stays."""
    with opened() as desk:
        after = desk.change_account(dataclasses.replace(desk.account(login), active=undo), signed(who))
        say(f"{after.name} {'可以登录' if undo else '已停用，登录和令牌都已失效'}")


@account_app.command("sessions")
def account_sessions(
    login: LoginArgument,
    end: Annotated[bool, typer.Option("--end", help="Sign them out everywhere.")] = False,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Say where somebody is signed in."""
    with opened() as desk:
        account = desk.account(login)
        if end:
            say(f"{account.name} 的 {desk.end_sessions(account, signed(who))} 处登录已结束")
            return
        rows = [
            {
                "agent": one.agent,
                "created": one.created.isoformat(timespec="seconds"),
                "seen": one.seen.isoformat(timespec="seconds"),
            }
            for one in desk.sessions(account)
        ]
    table(rows, as_json, {"agent": "浏览器", "created": "登录", "seen": "最近使用"}, "没有登录。")


@account_app.command("token")
def account_token(
    login: LoginArgument,
    name: Annotated[str, typer.Argument(help="Make one for this program. Default: list them.")] = "",
    role: RoleOption = "viewer",
    revoke: Annotated[
        int, typer.Option("--revoke", help="Make this one worthless, by its number.", show_default=False)
    ] = 0,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Give a program a token for /api (令牌), or revoke it.

    Without the name of a program it lists them.
    """
    with opened() as desk:
        account = desk.account(login)
        if revoke:
            if not desk.revoke_token(account, revoke, signed(who)):
                raise UsageError(f"{account.name} 没有编号为 {revoke} 的有效令牌。")
            say(f"{revoke} 号令牌已撤销")
        elif name:
            out(desk.give_token(account, name, _role(role), signed(who)))
        else:
            rows = [
                {
                    "id": one.id,
                    "name": one.name,
                    "role": one.role.value if as_json else one.role.chinese,
                    "created": one.created.isoformat(timespec="seconds"),
                    "used": one.used.isoformat(timespec="seconds") if one.used else "",
                    "revoked": one.revoked is not None,
                }
                for one in desk.tokens(account)
            ]
            headings = {
                "id": "编号", "name": "给谁用", "role": "最多可以", "created": "生成", "used": "最近使用",
                "revoked": "已撤销",
            }  # fmt: skip
            table(rows, as_json, headings, "没有令牌。")


@account_app.command("roles")
def account_roles(as_json: AsJson = False) -> None:
    """List the review page's addresses, with their least roles."""
    from pipeline.web.table import ROUTES

    rows = [
        {
            "method": one.method,
            "path": one.path,
            "role": (one.role.value if one.role else "") if as_json else one.told,
        }
        for one in sorted(ROUTES, key=lambda one: (one.path, one.method))
    ]
    table(rows, as_json, {"method": "方法", "path": "网址", "role": "至少须有"}, "")


def _role(name: str) -> Role:
    from pipeline.model import Role

    try:
        return Role(name)
    except ValueError:
        raise UsageError(f"没有权限“{name}”。", f"可写：{'、'.join(Role)}。") from None


def _password() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _address(config: Config, secret: str) -> str:
    from pipeline.web import is_unspecified

    web = config.settings.web
    host, _, port = web.listen.rpartition(":")
    if web.hosts:
        where = f"https://{web.hosts[0]}" if web.secure else f"http://{web.hosts[0]}:{port}"
    else:
        where = f"http://{'127.0.0.1' if is_unspecified(host) else host}:{port}"
    return f"{where}/welcome/{secret}"
