"""Accounts from the command line, and whom the page is shown to."""

import json
import re
import shutil
import socket

import pytest

from pipeline.config import packaged


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared") / "office"
    shutil.copytree(packaged("config"), folder / "config")
    return folder


@pytest.fixture
def run(prepared, tmp_path, bulletin):
    """Runs a command in a workspace of its own; gives its exit code and all it said."""
    folder = shutil.copytree(prepared, tmp_path / "office")

    def run(*arguments: str) -> tuple[int, str, str]:
        return bulletin("-C", folder, *arguments)

    return run


def test_an_account_is_made_with_a_link_and_changed_and_disabled(run):
    code, link, said = run("account", "add", "lijing", "李静", "--role", "admin", "--series", "beijing-monthly")
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8765/welcome/[\w-]{43}\n", link)
    assert "李静（lijing，管理）" in said
    assert run("account", "add", "lijing", "别人")[0] == 2
    assert run("account", "add", "zhaolei", "赵磊", "--series", "no-such")[0] == 2
    assert run("account", "add", "zhaolei", "赵磊", "--role", "boss")[0] == 2
    run("account", "add", "zhaolei", "赵磊")
    assert run("account", "role", "zhaolei", "approver", "--series", "national-weekly")[0] == 0
    assert run("account", "disable", "lijing")[0] == 2, "somebody has to administer the accounts"
    assert run("account", "disable", "zhaolei")[0] == 0
    rows = json.loads(run("account", "list", "--json")[1])
    assert [(one["login"], one["role"], one["series"], one["active"], one["ready"]) for one in rows] == [
        ("lijing", "admin", ["beijing-monthly"], True, False),
        ("zhaolei", "approver", ["national-weekly"], False, False),
    ]
    assert run("account", "disable", "zhaolei", "--undo")[0] == 0
    assert run("account", "reset", "zhaolei")[1].startswith("http://127.0.0.1:8765/welcome/")
    assert run("account", "reset", "nobody")[0] == 2


def test_a_token_is_said_once_and_revoked_by_its_number(run):
    run("account", "add", "lijing", "李静")
    code, token, _ = run("account", "token", "lijing", "内网门户", "--role", "viewer")
    assert (code, token[:3]) == (0, "bd_")
    assert run("account", "token", "lijing", "太强", "--role", "admin")[0] == 2
    (row,) = json.loads(run("account", "token", "lijing", "--json")[1])
    assert (row["name"], row["role"], row["revoked"]) == ("内网门户", "viewer", False)
    assert run("account", "token", "lijing", "--revoke", str(row["id"]))[0] == 0
    assert run("account", "token", "lijing", "--revoke", str(row["id"]))[0] == 2
    assert token.strip() not in run("account", "token", "lijing")[1]
    assert run("account", "sessions", "lijing", "--json")[1] == "[]\n"


def test_the_roles_of_all_addresses_can_be_read(run):
    rows = json.loads(run("account", "roles", "--json")[1])
    assert {"method": "GET", "path": "/audit", "role": "admin"} in rows
    assert {"method": "GET", "path": "/login", "role": ""} in rows
    told = dict(line.split(maxsplit=2)[1:] for line in run("account", "roles")[1].splitlines())
    assert told["/healthz"] == "所有人"
    assert told["/metrics"] == "本机，或持 web.metrics 令牌者", "a token of the settings, or another machine, closes it"


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.168.1.9:0", "desk.example:0"])
def test_a_page_without_accounts_is_shown_to_nobody_else(run, listen):
    code, out, said = run("serve", "--listen", listen)
    assert (code, out) == (2, "")
    assert "nobody has an account yet" in said


def test_a_port_that_is_taken_is_said(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, out, said = run("serve", "--listen", listen)
    assert (code, out) == (2, "")
    assert f"{listen} 打不开（" in said
    assert "--listen" in said
