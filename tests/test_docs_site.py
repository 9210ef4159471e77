"""The site of the documentation builds strictly, loads nothing from elsewhere, and its reference is the code's."""

from __future__ import annotations

import http.server
import re
import shlex
import threading
import warnings
from collections.abc import Iterator
from functools import cache, partial
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import get_args
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typer.core import TyperGroup
from typer.main import get_command

from pipeline import cli
from pipeline.config import (
    Axis,
    ExtractRule,
    Outlet,
    Scope,
    Series,
    Settings,
    Source,
    Topic,
    packaged,
    variables,
)
from pipeline.model import Role, Severity
from pipeline.steps.check import CHECKS
from pipeline.steps.mending import MENDS
from pipeline.web.api import VERBS
from pipeline.web.table import ROUTES
from promises import OPEN, lines

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site as `make docs` builds it: with anything to warn of there would be none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mkdocs' own imports; what it has to say of our pages it counts itself
        from mkdocs.commands.build import build
        from mkdocs.config import load_config

        folder = tmp_path_factory.mktemp("site")
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[str, html.HtmlElement]:
    """Place in the site → the page."""
    return {str(file.relative_to(site)): html.parse(file).getroot() for file in sorted(site.rglob("*.html"))}


def _text(node) -> str:
    return " ".join(node.text_content().split())


def _settings(page) -> dict[str, str]:
    """Anchor of a setting, a check or a metric → what the page says of it."""
    listed = page.xpath("//article//dt[code/@id]")
    return {one.xpath("code/@id")[0]: _text(one.xpath("following-sibling::dd[1]")[0]) for one in listed}


# ------------------------------------------------------------------------------------------ the site


def test_every_link_of_the_site_leads_to_a_page_and_an_anchor_that_are_there(site, pages):
    dead = []
    anchors = {place: {*page.xpath("//@id"), ""} for place, page in pages.items()}
    for place, page in pages.items():
        for address in {*page.xpath("//@href | //@src")}:
            where = urlsplit(urljoin(place, address))
            if (
                where.scheme in ("http", "https", "data", "mailto") or place == "404.html"
            ):  # that one is served anywhere
                continue
            target = unquote(where.path) or place
            there = target in anchors or (site / target).is_file()
            if not there or unquote(where.fragment) not in anchors.get(target, {where.fragment}):
                dead.append(f"{place}: {address}")
    assert dead == []


def test_the_site_loads_nothing_from_elsewhere(site, pages):
    for place, page in pages.items():
        loaded = page.xpath("//@src | //link[not(@rel='canonical')]/@href | //@srcset | //@poster | //object/@data")
        assert [one for one in loaded if urlsplit(one).netloc] == [], place
        assert page.xpath("//*[contains(@class, 'mermaid')]") == [], "the theme would get Mermaid from elsewhere"
        assert not re.search(r"url\(|@import", " ".join(page.xpath("//style/text()")))
    for sheet in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", sheet.read_text("utf-8"))
        assert [one for one in found if urlsplit(one).netloc] == [], sheet.name


def test_chinese_pages_say_that_they_are_chinese(pages):
    assert {place for place, page in pages.items() if page.xpath("//article//div[@lang='zh-Hans']")} == {
        place for place in pages if place.endswith(".zh.html")
    }


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address(site) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_whoever_looks_for_a_chinese_word_finds_where_it_stands_and_asks_no_other_host(chromium, address):
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}reference/codes.html")
    field = page.locator("input.md-search__input")
    found = page.locator(".md-search-result__item").filter(has_text="检查项 Checks")
    for word, place in (
        ("检查项", found),
        ("检鼋", page.get_by_text("No matching documents")),
        ("疑似被插入推广词", found),
    ):
        field.fill(word)
        field.press("End")  # as after an input method has put the word in: the search waits for a key that is let go
        place.wait_for(timeout=20_000)
    assert "Missing" not in found.inner_text()
    page.close()
    assert [one for one in asked if not one.startswith((address, "data:", "blob:"))] == []


# ------------------------------------------------------------------------------------------ the reference


def test_every_setting_is_in_the_reference_with_its_meaning_and_no_other(pages):
    told = _settings(pages["reference/settings.html"])
    assert {".".join(path) for path in variables().values()} <= {name.removeprefix("settings.") for name in told}
    for name, path in variables().items():
        assert name in _text(
            pages["reference/settings.html"].get_element_by_id(".".join(("settings", *path))).getparent()
        )
    many = {"ports", "connect_to", "formats", "notify.to", "notify.events", "notify.series"}
    assert {name.removeprefix("settings.") for name in told} - {".".join(path) for path in variables().values()} == many
    assert [name for name, meaning in told.items() if not meaning] == []


