"""Sending a message to one target, and why it was not taken.

apprise's own log, which quotes addresses and answers, goes nowhere, and a failure is told in words of our own. apprise
takes 0.2 s to import and brings requests with it, so it is imported where something is sent or an address is tried.
"""

from __future__ import annotations

import re
import threading
from typing import Any

import structlog

from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.model import Tone
from pipeline.notify.message import Message
from pipeline.notify.robots import VENDORS, Answer, broken, sent
from pipeline.notify.targets import Target, heard, plugin_of, targets

log = structlog.get_logger("pipeline.notify")

SECONDS = 30.0
"""How long one target may take over one message; apprise's own limits (4 s) hold for single reads only."""


def refused(config: Config) -> list[ConfigError]:
    """Every target that nothing can be sent to, with the place it stands at; empty when all are good."""
    return [
        ConfigError(one.place, f"notify: {one.name}: {why}", "请写 apprise 的地址、env:变量名 或 file:路径。")
        for one in targets(config)
        if (why := one.trouble or ("" if plugin_of(one.address) is not None else "apprise 不认识这个地址"))
    ]


def tell(target: Target, message: Message, *, seconds: float = SECONDS) -> Answer:
    """Sends a message to one target; says why it could not. Raises nothing.

    A target that answers after the time limit may have been told all the same.
    """
    if target.trouble:
        return Answer(target.trouble)
    outcome: list[Answer] = []

    def send() -> None:
        try:
            outcome.append(_sent(target, message))
        except Exception as error:
            # a plug-in that breaks is no reason to keep others from being told; its text may quote the address
            outcome.append(Answer(f"发送时出错（{type(error).__name__}）"))

    # a daemon: a target that never answers must not keep the process from ending
    thread = threading.Thread(target=send, name="notify", daemon=True)
    thread.start()
    thread.join(seconds)
    answer = outcome[0] if outcome else Answer(f"超过 {seconds:g} 秒没有完成")
    if answer.trouble:
        log.warning("not told", target=target.name, title=message.title, why=answer.trouble, final=answer.final)
    return answer


def _sent(target: Target, message: Message) -> Answer:
    plugin = plugin_of(target.address)
    if plugin is None:
        return Answer("apprise 不认识这个地址")
    if vendor := VENDORS.get(plugin.secure_protocol):
        return sent(vendor(plugin), target.road, message)
    return Answer(_through_apprise(plugin, message))


def _through_apprise(plugin: Any, message: Message) -> str:
    from apprise import Apprise, NotifyFormat, NotifyType

    sender = Apprise(asset=plugin.asset)
    # what shows HTML gets ours; in apprise's own every blank of a command cannot be pasted into a shell
    written = plugin.secure_protocol == "mailtos" and plugin.notify_format == NotifyFormat.HTML
    if plugin.notify_format == NotifyFormat.HTML and not written:
        plugin.notify_format = NotifyFormat.TEXT
    sender.add(plugin)
    kinds = {Tone.GOOD: NotifyType.SUCCESS, Tone.WARNING: NotifyType.WARNING, Tone.FAILURE: NotifyType.FAILURE}
    with heard() as said:
        accepted = sender.notify(
            title=message.title,
            body=message.html if written else message.text,
            notify_type=kinds[message.tone],
            body_format=NotifyFormat.HTML if written else NotifyFormat.TEXT,
        )
    return "" if accepted else _because("\n".join(said))


def _because(said: str) -> str:
    """Why it failed, in our own words: what apprise quotes may hold the address or the answer."""
    if status := re.search(r"error=(\d{3})\b", said):
        return f"对方答复 {status[1]}"
    return broken(said) or "对方没有接受"
