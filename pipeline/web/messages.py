"""What programs send and are sent: the bodies and the questions of `/api/v1`, unknown keys refused."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.model import Health, Phase, Severity, State, Verdict

MOST_ASKED = 100
"""Of what a list may be asked for at once."""


class Message(BaseModel):
    """Anything that travels."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Line = Annotated[str, Field(max_length=2_000)]
_Text = Annotated[str, Field(max_length=500_000)]
_Target = Annotated[
    str,
    Field(min_length=1, max_length=2_000, description="Handle, position in the contents, address, or part of a title."),
]


def _no_text(value: object) -> object:
    """A number in JSON: 3.0 is 3, as the description has it; "3" and true are none."""
    if isinstance(value, bool | str):
        raise ValueError("should be a number")
    return value


_Revision = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The one that was looked at."), BeforeValidator(_no_text)
]
_Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]


# ------------------------------------------------------------------------------------------ asked


class Nothing(Message):
    """A question without a word behind the question mark."""


class OfSeries(Message):
    """Which series; all that the token may see when it says none."""

    series: str = Field("", max_length=200, description="Id of a series, as beijing-monthly.")


class OfYear(OfSeries):
    """Which issues."""

    year: int = Field(0, ge=0, le=9999, description="Of the issue's last day; 0 for all.")


class Sought(OfYear):
    """What is looked for."""

    q: str = Field(min_length=1, max_length=200, description="Words; each must be found, quoted ones as a phrase.")
    outlet: str = Field("", max_length=60, description="A part of the outlet's name.")
    sort: Literal["title", "newest"] = Field("title", description="Those with all words in the title first, or newest.")
    after: int = Field(0, ge=0, le=1_000_000, description="How many to leave out.")
    most: int = Field(20, ge=1, le=MOST_ASKED)


# ------------------------------------------------------------------------------------------ decided


class _Decided(Message):
    revision: _Revision
    target: _Target
    reason: _Line = ""


class Include(_Decided):
    """收录: takes a candidate, or an article that was judged out, by its address."""

    verb: Literal["include"]


class Exclude(_Decided):
    """剔除: puts an item out."""

    verb: Literal["exclude"]


class Split(_Decided):
    """拆分: takes an article out of the story it was folded into."""

    verb: Literal["split"]


class Merge(_Decided):
    """合并: folds a story into another."""

    verb: Literal["merge"]
    into: _Target


class EditItem(_Decided):
    """修改: the fields that are named get these values."""

    verb: Literal["edit"]
    title: _Line | None = None
    outlet: _Line | None = None
    url: _Line | None = None
    date: dt.date | None = None
    body: _Text | None = Field(None, description="One paragraph a line.")


class Reorder(_Decided):
    """移动: to a position of the contents, from 1."""

    verb: Literal["reorder"]
    to: Annotated[int, Field(ge=1, le=10_000), BeforeValidator(_no_text)]


class Excerpt(_Decided):
    """节选: prints only the part on topic, or with `whole` all of it again."""

    verb: Literal["excerpt"]
    whole: bool = Field(False, strict=True)


class Represent(_Decided):
    """换用: prints another article of the story."""

    verb: Literal["represent"]
    version: _Target = Field(description="The article, by address or part of its title.")


class Waive(_Decided):
    """放行: answers for a finding, named by its key, with a reason."""

    verb: Literal["waive"]
    reason: _Reason


Decide = Annotated[
    Include | Exclude | Split | Merge | EditItem | Reorder | Excerpt | Represent | Waive, Field(discriminator="verb")
]


class Seen(Message):
    """Which revision is meant: what was looked at, and no other."""

    revision: _Revision


class Because(Seen):
    """Which revision is meant, and why."""

    reason: _Reason


# ------------------------------------------------------------------------------------------ answered


class Clashing(Message):
    """One thing that two people decided otherwise."""

    matter: str = Field(description="In Chinese: 标题, 正文, 顺序.")
    handle: str
    title: str
    seen: str = Field(description="What stood there when the sender looked.")
    mine: str = Field(description="What the sender decided; nothing of it was kept.")
    theirs: str = Field(description="What stands there now.")
    by: str = Field(description="Who made it so; empty where the log does not say.")


