"""Issues to render: the office's own issue 535 as the model has it, and one that shows every kind of block."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

from pipeline.model import Block, Finding, Issue, Item, Kind, Severity, Window

SEEDS = Path(__file__).parent.parent / "seeds"
_SUBHEADINGS = (
    "楼上创新楼下转化",
    "天坛医院将建脑健康创新中心",
    "为智能医工培育产业生态",
    "2023 年北京医药健康产业营业收入 9761 亿元",
    "北京将打造 5-10 个高水平基础与临床结合的研究基地",
    "北京将提高临床试验效率 启动用时压缩至 25 周以内",
    "北京将搭建研发辅助平台为诊疗新技术等提供支撑",
    "北京市加快医药健康协同创新行动计划",
    "发展目标",
    "重点任务",
)
_DIGIT_GAP = re.compile(r"(?<=[\u4e00-\u9fff，。、]) +(?=[0-9A-Z])|(?<=[0-9A-Z%]) +(?=[\u4e00-\u9fff])")
_ENTRY = re.compile(r"(?m)^\d+\. ?标题：(.+)$")


def _is_cut(text: str) -> bool:
    """Whether a page break cut the paragraph here: full lines, no end of a sentence."""
    return len(text) > 40 and text[-1] not in "。？！…）)："


def _blocks(text: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        listed = re.match(r"(?:- )?((?:\d+\.|●) .+)", line)
        if line in _SUBHEADINGS:
            blocks.append(Block(Kind.HEADING, _DIGIT_GAP.sub("", line), level=1))
        elif listed:
            blocks.append(Block(Kind.ITEM, listed[1]))
        elif line.startswith("- "):
            blocks.append(Block(Kind.HEADING, line[2:], level=2))
        elif blocks and blocks[-1].kind is Kind.PARAGRAPH and _is_cut(blocks[-1].text):
            blocks[-1] = Block(Kind.PARAGRAPH, blocks[-1].text + _DIGIT_GAP.sub("", line))  # cut by a page break
        else:
            blocks.append(Block(Kind.PARAGRAPH, _DIGIT_GAP.sub("", line)))
    return tuple(blocks)


def issue_535() -> Issue:
    """北京市卫生信息化舆情监测月报 第五三五期, three items."""
    text = next(SEEDS.glob("001_*")).read_text(encoding="utf-8")
    starts = list(_ENTRY.finditer(text))
    items = []
    for position, start in enumerate(starts):
        end = starts[position + 1].start() if position + 1 < len(starts) else len(text)
        whole = text[start.end() : end]
        outlet = re.search(r"来源：(\S+)", whole)
        url = re.search(r"https?://[^\s>]+", whole)
        dateline = re.search(r"(?m)^(\d{4}-\d\d-\d\d) 来源.*$", whole)
        assert outlet
        assert url
        assert dateline
        items.append(
            Item(
                handle=f"a{position + 1}",
                title=start[1],
                outlet=outlet[1],
                url=url[0],
                date=dt.date.fromisoformat(dateline[1]),
                blocks=_blocks(whole[dateline.end() :]),
            )
        )
    return Issue(
        series="beijing-monthly",
        title="北京市卫生信息化舆情监测月报",
        issuer="北京市卫生健康大数据与政策研究中心",
        number=535,
        window=Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30)),
        lead="本期月报共收集3篇卫生信息化相关信息，时间从2024年6月1日至2024年6月30日，监测范围包括全国主流媒体及政府网站等。",
        items=tuple(items),
        footer=("报送：×××　　抄送：×××", "北京市卫生健康大数据与政策研究中心\t2024年6月30日印发"),
    )


HOSTILE = (
    "</w:t></w:r>",
    "{{7*7}} {% for x in y %} ${jndi:ldap://x}",
    '{ INCLUDETEXT "/etc/passwd" } { PAGE }',
    "甲\x00乙\x0b丙\ud800丁\u202e戊\u200b己\ufffe",
    "<script>alert(1)</script> &amp; &copy; <!-- x --> ]]>",
    "# 标题 `代码` **粗** [链](http://x) ![图](y) | 表 | ~~删~~",
    "1. 数字 - 连字 + 加 > 引 = 等",
    "'; DROP TABLE issues; --",
)
"""Strings that must be printed as they stand, apart from characters that no document may hold."""


def every_kind() -> Issue:
    """An issue with every kind of block, long titles, missing fields and hostile strings."""
    table = (
        ("指标", "2023年", "2024年", "说明"),
        ("接入医院（家）", "128", "215", "含二级以上公立医院，统计口径与上年一致"),
        ("调阅次数（万次）", "1,024.5", "3,780", ""),
        ("互认率", "36.2%", "58.9%", "检查检验结果"),
    )
    blocks = (
        Block(Kind.PARAGRAPH, "“三医联动”平台昨日上线，AI“影像助手”与OpenAI的“GPT Store”不同，It’s local——记者看到……"),
        Block(Kind.HEADING, "平台怎么建", level=1),
        Block(Kind.HEADING, "（一）统一标准", level=2),
        Block(Kind.PARAGRAPH, "2023—2025年分三步走，覆盖16个区、120余家医院，预计节省就诊时间30%以上。" * 3),
        Block(Kind.ITEM, "1. 统一目录、统一编码、统一接口"),
        Block(Kind.ITEM, "2. 建设区域影像、检验、心电、病理、会诊五大中心并接入市级平台统一调度与质控"),
        Block(Kind.QUOTE, "“数据多跑路，患者少跑腿，这句话说了很多年，今年才算真正落到了社区。”一位社区医生说。"),
        Block(Kind.FIGURE, "大厅", src="https://www.example.com/a.jpg"),
        Block(Kind.CAPTION, "市民在自助机前打印检查报告。本报记者 王小明 摄"),
        Block(Kind.TABLE, rows=table),
        Block(Kind.PARAGRAPH, "（记者 李晓 通讯员 赵敏）"),
    )
    day = dt.date(2025, 8, 4)

    def item(handle: str, title: str, *, body: tuple[Block, ...] = blocks[:1], **more: object) -> Item:
        fields: dict[str, object] = {"outlet": "健康报", "url": f"https://www.example.com/{handle}.html", "date": day}
        return Item(handle=handle, title=title, blocks=body, **(fields | more))  # type: ignore[arg-type] - test data

    hostile = tuple(Block(Kind.PARAGRAPH, text) for text in HOSTILE)
    items = (
        item("k1", "京津冀三地检查检验结果互认再扩围 首批二百一十五家医院实现影像资料云端共享调阅", body=blocks),
        item("k2", "关于进一步推动医疗机构信息互通共享工作有关情况的通知发布后社区卫生服务中心怎么做", excerpt=True),
        item("k3", HOSTILE[0] + HOSTILE[1], body=hostile, outlet="<b>报</b>", url="javascript:alert(1)"),
        item("k4", "“数字家医”签约", url="", date=None, outlet=""),
    )
    return Issue(
        series="national-weekly",
        title="全国卫生信息化舆情监测周报",
        issuer="北京市卫生健康大数据与政策研究中心",
        number=636,
        window=Window(dt.date(2025, 8, 2), dt.date(2025, 8, 8)),
        lead="本期周报共收集4篇卫生信息化相关信息，时间从2025年8月2日至2025年8月8日，监测范围包括全国主流媒体及政府网站等。",
        items=items,
        unit="周报",
    )


def findings() -> tuple[Finding, ...]:
    """What the release check might say about `every_kind`."""
    return (
        Finding("url", Severity.BLOCKING, "链接为空。", "请补上链接，或写明免检理由。", handle="k4", position=4),
        Finding("same-event", Severity.WARNING, "与第2条疑似同一事件。", handle="k1", position=1),
        Finding("sources", Severity.WARNING, "本期有2个来源未能采集。"),
    )


def long_issue(articles: int) -> Issue:
    """Issue 535 with its items repeated until there are `articles`."""
    issue = issue_535()
    items = tuple(
        dataclasses.replace(issue.items[index % len(issue.items)], handle=f"n{index}") for index in range(articles)
    )
    return dataclasses.replace(issue, items=items)
