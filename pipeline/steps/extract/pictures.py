"""Where a picture really lies: behind lazy loading, a relay, or an address that is relative to the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from pipeline.steps.extract.tree import Element

_LAZY = (
    "data-src data-original data-lazy-src data-lazyload data-echo data-actualsrc data-original-src data-real-src "
    "data-realsrc data-hi-res-src data-lazy data-url data-img zoomfile file real_src _src original lay-src lazy-src "
    "lazysrc ng-src src"
)
"""Attributes with a picture's address, the best first; WeChat writes `data-src`."""
_OTHER = re.compile(r"src|lazy|original|img|image|file|url", re.I)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|avif)(?:$|[?!@#/])", re.I)
_NO_PICTURE = re.compile(r"\s*(?:data|javascript|blob|file|about|vbscript)\s*:", re.I)
_DECORATION = re.compile(
    r"(?:^|[/_.-])(?:icons?|logo|spacer|blank|pixel|loading|placeholder|grey|share|qrcode|erweima|ewm|btn|button|dot|"
    r"line|arrow|wechat|weixin|weibo|space|transparent|face|emoji|avatar|ico|lazy(?:load)?)(?=[/_.\d-])",
    re.I,
)
_ICON = 32  # pixels
_RELAYED = ("url", "src", "imgurl", "img", "image", "u", "uri", "pic", "link", "target", "source")
_INSIDE = re.compile(r"(?<=/)https?:/{1,2}(?=[\w.-]+\.\w)", re.I)
_HOST_FIRST = re.compile(r"^(?:ssl:)?(?://)?(?P<rest>[\w-]+(?:\.[\w-]+)+/.+)")
_BY_HOST = re.compile(r"^(?:images\.weserv\.nl|wsrv\.nl)$")
_BY_PATH = re.compile(r"^i\d\.wp\.com$")
_RELAYS = 3  # one behind the other


def picture_address(image: Element, base: str) -> str:
    """A picture's absolute address; empty for decoration and for what is no http address."""
    for size in (image.get("width"), image.get("height")):
        if size and re.fullmatch(r"\s*\d{1,3}(?:px)?\s*", size) and int(size.strip().removesuffix("px")) <= _ICON:
            return ""
    for value in _values(image):
        value = value.strip()
        if not value or _NO_PICTURE.match(value):
            continue
        try:
            address = unwrapped(urljoin(base, value))
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and not _DECORATION.search(parts.path):
            return address
    return ""


def _values(image: Element) -> Iterator[str]:
    lazy, _, plain = _LAZY.rpartition(" ")
    for attribute in lazy.split():
        yield image.get(attribute) or ""
    for attribute in ("data-srcset", "srcset"):
        yield _largest(image.get(attribute) or "")
    yield image.get(plain) or ""
    for attribute, value in ((str(one), str(other)) for one, other in image.items()):
        if _OTHER.search(attribute) and _PICTURE.search(value):
            yield value
    for above in image.iterancestors("picture"):
        for source in above.iter("source"):
            yield _largest(source.get("data-srcset") or source.get("srcset") or "")


def _largest(srcset: str) -> str:
    """The address with the largest width or density of a `srcset`."""
    found = re.findall(r"(\S+)(?:\s+([\d.]+)[wx])?\s*(?:,\s+|,?$)", srcset)
    return str(max(found, key=lambda pair: float(pair[1] or 0) if pair[1].count(".") < 2 else 0.0)[0]) if found else ""


def unwrapped(address: str) -> str:
    """The address inside one that only goes through a relay.

    Relays take it as their query (`/?http://…`), as a parameter (`?url=https%3A%2F%2F…`, weserv's without its
    scheme), or in their path (`/proxy/https://…`).
    """
    for _ in range(_RELAYS):
        inner = _inner(address)
        if not inner:
            break
        address = inner
    return address


def _inner(address: str) -> str:
    parts = urlsplit(address)
    if re.match(r"https?(?:://|%3A%2F%2F)[^/]", parts.query, re.I):
        query = parts.query if "://" in parts.query[:10] else unquote(parts.query)
        return query + (f"#{parts.fragment}" if parts.fragment else "")
    for label, value in parse_qsl(parts.query):
        if label.lower() not in _RELAYED:
            continue
        value = unquote(value) if re.match(r"https?%3a", value, re.I) else value
        if re.match(r"(?:https?:)?//[\w.-]+\.\w+/", value, re.I):
            return urljoin(f"{parts.scheme}:", value) if value.startswith("//") else value
        if value.startswith("/") and _PICTURE.search(value):
            return urljoin(address, value)  # the site's own: /_next/image?url=%2Fa.jpg
        if _BY_HOST.match(parts.hostname or "") and (match := _HOST_FIRST.match(value)):
            return f"{'https' if value.startswith('ssl:') else 'http'}://{match['rest']}"
    path = unquote(parts.path) if re.search(r"https?%3a", parts.path, re.I) else parts.path
    if match := _INSIDE.search(path):
        rest = re.sub(r"^(https?):/+", r"\1://", path[match.start() :])
        return rest + (f"?{parts.query}" if parts.query else "")
    if _BY_PATH.match(parts.hostname or "") and (match := _HOST_FIRST.match(parts.path.lstrip("/"))):
        return f"https://{match['rest']}"
    return ""
