"""What the demo web answers: every address of every site, with its bytes.

Each outlet has its own page template and character set, and its own way of saying what is new. Beside the
outlets stand the sites that a collector meets and does not want: a portal that reprints, a hijacked mirror,
a feed turned into a page of a domain seller, noise, a source that is down.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image, ImageDraw

from pipeline.config import packaged
from pipeline.demo import seeds
from pipeline.demo.pieces import Piece, written
from pipeline.model import BEIJING, Block, Kind

DEAD = "rss.jiankangkuaixun.example"
"""The source whose machine refuses connections."""
MIRROR = "http://www.jjckb-cn.example/2024-05/30/c_1310776643.htm"
"""A hijacked copy of 经济参考网: seed 002, byte for byte."""
_SEARCH = "https://feed.xinwensou.example/rss"
_PARKED = "https://rss.yiliaodaobao.example/feed.xml"
_NOISE = "https://rss.jiankangshuju.example/atom.xml"
_PDF = "https://wjw.beijing.gov.cn/xwzx_20031/wnxw/202406/P020240612377812.pdf"
_GONE = "http://news.enorth.com.cn/system/2024/06/18/056415999.shtml"
_CAPTCHA = "https://www.sohu.com/a/785555001_120100"
_FORBIDDEN = "https://www.sohu.com/picture/785601122"
_BASIS = dt.datetime(2025, 8, 9, 12, 0, tzinfo=BEIJING)  # when sites without a date of their own last changed


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of the demo web."""

    body: bytes
    content_type: str
    modified: dt.datetime = _BASIS
    status: int = 200

    @property
    def etag(self) -> str:
        """The entity tag, from the bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True)
class Site:
    """One host: how its pages look and where it says what is new."""

    host: str
    name: str
    template: str
    index: str = ""
    """The path of its feed, sitemap or list."""
    also: tuple[str, ...] = ()
    """Other hosts whose pages its index lists."""
    charset: str = "utf-8"
    """What its bytes really are."""
    content_type: str = "text/html; charset=utf-8"
    secure: bool = True
    """Whether plain HTTP only leads to HTTPS."""


_GBK = "text/html"  # these servers name no charset, and the pages call their GBK gb2312
SITES = (
    Site("beijing.qianlong.com", "千龙网 北京", "qianlong", "/rss/beijing.xml"),
    Site("news.ynet.com", "北青网 新闻", "ynet", "/list/1.html", ("finance.ynet.com",), "gbk", _GBK),
    Site("finance.ynet.com", "北青网 财经", "ynet", charset="gbk", content_type=_GBK),
    Site("epaper.bjnews.com.cn", "新京报 数字报", "bjnews", "/sitemap.xml", secure=False),
    Site("news.bjd.com.cn", "京报网 新闻", "bjd", "/feed.json"),
    Site("health.cnr.cn", "央广网 健康", "cnr", "/yg/atom.xml"),
    Site("www.ce.cn", "中国经济网 要闻", "ce", "/cysc/newmain/yc/jsxw/", (), "gbk", "text/html; charset=gb2312", False),
    Site("wjw.beijing.gov.cn", "北京市卫生健康委员会 委内新闻", "wjw", "/xwzx_20031/wnxw/"),
    Site("news.enorth.com.cn", "北方网 新闻中心", "enorth", "/tj/", content_type="text/html", secure=False),
    Site("www.sohu.com", "搜狐 健康", "sohu", "/c/8/1460"),
    Site("m.163.com", "手机网易网", "netease_m"),
    Site("www.163.com", "网易", "netease_www"),
)
_LISTED_AT_ONCE = 6  # 北青网's list shows so many, and goes on on the next page

HOSTS = tuple(site.host for site in SITES) + tuple(
    urlsplit(url).hostname or "" for url in (MIRROR, _SEARCH, _PARKED, _NOISE)
)
"""Every host that answers."""
INSECURE = frozenset({urlsplit(MIRROR).hostname or ""} | {site.host for site in SITES if not site.secure})
"""Hosts that serve their pages over plain HTTP; the others only send to HTTPS."""


@cache
def answers() -> Mapping[tuple[str, str], Answer]:
    """(host, path) → what is answered there."""
    found: dict[tuple[str, str], Answer] = {}
    pieces = published()
    for site in SITES:
        own = [piece for piece in pieces if piece.host == site.host]
        for piece in own:
            others = [other for other in _listed(site, pieces) if other is not piece][:9]
            found[site.host, piece.path] = _page(site, piece, others)
            found |= {_place(block.src): _picture(block) for block in piece.blocks if block.kind is Kind.FIGURE}
        found |= {(site.host, path): answer for path, answer in _index(site, _listed(site, pieces))}
        found[site.host, "/robots.txt"] = _robots(site.host)
    return found | _unwanted()


@cache
def published() -> tuple[Piece, ...]:
    """Every piece the outlets have: the seeds' articles, their reprints and the self-written ones."""
    article = next(piece for piece in seeds.articles(534) if piece.host == "m.163.com")
    desktop = replace(article, url=article.url.replace("//m.", "//www."))
    return (*seeds.every(), *_reprints(), desktop, *written())


