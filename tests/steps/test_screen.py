"""What is promised about screening: what is no article is told with its reason, what is one stays."""

from __future__ import annotations

import pytest

from pipeline.model import Article, Block, Fate, Flag, Kind, Rejection
from pipeline.steps.normalise import normalise
from pipeline.steps.screen import screen

NEWS = "市卫生健康委今日召开发布会，介绍全市电子病历共享的进展。目前58家医院已经接入，患者可以在线查阅检查结果。"


def article(*paragraphs: str, title: str = "全市58家医院实现电子病历共享", url: str = "") -> Article:
    return Article(url, title, tuple(Block(Kind.PARAGRAPH, text) for text in paragraphs))


@pytest.mark.parametrize(
    ("page", "fate", "says"),
    [
        (article(), Fate.UNREADABLE, "未读出正文"),
        (article("图文详情见附件。"), Fate.UNREADABLE, "过短"),
        (article(NEWS.encode("gb18030").decode("utf-8", "replace")), Fate.UNREADABLE, "乱码"),
        (article("锟斤拷" * 40 + NEWS), Fate.UNREADABLE, "乱码"),
        (article("您访问的页面不存在，3秒后返回首页。", title="404"), Fate.NOT_AN_ARTICLE, "404"),
        (article("您的访问过于频繁，请输入验证码后继续访问。" * 3, title="安全验证"), Fate.NOT_AN_ARTICLE, "验证"),
        (article("请登录后查看全文", "用户名：", "密码：", "忘记密码", title="用户登录"), Fate.NOT_AN_ARTICLE, "登录"),
        (
            article(*(f"医院信息化建设项目招标公告第{n}号" for n in range(20)), title="通知公告"),
            Fate.NOT_AN_ARTICLE,
            "列表",
        ),
    ],
    ids=["empty", "a stub", "wrong charset", "mojibake", "not found", "challenge", "login", "list of links"],
)
def test_what_is_no_article_is_refused_with_its_reason(page, fate, says):
    result = screen(page)
    assert isinstance(result, Rejection)
    assert result.fate is fate
    assert says in result.because


@pytest.mark.parametrize(
    "page",
    [
        article(NEWS),
        article(NEWS + "\ufffd\ufffd直播间"),
        article(*(NEWS for _ in range(3)), title="登录难、验证码多：老年人就医如何跨越数字鸿沟"),
        article("重点任务如下：", *(f"{n}. 推进第{n}项信息化任务" for n in range(1, 30)), NEWS, NEWS, NEWS),
        article("The hospital opened its new data centre on Monday, officials said. " * 4, title="Data centre opens"),
    ],
    ids=["short news", "one lost emoji", "news about logging in", "an enumeration", "english"],
)
def test_what_is_an_article_passes_as_it_is(page):
    assert screen(page) is page


def test_a_flagged_mirror_and_an_undated_text_stay():
    copy = normalise(
        article("市衛生健康委要求各級醫院完成電子病歷共享，患者可以在線查閱結果。" * 2, url="http://a.example.cn/1")
    )
    assert Flag.MIRROR in copy.flags
    assert screen(copy) is copy
    assert copy.date is None
