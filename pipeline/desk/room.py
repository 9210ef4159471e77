"""What the verbs of the desk share: the stores, the ways out, the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar

from pipeline.config import Config, Series, packaged, place_of
from pipeline.errors import ConfigError, StoreError, TemplateError, UsageError, reason
from pipeline.executor import Children, Executor, Lost, Processes
from pipeline.logs import lost
from pipeline.model import Clock, Fetch, Last, Window
from pipeline.steps.dedupe import telling
from pipeline.steps.upload import refused
from pipeline.store import (
    Audit,
    Blobs,
    Claims,
    Database,
    Fingerprints,
    Hindsights,
    Issues,
    Leads,
    Measures,
    Models,
    Notices,
    Parts,
    Pictures,
    Revisits,
    Rulings,
    Runs,
    Search,
    Signs,
    Staff,
    Visits,
)

T = TypeVar("T")
R = TypeVar("R")
FEW = 150
"""Below so many of them nothing is given away: a child that is new loads its tables first."""
_CHUNK = 10  # of our own items in one call: 8 to 20 ms, where handing them over takes 1
_CHUNKS = 10  # in one batch


LOG = "log"
"""The sign that lines of the log are lost, and why."""
CLUSTER = "cluster"
"""The sign that this machine did what Dask's workers were to do, and why."""


class Room:
    """One office's workspace, opened."""

    def __init__(
        self,
        config: Config,
        *,
        fetch: Fetch,
        fetch_picture: Fetch,
        clock: Clock,
        children: Children,
        executor: Executor,
        database: Database,
        blobs: Blobs,
        templates: Path,
    ) -> None:
        self.config = config
        self.claims = Claims(database, config.settings.clock.lease_seconds)
        self.leads = Leads(database, blobs)
        self.models = Models(database)
        self.parts = Parts(database)
        self.pictures = Pictures(database, blobs)
        self.fingerprints = Fingerprints(database, telling)
        self.issues = Issues(database)
        self.hindsights = Hindsights(database)
        self.revisits = Revisits(database)
        self.rulings = Rulings(database)
        self.runs = Runs(database)
        self.entries = Search(database)
        self.notices = Notices(database)
        self.visits = Visits(database)
        self.signs = Signs(database)
        self.measures = Measures(database)
        self.staff = Staff(database)
        self.audit = Audit(database)
        self._blobs = blobs
        self._database = database
        self._fetch = fetch
        self._fetch_picture = fetch_picture
        self._clock = clock
        self._children = children
        self._executor = executor
        self._templates = templates
        self.pending: list[str] = []

    def close(self) -> None:
        """Sends the children home, leaves the cluster and gives back the database."""
        self._executor.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _readers(self, pages: int) -> Executor:
        """Where so many pages are read: what comes from the web never in this process."""
        return Processes(self._children) if pages < FEW else self._executor

    def _worked_out(self, function: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R]:
        """`function` of our own items, which it takes some at a time: here while they are few."""
        if len(items) < FEW:
            return function(items)
        chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
        batches = [chunks[start : start + _CHUNKS] for start in range(0, len(chunks), _CHUNKS)]
        found: list[R] = []
        for batch, results in zip(batches, self._executor.map_batches(function, batches), strict=True):
            for chunk, result in zip(batch, results, strict=True):
                # a child that the system ended for want of memory is no reason to do without
                found += function(chunk) if isinstance(result, Lost) else result
        return found

    def own_up(self) -> None:
        """Keeps what went wrong beside the work, and did not end it: who minds the desk is to know.

        Lines of the log that could not be written, a cluster that could not be used.
        """
        count, why = lost()
        found = {LOG: f"{count} 行日志没有写成，最近一次 {why}" if count else "", CLUSTER: self._executor.trouble}
        for name, told in found.items():
            if told:
                with suppress(StoreError):  # the same disk may hold both
                    self.signs.give(name, told, self._clock())

    def series(self, name: str) -> Series:
        """The configured series; raises `UsageError` when there is none of that name."""
        try:
            return self.config.series[name]
        except KeyError:
            known = "、".join(f"{one.id}（{one.title}）" for one in self.config.series.values())
            raise UsageError(f"没有刊物“{name}”。", f"已配置：{known}。") from None

    def last(self, series: Series) -> Last:
        """The last issue of a series that was put out elsewhere: as configured, or a later one in the archive."""
        return self.issues.last(series.id, Last(series.last.number, series.last_window))

    def _renumber(self, series: Series) -> None:
        self.issues.renumber(series.id, self.last(series))

    def _template(self, name: str) -> Path:
        """A template of the workspace, which owns either all of them or none."""
        folder = self._templates if self._templates.is_dir() else packaged("templates")
        if not (folder / name).is_file():
            raise TemplateError(
                f"{folder / name} is missing.", "Copy the packaged one there (`bulletin init` writes it)."
            )
        return folder / name

    def _templates_as_they_are(self) -> tuple[tuple[str, int, int], ...]:
        """The files of the workspace's own templates: name, time, size; those of the package stay as they are."""
        if not self._templates.is_dir():
            return ()
        found = ((one.name, one.stat()) for one in sorted(self._templates.iterdir()) if one.is_file())
        return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)

    def _template_name(self, series: str) -> str:
        """The name of the document template of a bulletin: its own, else that of the settings."""
        one = self.config.series.get(series)
        return (one.template if one else "") or self.config.settings.template

    def _document_template(self, series: str) -> Path:
        """The document template of a bulletin; raises `TemplateError` when somebody made it unsafe in its place."""
        for error in absent_templates(self.config, series):
            raise error
        path = self._template(f"{self._template_name(series)}.docx")
        try:
            why = refused(path.read_bytes())
        except OSError as error:
            why = reason(error)
        if why:
            raise TemplateError(
                f"{path.name}：{why}。", "请换回原来的模板，或用 bulletin template add 放入改好的模板。"
            )
        return path


def absent_templates(config: Config, series: str = "") -> list[ConfigError]:
    """What settings name as a template and is none, for one bulletin or all, each with its place."""
    own = config.workspace / "templates"
    folder = own if own.is_dir() else packaged("templates")
    known = ", ".join(sorted(path.stem for path in folder.glob("*.docx")))
    found: dict[str, ConfigError] = {}
    for one in config.series.values():
        name = one.template or config.settings.template
        if (series and one.id != series) or (folder / f"{name}.docx").is_file():
            continue
        place = (
            place_of(config.workspace, "series", one.id, "template")
            if one.template
            else place_of(config.workspace, "settings", "template")
        )
        told = f"template: there is no {name!r} in {folder} (there: {known or 'none'})."
        found[place] = ConfigError(place, told, "Correct the name, or take the file in with `bulletin template add`.")
    return list(found.values())


def issue_command(verb: str, series: Series, number: int) -> str:
    """A command about an issue that is out, as one would type it."""
    return f"bulletin issue {verb} {series.id} {number}"


def command(verb: str, series: Series, window: Window) -> str:
    """A command about a window, as one would type it."""
    which = f"--week {window.start}" if series.first_day is not None else f"--month {window.start:%Y-%m}"
    return f"bulletin {verb} {series.id} {which}"
