"""What a document says as an article: its title, byline, signature and body, from lines and how they are set.

A document has no markup that says which line is the title. It is the one that the file's own properties name, if it
stands there too, else the biggest at the top: not the red head (某某委员会文件), the number (京卫〔2024〕12号), 附件1.
The lines go through the same trimming and the same bylines as those of a web page; what only documents have is the
signature: who issued it, and under it the day (二〇二四年六月三日).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.model import Block, Kind
from pipeline.steps.extract.blocks import Line as Trimmed
from pipeline.steps.extract.blocks import finish, trim
from pipeline.steps.extract.byline import Bylines
from pipeline.steps.extract.documents.layout import join
from pipeline.steps.extract.facts import Facts, Found
from pipeline.steps.extract.furniture import HEAD
from pipeline.steps.extract.tables import Table
from pipeline.steps.extract.tree import HAN, key, tidy
from pipeline.steps.extract.words import DAY, any_of

_HEAD_LINES = 16
_PROSE = 60
_MAX_TITLE = 150
_BIGGER = 1.1  # than the body
_SAME = 0.04
_TAIL_LINES = 14

_NUMERAL_DAY = "[二一][〇○Ｏ零一二三四五六七八九]{3}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}日"
_DAY_ALONE = re.compile(rf"^[（(]?\s*(?:{DAY}|{_NUMERAL_DAY})\s*[)）]?$")
_NUMBER = re.compile(
    r"^[\u4e00-\u9fffA-Za-z（）()]{0,20}\s*[〔\[［【(（]\s*(?:19|20)\d{2}\s*[〕\]］】)）]\s*(?:第\s*)?[\d\s]{1,6}号?(?:\s*签发人.*)?$"
)
_RED_HEAD = re.compile(r"^[\u4e00-\u9fff\s]{4,40}(?:文\s*件|公\s*报|函|专\s*报|简\s*报|明\s*电)$")
_ORGAN = any_of(
    "委员会 委 局 厅 部 办公室 办公厅 政府 院 中心 协会 学会 医院 大学 公司 总队 集团 工作组 领导小组 指挥部 社 会"
)
_ORGAN_ALONE = re.compile(rf"^[\u4e00-\u9fff（）()·\s]{{2,38}}{_ORGAN}(?:[（(]?(?:代章|章|印章)[)）]?)?$")
_LABEL = re.compile(
    any_of(
        r"附\s*件\s*[\d一二三四五六七八九十]*\s*[:：]?$ (?:机密|秘密|绝密|内部资料|特急|加急|平急|急件)[★\s].*",
        r"(?:特急|加急|内部资料.{0,8})$ \d{6}$ 目\s*录$ （?(?:征求意见稿|草案|试行)）?$",
        r"(?:索\s*引\s*号|信息分类|主题分类|主题词|份号|签发人|有效性|公开方式|公开属性)\s*[:：]?.*",
    )
)
_FIELD = re.compile(
    any_of("成文日期 发文日期 印发日期 发布日期 发布时间 发文机关 发文单位 发布机构 来源 作者 责任编辑 文号 发文字号")
    + r"\s*[:：]"
)
_ISSUER = re.compile(r"(?:发文机关|发文单位|发布机构|制发机关|印发机关)\s*[:：]\s*(?P<who>[^\s:：]{2,40})")
_COUNT = "[一二三四五六七八九十]{1,3}"
_FIRST_LEVEL = re.compile(rf"^(?:{_COUNT}、|第{_COUNT}[章节部]\s*)[^。；，,;：:]{{2,32}}$")
_SECOND_LEVEL = re.compile(rf"^（{_COUNT}）[^。；，,;：:]{{2,32}}$")
_NO_TITLE = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b.*|.*\.(?:docx?|wps|pdf|html?|pptx?|xlsx?|txt|indd|cdr|fit|ps)$"
    r"|(?:untitled|document|doc|slide|new|pdf|title|cover)\b.*|无标题.*|新建.*|未命名.*|幻灯片.*|文档\s*\d*|\W*\d[\d\W]*"
    r"|第?\s*[a-z]?\d+\s*版?)$",
    re.I,
)
_ENDS = re.compile(r"[。！；;!]$")


@dataclass(slots=True)
class Line:
    """A paragraph, heading, list item or table as a document has it; sizes are in points, 0 where unknown."""

    text: str
    kind: Kind = Kind.PARAGRAPH
    level: int = 0
    size: float = 0.0
    bold: bool = False
    centred: bool = False
    title: bool = False
    """Whether it is set as the document's title by name."""
    caption: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    style: str = ""
    """What its style is called; empty where a file has none."""
    outline: int = 0
    """Of a heading, how deep it lies, from 1 without an end."""
    depth: int = 0
    """Of a list item, in how many others it lies."""
    links: tuple[tuple[str, str], ...] = ()
    """Words and where they lead."""
    picture: bytes = b""
    """A picture that stands here, as the file has it; the text is what is said in its place."""


