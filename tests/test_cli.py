"""The command line: results on stdout, one sentence for what is wrong, an exit code for each outcome."""

import json
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查、查询电子病历。",
    "北京市卫生健康委有关负责人表示，将继续推进智慧医院建设，推动医疗大数据共享应用和远程医疗服务下沉社区。",
)
SPORTS = (
    "昨晚，北京国安队在工人体育场以二比一战胜对手，取得主场三连胜。",
    "上半场第三十分钟，主队利用角球机会首开纪录，易边再战后客队一度扳平比分。",
    "赛后主教练表示，球队将抓紧时间恢复体能，备战下周末的客场比赛。",
)
pytestmark = pytest.mark.usefixtures("pages_estimated")
JUNE = ("--month", "2024-06", "--engine", "inline")


@pytest.fixture
def drafted(workspace, made_once, put, bulletin):
    return workspace, *made_once(lambda: _made(workspace, put, bulletin))


def _made(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    put("b", "北京国安主场二比一取胜", "2024-06-13", "北京日报", *SPORTS)
    code, out, err = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE)
    assert code == 0, err
    return out, err


def test_help_imports_nothing_heavy():
    heavy = "{'prefect', 'sqlalchemy', 'docx', 'trafilatura', 'pydantic', 'requests', 'lxml'}"
    code = f"import sys; import pipeline.cli; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_run_prints_the_draft_and_accounts_for_every_lead(drafted):
    _, out, err = drafted
    assert "（第五三五期） 草稿 修订1" in out
    assert "1. " in out
    assert "北京友谊医院上线智慧医疗平台" in out
    assert "北京国安" not in out
    assert "2 条线索：收录 1，无关 1" in err


