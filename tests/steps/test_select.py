"""What enters a draft by itself, what waits, and what became of the rest."""

import dataclasses
import datetime as dt
import itertools

import pytest

import drafts
from drafts import BORDERLINE, CONFIG, IN, JUNE, NOON, OUT, article, candidate
from pipeline.model import (
    Block,
    Candidate,
    Coverage,
    Decision,
    Document,
    Edge,
    Fate,
    Flag,
    Genre,
    Kind,
    Relation,
    Story,
)
from pipeline.steps import select
from pipeline.steps.decide import decide
from pipeline.steps.dedupe import group
from spent import computing


def _candidates(*articles, stories=None, rate=lambda _: IN, coverage=None, suspected=()):
    known = {one.id: one for one in articles}
    told = stories or [Story((one.id,)) for one in articles]
    return select.candidates(JUNE, known, told, suspected, rate, coverage or {}, {one.id: NOON for one in articles})


def test_a_window_of_thousands_of_candidates_is_drafted_again_in_seconds():
    articles = [article(f"第{number}") for number in range(3_000)]
    suspected = [Edge(a.id, b.id, Relation.SUSPECTED, 0.5, "") for a, b in itertools.pairwise(articles)]
    with computing(10):  # where each candidate was held against each it took a minute
        kept, _ = _candidates(*articles, suspected=suspected)
        first = select.draft("beijing-monthly", JUNE, kept, [])
        again = select.draft("beijing-monthly", JUNE, kept, [], first)
    assert again == first
    assert len({one.handle for one in kept}) == len(articles)
    assert [len(one.suspected) for one in kept] == [1, *([2] * (len(kept) - 2)), 1]


def test_a_story_rated_in_and_dated_in_the_window_enters_by_itself():
    (one,), rejected = _candidates(article("天坛"))
    made = select.draft("beijing-monthly", JUNE, [one], [])
    assert made.chosen == (one.handle,)
    assert rejected == {}


@pytest.mark.parametrize(
    ("one", "fate"),
    [
        pytest.param(candidate("a", rating=BORDERLINE), Fate.STANDBY, id="borderline waits"),
        pytest.param(
            candidate("a", rating=dataclasses.replace(IN, genre=Genre.NOTICE)), Fate.STANDBY, id="a notice waits"
        ),
        pytest.param(candidate("a", day=None), Fate.UNDATED, id="undated waits for the editor"),
        pytest.param(
            dataclasses.replace(candidate("a"), articles=(article("a", flags=(Flag.MIRROR,)),)),
            Fate.HIJACKED,
            id="a mirror is never printed",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("beijing-monthly", 534, 4, "旧", Relation.REPRINT, 0.99),)),
            Fate.COVERED,
            id="a reprint of a released item stays out",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("beijing-monthly", 534, 4, "旧", Relation.FOLLOW_UP, 0.9),)),
            Fate.INCLUDED,
            id="a follow-up of a released item enters",
        ),
        pytest.param(
            candidate("a", coverage=(Coverage("national-weekly", 600, 1, "旧", Relation.REPRINT, 0.99),)),
            Fate.INCLUDED,
            id="another series may have carried it",
        ),
    ],
)
def test_what_enters_and_what_waits(one, fate):
    made = select.draft("beijing-monthly", JUNE, [one], [])
    assert (made.chosen == ("a",)) is (fate is Fate.INCLUDED)
    assert select.settled(made)[one.article.id].fate is fate


@pytest.mark.parametrize("day", ["2024-05-31", "2024-07-01"])
def test_a_day_outside_the_window_is_outside(day):
    one = article("天坛", day)
    kept, rejected = _candidates(one)
    assert kept == []
    assert rejected[one.id].fate is Fate.OUT_OF_WINDOW
    assert day in rejected[one.id].because


@pytest.mark.parametrize("day", ["2024-06-01", "2024-06-30"])
def test_both_ends_of_the_window_are_inside(day):
    kept, _ = _candidates(article("天坛", day))
    assert len(kept) == 1


