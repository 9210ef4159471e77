"""Reasons as an editor looks through them: sorted, counted, in their sentences."""

import dataclasses

import pytest

from drafts import BORDERLINE, CONFIG, IN, JUNE
from pipeline.model import Coverage, Fate, Genre, Match, Part, Precedent, Relation, Verdict
from pipeline.steps.rate import Rater
from pipeline.steps.reasons import Passed, Why, heaped, in_sentences, marked, told

_WHY = Why(
    title="北京友谊医院上线智慧医疗平台",
    url="https://news.bjd.com.cn/1.shtml",
    outlet="北京日报",
    date=None,
    fate=Fate.INCLUDED,
    because="命中：互联网医院",
    rating=IN,
    position=2,
)


def test_nearest_misses_come_first_and_what_was_never_rated_last():
    (heap,) = heaped(Passed(number, Fate.OUT_OF_SCOPE, "近似而非", score=score) for number, score in
                     enumerate([0.1, None, 0.29, 0.2]))  # fmt: skip
    assert [one.score for one in heap.leads] == [0.29, 0.2, 0.1, None]


def test_heaps_stand_in_the_order_of_the_tally_and_the_larger_first():
    leads = [
        Passed(1, Fate.UNREACHABLE),
        Passed(2, Fate.OUT_OF_SCOPE, "与北京无关"),
        Passed(3, Fate.OUT_OF_SCOPE, "未涉及信息技术"),
        Passed(4, Fate.OUT_OF_SCOPE, "未涉及信息技术"),
        Passed(5, Fate.DUPLICATE),
    ]
    assert [(one.group, one.count) for one in heaped(leads)] == [
        ("重复", 1), ("无关·未涉及信息技术", 2), ("无关·与北京无关", 1), ("未取得", 1),
    ]  # fmt: skip


def test_a_lead_of_a_run_that_kept_no_ground_stands_under_its_fate_alone():
    assert [one.group for one in heaped([Passed(1, Fate.OUT_OF_SCOPE)])] == ["无关"]


@pytest.mark.parametrize(
    ("sentence", "terms", "shown"),
    [
        pytest.param("医院上线智慧医疗平台。", ["智慧医疗"], "医院上线【智慧医疗】平台。", id="marked where it stands"),
        pytest.param("用AI读片，ai导诊。", ["ai"], "用【AI】读片，【ai】导诊。", id="in any case, each time"),
        pytest.param("智慧医疗和医疗", ["医疗", "智慧医疗"], "【智慧医疗】和【医疗】", id="the longest term wins"),
        pytest.param("医院建了新平台", ["医院…平台"], "【医院】建了新【平台】", id="two words apart, each by itself"),
        pytest.param(
            "推進智慧醫療。", ["智慧医疗"], "推進智慧醫療。【智慧医疗】", id="written otherwise: named after it"
        ),
        pytest.param(
            "甲" * 50 + "互联网医院" + "乙" * 50,
            ["互联网医院"],
            "……" + "甲" * 32 + "【互联网医院】" + "乙" * 32 + "……",
            id="cut to what stands around it",
        ),
    ],
)
def test_terms_are_marked_in_their_sentence(sentence, terms, shown):
    assert marked(sentence, terms) == shown


def test_two_terms_of_one_sentence_are_shown_in_one_line():
    sentence = "互联网医院接入电子病历"
    matches = [Match(term, "标题", sentence, "智慧医院") for term in ("互联网医院", "电子病历")]
    assert in_sentences(matches) == ["标题 【互联网医院】接入【电子病历】（智慧医院）"]


def test_of_many_sentences_the_first_are_shown_and_the_rest_counted():
    lines = in_sentences([Match("智慧医疗", "正文", f"第{number}段谈智慧医疗") for number in range(11)])
    assert (len(lines), lines[-1]) == (9, "……另有 3 句")


def test_a_verdict_is_told_in_the_order_in_which_it_came_about():
    rating = dataclasses.replace(
        BORDERLINE,
        parts=(Part("词语", 0.84), Part("地域", 0.55)),
        matches=(Match("远程会诊", "导语", "远程会诊开到村里"), Match("股价", "正文", "股价上涨", against=True)),
        genre=Genre.POLICY,
        topics=("远程医疗", "基层"),
    )
    precedent = Precedent("beijing-monthly", JUNE, "远程门诊下乡", False, 0.41, "与本市无关", 533)
    why = dataclasses.replace(_WHY, fate=Fate.STANDBY, position=0, handle="c12ab", rating=rating, because="",
                              precedents=(precedent,))  # fmt: skip
    assert told(why) == [
        ("判定", ["备选 c12ab 得分 0.55"]),
        ("得分", ["词语 0.84 → 地域 0.55"]),
        ("理由", ["命中：远程会诊"]),
        ("命中", ["导语 【远程会诊】开到村里"]),
        ("近似而非", ["正文 【股价】上涨"]),
        ("体裁", ["政策文件"]),
        ("主题", ["远程医疗、基层"]),
        ("先例", ["第五三三期剔除《远程门诊下乡》（相似 0.41）：与本市无关"]),
    ]


def test_what_the_rating_says_already_is_not_said_twice():
    assert told(_WHY)[0] == ("判定", ["收录 第2条 得分 0.92"])


def test_what_was_never_read_has_its_verdict_only():
    why = dataclasses.replace(_WHY, fate=Fate.UNREACHABLE, because="对方拒绝连接", rating=None, position=0)
    assert told(why) == [("判定", ["未取得：对方拒绝连接"])]


def test_an_item_of_an_earlier_issue_is_named_once_by_its_strongest_relation():
    coverage = tuple(
        Coverage("beijing-monthly", 534, 4, "支持医疗大模型", relation, score)
        for relation, score in ((Relation.FOLLOW_UP, 1.0), (Relation.SUSPECTED, 0.71))
    )
    assert ("往期", ["第五三四期第4条《支持医疗大模型》：后续进展 1.00"]) in told(
        dataclasses.replace(_WHY, coverage=coverage)
    )


@pytest.mark.parametrize(
    ("title", "text", "ground"),
    [
        ("成都一医院上线互联网医院", "成都一家三甲医院上线互联网医院，电子病历同步开通。", "与北京无关"),
        ("北京国安主场取胜", "北京国安队在工人体育场取胜，球迷欢庆到深夜。", "未涉及医疗卫生和信息技术"),
        ("北京社区医院义诊忙", "北京一家社区医院开展义诊，医生为居民量血压。", "未涉及信息技术"),
        ("北京地铁上线人工智能导览", "北京地铁用上人工智能大模型，乘客问路更快。", "未涉及医疗卫生"),
        ("北京友谊医院上线互联网医院", "北京友谊医院上线互联网医院，电子病历同步开通。", ""),
    ],
)
def test_the_ground_on_which_an_article_is_out_is_one_word_for_all_its_like(title, text, ground):
    rating = Rater(CONFIG.scope, CONFIG.scope.places["beijing"], CONFIG.outlets).rate(title, text)
    assert (rating.ground, rating.verdict is Verdict.OUT) == (ground, bool(ground))
