"""One story once, from run to run and from series to series: relations and coverage outlive the process."""

import datetime as dt
import json
import signal
import subprocess
import sys
from importlib.resources import files

import pytest
import sqlalchemy as sa

from patience import PATIENCE
from pipeline.config import packaged
from pipeline.demo import seeds
from pipeline.desk import Inline, document, now, open_desk
from pipeline.errors import StoreError
from pipeline.model import Article, Block, Decision, Document, Edge, Kind, Lead, Novelty, Relation, Window
from pipeline.steps.dedupe import Archive, fingerprint, relate
from pipeline.steps.dedupe.events import probability
from pipeline.steps.dedupe.within import within

MAY = Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31))
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
JULY = Window(dt.date(2024, 7, 1), dt.date(2024, 7, 31))
WEEK = Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8))
MONTHLY, WEEKLY = "beijing-monthly", "national-weekly"
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
    "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。",
)
TOLD_OTHERWISE = (
    "6月29日，北京友谊医院的智慧医疗平台正式上线，首批接入电子病历共享和检查检验结果互认两项功能。",
    "家住附近的张女士在手机上点开小程序，前一天拍的片子和化验单都在里面，人工智能还给出了通俗的解释。",
    "医院信息中心介绍，平台由人工智能辅助诊断系统支撑，今后还要把远程医疗送到社区卫生服务中心。",
)

pytestmark = pytest.mark.usefixtures("pages_estimated")


@pytest.fixture
def run(workspace):
    """Runs a series over a window, each time in a desk opened anew; gives what was made of it."""

    def run(series: str, window: Window, **options):
        with open_desk(workspace, clock=now) as desk:
            return desk.run(series, window, Inline(), **options)

    return run


def _release(workspace, desked) -> None:
    with open_desk(workspace, clock=now) as desk:
        found = desk.findings(desked)
        for one in (one for one in found if one.severity.value == "blocking"):
            desked = desk.decide(desked, Decision("waive", "王编辑", now(), one.key, reason="测试"))
        desk.release(desked, "王编辑")


def _coverage(report) -> list[tuple[str, int, Relation]]:
    return [(one.series, one.number, one.relation) for it in report.draft.candidates for one in it.coverage]


def test_a_copy_that_comes_in_a_later_run_joins_its_original(put, run):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    run(MONTHLY, JUNE)
    put("b", "检查检验结果在家可查", "2024-06-13", "千龙网", *HOSPITAL)
    (one,) = run(MONTHLY, JUNE).draft.candidates
    assert [article.title for article in one.articles][1:], "the reprint is in the story"
    assert {edge.relation for edge in one.edges} <= {Relation.EXACT, Relation.REPRINT}


def test_a_run_compares_only_what_it_has_not_compared_before(put, run):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    said: list[str] = []
    run(MONTHLY, JUNE, say=said.append)
    assert "比对 1 篇新文章" in said
    said.clear()
    run(MONTHLY, JUNE, say=said.append)
    assert not [line for line in said if "比对" in line]


def test_a_dry_run_keeps_relations_and_nothing_else(put, run, workspace):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    report = run(MONTHLY, JUNE, keep=False)
    assert report.desked is None
    with open_desk(workspace, clock=now) as desk:
        assert desk.issues.all() == []
        (one,) = report.draft.candidates
        assert desk.fingerprints.of([one.article.id]) == [fingerprint(document(one.article))]


def test_an_issue_of_one_series_covers_the_candidates_of_another(put, run, workspace):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    june = run(MONTHLY, JUNE)
    put("b", "检查检验结果在家可查", "2025-08-05", "千龙网", *HOSPITAL)
    assert _coverage(run(WEEKLY, WEEK)) == [], "a draft that is not released carries nothing"
    _release(workspace, june.desked)
    assert {(series, number) for series, number, _ in _coverage(run(WEEKLY, WEEK))} == {(MONTHLY, 535)}


def test_a_late_copy_of_a_telling_that_was_folded_is_carried_already(put, run, workspace):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-29", "北京日报", *HOSPITAL)
    put("b", "友谊医院智慧医疗平台今起上线 检查检验结果在家可查", "2024-06-30", "千龙网", *TOLD_OTHERWISE)
    june = run(MONTHLY, JUNE)
    (story,) = june.draft.candidates
    assert [one.outlet for one in story.articles] == ["千龙网", "北京日报"]
    _release(workspace, june.desked)
    put("c", "北京友谊医院推出智慧医疗平台", "2024-07-08", "新京报", *HOSPITAL)
    (late,) = (one for one in run(MONTHLY, JULY).draft.candidates if one.article.outlet == "新京报")
    assert late.novelty is Novelty.REPEATED, "the copy is of a telling that was not printed"


def test_an_imported_issue_covers_too(put, run, workspace):
    with open_desk(workspace, clock=now) as desk:
        desk.file(packaged("seeds") / "003_885bb48bbbd89533.txt", "王编辑")
    piece = seeds.articles(534)[3]
    put("a", piece.title, "2024-06-05", "千龙网", *(block.text for block in piece.blocks if block.text))
    assert {(series, number, relation.folds) for series, number, relation in _coverage(run(MONTHLY, JUNE))} == {
        (MONTHLY, 534, True)
    }


