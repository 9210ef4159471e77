"""One candidate: its fields as read and as edited, its source, its page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from json import JSONDecodeError

from starlette.responses import Response

from pipeline.errors import UsageError
from pipeline.model import (
    BEIJING,
    BELIEVED,
    Article,
    Block,
    Candidate,
    Decision,
    Desked,
    Draft,
    Flag,
    Item,
    Kind,
    Revision,
    Role,
    digest,
    public,
)
from pipeline.outputs.tables import grid
from pipeline.steps.assemble import printed
from pipeline.steps.blocks import ROW_KINDS, Row, composed, rows, written
from pipeline.steps.urls import desktop, printed_url
from pipeline.web.asking import Asked, Form, Route, draft_address, natural
from pipeline.web.rendering import in_words, signed

_FIELDS = {"title": "标题", "outlet": "来源", "date": "日期", "url": "链接"}
_TEXT = "text"
"""What a revert calls the body, which an edit keeps as `body` or as `blocks`."""
_MOST_PLAIN_ROWS = 300  # a form brings at most 1,000 fields, three of each row; beyond it the script sends them as one
_FLAGS = {
    Flag.MIRROR: "疑似镜像或劫持站",
    Flag.REPAIRED: "正文经过修复",
    Flag.INCOMPLETE: "可能不完整",
    Flag.NO_TITLE: "页面没有标题",
    Flag.TAMPERED: "正文疑似被改动",
}
_SEPARATOR = "："
KINDS = tuple((name, word) for name, (kind, _, word) in ROW_KINDS.items() if kind not in (Kind.FIGURE, Kind.TABLE))
"""What a row of text may be."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that a field may be set to with one click, and who says so."""

    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item: as it is printed, as it was read, and on what that rests."""

    name: str
    label: str
    value: str
    read: str
    changed: bool
    mark: str
    """Who changed it and when; empty when it stands as it was read."""
    found: str
    """Where the value was found, in Chinese."""
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table as it is shown."""

    text: str
    head: bool
    down: int
    right: int


@dataclass(frozen=True, slots=True)
class BodyRow:
    """A block of the body as the form shows it."""

    number: int
    kind: str
    word: str
    text: str
    block: str
    picture: str = ""
    """The address of the picture; empty where there is none to show."""
    cells: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ItemView:
    """One candidate as the middle of the draft page shows it."""

    handle: str
    address: str
    """Of the candidate; `decide` and `draft` are those of the draft."""
    decide: str
    draft: str
    revision: int
    editable: bool
    why_not: str
    """Why it cannot be edited, for whoever might expect to; empty for one who may only look."""
    position: int
    """In the issue, from 1; 0 for what is not in it."""
    standing: str
    title: str
    link: str
    """The address as the target of a link; empty when it must not be one."""
    fields: tuple[Field, ...]
    body: Field
    rows: tuple[BodyRow, ...]
    named: bool
    """Whether each row is a part of the form by itself, so that it can be sent without a script."""
    kinds: tuple[tuple[str, str], ...]
    was: tuple[tuple[str, str], ...]
    """What the form shows when it is made: only what differs from it was edited by whoever sends it."""
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    excerpt: bool
    can_excerpt: bool
    late: str
    """What is to be known of a day before the window: the reason that was signed, or that one is wanted."""
    late_wanted: bool
    blank: BodyRow = BodyRow(0, "paragraph", "", "", "")
    """What a further row begins as."""
    saved: str = ""
    """That it was just saved, and when."""


def item_view(asked: Asked, desked: Desked, handle: str) -> ItemView:
    """What is shown of a candidate; raises `UsageError` when there is none of that handle."""
    draft = desked.draft
    candidate = find_candidate(draft, handle)
    article = candidate.article
    now = printed(draft, candidate)
    edits = draft.edits.get(handle, {})
    marks = _marks(asked.desk.revisions(desked), handle) if edits else {}
    base = draft_address(draft.series, draft.window)
    number = draft.chosen.index(handle) + 1 if handle in draft.chosen else 0
    mayedit = asked.who.role.allows(Role.EDITOR)
    shown = _body_rows(now.blocks, f"{base}/pictures")
    waiver = draft.late.get(handle)
    early = now.date is not None and now.date < draft.window.start
    return ItemView(
        handle=handle,
        address=f"{base}/items/{handle}",
        decide=f"{base}/decide",
        draft=base,
        revision=desked.revision,
        editable=mayedit and desked.state.open,
        why_not="" if desked.state.open or not mayedit else f"本期{desked.state.chinese}，只能查看。",
        position=number,
        standing=f"第{number}条" if number else "未入选",
        title=now.title,
        link=now.url if now.url.startswith(("http://", "https://")) else "",
        fields=_fields(asked, candidate, now, edits, marks),
        body=Field(
            _TEXT,
            "正文",
            "",
            "",
            "body" in edits or "blocks" in edits,
            marks.get(_TEXT, ""),
            _taken_from(article, "body"),
        ),
        rows=shown,
        named=len(shown) <= _MOST_PLAIN_ROWS,
        kinds=KINDS,
        was=_was(now),
        warnings=(*(_FLAGS[flag] for flag in article.flags), *article.notes),
        remarks=article.remarks,
        excerpt=handle in draft.excerpts,
        can_excerpt=bool(candidate.rating.excerpt),
        late=f"已补收：{waiver.reason}（{waiver.who}）" if waiver else "",
        late_wanted=early and waiver is None,
    )


