"""The robots of 企业微信, 飞书 and 钉钉: a card for each, and what their answers mean.

Their limits, as the vendors document them (and answer by when they are passed): 企业微信 takes 4,096 bytes of Markdown
(40058) and 20 messages a minute (45009); 飞书 20 KB a request (9499), 100 a minute (11232); 钉钉 20,000 bytes (460101)
and 20 a minute, after which it takes nothing for ten (130101). They refuse with status 200 and a code.

The hosts are the vendors' own and stand here; where else to dial for them is said by `connect_to` in the settings, as
for everything that is fetched, and the certificate is held against the vendor's name all the same. An address in the
environment can thus not have a token sent to a host of its choice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from pipeline.model import Tone
from pipeline.notify.message import Message
from pipeline.notify.targets import Road

if TYPE_CHECKING:
    from requests import Session

MORE = "……（全文见编辑台）"
"""What ends a text that had to be cut."""
_ANSWER = 64 * 1024  # bytes of an answer that are read
_WORDS = 120  # characters of a vendor's words that are shown
_CONNECT, _READ = 10.0, 15.0
_BUTTONS = 5  # below one card; the text names all


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target made of a message."""

    trouble: str = ""
    """Why it was not taken, in Chinese; empty when it was."""
    final: bool = False
    """Whether sending it again would come to the same, until somebody mends something."""


class Robot(Protocol):
    """A robot in a group of one vendor's."""

    @property
    def name(self) -> str:
        """The vendor's, in Chinese."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of its address must not be said."""
        ...

    @property
    def most(self) -> tuple[int, float]:
        """How many messages in how many seconds it takes."""
        ...

    @property
    def codes(self) -> Mapping[int, tuple[str, bool]]:
        """Code of a refusal → what it means in Chinese, and whether sending again would come to the same."""
        ...

    def asked(self, message: Message, now: float) -> tuple[str, Any]:
        """Address and body of the request that sends a message at `now`, in seconds since 1970."""
        ...


class WeCom:
    """The robot of a group of 企业微信: Markdown."""

    name = "企业微信"
    most = (20, 60.0)
    codes: Mapping[int, tuple[str, bool]] = {
        -1: ("系统繁忙", False),
        40008: ("消息格式不对", True),
        40058: ("消息内容不合要求或太长", True),
        44004: ("消息内容为空", True),
        45009: ("发送太频繁，被限流", False),
        45033: ("发送太频繁，被限流", False),
        93000: ("机器人的地址无效，或机器人已从群里删除", True),
        93004: ("机器人已停用", True),
        93008: ("机器人不在这个群里", True),
    }
    _BYTES = 4096

    def __init__(self, plugin: Any) -> None:
        self.secrets = (plugin.key,)

    def asked(self, message: Message, now: float) -> tuple[str, Any]:
        """Its Markdown knows no way to write a bracket or a < as such, so these become their full-width likes."""
        content = _markdown(message, self._BYTES, "\n")
        body = {"msgtype": "markdown", "markdown": {"content": content}}
        return f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={quote(self.secrets[0])}", body