@pytest.mark.parametrize(
    ("page", "models"),
    [
        ("series", {"series": Series}),
        ("scope", {"scope": Scope}),
        ("outlets", {"outlets": Outlet}),
        ("sources", {"sources.extract": ExtractRule}),
    ],
)
def test_every_key_of_the_other_files_is_in_the_reference_with_its_meaning(pages, page, models):
    told = _settings(pages[f"reference/{page}.html"])
    for where, model in models.items():
        names = {field.alias or name for name, field in model.model_fields.items()} - {"id"}
        inner = {name.removeprefix(f"{where}.").split(".")[0] for name in told if name.startswith(f"{where}.")}
        assert names <= inner
        assert inner <= names or page == "sources"
    assert [name for name, meaning in told.items() if not meaning] == []


@pytest.mark.parametrize("kind", get_args(get_args(Source)[0]), ids=lambda kind: kind.__name__)
def test_every_kind_of_source_is_in_the_reference_with_its_keys(pages, kind):
    page = pages["reference/sources.html"]
    word = get_args(kind.model_fields["kind"].annotation)[0]
    told = {name.removeprefix("sources.").removeprefix(f"{word}.") for name in _settings(page)}
    assert page.get_element_by_id(word) is not None
    assert {*kind.model_fields} <= told


@cache
def _whole() -> TyperGroup:
    return get_command(cli.app)


def _commands() -> dict[str, object]:
    found = {}
    for name, one in _whole().commands.items():
        for each, command in one.commands.items() if isinstance(one, TyperGroup) else [("", one)]:
            found[f"{name} {each}".strip()] = command
    return found


def test_every_command_is_in_the_reference_and_no_other(pages):
    headings = {
        _text(one).rstrip("¶ ") for one in pages["reference/commands.html"].xpath("//article//h2 | //article//h3")
    }
    groups = {name.partition(" ")[0] for name in _commands()}
    assert headings == {"bulletin", *(f"bulletin {name}" for name in (*_commands(), *groups))}


@pytest.mark.parametrize("name", _commands())
def test_every_option_of_a_command_is_in_the_reference_and_its_help_says_what_it_does(pages, name):
    assert _commands()[name].help
    part = []
    for node in pages["reference/commands.html"].get_element_by_id(name.replace(" ", "-")).itersiblings():
        if node.tag in ("h2", "h3"):
            break
        part.append(node)
    text = " ".join(map(_text, part))
    shown = [one for one in _commands()[name].params if not one.hidden and one.name != "help"]
    options = {each for one in shown if one.param_type_name == "option" for each in one.opts}
    arguments = {one.name.upper() for one in shown if one.param_type_name == "argument"}
    assert {word for word in (*options, *arguments) if word not in text} == set()
    assert [one.name for one in shown if not one.help] == []
    cells = " ".join(_text(cell) for node in part for cell in node.xpath(".//td[1]"))
    second = {each for one in shown for each in one.secondary_opts}
    assert {*re.findall(r"(?<![\w-])--[a-z-]+", cells)} <= {*options, *second}


def test_every_check_is_in_the_reference_with_what_it_says_and_what_mends_it(pages):
    from reference.checks import findings

    told = _settings(pages["reference/checks.zh.html"])
    assert {*MENDS} <= {*told}
    found = [*findings()]
    assert {one.name.rstrip("-…") for one in found} == {*told}
    assert all(one.severities and one.messages for one in found)
    severities = {one.name: one.severities for one in found}
    assert severities["empty-link"] == (Severity.BLOCKING,)
    assert severities["mobile-url"] == (Severity.WARNING,)
    assert severities["same-event"] == (Severity.BLOCKING, Severity.WARNING)
    assert len(found) >= len(CHECKS)


def test_every_metric_is_in_the_reference(pages):
    made = {*re.findall(r'"(bulletin_\w+)"', (ROOT / "pipeline" / "web" / "watch.py").read_text("utf-8"))}
    assert {name.removesuffix("_total") for name in _settings(pages["reference/metrics.html"])} == made


def test_every_verb_of_the_api_is_in_the_reference_and_every_address_with_its_role(pages):
    headings = {_text(one).rstrip("¶ ") for one in pages["reference/api.html"].xpath("//article//h2")}
    assert headings == {*(f"{one.method} /api/v1{one.path}" for one in VERBS), "Refusals", "Messages"}
    for role in (None, *Role):
        table = pages["reference/roles.html"].get_element_by_id(role.value if role else "everybody").getnext()
        listed = {tuple(map(_text, row.xpath("td"))) for row in table.xpath(".//tr[td]")}
        assert listed == {(one.path, one.method, one.told) for one in ROUTES if one.role is role}


