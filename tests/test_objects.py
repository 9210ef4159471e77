"""A desk whose blobs are objects in a bucket: the same issue, and what happens when the bucket is in trouble."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from buckets import Bucket, served
from offices import SERIES, without_libreoffice, workspace
from pipeline import doctor
from pipeline.config import load
from pipeline.desk import Inline, Proof, back_up, backups, open_desk, verify
from pipeline.errors import ConfigError, StoreError
from pipeline.model import Fate
from test_desk import JUNE, STORIES

INBOX = "- id: inbox\n  name: 收件箱\n  kind: folder\n  path: inbox\n"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with served() as made, without_libreoffice():
        yield made


def _office(folder: Path, blobs: str = "") -> Path:
    workspace(folder)
    (folder / "inbox").mkdir()
    (folder / "config" / "sources.yaml").write_text(INBOX, "utf-8")
    body = "".join(f"<p>　　{one}</p>" for one in STORIES["北京友谊医院"])
    (folder / "inbox" / "a.html").write_text(
        '<html lang="zh-CN"><head><meta charset="utf-8"><link rel="canonical" href="https://news.bjd.com.cn/a.html">'
        "<title>北京友谊医院智慧医疗又有新进展_北京日报</title></head><body><h1>北京友谊医院智慧医疗又有新进展</h1>"
        "<div><span>2024-06-12 09:30</span> <span>来源：北京日报</span></div>"
        f"<div id='article'>{body}</div></body></html>",
        "utf-8",
    )
    return _kept_at(folder, blobs)


def _kept_at(folder: Path, blobs: str) -> Path:
    settings = folder / "config" / "settings.yaml"
    text = re.sub(r"(?m)^blobs: \S+", f'blobs: "{blobs}"', settings.read_text("utf-8"))
    # its page is looked at again before it is put out: that nobody answers takes no tries and reaches nobody outside
    text = re.sub(r"(?m)^connect_to: .*", "connect_to: {'news.bjd.com.cn:443': '127.0.0.1:1'}", text)
    settings.write_text(re.sub(r"(?m)^  retries: \d+", "  retries: 0", text), "utf-8")
    return folder


def _released(folder: Path, hour) -> dict[str, str]:
    """Puts June out; gives the digests of its files as they were published."""
    hour.moment = hour.moment.replace(month=7, day=2, hour=8, minute=0, second=0)
    with open_desk(folder, clock=hour) as desk:
        desked = desk.run(SERIES, JUNE, Inline()).desked
        release = desk.release(desked, "王编辑")
        assert desk.pending == []
    return {name: hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest() for name in release.files}


def test_the_same_issue_comes_out_byte_for_byte_wherever_the_blobs_are(bucket, hour, tmp_path, monkeypatch) -> None:
    near, far = _office(tmp_path / "near"), _office(tmp_path / "far", bucket.place("desk"))
    files = _released(near, hour)
    assert any(name.endswith(".docx") for name in files)
    assert _released(far, hour) == files
    assert not (far / "data" / "blobs").exists()
    proofs = [each.proof for one in verify(far, SERIES) for each in one.statements]
    assert proofs
    assert set(proofs) == {Proof.PROVEN}
    for name in files:
        (far / "out" / name).unlink()
    with open_desk(far, clock=hour):
        assert {name: hashlib.sha256((far / "out" / name).read_bytes()).hexdigest() for name in files} == files
    monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name] for name in ("文件库", "占用")})
    assert [one.condition for one in doctor.examine(far, hour())] == [doctor.Condition.GOOD] * 2
    assert bucket.secret not in (far / "config" / "settings.yaml").read_text("utf-8")


def test_a_run_ends_cleanly_while_the_server_is_down_and_goes_on_when_it_is_back(
    bucket, hour, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"文件库": doctor.CHECKS["文件库"]})
    office = _office(tmp_path / "office", bucket.place("down"))
    with open_desk(office, clock=hour) as desk:
        desk.collect(Inline())
        port = bucket.stop()
        hour.moment = hour.moment.replace(month=7, day=2)
        try:
            with pytest.raises(StoreError, match="s3://office/down does not answer"):
                desk.run(SERIES, JUNE, Inline(), collect=False)
            assert desk.issues.all() == []
            assert [one.rejection for one in desk.leads.of_window(SERIES, JUNE, 0)] == [None], "no page is called lost"
            with pytest.raises(StoreError, match=r"does not answer .*AWS_ENDPOINT_URL"):
                open_desk(office, clock=hour)
            with pytest.raises(StoreError, match="does not answer"):
                back_up(office, hour(), tmp_path / "backups")
            assert backups(office, tmp_path / "backups") == [], "no backup says that its blobs were missing"
            (sign,) = [one for one in doctor.examine(office, hour()) if one.what == "文件库"]
            assert sign.condition == doctor.Condition.FAULT
            assert "s3://office/down" in sign.detail
        finally:
            bucket.start(port)
        draft = desk.run(SERIES, JUNE, Inline(), collect=False).desked.draft
        assert len(draft.chosen) == 1
        assert [one.fate for one in desk.runs.fates(desk.runs.last(SERIES, JUNE).id)] == [Fate.INCLUDED]


def test_a_desk_does_not_open_over_blobs_that_are_not_its_own(bucket, hour, tmp_path) -> None:
    mine, theirs = bucket.place("mine"), bucket.place("theirs")
    office, other = _office(tmp_path / "office", mine), _office(tmp_path / "other", theirs)
    (other / "inbox" / "a.html").write_text("<html><body>别的单位</body></html>", "utf-8")
    for each in (office, other):
        with open_desk(each, clock=hour) as desk:
            desk.collect(Inline())
    with pytest.raises(StoreError, match=r"s3://office/theirs holds nothing of what .*desk\.db knows"):
        open_desk(_kept_at(office, theirs), clock=hour)
    with pytest.raises(StoreError, match=r"knows pages, but s3://office/nothing is empty"):
        open_desk(_kept_at(office, "s3://office/nothing"), clock=hour)
    (other / "data" / "desk.db").unlink()
    with pytest.raises(StoreError, match="no bulletin desk"):
        open_desk(other, clock=hour)
    fsspec.filesystem("s3").rm("office/mine", recursive=True)
    with pytest.raises(StoreError, match=r"knows pages, but s3://office/mine is empty"):
        open_desk(_kept_at(office, mine), clock=hour)


@pytest.mark.parametrize("written", ["s3://key:secret@office/desk", "s3://office?key=x", "ftp://office/desk", "s3://"])
def test_an_address_that_holds_a_secret_or_is_none_is_refused_with_its_line(tmp_path, written: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml:\d+:\d+: blobs: .*write s3://bucket/prefix"):
        load(_office(tmp_path / "office", written))
