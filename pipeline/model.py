"""The nouns of the desk, in the order they travel.

`Lead` (a link somebody believes in) → `Page` (bytes) → `Article | Rejection` → `Story` (an event: best
article first, reprints after) → `Candidate` (story + rating + coverage in earlier issues) → `Item` →
`Issue` + `[Finding]` → `Decision` (a person's) → `Release`. A `Draft` is what an editor works on: the
candidates, what was decided about them, and from which the issue is assembled.

Glossary
--------
=============  ==================  ============================================================
线索            lead                what a source says before its page was fetched; each has one fate
采集            visit               one asking of a source: what it gave, or why it failed
未能采集         gap                 the days of a window in which a source was not collected
附件            attachment          a file that a page offers; it may hold the text of a notice
日期依据         date claims         what says when an article was published, believed or not
正文置信度        confidence          how sure the reading is of the body, 0 to 1
页面质量         quality             how much of what a page should give it gave, 0 to 1
核对            revisit             asking for a printed page again: is it as it was
导语            lead paragraph      the one computed sentence under the masthead
信息目录         contents            numbered titles, each with its outlet
具体内容         body                the items in full
期号            issue number        counts up by one within a series, printed digit by digit: 五三五
来源            outlet              who is printed as the source of an item
原始来源          origin              who the page itself says the article came from
发布者           publisher           who owns the site the page was found on
监测范围         scope               what an item must be about (and, for some series, where)
窗口            window              the days an issue covers, both ends included, Asia/Shanghai
收录 / 备选      included / standby  in the draft by itself / waiting for the editor
节选            excerpt             an item that prints only the relevant part of its article
转载            reprint             the same text at another house; 另有 N 家转载 counts houses, not addresses
换用            represent           which of a story's articles is printed, said by the editor
补收            late inclusion      a story of an already released window, taken with a signed reason
导入            import              taking an issue that was put out elsewhere into the archive
送审稿           draft copy          a file of a draft, marked as such and annotated with what the checks say
回读            return              a draft's file that somebody edited, taken back as a revision
模板            template            the office's own DOCX or text that an issue is printed with
版记            colophon            the lines at the foot of the last page
核验            verify              proof that what was released is still what was released
发布依据          basis               templates and program that a release was made with, kept with it
送审 / 审定        submit, approve     a draft handed to whoever answers for it; one revision of it found fit to go out
更正            correction          what a released issue should have said, put out as a further release of it
趋势附录          annex               what the issues up to this one were about, counted; printed behind the items
撤回            withdraw            a released issue that no longer holds; its number and files stay
存档            archive             every issue, released or imported, and the site made of them
修订            revision            a draft as it was after a decision; each is kept, none is changed
待定            undecided           what is left for a person to decide before a draft is handed in
放行            waive               a finding that somebody answers for in writing, so that it no longer blocks
备注            note                what somebody wrote for the others beside an item or the issue; never printed
网页快照          snapshot            the page of a candidate as it was fetched, with nothing in it that acts
账号            account             who may do what on the review page; decisions are signed with its name
权限            role                查看 viewer < 编辑 editor < 审定 approver < 管理 admin
令牌            token               what a program shows instead of signing in; it may do no more than its account
审计            audit log           every change, log-in and refusal, each row bound to the one before it
漏收核查         missed stories      what an issue that is out might have carried and does not
事后认定         hindsight           what an editor says of such a story afterwards: 确为漏收 or 不需收录
=============  ==================  ============================================================
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
"""The one time zone in which windows, publication dates and issue dates are meant."""

_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def chinese_number(number: int, zero: str = "〇") -> str:
    """An issue number digit by digit, as it is printed: 535 → 五三五; a draft that holds none has one below 1."""
    return "〔未定〕" if number < 1 else str(number).translate(_DIGITS).replace("〇", zero)


def digest(*parts: str | bytes) -> str:
    """The SHA-256 over length-prefixed `parts`, in hex."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


# ---------------------------------------------------------------------------------------- collecting


@dataclass(frozen=True, slots=True)
class Lead:
    """A link somebody believes in: what a source says before the page was fetched."""

    source: str
    """The id of the source that gave it."""
    url: str
    """Absolute address as the source gave it; for a file without one, `file:` and its name."""
    title: str = ""
    published: str = ""
    """The date as the source printed it, unparsed."""
    outlet: str = ""
    path: str = ""
    """The local file that holds the page, for sources that read files; `PASTED` and a digest for pasted text."""


PASTED = "paste:"
"""What the path of a lead begins with whose page somebody pasted: what they said of it is not to be doubted."""


def public(url: str) -> str:
    """The address, unless only this desk knows it: a pasted text and a file have none that a reader could open."""
    return "" if url.startswith(("file:", PASTED)) else url


@dataclass(frozen=True, slots=True)
class Page:
    """What came back for a lead: bytes, undecoded."""

    url: str
    """The address after redirects."""
    body: bytes
    fetched: dt.datetime
    content_type: str = ""
    charset: str = ""
    """The charset the transport claimed; often wrong."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of the fetcher to a conditional request: a page, or "unchanged"."""

    page: Page | None
    """`None` when the server answered that nothing changed."""
    etag: str = ""
    modified: str = ""


class Fetch(Protocol):
    """Gets one address politely and safely, or raises `FetchError`."""

    def __call__(self, url: str, *, etag: str = "", modified: str = "", limit: int = 0) -> Fetched:
        """The page at `url`, unless it is unchanged; `limit` is in bytes, 0 for the configured cap."""
        ...


class Clock(Protocol):
    """Says what time it is; the only way the time comes in."""

    def __call__(self) -> dt.datetime:
        """An aware moment."""
        ...


# ------------------------------------------------------------------------------------------- reading


