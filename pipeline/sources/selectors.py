"""Selectors of sources.yaml where lists are read: as XPath, and checked when a source is opened."""

from __future__ import annotations

import re

from pipeline import config
from pipeline.errors import ConfigError

_FROM_ROOT = re.compile(r"((?:^|\|)\s*)/")  # where a path, or a further one after |, starts from the root


def xpath(selector: str, *, inside: bool = False) -> str:
    """A selector of either language as XPath; `inside` an element, a leading `/` starts from that element."""
    path = config.as_xpath(selector)
    return _FROM_ROOT.sub(r"\1./", path) if inside and config.is_xpath(selector) else path


def check(source: config.Source, **selectors: str) -> None:
    """Raises `ConfigError` for the first selector that is none; empty ones are not meant."""
    for key, selector in selectors.items():
        try:
            if selector:
                config.as_xpath(selector)
        except ValueError as error:
            raise ConfigError(f"sources.yaml: source {source.name}", f"{key}: {error}") from error
