"""What stands round every page: where one can go, and what is wrong with the desk itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipeline.desk import CLUSTER, LOG, Desk
from pipeline.model import BEIJING, Account, Role
from pipeline.web.office import Office


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the page that the navigation leads to."""

    address: str
    words: str
    here: bool
    """Whether one is there."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The navigation, and what everybody must know whatever they do."""

    places: tuple[Place, ...] = ()
    troubles: tuple[str, ...] = ()


_PLACES = (
    ("/", "期刊", Role.VIEWER),
    ("/sources", "信源", Role.VIEWER),
    ("/archive", "存档", Role.VIEWER),
    ("/trends", "趋势", Role.VIEWER),
    ("/accounts", "账号", Role.ADMIN),
    ("/audit", "审计", Role.ADMIN),
    ("/help", "帮助", Role.VIEWER),
)
_REMINDED = dt.timedelta(days=7)  # of what is over: nobody need take it back
_MACHINE = {LOG: "日志所在的磁盘和权限", CLUSTER: "调度器和各工作机"}
"""Signs of trouble beside the work → what to look at."""
_ISSUES = ("/issues/", "/new/", "/runs/")  # what lies under 期刊


def frame(path: str, account: Account | None, office: Office, desk: Desk) -> Frame:
    """What stands round the page at `path`; nothing for whoever is not signed in."""
    if account is None:
        return Frame()
    places = tuple(
        Place(address, words, _within(path, address)) for address, words, role in _PLACES if account.role.allows(role)
    )
    # not over a draft, every click on which would ask the database once more
    minding = account.role is Role.ADMIN and not path.startswith(_ISSUES)
    machine = _of_the_machine(office, desk) if minding else []
    return Frame(places, (*_troubles(office, desk), *machine))


def _within(path: str, address: str) -> bool:
    if address == "/":
        return path == "/" or path.startswith(_ISSUES)
    return path == address or path.startswith(f"{address}/")


def _of_the_machine(office: Office, desk: Desk) -> list[str]:
    """What only who minds the machine can mend."""
    return [
        f"{sign.told}（{sign.when.astimezone(BEIJING):%Y-%m-%d %H:%M}）。工作照常进行；请检查{what}。"
        for name, what in _MACHINE.items()
        if (sign := desk.signs.last(name)) and office.clock() - sign.when <= _REMINDED
    ]


def _troubles(office: Office, desk: Desk) -> list[str]:
    found = []
    if office.trouble:
        found.append(f"配置文件有误，暂按改动前的配置运行：{office.trouble}")
    unwritten = [name for name in desk.pending if not (desk.config.out / name).is_file()]
    if unwritten:
        more = f"等 {len(unwritten)} 个" if len(unwritten) > 1 else ""
        found.append(
            f"已发布的文件还没有写到输出文件夹：{unwritten[0]}{more}。"
            "期刊已经发布、没有丢失；请检查磁盘空间和权限，排除后几分钟内自动补写。"
        )
    return found
