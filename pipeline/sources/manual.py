"""Addresses and files that somebody named one by one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pipeline import config
from pipeline.errors import FetchError
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.folder import read, refused
from pipeline.sources.harvest import NEVER, Basket, Entry, Harvest, Means, Memory, fetch_page


class Manual:
    """A list of addresses and files."""

    def __init__(self, source: config.ManualSource, means: Means) -> None:
        self._source = source
        self._means = means
        self._files = {str(path): means.workspace / path.expanduser() for path in source.files}

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """One lead an address or file, in the order given."""
        basket = Basket(self._source, len(self._source.urls) + len(self._files))
        for url in self._source.urls:
            basket.add(Entry(url))
        for named, path in self._files.items():
            if refusal := refused(path):
                basket.say(f"略过 {named}：{refusal}")
            else:
                basket.add_file(self._name(named, path), str(path))
        return basket.harvest()

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The page or the file's bytes."""
        if not lead.path:
            return fetch_page(lead, self._means.way(self._source, fetch))
        if Path(lead.path) not in self._files.values():
            raise FetchError(f"{lead.url}：该信源没有列出此文件")
        return read(lead, now)

    def _name(self, named: str, path: Path) -> str:
        """What a file goes by: its path as given, of an absolute one no more than tells it from the others."""
        if not Path(named).is_absolute():
            return Path(named).as_posix()
        alike = sum(other.name == path.name for other in self._files.values())
        return Path(*path.parts[-2:]).as_posix() if alike > 1 else path.name
