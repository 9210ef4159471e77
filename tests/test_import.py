"""`bulletin import-issue`: an office's old issues in its archive, said in words an editor reads."""

import hashlib
import io
import json
import re
import zipfile

import docx
import pytest
from PIL import Image

import handmade
import old_issues
from pipeline import libreoffice
from pipeline.config import packaged
from pipeline.demo.seeds import imported as seed

SEED_534, SEED_535, SEED_636 = (packaged("seeds") / name for name in (
    "003_885bb48bbbd89533.txt", "001_5a80ae35308c779a.txt", "004_e613bf967ea5d64c.txt",
))  # fmt: skip
SERIES = "beijing-monthly"
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、查询电子病历。",
    "北京市卫生健康委有关负责人表示，将继续推进智慧医院建设，推动医疗大数据共享应用和远程医疗服务下沉社区。",
)


@pytest.fixture
def run(workspace, bulletin):
    return lambda *arguments: bulletin("-C", workspace, *arguments)


@pytest.fixture
def write_old(tmp_path):
    def write(name: str, text: str = "", encoding: str = "utf-8"):
        path = tmp_path / f"{name}.txt"
        path.write_bytes((text or old_issues.EVERY[name]).encode(encoding))
        return path

    return write


def test_the_three_seed_issues_are_imported_and_each_finding_is_said(run):
    code, out, err = run("import-issue", SEED_535, SEED_534, SEED_636, "--as", "王编辑")
    assert (code, err) == (0, "")
    assert "北京市卫生信息化舆情监测月报 第五三四期 2024-05-01…2024-05-31 4条 已导入" in out
    assert "全国卫生信息化舆情监测周报 第六三六期 2025-08-02…2025-08-08 3条 已导入" in out
    assert "原刊有误 [lead] 导语写“周报”，应为“月报”" in out
    assert "期号缺“期”字" in out
    assert "下面单独有一个“1”" in out
    code, out, _ = run("issue", "list", "--json")
    assert [(one["number"], one["state"], one["items"], one["who"]) for one in json.loads(out)] == [
        (534, "导入", 4, "王编辑"), (535, "导入", 3, "王编辑"), (636, "导入", 3, "王编辑"),
    ]  # fmt: skip


def test_numbers_go_on_after_the_last_imported_issue(workspace, put, run):
    put(
        "a",
        "北京友谊医院上线智慧医疗平台 检查结果实现互认",
        "2024-07-12",
        "北京日报",
        *HOSPITAL,
    )
    run("import-issue", SEED_534, SEED_535)
    code, out, err = run("run", SERIES, "--month", "2024-07", "--engine", "inline")
    assert code == 0, err
    assert "（第五三六期） 草稿" in out
    code, _, err = run("run", SERIES, "--month", "2024-06", "--engine", "inline")
    assert (code, "第535期（2024-06-01…2024-06-30）已发布，不再更改" in err) == (2, True)


def test_the_checks_say_of_an_archived_issue_what_is_wrong_in_it(run):
    run("import-issue", SEED_534, SEED_535)
    code, out, _ = run("issue", "check", SERIES, "535", "--json")
    assert code == 5, "a 月报 that calls itself 周报"
    assert sorted((one["check"], one["position"]) for one in json.loads(out)) == [
        ("covered", 2), ("furniture", 1), ("genre", 3), ("lead", 0),
    ]  # fmt: skip
    code, out, _ = run("issue", "check", SERIES, "534", "--json")
    assert sorted((one["check"], one["position"]) for one in json.loads(out)) == [
        ("genre", 3), ("lead", 0), ("link-line", 2), ("mobile-url", 4), ("not-the-origin", 4),
        ("suspicious-suffix", 2), ("unknown-host", 3),
    ], "nothing that a later issue carried is held against it"  # fmt: skip


