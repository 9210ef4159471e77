"""One page from bytes to an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from pipeline.config import ExtractRule, Outlets
from pipeline.model import Article, Attachment, Block, Fate, Flag, Kind, Lead, Page, Rejection
from pipeline.steps.attach import waiting
from pipeline.steps.extract.attachments import address_of, find_attachments, main_attachment, says_little
from pipeline.steps.extract.blocks import finish, read_blocks, trim
from pipeline.steps.extract.byline import (
    Bylines,
    in_parts,
    lines_above,
    lines_after,
    lines_before,
    marked_credits,
)
from pipeline.steps.extract.container import Body, drop_before, drop_listing, find_body, find_listing, prune
from pipeline.steps.extract.credits import find_author, find_editor, find_foreign_author, find_origin, find_publisher
from pipeline.steps.extract.decode import Text, decode
from pipeline.steps.extract.documents import is_document, is_saved, read_document, unpacked
from pipeline.steps.extract.facts import Facts, Found, is_web, read_facts
from pipeline.steps.extract.formats import is_data, is_feed, is_markup, read_dump, read_plain
from pipeline.steps.extract.furniture import FOREIGN_FURNITURE
from pipeline.steps.extract.opinion import (
    COMPARED,
    PAGE_ALONE,
    agreement,
    doubt,
    margin,
    read_foreign,
    second_opinion,
    without_foreign_tail,
)
from pipeline.steps.extract.pager import entire_page, next_page
from pipeline.steps.extract.paper import Paper, is_paper, is_paper_front, read_paper
from pipeline.steps.extract.published import find_date_of
from pipeline.steps.extract.ruled import WHERE, apply_rule, rule_for
from pipeline.steps.extract.state import data_holders, read_state
from pipeline.steps.extract.title import find_foreign_title, find_title
from pipeline.steps.extract.tree import (
    INVISIBLE,
    MAX_MARKUP,
    PUNCTUATION,
    Element,
    bounded,
    content,
    han,
    hide_unseen,
    key,
    parse,
    raw_text,
    tidy,
)
from pipeline.steps.extract.walls import bodiless, wall
from pipeline.steps.join import CONTINUED
from pipeline.steps.urls import aliases

_MAX_TITLE = 200
_HAN_SHARE = 0.3  # of Han characters among Han characters and words in letters; below it: another language
_MIN_BODY = 40  # characters; the shortest notices measured have about 110
_MIN_FOREIGN = 120
_MIN_ATTACHED_TITLE = 6  # characters of a title whose text stands in an attachment
_SHORT_BODY = 150  # below it the words of a wall may be all there is
_SHELL = 30  # Chinese punctuation marks; a page that its script would draw shows fewer, its notices included
_STATE = "页面数据"
_DOUBTFUL = 0.5  # a margin below it asks the second reader: 3 of 77 pages measured
_PLAIN_TEXT = 0.6  # confidence in a text whose body was not marked
_DOCUMENT = 0.9  # confidence in a document: all of it is its body, but its paragraphs are put together again
_TO_COME = 0.5  # confidence in an article whose text stands in a file that is not here yet
_FOREIGN = 0.8  # confidence in trafilatura alone: its F1 on English pages is 0.94
_LETTER = re.compile(r"[^\W_]")
_KANA = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_WORD = re.compile("[A-Za-zÀ-ɏЀ-ӿ]{2,}")
_OPEN = re.compile(r"<(?:html|body)\b", re.I)
_CLOSED = re.compile(r"</(?:html|body)\s*>", re.I)
_TOO_LONG = f"网页过长，只读了前 {MAX_MARKUP // 1024 // 1024} MiB"
_INCOMPLETE = "网页可能不完整：没有结尾"


@dataclass(slots=True)
class _Reading:
    """What was found in a page, before it is an article."""

    url: str
    title: Found
    facts: Facts
    blocks: tuple[Block, ...]
    where: str
    """How the body was found."""
    confidence: float
    by: Bylines = field(default_factory=Bylines)
    tree: Element | None = None
    notes: list[str] = field(default_factory=list)
    foreign: bool = False
    links: float = 0.0
    asked: str = ""
    """What the confidence rests on."""
    following: str = ""
    entire: str = ""
    attachments: tuple[Attachment, ...] = ()
    attached: Attachment | None = None
    """The attachment that holds the text."""


def extract(
    page: Page, outlets: Outlets, lead: Lead | None = None, rules: Sequence[ExtractRule] = ()
) -> Article | Rejection:
    """The article on `page`, or why there is none.

    `lead` is asked only for what the page does not say itself; `rules` are its source's own. The result is a
    pure function of the arguments: relative dates count from `page.fetched`.
    """
    if is_document(page.body):
        return _document(page, outlets, lead)
    if is_saved(page.body):
        page = unpacked(page)
    decoded = decode(page.body, page.charset)
    if isinstance(decoded, Rejection):
        return decoded
    text = decoded.text
    if is_feed(text):
        return Rejection(Fate.NOT_AN_ARTICLE, "是订阅源或网站地图，不是文章")
    if dump := read_dump(text):
        facts = Facts(title=dump.title, address=dump.link)
        facts.named.update(title=Found(dump.title, "文件头 title"), date=Found(dump.date, "文件头 date"))
        reading = _read_markup(page, outlets, dump.html, facts)
    elif is_markup(text):
        reading = _read_markup(page, outlets, text, None, rule_for(rules, page.fetched))
    elif is_data(text):
        return Rejection(Fate.NOT_AN_ARTICLE, "是数据接口的返回，不是文章")
    else:
        reading = _read_plain(page, text)
    if isinstance(reading, Rejection):
        return reading
    return _article(reading, page, decoded, outlets, lead)


def other_reading(page: Page) -> tuple[Block, ...]:
    """What the second reader takes for the body of a Chinese page; nothing where it cannot read it."""
    if is_saved(page.body):
        page = unpacked(page)
    decoded = decode(page.body, page.charset)
    if isinstance(decoded, Rejection) or not is_markup(decoded.text) or read_dump(decoded.text):
        return ()
    return second_opinion(bounded(decoded.text)[0])


def _read_markup(
    page: Page, outlets: Outlets, text: str, stated: Facts | None, rule: ExtractRule | None = None
) -> _Reading | Rejection:
    """What is found in a page's markup, or in as much of it as is read."""
    text, cut = bounded(text)
    reading = _read_bounded(page, outlets, text, stated, rule)
    if not cut:
        return reading
    if isinstance(reading, Rejection):
        return replace(reading, because=f"{reading.because}（{_TOO_LONG}）")
    reading.notes.append(f"{_TOO_LONG}：可能不完整")
    return reading


