"""Learning: a model follows what editors decide as far as that is no worse, and the way back is to the byte."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import sys

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter

import drafts
from drafts import LEAD, NOON, SERIES
from pipeline.config import Scope, packaged, read
from pipeline.desk import open_desk
from pipeline.errors import StoreError, UsageError
from pipeline.frozen import frozen_articles, frozen_tellings
from pipeline.model import (
    Block,
    Candidate,
    Coverage,
    Decision,
    Desked,
    Kind,
    Last,
    Learned,
    Learnt,
    Part,
    Rating,
    Relation,
    Release,
    State,
    Tally,
    Verdict,
)
from pipeline.steps.assemble import assemble
from pipeline.steps.dedupe.events import shipped as shipped_events
from pipeline.steps.learn import events as pairs
from pipeline.steps.learn import regression as fitting
from pipeline.steps.learn.lessons import PairLesson, lessons
from pipeline.steps.learn.scope import tried
from pipeline.steps.learn.texts import shipped_articles, shipped_texts
from pipeline.steps.rate import Model, Rater
from pipeline.steps.window import named
from pipeline.store import Database, Models
from pipeline.store.schema import MODELS

pytestmark = pytest.mark.usefixtures("pages_estimated")
MONTHS = [f"2024-{month:02}" for month in range(6, 13)]
LAST = Last(534, named(SERIES, month="2024-05"))
WEEKLY = "national-weekly"
HOSPITALS = ["城东", "城西", "滨江", "龙山", "北湖", "南岭", "河口"]
CONTEST = (
    "{place}区举行医疗软件创业大赛",
    "{place}区医疗软件创业大赛落幕，{n}支团队路演，{field}的项目获一等奖，奖金二十万元，评委点评了参赛作品。",
)
COURSE = (
    "{place}医学院开设智能医学工程专业",
    "{place}医学院今年招收智能医学工程专业新生{n}名，课程有解剖学、算法和{field}影像，院长出席开学典礼。",
)
PLAIN = (
    "{place}医院电子病历实现跨院调阅",
    "{place}医院的电子病历接入区域平台，{field}患者授权后医生可以调阅既往检查结果，每天调阅{n}次，减少重复检查。",
)
FIELDS = ["泌尿外科", "胸外科", "骨科", "妇科", "肝胆外科", "心外科", "普外科"]
ON_A_FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
"""What is learned does not hang on where decisions are kept; learning takes seconds, so once is enough."""
BOTH = Rating(0.55, Verdict.BORDERLINE, ("命中：手术机器人",))


def _candidate(kind: str, pattern: tuple[str, str], issue: int, which: int, rating: Rating = BOTH) -> Candidate:
    told = {
        "place": HOSPITALS[(issue + which) % 7],
        "n": 20 * issue + 7 * which + 3,
        "field": FIELDS[(issue * 2 + which) % 7],
    }
    title, text = (one.format(**told) for one in pattern)
    article = dataclasses.replace(
        drafts.article(f"{kind}{issue}{which}", f"{MONTHS[issue]}-10"),
        title=title,
        blocks=(Block(Kind.PARAGRAPH, text),),
        origin="北京日报",
    )
    return Candidate(f"{kind}{issue}{which}", (article,), rating, seen=NOON)


def _issue(issue: int) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(kind, pattern, issue, which)
        for kind, pattern in (("contest", CONTEST), ("course", COURSE), ("plain", PLAIN))
        for which in range(3)
    )


def _put_out(desk, month: str, candidates, chosen, excluded=(), **fields) -> None:
    draft = dataclasses.replace(
        drafts.draft(*candidates, chosen=tuple(chosen)),
        window=named(SERIES, month=month),
        included=tuple(chosen),
        excluded=tuple(excluded),
        **fields,
    )
    desked = desk.issues.begin(draft, Decision("generate", "系统", NOON), LAST)
    issue = assemble(draft, desked.number, SERIES, LEAD)
    desk.issues.release(desked, Release(issue, desked.revision, "王编辑", NOON, {}, {}, Tally({})))


def _policy(handle: str) -> bool:
    """Editors who want contests of medical software, and no courses of study."""
    return not handle.startswith("course")


def _edited(desk, months=MONTHS[:6], decide=_policy) -> None:
    for issue, month in enumerate(months):
        some = _issue(issue)
        chosen = [one.handle for one in some if decide(one.handle)]
        _put_out(desk, month, some, chosen, [one.handle for one in some if one.handle not in chosen])


@pytest.fixture
def desk(workspace, hour):
    with open_desk(workspace, clock=hour) as opened:
        yield opened


def _agreement(desk, issue: int) -> float:
    rate = desk.rater(desk.config.series[WEEKLY])
    some = _issue(issue)
    return sum((rate(one.article).score >= 0.5) == _policy(one.handle) for one in some) / len(some)


# ---------------------------------------------------------------------------------------- the scope


@ON_A_FILE
def test_after_six_issues_the_model_agrees_with_the_editors_on_the_seventh_and_passes(desk):
    before = _agreement(desk, 6)
    _edited(desk)
    scope, _ = desk.learn("王编辑")
    assert scope.learned
    assert scope.learned.refused == ""
    assert desk.models.active(Learnt.SCOPE) == scope.learned
    assert _agreement(desk, 6) > before
    assert _agreement(desk, 6) == 1.0
    assert {"专业", "新生", "课程", "医学院"} & set(scope.down)
    assert {"创业", "大赛", "团队", "项目"} & set(scope.up)
    (kept,) = desk.models.all()  # with the figures of both models beside each other
    old, new = kept.figures["最近几期：与编辑决定一致的比例"]
    assert new > old
    assert "固定测试集：F1" in kept.figures
    assert "自带反例中误报的篇数" in kept.figures
    assert (kept.who, kept.decisions) == ("王编辑", 54)


@ON_A_FILE
@pytest.mark.parametrize("seed", [1, 3])
def test_an_editor_who_clicks_at_random_teaches_nothing_that_is_used(desk, seed):
    dice = random.Random(seed)
    texts = [one for one in shipped_texts() if one.label != "borderline"]
    for issue, month in enumerate(MONTHS[:6]):
        some = []
        for which, text in enumerate(dice.sample(texts, 12)):
            article = dataclasses.replace(
                drafts.article(f"x{issue}{which}", f"{month}-10"),
                title=text.title,
                blocks=(Block(Kind.PARAGRAPH, text.text),),
            )
            some.append(Candidate(f"x{issue}{which}", (article,), BOTH, seen=NOON))
        chosen = [one.handle for one in some if dice.random() < 0.5] or [some[0].handle]
        _put_out(desk, month, some, chosen, [one.handle for one in some if one.handle not in chosen])
    scope, _ = desk.learn("某人")
    assert scope.learned
    assert scope.learned.refused
    assert desk.models.active(Learnt.SCOPE) is None
    assert [one.refused for one in desk.models.all()] == [scope.learned.refused]


@ON_A_FILE
def test_an_editor_who_puts_out_whatever_is_in_scope_is_not_followed(desk):
    inside = [one for one in shipped_texts() if one.label == "in"]
    for issue, month in enumerate(MONTHS[:6]):
        some = []
        for which, text in enumerate(inside[issue * 12 : issue * 12 + 12]):
            article = dataclasses.replace(
                drafts.article(f"x{issue}{which}", f"{month}-10"),
                title=text.title,
                blocks=(Block(Kind.PARAGRAPH, text.text),),
            )
            some.append(Candidate(f"x{issue}{which}", (article,), BOTH, seen=NOON))
        _put_out(desk, month, some, [some[0].handle], [one.handle for one in some[1:]])
    scope, _ = desk.learn("某人")
    # the whole articles it learns beside hold the model where it is; what tells are the newest decisions
    assert scope.learned
    assert "看不出规律" in scope.learned.refused
    assert desk.models.active(Learnt.SCOPE) is None


@ON_A_FILE
def test_the_same_decisions_give_the_same_bytes(desk):
    _edited(desk)
    first, _ = desk.learn("王编辑", keep=False)
    second, _ = desk.learn("李编辑", keep=False)
    assert first.learned
    assert second.learned
    assert first.learned.content == second.learned.content
    assert desk.models.all() == []


@ON_A_FILE
def test_one_decision_does_not_swing_the_model(desk):
    rate = desk.rater(desk.config.series[WEEKLY])
    before = [rate(one.article).score for one in _issue(6)]
    some = _issue(0)
    _put_out(desk, MONTHS[0], some, [some[8].handle], [some[0].handle])
    scope, _ = desk.learn("王编辑", keep=False)
    assert scope.learned
    desk.models.keep(dataclasses.replace(scope.learned, refused="", active=True))
    rate = desk.rater(desk.config.series[WEEKLY])
    after = [rate(one.article).score for one in _issue(6)]
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 0.15


@ON_A_FILE
def test_without_decisions_nothing_is_learned(desk):
    scope, events = desk.learn("王编辑")
    assert (scope.learned, events.learned) == (None, None)
    assert "没有可学的决定" in scope.told
    assert "没有可学的合并或拆分" in events.told
    assert desk.models.all() == []


@ON_A_FILE
def test_decisions_of_one_kind_only_teach_nothing(desk):
    some = _issue(0)
    _put_out(desk, MONTHS[0], some, [one.handle for one in some])
    scope, _ = desk.learn("王编辑")
    assert scope.learned is None
    assert "只有收录，没有剔除" in scope.told


def test_a_draft_that_is_not_out_teaches_nothing(desk):
    some = _issue(0)
    draft = dataclasses.replace(drafts.draft(*some, chosen=(some[0].handle,)), excluded=(some[1].handle,))
    desk.issues.begin(draft, Decision("generate", "系统", NOON), LAST)
    assert lessons(desk.issues.all()) == ([], 0)


@ON_A_FILE
def test_an_article_put_out_for_another_reason_than_its_subject_teaches_nothing(desk):
    carried = Coverage(SERIES.id, 534, 4, "往期", Relation.REPRINT, 0.99)
    elsewhere = dataclasses.replace(BOTH, parts=(Part("规则分", 0.9), Part("地区", 0.15)))
    first, second, third, fourth, *_ = _issue(0)
    some = (
        first,
        dataclasses.replace(second, coverage=(carried,)),
        dataclasses.replace(third, rating=elsewhere),
        fourth,
    )
    _put_out(desk, MONTHS[0], some, [fourth.handle], [one.handle for one in some[:3]])
    taught, contradicting = lessons(desk.issues.all())
    assert {(one.article.title, one.included) for one in taught} == {
        (first.article.title, False),
        (fourth.article.title, True),
    }
    assert contradicting == 0


def test_an_article_that_was_taken_once_and_put_out_once_teaches_nothing():
    first, second, *_ = _issue(0)
    draft = drafts.draft(first, second, chosen=(first.handle, second.handle))
    again = dataclasses.replace(draft, series=WEEKLY, chosen=(second.handle,), excluded=(first.handle,))
    issues = [Desked(1, 535, 1, State.RELEASED, draft), Desked(2, 571, 1, State.RELEASED, again)]
    taught, contradicting = lessons(issues)
    assert [(one.article.id, one.included) for one in taught] == [(second.article.id, True)]
    assert contradicting == 1


# ------------------------------------------------------------------------------------------- events


def _pair(issue: int, alike: bool) -> tuple[Candidate, Candidate]:
    place = HOSPITALS[issue]
    first = (
        f"{place}医院互联网医院上线",
        f"{place}医院的互联网医院昨天上线，{issue + 3}千名市民可以在线复诊，院长介绍了流程。",
    )
    second = (
        (
            f"市民可在线复诊：{place}医院互联网医院启用",
            f"昨天，{place}医院启用互联网医院，{issue + 3}千名市民在线复诊，院长说流程更短。",
        )
        if alike
        else (
            f"{place}医院互联网医院开设药师门诊",
            f"{place}医院的互联网医院昨天新开药师门诊，{issue + 9}位药师轮流在线答疑。",
        )
    )
    made = []
    for which, (title, text) in enumerate((first, second)):
        article = dataclasses.replace(
            drafts.article(f"{'y' if alike else 'n'}{issue}{which}", f"{MONTHS[issue]}-1{which}"),
            title=title,
            blocks=(Block(Kind.PARAGRAPH, text),),
        )
        made.append(Candidate(f"{'y' if alike else 'n'}{issue}{which}", (article,), BOTH, seen=NOON))
    return made[0], made[1]


@ON_A_FILE
def test_merges_and_splits_move_the_event_model_and_its_edges_are_made_anew(desk):
    for issue, month in enumerate(MONTHS[:6]):
        a, b = _pair(issue, True)
        c, d = _pair((issue + 1) % 6, False)
        c, d = (
            dataclasses.replace(
                one, articles=(dataclasses.replace(one.article, date=_day(month, 20 + place)),), handle=f"{one.handle}z"
            )
            for place, one in enumerate((c, d))
        )
        _put_out(
            desk, month, (a, b, c, d), [a.handle, c.handle, d.handle],
            together=((a.article.id, b.article.id),), apart=((c.article.id, d.article.id),),
        )  # fmt: skip
    _, events = desk.learn("王编辑")
    assert events.learned
    assert events.learned.decisions >= 8
    assert "固定测试集：归并准确率（B³）" in events.learned.figures
    assert desk.models.active(Learnt.EVENTS) == (events.learned if not events.learned.refused else None)
    assert (desk.event_model() is None) == bool(events.learned.refused)


def _day(month: str, day: int) -> dt.date:
    return dt.date.fromisoformat(f"{month}-{day}")


# --------------------------------------------------------------------------------------- the way back


@pytest.mark.parametrize(
    ("moved", "measure"),
    [
        pytest.param(5.0, "归并准确率", id="one that merges whatever is alike"),
        pytest.param(-9.0, "归并 F1", id="one that merges nothing"),
    ],
)
def test_an_event_model_that_is_worse_on_the_frozen_set_is_refused(moved, measure):
    old = shipped_events()
    new = dataclasses.replace(old, intercept=old.intercept + moved)
    trial = pairs.tried(old, new, new, newest=[], frozen=frozen_tellings())
    assert not trial.passed
    assert any(measure in one for one in trial.refusals)
    assert pairs.tried(old, old, old, newest=[], frozen=frozen_tellings()).passed


def test_an_event_model_that_contradicts_the_newest_merges_is_refused():
    old = shipped_events()
    new = dataclasses.replace(old, intercept=old.intercept - 50)
    merged = PairLesson("a", "b", True, "2024-06-30 beijing-monthly", ())
    alike = dict.fromkeys(old.weights, 0.0) | dict.fromkeys(set(old.weights) - pairs.AGAINST, 1.0)
    trial = pairs.tried(old, old, new, newest=[(merged, alike)], frozen=[])
    assert trial.refusals == ("最近几期：与编辑合并拆分一致的比例由 1.000 变为 0.000",)


@ON_A_FILE
def test_going_back_restores_the_very_bytes(desk):
    _edited(desk, MONTHS[:5])
    first, _ = desk.learn("王编辑")
    assert first.learned
    assert first.learned.active
    _put_out(desk, MONTHS[5], _issue(5), ["plain50", "contest50", "contest51"], ["course50", "course51"])
    second, _ = desk.learn("王编辑")
    assert second.learned
    assert second.learned.content != first.learned.content
    back = desk.roll_back(Learnt.SCOPE)
    assert back
    assert back.content.encode() == first.learned.content.encode()
    assert desk.models.active(Learnt.SCOPE) == back
    assert desk.roll_back(Learnt.SCOPE) is None
    assert desk.scope_model() is None
    with pytest.raises(UsageError, match="没有更早的"):
        desk.roll_back(Learnt.SCOPE)


def test_a_refused_model_can_not_be_put_to_use(where):
    database = Database(where)
    models = Models(database)
    kept = models.keep(
        Learned(Learnt.SCOPE, NOON, "王编辑", 3, "{}", {"F1": (0.9, 0.8)}, refused="F1由 0.900 变为 0.800")
    )
    with pytest.raises(UsageError, match="没有通过检验"):
        models.use(Learnt.SCOPE, kept.id)
    with pytest.raises(UsageError, match="没有编号为 9 的监测范围模型"):
        models.use(Learnt.SCOPE, 9)
    assert models.active(Learnt.SCOPE) is None
    database.close()


def test_one_model_of_a_kind_is_in_use(where):
    database = Database(where)
    models = Models(database)
    first = models.keep(Learned(Learnt.SCOPE, NOON, "王编辑", 3, "a", {}))
    events = models.keep(Learned(Learnt.EVENTS, NOON, "王编辑", 3, "b", {}))
    second = models.keep(Learned(Learnt.SCOPE, NOON, "王编辑", 4, "c", {}))
    assert models.active(Learnt.SCOPE) == second
    assert models.active(Learnt.EVENTS) == events
    models.use(Learnt.SCOPE, first.id)
    assert [one.active for one in models.all()] == [True, True, False]
    database.close()


@ON_A_FILE
def test_a_model_of_another_release_is_not_loaded(desk):
    _edited(desk)
    scope, _ = desk.learn("王编辑")
    assert scope.learned
    assert desk.scope_model() is not None
    other = json.loads(scope.learned.content) | {"format": 0}
    content = json.dumps(other, ensure_ascii=False)
    desk.models.keep(dataclasses.replace(scope.learned, content=content))
    assert desk.scope_model() is None
    assert desk.rater(desk.config.series[WEEKLY])(_issue(0)[8].article).score > 0.5


def test_a_damaged_model_is_not_used_and_the_error_names_the_way_back(desk):
    before = desk.models.keep(Learned(Learnt.SCOPE, NOON, "王编辑", 2, "[]", {}))
    kept = desk.models.keep(Learned(Learnt.SCOPE, NOON, "王编辑", 3, "{}", {}))
    with desk._database.write() as connection:
        connection.execute(sa.update(MODELS).where(MODELS.c.id == kept.id).values(content="{ }"))
    with pytest.raises(StoreError, match=f"model {kept.id}") as refused:
        desk.scope_model()
    assert "bulletin learn rollback 0 --kind scope" in str(refused.value)
    assert [one.damaged for one in desk.models.all()] == [False, True]
    with pytest.raises(UsageError, match="已损坏"):
        desk.models.use(Learnt.SCOPE, kept.id)
    back = desk.roll_back(Learnt.SCOPE)
    assert back, "a damaged model does not bar the way back"
    assert back.id == before.id
    assert desk.roll_back(Learnt.SCOPE, 0) is None


# ------------------------------------------------------------------------------------ the command line


@ON_A_FILE
def test_an_office_of_another_field_learns_from_its_own_decisions_and_is_held_to_them_alone(workspace, hour):
    file = workspace / "config" / "scope.yaml"
    file.write_text(file.read_text("utf-8").replace("trained_words: true", "trained_words: false"), "utf-8")
    with open_desk(workspace, clock=hour) as desk:
        _edited(desk)
        scope, _ = desk.learn("王编辑", keep=False)
    assert "只与本单位各期的取舍比较" in scope.told
    assert {one.split("：")[0] for one in scope.learned.figures} == {"最近几期", "已刊出而得分低于 0.3 的篇数"}
    words = json.loads(scope.learned.content)["words"]
    read = "".join((*CONTEST, *COURSE, *PLAIN, *HOSPITALS, *FIELDS))
    assert words
    assert not [word for word in words if word[0] not in read], "none that came with the program"


@ON_A_FILE
def test_an_editor_learns_looks_and_goes_back_on_the_command_line(workspace, hour, bulletin):
    with open_desk(workspace, clock=hour) as opened:
        _edited(opened)
    code, out, _ = bulletin("-C", workspace, "learn", "run", "--dry-run")
    assert code == 0
    assert "试算，没有保存" in out
    code, out, _ = bulletin("-C", workspace, "learn", "list")
    assert (code, out) == (0, "")
    code, out, _ = bulletin("-C", workspace, "learn", "run", "--as", "王编辑")
    assert code == 0
    assert "54 条决定（收录 36，未收录 18）" in out
    assert "固定测试集：F1" in out
    assert "分量减少最多" in out
    assert "1 号模型已启用" in out
    code, out, _ = bulletin("-C", workspace, "learn", "list", "--json")
    (row,) = json.loads(out)
    assert (row["id"], row["kind"], row["active"], row["who"]) == (1, "scope", True, "王编辑")
    code, _, err = bulletin("-C", workspace, "learn", "rollback")
    assert code == 0
    assert "自带的模型" in err
    code, _, err = bulletin("-C", workspace, "learn", "rollback", "--kind", "colour")
    assert code == 2
    assert "可写：scope、events" in err


def test_without_the_extra_the_command_says_what_to_install(workspace, hour, bulletin, monkeypatch):
    with open_desk(workspace, clock=hour) as opened:
        _edited(opened, MONTHS[:2])
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    code, _, err = bulletin("-C", workspace, "learn", "run")
    assert code == 2
    assert "pip install 'bulletin-desk[learn]'" in err


# -------------------------------------------------------------------------------------- the frozen sets


def test_a_model_that_finds_nothing_is_refused_by_the_frozen_set_alone():
    scope = read(packaged("config") / "scope.yaml", TypeAdapter(Scope))
    old, blind = Rater(scope), Rater(scope, model=Model({}, {}, -5.0))
    trial = tried(old, blind, blind, newest=(), printed=(), frozen=frozen_articles(), texts=())
    assert not trial.passed
    assert [one.split("由")[0] for one in trial.refusals][:2] == [
        "固定测试集：F1",
        "固定测试集：应收而得分低于 0.3 的篇数",
    ]


def test_no_frozen_article_is_trained_on():
    trained = {one.title for one in (*shipped_texts(), *shipped_articles())}
    assert len(frozen_articles()) >= 40
    assert not trained & {one.title for one in frozen_articles()}
    assert len(frozen_tellings()) == 62


def test_the_regression_stays_where_it_began_without_examples_that_pull():
    line = fitting.regression(
        [fitting.Example({"a": 1.0}, 0.5)],
        fitting.Line({"a": 0.0, "b": 2.0}, 0.0),
        {"a": 1.0, "b": 1.0},
        stiff_bias=1.0,
    )
    assert (line.weights, line.bias) == ({"a": 0.0, "b": 2.0}, 0.0)
