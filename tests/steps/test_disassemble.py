"""Old issues come back as they were: whatever their layout, with every doubt said and nothing guessed."""

import dataclasses
import datetime as dt
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import old_issues
import sample_issues
from drafts import CONFIG, LEAD, NOON
from pipeline.config import packaged
from pipeline.demo.seeds import imported as seed
from pipeline.errors import NotImported
from pipeline.model import Kind, Rating, Verdict, Window
from pipeline.outputs.markdown import render_markdown
from pipeline.steps.assemble import assemble
from pipeline.steps.disassemble import as_draft, decode, disassemble

KNOWN = CONFIG.series


def read(text: str, **options):
    return disassemble(text, KNOWN, **options)


def old(name: str):
    return read(old_issues.EVERY[name])


def checks(imported) -> list[tuple[str, int]]:
    return [(one.check, one.position) for one in imported.findings]


def plain(*, drop: str = "", swap: tuple[str, str] = ("", "")) -> str:
    """The plain issue with one line left out or one text changed."""
    kept = [line for line in old_issues.PLAIN.split("\n") if line != drop]
    assert not drop or len(kept) < len(old_issues.PLAIN.split("\n"))
    assert not swap[0] or swap[0] in old_issues.PLAIN
    return "\n".join(kept).replace(*swap)


# ---------------------------------------------------------------------------------------- the seeds


@pytest.mark.parametrize(
    ("number", "series", "window", "outlets"),
    [
        (534, "beijing-monthly", "2024-05-01…2024-05-31", ["北京日报", "北方网", "北青网", "网易"]),
        (535, "beijing-monthly", "2024-06-01…2024-06-30", ["千龙网", "新京报", "北青网"]),
        (636, "national-weekly", "2025-08-02…2025-08-08", ["中国科技网", "央广网", "北京日报"]),
    ],
)
def test_a_seed_issue_comes_back_with_its_series_number_window_and_outlets(number, series, window, outlets):
    issue = seed(number).issue
    assert (issue.series, issue.number, str(issue.window)) == (series, number, window)
    assert [one.outlet for one in issue.items] == outlets


def test_broken_links_are_kept_as_they_are_printed():
    urls = {
        (number, place): one.url for number in (534, 535, 636) for place, one in enumerate(seed(number).issue.items, 1)
    }
    assert urls[534, 2] == "http://news.enorth.com.cn/system/2024/05/10/056231400.shtm"
    assert urls[534, 3] == "https://finance.yinet.com/2024/05/23/3764785t632.html"
    assert urls[636, 1] == "http://www.ce.cn/cysc/newmain/yc/jsxw/202508/t20250804 242 9889. shtml"
    assert urls[636, 2] == "https://health.cnr.cn/yg/20250804/t20250804_527300930.shtm"
    assert urls[636, 3] == ""
    assert urls[535, 2] == "http://epaper.bjnews.com.cn/html/2024-06/07/content_844824.htm"


def test_the_importer_itself_finds_in_the_seeds_what_only_their_text_shows():
    assert checks(seed(534)) == [("link-line", 2)]
    assert "像是地址末尾的字母 l" in seed(534).findings[0].message
    assert checks(seed(535)) == []
    assert checks(seed(636)) == [("number-form", 0)]
    assert "（第…期）" in seed(636).findings[0].fix


def test_the_list_of_535_stays_in_item_2():
    assert sum(block.kind is Kind.ITEM for block in seed(535).issue.items[1].blocks) == 42
    assert len(seed(535).issue.items) == 3


def test_an_imported_seed_is_assembled_in_the_canonical_form():
    issue = seed(534).issue
    draft = as_draft(issue, lambda article: Rating(0.9, Verdict.IN), NOON)
    made = assemble(draft, issue.number, KNOWN[issue.series], LEAD)
    text = render_markdown(made)
    assert "（第五三四期）" in text
    assert "本期月报共收集4篇卫生信息化相关信息，时间从2024年5月1日至2024年5月31日，" in text
    assert "### 2. 标题：聚焦“一核两翼”三地协同 京津冀深化卫生健康合作共建共享" in text
    assert [(one.title, one.url, one.blocks) for one in made.items] == [
        (one.title, one.url, one.blocks) for one in issue.items
    ]


