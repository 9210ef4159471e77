"""One canonical form of Chinese text, so that every comparison means the same thing by "the same".

`clean_text` is what may be stored and printed; `canonical` and `title_key` are for comparing only: raw text
stays as it is. A traditional copy with pinyin glosses has a character-5-gram Jaccard of .044 with its
simplified original before `canonical` and of .999 after it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache, lru_cache

from opencc import OpenCC

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters, as the inside of a regular expression's class."""

# What may not reach a page, a document or a comparison. Everything else is kept, private use included: names
# that GBK could not write live there.
#
#   U+0000–0008 000B 000C 000E–001F   outside XML 1.0 Char: Word and lxml refuse them
#   U+007F–009F                       DEL and C1 controls: invisible, always from a wrong decoding
#   U+00AD                            soft hyphen
#   U+061C 200E 200F 202A–202E 2066–2069   bidirectional marks and overrides: reorder what is read
#   U+180E 200B–200D 2060–2065 206A–206F FEFF   zero width: split words for searches
#   U+D800–DFFF                       lone surrogates: cannot be encoded
#   U+FDD0–FDEF FFFE FFFF             no characters
#   U+FFF9–FFFB                       interlinear annotation
#   U+E0000–E007F                     tags: invisible text
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

# Radicals that PDF fonts put in the place of characters (⻰ for 龙). NFKC maps U+2F00–2FD5 but of this block
# only two; the pairs follow Unicode's EquivalentUnifiedIdeograph, radicals without an equivalent in common
# fonts are left alone. Compatibility ideographs (U+F900–FADF, from Korean and Japanese fonts) are canonically
# equivalent to the characters they stand for, but for twelve, which are characters of their own.
_RADICALS = (
    "⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺒巳⺓幺⺔彑⺖忄⺗㣺⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺠民⺡氵⺢氺⺣灬⺤爫⺥爫"
    "⺦丬⺧牛⺨犭⺩王⺫目⺬示⺭礻⺮竹⺯糹⺰纟⺱罓⺲罒⺶羊⺹耂⺺肀⺻聿⺼月⺽臼⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻈讠⻉贝"
    "⻋车⻌辶⻍辶⻎辶⻏阝⻐钅⻑長⻒镸⻓长⻔门⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻟飠⻠饣⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾"
    "⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟⺟母"
)
_UNRADICAL = str.maketrans(
    dict(zip(_RADICALS[::2], _RADICALS[1::2], strict=True))
    | {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFAE0))}
)
_SUSPECT = re.compile("[\u2e80-\u2fd5\uf900-\ufadf]")

_GLOSS = re.compile(rf"([{HAN}])[(（]\s?([a-zA-ZüÜāáǎàăēéěèĕīíǐìĭōóǒòŏūúǔùŭǖǘǚǜńňǹḿ]{{1,7}})\s{{0,2}}[)）]")

_SEPARATOR = re.compile(r"(\s*[|｜_]+\s*|\s*[—–]+\s*|\s+-+\s+|-+)")
_PIPE = re.compile("[|｜]")
_OUTLET = re.compile(
    r"(?:网|报|社|在线|客户端|电视台|频道|传媒|政府|委员会|卫健委|周刊|APP|首页|门户|新闻|财经|官网|公众号)(?:$|[ ·])"
    r"|^(?:www\.)?[a-z0-9-]+\.(?:com|cn|net)",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"^(?:国内|国际|社会|时政|要闻|正文|公司|教育|科技|健康|财经|法治|评论|观点|视频|图片|资讯|专题|滚动|头条|最新|热点|综合|地方|深度\w{0,2})$"
)
_NOT_THE_TITLE = re.compile(
    r"^\W*(?:原标题|原题|来源标题|标题)\s*[:：]\s*|[(（\[【](?:组图|图|多图|高清组图|图文|视频|附图|附视频|附全文|全文|图解|一图读懂)[)）\]】]"
)
_BLANK_ENTITY = re.compile(r"&(?:amp;)?(?:nbsp|ensp|emsp|thinsp|#160|#13|#10)(\d{0,4});?")
_NO_WORD = re.compile(r"[\W_]+")


