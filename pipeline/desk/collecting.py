"""Collecting and reading: from the configured sources to stored articles."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from pipeline.config import ManualSource, Source, same_site
from pipeline.desk.watching import Watching
from pipeline.errors import DeskError, FetchError, SourceError, StoreError, UsageError
from pipeline.executor import Lost
from pipeline.fetch.browser import Browser
from pipeline.model import PASTED, Article, Fate, Lead, Outcome, Page, Rejection, Visit, digest
from pipeline.sources import Memory, open_source
from pipeline.sources import Source as Collector
from pipeline.sources.harvest import absolute, one_line
from pipeline.steps.attach import with_attachment
from pipeline.steps.extract.dates import read_dates
from pipeline.steps.extract.documents import is_document
from pipeline.steps.join import MOST_PAGES, joined, same_article
from pipeline.steps.quality import graded
from pipeline.steps.read import read_page
from pipeline.store import ATTACHED, ENTIRE, Asked, Part, Stored

log = structlog.get_logger("pipeline.desk")
BATCH = 200
"""Leads that are read in one call: enough to be worth several processes, few enough to repeat after a crash."""
_AT_ONCE = 20  # pages that lie in memory together: one has up to 20 MiB, and eight batches are read side by side
_BY_HAND = "manual"  # the source of what somebody named or pasted
_MAX_PASTED = 5_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Pasted:
    """A text, a page or a document that somebody brings along, and what they say of it."""

    body: bytes
    url: str = ""
    """Where it stands on the web; empty for nowhere."""
    title: str = ""
    date: str = ""
    """As 2024-06-03 or 2024年6月3日 10:20."""
    outlet: str = ""


@dataclass(frozen=True, slots=True)
class Harvested:
    """What one source gave in one visit, in counts; the leads are in the store."""

    source: str
    leads: tuple[int, ...]
    pages: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
    """What was left out and why, in Chinese."""
    unchanged: bool = False


class Collecting(Watching):
    """Asks sources, fetches what they name, reads what came."""

    _until = math.inf
    """When a run leaves the rest of the pages to the next one, on the monotonic clock."""

    def sources(self, ids: Sequence[str] = ()) -> list[Source]:
        """The sources to ask: those named, else all that are enabled."""
        known = {source.id: source for source in self.config.sources}
        for one in ids:
            if one not in known:
                raise UsageError(f"没有信源“{one}”。", f"已配置：{'、'.join(known) or '无'}。")
        return [known[one] for one in ids] if ids else [source for source in known.values() if source.enabled]

    def harvest(self, source: str) -> Harvested:
        """Asks one source for leads and fetches their pages; raises `SourceError` when it cannot be read."""
        return self._harvest(self.sources([source])[0])

    def take(self, urls: Sequence[str], files: Sequence[Path]) -> Harvested:
        """Takes addresses and files that somebody named as leads, and reads them.

        Raises `UsageError` for an address that is none: nothing is taken then.
        """
        for url in urls:
            web_address(url)
        source = ManualSource(
            id=_BY_HAND, name="手工添加", kind="manual", urls=tuple(urls), files=tuple(path.resolve() for path in files)
        )
        harvested = self._harvest(source)
        self.read([one for one in self.leads.unread() if one in harvested.leads])
        pages = {one.page for one in self.leads.get(harvested.leads)}
        self.follow(sorted({part.page for part in self.parts.due(self._clock())} & pages))
        return harvested

    def paste(self, pasted: Pasted) -> int:
        """Takes what somebody pasted as a lead and reads it; returns the lead.

        It is kept as it came, whatever reading makes of it. Raises `UsageError` for what is not taken at all.
        """
        now = self._clock()
        url = self._acceptable(pasted, now)
        mark = PASTED + digest(pasted.body, pasted.url)[:16]
        lead = Lead(
            _BY_HAND, url or mark, one_line(pasted.title), one_line(pasted.date), one_line(pasted.outlet), path=mark
        )
        (stored,) = self.leads.add([lead], now)
        # kept under its digest, so that nobody who asks for the address is given it in place of the page there
        self.leads.add_page(stored.id, mark, Page(url or mark, pasted.body, now))
        self.read([stored.id])
        return stored.id

    def _acceptable(self, pasted: Pasted, now: dt.datetime) -> str:
        """The address of what was pasted; raises `UsageError` for what cannot be meant."""
        if not pasted.body.strip():
            raise UsageError("没有粘贴任何内容。")
        if len(pasted.body) > _MAX_PASTED:
            raise UsageError(
                f"粘贴的内容有 {len(pasted.body) / 1e6:.1f} MB，超过上限 {_MAX_PASTED // 1_000_000} MB，没有收下。",
                "请删去图片后再粘贴，或存成文件添加。",
            )
        if pasted.date and not read_dates(pasted.date, now, loose=False).stamps:
            raise UsageError(f"看不懂日期“{pasted.date}”。", "请写成 2024-06-03 或 2024年6月3日，不晚于今天。")
        return web_address(pasted.url) if pasted.url else ""

    def _harvest(self, source: Source) -> Harvested:
        now, begun = self._clock(), time.monotonic()
        before = self.leads.asked(source.id)
        try:
            return self._visit(source, before, now, begun)
        except (SourceError, FetchError) as error:
            self._failing(source, before, Visit(source.id, now, Outcome.FAILED, error.message, seconds=_since(begun)))
            log.warning("source failed", source=source.id, why=error.message)
            raise
        except DeskError:
            raise
        except Exception as error:
            # a source nobody foresaw must not take the others with it
            log.exception("source failed", source=source.id)
            trouble = f"{source.name}：采集时出错（{type(error).__name__}：{error}）"
            self._failing(source, before, Visit(source.id, now, Outcome.FAILED, trouble, seconds=_since(begun)))
            raise SourceError(trouble) from error

    def _visit(self, source: Source, before: Asked, now: dt.datetime, begun: float) -> Harvested:
        limit = self.config.settings.politeness.pages_per_source
        collector = self._opened(source)
        harvest = collector.leads(self._fetch, Memory(before.etag, before.modified, before.of))
        stored = self.leads.add(harvest.leads, now)
        pages = failed = 0
        notes = harvest.notes
        for one in self.leads.due(source.id, now):
            if one.page is None and not one.lead.path and (known := self.leads.page_of(one.lead.url)) is not None:
                self.leads.use_page(one.id, known)
                continue
            if not one.lead.path and pages + failed >= limit:
                break  # without a page and a fate, the rest is accounted as deferred
            if time.monotonic() >= self._until:
                notes = (*notes, "采集时间用尽，其余页面留待下次")
                break
            try:
                page = collector.page(one.lead, self._fetch, now)
            except (FetchError, SourceError) as error:
                self.leads.missed(one.id, error.message, now)
                failed += 1
            except Exception as error:
                # a page nobody foresaw must not keep the source's others from being fetched
                log.exception("page could not be fetched", url=one.lead.url)
                self.leads.missed(one.id, f"取页面时出错：{type(error).__name__}", now)
                failed += 1
            else:
                self.leads.add_page(one.id, one.lead.url, page)
                pages += 1
        empty = not source.brought and not stored and not harvest.unchanged
        visit = Visit(
            source.id,
            now,
            Outcome.EMPTY if empty else Outcome.UNCHANGED if harvest.unchanged else Outcome.OK,
            "；".join(harvest.notes) if empty else "",
            len(stored),
            sum(one.first_seen == now for one in stored),
            pages,
            failed,
            _since(begun),
        )
        # only now: a visit that died half-way must not be answered "unchanged" next time
        memory = harvest.memory
        self.leads.remember(source.id, Asked(memory.etag, memory.modified, memory.of), visit)
        log.info("harvested", source=source.id, leads=len(stored), pages=pages, failed=failed, notes=notes)
        return Harvested(source.id, tuple(one.id for one in stored), pages, failed, notes, harvest.unchanged)

    def _opened(self, source: Source) -> Collector:
        """A source, ready to be asked."""
        limit = self.config.settings.politeness.pages_per_source
        return open_source(
            source,
            self.config.workspace,
            limit,
            apart=self._children.apart,
            render=Browser(self._fetch),
            clock=self._clock,
        )

    def _failing(self, source: Source, before: Asked, visit: Visit) -> None:
        """Keeps that a visit failed; what to ask the source with stays."""
        after = replace(before, failures=before.failures + 1, trouble=visit.because)
        because = visit.because.removeprefix(f"{source.name}：")
        self.leads.remember(source.id, after, replace(visit, because=because))

    def read(self, leads: Sequence[int]) -> int:
        """Reads the stored pages of leads into articles; returns how many there are."""
        return sum(self._read(leads[start : start + _AT_ONCE]) for start in range(0, len(leads), _AT_ONCE))

    def _read(self, leads: Sequence[int]) -> int:
        now = self._clock()
        stored = [one for one in self.leads.get(leads) if one.page is not None]
        further = self.parts.of([one.page for one in stored if one.page is not None])
        found: list[tuple[Stored, list[Part]]] = []
        work: list[tuple[Page, Lead]] = []
        for one in stored:
            assert one.page is not None
            try:
                work.append((self.leads.page(one.page), one.lead))
            except StoreError as error:
                # one lost file must not keep the others from being read; the editor sees which it was
                log.error("page is lost", url=one.lead.url, why=error.message)
                self.leads.settle([(one.id, Rejection(Fate.UNREADABLE, "保存的页面已缺失或损坏"))], now)
                continue
            found.append((one, further.get(one.page, [])))
        pages = [(self._part(part), one.lead) for one, parts in found for part in parts]
        outcomes = iter(self._read_pages([*work, *((page, lead) for page, lead in pages if page is not None)]))
        firsts = [next(outcomes) for _ in found]
        others = iter([next(outcomes) if page is not None else None for page, _ in pages])
        settled: list[tuple[int, Article | Rejection]] = []
        for (one, parts), first in zip(found, firsts, strict=True):
            rest = {part.position: next(others) for part in parts}
            if isinstance(first, Article):
                self._expect(one, first, now)
                first = _whole(first, rest)
            settled.append((one.id, first))
        self.leads.settle(settled, now)
        return sum(isinstance(one, Article) for _, one in settled)

    def _read_pages(self, work: Sequence[tuple[Page, Lead]]) -> list[Article | Rejection]:
        """Pages with the leads to them into articles, in the order given."""
        return [
            Rejection(Fate.UNREADABLE, one.because) if isinstance(one, Lost) else one
            for one in self._children.each(
                partial(read_page, outlets=self.config.outlets, rules=self.config.rules), work
            )
        ]

    # articles on several pages --------------------------------------------------------------------

    def _part(self, part: Part) -> Page | None:
        """A further page of an article; `None` while it is missing."""
        return None if part.part is None else self._stored_page(part.part)

    def _stored_page(self, number: int) -> Page | None:
        """A page that was kept; `None` when its file is lost, which must not keep others from being read."""
        try:
            return self.leads.page(number)
        except StoreError as error:
            log.error("page is lost", page=number, why=error.message)
            return None

    def _expect(self, lead: Stored, first: Article, now: dt.datetime) -> None:
        """Keeps where an article goes on; pages that came as files go on nowhere."""
        if lead.page is None or lead.lead.path:
            return
        if first.entire:
            self.parts.expect(lead.page, ENTIRE, first.entire, now)
        if first.following:
            self.parts.expect(lead.page, 2, first.following, now)
        if first.attached:
            self.parts.expect(lead.page, ATTACHED, first.attached.url, now)

    def follow(self, pages: Sequence[int]) -> int:
        """Fetches what articles go on on, page by page, and reads these articles again; returns how many."""
        again = 0
        for page in pages:
            if time.monotonic() >= self._until:
                break
            if came := self._followed(page):
                self.parts.came(came)  # from here on its leads count as unread, should this process end now
                leads = self.leads.on_page(page)
                self.read(leads)
                again += len(leads)
        return again

    def _followed(self, page: int) -> list[tuple[Part, int]]:
        """What came of the article that begins on `page`: its parts, each with the page that was kept for it."""
        now = self._clock()
        leads = self.leads.get(self.leads.on_page(page)[:1])
        begins = self._stored_page(page) if leads else None
        if begins is None:
            return []  # it was fetched again since, or is lost, which reading it will say
        (first,) = self._read_pages([(begins, leads[0].lead)])
        if not isinstance(first, Article):
            return []
        came: list[tuple[Part, int]] = []
        tried: set[int] = set()
        texts = {first.text}
        while part := next(
            (one for one in self.parts.due(now) if one.page == page and one.position not in tried), None
        ):
            if time.monotonic() >= self._until:
                break
            tried.add(part.position)
            known = {first.url, *(one.url for one in self.parts.of([page])[page])}
            try:
                if part.position == ATTACHED:
                    came.append((part, self.leads.add_part(part.url, self._fetched_attachment(part, first))))
                    continue
                fetched, article = self._fetched_part(part, first, leads[0].lead)
            except FetchError as error:
                self.parts.missed(part, error.message, now)
                log.info("part is missing", url=part.url, why=error.message)
                if part.position in (ENTIRE, ATTACHED):
                    continue
                break
            came.append((part, self.leads.add_part(part.url, fetched)))
            onward = article.following
            if part.position == ENTIRE:
                break
            # a pager without an end gives its last page, or its first, for every number
            if onward and onward not in known and article.text not in texts and part.position < MOST_PAGES:
                self.parts.expect(page, part.position + 1, onward, now)
            texts.add(article.text)
        return came

    def _fetched_attachment(self, part: Part, first: Article) -> Page:
        """The document that holds an article's text; what it says, reading will tell. Raises `FetchError`."""
        fetched = self._fetch_part(part)
        if not same_site(fetched.url, first.url):
            raise FetchError("附件转到了别的网站")
        if not is_document(fetched.body):
            raise FetchError("附件不是 PDF 或 DOCX 文档")
        return fetched

    def _fetch_part(self, part: Part) -> Page:
        """The page at a part's address; raises `FetchError`."""
        try:
            fetched = self._fetch(part.url).page
        except FetchError:
            raise
        except Exception as error:
            # a page nobody foresaw must not keep the others from being fetched
            log.exception("page could not be fetched", url=part.url)
            raise FetchError(f"取页面时出错：{type(error).__name__}") from error
        if fetched is None:
            raise FetchError("服务器称内容未变，但并未问及")
        return fetched

    def _fetched_part(self, part: Part, first: Article, lead: Lead) -> tuple[Page, Article]:
        """A page and what it says; raises `FetchError` when it is none of the article's."""
        fetched = self._fetch_part(part)
        if urlsplit(fetched.url).hostname != urlsplit(first.url).hostname:
            raise FetchError("下一页转到了别的网站")
        (article,) = self._read_pages([(fetched, lead)])
        if isinstance(article, Rejection):
            raise FetchError(f"下一页读不出正文：{article.because}")
        if not same_article(first, article):
            raise FetchError(f"下一页是另一篇文章：《{article.title}》")
        if part.position == ENTIRE and len(article.text) < len(first.text):
            raise FetchError("“全文”页的正文比本页还短")
        return fetched, article


def _whole(first: Article, rest: Mapping[int, Article | Rejection | None]) -> Article:
    """An article of its first page and of what is here of the others and of its file (position → reading)."""
    if (file := rest.get(ATTACHED)) is not None:
        return graded(with_attachment(first, file))
    pages = {position: one if isinstance(one, Article) else None for position, one in rest.items()}
    pages.pop(ATTACHED, None)
    entire = pages.pop(ENTIRE, None)
    if not first.following and entire is None:
        return first
    return graded(joined(first, [pages[position] for position in sorted(pages)], entire=entire))


def web_address(url: str) -> str:
    """An address that somebody wrote, as it is fetched; raises `UsageError` for what is none of the web."""
    if address := absolute(url, ""):
        return address
    scheme, colon, _ = url.partition(":")
    because = "（不支持的协议）" if colon and scheme.isalpha() and scheme.lower() not in ("http", "https") else ""
    raise UsageError(f"“{url}”不是网页地址{because}。", "请写完整的 http:// 或 https:// 地址。")


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)
