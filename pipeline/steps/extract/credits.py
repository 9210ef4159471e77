"""Who an article is from: outlet, author, editor, and who owns the site.

The origin is what the page names as 来源, without that word. Editors are not authors: a name that a template
prints as both is taken for the editor.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from pipeline.config import Outlets
from pipeline.model import Lead
from pipeline.steps.extract.byline import Bylines
from pipeline.steps.extract.facts import Facts, Found
from pipeline.steps.extract.title import first_piece, site_pieces
from pipeline.steps.extract.tree import HAN, key
from pipeline.steps.extract.words import CLOCKED, DAY, GAP, OUTLETISH, PEOPLE, PERSON, any_of, plain

_SOURCE_METAS = "contentsource mediaid source og:article:source article:source laiyuan pubsource copyfrom"
_AUTHOR_METAS = "author article:author og:article:author contentauthor dc.creator byl"
_EDITOR_METAS = ("editor", "contenteditor", "责任编辑")
_SITE_METAS = ("og:site_name", "sitename", "application-name", "apple-mobile-web-app-title")
_NO_LINES = Bylines()
_BYLINE = "署名行"
_AFTER = "文末署名"

_LABEL = (
    r"(?:(?:信息|文章|稿件|本文|消息|新闻|内容|资料|原文)?(?<!图片)(?<!圖片)(?<!照片)(?<!图)(?<!数据)(?<!视频)(?:来源|來源|稿源|出处|出處)(?:于|自)?"
    r"|转自|摘自|供稿单位|发布机构|发布单位)"
)
_LABELLED = re.compile(rf"{_LABEL}\s*[:：]\s*[\s{GAP}]*(?P<who>[^{GAP}\n]{{1,60}})?")
_SPACED = re.compile(rf"(?:^|[\s{GAP}|])来源(?:于|自)?[\s{GAP}]*(?P<who>[A-Za-z\u4e00-\u9fff]{{2,15}})(?:[|\s{GAP}]|$)")
_END = re.compile(  # what follows a source in its line
    r"\s*(?:[|｜丨【]"
    + r"|\s" + any_of(
        "作者 记者 责任编辑 责编 编辑 发布 时间 日期 字号 字体 浏览 点击 阅读 分享 举报 评论 我要 参与互动 打印 关注",
        "收藏 审核 人气 A[+-]",
        r"通讯员 编者 大\s*中\s*小 用LINE",
    )
    + "|" + any_of(
        "作者 撰写 责任编辑 责编 编辑 发布时间 发布日期 更新时间 时间 日期 字号 字体 浏览次数 浏览 点击数? 阅读 分享到",
        "举报 评论 人气 文 图 文/图 图/文 摄影 撰稿 供稿 校对 主持 主播 拍摄 摄像 剪辑 策划 统筹 访问量 浏览量"
    ) + r"\s*[:：]"
    + r"|\d{4}\s*[-/年.]\s*\d{1,2}|\d{1,2}:\d{2}|\]\s*\[|】\s*【|参与互动|举报$|\[?(?:大|小|中)\]?\s|[（(]?\d+[）)]?$)"
)  # fmt: skip
_AT_THE_END = re.compile(
    r"(?:^|[（(【\[。\s])(?:文章|本文|稿件|信息|资料|消息)?(?:来源|來源|转自|转载自|摘自)\s*[:：于自]?\s*"
    r"(?P<who>[^，。；：:\s）)】\]]{2,30})(?:\s*(?:责任编辑|责编|编辑|作者)|[）)】\]]?\s*$)"
)
_DATELINE = re.compile(  # 新华社北京6月4日电, 中新经纬5月23日电, 新京报讯
    r"^[\s\u3000（(【]*(?:据)?(?P<who>[\u4e00-\u9fffA-Za-z]{2,12}?(?:社|网|新闻|经纬|日报|晚报|时报|京报|周刊|客户端))"
    r"(?:客户端|讯)?(?:(?:[\u4e00-\u9fff]{1,8}?)?\d{1,2}月\d{1,2}日|讯)[\u4e00-\u9fff]{0,3}(?:电|讯|消息|报道|专电)?"
)
_NO_SOURCE = re.compile(
    "^"
    + any_of(
        "体育 體育 财经 財經 国际 國際 国内 國內 社会 社會 本地 娱乐 娛樂 科技 健康 教育 文化 军事 軍事 生活 时政 要闻",
        "资讯 新闻 即时 即时新闻 即時新聞 大中华 大中華 两岸 兩岸 港澳 评论 图片 视频 滚动 热点 专题 汽车 房产 旅游",
        "地方 深度 观点",
        "(?:IP属地|发布于)?[:：]?(?:北京|天津|河北|山西|内蒙古|辽宁|吉林|黑龙江|上海|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南)",
        "(?:IP属地|发布于)?[:：]?(?:广东|广西|海南|重庆|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|香港|澳门|台湾|中国香港)",
        "[语語]音播[报報].* 播[报報](?:全文|文章|本文) [听聽].{0,4}",
        "更新 发布 发表 更新于 发布于 .*(?:时间|日期|正文|[体體]版|手机版|电脑版)",
        "微博 新浪微博 腾讯微博 人人 人人网 开心网 豆瓣 豆瓣网 百度搜藏 微信好友 QQ好友 Facebook Twitter Google\\+",
        "微博 微信 朋友圈 QQ QQ空间 未知 不详 发布于 广告 推荐 无 暂无 网络 互联网 本站 原创 佚名 admin 管理员 首页",
        "正文 分享.*",
        r"举报 评论 打印 字号.* 关注 登录 注册 收藏 \W* \d+",
    )
    + "$",
    re.I,
)
_CRUMBS = re.compile(r"[>»]|首页|首頁|正文$|分享")
_CHROME = re.compile(  # what else stands in a byline
    "^"
    + any_of(
        r"首页.* .*[>»].* .{0,4}[字号体大中小超标准AT+\-\s]{1,12} 分享.* \W* [\d\s,.万]+ .*\d{4,}.*",
        ".*(?:创作者|领域|评论|阅读|浏览|点击|次|收藏|关注|举报|打印|专栏|频道|导航|登录|注册|认证|作者|发帖|搜索|转发|微博|微信).*",
    )
    + "$"
)
_SAID_OF = re.compile(r"(?:整理|撰文|编译|编辑|责编|作者|记者|文|校对|审核|摄影)\s*[:：丨|/]")
_DATE_LABEL_BEHIND = re.compile(r"(?<=..)(?:发布|发表|更新)(?:时间|日期|于)\s*[:：]?$")
_ACCOUNT = re.compile(r"(?<=..)的?官方(?:账号|帐号|百家号|网易号|搜狐号|头条号)$")
_FILED = re.compile(rf"(?:分类|栏目|频道|类别|标签|专题|所属|关键词)\s*[:：][\s{GAP}]*[^\s{GAP}|]*")
_CITED = re.compile(  # 《 康宁日报 》（ 2024年08月21日 第 13 版）
    r"《\s*(?P<who>[^《》]{2,16}?[报刊])\s*》\s*[（(]?\s*\d{4}\s*[年.-]"
)
_DIGITAL = re.compile(r"(?<=[报刊])(?:多媒体数字报.{0,4}|数字报.{0,4}|电子报|电子版|数字版|多媒体版)$")
_EDITION = re.compile(r"(?:多媒体)?(?:数字|电子)(?:报刊?|版|阅读)|手机版|电脑版")
_SITE_NAME = re.compile(r"^.{2,8}(?:中文网|新闻网|健康网|日报|晚报|在线|客户端|通讯社|广播网|公众号)$")
_LAST_NAME = re.compile(
    rf"{OUTLETISH.pattern}|.{{2}}"
    + any_of("研究所 研究院 大学 学院 医院 协会 学会 委员会 中心 局 政府 集团 公司 基金会 联盟 智库")
    + "$"
)
_HOST_NAME = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}", re.I)
_MAX_PIECES = 4  # behind a headline: column, channel, site, slogan
_OWNS = re.compile(r"版权|©|[Cc]opyright|转载|首页|位置|主办")
_DATE_LABEL = re.compile(r"^(?:原创|转载|来自|发布时间|发布日期|时间)\s*[:：]?\s*")

_FIELD = r"[\u4e00-\u9fff]{2,4}"  # 作者： 访问量：312 names nobody
_NO_NAME = (
    r"(?!报道|消息|表示|获悉|了解|从|在|来源|发布|时间|编辑|责任|采访|通讯|本报|本网|新闻|探访|走访|观察|调查|手记|直击"
    r"|[会會们們节節站证證团團]|实地|体验|专访|连线|获得|发现|看到|注意|来到|介绍|日前|近日|昨日|今日)"
)
_NAME_ENDS = r"(?![\u4e00-\u9fff]|\s*[:：])(?<![摄攝])"
_AUTHOR_LABELS = (
    re.compile(
        rf"(?:作\s*者|主持人?|撰文|撰稿|采写|执笔|撰写|整理|编译|文字?|文图)\s*[:：︱|丨/—]\s*(?:[\u4e00-\u9fff]{{2,8}}?(?:见习)?记者\s*)?{PEOPLE}{_NAME_ENDS}"
    ),
    re.compile(rf"作\s*者[\s{GAP}]+{PEOPLE}(?:$|[\s{GAP}|])"),
    re.compile(  # an account or a department
        rf"作\s*者\s*[:：︱|丨/]\s*[{GAP}\s]*(?!{_FIELD}\s*[:：])(?P<who>[^{GAP}\s:：|，。（）()]{{1,20}}(?:[、，,\s][^{GAP}\s:：|，。（）()]{{2,6}}){{0,3}})"
    ),
    re.compile(rf"[（(]文\s?[/／]?\s?图\s?[\u4e00-\u9fff]{{2,10}}\s(?P<who>{PERSON})\s?[）)]"),  # a department's
    re.compile(
        rf"(?:实习|见习|首席|特约|全媒体|融媒体)?(?:记者|記者)\s*[:：|丨︱/]?\s*[{GAP}\s]*{_NO_NAME}{PEOPLE}{_NAME_ENDS}"
    ),
)
_IN_DATELINE = re.compile(
    rf"[（(【][^（）()【】]{{0,12}}?(?:记者|作者|通讯员|文/[^）)】]*?作者)\s*[:：]?\s*{PEOPLE}\s*[^（）()【】]{{0,20}}[）)】]"
)
_PERSONAL = re.compile(  # the commonest surnames, those aside that outlets' names begin with
    "[王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
    "姚谭廖邹熊郝崔邱秦顾侯邵孟段汤尹黎乔贺赖龚方石龙万段雷史陶毛康施牛洪庄穆岳温季鲁葛安颜倪严][\u4e00-\u9fff]{1,2}"
)
_FAMILIAR = re.compile("[老小阿][\u4e00-\u9fff]")
_AUTHOR_LABEL = re.compile(r"(?:作\s*者|记者|撰稿)\s*[:：]")
_REPORTS = re.compile(
    rf"(?:记者|通讯员)\s*(?P<who>{_PERSONAL.pattern}(?:[、\s]{_PERSONAL.pattern})*?)\s*报道\s*[:：，,]"
)
_SEAT = (
    "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西"
    "|甘肃|青海|宁夏|新疆|内蒙古|香港|澳门|台湾|中国|中央|中共|国家|全国|清华|复旦|南开|南京|武汉|广州|深圳|西安|成都|杭州|厦门|同济|首都|华东|华中"
    "|华南|西南|西北|东北|省|市|县|教授|副教授|研究员|主任|副主任|院长|博士|律师|医生|医师|教师|记者"
)
_HOUSE = (
    "大学|学院|研究院|研究所|研究中心|医院|中心|委员会|委|局|厅|部|协会|学会|公司|集团|报社|日报|晚报|时报|电视台"
    "|教授|研究员|主任|博士"
)
_NAME_FIRST = re.compile(rf"(?P<who>{_PERSONAL.pattern}?)(?:{_SEAT})[\u4e00-\u9fff]*")
_NAME_LAST = re.compile(rf"[\u4e00-\u9fff]{{2,}}(?:{_HOUSE})(?P<who>{_PERSONAL.pattern})")
_TAIWAN = (  # 〔記者林惠琴／台北報導〕, （中央社記者陳婕翎台北15日電）
    re.compile(r"^[〔（(\[【][\u4e00-\u9fff]{0,6}記者(?P<who>[\u4e00-\u9fff]{2,4}(?:、[\u4e00-\u9fff]{2,4})*)\s*[／/]"),
    re.compile(
        r"^[〔（(\[【][\u4e00-\u9fff]{0,6}記者(?P<who>[\u4e00-\u9fff]{3}(?:、[\u4e00-\u9fff]{3})*)[\u4e00-\u9fff]{2,4}\d{1,2}日[電專]"
    ),
)
_TAIWAN_AGENCY = re.compile(r"^[〔（(\[【](?P<who>[\u4e00-\u9fff]{2,5}社)記者")
_NAME_AND_OUTLET = re.compile(rf"(?:^|[\s{GAP}])({PERSON})/([^\s{GAP}/]{{2,16}})(?:$|[\s{GAP}])")
_SPREAD = re.compile(r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])\s+([\u4e00-\u9fff])(?![\u4e00-\u9fff])")  # 张 伟
_ONLY_PEOPLE = re.compile(PEOPLE)
_NO_AUTHOR = re.compile(
    "^"
    + any_of(
        "(?:发布|发表|更新|来源|时间|日期|浏览|点击|阅读|责任|字号|字体|审核).* .*(?:报道|報道|报导|報導|来源|來源)",
        "通讯员 记者 综合 摄影 编辑 分享 实习生 见习 整理 整合 编译 图文 文图 责编 即时 評論 评论",
    )
    + "$"
)
_EDITOR = re.compile(
    rf"(?:责任编辑|責任編輯|责编|責編|网络编辑|编辑|編輯)\s*[:：丨|/︱]\s*[\s{GAP}]*(?P<who>[^\]】）){GAP}\n|｜]{{1,40}})"
)
_EDITOR_BARE = re.compile(rf"(?:^|\s)(?:责任编辑|责编|编辑)\s+(?P<who>{PERSON})")
_EDITOR_END = re.compile(r"\s{2,}|[)\]】）]|\s(?=校对|审核|作者|来源|时间|人气)|(?:校对|审核|来源|审校)[:：]?")


# ------------------------------------------------------------------------------------------------ outlet


def find_origin(facts: Facts, by: Bylines, outlets: Outlets) -> Found:
    """Who the page itself says the article came from."""
    return next((found for found in _origins(facts, by, outlets) if found.value), Found())


def _origins(facts: Facts, by: Bylines, outlets: Outlets) -> Iterator[Found]:
    """What may name the origin, most trusted first; a value is empty where nothing was found."""
    if ruled := facts.ruled.get("source"):
        yield Found(_source(ruled.value), ruled.where)
    for label in _SOURCE_METAS.split():
        yield Found(_source(facts.metas.get(label, "")), f"meta {label}")
    if named := facts.named.get("source"):
        yield Found(_source(named.value), named.where)
    byline = [*by.before, *by.head]
    below = [*byline[1:], ""]
    above = ["", *byline]
    for line, following in zip(byline, below, strict=False):
        yield Found(_labelled(line, following), _BYLINE)
    for line in (*byline, *by.above[:2]):
        if match := _CITED.search(plain(line)):
            yield Found(_source(match["who"]), _BYLINE)
    for text in by.marked:
        yield Found(_source(text), "来源元素")
    for line in byline:
        yield Found(_site_beside_date(line, facts), _BYLINE)
    for line in byline:
        if CLOCKED.search(plain(line)):
            yield Found(_known_beside_date(line, "", outlets), _BYLINE)
    for line, previous in zip(byline, above, strict=False):  # over the date often stands the head of the site
        if previous and not CLOCKED.sub("", plain(previous)).strip(f"{GAP} \t-/.|0123456789"):
            yield Found(_known_beside_date(line, "00:00", outlets), _BYLINE)
    for line, following in zip(byline, below, strict=False):
        yield Found(_known_beside_date(line, following, outlets), _BYLINE)
    late = next((value for line in (*by.tail, *by.after) if (value := _labelled(line, ""))), "")
    yield Found(late if outlets.named(late) is not None else "", _AFTER)
    for line, previous in zip(byline, above, strict=False):
        yield Found(_alone_with_date(line, previous), _BYLINE)
    yield Found(late, _AFTER)
    for line in (*by.tail, *by.body[-3:]):
        if len(line) <= 160 and (match := _AT_THE_END.search(line)):
            yield Found(_source(match["who"]), "文末来源")
    for line in by.body[:2]:
        if (match := _DATELINE.match(line)) and (outlets.named(match["who"]) or OUTLETISH.search(match["who"])):
            yield Found(match["who"], "电头")
        if match := _TAIWAN_AGENCY.match(line):
            yield Found(match["who"], "电头")
    yield Found(_source(facts.medium), "脚本数据")


def _labelled(line: str, following: str) -> str:
    text = plain(line)
    for match in _LABELLED.finditer(text):
        if value := _source(match["who"] or (plain(following) if len(following) <= 30 else "")):
            return value
    match_ = _SPACED.search(text)
    return _source(match_["who"]) if match_ else ""


def _source(text: str) -> str:
    """The name in what stands where a source should; nothing when it is none."""
    text = unicodedata.normalize("NFKC", text).replace(GAP, "  ").strip()
    text = re.sub(rf"^{_LABEL}\s*[:：]?\s*", "", text)
    text = _DIGITAL.sub("", _ACCOUNT.sub("", text))
    if end := _END.search(text):
        text = text[: end.start()]
    text = re.split(r"\s{2,}", text.strip())[0].strip(" :：|/,，。;；-—【】()（）")
    if text.startswith("《") and text.endswith("》"):
        text = text[1:-1]
    if text.count("[") != text.count("]") or text.startswith("["):
        text = text.strip("[]")
    return "" if len(text) > 40 or _NO_SOURCE.match(text) or text.startswith(("http", "www.")) else text


def _known_beside_date(line: str, following: str, outlets: Outlets) -> str:
    """An outlet's name that stands beside, or right above, the date without a label."""
    text = plain(line)
    dated = bool(CLOCKED.search(text)) or (len(text) <= 20 and bool(CLOCKED.match(plain(following))))
    if (not dated and len(text) > 30) or _CRUMBS.search(text):
        return ""
    rest = re.sub(rf"{_FILED.pattern}|{DAY}|\d{{1,2}}-\d{{2}}-?|\d{{1,2}}:\d{{2}}(?::\d{{2}})?", GAP, text)
    for piece in re.split(rf"[{GAP}|·/]|\s{{2,}}|\s(?=[\u4e00-\u9fff])", rest):
        piece = _DATE_LABEL.sub("", piece.strip(" :：()[]【】,，-"))
        if not 2 <= len(piece) <= 20 or _NO_SOURCE.match(piece):
            continue
        piece = _ACCOUNT.sub("", _DATE_LABEL_BEHIND.sub("", piece))
        if outlets.named(piece) is not None or (dated and OUTLETISH.search(piece)):
            return piece
    return ""


