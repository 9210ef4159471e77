"""What was released is proven to be still what was released; whatever was damaged or changed is named.

Real files and real rows of both databases; one workspace with two issues a database, put back after each test.
"""

import dataclasses
import io
import json
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import docx
import pytest
import sqlalchemy as sa
from docx.oxml.ns import qn
from lxml import etree
from pydantic import TypeAdapter

from drafts import CONFIG
from offices import SERIES, drafted, office_with_two_issues, without_libreoffice, workspace
from pipeline import doctor
from pipeline.desk import Proof, Verified, now, open_desk, verify
from pipeline.model import Release, Window, digest
from pipeline.outputs import FORMATS, Context, program
from pipeline.outputs.package import pack, unpack
from pipeline.steps.assemble import assemble
from pipeline.store import Database
from pipeline.store.schema import ISSUES, RELEASES

_RELEASE = TypeAdapter(Release)
ON_SQLITE = pytest.mark.parametrize("whole", ["sqlite"], indirect=True)  # the database has no say in it


@dataclass(frozen=True)
class Office:
    """A workspace with the issues 535 and 536, both out."""

    workspace: Path
    where: Path | str

    @property
    def out(self) -> Path:
        return self.workspace / "out"

    @property
    def blobs(self) -> Path:
        return self.workspace / "data" / "blobs"

    def verified(self, *arguments, **more) -> list[Verified]:
        return verify(self.workspace, *arguments, **more)

    def told(self, proof: Proof, number: int = 535) -> list[str]:
        """What is said of an issue, with this proof."""
        (one,) = (one for one in self.verified(SERIES) if one.number == number)
        return [each.text for each in one.statements if each.proof is proof]

    def release(self, number: int = 535) -> Release:
        database = Database(self.where)
        try:
            with database.read() as connection:
                query = sa.select(RELEASES.c.content).join(ISSUES, RELEASES.c.issue == ISSUES.c.id)
                return _RELEASE.validate_json(connection.execute(query.where(ISSUES.c.number == number)).scalar_one())
        finally:
            database.close()

    def write(self, statement: sa.Executable) -> None:
        database = Database(self.where)
        try:
            with database.write() as connection:
                connection.execute(statement)
        finally:
            database.close()

    def rewrite(self, number: int, *, sign: bool = True, **fields: object) -> None:
        """Changes the stored content of an issue; `sign` gives the row the digest of what it says now."""
        content = _RELEASE.dump_json(dataclasses.replace(self.release(number), **fields)).decode()
        values = {"content": content} | ({"sha256": digest(content)} if sign else {})
        self.write(sa.update(RELEASES).where(RELEASES.c.issue == self.id(number)).values(**values))

    def id(self, number: int) -> sa.ScalarSelect[int]:
        return sa.select(ISSUES.c.id).where(ISSUES.c.number == number).scalar_subquery()

    def blob(self, suffix: str, number: int = 535) -> Path:
        files = self.release(number).files
        name = next(blob for file, blob in files.items() if file.endswith(suffix))
        return self.blobs / name[:2] / name

    def docx(self, number: int = 535) -> bytes:
        return self.blob(".docx", number).read_bytes()


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with without_libreoffice():
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whole(request, tmp_path_factory) -> Iterator[tuple[Office, Path]]:
    folder = tmp_path_factory.mktemp("office")
    if request.param == "sqlite":
        office_with_two_issues(folder / "here", "")
        yield Office(folder / "here", folder / "here" / "data" / "desk.db"), folder
        return
    with request.getfixturevalue("server").database("TEMPLATE migrated") as address:
        office_with_two_issues(folder / "here", address)
        yield Office(folder / "here", address), folder


