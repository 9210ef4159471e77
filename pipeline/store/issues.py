"""Issues: their numbers, their revisions, their releases.

The number of an unreleased draft is provisional: drafts of a series are numbered in the order of their
windows after the last released issue, and move only together. A release takes the number for good.

What is out and what is being worked on are two revisions of one row: `released` is the one that was put out last, and
it stays out while a correction goes on from it, until that is released in its place. A withdrawn issue keeps its row,
its number and its files; what asks for what earlier issues told does not get it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import TypeAdapter

from pipeline.errors import Conflict, NotImported, StoreError, UsageError
from pipeline.model import (
    UNPRINTED,
    Act,
    Decision,
    Deed,
    Desked,
    Draft,
    Last,
    Notice,
    Release,
    Revision,
    Ruling,
    State,
    Window,
    Withdrawn,
    chinese_number,
    digest,
)
from pipeline.store.audit import note
from pipeline.store.database import Database
from pipeline.store.fingerprints import Carried, remember
from pipeline.store.leads import whole
from pipeline.store.notices import post
from pipeline.store.pools import Pools
from pipeline.store.precedents import rule
from pipeline.store.runs import Accounts, keep
from pipeline.store.schema import ISSUES, RELEASES, REVISIONS, SKIPS
from pipeline.store.values import utc, written

_POOLS = Pools()
_DECISION = TypeAdapter(Decision)
_RELEASE = TypeAdapter(Release)


@dataclass(frozen=True, slots=True)
class _Written:
    """A draft as a revision has it."""

    draft: Draft
    """Without its candidates."""
    pool: str
    """Which these are, by digest."""


_DRAFT = TypeAdapter(_Written)


@dataclass(frozen=True, slots=True)
class Stand:
    """An issue without what is in it."""

    number: int
    revision: int
    state: State
    released: int = 0
    """The revision that was put out last; 0 while none was."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One revision that was put out, as the database has it, whole or not."""

    series: str
    number: int
    window: Window
    revision: int
    current: bool
    """Whether it is the one that was put out last."""
    files: Mapping[str, str]
    """File name → blob, as it stands beside the content."""
    release: Release | None
    """`None` when it is damaged."""
    trouble: str = ""
    """What is wrong with the row, in Chinese."""
    withdrawn: bool = False


