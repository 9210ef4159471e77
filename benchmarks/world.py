"""A world of news of any size, the same every time: its articles, its sites, and a server of them on loopback.

Article number 17 of a world is the same wherever and whenever it is asked for, so nothing need be kept. Of 100 numbers
15 reprint an earlier one, mostly under another headline, 5 tell of its event in other words, 2 do not say when
they were published; one in 25 is about health informatization, the rest is what newspapers carry besides.

usage: python -m benchmarks.world [--articles 1000]     serves one for a person to look at, until Ctrl-C
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.model import BEIJING, Article, Block, Kind, Lead, Page, Window

SERIES = "national-monthly"
WINDOW = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
AFTER = dt.datetime(2024, 7, 1, 8, 0, tzinfo=BEIJING)
"""When the draft of `WINDOW` is made."""
PER_SOURCE = 250  # 50,000 articles a month from 200 sources
_IN_SCOPE = 25  # every so many-th tells of the bulletin's matter
_REPRINTS, _TOLD_AGAIN, _UNDATED = (3, 9, 14), 17, 21
_BACK = 400  # a reprint follows within so many numbers
_LIST = 200  # links on one page of a list

# ------------------------------------------------------------------------------------------------- words


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_SYLLABLES = tuple(
    "安白宝北昌长常成川春大德东方丰凤福高格古光广贵桂海汉河和恒衡红洪湖华怀淮黄吉济嘉江金景靖九开康坤兰乐黎临灵龙隆卢"
    "洛梅明南宁盘平蒲祁启谦青清曲泉仁荣瑞山上尚韶沈石双顺松苏太泰唐天田通同万望威文武西溪仙祥孝新信星兴秀宣延阳宜益银永"
    "余玉元源岳云泽漳昭正中竹遵左"
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "suffix": _listed("市 县 区 镇 市 县 区"),
    "s": _SYLLABLES,
    "family": tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"),
    "given": _listed("{s}{s} {s} {s}国 海{s} {s}强 丽{s} 文{s} {s}华"),
    "hospital": _listed(
        "{s}{s}医院 人民医院 中心医院 第一医院 第二医院 中医院 妇幼保健院 肿瘤医院 儿童医院 {s}{s}胸科医院"
    ),
    "system": _listed(
        "电子病历共享平台 智慧医院信息系统 互联网医院平台 区域影像云平台 检查检验结果互认系统 医保智能审核系统 "
        "5G远程会诊系统 人工智能辅助诊断系统 全民健康信息平台 医疗大模型导诊助手 电子健康档案平台 智慧急救调度系统 "
        "处方流转平台 医疗数据安全监测平台 医学影像人工智能阅片系统 医院物联网管理平台"
    ),
    "gain": _listed(
        "患者平均候诊时间缩短{n}分钟 重复检查减少{p}% 全年减少患者跑动{n}万人次 检查报告出具提速{p}% "
        "线上复诊占门诊量的{p}% 基层首诊率提高{p}个百分点 病历归档时间由{n}天缩短到当天"
    ),
    "month": _listed("今年年初 去年年底 今年3月 本月初 上个月 今年第一季度 去年下半年"),
    "road": _listed("{s}{s}路 {s}{s}大道 {s}{s}街 {s}{s}东路"),
    "crop": _listed("小麦 水稻 玉米 苹果 柑橘 茶叶 油菜 大豆 蔬菜 葡萄 猕猴桃 花生"),
    "sport": _listed("篮球 足球 乒乓球 羽毛球 马拉松 龙舟 游泳 自行车 围棋 健步走"),
    "trade": _listed("装备制造 新能源 食品加工 纺织服装 电子元件 建材家居 化工新材料 文化旅游"),
    "school": _listed("{s}{s}小学 第一中学 职业技术学院 外国语学校 {s}{s}中学 理工大学"),
    "art": _listed("书法展 摄影展 话剧 民乐音乐会 非遗集市 读书会 皮影戏 剪纸展"),
    "weather": _listed("暴雨 高温 大风 雷电 大雾 强对流天气 寒潮"),
    "office": _listed("住建局 市场监督管理局 交通运输局 文化和旅游局 农业农村局 教育局 公安局 应急管理局"),
    "noun": _listed(
        "街坊 老人 青年 干部 企业 车间 码头 仓库 果园 渔船 桥梁 隧道 站台 广场 公园 剧院 画廊 书店 茶馆 食堂 院落 工地 "
        "河堤 山林 湿地 草场 池塘 水渠 田埂 大棚 农机 秧苗 种子 肥料 订单 货款 合同 账本 税费 租金 股份 品牌 展台 样品 "
        "图纸 模具 锅炉 钢材 木料 布匹 陶瓷 玩具 家具 灯具 雨伞 围巾 糕点 腊肉 豆腐 蜂蜜 药材 鲜花 盆景 邮票 照片 歌曲 "
        "戏服 鼓点 舞步 球场 奖杯 裁判 队员 教练 票价 座位 路灯 井盖 围墙 电梯 楼道 管网 阀门 水表 电缆 屋顶 门窗 栏杆 "
        "标线 护栏 坡道 斑马线 停车场 加油站 收费站 航班 列车 轮渡 行李 乘客 司机 快递 邮局 档案 证件 窗口 队伍 志愿者 "
        "调解员 法官 律师 案卷 村规 家训 碑刻 古树 祠堂 庙会 集市 节令 风筝 灯笼 龙灯 剪影 诗集 手稿 课本 黑板 宿舍"
    ),
    "verb": _listed(
        "修好 搬进 清点 登记 核对 验收 铺设 拓宽 疏通 加固 拆除 翻新 粉刷 安装 调试 检修 巡查 看护 浇灌 播撒 收割 晾晒 "
        "装运 分拣 包装 出售 采购 借出 归还 捐赠 整理 誊抄 展出 排练 演唱 编写 印制 张贴 宣讲 走访 慰问 座谈 商量 调解 "
        "签下 兑现 追回 减免 垫付 结清 盘活 引进 嫁接 培育 放养 捕捞 打捞 护送 接驳 疏散 抢修 点亮 擦洗 缝补 雕刻 烧制 "
        "酿造 腌制 烘烤 品尝 评选 颁发 领取 保存 记录 拍摄 寄往 转交 托运 丈量 测绘 勘察 设计 描绘 复原 守住 传下 学会"
    ),
    "adj": _listed(
        "崭新 老旧 宽敞 狭窄 整齐 杂乱 明亮 昏暗 结实 松动 清澈 浑浊 鲜嫩 干瘪 轻便 沉重 热闹 冷清 朴素 精巧 平整 坑洼 "
        "笔直 弯曲 宁静 喧闹 红火 清淡 厚实 单薄 齐全 残缺 亲切 严肃 细致 粗糙 古朴 时髦 实惠 昂贵"
    ),
    "when": _listed(
        "清晨 午后 傍晚 入夜后 雨停后 开春以来 入夏后 立秋前后 冬至前 节前 节后 周末 赶集日 放学后 收工后 连日来"
    ),
}
_PLAIN = _listed(
    "{when}，{adj}的{noun}旁，{family}{given}和邻居们{verb}{n}件{noun}，又把{noun}一一{verb}。 "
    "{noun}{verb}以后，{adj}的{noun}少了{p}%，{s}{s}村的人{when}都来{verb}{noun}。 "
    "“{noun}要{adj}，{noun}也要{adj}。”{family}{given}一边{verb}{noun}一边说。 "
    "{when}{verb}{noun}，{when}{verb}{noun}，{n}户的{noun}就这样{verb}了。 "
    "从{s}{s}到{s}{s}，{adj}的{noun}变成{adj}的{noun}，{noun}{verb}得比往年早{n}天。 "
    "{family}{given}{verb}{noun}已有{n}年，手里的{noun}{adj}，{noun}也{adj}。 "
    "据介绍，{s}{s}{noun}共{verb}{m}次，{noun}{verb}{n}处，{adj}{noun}{verb}率为{p}%。 "
    "为了{verb}{noun}，{s}{s}公司拿出{n}万元{verb}{noun}，{when}就能{verb}。 "
    "{noun}{verb}到哪里，{noun}就{verb}到哪里，这是{s}{s}{noun}多年的{noun}。 "
    "下一步，{s}{s}{noun}将{verb}{noun}，{verb}{adj}的{noun}，让{noun}更{adj}。 "
    "记者{when}看到，{noun}{adj}，{noun}{adj}，{family}师傅正在{verb}{noun}。 "
    "{noun}{adj}不{adj}，{noun}说了算；{noun}{verb}没{verb}，{noun}看得见。"
)
"""What stands between the sentences of a matter, made so that no two articles are alike by chance."""

_MATTERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "health": (
        (
            "{city}{hospital}上线{system} {gain}",
            "{city}推广{system}：{gain}",
            "{system}落户{city}{hospital}，惠及{n}万名患者",
            "从“排长队”到“掌上办”：{city}{hospital}启用{system}",
        ),
        (
            "{month}，{city}{hospital}启用{system}，{n}个科室接入，{gain}。",
            "{city}{hospital}信息中心主任{family}{given}介绍，{system}打通了{n}家医疗机构的数据，{gain}。",
            "据{city}卫生健康委统计，{system}已接入{n}家乡镇卫生院，累计调阅电子病历{m}份，{gain}。",
            "患者{family}女士在{city}{hospital}就诊时，医生通过{system}调出了她在{city}的检查结果，省去了{n}元费用。",
            "{city}投入{n}万元建设{system}，目标是到明年底实现{p}%的公立医院数据互联互通。",
            "医院副院长{family}{given}说，{system}每天处理就诊数据{m}条，人工智能辅助诊断准确率达到{p}%。",
            "在{city}{road}社区卫生服务中心，全科医生{family}{given}用{system}为{n}名慢病患者做了线上随访。",
            "{city}卫生健康委有关负责人表示，将以{system}为抓手，推进医疗数据共享和网络安全，{gain}。",
        ),
    ),
    "traffic": (
        ("{city}{road}改造工程完工 日通行车辆{m}辆", "{city}{road}今起封闭施工{n}天", "{city}新增{n}条公交线路"),
        (
            "{city}交通运输局通报，{road}改造全长{n}公里，投资{m}万元，新增停车位{n}个。",
            "施工期间，{n}路公交车将绕行{road}，预计影响沿线居民{m}人。",
            "项目经理{family}{given}说，{road}路口的信号灯已调整为{n}秒一换，早高峰车速提升{p}%。",
            "{city}居民{family}先生每天开车经过{road}，他说通勤时间比{month}少了{n}分钟。",
            "{city}还将在{road}和{road}交会处增设人行天桥{n}座，{month}已完成设计。",
        ),
    ),
    "farm": (
        (
            "{city}{n}万亩{crop}喜获丰收",
            "{city}{crop}种植户{family}{given}的致富路",
            "{city}推广{crop}新品种 亩产增{p}%",
        ),
        (
            "{month}以来，{city}{n}万亩{crop}陆续进入收获期，平均亩产{m}公斤，比上年增加{p}%。",
            "种植大户{family}{given}承包了{n}亩地种{crop}，一季收入{n}万元。",
            "{city}农业农村局派出{n}名技术员下到田间，推广{crop}水肥一体化，节水{p}%。",
            "在{city}{crop}交易市场，每天有{n}辆货车装车外运，收购价每公斤{n}元。",
            "合作社理事长{family}{given}介绍，{crop}深加工生产线投产后，日处理能力{n}吨，吸纳就业{n}人。",
        ),
    ),
    "school": (
        (
            "{city}{school}新校区启用 可容纳学生{m}人",
            "{city}{school}学子获{sport}比赛一等奖",
            "{city}今年新增学位{m}个",
        ),
        (
            "{city}{school}新校区位于{road}，占地{n}亩，设{n}个教学班，{month}正式启用。",
            "校长{family}{given}说，学校开设{sport}、{art}等社团{n}个，参加学生占{p}%。",
            "{city}教育局数据显示，今年全市安排教育支出{n}亿元，新招聘教师{n}名。",
            "学生{family}{given}在作文里写道，最难忘的是{month}去{city}参加{sport}比赛的{n}天。",
            "家长{family}女士说，课后服务每天延长到{n}点，周末还有{art}可以选择。",
        ),
    ),
    "trade": (
        ("{city}{trade}产业园开工 总投资{n}亿元", "上半年{city}{trade}产值增长{p}%", "{city}{trade}企业订单排到年底"),
        (
            "{city}{trade}产业园{month}开工，总投资{n}亿元，首批入驻企业{n}家，达产后年产值{m}万元。",
            "{city}统计局发布的数据显示，{trade}规模以上企业完成产值{n}亿元，同比增长{p}%。",
            "企业负责人{family}{given}介绍，{trade}生产线满负荷运转，日产{m}件，出口占{p}%。",
            "{city}市场监督管理局为{n}家{trade}企业减免费用{m}万元，办证时间压缩{p}%。",
            "{city}还将举办{trade}招商会，邀请{n}家企业到{road}考察。",
        ),
    ),
    "culture": (
        ("{city}{art}开幕 展出作品{n}件", "{n}场{art}走进{city}社区", "{city}{sport}公开赛落幕 {n}支队伍参赛"),
        (
            "{art}在{city}{road}文化馆开幕，展出{n}位作者的{m}件作品，展期{n}天。",
            "来自{city}的{family}{given}今年{n}岁，从事{art}创作已有{n}年。",
            "{city}文化和旅游局介绍，全年将组织{art}等活动{n}场，预计吸引{m}人次。",
            "{sport}公开赛决赛{month}在{city}体育馆举行，{family}{given}以{n}比{n}取胜。",
            "观众{family}先生带着孩子看完{art}，又去{road}尝了一碗{s}{s}面。",
        ),
    ),
    "city": (
        ("{city}发布{weather}预警 {office}启动响应", "{city}{office}查处{n}起案件", "{city}老旧小区改造惠及{m}户"),
        (
            "{city}气象台{month}发布{weather}预警，预计{n}小时内降水量达{n}毫米，{n}个乡镇受影响。",
            "{city}{office}出动{n}人、车辆{n}台，在{road}一带值守{n}小时。",
            "{city}{office}通报，{month}以来立案{n}起，责令整改{n}家，罚款{n}万元。",
            "{road}小区居民{family}{given}说，加装电梯后上下楼只要{n}秒，{n}户邻居都签了字。",
            "{city}计划投入{n}万元改造{n}个小区的管网，工期{n}天，惠及居民{m}人。",
        ),
    ),
}
_OTHER = tuple(one for one in _MATTERS if one != "health")
_SLOT = re.compile(r"\{(\w+)\}")
_OF_THE_WHOLE = ("city", "system", "hospital", "crop", "trade", "art", "sport", "school", "weather")


class _Pen:
    """Fills the slots of templates by chance; what an article is about stays the same in all of it."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._fixed: dict[str, str] = {}

    def __call__(self, template: str) -> str:
        return _SLOT.sub(lambda found: self._word(found[1]), template)

    def _word(self, name: str) -> str:
        if name in self._fixed:
            return self._fixed[name]
        draw = self._draw
        if name == "n":
            return str(draw.randrange(2, 399))  # a page that speaks of 404 is taken for one that is gone
        if name == "m":
            return str(draw.randrange(1_000, 99_000))
        if name == "p":
            return f"{draw.randrange(20, 980) / 10:g}"
        said = self("{s}{s}{suffix}") if name == "city" else self(draw.choice(_WORDS[name]))
        if name in _OF_THE_WHOLE:
            self._fixed[name] = said
        return said


