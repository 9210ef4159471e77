"""The demo's workspace is a configuration the desk accepts, and so are the packaged files."""

import datetime as dt
import socket
from pathlib import Path

import pytest

from patience import PATIENCE
from pipeline.config import Settings, load, packaged, read_decisions
from pipeline.demo import play
from pipeline.demo.site import DemoWeb
from pipeline.demo.workspace import MARKER, write_workspace
from pipeline.errors import UsageError
from pipeline.model import Window
from pipeline.steps.decide import DECISIONS

NEXT = {
    534: ("beijing-monthly", Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31))),
    535: ("beijing-monthly", Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))),
    636: ("national-weekly", Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8))),
}


@pytest.fixture(scope="module")
def web():
    with DemoWeb() as running:
        yield running


@pytest.mark.parametrize("number", NEXT)
def test_the_next_issue_of_the_workspace_is_the_one_asked_for(tmp_path, web, number):
    write_workspace(tmp_path, web, number=number)
    config = load(tmp_path)
    name, window = NEXT[number]
    series = config.series[name]
    assert series.last.number + 1 == number
    assert series.window_of(series.last_window.end + dt.timedelta(days=1)) == window
    assert config.settings.connect_to == web.connect_to
    assert config.at(config.settings.trust).read_bytes() == web.ca_pem
    assert (tmp_path / MARKER).is_file()


def test_the_sources_are_of_every_kind_and_the_folder_holds_seed_000(tmp_path, web):
    write_workspace(tmp_path, web, number=535)
    config = load(tmp_path)
    assert {source.kind for source in config.sources} == {"feed", "listing", "sitemap", "json", "folder", "manual"}
    folder = next(source for source in config.sources if source.kind == "folder")
    (dump,) = config.at(folder.path).iterdir()
    assert dump.read_bytes() == (packaged("seeds") / dump.name).read_bytes()


def test_writing_the_workspace_again_gives_the_same_files(tmp_path, web):
    def files():
        return {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    write_workspace(tmp_path, web, number=535)
    before = files()
    write_workspace(tmp_path, web, number=535)
    assert files() == before


def test_an_issue_the_demo_does_not_have_is_refused(tmp_path, web):
    with pytest.raises(UsageError, match="534, 535, 636"):
        write_workspace(tmp_path, web, number=1)


def test_the_packaged_configuration_loads_and_disturbs_nobody(tmp_path):
    config = load(tmp_path)
    assert set(config.series) == {"beijing-monthly", "national-weekly"}
    assert (config.series["beijing-monthly"].last.number, config.series["national-weekly"].last.number) == (534, 635)
    assert config.sources
    assert not any(source.enabled for source in config.sources)


def test_the_packaged_settings_name_every_setting_with_its_default(tmp_path):
    config = load(tmp_path)
    assert config.settings == Settings()
    text = (packaged("config") / "settings.yaml").read_text("utf-8")
    for name in (*Settings.model_fields, *type(config.settings.politeness).model_fields):
        assert f"{name}:" in text, name


@pytest.mark.parametrize("number", NEXT)
def test_the_recorded_decisions_can_be_read(number):
    recorded = read_decisions(Path(play.__file__).parent / "decisions" / f"{number}.yaml")
    assert recorded.editor
    assert recorded.decisions
    assert all(one.verb in DECISIONS and one.reason for one in recorded.decisions)
    assert number in {scene.number for scene in play.SCENES}


def test_the_demo_can_stop_at_the_draft_and_open_the_page_while_its_outlets_are_up(tmp_path):
    typed = []

    def bulletin(*arguments):
        typed.append(arguments[2:])
        if arguments[-1] == "serve":
            outlet = next(iter(load(tmp_path / "demo").settings.connect_to.values()))
            host, _, port = outlet.rpartition(":")
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        return 0

    assert play.play(tmp_path / "demo", month="", week="", engine="inline", bulletin=bulletin, serve=True) == 0
    assert [one[0] for one in typed] == ["import-issue", "run", "schedule", "schedule", "serve"]
    assert {one[2] for one in typed if one[0] == "schedule"} == set(load(tmp_path / "demo").series)


def test_an_address_that_is_taken_is_said_before_the_demos_draft_is_made(tmp_path, monkeypatch):
    typed = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("BULLETIN_WEB__LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(UsageError, match="已被别的程序占用") as refused:
            play.play(
                tmp_path / "demo", month="", week="", engine="inline", bulletin=lambda *a: typed.append(a), serve=True
            )
    assert "BULLETIN_WEB__LISTEN=" in refused.value.fix
    assert not typed
