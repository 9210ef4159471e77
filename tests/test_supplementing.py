"""采集补充: what comes late is added to drafts that are worked on, waits for those handed in, changes no release."""

import datetime as dt

import pytest

from pipeline.desk import Inline, open_desk
from pipeline.model import SYSTEM, Decision, Fate, Phase, State, Work
from pipeline.web.pages.candidates import listing
from sites import Site, reply
from test_schedule import SetClock

FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
pytestmark = pytest.mark.usefixtures("pages_estimated")
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查、查询电子病历。",
)
COMMUNITY = (
    "朝阳区社区卫生服务中心本月起全部接入区域影像云，居民在家门口拍片，由三级医院的医生远程读片。",
    "区卫生健康委介绍，远程医疗平台已连接四十二家社区卫生服务机构，检查报告两小时内回传至居民电子健康档案。",
)
SPORTS = (
    "昨晚，北京国安队在工人体育场以二比一战胜对手，取得主场三连胜。",
    "上半场第三十分钟，主队利用角球机会首开纪录，易边再战后客队一度扳平比分。",
)
SERIES = "beijing-monthly"


@pytest.fixture
def clock():
    return SetClock("2024-07-01 08:00")


def _monthly_only(workspace):
    path = workspace / "config" / "series.yaml"
    path.write_text(path.read_text("utf-8").partition("national-weekly:")[0], "utf-8")


@pytest.fixture
def drafted(workspace, put, made_once, clock):
    """A workspace with the draft of June, made in time of one article."""

    def made():
        _monthly_only(workspace)
        put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
        with open_desk(workspace, clock=clock) as desk:
            desk.run(SERIES, desk.series(SERIES).window_of(dt.date(2024, 6, 1)), Inline())

    made_once(made)
    return workspace


@pytest.fixture
def opened(drafted, clock):
    with open_desk(drafted, clock=clock) as desk:
        yield desk


def june(desk):
    return desk.series(SERIES).window_of(dt.date(2024, 6, 1))


def draft(desk):
    return desk.desked(SERIES, june(desk))


def community(put):
    put("late", "朝阳区社区卫生服务中心接入区域影像云 居民家门口远程读片", "2024-06-30", "北京日报", *COMMUNITY)


def sports(put):
    put("sports", "北京国安主场二比一取胜", "2024-06-29", "北京日报", *SPORTS)


def test_what_comes_late_is_added_to_a_draft_once_marked_and_with_every_decision_kept(opened, put, clock):
    (first,) = draft(opened).draft.chosen
    opened.decide(draft(opened), Decision("edit", "王编辑", clock(), first, {"title": "友谊医院检查结果互认"}))
    community(put)
    sports(put)
    clock.set("2024-07-02 09:00")
    opened.collect(Inline())
    now = draft(opened)
    last = opened.revisions(now)[-1].decision
    assert (now.number, now.revision, last.who, last.chinese) == (535, 3, SYSTEM, "采集补充")
    assert last.reason == "2 条线索：收录 1，无关 1"
    assert now.draft.chosen[0] == first
    assert now.draft.supplements == now.draft.chosen[1:]
    assert now.draft.candidate(now.draft.chosen[1]).article.title.startswith("朝阳区社区")
    assert now.draft.edits[first] == {"title": "友谊医院检查结果互认"}
    fates = opened.runs.fates(opened.runs.last(SERIES, june(opened)).id)
    assert sorted(one.fate for one in fates) == [Fate.INCLUDED, Fate.INCLUDED, Fate.OUT_OF_SCOPE]
    assert len({one.lead for one in fates}) == 3
    for moment in ("2024-07-02 13:00", "2024-07-03 09:00"):
        clock.set(moment)
        opened.collect(Inline())
    told = [one.notice for one in opened.notices.waiting(clock())][1:]
    assert [one.title for one in told] == ["北京市卫生信息化舆情监测月报（第五三五期）草稿补入 1 条"]
    assert "· 朝阳区社区" in told[0].text
    assert draft(opened).revision == 3, "a round that brings nothing new makes no revision"
    making = opened.making(SERIES, june(opened))
    assert (making.claim.progress, list(making.run.seconds), making.asked) == (
        "done", ["pictures", "relate", "judge"], (),
    )  # fmt: skip


