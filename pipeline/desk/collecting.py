"""Collecting and reading: from the configured sources to stored articles."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from pipeline.config import ManualSource, Source, same_site
from pipeline.desk.watching import Watching
from pipeline.errors import BlobLost, DeskError, FetchError, SourceError, UsageError
from pipeline.executor import Executor, Lost
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
from pipeline.store import ATTACHED, ENTIRE, Asked, Leads, Part, Stored

log = structlog.get_logger("pipeline.desk")
BATCH = 200
"""Leads that are read in one call: enough to be worth several processes, few enough to repeat after a crash."""
_AT_ONCE = 20  # pages that lie in memory together: one has up to 20 MiB, and eight batches are read side by side
_KEPT_WITHIN = 5.0  # seconds from the fetching of a page
_KEPT_BYTES = 8 * 1024 * 1024  # of eight sources side by side
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


@dataclass(frozen=True, slots=True)
class _Opened:
    """Leads whose pages are being read."""

    when: dt.datetime
    found: list[tuple[Stored, list[Part]]]
    """Each lead with the further parts of its article."""
    further: list[bool]
    """For each of these parts, whether its page is here."""
    pages: list[tuple[Page, Lead]]
    """The first page of each lead, then those of the parts that are here."""


class Collecting(Watching):
    """Asks sources, fetches what they name, reads what came."""

    _until = math.inf
    """When a run leaves the rest of the pages to the next one, on the monotonic clock."""
    _round: dict[str, tuple[dt.datetime, Asked]] | None = None
    """Source → when a round of collecting first asked it, and what was known of it then; `None` outside a round."""

    def sources(self, ids: Sequence[str] = ()) -> list[Source]:
        """The sources to ask: those named, else all that are enabled."""
        known = {source.id: source for source in self.config.sources}
        for one in ids:
            if one not in known:
                raise UsageError(f"没有信源“{one}”。", f"已配置：{'、'.join(known) or '无'}。")
        return [known[one] for one in ids] if ids else [source for source in known.values() if source.enabled]

    def harvest(self, source: str) -> Harvested:
        """Asks one source for leads and fetches their pages; raises `SourceError` when it cannot be read.

        When the time for collecting is over it is not asked at all, which counts against nobody. Called again within
        a round, because it failed or its connection broke, it is the same visit: kept once, as it ended.
        """
        (asked,) = self.sources([source])
        if time.monotonic() >= self._until:
            raise SourceError(f"{asked.name}：采集时间用尽，这次没有问到")
        with structlog.contextvars.bound_contextvars(source=source):
            return self._harvest(asked)

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
        begun = time.monotonic()
        now, before = self._clock(), self.leads.asked(source.id)
        if self._round is not None:
            now, before = self._round.setdefault(source.id, (now, before))
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
        keeping = _Keeping(self.leads)
        for one, known in self._with_known_pages(self.leads.due(source.id, now)):
            if known is not None:
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
                keeping.add(one, page)
                pages += 1
        keeping.done()
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

    def _with_known_pages(self, leads: Sequence[Stored]) -> Iterator[tuple[Stored, int | None]]:
        """Leads, each with the page that is here for its address; asked for some at a time, as others fetch too."""
        for start in range(0, len(leads), _AT_ONCE):
            some = leads[start : start + _AT_ONCE]
            asked = {one.id: one.lead.url for one in some if one.page is None and not one.lead.path}
            known = self.leads.pages_of(asked.values())
            yield from ((one, known.get(asked.get(one.id, ""))) for one in some)

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
        opened: deque[_Opened] = deque()

        def batches() -> Iterator[list[tuple[Page, Lead]]]:
            for start in range(0, len(leads), _AT_ONCE):
                opened.append(self._pages_of(leads[start : start + _AT_ONCE]))
                yield opened[-1].pages

        # whoever reads them takes a few batches ahead; what came of one is kept before the next is looked at
        return sum(
            self._settled(opened.popleft(), results)
            for results in self._read_batches(batches(), self._readers(len(leads)))
        )

    def _pages_of(self, leads: Sequence[int]) -> _Opened:
        """What is stored of the pages of leads; whose page is lost is settled by that."""
        now = self._clock()
        stored = [one for one in self.leads.get(leads) if one.page is not None]
        further = self.parts.of([one.page for one in stored if one.page is not None])
        parts_of = [part.part for parts in further.values() for part in parts if part.part is not None]
        here = self.leads.pages([*(one.page for one in stored if one.page is not None), *parts_of])
        found: list[tuple[Stored, list[Part]]] = []
        work: list[tuple[Page, Lead]] = []
        for one in stored:
            assert one.page is not None
            page = here[one.page]
            if isinstance(page, BlobLost):
                # one lost file must not keep the others from being read; the editor sees which it was
                log.error("page is lost", url=one.lead.url, why=page.message)
                self.leads.settle([(one.id, Rejection(Fate.UNREADABLE, "保存的页面已缺失或损坏"))], now)
                continue
            work.append((page, one.lead))
            found.append((one, further.get(one.page, [])))
        further_pages = [(_part(part, here), one.lead) for one, parts in found for part in parts]
        work += [(page, lead) for page, lead in further_pages if page is not None]
        return _Opened(now, found, [page is not None for page, _ in further_pages], work)

    def _settled(self, opened: _Opened, results: Sequence[Article | Rejection]) -> int:
        """Keeps what came of pages; returns how many articles that is."""
        outcomes = iter(results)
        firsts = [next(outcomes) for _ in opened.found]
        others = iter([next(outcomes) if there else None for there in opened.further])
        settled: list[tuple[int, Article | Rejection]] = []
        for (one, parts), first in zip(opened.found, firsts, strict=True):
            rest = {part.position: next(others) for part in parts}
            if isinstance(first, Article):
                self._expect(one, first, opened.when)
                first = _whole(first, rest)
            settled.append((one.id, first))
        self.leads.settle(settled, opened.when, {one.id: _read_of(one, parts) for one, parts in opened.found})
        return sum(isinstance(one, Article) for _, one in settled)

    def _read_pages(self, work: Sequence[tuple[Page, Lead]]) -> list[Article | Rejection]:
        """Few pages with the leads to them into articles, in the order given."""
        (read,) = self._read_batches([work], self._readers(0))
        return read

    def _read_batches(
        self, batches: Iterable[Sequence[tuple[Page, Lead]]], executor: Executor
    ) -> Iterator[list[Article | Rejection]]:
        read = partial(read_page, outlets=self.config.outlets, rules=self.config.rules)
        for results in executor.map_batches(read, batches):
            yield [_unread(one) if isinstance(one, Lost) else one for one in results]

    # articles on several pages --------------------------------------------------------------------

    def _stored_page(self, number: int) -> Page | None:
        """A page that was kept; `None` when its file is lost, which must not keep others from being read."""
        try:
            return self.leads.page(number)
        except BlobLost as error:
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


def _read_of(lead: Stored, parts: Sequence[Part]) -> set[int]:
    """The pages that a lead's article was read from."""
    return {page for page in (lead.page, *(one.part for one in parts)) if page is not None}


