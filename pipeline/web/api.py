"""The same verbs for programs: JSON, described by OpenAPI, with a token.

`VERBS` is the table: it makes the routes, which pass the one door like those of the pages, and the description at
`/api/v1/openapi.json`, so that neither can say what the other does not do. Nobody is let in by a cookie: no other
site can have a browser send anything here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse, Response

from pipeline.desk import Desk
from pipeline.errors import Blocked, Collision, Conflict, NotConverted, TemplateError, UsageError
from pipeline.model import BEIJING, Desked, Found, Issue, Role
from pipeline.outputs import FORMATS
from pipeline.store import Outline
from pipeline.web import messages as m
from pipeline.web.asking import Asked, Handler, Route, attached, problem
from pipeline.web.files import drafted, issued

_BASE = "/api/v1"
_MOST_BYTES = 2_000_000
_T = TypeVar("_T")
_REFUSED: Mapping[int, str] = {
    400: "What was sent cannot be read.",
    401: "No token, or one that is worth nothing.",
    403: "The token's role does not allow it.",
    404: "There is no such thing, or it is not among the token's series.",
    409: "Not as things stand: the draft was changed (with both values), a check blocks, the state forbids it.",
    413: "Too large.",
    415: "Not JSON.",
    422: "What was sent is not of the form that is described.",
}
_PARAMETERS: Mapping[str, dict[str, object]] = {
    "series": {"type": "string", "minLength": 1, "description": "Id of a series, as beijing-monthly."},
    "start": {"type": "string", "format": "date", "description": "The window's first day."},
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999, "description": "The issue's number."},
    "name": {"type": "string", "minLength": 1, "description": "A file's name, as the issue lists it."},
    "format": {"type": "string", "enum": list(FORMATS), "description": "What is to be had, by the suffix of its file."},
}


class _Absent(Exception):
    """What the address names is not there."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that programs may ask for."""

    method: Literal["GET", "POST"]
    path: str
    """Below `/api/v1`."""
    name: str
    told: str
    role: Role
    answer: Callable[..., BaseModel | Response]
    """With what was asked, and the question or the body where it takes one."""
    gives: type[BaseModel] | None = None
    """`None` for a file."""
    asks: type[BaseModel] = m.Nothing
    """What may stand behind the question mark."""
    takes: Any = None
    """The type of the body."""
    status: int = 200
    refused: tuple[int, ...] = field(default=())
    """With which statuses it may be refused, beside those of every verb."""


def _series_list(asked: Asked, _: m.Nothing) -> m.SeriesList:
    configured = asked.desk.config.series.values()
    return m.SeriesList(
        series=[
            m.SeriesAbout(id=one.id, title=one.title, issuer=one.issuer) for one in configured if asked.who.sees(one.id)
        ]
    )


def _windows(asked: Asked, _: m.Nothing) -> m.WindowList:
    series = _found(asked.series)
    return m.WindowList(
        series=series.id,
        windows=[
            m.WindowAbout(
                start=one.window.start, end=one.window.end, phase=one.phase, number=max(one.number, 0), told=one.told
            )
            for one in asked.desk.standing(series)
        ],
    )


def _start(asked: Asked, _: m.Nothing) -> m.Started:
    series, window = _found(asked.series), _found(asked.window)
    if window not in {one.window for one in asked.desk.standing(series)}:
        raise _Absent
    asked.desk.to_be_made(series, f"{window.start}")
    asked.office.launch(series.id, window, asked.who.name)
    return m.Started(series=series.id, start=window.start)


# ------------------------------------------------------------------------------------------ drafts


def _drafts(asked: Asked, question: m.OfSeries) -> m.DraftList:
    drafts = []
    for series in asked.desk.config.series.values():
        if asked.who.sees(series.id) and question.series in ("", series.id):
            for start, stand in sorted(asked.desk.issues.stand(series.id).items()):
                window = series.window_of(start)
                drafts.append(
                    m.DraftAbout(
                        series=series.id,
                        start=window.start,
                        end=window.end,
                        number=stand.number,
                        revision=stand.revision,
                        state=stand.state,
                        released=stand.released,
                    )
                )
    return m.DraftList(drafts=drafts)


