"""What may be decided about a finding: each offer mends what it is offered for."""

import dataclasses
import datetime as dt
import inspect
import re

import pytest

from drafts import CONFIG, LEAD, SERIES, article, candidate, draft
from pipeline.model import (
    Block,
    Candidate,
    DateClaim,
    Decision,
    Edge,
    Flag,
    Genre,
    Kind,
    Rating,
    Relation,
    Verdict,
    Witness,
)
from pipeline.steps import check
from pipeline.steps.assemble import assemble
from pipeline.steps.decide import decide
from pipeline.steps.mending import MENDS, fixes
from pipeline.steps.select import better
from pipeline.steps.urls import desktop

GOOD = article("hao")
ONLY_A_LOOK = {"pictures", "confidence", "lead", "silent-sources", "sanity"}
"""What no decision mends: the page, the network or a template has to be looked at."""


def rate(_article):
    return Rating(0.9, Verdict.IN)


def story(first, *others, rating=None):
    edges = tuple(Edge(first.id, one.id, Relation.REPRINT, 0.95) for one in others)
    return Candidate("c1", (first, *others), rating or Rating(0.9, Verdict.IN), edges)


def found(given):
    """What the checks say of a draft."""
    issue = assemble(given, 535, SERIES, LEAD)
    known = {one.handle: one for one in given.candidates}
    return check.check(
        check.Inspection(
            issue,
            CONFIG.outlets,
            flags={handle: one.article.flags for handle, one in known.items()},
            late=frozenset(given.late),
            better={h: b for h, one in known.items() if (b := better(one, given, CONFIG.outlets))},
            desktop={h: d for h, one in known.items() if (d := desktop(one.article.url, one.article.aliases))},
        )
    ), issue.items


def offered(given, name):
    findings, items = found(given)
    (one,) = [each for each in findings if each.check == name]
    return fixes(one, given, items, CONFIG.outlets)


PARAGRAPHS = (Block(Kind.PARAGRAPH, "互联网医院近日上线。"), Block(Kind.PARAGRAPH, "责任编辑：赵敏"))
ASIDE = DateClaim(Witness.ADDRESS, "网址", "20240605", dt.date(2024, 6, 5))
BELIEVED = DateClaim(Witness.PAGE, "正文上方", "6月10日", dt.date(2024, 6, 10), chosen=True)
FAULTS = {
    "empty-link": (story(article("a", url="")), "换用", GOOD),
    "malformed-url": (story(article("a", url="https://news.bjd.com.cn/a b.shtml")), "去掉链接里的空格", None),
    "suspicious-suffix": (
        story(article("a", url="https://news.bjd.com.cn/a.sht", aliases=("https://news.bjd.com.cn/a.shtml",))),
        "链接改为 a.shtml",
        None,
    ),
    "unknown-host": (story(article("a", url="https://www.qianlog.com/1.html")), "主机名改为 www.qianlong.com", None),
    "mobile-url": (
        story(article("a", url="https://m.bjnews.com.cn/1.html", aliases=("https://www.bjnews.com.cn/1.html",),
                      origin="新京报", publisher="新京报")),
        "换成电脑版链接",
        None,
    ),
    "no-outlet": (story(article("a", origin="", publisher="")), "来源填“北京日报”", None),
    "outlet-host": (story(article("a", origin="健康时报")), "来源改为“北京日报”", None),
    "furniture": (story(article("a", blocks=PARAGRAPHS)), "删去这 1 段", None),
    "genre": (story(GOOD, rating=Rating(0.9, Verdict.IN, genre=Genre.NOTICE)), "剔除", None),
    "passage": (story(GOOD, rating=Rating(0.5, Verdict.BORDERLINE, share=0.2, excerpt=(0,))), "改为节选", None),
    "undated": (story(article("a", None, dates=(ASIDE,))), "填 2024-06-05（网址）", None),
    "out-of-window": (story(article("a", "2024-05-30")), "剔除", None),
    "date-conflict": (story(article("a", dates=(BELIEVED, ASIDE))), "日期改为 2024-06-05（网址）", None),
    "no-title": (story(article("a", title="")), "换用", GOOD),
    "empty-body": (story(article("a", blocks=())), "换用", GOOD),
    "mirror": (story(article("a", url="https://mirror.example.cn/1.html", flags=(Flag.MIRROR,))), "换用", GOOD),
    "tampered": (story(article("a", flags=(Flag.TAMPERED,))), "换用", GOOD),
    "incomplete": (story(article("a", flags=(Flag.INCOMPLETE,))), "换用", GOOD),
}  # fmt: skip
"""Finding → a story that has the fault, the offer that mends it, and the other version where that is one."""


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_offered_mends_what_was_found(name):
    one, label, other = FAULTS[name]
    if other:
        one = story(one.article, other)
    given = draft(one, chosen=("c1",))
    offer = next(each for each in offered(given, name) if each.label.startswith(label))
    decision = Decision(offer.verb, "王编辑", dt.datetime(2024, 7, 1, tzinfo=dt.UTC), offer.target, offer.values)
    after, _ = found(decide(given, decision, rate))
    assert name not in {each.check for each in after}


