"""Tellings of one event: what two documents share and contradict, and how likely that makes one event.

Title and lead carry the event; the body is background that all tellings of a long story share. So words weigh
by how rare they are among the document's neighbours, not in the language: in a story about one trial every
text names the defendant, and only 宣判 or 开庭 tells its events apart.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import Final

from pipeline.model import Document, Fingerprint
from pipeline.steps.canonical import HAN, bare_title, canonical, title_key
from pipeline.steps.dedupe.near import overlap, shingles

_LEAD = 260  # characters; longer leads bring in the background of the story
_BODY = 6_000
_PRIOR = 8.0  # how many neighbours the background frequency counts for

_WORD = re.compile(rf"[{HAN}]{{2,}}|[a-z][a-z0-9.+-]+")
_DATELINE = re.compile(
    r"^(?:[（(【\[]?(?:原标题|来源标题)[:：][^）)】\]\n]{4,60}[）)】\]]?)?"
    r"[^,，。:：;；]{0,28}?(?:\d{1,2}月\d{1,2}日)?(?:电(?![子话力视信商器梯池动脑影缆])|讯(?!问)|消息|报道)"
    r"[,，:：]?(?:[(（][^)）]{2,40}[)）])?"
)
_BYLINE = re.compile(r"[(（](?:[^()（）]{0,12}(?:记者|通讯员|编辑|作者)[^()（）]{1,40})[)）]")
_FIGURE = re.compile(
    r"(\d+(?:\.\d+)?|[一二三四五六七八九]?十[一二三四五六七八九]?|[零〇一二两三四五六七八九]+)[余多]?(万亿|亿|万|千|百)?"
    r"(元|人|名|家|例|件|起|个月|岁|公里|平方米|亩|吨|次|批|种|台|套|户|所|张|分|小时|天|年|条|项|米|份|类|处|只|辆|艘|具|口|宗|页|个|%)?(半)?"
)
_DAY = re.compile(r"(?:(20\d{2})年)?(\d{1,2})月(\d{1,2})[日号]|(?<![\d月])(\d{1,2})[日号](?!前)")
_YEAR = re.compile(r"(20\d{2})(?=年|[—-]20\d{2})|(?<!\d)(20\d{2})(?=全国|中国|世界|北京|\(第)")
_FILE = re.compile(r"《([^《》]{4,60})》")
_ORDINAL = re.compile(rf"(?:第([一二三四五六七八九十百\d]{{1,4}})|(首))(届|批|轮|次|期|季)([{HAN}]{{0,2}})")
_OPINION = re.compile(
    r"快评|时评|评论|短评|锐评|热评|社评|社论|观点|杂谈|漫谈|观察[:：|丨]|来论|[议论]道|谈[:：|丨]|评[:：|丨]|之问|岂能|不能只|"
    r"不妨|莫让|别让|警惕|当以|呼唤|反思|拷问|启示|评[“「]|媒体评|引热议|随想|远未|任重道远|路还长|还需|仍需|更需|[还仍更亟当]须|须[防警让]"
)
_WONDERS = re.compile(r"何以|为何|为什么|该不该|背后|[?？]$")
"""In a headline it makes a commentary unless the text opens as a report: 客车为何失控？调查组给出三个原因."""
_REPORTED = re.compile(r"记者|通讯员|[电讯][,，:：(（]|获悉")
_OPENS = 70  # characters of a text in which a report says where it comes from
_EXPLAINS = re.compile(r"答记者问|答问|问答|[\d一二三四五六七八九十]+问|详解|解读|读懂|释疑|释义|看懂|图解")
_CORRECTS = re.compile("更正|勘误|订正")
_TOMORROW = re.compile(r"明[日天]|后天|下周")
_AHEAD = re.compile(r"即将|将于|定于|将在|预告")  # in a lead these may be about something else
_NUMERALS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_STOP = frozenset(
    re.findall(
        r"\S+",
        """
    一个 一些 一种 我们 他们 你们 自己 没有 可以 已经 进行 以及 通过 对于 关于
    目前 今天 昨天 昨日 今日 近日 日前 记者 报道 表示 消息 获悉 了解 介绍 其中
    同时 因为 所以 如果 但是 不过 还是 就是 这个 那个 这些 那些 什么 怎么 如何
    为何 这样 那样 可能 应该 需要 成为 作为 相关 有关 方面 情况 问题 工作 时间
    发布 来源 编辑 责任编辑 原标题 图片 资料 客户端 日讯 日电 上午 下午 晚上 中国
    全国 新华社 新华网 人民网 中新网 央视 新京报 澎湃新闻 本报 本报记者 据悉 此前
    当日 当天 随后 此次 本次 这次 那么 之后
    """,
    )
)


@dataclass(frozen=True, slots=True)
class Head:
    """Title and lead of a document as words: enough to find candidates."""

    title: frozenset[str]
    words: frozenset[str]
    text: str
    """Title key and lead, to look phrases up in."""
    spoken: str
    """The title in canonical form with its marks, which its key lacks: 3.5%, 《办法》."""

    @property
    def headline(self) -> str:
        """The key of the title."""
        return self.text.partition("\n")[0]

    @property
    def front(self) -> str:
        """Title and lead as one text."""
        return f"{self.spoken}。{self.text.partition(chr(10))[2]}"


@dataclass(frozen=True, slots=True)
class Sketch:
    """All that the comparison reads of one document."""

    document: Document
    head: Head
    key: str
    lead: str
    text: str
    grams: frozenset[str]
    title_figures: frozenset[str]
    figures: frozenset[str]
    """Those of title and lead."""
    all_figures: frozenset[str]
    places: frozenset[str]
    title_places: frozenset[str]
    days: frozenset[dt.date]
    years: frozenset[str]
    files: frozenset[str]
    ordinals: Mapping[str, str]
    """Unit and what it counts → the number: 届 → 首."""
    commentary: bool
    explains: bool
    """Questions answered, a decision explained: about an event, not its telling."""
    corrects: bool
    """Takes back or mends what was told: 更正, 勘误."""
    ahead: bool
    """Told before it happens: 明天开庭."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How often words stand in the heads of the documents around one document."""

    members: Mapping[int, Head]
    _counts: Counter[str] = field(default_factory=Counter)  # 50 kB; made when first asked for
    _logs: dict[str, float] = field(default_factory=dict)
    """Word → the logarithm of how often it stands here with no pair left out."""

    def idf(self, words: frozenset[str], pair: tuple[int, int], model: Model) -> dict[str, float]:
        """How much each of the words tells here, the pair under comparison left out; always of the same model."""
        if not self._counts:
            self._counts.update(chain.from_iterable(head.words for head in self.members.values()))
        own = [self.members[at].words for at in pair if at in self.members]
        size = math.log(len(self.members) - len(own) + _PRIOR)
        one, two = (*own, _NONE, _NONE)[:2]
        counts, logs, shares, rare = self._counts, self._logs, model.background, model.rare
        theirs = words & one | words & two  # of a pair's words most, once one of the two is among the neighbours
        others = words - theirs
        for word in others.difference(logs):
            logs[word] = math.log(counts.get(word, 0) + _PRIOR * shares.get(word, rare))
        told = {word: size - logs[word] for word in others}
        for word in theirs:
            without = (word in one) + (word in two)
            told[word] = size - math.log(counts[word] - without + _PRIOR * shares.get(word, rare))
        return told


