"""PDF and DOCX files as articles, from files that are written here."""

import datetime as dt
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from pydantic import TypeAdapter

from papers import Text, W, column, docx, external, p, pdf
from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import BEIJING, Article, Fate, Flag, Kind, Lead, Page, Rejection
from pipeline.steps.extract import extract

OUTLETS = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
NOW = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
FIRST = (
    "近日，全市检查检验结果互认平台完成新一轮升级，二级及以上医疗机构的影像资料实现当日上传、当日可查，"
    "群众跨院就诊时不必再随身携带胶片。"
)
SECOND = (
    "市信息中心介绍，平台目前已接入二百四十余家机构，累计共享检查报告一千二百万份，"
    "医生在诊间调阅一份外院影像平均用时不到三秒，重复检查率比去年同期下降两成。"
)
THIRD = (
    "下一步，平台还将接入社区卫生服务机构，并为基层医生提供人工智能辅助阅片服务，"
    "力争在年底前让居民在家门口就能享受到三级医院的诊断水平。"
)
TITLE = "检查结果互认平台完成升级"
BODY = [FIRST, SECOND, THIRD]


def got(body: bytes, *, content_type: str = "", lead: Lead | None = None, url: str = "file:x") -> Article | Rejection:
    return extract(Page(url, body, NOW, content_type), OUTLETS, lead)


def article(body: bytes, **more: object) -> Article:
    found = got(body, **more)  # type: ignore[arg-type]  # as `got`
    assert isinstance(found, Article), found
    return found


def refusal(body: bytes) -> str:
    found = got(body)
    assert isinstance(found, Rejection), found
    assert found.fate is Fate.UNREADABLE
    return found.because


def stacked(*paragraphs: list[Text]) -> list[Text]:
    return [line for lines in paragraphs for line in lines]


def one_page(*, byline: str = "来源：健康时报　作者：李明　2024年6月5日", told: dict[str, str] | None = None) -> bytes:
    head = [Text(139.5, 760, TITLE, 22), Text(170, 720, byline)]
    body = stacked(*(column(text, 90, 690 - 80 * i, 39) for i, text in enumerate(BODY)))
    return pdf([[*head, *body, Text(290, 40, "- 1 -")]], told)


# ------------------------------------------------------------------------------------------------- PDF


def test_the_lines_of_a_pdf_become_the_paragraphs_they_were() -> None:
    assert [block.text for block in article(one_page()).blocks] == BODY


def test_a_pdf_gives_title_date_outlet_and_author_as_a_page_does() -> None:
    found = article(one_page())
    assert (found.title, found.date, found.origin, found.author) == (
        TITLE,
        dt.date(2024, 6, 5),
        "健康时报",
        "李明",
    )


@pytest.mark.parametrize("told", ["Microsoft Word - 通知(定稿).doc", "无标题", "20240605", "新建 DOCX 文档"])
def test_a_title_in_the_properties_that_is_none_gives_way_to_the_biggest_line(told: str) -> None:
    assert article(one_page(told={"Title": told})).title == TITLE


def test_a_title_in_the_properties_that_stands_in_the_text_is_the_title() -> None:
    lines = [Text(250, 780, "健康周报", 30), Text(200, 740, "本期要闻：影像云平台建成")]
    body = stacked(*(column(text, 90, 690 - 80 * i, 39) for i, text in enumerate(BODY)))
    found = article(pdf([[*lines, *body]], {"Title": "本期要闻：影像云平台建成"}))
    assert (found.title, found.evidence["title"]) == ("本期要闻：影像云平台建成", "文件属性 Title")


def test_the_day_a_file_was_made_is_only_a_last_resort_and_says_so() -> None:
    told = {"CreationDate": "D:20240620093000+08'00'"}
    found = article(one_page(byline="来源：健康时报", told=told))
    assert found.date == dt.date(2024, 6, 20)
    assert "文件生成时间" in found.evidence["date"]
    assert any("请核对" in note for note in found.notes)
    lead = Lead("x", "file:x", published="2024-06-06")
    assert article(one_page(byline="来源：健康时报", told=told), lead=lead).date == dt.date(2024, 6, 6)


