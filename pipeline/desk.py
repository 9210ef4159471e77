"""The verbs of the desk: collect · read · judge · decide · release · run; `open_desk` is the only wiring.

A run is a graph of three stages, the same for every engine::

    harvest(source) × sources   →   read(leads) × batches   →   judge(run)

An `Engine` says how the calls of a stage are carried out: as plain calls, or as tasks of an orchestrator.
Between the stages travel ids and counts, never articles; what a stage learns is in the store before it ends.
"""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from pipeline import config as configuration
from pipeline.config import Config, ManualSource, Series, Source, packaged
from pipeline.errors import (
    Blocked,
    Busy,
    ConfigError,
    Conflict,
    DeskError,
    FetchError,
    NothingCollected,
    NotImported,
    SourceError,
    StoreError,
    TemplateError,
    UsageError,
    reason,
)
from pipeline.executor import Lost, choose, map_items
from pipeline.fetch import Fetcher
from pipeline.model import (
    BEIJING,
    COLLECTING,
    Article,
    Candidate,
    Claim,
    Clock,
    Decision,
    Desked,
    Document,
    Draft,
    Elsewhere,
    Event,
    Fate,
    Fetch,
    Finding,
    Imported,
    Issue,
    Last,
    Lead,
    Notice,
    Page,
    Phase,
    Printed,
    Progress,
    Rating,
    Rejection,
    Release,
    Revision,
    Severity,
    Standing,
    State,
    Tally,
    Window,
    Work,
    Worker,
    chinese_number,
    digest,
)
from pipeline.notify import Target, targets, tell
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.pages import page_numbers
from pipeline.sources import Memory, open_source
from pipeline.steps import select
from pipeline.steps.assemble import assemble
from pipeline.steps.check import Inspection, check
from pipeline.steps.cover import cover
from pipeline.steps.decide import DECISIONS, decide, finding_key, resolved
from pipeline.steps.dedupe import group, relate
from pipeline.steps.disassemble import as_draft, decode, disassemble
from pipeline.steps.rate import Rater
from pipeline.steps.read import read_pages
from pipeline.steps.window import between, caught_up, due_at, following, over
from pipeline.store import (
    Accounted,
    Accounts,
    Asked,
    Blobs,
    Claims,
    Database,
    Issues,
    Leads,
    Notices,
    Runs,
    Stand,
    Stored,
    write_whole,
)

log = structlog.get_logger("pipeline.desk")

BATCH = 200
"""Leads that are read in one call: enough to be worth several processes, few enough to repeat after a crash."""
_PORTION = 20  # pages that one process reads in one go: a page that hangs is found out after this many limits
_ATTEMPTS = 5  # at making a draft anew while editors work on it
_MARGIN = 14  # days around a window in which another telling of the same event is looked for
_SOURCES_AT_ONCE = 8
_INTERRUPTED = dt.timedelta(minutes=1)  # before the clock takes up again what somebody stopped
_SILENT = 3  # failed visits in a row after which people are told; one or two are the web's daily weather

A = TypeVar("A")
R = TypeVar("R")


class Engine(Protocol):
    """How the calls of a run are carried out."""

    name: str

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each; an expected error stands in the place of its result."""
        ...


class Inline:
    """Plain calls: sources side by side, as they wait for different hosts."""

    name = "inline"

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each in threads of this process."""

        def call(one: A) -> R | DeskError:
            try:
                return verb(one)
            except DeskError as error:
                return error

        pool = ThreadPoolExecutor(_SOURCES_AT_ONCE)
        try:
            return list(pool.map(call, over))
        finally:
            # all is done here, unless somebody wants it to stop: then what has not begun is not begun any more
            pool.shutdown(wait=False, cancel_futures=True)


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
class Proposal:
    """What a run would make of a window, and what it found there."""

    before: Desked | None
    draft: Draft
    accounts: Accounts


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of telling somebody something."""

    notice: Notice
    target: str
    """The masked address."""
    trouble: str = ""
    """Why it was not told, in Chinese; empty when it was."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to."""

    desked: Desked | None
    """`None` on a dry run."""
    draft: Draft
    tally: Tally
    silent: Sequence[str]
    """The names of the sources that could not be collected."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Stage → seconds it took."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a file with an old issue."""

    imported: Imported
    findings: Sequence[Finding]
    """What the import and the release checks say of it by itself; `review` holds it against earlier issues too."""
    desked: Desked | None
    """`None` when nothing was kept: on a dry run, or because the archive holds it already."""


