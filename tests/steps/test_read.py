"""From bytes to what would be printed: charsets, damage, invisible characters, polluted copies, sizes."""

import datetime as dt

import pytest

from pipeline.config import Outlets
from pipeline.model import BEIJING, Article, Fate, Flag, Lead, Page, Rejection
from pipeline.steps.read import read_page

FETCHED = dt.datetime(2024, 7, 1, 9, 30, tzinfo=BEIJING)
TITLE = "全市医院电子病历实现共享"
BODY = "市卫生健康委通报，全市五十八家三级医院的电子病历已经互通，患者换一家医院看病，医生在屏幕上就能看到既往检查。"
MORE = "信息中心负责人说，下一步把社区卫生服务中心也接进来，年底前完成，市民不用再带着胶片和病历本跑来跑去。"


def page(body: str = f"<p>{BODY}</p><p>{MORE}</p>", *, title: str = TITLE, charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}</title></head><body><h1>{title}</h1>'
        f"<p>2024-06-30 10:20 来源：健康报</p><div class='TRS_Editor'>{body}</div></body></html>"
    )


def read(body: bytes | str, *, charset: str = "", url: str = "https://www.example.com/1.html") -> Article | Rejection:
    data = body if isinstance(body, bytes) else body.encode()
    return read_page((Page(url, data, FETCHED, charset=charset), Lead("s", url)), outlets=Outlets())


def article(body: bytes | str, *, charset: str = "", url: str = "https://www.example.com/1.html") -> Article:
    found = read(body, charset=charset, url=url)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("gb18030", "gb2312"),
        ("gbk", "utf-8"),
        ("utf-8", "gb2312"),
        ("utf-16", "utf-8"),
        ("gbk", ""),
        ("utf-8", ""),
    ],
)
def test_an_article_is_the_same_in_every_charset_and_under_every_label(encoding: str, label: str) -> None:
    found = article(page(charset=label).encode(encoding), charset=label)
    assert found.title == TITLE
    assert found.text == f"{BODY}\n{MORE}"
    assert not any("字节" in note for note in found.notes)


def test_a_big5_page_reads_in_simplified_characters_and_says_that_it_did() -> None:
    text = "醫院的掛號系統已經與健保資料連線，民眾在家就可以查詢看診進度，這對行動不便的長者來說是很大的幫助。"
    html = page(f"<p>{text}</p>" * 4, title="醫院掛號系統上線").replace("来源：健康报", "來源：中央社")
    found = article(html.encode("big5", "ignore"), url="https://news.example.tw/1.html")
    assert found.title == "医院挂号系统上线"
    assert found.text.startswith("医院的挂号系统已经与健保资料连线，民众在家就可以查询看诊进度")
    assert any(note.startswith("原文为繁体（繁体字占") for note in found.notes)


