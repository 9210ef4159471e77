"""Trying sources out: what they would give, without keeping anything."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from pipeline.config import Source, source_of, with_sources, with_verified
from pipeline.desk.collecting import Collecting, web_address
from pipeline.desk.engine import Inline, unbroken
from pipeline.errors import DeskError, FetchError, SourceError, UsageError
from pipeline.model import BEIJING, Article, Fetch, Fetched, Finding, Lead, Page, Rejection, Severity
from pipeline.sources import Harvest
from pipeline.sources import Source as Collector
from pipeline.sources.discover import Suggestion, discover
from pipeline.steps.vet import HARMLESS, Listed, Sampled, Seen, listed, unreadable, vet
from pipeline.store import write_whole

log = structlog.get_logger("pipeline.desk")
_MOST_TRIED = 3
_HUB = "请在 settings.yaml 的 rsshub 填写可用的 RSSHub；没有就让此信源停用。"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one source would give, and what is wrong with it."""

    source: Source
    listed: tuple[Listed, ...]
    sampled: tuple[Sampled, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """What was left out and why, in Chinese."""
    seconds: float = 0.0

    @property
    def readable(self) -> bool:
        """Whether it gives anything."""
        return not any(one.severity is Severity.BLOCKING for one in self.findings)

    @property
    def good(self) -> bool:
        """Whether it can be enabled as it is."""
        return all(one.check in HARMLESS for one in self.findings)

    @property
    def newest(self) -> str:
        """The day of its newest lead, as 2024-06-30; empty when none could be read."""
        return max((one.read[:10] for one in self.listed), default="")


@dataclass(frozen=True, slots=True)
class Suggested:
    """A way to watch an address, and what it would give."""

    suggestion: Suggestion
    checked: Checked

    @property
    def readable(self) -> bool:
        """Whether it gives anything."""
        return self.checked.readable

    @property
    def good(self) -> bool:
        """Whether it can be enabled as it is."""
        return self.checked.good

    @property
    def entry(self) -> dict[str, Any]:
        """Its piece of sources.yaml: enabled only when all was well."""
        return {**self.suggestion.entry, "enabled": self.good}


class Checking(Collecting):
    """Visits sources as collecting does, and looks instead of keeping."""

    def check(self, source: Source, *, read: int, days: int) -> Checked:
        """Visits a source, also a disabled one, and reads up to `read` of its pages.

        Its newest lead should not be older than `days`; 0 for any age.
        """
        begun = time.monotonic()
        if getattr(source, "url", "").startswith("rsshub://"):  # disabled, or it would not have been loaded
            return Checked(
                source, (), (), (unreadable("这是 RSSHub 的路由，settings.yaml 没有写 RSSHub 的地址", _HUB),)
            )
        web = _Recorder(self._fetch)
        try:
            collector = self._opened(source)
            harvest = collector.leads(web)
        except (SourceError, FetchError) as error:
            message = error.message.removeprefix(f"{source.name}：")
            return Checked(source, (), (), (unreadable(message, error.fix),), seconds=_since(begun))
        except DeskError:
            raise
        except Exception as error:
            log.exception("source failed", source=source.id)
            because = f"采集时出错（{type(error).__name__}：{error}）"
            return Checked(source, (), (), (unreadable(because, "请报告此信源。"),), seconds=_since(begun))
        route = tuple((asked, got.page.url) for asked, got in web.answers.items() if got.page)
        sampled = tuple(self._sampled(source, collector, harvest.leads[:read]))
        now = self._clock()
        seen = Seen(
            source,
            tuple(listed(one, now) for one in harvest.leads),
            sampled,
            route,
            self._unfiltered(source, harvest, web),
            harvest.notes,
            now,
            days,
            self.config.outlets,
        )
        return Checked(source, seen.listed, sampled, tuple(vet(seen)), harvest.notes, _since(begun))

    def check_all(
        self,
        sources: Sequence[Source],
        *,
        read: int,
        days: int,
        say: Callable[[str], None] = lambda line: None,
    ) -> list[Checked]:
        """Checks sources side by side, in the order given; `say` is told of each when it is done."""
        done = itertools.count(1)

        def one(source: Source) -> Checked:
            checked = self.check(source, read=read, days=days)
            said = f"{source.name}：{len(checked.listed)} 条线索，{checked.seconds:g} 秒"
            say(f"  [{next(done)}/{len(sources)}] {said}")
            return checked

        return unbroken(Inline().each(one, sources))

    def suggest(self, url: str, *, read: int, days: int) -> list[Suggested]:
        """The ways to watch an address, each tried out until one is good; the best stands first.

        Raises `UsageError` when it is watched already, or when nothing there could be.
        """
        for one in self.config.sources:
            if getattr(one, "url", "") == url:
                raise UsageError(f"信源“{one.name}”（{one.id}）已经是这个地址。", "请用 bulletin sources check 查看。")
        if not url.startswith("rsshub://"):
            web_address(url)
        if url.startswith("rsshub://") and not self.config.settings.rsshub:
            raise UsageError(f"{url} 是 RSSHub 的路由，而 settings.yaml 没有写 RSSHub 的地址。", "请先填写 rsshub。")
        taken = {one.id for one in self.config.sources}
        tried: list[Suggested] = []
        for suggestion in discover(url, self._fetch, taken, self._children.apart):
            made = self._named(suggestion)
            tried.append(Suggested(made, self.check(source_of(made.entry, self.config), read=read, days=days)))
            if tried[-1].good or len(tried) == _MOST_TRIED:
                break
        return sorted(tried, key=lambda one: (not one.good, not one.readable))

    def add_sources(self, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> Path:
        """Writes sources into sources.yaml, each below a comment; all else in it stays. Gives its path."""
        path = self.config.workspace / "config" / "sources.yaml"
        if path.is_symlink() or not path.is_file():
            raise UsageError(f"{path} 不是普通文件。", "请先用 bulletin init 建立配置。")
        write_whole(path, with_sources(path, entries).encode())
        return path

    def mark(self, checked: Sequence[Checked]) -> tuple[list[Source], list[Source]]:
        """Writes today as `verified` into sources.yaml for those that can be enabled, and enables what waited for it.

        Gives those that it was written for, and those whose entries are not written on lines of their own.
        """
        path = self.config.workspace / "config" / "sources.yaml"
        good = {one.source.id: one.source for one in checked if one.good}
        today = self._clock().astimezone(BEIJING).date()
        text, written = with_verified(path, {key: one.verified is False for key, one in good.items()}, today)
        if written:
            write_whole(path, text.encode())
        return [good[key] for key in written], [one for key, one in good.items() if key not in written]

    def _named(self, suggestion: Suggestion) -> Suggestion:
        """With the outlet's own name, where the registry knows the host, and with nobody else's."""
        outlet = self.config.outlets.at(str(suggestion.entry["url"]))
        made = name = str(suggestion.entry["name"])
        if outlet is not None and not any(one in name for one in outlet.names):
            column = name.rpartition("·")[2]
            made = outlet.name if "." in column else f"{outlet.name}·{column}"[:60]  # a host is no column
        if any(one.name == made for one in self.config.sources):
            made = f"{made}（{suggestion.entry['id']}）"  # 工作动态 is what half of all columns are called
        return replace(suggestion, entry={**suggestion.entry, "name": made})

    def _unfiltered(self, source: Source, harvest: Harvest, web: _Recorder) -> tuple[str, ...]:
        """The addresses without the source's own filters, from the documents that are here already."""
        if not source.include and not source.exclude:
            return tuple(one.url for one in harvest.leads)
        try:
            bare = source.model_copy(update={"include": (), "exclude": ()})
            every = self._opened(bare).leads(web.replay)
        except (SourceError, FetchError):
            return tuple(one.url for one in harvest.leads)
        return tuple(one.url for one in every.leads)

    def _sampled(self, source: Source, collector: Collector, leads: Sequence[Lead]) -> Iterator[Sampled]:
        now = self._clock()
        pages: list[Page | str] = []
        for lead in leads:
            try:
                pages.append(collector.page(lead, self._fetch, now))
            except (FetchError, SourceError) as error:
                pages.append(error.message.removeprefix(f"{lead.url}：").removeprefix(f"{source.name}："))
            except Exception as error:
                log.exception("page could not be fetched", url=lead.url)
                pages.append(f"取页面时出错：{type(error).__name__}")
        work = [(page, lead) for page, lead in zip(pages, leads, strict=True) if isinstance(page, Page)]
        read: Iterator[Article | Rejection] = iter(self._read_pages(work))
        for page, lead in zip(pages, leads, strict=True):
            if isinstance(page, Page):
                yield Sampled(lead, page, next(read))
            else:
                yield Sampled(lead, None, page)


class _Recorder:
    """A `Fetch` that keeps every answer."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.answers: dict[str, Fetched] = {}

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """Asks, and keeps the answer."""
        self.answers[url] = self._fetch(url, etag=etag, modified=modified, limit=limit)
        return self.answers[url]

    def replay(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """The answer that was kept."""
        if url not in self.answers:
            raise FetchError(f"{url}：没有问过")
        return self.answers[url]


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)
