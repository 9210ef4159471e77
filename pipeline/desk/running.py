"""Running: a window's draft from its sources to its next revision."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import structlog

from pipeline.config import Series, Source
from pipeline.desk.claiming import BY_ITSELF, myself
from pipeline.desk.collecting import BATCH
from pipeline.desk.engine import Engine, unbroken
from pipeline.desk.judging import Proposal
from pipeline.desk.relating import MARGIN
from pipeline.desk.releasing import counted
from pipeline.desk.revisiting import Revisiting
from pipeline.desk.room import command
from pipeline.desk.supplementing import ATTEMPTS, Supplementing
from pipeline.desk.telling import Telling
from pipeline.errors import Conflict, DeskError, NothingCollected, StoreError, UsageError
from pipeline.model import (
    BEIJING,
    SYSTEM,
    Article,
    Claim,
    Decision,
    Desked,
    Draft,
    Progress,
    Standing,
    Tally,
    Visit,
    Window,
    Work,
)
from pipeline.store import Run

log = structlog.get_logger("pipeline.desk")
_COLLECTING_SHARE = 0.5  # of a run's time; the rest is for reading, pictures (bounded by themselves) and judging


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


STAGES = {
    "harvest": "采集信源",
    "read": "读取页面",
    "pictures": "取图片",
    "relate": "比对新旧",
    "judge": "判定入选",
    "revisit": "核对网页",
}
"""The stages of a run in their order, as editors know them."""


@dataclass(frozen=True, slots=True)
class Making:
    """How far the making of a draft is."""

    claim: Claim
    run: Run | None = None
    """`None` before it has begun, and when its process never came so far."""
    asked: tuple[tuple[Source, Visit | None], ...] = ()
    """Every source with its visit of this run; `None` for one that is still to be asked."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All there is to say of one window of a series."""

    standing: Standing
    claim: Claim | None = None
    """`None` when nobody ever set out to make its draft."""
    run: Run | None = None
    """The last one over it."""
    late: int = 0
    """How many articles came that its draft or issue does not account for."""


