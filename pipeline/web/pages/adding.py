"""Adding what no source brought: addresses, pasted text, files; and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass, replace

import structlog
from starlette.responses import Response

from pipeline.desk import Desk, Pasted
from pipeline.errors import DeskError, UsageError
from pipeline.model import PASTED, Article, Decision, Desked, Role
from pipeline.store import Stored
from pipeline.web.asking import Asked, Route, draft_address
from pipeline.web.rendering import days

log = structlog.get_logger("pipeline.web")

_MOST_BYTES = 25_000_000  # of a file with pictures; what is pasted has a limit of its own
_MOST_ADDRESSES = 20  # at once: they are fetched one after the other, politely
_PATIENCE = 6.0  # seconds that the page waits before it says that it is being fetched
_SHOWN = 30  # characters of a text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one thing that was added."""

    name: str
    """As it was given: an address, the name of a file, what the text begins with."""
    good: bool
    told: str
    title: str = ""
    about: str = ""
    """Outlet and date of what was read."""
    handle: str = ""
    """Of the candidate that it is in; empty for what is none."""
    target: str = ""
    """By what it can still be taken; empty where nothing is left to decide."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says; it is shown again when it is refused."""

    urls: str = ""
    text: str = ""
    html: str = ""
    title: str = ""
    outlet: str = ""
    date: str = ""
    url: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Adding:
    """The page for adding."""

    base: str
    issue: str
    window: str
    revision: int
    editable: bool
    wanted: Wanted = Wanted()
    trouble: str = ""
    """Why it was refused."""
    outcomes: tuple[Outcome, ...] | None = None
    """`None` while nothing was added."""
    waiting: str = ""
    """The address that says how far it is; empty when nothing is under way."""


def form(asked: Asked) -> Response:
    """The form, or what came of what was sent with it."""
    desked = asked.desked()
    if name := asked.query("errand"):
        return _told(asked, desked, name, 0)
    return _page(asked, _blank(asked, desked))


def add(asked: Asked) -> Response:
    """Takes what the form brings; what takes long goes on while the page says so."""
    desked = asked.desked()
    said = {name: asked.form.get(name).strip() for name in Wanted.__slots__}
    wanted = Wanted(**said)
    if not desked.state.open:
        raise UsageError(f"第{desked.number}期{desked.chinese}，不再更改。")
    try:
        work = _work(asked, wanted)
    except UsageError as error:
        return _page(asked, replace(_blank(asked, desked), wanted=wanted, trouble=f"{error.message}{error.fix}"))

    def errand(desk: Desk) -> tuple[Outcome, ...]:
        return tuple(
            _taken(desk, desk.desked(desked.draft.series, desked.draft.window), one, name, include)
            for name, stored in work(desk)
            for one in stored
        )

    include = asked.decision("include", reason=wanted.reason)
    place = draft_address(desked.draft.series, desked.draft.window)
    return _told(asked, desked, asked.office.send(place, errand), _PATIENCE, wanted)


Work = Callable[[Desk], Sequence[tuple[str, Sequence[Stored]]]]


def _work(asked: Asked, wanted: Wanted) -> Work:
    """What is to be done: by the part of the form that was filled in; raises `UsageError` when none was."""
    upload = asked.form.files.get("file")
    body = (wanted.html or wanted.text).encode()
    if upload and upload.data:
        name, body = upload.name or "文件", upload.data
    elif body:
        name = " ".join(wanted.text.split())[:_SHOWN] or "粘贴的内容"
    elif wanted.urls:
        return _fetching(wanted.urls.split())
    else:
        raise UsageError("没有填写链接，也没有粘贴文本或选择文件。")
    pasted = Pasted(body, wanted.url, wanted.title, wanted.date, wanted.outlet)
    return lambda desk: [(name, desk.leads.get([desk.paste(pasted)]))]


def _fetching(urls: Sequence[str]) -> Work:
    if len(urls) > _MOST_ADDRESSES:
        raise UsageError(f"一次最多添加 {_MOST_ADDRESSES} 个链接，这里有 {len(urls)} 个。", "请分几次添加。")

    def work(desk: Desk) -> list[tuple[str, Sequence[Stored]]]:
        found = desk.leads.get(desk.take(urls, []).leads)
        return [(one.lead.url, [one]) for one in found]

    return work


def _taken(desk: Desk, desked: Desked, stored: Stored, name: str, include: Decision) -> Outcome:
    """What came of a lead: read and taken into the draft, or why not."""
    if not stored.article:
        because = stored.rejection.because if stored.rejection else "尚未取得"
        known = because.removeprefix(f"{stored.lead.url}：")
        return Outcome(name, good=False, told=f"没有收进来：{known}")
    article = desk.leads.articles([stored.article])[stored.article]
    found = Outcome(
        name,
        good=True,
        told="",
        title=article.title or "（无标题）",
        about=f"{article.outlet or '来源不明'} {article.date or '无日期'}",
    )
    target = stored.lead.path if stored.lead.path.startswith(PASTED) else stored.lead.url
    before = _standing(desked, article)
    if before in desked.draft.chosen:
        return replace(found, told="已在入选的条目里", handle=before)
    try:
        desked = desk.decide(desked, replace(include, target=before or target))
    except DeskError as error:
        return replace(found, good=False, told=f"已读入，未收录：{error.message}{error.fix}", target=before or target)
    handle = _standing(desked, article)
    return replace(found, told=f"已收录为第{desked.draft.chosen.index(handle) + 1}条", handle=handle)


def _standing(desked: Desked, article: Article) -> str:
    """The handle of the candidate that an article belongs to; empty when it belongs to none."""
    for one in desked.draft.candidates:
        if article.id in {each.id for each in one.articles}:
            return one.handle
    return ""


def _told(asked: Asked, desked: Desked, name: str, patience: float, wanted: Wanted = Wanted()) -> Response:
    """What came of it, when it is done before patience runs out; else that it is under way."""
    place = draft_address(desked.draft.series, desked.draft.window)
    errand = asked.office.errand(place, name)
    if errand is None:
        raise UsageError("这次添加的结果已经不在了。", "请在草稿里查看，或再添加一次。")
    try:
        outcomes = errand.result(timeout=patience)
    except TooSlow:
        return _page(asked, replace(_blank(asked, desked), waiting=f"{place}/add?errand={name}"))
    except DeskError as error:
        return _page(asked, replace(_blank(asked, desked), wanted=wanted, trouble=f"{error.message}{error.fix}"))
    assert isinstance(outcomes, tuple)
    response = _page(asked, replace(_blank(asked, asked.desked()), outcomes=outcomes))
    if any(one.handle for one in outcomes):
        response.headers["HX-Trigger"] = "revised"
    return response


def _blank(asked: Asked, desked: Desked) -> Adding:
    return Adding(
        draft_address(desked.draft.series, desked.draft.window),
        f"{asked.series().title} {asked.numbered(desked.draft.series, desked.number)}",
        days(desked.draft.window),
        desked.revision,
        desked.state.open,
    )


def _page(asked: Asked, adding: Adding) -> Response:
    # a refusal that a script asked for is put in like everything else: what was typed stands in it
    status = 422 if adding.trouble and not asked.fragment else 200
    return asked.page("_add.html" if asked.fragment else "add.html", status, adding=adding)


ROUTES = (
    Route("GET", "/issues/{series}/{start}/add", form, Role.EDITOR),
    Route("POST", "/issues/{series}/{start}/add", add, Role.EDITOR, max_bytes=_MOST_BYTES),
)
