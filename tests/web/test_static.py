"""What the review page serves of its own and of others: nothing from elsewhere, nothing inline, all of it licensed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from pipeline.web.rendering import _Carrying, folder
from spent import computing

VENDOR = folder() / "static" / "vendor"
PACKAGES = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]
TEMPLATES = sorted(folder().glob("*.html"))
OURS = sorted(one for one in (folder() / "static").iterdir() if one.suffix in (".css", ".js", ".svg"))
PERMISSIVE = {"0BSD", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0"}
NAMES = {"http://www.w3.org/2000/svg"}  # what is only a name, and never asked for


def test_every_vendored_file_is_the_one_that_is_listed_and_no_other_is_there():
    listed = {name: sha256 for package in PACKAGES for name, sha256 in package["files"].items()}
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDOR.toml"
    }
    assert there == listed


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: one["name"])
def test_every_vendored_package_has_its_licence_beside_it_and_its_version_in_its_folder(package):
    folders = {Path(name).parts[0] for name in package["files"]}
    assert len(folders) == 1
    assert folders.pop().endswith(f"-{package['version']}")
    assert any(Path(name).name.startswith("LICENSE") for name in package["files"])
    assert package["license"] in PERMISSIVE


@pytest.mark.parametrize("path", sorted((folder() / "static").rglob("*.css")), ids=lambda one: one.name)
def test_no_style_loads_anything(path):
    assert not re.findall(r"""@import|url\(\s*(?!["']?data:)[^)]*""", path.read_text("utf-8"))


@pytest.mark.parametrize("path", OURS, ids=lambda one: one.name)
def test_nothing_we_wrote_names_another_host(path):
    assert set(re.findall(r"https?://[\w./-]+", path.read_text("utf-8"))) <= NAMES


class _Inline(HTMLParser):
    """Collects what a strict policy refuses, and what comes from elsewhere."""

    def __init__(self, *, apart: bool) -> None:
        super().__init__()
        self._apart = apart
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attributes}
        values = dict(attributes)
        if (tag == "style" and not self._apart) or (tag == "script" and not values.get("src")):
            self.found.append(f"<{tag}>")
        self.found += [
            f"{tag} {name}" for name in names if name == "style" or name.startswith(("on", "hx-on", "hx-vars"))
        ]
        for name in names & {"src", "href", "action", "formaction", "hx-get", "hx-post"}:
            value = (values[name] or "").strip()
            if value.startswith(("http:", "https:", "//", "javascript:", "data:")):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda one: one.name)
def test_no_template_holds_a_script_a_style_or_a_handler_or_names_another_host(path):
    # what Jinja writes itself is taken out, so that a condition inside a tag does not hide the rest of the tag
    text = re.sub(r"\{%.*?%\}|\{#.*?#\}", " ", path.read_text("utf-8"), flags=re.DOTALL)
    # the page of somebody else lies in a frame that may not load even our styles; its policy names its own by hash
    reader = _Inline(apart=path.name == "snapshot.html")
    reader.feed(re.sub(r"\{\{.*?\}\}", "x", text, flags=re.DOTALL))
    assert reader.found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda one: one.name)
def test_no_template_switches_the_escaping_off(path):
    assert not re.search(r"\|\s*safe\b|autoescape", path.read_text("utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda one: one.name)
def test_every_form_that_changes_something_is_completed_without_holding_anybody_up(path):
    text = path.read_text("utf-8")
    with computing(0.5):
        completed = _Carrying(Environment()).preprocess(text, path.name)
    assert completed.count("csrf_field()") == text.count('method="post"')


def test_every_key_is_explained_on_the_help_page():
    scripts = "".join(one.read_text("utf-8") for one in OURS if one.suffix == ".js")
    known = set(re.findall(r'shortcut\("([^"]+)",', scripts))
    for path in TEMPLATES:
        known |= set(re.findall(r'data-click="([^"{]+)"', path.read_text("utf-8")))
    told = set(re.findall(r'"([^"]+)"', (folder() / "help.html").read_text("utf-8")))
    assert {"j", "x", "?", "Ctrl+S"} <= known
    assert known <= told
