"""The configuration: every mistake is one sentence with file, line and column."""

import datetime as dt
import shutil
from typing import Any

import pytest
from pydantic import TypeAdapter

from pipeline.config import files, load, origins, packaged, problems, read_decisions, strays, variables, with_sources
from pipeline.desk import now, open_desk
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
    known = "epaper, feed, folder, json, listing, manual, sitemap, warc"
    assert f"sources.yaml:1:3: source 北京日报: unknown kind 'rrs' (known: {known})" in message


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
        pytest.param(
            "sources.yaml",
            "- id: a\n  name: 甲报\n  kind: feed\n  url: https://a.cn/\n  extract:\n    - container: .b\n"
            "      until: 2025-06-01\n    - container: 'div['\n",
            "sources.yaml:8:7: source 甲报: 0.feed.extract.1.container: 'div[' is no CSS selector",
            id="a selector that is none",
        ),
        pytest.param(
            "sources.yaml",
            "- id: a\n  name: 甲报\n  kind: feed\n  url: https://a.cn/\n  extract:\n    - until: 2025-06-01\n",
            "sources.yaml:6:7: source 甲报: 0.feed.extract.0: write at least one of container",
            id="a rule that says nothing",
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


def test_the_environment_wins_over_a_single_value_and_an_empty_variable_is_none(workspace, monkeypatch):
    _write(workspace, "settings.yaml", "out: 成品\npoliteness: {retries: 1}\n")
    monkeypatch.setenv("BULLETIN_OUT", "别处")
    monkeypatch.setenv("BULLETIN_POLITENESS__ROBOTS", "false")
    monkeypatch.setenv("BULLETIN_CLOCK__RUN_MINUTES", "2.5")
    monkeypatch.setenv("BULLETIN_WORKERS", "")
    config = load(workspace)
    assert config.out == workspace / "别处"
    assert (config.settings.politeness.robots, config.settings.politeness.retries) == (False, 1)
    assert (config.settings.clock.run_minutes, config.settings.workers) == (2.5, 0)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BULLETIN_WORKERS", "many", "environment variable BULLETIN_WORKERS: input should be a valid integer"),
        (
            "BULLETIN_POLITENESS__RETRIES",
            "9",
            "environment variable BULLETIN_POLITENESS__RETRIES: input should be less",
        ),
        ("BULLETIN_CLOCK__ENGINE", "ray", "environment variable BULLETIN_CLOCK__ENGINE: input should be 'prefect'"),
    ],
)
def test_a_bad_value_in_the_environment_is_named_by_its_variable(workspace, monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    assert said in _refused(workspace)
    broken = {name: str(error) for name, error in problems(workspace).items() if error}
    assert list(broken) == ["settings"]


def test_every_single_setting_has_its_variable_and_the_others_have_none(monkeypatch):
    known = variables()
    assert known["BULLETIN_DATABASE"] == ("database",)
    assert known["BULLETIN_POLITENESS__SECONDS_PER_HOST"] == ("politeness", "seconds_per_host")
    assert known["BULLETIN_TRUST"] == ("trust",)
    assert not {"BULLETIN_PORTS", "BULLETIN_CONNECT_TO", "BULLETIN_NOTIFY", "BULLETIN_CLOCK"} & set(known)
    monkeypatch.setenv("BULLETIN_PORTS", "80")
    monkeypatch.setenv("BULLETIN_FORMATS", "docx,eml")
    monkeypatch.setenv("BULLETIN_WORKSPACE", "/")
    assert strays() == ["BULLETIN_FORMATS", "BULLETIN_PORTS"]


def test_every_value_says_where_it_comes_from(workspace, monkeypatch):
    _write(workspace, "settings.yaml", "# 一行\nout: 成品\npoliteness:\n  retries: 1\n")
    (workspace / "config" / "scope.yaml").unlink()
    monkeypatch.setenv("BULLETIN_POLITENESS__ROBOTS", "no")
    found = {one.name: (one.value, one.origin) for one in origins(workspace)}
    assert found["settings.out"] == ("成品", "config/settings.yaml:2")
    assert found["settings.politeness.retries"] == (1, "config/settings.yaml:4")
    assert found["settings.politeness.robots"] == (False, "environment BULLETIN_POLITENESS__ROBOTS")
    assert found["settings.workers"] == (0, "default")
    assert found["series.national-weekly.window.weekly.from"][0] == "sat"
    assert found["series.beijing-monthly.last.number"][0] == 534
    assert found["scope"][1] == "packaged scope.yaml"
    assert found["sources"][0]["all"] == len(load(workspace).sources)


def test_a_secret_is_shown_nowhere(workspace, monkeypatch):
    _write(
        workspace,
        "settings.yaml",
        'database: "postgresql://desk:geheim@db.example.cn:5432/desk"\nnotify:\n  - to: "json://u:geheim@hook.example.cn/geheim"\n',
    )
    config = load(workspace)
    found = {one.name: one.value for one in origins(workspace)}
    assert found["settings.database"] == "postgresql://db.example.cn:5432/…"
    assert found["settings.notify"][0]["to"] == "json://hook.example.cn/…"
    assert "geheim" not in str(found)
    assert "geheim" not in repr(config.settings.notify)
    _write(
        workspace, "settings.yaml", "notify:\n  - to: json://u:geheim@hook.example.cn/\n    events: [geheim-nicht]\n"
    )
    assert "json://" not in _refused(workspace)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notify:\n  - events: [draft-ready]\n", "settings.yaml:2:5: notify.0.to: is missing"),
        ("notify:\n  - to: json://a\n    events: [ready]\n", "settings.yaml:3:14: notify.0.events.0: input should be"),
        ("notify:\n  - to: json://a\n    series: [monthly]\n", "settings.yaml:3:14: unknown series 'monthly' (known: "),
        ("notify:\n  - to: ''\n", "settings.yaml:2:5: notify.0.to: "),
    ],
)
def test_a_mistake_in_who_is_told_has_its_place(workspace, text, said):
    _write(workspace, "settings.yaml", text)
    assert said in _refused(workspace)


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("settings", "database: mysql://desk@db/desk", "database: write postgresql://user@host:5432/name"),
        ("settings", "database: desk.db", "database: write postgresql://user@host:5432/name"),
        ("series", '  after: "1am"', "beijing-monthly.after: write hours and minutes, as 00:30"),
        ("series", '  after: "00:75"', "beijing-monthly.after: write hours and minutes, as 00:30"),
    ],
)
def test_a_text_of_the_wrong_shape_is_answered_with_the_right_one(tmp_path, file, line, said):
    shutil.copytree(packaged("config"), tmp_path / "config")
    path = tmp_path / "config" / f"{file}.yaml"
    old = 'database: ""' if file == "settings" else "  unit: 月报"
    path.write_text(path.read_text("utf-8").replace(old, line if file == "settings" else f"{old}\n{line}", 1), "utf-8")
    with pytest.raises(ConfigError, match=rf"{file}\.yaml:\d+:\d+: ") as refused:
        load(tmp_path)
    assert str(refused.value).endswith(said)