@pytest.fixture
def office(whole) -> Iterator[Office]:
    """The workspace; whatever a test does to it is undone."""
    one, folder = whole
    shutil.rmtree(folder / "kept", ignore_errors=True)
    shutil.copytree(one.workspace, folder / "kept")
    database = Database(one.where)
    with database.read() as connection:
        rows = {table: connection.execute(sa.select(table)).mappings().all() for table in (ISSUES, RELEASES)}
    yield one
    shutil.rmtree(one.workspace)
    shutil.copytree(folder / "kept", one.workspace)
    if not isinstance(one.where, Path):
        with database.write() as connection:
            connection.execute(sa.text("SET session_replication_role = replica"))  # whatever refers to the rows
            for table, was in rows.items():
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), [dict(row) for row in was])
            connection.execute(sa.text("SET session_replication_role = DEFAULT"))
    database.close()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_an_issue_as_it_was_released_is_proven(office) -> None:
    assert {one.proof for one in office.verified()} == {Proof.PROVEN}
    told = "\n".join(office.told(Proof.PROVEN))
    for part in (
        "摘要相符",
        "冻结的文件 4 个",
        "配图 1 张在位",
        "重新生成 docx、md、html，逐字节相同",
        "成品 4 个，与冻结的相同",
    ):
        assert part in told
    (numbers,) = (one for one in office.verified(SERIES) if not one.number)
    assert [one.text for one in numbers.statements] == ["第535期至第536期，期号连续，没有缺号或重号"]


def test_an_issue_is_made_again_though_the_office_has_edited_every_template_and_setting_since(office) -> None:
    for path in (office.workspace / "templates").iterdir():
        path.write_bytes(b"edited")
    series = office.workspace / "config" / "series.yaml"
    series.write_text(series.read_text("utf-8").replace("月报", "简报").replace("政策研究中心", "信息中心"), "utf-8")
    assert {one.proof for one in office.verified()} == {Proof.PROVEN}
    shutil.rmtree(office.workspace / "templates")
    assert {one.proof for one in office.verified()} == {Proof.PROVEN}


@ON_SQLITE
@pytest.mark.parametrize("harm", [_flip, Path.unlink], ids=["a flipped bit", "a lost file"])
@pytest.mark.parametrize("suffix", [".docx", ".md", ".png"])
def test_a_frozen_file_that_was_damaged_or_lost_is_named(office, suffix: str, harm: Callable[[Path], None]) -> None:
    path = office.blob(suffix)
    harm(path)
    told = office.told(Proof.DAMAGED)
    assert f"{'不见了' if not path.exists() else '已损坏'}" in told[0]
    assert suffix in told[0]
    if suffix != ".png":  # the picture is printed in both issues
        assert office.told(Proof.DAMAGED, 536) == []


@ON_SQLITE
@pytest.mark.parametrize("name", ["gongwen.docx", "bulletin.md.j2"])
def test_a_lost_template_is_told_and_the_frozen_files_are_still_proven(office, name: str) -> None:
    basis = office.release().basis
    assert basis is not None
    blob = basis.templates[name]
    (office.blobs / blob[:2] / blob).unlink()
    (told,) = office.told(Proof.DAMAGED)
    assert told.startswith("重新生成所需的模板或配图缺失或损坏（")
    assert blob in told
    assert "冻结的文件 4 个，SHA-256 相符" in office.told(Proof.PROVEN)


def test_a_changed_word_in_the_database_is_told(office) -> None:
    release = office.release()
    office.rewrite(535, sign=False, issue=dataclasses.replace(release.issue, lead="本期月报共收集9篇信息。"))
    assert "与写入时的摘要不符" in office.told(Proof.DAMAGED)[0]
    assert {one.proof for one in office.verified(SERIES, 536)} == {Proof.PROVEN}


def test_a_changed_word_whose_digest_was_made_to_fit_is_told_by_making_the_files_again(office) -> None:
    release = office.release()
    items = tuple(dataclasses.replace(one, outlet="新京报") for one in release.issue.items)
    office.rewrite(535, issue=dataclasses.replace(release.issue, items=items))
    told = office.told(Proof.DAMAGED)
    assert told[0].startswith("重新生成的 docx 与冻结的不同：“（北京日报）”改成了“（新京报）”")
    assert told[1].startswith("重新生成的 md 与冻结的不同")


