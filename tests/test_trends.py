"""Trends of an office's issues: counted from what is out, printed in the annex as frozen, never from later on."""

import csv
import dataclasses
import json
from pathlib import Path

import pytest

from drafts import article, draft
from old_issues import PLAIN
from pipeline.desk import Desk, Proof, now, open_desk, verify
from pipeline.errors import Conflict
from pipeline.model import Block, Candidate, Decision, Desked, Facet, Kind, Match, Rating, Verdict

SERIES = "beijing-monthly"
LAST = "last: {number: 534, window: 2024-05}"
ON_SQLITE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)  # the database has no say in it


def _begun(desk: Desk, month: int, hospital: str, topic: str) -> Desked:
    """A draft of one article about a hospital and a topic."""
    text = Block(Kind.PARAGRAPH, f"{hospital}的互联网医院近日上线，市民可以在线复诊，海淀的社区医院也已接入。")
    one = article(hospital, f"2024-{month:02}-10", blocks=(text,))
    assert one.date is not None
    matches = (Match("互联网医院", "标题", one.title, topic), Match("北京日报", "来源", "北京日报", "北京媒体"))
    rating = Rating(0.92, Verdict.IN, ("命中：互联网医院",), topics=(topic,), matches=matches)
    window = desk.series(SERIES).window_of(one.date)
    begun = draft(Candidate(f"h{month}", (one,), rating), chosen=(f"h{month}",))
    begun = dataclasses.replace(begun, series=SERIES, window=window)
    return desk.issues.begin(begun, Decision("generate", "系统", now()), desk.last(desk.series(SERIES)))


def _annexed(folder: Path, issues: int) -> None:
    path = folder / "config" / "series.yaml"
    path.write_text(path.read_text("utf-8").replace(LAST, f"{LAST}\n  annex: {issues}"), "utf-8")


@pytest.fixture
def office(workspace, made_once, pages_estimated) -> Path:
    """An office with an annex over two issues that put out 535 and 536, and has a draft of 537; 528 was imported."""

    def make() -> None:
        _annexed(workspace, 2)
        with open_desk(workspace, clock=now) as desk:
            for month, hospital, topic in ((6, "友谊医院", "医保信息化"), (7, "同仁医院", "远程医疗")):
                desk.release(_begun(desk, month, hospital, topic), "王编辑")
            _begun(desk, 8, "天坛医院", "远程医疗")

    made_once(make)
    return workspace


def _names(found, facet: Facet) -> dict[str, tuple[int, ...]]:
    assert found is not None
    (ranking,) = (one for one in found.rankings if one.facet is facet)
    return {row.name: row.counts for row in ranking.rows}


def test_what_is_out_is_counted_and_what_was_withdrawn_is_not(office, tmp_path):
    old = tmp_path / "第528期 月报.txt"
    old.write_text(PLAIN, "utf-8")
    with open_desk(office, clock=now) as desk:
        desk.file(old, "李编辑")
        found = desk.trends(SERIES)
        assert [one.label for one in found.periods] == ["528", "535", "536"]
        assert _names(found, Facet.TOPICS)["远程医疗"] == (0, 0, 1)
        assert _names(found, Facet.TERMS)["互联网医院"] == (0, 1, 1), "a media house of the place is no term"
        assert _names(found, Facet.PLACES)["海淀"] == (0, 1, 1)
        assert (found.imported, found.periods[0].seen) == (1, None)
        assert _names(found, Facet.OUTLETS)["北京日报"][1:] == (1, 1)
        assert [one.label for one in desk.trends(SERIES, "2024-06", "2024-06").periods] == ["535"]
        assert [one.label for one in desk.trends(SERIES, number=536).periods] == ["536"]
        assert desk.trends(SERIES, "2030-01") is None
        desk.withdraw(next(one for one in desk.issues.all(SERIES) if one.number == 536), "赵主任", "数据有误")
        assert [one.label for one in desk.trends(SERIES).periods] == ["528", "535"]