class Feishu:
    """The robot of a group of 飞书, or of Lark, as it is called abroad: an interactive card."""

    most = (100, 60.0)
    codes: Mapping[int, tuple[str, bool]] = {
        9499: ("消息格式不对或太长", True),
        11232: ("发送太频繁，被限流", False),
        11233: ("发送太频繁，被限流", False),
        19001: ("机器人的地址无效，或机器人已从群里删除", True),
        19021: ("签名不对，或这台机器的时间差了一小时以上", True),
        19022: ("这台机器的地址不在机器人的 IP 白名单里", True),
        19024: ("消息里没有机器人要求的关键词", True),
    }
    _BYTES = 20_000
    _COLOURS: Mapping[Tone, str] = {Tone.GOOD: "green", Tone.WARNING: "orange", Tone.FAILURE: "red"}

    def __init__(self, plugin: Any) -> None:
        abroad = plugin.secure_protocol == "lark"
        self.name = "Lark" if abroad else "飞书"
        self._host = "open.larksuite.com" if abroad else "open.feishu.cn"
        self._token, self._secret = str(plugin.token), str(plugin.user or "")
        self.secrets = (self._token, self._secret)

    def asked(self, message: Message, now: float) -> tuple[str, Any]:
        """Texts are plain ones, in which nothing is markup; where it leads is a button."""
        whole = self._card(message, None)
        if len(_json(whole)) > self._BYTES:
            # what stands round a text takes some 400 bytes a part
            whole = self._card(message, max(200, self._BYTES // len(message.parts) - 800))
        if self._secret:
            stamp = str(int(now))
            mac = hmac.new(f"{stamp}\n{self._secret}".encode(), digestmod=hashlib.sha256).digest()
            whole |= {"timestamp": stamp, "sign": base64.b64encode(mac).decode()}
        return f"https://{self._host}/open-apis/bot/v2/hook/{quote(self._token)}", whole

    def _card(self, message: Message, most: int | None) -> dict[str, Any]:
        elements: list[dict[str, Any]] = []
        for part in message.parts:
            text = part.text if most is None else _cut(part.text, most)
            lines = [f"【{part.title}】", text] if message.parts[1:] else [text]
            if not part.link and part.way:
                lines.append(part.way)
            elements += [{"tag": "hr"}] if elements else []
            elements.append({"tag": "div", "text": {"tag": "plain_text", "content": "\n".join(lines)}})
            if part.link:
                words = {"tag": "plain_text", "content": part.words}
                button = {"tag": "button", "text": words, "type": "primary", "url": part.link}
                elements.append({"tag": "action", "actions": [button]})
        title = {"tag": "plain_text", "content": message.title}
        header = {"title": title, "template": self._COLOURS[message.tone]}
        card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
        return {"msg_type": "interactive", "card": card}


class DingTalk:
    """The robot of a group of 钉钉: a card with buttons, or Markdown where there is nothing to press."""

    name = "钉钉"
    most = (20, 60.0)
    codes: Mapping[int, tuple[str, bool]] = {
        -1: ("系统繁忙", False),
        40035: ("消息格式不对", True),
        43004: ("消息格式不对", True),
        130101: ("发送太频繁，十分钟内不再接收", False),
        300001: ("机器人的地址无效，或机器人已从群里删除", True),
        300005: ("机器人的地址无效，或机器人已从群里删除", True),
        310000: ("没有通过机器人的安全设置（关键词、签名或 IP）", True),
        400013: ("群已解散", True),
        400101: ("机器人的地址无效，或机器人已从群里删除", True),
        400102: ("机器人已停用", True),
        400105: ("不支持这种消息", True),
        400106: ("机器人不存在", True),
        410100: ("发送太频繁，被限流", False),
        460101: ("消息太长", True),
    }
    _BYTES = 18_000  # of 20,000, which count the whole body

    def __init__(self, plugin: Any) -> None:
        self._token, self._secret = str(plugin.token), str(plugin.secret or "")
        self._phones = list(plugin.targets)
        self.secrets = (self._token, self._secret)

    def asked(self, message: Message, now: float) -> tuple[str, Any]:
        """Only Markdown can call somebody by their telephone number."""
        address = f"https://oapi.dingtalk.com/robot/send?access_token={quote(self._token)}"
        if self._secret:
            stamp = str(int(now * 1000))
            mac = hmac.new(self._secret.encode(), f"{stamp}\n{self._secret}".encode(), hashlib.sha256).digest()
            address += f"&timestamp={stamp}&sign={quote(base64.b64encode(mac), safe='')}"
        links = [part for part in message.parts if part.link]
        title = _tame(message.title)
        if links and not self._phones:
            text = _markdown(message, self._BYTES, "  \n", links=False)
            card: dict[str, Any] = {"title": title, "text": text}
            if links[1:]:
                card["btnOrientation"] = "0"
                named = [(f"{part.words}：{part.title}", part.link) for part in links[:_BUTTONS]]
                card["btns"] = [{"title": title, "actionURL": link} for title, link in named]
            else:
                card |= {"singleTitle": links[0].words, "singleURL": links[0].link}
            return address, {"msgtype": "actionCard", "actionCard": card}
        called = "".join(f"@{phone} " for phone in self._phones)
        text = _markdown(message, self._BYTES, "  \n") + (f"  \n{called.strip()}" if called else "")
        body: dict[str, Any] = {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
        return address, body | ({"at": {"atMobiles": self._phones, "isAtAll": False}} if called else {})


VENDORS: Mapping[str, Callable[[Any], Robot]] = {
    "wecombot": WeCom,
    "feishu": Feishu,
    "lark": Feishu,
    "dingtalk": DingTalk,
}
"""The scheme of an address as apprise has it → the robot behind what apprise makes of it."""


# --------------------------------------------------------------------------------------- texts

_TAMED = str.maketrans("<>[]*`#|~\\", "＜＞［］＊｀＃｜～＼")


def _tame(text: str) -> str:
    """Text in which nothing is markup: a source's name calls nobody (`<@all>`) and leads nowhere."""
    return text.translate(_TAMED)


def _markdown(message: Message, most: int, end: str, *, links: bool = True) -> str:
    """A message of at most so many bytes; links are whole or not there, and the first of them always is."""
    tail = ""
    lines: list[str] = []
    for part in message.parts:
        lines += [""] if lines else []
        lines += [f"**{_tame(part.title)}**"] if message.parts[1:] else []
        lines += [_tame(line) for line in part.text.splitlines()]
        if links and part.link:
            lines.append(f"[{_tame(part.words)}]({part.link})")
            tail = tail or lines[-1]
        elif part.way and not part.link:
            lines.append(_tame(part.way))
    return f"**{_cut(_tame(message.title), most // 4)}**{end}{_fitted(lines, most - most // 4 - 16, end, tail)}"


def _fitted(lines: list[str], most: int, end: str, tail: str) -> str:
    """As many lines as fit; where some do not, that is said, and `tail`, a link, stands at the end."""
    if len((whole := end.join(lines)).encode()) <= most:
        return whole
    room = most - len(f"{MORE}{end}{tail}{end}".encode())
    kept: list[str] = []
    for line in lines:
        size = len(f"{line}{end}".encode())
        if size > room:
            if "](" not in line:  # half a link leads nowhere
                kept.append(line.encode()[: max(room, 0)].decode(errors="ignore"))
            break
        kept.append(line)
        room -= size
    text = end.join(kept) + MORE
    return f"{text}{end}{tail}" if tail and tail not in kept else text


def _cut(text: str, most: int) -> str:
    """Text of at most so many bytes, cut between two characters, which is then said."""
    data = text.encode()
    if len(data) <= most:
        return text
    return data[: max(most - len(MORE.encode()), 0)].decode(errors="ignore") + MORE


# --------------------------------------------------------------------------------------- sending


class _Pace:
    """How many messages a robot was sent of late by this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[tuple[str, ...], deque[float]] = {}

    def admits(self, robot: Robot, now: float) -> bool:
        """Whether another one may be sent now; counts it if so."""
        count, seconds = robot.most
        with self._lock:
            times = self._sent.setdefault(robot.secrets, deque())
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= count:
                return False
            times.append(now)
            return True


_PACE = _Pace()


def sent(robot: Robot, road: Road, message: Message) -> Answer:
    """Sends a message to a robot; says what came of it."""
    from requests import RequestException

    if not _PACE.admits(robot, time.monotonic()):
        return Answer(f"{robot.name}每 {robot.most[1]:.0f} 秒只收 {robot.most[0]} 条，稍后再发")
    address, body = robot.asked(message, time.time())
    session, url, host = _session(road, address)
    try:
        with (
            session,
            session.post(
                url,
                data=_json(body),
                headers={"Content-Type": "application/json; charset=utf-8", "Host": host},
                timeout=(_CONNECT, _READ),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            data = answer.raw.read(_ANSWER, decode_content=True)
            return _understood(robot, answer.status_code, data)
    except RequestException as error:
        return Answer(broken(str(error)) or f"连接出错（{type(error).__name__}）")


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _understood(robot: Robot, status: int, data: bytes) -> Answer:
    """What a vendor's answer means; the code counts, whatever the status."""
    try:
        told = json.loads(data)
        code = int(told.get("errcode", told.get("code", told.get("StatusCode"))))
    except (ValueError, TypeError, AttributeError):
        return Answer(f"{robot.name}答复 {status}" + ("，不是预期的格式" if status == 200 else ""))
    if code == 0:
        return Answer()
    meaning, final = robot.codes.get(code, ("没有接受", False))
    words = _said(str(told.get("errmsg", told.get("msg", ""))), robot.secrets)
    return Answer(f"{robot.name}：{meaning}（{code}" + (f" {words}）" if words else "）"), final)


def _said(words: str, secrets: Iterable[str]) -> str:
    """A vendor's words as they may be shown: in one line, without our address or theirs."""
    words = words.partition(", hint:")[0]  # 企业微信 goes on with the address of this machine
    for secret in filter(None, secrets):
        words = words.replace(secret, "…")
    words = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"


def _session(road: Road, address: str) -> tuple[Session, str, str]:
    """A session for one address, the address as it is dialled, and the host that is meant."""
    from requests import Session
    from requests.adapters import HTTPAdapter

    parts = urlsplit(address)
    host = parts.hostname or ""
    instead = road.connect_to.get(f"{host}:443") or road.connect_to.get("*:443")
    context = ssl.create_default_context()
    if road.trust:
        context.load_verify_locations(road.trust)

    class Named(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            # the name and the certificate are the vendor's, whatever is dialled for it
            super().init_poolmanager(*args, **kwargs, ssl_context=context, server_hostname=host, assert_hostname=host)

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            return super().proxy_manager_for(*args, **kwargs, ssl_context=context)

    session = Session()
    session.trust_env = False  # a proxy of the environment would see every token
    session.mount("https://", Named())
    if instead:
        address = parts._replace(netloc=instead).geturl()
    elif road.proxy:
        session.proxies = {"https": road.proxy}
    return session, address, host


_REASONS = (
    (r"timed? ?out|timeout", "对方没有在限定时间内答复"),
    (r"refused", "对方拒绝连接（地址或端口不对，或服务没有启动）"),
    (r"resolve|name or service|getaddrinfo|nodename", "找不到这台主机"),
    (r"certificate|ssl", "证书或加密协议有误"),
    (r"authentication|\b535\b", "用户名或密码不对"),
    (r"recipient", "收件人被拒绝"),
    (r"connection", "连接中断"),
)


def broken(said: str) -> str:
    """What a library's words about a broken exchange mean, in Chinese; nothing when they are not known."""
    return next((told for pattern, told in _REASONS if re.search(pattern, said, re.IGNORECASE)), "")
