"""Notices on their way out: web hooks, chats and e-mail, through apprise.

An address is a secret: it is shown masked, apprise's own log (which quotes addresses and answers) goes nowhere,
and a failure is told in words of our own. apprise takes 0.2 s to import and brings requests with it, so it is
imported where something is sent or an address is tried.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from pipeline.config import Config, masked, place_of
from pipeline.errors import ConfigError
from pipeline.model import Event, Notice

log = structlog.get_logger("pipeline.notify")

SECONDS = 30.0
"""How long one target may take over one notice; apprise's own limits (4 s) hold for single reads only."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who is told, and how to reach them."""

    name: str
    """The address without its secrets, told from its likes by a number."""
    place: str
    """Where it stands: file, line and column."""
    events: tuple[Event, ...]
    series: tuple[str, ...]
    address: str
    """The address itself: a secret. Empty when it cannot be had."""
    trouble: str = ""
    """Why the address cannot be had, in Chinese."""

    def __repr__(self) -> str:
        return f"Target({self.name})"

    def wants(self, notice: Notice) -> bool:
        """Whether it asked to be told of this."""
        return notice.event in self.events and (not self.series or notice.series in ("", *self.series))


def targets(config: Config) -> list[Target]:
    """Everybody who is told, in the order of the settings."""
    found: list[Target] = []
    seen: Counter[str] = Counter()
    for index, told in enumerate(config.settings.notify):
        written = told.to.get_secret_value()
        name = masked(written)
        seen[name] += 1
        address, trouble = config.secret(written)
        found.append(
            Target(
                name=f"{name}（{seen[name]}）" if seen[name] > 1 else name,
                place=place_of(config.workspace, "settings", "notify", index, "to"),
                events=told.events,
                series=told.series,
                address=address,
                trouble=trouble,
            )
        )
    return found


def refused(config: Config) -> list[ConfigError]:
    """Every target that nothing can be sent to, with the place it stands at; empty when all are good."""
    return [
        ConfigError(one.place, f"notify: {one.name}: {why}", "请写 apprise 的地址、env:变量名 或 file:路径。")
        for one in targets(config)
        if (why := one.trouble or ("" if _plugin(one.address) is not None else "apprise 不认识这个地址"))
    ]


def tell(target: Target, notice: Notice, *, seconds: float = SECONDS) -> str:
    """Sends a notice to one target; returns why it could not, in Chinese, or nothing. Raises nothing.

    A target that answers after the time limit may have been told all the same.
    """
    if target.trouble:
        return target.trouble
    outcome: list[str] = []

    def send() -> None:
        try:
            outcome.append(_sent(target.address, notice))
        except Exception as error:
            # a plug-in that breaks is no reason to keep others from being told; its text may quote the address
            outcome.append(f"发送时出错（{type(error).__name__}）")

    # a daemon: a target that never answers must not keep the process from ending
    thread = threading.Thread(target=send, name="notify", daemon=True)
    thread.start()
    thread.join(seconds)
    why = outcome[0] if outcome else f"超过 {seconds:g} 秒没有完成"
    if why:
        log.warning("not told", target=target.name, notice=notice.key, why=why)
    return why


def _sent(address: str, notice: Notice) -> str:
    from apprise import Apprise, NotifyFormat, NotifyType

    plugin = _plugin(address)
    if plugin is None:
        return "apprise 不认识这个地址"
    sender = Apprise(asset=plugin.asset)
    if plugin.notify_format == NotifyFormat.HTML:
        plugin.notify_format = NotifyFormat.TEXT  # in its HTML every blank of a command cannot be pasted into a shell
    sender.add(plugin)
    kinds = {Event.DRAFT_READY: NotifyType.SUCCESS, Event.RUN_FAILED: NotifyType.FAILURE}
    with _heard() as said:
        accepted = sender.notify(
            title=notice.title,
            body=notice.text,
            notify_type=kinds.get(notice.event, NotifyType.WARNING),
            body_format=NotifyFormat.TEXT,
        )
    return "" if accepted else _because("\n".join(said))


def _plugin(address: str) -> Any:
    """What apprise makes of an address; `None` when it cannot be used."""
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(async_mode=False, storage_mode=PersistentStoreMode.MEMORY, app_id="bulletin-desk")
    with _heard():
        return Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


class _Ear(logging.Handler):
    """Hears what apprise logs in this thread."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise says about its work, which is kept from everybody else: it quotes addresses."""
    ear, logger = _Ear(), logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)  # the cause of a broken connection is said only there
    logger.addHandler(ear)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)


_REASONS = (
    (r"timed? ?out|timeout", "对方没有在限定时间内答复"),
    (r"refused", "对方拒绝连接（地址或端口不对，或服务没有启动）"),
    (r"resolve|name or service|getaddrinfo|nodename", "找不到这台主机"),
    (r"certificate|ssl", "证书或加密协议有误"),
    (r"authentication|\b535\b", "用户名或密码不对"),
    (r"recipient", "收件人被拒绝"),
    (r"connection", "连接中断"),
)


def _because(said: str) -> str:
    """Why it failed, in our own words: what apprise quotes may hold the address or the answer."""
    if status := re.search(r"error=(\d{3})\b", said):
        return f"对方答复 {status[1]}"
    for pattern, reason in _REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            return reason
    return "对方没有接受"
