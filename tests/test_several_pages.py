"""Articles on several pages, from a web on loopback."""

from __future__ import annotations

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loopback import HOST, Answer, point_at
from pipeline.desk import Desk, Inline, open_desk
from pipeline.model import BEIJING, Article, Fate, Flag, Window

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
TITLE = "北京友谊医院智慧医疗平台上线"
SAID = {
    1: "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    2: "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查和查询报告。",
    3: "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区，让更多居民在家门口看上病。",
}
ALSO = {
    1: "首批接入的有十二个科室，医生在诊室里就能调阅患者在其他医院做过的影像和检验，不必再让患者重复检查。",
    2: "信息中心工程师介绍，平台每天要处理四万多次调阅请求，最忙的时段集中在上午九点到十一点之间。",
    3: "记者了解到，下一批接入的是医联体内的九家社区卫生服务中心，年底前实现双向转诊线上办理。",
}


def page(number: int, *links: str, said: str = "") -> str:
    """One page of the article, in the manner of a news site: every page has the head and the picture."""
    return f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{TITLE}_健康网</title></head><body>
<h1>{TITLE}</h1><div class="info"><span>2024-06-12 09:3{number}</span> <span>来源：北京日报</span></div>
<div class="article-content" id="article"><p>　　{said or SAID[number]}</p><p>　　{ALSO[number]}</p></div>
<div class="pages">{"".join(links)}</div><div class="footer">版权所有</div></body></html>"""


def link(href: str, label: str = "下一页") -> str:
    return f'<a href="{href}">{label}</a>'


def collected(workspace: Path, clock) -> Article:
    with open_desk(workspace, clock=clock) as desk:
        desk.collect(Inline())
        return read(desk)


def read(desk) -> Article:
    stored = desk.leads.of_window("beijing-monthly", JUNE, 0)
    (article,) = desk.leads.articles({one.article for one in stored if one.article}).values()
    return article


def pages_of(article: Article) -> list[int]:
    """Which pages' text the article has, in its order."""
    where = {number: article.text.find(text) for number, text in SAID.items()}
    return [number for number in sorted(where, key=where.__getitem__) if where[number] >= 0]


def complete(article: Article) -> bool:
    return Flag.INCOMPLETE not in article.flags and not any("不完整" in note for note in article.notes)


def test_three_numbered_pages_become_one_article(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html", "2"), link("a_3.html", "3"), link("a_2.html")))
    web.page("/a_2.html", page(2, link("a.html", "1"), link("a_3.html", "3"), link("a_3.html")))
    web.page("/a_3.html", page(3, link("a.html", "1"), link("a_2.html", "2")))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2, 3]
    assert complete(article)
    assert (article.title, str(article.time)) == (TITLE, "09:31:00"), "the first page says what it is"


def test_pages_by_query_become_one_article(workspace, web, hour):
    web.page("/show?id=7", page(1, link("?id=7&page=2")))
    web.page("/show?id=7&page=2", page(2, link("?id=7&page=3")))
    web.page("/show?id=7&page=3", page(3, link("?id=7&page=2", "上一页")))
    point_at(workspace, web, "/show?id=7")
    assert pages_of(collected(workspace, hour)) == [1, 2, 3]


def test_in_the_accounts_it_is_one_lead_with_one_fate(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/a.html")
    hour.moment = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
    with open_desk(workspace, clock=hour) as desk:
        report = desk.run("beijing-monthly", JUNE, Inline())
        assert report.tally.leads == 1
        (item,) = desk.issue(report.desked).items
        assert SAID[2] in item.text


@pytest.mark.parametrize(
    "links",
    [
        link("javascript:turn(2)"),
        f'<div class="comment"><a href="?page=2">2</a>{link("?page=2")}</div>',
        link("/b_2.html"),
        link("http://other.example.cn/a_2.html"),
    ],
    ids=["a script", "comments", "another article", "another host"],
)
def test_false_friends_are_not_followed(workspace, web, hour, links):
    web.page("/a.html", page(1, links))
    for path in ("/a.html?page=2", "/b_2.html", "/a_2.html"):
        web.page(path, page(2))
    point_at(workspace, web, "/a.html", hosts=(HOST, "other.example.cn"))
    article = collected(workspace, hour)
    assert pages_of(article) == [1]
    assert complete(article)
    assert {asked for asked in web.asked if not asked.endswith("robots.txt")} == {f"{HOST}/a.html"}


def test_a_page_that_leads_to_itself_and_a_circle_end(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2, link("a_2.html"), link("a_3.html")))
    web.page("/a_3.html", page(3, link("a.html"), link("a_2.html"), link("a_3.html")))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2, 3]
    assert complete(article)
    assert all(count == 1 for asked, count in web.asked.items() if asked.endswith("html"))


