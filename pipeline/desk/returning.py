"""Returning: a draft's file that somebody edited elsewhere, read back as a revision."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

import structlog

from pipeline.desk.releasing import Releasing
from pipeline.errors import BlobLost, SourceError, UsageError
from pipeline.model import Changes, Decision, Desked, Draft, Issue, Returned, Window, chinese_date, digest
from pipeline.outputs import FORMATS, Context
from pipeline.steps.decide import find
from pipeline.steps.pasting import Cleaned, cleaned
from pipeline.steps.returning import against, changes, format_of, read_returned, summary, taken

_DIGEST = re.compile("[0-9a-f]{64}")

log = structlog.get_logger("pipeline.desk")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What became of a file that was read back."""

    changes: Changes
    since: int
    """The revision it was held against."""
    desked: Desked
    """The draft afterwards; as it was when nothing was taken or kept."""
    blob: str = ""
    """SHA-256 under which the file is kept; empty when it is not."""


class Returning(Releasing):
    """Takes edited files of drafts back."""

    def returned(self, data: bytes, name: str) -> Returned:
        """What an edited file says, read in a child process; raises `UsageError` when it cannot be."""
        return self._read_file(data, name, format_of(name))

    def returned_window(self, returned: Returned, series: str) -> Window:
        """The window of the issue that a file says it is; raises `UsageError` when that cannot be told."""
        self._of_series(returned, series)
        known = self.issues.all(series)
        by_day = [one for one in known if returned.date and chinese_date(one.draft.window.end) == returned.date]
        by_number = [one for one in known if returned.number > 0 and one.number == returned.number]
        for found in (by_day, by_number):  # the number of a draft moves with those before it, its days never do
            if len(found) == 1:
                return found[0].draft.window
        raise UsageError("文件里看不出是哪一期。", "请用 --month 或 --week 写明。")

    def read_back(self, desked: Desked, data: bytes, name: str, who: str, *, keep: bool = True) -> ReadBack:
        """Takes over what an edited file changes, as one revision; without `keep` only says what it would be.

        The file is held against the revision it was made from. What was changed in the draft since is not written
        over; whatever is not taken is told of, and the file is kept. Raises `UsageError` when it cannot be read or is
        of another issue, or when the issue is out, and `Conflict` when the draft changed since it was read.
        """
        if not desked.state.open:
            raise UsageError(
                f"第{desked.number}期{desked.state.chinese}，不再更改，{name} 没有采用。",
                "请核对文件是哪一期的（--month、--week）；已发布的期刊如有差错，请先更正（bulletin issue correct）。",
            )
        kind = format_of(name)
        returned = self._read_file(data, name, kind)
        self._belongs(returned, desked, name)
        since, draft, notes = self._exported(returned, desked)
        issue = self._assembled(draft, returned.number if returned.series else desked.number)
        exported = self._read_file(self._as_exported(issue, since, kind), name, kind)
        changed = self._apart(name, changes, returned, exported, issue)  # both take as long as the file is odd
        found = self._apart(name, against, changed, issue, self.issue(desked))
        found = replace(found, notes=(*notes, *found.notes))
        if not keep or not (found.taken or found.untaken):
            return ReadBack(found, since, desked)
        blob = self._blobs.put(data)
        if not found.taken:
            return ReadBack(found, since, desked, blob)
        values = {
            "file": name, "since": str(since), "told": summary(found), "sha256": blob, "taken": taken(found),
        }  # fmt: skip
        after = self.decide(desked, Decision("return", who, self._clock(), values=values))
        log.info("returned", series=desked.draft.series, number=desked.number, file=name, who=who, told=values["told"])
        return ReadBack(found, since, after, blob)

    def put_by(self, data: bytes) -> str:
        """Keeps a file until somebody decided whether it is taken, and returns what it is known by."""
        return self._blobs.put(data)

    def handed_in(self, blob: str) -> bytes:
        """A file that is held; raises `UsageError` when there is none of that digest."""
        try:
            return self._blobs.get(blob if _DIGEST.fullmatch(blob) else digest(blob))
        except BlobLost:
            raise UsageError("交回的文件已经不在了，改动没有采用。", "请重新交回同一份文件。") from None

    def cleaned(self, desked: Desked, target: str, data: bytes) -> Cleaned:
        """What an editor pasted as HTML for the text of a candidate, cleaned in a child process.

        Nothing is kept yet: the blocks are the value of a decision to edit. Raises `UsageError` for what is refused.
        """
        candidate, _ = find(desked.draft, target)
        try:
            return self._children.apart(cleaned, data, candidate.article.blocks)
        except SourceError as error:
            raise UsageError(f"粘贴的内容读不出来（{error.message}），没有收下。", "请粘贴为纯文本。") from None

    def _read_file(self, data: bytes, name: str, kind: str) -> Returned:
        return self._apart(name, read_returned, data, kind)

    def _apart(self, name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns in a child process; what is wrong is said of the file `name`."""
        try:
            return self._children.apart(function, *args, **kwargs)
        except SourceError as error:
            raise UsageError(f"{name}：{error.message}。", "请用 Word 或 WPS 打开后另存一份。") from None
        except UsageError as error:
            raise UsageError(f"{name}：{error.message}", error.fix) from None

    def _of_series(self, returned: Returned, series: str) -> None:
        """Refuses a file of another series."""
        mine = self.series(series)
        if returned.series and returned.series != mine.id:
            known = self.config.series.get(returned.series)
            raise UsageError(f"这是{known.title if known else returned.series}的文件，不是{mine.title}的。")

    def _belongs(self, returned: Returned, desked: Desked, name: str) -> None:
        """Refuses a file of another issue; what a file does not say is not held against it."""
        self._of_series(returned, desked.draft.series)
        same_day = returned.date == chinese_date(desked.draft.window.end)
        if same_day or (returned.series and returned.number == desked.number):
            return
        if returned.date or returned.number > 0:
            told = "，".join(filter(None, (f"第{returned.number}期" * (returned.number > 0), returned.date)))
            mine = f"第{desked.number}期，{chinese_date(desked.draft.window.end)}"
            raise UsageError(f"{name} 是另一期的文件（{told}），这份草稿是{mine}。", "请用 --month 或 --week 写明。")

    def _exported(self, returned: Returned, desked: Desked) -> tuple[int, Draft, tuple[str, ...]]:
        """The revision a file was made from and the draft as it was then; the current one when that is not known."""
        if 0 < returned.revision <= desked.revision:
            return returned.revision, self.issues.at_revision(desked.id, returned.revision), ()
        why = f"没有修订{returned.revision}" if returned.revision else "文件里没有留下导出时的修订号"
        return desked.revision, desked.draft, (f"{why}，按现在的修订{desked.revision}比对，此后草稿里的改动分不出来",)

    def _as_exported(self, issue: Issue, revision: int, kind: str) -> bytes:
        """The file as it was exported, without its comments: what a reader makes of it is no edit."""
        template = self._document_template(issue.series)
        context = Context(
            templates=template.parent,
            template=template.stem,
            pages={item.handle: 1 for item in issue.items},  # they are computed, so nobody looks at them
            draft=True,
            revision=revision,
            pictures=self._blobs.get,
        )
        return FORMATS[kind].render(issue, context)