@ON_SQLITE
def test_an_annex_speaks_of_its_issue_and_those_before_it_and_of_no_more_than_it_shall(office):
    with open_desk(office, clock=now) as desk:
        labels = [[each.label for each in one.issue.annex.periods] for one in desk.issues.released(SERIES)]
        assert labels == [["535"], ["535", "536"]]
        coming = next(one for one in desk.issues.all(SERIES) if one.number == 537)
        annex = desk.issue(coming).annex
        assert [one.label for one in annex.periods] == ["536", "537"], "two issues, as the setting says"
        assert _names(annex, Facet.PLACES)["天坛医院"] == (0, 1)
        june = next(one for one in desk.issues.all(SERIES) if one.number == 535)
        again = desk.correct(june, "王编辑", "第1条来源有误")
        assert [one.label for one in desk.issue(again).annex.periods] == ["535"], "of what came after it, nothing"


def test_a_released_annex_is_made_again_byte_for_byte_whatever_was_put_out_corrected_or_set_since(office):
    with open_desk(office, clock=now) as desk:
        june, july, august = sorted(desk.issues.all(SERIES), key=lambda one: one.number)
        frozen = desk.released(SERIES, 536).files
        desk.release(august, "王编辑")
        desk.withdraw(june, "赵主任", "数据有误")
    series = office / "config" / "series.yaml"
    series.write_text(series.read_text("utf-8").replace("  annex: 2\n", ""), "utf-8")
    (found,) = (one for one in verify(office, SERIES, 536) if one.number == july.number)
    assert found.proof is Proof.PROVEN
    assert any("重新生成 docx" in one.text and "逐字节相同" in one.text for one in found.statements)
    with open_desk(office, clock=now) as desk:
        assert desk.released(SERIES, 536).files == frozen


@ON_SQLITE
def test_an_annex_that_would_print_otherwise_than_was_confirmed_is_not_released(office):
    with open_desk(office, clock=now) as desk:
        june, _, august = sorted(desk.issues.all(SERIES), key=lambda one: one.number)
        shown = desk.prospect(august, "王编辑").digest
        july = next(one for one in desk.issues.all(SERIES) if one.number == 536)
        desk.withdraw(july, "赵主任", "数据有误")
        with pytest.raises(Conflict):
            desk.release(august, "王编辑", seen=shown)
        assert [one.label for one in desk.issue(august).annex.periods] == [str(june.number), "537"]


@ON_SQLITE
def test_an_issue_of_before_items_kept_their_topics_is_counted_by_its_draft(office, monkeypatch):
    with open_desk(office, clock=now) as desk:
        those = desk.issues.those

        def without(issues):
            bare = {}
            for issue, one in those(issues).items():
                items = tuple(dataclasses.replace(item, topics=(), terms=()) for item in one.issue.items)
                bare[issue] = dataclasses.replace(one, issue=dataclasses.replace(one.issue, items=items))
            return bare

        monkeypatch.setattr(desk.issues, "those", without)
        assert _names(desk.trends(SERIES), Facet.TOPICS) == {"远程医疗": (0, 1), "医保信息化": (1, 0)}


@ON_SQLITE
def test_a_damaged_issue_keeps_nobody_from_the_others(office):
    with open_desk(office, clock=now) as desk:
        with desk._database.write() as connection:
            connection.exec_driver_sql("UPDATE releases SET content = replace(content, '同仁医院', '同心医院')")
        assert [one.label for one in desk.trends(SERIES).periods] == ["535"]


@ON_SQLITE
def test_the_command_tells_in_a_table_as_json_and_as_files_that_spreadsheets_open(office, bulletin, tmp_path):
    code, out, err = bulletin("-C", office, "trends", SERIES)
    assert code == 0
    assert "医保信息化  1     50%" in out
    assert "共2期、2条信息" in err
    code, out, _ = bulletin("-C", office, "trends", SERIES, "--issue", "536", "--json")
    assert json.loads(out)["periods"][0]["told"] == "第五三六期"
    code, out, _ = bulletin("-C", office, "trends", SERIES, "--csv", tmp_path / "表")
    files = [Path(line) for line in out.splitlines()]
    assert [one.name.partition("-")[2] for one in files] == [
        "刊出条数与采集线索.csv", "主题.csv", "命中的词.csv", "来源.csv", "地区与机构.csv",
    ]  # fmt: skip
    rows = list(csv.reader(files[1].read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["主题", "条数", "占比", "535", "536"]
    assert bulletin("-C", office, "trends", SERIES, "--from", "2030-01")[0] == 4
    code, _, err = bulletin("-C", office, "trends", SERIES, "--from", "六月")
    assert (code, "写作 2024-06 或 2024-06-30" in err) == (2, True)