class Kind(StrEnum):
    """What a block of an article's body is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"
    FIGURE = "figure"
    CAPTION = "caption"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of an article's body, in reading order.

    `text` is plain text without line breaks (for a figure its alternative text); `level` is 1 for a
    sub-heading, 2 for one below it, and for an item in how many other items it lies; `src` is a figure's
    absolute address and `blob` the SHA-256 of the picture that is printed, empty while it could not be had;
    `rows` a table's cells, `""` where one reaches over its neighbours.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    src: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    header: int = 0
    """How many of a table's rows are its head."""
    spans: tuple[tuple[int, int, int, int], ...] = ()
    """A table's cells that reach over others: row, column, how many rows, how many columns."""
    mark: str = ""
    """What a list of the page numbers an item with: `3.`; empty for bullets."""
    blob: str = ""

    @property
    def plain(self) -> str:
        """The block as a line of text: a table as its cells, a figure as nothing."""
        if self.kind is Kind.TABLE:
            return "\n".join("\t".join(row) for row in self.rows)
        return "" if self.kind is Kind.FIGURE else self.text


class Flag(StrEnum):
    """Something about an article that whoever prints it must know."""

    MIRROR = "mirror"
    """疑似镜像/劫持站: pinyin glosses, broken traditional text, spam tail."""
    REPAIRED = "repaired"
    INCOMPLETE = "incomplete"
    NO_TITLE = "no_title"
    TAMPERED = "tampered"
    """Promotion was put into the sentences, or synonyms in the place of words: not to be undone."""


class Witness(StrEnum):
    """Who says when an article was published."""

    PAGE = "page"
    ADDRESS = "address"
    LEAD = "lead"
    """The feed or the list that gave the link."""
    GUESS = "guess"


BELIEVED = "采用"
"""Why a date was believed that a page plainly gives; any other reason is one that an editor should read."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class DateClaim:
    """One place that says when an article was published, whether it was believed or not."""

    witness: Witness
    where: str
    """Where it stood, in Chinese or as the name of a meta."""
    text: str
    """As it stood there, at most 80 characters."""
    day: dt.date | None = None
    """In Asia/Shanghai; `None` for a date that cannot be."""
    time: dt.time | None = None
    chosen: bool = False
    because: str = ""
    """Why it was believed or not, in Chinese."""

    @property
    def chinese(self) -> str:
        """The claim as an editor reads it: 网址 2024-06-30（与采用的不一致）。"""
        return f"{self.where} {self.day or self.text}（{self.because}）"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a page offers: what it calls it, and its absolute address."""

    name: str
    url: str


class _Known:
    """Room for an article's identity beside its fields: the list of a thousand candidates asks 5,000 times for it."""

    __slots__ = ("_id",)
    _id: str