class Issues:
    """Every draft and every released issue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_window(self, series: str, window: Window) -> Desked | None:
        """The issue of a window, drafted or released."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(ISSUES).where(_window(series, window))).first()
            return _desked(connection, row) if row else None

    def get(self, issue: int) -> Desked:
        """The issue with this id."""
        with self._database.read() as connection:
            return _one(connection, issue)

    def all(self, series: str = "") -> list[Desked]:
        """The issues of a series, or of all, by window."""
        query = sa.select(ISSUES).order_by(ISSUES.c.series, ISSUES.c.window_start)
        if series:
            query = query.where(ISSUES.c.series == series)
        with self._database.read() as connection:
            return [_desked(connection, row) for row in connection.execute(query).all()]

    def stand(self, series: str) -> dict[dt.date, Stand]:
        """How the windows of a series stand that have a draft or an issue: first day → its stand."""
        query = sa.select(ISSUES).where(ISSUES.c.series == series)
        with self._database.read() as connection:
            return {
                dt.date.fromisoformat(row.window_start): Stand(row.number, row.revision, State(row.state), row.released)
                for row in connection.execute(query)
            }

    def out(self) -> tuple[tuple[int, int, bool], ...]:
        """Which revision of which issue was put out last, and whether it was withdrawn: what later ones are held to."""
        columns = ISSUES.c.id, ISSUES.c.released, ISSUES.c.withdrawn
        query = sa.select(*columns).where(ISSUES.c.released > 0).order_by(ISSUES.c.id)
        with self._database.read() as connection:
            return tuple((row.id, row.released, row.withdrawn) for row in connection.execute(query))

    def latest(self, series: str) -> dict[dt.date, Decision]:
        """The decision that made the current revision of each window of a series: first day → decision."""
        query = sa.select(ISSUES.c.window_start, REVISIONS.c.decision).join(
            REVISIONS, (REVISIONS.c.issue == ISSUES.c.id) & (REVISIONS.c.revision == ISSUES.c.revision)
        )
        with self._database.read() as connection:
            return {
                dt.date.fromisoformat(row.window_start): _DECISION.validate_json(row.decision)
                for row in connection.execute(query.where(ISSUES.c.series == series))
            }

    def closed(self, series: str) -> set[dt.date]:
        """First days of the windows that are done with: skipped or released, whatever became of the issue since."""
        released = {start for start, one in self.stand(series).items() if one.released}
        return released | set(self.skipped(series))

    def begin(
        self,
        draft: Draft,
        decision: Decision,
        last: Last,
        accounts: Accounts | None = None,
        notice: Callable[[Desked], Notice] | None = None,
    ) -> Desked:
        """Keeps the first revision of a window's draft, gives it its number, and keeps its leads' fates with it.

        `notice` says what people are to be told of it, in the same transaction. Raises `Conflict` when somebody else
        made this window's draft in the meantime.
        """
        try:
            with self._database.write() as connection:
                row = connection.execute(
                    sa.insert(ISSUES).values(
                        series=draft.series,
                        number=0,  # for as long as this transaction lasts
                        window_start=draft.window.start.isoformat(),
                        window_end=draft.window.end.isoformat(),
                        state=State.DRAFT.value,
                        revision=1,
                    )
                ).inserted_primary_key
                assert row is not None
                _keep_revision(connection, row[0], 1, draft, decision)
                _renumber(connection, draft.series, last)
                if accounts:
                    keep(connection, accounts)
                desked = _one(connection, row[0])
                if notice:
                    post(connection, notice(desked))
                return desked
        except sa.exc.IntegrityError:
            raise Conflict(f"{draft.series} {draft.window} 的草稿刚由他人生成。", "请重新看稿。") from None

    def revise(
        self,
        desked: Desked,
        draft: Draft,
        decision: Decision,
        accounts: Accounts | None = None,
        notice: Notice | None = None,
    ) -> Desked:
        """Keeps the next revision of a draft; raises `Conflict` when it changed since `desked` was read.

        `notice` is what people are told of it. What was approved was one revision: a change of what it says makes a
        draft of it again. What is in review stays so.
        """
        stays = desked.state is State.IN_REVIEW or decision.verb in UNPRINTED
        state = desked.state if stays else State.DRAFT
        with self._database.write() as connection:
            _move(connection, desked, state)
            _keep_revision(connection, desked.id, desked.revision + 1, draft, decision)
            if accounts:
                keep(connection, accounts)
            if notice:
                post(connection, notice)
            return _one(connection, desked.id)

    def proceed(
        self,
        desked: Desked,
        decision: Decision,
        state: State,
        draft: Draft | None = None,
        notice: Notice | None = None,
    ) -> Desked:
        """Takes an issue to another state, as its next revision, with another `draft` where one is given.

        `notice` is what people are told of it. Raises `Conflict` when its revision or state is no longer as it was
        read.
        """
        with self._database.write() as connection:
            withdrawn = state is State.WITHDRAWN or (desked.withdrawn and state.open)
            _move(connection, desked, state, withdrawn=withdrawn)
            _keep_revision(connection, desked.id, desked.revision + 1, draft or desked.draft, decision)
            if notice:
                post(connection, notice)
            return _one(connection, desked.id)

    def revisions(self, issue: int) -> list[Revision]:
        """Who decided what, oldest first."""
        query = sa.select(REVISIONS).where(REVISIONS.c.issue == issue).order_by(REVISIONS.c.revision)
        with self._database.read() as connection:
            return [Revision(row.revision, _DECISION.validate_json(row.decision)) for row in connection.execute(query)]

    def at_revision(self, issue: int, revision: int, pools: Pools = _POOLS) -> Draft:
        """A draft as it was; raises `UsageError` for a revision it never had.

        With `pools` of one's own, nothing of what is given comes from memory.
        """
        here = (REVISIONS.c.issue == issue) & (REVISIONS.c.revision == revision)
        with self._database.read() as connection:
            kept = connection.execute(sa.select(REVISIONS).where(here)).first()
            if kept is None:
                raise UsageError(f"草稿没有修订{revision}。", "请用 bulletin draft log 查看。")
            return _read(connection, kept, f"draft {issue}, revision {revision}", pools)

    def proven(self, desked: Desked) -> None:
        """Raises `StoreError` when the database no longer holds what was read of it, whatever is in memory."""
        here = (REVISIONS.c.issue == desked.id) & (REVISIONS.c.revision == desked.revision)
        with self._database.read() as connection:
            kept = connection.execute(sa.select(REVISIONS).where(here)).one()
            _read(connection, kept, f"draft {desked.draft.series} {desked.draft.window.start}", Pools())

    def skipped(self, series: str) -> dict[dt.date, str]:
        """Skipped windows: first day → the signed reason."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(SKIPS).where(SKIPS.c.series == series))
            return {dt.date.fromisoformat(row.window_start): f"{row.reason}（{row.who}）" for row in rows}

    def skip(self, series: str, window: Window, decision: Decision) -> None:
        """Marks a window as one that gets no issue; it takes no number, and its draft, if any, rests."""
        with self._database.write() as connection:
            rested = sa.update(ISSUES).where(_window(series, window) & _DRAFTED)
            connection.execute(rested.values(state=State.SKIPPED.value, number=-ISSUES.c.id))
            if connection.execute(sa.select(ISSUES).where(_window(series, window) & (ISSUES.c.number > 0))).first():
                raise UsageError(f"{series} {window} 已发布，不能跳过。")
            connection.execute(sa.delete(SKIPS).where(_skip(series, window)))
            connection.execute(
                sa.insert(SKIPS).values(
                    series=series,
                    window_start=window.start.isoformat(),
                    reason=decision.reason,
                    who=decision.who,
                    at=utc(decision.when),
                )
            )
            _told(connection, series, window, decision, f"跳过：{decision.reason}")

    def unskip(self, series: str, window: Window, decision: Decision) -> bool:
        """Takes a skip back, its draft with it; says whether there was one."""
        with self._database.write() as connection:
            back = sa.update(ISSUES).where(_window(series, window) & (ISSUES.c.state == State.SKIPPED.value))
            connection.execute(back.values(state=State.DRAFT.value))
            skipped = bool(connection.execute(sa.delete(SKIPS).where(_skip(series, window))).rowcount)
            if skipped:
                _told(connection, series, window, decision, "撤销跳过")
            return skipped

    def renumber(self, series: str, last: Last) -> None:
        """Gives every draft of a series the number its window has now; those not after `last` get none."""
        with self._database.write() as connection:
            _renumber(connection, series, last)

    def release(
        self,
        desked: Desked,
        release: Release,
        carried: Carried | None = None,
        rulings: Sequence[Ruling] = (),
        decisions: Sequence[Decision] = (),
        notice: Notice | None = None,
    ) -> None:
        """Puts a revision out for good, if it is still the current one, and in the state that was read.

        `carried` are its items, to be known again from then on; without them the next opening of the desk makes
        up for it. `rulings` is what it decides about articles; without them the next run makes up for it. `decisions`
        is what people decided by releasing it, each a revision after the one that is out; `notice` what they are told.
        """
        content = written(_RELEASE, release)
        with self._database.write() as connection:
            if not desked.state.open:
                raise _changed(_one(connection, desked.id), desked)
            _refuse_reversed(connection, desked, release.issue.number)
            _move(
                connection,
                desked,
                State.RELEASED,
                by=len(decisions),
                number=release.issue.number,
                released=desked.revision,
                withdrawn=False,
            )
            for place, decision in enumerate(decisions, start=1):
                _keep_revision(connection, desked.id, desked.revision + place, desked.draft, decision)
            connection.execute(
                sa.insert(RELEASES).values(
                    issue=desked.id,
                    revision=desked.revision,
                    content=content,
                    sha256=digest(content),
                    files=dict(release.files),
                )
            )
            if carried:
                remember(self._database, connection, desked.id, desked.revision, carried)
            rule(connection, desked.id, rulings)
            if notice:
                post(connection, notice)

    def last(self, series: str, configured: Last) -> Last:
        """The last issue of a series that was put out elsewhere: the configured one, or a later imported one."""
        with self._database.read() as connection:
            return _last(connection, series, configured)

    def archive(
        self,
        draft: Draft,
        release: Release,
        decision: Decision,
        configured: Last,
        *,
        replace: bool,
        carried: Carried | None = None,
        rulings: Sequence[Ruling] = (),
    ) -> Desked | None:
        """Takes an issue that was put out elsewhere into the archive, and gives the series' drafts their numbers.

        The draft of its window, if there is one, becomes the issue by a further revision; with `replace` so does
        an earlier import of it. `None` when the archive holds this very issue from this very file. Raises
        `NotImported` when it does not fit between the issues that are there.
        """
        issue = release.issue
        try:
            with self._database.write() as connection:
                if (kept := _kept(connection, release)) and _same(kept, release, replace):
                    return None
                row = _fits(connection, release, configured, replace)
                desked = _archived(connection, row, draft, release, decision, configured)
                if carried:
                    remember(self._database, connection, desked.id, desked.revision, carried)
                rule(connection, desked.id, rulings)
                return desked
        except sa.exc.IntegrityError:
            raise Conflict(f"{issue.series} {issue.window} 刚被他人占用。", "请再试一次。") from None

    def admits(self, release: Release, configured: Last, *, replace: bool) -> None:
        """Raises `NotImported` when `archive` would."""
        with self._database.read() as connection:
            kept = _kept(connection, release)
            if not (kept and _same(kept, release, replace)):
                _fits(connection, release, configured, replace)

    def released(self, series: str = "") -> list[Release]:
        """The issues of a series, or of all, that are out, by number; of a corrected one its last correction."""
        with self._database.read() as connection:
            return [one for _, one in _put_out(connection, series, OUT)]

    def those(self, issues: Iterable[int]) -> dict[int, Release]:
        """Those of the issues with these ids that are out, by id; of a corrected one its last correction."""
        with self._database.read() as connection:
            return dict(_put_out(connection, "", OUT & ISSUES.c.id.in_(sorted(issues))))

    def superseded(self, series: str = "") -> list[Release]:
        """What was put out here and corrected since, by number, the oldest first."""
        corrected = (RELEASES.c.issue == ISSUES.c.id) & (RELEASES.c.revision < ISSUES.c.released)
        with self._database.read() as connection:
            return [one for _, one in _put_out(connection, series, corrected) if one.imported is None]

    def withdrawn(self, series: str = "") -> list[Withdrawn]:
        """The issues of a series, or of all, that were put out and withdrawn, by number."""
        with self._database.read() as connection:
            found = _put_out(connection, series, _CURRENT & ISSUES.c.withdrawn)
        return [Withdrawn(one, self._last_of(issue, "withdraw")) for issue, one in found]

    def _last_of(self, issue: int, verb: str) -> Decision:
        return next(one.decision for one in reversed(self.revisions(issue)) if one.decision.verb == verb)

    def releases_of(self, issue: int) -> list[int]:
        """The revisions of an issue that were put out, the oldest first."""
        query = sa.select(RELEASES.c.revision).where(RELEASES.c.issue == issue).order_by(RELEASES.c.revision)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def release_of(self, issue: int, revision: int) -> Release:
        """One revision that was put out."""
        here = (RELEASES.c.issue == issue) & (RELEASES.c.revision == revision)
        with self._database.read() as connection:
            row = connection.execute(sa.select(RELEASES.c.content, RELEASES.c.sha256).where(here)).one()
        return _RELEASE.validate_json(whole(row.content, row.sha256, f"issue {issue}"))

    def numbered(self, numbers: Iterable[tuple[str, int]]) -> list[Release]:
        """The issues of these series and numbers that are out."""
        query = sa.select(RELEASES.c.content, RELEASES.c.sha256).join(ISSUES, OUT)
        found = []
        with self._database.read() as connection:
            for series, number in sorted(set(numbers)):
                here = (ISSUES.c.series == series) & (ISSUES.c.number == number)
                for row in connection.execute(query.where(here)):
                    found.append(_RELEASE.validate_json(whole(row.content, row.sha256, f"issue {series} {number}")))
        return found

    def kept(self, series: str = "") -> list[Kept]:
        """Every revision that was put out, by series and number; a damaged one does not hide the others."""
        query = sa.select(ISSUES.c.id).where(ISSUES.c.released > 0)
        if series:
            query = query.where(ISSUES.c.series == series)
        with self._database.read() as connection:
            ids = connection.execute(query.order_by(ISSUES.c.series, ISSUES.c.number)).scalars().all()
        return [one for issue in ids for one in self._kept(issue)]

    def _kept(self, issue: int) -> list[Kept]:
        with self._database.read() as connection:
            row = connection.execute(sa.select(ISSUES).where(ISSUES.c.id == issue)).one()
        kept = []
        pools = Pools()  # what is damaged in the database may be whole in memory
        for revision in self.releases_of(issue):
            files: Mapping[str, str] = {}
            release: Release | None = None
            trouble = ""
            try:
                here = (RELEASES.c.issue == issue) & (RELEASES.c.revision == revision)
                with self._database.read() as connection:
                    files = connection.execute(sa.select(RELEASES.c.files).where(here)).scalar_one()
                release = self.release_of(issue, revision)
                self.at_revision(issue, revision, pools)
            except (StoreError, UsageError) as error:
                trouble = f"数据库里的数据与写入时的摘要不符（{error.message.rstrip('.')}）"
            except ValueError as error:  # what a change in the row left is no JSON, or says something else
                trouble = f"数据库里的数据读不出来（{type(error).__name__}）"
            current = revision == row.released
            window, gone = _window_of(row), row.withdrawn
            kept.append(Kept(row.series, row.number, window, revision, current, files, release, trouble, gone))
        if not any(one.current for one in kept):
            lost = "数据库里没有这一期的发布记录"
            kept.append(Kept(row.series, row.number, _window_of(row), row.released, True, {}, None, lost))
        return kept

    def published(self) -> dict[str, str]:
        """Every file that was ever put out: name → blob, a later revision's in place of an earlier one's."""
        query = sa.select(RELEASES.c.files).order_by(RELEASES.c.issue, RELEASES.c.revision)
        with self._database.read() as connection:
            return {name: blob for files in connection.execute(query).scalars() for name, blob in files.items()}


_CURRENT = (RELEASES.c.issue == ISSUES.c.id) & (RELEASES.c.revision == ISSUES.c.released)
OUT = _CURRENT & ~ISSUES.c.withdrawn
"""Which release of an issue is out; none of a withdrawn one."""

_OPEN = ISSUES.c.state.in_([one.value for one in State if one.open])
_DRAFTED = _OPEN & (ISSUES.c.released == 0)
"""The drafts of windows that have no issue yet; a correction has its number for good."""


def _move(connection: sa.Connection, desked: Desked, state: State, by: int = 1, **values: object) -> None:
    """Takes an issue to another state and `by` revisions on; raises `Conflict` unless it is as it was read."""
    here = (
        (ISSUES.c.id == desked.id)
        & (ISSUES.c.revision == desked.revision)
        & (ISSUES.c.state == desked.state.value)
        & (ISSUES.c.number == values.get("number", ISSUES.c.number))
    )
    after = {"state": state.value, "revision": desked.revision + by, **values}
    if connection.execute(sa.update(ISSUES).where(here).values(**after)).rowcount != 1:
        raise _changed(_one(connection, desked.id), desked)


def _put_out(connection: sa.Connection, series: str, which: sa.ColumnElement[bool]) -> list[tuple[int, Release]]:
    """The releases of a series, or of all, by number, with the ids of their issues."""
    columns = (RELEASES.c.content, RELEASES.c.sha256, ISSUES.c.id, ISSUES.c.series, ISSUES.c.number)
    query = sa.select(*columns).join(ISSUES, which)
    if series:
        query = query.where(ISSUES.c.series == series)
    return [
        (row.id, _RELEASE.validate_json(whole(row.content, row.sha256, f"issue {row.series} {row.number}")))
        for row in connection.execute(query.order_by(ISSUES.c.series, ISSUES.c.number, RELEASES.c.revision))
    ]


def _last(connection: sa.Connection, series: str, configured: Last) -> Last:
    # only what is released here publishes files; an issue's content need not be read to tell
    query = (
        sa.select(ISSUES.c.number, ISSUES.c.window_start, ISSUES.c.window_end, RELEASES.c.files)
        .join(RELEASES, _CURRENT)
        .where((ISSUES.c.series == series) & (ISSUES.c.window_start > configured.window.start.isoformat()))
        .order_by(ISSUES.c.window_start.desc())
    )
    row = next((row for row in connection.execute(query) if not row.files), None)
    return Last(row.number, _window_of(row)) if row else configured


def _window_of(row: sa.Row[tuple[object, ...]]) -> Window:
    return Window(dt.date.fromisoformat(row.window_start), dt.date.fromisoformat(row.window_end))


def _kept(connection: sa.Connection, release: Release) -> Release | None:
    """What the archive holds of an issue's window and number."""
    issue = release.issue
    here = _window(issue.series, issue.window) & (ISSUES.c.number == issue.number)
    row = connection.execute(
        sa.select(RELEASES.c.content, RELEASES.c.sha256).join(ISSUES, _CURRENT).where(here)
    ).first()
    return (
        _RELEASE.validate_json(whole(row.content, row.sha256, f"issue {issue.series} {issue.number}")) if row else None
    )