def test_columns_are_read_one_after_the_other() -> None:
    left = stacked(column(FIRST, 60, 680, 20), column(SECOND, 60, 600, 20))
    right = stacked(column(THIRD, 310, 680, 20), column(FIRST, 310, 600, 20))
    page = [Text(165, 760, TITLE, 22), *left, *right]
    interleaved = [page[0], *(line for pair in zip(left, right, strict=False) for line in pair), *left[len(right) :]]
    assert [block.text for block in article(pdf([interleaved])).blocks] == [FIRST, SECOND, THIRD, FIRST]


def test_three_columns_whose_lines_do_not_stand_level_are_read_under_a_byline_that_spans_them() -> None:
    columns = [
        stacked(column(text, x, top, 14), column(rest, x, top - 120, 14))
        for text, rest, x, top in ((FIRST, SECOND, 50, 680), (SECOND, THIRD, 220, 673), (THIRD, FIRST, 390, 677))
    ]
    byline = [Text(150, 720, "来源：健康时报"), Text(260, 720, "作者：李明"), Text(350, 720, "2024年6月5日")]
    found = article(pdf([[Text(165, 760, TITLE, 22), *byline, *stacked(*columns)]]))
    assert [block.text for block in found.blocks] == [FIRST, SECOND, SECOND, THIRD, THIRD, FIRST]
    assert (found.origin, found.author, found.date) == ("健康时报", "李明", dt.date(2024, 6, 5))


def test_a_table_of_long_cells_is_not_read_down_its_columns() -> None:
    left = ["三级甲等综合医院", "区级妇幼保健院", "社区卫生服务中心及站点", "独立设置的影像中心", "急救站"]
    right = ["六月底前完成接入并通过验收", "九月底前完成", "年底前分批接入市级平台", "八月底前完成数据上传", "已接入"]
    cells = [Text(90, 500 - 20 * i, cell) for i, cell in enumerate(left)]
    cells += [Text(320, 500 - 20 * i, cell) for i, cell in enumerate(right)]
    page = [Text(165, 760, TITLE, 22), *column(FIRST, 90, 700, 39), *cells, *column(SECOND, 90, 380, 39)]
    found = article(pdf([page]))
    assert found.blocks[1].rows == tuple(zip(left, right, strict=True))


def test_what_goes_on_on_the_next_page_is_one_paragraph_and_heads_and_numbers_are_dropped() -> None:
    lines = column(SECOND, 90, 100, 39)
    above = column(FIRST, 90, 700, 39)
    rest = [Text(line.x, 740 - 16 * i, line.text) for i, line in enumerate(lines[2:])]
    head = Text(90, 810, "全市卫生信息化工作简报")
    first = [
        head,
        Text(139.5, 760, TITLE, 22),
        *above,
        *lines[:2],
        Text(285, 30, "第 1 页 共 2 页"),
    ]
    second = [head, *rest, *column(THIRD, 90, 600, 39), Text(285, 30, "第 2 页 共 2 页")]
    assert [block.text for block in article(pdf([first, second])).blocks] == BODY


def test_radicals_that_fonts_put_in_the_place_of_characters_are_mapped_back() -> None:
    text = FIRST.replace("日", "⽇").replace("心", "⼼").replace("见", "⻅").replace("不", "不")
    assert "⽇" in text
    page = [Text(139.5, 760, "⻩⼭市互联⽹医院⻓廊建成", 22), *column(text, 90, 700, 39), *column(SECOND, 90, 620, 39)]
    found = article(pdf([page]))
    assert found.title == "黄山市互联网医院长廊建成"
    assert found.blocks[0].text == FIRST


