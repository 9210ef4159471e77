"""A draft of June 2024 as an editor meets it: items, reprints folded, what waits, what was passed over."""

from __future__ import annotations

import datetime as dt

from drafts import JUNE, NOON
from pipeline.model import (
    Article,
    Block,
    Candidate,
    DateClaim,
    Draft,
    Edge,
    Flag,
    Kind,
    Rating,
    Relation,
    Verdict,
    Witness,
)


def written(name: str, title: str, outlet: str, day: int, *paragraphs: str, **fields: object) -> Article:
    """An article of June, read from a page of `outlet`."""
    date = dt.date(2024, 6, day)
    values: dict[str, object] = {
        "url": f"https://news.example.cn/202406/{name}.html",
        "title": title,
        "blocks": tuple(Block(Kind.PARAGRAPH, text) for text in paragraphs),
        "date": date,
        "origin": outlet,
        "publisher": outlet,
        "author": "本报记者 赵然",
        "evidence": {"title": "h1", "date": "发布时间", "origin": "来源"},
        "dates": (DateClaim(Witness.PAGE, "正文上方", f"2024年6月{day}日", date, chosen=True, because="采用"),),
        "confidence": 0.94,
    }
    return Article(**{**values, **fields})


def rated(score: float, verdict: Verdict, *reasons: str) -> Rating:
    """What the scope makes of an article."""
    return Rating(score, verdict, reasons)


def june() -> Draft:
    """Four items in, one of them with two reprints; two that wait; three that were passed over."""
    hospital = written(
        "h1",
        "北京安贞医院通州院区智慧病房投入使用",
        "北京日报",
        4,
        "6月4日，北京安贞医院通州院区的智慧病房投入使用，床旁终端、输液监测和移动护理系统首次在同一平台上运行。",
        "护士长介绍，过去每班要手写四十多张记录单，如今体征数据由设备直接写入电子病历，交接班时间缩短了一半。",
        "院方表示，下一步将把智慧病房的数据接入区域健康信息平台，供社区卫生服务中心随访使用。",
    )
    reprints = (
        written("h1-qianlong", "安贞医院通州院区智慧病房投用", "千龙网", 4, *(one.text for one in hospital.blocks)),
        written("h1-sina", "北京安贞医院通州院区智慧病房投入使用", "新浪网", 5, *(one.text for one in hospital.blocks)),
    )
    edges = tuple(Edge(hospital.id, one.id, Relation.REPRINT, 0.97, "正文相同") for one in reprints)
    record = written(
        "h2",
        "电子病历共享扩至全市二级以上医院",
        "北京市卫生健康委",
        12,
        "本市电子病历共享调阅范围日前扩至全部二级以上医院，医生经患者授权可查看其近三年的检查检验结果。",
        "据统计，五月份全市共享调阅超过一百二十万次，重复检查减少约一成。",
    )
    model = written(
        "h3",
        "医疗大模型进社区：家庭医生有了“智能助手”",
        "新京报",
        18,
        "在西城区一家社区卫生服务中心，家庭医生问诊时，屏幕一侧会同步列出随访要点和用药提醒。",
        "这一助手由本地部署的医疗大模型支持，所有建议须经医生确认后方可写入病历。",
    )
    insurance = written(
        "h4",
        "医保移动支付覆盖本市三百余家定点医院",
        "北京青年报",
        26,
        "市医保局昨日介绍，医保移动支付已覆盖三百余家定点医疗机构，参保人在手机上即可完成挂号、缴费。",
    )
    near = written(
        "n1", "某区体检中心推出线上预约", "北京晚报", 9, "体检中心近日开通线上预约，市民可在公众号上选择体检套餐。"
    )
    robot = written(
        "n2", "手术机器人亮相科技周", "科技日报", 20, "科技周期间，一台国产手术机器人向观众演示了缝合葡萄皮的过程。"
    )
    summer = written("o1", "夏季养生：吃西瓜的五个好处", "某健康网", 12, "夏季炎热，西瓜清热解暑，但不宜过量食用。")
    mirror = written(
        "o2",
        "布局未来智慧医疗 打造智能医工高地",
        "某转载网",
        3,
        "首届智能医工大会召开，多家医院与企业签约。",
        flags=(Flag.MIRROR,),
    )
    old = written("o3", "三甲医院上线互联网诊室", "健康报", 2, "某三甲医院上线互联网诊室。", date=dt.date(2024, 5, 30))
    return Draft(
        "beijing-monthly",
        JUNE,
        (
            Candidate("c11aa", (hospital, *reprints), rated(0.93, Verdict.IN, "命中：智慧病房、电子病历", "北京机构"),
                      edges, seen=NOON),
            Candidate("c22bb", (record,), rated(0.91, Verdict.IN, "命中：电子病历", "北京机构"), seen=NOON),
            Candidate("c33cc", (model,), rated(0.86, Verdict.IN, "命中：医疗大模型", "北京地区"), seen=NOON),
            Candidate("c44dd", (insurance,), rated(0.82, Verdict.IN, "命中：医保移动支付"), seen=NOON),
            Candidate("c55ee", (near,), rated(0.55, Verdict.BORDERLINE, "命中：线上预约"), seen=NOON),
            Candidate("c66ff", (robot,), rated(0.48, Verdict.BORDERLINE, "命中：手术机器人", "地区不明"), seen=NOON),
            Candidate("c77aa", (summer,), rated(0.08, Verdict.OUT, "范围外：无信息化主题词"), seen=NOON),
            Candidate("c88bb", (mirror,), rated(0.4, Verdict.OUT, "疑似镜像"), seen=NOON),
            Candidate("c99cc", (old,), rated(0.7, Verdict.OUT, "窗口外"), seen=NOON),
        ),
        chosen=("c11aa", "c22bb", "c33cc", "c44dd"),
        silent=("某区政府网",),
    )  # fmt: skip
