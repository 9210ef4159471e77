"""漏收核查: what an issue that is out might have carried, why it does not, and what editors say of it."""

import dataclasses
import datetime as dt
import json
import re
import shutil

import pytest

from drafts import BORDERLINE, CONFIG, article, candidate, draft
from pipeline.desk import Inline, open_desk
from pipeline.errors import UsageError
from pipeline.model import Block, Cause, Decision, Desked, Fate, Kind, State
from pipeline.steps.learn.lessons import lessons
from pipeline.steps.miss import strength
from test_schedule import SetClock
from test_supplementing import COMMUNITY, HOSPITAL, SERIES, SPORTS

pytestmark = pytest.mark.usefixtures("pages_estimated")
FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
NURSING = (
    "北京市卫生健康委员会印发通知，全市二级以上医院年底前全部接入互联网护理服务监管平台，居民可在线预约上门护理。",
    "平台与北京市全民健康信息平台对接，电子病历、护理记录和电子处方互通共享，智慧医疗服务延伸到社区和家庭。",
)
IMAGING = (
    "天坛医院脑血管病人工智能辅助诊断系统日前投入临床，读片时间由二十分钟缩短到两分钟，结果写入电子病历。",
    "该院信息中心介绍，系统接入医院信息平台和影像归档系统，医疗大模型给出的建议由医师复核后才能生效。",
)


@pytest.fixture
def clock():
    return SetClock("2024-07-01 08:00")


