"""What is promised about duplicates and events: what folds, what is shown, what stays apart."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from opencc import OpenCC

from pipeline.model import Article, Block, Document, Edge, Kind, Printed, Relation
from pipeline.steps.cover import cover
from pipeline.steps.dedupe import group, relate
from pipeline.steps.dedupe.events import figures
from pipeline.steps.normalise import normalise
from pipeline.steps.punctuation import full_width_punctuation, join_conversion_spaces
from pipeline.steps.urls import canonical_url, printed_url
from spent import computing

SEEDS = Path(__file__).parents[2] / "seeds"
JUNE = dt.date(2024, 6, 4)


# --------------------------------------------------------------------------------- the seeds' relations


@cache
def seeds() -> dict[str, Document]:
    """The items of the three issues and the repaired mirror, by issue and position: 535-1, …, 002."""
    found = {
        f"{number}-{position}": item
        for number, name in (("535", "001"), ("534", "003"), ("636", "004"))
        for position, item in enumerate(_items(number, next(SEEDS.glob(f"{name}_*")).read_text("utf-8")), start=1)
    }
    lines = [line.strip() for line in next(SEEDS.glob("002_*")).read_text("utf-8").splitlines() if line.strip()]
    mirror = normalise(Article("", lines[2], tuple(Block(Kind.PARAGRAPH, line) for line in lines)))
    return found | {"002": Document("002", mirror.title, mirror.text, mirror.date)}


def _items(number: str, issue: str) -> list[Document]:
    body = issue[issue.index("二、具体内容") :]
    heads = r"\n(?=(?:- )?(?:\d\. ?)?(?:标题[：:]|(?:推动|2025 全国)[^\n]*\n\n来源[:：]))"
    items = []
    for position, part in enumerate(re.split(heads, body)[1:], start=1):
        title = re.sub(r"^(?:- )?(?:\d\. ?)?(?:标题[：:])?", "", part.strip().split("\n")[0]).strip()
        start = re.search(r"(20\d\d-\d\d-\d\d)\s*来源[:：]?\s*\S+", part)
        assert start
        lines = re.sub(r"(?<=[^\n])\n(?=[^\n])", "", part[start.end() :]).split("\n")
        text = "\n".join(join_conversion_spaces(full_width_punctuation(line)) for line in lines if line.strip())
        items.append(Document(f"{number}-{position}", title, text, dt.date.fromisoformat(start[1])))
    return items


def test_the_seeds_hold_ten_items():
    assert sorted(seeds()) == sorted(
        ["002", "534-1", "534-2", "534-3", "534-4", "535-1", "535-2", "535-3", "636-1", "636-2", "636-3"]
    )


def test_a_plan_carried_last_month_is_a_follow_up():
    fresh = [one for key, one in seeds().items() if key.startswith("535")]
    known = [one for key, one in seeds().items() if key.startswith("534")]
    assert [(edge.a, edge.b, edge.relation) for edge in relate(fresh, known)] == [
        ("535-2", "534-4", Relation.FOLLOW_UP)
    ]


def test_two_tellings_of_one_contest_are_suspected():
    fresh = [one for key, one in seeds().items() if key.startswith("636")]
    (edge,) = relate(fresh)
    assert {edge.a, edge.b} == {"636-1", "636-2"}
    assert edge.relation in (Relation.SUSPECTED, Relation.SAME_EVENT)
    assert "2025全国智慧医保大赛" in edge.because


def test_the_repaired_mirror_tells_the_event_of_535_item_1():
    (edge,) = relate([seeds()["535-1"], seeds()["002"], seeds()["535-2"], seeds()["535-3"]])
    assert (edge.a, edge.b, edge.relation) == ("535-1", "002", Relation.SAME_EVENT)
    assert "天坛智能医工产业园" in edge.because


def test_all_other_pairs_of_seed_items_stay_apart():
    known = {("534-4", "535-2"), ("636-1", "636-2"), ("002", "535-1")}
    for a, b in itertools.combinations(sorted(seeds()), 2):
        if (a, b) not in known:
            assert relate([seeds()[a]], [seeds()[b]]) == [], (a, b)


# ------------------------------------------------------------------------------------------- reprints

LEAD = "市卫生健康委6月4日发布消息，全市58家三级医院实现检查检验结果互认，患者跨院就诊不必重复检查。"
REST = (
    "据介绍，互认项目包括120项检验和36项影像检查，覆盖常见病和多发病。医生在工作站即可调阅其他医院的报告和影像。",
    "该市自去年启动医学影像云平台建设，累计汇聚影像数据2,300万份。平台采用统一的数据标准，并对患者隐私加密保护。",
    "下一步，互认范围将扩大到二级医院和社区卫生服务中心。市医保局同步调整结算政策，鼓励医院采用互认结果。",
    "业内专家认为，结果互认减轻了患者负担，也对医院的质量控制提出了更高要求，需要常态化的室间质评。",
)
ORIGINAL = Document(
    "original", "全市58家医院实现检查结果互认", "\n".join([LEAD, *REST]), JUNE, "https://a.example.cn/1.html"
)


def relation(a: Document, b: Document) -> Relation | None:
    edges = relate([a, b])
    return edges[0].relation if edges else None


def changed(identity: str, **values: object) -> Document:
    return replace(ORIGINAL, id=identity, url=str(values.pop("url", "")), **values)


def test_a_reprint_with_a_new_headline_joins_the_original():
    reprint = changed(
        "reprint", title="看病不用重复拍片了", text=f"某某网讯 {ORIGINAL.text}\n（编辑：小王）", date=JUNE
    )
    (edge,) = relate([ORIGINAL, reprint])
    assert edge.relation is Relation.REPRINT
    assert "重合" in edge.because
    assert [story.members for story in group([ORIGINAL, reprint], [edge])] == [("reprint", "original")]


def test_a_shortened_reprint_joins_the_original():
    assert relation(ORIGINAL, changed("cut", text="\n".join([LEAD, *REST[:3]]))) is Relation.REPRINT


def test_a_traditional_glossed_copy_is_the_same_text():
    traditional = OpenCC("s2tw").convert(ORIGINAL.text).replace("檢", "檢(jiǎn)").replace("醫", "醫(yī)")
    assert relation(ORIGINAL, changed("copy", text=traditional)) is Relation.EXACT


def test_the_same_address_is_the_same_article_whatever_its_text():
    later = changed("later", text=LEAD, url="http://m.a.example.cn/1.html?utm_source=weixin#top")
    assert relation(ORIGINAL, later) is Relation.EXACT


def test_texts_shorter_than_a_shingle_are_compared_exactly():
    short = [Document(str(n), "简讯", text, JUNE) for n, text in enumerate(("见图。", "见图。", "略。", ""))]
    assert [(edge.a, edge.b, edge.relation) for edge in relate(short)] == [("0", "1", Relation.EXACT)]


def test_a_stub_under_other_titles_is_not_one_article():
    stubs = [
        Document(str(n), title, "全文见附件。", JUNE) for n, title in enumerate(("采购公告", "人事任免", "预算公开"))
    ]
    assert relate(stubs) == []


def test_a_form_filled_in_anew_is_not_a_reprint():
    def bulletin(day: int, a: int, b: int, c: int) -> Document:
        text = (
            f"6月{day}日0时至24时，全市互联网医院接诊{a}人次，其中复诊{b}人次，开具处方{c}张，远程会诊{a // 7}例。"
            f"截至6月{day}日24时，累计接诊{a * 31}人次，系统运行平稳，未发生数据安全事件。"
            "市卫生健康委提醒市民合理安排就诊时间。"
        )
        return Document(f"day{day}", f"全市互联网医院6月{day}日运行情况通报", text, dt.date(2024, 6, day))

    assert relation(bulletin(3, 1203, 877, 655), bulletin(4, 1391, 932, 701)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2023全国智慧医保大赛正式启动", "2025全国智慧医保大赛正式启动"),
        ("第五届数字健康大会开幕", "第六届数字健康大会开幕"),
        ("北京市发布智慧医院建设指南", "上海市发布智慧医院建设指南"),
    ],
    ids=["year", "session", "place"],
)
def test_what_contradicts_forbids_one_event(one, other):
    text = "会议介绍了数字健康的最新进展，来自医院、高校和企业的300名代表参加，并发布了多项成果。"
    a = Document("a", one, f"{one}。{text}", JUNE)
    b = Document("b", other, f"{other}。{text}", JUNE + dt.timedelta(days=1))
    assert relation(a, b) is None


# --------------------------------------------------------------------------------------------- events

TOLD_AGAIN = Document(
    "again",
    "检查结果互认 全市58家医院实现",
    "患者跨院就诊，不用再重复拍片。记者6月4日从市卫生健康委获悉，全市58家三级医院已实现检查检验结果互认，涉及120项检验和36项影像检查。\n"
    "在市第一医院，医生打开电脑就看到了张女士上周在另一家医院做的片子。“省了两百多块钱。”张女士说。",
    JUNE + dt.timedelta(days=1),
)


def test_a_telling_in_other_words_is_the_same_event():
    assert relation(ORIGINAL, TOLD_AGAIN) is Relation.SAME_EVENT


def test_the_reasons_are_chinese_words_with_what_was_found():
    (edge,) = relate([ORIGINAL, TOLD_AGAIN])
    assert "互认" in edge.because
    assert not re.search("[a-z_]{4,}", edge.because)


def test_an_undated_document_never_merges_by_itself():
    undated = Document("undated", TOLD_AGAIN.title, TOLD_AGAIN.text)
    (edge,) = relate([ORIGINAL, undated])
    assert edge.relation is Relation.SUSPECTED
    assert "日期不明" in edge.because
    assert len(group([ORIGINAL, undated], [edge])) == 2


def test_more_than_a_week_apart_is_a_follow_up_not_a_merge():
    later = Document("later", TOLD_AGAIN.title, TOLD_AGAIN.text, JUNE + dt.timedelta(days=30))
    (edge,) = relate([later], [ORIGINAL])
    assert (edge.a, edge.b) == ("later", "original")
    assert edge.relation in (Relation.FOLLOW_UP, Relation.SUSPECTED)


def test_questions_answered_about_the_event_wait_for_an_editor():
    answered = replace(TOLD_AGAIN, id="answered", title=f"{TOLD_AGAIN.title}：市卫生健康委答记者问")
    (edge,) = relate([ORIGINAL, answered])
    assert edge.relation is Relation.SUSPECTED
    assert "一为解读答问，一为报道" in edge.because


def test_an_event_announced_the_day_before_waits_for_an_editor():
    announced = replace(TOLD_AGAIN, id="announced", title=f"明天起{TOLD_AGAIN.title}", date=JUNE - dt.timedelta(days=1))
    (edge,) = relate([ORIGINAL, announced])
    assert edge.relation is Relation.SUSPECTED
    assert "一为预告，一为报道" in edge.because
    same_day = replace(announced, date=JUNE)
    assert relation(ORIGINAL, same_day) is Relation.SAME_EVENT


def test_other_news_of_the_same_subject_stays_apart():
    others = [
        Document(
            "cloud",
            "市医学影像云平台二期项目招标",
            "市公共资源交易中心发布公告，医学影像云平台二期预算1,800万元，6月20日开标。",
            JUNE,
        ),
        Document(
            "train",
            "基层医生信息化培训班开班",
            "来自42家社区卫生服务中心的全科医生将学习家庭医生签约系统的使用。",
            JUNE,
        ),
        Document(
            "robot",
            "手术机器人完成首例远程手术",
            "市第二医院专家操作机器人，为300公里外的患者切除肿瘤，网络时延不到20毫秒。",
            JUNE,
        ),
    ]
    assert relate([ORIGINAL, *others]) == []


def test_relations_do_not_depend_on_the_order_of_the_documents():
    reprints = [changed(f"reprint{n}", text=f"{site}讯 {ORIGINAL.text}") for n, site in enumerate(("某某网", "晨报"))]
    seen = [one for key, one in seeds().items() if key[:3] in ("535", "002")]
    documents = [ORIGINAL, TOLD_AGAIN, *reprints, *seen]

    def folded(some: list[Document]) -> tuple[list[tuple[str, ...]], list[tuple[frozenset[str], float]]]:
        edges = relate(some)
        scores = sorted(((frozenset((edge.a, edge.b)), edge.score) for edge in edges), key=lambda one: sorted(one[0]))
        return [story.members for story in group(some, edges)], scores

    expected = folded(documents)
    rng = random.Random(535)
    for _ in range(3):
        rng.shuffle(documents)
        assert folded(documents) == expected


# -------------------------------------------------------------------------------------------- stories


def documents(*names: str) -> list[Document]:
    return [Document(name, name, name, JUNE) for name in names]


def edge(a: str, b: str, relation: Relation = Relation.SAME_EVENT, score: float = 0.95) -> Edge:
    return Edge(a, b, relation, score)


def members(*stories) -> set[frozenset[str]]:
    return {frozenset(story.members) for story in stories}


def test_every_document_is_in_exactly_one_story():
    stories = group(documents("a", "b", "c", "d"), [edge("a", "b"), edge("c", "d", Relation.SUSPECTED, 0.6)])
    assert sorted(member for story in stories for member in story.members) == ["a", "b", "c", "d"]
    assert members(*stories) == {frozenset("ab"), frozenset("c"), frozenset("d")}


def test_one_strong_link_does_not_chain_two_crowds():
    inside = [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("x", "y"), edge("y", "z"), edge("x", "z")]
    assert members(*group(documents(*"abcxyz"), [*inside, edge("c", "x", score=0.91)])) == {
        frozenset("abc"),
        frozenset("xyz"),
    }


def test_reprints_fold_through_whatever_the_mean_says():
    chain = [edge(a, b, Relation.REPRINT, 0.9) for a, b in itertools.pairwise("abcd")]
    assert members(*group(documents(*"abcd"), chain)) == {frozenset("abcd")}


def test_an_editors_split_and_merge_outrank_the_model():
    edges = [edge("a", "b", Relation.EXACT, 1.0), edge("b", "c", Relation.REPRINT, 0.9)]
    stories = group(documents(*"abcd"), edges, together=[("c", "d")], apart=[("a", "b")])
    assert members(*stories) == {frozenset("a"), frozenset("bcd")}


def test_a_split_holds_against_links_through_third_documents():
    edges = [edge(a, b, Relation.REPRINT, 0.9) for a, b in itertools.combinations("abc", 2)]
    for story in group(documents(*"abc"), edges, apart=[("a", "c")]):
        assert not {"a", "c"} <= set(story.members)


def test_the_earliest_then_longest_represents_unless_somebody_prefers():
    some = [
        Document("late", "", "长" * 90, JUNE + dt.timedelta(days=1)),
        Document("short", "", "短", JUNE),
        Document("long", "", "长" * 50, JUNE),
        Document("undated", "", "长" * 99),
    ]
    edges = [edge(a.id, b.id, Relation.REPRINT) for a, b in itertools.combinations(some, 2)]
    assert group(some, edges)[0].members == ("long", "short", "late", "undated")
    assert group(some, edges, prefer=lambda name: name != "late")[0].members[0] == "late"


# ---------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTP://News.Example.CN:80/a/index.html", "https://news.example.cn/a"),
        ("https://www.example.cn/a/?utm_source=x&from=timeline&id=7#comments", "https://example.cn/a?id=7"),
        ("https://m.example.cn/a/1.html", "https://example.cn/a/1.html"),
        ("https://wap.example.cn//a/1.html?spm=1.2.3", "https://example.cn/a/1.html"),
        ("https://example.cn/amp/a/1", "https://example.cn/a/1"),
        ("https://example.cn/a?b=2&a=1", "https://example.cn/a?a=1&b=2"),
        (
            "https://m.163.com/dy/article/J2T9AFC20519C6T9.html?spss=newsapp",
            "https://163.com/dy/article/J2T9AFC20519C6T9.html",
        ),
        ("file:一份材料.txt", "file:一份材料.txt"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_an_address_loses_what_does_not_choose_the_article(url, key):
    assert canonical_url(url) == key
    assert canonical_url(key) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example.cn/?id=1", "https://a.example.cn/?id=2"),
        ("https://a.example.cn/1.html", "https://b.example.cn/1.html"),
        ("https://a.example.cn/a?from=1", "https://a.example.cn/a?from=2"),
        ("https://a.example.cn/#/news/1", "https://a.example.cn/#/news/2"),
        ("https://a.example.cn/1.html", "https://a.example.cn/1_2.html"),
        ("https://a.example.cn:8080/1", "https://a.example.cn/1"),
        ("https://a.example.cn/A", "https://a.example.cn/a"),
    ],
)
def test_two_articles_never_share_an_address_key(one, other):
    assert canonical_url(one) != canonical_url(other)


# -------------------------------------------------------------------------------------------- amounts


def test_planted_copies_are_found_among_many_and_soon():
    rng = random.Random(7)
    words = re.findall(
        "..", "医院数据平台患者医生系统检查影像病历共享社区签约随访药品采购结算监管培训专家建设标准安全网络手术"
    )
    places = re.findall("..", "城东城西滨江高新北湖南山云台青石白塔金水")

    def invented(n: int) -> Document:
        sentences = ["".join(rng.choices(words, k=14)) + f"{rng.randrange(9999)}项。" for _ in range(20)]
        return Document(f"d{n}", f"{rng.choice(places)}区{''.join(rng.choices(words, k=5))}", "".join(sentences), JUNE)

    many = [invented(n) for n in range(600)]
    copies = [
        Document(f"copy{n}", f"转载：{one.title}", f"某某网消息，{one.text[: -len(one.text) // 10]}", one.date)
        for n, one in enumerate(many[:60])
    ]
    with computing(20):
        edges = relate(copies, many)
    found = {(edge.a, edge.b) for edge in edges if edge.relation is Relation.REPRINT}
    assert found == {(f"copy{n}", f"d{n}") for n in range(60)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北京友谊医院智慧医疗又有新进展", "北京天坛医院智慧医疗又有新进展"),
        ("首都医科大学启动数字健康项目", "北京航空航天大学启动数字健康项目"),
    ],
    ids=["hospitals", "universities"],
)
def test_headlines_made_alike_about_two_institutions_are_two_events(one, other):
    a = Document("a", one, "新平台依托人工智能辅助诊断和电子病历共享，检查检验结果实现互认，患者可在线复诊。", JUNE)
    b = Document("b", other, "项目接入十二家医联体单位的影像数据，由远程会诊中心统一出具报告，数据经过脱敏。", JUNE)
    assert relation(a, b) is None


def test_one_event_of_two_institutions_may_be_told_under_either_name():
    told = (
        "北京友谊医院与北京天坛医院6月4日签约，共建影像远程会诊中心，两院的检查检验结果即日起互认，首批涉及36项检查。"
    )
    a = Document("a", "北京友谊医院影像远程会诊中心揭牌 检查结果互认", told, JUNE)
    b = Document("b", "北京天坛医院影像远程会诊中心揭牌 检查结果互认", told.replace("首批", "第一批"), JUNE)
    assert relation(a, b) in (Relation.REPRINT, Relation.SAME_EVENT)


WECHAT = "https://mp.weixin.qq.com/s?__biz=MzA&mid=22&idx=1&sn=ab"


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://www.example.cn/a/1.html?utm_source=x&utm_medium=y", "https://www.example.cn/a/1.html"),
        ("https://m.example.cn/a?id=7&spm=1.2.3&b=%E4%B8%AD&from=timeline", "https://m.example.cn/a?id=7&b=%E4%B8%AD"),
        ("https://baijiahao.baidu.com/s?id=17&wfr=spider&for=pc", "https://baijiahao.baidu.com/s?id=17"),
        (f"{WECHAT}&chksm=fe&scene=21#wechat_redirect", WECHAT),
        ("http://a.example.cn/x.do;jsessionid=A1.b?id=3", "http://a.example.cn/x.do?id=3"),
        (
            "https://www.thepaper.cn/newsDetail_1?from=singlemessage&isappinstalled=0",
            "https://www.thepaper.cn/newsDetail_1",
        ),
    ],
)
def test_an_address_is_printed_without_what_says_who_sent_the_reader(url, printed):
    assert printed_url(url) == printed
    assert canonical_url(printed) == canonical_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.cn/a/1.html",
        "HTTP://News.Example.CN:80/A/index.html?b=2&a=1#top",
        "https://a.example.cn/list?from=2024&scene=3&app=news&ref=5&t=1&timestamp=9",
        "https://a.example.cn/#/news/1?utm=1",
        "https://a.example.cn/a?u=http%3A%2F%2Fb.cn%3Fspm%3D1",
        "file:一份材料.txt",
        "file:utm?utm_source=x",
    ],
)
def test_an_address_is_otherwise_printed_to_the_letter(url):
    assert printed_url(url) == url


# -------------------------------------------------------------------------------- what must not be merged


def told(identity: str, title: str, text: str, day: int = 4) -> Document:
    return Document(identity, title, text, dt.date(2024, 6, day))


KEPT_APART = {
    "one title, other texts": (
        told(
            "a",
            "关于召开信息化工作会议的通知",
            "定于6月12日在市卫健委三楼召开电子病历评级推进会，各三级医院信息科长参加。",
        ),
        told(
            "b",
            "关于召开信息化工作会议的通知",
            "区医保中心将于6月20日布置药品追溯码采集，请定点药店负责人携带工作人员名单。",
        ),
    ),
    "last year's conference": (
        told("a", "2023中国智慧医院大会在滨江开幕", "2023中国智慧医院大会在滨江开幕，1,200名代表参会，发布白皮书。"),
        told("b", "2024中国智慧医院大会在滨江开幕", "2024中国智慧医院大会在滨江开幕，1,500名代表参会，启动评选。", 5),
    ),
    "yesterday's bulletin": (
        told(
            "a",
            "滨江市新增流感聚集性疫情5起",
            "6月3日，滨江市疾控中心报告新增流感聚集性疫情5起，涉及学校3所，病例62人。",
        ),
        told(
            "b",
            "滨江市新增流感聚集性疫情8起",
            "6月4日，滨江市疾控中心报告新增流感聚集性疫情8起，涉及学校6所，病例97人。",
            5,
        ),
    ),
    "a template for two hospitals": (
        told(
            "a",
            "市友谊医院互联网医院正式上线",
            "市友谊医院互联网医院6月4日上线，首批开放12个科室，提供复诊开药和报告查询。",
        ),
        told(
            "b",
            "市天坛医院互联网医院正式上线",
            "市天坛医院互联网医院6月4日上线，首批开放20个科室，提供神经内科随访服务。",
        ),
    ),
    "the first batch and the second": (
        told("a", "第一批智慧医院示范名单公布", "省卫健委公布第一批智慧医院示范名单，8家医院入选，示范期两年。"),
        told("b", "第二批智慧医院示范名单公布", "省卫健委公布第二批智慧医院示范名单，15家医院入选，示范期两年。", 6),
    ),
    "a comment": (
        told("a", "全市58家医院实现检查结果互认", ORIGINAL.text),
        told("b", "快评：检查结果互认，好事还需办好", f"{LEAD}互认不能停留在纸面，责任划分和质量控制还要跟上。"),
    ),
    "a forecast": (
        told(
            "a", "第六届数字健康大会6月8日将在滨江举行", "第六届数字健康大会将于6月8日在滨江举行，预计3,500人参会。", 3
        ),
        told("b", "第六届数字健康大会在滨江举行", "第六届数字健康大会6月8日在滨江举行，3,600人参会，8家企业签约。", 8),
    ),
    "one policy in two provinces": (
        told(
            "a", "浙江省出台互联网诊疗监管办法", "浙江省卫健委出台互联网诊疗监管办法，要求医师实名认证，7月1日起施行。"
        ),
        told(
            "b", "湖南省出台互联网诊疗监管办法", "湖南省卫健委出台互联网诊疗监管办法，明确处方流转规则，8月1日起施行。"
        ),
    ),
}


@pytest.mark.parametrize("pair", KEPT_APART.values(), ids=KEPT_APART)
def test_what_looks_alike_but_is_not_one_event_never_folds(pair):
    assert len(group(pair, relate(pair))) == 2


def test_report_correction_and_result_are_follow_ups_that_do_not_fold():
    lead = "6月3日，滨江市挂号平台发生故障，58家医院的预约挂号和缴费一度中断，抢修持续了四个小时。"
    report = told("report", "滨江市挂号平台故障 58家医院预约中断", f"{lead}市卫健委称约两千名患者受影响。", 3)
    correction = told(
        "correction",
        "更正：滨江市挂号平台故障 58家医院预约中断",
        f"{lead}市卫健委4日更正，受影响患者为三百人，此前公布的两千名系统计有误。",
        4,
    )
    result = told(
        "result",
        "滨江市挂号平台故障 58家医院预约中断原因公布",
        f"{lead}调查组13日公布结果：运维公司误删路由，被罚款20万元，两名负责人被约谈。",
        13,
    )
    three = [report, correction, result]
    edges = [one for one in relate(three) if "result" in (one.a, one.b) or "correction" in (one.a, one.b)]
    assert edges
    assert {one.relation for one in edges} <= {Relation.FOLLOW_UP, Relation.SUSPECTED}, edges


# ------------------------------------------------------------------------------ crowds, chains and copies


def test_a_chain_of_days_does_not_become_one_story():
    """Each day's report resembles the next day's as one event would, and no others: A~B, B~C, C~D …"""
    days = documents(*"abcdefgh")
    chain = [edge(one, other, score=0.93) for one, other in itertools.pairwise("abcdefgh")]
    stories = group(days, chain)
    assert max(len(story.members) for story in stories) <= 3
    for _ in range(5):
        random.Random(len(days)).shuffle(days)
        random.Random(len(chain)).shuffle(chain)
        assert members(*group(days, chain)) == members(*stories)


def test_an_editors_word_outranks_the_chain():
    chain = [edge(one, other, score=0.93) for one, other in itertools.pairwise("abcd")]
    stories = members(*group(documents(*"abcd"), chain, together=[("a", "d")], apart=[("a", "b")]))
    assert any({"a", "d"} <= story for story in stories)
    assert not any({"a", "b"} <= story for story in stories)


def test_how_often_a_telling_was_copied_does_not_decide_what_it_joins():
    copies = [edge("a", f"a{n}", Relation.REPRINT, 0.9) for n in range(9)]
    names = ["a", "b", *(f"a{n}" for n in range(9))]
    assert members(*group(documents(*names), [*copies, edge("a", "b")])) == {frozenset(names)}


def test_a_crowd_of_copies_is_linked_without_comparing_each_with_each():
    rng = random.Random(5)
    crowd = []
    for n in range(300):
        text = list(ORIGINAL.text * 2)
        for _ in range(8):
            text[rng.randrange(len(text))] = "某"
        crowd.append(changed(f"c{n:03}", text="".join(text)))
    edges = relate(crowd)
    assert len(edges) < 4 * len(crowd)
    assert len(group(crowd, edges)) == 1


# ------------------------------------------------------------------------------- what pages leave in texts


def test_what_is_left_of_entities_does_not_part_a_copy_from_its_original():
    torn = ORIGINAL.text.replace("。", "。&nbsp;").replace("120项", "&nbsp120;项").replace("\n", "&#13;\n")
    assert relation(ORIGINAL, changed("torn", text=f"&nbsp;&nbsp;{torn}")) is Relation.EXACT


def test_an_untitled_telling_is_named_by_its_lead():
    assert relation(ORIGINAL, replace(TOLD_AGAIN, title="")) is relation(ORIGINAL, replace(TOLD_AGAIN, title="正文"))
    untitled = [replace(ORIGINAL, id="u", url="", title=""), TOLD_AGAIN]
    assert relate(untitled)[0].relation in (Relation.SAME_EVENT, Relation.SUSPECTED)


# ------------------------------------------------------------------- the set a learned model is measured on


def frozen() -> list[tuple[Document, str, str]]:
    """Document, story and event of each telling that ships for measuring."""
    lines = files("pipeline").joinpath("frozen", "events.jsonl").read_text("utf-8").splitlines()
    return [
        (
            Document(row["id"], row["title"], row["text"], dt.date.fromisoformat(row["date"])),
            row["story"],
            row["event"],
        )
        for row in map(json.loads, lines)
    ]


def test_the_frozen_tellings_are_told_apart_as_well_as_ever():
    tellings = frozen()
    cluster: dict[str, str] = {}
    for story in sorted({story for _, story, _ in tellings}):
        some = [document for document, of, _ in tellings if of == story]
        cluster |= {member: one.members[0] for one in group(some, relate(some)) for member in one.members}
    event = {document.id: name for document, _, name in tellings if name != "X"}
    pairs = list(itertools.combinations(event, 2))
    joined = [(a, b) for a, b in pairs if cluster[a] == cluster[b]]
    assert all(event[a] == event[b] for a, b in joined), "false merges"
    assert len(joined) >= FROZEN_RECALL * sum(event[a] == event[b] for a, b in pairs)


FROZEN_RECALL = 0.7


ON_DUTY = Document(
    "on-duty",
    "市儿童医院AI儿科医生上岗 能听懂家长的方言",
    "8月20日，市儿童医院的AI儿科医生正式上岗。家长在手机上描述孩子的症状，它会像医生一样追问，给出可能的诊断和就医建议，"
    "还能听懂七种方言。\nAI儿科医生由医院三百多名专家的诊疗经验和近十年脱敏病历训练而成，首批用于发热、咳嗽等十二类常见病。",
    dt.date(2025, 8, 20),
)
SENT_DOWN = Document(
    "sent-down",
    "市儿童医院AI儿科医生“下沉” 三十家乡镇卫生院用上了",
    "10月9日，记者在西岭镇卫生院看到，市儿童医院的AI儿科医生正在帮助当地大夫判断一名发热患儿的病情。\n"
    "8月上岗以来，AI儿科医生累计服务患儿二十六万人次。国庆前，它接入三十家乡镇卫生院，由专家在线复核疑难病例。",
    dt.date(2025, 10, 10),
)
ELSEWHERE = Document(
    "elsewhere",
    "市口腔医院开出夜间门诊 下班后也能看牙",
    "10月9日起，市口腔医院开出夜间门诊，时间为十八时至二十二时。患者在手机上预约挂号，首日接诊一百二十人。",
    dt.date(2025, 10, 10),
)


def test_what_became_of_a_printed_story_weeks_later_is_a_follow_up_of_it():
    printed = [Printed("monthly", 549, 1, ON_DUTY)]
    (covered,) = cover([SENT_DOWN, ELSEWHERE], printed)[SENT_DOWN.id]
    assert (covered.number, covered.position, covered.relation) == (549, 1, Relation.FOLLOW_UP)
    assert "相隔51天" in covered.because


def test_news_of_another_hospital_is_no_follow_up():
    assert cover([ELSEWHERE], [Printed("monthly", 549, 1, ON_DUTY)]) == {}


def test_reports_weeks_apart_stay_apart_among_what_is_collected():
    assert not any(edge.relation.folds for edge in relate([ON_DUTY, SENT_DOWN]))


def test_a_headline_that_says_what_a_rule_asks_is_no_commentary():
    name = "《全市医疗卫生机构数据安全管理办法》"
    rule = Document(
        "rule", f"关于印发{name}的通知", f"现将{name}印发给你们，请遵照执行。病历用于训练的，应当经双审查。", JUNE
    )
    report = Document(
        "report",
        "本市出台医疗数据安全管理办法 病历训练大模型须过双审查",
        f"市卫生健康委印发{name}。办法规定，病历用于训练大模型，须去标识化，并经双审查。",
        JUNE,
    )
    (edge,) = relate([rule, report])
    assert "评论" not in edge.because


# ------------------------------------------------------------------------- tellings in words of their own


REPORTED = TOLD_AGAIN.text


@pytest.mark.parametrize(
    "title",
    [
        "看病为何不用再拍片？全市58家医院检查结果互认",
        "检查结果互认 全市58家医院须当日上传",
        "58家医院检查结果互认，省了多少钱？",
    ],
    ids=["why", "what a rule says", "how much"],
)
def test_a_report_with_a_question_for_a_headline_joins_the_event(title):
    assert relation(ORIGINAL, replace(TOLD_AGAIN, title=title)) is Relation.SAME_EVENT


def test_a_question_without_a_reporter_stays_a_commentary():
    opinion = REPORTED.replace("记者6月4日从市卫生健康委获悉，", "")
    asked = replace(TOLD_AGAIN, title="看病为何不用再拍片？全市58家医院检查结果互认", text=opinion)
    (edge,) = relate([ORIGINAL, asked])
    assert edge.relation is Relation.SUSPECTED
    assert "一为评论，一为报道" in edge.because


def test_hospitals_in_general_are_no_institution_that_could_differ():
    one = replace(ORIGINAL, id="one", url="", title="多地医院检查结果互认 患者不必重复拍片")
    other = replace(TOLD_AGAIN, title="全省医院检查结果互认 患者不必重复拍片")
    assert relation(one, other) is Relation.SAME_EVENT


def test_two_bodies_of_one_event_may_each_have_a_headline():
    one = told(
        "one",
        "影像云中断三小时 滨江第一医院启用应急预案",
        "6月4日下午，滨江市医学影像云平台发生中断，58家医院的影像调阅停了三个小时。放射科调出胶片应急，急诊未停。",
    )
    other = told(
        "other",
        "58家医院影像调阅停了 数源公司称扩容出错",
        "滨江市医学影像云平台4日下午中断三小时，58家医院无法调阅影像，晚间恢复。运维方称扩容脚本出错，已致歉。",
    )
    assert relation(one, other) in (Relation.SAME_EVENT, Relation.SUSPECTED)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("获刑三年六个月，并处罚金98万元", {"6个月", "98万元"}),
        ("二十六名责任人被处理，26人被追责", {"26人"}),
        ("获刑三年半；判处3年半", {"3.5年"}),
        ("2024年6月4日，一个医院的两名医生", set()),
        ("新增1203例，占12.5%", {"1203例", "12.5%"}),
        ("药材十五两，十十天，一十五次，8.45年半", {"10天", "15次", "8.45年"}),
    ],
)
def test_figures_are_read_in_any_numerals_with_what_they_count(text, found):
    assert figures(text) == found


def test_a_rare_figure_of_the_title_speaks_for_one_event():
    fined = told(
        "fined",
        "数源公司因账号泄露病历被罚98万元",
        "市网信办6月4日通报，数源公司未停用离职账号，泄露病历，罚款98万元。",
    )
    own = told(
        "own",
        "98万元买来的教训：数源公司的账号",
        "离职的人走了，账号还在。病历就这样流了出去，网信部门开出98万元罚单。",
    )
    less = replace(own, title=own.title.replace("98", "36"), text=own.text.replace("98", "36"))
    ((same,), other) = relate([fined, own]), relate([fined, less])
    assert "98万元" in same.because
    assert same.score > max((edge.score for edge in other), default=0.0)


BACKGROUND = (
    "影像云平台是全市看病的总调度：患者在一家医院做的检查、医生开到药店的处方，都要从这里走一遍。",
    "平台出问题，医院内部的收费和药房可以单机运行，对外的线上服务就会停下，志愿者要到大厅里分流患者。",
    "平台2020年上线，投资3.6亿元，接入公立医院213家和基层机构1.1万家，去年完成二期扩容并通过验收。",
)


def test_today_s_news_over_last_week_s_paragraphs_is_no_reprint():
    down = told(
        "down",
        "影像云平台中断 市卫健委致歉",
        "\n".join(
            [
                "6月4日上午，全市的预约挂号、检查调阅和电子处方流转一度中断，市卫健委当晚致歉，号源顺延使用七天。",
                *BACKGROUND,
            ]
        ),
    )
    back = told(
        "back",
        "全部业务恢复运行",
        "\n".join(
            [
                "滨江发布：今日下午各医院线上缴费、结果查询都已正常，居民可以用手机办理，没有约上的请重新选择时间。",
                *BACKGROUND,
            ]
        ),
        5,
    )
    assert relation(down, back) is not Relation.REPRINT


def test_a_copy_that_lost_its_first_paragraph_is_a_reprint():
    whole = told(
        "whole", "影像云平台中断 市卫健委致歉", "\n".join(["6月4日上午平台中断，市卫健委致歉。", *BACKGROUND, *REST])
    )
    cut = told("cut", "总调度停了", "\n".join([*BACKGROUND, *REST]))
    assert relation(whole, cut) is Relation.REPRINT


def test_a_crowd_of_which_not_every_pair_was_compared_is_one_story():
    names = "abcdefghi"
    near = [edge(a, b, score=0.9) for a, b in itertools.combinations(names, 2) if (ord(b) - ord(a)) % 9 not in (4, 5)]
    assert members(*group(documents(*names), near)) == {frozenset(names)}