_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Model:
    """Logistic regression over the features, and how common words are in news at large."""

    intercept: float
    weights: Mapping[str, float]
    means: Mapping[str, float]
    background: Mapping[str, float]
    """Word → share of news texts whose title or lead has it."""
    rare: float
    """The share taken for words that are not in `background`."""
    _idf: Mapping[str, float] = field(init=False, repr=False, compare=False)
    _rarest: float = field(init=False, repr=False, compare=False)
    _best: float = field(init=False, repr=False, compare=False)
    """The score of a pair for which every feature speaks."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_idf", {word: -math.log(share) for word, share in self.background.items()})
        object.__setattr__(self, "_rarest", -math.log(self.rare))
        object.__setattr__(self, "_best", self.intercept + sum(max(one, 0.0) for one in self.weights.values()))

    def share(self, word: str) -> float:
        """How common `word` is in news at large."""
        return self.background.get(word, self.rare)

    def idf(self, word: str) -> float:
        """How much `word` tells, from news at large."""
        return self._idf.get(word, self._rarest)

    def at_most(self, values: Mapping[str, float]) -> float:
        """How likely a pair of which some features are known can be at most."""
        score = self._best
        for name, value in values.items():
            weight = self.weights[name]
            score -= max(weight, 0.0) - weight * value
        return _logistic(score)


@cache
def shipped() -> Model:
    """The weights that ship with the package; trained by `benchmarks/train_events.py`."""
    raw = json.loads(files("pipeline.steps.dedupe").joinpath("weights.json").read_text("utf-8"))
    total = raw["background"]["documents"]
    return Model(
        intercept=raw["intercept"],
        weights=raw["weights"],
        means=raw["means"],
        background={
            word: count / total
            for count, words in raw["background"]["counts"].items()
            for word in words.split()
            for count in [int(count)]
        },
        rare=2.0 / total,
    )


# ------------------------------------------------------------------------------------------ reading


def words_of(text: str) -> list[str]:
    """The words of a canonical text that can tell something, in order."""
    import rjieba  # reads its dictionary, 0.1 s: most commands cut no text

    return [word for word in rjieba.cut(text) if _WORD.fullmatch(word) and word not in _STOP]


def lead_of(text: str) -> str:
    """The first sentences of a text, canonical, without dateline and byline."""
    start = canonical(text[: _LEAD * 3])
    start = _BYLINE.sub("", _DATELINE.sub("", start, count=1))
    return start[:_LEAD]


def head_of(document: Document) -> Head:
    """Title and lead as words."""
    named = title_of(document)
    spoken = _spoken(named)
    title = frozenset(words_of(spoken))
    lead = lead_of(document.text)
    return Head(title, title | frozenset(words_of(lead)), f"{title_key(named)}\n{lead}", spoken)


def head_from(one: Fingerprint) -> Head:
    """The head that a fingerprint keeps."""
    text, _, spoken = one.head.rpartition("\n")
    return Head(one.title, one.words, text, spoken)


def title_of(document: Document) -> str:
    """The title; where it is absent or says nothing (正文, 详情), the beginning of the lead, where the event stands."""
    if len(title_key(document.title)) >= _MIN_TITLE:
        return document.title
    return re.split("[。！？；]", lead_of(document.text), maxsplit=1)[0][:_AS_TITLE]


_MIN_TITLE, _AS_TITLE = 4, 40  # characters


def _spoken(title: str) -> str:
    """A title in canonical form that still has its word boundaries: blanks and marks part words."""
    return canonical(re.sub(r"\s+", "，", bare_title(title)))


def grams_of(text: str) -> frozenset[str]:
    """The 5-grams of a canonical text that comparisons look at."""
    return shingles(text[:_BODY])


def sketch_of(document: Document, text: str, head: Head) -> Sketch:
    """Reads a document once; `text` is its canonical text."""
    text = text[:_BODY]
    key, lead = head.text.split("\n")
    title, front = head.spoken, head.front
    places = frozenset(filter(_is_place, head.words))
    return Sketch(
        document=document,
        head=head,
        key=key,
        lead=lead,
        text=text,
        grams=grams_of(text),
        title_figures=figures(title),
        figures=figures(front),
        all_figures=figures(f"{title}。{text}"),
        places=places,
        title_places=frozenset(w for w in places if w in title),
        days=_days(front, document.date),
        years=frozenset(a or b for a, b in _YEAR.findall(title)),
        files=frozenset(_bare(one) for one in _FILE.findall(front) if len(_bare(one)) >= 6),
        ordinals={unit + what[:2]: _numeral(number or "首") for number, first, unit, what in _ORDINAL.findall(title)},
        commentary=_comments(document.title, text),
        explains=bool(_EXPLAINS.search(document.title)),
        corrects=bool(_CORRECTS.search(document.title)),
        ahead=_is_ahead(document, lead),
    )


def _comments(title: str, text: str) -> bool:
    if _OPINION.search(title):
        return True
    return bool(_WONDERS.search(title)) and not _REPORTED.search(text[:_OPENS])


@lru_cache(maxsize=50_000)
def _is_place(word: str) -> bool:
    """Looked up: a word has the same tag wherever it stands, and tagging every text again cost a tenth of all."""
    import rjieba

    return [tag for _, tag in rjieba.tag(word)] == ["ns"]


def _is_ahead(document: Document, lead: str) -> bool:
    first = re.split("[。！？]", lead, maxsplit=1)[0]
    if _AHEAD.search(document.title) or _TOMORROW.search(document.title) or _TOMORROW.search(first):
        return True
    return document.date is not None and any(day > document.date for day in _days(document.title, document.date))


def _bare(name: str) -> str:
    return re.sub(r"\W|20\d{2}年?", "", name)


def _numeral(text: str) -> str:
    """A number below a hundred in Chinese characters as digits, others as they are: 首 → 1, 二十六 → 26."""
    if text == "首":
        return "1"
    if not all(character in _NUMERALS or character == "十" for character in text):
        return text
    tens, ten, ones = text.partition("十")
    if not ten:
        return "".join(str(_NUMERALS[character]) for character in text)
    if len(tens) > 1 or len(ones) > 1:
        return text
    return str(_NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0))


def figures(text: str) -> frozenset[str]:
    """Figures that say how much, with their units, 三年半 as 3.5年; days, years and small counts say little."""
    found = set()
    for digits, scale, unit, half in _FIGURE.findall(_DAY.sub(" ", _YEAR.sub(" ", text))):
        value = _numeral(digits)
        if half and unit == "年" and value.isdigit():
            value += ".5"
        if not unit and not scale and len(value) < _BARE:
            continue
        if not scale and unit in _SMALL and not half and value.replace(".", "", 1).isdecimal() and float(value) <= 3:
            continue
        if unit in ("", "年") and re.fullmatch(r"(?:19|20)\d\d", value):
            continue
        found.add(value + scale + ("人" if unit == "名" else unit))
    return frozenset(found)


_figures_of_head = lru_cache(maxsize=8192)(figures)  # a neighbour is asked with every pair around it


_BARE = 3  # digits that a figure without a unit must have
_SMALL = frozenset("年天次名人家个种项")
"""Units of which every text has one, two or three."""


def _days(text: str, published: dt.date | None) -> frozenset[dt.date]:
    """The days a text speaks of, years and months filled in from the day of publication."""
    if published is None:
        return frozenset()
    found = set()
    for year, month, day, alone in _DAY.findall(text):
        try:
            one = dt.date(int(year or published.year), int(month or published.month), int(day or alone))
            if not year and one > published + dt.timedelta(days=40):
                one = one.replace(year=one.year - 1)
            if alone and one > published + dt.timedelta(days=3):
                before = published.replace(day=1) - dt.timedelta(days=1)
                one = before.replace(day=int(alone))
            found.add(one)
        except ValueError:
            continue
    return frozenset(found)


# --------------------------------------------------------------------------------------- comparing

FEATURES: Final[Mapping[str, str]] = {
    "title_in_lead_min": "标题要词互见于对方导语",
    "title_in_lead_max": "标题要词见于对方导语",
    "phrase": "标题中的说法原样见于对方",
    "title_text": "标题文字相近",
    "lead_words": "导语用词相同",
    "contained": "文字重合",
    "numbers": "数字相同",
    "figure": "标题中的数字见于对方导语",
    "places": "地点相同",
    "days_apart": "所述日期不同",
    "gap": "发布日期相近",
    "file": "提到同一文件",
    "commentary": "一为评论一为报道",
}
"""Feature → what it says to an editor when it speaks for one event."""

AGAINST: Final = frozenset({"days_apart", "gap", "commentary"})
"""The features that speak against one event the larger they are."""

# Days, straight up to here: a logarithm, which counts the paper of the day after as a third, lost 5 points of recall
# on stories about other matters.
_GAP_CAP = 7
_NO_GAP = 0.4
_NO_NUMBERS = 0.3


def glance(
    a: Head,
    b: Head,
    days: int | None,
    near_a: Neighbourhood,
    near_b: Neighbourhood,
    pair: tuple[int, int],
    model: Model,
) -> dict[str, float]:
    """The features that titles tell, a fourth of the work of `outlook`; `days` lie between the two."""
    in_b = _found_in(a.title, b, near_a.idf(a.title, pair, model))
    in_a = _found_in(b.title, a, near_b.idf(b.title, pair, model))
    return {
        "title_in_lead_min": min(in_a, in_b),
        "title_in_lead_max": max(in_a, in_b),
        "title_text": _bigrams(a.headline, b.headline),
        "gap": min(days, _GAP_CAP) / _GAP_CAP if days is not None else _NO_GAP,
    }


def outlook(
    a: Head,
    b: Head,
    seen: Mapping[str, float],
    near_a: Neighbourhood,
    near_b: Neighbourhood,
    pair: tuple[int, int],
    model: Model,
) -> dict[str, float]:
    """The features that titles and leads tell, without reading further, those `seen` at a glance included."""
    return {
        **seen,
        "phrase": max(_phrase(a.headline, b.text, near_a, pair), _phrase(b.headline, a.text, near_b, pair)),
        "lead_words": _dice(a.words, b.words, near_a.idf(a.words, pair, model), near_b.idf(b.words, pair, model)),
    }


def features(
    a: Sketch,
    b: Sketch,
    heads: Mapping[str, float],
    near_a: Neighbourhood,
    near_b: Neighbourhood,
    pair: tuple[int, int],
    model: Model,
) -> dict[str, float]:
    """The features of a pair, those of its heads included; every one lies between 0 and 1."""
    contained, _, _ = overlap(a.grams, b.grams)
    return {
        **heads,
        "contained": math.sqrt(contained),
        "numbers": _mutual(a.figures, b.all_figures, b.figures, a.all_figures),
        "figure": max(_rare(title_figures(a, b), near, pair) for near in (near_a, near_b)),
        "places": _shared(near_a.idf(a.places & b.places, pair, model)) if a.places and b.places else 0.0,
        "days_apart": 1.0 if a.days and b.days and not a.days & b.days else 0.0,
        "file": 1.0 if _same_file(a.files, b.files) else 0.0,
        "commentary": 1.0 if a.commentary != b.commentary else 0.0,
    }


def may_reach(least: float, a: Head, b: Head, heads: Mapping[str, float], model: Model) -> bool:
    """Whether a pair can be as likely as `least` whatever is found when it is read further."""
    known = {**heads, "file": 1.0 if may_share_a_file(a, b) else 0.0}
    if model.at_most(known) < least:
        return False
    first, second = _figures_of_head(a.front), _figures_of_head(b.front)
    if not first or not second:
        known["numbers"] = _NO_NUMBERS
    if not (_figures_of_head(a.spoken) & second or _figures_of_head(b.spoken) & first):
        known["figure"] = 0.0
    return model.at_most(known) >= least


def may_be_named_alike(a: Head, b: Head) -> bool:
    """Whether a part of a title that is long enough for `named_alike` is in the other, or both name a 《document》."""
    return may_share_a_file(a, b) or _long_in_common(a.headline, b.text) or _long_in_common(b.headline, a.text)


def may_share_a_file(a: Head, b: Head) -> bool:
    """Whether both name a 《document》 in title or lead."""
    return "《" in a.front and "《" in b.front


def _gap(a: Document, b: Document) -> int | None:
    return abs((a.date - b.date).days) if a.date and b.date else None


def _found_in(title: frozenset[str], other: Head, idf: Mapping[str, float]) -> float:
    """How much of what a title says stands in the title or lead of the other."""
    total = sum(idf[word] for word in title)
    if total <= 0:
        return 0.0
    return sum(idf[word] for word in title if word in other.words or word in other.text) / total


def _dice(a: frozenset[str], b: frozenset[str], idf_a: Mapping[str, float], idf_b: Mapping[str, float]) -> float:
    total = sum(idf_a.values()) + sum(idf_b.values())
    return sum(idf_a[word] + idf_b[word] for word in a & b) / total if total > 0 else 0.0


def _phrase(title: str, text: str, near: Neighbourhood, pair: tuple[int, int]) -> float:
    """The longest part of a title that stands in the other's title or lead, by how rare it is among neighbours."""
    phrase = _common(title, text)
    if len(phrase) < _MIN_PHRASE:
        return 0.0
    others = [head for at, head in near.members.items() if at not in pair]
    count = sum(1 for head in others if phrase in head.text)
    rare = math.log((len(others) + _PRIOR) / (count + _PRIOR * 0.001)) / math.log(1000)
    return min(1.0, (len(phrase) - _MIN_PHRASE + 1) / _FULL_PHRASE) * min(1.0, rare)