def test_a_story_rated_out_is_no_candidate_and_says_why():
    one = article("天坛")
    kept, rejected = _candidates(one, rate=lambda _: OUT)
    assert kept == []
    assert rejected[one.id].because == "未命中监测范围"


def test_an_earlier_telling_outside_the_window_folds_under_the_one_inside():
    may, june = article("五月", "2024-05-30"), article("六月", "2024-06-04")
    edge = Edge(june.id, may.id, Relation.SAME_EVENT, 0.95)
    (one,), _ = _candidates(may, june, stories=[Story((june.id, may.id), (edge,))])
    assert [a.id for a in one.articles] == [june.id, may.id]
    settled = select.settled(select.draft("beijing-monthly", JUNE, [one], []))
    assert settled[may.id].fate is Fate.DUPLICATE
    assert "同一事件" in settled[may.id].because


def test_a_mirror_folded_under_a_story_is_explained_as_one():
    clean, mirror = article("千龙"), article("镜像", flags=(Flag.MIRROR,))
    edge = Edge(clean.id, mirror.id, Relation.SAME_EVENT, 0.97)
    (one,), _ = _candidates(clean, mirror, stories=[Story((clean.id, mirror.id), (edge,))])
    settled = select.settled(select.draft("beijing-monthly", JUNE, [one], []))
    assert settled[mirror.id].fate is Fate.HIJACKED
    assert "千龙" in settled[mirror.id].because


def test_the_original_on_a_desktop_page_represents_its_story():
    def key(one):
        return select.preference(one, JUNE, CONFIG.outlets)

    original = article("甲")
    reprint = article("乙", url="https://www.163.com/dy/article/A.html", publisher="网易")
    mobile = article("丙", url="https://m.bjd.com.cn/c.shtml")
    earlier = article("丁", "2024-05-30")
    mirror = article("戊", flags=(Flag.MIRROR,))
    everyone = [mirror, earlier, mobile, reprint, original]
    assert sorted(everyone, key=key)[0] is original
    assert sorted(everyone, key=key)[-1] is mirror
    assert key(mobile) < key(reprint)


def _best(*articles):
    return min(articles, key=lambda one: select.preference(one, JUNE, CONFIG.outlets))


def _told(*paragraphs):
    return tuple(Block(Kind.PARAGRAPH, one) for one in paragraphs)


LONG = "二〇二四年全市互联网医院已有六十家，市民足不出户即可复诊、配药，药品由快递送到家门口。" * 8
AUTHORITY = article("规划", url="https://wjw.beijing.gov.cn/a/t20240610_1.html", origin="", blocks=_told(LONG))
PAPER = article("报纸", blocks=_told(LONG))