LAYOUTS = {
    "no empty lines": lambda text: re.sub("\n+", "\n", text),
    "an empty line after each": lambda text: text.replace("\n", "\n\n"),
    "indented": lambda text: re.sub(r"(?m)^(?=\S)", "　　", text),
    "outlets behind the titles of the contents": lambda text: re.sub(r"(?m)\n+\(([^()\n]{2,8})\)$", r"（\1）", text),
    "no word 具体内容": lambda text: re.sub(r"(?m)^(- )?二、具体内容\n", "", text),
    "no label 主要内容": lambda text: re.sub(r"(?m)^主要内容[:：]\n", "", text),
    "no label 标题": lambda text: re.sub(r"(?<!来源)标题[:：] ?", "", text),
    "no label 本期导语": lambda text: re.sub(r"(?m)^本期导语[:：]\n", "", text),
    "dates in Chinese": lambda text: re.sub(r"(20\d\d)-(\d\d)-(\d\d)(?= *来源)", r"\1年\2月\3日", text),
    "bold labels": lambda text: re.sub(r"(?m)^(来源|链接|主要内容)([:：])", r"**\1\2**", text),
    "Markdown headings": lambda text: re.sub(r"(?m)^(?:- )?(\d\.? ?标题[:：])", r"### \1", text),
    "page numbers between the labels": lambda text: text.replace("\n来源", "\n\n- 2 -\n\n来源"),
    "the title at the head of each page": lambda text: re.sub(
        r"\n(?=来源[:：]|一、信息|主要内容)",
        f"\n{text.split('监测')[0].strip()}监测{'周' if '周报 ' in text else '月'}报　第2页\n",
        text,
    ),
    "spaces of a word processor": lambda text: re.sub("(?<!http) ", "\u2002", text),
    "what cannot be seen": lambda text: re.sub("([一-龥])(?=[一-龥])", "\\1\u00ad\u202a\u2060", text),
    "radicals for characters": lambda text: text.translate(str.maketrans("目录一月日长门人", "⽬录⼀⽉⽇⻓⻔⼈")),
    "labels in brackets": lambda text: re.sub(
        r"(?m)^((?:- )?\d?\.? ?)(标题|来源|链接|主要内容)[:：]", r"\1【\2】", text
    ),
    "ratio signs for colons": lambda text: re.sub(r"(?m)^(来源|链接|主要内容)[:：]", r"\1∶", text),
    "circled numbers": lambda text: re.sub(
        r"(?m)^(?:- )?(\d)?\.? ?标题[:：]", lambda found: f"{'①②③④⑤'[int(found[1] or 1) - 1]}标题：", text
    ),
    "links with attributes": lambda text: re.sub(
        r"(?m)^(链接[:：])\s*<?(http[^\n>]*)>?", r"\1[[\2]{.underline}](\2)", text
    ),
    "links as fields": lambda text: re.sub(r"(?m)^(链接[:：])\s*<?(http[^\n>]*)>?", r'\1HYPERLINK "\2" \2', text),
    "whom it goes to at the foot": lambda text: f"{text}\n报送：市卫生健康委领导\n编辑：王某　审核：李某\n共印20份",
}


@pytest.mark.parametrize("number", [534, 535, 636])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_seed_issue_laid_out_in_another_way_is_the_same_issue(number, layout):
    (path,) = packaged("seeds").glob({534: "003*", 535: "001*", 636: "004*"}[number])
    found = read(layout(path.read_text("utf-8")))
    assert found.issue == seed(number).issue
    assert checks(found) == checks(seed(number))


# ------------------------------------------------------------------------------------- other issues