@pytest.mark.parametrize("bad", [1, 5])
def test_bad_bytes_stay_visible_and_are_counted_for_the_editor(bad: int) -> None:
    body = page(f"<p>{BODY}</p><p>{MORE}</p>" * 12).encode()
    at = body.index("，".encode(), len(body) // 2)
    found = article(body[:at] + b"\xff" * bad + body[at:])
    assert BODY in found.text
    assert any("处字节无法解读，以 � 表示" in note for note in found.notes)
    assert any("处乱码" in one for one in found.lacks)


def test_a_page_of_lost_bytes_is_refused_as_mojibake() -> None:
    found = read(page(f"<p>{BODY}</p>").encode("gbk").replace(b"\xa3\xac", b"\xff\xff\xff") + b"\xff" * 40)
    assert isinstance(found, Rejection)
    assert (found.fate, "乱码" in found.because) == (Fate.UNREADABLE, True)


@pytest.mark.parametrize(
    "text",
    ["锟斤拷" * 40, BODY.encode().decode("latin-1") + "锟斤拷" * 40, "烫烫烫屯屯屯" * 30],
    ids=["lost", "both", "memory"],
)
def test_text_that_was_lost_before_is_refused_as_mojibake(text: str) -> None:
    found = read(page(f"<p>{text}</p>"))
    assert isinstance(found, Rejection)
    assert "乱码" in found.because


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_text_that_was_read_in_the_wrong_charset_is_turned_back(wrong: str) -> None:
    shown = "".join(
        bytes([byte]).decode(wrong, "ignore") or bytes([byte]).decode("latin-1") for byte in f"{BODY}{MORE}".encode()
    )
    assert article(page(f"<p>{shown}</p>")).text == f"{BODY}{MORE}"


def test_text_after_a_nul_is_kept_and_the_nul_is_gone() -> None:
    found = article(page(f"<p>{BODY}\0{MORE}</p>"))
    assert found.text == BODY + MORE


def test_characters_that_no_document_may_hold_are_gone_and_private_ones_stay() -> None:
    found = article(page(f"<p>{BODY}\x08\x1b\x9f\ufffe\ufdd0\U000e0041\u200b\u202e{MORE}王\ue216。</p>"))
    assert found.text == f"{BODY}{MORE}王\ue216。"


def test_invisible_characters_leave_title_and_identity_and_the_editor_is_told_which() -> None:
    veiled = article(page(title="全市医院\u200b电子\u202e病历\xad实现共享"))
    assert veiled.title == TITLE
    assert veiled.id == article(page()).id
    assert any("（U+00AD U+200B U+202E）" in note for note in veiled.notes)


def test_a_polluted_copy_is_cleaned_flagged_and_says_why() -> None:
    glossed = (
        "市衛生健康委通報,全市五十八家三級醫院的電子病歷已經(jīng)互通,患者換一家醫院看病,醫生就能看到既往檢查(chá)。"
        "信息中心負責人說,下一步把社區(qū)衛生服務(wù)中心也接進(jìn)來,年底前完成,市民不用再帶著膠片。"
    )
    spam = "在线精品自偷自拍无码|国产普通话对白视频二区|巨爆乳肉感一区二区三区|久久精品无码专区免费东京热"
    found = article(page(f"<p>{glossed}</p><p>{spam}</p>"), url="http://www.example.cn/1.html")
    assert Flag.MIRROR in found.flags
    assert "电子病历已经互通" in found.text
    assert "无码" not in found.text
    said = "；".join(found.notes)
    for reason in ("夹杂注音", "繁体字占", "垃圾推广文字（在线精品"):
        assert reason in said
    assert found.quality <= 0.7


def test_a_paragraph_of_a_megabyte_is_cut_where_everybody_sees_it() -> None:
    found = article(page("<p>" + BODY * 20_000 + "</p>"))
    assert len(found.text) < 25_000
    assert found.text.endswith("……（过长，已截断）")
    assert "正文过长，已截断" in found.notes


def test_of_paragraphs_without_end_the_first_five_thousand_are_kept() -> None:
    found = article(page("".join(f"<p>第{n}段，{BODY}</p>" for n in range(8_000))))
    assert len(found.blocks) <= 5_001
    assert found.text.endswith("……（过长，已截断）")


@pytest.mark.parametrize(
    "title", ["", "   ", "\u200b", "😀😀", "☆★"], ids=["none", "blanks", "zero width", "emoji", "stars"]
)
def test_an_article_without_a_title_takes_its_first_sentence_and_is_flagged(title: str) -> None:
    found = article(page(title=title))
    assert found.title.startswith("市卫生健康委通报")
    assert Flag.NO_TITLE in found.flags
    assert "没有标题" in found.lacks


def test_a_title_without_end_is_cut_and_noted() -> None:
    found = article(page(title="病历共享" * 2_500))
    assert len(found.title) <= 210
    assert found.title.endswith("…")
    assert any("标题过长" in note for note in found.notes)


def test_the_other_addresses_of_a_page_are_kept_and_what_it_wrongly_claims_is_not() -> None:
    head = (
        '<link rel="canonical" href="https://www.example.com/">'
        '<meta property="og:url" content="https://www.example.com/health/20240630/48213.html">'
        '<link rel="amphtml" href="/amp/20240630/48213.html">'
        '<link rel="alternate" media="only screen and (max-width: 640px)" href="//m.example.com/20240630/48213.html">'
        '<link rel="alternate" hreflang="en" href="https://en.example.com/20240630/48213.html">'
        '<meta name="mobile-agent" content="format=html5;url=https://wap.example.com/n/48213.html">'
    )
    html = page().replace("</head>", f"{head}</head>").encode()
    url = "https://www.example.com/20240630/48213.html?utm_source=weixin"
    found = read_page((Page(url, html, FETCHED), Lead("s", "https://t.cn/A6Z1bXy")), outlets=Outlets())
    assert isinstance(found, Article)
    assert found.url == "https://www.example.com/20240630/48213.html"
    assert found.aliases == (
        "https://t.cn/A6Z1bXy",
        "https://www.example.com/health/20240630/48213.html",
        "https://www.example.com/amp/20240630/48213.html",
        "https://m.example.com/20240630/48213.html",
        "https://wap.example.com/n/48213.html",
        url,
    )