@dataclass(slots=True)
class Manuscript:
    """A document's lines in reading order, and what its properties say."""

    lines: list[Line]
    kind: str
    title: str = ""
    made: dt.datetime | None = None
    """When the file was made, which is not when anything was published."""
    made_where: str = ""
    notes: list[str] = field(default_factory=list)
    links: tuple[tuple[str, str], ...] = ()
    """What stands where its links are, and where they lead, in their order; of a file whose lines do not say it."""


@dataclass(slots=True)
class Written:
    """A document taken apart."""

    title: Found
    facts: Facts
    blocks: tuple[Block, ...]
    by: Bylines
    kind: str
    made: dt.datetime | None
    made_where: str
    notes: list[str]


def take_apart(manuscript: Manuscript) -> Written:
    """The title, the bylines and the blocks of a document."""
    lines = [line for line in manuscript.lines if line.rows or key(line.text)]
    start, end, title = _headline(lines, tidy(manuscript.title))
    above = [line.text for line in lines[:start] if line.text] if title.value else []
    body = lines[end:]
    before: list[str] = []
    while body and not body[0].rows and _is_byline(body[0].text):
        before.append(body.pop(0).text)
    facts = Facts()
    _signature(facts, body, [*above, *before])
    trimmed, head, tail = trim([_trimmable(line) for line in body], title.value)
    blocks = finish(trimmed)
    own = [block.text for block in blocks if block.text and block.kind is not Kind.CAPTION]
    by = Bylines(before=[*above, *before], above=list(reversed(above)), head=head, tail=tail, body=own)
    return Written(title, facts, blocks, by, manuscript.kind, manuscript.made, manuscript.made_where, manuscript.notes)


def _trimmable(line: Line) -> Trimmed:
    kind, level = (Kind.TABLE, 0) if line.rows else (line.kind, line.level)
    if kind is Kind.PARAGRAPH and _FIRST_LEVEL.match(line.text):
        kind, level = Kind.HEADING, 1
    elif kind is Kind.PARAGRAPH and _SECOND_LEVEL.match(line.text):
        kind, level = Kind.HEADING, 2
    return Trimmed(
        kind,
        tidy(line.text),
        level,
        table=Table(line.rows, 0, ()) if line.rows else None,
        bold=1.0 if line.bold else 0.0,
        centred=line.centred,
        caption=line.caption,
    )


# ----------------------------------------------------------------------------------------------- title


def _headline(lines: Sequence[Line], stated: str) -> tuple[int, int, Found]:
    """Where the title begins and ends, and the title."""
    head = _head(lines)
    if not head:
        return 0, 0, _stated(stated)
    wanted = key(stated)
    if len(wanted) >= 4 and not _NO_TITLE.match(stated):
        for i in range(len(head)):
            for j in range(i + 1, min(i + 5, len(head)) + 1):
                if key("".join(line.text for line in head[i:j])) == wanted:
                    return i, j, Found(_joined(head[i:j]), "文件属性 Title")
    may_be = [i for i, line in enumerate(head) if _may_be_title(line)]
    if not may_be:
        return 0, 0, _stated(stated)
    named = [i for i in may_be if head[i].title]
    if named:
        return _span(head, named[0], "文档标题样式")
    usual = _usual_size(lines)
    biggest = max(head[i].size for i in may_be)
    if usual and biggest > _BIGGER * usual:
        at = next(i for i in may_be if head[i].size >= biggest * (1 - _SAME))
        if _is_red_head(head[at]) and len(rest := [i for i in may_be if i > at and not _is_red_head(head[i])]) > 0:
            second = max(head[i].size for i in rest)
            at = next(i for i in rest if head[i].size >= second * (1 - _SAME))
        return _span(head, at, "字号最大的一行")
    for i in may_be:
        if head[i].kind is Kind.HEADING and head[i].level <= 1:
            return _span(head, i, "首个标题")
    for i in may_be:
        if head[i].centred and not _is_red_head(head[i]):
            return _span(head, i, "居中的一行")
    for i in may_be[:1]:
        if head[i].bold or (i == 0 and len(head[i].text) <= _PROSE and not _ENDS.search(head[i].text)):
            return _span(head, i, "首行")
    return 0, 0, _stated(stated)


