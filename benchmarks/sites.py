"""The reading by site, and with what was written for one site switched off for it.

The rules are written by hand, so no training can leave a site out. What can be left out are the names that only one
site's pages use: the classes and ids of its body's container and of its template's fields. They are switched off for
that site's pages, which are then read by the general rules alone, as pages of a site never seen are.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from benchmarks.marks import FIELDS, judged, mean
from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Page
from pipeline.steps.extract import container, extract, facts
from pipeline.steps.extract.decode import Text, decode
from pipeline.steps.extract.tree import marks, name, parse

_TWO_PART = {"com", "net", "org", "gov", "edu", "co"}


def site_of(entry: dict[str, Any]) -> str:
    """The registered part of a page's host, or where the page came from when it has no address."""
    host = (urlsplit(entry["url"]).hostname or "").split(".")
    if len(host) < 2:
        return str(entry.get("origin") or "unknown").rpartition("/")[0]  # repository: folder/site/page.html
    return ".".join(host[-3:] if len(host) > 2 and host[-2] in _TWO_PART else host[-2:])


def print_sites(folder: Path, truth: list[dict[str, Any]], rows: dict[str, dict[str, Any]]) -> None:
    by_site = defaultdict(list)
    for entry in truth:
        by_site[site_of(entry)].append(entry)
    own = names_of_one_site(folder, by_site)
    print(f"\n{len(by_site)} sites; {sum(map(len, own.values()))} names are used by one of them alone.\n")
    print("| site | pages | body F1 | without its own names |\n|---|---|---|---|")
    everything: list[dict[str, float]] = []
    for site, entries in sorted(by_site.items(), key=lambda pair: -len(pair[1])):
        usual = [judged(entry, rows.get(entry["file"], {})) for entry in entries]
        without = [
            judged(entry, reading)
            for entry, reading in zip(entries, read_without(folder, entries, own[site]), strict=True)
        ]
        everything += without
        scores = [mean([page["body"] for page in pages if "body" in page]) for pages in (usual, without)]
        print(f"| {site} | {len(entries)} | {scores[0]:.3f} | {scores[1]:.3f} |")
    print("\nAll pages, every site without the names that only it uses:")
    for label, field in FIELDS.items():
        print(f"| {label} | {mean([page[field] for page in everything if field in page]):.3f} |")
    nameless = [
        judged(entry, reading)
        for entry, reading in zip(truth, read_without(folder, truth, {"*"}), strict=True)
        if entry["body"]
    ]
    print(f"| body F1 without any named container | {mean([page['body'] for page in nameless]):.3f} |")


def names_of_one_site(folder: Path, by_site: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    """Site → the known names of containers and template fields that no other site's pages use."""
    users = defaultdict(set)
    fields = {mark for _, mark in facts._NAMED_ELEMENTS}
    for site, entries in by_site.items():
        for entry in entries:
            text = decode((folder / entry["file"]).read_bytes())
            tree = parse(text.text) if isinstance(text, Text) else None
            for element in tree.iter() if tree is not None else ():
                for mark in marks(element).split():
                    if name(element) and (container.KNOWN.search(mark) or mark in fields):
                        users[mark].add(site)
    own = defaultdict(set)
    for mark, places in users.items():
        if len(places) == 1:
            own[places.copy().pop()].add(mark)
    return own


def read_without(folder: Path, entries: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """The entries' pages read while the given names say nothing; `*` stands for all names of containers."""
    outlets = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
    fetched = dt.datetime.now(dt.UTC)  # noqa: TID251 - a benchmark has no clock to be handed
    known, fields = container.is_known, facts._NAMED_ELEMENTS

    def still_known(marked: str) -> bool:
        return "*" not in names and known(" ".join(mark for mark in marked.split() if mark not in names))

    container.is_known = still_known  # type: ignore[assignment]  # put back below
    facts._NAMED_ELEMENTS = tuple(pair for pair in fields if pair[1] not in names)
    try:
        return [_read(folder, entry, outlets, fetched) for entry in entries]
    finally:
        container.is_known, facts._NAMED_ELEMENTS = known, fields


def _read(folder: Path, entry: dict[str, Any], outlets: Outlets, fetched: dt.datetime) -> dict[str, Any]:
    found = extract(Page(url=entry["url"], body=(folder / entry["file"]).read_bytes(), fetched=fetched), outlets)
    if not isinstance(found, Article):
        return {}
    return {
        "title": found.title,
        "date": str(found.date or ""),
        "source": found.outlet,
        "author": found.author,
        "body": found.text,
    }
