"""Scope: is this what the bulletin is about, is it from here, and what manner of text is it.

Requirements: an article in scope must not vanish (score below `consider`), a flag on an unrelated item costs
an editor's minute, and every score says why in words an editor can check. The terms are the editors' own
(`scope.yaml`); what each kind of evidence weighs was learned (`rate.json`, benchmarks/train_scope.py).

Method
------
1. Fold: NFKC, simplified, lower case, no quotes, no blanks beside Han characters. One regular expression,
   compiled once from all terms, finds the longest term at each place: 智慧医疗 is not 医疗 as well.
2. Each sentence has a relevance: its strong terms, terms of different axes side by side (医院 + 小程序), three
   quarters of what the axes share, less half of the near misses in it (one 远程医疗 between 智慧城市 and
   自动驾驶 says little).
3. Eight features of title, lead and body, each from 0 to 1, discounted by near misses, feed a logistic model
   without negative weights: no evidence of the topic can lower a score.
4. A long article is also rated by its sections on topic; unless the title announces them or they are two
   fifths of it, that makes it 待审 at best.
5. A page that is not news (文库, 推广软文 …) is bounded by its type, a piece from elsewhere by its place.

Measured (benchmarks/scope.py, benchmarks/train_scope.py) on 91 labelled excerpts and 4,000 TV news items:
F1 .97 by ten-fold cross-validation grouped by event, none in scope below .3, 0.25 flags per 1,000 items, about
3,000 items a second. The term lists were written knowing these texts. On 163 excerpts written and labelled
without them (tests/texts/excerpts.jsonl) F1 was .911; the lists were then widened after a look at the errors of
one half, and the other half rose from .921 to .954. What is missed are things that have no usual name yet.

Known exceptions: a text without any of the terms (a new product known by its name alone) is not found; a page
whose facts are invented looks like any other. Tried and left out: a TF-IDF word model averaged in; trained on
91 texts it lowered the recall of an early version of the rule (.92 to .83 at equal weight).
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files

from pipeline.config import Outlets, PageType, PlaceRule, Scope, Terms
from pipeline.model import Genre, Rating, Verdict
from pipeline.steps.canonical import clean_text, simplifier, without_glosses

FEATURES = ("title", "title_axes", "lead", "lead_axes", "best", "share", "density", "variety")
"""What the weights of rate.json are for, each from 0 to 1 and each in favour of the topic (see `Rater.features`)."""

_LEAD = 200  # characters: a news lead is about 150, and a headline-like first line may stand before it
_ON_TOPIC = 2.0  # the relevance of a sentence with one strong term of weight 2
_AXIS_CAP = 4.0  # five times 医院 in one sentence says no more than twice
_RELEVANCE_CAP = 8.0  # an enumeration of thirty systems is one sentence still
_TOGETHER = 0.75  # of what the axes share; with .5, AI读片 in a 基层医院 had a relevance of 1
_SHORT = 60  # characters; densities of shorter texts are taken as if they were this long
_NO_BODY = 20  # characters; a shorter body (or one that repeats the title) proves nothing
_NO_BODY_AT_MOST = 0.45
_PASSAGE = 200  # characters; a shorter run of relevant lines is a mention, not a section
_OFF_TOPIC = 0.7  # what a character off topic costs a section; with .5, the section of 636 item 3 swallows its lead
_LONG = 500  # characters; a shorter text is rated as a whole only
_PASSAGE_AT_MOST = 0.7
_LARGE = 0.4  # with this share on topic its sections speak for the whole
_WHOLE = 0.6  # with this share on topic there is nothing to cut out
_PAGE_TYPE = 2.0  # sum of the weights that makes a page one of its type
_BYLINE = 40  # characters; a first or last line this short may say 本报评论员
_NAMED = 3  # times a company is named in an advertorial ...
_NAMED_EVERY = 400  # ... at least once every so many characters (534 item 3: once every 120)
_PRAISE = 5  # different phrases of praise in it (534 item 3: 15)
_ELSEWHERE = 0.5  # an article without a tie to the place gets at most this part of `consider`
_LOOSE_BELOW = 0.01  # an article with a loose tie stays this much under `accept`
_OFTEN = 3  # mentions in the body that make a piece one about the place ...
_EVERY = 600  # ... if there is one every so many characters

_BLANK = re.compile(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])")
_QUOTE = re.compile("[“”\"'‘’「」『』]")
_STOP = re.compile("[,.:;!?。、()]")
_SENTENCE = re.compile(r"[^。!?;]+[。!?;]*")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_EDGE = "\0"  # stands for the end of a Latin word while a pattern is built

# A place is passed by, not spoken of, in a dateline (新华社北京6月18日电, 央广网北京8月4日消息), in the name of a
# company, in an address, in a row of places (上海、北京、广东) and as the venue of a meeting.
_CITIES = (
    "北京|上海|重庆|广东|广州|深圳|浙江|杭州|宁波|江苏|南京|苏州|四川|成都|湖北|武汉|湖南|长沙|福建|福州|厦门|"
    "山东|济南|青岛|河南|郑州|安徽|合肥|江西|陕西|西安|海南|贵州|云南|广西|辽宁|沈阳|大连|吉林|黑龙江|哈尔滨|"
    "甘肃|宁夏|新疆|山西|太原"
)
_DATELINE = re.compile(r"^.{0,16}?\d{1,2}月\d{1,2}日(?:电|讯|消息|专电)")
_COMPANY = re.compile(r"[^\W的在将]{0,18}?(?:有限公司|有限责任公司|股份公司|科技公司|医疗公司|科技股份|集团)")
_ADDRESS = re.compile(r"[^\W的]{0,14}?[路街巷道][^\W的]{0,6}?\d+号")
_VENUE = re.compile(r"[^,。;]{0,6}?(?:举行|召开|举办|开幕|落幕|闭幕)")

# 腾讯健康:… names a company, 北京:… a place, 国家卫健委:… an office.
_SPEAKER = re.compile(rf"(?!{_CITIES}|天津|河北)(\w{{2,8}})(?<![委局部厅办省市区县院会家]):")
# A commentary opens with the news it comments on: (6月19日《光明日报》), (10月9日 新华网)
_QUOTED_NEWS = re.compile(r"\(据?\d{1,2}月\d{1,2}日(?:《[^》]{2,12}》|[^()]{2,10}[网报社])[^()]{0,6}\)$")


def fold(text: str) -> str:
    """`text` as terms are looked up: NFKC, simplified, lower case, no quotes, no blanks beside Han characters."""
    text = _QUOTE.sub("", unicodedata.normalize("NFKC", without_glosses(clean_text(text))).lower())
    return _BLANK.sub("", " ".join(simplifier().convert(text).split()))


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Finds the longest of `terms` at each place; Latin letters and digits only as whole words."""
    ends = {term + _EDGE if term[-1] in _LATIN else term for term in terms if term}
    starts: dict[str, list[str]] = {}
    for term in ends:
        starts.setdefault(term[0], []).append(term[1:])
    # Every branch begins with a character (the edge before it is looked for after it), so that the engine can
    # skip to the next possible one: twice as many documents a second as with the edge first.
    ways = [
        re.escape(head) + (f"(?<![0-9a-z]{re.escape(head)})" if head in _LATIN else "") + _branches(rest)
        for head, rest in starts.items()
    ]
    return re.compile("|".join(ways) or "(?!)")