def test_a_row_that_is_no_json_any_more_hides_no_other(office) -> None:
    office.write(sa.update(RELEASES).where(RELEASES.c.issue == office.id(535)).values(content="{", sha256=digest("{")))
    assert office.told(Proof.DAMAGED) == ["数据库里的数据读不出来（ValidationError）"]
    assert office.told(Proof.DAMAGED, 536) == []


def test_files_of_two_issues_that_changed_places_are_told(office) -> None:
    june, july = office.release(535), office.release(536)

    def swapped(mine: Release, other: Release) -> dict[str, str]:
        theirs = {Path(name).suffix: blob for name, blob in other.files.items()}
        return {name: theirs[Path(name).suffix] for name in mine.files}

    for number, files in ((535, swapped(june, july)), (536, swapped(july, june))):
        office.rewrite(number, files=files)
        office.write(sa.update(RELEASES).where(RELEASES.c.issue == office.id(number)).values(files=files))
    assert any("自称是 beijing-monthly 第536期：文件被调换" in one for one in office.told(Proof.DAMAGED))


def test_a_register_that_says_otherwise_than_the_content_is_told(office) -> None:
    files = {name: blob for name, blob in office.release().files.items() if not name.endswith(".md")}
    office.write(sa.update(RELEASES).where(RELEASES.c.issue == office.id(535)).values(files=files))
    assert office.told(Proof.DAMAGED)[0].startswith("数据库的登记与发布的内容不一致")


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.write_bytes(b"edited"), "被改动过"),
        (Path.unlink, "被删除或移走"),
        (lambda path: (path.unlink(), path.mkdir()), "不是普通文件"),
        (lambda path: (path.rename(path.with_suffix(".x")), path.symlink_to(path.with_suffix(".x"))), "不是普通文件"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "不是普通文件"),
        (lambda path: path.write_bytes(path.with_name("other").read_bytes()), "第五三六期的"),
    ],
    ids=["edited", "deleted", "a folder", "a link", "a pipe", "another issue's"],
)
def test_a_published_copy_that_is_not_the_released_file_is_told_and_left_alone(office, bulletin, change, told) -> None:
    (path,) = office.out.glob("*535*.docx")
    (office.out / "other").write_bytes(office.docx(536))
    change(path)
    before = sorted(one.name for one in office.out.iterdir())
    (said,) = office.told(Proof.COPY)
    assert str(path) in said
    assert told in said
    assert bulletin("-C", office.workspace, "verify")[0] == 3
    assert sorted(one.name for one in office.out.iterdir()) == before


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda office: office.write(sa.update(ISSUES).where(ISSUES.c.number == 536).values(number=538)), "缺 2 期"),
        (lambda office: office.write(sa.update(ISSUES).where(ISSUES.c.number == 535).values(number=540)), "次序颠倒"),
        (
            lambda office: office.write(
                sa.update(ISSUES).where(ISSUES.c.number == 535).values(state="draft", released=0)
            ),
            "缺 1 期",
        ),
    ],
    ids=["a number moved on", "a number moved past the next", "an issue taken back"],
)
def test_numbers_with_a_gap_or_out_of_order_are_told(office, harm, told) -> None:
    harm(office)
    (numbers,) = (one for one in office.verified(SERIES) if not one.number)
    assert numbers.proof is Proof.DAMAGED
    assert told in "".join(one.text for one in numbers.statements)


def test_a_release_row_that_is_gone_is_told(office) -> None:
    office.write(sa.delete(RELEASES).where(RELEASES.c.issue == office.id(535)))
    assert office.told(Proof.DAMAGED) == ["数据库里没有这一期的发布记录"]