def _read_bounded(
    page: Page, outlets: Outlets, text: str, stated: Facts | None, rule: ExtractRule | None
) -> _Reading | Rejection:
    """What a page shows, or, where it shows next to nothing of its article, what its data hold of it."""
    tree = parse(text)
    if tree is None:
        return Rejection(Fate.UNREADABLE, "空白页面，或结构过于复杂而无法解析")
    facts = stated or read_facts(tree, text)
    url = page.url if is_web(page.url) else facts.address
    if is_paper_front(tree, url):
        return Rejection(Fate.NOT_AN_ARTICLE, "数字报的版面页（目录），不是单篇文章")
    offered = find_attachments(tree, facts.base or url)
    noted = apply_rule(tree, facts, rule) if rule else []
    holders = data_holders(tree)  # the reading takes them out of the tree
    reading = _read_tree(page, outlets, tree, text, facts, stated is not None)
    if offered:
        reading = _with_attachments(reading, offered, outlets, tree, facts, url)
    if isinstance(reading, _Reading):
        reading.notes += noted
        if is_paper(url, text):
            _with_paper(reading, read_paper(tree, url, text, reading.title.value))
    points = 0 if isinstance(reading, Rejection) else len(PUNCTUATION.findall(_plain(reading.blocks)))
    if stated is not None or facts.container is not None or points > _SHELL:
        return reading
    state = read_state(holders, facts.title or facts.metas.get("og:title", ""))
    if state is None or not (isinstance(reading, Rejection) or state.sure):
        return reading
    if len(PUNCTUATION.findall(state.html)) < 2 * points:
        return reading
    facts.named.update((label, Found(value, _STATE)) for label, value in state.named.items())
    reading = _read_markup(page, outlets, state.html, facts)
    if isinstance(reading, _Reading):
        reading.asked = _STATE
    return reading