def test_an_editor_decides_checks_and_releases_from_the_command_line(drafted, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    code, out, _ = bulletin(*here, "draft", "check", "beijing-monthly", *window)
    assert code == 5
    assert "empty-link" in out
    code, _, err = bulletin(*here, "release", "beijing-monthly", *window, "--engine", "inline")
    assert code == 5
    assert "不能发布" in err
    code, out, _ = bulletin(
        *here, "draft", "edit", "beijing-monthly", "1", *window, "--as", "王编辑",
        "--url", "https://news.bjd.com.cn/2024/06/12/10001.shtml", "--reason", "补链接",
    )  # fmt: skip
    assert (code, out.split()[:3]) == (0, ["第535期", "修订2", "王编辑"])
    assert bulletin(*here, "draft", "check", "beijing-monthly", *window)[0] == 0
    code, out, err = bulletin(*here, "release", "beijing-monthly", *window, "--as", "王编辑", "--engine", "inline")
    assert code == 0, err
    assert "第五三五期 已发布：1条。2 条线索：收录 1，无关 1" in err
    names = [f"北京市卫生信息化舆情监测月报-第535期-20240630.{one}" for one in ("docx", "html", "md")]
    assert sorted(path.name for path in (workspace / "out").iterdir()) == names
    (monthly, _) = json.loads(bulletin(*here, "schedule", "list", "--json")[1])
    assert (monthly["last"], "已发布 1" in monthly["windows"]) == (535, True)
    code, out, _ = bulletin(*here, "issue", "list", "--json")
    assert [(one["number"], one["items"], one["who"]) for one in json.loads(out)] == [(535, 1, "王编辑")]
    code, out, _ = bulletin(*here, "issue", "show", "beijing-monthly", "535")
    assert "https://news.bjd.com.cn/2024/06/12/10001.shtml" in out
    code, _, err = bulletin(*here, "draft", "exclude", "beijing-monthly", "1", *window)
    assert (code, "已发布，不再更改" in err) == (2, True)
    code, _, err = bulletin(*here, "run", "beijing-monthly", *JUNE)
    assert (code, "已发布，不再更改" in err) == (2, True)


def test_a_draft_is_exported_in_the_formats_that_are_asked_for_and_says_that_it_is_one(drafted, bulletin, tmp_path):
    workspace, _, _ = drafted
    asked = ("--format", "html", "--format", "eml", "--format", "html")
    code, out, _ = bulletin(
        "-C", workspace, "draft", "export", "beijing-monthly", "--month", "2024-06", "--to", tmp_path / "送", *asked
    )
    assert code == 0
    page, message = (Path(line) for line in out.splitlines())
    assert page.name == "北京市卫生信息化舆情监测月报-第535期-20240630-送审稿1.html"
    assert "送审稿（修订1）" in page.read_text("utf-8")
    assert "【阻断】" in page.read_text("utf-8"), "what the checks found stands in a draft"
    assert message.suffix == ".eml"


def test_a_published_file_that_is_lost_is_made_again_byte_for_byte(drafted, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    bulletin(*here, "draft", "waive", "beijing-monthly", "empty-link:1", "--reason", "内部材料", *window)
    assert bulletin(*here, "release", "beijing-monthly", *window, "--engine", "inline")[0] == 0
    before = {path.name: path.read_bytes() for path in (workspace / "out").iterdir()}
    for path in (workspace / "out").iterdir():
        path.unlink()
    bulletin(*here, "issue", "list")
    assert {path.name: path.read_bytes() for path in (workspace / "out").iterdir()} == before


def test_a_dry_run_shows_the_draft_and_takes_no_number(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    code, out, _ = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE, "--dry-run")
    assert code == 0
    assert "北京友谊医院上线智慧医疗平台" in out
    code, out, _ = bulletin("-C", workspace, "draft", "list", "--json")
    assert json.loads(out) == []


def test_a_month_without_articles_makes_an_empty_draft_and_says_so(workspace, put, bulletin):
    put("b", "北京国安主场二比一取胜", "2024-06-13", "北京日报", *SPORTS)
    code, out, err = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE)
    assert (code, "本期无符合条件的信息" in out) == (4, True), err


def test_a_run_repeated_from_the_store_fetches_nothing_and_gives_the_same_draft(drafted, bulletin):
    workspace, out, _ = drafted
    for path in (workspace / "inbox").iterdir():
        path.unlink()
    code, again, _ = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE, "--offline")
    assert (code, again) == (0, out)


