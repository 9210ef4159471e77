"""Pages made to hurt: read in a child, printed as a document, nothing runs and nothing is left out unsaid."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree, html
from markdown_it import MarkdownIt
from pydantic import TypeAdapter

from patience import PATIENCE
from payloads import CONTAINED, TEXTS, UNCONTAINED, leaves
from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.desk import open_desk
from pipeline.errors import SourceError
from pipeline.executor import Children, Lost
from pipeline.model import Article, Block, Fate, Issue, Kind, Lead, Page, Rejection
from pipeline.outputs import FORMATS, Context
from pipeline.outputs.text import clean
from pipeline.steps.read import read_page
from sample_issues import issue_535
from sites import Site, fetcher, reply

FETCHED = dt.datetime(2024, 7, 1, 1, 0, tzinfo=dt.UTC)
TITLE = "全市互联网诊疗服务量半年翻番"
HEAD = f"<html><head><meta charset=utf-8><title>{TITLE}</title></head><body><h1>{TITLE}</h1><div class=content>"
PROSE = "".join(
    f"<p>市卫生健康委介绍，{what}今年上半年继续增长，平台建设按计划推进，群众就医更加方便。</p>"
    for what in ("互联网诊疗服务", "电子病历共享", "检查检验结果互认", "远程会诊", "医保移动支付")
)
TAIL = "</div></body></html>"
LIMIT = 20.0
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # raw HTML stays HTML
_READER.validateLink = lambda url: True  # type: ignore[method-assign] - nor does it guard against addresses
Read = Article | Rejection | Lost


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(seconds=LIMIT, preload=("pipeline.steps.read", "pipeline.sources")) as children:
        yield children


@pytest.fixture(scope="module")
def outlets() -> Outlets:
    return Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))


def as_read(children: Children, outlets: Outlets, *pages: str | bytes) -> list[Read]:
    url = "https://www.example.cn/2024/06/18/1.html"
    work = [
        (Page(url=url, body=page.encode("utf-8", "surrogatepass") if isinstance(page, str) else page, fetched=FETCHED),
         Lead(source="news", url=url))
        for page in pages
    ]  # fmt: skip
    return list(children.each(partial(read_page, outlets=outlets), work))


# ------------------------------------------------------------------------------------------------- shapes

SHAPES = {
    "256 nested tags": "<div>" * 256 + PROSE,
    "5,000 nested tags": "<div>" * 5_000 + PROSE,
    "200,000 nested tags": "<div>" * 200_000 + PROSE,
    "200,000 nested tags before the text and closed": "<span>" * 200_000 + "</span>" * 200_000 + PROSE,
    "100,000 mis-nested tags": PROSE + "<b><i><p>" * 100_000,
    "100,000 line breaks": PROSE + "字<br>" * 100_000,
    "100,000 open links": PROSE + "<a href=x>" * 100_000,
    "100,000 open items": PROSE + "<ul>" + "<li>条目" * 100_000,
    "an endless column span": PROSE + "<table><tr><td colspan=9007199254740991 rowspan=9007199254740991>甲</table>",
    "100,000 attributes": "<div " + " ".join(f"a{n}=1" for n in range(100_000)) + ">" + PROSE,
    "100,000 classes": f'<div class="{" ".join(f"c{n}" for n in range(100_000))}">' + PROSE,
    "1 MB in one paragraph": PROSE + "<p>" + "甲乙丙丁，" * 66_000 + "</p>",
    "100,000 entities": PROSE + "<p>" + "&nbsp;&amp;" * 100_000 + "</p>",
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
def test_a_monstrous_page_ends_within_its_limit_with_its_text_or_a_reason(
    children: Children, outlets: Outlets, body: str
) -> None:
    begun = time.monotonic()
    [found] = as_read(children, outlets, HEAD + body + TAIL)
    assert time.monotonic() - begun < LIMIT + 60
    if isinstance(found, Article):
        assert "电子病历共享今年上半年继续增长" in found.text
    else:
        assert re.search("复杂|异常|过大|过长|过深|过多", found.because), found
    assert children.apart(len, b"the next") == 8


def test_a_tag_with_a_hundred_thousand_attributes_is_killed_at_the_limit() -> None:
    with Children(1, seconds=2, preload=("payloads",)) as children:
        assert children.apart(leaves, "<p>甲<br>") > 1
        begun = time.monotonic()
        with pytest.raises(SourceError, match="内容过于复杂：读取超过时限 2 秒"):
            children.apart(leaves, "<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">甲")
        assert time.monotonic() - begun < 30


# ----------------------------------------------------------------------------------------------- entities

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PROLOGS = {
    "billion laughs": f'<!DOCTYPE html [<!ENTITY l0 "哈哈哈">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE html [<!ENTITY l9 "{"哈" * 100_000}">]>',
    "a file": '<!DOCTYPE html [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE html [<!ENTITY l9 SYSTEM "http://127.0.0.1:9/x">]>',
    "a parameter": '<!DOCTYPE html [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    "another document type": '<!DOCTYPE html SYSTEM "file:///etc/passwd">',
    "a style sheet": '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?>',
}


@pytest.mark.parametrize("prolog", PROLOGS.values(), ids=PROLOGS.keys())
@pytest.mark.parametrize("kind", ["html", "xml"])
def test_no_entity_of_a_page_is_fetched_or_grows(children: Children, outlets: Outlets, prolog: str, kind: str) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    page = prolog + HEAD + PROSE + "<p>前&l9;&l9;&l9;&l9;&l9;&l9;&l9;&l9;&l9;&l9;后</p>" + include + TAIL
    if kind == "xml":
        page = '<?xml version="1.0" encoding="utf-8"?>' + page.removeprefix('<?xml version="1.0"?>')
    [found] = as_read(children, outlets, page)
    assert isinstance(found, Article), found
    assert "电子病历共享今年上半年继续增长" in found.text
    assert "root:" not in found.text
    assert "哈哈" not in found.text.replace("&l9;", "")
    assert len(found.text) < 2000


# ------------------------------------------------------------------------------------------------ scripts


def issue_of(*articles: Article) -> Issue:
    issue = issue_535()
    items = tuple(
        replace(
            issue.items[0],
            handle=f"h{number}",
            title=one.title,
            outlet=one.outlet,
            url=one.url,
            blocks=one.blocks,
        )
        for number, one in enumerate(articles)
    )
    return replace(issue, items=items)


def printed(issue: Issue, kind: str) -> bytes:
    return FORMATS[kind].render(issue, Context(templates=packaged("templates")))


PLAIN = frozenset(
    [
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "hr",
        "strong",
        "em",
        "img",
    ]
)
OURS = re.compile(r"^\s*(?:PAGEREF \w+(?: \\h)?|PAGE(?: .*)?|TOC .*|HYPERLINK \\l .*|NUMPAGES.*)\s*$")
ACTIVE = frozenset(("altChunk", "object", "control", "script", "subDoc", "fldSimple"))


def dangers_in_markdown(markdown: bytes) -> list[str]:
    """Whatever of a Markdown file would be more than text, structure and links to the web."""
    root = html.fromstring(f"<div>{_READER.render(markdown.decode().split('---', 2)[2])}</div>")
    found = []
    for node in root.iter():
        if not isinstance(node.tag, str):
            found.append(f"a comment: {node.text}")
            continue
        if node.tag not in PLAIN:
            found.append(node.tag)
        known = ["href", "src", "alt", "title", "start"]
        if node.tag == "a" and re.fullmatch(r"item-\w+|colophon", node.get("id", "")):
            known.append("id")  # where the contents lead to, and where the items end
        found += [f"{node.tag} {name}" for name in node.attrib if name not in known]
        for name in ("href", "src"):
            if (value := node.get(name, "")) and not value.startswith("#"):
                parts = urlsplit(value)
                if parts.scheme not in ("http", "https") or parts.hostname == "evil.example":
                    found.append(f"{node.tag} {name}={value}")
    return found


def dangers_in_word(document: bytes, usual: frozenset[str]) -> list[str]:
    """Whatever of a document would fetch, compute or run something, or is no part of it as a rule."""
    found = []
    with zipfile.ZipFile(io.BytesIO(document)) as parts:
        found += [f"part {name}" for name in parts.namelist() if name not in usual and "/media/" not in name]
        for name in parts.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            for node in etree.fromstring(parts.read(name)).iter():
                tag = etree.QName(node).localname if isinstance(node.tag, str) else "comment"
                target = node.get("Target", "")
                if tag in ACTIVE:
                    found.append(f"{name}: {tag}")
                if tag == "instrText" and not OURS.match(node.text or ""):
                    found.append(f"{name}: field {node.text}")
                if node.get("TargetMode") == "External" and urlsplit(target).scheme not in ("http", "https"):
                    found.append(f"{name}: leads to {target}")
    return found


def dangers(issue: Issue) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(printed(issue_535(), "docx"))) as parts:
        usual = frozenset(parts.namelist())
    return dangers_in_markdown(printed(issue, "md")) + dangers_in_word(printed(issue, "docx"), usual)


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "[点](javascript:alert(1))",
        "<javascript:alert(1)>",
        "<p onclick=alert(1)>字",
        "<p id=cookie>字",
        "<!-- 注 -->",
        "<b>字</b>",
        "![图](https://evil.example/track.png)",
        "```\n代码\n```",
    ],
)
def test_a_danger_in_markdown_is_found(markup: str) -> None:
    assert dangers_in_markdown(f"---\na: 1\n---\n\n正文{markup}\n\n{markup}\n".encode())


@pytest.mark.parametrize(
    "part",
    [
        "<w:p xmlns:w='w'><w:instrText> DDEAUTO calc </w:instrText></w:p>",
        "<w:p xmlns:w='w'><w:fldSimple w:instr='INCLUDETEXT x'/></w:p>",
        "<w:p xmlns:w='w'><w:altChunk/></w:p>",
        "<Relationships><Relationship Target='file:///etc/passwd' TargetMode='External'/></Relationships>",
    ],
)
def test_a_danger_in_a_document_is_found(part: str) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as parts:
        parts.writestr("word/document.xml", part)
    assert len(dangers_in_word(written.getvalue(), frozenset(["word/document.xml"]))) == 1
    assert dangers_in_word(written.getvalue(), frozenset())[0] == "part word/document.xml"


def attacks() -> list[str]:
    together = [CONTAINED[start : start + 12] for start in range(0, len(CONTAINED), 12)]
    groups = [[f"<p>见{one}</p>" for one in group] for group in together] + [[one] for one in UNCONTAINED]
    return [HEAD + PROSE + "".join(group) + PROSE + TAIL for group in groups]


def test_no_script_handler_or_address_of_a_page_gets_into_a_document(children: Children, outlets: Outlets) -> None:
    assert len(set(CONTAINED)) + len(set(UNCONTAINED)) + len(TEXTS) >= 300
    pages = attacks()
    found = as_read(children, outlets, *pages)
    articles = [one for one in found if isinstance(one, Article)]
    assert len(articles) >= 0.9 * len(pages), [one for one in found if not isinstance(one, Article)]
    for one in articles:
        for block in one.blocks:
            assert not block.src or urlsplit(block.src).scheme in ("http", "https"), block
    issue = issue_of(*articles)
    assert dangers(issue) == []
    markdown = printed(issue, "md").decode()
    assert not re.search(r"(?<!\\)<\s*/?\s*(?:script|iframe|svg|img|style|form|object)", markdown, re.IGNORECASE)


def test_no_text_becomes_markup_a_field_or_a_template_in_any_place_of_a_document(
    children: Children, outlets: Outlets
) -> None:
    [article] = as_read(children, outlets, HEAD + PROSE + TAIL)
    assert isinstance(article, Article)
    for text in TEXTS:
        issue = issue_of(article, article)
        everywhere = replace(
            issue.items[0],
            title=text,
            outlet=text,
            url=f"https://www.example.cn/?q={text}",
            blocks=(
                *article.blocks,
                *(Block(kind, text) for kind in (Kind.PARAGRAPH, Kind.HEADING, Kind.ITEM, Kind.QUOTE, Kind.CAPTION)),
                Block(Kind.TABLE, rows=((text, text), (text, "格"))),
            ),
        )
        issue = replace(issue, items=(everywhere, issue.items[1]), footer=(text,), lead=text)
        assert dangers(issue) == [], text
        with zipfile.ZipFile(io.BytesIO(printed(issue, "docx"))) as parts:
            document = etree.fromstring(parts.read("word/document.xml"))
        words = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
        paragraphs = ["".join(part.text or "" for part in one.iter(f"{words}t")) for one in document.iter(f"{words}p")]
        assert clean(text) in paragraphs, text  # as it stands: 7*7 is not 49


# -------------------------------------------------------------------------------------------- text and bytes


@pytest.mark.parametrize(
    "label", ["utf-7", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "x-user-defined"]
)
def test_a_page_that_hides_markup_in_an_encoding_is_text(children: Children, outlets: Outlets, label: str) -> None:
    hidden = "<p>末尾+ADw-script+AD4-alert(1)+ADw-/script+AD4- ~{<script>~} \x1b$B!z\x1b(J</p>"
    page = (HEAD.replace("charset=utf-8", f"charset={label}") + PROSE + hidden + TAIL).encode()
    [found] = as_read(children, outlets, page)
    assert isinstance(found, Article), found
    assert "电子病历共享今年上半年继续增长" in found.text
    assert dangers(issue_of(found)) == []


TITLES = {
    "up and out": "../../etc/passwd",
    "a root": "/etc/cron.d/x",
    "backslashes": "..\\..\\windows",
    "a device": "CON",
    "a drive": "C:报告",
    "NUL and line breaks": "月报\0\r\n.exe",
    "a final dot": "月报.",
    "hidden": ".bashrc",
    "a hundred characters": "卫" * 100,
    "nothing a name may hold": "/../?*|",
    "turned round": "月报\u202excod.",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_the_name_of_a_file_is_one_name_whatever_the_title(title: str) -> None:
    name = replace(issue_535(), title=title).filename
    assert re.fullmatch(r"[\w-]+-第535期-20240630", name)
    assert name.isprintable()
    assert len(f"{name}.docx".encode()) <= 255


NO_PAGES = {
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj", "PDF"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(200), "图片"),
    "GIF": (b"GIF89a" + bytes(200), "图片"),
    "ZIP": (b"PK\x03\x04" + bytes(200), "压缩包|文档"),
    "gzip": (b"\x1f\x8b\x08" + bytes(200), "压缩"),
    "video": (b"\x00\x00\x00\x18ftypmp42" + bytes(200), "视频"),
}


def as_served(children: Children, outlets: Outlets, body: bytes, kind: str) -> Read:
    site = Site()
    site.answers["/1"] = reply(body, Content_Type=kind)
    try:
        page = fetcher(site)("http://www.example.cn/1").page
    finally:
        site.close()
    assert page is not None
    lead = Lead(source="news", url=page.url)
    [found] = children.each(partial(read_page, outlets=outlets), [(page, lead)])
    return found


@pytest.mark.parametrize(("body", "because"), NO_PAGES.values(), ids=NO_PAGES.keys())
@pytest.mark.parametrize("kind", ["text/html; charset=gbk", "text/plain", ""])
def test_bytes_that_are_no_page_are_named_whatever_the_server_calls_them(
    children: Children, outlets: Outlets, body: bytes, because: str, kind: str
) -> None:
    found = as_served(children, outlets, body, kind)
    assert isinstance(found, Rejection)
    assert found.fate is Fate.UNREADABLE
    assert re.search(because, found.because)


@pytest.mark.parametrize(
    "kind",
    ["application/octet-stream", "application/xml", "text/plain", "application/pdf", "image/png", "nonsense", ""],
)
def test_a_page_is_read_whatever_the_server_calls_it(children: Children, outlets: Outlets, kind: str) -> None:
    found = as_served(children, outlets, (HEAD + PROSE + TAIL).encode(), kind)
    assert isinstance(found, Article), found
    assert "电子病历共享今年上半年继续增长" in found.text


def test_who_interrupts_a_run_in_the_middle_of_a_monstrous_page_leaves_at_once_and_finds_it_unread(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "工作区"
    shutil.copytree(packaged("config"), folder / "config")
    (folder / "inbox").mkdir()
    (folder / "config" / "sources.yaml").write_text("- {id: inbox, name: 收件箱, kind: folder, path: inbox}\n", "utf-8")
    (folder / "inbox" / "1.html").write_text(HEAD + "<p>字<br>" * 600_000 + TAIL, "utf-8")
    command = [sys.executable, "-m", "pipeline", "-C", str(folder), "run", "beijing-monthly", "--month", "2024-06"]
    running = subprocess.Popen([*command, "--engine", "inline"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def offspring(pid: int) -> list[int]:
        listed = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(one) for path in listed for one in path.read_text().split()]

    try:
        until = time.monotonic() + 30
        reading: list[int] = []
        while not reading and time.monotonic() < until:
            time.sleep(0.1)
            reading = [child for nursery in offspring(running.pid) for child in offspring(nursery)]
        assert reading
        time.sleep(1)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 130  # its page has half a minute
    finally:
        running.kill()
        running.communicate()
    until = time.monotonic() + 20
    while Path(f"/proc/{reading[0]}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{reading[0]}").exists()
    with open_desk(folder, clock=lambda: FETCHED) as desk:
        assert len(desk.leads.unread()) == 1