def _read_tree(
    page: Page, outlets: Outlets, tree: Element, text: str, facts: Facts, stated: bool
) -> _Reading | Rejection:
    url = page.url if is_web(page.url) else facts.address or page.url
    hide_unseen(tree)
    shown = INVISIBLE.sub("", raw_text(tree))  # tidied only where a wall is looked for in it
    if not _LETTER.search(shown):
        return wall(facts.title, tidy(shown), text) or Rejection(Fate.UNREADABLE, "空白页面：没有可见的文字")
    title, carrier = find_title(tree, facts, outlets)
    if facts.container is None and not _is_chinese(shown):
        return _read_foreign(tree, facts, title, url, text)
    ruled = None if facts.container is None else Body(facts.container, WHERE)
    body = ruled or find_body(tree, carrier)
    if body is None:
        return wall(facts.title, tidy(shown), text) or bodiless(tree)
    if (
        ruled is None
        and (entries := find_listing(body.element))
        and (carrier is None or not drop_listing(body.element, entries))
    ):
        return Rejection(Fate.NOT_AN_ARTICLE, "列表页，不是单篇文章")
    before, after = lines_before(tree, carrier, body.element), lines_after(body.element)
    marked, writers = marked_credits(tree, carrier, body.element)
    notes = [] if stated or not _OPEN.search(text) or _is_closed(text) else [_INCOMPLETE]
    following, entire = next_page(tree, url), entire_page(tree, url)
    if following or entire:
        notes.append(CONTINUED)
    if carrier is not None and ruled is None:
        drop_before(body.element, carrier)
    pruned = [] if ruled else prune(body.element)
    links = _linked(body.element)
    lines, head, tail = trim(read_blocks(body.element, facts.base or (url if is_web(url) else "")), title.value)
    blocks, where = finish(lines), body.how
    mine = _plain(blocks)
    confidence, asked = margin(body, title.value, mine, anchored=carrier is not None), PAGE_ALONE
    if ruled is None and confidence < _DOUBTFUL and (second := second_opinion(text)):
        theirs = _plain(second)
        if len(mine) < _MIN_BODY <= len(theirs) and len(theirs) > 3 * len(mine):
            blocks, mine, where = second, theirs, "trafilatura"
        confidence, asked = (confidence + agreement(mine, theirs)) / 2, COMPARED
    said = sum(len(block.plain) for block in blocks if block.kind is not Kind.CAPTION)
    if said < _SHORT_BODY and (refusal := wall(facts.title, tidy(shown), text)):
        return refusal
    if said < _MIN_BODY:
        return bodiless(tree)
    over = lines_above(tree, carrier)
    head = in_parts(body.element, head)
    own = [block.text for block in blocks if block.text and block.kind is not Kind.CAPTION]
    by = Bylines(before, over, marked, writers, head, [*tail, *pruned], after, own)
    return _Reading(
        url,
        title,
        facts,
        blocks,
        where,
        confidence,
        by,
        tree,
        notes,
        links=links,
        asked=asked,
        following=following,
        entire=entire,
    )


def _with_paper(reading: _Reading, paper: Paper) -> None:
    """A reading with what a printed paper's page says besides the text."""
    reading.notes += paper.notes
    if paper.name:
        reading.facts.named.setdefault("source", Found(paper.name, "数字报"))
    known = {block.src for block in reading.blocks if block.src}
    if paper.pictures and not any(block.src in known for block in paper.pictures):
        captions = {block.text for block in paper.pictures if block.kind is Kind.CAPTION}
        rest = (block for block in reading.blocks if block.text not in captions)
        reading.blocks = (*paper.pictures, *rest)


_BODILESS = "没有正文"  # what the refusal of a page without a body ends in