def test_an_imported_issue_is_shown_with_where_it_came_from(run, workspace):
    run("import-issue", SEED_534, "--as", "王编辑")
    code, out, _ = run("issue", "show", SERIES, "534")
    assert code == 0
    assert "本期月报共收集4篇" in out
    assert "导入：003_885bb48bbbd89533.txt（王编辑" in out
    assert "原刊导语：本期周报共收集" in out
    blob = hashlib.sha256(SEED_534.read_bytes()).hexdigest()
    assert (workspace / "data" / "blobs" / blob[:2] / blob).read_bytes() == SEED_534.read_bytes(), "the file is kept"


def test_an_imported_issue_is_exported_in_the_canonical_form_and_comes_back_from_it(run, workspace, tmp_path):
    run("import-issue", SEED_534)
    code, out, _ = run("issue", "export", SERIES, "534", "--to", tmp_path / "出")
    assert code == 0
    word, markdown, page = out.splitlines()
    assert word.endswith("北京市卫生信息化舆情监测月报-第534期-20240531.docx")
    text = (tmp_path / "出" / "北京市卫生信息化舆情监测月报-第534期-20240531.md").read_text("utf-8")
    assert markdown.endswith(".md")
    assert page.endswith(".html")
    assert "（第五三四期）" in text
    assert "本期月报共收集4篇卫生信息化相关信息，时间从2024年5月1日至2024年5月31日，" in text
    assert "链接：<http://news.enorth.com.cn/system/2024/05/10/056231400.shtm>" in text, "as printed"
    assert not (workspace / "out").exists(), "nothing of it is published here"
    code, out, err = run("import-issue", markdown, "--replace")
    assert (code, err) == (0, "")
    assert "第五三四期" in out
    run("issue", "export", SERIES, "534", "--to", tmp_path / "再")
    assert (tmp_path / "再" / "北京市卫生信息化舆情监测月报-第534期-20240531.md").read_text("utf-8") == text


def test_the_same_file_again_changes_nothing_and_says_so(run):
    run("import-issue", SEED_534)
    code, out, _ = run("import-issue", SEED_534)
    assert code == 0
    assert "4条 已经导入过，没有改变" in out


def test_a_dry_run_keeps_nothing(run):
    code, out, _ = run("import-issue", SEED_534, "--dry-run")
    assert code == 0
    assert "试读，没有导入" in out
    assert run("issue", "list", "--json")[1].strip() == "[]"


def test_a_dry_run_says_what_would_not_be_taken_in(run, write_old):
    early = write_old("early", old_issues.PLAIN.replace("五二八", "五三八"))
    code, out, err = run("import-issue", early, "--dry-run")
    assert (code, out) == (1, "")
    assert "第五三八期（2023-11-01…2023-11-30）与 series.yaml 里的最近一期第五三四期（2024-05-01…2024-05-31）" in err
    first = write_old("plain")
    run("import-issue", first)
    code, out, _ = run("import-issue", first, "--dry-run")
    assert (code, "试读，没有导入" in out) == (0, True)


def test_a_folder_is_answered_with_how_to_name_its_files(run, tmp_path):
    code, _, err = run("import-issue", tmp_path)
    assert (code, f"{tmp_path}：文件打不开：这是文件夹。请写出里面的文件，如 {tmp_path}/*.txt。" in err) == (1, True)


def test_one_file_that_cannot_be_read_does_not_keep_the_others_out(run, write_old):
    broken = write_old("broken", old_issues.PLAIN.replace("（第五二八期）\n", ""))
    missing = broken.with_name("没有.txt")
    code, out, err = run("import-issue", broken, SEED_534, missing, packaged("templates") / "gongwen.docx")
    assert code == 1
    assert "第五三四期" in out
    first, second, third = err.splitlines()
    assert f"{broken}：第1行：刊名下面没有期号。请在刊名的下一行补上期号" in first
    assert f"{missing}：文件打不开" in second
    assert "gongwen.docx：第1段：刊头" in third