def test_an_issue_released_before_templates_were_kept_says_what_cannot_be_proven(office, bulletin) -> None:
    content = json.loads(_RELEASE.dump_json(office.release()))
    del content["basis"]
    text = json.dumps(content, ensure_ascii=False)
    office.write(
        sa.update(RELEASES).where(RELEASES.c.issue == office.id(535)).values(content=text, sha256=digest(text))
    )
    assert office.told(Proof.DAMAGED) == []
    assert office.told(Proof.UNPROVEN) == ["发布时还没有保存模板：冻结的文件以 SHA-256 为证，不能重新生成来对照"]
    code, said, _ = bulletin("-C", office.workspace, "verify", SERIES, "535")
    assert code == 0
    assert "第五三五期：未能证明" in said


def test_files_that_a_newer_program_makes_otherwise_are_no_damage(office) -> None:
    release = office.release()
    assert release.basis is not None
    assert release.basis.program == program.program()
    older = dataclasses.replace(release.basis, program={**release.basis.program, "bulletin-desk": "0.0.1"})
    # what an older program printed otherwise
    issue = dataclasses.replace(release.issue, lead=release.issue.lead.replace("等。", "。"))
    office.rewrite(535, basis=older, issue=issue)
    assert office.told(Proof.DAMAGED) == []
    for told in office.told(Proof.UNPROVEN):
        assert "发布后程序已更新（bulletin-desk 0.0.1 → " in told
    assert office.told(Proof.UNPROVEN)[0].startswith(
        "重新生成的 docx 与冻结的不同：“及政府网站等。”改成了“及政府网站。”"
    )


def test_verifying_opens_no_desk_and_writes_nothing(office) -> None:
    def everything() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in office.workspace.rglob("*")}

    before = everything()
    office.verified()
    assert everything() == before


# ------------------------------------------------------------------------------ what somebody holds


def _repacked(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, part in unpack(data).items():
            archive.writestr(name, part)
    return target.getvalue()


def _with(data: bytes, name: str, old: str, new: str) -> bytes:
    parts = unpack(data)
    assert old in parts[name].decode()
    return pack({**parts, name: parts[name].replace(old.encode(), new.encode(), 1)})


def _as_libreoffice_saves(data: bytes) -> bytes:
    """A frame becomes a text box, once for newer and once for older programs; footers get other names and numbers."""
    parts = unpack(data)
    root = etree.fromstring(parts["word/document.xml"])
    body = root[0]
    frame = next(one.getparent().getparent() for one in body.iter(qn("w:framePr")))
    frame.find(qn("w:pPr")).remove(frame.find(f"{qn('w:pPr')}/{qn('w:framePr')}"))
    anchor = etree.fromstring(_TEXT_BOX)
    for box in anchor.iter(qn("w:txbxContent")):
        box.append(deepcopy(frame))
    body.remove(frame)
    body.insert(0, anchor)
    parts["word/document.xml"] = etree.tostring(root)
    for name in [name for name in parts if name.startswith("word/footer")]:
        parts[name] = parts[name].replace("— ".encode(), "—  ".encode())
    return pack(parts)


_TEXT_BOX = """<w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><mc:AlternateContent>
 <mc:Choice Requires="wps"><w:txbxContent/></mc:Choice><mc:Fallback><w:pict><w:txbxContent/></w:pict></mc:Fallback>
 </mc:AlternateContent></w:r></w:p>"""


def _saved_again(data: bytes) -> bytes:
    """As a program saves it that drops custom properties and adds a paragraph."""
    document = docx.Document(io.BytesIO(data))
    document.add_paragraph("编者按：请领导阅示。")
    buffer = io.BytesIO()
    document.save(buffer)
    parts = unpack(buffer.getvalue())
    del parts["docProps/custom.xml"]
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"docProps/custom.xml", b"docProps/core.xml")
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"/docProps/custom.xml", b"/docProps/none.xml")
    return pack(parts)


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_repacked, ["逐字节与发布件不同；内容与自带的摘要相符", "内容完全相同，只是重新压缩过"]),
        (
            lambda data: _with(data, "docProps/core.xml", "大数据与政策研究中心", "信息中心"),
            ["内容与自带的摘要不符：生成之后被改动过", "文字和版式相同，只有文件属性不同（docProps/core.xml）"],
        ),
        (
            lambda data: _with(data, "word/styles.xml", 'w:val="28"', 'w:val="30"'),
            ["被改动过", "文字相同，版式或附属部件不同（word/styles.xml）"],
        ),
        (
            lambda data: _with(data, "word/document.xml", "近日上线", "将于明年上线"),
            ["被改动过", "“互联网医院近日上线，市民可以在线复诊。”改成了“互联网医院将于明年上线，市民可以在线复诊。”"],
        ),
        (_as_libreoffice_saves, ["被改动过", "文字相同，版式或附属部件不同（word/document.xml"]),
        (_saved_again, ["也没有自带的摘要", "多了“编者按：请领导阅示。”"]),
        (lambda data: data[: len(data) // 2], ["它不是完好的 DOCX"]),
        (lambda data: b"PK\x03\x04" + b"x" * 100, ["它不是完好的 DOCX"]),
        (lambda data: "今日要闻".encode(), ["它不是完好的 DOCX"]),
    ],
    ids=[
        "repacked",
        "another author",
        "another size",
        "another word",
        "as LibreOffice saves",
        "saved again",
        "cut",
        "no zip",
        "text",
    ],
)
def test_what_a_held_document_has_otherwise_is_told(office, bulletin, tmp_path, change, told) -> None:
    held = tmp_path / "收到的.docx"
    held.write_bytes(change(office.docx()))
    code, said, _ = bulletin("-C", office.workspace, "verify", "--file", held)
    assert code == 5
    for part in told:
        assert part in said