def _with_attachments(
    reading: _Reading | Rejection,
    offered: tuple[Attachment, ...],
    outlets: Outlets,
    tree: Element,
    facts: Facts,
    url: str,
) -> _Reading | Rejection:
    """A reading with the files its page offers; a page with next to no text of its own waits for one of them."""
    main = main_attachment(offered, url)
    if isinstance(reading, Rejection):
        if main is None or not reading.because.endswith(_BODILESS):
            return reading
        title, carrier = find_title(tree, facts, outlets)
        if len(key(title.value)) < _MIN_ATTACHED_TITLE:
            return reading
        base = facts.base or url
        link = next((one for one in tree.iter("a") if address_of(one, base) == main.url), tree)
        by = Bylines(before=lines_before(tree, carrier, link), above=lines_above(tree, carrier))
        reading = _Reading(url, title, facts, (), "附件", _TO_COME, by, tree)
    elif main is None or not says_little(reading.blocks, reading.title.value, offered, _MIN_BODY):
        said = key("".join([_plain(reading.blocks), *reading.by.tail, *reading.by.after]))
        named = () if reading.foreign else offered  # a study that a sentence links to is no attachment
        reading.attachments = tuple(one for one in named if han(one.name) and key(one.name) in said)
        reading.notes += [f"附件：{one.name}" for one in reading.attachments]
        return reading
    reading.attachments, reading.attached, reading.where = offered, main, "附件"
    reading.confidence, reading.asked = _TO_COME, ""
    reading.blocks = tuple(Block(Kind.PARAGRAPH, f"附件：{one.name}") for one in offered)
    reading.notes.append(waiting(main.name))
    return reading


def _read_foreign(tree: Element, facts: Facts, title: Found, url: str, text: str) -> _Reading | Rejection:
    unnamed = not find_foreign_author(facts).value or "og:site_name" not in facts.metas
    read = read_foreign(text, names=unnamed)
    blocks = without_foreign_tail([block for block in read.blocks if not FOREIGN_FURNITURE.fullmatch(block.text)])
    for label, value in (("author", read.author), ("site", read.site)):
        if value:
            facts.named.setdefault(label, Found(value, "trafilatura"))
    said = len(_plain(blocks))
    if said < 5 * _MIN_FOREIGN and (refusal := wall(facts.title, content(tree), text)):
        return refusal
    if said < _MIN_FOREIGN:
        return bodiless(tree)
    found = find_foreign_title(tree, facts) or title
    return _Reading(url, found, facts, blocks, "trafilatura", _FOREIGN, tree=tree, foreign=True)


def _read_plain(page: Page, text: str) -> _Reading | Rejection:
    plain = read_plain(text)
    said = sum(map(len, plain.body))
    if said < _SHORT_BODY and (refusal := wall(plain.title, text, "")):
        return refusal
    if said < _MIN_BODY:
        return Rejection(Fate.NOT_AN_ARTICLE, "没有正文")
    blocks = tuple(Block(Kind.PARAGRAPH, line) for line in plain.body)
    by = Bylines(before=plain.byline, tail=plain.editors, body=plain.body)
    return _Reading(page.url, Found(plain.title, "首行"), Facts(), blocks, "纯文本", _PLAIN_TEXT, by)


def _document(page: Page, outlets: Outlets, lead: Lead | None) -> Article | Rejection:
    """A PDF or DOCX as an article; the day its file was made is taken only where nothing else gives one, and said."""
    written = read_document(page.body)
    if isinstance(written, Rejection):
        return written
    if len(_plain(written.blocks)) < _MIN_BODY:
        return Rejection(Fate.NOT_AN_ARTICLE, f"{written.kind} 文件没有正文")
    reading = _Reading(
        page.url,
        written.title,
        written.facts,
        written.blocks,
        f"{written.kind} 全文",
        _DOCUMENT,
        written.by,
        notes=written.notes,
    )
    article = _article(reading, page, Text("", ""), outlets, lead)
    if article.date is not None or written.made is None or written.made > page.fetched:
        return article
    return replace(
        article,
        date=written.made.date(),
        evidence={**article.evidence, "date": f"{written.made_where}（文件生成时间）"},
        notes=(*article.notes, "文中没有日期，暂用文件生成时间，请核对"),
    )