def _reprints() -> Iterator[Piece]:
    """What the portal makes of others' articles: another headline, a paragraph less, the outlet named or not."""
    online, _, _, _ = seeds.articles(534)
    park, plan, _ = seeds.articles(535)
    _, contest, _ = seeds.articles(636)

    def copy(piece: Piece, path: str, title: str, day: str, drop: Sequence[int], words: Mapping[str, str]) -> Piece:
        kept = [block for place, block in enumerate(piece.blocks) if place not in drop]
        return replace(
            piece,
            url=f"https://www.sohu.com/a/{path}",
            title=title,
            date=dt.date.fromisoformat(day),
            time=dt.time(10, 12),
            blocks=tuple(replace(block, text=_reworded(block.text, words)) for block in kept),
            source_title="",
        )

    yield copy(
        online, "777402311_121124", "北京这些医院可以网上看病了，预约方法收好", "2024-05-09", (4,), {"近日": "日前"}
    )
    yield copy(
        park,
        "783551020_116237",
        "丰台要建智能医工产业园 以天坛医院为核心",
        "2024-06-05",
        (1, 6),
        {"日前，": "近日，", "记者了解到": "据了解"},
    )
    unmarked = copy(
        plan,
        "784300871_121124",
        "重磅！北京三年行动计划出炉：医疗大模型加速落地",
        "2024-06-08",
        (1, 9, 14, *range(21, len(plan.blocks))),
        {"张继红表示": "市科委相关负责人表示", "北京市人民政府办公厅近日": "北京市政府办公厅日前"},
    )
    yield replace(unmarked, outlet="")
    yield copy(
        contest,
        "918800127_114988",
        "2025全国智慧医保大赛开赛，8月31日前可报名",
        "2025-08-05",
        (2,),
        {"据悉，": "据介绍，"},
    )


