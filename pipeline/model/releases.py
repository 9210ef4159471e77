"""What is put out, with what it was made, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model.issues import Decision, Finding, Issue
from pipeline.model.runs import Tally


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How an issue that was put out elsewhere came into the archive."""

    file: str
    """The name of the file it was read from."""
    blob: str
    """SHA-256 of that file's bytes."""
    lead: str
    """The lead sentence as printed."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What an issue's files were made with beside its data, so that they can be made again."""

    template: str
    """The name of the document template, without its ending."""
    templates: Mapping[str, str]
    """File name in the folder of templates → SHA-256 of its bytes."""
    program: Mapping[str, str]
    """What of the program has a say in the bytes → its version."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An issue that was put out and no longer holds, with the signed reason."""

    release: Release
    decision: Decision


@dataclass(frozen=True, slots=True)
class Release:
    """An issue put out, for good: which revision, by whom, and the digests of its files."""

    issue: Issue
    revision: int
    who: str
    when: dt.datetime
    pages: Mapping[str, int]
    """Handle → page in the document, as its contents print it."""
    files: Mapping[str, str]
    """File name → SHA-256 of its bytes."""
    tally: Tally
    imported: Elsewhere | None = None
    """Where it came from when it was put out elsewhere; then nothing of it is published here."""
    basis: Basis | None = None
    """`None` for an imported issue, and for one released before this was kept."""
