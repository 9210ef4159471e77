"""Full-text search: the same question finds the same items on both kinds of database, and only what is out."""

import dataclasses
import datetime as dt

import pytest

import drafts
from drafts import NOON, SERIES, candidate
from pipeline.model import Block, Decision, Elsewhere, Issue, Item, Kind, Last, Release, Tally, Window
from pipeline.steps.search import asked, searchable
from pipeline.steps.window import named
from pipeline.store import Carried, Issues, Search

LAST = Last(500, Window(dt.date(2021, 7, 1), dt.date(2021, 7, 31)))
WRITTEN = {
    "2023-11": [
        ("朝阳区社区医院用上远程心电", "北京日报", "居民在家门口做检查，三甲医院的医生读图。DeepSeek-R1 也来了。"),
        ("电子病历共享迈出第一步", "健康报", "三家医院的电子病历开始互相调阅，首批开放 5G 影像。"),
    ],
    "2023-12": [
        ("智慧 病房投入使用", "北京日报", "智慧医疗、床旁终端与移动护理系统首次在同一平台上运行。肺结节由 AI 初筛。"),
        ("醫療大模型進社區：家庭醫生有了“智能助手”", "新京报", "所有建议须经医生确认后方可写入病历共享平台。"),
    ],
    "2024-01": [
        (
            "医保移动支付覆盖三百余家",
            "北京青年报",
            "参保人在手机上即可完成挂号。医疗，智慧，是两个词。电子显微镜也写病历。",
        ),
        ("两会速览", "千龙网", "𠀀𠀁两字少见；邮箱 ai.lab@example.cn；第〇八号文。"),
    ],
}


def _issue(
    number: int, month: str, items: list[tuple[str, str, str]], title: str = "北京市卫生信息化舆情监测月报"
) -> Issue:
    window = named(SERIES, month=month)
    made = tuple(
        Item(f"i{place}", head, outlet, f"https://news.example/{month}/{place}", window.start, (_paragraph(text),))
        for place, (head, outlet, text) in enumerate(items)
    )
    return Issue("beijing-monthly", title, "中心", number, window, "", made)


def _paragraph(text: str) -> Block:
    return Block(Kind.PARAGRAPH, text)


def _archive(issues: Issues, issue: Issue, *, replace: bool = False, blob: str = "a") -> None:
    """Takes an issue in as one put out elsewhere."""
    draft = dataclasses.replace(drafts.draft(candidate("a"), chosen=("a",)), window=issue.window)
    origin = Elsewhere("old.txt", blob, "")
    release = Release(issue, 0, "王编辑", NOON, {}, {}, Tally({}), origin)
    decision = Decision("import", "王编辑", NOON)
    carried = Carried((), "", tuple(searchable(issue)))
    issues.archive(draft, release, decision, LAST, replace=replace, carried=carried)


@pytest.fixture
def search(database) -> Search:
    issues = Issues(database)
    for number, (month, items) in enumerate(WRITTEN.items(), start=528):
        _archive(issues, _issue(number, month, items))
    return Search(database)


def _titles(search: Search, question: str, **filters: object) -> list[str]:
    total, found = search.find(asked(question), **filters)
    assert total == len(found)
    return [one.title[:6] for one in found]


QUESTIONS = {
    # two characters, in a title first
    "病历": ["电子病历共享", "医保移动支付", "醫療大模型進"],
    # a phrase stands together
    "病历共享": ["电子病历共享", "醫療大模型進"],
    # its characters elsewhere are not it
    "智慧医疗": ["智慧 病房投"],
    # both its halves elsewhere are not it
    "电子病历": ["电子病历共享"],
    # two words stand anywhere, the newest first
    "智慧 医疗": ["医保移动支付", "智慧 病房投"],
    # one character
    "肺": ["智慧 病房投"],
    # traditional characters by simplified ones
    "医疗大模型": ["醫療大模型進"],
    # simplified characters by traditional ones
    "電子病歷": ["电子病历共享"],
    # a Latin word in small letters
    "deepseek": ["朝阳区社区医"],
    # a Latin word not yet typed to its end
    "DeepS": ["朝阳区社区医"],
    # full width is half width
    "ＡＩ": ["两会速览", "智慧 病房投"],
    # the end of a Latin word is none
    "seek": [],
    # Latin and Chinese together, whatever blank there is
    "5G影像": ["电子病历共享"],
    # a blank in the text parts words
    "智慧病房": [],
    # a mark is a blank
    "智慧-病房": ["智慧 病房投"],
    # in quotation marks
    "“智能助手”": ["醫療大模型進"],
    # a mark that is not asked for parts words
    "家庭医生有了智能助手": [],
    # a day
    "2024-01-01": ["医保移动支付", "两会速览"],
    # a day in Chinese
    "2024年1月1日": ["医保移动支付", "两会速览"],
    # an outlet
    "千龙网": ["两会速览"],
    # characters of four bytes
    "𠀀𠀁": ["两会速览"],
    # the Chinese nought
    "〇八": ["两会速览"],
    # what would be a query is none
    "' OR 1 & !": [],
    # nor the other database's
    '") NOT "x*': [],
}


