"""`bulletin sources check --all`, which an operator runs first: on a web where everything happens that can."""

import json
import re
import socket

import pytest

from loopback import HOST, Answer, Loopback
from pipeline.config import load
from pipeline.desk import now
from pipeline.model import BEIJING

SOURCES = f"""# 我们的信源，次序不要动

# Not verified from here (2026-11-22).
- id: good
  name: 读得好的
  kind: listing
  outlet: 云溪日报
  url: http://{HOST}/good/   # 要闻
  row: li
  links: a
  date: span
  enabled: false       # 等试过再说
  verified: false
- id: tried
  name: 试过的
  kind: listing
  outlet: 云溪日报
  url: http://{HOST}/good/?2
  row: li
  links: a
  date: span
- {{id: braces, name: 花括号里的, kind: listing, outlet: 云溪日报, url: "http://{HOST}/good/?3", row: li, links: a}}
- id: empty
  name: 空的
  kind: feed
  url: http://{HOST}/empty.xml
  enabled: false
  verified: false
- id: slow
  name: 慢的
  kind: feed
  url: http://{HOST}/slow.xml
- id: gone
  name: 没有了的
  kind: feed
  url: http://{HOST}/gone.xml
- id: closed
  name: 不许读的
  kind: listing
  url: http://{HOST}/closed/
  links: a
- id: selector
  name: 选错了的
  kind: listing
  url: http://{HOST}/good/?4
  links: .news-list a
- id: hub
  name: 没有RSSHub的
  kind: feed
  url: rsshub://ynet/list/news/2121t76
  enabled: false
  verified: false
"""
WHY = {
    "empty": "没有给出任何线索。请核对 url 或 path。",
    "slow": "超过总时限 4 秒，已中断",
    "gone": "404",
    "closed": "robots 禁止",
    "selector": "请核对 sources.yaml 中的 links 和 row",
    "hub": "settings.yaml 没有写 RSSHub 的地址。请在 settings.yaml 的 rsshub 填写",
}
ARTICLE = "<p>云溪市生态环境局八月五日通报，清河区三处排污口已经完成整治，沿河断面水质连续两个月达到三类标准。</p>" * 4


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A workspace whose sources are as good and as bad as they come."""
    folder, web = tmp_path_factory.mktemp("checks") / "w", Loopback()
    row = '<li><a href="/good/{0}.html">清河区第{0}处排污口完成整治</a><span>2025-08-0{0}</span></li>'
    items = row.format(4) + row.format(5)
    web.page("/good/", f"<html><body><ul>{items}</ul></body></html>")
    for number in "234":
        web.answers[f"/good/?{number}"] = web.answers["/good/"]
    for day in (4, 5):
        title = f"清河区第{day}处排污口完成整治"
        web.page(
            f"/good/{day}.html",
            f"<html><head><title>{title}_云溪日报</title></head><body><h1>{title}</h1>"
            f"<div>2025-08-0{day} 09:00 来源：云溪日报</div><div class='content'>{ARTICLE}</div></body></html>",
        )
    web.answers["/empty.xml"] = Answer(b'<rss version="2.0"><channel><title>x</title></channel></rss>', "text/xml")
    web.answers["/slow.xml"] = Answer(b"<rss/>", "text/xml", seconds=6)
    web.page("/closed/", "<a href=1.html>x</a>")
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /closed/\n", "text/plain")
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "sources.yaml").write_text(SOURCES, "utf-8")
    settings = {
        "connect_to": dict(web.connect_to(HOST)),
        "politeness": {"seconds_per_host": 0, "retries": 0, "total_seconds": 4.0},
    }
    (folder / "config" / "settings.yaml").write_text(json.dumps(settings), "utf-8")
    yield folder
    web.close()


@pytest.fixture(scope="module")
def shown(office):
    """What the table said, and what the file became: of one round with --write."""
    return {}


@pytest.fixture
def told(shown, office, bulletin):
    if not shown:
        shown["code"], shown["out"], shown["err"] = bulletin(
            "-C", office, "sources", "check", "--all", "--write", "--read", "1", "--days", "0"
        )
    return shown


def test_every_source_has_a_line_that_says_whether_it_works_and_what_to_do(told):
    lines = {line.split()[0]: line for line in told["out"].splitlines()[1:]}
    for name in ("good", "tried", "braces"):
        assert re.search(r"  能用 +2  ", lines[name]), lines[name]
    assert "2025-08-05" in lines["good"]
    for name, because in WHY.items():
        assert "  不能用 " in lines[name]
        assert because in lines[name], lines[name]
        assert lines[name].rstrip().endswith("。"), "each says what to do"


def test_some_failures_make_exit_code_3_and_all_are_counted(told):
    assert told["code"] == 3
    assert "9 个信源，3 个能用，6 个要处理" in told["err"]
    assert len(re.findall(r"^  \[\d/9\] ", told["err"], re.MULTILINE)) == 9, "each is told of when it is done"


def test_what_works_is_noted_with_its_day_and_enabled_if_it_waited_for_that_and_all_else_stays(told, office):
    text = (office / "config" / "sources.yaml").read_text("utf-8")
    today = now().astimezone(BEIJING).date()
    wanted = SOURCES.replace("enabled: false       # 等", "enabled: true       # 等").replace(
        "verified: false", "verified: 0", 1
    )
    wanted = wanted.replace("verified: 0", f"verified: {today}")
    wanted = wanted.replace("- id: tried\n", f"- id: tried\n  verified: {today}\n")
    assert text == wanted
    assert [one.id for one in load(office).sources if one.enabled and one.verified] == ["good", "tried"]
    assert "记下 2 个能用的信源（verified），其中 1 个由此启用" in told["err"]
    assert "花括号里的（braces）写在花括号里，没有记" in told["err"]


def test_programs_get_the_same_as_json(told, office, bulletin):
    code, out, _ = bulletin("-C", office, "sources", "check", "good", "gone", "--read", "0", "--days", "0", "--json")
    rows = {one["id"]: (one["result"], len(one["leads"]), one["newest"]) for one in json.loads(out)}
    assert (code, rows) == (3, {"good": ("works", 2, "2025-08-05"), "gone": ("fails", 0, "")})


def test_when_all_work_the_exit_code_is_0_and_without_write_the_file_stays(office, bulletin, told, tmp_path):
    (tmp_path / "config").mkdir()
    entry = SOURCES[: SOURCES.index("- id: tried")]
    (tmp_path / "config" / "sources.yaml").write_text(entry, "utf-8")
    (tmp_path / "config" / "settings.yaml").write_bytes((office / "config" / "settings.yaml").read_bytes())
    code, _, err = bulletin("-C", tmp_path, "sources", "check", "--all", "--read", "0", "--days", "0")
    assert (code, "1 个信源，1 个能用" in err) == (0, True)
    assert "bulletin sources check --all --write" in err
    assert (tmp_path / "config" / "sources.yaml").read_text("utf-8") == entry


def test_where_nothing_on_the_web_can_be_read_the_machine_is_suspected_before_the_sources(bulletin, told, tmp_path):
    (tmp_path / "config").mkdir()
    entry = "- {{id: {0}, name: {0}, kind: feed, url: http://{0}.example/feed.xml}}\n"
    inbox = "- {id: inbox, name: 收件文件夹, kind: folder, path: .}\n"
    (tmp_path / "config" / "sources.yaml").write_text(entry.format("one") + entry.format("two") + inbox, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:  # nobody accepts once it is closed
        dead = f"127.0.0.1:{taken.getsockname()[1]}"
    settings = {"connect_to": {"*:80": dead}, "politeness": {"seconds_per_host": 0, "retries": 0}}
    (tmp_path / "config" / "settings.yaml").write_text(json.dumps(settings), "utf-8")
    code, _, err = bulletin("-C", tmp_path, "sources", "check", "--all")
    assert code == 3
    assert "请看本机能否上网，是否要经代理" in err
    assert "请看本机能否上网" not in told["err"], "some of them could be read there"