_MIN_PHRASE = 4
_FULL_PHRASE = 8  # characters from there on, of a phrase that counts whole
_NAMED = 0.9  # of what a phrase can tell
_NAMED_LENGTH = _MIN_PHRASE - 1 + math.ceil(_NAMED * _FULL_PHRASE)


def _long_in_common(title: str, text: str) -> bool:
    """Whether a title has a part in a text that is long enough to name something."""
    return any(title[at : at + _NAMED_LENGTH] in text for at in range(len(title) - _NAMED_LENGTH + 1))


def _common(a: str, b: str) -> str:
    """The longest common substring; `a` is short."""
    best = ""
    for start in range(len(a)):
        while len(best) < len(a) - start and a[start : start + len(best) + 1] in b:
            best = a[start : start + len(best) + 1]
    return best


def _bigrams(a: str, b: str) -> float:
    first, second = {a[i : i + 2] for i in range(len(a) - 1)}, {b[i : i + 2] for i in range(len(b) - 1)}
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _mutual(a: frozenset[str], all_b: frozenset[str], b: frozenset[str], all_a: frozenset[str]) -> float:
    if not a or not b:
        return _NO_NUMBERS
    return (len(a & all_b) / len(a) + len(b & all_a) / len(b)) / 2


def title_figures(a: Sketch, b: Sketch) -> frozenset[str]:
    """The figures of one's title that stand in the other's title or lead."""
    return a.title_figures & b.figures | b.title_figures & a.figures


