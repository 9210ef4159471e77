import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Block, Fate, Flag, Kind, Lead, Page, Rejection
from pipeline.steps.extract import COMPARED, PAGE_ALONE, extract
from pipeline.steps.read import read_page, second_look
from spent import computing

SEEDS = packaged("seeds")
FETCHED = dt.datetime(2024, 7, 1, 1, 0, tzinfo=dt.UTC)
HEAD = "<html><head><meta charset=utf-8><title>互联网诊疗量半年翻番</title></head><body><h1>互联网诊疗量半年翻番</h1>"
TOPIC = "".join(
    f"<p>第{n}段，介绍互联网诊疗量半年来的变化，包括数据标准、接口规范和安全要求。</p>" for n in "一二三四五六"
)
PROSE = "<p>记者从市卫生健康委获悉，今年上半年，全市互联网诊疗服务量达到六百一十万人次，同比增长三成。</p>"


@pytest.fixture(scope="module")
def outlets() -> Outlets:
    return Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))


def page_of(body: str) -> Page:
    return Page(url="https://www.example.cn/a/1.html", body=body.encode(), fetched=FETCHED)


def article(
    body: str | bytes, outlets: Outlets, url: str = "https://www.example.cn/a/1.html", lead: Lead | None = None
) -> Article:
    data = body.encode() if isinstance(body, str) else body
    found = extract(Page(url=url, body=data, fetched=FETCHED), outlets, lead)
    assert isinstance(found, Article), found
    return found


def refusal(body: str | bytes, outlets: Outlets) -> Rejection:
    data = body.encode() if isinstance(body, str) else body
    found = extract(Page(url="https://www.example.cn/a/1.html", body=data, fetched=FETCHED), outlets)
    assert isinstance(found, Rejection), found
    return found


# ---------------------------------------------------------------------------------------------- the seeds


@pytest.fixture(scope="module")
def dump(outlets: Outlets) -> Article:
    return article((SEEDS / "000_3147b98632fa2944.txt").read_bytes(), outlets, url="file:000_3147b98632fa2944.txt")


def test_a_feed_dump_takes_its_date_from_gmt_to_beijing(dump: Article) -> None:
    assert (dump.date, dump.time) == (dt.date(2022, 9, 16), dt.time(16, 56))


def test_a_feed_dump_names_its_outlet_in_its_last_line_and_its_feed_is_no_author(dump: Article) -> None:
    assert dump.origin == "海淀医保微信公众号"
    assert dump.author == ""
    assert "高科技行业门户" not in dump.text


def test_a_feed_dump_gives_twenty_one_clean_paragraphs_with_their_links_unwrapped(dump: Article) -> None:
    lines = [block.text for block in dump.blocks if block.kind is not Kind.FIGURE]
    assert len(lines) == 21
    assert "北京天智航医疗科技股份有限公司和北京市医疗机器人产业创新中心" in lines[0]
    assert [line for line in lines if "<" in line or "http" in line] == []


def test_a_feed_dumps_sub_headings_are_headings(dump: Article) -> None:
    headings = [block.text for block in dump.blocks if block.kind is Kind.HEADING]
    assert headings[:3] == [
        "政策利好 推动医疗机器人产业向前发展",
        "赋能平台 调研组提出整合意见",
        "政产学研医 座谈会深入交流",
    ]


def test_pictures_behind_a_relay_get_their_own_address(dump: Article) -> None:
    pictures = [block.src for block in dump.blocks if block.kind is Kind.FIGURE]
    assert len(pictures) == 9
    assert {src.split("/Upload/")[0] for src in pictures} == {"http://images.ofweek.com"}


@pytest.fixture(scope="module")
def mirror(outlets: Outlets) -> Article:
    return article((SEEDS / "002_1a27667c9e0f92e4.txt").read_bytes(), outlets, url="file:002_1a27667c9e0f92e4.txt")


