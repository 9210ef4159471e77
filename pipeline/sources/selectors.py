"""CSS selectors and XPath expressions of sources.yaml, as XPath."""

from __future__ import annotations

import re

from cssselect import SelectorError
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from pipeline import config
from pipeline.errors import ConfigError

_PREFIX = "xpath:"
_FROM_ROOT = re.compile(r"((?:^|\|)\s*)/")  # where a path, or a further one after |, starts from the root


def is_xpath(selector: str) -> bool:
    """Whether a selector is XPath: it starts with `/`, `./` or `xpath:`."""
    return selector.startswith(("/", "./", _PREFIX))


def xpath(selector: str, *, inside: bool = False) -> str:
    """A selector of either language as XPath; `inside` an element, a leading `/` starts from that element."""
    if not is_xpath(selector):
        return HTMLTranslator().css_to_xpath(selector)
    path = selector.removeprefix(_PREFIX).strip()
    return _FROM_ROOT.sub(r"\1./", path) if inside else path


def check(source: config.Source, **selectors: str) -> None:
    """Raises `ConfigError` for the first selector that is none; empty ones are not meant."""
    for key, selector in selectors.items():
        try:
            if selector:
                etree.XPath(xpath(selector))
        except (SelectorError, etree.XPathError, ValueError) as error:
            language = "XPath" if is_xpath(selector) else "CSS selector"
            raise ConfigError(f"sources.yaml: source {source.name}", f"{key}: {selector!r} is no {language}") from error
