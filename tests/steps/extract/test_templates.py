"""One article in many unlike templates: whatever stands around it, its body comes out whole and alone."""

import datetime as dt

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Page
from pipeline.steps.extract import extract

TITLE = "全市急救平台接入四十六家医院"
LINES = (
    "记者昨天从市急救中心获悉，全市急救信息平台已经接入四十六家医院，救护车上的心电图可以实时传到急诊室。",
    "急救中心主任介绍，平台打通了院前和院内的数据，患者的身份、用药史和生命体征在途中就能送达医院。",
    "据统计，平台试运行以来，急性心梗患者从上车到导管室的时间平均缩短了十一分钟，卒中患者缩短了九分钟。",
    "下一步，平台还将接入社区卫生服务中心，让签约居民的健康档案在急救时也能调阅。",
)
OTHER = "端午假期三天，铁路部门共发送旅客四千六百多万人次，各大车站加开夜间列车，请旅客提前安排行程。"
BYLINE = "2024-06-20 07:05 来源：示范晚报"
P = "".join(f"<p>{line}</p>" for line in LINES)
H1 = f"<h1>{TITLE}</h1><div>{BYLINE}</div>"
MENU = "".join(f"<a href=/{n}>频道{n}</a> " for n in range(9))
NEWS = "".join(f"<li><a href=/n/{n}.html>各地加快推进数字化建设的消息之{n}</a></li>" for n in range(9))

DIVS = "".join(f"<div>{line}</div>" for line in LINES)
SECTIONS = "".join(f"<section><span>{line}</span></section>" for line in LINES)
ITEMS = "".join(f"<li>{line}</li>" for line in LINES)
LEFT, ASIDE, OWN = f"<div class=a9f_x>{MENU}</div>", f"<ul>{NEWS}</ul>", "著作权归示范晚报所有"

