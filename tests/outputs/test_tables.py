from __future__ import annotations

import dataclasses
import io

import docx
import pytest
from docx.oxml.ns import qn
from docx.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt
from openxml_audit import OpenXmlValidator

from pipeline.config import packaged
from pipeline.model import Block, Issue, Kind
from pipeline.outputs.markdown import render_markdown
from pipeline.outputs.tables import column_widths, grid
from pipeline.outputs.text import em
from pipeline.outputs.word import render_docx
from pipeline.steps.disassemble.markdown import own
from sample_issues import issue_535

TEMPLATE = packaged("templates") / "gongwen.docx"
READER = MarkdownIt("commonmark").enable("table")
MERGED = Block(
    Kind.TABLE,
    rows=(
        ("区", "2023年", "", "2024年", "", "说明"),
        ("", "机构（家）", "调阅（万次）", "机构（家）", "调阅（万次）", ""),
        ("丰台区", "128", "1,024.5", "215", "3,780.0", "含二级以上公立医院，统计口径与上年一致"),
        ("", "36", "88.1", "52", "120.4", "社区卫生服务中心"),
        ("西城区", "96", "700.2", "110", "910.3", ""),
        ("注：数据截至6月10日。", "", "", "", "", ""),
    ),
    header=2,
    spans=((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2), (0, 5, 2, 1), (2, 0, 2, 1), (5, 0, 1, 6)),
)


def issue_of(*blocks: Block) -> Issue:
    issue = issue_535()
    return dataclasses.replace(issue, items=(dataclasses.replace(issue.items[0], blocks=blocks),))


def word_of(*blocks: Block, template=TEMPLATE):
    return docx.Document(io.BytesIO(render_docx(issue_of(*blocks), template=template)))


def markdown_of(*blocks: Block):
    return html.fromstring(f"<div>{READER.render(render_markdown(issue_of(*blocks)).split('---', 2)[2])}</div>")


def head_rows(table) -> int:
    return len(table._tbl.findall(f".//{qn('w:tblHeader')}"))


def plain(*rows: tuple[str, ...], header: int = 0) -> Block:
    return Block(Kind.TABLE, rows=rows, header=header)


def test_merged_cells_are_merged_in_word_and_the_whole_head_repeats_on_each_page(tmp_path) -> None:
    (table,) = word_of(MERGED).tables
    assert head_rows(table) == 2
    cells = [[cell.text for cell in row.cells] for row in table.rows]  # a merged cell is given at each of its places
    assert cells[0] == ["区", "2023年", "2023年", "2024年", "2024年", "说明"]
    assert cells[1][0] == "区"
    assert [row[0] for row in cells[2:5]] == ["丰台区", "丰台区", "西城区"]
    assert set(cells[5]) == {"注：数据截至6月10日。"}
    styles = [{cell.paragraphs[0].style.name for cell in row.cells} for row in table.rows]
    assert styles[0] == styles[1] == {"表格表头"}
    path = tmp_path / "merged.docx"
    path.write_bytes(render_docx(issue_of(MERGED), template=TEMPLATE))
    assert not OpenXmlValidator().validate(str(path)).errors


def test_markdown_tells_merged_cells_in_words() -> None:
    root = markdown_of(MERGED)
    assert [cell.text_content() for cell in root.iter("th")] == [
        "区", "2023年 机构（家）", "2023年 调阅（万次）", "2024年 机构（家）", "2024年 调阅（万次）", "说明",
    ]  # fmt: skip
    rows = [[cell.text_content() for cell in row.iter("td")] for row in root.iter("tr")][1:]
    assert [row[0] for row in rows] == ["丰台区", "丰台区", "西城区", "注：数据截至6月10日。"]
    assert rows[3][1:] == [""] * 5


@pytest.mark.parametrize(
    ("block", "header"),
    [
        (plain(("机构", "数量"), ("甲院", "12"), ("乙院", "30")), 1),
        (plain(("序号", "项目", "内容"), ("1", "互认", "检查检验结果互认"), ("2", "共享", "影像共享")), 1),
        (plain(("单位", "某医院"), ("床位", "1000"), ("地址", "丰台区")), 0),
        (plain(("甲院", "12", "30"), ("乙院", "14", "31")), 0),
        (plain(("机构", "数量"), ("甲院", "12"), header=9), 1),
        (plain(("表1", "", ""), ("区", "家", "次"), ("丰台", "1", "2"), ("西城", "3", "4")), 0),
        (dataclasses.replace(MERGED, header=0), 2),
        (dataclasses.replace(MERGED, header=1), 2),
    ],
    ids=["words over numbers", "three columns of words", "names and what they are", "numbers at once",
         "never the whole table", "an empty cell", "merged but unmarked", "a head that reaches down"],
)  # fmt: skip
def test_a_first_row_is_a_head_when_the_page_says_so_or_it_looks_like_one(block: Block, header: int) -> None:
    (table,) = word_of(block).tables
    assert head_rows(table) == header


