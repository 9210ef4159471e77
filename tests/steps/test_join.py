"""Articles put together from their pages."""

from dataclasses import replace

from pipeline.model import Article, Block, Flag, Kind
from pipeline.steps.join import CONTINUED, MOST_PAGES, joined, same_article

URL = "http://jk.example.cn/a.html"


def said(*lines: str) -> tuple[Block, ...]:
    return tuple(Block(Kind.PARAGRAPH, line) for line in lines)


def article(*blocks: Block, **more: object) -> Article:
    fields = {"url": URL, "title": "县医院的远程会诊室", "blocks": blocks, "confidence": 0.9, **more}
    return Article(**fields)


FIRST = article(
    *said("清晨六点半，会诊室亮起了灯。", "这样的会诊每天都有十几场。"),
    following="http://jk.example.cn/a_2.html",
    notes=(CONTINUED,),
    flags=(Flag.INCOMPLETE,),
)


def test_pages_become_one_article_that_is_complete():
    second = article(
        *said("检查在乡镇，诊断在县里。"), url="http://jk.example.cn/a_2.html", title="县医院的远程会诊室（2）"
    )
    whole = joined(FIRST, [second])
    assert whole.text.splitlines() == [
        "清晨六点半，会诊室亮起了灯。",
        "这样的会诊每天都有十几场。",
        "检查在乡镇，诊断在县里。",
    ]
    assert (whole.title, whole.notes, whole.flags) == (FIRST.title, (), ())


def test_what_a_page_repeats_of_the_first_is_printed_once():
    figure, caption = Block(Kind.FIGURE, src="http://jk.example.cn/a.jpg"), Block(Kind.CAPTION, "会诊室。王小明 摄")
    first = replace(FIRST, blocks=(figure, caption, *FIRST.blocks, *said("（记者 李晓）")))
    second = article(figure, caption, *said("检查在乡镇，诊断在县里。", "（记者 李晓）"))
    whole = joined(first, [second])
    assert [block.kind for block in whole.blocks].count(Kind.FIGURE) == 1
    assert whole.text.count("王小明") == whole.text.count("（记者 李晓）") == 1
    assert whole.text.endswith("（记者 李晓）")


def test_a_sentence_that_the_page_break_cut_is_whole_again():
    first = replace(FIRST, blocks=said("依托县域医共体信息平台，二十一家乡镇卫生院与县医院"))
    whole = joined(first, [article(*said("共用一套系统。", "另一段。"))])
    assert whole.text.splitlines() == ["依托县域医共体信息平台，二十一家乡镇卫生院与县医院共用一套系统。", "另一段。"]


def test_a_missing_page_is_said_and_nothing_is_printed_after_the_gap():
    fourth = article(*said("第四页的话。"))
    second = article(*said("第二页的话。"), following="http://jk.example.cn/a_3.html")
    whole = joined(FIRST, [second, None, fourth])
    assert "第二页的话" in whole.text
    assert "第四页的话" not in whole.text
    assert whole.notes == ("本文分为多页，第3页未能取得：可能不完整",)
    assert whole.flags == (Flag.INCOMPLETE,)


def test_a_pager_without_an_end_ends_where_it_repeats():
    again = replace(FIRST, url="http://jk.example.cn/a_2.html", following="http://jk.example.cn/a_3.html")
    whole = joined(FIRST, [again])
    assert whole.text == FIRST.text
    assert whole.flags == ()


def test_of_a_very_long_series_of_pages_the_first_are_taken_and_it_is_said():
    pages = [article(*said(f"第{n}页的话，{'某' * n}。"), following=f"{URL}?page={n + 1}") for n in range(2, 21)]
    whole = joined(FIRST, pages)
    assert whole.notes == (f"本文超过 {MOST_PAGES} 页，只取前 {MOST_PAGES} 页：可能不完整",)


def test_the_version_on_one_page_wins_over_the_pages():
    entire = article(*FIRST.blocks, *said("检查在乡镇，诊断在县里。"))
    whole = joined(FIRST, [None], entire=entire)
    assert whole.text == entire.text
    assert whole.flags == ()


def test_a_page_with_another_headline_is_another_article():
    assert same_article(FIRST, article(title="县医院的远程会诊室（2）"))
    assert same_article(FIRST, article(title=""))
    assert not same_article(FIRST, article(title="足球联赛第十轮综述"))


def test_what_else_was_noted_stays():
    first = replace(FIRST, notes=("标题含不可见字符，已去除", CONTINUED))
    whole = joined(first, [article(*said("别的话。"), notes=("网页可能不完整：没有结尾",))])
    assert whole.notes == ("标题含不可见字符，已去除", "网页可能不完整：没有结尾")
    assert whole.flags == (Flag.INCOMPLETE,)
