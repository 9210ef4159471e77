"""The documentation cannot drift: what exists is documented, and what is documented exists."""

import re
import tomllib
from itertools import takewhile
from pathlib import Path
from typing import get_args

import pytest

from pipeline.config import Format, load, packaged, variables
from pipeline.demo.play import SCENES
from pipeline.outputs import FORMATS
from pipeline.sources import KINDS
from pipeline.steps.decide import DECISIONS
from reference import PAGES

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
READMES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")}
ALL = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_make_target_of_the_docs_exists():
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^ *make ([a-z]+)", ALL, re.MULTILINE)) <= targets
    assert {"install", "demo", "test", "check", "docs", "bench", "lock", "help"} <= targets


def test_ci_runs_the_test_command_of_the_readmes():
    for text in READMES.values():
        assert re.search(r"^make test\b", text, re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


_OTHERS = ("AWS_", "PREFECT_", "OFFICE_", "METRICS_TOKEN", "DO_NOT_TRACK")
"""Variables of the environment that other programs read, or that an office names as it likes."""


@pytest.mark.parametrize("path", DOCUMENTS, ids=_named)
def test_no_document_has_a_gap_that_waits_for_a_number(path):
    words = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b|\bTODO\b|\bTBD\b|\?\?\?", path.read_text("utf-8")))
    ours = {word for word in words if not word.startswith(_OTHERS)}
    assert ours <= {*variables(), "BULLETIN_WORKSPACE", "BULLETIN_EDITOR"}


def test_every_kind_of_source_is_shown_in_the_sample_configuration():
    sample = (packaged("config") / "sources.yaml").read_text("utf-8")
    for kind in KINDS:
        assert re.search(rf"^#   {kind}\b", sample, re.MULTILINE), kind


def test_the_samples_of_sources_load_as_they_stand_and_with_the_starter_show_every_kind(workspace):
    sample = (packaged("config") / "sources.yaml").read_text("utf-8")
    remarks = sample[sample.index("# One sample of each kind") :].splitlines()[2:]
    samples = "\n".join(line[2:] for line in takewhile(lambda line: line.startswith("#"), remarks))
    settings = workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(re.sub(r"^rsshub:.*$", "rsshub: https://rsshub.example", text, flags=re.MULTILINE), "utf-8")
    (workspace / "config" / "sources.yaml").write_text(f"{samples}\n{sample}", "utf-8")
    assert {one.kind for one in load(workspace).sources} == set(KINDS)


def test_every_setting_of_a_source_is_explained_in_the_sample_configuration():
    from pipeline.config import ExtractRule, Source

    sample = (packaged("config") / "sources.yaml").read_text("utf-8")
    explained = sample[: sample.index("# One sample of each kind")]
    for kind in (*get_args(get_args(Source)[0]), ExtractRule):
        for name in kind.model_fields:
            assert re.search(rf"\b{name}\b", explained), f"{kind.__name__}: {name}"


def test_every_setting_stands_in_the_sample_configuration():
    from pipeline.config import Illustration, Politeness, Settings, Timing, Told

    sample = (packaged("config") / "settings.yaml").read_text("utf-8")
    for name in (
        *Settings.model_fields,
        *Politeness.model_fields,
        *Timing.model_fields,
        *Illustration.model_fields,
    ):
        assert re.search(rf"^#?\s*{name}:", sample, re.MULTILINE), name
    for name in Told.model_fields:
        assert re.search(rf"^#[\s-]*{name}:", sample, re.MULTILINE), name


def test_the_settings_know_the_formats_that_there_are():
    assert set(get_args(Format)) == set(FORMATS)


def test_every_format_decision_and_scene_is_named():
    for name in FORMATS:
        assert {"docx": "DOCX", "md": "Markdown", "html": "html", "eml": "e-mail", "pdf": "PDF"}[name] in ALL
    for verb in DECISIONS:
        assert verb in ALL
    for scene in SCENES:
        assert str(scene.number) in ALL


def test_links_between_the_documents_resolve():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" in target:
                continue
            there = (path.parent / target).resolve()
            made = (
                path.parent != ROOT and _named(there).removeprefix("docs/") in PAGES
            )  # in the site, while it is built
            assert made or there.exists(), f"{_named(path)}: {target}"


def test_every_file_that_the_documents_name_is_there():
    for path in DOCUMENTS:
        for name in re.findall(r"`((?:tests|pipeline|web|pages|desk|steps|store)/[\w./-]+)`", path.read_text("utf-8")):
            homes = (ROOT, ROOT / "pipeline", ROOT / "pipeline" / "web")
            assert any((home / name).exists() for home in homes), f"{_named(path)}: {name}"


def test_the_version_and_licence_are_what_the_project_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_dependency_traps_stay_avoided():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert "prefect>=3.8.8,<4" in wanted
    assert "fastapi>=0.139,<0.151" in wanted
    assert "sqlalchemy>=2.0.40,<2.1" in wanted
    assert "urllib3>=2.6.3" in wanted
