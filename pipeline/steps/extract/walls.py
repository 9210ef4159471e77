"""Pages that answer 200 and hold no article: missing, walled off, asking to log in, lists."""

from __future__ import annotations

import re

from pipeline.model import Fate, Rejection
from pipeline.steps.extract.tree import HAN, Element, content, key
from pipeline.steps.extract.words import any_of

_MAX_HAN = 600  # in a page's visible text; above it a wall's words are what an article is about
_MAX_SHOWN = 60  # characters of a page whose script decides what is shown: only then the source is searched
_LIST_LINKS = 6

_WALLS = (
    (
        re.compile(
            any_of(
                r"(?:^|\D)404(?:\D|$) 页面(?:不存在|未找到|找不到|已删除|没有找到|走丢) 找不到.{0,6}(?:页面|网页)",
                "(?:文章|内容|新闻|信息|网页).{0,6}(?:不存在|已(?:被)?删除|已下线|已失效) 该内容已被发布者删除",
                r"此内容(?:因违规|被投诉) 该公众号已迁移 Not\sFound page\s(?:cannot|can't)\sbe\sfound",
            ),
            re.I,
        ),
        "页面不存在或已删除（404）",
    ),
    (
        re.compile(
            any_of(
                "验证码 安全验证 人机验证 滑动验证 拖动滑块 请完成.{0,6}验证 captcha 环境异常 访问过于频繁",
                "请求过于频繁",
                r"Just\sa\smoment Checking\syour\sbrowser",
            ),
            re.I,
        ),
        "疑似拦截页：要求验证",
    ),
    (
        re.compile(
            any_of(
                "(?:WAF|防火墙|云盾|安全狗|创宇盾|加速乐).{0,40}(?:拦截|阻断|防护)",
                "访问.{0,10}(?:被拦截|被阻断|被拒绝|受限|禁止)",
                r"拦截提示 请求.{0,8}(?:拦截|阻断) 您的(?:请求|访问).{0,20}(?:攻击|威胁|非法) Access\sDenied",
                r"Forbidden",
                r"__jsl_clearance acw_sc__v2 (?:请|需要)(?:开启|启用)\s?JavaScript enable\sJavaScript",
            ),
            re.I,
        ),
        "疑似拦截页：被网站防护拦截",
    ),
    (
        re.compile(
            any_of(
                "请.{0,4}登录 登录后.{0,6}(?:查看|阅读|访问|继续) (?:用户|会员|账号|扫码|统一身份).{0,4}登录",
                "密码登录",
                r"sign\sin\sto log\sin\sto",
            ),
            re.I,
        ),
        "需要登录才能阅读",
    ),
)


def wall(title: str, shown: str, source: str) -> Rejection | None:
    """What keeps the article from being read, judged by the `<title>`, the visible text and the source."""
    if len(HAN.findall(shown)) > _MAX_HAN:
        return None
    bare = len(key(shown)) < _MAX_SHOWN
    for pattern, because in _WALLS:
        if pattern.search(title) or pattern.search(shown) or (bare and pattern.search(source)):
            return Rejection(Fate.NOT_AN_ARTICLE, because)
    return None


def bodiless(tree: Element) -> Rejection:
    """A page without a body: a list of links, or nothing to read."""
    long = sum(1 for link in tree.iter("a") if len(key(content(link))) >= 6)
    return Rejection(Fate.NOT_AN_ARTICLE, "列表页或首页，没有正文" if long >= _LIST_LINKS else "没有正文")
