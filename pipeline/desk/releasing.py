"""Releasing: an issue put out for good, its number, its files."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import structlog

from pipeline.config import Series
from pipeline.desk.rebuilding import basis_of, laid_out, rendered
from pipeline.desk.relating import carried
from pipeline.desk.reviewing import Reviewing, nothing_blocks
from pipeline.desk.room import command, issue_command
from pipeline.errors import Busy, ConfigError, Conflict, CutOff, StoreError, TemplateError, UsageError
from pipeline.model import (
    BEIJING,
    Act,
    Basis,
    Decision,
    Desked,
    Fate,
    Finding,
    Issue,
    Release,
    Severity,
    State,
    Tally,
    Window,
    digest,
)
from pipeline.outputs import FORMATS, READBACKS, Context, picture_files
from pipeline.outputs.pages import page_numbers
from pipeline.steps import notices, select
from pipeline.steps.check import misprint
from pipeline.steps.precedent import rulings
from pipeline.steps.window import between
from pipeline.store import Accounted, soundness, write_whole
from pipeline.store.backup import Backups

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would be put out now, whole, and what stands against it."""

    desked: Desked
    issue: Issue
    files: Sequence[str]
    """Their names."""
    findings: Sequence[Finding]
    """What blocks first."""
    tally: Tally
    before: Sequence[Window]
    """Earlier windows that are still open."""
    refused: str
    """Why whoever asks cannot release it, beside the findings that block; in Chinese, empty when they may."""
    digest: str
    """Of all that is shown and printed: another one means that something else would be put out."""

    @property
    def blocking(self) -> Sequence[Finding]:
        """The findings that keep it back."""
        return [one for one in self.findings if one.severity is Severity.BLOCKING]