@ON_SQLITE
def test_a_held_document_that_is_the_released_one_is_recognised_under_any_name(office, bulletin, tmp_path) -> None:
    held = tmp_path / "x.docx"
    held.write_bytes(office.docx(536))
    code, said, _ = bulletin("-C", office.workspace, "verify", "--file", held)
    assert code == 0
    assert "正是北京市卫生信息化舆情监测月报 第五三六期发布的 " in said
    assert bulletin("-C", office.workspace, "verify", SERIES, "535", "--file", held)[0] == 5


@ON_SQLITE
def test_a_draft_is_not_taken_for_the_released_document(office, tmp_path) -> None:
    held = tmp_path / "送审.docx"
    with open_desk(office.workspace, clock=now) as desk:
        desked = desk.desked(SERIES, Window(office.release().issue.window.start, office.release().issue.window.end))
        held.write_bytes(desk.render(desked, "docx"))
    (one,) = office.verified(files=[held])
    told = [each.text for each in one.statements]
    assert one.proof is Proof.OTHER
    assert "是修订3的送审稿，不是发布件" in told
    assert any(text.endswith("多了“送审稿”") for text in told)


@ON_SQLITE
def test_a_document_of_an_issue_that_is_not_here_says_which_it_claims_to_be(office, tmp_path) -> None:
    held = tmp_path / "x.docx"
    held.write_bytes(_with(office.docx(), "docProps/custom.xml", "beijing-monthly/535", "beijing-monthly/999"))
    (one,) = office.verified(files=[held])
    assert [each.text for each in one.statements][-1] == "没有发布过北京市卫生信息化舆情监测月报 第九九九期"


