"""Writes the workspace that looks at the demo web: its settings, its sources, and where its numbering stands."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.config import LastIssue, packaged
from pipeline.demo.site import DemoWeb
from pipeline.errors import UsageError

MARKER = ".bulletin-demo"
"""A file of this name says that the folder is the demo's, to be made anew."""

_LAST: Mapping[int, tuple[str, LastIssue]] = {
    534: ("beijing-monthly", LastIssue(number=533, window="2024-04")),
    535: ("beijing-monthly", LastIssue(number=534, window="2024-05")),
    636: ("national-weekly", LastIssue(number=635, window="2025-08-01")),
}
_SOURCES = Path(__file__).with_name("sources.yaml")
_INBOX = "inbox"
_DUMP = "000_3147b98632fa2944.txt"  # seed 000: what a feed reader saved
_AUTHORITY = "demo-ca.pem"


def write_workspace(folder: Path, web: DemoWeb, *, number: int, served: bool = False) -> None:
    """A workspace in `folder` whose next issue is `number`, one of the seeds; raises `UsageError` for another."""
    if number not in _LAST:
        raise UsageError(f"The demo has no issue {number}.", f"Known: {', '.join(map(str, _LAST))}.")
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    (config / _AUTHORITY).write_bytes(web.ca_pem)
    settings = {
        "politeness": {"seconds_per_host": 0},  # nobody is disturbed
        "connect_to": dict(web.connect_to),
        "trust": f"config/{_AUTHORITY}",
    }
    if served:
        # the web is another year's, and a page that is open for minutes needs no Prefect server beside it
        settings["clock"] = {"collect_minutes": 0, "engine": "inline"}
    (config / "settings.yaml").write_text(_yaml(settings), "utf-8")
    (config / "series.yaml").write_text(_series(*_LAST[number]), "utf-8")
    shutil.copyfile(_SOURCES, config / "sources.yaml")
    (folder / _INBOX).mkdir(exist_ok=True)
    shutil.copyfile(packaged("seeds") / _DUMP, folder / _INBOX / _DUMP)


def _series(name: str, last: LastIssue) -> str:
    """The packaged series.yaml with another last issue for one series, its comments kept."""
    yaml = YAML()
    tree = yaml.load((packaged("config") / "series.yaml").read_text("utf-8"))
    tree[name]["last"].update(last.model_dump())
    return _yaml(tree, yaml)


def _yaml(tree: Any, yaml: YAML | None = None) -> str:
    text = io.StringIO()
    (yaml or YAML()).dump(tree, text)
    return text.getvalue()
