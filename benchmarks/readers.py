"""Reads pages with one reader and prints what it found, how fast, and how much memory it took.

usage: python readers.py READER < pages.jsonl > found.jsonl

Run by `benchmarks.extraction` in a process of its own for each reader, in the environment the reader is installed
in: nothing but the standard library is imported before the reader. A line in is `{"file", "path", "url", "text"}`;
a line out has the fields of `score.py`, the last line `{"seconds", "megabytes"}`. Our own reader is given the bytes
of a page, the others its text, so that none of them loses for want of an encoding. The first pages are read once
before the clock starts; it counts the processor's time for one reading of every page.
"""

import contextlib
import datetime as dt
import json
import sys
import time
from pathlib import Path

_WARM = 3


def ours():
    from pydantic import TypeAdapter

    from pipeline.config import Outlet, Outlets, packaged, read
    from pipeline.model import Article, Kind, Page
    from pipeline.steps.extract import extract

    outlets = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
    fetched = dt.datetime.now(dt.UTC)  # noqa: TID251 - a benchmark has no clock to be handed

    def run(page):
        found = extract(Page(url=page["url"], body=Path(page["path"]).read_bytes(), fetched=fetched), outlets)
        if not isinstance(found, Article):
            return {"refused": found.because}
        return {
            "title": found.title,
            "date": str(found.date or ""),
            "source": found.outlet,
            "author": found.author,
            "editor": found.editor,
            "body": found.text,
            "confidence": found.confidence,
            "captions": [block.text for block in found.blocks if block.kind is Kind.CAPTION],
            "evidence": dict(found.evidence),
        }

    return run, run


def trafilatura(**options):
    from trafilatura import bare_extraction

    def run(page):
        found = bare_extraction(page["text"], with_metadata=True, **options)
        known = found.as_dict() if found else {}
        fields = {"title": "title", "date": "date", "source": "sitename", "author": "author", "body": "text"}
        return {label: known.get(theirs) or "" for label, theirs in fields.items()}

    return run, lambda page: bare_extraction(page["text"], **options)


def gne():
    from gne import GeneralNewsExtractor

    extractor = GeneralNewsExtractor()

    def run(page):
        found = extractor.extract(page["text"])
        return {
            "title": found.get("title"),
            "date": found.get("publish_time"),
            "author": found.get("author"),
            "body": found.get("content"),
        }

    return run, run


def newspaper4k():
    from newspaper import Article

    def run(page):
        article = Article(page["url"] or "https://page.example/", language="zh", fetch_images=False)
        article.download(input_html=page["text"])
        article.parse()
        return {
            "title": article.title,
            "date": str(article.publish_date or ""),
            "author": " ".join(article.authors),
            "source": article.meta_site_name,
            "body": article.text,
        }

    return run, run


def readability():
    from lxml import html
    from readability import Document

    def run(page):
        document = Document(page["text"])
        tree = html.fromstring(document.summary())
        blocks = tree.xpath("//p | //h2 | //h3 | //li | //pre | //div[not(.//p | .//div)]")
        lines = [line for block in blocks for line in block.text_content().split("\n")]
        return {"title": document.short_title(), "body": "\n".join(lines)}

    return run, run


def with_metadata():
    run, _ = trafilatura()
    return run, run


READERS = {
    "ours": ours,
    "trafilatura": trafilatura,
    "trafilatura, with metadata": with_metadata,
    "trafilatura, precision": lambda: trafilatura(favor_precision=True),
    "GNE": gne,
    "newspaper4k": newspaper4k,
    "readability-lxml": readability,
}
"""A reader gives what it does for the fields, and what it does when only the body's reading is timed."""


def main():
    run, timed = READERS[sys.argv[1]]()
    pages = [json.loads(line) for line in sys.stdin]
    for page in pages[:_WARM]:
        attempt(timed, page)
    started = time.process_time()
    for page in pages:
        attempt(timed, page)
    seconds = time.process_time() - started
    status = Path("/proc/self/status").read_text("ascii")  # getrusage's peak would be the parent's, kept over exec
    megabytes = int(status.split("VmHWM:")[1].split()[0]) / 1024
    for page in pages:
        print(json.dumps({"file": page["file"], **(attempt(run, page) or {})}, ensure_ascii=False))
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def attempt(read, page):
    """What the reader gives; nothing where it stumbles, which counts as an unread page."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            return read(page)
        except Exception as error:
            print(f"{page['file']}: {type(error).__name__}: {error}", file=sys.stderr)
            return None


if __name__ == "__main__":
    main()