def test_the_canonical_form_as_plain_text_reads_without_a_remark():
    found = old("plain")
    assert (found.issue.number, str(found.issue.window)) == (528, "2023-11-01…2023-11-30")
    assert [one.title for one in found.issue.items] == [
        "朝阳区社区医院用上远程心电",
        "电子病历共享迈出第一步（2023—2025年）",
    ]
    assert found.findings == ()
    assert found.notes == ()


def test_markdown_marks_crlf_ascii_punctuation_and_glued_lines_are_no_obstacle():
    found = old("weekly")
    assert (found.issue.series, found.issue.number, str(found.issue.window)) == (
        "national-weekly", 530, "2023-07-15…2023-07-21",
    )  # fmt: skip
    one, other = found.issue.items
    assert (one.title, one.outlet, one.url, str(one.date)) == (
        "国家医保平台接入移动支付", "央广网", "https://health.cnr.cn/yg/20230717/t1.shtml", "2023-07-17",
    )  # fmt: skip
    assert one.text.split("\n")[0] == "国家医保局宣布，医保移动支付已在31个省份上线。"
    assert one.text.endswith("，自助机前的人也少了。")
    assert (other.title, str(other.date)) == ("数字疗法进医院，患者怎么看", "2023-07-19")
    assert other.text == "“用手机做康复，一开始我是不信的。”患者老李说。"
    assert checks(found) == [("link-line", 2)], "an address in two lines is joined, and said"
    assert other.url == "http://www.ce.cn/cysc/newmain/202307/t20230719_2.shtml"


def test_a_body_that_prints_the_lines_of_a_head_is_not_split():
    found = old("lists")
    assert (found.issue.number, len(found.issue.items)) == (520, 2)
    body = found.issue.items[0].text
    assert body.startswith("市卫生健康委的填报说明规定")
    assert "1. 标题：写明何事\n来源：写媒体全称\n链接：写网页地址\n主要内容：\n照录原文" in body
    assert body.endswith("来源：市卫生健康委")
    assert found.issue.items[1].title == "智慧医院评级公布"
    assert checks(found) == [("unclear-item", 0)], "that it looked like an item is said"


def test_an_issue_without_contents_is_read_by_its_numbers():
    found = old("without-contents")
    assert [(one.title, one.url) for one in found.issue.items] == [
        ("县医院装上影像云", "http://www.xinhuanet.com/2023-08/28/c_1.htm"),
        ("医保数据开放试点扩大", ""),
    ]
    kinds = Counter(block.kind for block in found.issue.items[0].blocks)
    assert kinds == {Kind.PARAGRAPH: 2, Kind.HEADING: 2, Kind.ITEM: 2}
    assert checks(found) == [("contents", 0), ("outlet-line", 2)]


def test_an_issue_of_nothing_has_no_items():
    found = old("nothing")
    assert (found.issue.number, found.issue.items, found.findings) == (522, (), ())


def test_line_ends_of_a_page_become_paragraphs_again():
    found = old("wrapped")
    (item,) = found.issue.items
    assert item.title == "京津冀检查检验结果互认范围再扩大"
    assert [block.kind for block in item.blocks] == [Kind.PARAGRAPH] * 3
    assert (
        item.text.split("\n")[1]
        == "天津的一位医生说，过去患者要带着片子坐火车来，如今片子先到，人后到，复查的费用也省下了。"
    )
    assert "2" not in item.text.split("\n")[2], "page number and page header are gone"
    assert any("换行" in note for note in found.notes)


PIECES = (
    "朝阳区的12家社区卫生服务中心近日接入远程心电平台，居民在家门口做检查，三甲医院的医生读图，十分钟内就能出报告。",
    "检查怎么做",
    "护士在社区做完检查，数据直接传到朝阳医院心电中心。系统自动比对历次结果，2023年以来已完成12000余次；"
    "发现危急值时，三级医院的医生会立即打电话给社区，由社区医生通知患者转诊。患者可在手机上查看报告。",
    "市卫生健康委信息中心负责人说，平台按统一标准汇集数据，检查结果在全市范围内共享互认，患者不用重复检查。",
    "下一步，全市将在年底前完成二级以上医院的接入，并探索向京津冀地区开放",
)


