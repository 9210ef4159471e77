"""Where leads come from, one file a kind.

A kind is a class made from its piece of sources.yaml, the workspace (for relative paths) and the most
leads to take from the web in one visit; it has the two methods of `Source`. A new kind is one file, one
class of settings and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.sources.feed import Feed
from pipeline.sources.folder import Folder
from pipeline.sources.harvest import NEVER, Harvest, Memory, Source
from pipeline.sources.listing import Listing
from pipeline.sources.manual import Manual
from pipeline.sources.sitemap import Sitemap

__all__ = ["KINDS", "NEVER", "Harvest", "Memory", "Source", "open_source"]

KINDS: Mapping[str, Any] = {
    "feed": Feed,
    "folder": Folder,
    "listing": Listing,
    "manual": Manual,
    "sitemap": Sitemap,
}


def open_source(source: config.Source, workspace: Path, most: int = 200) -> Source:
    """The source of a configuration; raises `ConfigError` for settings only its kind can judge."""
    made: Source = KINDS[source.kind](source, workspace, most)
    return made
