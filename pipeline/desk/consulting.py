"""Consulting: what an editor looks up beside the draft: its preview, a page as it was, what was left out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

import structlog

from pipeline.desk.releasing import Releasing
from pipeline.errors import BlobLost, SourceError, UsageError
from pipeline.model import Article, Block, Desked, Draft, Issue, Kind, Page, Revisit
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.pages import page_numbers, to_pdf
from pipeline.steps.assemble import printed
from pipeline.steps.decide import find
from pipeline.steps.leftover import Leftover, left_over, name_of, restored
from pipeline.steps.snapshot import snapshot

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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page as it was fetched, to be cleaned by whoever shows it."""

    markup: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Address in the markup → what is printed of the picture; others were never fetched."""
    fetched: dt.datetime | None = None
    trouble: str = ""
    """Why there is none, in Chinese."""


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
        if desked.put_out:
            return self.issues.release_of(desked.id, desked.released).issue
        return self.issue(desked)

    def preview(self, desked: Desked) -> bytes:
        """The issue as it would be printed, as one page of HTML: the same value that the document is made of."""
        draft = not desked.put_out
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
            draft=not desked.put_out,
            revision=desked.revision,
            pictures=self._blobs.get,
        )
        document = FORMATS["docx"].render(issue, context)
        return partial(to_pdf, document, fonts=template.parent / "fonts.conf")

    def frozen(self, desked: Desked, suffix: str) -> dict[str, bytes]:
        """A file of an issue that is out, with the pictures that a Markdown file shows; as it was put out.

        Raises `UsageError` when the issue was not put out in that format.
        """
        release = self.issues.release_of(desked.id, desked.released)
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
        except BlobLost as error:
            log.error("page is lost", url=article.url, why=error.message)
            return Source(None, (), "保存的网页已缺失或损坏", revisit)
        if page is None:
            return Source(None, (), "没有保存这篇文章的网页", revisit)
        try:
            left = self._children.apart(left_over, page, article.title, article.blocks)
        except SourceError as error:
            return Source(page, (), f"网页没有能再读一遍（{error.message}）", revisit)
        return Source(page, left, "", revisit)

    def snapshot(self, draft: Draft, target: str) -> Snapshot:
        """A candidate's page as it was fetched, without what acts, and the pictures of it that are here."""
        _, article = find(draft, target)
        try:
            page = self._page_behind(article)
        except BlobLost as error:
            log.error("page is lost", url=article.url, why=error.message)
            return Snapshot("", trouble="保存的网页已缺失或损坏。")
        if page is None:
            return Snapshot("", trouble="没有保存这篇文章的网页：它是粘贴来的、早于开始保存，或已过保留期限。")
        try:
            markup = self._children.apart(snapshot, page)
        except SourceError as error:
            return Snapshot("", trouble=f"网页没有能打开（{error.message}）。")
        if not markup:
            return Snapshot("", trouble="采集到的是文件（PDF、DOCX 等），不是网页，这里不能显示。")
        blobs = {block.src: block.blob for block in article.blocks if block.src and block.blob}
        return Snapshot(markup, {src: self._blobs.get(blob) for src, blob in blobs.items()}, page.fetched)

    def restored(self, draft: Draft, target: str, named: str) -> tuple[Block, ...]:
        """The body of a candidate with a block that the reading left out, or an editor, at its place in the page.

        `named` is `name_of` the block. Raises `UsageError` when there is no such one, or the body has it already.
        """
        candidate, article = find(draft, target)
        own = [Leftover(place, block) for place, block in enumerate(article.blocks)]
        wanted = next((one for one in own if name_of(one.block) == named), None)
        if wanted is None:
            wanted = next((one for one in self.source(draft, target).left if name_of(one.block) == named), None)
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
