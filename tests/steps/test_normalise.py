"""What is promised about repair: damage is undone and said, clean text comes back as it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from benchmarks.repair import edits
from pipeline.model import Article, Block, Flag, Kind
from pipeline.steps.canonical import bare_title, canonical, clean_text, title_key
from pipeline.steps.normalise import normalise, realign
from pipeline.steps.punctuation import full_width_punctuation, join_conversion_spaces

SEEDS = Path(__file__).parents[2] / "seeds"
TEXTS = Path(__file__).parents[1] / "texts" / "repair"


def article(*paragraphs: str, title: str = "某市推进电子病历共享", url: str = "") -> Article:
    return Article(url, title, tuple(Block(Kind.PARAGRAPH, text) for text in paragraphs))


def mirror(url: str = "") -> Article:
    """Seed 002 as the reading of a plain text hands it on: damaged, with everything around the article."""
    lines = [line.strip() for line in (SEEDS / "002_1a27667c9e0f92e4.txt").read_text("utf-8").splitlines()]
    lines = [line for line in lines if line]
    return article(*lines, title=lines[2], url=url)


# Title and the seven article lines, corrected by hand from the damaged page: the page itself is the only source.
TITLE, *BY_HAND = (TEXTS / "seed-002.txt").read_text("utf-8").splitlines()


def test_the_hijacked_mirror_reads_as_it_was_printed():
    repaired = normalise(mirror())
    assert repaired.title == TITLE
    read = [block.text for block in repaired.blocks]
    assert len(read) == len(BY_HAND) == 7
    lost = sum(edits(expected, got) for expected, got in zip(BY_HAND, read, strict=True))
    assert lost / sum(map(len, BY_HAND)) <= 0.005


def test_the_mirror_as_it_came_is_another_text_so_the_measure_can_fail():
    came = [block.text for block in mirror().blocks if len(block.text) > 90][: len(BY_HAND)]
    assert sum(edits(expected, got) for expected, got in zip(BY_HAND, came, strict=True)) > sum(map(len, BY_HAND))


def test_the_mirror_loses_what_stands_around_the_article():
    text = normalise(mirror()).text
    for furniture in ("首页", "凡标注来源", "内蒙古", "新闻线索", "ICP", "无码", "0101400100"):
        assert furniture not in text


def test_the_mirrors_byline_fills_what_the_reading_could_not():
    repaired = normalise(mirror())
    assert (repaired.origin, repaired.author, repaired.date) == ("经济参考网", "罗逸姝", dt.date(2024, 5, 30))
    assert repaired.evidence["origin"] == "byline"


def test_the_mirror_is_flagged_and_the_notes_say_what_was_found():
    repaired = normalise(mirror("http://www.mirror-site.example.com/a/1.html"))
    assert {Flag.MIRROR, Flag.REPAIRED} <= set(repaired.flags)
    said = "\n".join(repaired.notes)
    for word in (
        "正文夹杂注音278处",
        "错位的GBK字节",
        "大陆来源却为繁体文本（繁体字占39%）",
        "垃圾推广文字（在线精品、自偷自拍、无码",
        "页脚自称jjckb.cn，网址却在www.mirror-site.example.com：网址与来源不符",
    ):
        assert word in said


def test_repairing_twice_is_repairing_once():
    once = normalise(mirror())
    assert normalise(once) == once


CLEAN = (
    "6月12日，某市卫生健康委员会公布《电子病历共享管理办法（试行）》，自2024年7月1日起施行。",
    "“过去换一家医院就要重新拍片。”家住城东的李女士说，“现在医生打开系统就能看到。”据统计，全市58家医院每天互认检查1,200余项……",
    "据新华社电 2月28日，国务院有关部门召开会议，部署AI辅助诊断（CDSS）等应用；详见https://www.example.gov.cn/a?b=1,2。",
    "他问：你从哪里来？为什么？她没有回答!？只说是“老地方”。著名专家乾某认为，后台数据与皇后大道无关。",
    "“数字健康月 数据进社区 服务到家”主题活动同日启动。记者 王小明 李丽 摄",
    "The hospital's system (v2.0), built in 2019, serves 1,000 users: it is fast.",
)


def test_clean_text_comes_back_unchanged():
    clean = article(*CLEAN[:3], CLEAN[4], CLEAN[5])
    repaired = normalise(clean)
    assert repaired.text == clean.text
    assert repaired.title == clean.title
    assert not repaired.flags
    assert not repaired.notes


@pytest.mark.parametrize("name", ["001_5a80ae35308c779a.txt", "003_885bb48bbbd89533.txt"])
def test_a_clean_seed_changes_only_in_punctuation_and_spaces(name):
    lines = [line.strip() for line in (SEEDS / name).read_text("utf-8").splitlines() if len(line) > 60]
    clean = article(*(line for line in lines if "http" not in line))
    repaired = normalise(clean)

    def letters(text: str) -> str:
        return "".join(char for char in text if char.isalnum())

    assert letters(repaired.text) == letters(clean.text)
    assert not repaired.flags


def test_a_single_gloss_is_part_of_the_text():
    clean = article("镓（jiā）是一种金属，犇（bēn）字罕见，词条常这样写。" + "其余各段没有注音。" * 20)
    assert normalise(clean).text == clean.text


def test_only_a_reading_of_that_very_character_is_a_gloss():
    glossed = "產(chǎn)業(yè)創(chuàng )新發(fā)展與磁共振(MRI)檢查、阿尔法(alpha)模型，醫(yī)院。"
    repaired = normalise(article(glossed * 3))
    assert repaired.text == "产业创新发展与磁共振（MRI）检查、阿尔法（alpha）模型，医院。" * 3


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [
        ("成果轉化和產業化?!碧靿\ue216t院院長王擁軍", "成果轉化和產業化。”天壇醫院院長王擁軍"),
        ("真金白銀的支持?!贝扌颀埍硎?,豐臺區將", "真金白銀的支持。”崔旭龍表示,豐臺區將"),
        ("產業的創新發展?!必S臺區新村街道", "產業的創新發展。”豐臺區新村街道"),
    ],
    ids=["the run ends at an ASCII trail byte", "the last byte was lost too", "a run of one character"],
)
def test_gbk_that_was_read_one_byte_late_is_put_right(damaged, whole):
    assert realign(damaged) == whole


@pytest.mark.parametrize(
    "text",
    [
        "到底谁有决定权?对此,专家认为应当由患者本人决定。",
        "真的吗?!太好了!他说:这样的事情以前没有?肯定是有的,不然呢?",
        "Who pays? 医保支付吗? 不。",
        "什么是DRG?DRG是按疾病诊断相关分组付费?!",
    ],
)
def test_questions_are_not_taken_for_damage(text):
    assert realign(text) == text


@pytest.mark.parametrize(("right", "wrong"), [("utf-8", "latin-1"), ("gb18030", "latin-1")])
def test_bytes_read_in_the_wrong_encoding_are_read_again(right, wrong):
    text = "市卫生健康委要求各级医院六月底前完成电子病历共享。"
    repaired = normalise(article(text.encode(right).decode(wrong)))
    assert repaired.text == text
    assert Flag.REPAIRED in repaired.flags


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            (
                "市卫生健康委百家乐娱乐城今日表示，全市二级以上医院的影像云平台已经接入。",
                "患者换一家医院看病，时时彩计划不必再重复拍片，威尼斯人老人尤其方便。",
            ),
            "被插入推广词（百家乐、娱乐城、时时彩、威尼斯人）",
        ),
        (
            (
                "全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。",
                "体检医院哪家好,体检医院排名,体检多少钱,入职体检怎么样",
            ),
            "搜索引擎关键词（哪家好、排名、多少钱、怎么样）",
        ),
        (
            (
                "今朝，全市病院经由过程影像云同享查抄成果，患者可以或许少跑腿。",
                "专家以为，年夜数据和野生智能将不竭晋升办事程度。",
            ),
            "疑似洗稿：同义词替换（",
        ),
    ],
    ids=["promotion inside the sentences", "rows of search terms", "synonyms in the place of words"],
)
def test_what_cannot_be_undone_is_flagged_and_named(lines, says):
    repaired = normalise(article(*lines))
    assert Flag.TAMPERED in repaired.flags
    assert any(says in note for note in repaired.notes)
    assert repaired.text == "\n".join(lines).replace(",", "，")


@pytest.mark.parametrize(
    "text",
    [
        "警方查明，该团伙开设百家乐、老虎机、时时彩等赌博网站，涉案金额达3亿元，主犯已被刑事拘留。",
        "欧美日韩的医院信息化起步较早，这场论坛将讨论推向高潮，数百年夜校学员到场。今朝有酒今朝醉。",
        "目前，排名前十的医院都公布了挂号价格，怎么样选医院，市民可以在官网查询。",
    ],
)
def test_what_only_looks_like_it_is_left_in_peace(text):
    assert not normalise(article(text)).flags


def test_a_traditional_article_from_taiwan_is_simplified_but_no_mirror():
    repaired = normalise(
        article(
            "衛福部今天表示，「電子病歷」將著手整合，著名醫師認為資訊安全最重要。", url="https://news.example.tw/a/1"
        )
    )
    assert repaired.text == "卫福部今天表示，“电子病历”将着手整合，著名医师认为资讯安全最重要。"
    assert Flag.REPAIRED in repaired.flags
    assert Flag.MIRROR not in repaired.flags


def test_a_traditional_text_on_a_mainland_site_is_a_suspected_mirror():
    repaired = normalise(article("市衛生健康委要求各級醫院完成電子病歷共享。" * 3, url="http://news.example.cn/a/1"))
    assert Flag.MIRROR in repaired.flags


def test_news_about_gambling_and_pornography_keeps_its_paragraphs():
    news = article(
        "警方查明，该团伙开设博彩网站、销售彩票计划、经营棋牌游戏平台，涉案金额达3亿元。目前23名嫌疑人被依法刑事拘留。",
        "法院认为，被告人传播淫秽视频牟利，其行为已构成犯罪。",
    )
    assert normalise(news).text == news.text


def test_an_article_about_copyright_keeps_its_end():
    news = article(
        "新修订的著作权法今日施行，互联网医院发布科普文章也要守规矩。" * 4,
        "法律规定，未经权利人许可，不得转载、摘编其作品，版权归作者所有。",
        "专家提醒，医院公众号应当建立审核制度。",
    )
    assert normalise(news).text == news.text


def test_a_copyright_notice_ends_the_article():
    notice = "凡本网注明来源的所有作品，版权均属本网，未经授权不得转载。"
    assert notice not in normalise(article("医院上线智能导诊系统，患者满意。" * 10, notice, "相关阅读：其他新闻")).text


def test_tables_captions_and_headings_keep_their_kinds():
    blocks = (
        Block(Kind.HEADING, "机器人配药 两三分钟备齐", level=1),
        Block(Kind.FIGURE, "药房", src="https://a.example/1.jpg"),
        Block(Kind.CAPTION, "智慧药房。本报记者 曹政 摄"),
        Block(Kind.TABLE, rows=(("医院", "数量(台)"), ("甲院", "12"))),
    )
    repaired = normalise(Article("", "智慧医院", blocks)).blocks
    assert [block.kind for block in repaired] == [block.kind for block in blocks]
    assert repaired[0].text == blocks[0].text
    assert repaired[2].text == blocks[2].text
    assert repaired[3].rows == (("医院", "数量（台）"), ("甲院", "12"))


def test_an_article_without_a_title_takes_its_first_sentence_and_says_so():
    repaired = normalise(article("互联网医院今日上线。患者可在线复诊。", title=" \u200b☆ "))
    assert repaired.title == "互联网医院今日上线"
    assert Flag.NO_TITLE in repaired.flags


def test_what_is_too_long_is_cut_visibly():
    repaired = normalise(article("长" * 1_000_000, title="题" * 10_000))
    assert len(repaired.title) < 300
    assert repaired.title.endswith("……")
    assert "已截断" in repaired.text
    assert any("截断" in note for note in repaired.notes)


# ----------------------------------------------------------------------------- punctuation and spaces


@pytest.mark.parametrize(
    ("half", "full"),
    [
        ('他说:"好,不错。"然后走了;真的?对!', "他说：“好，不错。”然后走了；真的？对！"),
        ("行动计划(2024—2026年), 涵盖8项任务", "行动计划（2024—2026年），涵盖8项任务"),
        ("形成了监管合力······", "形成了监管合力……"),
        ("8:30开门,费用1,000元,详见http://a.example.cn/x?y=1,2;3", None),
        ("ChatGPT (v4), e.g. 'it's', costs $1,000.", None),
        ('大赛"不设赛道、只分领域"的开放模式,面向十多个领域', "大赛“不设赛道、只分领域”的开放模式，面向十多个领域"),
        ('“蹭了蹭"。', "“蹭了蹭”。"),
        ("约翰.史密斯到访", None),
    ],
)
def test_half_width_punctuation_of_chinese_text_becomes_full_width(half, full):
    if full is None:
        full = half.replace("门,", "门，").replace("元,", "元，") if "门" in half else half
    assert full_width_punctuation(half) == full
    assert full_width_punctuation(full) == full


@pytest.mark.parametrize(
    ("spaced", "joined"),
    [
        ("到 2026 年，总规模达到 1.25 万亿元，增长 70%以上。", "到2026年，总规模达到1.25万亿元，增长70%以上。"),
        ("数据要素与实体 经济融合发展，面向医疗健康。", "数据要素与实体经济融合发展，面向医疗健康。"),
        (
            "8 月 4 日消息（记者 郭彦伟 实习记者 熊峻渝）记者获悉，",
            "8月4日消息（记者 郭彦伟 实习记者 熊峻渝）记者获悉，",
        ),
        ("智慧药房，取药只需两分钟。本报记者 曹政 摄", "智慧药房，取药只需两分钟。本报记者 曹政 摄"),
        ("机器人配药 两三分钟备齐", "机器人配药 两三分钟备齐"),
        ("搭建 AI 平台，采用 GPT-4 模型。", "搭建 AI 平台，采用 GPT-4 模型。"),
    ],
)
def test_spaces_of_a_conversion_go_and_spaces_that_mean_something_stay(spaced, joined):
    assert join_conversion_spaces(spaced) == joined
    assert join_conversion_spaces(joined) == joined


def test_a_spaced_style_is_joined_in_paragraphs_but_not_in_titles():
    spaced = article("到 2026 年，建成 10 家医院、培训 300 人、投入 5 亿元。", title="智慧医院 2026 年建成")
    repaired = normalise(spaced)
    assert repaired.text == "到2026年，建成10家医院、培训300人、投入5亿元。"
    assert repaired.title == "智慧医院 2026 年建成"


# ---------------------------------------------------------------------------------- the canonical form


def test_a_glossed_traditional_copy_has_the_original_canonical_form():
    assert canonical("產(chǎn)業(yè)創(chuàng )新， 著力發(fā)展") == canonical("产业创新，着力发展")


def test_radicals_from_pdf_fonts_are_characters():
    assert clean_text("⻰潭⼤学⻓廊") == "龙潭大学长廊"


@pytest.mark.parametrize(
    ("radical", "character"),
    [
        ("⺀⺁⺅", "⺀厂亻"),  # U+2E80 has no equivalent that a font would show
        ("⺠⺟⻄⻅⻉⻋⻓⻔⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻰⻳", "民母西见贝车长门韦页风飞食马骨鬼鱼鸟卤麦黄齐龙龟"),
        (
            "⼀⼆⼈⼊⼋⼒⼗⼝⼟⼤⼥⼦⼩⼭⼯⼰⼲⼴⼼⼿⽀⽂⽅⽇⽉⽊⽔⽕⽣⽤⽥⽩⽬⽯⽰⽴",
            "一二人入八力十口土大女子小山工己干广心手支文方日月木水火生用田白目石示立",
        ),
        ("⾎⾏⾐⾔⾛⾜⾝⾞⾥⾦⾧⾨⾮⾯⾷⾸⾼⿊⿓⿕", "血行衣言走足身車里金長門非面食首高黑龍龠"),
        ("\uf90a\uf914\uf901\ufa0e", "金樂更\ufa0e"),
    ],
    ids=["the supplement's first", "the supplement, which NFKC leaves", "Kangxi", "Kangxi's last", "compatibility"],
)
def test_each_radical_is_the_character_it_stands_for(radical, character):
    assert clean_text(radical) == character


def test_no_kangxi_radical_is_left_and_a_document_made_from_a_pdf_reads_as_text():
    assert not [chr(code) for code in range(0x2F00, 0x2FD6) if clean_text(chr(code)) == chr(code)]
    damaged = article("北京市卫⽣健康委员会⼤⼒推进⻔诊电⼦病历，⻓期⾯向⺠众。", title="⼤⼒推进电⼦病历")
    assert normalise(damaged).text == "北京市卫生健康委员会大力推进门诊电子病历，长期面向民众。"
    assert normalise(damaged).title == "大力推进电子病历"


@pytest.mark.parametrize(
    "dropped",
    ["\x00", "\x0b", "\x85", "\xad", "\u202e", "\u200b", "\ufeff", "\ud800", "\ufffe", "\U000e0041", "\u2066"],
)
def test_what_no_document_may_carry_is_dropped(dropped):
    assert clean_text(f"智慧{dropped}医疗") == "智慧医疗"


def test_what_may_stay_stays():
    text = "𠮷野家 \ue000 é ñ 😀 ©\t\n“”—…"
    assert clean_text(text) == text


@pytest.mark.parametrize(
    "title",
    [
        "丰台布局未来智慧医疗 启动建设产业园--人民网",
        "丰台布局未来智慧医疗 启动建设产业园_中国青年网",
        "丰台布局未来智慧医疗 启动建设产业园 - 国内 - 某某网",
        "丰台布局未来智慧医疗 启动建设产业园|丰台|医疗|产业园",
        "原标题：丰台布局未来智慧医疗，启动建设产业园（组图）",
        "豐臺布局未來智慧醫療 啟動建設產業園",
    ],
)
def test_titles_of_one_article_have_one_key(title):
    assert title_key(title) == "丰台布局未来智慧医疗启动建设产业园"


@pytest.mark.parametrize(
    "title", ["北青快评 | 远程医疗网络覆盖所有市县意义重大", "走深走实——公共服务走进互联网", "人民网"]
)
def test_a_title_keeps_its_column_and_its_subtitle(title):
    assert bare_title(title) == title