def find_candidate(draft: Draft, handle: str) -> Candidate:
    """The candidate of that handle; raises `UsageError` when it is gone."""
    try:
        return draft.candidate(handle)
    except KeyError:
        raise UsageError(f"草稿中没有“{handle}”。", "它可能已被合并到另一条，请回到草稿查看。") from None


def _fields(
    asked: Asked, candidate: Candidate, now: Item, edits: Mapping[str, str], marks: Mapping[str, str]
) -> tuple[Field, ...]:
    article = candidate.article
    values = {
        "title": (now.title, article.title),
        "outlet": (now.outlet, article.outlet),
        "date": (now.date.isoformat() if now.date else "", article.date.isoformat() if article.date else ""),
        "url": (public(now.url), public(article.url)),
    }
    found = {
        "title": _taken_from(article, "title"),
        "outlet": _taken_from(article, "origin") if article.origin else _taken_from(article, "publisher"),
        "date": _day_found(article),
        "url": "",
    }
    offered = {
        "title": _other_titles(candidate),
        "outlet": _other_outlets(asked, candidate),
        "date": _other_days(article),
        "url": _other_addresses(candidate),
    }
    return tuple(
        Field(
            name,
            label,
            values[name][0],
            values[name][1],
            name in edits and values[name][0] != values[name][1],
            marks.get(name, ""),
            found[name],
            tuple(_once(offered[name], values[name])),
        )
        for name, label in _FIELDS.items()
    )


def _once(offered: Iterable[Suggestion], known: Sequence[str]) -> Iterator[Suggestion]:
    met = {"", *known}
    for one in offered:
        if one.value not in met:
            met.add(one.value)
            yield one


def _taken_from(article: Article, name: str) -> str:
    where = article.evidence.get(name, "")
    return f"取自{in_words(where)}" if where else ""


def _day_found(article: Article) -> str:
    chosen = next((one for one in article.dates if one.chosen), None)
    if chosen is None:
        return _taken_from(article, "date") or "页面上没有可信的日期"
    agreeing = len({one.where for one in article.dates if one is not chosen and one.day == chosen.day})
    told = f"取自{in_words(chosen.where)}" + (f"“{chosen.text}”" if chosen.text else "")
    if chosen.because not in ("", BELIEVED):
        told += f"，{chosen.because}"
    return told + (f"，另有 {agreeing} 处一致" if agreeing else "")


def _other_titles(candidate: Candidate) -> Iterator[Suggestion]:
    for one in candidate.articles[1:4]:
        # whose page it is, not whom the page names as its source: a title is often the reprinting site's own
        yield Suggestion(one.title, f"{one.publisher or one.outlet}的标题")


def _other_outlets(asked: Asked, candidate: Candidate) -> Iterator[Suggestion]:
    article = candidate.article
    yield Suggestion(article.origin, "页面写的来源")
    yield Suggestion(article.publisher, "网站")
    owner = asked.desk.config.outlets.at(article.url)
    if owner is not None:
        yield Suggestion(owner.name, "媒体登记")


def _other_days(article: Article) -> Iterator[Suggestion]:
    for one in article.dates:
        if one.day is not None and not one.chosen:
            yield Suggestion(one.day.isoformat(), one.where + (f"，{one.because}" if one.because else ""))


def _other_addresses(candidate: Candidate) -> Iterator[Suggestion]:
    article = candidate.article
    yield Suggestion(desktop(public(article.url), article.aliases), "电脑版地址")
    yield Suggestion(printed_url(public(article.url)), "去掉跟踪参数")
    for one in article.aliases[:3]:
        yield Suggestion(one, "同一页面的另一地址")


def _marks(revisions: Sequence[Revision], handle: str) -> dict[str, str]:
    """Who changed each field last and when, as an editor reads it."""
    found: dict[str, str] = {}
    for one in revisions:
        decision = one.decision
        if decision.verb == "return":
            names: Iterable[str] = (*_FIELDS, _TEXT)
        elif decision.verb == "edit" and decision.target == handle:
            names = (_TEXT if name in ("body", "blocks") else name for name in decision.values)
        else:
            continue
        found |= dict.fromkeys(names, signed(decision.who, decision.when))
    return found


def _body_rows(blocks: Sequence[Block], pictures: str) -> tuple[BodyRow, ...]:
    return tuple(
        BodyRow(
            number,
            row.kind,
            ROW_KINDS[row.kind][2],
            row.text,
            row.block,
            f"{pictures}/{block.blob}" if block.kind is Kind.FIGURE and block.blob else "",
            _cells(block) if block.kind is Kind.TABLE else (),
        )
        for number, (row, block) in enumerate(zip(rows(blocks), blocks, strict=True), start=1)
    )


