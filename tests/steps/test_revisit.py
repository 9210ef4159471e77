"""What an editor is told of a page that has changed since it was stored."""

from dataclasses import replace

from pipeline.model import Article, Block, Fate, Kind, Rejection
from pipeline.steps.revisit import changed

STORED = Article(
    url="https://news.example.cn/1.html",
    title="北京市上线检查检验结果互认平台",
    blocks=(
        Block(Kind.PARAGRAPH, "6月12日，北京市检查检验结果互认平台上线，首批接入医疗机构86家。"),
        Block(Kind.PARAGRAPH, "市民在任何一家接入医院就诊，医生都能调阅近两年的检查影像。"),
        Block(Kind.CAPTION, "医生在调阅影像。张三摄"),
    ),
)


def _with(*texts: str, title: str = STORED.title) -> Article:
    return replace(STORED, title=title, blocks=tuple(Block(Kind.PARAGRAPH, text) for text in texts))


FIRST, SECOND = STORED.blocks[0].text, STORED.blocks[1].text


def test_a_page_that_says_what_it_said_is_not_mentioned_whatever_its_captions_and_spaces():
    again = _with(FIRST.replace("，", "， "), SECOND)
    assert changed(STORED, again) == ""


def test_a_corrected_figure_is_quoted_as_it_was_and_as_it_is():
    told = changed(STORED, _with(FIRST.replace("86家", "89家"), SECOND))
    assert told.startswith("网页内容有改动：“")
    assert "86家" in told.partition("改为")[0]
    assert "89家" in told.partition("改为")[2]


def test_what_was_added_or_taken_away_is_quoted():
    added = "平台由市卫生健康委牵头建设，年底前覆盖全部二级以上医院。"
    assert changed(STORED, _with(FIRST, SECOND, added)) == f"网页内容有改动：新增“{added}”"
    assert "删去“市民在任何一家接入医院就诊" in changed(STORED, _with(FIRST))


def test_a_new_headline_is_told_first():
    told = changed(STORED, _with(FIRST, title="检查检验结果互认平台上线"))
    assert told.startswith("网页内容有改动：标题改为“检查检验结果互认平台上线”；删去“")


def test_of_many_changes_the_first_are_quoted_and_all_are_counted():
    lines = [
        f"{where}卫生健康委介绍了{what}的进展情况。"
        for where, what in zip("东西朝海丰石门房", "甲乙丙丁戊己庚辛", strict=True)
    ]
    assert changed(STORED, _with(FIRST, SECOND, *lines)).endswith("；等 8 处")


def test_a_page_that_is_no_article_any_more_says_why():
    gone = Rejection(Fate.NOT_AN_ARTICLE, "疑似拦截页或错误页：“页面不存在”")
    assert changed(STORED, gone) == "网页上现在读不出这篇文章（疑似拦截页或错误页：“页面不存在”）"