def _reworded(text: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def _listed(site: Site, pieces: Sequence[Piece]) -> list[Piece]:
    """What a site's index lists, newest first; undated pieces last."""
    own = [piece for piece in pieces if piece.host in (site.host, *site.also)]
    return sorted(own, key=lambda piece: (piece.date or dt.date.min, piece.time or dt.time.min), reverse=True)


# --------------------------------------------------------------------------------------------- pages


def _rfc822(piece: Piece) -> str:
    return format_datetime(_moment(piece))


def _moment(piece: Piece) -> dt.datetime:
    if piece.date is None:
        return _BASIS
    return dt.datetime.combine(piece.date, piece.time or dt.time(6), BEIJING)


_JINJA = Environment(
    loader=PackageLoader("pipeline.demo"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
)
_JINJA.globals["rfc822"] = _rfc822


def _render(name: str, /, **values: object) -> str:
    return _JINJA.get_template(f"{name}.j2").render(**values)


def _html(site: Site, text: str, modified: dt.datetime) -> Answer:
    return Answer(text.encode(site.charset, "xmlcharrefreplace"), site.content_type, modified)


def _page(site: Site, piece: Piece, others: Sequence[Piece]) -> Answer:
    text = _render(
        f"{site.template}.html",
        piece=piece,
        others=others,
        summary=next(block.text for block in piece.blocks if block.kind is Kind.PARAGRAPH)[:60],
        number="".join(c for c in piece.path.rsplit("_", 1)[-1] if c.isdigit()),
    )
    return _html(site, text, _moment(piece))


def _picture(block: Block) -> Answer:
    """A plain photograph-like picture, its colours taken from its address."""
    red, green, blue = hashlib.sha256(block.src.encode()).digest()[:3]
    picture = Image.new("RGB", (640, 426), (red // 2 + 96, green // 2 + 96, blue // 2 + 96))
    draw = ImageDraw.Draw(picture)
    for step in range(12):
        draw.rectangle((step * 54, 426 - (red + step * blue) % 300, step * 54 + 40, 426), fill=(red, green, blue))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return Answer(file.getvalue(), "image/jpeg")


# ------------------------------------------------------------------------------------------- indexes


def _index(site: Site, rows: Sequence[Piece]) -> Iterator[tuple[str, Answer]]:
    """What stands at a site's index, and at the pages and parts it is made of."""
    url = f"{'https' if site.secure else 'http'}://{site.host}{site.index}"
    latest = _moment(rows[0])
    match site.template:
        case "qianlong":
            feed = _render("feed.xml", style="rss", rows=rows, name=site.name, url=url)
            yield site.index, Answer(feed.encode(), "application/rss+xml; charset=utf-8", latest)
        case "cnr":
            feed = _render("feed.xml", style="atom", rows=rows, name=site.name, url=url)
            yield site.index, Answer(feed.encode(), "application/atom+xml; charset=utf-8", latest)
        case "bjd":
            yield site.index, Answer(_json_feed(site.name, url, rows), "application/feed+json", latest)
        case "bjnews":
            months = sorted({f"{row.date:%Y-%m}" for row in rows}, reverse=True)
            yield site.index, _sitemap(site, latest, months=months)
            for month in months:
                of_month = [row for row in rows if f"{row.date:%Y-%m}" == month]
                yield f"/sitemap/{month}.xml", _sitemap(site, _moment(of_month[0]), rows=of_month)
        case "ynet":
            yield from _numbered(site, rows)
        case "ce" | "wjw" | "enorth" | "sohu":
            stubs = [_stub(url, title) for url, title in _STUBS.items() if urlsplit(url).hostname == site.host]
            listed = sorted([*rows, *stubs], key=_moment, reverse=True)
            yield site.index, _html(site, _render("listing.html", style=site.template, rows=listed), latest)
            if site.template == "enorth":
                yield "/api/list.js", Answer(_interface(listed), "text/javascript; charset=utf-8", latest)


def _numbered(site: Site, rows: Sequence[Piece]) -> Iterator[tuple[str, Answer]]:
    if not site.index:
        return
    parts = [rows[start : start + _LISTED_AT_ONCE] for start in range(0, len(rows), _LISTED_AT_ONCE)]
    for number, part in enumerate(parts, 1):
        text = _render(
            "listing.html",
            style=site.template,
            rows=part,
            number=number,
            back=f"/list/{number - 1}.html" if number > 1 else "",
            next=f"/list/{number + 1}.html" if number < len(parts) else "",
        )
        yield f"/list/{number}.html", _html(site, text, _moment(part[0]))


def _json_feed(name: str, url: str, rows: Sequence[Piece]) -> bytes:
    items = [
        {
            "id": row.url,
            "url": row.url,
            "title": row.title,
            "summary": row.text[:60],
            **({"date_published": _moment(row).isoformat()} if row.date else {}),
        }
        for row in rows
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": name, "feed_url": url, "items": items}
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _interface(rows: Sequence[Piece]) -> bytes:
    """What the scripts of a list page load: JSONP, titles with markup, addresses without their beginning."""
    items = [
        {
            "path": row.path.removeprefix("/system/").removesuffix(".shtml"),
            "title": f"<em>{row.title}</em>",
            "day": f"{_moment(row):%Y-%m-%d}",
        }
        for row in rows
    ]
    answer = {"code": 0, "data": {"total": len(items), "rows": items}}
    return f"jsonp_list({json.dumps(answer, ensure_ascii=False)});".encode()


def _sitemap(site: Site, modified: dt.datetime, *, months: Sequence[str] = (), rows: Sequence[Piece] = ()) -> Answer:
    text = _render("sitemap.xml", host=site.host, months=months, rows=rows)
    return Answer(text.encode(), "application/xml", modified)


# ------------------------------------------------------------------------------------ the unwanted


_STUBS = {
    _PDF: "2024年度卫生系列高级职称评审申报表（PDF）",
    _GONE: "津城一医院开设夜间门诊 上班族下班也能看病",
    _CAPTCHA: "夏天空调房里怎么避免着凉？",
    _FORBIDDEN: "图集：初夏荷塘",
}


def _stub(url: str, title: str) -> Piece:
    """A line of a list behind which there is no article."""
    return Piece(url, title, (), date=dt.date(2024, 6, 12), time=dt.time(9))


def _unwanted() -> dict[tuple[str, str], Answer]:
    html = "text/html; charset=utf-8"
    park = seeds.articles(535)[0]
    leads = (
        Piece(MIRROR, "布局未來智慧醫療 豐臺打造智能醫工領域創新高地", ()),
        replace(park, url=park.url + "?from=search&spm=a2c.1", outlet=""),
        Piece("ftp://ftp.xinwensou.example/notice.txt", "关于系统维护的公告", ()),
    )
    feed = _render("feed.xml", style="rss", rows=leads, name="新闻搜：智慧医疗", url=_SEARCH)
    found = {
        _place(MIRROR): Answer(
            (packaged("seeds") / "002_1a27667c9e0f92e4.txt").read_bytes(), "text/plain; charset=utf-8"
        ),
        _place(_SEARCH): Answer(feed.encode(), "application/rss+xml; charset=utf-8"),
        _place(_PARKED): Answer(_render("parked.html").encode(), html),
        _place(_NOISE): Answer(b"".join(hashlib.sha256(bytes([n])).digest() for n in range(64)), "application/xml"),
        _place(_PDF): Answer(_pdf(), "application/pdf"),
        _place(_GONE): Answer(_render("gone.html").encode(), html),
        _place(_CAPTCHA): Answer(_render("captcha.html").encode(), html),
        _place(_FORBIDDEN): Answer(b"<html><title>picture</title></html>", html),
    }
    return found | {(host, "/robots.txt"): _robots(host) for host in HOSTS if host not in {s.host for s in SITES}}


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.path


def _robots(host: str) -> Answer:
    rules = "User-agent: *\nDisallow: /search\nDisallow: /admin/\n"
    if host == "www.sohu.com":
        rules += "Disallow: /picture/\n"
    if host == "epaper.bjnews.com.cn":
        rules += "\nSitemap: http://epaper.bjnews.com.cn/sitemap.xml\n"
    mark = "\ufeff" if host.endswith("ynet.com") else ""  # saved by an editor that puts a byte-order mark
    return Answer((mark + rules).encode(), "text/plain")


def _pdf() -> bytes:
    """A form of one empty page."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + trailer