def test_a_pager_without_an_end_that_repeats_its_page_ends_there(workspace, web, hour):
    web.page("/a.html", page(1, link("?page=2")))
    for number in range(2, 60):
        web.page(f"/a.html?page={number}", page(2, link(f"?page={number + 1}")))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2]
    assert complete(article)
    assert sum("?page=" in asked for asked in web.asked) == 2


def test_a_pager_that_always_has_something_new_is_followed_for_twenty_pages(workspace, web, hour):
    web.page("/a.html", page(1, link("?page=2")))
    for number in range(2, 60):
        web.page(f"/a.html?page={number}", page(2, link(f"?page={number + 1}"), said=f"{SAID[2]}第{'某' * number}处。"))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert sum("?page=" in asked for asked in web.asked) == 19
    assert "本文超过 20 页，只取前 20 页：可能不完整" in article.notes


def test_a_missing_page_is_said_and_asked_for_again_later(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2, link("a_3.html")))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2]
    assert not complete(article)
    assert "本文分为多页，第3页未能取得：可能不完整" in article.notes
    web.page("/a_3.html", page(3))
    hour.moment += dt.timedelta(hours=2)
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2, 3]
    assert complete(article)
    assert web.asked[f"{HOST}/a_2.html"] == 1


def test_a_page_that_is_somewhere_else_or_something_else_is_not_taken(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.answers["/a_2.html"] = Answer(status=302, location="http://other.example.cn/b.html")
    web.page("/b.html", page(2))
    point_at(workspace, web, "/a.html", hosts=(HOST, "other.example.cn"))
    article = collected(workspace, hour)
    assert pages_of(article) == [1]
    assert not complete(article)
    web.page("/a_2.html", page(2).replace(TITLE, "足球联赛第十轮综述"))
    hour.moment += dt.timedelta(days=1)
    assert pages_of(collected(workspace, hour)) == [1]


def test_the_whole_on_one_page_is_taken_instead_of_its_parts(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html"), link("?all=1", "【阅读全文】")))
    web.page("/a_2.html", page(2))
    rest = "".join(f"<p>　　{one}</p>" for number in (2, 3) for one in (SAID[number], ALSO[number]))
    web.page("/a.html?all=1", page(1).replace(f"{ALSO[1]}</p>", f"{ALSO[1]}</p>{rest}"))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2, 3]
    assert complete(article)
    assert article.url == f"http://{HOST}/a.html"
    assert f"{HOST}/a_2.html" not in web.asked


def test_where_the_whole_cannot_be_had_its_parts_are_taken(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html"), link("a_all.html", "余下全文")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2]
    assert complete(article)


def test_the_stored_pages_read_again_give_the_same_article(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    web.answers.clear()
    with open_desk(workspace, clock=hour) as desk:
        desk.read([one.id for one in desk.leads.of_window("beijing-monthly", JUNE, 0)])
        assert read(desk) == article


def test_an_article_on_several_pages_that_is_looked_at_again_has_not_changed(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/a.html")
    hour.moment = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
    with open_desk(workspace, clock=hour) as desk:
        desked = desk.run("beijing-monthly", JUNE, Inline()).desked
        assert desk.revisit_all(desked.id) == 0


def test_an_address_that_somebody_names_comes_with_all_its_pages(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/other.html")
    with open_desk(workspace, clock=hour) as desk:
        desk.take([f"http://{HOST}/a.html"], [])
        assert pages_of(read(desk)) == [1, 2]


@pytest.mark.parametrize("verb", ["read", "_fetched_part"])
def test_pages_that_came_before_a_run_was_killed_are_in_the_article_after_the_next(workspace, web, hour, verb):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2, link("a_3.html")))
    web.page("/a_3.html", page(3))
    point_at(workspace, web, "/a.html")
    with open_desk(workspace, clock=hour) as desk, pytest.MonkeyPatch.context() as patched:
        calls: list[object] = []
        before = getattr(Desk, verb)

        def killed_at_the_second(*arguments: object) -> object:
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return before(*arguments)

        patched.setattr(Desk, verb, killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            desk.collect(Inline())
    article = collected(workspace, hour)
    assert pages_of(article) == [1, 2, 3]
    assert complete(article)


def test_a_first_page_whose_file_is_lost_stops_no_run(workspace, web, hour):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/b.html", page(1, said="同一家医院的互联网诊室也在本周开放夜间门诊，由值班医生在线接诊。"))
    point_at(workspace, web, "/a.html", "/b.html")
    with open_desk(workspace, clock=hour) as desk:
        desk.collect(Inline())
        (part,) = desk.parts.due(hour())
        lost = hashlib.sha256(desk.leads.page(part.page).body).hexdigest()
        next((workspace / "data" / "blobs").rglob(lost)).unlink()
        desk.collect(Inline())


def test_a_slow_site_costs_no_draft_and_what_is_left_comes_with_the_next_run(workspace, web, hour):
    for name in "abcd":
        said = f"北京市{name}区卫生健康委上线智慧医疗平台，电子病历在全区医院共享，居民可以在线复诊。"
        web.answers[f"/{name}.html"] = Answer(page(1, said=said).replace(TITLE, TITLE + name).encode(), seconds=0.5)
    point_at(workspace, web, *(f"/{name}.html" for name in "abcd"))
    settings = workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("run_minutes: 60.0", f"run_minutes: {2 * 1.2 / 60}"), "utf-8")
    hour.moment = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
    lines: list[str] = []
    with open_desk(workspace, clock=hour) as desk:
        first = desk.run("beijing-monthly", JUNE, Inline(), say=lines.append).tally
    assert 0 < first.counts[Fate.DEFERRED] <= 4
    assert first.leads == 4
    assert any("采集时间用尽" in line for line in lines)
    settings.write_text(text, "utf-8")
    with open_desk(workspace, clock=hour) as desk:
        second = desk.run("beijing-monthly", JUNE, Inline()).tally
    assert (second.leads, second.counts.get(Fate.DEFERRED, 0)) == (4, 0)


def test_two_who_collect_at_once_lose_nothing_and_keep_everything_once(workspace, web, hour):
    for name in "abc":
        web.answers[f"/{name}.html"] = Answer(
            page(1, link(f"{name}_2.html"), said=f"甲{name}{SAID[1]}").encode(), seconds=0.1
        )
        web.answers[f"/{name}_2.html"] = Answer(page(2).encode(), seconds=0.1)
    point_at(workspace, web, *(f"/{name}.html" for name in "abc"))
    with open_desk(workspace, clock=hour) as one, open_desk(workspace, clock=hour) as other:
        with ThreadPoolExecutor(2) as both:
            silent = list(both.map(lambda desk: desk.collect(Inline()), (one, other)))
        assert silent == [{}, {}]
        stored = one.leads.of_window("beijing-monthly", JUNE, 0)
        assert len(stored) == 3
        articles = one.leads.articles(lead.article for lead in stored if lead.article)
        assert [pages_of(article) for article in articles.values()] == [[1, 2]] * 3


@pytest.mark.parametrize("meanwhile", ["its page was fetched again", "its second page came"])
def test_what_was_read_before_somebody_else_fetched_more_of_an_article_is_not_kept(
    workspace, web, hour, monkeypatch, meanwhile
):
    web.page("/a.html", page(1, link("a_2.html")))
    web.page("/a_2.html", page(2))
    point_at(workspace, web, "/a.html")
    with open_desk(workspace, clock=hour) as one, open_desk(workspace, clock=hour) as other:
        settle = one.leads.settle

        def late(outcomes, *rest):
            ((lead, _),) = outcomes
            (stored,) = other.leads.get([lead])
            if meanwhile == "its second page came":
                other.follow([stored.page])
            else:
                other.leads.add_page(lead, stored.lead.url, other.leads.page(stored.page))
            settle(outcomes, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(one.leads, "settle", late)
            patched.setattr(one, "follow", lambda _pages: 0)
            one.collect(Inline())
        other.collect(Inline())
        (stored,) = one.leads.of_window("beijing-monthly", JUNE, 0)
        (article,) = one.leads.articles([stored.article]).values()
        assert pages_of(article) == [1, 2]


def test_of_many_pages_only_some_lie_in_memory_together(workspace, put, hour, monkeypatch):
    for number in range(45):
        put(f"{number}", f"第{number}家医院上线智慧医疗平台", "2024-06-12", "北京日报", *SAID.values())
    together: list[int] = []
    pages_of = Desk._pages_of

    def counted(desk, leads):
        opened = pages_of(desk, leads)
        together.append(len(opened.pages))
        return opened

    monkeypatch.setattr(Desk, "_pages_of", counted)
    with open_desk(workspace, clock=hour) as desk:
        desk.harvest("inbox")
        assert desk.read(desk.leads.unread()) == 45
    assert together == [20, 20, 5]