def test_short_columns_stay_on_one_line_and_the_long_one_gets_the_rest() -> None:
    remark = "人工智能辅助诊断系统在门诊、急诊和体检中心使用，覆盖影像、病理和心电三类检查"
    rows = [("机构", "例数", "说明"), *((f"第{n}医院", "1,024.5", remark) for n in range(3))]
    made = grid(plain(*rows))
    widths = column_widths(made, 36.0)
    assert sum(widths) == pytest.approx(36.0, abs=0.01)
    assert widths[0] >= em("第1医院")
    assert widths[1] >= em("1,024.5")
    assert widths[2] > 2 * max(widths[:2])


def test_a_head_keeps_its_unit_and_a_short_name_stays_on_one_line() -> None:
    rows = [("指标", "2024年", "2025年", "说明"), ("互认率", "36%", "58%", "统计口径与上年一致，" * 6)]
    widths = column_widths(grid(plain(*rows)), 32.0)
    assert min(widths[1:3]) >= 3.6  # 2025年 in a bold face with the gap after its digits
    rows = [("区", *(f"{n}月" for n in range(12))), *((f"{n}台山区", *("1,024",) * 12) for n in "甲乙")]
    assert column_widths(grid(plain(*rows)), 38.6)[0] >= 4


def test_columns_are_as_wide_as_makes_the_table_low() -> None:
    rows = [("机构名称", "备注"), *((f"丰台区方庄第{n}社区卫生服务中心", "") for n in "一二三四五六七八")]
    rows.append(("某院", "接口改造已完成，历史数据清洗中，预计下季度开放调阅，" * 2))
    widths = column_widths(grid(plain(*rows)), 28.0)
    assert widths[0] > 15.9, "one tall row costs less than eight of two lines"
    assert sum(widths) <= 28.0


def test_a_table_of_a_year_is_set_small_and_one_of_a_month_of_days_as_lines() -> None:
    def year(columns: int) -> Block:
        numbers = tuple(f"{1000 + n:,}" for n in range(columns))
        return plain(("指标", *(f"{n}号" for n in range(columns))), ("门诊调阅", *numbers), ("住院调阅", *numbers))

    (table,) = word_of(year(12)).tables
    assert {cell.paragraphs[0].style.name for row in table.rows for cell in row.cells} == {
        "表格表头小号", "表格文字小号", "表格数字小号", "表格文字小号同页", "表格数字小号同页",
    }  # fmt: skip
    document = word_of(year(31))
    assert document.tables == []
    (line,) = (one.text for one in document.paragraphs if one.text.startswith("门诊调阅："))
    assert line.startswith("门诊调阅：0号 1,000　1号 1,001　")


def _kept(table: Table) -> list[bool]:
    """Which rows stay with the next, in all of their cells."""
    said = [{cell.paragraphs[0].style.name.removesuffix("小号") for cell in row.cells} for row in table.rows]
    assert all(len({_stays(name) for name in names}) == 1 for names in said)
    return [_stays(next(iter(names))) for names in said]


def _stays(style: str) -> bool:
    return style.endswith("同页") or style.startswith("表格表头")


def test_a_low_table_stays_on_one_page_and_of_a_long_one_no_row_stands_alone() -> None:
    def table(rows: int) -> Table:
        return word_of(plain(("区", "机构", "次数"), *((f"第{n}区", "社区", f"{n}") for n in range(rows)))).tables[0]

    assert _kept(table(5)) == [True] * 5 + [False]
    assert _kept(table(30)) == [True, True] + [False] * 27 + [True, False]


def test_no_column_is_as_wide_that_a_cell_ends_in_a_line_of_one_character() -> None:
    rows = [
        ("指标", "2024年", "2025年", "说明"),
        ("调阅次数（万次）", "128", "215", "甲" * 19),
        ("互认率", "36", "58", ""),
    ]
    widths = column_widths(grid(plain(*rows)), 34.9)
    assert widths[3] < 17.0, "two lines either way: the second is no single character"
    assert sum(widths) == pytest.approx(34.9)


def test_smaller_type_is_taken_before_a_short_name_is_torn() -> None:
    names = [("区", *(f"{n}月" for n in range(9))), *((f"{n}头沟区", *("20,245",) * 9) for n in "门丁")]
    (table,) = word_of(plain(*names)).tables
    assert all("小号" in cell.paragraphs[0].style.name for row in table.rows for cell in row.cells)
    remarks = [("项目", *(f"第{n}期" for n in "一二三四五六")), ("说明", *("接口改造已完成，历史数据清洗中",) * 6)]
    (table,) = word_of(plain(*remarks)).tables
    assert "小号" not in "".join(cell.paragraphs[0].style.name for row in table.rows for cell in row.cells)


def test_a_head_is_broken_before_its_unit_or_not_at_all() -> None:
    rows = [("区", *("调阅（万次）",) * 4, "说明"), *((f"{n}台区", *("3,780.0",) * 4, "社区，" * 9) for n in "丰丁")]
    widths = column_widths(grid(plain(*rows)), 36.0)
    assert min(widths[1:5]) >= 6.2, "（万 would stay above and 次） stand below"