class Desk:
    """Everything one office's workspace can do."""

    def __init__(
        self, config: Config, *, fetch: Fetch, clock: Clock, database: Database, blobs: Blobs, templates: Path
    ) -> None:
        self.config = config
        self.claims = Claims(database, config.settings.clock.lease_seconds)
        self.leads = Leads(database, blobs)
        self.issues = Issues(database)
        self.runs = Runs(database)
        self.notices = Notices(database)
        self._blobs = blobs
        self._database = database
        self._fetch = fetch
        self._clock = clock
        self._templates = templates
        self.pending: list[str] = []
        for series in config.series.values():
            self._renumber(series)
        self.reconcile()

    def close(self) -> None:
        """Gives back the database."""
        self._database.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------ collecting

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
        """Takes addresses and files that somebody named as leads, and reads them."""
        source = ManualSource(
            id="manual", name="手工添加", kind="manual", urls=tuple(urls), files=tuple(path.resolve() for path in files)
        )
        harvested = self._harvest(source)
        self.read([one for one in self.leads.unread() if one in harvested.leads])
        return harvested

    def _harvest(self, source: Source) -> Harvested:
        try:
            return self._visit(source)
        except DeskError:
            raise
        except Exception as error:
            # a source nobody foresaw must not take the others with it
            log.exception("source failed", source=source.id)
            trouble = f"{source.name}：采集时出错（{type(error).__name__}：{error}）"
            self._failing(source, self.leads.asked(source.id), trouble)
            raise SourceError(trouble) from error

    def _visit(self, source: Source) -> Harvested:
        now = self._clock()
        limit = self.config.settings.politeness.pages_per_source
        collector = open_source(source, self.config.workspace, limit)
        before = self.leads.asked(source.id)
        try:
            harvest = collector.leads(self._fetch, Memory(before.etag, before.modified, before.of))
        except (SourceError, FetchError) as error:
            self._failing(source, before, error.message)
            log.warning("source failed", source=source.id, why=error.message)
            raise
        stored = self.leads.add(harvest.leads, now)
        pages = failed = 0
        for one in self.leads.due(source.id, now):
            if one.page is None and not one.lead.path and (known := self.leads.page_of(one.lead.url)) is not None:
                self.leads.use_page(one.id, known)
                continue
            if not one.lead.path and pages + failed >= limit:
                break  # without a page and a fate, the rest is accounted as deferred
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
        # only now: a visit that died half-way must not be answered "unchanged" next time
        memory = harvest.memory
        self.leads.remember(source.id, Asked(memory.etag, memory.modified, memory.of), now)
        log.info("harvested", source=source.id, leads=len(stored), pages=pages, failed=failed, notes=harvest.notes)
        return Harvested(source.id, tuple(one.id for one in stored), pages, failed, harvest.notes, harvest.unchanged)

    # --------------------------------------------------------------------------------------- reading

    def read(self, leads: Sequence[int]) -> int:
        """Reads the stored pages of leads into articles; returns how many there are."""
        now = self._clock()
        ids: list[int] = []
        work: list[tuple[Page, Lead]] = []
        for one in self.leads.get(leads):
            if one.page is None:
                continue
            try:
                work.append((self.leads.page(one.page), one.lead))
                ids.append(one.id)
            except StoreError as error:
                # one lost file must not keep the others from being read; the editor sees which it was
                log.error("page is lost", url=one.lead.url, why=error.message)
                self.leads.settle([(one.id, Rejection(Fate.UNREADABLE, "保存的页面已缺失或损坏"))], now)
        settings = self.config.settings
        outcomes = [
            Rejection(Fate.UNREADABLE, one.because) if isinstance(one, Lost) else one
            for one in map_items(
                choose(settings.workers, len(work), settings.page_seconds),
                partial(read_pages, outlets=self.config.outlets),
                work,
                _PORTION,
            )
        ]
        self.leads.settle(list(zip(ids, outcomes, strict=True)), now)
        return sum(isinstance(one, Article) for one in outcomes)

    # --------------------------------------------------------------------------------------- judging

    def propose(self, run: int) -> Proposal:
        """The draft of a run's window from everything the store holds, and every lead's fate; keeps nothing."""
        begun = self.runs.get(run)
        series, window = self.series(begun.series), begun.window
        before = self.issues.of_window(series.id, window)
        stored = self.leads.of_window(series.id, window, _MARGIN)
        draft, rejected = self._drafted(series, window, stored, before.draft if before else None, begun.silent)
        settled = {**rejected, **select.settled(draft)}
        fates = _one_article_once([_accounted(one, settled) for one in stored])
        accounts = Accounts(run, fates, begun.owner)
        return Proposal(before, draft, accounts)

    def judge(self, run: int) -> int:
        """Keeps what `propose` says as the next revision of the window's draft; returns the issue's id.

        Raises `Conflict` when editors keep changing the draft while it is being made anew.
        """
        for _ in range(_ATTEMPTS):
            made = self.propose(run)
            try:
                desked = self._kept(made)
            except Conflict:
                continue  # an editor decided something meanwhile: judge again on top of that
            log.info("drafted", series=made.draft.series, number=desked.number, items=len(made.draft.chosen))
            return desked.id
        raise Conflict("草稿在重新生成时一直有人改动。", "请等编辑改完再生成。")

    def _kept(self, made: Proposal) -> Desked:
        decision = Decision("generate", "系统", self._clock(), values={"run": str(made.accounts.run)})
        accounts = replace(made.accounts, at=decision.when)
        if made.before is None:
            last = self.last(self.series(made.draft.series))
            return self.issues.begin(made.draft, decision, last, accounts, self._ready(made.draft))
        if made.draft == made.before.draft:
            self.runs.account(accounts)
            return made.before
        return self.issues.revise(made.before, made.draft, decision, accounts)

    def _drafted(
        self,
        series: Series,
        window: Window,
        stored: Sequence[Stored],
        previous: Draft | None,
        silent: Sequence[str],
    ) -> tuple[Draft, dict[str, Rejection]]:
        articles = self.leads.articles(one.article for one in stored if one.article)
        near = {
            key: one
            for key, one in articles.items()
            if one.date is None
            or window.start - dt.timedelta(days=_MARGIN) <= one.date <= window.end + dt.timedelta(days=_MARGIN)
        }
        rejected = {key: select.outside(one, window) for key, one in articles.items() if key not in near}
        documents = [document(one) for _, one in sorted(near.items())]
        edges = relate(documents)
        stories = group(
            documents,
            edges,
            together=previous.together if previous else (),
            apart=previous.apart if previous else (),
            prefer=lambda key: select.preference(near[key], window, self.config.outlets),
        )
        inside = [one for one in documents if one.date is None or one.date in window]
        seen: dict[str, dt.datetime] = {}
        for one in stored:
            if one.article:
                seen[one.article] = min(one.first_seen, seen.get(one.article, one.first_seen))
        kept, out = select.candidates(
            window,
            near,
            stories,
            [edge for edge in edges if not edge.relation.folds],
            self.rater(series),
            cover(inside, self.printed()),
            seen,
        )
        return select.draft(series.id, window, kept, silent, previous), {**rejected, **out}

    def rater(self, series: Series) -> Callable[[Article], Rating]:
        """How well an article fits the scope of a series."""
        place = self.config.scope.places[series.place] if series.place else None
        rater = Rater(self.config.scope, place, self.config.outlets)
        return lambda article: rater.rate(article.title, article.text, outlet=article.outlet, url=article.url)

    def printed(self, before: Window | None = None) -> list[Printed]:
        """Every item of every released issue, or of those whose windows ended earlier than that of `before`."""
        return [
            Printed(
                release.issue.series,
                release.issue.number,
                place,
                Document(item.handle, item.title, item.text, item.date, item.url),
            )
            for release in self.issues.released()
            if before is None or release.issue.window.end < before.end
            for place, item in enumerate(release.issue.items, start=1)
        ]

    # ------------------------------------------------------------------------------------------ runs

    def run(
        self,
        series: str,
        window: Window,
        engine: Engine,
        *,
        collect: bool = True,
        keep: bool = True,
        owner: str = "",
        say: Callable[[str], None] = lambda line: None,
    ) -> Report:
        """Collects, reads and judges: a window's draft from its sources to its next revision.

        Without `collect` the stored pages are read again, with nothing fetched. A run that keeps its draft works
        under a claim: that of `owner`, else one of its own. Raises `Busy` while somebody else makes this draft,
        `NothingCollected` when every source failed: no issue is made of nothing, and no number is taken.
        """
        self._still_open(self.series(series), window)
        if not keep:
            return self._run(series, window, engine, "", collect, say)
        if owner:
            # whoever took the claim keeps it alive and limits the time; who works on it is this process
            self.claims.adopt(owner, _myself())
            with self._given_back(series, window, owner):
                return self._run(series, window, engine, owner, collect, say)
        claim = self._claimed(series, window)
        with self.held(claim), self._given_back(series, window, claim.owner):
            return self._run(series, window, engine, claim.owner, collect, say)

    def _run(
        self, series: str, window: Window, engine: Engine, owner: str, collect: bool, say: Callable[[str], None]
    ) -> Report:
        run = self.runs.begin(series, window, engine.name, self._clock(), owner)
        seconds: dict[str, float] = {}
        silent: dict[str, str] = {}
        outcome = "failed"
        try:
            with _timed(seconds, "harvest"):
                if collect:
                    silent = self._collected(engine, self.sources(), say)
            self.runs.hear(run.id, list(silent))
            with _timed(seconds, "read"):
                stored = () if collect else self.leads.of_window(series, window, _MARGIN)
                again = [one.id for one in stored if one.page is not None]
                self._read_all(engine, sorted({*self.leads.unread(), *again}), say)
            with _timed(seconds, "judge"):
                if owner:
                    desked: Desked | None = self._judged(engine, run.id)
                    tally = _tally(self.runs.fates(run.id))
                else:
                    desked, made = None, self.propose(run.id)
                    tally = _tally(made.accounts.leads)
            say(str(tally))
            outcome = "degraded" if silent else "done"
            return Report(desked, desked.draft if desked else made.draft, tally, tuple(silent), seconds)
        finally:
            self.runs.finish(run.id, outcome, seconds, self._clock())

    def report(self, series: str, window: Window) -> Report:
        """What the window's last run came to, from the store."""
        desked = self.desked(series, window)
        run = self.runs.last(series, window)
        if run is None:
            raise UsageError(
                f"{series} {window} 还没有生成过。", f"请先运行 {command('run', self.series(series), window)}。"
            )
        return Report(desked, desked.draft, _tally(self.runs.fates(run.id)), run.silent, run.seconds)

    def _judged(self, engine: Engine, run: int) -> Desked:
        result = engine.each(self.judge, [run])[0]
        if isinstance(result, DeskError):
            raise result
        return self.issues.get(result)

    def collect(
        self, engine: Engine, ids: Sequence[str] = (), say: Callable[[str], None] = lambda line: None
    ) -> dict[str, str]:
        """Asks sources and reads what they gave; returns which failed and why (name → reason)."""
        silent = self._collected(engine, self.sources(ids), say)
        self._read_all(engine, self.leads.unread(), say)
        return silent

    def _collected(self, engine: Engine, sources: Sequence[Source], say: Callable[[str], None]) -> dict[str, str]:
        if not sources:
            raise NothingCollected("没有启用的信源。", "请在 config/sources.yaml 里启用。")
        say(f"采集 {len(sources)} 个信源")
        silent: dict[str, str] = {}
        for source, result in zip(sources, engine.each(self.harvest, [one.id for one in sources]), strict=True):
            if isinstance(result, StoreError):
                raise result
            if isinstance(result, DeskError):
                why = result.message.removeprefix(f"{source.name}：")
                silent[source.name] = why
                say(f"  {source.name}：未能采集。{why}")
            else:
                lost = f"，{result.failed} 个未取得" if result.failed else ""
                told = "内容未变" if result.unchanged else f"{len(result.leads)} 条线索"
                say(f"  {source.name}：{told}，新取 {result.pages} 个页面{lost}")
                for note in result.notes:
                    say(f"    {note}")
        if len(silent) == len(sources):
            raise NothingCollected("所有信源都未能采集，没有生成草稿，也没有占用期号。", "请检查网络和 sources.yaml。")
        return silent

    def _read_all(self, engine: Engine, waiting: Sequence[int], say: Callable[[str], None]) -> None:
        if not waiting:
            return
        batches = [waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)]
        say(f"读取 {len(waiting)} 个页面")
        for result in engine.each(self.read, batches):
            if isinstance(result, DeskError):
                raise result

    # ------------------------------------------------------------------------------------- the clock

    def due(self) -> list[tuple[Series, Window]]:
        """The windows whose drafts are over and get made by themselves, each series' oldest first.

        Which of them still have to be made, and by whom, `claim_due` decides.
        """
        now, paused = self._clock(), self.claims.paused()
        found = []
        for series in self.config.series.values():
            if series.id in paused:
                continue
            closed = self.issues.closed(series.id)
            windows = caught_up(series, over(series, self.last(series).window, now))
            found += [(series, window) for window in windows if window.start not in closed]
        return found

    def claim_due(self, series: Series, window: Window) -> Claim | None:
        """Claims the making of a due window's draft; `None` when it is made, being made, or given up."""
        attempts = self.config.settings.clock.attempts
        return self._taken(Work(series.id, window), stale=due_at(series, window), attempts=attempts)

    def died_out(self, series: Series, window: Window) -> bool:
        """Whether the last attempt at a window's draft was killed, so that nobody was left to say so."""
        claim = self.claims.of(Work(series.id, window))
        killed = claim is not None and claim.progress is Progress.RUNNING and not claim.alive
        return killed and claim is not None and claim.attempt >= self.config.settings.clock.attempts

    def claim_collecting(self) -> Claim | None:
        """Claims a round of collecting; `None` when one is under way, or was within the interval."""
        interval = dt.timedelta(minutes=self.config.settings.clock.collect_minutes)
        return self._taken(COLLECTING, stale=self._clock() - interval)

    def _taken(self, work: Work, *, stale: dt.datetime | None = None, attempts: int | None = None) -> Claim | None:
        """Takes work that is free, or whose worker is gone from this machine: its lease need not be waited for."""
        claim = self.claims.take(work, _myself(), self._clock(), stale=stale, attempts=attempts)
        if claim is None and (held := self.claims.of(work)) and held.alive and _is_gone(held.worker):
            claim = self.claims.take(work, _myself(), self._clock(), stale=stale, attempts=attempts, dead=held.owner)
        return claim

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Keeps a claim alive for as long as its work lasts."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.claims.lease_seconds / 4):
                try:
                    if not self.claims.renew(claim.owner):
                        return  # done, or taken over: the fence tells
                except Exception as error:
                    # whatever it is: the next beat may get through, and without any the work is somebody else's
                    log.warning("heartbeat missed", why=str(error))

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def give_back(self, work: Work, owner: str, why: str, *, interrupted: bool = False) -> None:
        """Gives claimed work back undone, to be tried again after a pause that grows with each attempt."""
        claim = self.claims.of(work)
        if claim is None or claim.owner != owner or claim.progress is not Progress.RUNNING:
            return
        timing = self.config.settings.clock
        minutes = timing.retry_minutes * 2 ** min(claim.attempt - 1, 20)
        # a round of collecting comes again anyhow
        longest = 24 * 60 if work.series else timing.collect_minutes
        # what was interrupted is not broken: whoever stopped it starts it again, as often as he likes
        pause = _INTERRUPTED if interrupted else dt.timedelta(minutes=min(minutes, longest))
        self.claims.fail(owner, why, pause, counts=not interrupted)
        log.warning("given back", series=work.series, window=str(work.window), attempt=claim.attempt, why=why)

    @contextmanager
    def _given_back(self, series: str, window: Window, owner: str) -> Iterator[None]:
        """Gives a claim back when its run ends in an error."""
        try:
            yield
        except BaseException as error:
            why = error.message if isinstance(error, DeskError) else f"{type(error).__name__}：{error}"
            stopped = not isinstance(error, Exception)
            self.give_back(Work(series, window), owner, "运行被中断" if stopped else why, interrupted=stopped)
            raise

    def _claimed(self, series: str, window: Window) -> Claim:
        work = Work(series, window)
        claim = self._taken(work)
        if claim is None:
            held = self.claims.of(work)
            by = f"{held.worker.who}，自 {held.since:%Y-%m-%d %H:%M} 起" if held else "另一进程"
            raise Busy(
                f"{self.series(series).title}（{window}）正在生成：{by}。",
                f"请等它结束；它若已不在，{self.claims.lease_seconds:.0f} 秒后自动放行。",
            )
        return claim

    def standing(self, series: Series) -> list[Standing]:
        """How every window of a series stands that is not put out elsewhere, oldest first, the open one last."""
        now = self._clock()
        last = self.last(series).window
        ended = over(series, last, now)
        by_itself = {window.start for window in caught_up(series, ended)}
        open_one = following(series, ended[-1] if ended else last)
        stand, skipped = self.issues.stand(series.id), self.issues.skipped(series.id)
        claims = self.claims.on(series.id)
        return [
            _standing(
                window,
                due_at(series, window),
                stand.get(window.start),
                skipped.get(window.start),
                claims.get(window.start),
                Phase.OPEN if window == open_one else Phase.DUE if window.start in by_itself else Phase.MISSED,
                self.config.settings.clock.attempts,
            )
            for window in [*ended, open_one]
        ]

    # -------------------------------------------------------------------------------------- deciding

    def series(self, name: str) -> Series:
        """The configured series; raises `UsageError` when there is none of that name."""
        try:
            return self.config.series[name]
        except KeyError:
            known = "、".join(f"{one.id}（{one.title}）" for one in self.config.series.values())
            raise UsageError(f"没有刊物“{name}”。", f"已配置：{known}。") from None

    def desked(self, series: str, window: Window, revision: int = 0) -> Desked:
        """The draft or issue of a window.

        Raises `UsageError` when there is none yet, `Conflict` when it is no longer at the `revision` that was
        looked at.
        """
        one = self.series(series)
        found = self.issues.of_window(series, window)
        if found is None:
            raise UsageError(f"{one.title} {window} 没有草稿。", f"请先运行 {command('run', one, window)}。")
        if revision and found.revision != revision:
            raise Conflict(f"草稿在修订{revision}之后又有改动（现在是修订{found.revision}）。", "请重新看稿。")
        return found

    def decide(self, desked: Desked, decision: Decision) -> Desked:
        """Applies one decision as the next revision; raises `Conflict` when the draft changed meanwhile.

        A decision that changes nothing makes no revision.
        """
        if desked.state is not State.DRAFT:
            raise UsageError(f"第{desked.number}期{desked.state.chinese}，不再更改。")
        rate = self.rater(self.series(desked.draft.series))
        draft = desked.draft
        if decision.verb == "include":
            draft, handle = self._offered(draft, decision.target, rate)
            decision = replace(decision, target=handle)
        if decision.verb == "waive":
            decision = replace(decision, values={"of": self._waived(desked, decision.target)})
        if decision.verb in DECISIONS:
            decision = resolved(draft, decision)
        after = decide(draft, decision, rate)
        return desked if after == desked.draft else self.issues.revise(desked, after, decision)

    def _offered(self, draft: Draft, target: str, rate: Callable[[Article], Rating]) -> tuple[Draft, str]:
        """The draft and the handle to include; an article that was judged out becomes a candidate by its address."""
        known = {article.id: one.handle for one in draft.candidates for article in one.articles}
        if not target.startswith(("http:", "https:", "file:")):
            return draft, target
        for stored in self.leads.at(target):
            for key, article in self.leads.articles([stored.article or ""]).items():
                if key in known:
                    return draft, known[key]
                handle = "c" + digest(article.url or article.id)[:8]
                own = Candidate(handle, (article,), rate(article), seen=stored.first_seen)
                return replace(draft, candidates=(*draft.candidates, own)), handle
        raise UsageError(f"没有采集过 {target}。", "请先用 bulletin collect --url 或 --file 添加。")

    def _waived(self, desked: Desked, target: str) -> str:
        """What the finding says that is to be waived, as a digest; nobody answers for what was not found."""
        key = finding_key(desked.draft, target)
        for one in self._inspected(desked):
            if one.key == key:
                return digest(one.message)
        raise UsageError(f"没有“{target}”这项检查结果。", "请用 draft check 查看方括号里的名称。")

    def revisions(self, desked: Desked) -> list[Revision]:
        """Who decided what about a draft, oldest first."""
        return self.issues.revisions(desked.id)

    # ------------------------------------------------------------------------------------- releasing

    def issue(self, desked: Desked) -> Issue:
        """The issue as it would be put out now."""
        return self._assembled(desked.draft, desked.number)

    def _assembled(self, draft: Draft, number: int) -> Issue:
        path = self._template("lead.j2")
        try:
            template = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise TemplateError(f"{path} is not UTF-8.", "Save it as UTF-8.") from None
        return assemble(draft, number, self.series(draft.series), template)

    def findings(self, desked: Desked) -> list[Finding]:
        """What the release checks say of a draft; a waived finding no longer blocks while it says the same."""
        return self._answered(desked.draft, self._inspected(desked))

    def _answered(self, draft: Draft, found: Sequence[Finding]) -> list[Finding]:
        return [
            replace(
                one,
                severity=Severity.WARNING,
                message=f"{one.message}（已放行：{waiver.reason}——{waiver.who}）",
                fix="",
            )
            if (waiver := draft.waivers.get(one.key)) and waiver.of == digest(one.message)
            else one
            for one in found
        ]

    def _inspected(self, desked: Desked) -> list[Finding]:
        return self._checked(self.issue(desked), desked.draft, self.printed())

    def _checked(self, issue: Issue, draft: Draft, earlier: Sequence[Printed]) -> list[Finding]:
        ids = {article.id: one.handle for one in draft.candidates for article in one.articles}
        return check(
            Inspection(
                issue=issue,
                outlets=self.config.outlets,
                earlier=earlier,
                flags={one.handle: one.article.flags for one in draft.candidates},
                late=frozenset(draft.late),
                apart=frozenset(frozenset((ids.get(a, a), ids.get(b, b))) for a, b in draft.apart),
                silent=draft.silent,
            )
        )

    def render(self, desked: Desked, name: str) -> bytes:
        """A draft as one of `FORMATS`, with its findings as comments."""
        issue = self.issue(desked)
        template = self._template(f"{self.config.settings.template}.docx")
        context = Context(
            templates=template.parent,
            template=template.stem,
            pages=page_numbers(issue, template, estimate_only=True),
            draft=True,
            findings=tuple(self.findings(desked)),
        )
        return FORMATS[name].render(issue, context)

    def release(self, desked: Desked, who: str) -> Release:
        """Puts a draft out for good, exactly the revision that was read.

        Raises `Blocked` for blocking findings, `UsageError` for an earlier window that is neither released nor
        skipped, `Conflict` when the draft changed since it was read.
        """
        series = self.series(desked.draft.series)
        self._still_open(series, desked.draft.window)
        if desked.draft.window.end >= self._clock().astimezone(BEIJING).date():
            raise UsageError(f"窗口{desked.draft.window}还没有结束，不能发布。")
        self._nothing_before(series, desked)
        self._number_is_free(desked)
        if blocking := [one for one in self.findings(desked) if one.severity is Severity.BLOCKING]:
            listed = "\n".join(f"  [{one.key}] {one.message}。{one.fix}" for one in blocking)
            raise Blocked(f"有 {len(blocking)} 项检查未通过，不能发布：\n{listed}")
        issue = self.issue(desked)
        template = self._template(f"{self.config.settings.template}.docx")
        pages = page_numbers(issue, template)
        context = Context(templates=template.parent, template=template.stem, pages=pages)
        files = {
            f"{issue.filename}.{name}": self._blobs.put(output.render(issue, context))
            for name, output in FORMATS.items()
        }
        release = Release(issue, desked.revision, who, self._clock(), pages, files, self.tally(desked))
        self.issues.release(desked, release)
        log.info("released", series=series.id, number=issue.number, items=len(issue.items), who=who)
        self._publish(files)
        return release

    # ------------------------------------------------------------------------------------- the archive

    def file(self, path: Path, who: str, *, series: str = "", replacing: bool = False, keep: bool = True) -> Filed:
        """Takes an issue that was put out elsewhere into the archive; `series` overrides its masthead.

        Raises `NotImported`, naming the file, when it cannot be read or does not fit between the issues there.
        """
        try:
            data = path.read_bytes()
            imported = disassemble(decode(data), self.config.series, series)
            return self._filed(imported, path.name, data, who, replacing, keep)
        except FileNotFoundError:
            raise NotImported(f"{path}：文件打不开：没有这个文件。", "请核对文件名。") from None
        except IsADirectoryError:
            raise NotImported(f"{path}：文件打不开：这是文件夹。", f"请写出里面的文件，如 {path / '*.txt'}。") from None
        except OSError as error:
            raise NotImported(f"{path}：文件打不开（{reason(error)}）。", "请核对文件及其权限。") from None
        except NotImported as error:
            raise NotImported(f"{path}：{error.message}", error.fix) from None

    def _filed(self, imported: Imported, name: str, data: bytes, who: str, replacing: bool, keep: bool) -> Filed:
        printed, now = imported.issue, self._clock()
        one = self.series(printed.series)
        draft = as_draft(printed, self.rater(one), now)
        issue = self._assembled(draft, printed.number)
        origin = Elsewhere(name, hashlib.sha256(data).hexdigest(), printed.lead, imported.findings, imported.notes)
        release = Release(issue, 0, who, now, {}, {}, Tally({}), origin)
        # without the archive: a hundred files, each held against all others, took a minute, and the time is quadratic
        found = self._reviewed(release, draft, ())
        configured = Last(one.last.number, one.last_window)
        if not keep:
            self.issues.admits(release, configured, replace=replacing)
            return Filed(imported, found, None)
        self._blobs.put(data)
        decision = Decision("import", who, now, values={"file": name})
        desked = self.issues.archive(draft, release, decision, configured, replace=replacing)
        if desked:
            log.info("imported", series=one.id, number=issue.number, items=len(issue.items), file=name, who=who)
        return Filed(imported, found, desked)

    def released(self, series: str, number: int) -> Release:
        """One released or imported issue; raises `UsageError` when there is none of that number."""
        for one in self.issues.released(self.series(series).id):
            if one.issue.number == number:
                return one
        raise UsageError(
            f"{self.series(series).title}没有已发布或导入的第{number}期。", "请用 bulletin issue list 查看。"
        )

    def review(self, release: Release) -> list[Finding]:
        """What the checks say of an issue of the archive; an imported one with its lead sentence as printed."""
        desked = self.desked(release.issue.series, release.issue.window)
        return self._reviewed(release, desked.draft, self.printed(before=release.issue.window))

    def _reviewed(self, release: Release, draft: Draft, earlier: Sequence[Printed]) -> list[Finding]:
        issue, origin = release.issue, release.imported
        if origin is None:
            return self._answered(draft, self._checked(issue, draft, earlier))
        # it is out: what the checks advise an editor to do before a release is too late
        found = [replace(one, fix="") for one in self._checked(replace(issue, lead=origin.lead), draft, earlier)]
        return sorted([*origin.findings, *found], key=lambda one: (one.severity is not Severity.BLOCKING, one.position))

    def copies(self, release: Release) -> dict[str, bytes]:
        """An issue's files by name: the frozen ones, or for an imported issue its canonical form."""
        if release.imported is None:
            return {name: self._blobs.get(blob) for name, blob in release.files.items()}
        template = self._template(f"{self.config.settings.template}.docx")
        pages = page_numbers(release.issue, template)
        context = Context(templates=template.parent, template=template.stem, pages=pages)
        return {f"{release.issue.filename}.{name}": one.render(release.issue, context) for name, one in FORMATS.items()}

    # ------------------------------------------------------------------------------------- numbering

    def skip(self, series: str, window: Window, decision: Decision, *, earlier: bool = False) -> list[Window]:
        """Marks a window, with `earlier` every open one before it too, as one that gets no issue or number."""
        if not decision.reason:
            raise UsageError("跳过一期须写明理由。", "请用 --reason 写明。")
        one = self.series(series)
        last = self.last(one)
        if window.start <= last.window.start:
            raise UsageError(f"{window} 不晚于最近一期的窗口 {last.window}，无须跳过。")
        if window.end >= self._clock().astimezone(BEIJING).date():
            raise UsageError(f"窗口{window}还没有结束，不能跳过。")
        windows = [*(self._open_before(one, window) if earlier else ()), window]
        for each in windows:
            self.issues.skip(series, each, decision)
        self._renumber(one)
        return windows

    def unskip(self, series: str, window: Window) -> None:
        """Takes a skip back; the window's draft, if it had one, is a draft again."""
        one = self.series(series)
        if not self.issues.unskip(series, window):
            raise UsageError(f"{one.title} {window} 没有跳过，无须撤销。")
        self._renumber(one)

    def tally(self, desked: Desked) -> Tally:
        """What became of every lead of the window's last run, with the editor's decisions."""
        run = self.runs.last(desked.draft.series, desked.draft.window)
        settled = select.settled(desked.draft)
        fates = self.runs.fates(run.id) if run else []
        return _tally(
            replace(one, fate=settled[one.article].fate) if one.decides and one.article in settled else one
            for one in fates
        )

    def _still_open(self, series: Series, window: Window) -> None:
        found = self.issues.of_window(series.id, window)
        if found and found.state is State.RELEASED:
            raise UsageError(f"{series.title}第{found.number}期（{window}）已发布，不再更改。")
        last = self.last(series)
        if window.start <= last.window.start:
            raise UsageError(
                f"{series.title}：{window} 不晚于最近一期的窗口 {last.window}。",
                "要出更早的一期，请先改正 series.yaml 里的 last。",
            )
        if window.start in self.issues.skipped(series.id):
            raise UsageError(
                f"{series.title} {window} 已跳过：{self.issues.skipped(series.id)[window.start]}。",
                f"要出这一期，请先运行 {command('issue skip', series, window)} --undo。",
            )

    def _nothing_before(self, series: Series, desked: Desked) -> None:
        if missing := self._open_before(series, desked.draft.window):
            listed = "、".join(str(one) for one in missing[:5]) + (f" 等 {len(missing)} 个" if missing[5:] else "")
            skip = command("issue skip", series, missing[-1]) + (" --and-earlier" if missing[1:] else "")
            raise UsageError(
                f"更早的窗口还没有发布或跳过：{listed}。", f"请先发布；不出的可一并跳过：{skip} --reason 理由。"
            )

    def _open_before(self, series: Series, window: Window) -> list[Window]:
        done = self.issues.closed(series.id)
        return [one for one in between(series, self.last(series).window, window) if one.start not in done]

    def last(self, series: Series) -> Last:
        """The last issue of a series that was put out elsewhere: as configured, or a later one in the archive."""
        return self.issues.last(series.id, Last(series.last.number, series.last_window))

    def _renumber(self, series: Series) -> None:
        self.issues.renumber(series.id, self.last(series))

    def _number_is_free(self, desked: Desked) -> None:
        """A register beside the database: a restored backup must not give a number out a second time."""
        known = self.issues.published()
        title, mark, _ = self.issue(desked).filename.partition("-第")
        for path in sorted(self.config.out.glob(f"{title}{mark}*期-*")) if self.config.out.is_dir() else []:
            number = re.match(r"(\d+)期", path.name.removeprefix(title + mark))
            if number and int(number[1]) >= desked.number and path.name not in known and "-改动" not in path.name:
                raise StoreError(
                    f"{path} 已经发布过第{number[1]}期，数据库里却没有它的记录。",
                    "请恢复较新的备份；如确为误放的文件，请先移走。",
                )

    # ------------------------------------------------------------------------------------- telling

    def failed(self, series: str, window: Window, why: str, *, final: bool = False) -> None:
        """Lets people know that no draft could be made of a window: once for the first time, once for the last."""
        one = self.series(series)
        rest = "不再自动重试，请排除故障后重新生成。" if final else "稍后自动重试；如已排除故障，也可立即重新生成。"
        self.notices.post(
            Notice(
                key=f"{Event.RUN_FAILED}:{series}:{window.start}:{'final' if final else 'first'}",
                event=Event.RUN_FAILED,
                title=f"{one.title}：{window} 的草稿未能生成",
                text=f"{one.title}\n窗口：{window}\n原因：{why}\n{rest}\n{command('run', one, window)}",
                when=self._clock(),
                series=series,
            )
        )

    def send_notices(self) -> list[Delivery]:
        """Tells people what waits to be told; what could not be sent is tried again later, for three days."""
        told: list[Delivery] = []
        everybody = targets(self.config)
        for one in self.notices.waiting(self._clock()):
            if not self.notices.take(one, self._clock()):
                continue  # somebody else is sending it just now
            asked = [each for each in everybody if each.wants(one.notice) and each.name not in one.told]
            sent = [Delivery(one.notice, each.name, self._told(one.id, each, one.notice)) for each in asked]
            told += sent
            if not any(each.trouble for each in sent):
                self.notices.sent(one.id, self._clock())
            elif self.notices.failed(one.id, self._clock()):
                log.error("notice given up", key=one.notice.key)
        return told

    def _told(self, notice: int, target: Target, content: Notice) -> str:
        trouble = tell(target, content)
        if not trouble:
            self.notices.told(notice, target.name)
        return trouble

    def _ready(self, draft: Draft) -> Callable[[Desked], Notice]:
        """What people are told of a window's first draft, once its number is known."""
        series = self.series(draft.series)
        counts = f"{len(draft.chosen)} 条入选，{len(draft.candidates) - len(draft.chosen)} 条备选与未入选"
        with suppress(TemplateError):  # whoever looks at the draft is told of that; it must not cost the draft
            found = self.findings(Desked(0, self.last(series).number + 1, 1, State.DRAFT, draft))
            blocking = sum(one.severity is Severity.BLOCKING for one in found)
            counts += f"；{blocking} 项阻断，{len(found) - blocking} 项提醒"
        silent = f"未能采集的来源：{'、'.join(draft.silent)}\n" if draft.silent else ""

        def notice(desked: Desked) -> Notice:
            number = f"第{chinese_number(desked.number, series.zero)}期"
            return Notice(
                key=f"{Event.DRAFT_READY}:{series.id}:{draft.window.start}",
                event=Event.DRAFT_READY,
                title=f"{series.title}（{number}）草稿已生成",
                text=f"{series.title}（{number}）\n窗口：{draft.window}\n{counts}\n{silent}"
                f"看稿：{command('draft show', series, draft.window)}",
                when=self._clock(),
                series=series.id,
            )

        return notice

    def _failing(self, source: Source, before: Asked, why: str) -> None:
        """Keeps that a visit failed; the third time in a row people are told, and not again until one went well."""
        now, failures = self._clock(), before.failures + 1
        silent = Notice(
            # two visits at once know of the same earlier one, and so tell the same
            key=f"{Event.SOURCE_SILENT}:{source.id}:{before.when}",
            event=Event.SOURCE_SILENT,
            title=f"信源“{source.name}”连续 {_SILENT} 次未能采集",
            text=f"信源：{source.name}（{source.id}）\n原因：{why.removeprefix(f'{source.name}：')}\n"
            "其他信源照常采集，草稿会列出未能采集的来源；这个信源恢复之前不再提醒。\n"
            f"试一次：bulletin collect {source.id}",
            when=now,
        )
        after = replace(before, failures=failures, trouble=why)
        self.leads.remember(source.id, after, now, silent if failures == _SILENT else None)

    # ----------------------------------------------------------------------------------- publishing

    def reconcile(self) -> None:
        """Makes published copies that are missing or different anew: after a crash, starting again is the repair."""
        self._publish(self.issues.published())

    def _publish(self, files: Mapping[str, str]) -> None:
        """Writes the copies that are not there yet; `pending` names those that could not be written."""
        for name, blob in files.items():
            target = self.config.out / name
            try:
                there = target.read_bytes() if target.is_file() else None
                if there is not None and hashlib.sha256(there).hexdigest() == blob:
                    continue
                if there is not None:
                    # somebody worked in the published file: theirs is kept beside the released one
                    target.rename(target.with_name(f"{target.stem}-改动{digest(there)[:6]}{target.suffix}"))
                write_whole(target, self._blobs.get(blob))
            except (OSError, StoreError) as error:
                log.error("publishing is pending", file=str(target), why=str(error))
                self.pending.append(name)

    def _template(self, name: str) -> Path:
        """A template of the workspace, which owns either all of them or none."""
        folder = self._templates if self._templates.is_dir() else packaged("templates")
        if not (folder / name).is_file():
            raise TemplateError(
                f"{folder / name} is missing.", "Copy the packaged one there (`bulletin init` writes it)."
            )
        return folder / name


