"""Documents that stand beside the code, as pages of the site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

_ROOT = Path(__file__).parent.parent
CONTRIBUTING = "how-to/contributing.md"
CHANGES = "reference/changes.md"


def contributing() -> str:
    """CONTRIBUTING.md."""
    return _moved("CONTRIBUTING.md", CONTRIBUTING)


def changes() -> str:
    """CHANGELOG.md."""
    return _moved("CHANGELOG.md", CHANGES)


def _moved(name: str, place: str) -> str:
    """A document as it reads elsewhere: links to pages lead there, of links to the code their words are kept."""

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        if "://" in target or target.startswith("#"):
            return found[0]
        if target.startswith("docs/"):
            return f"[{words}]({posixpath.relpath(target.removeprefix('docs/'), posixpath.dirname(place))})"
        return words

    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", link, (_ROOT / name).read_text("utf-8"))