def test_a_hijacked_text_comes_through_with_its_damage_but_with_date_and_origin(mirror: Article) -> None:
    assert mirror.date == dt.date(2024, 5, 30)
    assert mirror.origin == "經濟參考網"
    assert mirror.author == "羅逸姝"
    assert mirror.title.startswith("布局未來(lái)智慧醫療 豐臺打造智能醫工")
    assert "?!碧靿\ue216t院院長" in mirror.text


def test_a_plain_text_keeps_one_paragraph_a_line(mirror: Article) -> None:
    assert mirror.blocks[0].text.startswith("5月29日,首屆智能醫工產(chǎn)業(yè)創(chuàng )新發(fā)展大會")
    assert {block.kind for block in mirror.blocks} == {Kind.PARAGRAPH}


def test_a_plain_texts_editor_line_fills_editor_and_leaves_the_body(outlets: Outlets) -> None:
    text = "互联网诊疗量半年翻番\n2024-06-11 来源：示范晚报\n" + "今年上半年，全市互联网诊疗服务量同比增长三成。\n" * 4
    found = article(text + "责任编辑：王小明\n", outlets)
    assert (found.title, found.origin, found.editor) == ("互联网诊疗量半年翻番", "示范晚报", "王小明")
    assert "责任编辑" not in found.text


@pytest.mark.parametrize(
    "line",
    [
        "责任编辑：苗青（QF0023） 作者：",
        "（示范网编辑 刘瑞）",
        "责任编辑：张三　校对：李四",
        "[责任编辑：赵敏]",
        "编辑 王小明 校对 李四",
    ],
)
def test_a_line_of_editors_leaves_the_body_however_it_is_written(outlets: Outlets, line: str) -> None:
    text = "互联网诊疗量半年翻番\n2024-06-11 来源：示范晚报\n" + "今年上半年，全市互联网诊疗服务量同比增长三成。\n" * 4
    assert "编辑" not in article(text + line + "\n", outlets).text


@pytest.mark.parametrize("line", ["（编辑部主任王小明介绍了系统）", "编辑：这是正文里的一句话，讲编辑病历的方法。"])
def test_a_sentence_about_editing_stays(outlets: Outlets, line: str) -> None:
    text = "互联网诊疗量半年翻番\n2024-06-11 来源：示范晚报\n" + "今年上半年，全市互联网诊疗服务量同比增长三成。\n" * 4
    assert line in article(text + line + "\n" + "系统将在全市推广。\n", outlets).text


# ----------------------------------------------------------------------------------------------- the lead


def test_the_lead_fills_only_what_the_page_leaves_open(outlets: Outlets) -> None:
    lead = Lead("s", "https://www.example.cn/a/1.html", title="别的标题", published="2024-06-20", outlet="示范晚报")
    found = article(HEAD + PROSE * 3, outlets, lead=lead)
    assert found.title == "互联网诊疗量半年翻番"
    assert (found.date, found.evidence["date"]) == (dt.date(2024, 6, 20), "线索")
    assert (found.publisher, found.evidence["publisher"]) == ("示范晚报", "线索")


def test_a_lead_that_contradicts_the_page_loses_and_is_noted(outlets: Outlets) -> None:
    lead = Lead("s", "https://www.example.cn/a/1.html", published="2024-06-20")
    found = article(HEAD + "<div>2024-06-11 10:00</div>" + PROSE * 3, outlets, lead=lead)
    assert found.date == dt.date(2024, 6, 11)
    assert [note for note in found.notes if "2024-06-11" in note and "2024-06-20" in note]


def test_without_any_title_the_first_sentence_stands_in_and_is_flagged(outlets: Outlets) -> None:
    found = article("<html><body><div>" + PROSE + PROSE.replace("记者", "有关部门") + "</div></body></html>", outlets)
    assert found.title.startswith("记者从市卫生健康委获悉")
    assert Flag.NO_TITLE in found.flags


def test_a_leads_title_is_better_than_the_first_sentence(outlets: Outlets) -> None:
    lead = Lead("s", "https://www.example.cn/a/1.html", title="半年诊疗量公布")
    found = article("<html><body><div>" + PROSE * 3 + "</div></body></html>", outlets, lead=lead)
    assert found.title == "半年诊疗量公布"
    assert Flag.NO_TITLE not in found.flags


