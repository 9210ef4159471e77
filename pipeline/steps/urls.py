"""One address for one page, and never one for two.

A page is met under many addresses: on the mobile host, as AMP, with trackers, under the channel it was filed in,
before a redirect. `canonical_url` is one key for those of which that is certain from the address alone;
`aliases` takes what a page, its redirect and its lead say beyond that, as far as they can be believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from pipeline.config import Outlets, same_site
from pipeline.model import Article

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
_MOBILE = re.compile(r"^(?:(?:m|wap|3g|mobile|amp|www)\.)+(?=[^.]+\.[^.]+)")
_AMP_PATH = re.compile(r"/amp(?=/|$)|(?<=\.)amp\.(?=html?$)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)

# Sites that give an article one number whatever host, channel or form it is shown under: the domain, what of the path
# (or of the parameter named) is that number, and how the key is written. Only numbers that are unique on the whole site
# stand here; a number that counts within a channel, as in people.com.cn's c1001-40249999 or TRS's t20240604_123, does
# not. Where a mobile page has a number of its own (m.people.cn/n4/…, m.gmw.cn), the texts tell.
_NUMBERED: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (domain, re.compile(pattern), key)
    for domain, pattern, key in (
        (
            "163.com",
            r"^/(?:\w+/)*(?:article|a|detail|\d\d/\d{4}/\d\d)(?:/detail)?/([0-9A-Z]{16})\.html$",
            "163.com/dy/article/{}.html",
        ),
        ("sohu.com", r"^/a/(\d{6,})(?:_\d+)?$", "sohu.com/a/{}"),
        ("toutiao.com", r"^/(?:article/|group/|i|a)(\d{16,})$", "toutiao.com/article/{}"),
        ("ifeng.com", r"^/c/(?:s/)?([0-9A-Za-z]{11})$", "ifeng.com/c/{}"),
        (
            "thepaper.cn",
            r"^/(?:(?:rss_)?newsDetail_forward_|detail/|baijiahao_)(\d{6,})(?:\.html)?$",
            "thepaper.cn/newsDetail_forward_{}",
        ),
        ("xinhuanet.com", r"/(\d{4}-\d\d/\d\d/c_\d{9,})\.htm$", "xinhuanet.com/{}.htm"),
        ("news.cn", r"/(\d{4}-\d\d/\d\d/c_\d{9,})\.htm$", "xinhuanet.com/{}.htm"),
        ("xinhuanet.com", r"/(\d{8}/[0-9a-f]{32})/c\.html$", "news.cn/{}/c.html"),
        ("news.cn", r"/(\d{8}/[0-9a-f]{32})/c\.html$", "news.cn/{}/c.html"),
        ("cctv.com", r"/(ARTI[0-9A-Za-z]{16,})\.shtml$", "cctv.com/{}.shtml"),
        ("cctv.cn", r"/(ARTI[0-9A-Za-z]{16,})\.shtml$", "cctv.com/{}.shtml"),
        ("sina.com.cn", r"/(?:doc|detail)-(i[0-9a-z]{14})(?:\.d)?\.s?html$", "sina.com.cn/doc-{}.shtml"),
        ("sina.cn", r"/(?:doc|detail)-(i[0-9a-z]{14})(?:\.d)?\.s?html$", "sina.com.cn/doc-{}.shtml"),
        (
            "qq.com",
            r"^/(?:rain/a/|omn/\d{8}/|omn/|cmsid/|a/)(\d{8}[A-Z][0-9A-Z]{5}00)(?:\.html)?$",
            "qq.com/rain/a/{}",
        ),
        ("huanqiu.com", r"^/article/([0-9A-Za-z]{11})$", "huanqiu.com/article/{}"),
        ("chinadaily.com.cn", r"^/a/\d{6}/\d\d/(WS[0-9a-f]{20,})\.html$", "chinadaily.com.cn/a/{}.html"),
        ("eastmoney.com", r"^/a/(\d{18,})\.html$", "eastmoney.com/a/{}.html"),
    )
)
_CHOOSING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # hosts whose pages are chosen by these parameters and nothing else
    ("mp.weixin.qq.com", "/s", ("__biz", "mid", "idx")),
    ("baijiahao.baidu.com", "/s", ("id",)),
)
_REDIRECTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # hosts whose pages at this path only lead on, and the parameters that say where to
    ("google.com", "/url", ("q", "url")),
    ("docs.qq.com", "/scenario/link.html", ("url",)),
    ("safelinks.protection.outlook.com", "/", ("url",)),
)


@lru_cache(maxsize=16_384)  # each of a window's addresses is asked for five times when its draft is made
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
    if known := _numbered(host, parts.path, parts.query):
        return f"https://{known}"
    if port and port not in (80, 443):
        host = f"{host}:{port}"
    path = quote(_SESSION.sub("", parts.path), safe="/%:@!$&'()*+,;=~-._")
    path = _AMP_PATH.sub("", re.sub("/{2,}", "/", path))
    path = _INDEX.sub("/", path).rstrip("/")
    query = urlencode(
        sorted(
            (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(name, value)
        )
    )
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    return f"https://{host}{path}{'?' + query if query else ''}{fragment}"


def _numbered(host: str, path: str, query: str) -> str:
    """The key of an article on a site that numbers them, without its scheme; empty elsewhere."""
    path = re.sub("/{2,}", "/", path).rstrip("/")
    for domain, pattern, key in _NUMBERED:
        if (host == domain or host.endswith(f".{domain}")) and (found := pattern.search(path)):
            return key.format(found[1])
    for known, at, names in _CHOOSING:
        if host == known and path == at:
            given = parse_qs(query)
            if all(name in given for name in names):
                return f"{host}{path}?{urlencode([(name, given[name][0]) for name in names])}"
    return ""


MOST_ALIASES = 12
_DATE = re.compile(r"(?:19|20)\d\d[-/_.]?(?:[01]\d|[1-9](?!\d))(?:[-/_.]?(?:[0-3]\d|[1-9](?!\d)))?")
_OF_LISTS = re.compile(
    r"^(?:(?:index|default|list|node|channel|col|column|class|cat|category|tag|topic|special|page|zt)[-_\d]{0,20}|"
    r"home|main|news|latest|today|search|more|404|error|notfound)(?:\.\w+)?$",
    re.IGNORECASE,
)
_LIST_PARAMETERS = re.compile(
    r"^(?:page|pageno|pagenum|p|pn|cid|catid|cat|category|channel|channelid|columnid|colid|nodeid|typeid|tag|q|wd|"
    r"kw|keyword|keywords|query|search|sort|order|size|limit|lang)$",
    re.IGNORECASE,
)
_SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+){2,}$", re.IGNORECASE)
_LONG_WORD = re.compile(r"[0-9A-Za-z]{10,}")
_MOBILE_FOLDER = re.compile(r"^/(?:m|wap|mobile|amp|touch|h5)(?=/)")


def past_redirect(url: str) -> str:
    """The address that an office program's own redirect leads to: Google Docs, Tencent Docs and Outlook wrap links."""
    try:
        parts = urlsplit(url)
        given = parse_qs(parts.query)
    except ValueError:
        return url
    host = (parts.hostname or "").lower()
    for known, path, names in _REDIRECTS:
        if (host == known or host.endswith(f".{known}")) and parts.path == path:
            further = (given[name][0] for name in names if given.get(name, [""])[0].startswith("http"))
            return next(map(past_redirect, further), url)
    return url