@ON_SQLITE
def test_a_bomb_is_no_document(office, tmp_path) -> None:
    held = tmp_path / "x.docx"
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (65 * 1024 * 1024))
    (one,) = office.verified(files=[held])
    assert "它不是完好的 DOCX" in one.statements[0].text


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "told"), [("missing.docx", "没有这个文件"), ("folder", "这是文件夹"), ("pipe", "不是普通文件")]
)
def test_what_cannot_be_read_as_a_file_is_refused(office, bulletin, tmp_path, name: str, told: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    code, _, said = bulletin("-C", office.workspace, "verify", "--file", tmp_path / name)
    assert code == 2
    assert told in said


@ON_SQLITE
def test_the_result_can_be_read_by_a_machine(office, bulletin) -> None:
    _flip(office.blob(".docx"))
    code, said, _ = bulletin("-C", office.workspace, "verify", "--json")
    rows = json.loads(said)
    assert code == 1
    assert [(row["series"], row["number"], row["proof"]) for row in rows] == [
        (SERIES, 535, "damaged"),
        (SERIES, 536, "proven"),
        (SERIES, 0, "proven"),
        ("", 0, "proven"),
    ]
    assert {"proof", "text", "fix"} == set(rows[0]["statements"][0])


@ON_SQLITE
def test_a_workspace_that_has_not_begun_has_nothing_to_prove_and_one_that_lost_its_database_says_so(
    office, bulletin, tmp_path
) -> None:
    workspace(tmp_path / "new")
    assert bulletin("-C", tmp_path / "new", "verify")[0] == 0
    assert not (tmp_path / "new" / "data").exists()
    (office.workspace / "data" / "desk.db").unlink()
    code, _, said = bulletin("-C", office.workspace, "verify")
    assert code == 1
    assert "desk.db" in said


@pytest.mark.parametrize("formats", [("docx",), ("html", "eml"), ("docx", "md", "html", "eml")], ids="+".join)
@ON_SQLITE
def test_whatever_formats_an_office_puts_out_are_proven(office, formats) -> None:
    settings = office.workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(re.sub(r"(?m)^formats:.*$", f"formats: [{', '.join(formats)}]", text), "utf-8")
    with open_desk(office.workspace, clock=now) as desk:
        desk.release(drafted(desk, 8, "天坛"), "王编辑")
    assert office.told(Proof.DAMAGED, 537) == office.told(Proof.UNPROVEN, 537) == []
    assert f"重新生成 {'、'.join(formats)}，逐字节相同" in "".join(office.told(Proof.PROVEN, 537))


def test_the_same_issue_gives_the_same_bytes_whichever_database_it_was_kept_in(office) -> None:
    release = office.release()
    lead = (office.workspace / "templates" / "lead.j2").read_text("utf-8")
    with open_desk(office.workspace, clock=now) as desk:
        kept = desk.desked(SERIES, release.issue.window).draft
        first = desk.render(desk.desked(SERIES, release.issue.window), "docx")
    with open_desk(office.workspace, clock=now) as desk:
        assert desk.render(desk.desked(SERIES, release.issue.window), "docx") == first
    issue = assemble(kept, 535, CONFIG.series[SERIES], lead)
    context = Context(
        templates=office.workspace / "templates",
        pages=release.pages,
        pictures=lambda blob: (office.blobs / blob[:2] / blob).read_bytes(),
    )
    for suffix in ("docx", "md"):
        assert FORMATS[suffix].render(issue, context) == office.blob(f".{suffix}").read_bytes()


@ON_SQLITE
def test_an_issue_that_was_never_released_is_refused_and_no_issue_at_all_is_no_damage(office, bulletin) -> None:
    assert bulletin("-C", office.workspace, "verify", SERIES, "999")[0] == 2
    assert bulletin("-C", office.workspace, "verify", "unknown")[0] == 2
    assert bulletin("-C", office.workspace, "verify", "national-weekly")[0] == 0


@ON_SQLITE
def test_a_row_of_the_audit_log_that_somebody_changed_is_damage(office, bulletin, monkeypatch) -> None:
    with sqlite3.connect(office.workspace / "data" / "desk.db") as connection:
        connection.execute("UPDATE audit SET who = '别人' WHERE id = 2")
    code, said, _ = bulletin("-C", office.workspace, "verify")
    assert code == 1
    assert "第2条起与前文对不上（别人，" in said
    monkeypatch.setattr(doctor, "CHECKS", {"审计记录": doctor.CHECKS["审计记录"]})
    (told,) = doctor.examine(office.workspace, now())
    assert (told.condition.chinese, told.detail[:10]) == ("故障", "第2条起与前文对不上")