def _stated(title: str) -> Found:
    return Found() if _NO_TITLE.match(title) or len(HAN.findall(title)) < 4 else Found(title, "文件属性 Title")


def _head(lines: Sequence[Line]) -> list[Line]:
    """The lines at the top, up to the first of prose."""
    for i, line in enumerate(lines[:_HEAD_LINES]):
        if line.rows or (len(line.text) > _PROSE and not line.centred and re.search("[。；]", line.text)):
            return list(lines[:i])
    return list(lines[:_HEAD_LINES])


def _may_be_title(line: Line) -> bool:
    text = line.text.strip()
    if not 4 <= len(key(text)) <= _MAX_TITLE or _is_byline(text) or text.endswith(("：", ":")):
        return False
    return not (_ENDS.search(text) and not line.title)


def _is_byline(text: str) -> bool:
    text = unicodedata.normalize("NFKC", text.strip()).replace("(", "（").replace(")", "）")
    return len(text) <= 120 and any(pattern.match(text) for pattern in (_NUMBER, _DAY_ALONE, _LABEL, _FIELD, HEAD))


def _is_red_head(line: Line) -> bool:
    text = re.sub(r"\s", "", line.text)
    return _RED_HEAD.match(text) is not None or _ORGAN_ALONE.match(text) is not None


def _usual_size(lines: Sequence[Line]) -> float:
    """The size of most of the document's characters."""
    sizes: dict[float, int] = {}
    for line in lines:
        if line.size:
            sizes[line.size] = sizes.get(line.size, 0) + len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=0.0)


def _span(head: Sequence[Line], at: int, where: str) -> tuple[int, int, Found]:
    """The title that begins at a line, with the lines it goes on in."""
    start, end = at, at + 1
    first = head[at]
    while start > 0 and _alike(head[start - 1], first) and not _RED_HEAD.match(re.sub(r"\s", "", head[start - 1].text)):
        start -= 1
    while end < len(head) and _alike(head[end], first) and len(_joined(head[start : end + 1])) <= _MAX_TITLE:
        end += 1
    return start, end, Found(_joined(head[start:end]), where)


def _alike(line: Line, title: Line) -> bool:
    """Whether a line next to the title's is set as it is, and as body text is not."""
    same = abs(line.size - title.size) <= _SAME * max(line.size, title.size)
    set_apart = title.title or title.centred or (title.kind is Kind.HEADING and line.kind is Kind.HEADING)
    return (
        same
        and set_apart
        and (line.centred, line.title, line.kind) == (title.centred, title.title, title.kind)
        and len(line.text) < _PROSE
        and not _is_byline(line.text)
        and not line.text.startswith(("一、", "（一）"))
    )


def _joined(lines: Sequence[Line]) -> str:
    title = ""
    for line in lines:
        title = join(title, line.text.strip())
    title = tidy(title)
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", title) if _letter_spaced(title) else title


def _letter_spaced(title: str) -> bool:
    """Whether a short title is set with a blank between any two characters: 通 知."""
    return re.fullmatch(r"[\u4e00-\u9fff](?: [\u4e00-\u9fff])+", title) is not None


# ------------------------------------------------------------------------------------------- signature


def _signature(facts: Facts, body: Sequence[Line], before: Sequence[str]) -> None:
    """Who issued the document and when, by what it says at its head or under its text."""
    for text in before:
        if match := _ISSUER.search(unicodedata.normalize("NFKC", text)):
            facts.named["source"] = Found(match["who"], "发文机关")
            break
    dated = any(re.search(rf"{DAY}|{_NUMERAL_DAY}", text) for text in before)
    last = list(body[-_TAIL_LINES:])
    for i in range(len(last) - 1, -1, -1):
        if last[i].rows or not _DAY_ALONE.match(unicodedata.normalize("NFKC", last[i].text.strip())):
            continue
        if not dated:
            facts.named["date"] = Found(last[i].text.strip("（）() "), "落款日期")
        issuers = []
        for line in reversed(last[:i]):
            text = re.sub(r"\s", "", line.text)
            if line.rows or not _ORGAN_ALONE.match(text):
                break
            issuers.append(re.sub(r"[（(]?(?:代章|印章|章)[)）]?$", "", text))
        if issuers and "source" not in facts.named:
            facts.named["source"] = Found(" ".join(reversed(issuers)), "落款")
        return