def _site_beside_date(line: str, facts: Facts) -> str:
    """What stands with the date and is the name that the `<title>` ends in, or that the site gives itself."""
    text = plain(line)
    if not CLOCKED.search(text) or len(text) > 80 or _CRUMBS.search(text):
        return ""
    own = {key(one) for one in (*site_pieces(facts.title), *(facts.metas.get(label, "") for label in _SITE_METAS))}
    for piece in re.split(rf"[{GAP}|·/]|\s{{2,}}", CLOCKED.sub(GAP, text)):
        if len(key(piece)) >= 2 and key(piece) in own and _may_be_name(piece):
            return _source(piece)
    return ""


def _alone_with_date(line: str, above: str) -> str:
    """The one short name that stands with the date, or alone above it, when nothing else does."""
    text = _FILED.sub(GAP, plain(line))
    if not CLOCKED.search(text) or len(text) > 80:
        return ""
    pieces = [piece.strip(" :：·|/,-()【】") for piece in re.split(rf"[{GAP}|·/]|\s{{2,}}", CLOCKED.sub(GAP, text))]
    pieces = [_ACCOUNT.sub("", _DATE_LABEL_BEHIND.sub("", _DATE_LABEL.sub("", piece))) for piece in pieces]
    pieces = [piece for piece in pieces if _may_be_name(piece) and not _SAID_OF.match(piece)]
    if not pieces and 2 <= len(above) <= 12 and _may_be_name(above):
        pieces = [piece for piece in plain(above).split(GAP) if piece]
    if len(pieces) != 1 or len(pieces[0]) > 16 or re.search(r"记者|作者|编辑|文/|[:：]", pieces[0]):
        return ""
    return "" if _PERSONAL.fullmatch(pieces[0]) else _source(pieces[0])