def _article(reading: _Reading, page: Page, decoded: Text, outlets: Outlets, lead: Lead | None) -> Article:
    facts, by = reading.facts, reading.by
    notes = [*page.warnings, *reading.notes]
    if decoded.replaced:
        notes.append(f"{decoded.replaced} 处字节无法解读，以 � 表示")
    flags = [Flag.INCOMPLETE] if any("不完整" in note for note in notes) else []
    title = _headline(reading, lead, notes)
    if title.where == _FIRST_SENTENCE:
        flags.append(Flag.NO_TITLE)
    origin = find_origin(facts, by, outlets)
    editor = find_editor(facts, by)
    author = (
        find_foreign_author(facts) if reading.foreign else find_author(facts, by, origin.value, editor.value, outlets)
    )
    author = facts.ruled.get("author", author)
    publisher = find_publisher(facts, reading.url, lead, outlets, by)
    dated = find_date_of(facts, by, reading.url, lead, page.fetched, reading.tree, foreign=reading.foreign)
    found = {"title": title, "origin": origin, "publisher": publisher, "author": author, "editor": editor}
    evidence = {name: one.where for name, one in found.items() if one.value} | {"body": reading.where}
    if reading.asked:
        evidence["confidence"] = reading.asked
    if reading.asked == COMPARED:
        notes += doubt(reading.confidence)
    if dated.stamp:
        evidence["date"] = dated.where
    return Article(
        url=reading.url,
        title=title.value,
        blocks=reading.blocks,
        date=dated.stamp.day if dated.stamp else None,
        time=dated.stamp.time if dated.stamp else None,
        origin=origin.value,
        publisher=publisher.value,
        author=author.value,
        editor=editor.value,
        evidence=evidence,
        confidence=round(reading.confidence, 3),
        flags=tuple(flags),
        notes=(*notes, *dated.notes),
        dates=dated.claims,
        links=reading.links,
        following=reading.following,
        entire=reading.entire,
        attachments=reading.attachments,
        attached=reading.attached,
        aliases=aliases(reading.url, _asked(page, lead), _claims(facts, reading.url), outlets),
    )


def _asked(page: Page, lead: Lead | None) -> list[str]:
    return [page.url, lead.url] if lead else [page.url]


def _claims(facts: Facts, url: str) -> Iterator[str]:
    for claim in facts.claims:
        try:
            yield urljoin(facts.base or url, claim)
        except ValueError:
            continue


_FIRST_SENTENCE = "正文首句"


def _headline(reading: _Reading, lead: Lead | None, notes: list[str]) -> Found:
    """The title as it will be printed: visible characters only, not empty, not endless."""
    text, where = tidy(reading.title.value), reading.title.where
    if veil := sorted({*reading.facts.veiled, *"".join(INVISIBLE.findall(reading.title.value))}):
        notes.append(f"标题含不可见字符（{' '.join(f'U+{ord(char):04X}' for char in veil)}），已去除")
    if not key(text) and lead is not None and key(lead.title):
        text, where = tidy(lead.title), "线索"
    if not key(text) and reading.blocks and reading.blocks[0].kind is Kind.HEADING:  # text pasted out of Word
        text, where = reading.blocks[0].text, "首个标题"
        reading.blocks = reading.blocks[1:]
    if not key(text):
        first = next((block.text for block in reading.blocks if block.text), "")
        text, where = re.split(r"(?<=[。！？])", first)[0][:60], _FIRST_SENTENCE
    if len(text) > _MAX_TITLE:
        notes.append(f"标题过长（{len(text)} 字），已截断")
        text = text[: _MAX_TITLE - 1] + "…"
    return Found(text, where)


def _is_closed(text: str) -> bool:
    """Whether a page has an end, which nearly all have in their last lines."""
    return any(_CLOSED.search(text, start) for start in (max(0, len(text) - 1000), 0))


def _linked(body: Element) -> float:
    """The share of a body's characters that stand in links."""
    whole = len(key(content(body)))
    return round(sum(len(key(content(link))) for link in body.iter("a")) / whole, 3) if whole else 0.0


def _is_chinese(text: str) -> bool:
    """Whether the page is to be read as Chinese: enough Han characters, and hardly kana or hangul among them."""
    characters = han(text)
    kana, words = len(_KANA.findall(text)), len(_WORD.findall(text))
    return 0 < characters >= _HAN_SHARE * (characters + words) and kana < 0.1 * (characters + kana)


def _plain(blocks: Sequence[Block]) -> str:
    return "\n".join(block.plain for block in blocks)
