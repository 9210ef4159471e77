"""Old issues as Word files: what the file says more than its words is kept, and our own come back exactly."""

import dataclasses
import io
import zipfile

import docx
import pytest
from docx.shared import Cm
from PIL import Image

import handmade
from drafts import CONFIG
from papers import Text, column, pdf
from pipeline.config import packaged
from pipeline.demo.seeds import imported as seed
from pipeline.model import Block, Kind
from pipeline.outputs.text import clean
from pipeline.outputs.word import render_docx
from pipeline.steps.disassemble import disassemble_document
from pipeline.steps.disassemble.documents import _Opening
from pipeline.steps.extract.documents import Manuscript, Sheet, manuscript_of
from pipeline.steps.extract.documents.pdf import _Glyph, _space_names
from sample_issues import every_kind, issue_535

KNOWN = CONFIG.series
TOO_LONG = "北京市加快医药健康协同创新行动计划（2024—2026年）"
"""A heading of 535 that the seed prints in two lines; in one it looks like a paragraph."""


def read(data: bytes):
    return disassemble_document(data, KNOWN)[0]


def looks(issue, manner: str):
    """The issue as that manner of typing shows it: a heading has a style, or only its words."""
    if manner == "styled":
        return issue
    plain = Block(Kind.PARAGRAPH, TOO_LONG)
    items = tuple(
        dataclasses.replace(one, blocks=tuple(plain if block.text == TOO_LONG else block for block in one.blocks))
        for one in issue.items
    )
    return dataclasses.replace(issue, items=items)


@pytest.mark.parametrize("number", [534, 535, 636])
@pytest.mark.parametrize("manner", handmade.MANNERS)
def test_an_issue_typed_in_word_is_the_issue_that_its_text_is(number, manner):
    issue = seed(number).issue
    found = read(handmade.MANNERS[manner](issue))
    assert found.issue == looks(issue, manner)
    # a 目录 that Word makes has no outlets
    assert {one.check for one in found.findings} == ({"contents"} if manner == "styled" else set())
    assert all("来源是“空”" in one.message and "段：" in one.message for one in found.findings)


def test_the_list_of_535_does_not_split_its_item():
    found = read(handmade.typed(seed(535).issue))
    assert len(found.issue.items) == 3
    assert sum(block.kind is Kind.ITEM for block in found.issue.items[1].blocks) == 42


@pytest.mark.parametrize("template", ["gongwen", "classic"])
@pytest.mark.parametrize("made", [issue_535, lambda: seed(534).issue, lambda: seed(636).issue, every_kind])
def test_a_file_that_we_exported_is_the_same_issue_again(template, made):
    issue = made()
    found = read(render_docx(issue, template=packaged("templates") / f"{template}.docx"))
    assert found.findings == ()
    assert (found.issue.number, found.issue.window, found.issue.lead) == (issue.number, issue.window, issue.lead)
    for one, was in zip(found.issue.items, issue.items, strict=True):
        assert (one.title, one.outlet, one.date, one.excerpt) == (clean(was.title), was.outlet, was.date, was.excerpt)
        assert one.url == was.url
        assert one.blocks == tuple(
            dataclasses.replace(block, text=clean(block.text)) for block in was.blocks if block.kind is not Kind.FIGURE
        )