def paged(indent: str, numbers: str = "") -> str:
    """The plain issue with another first text, set on a page of 28 squares, five lines of text a page."""
    lines: list[str] = []
    for piece in PIECES:
        line, squares = "", 0.0
        for char in ("　　" if len(piece) > 20 else "") + piece + ("。" if piece is PIECES[-1] else ""):
            squares += 0.5 if char.isascii() else 1
            if squares > 28:
                lines.append(line)
                line, squares = "", 1
            line += char
        lines.append(line)
    pages = ["\n".join(lines[at : at + 5]) for at in range(0, len(lines), 5)]
    whole = "".join(f"{page}\n{numbers.format(number)}" for number, page in enumerate(pages, start=2))
    above, _, below = old_issues.PLAIN.partition("　　朝阳区的12家")
    return above + whole.replace("　　", indent) + below[below.index("2. 标题") :]


@pytest.mark.parametrize("numbers", ["", "\n— {} —\n\f", "\n{}\n\n"], ids=["no pages", "dashed pages", "bare pages"])
@pytest.mark.parametrize("indent", ["    ", "　　", ""], ids=["spaces", "full-width", "lost"])
def test_a_page_s_line_ends_leave_paragraphs_and_headings_as_they_were(indent, numbers):
    found = read(paged(indent, numbers))
    wanted = [*PIECES[:-1], PIECES[-1] + "。"]
    assert [one.text for one in found.issue.items[0].blocks] == wanted
    assert [one.kind for one in found.issue.items[0].blocks] == [
        Kind.PARAGRAPH, Kind.HEADING, Kind.PARAGRAPH, Kind.PARAGRAPH, Kind.PARAGRAPH,
    ]  # fmt: skip
    assert found.issue.items[1] == old("plain").issue.items[1]


def test_numbers_in_the_cells_of_a_table_are_no_page_numbers():
    cells = "机构数\n12\n15\n18\n合计\n76\n以上为截至十月底的数字。15"
    found = read(plain(swap=("检查怎么做", cells)))
    text = found.issue.items[0].text
    assert cells in text, "nothing that follows no page before it is taken away"
    assert found.notes == ()


def test_a_sign_in_the_text_is_not_taken_for_bold():
    text = read(plain(swap=("检查怎么做", "密钥有2**10种，**重点**如下"))).issue.items[0].text
    assert "密钥有2**10种，重点如下" in text


@pytest.mark.parametrize(
    "line",
    [
        "发布时间：2023-11-08　来源：北京日报", "来源：北京日报　2023-11-08", "2023-11-08\n来源：北京日报",
        "时间：2023-11-08 10:20", "北京日报 2023-11-08", "（2023-11-08　北京日报）", "来源：北京日报\n2023-11-08",
        "（来源：北京日报，2023年11月8日）", "2023年11月08日 09:12 | 来源：北京日报",
    ],
)  # fmt: skip
def test_every_way_to_set_the_date_line_is_read(line):
    assert read(plain(swap=("2023-11-08　来源：北京日报", line))) == old("plain")


def test_a_headline_with_its_outlet_and_no_date_is_no_part_of_the_text():
    found = read(plain(swap=("2023-11-08　来源：北京日报", "来源：北京日报")))
    assert found.issue.items[0] == dataclasses.replace(old("plain").issue.items[0], date=None)
    assert found.findings == ()


def test_an_outlet_with_brackets_of_its_own_is_whole():
    text = old_issues.PLAIN.replace("健康报", "中国政府网（国务院办公厅）")
    found = read(text)
    assert found.issue.items[1].outlet == "中国政府网（国务院办公厅）"
    assert found.findings == ()


QUOTED = "相关：\n{number}. 标题：{title}\n来源：新华网\n链接：http://www.xinhuanet.com/a.htm\n主要内容：\n引文一段，到此为止。"