def test_the_address_dates_a_page_that_does_not(outlets: Outlets) -> None:
    found = article(HEAD + PROSE * 3, outlets, url="https://www.bjnews.com.cn/news/2024/06/19/1.html")
    assert (found.date, found.evidence["date"]) == (dt.date(2024, 6, 19), "网址")
    assert found.publisher == "新京报"


def test_a_date_in_the_body_is_not_the_articles(outlets: Outlets) -> None:
    body = PROSE.replace("今年上半年", "截至2024年5月20日") * 3
    assert article(HEAD + f"<div class=con>{body}</div></body></html>", outlets).date is None


def test_an_unsupported_first_of_january_gives_way_to_the_address(outlets: Outlets) -> None:
    page = HEAD.replace("<title>", '<meta name="PubDate" content="2024-01-01"><title>') + PROSE * 3
    found = article(page, outlets, url="https://www.example.cn/2024/0613/1.html")
    assert found.date == dt.date(2024, 6, 13)


def test_the_page_tells_its_address_when_it_came_from_a_file(outlets: Outlets) -> None:
    page = HEAD.replace("<title>", '<link rel="canonical" href="https://www.bjd.com.cn/a/2024/06/18/9.html"><title>')
    found = article(page + PROSE * 3, outlets, url="file:saved.html")
    assert found.url == "https://www.bjd.com.cn/a/2024/06/18/9.html"
    assert found.publisher == "北京日报"


# ------------------------------------------------------------------------------------------- what is kept


def test_invisible_characters_leave_the_title_and_are_noted(outlets: Outlets) -> None:
    page = HEAD.replace("互联网诊疗量", "互联\u200b网\u202e诊疗\u00ad量") + PROSE * 3
    found = article(page, outlets)
    assert found.title == "互联网诊疗量半年翻番"
    assert "标题含不可见字符（U+00AD U+200B U+202E），已去除" in found.notes


def test_a_source_line_break_between_characters_is_no_space(outlets: Outlets) -> None:
    found = article(
        HEAD + "<p>这句话在源码里\n    被折成了两行，读起来仍是一句完整的话，没有空格。</p>" + PROSE * 3, outlets
    )
    assert "这句话在源码里被折成了两行" in found.text


def test_paragraphs_parted_only_by_ideographic_indents_are_paragraphs(outlets: Outlets) -> None:
    text = "　　第一段说明背景，内容完整。　　第二段说明进展，内容同样完整。　　第三段说明下一步的安排，到此结束。"
    found = article(HEAD + f"<div>{text}</div>" + "</body></html>", outlets)
    assert len(found.blocks) == 3


def test_an_endless_paragraph_and_an_endless_title_are_cut_visibly(outlets: Outlets) -> None:
    found = article(
        f"<html><head><title>{'题' * 10_000}</title></head><body><p>{'长文，' * 20_000}</p></body></html>", outlets
    )
    assert len(found.title) <= 200
    assert found.blocks[0].text.endswith("（过长，已截断）")


def test_only_http_addresses_and_plain_text_come_out_of_hostile_markup(outlets: Outlets) -> None:
    hostile = (
        "<p><a href='java&#9;script:alert(1)'>链接文字</a>留下来，脚本不留。</p><img src='data:text/html,x'>"
        "<img src=x onerror=alert(1) data-src='vbscript:x'><svg><script>alert(2)</script></svg>"
        "<iframe src='javascript:alert(3)'></iframe>"
        "<p style='background:url(javascript:x)'>样式地址也不留，正文照常。</p>"
    )
    found = article(HEAD + PROSE * 3 + hostile, outlets)
    assert "链接文字留下来" in found.text
    assert "alert" not in found.text
    assert [block.src for block in found.blocks if block.kind is Kind.FIGURE] == ["https://www.example.cn/a/x"]


def test_a_page_without_its_end_is_marked_incomplete(outlets: Outlets) -> None:
    found = article(HEAD + PROSE * 3, outlets)
    assert Flag.INCOMPLETE in found.flags
    assert article(HEAD + PROSE * 3 + "</body></html>", outlets).flags == ()


