import pytest
from lxml import html

from pipeline.model import Block, Kind
from pipeline.steps.extract.blocks import finish, read_blocks, trim
from pipeline.steps.extract.tables import Table, read_table
from pipeline.steps.extract.tree import parse

PROSE = "<p>全市互联网诊疗服务量同比增长三成，开展互联网诊疗的医疗机构已有九十二家，市民看病更方便了。</p>"
TABLE = "<tr><th>医院<th>数量</tr><tr><td>甲院<td>12</tr><tr><td>乙院<td>30</tr>"


def blocks(markup: str) -> tuple[Block, ...]:
    tree = parse(f"<html><body><div id=b>{markup}</div></body></html>")
    assert tree is not None
    [container] = tree.xpath("//div[@id='b']")
    return finish(trim(read_blocks(container, "https://www.example.cn/"), "诊疗量半年翻番")[0])


def table(markup: str) -> Table | None:
    return read_table(html.fromstring(f"<table>{markup}</table>"))


# ------------------------------------------------------------------------------------------------- captions

PICTURE = "<img src=/p/1.jpg alt='现场'>"
CAPTIONS = {
    "a figcaption": f"<figure>{PICTURE}<figcaption>{{0}}</figcaption></figure>",
    "a class that says caption": f"<div>{PICTURE}</div><div class=img-desc>{{0}}</div>",
    "camel-case class": f"<div>{PICTURE}</div><p class=picDes>{{0}}</p>",
    "centred under the picture": f"<p>{PICTURE}</p><p style='text-align:center'>{{0}}</p>",
    "align attribute": f"<p align=center>{PICTURE}</p><p align=center>{{0}}</p>",
    "in the picture's own paragraph": f"<p>{PICTURE}<br>{{0}}</p>",
    "in a span beside the picture": f"<p>{PICTURE}<span>{{0}}</span></p>",
    "a table with a row for each": f"<table><tr><td>{PICTURE}</td></tr><tr><td>{{0}}</td></tr></table>",
    "a definition list": f"<dl class=media_pic><dt>{PICTURE}</dt><dd>{{0}}</dd></dl>",
    "a box of two divs": f"<div class=x1><div>{PICTURE}</div><div>{{0}}</div></div>",
    "small type": f"<p>{PICTURE}</p><p style='font-size:12px'>{{0}}</p>",
    "grey type in a section": f"<section>{PICTURE}</section><p><span style='color:rgb(136,136,136)'>{{0}}</span></p>",
    "grey by hexadecimal": f"<p>{PICTURE}</p><p><font style='color:#888888'>{{0}}</font></p>",
    "a link around the picture": f"<p><a href=/big>{PICTURE}</a></p><center>{{0}}</center>",
    "the body's own type": f"<p>{PICTURE}</p><p>{{0}}</p>",
}


@pytest.mark.parametrize("way", CAPTIONS)
@pytest.mark.parametrize("text", ["调度大厅的实时地图", "医生在诊室查看随访记录。新华社记者 王小明 摄"])
def test_a_caption_is_marked_however_it_is_set(way: str, text: str) -> None:
    found = blocks(PROSE + CAPTIONS[way].format(text) + PROSE)
    assert [(b.kind, b.text) for b in found if b.kind in (Kind.CAPTION, Kind.FIGURE)] == [
        (Kind.FIGURE, "现场"),
        (Kind.CAPTION, text),
    ]
    assert [b.kind for b in found].count(Kind.PARAGRAPH) == 2