class Problem(Message):
    """Why something was not done (RFC 9457), in Chinese."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    fix: str = Field(description="What to do about it; may be empty.")
    clashes: list[Clashing] = Field([], description="Both values, when somebody decided otherwise meanwhile.")


class SeriesAbout(Message):
    """A bulletin."""

    id: str
    title: str
    issuer: str


class SeriesList(Message):
    """The bulletins that the token may see."""

    series: list[SeriesAbout]


class WindowAbout(Message):
    """The days of one issue, and how far it is."""

    start: dt.date
    end: dt.date
    phase: Phase
    number: int = Field(description="0 while it has none.")
    told: str = Field(description="What an editor should know, in Chinese.")


class WindowList(Message):
    """The windows of a bulletin, oldest first."""

    series: str
    windows: list[WindowAbout]


class Started(Message):
    """A draft that is being made; ask for its window to know how far it is."""

    series: str
    start: dt.date


class DraftAbout(Message):
    """A draft, or an issue as its window has it."""

    series: str
    start: dt.date
    end: dt.date
    number: int = Field(description="Provisional until released.")
    revision: int
    state: State
    released: int = Field(description="The revision that was put out last; 0 while none was.")


class DraftList(Message):
    """Drafts by series and window."""

    drafts: list[DraftAbout]


class ItemAbout(Message):
    """An item as it is printed."""

    position: int
    handle: str
    title: str
    outlet: str
    url: str
    date: dt.date | None
    text: str = Field(description="One block a line.")


class VersionAbout(Message):
    """An article of a story."""

    title: str
    outlet: str
    url: str
    date: dt.date | None


class CandidateAbout(Message):
    """A story that may be taken."""

    handle: str
    chosen: bool
    score: float
    verdict: Verdict
    reasons: list[str] = Field(description="In Chinese, strongest first.")
    earlier: str = Field(description="Where an earlier issue carried it: 第五三四期第4条; empty for what is new.")
    versions: list[VersionAbout] = Field(description="The one that would be printed first.")


class FindingAbout(Message):
    """Something the checks found."""

    key: str = Field(description="What `waive` names.")
    severity: Severity
    message: str
    fix: str
    handle: str = Field(description="The item it is about; empty for the issue.")


class DraftWhole(DraftAbout):
    """A draft with all that is known of it."""

    lead: str
    items: list[ItemAbout]
    candidates: list[CandidateAbout]
    findings: list[FindingAbout]


class FileAbout(Message):
    """A file that was put out."""

    name: str
    sha256: str


class IssueAbout(Message):
    """An issue of the archive."""

    series: str
    number: int
    start: dt.date
    end: dt.date
    withdrawn: bool
    corrections: int
    imported: bool
    titles: list[str]
    files: list[FileAbout]


class IssueList(Message):
    """Issues by series, the latest of each first."""

    issues: list[IssueAbout]


class IssueWhole(IssueAbout):
    """An issue with all that is printed in it."""

    title: str
    issuer: str
    lead: str
    revision: int
    who: str
    when: dt.datetime
    items: list[ItemAbout]


class FoundAbout(Message):
    """An item of an issue that was looked for."""

    series: str
    number: int
    position: int
    title: str
    outlet: str
    date: str
    url: str
    passage: list[tuple[str, bool]] = Field(description="A part of its text; of each piece whether it was looked for.")


class FoundList(Message):
    """What was found."""

    total: int
    items: list[FoundAbout]


class SourceAbout(Message):
    """A source, and how it is doing."""

    id: str
    name: str
    health: Health
    trouble: bool
    because: str = Field(description="In Chinese; empty when all is well.")
    since: dt.datetime | None
    succeeded: dt.datetime | None = Field(description="The last visit that went well.")


class SourceList(Message):
    """The sources in the order of the configuration."""

    sources: list[SourceAbout]
