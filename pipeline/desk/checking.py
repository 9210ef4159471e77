"""Trying sources out: what they would give, without keeping anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from pipeline.config import Source
from pipeline.desk.collecting import Collecting
from pipeline.desk.engine import Inline
from pipeline.errors import DeskError, FetchError, SourceError
from pipeline.model import Article, Fetch, Fetched, Finding, Lead, Page, Rejection
from pipeline.sources import Harvest, open_source
from pipeline.steps.vet import Listed, Sampled, Seen, listed, unreadable, vet

log = structlog.get_logger("pipeline.desk")
DAYS = 30
"""How old the newest lead of a live source may be."""


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


class Checking(Collecting):
    """Visits sources as collecting does, and looks instead of keeping."""

    def check(self, source: Source, *, read: int = 3, days: int = DAYS) -> Checked:
        """Visits a source, also a disabled one, and reads up to `read` of its pages."""
        begun = time.monotonic()
        web = _Recorder(self._fetch)
        try:
            harvest = self._shown(source, web)
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
        sampled = tuple(self._sampled(source, harvest.leads[:read]))
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
        read: int = 3,
        days: int = DAYS,
        say: Callable[[str], None] = lambda line: None,
    ) -> list[Checked]:
        """Checks sources side by side, in the order given."""

        def one(source: Source) -> Checked:
            checked = self.check(source, read=read, days=days)
            say(f"  {source.name}：{len(checked.listed)} 条线索，{checked.seconds:g} 秒")
            return checked

        found: list[Checked] = []
        for result in Inline().each(one, sources):
            if isinstance(result, DeskError):
                raise result
            found.append(result)
        return found

    def _shown(self, source: Source, fetch: Fetch) -> Harvest:
        limit = self.config.settings.politeness.pages_per_source
        return open_source(source, self.config.workspace, limit).leads(fetch)

    def _unfiltered(self, source: Source, harvest: Harvest, web: _Recorder) -> tuple[str, ...]:
        """The addresses without the source's own filters, from the documents that are here already."""
        if not source.include and not source.exclude:
            return tuple(one.url for one in harvest.leads)
        try:
            every = self._shown(source.model_copy(update={"include": (), "exclude": ()}), web.replay)
        except (SourceError, FetchError):
            return tuple(one.url for one in harvest.leads)
        return tuple(one.url for one in every.leads)

    def _sampled(self, source: Source, leads: Sequence[Lead]) -> Iterator[Sampled]:
        limit = self.config.settings.politeness.pages_per_source
        collector, now = open_source(source, self.config.workspace, limit), self._clock()
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