@dataclass(frozen=True, slots=True)
class Article(_Known):
    """A page read: what it says, and how we know."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    date: dt.date | None = None
    """Day of publication in Asia/Shanghai; `None` when the page does not say."""
    time: dt.time | None = None
    origin: str = ""
    publisher: str = ""
    author: str = ""
    editor: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Field name → where its value was found."""
    confidence: float = 1.0
    """How sure the extraction is of the body, 0 to 1."""
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    """What an editor should know about the reading, in Chinese."""
    dates: tuple[DateClaim, ...] = ()
    """Every date that was met, the one that was believed first."""
    links: float = 0.0
    """Share of the body's characters that stand in links, 0 to 1."""
    quality: float = 1.0
    """How much of what a page should give it gave, 0 to 1; `confidence` is about the body alone."""
    lacks: tuple[str, ...] = ()
    """Why the quality is below 1, in Chinese."""
    following: str = ""
    """The address of the page the article goes on on; empty when this is the last one."""
    entire: str = ""
    """The address of a version on one page (阅读全文), when the page names one."""
    attachments: tuple[Attachment, ...] = ()
    """The files the page offers."""
    attached: Attachment | None = None
    """The one of them that holds the text, where the page itself has next to none."""
    aliases: tuple[str, ...] = ()
    """Other addresses of the same page: where it was asked for, its canonical, mobile and AMP addresses."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """How the page was read, as an editor reads it: in one line, unless something is in doubt."""
        read = f"正文置信度 {self.confidence:.2f}，页面质量 {self.quality:.2f}"
        dates = self._date_told()
        if not self.lacks:
            return (f"{read}；{dates}",) if dates else (read,)
        read += f"（{'；'.join(self.lacks)}）"
        return (read, dates) if dates else (read,)

    def _date_told(self) -> str:
        """Where the date stood and who agrees, by name; who does not, with what it says."""
        if not self.dates:
            return ""
        shown = {(one.where, one.day): one for one in reversed(self.dates)}
        chosen = next((one for one in self.dates if one.chosen), None)
        others = [one for one in self.dates if one is not chosen and shown[one.where, one.day] is one]
        told = ["无一可信"]
        if chosen:
            told = [chosen.where if chosen.because == BELIEVED else chosen.chinese]
            agreed = list(dict.fromkeys(one.where for one in others if one.day == chosen.day))
            others = [one for one in others if one.day != chosen.day]
            many = f"等 {len(agreed)} 处" if len(agreed) > _MOST_NAMED else ""
            told += [f"{'、'.join(agreed[:_MOST_NAMED])}{many}一致"] if agreed else []
        return f"日期依据：{'；'.join([*told, *(one.chinese for one in others)])}"

    @property
    def outlet(self) -> str:
        """Who is printed as 来源: the origin the page names, else the site's owner."""
        return self.origin or self.publisher

    @property
    def text(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(line for line in (block.plain for block in self.blocks) if line)

    @property
    def id(self) -> str:
        """Identity by content: the same words at the same address are the same article."""
        try:
            return self._id
        except AttributeError:
            found = digest(self.url, self.title, str(self.date or ""), self.text)[:16]
            object.__setattr__(self, "_id", found)
            return found


@dataclass(frozen=True, slots=True)
class Revisit:
    """What the page of a stored article looked like when it was asked for again; the stored version stays."""

    url: str
    when: dt.datetime
    told: str = ""
    """What is different now, in Chinese; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an article as the store knows it."""

    url: str
    blob: str = ""
    """SHA-256 of the JPEG or PNG that is printed; empty while it could not be had."""
    aside: bool = False
    """Whether it is an icon or a tracker, which nobody misses."""
    trouble: str = ""
    """Why it could not be had, in Chinese."""


@dataclass(frozen=True, slots=True)
class Developed:
    """What is printed of a picture: a JPEG or PNG; no bytes for an icon or a tracker."""

    data: bytes = b""
    media_type: str = ""
    width: int = 0
    height: int = 0


class Fate(StrEnum):
    """What became of a lead; every lead of a run has exactly one."""

    INCLUDED = "included"
    STANDBY = "standby"
    EXCLUDED = "excluded"
    DUPLICATE = "duplicate"
    COVERED = "covered"
    OUT_OF_SCOPE = "out_of_scope"
    OUT_OF_WINDOW = "out_of_window"
    UNDATED = "undated"
    HIJACKED = "hijacked"
    NOT_AN_ARTICLE = "not_an_article"
    UNREADABLE = "unreadable"
    UNREACHABLE = "unreachable"
    DEFERRED = "deferred"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _FATES[self]


_FATES = {
    Fate.INCLUDED: "收录",
    Fate.STANDBY: "备选",
    Fate.EXCLUDED: "编辑剔除",
    Fate.DUPLICATE: "重复",
    Fate.COVERED: "往期已收",
    Fate.OUT_OF_SCOPE: "无关",
    Fate.OUT_OF_WINDOW: "窗口外",
    Fate.UNDATED: "无日期",
    Fate.HIJACKED: "疑似镜像",
    Fate.NOT_AN_ARTICLE: "非文章",
    Fate.UNREADABLE: "不可读",
    Fate.UNREACHABLE: "未取得",
    Fate.DEFERRED: "未完成",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """An expected "no" about one lead: its fate, and the reason in Chinese."""

    fate: Fate
    because: str
    ground: str = ""
    """Among which its like it is found, in Chinese; empty when the fate says it all."""
    score: float | None = None
    """How well it was rated; `None` when it never was."""


# ------------------------------------------------------------------------------------------- judging


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
            f"{word}{'、'.join(some[:_MOST_NAMED])}" + (f"等 {len(some)} 处" if len(some) > _MOST_NAMED else "")
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


# --------------------------------------------------------------------------------------- the issue


@dataclass(frozen=True, slots=True)
class Window:
    """The days an issue covers, both ends included, in Asia/Shanghai."""

    start: dt.date
    end: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return f"{self.start}…{self.end}"


@dataclass(frozen=True, slots=True)
class Last:
    """The last issue that was put out elsewhere: a series' numbers go on after it."""

    number: int
    window: Window


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of an issue, as it will be printed."""

    handle: str
    title: str
    outlet: str
    url: str
    date: dt.date | None
    blocks: tuple[Block, ...]
    origin: str = ""
    publisher: str = ""
    time: dt.time | None = None
    genre: Genre = Genre.NEWS
    share: float = 1.0
    excerpt: bool = False
    """Whether only a part is printed, marked （节选）."""
    dates: tuple[DateClaim, ...] = ()
    """What the page, its address and the list that gave it say of the day it was published."""
    topics: tuple[str, ...] = ()
    """Names of the topics it was found to be about, strongest first."""
    terms: tuple[str, ...] = ()
    """The terms of these topics that counted most, strongest first."""

    @property
    def text(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(line for line in (block.plain for block in self.blocks) if line)


@dataclass(frozen=True, slots=True)
class Issue:
    """A numbered issue, complete: every output is a rendering of it."""

    series: str
    title: str
    issuer: str
    number: int
    window: Window
    lead: str
    items: tuple[Item, ...]
    zero: str = "〇"
    unit: str = "月报"
    footer: tuple[str, ...] = ()
    """Lines of the 版记 on the last page; none when empty."""
    correction: int = 0
    """Which correction (更正) of the issue it is, from 1; 0 for the issue as it was first put out."""
    corrected: str = ""
    """What a correction puts right, in the editor's words."""
    annex: Trends | None = None
    """What the issues up to this one were about, printed behind the items; `None` for no annex."""

    @property
    def correction_line(self) -> str:
        """What a correction prints below its number; empty for the issue as it was first put out."""
        return f"{CORRECTED}{self.corrected}" if self.correction else ""

    @property
    def date(self) -> dt.date:
        """The issue date: the last day of the window."""
        return self.window.end

    @property
    def number_chinese(self) -> str:
        """The number digit by digit: 535 → 五三五."""
        return chinese_number(self.number, self.zero)

    @property
    def filename(self) -> str:
        """The stem of the issue's files: series title, number and date, and which correction it is."""
        stem = f"{file_title(self.title, self.series)}-第{self.number}期-{self.date:%Y%m%d}"
        return f"{stem}-更正{self.correction}" if self.correction else stem


CORRECTED = "（更正）"
"""What the line that a correction prints below its number begins with."""

_MAX_NAME_BYTES = 180  # of the 255 a file system takes; number, date, 送审稿, 改动 and the ending need the rest


def file_title(title: str, series: str) -> str:
    """What the names of a series' files begin with: the letters and digits of its title, else those of its id."""
    for text in (title, series):
        if safe := "".join(filter(str.isalnum, text))[:60].encode()[:_MAX_NAME_BYTES].decode(errors="ignore"):
            return safe
    return digest(series)[:12]


def chinese_date(day: dt.date) -> str:
    """2024年6月30日: no leading zeros, no inner spaces."""
    return f"{day.year}年{day.month}月{day.day}日"


class Severity(StrEnum):
    """What a finding does to the release."""

    BLOCKING = "blocking"
    WARNING = "warning"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"blocking": "阻断", "warning": "提醒"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a release check found: where, what, and what to do, in Chinese."""

    check: str
    severity: Severity
    message: str
    fix: str = ""
    handle: str = ""
    """The item it is about; empty for the issue as a whole."""
    position: int = 0
    """The item's number in the issue, from 1; 0 for the issue as a whole."""
    commands: tuple[str, ...] = ()
    """How to look into it and to mend it on the command line, as one would type it."""

    @property
    def key(self) -> str:
        """What a waiver names: the check and the item."""
        return f"{self.check}:{self.handle}" if self.handle else self.check


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing a person decided about a draft: who, when, what, why."""

    verb: str
    who: str
    when: dt.datetime
    target: str = ""
    """A handle, resolved."""
    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def chinese(self) -> str:
        """What was done, as an editor reads it."""
        return _VERBS.get(self.verb, self.verb)


_VERBS = {
    "generate": "生成",
    "supplement": "采集补充",
    "import": "导入",
    "include": "收录",
    "exclude": "剔除",
    "split": "拆分",
    "merge": "合并",
    "edit": "修改",
    "revert": "还原",
    "reorder": "移动",
    "excerpt": "节选",
    "represent": "换用",
    "waive": "放行",
    "skip": "跳过",
    "return": "回读",
    "submit": "提交审核",
    "send-back": "退回修改",
    "approve": "审定",
    "release": "定稿发布",
    "withdraw": "撤回",
    "correct": "更正",
    "drop": "放弃更正",
    "note": "备注",
    "undo": "撤销",
    "redo": "重做",
    "restore": "恢复",
}


SYSTEM = "系统"
"""Who signs what nobody decided."""

PROCEEDINGS = frozenset(("submit", "send-back", "approve", "release", "withdraw", "drop"))
"""Verbs that change where an issue stands and nothing of what it says."""
UNPRINTED = PROCEEDINGS | {"note"}
"""Verbs that change nothing of what an issue says."""


class State(StrEnum):
    """Where an issue stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SKIPPED = "skipped"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _STATES[self]

    @property
    def open(self) -> bool:
        """Whether it can still be changed; a change of what was approved makes a draft of it again."""
        return self in (State.DRAFT, State.IN_REVIEW, State.APPROVED)


_STATES = {
    State.DRAFT: "草稿",
    State.IN_REVIEW: "送审中",
    State.APPROVED: "已审定",
    State.SKIPPED: "已跳过",
    State.RELEASED: "已发布",
    State.WITHDRAWN: "已撤回",
}


class Progress(StrEnum):
    """How far claimed work is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Work:
    """What can be claimed: the making of one window's draft; without a series a `task`, or a round of collecting."""

    series: str = ""
    window: Window | None = None
    task: str = ""
    """What is done where it is neither."""


COLLECTING = Work()
"""The round of collecting; there is one of it at a time."""

PRUNING = Work(task="prune")
"""Forgetting what no issue needs."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that does work, as people and as its neighbours on the machine know it."""

    who: str
    home: str = ""
    """Where its number counts: one machine since it was started, one container; empty when that cannot be told."""
    process: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's claim on a piece of work, as it was taken or as it stands."""

    owner: str
    """The fence: different each time the work is taken."""
    worker: Worker
    attempt: int
    progress: Progress
    since: dt.datetime
    alive: bool
    """Whether it is running and its lease holds."""
    retry: dt.datetime
    """When failed work may be taken up again."""
    finished: dt.datetime | None = None
    """When it was last done, by the desk's clock."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much there is of something that is kept."""

    what: str
    """In Chinese."""
    count: int
    bytes: int


def mebibytes(size: int) -> str:
    """A number of bytes as an operator reads it."""
    return f"{size / 2**20:,.1f} MB" if size >= 2**20 else f"{size / 2**10:.1f} KB"


class Phase(StrEnum):
    """How far a window is, from the days it still collects to the issue put out."""

    OPEN = "open"
    DUE = "due"
    MISSED = "missed"
    RUNNING = "running"
    FAILED = "failed"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SKIPPED = "skipped"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"

    @property
    def closed(self) -> bool:
        """Whether no draft is made for it any more."""
        return self in (Phase.RELEASED, Phase.WITHDRAWN, Phase.SKIPPED)

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _PHASES[self]


_PHASES = {
    Phase.OPEN: "未结束",
    Phase.DUE: "待生成",
    Phase.MISSED: "未补出",
    Phase.RUNNING: "生成中",
    Phase.FAILED: "生成失败",
    Phase.DRAFT: "草稿",
    Phase.IN_REVIEW: "送审中",
    Phase.APPROVED: "已审定",
    Phase.SKIPPED: "已跳过",
    Phase.RELEASED: "已发布",
    Phase.WITHDRAWN: "已撤回",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one window of a series stands."""

    window: Window
    due: dt.datetime
    """When its draft is to be made."""
    phase: Phase
    number: int = 0
    """0 while it has none."""
    told: str = ""
    """What an editor should know about it, in Chinese."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding somebody answered for: why, and who."""

    reason: str
    who: str
    of: str = ""
    """Digest of all that the check says of the item: what it says anew is not waived."""

    @property
    def chinese(self) -> str:
        """What is said behind the message of the finding that it answers for."""
        return f"（已放行：{self.reason}——{self.who}）"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote beside an item or the issue for the others; it is never printed."""

    id: str
    who: str
    when: dt.datetime
    text: str
    handle: str = ""
    """The item it is about; empty for the whole issue."""
    settled: str = ""
    """Who settled it; empty while it stands."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor works on: every candidate, and what was decided about each.

    A value: each accepted decision makes the next one, and each is kept as a revision. The number is not
    part of it: while unreleased it belongs to the window's place in the series.
    """

    series: str
    window: Window
    candidates: tuple[Candidate, ...]
    chosen: tuple[str, ...] = ()
    """Handles in the order they will be printed."""
    included: tuple[str, ...] = ()
    """Handles that the editor took, so that making the draft again keeps them."""
    excluded: tuple[str, ...] = ()
    """Handles that the editor put out."""
    ordered: bool = False
    """Whether the editor set the order; otherwise it follows the dates."""
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Handle → field → the editor's value: title, outlet, url, date, and the text as `body` (one paragraph a line) or
    as `blocks` (see `steps.blocks`), whichever was given last."""
    excerpts: tuple[str, ...] = ()
    """Handles of which only the part on topic is printed."""
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of article ids that the editor merged."""
    apart: tuple[tuple[str, str], ...] = ()
    """Pairs of article ids that the editor split."""
    late: Mapping[str, Waiver] = field(default_factory=dict)
    """补收: handle → the signed reason."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """Finding key → the signed reason."""
    silent: tuple[str, ...] = ()
    """Names of the sources that could not be collected (未能采集的信源)."""
    represented: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """换用: handle → ids of the articles that were there when the editor said which of them is printed."""
    aside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Article id → what was edited while it was printed; it comes back with the article."""
    alarm: str = ""
    """Why what passed the scope is hard to believe (none of many, nearly all), in Chinese; empty when all is well."""
    correction: int = 0
    """Which correction of a released issue it is to become, from 1; 0 for a draft of a window without an issue."""
    corrected: str = ""
    """What the correction puts right, as it will be printed."""
    notes: tuple[Note, ...] = ()
    """备注, in the order they were written."""
    supplements: tuple[str, ...] = ()
    """采集补充: handles of what was collected only after the draft had been made."""

    def candidate(self, handle: str) -> Candidate:
        """The candidate with this handle; `KeyError` when there is none."""
        for candidate in self.candidates:
            if candidate.handle == handle:
                return candidate
        raise KeyError(handle)

    def waiver(self, finding: Finding) -> Waiver | None:
        """Who answered for a finding, as the checks tell it; `None` for one that nobody did."""
        known = self.waivers.get(finding.key)
        return known if known and finding.message.endswith(known.chinese) else None


@dataclass(frozen=True, slots=True)
class Desked:
    """A draft or released issue as the store keeps it: the value, its number, its revision, its state."""

    id: int
    number: int
    """Provisional until released."""
    revision: int
    state: State
    draft: Draft
    released: int = 0
    """The revision that was put out last; 0 while none was."""
    withdrawn: bool = False
    """Whether what was put out was withdrawn, and no correction of it is out since."""

    @property
    def put_out(self) -> bool:
        """Whether what it says was put out: no draft of a window, and no correction that was only begun."""
        return self.released > 0 and not self.state.open

    @property
    def chinese(self) -> str:
        """Where it stands, as an editor reads it: 草稿, 更正·送审中."""
        return f"更正·{self.state.chinese}" if self.released and self.state.open else self.state.chinese


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted change to a draft."""

    revision: int
    decision: Decision


class Matter(StrEnum):
    """What two people may decide otherwise at the same time."""

    TITLE = "title"
    OUTLET = "outlet"
    URL = "url"
    DATE = "date"
    TEXT = "text"
    TAKEN = "taken"
    """Whether it is in the issue."""
    ORDER = "order"
    VERSION = "version"
    """Which of a story's articles is printed."""
    STORY = "story"
    """What is folded into it."""
    EDITS = "edits"
    """What was edited of a version that would no longer be printed."""
    FINDING = "finding"
    """What the check says."""
    WAIVER = "waiver"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _MATTERS[self]


_MATTERS = {
    Matter.TITLE: "标题",
    Matter.OUTLET: "来源",
    Matter.URL: "链接",
    Matter.DATE: "日期",
    Matter.TEXT: "正文",
    Matter.TAKEN: "取舍",
    Matter.ORDER: "顺序",
    Matter.VERSION: "所印版本",
    Matter.STORY: "折叠",
    Matter.EDITS: "修改",
    Matter.FINDING: "检查结果",
    Matter.WAIVER: "放行理由",
}


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that two people decided otherwise: what both saw, and what each made of it."""

    matter: Matter
    handle: str
    """The item it is about; empty for the order and for findings."""
    title: str
    """The item's, as the one who comes late saw it."""
    seen: str
    """What stood there when the one who comes late looked; of a text one paragraph a line."""
    mine: str
    """What the one who comes late decides."""
    theirs: str
    """What stands there now."""
    by: Revision | None = None
    """Who made it so; `None` where the log does not say."""
    blocks: tuple[tuple[Block, ...], tuple[Block, ...], tuple[Block, ...]] = ((), (), ())
    """Of a text the paragraphs as seen, mine and theirs."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many leads met each fate; the sum is the number of leads."""

    counts: Mapping[Fate, int]

    @property
    def leads(self) -> int:
        """Every lead of the run."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        parts = [f"{fate.chinese} {self.counts[fate]}" for fate in Fate if self.counts.get(fate)]
        return f"{self.leads} 条线索" + ("：" + "，".join(parts) if parts else "")


@dataclass(frozen=True, slots=True)
class ReturnedItem:
    """An item as it stands in a draft's file that somebody edited."""

    handle: str
    """Which item it was, as the file itself still says; empty when it does not."""
    title: str
    outlet: str
    url: str
    date: str
    """As printed."""
    blocks: tuple[Block, ...]
    """A figure's `blob` names the picture where the file still says which it is."""
    excerpt: bool = False
    """Whether its headline is marked （节选）."""
    place: str = ""
    """Where its heading stands in the file, in Chinese: 第12段."""
    headline: str = ""
    """The title as it stands over the text; the two are one field, and an editor may have changed either."""
    byline: str = ""
    """The outlet as it stands in the line under the headline."""
    target: str = ""
    """Where its link leads, when that is another address than the one that stands there."""
    unsure: tuple[int, ...] = ()
    """Indices of the blocks whose kind was concluded from their look, the file no longer saying it by a style."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A draft's file that somebody edited, read back; what it no longer says is empty."""

    series: str
    number: int
    revision: int
    """Of the draft that the file was made from; 0 when it does not say."""
    title: str
    lead: str
    contents: tuple[tuple[str, str], ...]
    """Title and outlet of each line of the 目录."""
    items: tuple[ReturnedItem, ...]
    notes: tuple[str, ...] = ()
    """What was decided on reading (tracked changes taken as accepted), in Chinese."""
    lines: tuple[str, ...] = ()
    """Of each line of the 目录 the handle it leads to; empty where it leads nowhere, none when no line does."""
    number_chinese: str = ""
    """The number as it is printed: （第五三五期）."""
    date: str = ""
    """The issue date as it is printed; empty when the file has none."""
    issuer: str = ""
    footer: tuple[str, ...] = ()
    """Lines of the 版记."""
    front: tuple[tuple[str, Edited, str], ...] = ()
    """Handle, field and value, as front matter repeats them; a document has none."""
    left: tuple[str, ...] = ()
    """What stands in the file and has no place in a bulletin, such as text boxes: where and what, in Chinese."""
    corrected: str = ""
    """The line that a correction prints below its number."""


class Edited(StrEnum):
    """What somebody changed in a draft's file."""

    ORDER = "order"
    LEFT_OUT = "left_out"
    TITLE = "title"
    OUTLET = "outlet"
    URL = "url"
    DATE = "date"
    TEXT = "blocks"
    EXCERPT = "excerpt"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _EDITED[self]


_EDITED = {
    Edited.ORDER: "移动",
    Edited.LEFT_OUT: "删去",
    Edited.TITLE: "标题",
    Edited.OUTLET: "来源",
    Edited.URL: "链接",
    Edited.DATE: "日期",
    Edited.TEXT: "正文",
    Edited.EXCERPT: "节选",
}


@dataclass(frozen=True, slots=True)
class Retouched:
    """One paragraph, table or picture of an item's text that was changed, added or taken away."""

    place: str
    """Where, in Chinese: 第3段; by the file for what was added, by the draft for what is gone."""
    before: str
    """Empty for what was added."""
    after: str
    """Empty for what was taken away."""
    note: str = ""
    """What else became of it, in Chinese: 改为小标题."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an edited file changes of one item."""

    what: Edited
    handle: str
    title: str
    """The item's title as it was exported."""
    position: int
    """The item's number as it was exported, from 1."""
    before: str = ""
    after: str = ""
    """A field's new value, `2024-06-04` for a date; the new position for an item that was moved; `yes` or nothing
    for an excerpt."""
    blocks: tuple[Block, ...] = ()
    """The text as it is now, where that was changed."""
    paragraphs: tuple[Retouched, ...] = ()
    """How it was changed."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edited file changes, and what could not be taken from it."""

    taken: tuple[Change, ...] = ()
    order: tuple[str, ...] = ()
    """The handles of its items in their new order; none while that is as it was exported."""
    untaken: tuple[str, ...] = ()
    """What was seen in the file and is not taken: where, what, and what to do, in Chinese."""
    notes: tuple[str, ...] = ()
    """What was decided on reading, in Chinese."""


@dataclass(frozen=True, slots=True)
class Readback:
    """What a finished file prints, read from the file itself; a file that could not be made says why."""

    file: str
    """The template it was made from: gongwen.docx, bulletin.md.j2."""
    head: tuple[str, ...] = ()
    """The lines over the 目录, headers and footers included."""
    contents: tuple[tuple[str, ...], ...] = ()
    """The lines of each entry of the 目录."""
    items: tuple[tuple[str, ...], ...] = ()
    """The lines of each item, its heading first."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What a front matter says: `number`, `window.start`, `items.2.title`."""
    trouble: str = ""
    """Why there is no file, in Chinese."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An issue put out elsewhere, read from its text."""

    issue: Issue
    """With the lead sentence as printed."""
    findings: tuple[Finding, ...] = ()
    """What only the text shows: 期 missing, 目录 and 具体内容 that disagree, what was uncertain."""
    notes: tuple[str, ...] = ()
    """What was joined or taken away, counted, in Chinese."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How an issue that was put out elsewhere came into the archive."""

    file: str
    """The name of the file it was read from."""
    blob: str
    """SHA-256 of that file's bytes."""
    lead: str
    """The lead sentence as printed."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What an issue's files were made with beside its data, so that they can be made again."""

    template: str
    """The name of the document template, without its ending."""
    templates: Mapping[str, str]
    """File name in the folder of templates → SHA-256 of its bytes."""
    program: Mapping[str, str]
    """What of the program has a say in the bytes → its version."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An issue that was put out and no longer holds, with the signed reason."""

    release: Release
    decision: Decision


@dataclass(frozen=True, slots=True)
class Release:
    """An issue put out, for good: which revision, by whom, and the digests of its files."""

    issue: Issue
    revision: int
    who: str
    when: dt.datetime
    pages: Mapping[str, int]
    """Handle → page in the document, as its contents print it."""
    files: Mapping[str, str]
    """File name → SHA-256 of its bytes."""
    tally: Tally
    imported: Elsewhere | None = None
    """Where it came from when it was put out elsewhere; then nothing of it is published here."""
    basis: Basis | None = None
    """`None` for an imported issue, and for one released before this was kept."""


# ------------------------------------------------------------------------------- what an issue missed


class Cause(StrEnum):
    """How a strong story of a window came not to be in its issue."""

    LEFT_OUT = "left_out"
    """An editor put it out."""
    PASSED_OVER = "passed_over"
    """It was found and did not get in."""
    LATE = "late"
    """It came after the last run over the window."""
    SILENT = "silent"
    """It came late, and from a source that could not be collected in the window."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"left_out": "编辑剔除", "passed_over": "未收录", "late": "迟到", "silent": "信源中断"}[self.value]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What somebody says, after an issue is out, of a story that it does not carry."""

    article: str
    """The id of the article that stood for the story."""
    title: str
    missed: bool
    """Whether it should have been in the issue."""
    who: str
    when: dt.datetime
    reason: str = ""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return "确为漏收" if self.missed else "不需收录"


@dataclass(frozen=True, slots=True)
class Missed:
    """A strong story of a window that its issue does not carry."""

    cause: Cause
    fate: Fate
    """What became of it, or would have by itself."""
    articles: tuple[Article, ...]
    """The one that would have been printed first."""
    score: float
    houses: int
    """How many outlets show it."""
    strength: float
    """By which stories are ordered: the score, more for every outlet that shows it."""
    reasons: tuple[str, ...] = ()
    """In Chinese, strongest first."""
    handle: str = ""
    """Of the issue's own candidate; empty for what was none."""
    left_out: Decision | None = None
    """Who put it out, when and why."""
    sources: tuple[str, ...] = ()
    """Names of the sources that gave it late."""
    seen: dt.datetime | None = None
    """When it was first seen."""
    later: Coverage | None = None
    """Where a later issue of the series carries it."""
    hindsight: Hindsight | None = None

    @property
    def article(self) -> Article:
        """The one that would have been printed."""
        return self.articles[0]


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that could not be collected in a window."""

    name: str
    told: str
    """Since when, until when and why, in Chinese."""
    came: int = 0
    """How many articles of the window it gave after the last run over it."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What an issue that is out might have carried and does not."""

    series: str
    number: int
    window: Window
    until: dt.datetime
    """The last moment of which the issue knew."""
    stories: tuple[Missed, ...] = ()
    """Strongest first."""
    silences: tuple[Silence, ...] = ()


# --------------------------------------------------------------------------------------- learning


class Learnt(StrEnum):
    """What can be learned from editors' decisions."""

    SCOPE = "scope"
    """From what they took and put out."""
    EVENTS = "events"
    """From what they merged and split."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"scope": "监测范围", "events": "事件归并"}[self.value]


@dataclass(frozen=True, slots=True)
class Learned:
    """A model learned from decisions, used or refused."""

    kind: Learnt
    made: dt.datetime
    who: str
    decisions: int
    """From how many decisions it was learned."""
    content: str
    """The model itself, as text."""
    figures: Mapping[str, tuple[float, float]]
    """What was measured, in Chinese → the figure of the model in use then, and its own."""
    refused: str = ""
    """Why it was never used, in Chinese; empty for one that passed."""
    active: bool = False
    damaged: bool = False
    """Whether its text is no longer what was learned; it cannot be used."""
    id: int = 0
    """Its number in the store; 0 while it has none."""

    @property
    def digest(self) -> str:
        """What its text is known by."""
        return digest(self.content)[:12]


# --------------------------------------------------------------------------------------- notices


class Event(StrEnum):
    """What somebody asked to be told of."""

    DRAFT_READY = "draft-ready"
    RELEASED = "released"
    """Put out; a correction and a withdrawal of it, too."""
    RUN_FAILED = "run-failed"
    WINDOW_MISSED = "window-missed"
    SOURCE_SILENT = "source-silent"
    """And there again."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _EVENTS[self]


_EVENTS = {
    Event.DRAFT_READY: "草稿已生成",
    Event.RELEASED: "期刊已发布",
    Event.RUN_FAILED: "生成失败",
    Event.WINDOW_MISSED: "窗口未补出",
    Event.SOURCE_SILENT: "信源中断",
}


class Tone(StrEnum):
    """How what is told is meant, which a card shows by its colour."""

    GOOD = "good"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Pointer:
    """How whoever is told something gets to it: on the review page, or where that has no address, by a command."""

    words: str
    """What is done there: 看稿."""
    page: str
    """`/issues/beijing-monthly/2024-06-01`."""
    command: str
    """As one would type it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened and is told once: its title and text are Chinese."""

    key: str
    """What happened, so that a second telling of the same is none."""
    event: Event
    title: str
    text: str
    when: dt.datetime
    series: str = ""
    """The series it concerns; empty for all."""
    tone: Tone = Tone.WARNING
    pointer: Pointer | None = None


# ------------------------------------------------------------------------------- watching the sources


class Outcome(StrEnum):
    """What one visit to a source came to."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    FAILED = "failed"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"ok": "正常", "unchanged": "未变", "empty": "空", "failed": "失败"}[self.value]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a source: when, what it came to, in counts."""

    source: str
    when: dt.datetime
    outcome: Outcome
    because: str = ""
    """Why it failed or gave nothing, in Chinese."""
    leads: int = 0
    fresh: int = 0
    """Leads that were not known before."""
    pages: int = 0
    failed: int = 0
    """Pages that could not be fetched."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the source showed what it has."""
        return self.outcome in (Outcome.OK, Outcome.UNCHANGED)


class Health(StrEnum):
    """How a source is doing."""

    FINE = "fine"
    UNCHANGED = "unchanged"
    QUIET = "quiet"
    EMPTY = "empty"
    FAILED = "failed"
    NEVER = "never"
    DISABLED = "disabled"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _HEALTH[self]


_HEALTH = {
    Health.FINE: "正常",
    Health.UNCHANGED: "未变",
    Health.QUIET: "比平时安静",
    Health.EMPTY: "空",
    Health.FAILED: "失败",
    Health.NEVER: "未采过",
    Health.DISABLED: "停用",
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a source is doing, as its visits tell."""

    health: Health
    because: str = ""
    """Why, in Chinese; empty when all is well."""
    since: dt.datetime | None = None
    """Since when it has been failing, empty or quiet."""
    streak: int = 0
    """Visits in a row that failed or were empty."""
    succeeded: dt.datetime | None = None
    """The last visit that went well."""
    fresh: dt.datetime | None = None
    """The last visit that gave a lead not known before."""
    usual: dt.timedelta | None = None
    """The time between new leads that nine of ten do not exceed; `None` while too few are known."""
    trouble: bool = False
    """Whether people should be told."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a window in which a source could not be collected."""

    because: str
    since: dt.datetime | None = None
    """The last time it was collected before; `None` when it never was."""
    until: dt.datetime | None = None
    """When it was collected again; `None` when it was not."""


# --------------------------------------------------------------------------------- finding what is out


@dataclass(frozen=True, slots=True)
class Searchable:
    """An item of an issue that is out, as it is looked for and shown."""

    position: int
    title: str
    outlet: str
    date: str
    """ISO; empty when it is not known."""
    url: str
    text: str
    """As printed, a line a block."""
    head: str
    """Title as searches see it."""
    folded: str
    """Title, outlet, date and text as searches see them: runs of letters with one blank between them."""
    terms: tuple[str, ...]
    """Those of `folded`, each once."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand together."""

    text: str
    """As searches see it."""
    terms: tuple[str, ...]
    """What whatever has it is found by; none for a single character."""
    begins: str = ""
    """What one of its terms begins with: the last Latin word, which may not be typed to its end."""

    @property
    def settled(self) -> bool:
        """Whether what has its term has the phrase; otherwise the text must be looked into."""
        return (*self.terms, *filter(None, (self.begins,))) == (self.text,)


@dataclass(frozen=True, slots=True)
class Found:
    """An item of an issue that is out, which was looked for."""

    series: str
    number: int
    window: Window
    position: int
    title: str
    outlet: str
    date: str
    url: str
    text: str
    entitled: bool
    """Whether the title has all that was asked for."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text, cut into what was looked for and what stands around it."""

    pieces: tuple[tuple[str, bool], ...]
    """Text, and whether it was looked for; in order."""

    def __str__(self) -> str:
        return "".join(text for text, _ in self.pieces)


# ------------------------------------------------------------------------------------------ the people


class Role(StrEnum):
    """What an account may do; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"viewer": "查看", "editor": "编辑", "approver": "审定", "admin": "管理"}[self.value]

    def allows(self, wanted: Role) -> bool:
        """Whether whoever has this role may do what `wanted` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(wanted)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the review page."""

    login: str
    """What they type to sign in."""
    name: str
    """What their decisions are signed with."""
    role: Role
    series: tuple[str, ...] = ()
    """Ids of the series they may see; empty for all."""
    active: bool = True
    id: int = 0
    """Its number in the store; 0 while it has none."""
    shortcuts: bool = True
    """Whether single keys do something on the pages."""
    ready: bool = True
    """Whether it has a password; one that was invited has none yet."""
    word: str = field(default="", repr=False)
    """What every form on its pages carries: other sites cannot know it. It outlives a session, so that a page that was
    open when somebody had to sign in anew can still be sent."""

    def sees(self, series: str) -> bool:
        """Whether a series is theirs to see."""
        return not self.series or series in self.series


@dataclass(frozen=True, slots=True)
class Session:
    """One browser somebody signed in with."""

    id: int
    account: Account
    created: dt.datetime
    seen: dt.datetime
    """To some minutes."""
    agent: str = ""
    """What the browser calls itself, shortened."""


class Purpose(StrEnum):
    """What a one-time link is for."""

    FIRST_ADMIN = "first-admin"
    INVITE = "invite"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that may still be used: the address holds the secret, the store only its digest."""

    purpose: Purpose
    expires: dt.datetime
    account: Account | None = None
    """Whose password it sets; `None` for that of the first administrator, who has no account yet."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a program shows instead of signing in; the secret itself is shown once and not kept."""

    id: int
    name: str
    account: Account
    role: Role
    """What it may do at most; never more than its account."""
    created: dt.datetime
    used: dt.datetime | None = None
    revoked: dt.datetime | None = None

    @property
    def holder(self) -> Account:
        """The account as far as the token goes."""
        account = self.account
        return account if self.role.allows(account.role) else dataclasses.replace(account, role=self.role)


class Act(StrEnum):
    """What the audit log tells of."""

    SIGNED_IN = "signed-in"
    NOT_SIGNED_IN = "not-signed-in"
    SIGNED_OUT = "signed-out"
    SESSIONS_ENDED = "sessions-ended"
    ACCOUNT_MADE = "account-made"
    ACCOUNT_CHANGED = "account-changed"
    REKEYED = "rekeyed"
    LINK_MADE = "link-made"
    GRANTED = "granted"
    REVOKED = "revoked"
    REFUSED = "refused"
    DECIDED = "decided"
    ASKED = "asked"
    RESTORED = "restored"
    ELSEWHERE = "elsewhere"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return _ACTS[self]


_ACTS = {
    Act.SIGNED_IN: "登录",
    Act.NOT_SIGNED_IN: "登录失败",
    Act.SIGNED_OUT: "退出",
    Act.SESSIONS_ENDED: "结束登录",
    Act.ACCOUNT_MADE: "新建账号",
    Act.ACCOUNT_CHANGED: "更改账号",
    Act.REKEYED: "设置密码",
    Act.LINK_MADE: "生成链接",
    Act.GRANTED: "新建令牌",
    Act.REVOKED: "撤销令牌",
    Act.REFUSED: "拒绝",
    Act.DECIDED: "改稿",
    Act.ASKED: "操作",
    Act.RESTORED: "恢复备份",
    Act.ELSEWHERE: "别处已发",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One row of the audit log: who did what to what; each row holds the digest of the one before it."""

    who: str
    act: Act
    when: dt.datetime
    target: str = ""
    detail: str = ""
    id: int = 0
    """Its place in the log, from 1; 0 while it has none."""


# --------------------------------------------------------------------------------------------- trends


class Facet(StrEnum):
    """What items are counted by."""

    TOPICS = "topics"
    TERMS = "terms"
    OUTLETS = "outlets"
    PLACES = "places"

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"topics": "主题", "terms": "命中的词", "outlets": "来源", "places": "地区与机构"}[self.value]


@dataclass(frozen=True, slots=True)
class Counted:
    """What one issue carried: how many of its items have each name, an item once a name."""

    number: int
    printed: str
    """The number as the series prints it: 第五三五期."""
    window: Window
    items: int
    names: Mapping[Facet, Mapping[str, int]]
    without: Mapping[Facet, int]
    """How many items have no name at all."""
    kinds: Mapping[str, str]
    """What the places are, in Chinese: 医院, 机构, 地区, 省市."""
    days: Mapping[dt.date, int]
    """How many items were published on each day; those without a date are not among them."""
    seen: int | None = None
    """How many leads the last run over its window met; `None` where nobody counted."""
    imported: bool = False
    """Whether it was put out elsewhere."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in a chart: an issue, or all issues of a month, a quarter or a year."""

    label: str
    """What stands at the axis: 535, 2024-06, 2024Q2, 2024."""
    told: str
    """第五三五期, 2024年6月."""
    window: Window
    """From the first day of its first issue to the last day of its last one."""
    issues: int
    items: int
    seen: int | None = None
    """The leads of those of its issues for which they were counted; `None` where it was for none."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """How many items have a name, in each period."""

    name: str
    counts: tuple[int, ...]
    kind: str = ""
    """What a place is."""

    @property
    def total(self) -> int:
        """In all periods together."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The names of one facet, the most frequent first."""

    facet: Facet
    rows: tuple[Frequency, ...]
    more: int = 0
    """How many further names there are."""
    without: int = 0
    """How many items have none."""


@dataclass(frozen=True, slots=True)
class Trends:
    """What issues of one series were about, over time."""

    unit: str
    """What a period is: 期, 月, 季, 年."""
    periods: tuple[Period, ...]
    rankings: tuple[Ranking, ...]
    """One a facet."""
    imported: int = 0
    """How many of the issues were put out elsewhere."""
    days: tuple[tuple[dt.date, int], ...] = ()
    """Of a single issue: how many items were published on each day of its window."""
    undated: int = 0
    """Of a single issue: how many items were published on none of them, as far as is known."""

    @property
    def issues(self) -> int:
        """How many issues were counted."""
        return sum(one.issues for one in self.periods)

    @property
    def items(self) -> int:
        """How many items were counted."""
        return sum(one.items for one in self.periods)


ANNEX = "_bulletin_annex"
"""The bookmark round the annex of a document, so that nobody takes it for the text of the last item."""
