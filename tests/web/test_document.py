"""The draft as a document: the preview is the bulletin, files are of the revision shown, edited files come back."""

import io
import threading
import zipfile
from pathlib import PurePosixPath
from urllib.parse import unquote

import docx
import pytest
from lxml import html

from desktops import begin, served
from offices import drafted, without_libreoffice, workspace
from patience import until
from pipeline.desk import now, open_desk
from pipeline.model import Decision
from pipeline.store import Blobs
from pipeline.web import files
from sample_drafts import june

BASE = "/issues/beijing-monthly/2024-06-01"


@pytest.fixture(scope="module")
def desktop(tmp_path_factory):
    """One page for all: reading a file begins with a child that takes a second to start."""
    begin(folder := tmp_path_factory.mktemp("document") / "office", june())
    with served(folder) as one:
        yield one


@pytest.fixture
def page(desktop):
    with desktop.client(follow_redirects=True) as client:
        yield client


def _words(text: str) -> str:
    return "".join(text.split())


def test_the_preview_says_what_the_document_says(desktop, page):
    shown = html.fromstring(page.get(f"{BASE}/preview").content)
    file = page.get(f"{BASE}/files/docx").content
    printed = _words("".join(one.text for one in docx.Document(io.BytesIO(file)).element.body.iter("{*}t") if one.text))
    for article in shown.iter("article"):
        for paragraph in article.cssselect(".text p, h4"):
            assert _words(paragraph.text_content()) in printed
    assert len(list(shown.iter("article"))) == len(desktop.draft().draft.chosen)


def test_the_preview_may_do_nothing_but_look_as_it_looks(page):
    policy = page.get(f"{BASE}/preview").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sha256-" in policy
    assert "unsafe" not in policy
    assert "allow-scripts" not in policy


def test_a_file_has_the_name_and_the_revision_of_what_is_shown(desktop, page):
    answer = page.get(f"{BASE}/files/docx")
    revision = desktop.draft().revision
    name = unquote(answer.headers["content-disposition"].partition("UTF-8''")[2])
    assert name == f"北京市卫生信息化舆情监测月报-第535期-20240630-送审稿{revision}.docx"
    assert answer.content[:2] == b"PK"
    assert page.get(f"{BASE}/files/exe").status_code == 404


def test_an_earlier_revision_is_shown_as_it_was_and_a_later_one_is_none(desktop, page):
    with desktop.office.opened() as desk:
        desk.decide(desktop.draft(), Decision("edit", "王编辑", now(), "c22bb", {"title": "改过的标题"}))
    assert "改过的标题" in page.get(f"{BASE}/preview").text
    assert "改过的标题" not in page.get(f"{BASE}/preview?revision=1").text
    assert page.get(f"{BASE}/preview?revision=99").status_code == 404


def test_a_picture_is_given_only_when_an_article_of_the_draft_has_it(desktop, page):
    with desktop.office.opened() as desk:
        blob = Blobs(desk.config.data / "blobs").put(b"\x89PNG of another draft")
    assert page.get(f"{BASE}/pictures/{blob}").status_code == 404
    assert page.get(f"{BASE}/pictures/..%2f..%2fdesk.db").status_code == 404


def test_markdown_with_pictures_comes_with_them(office_with_a_picture):
    with served(office_with_a_picture) as one, one.client() as page:
        answer = page.get(f"{BASE}/files/md")
        names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert [name.rpartition(".")[2] for name in names] == ["md", "png"]
        assert names[1].partition("/")[0] in zipfile.ZipFile(io.BytesIO(answer.content)).read(names[0]).decode()
        shown = page.get(f"{BASE}/pictures/{PurePosixPath(_picture_of(one)).name}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")


def _picture_of(desktop):
    return next(block.blob for block in desktop.draft().draft.candidates[0].article.blocks if block.blob)


@pytest.fixture
def office_with_a_picture(tmp_path):
    workspace(tmp_path / "office")
    with open_desk(tmp_path / "office", clock=now) as desk:
        drafted(desk, 6, "友谊")
    return tmp_path / "office"


def test_whoever_asks_for_a_file_while_many_wait_for_theirs_is_told_so(page, monkeypatch):
    monkeypatch.setattr(files, "_TAKEN_ON", threading.BoundedSemaphore(1))
    assert page.get(f"{BASE}/files/md").status_code == 200
    with files.in_turn():
        refused = page.get(f"{BASE}/files/md")
    assert (refused.status_code, "正在生成" in refused.text) == (409, True)


def test_without_libreoffice_the_pages_say_so(page):
    with without_libreoffice():
        assert "没有安装 LibreOffice" in page.get(f"{BASE}/layout").text


@pytest.mark.usefixtures("libreoffice")
def test_pages_as_word_prints_them_are_drawn_meanwhile(page):
    assert "正在排版" in page.get(f"{BASE}/layout").text
    answers = []

    def drawn() -> bool:
        answers.append(html.fromstring(page.get(f"{BASE}/layout").content))
        return not answers[-1].cssselect("[hx-trigger]")

    assert until(drawn)
    assert "共" in answers[-1].text_content()
    pages = [one.get("src") for one in answers[-1].cssselect("img.sheet-page")]
    assert len(pages) > 1
    assert page.get(pages[0]).content[:4] == b"\x89PNG"
    assert page.get(pages[0].rpartition("/")[0] + "/99").status_code == 404


# ------------------------------------------------------------------------------------------ an edited file


def _uploaded(page, data, name="改好.md"):
    return page.post(f"{BASE}/upload", files={"file": (name, data)})


def _edited(page):
    text = page.get(f"{BASE}/files/md").content.decode()
    return text.replace("医保移动支付覆盖本市三百余家定点医院", "医保移动支付覆盖三百余家医院").encode()


def test_an_edited_file_is_shown_before_it_is_taken(desktop, page):
    before = desktop.draft().revision
    assert html.fromstring(page.get(BASE).text).cssselect(f"#head a[href='{BASE}/upload']")
    shown = html.fromstring(_uploaded(page, _edited(page)).content)
    assert shown.cssselect("del")[0].text == "本市"
    assert desktop.draft().revision == before
    form = {one.get("name"): one.value for one in shown.cssselect("form input[type=hidden]")}
    taken = page.post(f"{BASE}/upload", data=form)
    assert (taken.status_code, desktop.draft().revision) == (200, before + 1)
    assert desktop.draft().draft.edits["c44dd"]["title"] == "医保移动支付覆盖三百余家医院"
    assert page.post(f"{BASE}/upload", data=form).status_code == 409


def test_a_file_that_was_not_shown_cannot_be_taken(desktop, page):
    revision = str(desktop.draft().revision)
    for blob in ("0" * 64, "../../config/settings.yaml"):
        answer = page.post(f"{BASE}/upload", data={"blob": blob, "name": "a.docx", "revision": revision})
        assert answer.status_code == 422
        assert "重新交回" in answer.text


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [(b"", "", "没有选择文件"), (b"GIF89a", "图.gif", "图.gif"), (b"PK\x03\x04rest", "坏.docx", "坏.docx")],
    ids=["none", "another kind", "a broken one"],
)
def test_a_file_that_cannot_be_read_says_why(desktop, page, data, name, told):
    before = desktop.draft().revision
    answer = _uploaded(page, data, name)
    assert answer.status_code == 422
    assert told in answer.text
    assert desktop.draft().revision == before


def test_a_file_without_changes_offers_nothing_to_take(page):
    answer = _uploaded(page, page.get(f"{BASE}/files/md").content)
    assert "没有改动" in answer.text
    assert "采用这些改动" not in answer.text
