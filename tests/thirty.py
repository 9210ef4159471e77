"""An issue of thirty items with all that a bulletin may have to carry: awkward titles, lists, tables, pictures.

The sentences are made up in the manner of news; what varies between the items is said beside each.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import io
import itertools
from collections.abc import Callable, Iterator

from PIL import Image, ImageDraw

from pipeline.model import Block, Issue, Item, Kind, Window

_SENTENCES = (
    "走进门诊大厅，自助机前排队的人比往年少了许多，不少患者在家里就用手机完成了挂号和缴费。",
    "“过去拍一张片子要带着胶片跑几家医院，现在医生点开屏幕就能看到。”住在方庄的退休教师孙秀兰说。",
    "据介绍，平台目前已接入16个区的247家医疗机构，累计归集检查检验报告1.36亿份，日均调阅量超过9.2万次。",
    "市卫生健康委信息统计处负责人表示，下一步将统一数据标准，把互认范围从检验扩大到影像、病理和心电。",
    "项目分三期建设，一期投入2,480万元，主要用于改造接口、清洗历史数据和培训基层医务人员。",
    "社区卫生服务中心的家庭医生可以看到签约居民在三级医院的用药记录，随访时不再需要居民自己回忆。",
    "业内人士认为，技术并不是最难的部分，难的是让不同厂商的系统说同一种“语言”，并且有人对质量负责。",
    "记者在现场看到，护士用掌上电脑扫描腕带后，床旁的屏幕随即显示出医嘱、过敏史和当天的检查安排。",
    "按照方案，到2026年底，全市二级以上医院的电子病历系统应用水平分级评价要全部达到4级以上。",
    "与之配套的《医疗健康数据分类分级指南（试行）》也同时发布，明确了谁可以看、看什么、留什么痕。",
    "对于老年人关心的操作问题，医院保留了人工窗口，并安排志愿者在自助区手把手地教。",
    "中国信息通信研究院的一份报告显示，去年全国互联网诊疗服务人次同比增长23.7%，其中复诊开药占六成以上。",
    "在延庆区千家店镇，村医赵广林把心电图仪接到平板电脑上，10分钟后就收到了区医院发回的诊断意见。",
    "专家同时提醒，人工智能给出的只是建议，最终的判断和责任仍然在医生身上。",
    "为防止信息泄露，系统采用国密算法加密传输，每一次调阅都会向患者的手机推送一条提示。",
    "财政部门对运行维护给予稳定支持，避免了“重建设、轻使用”的老问题。",
    "数据显示，试点以来重复检查率下降了11.4个百分点，人均次均费用减少86元。",
    "河北省廊坊市、天津市武清区的12家医院也将在年内接入，三地医生可以共用一份会诊申请单。",
)
_DETAILS = (
    "这项工作从去年9月启动，先后召开了37次协调会，形成了42项接口规范和一套共用的术语表。",
    "在儿科，夜间分诊的平均等候时间由48分钟缩短到19分钟；在急诊，危急值从发出到确认不超过3分钟。",
    "参与建设的工程师王一鸣介绍，最费工夫的是把15年来用过的四套编码对应起来，光人工核对就有60多万条。",
    "医保部门同步开通了移动支付，参保人离院前在手机上就能完成结算，报销金额实时可见。",
    "不过，也有基层医生反映，多个系统之间仍要重复录入，希望能够“一次填报、多处共用”。",
    "对此，项目组计划在第四季度上线统一门户，把公共卫生、家医签约和慢病管理的表单合并成一张。",
)

TITLES: tuple[tuple[str, str], ...] = (
    ("北京市属医院检查检验结果互认平台升级 影像、病理、心电资料实现云端共享", "北京日报"),
    ("电子病历共享“最后一公里”怎么走", "健康报"),
    ("国家卫生健康委办公厅关于进一步做好医疗机构信息互通共享和便民惠民服务有关工作的通知发布后"
     "基层医疗卫生机构的落实情况调查", "中国卫生"),
    ("DeepSeek-R1进医院：Beijing Tongren Hospital上线AI预问诊（Pre-consultation）助手", "科技日报"),
    ("《北京市医疗健康数据分类分级指南（2025—2027年）》公开征求意见", "新京报"),
    ("五年内建成10个以上临床数据专病库", "北京青年报"),
    ("从“能看病”到“看得好”——延庆山区村卫生室接入远程心电、远程影像一年记", "北京广播电视台"),
    ("36项任务清单公布", "首都之窗"),
    ("全市医疗机构信息化投入与应用水平年度统计", "北京市卫生健康委员会"),
    ("各区卫生信息化主要指标月度完成情况", "北京市卫生健康大数据与政策研究中心"),
    ("二级以上医院电子病历系统应用水平分级评价结果", "首都医药"),
    ("接入机构情况一览", "千龙网"),
    ("图说｜一张片子的旅程：从拍摄到互认只要几分钟", "新华网"),
    ("智慧药房", "北京晚报"),
    ("全景照片里的区域检验中心", "北京日报客户端"),
    ("高塔式立体药库在通州院区投用", "人民网"),
    ("快讯：医保移动支付覆盖全部定点医疗机构", "央广网"),
    ("医疗大模型怎样管、谁来管、管什么：一份来自12家三级医院的长篇调研报告", "瞭望"),
    ("北青快评 | 别让“数字鸿沟”挡住老年人看病的路", "北青网"),
    ("Hospital information systems in Beijing: what the 2025 survey of 247 institutions says", "China Daily"),
    ("京津冀三地医学影像云平台联通首批二百一十五家医院患者异地就诊不必重复拍片", "天津日报"),
    ("某医院官网", "医院官网"),
    ("互联网医院复诊开药有了“说明书”", "光明日报"),
    ("没有日期的一则消息：社区卫生服务中心开通线上随访", "丰台区融媒体中心"),
    ("检验结果互认的国际经验", "参考消息"),
    ("专家谈数据要素×医疗健康：让数据“供得出、流得动、用得好”", "经济参考网"),
    ("三张表看懂全年变化", "北京商报"),
    ("医联体内的号源下沉", "健康时报"),
    ("年内完成的实事（之一）：家门口的检查", "首都建设报"),
    ("收官：一年来的数字", "北京日报"),
)  # fmt: skip
"""Titles and outlets: with and without a space, 60 characters and four, Latin words, digits, brackets, dashes."""

_LONG_URL = (
    "https://www.example.com/jkbj/2025/08/05/index.html?channel=%E5%8D%AB%E7%94%9F%E4%BF%A1%E6%81%AF%E5%8C%96"
    "&contentId=20250805143000000012345678&from=timeline&isappinstalled=0&share_token=7c9e6679-7425-40de-944b"
    "-e07fc1f90ae7&spm=a2c4g.11186623.0.0.5f3e1b7cKq9Zx#the-very-long-fragment-of-an-address-without-any-end"
)


def _paragraphs(seed: int, count: int, sentences: int = 3) -> Iterator[Block]:
    """Paragraphs that begin differently in each item."""
    every = (*_SENTENCES, *_DETAILS)
    for number in range(count):
        start = (seed * 5 + number * 7) % len(every)
        chosen = itertools.islice(itertools.cycle(every), start, start + 1 + (sentences + number + seed) % 4)
        yield Block(Kind.PARAGRAPH, "".join(chosen))


def _heading(text: str, level: int = 1) -> Block:
    return Block(Kind.HEADING, text, level)


def _table(*rows: tuple[str, ...], header: int = 0, spans: tuple[tuple[int, int, int, int], ...] = ()) -> Block:
    return Block(Kind.TABLE, rows=rows, header=header, spans=spans)


_TASKS = (
    ("加强统筹，打牢数据底座", 12, ("统一目录", "统一编码", "统一接口", "统一术语", "统一身份", "统一授权")),
    ("突出便民，优化就医流程", 11, ("预约挂号", "智能分诊", "移动支付", "床旁结算", "报告查询", "药品配送")),
    ("守住底线，保障数据安全", 11, ("分类分级", "访问留痕", "加密传输", "容灾备份", "应急演练", "第三方评估")),
)


def _list_of_tasks() -> Iterator[Block]:
    """One list, 1 to 34, under three sub-headings."""
    number = itertools.count(1)
    for heading, count, words in _TASKS:
        yield _heading(heading, 2)
        for place in range(count):
            word = words[place % len(words)]
            tail = "" if place % 3 else "，由市级平台统一调度，各区按月报送进度，年底前完成第三方评估并向社会公布结果"
            yield Block(Kind.ITEM, f"推进{word}工作{tail}", mark=f"{next(number)}.")


def _nested() -> Iterator[Block]:
    yield Block(Kind.ITEM, "检验类项目，按照国家卫生健康委临床检验中心室间质评合格的范围执行：", mark="1.")
    yield Block(Kind.ITEM, "临床生化，包括肝功能、肾功能、血脂和血糖，共28项；", level=1, mark="（1）")
    yield Block(Kind.ITEM, "空腹样本在采集后4小时内完成检测；", level=2, mark="①")
    yield Block(Kind.ITEM, "溶血、脂血样本不予互认，由开单医生重新开具；", level=2, mark="②")
    yield Block(Kind.ITEM, "临床免疫，共15项。", level=1, mark="（2）")
    yield Block(Kind.ITEM, "影像类项目，胶片与电子影像具有同等效力。", mark="2.")
    yield Block(Kind.ITEM, "X线摄影")
    yield Block(Kind.ITEM, "CT平扫")


_DISTRICTS = ("东城", "西城", "朝阳", "海淀", "丰台", "石景山", "门头沟", "房山", "通州", "顺义", "昌平", "大兴",
              "怀柔", "平谷", "密云", "延庆")  # fmt: skip


def _wide() -> Block:
    """Twelve columns of numbers and one of names."""
    head = ("区", *(f"{month}月" for month in range(1, 13)))
    rows = (
        (f"{name}区", *(f"{(place * 37 + month * 91) % 900 + 1000:,}" for month in range(12)))
        for place, name in enumerate(_DISTRICTS)
    )
    return _table(head, *rows, header=1)


def _long() -> Block:
    """Sixty rows, some of several lines."""
    rows = (
        (
            str(number),
            f"{_DISTRICTS[number % 16]}区第{number}社区卫生服务中心",
            f"2025-0{number % 7 + 1}-{number % 27 + 1:02d}",
            f"{number * 1237 % 90000:,}",
            "" if number % 4 else "接口改造已完成，历史数据清洗中，预计下季度开放调阅",
        )
        for number in range(1, 61)
    )
    return _table(("序号", "机构名称", "接入日期", "报告数（份）", "备注"), *rows, header=1)


def _spanned() -> Block:
    return _table(
        ("区", "2024年", "", "2025年", "", "说明"),
        ("", "机构（家）", "调阅（万次）", "机构（家）", "调阅（万次）", ""),
        ("丰台区", "128", "1,024.5", "215", "3,780.0", "含二级以上公立医院，统计口径与上年一致"),
        ("", "36", "88.1", "52", "120.4", "社区卫生服务中心"),
        ("西城区", "96", "700.2", "110", "910.3", ""),
        ("注：数据截至7月31日，来源于市级平台月报。", "", "", "", "", ""),
        header=2,
        spans=((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2), (0, 5, 2, 1), (2, 0, 2, 1), (5, 0, 1, 6)),
    )


def _small() -> Block:
    return _table(
        ("指标", "2024年", "2025年", "说明"),
        ("接入医院（家）", "128", "215", "含二级以上公立医院，统计口径与上年一致"),
        ("调阅次数（万次）", "1,024.5", "3,780", ""),
        ("互认率", "36.2%", "58.9%", "检查检验结果"),
        header=1,
    )


def _interview() -> Iterator[Block]:
    yield Block(Kind.QUOTE, "“数据多跑路，患者少跑腿，这句话说了很多年，今年才算真正落到了社区。”一位社区医生说。")
    yield Block(
        Kind.PARAGRAPH, "“AI不会取代医生，但会用AI的医生会取代不会用的。”这句被反复引用的话，在座谈会上引起了争论。"
    )
    yield Block(Kind.QUOTE, "第二十一条　医疗机构应当建立健全数据安全管理制度，明确数据处理的目的、方式、范围和期限，"
                "并对委托处理活动进行监督。")  # fmt: skip
    yield Block(Kind.QUOTE, "第二十二条　任何组织和个人不得非法收集、使用、加工、传输患者信息。")


SIZES = {
    "hall": (1600, 900), "panorama": (3200, 420), "tower": (420, 1700), "stamp": (150, 110), "square": (900, 900),
    "door": (700, 1000), "screen": (1280, 800),
}  # fmt: skip


@functools.cache
def _picture(name: str) -> bytes:
    """A drawing of something, as large as `SIZES` says."""
    width, height = SIZES[name]
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    pen = ImageDraw.Draw(image)
    for place in range(1, 6):
        pen.rectangle((width * place // 7, height // 4, width * place // 7 + width // 12, height * 3 // 4), "#5078a0")
    pen.rectangle((0, 0, width - 1, height - 1), outline="#202020", width=3)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return file.getvalue()


def _figure(name: str, caption: str = "", words: str = "") -> Iterator[Block]:
    blob = hashlib.sha256(_picture(name)).hexdigest()
    yield Block(Kind.FIGURE, words or caption or "现场", src=f"https://www.example.com/{name}.jpg", blob=blob)
    if caption:
        yield Block(Kind.CAPTION, caption)


def _very_long() -> Iterator[Block]:
    """About 20,000 characters."""
    for part, name in enumerate(("缘起", "现状", "问题", "案例", "比较", "建议", "展望", "附：方法"), start=1):
        yield _heading(f"{'一二三四五六七八'[part - 1]}、{name}：从12家医院的一线观察说起")
        for section in range(3):
            yield _heading(f"（{'一二三'[section]}）{_TASKS[section][0]}", 2)
            yield from _paragraphs(part * 3 + section, 7)


def _bodies() -> Iterator[tuple[Block, ...]]:
    def told(seed: int, *more: Block, before: int = 2, after: int = 1) -> tuple[Block, ...]:
        return (*_paragraphs(seed, before), *more, *_paragraphs(seed + 40, after))

    yield told(
        0,
        _heading("平台怎么建"),
        *_paragraphs(50, 2),
        _heading("患者怎么用"),
        *_figure("hall", "市民在自助机前打印检查报告。本报记者 王小明 摄"),
    )
    yield told(1, *_interview())
    yield told(2, _heading("落实情况"), _heading("（一）总体进展", 2), *_paragraphs(51, 3))
    yield told(
        3,
        Block(
            Kind.PARAGRAPH,
            "系统基于DeepSeek-R1-Distill-Qwen-32B，通过HL7 FHIR R4接口与HIS、LIS、PACS对接，"
            "日均调用12,000次，P95延迟1.8s；接口文档见https://www.example.com/docs/api/v2/pre-consultation/index.html。",
        ),
    )
    yield told(4, *_nested())
    yield told(5, before=1)
    yield told(6, *_figure("door", "村医把心电图仪接到平板电脑上。"), *_paragraphs(52, 3), before=3)
    yield (*_paragraphs(7, 1), *_list_of_tasks(), Block(Kind.PARAGRAPH, "（记者 李晓 通讯员 赵敏）"))
    yield told(8, Block(Kind.CAPTION, "表1 全市主要指标"), _small())
    yield told(9, Block(Kind.CAPTION, "表2 各区月度调阅量（次）"), _wide())
    yield told(10, _long(), before=1)
    yield told(11, _spanned())
    yield tuple(
        itertools.chain.from_iterable(
            (*_figure(name, f"第{step}步：{text}"), *_paragraphs(step, 1, 1))
            for step, (name, text) in enumerate(
                (("screen", "拍摄完成，影像上传"), ("square", "系统自动质控"), ("hall", "医生调阅")), 1
            )
        )
    )
    yield tuple(_figure("hall"))
    yield told(
        14,
        *_figure(
            "panorama",
            "区域检验中心的自动化流水线全长62米，每小时可处理样本1,200份。"
            "图为中心全景，由12张照片拼接而成。北京日报记者 张大勇 摄",
        ),
    )
    yield told(15, *_figure("tower", "立体药库高9米，可存放4万盒药品。"))
    yield (
        Block(
            Kind.PARAGRAPH,
            "央广网北京8月4日消息（记者 郭彦伟）记者从国家医保局获悉，医保移动支付已覆盖全部定点医疗机构。",
        ),
    )
    yield tuple(_very_long())
    yield told(18)
    yield (
        Block(
            Kind.PARAGRAPH,
            "A survey of 247 institutions in 16 districts, released on Tuesday, found that 58.9 percent of them "
            "share laboratory results, up from 36.2 percent a year earlier. “We expected slower progress,” said Li "
            "Ming, who led the survey. It’s the first time that community health centers were asked.",
        ),
        *_paragraphs(19, 1),
    )
    yield told(20, _heading("“一张片子走三地”"), _heading("“互认”不是“照抄”", 2))
    yield told(21, *_figure("stamp", "医院徽标"))
    yield told(22, before=3)
    yield told(23, before=1, after=0)
    yield told(24, Block(Kind.PARAGRAPH, "第一，标准先行。"), Block(Kind.PARAGRAPH, "第二，质量为本。"))
    yield told(25, *_interview(), *_figure("screen"))
    yield told(26, _small(), _small(), Block(Kind.CAPTION, "表3 分区情况"), _spanned(), before=1)
    yield told(27, before=1, after=2)
    yield told(28, _heading("一、怎么来的"), *_paragraphs(60, 1), _heading("二、怎么用"), *_paragraphs(61, 1))
    yield told(29, before=3)


@functools.cache
def issue_of_thirty() -> tuple[Issue, Callable[[str], bytes]]:
    """The issue, and where the bytes of its pictures are."""
    start = dt.date(2025, 7, 1)
    items = tuple(
        Item(
            handle=f"t{number}",
            title=title,
            outlet=outlet,
            url=_LONG_URL if number == 4 else f"https://www.example.com/2025/07/{number:02d}/a{number * 7919}.shtml",
            date=None if number == 24 else start + dt.timedelta(days=number - 1),
            blocks=blocks,
            excerpt=number in (3, 26),
        )
        for number, ((title, outlet), blocks) in enumerate(zip(TITLES, _bodies(), strict=True), start=1)
    )
    stored = {hashlib.sha256(_picture(name)).hexdigest(): _picture(name) for name in SIZES}
    issue = Issue(
        series="beijing-monthly",
        title="北京市卫生信息化舆情监测月报",
        issuer="北京市卫生健康大数据与政策研究中心",
        number=548,
        window=Window(start, dt.date(2025, 7, 31)),
        lead="本期月报共收集30篇卫生信息化相关信息，时间从2025年7月1日至2025年7月31日，监测范围包括全国主流媒体及政府网站等。",
        items=items,
        footer=("报送：×××　　抄送：×××", "北京市卫生健康大数据与政策研究中心\t2025年7月31日印发"),
    )
    return issue, lambda blob: stored.get(blob, b"")
