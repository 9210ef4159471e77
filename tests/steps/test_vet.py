"""What is wrong with what a source would give: each problem by itself, with its fix, and none where all is well."""

import dataclasses
import datetime as dt

import pytest

from pipeline.config import FeedSource, FolderSource, ListingSource, Outlet, Outlets
from pipeline.model import BEIJING, Article, Block, Fate, Kind, Lead, Page, Rejection, Severity
from pipeline.steps.vet import LOOKS, Sampled, Seen, first_sentence, listed, unreadable, vet

NOW = dt.datetime(2024, 7, 1, 9, tzinfo=BEIJING)
HOST = "https://www.jkb.example"
LIST = ListingSource(id="jkb", name="健康报", kind="listing", url=f"{HOST}/yw/", links="a")
FEED = FeedSource(id="jkb", name="健康报", kind="feed", url=f"{HOST}/rss.xml")
OUTLETS = Outlets((Outlet(name="健康报", hosts=("jkb.example",)),))
BODY = "全市二级以上医院实现了检查检验结果互认。患者转诊时不必重复检查。" * 6


def _lead(number: int, **values) -> Lead:
    made = Lead(
        "jkb", f"{HOST}/yw/2024/{number}.html", f"第{number}家医院实现结果互认", f"2024-06-{28 - number} 09:30:00 +0800"
    )
    return dataclasses.replace(made, **values)


def _article(lead: Lead, **values) -> Article:
    made = Article(lead.url, lead.title, (Block(Kind.PARAGRAPH, BODY),), dt.date(2024, 6, 20), publisher="健康报")
    return dataclasses.replace(made, **values)


def _seen(source=LIST, *leads: Lead, **values) -> Seen:
    leads = leads or tuple(_lead(number) for number in range(10))
    given = {
        "source": source,
        "listed": tuple(listed(one, NOW) for one in leads),
        "sampled": tuple(Sampled(one, Page(one.url, b"", NOW), _article(one)) for one in leads[:3]),
        "route": ((LIST.url, LIST.url),),
        "unfiltered": tuple(one.url for one in leads),
        "notes": (),
        "now": NOW,
        "days": 30,
        "outlets": OUTLETS,
    }
    return Seen(**{**given, **values})


def _leads(**values) -> list[Lead]:
    return [_lead(number, **values) for number in range(10)]


def _sampled(outcome) -> tuple[Sampled, ...]:
    return tuple(Sampled(one, None, outcome) for one in _leads()[:3])


def test_where_all_is_well_nothing_is_found():
    assert vet(_seen()) == []
    assert vet(_seen(FEED)) == []


@pytest.mark.parametrize(
    ("seen", "check", "says"),
    [
        (_seen(LIST, listed=(), unfiltered=(), sampled=()), "empty", "没有给出任何线索"),
        (_seen(LIST, listed=(), sampled=()), "filter", "include/exclude 挡住了全部 10 条链接"),
        (_seen(LIST.model_copy(update={"exclude": ("/ad/",)})), "filter", "exclude 中的 /ad/ 与任何链接都不相符"),
        (_seen(LIST.model_copy(update={"include": (".html",)})), "filter", "include 没有挡住任何链接"),
        (_seen(LIST, *_leads(published="")), "undated", "线索都没有日期"),
        (_seen(LIST, *_leads()[:7], *_leads(published="")[7:]), "undated", "10 条线索中 3 条没有日期"),
        (_seen(LIST, *_leads(published="点击：1024")), "unread-date", "10 条线索的日期读不懂，如“点击：1024”"),
        (_seen(FEED, *_leads(published="2024-06-28 09:30:00")), "zone", "日期没有写明时区"),
        (_seen(LIST, *_leads(published="2024-04-28")), "old", "最新一条是 2024-04-28 的，都超过 30 天"),
        (_seen(LIST, *_leads(title="全市二级以上医院实现…")), "cut-title", "10 条线索的标题被截断"),
        (_seen(LIST, *_leads(title="")), "untitled", "10 条线索没有标题"),
        (_seen(LIST, *_leads(title="锟斤拷锟斤拷互认")), "encoding", "标题里有乱码"),
        (_seen(LIST, route=((f"{HOST}/yw/", f"{HOST}/new/"),)), "redirected", f"地址转到了 {HOST}/new/"),
        (_seen(LIST, *_leads(url="https://other.example/1.html")), "off-site", "链接都指向别的网站，如 other.example"),
        (_seen(LIST.model_copy(update={"pages": 3})), "next", "设了读 3 页，却只读到 1 页"),
        (_seen(LIST, outlets=Outlets()), "outlet", "来源登记里没有 www.jkb.example"),
        (_seen(LIST, sampled=_sampled("页面不存在（HTTP 404）")), "pages", "3 页没有取得：页面不存在（HTTP 404）"),
        (_seen(LIST, sampled=_sampled(Rejection(Fate.NOT_AN_ARTICLE, "疑似列表"))), "not-articles", "疑似列表"),
        (
            _seen(LIST, sampled=tuple(Sampled(one, None, _article(one, confidence=0.3)) for one in _leads()[:3])),
            "thin",
            "3 页的正文很短或没有把握",
        ),
        (
            _seen(LIST, sampled=tuple(Sampled(one, None, _article(one, date=None)) for one in _leads()[:3])),
            "undated-pages",
            "3 篇文章读不出日期",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_problem_is_named_with_what_to_do(seen, check, says):
    found = {one.check: one for one in vet(seen)}
    assert check in found, found
    assert says in found[check].message
    assert found[check].fix


def test_one_odd_row_is_no_matter():
    rows = [*_leads()[:9], _lead(9, published="", title="")]
    assert {one.check for one in vet(_seen(LIST, *rows))} == set()


def test_what_keeps_a_source_from_being_read_stands_first():
    seen = _seen(LIST, listed=(), sampled=(), route=((f"{HOST}/a", f"{HOST}/b"),))
    assert [one.severity for one in vet(seen)] == [Severity.BLOCKING, Severity.WARNING]


def test_a_list_of_any_age_is_fine_when_nobody_minds():
    assert vet(_seen(LIST, *_leads(published="2004-04-28"), days=0)) == []


def test_robots_are_not_argued_with():
    assert "bulletin collect --url" in unreadable("robots 禁止：该网站的 robots.txt 不允许访问此页", "").fix
    assert "bulletin collect" not in unreadable("找不到该域名", "").fix


def test_a_body_begins_with_its_first_sentence():
    one = _article(_lead(1))
    assert first_sentence(one) == "全市二级以上医院实现了检查检验结果互认。"


def test_every_look_is_silent_on_a_source_of_files():
    folder = FolderSource(id="f", name="夹", kind="folder", path="inbox")
    lead = Lead("f", "file:inbox/a.html", path="/tmp/a.html")
    seen = _seen(folder, lead, route=(), sampled=(Sampled(lead, None, _article(lead)),))
    assert [one for look in LOOKS.values() for one in look(seen)] == []
