"""Why, on the command line: the rejected pile, one verdict, and what another scope would change."""

import json
import re

import pytest
import sqlalchemy as sa

from pipeline.desk import now, open_desk
from pipeline.steps.window import named
from pipeline.store.schema import FATES, PRECEDENTS

HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查、查询电子病历。",
    "北京市卫生健康委有关负责人表示，将继续推进智慧医院建设，推动医疗大数据共享应用和远程医疗服务下沉社区。",
)
CHENGDU = (
    "成都一家三甲医院日前启用智慧病房，移动护理终端与电子病历相连，护士查房不再抄写。",
    "医院信息中心介绍，互联网医院和远程会诊系统同步升级，全部由本院自建。",
    "患者说，出院带药和复诊都能在手机上办，省去了来回跑。",
)
SPORTS = (
    "昨晚，北京国安队在工人体育场以二比一战胜对手，取得主场三连胜。",
    "上半场第三十分钟，主队利用角球机会首开纪录，易边再战后客队一度扳平比分。",
    "赛后主教练表示，球队将抓紧时间恢复体能，备战下周末的客场比赛。",
)
CLINIC = (
    "北京石景山一家社区医院的义诊台前排起了队，医生为居民量血压、查眼底，护士教老人康复动作。",
    "义诊从早上八点开始，中医科和口腔科的号最先发完，没有排上的居民留了电话。",
    "社区医院说，下个月还会再办一次，地点改在广场东侧的凉亭。",
)
pytestmark = pytest.mark.usefixtures("pages_estimated")
MONTH = ("--month", "2024-06")
SERIES = "beijing-monthly"


@pytest.fixture
def here(workspace, made_once, put, bulletin):
    """A June of four articles: one in, one from elsewhere, two about other things, one of them before the window."""
    made_once(lambda: _made(workspace, put, bulletin))
    return lambda *arguments: bulletin("-C", workspace, *arguments)


def _made(workspace, put, bulletin) -> None:
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    put("b", "成都一医院启用智慧病房 护士查房不再抄写", "2024-06-13", "成都商报", *CHENGDU)
    put("c", "北京国安主场二比一取胜", "2024-06-14", "北京日报", *SPORTS)
    put("d", "石景山社区医院义诊忙", "2024-05-02", "北京日报", *CLINIC)
    (workspace / "inbox" / "e.html").write_text("<html><body><p>404 Not Found</p></body></html>", "utf-8")
    code, _, err = bulletin("-C", workspace, "run", SERIES, *MONTH, "--engine", "inline")
    assert code == 0, err


def _scope(workspace, old: str, new: str, name: str = "other.yaml"):
    """A copy of the scope in force with one passage changed."""
    text = (workspace / "config" / "scope.yaml").read_text("utf-8")
    assert old in text
    path = workspace / name
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def _loosened(workspace):
    """A scope whose place is so wide that Chengdu lies in it."""
    return _scope(workspace, "    places: [", "    places: [成都, ")


# what was passed over ------------------------------------------------------------------------------


def test_every_lead_that_is_not_in_the_draft_is_in_the_pile_once(here, workspace):
    pile = json.loads(here("draft", "rejected", SERIES, *MONTH, "--json")[1])
    counts = {one["group"]: one["count"] for one in pile["heaps"]}
    assert counts.pop("无关·与北京无关") == 1
    assert counts.pop("窗口外") == 1
    with open_desk(workspace, clock=now) as desk:
        desked = desk.desked(SERIES, named(desk.series(SERIES), month="2024-06"))
        tally = desk.tally(desked).counts
        heaps = desk.passed(desked).heaps
    assert pile["leads"] == sum(tally.values())
    by_fate: dict[str, int] = {}
    for heap in heaps:
        by_fate[heap.leads[0].fate] = by_fate.get(heap.leads[0].fate, 0) + heap.count
    assert by_fate == {fate: count for fate, count in tally.items() if fate not in ("included", "standby")}


