"""Edited drafts that come back: one revision each, nothing written over, nothing lost."""

import datetime as dt
import hashlib
import json
import shutil

import pytest

import mutations
from mutations import Docx, paragraph, replaced, said
from pipeline import libreoffice
from pipeline.config import packaged
from pipeline.desk import Inline, now, open_desk
from pipeline.errors import UsageError
from pipeline.model import Decision, Window
from pipeline.outputs.word import render_docx
from pipeline.steps.returning import changes
from pipeline.steps.returning.word import read_word
from sample_issues import every_kind, findings, issue_535

WINDOW = ("--month", "2024-06")
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查、查询电子病历。",
    "北京市卫生健康委有关负责人表示，将继续推进智慧医院建设，推动医疗大数据共享应用和远程医疗服务下沉社区。",
)
EYES = (
    "眼底照相一拍，筛查报告随即传到手机：北京同仁医院牵头的糖网人工智能筛查系统本周进入东城区全部社区卫生服务中心。",
    "居民的筛查结果写入电子健康档案，家庭医生在信息系统里就能看到转诊建议。",
    "市卫生健康委计划年内把这套互联网诊疗流程推广到郊区。",
)


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    """A workspace with a draft of two items, made once, and the name and bytes of the file it was exported to."""
    folder = tmp_path_factory.mktemp("returning") / "工作区"
    shutil.copytree(packaged("config"), folder / "config")
    (folder / "config" / "sources.yaml").write_text("- {id: inbox, name: 收件箱, kind: folder, path: inbox}\n", "utf-8")
    (folder / "inbox").mkdir()
    for name, title, day, paragraphs in (
        ("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", HOSPITAL),
        ("b", "北京同仁医院糖网人工智能筛查进社区", "2024-06-20", EYES),
    ):
        body = "".join(f"<p>{one}</p>" for one in paragraphs)
        (folder / "inbox" / f"{name}.html").write_text(
            f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{title}</h1>"
            f"<div>{day} 09:30 来源：北京日报</div><div id='article'>{body}</div></body></html>",
            "utf-8",
        )
    with open_desk(folder, clock=now) as desk:
        desked = desk.run("beijing-monthly", JUNE, Inline()).desked
        return folder, f"{desk.issue(desked).filename}-送审稿1.docx", desk.render(desked, "docx")


@pytest.fixture
def exported(drafted, tmp_path):
    """A workspace of its own with that draft, and its file."""
    folder, name, data = drafted
    shutil.copytree(folder, tmp_path / "工作区")
    (tmp_path / name).write_bytes(data)
    return tmp_path / "工作区", tmp_path / name


def _edited(file, edit) -> None:
    docx = Docx(file.read_bytes())
    edit(docx)
    file.write_bytes(docx.save())


def test_an_edited_draft_comes_back_as_one_revision_that_says_what_it_was(exported, bulletin):
    workspace, file = exported
    series = ("-C", workspace, "draft", "import", "beijing-monthly", file)

    def edit(docx: Docx) -> None:
        first = docx.of_item(0)[0]
        for one in docx.of_item(1):
            first.addprevious(one)
        replaced(docx.find("互联网诊疗流程"), "郊区", "远郊各区")
        docx.find("互联网诊疗流程").addnext(paragraph("首批覆盖七个区。"))
        mutations.comment(docx, docx.find("互联网诊疗流程"), "李主任", "核实区名")

    code, out, err = bulletin(*series)
    assert (code, "没有改动。" in out, "不另记修订" in err) == (0, True, True)
    _edited(file, edit)
    code, out, err = bulletin(*series, "--dry-run")
    assert (code, "试读，没有保存" in err) == (0, True)
    for line in (
        "移动  第2条《北京同仁医院糖网人工智能筛查进社区》→ 第1条",
        "正文第3段：……这套互联网诊疗流程推广到〔删：郊〕〔增：远郊各〕区。",
        "正文第4段：〔增：首批覆盖七个区。〕",
        "批注（李主任，",
    ):
        assert line in out
    code, out, err = bulletin(*series, "--as", "王编辑")
    assert (code, "修订2 王编辑 回读" in err) == (0, True)
    log = bulletin("-C", workspace, "draft", "log", "beijing-monthly", *WINDOW)[1]
    assert f"{file.name}（对照修订1） 移动 1 条，正文 1 条（2 处）" in log
    (_, kept) = json.loads(bulletin("-C", workspace, "draft", "log", "beijing-monthly", *WINDOW, "--json")[1])
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (workspace / "data" / "blobs" / sha[:2] / sha).read_bytes() == file.read_bytes()
    assert kept["sha256"] == sha[:60]
    code, out, _ = bulletin(*series, "--json")
    assert (code, json.loads(out)["taken"], json.loads(out)["revision"]) == (0, [], 2)
    shown = bulletin("-C", workspace, "draft", "show", "beijing-monthly", *WINDOW)[1]
    assert shown.index("同仁医院") < shown.index("友谊医院")