@pytest.mark.parametrize(
    ("number", "title"),
    [(1, "电子病历共享迈出第一步（2023—2025年）"), (2, "数据安全管理办法")],
    ids=["the title of the next item", "the number of the next item"],
)
def test_a_whole_head_quoted_in_a_text_does_not_take_the_place_of_an_item(number, title):
    found = read(plain(swap=("检查怎么做", QUOTED.format(number=number, title=title))))
    assert [(one.title, one.outlet, one.url) for one in found.issue.items] == [
        (one.title, one.outlet, one.url) for one in old("plain").issue.items
    ]
    assert "引文一段，到此为止。" in found.issue.items[0].text
    assert checks(found) == [("unclear-item", 0)]


def test_an_address_broken_at_a_space_that_it_has_is_kept_whole_and_said():
    found = read(plain(swap=("11/08/10001.shtml", "11/08\n100 01. shtml")))
    assert found.issue.items[0].url == "https://news.bjd.com.cn/2023/11/08 100 01. shtml"
    assert checks(found) == [("link-line", 1)]


def test_an_issue_dated_when_it_was_printed_keeps_the_window_of_its_lead():
    found = old("wrapped")
    assert found.issue.window == Window(dt.date(2023, 6, 1), dt.date(2023, 6, 30))
    assert checks(found) == [("issue-date", 0)]
    assert "印作2023年7月3日，应为窗口的最后一天2023年6月30日" in found.findings[0].message


@pytest.mark.parametrize("zero", ["五〇八", "五○八", "五零八", "508", "五0八", "五百零八", "５０８"])
def test_every_way_to_write_a_number_is_read(zero):
    assert read(plain(swap=("五二八", zero))).issue.number == 508


@pytest.mark.parametrize(
    "form", ["(第五二八期)", "【第五二八期】", "第五二八期", "（ 第 五 二 八 期 ）", "2023年第11期（总第528期）"]
)
def test_every_way_to_set_the_number_line_is_read(form):
    found = read(plain(swap=("（第五二八期）", form)))
    assert (found.issue.number, found.findings) == (528, ())


@pytest.mark.parametrize("form", ["（第五二八）", "第五二八"])
def test_a_number_line_without_its_last_word_is_said(form):
    found = read(plain(swap=("（第五二八期）", form)))
    assert (found.issue.number, checks(found)) == (528, [("number-form", 0)])


@pytest.mark.parametrize(
    ("swap", "told"),
    [
        pytest.param(("（健康报）\n", ""), "目录的来源是“空”", id="no outlet in the contents"),
        pytest.param(("（健康报）", "（新京报）"), "目录的来源是“新京报”", id="another outlet in the contents"),
        pytest.param(("1. 朝阳区社区医院用上远程心电\n（北京日报）\n", ""), "目录列了1条，具体内容有2条", id="less"),
        pytest.param(("1. 朝阳区社区医院用上", "1. 朝阳社区医院用"), "目录印作“朝阳社区医院用远程心电”", id="title"),
        pytest.param(("二、具体内容", "3. 不见了的\n（新华网）\n二、具体内容"), "在具体内容里没有", id="one too many"),
    ],
)  # fmt: skip
def test_contents_that_disagree_with_the_items_are_said(swap, told):
    found = read(plain(swap=swap))
    assert len(found.issue.items) == 2
    assert any(one.check == "contents" and told in one.message for one in found.findings)


def test_two_items_of_one_title_are_held_against_their_own_entries():
    text = old_issues.PLAIN.replace("电子病历共享迈出第一步（2023—2025年）", "朝阳区社区医院用上远程心电")
    found = read(text)
    assert [one.outlet for one in found.issue.items] == ["北京日报", "健康报"]
    assert found.findings == ()


def test_contents_in_another_order_are_said_and_the_items_keep_theirs():
    first, second = "朝阳区社区医院用上远程心电\n（北京日报）", "电子病历共享迈出第一步（2023—2025年）\n（健康报）"
    text = old_issues.PLAIN.replace(f"1. {first}\n2. {second}", f"1. {second}\n2. {first}")
    found = read(text)
    assert [one.outlet for one in found.issue.items] == ["北京日报", "健康报"]
    assert any("顺序不同" in one.message for one in found.findings)


