"""The seed issues' articles come back complete, without the marks of the conversion."""

import re
from collections import Counter

import pytest

from pipeline.config import packaged
from pipeline.demo import seeds
from pipeline.model import Kind

# Counted by eye in the seed files: paragraphs, sub-headings, list items, pictures with caption.
EXPECTED = {
    (534, 1): ("北京多家医院互联网诊疗服务“上新”，如何预约看这里", "北京日报", "2024-05-08", 5, 0, 0, 0),
    (534, 2): ("聚焦“一核两翼”三地协同 京津冀深化卫生健康合作共建共享", "北方网", "2024-05-10", 8, 1, 0, 0),
    (534, 3): ("腾讯健康：人工智能时代，做医疗科技革新的践行者", "北青网", "2024-05-23", 11, 0, 0, 0),
    (534, 4): ("北京：支持医疗大模型开发和落地应用", "网易", "2024-05-23", 29, 0, 0, 0),
    (535, 1): ("北京丰台布局未来智慧医疗 启动建设天坛智能医工产业园", "千龙网", "2024-06-04", 8, 3, 0, 0),
    (535, 2): ("北京：推动医疗大模型开发和落地应用", "新京报", "2024-06-07", 18, 7, 42, 0),
    (535, 3): ("北青快评 | 远程医疗网络覆盖所有市县意义重大", "北青网", "2024-06-19", 5, 0, 0, 2),
    (636, 1): ("推动人工智能、大数据等技术应用于医保", "中国科技网", "2025-08-04", 10, 0, 0, 0),
    (636, 2): ("2025全国智慧医保大赛正式启动", "央广网", "2025-08-04", 6, 0, 0, 0),
    (636, 3): ("智慧北京 机器人“上岗”超百场景", "北京日报", "2025-08-05", 32, 14, 0, 5),
}
ENDS = {
    (534, 1): ("近日，北京同仁医院等", "互联网健康讲座等一系列互联网相关服务。"),
    (534, 2): ("牢记嘱托 勇担使命", "引领卫生健康协同发展走深走实。"),
    (534, 3): ("“如果说数字技术的1.0时代", "为国民健康事业添砖加瓦。"),
    (534, 4): ("中新经纬5月23日电 据北京市人民政府网站23日消息", "建设药械智造新地标。（中新经纬APP）"),
    (535, 1): ("随着人工智能的广泛应用", "加速形成医药健康产业集群。"),
    (535, 2): ("北京市人民政府办公厅近日", "34. 推进北京经济技术开发区建设药械智造新地标"),
    (535, 3): ("6月18日，国家卫健委", "推动家门口看名医早日变成现实。"),
    (636, 1): ("“长三角三省一市的医保数据", "转化按下“快捷键”。"),
    (636, 2): ("央广网北京8月4日消息（记者 郭彦伟 实习记者 熊峻渝）记者从国家医保局获悉，", "优胜奖若干名。"),
    (636, 3): ("吃饭时有机器人服务员和大厨；", "本报记者 曹政"),
}
PLACES = [pytest.param(*key, id=f"{key[0]}-{key[1]}") for key in EXPECTED]
HAN = "[\u3400-\u9fff]"


def article(number, position):
    return seeds.articles(number)[position - 1]


def han(text):
    return "".join(re.findall(HAN, text))


@pytest.mark.parametrize(("number", "position"), PLACES)
def test_every_seed_article_comes_back_with_the_fields_and_blocks_counted_by_eye(number, position):
    piece = article(number, position)
    kinds = Counter(block.kind for block in piece.blocks)
    counted = (kinds[Kind.PARAGRAPH], kinds[Kind.HEADING], kinds[Kind.ITEM], kinds[Kind.FIGURE])
    assert (piece.title, piece.outlet, str(piece.date), *counted) == EXPECTED[number, position]
    without_captions = (535, 3)
    assert kinds[Kind.CAPTION] == (0 if (number, position) == without_captions else kinds[Kind.FIGURE])