def _rare(shared: frozenset[str], near: Neighbourhood, pair: tuple[int, int]) -> float:
    """How much figures tell by how few neighbours have them in title or lead: own words keep 三年六个月 and 98万元."""
    if not shared:
        return 0.0
    others = [head for at, head in near.members.items() if at not in pair]
    counts = (sum(figure in _figures_of_head(head.text) for head in others) for figure in shared)
    told = sum(max(0.0, math.log((len(others) + _PRIOR) / (count + _SELDOM))) for count in counts)
    return min(1.0, told / _TELLING_FIGURES)


_SELDOM = 0.3  # neighbours that are taken to have any figure
_TELLING_FIGURES = 6.0  # about two figures that no neighbour has


def _shared(idf: Mapping[str, float]) -> float:
    return min(1.0, sum(idf.values()) / 6)


def _same_file(a: frozenset[str], b: frozenset[str]) -> bool:
    return bool(a & b) or any(x in y or y in x for x in a for y in b)


_PROVINCES = frozenset(
    re.findall(
        r"\S+",
        """
    北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东
    河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 内蒙古 广西 西藏 宁夏
    新疆 香港 澳门 台湾 深圳 广州 杭州 南京 武汉 成都 西安 苏州 青岛 大连 宁波
    厦门
    """,
    )
)


