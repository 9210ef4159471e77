"""The commands about sources, on the demo web: what each would give, and new ones found, written, taken in and out."""

import json
import re
import subprocess
import sys

import pytest

from pipeline.config import load
from pipeline.demo.site import DemoWeb
from pipeline.demo.workspace import write_workspace

BROKEN = {
    "jiankangkuaixun": "对方拒绝连接",
    "yiliaodaobao": "返回的是网页而不是订阅源",
    "jiankangshuju": "返回的内容不是订阅源",
}
LISTS = {
    "ynet": "https://news.ynet.com/list/1.html",
    "ce": "http://www.ce.cn/cysc/newmain/yc/jsxw/",
    "wjw": "https://wjw.beijing.gov.cn/xwzx_20031/wnxw/",
    "sohu": "https://www.sohu.com/c/8/1460",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with DemoWeb() as web:
        write_workspace(folder, web, number=535)
        settings = folder / "config" / "settings.yaml"
        text = settings.read_text("utf-8").replace("seconds_per_host: 0", "seconds_per_host: 0\n  retries: 0")
        settings.write_text(text, "utf-8")  # three are dead, and stay so for the seconds between two tries
        yield folder


@pytest.fixture
def bare(demo):
    """The demo's workspace with no source but one, in a file with its own hand."""
    path = demo / "config" / "sources.yaml"
    before = path.read_bytes()
    path.write_text(
        "# 我们的信源\n\n- id: zhuanbao   # 不要改\n  name: '转报'\n  kind:   folder\n  path: inbox\n", "utf-8"
    )
    yield demo
    path.write_bytes(before)


@pytest.fixture(scope="module")
def checked(demo):
    """What `sources check` says of every source of the demo."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "-C", demo, "sources", "check", "--json", "--days", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, {one["id"]: one for one in json.loads(done.stdout)}, done.stderr


SOUND = [
    "qianlong", "ynet", "bjnews", "bjd", "cnr", "ce", "wjw", "enorth", "sohu", "wangyihao", "sousuo", "zhuanbao",
]  # fmt: skip


def test_every_source_of_the_demo_is_checked_and_nothing_is_kept(checked, demo, bulletin):
    code, found, err = checked
    assert code == 3, "some have problems"
    assert list(found) == [one.id for one in load(demo).sources] == [*SOUND, *BROKEN]
    assert "检查 15 个信源" in err
    kept = json.loads(bulletin("-C", demo, "sources", "list", "--json")[1])
    assert {one["health"] for one in kept} == {"never"}
    assert not any((demo / "data" / "blobs").rglob("*"))


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_source_shows_its_leads_and_pages_field_by_field(checked, name):
    one = checked[1][name]
    assert one["leads"]
    for lead in one["leads"]:
        assert lead["url"]
        assert not lead["published"] or re.fullmatch(r"20\d\d-\d\d-\d\d( \d\d:\d\d)?", lead["read"])
    read = [page for page in one["pages"] if "title" in page]
    assert read, one["pages"]
    for page in read:
        assert page["title"]
        assert page["characters"] > 80
        assert page["publisher"] or page["origin"] or name in ("sousuo", "zhuanbao")
        assert page["evidence"]
    assert not [each for each in one["problems"] if each["severity"] == "blocking"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_says_why_and_what_to_do(checked, name):
    (problem,) = checked[1][name]["problems"]
    assert problem["severity"] == "blocking"
    assert BROKEN[name] in problem["message"]
    assert problem["fix"]


def test_what_a_source_would_give_is_readable_without_a_terminal(demo, bulletin):
    code, out, err = bulletin("-C", demo, "sources", "check", "ce", "sohu", "--read", "1", "--days", "0")
    assert code == 3
    assert "\x1b" not in out + err
    assert "中国经济网·要闻（ce，listing）  没有发现问题  http://www.ce.cn/cysc/newmain/yc/jsxw/" in out
    assert "智能家电以旧换新 县城门店销量翻番  [（2025年08月07日） → 2025-08-07]" in out
    assert "日期：2025-08-07 14:14（依据：署名行）" in out
    assert "来源：经济日报（原始来源 经济日报，发布者 中国经济网）" in out
    assert re.search(r"正文：\d+ 字  可信度：0\.\d\d\n +首句：国家补贴落地之后，县城的家电门店热闹起来。", out)
    assert "问题 [undated] 线索都没有日期。" in out
    assert "2 个信源，1 个有问题" in err


def test_a_disabled_source_is_checked_when_it_is_named_or_all_are(demo, bulletin):
    path = demo / "config" / "sources.yaml"
    before = path.read_text("utf-8")
    path.write_text(before.replace("- id: ce\n", "- id: ce\n  enabled: false\n"), "utf-8")
    try:
        assert bulletin("-C", demo, "sources", "check", "ce", "--read", "0", "--days", "0")[0] == 0
        assert len(json.loads(bulletin("-C", demo, "sources", "check", "--all", "--read", "0", "--json")[1])) == 15
        assert len(json.loads(bulletin("-C", demo, "sources", "check", "--read", "0", "--json")[1])) == 14
    finally:
        path.write_text(before, "utf-8")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_the_demo_is_found_as_well_as_somebody_wrote_it_down(checked, bare, bulletin, name):
    code, out, err = bulletin("-C", bare, "sources", "add", LISTS[name], "--json", "--days", "0")
    assert code == 0, err
    found, expected = json.loads(out), checked[1][name]
    assert found["entry"]["kind"] == "listing"
    both = [{(lead["url"], lead["title"], lead["read"]) for lead in one["leads"]} for one in (found, expected)]
    assert both[0] == both[1]


def test_a_source_is_written_below_the_others_and_the_hand_of_the_file_stays(bare, bulletin):
    path = bare / "config" / "sources.yaml"
    before = path.read_text("utf-8")
    code, out, err = bulletin("-C", bare, "sources", "add", LISTS["wjw"], "--days", "0")
    assert (code, path.read_text("utf-8")) == (0, before), "without --write nothing is written"
    assert "加 --write 写入" in err
    code, out, err = bulletin(
        "-C", bare, "sources", "add", LISTS["wjw"], "--days", "0", "--write", "--name", "委内新闻"
    )
    assert code == 0, err
    added = path.read_text("utf-8").removeprefix(before)
    assert added == (
        "\n# 按网页结构看出的列表：7 条，7 条带日期\n- id: wjw-beijing\n  name: 委内新闻\n  kind: listing\n"
        f"  url: {LISTS['wjw']}\n  row: div.weinei_left_con_line\n  links: a\n  enabled: true\n"
    )
    assert "- id: wjw-beijing\n  name: 委内新闻\n" in out
    code, _, err = bulletin("-C", bare, "sources", "add", LISTS["wjw"], "--write")
    assert (code, "已经是这个地址" in err) == (2, True)


def test_a_source_whose_newest_article_is_old_is_written_but_not_enabled(bare, bulletin):
    code, _, err = bulletin("-C", bare, "sources", "add", LISTS["ce"], "--write")
    assert code == 3
    assert "暂不启用" in err
    assert [(one.id, one.enabled) for one in load(bare).sources] == [("zhuanbao", True), ("ce", False)]


@pytest.mark.parametrize(
    ("url", "code", "why"),
    [
        ("https://rss.jiankangkuaixun.example/feed.xml", 1, "对方拒绝连接"),
        ("https://rss.yiliaodaobao.example/feed.xml", 2, "没有找到订阅源"),
        ("file:///etc/passwd", 2, "不支持的协议"),
        ("http://127.0.0.1/", 1, "127.0.0.1"),
        ("https://wjw.beijing.gov.cn/none/", 1, "页面不存在"),
    ],
)
def test_what_cannot_be_watched_is_said_and_nothing_is_written(bare, bulletin, url, code, why):
    before = (bare / "config" / "sources.yaml").read_bytes()
    got, _, err = bulletin("-C", bare, "sources", "add", url, "--write")
    assert got == code
    assert why in err
    assert (bare / "config" / "sources.yaml").read_bytes() == before


def test_feeds_go_out_as_opml_and_come_in_again_disabled_and_once(demo, bulletin, tmp_path):
    path, file = demo / "config" / "sources.yaml", tmp_path / "订阅.opml"
    before = path.read_bytes()
    feeds = [(one.name, one.url) for one in load(demo).sources if one.kind == "feed"]
    code, _, err = bulletin("-C", demo, "sources", "export", "--to", file)
    assert code == 0
    assert "未导出“北青网·新闻”（listing）：OPML 只能容纳订阅源" in err
    code, out, err = bulletin("-C", demo, "sources", "import", file)
    assert (code, out, "没有新的订阅源" in err) == (0, "", True)
    path.write_text("# 空的\n[]\n", "utf-8")
    try:
        assert bulletin("-C", demo, "sources", "import", file, "--dry-run")[0] == 0
        assert load(demo).sources == ()
        assert bulletin("-C", demo, "sources", "import", file)[0] == 0
        assert [(one.name, one.url, one.enabled) for one in load(demo).sources] == [
            (name, url, False) for name, url in feeds
        ]
        assert path.read_text("utf-8").startswith("# 空的\n")
    finally:
        path.write_bytes(before)


def test_a_file_that_is_no_opml_is_refused_in_one_sentence(bare, bulletin, tmp_path):
    (tmp_path / "a.opml").write_text("<!DOCTYPE o [<!ENTITY a 'x'>]><opml><body/></opml>", "utf-8")
    code, _, err = bulletin("-C", bare, "sources", "import", tmp_path / "a.opml")
    assert (code, "出于安全不予读取" in err) == (2, True)
    code, _, err = bulletin("-C", bare, "sources", "import", tmp_path / "b.opml")
    assert (code, "没有这个文件" in err) == (2, True)


def test_the_list_shows_how_each_source_is_doing_and_its_history_why(demo, bulletin):
    code, _, _ = bulletin("-C", demo, "collect", "qianlong", "yiliaodaobao", "--engine", "inline")
    assert code == 3
    _, out, _ = bulletin("-C", demo, "sources", "list")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert re.search(r"千龙网·北京 +feed +正常 +20\d\d-", lines["qianlong"])
    assert re.search(r"医疗导报 +feed +失败 +返回的是网页而不是订阅源", lines["yiliaodaobao"])
    assert "未采过" in lines["ce"]
    _, out, _ = bulletin("-C", demo, "sources", "show", "yiliaodaobao")
    assert out.startswith("医疗导报（yiliaodaobao，feed）  失败：返回的是网页而不是订阅源")
    assert "平时间隔：尚不清楚" in out
    _, out, _ = bulletin("-C", demo, "sources", "show", "qianlong", "--json")
    (visit,) = json.loads(out)["visits"]
    assert (visit["outcome"], visit["leads"], visit["fresh"], visit["pages"]) == ("ok", 9, 9, 9)
    code, _, err = bulletin("-C", demo, "collect", "qianlong", "--due", "--engine", "inline")
    assert (code, "没有轮到的信源" in err) == (0, True)