def test_a_route_of_rsshub_becomes_an_address_of_the_one_that_is_configured(workspace):
    _write(workspace, "sources.yaml", "- {id: hub, name: 公众号, kind: feed, url: 'rsshub://wechat/a?limit=5'}\n")
    _write(workspace, "settings.yaml", "rsshub: https://rsshub.example/base/\n")
    [source] = load(workspace).sources
    assert source.url == "https://rsshub.example/base/wechat/a?limit=5"


def test_a_route_of_rsshub_without_one_is_refused_with_its_line(workspace):
    _write(workspace, "sources.yaml", "- id: hub\n  name: 公众号\n  kind: feed\n  url: rsshub://wechat/a\n")
    message = _refused(workspace)
    assert "sources.yaml:4:3: source 公众号: url: 'rsshub://wechat/a' is a route of RSSHub" in message
    assert "Set rsshub in settings.yaml" in message


def test_a_first_page_without_a_pattern_is_refused(workspace):
    _write(
        workspace,
        "sources.yaml",
        "- {id: l, name: 列表, kind: listing, url: 'https://a.example/', links: a, first: 'https://a.example/x'}\n",
    )
    assert "first: needs a url with {page}" in _refused(workspace)


# ------------------------------------------------------------------------------------------- writing

ONE = {"id": "jkb", "name": "健康报", "kind": "feed", "url": "https://jkb.example/rss", "enabled": False}
MARKED = "- id: a   # 勿动\n  name:   '甲'\n  kind: manual\n# 完\n"
INDENTED = "  - id: a\n    name: 甲\n    kind: manual\n"
ADDED = "# 从阅读器导入\n- id: jkb\n  name: 健康报\n  kind: feed\n  url: https://jkb.example/rss\n  enabled: false\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# 空的\n[]\n", f"# 空的\n\n{ADDED}"),
        ("- {id: a, name: 甲, kind: manual}", f"- {{id: a, name: 甲, kind: manual}}\n\n{ADDED}"),
        (f"{MARKED}\n\n", f"{MARKED}\n{ADDED}"),
        (f"\n{INDENTED}", f"{INDENTED}\n" + "".join(f"  {line}\n" for line in ADDED.splitlines())),
    ],
    ids=["an empty list", "no line break at the end", "comments and quotes", "an indented list"],
)  # fmt: skip
def test_a_source_is_added_and_all_else_stays_as_it_stands(tmp_path, before, after):
    path = tmp_path / "sources.yaml"
    path.write_bytes(before.encode())
    assert with_sources(path, [("从阅读器导入", ONE)]) == after


