"""List pages in the manner of Chinese government, media and hospital sites, and what their lists hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

HOST = "https://www.wjw-shili.example"
URL = f"{HOST}/xwzx/gzdt/index.html"
_SUBJECTS = (
    "全市二级以上医院实现检查检验结果互认", "市卫生健康委召开智慧医院建设推进会", "区域影像云平台接入十二家基层机构",
    "家庭医生签约服务线上办理流程优化", "互联网医院复诊开药覆盖全部三级医院", "电子病历应用水平分级评价结果公布",
    "医疗数据安全专项检查启动", "远程会诊中心服务郊区群众三万人次", "预约挂号平台新增候补功能",
    "公立医院信息化建设经验交流会举行", "社区卫生服务中心上线人工智能辅助诊断", "医保电子凭证就诊一码通全面推开",
    "急救调度系统升级缩短响应时间", "中医智慧药房让患者少跑一趟", "儿童专科联盟开通远程门诊",
    "健康档案向居民本人开放查询", "国产手术机器人完成首例远程手术", "卫生信息标准应用评估工作部署",
)  # fmt: skip
NAV = """<div class="header"><div class="logo"><a href="/"><img src="/logo.png"></a></div><ul class="nav">
<li><a href="/">网站首页</a></li><li><a href="/zwgk/">政务公开</a></li><li><a href="/bsfw/">办事服务</a></li>
<li><a href="/xwzx/">新闻中心</a></li><li><a href="/hdjl/">互动交流</a></li><li><a href="/sjfb/">数据发布</a></li></ul>
<div class="location">当前位置：<a href="/">首页</a> &gt; <a href="/xwzx/">新闻中心</a> &gt; <a href="/xwzx/gzdt/">工作动态</a></div></div>"""
FOOT = """<div class="footer"><div class="links"><a href="http://www.gov.example/">中国政府网门户网站</a>
<a href="http://www.nhc.example/">国家卫生健康委员会官网</a><a href="http://www.beijing.example/">首都之窗政务门户网站</a></div>
<p><a href="/about/">关于我们</a> <a href="/map/">网站地图</a> <a href="https://beian.example/">备案号</a></p></div>"""
SLIDES = """<div class="swiper-container focus"><div class="swiper-wrapper">
<div class="swiper-slide"><a href="/zt/2024/0601/t20240601_9001.html"><img src="/p/1.jpg"><span>专题一：智慧医疗在身边大型图片报道</span></a></div>
<div class="swiper-slide"><a href="/zt/2024/0601/t20240601_9002.html"><img src="/p/2.jpg"><span>专题二：守护健康的数字力量系列报道</span></a></div>
<div class="swiper-slide"><a href="/zt/2024/0601/t20240601_9003.html"><img src="/p/3.jpg"><span>专题三：基层医疗信息化观察系列报道</span></a></div>
<div class="swiper-slide"><a href="/zt/2024/0601/t20240601_9004.html"><img src="/p/4.jpg"><span>专题四：远程医疗服务群众系列报道</span></a></div>
</div></div>"""
HOT = """<div class="sidebar"><h3>热门排行</h3><ul class="rank">
<li><i>1</i><a href="/xwzx/202401/t20240105_8001.html">去年最受关注的十件医疗信息化大事</a></li>
<li><i>2</i><a href="/xwzx/202402/t20240206_8002.html">一图读懂智慧医院评价标准体系</a></li>
<li><i>3</i><a href="/xwzx/202403/t20240307_8003.html">如何查询自己的电子健康档案</a></li>
<li><i>4</i><a href="/xwzx/202404/t20240408_8004.html">远程会诊怎样预约和付费的说明</a></li>
<li><i>5</i><a href="/xwzx/202405/t20240509_8005.html">互联网医院常见问题的权威解答</a></li></ul></div>"""


@dataclass(frozen=True)
class Row:
    """One article of a list."""

    path: str
    title: str
    day: dt.date
    place: int

    @property
    def url(self) -> str:
        return f"{HOST}/xwzx/gzdt/{self.path}"


ROWS = tuple(
    Row(f"202406/t202406{28 - place:02}_{3700001 + 37 * place}.html", title, dt.date(2024, 6, 28 - place), place)
    for place, title in enumerate(_SUBJECTS)
)


def _page(middle: str, *, head: str = "", charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>工作动态</title>{head}</head><body>'
        f"{NAV}{middle}{FOOT}</body></html>"
    )


def _rows(template: Callable[[Row], str], rows: tuple[Row, ...] = ROWS) -> str:
    return "\n".join(template(row) for row in rows)


def trs() -> str:
    rows = _rows(
        lambda row: (
            f'<li><a href="./{row.path}" target="_blank" title="{row.title}">{row.title[:12]}…</a><span>{row.day}</span></li>'
        )
    )
    return _page(f'<div class="main"><div class="zxlist"><ul class="list">{rows}</ul></div>'
                 '<div class="page"><script>createPageHTML(25,0,"index","html")</script></div></div>')  # fmt: skip


def date_in_brackets() -> str:
    rows = _rows(lambda row: f'<li><a href="./{row.path}">{row.title}</a><i>[{row.day:%Y-%m-%d}]</i></li>')
    return _page(f'{SLIDES}<div class="con"><ul>{rows}</ul></div>{HOT}')


def table_rows() -> str:
    rows = _rows(
        lambda row: (
            f'<tr><td width="20"><img src="/dot.gif"></td><td class="font14"><a href="./{row.path}">{row.title}</a></td>'
            f'<td align="right">{row.day:%Y/%m/%d}</td></tr>'
        )
    )
    return _page(
        '<table width="1000"><tr><td width="200" valign="top"><table class="left"><tr><td><a href="/a/">组织机构</a></td></tr>'
        f'<tr><td><a href="/b/">领导介绍</a></td></tr></table></td><td><table width="780">{rows}</table></td></tr></table>'
    )


def date_in_the_link_cell() -> str:
    rows = _rows(
        lambda row: (
            f'<tr><td class="font14">· <a href="./{row.path}" target="_blank">{row.title}</a> '
            f'<span class="rq">（{row.day.year}年{row.day.month:02}月{row.day.day:02}日）</span></td></tr>'
        )
    )
    return _page(f'<div class="left"><table width="100%"><tbody>{rows}</tbody></table></div>{HOT}')


def div_rows() -> str:
    rows = _rows(
        lambda row: (
            f'<div class="weinei_line"><div class="weinei_text"><a href="./{row.path}" title="{row.title}">{row.title}</a></div>'
            f'<div class="weinei_date">{row.day}</div></div>'
        )
    )
    return _page(f'<div class="weinei_con"><div class="weinei_tit">委内新闻</div>{rows}</div>')


def calendar_leaf() -> str:
    rows = _rows(
        lambda row: (
            f'<li class="clearfix {"odd" if row.place % 2 else "even"}"><div class="time"><b>{row.day:%d}</b> <span>{row.day:%Y-%m}</span></div>'
            f'<div class="txt"><h4><a href="./{row.path}">{row.title}</a></h4><p>简介：{row.title}，相关负责人出席并讲话。</p></div></li>'
        )
    )
    return _page(f'{SLIDES}<div class="news-wrap"><ul class="newslist">{rows}</ul><a class="next" href="index_2.html">下一页</a></div>')  # fmt: skip


def with_pictures() -> str:
    rows = _rows(
        lambda row: (
            f'<li><a class="pic" href="./{row.path}"><img src="/p/{row.place}.jpg" alt=""></a>'
            f'<h3><a href="./{row.path}">{row.title}</a></h3><div class="info"><span class="src">本院宣传处</span>'
            f'<span class="time">{row.day} 09:3{row.place % 10}</span><a class="more" href="./{row.path}">查看详情</a></div></li>'
        )
    )
    return _page(f'<div class="container"><ul class="pic-list">{rows}</ul></div>{HOT}')


def two_lists() -> str:
    main = _rows(
        lambda row: f'<li><span class="date">{row.day:%m-%d}</span><a href="./{row.path}">{row.title}</a></li>'
    )
    other = "".join(
        f'<li><span class="date">06-{20 - n:02}</span><a href="/tzgg/t202406{20 - n}_77{n}.html">关于举办第{n}期卫生信息标准培训班的通知</a></li>'
        for n in range(1, 7)
    )
    return _page(
        f'<div class="box left-box"><h2>工作动态</h2><ul class="ul-main">{main}</ul></div>'
        f'<div class="box notice-box"><h2>通知公告</h2><ul class="ul-side">{other}</ul></div>'
    )


def groups_of_five() -> str:
    parts = [ROWS[start : start + 5] for start in range(0, len(ROWS), 5)]
    lists = "<hr>".join(
        "<ul class='gl'>" + _rows(lambda row: f"<li><em>{row.day:%Y.%m.%d}</em><a href='./{row.path}'>{row.title}</a></li>", part) + "</ul>"
        for part in parts
    )  # fmt: skip
    return _page(
        f'<div id="listbox">{lists}</div><div class="pages"><span>1</span><a href="index_2.html">下一页&gt;</a></div>{HOT}'
    )


def definition_list() -> str:
    rows = _rows(lambda row: f'<dd><span>{row.day}</span><a href="./{row.path}">{row.title}</a></dd>')
    return _page(f'<dl class="news_dl"><dt>医院新闻</dt>{rows}</dl>{SLIDES}')


def column_before_the_title() -> str:
    rows = _rows(
        lambda row: (
            f'<li><a class="col" href="/xwzx/lm{row.place % 3}/">[智慧医疗]</a><a class="tit" href="./{row.path}">{row.title}</a>'
            f'<span class="t">{row.day:%Y年%m月%d日}</span></li>'
        )
    )
    return _page(f'<div class="list-con"><ul>{rows}</ul></div>{HOT}')


def paragraphs() -> str:
    rows = _rows(lambda row: f'<p class="item"><a href="./{row.path}">{row.title}</a> ({row.day:%Y-%m-%d})</p>')
    return _page(f'<div class="text">{rows}</div>')


def portal_cards() -> str:
    rows = _rows(
        lambda row: (
            f'<div data-role="news-item" class="news-box"><h4><a href="./{row.path}?scm=1101.{row.place}">{row.title}</a></h4>'
            f'<div class="other"><span class="name">健康产业观察</span><span class="dot">·</span><span class="tm">{row.day:%m月%d日} 10:20</span></div></div>'
        )
    )
    return _page(
        f'{SLIDES}<div class="main-news">{rows}</div><div class="aside-ad"><a href="/ad/20240618.html">健康年中大促购药满减活动入口</a></div>'
    )


def undated() -> str:
    rows = _rows(lambda row: f'<li><a href="./{row.path}">{row.title}</a></li>')
    return _page(f'<div class="main"><ul class="txt-list">{rows}</ul></div>{HOT}')


def first_row_is_another() -> str:
    first, rest = ROWS[0], ROWS[1:]
    top = (
        f'<li class="top first"><a href="./{first.path}"><img src="/p/0.jpg"></a><h2><a href="./{first.path}">{first.title}</a></h2>'
        f'<span class="d">{first.day}</span></li>'
    )
    rows = _rows(lambda row: f'<li class="line{row.place % 2}"><h2><a href="./{row.path}">{row.title}</a></h2><span class="d">{row.day}</span></li>', rest)  # fmt: skip
    return _page(f'<div class="mod-list"><ul>{top}{rows}</ul></div>{HOT}')


def tabs() -> str:
    rows = _rows(lambda row: f'<li><a href="./{row.path}">{row.title}</a><span>{row.day}</span></li>')
    photos = "".join(
        f'<li><a href="/tpxw/202406/t202406{10 + n}_55{n}.html"><img src="/p/{n}.jpg"><p>图片新闻：第{n}届健康科普作品展现场</p></a></li>'
        for n in range(8)
    )
    video = "".join(f'<li><a href="/sp/{n}.html">健康大讲堂第{n}讲视频回放合集</a></li>' for n in range(8))
    return _page(
        f'<div class="tab"><ul class="tab-nav"><li><a href="#a">要闻</a></li><li><a href="#b">图片</a></li></ul>'
        f'<div class="tab-con" id="a"><ul class="lists">{rows}</ul></div><div class="tab-con" id="b"><ul class="photos">{photos}</ul></div>'
        f'<div class="video"><ul>{video}</ul></div></div>'
    )


def menu_beside_the_list() -> str:
    menu = "".join(f'<li><a href="/xxgk/{n}/">信息公开目录第{n}类规章文件</a></li>' for n in range(12))
    rows = _rows(
        lambda row: f'<li><span>{row.day}</span><a href="./{row.path}" title="{row.title}">{row.title}</a></li>'
    )
    return _page(f'<div class="left"><ul class="menu">{menu}</ul></div><div class="right fr"><ul>{rows}</ul></div>')


def link_around_the_card() -> str:
    rows = _rows(
        lambda row: (
            f'<a class="card" href="./{row.path}"><div class="img"><img src="1.jpg"></div><div class="info">'
            f'<h3 class="title">{row.title}</h3><p class="desc">摘要：{row.title}取得新进展，群众就医更方便。</p>'
            f'<span class="time">{row.day}</span></div></a>'
        )
    )
    return _page(f'<div class="list">{rows}</div>')


def link_around_the_row() -> str:
    rows = _rows(
        lambda row: (
            f'<li><a href="./{row.path}"><p class="tit">{row.title}</p><p class="date">{row.day:%Y.%m.%d}</p></a></li>'
        )
    )
    return _page(f'<ul class="news">{rows}</ul>{HOT}')


def teaser_with_a_link_of_its_own() -> str:
    rows = _rows(
        lambda row: (
            f'<div class="n-item"><p class="tt"><a href="./{row.path}">{row.title}</a></p>'
            f'<p class="intro">{row.title}，详见正文。<a href="./{row.path}">[详细]</a></p>'
            f'<p class="pub">发布时间：{row.day} 浏览：{row.place * 13}次</p></div>'
        )
    )
    return _page(f'<div class="wrap">{rows}</div>')


def year_below_the_day() -> str:
    rows = _rows(
        lambda row: (
            f'<li><div class="dt"><strong>{row.day:%m-%d}</strong><em>{row.day:%Y}</em></div>'
            f'<a href="./{row.path}">{row.title}</a></li>'
        )
    )
    return _page(f'<ul class="hl">{rows}</ul>')


def column_and_outlet_around_the_title() -> str:
    rows = _rows(
        lambda row: (
            f'<li><span class="cat">[<a href="/lm/{row.place % 2}/">行业动态</a>]</span> <a href="./{row.path}">{row.title}</a> '
            f'<span class="from">来源：健康报</span> <span class="dat">{row.day:%m/%d}</span></li>'
        )
    )
    return _page(f'<div class="con_list"><ul>{rows}</ul></div>')


def the_old_web() -> str:
    rows = _rows(
        lambda row: (
            f'<LI><A HREF="./{row.path}">{row.title}</A>&nbsp;&nbsp;<FONT COLOR=gray>({row.day.month}月{row.day.day}日)</FONT>'
        )
    )
    return f"<HTML><BODY><TABLE><TR><TD><UL>{rows}</UL></TD></TR></TABLE></BODY></HTML>"


def top_story_apart() -> str:
    first = ROWS[0]
    rows = _rows(lambda row: f'<li><a href="./{row.path}">{row.title}</a><b>{row.day}</b></li>')
    return _page(
        f'<div class="top"><h2><a href="./{first.path}">{first.title}</a></h2></div><ul class="ll">{rows}</ul>'
    )


def three_boxes_of_one_design() -> str:
    return _page(
        "".join(
            f'<div class="box"><h3>栏目{number}</h3><ul>'
            + _rows(
                lambda row: f'<li><a href="./{row.path}">{row.title}</a><span>{row.day:%m-%d}</span></li>',
                ROWS[number * 6 : number * 6 + 6],
            )
            + "</ul></div>"
            for number in range(3)
        )
    )


PAGES: dict[str, tuple[Callable[[], str], bool]] = {
    "TRS list, titles cut, date in a span": (trs, True),
    "date in brackets, slideshow, ranking": (date_in_brackets, True),
    "nested tables without classes": (table_rows, True),
    "date in parentheses beside the link": (date_in_the_link_cell, True),
    "rows of divs": (div_rows, True),
    "day over year and month": (calendar_leaf, True),
    "pictures, three links to each article": (with_pictures, True),
    "two lists side by side": (two_lists, True),
    "lists of five with rules between": (groups_of_five, True),
    "definition list": (definition_list, True),
    "column link before the title": (column_before_the_title, True),
    "paragraphs, date as bare text": (paragraphs, True),
    "cards of a portal": (portal_cards, True),
    "no dates at all": (undated, False),
    "the first row is larger": (first_row_is_another, True),
    "tabs of text, pictures, videos": (tabs, True),
    "a menu beside the list": (menu_beside_the_list, True),
    "a link around each card": (link_around_the_card, True),
    "a link around title and date": (link_around_the_row, True),
    "teasers with a link of their own": (teaser_with_a_link_of_its_own, True),
    "the year below the day": (year_below_the_day, True),
    "column and outlet around the title": (column_and_outlet_around_the_title, True),
    "the old web": (the_old_web, True),
    "the top story apart": (top_story_apart, True),
    "three boxes of one design": (three_boxes_of_one_design, True),
}
"""What it is → the page, and whether its list prints dates."""
