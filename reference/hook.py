"""What mkdocs calls while it builds the site: brings in the pages that are made, marks Chinese as Chinese."""

from __future__ import annotations

import re

from material.plugins.search import plugin as searching
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from reference import PAGES, PARTS


def on_config(*_: object, **__: object) -> None:
    """Keeps the theme from cutting words where jieba happens to be installed: a reader's query is cut in characters."""
    searching.jieba = None


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the pages of the reference."""
    for place, make in PAGES.items():
        files.append(File.generated(config, place, content=make()))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Puts made parts in where a page asks for them."""
    return re.sub(r"^<!-- (\w+) -->$", lambda asked: PARTS[asked[1]](), markdown, flags=re.MULTILINE)


def on_page_content(html: str, *, page: Page, **_: object) -> str:
    """Says of a Chinese page that it is one, so that a browser takes Chinese fonts."""
    chinese = page.file.src_uri.endswith(".zh.md")
    return f'<div lang="zh-Hans">\n{html}\n</div>' if chinese else html