def test_an_outlet_on_the_line_of_its_title_is_read_and_brackets_of_a_title_stay():
    text = old_issues.PLAIN.replace("远程心电\n（北京日报）", "远程心电（北京日报）").replace(
        "（2023—2025年）\n（健康报）", "（2023—2025年） (健康报)"
    )
    found = read(text)
    assert found.findings == ()
    assert found.issue.items[1].title == "电子病历共享迈出第一步（2023—2025年）"


def test_page_numbers_behind_the_titles_of_the_contents_are_no_part_of_them():
    text = old_issues.PLAIN.replace("远程心电\n（北京", "远程心电\t2\n（北京").replace(
        "年）\n（健康报", "年）\t12\n（健康报"
    )
    assert "\t12" in text
    assert read(text) == old("plain")


def test_two_outlets_for_one_item_are_said():
    found = read(plain(swap=("2023-11-20　来源：健康报", "2023-11-20　来源：新华网")))
    assert found.issue.items[1].outlet == "健康报"
    assert checks(found) == [("outlet-line", 2)]


def test_an_item_whose_label_is_missing_is_still_found_by_its_others():
    found = read(plain(drop="链接：https://www.jkb.com.cn/news/2023/1120/1.html"))
    assert [one.url for one in found.issue.items] == ["https://news.bjd.com.cn/2023/11/08/10001.shtml", ""]