def _may_be_name(text: str) -> bool:
    return len(key(text)) >= 2 and not _NO_SOURCE.match(text) and not _CHROME.search(text)


def find_publisher(facts: Facts, url: str, lead: Lead | None, outlets: Outlets, by: Bylines = _NO_LINES) -> Found:
    """Who owns the site: the registry by host, then what the lead says, then what the site calls itself."""
    if outlet := outlets.at(url):
        return Found(outlet.name, "媒体登记")
    if lead is not None and lead.outlet:
        return Found(lead.outlet, "线索")
    for label in _SITE_METAS:
        value = facts.metas.get(label, "")
        if 2 <= len(value) <= (20 if HAN.search(value) else 40) and not _HOST_NAME.fullmatch(value):
            return Found(_site(value), f"meta {label}")
    if (first := first_piece(facts.title)) and (outlets.named(first) is not None or _DIGITAL.search(first)):
        return Found(_site(first), "网页标题")
    pieces = [_site(piece) for piece in site_pieces(facts.title)[:_MAX_PIECES]]
    pieces = [piece for piece in pieces if not _EDITION.fullmatch(piece)]
    for place, piece in enumerate(pieces):
        ending = _SITE_NAME if place else _LAST_NAME  # 走进互联网 may end a headline, 某某新闻网 hardly
        subtitle = f"——{piece}" in facts.title
        if 2 <= len(piece) <= 20 and (outlets.named(piece) or (not subtitle and ending.search(piece))):
            return Found(piece, "网页标题")
    tail = next(iter(pieces), "")
    if 3 <= len(tail) <= 20 and any(
        tail in line and _OWNS.search(line) for line in (*by.before, *by.above, *by.tail, *by.after)
    ):
        return Found(tail, "网页标题")
    return facts.named.get("site", Found())


