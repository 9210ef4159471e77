"""The desk when things happen at the same time, change under it, or fail."""

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from pipeline.config import packaged
from pipeline.desk import Desk, Inline, claiming, now, open_desk
from pipeline.errors import (
    Blocked,
    Busy,
    Collision,
    ConfigError,
    NothingCollected,
    StoreError,
    TemplateError,
    UsageError,
)
from pipeline.model import Decision, Fate, Novelty, Phase, Progress, Severity, Window, Work, Worker
from pipeline.sources.folder import Folder
from pipeline.steps.read import read_page
from pipeline.store import Blobs

pytestmark = pytest.mark.usefixtures("pages_estimated")
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
STORIES = {
    "北京友谊医院": (
        "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
        "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
        "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。",
    ),
    "北京天坛医院": (
        "神经影像大模型在北京天坛医院投入临床试用，脑卒中患者的影像人工智能判读时间由半小时缩短到三分钟。",
        "该院医学影像云已接入十二家医联体单位，基层上传的磁共振数据由远程会诊中心统一出具报告。",
        "项目组介绍，模型训练所用的医疗数据全部经过脱敏，并通过了数据安全评估。",
    ),
    "北京同仁医院": (
        "眼底照相一拍，筛查报告随即传到手机：北京同仁医院牵头的糖网人工智能筛查系统本周进入东城区全部社区卫生服务中心。",
        "居民的筛查结果写入电子健康档案，家庭医生在信息系统里就能看到转诊建议。",
        "市卫生健康委计划年内把这套互联网诊疗流程推广到郊区。",
    ),
}


@pytest.fixture
def desk(workspace):
    with open_desk(workspace, clock=now) as opened:
        yield opened


@pytest.fixture
def write(put):
    def write(name: str, hospital: str, day: str = "2024-06-12") -> None:
        put(name, f"{hospital}智慧医疗又有新进展", day, "北京日报", *STORIES[hospital])

    return write


def _run(desk: Desk, **options):
    return desk.run("beijing-monthly", JUNE, Inline(), **options)


def test_a_decision_taken_while_the_draft_is_made_anew_is_not_lost(desk, write, monkeypatch):
    write("a", "北京友谊医院")
    first = _run(desk).desked
    write("b", "北京天坛医院", "2024-06-20")
    propose, interruptions = Desk.propose, []

    def interrupted(self, run):
        made = propose(self, run)
        if not interruptions:
            interruptions.append(desk.decide(first, Decision("edit", "王编辑", now(), "1", {"title": "改过的标题"})))
        return made

    monkeypatch.setattr(Desk, "propose", interrupted)
    after = _run(desk).desked
    assert interruptions
    assert desk.issue(after).items[0].title == "改过的标题"
    assert len(after.draft.chosen) == 2


def test_of_two_editors_who_decide_at_once_one_is_told(desk, write):
    write("a", "北京友谊医院")
    read = _run(desk).desked
    desk.decide(read, Decision("edit", "王编辑", now(), "1", {"title": "一题"}))
    with pytest.raises(Collision, match="标题在您看过之后被王编辑改过"):
        desk.decide(read, Decision("edit", "李编辑", now(), "1", {"title": "另一题"}))
    assert [one.decision.who for one in desk.revisions(read)] == ["系统", "王编辑"]


def test_a_run_that_finds_nothing_new_makes_no_revision(desk, write):
    write("a", "北京友谊医院")
    first = _run(desk).desked
    assert _run(desk).desked == first


def test_of_many_runs_at_once_one_works_and_the_others_say_who_and_since_when(workspace, write):
    for hospital in STORIES:
        write(hospital, hospital)
    done, refused = [], []
    together = threading.Barrier(3)

    def run() -> None:
        with open_desk(workspace, clock=now) as own:
            together.wait()
            try:
                done.append(_run(own))
            except Busy as error:
                refused.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done
    assert len(done) + len(refused) == 3
    for told in refused:
        assert re.search(r"正在生成：.+@.+（进程 \d+），自 \d{4}-\d\d-\d\d \d\d:\d\d 起", told)
    with open_desk(workspace, clock=now) as own:
        (only,) = own.issues.all("beijing-monthly")
        assert only.number == 535
        assert len(only.draft.chosen) == len(STORIES)


