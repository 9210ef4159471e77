"""The nearest earlier decisions: like articles, told with what became of them."""

import dataclasses
import datetime as dt

import drafts
from drafts import JUNE, SERIES, article, candidate
from pipeline.model import Document, Precedent, Ruling, Window
from pipeline.steps.assemble import assemble
from pipeline.steps.dedupe.events import head_of
from pipeline.steps.precedent import MOST, Precedents, rulings

MAY = Window(dt.date(2024, 5, 1), dt.date(2024, 5, 31))
NURSES = Document(
    "", "互联网护理服务进社区 护士上门可线上预约", "居民在手机上预约，社区护士就上门换药。平台已接入八家医院。"
)


def _ruling(
    title: str, text: str = "", *, taken: bool = True, series: str = "beijing-monthly", window: Window = MAY, **kept
) -> Ruling:
    words = tuple(sorted(head_of(Document("", title, text)).words))
    return Ruling(title, words, Precedent(series, window, title, taken, 0.0, **kept))


FIELD = [_ruling(f"北京{name}医院上线智慧医疗平台", "医院信息系统升级。") for name in ("友谊", "天坛", "同仁", "宣武")]


def test_an_earlier_decision_about_the_same_kind_of_service_is_found_and_others_are_not():
    decided = [*FIELD, _ruling("“互联网护理”再扩容 护士上门预约更方便", taken=False, reason="服务信息", number=533)]
    (found,) = Precedents(decided, JUNE).nearest(NURSES)
    assert (found.included, found.reason, found.number, found.likeness > 0.2) == (False, "服务信息", 533, True)


def test_words_that_every_earlier_article_has_make_no_likeness():
    stranger = Document("", "北京某医院医保移动支付开通", "患者在手机上付费，不用排队。")
    assert Precedents(FIELD * 5, JUNE).nearest(stranger) == ()


def test_at_most_three_are_told_nearest_first():
    same = [_ruling(NURSES.title, NURSES.text[:length]) for length in (4, 12, 20, 28, 36)]
    found = Precedents([*FIELD, *same], JUNE).nearest(NURSES)
    assert len(found) == MOST
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)


def test_only_issues_whose_windows_ended_before_are_earlier():
    decided = [_ruling(NURSES.title, NURSES.text, window=JUNE)]
    assert Precedents(decided, JUNE).nearest(NURSES) == ()
    assert Precedents(decided, dataclasses.replace(JUNE, end=dt.date(2024, 7, 31))).nearest(NURSES)


def test_among_equals_the_own_series_comes_first():
    decided = [_ruling(NURSES.title, NURSES.text, series=one) for one in ("national-weekly", "beijing-monthly")]
    found = Precedents(decided, JUNE).nearest(NURSES, "beijing-monthly")
    assert [one.series for one in found] == ["beijing-monthly", "national-weekly"]


def test_the_first_issue_has_no_precedents():
    assert Precedents([], JUNE).nearest(NURSES) == ()


def test_an_issue_decides_what_it_prints_and_what_an_editor_put_out_and_nothing_about_what_waited():
    draft = drafts.draft(candidate("天坛"), candidate("友谊"), candidate("同仁"), chosen=("天坛",))
    draft = dataclasses.replace(draft, excluded=("友谊",), edits={"天坛": {"title": "改过的标题"}})
    decided = rulings(assemble(draft, 535, SERIES, drafts.LEAD), draft, {"友谊": "已有同类"})
    told = [(one.handle, one.precedent.title, one.precedent.included, one.precedent.reason) for one in decided]
    assert told == [("天坛", "改过的标题", True, ""), ("友谊", article("友谊").title, False, "已有同类")]
    assert all(one.words and one.precedent.number == 535 for one in decided)
