"""Claiming: who does which piece of work, and how every window stands."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from pipeline.config import Series
from pipeline.desk.room import Room
from pipeline.errors import Busy, Conflict, DeskError, OverTime, UsageError
from pipeline.model import COLLECTING, Claim, Phase, Progress, Standing, State, Window, Work, Worker
from pipeline.steps.window import caught_up, due_at, following, over
from pipeline.store import Stand

log = structlog.get_logger("pipeline.desk")
BY_ITSELF = "自动生成"
"""Who asked for what the clock has made."""
_INTERRUPTED = dt.timedelta(minutes=1)  # before the clock takes up again what somebody stopped


class Claiming(Room):
    """Takes work, keeps it, gives it back."""

    def due(self, named: str = "") -> list[tuple[Series, Window]]:
        """The windows whose drafts are over and get made by themselves, each series' oldest first.

        Which of them still have to be made, and by whom, `claim_due` decides. A series that somebody named is asked
        alone, and also while it rests.
        """
        now, paused = self._clock(), self.claims.paused()
        found = []
        for series in [self.series(named)] if named else self.config.series.values():
            if series.id in paused and not named:
                continue
            closed = self.issues.closed(series.id)
            windows = caught_up(series, over(series, self.last(series).window, now))
            found += [(series, window) for window in windows if window.start not in closed]
        return found

    def claim_due(self, series: Series, window: Window, *, by_hand: bool = False) -> Claim | None:
        """Claims the making of a due window's draft; `None` when it is made, being made, or given up.

        By hand what failed is taken up at once, also when it was given up.
        """
        work, due = Work(series.id, window), due_at(series, window)
        if by_hand:
            claim = self.claims.of(work)
            made = claim and claim.progress is Progress.DONE and claim.finished and claim.finished >= due
            return None if made else self._taken(work)
        attempts = self.config.settings.clock.attempts
        return self._taken(work, stale=due, attempts=attempts, asker=BY_ITSELF)

    def died_out(self, series: Series, window: Window) -> bool:
        """Whether the last attempt at a window's draft was killed, so that nobody was left to say so."""
        claim = self.claims.of(Work(series.id, window))
        killed = claim is not None and claim.progress is Progress.RUNNING and not claim.alive
        return killed and claim is not None and claim.attempt >= self.config.settings.clock.attempts

    def claim_collecting(self, since: dt.datetime | None = None) -> Claim | None:
        """Claims a round of collecting; `None` when one is under way, or was since then: within the interval."""
        interval = dt.timedelta(minutes=self.config.settings.clock.collect_minutes)
        return self._taken(COLLECTING, stale=since or self._clock() - interval)

    def _taken(
        self, work: Work, *, stale: dt.datetime | None = None, attempts: int | None = None, asker: str = ""
    ) -> Claim | None:
        """Takes work that is free, or whose worker is gone from this machine: its lease need not be waited for."""
        worker = myself(asker)
        claim = self.claims.take(work, worker, self._clock(), stale=stale, attempts=attempts)
        if claim is None and (held := self.claims.of(work)) and held.alive and _is_gone(held.worker):
            claim = self.claims.take(work, worker, self._clock(), stale=stale, attempts=attempts, dead=held.owner)
        return claim

    def forsaken(self, owner: str, worker: Worker) -> str:
        """Why a worker is known not to work under a claim any more; empty when it may, or never held one."""
        if _is_gone(worker):
            return f"its process {worker.process} is gone"
        claim = self.claims.under(owner) if owner else None
        if owner and claim is None:
            return "its claim was taken over"
        return "its claim ran out" if claim and claim.progress is Progress.RUNNING and not claim.alive else ""

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

    def give_back(
        self,
        work: Work,
        owner: str,
        why: str,
        *,
        interrupted: bool = False,
        by_hand: bool = False,
        over_time: bool = False,
    ) -> None:
        """Gives claimed work back undone, to be tried again after a pause that grows with each attempt.

        What was interrupted because of its time limit is `over_time`.
        """
        claim = self.claims.of(work)
        if claim is None or claim.owner != owner or claim.progress is not Progress.RUNNING:
            return
        timing = self.config.settings.clock
        late = self.claims.lasted(claim) >= timing.run_minutes * 60
        if interrupted and (late or over_time):
            # whoever limits its time stops it as if somebody wanted that; else it would be tried again for ever.
            # What somebody began by hand the clock has not tried yet, and nobody but he may have limited it
            limited = over_time or not by_hand
            why = _over_time(timing.run_minutes) if limited else f"{why}，已用时 {timing.run_minutes:g} 分钟以上"
            interrupted = by_hand
        minutes = timing.retry_minutes * 2 ** min(claim.attempt - 1, 20)
        # a round of collecting comes again anyhow
        longest = 24 * 60 if work.series else timing.collect_minutes
        # what was interrupted is not broken: whoever stopped it starts it again, as often as he likes
        pause = _INTERRUPTED if interrupted else dt.timedelta(minutes=min(minutes, longest))
        self.claims.fail(owner, why, pause, counts=not interrupted)
        log.warning("given back", series=work.series, window=str(work.window), attempt=claim.attempt, why=why)

    @contextmanager
    def _given_back(self, series: str, window: Window, owner: str, *, by_hand: bool = False) -> Iterator[None]:
        """Gives a claim back when its run ends in an error."""
        try:
            yield
        except BaseException as error:
            why = error.message if isinstance(error, DeskError) else f"{type(error).__name__}：{error}"
            stopped = not isinstance(error, Exception)
            told = "运行被中断" if stopped else why
            over = isinstance(error, OverTime)
            work = Work(series, window)
            self.give_back(work, owner, told, interrupted=stopped, by_hand=by_hand, over_time=over)
            raise

    def _claimed(self, series: str, window: Window, asker: str = "") -> Claim:
        work = Work(series, window)
        claim = self._taken(work, asker=asker)
        if claim is None:
            held = self.claims.of(work)
            by = f"{held.worker.who}，自 {held.since:%Y-%m-%d %H:%M} 起" if held else "另一进程"
            raise Busy(
                f"{self.series(series).title}（{window}）正在生成：{by}。",
                f"请等它结束；它若已不在，{self.claims.lease_seconds:.0f} 秒后自动放行。",
            )
        return claim

    def late(self, series: str, window: Window) -> list[int]:
        """The leads to articles dated in a window that the last run over it did not account for, oldest first."""
        run = self.runs.last(series, window)
        return self.leads.late(run.id, window) if run else []

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
                self._withheld(series, window, stand.get(window.start)),
            )
            for window in [*ended, open_one]
        ]

    def _withheld(self, series: Series, window: Window, stand: Stand | None) -> int:
        """How many articles wait until a draft that was handed in or approved may be changed again."""
        handed_in = stand is not None and stand.state.open and stand.state is not State.DRAFT and not stand.released
        return len(self.late(series.id, window)) if handed_in else 0

    def to_be_made(self, series: Series, start: str) -> Window:
        """The window that begins on a day, as `2024-06-01`, when its draft may be made.

        Raises `UsageError` for one that gets no draft, or none any more, `Conflict` while it is being made.
        """
        one = next((one for one in self.standing(series) if f"{one.window.start}" == start), None)
        if one is None:
            raise UsageError(f"{series.title}没有从 {start} 开始的窗口可以生成。", "请从列表里选一个窗口。")
        if one.phase.closed:
            raise UsageError(f"从 {start} 开始的一期{one.phase.chinese}，不能再生成。")
        if one.phase is Phase.RUNNING:
            raise Conflict(f"从 {start} 开始的一期正在生成：{one.told}。", "请等它结束。")
        return one.window


