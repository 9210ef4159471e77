"""What a run leaves on Prefect's server for an operator to read; what counts is in the store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import structlog
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from pipeline.config import Series
from pipeline.desk import Desk, Report, command
from pipeline.model import Release, Window, chinese_date

log = structlog.get_logger("pipeline.flows")


def named(series: Series, window: Window) -> str:
    """A window as an operator calls it: beijing-monthly 2024-06, national-weekly 2024-06-01."""
    return f"{series.id} {window.start:%Y-%m}" if series.first_day is None else f"{series.id} {window.start}"


def of_draft(desk: Desk, series: Series, window: Window, report: Report) -> None:
    """The draft in short, what became of every lead, and the sources that stayed silent."""
    about = named(series, window)
    with leniently("no artifact"):
        create_markdown_artifact(
            key=_key("draft", series), markdown=_draft(desk, series, window, report), description=about
        )
        create_table_artifact(
            key=_key("fates", series),
            table=[{"fate": fate.chinese, "leads": count} for fate, count in report.tally.counts.items() if count],
            description=f"{about}: {report.tally}",
        )
        _of_silent(desk, _key("silent-sources", series), about, report.silent)


def of_collecting(desk: Desk, asked: int, silent: Sequence[str]) -> None:
    """The sources that stayed silent in a round of collecting."""
    with leniently("no artifact"):
        _of_silent(desk, "silent-sources", f"sources asked: {asked}", silent)


def of_release(series: Series, released: Release) -> None:
    """What was put out, with digests."""
    issue = released.issue
    files = "\n".join(f"| {name} | `{sha}` |" for name, sha in released.files.items())
    with leniently("no artifact"):
        create_markdown_artifact(
            key=_key("release", series),
            markdown=f"# {issue.title} 第{issue.number_chinese}期\n\n| file | SHA-256 |\n|---|---|\n{files}\n",
            description=f"{issue.title} {issue.number}, {chinese_date(issue.date)}",
        )


def _of_silent(desk: Desk, key: str, about: str, silent: Sequence[str]) -> None:
    if not silent:
        return
    reasons = {one.name: desk.leads.asked(one.id).trouble for one in desk.sources()}
    create_table_artifact(
        key=key,
        table=[{"source": name, "why": reasons.get(name, "")} for name in silent],
        description=f"{about}: {len(silent)} not collected",
    )


def _draft(desk: Desk, series: Series, window: Window, report: Report) -> str:
    draft, number = report.draft, report.desked.number if report.desked else 0
    chosen = [draft.candidate(handle).article for handle in draft.chosen]
    waiting = len(draft.candidates) - len(chosen)
    lines = [f"# {series.title} {f'第{number}期' if number > 0 else ''} {window}", ""]
    lines += [f"{i}. {_plain(one.title)}（{_plain(one.outlet)}，{one.date}）" for i, one in enumerate(chosen, 1)]
    lines += [] if chosen else ["本期无符合条件的信息。"]
    lines += ["", f"{len(chosen)} in, {waiting} more candidates. {report.tally}", ""]
    if report.silent:
        lines += [f"Not collected: {'、'.join(map(_plain, report.silent))}", ""]
    page = desk.config.settings.web.url
    where = f"{page.rstrip('/')}/issues/{quote(series.id)}/{window.start}" if page else ""
    review = f"[Review this draft]({where})" if where else f"Review: `{command('draft show', series, window)}`"
    return "\n".join([*lines, review, ""])


def _plain(text: str) -> str:
    """Text from the web, so that Markdown takes nothing in it for its own."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", " ".join(text.split()))


def _key(what: str, series: Series) -> str:
    """Prefect takes lower-case letters, figures and dashes; the versions of one key are listed together."""
    return re.sub(r"[^a-z0-9-]+", "-", f"{what}-{series.id}".lower()).strip("-")


@contextmanager
def leniently(otherwise: str) -> Iterator[None]:
    """What Prefect's server is told or asked beside the work must not make it fail."""
    try:
        yield
    except Exception as error:
        log.warning(otherwise, why=str(error))