@pytest.mark.parametrize(
    ("best", "other"),
    [
        pytest.param(
            article("原", url="https://www.stdaily.com/a/content_1.html", origin="中国科技网"),
            article("转", url="https://www.ce.cn/a/t20240610_1.shtml", origin="中国科技网"),
            id="the outlet's own page before that of a higher one that reprints it (636 item 1)",
        ),
        pytest.param(
            article("原", url="https://www.jwview.com/a/1.html", origin="中新经纬", blocks=_told("某某说。" * 9)),
            article(
                "转",
                url="https://m.163.com/dy/article/J2T9AFC20519C6T9.html",
                origin="网易",
                blocks=_told("中新经纬6月10日电 某某说。" + "某某说。" * 30),
            ),
            id="the agency's page before a portal that prints its own name over the dateline (534 item 4)",
        ),
        pytest.param(
            article("原", url="https://beijing.qianlong.com/a/1.shtml", origin="千龙网"),
            article("镜", url="http://jjckb.example.top/1.html", origin="经济参考网", flags=(Flag.MIRROR,)),
            id="a sound page before a hijacked mirror (535 item 1)",
        ),
        pytest.param(AUTHORITY, PAPER, id="the authority's own page before what a paper prints of it"),
        pytest.param(
            article(
                "区", url="https://www.somewhere.gov.cn/a/t20240610_1.html", origin="某区卫健委", blocks=_told(LONG)
            ),
            PAPER,
            id="an authority that the registry does not have",
        ),
        pytest.param(
            PAPER,
            article("转", url="https://www.somewhere.gov.cn/a/t20240610_1.html", origin="北京日报", blocks=_told(LONG)),
            id="a paper before such an authority's page that reprints it",
        ),
        pytest.param(
            article("自", url="https://www.site.example/1.html", origin="某站", publisher="某站"),
            article("无", url="https://www.other.example/1.html", origin="", publisher="别站", blocks=_told(LONG)),
            id="a site that signs before one that does not",
        ),
        pytest.param(
            PAPER,
            article("转", url="https://www.beijing.gov.cn/a/t20240610_1.html", origin="北京日报", blocks=_told(LONG)),
            id="a paper before the authority's page that reprints it",
        ),
        pytest.param(
            article("央", url="https://www.news.cn/a/20240610/1.html", origin="新华网"), PAPER, id="the higher tier"
        ),
        pytest.param(article("桌"), article("手", url="https://m.bjd.com.cn/a.shtml"), id="desktop before mobile"),
        pytest.param(
            article("桌"),
            article("手", url="https://m.bjd.com.cn/a.shtml", blocks=_told(LONG)),
            id="desktop, if shorter",
        ),
        pytest.param(article("全", blocks=_told(LONG)), article("短", time=dt.time(1)), id="fuller before earlier"),
        pytest.param(article("全"), article("断", flags=(Flag.INCOMPLETE,), blocks=_told(LONG)), id="whole before cut"),
        pytest.param(
            article("早", time=dt.time(8)),
            article("晚", time=dt.time(9), blocks=(*article("晚").blocks, *_told("完。"))),
            id="a word more is no fuller text: the earlier",
        ),
        pytest.param(
            article("转", url="https://www.ce.cn/a/1.shtml", origin="北京日报"),
            article("旧", "2024-05-30"),
            id="a reprint in the window before the original out of it",
        ),
    ],
)
def test_who_stands_for_a_story(best, other):
    assert _best(other, best) is best
    assert _best(best, other) is best


def test_a_story_is_rated_as_the_article_that_is_printed():
    short, long = article("短"), article("长", blocks=_told("别的。", LONG))
    rates = {short.id: IN, long.id: dataclasses.replace(IN, score=0.99, share=0.2, excerpt=(1,))}
    (one,), _ = _candidates(short, long, stories=[Story((short.id, long.id))], rate=lambda a: rates[a.id])
    assert one.rating == IN


def test_a_story_that_is_in_by_another_telling_says_whose_reasons_it_gives():
    """A Beijing paper's reprint of a national report has a tie to the place that the report has not."""
    national, local = article("全国"), article("本地", url="https://beijing.qianlong.com/2024/0604/1.shtml")
    rates = {national.id: OUT, local.id: IN}
    (one,), _ = _candidates(national, local, stories=[Story((national.id, local.id))], rate=lambda a: rates[a.id])
    assert one.rating.verdict is IN.verdict
    assert one.rating.because == (f"据折叠的《{local.title}》（{local.outlet}）", *IN.because)


# ------------------------------------------------------------------------------------- 转载 and tellings


def _edge(a, b, relation, score=0.97):
    return Edge(a.id, b.id, relation, score, "正文重合97%")


def test_houses_are_counted_once_and_neither_the_own_one_nor_mirrors_are():
    first = article("首")
    shown = [
        article("甲", url="https://www.163.com/dy/article/J2T9AFC20519C6T9.html"),
        article("乙", url="https://m.163.com/dy/article/J2T9AFC20519C6TA.html"),
        article("丙", url="https://www.sohu.com/a/783456789_1"),
        article("丁", url="https://bj.bjd.com.cn/x.shtml"),
        article("戊", url="http://mirror.example.top/1.html", flags=(Flag.MIRROR,)),
    ]
    edges = tuple(_edge(first, one, Relation.REPRINT) for one in shown)
    told = select.retellings(Candidate("c", (first, *shown), IN, edges), CONFIG.outlets)
    assert select.houses(told) == (["网易", "搜狐网"], [])
    assert len(told) == 5