def test_what_comes_late_changes_no_release_and_is_known_as_late(opened, put, clock):
    now = draft(opened)
    opened.decide(now, Decision("waive", "王编辑", clock(), "empty-link:" + now.draft.chosen[0], reason="内部材料"))
    released = opened.release(draft(opened), "王编辑")
    before = draft(opened)
    files = {path.name: path.read_bytes() for path in opened.config.out.iterdir()}
    community(put)
    clock.set("2024-07-02 09:00")
    opened.collect(Inline())
    assert draft(opened) == before
    assert {path.name: path.read_bytes() for path in opened.config.out.iterdir()} == files
    assert opened.issues.released(SERIES) == [released]
    (late,) = opened.leads.get(opened.late(SERIES, june(opened)))
    assert late.lead.url.endswith("late.html")


@FILE
@pytest.mark.parametrize("approved", [False, True], ids=["in review", "approved"])
def test_what_comes_late_waits_until_a_draft_that_was_handed_in_is_a_draft_again(opened, put, clock, approved):
    now = draft(opened)
    opened.decide(now, Decision("waive", "王编辑", clock(), "empty-link:" + now.draft.chosen[0], reason="内部材料"))
    now = opened.submit(draft(opened), "王编辑")
    if approved:
        now = opened.approve(now, "李主任")
    community(put)
    clock.set("2024-07-02 09:00")
    opened.collect(Inline())
    assert draft(opened) == now
    standing = opened.standing(opened.series(SERIES))[0]
    assert standing.told == f"修订{now.revision}；又采集到 1 篇，退回草稿后自动补入"
    opened.send_back(now, "李主任", "补上朝阳区的消息")
    opened.collect(Inline())
    assert len(draft(opened).draft.chosen) == 2
    assert opened.standing(opened.series(SERIES))[0].phase is Phase.DRAFT


@FILE
def test_what_comes_late_and_is_out_of_scope_is_accounted_for_without_a_revision(opened, put, clock):
    sports(put)
    opened.collect(Inline())
    assert draft(opened).revision == 1
    assert opened.late(SERIES, june(opened)) == []
    assert [one.fate for one in opened.runs.fates(opened.runs.last(SERIES, june(opened)).id)] == [
        Fate.INCLUDED, Fate.OUT_OF_SCOPE,
    ]  # fmt: skip


@FILE
def test_a_draft_that_is_being_made_or_whose_series_rests_is_not_added_to(opened, put, clock):
    community(put)
    with open_desk(opened.config.workspace, clock=clock) as other:
        claim = other._claimed(SERIES, june(other))
        opened.collect(Inline())
        assert draft(opened).revision == 1
        other.claims.finish(claim.owner, clock())
    opened.claims.pause(SERIES, "系统迁移", "李主任", clock())
    opened.collect(Inline())
    assert draft(opened).revision == 1
    opened.claims.resume(SERIES, "李主任", clock())
    opened.collect(Inline())
    assert draft(opened).revision == 2


@FILE
def test_a_draft_made_by_hand_before_its_time_is_left_to_the_run_that_is_to_come(opened, put, clock):
    clock.set("2024-06-20 09:00")
    opened.run(SERIES, june(opened), Inline())
    community(put)
    opened.collect(Inline())
    assert draft(opened).revision == 1
    clock.set("2024-07-01 00:31")
    ((series, window),) = opened.due()
    assert opened.claim_due(series, window), "it is made anew when its time comes"


@FILE
def test_an_editor_who_decides_while_something_is_added_loses_nothing(opened, put, clock, monkeypatch):
    community(put)
    (first,) = draft(opened).draft.chosen
    propose, stumbled = opened.propose, []

    def late(run, **how):
        made = propose(run, **how)
        if not stumbled:
            stumbled.append(run)
            opened.decide(draft(opened), Decision("edit", "王编辑", clock(), first, {"title": "友谊医院检查结果互认"}))
        return made

    monkeypatch.setattr(opened, "propose", late)
    opened.collect(Inline())
    now = draft(opened)
    assert [one.decision.verb for one in opened.revisions(now)] == ["generate", "edit", "supplement"]
    assert (len(now.draft.chosen), now.draft.edits[first]) == (2, {"title": "友谊医院检查结果互认"})


@FILE
def test_a_draft_that_is_handed_in_while_something_is_to_be_added_stays_as_it_is(opened, put, clock, monkeypatch):
    community(put)
    propose, handed = opened.propose, []

    def late(run, **how):
        made = propose(run, **how)
        if not handed:
            handed.append(opened.submit(draft(opened), "王编辑"))
        return made

    monkeypatch.setattr(opened, "propose", late)
    opened.collect(Inline())
    assert draft(opened) == handed[0]
    assert draft(opened).state is State.IN_REVIEW
    assert len(opened.late(SERIES, june(opened))) == 1


