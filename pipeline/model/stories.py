"""Judging: tellings of one event, their rating, and the candidates they become."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pipeline.model.articles import Article
from pipeline.model.values import MOST_NAMED, chinese_number
from pipeline.model.windows import Window


@dataclass(frozen=True, slots=True)
class Document:
    """An article as comparisons see it: an identity, words, a day."""

    id: str
    title: str
    text: str
    date: dt.date | None = None
    url: str = ""
    aliases: tuple[str, ...] = ()
    """Other addresses of the same page: where it was asked for, its canonical, mobile and AMP addresses."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What finds a document again among many, without its text; the keys are signed 64-bit numbers."""

    id: str
    day: dt.date | None
    urls: tuple[int, ...]
    """Keys of its addresses."""
    text: int | None
    """Key of its text; `None` when it has none."""
    bands: tuple[int, ...]
    """Keys of its MinHash bands; two texts that share one may be the same."""
    title: frozenset[str]
    words: frozenset[str]
    """The words of title and lead."""
    head: str
    """Title key, lead and the title with its marks, a line each: to look phrases and figures up in."""
    stamp: str = ""
    """What it was made by and of; another stamp means: make it again."""


class Relation(StrEnum):
    """How two documents belong together, strongest first."""

    EXACT = "exact"
    REPRINT = "reprint"
    SAME_EVENT = "same_event"
    SUSPECTED = "suspected"
    FOLLOW_UP = "follow_up"

    @property
    def folds(self) -> bool:
        """Whether it makes one story of the two without anyone asking."""
        return self in (Relation.EXACT, Relation.REPRINT, Relation.SAME_EVENT)

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _RELATIONS[self]


_RELATIONS = {
    Relation.EXACT: "同一文章",
    Relation.REPRINT: "转载",
    Relation.SAME_EVENT: "同一事件",
    Relation.SUSPECTED: "疑似同一事件",
    Relation.FOLLOW_UP: "后续进展",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """One relation between two documents, with its evidence."""

    a: str
    b: str
    relation: Relation
    score: float
    because: str = ""


class Verdict(StrEnum):
    """Whether an article is within the scope."""

    IN = "in"
    BORDERLINE = "borderline"
    OUT = "out"


class Genre(StrEnum):
    """What manner of text an article is."""

    NEWS = "news"
    POLICY = "policy"
    """A rule, plan or opinion of an authority, in full or with its own title."""
    COMMENTARY = "commentary"
    ADVERTORIAL = "advertorial"
    NOTICE = "notice"
    """A tender, a recruitment, a closing time: an announcement to those concerned."""
    LIST = "list"
    """A round-up of several unrelated items, or a table of names."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _GENRES[self]


_GENRES = {
    Genre.NEWS: "新闻",
    Genre.POLICY: "政策文件",
    Genre.COMMENTARY: "评论",
    Genre.ADVERTORIAL: "疑似推广",
    Genre.NOTICE: "通知公告",
    Genre.LIST: "汇编名单",
}


@dataclass(frozen=True, slots=True)
class Match:
    """A term that was found, in its sentence."""

    term: str
    """As it is written in scope.yaml, or the two terms and what stands between them."""
    where: str
    """标题, 导语 or 正文; 来源 for the outlet that ties an article to a place."""
    sentence: str
    """As it stands in the article, at most 160 characters of it."""
    topic: str = ""
    """The topic, the axes or the rule of place the term belongs to; empty for a near miss."""
    against: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One step of how a score came about: what it is called, and the score after it or by it alone."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a further classifier thinks of an article: it ranks and suggests, it never writes."""

    classifier: str
    score: float
    because: str = ""
    """In Chinese, one sentence."""


class Classifier(Protocol):
    """Thinks about articles beside the scope; whatever varies between classifiers stays behind this."""

    def opinion(self, title: str, text: str) -> Opinion | None:
        """What it thinks of an article, one block a line; `None` when it cannot say."""
        ...


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier decision about a like article."""

    series: str
    window: Window
    title: str
    included: bool
    likeness: float
    """0 to 1."""
    reason: str = ""
    """What the editor wrote, if anything."""
    number: int = 0
    """The number of the issue."""

    @property
    def chinese(self) -> str:
        """The decision as an editor reads it: 第五三四期收录《…》（相似 0.43）."""
        done = "收录" if self.included else "剔除"
        because = f"：{self.reason}" if self.reason else ""
        return f"第{chinese_number(self.number)}期{done}《{self.title}》（相似 {self.likeness:.2f}）{because}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision about one article that went out with an issue, as it is remembered."""

    handle: str
    """The candidate's, in its own issue."""
    words: tuple[str, ...]
    """Those of its title and lead, each once, in order."""
    precedent: Precedent
    """Without likeness."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How well an article fits a series' scope, and why."""

    score: float
    verdict: Verdict
    because: tuple[str, ...] = ()
    """Reasons in Chinese, strongest first."""
    genre: Genre = Genre.NEWS
    share: float = 1.0
    """Share of the article's characters that stand in paragraphs on topic."""
    excerpt: tuple[int, ...] = ()
    """Indices of the blocks on topic, when only a part of a long article is."""
    topics: tuple[str, ...] = ()
    """Names of the topics it is about, strongest first."""
    matches: tuple[Match, ...] = ()
    """The terms that counted, in their sentences, strongest first."""
    parts: tuple[Part, ...] = ()
    """How the score came about, in the order it did."""
    ground: str = ""
    """What settled it when it is out, as a word for all its like: 与北京无关, 页面类型."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where an earlier issue already carried this."""

    series: str
    number: int
    position: int
    title: str
    relation: Relation
    score: float
    because: str = ""
    """What it rests on, in Chinese."""

    @property
    def place(self) -> str:
        """The place as an editor reads it: 第五三四期第4条."""
        return f"第{chinese_number(self.number)}期第{self.position}条"


class Novelty(StrEnum):
    """What earlier issues make of a candidate, strongest first."""

    REPEATED = "repeated"
    FOLLOW_UP = "follow_up"
    SUSPECTED = "suspected"
    NEW = "new"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"repeated": "重复", "follow_up": "后续进展", "suspected": "疑似重复", "new": "新"}[self.value]