# ------------------------------------------------------------------------------------------- wiring


def open_desk(workspace: Path, *, clock: Clock) -> Desk:
    """The desk of a workspace: configuration, fetcher, database, blobs and templates put together."""
    if not workspace.is_dir():
        raise ConfigError(str(workspace), "is not a folder", "Make one with `bulletin init`.")
    config = configuration.load(workspace)
    database, blobs = open_store(config)
    return Desk(
        config,
        fetch=fetcher(config, clock),
        clock=clock,
        database=database,
        blobs=blobs,
        templates=workspace / "templates",
    )


def open_store(config: Config) -> tuple[Database, Blobs]:
    """The database and the blobs of a workspace; raises `StoreError` when one was lost and the other was not."""
    blobs = Blobs(config.data / "blobs")
    # an empty database in place of the lost one would give every number out again
    database = Database(config.settings.database or config.data / "desk.db", fresh=blobs.empty())
    # in this order: a page's bytes are here before its row is
    if Leads(database, blobs).any_page() and blobs.empty():
        database.close()
        # reading the stored pages again would note every one of them as lost, for everybody who uses the database
        raise StoreError(
            f"{database.place} knows pages, but {blobs.folder} is empty.",
            "Name the `data` folder they are in (several machines share one), or restore the last backup.",
        )
    return database, blobs


