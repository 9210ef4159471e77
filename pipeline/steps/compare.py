"""Two texts side by side: what stands in both, what is new in the second, what is gone.

Requirements: an editor decides whether a candidate tells more than what an earlier issue printed, so every sentence is
marked, and what it brings is named: numbers, dates, 《documents》, institutions. A paragraph that was moved, merged or
printed in traditional characters is not new.

Method: sentences are compared in canonical form, without punctuation, by the character 5-grams they share with the
whole other text, wherever they stand there. A sentence of which every character lies in such a 5-gram stands in both;
one with six tenths of them was changed, and is shown with the sentence it is most like. Numbers are compared with
their unit (三家 is 3家), dates without a year they need not repeat, names as they are written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pipeline.model import Document, Mark, Sentence, Side, SideBySide
from pipeline.steps.canonical import HAN, canonical
from pipeline.steps.dedupe.near import SHINGLE

_SENTENCE = re.compile(r"[^。！？!?；;…]*(?:[。！？!?；;…]+[”’」』）)】]*|$)")
_NO_WORD = re.compile(r"[\W_]+")
_CHANGED = 0.6  # below it two sentences share their subject's name and no more
_LEAST_SHARED = 10  # characters; 医保智能监管领域 is not what became of 医保智能监管系统的建设……
_MOST_ALIKE = 20  # sentences in which one 5-gram is remembered
_SHORTEST = 4  # characters of a name: 上海大学


def compare(before: Document, after: Document) -> SideBySide:
    """Both texts with every sentence marked, and the facts that only the second has."""
    mine, its = _Text(before), _Text(after)
    return SideBySide(
        before=mine.beside(its),
        after=its.beside(mine),
        numbers=_not_in(_numbers(before), its_own=_numbers(after)),
        dates=_new_dates(before, after),
        documents=_new_names(_documents(after), before),
        institutions=_new_names(_institutions(after), before),
    )


class _Text:
    """A document cut into sentences, and the 5-grams of all of it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        lines = [line for line in document.text.splitlines() if line.strip()]
        self._paragraphs = [[one for one in _SENTENCE.findall(line) if one.strip()] for line in lines]
        self._keys = [[_key(one) for one in paragraph] for paragraph in self._paragraphs]
        self._whole = "".join(key for paragraph in self._keys for key in paragraph)
        self._grams = frozenset(_grams(self._whole))
        self._at: dict[str, list[str]] = {}
        for sentences, keys in zip(self._paragraphs, self._keys, strict=True):
            for sentence, key in zip(sentences, keys, strict=True):
                for gram in set(_grams(key)):
                    if len(known := self._at.setdefault(gram, [])) < _MOST_ALIKE:
                        known.append(sentence)

    def beside(self, other: _Text) -> Side:
        """This text with its sentences marked by what the other has."""
        paragraphs = tuple(
            tuple(other._marked(sentence, key) for sentence, key in zip(sentences, keys, strict=True))
            for sentences, keys in zip(self._paragraphs, self._keys, strict=True)
        )
        return Side(self._document.id, self._document.title, self._document.date, paragraphs)

    def _marked(self, sentence: str, key: str) -> Sentence:
        """Another text's sentence, marked by what stands here."""
        text = sentence.strip()
        if len(key) < SHINGLE:
            return Sentence(text, Mark.SAME if key in self._whole else Mark.ONLY)
        covered = set[int]()
        for start, gram in enumerate(_grams(key)):
            if gram in self._grams:
                covered.update(range(start, start + SHINGLE))
        if len(covered) == len(key):
            return Sentence(text, Mark.SAME)
        if len(covered) < max(_LEAST_SHARED, _CHANGED * len(key)):
            return Sentence(text, Mark.ONLY)
        shared = Counter(like for gram in set(_grams(key)) for like in self._at.get(gram, ()))
        nearest = max(shared, key=lambda one: (shared[one], -len(one)), default="")
        return Sentence(text, Mark.CHANGED, nearest.strip())


def _key(text: str) -> str:
    return _NO_WORD.sub("", canonical(text))


def _grams(key: str) -> list[str]:
    return [key[start : start + SHINGLE] for start in range(len(key) - SHINGLE + 1)]


# ---------------------------------------------------------------------------------------------- facts