def _ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_the_window_of_a_run_that_was_killed_on_this_machine_is_free_at_once(desk, write):
    write("a", "北京友谊医院")
    killed = Worker("王编辑@这里", claiming._home(), _ended())
    assert desk.claims.take(Work("beijing-monthly", JUNE), killed, now())
    phases = {one.window: one.phase for one in desk.standing(desk.series("beijing-monthly"))}
    assert phases[JUNE] is Phase.FAILED
    assert _run(desk).desked.number == 535


@pytest.mark.parametrize("home", ["", "another boot pid:[1]"], ids=["unknown", "another machine"])
def test_whether_a_process_elsewhere_lives_is_not_guessed(desk, home):
    desk.claims.take(Work("beijing-monthly", JUNE), Worker("王编辑@那里", home, _ended()), now())
    with pytest.raises(Busy, match="王编辑@那里"):
        _run(desk)


def test_a_run_under_the_clocks_claim_says_which_process_works_on_it(desk, write):
    write("a", "北京友谊医院")
    june = Work("beijing-monthly", JUNE)
    claim = desk.claims.take(june, Worker("时钟@这里", claiming._home(), _ended()), now())
    _run(desk, owner=claim.owner)
    done = desk.claims.of(june)
    assert (done.owner, done.progress) == (claim.owner, Progress.DONE)
    assert done.worker.process == os.getpid()


def test_a_run_over_nothing_is_reported_as_one_over_nothing(desk, workspace):
    _run(desk)
    report = desk.report("beijing-monthly", JUNE)
    assert (report.tally.leads, report.draft.chosen) == (0, ())


def test_an_article_that_changes_at_its_source_after_the_draft_leaves_the_draft_alone(desk, write):
    write("a", "北京友谊医院")
    before = desk.issue(_run(desk).desked)
    write("a", "北京同仁医院")
    assert desk.issue(_run(desk).desked) == before


def test_a_source_that_breaks_in_a_way_nobody_foresaw_is_silent_and_the_others_go_on(workspace, write, monkeypatch):
    (workspace / "second").mkdir()
    sources = workspace / "config" / "sources.yaml"
    sources.write_text(
        sources.read_text("utf-8") + "- id: second\n  name: 第二夹\n  kind: folder\n  path: second\n", "utf-8"
    )
    write("a", "北京友谊医院")
    leads = Folder.leads

    def broken(self, fetch, memory=None):
        if self._source.id == "second":
            raise ValueError("没有想到")
        return leads(self, fetch)

    monkeypatch.setattr(Folder, "leads", broken)
    with open_desk(workspace, clock=now) as own:
        report = _run(own)
    assert list(report.silent) == ["第二夹"]
    assert len(report.draft.chosen) == 1
    assert report.draft.silent == ("第二夹（没有采集成功，从未采到）",)


def test_a_full_or_broken_store_stops_the_run_instead_of_passing_for_a_silent_source(desk, write, monkeypatch):
    write("a", "北京友谊医院")

    def full(self, several):
        raise StoreError("No space left on device.")

    monkeypatch.setattr(Blobs, "put_all", full)
    with pytest.raises(StoreError, match="No space left"):
        _run(desk)
    assert desk.issues.all() == []


def fragile(work, *, outlets, rules):
    if "友谊".encode() in work[0].body:
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_page(work, outlets=outlets, rules=rules)


def test_a_page_that_crashes_its_reader_is_unreadable_and_the_others_are_read(desk, write, monkeypatch):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    monkeypatch.setattr("pipeline.desk.collecting.read_page", fragile)
    report = _run(desk)
    assert report.tally.counts == {Fate.INCLUDED: 1, Fate.UNREADABLE: 1}
    [lost] = [one for one in desk.leads.of_window("beijing-monthly", JUNE, 14) if one.rejection]
    assert lost.rejection.because == "内容过于复杂：读取进程意外退出（SIGSEGV）"


def shot(work, outlets, rules):
    """Reads a page, unless the system ends the process in the middle of it, for want of memory as it were."""
    if "友谊".encode() in work[0].body:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_page(work, outlets=outlets, rules=rules)