def _draft(asked: Asked, _: m.Nothing) -> m.DraftWhole:
    desked = _found(asked.desked)
    draft, issue = desked.draft, asked.desk.issue(desked)
    return m.DraftWhole(
        **_about(desked).model_dump(),
        lead=issue.lead,
        items=list(_items(issue)),
        candidates=[
            m.CandidateAbout(
                handle=one.handle,
                chosen=one.handle in draft.chosen,
                score=one.rating.score,
                verdict=one.rating.verdict,
                reasons=list(one.rating.because),
                earlier=asked.desk.place(draft, one.earlier) if one.earlier else "",
                versions=[
                    m.VersionAbout(title=each.title, outlet=each.outlet, url=each.url, date=each.date)
                    for each in one.articles
                ],
            )
            for one in draft.candidates
        ],
        findings=[
            m.FindingAbout(key=one.key, severity=one.severity, message=one.message, fix=one.fix, handle=one.handle)
            for one in asked.office.findings(asked.desk, desked)
        ],
    )


def _about(desked: Desked) -> m.DraftAbout:
    window = desked.draft.window
    return m.DraftAbout(
        series=desked.draft.series,
        start=window.start,
        end=window.end,
        number=desked.number,
        revision=desked.revision,
        state=desked.state,
        released=desked.released,
    )


def _items(issue: Issue) -> Iterator[m.ItemAbout]:
    for position, one in enumerate(issue.items, start=1):
        yield m.ItemAbout(
            position=position,
            handle=one.handle,
            title=one.title,
            outlet=one.outlet,
            url=one.url,
            date=one.date,
            text=one.text,
        )


def _decide(asked: Asked, body: Any) -> m.DraftAbout:
    desked = _found(asked.desked)
    said = body.model_dump(exclude={"verb", "revision", "target", "reason"}, exclude_none=True, mode="json")
    values = {{"version": "with"}.get(name, name): str(value) for name, value in said.items() if value is not False}
    decision = asked.decision(body.verb, body.target, body.reason, **values)
    return _about(asked.desk.decide(desked, decision, seen=body.revision))


def _proceeding(take: Callable[[Desk, Desked, str, Any], object]) -> Callable[[Asked, m.Seen], m.DraftAbout]:
    """A step from exactly the revision that was looked at; `take` gets the desk, that revision, who and the body."""

    def proceed(asked: Asked, body: m.Seen) -> m.DraftAbout:
        series, window = _found(asked.series), _found(asked.window)
        _found(asked.desked)
        take(asked.desk, asked.desk.desked(series.id, window, body.revision), asked.who.name, body)
        return _about(asked.desk.desked(series.id, window))

    return proceed


def _draft_file(asked: Asked, _: m.Nothing) -> Response:
    return drafted(asked, _found(asked.desked), _format(asked))


def _format(asked: Asked) -> str:
    if (suffix := asked.path("format")) in FORMATS:
        return suffix
    raise _Absent


# ------------------------------------------------------------------------------------------ what is out


def _issues(asked: Asked, question: m.OfYear) -> m.IssueList:
    outlines = asked.desk.entries.outlines(_visible(asked, question.series), year=question.year)
    return m.IssueList(issues=[m.IssueAbout(**_outlined(one)) for one in outlines])


def _issue(asked: Asked, _: m.Nothing) -> m.IssueWhole:
    outline = _outline(asked)
    release = asked.desk.issues.release_of(outline.id, outline.revision)
    return m.IssueWhole(
        **_outlined(outline),
        title=release.issue.title,
        issuer=release.issue.issuer,
        lead=release.imported.lead if release.imported else release.issue.lead,
        revision=outline.revision,
        who=release.who,
        when=release.when.astimezone(BEIJING),
        items=list(_items(release.issue)),
    )