def fetcher(config: Config, clock: Clock) -> Fetcher:
    """The one way out to the network, as the settings want it."""
    settings = config.settings
    return Fetcher(
        settings.politeness,
        ports=settings.ports,
        connect_to=settings.connect_to,
        trust=config.at(settings.trust) if settings.trust else None,
        clock=clock,
    )


def _myself() -> Worker:
    """This process, as somebody else would recognise it, on this machine or another."""
    who = f"{getpass.getuser()}@{socket.gethostname()}（进程 {os.getpid()}）"
    return Worker(who, _home(), os.getpid())


def _home() -> str:
    """Among which processes a number counts: those since the last start of the machine, in the same container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""  # no Linux: a lease runs out soon enough


def _is_gone(worker: Worker) -> bool:
    """Whether a process of this machine is known to have ended."""
    if not worker.home or worker.home != _home():
        return False
    try:
        os.kill(worker.process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it lives, and is somebody else's
    return False


def now() -> dt.datetime:
    """The time of day, as the wiring hands it in."""
    return dt.datetime.now(BEIJING)  # noqa: TID251 - the one door


def _standing(
    window: Window,
    due: dt.datetime,
    stand: Stand | None,
    skipped: str | None,
    claim: Claim | None,
    idle: Phase,
    attempts: int,
) -> Standing:
    """The strongest thing that can be said of a window: put out, skipped, at work, drafted, failed, or waiting."""
    number = stand.number if stand and stand.number > 0 else 0
    if stand and stand.state is State.RELEASED:
        return Standing(window, due, Phase.RELEASED, number)
    if skipped is not None:
        return Standing(window, due, Phase.SKIPPED, told=skipped)
    if claim and claim.alive and not _is_gone(claim.worker):
        return Standing(window, due, Phase.RUNNING, number, f"{claim.worker.who}，自 {claim.since:%m-%d %H:%M} 起")
    if claim and claim.progress is not Progress.DONE:
        told = claim.trouble or "运行中断，没有留下消息"
        told = f"第{claim.attempt}次：{told}" if claim.attempt else told
        if idle is Phase.DUE and claim.progress is Progress.FAILED:
            again = claim.attempt < attempts
            told += f"；{claim.retry:%m-%d %H:%M} 后自动再试" if again else "；不再自动重试"
        return Standing(window, due, Phase.FAILED, number, told)
    if stand:
        return Standing(window, due, Phase.DRAFT, number, f"修订{stand.revision}")
    return Standing(window, due, idle)


def document(article: Article) -> Document:
    """An article as comparisons see it."""
    return Document(article.id, article.title, article.text, article.date, article.url)


def command(verb: str, series: Series, window: Window) -> str:
    """A command about a window, as one would type it."""
    which = f"--week {window.start}" if series.first_day is not None else f"--month {window.start:%Y-%m}"
    return f"bulletin {verb} {series.id} {which}"


def _accounted(stored: Stored, settled: Mapping[str, Rejection]) -> Accounted:
    if stored.article:
        outcome = settled[stored.article]
        return Accounted(stored.id, outcome.fate, outcome.because, stored.article, decides=True)
    if stored.rejection:
        return Accounted(stored.id, stored.rejection.fate, stored.rejection.because)
    return Accounted(stored.id, Fate.DEFERRED, "尚未取得或尚未读取")


_PRINTED = (Fate.INCLUDED, Fate.STANDBY, Fate.EXCLUDED, Fate.COVERED, Fate.HIJACKED, Fate.UNDATED)


def _one_article_once(verdicts: Sequence[Accounted]) -> list[Accounted]:
    """A second lead to the same article is a duplicate of the first, so that 收录 counts items."""
    met: set[str] = set()
    once: list[Accounted] = []
    for one in verdicts:
        if one.article in met and one.fate in _PRINTED:
            one = Accounted(one.lead, Fate.DUPLICATE, "同一地址，另一信源也给出", one.article)
        met.add(one.article or f"lead {one.lead}")
        once.append(one)
    return once


def _tally(verdicts: Sequence[Accounted] | Iterator[Accounted]) -> Tally:
    counts: dict[Fate, int] = {}
    for one in verdicts:
        counts[one.fate] = counts.get(one.fate, 0) + 1
    return Tally(counts)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.monotonic()
    try:
        yield
    finally:
        seconds[stage] = round(time.monotonic() - start, 2)
