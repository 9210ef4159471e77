"""The robots of 企业微信, 飞书 and 钉钉: what arrives in a group, and what becomes of what is refused."""

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from inboxes import Vendors
from pipeline.config import load
from pipeline.desk import open_desk
from pipeline.doctor import CHECKS, Condition
from pipeline.model import BEIJING, Event, Notice, Pointer, Tone
from pipeline.notify import Answer, exposed, folded, targets, tell
from pipeline.notify import robots as module
from pipeline.notify.robots import MORE, VENDORS, DingTalk, Feishu, WeCom

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=BEIJING)
URL = "https://bulletin.example.cn/"
DRAFT = Notice(
    "draft-ready:beijing-monthly:2024-06-01",
    Event.DRAFT_READY,
    "北京市卫生信息化舆情监测月报（第五三五期）草稿已生成",
    "窗口：2024-06-01…2024-06-30\n5 条入选，31 条备选与未入选；1 项阻断，2 项提醒",
    NOW,
    "beijing-monthly",
    Tone.GOOD,
    Pointer("看稿", "/issues/beijing-monthly/2024-06-01", "bulletin draft show beijing-monthly --month 2024-06"),
)
SILENT = Notice(
    "source-silent:x", Event.SOURCE_SILENT, "信源“某网<@all>[点我](http://evil.example)”连续 3 次未能采集",
    "原因：对方拒绝连接", NOW, pointer=Pointer("看信源", "/sources/x", "bulletin sources check x"),
)  # fmt: skip
LINK = "https://bulletin.example.cn/issues/beijing-monthly/2024-06-01"
WECOM = WeCom(SimpleNamespace(key="the-key"))
FEISHU = Feishu(SimpleNamespace(secure_protocol="feishu", token="the-token", user="the-secret"))
DINGTALK = DingTalk(SimpleNamespace(token="token", secret="SECsecret", targets=[]))


@pytest.fixture(scope="module")
def vendors(tmp_path_factory) -> Iterator[Vendors]:
    server = Vendors(tmp_path_factory.mktemp("vendors"))
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    """A workspace of which only the configuration is read."""
    (tmp_path / "config").mkdir()
    return tmp_path


@pytest.fixture
def robots(vendors, folder, monkeypatch):
    """Tells the robots behind addresses something; the vendors' hosts stand on loopback."""
    vendors.asked.clear()
    vendors.answer, vendors.status = {"errcode": 0, "errmsg": "ok"}, 200
    monkeypatch.setattr(module, "_PACE", type(module._PACE)())

    def send(*addresses: str, notices=(DRAFT,), url: str = URL) -> list[Answer]:
        listed = "".join(f"  - to: {one}\n" for one in addresses)
        (folder / "config" / "settings.yaml").write_text(f"{vendors.settings}notify:\n{listed}", "utf-8")
        return [tell(one, folded(notices, url)) for one in targets(load(folder))]

    return send


def test_a_group_of_wecom_gets_markdown_with_a_link(robots, vendors):
    assert robots("wecombot://the-key") == [Answer()]
    ((host, path, query, body),) = vendors.asked
    assert (host, path, query) == ("qyapi.weixin.qq.com", "/cgi-bin/webhook/send", {"key": "the-key"})
    assert body["msgtype"] == "markdown"
    assert body["markdown"]["content"].splitlines() == [
        f"**{DRAFT.title}**", *DRAFT.text.splitlines(), f"[看稿]({LINK})",
    ]  # fmt: skip


def test_a_group_of_feishu_gets_a_signed_card_with_a_button(robots, vendors):
    vendors.answer = {"code": 0, "msg": "success", "data": {}}
    assert robots("feishu://the-secret@the-token", "lark://the-token") == [Answer(), Answer()]
    (host, path, _, body), (abroad, *_, unsigned) = vendors.asked
    assert (host, path, abroad) == ("open.feishu.cn", "/open-apis/bot/v2/hook/the-token", "open.larksuite.com")
    assert body["msg_type"] == "interactive"
    assert body["card"]["header"]["title"]["content"] == DRAFT.title
    assert body["card"]["header"]["template"] == "green"
    text, action = body["card"]["elements"]
    assert text["text"] == {"tag": "plain_text", "content": DRAFT.text}
    assert action["actions"][0]["url"] == LINK
    key = f"{body['timestamp']}\nthe-secret".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    assert "sign" not in unsigned


