"""What is out: the list of issues, the search through them, the page of an issue and its files."""

import dataclasses
import hashlib
import io
import re
import zipfile
from urllib.parse import quote

import httpx
import pytest

from desktops import WANG, accessible, served
from offices import office_with_two_issues, without_libreoffice
from old_issues import PLAIN
from pipeline.desk import now, open_desk
from pipeline.model import Role

JUNE = "/archive/beijing-monthly/535"
NAME = "北京市卫生信息化舆情监测月报-第535期-20240630"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An office that put out 535 and 536, withdrew 536, and took 528 in from elsewhere."""
    folder = tmp_path_factory.mktemp("archive") / "office"
    old = folder.parent / "第528期 月报.txt"
    old.write_text(PLAIN, "utf-8")
    with without_libreoffice():
        office_with_two_issues(folder)
        with open_desk(folder, clock=now) as desk:
            desk.file(old, "李编辑")
            july = desk.issues.all("beijing-monthly")[-1]
            desk.withdraw(july, "赵主任", "数据有误")
        with served(folder) as one:
            yield one


@pytest.fixture(scope="module")
def get(archive):
    """Looks at a page, as whoever is signed in, without a script unless `hx` says so."""
    with archive.client() as client:
        yield lambda path, hx=False, **query: client.get(
            path, params=query or None, headers={"hx-request": "true"} if hx else {}
        )


def _plain(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))


def test_the_list_has_every_issue_of_a_year_with_its_contents_and_how_it_stands(get):
    told = _plain(get("/archive"))
    assert "第五三五期" in told
    assert "友谊互联网医院上线" in told
    assert "已发布" in told
    assert re.search(r"第五三六期.*已撤回", told)
    assert "第五二八期" not in told, "it is of another year"
    told = _plain(get("/archive", year="2023"))
    assert re.search(r"第五二八期.*朝阳区社区医院用上远程心电.*导入", told)


def test_a_search_marks_what_was_found_and_says_where_it_stands(get):
    page = get("/archive/search", q="远程心电")
    assert "<mark>远程心电</mark>" in page.text
    assert "第五二八期第1条" in page.text
    assert page.text.count('class="result"') == 1
    assert '<input type="text" id="q" name="q" value="远程心电"' in page.text


def test_a_script_is_given_the_results_alone(get):
    page = get("/archive/search", hx=True, q="远程心电")
    assert "<mark>远程心电</mark>" in page.text
    assert "<html" not in page.text


def test_filters_leave_others_out_and_nonsense_in_the_address_does_no_harm(get):
    assert "没有找到" in get("/archive/search", q="远程心电", year="2024").text
    assert "没有找到" in get("/archive/search", q="远程心电", series="national-weekly").text
    assert "没有找到" in get("/archive/search", q="远程心电", outlet="健康报").text
    assert "远程心电</mark>" in get("/archive/search", q="远程心电", year="x", series="y", after="-1", sort="?").text


def test_what_was_withdrawn_is_not_found_and_its_page_says_why(get):
    assert "没有找到" in get("/archive/search", q="同仁互联网医院").text
    told = _plain(get("/archive/beijing-monthly/536"))
    assert "已撤回" in told
    assert re.search(r"由赵主任撤回，请勿再引用。理由：数据有误", told)


def test_the_page_of_an_issue_says_who_put_it_out_and_what_is_in_it(get):
    told = _plain(get(JUNE))
    for wanted in ("第五三五期", "2024-06-01 — 06-30", "王编辑", "友谊互联网医院上线", f"{NAME}.docx"):
        assert wanted in told
    assert get("/archive/beijing-monthly/999").status_code == 404
    assert get("/archive/beijing-monthly/0").status_code == 404
    assert get("/archive/beijing-monthly/%E5%85%AD").status_code == 404


def test_a_file_is_the_one_that_was_put_out_and_is_saved_under_its_chinese_name(archive, get):
    with archive.office.opened() as desk:
        blob = desk.released("beijing-monthly", 535).files[f"{NAME}.docx"]
    for path in (f"{JUNE}/docx", f"{JUNE}/files/{quote(NAME)}.docx"):
        sent = get(path)
        assert hashlib.sha256(sent.content).hexdigest() == blob
        assert sent.headers["content-disposition"].endswith(f"filename*=UTF-8''{quote(NAME)}.docx")
        assert sent.headers["content-type"].startswith("application/vnd.openxmlformats")
        assert sent.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in sent.headers["content-security-policy"]
    assert get(f"{JUNE}/files/{quote('别的.docx')}").status_code == 404
    assert get(f"{JUNE}/exe").status_code == 404


def test_markdown_comes_with_the_pictures_it_shows(get):
    names = zipfile.ZipFile(io.BytesIO(get(f"{JUNE}/md").content)).namelist()
    assert names[0] == f"{NAME}.md"
    assert len(names) == 2


def test_the_original_of_an_imported_issue_is_given_back_as_it_came_in(get):
    sent = get("/archive/beijing-monthly/528/original")
    assert sent.text == PLAIN
    assert sent.headers["content-disposition"].startswith("attachment")
    assert get(f"{JUNE}/original").status_code == 404


def test_the_issue_in_its_frame_runs_nothing_and_loads_nothing(get):
    page = get(f"{JUNE}/page")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "友谊互联网医院上线" in page.text


def test_the_proof_and_the_checks_are_told_when_they_are_asked_for(get):
    assert "冻结的文件 4 个，SHA-256 相符" in get(f"{JUNE}/proof", hx=True).text
    assert get(f"{JUNE}/findings", hx=True).status_code == 200


def test_whoever_sees_one_series_neither_finds_nor_reads_another(archive, tmp_path):
    chen = dataclasses.replace(WANG, login="chen", name="陈查看", role=Role.VIEWER, series=("national-weekly",))
    folder = archive.office._workspace
    with served(folder, chen) as other, other.client() as client:
        assert "存档里还没有期刊" in client.get("/archive").text
        assert "没有找到" in client.get("/archive/search", params={"q": "远程心电"}).text
        assert client.get(JUNE).status_code == 404


def test_results_come_while_one_types_and_not_on_the_letters_of_an_input_method(archive, tab):
    tab.goto(f"{archive.url}/archive")
    accessible(tab)
    asked = []
    tab.on("request", lambda request: asked.append(request.url) if "/search" in request.url else None)
    tab.locator("#q").evaluate(
        """field => {
          field.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
          field.value = "yuancheng";
          field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        }"""
    )
    tab.wait_for_timeout(400)
    assert asked == []
    tab.locator("#q").evaluate(
        """field => {
          field.value = "远程";
          field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
        }"""
    )
    tab.locator("mark", has_text="远程").first.wait_for()
    assert tab.url.endswith(f"/archive/search?q={quote('远程')}")
    tab.locator("#q").press("End")
    tab.locator("#q").press_sequentially("心电", delay=30)
    tab.locator("mark", has_text="远程心电").first.wait_for()
    assert len(asked) == 2
    accessible(tab)
    tab.locator(".result h2 a").click()
    tab.frame_locator("iframe.read").locator("h4").first.wait_for()
    assert tab.evaluate("scrollY") == 0, "the item is scrolled to in its frame, not the page around it"
    accessible(tab)


@pytest.mark.parametrize("path", ["/archive", "/archive/search?q=%E5%8C%BB%E9%99%A2", JUNE])
def test_nothing_is_cut_off_on_a_phone(archive, tab, path):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(archive.url + path)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
