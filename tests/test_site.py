"""Issues given out in other formats, and all of them as a site: on the command line, from a desk with real issues."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import packaged
from pipeline.desk import Inline, now, open_desk
from pipeline.desk.rebuilding import as_released
from pipeline.model import Decision
from pipeline.outputs import Context
from pipeline.outputs.page import render_page
from pipeline.store import Blobs
from test_desk import JUNE, STORIES

SERIES = "beijing-monthly"
NAME = "北京市卫生信息化舆情监测月报-第535期-20240630"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with issue 534 imported and 535 released."""
    folder = tmp_path_factory.mktemp("archive") / "工作区"
    shutil.copytree(packaged("config"), folder / "config")
    (folder / "config" / "sources.yaml").write_text(
        "- id: in\n  name: 收件箱\n  kind: folder\n  path: inbox\n", "utf-8"
    )
    (folder / "inbox").mkdir()
    body = "".join(f"<p>　　{one}</p>" for one in STORIES["北京友谊医院"])
    (folder / "inbox" / "a.html").write_text(
        f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>北京友谊医院上线智慧医疗平台</title>
</head>
<body><h1>北京友谊医院上线智慧医疗平台</h1><div><span>2024-06-12 09:30</span> <span>来源：北京日报</span></div>
<div class="article-content" id="article">{body}</div></body></html>""",
        "utf-8",
    )
    with pytest.MonkeyPatch.context() as patch, open_desk(folder, clock=now) as desk:
        patch.setenv("PATH", "")  # page numbers are estimated: LibreOffice is not what is tried here
        desk.file(packaged("seeds") / "003_885bb48bbbd89533.txt", "王编辑")
        report = desk.run(SERIES, JUNE, Inline())
        assert report.desked is not None
        url = {"url": "https://news.bjd.com.cn/2024/06/12/10001.shtml"}
        linked = Decision("edit", "王编辑", now(), report.desked.draft.chosen[0], url, "补链接")
        desk.release(desk.decide(report.desked, linked), "王编辑")
    return folder


@pytest.fixture
def run(workspace, bulletin):
    return lambda *arguments: bulletin("-C", workspace, *arguments)


def test_a_release_freezes_the_formats_of_the_settings(workspace):
    assert {path.suffix for path in (workspace / "out").iterdir()} == {".docx", ".md", ".html"}


def test_a_released_issue_is_given_out_frozen_and_in_other_formats_made_from_it(run, workspace, tmp_path):
    code, out, err = run("issue", "export", SERIES, "535", "--format", "eml", "--format", "html", "--to", tmp_path)
    assert (code, err) == (0, "")
    assert out.splitlines() == [str(tmp_path / f"{NAME}.eml"), str(tmp_path / f"{NAME}.html")]
    frozen = workspace / "out"
    assert (tmp_path / f"{NAME}.html").read_bytes() == (frozen / f"{NAME}.html").read_bytes()
    message = email.message_from_bytes((tmp_path / f"{NAME}.eml").read_bytes(), policy=email.policy.default)
    (document,) = message.iter_attachments()
    assert document.get_content() == (frozen / f"{NAME}.docx").read_bytes()
    plain = message.get_body(("plain",))
    assert plain is not None
    assert STORIES["北京友谊医院"][0] in plain.get_content()
    assert not (frozen / f"{NAME}.eml").exists(), "what was put out stays as it is"


def test_an_imported_issue_is_given_out_as_a_page(run, tmp_path):
    code, out, _ = run("issue", "export", SERIES, "534", "--format", "html", "--to", tmp_path)
    assert (code, len(out.splitlines())) == (0, 1)
    assert "（第五三四期）" in Path(out.strip()).read_text("utf-8")


def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(run):
    code, _, err = run("issue", "export", SERIES, "535", "--format", "odt")
    assert code == 2
    assert "没有格式“odt”" in err
    assert "docx、md、html、eml" in err


@pytest.fixture(scope="module")
def site(workspace, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "存档"
    with open_desk(workspace, clock=now) as desk:
        built = desk.build_site(folder, "https://bulletin.example.cn")
    assert (built.issues, built.written) == (2, built.files)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_site_has_the_issues_that_were_released_and_imported_with_their_frozen_files(site, workspace):
    there = files(site)
    assert f"issues/{SERIES}/2024/534.html" in there
    for name in ("docx", "md", "html"):
        frozen = (workspace / "out" / f"{NAME}.{name}").read_bytes()
        assert there[f"issues/{SERIES}/2024/{NAME}.{name}"] == frozen
    assert (
        json.loads(there["feed.json"])["items"][0]["url"]
        == f"https://bulletin.example.cn/issues/{SERIES}/2024/535.html"
    )


def test_built_again_nothing_is_written_and_damage_is_mended(site, run):
    before = files(site)
    (site / "index.html").write_text("坏了", "utf-8")
    (site / "feed.xml").unlink()
    code, out, _ = run("archive", "build", site, "--base-url", "https://bulletin.example.cn")
    assert (code, out.splitlines()[-1]) == (0, f"2 期，{len(before) - 1} 个文件：写入 2，删除 0")
    assert files(site) == before


def test_what_was_built_and_is_no_more_is_removed_and_nothing_else(site, run, tmp_path):
    outside = tmp_path / "外"
    outside.write_text("在外面", "utf-8")
    marker = site / ".bulletin-archive.json"
    told = json.loads(marker.read_bytes())
    told["files"] += ["issues/gone.html", os.path.relpath(outside, site)]
    marker.write_text(json.dumps(told), "utf-8")
    (site / "issues" / "gone.html").write_text("旧页", "utf-8")
    (site / "CNAME").write_text("bulletin.example.cn", "utf-8")
    assert run("archive", "build", site, "--base-url", "https://bulletin.example.cn")[0] == 0
    assert not (site / "issues" / "gone.html").exists()
    assert outside.exists()
    assert (site / "CNAME").exists()
    (site / "CNAME").unlink()


def test_a_build_that_fails_on_its_way_leaves_the_first_page_as_it_was(site, run):
    before = files(site)
    (site / "feed.xml").unlink()
    (site / "feed.xml" / "挡路").mkdir(parents=True)
    code, _, err = run("archive", "build", site)
    assert (code, "网站没有写完" in err) == (2, True)
    assert (site / "index.html").read_bytes() == before["index.html"]
    shutil.rmtree(site / "feed.xml")
    assert run("archive", "build", site, "--base-url", "https://bulletin.example.cn")[0] == 0
    assert files(site) == before


def test_an_issue_is_given_out_and_shown_in_the_look_it_was_released_in(workspace, site, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    office = shutil.copytree(workspace, tmp_path / "office")
    with open_desk(office, clock=now) as desk:
        before = desk.copies(desk.released(SERIES, 535), ["eml"])
    shutil.copytree(packaged("templates"), office / "templates", ignore=shutil.ignore_patterns("web"))
    for name in ("bulletin.html.j2", "mail.html.j2"):
        template = office / "templates" / name
        template.write_text(template.read_text("utf-8").replace("</body>", "<p>改版</p></body>"), "utf-8")
    with open_desk(office, clock=now) as desk:
        desk.build_site(tmp_path / "site", "https://bulletin.example.cn")
        assert desk.copies(desk.released(SERIES, 535), ["eml"]) == before
    pages = {number: f"issues/{SERIES}/2024/{number}.html" for number in (534, 535)}
    assert (tmp_path / "site" / pages[535]).read_bytes() == (site / pages[535]).read_bytes()
    assert "改版" in (tmp_path / "site" / pages[534]).read_text("utf-8"), "imported: it never had a look of ours"


@pytest.mark.parametrize("text", ["", "{{ what_the_program_no_longer_knows }}"], ids=["none yet", "an outdated one"])
def test_a_release_whose_templates_cannot_make_a_page_has_it_made_with_todays(workspace, text):
    with open_desk(workspace, clock=now) as desk:
        release, blobs = desk.released(SERIES, 535), Blobs(workspace / "data" / "blobs")
    assert release.basis is not None
    kept = {name: blob for name, blob in release.basis.templates.items() if name != "bulletin.html.j2"}
    kept |= {"bulletin.html.j2": blobs.put(text.encode())} if text else {}
    old = replace(release, basis=replace(release.basis, templates=kept))
    folders: list[Path] = []

    def page(template: Path) -> str:
        folders.append(template.parent)
        return render_page(release.issue, Context(templates=template.parent, pictures=blobs.get))

    today = packaged("templates") / "gongwen.docx"
    assert as_released(old, blobs, today, page) == page(today)
    assert folders[0] != folders[1] == today.parent
    assert not folders[0].exists()


@pytest.mark.parametrize("what", ["a folder with files", "a file", "a folder with a broken marker"])
def test_what_is_not_ours_is_not_written_over(run, tmp_path, what):
    target = tmp_path / "网站"
    if what == "a file":
        target.write_text("别的", "utf-8")
    else:
        target.mkdir()
        name = "index.html" if what == "a folder with files" else ".bulletin-archive.json"
        (target / name).write_text("别的", "utf-8")
    code, _, err = run("archive", "build", target)
    assert (code, "请指向一个新的或空的文件夹" in err) == (2, True)
    assert not (target / "feed.xml").exists()


def test_an_address_that_is_none_is_refused(run, tmp_path):
    code, _, err = run("archive", "build", tmp_path / "网站", "--base-url", "bulletin.example.cn")
    assert (code, "不是网址" in err) == (2, True)
    assert not (tmp_path / "网站").exists()


def test_the_search_finds_words_of_two_characters_from_a_folder_without_a_server(site, workspace, chromium):
    with closing(chromium.new_context()) as context:
        page = context.new_page()
        trouble: list[str] = []
        page.on("console", lambda told: trouble.append(told.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("requestfailed", lambda request: trouble.append(request.url))
        page.goto((site / "index.html").as_uri())

        def ask(question: str) -> list[str]:
            page.fill("#question", "")
            page.wait_for_selector("#told:empty", state="attached")
            page.fill("#question", question)
            page.wait_for_selector("#told:not(:empty)")
            return [one.get_attribute("href") for one in page.locator("#found a").all()]

        with open_desk(workspace, clock=now) as desk:
            printed = [(one.issue.number, item) for one in desk.issues.released() for item in one.issue.items]
        for word in ("复诊", "医院", "电子病历", "大模型"):
            wanted = [number for number, item in printed if word in item.title + item.text]
            assert wanted, word
            assert sorted(int(one.partition(".html")[0][-3:]) for one in ask(word)) == sorted(wanted), word
        assert 0 < len(ask("ＡＩ 医疗")) < len(ask("医疗")), "all that was asked for, full width or not"
        assert ask("龘龘") == ask("constructor") == ask("<img src=x onerror=alert(1)>") == []
        (first, *_) = ask("友谊医院")
        page.goto((site / first).as_uri().replace("%23", "#"))
        assert page.locator("h1").inner_text() == "北京市卫生信息化舆情监测月报"
        assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, document.scripts.length]") == [
            True,
            0,
        ]
    assert trouble == []