class Releasing(Reviewing):
    """Renders, checks once more, releases, publishes; skips windows."""

    def render(self, desked: Desked, name: str, found: Sequence[Finding] | None = None) -> bytes:
        """A draft as one of `FORMATS`, with its findings as comments: those in `found`, if they are known."""
        issue = self.issue(desked)
        template = self._document_template(issue.series)
        context = Context(
            templates=template.parent,
            template=template.stem,
            pages=page_numbers(issue, template, pictures=self._blobs.get, estimate_only=True),
            draft=True,
            findings=tuple(self.findings(desked) if found is None else found),
            revision=desked.revision,
            pictures=self._blobs.get,
        )
        return FORMATS[name].render(issue, context)

    def picture_files(self, desked: Desked) -> dict[str, bytes]:
        """The picture files that a draft's Markdown shows, by their names beside it."""
        files = picture_files(self.issue(desked), self._blobs.get)
        return {name: self._blobs.get(blob) for name, blob in files.items()}

    def prospect(self, desked: Desked, who: str, found: Sequence[Finding] | None = None) -> Prospect:
        """What `who` would put out now by releasing a draft; nothing is kept. `found` are its findings, if known."""
        basis, refused = Basis("", {}, {}), ""
        try:
            self._may_release(desked, who)
            template = self._document_template(desked.draft.series)
            basis = basis_of(template, lambda data: hashlib.sha256(data).hexdigest())
        except (UsageError, StoreError, ConfigError, TemplateError) as error:
            refused = str(error)
        return self._prospect(desked, basis, self.findings(desked) if found is None else found, refused)

    def _prospect(self, desked: Desked, basis: Basis, findings: Sequence[Finding], refused: str = "") -> Prospect:
        found = sorted(findings, key=lambda one: one.severity is not Severity.BLOCKING)
        issue, tally = self.issue(desked), self.tally(desked)
        formats = self.config.settings.formats
        files = [f"{issue.filename}.{suffix}" for suffix in formats]
        files += sorted(picture_files(issue, self._blobs.get)) if "md" in formats else []
        before = self._open_before(self.series(desked.draft.series), desked.draft.window)
        shown = _digest(desked, issue, basis, files, found, tally)
        return Prospect(desked, issue, files, found, tally, before, refused, shown)

    def _may_release(self, desked: Desked, who: str) -> None:
        """Raises `UsageError` or `StoreError` for what keeps a draft back, beside what the checks say of it."""
        series = self.series(desked.draft.series)
        if not desked.released:
            self._still_open(series, desked.draft.window)
        elif not desked.state.open:
            raise UsageError(f"{series.title}第{desked.number}期（{desked.draft.window}）{desked.chinese}，不再更改。")
        if desked.draft.window.end >= self._clock().astimezone(BEIJING).date():
            raise UsageError(f"窗口{desked.draft.window}还没有结束，不能发布。")
        self._nothing_before(series, desked)
        self._number_is_free(desked)
        if self.config.settings.review.four_eyes and desked.state is not State.APPROVED:
            raise UsageError("还没有审定，不能发布。", "本系统设为双人审核（review.four_eyes），请先由另一人审定。")
        self._four_eyes(desked, who)

    def release(self, desked: Desked, who: str, *, seen: str = "", token: str = "") -> Release:
        """Puts a draft out for good, exactly the revision that was read; its approval with it if it had none.

        `seen` is the digest of the `Prospect` that `who` was shown, empty where nobody was; `token` tells this
        press of the button from any other, and stays in the log. Raises `Blocked` for blocking findings, `UsageError`
        for an earlier window that is neither released nor skipped, `Conflict` when the draft changed since it was read
        or something else would be put out than was seen, `StoreError` when the database no longer holds what it kept.
        """
        self._sound(desked)
        self._may_release(desked, who)
        series = self.series(desked.draft.series)
        basis = basis_of(self._document_template(series.id), self._blobs.put)
        shown = self._prospect(desked, basis, self.findings(desked))
        if seen and seen != shown.digest:
            raise Conflict(
                "要发布的内容在您确认之后有变化（期号、模板、检查结果或采集记录），没有发布。", "请再看一遍，再发布。"
            )
        nothing_blocks(shown.findings)
        issue = shown.issue
        formats = self.config.settings.formats
        with laid_out(basis, self._blobs) as template:
            pages = page_numbers(issue, template, pictures=self._blobs.get)
            made = rendered(issue, template, pages, self._blobs.get, formats)
        # an office that saves its template between the check and the rendering must not put out what nobody checked
        printed = [read(made[suffix], basis.template) for suffix, read in READBACKS.items() if suffix in made]
        nothing_blocks(self._answered(desked.draft, list(misprint(issue, printed))))
        files = {f"{issue.filename}.{suffix}": self._blobs.put(data) for suffix, data in made.items()}
        files |= picture_files(issue, self._blobs.get) if "md" in formats else {}
        self._names_are_free(files)
        now = self._clock()
        release = Release(issue, desked.revision, who, now, pages, files, shown.tally, basis=basis)
        decided = rulings(issue, desked.draft, self.reasons(desked.id))
        approval = [] if desked.state is State.APPROVED else [Decision("approve", who, now)]
        values = {"released": str(desked.revision)} | ({"token": token} if token else {})
        done = Decision("release", who, now, values=values, reason=desked.draft.corrected)
        told = notices.released(series, release, issue_command("show", series, issue.number))
        try:
            self.issues.release(desked, release, carried(issue), decided, [*approval, done], told)
        except CutOff:
            # nobody said whether it was kept; what is there says it
            if not self._is_out(desked, release):
                self.issues.release(desked, release, carried(issue), decided, [*approval, done], told)
        log.info("released", series=series.id, number=issue.number, items=len(issue.items), who=who)
        self._publish(files)
        return release

    def _is_out(self, desked: Desked, release: Release) -> bool:
        """Whether this very release is the one that was put out."""
        if self.issues.get(desked.id).released != desked.revision:
            return False
        kept = self.issues.release_of(desked.id, desked.revision)
        return (kept.who, kept.when, kept.files) == (release.who, release.when, release.files)

    def _sound(self, desked: Desked) -> None:
        """Raises `StoreError`, naming the last backup, when the database or what is to be printed was damaged.

        What is printed is a candidate as it was kept; the article it came from is held against its digest beside it.
        """
        try:
            for told in self._database.damage(thorough=True):
                raise StoreError(f"{self._database.place} is damaged: {told}.")
            self.issues.proven(desked)
            articles = (one.id for candidate in desked.draft.candidates for one in candidate.articles)
            for article in soundness.of_articles(self._database, articles):
                raise StoreError(f"article {article} is damaged in the database.")
        except StoreError as error:
            if isinstance(error, Busy):
                raise
            last = Backups(self.config.at(self.config.settings.backup.folder)).newest()
            fix = f"请恢复最近的备份：bulletin db restore {last.path} --replace。" if last else "没有找到备份。"
            raise StoreError(error.message, f"没有发布。{fix}") from error

    def unpublished(self, release: Release) -> list[str]:
        """The files of a release whose copies could not be written, or are gone."""
        return [name for name in release.files if not (self.config.out / name).is_file()]

    def given_out(self, desked: Desked, revision: int, name: str) -> bytes:
        """A file of one release of an issue; raises `UsageError` when there is none of that name."""
        if revision in self.issues.releases_of(desked.id):
            blob = self.issues.release_of(desked.id, revision).files.get(name)
            if blob:
                return self._blobs.get(blob)
        raise UsageError(f"第{desked.number}期没有发布过文件 {name}。", "请从本期的页面下载。")

    def ever_given_out(self, issue: int, name: str) -> bytes | None:
        """A file of the last release of an issue that has one of that name; `None` when none ever had."""
        for revision in reversed(self.issues.releases_of(issue)):
            if blob := self.issues.release_of(issue, revision).files.get(name):
                return self._blobs.get(blob)
        return None

    def reconcile(self) -> None:
        """Makes published copies that are missing or different anew: after a crash, starting again is the repair."""
        self._publish(self.issues.published())

    def _publish(self, files: Mapping[str, str]) -> None:
        """Writes the copies that are not there yet; `pending` names those that could not be written."""
        for name, blob in files.items():
            target = self.config.out / name
            try:
                for folder in PurePosixPath(name).parents[:-1]:
                    if os.path.lexists(there := self.config.out / folder) and not stat.S_ISDIR(there.lstat().st_mode):
                        _set_aside(there)
                if os.path.lexists(target):
                    if _is_file(target) and hashlib.sha256(target.read_bytes()).hexdigest() == blob:
                        continue
                    _set_aside(target)
                write_whole(target, self._blobs.get(blob))
            except (OSError, StoreError) as error:
                log.error("publishing is pending", file=str(target), why=str(error))
                self.pending.append(name)

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

    def unskip(self, series: str, window: Window, decision: Decision) -> None:
        """Takes a skip back; the window's draft, if it had one, is a draft again.

        Raises `UsageError` when later windows are out and left no number for it: it would come after them.
        """
        one = self.series(series)
        last = self.last(one)
        out = {start: each.number for start, each in self.issues.stand(series).items() if each.released}
        numbers = {last.window.start: last.number, **out}
        after = min((number for start, number in numbers.items() if start > window.start), default=0)
        before = max((number for start, number in numbers.items() if start < window.start), default=0)
        if after and after <= before + 1:
            raise UsageError(
                f"{one.title} {window} 之后的第{after}期已发布，期号已接着排下去，不能再撤销跳过。",
                "值得补报的放进下一期。",
            )
        if not self.issues.unskip(series, window, decision):
            raise UsageError(f"{one.title} {window} 没有跳过，无须撤销。")
        self._renumber(one)

    def tally(self, desked: Desked) -> Tally:
        """What became of every lead of the window's last run, with the editor's decisions."""
        return counted(self.accounted(desked))

    def accounted(self, desked: Desked) -> list[Accounted]:
        """What became of every lead of the window's last run and why, with the editor's decisions, by lead."""
        run = self.runs.last(desked.draft.series, desked.draft.window)
        settled = select.settled(desked.draft)
        return [
            replace(one, fate=now.fate, because=now.because, ground=now.ground, score=now.score)
            if one.decides and (now := settled.get(one.article))
            else one
            for one in (self.runs.fates(run.id) if run else [])
        ]

    def _still_open(self, series: Series, window: Window) -> None:
        found = self.issues.of_window(series.id, window)
        if found and found.released:
            told = State.WITHDRAWN.chinese if found.withdrawn else State.RELEASED.chinese
            raise UsageError(f"{series.title}第{found.number}期（{window}）{told}，不再更改。")
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

    def _names_are_free(self, names: Iterable[str]) -> None:
        """Two series may come to be called the same one day; the files of the one must not replace the other's."""
        taken = {name.casefold(): name for name in self.issues.published()}
        for name in names:
            if there := taken.get(name.casefold()):
                raise UsageError(f"文件名 {there} 已被另一期占用。", "请在 series.yaml 里改用不同的刊名。")

    def _number_is_free(self, desked: Desked) -> None:
        """A register beside the database: a restored backup must not give a number out a second time."""
        known = {PurePosixPath(name).parts[0] for name in self.issues.published()}
        title, mark, _ = self.issue(desked).filename.partition("-第")
        for path in sorted(self.config.out.glob(f"{title}{mark}*期-*")) if self.config.out.is_dir() else []:
            number = re.match(r"(\d+)期", path.name.removeprefix(title + mark))
            if number and int(number[1]) >= desked.number and path.name not in known and "-改动" not in path.name:
                raise StoreError(
                    f"{path} 已经发布过第{number[1]}期，数据库里却没有它的记录。",
                    f"请先导入它：bulletin import-issue {path.with_suffix('.docx')}；如确为误放的文件，请先移走。",
                )
        elsewhere = (one.rpartition(" ") for one in self.audit.targets(Act.ELSEWHERE))
        numbers = [int(given) for series, _, given in elsewhere if series == desked.draft.series]
        for given in sorted(one for one in numbers if one >= desked.number):
            raise StoreError(
                f"第{given}期在恢复的备份之后已经发出，数据库里没有它的记录（见审计记录）。",
                "请先用 bulletin import-issue 导入它；文件已不在的，请把 series.yaml 的 last 改为这一期。",
            )