def test_the_pile_begins_with_the_counts_and_shows_what_an_editor_judges_by(here):
    code, out, err = here("draft", "rejected", SERIES, *MONTH)
    assert code == 0
    assert out.startswith("北京市卫生信息化舆情监测月报 2024-06-01…2024-06-30：5 条线索，未入选的 4 条\n  无关·")
    assert re.search(
        r"^无关·与北京无关 1 条\n  0\.\d\d 成都一医院启用智慧病房 护士查房不再抄写（成都商报） 2024-06-13$", out, re.M
    )
    assert "未涉及北京，来源亦非北京媒体" in out
    assert "file:inbox/b.html" in out
    assert "bulletin draft include beijing-monthly --month 2024-06 网址" in err


def test_what_is_taken_from_the_pile_is_not_in_it_any_more(here):
    assert here("draft", "include", SERIES, "file:inbox/b.html", *MONTH, "--reason", "外地经验")[0] == 0
    _, out, _ = here("draft", "rejected", SERIES, *MONTH)
    assert "未入选的 3 条" in out
    assert "成都" not in out


def test_what_an_editor_puts_out_is_in_the_pile_with_its_handle(here):
    here("draft", "exclude", SERIES, "1", *MONTH, "--reason", "已有同类")
    _, out, _ = here("draft", "rejected", SERIES, *MONTH, "--reason", "剔除")
    assert re.search(r"编辑剔除 1 条\n  [01]\.\d\d c\w{5} 北京友谊医院", out)


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["--reason", "与北京无关"], ["成都一医院"]),
        (["--reason", "无关", "--search", "角球"], ["北京国安"]),
        (["--search", "查房"], ["成都一医院"]),
        (["--search", "没有这个词"], []),
    ],
)
def test_the_pile_is_searched_by_reason_and_by_word(here, options, titles):
    _, out, _ = here("draft", "rejected", SERIES, *MONTH, "--json", *options)
    found = [lead["title"] for heap in json.loads(out)["heaps"] for lead in heap["leads"]]
    assert [any(one in title for title in found) for one in titles] == [True] * len(titles)
    assert len(found) == len(titles)


def test_a_reason_that_nothing_has_is_answered_with_those_there_are(here):
    code, _, err = here("draft", "rejected", SERIES, *MONTH, "--reason", "天气")
    assert (code, "没有“天气”这一类。现有：无关·" in err) == (2, True)


def test_runs_that_kept_no_grounds_are_shown_under_their_fates(here, workspace, point):
    with open_desk(workspace, clock=now) as desk, desk._database.write() as connection:
        connection.execute(sa.update(FATES).values(ground="", score=None))
    _, out, _ = here("draft", "rejected", SERIES, *MONTH, "--limit", "1")
    assert re.search(r"^无关 2 条\n   —   .+\n(?:.+\n)+  ……另有 1 条：--limit 0$", out, re.M)


# why -----------------------------------------------------------------------------------------------


def test_a_candidate_is_explained_by_its_place_its_handle_or_a_part_of_its_title(here):
    answers = [here("draft", "why", SERIES, target, *MONTH)[1] for target in ("1", "友谊医院", "file:inbox/a.html")]
    assert answers[0] == answers[1] == answers[2]
    assert re.search(r"^判定 +收录 第1条 得分 [01]\.\d\d$", answers[0], re.M)
    assert re.search(r"^ +来源为北京媒体：北京日报$", answers[0], re.M)


@pytest.mark.parametrize("target", ["智慧病房", "file:inbox/b.html"])
def test_what_was_judged_out_is_explained_by_its_title_or_its_address(here, target):
    code, out, _ = here("draft", "why", SERIES, target, *MONTH)
    assert code == 0
    assert re.search(r"^判定 +无关 得分 [01]\.\d\d$", out, re.M)
    assert "未涉及北京，来源亦非北京媒体" in out


def test_what_could_not_be_read_says_so_and_nothing_else(here):
    _, out, _ = here("draft", "why", SERIES, "file:inbox/e.html", *MONTH, "--json")
    assert (json.loads(out)["rating"], json.loads(out)["fate"]) == (None, "not_an_article")