def _site(name: str) -> str:
    """A site's name without what makes a printed paper's site of it: 江滨晚报多媒体数字报."""
    return _DIGITAL.sub("", name)


# ------------------------------------------------------------------------------------- author and editor


def find_author(facts: Facts, by: Bylines, origin: str, editor: str, outlets: Outlets) -> Found:
    """Who wrote it: names, several parted by a space."""
    found = [
        Found(names, where) for text, where in _authors(facts, by, outlets) if (names := _names(text, origin, outlets))
    ]
    signed = next((one for one in found if one.value == editor), None)
    other = next((one for one in found if one.value != editor and not (signed and one.where == _AFTER)), None)
    return other or next((one for one in found if one.where == _BYLINE), Found())


def _authors(facts: Facts, by: Bylines, outlets: Outlets) -> Iterator[tuple[str, str]]:
    if named := facts.named.get("author"):
        yield named.value, named.where
    for line in (*by.before, *by.head):
        if len(line) <= 120:
            yield _author_in(line), _BYLINE
    byline = [plain(line).strip() for line in (*by.before, *by.head)]
    for line, following in pairwise(byline):
        if _AUTHOR_LABEL.fullmatch(line) and len(following) <= 12:
            yield following, _BYLINE
    for line in by.body[:2]:
        if match := _IN_DATELINE.search(line[:200]):
            yield match["who"], "电头"
        for pattern in _TAIWAN:
            if match := pattern.search(line):
                yield match["who"], "电头"
    for line in by.body[:2]:
        if match := _REPORTS.search(plain(line)[:80]):
            yield match["who"], "电头"
    for line in (*by.body[-3:], *by.body[:2], *by.tail):
        if len(line) <= 60:
            yield _author_in(line), "正文署名"
    for line in by.after[:4]:
        if len(line) <= 60:
            yield _author_in(line), _AFTER
    for text in by.writers:
        yield _author_in(text) or (text if _PERSONAL.fullmatch(text) or _FAMILIAR.fullmatch(text) else ""), "作者元素"
    for line in (*by.before, *by.head):
        if len(line) <= 80:
            yield _names_alone(line), _BYLINE
    for line in by.before:
        match = _NAME_AND_OUTLET.search(plain(line))
        if match and (outlets.named(match.group(2)) is not None or OUTLETISH.search(match.group(2))):
            yield match.group(1), _BYLINE
    for label in _AUTHOR_METAS.split():
        value = facts.metas.get(label, "")
        if _ONLY_PEOPLE.fullmatch(value) and value not in facts.title and not OUTLETISH.search(value):
            yield value, f"meta {label}"