def _branches(tails: Sequence[str]) -> str:
    groups: dict[str, list[str]] = {}
    for tail in tails:
        if tail:
            groups.setdefault(tail[0], []).append(tail[1:])
    if not groups:
        return ""
    ways = [
        "(?![0-9a-z])" if head == _EDGE else re.escape(head) + _branches(rest)
        for head, rest in sorted(groups.items(), key=lambda group: group[0] == _EDGE)  # longer terms first
    ]
    return f"(?:{'|'.join(ways)}){'?' if '' in tails else ''}"


def _weights(terms: Terms) -> dict[str, float]:
    return {fold(term): weight for weight, group in terms.items() for term in group}


def _saturated(value: float, half: float) -> float:
    return 1 - math.exp(-value / half)


@cache
def learned() -> tuple[Mapping[str, float], float]:
    """The weights of the features and the bias, from rate.json."""
    told = json.loads(files(__package__).joinpath("rate.json").read_text("utf-8"))
    return told["weights"], told["bias"]


@dataclass(frozen=True, slots=True)
class _Sense:
    """What a term says: of each axis, by itself, against."""

    axes: tuple[float, ...]
    strong: float = 0.0
    against: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What a sentence says; `relevance` is 2 for one strong term of weight 2."""

    length: int
    axes: tuple[float, ...]
    relevance: float = 0.0
    against: float = 0.0
    terms: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


class _Tie(Enum):
    """How an article belongs to a place."""

    NONE = 0
    LOOSE = 1
    FIRM = 2


class Rater:
    """Rates articles against one scope and, for a series of one place, its place.

    Compiled once, then pure and safe to share between threads.
    """

    def __init__(self, scope: Scope, place: PlaceRule | None = None, outlets: Outlets | None = None) -> None:
        self._scope = scope
        self._outlets = outlets or Outlets()
        self._nothing = (0.0,) * len(scope.axes)
        self._senses = self._senses_of(scope)
        self._terms = _pattern(self._senses)
        self._pages = [(page, _weights(page.terms)) for page in scope.pages]
        self._page_terms = _pattern({term for _, weights in self._pages for term in weights})
        self._commentary = _pattern(map(fold, scope.commentary))
        self._praise = _pattern(map(fold, scope.advertorial))
        self._companies = _pattern(map(fold, scope.companies))
        self._place = _Place(place, self._outlets) if place else None

    def _senses_of(self, scope: Scope) -> dict[str, _Sense]:
        """Term → sense; a later list wins, so that an editor's `ignore` always does."""
        senses: dict[str, _Sense] = {}
        for index, axis in enumerate(scope.axes):
            for term, weight in _weights(axis.terms).items():
                senses[term] = _Sense(tuple(weight if i == index else 0.0 for i in range(len(scope.axes))))
        for term, weight in _weights(scope.against).items():
            senses[term] = _Sense(self._nothing, against=weight)
        for term, weight in _weights(scope.strong).items():
            senses[term] = _Sense((min(weight, 2.0),) * len(scope.axes), strong=weight)
        return senses | {fold(term): _Sense(self._nothing) for term in scope.ignore}

    # ------------------------------------------------------------------------------------- the verdict

    def rate(self, title: str, text: str, outlet: str = "", url: str = "") -> Rating:
        """How well an article fits.

        `text` is the body, one block a line (`Article.text`); `Rating.excerpt` holds indices of these
        lines (`text.split("\\n")`). `outlet` is the printed 来源, `url` the address it was found at.
        """
        folded = fold(title)
        head = self._read(folded)
        lines = [fold(line) for line in text.split("\n")]
        read = [[self._read(sentence) for sentence in _SENTENCE.findall(line)] for line in lines]
        score = self._score(head, read)
        because = self._found(head, read)
        share, sections = self._passages(read)
        excerpt = sections if share < _WHOLE else ()
        length = sum(map(len, lines))
        if sections and length >= _LONG:
            at_most = 1.0 if head.relevance >= _ON_TOPIC or share >= _LARGE else _PASSAGE_AT_MOST
            score = max(score, min(at_most, self._score(head, [read[i] for i in sections])))
        if excerpt:
            because.append(f"相关段落约占全文 {share:.0%}，可节选")
        if length < _NO_BODY or "".join(lines) == folded:
            score = min(score, _NO_BODY_AT_MOST)
            because.append("正文缺失或过短，仅凭标题判断")
        for page in self._page_types(folded, lines, url):
            if score > page.at_most:
                score = page.at_most
                because.append(f"页面疑为{page.name}，非新闻")
        if self._place and score >= self._scope.consider:
            tie, why = self._place.tie(folded, lines, outlet, url)
            if tie is _Tie.LOOSE:
                score = min(score, self._scope.accept - _LOOSE_BELOW)
            elif tie is _Tie.NONE:
                score = min(score, self._scope.consider * _ELSEWHERE)
            because.append(why)
        verdict = self._verdict(score)
        if verdict is not Verdict.IN and (misses := self._near_misses(head, read)):
            because.append("近似而非：" + "、".join(misses))
        return Rating(
            score=round(score, 4),
            verdict=verdict,
            because=tuple(because),
            genre=self._genre(folded, lines),
            share=round(share, 4),
            excerpt=excerpt if verdict is not Verdict.OUT else (),
        )

    def _verdict(self, score: float) -> Verdict:
        if score >= self._scope.accept:
            return Verdict.IN
        return Verdict.BORDERLINE if score >= self._scope.consider else Verdict.OUT

    def features(self, title: str, text: str) -> dict[str, float]:
        """The evidence of one article, by the names in `FEATURES`; what the weights are learned on."""
        lines = [fold(line) for line in text.split("\n")]
        return self._features(
            self._read(fold(title)), [[self._read(one) for one in _SENTENCE.findall(line)] for line in lines]
        )

    # ------------------------------------------------------------------------------------ the evidence

    def _read(self, sentence: str) -> _Sentence:
        sums = list(self._nothing)
        strong = side = against = 0.0
        terms: list[str] = []
        misses: list[str] = []
        before: tuple[int, int, _Sense] | None = None
        for found in self._terms.finditer(sentence):
            sense = self._senses[found[0]]
            sums = [total + weight for total, weight in zip(sums, sense.axes, strict=True)]
            against += sense.against
            if sense.against:
                misses.append(found[0])
            if sense.strong:
                strong += sense.strong
                terms.append(found[0])
            elif before and not before[2].strong and _adjoin(sentence[before[1] : found.start()]):
                both = [max(pair) for pair in zip(before[2].axes, sense.axes, strict=True)]
                if min(both) >= 1 and not any(map(min, zip(before[2].axes, sense.axes, strict=True))):
                    side += min(both)
                    terms.append(sentence[before[0] : found.end()])
            before = (found.start(), found.end(), sense)
        axes = tuple(min(total, _AXIS_CAP) for total in sums)
        relevance = max(0.0, strong + side + min(axes) * _TOGETHER - against / 2)
        return _Sentence(len(sentence), axes, min(relevance, _RELEVANCE_CAP), against, tuple(terms), tuple(misses))

    def _score(self, head: _Sentence, read: Sequence[Sequence[_Sentence]]) -> float:
        weights, bias = learned()
        features = self._features(head, read)
        return 1 / (1 + math.exp(-bias - sum(weight * features[name] for name, weight in weights.items())))

    def _features(self, head: _Sentence, read: Sequence[Sequence[_Sentence]]) -> dict[str, float]:
        sentences = [one for line in read for one in line]
        if head.relevance == 0 and not any(one.relevance for one in sentences):
            return dict.fromkeys(FEATURES, 0.0)
        lead: list[_Sentence] = []
        so_far = 0
        for one in sentences:
            if so_far >= _LEAD:
                break
            lead.append(one)
            so_far += one.length
        per_hundred = 100 / max(_SHORT, sum(one.length for one in sentences))
        on_topic = sum(one.length for one in sentences if one.relevance >= _ON_TOPIC)
        title, opening = self._scope.title_weight, self._scope.lead_weight
        # Near misses discount: those of the title everything, those of lead and body what stands there.
        named = math.exp(-head.against * title / 6)
        begun = named * math.exp(-sum(one.against for one in lead) * opening * 100 / max(_SHORT, so_far) / 6)
        whole = named * math.exp(-sum(one.against for one in sentences) * per_hundred / 6)
        return {
            "title": named * _saturated(head.relevance * title, 3),
            "title_axes": named * min(1.0, min(head.axes) * title / 3),
            "lead": begun * _saturated(sum(one.relevance for one in lead) * opening, 3),
            "lead_axes": begun * min(1.0, max((min(one.axes) for one in lead), default=0.0) * opening / 2),
            "best": whole * _saturated(sum(sorted((one.relevance for one in sentences), reverse=True)[:3]), 4),
            "share": whole * on_topic * per_hundred / 100,
            "density": whole * _saturated(sum(one.relevance for one in sentences) * per_hundred, 2.5),
            "variety": whole * min(1.0, math.log1p(len({term for one in sentences for term in one.terms})) / 2.5),
        }

    def _found(self, head: _Sentence, read: Sequence[Sequence[_Sentence]]) -> list[str]:
        """命中：…（标题）、…（正文 3 处): the terms that counted, those of the title first."""
        counts: dict[str, int] = {}
        for one in (one for line in read for one in line):
            for term in one.terms:
                counts[term] = counts.get(term, 0) + 1
        in_title = list(dict.fromkeys(head.terms))
        rest = sorted((term for term in counts if term not in in_title), key=lambda term: -counts[term])
        parts = [f"{term}（标题）" for term in in_title[:4]]
        parts += [f"{term}（{counts[term]} 处）" if counts[term] > 1 else term for term in rest[:5]]
        if parts:
            return ["命中：" + "、".join(parts)]
        everything = [head, *(one for line in read for one in line)]
        touched = [max(one.axes[i] for one in everything) for i in range(len(self._nothing))]
        missing = [axis.name for axis, most in zip(self._scope.axes, touched, strict=True) if most == 0]
        return [f"未涉及{'、'.join(missing)}" if missing else "两方面虽都提到，但没有合在一起谈"]

    def _near_misses(self, head: _Sentence, read: Sequence[Sequence[_Sentence]]) -> list[str]:
        found = [*head.misses, *(term for line in read for one in line for term in one.misses)]
        return sorted(set(found), key=lambda term: (-found.count(term), found.index(term)))[:4]

    # ------------------------------------------------------------------------------------ the passages

    def _passages(self, read: Sequence[Sequence[_Sentence]]) -> tuple[float, tuple[int, ...]]:
        """The share of characters that stand in lines on topic, and the lines of the sections on topic."""
        lengths = [sum(one.length for one in line) for line in read]
        relevant = [_is_relevant(line) for line in read]
        share = sum(n for n, yes in zip(lengths, relevant, strict=True) if yes) / max(1, sum(lengths))
        gains = [n if yes else -_OFF_TOPIC * n for n, yes in zip(lengths, relevant, strict=True)]
        lines = [index for start, end in _sections(gains) for index in range(start, end)]
        return share, tuple(index for index in lines if lengths[index])

    # ----------------------------------------------------------------------------- page types and genre

    def _page_types(self, title: str, lines: Sequence[str], url: str) -> list[PageType]:
        body = "\n".join(lines)  # a page says what it is where it begins or ends; in between it may quote anything
        found = {term for part in (title, body[:400], body[400:][-200:]) for term in self._page_terms.findall(part)}
        address = url.lower()
        return [
            page
            for page, weights in self._pages
            if any(host in address for host in page.hosts)
            or sum(weight for term, weight in weights.items() if term in found) >= _PAGE_TYPE
        ]

    def _genre(self, title: str, lines: Sequence[str]) -> Genre:
        body = [line for line in lines if line]
        edges = (title, *(line for line in (*body[:1], *body[-1:]) if len(line) < _BYLINE))
        if any(map(self._commentary.search, edges)) or any(_QUOTED_NEWS.search(line) for line in body[:2]):
            return Genre.COMMENTARY
        whole = "\n".join((title, *body))
        named = self._companies.findall(whole)
        if speaker := _SPEAKER.match(title):
            named += [speaker[1]] * whole.count(speaker[1])
        most = max(map(named.count, set(named)), default=0)
        praise = len(set(self._praise.findall(whole)))
        if most >= _NAMED and most * _NAMED_EVERY >= len(whole) and praise >= _PRAISE:
            return Genre.ADVERTORIAL
        return Genre.NEWS