def test_a_later_window_waits_for_the_earlier_one(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-07-12", "北京日报", *HOSPITAL)
    here, july = ("-C", workspace), ("--month", "2024-07")
    assert bulletin(*here, "run", "beijing-monthly", *july, "--engine", "inline")[0] == 0
    bulletin(*here, "draft", "waive", "beijing-monthly", "empty-link:1", "--reason", "内部材料", *july)
    code, _, err = bulletin(*here, "release", "beijing-monthly", *july, "--engine", "inline")
    assert (code, "更早的窗口还没有发布或跳过：2024-06-01…2024-06-30" in err) == (2, True)
    assert bulletin(*here, "issue", "skip", "beijing-monthly", "--month", "2024-06")[0] == 2, "a skip needs a reason"
    assert bulletin(*here, "issue", "skip", "beijing-monthly", "--month", "2024-06", "--reason", "停刊")[0] == 0
    code, _, err = bulletin(*here, "release", "beijing-monthly", *july, "--engine", "inline")
    assert (code, "第五三五期 已发布" in err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "beijing-weekly"], 2, "没有刊物“beijing-weekly”。已配置：beijing-monthly（"),
        (["run", "beijing-monthly", "--month", "六月"], 2, "“六月”不是月份。请写成 2024-06。"),
        (["run", "beijing-monthly", "--month", "2024-05", "--engine", "inline"], 2, "不晚于最近一期的窗口"),
        (["run", "beijing-monthly", "--engine", "ray"], 2, "没有运行方式“ray”。可写 prefect 或 inline。"),
        (
            ["draft", "show", "beijing-monthly", "--month", "2024-08"],
            2,
            "没有草稿。请先运行 bulletin run beijing-monthly --month 2024-08。",
        ),
        (["collect", "neverland", "--engine", "inline"], 2, "没有信源“neverland”。已配置：inbox。"),
        (["issue", "show", "beijing-monthly", "1"], 2, "没有已发布或导入的第1期"),
        (["rate", "--series", "beijing-monthly", "missing.jsonl"], 2, "missing.jsonl：没有这个文件或文件夹。"),
    ],
)
def test_what_is_wrong_is_one_sentence(workspace, bulletin, arguments, code, said):
    got, out, err = bulletin("-C", workspace, *arguments)
    assert (got, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "bulletin: 没有命令“nonsense”。用法见 bulletin --help。"),
        (["draft", "sho"], "bulletin: 没有命令“sho”，是不是 show。用法见 bulletin draft --help。"),
        (["draft", "show", "--moth", "6"], "没有选项“--moth”，是不是 --month。用法见 bulletin draft show --help。"),
        (["draft", "show", "--month"], "选项“--month”后面要写上值。"),
        (["draft", "show"], "缺少“series”。"),
        (["draft", "show", "beijing-monthly", "x"], "多写了“x”。"),
        (["draft", "show", "beijing-monthly", "--json=3"], "选项“--json”后面不写值。"),
        (["draft", "rejected", "beijing-monthly", "--limit", "-1"], "“--limit”不能小于 0。"),
        (["issue", "show", "beijing-monthly", "五三五"], "“number”要写整数。"),
    ],
)
def test_what_is_no_command_line_is_one_sentence_in_chinese_with_what_to_do(bulletin, arguments, said):
    code, out, err = bulletin(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert re.search(r"用法见 bulletin[a-z -]* --help。\n$", err)


@pytest.mark.parametrize("group", ["draft", "issue"])
def test_the_list_of_commands_names_each_in_an_editors_words(bulletin, group):
    code, out, _ = bulletin(group, "--help")
    named = re.findall(r"^  ([a-z-]+)  +(\S.*)$", out.partition("Commands:\n")[2], re.MULTILINE)
    assert (code, len(named) > 7) == (0, True)
    assert [name for name, told in named if not re.search("[一-鿿]", told)] == []


def test_lists_are_tables_whose_columns_line_up_in_a_terminal(drafted, bulletin):
    workspace, _, _ = drafted
    bulletin("-C", workspace, "draft", "edit", "beijing-monthly", "1", "--title", "新标题", "--as", "王编辑", *JUNE[:2])
    for command in (
        ("draft", "list"), ("draft", "log", "beijing-monthly", *JUNE[:2]), ("sources", "list"), ("schedule", "next"),
        ("schedule", "list"), ("schedule", "list", "beijing-monthly"),
    ):  # fmt: skip
        code, out, _ = bulletin("-C", workspace, *command)
        heading, *lines = out.splitlines()
        assert code == 0
        assert lines
        assert "=" not in out
        starts = [found.end() for found in re.finditer("  +", columns(heading))]
        assert starts
        for line in map(columns, lines):
            assert all(line[start - 2 : start].strip() == "" for start in starts), (command, line)


def columns(line: str) -> str:
    """A line with one character for each column of the terminal."""
    return "".join("口口" if unicodedata.east_asian_width(char) in "WF" else char for char in line)


def test_a_decision_is_kept_and_told_with_what_it_was_about(drafted, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    _, out, _ = bulletin(
        *here, "draft", "exclude", "beijing-monthly", "1", *window, "--as", "王编辑", "--reason", "重复"
    )
    handle = json.loads(bulletin(*here, "draft", "log", "beijing-monthly", "--json", *window)[1])[1]["target"]
    assert handle.startswith("c"), "a place says nothing once the order has changed"
    assert out == f"第535期 修订2 王编辑 剔除 {handle}《北京友谊医院上线智慧医疗平台 检查结果实现互认》：重复\n"
    _, out, _ = bulletin(*here, "draft", "log", "beijing-monthly", *window)
    assert "《" not in next(line for line in out.splitlines() if "生成" in line)  # it is about no article
    told = f"王编辑  剔除  重复  {handle}《北京友谊医院上线智慧医疗平台 检查结果实现互认》"
    assert out.splitlines()[2].endswith(told)


def test_a_text_saved_as_html_becomes_the_item_s_and_one_too_large_leaves_it_as_it_was(drafted, bulletin, tmp_path):
    workspace, _, _ = drafted
    edit = ("-C", workspace, "draft", "edit", "beijing-monthly", "1", "--month", "2024-06", "--as", "王编辑", "--body")
    page = tmp_path / "改稿.html"
    page.write_text("<h2>平台怎么建</h2><p>改过的一段。<o:p></o:p></p><script>alert(1)</script>", "utf-8")
    code, out, err = bulletin(*edit, page)
    assert (code, err) == (0, "改稿.html：脚本、表单、嵌入内容 1 处没有收入\n")
    assert "正文改为“平台怎么建\n改过的一段。”" in out
    plain = tmp_path / "改稿.txt"
    plain.write_text("文" * 300_001, "utf-8")
    page.write_text("<p>文字</p>" * 500_000, "utf-8")
    for name in (page, plain):
        code, _, err = bulletin(*edit, name)
        assert (code, "没有收下" in err, "原来的正文不变" in err) == (2, True, True)
    shown = json.loads(bulletin("-C", workspace, "draft", "show", "beijing-monthly", "--month", "2024-06", "--json")[1])
    (edits,) = shown["draft"]["edits"].values()
    assert json.loads(edits["blocks"])[0] == {"kind": "heading", "text": "平台怎么建", "level": 1}


def test_an_editor_sees_who_reprints_a_story_and_prints_another_version_of_it(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    put("b", "检查结果互认 友谊医院智慧医疗平台启用", "2024-06-13", "健康报", *HOSPITAL)
    here, window = ("-C", workspace), ("--month", "2024-06")
    _, out, err = bulletin(*here, "run", "beijing-monthly", *JUNE)
    assert "另有 1 家转载：" in out, err
    assert re.search(r"^      (?:转载|同一文章) [\d.]+ .*（正文", out, re.MULTILINE)
    shown = json.loads(bulletin(*here, "draft", "show", "beijing-monthly", *window, "--json")[1])
    (one,) = shown["draft"]["candidates"]
    assert (one["novelty"], len(one["reprinted_by"]), one["told_by"]) == ("new", 1, [])
    (first, second) = (article["title"] for article in one["articles"])
    bulletin(*here, "draft", "edit", "beijing-monthly", "1", "--title", "改过的标题", *window)
    _, out, err = bulletin(
        *here, "draft", "represent", "beijing-monthly", "1", "--with", second, *window, "--as", "王编辑"
    )
    assert out.startswith(f"第535期 修订3 王编辑 换用 {one['handle']}《{first}》 改印 file:")
    assert "原版本上的修改（标题）随原版本留存，换回即恢复" in err
    _, out, _ = bulletin(*here, "draft", "show", "beijing-monthly", *window)
    assert f"1. {one['handle']} {second}\n" in out
    assert f"留存的修改（《{first}》）：标题\n" in out
    _, out, _ = bulletin(*here, "run", "beijing-monthly", *JUNE)
    assert f"1. {one['handle']} {second}\n" in out, "making the draft again keeps the version"
    decisions = workspace / "decisions.yaml"
    decisions.write_text(f"editor: 李编辑\ndecisions:\n- represent: 1\n  with: {first}\n", "utf-8")
    assert bulletin(*here, "draft", "apply", "beijing-monthly", decisions, *window)[0] == 0
    _, out, _ = bulletin(*here, "draft", "show", "beijing-monthly", *window)
    assert f"1. {one['handle']} 改过的标题\n" in out


def test_two_texts_stand_side_by_side(drafted, put, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    code, out, err = bulletin(*here, "draft", "compare", "beijing-monthly", "1", *window)
    assert (code, out, "没有可对照的往期条目或相近的候选" in err) == (2, "", True)
    code, out, err = bulletin(*here, "draft", "compare", "beijing-monthly", "1", "--with", "534-9", *window)
    assert (code, out, "没有第五三四期第9条" in err) == (2, "", True)
    old = (*HOSPITAL[:-1], "项目去年立项，由三家单位共同建设，经费已经落实。")
    put("c", "北京友谊医院智慧医疗平台启用", "2024-06-20", "北京青年报", *old)
    bulletin(*here, "run", "beijing-monthly", *JUNE)
    shown = json.loads(bulletin(*here, "draft", "show", "beijing-monthly", *window, "--json")[1])
    other = next(
        one["url"]
        for candidate in shown["draft"]["candidates"]
        for one in candidate["articles"]
        if one["title"] == "北京友谊医院智慧医疗平台启用"
    )
    target = "北京友谊医院上线"
    code, out, _ = bulletin(*here, "draft", "compare", "beijing-monthly", target, "--with", other, *window)
    assert code == 0
    assert "\x1b" not in out, "no colours where nobody sees them"
    assert "\n  - 项目去年立项" in out
    found = json.loads(
        bulletin(*here, "draft", "compare", "beijing-monthly", target, "--with", other, "--json", *window)[1]
    )
    assert found["news"]
    assert {one["mark"] for paragraph in found["before"]["paragraphs"] for one in paragraph} == {"same", "only"}


def test_a_series_nobody_knows_is_not_taken_for_one_without_issues(workspace, bulletin):
    code, out, err = bulletin("-C", workspace, "issue", "list", "beijing")
    assert (code, out, "没有刊物“beijing”" in err) == (2, "", True)
    code, out, err = bulletin("-C", workspace, "issue", "list", "beijing-monthly")
    assert (code, out, "还没有期刊" in err) == (0, "", True)


def test_earlier_windows_are_passed_over_with_the_command_that_the_release_names(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-08-12", "北京日报", *HOSPITAL)
    here, august = ("-C", workspace), ("--month", "2024-08")
    bulletin(*here, "run", "beijing-monthly", *august, "--engine", "inline")
    _, _, err = bulletin(*here, "release", "beijing-monthly", *august, "--engine", "inline")
    named = re.search(r"bulletin (issue skip .*) --reason 理由", err)[1]
    assert named == "issue skip beijing-monthly --month 2024-07 --and-earlier"
    assert bulletin(*here, *named.split(), "--reason", "停刊")[0] == 0
    _, _, err = bulletin(*here, "run", "beijing-monthly", "--month", "2024-06", "--engine", "inline")
    named = re.search(r"bulletin (issue skip .* --undo)", err)[1]
    assert bulletin(*here, *named.split())[0] == 0


def test_no_workspace_is_said_before_anything_is_written(tmp_path, bulletin):
    code, _, err = bulletin("-C", tmp_path, "run", "beijing-monthly")
    assert (code, "不是工作区" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_init_writes_a_workspace_that_loads_and_never_writes_over_one(tmp_path, bulletin):
    assert bulletin("init", tmp_path / "w")[0] == 0
    assert not (tmp_path / "w" / "templates" / "web").exists(), "the review page's stay with the program"
    code, out, _ = bulletin("-C", tmp_path / "w", "config", "check")
    assert (code, "all good" in out) == (0, True)
    assert bulletin("init", tmp_path / "w")[0] == 2


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("web: {metrics: env:OFFICE_NOT_SET}", "settings.yaml:1:7: web.metrics: 环境变量 OFFICE_NOT_SET 没有设置"),
        ("web:\n  metrics: file:config/none.txt", "settings.yaml:2:3: web.metrics: 读不到文件 config/none.txt"),
        ("proxy: env:OFFICE_NOT_SET", "settings.yaml:1:1: proxy: 环境变量 OFFICE_NOT_SET 没有设置"),
        (
            "classifiers: {llm: {url: https://llm.example/v1, model: m, key: file:none}}",
            "classifiers.llm.key: 读不到文件 none",
        ),
    ],
)
def test_a_secret_that_is_not_where_the_settings_say_fails_the_check(workspace, bulletin, settings, told):
    path = workspace / "config" / "settings.yaml"
    path.write_text(settings + "\n", "utf-8")
    code, _, err = bulletin("-C", workspace, "config", "check")
    assert (code, told in err) == (2, True), err
    path.write_text("web: {metrics: ''}\n", "utf-8")
    assert bulletin("-C", workspace, "config", "check")[0] == 0


def test_when_every_source_fails_no_draft_is_made(workspace, bulletin):
    (workspace / "inbox").rmdir()
    code, _, err = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE)
    assert (code, "没有生成草稿，也没有占用期号" in err) == (1, True)
    assert json.loads(bulletin("-C", workspace, "draft", "list", "--json")[1]) == []


def test_a_file_that_is_no_article_is_accounted_for_and_the_others_go_on(workspace, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    (workspace / "inbox" / "b.html").write_bytes(b"%PDF-1.7 not a page")
    (workspace / "inbox" / "c.html").write_text("<html><body>请输入验证码</body></html>", "utf-8")
    code, _, err = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE)
    assert (code, "3 条线索：收录 1" in err) == (0, True)


def test_an_address_or_file_that_somebody_names_becomes_a_lead(workspace, tmp_path, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    elsewhere = tmp_path / "别处.html"
    (workspace / "inbox" / "a.html").rename(elsewhere)
    code, out, err = bulletin("-C", workspace, "collect", "--file", elsewhere)
    assert (code, "file:别处.html" in out) == (0, True), err
    code, out, _ = bulletin("-C", workspace, "run", "beijing-monthly", *JUNE)
    assert "北京友谊医院上线智慧医疗平台" in out


def test_steps_by_themselves_take_and_give_json_lines(workspace, tmp_path, put, bulletin):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    page = workspace / "inbox" / "a.html"
    code, out, _ = bulletin("extract", "--json", page, tmp_path / "missing.html")
    good, bad = map(json.loads, out.splitlines())
    assert code == 0
    assert (good["title"], good["date"], good["source"], good["editor"]) == (
        "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", "赵敏",
    )  # fmt: skip
    assert good["body"].split("\n") == list(HOSPITAL)
    assert [one["kind"] for one in good["blocks"]] == ["paragraph"] * 3
    promised = "file title date source author editor body blocks confidence evidence dates quality lacks"
    assert set(good) == set(promised.split())
    assert set(bad) == {"file", "error"}

    text = "\n".join(HOSPITAL)
    rows = [
        {"id": 7, "title": good["title"], "text": text, "date": "2024-06-12", "event": "ignored"},
        {"id": 8, "title": "友谊医院：检查结果互认", "text": text, "date": "2024-06-13"},
        {"id": 9, "title": "北京国安主场二比一取胜", "text": "\n".join(SPORTS), "date": "2024-06-13"},
    ]
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    _, out, _ = bulletin("cluster", "--json", lines)
    clustered = [json.loads(line) for line in out.splitlines()]
    assert [one["id"] for one in clustered] == [7, 8, 9]
    assert clustered[0]["cluster"] == clustered[1]["cluster"] != clustered[2]["cluster"]
    assert sorted(one["relation"] for one in clustered[:2])[0] == ""
    assert sorted(one["relation"] for one in clustered[:2])[1] in ("exact", "reprint")
    _, out, _ = bulletin("rate", "--json", "--series", "beijing-monthly", lines)
    rated = [json.loads(line) for line in out.splitlines()]
    assert [one["verdict"] for one in rated] == ["in", "in", "out"]
    assert all(set(one) == {"score", "verdict", "because"} and 0 <= one["score"] <= 1 for one in rated)


def test_a_broken_line_is_named_with_its_place(tmp_path, bulletin):
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"title": "甲", "text": "乙"}\n{"title": \n', "utf-8")
    code, _, err = bulletin("rate", "--series", "national-weekly", lines)
    assert (code, "rows.jsonl:2:" in err) == (2, True)


def test_a_file_that_is_not_there_is_said(workspace, tmp_path, bulletin):
    code, _, err = bulletin("-C", workspace, "collect", "--file", tmp_path / "没有.html")
    assert code == 1
    assert "没有.html" in err


def test_a_publication_that_could_not_be_written_is_said(drafted, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    bulletin(*here, "draft", "waive", "beijing-monthly", "empty-link:1", "--reason", "内部材料", *window)
    (workspace / "out").write_text("挡路", "utf-8")
    code, out, err = bulletin(*here, "release", "beijing-monthly", *window, "--engine", "inline")
    assert (code, out) == (3, "")
    assert "尚未写出" in err
    (workspace / "out").unlink()
    bulletin(*here, "issue", "list")
    assert len(list((workspace / "out").iterdir())) == 3


def test_a_month_and_a_week_at_once_are_refused(workspace, bulletin):
    code, _, err = bulletin("-C", workspace, "run", "beijing-monthly", "--month", "2024-06", "--week", "2024-06-01")
    assert (code, "不能同时用" in err) == (2, True)


def test_an_argument_that_is_no_text_is_refused(workspace, bulletin):
    code, _, err = bulletin("-C", workspace, "draft", "edit", "beijing-monthly", "1", "--title", "\udcff")
    assert (code, "不是 UTF-8" in err) == (2, True)


def test_a_step_that_changes_nothing_makes_no_revision(drafted, bulletin):
    workspace, _, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    _, out, _ = bulletin(*here, "draft", "exclude", "beijing-monthly", "1", *window)
    assert "修订2" in out
    _, out, err = bulletin(*here, "draft", "exclude", "beijing-monthly", "北京友谊医院上线", *window)
    assert "修订2" in out
    assert "没有改变草稿" in err


def test_a_draft_is_shown_as_it_was(drafted, bulletin):
    workspace, before, _ = drafted
    here, window = ("-C", workspace), ("--month", "2024-06")
    bulletin(*here, "draft", "edit", "beijing-monthly", "1", "--title", "改过的标题", *window)
    assert "改过的标题" in bulletin(*here, "draft", "show", "beijing-monthly", *window)[1]
    _, out, _ = bulletin(*here, "draft", "show", "beijing-monthly", "--revision", "1", *window)
    assert out.splitlines() == before.splitlines()[2:]
    code, _, err = bulletin(*here, "draft", "show", "beijing-monthly", "--revision", "9", *window)
    assert (code, "没有修订9" in err) == (2, True)


def test_rows_with_gaps_are_clustered_and_rated_all_the_same(tmp_path, bulletin):
    rows = [
        {"id": "a", "title": None, "text": "", "date": None},
        {"id": "a", "title": "智慧医疗平台上线", "text": "\u2028".join(HOSPITAL)},
        {"id": 3, "title": "", "text": "\n".join(HOSPITAL), "date": "not a day"},
    ]
    lines = tmp_path / "rows.jsonl"
    lines.write_text("\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\r\n\r\n", "utf-8")
    code, out, err = bulletin("cluster", "--json", lines)
    assert code == 0, err
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["a", "a", 3]
    code, out, _ = bulletin("rate", "--json", "--series", "national-weekly", lines)
    assert (code, len(out.splitlines())) == (0, 3)
    assert json.loads(out.splitlines()[0])["verdict"] == "out"