def test_rows_and_columns_in_which_nothing_stands_are_left_out() -> None:
    block = Block(
        Kind.TABLE,
        rows=(("项目", "", "数", ""), ("", "", "", ""), ("床位", "", "10", ""), ("", "", "20", "")),
        spans=((0, 0, 1, 2), (2, 0, 2, 1)),
    )
    made = grid(block)
    assert made.rows == (("项目", "数"), ("床位", "10"), ("", "20"))
    assert made.spans == {(1, 0): (2, 1)}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["", "甲", "12", "乙丙"]), min_size=1, max_size=4), min_size=1, max_size=5),
    st.lists(st.tuples(*[st.integers(-1, 6)] * 4), max_size=4),
    st.integers(0, 6),
)
def test_no_cell_is_lost_whatever_the_spans_say(rows, spans, header) -> None:
    made = grid(Block(Kind.TABLE, rows=tuple(map(tuple, rows)), spans=tuple(spans), header=header))
    texts = sorted(cell for row in rows for cell in row if cell)
    if made is None:
        assert texts == []
        return
    assert sorted(cell for row in made.rows for cell in row if cell) == texts
    assert not any(made.rows[row][column] for row, column in made.covered)
    assert 0 <= made.header < len(made.rows)
    assert all(any(text in cell for row in made.filled() for cell in row) for text in texts)


def test_a_title_over_a_table_stays_with_it_and_one_under_a_picture_stays_its_caption() -> None:
    table = plain(("机构", "数量"), ("甲院", "12"))
    document = word_of(Block(Kind.PARAGRAPH, "正文。"), Block(Kind.CAPTION, "表1 各院数量"), table)
    (title,) = (one for one in document.paragraphs if one.text == "表1 各院数量")
    assert title.style.name == "表格标题"
    assert title.style.paragraph_format.keep_with_next
    assert title._p.getnext().tag == qn("w:tbl")


def test_items_in_items_stand_farther_in_and_keep_their_numbers_in_both_forms() -> None:
    items = (
        Block(Kind.ITEM, "统一目录。", mark="1."),
        Block(Kind.ITEM, "检验项目", level=1),
        Block(Kind.ITEM, "生化", level=2),
        Block(Kind.ITEM, "影像项目", level=1),
        Block(Kind.ITEM, "统一接口。", mark="2."),
        Block(Kind.ITEM, "统一质控。", mark="7."),
    )
    document = word_of(*items)
    printed = {one.text: one.style.name for one in document.paragraphs}
    assert printed["1. 统一目录。"] == printed["7. 统一质控。"] == "文章列举"
    assert printed["● 检验项目"] == "文章列举二级"
    assert printed["● 生化"] == "文章列举三级"
    root = markdown_of(*items)
    assert [one.text for one in root.xpath("./ol/li[starts-with(., '统一')]")] == ["统一目录。\n", "统一接口。"]
    assert [one.text.strip() for one in root.xpath("./ol/li/ul/li")] == ["检验项目", "影像项目"]
    assert [one.text for one in root.xpath("./ol/li/ul/li/ul/li")] == ["生化"]
    assert "7. 统一质控。" in [one.text for one in root.xpath(".//li")], "a number that CommonMark would count anew"
    (item,) = own(render_markdown(issue_of(*items))).items
    assert item.blocks == items


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "1.", "2.", "3.", "10."]), st.integers(0, 3)), min_size=1, max_size=8))
def test_every_item_of_any_list_is_an_item_of_the_markdown_with_its_number(items) -> None:
    blocks = [Block(Kind.ITEM, f"项{chr(0x4E00 + n)}", level, mark=mark) for n, (mark, level) in enumerate(items)]
    root = markdown_of(*blocks)
    read = {}
    for one in root.xpath("./ol[not(.//a)]//li | ./ul//li"):
        text = (one.text or "").strip()
        mark, _, rest = text.rpartition(" ")
        if one.getparent().tag == "ol":
            assert not mark
            place = [each for each in one.getparent() if each.tag == "li"].index(one)
            mark = f"{int(one.getparent().get('start', '1')) + place}."
        if text.startswith("项") or mark:
            read[rest] = mark
    assert read == {one.text: one.mark for one in blocks}
    (item,) = own(render_markdown(issue_of(*blocks))).items
    assert [f"{one.mark} {one.text}".strip() for one in item.blocks] == [
        f"{one.mark} {one.text}".strip() for one in blocks
    ]


def test_a_template_without_the_newer_styles_prints_with_the_older_ones(tmp_path) -> None:
    document = docx.Document(str(TEMPLATE))
    for name in ("表格标题", "无说明图片", "文章列举二级", "文章列举三级",
                 "表格文字小号", "表格表头小号", "表格数字小号"):  # fmt: skip
        element = document.styles[name].element
        element.getparent().remove(element)
    path = tmp_path / "older.docx"
    document.save(str(path))
    made = word_of(Block(Kind.CAPTION, "表1 数量"), MERGED, Block(Kind.ITEM, "项", 1), template=path)
    styles = {one.text: one.style.name.lower() for one in made.paragraphs}
    assert (styles["表1 数量"], styles["● 项"]) == ("caption", "文章列举")
    assert len(made.tables) == 1
