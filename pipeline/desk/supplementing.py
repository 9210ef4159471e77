"""采集补充: what was collected only after a draft had been made is added to it.

A source comes back on the next day, a page is let in at the second try, somebody names an article that no source gave.
Whatever was read of it is dated in a window whose draft is there; so that draft is judged again, as an offline run
does it but without reading any page anew, and what is new in it is a revision signed by 系统.

Added to is a draft that nobody handed in yet, whose time came, and whose making is over: what is still to be made
finds the same articles by itself. In review and approved a draft is what somebody reads or has signed. To change it
under their eyes, or to take an approval back because a page came late, is nobody's decision; how many wait is said
where the window is listed, and they are added as soon as it is a draft again. A released issue is never changed:
what came late stands in the store as seen after the last run that accounted for its window, for who audits it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog

from pipeline.config import Series
from pipeline.desk.claiming import Claiming
from pipeline.desk.engine import Engine, insisted, unbroken
from pipeline.desk.illustrating import Illustrating
from pipeline.desk.releasing import counted
from pipeline.desk.room import command
from pipeline.errors import Conflict, DeskError
from pipeline.model import SYSTEM, Decision, Desked, Draft, Notice, Progress, State, Window, Work
from pipeline.steps import notices
from pipeline.steps.window import due_at

log = structlog.get_logger("pipeline.desk")
ATTEMPTS = 5  # at making a draft anew while editors work on it


class Supplementing(Illustrating, Claiming):
    """Finds what came late, and adds it."""

    def wanting(self) -> list[tuple[Series, Window]]:
        """The drafts to which something is to be added, each series' oldest first."""
        now, paused = self._clock(), self.claims.paused()
        return [
            (series, window)
            for series in self.config.series.values()
            if series.id not in paused
            for window in self._on_the_desk(series)
            if due_at(series, window) <= now and self._is_made(series, window) and self.late(series.id, window)
        ]

    def supplement(self, engine: Engine, say: Callable[[str], None] = lambda line: None) -> list[int]:
        """Adds what came late to every draft that wants it; returns the issues that have another revision now.

        Each under the claim of its window; one that fails keeps no other from it, and fails for nobody else.
        """
        found: list[int] = []
        for series, window in self.wanting():
            try:
                found += self._supplemented(engine, series, window, say)
            except DeskError as error:
                log.error("not supplemented", series=series.id, window=str(window), why=error.message)
            except Exception:
                log.exception("not supplemented", series=series.id, window=str(window))
        return found

    def _on_the_desk(self, series: Series) -> list[Window]:
        """The windows whose drafts nobody handed in, in order."""
        stand = self.issues.stand(series.id)
        starts = [start for start, one in stand.items() if one.state is State.DRAFT and not one.released]
        return [series.window_of(start) for start in sorted(starts)]

    def _is_made(self, series: Series, window: Window) -> bool:
        """Whether the making of a window's draft is over, so that no run to come will find the same."""
        claim = self.claims.of(Work(series.id, window))
        if claim is None:
            return True
        finished = claim.finished is not None and claim.finished >= due_at(series, window)
        return finished and claim.progress is not Progress.FAILED

    def _supplemented(
        self, engine: Engine, series: Series, window: Window, say: Callable[[str], None]
    ) -> Sequence[int]:
        claim = self._taken(Work(series.id, window))
        if claim is None:
            return ()  # somebody makes it just now, and finds the same
        with self.held(claim), self._given_back(series.id, window, claim.owner):
            late = self.late(series.id, window)
            if not late:  # somebody else was faster
                self.claims.finish(claim.owner, self._clock())
                return ()
            run = self.runs.begin(series.id, window, engine.name, self._clock(), claim.owner)
            seconds: dict[str, float] = {}
            outcome = "failed"
            try:
                with self._stage(run.id, seconds, "pictures"):
                    came = {one.article for one in self.leads.get(late)}
                    shown = [one for one in self.printable(series, window) if one.id in came]
                    self.picture_all(engine, shown, say)
                with self._stage(run.id, seconds, "relate"):
                    self._relate_all(engine, series.id, window, say)
                with self._stage(run.id, seconds, "judge"):
                    changed = [one for one in unbroken(engine.each(self.add_late, [run.id])) if one]
                outcome = "done"
            finally:
                self.runs.finish(run.id, outcome, seconds, self._clock())
        if changed:
            say(f"采集补充：{series.title} {window} 有新修订")
        return changed

    def add_late(self, run: int) -> int:
        """Keeps what a run over a drafted window finds beyond its draft; returns the issue, 0 when nothing changed.

        Raises `Conflict` when editors keep changing the draft meanwhile.
        """
        begun = self.runs.get(run)
        late = set(self.late(begun.series, begun.window))
        for _ in range(ATTEMPTS):
            made = self.propose(run, supplement=True)
            if made.before is None or made.before.state is not State.DRAFT or made.before.released:
                self.claims.finish(begun.owner, self._clock())  # handed in meanwhile
                return 0
            told = counted([one for one in made.accounts.leads if one.lead in late])
            decision = Decision("supplement", SYSTEM, self._clock(), values={"run": str(run)}, reason=str(told))
            accounts = replace(made.accounts, at=decision.when)
            if made.draft == made.before.draft:
                self.runs.account(accounts)
                return 0
            try:
                telling = self._grown(made.before, made.draft)
                desked = self.issues.revise(made.before, made.draft, decision, accounts, telling)
            except Conflict:
                continue  # an editor decided something meanwhile: judge again on top of that
            log.info(
                "supplemented", series=begun.series, number=desked.number, late=len(late), revision=desked.revision
            )
            return desked.id
        raise Conflict("草稿在采集补充时一直有人改动。", "下一次采集后会再补。")

    def _grown(self, before: Desked, draft: Draft) -> Notice | None:
        """What people are told of a draft that was added to; nothing when it chose nothing more."""
        known = set(before.draft.chosen)
        if not (late := [draft.candidate(handle).article.title for handle in draft.chosen if handle not in known]):
            return None
        series = self.series(draft.series)
        show = command("draft show", series, draft.window)
        return notices.draft_grown(series, before.number, draft, before.revision + 1, late, show, self._clock())

    def _relate_all(self, engine: Engine, series: str, window: Window, say: Callable[[str], None]) -> None:
        """One batch after the other: each is compared with those before it."""
        batches = self.unrelated(self.series(series), window)
        total, done = sum(map(len, batches)), 0
        for batch in batches:
            say(f"  已比对 {done} 篇" if done else f"比对 {total} 篇新文章")
            unbroken(engine.each(self.relate, [batch]))
            done += len(batch)

    @contextmanager
    def _stage(self, run: int, seconds: dict[str, float], stage: str) -> Iterator[None]:
        """Times a stage and, once it is over, lets others see that."""
        start = time.monotonic()
        try:
            yield
        finally:
            seconds[stage] = round(time.monotonic() - start, 2)

        def advance(done: dict[str, float]) -> None:
            self.runs.advance(run, done)

        insisted(advance, seconds)