def test_line_ends_stay_those_of_the_file(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_bytes("- id: a\r\n  name: 甲\r\n  kind: manual\r\n".encode())
    text = with_sources(path, [("从阅读器导入", ONE)])
    assert text.count("\r\n") == text.count("\n") == 10
    assert "\r\r" not in text


@pytest.mark.parametrize(
    ("before", "entry", "error"),
    [
        ("- {id: jkb, name: 甲, kind: manual}\n", ONE, "source id 'jkb' stands twice"),
        ("[{id: a, name: 甲, kind: manual}]\n", ONE, "is written in brackets"),
        ("a: 1\n", ONE, "is no list of sources"),
        ("[]\n", {**ONE, "url": None}, "source 健康报: "),
        ("- id: [\n", ONE, "sources.yaml:"),
    ],
    ids=["an id that is taken", "a list in brackets", "no list", "an entry that cannot be", "a broken file"],
)
def test_what_would_make_a_file_nobody_can_use_is_refused(tmp_path, before, entry, error):
    path = tmp_path / "sources.yaml"
    path.write_text(before, "utf-8")
    with pytest.raises(ConfigError, match=error):
        with_sources(path, [("", entry)])
    assert path.read_text("utf-8") == before


def test_what_is_asked_of_encryption_is_known_host_by_host(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.yaml").write_text(
        """
- {id: a, name: 甲, kind: feed, url: https://a.example/rss, tls: legacy}
- {id: b, name: 乙, kind: feed, url: https://b.example/rss}
- {id: c, name: 丙, kind: listing, url: https://c.example/, links: a, tls: {C2.example: unverified, c3.example: strict}}
- {id: d, name: 丁, kind: manual, urls: [https://d.example/1, https://e.example/2], tls: unverified}
""",
        "utf-8",
    )
    assert load(tmp_path).tls == {
        "a.example": "legacy",
        "c2.example": "unverified",
        "d.example": "unverified",
        "e.example": "unverified",
    }


def test_a_proxy_is_shown_without_its_password(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text("proxy: http://office:geheim@proxy.example:3128\n", "utf-8")
    (shown,) = (one for one in origins(tmp_path) if one.name == "settings.proxy")
    assert shown.value == "http://proxy.example:3128/…"
    monkeypatch.setenv("OFFICE_PROXY", "http://office:geheim@proxy.example:3128")
    config = load(tmp_path)
    assert config.secret("env:OFFICE_PROXY") == ("http://office:geheim@proxy.example:3128", "")
    assert config.secret("env:NO_SUCH") == ("", "环境变量 NO_SUCH 没有设置")


@pytest.mark.parametrize("proxy", ["env:NO_SUCH", "file:config/none.txt", "socks5://proxy.example:1080"])
def test_a_proxy_that_cannot_be_had_is_an_error_and_nothing_goes_round_it(tmp_path, proxy):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text(f"proxy: {proxy}\n", "utf-8")
    with pytest.raises(ConfigError, match="proxy"):
        open_desk(tmp_path, clock=now)


@pytest.mark.parametrize(
    "text",
    [
        *(path.read_text("utf-8") for path in sorted(packaged("config").glob("*.yaml"))),
        "a: yes\nb: 010\nc: 2024-06-01\nd: 12:30\ne: 1_000\nf: 0o17\ng: ~\nh: 1e3\ni: 'on'\nj: |\n  两\n  行\n",
        "%YAML 1.1\n---\na: yes\n",
        "base: {a: 1}\n<<: {a: 2}\nb: 3\n",
        "a: 1\na: 2\n",
        "a:\tb\n",
        "a: &x 1\nb: *x\n",
        "a: 1\n---\nb: 2\n",
        "# nothing\n",
    ],
)
def test_the_quick_parser_reads_a_file_as_the_one_does_that_knows_lines(tmp_path, text):
    def told(read):
        try:
            return read()
        except ConfigError as error:
            return str(error)

    path, anything = tmp_path / "a.yaml", TypeAdapter(Any)
    path.write_text(text, "utf-8")
    quick, slow = told(lambda: files.read(path, anything)), told(lambda: files.plain(files.parse(path)))
    assert quick == slow