def test_the_same_page_gives_the_same_article(outlets: Outlets) -> None:
    assert article(HEAD + PROSE * 3, outlets) == article(HEAD + PROSE * 3, outlets)


def test_a_body_that_stands_alone_on_its_page_is_sure_by_itself(outlets: Outlets) -> None:
    found = article(HEAD + f"<div class='content'>{TOPIC}</div></body></html>", outlets)
    assert found.confidence > 0.9
    assert found.evidence["confidence"] == PAGE_ALONE


def test_a_body_with_as_much_beside_it_is_put_to_a_second_reader(outlets: Outlets) -> None:
    beside = "".join(
        f"<div><p>第{n}条消息说的是铁路客流，各大车站加开了夜间列车，请旅客提前安排。</p></div>"
        for n in "一二三四五六七八"
    )
    found = article(HEAD + f"<div><p>{TOPIC[3:]}</div><div>{beside}</div></body></html>", outlets)
    assert found.evidence["confidence"] == COMPARED
    assert found.confidence < 0.9


def test_a_second_look_keeps_the_words_and_says_how_far_two_readers_agree(outlets: Outlets) -> None:
    page = page_of(HEAD + f"<div class='content'>{TOPIC}</div></body></html>")
    first = extract(page, outlets)
    assert isinstance(first, Article)
    looked = second_look(page, first)
    assert looked.evidence["confidence"] == COMPARED
    assert looked.confidence > 0.9
    assert (looked.text, looked.notes) == (first.text, first.notes)
    assert second_look(page, looked) == looked


def test_a_second_look_that_disagrees_leaves_a_note_for_the_editor(outlets: Outlets) -> None:
    page = page_of(HEAD + f"<div class='content'>{TOPIC}</div></body></html>")
    first = extract(page, outlets)
    assert isinstance(first, Article)
    strayed = replace(first, confidence=0.6, blocks=(Block(Kind.PARAGRAPH, "这里是别的文章里的一段话，与本页无关。"),))
    looked = second_look(page, strayed)
    assert looked.confidence < 0.5
    assert [note for note in looked.notes if note.startswith("正文置信度 0.3")]


def test_a_traditional_page_does_not_look_misread_for_its_script(outlets: Outlets) -> None:
    text = "".join(f"<p>第{n}段說明雲端病歷交換計畫的進度，醫師與護理師都能在畫面上查閱。</p>" for n in "一二三四五六")
    page = page_of(
        HEAD.replace("互联网诊疗量半年翻番", "雲端病歷交換計畫") + f"<div class=content>{text}</div></body></html>"
    )
    lead = Lead("s", page.url)
    printed = read_page((page, lead), outlets=outlets)
    assert isinstance(printed, Article)
    assert "云端病历" in printed.text
    assert second_look(page, printed).confidence > 0.9


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("<?xml version='1.0'?><rss version='2.0'><channel><title>订阅</title></channel></rss>", "订阅源"),
        ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>", "网站地图"),
        ('{"code": 0, "data": [{"title": "标题"}]}', "数据接口"),
        ("<html><head><title>提示</title></head><body>您的请求存在攻击行为，已被云盾拦截</body></html>", "拦截"),
        ("<html><body><p>该内容已被发布者删除</p></body></html>", "404"),
        ("<html><head><script>var __jsl_clearance=1</script></head><body></body></html>", "拦截"),
        ("<html><head><title>好</title></head><body><p>暂无内容</p></body></html>", "没有正文"),
    ],
)
def test_what_is_no_article_says_so_in_chinese(body: str, because: str, outlets: Outlets) -> None:
    found = refusal(body, outlets)
    assert found.fate is Fate.NOT_AN_ARTICLE
    assert because in found.because


def test_a_pdf_served_as_a_page_is_named(outlets: Outlets) -> None:
    found = refusal(b"%PDF-1.5\n%\xd0\xd4\xc5\xd8\n1 0 obj", outlets)
    assert (found.fate, "PDF" in found.because) == (Fate.UNREADABLE, True)