@pytest.mark.parametrize(
    "text",
    [
        "图为社区医生上门随访。",
        "▲患者在自助机上打印检查报告，全程不到一分钟。",
        "△演示现场",
        "图1 平台总体架构。",
        "图二：接口关系",
        "（图源：视觉中国）",
        "（资料图）",
        "左图：改造前的候诊区；右图：改造后的候诊区。",
        "6月18日，市民在社区服务站体验自助测量血压。",
        "会议现场。受访单位供图",
        "急救人员在车上录入患者信息。本报记者 曹政 摄",
        "智慧药房一角。记者王小明/摄",
        "一名护士扫码核对药品。（李四 摄）",
        "手术机器人效果图",
        "视频截图",
        "图片来源：示范晚报",
        "摄影：王小明",
        "新华社发（王小明 摄）",
        "图/视觉中国",
        "图片由市急救中心提供",
        "小朋友看机械臂抓药。新华社记者 庄羽 摄",
    ],
)
def test_a_caption_is_told_by_its_words_right_under_a_picture(text: str) -> None:
    found = blocks(f"{PROSE}<p>{PICTURE}</p><p>{text}</p>{PROSE}")
    assert [b.text for b in found if b.kind is Kind.CAPTION] == [text]


def test_a_caption_may_point_down_at_its_picture() -> None:
    found = blocks(f"{PROSE}<p>▼平台的三层架构</p><p>{PICTURE}</p>{PROSE}")
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.CAPTION, Kind.FIGURE, Kind.PARAGRAPH]


def test_two_captions_one_under_the_other_are_both_marked() -> None:
    found = blocks(f"{PROSE}<p>{PICTURE}</p><p align=center>调度大厅</p><p align=center>本报记者 曹政 摄</p>{PROSE}")
    assert [b.text for b in found if b.kind is Kind.CAPTION] == ["调度大厅", "本报记者 曹政 摄"]


@pytest.mark.parametrize(
    "line",
    [
        "<p>系统今年底覆盖全市，届时所有社区站点都能使用同一套接口。</p>",
        "<h3>统一数据标准</h3>",
        "<p><strong>统一数据标准</strong></p>",
        "<p>一、总体要求</p>",
        "<p>（一）统一数据标准</p>",
        "<p>专家这样说：</p>",
        "<p>来源：示范晚报</p>",
        "<p>文/王小明</p>",
    ],
)
def test_what_stands_under_a_picture_and_is_no_caption_stays_what_it_is(line: str) -> None:
    assert Kind.CAPTION not in [b.kind for b in blocks(f"{PROSE}<p>{PICTURE}</p>{line}{PROSE}")]


def test_a_picture_kept_for_readers_without_scripts_counts_once() -> None:
    from pipeline.steps.extract.tree import hide_unseen

    hidden = "<img src=/blank.gif><noscript><img src=/p/9.jpg></noscript>"
    tree = parse(f"<html><body><div id=b>{PROSE}{hidden}{PROSE}</div></body></html>")
    assert tree is not None
    hide_unseen(tree)
    [container] = tree.xpath("//div[@id='b']")
    found = finish(read_blocks(container, "https://www.example.cn/"))
    assert [b.src for b in found if b.kind is Kind.FIGURE] == ["https://www.example.cn/p/9.jpg"]


# ---------------------------------------------------------------------------------------------------- lists


def test_a_numbered_list_keeps_its_numbers_beside_the_text() -> None:
    found = blocks(PROSE + "<ol start=3><li>统一编码</li><li>统一接口</li></ol>" + PROSE)
    assert [(b.mark, b.text) for b in found if b.kind is Kind.ITEM] == [("3.", "统一编码"), ("4.", "统一接口")]


def test_a_nested_list_says_how_deep_its_items_lie() -> None:
    found = blocks(PROSE + "<ul><li>标准<ul><li>数据元</li><li>值域</li></ul></li><li>接口</li></ul>" + PROSE)
    assert [(b.level, b.mark, b.text) for b in found if b.kind is Kind.ITEM] == [
        (0, "", "标准"),
        (1, "", "数据元"),
        (1, "", "值域"),
        (0, "", "接口"),
    ]


def test_an_item_that_brings_its_own_number_gets_no_second_one() -> None:
    found = blocks(PROSE + "<ol><li>（一）统一编码</li><li>2、统一接口</li></ol>" + PROSE)
    assert [b.mark for b in found if b.kind is Kind.ITEM] == ["", ""]


