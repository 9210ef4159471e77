"""Lists of words as patterns, and the shapes of names and dates that several readers look for."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

GAP = "\u2003"
"""Parts inline elements in a byline line; no page writes it itself."""

PERSON = r"[\u4e00-\u9fff]{2,4}(?:·[\u4e00-\u9fff]{2,6})?"
PEOPLE = rf"(?P<who>{PERSON}(?:[\s、，,/;；&和]{{1,3}}{PERSON}){{0,5}})"

DAY = r"\d{4}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?"
CLOCKED = re.compile(DAY + r"|(?<!\d)\d{1,2}[-月]\d{1,2}日?(?!\d)|\d{1,2}:\d{2}(?::\d{2})?")
"""A date or a time of day."""

_GLOSS = re.compile(r"(?<=[\u3400-\u9fff])\s?\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ·\s]{1,10}\)")


def any_of(*groups: str) -> str:
    """A pattern for any one of the patterns in `groups`, which white space parts."""
    return "(?:" + "|".join(word for group in groups for word in group.split()) + ")"


@lru_cache(maxsize=512)  # five readers look at the same lines
def plain(line: str) -> str:
    """A byline line in NFKC with its gaps kept and pinyin glosses dropped: 來(lái)源 reads 來源."""
    kept = unicodedata.normalize("NFKC", line.replace(GAP, "\x1f"))
    return _GLOSS.sub("", kept).replace("\x1f", GAP)


OUTLETISH = re.compile(
    any_of(
        "报 網 网 社 台 刊 报社 新闻 新聞 在线 線上 客户端 频道 广播 卫视 周刊 杂志 发布 公众号 微信 门户 传媒",
        "时报 報 雜誌 電視 頭條 头条 财经 財經 日報 晚報 時報 网站 快讯 通讯 视界 观察 [Nn]ews 之家 号 论坛",
    )
    + "$"
)
"""What the names of outlets end in."""