def _same(kept: Release, release: Release, replace: bool) -> bool:
    """Whether nothing would change; with `replace` a file that is now read otherwise is a change."""
    old, new = kept.imported, release.imported
    if old is None or new is None:
        return False
    alike = kept.issue == release.issue and (old.lead, old.findings) == (new.lead, new.findings)
    return alike or (old.blob == new.blob and not replace)


def _fits(connection: sa.Connection, release: Release, last: Last, replace: bool) -> sa.Row[tuple[object, ...]] | None:
    """The row of the window an imported issue takes, if there is one; raises `NotImported` when it does not fit."""
    issue = release.issue
    mine = f"第{chinese_number(issue.number)}期（{issue.window}）"
    rows = connection.execute(
        sa.select(ISSUES, RELEASES.c.files).outerjoin(RELEASES, _CURRENT).where(ISSUES.c.series == issue.series)
    ).all()
    same = None
    for row in rows:
        theirs = f"第{chinese_number(row.number)}期（{_window_of(row)}）"
        if not row.released:
            if row.window_start == issue.window.start.isoformat():
                same = row
            continue
        own_window, own_number = row.window_start == issue.window.start.isoformat(), row.number == issue.number
        if (own_window or own_number) and row.files:
            raise NotImported(
                f"{mine}不能导入：{theirs}是在本系统发布的。", "已发布的期刊不改；请核对文件里的期号和日期。"
            )
        if own_window and own_number:
            same = row
        elif (
            own_window
            or own_number
            or (row.window_start < issue.window.start.isoformat()) != (row.number < issue.number)
        ):
            raise NotImported(f"{mine}与已有的{theirs}先后对不上。", "请核对两者的期号和日期。")
    theirs = f"第{chinese_number(last.number)}期（{last.window}）"
    order = (issue.window.start > last.window.start) - (issue.window.start < last.window.start)
    if order != (issue.number > last.number) - (issue.number < last.number):
        raise NotImported(
            f"{mine}与 series.yaml 里的最近一期{theirs}先后对不上。", "请核对期号和日期；如 `last` 写错了，请改正它。"
        )
    skipped = sa.select(SKIPS).where(_skip(issue.series, issue.window))
    if connection.execute(skipped).first():
        raise NotImported(
            f"{mine}不能导入：这个窗口已标为跳过。", "如确已出刊，请先用 `bulletin issue skip --undo` 撤销跳过。"
        )
    if same is not None and same.released and not replace:
        raise NotImported(f"{mine}已经导入过，内容不同。", "如要以这个文件为准，请加 --replace。")
    return same