def names_article(url: str) -> bool:
    """Whether an address can be that of one article: no front page, no list, no page that shows the latest.

    Such an address says nothing of what stood there: it shows another article tomorrow.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return False
    chosen = [
        value for name, value in parse_qsl(parts.query) if not _tracks(name, value) and not _LIST_PARAMETERS.match(name)
    ]
    if any(re.search(r"\d", value) for value in chosen):
        return True
    if _numbered(_MOBILE.sub("", parts.hostname), parts.path, parts.query):
        return True
    folders, _, last = parts.path.rstrip("/").rpartition("/")
    if not last or _OF_LISTS.match(last):
        return False
    stem = last.partition(".")[0]
    if _DATE.fullmatch(stem) or (re.fullmatch(r"\d{1,4}", last) and re.search(r"/(?:19|20)\d\d", f"{folders}/{last}")):
        return False  # /2024/06/04/ and /20240604.html are days
    return bool(re.search(r"\d", _DATE.sub("", last)) or _SLUG.match(stem) or _opaque(stem))


def aliases(url: str, asked: Iterable[str], claims: Iterable[str], outlets: Outlets) -> tuple[str, ...]:
    """The other addresses of the page at `url`, as they were given, at most `MOST_ALIASES`.

    `asked` led there: the lead's address, the one before a redirect. They are believed when they can be an article's at
    all, for `/latest` leads to another one tomorrow, and not when they carry another number of the same site, which
    sends the readers of what it took down to something else.

    `claims` are what the page says of itself: canonical, og:url, AMP and mobile versions. A page may say there what is
    true of another: every page its front page, or the article its template was made from; a reprint the original. A
    claim is believed only on the same site or another of the same owner, and only when both addresses carry the same
    number, or are the same path but for a mobile folder.
    """
    found = [one.strip() for one in asked if names_article(one) and not _sent_elsewhere(one, url)]
    found += [one.strip() for one in claims if names_article(one) and _same_page(url, one.strip(), outlets)]
    return _others(url, found)


def also_at(article: Article, asked: Iterable[str]) -> Article:
    """The article with the further addresses that led to it."""
    # most leads name what the page calls its own: looking closer at these took half of the reading of stored articles
    known = {one.partition("://")[2] for one in (article.url, *article.aliases)}
    new = (one for one in asked if one.partition("://")[2] not in known)
    more = (one for one in new if names_article(one) and not _sent_elsewhere(one, article.url))
    every = _others(article.url, (*article.aliases, *more))
    return article if every == article.aliases else replace(article, aliases=every)


def desktop(url: str, others: Iterable[str]) -> str:
    """The one of a mobile page's other addresses that is its desktop page; empty where none is known to be."""
    return next((one for one in others if same_site(url, one) and not is_mobile(one)), "") if is_mobile(url) else ""