def _part(part: Part, here: Mapping[int, Page | BlobLost]) -> Page | None:
    """A further page of an article; `None` while it is missing."""
    page = None if part.part is None else here[part.part]
    if isinstance(page, BlobLost):
        log.error("page is lost", page=part.part, why=page.message)
        return None
    return page


def _unread(lost: Lost) -> Rejection:
    """What stands for a page that was not read; one whose reader was killed is read again by the next run."""
    if lost.interrupted:
        return Rejection(Fate.DEFERRED, f"{lost.because}，下次运行时重读")
    return Rejection(Fate.UNREADABLE, lost.because)


class _Keeping:
    """Keeps the pages of a visit some at a time, which takes two fifths of what a transaction for each does.

    Of 400 pages of 9 kB, on SQLite: 0.3 ms of the processor each in transactions of twenty, 0.7 to 1.0 ms in one each,
    and as much less of waiting for the disk. What waits is at most a few seconds old, so that a run that dies has no
    more to ask for again.
    """

    def __init__(self, leads: Leads) -> None:
        self._leads = leads
        self._waiting: list[tuple[int, str, Page]] = []
        self._bytes = 0
        self._since = 0.0

    def add(self, lead: Stored, page: Page) -> None:
        """Takes a page; it is kept at once when enough wait."""
        self._since = self._since if self._waiting else time.monotonic()
        self._waiting.append((lead.id, lead.lead.url, page))
        self._bytes += len(page.body)
        late = time.monotonic() - self._since >= _KEPT_WITHIN
        if late or len(self._waiting) >= _AT_ONCE or self._bytes >= _KEPT_BYTES:
            self.done()

    def done(self) -> None:
        """Keeps what waits."""
        if self._waiting:
            self._leads.add_pages(self._waiting)
        self._waiting, self._bytes = [], 0


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