def conflicts(a: Sketch, b: Sketch) -> tuple[str, ...]:
    """What the two documents contradict each other in, in Chinese; any of it forbids one event."""
    found = []
    if a.years and b.years and not a.years & b.years:
        found.append("年份不同")
    if any(unit in b.ordinals and b.ordinals[unit] != number for unit, number in a.ordinals.items()):
        found.append("届次不同")
    if _numbers_differ(a, b):
        found.append("关键数字不同")
    if _places_differ(a, b):
        found.append("地点不同")
    if _institutions_differ(a, b):
        found.append("机构不同")
    if _only_titles_agree(a, b):
        found.append("标题相同而内容不同")
    return tuple(found)


def _only_titles_agree(a: Sketch, b: Sketch) -> bool:
    """One headline over two texts, such as 关于召开工作会议的通知: beyond it the leads share nothing."""
    if a.key != b.key:
        return False
    first, second = a.head.words - a.head.title, b.head.words - b.head.title
    return min(len(first), len(second)) >= 4 and len(first & second) <= 1 and overlap(a.grams, b.grams)[0] < 0.1


def _numbers_differ(a: Sketch, b: Sketch) -> bool:
    """Titles alike but for their numbers: 新增5例 and 新增8例 are two bulletins."""
    first, second = _TITLE_NUMBER.findall(a.key), _TITLE_NUMBER.findall(b.key)
    if not first or not second or first == second:
        return False
    return _TITLE_NUMBER.sub("", a.key) == _TITLE_NUMBER.sub("", b.key)