def is_mobile(url: str) -> bool:
    """Whether an address is on a host for telephones."""
    return (urlsplit(url).hostname or "").startswith(("m.", "wap.", "3g."))


def _others(url: str, addresses: Iterable[str]) -> tuple[str, ...]:
    """Each once, http and https counting as one, without the page's own."""
    once: dict[str, str] = {}
    for one in addresses:
        once.setdefault(one.partition("://")[2], one)
    once.pop(url.partition("://")[2], None)
    return tuple(once.values())[:MOST_ALIASES]


def _sent_elsewhere(asked: str, url: str) -> bool:
    return same_site(asked, url) and bool(_number(asked)) and bool(_number(url)) and _number(asked) != _number(url)


def _same_page(url: str, claim: str, outlets: Outlets) -> bool:
    if not names_article(url):
        return False
    if canonical_url(url) == canonical_url(claim):
        return True
    owner = outlets.at(url)
    if not same_site(url, claim) and (owner is None or owner is not outlets.at(claim)):
        return False
    if number := _number(url):
        return number == _number(claim)
    one, other = (_MOBILE_FOLDER.sub("", urlsplit(canonical_url(each)).path) for each in (url, claim))
    return one == other and urlsplit(canonical_url(url)).query == urlsplit(canonical_url(claim)).query


def _number(url: str) -> str:
    """What tells the article from the site's others: the longest number or opaque word of the last part; or nothing.

    A number of less than five digits may count within a folder, and a date is no number.
    """
    parts = urlsplit(canonical_url(url))
    last = parts.path.rpartition("/")[2]
    for text in (last, *(value for _, value in parse_qsl(parts.query))):
        runs = [*_opaque(text), *re.findall(r"\d{5,}", _DATE.sub(" ", text))]
        if runs:
            return str(max(reversed(runs), key=len))
    return ""


def _opaque(text: str) -> list[str]:
    """The long words of letters and digits mixed, which only a machine makes."""
    return [one for one in _LONG_WORD.findall(text) if not one.isalpha() and not one.isdigit()]


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
