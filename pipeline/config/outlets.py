"""outlets.yaml: who owns which host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from pipeline.config.strict import Strict

_SECOND_LEVEL = frozenset(("com", "gov", "org", "net", "edu", "ac", "mil"))
_OF_PROVINCES = "bj sh tj cq he sx nm ln jl hl js zj ah fj jx sd ha hb hn gd gx hi sc gz yn xz sn gs qh nx xj tw hk mo"
_PROVINCES = frozenset(_OF_PROVINCES.split())


class Outlet(Strict):
    """Who owns a host."""

    name: Annotated[str, Field(min_length=1)]
    """Printed as 来源 where the page itself names none."""
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    """With their subdomains; the longest host that is registered wins."""
    tier: Literal["gov", "agency", "outlet", "portal", "self-media"] = "outlet"
    """Authority; news agency or central media; own newsroom; carries others' articles; accounts."""
    region: str = ""
    """Where it counts as local; 全国 for none."""
    aliases: tuple[str, ...] = ()
    """Other names that are printed for it: the paper behind the site, an account, an older name."""

    @property
    def names(self) -> frozenset[str]:
        """Every name it goes by."""
        return frozenset((self.name, *self.aliases))

    def signs(self, printed: str) -> bool:
        """Whether a printed name is its own, or only adds to it or shortens it: 北京日报客户端, 人民网北京频道."""
        return any(printed.startswith(name) or name.startswith(printed) for name in self.names if len(printed) > 1)


class Outlets:
    """The registry of outlets, looked up by host or by name."""

    def __init__(self, outlets: tuple[Outlet, ...] = ()) -> None:
        self.all = outlets
        self._by_host = {host: outlet for outlet in outlets for host in outlet.hosts}
        self._by_name = {name: outlet for outlet in outlets for name in outlet.names}

    @property
    def hosts(self) -> Mapping[str, Outlet]:
        """Every registered host."""
        return self._by_host

    def at(self, url: str) -> Outlet | None:
        """The owner of the address's host: the longest registered suffix wins."""
        try:
            labels = (urlsplit(url).hostname or "").lower().split(".")
        except ValueError:
            return None
        for start in range(len(labels) - 1):
            if found := self._by_host.get(".".join(labels[start:])):
                return found
        return None

    def named(self, name: str) -> Outlet | None:
        """The outlet that goes by `name`."""
        return self._by_name.get(name.strip())


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, or of one domain as registered."""
    first, second = urlsplit(one).hostname or "", urlsplit(other).hostname or ""
    return bool(first) and (first == second or registered(first) == registered(second))


def registered(host: str) -> str:
    """The part of a host's name that somebody registered: wjw.beijing.gov.cn → beijing.gov.cn."""
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        return host
    labels = host.lower().rstrip(".").split(".")
    under = _SECOND_LEVEL | _PROVINCES if labels[-1] == "cn" else _SECOND_LEVEL
    count = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in under else 2
    return ".".join(labels[-count:])