def test_other_content_for_the_same_issue_needs_the_word_replace(run, write_old):
    first = write_old("plain")
    second = write_old("changed", old_issues.PLAIN.replace("12家", "15家"), encoding="gb18030")
    assert run("import-issue", first)[0] == 0
    code, _, err = run("import-issue", second)
    assert code == 1
    assert (
        f"{second}：第五二八期（2023-11-01…2023-11-30）已经导入过，内容不同。如要以这个文件为准，请加 --replace。"
        in err
    )
    assert run("import-issue", second, "--replace")[0] == 0
    code, out, _ = run("issue", "show", SERIES, "528", "--json")
    assert "15家" in out


def test_a_file_of_a_window_with_a_draft_takes_its_place(put, run):
    put(
        "a",
        "北京友谊医院上线智慧医疗平台 检查结果实现互认",
        "2024-06-12",
        "北京日报",
        *HOSPITAL,
    )
    run("run", SERIES, "--month", "2024-06", "--engine", "inline")
    code, out, _ = run("import-issue", SEED_535, "--as", "王编辑")
    assert (code, "已导入" in out) == (0, True)
    code, out, _ = run("draft", "log", SERIES, "--month", "2024-06", "--json")
    assert [(one["revision"], one["verb"], one.get("file", "")) for one in json.loads(out)] == [
        (1, "generate", ""), (2, "import", SEED_535.name),
    ]  # fmt: skip
    assert "北京友谊医院上线智慧医疗平台" in run("draft", "show", SERIES, "--month", "2024-06", "--revision", "1")[1]
    assert json.loads(run("draft", "list", "--json")[1]) == []


def test_a_draft_that_an_import_left_without_a_number_says_so(put, run, write_old):
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    run("run", SERIES, "--month", "2024-06", "--engine", "inline")
    text = old_issues.PLAIN.replace("五二八", "五三六").replace("11月30日", "11月31日")
    text = text.replace("2023年11月", "2024年7月").replace("2023-11", "2024-07")
    assert run("import-issue", write_old("july", text))[0] == 0
    code, out, _ = run("draft", "show", SERIES, "--month", "2024-06")
    assert (code, "（第〔未定〕期） 草稿" in out) == (0, True)
    (listed,) = json.loads(run("draft", "list", "--json")[1])
    assert listed["number"] is None
    assert "None" not in run("draft", "list")[1]


def test_every_layout_is_imported_in_one_go(run, write_old):
    files = [write_old(name) for name in old_issues.EVERY]
    code, _, err = run("import-issue", *files)
    assert (code, err) == (0, "")
    listed = json.loads(run("issue", "list", "--json")[1])
    assert [(one["series"], one["number"], one["items"]) for one in listed] == [
        (SERIES, 520, 2), (SERIES, 522, 0), (SERIES, 523, 1), (SERIES, 528, 2),
        ("national-weekly", 530, 2), ("national-weekly", 536, 2),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------ Word and PDF files


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 160), 50).convert("RGB").save(file, "PNG")
    return file.getvalue()


def with_file(folder, name: str, data: bytes):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def converted(request) -> dict[str, bytes]:
    """The issue 534 as LibreOffice saves what an office typed: as PDF, and as an old Word file."""
    request.getfixturevalue("libreoffice")
    issue = seed(534).issue
    kinds = {"pdf": handmade.typed(issue), "doc": handmade.styled(issue)}
    fonts = packaged("templates") / "fonts.conf"
    return {kind: libreoffice.convert(data, "docx", kind, fonts=fonts) for kind, data in kinds.items()}


