"""Where a candidate came from: its text as read, its page as it was, what it is like beside another text."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import nh3
from markupsafe import Markup
from starlette.responses import Response

from pipeline.desk import Snapshot
from pipeline.errors import UsageError
from pipeline.model import (
    BELIEVED,
    Article,
    Block,
    Candidate,
    DateClaim,
    Desked,
    Draft,
    Kind,
    Role,
    SideBySide,
)
from pipeline.steps.assemble import printed
from pipeline.steps.blocks import written
from pipeline.steps.leftover import Leftover, name_of
from pipeline.steps.rate.marking import Marked, Marker
from pipeline.web.asking import Asked, Route, draft_address
from pipeline.web.pages.item import KINDS, decided, find_candidate, pasted_rows
from pipeline.web.rendering import in_words, moment, own_styles, picture_type, render

_TABS = {"text": "原文", "page": "网页快照", "diff": "与上一版差异", "facts": "核对"}
_TAGS = frozenset(
    (
        *("p", "div", "span", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "center"),
        *("b", "strong", "u", "s", "sub", "sup", "small", "big", "font", "a", "blockquote", "pre", "code"),
        *("ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "img"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    )
)
_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src {}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_MOST_PICTURES = 24 * 2**20


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A block of an article as it was read, or one that was left out."""

    pieces: tuple[Marked, ...]
    kind: Kind
    name: str
    """What it is asked back by; empty for one that is in the body."""
    why: str
    """Who left it out: the reading, or an editor."""


@dataclass(frozen=True, slots=True)
class Other:
    """What a candidate may be held against."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at where a candidate came from."""

    name: str
    words: str
    here: bool


