"""Adding links, texts and files to a draft, and what is told of each."""

import pytest
from lxml import html

from papers import docx, p
from patience import until
from pipeline.web.pages import adding

DRAFT = "/issues/beijing-monthly/2024-06-01"
TITLE = "北京儿童医院上线智能分诊系统"
TEXT = (
    f"{TITLE}\n来源：健康时报　2024年6月14日\n"
    "北京儿童医院日前上线智能分诊系统，家长在手机上回答几个问题，就能知道该挂哪个科、要不要去急诊。\n"
    "系统接入了医院的电子病历和号源，运行一个月来，挂错号的比例由百分之九降到百分之三。\n"
)
PARAGRAPHS = "".join(f"<p>{one}</p>" for one in TEXT.splitlines()[1:])


def sent(desktop, file=None, headers=None, **fields):
    files = {"file": file} if file else {"file": ("", b"")}
    return desktop.post(f"{DRAFT}/add", data=fields, files=files, headers=headers or {})


def taken(desktop):
    draft = desktop.draft().draft
    return {draft.candidate(handle).article.title: draft.candidate(handle) for handle in draft.chosen}


@pytest.mark.parametrize(
    "brought",
    [
        {"text": TEXT},
        {
            "text": "看不见的文字",
            "html": f"<h1>{TITLE}</h1>" + "".join(f"<p>{one}</p>" for one in TEXT.splitlines()[1:]),
        },
        {"file": ("分诊.docx", docx("".join(map(p, TEXT.splitlines()))))},
        {"file": ("分诊.txt", TEXT.encode("gb18030"))},
    ],
    ids=["a text", "a web page from the clipboard", "a document", "a file of text"],
)
def test_what_is_brought_along_is_read_and_stands_in_the_issue(desktop, brought):
    answer = sent(desktop, **brought, url="https://mp.weixin.qq.com/s/abc")
    assert "已收录为第" in answer.text
    found = taken(desktop)[TITLE].article
    assert (found.url, found.outlet, str(found.date)) == ("https://mp.weixin.qq.com/s/abc", "健康时报", "2024-06-14")


def test_a_text_without_an_address_is_taken_and_the_missing_link_blocks(desktop):
    assert "已收录为第" in sent(desktop, text=TEXT).text
    handle = taken(desktop)[TITLE].handle
    checks = desktop.get(f"{DRAFT}/checks", headers={"hx-request": "true"}).text
    assert f"empty-link:{handle}" in checks
    assert "paste:" not in checks


def test_what_is_of_an_earlier_window_asks_for_a_reason_and_takes_it(desktop):
    early = TEXT.replace("6月14日", "5月14日")
    answer = sent(desktop, text=early)
    assert "补收须写明理由" in answer.text
    form = html.fromstring(answer.text).xpath("//form[contains(@action, '/decide')]")[0]
    said = dict(form.form_values()) | {"reason": "上期发刊后才见到"}
    desktop.post(form.get("action"), data=said)
    assert desktop.draft().draft.late[taken(desktop)[TITLE].handle].reason == "上期发刊后才见到"


def test_what_is_refused_stands_in_the_form_as_it_was_typed(desktop):
    answer = sent(desktop, text=TEXT, date="六月初四", title="拟的标题")
    assert answer.status_code == 422
    form = html.fromstring(answer.text).xpath("//form[contains(@action, '/add')]")[0]
    assert form.fields["text"].strip() == TEXT.strip()
    assert (form.fields["date"], form.fields["title"]) == ("六月初四", "拟的标题")
    assert "看不懂日期" in answer.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "没有填写链接"),
        ({"urls": "不是网址"}, "不是网址"),
        ({"urls": " ".join(f"https://news.example.cn/{n}" for n in range(21))}, "一次最多添加 20 个"),
    ],
    ids=["nothing", "no address", "too many"],
)
def test_what_cannot_be_added_is_refused_in_chinese(desktop, fields, told):
    answer = sent(desktop, **fields)
    assert answer.status_code == 422
    assert told in answer.text


def test_an_address_that_cannot_be_had_is_told_with_the_other_way(desktop):
    answer = sent(desktop, urls="http://127.0.0.1:9/news/1.html")
    assert answer.status_code == 200
    assert "没有收进来" in answer.text
    assert "粘贴" in answer.text


def test_a_slow_page_does_not_keep_the_editor_waiting(desktop, monkeypatch):
    monkeypatch.setattr(adding, "_PATIENCE", 0.0)
    answer = sent(desktop, text=TEXT, headers={"hx-request": "true"})
    assert "正在取网页" in answer.text
    address = html.fromstring(answer.text).xpath("//@hx-get")[0]
    answers = []

    def told() -> bool:
        answers.append(desktop.get(address, headers={"hx-request": "true"}))
        return "正在取网页" not in answers[-1].text

    assert until(told)
    (*_, later) = answers
    assert "已收录为第" in later.text
    assert later.headers["hx-trigger"] == "revised"
