"""The verbs for programs: what the description says is what happens, and nothing more."""

import copy
import dataclasses
import hashlib

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from desktops import WANG, begin, served
from offices import without_libreoffice
from pipeline.model import Role
from pipeline.web.api import VERBS, description
from sample_drafts import june

JUNE = "/drafts/beijing-monthly/2024-06-01"
KNOWN = {
    "series": ["beijing-monthly"],
    "start": ["2024-06-01", "2024-07-01"],
    "number": [535],
    "format": ["docx", "html", "eml"],
}


def _within_reach() -> dict:
    """The description, with what is there in the place of what could be: else nearly every answer is “not there”."""
    told = copy.deepcopy(description())
    for path in told["paths"].values():
        for verb in path.values():
            for one in verb["parameters"]:
                if one["in"] == "path" and one["name"] in KNOWN:
                    one["schema"] = {"type": one["schema"]["type"], "enum": KNOWN[one["name"]]}
    return told


schema = schemathesis.openapi.from_dict(_within_reach())


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An office with a draft of June and a token for each role."""
    folder = tmp_path_factory.mktemp("api") / "office"
    begin(folder, june())
    with without_libreoffice(), served(folder, WANG) as one:
        yield one


@pytest.fixture(scope="module")
def tokens(office):
    """Role → the secret of a token."""
    with office.office.opened() as desk:
        account = desk.account("wang")
        return {role: desk.give_token(account, f"测试{role.value}", role, "王编辑") for role in Role}


@pytest.fixture
def ask(office, tokens):
    """Asks as a program of a role."""
    with office.client("/api/v1") as client:

        def ask(method, path, role=Role.ADMIN, body=None, **more):
            headers = {"Authorization": f"Bearer {tokens[role]}"} if role else {}
            return client.request(method, path, json=body, headers=headers | more.pop("headers", {}), **more)

        yield ask


def test_every_check_of_schemathesis_is_on():
    assert {"status_code_conformance", "response_schema_conformance", "content_type_conformance", "ignored_auth",
            "not_a_server_error", "negative_data_rejection"} <= set(CHECKS.get_all_names())  # fmt: skip


def test_who_comes_late_is_told_both_values(ask):
    seen = ask("GET", JUNE).json()["revision"]
    first = {"revision": seen, "verb": "edit", "target": "c55ee", "title": "体检中心开通线上预约"}
    assert ask("POST", f"{JUNE}/decisions", body=first).status_code == 200
    late = ask("POST", f"{JUNE}/decisions", body={**first, "title": "体检可以网上约了"})
    assert late.status_code == 409
    assert late.headers["content-type"] == "application/problem+json"
    (clash,) = late.json()["clashes"]
    assert (clash["mine"], clash["theirs"], clash["by"]) == ("体检可以网上约了", "体检中心开通线上预约", "王编辑")


def test_a_token_may_do_what_its_role_may(ask):
    assert ask("GET", JUNE, role=None).status_code == 401
    assert ask("POST", f"{JUNE}/release", role=None, body={"revision": 1}).status_code == 401
    assert ask("GET", JUNE, role=None, headers={"Authorization": "Bearer bd_x"}).status_code == 401
    assert ask("GET", JUNE, role=Role.VIEWER).status_code == 200
    decision = {"revision": 1, "verb": "exclude", "target": "c11aa"}
    assert ask("POST", f"{JUNE}/decisions", role=Role.VIEWER, body=decision).status_code == 403
    assert ask("POST", f"{JUNE}/release", role=Role.EDITOR, body={"revision": 1}).status_code == 403


def test_no_cookie_lets_a_browser_in(office):
    for path in (JUNE, "/series"):
        with office.client() as client:  # it is signed in by its cookie, as the fixture has it
            refused = client.get(f"/api/v1{path}")
        assert refused.status_code == 401
        assert "只认令牌" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b'{"revision": 1, "verb": "exclude", "target": "x", "who": "y"}', "application/json", 422,
                     id="a key that nobody knows"),
        pytest.param(b'{"revision": "1", "verb": "exclude", "target": "x"}', "application/json", 422,
                     id="a number as text"),
        pytest.param(b"{", "application/json", 422, id="half of it"),
        pytest.param(b"revision=1", "application/x-www-form-urlencoded", 415, id="a form"),
        pytest.param(b" " * 2_100_000, "application/json", 413, id="more than anybody sends"),
    ],
)  # fmt: skip
def test_what_is_of_another_form_is_refused_and_changes_nothing(ask, body, kind, status):
    before = ask("GET", JUNE).json()["revision"]
    refused = ask("POST", f"{JUNE}/decisions", content=body, headers={"Content-Type": kind})
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"]
    assert ask("GET", JUNE).json()["revision"] == before


def test_a_draft_is_started_once_and_not_for_a_window_that_is_not_there(office, ask):
    started = ask("POST", "/drafts/beijing-monthly/2024-07-01/start")
    assert started.status_code == 202
    assert [(series, f"{window.start}") for series, window in office.launched][-1] == ("beijing-monthly", "2024-07-01")
    assert ask("POST", "/drafts/beijing-monthly/2024-07-02/start").status_code == 404
    assert ask("POST", "/drafts/nobody/2024-07-01/start").status_code == 404


def test_the_description_names_every_verb_and_loads_nothing_from_outside(ask):
    told = ask("GET", "/openapi.json")
    assert told.status_code == 200
    assert len([verb for path in told.json()["paths"].values() for verb in path]) == len(VERBS)
    assert "http" not in told.text.replace('"type": "http"', "").replace('"type":"http"', "")


def test_a_token_of_one_series_sees_no_other(office):
    with office.office.opened() as desk:
        chen = dataclasses.replace(WANG, login="chen", name="陈查看", role=Role.VIEWER, series=("national-weekly",))
        account = desk.add_account(chen.login, chen.name, chen.role, chen.series, "测试")
        headers = {"Authorization": f"Bearer {desk.give_token(account, '周报', Role.VIEWER, '测试')}"}
    with office.client("/api/v1", headers=headers) as client:
        assert [one["id"] for one in client.get("/series").json()["series"]] == ["national-weekly"]
        assert client.get(JUNE).status_code == 404
        assert client.get("/drafts").json() == {"drafts": []}
        assert client.get("/search", params={"q": "医院", "series": "beijing-monthly"}).json()["total"] == 0


def test_a_program_takes_a_draft_from_looking_to_the_released_file(ask):
    draft = ask("GET", JUNE).json()
    assert [one["title"][:6] for one in draft["items"]][:2] == ["北京安贞医院", "电子病历共享"]
    assert draft["candidates"][0]["reasons"] == ["命中：智慧病房、电子病历", "北京机构"]
    body = {"revision": draft["revision"], "verb": "edit", "target": "c44dd", "title": "医保移动支付覆盖三百余家医院"}
    edited = ask("POST", f"{JUNE}/decisions", body=body)
    assert edited.status_code == 200
    assert edited.json()["revision"] == draft["revision"] + 1
    for one in ask("GET", JUNE).json()["findings"]:
        if one["severity"] == "blocking":
            revision = ask("GET", JUNE).json()["revision"]
            waived = {"revision": revision, "verb": "waive", "target": one["key"], "reason": "已电话核实"}
            assert ask("POST", f"{JUNE}/decisions", body=waived).status_code == 200
    revision = ask("GET", JUNE).json()["revision"]
    stale = ask("POST", f"{JUNE}/release", body={"revision": revision - 1})
    assert stale.status_code == 409, "not the revision that was looked at"
    released = ask("POST", f"{JUNE}/release", body={"revision": revision})
    assert (released.status_code, released.json()["state"]) == (200, "released")
    issue = ask("GET", "/issues/beijing-monthly/535").json()
    assert issue["titles"][3] == "医保移动支付覆盖三百余家医院"
    file = next(one for one in issue["files"] if one["name"].endswith(".docx"))
    sent = ask("GET", f"/issues/beijing-monthly/535/files/{file['name']}")
    assert hashlib.sha256(sent.content).hexdigest() == file["sha256"]
    found = ask("GET", "/search?q=移动支付").json()
    assert (found["total"], found["items"][0]["number"]) == (1, 535)
    _what_is_out_is_corrected_and_withdrawn(ask, released.json())


def _what_is_out_is_corrected_and_withdrawn(ask, out):
    """Goes on where the release ended: a file that was not put out, a correction that is given up, 撤回."""
    made = ask("GET", "/issues/beijing-monthly/535/formats/eml")
    assert (made.status_code, made.headers["content-type"].partition(";")[0]) == (200, "message/rfc822")
    assert ask("GET", "/issues/beijing-monthly/535/formats/exe").status_code == 404
    assert ask("GET", f"{JUNE}/files/docx").content[:2] == b"PK"
    reasoned = {"revision": out["revision"], "reason": "第2条来源误作“新京报”，应为“北京日报”"}
    assert ask("POST", f"{JUNE}/correct", role=Role.EDITOR, body=reasoned).status_code == 403
    assert ask("POST", f"{JUNE}/correct", body={"revision": out["revision"]}).status_code == 422, "why is asked for"
    begun = ask("POST", f"{JUNE}/correct", body=reasoned).json()
    assert (begun["state"], begun["released"]) == ("draft", out["released"])
    assert ask("POST", f"{JUNE}/withdraw", body=reasoned).status_code == 409, "not the revision that was looked at"
    dropped = ask("POST", f"{JUNE}/drop", body={"revision": begun["revision"]}).json()
    assert dropped["state"] == "released"
    gone = ask("POST", f"{JUNE}/withdraw", body={"revision": dropped["revision"], "reason": "第1条失实"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert ask("GET", "/issues/beijing-monthly/535").json()["withdrawn"] is True


@schema.parametrize()
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described_whatever_is_sent(case, office, tokens):
    headers = {"Authorization": f"Bearer {tokens[Role.ADMIN]}"}
    case.call_and_validate(base_url=office.url, headers=headers)