def test_the_lines_at_the_foot_of_an_issue_belong_to_no_item():
    foot = "内部资料　仅供参考\n北京市卫生健康大数据与政策研究中心　　2023年11月30日印发\n"
    assert read(old_issues.PLAIN + foot).issue == old("plain").issue


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "told", "fix"),
    [
        pytest.param("", "文件是空的", "完整的文字", id="nothing"),
        pytest.param(plain(drop="（第五二八期）"), "第1行：刊名下面没有期号", "（第五三四期）", id="no number"),
        pytest.param(plain(swap=("信息化舆情监测月报", "舆情周刊")), "第1行：刊头", "--series", id="unknown title"),
        pytest.param(
            plain(drop="2023年11月30日").replace("时间从2023年11月1日至2023年11月30日", "时间为11月"),
            "没有期刊日期", "补上日期", id="no date",
        ),
        pytest.param(
            plain(swap=("11月1日至2023年11月30日", "10月1日至2023年10月12日")),
            "期刊日期2023年11月30日与导语的起止日期（2023年10月1日至2023年10月12日）", "最后一天", id="days",
        ),
        pytest.param(
            plain(swap=("来源：", "")).replace("链接：", "").replace("主要内容：", ""),
            "没有找到任何一条", "补上这几个标签", id="no labels",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_that_names_the_line_and_the_fix(text, told, fix):
    with pytest.raises(NotImported) as refused:
        read(text)
    assert told in refused.value.message
    assert fix in refused.value.fix


def test_a_file_of_two_issues_is_refused():
    with pytest.raises(NotImported, match=r"第29行又是一期的刊头（第五二〇期），一个文件只能有一期") as refused:
        read(old_issues.PLAIN + old_issues.LISTS)
    assert "单独的文件" in refused.value.fix


def test_a_web_page_is_refused_by_name():
    with pytest.raises(NotImported, match="网页文件"):
        decode(b"\n<!DOCTYPE html>\n<html><body>" + old_issues.PLAIN.encode())


def test_a_lead_left_over_from_the_month_before_does_not_move_the_issue():
    found = read(plain(swap=("2023年11月1日至2023年11月30日", "2023年10月1日至2023年10月31日")))
    assert str(found.issue.window) == "2023-11-01…2023-11-30"
    assert found.issue.lead.endswith("监测范围包括全国主流媒体及政府网站等。"), "as printed, for the checks to say"


def test_an_unknown_title_is_answered_with_the_known_ones_and_can_be_overruled():
    text = plain(swap=("北京市卫生信息化舆情监测月报", "卫生信息化舆情月刊"))
    with pytest.raises(NotImported, match="北京市卫生信息化舆情监测月报（beijing-monthly）"):
        read(text)
    found = read(text, series="beijing-monthly")
    assert (found.issue.number, checks(found)) == (528, [("series-title", 0)])


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(NotImported, match="UTF-8 或 GB18030"):
        decode(b"\x00\x01\xff\xfe" * 40)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_same_issue_in_another_charset_is_the_same(codec):
    assert disassemble(decode(old_issues.PLAIN.encode(codec)), KNOWN).issue == old("plain").issue


# ---------------------------------------------------------------------------------- our own Markdown


@pytest.mark.parametrize("made", [sample_issues.issue_535, sample_issues.every_kind], ids=["535", "every kind"])
def test_our_own_markdown_is_the_same_issue_again(made):
    issue = made()
    text = render_markdown(issue)
    found = read(text)
    assert found.findings == ()
    again = dataclasses.replace(found.issue, footer=issue.footer)  # the 版记 is the configuration's
    assert render_markdown(again) == text
    for name in ("series", "title", "issuer", "number", "window", "lead", "unit"):
        assert getattr(again, name) == getattr(issue, name)


def test_the_issue_535_survives_markdown_to_the_last_block():
    issue = sample_issues.issue_535()
    assert dataclasses.replace(read(render_markdown(issue)).issue, footer=issue.footer) == issue


@pytest.mark.parametrize("read_from", ["534", "535", "636", "nothing"])
def test_an_old_issue_survives_import_markdown_and_import(read_from):
    issue = seed(int(read_from)).issue if read_from.isdigit() else old(read_from).issue
    draft = as_draft(issue, lambda article: Rating(0.9, Verdict.IN), NOON)
    made = assemble(draft, issue.number, KNOWN[issue.series], LEAD)
    found = read(render_markdown(made))
    assert found.findings == ()
    assert [(one.title, one.outlet, one.url, one.date, one.blocks) for one in found.issue.items] == [
        (one.title, one.outlet, one.url, one.date, one.blocks) for one in issue.items
    ]


def test_markdown_whose_head_and_body_no_longer_agree_is_said_or_refused():
    text = render_markdown(sample_issues.issue_535())
    found = read(text.replace("### 1. 标题：北京丰台", "### 1. 标题：丰台"))
    assert checks(found) == [("contents", 1)]
    with pytest.raises(NotImported, match="文件头列了 3 条，正文却有 2 条"):
        read(re.sub(r"(?m)^<a id=.*\n\n### 2. 标题：.*\n", "", text))


def test_markdown_of_another_office_needs_to_be_told_whose_it_is():
    text = render_markdown(dataclasses.replace(sample_issues.issue_535(), series="our-monthly"))
    with pytest.raises(NotImported, match="our-monthly"):
        read(text)
    assert read(text, series="beijing-monthly").issue.series == "beijing-monthly"


# --------------------------------------------------------------------------------------- hostile files


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(old_issues.EVERY)),
    cut=st.integers(0, 60),
    inserted=st.sampled_from(
        ["来源：", "链接：", "主要内容：", "1. 标题：", "（", "\x00\ufeff", "|---|", "# ", "- ", "12", "。"]
    ),
    place=st.integers(0, 60),
)
def test_a_damaged_issue_is_read_or_refused_in_words_but_never_breaks_the_reader(name, cut, inserted, place):
    lines = old_issues.EVERY[name].split("\n")
    lines.insert(place % len(lines), inserted)
    del lines[cut % len(lines)]
    try:
        found = read("\n".join(lines))
    except NotImported:
        return
    assert len({one.handle for one in found.issue.items}) == len(found.issue.items)


def test_a_huge_line_is_read_in_no_time():
    text = old_issues.PLAIN + ("来源： 2023-11-08 1. " * 30_000) + "\n" + ("（" * 100_000)
    assert len(read(text).issue.items) == 2
