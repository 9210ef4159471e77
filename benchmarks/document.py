"""Seconds and memory of making an issue of 5, 50 and 500 articles (17,000 paragraphs, 200 pictures) as a document.

usage: python -m benchmarks.document [--pdf] [--pages]

Each row is made in a process of its own. Two peers use python-docx's own API in a loop: `same` makes the same document,
run by run, with links, bookmarks, page fields and tables, told beforehand what to write (see `benchmarks.peer`; text,
styles and number of runs of each paragraph are compared with ours); `bare` makes paragraphs of one run each, with the
same styles and texts. `given` is ours where the page numbers are known, as `same` knows them. `--pdf` times LibreOffice
on it too (minutes for 500 articles); `--pages` lets the page numbers be held against LibreOffice's as well, see
benchmarks.pages.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import docx
from docx.shared import Cm

from benchmarks.issues import picture, varied_issue
from benchmarks.peer import Line, Rows, emptied, read, same_document, told
from pipeline.config import packaged
from pipeline.model import Issue, Kind
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.layout import estimate
from pipeline.outputs.pages import to_pdf
from pipeline.outputs.styles import w
from pipeline.outputs.template import Template
from pipeline.outputs.word import render_docx

SIZES = (5, 50, 500)
PICTURES = 200
_TEMPLATE = packaged("templates") / "gongwen.docx"
_STYLES = {
    Kind.PARAGRAPH: "文章正文",
    Kind.ITEM: "文章列举",
    Kind.QUOTE: "文章引文",
    Kind.HEADING: "heading 3",
    Kind.CAPTION: "caption",
    Kind.FIGURE: "文章图片",
}
_CM_HIGH = 6.0


def issue_of(articles: int) -> Issue:
    """An issue of about 34 paragraphs an article, cells of tables included; two in five articles have a picture."""
    return varied_issue(7, articles, paragraphs=11, pictures=articles * PICTURES // SIZES[-1])


def ours(issue: Issue) -> bytes:
    """The document as the desk makes it, page numbers estimated."""
    return render_docx(issue, template=_TEMPLATE, pictures=picture)


def given(issue: Issue) -> bytes:
    """The document as the desk makes it when it knows the pages."""
    pages = {item.handle: 1 for item in issue.items}
    return render_docx(issue, template=_TEMPLATE, pictures=picture, pages=pages)


def same(issue: Issue) -> bytes:
    """The same document by python-docx alone; prints the seconds of writing it."""
    with ProcessPoolExecutor(1) as apart:  # what ours takes is not to count as the peer's memory
        said, wanted = apart.submit(_said, issue).result()
    started = time.process_time()
    made = same_document(said, _TEMPLATE)
    print(json.dumps({"seconds": time.process_time() - started}))
    with ProcessPoolExecutor(1) as apart:
        if apart.submit(told, made).result() != wanted:
            raise SystemExit("the peer's document is not the same")
    return made


def _said(issue: Issue) -> tuple[list[Line | Rows], list[tuple[str, str, int]]]:
    document = ours(issue)
    return read(document), told(document)


def bare(issue: Issue) -> bytes:
    """The same styles and texts by python-docx alone, without links, bookmarks and page numbers."""
    document = emptied(_TEMPLATE)
    add = document.add_paragraph
    for text, name in ((issue.title, "报头名称"), (issue.issuer, "报头编发行"), (issue.lead, "导语")):
        add(text, name)
    for position, item in enumerate(issue.items, 1):
        add(f"{position}. {item.title}", "toc 1")
        add(f"（{item.outlet}）", "toc 2")
    for position, item in enumerate(issue.items, 1):
        add(f"{position}. 标题：{item.title}", "heading 2")
        add(f"来源：{item.outlet}", "条目信息")
        add(f"链接：{item.url}", "条目链接")
        add("主要内容：", "条目信息")
        add(item.title, "文章标题")
        add(f"{item.date or ''}　来源：{item.outlet}", "文章来源行")
        for block in item.blocks:
            if block.kind is Kind.TABLE:
                table = document.add_table(len(block.rows), len(block.rows[0]), style="文章表格")
                for row, texts in zip(table.rows, block.rows, strict=True):
                    for cell, text in zip(row.cells, texts, strict=True):
                        cell.text = text
                        cell.paragraphs[0].style = "表格文字"
                continue
            paragraph = add(block.text, _STYLES[block.kind])
            if block.kind is Kind.FIGURE:
                paragraph.add_run().add_picture(io.BytesIO(picture(block.blob)), height=Cm(_CM_HIGH))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def markdown(issue: Issue) -> bytes:
    """The same issue as Markdown."""
    return FORMATS["md"].render(issue, Context(templates=_TEMPLATE.parent, pictures=picture))


def estimator(issue: Issue) -> bytes:
    """Nothing but the pages of the finished document."""
    opened = Template(_TEMPLATE)
    document = docx.Document(io.BytesIO(ours(issue)))
    started = time.process_time()
    estimate(document.element.body, opened.styles, lambda _: ())
    print(json.dumps({"seconds": time.process_time() - started}))
    return b""


def pdf(issue: Issue) -> bytes:
    """The finished document as LibreOffice sets it."""
    document = ours(issue)
    started = time.monotonic()
    made = to_pdf(document, fonts=_TEMPLATE.parent / "fonts.conf", seconds=1200)
    print(json.dumps({"seconds": time.monotonic() - started}))
    return made


WAYS: dict[str, Callable[[Issue], bytes]] = {
    "ours": ours, "given": given, "same": same, "bare": bare, "markdown": markdown, "estimator": estimator, "pdf": pdf,
}  # fmt: skip


def _child(way: str, articles: int) -> None:
    issue = issue_of(articles)
    for block in (block for item in issue.items for block in item.blocks if block.blob):
        picture(block.blob)  # drawn before the clock starts
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    made = WAYS[way](issue)
    seconds = time.process_time() - started
    if way not in ("same", "estimator", "pdf"):
        print(json.dumps({"seconds": seconds}))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paragraphs = len(docx.Document(io.BytesIO(ours(issue))).element.body.findall(f".//{w('p')}"))
    print(
        json.dumps(
            {"paragraphs": paragraphs, "bytes": len(made), "added": (after - before) / 1024, "whole": after / 1024}
        )
    )


def measured(way: str, articles: int) -> dict[str, float]:
    """One way of making one size, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.document", "--child", way, str(articles)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[str, float] = {}
    for line in lines:
        found |= json.loads(line)
    return found