def test_a_page_whose_reader_is_killed_is_put_off_and_read_by_the_next_run(desk, write, monkeypatch):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.desk.collecting.read_page", shot)
        first = _run(desk)
    assert first.tally.counts == {Fate.INCLUDED: 1, Fate.DEFERRED: 1}
    [put_off] = [one for one in desk.accounted(first.desked) if one.fate is Fate.DEFERRED]
    assert put_off.because.startswith("读取中断")
    again = _run(desk)
    assert again.tally.counts == {Fate.INCLUDED: 2}
    assert again.desked.number == first.desked.number


def test_no_source_at_all_is_said_and_takes_no_number(workspace):
    (workspace / "config" / "sources.yaml").write_text("[]\n", "utf-8")
    with open_desk(workspace, clock=now) as own, pytest.raises(NothingCollected, match="没有启用的信源"):
        _run(own)


def test_a_published_file_that_somebody_changed_is_set_aside_and_made_anew(workspace, write):
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        desked = own.decide(
            _run(own).desked, Decision("edit", "王编辑", now(), "1", {"url": "https://news.bjd.com.cn/a.shtml"})
        )
        own.release(desked, "王编辑")
    (markdown,) = (workspace / "out").glob("*.md")
    released = markdown.read_text("utf-8")
    markdown.write_text("我在成品里改了几个字", "utf-8")
    open_desk(workspace, clock=now).close()
    assert markdown.read_text("utf-8") == released
    (aside,) = (workspace / "out").glob("*改动*.md")
    assert aside.read_text("utf-8") == "我在成品里改了几个字"


def test_a_release_whose_folder_cannot_be_written_is_still_a_release_and_is_published_later(workspace, write):
    write("a", "北京友谊医院")
    (workspace / "out").write_text("一个文件挡在这里", "utf-8")
    with open_desk(workspace, clock=now) as own:
        desked = own.decide(
            _run(own).desked, Decision("edit", "王编辑", now(), "1", {"url": "https://news.bjd.com.cn/a.shtml"})
        )
        released = own.release(desked, "王编辑")
        assert own.issues.released() == [released]
    (workspace / "out").unlink()
    open_desk(workspace, clock=now).close()
    assert {path.name for path in (workspace / "out").iterdir()} == set(released.files)


def test_the_next_issue_knows_what_this_one_carried(workspace, write, put):
    write("a", "北京友谊医院")
    july = Window(dt.date(2024, 7, 1), dt.date(2024, 7, 31))
    with open_desk(workspace, clock=now) as own:
        desked = own.decide(
            _run(own).desked, Decision("edit", "王编辑", now(), "1", {"url": "https://news.bjd.com.cn/a.shtml"})
        )
        own.release(desked, "王编辑")
        write("b", "北京友谊医院", "2024-07-03")
        write("c", "北京天坛医院", "2024-07-04")
        report = own.run("beijing-monthly", july, Inline())
        assert report.desked.number == 536
        (item,) = own.issue(report.desked).items
        assert item.title == "北京天坛医院智慧医疗又有新进展"
        assert report.tally.counts[Fate.COVERED] == 1
        (covered,) = [one for one in report.draft.candidates if one.coverage]
        assert (covered.coverage[0].number, covered.coverage[0].position) == (535, 1)
        around = own.surroundings(report.draft)
        assert {key: one.novelty.chinese for key, one in around.items() if key != covered.handle} == {item.handle: "新"}
        assert around[covered.handle].novelty is Novelty.REPEATED
        assert around[covered.handle].news == "没有新内容"
        beside = own.compared(report.draft, covered.handle)
        assert (beside.before.name, beside.after.name) == ("第五三五期第1条", covered.handle)
        for other in ("535-1", "beijing-monthly/535-1"):
            assert own.compared(report.draft, covered.handle, other) == beside
        assert own.compared(report.draft, covered.handle, item.handle).before.name == item.handle
        with pytest.raises(UsageError, match="没有刊物“monthly”"):
            own.compared(report.draft, covered.handle, "monthly/535-1")


def _at(moment: str):
    return lambda: dt.datetime.fromisoformat(moment)


