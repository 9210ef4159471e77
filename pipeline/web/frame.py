"""What stands round every page: where one can go, and what is wrong with the desk itself."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.desk import Desk
from pipeline.model import Account, Role
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
    ("/accounts", "账号", Role.ADMIN),
    ("/audit", "审计", Role.ADMIN),
    ("/help", "帮助", Role.VIEWER),
)
_ISSUES = ("/issues/", "/new/", "/runs/")  # what lies under 期刊


def frame(path: str, account: Account | None, office: Office, desk: Desk) -> Frame:
    """What stands round the page at `path`; nothing for whoever is not signed in."""
    if account is None:
        return Frame()
    places = tuple(
        Place(address, words, _within(path, address)) for address, words, role in _PLACES if account.role.allows(role)
    )
    return Frame(places, tuple(_troubles(office, desk)))


def _within(path: str, address: str) -> bool:
    if address == "/":
        return path == "/" or path.startswith(_ISSUES)
    return path == address or path.startswith(f"{address}/")


def _troubles(office: Office, desk: Desk) -> list[str]:
    found = []
    if office.trouble:
        found.append(f"配置文件有误，暂按改动前的配置运行：{office.trouble}")
    unwritten = [name for name in desk.pending if not (desk.config.out / name).is_file()]
    if unwritten:
        more = f"等 {len(unwritten)} 个" if len(unwritten) > 1 else ""
        found.append(
            f"已发布的文件还没有写到输出文件夹：{unwritten[0]}{more}。"
            "期刊已经发布、没有丢失；请检查磁盘空间和权限，程序重新启动时会补写。"
        )
    return found