def _cells(block: Block) -> tuple[tuple[Cell, ...], ...]:
    table = grid(block)
    if table is None:
        return ()
    above = table.covered
    return tuple(
        tuple(
            Cell(text, y < table.header, *table.spans.get((y, x), (1, 1)))
            for x, text in enumerate(row)
            if (y, x) not in above
        )
        for y, row in enumerate(table.rows)
    )


def _was(now: Item) -> tuple[tuple[str, str], ...]:
    return (
        ("title", now.title),
        ("outlet", now.outlet),
        ("date", now.date.isoformat() if now.date else ""),
        ("url", public(now.url)),
        ("blocks", digest(written(now.blocks))[:32]),
    )


# ------------------------------------------------------------------------------------------ what comes back


def given(form: Form, candidate: Candidate, now: Item) -> dict[str, str]:
    """What a form changes of a candidate: the fields whose value is another than the form was made with.

    Not the one in force: somebody may have changed that meanwhile, and who did not touch a field says nothing of it.
    """
    values = {
        name: form.get(name) for name in _FIELDS if name in form.fields and form.get(name) != form.get(f"was-{name}")
    }
    if (sent := _rows_of(form)) is not None:
        blocks = composed(sent, _figures(candidate, now))
        text = written(blocks)
        if digest(text)[:32] != form.get("was-blocks"):
            values["blocks"] = text
    return values


def _rows_of(form: Form) -> list[Row] | None:
    """The rows of the body that a form brings; `None` when it says nothing of the body."""
    if text := form.get("rows"):
        try:
            return [Row(str(one["block"]), str(one["kind"]), str(one["text"])) for one in json.loads(text)]
        except (JSONDecodeError, TypeError, KeyError, RecursionError):
            raise UsageError("正文各段读不出来，没有保存。", "请重新打开本条再试。") from None
    if "row-kind" not in form.fields:
        return None
    parts = [form.fields.get(f"row-{name}", ()) for name in ("block", "kind", "text")]
    if len(set(map(len, parts))) != 1:
        raise UsageError("正文各段不完整，没有保存。", "请重新打开本条再试。")
    return [Row(*one) for one in zip(*parts, strict=True)]


def _figures(candidate: Candidate, now: Item) -> set[str]:
    known = (block for article in candidate.articles for block in article.blocks)
    return {part for block in (*known, *now.blocks) if block.kind is Kind.FIGURE for part in (block.src, block.blob)}


def save(asked: Asked) -> Response:
    """What somebody edited of a candidate, as one decision; a suggestion that was clicked is part of it."""
    desked, handle = asked.desked(), asked.path("handle")
    form = asked.form
    reverted = form.get("revert")
    values = given(form, find_candidate(desked.draft, handle), printed(desked.draft, desked.draft.candidate(handle)))
    field, _, value = form.get("apply").partition(_SEPARATOR)
    if field in _FIELDS:
        values[field] = value
    for name in ("body", "blocks") if reverted == _TEXT else (reverted,):
        values.pop(name, None)
    decisions = [asked.decision("edit", handle, **values)] if values else []
    decisions += [asked.decision("revert", handle, field=reverted)] if reverted else []
    return decided(asked, desked, *decisions, whole=bool(field or reverted))


def decided(asked: Asked, desked: Desked, *decisions: Decision, whole: bool = True) -> Response:
    """Applies decisions about one candidate and shows it as it is then.

    A script gets the candidate anew, or, without `whole`, only what stands beside the fields: what is being typed
    in them stays.
    """
    handle = asked.path("handle")
    seen = natural(asked.form.get("revision")) or 0
    for decision in decisions:
        desked = asked.desk.decide(desked, decision, seen=seen)
        seen = desked.revision
    if not asked.fragment:
        return asked.to(f"{draft_address(desked.draft.series, desked.draft.window)}?item={handle}#item")
    when = f"已保存 {asked.now.astimezone(BEIJING):%H:%M}"
    answer = asked.page(
        "_item.html" if whole else "_saved.html", item=replace(item_view(asked, desked, handle), saved=when)
    )
    if whole:
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#item", "innerHTML"
    if decisions:
        answer.headers["HX-Trigger"] = "revised"
    return answer


def pasted_rows(desked: Desked, blocks: Sequence[Block]) -> tuple[BodyRow, ...]:
    """The rows of a form for blocks that are not part of the body yet."""
    return _body_rows(blocks, f"{draft_address(desked.draft.series, desked.draft.window)}/pictures")


def show(asked: Asked) -> Response:
    """A candidate: as a part of the draft page, or as a page by itself."""
    view = item_view(asked, asked.desked(), asked.path("handle"))
    return asked.page("_item.html" if asked.fragment else "item.html", item=view)


_PLACE = "/issues/{series}/{start}/items/{handle}"
MOST_BYTES = 12_000_000
"""Of what a form may bring: the longest text that is kept, 300,000 characters, thrice over and escaped."""

ROUTES = (Route("GET", _PLACE, show, Role.VIEWER),)