def test_words_in_letters_keep_their_blanks_and_lose_the_hyphens_of_line_breaks() -> None:
    lines = [
        "The regional imaging platform now connects two hundred and forty hospi-",
        "tals, and physicians open an outside study in less than three seconds on",
        "average, while the share of repeated examinations fell by a fifth within",
        "a single year of operation.",
    ]
    page = [Text(100, 760, "Imaging platform connects hospitals", 20)]
    page += [Text(90, 700 - 16 * i, line, 10) for i, line in enumerate(lines)]
    assert "forty hospitals, and physicians open an outside study" in article(pdf([page])).text


def test_rows_of_aligned_cells_are_a_table() -> None:
    rows = [
        ("机构类别", "应接入数", "完成时限"),
        ("三级医院", "一百零二", "六月底前"),
        ("二级医院", "一百四十", "九月底前"),
    ]
    cells = [Text(100 + 130 * j, 500 - 20 * i, cell) for i, row in enumerate(rows) for j, cell in enumerate(row)]
    page = [Text(139.5, 760, TITLE, 22), *column(FIRST, 90, 700, 39), *cells]
    found = article(pdf([[*page, *column(SECOND, 90, 400, 39)]]))
    assert [block.kind for block in found.blocks] == [Kind.PARAGRAPH, Kind.TABLE, Kind.PARAGRAPH]
    assert found.blocks[1].rows == tuple(rows)


def test_an_official_paper_gives_its_title_not_its_red_head_and_the_day_it_was_signed() -> None:
    page = [
        Text(100, 780, "某市卫生健康委员会文件", 36),
        Text(240, 740, "某卫信〔2024〕15号", 16),
        Text(95, 690, "某市卫生健康委员会关于进一步做好", 22),
        Text(140, 660, "检查检验结果互认工作的通知", 22),
        *column(FIRST, 90, 600, 26, 16),
        *column(SECOND, 90, 480, 26, 16),
        Text(346, 300, "某市卫生健康委员会", 16),
        Text(362, 270, "二〇二四年六月三日", 16),
    ]
    found = article(pdf([page], {"CreationDate": "D:20240620093000+08'00'"}))
    assert found.title == "某市卫生健康委员会关于进一步做好检查检验结果互认工作的通知"
    assert (found.date, found.evidence["date"]) == (dt.date(2024, 6, 3), "落款日期")
    assert found.origin == "某市卫生健康委员会"


def scanned() -> bytes:
    out = io.BytesIO()
    Image.new("L", (300, 400), 128).save(out, "PDF")
    return out.getvalue()


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(one_page()))
    writer.encrypt("秘密", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (scanned(), "扫描件，没有文字层"),
        (encrypted(), "PDF 文件已加密，需要密码才能阅读"),
        (b"%PDF-1.7\nnothing of a PDF", "PDF 文件已损坏，无法打开"),
        (one_page()[:200], "PDF 文件已损坏，无法打开"),
    ],
    ids=["scanned", "encrypted", "garbage", "cut off"],
)
def test_a_pdf_that_cannot_be_read_says_why(body: bytes, because: str) -> None:
    assert refusal(body) == because


def test_a_pdf_of_many_pages_is_read_up_to_a_cap_and_marked() -> None:
    pages = [column(FIRST, 90, 700, 39) for _ in range(90)]
    found = article(pdf(pages))
    assert "PDF 共 90 页，只读前 80 页：可能不完整" in found.notes
    assert Flag.INCOMPLETE in found.flags


def test_a_pdf_whose_font_tells_no_characters_is_no_text() -> None:
    unmapped = "".join(chr(0xE000 + i) for i in range(80))
    assert "乱码" in refusal(pdf([column(unmapped, 90, 700, 39)]))


# ------------------------------------------------------------------------------------------------ DOCX