@pytest.mark.parametrize(
    ("target", "said"),
    [("https://nowhere.example/1", "没有采集过"), ("没有这样的标题", "草稿和未入选的线索里都没有")],
)
def test_what_nobody_stored_cannot_be_explained(here, target, said):
    code, _, err = here("draft", "why", SERIES, target, *MONTH)
    assert (code, said in err) == (2, True)


# earlier decisions ---------------------------------------------------------------------------------


def _release_june(here):
    here("draft", "waive", SERIES, "empty-link:1", "--reason", "内部材料", *MONTH)
    code, _, err = here("release", SERIES, *MONTH, "--engine", "inline")
    assert code == 0, err


def _july(here, put):
    put("f", "北京天坛医院上线智慧医疗平台 检查结果实现互认", "2024-07-12", "北京日报", *(
        one.replace("友谊", "天坛").replace("近日", "本月") for one in HOSPITAL
    ))  # fmt: skip
    return here("run", SERIES, "--month", "2024-07", "--engine", "inline")


def test_a_like_article_is_told_what_became_of_the_earlier_one(here, put):
    _release_june(here)
    _july(here, put)
    _, out, _ = here("draft", "why", SERIES, "天坛医院", "--month", "2024-07")
    assert re.search(
        r"^先例 +第五三五期收录《北京友谊医院上线智慧医疗平台 检查结果实现互认》（相似 0\.\d\d）$", out, re.M
    )


def test_what_an_editor_put_out_is_told_with_the_reason(here, put):
    here("draft", "include", SERIES, "file:inbox/b.html", *MONTH)
    here("draft", "exclude", SERIES, "1", *MONTH, "--reason", "已有同类")
    here("draft", "waive", SERIES, "empty-link:1", "--reason", "内部材料", *MONTH)
    here("draft", "check", SERIES, *MONTH)
    code, _, err = here("release", SERIES, *MONTH, "--engine", "inline")
    assert code == 0, err
    _july(here, put)
    _, out, _ = here("draft", "why", SERIES, "天坛医院", "--month", "2024-07")
    assert re.search(r"第五三五期剔除《北京友谊医院.+》（相似 0\.\d\d）：已有同类$", out, re.M)


def test_issues_that_went_out_before_decisions_were_kept_count_too(here, put, workspace):
    _release_june(here)
    with open_desk(workspace, clock=now) as desk, desk._database.write() as connection:
        assert connection.execute(sa.delete(PRECEDENTS)).rowcount == 1
    _july(here, put)
    assert "第五三五期收录" in here("draft", "why", SERIES, "天坛医院", "--month", "2024-07")[1]


def test_the_draft_tells_the_precedents_of_what_waits_for_the_editor_and_of_nothing_else(here, put, workspace):
    _release_june(here)
    _, out, _ = _july(here, put)
    assert "先例" not in out
    scope = _scope(workspace, "accept: 0.8 ", "accept: 0.9999 ")
    (workspace / "config" / "scope.yaml").write_bytes(scope.read_bytes())
    _, out, _ = here("run", SERIES, "--month", "2024-07", "--engine", "inline", "--offline")
    assert re.search(r"^    先例：第五三五期收录《北京友谊医院.+》（相似 0\.\d\d）$", out, re.M)


def test_a_like_article_that_was_judged_out_names_what_it_is_like(here, put):
    put("g", "成都一医院启用智慧病房 护士查房不用抄写", "2024-06-15", "四川日报", *CHENGDU)
    assert here("run", SERIES, *MONTH, "--engine", "inline")[0] == 0
    _, out, _ = here("draft", "why", SERIES, "file:inbox/g.html", *MONTH)
    assert re.search(r"^关联 +(?:转载|同一文章) [01]\.\d\d《成都一医院启用智慧病房 护士查房不再抄写》", out, re.M)


# another scope -------------------------------------------------------------------------------------


def test_the_scope_in_force_changes_nothing_and_keeps_nothing(here):
    before = here("draft", "log", SERIES, *MONTH)[1]
    code, out, err = here("scope", "test", SERIES, *MONTH)
    assert (code, "重判 3 篇，与上次生成" in out, "没有变化" in out) == (0, True, True), err
    assert here("draft", "log", SERIES, *MONTH)[1] == before