# ---------------------------------------------------------------------------------------------- the world


@dataclass(frozen=True, slots=True)
class Telling:
    """What one address of the world carries."""

    number: int
    url: str
    title: str
    paragraphs: tuple[str, ...]
    day: dt.date
    outlet: str
    """The origin it names: for a reprint that of the first."""
    dated: bool
    health: bool


@dataclass(frozen=True)
class World:
    """`articles` numbers spread over the days from `start` to `end`, by as many sources as 250 each make."""

    articles: int
    start: dt.date = WINDOW.start
    end: dt.date = WINDOW.end
    seed: int = 1
    sources: int = 0
    """0: one for every 250 articles, at least 4."""
    _tellings: Callable[[int], Telling] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", self.sources or max(4, self.articles // PER_SOURCE))
        # reprints ask for what they reprint, servers for what they just listed
        object.__setattr__(self, "_tellings", lru_cache(4 * _BACK)(self._told))

    def __getitem__(self, number: int) -> Telling:
        return self._tellings(number)

    def day(self, number: int) -> dt.date:
        """When it appeared: the numbers follow the days evenly."""
        days = (self.end - self.start).days + 1
        return min(self.end, self.start + dt.timedelta(days=number * days // self.articles))

    def source(self, number: int) -> int:
        """Which source carries it."""
        return number % self.sources

    def url(self, number: int) -> str:
        """Its address, as its site builds them."""
        day, source = self.day(number), self.source(number)
        pattern = ("/{0:%Y}/{0:%m}/{0:%d}/content_{1}.html", "/zwgk/{0:%Y%m}/t{0:%Y%m%d}_{1}.shtml", "/a/{1}.html")
        return f"http://{host(source)}" + pattern[source % 3].format(day, 600_000 + number)

    def _told(self, number: int) -> Telling:
        draw = random.Random(~(self.seed << 32 | number))
        place, back = number % 20, number - draw.randrange(1, _BACK)
        one = self._fresh(number)
        if place in _REPRINTS and back >= 0:
            first = self._fresh(back)
            title = draw.choice(("{}", "{}", "转载：{}", "关注！{}", "{}（图）")).format(first.title)
            one = replace(first, number=number, url=one.url, title=title, day=one.day)
        elif place == _TOLD_AGAIN and back >= 0:
            # the lead of the event stays, what is told around it is new
            first = self._fresh(back)
            body = (f"本报讯 记者获悉，{first.paragraphs[0]}", *one.paragraphs[1:])
            one = replace(one, title=f"{first.title} 现场回访", paragraphs=body, health=first.health)
        return replace(one, dated=number % 50 != _UNDATED)

    def _fresh(self, number: int) -> Telling:
        """A number as if it told of something for the first time."""
        draw = random.Random(self.seed << 32 | number)
        pen = _Pen(draw)
        health = number % _IN_SCOPE == 0
        titles, sentences = _MATTERS["health" if health else draw.choice(_OTHER)]
        title = pen(draw.choice(titles))
        paragraphs = []
        for _ in range(draw.choice((1, 2, 3, 3, 4, 4, 5, 6))):
            plain = [pen(one) for one in draw.choices(_PLAIN, k=draw.randrange(1, 4))]
            paragraphs.append(pen(draw.choice(sentences)) + "".join(plain))
        here, name = self.url(number), outlet(self.source(number))
        return Telling(number, here, title, tuple(paragraphs), self.day(number), name, True, health)

    # what others make of it --------------------------------------------------------------------------

    def lead(self, number: int) -> Lead:
        """The lead that its source gives."""
        one = self[number]
        return Lead(source_id(self.source(number)), one.url, one.title, f"{one.day}")

    def page(self, number: int) -> Page:
        """Its page, as the fetcher brings it."""
        moment = dt.datetime.combine(self.day(number), dt.time(18), BEIJING)
        return Page(self.url(number), self.body(number), moment, "text/html")

    def article(self, number: int) -> Article:
        """What reading it comes to, near enough, without reading it."""
        one = self[number]
        blocks = tuple(Block(Kind.PARAGRAPH, text) for text in one.paragraphs)
        return Article(one.url, one.title, blocks, one.day if one.dated else None, origin=one.outlet)

    def body(self, number: int) -> bytes:
        """The bytes of its page: about 16 KB, of which the article is the smaller part."""
        one, source = self[number], self.source(number)
        draw = random.Random(number)
        stamp = f"{one.day} {draw.randrange(6, 23):02}:{draw.randrange(60):02}" if one.dated else ""
        text = "\n".join(f"<p>　　{escape(each)}</p>" for each in one.paragraphs)
        near = range(max(0, number - 12), number)
        more = "".join(f'<li><a href="{self.url(each)}">{escape(self._fresh(each).title)}</a></li>' for each in near)
        page = _LAYOUTS[source % len(_LAYOUTS)]
        whole = page.format(
            title=escape(one.title), name=outlet(source), origin=one.outlet, stamp=stamp, text=text, more=more,
            furniture=_FURNITURE, menu=_MENU, editor=_Pen(draw)("{family}{given}"),
        )  # fmt: skip
        return whole.encode(_charset(source), "replace")

    def listing(self, source: int, first: int, last: int) -> Iterator[int]:
        """The numbers in [first, last) that a source carries, newest first."""
        newest = last - 1 - (last - 1 - source) % self.sources
        return iter(range(newest, first - 1, -self.sources))


def host(source: int) -> str:
    """The host of a source."""
    return f"s{source:04}.news.example"


def source_id(source: int) -> str:
    """The id of a source."""
    return f"s{source:04}"


def outlet(source: int) -> str:
    """The name of a source."""
    kinds = ("日报", "晚报", "新闻网", "发布", "卫生健康委", "广播电视台", "人民政府网")
    city = "".join(random.Random(source).sample(_SYLLABLES, 2))
    return f"{city}{kinds[source % len(kinds)]}"


def _charset(source: int) -> str:
    return "gb18030" if source % 4 == 2 else "utf-8"


_MENU = "".join(
    f'<li class="nav-{place}"><a href="/channel/{place}/index.html" target="_blank">{name}</a></li>'
    for place, name in enumerate(
        _listed("首页 要闻 时政 经济 社会 民生 教育 健康 文化 体育 旅游 科技 视频 图片 专题 数字报")
    )
)
_FURNITURE = (
    "<script>window.__cfg={"
    + ",".join(f'"module{one}":{{"id":{one * 37},"open":true}}' for one in range(180))
    + "};</script>"
    "<style>" + "".join(f".m{one}{{margin:0 {one}px;color:#3{one % 10}3}}" for one in range(180)) + "</style>"
)
_LAYOUTS = (
    # a paper's own site
    "<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}_{name}</title>{furniture}</head><body>"
    "<div class='header'><ul class='nav'>{menu}</ul></div><div class='main'><h1 class='article-title'>{title}</h1>"
    "<div class='article-info'><span class='time'>{stamp}</span> <span class='source'>来源：{origin}</span></div>"
    "<div class='article-content'>{text}<p>（责任编辑：{editor}）</p></div>"
    "<div class='related'><h3>相关阅读</h3><ul>{more}</ul></div></div>"
    "<div class='footer'>版权所有 {name} 未经授权禁止转载</div></body></html>",
    # an authority's, by TRS
    "<html><head><meta charset='utf-8'><meta name='ArticleTitle' content='{title}'><meta name='PubDate' content='"
    "{stamp}'><meta name='ContentSource' content='{origin}'><title>{title}</title>{furniture}</head><body>"
    "<div class='top'><ul>{menu}</ul></div><div class='xl_title'>{title}</div>"
    "<div class='xl_info'>发布时间：{stamp}　来源：{origin}</div><div class='TRS_Editor'>{text}</div>"
    "<div class='xl_more'><ul>{more}</ul></div><div class='foot'>主办：{name}</div>"
    "</body></html>",
    # an old one, in GBK with tables
    "<html><head><meta http-equiv='Content-Type' content='text/html; charset=gb2312'><title>{title}-{name}</title>"
    "{furniture}</head><body><table width='960'><tr><td><ul>{menu}</ul></td></tr><tr><td><h2>{title}</h2>"
    "<p align='center'>{stamp} 来源：{origin} 编辑：{editor}</p>"
    "<div id='zoom'>{text}</div></td><td><ul>{more}</ul></td></tr></table><p>Copyright {name}</p></body></html>",
    # a portal
    "<!DOCTYPE html><html><head><meta charset='utf-8'><meta property='og:title' content='{title}'><title>{title}_新闻_"
    "{name}</title>{furniture}</head><body><nav><ul>{menu}</ul></nav><article><h1>{title}</h1><div class='meta'>"
    "<time datetime='{stamp}'>{stamp}</time><a class='author'>{origin}</a></div><section class='body'>{text}</section>"
    "</article><aside><ul>{more}</ul></aside><footer>{name}</footer></body></html>",
)


# -------------------------------------------------------------------------------------------- the server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world = world
        self.shown = (0, world.articles)
        """Which numbers are out, first included, last not."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: who breaks off was ended by whoever measures."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A feed, a page of a list, an article, or 404."""
        world = self.server.world
        name = (self.headers.get("Host") or "").partition(".")[0]
        found, kind = b"", "text/html"
        if name.startswith("s") and name[1:].isdigit() and int(name[1:]) < world.sources:
            source = int(name[1:])
            if self.path == "/feed.xml":
                found, kind = self._feed(source), "application/rss+xml; charset=utf-8"
            elif page := re.fullmatch(r"/list(\d+)\.html", self.path):
                found = self._list(source, int(page[1]))
            elif article := re.search(r"[_/](\d{6,})\.s?html$", self.path):
                found = world.body(int(article[1]) - 600_000)
        tag = f'"{hash(found):x}"'
        same = bool(found) and self.headers.get("If-None-Match") == tag
        self.send_response(304 if same else 200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("ETag", tag)
        if not same:
            self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        if not same:
            self.wfile.write(found)

    def _feed(self, source: int) -> bytes:
        world = self.server.world
        items = "".join(
            f"<item><title>{escape(one.title)}</title><link>{one.url}</link><pubDate>{one.day}</pubDate></item>"
            for one in map(world.__getitem__, world.listing(source, *self.server.shown))
        )
        return f"<rss version='2.0'><channel><title>{outlet(source)}</title>{items}</channel></rss>".encode()

    def _list(self, source: int, page: int) -> bytes:
        world = self.server.world
        every = list(world.listing(source, *self.server.shown))
        some = every[page * _LIST : (page + 1) * _LIST]
        rows = "".join(
            f'<li><a href="{one.url}">{escape(one.title)}</a><span class="date">{one.day}</span></li>'
            for one in map(world.__getitem__, some)
        )
        onward = f'<a class="next" href="/list{page + 1}.html">下一页</a>' if len(every) > (page + 1) * _LIST else ""
        head = f"<html><meta charset='utf-8'><ul class='nav'>{_MENU}</ul>"
        return f"{head}<ul class='news'>{rows}</ul>{onward}</html>".encode()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: thousands of lines."""


class Web:
    """A served world: where it is, and which of its articles are out."""

    def __init__(self, world: World, process: subprocess.Popen[str]) -> None:
        self.world = world
        self._process = process
        self.address = f"127.0.0.1:{self._answer()}"
        self.pid = process.pid

    def show(self, first: int, last: int) -> None:
        """From now on feeds and lists name the articles [first, last)."""
        assert self._process.stdin
        self._process.stdin.write(f"{first} {last}\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the server of the world has ended")
        return line.strip()


@contextmanager
def served(world: World) -> Iterator[Web]:
    """The world on loopback, from a process of its own, so that its work is not counted as ours."""
    order = json.dumps([world.articles, world.start.isoformat(), world.end.isoformat(), world.seed, world.sources])
    command = [sys.executable, "-m", "benchmarks.world", "--serve", order]
    here = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Web(world, process)
        finally:
            assert process.stdin
            process.stdin.close()  # it ends when nobody talks to it any more


def _serve(order: str) -> None:
    articles, start, end, seed, sources = json.loads(order)
    with _Server(World(articles, dt.date.fromisoformat(start), dt.date.fromisoformat(end), seed, sources)) as server:
        import threading

        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        print(server.server_address[1], flush=True)
        for line in sys.stdin:
            first, last = map(int, line.split())
            server.shown = (first, last)
            print("shown", flush=True)
        server.shutdown()


# ----------------------------------------------------------------------------------------- the workspace


def write_workspace(folder: Path, web: Web, *, database: str = "", **settings: Any) -> Path:
    """A workspace in `folder` that watches the world for `SERIES`; its last issue is that of May 2024."""
    config = folder / "config"
    config.mkdir(parents=True)
    chosen: dict[str, Any] = {
        "database": database,
        "politeness": {"seconds_per_host": 0, "pages_per_source": 10_000, "retries": 0},
        "connect_to": {"*:80": web.address},
        "clock": {"collect_minutes": 0, "run_minutes": 600},
    }
    for name, value in settings.items():
        chosen[name] = {**chosen[name], **value} if isinstance(value, dict) and name in chosen else value
    series = {
        SERIES: {
            "title": "全国卫生信息化舆情监测月报",
            "issuer": "卫生健康大数据与政策研究中心",
            "unit": "月报",
            "topic": "卫生信息化",
            "window": "monthly",
            "last": {"number": 1, "window": "2024-05"},
        }
    }
    for name, tree in (("settings", chosen), ("series", series), ("sources", _sources(web.world))):
        with (config / f"{name}.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(tree, file)
    return folder


def _sources(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for source in range(world.sources):
        common = {"id": source_id(source), "name": f"{outlet(source)} {source}"}
        if source % 2:
            way = {"kind": "feed", "url": f"http://{host(source)}/feed.xml"}
        else:
            pages = 2 + world.articles // world.sources // _LIST
            way = {
                "kind": "listing", "url": f"http://{host(source)}/list0.html", "row": "ul.news li", "links": "a",
                "date": ".date", "next": "a.next", "pages": pages,
            }  # fmt: skip
        found.append({**common, **way})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        _serve(given.serve)
        return
    world = World(given.articles)
    with served(world) as web:
        print(
            f"curl --resolve {host(1)}:80:{web.address} … or: curl -H 'Host: {host(1)}' http://{web.address}/feed.xml"
        )
        web_is_wanted = sys.stdin.readline  # until Enter
        web_is_wanted()


if __name__ == "__main__":
    main()