def main() -> None:
    if "--child" in sys.argv:
        _child(sys.argv[2], int(sys.argv[3]))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; CPU seconds, except for the PDF")
    print("way         articles  paragraphs  seconds  paragraphs/s  growth  peak MB  added MB")
    seconds: dict[tuple[str, int], float] = {}
    for way in WAYS:
        if way == "pdf" and "--pdf" not in sys.argv:
            continue
        last: tuple[float, float] | None = None
        for articles in SIZES:
            one = measured(way, articles)
            seconds[way, articles] = one["seconds"]
            grown = math.log(one["seconds"] / last[1]) / math.log(one["paragraphs"] / last[0]) if last else math.nan
            last = one["paragraphs"], one["seconds"]
            print(
                f"{way:10}  {articles:8}  {one['paragraphs']:10.0f}  {one['seconds']:7.2f}"
                f"  {one['paragraphs'] / one['seconds']:12.0f}  {grown:6.2f}  {one['whole']:7.0f}  {one['added']:8.0f}",
                flush=True,
            )
    for articles in SIZES:
        for peer in ("same", "bare"):
            ratios = {way: seconds[peer, articles] / seconds[way, articles] for way in ("given", "ours")}
            print(
                f"{articles} articles: {ratios['given']:.1f} times as fast as `{peer}` with the pages given,"
                f" {ratios['ours']:.1f} times with the estimate of the pages"
            )
    if "--pages" in sys.argv:
        subprocess.run([sys.executable, "-m", "benchmarks.pages"], check=False)


if __name__ == "__main__":
    main()