def _file(asked: Asked, _: m.Nothing) -> Response:
    outline, name = _outline(asked), asked.path("name")
    data = asked.desk.ever_given_out(outline.id, name)
    if data is None:
        raise _Absent
    path = PurePosixPath(name)
    kind = _KINDS.get(path.suffix[1:], "application/octet-stream")
    return Response(data, media_type=kind, headers={"Content-Disposition": attached(path.name)})


def _issue_file(asked: Asked, _: m.Nothing) -> Response:
    return issued(asked, _outline(asked), _format(asked))


def _outline(asked: Asked) -> Outline:
    if found := asked.outline():
        return found
    raise _Absent


def _outlined(one: Outline) -> dict[str, Any]:
    return {
        "series": one.series,
        "number": one.number,
        "start": one.window.start,
        "end": one.window.end,
        "withdrawn": one.withdrawn,
        "corrections": one.corrections,
        "imported": not one.files,
        "titles": list(one.titles),
        "files": [m.FileAbout(name=name, sha256=blob) for name, blob in one.files.items()],
    }


def _search(asked: Asked, question: m.Sought) -> m.FoundList:
    answer = asked.desk.search(
        question.q,
        series=_visible(asked, question.series),
        year=question.year,
        outlet=question.outlet,
        newest=question.sort == "newest",
        most=question.most,
        after=question.after,
    )
    return m.FoundList(total=answer.total, items=[_hit(one.found, one.passage.pieces) for one in answer.hits])


def _hit(one: Found, pieces: tuple[tuple[str, bool], ...]) -> m.FoundAbout:
    return m.FoundAbout(
        series=one.series,
        number=one.number,
        position=one.position,
        title=one.title,
        outlet=one.outlet,
        date=one.date,
        url=one.url,
        passage=list(pieces),
    )


def _visible(asked: Asked, series: str) -> set[str] | None:
    """The series that may be looked into; `None` for all."""
    if series:
        return {series} if asked.who.sees(series) else set()
    return asked.visible()


def _sources(asked: Asked, _: m.Nothing) -> m.SourceList:
    return m.SourceList(
        sources=[
            m.SourceAbout(
                id=source.id,
                name=source.name,
                health=pulse.health,
                trouble=pulse.trouble,
                because=pulse.because,
                since=pulse.since,
                succeeded=pulse.succeeded,
            )
            for source, pulse in asked.desk.pulses()
        ]
    )