@pytest.fixture
def office(workspace, put, made_once, clock):
    """June is out with one story; one was left out, three came late, one of them from a source that was down."""

    def made():
        path = workspace / "config" / "series.yaml"
        path.write_text(path.read_text("utf-8").partition("national-weekly:")[0], "utf-8")
        with (workspace / "config" / "sources.yaml").open("a", encoding="utf-8") as sources:
            sources.write("- {id: north, name: 北方网, kind: folder, path: north}\n")
        put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
        put("b", "本市互联网护理服务监管平台年底覆盖二级以上医院", "2024-06-14", "北京日报", *NURSING)
        put("c", "北京国安主场二比一取胜", "2024-06-13", "北京日报", *SPORTS)
        with open_desk(workspace, clock=clock) as desk:
            june = desk.series(SERIES).window_of(dt.date(2024, 6, 1))
            desk.run(SERIES, june, Inline())
            now = desk.desked(SERIES, june)
            out = next(one.handle for one in now.draft.candidates if "护理" in one.article.title)
            now = desk.decide(now, Decision("exclude", "王编辑", clock(), out, reason="已另报"))
            (kept,) = now.draft.chosen
            now = desk.decide(now, Decision("waive", "王编辑", clock(), f"empty-link:{kept}", reason="内部材料"))
            desk.release(now, "王编辑")
        clock.set("2024-07-02 09:00")
        put("late", "朝阳区社区卫生服务中心接入区域影像云 居民家门口远程读片", "2024-06-30", "北京日报", *COMMUNITY)
        put("again", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-13", "千龙网", *HOSPITAL)
        put("football", "国安主场取胜 豪取三连胜", "2024-06-30", "北京晚报", *SPORTS)
        put("n", "天坛医院人工智能辅助诊断系统投入临床", "2024-06-20", "北京青年报", *IMAGING)
        (workspace / "north").mkdir()
        shutil.move(workspace / "inbox" / "n.html", workspace / "north" / "n.html")
        with open_desk(workspace, clock=clock) as desk:
            desk.collect(Inline())

    made_once(made)
    clock.set("2024-07-02 10:00")
    return workspace


@pytest.fixture
def desk(office, clock):
    with open_desk(office, clock=clock) as opened:
        yield opened


def june(desk):
    return desk.numbered(SERIES, 535)


def named(found):
    return {one.article.title[:4]: one for one in found.stories}


def test_what_was_left_out_came_late_or_was_lost_to_a_silent_source_is_told_apart_strongest_first(desk):
    found = desk.missed(june(desk))
    assert [(one.cause, one.article.title[:4]) for one in sorted(found.stories, key=lambda one: one.cause.value)] == [
        (Cause.LATE, "朝阳区社"), (Cause.LEFT_OUT, "本市互联"), (Cause.SILENT, "天坛医院"),
    ]  # fmt: skip
    assert [one.strength for one in found.stories] == sorted((one.strength for one in found.stories), reverse=True)
    left = named(found)["本市互联"]
    assert (left.left_out.who, left.left_out.reason) == ("王编辑", "已另报")
    assert "王编辑剔除：已另报" in left.reasons
    assert named(found)["天坛医院"].sources == ("北方网",)
    (silence,) = found.silences
    assert (silence.name, silence.came) == ("北方网", 1)


def test_looking_for_what_was_missed_changes_nothing(desk, office):
    def rows():
        with desk._database.read() as connection:
            tables = ("fates", "fingerprints", "edges", "runs", "revisions", "leads", "articles", "issues")
            return [connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in tables]

    before = rows(), june(desk)
    assert desk.missed(june(desk)) == desk.missed(june(desk))
    assert (rows(), june(desk)) == before


@FILE
def test_what_a_later_issue_took_in_is_known_as_mended(desk, clock):
    clock.set("2024-08-01 08:00")
    july = desk.series(SERIES).window_of(dt.date(2024, 7, 1))
    desk.run(SERIES, july, Inline())
    late = named(desk.missed(june(desk)))["朝阳区社"].article
    now = desk.desked(SERIES, july)
    now = desk.decide(now, Decision("include", "李编辑", clock(), late.url, reason="上期漏收"))
    (kept,) = now.draft.chosen
    now = desk.decide(now, Decision("waive", "李编辑", clock(), f"empty-link:{kept}", reason="内部材料"))
    desk.release(now, "李编辑")
    found = named(desk.missed(june(desk)))
    assert found["朝阳区社"].later.place == "第五三六期第1条"
    assert found["天坛医院"].later is None


def test_what_an_editor_says_is_kept_signed_and_stays_with_the_story(desk, clock):
    story = named(desk.missed(june(desk)))["天坛医院"]
    desk.look_back(june(desk), story.article.id, missed=False, who="王编辑")
    clock.set("2024-07-03 09:00")
    desk.look_back(june(desk), story.article.id, missed=True, who="李主任", reason="应当收录")
    said = named(desk.missed(june(desk)))["天坛医院"].hindsight
    assert (said.chinese, said.who, said.reason) == ("确为漏收", "李主任", "应当收录")
    assert [one.missed for one in desk.hindsights.of(june(desk).id)] == [False, True], "no word is lost"
    (deed, *_) = desk.audit.newest(1)
    assert (deed.who, deed.detail) == ("李主任", f"确为漏收《{story.article.title}》：应当收录")
    with pytest.raises(UsageError, match="没有这一条"):
        desk.look_back(june(desk), "0" * 16, missed=True, who="王编辑")


@FILE
def test_the_command_lists_them_and_says_it_as_json(desk, bulletin):
    place = ("-C", desk.config.workspace, "issue", "missed", SERIES)
    code, out, _ = bulletin(*place, "535")
    assert code == 0
    for words in ("第五三五期 漏收核查：3 条", "信源中断", "王编辑剔除：已另报", "北方网"):
        assert words in out
    code, out, _ = bulletin(*place, "535", "--json")
    told = json.loads(out)
    assert code == 0
    assert {one["cause"] for one in told["stories"]} == {"late", "left_out", "silent"}
    assert all(one["article"] and one["title"] and one["score"] for one in told["stories"])
    code, _, err = bulletin(*place, "999")
    assert (code, "没有已发布或导入的第999期" in err) == (2, True)


WARD = (
    "北京市海淀区一家医院扩建门诊楼，新增床位三百张，配备自助挂号机，预计明年春天投入使用。",
    "院方介绍，新楼共六层，一层为急诊，二层以上为各科门诊，地下两层为停车场。",
)


@FILE
def test_what_was_judged_out_by_little_is_strong_when_several_outlets_print_it(workspace, put, clock):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    for name, outlet in (("b", "北京日报"), ("c", "千龙网"), ("d", "北京青年报"), ("e", "新京报")):
        put(name, "海淀一家医院扩建门诊楼", "2024-06-14", outlet, *WARD)
    put("f", "北京国安主场二比一取胜", "2024-06-13", "北京日报", *SPORTS)
    with open_desk(workspace, clock=clock) as desk:
        told = tuple(Block(Kind.PARAGRAPH, one) for one in WARD)
        rate = desk.rater(desk.series(SERIES))
        ward = rate(article("海淀", title="海淀一家医院扩建门诊楼", blocks=told)).score
    scope = workspace / "config" / "scope.yaml"
    consider = f"consider: {ward + 0.05:.2f}"
    scope.write_text(re.sub("^consider: [0-9.]+", consider, scope.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    with open_desk(workspace, clock=clock) as desk:
        window = desk.series(SERIES).window_of(dt.date(2024, 6, 1))
        desk.run(SERIES, window, Inline())
        now = desk.desked(SERIES, window)
        (kept,) = now.draft.chosen
        desk.release(
            desk.decide(now, Decision("waive", "王编辑", clock(), f"empty-link:{kept}", reason="内部")), "王编辑"
        )
        (story,) = desk.missed(june(desk)).stories
    assert (story.cause, story.fate, story.handle, story.houses) == (Cause.PASSED_OVER, Fate.OUT_OF_SCOPE, "", 4)
    assert "4 家媒体" in story.reasons
    assert story.strength > desk.config.scope.consider > story.score


def test_what_is_said_afterwards_is_learned_in_place_of_what_the_issue_decided():
    waited, out, printed = (candidate(name, rating=BORDERLINE) for name in ("备选", "剔除", "刊出"))
    known = article("迟到", "2024-06-12")
    value = dataclasses.replace(draft(waited, out, printed, chosen=("刊出",)), excluded=("剔除",))
    desked = Desked(7, 535, 2, State.RELEASED, value, released=2)
    by_itself, _ = lessons([desked])
    assert {one.article.id: one.included for one in by_itself} == {
        waited.article.id: False, out.article.id: False, printed.article.id: True,
    }  # fmt: skip
    said = {out.article.id: True, known.id: True, waited.article.id: False, article("别处").id: False}
    taught, contradicting = lessons([desked], {7: said}, {known.id: known, article("别处").id: article("别处")})
    assert {one.article.id: (one.included, one.weight) for one in taught} == {
        out.article.id: (True, 1.0), known.id: (True, 1.0), waited.article.id: (False, 1.0),
        printed.article.id: (True, 0.5),
    }  # fmt: skip
    assert contradicting == 0


def test_twice_as_many_outlets_count_as_much_as_a_twentieth_and_lift_what_was_judged_out_by_little():
    assert strength(0.8, 1) == 0.8
    assert strength(0.2, 4) == 0.3
    assert strength(0.25, 1) < CONFIG.scope.consider <= strength(0.25, 2)
