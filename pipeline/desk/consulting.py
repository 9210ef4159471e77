"""Consulting: what an editor looks up beside the draft: its preview, a page as it was, what was left out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

import structlog

from pipeline.desk.releasing import Releasing
from pipeline.errors import SourceError, StoreError, UsageError
from pipeline.model import Article, Block, Desked, Draft, Issue, Kind, Page, Revisit, State
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.pages import page_numbers, to_pdf
from pipeline.steps.assemble import printed
from pipeline.steps.decide import find
from pipeline.steps.leftover import Leftover, left_over, restored

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an article came from."""

    page: Page | None
    """As it was fetched; `None` when nothing of it was kept."""
    left: tuple[Leftover, ...]
    """What of its body the reading left out, in the page's order."""
    trouble: str = ""
    """Why the page cannot be shown or was not read again, in Chinese."""
    revisit: Revisit | None = None
    """What the page looked like when it was last asked for again."""


class Consulting(Releasing):
    """Answers questions about a draft; keeps nothing."""

    def at(self, desked: Desked, revision: int) -> Desked:
        """The draft as it was at an earlier revision; raises `UsageError` when there is no such one."""
        if not 0 < revision <= desked.revision:
            raise UsageError(f"没有修订{revision}。", f"现在是修订{desked.revision}。")
        if revision == desked.revision:
            return desked
        return replace(desked, revision=revision, draft=self.issues.at_revision(desked.id, revision))

    def shown_issue(self, desked: Desked) -> Issue:
        """The issue that a draft or an issue that is out shows: what is out does not change with the settings."""
        if desked.state is State.RELEASED:
            return self.issues.release_of(desked.id, desked.revision).issue
        return self.issue(desked)

    def preview(self, desked: Desked) -> bytes:
        """The issue as it would be printed, as one page of HTML: the same value that the document is made of."""
        draft = desked.state is not State.RELEASED
        templates = self._template("bulletin.html.j2").parent
        context = Context(templates, draft=draft, revision=desked.revision if draft else 0, pictures=self._blobs.get)
        return FORMATS["html"].render(self.shown_issue(desked), context)

    def typesetting(self, desked: Desked) -> Callable[[], bytes]:
        """What makes a PDF of the draft as Word prints it: it takes seconds, and no longer needs the desk."""
        issue = self.shown_issue(desked)
        template = self._document_template(issue.series)
        context = Context(
            templates=template.parent,
            template=template.stem,
            pages=page_numbers(issue, template, pictures=self._blobs.get, estimate_only=True),
            draft=desked.state is not State.RELEASED,
            revision=desked.revision,
            pictures=self._blobs.get,
        )
        document = FORMATS["docx"].render(issue, context)
        return partial(to_pdf, document, fonts=template.parent / "fonts.conf")

    def frozen(self, desked: Desked, suffix: str) -> dict[str, bytes]:
        """A file of an issue that is out, with the pictures that a Markdown file shows; as it was put out.

        Raises `UsageError` when the issue was not put out in that format.
        """
        release = self.issues.release_of(desked.id, desked.revision)
        name = f"{release.issue.filename}.{suffix}"
        if name not in release.files:
            known = "、".join(PurePosixPath(one).suffix[1:] for one in release.files if "/" not in one)
            raise UsageError(f"第{desked.number}期没有发布 {suffix} 格式的文件。", f"已发布：{known}。")
        beside = {one: blob for one, blob in release.files.items() if "/" in one} if suffix == "md" else {}
        return {one: self._blobs.get(blob) for one, blob in {name: release.files[name], **beside}.items()}

    def picture(self, draft: Draft, blob: str) -> bytes:
        """A picture that a candidate of the draft may print; raises `UsageError` for any other."""
        if not any(block.blob == blob for block in _figures(draft)):
            raise UsageError("这份草稿里没有这张图片。")
        return self._blobs.get(blob)

    def source(self, draft: Draft, target: str) -> Source:
        """Where a candidate's article came from: its page, read once more for what the reading left out."""
        _, article = find(draft, target)
        revisit = self.revisits.of([article.url]).get(article.url)
        try:
            page = self._page_behind(article)
        except StoreError as error:
            log.error("page is lost", url=article.url, why=error.message)
            return Source(None, (), "保存的网页已缺失或损坏", revisit)
        if page is None:
            return Source(None, (), "没有保存这篇文章的网页", revisit)
        try:
            left = self._children.apart(left_over, page, article.title, article.blocks)
        except SourceError as error:
            return Source(page, (), f"网页没有能再读一遍（{error.message}）", revisit)
        return Source(page, left, "", revisit)

    def restored(self, draft: Draft, target: str, text: str) -> tuple[Block, ...]:
        """The body of a candidate with a paragraph that the reading left out, at its place in the page.

        Raises `UsageError` when the page has no such paragraph, or the body has it already.
        """
        candidate, article = find(draft, target)
        wanted = next((one for one in self.source(draft, target).left if one.block.plain == text), None)
        if wanted is None:
            raise UsageError("网页里没有这一段了。", "请重新打开“原文”。")
        body = printed(draft, candidate).blocks
        if wanted.block in body:
            raise UsageError("这一段已经在正文里。")
        return restored(body, article.blocks, wanted)

    def _page_behind(self, article: Article) -> Page | None:
        stored = self.leads.at(article.url)
        number = next((one.page for one in stored if one.article == article.id and one.page is not None), None)
        if number is None:
            number = next((one.page for one in stored if one.page is not None), None)
        return None if number is None else self.leads.page(number)


def _figures(draft: Draft) -> Iterator[Block]:
    """Every picture of a draft's articles; an edit brings no others."""
    for candidate in draft.candidates:
        for article in candidate.articles:
            yield from (block for block in article.blocks if block.kind is Kind.FIGURE and block.blob)