STYLES = (
    f'<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="21"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="t"><w:name w:val="Title"/><w:basedOn w:val="a"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="c"><w:name w:val="caption"/><w:basedOn w:val="a"/></w:style></w:styles>'
)
NUMBERING = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="●"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
)
HEAD = p(TITLE, size=22, centred=True) + p("来源：健康时报　作者：李明　2024年6月5日", centred=True)
STYLED = {"word/styles.xml": STYLES, "word/numbering.xml": NUMBERING}


def numbered(number: int) -> str:
    return f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'


def test_a_docx_gives_title_byline_and_paragraphs() -> None:
    found = article(docx(HEAD + "".join(map(p, BODY))))
    assert (found.title, found.date, found.origin, found.author) == (
        TITLE,
        dt.date(2024, 6, 5),
        "健康时报",
        "李明",
    )
    assert [block.text for block in found.blocks] == BODY


def test_headings_lists_and_numbers_that_word_counts_itself_are_kept() -> None:
    body = (
        p(TITLE, style="t")
        + p("总体要求", style="1", extra=numbered(1))
        + p(FIRST)
        + p("主要任务", style="1", extra=numbered(1))
        + p(SECOND)
        + p("上传影像资料。", extra=numbered(2))
        + p(THIRD)
    )
    found = article(docx(body, STYLED))
    assert [(block.kind, block.text[:6]) for block in found.blocks] == [
        (Kind.HEADING, "一、总体要求"),
        (Kind.PARAGRAPH, FIRST[:6]),
        (Kind.HEADING, "二、主要任务"),
        (Kind.PARAGRAPH, SECOND[:6]),
        (Kind.ITEM, "上传影像资料"),
        (Kind.PARAGRAPH, THIRD[:6]),
    ]


def test_a_table_keeps_its_rows_and_one_that_only_frames_text_does_not() -> None:
    def table(rows: list[list[str]]) -> str:
        inside = "".join("<w:tr>" + "".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows)
        return f"<w:tbl>{inside}</w:tbl>"

    data = [["机构类别", "应接入数"], ["三级医院", "102"], ["二级医院", "140"]]
    found = article(docx(HEAD + p(FIRST) + table(data) + table([[SECOND]]) + p(THIRD)))
    assert [block.kind for block in found.blocks] == [Kind.PARAGRAPH, Kind.TABLE, Kind.PARAGRAPH, Kind.PARAGRAPH]
    assert found.blocks[1].rows == tuple(map(tuple, data))
    assert found.blocks[2].text == SECOND


def test_tracked_changes_are_taken_as_accepted_and_hidden_text_is_not_read() -> None:
    changed = (
        f"<w:p><w:r><w:t>{FIRST}</w:t></w:r><w:ins><w:r><w:t>新增一句。</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>删去一句。</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏一句。</w:t></w:r></w:p>"
    )
    text = article(docx(HEAD + changed + p(SECOND))).text
    assert "新增一句。" in text
    assert "删去" not in text
    assert "隐藏" not in text