@pytest.mark.parametrize(("number", "position"), PLACES)
def test_every_seed_article_starts_and_ends_where_the_issue_has_it(number, position):
    first, last = ENDS[number, position]
    text = article(number, position).text
    assert text.startswith(first)
    assert text.endswith(last)


@pytest.mark.parametrize(("number", "position"), PLACES)
def test_not_one_character_between_start_and_end_is_lost_or_moved(number, position):
    issues = [han(path.read_text("utf-8")) for path in packaged("seeds").glob("*.txt")]
    assert any(han(article(number, position).text) in issue for issue in issues)


@pytest.mark.parametrize(("number", "position"), PLACES)
def test_no_space_of_the_conversion_is_left_in_a_paragraph(number, position):
    for block in article(number, position).blocks:
        if block.kind is Kind.PARAGRAPH:
            names = r"（记者 .*?）|本报记者 \S+|(?<=日电) |(?<=人工智能) (?=引领)"
            rest = re.sub(names, "", block.text)
            assert not re.search(
                rf"{HAN} +[{HAN[1:-1]}0-9A-Za-z]|[0-9A-Za-z%] +{HAN}|[，。；：] | [，。；：“]", rest
            ), rest
        assert "**" not in block.text
        assert not block.text.startswith("- ")


@pytest.mark.parametrize(("number", "position"), PLACES)
def test_no_paragraph_is_half_of_one(number, position):
    for block in article(number, position).blocks:
        if block.kind is Kind.PARAGRAPH and not block.text.startswith("本报记者 "):
            assert re.search(r"[。！？：…][”）]*$|）$", block.text), block.text[-30:]


def test_sub_headings_keep_their_levels():
    headings = [(block.level, block.text) for block in article(636, 3).blocks if block.kind is Kind.HEADING]
    assert headings[:5] == [
        (1, "场景1 智慧医院"),
        (2, "机器人配药 两三分钟备齐"),
        (2, "机器人配液 全程一气呵成"),
        (2, "数说"),
        (1, "场景2 聪明课堂"),
    ]
    assert [block.text for block in article(535, 1).blocks if block.kind is Kind.HEADING] == [
        "楼上创新楼下转化",
        "天坛医院将建脑健康创新中心",
        "为智能医工培育产业生态",
    ]
    assert "北京市加快医药健康协同创新行动计划（2024—2026年）" in article(535, 2).text.split("\n")


def test_the_list_of_535_stays_one_list_from_1_to_34():
    blocks = article(535, 2).blocks
    first = next(place for place, block in enumerate(blocks) if block.kind is Kind.ITEM)
    run = blocks[first:]
    assert {block.kind for block in run} == {Kind.ITEM}
    numbered = [int(found[1]) for block in run if (found := re.match(r"(\d+)\. ", block.text))]
    assert numbered == list(range(1, 35))


def test_a_caption_stands_apart_from_the_sub_heading_it_had_run_into():
    lines = article(636, 3).text.split("\n")
    assert "北京安贞医院通州院区的智慧药房。本报记者 曹政 摄" in lines
    assert "北京市第三十五中学课堂上使用机器人。采访对象 供图" in lines
    assert "巡护机器人 实时监测树木虫害" in lines


def test_the_punctuation_of_636_is_full_width():
    for piece in seeds.articles(636):
        assert not re.search(r'[",;:?!()]|·{2,}', piece.text)
        assert piece.text.count("“") == piece.text.count("”")


def test_page_furniture_is_kept_apart_from_the_text():
    assert article(535, 1).source_title == "天坛智能医工产业园启动"
    assert "来源标题" not in article(535, 1).text


def test_every_link_is_whole_and_on_the_outlets_own_host():
    for piece in seeds.every():
        assert re.fullmatch(r"https?://[a-z0-9.]+/[\w/-]+\.(?:s?html?)", piece.url)
    assert article(534, 3).host == "finance.ynet.com"  # the issue has yinet.com
    assert len({piece.url for piece in seeds.every()}) == 10
