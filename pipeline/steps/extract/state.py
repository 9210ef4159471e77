"""The article of a page that only its script would draw: in JSON, in a script's string, in a hidden field.

`__NEXT_DATA__`, `window.__INITIAL_STATE__ = {…}`, percent-encoded JSON, JSON-LD `articleBody`, text areas with
escaped markup: whatever the frame, the body is the longest piece of Chinese prose that stands under one key,
and its facts stand beside it or a little above.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from pipeline.steps.extract.tree import HAN, PUNCTUATION, Element, key, marks, name, tidy
from pipeline.steps.extract.words import any_of

_MIN_PROSE = 60  # Han characters; a teaser under a headline has about 50
_MIN_POINTS = 3
_MAX_SCRIPT = 3_000_000  # characters
_MAX_NODES = 50_000
_RIVALS = 3  # of about the same length: a feed
_MIN_UNMARKED = 300  # Han characters of a text without markup; below it it is a summary
_ABOVE = 4  # levels over the body where its facts may stand
_NAMES = {
    "title": any_of("(?:article|news|doc|post|detail|content|share|msg)?[_-]?title headline name subject"),
    "date": any_of(
        "(?:article|news|first)?[_-]?(?:pub|publish|published|release|post|create|news|show)[_-]?(?:time|date|at|ed)",
        "(?:article[_-]?)?(?:time|date) datepublished ptime ctime pubtimelong datetime",
    ),
    "source": any_of(
        "(?:article|news|detail|media|copy|origin|content)?[_-]?(?:source|from)(?:[_-]?name)?",
        "media(?:[_-]?name)? origin nickname copyfrom publisher",
    ),
    "author": any_of("(?:article[_-]?)?(?:author|writer)(?:[_-]?name)? byline"),
    "editor": any_of("(?:article[_-]?)?(?:duty[_-]?)?editor(?:[_-]?name)?"),
}
_FACTS = {label: re.compile(pattern, re.I) for label, pattern in _NAMES.items()}
_OBJECT = re.compile(r"(?:=|\(|:)\s*(?=[{\[]\s*[\"{\[])|\A\s*(?=[{\[])")
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.){200,})"|\'((?:[^\'\\\n]|\\.){200,})\'')
_PAIR = re.compile(r"""["']?\b(\w{4,30})["']?\s*:\s*["']([^"'<>\n]{2,80})["']""")
_BLOCK = re.compile(r"<(?:p|div|br|section)\b", re.I)
_MEDIA_KEY = re.compile(r'"(?:media|mediaName|media_name|source|sourceName|source_name)"\s*:\s*"([^"\\]{2,20})"')


@dataclass(slots=True)
class State:
    """The article that stands in a page's data: its markup and what is said beside it."""

    html: str
    named: dict[str, str] = field(default_factory=dict)
    """`title`, `date`, `source`, `author`, `editor`: those that were found."""
    sure: bool = False
    """Whether its title is the page's."""


def data_holders(tree: Element) -> list[Element]:
    """The scripts and text areas of an untouched tree, in which data may stand."""
    return list(tree.iter("script", "textarea"))


def read_state(holders: Iterable[Element], title: str) -> State | None:
    """The article in a page's scripts and hidden fields, or `None`.

    It is the longest that calls itself what the page does in its `<title>`, else the longest with a title at all,
    unless several are about as long: then the page is a list.
    """
    found: list[tuple[int, State]] = []
    fields: dict[str, object] = {}
    for element in holders:
        text = element.text or ""
        if len(text) > _MAX_SCRIPT:
            continue
        if name(element) == "textarea":
            fields[marks(element).strip() or f"field{len(fields)}"] = text
            continue
        if len(text) < 200:
            continue
        if text.lstrip().startswith("%7B"):
            text = unquote(text)
        before = len(found)
        for value in _values(text):
            found += _articles(value)
        if len(found) == before:
            found += _literals(text)
    found += _articles(fields)
    found = [pair for pair in found if pair[1].named.get("title")]
    if not found:
        return None
    own = [pair for pair in found if _same(pair[1].named["title"], title)]
    size, state = max(own or found, key=lambda pair: pair[0])
    state.sure = bool(own)
    rivals = {other.html for much, other in found if much >= size / 2}
    return state if own or len(rivals) < _RIVALS else None


def _same(title: str, page: str) -> bool:
    mine, theirs = key(title), key(page)
    return bool(mine and theirs) and (mine in theirs or theirs in mine)


def media_named(text: str) -> str:
    """The one outlet that a page's data name as its medium; empty where they name several, or none."""
    names = {one for one in _MEDIA_KEY.findall(text) if HAN.search(one)}
    return names.pop() if len(names) == 1 else ""


def _values(text: str) -> Iterator[object]:
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while match := _OBJECT.search(text, position):
        try:
            value, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            position = match.end() + 1
            continue
        yield value


def _articles(value: object) -> list[tuple[int, State]]:
    """Every body in a JSON value with how much prose it holds."""
    found: list[tuple[int, State]] = []
    stack: list[tuple[object, tuple[dict[str, object], ...]]] = [(value, ())]
    seen = 0
    while stack and seen < _MAX_NODES:
        here, above = stack.pop()
        seen += 1
        if isinstance(here, list):
            stack.extend((child, above) for child in here if isinstance(child, dict | list))
            if (joined := _joined(here)) and (size := _prose(joined)):
                found.append((size, State(joined, _facts(above))))
        elif isinstance(here, dict):
            inside = (here, *above)[:_ABOVE]
            for label, child in here.items():
                if isinstance(child, str):
                    if (size := _prose(child)) and (size >= _MIN_UNMARKED or _is_body(label, child)):
                        found.append((size, State(_markup(child), _facts(inside))))
                elif isinstance(child, dict | list):
                    stack.append((child, inside))
    return found


def _is_body(label: str, text: str) -> bool:
    return label.lower() == "articlebody" or _BLOCK.search(text) is not None or "&lt;p" in text


def _joined(pieces: list[object]) -> str:
    """The markup of a body that was stored in pieces, such as one object for each text and picture."""
    texts = [
        next((value for value in piece.values() if isinstance(value, str) and _BLOCK.search(value)), "")
        for piece in pieces
        if isinstance(piece, dict)
    ]
    return "\n".join(texts) if sum(map(bool, texts)) > 1 else ""


def _literals(text: str) -> list[tuple[int, State]]:
    """Bodies that a script which is no JSON holds in a string."""
    found = []
    for double, single in _LITERAL.findall(text):
        raw = double or single.replace("\\'", "'").replace('"', '\\"')
        try:
            value = json.loads(f'"{raw}"', strict=False)
        except ValueError:
            continue
        if size := _prose(value):
            beside: dict[str, object] = dict(reversed(_PAIR.findall(text)))
            found.append((size, State(_markup(value).strip('"'), _facts((beside,)))))
    return found


def _prose(text: str) -> int:
    """The Han characters of a text that can be a body; 0 for all else."""
    if len(text) < _MIN_PROSE or (han := len(HAN.findall(text))) < _MIN_PROSE:
        return 0
    return han if len(PUNCTUATION.findall(text)) >= _MIN_POINTS else 0


def _markup(text: str) -> str:
    if "&lt;" in text or "&quot;" in text:
        text = html.unescape(text)
    if _BLOCK.search(text):
        return text
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines() if line.strip())


def _facts(objects: tuple[dict[str, object], ...]) -> dict[str, str]:
    """What stands beside a body under telling keys, nearest first; `objects` are those around it, inside out."""
    named: dict[str, str] = {}
    for around in objects:
        within = [child for child in around.values() if isinstance(child, dict)]
        for label, pattern in _FACTS.items():
            for called, value in around.items():
                if isinstance(value, dict) and label in ("source", "author"):
                    value = value.get("name")
                if label not in named and _is_fact(value) and pattern.fullmatch(called):
                    named[label] = _fact(value)
        for child in within if around is objects[0] else ():
            for label, pattern in _FACTS.items():
                for called, value in child.items():
                    if label not in named and _is_fact(value) and pattern.fullmatch(called):
                        named[label] = _fact(value)
    return named


def _fact(value: object) -> str:
    text = tidy(html.unescape(str(value)))
    return text[1:-1] if text.startswith('"') and text.endswith('"') and text.count('"') == 2 else text


def _is_fact(value: object) -> bool:
    if isinstance(value, str):
        return 2 <= len(value.strip()) <= 200 and "<" not in value
    return isinstance(value, int) and not isinstance(value, bool) and value > 10**9