@dataclass(frozen=True, slots=True)
class DayClaim:
    """Who says when an article was published, and whether that is believed."""

    where: str
    text: str
    day: str
    verdict: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """One tab below a candidate."""

    address: str
    snapshot: str
    item: str
    revision: int
    editable: bool
    tab: str
    tabs: tuple[Tab, ...]
    paragraphs: tuple[Paragraph, ...] = ()
    topics: tuple[str, ...] = ()
    trouble: str = ""
    others: tuple[Other, ...] = ()
    compared: SideBySide | None = None
    revisit: str = ""
    """What the page was like when it was last asked for; empty when it never was."""
    changed: bool = False
    claims: tuple[DayClaim, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def show(asked: Asked) -> Response:
    """One tab: the text, the page, another text beside it, what speaks for it."""
    desked = asked.desked()
    view = _view(asked, desked, asked.path("handle"), asked.query("tab", "text"))
    return asked.page("_original.html" if asked.fragment else "original.html", source=view)


def _view(asked: Asked, desked: Desked, handle: str, tab: str) -> SourceView:
    draft = desked.draft
    candidate = find_candidate(draft, handle)
    tab = tab if tab in _TABS else "text"
    item = f"{draft_address(draft.series, draft.window)}/items/{handle}"
    view = SourceView(
        address=f"{item}/source",
        snapshot=f"{item}/page",
        item=item,
        revision=desked.revision,
        editable=desked.state.open and asked.who.role.allows(Role.EDITOR),
        tab=tab,
        tabs=tuple(Tab(name, words, name == tab) for name, words in _TABS.items()),
    )
    match tab:
        case "page":
            return view
        case "diff":
            return _beside(asked, draft, candidate, view)
        case "facts":
            return _facts(asked, candidate, view)
        case _:
            return _text(asked, draft, candidate, view)


def _text(asked: Asked, draft: Draft, candidate: Candidate, view: SourceView) -> SourceView:
    source = asked.desk.source(draft, candidate.handle)
    marker = Marker(asked.desk.config.scope, [one.term for one in candidate.rating.matches if not one.against])
    paragraphs = tuple(_paragraphs(draft, candidate, source.left, marker))
    topics = dict.fromkeys(one.topic for each in paragraphs for one in each.pieces if one.topic)
    return replace(view, paragraphs=paragraphs, topics=tuple(topics), trouble=source.trouble)


def _paragraphs(draft: Draft, candidate: Candidate, left: Sequence[Leftover], marker: Marker) -> Iterator[Paragraph]:
    """The article as it was read, with what was left out of it between its paragraphs."""
    body = {name_of(block) for block in printed(draft, candidate).blocks}
    between: dict[int, list[Block]] = {}
    for one in left:
        between.setdefault(one.after, []).append(one.block)
    blocks = candidate.article.blocks
    for place in range(len(blocks) + 1):
        for block in between.get(place, ()):
            here = name_of(block) in body
            yield _paragraph(block, marker, "" if here else "读取时略去")
        if place < len(blocks):
            here = name_of(blocks[place]) in body
            yield _paragraph(blocks[place], marker, "" if here else "已不在正文里")


def _paragraph(block: Block, marker: Marker, why: str) -> Paragraph:
    words = f"〔图片{'：' + block.text if block.text else ''}〕" if block.kind is Kind.FIGURE else block.plain
    return Paragraph(marker.marked(words), block.kind, name_of(block) if why else "", why)


def _beside(asked: Asked, draft: Draft, candidate: Candidate, view: SourceView) -> SourceView:
    others = list(_others(asked, draft, candidate))
    wanted = asked.query("with") or (others[0][0] if others else "")
    if not others:
        return replace(view, trouble="没有可对照的：往期没有相近的条目，也没有折叠的转载或疑似同一事件的候选。")
    if wanted not in dict(others):
        raise UsageError("不能与它对照。", "请从列表里选。")
    return replace(
        view,
        others=tuple(Other(value, words, value == wanted) for value, words in others),
        compared=asked.desk.compared(draft, candidate.handle, wanted),
    )


def _others(asked: Asked, draft: Draft, candidate: Candidate) -> Iterator[tuple[str, str]]:
    """What a candidate may be held against: earlier issues, what may be the same event, what is folded under it."""
    for one in candidate.coverage:
        place = asked.desk.place(draft, one)
        yield f"{one.series}/{one.number}-{one.position}", f"{place}《{one.title}》（{one.relation.chinese}）"
    mine = {one.id for one in candidate.articles}
    for edge in sorted(candidate.suspected, key=lambda edge: -edge.score):
        aside = next(iter({edge.a, edge.b} - mine), "")
        for other in draft.candidates:
            if aside in {one.id for one in other.articles}:
                yield other.handle, f"候选《{other.article.title}》（{edge.relation.chinese} {edge.score:.2f}）"
    for article in candidate.articles[1:]:
        yield article.url, f"{article.outlet}《{article.title}》（折叠）"


def _facts(asked: Asked, candidate: Candidate, view: SourceView) -> SourceView:
    article = candidate.article
    seen = asked.desk.revisits.of([article.url]).get(article.url)
    told = ""
    if seen is not None:
        told = f"{moment(seen.when)} 再次打开：{seen.told or '与采集时一致'}"
    facts = (
        ("作者", article.author),
        ("编辑", article.editor),
        ("页面写的来源", article.origin),
        ("网站", article.publisher),
        ("正文置信度", f"{article.confidence:.2f}"),
        ("页面质量", f"{article.quality:.2f}" + (f"（{'；'.join(article.lacks)}）" if article.lacks else "")),
        ("附件", "、".join(one.name for one in article.attachments)),
    )
    return replace(
        view,
        revisit=told,
        changed=bool(seen and seen.told),
        claims=tuple(
            DayClaim(in_words(one.where), one.text, one.day.isoformat() if one.day else "", _verdict(one, article))
            for one in article.dates
        ),
        facts=tuple((word, value) for word, value in facts if value),
        notes=article.notes,
    )


def _verdict(claim: DateClaim, article: Article) -> str:
    """What became of a claim, in Chinese: 采用, 一致, 未采用：与采用的不一致."""
    if claim.chosen:
        return "采用" if claim.because in ("", BELIEVED) else f"采用：{claim.because}"
    if claim.day is not None and claim.day == article.date:
        return "一致"
    return f"未采用：{claim.because}" if claim.because else "未采用"


# ------------------------------------------------------------------------------------------ the page as it was


def snapshot(asked: Asked) -> Response:
    """The page as it was fetched: nothing in it acts, leads anywhere, or comes from elsewhere."""
    found = asked.desk.snapshot(asked.desked().draft, asked.path("handle"))
    fetched = f"采集于 {moment(found.fetched)}" if found.fetched else ""
    page = render("snapshot.html", body=_clean(found), trouble=found.trouble, fetched=fetched)
    answer = Response(page, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY.format(own_styles(page))
    return answer


def _clean(found: Snapshot) -> Markup:
    """Its markup, of which nh3 keeps what is named here and nothing else."""
    room = _MOST_PICTURES

    def kept(tag: str, name: str, value: str) -> str | None:
        nonlocal room
        if name != "src":
            return value
        data = found.pictures.get(value, b"")
        room -= len(data)
        if not data or room < 0:
            return None
        return f"data:{picture_type(data)};base64,{base64.b64encode(data).decode()}"

    return Markup(
        nh3.clean(
            found.markup,
            tags=set(_TAGS),
            attributes={"img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
            attribute_filter=kept,
            url_schemes={"data", "http", "https"},  # of an address before its picture stands in its place
            link_rel=None,
        )
    )


# ------------------------------------------------------------------------------------------ back into the body


def restore(asked: Asked) -> Response:
    """Puts a paragraph that was left out back into the body, as an edit of it."""
    desked, handle = asked.desked(), asked.path("handle")
    blocks = written(asked.desk.restored(desked.draft, handle, asked.form.get("block")))
    return decided(asked, desked, asked.decision("edit", handle, blocks=blocks))


def paste(asked: Asked) -> Response:
    """What somebody pasted, as rows for the form; nothing of it is kept yet."""
    desked, handle = asked.desked(), asked.path("handle")
    given = asked.form.files.get("html")
    if given is None:
        raise UsageError("没有粘贴的内容。")
    found = asked.desk.cleaned(desked, handle, given.data)
    answer = asked.page("_pasted.html", rows=pasted_rows(desked, found.blocks), kinds=KINDS)
    told = f"已粘贴 {len(found.blocks)} 段" + "".join(f"；{note}" for note in found.notes)
    answer.headers["X-Told"] = quote(told)
    return answer


_PLACE = "/issues/{series}/{start}/items/{handle}"
ROUTES = (
    Route("GET", f"{_PLACE}/source", show, Role.VIEWER),
    Route("GET", f"{_PLACE}/page", snapshot, Role.VIEWER),
    Route("POST", f"{_PLACE}/paste", paste, Role.EDITOR, max_bytes=34_000_000),
)