def test_a_word_file_is_imported_with_its_pictures_and_exported_with_them(run, workspace, tmp_path):
    data = handmade.styled(seed(534).issue, picture())
    code, out, err = run("import-issue", with_file(tmp_path, "第534期.docx", data), "--as", "王编辑")
    assert (code, err) == (0, "")
    assert "第534期.docx：北京市卫生信息化舆情监测月报 第五三四期 2024-05-01…2024-05-31 4条 已导入" in out
    issue = json.loads(run("issue", "show", SERIES, "534", "--json")[1])["issue"]
    assert [one["url"] for one in issue["items"]] == [one.url for one in seed(534).issue.items], "the links behind 原文"
    (blob,) = (block["blob"] for block in issue["items"][0]["blocks"] if block["kind"] == "figure")
    assert (workspace / "data" / "blobs" / blob[:2] / blob).is_file()
    kept = hashlib.sha256(data).hexdigest()
    assert (workspace / "data" / "blobs" / kept[:2] / kept).read_bytes() == data, "the file is kept as it came"
    word = run("issue", "export", SERIES, "534", "--to", tmp_path / "出")[1].splitlines()[0]
    assert len(docx.Document(word).inline_shapes) == 1
    assert "已经导入过，没有改变" in run("import-issue", tmp_path / "第534期.docx")[1]


def test_a_pdf_and_an_old_word_file_say_the_same_issue(run, tmp_path, converted):
    for kind, data in converted.items():
        path = with_file(tmp_path, f"第534期.{kind}", data)
        code, out, err = run("import-issue", path, "--dry-run")
        assert (code, err) == (0, "")
        assert "第五三四期 2024-05-01…2024-05-31 4条 试读" in out
    code, out, _ = run("import-issue", with_file(tmp_path, "其实是PDF.docx", converted["pdf"]))
    assert (code, "PDF 不说明分段" in out) == (0, True), "told by its bytes, not by its name"
    items = json.loads(run("issue", "show", SERIES, "534", "--json")[1])["issue"]["items"]
    wanted = seed(534).issue.items
    assert [(one["outlet"], one["url"], one["date"]) for one in items] == [
        (one.outlet, one.url, str(one.date)) for one in wanted
    ]
    squeezed = [re.sub(r"\s", "", "".join(block["text"] for block in one["blocks"])) for one in items]
    assert squeezed == [re.sub(r"\s", "", "".join(block.text for block in one.blocks)) for one in wanted]


def bomb() -> bytes:
    file = io.BytesIO(handmade.typed(seed(534).issue))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/image1.png", bytes(80 * 1024 * 1024))
    return file.getvalue()


def scanned() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(file, "PDF")
    return file.getvalue()


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr(name, "x")
    return file.getvalue()


REFUSED = {
    "空.docx": (lambda: b"", "文件是空的"),
    "炸弹.docx": (bomb, "解压后超过 64 MiB，疑似压缩炸弹"),
    "截断.docx": (lambda: handmade.typed(seed(534).issue)[:9000], "文件已损坏"),
    "表.docx": (lambda: zipped("xl/workbook.xml"), "不是 DOCX"),
    "扫描.pdf": (scanned, "扫描件，没有文字层"),
    "坏.pdf": (lambda: b"%PDF-1.7\n" + bytes(200), "PDF 文件已损坏"),
    "加密.doc": (lambda: OLD_WORD + "EncryptedPackage".encode("utf-16-le"), "已加密"),
    "旧.xls": (lambda: OLD_WORD + "Workbook".encode("utf-16-le"), "旧版 Excel"),
    "网页.doc": (lambda: b"<html><body>x</body></html>", "这是网页文件"),
    "旧.doc": (lambda: OLD_WORD + "WordDocument".encode("utf-16-le"), "要由 LibreOffice 转换"),
}


def test_files_that_cannot_be_read_are_refused_each_with_its_reason(run, tmp_path, monkeypatch):
    monkeypatch.setattr(libreoffice, "program", lambda: "")
    files = [with_file(tmp_path, name, data()) for name, (data, _) in REFUSED.items()]
    code, out, err = run("import-issue", *files)
    assert (code, out) == (1, "")
    said = dict(zip(REFUSED, err.splitlines(), strict=True))
    assert {
        name: told in said[name] and f"{name}：" in said[name] for name, (_, told) in REFUSED.items()
    } == dict.fromkeys(REFUSED, True), err
    assert run("issue", "list", "--json")[1].strip() == "[]"