_DATES = re.compile(r"((?:19|20)\d\d)年(?:(\d{1,2})月(?:(\d{1,2})日)?)?|(\d{1,2})月(\d{1,2})日")
_YEAR = re.compile(r"((?:19|20)\d\d)年")
_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_SCALES = {"十": 10, "百": 100, "千": 1000}
# a number of a measure; 十几 counts as none, 第五 counts nothing
_AMOUNT = re.compile(
    r"(?<![第\d.A-Za-z])(?P<number>\d[\d,]{0,14}(?:\.\d{1,6})?|[零〇一二两三四五六七八九十百千]{1,8})"
    r"[余多]?(?P<scale>[百千万亿]{0,3})[余多]?"
    r"(?P<unit>%|‰|个百分点|公里|平方米|小时|分钟|人次|例次|[家个名人项所台例张条种类元辆位床份款套批次处座户支只天岁倍场宗件种])"
)
_LEAST_SPOKEN = 3  # 一个, 两家 tell nothing; nor do 四个亮点, 三项任务
_LEAST_COUNTED = 10
_DOCUMENT = re.compile(r"《([^《》]{4,60})》")
_HEADS = re.compile(
    r"(?:医院|委员会|研究院|研究所|科学院|大学|学院|中心|公司|集团|学会|协会|联盟|银行|实验室|办公室|人民政府|委|局|部|司)$"
)
_INSIDE = frozenset(("n", "ns", "nt", "nr", "nz", "j", "an", "a", "b", "vn", "zg", "f", "ng"))
_PROPER = frozenset(("ns", "nt", "nr", "nz"))
_LONGEST_NAME = 5  # words


def _facts_of(document: Document) -> str:
    return canonical(f"{document.title}。\n{document.text}".replace("\n", "。"))


def _numbers(document: Document) -> list[tuple[str, str]]:
    """Amounts with their unit, as they are compared and as they are written; dates are none."""
    text = _DATES.sub(" ", _facts_of(document))
    found = []
    for one in _AMOUNT.finditer(text):
        number = one["number"].replace(",", "")
        spoken = not number[0].isdigit()
        if spoken:
            value = _spoken(number)
            if value < (_LEAST_COUNTED if one["unit"] in ("个", "项") else _LEAST_SPOKEN):
                continue
            number = str(value)
        found.append((f"{number}{one['scale']}{one['unit']}", one[0]))
    return found


def _spoken(number: str) -> int:
    """A number in Chinese numerals below ten thousand: 三百二十 → 320; digit by digit where no scale stands."""
    if not set(number) & _SCALES.keys():
        return int("".join(str(_DIGITS[char]) for char in number))
    total, digit = 0, 0
    for char in number:
        if char in _SCALES:
            total += (digit or 1) * _SCALES[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit


def _not_in(known: Iterable[tuple[str, str]], *, its_own: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    met = {key for key, _ in known}
    new: dict[str, str] = {}
    for key, written in its_own:
        if key not in met:
            new.setdefault(key, written)
    return tuple(new.values())


def _new_dates(before: Document, after: Document) -> tuple[str, ...]:
    text = _facts_of(before)
    known = {_day_key(one) for one in _DATES.finditer(text)}
    known |= {(int(year),) for year in _YEAR.findall(text)}
    new: dict[tuple[int, ...], str] = {}
    for one in _DATES.finditer(_facts_of(after)):
        if (key := _day_key(one)) not in known:
            new.setdefault(key, one[0])
    return tuple(new.values())


def _day_key(found: re.Match[str]) -> tuple[int, ...]:
    """A date as far as it is given; a day without its year, which news need not repeat."""
    year, *rest = found.group(1, 2, 3) if found[1] else (None, found[4], found[5])
    month, day = (int(one) if one else 0 for one in rest)
    if day or not year:
        return month, day
    return (int(year), month) if month else (int(year),)


def _documents(document: Document) -> Iterator[str]:
    return (f"《{name}》" for name in _DOCUMENT.findall(f"{document.title}\n{document.text}"))


def _institutions(document: Document) -> Iterator[str]:
    """Names that end as institutions' names do and hold a proper one: no 三甲医院, no 数据中心."""
    import rjieba  # reads its dictionary, 0.1 s: most commands cut no text

    words: Sequence[tuple[str, str]] = rjieba.tag(_facts_of(document))
    for at, (word, _) in enumerate(words):
        if not _HEADS.search(word):
            continue
        start = at
        while start > 0 and at - start < _LONGEST_NAME - 1 and words[start - 1][1] in _INSIDE:
            start -= 1
        while start < at and words[start][1] not in _PROPER and words[start][0] not in ("国家", "全国", "首都", "中央"):
            start += 1
        following = words[at + 1][0] if at + 1 < len(words) else ""
        name = "".join(word for word, _ in words[start : at + 1])
        proper = words[start][1] in _PROPER or start < at
        if proper and len(name) >= _SHORTEST and not _HEADS.search(following) and re.fullmatch(f"[{HAN}]+", name):
            yield name


def _new_names(names: Iterable[str], before: Document) -> tuple[str, ...]:
    known = _key(_facts_of(before))
    new: dict[str, str] = {}
    for name in names:
        if (key := _key(name)) not in known and not any(key in other for other in new):
            new = {other: written for other, written in new.items() if other not in key} | {key: name}
    return tuple(new.values())
