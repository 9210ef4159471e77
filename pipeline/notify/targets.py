"""Who is told, and how they are reached; an address is a secret."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import Config, masked, place_of
from pipeline.model import Event, Notice

_NATIVE = (
    (r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)", "feishu"),
    (r"https://open\.larksuite\.com/open-apis/bot/v2/hook/([\w-]+)", "lark"),
    (r"https://oapi\.dingtalk\.com/robot/send\?access_token=(\w+)", "dingtalk"),
)
"""Addresses as the vendors show them to be copied, of which apprise knows that of 企业微信 only."""


@dataclass(frozen=True, slots=True)
class Road:
    """How what we send ourselves reaches its host: by the settings that everything else obeys, too."""

    connect_to: Mapping[str, str] = field(default_factory=dict)
    trust: Path | None = None
    proxy: str = ""

    def __repr__(self) -> str:
        return "Road()"  # a proxy's address may hold a password


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
    written: bool = False
    """Whether it stands in settings.yaml itself."""
    road: Road = Road()

    def __repr__(self) -> str:
        return f"Target({self.name})"

    def wants(self, notice: Notice) -> bool:
        """Whether it asked to be told of this."""
        return notice.event in self.events and (not self.series or notice.series in ("", *self.series))


def targets(config: Config) -> list[Target]:
    """Everybody who is told, in the order of the settings."""
    found: list[Target] = []
    seen: Counter[str] = Counter()
    settings = config.settings
    proxy, _ = config.secret(settings.proxy)
    road = Road(settings.connect_to, config.at(settings.trust) if settings.trust else None, proxy)
    for index, told in enumerate(settings.notify):
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
                address=_known(address),
                trouble=trouble,
                written=address == written,
                road=road,
            )
        )
    return found


def exposed(config: Config) -> list[str]:
    """What stands in settings.yaml and holds a secret, each with its place, in Chinese.

    It works: whoever is told today must not cease to be because of an upgrade. But the file is copied, shown and
    kept in backups.
    """
    told = []
    for one in targets(config):
        plugin = plugin_of(one.address) if one.written else None
        # apprise knows which parts of its addresses are secret; a path of a web hook may be one and is not among them
        if plugin is not None and plugin.url(privacy=True) != plugin.url(privacy=False):
            told.append(f"{one.place}: {one.name} 的密钥写在配置文件里，请改为 env:变量名 或 file:路径")
    return told


def _known(address: str) -> str:
    for pattern, scheme in _NATIVE:
        if found := re.fullmatch(pattern, address):
            return f"{scheme}://{found[1]}"
    return address


def plugin_of(address: str) -> Any:
    """What apprise makes of an address; `None` when it cannot be used."""
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(async_mode=False, storage_mode=PersistentStoreMode.MEMORY, app_id="bulletin-desk")
    with heard():
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
def heard() -> Iterator[list[str]]:
    """What apprise says about its work, which is kept from everybody else: it quotes addresses."""
    ear, logger = _Ear(), logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)  # the cause of a broken connection is said only there
    logger.addHandler(ear)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)