def opened(data: bytes):
    return docx.Document(io.BytesIO(data))


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def rewritten(data: bytes, change, **added: bytes) -> bytes:
    """A file with each part changed, and parts added to the folder word."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as was, zipfile.ZipFile(made, "w") as now:
        for one in was.infolist():
            now.writestr(one, change(one.filename, was.read(one)))
        for name, part in added.items():
            now.writestr(f"word/{name}.xml", part)
    return made.getvalue()


def picture(mode: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 160), 50).convert("RGB").save(file, mode)
    return file.getvalue()


def test_pictures_and_tables_stay_where_they_stand():
    rows = (("指标", "2023年"), ("医院", "128"), ("诊所", "77"))
    first, *rest = seed(534).issue.items
    issue = dataclasses.replace(
        seed(534).issue,
        items=(dataclasses.replace(first, blocks=(*first.blocks[:2], Block(Kind.TABLE, rows=rows))), *rest),
    )
    imported, pictures = disassemble_document(handmade.styled(issue, picture()), KNOWN)
    *text, table, figure, caption = imported.issue.items[0].blocks
    assert tuple(text) == first.blocks[:2]
    assert table == Block(Kind.TABLE, rows=rows)
    assert (figure.kind, caption) == (Kind.FIGURE, Block(Kind.CAPTION, "大厅里的自助机。本报记者 王小明 摄"))
    assert list(pictures) == [figure.blob]
    assert pictures[figure.blob][:4] == b"\x89PNG"[:4] or pictures[figure.blob][:2] == b"\xff\xd8"


def test_a_picture_that_cannot_be_read_is_counted_and_the_text_stays():
    data = handmade.styled(seed(534).issue, picture())
    broken = rewritten(data, lambda name, part: b"no picture" if "media/" in name else part)
    imported, pictures = disassemble_document(broken, KNOWN)
    assert pictures == {}
    assert "图片 1 张读不出来，没有收入" in imported.notes
    assert len(imported.issue.items) == 4


@pytest.mark.parametrize(
    ("words", "target", "url"),
    [
        ("点此查看", "https://a.example.com/1.html", "https://a.example.com/1.html"),
        ("https://a.example.com/1. html", "https://a.example.com/1.html", "https://a.example.com/1.html"),
        ("https://a.example.com/1.htm", "https://a.example.com/1.html", "https://a.example.com/1.html"),
        ("https://a.example.com/1.html", "https://b.example.com/2.html", "https://a.example.com/1.html"),
    ],
    ids=["words", "a blank", "cut off", "another"],
)
def test_the_address_behind_a_link_mends_the_one_that_stands_there(words, target, url):
    document = opened(handmade.typed(seed(534).issue))
    line = next(one for one in document.paragraphs if one.text.startswith("链接"))
    line.text = "链接："
    handmade._linked(line, words, target)
    found = read(saved(document))
    assert found.issue.items[0].url == url
    assert any("点开却是 https://b" in note for note in found.notes) == (target[8] == "b")


def test_numbers_that_word_counts_and_deep_headings_are_read_as_they_show():
    document = opened(handmade.typed(seed(534).issue))
    last = document.paragraphs[-1]
    for text, style in (("数据怎么共享", "Heading 4"), ("先统一编码", "List Number"), ("再统一接口", "List Bullet")):
        last.insert_paragraph_before(text, style=style)
    blocks = read(saved(document)).issue.items[-1].blocks
    assert [(one.kind, one.text) for one in blocks[-4:-1]] == [
        (Kind.HEADING, "数据怎么共享"), (Kind.ITEM, "1. 先统一编码"), (Kind.ITEM, "再统一接口"),
    ]  # fmt: skip


def test_what_heads_and_foots_the_pages_is_no_text_of_an_item():
    found = read(handmade.typed(seed(534).issue))
    assert all("北京市卫生信息化舆情监测月报" not in one.text for one in found.issue.items)


def test_a_text_box_and_a_wide_picture_do_no_harm():
    document = opened(handmade.typed(seed(534).issue))
    document.paragraphs[-1].add_run().add_picture(io.BytesIO(picture("JPEG")), Cm(30))
    imported, pictures = disassemble_document(saved(document), KNOWN)
    assert len(pictures) == 1
    assert imported.issue.items[-1].blocks[-1].kind is Kind.FIGURE


def test_a_footnote_stands_behind_the_paragraph_that_refers_to_it():
    note = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:footnote w:id="2"><w:p><w:r><w:t>数据截至上月底。</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    first = seed(534).issue.items[0].blocks[0].text
    mark = '</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>'

    def referring(name: str, part: bytes) -> bytes:
        if name != "word/document.xml":
            return part
        text = part.decode()
        assert text.count(first[-12:]) == 1
        return text.replace(first[-12:], first[-12:] + mark).encode()

    data = rewritten(handmade.typed(seed(534).issue), referring, footnotes=note.encode())
    blocks = read(data).issue.items[0].blocks
    assert [one.text for one in blocks[:2]] == [first, "注：数据截至上月底。"]


def lines_of_pdf(*lines: tuple[float, float, str]) -> list[str]:
    page = [Text(x, y, text) for x, y, text in lines]
    found = manuscript_of(pdf([[*page, *column("平台已接入二百四十余家机构，医生在诊间调阅影像。" * 9, 72, 600, 36)]]))
    assert isinstance(found, Manuscript)
    return [one.text for one in found.lines]


def test_signs_that_a_pdf_draws_after_their_line_stand_where_they_are_seen():
    words = [
        (72, 700, "智慧北京机器人"),
        (150.75, 700, "上岗"),
        (177, 700, "超百场景"),
        (145.5, 700, '"'),
        (171.75, 700, '"'),
    ]
    assert '智慧北京机器人"上岗"超百场景' in lines_of_pdf(*words)


def test_a_space_of_another_font_that_a_pdf_only_leaves_room_for_parts_names():
    words = [(72, 700, "智慧药房。本报记者"), (169.5, 700, "曹政"), (193.5, 700, "摄影报道")]
    assert "智慧药房。本报记者 曹政 摄影报道" in lines_of_pdf(*words)


def test_a_title_whose_characters_are_spaced_out_gets_no_spaces():
    glyphs = [_Glyph(char, 13.5 * place, 0, 13.5 * place + 10.5, 10.5) for place, char in enumerate("关于印发方案")]
    _space_names(glyphs)
    assert "".join(one.text for one in glyphs) == "关于印发方案"


def test_a_line_that_broke_before_an_opening_bracket_goes_on():
    full = "北京市人民政府办公厅近日印发的是《北京市加快医药健康创新行动计划"
    rest = "（2024-2026年）》，即第三轮行动计划，平台的建设列在其中。"
    assert f"{full}{rest}" in lines_of_pdf((93, 700, full), (72, 684, rest))


def test_links_that_say_no_more_than_that_they_are_some_lead_in_their_order():
    words = ["原文链接", "主要内容：", "链接：原文"]
    links = (("原文链接", "https://a.cn/1"), ("别处", "https://a.cn/9"), ("原文", "https://a.cn/2"))
    found = _Opening(Manuscript([Sheet(one) for one in words], kind="PDF", links=links)).open()
    assert [one.text for one in found.lines] == ["链接：https://a.cn/1", "主要内容：", "链接：https://a.cn/2"]


def test_a_heading_under_a_full_line_is_one_where_the_next_line_is_indented():
    full = "首批二百四十余家机构已经接入，医生在诊间就能调阅患者在外院的影像。"
    below = "下一步，平台还将接入社区卫生服务机构，为基层医生提供辅助阅片服务。"
    found = lines_of_pdf((93, 700, full), (72, 684, "平台怎么建"), (93, 668, below))
    assert found[:3] == [full, "平台怎么建", below]
