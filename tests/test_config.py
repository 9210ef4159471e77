"""The configuration: every mistake is one sentence with file, line and column."""

import datetime as dt
import shutil

import pytest

from pipeline.config import load, packaged, read_decisions
from pipeline.errors import ConfigError
from pipeline.model import Window


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(packaged("config"), tmp_path / "config")
    return tmp_path


def _write(workspace, name, text):
    (workspace / "config" / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def _refused(workspace) -> str:
    with pytest.raises(ConfigError) as caught:
        load(workspace)
    return str(caught.value)


def test_the_packaged_configuration_is_good():
    config = load(packaged("config").parent)
    assert set(config.series) == {"beijing-monthly", "national-weekly"}
    monthly = config.series["beijing-monthly"]
    assert monthly.title == "北京市卫生信息化舆情监测月报"
    assert monthly.issuer == "北京市卫生健康大数据与政策研究中心"
    assert (monthly.last.number, monthly.last_window) == (534, Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31)))
    weekly = config.series["national-weekly"]
    assert (weekly.last.number, weekly.last_window) == (635, Window(dt.date(2025, 7, 26), dt.date(2025, 8, 1)))


def test_a_workspace_file_wins_over_the_packaged_one(workspace):
    _write(workspace, "settings.yaml", "out: 成品\n")
    assert load(workspace).out == workspace / "成品"


def test_an_unknown_kind_of_source_names_the_known_ones(workspace):
    _write(workspace, "sources.yaml", "- id: bjd\n  name: 北京日报\n  kind: rrs\n  url: https://news.bjd.com.cn/\n")
    message = _refused(workspace)
    assert (
        "sources.yaml:1:3: source 北京日报: unknown kind 'rrs' (known: feed, folder, listing, manual, sitemap)"
        in message
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("settings.yaml", "out: a\nouts: b\n", "settings.yaml:2:1: unknown key 'outs'", id="unknown key"),
        pytest.param(
            "settings.yaml", "workers: viele\n", "settings.yaml:1:1: workers: input should be", id="wrong type"
        ),
        pytest.param("settings.yaml", "", "settings.yaml: is empty", id="empty file"),
        pytest.param("settings.yaml", "out: a\n\tdata: b\n", "settings.yaml:2:1:", id="tab"),
        pytest.param("settings.yaml", "out: a\nout: b\n", "settings.yaml:2:1:", id="the same key twice"),
        pytest.param(
            "settings.yaml", "a: &a [x]\nb: [*a, *a]\n", "settings.yaml:2:5: uses a YAML alias", id="alias bomb"
        ),
        pytest.param("settings.yaml", "out: 输出\n".encode("gbk"), "settings.yaml:1: is not UTF-8", id="GBK"),
        pytest.param(
            "sources.yaml",
            "- {id: a, name: 甲, kind: manual}\n- {id: a, name: 乙, kind: manual}\n",
            "sources.yaml:2:4: source id 'a' stands twice",
            id="duplicate source id",
        ),
        pytest.param(
            "sources.yaml",
            "- id: a\n  name: 甲报\n  kind: feed\n  url: https://a.cn/\n  link: h\n",
            "sources.yaml:5:3: source 甲报: unknown key 'link'",
            id="an option of another kind",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(workspace, name, text, said):
    _write(workspace, name, text)
    assert said in _refused(workspace)


def test_a_byte_order_mark_is_no_mistake(workspace):
    _write(workspace, "settings.yaml", "\ufeffout: 成品\n")
    assert load(workspace).out == workspace / "成品"


def test_a_series_with_an_unknown_place_rule_is_refused_with_the_line(workspace):
    text = (workspace / "config" / "series.yaml").read_text("utf-8")
    _write(workspace, "series.yaml", text.replace("place: beijing", "place: 上海"))
    assert "unknown place rule '上海' (known: beijing" in _refused(workspace)


def test_a_last_week_must_end_on_the_last_day_of_a_week(workspace):
    text = (workspace / "config" / "series.yaml").read_text("utf-8")
    assert "2025-08-01" in text
    _write(workspace, "series.yaml", text.replace("2025-08-01", "2025-08-02"))
    assert "the week that holds this day ends on 2025-08-08" in _refused(workspace)


def test_two_thousand_sources_load(workspace):
    rows = "".join(f"- {{id: s{i}, name: 第{i}, kind: manual}}\n" for i in range(2000))
    _write(workspace, "sources.yaml", rows)
    assert len(load(workspace).sources) == 2000


def test_outlets_are_found_by_the_longest_host_and_by_any_name():
    outlets = load(packaged("config").parent).outlets
    assert outlets.at("https://beijing.qianlong.com/2024/0604/8275294.shtml").name == "千龙网"
    assert outlets.at("http://epaper.bjnews.com.cn/x").name == "新京报"
    assert outlets.at("https://finance.yinet.com/x") is None
    assert outlets.named("北京青年报").name == outlets.named("北青网").name


def test_recorded_decisions_say_what_is_wrong_with_them(tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text("editor: 王编辑\ndecisions:\n  - edit: 甲\n    title: 乙\n    reason: 更准\n", "utf-8")
    (one,) = read_decisions(good).decisions
    assert (one.verb, one.target, one.values, one.reason) == ("edit", "甲", {"title": "乙"}, "更准")
    bad = tmp_path / "bad.yaml"
    bad.write_text("editor: 王编辑\ndecisions:\n  - include\n", "utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml:3:"):
        read_decisions(bad)