TEMPLATES = {
    "nothing but tags": f"{H1}{P}",
    "hashed classes": f"{LEFT}{H1}<div class=_3kQ1z><div class=_9aZ>{P}</div></div>{ASIDE}",
    "layout tables in tables": f"<table><tr><td>{MENU}</td></tr><tr><td><table><tr><td>{ASIDE}</td><td>"
    f"{H1}<table><tr><td>{P}"
    "</td></tr></table></td></tr></table></td></tr></table>",
    "line breaks for paragraphs": f"{H1}<div id=x>" + "<br><br>".join("\u3000\u3000" + x for x in LINES) + "</div>",
    "divs for paragraphs": f"{H1}<div>{DIVS}</div>",
    "sections in sections": f"{H1}<section><section>{SECTIONS}</section></section>",
    "spans with line breaks": f"{H1}<div><span>" + "</span><br><span>".join(LINES) + "</span></div>",
    "font tags": f"{H1}<center><font size=3>{P}</font></center>",
    "a definition list": f"{H1}<dl><dd>{P}</dd></dl>",
    "list items": f"{H1}<ul class=txt>{ITEMS}</ul>{ASIDE}",
    "preformatted text": f"{H1}<pre>" + "\n".join("\u3000\u3000" + line for line in LINES) + "</pre>",
    "custom elements": f"<x-page>{H1}<x-body>{P}</x-body></x-page>",
    "an article element with related inside": f"<article>{H1}{P}<div class=relatedNews><ul>{NEWS}</ul></div></article>",
    "a banner in camel case inside": f"<article>{H1}{P}<div class=subscribeBanner>"
    "<p>选择与事实站在一起，您的支持是我们的动力，欢迎订阅。</p>"
    "</div></article>",
    "readers' words that outweigh it": f"{H1}<div>{P}</div><h3>网友评论</h3><div>" + f"<p>{OTHER}</p>" * 9 + "</div>",
    "an interactive corner": f"<div>{H1}{P}<h3>互动区</h3><p>网友1：希望尽快推广。</p><p>网友2：已关注。</p></div>",
    "another article before the title": f"<div><p>{OTHER}</p><p>{OTHER}</p></div>{H1}<div>{P}</div>",
    "another article before the title in one box": f"<div><div><p>{OTHER}</p><p>{OTHER}</p></div>{H1}{P}</div>",
    "a longer article in a box further down": f"{H1}<div>{P}</div><div>" + f"<p>{OTHER}</p>" * 9 + "</div>",
    "an endless feed of divs": "".join(
        f"<div class=item><div class=item-title>{title}</div><div>{BYLINE}</div><div>{body}</div></div>"
        for title, body in ((TITLE, P), ("端午假期铁路客流创下新高", f"<p>{OTHER}</p>" * 4),
        ("暑运客流高位运行", f"<p>{OTHER}</p>" * 3))
    ),
    "a feed parted by the word next": f"<div>{H1}{P}<div>下一篇</div><div>端午客流</div>"
    f"<p>{OTHER}</p><p>{OTHER}</p></div>",
    "flashes under a heading": f"<div>{H1}{P}<h3>最新快讯</h3>" + f"<div>16:34</div><div>{OTHER}</div>" * 5 + "</div>",
    "buttons around it": f"{H1}<div class=c><p>字号</p><p>听全文</p>{P}<p>阅读剩余全文</p>"
    "<p>正在加载</p><p>阅读 35.1万+</p></div>",
    "a player over the byline": f"<h1>{TITLE}</h1><div><p>您的浏览器不支持视频播放，请升级。</p>"
    "<p>发布时间：2024-06-20 07:05 来源：示范晚报</p>" + P + "</div>",
    "the title again in two lines": f"{H1}<div><p>{TITLE[:6]}</p><p>{TITLE[6:]}</p>{P}</div>",
    "credits and appeals behind it": f"{H1}<div>{P}<p>责任编辑：王小明</p>"
    "<p>商务合作请加微信：abc123</p><p>点击“阅读原文”报名</p>"
    "<p>推荐进入数据库，可随时查阅宏观经济、公司人物，数据尽在掌握。</p></div>",
    "a long notice of rights": f"{H1}<div>{P}<p>举报</p><p>此内容为示范晚报原创，{OWN}。"
    "未经书面授权，不得以任何方式加以使用，包括转载、摘编。</p>"
    "<p>如需获得授权请联系版权部</p></div>",
    "hidden text and a template": f"{H1}<div><p style='display:none'>{OTHER}</p>{P}"
    f"<template><p>{OTHER}</p></template></div>",
    "headlines in brackets at the end": f"{H1}<div>"
    + P.replace("调阅。</p>", f"调阅。（<a href=/n/1>{OTHER[:16]}</a>）</p>") + "</div>",
    "a menu left open": f"<nav><ul><li>{MENU}{H1}<div>{P}</div>",
    "two ends": f"{H1}<div>{P}</div></body></html><!DOCTYPE html><html><body><div>{OTHER}</div></body></html>",
    "upper-case tags without quotes": f"<H1>{TITLE}</H1><TABLE WIDTH=95%><TR><TD CLASS=t1>{BYLINE}<P>"
    + "<P>".join(LINES) + "</TABLE>",
}  # fmt: skip


@pytest.fixture(scope="module")
def outlets() -> Outlets:
    return Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_article_comes_out_whole_and_alone(template: str, outlets: Outlets) -> None:
    head = f"<html><head><meta charset=utf-8><title>{TITLE}_示范网</title></head><body>"
    body = (head + TEMPLATES[template] + "</body></html>").encode()
    fetched = dt.datetime(2024, 7, 1, 1, 0, tzinfo=dt.UTC)
    found = extract(Page(url="https://www.example.cn/a/1.html", body=body, fetched=fetched), outlets)
    assert isinstance(found, Article), found
    assert found.title == TITLE
    assert tuple(found.text.split("\n")) == LINES