def test_an_article_about_verification_codes_is_an_article(outlets: Outlets) -> None:
    assert article(
        HEAD.replace("诊疗量半年翻番", "医院登录须输验证码") + PROSE * 8 + "<p>请登录后查看。</p>", outlets
    ).blocks


# ------------------------------------------------------------------------------------------ hostile shapes


@pytest.mark.parametrize(
    "body",
    [
        HEAD + "<div>" * 300 + PROSE * 5,
        HEAD + "<div>" * 5_000 + PROSE * 5,
        HEAD + "<div>" * 100_000 + PROSE * 5,
        HEAD + PROSE * 5 + "<a href=x>" * 20_000,
        HEAD + PROSE * 5 + "<table><tr><td colspan=9007199254740991>甲</td><td>乙</td></tr><tr><td>1<td>2</table>",
        HEAD + PROSE * 5 + "<ul>" + "<li>条目" * 20_000,
        HEAD + PROSE * 5 + "字<br>" * 20_000,
        HEAD + PROSE * 5 + "<" * 200_000,
        HEAD + PROSE * 5 + "<p>" + "\u3000\u3000" * 100_000 + "</p>",
        HEAD + PROSE * 2 + "\0" + PROSE * 3,
    ],
    ids=[
        "300 nested tags", "5,000 nested tags", "100,000 nested tags", "open links", "endless colspan", "open items",
        "line breaks", "angle brackets", "indents", "NUL",
    ],
)  # fmt: skip
def test_hostile_markup_keeps_its_text_and_ends_in_time(body: str, outlets: Outlets) -> None:
    with computing(8):
        found = article(body, outlets)
    assert "六百一十万人次" in found.text


@pytest.mark.parametrize(
    "flood",
    [
        "来源：",
        "2024-",
        "（责任编辑：",
        "延伸阅读：",
        "记者 ",
        "6月30日",
        "图片来源：",
        "发布时间：2024-",
        "作者：",
        "_-|",
    ],
)
@pytest.mark.parametrize("place", ["byline", "body", "title"])
def test_no_pattern_runs_away_on_a_flood_of_its_own_words(flood: str, place: str, outlets: Outlets) -> None:
    text = flood * 30_000
    body = {
        "byline": HEAD + f"<div>{text}</div><div class=TRS_Editor>{PROSE * 5}</div>",
        "body": HEAD + PROSE * 5 + f"<p>{text}</p>",
        "title": HEAD.replace("半年翻番</title>", f"{text}</title>") + PROSE * 5,
    }[place]
    with computing(5):
        extract(Page(url="https://www.example.cn/a/1.html", body=body.encode(), fetched=FETCHED), outlets)


def test_a_tag_with_a_hundred_thousand_attributes_is_refused_at_once(outlets: Outlets) -> None:
    body = HEAD + "<div " + " ".join(f"a{n}=1" for n in range(100_000)) + ">" + PROSE * 5
    with computing(2):
        assert refusal(body, outlets).fate is Fate.UNREADABLE


# ---------------------------------------------------------------------------------------------- the registry


@pytest.mark.parametrize(
    ("url", "name", "region"),
    [
        ("https://beijing.qianlong.com/2024/0604/8268001.shtml", "千龙网", "北京"),
        ("http://epaper.bjnews.com.cn/html/1.htm", "新京报", "北京"),
        ("https://finance.ynet.com/1.html", "北青网", "北京"),
        ("https://news.enorth.com.cn/1.shtml", "北方网", "天津"),
        ("https://wjw.beijing.gov.cn/1.html", "北京市卫生健康委员会", "北京"),
        ("https://ybj.beijing.gov.cn/1.html", "北京市医疗保障局", "北京"),
        ("https://www.beijing.gov.cn/1.html", "首都之窗", "北京"),
        ("https://www.gov.cn/1.html", "中国政府网", "全国"),
        ("https://m.163.com/dy/1.html", "网易", "全国"),
    ],
)
def test_the_registry_knows_the_owners_of_the_hosts_editors_meet(
    url: str, name: str, region: str, outlets: Outlets
) -> None:
    found = outlets.at(url)
    assert found is not None
    assert (found.name, found.region) == (name, region)