def _is_relevant(line: Sequence[_Sentence]) -> bool:
    """Whether a line is on topic: a third of its characters are, or a strong term comes every 150 characters."""
    length = sum(one.length for one in line)
    on_topic = sum(one.length for one in line if one.relevance >= _ON_TOPIC)
    return 0 < length <= max(on_topic * 3, sum(one.relevance for one in line) * 50)


def _adjoin(gap: str) -> bool:
    """Whether two terms with `gap` between them make one phrase: two characters, or three Latin words."""
    if _STOP.search(gap):
        return False
    return len(gap.split()) <= 3 if gap.isascii() else len(gap) <= 2


def _sections(gains: Sequence[float]) -> list[tuple[int, int]]:
    """The runs of lines, first and past the last, that gain at least `_PASSAGE`, in order."""
    found: list[tuple[int, int]] = []
    total = peak = 0.0
    start = end = 0
    for index, gain in enumerate([*gains, -math.inf]):
        if total <= 0:
            total, peak, start = 0.0, 0.0, index
        total += gain
        if total > peak:
            peak, end = total, index + 1
        elif total <= max(0.0, peak - _PASSAGE):
            if peak >= _PASSAGE:
                found.append((start, end))
            total = 0.0
    return found


class _Place:
    """Judges whether an article belongs to one place."""

    def __init__(self, rule: PlaceRule, outlets: Outlets) -> None:
        self._rule = rule
        self._outlets = outlets
        self._institutions = {fold(one) for one in rule.institutions}
        self._passing = {fold(one) for one in rule.passing}
        own = set(map(fold, rule.places))
        self._names = _pattern({*own, *self._institutions, *self._passing})
        elsewhere = f"(?:{'|'.join(city for city in _CITIES.split('|') if city not in own)})"
        self._elsewhere = re.compile(elsewhere)
        self._row_goes_on = re.compile("[、,和及与]" + elsewhere)
        self._row_before = re.compile(elsewhere + "(?:等地)?[、,和及与]$")
        self._owner_before = re.compile(elsewhere + r"[^\W、]{0,12}$")

    def tie(self, title: str, lines: Sequence[str], outlet: str, url: str) -> tuple[_Tie, str]:
        """How firmly an article belongs to the place, and why.

        Firm: an outlet of the region, the place in title or lead, an institution named there or twice, the
        place again and again. Loose: an institution named once, the place twice, or once in the lead of a
        piece whose title names another. Else none.
        """
        name = self._rule.name
        for found in (self._outlets.named(outlet) if outlet else None, self._outlets.at(url) if url else None):
            if found and self._rule.region and found.region == self._rule.region:
                return _Tie.FIRM, f"来源为{name}媒体：{found.name}"
        in_title = self._mentions(title)
        in_lead: list[str] = []
        in_body: list[str] = []
        so_far = 0
        for line in lines:
            found_here = self._mentions(line, until=_LEAD - so_far) if so_far < _LEAD else []
            in_lead += found_here
            in_body += self._mentions(line)[len(found_here) :]
            so_far += len(line)
        early = [*in_title, *in_lead]
        named = [one for one in (*early, *in_body) if one in self._institutions]
        if named and (len(named) > 1 or any(one in self._institutions for one in early)):
            return _Tie.FIRM, f"{name}机构：" + "、".join(list(dict.fromkeys(named))[:3])
        if early and not in_title and len(in_lead) + len(in_body) == 1 and self._elsewhere.search(title):
            return _Tie.LOOSE, f"标题说的是别处，仅导语提到一次{name}，请核"
        if early:
            return _Tie.FIRM, f"涉及{name}：{early[0]}（{'标题' if in_title else '导语'}）"
        if len(in_body) >= _OFTEN and len(in_body) * _EVERY >= so_far:
            return _Tie.FIRM, f"涉及{name}：正文 {len(in_body)} 处"
        if named:
            return _Tie.LOOSE, f"仅一处提到{name}机构（{named[0]}），请核"
        if len(in_body) > 1:
            return _Tie.LOOSE, f"仅正文 {len(in_body)} 处提到{name}，请核"
        named = [found for part in (title, *lines) for found in self._names.findall(part)]
        passed = "未涉及" if all(one in self._institutions for one in named) else "只顺带提到"
        return _Tie.NONE, f"{passed}{name}，来源亦非{name}媒体"

    def _mentions(self, line: str, until: int | None = None) -> list[str]:
        """The places and institutions spoken of in a line, up to a character."""
        dateline = found.end() if (found := _DATELINE.match(line)) else 0
        return [
            found[0]
            for found in self._names.finditer(line)
            if found.start() >= dateline and (until is None or found.start() < until) and self._counts(line, found)
        ]

    def _counts(self, line: str, found: re.Match[str]) -> bool:
        if found[0] in self._passing:
            return False
        before = line[max(0, found.start() - 16) : found.start()]
        if found[0] in self._institutions:
            return not self._owner_before.search(before)  # 武汉协和医院 is not 协和医院
        return not (
            any(pattern.match(line, found.end()) for pattern in (_COMPANY, _ADDRESS, _VENUE, self._row_goes_on))
            or self._row_before.search(before)
        )
