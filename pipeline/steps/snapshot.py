"""A page as it was, made fit to be looked at: what only acts, loads or asks is gone before anybody cleans the rest."""

from __future__ import annotations

from lxml import etree

from pipeline.model import Page, Rejection
from pipeline.steps.extract.decode import decode
from pipeline.steps.extract.documents import is_document, is_saved, unpacked
from pipeline.steps.extract.formats import is_markup
from pipeline.steps.extract.pictures import picture_address
from pipeline.steps.extract.tree import Element, bounded, depth, drop, hide_unseen, parse, raw_text

_GONE = (
    *("head", "script", "style", "noscript", "template", "link", "meta", "base", "dialog"),
    *("iframe", "frame", "frameset", "object", "embed", "applet", "svg", "math", "video", "audio", "canvas", "map"),
    *("input", "select", "textarea", "button"),
)
_DEEPEST = 250  # elements within each other; what cleans markup takes the square of it: 31 s for 100,000


def snapshot(page: Page) -> str:
    """The markup of a page's body without what acts, its pictures with absolute addresses; empty for no markup."""
    if is_document(page.body):
        return ""
    if is_saved(page.body):
        page = unpacked(page)
    decoded = decode(page.body, page.charset)
    if isinstance(decoded, Rejection) or not is_markup(decoded.text):
        return ""
    root = parse(bounded(decoded.text)[0])
    if root is None:
        return ""
    if depth(root) > _DEEPEST:
        return "".join(f"<p>{_escaped(line)}</p>" for line in raw_text(root).splitlines() if line.strip())
    hide_unseen(root)
    for one in list(root.iter(*_GONE)):
        drop(one)
    for one in list(root.iter("img")):
        _placed(one, page.url)
    for one in root.iter("form"):
        one.tag = "div"
    body = root.find(".//body")
    return etree.tostring(body if body is not None else root, method="html", encoding="unicode", with_tail=False)


def _placed(picture: Element, base: str) -> None:
    address = picture_address(picture, base)
    for key in list(picture.attrib):
        if key != "alt":
            del picture.attrib[key]
    if address:
        picture.set("src", address)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