def test_a_group_of_dingtalk_gets_a_signed_card_with_a_button(robots, vendors):
    assert robots("dingtalk://SECsecret@token", "dingtalk://token/13800000000") == [Answer(), Answer()]
    (host, path, query, body), (*_, called) = vendors.asked
    assert (host, path, query["access_token"]) == ("oapi.dingtalk.com", "/robot/send", "token")
    said = hmac.new(b"SECsecret", f"{query['timestamp']}\nSECsecret".encode(), hashlib.sha256).digest()
    assert query["sign"] == base64.b64encode(said).decode()
    assert (body["msgtype"], body["actionCard"]["singleURL"]) == ("actionCard", LINK)
    assert "5 条入选" in body["actionCard"]["text"]
    assert called["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}
    assert "@13800000000" in called["markdown"]["text"]


def test_addresses_as_the_vendors_show_them_are_understood(robots, vendors):
    assert (
        robots(
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=the-key",
            "https://open.feishu.cn/open-apis/bot/v2/hook/the-token",
            "https://oapi.dingtalk.com/robot/send?access_token=token",
        )
        == [Answer()] * 3
    )
    assert [host for host, *_ in vendors.asked] == ["qyapi.weixin.qq.com", "open.feishu.cn", "oapi.dingtalk.com"]


def test_without_an_address_of_the_page_the_command_line_is_named(robots, vendors):
    vendors.answer = {"code": 0}
    robots("wecombot://the-key", "feishu://the-token", "dingtalk://token", url="")
    for _, _, _, body in vendors.asked:
        told = json.dumps(body, ensure_ascii=False)
        assert "看稿：bulletin draft show beijing-monthly --month 2024-06" in told
        assert "http" not in told


@pytest.mark.parametrize(
    ("address", "answer", "said"),
    [
        ("wecombot://the-key", {"errcode": 45009, "errmsg": "api freq out of limit, hint: [1], from ip: 203.0.113.9"},
         Answer("企业微信：发送太频繁，被限流（45009 api freq out of limit）")),
        ("wecombot://the-key", {"errcode": 93000, "errmsg": "invalid webhook url the-key"},
         Answer("企业微信：机器人的地址无效，或机器人已从群里删除（93000 invalid webhook url …）", final=True)),
        ("feishu://the-token", {"code": 19024, "msg": "Key Words Not Found"},
         Answer("飞书：消息里没有机器人要求的关键词（19024 Key Words Not Found）", final=True)),
        ("feishu://the-token", {"code": 11232, "msg": "frequency limited"},
         Answer("飞书：发送太频繁，被限流（11232 frequency limited）")),
        ("dingtalk://token", {"errcode": 310000, "errmsg": "sign not match\r\n\x1b[31m"},
         Answer("钉钉：没有通过机器人的安全设置（关键词、签名或 IP）（310000 sign not match [31m）", final=True)),
        ("dingtalk://token", {"errcode": 99, "errmsg": "x" * 500}, Answer(f"钉钉：没有接受（99 {'x' * 119}…）")),
        ("wecombot://the-key", b"<html>proxy</html>", Answer("企业微信答复 200，不是预期的格式")),
    ],
    ids=["wecom busy", "wecom gone", "feishu keywords", "feishu busy", "dingtalk sign", "unknown", "no json"],
)  # fmt: skip
def test_a_refusal_with_status_200_is_told_with_the_vendors_code_and_words(robots, vendors, address, answer, said):
    vendors.answer = answer
    assert robots(address) == [said]


def test_a_certificate_for_another_name_is_not_believed(robots, vendors, monkeypatch):
    monkeypatch.setattr(WeCom, "asked", lambda self, message, now: ("https://elsewhere.example.cn/x", {}))
    monkeypatch.setattr(
        Vendors,
        "settings",
        property(lambda self: f'connect_to: {{"*:443": "127.0.0.1:{self.port}"}}\ntrust: {self.trust}\n'),
    )
    assert robots("wecombot://the-key") == [Answer("证书或加密协议有误")]
    assert vendors.asked == []


def test_a_robot_is_not_sent_more_than_it_takes_in_a_minute(robots, vendors, monkeypatch):
    assert (WeCom.most, DingTalk.most, Feishu.most) == ((20, 60.0), (20, 60.0), (100, 60.0))
    monkeypatch.setattr(WeCom, "most", (3, 60.0))
    answers = robots(*["wecombot://the-key"] * 5, "wecombot://another")
    assert [one.trouble for one in answers if one.trouble] == ["企业微信每 60 秒只收 3 条，稍后再发"] * 2
    assert len(vendors.asked) == 4


def test_what_a_robot_will_never_take_is_not_sent_again_and_what_it_will_is(robots, vendors, workspace):
    (workspace / "config" / "settings.yaml").write_text(
        f"{vendors.settings}notify: [{{to: wecombot://the-key}}]\n", "utf-8"
    )
    moment = [NOW]
    with open_desk(workspace, clock=lambda: moment[0]) as desk:

        def sent() -> list[str]:
            return [one.trouble for one in desk.send_notices()]

        desk.notices.post(DRAFT)
        vendors.answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
        assert sent() == ["企业微信：发送太频繁，被限流（45009 api freq out of limit）"]
        assert sent() == [], "not at once"
        moment[0] += dt.timedelta(minutes=2)
        vendors.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
        assert sent() == ["企业微信：机器人的地址无效，或机器人已从群里删除（93000 invalid webhook url）"]
        moment[0] += dt.timedelta(days=1)
        assert sent() == []
        (lost,) = desk.notices.lost()
        assert lost.trouble.endswith("（93000 invalid webhook url）")


def test_all_that_a_round_has_to_say_is_one_message(robots, vendors):
    robots("wecombot://the-key", "feishu://the-token", "dingtalk://token", notices=(SILENT, DRAFT))
    assert len(vendors.asked) == 3
    markdown, card, pressed = (body for *_, body in vendors.asked)
    text = markdown["markdown"]["content"]
    assert text.startswith(f"**{DRAFT.title}，另有 1 条消息**\n")
    assert re.findall(r"\]\((.*?)\)", text) == [f"{URL}sources/x", LINK]
    assert card["card"]["header"]["title"]["content"] == f"{DRAFT.title}，另有 1 条消息"
    buttons = [one["actions"][0]["url"] for one in card["card"]["elements"] if one["tag"] == "action"]
    assert buttons == [f"{URL}sources/x", LINK]
    assert [one["actionURL"] for one in pressed["actionCard"]["btns"]] == buttons
    for told in (text, pressed["actionCard"]["text"]):
        assert "<@all>" not in told
        assert "](http://evil" not in told


@pytest.mark.parametrize("length", [*range(1250, 1330), 30_000])
@pytest.mark.parametrize(("robot", "most"), [(WECOM, 4096), (FEISHU, 20_000), (DINGTALK, 20_000)], ids=["w", "f", "d"])
def test_a_long_message_is_cut_between_characters_and_its_link_stays_whole(robot, most, length):
    long = Notice("k", Event.RUN_FAILED, "生成失败", "原因：" + "磁" * length, NOW, pointer=DRAFT.pointer)
    for notices in ([long], [DRAFT, long], [long] * 3):
        _, body = robot.asked(folded(notices, URL), 0.0)
        told = json.dumps(body, ensure_ascii=False)
        size = len(body["markdown"]["content"].encode()) if robot is WECOM else len(told.encode())
        assert size <= most
        assert "�" not in told
        assert LINK in told
        assert told.count("](") == told.count(f"]({URL}"), "no link is cut"
        assert (MORE in told) == ("磁" * length not in told)


def test_of_many_links_those_that_fit_are_whole():
    cut = 0
    for length in range(100):
        first = dataclasses.replace(DRAFT, text="甲" * length)
        _, body = WECOM.asked(folded([first, *[DRAFT] * 15], URL), 0.0)
        content = body["markdown"]["content"]
        assert len(content.encode()) <= 4096
        assert content.count("](") == len(re.findall(rf"\]\({LINK}\)", content))
        cut += MORE in content
    assert cut == 100


def test_a_secret_in_the_settings_themselves_is_complained_of(folder, bulletin, monkeypatch):
    monkeypatch.setenv("OFFICE_ROBOT", "wecombot://hidden")
    (folder / "config" / "settings.yaml").write_text(
        "notify:\n  - to: env:OFFICE_ROBOT\n  - to: wecombot://in-the-clear\n  - to: json://hook.example.cn/x\n",
        "utf-8",
    )
    (told,) = exposed(load(folder))
    assert "settings.yaml:3:5: wecombot://… 的密钥写在配置文件里，请改为 env:变量名 或 file:路径" in told
    code, _, err = bulletin("-C", folder, "config", "check")
    assert (code, told in err) == (0, True)
    assert "in-the-clear" not in err
    said = list(CHECKS["通知"](SimpleNamespace(config=load(folder))))
    assert (said[0].condition, said[0].detail) == (Condition.WARNING, told)


def test_every_vendor_has_a_robot():
    assert set(VENDORS) == {"wecombot", "feishu", "lark", "dingtalk"}