class Running(Supplementing, Revisiting, Telling):
    """Puts the stages of a run together."""

    def run(
        self,
        series: str,
        window: Window,
        engine: Engine,
        *,
        collect: bool = True,
        keep: bool = True,
        owner: str = "",
        asker: str = "",
        say: Callable[[str], None] = lambda line: None,
    ) -> Report:
        """Collects, reads and judges: a window's draft from its sources to its next revision.

        Without `collect` the stored pages are read again, with nothing fetched. A run that keeps its draft works
        under a claim: that of `owner`, else one of its own, which names the `asker`. Raises `Busy` while somebody else
        makes this draft, `NothingCollected` when every source failed: no issue is made of nothing, and no number is
        taken.
        """
        self._still_open(self.series(series), window)
        if not keep:
            return self._run(series, window, engine, "", collect, say)
        if owner:
            # whoever took the claim keeps it alive and limits the time; who works on it is this process
            self.claims.adopt(owner, myself(BY_ITSELF))
            with self._given_back(series, window, owner):
                report = self._run(series, window, engine, owner, collect, say)
        else:
            claim = self._claimed(series, window, asker)
            with self.held(claim), self._given_back(series, window, claim.owner, by_hand=True):
                report = self._run(series, window, engine, claim.owner, collect, say)
        if collect:
            self.supplement(engine, say)  # what was collected may belong to drafts that are there already
        return report

    def _run(
        self, series: str, window: Window, engine: Engine, owner: str, collect: bool, say: Callable[[str], None]
    ) -> Report:
        run = self.runs.begin(series, window, engine.name, self._clock(), owner)
        structlog.contextvars.bind_contextvars(run=run.id, series=series, window=str(window))
        seconds: dict[str, float] = {}
        silent: dict[str, str] = {}
        outcome = "failed"
        try:
            with self._stage(run.id, seconds, "harvest"):
                if collect:
                    silent = self._collected(engine, self.sources(), say)
            self.runs.hear(run.id, list(silent))
            with self._stage(run.id, seconds, "read"):
                stored = () if collect else self.leads.of_window(series, window, MARGIN)
                again = [one.id for one in stored if one.page is not None]
                self._read_all(engine, sorted({*self.leads.unread(), *again}), say)
                if collect:
                    self._follow_all(engine, say)
            with self._stage(run.id, seconds, "pictures"):
                if collect:
                    self.picture_all(engine, self.printable(self.series(series), window), say)
            with self._stage(run.id, seconds, "relate"):
                self._relate_all(engine, series, window, say)
            desked = None
            with self._stage(run.id, seconds, "judge"):
                if owner:
                    desked = self._judged(engine, run.id)
                    draft, tally = desked.draft, counted(self.runs.fates(run.id))
                else:
                    made = self.propose(run.id)
                    draft, tally = made.draft, counted(made.accounts.leads)
            if desked and collect:
                # after the draft is kept: a slow site costs nobody the draft
                with self._stage(run.id, seconds, "revisit"):
                    self._looked_again(engine, desked, say)
            if self._executor.trouble:
                say(self._executor.trouble)
            say(str(tally))
            outcome = "degraded" if silent else "done"
            return Report(desked, draft, tally, tuple(silent), seconds)
        finally:
            self.own_up()
            self.runs.finish(run.id, outcome, seconds, self._clock())
            structlog.contextvars.unbind_contextvars("run", "series", "window")

    def making(self, series: str, window: Window) -> Making | None:
        """How far the making of a window's draft is, or how it ended last; `None` when nobody ever set out."""
        claim = self.claims.of(Work(series, window))
        if claim is None:
            return None
        run = self.runs.under(claim.owner)
        if run is None:
            return Making(claim)
        if claim.progress is Progress.DONE and "harvest" not in run.seconds:
            return Making(claim, run)  # what came late was added, and no source asked
        visits = self.visits.every(run.started)
        asked = [(one, [each for each in visits.get(one.id, ()) if each.when >= run.started]) for one in self.sources()]
        return Making(claim, run, tuple((one, found[-1] if found else None) for one, found in asked))

    def overview(self, series: Series) -> list[Overview]:
        """How every window of a series stands, who works on it, what the last run came to, what came late."""
        claims, runs, drafted = self.claims.on(series.id), self.runs.latest(series.id), self.issues.stand(series.id)
        return [
            Overview(
                one,
                claims.get(one.window.start),
                runs.get(one.window.start),
                len(self.late(series.id, one.window)) if one.window.start in drafted else 0,
            )
            for one in self.standing(series)
        ]

    def report(self, series: str, window: Window) -> Report:
        """What the window's last run came to, from the store."""
        desked = self.desked(series, window)
        run = self.runs.last(series, window)
        if run is None:
            raise UsageError(
                f"{series} {window} 还没有生成过。", f"请先运行 {command('run', self.series(series), window)}。"
            )
        return Report(desked, desked.draft, counted(self.runs.fates(run.id)), run.silent, run.seconds)

    def judge(self, run: int) -> int:
        """Keeps what `propose` says as the next revision of the window's draft; returns the issue's id.

        Raises `Conflict` when editors keep changing the draft while it is being made anew.
        """
        for _ in range(ATTEMPTS):
            made = self.propose(run)
            if made.before and made.before.released:  # released while this run was at work
                self._still_open(self.series(made.draft.series), made.draft.window)
            try:
                desked = self._kept(made)
            except Conflict:
                continue  # an editor decided something meanwhile: judge again on top of that
            log.info("drafted", series=made.draft.series, number=desked.number, items=len(made.draft.chosen))
            return desked.id
        raise Conflict("草稿在重新生成时一直有人改动。", "请等编辑改完再生成。")

    def _kept(self, made: Proposal) -> Desked:
        decision = Decision("generate", SYSTEM, self._clock(), values={"run": str(made.accounts.run)})
        accounts = replace(made.accounts, at=decision.when)
        if made.before is None:
            last = self.last(self.series(made.draft.series))
            return self.issues.begin(made.draft, decision, last, accounts, self._ready(made.draft))
        if made.draft == made.before.draft:
            self.runs.account(accounts)
            return made.before
        return self.issues.revise(made.before, made.draft, decision, accounts)

    def _judged(self, engine: Engine, run: int) -> Desked:
        (issue,) = unbroken(engine.each(self.judge, [run]))
        return self.issues.get(issue)

    def _looked_again(self, engine: Engine, desked: Desked, say: Callable[[str], None]) -> None:
        result = engine.each(self.revisit, [desked.id])[0]
        if isinstance(result, DeskError):
            log.warning("not revisited", issue=desked.id, why=result.message)
        elif result:
            say(f"{result} 条的网页打不开或有改动，见检查结果")

    def collect(
        self, engine: Engine, ids: Sequence[str] = (), say: Callable[[str], None] = lambda line: None
    ) -> dict[str, str]:
        """Asks sources and reads what they gave; returns which failed and why (name → reason).

        What came late for a draft that is there is added to it.
        """
        silent = self._collected(engine, self.sources(ids), say)
        self._read_all(engine, self.leads.unread(), say)
        self._follow_all(engine, say)
        self.picture_all(engine, self._printable_soon(), say)
        self.supplement(engine, say)
        self.own_up()
        return silent

    def _printable_soon(self) -> list[Article]:
        """What may be printed in the drafts that are made next: those of the last windows and of the open ones."""
        today = self._clock().astimezone(BEIJING).date()
        found: list[Article] = []
        for series in self.config.series.values():
            now = series.window_of(today)
            for window in (series.window_of(now.start - dt.timedelta(days=1)), now):
                found += self.printable(series, window)
        return found

    def _collected(self, engine: Engine, sources: Sequence[Source], say: Callable[[str], None]) -> dict[str, str]:
        if not sources:
            raise NothingCollected("没有启用的信源。", "请在 config/sources.yaml 里启用。")
        say(f"采集 {len(sources)} 个信源")
        # two hundred pages of a slow site take hours; the draft is made in time, of what is there
        self._until = time.monotonic() + self.config.settings.clock.run_minutes * 60 * _COLLECTING_SHARE
        self._children.prepare()  # while the sources are asked
        self._round = {}
        try:
            results = engine.each(self.harvest, [one.id for one in sources])
        finally:
            self._round = None
        silent: dict[str, str] = {}
        for source, result in zip(sources, results, strict=True):
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
        self.tell_silences()
        if len(silent) == len(sources):
            raise NothingCollected("所有信源都未能采集，没有生成草稿，也没有占用期号。", "请检查网络和 sources.yaml。")
        return silent

    def _follow_all(self, engine: Engine, say: Callable[[str], None]) -> None:
        by_host: dict[str, dict[int, None]] = {}
        for part in self.parts.due(self._clock()):
            by_host.setdefault(urlsplit(part.url).hostname or "", {})[part.page] = None
        if not by_host:
            return
        say(f"取 {sum(map(len, by_host.values()))} 篇分页文章的其余各页")
        unbroken(engine.each(self.follow, [list(pages) for pages in by_host.values()]))

    def _read_all(self, engine: Engine, waiting: Sequence[int], say: Callable[[str], None]) -> None:
        if not waiting:
            return
        batches = [waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)]
        say(f"读取 {len(waiting)} 个页面")
        unbroken(engine.each(self.read, batches))