def clean_text(text: str) -> str:
    """`text` without what no page or document may carry (the table above), CJK radicals as characters."""
    text = _DROPPED.sub("", text)
    return text.translate(_UNRADICAL) if _SUSPECT.search(text) else text


@cache
def simplifier() -> OpenCC:
    """OpenCC tw2s: t2s leaves 著力, tw2sp rewrites words."""
    return OpenCC("tw2s")


@lru_cache(maxsize=8192)
def _readings(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin  # 0.2 s; few texts have glosses

    return frozenset(_toneless(one) for one in pinyin(character, style=Style.TONE, heteronym=True)[0])


def _toneless(syllable: str) -> str:
    parts = unicodedata.normalize("NFD", syllable.lower())
    return "".join(c for c in parts if c.isalpha()).replace("v", "u")


def is_gloss(character: str, syllable: str) -> bool:
    """Whether `syllable` is a reading of that very character, tones aside."""
    return _toneless(syllable) in _readings(character)


def count_glosses(text: str) -> int:
    """How many characters are followed by their own reading in brackets."""
    return sum(1 for found in _GLOSS.finditer(text) if is_gloss(found[1], found[2]))


def without_glosses(text: str) -> str:
    """`text` without bracketed readings of the character before them: 進(jìn) → 進, MRI(mri) stays."""
    if "(" not in text and "（" not in text:
        return text
    return _GLOSS.sub(lambda found: found[1] if is_gloss(found[1], found[2]) else found[0], text)


def without_entities(text: str) -> str:
    """`text` with what is left of HTML's entities read: &quot; as a mark, &nbsp and its torn &nbsp19; as a blank."""
    if "&" not in text:
        return text
    text = _BLANK_ENTITY.sub(lambda found: f" {found[1]}", text)
    return html.unescape(text)


def canonical(text: str) -> str:
    """The comparison form: NFKC, no glosses, simplified, lower case, no white space."""
    text = unicodedata.normalize("NFKC", clean_text(without_entities(text)))
    text = simplifier().convert(without_glosses(text))
    return "".join(text.split()).lower()


def bare_title(title: str) -> str:
    """A title in simplified characters without outlet, column and keyword tails, (组图) and 原标题.

    互认结果上线-某某在线, 互认结果上线 - 国内 - 某某网 and 互认结果上线|医保|影像 lose their tails;
    北青快评 | 远程医疗…… keeps its column, which stands in front.
    """
    text = unicodedata.normalize("NFKC", clean_text(without_entities(title)))
    text = simplifier().convert(without_glosses(text))
    text = _NOT_THE_TITLE.sub("", text.strip())
    parts = _SEPARATOR.split(text)
    segments, marks = parts[::2], parts[1::2]
    kept = len(segments)
    for at in range(1, len(segments)):
        longest = 6 if "——" in marks[at - 1] else 16  # a subtitle may end like an outlet: ——走进互联网
        if _OUTLET.search(segments[at]) and len(segments[at]) <= longest:
            kept = at  # what follows the outlet is its slogan
            break
    if kept < len(segments) or any(map(_PIPE.search, marks)):
        while kept > 1 and (
            _COLUMN.match(segments[kept - 1]) or (_PIPE.search(marks[kept - 2]) and len(segments[kept - 1]) <= 6)
        ):
            kept -= 1
    shorter = "".join(one for pair in zip(segments[:kept], [*marks[: kept - 1], ""], strict=True) for one in pair)
    return shorter if len(_NO_WORD.sub("", shorter)) >= 6 else text


def title_key(title: str) -> str:
    """The comparison form of a title: bare, no punctuation, no blanks, lower case."""
    return _NO_WORD.sub("", bare_title(title)).lower()