def _is_file(path: Path) -> bool:
    """Whether it is a file itself, no link to one."""
    return stat.S_ISREG(path.lstat().st_mode)


def _set_aside(path: Path) -> None:
    """Keeps what stands in the place of a published file beside it: somebody worked in it, or put something there.

    A link is moved, not followed; a pipe is not opened.
    """
    if _is_file(path):
        what = digest(path.read_bytes())
    else:
        what = digest(str(path.readlink()) if path.is_symlink() else str(path.lstat().st_ino))
    path.rename(path.with_name(f"{path.stem}-改动{what[:6]}{path.suffix}"))


def _digest(
    desked: Desked, issue: Issue, basis: Basis, files: Sequence[str], findings: Iterable[Finding], tally: Tally
) -> str:
    """Of everything that has a say in what would be put out, and of all that is shown of it."""
    told = [f"{one.severity.value} {one.key} {one.message}" for one in findings]
    parts = (str(desked.revision), repr(issue), repr(basis), *files, *told, str(tally), *desked.draft.silent)
    return digest(*parts)


def counted(verdicts: Iterable[Accounted]) -> Tally:
    """How many leads met each fate."""
    counts: dict[Fate, int] = {}
    for one in verdicts:
        counts[one.fate] = counts.get(one.fate, 0) + 1
    return Tally(counts)