def _linked(own: Desk, desked):
    return own.decide(desked, Decision("edit", "王编辑", now(), "1", {"url": "https://news.bjd.com.cn/a.shtml"}))


@pytest.mark.parametrize(
    ("moment", "released"), [("2024-06-30T23:59:59+08:00", False), ("2024-07-01T00:00:00+08:00", True)]
)
def test_an_issue_is_released_only_when_its_window_is_over(workspace, write, moment, released):
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=_at(moment)) as own:
        desked = _linked(own, _run(own).desked)
        if released:
            assert own.release(desked, "王编辑").issue.number == 535
        else:
            with pytest.raises(UsageError, match="还没有结束"):
                own.release(desked, "王编辑")


def test_a_number_that_the_published_files_say_is_gone_is_not_given_out_again(workspace, write, point):
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        own.release(_linked(own, _run(own).desked), "王编辑")
    published = {path.name: path.read_bytes() for path in (workspace / "out").iterdir()}
    shutil.rmtree(workspace / "data")
    point()
    with open_desk(workspace, clock=now) as own:
        desked = _linked(own, _run(own).desked)
        with pytest.raises(StoreError, match="已经发布过第535期"):
            own.release(desked, "王编辑")
        assert own.issues.released() == []
    assert {path.name: path.read_bytes() for path in (workspace / "out").iterdir()} == published


@pytest.mark.parametrize("lost", ["missing", "empty"])
def test_a_lost_database_is_never_replaced_by_an_empty_one(workspace, write, lost, point):
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        _run(own)
    place = point("TEMPLATE template0")
    if isinstance(place, Path):
        place.unlink()
        if lost == "empty":
            place.touch()
    elif lost == "empty":
        with psycopg.connect(place) as connection:
            connection.execute("CREATE SCHEMA bulletin")
    with pytest.raises(StoreError, match="Restore the last backup"):
        open_desk(workspace, clock=now)
    if isinstance(place, Path):
        assert place.exists() == (lost == "empty")
    else:
        with psycopg.connect(place) as connection:
            assert connection.execute("SELECT to_regclass('bulletin.issues')").fetchone() == (None,)


def test_a_database_whose_files_are_on_another_machine_is_not_worked_on(workspace, write):
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        _run(own)
    blobs = workspace / "data" / "blobs"
    blobs.rename(workspace / "elsewhere")
    with pytest.raises(StoreError, match=r"knows pages, but .*blobs is empty"):
        open_desk(workspace, clock=now)
    (workspace / "elsewhere").rename(blobs)
    with open_desk(workspace, clock=now) as own:
        assert _run(own, collect=False).tally.counts == {Fate.INCLUDED: 1}


def test_leads_of_a_run_that_died_before_judging_are_accounted_for_by_the_next(workspace, write):
    write("a", "北京友谊医院")
    (workspace / "inbox" / "b.html").write_bytes(b"%PDF-1.7")
    with open_desk(workspace, clock=now) as own:
        own.collect(Inline())
        assert own.runs.last("beijing-monthly", JUNE) is None
    with open_desk(workspace, clock=now) as own:
        assert _run(own, keep=False).tally.leads == 2
        assert _run(own).tally.leads == 2
        assert _run(own).tally.leads == 2


def test_a_correction_of_the_last_number_reaches_the_draft_that_is_there(workspace, write):
    series = workspace / "config" / "series.yaml"
    series.write_text(series.read_text("utf-8").replace("number: 534", "number: 533"), "utf-8")
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        assert _run(own).desked.number == 534
    series.write_text(series.read_text("utf-8").replace("number: 533", "number: 534"), "utf-8")
    with open_desk(workspace, clock=now) as own:
        assert own.desked("beijing-monthly", JUNE).number == 535


def test_a_waiver_answers_for_what_the_finding_said_and_for_nothing_else(desk, write):
    write("a", "北京友谊医院")
    desked = _run(desk).desked
    with pytest.raises(UsageError, match="没有“malformed-url:1”这项检查结果"):
        desk.decide(desked, Decision("waive", "王编辑", now(), "malformed-url:1", {}, "先放行"))
    desked = desk.decide(desked, Decision("waive", "王编辑", now(), "empty-link:1", {}, "内部文件"))
    assert all(one.severity is not Severity.BLOCKING for one in desk.findings(desked))
    desked = desk.decide(desked, Decision("edit", "王编辑", now(), "1", {"url": "javascript:alert(1)"}))
    assert [one.check for one in desk.findings(desked) if one.severity is Severity.BLOCKING] == ["malformed-url"]