_TITLE_NUMBER = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十]+(?=[届批例起人家次期月日])")


def _places_differ(a: Sketch, b: Sketch) -> bool:
    """Headlines about two provinces, or opening with two towns, where neither text names the other's place."""
    for first, second in ((_provinces(a), _provinces(b)), (_opening(a), _opening(b))):
        if first and second and not first & second:
            return not any(place in b.text + b.key for place in first) and not any(
                place in a.text + a.key for place in second
            )
    return False


def _provinces(one: Sketch) -> set[str]:
    return {place for place in _PROVINCES if place in one.key}


_OPENING = re.compile(rf"^([{HAN}]{{2,3}}?)[省市县区州]")


def _opening(one: Sketch) -> set[str]:
    found = _OPENING.match(one.key)
    return {found[1]} if found and any(place.startswith(found[1]) for place in one.title_places) else set()


_INSTITUTION = re.compile(
    rf"[{HAN}]{{2}}(?:医院|卫生院|大学|学院|中学|小学|幼儿园|研究院|研究所|疾控中心|公司|集团|银行)"
)


_ANY = re.compile(
    r"[多全各两几数每这该某]|.[家所级]|涉事|公立|民营|私立|三甲|部分|有关|相关|所有|一些|试点|定点|基层|当地|本地|互联"
)
"""What stands before an institution without naming one: 多地医院, 全省医院, 涉事公司."""


