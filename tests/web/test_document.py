"""The draft as a document: the preview is the bulletin, files are of the revision shown, edited files come back."""

import io
from urllib.parse import unquote

import docx
import httpx
import pytest
from lxml import html

BASE = "/issues/beijing-monthly/2024-06-01"


@pytest.fixture
def page(desktop):
    with httpx.Client(base_url=desktop.url, follow_redirects=True) as client:
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


def test_a_file_has_the_name_and_the_revision_of_what_is_shown(page):
    answer = page.get(f"{BASE}/files/docx")
    name = unquote(answer.headers["content-disposition"].partition("UTF-8''")[2])
    assert name == "北京市卫生信息化舆情监测月报-第535期-20240630-送审稿1.docx"
    assert answer.content[:2] == b"PK"
    assert page.get(f"{BASE}/files/exe").status_code == 404