def test_a_wider_scope_names_what_would_come_in_and_why(here, workspace):
    code, out, _ = here("scope", "test", SERIES, *MONTH, "--scope", _loosened(workspace))
    assert code == 0
    assert re.search(r"^新收录 1 篇\n  0\.\d\d → [01]\.\d\d 成都一医院启用智慧病房", out, re.M)
    assert "收录建议 1 → 2，待审 0，无关 2 → 1" in out


def test_a_change_of_the_file_in_force_is_held_against_the_last_run(here, workspace):
    (workspace / "config" / "scope.yaml").write_bytes(_loosened(workspace).read_bytes())
    assert "新收录 1" in here("scope", "test", SERIES, *MONTH)[1]


def test_a_printed_item_that_would_be_thrown_out_is_said_loudly(here, workspace):
    _release_june(here)
    strict = _scope(workspace, "accept: 0.8 ", "accept: 0.9999 ")
    strict.write_text(strict.read_text("utf-8").replace("consider: 0.3 ", "consider: 0.9998 ", 1), "utf-8")
    _, out, _ = here("scope", "test", SERIES, *MONTH, "--scope", strict)
    assert re.search(r"^！！已刊出的 1 条将被判为无关\n  [01]\.\d\d → [01]\.\d\d 第五三五期第1条 北京友谊", out, re.M)
    assert "得分未变，分数线变了" in out


def test_several_windows_get_a_line_each(here, workspace):
    _, out, _ = here(
        "scope", "test", SERIES, "--from", "2024-05", "--to", "2024-07", "--scope", _loosened(workspace)
    )  # fmt: skip
    assert out.splitlines() == [
        "2024-05-01…2024-05-31  1 篇：没有变化",
        "2024-06-01…2024-06-30  3 篇：新收录 1",
    ]


def test_the_changes_are_there_for_other_programs(here, workspace):
    _, out, _ = here("scope", "test", SERIES, *MONTH, "--scope", _loosened(workspace), "--json")
    (replayed,) = json.loads(out)
    assert (replayed["articles"], replayed["after"]) == (3, {"in": 2, "borderline": 0, "out": 1})
    assert [(one["change"], one["url"]) for one in replayed["changes"]] == [("taken", "file:inbox/b.html")]


def test_a_scope_file_that_cannot_be_used_is_named_with_its_line(here, workspace):
    broken = _scope(workspace, "accept: 0.8 ", "accept: high ")
    code, _, err = here("scope", "test", SERIES, *MONTH, "--scope", broken)
    assert (code, bool(re.search(r"other\.yaml:\d+:1: accept: ", err))) == (2, True)


def test_a_scope_file_without_the_rule_of_the_series_place_is_refused(here, workspace):
    other = workspace / "other.yaml"
    text = (workspace / "config" / "scope.yaml").read_text("utf-8")
    other.write_text(re.sub(r"^  beijing:$", "  shanghai:", text, flags=re.M), "utf-8")
    code, _, err = here("scope", "test", SERIES, *MONTH, "--scope", other)
    assert (code, "has no place rule 'beijing'" in err) == (2, True)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--month", "2024-09"], 2, "还没有生成过，没有可比的判定"),
        (["--to", "2024-06"], 2, "--to 要和 --from 一起用"),
        (["--from", "2024-06", "--to", "2024-05"], 2, "晚于"),
        (["--from", "2024-05", "--month", "2024-06"], 2, "不能和 --month、--week 同时用"),
    ],
)
def test_windows_that_cannot_be_tested_are_refused(here, options, code, said):
    answered, _, err = here("scope", "test", SERIES, *options)
    assert (answered, said in err) == (code, True), err


def test_a_window_without_articles_says_so_by_its_exit_code(here, workspace):
    code, _, _ = here("scope", "test", SERIES, "--month", "2024-09", "--scope", _loosened(workspace))
    assert code == 4
