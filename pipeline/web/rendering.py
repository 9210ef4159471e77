"""Templates of the review page: autoescaped, every name in them known."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from pipeline.config import packaged
from pipeline.model import BEIJING, Window, chinese_date, chinese_number


def folder() -> Path:
    """Where the templates lie; they belong to the program, not to the office."""
    return packaged("templates") / "web"


@cache
def static(name: str) -> str:
    """The address of a file of `static`, which changes with what is in it, so that browsers may keep it for good."""
    data = (folder() / "static" / name).read_bytes()
    return f"/static/{hashlib.sha256(data).hexdigest()[:12]}/{name}"


_word: ContextVar[str] = ContextVar("csrf", default="")
"""What forms of the page that is being made have to carry; here rather than in the context, which macros do not see."""


class _Carrying(Extension):
    """Puts the word into every form of a template that changes something, so that none is forgotten."""

    # possessive: what could be read in two ways took one template of ours 90 s, and all other requests with it
    _form = re.compile(r"<form\b(?:\{\{(?:(?!\}\}).)*+\}\}|\{%(?:(?!%\}).)*+%\}|[^>{]|\{(?![{%]))*+>", re.DOTALL)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source of a template, its forms completed."""
        return self._form.sub(self._completed, source)

    def _completed(self, form: re.Match[str]) -> str:
        return f"{form[0]}{{{{ csrf_field() }}}}" if 'method="post"' in form[0] else form[0]


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(_word.get()) if _word.get() else Markup("")


def _csrf_headers() -> Markup:
    """The word for what scripts send without a form, as an attribute of `body`."""
    return Markup('hx-headers="{}"').format(json.dumps({"X-CSRF": _word.get()})) if _word.get() else Markup("")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder()),
        extensions=[_Carrying],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"static": static, "csrf_field": _csrf_field, "csrf_headers": _csrf_headers}
    environment.filters |= {
        "chinese_date": chinese_date,
        "chinese_number": chinese_number,
        "beijing": moment,
    }
    return environment


def render(name: str, csrf: str = "", /, **values: object) -> str:
    """A template with `values`; its forms carry `csrf`."""
    before = _word.set(csrf)
    try:
        return _environment().get_template(name).render(values)
    finally:
        _word.reset(before)


def own_styles(page: str) -> str:
    """What a policy says of a page that holds its own styles: their hashes, and no others."""
    digests = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests) or "'none'"


_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)


def picture_type(data: bytes) -> str:
    """What a picture of our store is: all were developed to PNG or JPEG."""
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def days(window: Window) -> str:
    """A window as editors write it: 2024-06-01 — 06-30."""
    end = f"{window.end:%m-%d}" if window.end.year == window.start.year else f"{window.end}"
    return f"{window.start} — {end}"


def moment(when: dt.datetime) -> str:
    """A moment as editors write it: 2024-07-02 09:30, in Beijing."""
    return f"{when.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def signed(who: str, when: dt.datetime) -> str:
    """Who did something, and when: 王编辑 06-13 08:00."""
    return f"{who} {when.astimezone(BEIJING):%m-%d %H:%M}"


_PLACES = (
    (re.compile(r"(?:标题元素 )?h1\b.*"), "网页大标题"),
    (re.compile(r"标题元素.*"), "网页小标题"),
    (re.compile(r"(?:meta|模板|微信|文件头) .*|来源元素"), "网页里的固定标记"),
    (re.compile(r"(?:容器|trafilatura)\b.*"), "网页的正文部分"),
    (re.compile(r"结构化数据|页面数据|脚本数据"), "网页自带的数据"),
    (re.compile(r"byline"), "署名行"),
)


def in_words(where: str) -> str:
    """Where on a page something was found, as an editor would say it: 标题元素 h1 is 网页大标题."""
    return next((words for place, words in _PLACES if place.fullmatch(where)), where)


def ago(now: dt.datetime, moment: dt.datetime) -> str:
    """How long ago something was, as one would say it; a day for what is older than a week."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "刚才"
    if minutes < 60:
        return f"{minutes} 分钟前"
    if minutes < 24 * 60:
        return f"{minutes // 60} 小时前"
    if minutes < 7 * 24 * 60:
        return f"{minutes // (24 * 60)} 天前"
    return f"{moment:%Y-%m-%d}"
