"""`bulletin draft import` of edited Markdown: a revision, as of an edited Word file."""

import pytest

SERIES = "beijing-monthly"
JUNE = ("--month", "2024-06")
TITLE = "北京友谊医院上线智慧医疗平台 检查结果实现互认"
TEXT = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、查询电子病历。",
    "北京市卫生健康委有关负责人表示，将继续推进智慧医院建设，推动医疗大数据共享应用和远程医疗服务下沉社区。",
)


@pytest.fixture
def run(workspace, bulletin):
    return lambda *arguments: bulletin("-C", workspace, *arguments)


def test_an_edited_markdown_file_of_a_draft_is_a_revision(put, run, tmp_path):
    put("a", TITLE, "2024-06-12", "北京日报", *TEXT)
    run("run", SERIES, *JUNE, "--engine", "inline")
    code, out, _ = run("draft", "export", SERIES, *JUNE, "--to", tmp_path)
    assert code == 0
    (file,) = tmp_path.glob("*.md")
    code, out, err = run("draft", "import", SERIES, file)
    assert (code, "修订2" in err) == (0, False), "nothing was edited"
    text = file.read_text("utf-8")
    assert "revision: 1\n" in text
    edited = text.replace("### 1. 标题：北京友谊医院", "### 1. 标题：友谊医院").replace("近日上线", "6月12日\n上线")
    file.write_bytes(edited.replace("\n", "\r\n").encode("gb18030"))
    code, out, err = run("draft", "import", SERIES, file, "--as", "王编辑")
    assert (code, "修订2 王编辑 回读" in err) == (0, True), (out, err)
    shown = run("draft", "show", SERIES, *JUNE)[1]
    assert "友谊医院上线智慧医疗平台 检查结果实现互认" in shown
    assert "1. 北京友谊医院" not in shown
    code, _, err = run("draft", "import", SERIES, file)
    assert (code, "修订3" in err) == (0, False), "the same file again changes nothing"


def test_what_is_no_text_is_refused_as_a_markdown_file(run, tmp_path):
    file = tmp_path / "草稿.md"
    file.write_bytes(b"\x00\x01\xff\xfe" * 40)
    code, _, err = run("draft", "import", SERIES, file, *JUNE)
    assert code != 0
    file.write_bytes("只是几句话。".encode())
    code, _, err = run("draft", "import", SERIES, file)
    assert (code, "文件里看不出是哪一期" in err) == (2, True)