def test_a_text_box_is_read_once_and_footnotes_and_pictures_are_named() -> None:
    box = "<w:txbxContent>" + p("据统计，去年全市共享报告一千二百万份。") + "</w:txbxContent>"
    both = (
        f"<w:p><w:r><w:t>{FIRST}</w:t></w:r><w:r><w:footnoteReference/></w:r><w:r><mc:AlternateContent><mc:Choice>"
        f"<w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    picture = "<w:p><w:r><w:drawing><a:blip xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'/></w:drawing></w:r></w:p>"
    found = article(
        docx(HEAD + both + p(SECOND) + picture + p("图为医生在诊间调阅影像。", centred=True) + p(THIRD), STYLED)
    )
    assert found.text.count("据统计，去年全市共享报告一千二百万份。") == 1
    assert [block.text for block in found.blocks if block.kind is Kind.CAPTION] == ["图为医生在诊间调阅影像。"]
    assert [note for note in found.notes if "原文件有" in note] == [
        "原文件有图片 1 张，未收入正文",
        "原文件有脚注 1 条，未收入正文",
    ]


def bomb() -> bytes:
    return docx(p(FIRST), {"word/media/zero.bin": b"\0" * (65 * 1024 * 1024)})


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (bomb(), "压缩炸弹"),
        (docx(p(FIRST), {"word/zero.bin": b"\0" * (8 * 1024 * 1024)}), "压缩比超过 200"),
        (docx(p(FIRST), {f"word/x{i}.xml": "" for i in range(2_001)}), "超过上限 2000"),
        (docx(p(FIRST), {"../evil.xml": "x"}), "路径越界"),
        (docx(p(FIRST), {"word/vbaProject.bin": b"x"}), "含有宏"),
        (docx(p(FIRST), relations=external("attachedTemplate", "https://evil.example/t.dotm")), "外部内容"),
        (docx(p(FIRST), relations=external("oleObject", "file:///etc/passwd")), "外部内容"),
        (b"PK\x03\x04" + b"word/ broken" * 20, "已损坏"),
        (docx(""), "没有文字"),
    ],
    ids=["bomb", "ratio", "entries", "path", "macros", "template", "object", "no zip", "empty"],
)
def test_an_unsafe_or_broken_docx_is_refused_with_its_reason(body: bytes, because: str) -> None:
    assert because in refusal(body)


def test_a_docx_with_a_document_type_opens_no_file() -> None:
    document = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document {W}><w:body>&e;</w:body></w:document>'
    )
    assert "文档类型声明" in refusal(docx("", {"word/document.xml": document}))


def test_links_and_a_template_on_the_writers_own_disk_do_no_harm() -> None:
    relations = external("hyperlink", "https://example.com/") + external("attachedTemplate", "file:///C:/Normal.dotm")
    assert article(docx(HEAD + "".join(map(p, BODY)), relations=relations)).title == TITLE


# ----------------------------------------------------------------------------------- told by their bytes


def other_package(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(name, "x")
    return out.getvalue()


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (OLD + "WordDocument".encode("utf-16-le"), "另存为 .docx"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "已加密"),
        (OLD + "Workbook".encode("utf-16-le"), "Excel"),
        (other_package("xl/workbook.xml"), "Excel 表格"),
        (other_package("ppt/presentation.xml"), "PowerPoint"),
        (other_package("OFD.xml"), "OFD"),
        (other_package("readme.txt"), "压缩包"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "图片"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "图片"),
        (b"", "空白页面"),
    ],
    ids=["doc", "encrypted", "xls", "xlsx", "pptx", "ofd", "zip", "png", "jpeg", "nothing"],
)
@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "application/xml"])
def test_what_is_no_page_is_told_by_its_bytes_and_refused(body: bytes, because: str, content_type: str) -> None:
    found = got(body, content_type=content_type)
    assert isinstance(found, Rejection)
    assert because in found.because


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "image/png", "text/plain"])
def test_documents_are_read_whatever_they_are_served_as(content_type: str) -> None:
    for body in (one_page(), docx(HEAD + "".join(map(p, BODY)))):
        assert article(body, content_type=content_type).title == TITLE


def test_a_page_served_as_a_pdf_is_read_as_the_page_it_is() -> None:
    head = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>"
    page = f"{head}<p>{FIRST}</p><p>{SECOND}</p></body></html>"
    assert FIRST in article(page.encode(), content_type="application/pdf").text


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
def test_a_word_file_and_its_print_as_pdf_read_the_same(tmp_path: Path) -> None:
    body = HEAD + "".join(p(f"　　{text}", size=12) for text in BODY * 6)
    (tmp_path / "a.docx").write_bytes(docx(body))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "a.docx")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    printed, written = article((tmp_path / "a.pdf").read_bytes()), article((tmp_path / "a.docx").read_bytes())
    assert printed.title == written.title
    assert printed.text == written.text