def _institutions(title: str) -> set[str]:
    return {name for name in _INSTITUTION.findall(title) if not _ANY.match(name)}


def _institutions_differ(a: Sketch, b: Sketch) -> bool:
    """Headlines made alike about two institutions: 友谊医院…又有新进展 and 天坛医院…又有新进展.

    Only where neither text speaks of the other's institution: one event may have several.
    """
    here, there = _institutions(a.document.title), _institutions(b.document.title)
    first, second = here - there, there - here  # what both have may be a kind: 友谊医院互联网医院
    if not first or not second or _bigrams(_without(a.key, first), _without(b.key, second)) < _MADE_ALIKE:
        return False
    return not any(name in b.document.text for name in first) and not any(name in a.document.text for name in second)


_MADE_ALIKE = 0.4


def _without(title: str, names: set[str]) -> str:
    for name in names:
        title = title.replace(name, "")
    return title


def only_background(a: Sketch, b: Sketch) -> bool:
    """Whether two texts open on other matters, however much they share: today's news over last week's paragraphs."""
    if a.key == b.key:
        return False
    a_in_b, _, _ = overlap(shingles(a.lead[:_FIRST_LINES]), b.grams)
    b_in_a, _, _ = overlap(shingles(b.lead[:_FIRST_LINES]), a.grams)
    return max(a_in_b, b_in_a) < _OPENS_ALIKE


