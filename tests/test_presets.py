"""The sets of real sources that `bulletin init` offers: usable as they stand, honest about what nobody has tried."""

import re
from collections import Counter
from urllib.parse import urlsplit

import jmespath
import pytest

from pipeline.config import as_xpath, load, packaged
from pipeline.sources import KINDS

PRESETS = sorted((packaged("config") / "presets").glob("*.yaml"))


@pytest.fixture(scope="module")
def desk_of(tmp_path_factory):
    """Loads the sources of one preset, or of several, as a workspace's sources.yaml."""

    def loaded(*paths):
        workspace = tmp_path_factory.mktemp("preset")
        (workspace / "config").mkdir()
        text = "\n".join(path.read_text("utf-8") for path in (packaged("config") / "sources.yaml", *paths))
        (workspace / "config" / "sources.yaml").write_text(text, "utf-8")
        return load(workspace)

    return loaded


@pytest.fixture(scope="module")
def config(desk_of):
    return desk_of(*PRESETS)


def test_all_presets_together_are_one_configuration_no_two_sources_of_one_id_or_one_address(config):
    counts = Counter(getattr(one, "url", one.id) for one in config.sources)
    assert [url for url, count in counts.items() if count > 1] == []
    assert len(config.sources) > 35


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_source_of_a_preset_says_that_it_was_not_tried_and_waits_for_that(path, desk_of):
    text = path.read_text("utf-8")
    assert "NOT VERIFIED FROM HERE" in text
    dated = re.findall(
        r"^# Not verified from here \(20\d\d-\d\d-\d\d\)\. \S.+(?:\n#.+)*\n- id: (\S+)", text, re.MULTILINE
    )
    found = [one for one in desk_of(path).sources if one.kind != "folder"]
    assert dated == [one.id for one in found]
    assert {(one.enabled, one.verified) for one in found} == {(False, False)}


def test_every_address_of_a_preset_is_one_and_its_outlet_is_the_owner_of_the_host(config):
    for one in config.sources:
        if one.kind == "folder":
            continue
        parts = urlsplit(one.url)
        assert parts.scheme in ("http", "https", "rsshub"), one.url
        assert one.outlet, one.id
        if parts.scheme != "rsshub":
            assert "." in (parts.hostname or "")
            owner = config.outlets.at(one.url)
            assert owner is None or one.outlet in owner.names, (one.id, owner)


def test_every_selector_and_expression_of_a_preset_compiles(config):
    for one in config.sources:
        assert one.kind in KINDS
        if one.kind == "listing":
            for selector in filter(None, (one.links, one.row, one.title, one.date, one.origin, one.next)):
                assert as_xpath(selector), one.id
        if one.kind == "json":
            for expression in filter(None, (one.items, one.title, one.date, *re.findall(r"\{(\w+)\}", one.link))):
                assert jmespath.compile(expression), one.id


def test_a_preset_may_bring_a_route_of_rsshub_that_waits_for_an_address(config, desk_of):
    (route,) = (one for one in config.sources if getattr(one, "url", "").startswith("rsshub://"))
    assert not route.enabled
