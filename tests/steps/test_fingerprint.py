"""What a document is known by: the same for ever under one format, and never by what is not its own."""

import datetime as dt

from pipeline.model import Document
from pipeline.steps.dedupe import Archive, fingerprint, relate, stamp

DOCUMENT = Document(
    "1",
    "友谊医院互联网药房开门",
    "复诊患者不出家门就能拿到降压药，药师在线审核处方。" * 4,
    dt.date(2024, 6, 12),
    "http://www.a.cn/1",
)


def test_a_document_has_the_fingerprint_it_always_had():
    # stores rest on it: whoever changes this raises _FORMAT in fingerprint.py, so that they catch up by themselves
    found = fingerprint(DOCUMENT)
    assert (found.urls, found.text) == ((1310907630558621304,), 5007015342430256505)
    assert (len(found.bands), found.bands[0], found.bands[-1]) == (32, 3747964782461753173, -1644558395038881535)
    assert sorted(found.title) == ["互联网", "友谊医院", "开门", "药房"]
    assert sorted(found.words - found.title) == [
        "在线", "处方", "复诊", "审核", "家门", "患者", "拿到", "药师", "降压药",
    ]  # fmt: skip
    assert found.head.startswith("友谊医院互联网药房开门\n复诊患者")


def test_a_further_address_gives_another_stamp_and_the_same_order_of_them_the_same():
    one = Document("1", "甲", "乙", None, "http://a.cn/1", ("http://m.a.cn/9", "http://b.cn/1"))
    other = Document("1", "甲", "乙", None, "http://a.cn/1", ("http://b.cn/1", "http://m.a.cn/9"))
    bare = Document("1", "甲", "乙", None, "http://a.cn/1")
    assert stamp(one) == stamp(other) != stamp(bare)


def test_pages_that_all_call_the_front_page_their_own_address_are_not_one():
    pages = [
        Document(str(n), f"第{n}篇", f"各不相同的第{n}篇正文", None, f"http://a.cn/{n}", ("https://www.a.cn/",))
        for n in range(2)
    ]
    assert relate(pages) == []


def test_only_what_a_fingerprint_speaks_for_is_read():
    asked = []

    def read(ids):
        asked.extend(ids)
        return {}

    archive = Archive(read=read)
    archive.take([fingerprint(Document("other", "地铁十七号线试运行", "列车空载跑图已满三个月。" * 9, DOCUMENT.date))])
    assert archive.relate(archive.add([DOCUMENT])) == []
    assert asked == []


def test_fresh_documents_that_are_only_held_against_known_ones_are_not_held_against_each_other():
    copy = Document("2", "另一个标题", DOCUMENT.text, DOCUMENT.date, "http://b.cn/1")
    archive = Archive([Document("0", "旧刊所收", DOCUMENT.text, dt.date(2023, 1, 1))])
    edges = archive.relate(archive.add([DOCUMENT, copy]), among=False)
    assert {(edge.a, edge.b) for edge in edges} == {("1", "0"), ("2", "0")}