_WINDOW = "/drafts/{series}/{start}"
VERBS = (
    Verb("GET", "/series", "listSeries", "The bulletins.", Role.VIEWER, _series_list, m.SeriesList),
    Verb("GET", "/series/{series}/windows", "listWindows", "The windows of a bulletin.", Role.VIEWER, _windows,
         m.WindowList, refused=(404,)),
    Verb("GET", "/drafts", "listDrafts", "Drafts, and what became of them.", Role.VIEWER, _drafts, m.DraftList,
         m.OfSeries),
    Verb("GET", _WINDOW, "getDraft", "A draft: items, candidates with reasons, findings.", Role.VIEWER, _draft,
         m.DraftWhole, refused=(404,)),
    Verb("POST", f"{_WINDOW}/start", "startDraft", "Has a window's draft made, in a process of its own.", Role.EDITOR,
         _start, m.Started, status=202, refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/decisions", "decide", "Decides one thing, on the revision that was looked at.",
         Role.EDITOR, _decide, m.DraftAbout, takes=m.Decide, refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/submit", "submitDraft", "Hands exactly this revision in.", Role.EDITOR,
         _proceeding(lambda desk, desked, who, _: desk.submit(desked, who)), m.DraftAbout, takes=m.Seen,
         refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/approve", "approveDraft", "Finds exactly this revision fit to go out.", Role.APPROVER,
         _proceeding(lambda desk, desked, who, _: desk.approve(desked, who)), m.DraftAbout, takes=m.Seen,
         refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/release", "releaseDraft", "Puts exactly this revision out, for good.", Role.APPROVER,
         _proceeding(lambda desk, desked, who, _: desk.release(desked, who)), m.DraftAbout, takes=m.Seen,
         refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/send-back", "sendDraftBack", "Gives exactly this revision back to be changed.",
         Role.APPROVER, _proceeding(lambda desk, desked, who, body: desk.send_back(desked, who, body.reason)),
         m.DraftAbout, takes=m.Because, refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/withdraw", "withdrawIssue", "Marks what is out as something that no longer holds.",
         Role.APPROVER, _proceeding(lambda desk, desked, who, body: desk.withdraw(desked, who, body.reason)),
         m.DraftAbout, takes=m.Because, refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/correct", "correctIssue",
         "Begins a correction of what is out, or says anew what one puts right; the reason is printed.",
         Role.APPROVER, _proceeding(lambda desk, desked, who, body: desk.correct(desked, who, body.reason)),
         m.DraftAbout, takes=m.Because, refused=(404, 409)),
    Verb("POST", f"{_WINDOW}/drop", "dropCorrection", "Gives a correction up that was begun.", Role.APPROVER,
         _proceeding(lambda desk, desked, who, _: desk.drop(desked, who)), m.DraftAbout, takes=m.Seen,
         refused=(404, 409)),
    Verb("GET", f"{_WINDOW}/files/{{format}}", "getDraftFile",
         "The draft as it is now, in a format: marked 送审稿, or the file that was put out.", Role.VIEWER, _draft_file,
         refused=(404, 409)),
    Verb("GET", "/issues", "listIssues", "The archive.", Role.VIEWER, _issues, m.IssueList, m.OfYear),
    Verb("GET", "/issues/{series}/{number}", "getIssue", "An issue of the archive.", Role.VIEWER, _issue, m.IssueWhole,
         refused=(404,)),
    Verb("GET", "/issues/{series}/{number}/files/{name}", "getFile", "A file that was put out.", Role.VIEWER, _file,
         refused=(404,)),
    Verb("GET", "/issues/{series}/{number}/formats/{format}", "makeFile",
         "The issue in a format: as it was put out, else made now in the look it had then.", Role.VIEWER, _issue_file,
         refused=(404, 409)),
    Verb("GET", "/search", "search", "Items of issues that are out.", Role.VIEWER, _search, m.FoundList, m.Sought),
    Verb("GET", "/sources", "listSources", "How the sources are doing.", Role.VIEWER, _sources, m.SourceList),
)  # fmt: skip
_KINDS = {suffix: one.media_type for suffix, one in FORMATS.items()} | {"png": "image/png", "jpg": "image/jpeg"}


# ------------------------------------------------------------------------------------------ how they are asked


def _found(look: Callable[[], _T]) -> _T:
    """What an address names; that it names nothing is no mistake of the body."""
    try:
        return look()
    except UsageError as error:
        raise _Absent from error


def _handler(verb: Verb) -> Handler:
    def answer(asked: Asked) -> Response:
        try:
            question = _question(verb, asked)
            done = verb.answer(asked, _body(verb, asked) if verb.takes else question)
        except _Absent:
            return problem(404, "没有找到", "没有这个内容，或者它不在这个令牌的刊物之内。")
        except _Unfit as error:
            return problem(error.status, "不合格式", error.detail, f"格式见 {_BASE}/openapi.json。")
        except Collision as error:
            return problem(409, "没有完成", error.message, error.fix, clashes=_clashes(error))
        except (Conflict, UsageError, Blocked, TemplateError, NotConverted) as error:
            return problem(409, "没有完成", error.message, error.fix)
        if isinstance(done, Response):
            return done
        return Response(done.model_dump_json(), verb.status, media_type="application/json")

    return answer


