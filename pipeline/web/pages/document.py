"""The draft as a document: its preview, its files, an edited file taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from pipeline import libreoffice
from pipeline.errors import Conflict, UsageError
from pipeline.model import Change, Changes, Desked, Edited, Role
from pipeline.steps.returning.differences import pieces
from pipeline.web.asking import Asked, Route, draft_address, natural
from pipeline.web.files import drafted, in_turn
from pipeline.web.rendering import own_styles, picture_type

_OUTWARD = re.compile(r'<a href="(?=https?://)')
_KEPT_DAY = "private, max-age=86400, immutable"
_MOST_UPLOADED = 40_000_000


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What the right side of the draft page needs to show the bulletin."""

    address: str
    """Of the bulletin as it stands; with `revision` it is kept by browsers."""
    layout: str
    revision: int


def preview_view(desked: Desked) -> PreviewView:
    """The preview of a draft."""
    base = draft_address(desked.draft.series, desked.draft.window)
    return PreviewView(f"{base}/preview", f"{base}/layout", desked.revision)


def preview(asked: Asked) -> Response:
    """The bulletin as it would be printed, as a page by itself: for a frame, and for reading alone."""
    desked = _at(asked)
    page = asked.office.kept("preview", desked, lambda: asked.desk.preview(desked)).decode()
    return framed(page)