def test_a_database_that_remembers_nothing_gets_its_memory_when_it_is_opened(put, run, workspace):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    _release(workspace, run(MONTHLY, JUNE).desked)
    with open_desk(workspace, clock=now) as desk, desk._database.write() as connection:
        # as an upgrade from before there was a memory leaves it
        for table in ("precedents", "edges", "words", "keys", "fingerprints", "remembered"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    put("b", "检查检验结果在家可查", "2024-07-05", "千龙网", *HOSPITAL)
    assert {(series, number) for series, number, _ in _coverage(run(MONTHLY, JULY))} == {(MONTHLY, 535)}


def test_what_a_damaged_issue_carried_is_asked_in_vain_and_said(put, run, workspace):
    put("a", "北京友谊医院上线智慧医疗平台", "2024-06-12", "北京日报", *HOSPITAL)
    _release(workspace, run(MONTHLY, JUNE).desked)
    with open_desk(workspace, clock=now) as desk, desk._database.write() as connection:
        connection.execute(sa.text("DELETE FROM remembered"))
        connection.execute(sa.text("UPDATE releases SET content = replace(content, '友谊', '友情')"))
    with pytest.raises(StoreError, match="is damaged in the database"):
        run(MONTHLY, JULY)


def test_a_pair_that_is_not_read_further_would_have_had_no_edge():
    lines = files("pipeline").joinpath("frozen", "events.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    told = [
        Document(str(at), row["title"], row["text"], dt.date.fromisoformat(row["date"])) for at, row in enumerate(rows)
    ]
    archive = Archive(told)
    every = {(one.a, one.b): probability(one.values, archive.model) for one in archive.compare(range(len(told)))}
    read = {(one.a, one.b) for one in archive.compare(range(len(told)), least=0.4)}
    assert read < every.keys(), "some are spared"
    assert [pair for pair in every.keys() - read if every[pair] >= 0.4] == []


# ------------------------------------------------------------------------ many processes, one index


def _articles(count: int) -> list[Article]:
    """As many articles, and of each a copy at another address; no two are alike otherwise."""
    made = []
    for number in range(count):
        words = "".join(chr(0x4E00 + (number * 37 + step * step * 11) % 5000) for step in range(160))
        for site in ("a", "b"):
            made.append(
                Article(
                    url=f"https://{site}.example/{number}",
                    title=f"{words[:12]}",
                    blocks=(Block(Kind.PARAGRAPH, words), Block(Kind.PARAGRAPH, f"{site}站转载")),
                    date=dt.date(2024, 6, 12),
                )
            )
    return made


def _settled(workspace, articles) -> None:
    with open_desk(workspace, clock=now) as desk:
        for one, lead in zip(articles, desk.leads.add([Lead("s", a.url) for a in articles], now()), strict=True):
            desk.leads.settle([(lead.id, one)], now())


_CHILD = """
import os, signal, sys
from pathlib import Path
from pipeline.desk import now, open_desk
from pipeline.store import Fingerprints
if sys.argv[2] == "dies":
    Fingerprints.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with open_desk(Path(sys.argv[1]), clock=now) as desk:
    sys.stdin.readline()
    for start in range(3, len(sys.argv), 4):
        desk.relate(sys.argv[start : start + 4])
"""


def _child(workspace, how: str, ids: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", _CHILD, str(workspace), how, *ids], stdin=subprocess.PIPE, text=True)


def test_two_processes_at_once_lose_no_pair(workspace):
    articles = _articles(12)
    _settled(workspace, articles)
    halves = [[one.id for one in articles if one.url.startswith(f"https://{site}.")] for site in ("a", "b")]
    children = [_child(workspace, "lives", half) for half in halves]
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    assert [child.wait(PATIENCE) for child in children] == [0, 0]
    for child in children:
        child.stdin.close()
    with open_desk(workspace, clock=now) as desk:
        edges = desk.fingerprints.edges(one.id for one in articles)
    wanted = {frozenset(pair) for pair in zip(*halves, strict=True)}
    assert {frozenset((edge.a, edge.b)) for edge in edges if edge.relation.folds} == wanted


def test_a_process_that_is_killed_between_reading_and_writing_loses_nothing(workspace):
    articles = _articles(2)
    _settled(workspace, articles)
    ids = [one.id for one in articles]
    child = _child(workspace, "dies", ids)
    child.communicate("\n", timeout=PATIENCE)
    assert child.returncode == -signal.SIGKILL
    with open_desk(workspace, clock=now) as desk:
        assert desk.fingerprints.stamps(ids) == {}
        found = desk.related({one.id: one for one in articles})
    assert found == relate([document(one) for one in sorted(articles, key=lambda one: one.id)])


# ----------------------------------------------------------------------------- a part of an archive


def test_two_copies_of_an_article_outside_belong_together():
    outside = [
        Edge("b", "old", Relation.EXACT, 1.0, "正文完全相同"),
        Edge("a", "old", Relation.REPRINT, 0.9, "正文重合90%"),
        Edge("c", "old", Relation.SAME_EVENT, 0.95, "标题文字相近"),
        Edge("c", "older", Relation.EXACT, 1.0, "网址相同"),
    ]
    assert within(outside, {"a", "b", "c"}) == [Edge("a", "b", Relation.REPRINT, 0.9, "正文重合90%")]
    direct = Edge("a", "b", Relation.EXACT, 1.0, "网址相同")
    assert within([*outside, direct], {"a", "b", "c"}) == [direct]