class _Unfit(Exception):
    """What was sent is not of the form that is described."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def _question(verb: Verb, asked: Asked) -> BaseModel:
    said = asked.request.query_params
    if len(said.multi_items()) > len(said):
        raise _Unfit(422, "网址里同一个名称出现了两次。")
    try:
        return verb.asks.model_validate(dict(said))
    except ValidationError as error:
        raise _Unfit(422, _told(error)) from None


def _body(verb: Verb, asked: Asked) -> Any:
    if asked.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Unfit(415, "须以 application/json 发送。")
    try:
        return _adapter(verb.takes).validate_json(asked.form.body)
    except ValidationError as error:
        raise _Unfit(422, _told(error)) from None


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _told(error: ValidationError) -> str:
    """The first thing that does not fit, by its place; what pydantic says of it is the programmer's language."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "内容"
    return f"{place}：{first['msg']}"


def _clashes(error: Collision) -> list[dict[str, object]]:
    return [
        m.Clashing(
            matter=one.matter.chinese,
            handle=one.handle,
            title=one.title,
            seen=one.seen,
            mine=one.mine,
            theirs=one.theirs,
            by=one.by.decision.who if one.by else "",
        ).model_dump()
        for one in error.clashes
    ]


# ------------------------------------------------------------------------------------------ how they are described


def description() -> dict[str, Any]:
    """All verbs in OpenAPI 3.1."""
    models: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(m.Problem, "serialization")]
    for verb in VERBS:
        if verb.gives and (verb.gives, "serialization") not in models:
            models.append((verb.gives, "serialization"))
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    known = schemas["$defs"]
    for verb in VERBS:
        paths.setdefault(f"{_BASE}{verb.path}", {})[verb.method.lower()] = _described(verb, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bulletin desk",
            "version": "1",
            "description": "What editors do on the review page, for programs. What people read in answers is Chinese.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(sorted(known.items())),
        },
    }


def _described(verb: Verb, known: dict[str, Any]) -> dict[str, Any]:
    names = [part[1:-1] for part in verb.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]} for name in names]
    questions = verb.asks.model_json_schema()
    for name, schema in questions.get("properties", {}).items():
        required = name in questions.get("required", ())
        parameters.append({"name": name, "in": "query", "required": required, "schema": schema})
    refused = {401, 403, 422, *verb.refused, *((400, 413, 415) if verb.takes else ())}
    if verb.method == "POST":
        refused |= {400, 413}
    told: dict[str, Any] = {
        "operationId": verb.name,
        "summary": verb.told,
        "description": f"Needs the role “{verb.role.value}” or one above it.",
        "parameters": parameters,
        "responses": {
            str(verb.status): {"description": "Done.", "content": _content(verb)},
            **{
                str(status): {
                    "description": _REFUSED[status],
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status in sorted(refused)
            },
        },
    }
    if verb.takes:
        schema = _adapter(verb.takes).json_schema(ref_template="#/components/schemas/{model}")
        known.update(schema.pop("$defs", {}))
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _content(verb: Verb) -> dict[str, Any]:
    if verb.gives:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{verb.gives.__name__}"}}}
    others = ("application/octet-stream", "application/zip")  # Markdown comes with its pictures, as one file
    kinds = sorted({kind.partition(";")[0] for kind in (*_KINDS.values(), *others)})
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}


def _openapi(asked: Asked) -> Response:
    """What programs may ask for, and what they are told."""
    return JSONResponse(description())


ROUTES = (
    Route("GET", f"{_BASE}/openapi.json", _openapi, Role.VIEWER),
    *(
        Route(
            one.method, _BASE + one.path.replace("{name}", "{name:path}"), _handler(one), one.role, max_bytes=2_000_000
        )
        for one in VERBS
    ),
)
