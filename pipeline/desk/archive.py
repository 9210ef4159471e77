"""The archive: issues put out here or elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from pipeline.desk.incoming import incoming
from pipeline.desk.rebuilding import as_released
from pipeline.desk.relating import carried, documents_of
from pipeline.desk.releasing import Releasing
from pipeline.errors import NotImported, SourceError, UsageError, reason
from pipeline.libreoffice import convert
from pipeline.model import (
    Decision,
    Desked,
    Draft,
    Elsewhere,
    Finding,
    Imported,
    Last,
    Printed,
    Release,
    Severity,
    Tally,
)
from pipeline.outputs import FORMATS, Context, picture_files
from pipeline.outputs.pages import page_numbers
from pipeline.steps.disassemble import as_draft, convertible, decode, disassemble, disassemble_document
from pipeline.steps.extract.documents import is_document
from pipeline.steps.precedent import rulings

_KINDS = {"doc": "旧版 Word 文件（.doc、.wps）", "rtf": "RTF 文件", "odt": "OpenDocument 文件（.odt）"}
"""What LibreOffice makes a DOCX of, by suffix."""

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a file with an old issue."""

    imported: Imported
    findings: Sequence[Finding]
    """What the import and the release checks say of it by itself; `review` holds it against earlier issues too."""
    desked: Desked | None
    """`None` when nothing was kept: on a dry run, or because the archive holds it already."""


class Archive(Releasing):
    """Takes old issues in, and gives every issue out again."""

    def file(self, path: Path, who: str, *, series: str = "", replacing: bool = False, keep: bool = True) -> Filed:
        """Takes an issue that was put out elsewhere into the archive; `series` overrides its masthead.

        Raises `NotImported`, naming the file, when it cannot be read or does not fit between the issues there.
        """
        try:
            data = incoming(path)
            imported, pictures = self._disassembled(data, series)
            return self._filed(imported, pictures, path.name, data, who, replacing, keep)
        except FileNotFoundError:
            raise NotImported(f"{path}：文件打不开：没有这个文件。", "请核对文件名。") from None
        except IsADirectoryError:
            raise NotImported(f"{path}：文件打不开：这是文件夹。", f"请写出里面的文件，如 {path / '*.txt'}。") from None
        except OSError as error:
            raise NotImported(f"{path}：文件打不开（{reason(error)}）。", "请核对文件及其权限。") from None
        except NotImported as error:
            raise NotImported(f"{path}：{error.message}", error.fix) from None

    def _disassembled(self, data: bytes, series: str) -> tuple[Imported, dict[str, bytes]]:
        """The issue that a file prints, whatever it is by its bytes, and its pictures by their SHA-256."""
        if suffix := convertible(data):
            converted = convert(data, suffix, "docx")
            if not converted:
                raise NotImported(
                    f"{_KINDS[suffix]}要由 LibreOffice 转换，没有装或没有转成。",
                    "请用 Word 或 WPS 另存为 .docx，再导入。",
                )
            data = converted
        try:
            if is_document(data):
                return self._children.apart(disassemble_document, data, self.config.series, series)
            return self._children.apart(disassemble, decode(data), self.config.series, series), {}
        except SourceError as error:
            raise NotImported(f"文件读不出来（{error.message}）。", "请另存为纯文本（.txt，UTF-8），再导入。") from None

    def _filed(
        self,
        imported: Imported,
        pictures: Mapping[str, bytes],
        name: str,
        data: bytes,
        who: str,
        replacing: bool,
        keep: bool,
    ) -> Filed:
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
        for content in (data, *pictures.values()):
            self._blobs.put(content)
        decision = Decision("import", who, now, values={"file": name})
        decided = rulings(issue, draft, {})
        desked = self.issues.archive(
            draft, release, decision, configured, replace=replacing, carried=carried(issue), rulings=decided
        )
        if desked:
            log.info("imported", series=one.id, number=issue.number, items=len(issue.items), file=name, who=who)
        return Filed(imported, found, desked)

    def released(self, series: str, number: int) -> Release:
        """One issue as it was put out last, or imported; raises `UsageError` when there is none of that number."""
        mine = self.series(series).id
        for one in (*self.issues.released(mine), *(gone.release for gone in self.issues.withdrawn(mine))):
            if one.issue.number == number:
                return one
        raise UsageError(
            f"{self.series(series).title}没有已发布或导入的第{number}期。", "请用 bulletin issue list 查看。"
        )

    def withdrawn(self, series: str, number: int) -> Decision | None:
        """Who withdrew an issue, and why; `None` for one that stands."""
        found = (one for one in self.issues.withdrawn(self.series(series).id) if one.release.issue.number == number)
        return next((one.decision for one in found), None)

    def numbered(self, series: str, number: int) -> Desked:
        """The row of an issue that was put out; raises `UsageError` when there is none of that number."""
        return self.desked(series, self.released(series, number).issue.window)

    def review(self, release: Release) -> list[Finding]:
        """What the checks say of an issue of the archive; an imported one with its lead sentence as printed."""
        desked = self.desked(release.issue.series, release.issue.window)
        draft = self.issues.at_revision(desked.id, desked.released)
        return self._reviewed(release, draft, self.earlier(documents_of(release.issue), before=release.issue.window))

    def _reviewed(self, release: Release, draft: Draft, earlier: Sequence[Printed]) -> list[Finding]:
        issue, origin = release.issue, release.imported
        if origin is None:
            return self._answered(draft, self._checked(issue, draft, earlier))
        # it is out: what the checks advise an editor to do before a release is too late
        found = [
            replace(one, fix="", commands=()) for one in self._checked(replace(issue, lead=origin.lead), draft, earlier)
        ]
        return sorted([*origin.findings, *found], key=lambda one: (one.severity is not Severity.BLOCKING, one.position))

    def copies(self, release: Release, formats: Sequence[str] = ()) -> dict[str, bytes]:
        """An issue's files by name: the frozen ones, of an imported issue its canonical form; or those of `formats`.

        What was frozen is given as it is; what was not is made, of a release with the templates it was made with.
        """
        if release.imported is None and not formats:
            return {name: self._blobs.get(blob) for name, blob in release.files.items()}
        issue, frozen = release.issue, release.files
        wanted = [f"{issue.filename}.{name}" for name in formats or self.config.settings.formats]
        files = {name: self._blobs.get(frozen[name]) for name in wanted if name in frozen}
        if missing := [name for name in wanted if name not in files]:
            today = self._document_template(issue.series)
            files |= as_released(release, self._blobs, today, lambda template: self._made(release, missing, template))
        shown = picture_files(issue, self._blobs.get) if f"{issue.filename}.md" in wanted else {}
        return {name: files[name] for name in wanted} | {name: self._blobs.get(blob) for name, blob in shown.items()}

    def blob(self, digest: str) -> bytes:
        """What is kept under a SHA-256; raises `StoreError` when it is missing or damaged."""
        return self._blobs.get(digest)

    def _made(self, release: Release, names: Sequence[str], template: Path) -> dict[str, bytes]:
        """Files of an issue of the archive that were not put out, made around the document that was."""
        pages = release.pages
        if release.imported and any(not name.endswith((".md", ".html")) for name in names):
            pages = page_numbers(release.issue, template, pictures=self._blobs.get)
        document = release.files.get(f"{release.issue.filename}.docx", "")
        context = Context(
            templates=template.parent,
            template=template.stem,
            pages=pages,
            pictures=self._blobs.get,
            document=self._blobs.get(document) if document else b"",
        )
        return {name: FORMATS[name.rpartition(".")[2]].render(release.issue, context) for name in names}
