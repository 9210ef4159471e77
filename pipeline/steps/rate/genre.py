"""What manner of text an article is, and pages that are no news at all.

A genre is told by several signs that agree, or not at all: what is called a notice and is news costs an editor
more than the reverse. A line that opens like a report (新华社北京6月18日电, 记者…从…获悉) rules out a policy and
a notice, however its title sounds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.config import PageType, Scope
from pipeline.model import Genre
from pipeline.steps.rate.place import CITIES
from pipeline.steps.rate.terms import Finder, fold, weights

_PAGE_TYPE = 2.0  # sum of the weights that makes a page one of its type
_BYLINE = 40  # characters; a first or last line this short may say 本报评论员
_NAMED = 3  # times a company is named in an advertorial ...
_NAMED_EVERY = 400  # ... at least once every so many characters (534 item 3: once every 120)
_PRAISE = 5  # different phrases of praise in it (534 item 3: 15)
_OPENING = 4  # lines at either end in which a document says what it is
_POLICY = 3  # signs that agree
_ITEMS = 4  # items that make a round-up, three where its title says so; a piece of news has three points, seldom more
_SHORTEST = 20  # characters; what is shorter is a headline that lost its item
_HEADING = 40  # characters; a longer line without a full stop is text
_NAMES = 12  # short lines that make a table of names

# 腾讯健康:… names a company, 北京:… a place, 国家卫健委:… an office.
_SPEAKER = re.compile(rf"(?!{CITIES}|天津|河北)(\w{{2,8}})(?<![委局部厅办省市区县院会家]):")
# A commentary opens with the news it comments on: (6月19日《光明日报》), (10月9日 新华网)
_QUOTED_NEWS = re.compile(r"\(据?\d{1,2}月\d{1,2}日(?:《[^》]{2,12}》|[^()]{2,10}[网报社])[^()]{0,6}\)$")
_REPORT = re.compile(
    r"^.{0,24}?(?:\d{1,2}月\d{1,2}日(?:电|讯|消息|专电)|本报讯|\(?(?:本报|见习|通讯员)?记者|[网社]讯)|获悉|记者(?:了解到|从|在)"
)

# Rules of authorities: 关于印发…的通知, …实施方案(试行), 京卫信息〔2024〕12号, 各省、自治区、直辖市…:
_RULE_TITLE = re.compile(
    r"(?:通知|意见|方案|办法|规定|规划|行动计划|工作计划|工作要点|指南|指引|标准|规范|细则|条例|决定|批复|通告)"
    r"(?:\((?:试行|暂行|修订|征求意见稿|\d{4}[^()]{0,12}|[^()]{0,10}版)\))?$"
)
_REPORTED_TITLE = re.compile(r"^[^:]{2,12}:|出台|发布|公布|印发了|[,!?。]|解读|征求意见$|将|拟|再添|亮相|迎来")
_ISSUED = re.compile(
    r"关于(?:印发|发布|做好|开展|加强|进一步|推进|促进|公布|组织|加快|规范|同意|调整|实施).{2,60}的?(?:通知|意见|决定|批复|通告|公告)$"
)
_NUMBERED = re.compile(r"^.{0,30}?[\u4e00-\u9fff]{1,10}[〔\[(](?:19|20)\d\d[〕\])]\d{1,4}号")
_ADDRESSED = re.compile(
    r"^(?:各|本市各|有关|北京市?各|委属|局属|部属)[^。;]{0,120}[:]$|^[^。,:]{0,20}各(?:省|市|区|县|有关)[^。]{0,100}:$"
)
_HANDED = re.compile(
    r"现(?:将.{0,60}?)?印发给你们|现印发你们|请(?:认真)?(?:遵照|贯彻|参照|结合实际)[^。]{0,20}(?:执行|落实)|特此通知"
)
_ARTICLE = re.compile(r"^第[一二三四五六七八九十百]+[条章]")
_CHAPTER = re.compile(r"^[一二三四五六七八九十]{1,3}、")
_SIGNED = re.compile(r"^(?:20\d\d|二[〇○零]..)年\d{1,2}月\d{1,2}日$")

# Announcements to those concerned: …采购公告, 招聘简章, 门诊停诊通知, 系统维护公告
_NOTICE_TITLE = re.compile(
    r"(?:招标|投标|中标|成交|采购|比选|询价|竞价|磋商|谈判|单一来源|遴选|流标|废标|终止|更正|变更|拍卖|租赁|调研|论证|市场调查|询比)"
    r"[^,。!?:]{0,14}(?:公告|公示|公示表|结果|邀请|通知书|文件|征集)(?:\([^()]{0,16}\))?$"
    r"|(?:招聘|招录|聘用|选聘|招募|招收|面试|笔试|体检|报名|录取|拟录用|拟聘用)[^,。!?:]{0,16}"
    r"(?:公告|公示|简章|启事|通知|名单|方案|安排)(?:\([^()]{0,16}\))?$"
    r"|(?:停诊|停机|停电|停水|停用|维护|升级|切换|暂停|放假|值班|调整|搬迁|迁址|变更|开诊|出诊|门诊安排|工作时间|办公时间|办公地址|"
    r"开放时间|服务时间|缴费|征集|遗失|注销|认领)[^,。!?:]{0,16}(?:公告|通告|通知|启事|提示|告知书|公示|安排|声明)(?:\([^()]{0,16}\))?$"
    r"|(?:招聘|采购|招标|停诊|放假|寻人|遗失)(?:公告|启事|通知|声明)|(?:门诊|出诊|值班|放假|就诊)[^,。!?:]{0,4}安排$"
)
_NOTICE_WORDS = re.compile(
    r"项目编号|采购编号|采购人|采购代理|预算金额|最高限价|投标截止|响应文件|开标|评标|中标供应商|成交供应商|招标代理|"
    r"供应商资格|报名时间|报名方式|报名条件|招聘岗位|岗位条件|应聘|联系人|联系电话|联系方式|咨询电话|公示期|"
    r"特此(?:公告|通告|公示)|不便之处|敬请谅解|给您带来|停止服务|暂停办理|恢复正常|请提前"
)
_NOTICE = 3  # of those words, in a text whose title has the form of a notice 1

# Round-ups: 国内联播快讯, 医疗信息化周报, 一周要闻 | …
_ROUND_UP_TITLE = re.compile(
    r"(?:简报|早报|晚报|早知道|早餐|早班车|周报|要闻|快讯|速览|速递|联播|资讯|动态|一览|汇总|盘点|摘要|播报|大事记|集锦|日历|回顾|"
    r"news digest|briefing|roundup|round-up|weekly|newsletter)(?:$|[(|丨:·\d第—-])"
    r"|(?:每日|每周|一周|本周|上周|今日|一日|周末)[^,。]{0,8}(?:要闻|新闻|资讯|动态|大事|快讯|速递|回顾|看点|简报)"
    r"|(?:[三五六八十]|\d{1,2})件(?:大|新鲜)?事$"
)
_NAMES_TITLE = re.compile(
    r"(?:名单|目录|清单|一览表|汇编|名录|排行榜|榜单)(?:\([^()]{0,20}\))?$|名单公示|公示名单|\(附名单\)$"
)
_BULLET = re.compile(r"^(?:\d{1,2}[.、)]|\(\d{1,2}\)|[•●■◆▪▲★◎○·*▶]|【[^】]{2,24}】|no\.?\d)")
_OWN_SOURCE = re.compile(r"(?:来源:|据[^,。]{2,14}(?:报道|消息|电)|\((?:来源:)?[^()]{2,10}[网报社台]\)$)")


class Manner:
    """Tells the genre and the page types of an article by the words of one scope."""

    def __init__(self, scope: Scope) -> None:
        self._pages = [(page, weights(page.terms)) for page in scope.pages]
        self._page_terms = Finder({term for _, terms in self._pages for term in terms})
        self._commentary = Finder(map(fold, scope.commentary))
        self._praise = Finder(map(fold, scope.advertorial))
        self._companies = Finder(map(fold, scope.companies))

    def page_types(self, title: str, lines: Sequence[str], url: str) -> list[PageType]:
        """The types of page this is, by what it says where it begins or ends, or by its address."""
        body = "\n".join(lines)  # a page says what it is where it begins or ends; in between it may quote anything
        found = {term for part in (title, body[:400], body[400:][-200:]) for term in self._page_terms.all(part)}
        address = url.lower()
        return [
            page
            for page, terms in self._pages
            if any(host in address for host in page.hosts)
            or sum(weight for term, weight in terms.items() if term in found) >= _PAGE_TYPE
        ]

    def genre(self, title: str, lines: Sequence[str], official: bool = False) -> Genre:
        """The genre of an article with a folded title and folded lines; `official` when an authority put it out."""
        body = [line for line in lines if line]
        reported = any(_REPORT.search(line[:80]) for line in body[:3])
        if not reported and _is_notice(title, body):
            return Genre.NOTICE
        if not reported and _is_policy(title, body, official):
            return Genre.POLICY
        if _is_list(title, body):
            return Genre.LIST
        edges = (title, *(line for line in (*body[:1], *body[-1:]) if len(line) < _BYLINE))
        if any(map(self._commentary.any, edges)) or any(_QUOTED_NEWS.search(line) for line in body[:2]):
            return Genre.COMMENTARY
        whole = "\n".join((title, *body))
        named = self._companies.all(whole)
        if speaker := _SPEAKER.match(title):
            named += [speaker[1]] * whole.count(speaker[1])
        most = max(map(named.count, set(named)), default=0)
        often = most >= _NAMED and most * _NAMED_EVERY >= len(whole)
        if often and len(set(self._praise.all(whole))) >= _PRAISE:
            return Genre.ADVERTORIAL
        return Genre.NEWS


def _is_notice(title: str, body: Sequence[str]) -> bool:
    words = {found for line in body for found in _NOTICE_WORDS.findall(line)}
    return len(words) >= (1 if _NOTICE_TITLE.search(title) else _NOTICE + 1)


def _is_policy(title: str, body: Sequence[str], official: bool) -> bool:
    """Whether signs that weigh `_POLICY` agree, one of them of the document itself and not of its title."""
    opening = body[:_OPENING]
    titled = 0 if _REPORTED_TITLE.search(title) else 2 if _ISSUED.search(title) else bool(_RULE_TITLE.search(title))
    own = (
        2 * any(_ADDRESSED.search(line) for line in opening)
        + 2 * any(_NUMBERED.search(line) for line in opening if len(line) < _BYLINE)
        + 2 * any(_HANDED.search(line) for line in (*body[:6], *body[-_OPENING:]))
        + 2 * (sum(bool(_ARTICLE.search(line)) for line in body) >= 3)
        + (sum(bool(_CHAPTER.search(line)) for line in body) >= 3)
        + any(_SIGNED.search(line) for line in body[-_OPENING:])
    )
    return own >= 1 and titled + own + official >= _POLICY and (titled > 0 or own >= _POLICY + 1)


def items(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The items of a round-up, first and past the last line: each begins with a bullet or a headline of its own."""
    filled = [index for index, line in enumerate(lines) if line]
    bullets = [index for index in filled if _BULLET.search(lines[index])]
    heads = [
        index for index in filled[:-1] if 4 <= len(lines[index]) <= _HEADING and lines[index][-1] not in "。!?;:,)"
    ]
    starts = bullets if len(bullets) >= _ITEMS - 1 else heads
    return [
        (start, end) for start, end in pairwise([*starts, len(lines)]) if sum(map(len, lines[start:end])) >= _SHORTEST
    ]


def _is_list(title: str, body: Sequence[str]) -> bool:
    if _NAMES_TITLE.search(title) and len(body) >= _NAMES:
        return sum(len(line) <= _BYLINE for line in body) >= len(body) * 0.8
    parts = ["".join(body[start:end]) for start, end in items(body)]
    titled = bool(_ROUND_UP_TITLE.search(title))
    if len(parts) < _ITEMS - titled or sum(map(len, parts)) < sum(map(len, body)) / 2:
        return False
    return titled or sum(bool(_OWN_SOURCE.search(part)) for part in parts) * 2 >= len(parts)