# Of a copy that was cut or framed the other's opening is somewhere in the text.
_FIRST_LINES, _OPENS_ALIKE = 50, 0.3


def differences(a: Sketch, b: Sketch) -> list[str]:
    """How two documents about one matter differ in kind, in Chinese; any of it forbids folding, not showing."""
    found = []
    if a.commentary != b.commentary:
        found.append("一为评论，一为报道")
    if a.explains != b.explains:
        found.append("一为解读答问，一为报道")
    if a.corrects != b.corrects:
        found.append("一为更正，一为原报道")
    if a.ahead != b.ahead and _gap(a.document, b.document):
        found.append("一为预告，一为报道")
    return found


def probability(values: Mapping[str, float], model: Model) -> float:
    """How likely the pair tells one event, before conflicts."""
    return _logistic(model.intercept + sum(weight * values[name] for name, weight in model.weights.items()))


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))


def named_alike(values: Mapping[str, float]) -> bool:
    """Whether both name one happening or one document: a long rare phrase of a title, a 《…》 in both leads."""
    return values["phrase"] >= _NAMED or values.get("file") == 1.0


def reasons(a: Sketch, b: Sketch, values: Mapping[str, float], model: Model) -> str:
    """The three strongest contributions in words, with what was found."""
    pulls = sorted(
        ((weight * (values[name] - model.means[name]), name) for name, weight in model.weights.items()), reverse=True
    )
    said: list[str] = []
    if values["phrase"] >= _TELLING_PHRASE:
        phrase = max(_common(a.key, b.head.text), _common(b.key, a.head.text), key=len)
        said.append(f"{FEATURES['phrase']}（{phrase}）")
    for pull, name in pulls:
        if pull <= 0.05 or len(said) == 3:
            break
        if detail := _detail(name, a, b, model):
            said.append(detail)
    return "；".join(said)


_TELLING_PHRASE = 0.6


def _detail(name: str, a: Sketch, b: Sketch, model: Model) -> str:
    label = FEATURES[name]
    shared: Sequence[str] = ()
    if name in ("title_in_lead_min", "title_in_lead_max", "lead_words"):
        pool = (a.head.title & b.head.words) | (b.head.title & a.head.words)
        shared = sorted(pool, key=lambda word: (-model.idf(word), word))
    elif name == "numbers":
        shared = sorted(a.figures & b.all_figures | b.figures & a.all_figures, key=lambda one: (-len(one), one))
    elif name == "figure":
        shared = sorted(title_figures(a, b), key=lambda one: (-len(one), one))
    elif name == "places":
        shared = sorted(a.places & b.places)
    elif name == "file":
        shared = sorted(one for one in a.files if any(one in other or other in one for other in b.files))
    elif name == "gap":
        gap = _gap(a.document, b.document)
        return "" if gap is None else f"发布相隔{gap}天" if gap else "同日发布"
    elif name in AGAINST:
        return ""  # its absence is no reason an editor needs
    if name in ("numbers", "figure", "places", "file") and not shared:
        return ""
    return f"{label}（{'、'.join(shared[:3])}）" if shared else label