def _archived(
    connection: sa.Connection,
    row: sa.Row[tuple[object, ...]] | None,
    draft: Draft,
    release: Release,
    decision: Decision,
    configured: Last,
) -> Desked:
    series, window = release.issue.series, release.issue.window
    drafts = (ISSUES.c.series == series) & _DRAFTED
    # a draft may hold the number; all of them get theirs anew below
    connection.execute(sa.update(ISSUES).where(drafts).values(number=-ISSUES.c.id))
    revision = row.revision + 1 if row else 1
    values = {"number": release.issue.number, "state": State.RELEASED.value, "revision": revision, "released": revision}
    if row:
        issue: int = row.id
        connection.execute(sa.update(ISSUES).where(ISSUES.c.id == issue).values(**values))
    else:
        days = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
        made = connection.execute(sa.insert(ISSUES).values(series=series, **days, **values)).inserted_primary_key
        assert made is not None
        issue = made[0]
    _keep_revision(connection, issue, revision, draft, decision)
    content = _RELEASE.dump_json(dataclasses.replace(release, revision=revision)).decode()
    connection.execute(
        sa.insert(RELEASES).values(
            issue=issue, revision=revision, content=content, sha256=digest(content), files=dict(release.files)
        )
    )
    _renumber(connection, series, _last(connection, series, configured))
    return _one(connection, issue)


