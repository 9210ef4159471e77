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
# Of those, the ones that mean nothing else on any site: what is printed must lead to the page, so no doubt is allowed.
_SURELY_TRACKING = re.compile(
    r"^(?:utm_\w+|spm|scm|fbclid|gclid|msclkid|yclid|mc_[ce]id|bd_vid|bsh_bid|hmsr|hmpl|hmcu|hmkw|hmci|isappinstalled|"
    r"share_(?:token|from|source|medium|uid|id|tag)|sharer_\w+|nsukey|pass_ticket|wx_header|exportkey|weixin_\w+|"
    r"tt_from|wfr|spss|dt_dapp|abtest_cookie|clicktime|enterid|source_ext|jsessionid|phpsessid)$",
    re.IGNORECASE,
)
_SENT_FROM = {
    "from": re.compile(
        r"^(?:single|group)message$|^timeline$|^(?:weixin|wechat|weibo|qq|qzone|qrcode|share|copylink)$", re.I
    ),
    "for": re.compile(r"^pc$"),  # Baidu's wfr=spider&for=pc
}
_WECHAT_ONLY = frozenset(("chksm", "scene", "subscene", "sessionid", "ascene", "devicetype"))
_WECHAT_FRAGMENTS = frozenset(("rd", "wechat_redirect"))
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


def printed_url(url: str) -> str:
    """The address as it is printed: to the letter what was found, without what says who sent the reader.

    Only parameters known to be tracking go; a session id in the path goes with them.
    """
    rest, mark, fragment = url.partition("#")
    address, _, query = rest.partition("?")
    if not address.lower().startswith(("http://", "https://")):
        return url
    wechat = address.lower().partition("://")[2].startswith("mp.weixin.qq.com/")
    kept = "&".join(one for one in query.split("&") if one and not _surely_tracks(one, wechat))
    if wechat and fragment in _WECHAT_FRAGMENTS:
        mark = fragment = ""
    return f"{_SESSION.sub('', address)}{'?' + kept if kept else ''}{mark}{fragment}"


def _surely_tracks(parameter: str, wechat: bool) -> bool:
    name, _, value = parameter.partition("=")
    known = _SENT_FROM.get(name.lower())
    return bool(
        _SURELY_TRACKING.match(name) or (known and known.match(value)) or (wechat and name.lower() in _WECHAT_ONLY)
    )


def _tracks(name: str, value: str) -> bool:
    if not _TRACKING.match(name):
        return False
    return name.lower() not in _TRACKING_VALUES or not value.isdigit()
