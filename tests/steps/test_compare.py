"""What is new beside an earlier text: sentences, numbers, dates, documents, institutions."""

import datetime as dt

import pytest

from pipeline.model import Document, Mark
from pipeline.steps.compare import compare
from spent import computing

TITLE = "某市电子病历互通"
FIRST = "某市卫生健康委6月3日通报，全市58家三级医院的电子病历已经互通。"
SECOND = "患者换一家医院看病，医生在屏幕上就能看到既往检查。"
THIRD = "信息中心负责人表示，下一步把社区卫生服务中心也接进来。"
OLD = [FIRST + SECOND, THIRD]


def document(*paragraphs: str, title: str = TITLE) -> Document:
    return Document("x", title, "\n".join(paragraphs), dt.date(2024, 6, 4))


def beside(before, after):
    return compare(document(*before), document(*after))


def marks(side):
    return [one.mark for paragraph in side.paragraphs for one in paragraph]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(OLD, id="as it was"),
        pytest.param([THIRD, FIRST + SECOND], id="paragraphs moved"),
        pytest.param([FIRST + SECOND + THIRD], id="paragraphs merged"),
        pytest.param([FIRST, SECOND, THIRD], id="paragraphs cut"),
        pytest.param([FIRST.replace("，", ","), SECOND.replace("。", "；") + THIRD], id="other punctuation"),
        pytest.param(["　　" + FIRST.replace("58家", " 58 家 "), SECOND, THIRD], id="spaces"),
        pytest.param(
            [
                "某市衛生健康委6月3日通報，全市58家三級醫院的電子病歷已經互通。",
                "患者換一家醫院看病，醫生在螢幕上就能看到既往檢查。".replace("螢幕", "屏幕"),
                THIRD,
            ],
            id="traditional characters",
        ),
    ],
)
def test_what_only_looks_different_is_not_new(after):
    found = beside(OLD, after)
    assert set(marks(found.before)) == set(marks(found.after)) == {Mark.SAME}
    assert found.news == "没有新内容"


def test_new_gone_and_changed_sentences_are_told_apart():
    new = "该平台由某某公司承建，运行半年来没有发生过停机。"
    found = beside(OLD, [FIRST.replace("58家", "61家"), new, SECOND])
    assert marks(found.after) == [Mark.CHANGED, Mark.ONLY, Mark.SAME]
    assert found.after.paragraphs[0][0].like == FIRST
    assert marks(found.before) == [Mark.CHANGED, Mark.SAME, Mark.ONLY]
    assert found.news == "数字 61家；新增 1 句、改写 1 句（共 3 句）"


@pytest.mark.parametrize(
    ("more", "field", "new"),
    [
        ("系统累计调阅3.2万人次，占12.5%。", "numbers", ("3.2万人次", "12.5%")),
        ("费用下降四成，覆盖三十六家机构。", "numbers", ("三十六家",)),
        ("接入的仍是五十八家医院，有四个亮点，一家在郊区，第5个接入点另建。", "numbers", ()),
        ("系统6月18日扩容，2024年6月3日起试运行，2025年底完工。", "dates", ("6月18日", "2025年")),
        ("依据是《某市数字健康行动计划（2024—2026年）》。", "documents", ("《某市数字健康行动计划（2024—2026年）》",)),
        ("日前北京天坛医院也接入了平台，三甲医院和数据中心都在其列。", "institutions", ("北京天坛医院",)),
        ("国家卫生健康委规划司在上海大学介绍了情况。", "institutions", ("国家卫生健康委规划司", "上海大学")),
    ],
)  # fmt: skip
def test_what_the_candidate_brings_is_named(more, field, new):
    assert getattr(beside(OLD, [*OLD, more]), field) == new


def test_what_the_earlier_text_names_in_another_way_is_not_new():
    before = [*OLD, "《某市数字健康行动计划》提出，北京天坛医院先行接入三十六家分院，1,200人次受益。"]
    after = [*OLD, "天坛医院接入36家，1200人次受益，见《某市数字健康行动计划》。"]
    found = beside(before, after)
    assert (found.numbers, found.documents, found.institutions) == ((), (), ())


def test_the_headline_counts_among_the_facts():
    found = compare(document(*OLD), document(*OLD, title="某市66家医院电子病历互通"))
    assert found.numbers == ("66家",)


@pytest.mark.parametrize(("before", "after"), [([], OLD), (OLD, []), ([], [])], ids=["no before", "no after", "none"])
def test_an_empty_text_has_nothing_in_common(before, after):
    found = beside(before, after)
    assert set(marks(found.before)) | set(marks(found.after)) <= {Mark.ONLY}


def test_many_new_facts_are_counted_and_three_are_named():
    more = "".join(f"第{n}批新增{n}1家。" for n in range(1, 8))
    assert beside(OLD, [*OLD, more]).news.startswith("数字 11家、21家、31家等 7 处；")


@pytest.mark.parametrize(
    "part",
    ["1,", "一", "《", "全市五十八家三级医院的电子病历已经互通，居民在家就能查到。", "某市医院管理局"],
    ids=["numbers without end", "numerals", "brackets", "one sentence again and again", "names run together"],
)
def test_a_text_without_end_is_compared_soon(part):
    text = part * (100_000 // len(part))
    with computing(20):  # a page may have a megabyte, and an editor waits
        beside([text], [text[:-3] + "改", FIRST])