def test_questions_find_what_has_them(search):
    assert {question: _titles(search, question) for question in QUESTIONS} == QUESTIONS


def test_a_question_of_marks_alone_has_nothing_to_look_for():
    assert asked("，。%_ \x00“”") == []


def test_what_is_found_says_where_it_stands(search):
    total, (found,) = search.find(asked("远程心电"))
    assert (total, found.series, found.number, found.position) == (1, "beijing-monthly", 528, 1)
    assert (found.outlet, found.date, found.entitled) == ("北京日报", "2023-11-01", True)


def test_series_years_and_outlets_leave_others_out(search):
    assert _titles(search, "病历", years=(2024, 2024)) == ["医保移动支付"]
    assert _titles(search, "病历", series=["national-weekly"]) == []
    assert _titles(search, "病历", series=[]) == []
    assert _titles(search, "病历", outlet="健康") == ["电子病历共享"]
    assert _titles(search, "病历", outlet="%") == []
    assert search.years() == [2024, 2023]


def test_the_newest_come_first_when_they_are_wanted_and_pages_go_on_where_the_one_before_ended(search):
    phrases = asked("病历")
    total, first = search.find(phrases, newest=True, most=2)
    _, rest = search.find(phrases, newest=True, most=2, after=2)
    assert total == 3
    assert [one.number for one in (*first, *rest)] == [530, 529, 528]


def test_a_draft_is_not_found_before_it_is_out(database):
    issues, search = Issues(database), Search(database)
    draft = dataclasses.replace(drafts.draft(candidate("a"), chosen=("a",)), window=named(SERIES, month="2024-06"))
    desked = issues.begin(draft, Decision("generate", "系统", NOON), LAST)
    assert search.find(asked("互联网医院"))[0] == 0
    issue = _issue(desked.number, "2024-06", [("互联网医院上线", "北京日报", "市民可以在线复诊。")])
    release = Release(issue, 1, "王编辑", NOON, {}, {}, Tally({}))
    issues.release(desked, release, Carried((), "", tuple(searchable(issue))))
    assert search.find(asked("互联网医院"))[0] == 1


def test_of_an_issue_only_the_revision_that_stands_is_found(database, search):
    again = [("远程心电进了社区", "北京日报", "错字已改。")]
    _archive(Issues(database), _issue(528, "2023-11", again), replace=True, blob="b")
    assert _titles(search, "远程心电") == ["远程心电进了"]
    assert _titles(search, "三甲医院") == []


def test_what_an_earlier_release_of_the_desk_put_out_is_known_to_be_missing(database):
    issues, search = Issues(database), Search(database)
    issue = _issue(528, "2023-11", WRITTEN["2023-11"])
    draft = dataclasses.replace(drafts.draft(candidate("a"), chosen=("a",)), window=issue.window)
    release = Release(issue, 0, "王编辑", NOON, {}, {}, Tally({}), Elsewhere("old.txt", "a", ""))
    issues.archive(draft, release, Decision("import", "王编辑", NOON), LAST, replace=False)
    ((number, revision),) = search.missing()
    for _ in range(2):  # a second process may have come to it as well
        search.keep(number, revision, searchable(issue))
    assert search.missing() == []
    assert _titles(search, "远程心电") == ["朝阳区社区医"]


def test_a_word_of_thousands_of_letters_is_kept_and_found_by_its_beginning(database):
    _archive(Issues(database), _issue(528, "2023-11", [("附件", "健康报", "data:" + "iVBORw0KGgo" * 3000)]))
    assert _titles(Search(database), "iVBORw0KGgoiVBOR") == ["附件"]