def _names_alone(line: str) -> str:
    """The one piece of a byline that is nothing but names of people, beside a date, counts or a section."""
    pieces = [piece.strip(" :：·|/,-") for piece in re.split(rf"[{GAP}|·]|\s{{2,}}", CLOCKED.sub(GAP, plain(line)))]
    pieces = [piece for piece in pieces if piece]
    people = [piece for piece in pieces if all(_PERSONAL.fullmatch(one) for one in re.split(r"[、,，\s]", piece))]
    return people[0] if len(people) == 1 and (len(pieces) > 1 or CLOCKED.search(plain(line))) else ""


def _author_in(line: str) -> str:
    text = _SPREAD.sub(r"\1\2", plain(line))
    return next((match["who"] for pattern in _AUTHOR_LABELS if (match := pattern.search(text))), "")


def _names(text: str, origin: str, outlets: Outlets) -> str:
    text = unicodedata.normalize("NFKC", text).replace(GAP, " ").strip()
    text = re.sub(r"^(?:作\s*者|文|记者|撰文)\s*[:：/]\s*", "", text)
    names = [part for part in re.split(r"[\s、,，/;；&]+", text) if part and not _NO_AUTHOR.match(part)]
    names = [_without_institution(re.sub(r"^(?:通讯员|实习生|记者|见习记者)", "", part)) for part in names]
    return " ".join(
        dict.fromkeys(part for part in names if 1 < len(part) <= 20 and part != origin and not outlets.named(part))
    )


