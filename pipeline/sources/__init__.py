"""Where leads come from, one file a kind.

A kind is a class made from its piece of sources.yaml and the means it works with; it has the two methods of
`Source`. What it makes of a document is a function of its module, from plain values to plain values, so that
the document can be parsed in another process. A new kind is one file, one class of settings and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.model import Clock, Fetch
from pipeline.sources.epaper import Epaper
from pipeline.sources.feed import Feed
from pipeline.sources.folder import Folder
from pipeline.sources.harvest import NEVER, Apart, Harvest, Means, Memory, Source, here, no_browser, no_clock
from pipeline.sources.json import Json
from pipeline.sources.listing import Listing
from pipeline.sources.manual import Manual
from pipeline.sources.sitemap import Sitemap
from pipeline.sources.warc import Warc

__all__ = ["KINDS", "NEVER", "Apart", "Harvest", "Memory", "Source", "here", "open_source"]

KINDS: Mapping[str, Any] = {
    "epaper": Epaper,
    "feed": Feed,
    "folder": Folder,
    "json": Json,
    "listing": Listing,
    "manual": Manual,
    "sitemap": Sitemap,
    "warc": Warc,
}


def open_source(
    source: config.Source,
    workspace: Path,
    most: int = 200,
    *,
    apart: Apart = here,
    render: Fetch = no_browser,
    clock: Clock = no_clock,
) -> Source:
    """The source of a configuration; raises `ConfigError` for settings only its kind can judge.

    Every document is parsed through `apart`; `render` gets the pages of sources that need a browser; `clock` says
    which day it is to those whose addresses name it.
    """
    means = Means(workspace, most, apart, render, clock)
    made: Source = KINDS[source.kind](source, means)
    return made