def _keep_revision(connection: sa.Connection, issue: int, revision: int, draft: Draft, decision: Decision) -> None:
    pool = _POOLS.keep(connection, draft.candidates)
    content = written(_DRAFT, _Written(dataclasses.replace(draft, candidates=()), pool))
    connection.execute(
        sa.insert(REVISIONS).values(
            issue=issue,
            revision=revision,
            decision=written(_DECISION, decision),
            draft=content,
            sha256=digest(content),
        )
    )
    told = f"修订{revision}：{decision.chinese} {decision.target}".rstrip()
    _told(connection, draft.series, draft.window, decision, told)


def _told(connection: sa.Connection, series: str, window: Window, decision: Decision, what: str) -> None:
    note(connection, Deed(decision.who, Act.DECIDED, decision.when, f"{series} {window.start}", what))


def _window(series: str, window: Window) -> sa.ColumnElement[bool]:
    return (ISSUES.c.series == series) & (ISSUES.c.window_start == window.start.isoformat())


def _skip(series: str, window: Window) -> sa.ColumnElement[bool]:
    return (SKIPS.c.series == series) & (SKIPS.c.window_start == window.start.isoformat())


def _refuse_reversed(connection: sa.Connection, desked: Desked, number: int) -> None:
    """Raises `UsageError` when a later window is out under an earlier number."""
    window = desked.draft.window
    later = connection.execute(
        sa.select(ISSUES.c.number, ISSUES.c.window_start)
        .where(ISSUES.c.series == desked.draft.series, ISSUES.c.released > 0)
        .where(ISSUES.c.window_start > window.start.isoformat(), ISSUES.c.number < number)
        .limit(1)
    ).first()
    if later:
        raise UsageError(
            f"更晚的窗口（{later.window_start} 起）已是第{later.number}期，{window} 再出就排在它后面，次序颠倒。",
            "请跳过这一期，值得补报的放进下一期。",
        )


