"""Tells articles from everything else a fetch brings back: empty, garbled, refused, lists of links.

What is an article stays one, however doubtful: a flagged mirror is needed to explain a duplicate, an undated
text waits for an editor.
"""

from __future__ import annotations

import re
from statistics import median

from pipeline.model import Article, Fate, Kind, Rejection
from pipeline.steps.canonical import HAN

_MIN_HAN = 30  # the shortest of 81 hand-checked news bodies has more; a caption or a stub has fewer
_MIN_LETTERS = 120
_SHORT_PAGE = 400

_HAN = re.compile(f"[{HAN}]")
_LETTER = re.compile("[A-Za-z]")
_GARBLED = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯|ï»¿|â€|Ã[\x80-\xbf]|[äåæçèé][\x80-\xbf\u0152-\u2122]")
_MAX_GARBLED = 0.01  # of the characters are places where something is lost; one lost emoji leaves up to four marks
_GARBLED_RUN = re.compile(f"(?:{_GARBLED.pattern})+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_MAX_LOST = 0.1  # account posts draw icons with private-use characters: 2 % in one of 81 pages

_BLOCKED = re.compile(
    "验证码|人机验证|安全验证|滑动验证|访问(?:过于|太)频繁|访问被(?:拒绝|拦截|阻断)|请求被拦截|防火墙|请(?:开启|启用)JavaScript|"
    "Just a moment|Access Denied|Forbidden|Checking your browser|"
    "页面(?:不存在|已删除|找不到|走丢)|找不到(?:该|您|你|此)?.{0,6}页面|您(?:访问|要找|查找)的(?:页面|内容).{0,8}(?:不存在|删除|找不到)|"
    "(?:文章|内容|该信息|网页)(?:不存在|已被?删除|已下线|已失效)|404 Not Found|\\b404\\b|"
    "请先?登录|登录后(?:查看|阅读|继续)|用户名.{0,20}密码|微信扫码登录|系统维护|服务器(?:错误|繁忙)|50[234] "
)
_LIST_TITLE = re.compile(
    r"^(?:首页|网站地图|搜索结果|标签[:：]|栏目|新闻列表|更多新闻|通知公告|信息公开目录|新闻中心|要闻动态|滚动新闻)$|搜索结果|_第\d+页$"
)
_LIST_URL = re.compile(
    r"^https?://[^/]+/?$|/(?:search|tag|tags|login|register|passport)(?:[/?.]|$)|[?&](?:keyword|q|wd)="
)
_SPOKEN = re.compile("[。，；]")
_STOP = re.compile("[。！？；!?]|\\. ")


def screen(article: Article) -> Article | Rejection:
    """The article itself, or why it is none: its fate and the reason in Chinese."""
    if article.attached is not None:
        return article  # its text stands in a file, whose own reading is screened
    text = article.text
    han = len(_HAN.findall(text))
    letters = len(_LETTER.findall(text))
    if not text.strip():
        return Rejection(Fate.UNREADABLE, "未读出正文")
    garbled = sum(map(len, _GARBLED.findall(article.title + text)))
    places = lost_places(text)
    private = len(_PRIVATE.findall(text))
    if (
        (places > max(1.0, _MAX_GARBLED * len(text)))
        or garbled > _MAX_LOST * len(text)
        or private > _MAX_LOST * len(text)
    ):
        garbled += private
        return Rejection(Fate.UNREADABLE, f"乱码：{garbled}个字符无法还原，占{garbled / len(text):.1%}")
    few_words = len(text) < _SHORT_PAGE and len(_STOP.findall(text)) < 5
    if few_words and (found := _BLOCKED.search(f"{article.title}\n{text}")):
        return Rejection(Fate.NOT_AN_ARTICLE, f"疑似拦截页或错误页：“{found[0].strip()}”")
    if _looks_like_a_list(article):
        return Rejection(Fate.NOT_AN_ARTICLE, "列表页或栏目页，不是文章")
    if han < _MIN_HAN and letters < _MIN_LETTERS:
        return Rejection(Fate.UNREADABLE, f"正文过短：仅{han + letters}字")
    return article


def lost_places(text: str) -> int:
    """At how many places of a text something is lost: replacement characters, mojibake."""
    return len(_GARBLED_RUN.findall(text))


def _looks_like_a_list(article: Article) -> bool:
    """Many short lines, hardly a sentence among them; a table or an enumeration inside an article is not that."""
    lines = [block.text for block in article.blocks if block.kind in (Kind.PARAGRAPH, Kind.ITEM, Kind.HEADING)]
    sentences = sum(1 for line in lines if _STOP.search(line) and len(line) > 30)
    spoken = sum(1 for line in lines if _SPOKEN.search(line))
    told = any(len(line) >= 100 and len(_SPOKEN.findall(line)) >= 3 for line in lines)
    if sentences >= 3 or told or any(block.kind is Kind.TABLE for block in article.blocks):
        return False
    if sentences == 0 and (_LIST_TITLE.search(article.title.strip()) or _LIST_URL.search(article.url)):
        return True
    return len(lines) >= 8 and sentences * 8 < len(lines) and spoken * 3 < len(lines) and median(map(len, lines)) < 40