# --------------------------------------------------------------------------------------------------- tables


def test_a_table_knows_its_head() -> None:
    found = table(TABLE)
    assert found is not None
    assert (found.header, found.rows) == (1, (("医院", "数量"), ("甲院", "12"), ("乙院", "30")))


def test_bold_cells_and_a_thead_are_a_head_too() -> None:
    bold = table("<tr><td><b>医院</b><td><strong>数量</strong></tr><tr><td>甲院<td>12</tr>")
    thead = table("<thead><tr><td>医院<td>数量</tr></thead><tbody><tr><td>甲院<td>12</tr></tbody>")
    assert bold is not None
    assert thead is not None
    assert (bold.header, thead.header) == (1, 1)


def test_cells_that_reach_over_others_keep_every_cell_in_its_column() -> None:
    found = table(
        "<tr><th rowspan=2>区<th colspan=2>机构数</tr><tr><th>2023年<th>2024年</tr>"
        "<tr><td rowspan=2>东区<td>3<td>5</tr><tr><td>4<td>6</tr>"
    )
    assert found is not None
    assert found.rows == (("区", "机构数", ""), ("", "2023年", "2024年"), ("东区", "3", "5"), ("", "4", "6"))
    assert found.spans == ((0, 0, 2, 1), (0, 1, 1, 2), (2, 0, 2, 1))
    assert found.header == 2


def test_a_span_never_reaches_beyond_its_table() -> None:
    found = table("<tr><td rowspan=99>甲院<td>12</tr><tr><td>30</tr>")
    assert found is not None
    assert found.spans == ((0, 0, 2, 1),)


def test_a_tables_own_title_is_a_caption_before_it() -> None:
    found = blocks(PROSE + f"<table><caption>表1 各院数量</caption>{TABLE}</table>" + PROSE)
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.CAPTION, Kind.TABLE, Kind.PARAGRAPH]


@pytest.mark.parametrize(
    "title", ["<p><b>表1　各院数量</b></p>", "<h3>表 2-1：各院数量</h3>", "<p>附表一、各院数量（家）</p>"]
)
def test_a_line_that_numbers_the_table_below_it_is_its_title(title: str) -> None:
    found = blocks(PROSE + f"{title}<table>{TABLE}</table>" + PROSE)
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.CAPTION, Kind.TABLE, Kind.PARAGRAPH]
    found = blocks(PROSE + f"<p>表1各院数量如下，由市卫生健康委统计。</p><table>{TABLE}</table>" + PROSE)
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.PARAGRAPH, Kind.TABLE, Kind.PARAGRAPH]


def test_the_highest_headings_of_a_page_are_its_first_level_whatever_their_number() -> None:
    def levels(high: int, low: int) -> list[int]:
        parts = f"<h{high}>怎么建</h{high}>{PROSE}<h{low}>（一）标准</h{low}>{PROSE}<h{high}>怎么用</h{high}>{PROSE}"
        return [b.level for b in blocks(PROSE + parts) if b.kind is Kind.HEADING]

    assert levels(2, 3) == levels(3, 4) == levels(4, 6) == [1, 2, 1]


def test_a_table_that_only_lays_out_the_page_is_read_as_text() -> None:
    assert table(f"<tr><td>{PROSE}{PROSE}{PROSE}<td>12</tr><tr><td><td></tr>") is None


# ------------------------------------------------------------------------------------- what leads elsewhere


def test_a_headline_of_something_else_between_paragraphs_is_left_out() -> None:
    found = blocks(PROSE + "<h2><a href=/video/1>用语音发一分钟是怎样的体验</a></h2>" + PROSE)
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.PARAGRAPH]


def test_a_sub_heading_that_is_its_own_anchor_stays() -> None:
    found = blocks(PROSE + "<h2><a name=p2>统一全市的数据标准</a></h2>" + PROSE)
    assert [b.kind for b in found] == [Kind.PARAGRAPH, Kind.HEADING, Kind.PARAGRAPH]