@FILE
def test_one_draft_that_cannot_be_added_to_keeps_no_collecting_from_its_end(opened, put, clock, monkeypatch):
    community(put)
    monkeypatch.setattr(opened, "propose", lambda run, **how: 1 / 0)
    assert opened.collect(Inline()) == {}
    assert draft(opened).revision == 1
    claim = opened.claims.of(Work(SERIES, june(opened)))
    assert (claim.progress, claim.trouble.startswith("ZeroDivisionError")) == ("failed", True)


@FILE
def test_a_run_of_the_next_window_adds_what_it_collected_for_the_last_one(opened, put, clock):
    community(put)
    clock.set("2024-08-01 08:00")
    opened.run(SERIES, opened.series(SERIES).window_of(dt.date(2024, 7, 1)), Inline())
    assert [len(one.draft.chosen) for one in opened.issues.all(SERIES)] == [2, 0]


@FILE
def test_the_command_line_and_the_page_mark_what_was_added(opened, put, clock, bulletin):
    community(put)
    opened.collect(Inline())
    code, out, _ = bulletin("-C", opened.config.workspace, "draft", "show", SERIES, "--month", "2024-06")
    assert code == 0
    (marked,) = [line for line in out.splitlines() if "【采集补充】" in line]
    assert "朝阳区社区" in marked
    rows = listing(draft(opened), opened.config.outlets).chosen
    assert [one.supplement for one in rows] == [False, True]
    _, out, _ = bulletin("-C", opened.config.workspace, "draft", "log", SERIES, "--month", "2024-06")
    assert "采集补充" in out
    assert "1 条线索：收录 1" in out


def _news(said: str) -> bytes:
    return (
        f"<html><h1>{said} 居民家门口远程读片</h1><div class='info'>2024-06-29 09:30 来源：北京日报</div>"
        f"<div class='article'>{''.join(f'<p>{one}</p>' for one in COMMUNITY)}</div></html>"
    ).encode()


@FILE
def test_a_source_that_asks_to_be_left_alone_during_a_run_is_collected_an_hour_later_and_its_news_added(
    drafted, put, clock
):
    site = Site()
    site.answers["/feed.xml"] = reply(b"", "429 Slow down", Retry_After="3600")
    site.answers["/1.html"] = reply(_news("朝阳区社区卫生服务中心接入区域影像云"))
    with (drafted / "config" / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write("- {id: busy, name: 繁忙的信源, kind: feed, url: 'http://busy.example/feed.xml'}\n")
    settings = drafted / "config" / "settings.yaml"
    text = settings.read_text("utf-8").replace("connect_to: {}", f'connect_to: {{"*:80": "{site.address}"}}')
    settings.write_text(text.replace("robots: true", "robots: false"), "utf-8")
    try:
        clock.set("2024-07-01 09:00")
        with open_desk(drafted, clock=clock) as desk:
            report = desk.run(SERIES, june(desk), Inline())
            assert report.silent == ("繁忙的信源",), "the run goes on without it"
            assert [one.split("（")[0] for one in draft(desk).draft.silent] == ["繁忙的信源"]
            assert [one.id for one in desk.turn()] == []
        site.answers["/feed.xml"] = reply(
            "<rss><channel><item><title>朝阳区社区卫生服务中心接入区域影像云</title>"
            "<link>http://busy.example/1.html</link></item></channel></rss>".encode()
        )
        clock.set("2024-07-01 13:00")
        with open_desk(drafted, clock=clock) as desk:
            desk.collect(Inline(), [one.id for one in desk.turn()])
            now = draft(desk)
        assert site.requests.count("/feed.xml") == 2
        assert [now.draft.candidate(one).article.title[:5] for one in now.draft.supplements] == ["朝阳区社区"]
        assert now.draft.silent == (), "it is no longer missing"
    finally:
        site.close()


@FILE
def test_when_the_time_is_up_the_draft_is_made_of_what_is_there_and_the_rest_is_unfinished(drafted, put, clock):
    community(put)
    clock.set("2024-07-01 09:00")
    with (drafted / "config" / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write("- {id: last, name: 排在最后的信源, kind: folder, path: inbox}\n")

    class OneByOne(Inline):
        def each(self, verb, over):
            found = []
            for one in over:
                found += super().each(verb, [one])
                if verb.__name__ == "harvest":
                    desk._until = 0.0
            return found

    with open_desk(drafted, clock=clock) as desk:
        lines: list[str] = []
        report = desk.run(SERIES, june(desk), OneByOne(), say=lines.append)
        assert report.silent == ("排在最后的信源",)
        assert "  排在最后的信源：未能采集。采集时间用尽，这次没有问到" in lines
        assert len(report.draft.chosen) == 2
        assert desk.leads.asked("last").failures == 0, "nobody asked it, so it did not fail"