def test_two_of_one_event_are_made_one_or_signed_for_as_two():
    given = draft(candidate("甲"), dataclasses.replace(candidate("乙"), articles=(article("甲", url="https://a.cn/1"),)),
                  chosen=("甲", "乙"))  # fmt: skip
    merge, out, apart = offered(given, "same-event")
    assert (merge.label, merge.verb, merge.values) == ("并入第1条", "merge", {"into": "甲"})
    assert out.verb == "exclude"
    assert (apart.verb, apart.reasoned) == ("waive", True)


def test_a_comment_is_put_out_or_taken_for_a_written_reason():
    comment = story(GOOD, rating=Rating(0.9, Verdict.IN, genre=Genre.COMMENTARY))
    out, kept = offered(draft(comment, chosen=("c1",)), "genre")
    assert out.verb == "exclude"
    assert (kept.label, kept.verb, kept.reasoned, kept.reason) == ("照收", "waive", True, "")


def test_a_better_version_is_taken_or_the_one_that_stands_is_kept():
    first = article("a", url="https://www.sohu.com/a/1", origin="搜狐", publisher="搜狐")
    given = draft(story(first, GOOD), chosen=("c1",))
    take, keep = offered(given, "better-version")
    assert (take.values, keep.values) == ({"with": GOOD.url}, {"with": first.url})


def test_a_story_of_an_earlier_window_may_be_taken_with_a_reason_and_one_of_a_later_may_not():
    early, late = (draft(story(article("a", day)), chosen=("c1",)) for day in ("2024-05-30", "2024-07-02"))
    assert [one.label for one in offered(early, "out-of-window")] == ["剔除", "作补收"]
    assert [one.label for one in offered(late, "out-of-window")] == ["剔除"]


def test_no_mirror_and_no_version_with_the_same_fault_is_offered():
    mirror = article("b", url="https://mirror.example.cn/1.html", flags=(Flag.MIRROR,))
    broken = article("c", flags=(Flag.INCOMPLETE,))
    given = draft(story(article("a", flags=(Flag.INCOMPLETE,)), mirror, broken), chosen=("c1",))
    assert offered(given, "incomplete") == ()


def test_every_finding_has_its_offers_or_is_known_to_need_a_look():
    text = inspect.getsource(check)
    named = set(re.findall(r'^ +"([a-z]+(?:-[a-z]+)*)",$', text, re.MULTILINE))
    named |= set(re.findall(r'_about\(\s*place,\s*item,\s*"([a-z-]+)"', text)) | set(
        re.findall(r'Finding\("([a-z-]+)"', text)
    )
    assert {"empty-link", "lead", "no-outlet"} <= named
    assert named - ONLY_A_LOOK == set(MENDS)