def test_a_reprint_of_another_telling_is_another_telling():
    first, other = article("首"), article("另", url="https://www.jwview.com/a/1.html", origin="中新经纬")
    copy = article("抄", url="https://www.sohu.com/a/783456789_1", origin="中新经纬")
    edges = (_edge(other, copy, Relation.REPRINT, 0.99), _edge(first, other, Relation.SAME_EVENT, 0.93))
    told = select.retellings(Candidate("c", (first, other, copy), IN, edges), CONFIG.outlets)
    assert {one.relation for one in told} == {Relation.SAME_EVENT}
    assert select.houses(told) == ([], ["中新经纬"])


def test_what_an_editor_merged_counts_as_another_telling():
    other = article("另", url="https://www.jwview.com/a/1.html", origin="中新经纬")
    (told,) = select.retellings(Candidate("c", (article("首"), other), IN), CONFIG.outlets)
    assert (told.relation, told.chinese) == (None, "编辑合并")
    assert select.houses([told]) == ([], ["中新经纬"])


def test_a_star_of_exact_copies_are_all_reprints_of_the_representative():
    first, hub, leaf = (article(name, url=f"https://{name}.example.cn/1.html") for name in ("a", "b", "c"))
    edges = (_edge(hub, leaf, Relation.EXACT, 1.0), _edge(first, hub, Relation.EXACT, 1.0))
    told = select.retellings(Candidate("c", (first, hub, leaf), IN, edges), CONFIG.outlets)
    assert [one.relation for one in told] == [Relation.EXACT, Relation.EXACT]


def test_items_stand_by_date_then_time_then_first_seen():
    late = candidate("a", "2024-06-20")
    morning = dataclasses.replace(candidate("b"), articles=(article("b", time=dt.time(8)),))
    noon = dataclasses.replace(candidate("c"), articles=(article("c", time=dt.time(12)),))
    timeless = dataclasses.replace(candidate("d"), seen=NOON + dt.timedelta(hours=1))
    timeless_earlier = candidate("e")
    made = select.draft("beijing-monthly", JUNE, [late, noon, timeless, morning, timeless_earlier], [])
    assert made.chosen == ("b", "c", "e", "d", "a")


def test_making_a_draft_again_keeps_what_the_editor_decided():
    waiting, other, dropped = candidate("a", rating=BORDERLINE), candidate("b"), candidate("c")
    before = dataclasses.replace(
        drafts.draft(waiting, other, dropped, chosen=("a", "b")),
        included=("a",),
        excluded=("c",),
        edits={"b": {"title": "改过的标题"}},
    )
    fresh = candidate("d", "2024-06-12")
    after = select.draft("beijing-monthly", JUNE, [other, dropped, fresh], ["北京日报"], before)
    assert after.chosen == ("a", "b", "d"), "the editor's choice stays, the late arrival is added, the excluded is not"
    assert after.edits == {"b": {"title": "改过的标题"}}
    assert {one.handle for one in after.candidates} == {"a", "b", "c", "d"}
    assert after.silent == ("北京日报",)


def test_handles_that_clash_grow_until_they_differ(monkeypatch):
    monkeypatch.setattr(select, "digest", lambda url: "abcde" + url[-7:-6] + "0" * 10)
    kept, _ = _candidates(article("1"), article("2"))
    assert sorted(one.handle for one in kept) == ["cabcde1", "cabcde2"]


def _again(previous, *fresh):
    return select.draft("beijing-monthly", JUNE, fresh, [], previous)


def test_a_story_keeps_its_handle_when_a_better_article_comes_to_represent_it():
    old = candidate("a")
    better = article("原始")
    fresh = dataclasses.replace(candidate("z"), articles=(better, old.article))
    after = _again(drafts.draft(old, chosen=("a",)), fresh)
    assert [one.handle for one in after.candidates] == ["a"]
    assert after.chosen == ("a",)
    assert after.candidate("a").article == better


def test_what_the_editor_edited_keeps_its_representative():
    old = candidate("a")
    fresh = dataclasses.replace(candidate("z"), articles=(article("原始"), old.article))
    before = dataclasses.replace(drafts.draft(old, chosen=("a",)), edits={"a": {"title": "改"}})
    after = _again(before, fresh)
    assert after.candidate("a").article == old.article
    assert len(after.candidate("a").articles) == 2