def test_a_county_under_gov_cn_is_not_the_central_government(outlets: Outlets) -> None:
    found = outlets.at("https://www.some-county.gov.cn/1.html")
    assert found is None


def test_an_outlet_goes_by_the_names_that_are_printed_for_it(outlets: Outlets) -> None:
    for printed, name in [
        ("北京青年报", "北青网"),
        ("科技日报", "中国科技网"),
        ("经济参考报", "经济参考网"),
        ("中新社", "中国新闻网"),
    ]:
        found = outlets.named(printed)
        assert found is not None
        assert found.name == name


def test_no_name_or_host_of_the_registry_stands_twice(outlets: Outlets) -> None:
    hosts = [host for outlet in outlets.all for host in outlet.hosts]
    names = [name for outlet in outlets.all for name in outlet.names]
    assert len(hosts) == len(set(hosts)) >= 80
    assert len(names) == len(set(names))


def test_the_cases_folder_is_not_empty() -> None:
    assert len(list((Path(__file__).parents[2] / "cases").glob("*.html"))) >= 15


# ------------------------------------------------------------------------------------------- endless pages

MEBIBYTE = 1024 * 1024
FILLING = "<div class=news><a href=/b.html>更多</a><span>转载自网友</span></div>"


def endless(mebibytes: int, filling: str = FILLING) -> str:
    """An article with so much markup after it."""
    times = mebibytes * MEBIBYTE // len(filling.encode())
    return f"{HEAD}<div class=content>{TOPIC}</div>{filling * times}</body></html>"


def test_of_an_endless_page_two_mebibytes_are_read_in_time_and_that_is_said(outlets: Outlets) -> None:
    page = endless(10)
    with computing(6):
        read = article(page, outlets)
    assert "网页过长，只读了前 2 MiB：可能不完整" in read.notes
    assert Flag.INCOMPLETE in read.flags
    assert "第一段，介绍互联网诊疗量半年来的变化" in read.text


def test_what_is_read_of_an_endless_page_has_no_half_tags_or_characters_at_its_end(outlets: Outlets) -> None:
    for shift in range(4):
        read = article(f"{HEAD}{'!' * shift}{'<p title=某某>' + '诊疗服务，' * 300_000}</p></body></html>", outlets)
        assert not {"\ufffd", "<"}.intersection(read.text)
        assert not any("没有结尾" in note for note in read.notes)


def test_scripts_styles_and_embedded_pictures_do_not_count_for_a_page_s_length(outlets: Outlets) -> None:
    script = "var a = '更多更多更多';" * 60_000
    picture = f"<img src='data:image/png;base64,{'A' * MEBIBYTE}'>"
    page = f"{HEAD}<script>{script}</script><style>{'p{color:red}' * 100_000}</style>{picture * 2}{TOPIC}</body></html>"
    assert len(page.encode()) > 4 * MEBIBYTE
    read = article(page, outlets)
    assert "第六段，介绍互联网诊疗量半年来的变化" in read.text
    assert not read.flags
    assert not any("过长" in note for note in read.notes)


def test_a_page_that_is_refused_after_its_beginning_says_that_only_this_was_read(outlets: Outlets) -> None:
    page = f"{HEAD}{'<p class=empty></p>' * 150_000}</body></html>"
    assert refusal(page, outlets).because.endswith("（网页过长，只读了前 2 MiB）")


def test_a_text_of_editors_lines_alone_is_refused_in_time(outlets: Outlets) -> None:
    with computing(6):
        refusal("".join(f"编辑：王{n:06d}\n" for n in range(100_000)), outlets)


def test_what_is_faded_out_inside_of_what_is_faded_out_is_counted_in_one_walk(outlets: Outlets) -> None:
    page = f"{HEAD}{'<div style=opacity:0>' * 900}{TOPIC * 2_000}</body></html>"
    with computing(4):
        assert "第一段，介绍互联网诊疗量半年来的变化" in article(page, outlets).text
