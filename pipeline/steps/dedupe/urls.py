"""One address for one page, and never one for two."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

# Parameters that say who sent the reader, never what is read. Anything not listed stays: `id=`, `p=` and
# unknown names may choose the article.
_TRACKING = re.compile(
    r"^(?:utm_\w+|spm|scm|from|isappinstalled|share_?\w*|shared?from|timestamp|wfr|for|clicktime|enterid|ref|referer|referrer|"
    r"fbclid|gclid|msclkid|yclid|mc_[ce]id|bd_vid|hmsr|hmpl|hmcu|hmkw|hmci|nsukey|pass_ticket|sessionid|jsessionid|phpsessid|"
    r"chksm|scene|subscene|sessionid|ascene|exportkey|wx_header|devicetype|abtest_cookie|weixin_\w+|sharer_\w+|tt_from|"
    r"app|tp|bsh_bid|f|_t|spss|dt_dapp|traceid|source_ext)$",
    re.IGNORECASE,
)
_TRACKING_VALUES = {"from", "f", "app", "for", "tp", "ref", "_t"}  # short names: dropped only with a word as value
_INDEX = re.compile(r"/(?:index|default)\.(?:s?html?|php|aspx?|jsp)$", re.IGNORECASE)
_MOBILE = re.compile(r"^(?:m|wap|3g|mobile|amp|www)\.(?=[^.]+\.[^.]+)")
_AMP_PATH = re.compile(r"/amp(?=/|$)|(?<=\.)amp\.(?=html?$)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_NETEASE = re.compile(r"^/(?:dy|v2|news)/article/([0-9A-Z]{16})\.html$")


def canonical_url(url: str) -> str:
    """The address without what does not choose the article; one that cannot be read is returned as it is.

    It is a key, not for dialling: http and https are written https. `www.`, mobile and AMP hosts, tracking
    parameters, fragments, index names and a last slash go; parameters are sorted. A fragment that is a route
    (`#/…`, `#!…`) stays.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return text
    if parts.scheme.lower() not in ("http", "https") or not host:
        return text
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = host.lower()
    host = _MOBILE.sub("", host)
    if port and port not in (80, 443):
        host = f"{host}:{port}"
    path = quote(_SESSION.sub("", parts.path), safe="/%:@!$&'()*+,;=~-._")
    path = _AMP_PATH.sub("", re.sub("/{2,}", "/", path))
    path = _INDEX.sub("/", path).rstrip("/")
    if host.endswith("163.com") and (found := _NETEASE.match(path)):
        path = f"/dy/article/{found[1]}.html"
    query = urlencode(
        sorted(
            (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(name, value)
        )
    )
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    return f"https://{host}{path}{'?' + query if query else ''}{fragment}"


def _tracks(name: str, value: str) -> bool:
    if not _TRACKING.match(name):
        return False
    return name.lower() not in _TRACKING_VALUES or not value.isdigit()