def test_a_better_version_that_comes_after_an_edit_is_told_of():
    old = dataclasses.replace(candidate("a"), articles=(article("转", url="https://www.ce.cn/1.shtml"),))
    better = article("原")
    fresh = dataclasses.replace(candidate("z"), articles=(better, old.article))
    after = _again(dataclasses.replace(drafts.draft(old, chosen=("a",)), edits={"a": {"title": "改"}}), fresh)
    assert select.better(after.candidate("a"), after, CONFIG.outlets) == (better, "更接近原始出处")


def test_a_choice_of_the_editor_stands_and_only_what_came_later_is_told_of():
    chosen = article("转", url="https://www.ce.cn/1.shtml")
    passed, late = article("原"), AUTHORITY
    old = dataclasses.replace(candidate("a"), articles=(passed, chosen))
    decision = Decision("represent", "王编辑", NOON, "a", {"with": chosen.url})
    before = decide(drafts.draft(old, chosen=("a",)), decision, lambda _: IN)
    fresh = dataclasses.replace(candidate("z"), articles=(passed, chosen))
    after = _again(before, fresh)
    assert after.candidate("a").article == chosen
    assert select.better(after.candidate("a"), after, CONFIG.outlets) is None
    later = _again(after, dataclasses.replace(fresh, articles=(late, passed, chosen)))
    assert later.candidate("a").article == chosen
    assert select.better(later.candidate("a"), later, CONFIG.outlets) == (late, "更接近原始出处")


def test_what_the_editor_merged_under_an_item_is_not_offered_in_its_place():
    reprint = dataclasses.replace(candidate("a"), articles=(article("转", url="https://www.ce.cn/1.shtml"),))
    merged = _decided(drafts.draft(reprint, candidate("b"), chosen=("a", "b")), "merge", "b", into="a")
    assert select.better(merged.candidate("a"), merged, CONFIG.outlets) is None


def test_an_origin_that_the_editor_typed_is_not_doubted():
    old = dataclasses.replace(candidate("a"), articles=(article("转", url="https://www.ce.cn/1.shtml"), article("原")))
    made = dataclasses.replace(drafts.draft(old), edits={"a": {"url": "https://news.bjd.com.cn/1.shtml"}})
    assert select.better(made.candidate("a"), made, CONFIG.outlets) is None


def _made_again(previous, edges, *articles):
    """The draft made again from everything known by then, as a run makes it."""
    documents = [Document(one.id, one.title, one.text, one.date) for one in articles]
    known = {one.id: one for one in articles}
    told = group(
        documents,
        edges,
        together=previous.together,
        apart=previous.apart,
        prefer=lambda key: select.preference(known[key], JUNE, CONFIG.outlets),
    )
    fresh, _ = _candidates(*articles, stories=told)
    return _again(previous, *fresh)


def _decided(before, verb, target, **values):
    return decide(before, Decision(verb, "王编辑", NOON, target, values), lambda _: IN)


def test_a_merge_stands_when_the_machine_sees_a_follow_up_and_when_reprints_come():
    one, two, copy = article("一"), article("二", "2024-06-20"), article("抄", "2024-06-21")
    before = _decided(
        drafts.draft(candidate("一"), candidate("二", "2024-06-20"), chosen=("一", "二")), "merge", "二", into="一"
    )
    edges = [_edge(one, two, Relation.FOLLOW_UP), _edge(two, copy, Relation.REPRINT)]
    after = _made_again(before, edges, one, two, copy)
    assert after.chosen == ("一",)
    (story,) = after.candidates
    assert (story.handle, story.article) == ("一", one)
    assert {a.id for a in story.articles} == {one.id, two.id, copy.id}
    assert _made_again(after, edges, one, two, copy).candidates == after.candidates


