"""The page as a tree: parsed safely, read without recursion, cleared of what a reader never sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache

from lxml import etree
from lxml import html as lxml_html

from pipeline.steps.extract.words import GAP

Element = etree._Element

_INLINE_TAGS = (
    "a abbr acronym b basefont bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb rp rt "
    "ruby s samp small span strike strong sub sup time tt u var wbr"
)
INLINE = frozenset(_INLINE_TAGS.split())
"""Elements that do not begin a new line; everything else does, custom elements excepted."""

_SILENT_TAGS = (
    "script style noscript template iframe object embed applet svg math canvas audio video map input select "
    "option textarea button nav footer aside dialog link meta base"
)
_OFF_SCREEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.I,
)
_STYLED = etree.XPath("descendant-or-self::*[@style or @hidden]")
_FADED = re.compile(r"visibility\s*:\s*hidden|opacity\s*:\s*0", re.I)
_ALWAYS_SHOWN = frozenset({"js_content", "img-content"})  # WeChat hides its articles until its script has run
_UNTIL_SCRIPT = 0.6  # of a page's punctuation: what is faded out and holds it is shown once the script has run
_END = re.compile(r"</html\s*>", re.I)
_CLOSING = re.compile(r"</(?:html|body)\s*>", re.I)
_NESTING = re.compile(r"</?(?!(?:p|br|h[1-6]|title|head|meta|img|a|script|style)\b)[a-z][^<>]*>", re.I)
MAX_MARKUP = 2 * 1024 * 1024  # bytes in UTF-8; labelled pages have up to 1.2 million
_WEIGHTLESS = re.compile(rb"<script\b|<style\b|;base64,", re.I)
_SCRIPT_END, _STYLE_END = re.compile(rb"</script\b", re.I), re.compile(rb"</style\b", re.I)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_MAX_DEPTH = 1_000  # libxml2 drops text at about 2,000, even with huge_tree
_GIANT = 60_000  # characters
_GIANT_TAG = re.compile(rf"<[a-z][^<>]{{{_GIANT},}}>", re.I)
_MAX_ATTRIBUTES = 5_000  # of one tag: libxml2 needs their square, 100,000 took 30 s
_WHOLE = 0.4  # of a page's punctuation: less of it before the first end is no article
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BLANK = re.compile(r"[ \t\r\n\f\v\u00a0\u3000]+")
_GAPS = re.compile(rf" *{GAP}[ {GAP}]*")
_NO_LETTER = re.compile(r"[\W_]+")
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0\u2002-\u200a\u205f]+")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_BROKEN_LINE = re.compile(  # begins with what is rare in a text: a look behind at every place takes twice as long
    rf"[ \t\r\n](?<=[{_WIDE}，。、；：！？”’）》][ \t\r\n])(?:(?<=[\r\n])|[ \t]*[\r\n])\s*(?=[{_WIDE}“‘（《])"
)

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HAN_RUN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
PUNCTUATION = re.compile("[，。、；：！？“”]")


def bounded(text: str) -> tuple[str, bool]:
    """The first `MAX_MARKUP` of an HTML text, and whether that is less than all of it.

    Scripts, styles and embedded pictures do not count: an account's page of 2 MiB holds 90 kB besides.
    """
    if len(text) * 4 <= MAX_MARKUP:
        return text, False
    data = text.encode("utf-8", "replace")
    counted = position = 0
    for start, end in (*_weightless(data), (len(data), len(data))):
        left = MAX_MARKUP - counted
        if start - position > left:
            cut = position + left
            if data.rfind(b"<", 0, cut) > data.rfind(b">", 0, cut):  # inside a tag
                cut = data.rfind(b"<", 0, cut)
            return data[:cut].decode("utf-8", "ignore") + "</body></html>", True
        counted, position = counted + max(0, start - position), max(position, end)
    return text, False


def _weightless(data: bytes) -> Iterator[tuple[int, int]]:
    """From where to where the parts of a page reach that are no markup, in its order."""
    position = 0
    while match := _WEIGHTLESS.search(data, position):
        start, opened = match.end(), match.group().lower()
        if opened.endswith(b"base64,"):
            inside = _BASE64.match(data, start)
            position = inside.end() if inside else start
        else:
            closing = _SCRIPT_END.search(data, start) if opened == b"<script" else _STYLE_END.search(data, start)
            position = closing.start() if closing else len(data)
        yield start, position


def parse(text: str) -> Element | None:
    """The tree of an HTML text without its comments; `None` when nothing is left of it or a tag is monstrous.

    `huge_tree` because the default drops all text at 256 nested tags; what nests deeper still is read again
    without the tags that only nest. HTML has no external entities and the parser opens no connection. Stray
    end tags of html and body go first: libxml2 2.14 hangs what follows one into a tree at odds with itself.
    """
    if _may_hold_giant(text) and any(tag.count("=") > _MAX_ATTRIBUTES for tag in _GIANT_TAG.findall(text)):
        return None
    text = _CLOSING.sub("", first_document(text))
    tree = _parsed(text)
    if tree is not None and _DEEP(tree) and depth(tree) > _MAX_DEPTH:
        return _parsed(_NESTING.sub("\n", text))
    return tree


def _may_hold_giant(text: str) -> bool:
    """Whether there is a stretch without a bracket that is half a giant tag long: looks at few characters."""
    half = _GIANT // 2
    return any(
        text.find("<", start, start + half) < 0 and text.find(">", start, start + half) < 0
        for start in range(0, len(text), half)
    )


_DEEP = etree.XPath("boolean(" + "/".join(["*"] * 20) + ")")
"""Whether anything lies 20 levels deep, which one page in eight has: saves all others the count."""


def depth(tree: Element) -> int:
    """How deep the deepest element lies."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