def _without_institution(text: str) -> str:
    """A name without the institution or post that was written on to it: 方敏北京大学经济学院教授, 复旦大学郭伦."""
    if len(text) <= 4:
        return text
    for pattern in (_NAME_FIRST, _NAME_LAST):
        if match := pattern.fullmatch(text):
            return match["who"]
    return text


def find_foreign_author(facts: Facts) -> Found:
    """The author a page in another language states in its markup."""
    if facts.writer:
        return Found(facts.writer, "结构化数据")
    stated = next((label for label in _AUTHOR_METAS.split() if 2 <= len(facts.metas.get(label, "")) <= 80), "")
    if stated:
        return Found(facts.metas[stated].removeprefix("By "), f"meta {stated}")
    return facts.named.get("author", Found())


def find_editor(facts: Facts, by: Bylines) -> Found:
    """Who edited it; 责任编辑 lines leave the body and are kept here."""
    for label in _EDITOR_METAS:
        if value := _editor(facts.metas.get(label, "")):
            return Found(value, f"meta {label}")
    if (named := facts.named.get("editor")) and (value := _editor(named.value)):
        return Found(value, named.where)
    places = ((by.tail, "正文末"), (by.after, _AFTER), ((*by.before, *by.head), _BYLINE), (by.body[-3:], "正文末"))
    for place, where in places:
        for text in (plain(line) for line in place if len(line) <= 200):
            match = _EDITOR.search(text) or _EDITOR_BARE.search(text)
            if match and (value := _editor(match["who"])):
                return Found(value, where)
    return Found()


def _editor(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace(GAP, " ")
    text = re.sub(r"^\s*(?:责任编辑|责编|编辑)\s*[:：]?\s*", "", text).strip()
    text = _EDITOR_END.split(text)[0].strip(" :：")
    return text if 1 < len(text) <= 40 and not text.isdigit() else ""