def myself(asker: str = "") -> Worker:
    """This process, as somebody else would recognise it, on this machine or another; and for whom it works."""
    process = f"{getpass.getuser()}@{socket.gethostname()}（进程 {os.getpid()}）"
    return Worker(f"{asker}，{process}" if asker else process, _home(), os.getpid())


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


def _over_time(minutes: float) -> str:
    return (
        f"用时到了上限 {minutes:g} 分钟（settings.yaml 的 clock.run_minutes），被终止；"
        "再生成会接着已采到的做，仍到上限，请管理员调高它"
    )


def _standing(
    window: Window,
    due: dt.datetime,
    stand: Stand | None,
    skipped: str | None,
    claim: Claim | None,
    idle: Phase,
    attempts: int,
    withheld: int,
) -> Standing:
    """The strongest thing that can be said of a window: put out, skipped, at work, drafted, failed, or waiting."""
    number = stand.number if stand and stand.number > 0 else 0
    if stand and stand.released:
        phase = Phase.WITHDRAWN if stand.state is State.WITHDRAWN else Phase.RELEASED
        return Standing(window, due, phase, number, f"正在更正：{stand.state.chinese}" if stand.state.open else "")
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
        told = f"修订{stand.revision}" + (f"；又采集到 {withheld} 篇，退回草稿后自动补入" if withheld else "")
        return Standing(window, due, Phase(stand.state.value), number, told)
    return Standing(window, due, idle)