def test_an_article_that_was_judged_out_is_taken_by_its_address(desk, write, put):
    write("a", "北京友谊医院")
    put("b", "北京国安主场二比一取胜", "2024-06-13", "北京日报", "昨晚，北京国安队以二比一取胜。" * 5)
    desked = _run(desk).desked
    assert len(desked.draft.chosen) == 1
    (lead,) = [one.lead.url for one in desk.leads.at("file:inbox/b.html")]
    taken = desk.decide(desked, Decision("include", "王编辑", now(), lead, {}, "领导关注"))
    assert [one.title for one in desk.issue(taken).items][1] == "北京国安主场二比一取胜"
    assert _run(desk).draft.chosen == taken.draft.chosen
    assert desk.decide(taken, Decision("include", "王编辑", now(), lead, {}, "再来一次")) == taken


def test_a_standby_that_a_wider_scope_rates_in_enters_and_an_excluded_one_does_not(workspace, write, monkeypatch):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    scope = workspace / "config" / "scope.yaml"
    wide = scope.read_text("utf-8")
    narrow = re.sub(r"^accept: .*$", "accept: 0.9999", wide, flags=re.MULTILINE)
    scope.write_text(narrow if narrow != wide else wide + "\naccept: 0.9999\n", "utf-8")
    with open_desk(workspace, clock=now) as own:
        desked = _run(own).desked
        assert desked.draft.chosen == ()
        own.decide(desked, Decision("exclude", "王编辑", now(), "北京友谊医院"))
    scope.write_text(wide, "utf-8")
    with open_desk(workspace, clock=now) as own:
        (item,) = own.issue(_run(own).desked).items
        assert item.title.startswith("北京天坛医院")


def test_a_stored_page_that_is_lost_costs_itself_only(workspace, write):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    with open_desk(workspace, clock=now) as own:
        _run(own)
        blob = next(path for path in (workspace / "data" / "blobs").rglob("*") if "友谊".encode() in _bytes(path))
        blob.unlink()
        report = _run(own, collect=False)
    assert report.tally.counts == {Fate.INCLUDED: 1, Fate.UNREADABLE: 1}


