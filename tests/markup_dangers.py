"""What of a page, an e-mail or a feed would be more than the elements, attributes and addresses that we write."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import etree, html

_TEXT = frozenset(
    re.findall(
        r"[a-z0-9]+",
        """a article aside blockquote body button caption dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6
        head header html img input label li link main meta nav ol p search section span style table tbody td th thead
        time title tr ul""",
    )
)
_ATTRIBUTES = frozenset(
    re.findall(
        r"[a-z-]+",
        """align alt aria-label aria-labelledby autocomplete border cellpadding cellspacing charset class colspan
        content datetime download for height hidden href http-equiv id lang maxlength name rel role rowspan scope
        src style title type value width xmlns""",
    )
)
_STYLE = re.compile(r"[\w\s:;,.#%-]*")
_OURS = re.compile(r"#(item-\w+|contents)|(\.\./)*[\w./%-]+(#item-\w+)?")


def dangers(page: bytes, *, scripts: tuple[str, ...] = ()) -> list[str]:
    """Everything that is not ours, read as browsers do and as XML, which must see the same elements."""
    as_html = html.fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    as_xml = etree.fromstring(page.removeprefix(b"<!DOCTYPE html>").lstrip())
    found = []
    plain = [str(one.tag).rpartition("}")[2] for one in as_xml.iter()]
    if plain != [str(one.tag) for one in as_html.iter()]:
        found.append("two parsers see two pages")
    for one in as_html.iter():
        if one.tag == "script" and one.get("src") in scripts and not one.text:
            continue
        if one.tag not in _TEXT:
            found.append(f"element {one.tag}")
            continue
        found += [f"{one.tag} {name}" for name in one.attrib if name not in _ATTRIBUTES]
        if not _STYLE.fullmatch(one.get("style", "")) or "url" in one.get("style", ""):
            found.append(f"{one.tag} style={one.get('style')}")
        for name in ("href", "src"):
            address = one.get(name, "")
            if not address or _OURS.fullmatch(address) or re.match("data:image/(png|jpeg);base64,", address):
                continue
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or parts.username is not None or not parts.hostname:
                found.append(f"{one.tag} {name}={address}")
    return found
