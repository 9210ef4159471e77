"""Which program made a file: what of it has a say in the bytes."""

from __future__ import annotations

import importlib.metadata
import platform
import zlib
from functools import cache
from pathlib import Path

from lxml import etree

from pipeline.model import digest

_LIBRARIES = ("bulletin-desk", "python-docx", "jinja2", "pillow")


@cache
def program() -> dict[str, str]:
    """What has a say in the bytes → its version; of our own code a digest: it changes between releases."""
    here = Path(__file__).parent
    paths = [*sorted(here.glob("*.py")), *sorted((here.parent / "model").glob("*.py"))]
    sources = [part for path in paths for part in (path.name, path.read_bytes())]
    return {
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        "outputs": digest(*sources)[:12],
        "python": platform.python_version(),
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
