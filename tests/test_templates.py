"""The office's templates on the command line: looked at, taken in, refused, told of when one breaks."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.styles import BabelFish

from conftest import Run
from pipeline.config import packaged
from pipeline.desk import Desk, examined, now, open_desk
from pipeline.errors import Blocked, ConfigError, TemplateError, UsageError
from pipeline.executor import Children
from pipeline.model import Severity
from pipeline.outputs.examining import examine
from pipeline.outputs.package import pack, unpack

GONGWEN = packaged("templates") / "gongwen.docx"


def office(path: Path, *changes: Callable[[docx.document.Document], None]) -> Path:
    """The shipped template with what an office made of it."""
    document = docx.Document(str(GONGWEN))
    for change in changes:
        change(document)
    document.save(str(path))
    return path


def said(path: Path) -> dict[str, Severity]:
    """What the examination finds, without a child."""
    return {f"{one.message}{one.fix}": one.severity for one in examine(path.read_bytes(), path.name).findings}


def text(number: int, new: str) -> Callable[[docx.document.Document], None]:
    def change(document):
        paragraph = document.paragraphs[number]
        for run in paragraph.runs[1:]:
            run._r.getparent().remove(run._r)
        paragraph.runs[0].text = new

    return change


def without(*styles: str) -> Callable[[docx.document.Document], None]:
    def change(document):
        for style in list(document.styles.element.iter(qn("w:style"))):
            if style.find(qn("w:name")).get(qn("w:val")) in styles:
                style.getparent().remove(style)

    return change


def renamed(old: str, new: str) -> Callable[[docx.document.Document], None]:
    def change(document):
        for name in document.styles.element.iter(qn("w:name")):
            if name.get(qn("w:val")) == old:
                name.set(qn("w:val"), new)

    return change


def landscape(document):
    section = document.sections[0]
    section.page_width, section.page_height = section.page_height, section.page_width


def narrow(document):
    document.sections[0].left_margin = Mm(100)


def odd_font(document):
    document.styles["文章正文"].font.name = "某某手写体"


def old_font(document):
    fonts = document.styles["文章正文"].element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), "仿宋_GB2312")


def exact_pictures(document):
    document.styles["文章图片"].paragraph_format.line_spacing = Mm(8)


def body_in_a_cell(document):
    paragraph = next(one for one in document.paragraphs if "正文" in one.text)
    table = document.add_table(1, 1)
    paragraph._p.addprevious(table._tbl)
    table.cell(0, 0).paragraphs[0].add_run("{{ 正文 }}")
    paragraph._p.getparent().remove(paragraph._p)


BAD = {
    "no contents": ((text(6, ""), text(9, "")), r"缺少占位符或标记“{% 目录 %}”"),
    "a loop that does not end": ((text(9, ""),), r"标记“{% 条目 %}”不成对"),
    "a misspelt placeholder": ((text(1, "（第{{ 期好 }}期）"),), r"第2段（“（第{{ 期好.*没有占位符“期好”。.*写“期号”"),
    "a placeholder not written out": ((text(1, "（第{{ 期号 }}期{{）"),), r"第2段.*不成对的“{{”"),
    "no issue number": ((text(1, "第几期"),), r"缺少占位符或标记“期号”"),
    "one of an item outside": ((text(1, "{{ 期号 }}{{ 链接 }}"),), r"“链接”只能写在 {% 条目 %}"),
    "a style missing": ((without("文章正文"),), r"缺少样式“文章正文”（用于文章的正文段落）"),
    "a style misspelt": ((renamed("文章正文", "文章 正文"),), r"模板里有“文章 正文”，是不是把名称写错了"),
    "the body in a table": ((body_in_a_cell,), r"“正文”须独占一段"),
    "an expression that fails": ((text(1, "{{ 期号 + 1 }}"),), r"“期号 \+ 1”无法求值"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_template_that_cannot_be_used_is_told_why(changes, message: str, tmp_path: Path) -> None:
    found = said(office(tmp_path / "office.docx", *changes))
    assert any(severity is Severity.BLOCKING and re.search(message, line) for line, severity in found.items()), found


POOR = {
    "landscape": ((landscape,), "297×210 毫米，不是纵向 A4"),
    "narrow": ((narrow,), "版心只有"),
    "a rare font": ((odd_font,), "字体“某某手写体”不是常见字体"),
    "a font that lacks characters": ((old_font,), "缺少“镕、喆、珺”等字。请改用“仿宋”"),
    "pictures on exact lines": ((exact_pictures,), "图片会被截断"),
}


@pytest.mark.parametrize(("changes", "message"), POOR.values(), ids=POOR)
def test_what_looks_wrong_is_a_warning_and_the_template_can_be_used(changes, message: str, tmp_path: Path) -> None:
    found = said(office(tmp_path / "office.docx", *changes))
    assert set(found.values()) == {Severity.WARNING}
    assert any(message in line for line in found), found


def test_the_shipped_templates_have_nothing_to_be_said_of(tmp_path: Path) -> None:
    for path in packaged("templates").glob("*.docx"):
        found = examine(path.read_bytes(), path.name)
        assert found.findings == ()
        assert all(one.there for one in found.styles)
        names = {style.name for style in docx.Document(str(path)).styles if style.type is WD_STYLE_TYPE.PARAGRAPH}
        assert {BabelFish.internal2ui(one.name) for one in found.styles} >= names - {"Normal"}, "tell what it is for"


def test_an_optional_style_that_is_missing_is_told_with_its_stand_in(tmp_path: Path) -> None:
    found = examine(office(tmp_path / "office.docx", without("heading 4")).read_bytes(), "office.docx")
    assert found.usable
    assert [one.note for one in found.styles if not one.there] == ["将用“heading 3”代替。"]


# ----------------------------------------------------------------------------------- the command line


def test_check_lists_what_is_there_and_missing_and_exits_by_it(bulletin: Run, tmp_path: Path) -> None:
    bad = office(tmp_path / "office.docx", without("文章正文", "文章引文"), text(1, "（第{{ 期好 }}期）"))
    code, out, err = bulletin("template", "check", bad)
    assert code == 5
    assert re.search(r"缺少 +文章正文 +必需 +文章的正文段落", out)
    assert re.search(r"没有 +文章引文 +可选 .*将用“文章正文”代替", out)
    assert re.search(r"缺少 +期号 +必需 .*模板里有“期好”，是不是写错了", out)
    assert "[阻断] 缺少样式“文章正文”" in out
    assert "不能使用。" in err

    code, out, err = bulletin("template", "check", GONGWEN)
    assert code == 0
    assert "缺少" not in out
    assert "可以使用。" in err

    code, out, _ = bulletin("template", "check", bad, "--json")
    assert code == 5
    told = json.loads(out)
    assert told["usable"] is False
    assert {
        "name": "刊名",
        "what": "刊名，字号按长度自动缩小到一行",
        "required": True,
        "there": True,
        "note": "",
    } in told["placeholders"]


def test_check_of_a_file_that_cannot_be_read_or_opened(bulletin: Run, tmp_path: Path) -> None:
    code, _, err = bulletin("template", "check", tmp_path / "gone.docx")
    assert code == 2
    assert "没有这个文件" in err
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"))
    code, out, _ = bulletin("template", "check", tmp_path / "old.doc")
    assert code == 5
    assert "[阻断] old.doc：是旧版 Word 文件（.doc）；请用 Word 或 WPS 另存为 .docx。" in out


def test_a_template_comes_in_replaces_its_namesake_and_is_printed_with(bulletin: Run, workspace: Path) -> None:
    own = office(workspace / "我们的 模板.docx", text(3, "本期要点："))
    code, out, err = bulletin("-C", workspace, "template", "add", own)
    assert code == 0, err
    assert out.strip().endswith("我们的-模板.docx")
    assert "template: 我们的-模板" in err
    assert (workspace / "templates" / "我们的-模板.docx").read_bytes() == own.read_bytes()

    code, _, err = bulletin("-C", workspace, "template", "add", own, "--name", "gongwen")
    assert code == 0
    assert "即日起用于：beijing-monthly、national-weekly" in err
    (backup,) = (workspace / "templates" / "backup").iterdir()
    assert backup.read_bytes() == GONGWEN.read_bytes()
    assert (workspace / "templates" / "gongwen.docx").read_bytes() == own.read_bytes()

    bulletin("-C", workspace, "template", "add", own, "--name", "gongwen")
    assert len(list((workspace / "templates" / "backup").iterdir())) == 1

    code, out, _ = bulletin("-C", workspace, "template", "list", "--json")
    listed = {one["name"]: one["series"] for one in json.loads(out)}
    assert listed == {"classic": "", "gongwen": "beijing-monthly、national-weekly", "我们的-模板": ""}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """What `bulletin init` writes."""
    for name in ("config", "templates"):
        shutil.copytree(packaged(name), tmp_path / "desk" / name)
    return tmp_path / "desk"


def macros(path: Path) -> Path:
    path.write_bytes(pack(unpack(GONGWEN.read_bytes()) | {"word/vbaProject.bin": b"x"}))
    return path


def test_an_unsafe_template_is_refused_and_the_old_one_stays(bulletin: Run, workspace: Path) -> None:
    bad = macros(workspace / "macros.docx")
    code, out, err = bulletin("-C", workspace, "template", "add", bad, "--name", "gongwen")
    assert code == 5
    assert "含有宏" in err
    assert "原有模板没有改变" in err
    assert not out
    assert (workspace / "templates" / "gongwen.docx").read_bytes() == GONGWEN.read_bytes()


@pytest.fixture
def desk(workspace: Path) -> Iterator[Desk]:
    with open_desk(workspace, clock=now) as opened:
        yield opened


def test_what_cannot_be_used_changes_nothing(desk: Desk, workspace: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (workspace / "templates").rglob("*") if path.is_file()}
    with pytest.raises(Blocked, match="缺少样式“文章正文”"):
        desk.take_template(office(tmp_path / "bad.docx", without("文章正文")).read_bytes(), "gongwen")
    with pytest.raises(Blocked, match="0 字节"):
        desk.take_template(b"", "gongwen")
    for name in ("../x", "", "a/b", "甲" * 61):
        with pytest.raises(UsageError, match="不能作模板名"):
            desk.take_template(GONGWEN.read_bytes(), name)
    assert before == {path: path.read_bytes() for path in (workspace / "templates").rglob("*") if path.is_file()}


@pytest.fixture
def one_child() -> Iterator[Children]:
    with Children(1, 1.0) as made:
        yield made


def _endless(path: Path) -> None:
    while True:
        pass


def test_a_template_that_hangs_its_reader_costs_no_more_than_time(one_child: Children, monkeypatch) -> None:
    # a child imports the function by its name, so the wait is put where the call begins
    found = one_child.apart
    monkeypatch.setattr(one_child, "apart", lambda function, *rest: found(_endless, GONGWEN))
    told = examined(one_child, GONGWEN.read_bytes(), "office.docx")
    assert not told.usable
    assert "读取超过时限 1 秒" in told.findings[0].message


def test_a_bulletin_may_have_a_look_of_its_own(workspace: Path) -> None:
    series = workspace / "config" / "series.yaml"
    series.write_text(
        series.read_text("utf-8").replace("  unit: 周报\n", "  unit: 周报\n  template: classic\n"), "utf-8"
    )
    with open_desk(workspace, clock=now) as desk:
        listed = {one.name: one.series for one in desk.shelf()}
        assert listed == {"classic": ("national-weekly",), "gongwen": ("beijing-monthly",)}
        assert desk._document_template("national-weekly").name == "classic.docx"


def test_a_template_made_unsafe_in_its_place_is_told_of_and_not_opened(desk: Desk, workspace: Path) -> None:
    macros(workspace / "templates" / "gongwen.docx")
    with pytest.raises(TemplateError, match=r"gongwen\.docx：含有宏"):
        desk._document_template("beijing-monthly")
    (workspace / "templates" / "gongwen.docx").write_bytes(b"")
    with pytest.raises(TemplateError, match="0 字节"):
        desk._document_template("beijing-monthly")


def test_a_workspace_without_templates_gets_all_of_them_with_the_first(desk: Desk, workspace: Path) -> None:
    shutil.rmtree(workspace / "templates")
    taken = desk.take_template(GONGWEN.read_bytes(), "office")
    assert taken.path == workspace / "templates" / "office.docx"
    assert (workspace / "templates" / "lead.j2").is_file()


def test_a_template_that_is_not_there_is_named_with_its_place_wherever_it_is_asked_for(
    bulletin: Run, workspace: Path
) -> None:
    settings = workspace / "config" / "settings.yaml"
    kept = settings.read_text("utf-8")
    settings.write_text(kept.replace("template: gongwen ", "template: clasic "), "utf-8")
    for command, told in (
        (
            ("config", "check"),
            r"settings\.yaml:\d+:1: template: there is no 'clasic' in \S+ \(there: classic, gongwen\)",
        ),
        (("doctor",), r"settings\.yaml:\d+:1：.*里没有模板“clasic”（有 classic, gongwen）"),
    ):
        code, out, err = bulletin("-C", workspace, *command)
        assert code != 0
        assert re.search(told, out + err)
    with open_desk(workspace, clock=now) as found, pytest.raises(ConfigError, match="no 'clasic'"):
        found._document_template("beijing-monthly")