def _renumber(connection: sa.Connection, series: str, last: Last) -> None:
    mine = ISSUES.c.series == series
    released = connection.execute(
        sa.select(sa.func.max(ISSUES.c.number)).where(mine & (ISSUES.c.released > 0))
    ).scalar()
    drafts = connection.execute(
        sa.select(ISSUES.c.id, ISSUES.c.number, ISSUES.c.window_start)
        .where(mine & _DRAFTED)
        .order_by(ISSUES.c.window_start)
    ).all()
    numbers = itertools.count(max(last.number, released or 0) + 1)
    wanted = {row.id: next(numbers) if row.window_start > last.window.start.isoformat() else -row.id for row in drafts}
    moved = [row.id for row in drafts if row.number != wanted[row.id]]
    # the unique constraint holds row by row, so the moving ones step aside first
    for issue in moved:
        connection.execute(sa.update(ISSUES).where(ISSUES.c.id == issue).values(number=-issue))
    for issue in moved:
        connection.execute(sa.update(ISSUES).where(ISSUES.c.id == issue).values(number=wanted[issue]))


def _one(connection: sa.Connection, issue: int) -> Desked:
    return _desked(connection, connection.execute(sa.select(ISSUES).where(ISSUES.c.id == issue)).one())


def _desked(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> Desked:
    kept = connection.execute(
        sa.select(REVISIONS).where((REVISIONS.c.issue == row.id) & (REVISIONS.c.revision == row.revision))
    ).one()
    return Desked(
        id=row.id,
        number=row.number,
        revision=row.revision,
        state=State(row.state),
        draft=_read(connection, kept, f"draft {row.series} {row.window_start}"),
        released=row.released,
        withdrawn=row.withdrawn,
    )


def _read(connection: sa.Connection, kept: sa.Row[tuple[object, ...]], what: str, pools: Pools = _POOLS) -> Draft:
    """The draft of a row of revisions; raises `StoreError` when it is not what was written."""
    found = _DRAFT.validate_json(whole(kept.draft, kept.sha256, what))
    return dataclasses.replace(found.draft, candidates=pools.get(connection, found.pool, what))


def _changed(now: Desked, read: Desked) -> Conflict:
    if not now.state.open and now.state is not State.SKIPPED:
        return Conflict(f"{now.draft.series} 第{now.number}期{now.state.chinese}，不再更改。")
    if now.revision == read.revision:
        return Conflict(
            f"{now.draft.series} {now.draft.window} 的状态在您看过之后变了，这一步没有保存。", "请重新看稿。"
        )
    return Conflict(
        f"草稿在您看过之后又有改动（看的是修订{read.revision}，现在是修订{now.revision}），这一步没有保存。",
        "请重新看稿，仍需要的改动再做一次。",
    )
