"""The files a page offers: 附件：….pdf, 点击下载, a document in a frame.

A government's notice is often no more than a title and such a link, and the text stands in the file. Which file that
is follows from what the page shows; fetching it is the desk's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from pipeline.config import same_site
from pipeline.model import Attachment, Block, Kind
from pipeline.steps.extract.tree import Element, key, name, raw_text, tidy

_FILE = re.compile(r"\.(?P<ending>pdf|docx?|wps|ofd|xlsx?|et|pptx?|zip|rar|7z|txt|rtf)(?=$|[?#&\"'）)\s])", re.I)
_MAY_BE_FILE = re.compile(r"\.(?:pdf|doc|wps|ofd|xls|et|ppt|zip|rar|7z|txt|rtf)|%", re.I)
"""Of a link as it stands: the address may be escaped. Saves nine links in ten their parsing."""
_READABLE = frozenset(("pdf", "docx"))
_WORDS = re.compile(r"^\W*(?:相关|原文)?附\s*件|(?:点击|附件|文件|全文|原文)下载|^下载$|^\W*查看原文", re.I)
_LINE = re.compile(
    r"^\W*(?:相关)?附\s*件\s*[\d一二三四五六七八九十]*\s*(?:[:：.、].*)?$|^\W*(?:点击|点此)?.{0,6}下载.{0,10}$|^详见附件.{0,4}$"
)
_FRAMES = {"iframe": "src", "embed": "src", "object": "data", "frame": "src"}
_SCRIPTED = re.compile(r"""['"]([^'"]{1,500}\.(?:pdf|docx))['"]""", re.I)
_MOST = 30
_LIST = 10  # files on one page; a page of more, without a text, is a list of downloads
_MAX_NAME = 100


def find_attachments(tree: Element, base: str) -> tuple[Attachment, ...]:
    """The files a page links to or shows in a frame, in its order; `base` makes their addresses absolute.

    To be asked before frames are taken out of the tree.
    """
    found: dict[str, Attachment] = {}
    for text, href in _offered(tree):
        url = _address(href, base)
        if url and url not in found:
            found[url] = Attachment(_named(text, url), url)
        if len(found) >= _MOST:
            break
    return tuple(found.values())


def main_attachment(attachments: Sequence[Attachment], address: str) -> Attachment | None:
    """The first PDF or DOCX on the page's own site; none on a page that lists many files."""
    if len(attachments) > _LIST:
        return None
    return next((one for one in attachments if _ending(one) in _READABLE and same_site(one.url, address)), None)


def says_little(blocks: Sequence[Block], title: str, attachments: Sequence[Attachment], least: int) -> bool:
    """Whether a body holds fewer than `least` characters besides its title and the names of its files."""
    names = {key(one.name) for one in attachments}
    own = 0
    for block in blocks:
        said = key(block.plain)
        if block.kind is Kind.CAPTION or said == key(title) or said in names or _LINE.match(block.text):
            continue
        if any(one and one in said and len(said) < len(one) + 8 for one in names):
            continue  # 附件1：某某方案.pdf, with or without what the link calls it
        own += len(said)
    return own < least


def _offered(tree: Element) -> Iterator[tuple[str, str]]:
    for element in tree.iter("a", *_FRAMES):
        if name(element) == "a":
            href, shown, raw = _target(element), element.get("title") or "", raw_text(element)
            if not href or not _MAY_BE_FILE.search(f"{href} {shown} {raw}"):
                continue
            text = tidy(raw)
            if any(_FILE.search(one) for one in (_path(href), text, shown)):
                yield text if _FILE.search(text) or len(shown) < len(text) else shown, href
        else:
            source = (element.get(_FRAMES[name(element)]) or "").strip()
            if _FILE.search(_path(source)):
                yield "", source
            else:  # a viewer: /pdfjs/web/viewer.html?file=/upload/1.pdf
                yield from (("", value) for _, value in _parameters(source) if _FILE.search(value))


def address_of(link: Element, base: str) -> str:
    """The absolute web address a link leads to; empty for none."""
    return _address(_target(link), base)


def _target(link: Element) -> str:
    """Where a link leads, a script's `download('/a.pdf')` too."""
    href = (link.get("href") or "").strip()
    if not href.lower().startswith("javascript:") and href not in ("", "#"):
        return href
    match = _SCRIPTED.search(f"{href} {link.get('onclick') or ''}")
    return match.group(1) if match else ""


def _path(address: str) -> str:
    """The path of an address as it stands in a page; empty for what is none."""
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return ""


def _parameters(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query, max_num_fields=50)
    except ValueError:
        return []


def _address(href: str, base: str) -> str:
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url.partition("#")[0] if parts.scheme in ("http", "https") and parts.hostname else ""


def _named(text: str, url: str) -> str:
    """What a file is called: by its link, if that says more than 下载, else by its address."""
    last = _path(url).rpartition("/")[2]
    bare = re.sub(r"^\W*附\s*件\s*[\d一二三四五六七八九十]*\s*[:：.、]?\s*", "", text).strip("【】[]《》 ")
    return (bare if len(key(bare)) >= 4 and not _WORDS.search(bare) else last or bare)[:_MAX_NAME]


def _ending(attachment: Attachment) -> str:
    match = _FILE.search(_path(attachment.url)) or _FILE.search(attachment.name)
    return match["ending"].lower() if match else ""
