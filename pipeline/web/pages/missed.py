"""漏收核查: the strong stories that an issue which is out does not carry, and what editors say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from pipeline.errors import UsageError
from pipeline.model import Cause, Desked, Missed, Role, public
from pipeline.steps.miss import chips
from pipeline.web.asking import Asked, Route
from pipeline.web.rendering import days, moment, signed

_MOST = 100  # stories on the page; the command line has all of them
_LOOKS = {Cause.LEFT_OUT: "", Cause.PASSED_OVER: "", Cause.LATE: "warning", Cause.SILENT: "danger"}


@dataclass(frozen=True, slots=True)
class Row:
    """One story."""

    article: str
    """Its id."""
    title: str
    outlet: str
    date: str
    score: str
    address: str
    """Of the stored article."""
    url: str
    """Of the page it came from; empty where only this desk knows one."""
    cause: str
    look: str
    mended: str
    chips: Sequence[str]
    said: str
    """What somebody said of it, with their name; empty while nobody did."""
    reason: str


def missed(asked: Asked) -> Response:
    """The stories by strength, and the sources that were silent."""
    return _listed(asked)


def looked_back(asked: Asked) -> Response:
    """Keeps what somebody says of a story."""
    verdict = asked.form.get("verdict")
    if verdict not in ("missed", "fine"):
        raise UsageError("没有说明是“确为漏收”还是“不需收录”。", "请按两个按钮之一。")
    article, reason = asked.form.get("article"), asked.form.get("reason").strip()[:300]
    asked.desk.look_back(_desked(asked), article, missed=verdict == "missed", who=asked.who.name, reason=reason)
    return asked.to(f"{_address(asked)}#story-{article}")


def stored(asked: Asked) -> Response:
    """A story's article as it is stored."""
    article = asked.desk.stored_article(_desked(asked), asked.path("article"))
    return asked.page("missed_article.html", back=_address(asked), article=article, url=_web(article.url))


def _listed(asked: Asked) -> Response:
    desked = _desked(asked)
    found = asked.desk.missed(desked)
    address = _address(asked)
    rows = [_row(one, address) for one in found.stories[:_MOST]]
    counts = [(each.chinese, sum(one.cause is each for one in found.stories)) for each in Cause]
    return asked.page(
        "missed.html",
        title=f"{asked.desk.series(found.series).title} {asked.numbered(found.series, found.number)}",
        issue=f"/archive/{found.series}/{found.number}",
        address=address,
        window=days(found.window),
        until=moment(found.until),
        rows=rows,
        more=len(found.stories) - len(rows),
        counts=[(words, count) for words, count in counts if count],
        silences=found.silences,
        may=asked.who.role.allows(Role.EDITOR),
    )


def _row(one: Missed, address: str) -> Row:
    article, said = one.article, one.hindsight
    cause, *others = chips(one)
    mended = f"后来收于{one.later.place}" if one.later else ""
    return Row(
        article=article.id,
        title=article.title or "（无标题）",
        outlet=article.outlet or "来源不明",
        date=article.date.isoformat() if article.date else "无日期",
        score=f"{one.score:.2f}",
        address=f"{address}/{article.id}",
        url=_web(article.url),
        cause=cause,
        look=_LOOKS[one.cause],
        mended=mended,
        chips=[each for each in others if each != mended],
        said=f"{said.chinese}（{signed(said.who, said.when)}）" if said else "",
        reason=said.reason if said else "",
    )


def _web(url: str) -> str:
    return url if public(url).startswith(("http://", "https://")) else ""


def _desked(asked: Asked) -> Desked:
    outline = asked.outline()
    if outline is None:
        raise UsageError(f"存档里没有第{asked.path('number')}期。", "请从存档的列表进入。")
    return asked.desk.issues.get(outline.id)


def _address(asked: Asked) -> str:
    return f"/archive/{asked.path('series')}/{asked.path('number')}/missed"


_MISSED = "/archive/{series}/{number}/missed"
ROUTES = (
    Route("GET", _MISSED, missed, Role.VIEWER),
    Route("POST", _MISSED, looked_back, Role.EDITOR),
    Route("GET", f"{_MISSED}/{{article}}", stored, Role.VIEWER),
)