@dataclass(frozen=True, slots=True)
class Printed:
    """An item that a released issue carried, as comparisons see it."""

    series: str
    number: int
    position: int
    document: Document


class Mark(StrEnum):
    """What a sentence is beside another text."""

    SAME = "same"
    CHANGED = "changed"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text that is held beside another one."""

    text: str
    mark: Mark
    like: str = ""
    """The sentence of the other text that it is most like, where it was changed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts side by side."""

    name: str
    title: str
    date: dt.date | None
    paragraphs: tuple[tuple[Sentence, ...], ...]

    def count(self, mark: Mark) -> int:
        """How many of its sentences are so marked."""
        return sum(one.mark is mark for paragraph in self.paragraphs for one in paragraph)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """An earlier text and a later one: what is in both, what is new, what is gone."""

    before: Side
    after: Side
    numbers: tuple[str, ...] = ()
    """Amounts that only the later one gives, as written; likewise the following."""
    dates: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()

    @property
    def news(self) -> str:
        """What is new in one line, as an editor reads it."""
        told = [
            f"{word}{'、'.join(some[:MOST_NAMED])}" + (f"等 {len(some)} 处" if len(some) > MOST_NAMED else "")
            for word, some in (
                ("文件", self.documents),
                ("机构 ", self.institutions),
                ("数字 ", self.numbers),
                ("日期 ", self.dates),
            )
            if some
        ]
        new, changed = self.after.count(Mark.ONLY), self.after.count(Mark.CHANGED)
        if new or changed:
            parts = ([f"新增 {new} 句"] if new else []) + ([f"改写 {changed} 句"] if changed else [])
            told.append(f"{'、'.join(parts)}（共 {sum(map(len, self.after.paragraphs))} 句）")
        return "；".join(told) or "没有新内容"


@dataclass(frozen=True, slots=True)
class Story:
    """An event: the article that represents it first, its reprints and other tellings after."""

    members: tuple[str, ...]
    """Article ids, the representative first."""
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story an editor may take: its articles, its rating, its coverage in earlier issues."""

    handle: str
    """Short and stable: what an editor types."""
    articles: tuple[Article, ...]
    """The representative first."""
    rating: Rating
    edges: tuple[Edge, ...] = ()
    suspected: tuple[Edge, ...] = ()
    """Relations to other candidates that did not fold."""
    coverage: tuple[Coverage, ...] = ()
    seen: dt.datetime | None = None
    precedents: tuple[Precedent, ...] = ()
    """The nearest earlier decisions, nearest first."""
    opinions: tuple[Opinion, ...] = ()
    """What optional classifiers think of it."""

    @property
    def article(self) -> Article:
        """The representative."""
        return self.articles[0]

    @property
    def earlier(self) -> Coverage | None:
        """Where an earlier issue carried it most clearly: a repetition before a follow-up before a suspicion."""
        rank = [Relation.FOLLOW_UP, Relation.SUSPECTED]
        return min(
            self.coverage,
            key=lambda one: (0 if one.relation.folds else 1 + rank.index(one.relation), -one.score),
            default=None,
        )

    @property
    def novelty(self) -> Novelty:
        """Whether it is new, beside all that earlier issues carried."""
        if self.earlier is None:
            return Novelty.NEW
        return Novelty.REPEATED if self.earlier.relation.folds else Novelty(self.earlier.relation.value)


@dataclass(frozen=True, slots=True)
class Retelling:
    """An article folded under a representative: who shows it, and how it belongs there."""

    id: str
    who: str
    """Of the same text the one that shows it, of another telling the one that tells it."""
    title: str
    url: str
    date: dt.date | None
    relation: Relation | None
    """To the representative; `None` where an editor merged them."""
    score: float = 0.0
    because: str = ""
    counted: bool = True
    """Not the representative's own outlet, no mirror."""

    @property
    def reprint(self) -> bool:
        """Whether it is the same text (转载), not another telling of the event."""
        return self.relation in (Relation.EXACT, Relation.REPRINT)

    @property
    def chinese(self) -> str:
        """The relation as an editor reads it."""
        return self.relation.chinese if self.relation else "编辑合并"