def test_what_the_draft_changed_meanwhile_is_not_written_over_and_the_file_is_kept(exported):
    workspace, file = exported
    with open_desk(workspace, clock=now) as desk:
        (desked,) = desk.issues.all("beijing-monthly")
        title = desk.issue(desked).items[0].title
        _edited(
            file, lambda docx: [replaced(one, title, "文件里的标题") for one in docx.paragraphs() if title in said(one)]
        )
        data = file.read_bytes()
        later = desk.decide(desked, Decision("edit", "李编辑", now(), "1", {"title": "草稿里的标题"}))
        done = desk.read_back(later, data, file.name, "王编辑")
        assert done.desked == later
        assert done.since == 1
        assert "草稿里已是“草稿里的标题”，文件里是“文件里的标题”" in done.changes.untaken[0]
        assert desk._blobs.get(done.blob) == data


def test_a_file_that_lost_its_revision_is_held_against_the_draft_as_it_is_and_that_is_said(exported):
    workspace, file = exported
    _edited(file, lambda docx: docx.parts.pop("docProps/custom.xml"))
    with open_desk(workspace, clock=now) as desk:
        (desked,) = desk.issues.all("beijing-monthly")
        later = desk.decide(desked, Decision("edit", "李编辑", now(), "1", {"outlet": "新京报"}))
        done = desk.read_back(later, file.read_bytes(), file.name, "王编辑")
        assert done.since == 2
        assert "没有留下导出时的修订号" in done.changes.notes[0]
        assert [one.after for one in done.changes.taken] == ["北京日报"]
        assert (
            desk.returned_window(desk.returned(file.read_bytes(), file.name), "beijing-monthly") == later.draft.window
        )


def test_a_file_of_another_issue_or_kind_is_refused(exported, bulletin, tmp_path):
    workspace, file = exported
    here = ("-C", workspace, "draft", "import", "beijing-monthly")
    other = tmp_path / "别的.docx"
    other.write_bytes(
        render_docx(every_kind(), template=packaged("templates") / "gongwen.docx", draft=True, revision=1)
    )
    code, _, err = bulletin(*here, other, *WINDOW)
    assert (code, "不是北京市卫生信息化舆情监测月报的" in err) == (2, True)
    code, _, err = bulletin(*here, other)
    assert (code, "不是北京市卫生信息化舆情监测月报的" in err) == (2, True), "without a window too"
    for name, data, told in (
        ("草稿.txt", b"text", "不能回读这种文件"),
        ("坏.docx", file.read_bytes()[:-30], "已损坏"),
        ("旧.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "旧版 Word 文件"),
    ):
        (tmp_path / name).write_bytes(data)
        code, _, err = bulletin(*here, tmp_path / name)
        assert (code, told in err, name in err) == (2, True, True), err
    assert bulletin(*here, tmp_path / "没有.docx")[0] == 2


def test_an_issue_that_is_out_is_never_changed_by_a_file(exported, bulletin):
    workspace, file = exported
    with open_desk(workspace, clock=now) as desk:
        (desked,) = desk.issues.all("beijing-monthly")
        for place in ("1", "2"):
            values = {"url": f"https://news.bjd.com.cn/2024/06/1{place}/1000{place}.shtml"}
            desked = desk.decide(desked, Decision("edit", "王编辑", now(), place, values))
        desk.release(desked, "王编辑")
        (out,) = desk.issues.all("beijing-monthly")
        with pytest.raises(UsageError, match="第535期已发布，不再更改"):
            desk.read_back(out, file.read_bytes(), file.name, "王编辑")


SAVED = {"gongwen": (every_kind(), findings()), "classic": (issue_535(), ())}


@pytest.mark.usefixtures("libreoffice")
@pytest.mark.parametrize("template", SAVED)
def test_a_file_that_libreoffice_saved_anew_changes_nothing_and_an_edit_in_it_is_found(template):
    issue, remarks = SAVED[template]
    path = packaged("templates") / f"{template}.docx"
    data = render_docx(issue, template=path, draft=True, revision=3, findings=remarks)
    docx = Docx(data)
    write = next(one for one in docx.paragraphs() if docx.style(one) == "Dateline")
    replaced(write, said(write)[:10], "2024年6月3日")
    exported = read_word(data)
    back = read_word(libreoffice.convert(docx.save(), "docx", "docx", fonts=path.with_name("fonts.conf")))
    found = changes(back, exported, issue)
    assert [(one.what.value, one.position, one.after) for one in found.taken] == [("date", 1, "2024-06-03")]
    assert (found.untaken, found.notes, back.revision) == ((), (), 3)
