"""Issues of any length with everything that makes lines and pages uneven, the same for the same seed."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterator
from functools import cache

from PIL import Image

from pipeline.model import Block, Issue, Item, Kind, Window

_WHO = (
    "市卫生健康委",
    "区级全民健康信息平台",
    "三级医院",
    "社区卫生服务中心",
    "省疾控中心",
    "医保部门",
    "大数据中心",
    "项目专班",
)
_DOES = ("上线", "打通", "建成", "试点推广", "升级改造", "统一部署", "联合发布", "持续完善")
_WHAT = (
    "电子病历共享",
    "检查检验结果互认",
    "互联网诊疗监管",
    "影像云",
    "智能分诊",
    "传染病监测预警",
    "数字家医签约",
    "药品追溯码",
)
_ENDS = ("群众少跑路", "数据多跑路", "重复检查明显减少", "平均候诊时间缩短", "基层能力得到提升", "下一步将扩大范围")
_LATIN = ("AI", "DeepSeek-R1", "HIS", "5G", "HL7 FHIR R4", "DRG/DIP 2.0", "iPhone 15 Pro", "ChatGPT", "PACS", "IPv6",
          "COVID-19", "Health Level Seven International", "OpenAI", "SaaS", "www.example.gov.cn", "OCR")  # fmt: skip
_QUOTED = ("一码通行", "最多跑一次", "互联网+医疗健康", "健康中国2030", "三医联动")
_SURNAMES = "王李张刘陈杨赵黄周吴"
_LONG = (
    "https://www.example.gov.cn/zwgk/zfxxgk/fdzdgknr/tzgg/202406/t20240612_{}.html?spm=zm5062-001.0.0.{}&from=timeline"
)
_SIZES = ((1200, 800), (640, 960), (200, 150), (1600, 400), (900, 900), (480, 320), (300, 1200))


def picture(blob: str) -> bytes:
    """The bytes of a picture of these issues; its name says which."""
    number = int(blob[:8], 16)
    return _jpeg(*_SIZES[number % len(_SIZES)], number)


@cache
def _jpeg(width: int, height: int, number: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), (number * 37 % 256, number * 91 % 256, 160)).save(target, "JPEG")
    return target.getvalue()


def varied_issue(seed: int, articles: int, *, paragraphs: int = 14, pictures: int | None = None) -> Issue:
    """An issue of `articles` items of about `paragraphs` blocks; with `pictures`, that many different ones."""
    chance = random.Random(seed)
    items = []
    for number in range(articles):
        blocks = list(_article(chance, max(1, round(paragraphs * chance.choice((0.3, 0.6, 1, 1, 1.3, 2))))))
        if pictures is not None:
            blocks = [block for block in blocks if block.kind not in (Kind.FIGURE, Kind.CAPTION)]
            if number < pictures:
                blocks[1:1] = _pictured(chance, number)
        items.append(
            Item(
                handle=f"v{number}",
                title=_title(chance),
                outlet=chance.choice(("健康报", "北京日报", "中国新闻网", "国家卫生健康委员会规划发展与信息化司", "")),
                url=_address(chance, chance.random() < 0.3),
                date=dt.date(2024, 6, 1 + number % 30) if chance.random() < 0.9 else None,
                blocks=tuple(blocks),
                excerpt=chance.random() < 0.1,
            )
        )
    return Issue(
        series="beijing-monthly",
        title="北京市卫生信息化舆情监测月报",
        issuer="北京市卫生健康大数据与政策研究中心",
        number=400 + seed,
        window=Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30)),
        lead=f"本期月报共收集{articles}篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日，"
        "监测范围包括全国主流媒体及政府网站等。",
        items=tuple(items),
        footer=("报送：×××　　抄送：×××", "北京市卫生健康大数据与政策研究中心\t2024年6月30日印发"),
    )


def _title(chance: random.Random) -> str:
    parts = [f"{chance.choice(_WHO)}{chance.choice(_DOES)}{chance.choice(_WHAT)}"]
    if chance.random() < 0.5:
        parts.append(f"{chance.choice(_LATIN)}助力{chance.choice(_ENDS)}")
    if chance.random() < 0.2:
        parts.append(f"{chance.randint(2, 300)}家医院已接入“{chance.choice(_QUOTED)}”")
    return chance.choice((" ", "：", "，")).join(parts)


def _address(chance: random.Random, long: bool) -> str:
    number = chance.randint(10_000, 9_999_999)
    return _LONG.format(number, number) if long else f"https://news.example.cn/c/{number}.html"


def _article(chance: random.Random, blocks: int) -> Iterator[Block]:
    made = 0
    while made < blocks:
        kind = chance.random()
        if kind < 0.66:
            yield Block(Kind.PARAGRAPH, _prose(chance, chance.choice((20, 60, 60, 120, 120, 200, 350, 700))))
        elif kind < 0.76:
            yield Block(Kind.HEADING, _title(chance)[: chance.choice((8, 14, 40))], level=chance.choice((1, 1, 2)))
        elif kind < 0.86:
            for number in range(chance.choice((2, 3, 5, 12))):
                level, mark = chance.choice(((0, f"{number + 1}."), (0, f"{number + 1}."), (1, ""), (2, "●")))
                yield Block(Kind.ITEM, _prose(chance, chance.choice((8, 25, 60, 120))), level=level, mark=mark)
                made += 1
        elif kind < 0.90:
            yield Block(Kind.QUOTE, _prose(chance, chance.choice((40, 120))))
        elif kind < 0.94:
            yield from _pictured(chance, chance.randint(0, 5000))
        elif kind < 0.97:
            yield from _table(chance)
        else:
            yield Block(Kind.PARAGRAPH, f"详见{_address(chance, True)}，或拨打12320咨询。{_prose(chance, 40)}")
        made += 1


def _pictured(chance: random.Random, number: int) -> Iterator[Block]:
    yield Block(Kind.FIGURE, "现场", src=f"https://www.example.com/{number}.jpg", blob=f"{number:08x}" * 8)
    if chance.random() < 0.7:
        yield Block(Kind.CAPTION, f"{chance.choice(_WHO)}工作人员演示系统。{chance.choice(_SURNAMES)}小明 摄")


def _table(chance: random.Random) -> Iterator[Block]:
    if chance.random() < 0.5:
        yield Block(Kind.CAPTION, f"表{chance.randint(1, 9)}　{chance.choice(_WHAT)}情况")
    columns = chance.choice((2, 3, 4, 4, 6, 9))
    head = ("指标", *(f"{2015 + column}年" for column in range(1, columns)))
    rows = [
        (
            chance.choice(_WHAT) + chance.choice(("", "（万人次）", "接入数")),
            *(f"{chance.randint(1, 90_000):,}" for _ in range(2, columns)),
            chance.choice(("", "98.6%", _prose(chance, 20), _prose(chance, 50))),
        )
        for _ in range(chance.choice((3, 5, 9, 24)))
    ]
    yield Block(Kind.TABLE, rows=(head, *rows), header=1)


def _prose(chance: random.Random, length: int) -> str:
    """Sentences of about `length` characters."""
    said = ""
    while len(said) < length:
        who, what = chance.choice(_WHO), chance.choice(_WHAT)
        said += chance.choice(
            (
                f"{who}{chance.choice(_DOES)}{what}，{chance.choice(_ENDS)}。",
                f"据{who}介绍，{what}已覆盖{chance.randint(2, 99)}个区县、{chance.randint(100, 9999)}家机构，"
                f"占比{chance.uniform(1, 99):.1f}%。",
                f"“{chance.choice(_QUOTED)}”是{what}的关键一步——{chance.choice(_ENDS)}，{chance.choice(_ENDS)}……",
                f"系统引入{chance.choice(_LATIN)}与{chance.choice(_LATIN)}，{who}的{what}《实施方案（试行）》"
                f"同步{chance.choice(_DOES)}；",
                f"{chance.choice(_SURNAMES)}主任说：“{what}{chance.choice(_DOES)}后，{chance.choice(_ENDS)}。”",
                f"{chance.randint(2019, 2025)}年{chance.randint(1, 12)}月{chance.randint(1, 28)}日，{who}、"
                f"{chance.choice(_WHO)}共同{chance.choice(_DOES)}{what}，",
            )
        )
    return said[: chance.randint(max(length - 8, 2), length + 20)]