def framed(page: str) -> Response:
    """A page of a bulletin that holds its own style, for a frame: all it may do is look so."""
    page = _OUTWARD.sub('<a target="_blank" href="', page)  # not into the frame
    answer = Response(page, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY.format(own_styles(page))
    return answer


_POLICY = (
    "default-src 'none'; style-src {}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""What the bulletin may do: look as it looks; same-origin, so that the page around it can scroll it to an item."""


def _at(asked: Asked) -> Desked:
    """The draft at the revision that the address names; as it is when it names none."""
    desked = asked.desked()
    named = asked.query("revision")
    if not named:
        return desked
    return asked.desk.at(desked, _number(named))


# ------------------------------------------------------------------------------------------ pages as pictures


@dataclass(frozen=True, slots=True)
class LayoutView:
    """How far the pages of a draft are."""

    address: str
    revision: int
    pages: tuple[str, ...]
    count: int
    done: bool
    trouble: str


def layout(asked: Asked) -> Response:
    """The pages as Word would print them, as far as they are drawn; asking for them has them drawn."""
    desked = _at(asked)
    address = f"{draft_address(desked.draft.series, desked.draft.window)}/layout"
    trouble = (
        ""
        if libreoffice.program()
        else "这台机器上没有安装 LibreOffice，看不到版面；可以下载 DOCX，用 Word 或 WPS 打开。"
    )
    if trouble:
        view = LayoutView(address, desked.revision, (), 0, True, trouble)
    else:
        drawn = asked.office.layouts.known(_key(desked))
        if drawn is None or drawn.trouble:
            with in_turn():
                typeset = asked.desk.typesetting(desked)
            drawn = asked.office.layouts.of(_key(desked), typeset)
        pages = tuple(f"{address}/{desked.revision}/{number}" for number in range(1, len(drawn.pages) + 1))
        view = LayoutView(address, desked.revision, pages, drawn.count, drawn.done, drawn.trouble)
    return asked.page("_layout.html" if asked.fragment else "layout.html", layout=view, title=_title(asked, desked))


def layout_page(asked: Asked) -> Response:
    """One page as a picture."""
    desked = asked.desk.at(asked.desked(), _number(asked.path("revision")))
    drawn = asked.office.layouts.known(_key(desked))
    number = _number(asked.path("page"))
    if drawn is None or not 0 < number <= len(drawn.pages):
        raise UsageError("这一页还没有画好。", "请重新打开“版面”。")
    return Response(drawn.pages[number - 1], media_type="image/png", headers={"Cache-Control": _KEPT_DAY})


def _key(desked: Desked) -> tuple[object, ...]:
    return desked.id, desked.revision, desked.number


def _number(text: str) -> int:
    number = natural(text)
    if number is None:
        raise UsageError(f"“{text[:20]}”不是数。", "请从草稿页进入。")
    return number


# ------------------------------------------------------------------------------------------ files


def file(asked: Asked) -> Response:
    """The draft as a file to take along, of the revision that is shown."""
    return drafted(asked, _at(asked), asked.path("format"))


def picture(asked: Asked) -> Response:
    """A picture of a candidate, from our own store."""
    data = asked.desk.picture(asked.desked().draft, asked.path("blob"))
    headers = {"Cache-Control": _KEPT_DAY, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(data, media_type=picture_type(data), headers=headers)


# ------------------------------------------------------------------------------------------ an edited file


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a file changes: what it is, and what stays, is gone or is new of it."""

    what: str
    pieces: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """What a file changes of one item."""

    position: int
    title: str
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class UploadView:
    """What an edited file would change, or did."""

    draft: str
    address: str
    revision: int
    editable: bool
    why_not: str
    name: str = ""
    blob: str = ""
    """Under which the file lies; empty when there is nothing to take."""
    since: int = 0
    touched: tuple[Touched, ...] = ()
    untaken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def upload_form(asked: Asked) -> Response:
    """Where an edited file is handed in."""
    return asked.page("upload.html", upload=_upload(asked.desked()))


def upload(asked: Asked) -> Response:
    """What a file would change; with the digest of one that was shown before, it is taken over."""
    desked = asked.desked()
    name, blob = asked.form.get("name"), asked.form.get("blob")
    if blob:
        revision = asked.form.get("revision")
        if revision != str(desked.revision):
            raise Conflict(
                f"草稿在修订{revision}之后又有改动（现在是修订{desked.revision}），改动没有采用。",
                "文件没有丢失：请重新交回同一份文件，再核对一遍。",
            )
        done = asked.desk.read_back(desked, asked.desk.handed_in(blob), name, asked.who.name)
        return asked.to(draft_address(done.desked.draft.series, done.desked.draft.window))
    given = asked.form.files.get("file")
    if given is None or not given.name:
        raise UsageError("没有选择文件。", "请选择改好的 DOCX 或 MD 文件。")
    found = asked.desk.read_back(desked, given.data, given.name, asked.who.name, keep=False)
    held = asked.desk.put_by(given.data) if found.changes.taken else ""
    return asked.page("upload.html", upload=_upload(desked, given.name, held, found.since, found.changes))


def _upload(desked: Desked, name: str = "", blob: str = "", since: int = 0, found: Changes | None = None) -> UploadView:
    base = draft_address(desked.draft.series, desked.draft.window)
    return UploadView(
        base,
        f"{base}/upload",
        desked.revision,
        desked.state.open,
        "" if desked.state.open else f"第{desked.number}期{desked.state.chinese}，不再更改。",
        name,
        blob,
        since,
        tuple(_touched(found.taken)) if found else (),
        found.untaken if found else (),
        found.notes if found else (),
    )


def _touched(taken: Iterable[Change]) -> Iterator[Touched]:
    ordered = sorted(taken, key=lambda one: one.position)
    for (position, title), some in groupby(ordered, key=lambda one: (one.position, one.title)):
        yield Touched(position, title, tuple(told for one in some for told in _told(one)))


def _told(one: Change) -> Iterator[Told]:
    if one.what is Edited.ORDER:
        yield Told("顺序", ((f"移至第{one.after}条", "", ""),))
    elif one.what is Edited.LEFT_OUT:
        yield Told("删去", (("不再印出", "", ""),))
    elif one.what is Edited.EXCERPT:
        yield Told("节选", (("标为（节选）" if one.after else "不再标为（节选）", "", ""),))
    elif one.what is not Edited.TEXT:
        yield Told(one.what.chinese, tuple(pieces(one.before, one.after)))
    for each in one.paragraphs:
        told = tuple(pieces(each.before, each.after)) if each.before != each.after else ((each.after, "", ""),)
        yield Told(f"正文{each.place}" + (f"（{each.note}）" if each.note else ""), told)


# ------------------------------------------------------------------------------------------


def _title(asked: Asked, desked: Desked) -> str:
    return f"{asked.desk.series(desked.draft.series).title} 第{desked.number}期"


_PLACE = "/issues/{series}/{start}"
ROUTES = (
    Route("GET", f"{_PLACE}/preview", preview, Role.VIEWER),
    Route("GET", f"{_PLACE}/layout", layout, Role.VIEWER),
    Route("GET", f"{_PLACE}/layout/{{revision}}/{{page}}", layout_page, Role.VIEWER),
    Route("GET", f"{_PLACE}/files/{{format}}", file, Role.VIEWER),
    Route("GET", f"{_PLACE}/pictures/{{blob}}", picture, Role.VIEWER),
    Route("GET", f"{_PLACE}/upload", upload_form, Role.EDITOR),
    Route("POST", f"{_PLACE}/upload", upload, Role.EDITOR, max_bytes=_MOST_UPLOADED),
)
