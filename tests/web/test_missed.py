"""漏收核查 on the review page: what an issue that is out might have carried, and what an editor says of it."""

import dataclasses
import re

import pytest

import drafts
from desktops import accessible, served
from offices import SERIES, drafted, without_libreoffice, workspace
from pipeline.desk import now, open_desk
from pipeline.model import Block, Candidate, Decision, Kind

JUNE = f"/archive/{SERIES}/535"


@pytest.fixture(scope="module")
def desktop(tmp_path_factory):
    """An office that put out June with one of three stories: one was left out, one waited; and May from elsewhere."""
    folder = tmp_path_factory.mktemp("missed") / "office"
    workspace(folder)
    told = (Block(Kind.PARAGRAPH, "全市社区卫生服务机构接入统一的远程心电平台，基层检查、上级诊断的格局初步形成。"),)
    nursing = (Block(Kind.PARAGRAPH, "互联网护理服务监管平台上线，居民在家预约护士上门，每一次服务全程留痕。"),)
    article = drafts.article("护理", "2024-06-14", title="互联网护理服务监管平台上线", blocks=nursing)
    other = drafts.article("心电", "2024-06-20", title="社区远程心电平台覆盖全市", blocks=told)
    with without_libreoffice(), open_desk(folder, clock=now) as desk:
        desked = drafted(desk, 6, "友谊")
        grown = (
            *desked.draft.candidates,
            Candidate("h7", (article,), drafts.IN),
            Candidate("h9", (other,), drafts.BORDERLINE),
        )
        draft = dataclasses.replace(desked.draft, candidates=grown)
        desked = desk.issues.revise(desked, draft, Decision("generate", "系统", now()))
        desked = desk.decide(desked, Decision("exclude", "王编辑", now(), "h7", reason="<b>上月已报</b>"))
        desk.release(desked, "王编辑")
        with served(folder) as one:
            yield one


@pytest.fixture
def browser(desktop):
    with desktop.client() as client:
        yield client


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))


def test_the_page_lists_what_was_missed_strongest_first_with_its_reasons(browser):
    page = browser.get(f"{JUNE}/missed")
    told = plain(page)
    assert told.index("互联网护理服务监管平台上线") < told.index("社区远程心电平台覆盖全市")
    assert "&lt;b&gt;上月已报&lt;/b&gt;" in page.text
    assert "王编辑剔除" in told
    assert "友谊互联网医院" not in told
    assert f'href="{JUNE}"' in page.text


def test_the_issue_and_the_list_lead_to_it_and_it_to_the_stored_articles(browser, desktop):
    for page in (JUNE, "/archive", f"/issues/{SERIES}/2024-06-01/release"):
        assert f'href="{JUNE}/missed"' in browser.get(page).text, page
    address = re.search(rf'href="({JUNE}/missed/[0-9a-f]+)"', browser.get(f"{JUNE}/missed").text)[1]
    assert "全程留痕" in browser.get(address).text
    assert browser.get(f"{JUNE}/missed/0123456789abcdef").status_code == 404
    assert browser.get(f"/archive/{SERIES}/536/missed").status_code == 404


def test_what_an_editor_says_stands_by_the_story_with_their_name(browser, desktop):
    article = re.search(r'name="article" value="(\w+)"', browser.get(f"{JUNE}/missed").text)[1]
    word = {"csrf": re.search(r'name="csrf" value="([^"]+)"', browser.get(f"{JUNE}/missed").text)[1]}
    answer = browser.post(f"{JUNE}/missed", data={**word, "article": article, "verdict": "missed", "reason": "应补"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{JUNE}/missed#story-{article}")
    told = plain(browser.get(f"{JUNE}/missed"))
    assert re.search(r"确为漏收（王编辑 [\d-]+ [\d:]+） 应补", told)
    for wrong in ({"article": article, "verdict": "?"}, {"article": "0" * 16, "verdict": "fine"}):
        assert browser.post(f"{JUNE}/missed", data={**word, **wrong}).status_code == 422


def test_it_has_no_barrier_and_fits_a_phone(desktop, browser, tab):
    article = re.search(rf'href="({JUNE}/missed/[0-9a-f]+)"', browser.get(f"{JUNE}/missed").text)[1]
    for path in (article, f"{JUNE}/missed"):
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.goto(f"{desktop.url}{path}")
        accessible(tab)
        for width in (390, 1440):
            tab.set_viewport_size({"width": width, "height": 844})
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"
