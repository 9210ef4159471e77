"""outlets.yaml: who owns which host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from pipeline.config.strict import Strict


class Outlet(Strict):
    """Who owns a host."""

    name: Annotated[str, Field(min_length=1)]
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    tier: Literal["gov", "agency", "outlet", "portal", "self-media"] = "outlet"
    region: str = ""
    aliases: tuple[str, ...] = ()
    """Other names that are printed for it: the paper behind the site, an account, an older name."""

    @property
    def names(self) -> frozenset[str]:
        """Every name it goes by."""
        return frozenset((self.name, *self.aliases))


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
