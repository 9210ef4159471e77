"""Leads from files, and from a list somebody wrote."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import FolderSource, ManualSource
from pipeline.errors import FetchError, SourceError
from pipeline.model import Lead
from pipeline.sources import Source, open_source

SEEDS = Path(__file__).parents[2] / "seeds"


def folder(workspace: Path, **settings: Any) -> Source:
    return open_source(
        FolderSource(id="inbox", name="收件箱", kind="folder", path=Path("inbox"), **settings), workspace
    )


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    (inbox / "六月").mkdir(parents=True)
    (inbox / "b.html").write_bytes("<p>第二页</p>".encode("gbk"))
    (inbox / "六月" / "a.txt").write_text("纯文本", encoding="utf-8")
    (inbox / ".hidden.html").write_text("x", encoding="utf-8")
    return inbox


def test_each_file_is_a_lead_that_gives_its_bytes(inbox: Path, web: Any, now: dt.datetime) -> None:
    source = folder(inbox.parent, outlet="本单位")
    leads = source.leads(web).leads
    assert [(lead.url, lead.outlet) for lead in leads] == [
        ("file:inbox/b.html", "本单位"),
        ("file:inbox/六月/a.txt", "本单位"),
    ]
    page = source.page(leads[0], web, now)
    assert (page.url, page.body, page.content_type, page.fetched) == (
        "file:inbox/b.html",
        "<p>第二页</p>".encode("gbk"),
        "text/html",
        now,
    )
    assert web.asked == []


def test_the_seeds_are_such_a_folder(web: Any, now: dt.datetime) -> None:
    source = open_source(FolderSource(id="seeds", name="样例", kind="folder", path=Path("seeds")), SEEDS.parent)
    leads = source.leads(web).leads
    assert len(leads) == 5
    assert source.page(leads[0], web, now).body.lstrip().startswith(b"---\ntitle:")


def test_links_pipes_large_and_unknown_files_are_left_out_with_a_note(inbox: Path, web: Any) -> None:
    (inbox / "link.html").symlink_to(inbox / "b.html")
    (inbox / "linked").symlink_to("/etc")
    os.mkfifo(inbox / "pipe.html")
    with (inbox / "large.html").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    (inbox / "photo.jpg").write_bytes(b"x")
    harvest = folder(inbox.parent).leads(web)
    assert len(harvest.leads) == 2
    assert harvest.notes == (
        "略过 large.html：超过上限 10 MiB",
        "略过 link.html：不是普通文件",
        "略过 photo.jpg：不支持的文件类型",
        "略过 pipe.html：不是普通文件",
    )


@pytest.mark.parametrize("swap", ["link", "pipe", "gone"])
def test_a_file_swapped_after_it_was_listed_is_refused(
    inbox: Path, web: Any, now: dt.datetime, swap: str, tmp_path: Path
) -> None:
    source = folder(inbox.parent)
    lead = source.leads(web).leads[0]
    (inbox / "b.html").unlink()
    if swap == "link":
        (tmp_path / "secret").write_text("密", encoding="utf-8")
        (inbox / "b.html").symlink_to(tmp_path / "secret")
    elif swap == "pipe":
        os.mkfifo(inbox / "b.html")
    with pytest.raises(FetchError, match=r"^file:inbox/b.html：(不是普通文件|无法读取)"):
        source.page(lead, web, now)


@pytest.mark.parametrize("path", ["/etc/hostname", "inbox/../secret.html"])
def test_a_lead_cannot_lead_out_of_the_folder(inbox: Path, web: Any, now: dt.datetime, path: str) -> None:
    (inbox.parent / "secret.html").write_text("密", encoding="utf-8")
    lead = Lead("inbox", "file:x", path=str(inbox.parent / path))
    with pytest.raises(FetchError, match="不在该信源的文件夹中"):
        folder(inbox.parent).page(lead, web, now)


def test_a_missing_folder_fails_the_source_by_name(tmp_path: Path, web: Any) -> None:
    with pytest.raises(SourceError, match=r"^收件箱：文件夹不存在（inbox）"):
        folder(tmp_path).leads(web)


def test_the_filters_apply_to_names(inbox: Path, web: Any) -> None:
    assert [lead.url for lead in folder(inbox.parent, include=("六月/",)).leads(web).leads] == ["file:inbox/六月/a.txt"]


def test_addresses_and_files_named_one_by_one_become_leads(inbox: Path, web: Any, now: dt.datetime) -> None:
    web.documents["https://news.example/1"] = b"page"
    source = open_source(
        ManualSource(
            id="named",
            name="手工",
            kind="manual",
            urls=("https://news.example/1", "ftp://news.example/2", "https://news.example/1"),
            files=(Path("inbox/b.html"), Path("inbox/missing.html")),
        ),
        inbox.parent,
    )
    harvest = source.leads(web)
    assert [lead.url for lead in harvest.leads] == ["https://news.example/1", "file:inbox/b.html"]
    assert len(harvest.notes) == 3
    assert [source.page(lead, web, now).body[:4] for lead in harvest.leads] == [b"page", b"<p>\xb5"]


def test_files_of_one_name_in_two_folders_are_two_leads(inbox: Path, web: Any) -> None:
    (inbox / "六月" / "b.html").write_text("另一页", encoding="utf-8")
    files = (inbox / "b.html", inbox / "六月" / "b.html")
    source = open_source(ManualSource(id="named", name="手工", kind="manual", files=files), inbox.parent)
    assert [lead.url for lead in source.leads(web).leads] == ["file:inbox/b.html", "file:六月/b.html"]


def test_a_file_that_was_not_named_is_refused(inbox: Path, web: Any, now: dt.datetime) -> None:
    source = open_source(ManualSource(id="named", name="手工", kind="manual"), inbox.parent)
    with pytest.raises(FetchError, match="没有列出"):
        source.page(Lead("named", "file:b.html", path=str(inbox / "b.html")), web, now)