def _bytes(path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize(
    "template", ["{{ 1 / 0 }}", "{{ count + 'x' }}", "{{ range(99999999) | list }}", b"\xb1\xbe\xc6\xda"]
)
def test_a_broken_lead_template_is_said_and_nothing_is_released(workspace, write, template):
    shutil.copytree(packaged("templates"), workspace / "templates", ignore=shutil.ignore_patterns("web"))
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        desked = _linked(own, _run(own).desked)
        target = workspace / "templates" / "lead.j2"
        target.write_bytes(template if isinstance(template, bytes) else template.encode())
        with pytest.raises(TemplateError, match=r"lead\.j2"):
            own.release(desked, "王编辑")
        assert own.issues.released() == []


def test_an_empty_lead_blocks_the_release(workspace, write):
    shutil.copytree(packaged("templates"), workspace / "templates", ignore=shutil.ignore_patterns("web"))
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        desked = _linked(own, _run(own).desked)
        (workspace / "templates" / "lead.j2").write_text("", "utf-8")
        with pytest.raises(Blocked, match="导语没有写明篇数"):
            own.release(desked, "王编辑")


def test_a_workspace_that_owns_its_templates_owns_all_of_them(workspace, write):
    (workspace / "templates").mkdir()
    shutil.copy(packaged("templates") / "lead.j2", workspace / "templates")
    write("a", "北京友谊医院")
    with open_desk(workspace, clock=now) as own:
        desked = _linked(own, _run(own).desked)
        assert any("templates 里没有 gongwen.docx" in one.message for one in own.findings(desked))
        with pytest.raises(ConfigError, match="there is no 'gongwen'"):
            own.release(desked, "王编辑")


def test_after_a_merge_the_editors_representative_stays_when_the_draft_is_made_anew(desk, write):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    desked = _run(desk).desked
    merged = desk.decide(desked, Decision("merge", "王编辑", now(), "北京友谊医院", {"into": "北京天坛医院"}))
    write("c", "北京同仁医院", "2024-06-21")
    (first, _) = desk.issue(_run(desk).desked).items
    assert first.title.startswith("北京天坛医院")
    assert len(merged.draft.chosen) == 1


def test_a_skip_is_not_taken_back_once_a_later_window_is_out(desk, write):
    july = Window(dt.date(2024, 7, 1), dt.date(2024, 7, 31))
    desk.skip("beijing-monthly", JUNE, Decision("skip", "李主任", now(), reason="停刊一期"))
    write("a", "北京友谊医院", "2024-07-12")
    drafted = desk.run("beijing-monthly", july, Inline()).desked
    desk.release(_linked(desk, drafted), "王编辑")
    with pytest.raises(UsageError, match="之后的第535期已发布"):
        desk.unskip("beijing-monthly", JUNE, Decision("unskip", "李主任", now()))
    assert list(desk.issues.skipped("beijing-monthly")) == [JUNE.start]


def test_windows_are_skipped_in_bulk_and_taken_back(desk):
    august = Window(dt.date(2024, 8, 1), dt.date(2024, 8, 31))
    skipped = desk.skip("beijing-monthly", august, Decision("skip", "李主任", now(), reason="机构调整"), earlier=True)
    assert [one.start.month for one in skipped] == [6, 7, 8]
    desk.unskip("beijing-monthly", august, Decision("unskip", "李主任", now()))
    told = [(one.who, one.detail) for one in desk.audit.newest(4)]
    assert told[0] == ("李主任", "撤销跳过")
    assert ("李主任", "跳过：机构调整") in told
    assert sorted(day.month for day in desk.issues.skipped("beijing-monthly")) == [6, 7]
    with pytest.raises(UsageError, match="无须跳过"):
        desk.skip(
            "beijing-monthly",
            Window(dt.date(2020, 1, 1), dt.date(2020, 1, 31)),
            Decision("skip", "a", now(), reason="b"),
        )
    far = Window(dt.date(2044, 1, 1), dt.date(2044, 1, 31))
    with pytest.raises(UsageError, match="还没有结束"):
        desk.skip("beijing-monthly", far, Decision("skip", "a", now(), reason="b"))


def test_a_page_that_cannot_be_fetched_in_a_way_nobody_foresaw_costs_itself_only(desk, write, monkeypatch):
    write("a", "北京友谊医院")
    write("b", "北京天坛医院", "2024-06-20")
    page = Folder.page

    def fragile(self, lead, fetch, now):
        if lead.url.endswith("a.html"):
            raise ValueError("没有想到")
        return page(self, lead, fetch, now)

    monkeypatch.setattr(Folder, "page", fragile)
    report = _run(desk)
    assert report.silent == ()
    assert report.tally.counts == {Fate.INCLUDED: 1, Fate.UNREACHABLE: 1}


def test_a_window_of_which_nothing_passes_still_makes_an_issue_with_its_number_and_says_so(desk, put):
    for number in range(20):
        text = f"第{number}轮比赛昨晚结束，主队以二比一取胜，球迷冒雨观战，主教练说球队还要继续努力。" * 4
        put(f"m{number}", f"北京国安第{number}轮主场取胜", "2024-06-13", "北京日报", text)
    desked = _run(desk).desked
    assert (desked.number, desked.draft.candidates) == (535, ())
    assert "本期无符合条件的信息" in desk.issue(desked).lead
    assert "没有一篇符合监测范围" in desked.draft.alarm
    assert [(one.check, one.severity) for one in desk.findings(desked)] == [("sanity", Severity.WARNING)]
    assert "没有一篇符合监测范围" in desk.notices.waiting(now())[0].notice.text
    assert desk.release(desked, "王编辑").issue.number == 535


def test_an_ordinary_window_has_no_alarm(desk, write):
    write("a", "北京友谊医院")
    assert _run(desk).draft.alarm == ""
