"""What is promised about scope: the seeds, full-length articles (tests/texts), places, genres, hostile input."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.config import Outlet, Outlets, PlaceRule, Scope, Topic, packaged, read
from pipeline.model import Genre, Rating, Verdict
from pipeline.steps.learn.texts import shipped_articles, shipped_texts
from pipeline.steps.rate import FEATURES, Rater, learned
from spent import computing

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds"
TEXTS = sorted((ROOT / "tests" / "texts").glob("*.txt"))
EXCERPTS = [dataclasses.asdict(one) for one in shipped_texts()]

GENRES = [json.loads(line) for line in (ROOT / "tests" / "texts" / "genres.jsonl").read_text("utf-8").splitlines()]

SCOPE: Scope = read(packaged("config") / "scope.yaml", TypeAdapter(Scope))
OUTLETS = Outlets(
    (
        Outlet(name="北京日报", hosts=("bjd.com.cn",), region="北京", aliases=("北京晚报",)),
        Outlet(name="千龙网", hosts=("qianlong.com",), region="北京"),
        Outlet(name="新京报", hosts=("bjnews.com.cn",), region="北京"),
        Outlet(name="北青网", hosts=("ynet.com",), region="北京"),
        Outlet(name="北方网", hosts=("enorth.com.cn",), region="天津"),
        Outlet(name="央广网", hosts=("cnr.cn",)),
        Outlet(name="市卫生健康委", hosts=("wjw.example.cn",), tier="gov"),
    )
)
NATIONWIDE = Rater(SCOPE, None, OUTLETS)
BEIJING = Rater(SCOPE, SCOPE.places["beijing"], OUTLETS)

ON_TOPIC = "电子病历共享平台上线，患者检查结果可跨院调阅"
BODY = (
    "电子病历共享应用平台近日上线，患者授权后，接诊医生可以跨院调阅检验结果和医学影像。\n"
    "平台统一了病历文书的编码，各家医院的信息系统按同一规范改造，避免重复检查。\n"
    "有关负责人表示，下一步将把互联网医院的复诊记录也纳入平台，方便群众就医。"
)


def seed_items(name: str) -> list[tuple[str, str, str, str]]:
    """(title, text with a paragraph a line, outlet, url) of each item of a seed issue."""
    parts = re.split(r"主要内容[:：]", (SEEDS / name).read_text("utf-8").split("二、具体内容")[1])
    items = []
    for head, body in pairwise(parts):
        outlet = re.findall(r"来源[:：]\s*(\S+)", head)[-1]
        url = (re.findall(r"https?://[^\s>]+", head[-400:]) or [""])[-1]
        own = re.split(r"\n(?:-|\d\.)\s*(?:标题[:：]|2025)", body)[0]
        paragraphs = [re.sub(r"\s*\n\s*", "", one) for one in re.split(r"\n\s*\n", own.strip())]
        title, *rest = paragraphs
        credit = re.compile(r"\s*20\d\d-\d\d-\d\d\s*来源[:：\s]*(?:中国科技网|央广网|北京日报)?\s*")
        if found := credit.search(title):  # 636: headline, credit and first paragraph run together
            title, rest = title[: found.start()], [title[found.end() :], *rest]
        else:
            rest = rest[1:]
        items.append((title, "\n".join(one for one in rest if one), outlet, url))
    return items


def seed_items_by_number() -> dict[str, tuple[str, str, str, str]]:
    issues = {"534": "003_885bb48bbbd89533.txt", "535": "001_5a80ae35308c779a.txt", "636": "004_e613bf967ea5d64c.txt"}
    return {
        f"{number}-{position}": item
        for number, name in issues.items()
        for position, item in enumerate(seed_items(name), start=1)
    }


ITEMS = seed_items_by_number()


def rated(number: str) -> Rating:
    title, text, outlet, url = ITEMS[number]
    return (NATIONWIDE if number.startswith("636") else BEIJING).rate(title, text, outlet=outlet, url=url)


def own_text(path: Path) -> tuple[dict[str, str], str]:
    head, body = path.read_text("utf-8").split("\n\n", 1)
    return dict(line.split(": ", 1) for line in head.splitlines()), body.strip()


# ----------------------------------------------------------------------------------------- the seeds


def test_the_seed_issues_hold_ten_items() -> None:
    assert len(ITEMS) == 10


@pytest.mark.parametrize("number", ITEMS)
def test_nothing_the_editors_printed_is_thrown_out(number: str) -> None:
    assert rated(number).verdict is not Verdict.OUT, rated(number)


@pytest.mark.parametrize("number", ["534-1", "534-3", "534-4", "535-1", "535-2", "535-3", "636-1", "636-2"])
def test_what_is_plainly_on_topic_is_taken(number: str) -> None:
    assert rated(number).verdict is Verdict.IN, rated(number)


def test_the_visit_to_a_maker_of_medical_robots_is_not_thrown_out() -> None:
    page = (SEEDS / "000_3147b98632fa2944.txt").read_text("utf-8")
    found = re.search(r"title: '(.*?)'", page)
    assert found
    text = "\n".join(re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<p[ >].*?</p>", page, re.DOTALL))
    rating = BEIJING.rate(found[1], text, outlet="海淀医保微信公众号")
    assert rating.verdict is not Verdict.OUT


def test_the_health_section_of_the_piece_about_robots_is_offered_as_an_excerpt() -> None:
    title, text, *_ = ITEMS["636-3"]
    rating = NATIONWIDE.rate(title, text)
    lines = text.split("\n")
    excerpt = "\n".join(lines[index] for index in rating.excerpt)
    assert rating.share < 0.5
    assert "静脉用药调配中心" in excerpt
    assert "达格列净" in excerpt
    assert "煎饼" not in excerpt
    assert "玉渊潭" not in excerpt
    assert any("可节选" in reason for reason in rating.because)
    assert excerpt.startswith("场景1 智慧医院\n")
    assert lines[rating.excerpt[-1] + 1].startswith("场景 2")


def test_the_genre_of_the_seed_items_is_shown() -> None:
    genres = {number: rated(number).genre for number in ITEMS}
    assert genres.pop("534-3") is Genre.ADVERTORIAL
    assert genres.pop("535-3") is Genre.COMMENTARY
    assert set(genres.values()) == {Genre.NEWS}


def test_the_reasons_name_what_was_found_and_where() -> None:
    because = "；".join(rated("535-2").because)
    assert "命中：医疗大模型（标题）" in because
    assert "来源为北京媒体：新京报" in because


@pytest.mark.parametrize(
    ("number", "topic"),
    [
        ("534-1", "互联网医疗与远程医疗"),
        ("534-2", "便民服务与结果互认"),
        ("534-3", "医疗人工智能与大模型"),
        ("534-4", "医疗人工智能与大模型"),
        ("535-1", "医疗机器人与智能装备"),
        ("535-2", "医疗人工智能与大模型"),
        ("535-3", "互联网医疗与远程医疗"),
        ("636-1", "医保信息化"),
        ("636-2", "医保信息化"),
        ("636-3", "医疗机器人与智能装备"),
    ],
)
def test_a_seed_item_is_tagged_with_what_it_is_about(number: str, topic: str) -> None:
    assert rated(number).topics[0] == topic


# --------------------------------------------------------------------------------------- the reasons


@pytest.mark.parametrize("number", ITEMS)
def test_every_term_that_counted_is_shown_in_a_sentence_of_the_article(number: str) -> None:
    title, text, outlet, _ = ITEMS[number]
    found = rated(number).matches
    assert 3 <= len(found) <= 9
    for one in found:
        where = {"标题": title, "来源": outlet}.get(one.where, text)
        assert one.sentence.strip("…") in where
        assert one.sentence


def test_the_strongest_match_is_the_one_in_the_title_and_none_comes_twice() -> None:
    found = rated("535-2").matches
    assert (found[0].term, found[0].where, found[0].topic) == ("医疗大模型", "标题", "医疗人工智能与大模型")
    assert len({one.term for one in found}) == len(found)


def test_a_sentence_is_shown_as_it_stands_and_a_long_one_cut_around_the_term() -> None:
    text = (
        "　　他说：“ＡＩ 阅片已经用上了！”记者看到，" + "天气晴朗，" * 60 + "電子病歷系統上線了，" + "人来人往，" * 60
    )
    found = {one.term: one.sentence for one in NATIONWIDE.rate("医院见闻", text).matches}
    assert found["ai阅片"] == "他说：“ＡＩ 阅片已经用上了！”"
    assert "電子病歷系統上線了" in found["电子病历"]
    assert found["电子病历"].startswith("……")
    assert len(found["电子病历"]) <= 164


def test_what_spoke_against_is_shown_with_its_sentence_unless_the_article_is_taken() -> None:
    rating = NATIONWIDE.rate(
        "宠物医院上线预约挂号小程序", "这家宠物医院的预约挂号小程序昨天上线，兽医可以在线看化验单。"
    )
    assert rating.verdict is not Verdict.IN
    assert next((one.term, one.where) for one in rating.matches if one.against) == ("宠物", "标题")
    assert not any(one.against for one in NATIONWIDE.rate(ON_TOPIC, BODY + "疫情以来，群众期待已久。").matches)


def test_terms_of_both_sides_are_named_where_no_single_term_is() -> None:
    text = "为了让患者少跑腿，这家县里的单位去年就开始做数字化的尝试。"
    found = NATIONWIDE.rate("少跑腿", text).matches
    assert [(one.term, one.topic) for one in found] == [("患者…数字化", "医疗卫生 × 信息技术")]


def test_the_parts_say_how_the_score_came_about() -> None:
    title, text, *_ = ITEMS["636-3"]
    lifted = NATIONWIDE.rate(title, text)
    assert [one.name for one in lifted.parts] == ["规则分", "加上用词", "节选段落"]
    assert lifted.parts[-1].value == lifted.score
    elsewhere = BEIJING.rate(ON_TOPIC, "下载本文档。" + BODY, outlet="央广网")
    assert [one.name for one in elsewhere.parts] == ["规则分", "加上用词", "页面类型：文库资料", "地区"]
    assert [one.name for one in NATIONWIDE.rate(ON_TOPIC, "").parts] == ["规则分", "加上用词", "正文缺失"]
    assert elsewhere.parts[-1].value == elsewhere.score


@pytest.mark.parametrize(
    ("title", "opening", "outlet", "url", "expected"),
    [
        pytest.param(ON_TOPIC, "", "北京晚报", "", ("北京日报", "来源", "北京晚报", "北京媒体"), id="outlet"),
        pytest.param(
            ON_TOPIC, "", "", "https://news.bjd.com.cn/1.shtml",
            ("北京日报", "来源", "https://news.bjd.com.cn/1.shtml", "北京媒体"), id="host",
        ),
        pytest.param(
            "天坛医院" + ON_TOPIC, "", "央广网", "",
            ("天坛医院", "标题", "天坛医院" + ON_TOPIC, "北京机构"), id="institution",
        ),
        pytest.param(
            ON_TOPIC, "海淀区率先试点。", "央广网", "", ("海淀", "导语", "海淀区率先试点。", "涉及北京"), id="place"
        ),
    ],
)  # fmt: skip
def test_the_rule_of_place_is_shown_with_what_satisfied_it(
    title: str, opening: str, outlet: str, url: str, expected: tuple[str, ...]
) -> None:
    last = BEIJING.rate(title, opening + BODY, outlet=outlet, url=url).matches[-1]
    assert (last.term, last.where, last.sentence, last.topic) == expected


# ------------------------------------------------------------------------------------ short excerpts


def test_excerpts_from_the_whole_field_are_told_from_other_news() -> None:
    # The model has learned from these texts: that it still knows them, not how it does on others (see
    # benchmarks/train_scope.py for what it does on texts held out).
    given = [(one["label"], NATIONWIDE.rate(one["title"], one["text"]).score) for one in EXCERPTS]
    right = sum(label == "in" and score >= 0.5 for label, score in given)
    wrong = sum((label == "in") != (score >= 0.5) for label, score in given if label != "borderline")
    assert 2 * right / (2 * right + wrong) >= 0.95
    assert wrong <= len(EXCERPTS) // 40


def test_no_excerpt_in_scope_vanishes() -> None:
    scores = {
        one["title"]: NATIONWIDE.rate(one["title"], one["text"]).score for one in EXCERPTS if one["label"] == "in"
    }
    assert [title for title, score in scores.items() if score < SCOPE.consider] == []


def test_articles_learned_from_are_told_apart_though_their_titles_seldom_say_what_they_are_about() -> None:
    # Learned from as well; held out they have F1 .92 (benchmarks/train_scope.py).
    told = [(one.label, NATIONWIDE.rate(one.title, one.text)) for one in shipped_articles()]
    thrown = [rating for label, rating in told if label == "in" and rating.verdict is Verdict.OUT]
    let_in = [rating for label, rating in told if label == "out" and rating.score >= 0.5]
    assert (thrown, let_in) == ([], [])
    assert len(told) >= 70


def test_the_excerpts_are_enough_to_tell() -> None:
    labels = [one["label"] for one in EXCERPTS]
    assert min(labels.count("in"), labels.count("out")) >= 60
    assert len({one["title"] for one in EXCERPTS}) == len(EXCERPTS)


# ------------------------------------------------------------------------------ full-length articles


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_full_length_article_is_rated_as_its_head_says_nationwide(path: Path) -> None:
    head, body = own_text(path)
    rating = NATIONWIDE.rate(head["title"], body, outlet=head["outlet"], url=head["url"])
    assert rating.verdict.value == head["nationwide"], rating


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_full_length_article_is_rated_as_its_head_says_for_beijing(path: Path) -> None:
    head, body = own_text(path)
    rating = BEIJING.rate(head["title"], body, outlet=head["outlet"], url=head["url"])
    assert rating.verdict.value == head["beijing"], rating
    assert rating.genre.value == head["genre"]


def test_there_are_full_length_articles_of_every_verdict() -> None:
    heads = [own_text(path)[0]["nationwide"] for path in TEXTS]
    assert len(heads) >= 24
    assert set(heads) == {"in", "borderline", "out"}


def test_one_relevant_paragraph_of_a_long_article_is_found_and_the_rest_left_out() -> None:
    head, body = own_text(ROOT / "tests" / "texts" / "partial-robots-in-districts.txt")
    rating = NATIONWIDE.rate(head["title"], body)
    assert [body.split("\n")[index][:12] for index in rating.excerpt] == ["上午十点，市人民医院门诊"]


def section(topic: str, heading: str) -> list[str]:
    """A heading and four paragraphs, on topic or about something else."""
    about = {
        "health": "医院的电子病历系统接入医疗大模型，患者在手机上就能看到检查结果，医生调阅影像不用等，这一处用了{}。",
        "school": "学校的操场铺上了新草皮，孩子们午后在这里踢球，家长说放学后终于有了去处，这一处用了{}。",
        "park": "公园的步道沿着湖岸延伸，清晨有人跑步，傍晚有人散步，候鸟在芦苇里筑巢，这一处用了{}。",
        "road": "路口的信号灯重新配时，早高峰的车流不再拥堵，公交车准点率提高到九成，这一处用了{}。",
    }[topic]
    return [heading, *(about.format(month) for month in ("三个月", "半年", "一年", "两年"))]


def long_piece(*headings: str) -> str:
    topics = ("school", "health", "park", "road")
    parts = [line for topic, heading in zip(topics, headings, strict=True) for line in section(topic, heading)]
    return "\n".join(["一年来，这座城市的变化看得见、摸得着。", *(line for line in parts if line)])


@pytest.mark.parametrize(
    "headings",
    [
        pytest.param(("场景1 校园", "场景 2 病房", "场景3 公园", "场景4 道路"), id="numbered scenes"),
        pytest.param(("一、办好教育", "二、便捷就医", "三、添绿增景", "四、畅通出行"), id="Chinese numerals"),
        pytest.param(("孩子有了新操场", "看病少跑一趟", "湖边添了步道", "路口不再拥堵"), id="plain sub-headings"),
        pytest.param(("【教育】", "【医疗】", "【生态】", "【交通】"), id="labels in brackets"),
        pytest.param(("一是教育提质。", "二是医疗便捷。", "三是生态向好。", "四是出行畅通。"), id="counted sentences"),
    ],
)
def test_the_one_section_on_health_is_cut_out_from_its_heading_to_its_last_paragraph(headings: tuple[str, ...]) -> None:
    text = long_piece(*headings)
    rating = NATIONWIDE.rate("城市焕新记", text)
    assert rating.verdict is Verdict.BORDERLINE
    assert [text.split("\n")[index] for index in rating.excerpt] == section("health", headings[1])
    assert 0.2 < rating.share < 0.4


def test_without_headings_the_paragraphs_on_topic_are_cut_out() -> None:
    text = long_piece("", "", "", "")
    rating = NATIONWIDE.rate("城市焕新记", text)
    assert [text.split("\n")[index] for index in rating.excerpt] == section("health", "")[1:]


def test_two_sections_on_topic_are_both_offered_and_what_stands_between_is_not() -> None:
    parts = [
        section("health", "一、病历"),
        section("park", "二、公园"),
        section("health", "三、影像"),
        section("road", "四、路"),
    ]
    text = "\n".join(line for part in [*parts, section("school", "五、学校")] for line in part)
    rating = NATIONWIDE.rate("城市焕新记", text)
    assert [text.split("\n")[index] for index in rating.excerpt] == [*parts[0], *parts[2]]


def test_a_tail_off_topic_is_left_out_of_the_section() -> None:
    health = [*section("health", "二、便捷就医"), *section("park", "")[1:]]
    text = "\n".join([*section("school", "一、办好教育"), *health, *section("road", "三、畅通出行")])
    rating = NATIONWIDE.rate("城市焕新记", text)
    assert [text.split("\n")[index] for index in rating.excerpt] == section("health", "二、便捷就医")


def test_a_piece_wholly_on_topic_proposes_no_excerpt() -> None:
    text = "\n".join(line for name in ("一、门诊", "二、病房", "三、影像") for line in section("health", name))
    rating = NATIONWIDE.rate("医院用上医疗大模型", text)
    assert (rating.verdict, rating.excerpt) == (Verdict.IN, ())
    assert rating.share > 0.9


# -------------------------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("title", "opening", "outlet", "url"),
    [
        pytest.param(ON_TOPIC, "", "北青网", "", id="outlet of the region by its name"),
        pytest.param(ON_TOPIC, "", "", "https://news.bjd.com.cn/2025/1.shtml", id="outlet of the region by its host"),
        pytest.param(ON_TOPIC, "", "北京晚报", "", id="outlet of the region by another name"),
        pytest.param("北京：" + ON_TOPIC, "", "央广网", "", id="place in the title"),
        pytest.param(ON_TOPIC, "记者从北京市卫生健康委获悉，", "央广网", "", id="institution in the lead"),
        pytest.param(ON_TOPIC, "新华社广州6月1日电 海淀区三十家医院率先试点。", "", "", id="district in the lead"),
        pytest.param("天坛医院" + ON_TOPIC, "", "央广网", "", id="institution in the title"),
        pytest.param("京津冀" + ON_TOPIC, "", "北方网", "", id="the region around"),
        pytest.param(ON_TOPIC, "贵州省的四十家医院率先接入。", "北京日报", "", id="outlet of the region on elsewhere"),
        pytest.param(ON_TOPIC, "二十二家市属医院率先接入。", "千龙网", "", id="municipal hospitals, unnamed city"),
        pytest.param("北京召开电子病历共享推进会", "", "央广网", "", id="a meeting that the city holds"),
        pytest.param(
            ON_TOPIC, "首都医科大学附属北京安贞医院率先上线。", "央广网", "", id="a hospital by its full name"
        ),
        pytest.param(
            "积水潭医院" + ON_TOPIC, "上海、北京、广东等地也在试点。", "央广网", "", id="named in spite of a row"
        ),
        pytest.param(ON_TOPIC, "北京、天津、河北三地四十家医院率先接入。", "北方网", "", id="the three of the region"),
        pytest.param(
            ON_TOPIC, "北京大学第三医院信息中心主任说，改造用了半年。", "", "", id="a hospital of a university"
        ),
    ],
)
def test_an_article_with_a_tie_to_beijing_is_taken(title: str, opening: str, outlet: str, url: str) -> None:
    rating = BEIJING.rate(title, opening + BODY, outlet=outlet, url=url)
    assert rating.verdict is Verdict.IN, rating


@pytest.mark.parametrize(
    ("title", "opening"),
    [
        pytest.param(ON_TOPIC, "", id="no mention"),
        pytest.param(ON_TOPIC, "央广网北京8月4日消息（记者 林一）", id="dateline"),
        pytest.param(ON_TOPIC, "中新网北京12月30日电 ", id="dateline of an agency"),
        pytest.param(ON_TOPIC, "系统由北京明德智慧科技有限公司承建。", id="name of a company"),
        pytest.param(ON_TOPIC, "咨询地址：北京市海淀区学院南路15号院。", id="address"),
        pytest.param(ON_TOPIC, "目前已有上海、北京、广东等地试点。", id="one of a row of cities"),
        pytest.param(ON_TOPIC, "全国卫生信息大会近日在北京召开。", id="venue of a meeting"),
        pytest.param(ON_TOPIC, "北京时间昨晚八点，", id="Beijing time"),
        pytest.param("武汉协和医院" + ON_TOPIC, "", id="a namesake elsewhere"),
        pytest.param("福建医科大学附属协和医院" + ON_TOPIC, "", id="an affiliated namesake"),
        pytest.param(ON_TOPIC, "宣武医院河北医院的患者率先体验。", id="a branch elsewhere"),
        pytest.param(
            ON_TOPIC, "北京儿童医院保定医院的患者率先体验。", id="a branch of a hospital with the city's name"
        ),
        pytest.param(ON_TOPIC, "首都医科大学附属石家庄安贞医院的患者率先体验。", id="affiliated, in another city"),
        pytest.param(ON_TOPIC, "天津市安定医院的患者率先体验。", id="a namesake in the neighbouring city"),
        pytest.param(ON_TOPIC, "2025健康信息大会北京开幕，", id="a venue without a preposition"),
        pytest.param(ON_TOPIC, "论坛在北京国家会议中心隆重开幕。", id="a venue by its name"),
        pytest.param(ON_TOPIC, "系统在上海市北京东路的门诊部试用。", id="a road of that name"),
        pytest.param(ON_TOPIC, "北京理工大学计算机学院教授林一认为意义深远。", id="where an expert teaches"),
        pytest.param(ON_TOPIC, "新华社北京电（记者 林一）", id="dateline without a day"),
        pytest.param(ON_TOPIC, "据北京日报报道，", id="a paper that is quoted"),
        pytest.param(ON_TOPIC, "在泰国首都曼谷，", id="another country's capital"),
    ],
)
def test_a_place_passed_by_is_no_tie(title: str, opening: str) -> None:
    rating = BEIJING.rate(title, opening + BODY, outlet="央广网", url="https://health.cnr.cn/1.shtml")
    assert rating.verdict is Verdict.OUT, rating
    assert any("来源亦非北京媒体" in reason for reason in rating.because)
    assert NATIONWIDE.rate(title, opening + BODY).verdict is Verdict.IN


def test_an_institution_named_once_in_the_body_is_left_to_the_editor() -> None:
    text = BODY + "\n" + BODY + "\n" + BODY + "\n平台还邀请北京协和医院的医生参与远程带教。"
    rating = BEIJING.rate(ON_TOPIC, text, outlet="央广网")
    assert rating.verdict is Verdict.BORDERLINE
    assert any("协和医院" in reason and "请核" in reason for reason in rating.because)


def test_what_is_off_topic_stays_out_however_local_it_is() -> None:
    rating = BEIJING.rate("北京天坛医院义诊进社区", "北京天坛医院的专家昨天走进丰台区方庄社区义诊。", outlet="北京日报")
    assert rating.verdict is Verdict.OUT


def test_another_place_is_judged_by_its_own_rule() -> None:
    rule = PlaceRule(name="上海", places=("上海", "浦东"), institutions=("瑞金医院",), region="上海")
    shanghai = Rater(SCOPE, rule, OUTLETS)
    assert shanghai.rate("上海瑞金医院" + ON_TOPIC, BODY).verdict is Verdict.IN
    assert shanghai.rate(ON_TOPIC, "目前已有北京、上海、广东等地试点。" + BODY).verdict is Verdict.OUT


# -------------------------------------------------------------------------------------- how it reads


def test_a_traditional_copy_is_rated_like_its_simplified_original() -> None:
    simplified = NATIONWIDE.rate(
        "医院上线人工智能辅助诊断系统", "电子病历系统接入医疗大模型，患者在手机上就能查看报告。"
    )
    traditional = NATIONWIDE.rate(
        "醫院上線人工智能輔助診斷系統", "電子病歷系統接入醫療大模型，患者在手機上就能查看報告。"
    )
    assert traditional.score == simplified.score
    assert traditional.verdict is Verdict.IN


def test_blanks_quotes_and_full_width_letters_do_not_hide_a_term() -> None:
    plain = NATIONWIDE.features("人工智能+医疗健康应用落地", "")
    dressed = NATIONWIDE.features("“人工智能 ＋”  医疗健康 应用落地", "")
    assert plain == dressed
    assert plain["title"] > 0


def test_latin_terms_are_found_as_whole_words_only() -> None:
    assert NATIONWIDE.features("The hospital said patients waited", "")["title"] == 0
    assert NATIONWIDE.features("The hospital uses AI for patients", "")["title"] > 0


def test_the_longest_term_wins_so_an_unrelated_phrase_is_not_counted() -> None:
    body = "会议强调，要推动平台经济健康发展，数据显示行业运行平稳。"
    rating = NATIONWIDE.rate("平台经济健康发展座谈会召开", body)
    assert rating.verdict is Verdict.OUT
    assert rating.because == ("未涉及医疗卫生、信息技术",)


def test_one_mention_in_a_row_of_other_fields_is_not_the_topic() -> None:
    row = "工业互联网、智慧城市、自动驾驶、互联网医疗等新业态较快增长，数字经济规模再创新高。"
    assert NATIONWIDE.rate("数字经济发展报告发布", row).verdict is Verdict.OUT


def test_the_title_alone_is_never_enough() -> None:
    rating = NATIONWIDE.rate("智慧医院建设的意义有多大", "智慧医院建设的意义有多大")
    assert rating.verdict is Verdict.BORDERLINE
    assert any("仅凭标题判断" in reason for reason in rating.because)


@pytest.mark.parametrize(
    ("title", "text", "url", "named"),
    [
        pytest.param(
            "智慧医院信息化建设指南", BODY, "https://www.renrendoc.com/paper/1.html", "文库", id="by its host"
        ),
        pytest.param("智慧医院信息化建设指南", "下载本文档。" + BODY, "", "文库", id="by its words"),
        pytest.param(
            "医院预约挂号小程序开发报价", "我们提供小程序定制。" + BODY, "", "软件外包", id="a vendor's offer"
        ),
        pytest.param(
            "医疗信息化行业市场调研报告", "产业链图谱与投资前景。" + BODY, "", "行业研究", id="a market study"
        ),
    ],
)
def test_a_page_that_is_not_news_waits_for_the_editor(title: str, text: str, url: str, named: str) -> None:
    rating = NATIONWIDE.rate(title, text, url=url)
    assert rating.verdict is Verdict.BORDERLINE
    assert any(named in reason for reason in rating.because)


@pytest.mark.parametrize(
    ("title", "opening", "named"),
    [
        pytest.param(
            "什么是智慧医院？一文带你了解智慧医院信息系统",
            "很多人想知道答案，下面就来看看。",
            "百科问答",
            id="an explainer",
        ),
        pytest.param(
            "医院信息科平时做什么，电子病历系统难学吗", "问题补充：本人大三，求过来人回答。", "百科问答", id="questions"
        ),
        pytest.param(
            "医院信息系统期末模拟试题", "一、单项选择题\n1．电子病历分为几级？", "试题考卷", id="an examination"
        ),
        pytest.param(
            "这只医疗信息化龙头还能拿吗",
            "楼主：病历大模型发布了，散户怎么看。",
            "股吧闲谈",
            id="a forum of shareholders",
        ),
        pytest.param(
            "诊所电子病历系统，免费试用", "产品概述：挂号、电子病历、医保对接一体。", "产品页面", id="a product's page"
        ),
    ],
)
def test_a_page_is_known_by_its_manner_however_many_terms_it_holds(title: str, opening: str, named: str) -> None:
    rating = NATIONWIDE.rate(title, opening + "\n" + BODY)
    assert rating.verdict is Verdict.BORDERLINE
    assert any(named in reason for reason in rating.because)


def test_one_everyday_word_does_not_make_a_report_an_advertisement() -> None:
    rating = NATIONWIDE.rate(ON_TOPIC, "“做一次检查多少钱，手机上先看得到。”一位患者说。\n" + BODY)
    assert rating.verdict is Verdict.IN


def test_a_novel_about_a_doctor_with_a_system_is_out() -> None:
    text = "最新章节：他打开医院信息系统，人工智能辅助诊断的结果让所有医生震惊。上一章 下一章"
    assert NATIONWIDE.rate("神医系统：从智慧医院开始", text).verdict is Verdict.OUT


@pytest.mark.parametrize("case", GENRES, ids=lambda case: f"{case['genre']}: {case['title'][:24]}")
def test_the_genre_is_told_by_its_signs(case: dict[str, Any]) -> None:
    outlet = "市卫生健康委" if case["official"] else ""
    assert NATIONWIDE.rate(case["title"], case["text"], outlet=outlet).genre.value == case["genre"]


def test_there_are_cases_of_every_genre() -> None:
    told = [case["genre"] for case in GENRES]
    assert min(told.count(genre.value) for genre in Genre) >= 8


ROUND_UP = (
    "国内联播快讯",
    "前五月铁路投资同比增长\n国家铁路集团数据显示，前五月完成投资两千余亿元，一批干线开工。\n\n"
    "最大海上光伏项目并网\n项目位于黄海之滨，年发电可供二十万户家庭使用。\n"
    "全国电子病历共享试点扩围\n国家卫生健康部门新增二十个试点城市，患者授权后医生可跨院调阅电子病历。\n"
    "夏粮收购全面展开\n主产区已收购小麦一千五百万吨，进度快于上年。",
)


def test_a_round_up_with_one_item_on_topic_waits_for_the_editor_with_that_item_as_its_excerpt() -> None:
    rating = NATIONWIDE.rate(*ROUND_UP)
    lines = ROUND_UP[1].split("\n")
    assert (rating.genre, rating.verdict) == (Genre.LIST, Verdict.BORDERLINE)
    assert [lines[index][:8] for index in rating.excerpt] == ["全国电子病历共享", "国家卫生健康部门"]
    assert rating.parts[-1].name == "汇编条目"
    assert any("多条信息合编" in reason for reason in rating.because)


def test_a_round_up_that_announces_its_matter_is_not_bounded_like_one_with_an_item_in_passing() -> None:
    text = "\n".join(
        (
            "医院里添了新帮手\n市人民医院的医生用上了会写病历的大模型，患者回家就能在手机上看到小结。",
            "村里的片子有人看\n乡镇拍片，县里出报告，结果在手机上可查。",
            "老人有专人陪着办\n志愿者站在自助机旁，教人用医保码付费。窗口也还开着，现金照收，谁也不必着急。",
            "周末也开门\n各家门诊周末照常开放，食堂同时供应早餐，停车的地方多了一倍，公交车也直达门口，来的人都说比从前方便。",
            "花园重新开放\n住院楼后面的花园种上了桂花和石榴，长椅修好了，傍晚有人在这里散步，也有人坐着听收音机。",
        )
    )
    rating = NATIONWIDE.rate("智慧医院建设动态一览", text)
    assert rating.genre is Genre.LIST
    assert rating.score > 0.5


def test_a_round_up_without_an_item_on_topic_is_out() -> None:
    kept = [line for line in ROUND_UP[1].split("\n") if "电子病历" not in line]
    assert NATIONWIDE.rate(ROUND_UP[0], "\n".join(kept)).verdict is Verdict.OUT


def test_a_round_up_that_is_all_on_topic_is_taken_whole() -> None:
    text = (
        "电子病历跨院调阅上线\n全市四十家医院接入，医生可调阅患者在外院的电子病历。\n"
        "互联网医院增设夜间问诊\n慢病患者晚间也能线上复诊，电子处方直达药店。\n"
        "医保影像云索引启用\n跨市就诊可以调阅影像，减少重复检查。\n"
        "急救车装上远程会诊\n患者上车，心电数据即传到医院。"
    )
    rating = NATIONWIDE.rate("数字健康一周要闻", text)
    assert (rating.genre, rating.verdict, rating.excerpt) == (Genre.LIST, Verdict.IN, ())


def test_news_that_quotes_a_commentary_word_in_passing_stays_news() -> None:
    text = BODY + "\n有评论员认为，互联互通意义重大，仍需时间检验，各地要因地制宜，避免一哄而上，重复建设。"
    assert NATIONWIDE.rate(ON_TOPIC, text).genre is Genre.NEWS


def test_a_commentary_is_known_by_the_news_it_opens_with() -> None:
    opening = "国家医保局近日通报，医保电子凭证已覆盖全国。（3月5日《经济日报》）\n"
    assert NATIONWIDE.rate("让数据多跑路", opening + BODY).genre is Genre.COMMENTARY


def test_a_plan_of_a_city_whose_name_opens_the_title_is_not_an_advertorial() -> None:
    text = "北京将赋能医院，助力转型，深耕数据，布局大模型，携手企业，北京还将推出一站式解决方案，支持北京各医院。"
    assert NATIONWIDE.rate("北京：" + ON_TOPIC, text + BODY).genre is Genre.NEWS


def test_an_official_notice_that_names_a_company_is_not_an_advertorial() -> None:
    text = BODY + "\n平台由卫宁健康承建，卫宁健康负责运维，卫宁健康须接受卫生健康部门监督。"
    assert NATIONWIDE.rate(ON_TOPIC, text).genre is Genre.NEWS


# ------------------------------------------------------------------------------------- what is edited


def edited(**changes: Any) -> Rater:
    return Rater(SCOPE.model_copy(update=changes))


def test_a_term_an_editor_adds_counts_at_once() -> None:
    title, text = "“灵犀号”在三家医院启用", "昨天，“灵犀号”在三家医院启用，门诊患者可以体验。"
    before = NATIONWIDE.rate(title, text)
    first, *others = SCOPE.topics
    wider = first.model_copy(update={"terms": {**first.terms, 3: (*first.terms[3], "灵犀号")}})
    after = edited(topics=(wider, *others)).rate(title, text)
    assert before.verdict is Verdict.OUT
    assert after.verdict is Verdict.IN
    assert "灵犀号（标题）" in after.because[0]


def _about(term: str, **more: Any) -> Topic:
    return Topic(name="新主题", terms={3: (term,)}, **more)


def test_a_topic_counts_only_where_one_of_its_musts_stands_in_the_article() -> None:
    rater = edited(topics=(*SCOPE.topics, _about("灵犀号", must=("病房", "门诊"))))
    title, plain = "“灵犀号”启用", "昨天，“灵犀号”在三家商场启用，顾客可以体验。"
    assert rater.rate(title, plain).topics == ()
    assert rater.rate(title, plain + "\n它还会用在门诊。").topics == ("新主题",)


def test_a_topic_does_not_count_in_a_sentence_with_one_of_its_nots() -> None:
    rater = edited(topics=(*SCOPE.topics, _about("灵犀号", **{"not": ("游轮",)})))
    assert rater.rate("灵犀号启航", "“灵犀号”游轮昨天启航。").matches[0].term == "灵犀号"
    assert rater.rate("游轮灵犀号启航", "“灵犀号”游轮昨天启航。").topics == ()
    assert rater.rate("灵犀号", "“灵犀号”游轮昨天启航。另一处，“灵犀号”用于查房。").topics == ("新主题",)


def test_a_phrase_an_editor_ignores_no_longer_counts() -> None:
    title, text = "“智慧医疗杯”足球赛开幕", "“智慧医疗杯”足球赛昨天开幕，十二支球队参加。"
    assert NATIONWIDE.rate(title, text).verdict is not Verdict.OUT
    assert edited(ignore=(*SCOPE.ignore, "智慧医疗杯")).rate(title, text).verdict is Verdict.OUT


def test_the_thresholds_are_the_editors() -> None:
    title, text = "医院预约小程序上线", "市民昨天起可以用医院的小程序预约。"
    assert edited(accept=0.02, consider=0.01).rate(title, text).verdict is Verdict.IN
    assert edited(accept=0.999999, consider=0.99999).rate(title, text).verdict is Verdict.OUT


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="must be greater than consider"):
        Scope(axes=SCOPE.axes, accept=0.3, consider=0.5)


def test_every_weight_is_for_a_feature_and_none_speaks_against_the_topic() -> None:
    weights, _ = learned()
    assert set(weights) == set(FEATURES)
    assert min(weights.values()) >= 0


def test_features_lie_between_nothing_and_one() -> None:
    for title, text, *_ in ITEMS.values():
        features = NATIONWIDE.features(title, text)
        assert tuple(features) == FEATURES
        assert all(0 <= value <= 1 for value in features.values())


# -------------------------------------------------------------------------------------- hostile input


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\n\n \u3000\n", id="blanks"),
        pytest.param("医院信息系统" * 50_000, id="one endless sentence"),
        pytest.param("电子病历和天气" * 50_000, id="one line of a megabyte"),
        pytest.param("1. 一、某市动态\n来源:某报\n" * 20_000, id="items without end"),
        pytest.param(" " * 300_000 + "a", id="blanks without end"),
        pytest.param("北京、" * 100_000, id="a row of cities without end"),
        pytest.param(("智慧医疗平台上线。" * 30 + "\n" + "天气很好。" * 80 + "\n") * 400, id="many sections"),
        pytest.param("\ud800\x00💊" * 1000, id="broken characters"),
    ],
)
def test_hostile_text_is_rated_within_seconds(text: str) -> None:
    with computing(5):
        rating = BEIJING.rate("医院", text)
    assert 0 <= rating.score <= 1


def test_a_term_is_told_as_the_article_writes_it():
    told = NATIONWIDE.rate(
        "市儿童医院AI导诊上岗", "患者对着屏幕说话，AI导诊员就建议挂哪个科，并显示当天余号。" * 3
    ).because
    assert "AI导诊" in told[0]
    assert "ai" not in told[0]