def test_every_promise_is_linked_to_each_test_and_drill_that_holds_it(pages):
    page = pages["explanation/promises.html"]
    for number, held in lines("faults.md", "FP").items():
        if number.startswith("P"):
            heading = page.get_element_by_id(number)
            assert _text(heading).startswith(f"{number} — ")
            links = heading.getnext().xpath(".//a/@href")
            assert len(links) == sum(not item.startswith(OPEN) for item in held) > 0
            assert all(link.startswith("../reference/tests.html#") for link in links)


# ------------------------------------------------------------------------------------------ what is to be typed


def _typed(document: Path) -> Iterator[tuple[int, list[str]]]:
    """Every call of `bulletin` in the fenced blocks of a document: its line, and its words."""
    fenced, whole = False, ""
    for number, line in enumerate(document.read_text("utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            whole += line.strip()
            if whole.endswith("\\"):
                whole = whole[:-1]
                continue
            for part in re.split(r"&&|\||;", whole.split(" #")[0]):
                words = shlex.split(re.sub(r"\d?>.*", "", part).removeprefix("$ "), comments=True)
                if words and words[0].rpartition("/")[2] == "bulletin":
                    yield number, words[1:]
            whole = ""


def _calls() -> list[tuple[str, list[str]]]:
    return [
        (f"{document.relative_to(ROOT)}:{number}", words)
        for document in DOCUMENTS
        for number, words in _typed(document)
    ]


@pytest.mark.parametrize(
    ("where", "words"), _calls(), ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_every_command_line_of_the_documents_is_one(where, words):
    command, name = _whole(), "bulletin"
    while isinstance(command, TyperGroup):
        with command.make_context(name, [*words], resilient_parsing=False) as context:
            words = [*context._protected_args, *context.args]
            name, command, words = command.resolve_command(context, words)
    with command.make_context(name, words) as context:
        assert context.args == []


def test_every_command_that_the_site_names_in_passing_is_one_and_has_the_options_it_is_named_with(pages):
    wrong = []
    for place, page in pages.items():
        for said in page.xpath("//article//*[not(self::pre)]/code[starts-with(., 'bulletin ')]/text()"):
            command, options = _whole(), [one.opts for one in _whole().params]
            for word in re.sub(r"-C \S+", "", said).split()[1:]:
                if isinstance(command, TyperGroup) and not word.startswith("-"):
                    named = [command.commands.get(one) for one in word.split("|")]
                    command = named[0] if all(named) else None
                    options += [[*one.opts, *one.secondary_opts] for one in getattr(command, "params", ())]
                elif word.startswith("--") and word.partition("=")[0] not in [*chain(*options), "--help"]:
                    command = None
                if command is None:
                    wrong.append(f"{place}: {said}")
                    break
    assert wrong == []


_FOREIGN = {"scrape_configs", "groups", "services"}
"""What begins samples of other programs' files: Prometheus, containers."""


def _samples() -> list[tuple[str, object]]:
    """Every block of YAML in the documents, by where it stands."""
    return [
        (
            f"{document.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}",
            YAML(typ="safe").load(dedent(found[1])),
        )
        for document in DOCUMENTS
        for text in [document.read_text("utf-8")]
        for found in re.finditer(r"^ *```yaml[^\n]*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("where", "sample"), _samples(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_sample_of_the_configuration_in_the_documents_is_one(where, sample):
    if isinstance(sample, list):
        kind = Source if all("kind" in one for one in sample) else Outlet
        assert TypeAdapter(list[kind]).validate_python(sample)
    elif {*sample} <= {*Settings.model_fields}:
        assert Settings.model_validate(sample)
    elif {*sample} <= {*Scope.model_fields}:
        packaged_scope = YAML(typ="safe").load((packaged("config") / "scope.yaml").read_text("utf-8"))
        assert Scope.model_validate(
            packaged_scope | {name: sample[name] for name in sample.keys() - {"axes", "topics"}}
        )
        for name, kind in (("axes", Axis), ("topics", Topic)):
            assert TypeAdapter(list[kind]).validate_python(sample.get(name, [])) is not None
    elif not {*sample} & _FOREIGN:
        assert TypeAdapter(dict[str, Series]).validate_python(sample)