def test_a_split_stands_when_a_reprint_of_both_comes():
    one, two, bridge = article("一"), article("二"), article("桥")
    before = _decided(drafts.draft(drafts.folded("一", two), chosen=("一",)), "split", two.url)
    edges = [_edge(a, b, Relation.REPRINT) for a, b in itertools.combinations((one, two, bridge), 2)]
    after = _made_again(before, edges, one, two, bridge)
    assert after.chosen == before.chosen
    ids = sorted(a.id for c in after.candidates for a in c.articles)
    assert ids == sorted(a.id for a in (one, two, bridge)), "nothing is lost and nothing stands twice"
    assert len(after.candidates) == 2


def test_a_chosen_version_stands_when_its_story_grows():
    one, two, late = article("一"), article("二", url="https://www.ce.cn/2.shtml"), AUTHORITY
    before = _decided(drafts.draft(drafts.folded("一", two), chosen=("一",)), "represent", "一", **{"with": two.url})
    edges = [_edge(a, b, Relation.REPRINT) for a, b in itertools.combinations((one, two, late), 2)]
    after = _made_again(before, edges, one, two, late)
    assert [(c.handle, c.article) for c in after.candidates] == [("一", two)]
    assert after.chosen == ("一",)


def test_two_items_of_the_editor_that_the_machine_would_now_fold_stay_two_and_no_article_stands_twice():
    one, two = candidate("a"), candidate("b", "2024-06-12")
    bridge = article("桥")
    fresh = dataclasses.replace(candidate("z"), articles=(bridge, one.article, two.article))
    before = dataclasses.replace(drafts.draft(one, two, chosen=("a", "b")), included=("a", "b"))
    after = _again(before, fresh)
    assert after.chosen == ("a", "b")
    ids = [article.id for candidate in after.candidates for article in candidate.articles]
    assert sorted(ids) == sorted({one.article.id, two.article.id, bridge.id})


def test_what_the_editor_excluded_does_not_come_back_under_another_representative():
    old = candidate("a")
    fresh = dataclasses.replace(candidate("z"), articles=(article("原始"), old.article))
    before = dataclasses.replace(drafts.draft(old), excluded=("a",))
    assert _again(before, fresh).chosen == ()


def _supplemented(previous, *fresh):
    return select.draft("beijing-monthly", JUNE, fresh, [], previous, supplement=True)


def test_a_supplement_adds_and_marks_what_is_new_and_the_mark_stays_when_the_draft_is_made_again():
    before = select.draft("beijing-monthly", JUNE, [candidate("a")], [])
    added = _supplemented(before, candidate("a"), candidate("b"), candidate("c", rating=BORDERLINE))
    assert (added.chosen, added.supplements) == (("a", "b"), ("b", "c"))
    again = _again(added, candidate("a"), candidate("b"), candidate("c", rating=BORDERLINE), candidate("d"))
    assert (again.chosen, again.supplements) == (("a", "b", "d"), ("b", "c"))
    assert _supplemented(added, *added.candidates) == added


def test_a_supplement_neither_takes_what_is_chosen_away_nor_lets_another_article_tell_it():
    before = select.draft("beijing-monthly", JUNE, [candidate("a"), candidate("b")], [])
    fuller = article("全文")
    a = before.candidate("a")
    told_by_another = dataclasses.replace(a, articles=(fuller, a.article))
    now = _supplemented(before, told_by_another)  # and b is rated out by now
    assert now.chosen == before.chosen
    assert [one.article for one in now.candidates if one.handle in now.chosen] == [a.article, candidate("b").article]
    assert fuller in now.candidate("a").articles
    assert _again(before, told_by_another).candidate("a").article == fuller, "a run that is asked for does"


def test_a_page_that_was_read_anew_is_told_by_its_new_reading_under_one_handle():
    old = candidate("a")
    before = select.draft("beijing-monthly", JUNE, [old], [])
    read_anew = dataclasses.replace(old.article, blocks=(Block(Kind.PARAGRAPH, "两页合成的全文。"),))
    now = _supplemented(before, dataclasses.replace(old, articles=(read_anew,)))
    assert [(one.handle, one.article) for one in now.candidates] == [("a", read_anew)]
    assert (now.chosen, now.supplements) == (("a",), ())
