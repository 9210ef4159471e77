"""Where a release's files go: inside `out`, over nothing of anybody's, whatever the series is called."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offices import SERIES, drafted, without_libreoffice, workspace
from pipeline import doctor
from pipeline.config import load
from pipeline.desk import Desk, now, open_desk, releasing
from pipeline.desk.rebuilding import basis_of, laid_out
from pipeline.errors import Blocked, ConfigError, StoreError, UsageError
from pipeline.model import Basis, Release, file_title
from pipeline.schedule import Clockwork
from pipeline.store import Blobs

OTHER = "beijing-digest"


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with without_libreoffice():
        yield


@pytest.fixture(scope="module")
def _released(tmp_path_factory) -> tuple[Path, Release]:
    folder = tmp_path_factory.mktemp("office") / "here"
    workspace(folder)
    with open_desk(folder, clock=now) as desk:
        return folder, desk.release(drafted(desk, 6, "友谊"), "王编辑")


@pytest.fixture
def released(_released, tmp_path) -> tuple[Path, Release]:
    """A copy of a workspace that put out 535, and what it put out."""
    shutil.copytree(_released[0], tmp_path / "office")
    return tmp_path / "office", _released[1]


@pytest.fixture
def office(tmp_path) -> Path:
    workspace(tmp_path / "office")
    return tmp_path / "office"


def _called(office: Path, *titles: str) -> None:
    """Gives the workspace monthly series of these titles, the first one SERIES."""
    path = office / "config" / "series.yaml"
    text = path.read_text("utf-8")
    first = text[text.index(f"{SERIES}:\n") :]
    first = first[: re.search(r"\n(?=\S)", first).start() + 1]
    entries = [
        re.sub(r"(?m)^  title:.*$", lambda _, t=title: f"  title: {_yaml(t)}", first).replace(SERIES, name, 1)
        for name, title in zip((SERIES, OTHER), titles, strict=False)
    ]
    path.write_text("".join(entries), "utf-8")


def _yaml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def _names(desk: Desk, release: Release) -> list[str]:
    assert desk.pending == []
    return sorted(release.files)


TITLES = {
    "a path": "../../etc/passwd",
    "an absolute path": "/etc/cron.d/x",
    "a Windows path": "..\\..\\Windows\\System32",
    "a device": "CON",
    "a drive": "C:报告",
    "a final dot": "月报.",
    "86 characters": "卫" * 86,
    "86 characters of four bytes": "𠀋" * 86,
    "nothing but punctuation": "/../?*|。。",
    "hidden": ".ssh",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_whatever_a_series_is_called_its_files_stay_inside_the_folder_for_them(office, title: str) -> None:
    _called(office, title)
    before = {path for path in office.parent.rglob("*") if "data" not in path.parts and "out" not in path.parts}
    with open_desk(office, clock=now) as desk:
        release = desk.release(drafted(desk, 6, "友谊"), "王编辑")
        names = _names(desk, release)
    after = {path for path in office.parent.rglob("*") if "data" not in path.parts and "out" not in path.parts}
    assert after == before
    assert names == sorted(path.relative_to(office / "out").as_posix() for path in (office / "out").rglob("*.*"))
    for name in names:
        stem, _, rest = name.partition("-第535期-20240630")
        assert stem.isalnum()
        assert re.fullmatch(r"\.\w+|-图片/\w+\.png", rest)
        longest = f"{stem}-第4000000000期-20240630-送审稿100000-改动abcdef.docx"
        assert len(longest.encode()) <= 255


@pytest.mark.parametrize("series", ["../../x", "a/b", "。。", "\0"])
def test_an_id_that_would_be_a_path_is_none_in_a_name(series: str) -> None:
    assert file_title("///", series).isalnum()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("舆情月报", "舆情·月报"),
        ("ABC月报", "abc月报"),
        ("ＡＢＣ月报", "ABC月报"),
        ("卫" * 61, "卫" * 62),
        ("甲/乙", "甲乙"),
    ],
    ids=["punctuation", "case", "width", "beyond the cut", "a slash"],
)
def test_two_series_whose_files_would_have_one_name_are_refused_with_the_line(office, one: str, other: str) -> None:
    _called(office, one, other)
    with pytest.raises(ConfigError, match=rf"series\.yaml:\d+:\d+: the files of {OTHER} would have .* {SERIES}: "):
        load(office)


def test_a_series_that_is_called_like_another_one_was_does_not_replace_its_files(released) -> None:
    office, release = released
    was = {name: (office / "out" / name).read_bytes() for name in release.files}
    _called(office, "改了名的月报", release.issue.title)
    with open_desk(office, clock=now) as desk:
        desked = drafted(desk, 6, "同仁", OTHER)
        with pytest.raises(UsageError, match=r"文件名 .* 已被另一期占用"):
            desk.release(desked, "王编辑")
        assert len(desk.issues.released()) == 1
    assert {name: (office / "out" / name).read_bytes() for name in release.files} == was


IN_THE_WAY = {
    "a link to a file of somebody": lambda path, secret: path.symlink_to(secret),
    "a link to nothing": lambda path, secret: path.symlink_to(secret.with_name("nothing")),
    "a pipe": lambda path, secret: os.mkfifo(path),
    "a folder": lambda path, secret: (path.mkdir(), (path / "notes.txt").write_text("笔记")),
    "a file": lambda path, secret: path.write_text("改过的"),
}


@pytest.mark.parametrize("put", IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_what_stands_in_the_place_of_a_published_file_is_set_aside_and_not_followed(released, tmp_path, put) -> None:
    office, release = released
    secret = tmp_path / "secret"
    secret.write_text("不许动")
    name = next(name for name in release.files if name.endswith(".docx"))
    target = office / "out" / name
    frozen = target.read_bytes()
    target.unlink()
    put(target, secret)
    kept = target.lstat().st_ino
    with open_desk(office, clock=now) as desk:
        assert desk.pending == []
    assert not target.is_symlink()
    assert target.read_bytes() == frozen
    (aside,) = (office / "out").glob("*-改动*")
    assert aside.lstat().st_ino == kept
    assert secret.read_text() == "不许动"
    assert not secret.with_name("nothing").exists()


@pytest.mark.parametrize("where", ["link", "file"])
def test_pictures_are_not_written_through_a_link_in_the_place_of_their_folder(released, tmp_path, where: str) -> None:
    office, release = released
    (folder,) = (office / "out").glob("*-图片")
    shutil.rmtree(folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere) if where == "link" else folder.write_text("这是一个文件")
    with open_desk(office, clock=now) as desk:
        assert desk.pending == []
    assert list(elsewhere.iterdir()) == []
    assert all((office / "out" / name).is_file() for name in release.files)


@pytest.mark.parametrize("put", list(IN_THE_WAY.values())[:4], ids=list(IN_THE_WAY)[:4])
def test_an_export_is_not_written_through_what_is_in_its_way(released, bulletin, tmp_path, put) -> None:
    office, release = released
    secret = tmp_path / "secret"
    secret.write_text("不许动")
    target = tmp_path / "to" / next(name for name in release.files if name.endswith(".docx"))
    target.parent.mkdir()
    put(target, secret)
    code, _, said = bulletin("-C", office, "issue", "export", SERIES, "535", "--to", target.parent)
    assert code == 2
    assert "没有写入" in said
    assert secret.read_text() == "不许动"


# --------------------------------------------------------------------------- what is kept with a release


def test_a_release_keeps_its_template_and_what_lies_beside_it_but_no_other_document_and_no_page(tmp_path) -> None:
    folder, blobs = tmp_path / "templates", Blobs(tmp_path / "blobs")
    for name in ("gongwen.docx", "~$gongwen.docx", "old/gongwen.docx", "lead.j2", ".lead.j2.swp", "web/page.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    with (folder / "film.bin").open("wb") as film:
        film.truncate(33 * 1024 * 1024)
    os.mkfifo(folder / "pipe")
    basis = basis_of(folder / "gongwen.docx", blobs.put)
    assert {name: blobs.get(blob).decode() for name, blob in basis.templates.items()} == {
        name: name for name in ("gongwen.docx", "lead.j2")
    }
    with laid_out(basis, blobs) as template:
        assert template.read_bytes() == b"gongwen.docx"
        assert (template.parent / "lead.j2").read_bytes() == b"lead.j2"


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "web/../../escaped"])
def test_a_name_that_would_leave_the_folder_is_no_template(tmp_path, name: str) -> None:
    blobs = Blobs(tmp_path / "blobs")
    with (
        pytest.raises(StoreError, match="is no name of a template"),
        laid_out(Basis("gongwen", {name: blobs.put(b"x")}, {}), blobs),
    ):
        pytest.fail("it was laid out")


def test_what_cannot_be_kept_is_not_released_and_takes_no_number(office, monkeypatch) -> None:
    with open_desk(office, clock=now) as desk:
        desked = drafted(desk, 6, "友谊")
        with monkeypatch.context() as patched:
            patched.setattr(Blobs, "put", _full)
            with pytest.raises(StoreError, match="No space left"):
                desk.release(desked, "王编辑")
        assert desk.issues.released() == []
        assert desk.release(desked, "王编辑").issue.number == 535


def _full(self: Blobs, data: bytes) -> str:
    raise StoreError(f"{self.place}: No space left on device.")


# ----------------------------------------------------------------- a folder that cannot be written now


def _no_room(path: Path, data: bytes) -> None:
    raise StoreError(f"{path}: No space left on device.", f"{len(data)} bytes are to be written there.")


OUT_OF_ORDER = {
    "something else is in its place": lambda out: out.write_text("不是文件夹"),
    "a mount that is gone": lambda out: out.symlink_to(out.parent / "unmounted" / "out"),
    "a disk that is full": lambda out: None,
    "a file system on which nothing can be made": lambda out: out.symlink_to("/proc/self"),
}


@pytest.mark.parametrize("break_it", OUT_OF_ORDER.values(), ids=OUT_OF_ORDER.keys())
def test_what_cannot_be_published_is_released_shown_as_pending_and_written_by_the_clock_later(
    office, monkeypatch, break_it
) -> None:
    out = office / "out"
    shutil.rmtree(out, ignore_errors=True)
    break_it(out)
    full = break_it is OUT_OF_ORDER["a disk that is full"]
    monkeypatch.setattr(doctor, "CHECKS", {"成品": doctor.CHECKS["成品"]})
    with monkeypatch.context() as patched:
        if full:
            patched.setattr(releasing, "write_whole", _no_room)
        with open_desk(office, clock=now) as desk:
            release = desk.release(drafted(desk, 6, "友谊"), "王编辑")
            assert [one.issue.number for one in desk.issues.released()] == [535]
            assert sorted(desk.pending) == sorted(desk.unpublished(release)) == sorted(release.files)
        (sign,) = doctor.examine(office, now())
        assert sign.condition is doctor.Condition.FAULT
        assert f"{len(release.files)} 个成品还没有写出" in sign.detail
        with open_desk(office, clock=now) as desk:
            assert sorted(desk.pending) == sorted(release.files), "trying again loses nothing either"
    if out.is_symlink() or out.is_file():
        out.unlink()
    Clockwork(lambda: open_desk(office, clock=now), lambda *_: 0, now).tick()
    assert {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in release.files} == release.files, (
        "the same bytes, by the first look of the clock"
    )


def test_publishing_onto_another_file_system_is_as_whole_as_on_this_one(office) -> None:
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        if elsewhere.stat().st_dev == office.stat().st_dev:
            assert not os.environ.get("CI"), "CI leaves no test out"
            pytest.skip("/dev/shm is no file system of its own here")
        (office / "out").symlink_to(elsewhere)
        with open_desk(office, clock=now) as desk:
            release = desk.release(drafted(desk, 6, "友谊"), "王编辑")
            assert desk.pending == []
        assert {name: hashlib.sha256((elsewhere / name).read_bytes()).hexdigest() for name in release.files} == (
            release.files
        )
        assert not list(elsewhere.rglob("*.part"))
    finally:
        shutil.rmtree(elsewhere)


# ------------------------------------------------------------------- what a template prints otherwise


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("lead.j2", "{{ count }}篇", "{{ count + 1 }}篇", "导语写2篇，实有1篇"),
        ("lead.j2", "{{ unit }}", "周报", "导语写“周报”，应为“月报”"),
        ("lead.j2", "时间从{{ start }}", "时间从2024年5月1日", "导语的起止日期为2024年5月1日至2024年6月30日"),
        ("bulletin.md.j2", "{{ issue.lead }}", "本期共3篇。", "bulletin.md.j2 印出的与本期不一致：印出的导语不是"),
        ("bulletin.md.j2", "（{{ item.outlet }}）", "", "目录第1条没有印出来源“北京日报”"),
    ],
    ids=["a count", "a noun", "a date", "a sentence of its own", "no outlets"],
)  # fmt: skip
def test_a_template_that_misstates_the_issue_keeps_it_from_release_with_the_list(
    office, bulletin, file, old, new, told
) -> None:
    path = office / "templates" / file
    text = path.read_text("utf-8")
    assert old in text
    with open_desk(office, clock=now) as desk:
        desked = drafted(desk, 6, "友谊")
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(Blocked, match=re.escape(told)) as refused:
            desk.release(desked, "王编辑")
        assert file in str(refused.value)
        assert desk.issues.released() == []
        path.write_text(text, "utf-8")
        assert desk.release(desked, "王编辑").issue.number == 535
    assert not list((office / "out").glob("*改动*"))


def test_a_template_saved_between_the_check_and_the_rendering_puts_nothing_out_that_was_not_checked(
    office, monkeypatch
) -> None:
    path = office / "templates" / "bulletin.md.j2"
    with open_desk(office, clock=now) as desk:
        desked = drafted(desk, 6, "友谊")
        checked = desk.findings

        def then_saved(*arguments):
            found = checked(*arguments)
            path.write_text(path.read_text("utf-8").replace("number: {{ issue.number }}", "number: 534"), "utf-8")
            return found

        monkeypatch.setattr(desk, "findings", then_saved)
        release = desk.release(desked, "王编辑")
        assert b"number: 535\n" in desk.copies(release)[f"{release.issue.filename}.md"]