_LOOKUP = etree.ElementDefaultClassLookup(element=lxml_html.HtmlElement)
"""Gives what trafilatura and htmldate ask for; lxml.html's own, which asks Python, takes a third longer to walk."""


def _parsed(text: str) -> Element | None:
    parser = lxml_html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True
    )
    parser.set_element_class_lookup(_LOOKUP)
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None


def first_document(text: str) -> str:
    """The text up to the first `</html>` where a page was saved into itself a second time."""
    end = _END.search(text)
    if end is None or not _END.search(text, end.end()):
        return text
    first = text[: end.end()]
    if len(re.findall(r"<html\b", first, re.I)) > 1:  # a header that was included with its own html element
        return text
    return first if len(PUNCTUATION.findall(first)) >= _WHOLE * len(PUNCTUATION.findall(text)) else text


def name(element: Element) -> str:
    """The tag, which the parser gives in lower case; empty for what is no element."""
    tag = element.tag
    return tag if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def inline(tag: str) -> bool:
    """Whether an element of this tag stands within a line."""
    return tag in INLINE or ":" in tag or "-" in tag


def marks(element: Element) -> str:
    """Class and id, for patterns to look at."""
    classes, ident = element.get("class"), element.get("id")
    if classes is None or ident is None:  # nine in ten
        return (classes or ident or "").strip()
    return f"{classes} {ident}".strip()


def raw_text(element: Element) -> str:
    """All text inside as it stands."""
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False)


def content(element: Element) -> str:
    """All text inside, tidied."""
    return tidy(raw_text(element))


def han(text: str) -> int:
    """How many Han characters a text has."""
    return sum(map(len, _HAN_RUN.findall(text)))


def tidy(text: str) -> str:
    """One line of text as a reader sees it: invisible characters out, runs of space as one.

    A line break of the source between two Chinese characters is no space.
    """
    if text.isprintable():  # most are: of all that is taken out or changed it can hold the plain space alone
        return (_SPACE.sub(" ", text) if "  " in text else text).strip(" ")
    text = _BROKEN_LINE.sub("", INVISIBLE.sub("", text))
    return _SPACE.sub(" ", text).strip(" \u3000")


def key(text: str) -> str:
    """A text for comparison: letters and digits only."""
    return _NO_LETTER.sub("", text).lower()


def drop(element: Element) -> None:
    """Takes an element out of its tree and leaves the text after it in place."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)


def hide_unseen(root: Element) -> None:
    """Removes scripts, forms' fields, navigation and hidden nodes, in place."""
    for element in list(root.iter(*_SILENT_TAGS.split())):
        if _holds_article(element):
            continue
        if name(element) == "noscript" and element.find(".//img") is not None and not content(element):
            element.tag = "span"  # the picture itself, where what is shown without scripts is all there is of it
            continue
        drop(element)
    hidden = [
        element
        for element in _styled(root)
        if element.get("id") not in _ALWAYS_SHOWN
        and name(element) not in ("html", "body")
        and (element.get("hidden") is not None or _OFF_SCREEN.search(element.get("style") or ""))
    ]
    faded = {element for element in hidden if _FADED.search(element.get("style") or "")}
    points = _points(root, faded) if faded else {}
    for element in hidden:
        if element not in faded or points[element] < _UNTIL_SCRIPT * points[root]:
            drop(element)


def _styled(root: Element) -> list[Element]:
    found = _STYLED(root)
    return [one for one in found if isinstance(one, Element)] if isinstance(found, list) else []


def _points(root: Element, wanted: Set[Element]) -> dict[Element, int]:
    """The punctuation inside a root and inside some of its elements, in one walk: these may lie in each other."""
    wanted = {root, *wanted}
    seen = 0
    before: dict[Element, int] = {}
    inside: dict[Element, int] = {}
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if element in wanted:
                before[element] = seen
            text = element.text
        else:
            if element in wanted:
                inside[element] = seen - before[element]
            text = element.tail
        if text and not text.isascii():
            seen += len(PUNCTUATION.findall(text))
    return inside


def _holds_article(element: Element) -> bool:
    """Whether an `aside`, `nav` or `footer` was left open and swallowed the page."""
    return name(element) in ("aside", "nav", "footer") and element.find(".//h1") is not None


def lines(elements: Iterable[Element], stop: Element | None = None) -> Iterator[str]:
    """The text of `elements` line by line, up to but not including `stop`; `GAP` parts inline elements."""
    for top in elements:
        buffer: list[str] = []
        for event, element in etree.iterwalk(top, events=("start", "end")):
            if element is stop:
                yield from _flushed(buffer)
                return
            if inline(name(element)):
                buffer.append(GAP)
            elif buffer:
                yield from _flushed(buffer)
            text = element.text if event == "start" else element.tail if element is not top else None
            if text:
                buffer.append(text)
        yield from _flushed(buffer)


def _flushed(buffer: list[str]) -> Iterator[str]:
    text = "".join(buffer)
    buffer.clear()
    if not text or text.isspace():  # nine in ten; a gap is a space too
        return
    text = _BLANK.sub(" ", INVISIBLE.sub("", text))
    text = _GAPS.sub(GAP, text).strip(f" {GAP}")
    if text:
        yield text
