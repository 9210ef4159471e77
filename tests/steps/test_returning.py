"""An edited draft read back: what was edited is found and nothing else, whatever the office program did to it."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import random
from collections.abc import Callable
from copy import deepcopy

import pytest
from PIL import Image

import mutations
from mutations import KEEPING, Docx, mutated, paragraph, replaced, said, strict, w, write
from pipeline.config import packaged
from pipeline.errors import UsageError
from pipeline.model import Block, Changes, Edited, Issue, Kind, Returned
from pipeline.outputs.word import _REVIEWER, render_docx
from pipeline.steps.returning import against, changes, marked, read_returned, summary, taken
from pipeline.steps.returning.lines import CHECKER
from pipeline.steps.returning.taking import read
from pipeline.steps.returning.word import read_word
from sample_issues import every_kind, findings, issue_535


def _picture(colour: str) -> bytes:
    whole = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(whole, "JPEG")
    return whole.getvalue()


PICTURES = {hashlib.sha256(data).hexdigest(): data for data in map(_picture, ("red", "blue"))}
RED, BLUE = PICTURES


def _illustrated() -> Issue:
    """Every kind of block, with two pictures that are printed."""
    issue = every_kind()
    first, *others = issue.items
    blocks = [dataclasses.replace(one, blob=RED) if one.kind is Kind.FIGURE else one for one in first.blocks]
    blocks += [
        Block(Kind.FIGURE, "签约现场", blob=BLUE),
        Block(Kind.ITEM, "三是完善标准", mark="3."),
        Block(Kind.ITEM, "另议", 1),
    ]
    texts = itertools.count()
    for place, one in enumerate(others):  # no two items with one text
        if one.blocks == every_kind().items[0].blocks[:1]:
            text = f"第{next(texts)}条另有正文，记者从市卫生健康委获悉，平台已接入二百余家医院。"
            others[place] = dataclasses.replace(one, blocks=(Block(Kind.PARAGRAPH, text), *one.blocks))
    return dataclasses.replace(issue, items=(dataclasses.replace(first, blocks=tuple(blocks)), *others))


ISSUES = {"535": issue_535(), "every kind": _illustrated()}


def exported(issue: Issue, template: str = "gongwen") -> bytes:
    return render_docx(
        issue,
        template=packaged("templates") / f"{template}.docx",
        draft=True,
        revision=2,
        findings=findings() if issue.number == 636 else (),
        pictures=lambda blob: PICTURES.get(blob, b""),
        pages={item.handle: 2 for item in issue.items},
    )


@pytest.fixture(scope="module")
def files() -> dict[tuple[str, str], tuple[bytes, Returned]]:
    """The exported files of both issues in both templates, and what they say."""
    made = {
        (name, template): exported(issue, template)
        for name, issue in ISSUES.items()
        for template in ("gongwen", "classic")
    }
    return {key: (data, read_word(data)) for key, data in made.items()}


@pytest.fixture(scope="module")
def edited(files) -> Callable[..., Changes]:
    """What an edit of the illustrated issue changes, on top of what an office program does of its own accord."""
    data, said_then = files["every kind", "gongwen"]

    def edited(edit: Callable[[Docx], None], *keeping: mutations.Mutation) -> Changes:
        docx = Docx(data)
        edit(docx)
        return changes(read_word(mutated(docx.save(), keeping, 1)), said_then, ISSUES["every kind"])

    return edited


def told(found: Changes) -> list[tuple[str, int, str]]:
    return [(one.what.value, one.position, one.after) for one in found.taken]


NOTHING = Changes()

# ------------------------------------------------------------------------------------------ no edits


@pytest.mark.parametrize("template", ["gongwen", "classic"])
@pytest.mark.parametrize("name", ISSUES)
def test_a_file_says_what_the_issue_is(files, name, template):
    issue, (_, back) = ISSUES[name], files[name, template]
    assert (back.series, back.number, back.revision, back.title, back.lead) == (
        issue.series, issue.number, 2, issue.title, issue.lead,
    )  # fmt: skip
    assert [one.handle for one in back.items] == [one.handle for one in issue.items]
    for one, item in zip(back.items, issue.items, strict=True):
        assert (one.title, one.headline, one.outlet, one.url) == (item.title, item.title, item.outlet, item.url)
        assert (one.date, one.excerpt) == (item.date.isoformat() if item.date else "", item.excerpt)
    assert back.contents == tuple((item.title, item.outlet) for item in issue.items)
    assert back.lines == tuple(item.handle for item in issue.items)
    assert not back.notes


@pytest.mark.parametrize("template", ["gongwen", "classic"])
@pytest.mark.parametrize("name", ISSUES)
def test_a_file_that_nobody_edited_changes_nothing(files, name, template):
    _, back = files[name, template]
    assert changes(back, back, ISSUES[name]) == NOTHING


@pytest.mark.parametrize("mutate", [*KEEPING, mutations.lost_styles], ids=lambda one: one.__name__)
def test_what_an_office_program_does_to_a_file_is_no_edit(files, mutate):
    for (name, template), (data, back) in files.items():
        after = mutated(data, [mutate], 7)
        idle = {mutations.automatic_lists: b"numbering" not in after, mutations.pending_tables: name == "535"}
        if not idle.get(mutate, False):
            assert mutations.unpacked(after) != mutations.unpacked(Docx(data).save())
        found = changes(read_word(after), back, ISSUES[name])
        assert (found.taken, found.untaken) == ((), ()), (name, template)


@pytest.mark.parametrize("seed", range(12))
def test_no_combination_of_what_office_programs_do_is_an_edit(files, seed):
    chance = random.Random(seed)
    for name, template in files:
        data, back = files[name, template]
        some = chance.sample(KEEPING, 6)
        found = changes(read_word(mutated(data, some, seed)), back, ISSUES[name])
        assert (found.taken, found.untaken) == ((), ()), (name, template, [one.__name__ for one in some])


def test_a_file_in_the_namespaces_of_the_standard_is_read_alike(files):
    data, back = files["every kind", "gongwen"]
    found = changes(read_returned(strict(data), "docx"), back, ISSUES["every kind"])
    assert (found.taken, found.untaken) == ((), ())


def test_a_picture_that_the_office_program_encoded_anew_is_the_one_it_was(files):
    data, back = files["every kind", "gongwen"]
    parts = mutations.unpacked(data)
    names = [name for name in parts if name.startswith("word/media/")]
    assert len(names) == 2
    for name in names:
        parts[name] += b"\0"
    found = changes(read_word(mutations.packed(parts)), back, ISSUES["every kind"])
    assert (found.taken, found.untaken) == ((), ())


# --------------------------------------------------------------------------------------------- edits


def _moved(docx: Docx) -> None:
    third, first = docx.of_item(2), docx.of_item(0)
    for one in third:
        first[0].addprevious(one)


def _without_third(docx: Docx) -> None:
    for one in docx.of_item(2):
        docx.body.remove(one)


def _entry(docx: Docx, nth: int) -> list:
    """The two lines of the 目录 about an item."""
    entries = [one for one in docx.body if docx.style(one) in ("TOC1", "TOC2")]
    return entries[2 * nth : 2 * nth + 2]


def _headline(docx: Docx, nth: int):
    return next(one for one in docx.of_item(nth) if docx.style(one) == "ArtTitle")


def _line(docx: Docx, nth: int, style: str, number: int = 0):
    return [one for one in docx.of_item(nth) if docx.style(one) == style][number]


TITLE = "“数字家医”签约"
NEW = "“数字家医”签约破百万"
EDITS: dict[str, tuple[Callable[[Docx], None], list[tuple[str, int, str]]]] = {
    "moved": (_moved, [("order", 3, "1")]),
    "left out": (_without_third, [("left_out", 3, "")]),
    "title in the contents": (lambda d: replaced(_entry(d, 3)[0], TITLE, NEW), [("title", 4, NEW)]),
    "title in the heading": (lambda d: replaced(d.of_item(3)[0], TITLE, NEW), [("title", 4, NEW)]),
    "title over the text": (lambda d: replaced(_headline(d, 3), TITLE, NEW), [("title", 4, NEW)]),
    "outlet in the contents": (lambda d: replaced(_entry(d, 1)[1], "健康报", "健康报网"), [("outlet", 2, "健康报网")]),
    "outlet under the heading": (
        lambda d: replaced(_line(d, 1, "Meta"), "健康报", "北京日报"),
        [("outlet", 2, "北京日报")],
    ),
    "outlet over the text": (
        lambda d: replaced(_line(d, 1, "Dateline"), "健康报", "北京日报"),
        [("outlet", 2, "北京日报")],
    ),
    "date": (lambda d: replaced(_line(d, 1, "Dateline"), "2025-08-04", "2025年8月5日"), [("date", 2, "2025-08-05")]),
    "link": (
        lambda d: replaced(_line(d, 1, "MetaLink"), "k2.html", "k2-1.html"),
        [("url", 2, "https://www.example.com/k2-1.html")],
    ),
    "no excerpt": (lambda d: replaced(_headline(d, 1), "（节选）", ""), [("excerpt", 2, "")]),
    "an excerpt": (lambda d: replaced(_headline(d, 3), TITLE, f"{TITLE}（节选）"), [("excerpt", 4, "yes")]),
}


SAVED = {
    "saved": (),
    "runs": KEEPING[:3],
    "wps": (mutations.other_ids, mutations.content_controls),
    "no marks": (mutations.lost_marks, mutations.derived_styles),
    "renamed": (mutations.renamed_styles, mutations.alternates),
}


@pytest.mark.parametrize("keeping", SAVED.values(), ids=SAVED)
@pytest.mark.parametrize("name", EDITS)
def test_each_edit_of_an_item_is_found_and_nothing_else(edited, name, keeping):
    edit, expected = EDITS[name]
    found = edited(edit, *keeping)
    assert told(found) == expected
    # an item that is gone or moved in 具体内容 is told of where the 目录 says otherwise
    assert found.untaken == ()
    assert sum("目录里仍列着" in note for note in found.notes) == (name == "left out")


def test_two_different_new_titles_are_told_and_not_chosen_between(edited):
    def edit(docx: Docx) -> None:
        replaced(_entry(docx, 3)[0], TITLE, NEW)
        replaced(_headline(docx, 3), TITLE, "数字家医")

    found = edited(edit)
    assert found.taken == ()
    assert found.untaken == (
        f"第4条《{TITLE}》的标题改得不一致（目录“{NEW}”，文章标题“数字家医”），未采用；请用 draft edit k4 --title 写明",
    )


def test_a_title_changed_the_same_way_everywhere_is_one_change(edited):
    def edit(docx: Docx) -> None:
        for one in (_entry(docx, 3)[0], docx.of_item(3)[0], _headline(docx, 3)):
            replaced(one, TITLE, NEW)

    assert told(edited(edit, mutations.lost_marks)) == [("title", 4, NEW)]


def test_an_item_deleted_in_both_places_leaves_nothing_to_say(edited):
    def edit(docx: Docx) -> None:
        _without_third(docx)
        for one in _entry(docx, 2):
            docx.body.remove(one)

    found = edited(edit)
    assert told(found) == [("left_out", 3, "")]
    assert found.untaken == ()


def test_an_item_deleted_in_the_contents_alone_stays_and_is_told_of(edited):
    def edit(docx: Docx) -> None:
        for one in _entry(docx, 3):
            docx.body.remove(one)

    found = edited(edit)
    assert found.taken == ()
    assert "目录里删去了第4条" in found.untaken[0]
    assert "draft exclude k4" in found.untaken[0]


def test_an_order_changed_in_the_contents_alone_is_told_of(edited):
    def edit(docx: Docx) -> None:
        first = _entry(docx, 0)[0]
        for one in _entry(docx, 3):
            first.addprevious(one)

    found = edited(edit)
    assert found.taken == ()
    assert "目录里的顺序改了，具体内容里没有" in found.untaken[0]


def test_the_target_of_a_link_is_taken_when_its_text_stays(edited):
    def edit(docx: Docx) -> None:
        docx.parts[mutations.RELATIONS] = docx.parts[mutations.RELATIONS].replace(b"com/k2.html", b"com/new.html")

    assert told(edited(edit)) == [("url", 2, "https://www.example.com/new.html")]


def test_a_link_whose_text_and_target_were_changed_apart_goes_by_its_text_and_is_told_of(edited):
    def edit(docx: Docx) -> None:
        docx.parts[mutations.RELATIONS] = docx.parts[mutations.RELATIONS].replace(b"com/k2.html", b"com/new.html")
        replaced(_line(docx, 1, "MetaLink"), "k2.html", "k2-1.html")

    found = edited(edit)
    assert told(found) == [("url", 2, "https://www.example.com/k2-1.html")]
    assert "点开却是 https://www.example.com/new.html" in found.untaken[0]


def test_what_is_no_date_is_told_of(edited):
    found = edited(lambda d: replaced(_line(d, 1, "Dateline"), "2025-08-04", "上周一"))
    assert found.taken == ()
    assert "改成了“上周一”，不是日期" in found.untaken[0]


# ------------------------------------------------------------------------------------------ the text


def retouched(found: Changes) -> list[tuple[str, str, str, str]]:
    (one,) = found.taken
    assert one.what is Edited.TEXT
    return [(each.place, each.before, each.after, each.note) for each in one.paragraphs]


def test_a_paragraph_that_was_edited_is_shown_and_the_others_stay_the_blocks_they_were(edited):
    found = edited(lambda d: replaced(d.find("统一目录、统一编码"), "统一编码", "统一标识"), *KEEPING[:2])
    assert retouched(found) == [
        ("第5段", "1. 统一目录、统一编码、统一接口", "1. 统一目录、统一标识、统一接口", ""),
    ]  # fmt: skip
    before, after = ISSUES["every kind"].items[0].blocks, found.taken[0].blocks
    assert [one for one in after if one not in before] == [Block(Kind.ITEM, "1. 统一目录、统一标识、统一接口")]
    assert len(after) == len(before)


def test_the_mark_of_a_list_item_stays_a_mark(edited):
    found = edited(lambda d: replaced(d.find("三是完善标准"), "标准", "标准体系"))
    assert Block(Kind.ITEM, "三是完善标准体系", mark="3.") in found.taken[0].blocks


def test_a_bullet_that_the_document_printed_is_no_word_of_its_item(edited):
    found = edited(lambda d: replaced(d.find("● 另议"), "另议", "另行商议"))
    assert [each[1:3] for each in retouched(found)] == [("● 另议", "● 另行商议")]
    assert Block(Kind.ITEM, "另行商议", 1) in found.taken[0].blocks


def test_new_paragraphs_get_the_kind_of_their_style(edited):
    def edit(docx: Docx) -> None:
        place = docx.find("（记者 李晓")
        for text, style in (("小标题一", "Heading3"), ("粘贴的一段", ""), ("列举一项", "Item")):
            place.addprevious(paragraph(text, style))

    found = edited(edit)
    assert [(after, note) for _, _, after, note in retouched(found)] == [
        ("小标题一", "新增的是小标题"), ("粘贴的一段", ""), ("列举一项", "新增的是列举"),
    ]  # fmt: skip
    for block in (
        Block(Kind.HEADING, "小标题一", 1),
        Block(Kind.PARAGRAPH, "粘贴的一段"),
        Block(Kind.ITEM, "列举一项"),
    ):
        assert block in found.taken[0].blocks


def test_a_paragraph_taken_away_is_gone(edited):
    found = edited(lambda d: d.body.remove(d.find("（记者 李晓")))
    assert retouched(found) == [("原第11段", "（记者 李晓 通讯员 赵敏）", "", "")]
    assert all("李晓" not in one.text for one in found.taken[0].blocks)


def test_a_paragraph_that_became_a_sub_heading_is_one(edited):
    def edit(docx: Docx) -> None:
        docx.find("（记者 李晓").find(f"{w('pPr')}/{w('pStyle')}").set(w("val"), "Heading4")

    found = edited(edit)
    assert retouched(found) == [
        ("第11段", "（记者 李晓 通讯员 赵敏）", "（记者 李晓 通讯员 赵敏）", "正文改为下级小标题")
    ]
    assert Block(Kind.HEADING, "（记者 李晓 通讯员 赵敏）", 2) in found.taken[0].blocks


def test_a_paragraph_parted_in_two_is_told_as_such(edited):
    def edit(docx: Docx) -> None:
        whole = docx.find("另有正文")
        text = said(whole)
        at = text.index("平台已")
        whole.addnext(paragraph(text[at:], "Body"))
        write(whole, text[:at])

    found = edited(edit, mutations.split_runs)
    assert [one[3] for one in retouched(found)] == ["分成 2 段"]
    assert "¶" in marked(*retouched(found)[0][1:3])
    assert len(found.taken[0].blocks) == 3


def test_two_paragraphs_joined_by_a_deleted_mark_that_is_pending_are_one(edited):
    def edit(docx: Docx) -> None:
        first = docx.find("另有正文")
        mark = mutations.etree.SubElement(first.find(w("pPr")), w("rPr"))
        mutations.etree.SubElement(mark, w("del")).set(w("author"), "王编辑")

    found = edited(edit)
    assert [one[3] for one in retouched(found)] == ["合为 1 段"]
    assert found.notes == ("文件里有 1 处修订尚未接受或拒绝（王编辑），按接受读取",)


def test_pending_changes_count_as_accepted_and_are_told_of(edited):
    def edit(docx: Docx) -> None:
        run = next(mutations.runs(docx.find("（记者 李晓")))
        gone = run.makeelement(w("del"))
        gone.set(w("author"), "张三")
        run.addprevious(gone)
        gone.append(run)
        for text in gone.iter(w("t")):
            text.tag = w("delText")
        new = gone.makeelement(w("ins"))
        new.set(w("author"), "张三")
        gone.addnext(new)
        new.append(next(mutations.runs(paragraph("（记者 李晓）"))))

    found = edited(edit)
    assert retouched(found) == [("第11段", "（记者 李晓 通讯员 赵敏）", "（记者 李晓）", "")]
    assert found.notes == ("文件里有 2 处修订尚未接受或拒绝（张三），按接受读取",)


def test_a_move_that_is_pending_counts_as_accepted(edited):
    def edit(docx: Docx) -> None:
        first = docx.of_item(0)[0]
        for one in docx.of_item(2):
            copy = deepcopy(one)
            first.addprevious(copy)
            for each, what in ((one, "moveFrom"), (copy, "moveTo")):
                for run in list(mutations.runs(each)):
                    if run.getparent() is each:
                        mutations._wrap(run, what)
                properties = each.find(w("pPr"))
                mutations.etree.SubElement(mutations.etree.SubElement(properties, w("rPr")), w(what))
            for mark in list(one.iter(w("bookmarkStart"))):
                mark.getparent().remove(mark)

    found = edited(edit)
    assert told(found) == [("order", 3, "1")]
    assert "修订尚未接受或拒绝" in found.notes[0]


def test_a_cell_that_was_edited_changes_its_table_alone(edited):
    found = edited(lambda d: replaced(d.find("1,024.5"), "1,024.5", "1,025"))
    ((place, before, after, note),) = retouched(found)
    assert (place, note) == ("第10段", "")
    assert "1,024.5" in before
    assert "1,025" in after
    was = next(one for one in ISSUES["every kind"].items[0].blocks if one.kind is Kind.TABLE)
    now = next(one for one in found.taken[0].blocks if one.kind is Kind.TABLE)
    assert [row for row in now.rows if row not in was.rows] == [("调阅次数（万次）", "1,025", "3,780", "")]


def test_a_picture_taken_away_is_gone_and_the_other_stays(edited):
    def edit(docx: Docx) -> None:
        one = next(each for each in docx.body if docx.style(each) == "FigureAlone")
        docx.body.remove(one)

    found = edited(edit)
    assert [one[1] for one in retouched(found)] == ["［图片“签约现场”］"]
    assert [one.blob for one in found.taken[0].blocks if one.kind is Kind.FIGURE] == [RED]


def test_a_picture_put_in_is_told_of_and_not_taken(edited):
    def edit(docx: Docx) -> None:
        figure = deepcopy(next(each for each in docx.body if docx.style(each) == "FigureAlone"))
        blip = next(one for one in figure.iter() if one.tag.endswith("}blip"))
        blip.set(f"{{{mutations.R}}}embed", "rIdNewimage")
        next(one for one in figure.iter() if one.tag.endswith("}docPr")).set("descr", "")
        docx.parts["word/media/new.png"] = b"new"
        mutations._register(docx, "image", "media/new.png", "x")
        docx.find("另有正文").addnext(figure)

    found = edited(edit)
    assert found.taken == ()
    assert "第2条" in found.untaken[0]
    assert "图片不能从文件中取回" in found.untaken[0]


def test_quotes_that_word_made_curly_are_an_edit_where_they_differ(edited):
    found = edited(lambda d: replaced(d.find("DROP TABLE"), "'; DROP", "‘; DROP"))
    assert retouched(found) == [("第8段", "'; DROP TABLE issues; --", "‘; DROP TABLE issues; --", "")]


# --------------------------------------------------------------------------- what cannot be taken


def test_an_item_typed_in_word_is_told_of_with_the_way_to_add_it(edited):
    def edit(docx: Docx) -> None:
        place = docx.of_item(3)[0]
        for text, style in (
            ("4. 标题：某区上线智慧急救", "Heading2"),
            ("来源：某区融媒", "Meta"),
            ("链接：https://www.example.cn/new", "MetaLink"),
            ("主要内容：", "Meta"),
            ("某区急救站昨日接入平台。", "Body"),
        ):
            place.addprevious(paragraph(text, style))

    found = edited(edit)
    assert found.taken == ()
    (only,) = found.untaken
    assert "《某区上线智慧急救》不是本期的候选，未采用" in only
    assert "bulletin collect --url" in only


def test_an_item_is_not_left_out_when_one_that_nobody_knows_may_be_it(edited):
    def edit(docx: Docx) -> None:
        head, *rest = docx.of_item(3)
        write(head, "4. 标题：“数字家医”这样签约才方便居民看病")
        write(_headline(docx, 3), "“数字家医”这样签约才方便居民看病")
        for place, one in enumerate(one for one in rest if docx.style(one) == "Body"):
            write(one, f"重写的第{place}段。")

    found = edited(edit, mutations.lost_marks)
    assert found.taken == ()
    assert any("第4条" in one and "未删去" in one for one in found.untaken)


def test_an_item_pasted_twice_is_taken_once(edited):
    def edit(docx: Docx) -> None:
        last = docx.of_item(3)[0]
        for one in docx.of_item(1):
            last.addprevious(deepcopy(one))

    found = edited(edit)
    assert found.taken == ()
    assert "重复，只采用了一份" in found.untaken[0]


def test_a_mark_over_another_article_is_told_of_and_nothing_is_left_out(edited):
    def edit(docx: Docx) -> None:
        head, *rest = docx.of_item(2)
        replaced(head, said(head).partition("标题：")[2], "毫不相干的另一则消息")
        replaced(rest[1], "javascript:alert(1)", "https://other.example.cn/9")
        replaced(_headline(docx, 2), said(_headline(docx, 2)), "毫不相干的另一则消息")
        for one in rest:
            if docx.style(one) == "Body":
                write(one, f"另一篇文章的一段{rest.index(one)}。")

    found = edited(edit)
    assert [one for one in found.taken if one.what is Edited.LEFT_OUT] == []
    assert "认不出是改写还是换了一条" in "".join(found.untaken)


def test_a_file_of_another_issue_is_refused(files):
    _, mine = files["every kind", "gongwen"]
    _, other = files["535", "gongwen"]
    with pytest.raises(UsageError, match="找不到第636期的任何一条"):
        changes(other, mine, ISSUES["every kind"])


def test_computed_texts_are_told_of_with_where_they_are_changed(edited):
    def edit(docx: Docx) -> None:
        replaced(docx.find("本期周报共收集"), "4篇", "5篇")
        replaced(docx.find("（第六三六期）"), "六三六", "六三七")

    found = edited(edit)
    assert found.taken == ()
    assert found.untaken == (
        "期号改过（（第六三〔删：六〕〔增：七〕期）），未采用：期号按发布的先后给出，不能改写",
        "导语改过（本期周报共收集〔删：4〕〔增：5〕篇卫生信息化相关信息，时……），未采用：导语由篇数和日期算出，"
        "措辞写在 templates/lead.j2",
    )


def test_nothing_that_a_reader_wrote_beside_the_text_is_lost(edited):
    def edit(docx: Docx) -> None:
        place = docx.find("（记者 李晓")
        mutations.comment(docx, place, "李主任", "此处核实人名")
        mutations.footnote(docx, place, "据市卫健委通报")
        mutations.text_box(place, "请排在头条")

    found = edited(edit)
    assert found.taken == ()
    assert [note.partition("，")[0] for note in found.notes] == ["批注（李主任"]
    assert [left.partition("，")[0] for left in found.untaken] == [
        "脚注（第31段“（记者 李晓 通讯员 赵敏）……”）未采用：据市卫健委通报",
        "第31段旁有文本框",
    ]
    assert "此处核实人名" in found.notes[0]
    assert "请排在头条" in found.untaken[1]


def test_what_was_put_over_a_headline_leaves_it_the_headline(edited):
    def edit(docx: Docx) -> None:
        heading = docx.find("（记者 李晓")
        while docx.style(heading) != "ArtTitle":
            heading = heading.getprevious()
        heading.addprevious(mutations.paragraph("图为诊区一角", "Figure"))

    (change,) = edited(edit).taken
    assert change.what is Edited.TEXT
    assert [(one.before, one.after) for one in change.paragraphs] == [("", "图为诊区一角")]


def test_our_own_comments_are_nobodys_notes(files):
    assert CHECKER == _REVIEWER
    data, back = files["every kind", "gongwen"]
    assert b"word/comments.xml" in data
    assert back.notes == ()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a file"], ids=["empty", "cut", "text"])
def test_what_is_no_docx_is_refused(data):
    with pytest.raises(UsageError, match=r"打开|损坏"):
        read_word(data)


# -------------------------------------------------------------------------------- the draft moved on


def _with(issue: Issue, handle: str, **fields: object) -> Issue:
    items = tuple(dataclasses.replace(one, **fields) if one.handle == handle else one for one in issue.items)
    return dataclasses.replace(issue, items=items)


def test_what_only_the_file_changed_is_taken_and_what_both_changed_is_told_of(edited):
    def edit(docx: Docx) -> None:
        replaced(_headline(docx, 3), TITLE, NEW)
        replaced(_line(docx, 1, "Meta"), "健康报", "北京日报")

    then = ISSUES["every kind"]
    found = against(edited(edit), then, _with(then, "k4", title="改过的标题"))
    assert told(found) == [("outlet", 2, "北京日报")]
    assert found.untaken == (
        f"第4条《{TITLE}》的标题两边都改了：草稿里已是“改过的标题”，文件里是“{NEW}”；保持草稿里的。"
        "要用文件里的，请用 draft edit k4 --title",
    )


def test_what_the_draft_says_the_same_by_now_is_no_change(edited):
    then = ISSUES["every kind"]
    found = against(edited(lambda d: replaced(_headline(d, 3), TITLE, NEW)), then, _with(then, "k4", title=NEW))
    assert found == NOTHING


def test_a_text_that_both_changed_stays_and_both_are_told(edited):
    then = ISSUES["every kind"]
    found = edited(lambda d: replaced(d.find("统一目录、统一编码"), "统一编码", "统一标识"))
    now = against(found, then, _with(then, "k1", blocks=(Block(Kind.PARAGRAPH, "另写"),)))
    assert now.taken == ()
    assert "正文两边都改了" in now.untaken[0]
    assert "〔删：编码〕〔增：标识〕" in now.untaken[0]


def test_paragraphs_that_file_and_draft_changed_apart_from_each_other_are_both_taken(edited):
    then = ISSUES["every kind"]
    found = edited(lambda d: replaced(d.find("统一目录、统一编码"), "统一编码", "统一标识"))
    added = Block(Kind.PARAGRAPH, "编辑在草稿里补写的一段。")
    now = _with(then, "k1", blocks=(*then.items[0].blocks, added))
    (text,) = against(found, then, now).taken
    assert text.blocks == (*found.taken[0].blocks, added)
    assert [(one.before, one.after) for one in text.paragraphs] == [
        (one.before, one.after) for one in found.taken[0].paragraphs
    ]
    assert against(found, then, now).untaken == ()


def test_an_item_deleted_in_the_file_and_edited_in_the_draft_stays(edited):
    then = ISSUES["every kind"]
    found = against(edited(_without_third), then, _with(then, "k3", outlet="新京报"))
    assert found.taken == ()
    assert any("draft exclude k3" in one for one in found.untaken)


def test_an_order_that_both_changed_stays_as_the_draft_has_it(edited):
    then = ISSUES["every kind"]
    first, second, *rest = then.items
    found = against(edited(_moved), then, dataclasses.replace(then, items=(second, first, *rest)))
    assert (found.taken, found.order) == ((), ())
    assert "顺序两边都改了" in found.untaken[0]


def test_a_new_order_holds_when_the_draft_has_one_item_more(edited):
    then = ISSUES["every kind"]
    more = dataclasses.replace(then.items[3], handle="k5", title="新收的一条")
    found = against(edited(_moved), then, dataclasses.replace(then, items=(*then.items, more)))
    assert found.order == ("k3", "k1", "k2", "k4")


# ------------------------------------------------------------------------------------------ the record


def test_what_a_decision_keeps_can_be_read_again(edited):
    def edit(docx: Docx) -> None:
        replaced(_headline(docx, 3), TITLE, NEW)
        replaced(_headline(docx, 1), "（节选）", "")
        replaced(docx.find("统一目录、统一编码"), "统一编码", "统一标识")
        _moved(docx)

    found = edited(edit)
    kept = read(taken(found))
    assert kept.order == ("k3", "k1", "k2", "k4")
    assert set(kept.edits) == {"k1", "k2", "k4"}  # the text of an excerpt stays when its mark goes
    assert kept.edits["k4"] == {"title": NEW}
    assert kept.excerpts == {"k2": False}
    assert summary(found) == "移动 1 条，标题 1 条，正文 1 条（1 处），节选 1 条"
    with pytest.raises(UsageError):
        read("{")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("智慧医院建设", "智慧医院群建设", "智慧医院〔增：群〕建设"),
        ("第一句。第二句。", "第一句。", "第一句。〔删：第二句。〕"),
        ("平台于昨日上线运行", "平台于今日上线运行", "平台于〔删：昨〕〔增：今〕日上线运行"),
        ("", "新的一段", "〔增：新的一段〕"),
    ],
    ids=["added", "taken away", "changed", "new"],
)
def test_changed_characters_are_marked_plainly(before, after, expected):
    assert marked(before, after) == expected


# ------------------------------------------------------------------------------- an office's own template


@pytest.fixture(scope="module")
def own_template(tmp_path_factory):
    """The template of an office that words its labels otherwise, and prints no 标题：before a title."""
    parts = mutations.unpacked((packaged("templates") / "gongwen.docx").read_bytes())
    body = parts[mutations.DOCUMENT].decode()
    for old, new in (("标题：", ""), ("来源：", "信息来源："), ("链接：", "原文链接："), ("主要内容：", "内容摘要：")):
        assert old in body
        body = body.replace(old, new)
    parts[mutations.DOCUMENT] = body.encode()
    path = tmp_path_factory.mktemp("template") / "own.docx"
    path.write_bytes(mutations.packed(parts))
    return path


@pytest.mark.parametrize(
    "keeping",
    [(), (mutations.other_ids, mutations.split_runs), (mutations.lost_marks,)],
    ids=["saved", "wps", "no marks"],
)
def test_a_file_made_with_an_offices_own_template_is_read_too(own_template, keeping):
    issue = ISSUES["535"]
    data = render_docx(issue, template=own_template, draft=True, revision=2, pages={"a1": 1, "a2": 2, "a3": 3})
    back = read_word(data)
    assert [(one.title, one.outlet, one.url) for one in back.items] == [
        (item.title, item.outlet, item.url) for item in issue.items
    ]
    docx = Docx(data)
    replaced(_line(docx, 1, "Meta"), "新京报", "北京日报")
    found = changes(read_word(mutated(docx.save(), keeping, 3)), back, issue)
    assert told(found) == [("outlet", 2, "北京日报")]
    assert found.untaken == ()
